/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP's variables for other programs: the list of connections, what was
 * counted, and the two by which a connection that belongs to somebody else
 * is ended or tuned.  What crosses is described in tcp_export.h.
 *
 * The list can be had whole (net.inet.tcp.pcblist) or in pages
 * (net.inet.tcp.pcbpage), so that a host with a hundred thousand
 * connections is never held up for longer than one page.  A page continues
 * behind the number of the last connection seen: numbers grow with the
 * list, which is in order of birth, but for those without a tcpcb, whose
 * numbers are above all others' and say where they are.
 *
 * May touch: connections, by tcp_drop() and sosetopt() only.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>

_Static_assert(TCP_XNAMELEN == TCP_FUNCTION_NAME_LEN_MAX &&
    TCP_XCCLEN == TCP_CA_NAME_MAX && TCP_XSTATES == TCP_NSTATES &&
    TCP_XCOMMLEN == VNET_COMMLEN,
    "tcp_export.h repeats these");
_Static_assert(XINP_IPV4 == INP_IPV4 && XINP_IPV6 == INP_IPV6,
    "inp_vflag is handed on as it is");

#define	TCP_PCBPAGE_MAX	4096		/* connections in a page at most */
#define	TCP_OPTVAL_MAX	2048		/* bytes of an option's value */

/* ---- Counters ---- */

SYSCTL_COUNTERS(_net_inet_tcp, OID_AUTO, stats, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcpstat), tcpstat,
    "What TCP has counted; writing sets it to 0");
SYSCTL_OID(_net_inet_tcp, OID_AUTO, states,
    CTLTYPE_U64 | CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(tcps_states),
    sizeof(uint64_t[TCP_NSTATES]), sysctl_handle_opaque, "QU",
    "Connections in each state, CLOSED first");

/* ---- The list ---- */

static void
export_inc(struct xin_conninfo *xic, const struct in_conninfo *inc)
{
	memcpy(xic->xic_faddr, &inc->inc_faddr, sizeof(xic->xic_faddr));
	memcpy(xic->xic_laddr, &inc->inc_laddr, sizeof(xic->xic_laddr));
	xic->xic_fport = inc->inc_fport;
	xic->xic_lport = inc->inc_lport;
	xic->xic_scope = inc->inc_scope;
}

static void
export_sockbuf(struct xsockbuf *xsb, const struct sockbuf *sb)
{
	xsb->sb_cc = sb->sb_ccc;
	xsb->sb_hiwat = sb->sb_hiwat;
	xsb->sb_lowat = sb->sb_lowat;
	xsb->sb_mbcnt = sb->sb_mbcnt;
	xsb->sb_mbmax = sb->sb_mbmax;
}

static void
export_socket(struct xtcpcb *xt, const struct socket *so)
{
	if (so == NULL)
		return;
	xt->so_options = (uint32_t)so->so_options;
	if (SOLISTENING(so)) {
		xt->so_qlen = so->so_sol->sol_qlen;
		xt->so_incqlen = so->so_sol->sol_nincomp +
		    tcp_syncache_countof(sototcpcb(so));
		xt->so_qlimit = so->so_sol->sol_qlimit;
		return;
	}
	export_sockbuf(&xt->so_rcv, &so->so_rcv);
	export_sockbuf(&xt->so_snd, &so->so_snd);
}

/* Milliseconds until a timer fires, at least 1 if it runs. */
static uint32_t
export_timer(const struct tcpcb *tp, tt_which timer, nstime_t now)
{
	nstime_t when = tp->t_timers[timer];

	if (when == UINT64_MAX)
		return (0);
	if (when <= now)
		return (1);
	return ((uint32_t)u64min(howmany(when - now, NS_PER_MSEC),
	    UINT32_MAX));
}

static void
export_timers(struct xtcpcb *xt, const struct tcpcb *tp)
{
	nstime_t now = getnstime();

	xt->tt_rexmt = export_timer(tp, TT_REXMT, now);
	xt->tt_persist = export_timer(tp, TT_PERSIST, now);
	xt->tt_keep = export_timer(tp, TT_KEEP, now);
	xt->tt_2msl = export_timer(tp, TT_2MSL, now);
	xt->tt_delack = export_timer(tp, TT_DELACK, now);
	xt->t_rcvtime = (uint32_t)u64min((now - tp->t_rcvtime) / NS_PER_MSEC,
	    UINT32_MAX);
}

/* A socket may take both families, a connection has one. */
static uint32_t
export_vflag(const struct inpcb *inp)
{
	if (inp->inp_fport == 0)
		return (inp->inp_vflag);
	return (IN6_IS_ADDR_V4MAPPED(&inp->inp_faddr) ? INP_IPV4 : INP_IPV6);
}

static void
export_tcpcb(struct xtcpcb *xt, const struct tcpcb *tp)
{
	memset(xt, 0, sizeof(*xt));
	xt->xt_len = sizeof(*xt);
	xt->inp_vflag = export_vflag(&tp->t_inpcb);
	xt->inp_gencnt = tp->t_inpcb.inp_gencnt;
	export_inc(&xt->inp_inc, &tp->t_inpcb.inp_inc);
	export_socket(xt, tp->t_inpcb.inp_socket);
	export_timers(xt, tp);
	xt->t_state = tp->t_state;
	xt->t_flags = tp->t_flags;
	xt->t_sndzerowin = tp->t_sndzerowin;
	xt->t_sndrexmitpack = tp->t_sndrexmitpack;
	xt->t_rcvoopack = tp->t_loss != NULL ? tp->t_loss->tl_rcvoopack : 0;
	xt->t_snd_cwnd = tp->snd_cwnd;
	xt->t_snd_ssthresh = tp->snd_ssthresh;
	xt->t_maxseg = tp->t_maxseg;
	xt->t_rcv_wnd = TCPS_HAVERCVDSYN(tp->t_state) ?
	    tcp_rcv_window(tp) : 0;
	xt->t_snd_wnd = tp->snd_wnd;
	xt->t_srtt = tp->t_srtt_us;
	xt->t_rttvar = tp->t_rttvar_us;
	xt->xt_ecn = (tp->t_flags2 & TF2_ACE_PERMIT) != 0 ? 2 :
	    (tp->t_flags2 & TF2_ECN_PERMIT) != 0 ? 1 : 0;
	strlcpy(xt->xt_stack, tp->t_fb->tfb_tcp_block_name,
	    sizeof(xt->xt_stack));
	strlcpy(xt->xt_cc, tp->t_cc->name, sizeof(xt->xt_cc));
}

/* A connection without a tcpcb: its ends and its state. */
static void
export_quiet(struct xtcpcb *xt, const struct in_conninfo *inc, int state,
    uint64_t number)
{
	memset(xt, 0, sizeof(*xt));
	xt->xt_len = sizeof(*xt);
	xt->inp_vflag = IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ? INP_IPV4 :
	    INP_IPV6;
	xt->inp_gencnt = number;
	export_inc(&xt->inp_inc, inc);
	xt->t_state = state;
}

/* Whose it is.  Where there is no descriptor, on its way to accept(2) or
 * after close(2), it belongs to the program all the same. */
static void
export_owner(struct xtcpcb *xt, const struct socket *so,
    const struct vnet_proc *proc)
{
	xt->so_pid = proc->vp_pid;
	xt->so_uid = proc->vp_uid;
	xt->so_fd = so != NULL && (so->so_state & SS_NOFDREF) == 0 ?
	    so->so_fd : -1;
	strlcpy(xt->so_comm, proc->vp_comm, sizeof(xt->so_comm));
}

/* A walk that ends after ew_left records, or at an error. */
struct export_walk {
	struct sysctl_req *ew_req;
	uint32_t	ew_left;
	struct vnet_proc ew_proc;
};

static int
export_timewait(const struct tcp_twinfo *twi, void *arg)
{
	struct export_walk *ew = arg;
	nstime_t now = getnstime();
	struct xtcpcb xt;

	if (ew->ew_left-- == 0)
		return (-1);
	export_quiet(&xt, &twi->twi_inc, TCPS_TIME_WAIT,
	    XINP_TIMEWAIT | twi->twi_cursor);
	export_owner(&xt, NULL, &ew->ew_proc);
	xt.tt_2msl = twi->twi_expires <= now ? 1 :
	    (uint32_t)howmany(twi->twi_expires - now, NS_PER_MSEC);
	return (SYSCTL_OUT(ew->ew_req, &xt, sizeof(xt)));
}

static int
export_handshake(const struct tcp_syn *sy, uint64_t cursor, void *arg)
{
	struct export_walk *ew = arg;
	struct xtcpcb xt;

	if (ew->ew_left-- == 0)
		return (-1);
	export_quiet(&xt, &sy->sy_inc, TCPS_SYN_RECEIVED,
	    XINP_HANDSHAKE | cursor);
	export_owner(&xt, NULL, &ew->ew_proc);
	return (SYSCTL_OUT(ew->ew_req, &xt, sizeof(xt)));
}

static uint32_t
export_count(void)
{
	return (V_tcbinfo.ipi_count + tcp_tw_count() + tcp_syncache_count());
}

static int
export_gen(struct sysctl_req *req)
{
	struct xinpgen xig = { .xig_len = sizeof(xig),
	    .xig_count = export_count(),
	    .xig_gen = V_tcbinfo.ipi_gencnt };

	return (SYSCTL_OUT(req, &xig, sizeof(xig)));
}

/* Those with a tcpcb that are younger than number after: -1 when there are
 * enough. */
static int
export_pcbs(struct export_walk *ew, uint64_t after)
{
	const struct inpcb *inp;
	struct xtcpcb xt;
	int error;

	TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list) {
		if (inp->inp_gencnt <= after)
			continue;
		if (ew->ew_left-- == 0)
			return (-1);
		export_tcpcb(&xt, (const struct tcpcb *)inp);
		export_owner(&xt, inp->inp_socket, &ew->ew_proc);
		if ((error = SYSCTL_OUT(ew->ew_req, &xt, sizeof(xt))) != 0)
			return (error);
	}
	return (0);
}

/* At most max connections, with numbers above after. */
static int
export_list(struct sysctl_req *req, uint64_t after, uint32_t max)
{
	struct export_walk ew = { .ew_req = req, .ew_left = max };
	int error;

	if ((error = export_gen(req)) != 0)
		return (error);
	vnet_proc(&ew.ew_proc);
	error = after < XINP_TIMEWAIT ? export_pcbs(&ew, after) : 0;
	if (error == 0 && after < XINP_HANDSHAKE)
		error = tcp_tw_foreach(after >= XINP_TIMEWAIT ?
		    after & ~XINP_TIMEWAIT : 0, export_timewait, &ew);
	if (error == 0)
		error = tcp_syncache_foreach(after >= XINP_HANDSHAKE ?
		    after & ~XINP_HANDSHAKE : 0, export_handshake, &ew);
	return (error > 0 ? error : export_gen(req));
}

/* Who asks for the size only gets some more, for those still to come. */
static int
sysctl_pcblist(SYSCTL_HANDLER_ARGS)
{
	size_t n = export_count();

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if (req->newptr != NULL)
		return (EPERM);
	if (req->oldptr == NULL) {
		req->oldidx = 2 * sizeof(struct xinpgen) +
		    (n + MAX(n / 8, 10)) * sizeof(struct xtcpcb);
		return (0);
	}
	return (export_list(req, 0, UINT32_MAX));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, pcblist, CTLTYPE_OPAQUE | CTLFLAG_RD,
    NULL, 0, sysctl_pcblist, "S,xtcpcb", "Connections and listeners");

static int
sysctl_pcbpage(SYSCTL_HANDLER_ARGS)
{
	struct xpcbpage xpp;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if (req->newptr == NULL || req->newlen != sizeof(xpp))
		return (EINVAL);
	if ((error = SYSCTL_IN(req, &xpp, sizeof(xpp))) != 0)
		return (error);
	if (xpp.xpp_max == 0 || xpp.xpp_max > TCP_PCBPAGE_MAX)
		return (EINVAL);
	if (req->oldptr == NULL) {
		req->oldidx = 2 * sizeof(struct xinpgen) +
		    xpp.xpp_max * sizeof(struct xtcpcb);
		return (0);
	}
	return (export_list(req, xpp.xpp_after, xpp.xpp_max));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, pcbpage,
    CTLTYPE_OPAQUE | CTLFLAG_RW | CTLFLAG_SKIP, NULL, 0, sysctl_pcbpage,
    "S,xtcpcb", "Connections and listeners, some at a time");

/* ---- What is done to a connection ---- */

/* A connection's ends: EINVAL if they cannot be. */
static int
export_conninfo(const struct xin_conninfo *xic, struct in_conninfo *inc)
{
	memset(inc, 0, sizeof(*inc));
	memcpy(&inc->inc_faddr, xic->xic_faddr, sizeof(inc->inc_faddr));
	memcpy(&inc->inc_laddr, xic->xic_laddr, sizeof(inc->inc_laddr));
	inc->inc_fport = xic->xic_fport;
	inc->inc_lport = xic->xic_lport;
	inc->inc_scope = xic->xic_scope;
	if (inc->inc_fport == 0 || inc->inc_lport == 0 ||
	    IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) !=
	    IN6_IS_ADDR_V4MAPPED(&inc->inc_laddr))
		return (EINVAL);
	return (0);
}

/* The connection between these ends. */
static int
export_find(const struct xin_conninfo *xic, struct tcpcb **tpp)
{
	struct in_conninfo inc;
	struct inpcb *inp;
	int error;

	if ((error = export_conninfo(xic, &inc)) != 0)
		return (error);
	if ((inp = in_pcblookup(&V_tcbinfo, &inc)) == NULL)
		return (ESRCH);
	*tpp = intotcpcb(inp);
	return (0);
}

/* The same by its number. */
static int
export_find_id(uint64_t id, struct tcpcb **tpp)
{
	struct inpcb *inp;

	TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list)
		if (inp->inp_gencnt == id) {
			*tpp = intotcpcb(inp);
			return (0);
		}
	return (ESRCH);
}

static int
sysctl_drop(SYSCTL_HANDLER_ARGS)
{
	struct xin_conninfo xic;
	struct in_conninfo inc;
	struct tcpcb *tp;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if (req->newptr == NULL)
		return (EPERM);
	if (req->newlen < sizeof(xic))
		return (ENOMEM);
	if (req->newlen > sizeof(xic))
		return (EINVAL);
	if ((error = SYSCTL_IN(req, &xic, sizeof(xic))) != 0 ||
	    (error = export_conninfo(&xic, &inc)) != 0)
		return (error);
	if (tcp_tw_drop(&inc) || tcp_syncache_drop(&inc))
		return (0);
	if ((error = export_find(&xic, &tp)) != 0)
		return (error);
	/* In TIME_WAIT there is nobody left to tell. */
	if (tp->t_state == TCPS_TIME_WAIT)
		tcp_close(tp);
	else
		tcp_drop(tp, ECONNABORTED);
	return (0);
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, drop,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_WR | CTLFLAG_SKIP, NULL, 0,
    sysctl_drop, "S,xin_conninfo", "End the connection that is written");

static int
sysctl_getcred(SYSCTL_HANDLER_ARGS)
{
	struct xucred xuc = { .cr_version = XUCRED_VERSION };
	struct xin_conninfo xic;
	struct in_conninfo inc;
	struct vnet_proc proc;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if (req->newptr == NULL || req->newlen != sizeof(xic))
		return (EINVAL);
	if ((error = SYSCTL_IN(req, &xic, sizeof(xic))) != 0 ||
	    (error = export_conninfo(&xic, &inc)) != 0)
		return (error);
	if (in_pcblookup(&V_tcbinfo, &inc) == NULL &&
	    !tcp_syncache_exists(&inc))
		return (ENOENT);
	vnet_proc(&proc);
	xuc.cr_uid = proc.vp_uid;
	xuc.cr_gid = proc.vp_gid;
	xuc.cr_pid = proc.vp_pid;
	return (SYSCTL_OUT(req, &xuc, sizeof(xuc)));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, getcred,
    CTLTYPE_OPAQUE | CTLFLAG_RW, NULL, 0, sysctl_getcred,
    "S,xucred", "Who owns the connection that is written");

/* The option's value is what follows the fixed part. */
static int
export_setsockopt(struct tcpcb *tp, const struct sockopt_parameters *sop,
    struct sysctl_req *req)
{
	struct socket *so = tptosocket(tp);
	char value[TCP_OPTVAL_MAX];
	struct sockopt sopt;
	int error;

	memset(&sopt, 0, sizeof(sopt));
	sopt.sopt_dir = SOPT_SET;
	sopt.sopt_level = sop->sop_level;
	sopt.sopt_name = sop->sop_optname;
	sopt.sopt_valsize = req->newlen - sizeof(*sop);
	sopt.sopt_val = value;
	error = SYSCTL_IN(req, value, sopt.sopt_valsize);
	if (error != 0)
		return (error);
	if (so == NULL || tp->t_state == TCPS_TIME_WAIT ||
	    (tp->t_inpcb.inp_flags & INP_DROPPED) != 0)
		return (ECONNRESET);
	return (sosetopt(so, &sopt));
}

static int
sysctl_setsockopt(SYSCTL_HANDLER_ARGS)
{
	struct sockopt_parameters sop;
	struct tcpcb *tp;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	if (req->newptr == NULL)
		return (EPERM);
	if (req->newlen < sizeof(sop))
		return (ENOMEM);
	if (req->newlen - sizeof(sop) > TCP_OPTVAL_MAX)
		return (E2BIG);
	if ((error = SYSCTL_IN(req, &sop, sizeof(sop))) != 0)
		return (error);
	error = sop.sop_id != 0 ? export_find_id(sop.sop_id, &tp) :
	    export_find(&sop.sop_inc, &tp);
	return (error != 0 ? error : export_setsockopt(tp, &sop, req));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, setsockopt,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_WR | CTLFLAG_SKIP, NULL, 0,
    sysctl_setsockopt, "S,sockopt_parameters",
    "Set an option of a connection");

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What users ask of TCP (RFC 9293, 3.10.1 to 3.10.6): the requests of
 * struct protosw, and the options of level IPPROTO_TCP.
 *
 * A pcb that is INP_DROPPED belongs to a connection that is over; requests
 * answer as FreeBSD's do, mostly ECONNRESET or EINVAL.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/soquick.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

static bool
tcp_is_over(const struct tcpcb *tp)
{
	return ((tp->t_inpcb.inp_flags & INP_DROPPED) != 0);
}

static int
tcp_user_af(const struct tcpcb *tp)
{
	return ((tp->t_inpcb.inp_flags & INP_V6SOCKET) != 0 ? AF_INET6 :
	    AF_INET);
}

/* ---- Birth and end ---- */

VNET_DEFINE_STATIC(struct so_begin, tcp_begin);
#define	V_tcp_begin	VNET(tcp_begin)

static int __noinline
tcp_reserve_new(struct socket *so)
{
	int error;

	error = soreserve(so, (u_long)V_tcp_sendspace,
	    (u_long)V_tcp_recvspace);
	if (error != 0)
		return (error);
	so->so_snd.sb_flags |= SB_AUTOSIZE;
	so->so_rcv.sb_flags |= SB_AUTOSIZE;
	so_begin_note(&V_tcp_begin, so);
	return (0);
}

/* The buffers of a socket that a program makes; it has what the last one
 * had, if what that came from is the same. */
static inline int
tcp_reserve(struct socket *so)
{
	const struct so_begin *sbg = &V_tcp_begin;

	if (__predict_false(!so_begin_known(sbg) ||
	    sbg->sbg_snd.sb_hiwat != (u_int)V_tcp_sendspace ||
	    sbg->sbg_rcv.sb_hiwat != (u_int)V_tcp_recvspace))
		return (tcp_reserve_new(so));
	so_begin_give(so, sbg);
	return (0);
}

static int
tcp_usr_attach(struct socket *so, int proto __unused)
{
	struct tcpcb *tp;
	int error;

	if ((so->so_snd.sb_hiwat == 0 || so->so_rcv.sb_hiwat == 0) &&
	    (error = tcp_reserve(so)) != 0)
		return (error);
	if ((tp = tcp_newtcpcb(so)) == NULL)
		return (ENOBUFS);
	if (so->so_proto->pr_family == AF_INET6) {
		tp->t_inpcb.inp_flags |= INP_V6SOCKET;
		in_pcb_v6only(&tp->t_inpcb, V_ip6_v6only != 0);
		tp->t_inpcb.inp_laddr = tp->t_inpcb.inp_faddr = in6addr_any;
	} else {
		tp->t_inpcb.inp_vflag = INP_IPV4;
		tp->t_inpcb.inp_laddr = tp->t_inpcb.inp_faddr =
		    in6_mapped((struct in_addr){ INADDR_ANY });
	}
	so->so_pcb = tp;
	return (0);
}

/* The peer has all we sent, and nobody reads: no socket is needed. */
static bool
tcp_needs_no_socket(const struct tcpcb *tp)
{
	return (tp->t_state == TCPS_FIN_WAIT_2 ||
	    tp->t_state == TCPS_TIME_WAIT);
}

/* The socket goes, and the connection, unless it can stay without it. */
static void
tcp_usr_detach(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	so->so_pcb = NULL;
	tp->t_inpcb.inp_socket = NULL;
	if (!tcp_needs_no_socket(tp))
		tcp_free(tp);
	else if (tp->t_state == TCPS_TIME_WAIT)
		(void)tcp_tw_compress(tp,
		    tcp_peer_is_local(&tp->t_inpcb.inp_inc),
		    tp->t_timers[TT_2MSL]);
}

/* The user sends no more: which state follows (RFC 9293, 3.10.4). */
static void
tcp_usrclosed(struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_CLOSED:
	case TCPS_LISTEN:
		tcp_close(tp);
		break;
	case TCPS_SYN_SENT:
	case TCPS_SYN_RECEIVED:
		/* The handshake goes on, and then a FIN. */
		tp->t_flags |= TF_NEEDFIN;
		break;
	case TCPS_ESTABLISHED:
		tcp_state_change(tp, TCPS_FIN_WAIT_1);
		break;
	case TCPS_CLOSE_WAIT:
		tcp_state_change(tp, TCPS_LAST_ACK);
		break;
	default:
		break;
	}
}

/*
 * Nobody reads or writes any more.  With SO_LINGER and no time the peer gets
 * a reset, and in other systems' ways if there is text that nobody read (RFC
 * 2525, 2.17); else what is buffered is sent, then a FIN.
 */
static void
tcp_disconnect(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);

	if (tp->t_state < TCPS_SYN_SENT || (tp->t_state == TCPS_SYN_SENT &&
	    ((tp->t_flags & TF_FASTOPEN) == 0 || tcp_compat_held(tp)))) {
		tcp_close(tp);
		return;
	}
	if (((so->so_options & SO_LINGER) != 0 && so->so_linger == 0) ||
	    (V_tcp_ways.w_unread_reset && sbavail(&so->so_rcv) != 0)) {
		tcp_drop(tp, 0);
		return;
	}
	soisdisconnecting(so);
	sbflush(&so->so_rcv);
	tcp_usrclosed(tp);
	if (tcp_is_over(tp))
		return;
	if (tcp_orphan(tp))
		return;
	if (tp->t_state == TCPS_FIN_WAIT_2)
		tcp_timer_activate(tp, TT_2MSL, tcp_finwait2_time(tp));
	tcp_output_later(tp);
}

/* Will all that tcp_disconnect() does be a FIN behind what is buffered, with
 * nobody to hear of it?  (In these states a connection is not over.) */
static inline bool
tcp_is_simple_goodbye(const struct tcpcb *tp, const struct socket *so)
{
	return ((tp->t_state == TCPS_ESTABLISHED ||
	    tp->t_state == TCPS_CLOSE_WAIT) &&
	    (so->so_options & SO_LINGER) == 0 && so->so_rcv.sb_mb == NULL &&
	    ((so->so_rcv.sb_flags | so->so_snd.sb_flags) &
	    (SB_KNOTE | SB_UPCALL)) == 0);
}

static int
tcp_usr_disconnect(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (__predict_true(tcp_is_simple_goodbye(tp, so))) {
		soisdisconnecting_unheard(so);
		tcp_state_change(tp, tp->t_state == TCPS_ESTABLISHED ?
		    TCPS_FIN_WAIT_1 : TCPS_LAST_ACK);
		if (!tcp_orphan(tp))
			tcp_output_later(tp);
		return (0);
	}
	if (tcp_is_over(tp))
		return (ECONNRESET);
	if (tp->t_state != TCPS_TIME_WAIT)
		tcp_disconnect(tp);
	return (0);
}

static void
tcp_usr_close(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp) || tp->t_state == TCPS_TIME_WAIT ||
	    (so->so_state & (SS_ISDISCONNECTING | SS_ISDISCONNECTED)) != 0)
		return;
	tcp_disconnect(tp);
}

static void
tcp_usr_abort(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp) || tp->t_state == TCPS_TIME_WAIT)
		return;
	/* A handshake that was begun by the peer goes without a word: the
	 * peer may be the one honest client in a flood (RFC 4987). */
	if (tp->t_state == TCPS_SYN_RECEIVED &&
	    (tp->t_flags & (TF_ACTIVEOPEN | TF_FASTOPEN)) == 0)
		tcp_close(tp);
	else
		tcp_drop(tp, ECONNABORTED);
}

static int
tcp_usr_shutdown(struct socket *so, int how __unused)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp))
		return (ECONNRESET);
	tcp_usrclosed(tp);
	if (!tcp_is_over(tp))
		tcp_output_later(tp);
	return (0);
}

/* ---- Names ---- */

static bool
tcp_to_all(const struct in6_addr *a)
{
	return (IN6_IS_ADDR_V4MAPPED(a) &&
	    in6_unmapped(a).s_addr == INADDR_BROADCAST);
}

static int
tcp_usr_bind(struct socket *so, struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);
	struct in6_addr laddr;

	if (tcp_is_over(tp))
		return (EINVAL);
	if (in_sockaddr_get(nam, tcp_user_af(tp), &laddr, NULL, NULL) == 0 &&
	    in_multicast(&laddr) && !tcp_to_all(&laddr))
		return (EAFNOSUPPORT);
	return (in_pcbbind(&V_tcbinfo, tptoinpcb(tp), nam));
}

static int
tcp_usr_listen(struct socket *so, int backlog)
{
	struct tcpcb *tp = sototcpcb(so);
	struct inpcb *inp = tptoinpcb(tp);
	int error;

	if (tcp_is_over(tp) || tp->t_state > TCPS_LISTEN)
		return (EINVAL);
	if ((error = solisten_proto_check(so)) != 0)
		return (error);
	if ((inp->inp_flags & INP_INPORT) == 0 &&
	    (error = in_pcbbind(&V_tcbinfo, inp, NULL)) != 0)
		return (error);
	if ((error = solisten_proto(so, backlog)) != 0)
		return (error);
	tcp_state_change(tp, TCPS_LISTEN);
	return (0);
}

static int
tcp_usr_accept(struct socket *so, struct sockaddr_storage *ss)
{
	struct tcpcb *tp = sototcpcb(so);
	struct inpcb *inp = tptoinpcb(tp);

	if ((so->so_state & SS_ISDISCONNECTED) != 0 || tcp_is_over(tp))
		return (ECONNABORTED);
	if (ss != NULL)
		in_sockaddr_set(ss, tcp_user_af(tp), &inp->inp_faddr,
		    inp->inp_fport, inp->inp_inc.inc_scope);
	return (0);
}

static int
tcp_usr_sockaddr(struct socket *so, struct sockaddr_storage *ss)
{
	struct inpcb *inp = tptoinpcb(sototcpcb(so));

	in_sockaddr_set(ss, tcp_user_af(sototcpcb(so)), &inp->inp_laddr,
	    inp->inp_lport, inp->inp_inc.inc_scope);
	return (0);
}

static int
tcp_usr_peeraddr(struct socket *so, struct sockaddr_storage *ss)
{
	struct inpcb *inp = tptoinpcb(sototcpcb(so));

	in_sockaddr_set(ss, tcp_user_af(sototcpcb(so)), &inp->inp_faddr,
	    inp->inp_fport, inp->inp_inc.inc_scope);
	return (0);
}

/* ---- Connecting ---- */

/* What few connections begin with. */
static void __noinline
tcp_connect_unusual(struct tcpcb *tp)
{
	if (V_tcp_ways.w_tstamp != 1 || !V_tcp_ways.w_wscale ||
	    !V_tcp_ways.w_sack)
		tcp_compat_connect(tp);
	if ((tp->t_flags & TF_NOOPT) != 0)
		tp->t_flags &= ~(TF_REQ_SCALE | TF_REQ_TSTMP |
		    TF_SACK_PERMIT);
	if ((tp->t_flags & TF_FASTOPEN) != 0)
		tcp_fastopen_connect(tp);
}

/* Active OPEN: the SYN leaves when the batch ends. */
static inline void
tcp_connect_start(struct tcpcb *tp)
{
	tcp_new_numbers(&tp->t_inpcb.inp_inc, &tp->iss, &tp->ts_offset);
	if (in_pcbquiet(&V_tcbinfo))
		tcp_tw_succeed(tp);
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->iss;
	tp->snd_recover = tp->snd_fack = tp->t_loss_edge = tp->iss;
	tp->t_round_end = tp->iss;
	tp->t_flags |= TF_ACTIVEOPEN;
	tp->request_r_scale = tcp_request_scale();
	if (__predict_false((V_tcp_do_ecn & 1) != 0))
		tcp_ecn_connect(tp);
	if (__predict_false((tp->t_flags & (TF_NOOPT | TF_FASTOPEN)) != 0 ||
	    V_tcp_ways.w_tstamp != 1 || !V_tcp_ways.w_wscale ||
	    !V_tcp_ways.w_sack))
		tcp_connect_unusual(tp);
	tcp_state_step(tp, TCPS_CLOSED, TCPS_SYN_SENT);
	TCPSTAT_INC(tcps_connattempt);
}

/* May TCP connect to faddr and port at all? */
static int
tcp_connect_check(const struct inpcb *inp, const struct in6_addr *faddr,
    uint16_t port)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(faddr);

	if (tcp_to_all(faddr))
		return (EACCES);
	if (in_multicast(faddr))
		return (EAFNOSUPPORT);
	if ((inp->inp_vflag & (v4 ? INP_IPV4 : INP_IPV6)) == 0)
		return (EINVAL);
	return (port == 0 ? EADDRNOTAVAIL : 0);
}

/* Where a connection shall go. */
struct tcp_there {
	struct in6_addr	faddr;
	uint32_t	scope;
	uint16_t	port;
};

/* What nam says, or why not. */
static int __noinline
tcp_connect_to(const struct tcpcb *tp, const struct sockaddr *nam,
    struct tcp_there *to)
{
	int error;

	error = in_sockaddr_get(nam, tcp_user_af(tp), &to->faddr, &to->port,
	    &to->scope);
	if (error == 0)
		error = tcp_connect_check(&tp->t_inpcb, &to->faddr, to->port);
	if (error != 0)
		return (error);
	/* The unspecified address means this host. */
	if (in_any(&to->faddr))
		to->faddr = IN6_IS_ADDR_V4MAPPED(&to->faddr) ?
		    in6_mapped((struct in_addr){ htonl(INADDR_LOOPBACK) }) :
		    in6addr_loopback;
	return (0);
}

/* The same if it is an IPv4 address of one host, which begins with 1 to 223,
 * for a socket of IPv4: none of the questions above is open then. */
static inline bool
tcp_connect_to4(const struct tcpcb *tp, const struct sockaddr *nam,
    struct tcp_there *to)
{
	struct sockaddr_in sin;

	if (nam->sa_family != AF_INET || nam->sa_len != sizeof(sin) ||
	    (tp->t_inpcb.inp_flags & INP_V6SOCKET) != 0)
		return (false);
	memcpy(&sin, nam, sizeof(sin));
	to->faddr = in6_mapped(sin.sin_addr);
	to->port = ntohs(sin.sin_port);
	to->scope = 0;
	return (to->faddr.s6_addr[12] - 1U < 223 && to->port != 0);
}

/* All of connect(2) but the SYN itself and the limit of its time. */
static inline int
tcp_connect(struct socket *so, struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);
	struct inpcb *inp = tptoinpcb(tp);
	struct tcp_there to;
	int error;

	if (__predict_false(!tcp_connect_to4(tp, nam, &to)) &&
	    (error = tcp_connect_to(tp, nam, &to)) != 0)
		return (error);
	if (tcp_is_over(tp))
		return (ECONNREFUSED);
	if (tp->t_state != TCPS_CLOSED)
		return (EISCONN);
	error = in_pcbconnect(&V_tcbinfo, inp, &to.faddr, to.port, to.scope);
	if (error != 0)
		return (error);
	tcp_connect_start(tp);
	soisconnecting(so);
	return (0);
}

static inline int
tcp_connect_syn(struct socket *so)
{
	struct tcpcb *tp = sototcpcb(so);
	nstime_t limit;
	int error;

	error = tcp_output(tp);
	if (__predict_false(error != 0)) {
		so->so_state &= ~SS_ISCONNECTING;
		tcp_close(tp);
		return (error);
	}
	/* Behind the SYN's timer, whose deadline comes first. */
	limit = tp->t_userto == NULL && V_tcp_ways.w_syn_retries == 0 ?
	    V_tcp_keepinit : tcp_keepinit_of(tp);
	if (__predict_true(limit != 0))
		tcp_timer_at(tp, TT_KEEP, getnstime() + limit);
	else
		tcp_timer_off(tp, TT_KEEP);
	return (0);
}

static int
tcp_usr_connect(struct socket *so, struct sockaddr *nam)
{
	int error;

	error = tcp_connect(so, nam);
	if (error != 0)
		return (error);
	if (__predict_false(sototcpcb(so)->t_userto != NULL) &&
	    tcp_compat_hold(sototcpcb(so)))
		return (0);
	return (tcp_connect_syn(so));
}

/* ---- Data ---- */

#define	TCP_OOB_EXCESS	512		/* bytes */

/* What is in the buffer leaves when the batch ends. */
static inline int
tcp_send_end(struct tcpcb *tp, int flags)
{
	if ((flags & PRUS_MORETOCOME) != 0)
		tp->t_flags |= TF_MORETOCOME;
	else
		tp->t_flags &= ~TF_MORETOCOME;
	if (__predict_false((tp->t_flags2 & TF2_COMPAT) != 0))
		tcp_compat_written(tp);
	tcp_output_later(tp);
	return (0);
}

/* A write that connects, is urgent, is the last one, or may be refused. */
static int __noinline
tcp_send_unusual(struct socket *so, int flags, struct mbuf *m,
    struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);
	bool connect = nam != NULL && tp->t_state < TCPS_SYN_SENT;
	int error = 0;

	if (tcp_is_over(tp)) {
		m_freem(m);
		return (ECONNRESET);
	}
	if (connect && (error = tcp_connect(so, nam)) != 0) {
		m_freem(m);
		return (error);
	}
	if (connect && tcp_compat_asks(tp)) {
		m_freem(m);
		error = tcp_connect_syn(so);
		return (error != 0 ? error : EINPROGRESS);
	}
	if (__predict_false(V_tcp_ways.w_mem[2] != 0) && !connect &&
	    tcp_compat_full(so)) {
		m_freem(m);
		return (ENOBUFS);
	}
	/* Urgent data may exceed the buffer, but not for ever. */
	if ((flags & PRUS_OOB) != 0 &&
	    sbspace(&so->so_snd) < -TCP_OOB_EXCESS) {
		m_freem(m);
		return (ENOBUFS);
	}
	tcp_note_write(tp, so);
	sbappendstream(&so->so_snd, m, flags);
	/* The SYN may take text along. */
	if (connect && (error = tcp_connect_syn(so)) != 0)
		return (error);
	if ((flags & PRUS_OOB) != 0)
		tcp_urgent_send(tp, so);
	if ((flags & PRUS_EOF) != 0) {
		socantsendmore(so);
		tcp_usrclosed(tp);
		if (tcp_is_over(tp))
			return (0);
	}
	return (tcp_send_end(tp, flags));
}

static int
tcp_usr_send(struct socket *so, int flags, struct mbuf *m,
    struct sockaddr *nam)
{
	struct tcpcb *tp = sototcpcb(so);

	if (nam != NULL || tcp_is_over(tp) ||
	    (flags & (PRUS_OOB | PRUS_EOF)) != 0 ||
	    __predict_false(V_tcp_ways.w_mem[2] != 0))
		return (tcp_send_unusual(so, flags, m, nam));
	tcp_note_write(tp, so);
	sbappendstream(&so->so_snd, m, flags);
	return (tcp_send_end(tp, flags));
}

/*
 * tcp_usr_send() and then the end of the batch, when that is all it has:
 * nothing else was put off, so nothing can come between the two.
 */
static int
tcp_usr_write(struct socket *so, struct mbuf *m)
{
	struct tcpcb *tp = sototcpcb(so);

	if (__predict_false((tp->t_flags2 & (TF2_COMPAT | TF2_OUTPENDING |
	    TF2_OUTLINKED)) != 0 || tcp_is_over(tp) ||
	    V_tcp_ways.w_mem[2] != 0 || curvnet->vnet_tasks.tq_first != NULL))
		return (tcp_usr_send(so, 0, m, NULL));
	tcp_note_write(tp, so);
	if (so->so_snd.sb_mb == NULL)
		sbappend_first(&so->so_snd, m);
	else
		sbappendstream(&so->so_snd, m, 0);
	tp->t_flags &= ~TF_MORETOCOME;
	(void)tcp_output(tp);
	return (0);
}

static int
tcp_usr_rcvd(struct socket *so, int flags __unused)
{
	struct tcpcb *tp = sototcpcb(so);

	if (tcp_is_over(tp))
		return (ECONNRESET);
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		tcp_output_rcvd(tp);
	return (0);
}

/*
 * tcp_output_rcvd() without a look at the memory that so_rcv takes: that can
 * only make the window smaller, and the answer here less sure.
 */
static bool
tcp_usr_rcvd_idle(const struct socket *so, const struct vnet *vnet)
{
	const struct tcpcb *tp = sototcpcb(so);
	const int64_t hiwat = so->so_rcv.sb_hiwat;
	const int64_t promised = (int32_t)(tp->rcv_adv - tp->rcv_nxt);
	const int64_t more = hiwat - sbavail(&so->so_rcv) - promised;

	return (promised >= 0 && more < 2 * tp->t_maxseg &&
	    2 * more < hiwat && (tp->t_flags & TF_ACKNOW) == 0 &&
	    tp->t_fb->tfb_tcp_output == tcp_default_output &&
	    !VNET_VNET_PTR(vnet, tcp_ways)->w_linux);
}

/* ---- Options ---- */

/* Set or clear a flag of the connection by an int option. */
static int
tcp_opt_flag(struct tcpcb *tp, struct sockopt *sopt, u_int flag)
{
	int error, on;

	if (sopt->sopt_dir == SOPT_GET) {
		on = (tp->t_flags & flag) != 0;
		return (sooptcopyout(sopt, &on, sizeof(on)));
	}
	if ((error = sooptcopyin(sopt, &on, sizeof(on), sizeof(on))) != 0)
		return (error);
	if (on)
		tp->t_flags |= flag;
	else
		tp->t_flags &= ~flag;
	/* What was held back may leave now. */
	if (tp->t_state >= TCPS_ESTABLISHED)
		tcp_output_later(tp);
	return (0);
}

/* The connection's own limits, all 0 at first: NULL if memory is short. */
struct tcp_userto *
tcp_userto(struct tcpcb *tp)
{
	if (tp->t_userto == NULL)
		tp->t_userto = malloc(sizeof(*tp->t_userto), M_TCPUSERTO,
		    M_NOWAIT | M_ZERO);
	return (tp->t_userto);
}

/* One of those, of at most `most', at offset off of struct tcp_userto; dflt
 * is what the variable says. */
static int
tcp_opt_userto(struct tcpcb *tp, struct sockopt *sopt, size_t off,
    uint32_t dflt, uint32_t most)
{
	uint32_t ui = 0;
	int error;

	if (sopt->sopt_dir == SOPT_GET) {
		if (tp->t_userto != NULL)
			memcpy(&ui, (char *)tp->t_userto + off, sizeof(ui));
		if (ui == 0)
			ui = dflt;
		return (sooptcopyout(sopt, &ui, sizeof(ui)));
	}
	if ((error = sooptcopyin(sopt, &ui, sizeof(ui), sizeof(ui))) != 0)
		return (error);
	if (ui > most)
		return (EINVAL);
	if (tcp_userto(tp) == NULL)
		return (ENOMEM);
	memcpy((char *)tp->t_userto + off, &ui, sizeof(ui));
	return (0);
}

/* An option in seconds. */
#define	TCP_OPT_SECONDS(tp, sopt, member, var)				\
	tcp_opt_userto((tp), (sopt), __offsetof(struct tcp_userto, member), \
	    (uint32_t)((var) / NS_PER_SEC), UINT32_MAX / hz)

/* The initial window, in bytes or segments, of which the one set last
 * counts; 0 is what the variables say. */
#define	TCP_IWND_MOST		(TCP_MAXWIN << TCP_MAX_WINSHIFT)

static int
tcp_opt_iwnd(struct tcpcb *tp, struct sockopt *sopt)
{
	bool bytes = sopt->sopt_name == TCP_IWND_NB;
	struct tcp_userto *tu = tp->t_userto;
	uint32_t ui = 0;
	int error;

	if (sopt->sopt_dir == SOPT_GET) {
		if (tu != NULL)
			ui = bytes ? tu->tu_iwnd_nb : tu->tu_iwnd_nseg;
		return (sooptcopyout(sopt, &ui, sizeof(ui)));
	}
	if ((error = sooptcopyin(sopt, &ui, sizeof(ui), sizeof(ui))) != 0)
		return (error);
	if (TCPS_HAVEESTABLISHED(tp->t_state) ||
	    ui > (bytes ? TCP_IWND_MOST : TCP_IWND_MOST / UINT16_MAX))
		return (EINVAL);
	if ((tu = tcp_userto(tp)) == NULL)
		return (ENOMEM);
	tu->tu_iwnd_nb = bytes ? ui : 0;
	tu->tu_iwnd_nseg = bytes ? 0 : ui;
	return (0);
}

CTASSERT(TCP_REUSPORT_LB_NUMA_NODOM == IN_NUMA_NODOM &&
    TCP_REUSPORT_LB_NUMA_CURDOM == IN_NUMA_CURDOM);

static int
tcp_opt_numa(struct tcpcb *tp, struct sockopt *sopt)
{
	int domain, error;

	if (sopt->sopt_dir == SOPT_GET) {
		domain = in_pcblbgroup_domain(tptoinpcb(tp));
		return (sooptcopyout(sopt, &domain, sizeof(domain)));
	}
	error = sooptcopyin(sopt, &domain, sizeof(domain), sizeof(domain));
	return (error != 0 ? error : in_pcblbgroup_numa(tptoinpcb(tp),
	    domain));
}

static int
tcp_opt_maxseg(struct tcpcb *tp, struct sockopt *sopt)
{
	int error, mss = tp->t_maxseg;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, &mss, sizeof(mss)));
	if ((error = sooptcopyin(sopt, &mss, sizeof(mss), sizeof(mss))) != 0)
		return (error);
	if (mss < V_tcp_minmss || mss > 65535 || (tp->t_state !=
	    TCPS_CLOSED && tp->t_state != TCPS_LISTEN && mss > tp->t_maxseg))
		return (EINVAL);
	tp->t_usermss = (uint16_t)mss;
	if (tp->t_state == TCPS_CLOSED || mss < tp->t_maxseg)
		tp->t_maxseg = (uint16_t)mss;
	return (0);
}

static int
tcp_opt_congestion(struct tcpcb *tp, struct sockopt *sopt)
{
	char name[TCP_CA_NAME_MAX];
	struct cc_algo *algo;
	int error;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, CC_ALGO(tp)->name,
		    sizeof(CC_ALGO(tp)->name)));
	memset(name, 0, sizeof(name));
	if ((error = sooptcopyin(sopt, name, sizeof(name) - 1, 1)) != 0)
		return (error);
	if ((algo = cc_find(name)) == NULL)
		return (ESRCH);
	if (algo == CC_ALGO(tp))
		return (0);
	if ((error = cc_switch(tp, algo)) != 0)
		return (error);
	if (TCPS_HAVEESTABLISHED(tp->t_state) && algo->conn_init != NULL)
		algo->conn_init(&tp->t_ccv);
	return (0);
}

#define	CC_ALGOOPT_LIMIT	2048	/* bytes */

static int
tcp_opt_ccalgoopt(struct tcpcb *tp, struct sockopt *sopt)
{
	void *buf;
	int error;

	if (sopt->sopt_valsize > CC_ALGOOPT_LIMIT)
		return (EINVAL);
	if (CC_ALGO(tp)->ctl_output == NULL)
		return (ENOENT);
	buf = malloc(MAX(sopt->sopt_valsize, 1), M_TEMP, M_NOWAIT | M_ZERO);
	if (buf == NULL)
		return (ENOMEM);
	error = sooptcopyin(sopt, buf, sopt->sopt_valsize,
	    sopt->sopt_valsize);
	if (error == 0)
		error = CC_ALGO(tp)->ctl_output(&tp->t_ccv, sopt, buf);
	if (error == 0 && sopt->sopt_dir == SOPT_GET)
		error = sooptcopyout(sopt, buf, sopt->sopt_valsize);
	free(buf, M_TEMP);
	return (error);
}

static int
tcp_opt_function(struct tcpcb *tp, struct sockopt *sopt)
{
	struct tcp_function_set fs;
	int error;

	memset(&fs, 0, sizeof(fs));
	if (sopt->sopt_dir == SOPT_GET) {
		strlcpy(fs.function_set_name, tp->t_fb->tfb_tcp_block_name,
		    sizeof(fs.function_set_name));
		fs.pcbcnt = tp->t_fb->tfb_refcnt;
		if (sopt->sopt_name == TCP_FUNCTION_ALIAS)
			(void)find_tcp_function_alias(tp->t_fb, &fs);
		return (sooptcopyout(sopt, &fs, sizeof(fs)));
	}
	if (sopt->sopt_name == TCP_FUNCTION_ALIAS)
		return (ENOPROTOOPT);
	if ((error = sooptcopyin(sopt, &fs, sizeof(fs), sizeof(fs))) != 0)
		return (error);
	if (tcp_is_over(tp))
		return (ECONNRESET);
	return (tcp_functions_switch(tp, &fs));
}

static int
tcp_opt_delack(struct tcpcb *tp, struct sockopt *sopt)
{
	int delack, error;

	if (sopt->sopt_dir == SOPT_GET) {
		delack = tp->t_delack_opt >= 0 ? tp->t_delack_opt :
		    V_tcp_delack_enabled;
		return (sooptcopyout(sopt, &delack, sizeof(delack)));
	}
	error = sooptcopyin(sopt, &delack, sizeof(delack), sizeof(delack));
	if (error == 0)
		tp->t_delack_opt = delack != 0;
	return (error);
}

/* Those of struct tcp_userto that are times and counts. */
static int
tcp_opt_limits(struct tcpcb *tp, struct sockopt *sopt)
{
	int error;

	switch (sopt->sopt_name) {
	case TCP_MAXUNACKTIME:
		return (TCP_OPT_SECONDS(tp, sopt, tu_maxunacktime,
		    V_tcp_maxunacktime));
	case TCP_KEEPINIT:
		return (TCP_OPT_SECONDS(tp, sopt, tu_keepinit,
		    V_tcp_keepinit));
	case TCP_KEEPIDLE:
		error = TCP_OPT_SECONDS(tp, sopt, tu_keepidle,
		    V_tcp_keepidle);
		/* From now on, whatever the timer was. */
		if (error == 0 && sopt->sopt_dir == SOPT_SET &&
		    TCPS_HAVEESTABLISHED(tp->t_state))
			tcp_timer_activate(tp, TT_KEEP,
			    tcp_keepidle_of(tp));
		return (error);
	case TCP_KEEPINTVL:
		return (TCP_OPT_SECONDS(tp, sopt, tu_keepintvl,
		    V_tcp_keepintvl));
	case TCP_KEEPCNT:
		return (tcp_opt_userto(tp, sopt, __offsetof(struct tcp_userto,
		    tu_keepcnt), (uint32_t)V_tcp_keepcnt, UINT16_MAX));
	default:
		return (ENOPROTOOPT);
	}
}

int
tcp_default_ctloutput(struct tcpcb *tp, struct sockopt *sopt)
{
	struct tcp_info ti;

	switch (sopt->sopt_name) {
	case TCP_NODELAY:
		return (tcp_opt_flag(tp, sopt, TF_NODELAY));
	case TCP_NOPUSH:
		return (tcp_opt_flag(tp, sopt, TF_NOPUSH));
	case TCP_NOOPT:
		return (tcp_opt_flag(tp, sopt, TF_NOOPT));
	case TCP_MAXSEG:
		return (tcp_opt_maxseg(tp, sopt));
	case TCP_FASTOPEN:
		return (tcp_fastopen_ctloutput(tp, sopt));
	case TCP_INFO:
		if (sopt->sopt_dir == SOPT_SET)
			return (ENOPROTOOPT);
		tcp_fill_info(tp, &ti);
		return (sooptcopyout(sopt, &ti, sizeof(ti)));
	case TCP_IWND_NB:
	case TCP_IWND_NSEG:
		return (tcp_opt_iwnd(tp, sopt));
	case TCP_REUSPORT_LB_NUMA:
		return (tcp_opt_numa(tp, sopt));
	case TCP_REMOTE_UDP_ENCAPS_PORT:
		return (tcp_udp_opt_port(tp, sopt));
	case TCP_DELACK:
		return (tcp_opt_delack(tp, sopt));
	default:
		return (tcp_opt_limits(tp, sopt));
	}
}

/* Levels IP and IPv6; what is around segments may have become larger. */
static int
tcp_opt_ip(struct tcpcb *tp, struct sockopt *sopt)
{
	uint32_t mtu;
	int error;

	error = ip_ctloutput(tptoinpcb(tp), sopt);
	if (error != 0 || sopt->sopt_dir == SOPT_GET)
		return (error);
	ro_invalidate(&tp->t_inpcb.inp_route);
	if (TCPS_HAVERCVDSYN(tp->t_state) &&
	    tp->t_state != TCPS_TIME_WAIT && (mtu = tcp_path_mtu(tp)) != 0)
		tcp_mtu_update(tp, mtu);
	return (0);
}

/* The socket has an option, or no longer, that is more than its own. */
static int
tcp_opt_socket(struct tcpcb *tp, const struct sockopt *sopt)
{
	struct inpcb *inp = tptoinpcb(tp);
	uint16_t flag;

	switch (sopt->sopt_name) {
	case SO_DONTROUTE:
		flag = INP_DONTROUTE;
		break;
	case SO_DEBUG:
		flag = INP_DEBUG;
		break;
	default:
		return (ENOPROTOOPT);
	}
	inp->inp_flags &= (uint16_t)~flag;
	if ((tptosocket(tp)->so_options & sopt->sopt_name) != 0)
		inp->inp_flags |= flag;
	return (0);
}

static int
tcp_ctloutput(struct socket *so, struct sockopt *sopt)
{
	struct tcpcb *tp = sototcpcb(so);

	if (sopt->sopt_dir == SOPT_SET)
		tcp_head_forget(tp);
	switch (sopt->sopt_level) {
	case SOL_SOCKET:
		return (tcp_opt_socket(tp, sopt));
	case IPPROTO_TCP:
		break;
	case IPPROTO_IP:
	case IPPROTO_IPV6:
		return (tcp_opt_ip(tp, sopt));
	default:
		return (ENOPROTOOPT);
	}
	if (tcp_is_over(tp))
		return (ECONNRESET);
	switch (sopt->sopt_name) {
	case TCP_FUNCTION_BLK:
	case TCP_FUNCTION_ALIAS:
		return (tcp_opt_function(tp, sopt));
	case TCP_CONGESTION:
		return (tcp_opt_congestion(tp, sopt));
	case TCP_CCALGOOPT:
		return (tcp_opt_ccalgoopt(tp, sopt));
	case TCP_MD5SIG:
	case TCP_AO:
	case TCP_AO_KEYS:
		return (tcp_sig_ctloutput(tp, sopt));
	default:
		return (tp->t_fb->tfb_tcp_ctloutput(tp, sopt));
	}
}

#define	TCP_PROTOSW(family)						\
	.pr_family = (family),						\
	.pr_type = SOCK_STREAM,						\
	.pr_protocol = IPPROTO_TCP,					\
	.pr_flags = PR_CONNREQUIRED | PR_IMPLOPCL | PR_WANTRCVD,	\
	.pr_attach = tcp_usr_attach,					\
	.pr_detach = tcp_usr_detach,					\
	.pr_bind = tcp_usr_bind,					\
	.pr_listen = tcp_usr_listen,					\
	.pr_accept = tcp_usr_accept,					\
	.pr_connect = tcp_usr_connect,					\
	.pr_disconnect = tcp_usr_disconnect,				\
	.pr_close = tcp_usr_close,					\
	.pr_abort = tcp_usr_abort,					\
	.pr_shutdown = tcp_usr_shutdown,				\
	.pr_rcvd = tcp_usr_rcvd,					\
	.pr_rcvoob = tcp_usr_rcvoob,					\
	.pr_send = tcp_usr_send,					\
	.pr_sockaddr = tcp_usr_sockaddr,				\
	.pr_peeraddr = tcp_usr_peeraddr,				\
	.pr_ctloutput = tcp_ctloutput,				\
	.pr_write = tcp_usr_write,					\
	.pr_rcvd_idle = tcp_usr_rcvd_idle

const struct protosw tcp_protosw = { TCP_PROTOSW(AF_INET) };
const struct protosw tcp6_protosw = { TCP_PROTOSW(AF_INET6) };

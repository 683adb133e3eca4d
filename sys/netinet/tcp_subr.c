/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A connection's birth, its numbers, and its end.
 *
 * A tcpcb, which contains its inpcb, lives from pr_attach to pr_detach, and
 * beyond that while it is in TIME_WAIT, when it needs no socket.  It is
 * freed in tcp_free() only:
 *
 *   tcp_close()  out of the tables, timers off, INP_DROPPED; the socket is
 *                told.  The user's close calls tcp_free() by pr_detach; if
 *                the user has gone, all of this is tcp_free() at once, and
 *                the socket goes with the last one who holds it.
 *   tcp_drop()   as tcp_close(), with a reset to the peer and an error
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/module.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_hostcache.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet6/icmp6.h>
#include <netipsec/tcp_sig.h>

/* One of the allocator's sizes: the next larger one is 768. */
CTASSERT(sizeof(struct tcpcb) <= 640);

MALLOC_DEFINE(M_TCPUSERTO, "tcpuserto", "TCP limits set by users");

SYSCTL_NODE(_net_inet, IPPROTO_TCP, tcp, CTLFLAG_RW, NULL, "TCP");
SYSCTL_NODE(_net_inet_tcp, OID_AUTO, sack, CTLFLAG_RW, NULL,
    "Selective acknowledgments");

VNET_DEFINE(struct inpcbinfo, tcbinfo);
VNET_DEFINE(struct tcpstat, tcpstat);
VNET_DEFINE(uint64_t[TCP_NSTATES], tcps_states);
VNET_DEFINE(uma_zone_t, tcp_sent_zone);
VNET_DEFINE(uma_zone_t, tcp_seg_zone);
VNET_DEFINE_STATIC(uma_zone_t, tcpcb_zone);
#define	V_tcpcb_zone	VNET(tcpcb_zone)
VNET_DEFINE_STATIC(uint8_t, isn_secret[16]);
VNET_DEFINE_STATIC(uint8_t, conn_secret[16]);
#define	V_isn_secret	VNET(isn_secret)
#define	V_conn_secret	VNET(conn_secret)

SYSCTL_UINT(_net_inet_tcp, OID_AUTO, pcbcount, CTLFLAG_VNET | CTLFLAG_RD,
    &VNET_NAME(tcbinfo).ipi_count, 0, "Connections and listeners");

VNET_DEFINE(int, tcp_do_rfc1323) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, rfc1323, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_rfc1323), 0,
    "Offer time stamps and window scaling (1), only scaling (2), only time "
    "stamps (3), or neither (0) (RFC 7323)");
VNET_DEFINE(int, tcp_do_sack) = 1;
SYSCTL_INT(_net_inet_tcp_sack, OID_AUTO, enable, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_sack), 0, "Offer selective acknowledgments");
VNET_DEFINE(int, tcp_do_newsack) = 1;
VNET_DEFINE(int, tcp_delack_enabled) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, delayed_ack, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_delack_enabled), 0, "Put acknowledgments off");
VNET_DEFINE(int, tcp_sendspace) = 32 * 1024;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, sendspace,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_sendspace), 1, INT_MAX,
    "First size of send buffers, in bytes");
VNET_DEFINE(int, tcp_recvspace) = 64 * 1024;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, recvspace,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_recvspace), 1, INT_MAX,
    "First size of receive buffers, in bytes");
VNET_DEFINE(int, blackhole) = 0;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, blackhole,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(blackhole), 0, 3,
    "Answer no SYN (1), or nothing at all (2), for closed ports");
VNET_DEFINE(int, tcp_ts_offset_per_conn) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, ts_offset_per_conn,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_ts_offset_per_conn), 0,
    "Time stamps start elsewhere for each connection, not for each host");
VNET_DEFINE(int, tcp_rexmit_drop_options) = 0;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, rexmit_drop_options, CTLFLAG_RW,
    &VNET_NAME(tcp_rexmit_drop_options), 0,
    "Leave options out of a SYN from its third retransmission on");

static const struct ip_proto tcp_ip_proto = {
	.ipp_input = tcp_input,
	.ipp_ctlinput = tcp_ctlinput
};

static void
tcp_init(const void *arg __unused)
{
	int error;

	in_pcbinfo_init(&V_tcbinfo);
	vnet_random(V_isn_secret, sizeof(V_isn_secret));
	vnet_random(V_conn_secret, sizeof(V_conn_secret));
	V_tcpcb_zone = uma_zcreate("tcpcb", sizeof(struct tcpcb), NULL, NULL,
	    NULL, NULL, UMA_ALIGN_CACHE, 0);
	V_tcp_sent_zone = uma_zcreate("tcp_sent", sizeof(struct tcp_sent),
	    NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	V_tcp_seg_zone = uma_zcreate("tcp_reass", sizeof(struct tseg), NULL,
	    NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	if (V_tcpcb_zone == NULL || V_tcp_sent_zone == NULL ||
	    V_tcp_seg_zone == NULL) {
		sysinit_fail(ENOMEM);
		return;
	}
	tcp_timer_init();
	tcp_reass_limit();
	if ((error = ip_proto_register(IPPROTO_TCP, &tcp_ip_proto)) != 0 ||
	    (error = protosw_register(&tcp_protosw)) != 0 ||
	    (error = protosw_register(&tcp6_protosw)) != 0)
		sysinit_fail(error);
}
SYSINIT(tcp, SI_SUB_PROTO_DOMAIN, SI_ORDER_THIRD, tcp_init, NULL);

static void
tcp_uninit(const void *arg __unused)
{
	struct inpcb *inp, *next;
	struct socket *so;

	TAILQ_FOREACH_SAFE(inp, &V_tcbinfo.ipi_list, inp_list, next) {
		tcp_close(intotcpcb(inp));
	}
	/* Those left belong to sockets that were still open. */
	while ((inp = TAILQ_FIRST(&V_tcbinfo.ipi_list)) != NULL) {
		so = inp->inp_socket;
		tcp_free(intotcpcb(inp));
		if (so != NULL)
			soorphan(so);
	}
	tcp_output_drain();
	tcp_timer_uninit();
	ip_proto_unregister(IPPROTO_TCP);
	protosw_unregister(&tcp_protosw);
	protosw_unregister(&tcp6_protosw);
	in_pcbinfo_destroy(&V_tcbinfo);
	uma_zdestroy(V_tcp_seg_zone);
	uma_zdestroy(V_tcp_sent_zone);
	uma_zdestroy(V_tcpcb_zone);
}
SYSUNINIT(tcp, SI_SUB_PROTO_DOMAIN, SI_ORDER_THIRD, tcp_uninit, NULL);

/* ---- Birth ---- */

/* A line at a time, which compilers do by a few wide stores, without a call:
 * nine of them, and what is left. */
static inline void
clear_lines(char *p)
{
	memset(p, 0, CACHE_LINE_SIZE);
	memset(p + CACHE_LINE_SIZE, 0, CACHE_LINE_SIZE);
	memset(p + 2 * CACHE_LINE_SIZE, 0, CACHE_LINE_SIZE);
}

static inline void
tcp_clear(struct tcpcb *tp)
{
	char *p = (char *)tp;

	CTASSERT(sizeof(*tp) >= 9 * CACHE_LINE_SIZE);
	clear_lines(p);
	clear_lines(p + 3 * CACHE_LINE_SIZE);
	clear_lines(p + 6 * CACHE_LINE_SIZE);
	memset(p + 9 * CACHE_LINE_SIZE, 0, __offsetof(struct tcpcb, t_head) -
	    9 * CACHE_LINE_SIZE);
	tcp_head_forget(tp);
}

/*
 * What variables say of every new connection: tb_image is a tcpcb's from
 * t_flags to t_dupacks.  It is right while no variable has been written.
 */
struct tcp_birth {
	uint64_t	tb_image[2];
	uint64_t	tb_gen;		/* V_sysctl_gen then */
	bool		tb_notsent;	/* who counts what was not sent needs
					 * its compat */
};
VNET_DEFINE_STATIC(struct tcp_birth, tcp_birth);
#define	V_tcp_birth	VNET(tcp_birth)
CTASSERT(__offsetof(struct tcpcb, t_unacksegs) -
    __offsetof(struct tcpcb, t_flags) ==
    sizeof(((struct tcp_birth *)0)->tb_image));

static u_int
tcp_rfc1323_flags(int var)
{
	static const u_int flags[] = { 0, TF_REQ_SCALE | TF_REQ_TSTMP,
	    TF_REQ_SCALE, TF_REQ_TSTMP };

	return ((u_int)var < nitems(flags) ? flags[var] : 0);
}

static void __noinline
tcp_birth_learn(struct tcp_birth *tb)
{
	const u_int flags = tcp_rfc1323_flags(V_tcp_do_rfc1323) |
	    (V_tcp_do_sack != 0 ? TF_SACK_PERMIT : 0);
	const uint16_t maxseg = (uint16_t)V_tcp_mssdflt;

	memset(tb->tb_image, 0, sizeof(tb->tb_image));
	memcpy(tb->tb_image, &flags, sizeof(flags));
	memcpy((char *)tb->tb_image + (__offsetof(struct tcpcb, t_maxseg) -
	    __offsetof(struct tcpcb, t_flags)), &maxseg, sizeof(maxseg));
	tb->tb_notsent = V_tcp_ways.w_notsent != UINT_MAX;
	tb->tb_gen = V_sysctl_gen;
}

struct tcpcb *
tcp_newtcpcb(struct socket *so)
{
	struct tcp_birth *tb = &V_tcp_birth;
	struct tcpcb *tp;

	if ((tp = uma_zalloc(V_tcpcb_zone, M_NOWAIT)) == NULL)
		return (NULL);
	if (__predict_false(tb->tb_gen != V_sysctl_gen))
		tcp_birth_learn(tb);
	tcp_clear(tp);
	memset(tp->t_timers, 0xff, sizeof(tp->t_timers)); /* UINT64_MAX */
	TAILQ_INIT(&tp->t_map);
	tp->t_inpcb.inp_irregular = TCPI_UNSYNCED | TCPI_UNSTAMPED;
	memcpy((char *)tp + __offsetof(struct tcpcb, t_flags), tb->tb_image,
	    sizeof(tb->tb_image));
	tp->t_delack_opt = V_tcp_ways.w_linux ? -1 - TCP_QUICKACKS : -1;
	tp->snd_cwnd = TCP_MAXWIN << TCP_MAX_WINSHIFT;
	tp->snd_ssthresh = TCP_MAXWIN << TCP_MAX_WINSHIFT;
	tp->t_rcvtime = getnstime();
	in_pcbinit(&V_tcbinfo, &tp->t_inpcb, so);
	TCPSTATES_INC(TCPS_CLOSED);
	if (cc_attach(tp, CC_DEFAULT_ALGO()) != 0)
		goto fail;
	if (tcp_functions_attach(tp) != 0) {
		cc_detach(tp);
		goto fail;
	}
	if (__predict_false(tb->tb_notsent) && tcp_compat(tp) == NULL) {
		tcp_free(tp);
		return (NULL);
	}
	return (tp);
fail:
	TCPSTATES_DEC(TCPS_CLOSED);
	in_pcbdestroy(&V_tcbinfo, &tp->t_inpcb);
	uma_zfree(V_tcpcb_zone, tp);
	return (NULL);
}

/* ---- Numbers ---- */

VNET_DEFINE_STATIC(int, isn_reseed_interval) = 0;
#define	V_isn_reseed_interval	VNET(isn_reseed_interval)
VNET_DEFINE_STATIC(nstime_t, isn_seeded) = 0;
#define	V_isn_seeded	VNET(isn_seeded)

static int
sysctl_isn_reseed(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_isn_reseed_interval, 0,
	    INT_MAX));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, isn_reseed_interval,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_isn_reseed, "I",
    "Seconds after which initial sequence numbers get a new secret "
    "(0: never)");

/* A new secret breaks the order of a peer's sequence numbers (RFC 6528, 3),
 * so there is none that changes unless it is asked for. */
static void
isn_reseed(void)
{
	if (getnstime() - V_isn_seeded <
	    (nstime_t)V_isn_reseed_interval * NS_PER_SEC)
		return;
	vnet_random(V_isn_secret, sizeof(V_isn_secret));
	V_isn_seeded = getnstime();
}

/* Of the hash of a connection one half is its offset of time stamps, the
 * other goes into its sequence number: neither tells of the other. */
static inline uint64_t
conn_hash(const uint8_t *secret, const struct in_conninfo *inc)
{
	uint32_t v4[3];

	if (!IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) || inc->inc_scope != 0)
		return (siphash24(secret, inc, sizeof(*inc)));
	/* The same without what is so in all mapped addresses.  What is
	 * hashed is shorter, and so differs from all of IPv6. */
	v4[0] = in6_unmapped(&inc->inc_faddr).s_addr;
	v4[1] = in6_unmapped(&inc->inc_laddr).s_addr;
	v4[2] = (uint32_t)inc->inc_fport << 16 | inc->inc_lport;
	return (siphash24(secret, v4, sizeof(v4)));
}

/* For the host only: its addresses, not the ports (RFC 7323, 5.4). */
static uint32_t __noinline
host_ts_offset(const struct in_conninfo *inc)
{
	return ((uint32_t)siphash24(V_conn_secret, inc,
	    __offsetof(struct in_conninfo, inc_fport)));
}

uint32_t
tcp_new_ts_offset(const struct in_conninfo *inc)
{
	return (V_tcp_ts_offset_per_conn ?
	    (uint32_t)conn_hash(V_conn_secret, inc) :
	    host_ts_offset(inc));
}

/* What a secret that changes adds to the number. */
static tcp_seq __noinline
isn_reseeded(const struct in_conninfo *inc)
{
	isn_reseed();
	return ((tcp_seq)conn_hash(V_isn_secret, inc));
}

/* ISN = M + F(connection, secret), M a clock of 4 microseconds (RFC 6528). */
void
tcp_new_numbers(const struct in_conninfo *inc, tcp_seq *isn,
    uint32_t *ts_offset)
{
	uint64_t hash = conn_hash(V_conn_secret, inc);

	*isn = (tcp_seq)(getnstime() / (4 * NS_PER_USEC)) +
	    (tcp_seq)(hash >> 32);
	*ts_offset = (uint32_t)hash;
	if (__predict_false(!V_tcp_ts_offset_per_conn))
		*ts_offset = host_ts_offset(inc);
	if (__predict_false(V_isn_reseed_interval != 0))
		*isn += isn_reseeded(inc);
}

uint32_t
tcp_get_usecs(struct timeval *tv)
{
	if (tv != NULL)
		getmicrouptime(tv);
	return ((uint32_t)(getnstime() / NS_PER_USEC));
}

uint32_t
tcp_get_srtt(struct tcpcb *tp, int granularity)
{
	if (granularity == TCP_TMR_GRANULARITY_USEC)
		return (tp->t_srtt_us);
	return ((uint32_t)(tp->t_srtt >> TCP_RTT_SHIFT));
}

u_int
tcp_fixed_maxseg(const struct tcpcb *tp)
{
	u_int len = tp->t_maxseg;

	if ((tp->t_flags & (TF_NOOPT | TF_RCVD_TSTMP)) == TF_RCVD_TSTMP)
		len -= TCPOLEN_TIMESTAMP + 2;
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0))
		len -= tcp_sig_optlen(tp);
	return (len);
}

u_int
tcp_maxseg(const struct tcpcb *tp)
{
	u_int len = tcp_fixed_maxseg(tp);

	if (__predict_false(tp->t_segqlen != 0) &&
	    (tp->t_flags & TF_SACK_PERMIT) != 0)
		len -= 4 + TCPOLEN_SACK * min(tp->t_segqlen, 3);
	return (len);
}

/* ---- Changes of state ---- */

/* What few have switched on, or know of the peer. */
static void __noinline
tcp_established_more(struct tcpcb *tp)
{
	if (V_plpmtud == 2)
		tcp_pmtud_established(tp);
	if (V_newcwv != 0)
		tcp_cwv_established(tp);
	if (tcp_hc_known())
		tcp_hc_start(tp);
}

/* The handshake is complete. */
void
tcp_established(struct tcpcb *tp)
{
	const struct tcp_ways *w = &V_tcp_ways;
	const int more = (V_plpmtud & 2) | V_newcwv | V_hc_count |
	    w->w_app_win | w->w_signed_win;
	int state = TCPS_ESTABLISHED;

	TCPSTAT_INC(tcps_connects);
	if (__predict_false((tp->t_flags & TF_NEEDFIN) != 0)) {
		tp->t_flags &= ~TF_NEEDFIN;
		state = TCPS_FIN_WAIT_1;
	}
	tcp_state_change(tp, state);
	tcp_timer_at(tp, TT_KEEP, getnstime() + (tp->t_userto == NULL ?
	    V_tcp_keepidle : tcp_keepidle_of(tp)));
	tcp_timer_off(tp, TT_REXMT);
	if (__predict_false(more != 0))
		tcp_established_more(tp);
	cc_conn_init(tp);
	if (__predict_false(more != 0))
		tcp_compat_established(tp);
	tp->t_rxtshift = 0;
	tp->snd_recover = tp->snd_una;
	/* Whatever comes first begins a count of what a round trip brings. */
	tp->rfbuf_mark = tp->rcv_nxt;
	tp->rfbuf_ts = tcp_ts_getticks() -
	    (uint32_t)(V_tcp_keepinit / NS_PER_MSEC);
}

/* What was measured is remembered, if that was enough. */
static inline void
tcp_metrics_end(struct tcpcb *tp)
{
	if (tp->t_rttupdated >= TCP_HC_SAMPLES)
		tcp_hc_end(tp);
}

/* What waits for something to happen to tp. */
static void
tcp_quiesce(struct tcpcb *tp)
{
	tcp_output_cancel(tp);
	tcp_timer_stop(tp);
	if (tp->t_segqlen != 0)
		tcp_reass_flush(tp);
	if (!TAILQ_EMPTY(&tp->t_map))
		tcp_sent_flush(tp);
	if ((tp->t_flags2 & TF2_TFO) != 0)
		tcp_fastopen_free(tp);
}

VNET_DEFINE_STATIC(bool, nolocaltimewait) = true;
#define	V_nolocaltimewait	VNET(nolocaltimewait)
SYSCTL_BOOL(_net_inet_tcp, OID_AUTO, nolocaltimewait,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(nolocaltimewait), 0,
    "No TIME_WAIT between two addresses of this host");

/* The last address that was none of ours, as long as V_way_gen is the same. */
struct tcp_stranger {
	struct in6_addr	st_addr;
	uint32_t	st_gen;
};
VNET_DEFINE_STATIC(struct tcp_stranger, tcp_stranger);
#define	V_tcp_stranger	VNET(tcp_stranger)

static bool __noinline
peer_is_local(const struct in6_addr *addr)
{
	struct tcp_stranger *st = &V_tcp_stranger;

	if (ifa_ifwithaddr(addr) != NULL)
		return (true);
	st->st_addr = *addr;
	st->st_gen = V_way_gen;
	return (false);
}

bool
tcp_peer_is_local(const struct in_conninfo *inc)
{
	const struct tcp_stranger *st = &V_tcp_stranger;

	return (__predict_false(st->st_gen != V_way_gen ||
	    !IN6_ARE_ADDR_EQUAL(&st->st_addr, &inc->inc_faddr)) &&
	    peer_is_local(&inc->inc_faddr));
}

nstime_t
tcp_2msl(bool local)
{
	return (2 * (local ? V_tcp_msl_local : V_tcp_msl));
}

bool
tcp_enter_timewait(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);
	bool local = tcp_peer_is_local(&tp->t_inpcb.inp_inc);
	nstime_t expires;

	if (local && V_nolocaltimewait) {
		tcp_close(tp);
		return (true);
	}
	tcp_metrics_end(tp);
	expires = getnstime() + tcp_2msl(local);
	/* Mostly an entry takes what it needs and tp goes. */
	if (so == NULL && !TCP_TRACED(tp) &&
	    tcp_tw_compress(tp, local, expires))
		return (true);
	tcp_state_change(tp, TCPS_TIME_WAIT);
	/* Nobody will ask any more: the socket can go. */
	if (so != NULL && (so->so_state & SS_NOFDREF) != 0) {
		tp->t_inpcb.inp_socket = NULL;
		so->so_pcb = NULL;
		soisdisconnected(so);
		if (so->so_count == 0)
			sofree(so);
	}
	if (tptosocket(tp) == NULL && tcp_tw_compress(tp, local, expires))
		return (true);
	tcp_unorphan(tp);
	tcp_quiesce(tp);
	tp->snd_una = tp->snd_nxt = tp->snd_max;
	tcp_timer_at(tp, TT_2MSL, expires);
	return (false);
}

/* ---- The end ---- */

void
tcp_drop(struct tcpcb *tp, int errnum)
{
	struct socket *so = tptosocket(tp);

	if (TCPS_HAVERCVDSYN(tp->t_state)) {
		tcp_respond(tp, &tp->t_inpcb.inp_inc, tp->rcv_nxt,
		    tp->snd_max, TH_RST | TH_ACK, NULL);
		tcp_state_change(tp, TCPS_CLOSED);
		TCPSTAT_INC(tcps_drops);
	} else if (tp->t_state != TCPS_CLOSED)
		TCPSTAT_INC(tcps_conndrops);
	if (errnum == ETIMEDOUT && tp->t_softerror != 0)
		errnum = tp->t_softerror;
	if (TCP_TRACED(tp))
		tcp_trace(tp, "ended by error", errnum);
	if (so != NULL)
		so->so_error = (uint16_t)errnum;
	tcp_close(tp);
}

/* What nobody can ask about any more needs no state in which to answer: it
 * leaves the tables as it is freed. */
static void
tcp_close_unseen(struct tcpcb *tp, struct socket *so)
{
	if (TCP_TRACED(tp))
		tcp_trace_state(tp, TCPS_CLOSED);
	if (so != NULL) {
		so->so_pcb = NULL;
		tp->t_inpcb.inp_socket = NULL;
	}
	tcp_free(tp);
	if (so != NULL && so->so_count == 0)
		sofree(so);
}

void
tcp_close(struct tcpcb *tp)
{
	struct inpcb *inp = tptoinpcb(tp);
	struct socket *so = inp->inp_socket;

	if ((inp->inp_flags & INP_DROPPED) != 0)
		return;
	TCPSTAT_INC(tcps_closed);
	tcp_unorphan(tp);
	tcp_metrics_end(tp);
	/* Without a descriptor, and at no listener, passers-by have so. */
	if (so == NULL || ((so->so_state & SS_NOFDREF) != 0 &&
	    so->so_qstate == SQ_NONE)) {
		tcp_close_unseen(tp, so);
		return;
	}
	inp->inp_flags |= INP_DROPPED;
	tcp_quiesce(tp);
	in_pcbleave(&V_tcbinfo, inp);
	tp->snd_una = tp->snd_nxt = tp->snd_max;
	tcp_state_change(tp, TCPS_CLOSED);
	soisdisconnected(so);
	if (so->so_qstate == SQ_INCOMP)
		soabort(so);
	else if (so->so_count == 0)
		sofree(so);
}

void
tcp_zfree(struct tcpcb *tp)
{
	uma_zfree(V_tcpcb_zone, tp);
}

/* The end of cc_attach() and tcp_functions_attach(): nothing has to be as if
 * they had not been. */
static inline void
tcp_free_modules(struct tcpcb *tp)
{
	struct tcp_function_block *blk = tp->t_fb;
	struct cc_algo *algo = tp->t_cc;

	if (__predict_false(blk->tfb_statesize != 0 ||
	    blk->tfb_tcp_fb_fini != NULL))
		tcp_functions_detach(tp, 1);
	else
		blk->tfb_refcnt--;
	if (algo->cb_destroy != NULL)
		algo->cb_destroy(&tp->t_ccv);
	algo->cc_refcount--;
}

/* What few have. */
static void __noinline
tcp_free_rare(struct tcpcb *tp)
{
	if (tp->t_loss != NULL)
		tcp_loss_free(tp);
	if (tp->t_ecn != NULL)
		tcp_ecn_free(tp);
	if (tp->t_userto != NULL) {
		tcp_fastopen_free(tp);
		tcp_pmtud_free(tp);
		tcp_cwv_free(tp);
		tcp_compat_free(tp);
		tcp_sig_free(tp);
		free(tp->t_userto, M_TCPUSERTO);
	}
}

void
tcp_free(struct tcpcb *tp)
{
	/* Mostly it has been seen to, but for the callout. */
	if (__predict_false(!TAILQ_EMPTY(&tp->t_map) || tp->t_segqlen != 0))
		tcp_quiesce(tp);
	if (callout_entry_pending(&tp->t_callout))
		(void)callout_entry_stop(&tp->t_callout);
	tcp_free_modules(tp);
	TCPSTATES_DEC(tp->t_state);
	in_pcbdestroy(&V_tcbinfo, &tp->t_inpcb);
	if (__predict_false(tp->t_loss != NULL || tp->t_ecn != NULL ||
	    tp->t_userto != NULL))
		tcp_free_rare(tp);
	/* One on the list of output leaves it with nothing to send. */
	if (__predict_false((tp->t_flags2 & TF2_OUTLINKED) != 0))
		tp->t_flags2 = (tp->t_flags2 & ~TF2_OUTPENDING) |
		    TF2_OUTFREED;
	else
		uma_zfree(V_tcpcb_zone, tp);
}

/* ---- ICMP ---- */

/*
 * An ICMP error about one of our segments (RFC 5927, RFC 5461).  It counts
 * only if the sequence number quoted is of something in flight.  A SYN's
 * hard error ends the attempt; an established connection remembers it and
 * goes on; a packet too big makes segments smaller.
 */
VNET_DEFINE_STATIC(int, icmp_may_rst) = 1;
#define	V_icmp_may_rst	VNET(icmp_may_rst)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, icmp_may_rst, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(icmp_may_rst), 0,
    "Let ICMP errors end connection attempts");

static void
tcp_ctl_toobig(struct tcpcb *tp, const struct ip_icmperr *ie)
{
	struct tcp_sent *ts;
	uint32_t mtu = ie->ie_mtu;
	u_int old = tp->t_maxseg;

	/* Old routers name no MTU: try half, in steps of RFC 1191, 7.1. */
	if (mtu == 0)
		mtu = (uint32_t)(tp->t_maxseg + tcp_hdrlen(tp)) * 3 / 4;
	if (!V_tcp_do_pmtud)
		return;
	tcp_hc_updatemtu(&tp->t_inpcb.inp_inc, mtu);
	TCPSTAT_INC(tcps_mturesent);
	tcp_mtu_update(tp, mtu);
	if (tp->t_maxseg == old)
		return;
	/* What was too big did not arrive: it goes again, cut smaller. */
	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		if (ts->ts_end - ts->ts_start > tp->t_maxseg ||
		    (ts->ts_flags & TS_SYN) != 0)
			(void)tcp_sent_lose(tp, ts);
	tcp_output_later(tp);
}

/* What ends an attempt to connect, as the error its user gets; 0: nothing
 * that does. */
static int
tcp_icmp_hard(const struct ip_icmperr *ie)
{
	if (ie->ie_ip.ii_v6) {
		switch (ie->ie_type << 8 | ie->ie_code) {
		case ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_ADMIN:
		case ICMP6_DST_UNREACH << 8 | ICMP6_DST_UNREACH_NOPORT:
		case ICMP6_PARAM_PROB << 8 | ICMP6_PARAMPROB_NEXTHEADER:
			return (ECONNREFUSED);
		case ICMP6_TIME_EXCEEDED << 8 | ICMP6_TIME_EXCEED_TRANSIT:
			return (EHOSTUNREACH);
		default:
			return (0);
		}
	}
	switch (ie->ie_type << 8 | ie->ie_code) {
	case ICMP_UNREACH << 8 | ICMP_UNREACH_PROTOCOL:
	case ICMP_UNREACH << 8 | ICMP_UNREACH_PORT:
	case ICMP_UNREACH << 8 | ICMP_UNREACH_NET_PROHIB:
	case ICMP_UNREACH << 8 | ICMP_UNREACH_HOST_PROHIB:
	case ICMP_UNREACH << 8 | ICMP_UNREACH_FILTER_PROHIB:
		return (ECONNREFUSED);
	case ICMP_TIMXCEED << 8 | ICMP_TIMXCEED_INTRANS:
		return (EHOSTUNREACH);
	default:
		return (0);
	}
}

void
tcp_ctlinput(const struct ip_icmperr *ie)
{
	tcp_ctlinput_udp(ie, 0);
}

void
tcp_ctlinput_udp(const struct ip_icmperr *ie, uint16_t port)
{
	struct in_conninfo inc;
	struct inpcb *inp;
	struct tcpcb *tp;
	tcp_seq seq;
	int error;

	if (ie->ie_ulplen < 8)
		return;
	inc.inc_faddr = ie->ie_ip.ii_dst;
	inc.inc_laddr = ie->ie_ip.ii_src;
	inc.inc_scope = IN6_IS_ADDR_LINKLOCAL(&inc.inc_faddr) ?
	    ie->ie_ip.ii_scope : 0;
	inc.inc_lport = (uint16_t)(ie->ie_ulp[0] << 8 | ie->ie_ulp[1]);
	inc.inc_fport = (uint16_t)(ie->ie_ulp[2] << 8 | ie->ie_ulp[3]);
	memcpy(&seq, ie->ie_ulp + 4, sizeof(seq));
	seq = ntohl(seq);
	inp = in_pcblookup(&V_tcbinfo, &inc);
	if (inp == NULL && !ie->ie_toobig && ie->ie_errno != 0)
		tcp_syncache_unreach(&inc, port, seq);
	if (inp == NULL || inp->inp_udpport != port)
		return;
	tp = intotcpcb(inp);
	if (tp->t_state == TCPS_TIME_WAIT || SEQ_LT(seq, tp->snd_una) ||
	    SEQ_GEQ(seq, tp->snd_max) || !tcp_sig_takes_icmp(tp, ie))
		return;
	if (ie->ie_toobig)
		tcp_ctl_toobig(tp, ie);
	else if (tp->t_state == TCPS_SYN_SENT) {
		if (V_icmp_may_rst && seq == tp->iss &&
		    (error = tcp_icmp_hard(ie)) != 0)
			tcp_drop(tp, error);
	} else if (ie->ie_errno != 0 && !tcp_compat_icmp(tp, ie->ie_errno))
		tp->t_softerror = (uint16_t)ie->ie_errno;
}

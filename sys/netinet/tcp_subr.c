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
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_options.h>
#include <netinet/ip_plain.h>
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

/* An MSS variable, which must leave room for a header's worth of options. */
static int
sysctl_mss(SYSCTL_HANDLER_ARGS)
{
	return (sysctl_int_range(oidp, req, arg1, (int)arg2, 65535));
}

VNET_DEFINE(int, tcp_mssdflt) = TCP_MSS;
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, mssdflt,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_mssdflt),
    TCP_MINMSS, sysctl_mss, "I",
    "Segment size, in bytes, when an IPv4 peer names none");
VNET_DEFINE(int, tcp_v6mssdflt) = 1220;
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, v6mssdflt,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_v6mssdflt),
    TCP_MINMSS, sysctl_mss, "I",
    "Segment size, in bytes, when an IPv6 peer names none");
VNET_DEFINE(int, tcp_minmss) = TCP_MINMSS;

static int
sysctl_minmss(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	tcp_sized_forget();
	return (sysctl_handle_int(oidp, &V_tcp_minmss, 0, req));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, minmss,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_minmss, "I",
    "Smallest segment size taken from a peer, in bytes");
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

static inline u_int
tcp_rfc1323_flags(int var)
{
	static const u_int flags[] = { 0, TF_REQ_SCALE | TF_REQ_TSTMP,
	    TF_REQ_SCALE, TF_REQ_TSTMP };

	return ((u_int)var < nitems(flags) ? flags[var] : 0);
}

struct tcpcb *
tcp_newtcpcb(struct socket *so)
{
	struct tcpcb *tp;
	int i;

	if ((tp = uma_zalloc(V_tcpcb_zone, M_NOWAIT)) == NULL)
		return (NULL);
	tcp_clear(tp);
	for (i = 0; i < TT_N; i++)
		tp->t_timers[i] = UINT64_MAX;
	TAILQ_INIT(&tp->t_map);
	tp->t_inpcb.inp_irregular = TCPI_UNSYNCED | TCPI_UNSTAMPED;
	tp->t_maxseg = (uint16_t)V_tcp_mssdflt;
	tp->t_delack_opt = V_tcp_ways.w_linux ? -1 - TCP_QUICKACKS : -1;
	tp->t_flags = tcp_rfc1323_flags(V_tcp_do_rfc1323) |
	    (V_tcp_do_sack != 0 ? TF_SACK_PERMIT : 0);
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

/* ---- Segment size ---- */

static bool
tcp_is_v6(const struct tcpcb *tp)
{
	return (!IN6_IS_ADDR_V4MAPPED(&tp->t_inpcb.inp_faddr));
}

/* Few have a header of UDP, or options of IPv4. */
static inline bool
tcp_has_more_headers(const struct tcpcb *tp)
{
	return (__predict_false(tp->t_inpcb.inp_udpport != 0 ||
	    tp->t_inpcb.inp_options != NULL));
}

static int __noinline
tcp_hdrlen_more(const struct tcpcb *tp)
{
	const struct mbuf *m = tp->t_inpcb.inp_options;

	return ((tp->t_inpcb.inp_udpport != 0 ? V_tcp_udp_overhead : 0) +
	    (m != NULL && !tcp_is_v6(tp) ? m->m_len : 0));
}

/* Of the headers that all have. */
static inline int
tcp_hdrlen_plain(bool v6)
{
	return ((int)sizeof(struct tcphdr) + (v6 ?
	    (int)sizeof(struct ip6_hdr) : (int)sizeof(struct ip)));
}

int
tcp_hdrlen(const struct tcpcb *tp)
{
	return (tcp_hdrlen_plain(tcp_is_v6(tp)) +
	    (tcp_has_more_headers(tp) ? tcp_hdrlen_more(tp) : 0));
}

/* Fixed minimum for what we offer, whatever the interface says. */
#define	TCP_LEAST_MSS	32
/* And for what we send. */
#define	TCP_LEAST_MAXSEG	(TCP_LEAST_MSS + TCP_MAXOLEN)

/* The MTU of the way to an address, which may be that of a hop of a source
 * route; and how much may be left to be cut on it. */
static inline uint32_t
tcp_mtu_to(struct tcpcb *tp, const struct in6_addr *to, bool v6)
{
	struct inpcb *inp = tptoinpcb(tp);
	uint32_t mtu, tsomax;

	mtu = ip_route_mtu(to, inp->inp_inc.inc_scope, &inp->inp_route,
	    &tsomax);
	tp->t_tsomax = (uint16_t)min(tsomax, IP_MAXPACKET);
	if (v6 && (inp->inp_flags & INP_MINMTU) != 0)
		mtu = min(mtu, IPV6_MMTU);
	return (mtu);
}

/* Nobody cuts datagrams into segments, or copies IPv4's options. */
static uint32_t __noinline
tcp_path_mtu_more(struct tcpcb *tp)
{
	const struct inpcb *inp = tptoinpcb(tp);
	const struct in6_addr *hop = NULL;
	uint32_t mtu;

	if (inp->inp_options != NULL)
		hop = ip_options_hop(inp->inp_options);
	mtu = tcp_mtu_to(tp, hop != NULL ? hop : &inp->inp_faddr,
	    tcp_is_v6(tp));
	tp->t_tsomax = 0;
	return (mtu);
}

uint32_t
tcp_path_mtu(struct tcpcb *tp)
{
	if (tcp_has_more_headers(tp))
		return (tcp_path_mtu_more(tp));
	return (tcp_mtu_to(tp, &tp->t_inpcb.inp_faddr, tcp_is_v6(tp)));
}

uint32_t
tcp_pmtu(struct tcpcb *tp)
{
	uint32_t mtu = tcp_path_mtu(tp);

	if ((tp->t_flags2 & TF2_PMTUD) != 0)
		mtu = min(mtu, (u_int)(tp->t_maxseg + tcp_hdrlen(tp)));
	return (mtu);
}

/* What to offer for a path of mtu bytes, 0: there is none. */
static inline int
tcp_mss_for(int mtu, bool v6, int usermss, uint16_t udpport)
{
	int mss;

	if (__predict_false(mtu == 0))
		mss = v6 ? V_tcp_v6mssdflt : V_tcp_mssdflt;
	else
		mss = imax(mtu - tcp_hdrlen_plain(v6) -
		    (udpport != 0 ? V_tcp_udp_overhead : 0), TCP_LEAST_MSS);
	if (usermss != 0)
		mss = imin(mss, usermss);
	return (imin(mss, 65535));
}

static int __noinline
tcp_mssopt_any(struct tcpcb *tp)
{
	/* IP's options are the sender's business (RFC 6691). */
	return (tcp_mss_for((int)tcp_path_mtu(tp), tcp_is_v6(tp),
	    tp->t_usermss, tp->t_inpcb.inp_udpport));
}

/* What is sent at most by a way of mtu bytes, 0: there is none. */
static inline int
tcp_maxseg_for(const struct tcpcb *tp, int mtu, int hdrlen)
{
	int mss = tp->t_peermss;

	if (mtu != 0)
		mss = imin(mss, mtu - hdrlen);
	if (tp->t_usermss != 0)
		mss = imin(mss, tp->t_usermss);
	return (imax(mss, TCP_LEAST_MAXSEG));
}

static int __noinline
tcp_path_mss_more(struct tcpcb *tp)
{
	const int mtu = (int)tcp_path_mtu_more(tp);

	return (tcp_maxseg_for(tp, mtu, tcp_hdrlen(tp)));
}

static inline int
tcp_path_mss_known(struct tcpcb *tp)
{
	const bool v6 = tcp_is_v6(tp);
	int mtu;

	if (tcp_has_more_headers(tp))
		return (tcp_path_mss_more(tp));
	mtu = (int)tcp_mtu_to(tp, &tp->t_inpcb.inp_faddr, v6);
	return (tcp_maxseg_for(tp, mtu, tcp_hdrlen_plain(v6)));
}

int
tcp_path_mss(struct tcpcb *tp)
{
	return (tcp_path_mss_known(tp));
}

/* What counts as the offer of a peer that made none, or too small a one. */
static int __noinline
tcp_least_offer(const struct tcpcb *tp, int offer)
{
	if (offer == 0)
		return (tcp_is_v6(tp) ? V_tcp_v6mssdflt : V_tcp_mssdflt);
	return (imax(offer, imax(V_tcp_minmss, TCP_LEAST_MAXSEG)));
}

/*
 * What tcp_mss() came to last, for IPv4 by a way of which nothing is known but
 * its link: the next connection by it whose peer offers the same, and whose
 * buffers are as large, comes to that, too.
 */
struct tcp_sized {
	const struct nhop_object *sd_nh; /* of V_rt_gen */
	uint32_t	sd_gen;		/* V_rt_gen then; 0: nothing known */
	uint32_t	sd_sbgen;	/* sl_gen then */
	int		sd_offer;
	u_int		sd_snd;		/* sb_hiwat before, of both */
	u_int		sd_rcv;
	uint16_t	sd_maxseg;	/* what comes of it */
	uint16_t	sd_tsomax;
	uint16_t	sd_mssopt;	/* and what we offer ourselves */
	u_int		sd_sndhiwat;
	u_int		sd_sndmbmax;
	u_int		sd_rcvhiwat;
	u_int		sd_rcvmbmax;
};
VNET_DEFINE_STATIC(struct tcp_sized, tcp_sized);
#define	V_tcp_sized	VNET(tcp_sized)

/* What else it depends on changes: V_tcp_minmss, and whether anything is known
 * of any peer. */
void
tcp_sized_forget(void)
{
	V_tcp_sized.sd_gen = 0;
}

/* Is it of the way ro, which then is good? */
static inline bool
tcp_sized_way(const struct tcp_sized *sd, const struct route *ro)
{
	return (__predict_true(sd->sd_gen == V_rt_gen &&
	    ro->ro_gen == sd->sd_gen && ro->ro_nh == sd->sd_nh &&
	    V_pmtu_count == 0));
}

/* Is it of such a connection? */
static inline bool
tcp_sized_like(const struct tcp_sized *sd, const struct tcpcb *tp,
    const struct socket *so, int offer)
{
	return (__predict_true(so != NULL &&
	    tp->t_inpcb.inp_vflag == INP_IPV4 && !tcp_has_more_headers(tp) &&
	    tp->t_usermss == 0 && offer == sd->sd_offer &&
	    so->so_snd.sb_hiwat == sd->sd_snd &&
	    so->so_rcv.sb_hiwat == sd->sd_rcv &&
	    sd->sd_sbgen == V_sb_limits.sl_gen));
}

/* Does what was found depend on nothing else: IPv4, by its link alone, and both
 * buffers set? */
static bool
tcp_sized_kept(const struct tcp_sized *sd, const struct tcpcb *tp,
    const struct socket *so)
{
	return (so != NULL && tp->t_inpcb.inp_vflag == INP_IPV4 &&
	    !tcp_has_more_headers(tp) && tp->t_usermss == 0 &&
	    ro_valid(&tp->t_inpcb.inp_route) && V_pmtu_count == 0 &&
	    !tcp_hc_known() && so->so_snd.sb_hiwat != sd->sd_snd &&
	    so->so_rcv.sb_hiwat != sd->sd_rcv);
}

static void
tcp_mss_find(struct tcpcb *tp, struct socket *so, int offer)
{
	if (__predict_false(offer < TCP_LEAST_MAXSEG ||
	    offer < V_tcp_minmss))
		offer = tcp_least_offer(tp, offer);
	tp->t_peermss = (uint16_t)imin(offer, 65535);
	tp->t_maxseg = (uint16_t)tcp_path_mss(tp);
	if (tp->t_tsomax != 0)
		tp->t_flags |= TF_TSO;
	if (so == NULL)
		return;
	if (tcp_hc_known())
		tcp_hc_buffers(tp);
	soround(so, tp->t_maxseg);
}

/* The same, which is remembered if it can be, and the offer was taken as it
 * was. */
static void __noinline
tcp_mss_any(struct tcpcb *tp, struct socket *so, int offer)
{
	const struct route *ro = &tp->t_inpcb.inp_route;
	struct tcp_sized *sd = &V_tcp_sized;

	sd->sd_gen = 0;
	sd->sd_offer = offer;
	sd->sd_sbgen = V_sb_limits.sl_gen;
	if (so != NULL) {
		sd->sd_snd = so->so_snd.sb_hiwat;
		sd->sd_rcv = so->so_rcv.sb_hiwat;
	}
	tcp_mss_find(tp, so, offer);
	if (!tcp_sized_kept(sd, tp, so) || offer != tp->t_peermss)
		return;
	sd->sd_nh = ro->ro_nh;
	sd->sd_maxseg = tp->t_maxseg;
	sd->sd_tsomax = tp->t_tsomax;
	sd->sd_mssopt = (uint16_t)tcp_mssopt_any(tp);
	sd->sd_sndhiwat = so->so_snd.sb_hiwat;
	sd->sd_sndmbmax = so->so_snd.sb_mbmax;
	sd->sd_rcvhiwat = so->so_rcv.sb_hiwat;
	sd->sd_rcvmbmax = so->so_rcv.sb_mbmax;
	sd->sd_gen = ro->ro_gen;
}

void
tcp_mss(struct tcpcb *tp, int offer)
{
	const struct tcp_sized *sd = &V_tcp_sized;
	struct socket *so = tptosocket(tp);

	if (!tcp_sized_way(sd, &tp->t_inpcb.inp_route) ||
	    !tcp_sized_like(sd, tp, so, offer)) {
		tcp_mss_any(tp, so, offer);
		return;
	}
	tp->t_peermss = (uint16_t)offer;
	tp->t_maxseg = sd->sd_maxseg;
	if ((tp->t_tsomax = sd->sd_tsomax) != 0)
		tp->t_flags |= TF_TSO;
	so->so_snd.sb_hiwat = sd->sd_sndhiwat;
	so->so_snd.sb_mbmax = sd->sd_sndmbmax;
	so->so_rcv.sb_hiwat = sd->sd_rcvhiwat;
	so->so_rcv.sb_mbmax = sd->sd_rcvmbmax;
}

int
tcp_mssopt(struct tcpcb *tp)
{
	const struct tcp_sized *sd = &V_tcp_sized;
	struct inpcb *inp = tptoinpcb(tp);

	tcp_find_way(inp);
	if (!tcp_sized_way(sd, &inp->inp_route) || tp->t_usermss != 0 ||
	    inp->inp_vflag != INP_IPV4 || tcp_has_more_headers(tp))
		return (tcp_mssopt_any(tp));
	tp->t_tsomax = sd->sd_tsomax;
	return (sd->sd_mssopt);
}

/* What to offer in answer to a SYN, by the way ro. */
static int __noinline
tcp_mssopt_to_any(const struct in_conninfo *inc, const struct tcpcb *lp,
    struct route *ro, uint16_t udpport)
{
	bool v6 = !IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr);
	uint32_t mtu, tsomax;

	mtu = ip_route_mtu(&inc->inc_faddr, inc->inc_scope, ro, &tsomax);
	if (v6 && (lp->t_inpcb.inp_flags & INP_MINMTU) != 0)
		mtu = min(mtu, IPV6_MMTU);
	return (tcp_mss_for((int)mtu, v6, lp->t_usermss, udpport));
}

int
tcp_mssopt_to(const struct in_conninfo *inc, const struct tcpcb *lp,
    struct route *ro, uint16_t udpport)
{
	const struct tcp_sized *sd = &V_tcp_sized;

	return (tcp_sized_way(sd, ro) && lp->t_usermss == 0 && udpport == 0 &&
	    IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ? sd->sd_mssopt :
	    tcp_mssopt_to_any(inc, lp, ro, udpport));
}

void
tcp_mtu_update(struct tcpcb *tp, uint32_t mtu)
{
	int mss;

	mss = (int)mtu - tcp_hdrlen(tp);
	if (tp->t_peermss != 0)
		mss = imin(mss, (int)tp->t_peermss);
	mss = imax(mss, imax(V_tcp_minmss, TCP_LEAST_MAXSEG));
	if (mss >= tp->t_maxseg)
		return;
	tp->t_maxseg = (uint16_t)mss;
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		tcp_pmtud_lowered(tp);
	if (tp->t_fb->tfb_tcp_mtu_chg != NULL)
		tp->t_fb->tfb_tcp_mtu_chg(tp);
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

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * How large segments are (RFC 9293, 3.7.1; RFC 6691): what we offer, and what
 * we send at most.
 *
 *	offer	path's MTU - headers of IP and TCP without options
 *	maxseg	min(peer's offer, path's MTU - the headers there are), of which
 *		TCP's options are taken for each segment
 *
 * and, since buffers are to hold whole segments, how large they are.  What this
 * comes to for one connection it mostly comes to for the next by the same way,
 * too (struct tcp_sized).
 *
 * May touch a connection's segment sizes and its socket's buffers' limits.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_hostcache.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_var.h>

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

/* ---- Headers and ways ---- */

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

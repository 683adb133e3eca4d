/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP over UDP: segments as the text of UDP datagrams (RFC 768), for paths
 * that let nothing else pass.
 *
 *	IP | UDP: our port net.inet.tcp.udp_tunneling_port, the peer's
 *	     inp_udpport | TCP header and text as always
 *
 * The UDP checksum covers all of it, so TCP's own is 0 and not looked at.
 * A connection belongs to one encapsulation: a segment that comes in another
 * is answered, if at all, by a reset that goes back the way it came, and
 * the connection never sees it (tcp_input()).  So sg_udpport goes with each
 * segment, tb_udpport with each answer, and a connection that is accepted
 * takes over that of its SYN; 0 is plain TCP.
 *
 * UDP itself is not here: other ports have nobody.  While the variable is 0
 * IP knows no UDP at all.
 *
 * Touches: IP's table of transports, packets on their way in and out.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

struct udphdr {
	uint16_t	uh_sport;
	uint16_t	uh_dport;
	uint16_t	uh_ulen;	/* header and text, bytes */
	uint16_t	uh_sum;		/* 0: none */
};

#define	UDP_OVERHEAD_MOST	1024	/* bytes */

VNET_DEFINE_STATIC(int, udp_tunneling_port) = 0;
VNET_DEFINE(int, tcp_udp_overhead) = sizeof(struct udphdr);
#define	V_udp_tunneling_port	VNET(udp_tunneling_port)

static void	tcp_udp_input(struct mbuf *m, const struct ip_info *ii);
static void	tcp_udp_ctlinput(const struct ip_icmperr *ie);

static const struct ip_proto tcp_udp_proto = {
	.ipp_input = tcp_udp_input,
	.ipp_ctlinput = tcp_udp_ctlinput
};

/* ---- Variables ---- */

static int
sysctl_tunneling_port(SYSCTL_HANDLER_ARGS)
{
	int error, port = V_udp_tunneling_port;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &port, 0, UINT16_MAX);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (port != 0 && V_udp_tunneling_port == 0 &&
	    (error = ip_proto_register(IPPROTO_UDP, &tcp_udp_proto)) != 0)
		return (error);
	if (port == 0 && V_udp_tunneling_port != 0)
		ip_proto_unregister(IPPROTO_UDP);
	V_udp_tunneling_port = port;
	return (0);
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, udp_tunneling_port,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_tunneling_port,
    "I", "UDP port for TCP over UDP (0: none of that)");

static int
sysctl_tunneling_overhead(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_tcp_udp_overhead,
	    (int)sizeof(struct udphdr), UDP_OVERHEAD_MOST));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, udp_tunneling_overhead,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0,
    sysctl_tunneling_overhead, "I",
    "Bytes that TCP over UDP leaves for what is around a segment");

static void
tcp_udp_uninit(const void *arg __unused)
{
	if (V_udp_tunneling_port != 0)
		ip_proto_unregister(IPPROTO_UDP);
	V_udp_tunneling_port = 0;
}
SYSUNINIT(tcp_udp, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, tcp_udp_uninit, NULL);

/* TCP_REMOTE_UDP_ENCAPS_PORT */
int
tcp_udp_opt_port(struct tcpcb *tp, struct sockopt *sopt)
{
	int error, port = tp->t_inpcb.inp_udpport;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, &port, sizeof(port)));
	error = sooptcopyin(sopt, &port, sizeof(port), sizeof(port));
	if (error != 0)
		return (error);
	if (port < 0 || port > UINT16_MAX ||
	    (port != 0 && V_udp_tunneling_port == 0) ||
	    tp->t_state != TCPS_CLOSED)
		return (EINVAL);
	tp->t_inpcb.inp_udpport = (uint16_t)port;
	return (0);
}

/* ---- In ---- */

/* Length and checksum are those of a datagram: what surrounds it is cut. */
static bool
tcp_udp_check(struct mbuf *m, const struct ip_info *ii,
    const struct udphdr *uh)
{
	int len = ntohs(uh->uh_ulen);

	if (len < (int)sizeof(*uh) || len > m->m_pkthdr.len || ii->ii_bcast)
		return (false);
	m_adj(m, len - m->m_pkthdr.len);
	if (uh->uh_sum == 0)
		return (!ii->ii_v6);	/* IPv4: nobody summed it */
	return (ip_cksum_verify(m, ii, IPPROTO_UDP, (uint32_t)len) == 0);
}

/* Nobody is at that port.  The error quotes the packet. */
static void
tcp_udp_nobody(struct mbuf *m, const struct ip_info *ii)
{
	if (!ii->ii_front) {
		m_freem(m);
		return;
	}
	m->m_data -= ii->ii_hdrlen;
	m->m_len += ii->ii_hdrlen;
	m->m_pkthdr.len += ii->ii_hdrlen;
	icmp_error_unreach_port(m);
}

static void
tcp_udp_input(struct mbuf *m, const struct ip_info *ii)
{
	struct ip_info inner = *ii;
	struct udphdr uh;

	if (m->m_pkthdr.len < (int)sizeof(uh)) {
		m_freem(m);
		return;
	}
	memcpy(&uh, mtod(m, const void *), sizeof(uh));
	if (ntohs(uh.uh_dport) != V_udp_tunneling_port) {
		tcp_udp_nobody(m, ii);
		return;
	}
	TCPSTAT_INC(tcps_tunneled_pkts);
	if (uh.uh_sport == 0 || !tcp_udp_check(m, ii, &uh)) {
		TCPSTAT_INC(tcps_tunneled_errs);
		m_freem(m);
		return;
	}
	m_adj(m, sizeof(uh));
	inner.ii_front = false;
	tcp_input_udp(m, &inner, ntohs(uh.uh_sport));
}

/* An error about a datagram of ours: both its ports must be right, and it
 * must quote enough of the segment. */
static void
tcp_udp_ctlinput(const struct ip_icmperr *ie)
{
	struct ip_icmperr inner = *ie;
	struct udphdr uh;

	if (ie->ie_ulplen < sizeof(uh))
		return;
	memcpy(&uh, ie->ie_ulp, sizeof(uh));
	if (ntohs(uh.uh_sport) != V_udp_tunneling_port || uh.uh_dport == 0)
		return;
	inner.ie_ulp += sizeof(uh);
	inner.ie_ulplen -= sizeof(uh);
	tcp_ctlinput_udp(&inner, ntohs(uh.uh_dport));
}

/* ---- Out ---- */

/* Put a UDP header to the peer's port in front of the segment *mp, and leave
 * the sum to whoever sends it.  EHOSTUNREACH there is no such thing any more;
 * ENOBUFS; the segment is freed then. */
int
tcp_udp_wrap(struct mbuf **mp, const struct in_conninfo *inc, uint16_t port)
{
	struct mbuf *m = *mp;
	struct udphdr uh;

	if (V_udp_tunneling_port == 0) {
		m_freem(m);
		return (EHOSTUNREACH);
	}
	mtod(m, struct tcphdr *)->th_sum = 0;
	if ((m = m_prepend(m, sizeof(uh), M_NOWAIT)) == NULL)
		return (ENOBUFS);
	uh.uh_sport = htons((uint16_t)V_udp_tunneling_port);
	uh.uh_dport = htons(port);
	uh.uh_ulen = htons((uint16_t)m->m_pkthdr.len);
	uh.uh_sum = in_pseudo_sum(&inc->inc_laddr, &inc->inc_faddr,
	    (uint32_t)m->m_pkthdr.len, IPPROTO_UDP);
	memcpy(mtod(m, void *), &uh, sizeof(uh));
	m->m_pkthdr.csum_flags = IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ?
	    CSUM_UDP : CSUM_UDP_IPV6;
	m->m_pkthdr.csum_data = __offsetof(struct udphdr, uh_sum);
	m->m_pkthdr.l4hlen = sizeof(uh);
	*mp = m;
	return (0);
}

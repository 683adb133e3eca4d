/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The headers of a connection's segments, which differ by little: Ethernet's,
 * IPv4's and TCP's are kept as they would leave, and a segment gets a copy and
 * what is its own: numbers, flags, window, length, sum, time stamps.  The sum
 * kept is the pseudo header's without the length, which is added to it:
 *
 *	sum of a segment = fold(sum of all that stays + length)
 *
 * What is kept is of a connection that asks nothing rare of IP
 * (tcp_ip_is_plain()), whose way is an Ethernet that fills sums in, and is
 * good as long as V_way_gen is what it was: routes, addresses, interfaces and
 * neighbours change that, and so do the variables that are part of it.  Where
 * an option of the connection changes, it is forgotten (tcp_head_forget()).
 * So hd_gen == V_way_gen says all of that by one comparison; tcp_check() holds
 * it against what would be made now.
 *
 * For the files of TCP's output; may touch t_head and the mbuf it makes.
 */
#ifndef _STACKYARD_NETINET_TCP_HEAD_H_
#define	_STACKYARD_NETINET_TCP_HEAD_H_

#include <netinet/ip_plain.h>
#include <netinet/tcp_var.h>

/* Bytes in front of TCP's header. */
#define	TCP_HEADLEN	(ETHER_HDR_LEN + (int)sizeof(struct ip))
/* What the interface fills in. */
#define	TCP_HEADSUMS	(CSUM_IP | CSUM_TCP)

/* Make tp's anew, if it can have one. */
void	tcp_head_make(struct tcpcb *tp);
/* Is it what it should be, or out of date? */
bool	tcp_head_right(struct tcpcb *tp);

static inline bool
tcp_head_ok(const struct tcpcb *tp)
{
	return (tp->t_head.hd_gen == V_way_gen);
}

/* An mbuf with the headers of a segment of hdrlen + len bytes, of which the
 * text is not there yet; the rest is for tcp_head_send(). */
static inline struct mbuf *
tcp_head_build(const struct tcpcb *tp, uint32_t hdrlen, uint32_t len)
{
	struct mbuf *m;

	if ((m = mb_gethdr_bare()) == NULL)
		return (NULL);
	m->m_data = m->m_pktdat + max_hdr - TCP_HEADLEN;
	m->m_len = TCP_HEADLEN + (int)hdrlen;
	m->m_pkthdr = (struct pkthdr){
		.len = TCP_HEADLEN + (int)(hdrlen + len),
		.flowid = tp->t_inpcb.inp_hash,
		.csum_flags = TCP_HEADSUMS,
		.csum_data = __offsetof(struct tcphdr, th_sum),
		.l2hlen = ETHER_HDR_LEN,
		.l3hlen = sizeof(struct ip),
		.l4hlen = (uint8_t)hdrlen
	};
	/* 8 bytes for an address of 6; what follows is written then. */
	memcpy(m->m_data, tp->t_inpcb.inp_route.ro_lladdr, 8);
	memcpy(m->m_data + ETHER_ADDR_LEN, tp->t_head.hd_ether, TCP_HEADKEPT);
	return (m);
}

/* Was it tcp_head_build() that made m? */
static inline bool
tcp_head_has(const struct mbuf *m)
{
	return (m->m_pkthdr.l2hlen != 0);
}

/* Where TCP's header is in an mbuf that has the others, or room for them. */
static inline struct tcphdr *
tcp_head_th(struct mbuf *m)
{
	return ((struct tcphdr *)(void *)(m->m_pktdat + max_hdr));
}

/* Complete the headers of m, a segment of len bytes, behind which the options
 * are there, and send it: what ip_send_plain() and ether_output_known() do at
 * last. */
static inline int
tcp_head_send(const struct tcpcb *tp, struct mbuf *m, uint32_t len,
    tcp_seq seq, tcp_seq ack, uint32_t off_flags_win)
{
	struct tcphdr *th = tcp_head_th(m);
	struct ip *ip = (struct ip *)(void *)th - 1;
	struct ifnet *ifp = tp->t_inpcb.inp_route.ro_nh->nh_ifp;
	uint32_t sum;

	off_flags_win = htonl(off_flags_win);
	th->th_seq = htonl(seq);
	th->th_ack = htonl(ack);
	memcpy((char *)th + __offsetof(struct tcphdr, th_flags) - 1,
	    &off_flags_win, sizeof(off_flags_win));
	ip->ip_len = htons((uint16_t)(len + sizeof(*ip)));
	sum = tp->t_head.hd_sum + (uint32_t)htons((uint16_t)len);
	th->th_sum = (uint16_t)(sum + (sum >> 16));
	V_ipstat.ips_localout++;
	if (__predict_false(((uintptr_t)ifp->if_capture |
	    (uintptr_t)ifp->if_pipe) != 0))
		return (if_enqueue(ifp, m));
	ifp->if_data.ifi_opackets++;
	ifp->if_data.ifi_obytes += len + TCP_HEADLEN;
	return (ifp->if_transmit(ifp, m));
}

#endif /* !_STACKYARD_NETINET_TCP_HEAD_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of IP, of both families, say to each other and to nobody
 * else.  Transports see netinet/ip_var.h.
 *
 * The way of a packet, with the file of each step:
 *
 *	in	ip_input | ip6_input: is the header right, is it for us?
 *		  -> ip_forward: for others, TTL and MTU
 *		  -> ip_reass: fragments
 *		  -> ip_deliver: to the transport
 *	out	ip_send (ip_output): way, header
 *		  -> ip_xmit: as the interface can take it: summed
 *		     (in_cksum), cut (ip_tso), fragmented (ip_output)
 *		  -> if_output -> lltable: the neighbour's link address
 *	errors	ip_error (ip_icmp): about a packet, to its sender
 */
#ifndef _STACKYARD_NETINET_IP_IMPL_H_
#define	_STACKYARD_NETINET_IP_IMPL_H_

#include <sys/mbuf.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_var.h>

/* What IP may leave to an interface; header checksums only where it is told
 * that it may (if_ipsum), and only those of plain packets. */
#define	CSUM_OUT	(CSUM_DELAY_DATA | CSUM_DELAY_DATA_IPV6 | CSUM_TSO | \
			 CSUM_ACE)

/* Where the checksum is in a transport's header. */
#define	TCP_SUM_OFF	16
#define	UDP_SUM_OFF	6

/* Where a packet with its IP header leaves. */
struct ip_way {
	struct ifnet	*w_ifp;
	struct ifnet	*w_rcvif;	/* own link-local address: w_ifp is
					   lo0, and this one receives; NULL */
	const struct in6_addr *w_nexthop;	/* on w_ifp's link */
	struct route	*w_ro;		/* for the link address; or NULL */
	uint32_t	w_mtu;		/* bytes of IP packet */
	bool		w_df;		/* do not fragment: EMSGSIZE */
};

/* in.c: the transports, by their numbers. */
#define	IP_PROTOS_MAX	16		/* transports of one vnet */
struct ip_prototab {
	const struct ip_proto *pt_protos[IP_PROTOS_MAX + 1];	/* 0: NULL */
	uint8_t	pt_index[IPPROTO_MAX];	/* place in pt_protos; or 0 */
};
VNET_DECLARE(struct ip_prototab, ip_prototab);
#define	V_ip_prototab	VNET(ip_prototab)
/* What ip_input.c remembers of a transport is no longer so. */
void	ip_forget(void);
/* The transport, or NULL. */
static inline const struct ip_proto *
ip_proto_find(uint8_t proto)
{
	const struct ip_prototab *pt = &V_ip_prototab;

	return (pt->pt_protos[pt->pt_index[proto]]);
}

/* ip_output.c */
/* The checksum of the IPv4 header at ip, whose ip_sum is 0 (to fill in) or
 * filled in (0 if right). */
static inline uint16_t
ip_header_sum(const struct ip *ip)
{
	uint32_t w[5];
	uint64_t sum;

	memcpy(w, ip, sizeof(w));
	sum = (uint64_t)w[0] + w[1] + w[2] + w[3] + w[4];
	if (__predict_false(ip->ip_hl > 5))
		sum = in_cksum_partial(ip + 1, (ip->ip_hl - 5U) << 2, sum);
	return ((uint16_t)~in_cksum_fold(sum));
}
/* Send m, m_data at the IP header, by way; consumed. */
int	ip_xmit(struct mbuf *m, const struct ip_way *way);
/* The first address behind ro: the router's or dst itself. */
static inline const struct in6_addr *
ip_nexthop(const struct nhop_object *nh, const struct in6_addr *dst)
{
	return ((nh->nh_flags & RTF_GATEWAY) != 0 ? &nh->nh_gw : dst);
}
/* The family of a packet by its first byte. */
static inline bool
ip_is_v6(const struct mbuf *m)
{
	return ((*mtod(m, const uint8_t *) & 0xf0) == IPV6_VERSION);
}
/* A number for a packet that may be cut, not to be guessed and not soon
 * used again. */
uint16_t ip_newid(void);
uint32_t ip6_newid(void);

/* ip_input.c */
/* The first len (<= MHLEN - max_linkhdr) bytes of m in an mbuf of their own,
 * aligned and writable; NULL (m freed) if memory is short. */
struct mbuf *ip_own_header(struct mbuf *m, int len);
/* The first len bytes may be written and read as headers are. */
static inline bool
ip_header_owned(const struct mbuf *m, int len)
{
	return (m->m_len >= len && M_WRITABLE(m) &&
	    ((uintptr_t)m->m_data & 3) == 0);
}
/* IPv4: fill in the header's sum that no interface has filled in (CSUM_IP),
 * for those who look at more than the packet's flags; NULL (m freed) if memory
 * is short. */
struct mbuf *ip_complete_sum(struct mbuf *m);
/* Give m (m_data at the IP header) to proto's transport or complain to the
 * sender.  ii_hdrlen is set; proto_off is the offset of the field that
 * named proto, for IPv6. */
void	ip_deliver(struct mbuf *m, struct ip_info *ii, uint8_t proto,
	    int proto_off);

/* ip_forward.c: m is for somebody else; its header is contiguous. */
void	ip_forward(struct mbuf *m);

/*
 * ip_reass.c: m is a fragment, m_data at the IP header.  The whole packet,
 * m_data at its IP header and that contiguous and right, once all is there;
 * else NULL, and m was kept or freed.
 *
 * For IPv6 *off is the offset of the fragment header and *prev that of the
 * field that named it.  The packet returned has no fragment header any more;
 * *off and *prev are where it was, what follows it being there now.
 */
struct mbuf *ip_reass(struct mbuf *m);
struct mbuf *ip6_reass(struct mbuf *m, int *off, int *prev);

/* ip_icmp.c: what can be wrong with a packet. */
enum ip_errkind {
	IP_ERR_NOROUTE,		/* no way to its destination */
	IP_ERR_NEIGHBOUR,	/* the destination's link address is unknown */
	IP_ERR_PROTO,		/* no such transport; arg: offset of its name */
	IP_ERR_PORT,		/* nobody listens */
	IP_ERR_TOOBIG,		/* arg: the next hop's MTU */
	IP_ERR_SCOPE,		/* link-local, not to be forwarded (IPv6) */
	IP_ERR_TTL,		/* expired on the way */
	IP_ERR_REASS,		/* fragments missing for too long */
	IP_ERR_PARAM,		/* header field wrong; arg: its offset */
	IP_ERR_OPTION,		/* unknown IPv6 option; arg: its offset */
	IP_ERR_OPTION_MCAST	/* the same, also said about multicast */
};
/* Tell the sender of m (m_data at the IP header; consumed), if it is a
 * packet about which errors may be sent and the rate allows. */
void	ip_error(struct mbuf *m, enum ip_errkind what, uint32_t arg);

/* ip6_input.c */
/* Walk the extension headers of the IPv6 packet at buf, of which len bytes
 * are there: the offset of the first that is none, its protocol in *nxt.  -1
 * if that is not there, or is not in this fragment. */
int	ip6_skip_headers(const uint8_t *buf, size_t len, uint8_t *nxt);

/* Is a an address that packets to all of a link of ifp carry: a broadcast
 * address of one of its subnets? */
bool	in_broadcast(const struct in6_addr *a, const struct ifnet *ifp);

#endif /* !_STACKYARD_NETINET_IP_IMPL_H_ */

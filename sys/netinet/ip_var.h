/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What IP offers to transports, both families by one set of functions.
 */
#ifndef _STACKYARD_NETINET_IP_VAR_H_
#define	_STACKYARD_NETINET_IP_VAR_H_

#include <sys/mbuf.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/ip_export.h>

struct inpcb;

/* How a packet is to leave. */
struct ip_output_args {
	struct in6_addr	ioa_src;	/* both mapped or both not */
	struct in6_addr	ioa_dst;
	uint32_t	ioa_scope;	/* link-local: interface index */
	uint32_t	ioa_flowlabel;	/* IPv6: 20 bits, host order */
	uint8_t		ioa_proto;	/* IPPROTO_* */
	uint8_t		ioa_tos;	/* or traffic class */
	uint8_t		ioa_ttl;	/* or hop limit; 0: the default */
	uint8_t		ioa_flags;	/* IOA_* */
	struct route	*ioa_ro;	/* the caller's cache, or NULL */
	const struct mbuf *ioa_options;	/* IPv4 options, wire form; NULL */
};
#define	IOA_DF		0x01		/* do not fragment */
#define	IOA_MINMTU	0x02		/* IPv6: cut at 1280 */
#define	IOA_NOHOPS	0x04		/* IPv6: ioa_ttl's 0 is 0 */

/*
 * Put the IP header in front of m, whose data begins with the transport's
 * header and whose csum_flags and csum_data say what checksum is missing
 * (its field holds the pseudo header's sum), and send it.  m is consumed.
 * EMSGSIZE too big and IOA_DF; EHOSTUNREACH; ENETDOWN; ENOBUFS;
 * EADDRNOTAVAIL.  A TSO packet (CSUM_TSO) goes to an interface that
 * cuts, or is cut here.
 */
int	ip_send(struct mbuf *m, const struct ip_output_args *ioa);
/* The bytes of IP packet that the way to dst takes (interface, route, path
 * MTU learnt); ro is filled.  0 if there is no way.  *tsomaxp becomes the
 * bytes of CSUM_TSO packet that the interface cuts by itself; 0: it does
 * not, and packets of up to IP_MAXPACKET bytes are cut by ip_send(). */
uint32_t ip_route_mtu_any(const struct in6_addr *dst, uint32_t scope,
	    struct route *ro, uint32_t *tsomaxp);
/* Does the way to dst lead through no router?  ro is filled. */
bool	ip_route_direct(const struct in6_addr *dst, uint32_t scope,
	    struct route *ro);
/* The source address for talking to dst: EHOSTUNREACH, EADDRNOTAVAIL. */
int	ip_selectsrc(const struct in6_addr *dst, uint32_t scope,
	    struct in6_addr *src);

/* The parts of a received packet's IP header that transports look at. */
struct ip_info {
	struct in6_addr	ii_src, ii_dst;
	uint32_t	ii_scope;	/* link-local: interface index */
	uint16_t	ii_hdrlen;	/* IP header and all options, bytes */
	uint8_t		ii_tos;
	uint8_t		ii_ttl;
	bool		ii_v6;
	bool		ii_front;	/* the IP header is right in front of
					   m_data, ii_hdrlen bytes */
	bool		ii_bcast;	/* came to a link broadcast, or
					   multicast or broadcast address */
	uint64_t	ii_same;	/* not 0: all of a host with this number
					   have the same ends and scope, and no
					   ii_bcast */
};

/* One ICMP error about a packet of ours. */
struct ip_icmperr {
	struct ip_info	ie_ip;		/* of the packet quoted: ii_src is us */
	struct in6_addr	ie_from;	/* who sent the error */
	uint8_t		ie_type, ie_code;	/* ICMP or ICMPv6's own */
	uint32_t	ie_mtu;		/* too big: next hop's MTU; 0 unknown */
	int		ie_errno;	/* what a user would be told */
	bool		ie_toobig;	/* too big, or fragmentation needed */
	const uint8_t	*ie_ulp;	/* transport header quoted */
	size_t		ie_ulplen;	/* bytes of it there, at least 8 */
};

/* A transport. */
struct ip_proto {
	/* m's data begins with the transport's header, whose first 20 bytes
	 * (or all there are) are contiguous; ii_hdrlen was cut off;
	 * pkthdr.len is the transport's length.  Consumes m. */
	void	(*ipp_input)(struct mbuf *m, const struct ip_info *ii);
	void	(*ipp_ctlinput)(const struct ip_icmperr *ie);	/* or NULL */
};
/* Register for curvnet; kept by reference.  EEXIST. */
int	ip_proto_register(uint8_t proto, const struct ip_proto *ipp);
void	ip_proto_unregister(uint8_t proto);

/*
 * The transport checksum of m (data begins at the transport header, len
 * bytes): uses what the interface found, else sums.  0 if right.
 */
uint16_t ip_cksum_sum(const struct mbuf *m, const struct ip_info *ii,
	    uint8_t proto, uint32_t len);
/* A packet that never saw a wire may still wait for its sum to be filled in
 * (CSUM_DELAY_DATA); whoever marked it so vouched for it. */
static inline uint16_t
ip_cksum_verify(const struct mbuf *m, const struct ip_info *ii,
    uint8_t proto, uint32_t len)
{
	if ((m->m_pkthdr.csum_flags & (CSUM_DELAY_DATA |
	    CSUM_DELAY_DATA_IPV6)) != 0)
		return (0);
	return (ip_cksum_sum(m, ii, proto, len));
}
/* Sum (RFC 1071) of the bytes from skip to len of m, folded and inverted. */
uint16_t in_cksum_skip(const struct mbuf *m, int len, int skip);
#define	in_cksum(m, len)	in_cksum_skip((m), (len), 0)
/* Partial sums of plain memory, of which only the last may be of odd length:
 * 64-bit accumulator in and out; fold to 16 bits, not inverted. */
uint64_t in_cksum_partial(const void *buf, size_t len, uint64_t sum);
/* Each half added to the other leaves their sum, and the carry of it, in the
 * upper one. */
static inline uint16_t
in_cksum_fold(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return ((uint16_t)(half >> 16));
}
/* 64-bit one's complement addition. */
static inline uint64_t
in_cksum_add(uint64_t a, uint64_t b)
{
	a += b;
	return (a + (a < b));
}
/*
 * The pseudo headers of both families (RFC 9293, 3.1; RFC 8200, 8.1) hold
 * the addresses, the length and the protocol, with zeros in between that
 * differ and do not matter.  The ffff in front of a mapped IPv4 address
 * does not either: it is zero in one's complement.  So one sum serves both.
 */
static inline uint64_t
in_pseudo_partial(const struct in6_addr *src, const struct in6_addr *dst,
    uint32_t len, uint8_t proto)
{
	uint64_t sum;

	sum = (uint64_t)htonl(len) + htonl((uint32_t)proto);
	sum = in_cksum_add(sum, src->s6_addr64[0]);
	sum = in_cksum_add(sum, src->s6_addr64[1]);
	sum = in_cksum_add(sum, dst->s6_addr64[0]);
	return (in_cksum_add(sum, dst->s6_addr64[1]));
}
/* The folded, not inverted sum of the pseudo header, for the checksum
 * field of a packet whose sum the interface completes. */
static inline uint16_t
in_pseudo_sum(const struct in6_addr *src, const struct in6_addr *dst,
    uint32_t len, uint8_t proto)
{
	return (in_cksum_fold(in_pseudo_partial(src, dst, len, proto)));
}
/* The same of two mapped IPv4 addresses, whose ffff may be left out. */
static inline uint16_t
in_pseudo_sum4(const struct in6_addr *src, const struct in6_addr *dst,
    uint32_t len, uint8_t proto)
{
	return (in_cksum_fold((uint64_t)htonl(len) + htonl((uint32_t)proto) +
	    src->s6_addr32[3] + dst->s6_addr32[3]));
}
/* Complete what csum_flags asks for in an IP packet (m_data at the IP
 * header), and clear those flags.  The IP header must lie in one mbuf. */
void	in_delayed_cksum(struct mbuf *m);
/* Cut a CSUM_TSO packet (m_data at the IP header) into a queue of segments
 * with headers corrected and the checksum there (sum) or, as the original's,
 * to be completed.  Consumes m; NULL if memory is short. */
struct mbuf *ip_tso_cut(struct mbuf *m, bool sum);
/* The same with l2hlen bytes of link header, at most max_linkhdr, in front,
 * here and of every segment. */
struct mbuf *ip_tso_cut_frame(struct mbuf *m, int l2hlen, bool sum);

/* Path MTU by destination (RFC 1191, RFC 8201): learnt values expire after
 * ten minutes; the table is bounded.  0: nothing learnt. */
#define	IP_PMTU_MIN4	68		/* every IPv4 link carries (RFC 791) */
VNET_DECLARE(int, pmtu_count);	/* destinations known of */
#define	V_pmtu_count	VNET(pmtu_count)
uint32_t ip_pmtu_find(const struct in6_addr *dst);
static inline uint32_t
ip_pmtu_get(const struct in6_addr *dst)
{
	return (__predict_true(V_pmtu_count == 0) ? 0 : ip_pmtu_find(dst));
}
/* mtu below what the family allows counts as that; ENOMEM is not told, the
 * next error says it again. */
void	ip_pmtu_update(const struct in6_addr *dst, uint32_t mtu);
void	ip_pmtu_forget(const struct in6_addr *dst);

/* Send an ICMP or ICMPv6 unreachable about m (m_data at the IP header;
 * consumed), rate limited. code ICMP_UNREACH_PORT is translated for v6. */
void	icmp_error_unreach_port(struct mbuf *m);

VNET_DECLARE(struct ipstat, ipstat);
VNET_DECLARE(struct ipstat, ip6stat);
#define	V_ipstat	VNET(ipstat)
#define	V_ip6stat	VNET(ip6stat)

VNET_DECLARE(int, ip_defttl);
VNET_DECLARE(int, ip6_defhlim);
VNET_DECLARE(int, ipforwarding);	/* net.inet.ip.forwarding */
VNET_DECLARE(int, ip6_forwarding);
VNET_DECLARE(int, ip6_v6only);
#define	V_ip_defttl	VNET(ip_defttl)
#define	V_ip6_defhlim	VNET(ip6_defhlim)
#define	V_ipforwarding	VNET(ipforwarding)
#define	V_ip6_forwarding VNET(ip6_forwarding)
#define	V_ip6_v6only	VNET(ip6_v6only)

#endif /* !_STACKYARD_NETINET_IP_VAR_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The short way out of IPv4 packets of which nothing is to be found out any
 * more, for ip_output.c, whose long way does the same, and for TCP, which
 * sends nearly all its segments by it: in line, so that what the one has in
 * its registers the other need not fetch again.
 */
#ifndef _STACKYARD_NETINET_IP_PLAIN_H_
#define	_STACKYARD_NETINET_IP_PLAIN_H_

#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/in_pcb.h>
#include <netinet/ip.h>
#include <netinet/ip_var.h>

/* The source address that was last seen to be ours, and is not one of
 * loopback; good while V_way_gen is what it was. */
struct ip_ours {
	struct in6_addr	io_addr;
	uint32_t	io_gen;
	uint32_t	io_gen4;	/* the same; 0: an IPv6 address */
};
VNET_DECLARE(struct ip_ours, ip_ours);
#define	V_ip_ours	VNET(ip_ours)

/* Bytes of IP packet that nh takes. */
static inline uint32_t
ip_nhop_mtu(const struct nhop_object *nh)
{
	return (nh->nh_mtu != 0 ? nh->nh_mtu : nh->nh_ifp->if_mtu);
}

/* The same for packets to dst, and the bytes of CSUM_TSO packet. */
static inline uint32_t
ip_link_mtu(const struct in6_addr *dst, const struct nhop_object *nh,
    uint32_t *tsomaxp)
{
	const struct ifnet *ifp = nh->nh_ifp;
	const uint32_t bit = IN6_IS_ADDR_V4MAPPED(dst) ? CSUM_IP_TSO :
	    CSUM_IP6_TSO;

	*tsomaxp = (ifp->if_hwassist & bit) != 0 ? ifp->if_hw_tsomax :
	    IP_MAXPACKET;
	return (ip_nhop_mtu(nh));
}

/* ip_route_mtu_any(): mostly the way is known, and nothing learnt of any. */
static inline uint32_t
ip_route_mtu(const struct in6_addr *dst, uint32_t scope, struct route *ro,
    uint32_t *tsomaxp)
{
	if (__predict_false(!ro_valid(ro) || V_pmtu_count != 0 ||
	    ro->ro_nh->nh_ifp == NULL))
		return (ip_route_mtu_any(dst, scope, ro, tsomaxp));
	return (ip_link_mtu(dst, ro->ro_nh, tsomaxp));
}

/* A word of zeros but for its last two bytes, in the packet's order. */
static inline uint32_t
ip_last_half(uint16_t half)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return ((uint32_t)half << 16);
#else
	return (half);
#endif
}

static inline uint8_t
ip_ttl(uint8_t asked)
{
	return (asked != 0 ? asked : (uint8_t)V_ip_defttl);
}

/*
 * Write the header of 20 bytes of a packet of len; if the interface does not
 * (left) with the sum of it and of the optlen bytes of options that are there
 * behind it.  As words: a sum that read bytes just written would wait for
 * them.  id_off: the second one, identification and fragment.
 */
static inline void
ip_header4_write(struct ip *ip, int len, int optlen, uint32_t id_off,
    uint8_t tos, uint8_t ttl, uint8_t proto, const struct in6_addr *src,
    const struct in6_addr *dst, bool left)
{
	uint32_t w[5];
	uint64_t sum;

	w[0] = htonl((uint32_t)IPVERSION << 28 |
	    (5 + (uint32_t)optlen / 4) << 24 | (uint32_t)tos << 16 |
	    (uint32_t)len);
	w[1] = id_off;
	w[2] = htonl((uint32_t)ttl << 24 | (uint32_t)proto << 16);
	w[3] = in6_unmapped(src).s_addr;
	w[4] = in6_unmapped(dst).s_addr;
	if (!left) {
		sum = (uint64_t)w[0] + w[1] + w[2] + w[3] + w[4];
		if (optlen != 0)
			sum = in_cksum_partial(ip + 1, (size_t)optlen, sum);
		w[2] |= ip_last_half((uint16_t)~in_cksum_fold(sum));
	}
	memcpy(ip, &w[0], sizeof(w[0]));
	memcpy(&ip->ip_id, &w[1], sizeof(w[1]));
	memcpy(&ip->ip_ttl, &w[2], sizeof(w[2]));
	memcpy(&ip->ip_src, &w[3], sizeof(w[3]));
	memcpy(&ip->ip_dst, &w[4], sizeof(w[4]));
}

/* Is it IPv4, by a way that has not changed since the neighbour's link address
 * was learnt by it, from a source that was ours then?  Both V_way_gen says. */
static inline bool
ip_way_is_plain(const struct route *ro, const struct in6_addr *src)
{
	const struct ip_ours *own = &V_ip_ours;
	uint32_t gen = V_way_gen;

	return (ro->ro_llgen == gen && own->io_gen4 == gen &&
	    IN6_ARE_ADDR_EQUAL(src, &own->io_addr));
}

/* Can m, not to be fragmented and without options, go the short way: by a
 * plain way, not to be cut either, its sum there or left to the interface? */
static inline bool
ip_is_plain(const struct mbuf *m, const struct route *ro,
    const struct in6_addr *src)
{
	const struct nhop_object *nh = ro->ro_nh;

	return (ip_way_is_plain(ro, src) && (m->m_pkthdr.csum_flags &
	    (CSUM_TSO | ~nh->nh_ifp->if_hwassist)) == 0 &&
	    (uint32_t)m->m_pkthdr.len + sizeof(struct ip) <= nh->nh_mtu);
}

/* Has m, which is its owner's to write, room for both headers in front? */
static inline bool
ip_has_room(const struct mbuf *m)
{
	return ((m->m_flags & (M_PKTHDR | M_EXT | M_RDONLY)) == M_PKTHDR &&
	    m->m_data - m->m_pktdat >= (int)sizeof(struct ip) + max_linkhdr);
}

/* What ip_send_any() makes of a plain packet, in one go, with the room for the
 * link's header. */
static inline int
ip_send_plain(struct mbuf *m, const struct route *ro, uint8_t tos,
    uint8_t ttl, uint8_t proto, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	const int hlen = ETHER_HDR_LEN + (int)sizeof(struct ip);
	struct ifnet *ifp = ro->ro_nh->nh_ifp;
	const uint32_t left = ifp->if_hwassist & CSUM_IP;
	char *data = m->m_data;
	int len = m->m_pkthdr.len;

	V_ipstat.ips_localout++;
	ip_header4_write((struct ip *)(void *)(data - sizeof(struct ip)),
	    len + (int)sizeof(struct ip), 0, htonl(IP_DF), tos, ip_ttl(ttl),
	    proto, src, dst, left != 0);
	m->m_pkthdr.l3hlen = sizeof(struct ip);
	m->m_pkthdr.csum_flags |= left;
	m->m_len += hlen;
	m->m_pkthdr.len = len + hlen;
	m->m_data = data - hlen;
	return (ether_output_known(ifp, m, ro->ro_lladdr, ETHERTYPE_IP));
}

/* ip_send_pcb() by the long way, if need be. */
int	ip_send_pcb_any(struct mbuf *m, struct inpcb *inp);

/* ip_send() of a segment of the connection inp, of which nothing is asked but
 * its tos and ttl, and IOA_DF: m is a header's mbuf, with max_hdr bytes free in
 * front. */
static inline int
ip_send_pcb(struct mbuf *m, struct inpcb *inp)
{
	struct route *ro = &inp->inp_route;

	MPASS(ip_has_room(m));
	if (__predict_true(ip_is_plain(m, ro, &inp->inp_laddr)))
		return (ip_send_plain(m, ro, inp->inp_tos, inp->inp_ttl,
		    IPPROTO_TCP, &inp->inp_laddr, &inp->inp_faddr));
	return (ip_send_pcb_any(m, inp));
}

#endif /* !_STACKYARD_NETINET_IP_PLAIN_H_ */

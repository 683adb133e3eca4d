/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Ethernet (Ethernet II framing, RFC 894 and RFC 2464):
 *
 *	 0	  6	   12	  14
 *	+--------+--------+------+------------
 *	|  dst	 |  src	  | type | IP packet ...
 *	+--------+--------+------+------------
 *
 * Out: a connection's struct route remembers its next hop's link address,
 * good as long as no neighbour has changed (V_way_gen).  Otherwise the
 * address follows from a multicast or broadcast next hop (RFC 1112, 6.4;
 * RFC 2464, 7), or ARP or neighbour discovery finds it (V_lltable_ops).
 *
 * In: frames for this interface, its link's groups and broadcasts go to
 * their protocol without the header; all others are dropped, in promiscuous
 * mode too, which is for recording.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_private.h>
#include <net/if_var.h>
#include <net/route.h>

#define	ETHERMTU	1500	/* bytes of IP packet */
#define	ETHER_IS_MULTICAST(addr)	(((addr)[0] & 0x01) != 0)

static const uint8_t ether_broadcast[ETHER_ADDR_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};

int
ether_ifattach(struct ifnet *ifp, const uint8_t *lladdr)
{
	int error;

	ifp->if_type = IFT_ETHER;
	ifp->if_hdrlen = ETHER_HDR_LEN;
	ifp->if_output = ether_output;
	ifp->if_input = ether_input;
	ifp->if_flags |= IFF_BROADCAST | IFF_MULTICAST;
	if (ifp->if_mtu == 0)
		ifp->if_mtu = ETHERMTU;
	memcpy(ifp->if_lladdr, lladdr, ETHER_ADDR_LEN);
	error = if_attach(ifp);
	if (error != 0)
		return (error);
	error = ifa_add_linklocal(ifp);
	if (error != 0)
		if_unlink(ifp);
	return (error);
}

static inline void
ether_header_write(const struct ifnet *ifp, struct mbuf *m,
    const uint8_t *dst, uint16_t type)
{
	struct ether_header *eh = mtod(m, struct ether_header *);

	memcpy(eh->ether_dhost, dst, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = htons(type);
	m->m_pkthdr.l2hlen = ETHER_HDR_LEN;
}

static int
ether_frame(struct ifnet *ifp, struct mbuf *m, const uint8_t *dst,
    uint16_t type)
{
	M_PREPEND(m, ETHER_HDR_LEN, M_NOWAIT);
	if (__predict_false(m == NULL)) {
		ifp->if_data.ifi_oerrors++;
		return (ENOBUFS);
	}
	ether_header_write(ifp, m, dst, type);
	return (if_enqueue(ifp, m));
}

int
ether_output_frame(struct ifnet *ifp, struct mbuf *m, const uint8_t *dst,
    uint16_t type)
{
	return (ether_frame(ifp, m, dst, type));
}

/* Is dst the limited broadcast address, or that of a subnet of ifp? */
static bool
ether_is_broadcast(const struct ifnet *ifp, const struct in6_addr *dst)
{
	const struct ifaddr *ifa;
	uint32_t addr, host;

	addr = ntohl(dst->s6_addr32[3]);
	if (addr == INADDR_BROADCAST)
		return (true);
	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link) {
		/* RFC 3021: subnets of two addresses have none. */
		if (!IN6_IS_ADDR_V4MAPPED(&ifa->ifa_addr) ||
		    ifa->ifa_plen > 126)
			continue;
		host = (uint32_t)((1ULL << (128 - ifa->ifa_plen)) - 1);
		if (addr == (ntohl(ifa->ifa_addr.s6_addr32[3]) | host))
			return (true);
	}
	return (false);
}

/* The link address that follows from the next hop alone, if one does. */
static bool
ether_map(const struct ifnet *ifp, const struct in6_addr *dst, uint8_t *lladdr)
{
	if (IN6_IS_ADDR_MULTICAST(dst)) {
		lladdr[0] = lladdr[1] = 0x33;
		memcpy(&lladdr[2], &dst->s6_addr[12], 4);
		return (true);
	}
	if (!IN6_IS_ADDR_V4MAPPED(dst))
		return (false);
	if (IN_MULTICAST(ntohl(dst->s6_addr32[3]))) {
		lladdr[0] = 0x01;
		lladdr[1] = 0x00;
		lladdr[2] = 0x5e;
		lladdr[3] = dst->s6_addr[13] & 0x7f;
		lladdr[4] = dst->s6_addr[14];
		lladdr[5] = dst->s6_addr[15];
		return (true);
	}
	if (ether_is_broadcast(ifp, dst)) {
		memcpy(lladdr, ether_broadcast, ETHER_ADDR_LEN);
		return (true);
	}
	return (false);
}

/* The link address of nexthop; m is gone if it is not 0. */
static int
ether_resolve(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop, uint8_t *lladdr)
{
	if (ether_map(ifp, nexthop, lladdr))
		return (0);
	if (V_lltable_ops == NULL) {
		m_freem(m);
		return (EHOSTUNREACH);
	}
	return (V_lltable_ops->llo_resolve(ifp, m, nexthop, lladdr));
}

/* As ether_output(); the link address is perhaps to be found out. */
static int __noinline
ether_output_any(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop, struct route *ro, uint16_t type)
{
	uint8_t lladdr[8];
	int error;

	if (ro != NULL && ro->ro_llgen == V_way_gen)
		return (ether_frame(ifp, m, ro->ro_lladdr, type));
	error = ether_resolve(ifp, m, nexthop, lladdr);
	if (error != 0)
		return (error == EWOULDBLOCK ? 0 : error);
	if (ro != NULL) {
		memcpy(ro->ro_lladdr, lladdr, ETHER_ADDR_LEN);
		ro->ro_llgen = V_way_gen;
	}
	return (ether_frame(ifp, m, lladdr, type));
}

int
ether_output(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop, struct route *ro)
{
	uint16_t type;

	type = IN6_IS_ADDR_V4MAPPED(nexthop) ? ETHERTYPE_IP : ETHERTYPE_IPV6;
	if (__predict_true(ro != NULL && ro->ro_llgen == V_way_gen &&
	    (m->m_flags & (M_PKTHDR | M_EXT | M_RDONLY)) == M_PKTHDR &&
	    m->m_data - m->m_pktdat >= ETHER_HDR_LEN)) {
		m->m_data -= ETHER_HDR_LEN;
		m->m_len += ETHER_HDR_LEN;
		m->m_pkthdr.len += ETHER_HDR_LEN;
		return (ether_output_known(ifp, m, ro->ro_lladdr, type));
	}
	return (ether_output_any(ifp, m, nexthop, ro, type));
}

/*
 * The frame of everyday, by its first eight bytes: to this interface's address
 * alone, and from one that is no group's (the bit 0x01 of byte 6, which the
 * zeros behind if_lladdr do not have either).
 */
static inline bool
ether_is_plain(const struct ifnet *ifp, const struct ether_header *eh)
{
	static const uint8_t matters[8] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01
	};
	uint64_t came, mask, own;

	memcpy(&came, eh, sizeof(came));
	memcpy(&own, ifp->if_lladdr, sizeof(own));
	memcpy(&mask, matters, sizeof(mask));
	return (((came ^ own) & mask) == 0);
}

/* Is the frame for us?  Marks what came to many. */
static bool
ether_accept(const struct ifnet *ifp, struct mbuf *m,
    const struct ether_header *eh)
{
	if (!ETHER_IS_MULTICAST(eh->ether_dhost))
		return (memcmp(eh->ether_dhost, ifp->if_lladdr,
		    ETHER_ADDR_LEN) == 0);
	if (memcmp(eh->ether_dhost, ether_broadcast, ETHER_ADDR_LEN) == 0)
		m->m_flags |= M_BCAST;
	else
		m->m_flags |= M_MCAST;
	return (true);
}

/* Give the packet, without its frame, to its protocol. */
static void __noinline
ether_dispatch_other(struct ifnet *ifp, struct mbuf *m, uint16_t type)
{
	if (type == ETHERTYPE_ARP && V_lltable_ops != NULL)
		V_lltable_ops->llo_arpinput(ifp, m);
	else {
		ifp->if_data.ifi_iqdrops++;
		m_freem(m);
	}
}

static inline void
ether_dispatch(struct ifnet *ifp, struct mbuf *m)
{
	uint16_t type;

	type = mtod(m, const struct ether_header *)->ether_type;
	m->m_data += ETHER_HDR_LEN;
	m->m_len -= ETHER_HDR_LEN;
	m->m_pkthdr.len -= ETHER_HDR_LEN;
	m->m_pkthdr.l2hlen = ETHER_HDR_LEN;
	if (type == htons(ETHERTYPE_IP) && V_ip_netisr != NULL)
		V_ip_netisr(m);
	else if (type == htons(ETHERTYPE_IPV6) && V_ip6_netisr != NULL)
		V_ip6_netisr(m);
	else
		ether_dispatch_other(ifp, m, ntohs(type));
}

/*
 * The frame's header must lie in one piece, and so must the beginning of
 * what it carries: 20 bytes, which IPv4, IPv6 and ARP have at least.
 */
static struct mbuf *
ether_pullup(struct ifnet *ifp, struct mbuf *m)
{
	const int need = ETHER_HDR_LEN + 20;

	if (m->m_pkthdr.len < need) {
		m_freem(m);
		m = NULL;
	} else if (m->m_len < need)
		m = m_pullup(m, need);
	if (m == NULL)
		ifp->if_data.ifi_ierrors++;
	return (m);
}

/* A frame that is not one of everyday. */
static void __noinline
ether_input_any(struct ifnet *ifp, struct mbuf *m)
{
	const struct ether_header *eh;

	if (m->m_len < ETHER_HDR_LEN + 20) {
		m = ether_pullup(ifp, m);
		if (m == NULL)
			return;
	}
	eh = mtod(m, const struct ether_header *);
	if (ETHER_IS_MULTICAST(eh->ether_shost))
		ifp->if_data.ifi_ierrors++;
	else if (ether_accept(ifp, m, eh)) {
		ether_dispatch(ifp, m);
		return;
	}
	m_freem(m);
}

void
ether_input(struct ifnet *ifp, struct mbuf *m)
{
	if (__predict_false(m->m_len < ETHER_HDR_LEN + 20 ||
	    !ether_is_plain(ifp, mtod(m, const struct ether_header *))))
		ether_input_any(ifp, m);
	else
		ether_dispatch(ifp, m);
}

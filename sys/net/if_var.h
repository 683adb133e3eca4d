/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Interfaces.
 *
 * Out: ip output gives a packet to if_output, which puts the link header in
 * front and calls if_transmit; a pipe (dummynet) may stand between the two.
 * In: a driver gives packets, one or a batch by m_nextpkt, to if_input()
 * inside vnet_enter()/vnet_leave().
 *
 * Capabilities promise: with IFCAP_TXCSUM if_transmit fills the checksum in
 * (csum_flags, csum_data; the field holds the pseudo header's sum; with
 * if_ipsum also that of IPv4's header, if CSUM_IP asks for it), with
 * IFCAP_TSO it cuts a packet of up to if_hw_tsomax bytes into segments of
 * tso_segsz; else the layer above has done so before, or, of an interface
 * with if_cuts_later that nothing watches (if_cut_later()), leaves it to
 * if_transmit to have the packet cut, and its checksums filled in as
 * software does, when it is received.
 *
 * Otherwise lo0 and epair never fill a checksum in and never cut: the
 * receiver gets the packet as it is, with CSUM_L3_VALID and CSUM_L4_VALID for
 * what was still to be done, and with the request itself (CSUM_IP,
 * CSUM_IP_TCP, CSUM_IP_TSO, tso_segsz) still there.  So whoever sends such a
 * packet on (forwarding) leaves those bits alone, but has an IPv4 header
 * completed first (ip_complete_sum()), puts csum_data back to the offset of
 * the field (16 TCP, 6 UDP) and has it completed or cut on the way out like
 * any other.
 */
#ifndef _STACKYARD_NET_IF_VAR_H_
#define	_STACKYARD_NET_IF_VAR_H_

#include <sys/mbuf.h>
#include <sys/queue.h>
#include <sys/vnet.h>
#include <net/if.h>
#include <netinet/in.h>

struct route;
struct if_capture;
struct lltable;
struct nhop_object;

/* An address of an interface. */
struct ifaddr {
	TAILQ_ENTRY(ifaddr) ifa_link;
	struct ifnet	*ifa_ifp;
	struct in6_addr	ifa_addr;	/* IPv4 in mapped form */
	uint8_t		ifa_plen;	/* of the 128 bits: IPv4 /24 is 120 */
	uint8_t		ifa_flags;
	struct ifaddr	*ifa_hnext;	/* same bucket of ifa_ifwithaddr() */
};
#define	IFA_TENTATIVE	0x01		/* duplicate detection runs */

/*
 * How a packet comes in that if_handover.c has found plain: alone, its
 * checksums good, with none of M_BCAST, M_MCAST and M_LOOP.  It is as by
 * if_input() in any case; IP puts its own function here if it knows what such
 * packets will be like (ip_input.c), and if_handed_reset() takes it away when
 * something below IP has changed.
 */
typedef	void if_handed_t(struct mbuf *m, struct ifnet *ifp);
void	if_input_handed(struct mbuf *m, struct ifnet *ifp);

struct if_data {
	uint64_t	ifi_ipackets, ifi_ibytes, ifi_ierrors, ifi_iqdrops;
	uint64_t	ifi_opackets, ifi_obytes, ifi_oerrors, ifi_oqdrops;
};

struct ifnet {
	/* Hot. */
	int		(*if_output)(struct ifnet *, struct mbuf *,
			    const struct in6_addr *nexthop, struct route *);
	int		(*if_transmit)(struct ifnet *, struct mbuf *);
	void		(*if_input)(struct ifnet *, struct mbuf *);
	if_handed_t	*if_handed;	/* see above */
	void		*if_handed_arg;
	struct vnet	*if_vnet;
	void		*if_softc;	/* the driver's */
	int		if_flags;	/* IFF_* */
	int		if_capenable;	/* IFCAP_* in force */
	uint32_t	if_hwassist;	/* CSUM_* that if_transmit does */
	uint32_t	if_mtu;		/* bytes of IP packet */
	uint32_t	if_hw_tsomax;	/* bytes of IP packet for TSO */
	uint16_t	if_index;	/* from 1 */
	uint8_t		if_type;	/* IFT_* */
	uint8_t		if_hdrlen;	/* link header, bytes */
	bool		if_cuts_later;	/* see above */
	int		if_alone_max;	/* of if_handover.c */
	uint8_t		if_lladdr[8];	/* Ethernet: first 6 */
	struct if_capture *if_capture;	/* not NULL: packets are recorded */
	/* The pipe between if_output and the driver; NULL: none. */
	void		*if_pipe;
	int		(*if_pipe_lower)(struct ifnet *, struct mbuf *);
	/* Set by who set if_pipe; called by if_detach(): free the pipe. */
	void		(*if_pipe_detach)(struct ifnet *);
	struct lltable	*if_llt;	/* neighbours, both families */
	struct if_data	if_data;
	/* Cold. */
	TAILQ_ENTRY(ifnet) if_link;	/* all of the vnet */
	TAILQ_HEAD(, ifaddr) if_addrhead;
	LIST_HEAD(, nhop_object) if_nhops; /* all that leave by it */
	struct nhop_object *if_nhop;	/* directly, for scoped addresses */
	uint32_t	if_mtu_min;	/* if_alloc(): 72 to 65535; the */
	uint32_t	if_mtu_max;	/* driver may narrow that */
	int		if_capabilities;
	bool		if_ipsum;	/* IFCAP_TXCSUM is IPv4's header, too */
	uint64_t	if_baudrate;	/* bits/s, 0 unknown */
	void		(*if_dtor)(struct ifnet *);	/* frees if_softc */
	/* Bring up or down, change of if_capenable or if_mtu; may be NULL. */
	int		(*if_reconfig)(struct ifnet *);
	char		if_xname[IFNAMSIZ];
};
TAILQ_HEAD(ifnethead, ifnet);
VNET_DECLARE(struct ifnethead, ifnet);
#define	V_ifnet		VNET(ifnet)

/* An interface of curvnet, not attached yet; name such as "epair0a".
 * NULL: ENOMEM, or the name is too long. */
struct ifnet *if_alloc(uint8_t type, const char *name);
/* Give it an index and put it on the list: EEXIST if the name is taken. */
int	if_attach(struct ifnet *ifp);
/* Take it off: addresses, routes, neighbours, capture, pipe go; if_dtor; ifp
 * itself is freed.  In its vnet, and not from below its if_input(). */
void	if_detach(struct ifnet *ifp);
/* Free an interface that was never attached; if_dtor is not called. */
void	if_free(struct ifnet *ifp);
struct ifnet *ifunit(const char *name);
struct ifnet *if_byindex(u_int index);
/* A packet's or batch's way in: counts, captures, calls if_input. */
void	if_input(struct ifnet *ifp, struct mbuf *m);
/* A packet's way out, below if_output: counts, captures, pipe or driver. */
int	if_enqueue(struct ifnet *ifp, struct mbuf *m);
static inline void
if_handed_reset(struct ifnet *ifp)
{
	if (ifp->if_handed != NULL)
		ifp->if_handed = if_input_handed;
}
/* EINVAL out of range for the driver. */
int	if_setmtu(struct ifnet *ifp, uint32_t mtu);
int	if_setcap(struct ifnet *ifp, int capenable);
void	if_up(struct ifnet *ifp);
void	if_down(struct ifnet *ifp);
/*
 * For drivers that hand packets over as they are (see above): turn what was
 * asked of the sending interface into what the receiving one has found.  The
 * receiver believes what was to be filled in, and only that: a sum that came
 * from further away is for the receiver to check.
 */
static inline void
if_csum_handover(struct mbuf *m)
{
	uint32_t asked;

	asked = m->m_pkthdr.csum_flags & (CSUM_IP | CSUM_DELAY_DATA |
	    CSUM_DELAY_DATA_IPV6 | CSUM_TSO);
	if ((asked & ~(uint32_t)CSUM_IP) != 0) {
		asked |= CSUM_L4_CALC | CSUM_L4_VALID;
		m->m_pkthdr.csum_data = 0xffff;
	}
	if (__predict_false((asked & (CSUM_IP | CSUM_IP_TSO)) != 0))
		asked |= CSUM_L3_CALC | CSUM_L3_VALID;
	m->m_pkthdr.csum_flags = asked;
}

/* Addresses; addr in mapped form, plen of the address's own family (IPv4:
 * 0..32).  Adds the route to the subnet.  EINVAL, EEXIST, ENOMEM; ENOENT. */
int	ifa_add(struct ifnet *ifp, const struct in6_addr *addr, int plen);
int	ifa_del(struct ifnet *ifp, const struct in6_addr *addr);
/* The interface address equal to addr in curvnet, or NULL.  O(1). */
struct ifaddr *ifa_ifwithaddr(const struct in6_addr *addr);
/* Changes whenever the answers of ifa_ifwithaddr() may. */
VNET_DECLARE(uint32_t, ifa_gen);
#define	V_ifa_gen	VNET(ifa_gen)
/* Called then, unless NULL: netinet's, to forget what follows from them. */
typedef	void ifa_changed_t(void);
VNET_DECLARE(ifa_changed_t *, ifa_changed);
#define	V_ifa_changed	VNET(ifa_changed)
/* The best source on ifp for talking to dst (RFC 6724 in short: same family,
 * same scope, longest match), or NULL. */
struct ifaddr *ifa_source(struct ifnet *ifp, const struct in6_addr *dst);

/* Ethernet: set the fields of ifp, whose if_lladdr and if_transmit are set.
 * ether_input takes frames with their header. */
#define	ETHER_ADDR_LEN	6
#define	ETHER_HDR_LEN	14
#define	ETHERTYPE_IP	0x0800
#define	ETHERTYPE_ARP	0x0806
#define	ETHERTYPE_IPV6	0x86dd
struct ether_header {
	uint8_t		ether_dhost[ETHER_ADDR_LEN];
	uint8_t		ether_shost[ETHER_ADDR_LEN];
	uint16_t	ether_type;
} __packed;
/* if_attach() and the IPv6 link-local address included.  On failure ifp is
 * not attached and still the caller's. */
int	ether_ifattach(struct ifnet *ifp, const uint8_t *lladdr);
void	ether_input(struct ifnet *ifp, struct mbuf *m);
int	ether_output(struct ifnet *ifp, struct mbuf *m,
	    const struct in6_addr *nexthop, struct route *ro);
/*
 * The same for who knows the link address (8 bytes, of which 6 count) and that
 * ifp is up and an Ethernet, as V_way_gen says, and has in m, which is its
 * own, ETHER_HDR_LEN bytes in front of the packet to be filled in.  Each
 * address is written as 8 bytes, of which the last two are overwritten by
 * what follows.
 */
static inline int
ether_output_known(struct ifnet *ifp, struct mbuf *m, const uint8_t *lladdr,
    uint16_t type)
{
	struct ether_header *eh = mtod(m, struct ether_header *);
	const int len = m->m_pkthdr.len;

	CTASSERT(sizeof(ifp->if_lladdr) == 8);
	memcpy(eh->ether_dhost, lladdr, 8);
	memcpy((char *)eh + ETHER_ADDR_LEN, ifp->if_lladdr, 8);
	eh->ether_type = htons(type);
	m->m_pkthdr.l2hlen = ETHER_HDR_LEN;
	if (__predict_false(ifp->if_capture != NULL || ifp->if_pipe != NULL))
		return (if_enqueue(ifp, m));
	ifp->if_data.ifi_opackets++;
	ifp->if_data.ifi_obytes += (uint64_t)len;
	return (ifp->if_transmit(ifp, m));
}
/* Put the header in front and send; dst is the 6-byte link address. */
int	ether_output_frame(struct ifnet *ifp, struct mbuf *m,
	    const uint8_t *dst, uint16_t type);

/* Neighbours (ARP, ND): filled in by netinet and netinet6 at start-up. */
struct lltable_ops {
	/* Link address of nexthop into lladdr (6 bytes), 0; or EWOULDBLOCK:
	 * m was kept (or dropped) and resolution begun; or an errno, m
	 * freed. */
	int	(*llo_resolve)(struct ifnet *ifp, struct mbuf *m,
		    const struct in6_addr *nexthop, uint8_t *lladdr);
	void	(*llo_purge)(struct ifnet *ifp);
	void	(*llo_arpinput)(struct ifnet *ifp, struct mbuf *m);
};
VNET_DECLARE(const struct lltable_ops *, lltable_ops);
#define	V_lltable_ops	VNET(lltable_ops)
/*
 * Changes whenever a neighbour's link address is learnt, changed or
 * forgotten, and with V_rt_gen and V_ifa_gen: who has kept a link address, or
 * that a source is ours, sees by this alone (never 0) that all of the way
 * there is as it was: address, route, interface up, neighbour.
 */
VNET_DECLARE(uint32_t, way_gen);
#define	V_way_gen	VNET(way_gen)
static inline void
way_gen_bump(void)
{
	if (++V_way_gen == 0)
		V_way_gen = 1;
}

/* Layer-3 input by Ethernet type, set by netinet and netinet6: consumes a
 * packet whose m_data is the IP header. */
typedef	void netisr_t(struct mbuf *m);
VNET_DECLARE(netisr_t *, ip_netisr);
VNET_DECLARE(netisr_t *, ip6_netisr);
#define	V_ip_netisr	VNET(ip_netisr)
#define	V_ip6_netisr	VNET(ip6_netisr)

/* lo0 is made with the vnet.  Loop a packet back (from ip output: to own
 * address, if_index of ifp as the receiving interface); consumed; delivered
 * after the batch in progress. */
VNET_DECLARE(struct ifnet *, loif);
#define	V_loif		VNET(loif)
int	if_simloop(struct ifnet *ifp, struct mbuf *m);

/*
 * A pair of Ethernet interfaces joined back to back, epairNa in vnet a and
 * epairNb in vnet b (which may be one vnet).  Both vnets belong to one
 * event loop: packets change hands without a copy.  ENOMEM, EEXIST.
 */
int	epair_create(struct vnet *a, struct vnet *b, int unit,
	    struct ifnet **ap, struct ifnet **bp);

/*
 * Recording (pcapng, nanoseconds, both directions).  write() is given
 * finished blocks; it returns 0 or an errno, after which recording stops.
 * One section with one interface block per captured interface: several
 * interfaces may share one struct capture, which the caller owns.  Wireshark
 * reads any mixture; tcpdump (libpcap) only files whose interfaces have one
 * link type, so not lo0 among Ethernets, and one snaplen.
 */
struct capture;
/* comment may be NULL.  NULL: memory is short. */
struct capture *capture_create(int (*write)(void *arg, const void *buf,
	    size_t len), void *arg, const char *comment);
/* Give the writer what is recorded so far: 0 or its errno. */
int	capture_flush(struct capture *cap);
/* Flush and free; interfaces must have been stopped before. 0 or errno of
 * the writer. */
int	capture_destroy(struct capture *cap);
/* Record at most snaplen bytes (0: all) of each packet of ifp, as ifname
 * (NULL: its own name): ENOMEM, EBUSY, or the writer's errno. */
int	if_capture_start(struct ifnet *ifp, struct capture *cap,
	    uint32_t snaplen, const char *ifname);
void	if_capture_stop(struct ifnet *ifp);
/* The sum of RFC 1071 over bytes skip to len of m, inverted; set by netinet
 * (in_cksum_skip) for recording packets whose checksum is still to be
 * completed as they will be.  NULL: they are recorded as they are. */
typedef	uint16_t if_cksum_t(const struct mbuf *m, int len, int skip);
VNET_DECLARE(if_cksum_t *, if_cksum);
#define	V_if_cksum	VNET(if_cksum)
/*
 * Cut a CSUM_TSO packet with its link header of l2hlen bytes, at most
 * max_linkhdr, into segments with link headers, with checksums there (sum) or
 * left to do, and give(arg, segment) each as it is cut, until memory is short.
 * Set by netinet (ip_tso.c).  Consumes m.
 */
typedef	void if_cut_give_t(void *arg, struct mbuf *n);
typedef	void if_cut_t(struct mbuf *m, int l2hlen, bool sum,
	    if_cut_give_t *give, void *arg);
VNET_DECLARE(if_cut_t *, if_cut);
#define	V_if_cut	VNET(if_cut)
/* May large segments be given to ifp as they are?  Who looks at packets below
 * if_output is to see those of the wire. */
static inline bool
if_cut_later(const struct ifnet *ifp)
{

	return (ifp->if_cuts_later && ifp->if_capture == NULL &&
	    ifp->if_pipe == NULL);
}
/* Called by if_input() and if_enqueue() when if_capture is set. */
void	if_capture_packet(struct ifnet *ifp, struct mbuf *m, bool out);

#endif /* !_STACKYARD_NET_IF_VAR_H_ */

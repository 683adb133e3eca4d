/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of sys/net share among themselves and with nobody else.
 */
#ifndef _STACKYARD_NET_IF_PRIVATE_H_
#define	_STACKYARD_NET_IF_PRIVATE_H_

#include <sys/systm.h>
#include <net/if_var.h>

#define	IF_MTU_MIN	72	/* IP and TCP headers and 32 bytes */
#define	IF_MTU_MAX	65535	/* all that an IP length can say */

/* One packet, alone, has come in by ifp: what if_input() does with each. */
static inline void
if_input_one(struct ifnet *ifp, struct mbuf *m)
{
	if (__predict_false((ifp->if_flags & IFF_UP) == 0)) {
		ifp->if_data.ifi_iqdrops++;
		m_freem(m);
		return;
	}
	ifp->if_data.ifi_ipackets++;
	ifp->if_data.ifi_ibytes += (uint64_t)m->m_pkthdr.len;
	m->m_pkthdr.rcvif = ifp;
	if (__predict_false(ifp->if_capture != NULL))
		if_capture_packet(ifp, m, false);
	ifp->if_input(ifp, m);
}

/* Take an interface from all lists and tables; ifp stays the caller's. */
void	if_unlink(struct ifnet *ifp);

/* The entry of ifp for addr, or NULL. */
struct ifaddr *ifa_find(const struct ifnet *ifp,
	    const struct in6_addr *addr);
/* Remove all addresses of ifp and their routes. */
void	ifa_purge(struct ifnet *ifp);
/* Give an Ethernet interface that has none the address fe80::/64 which its
 * link address makes: ENOMEM. */
int	ifa_add_linklocal(struct ifnet *ifp);

/*
 * The packets handed to interface hq_ifp, by its own host or another one,
 * and not yet delivered; bounded in bytes of memory.
 */
struct if_handover {
	struct mbuf	*hq_head;
	struct mbuf	**hq_tail;
	uint64_t	hq_bytes;
	struct ifnet	*hq_ifp;
	struct vnet_task hq_task;
};
void	if_handover_init(struct if_handover *hq, struct ifnet *ifp);
/* Give m, an outgoing packet of curvnet by ifp, to hq: 0 or ENOBUFS, which
 * ifp counts.  Consumed. */
int	if_handover(struct ifnet *ifp, struct if_handover *hq,
	    struct mbuf *m);
/* Forget what waits; in hq_ifp's vnet. */
void	if_handover_drain(struct if_handover *hq);

#endif /* !_STACKYARD_NET_IF_PRIVATE_H_ */

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
 * and not yet delivered; bounded in bytes of memory.  The task is pending if
 * and only if there are some, or the queue is being delivered.
 */
struct if_handover {
	struct mbuf	*hq_alone;	/* a packet, if it is all */
	struct vnet	*hq_vnet;	/* hq_ifp's */
	bool		hq_more;	/* since delivery began */
	struct mbuf	*hq_head;	/* else: what waits */
	struct mbuf	**hq_tail;
	uint64_t	hq_bytes;
	struct ifnet	*hq_ifp;
	struct vnet_task hq_task;
};
void	if_handover_init(struct if_handover *hq, struct ifnet *ifp);
/* Give m, an outgoing packet of curvnet by ifp, to hq: 0 or ENOBUFS, which
 * ifp counts.  Consumed.  lro_nsegs is 0 of all packets that go out. */
int	if_handover_any(struct ifnet *ifp, struct mbuf *m,
	    struct if_handover *hq);
/* What flags of the sender's mean nothing to the receiver. */
#define	M_HANDOVER_OFF	(M_BCAST | M_MCAST | M_LOOP | M_TSTMP | M_PROTOFLAGS)
#define	CSUM_PLAIN	(CSUM_IP | CSUM_IP_TCP)	/* asked of the sender, */
#define	CSUM_PLAIN_DONE	(CSUM_PLAIN | CSUM_L3_CALC | CSUM_L3_VALID | \
			 CSUM_L4_CALC | CSUM_L4_VALID)	/* and as found */

/* The rest of that, for what the receiver finds as it is now. */
int	if_handover_behind(struct ifnet *ifp, struct mbuf *m,
	    struct if_handover *hq);

/* The same for most: a segment of IPv4 with both its checksums still to be
 * done that, as a rule, finds nobody waiting. */
static inline int
if_handover(struct ifnet *ifp, struct mbuf *m, struct if_handover *hq)
{
	if (__predict_false(m->m_pkthdr.csum_flags != CSUM_PLAIN))
		return (if_handover_any(ifp, m, hq));
	m->m_pkthdr.csum_flags = CSUM_PLAIN_DONE;
	m->m_pkthdr.csum_data = 0xffff;
	m->m_pkthdr.tso_segsz = 0;	/* one store for the three */
	m->m_flags &= ~M_HANDOVER_OFF;
	m->m_nextpkt = NULL;
	if (hq->hq_task.vt_pending ||
	    __predict_false(m->m_pkthdr.len > ifp->if_alone_max))
		return (if_handover_behind(ifp, m, hq));
	hq->hq_alone = m;
	vnet_task_wake(hq->hq_vnet, &hq->hq_task);
	return (0);
}
/* Forget what waits; in hq_ifp's vnet. */
void	if_handover_drain(struct if_handover *hq);

#endif /* !_STACKYARD_NET_IF_PRIVATE_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * epair: two Ethernet interfaces joined back to back, in one host or two.
 *
 * What one end transmits is, by if_handover.c, received by the other as it
 * is: the mbufs, not copies of them, and large segments whole if IFCAP_TSO
 * is on (it is off at first, since packets of more than the MTU are seldom
 * what one wants to look at), else cut.  There is no rate and no delay: those
 * are a pipe's.
 *
 * Either end may go first.  An end whose peer is gone has no carrier: it
 * drops what it is given.
 *
 * Link addresses are 02:59 (locally administered), 24 bits of unit, and 0a
 * or 0b: always the same, so that a run repeats, and unlike on all ends a
 * host can have, since it cannot have two of one name.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_private.h>
#include <net/if_var.h>

#define	EPAIR_UNIT_MAX	0xffffff
#define	EPAIR_CSUM	(IFCAP_HWCSUM | IFCAP_HWCSUM_IPV6)

/* One end, of the host of ep_in.hq_ifp. */
struct epair {
	struct if_handover ep_in;	/* what it is to receive */
	struct epair	*ep_peer;	/* NULL: gone */
};

MALLOC_DEFINE(M_EPAIR, "epair", "pairs of interfaces");

/* To nobody. */
static int
epair_transmit_lost(struct ifnet *ifp, struct mbuf *m)
{
	ifp->if_data.ifi_oqdrops++;
	m_freem(m);
	return (ENETDOWN);
}

static int
epair_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct epair *ep = ifp->if_softc;

	return (if_handover(ifp, m, &ep->ep_peer->ep_in));
}

/* From now on ep, whose peer is ep_peer, sends to it. */
static void
epair_join(struct epair *ep)
{
	ep->ep_in.hq_ifp->if_transmit = ep->ep_peer != NULL ?
	    epair_transmit : epair_transmit_lost;
}

static void
epair_dtor(struct ifnet *ifp)
{
	struct epair *ep = ifp->if_softc;

	if_handover_drain(&ep->ep_in);
	if (ep->ep_peer != NULL) {
		ep->ep_peer->ep_peer = NULL;
		epair_join(ep->ep_peer);
	}
	kern_free(ep, M_EPAIR);
}

static struct ifnet *
epair_alloc(int unit, char end)
{
	char name[IFNAMSIZ];
	struct epair *ep;
	struct ifnet *ifp;

	ep = kern_malloc(sizeof(*ep), M_EPAIR, M_NOWAIT | M_ZERO);
	if (ep == NULL)
		return (NULL);
	(void)snprintf(name, sizeof(name), "epair%d%c", unit, end);
	ifp = if_alloc(IFT_ETHER, name);
	if (ifp == NULL) {
		kern_free(ep, M_EPAIR);
		return (NULL);
	}
	if_handover_init(&ep->ep_in, ifp);
	ifp->if_softc = ep;
	ifp->if_dtor = epair_dtor;
	epair_join(ep);
	ifp->if_capabilities = EPAIR_CSUM | IFCAP_TSO;
	ifp->if_capenable = EPAIR_CSUM;
	ifp->if_ipsum = true;
	ifp->if_cuts_later = true;
	return (ifp);
}

/* Make one end in the current vnet, up and without a peer. */
static int
epair_create_end(int unit, char end, struct ifnet **ifpp)
{
	const uint8_t lladdr[ETHER_ADDR_LEN] = {
		0x02, 0x59, (uint8_t)(unit >> 16), (uint8_t)(unit >> 8),
		(uint8_t)unit, end == 'a' ? 0x0a : 0x0b
	};
	struct ifnet *ifp;
	int error;

	ifp = epair_alloc(unit, end);
	if (ifp == NULL)
		return (ENOMEM);
	error = ether_ifattach(ifp, lladdr);
	if (error != 0) {
		epair_dtor(ifp);
		if_free(ifp);
		return (error);
	}
	if_up(ifp);
	*ifpp = ifp;
	return (0);
}

int
epair_create(struct vnet *a, struct vnet *b, int unit, struct ifnet **ap,
    struct ifnet **bp)
{
	struct epair *epa, *epb;
	struct vnet *saved;
	int error;

	if (unit < 0 || unit > EPAIR_UNIT_MAX)
		return (EINVAL);
	saved = vnet_enter(a);
	error = epair_create_end(unit, 'a', ap);
	vnet_leave(saved);
	if (error != 0)
		return (error);
	saved = vnet_enter(b);
	error = epair_create_end(unit, 'b', bp);
	vnet_leave(saved);
	if (error != 0) {
		saved = vnet_enter(a);
		if_detach(*ap);
		vnet_leave(saved);
		return (error);
	}
	epa = (*ap)->if_softc;
	epb = (*bp)->if_softc;
	epa->ep_peer = epb;
	epb->ep_peer = epa;
	epair_join(epa);
	epair_join(epb);
	return (0);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * lo0: what a host sends to itself.
 *
 * lo0 is made with the host, up, with 127.0.0.1/8 and ::1/128.  All packets
 * to own addresses go through it, whichever interface they belong to: it
 * counts and records them on their way out and in.  They are delivered after
 * the batch in progress (if_handover.c).
 *
 * A packet to an own link-local address is received by the interface that
 * has the address, since its zone is that interface's; the mbuf carries the
 * index, not a pointer, so that the interface may go meanwhile.
 *
 * Nothing on the way can spoil a packet, so its checksums need not be filled
 * in, and a large segment need not be cut.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_private.h>
#include <net/if_var.h>
#include <net/route.h>

#define	LO_MTU	16384	/* bytes of IP packet */
#define	LO_CSUM	(IFCAP_HWCSUM | IFCAP_HWCSUM_IPV6)

MALLOC_DEFINE(M_LO, "lo", "loopback interface");

VNET_DEFINE(struct ifnet *, loif);

static int
lo_transmit(struct ifnet *ifp, struct mbuf *m)
{
	return (if_handover_any(ifp, m, ifp->if_softc));
}

/* To own addresses, and by routes that lead nowhere. */
static int
lo_output(struct ifnet *ifp, struct mbuf *m, const struct in6_addr *nexthop,
    struct route *ro)
{
	struct ifaddr *ifa;

	if (ro != NULL && ro->ro_nh != NULL &&
	    (ro->ro_nh->nh_flags & (RTF_REJECT | RTF_BLACKHOLE)) != 0) {
		m_freem(m);
		return ((ro->ro_nh->nh_flags & RTF_REJECT) != 0 ?
		    EHOSTUNREACH : 0);
	}
	if (IN6_IS_ADDR_LINKLOCAL(nexthop) &&
	    (ifa = ifa_ifwithaddr(nexthop)) != NULL)
		return (if_simloop(ifa->ifa_ifp, m));
	m->m_pkthdr.ph_loopidx = 0;
	return (if_enqueue(ifp, m));
}

int
if_simloop(struct ifnet *ifp, struct mbuf *m)
{
	if (V_loif == NULL) {
		m_freem(m);
		return (ENETDOWN);
	}
	m->m_pkthdr.ph_loopidx = ifp->if_index;
	return (if_enqueue(V_loif, m));
}

static void
lo_input(struct ifnet *ifp, struct mbuf *m)
{
	struct ifnet *rcvif;
	netisr_t *isr;

	rcvif = if_byindex(m->m_pkthdr.ph_loopidx);
	if (rcvif != NULL)
		m->m_pkthdr.rcvif = rcvif;
	m->m_pkthdr.ph_loopidx = 0;
	m->m_flags |= M_LOOP;
	isr = NULL;
	if (m->m_len > 0 && (*mtod(m, uint8_t *) >> 4) == 4)
		isr = V_ip_netisr;
	else if (m->m_len > 0 && (*mtod(m, uint8_t *) >> 4) == 6)
		isr = V_ip6_netisr;
	if (isr == NULL) {
		ifp->if_data.ifi_ierrors++;
		m_freem(m);
		return;
	}
	isr(m);
}

static void
lo_dtor(struct ifnet *ifp)
{
	if_handover_drain(ifp->if_softc);
	kern_free(ifp->if_softc, M_LO);
}

/* lo0 as if_attach() wants it, or NULL. */
static struct ifnet *
lo_alloc(void)
{
	struct if_handover *hq;
	struct ifnet *ifp;

	hq = kern_malloc(sizeof(*hq), M_LO, M_NOWAIT);
	if (hq == NULL)
		return (NULL);
	ifp = if_alloc(IFT_LOOP, "lo0");
	if (ifp == NULL) {
		kern_free(hq, M_LO);
		return (NULL);
	}
	if_handover_init(hq, ifp);
	ifp->if_softc = hq;
	ifp->if_dtor = lo_dtor;
	ifp->if_output = lo_output;
	ifp->if_transmit = lo_transmit;
	ifp->if_input = lo_input;
	ifp->if_flags = IFF_LOOPBACK | IFF_MULTICAST;
	ifp->if_mtu = LO_MTU;
	ifp->if_capabilities = LO_CSUM | IFCAP_TSO;
	ifp->if_capenable = LO_CSUM;
	return (ifp);
}

static int
lo_configure(struct ifnet *ifp)
{
	const struct in6_addr v4 =
	    in6_mapped((struct in_addr){ htonl(INADDR_LOOPBACK) });
	struct in6_addr v6 = { .s6_addr = { [15] = 1 } };
	int error;

	V_loif = ifp;
	if_up(ifp);
	error = ifa_add(ifp, &v4, 8);
	if (error == 0)
		error = ifa_add(ifp, &v6, 128);
	return (error);
}

/* What is attached when a step fails, goes with all interfaces. */
static void
lo_init(const void *arg __unused)
{
	struct ifnet *ifp;
	int error;

	ifp = lo_alloc();
	if (ifp == NULL) {
		sysinit_fail(ENOMEM);
		return;
	}
	error = if_attach(ifp);
	if (error != 0) {
		lo_dtor(ifp);
		if_free(ifp);
	} else
		error = lo_configure(ifp);
	if (error != 0)
		sysinit_fail(error);
}
SYSINIT(lo_init, SI_SUB_PROTO_IF, SI_ORDER_FIRST, lo_init, NULL);

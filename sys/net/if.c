/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Interfaces: the list of a host's, and the two doors that each packet
 * passes, if_input() and if_enqueue().
 *
 *	  if_output			    if_input (the link's)
 *	      |					^
 *	if_enqueue()  counts, records	    if_input()	counts, records
 *	      |					^
 *	   [pipe]				|
 *	      v					|
 *	 if_transmit  ------- the driver -------+
 *
 * An interface begins with if_alloc(), after which its driver fills it in,
 * is found by others from if_attach() on, and ends with if_detach(), which
 * takes everything with it that refers to it.  Its index is the lowest that
 * is free, so that a run which makes the same interfaces numbers them alike.
 *
 * Whatever changes which way packets go, or how large they may be, changes
 * V_rt_gen too, so that connections look again.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/if_private.h>
#include <net/if_var.h>
#include <net/route.h>

#define	IF_INDEX_FIRST	8	/* room in the first index table */
#define	IF_INDEX_MAX	UINT16_MAX

MALLOC_DEFINE(M_IFNET, "ifnet", "interfaces");

VNET_DEFINE(struct ifnethead, ifnet);
VNET_DEFINE(netisr_t *, ip_netisr);
VNET_DEFINE(netisr_t *, ip6_netisr);
VNET_DEFINE(const struct lltable_ops *, lltable_ops);
VNET_DEFINE(uint32_t, way_gen) = 1;
/* Interfaces by index; entry 0 is never used. */
VNET_DEFINE_STATIC(struct ifnet **, if_table);
VNET_DEFINE_STATIC(u_int, if_tablesize);
VNET_DEFINE_STATIC(int, if_count);
#define	V_if_table	VNET(if_table)
#define	V_if_tablesize	VNET(if_tablesize)
#define	V_if_count	VNET(if_count)

SYSCTL_NODE(_net_link, OID_AUTO, generic, CTLFLAG_RD, NULL,
    "Interfaces of every kind");
SYSCTL_NODE(_net_link_generic, OID_AUTO, system, CTLFLAG_RD, NULL,
    "All interfaces together");
SYSCTL_INT(_net_link_generic_system, OID_AUTO, ifcount,
    CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(if_count), 0,
    "Number of interfaces");

struct ifnet *
if_alloc(uint8_t type, const char *name)
{
	struct ifnet *ifp;

	if (strlen(name) >= IFNAMSIZ)
		return (NULL);
	ifp = kern_malloc(sizeof(*ifp), M_IFNET, M_NOWAIT | M_ZERO);
	if (ifp == NULL)
		return (NULL);
	ifp->if_vnet = curvnet;
	ifp->if_type = type;
	ifp->if_mtu_min = IF_MTU_MIN;
	ifp->if_mtu_max = IF_MTU_MAX;
	ifp->if_hw_tsomax = IF_MTU_MAX;
	TAILQ_INIT(&ifp->if_addrhead);
	LIST_INIT(&ifp->if_nhops);
	strlcpy(ifp->if_xname, name, sizeof(ifp->if_xname));
	return (ifp);
}

void
if_free(struct ifnet *ifp)
{
	kern_free(ifp, M_IFNET);
}

/* Find or make room for one more entry: the index, or 0 for ENOMEM. */
static u_int
if_index_get(void)
{
	struct ifnet **table;
	u_int i, size;

	for (i = 1; i < V_if_tablesize; i++)
		if (V_if_table[i] == NULL)
			return (i);
	size = V_if_tablesize != 0 ? 2 * V_if_tablesize : IF_INDEX_FIRST;
	if (size > IF_INDEX_MAX + 1)
		return (0);
	table = kern_realloc(V_if_table, size * sizeof(*table), M_IFNET,
	    M_NOWAIT);
	if (table == NULL)
		return (0);
	memset(&table[V_if_tablesize], 0,
	    (size - V_if_tablesize) * sizeof(*table));
	i = V_if_tablesize != 0 ? V_if_tablesize : 1;
	V_if_table = table;
	V_if_tablesize = size;
	return (i);
}

/* What the layers above may leave to ifp with these capabilities. */
static uint32_t
if_hwassist(const struct ifnet *ifp, int capenable)
{
	uint32_t csum;

	csum = 0;
	if ((capenable & IFCAP_TXCSUM) != 0)
		csum |= CSUM_DELAY_DATA | (ifp->if_ipsum ? CSUM_IP : 0);
	if ((capenable & IFCAP_TXCSUM_IPV6) != 0)
		csum |= CSUM_DELAY_DATA_IPV6;
	if ((capenable & IFCAP_TSO4) != 0)
		csum |= CSUM_IP_TSO;
	if ((capenable & IFCAP_TSO6) != 0)
		csum |= CSUM_IP6_TSO;
	return (csum);
}

int
if_attach(struct ifnet *ifp)
{
	u_int idx;

	MPASS(ifp->if_vnet == curvnet && ifp->if_index == 0);
	if (ifunit(ifp->if_xname) != NULL)
		return (EEXIST);
	ifp->if_nhop = nhop_alloc(ifp, NULL, RTF_UP, 0);
	if (ifp->if_nhop == NULL)
		return (ENOMEM);
	idx = if_index_get();
	if (idx == 0) {
		nhop_free(ifp->if_nhop);
		ifp->if_nhop = NULL;
		return (ENOMEM);
	}
	ifp->if_index = (uint16_t)idx;
	ifp->if_hwassist = if_hwassist(ifp, ifp->if_capenable);
	V_if_table[idx] = ifp;
	V_if_count++;
	TAILQ_INSERT_TAIL(&V_ifnet, ifp, if_link);
	return (0);
}

/* Undo if_attach() and all that was added since. */
void
if_unlink(struct ifnet *ifp)
{
	ifp->if_flags &= ~IFF_UP;
	if_handed_reset(ifp);
	if (ifp->if_capture != NULL)
		if_capture_stop(ifp);
	if (ifp->if_pipe_detach != NULL)
		ifp->if_pipe_detach(ifp);
	ifa_purge(ifp);
	rt_flush_if(ifp);
	if (V_lltable_ops != NULL)
		V_lltable_ops->llo_purge(ifp);
	nhop_orphan(ifp);
	nhop_free(ifp->if_nhop);
	ifp->if_nhop = NULL;
	TAILQ_REMOVE(&V_ifnet, ifp, if_link);
	V_if_table[ifp->if_index] = NULL;
	V_if_count--;
	ifp->if_index = 0;
	if (ifp == V_loif)
		V_loif = NULL;
	rt_gen_bump();
}

void
if_detach(struct ifnet *ifp)
{
	MPASS(ifp->if_vnet == curvnet && ifp->if_index != 0);
	if_unlink(ifp);
	if (ifp->if_dtor != NULL)
		ifp->if_dtor(ifp);
	if_free(ifp);
}

struct ifnet *
ifunit(const char *name)
{
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &V_ifnet, if_link)
		if (strcmp(ifp->if_xname, name) == 0)
			return (ifp);
	return (NULL);
}

struct ifnet *
if_byindex(u_int idx)
{
	return (idx < V_if_tablesize ? V_if_table[idx] : NULL);
}

/*
 * One packet is handled to its end before the next, whose data is fetched
 * meanwhile.
 */
void
if_input(struct ifnet *ifp, struct mbuf *m)
{
	struct mbuf *next;

	MPASS(ifp->if_vnet == curvnet);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		if (next != NULL)
			__builtin_prefetch(next->m_data);
		m->m_nextpkt = NULL;
		if_input_one(ifp, m);
	}
}

void
if_input_handed(struct mbuf *m, struct ifnet *ifp)
{
	if_input_one(ifp, m);
}

int
if_enqueue(struct ifnet *ifp, struct mbuf *m)
{
	if (__predict_false((ifp->if_flags & IFF_UP) == 0)) {
		m_freem(m);
		return (ENETDOWN);
	}
	ifp->if_data.ifi_opackets++;
	ifp->if_data.ifi_obytes += (uint64_t)m->m_pkthdr.len;
	if (__predict_false(ifp->if_capture != NULL))
		if_capture_packet(ifp, m, true);
	if (ifp->if_pipe != NULL)
		return (ifp->if_pipe_lower(ifp, m));
	return (ifp->if_transmit(ifp, m));
}

static int
if_reconfig(struct ifnet *ifp)
{
	return (ifp->if_reconfig != NULL ? ifp->if_reconfig(ifp) : 0);
}

int
if_setmtu(struct ifnet *ifp, uint32_t mtu)
{
	uint32_t old;
	int error;

	if (mtu < ifp->if_mtu_min || mtu > ifp->if_mtu_max)
		return (EINVAL);
	old = ifp->if_mtu;
	ifp->if_mtu = mtu;
	error = if_reconfig(ifp);
	if (error != 0) {
		ifp->if_mtu = old;
		return (error);
	}
	nhop_setmtu(ifp);
	rt_gen_bump();
	return (0);
}

/* Cutting segments needs their checksums filled in: without, it goes too. */
int
if_setcap(struct ifnet *ifp, int capenable)
{
	int error, old;

	if ((capenable & ~ifp->if_capabilities) != 0)
		return (EINVAL);
	if ((capenable & IFCAP_TXCSUM) == 0)
		capenable &= ~IFCAP_TSO4;
	if ((capenable & IFCAP_TXCSUM_IPV6) == 0)
		capenable &= ~IFCAP_TSO6;
	old = ifp->if_capenable;
	ifp->if_capenable = capenable;
	error = if_reconfig(ifp);
	if (error != 0) {
		ifp->if_capenable = old;
		return (error);
	}
	ifp->if_hwassist = if_hwassist(ifp, capenable);
	rt_gen_bump();
	return (0);
}

/* Without memory for its link-local address it is up all the same; the next
 * if_up() tries again. */
void
if_up(struct ifnet *ifp)
{
	ifp->if_flags |= IFF_UP;
	(void)if_reconfig(ifp);
	if (ifp->if_type == IFT_ETHER)
		(void)ifa_add_linklocal(ifp);
	rt_gen_bump();
}

void
if_down(struct ifnet *ifp)
{
	ifp->if_flags &= ~IFF_UP;
	if_handed_reset(ifp);
	(void)if_reconfig(ifp);
	if (V_lltable_ops != NULL)
		V_lltable_ops->llo_purge(ifp);
	rt_gen_bump();
}

static void
if_init(const void *arg __unused)
{
	TAILQ_INIT(&V_ifnet);
}
SYSINIT(if_init, SI_SUB_INIT_IF, SI_ORDER_FIRST, if_init, NULL);

/* lo0, by which the others' own addresses are reached, goes last. */
static void
if_detach_all(const void *arg __unused)
{
	while (!TAILQ_EMPTY(&V_ifnet))
		if_detach(TAILQ_LAST(&V_ifnet, ifnethead));
}
/* Interfaces go while the protocols that hold packets and neighbours of
 * theirs are still there; after a start that failed half way, later. */
SYSUNINIT(if_detach_all, SI_SUB_LAST, SI_ORDER_ANY, if_detach_all, NULL);
SYSUNINIT(if_detach_rest, SI_SUB_INIT_IF, SI_ORDER_SECOND, if_detach_all,
    NULL);

static void
if_uninit(const void *arg __unused)
{
	kern_free(V_if_table, M_IFNET);
	V_if_table = NULL;
	V_if_tablesize = 0;
}
SYSUNINIT(if_uninit, SI_SUB_INIT_IF, SI_ORDER_FIRST, if_uninit, NULL);

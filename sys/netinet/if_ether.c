/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ARP (RFC 826) on Ethernet: who has an IPv4 address, and at which link
 * address?
 *
 *	0	2	4    5	  6    8       14      18      24      28
 *	+-------+-------+----+----+----+-------+-------+-------+-------+
 *	| hrd 1 |0x0800 | 6  | 4  | op |  sha  |  spa  |  tha  |  tpa  |
 *	+-------+-------+----+----+----+-------+-------+-------+-------+
 *
 * Whatever we are sent, what it says of its sender is taken to heart if we
 * know the sender already or if it asks for us (RFC 826, "Packet Reception":
 * it is likely to hear from us next); a stranger who asks for others does
 * not get into the table.  A request for an address of the interface is
 * answered to its sender alone.  A probe (RFC 5227: sender 0.0.0.0) is
 * answered, and teaches nothing.
 *
 * Entries and their times are if_llatbl.c's.
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <net/if_var.h>
#include <netinet/if_llatbl.h>
#include <netinet/ip_impl.h>

#define	ARPHRD_ETHER	1
#define	ARPOP_REQUEST	1
#define	ARPOP_REPLY	2

struct ether_arp {
	uint16_t	ar_hrd, ar_pro;
	uint8_t		ar_hln, ar_pln;
	uint16_t	ar_op;
	uint8_t		ar_sha[ETHER_ADDR_LEN];
	struct in_addr	ar_spa;
	uint8_t		ar_tha[ETHER_ADDR_LEN];
	struct in_addr	ar_tpa;
} __packed;
CTASSERT(sizeof(struct ether_arp) == 28);

static const uint8_t arp_everybody[ETHER_ADDR_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};

VNET_DEFINE_STATIC(int, arpt_keep) = 1200;
VNET_DEFINE_STATIC(int, arpt_down) = 20;
VNET_DEFINE_STATIC(int, arp_maxtries) = 5;
/* When somebody was last reported to use an address of ours. */
VNET_DEFINE_STATIC(nstime_t, arp_conflict_last);
#define	V_arpt_keep	VNET(arpt_keep)
#define	V_arpt_down	VNET(arpt_down)
#define	V_arp_maxtries	VNET(arp_maxtries)
#define	V_arp_conflict_last	VNET(arp_conflict_last)

SYSCTL_NODE(_net_link, OID_AUTO, ether, CTLFLAG_RW, NULL, "Ethernet");
SYSCTL_NODE(_net_link_ether, OID_AUTO, inet, CTLFLAG_RW, NULL, "ARP");

/* arg1: the variable; arg2: its least value. */
static int
sysctl_arp_int(SYSCTL_HANDLER_ARGS)
{
	return (sysctl_int_range(oidp, req, arg1, (int)arg2, 1000000));
}
SYSCTL_PROC(_net_link_ether_inet, OID_AUTO, max_age, CTLTYPE_INT |
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(arpt_keep), 1,
    sysctl_arp_int, "I",
    "Seconds for which a link address is used without asking again");
SYSCTL_PROC(_net_link_ether_inet, OID_AUTO, wait, CTLTYPE_INT |
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(arpt_down), 1,
    sysctl_arp_int, "I",
    "Seconds for which a neighbour that did not answer is not asked");
SYSCTL_PROC(_net_link_ether_inet, OID_AUTO, maxtries, CTLTYPE_INT |
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(arp_maxtries), 1,
    sysctl_arp_int, "I",
    "Requests sent before a neighbour is given up");

/* Send one packet about target; to: the link address it goes to. */
static void
arp_send(struct ifnet *ifp, uint16_t op, struct in_addr source,
    struct in_addr target, const uint8_t *tha, const uint8_t *to)
{
	struct ether_arp ar;
	struct mbuf *m;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return;
	ar.ar_hrd = htons(ARPHRD_ETHER);
	ar.ar_pro = htons(ETHERTYPE_IP);
	ar.ar_hln = ETHER_ADDR_LEN;
	ar.ar_pln = sizeof(struct in_addr);
	ar.ar_op = htons(op);
	memcpy(ar.ar_sha, ifp->if_lladdr, ETHER_ADDR_LEN);
	ar.ar_spa = source;
	if (tha != NULL)
		memcpy(ar.ar_tha, tha, ETHER_ADDR_LEN);
	else
		memset(ar.ar_tha, 0, ETHER_ADDR_LEN);
	ar.ar_tpa = target;
	m->m_data += max_linkhdr;
	memcpy(m->m_data, &ar, sizeof(ar));
	m->m_len = m->m_pkthdr.len = sizeof(ar);
	(void)ether_output_frame(ifp, m, to, ETHERTYPE_ARP);
}

/* Without an address of our own the question is a probe. */
static void
arp_ask(struct ifnet *ifp, const struct llentry *lle, bool unicast)
{
	const struct ifaddr *ifa;
	struct in_addr source;

	ifa = ifa_source(ifp, &lle->le_addr);
	source.s_addr = INADDR_ANY;
	if (ifa != NULL)
		source = in6_unmapped(&ifa->ifa_addr);
	arp_send(ifp, ARPOP_REQUEST, source, in6_unmapped(&lle->le_addr),
	    NULL, unicast ? lle->le_lladdr : arp_everybody);
}

void
arp_family(struct lle_family *lf)
{
	lf->lf_ask = arp_ask;
	lf->lf_reachable = (nstime_t)V_arpt_keep * NS_PER_SEC;
	lf->lf_negative = (nstime_t)V_arpt_down * NS_PER_SEC;
	lf->lf_tries = V_arp_maxtries;
}

/* Is this about IPv4 on Ethernet, from an address that a host can have? */
static bool
arp_valid(const struct ifnet *ifp, const struct ether_arp *ar)
{
	const struct in6_addr spa = in6_mapped(ar->ar_spa);

	return (ar->ar_hrd == htons(ARPHRD_ETHER) &&
	    ar->ar_pro == htons(ETHERTYPE_IP) &&
	    ar->ar_hln == ETHER_ADDR_LEN &&
	    ar->ar_pln == sizeof(struct in_addr) &&
	    (ar->ar_op == htons(ARPOP_REQUEST) ||
	    ar->ar_op == htons(ARPOP_REPLY)) &&
	    (ar->ar_sha[0] & 1) == 0 &&
	    memcmp(ar->ar_sha, ifp->if_lladdr, ETHER_ADDR_LEN) != 0 &&
	    !in_multicast(&spa) && !in_loopback(&spa) &&
	    !in_broadcast(&spa, ifp));
}

/* The IPv4 address of ifp that v4 is, or NULL. */
static const struct ifaddr *
arp_own(const struct ifnet *ifp, struct in_addr v4)
{
	const struct in6_addr addr = in6_mapped(v4);
	const struct ifaddr *ifa;

	ifa = ifa_ifwithaddr(&addr);
	return (ifa != NULL && ifa->ifa_ifp == ifp ? ifa : NULL);
}

/* Another host says that it has an address of ours: once a minute is often
 * enough to hear it. */
static void
arp_conflict(const struct ifnet *ifp, const struct ether_arp *ar)
{
	const struct in6_addr spa = in6_mapped(ar->ar_spa);
	char text[INET6_ADDRSTRLEN];
	const uint8_t *a;

	if (V_arp_conflict_last != 0 &&
	    getnstime() - V_arp_conflict_last < 60 * NS_PER_SEC)
		return;
	V_arp_conflict_last = getnstime();
	a = ar->ar_sha;
	log(LOG_ERR, "%s: %02x:%02x:%02x:%02x:%02x:%02x uses our address %s",
	    ifp->if_xname, a[0], a[1], a[2], a[3], a[4], a[5],
	    in_ntop(&spa, text, sizeof(text)));
}

/* What ar says of its sender; for_us: it asks for, or answers, us. */
static void
arp_learn(struct ifnet *ifp, const struct ether_arp *ar, bool for_us)
{
	const struct in6_addr spa = in6_mapped(ar->ar_spa);
	struct llentry *lle;

	if (in_any(&spa))
		return;
	lle = for_us ? lle_get(ifp, &spa) : lle_find(ifp, &spa);
	if (lle != NULL)
		lle_learn(lle, ar->ar_sha, LLE_REACHABLE);
}

void
arp_input(struct ifnet *ifp, struct mbuf *m)
{
	struct ether_arp ar;
	bool for_us;

	if (m->m_pkthdr.len < (int)sizeof(ar)) {
		m_freem(m);
		return;
	}
	m_copydata(m, 0, sizeof(ar), &ar);
	m_freem(m);
	if (!arp_valid(ifp, &ar))
		return;
	if (arp_own(ifp, ar.ar_spa) != NULL) {
		arp_conflict(ifp, &ar);
		return;
	}
	for_us = arp_own(ifp, ar.ar_tpa) != NULL;
	arp_learn(ifp, &ar, for_us);
	if (for_us && ar.ar_op == htons(ARPOP_REQUEST))
		arp_send(ifp, ARPOP_REPLY, ar.ar_tpa, ar.ar_spa, ar.ar_sha,
		    ar.ar_sha);
}

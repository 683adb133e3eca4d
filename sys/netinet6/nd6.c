/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Neighbour discovery (RFC 4861) on Ethernet: who has an IPv6 address, and
 * at which link address?
 *
 * Solicitations go to the solicited-node group of the address asked for, or
 * as a probe to the address itself; advertisements answer them.  What must
 * be true of either (7.1.1, 7.1.2): hop limit 255, so that no router has
 * passed it on; code 0; a checksum that is right; 24 bytes at least; a
 * target that is no group; options of length not 0.
 *
 * What an advertisement does to an entry that is known (7.2.5), with the
 * flags S (solicited) and O (override), and the link address in it
 *
 *			the same or none	another one
 *	S		REACHABLE		ignored; REACHABLE -> STALE
 *	S O		REACHABLE		taken, REACHABLE
 *	O		-			taken, STALE
 *	neither		-			ignored; REACHABLE -> STALE
 *
 * The states and their times are if_llatbl.c's.
 *
 * Not done here: router advertisements, prefixes and redirects (addresses
 * and routes are configured), and duplicate address detection (addresses
 * are taken to be unique; a prober is told that one is in use, RFC 4862).
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <net/if_var.h>
#include <netinet/if_llatbl.h>
#include <netinet/ip_icmp.h>
#include <netinet/ip_impl.h>
#include <netinet6/icmp6.h>

#define	ND_HOPLIMIT	255
#define	ND_REACHABLE	(30 * NS_PER_SEC)	/* RFC 4861, 10 */
#define	ND_NEGATIVE	(3 * NS_PER_SEC)
#define	ND_OPT_UNIT	8			/* bytes that options count in */

VNET_DEFINE_STATIC(int, nd6_mmaxtries) = 3;
#define	V_nd6_mmaxtries	VNET(nd6_mmaxtries)

SYSCTL_DECL(_net_inet6_icmp6);

static int
sysctl_nd6_mmaxtries(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_nd6_mmaxtries, 1, 1000));
}
SYSCTL_PROC(_net_inet6_icmp6, OID_AUTO, nd6_mmaxtries, CTLTYPE_INT |
    CTLFLAG_VNET | CTLFLAG_RWTUN, NULL, 0, sysctl_nd6_mmaxtries, "I",
    "Solicitations sent before a neighbour is given up");

/* A neighbour discovery message as it is sent: header, message, one link
 * address. */
struct nd6_packet {
	struct ip6_hdr	np_ip6;
	struct nd_neighbor np_nd;
	uint8_t		np_opttype;
	uint8_t		np_optlen;
	uint8_t		np_lladdr[ETHER_ADDR_LEN];
} __packed __aligned(4);

void
in6_solicited_node(const struct in6_addr *a, struct in6_addr *group)
{
	*group = (struct in6_addr){ .s6_addr = {
	    0xff, 0x02, [11] = 0x01, 0xff
	} };
	memcpy(&group->s6_addr[13], &a->s6_addr[13], 3);
}

/* The message of type about target, with our link address; NULL: no memory.
 * src and dst stand in the IPv6 header. */
static struct mbuf *
nd6_message(const struct ifnet *ifp, uint8_t type, uint32_t flags,
    const struct in6_addr *src, const struct in6_addr *dst,
    const struct in6_addr *target)
{
	const uint16_t len = sizeof(struct nd6_packet) -
	    sizeof(struct ip6_hdr);
	struct nd6_packet *np;
	struct mbuf *m;
	uint64_t sum;

	CTASSERT(sizeof(struct nd6_packet) + max_linkhdr <= MHLEN);
	m = m_gethdr(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return (NULL);
	m->m_data += max_linkhdr;
	m->m_len = m->m_pkthdr.len = sizeof(*np);
	m->m_pkthdr.l3hlen = sizeof(np->np_ip6);
	np = mtod(m, struct nd6_packet *);
	memset(np, 0, sizeof(*np));
	np->np_ip6.ip6_flow = htonl((uint32_t)IPV6_VERSION << 24);
	np->np_ip6.ip6_plen = htons(len);
	np->np_ip6.ip6_nxt = IPPROTO_ICMPV6;
	np->np_ip6.ip6_hlim = ND_HOPLIMIT;
	np->np_ip6.ip6_src = *src;
	np->np_ip6.ip6_dst = *dst;
	np->np_nd.nd_type = type;
	np->np_nd.nd_flags = htonl(flags);
	np->np_nd.nd_target = *target;
	np->np_opttype = type == ND_NEIGHBOR_SOLICIT ?
	    ND_OPT_SOURCE_LINKADDR : ND_OPT_TARGET_LINKADDR;
	np->np_optlen = 1;
	memcpy(np->np_lladdr, ifp->if_lladdr, ETHER_ADDR_LEN);
	sum = in_cksum_partial(&np->np_nd, len, in_pseudo_sum(src, dst, len,
	    IPPROTO_ICMPV6));
	np->np_nd.nd_cksum = (uint16_t)~in_cksum_fold(sum);
	return (m);
}

/* Without an address of our own there is nobody to answer to. */
static void
nd6_ask(struct ifnet *ifp, const struct llentry *lle, bool unicast)
{
	const struct ifaddr *ifa;
	struct in6_addr dst;
	struct mbuf *m;

	ifa = ifa_source(ifp, &lle->le_addr);
	if (ifa == NULL)
		return;
	if (unicast)
		dst = lle->le_addr;
	else
		in6_solicited_node(&lle->le_addr, &dst);
	m = nd6_message(ifp, ND_NEIGHBOR_SOLICIT, 0, &ifa->ifa_addr, &dst,
	    &lle->le_addr);
	if (m == NULL)
		return;
	if (unicast)
		(void)ether_output_frame(ifp, m, lle->le_lladdr,
		    ETHERTYPE_IPV6);
	else
		(void)ifp->if_output(ifp, m, &dst, NULL);
}

void
nd6_family(struct lle_family *lf)
{
	lf->lf_ask = nd6_ask;
	lf->lf_reachable = ND_REACHABLE;
	lf->lf_negative = ND_NEGATIVE;
	lf->lf_tries = V_nd6_mmaxtries;
}

/* A message received. */
struct nd6_msg {
	struct ifnet	*nm_ifp;
	struct in6_addr	nm_src, nm_dst;
	struct in6_addr	nm_target;
	uint32_t	nm_flags;	/* host order */
	bool		nm_has_lladdr;	/* the option was there */
	uint8_t		nm_lladdr[ETHER_ADDR_LEN];
};

/*
 * Walk the options, and take the link address from the one of type want.
 * False if one is malformed.
 */
static bool
nd6_options(const struct mbuf *m, uint8_t want, struct nd6_msg *nm)
{
	uint8_t opt[2];
	int len, off;

	nm->nm_has_lladdr = false;
	for (off = sizeof(struct nd_neighbor); off < m->m_pkthdr.len;
	    off += len) {
		if (m->m_pkthdr.len - off < ND_OPT_UNIT)
			return (false);
		m_copydata(m, off, sizeof(opt), opt);
		len = opt[1] * ND_OPT_UNIT;
		if (len == 0 || len > m->m_pkthdr.len - off)
			return (false);
		if (opt[0] != want || len != ND_OPT_UNIT)
			continue;
		m_copydata(m, off + (int)sizeof(opt), ETHER_ADDR_LEN,
		    nm->nm_lladdr);
		/* A group's address is nobody's. */
		nm->nm_has_lladdr = (nm->nm_lladdr[0] & 1) == 0;
	}
	return (true);
}

/* Read the message in m: false if it is not as it must be. */
static bool
nd6_parse(const struct mbuf *m, const struct ip_info *ii, uint8_t *type,
    struct nd6_msg *nm)
{
	struct nd_neighbor nd;

	if (ii->ii_ttl != ND_HOPLIMIT ||
	    m->m_pkthdr.len < (int)sizeof(nd) ||
	    m->m_pkthdr.rcvif->if_type != IFT_ETHER)
		return (false);
	m_copydata(m, 0, sizeof(nd), &nd);
	nm->nm_ifp = m->m_pkthdr.rcvif;
	nm->nm_src = ii->ii_src;
	nm->nm_dst = ii->ii_dst;
	nm->nm_target = nd.nd_target;
	nm->nm_flags = ntohl(nd.nd_flags);
	*type = nd.nd_type;
	if (nd.nd_code != 0 || in_multicast(&nm->nm_target) ||
	    IN6_IS_ADDR_V4MAPPED(&nm->nm_target))
		return (false);
	return (nd6_options(m, nd.nd_type == ND_NEIGHBOR_SOLICIT ?
	    ND_OPT_SOURCE_LINKADDR : ND_OPT_TARGET_LINKADDR, nm));
}

/* Does ifp have the address a?  Another interface may have the same
 * link-local one. */
static bool
nd6_own(const struct ifnet *ifp, const struct in6_addr *a)
{
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link)
		if (IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr, a))
			return ((ifa->ifa_flags & IFA_TENTATIVE) == 0);
	return (false);
}

/* Answer a solicitation.  One from nobody comes from a host that would like
 * the address for itself, and is answered to all (7.2.4). */
static void
nd6_advertise(const struct nd6_msg *nm)
{
	struct in6_addr dst;
	struct mbuf *m;
	uint32_t flags;

	flags = ND_NA_FLAG_OVERRIDE;
	if (V_ip6_forwarding != 0)
		flags |= ND_NA_FLAG_ROUTER;
	if (in_any(&nm->nm_src))
		dst = (struct in6_addr){ .s6_addr = {
		    0xff, 0x02, [15] = 0x01
		} };
	else {
		dst = nm->nm_src;
		flags |= ND_NA_FLAG_SOLICITED;
	}
	m = nd6_message(nm->nm_ifp, ND_NEIGHBOR_ADVERT, flags,
	    &nm->nm_target, &dst, &nm->nm_target);
	if (m != NULL)
		(void)nm->nm_ifp->if_output(nm->nm_ifp, m, &dst, NULL);
}

static void
nd6_solicited(const struct nd6_msg *nm)
{
	struct in6_addr group;
	struct llentry *lle;

	if (in_any(&nm->nm_src)) {
		in6_solicited_node(&nm->nm_target, &group);
		if (nm->nm_has_lladdr ||
		    !IN6_ARE_ADDR_EQUAL(&nm->nm_dst, &group))
			return;
	}
	if (!nd6_own(nm->nm_ifp, &nm->nm_target))
		return;
	if (nm->nm_has_lladdr) {
		lle = lle_get(nm->nm_ifp, &nm->nm_src);
		if (lle == NULL)
			return;
		if (!lle_known(lle) || memcmp(lle->le_lladdr, nm->nm_lladdr,
		    ETHER_ADDR_LEN) != 0)
			lle_learn(lle, nm->nm_lladdr, LLE_STALE);
	}
	nd6_advertise(nm);
}

/* An advertisement about a neighbour whose link address is known. */
static void
nd6_update(struct llentry *lle, const struct nd6_msg *nm)
{
	const uint8_t *lladdr;
	bool differs, override, solicited;

	lladdr = nm->nm_has_lladdr ? nm->nm_lladdr : lle->le_lladdr;
	differs = memcmp(lladdr, lle->le_lladdr, ETHER_ADDR_LEN) != 0;
	override = (nm->nm_flags & ND_NA_FLAG_OVERRIDE) != 0;
	solicited = (nm->nm_flags & ND_NA_FLAG_SOLICITED) != 0;
	if (differs && !override) {
		if (lle->le_state == LLE_REACHABLE)
			lle_learn(lle, lle->le_lladdr, LLE_STALE);
	} else if (solicited)
		lle_learn(lle, lladdr, LLE_REACHABLE);
	else if (differs)
		lle_learn(lle, lladdr, LLE_STALE);
}

static void
nd6_advertised(const struct nd6_msg *nm)
{
	struct llentry *lle;

	if (in_multicast(&nm->nm_dst) &&
	    (nm->nm_flags & ND_NA_FLAG_SOLICITED) != 0)
		return;
	lle = lle_find(nm->nm_ifp, &nm->nm_target);
	if (lle == NULL)
		return;
	if (lle_known(lle))
		nd6_update(lle, nm);
	else if (nm->nm_has_lladdr)
		lle_learn(lle, nm->nm_lladdr,
		    (nm->nm_flags & ND_NA_FLAG_SOLICITED) != 0 ?
		    LLE_REACHABLE : LLE_STALE);
}

void
nd6_input(struct mbuf *m, const struct ip_info *ii)
{
	struct nd6_msg nm;
	uint8_t type;
	bool ok;

	ok = nd6_parse(m, ii, &type, &nm);
	m_freem(m);
	if (!ok)
		return;
	if (type == ND_NEIGHBOR_SOLICIT)
		nd6_solicited(&nm);
	else
		nd6_advertised(&nm);
}

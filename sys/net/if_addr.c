/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Addresses of interfaces.
 *
 * Each address stands on its interface's list and in one hash table of the
 * host, by which input asks whether a packet is for us.  The table doubles
 * when it holds more addresses than buckets.
 *
 * An address brings two routes: one to its subnet, directly by its
 * interface, and one to itself, by lo0.  Several addresses may share a
 * subnet, even on different interfaces; the route then belongs to the
 * first, and passes to another when that one goes.
 *
 * A link-local address (RFC 4291, 2.5.6) need only be unique on its link,
 * so two interfaces may have the same one.  Its interface identifier is the
 * modified EUI-64 of the link address (RFC 4291, appendix A).
 *
 * Choosing a source follows RFC 6724, section 5, as far as one interface's
 * addresses differ: rule 1 (the destination itself), rule 2 (appropriate
 * scope), rule 8 (longest matching prefix, no longer than the source's own
 * subnet).  Tentative addresses are not chosen.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <net/if_private.h>
#include <net/if_var.h>
#include <net/route.h>

#define	IFA_HASH_FIRST	8	/* buckets of the first table */

#define	V4_PLEN		96	/* bits in front of a mapped IPv4 address */

/* Scopes of RFC 6724, 3.1; multicast addresses carry theirs. */
#define	SCOPE_LINK	0x2
#define	SCOPE_SITE	0x5
#define	SCOPE_GLOBAL	0xe

MALLOC_DEFINE(M_IFADDR, "ifaddr", "interface addresses");

VNET_DEFINE_STATIC(struct ifaddr **, ifa_hash);
VNET_DEFINE_STATIC(u_int, ifa_buckets);		/* a power of two, or 0 */
VNET_DEFINE_STATIC(u_int, ifa_count);
VNET_DEFINE(uint32_t, ifa_gen) = 1;
VNET_DEFINE(ifa_changed_t *, ifa_changed);
#define	V_ifa_hash	VNET(ifa_hash)
#define	V_ifa_buckets	VNET(ifa_buckets)
#define	V_ifa_count	VNET(ifa_count)

/* Fibonacci hashing of all bits: the addresses in it are our own, so nobody
 * else chooses what collides. */
static inline u_int
ifa_bucket(const struct in6_addr *addr, u_int buckets)
{
	uint64_t h;

	h = (addr->s6_addr64[0] * 3) ^ addr->s6_addr64[1];
	h = (h ^ (h >> 32)) * 0x9e3779b97f4a7c15ULL;
	return ((u_int)(h >> 32) & (buckets - 1));
}

/* Make the table larger.  If memory is short, the old one serves on, unless
 * there is none: ENOMEM. */
static int
ifa_hash_grow(void)
{
	struct ifaddr **hash, *ifa;
	u_int b, i, n;

	n = V_ifa_buckets != 0 ? 2 * V_ifa_buckets : IFA_HASH_FIRST;
	hash = kern_mallocarray(n, sizeof(*hash), M_IFADDR,
	    M_NOWAIT | M_ZERO);
	if (hash == NULL)
		return (V_ifa_buckets != 0 ? 0 : ENOMEM);
	for (i = 0; i < V_ifa_buckets; i++) {
		while ((ifa = V_ifa_hash[i]) != NULL) {
			V_ifa_hash[i] = ifa->ifa_hnext;
			b = ifa_bucket(&ifa->ifa_addr, n);
			ifa->ifa_hnext = hash[b];
			hash[b] = ifa;
		}
	}
	kern_free(V_ifa_hash, M_IFADDR);
	V_ifa_hash = hash;
	V_ifa_buckets = n;
	return (0);
}

/* 0 stands for no generation. */
static inline void
ifa_gen_bump(void)
{
	if (++V_ifa_gen == 0)
		V_ifa_gen = 1;
	way_gen_bump();
	if (V_ifa_changed != NULL)
		V_ifa_changed();
}

static int
ifa_hash_insert(struct ifaddr *ifa)
{
	struct ifaddr **head;
	int error;

	if (V_ifa_count >= V_ifa_buckets) {
		error = ifa_hash_grow();
		if (error != 0)
			return (error);
	}
	head = &V_ifa_hash[ifa_bucket(&ifa->ifa_addr, V_ifa_buckets)];
	ifa->ifa_hnext = *head;
	*head = ifa;
	V_ifa_count++;
	ifa_gen_bump();
	return (0);
}

/* The table goes with its last address. */
static void
ifa_hash_remove(struct ifaddr *ifa)
{
	struct ifaddr **p;

	p = &V_ifa_hash[ifa_bucket(&ifa->ifa_addr, V_ifa_buckets)];
	while (*p != ifa)
		p = &(*p)->ifa_hnext;
	*p = ifa->ifa_hnext;
	ifa_gen_bump();
	if (--V_ifa_count == 0) {
		kern_free(V_ifa_hash, M_IFADDR);
		V_ifa_hash = NULL;
		V_ifa_buckets = 0;
	}
}

struct ifaddr *
ifa_ifwithaddr(const struct in6_addr *addr)
{
	struct ifaddr *ifa;

	if (__predict_false(V_ifa_buckets == 0))
		return (NULL);
	ifa = V_ifa_hash[ifa_bucket(addr, V_ifa_buckets)];
	while (ifa != NULL && !IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr, addr))
		ifa = ifa->ifa_hnext;
	return (ifa);
}

struct ifaddr *
ifa_find(const struct ifnet *ifp, const struct in6_addr *addr)
{
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link)
		if (IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr, addr))
			break;
	return (ifa);
}

/* A prefix length as the routing table's functions take it. */
static inline int
ifa_family_plen(const struct ifaddr *ifa)
{
	return (IN6_IS_ADDR_V4MAPPED(&ifa->ifa_addr) ?
	    ifa->ifa_plen - V4_PLEN : ifa->ifa_plen);
}

static inline int
ifa_host_plen(const struct ifaddr *ifa)
{
	return (IN6_IS_ADDR_V4MAPPED(&ifa->ifa_addr) ? 32 : 128);
}

static inline bool
ifa_same_subnet(const struct ifaddr *a, const struct ifaddr *b)
{
	return (a->ifa_plen == b->ifa_plen &&
	    in6_matchlen(&a->ifa_addr, &b->ifa_addr) >= a->ifa_plen);
}

/* lo0 reaches its subnet (127/8) by itself; no second route to its own
 * address is needed. */
static inline bool
ifa_has_host_route(const struct ifaddr *ifa)
{
	return (ifa->ifa_plen == 128 || ifa->ifa_ifp != V_loif);
}

/*
 * Add what routes of ifa are missing: ENOMEM.  The one to the address itself
 * takes the place of any other; one to the subnet that is there stays.
 */
static int
ifa_route_install(const struct ifaddr *ifa)
{
	int error;

	if (ifa->ifa_plen < 128) {
		error = rt_add(&ifa->ifa_addr, ifa_family_plen(ifa), NULL,
		    ifa->ifa_ifp, 0, 0);
		if (error != 0 && error != EEXIST)
			return (error);
	}
	if (!ifa_has_host_route(ifa) || V_loif == NULL)
		return (0);
	(void)rt_delete(&ifa->ifa_addr, ifa_host_plen(ifa));
	return (rt_add(&ifa->ifa_addr, ifa_host_plen(ifa), NULL, V_loif, 0,
	    0));
}

/* After routes of gone have been removed: whoever shared them, has them
 * now.  Short of memory, the routes are missing. */
static void
ifa_route_inherit(const struct ifaddr *gone)
{
	struct ifaddr *ifa;
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &V_ifnet, if_link)
		TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link)
			if (ifa_same_subnet(ifa, gone) ||
			    IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr,
			    &gone->ifa_addr))
				(void)ifa_route_install(ifa);
}

/* ifa is on no list any longer. */
static void
ifa_route_remove(const struct ifaddr *ifa)
{
	const struct nhop_object *nh;

	nh = rt_exact(&ifa->ifa_addr, ifa_family_plen(ifa));
	if (ifa->ifa_plen < 128 && nh != NULL && nh->nh_ifp == ifa->ifa_ifp &&
	    (nh->nh_flags & (RTF_GATEWAY | RTF_STATIC)) == 0)
		(void)rt_delete(&ifa->ifa_addr, ifa_family_plen(ifa));
	nh = rt_exact(&ifa->ifa_addr, ifa_host_plen(ifa));
	if (ifa_has_host_route(ifa) && nh != NULL && nh->nh_ifp == V_loif)
		(void)rt_delete(&ifa->ifa_addr, ifa_host_plen(ifa));
}

/* The end of ifa, with its routes. */
static void
ifa_remove(struct ifaddr *ifa)
{
	TAILQ_REMOVE(&ifa->ifa_ifp->if_addrhead, ifa, ifa_link);
	ifa_hash_remove(ifa);
	ifa_route_remove(ifa);
	ifa_route_inherit(ifa);
	kern_free(ifa, M_IFADDR);
}

/* A unicast address and a prefix length of its family. */
static bool
ifa_valid(const struct in6_addr *addr, int plen)
{
	in_addr_t v4;

	if (!IN6_IS_ADDR_V4MAPPED(addr))
		return (!IN6_IS_ADDR_UNSPECIFIED(addr) &&
		    !IN6_IS_ADDR_MULTICAST(addr) && plen >= 0 && plen <= 128);
	v4 = ntohl(addr->s6_addr32[3]);
	return (v4 != INADDR_ANY && v4 != INADDR_BROADCAST &&
	    !IN_MULTICAST(v4) && plen >= 0 && plen <= 32);
}

int
ifa_add(struct ifnet *ifp, const struct in6_addr *addr, int plen)
{
	struct ifaddr *ifa;
	int error;

	MPASS(ifp->if_vnet == curvnet);
	if (!ifa_valid(addr, plen))
		return (EINVAL);
	if (ifa_find(ifp, addr) != NULL ||
	    (!IN6_IS_ADDR_LINKLOCAL(addr) && ifa_ifwithaddr(addr) != NULL))
		return (EEXIST);
	ifa = kern_malloc(sizeof(*ifa), M_IFADDR, M_NOWAIT | M_ZERO);
	if (ifa == NULL)
		return (ENOMEM);
	ifa->ifa_ifp = ifp;
	ifa->ifa_addr = *addr;
	ifa->ifa_plen = (uint8_t)(IN6_IS_ADDR_V4MAPPED(addr) ?
	    plen + V4_PLEN : plen);
	error = ifa_hash_insert(ifa);
	if (error != 0) {
		kern_free(ifa, M_IFADDR);
		return (error);
	}
	TAILQ_INSERT_TAIL(&ifp->if_addrhead, ifa, ifa_link);
	error = ifa_route_install(ifa);
	if (error != 0)
		ifa_remove(ifa);
	return (error);
}

int
ifa_del(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct ifaddr *ifa;

	MPASS(ifp->if_vnet == curvnet);
	ifa = ifa_find(ifp, addr);
	if (ifa == NULL)
		return (ENOENT);
	ifa_remove(ifa);
	return (0);
}

void
ifa_purge(struct ifnet *ifp)
{
	while (!TAILQ_EMPTY(&ifp->if_addrhead))
		ifa_remove(TAILQ_FIRST(&ifp->if_addrhead));
}

int
ifa_add_linklocal(struct ifnet *ifp)
{
	const uint8_t *mac = ifp->if_lladdr;
	struct in6_addr addr;
	struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link)
		if (IN6_IS_ADDR_LINKLOCAL(&ifa->ifa_addr))
			return (0);
	memset(&addr, 0, sizeof(addr));
	addr.s6_addr[0] = 0xfe;
	addr.s6_addr[1] = 0x80;
	addr.s6_addr[8] = mac[0] ^ 0x02;	/* universal/local */
	addr.s6_addr[9] = mac[1];
	addr.s6_addr[10] = mac[2];
	addr.s6_addr[11] = 0xff;
	addr.s6_addr[12] = 0xfe;
	addr.s6_addr[13] = mac[3];
	addr.s6_addr[14] = mac[4];
	addr.s6_addr[15] = mac[5];
	return (ifa_add(ifp, &addr, 64));
}

static int
in6_scope(const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a)) {
		if (a->s6_addr[12] == 127 ||
		    (a->s6_addr[12] == 169 && a->s6_addr[13] == 254))
			return (SCOPE_LINK);
		return (SCOPE_GLOBAL);
	}
	if (IN6_IS_ADDR_MULTICAST(a))
		return (a->s6_addr[1] & 0x0f);
	if (IN6_IS_ADDR_LINKLOCAL(a) || IN6_IS_ADDR_LOOPBACK(a))
		return (SCOPE_LINK);
	if (a->s6_addr[0] == 0xfe && (a->s6_addr[1] & 0xc0) == 0xc0)
		return (SCOPE_SITE);
	return (SCOPE_GLOBAL);
}

/* Is a, as a source for dst, better than b? */
static bool
ifa_better(const struct ifaddr *a, const struct ifaddr *b,
    const struct in6_addr *dst)
{
	int sa, sb;

	sa = in6_scope(&a->ifa_addr);
	sb = in6_scope(&b->ifa_addr);
	if (sa < sb)
		return (sa >= in6_scope(dst));
	if (sb < sa)
		return (sb < in6_scope(dst));
	return (imin(in6_matchlen(&a->ifa_addr, dst), a->ifa_plen) >
	    imin(in6_matchlen(&b->ifa_addr, dst), b->ifa_plen));
}

struct ifaddr *
ifa_source(struct ifnet *ifp, const struct in6_addr *dst)
{
	struct ifaddr *best, *ifa;
	bool v4;

	ifa = (ifp->if_flags & IFF_LOOPBACK) != 0 ? ifa_ifwithaddr(dst) :
	    ifa_find(ifp, dst);
	if (ifa != NULL && (ifa->ifa_flags & IFA_TENTATIVE) == 0)
		return (ifa);
	v4 = IN6_IS_ADDR_V4MAPPED(dst);
	best = NULL;
	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link) {
		if (IN6_IS_ADDR_V4MAPPED(&ifa->ifa_addr) != v4 ||
		    (ifa->ifa_flags & IFA_TENTATIVE) != 0)
			continue;
		if (best == NULL || ifa_better(ifa, best, dst))
			best = ifa;
	}
	return (best);
}

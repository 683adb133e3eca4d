/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The routing table: longest prefix match over 128-bit addresses, IPv4
 * under ::ffff:0:0/96.
 *
 * The table is a binary trie with path compression (D. R. Morrison,
 * "PATRICIA - Practical Algorithm To Retrieve Information Coded in
 * Alphanumeric", JACM 15(4), 1968).  A node stands for a prefix of plen
 * bits.  Its children's prefixes are longer and begin with its own; bit plen
 * of a child's key (the first after the node's prefix) is the child's
 * number.  A node exists for one of two reasons only: it carries a route, or
 * two routes below it part there, so
 *
 *	nodes <= 2 * routes - 1,
 *
 * however long the prefixes are.  For example 10/8, 10.1/16 and 10.2/16:
 *
 *			   10/8		route
 *			    |
 *			  10.0/14	10.1 and 10.2 differ in bit 14
 *			  /	\
 *		    10.1/16	10.2/16	routes
 *
 * Lookup goes down while the node's prefix matches, remembering the last
 * route seen: as many steps as there are nodes on the path, each two 64-bit
 * comparisons, no memory allocated and no way back up.  All addresses of
 * both families share the trie; a connection remembers what it found
 * (struct route), so this is not the path of every packet.
 *
 * In front of the table stands a small cache of the ways found last, for new
 * connections and for those who send without one: a handful of slots, each
 * the place of the addresses whose hash is its number.  It is emptied
 * whenever the routes change, and what it knows of a neighbour's link address
 * has a generation of its own, as in every struct route.
 *
 * Keys are pairs of 64-bit numbers in host order: bit 0 is the first one's
 * highest.
 *
 * Link-local addresses (RFC 4007) mean nothing without a zone.  With the
 * interface given as scope it alone decides, and the table is not asked;
 * without, the table's fe80::/64 stands for the first interface that has
 * one.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <net/route.h>

#define	KEY_BITS	128
#define	V4_PLEN		96	/* bits in front of a mapped IPv4 address */
#define	RT_MTU_MIN	68	/* what any IPv4 link carries, RFC 791 */
#define	RT_MTU_MAX	65535

struct rtkey {
	uint64_t	k[2];
};

struct rtnode {
	struct rtkey	rn_key;		/* zeros after rn_plen bits */
	struct rtnode	*rn_child[2];
	struct nhop_object *rn_nh;	/* counted; NULL: a parting only */
	uint8_t		rn_plen;
};

#define	RT_RECENT_BITS	4
#define	RT_RECENT	(1 << RT_RECENT_BITS)	/* slots of the cache */

/* The way to an address that was asked for not long ago. */
struct rt_recent {
	struct in6_addr	rr_dst;
	uint32_t	rr_scope;
	uint32_t	rr_srcgen;	/* V_way_gen for rr_src; 0 none */
	struct in6_addr	rr_src;		/* from which to talk to it */
	struct route	rr_route;
};

MALLOC_DEFINE(M_RTABLE, "routetbl", "routing table");

VNET_DEFINE(uint32_t, rt_gen) = 1;
VNET_DEFINE_STATIC(struct rtnode *, rt_root);
VNET_DEFINE_STATIC(struct rt_recent[RT_RECENT], rt_recent);
#define	V_rt_root	VNET(rt_root)
#define	V_rt_recent	VNET(rt_recent)

void
rt_gen_bump(void)
{
	u_int i;

	if (++V_rt_gen == 0)
		V_rt_gen = 1;
	way_gen_bump();
	for (i = 0; i < RT_RECENT; i++)
		ro_invalidate(&V_rt_recent[i].rr_route);
}

/* A number in network order, in host order, and the reverse. */
static inline uint64_t
swap_be64(uint64_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return (x);
}

static inline struct rtkey
key_make(const struct in6_addr *a)
{
	return ((struct rtkey){
		{ swap_be64(a->s6_addr64[0]), swap_be64(a->s6_addr64[1]) }
	});
}

/* The first n bits of a 64-bit number, 0 <= n <= 64. */
static inline uint64_t
mask64(int n)
{
	return (n == 0 ? 0 : ~0ULL << (64 - n));
}

static inline struct rtkey
key_mask(struct rtkey key, int plen)
{
	key.k[0] &= mask64(imin(plen, 64));
	key.k[1] &= mask64(imax(plen - 64, 0));
	return (key);
}

static inline int
key_bit(struct rtkey key, int n)
{
	return ((int)(key.k[n / 64] >> (63 - n % 64) & 1));
}

/* How many bits a and b have in common. */
static inline int
key_common(struct rtkey a, struct rtkey b)
{
	if (a.k[0] != b.k[0])
		return (__builtin_clzll(a.k[0] ^ b.k[0]));
	if (a.k[1] != b.k[1])
		return (64 + __builtin_clzll(a.k[1] ^ b.k[1]));
	return (KEY_BITS);
}

/* Does key begin with the prefix of n? */
static inline bool
node_match(const struct rtnode *n, struct rtkey key)
{
	if (n->rn_plen <= 64)
		return (((key.k[0] ^ n->rn_key.k[0]) &
		    mask64(n->rn_plen)) == 0);
	return (key.k[0] == n->rn_key.k[0] &&
	    ((key.k[1] ^ n->rn_key.k[1]) & mask64(n->rn_plen - 64)) == 0);
}

int
in6_matchlen(const struct in6_addr *a, const struct in6_addr *b)
{
	return (key_common(key_make(a), key_make(b)));
}

/*
 * The prefix length among 128 bits of one among the address's own, or -1 if
 * it is out of range.
 */
static int
rt_plen(const struct in6_addr *addr, int plen)
{
	if (IN6_IS_ADDR_V4MAPPED(addr))
		return (plen < 0 || plen > 32 ? -1 : plen + V4_PLEN);
	return (plen < 0 || plen > KEY_BITS ? -1 : plen);
}

static struct rtnode *
node_alloc(struct rtkey key, int plen, struct nhop_object *nh)
{
	struct rtnode *n;

	n = kern_malloc(sizeof(*n), M_RTABLE, M_NOWAIT | M_ZERO);
	if (n == NULL)
		return (NULL);
	n->rn_key = key_mask(key, plen);
	n->rn_plen = (uint8_t)plen;
	n->rn_nh = nh;
	return (n);
}

/* Take the node at p out if neither a route nor a parting needs it. */
static void
node_shrink(struct rtnode **p)
{
	struct rtnode *n = *p;

	if (n->rn_nh != NULL ||
	    (n->rn_child[0] != NULL && n->rn_child[1] != NULL))
		return;
	*p = n->rn_child[0] != NULL ? n->rn_child[0] : n->rn_child[1];
	kern_free(n, M_RTABLE);
}

/*
 * Put a new node for key/plen above n, which stands at p and does not begin
 * with key/plen: directly, if key/plen is a prefix of n's, else beside it
 * below a node for the c bits they have in common.
 */
static int
node_insert_above(struct rtnode **p, struct rtnode *n, struct rtkey key,
    int plen, int c, struct nhop_object *nh)
{
	struct rtnode *new, *parting;

	new = node_alloc(key, plen, nh);
	if (new == NULL)
		return (ENOMEM);
	if (c == plen) {
		new->rn_child[key_bit(n->rn_key, c)] = n;
		*p = new;
		return (0);
	}
	parting = node_alloc(key, c, NULL);
	if (parting == NULL) {
		kern_free(new, M_RTABLE);
		return (ENOMEM);
	}
	parting->rn_child[key_bit(n->rn_key, c)] = n;
	parting->rn_child[key_bit(key, c)] = new;
	*p = parting;
	return (0);
}

/* Enter nh, whose count passes to the table, for key/plen. */
static int
rt_insert(struct rtkey key, int plen, struct nhop_object *nh)
{
	struct rtnode *n, **p;
	int c;

	p = &V_rt_root;
	while ((n = *p) != NULL) {
		c = imin(imin(plen, n->rn_plen), key_common(key, n->rn_key));
		if (c < n->rn_plen)
			return (node_insert_above(p, n, key, plen, c, nh));
		if (c == plen) {
			if (n->rn_nh != NULL)
				return (EEXIST);
			n->rn_nh = nh;
			return (0);
		}
		p = &n->rn_child[key_bit(key, c)];
	}
	*p = node_alloc(key, plen, nh);
	return (*p != NULL ? 0 : ENOMEM);
}

/*
 * Where the node of exactly key/plen with a route stands, or NULL;
 * *parentp, unless NULL, becomes where its parent stands, or NULL.
 */
static struct rtnode **
rt_find(struct rtkey key, int plen, struct rtnode ***parentp)
{
	struct rtnode *n, **p, **parent;

	key = key_mask(key, plen);
	parent = NULL;
	p = &V_rt_root;
	while ((n = *p) != NULL && n->rn_plen < plen && node_match(n, key)) {
		parent = p;
		p = &n->rn_child[key_bit(key, n->rn_plen)];
	}
	if (n == NULL || n->rn_plen != plen || !node_match(n, key) ||
	    n->rn_nh == NULL)
		return (NULL);
	if (parentp != NULL)
		*parentp = parent;
	return (p);
}

/* The interface of a route through gw: one that reaches gw directly. */
static struct ifnet *
rt_gateway_ifp(const struct in6_addr *gw)
{
	struct nhop_object *nh;
	struct ifnet *ifp;

	nh = rt_lookup(gw, 0);
	if (nh == NULL)
		return (NULL);
	ifp = nh->nh_ifp;
	if ((nh->nh_flags & (RTF_GATEWAY | RTF_REJECT | RTF_BLACKHOLE)) != 0)
		ifp = NULL;
	nhop_free(nh);
	return (ifp);
}

/* The interface to be used, as rt_add() was told: 0 or an errno. */
static int
rt_add_ifp(const struct in6_addr *addr, const struct in6_addr *gw, int flags,
    struct ifnet **ifpp)
{
	if (gw != NULL &&
	    IN6_IS_ADDR_V4MAPPED(gw) != IN6_IS_ADDR_V4MAPPED(addr))
		return (EINVAL);
	if (*ifpp != NULL)
		return (0);
	if ((flags & (RTF_REJECT | RTF_BLACKHOLE)) != 0)
		*ifpp = V_loif;
	else if (gw == NULL)
		return (EINVAL);
	else
		*ifpp = rt_gateway_ifp(gw);
	return (*ifpp != NULL ? 0 : ENETUNREACH);
}

int
rt_add(const struct in6_addr *addr, int plen, const struct in6_addr *gw,
    struct ifnet *ifp, int flags, uint32_t mtu)
{
	struct nhop_object *nh;
	int error;

	plen = rt_plen(addr, plen);
	if (plen < 0 || (mtu != 0 && (mtu < RT_MTU_MIN || mtu > RT_MTU_MAX)))
		return (EINVAL);
	error = rt_add_ifp(addr, gw, flags, &ifp);
	if (error != 0)
		return (error);
	flags &= RTF_STATIC | RTF_REJECT | RTF_BLACKHOLE;
	flags |= RTF_UP | (gw != NULL ? RTF_GATEWAY : 0) |
	    (plen == KEY_BITS ? RTF_HOST : 0);
	nh = nhop_alloc(ifp, gw, flags, mtu);
	if (nh == NULL)
		return (ENOMEM);
	error = rt_insert(key_make(addr), plen, nh);
	if (error != 0) {
		nhop_free(nh);
		return (error);
	}
	rt_gen_bump();
	return (0);
}

int
rt_delete(const struct in6_addr *addr, int plen)
{
	struct rtnode **p, **parent;

	plen = rt_plen(addr, plen);
	if (plen < 0)
		return (ESRCH);
	p = rt_find(key_make(addr), plen, &parent);
	if (p == NULL)
		return (ESRCH);
	nhop_free((*p)->rn_nh);
	(*p)->rn_nh = NULL;
	node_shrink(p);
	if (parent != NULL)
		node_shrink(parent);
	rt_gen_bump();
	return (0);
}

struct nhop_object *
rt_exact(const struct in6_addr *addr, int plen)
{
	struct rtnode **p;

	plen = rt_plen(addr, plen);
	if (plen < 0)
		return (NULL);
	p = rt_find(key_make(addr), plen, NULL);
	return (p != NULL ? (*p)->rn_nh : NULL);
}

/* Recursion ends after 129 levels, since prefixes grow. */
static void
rt_prune(struct rtnode **p, const struct ifnet *ifp)
{
	struct rtnode *n = *p;

	if (n == NULL)
		return;
	rt_prune(&n->rn_child[0], ifp);
	rt_prune(&n->rn_child[1], ifp);
	if (n->rn_nh != NULL && n->rn_nh->nh_ifp == ifp) {
		nhop_free(n->rn_nh);
		n->rn_nh = NULL;
	}
	node_shrink(p);
}

void
rt_flush_if(struct ifnet *ifp)
{
	rt_prune(&V_rt_root, ifp);
	rt_gen_bump();
}

/* The next hop for a destination whose zone is known. */
static struct nhop_object *
rt_lookup_scoped(uint32_t scope)
{
	struct ifnet *ifp;

	ifp = if_byindex(scope);
	return (ifp != NULL ? ifp->if_nhop : NULL);
}

/* The longest match.  IPv4 does not fall back on IPv6's default route. */
static struct nhop_object *
rt_lookup_table(const struct in6_addr *dst)
{
	const struct rtnode *n;
	struct nhop_object *best;
	struct rtkey key;
	int least;

	key = key_make(dst);
	least = IN6_IS_ADDR_V4MAPPED(dst) ? V4_PLEN : 0;
	best = NULL;
	n = V_rt_root;
	while (n != NULL && node_match(n, key)) {
		if (n->rn_nh != NULL && n->rn_plen >= least)
			best = n->rn_nh;
		if (n->rn_plen == KEY_BITS)
			break;
		n = n->rn_child[key_bit(key, n->rn_plen)];
	}
	return (best);
}

/* Not counted. */
static struct nhop_object *
rt_find_nhop(const struct in6_addr *dst, uint32_t scope)
{
	if (scope != 0 &&
	    (IN6_IS_ADDR_LINKLOCAL(dst) || IN6_IS_ADDR_MULTICAST(dst)))
		return (rt_lookup_scoped(scope));
	return (rt_lookup_table(dst));
}

/* Fibonacci hashing of the bits in which neighbours differ. */
static inline struct rt_recent *
recent_slot(const struct in6_addr *dst)
{
	return (&V_rt_recent[((dst->s6_addr32[2] ^ dst->s6_addr32[3]) *
	    0x9e3779b1U) >> (32 - RT_RECENT_BITS)]);
}

static inline bool
recent_is(const struct rt_recent *rr, const struct in6_addr *dst,
    uint32_t scope)
{
	return (IN6_ARE_ADDR_EQUAL(&rr->rr_dst, dst) &&
	    rr->rr_scope == scope);
}

struct nhop_object *
rt_lookup(const struct in6_addr *dst, uint32_t scope)
{
	const struct rt_recent *rr = recent_slot(dst);
	struct nhop_object *nh;

	nh = recent_is(rr, dst, scope) && ro_valid(&rr->rr_route) ?
	    rr->rr_route.ro_nh : rt_find_nhop(dst, scope);
	if (nh != NULL)
		nhop_ref(nh);
	return (nh);
}

static struct route * __noinline
recent_take(struct rt_recent *rr, const struct in6_addr *dst, uint32_t scope)
{
	ro_invalidate(&rr->rr_route);
	rr->rr_dst = *dst;
	rr->rr_scope = scope;
	rr->rr_srcgen = 0;
	return (&rr->rr_route);
}

struct route *
ro_recent(const struct in6_addr *dst, uint32_t scope)
{
	struct rt_recent *rr = recent_slot(dst);

	return (__predict_true(recent_is(rr, dst, scope)) ? &rr->rr_route :
	    recent_take(rr, dst, scope));
}

void
ro_teach(const struct route *ro, const struct in6_addr *dst, uint32_t scope)
{
	struct rt_recent *rr = recent_slot(dst);

	if (recent_is(rr, dst, scope) && ro->ro_llgen == V_way_gen &&
	    rr->rr_route.ro_nh == ro->ro_nh) {
		memcpy(rr->rr_route.ro_lladdr, ro->ro_lladdr,
		    sizeof(ro->ro_lladdr));
		rr->rr_route.ro_llgen = ro->ro_llgen;
	}
}

const struct in6_addr *
rt_source(const struct in6_addr *dst, uint32_t scope)
{
	const struct rt_recent *rr = recent_slot(dst);

	return (recent_is(rr, dst, scope) && rr->rr_srcgen == V_way_gen ?
	    &rr->rr_src : NULL);
}

void
rt_source_set(const struct in6_addr *dst, uint32_t scope,
    const struct in6_addr *src)
{
	struct rt_recent *rr = recent_slot(dst);

	if (recent_is(rr, dst, scope)) {
		rr->rr_src = *src;
		rr->rr_srcgen = V_way_gen;
	}
}

/* What the table says, into ro. */
static int
ro_find(struct route *ro, const struct in6_addr *dst, uint32_t scope)
{
	struct nhop_object *nh = rt_find_nhop(dst, scope);

	ro_invalidate(ro);
	if (nh == NULL || (nh->nh_flags & RTF_REJECT) != 0)
		return (EHOSTUNREACH);
	nhop_ref(nh);
	ro->ro_nh = nh;
	ro->ro_gen = V_rt_gen;
	return (0);
}

static int __noinline
ro_lookup_table(struct route *ro, const struct in6_addr *dst, uint32_t scope)
{
	struct route *recent = ro_recent(dst, scope);
	int error;

	if (!ro_valid(recent) && (error = ro_find(recent, dst, scope)) != 0) {
		ro_invalidate(ro);
		return (error);
	}
	if (ro != recent) {
		ro_invalidate(ro);
		*ro = *recent;
		nhop_ref(ro->ro_nh);
	}
	return (0);
}

/* Mostly an empty ro learns what another one has found. */
int
ro_lookup(struct route *ro, const struct in6_addr *dst, uint32_t scope)
{
	const struct rt_recent *rr = recent_slot(dst);

	if (__predict_false(ro->ro_nh != NULL || !recent_is(rr, dst, scope) ||
	    !ro_valid(&rr->rr_route)))
		return (ro_lookup_table(ro, dst, scope));
	*ro = rr->rr_route;
	nhop_ref(ro->ro_nh);
	return (0);
}

void
ro_invalidate(struct route *ro)
{
	if (ro->ro_nh != NULL)
		nhop_free(ro->ro_nh);
	ro->ro_nh = NULL;
	ro->ro_gen = 0;
	ro->ro_llgen = 0;
}

/* Tell func of one route, its prefix as its family writes it. */
static int
rt_report(const struct rtnode *n, int (*func)(const struct in6_addr *, int,
    const struct nhop_object *, void *), void *arg)
{
	struct in6_addr addr;
	int plen;

	addr.s6_addr64[0] = swap_be64(n->rn_key.k[0]);
	addr.s6_addr64[1] = swap_be64(n->rn_key.k[1]);
	plen = n->rn_plen;
	if (IN6_IS_ADDR_V4MAPPED(&addr))
		plen -= V4_PLEN;
	return (func(&addr, plen, n->rn_nh, arg));
}

/* In the order of the prefixes, shorter ones first.  func changes nothing. */
int
rt_foreach(int (*func)(const struct in6_addr *, int,
    const struct nhop_object *, void *), void *arg)
{
	const struct rtnode *n, *stack[KEY_BITS + 1];
	int error, top;

	top = 0;
	n = V_rt_root;
	while (n != NULL) {
		if (n->rn_nh != NULL) {
			error = rt_report(n, func, arg);
			if (error != 0)
				return (error);
		}
		if (n->rn_child[1] != NULL)
			stack[top++] = n->rn_child[1];
		n = n->rn_child[0];
		if (n == NULL && top > 0)
			n = stack[--top];
	}
	return (0);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The routing table against a linear one, and the rules of net/route.h one
 * by one.
 */
#include "net_host.h"

/* What is reached in the current host: an interface, or NULL. */
static struct ifnet *
way_to(const char *addr, uint32_t scope)
{
	struct in6_addr a = net_addr(addr);
	struct nhop_object *nh;
	struct ifnet *ifp;

	nh = rt_lookup(&a, scope);
	if (nh == NULL)
		return (NULL);
	ifp = nh->nh_ifp;
	nhop_free(nh);
	return (ifp);
}

static int
delete(const char *addr, int plen)
{
	struct in6_addr a = net_addr(addr);

	return (rt_delete(&a, plen));
}

/* The model: all prefixes in a row, of 128 bits. */
#define	MODEL_MAX	4096
struct model {
	struct in6_addr	addr;
	int		plen;		/* -1: free */
	uint32_t	mtu;		/* tells the routes apart */
};
static struct model model[MODEL_MAX];

static bool
begins(const struct in6_addr *a, const struct in6_addr *prefix, int plen)
{
	int i;

	for (i = 0; i < plen; i++)
		if (((a->s6_addr[i / 8] ^ prefix->s6_addr[i / 8]) >>
		    (7 - i % 8) & 1) != 0)
			return (false);
	return (true);
}

static uint32_t
model_lookup(const struct in6_addr *dst)
{
	const struct model *best, *r;

	best = NULL;
	for (r = model; r < &model[MODEL_MAX]; r++)
		if (r->plen >= (IN6_IS_ADDR_V4MAPPED(dst) ? 96 : 0) &&
		    begins(dst, &r->addr, r->plen) &&
		    (best == NULL || r->plen > best->plen))
			best = r;
	return (best != NULL ? best->mtu : 0);
}

static struct model *
model_find(const struct in6_addr *addr, int plen)
{
	struct model *r;

	for (r = model; r < &model[MODEL_MAX]; r++)
		if (r->plen == plen && begins(addr, &r->addr, plen))
			return (r);
	return (NULL);
}

/* An address among few, so that prefixes meet; half of them IPv4. */
static struct in6_addr
random_addr(bool v4)
{
	struct in6_addr a;
	int i;

	memset(&a, 0, sizeof(a));
	if (v4)
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
	for (i = v4 ? 12 : 0; i < 16; i++)
		a.s6_addr[i] = (uint8_t)(1 << prng32_bounded(9));
	return (a);
}

static int
random_plen(const struct in6_addr *a)
{
	return ((int)prng32_bounded(IN6_IS_ADDR_V4MAPPED(a) ? 33 : 129));
}

static void
check_lookup(const struct in6_addr *dst)
{
	struct nhop_object *nh;
	uint32_t mtu;

	nh = rt_lookup(dst, 0);
	mtu = nh != NULL ? nh->nh_rmtu : 0;
	if (nh != NULL)
		nhop_free(nh);
	ATF_REQUIRE_EQ_MSG(model_lookup(dst), mtu, "%u instead of %u", mtu,
	    model_lookup(dst));
}

static void
model_step(struct ifnet *ifp, int *count)
{
	struct in6_addr a = random_addr(prng32_bounded(2) == 0);
	struct model *r, *slot;
	int plen, own;

	own = random_plen(&a);
	plen = IN6_IS_ADDR_V4MAPPED(&a) ? own + 96 : own;
	r = model_find(&a, plen);
	slot = model_find(&a, -1);
	if (prng32_bounded(100) < 60 && slot != NULL) {
		ATF_REQUIRE_EQ(r != NULL ? EEXIST : 0, rt_add(&a, own, NULL,
		    ifp, 0, 68 + (uint32_t)(slot - model)));
		if (r == NULL) {
			slot->addr = a;
			slot->plen = plen;
			slot->mtu = 68 + (uint32_t)(slot - model);
			++*count;
		}
	} else {
		ATF_REQUIRE_EQ(r != NULL ? 0 : ESRCH, rt_delete(&a, own));
		if (r != NULL) {
			r->plen = -1;
			--*count;
		}
	}
}

ATF_TC_WITHOUT_HEAD(longest_match_as_linear_model);
ATF_TC_BODY(longest_match_as_linear_model, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a;
	struct ifnet *ifp;
	struct model *r;
	int count, i, j;

	NET_ENTER(v);
	ifp = net_ether("e0", 1);
	rt_flush_if(ifp);
	rt_flush_if(V_loif);
	ATF_REQUIRE_EQ(0, net_routes());
	for (r = model; r < &model[MODEL_MAX]; r++)
		r->plen = -1;
	count = 0;
	for (i = 0; i < 12000; i++) {
		model_step(ifp, &count);
		ATF_REQUIRE(count == 0 ? net_inuse("routetbl") == 0 :
		    net_inuse("routetbl") < 2 * (uint64_t)count);
		for (j = 0; j < 2; j++) {
			a = random_addr(j == 0);
			check_lookup(&a);
		}
	}
	ATF_CHECK_MSG(count > 1000, "only %d routes", count);
	ATF_CHECK_EQ(count, net_routes());
	for (r = model; r < &model[MODEL_MAX]; r++)
		if (r->plen >= 0)
			ATF_REQUIRE_EQ(0, rt_delete(&r->addr,
			    IN6_IS_ADDR_V4MAPPED(&r->addr) ? r->plen - 96 :
			    r->plen));
	ATF_CHECK_EQ(0, net_routes());
	ATF_CHECK_EQ(0, net_inuse("routetbl"));
	NET_LEAVE();
	net_host_end(v);
}

struct order {
	int		n;
	struct in6_addr	last;
	int		last_plen;
};

static int
check_order(const struct in6_addr *addr, int plen,
    const struct nhop_object *nh, void *arg)
{
	struct order *o = arg;
	int c;

	ATF_CHECK(nh != NULL);
	c = memcmp(&o->last, addr, sizeof(*addr));
	ATF_CHECK(o->n == 0 || c < 0 || (c == 0 && o->last_plen < plen));
	o->last = *addr;
	o->last_plen = plen;
	return (++o->n == 6 ? 77 : 0);
}

ATF_TC_WITHOUT_HEAD(foreach_in_order_until_told);
ATF_TC_BODY(foreach_in_order_until_told, tc)
{
	struct vnet *v = net_host("a");
	struct order o = { .n = 0 };
	struct ifnet *ifp;

	NET_ENTER(v);
	ifp = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, net_rt_add("0.0.0.0", 0, NULL, ifp));
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.0", 8, NULL, ifp));
	ATF_REQUIRE_EQ(0, net_rt_add("10.1.0.0", 16, NULL, ifp));
	ATF_REQUIRE_EQ(0, net_rt_add("::", 0, NULL, ifp));
	ATF_REQUIRE_EQ(0, net_rt_add("fc00::", 16, NULL, ifp));
	ATF_CHECK_EQ(77, rt_foreach(check_order, &o));
	ATF_CHECK_EQ(6, o.n);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(default_routes_of_each_family);
ATF_TC_BODY(default_routes_of_each_family, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0, *e1;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e1 = net_ether("e1", 2);
	ATF_REQUIRE_EQ(0, net_rt_add("::", 0, NULL, e1));
	ATF_CHECK_EQ(NULL, way_to("192.0.2.1", 0));
	ATF_CHECK_EQ(e1, way_to("2001:db8::1", 0));
	ATF_REQUIRE_EQ(0, net_rt_add("0.0.0.0", 0, NULL, e0));
	ATF_CHECK_EQ(e0, way_to("192.0.2.1", 0));
	ATF_CHECK_EQ(e1, way_to("2001:db8::1", 0));
	ATF_REQUIRE_EQ(0, delete("::", 0));
	ATF_CHECK_EQ(NULL, way_to("2001:db8::1", 0));
	ATF_CHECK_EQ(e0, way_to("192.0.2.1", 0));
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(bad_routes);
ATF_TC_BODY(bad_routes, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.0");
	struct ifnet *e0;
	int routes;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	routes = net_routes();
	ATF_CHECK_EQ(EINVAL, net_rt_add("10.0.0.0", 33, NULL, e0));
	ATF_CHECK_EQ(EINVAL, net_rt_add("10.0.0.0", -1, NULL, e0));
	ATF_CHECK_EQ(EINVAL, net_rt_add("fc00::", 129, NULL, e0));
	ATF_CHECK_EQ(EINVAL, net_rt_add("fc00::", 64, "10.0.0.1", e0));
	ATF_CHECK_EQ(EINVAL, net_rt_add("10.0.0.0", 8, NULL, NULL));
	ATF_CHECK_EQ(EINVAL, rt_add(&a, 8, NULL, e0, 0, 67));
	ATF_CHECK_EQ(EINVAL, rt_add(&a, 8, NULL, e0, 0, 65536));
	ATF_CHECK_EQ(ENETUNREACH, net_rt_add("10.0.0.0", 8, "192.0.2.1",
	    NULL));
	ATF_CHECK_EQ(ESRCH, delete("10.0.0.0", 8));
	ATF_CHECK_EQ(ESRCH, delete("10.0.0.0", 40));
	ATF_CHECK_EQ(routes, net_routes());
	ATF_CHECK_EQ(0, net_rt_add("10.9.9.9", 8, NULL, e0));
	ATF_CHECK_EQ(EEXIST, net_rt_add("10.1.2.3", 8, NULL, e0));
	ATF_CHECK_EQ(0, delete("10.0.0.0", 8));
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(gateways);
ATF_TC_BODY(gateways, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a, gw;
	struct nhop_object *nh;
	struct ifnet *e0;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "10.0.0.1", 24));
	ATF_REQUIRE_EQ(0, net_rt_add("0.0.0.0", 0, "10.0.0.254", NULL));
	/* A router behind a router is none. */
	ATF_CHECK_EQ(ENETUNREACH, net_rt_add("192.0.2.0", 24, "203.0.113.1",
	    NULL));
	a = net_addr("198.51.100.1");
	nh = rt_lookup(&a, 0);
	ATF_REQUIRE(nh != NULL);
	gw = net_addr("10.0.0.254");
	ATF_CHECK_EQ(e0, nh->nh_ifp);
	ATF_CHECK_EQ(RTF_UP | RTF_GATEWAY | RTF_STATIC, nh->nh_flags);
	ATF_CHECK(IN6_ARE_ADDR_EQUAL(&gw, &nh->nh_gw));
	ATF_CHECK_EQ(1500, nh->nh_mtu);
	nhop_free(nh);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(reject_and_blackhole);
ATF_TC_BODY(reject_and_blackhole, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.0"), b = net_addr("10.128.0.0");
	struct route ro = { 0 };

	NET_ENTER(v);
	(void)net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, rt_add(&a, 8, NULL, NULL, RTF_REJECT, 0));
	ATF_REQUIRE_EQ(0, rt_add(&b, 9, NULL, NULL, RTF_BLACKHOLE, 0));
	ATF_CHECK_EQ(EHOSTUNREACH, ro_lookup(&ro, &a, 0));
	ATF_CHECK_EQ(NULL, ro.ro_nh);
	ATF_CHECK_EQ(0, ro_lookup(&ro, &b, 0));
	ATF_CHECK_EQ(RTF_UP | RTF_BLACKHOLE, ro.ro_nh->nh_flags);
	/* Whoever does not look sends into lo0, which looks. */
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, net_tcp(4, 8), &b, &ro));
	ro_invalidate(&ro);
	NET_LEAVE();
	net_run();
	NET_ENTER(v);
	ATF_CHECK_EQ(NULL, net_got_ip());
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(cached_until_routes_change);
ATF_TC_BODY(cached_until_routes_change, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.9");
	struct route ro = { 0 };
	struct ifnet *e0;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_CHECK(!ro_valid(&ro));
	ATF_CHECK_EQ(EHOSTUNREACH, ro_lookup(&ro, &a, 0));
	ATF_CHECK(!ro_valid(&ro));
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.0", 8, NULL, e0));
	ro.ro_llgen = 5;
	ATF_REQUIRE_EQ(0, ro_lookup(&ro, &a, 0));
	ATF_CHECK(ro_valid(&ro));
	ATF_CHECK_EQ(0, ro.ro_llgen);
	/* The table's, that of the cache in front of it, and ours. */
	ATF_CHECK_EQ(3, ro.ro_nh->nh_refs);
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.9", 32, NULL, V_loif));
	ATF_CHECK(!ro_valid(&ro));
	ATF_CHECK_EQ(2, ro.ro_nh->nh_refs);
	ATF_REQUIRE_EQ(0, ro_lookup(&ro, &a, 0));
	ATF_CHECK_EQ(V_loif, ro.ro_nh->nh_ifp);
	ATF_CHECK((ro.ro_nh->nh_flags & RTF_HOST) != 0);
	ATF_REQUIRE_EQ(0, delete("10.0.0.9", 32));
	ATF_CHECK(!ro_valid(&ro));
	ro_invalidate(&ro);
	ro_invalidate(&ro);
	/* 0 means that nothing is known, so it is never current. */
	V_rt_gen = UINT32_MAX;
	rt_gen_bump();
	ATF_CHECK_EQ(1, V_rt_gen);
	NET_LEAVE();
	net_host_end(v);
}

/* Whoever has no route of its own has the way found last; the place is one
 * destination's at a time, and of one zone. */
ATF_TC_WITHOUT_HEAD(recent);
ATF_TC_BODY(recent, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.9"), b = a;
	struct route ro = { 0 }, *slot;
	int i;

	NET_ENTER(v);
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.0", 8, NULL,
	    net_ether("e0", 1)));
	slot = ro_recent(&a, 0);
	ATF_CHECK(!ro_valid(slot));
	ATF_REQUIRE_EQ(0, ro_lookup(slot, &a, 0));
	ATF_REQUIRE_EQ(slot, ro_recent(&a, 0));
	ATF_CHECK(ro_valid(slot));
	slot->ro_llgen = 7;
	ATF_REQUIRE_EQ(0, ro_lookup(&ro, &a, 0));
	ATF_CHECK_EQ(7, ro.ro_llgen);
	ATF_CHECK_EQ(3, ro.ro_nh->nh_refs);
	/* Another of the same hash takes its place. */
	for (i = 0; i < 1000; i++) {
		b.s6_addr32[3] = htonl(0x0a010000U + (uint32_t)i);
		if (ro_recent(&b, 0) == slot)
			break;
	}
	ATF_CHECK(!ro_valid(slot));
	ATF_CHECK_EQ(2, ro.ro_nh->nh_refs);
	ATF_REQUIRE_EQ(0, ro_lookup(slot, &b, 0));
	ATF_CHECK(!ro_valid(ro_recent(&b, 1)));
	ro_invalidate(&ro);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(next_hop_outlives_interface);
ATF_TC_BODY(next_hop_outlives_interface, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.9"), b = net_addr("172.16.0.1");
	struct route deleted = { 0 }, ro = { 0 };
	struct ifnet *e0;
	int routes;

	NET_ENTER(v);
	routes = net_routes();
	e0 = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.0", 8, NULL, e0));
	ATF_REQUIRE_EQ(0, net_rt_add("172.16.0.0", 12, NULL, e0));
	ATF_REQUIRE_EQ(0, ro_lookup(&deleted, &b, 0));
	ATF_REQUIRE_EQ(0, delete("172.16.0.0", 12));
	ATF_REQUIRE_EQ(0, ro_lookup(&ro, &a, 0));
	if_detach(e0);
	ATF_CHECK_EQ(routes, net_routes());
	ATF_CHECK(!ro_valid(&ro));
	ATF_CHECK_EQ(NULL, ro.ro_nh->nh_ifp);
	ATF_CHECK_EQ(NULL, deleted.ro_nh->nh_ifp);
	ro_invalidate(&ro);
	ro_invalidate(&deleted);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(mtu_of_interface_and_route);
ATF_TC_BODY(mtu_of_interface_and_route, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.0"), b = net_addr("172.16.0.0");
	struct route ra = { 0 }, rb = { 0 };
	struct ifnet *e0;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, rt_add(&a, 8, NULL, e0, 0, 0));
	ATF_REQUIRE_EQ(0, rt_add(&b, 12, NULL, e0, 0, 1400));
	ATF_REQUIRE_EQ(0, ro_lookup(&ra, &a, 0));
	ATF_REQUIRE_EQ(0, ro_lookup(&rb, &b, 0));
	ATF_CHECK_EQ(1500, ra.ro_nh->nh_mtu);
	ATF_CHECK_EQ(1400, rb.ro_nh->nh_mtu);
	ATF_REQUIRE_EQ(0, if_setmtu(e0, 1300));
	ATF_CHECK(!ro_valid(&ra));
	ATF_CHECK_EQ(1300, ra.ro_nh->nh_mtu);
	ATF_CHECK_EQ(1300, rb.ro_nh->nh_mtu);
	ATF_REQUIRE_EQ(0, if_setmtu(e0, 9000));
	ATF_CHECK_EQ(9000, ra.ro_nh->nh_mtu);
	ATF_CHECK_EQ(1400, rb.ro_nh->nh_mtu);
	ro_invalidate(&ra);
	ro_invalidate(&rb);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(scope_picks_interface);
ATF_TC_BODY(scope_picks_interface, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0, *e1;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e1 = net_ether("e1", 2);
	ATF_REQUIRE_EQ(0, net_rt_add("::", 0, NULL, e1));
	ATF_CHECK_EQ(e0, way_to("fe80::1", e0->if_index));
	ATF_CHECK_EQ(e1, way_to("fe80::1", e1->if_index));
	ATF_CHECK_EQ(e0, way_to("ff02::1", e0->if_index));
	ATF_CHECK_EQ(NULL, way_to("fe80::1", 99));
	ATF_CHECK_EQ(e0, way_to("fe80::1", 0));
	/* A scope is nothing to a global address. */
	ATF_CHECK_EQ(e1, way_to("2001:db8::1", e0->if_index));
	if_detach(e0);
	ATF_CHECK_EQ(e1, way_to("fe80::1", 0));
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(addresses_bring_routes);
ATF_TC_BODY(addresses_bring_routes, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.1"), b = net_addr("10.0.0.2");
	struct ifnet *e0, *e1;
	int routes;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e1 = net_ether("e1", 2);
	routes = net_routes();
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "10.0.0.1", 24));
	ATF_CHECK_EQ(V_loif, way_to("10.0.0.1", 0));
	ATF_CHECK_EQ(e0, way_to("10.0.0.2", 0));
	ATF_CHECK_EQ(routes + 2, net_routes());
	/* The same subnet on another interface waits for its turn. */
	ATF_REQUIRE_EQ(0, net_ifa_add(e1, "10.0.0.2", 24));
	ATF_CHECK_EQ(V_loif, way_to("10.0.0.2", 0));
	ATF_CHECK_EQ(e0, way_to("10.0.0.3", 0));
	ATF_CHECK_EQ(routes + 3, net_routes());
	ATF_REQUIRE_EQ(0, ifa_del(e0, &a));
	ATF_CHECK_EQ(e1, way_to("10.0.0.1", 0));
	ATF_CHECK_EQ(e1, way_to("10.0.0.3", 0));
	ATF_REQUIRE_EQ(0, ifa_del(e1, &b));
	ATF_CHECK_EQ(routes, net_routes());
	/* What a user has routed stays. */
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.0", 24, NULL, e1));
	ATF_REQUIRE_EQ(0, net_ifa_add(e1, "10.0.0.2", 24));
	ATF_REQUIRE_EQ(0, ifa_del(e1, &b));
	ATF_CHECK_EQ(e1, way_to("10.0.0.3", 0));
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(memory_short);
ATF_TC_BODY(memory_short, tc)
{
	static const char *types[] = { "nhops", "routetbl" };
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	int error, routes;
	uint64_t n;
	u_int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, net_rt_add("10.0.0.0", 8, NULL, e0));
	routes = net_routes();
	for (i = 0; i < nitems(types); i++) {
		for (n = 0;; n++) {
			net_fault(types[i], n);
			/* Needs a node for the route and one to part. */
			error = net_rt_add("172.16.0.0", 12, NULL, e0);
			net_fault(types[i], UINT64_MAX);
			ATF_REQUIRE(n < 10);
			if (error == 0)
				break;
			ATF_CHECK_EQ(ENOMEM, error);
			ATF_CHECK_EQ(routes, net_routes());
			ATF_CHECK_EQ(NULL, way_to("172.16.0.1", 0));
			ATF_CHECK_EQ(e0, way_to("10.0.0.1", 0));
		}
		ATF_CHECK(n > 0);
		ATF_CHECK_EQ(e0, way_to("172.16.0.1", 0));
		ATF_REQUIRE_EQ(0, delete("172.16.0.0", 12));
	}
	NET_LEAVE();
	net_host_end(v);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, longest_match_as_linear_model);
	ATF_TP_ADD_TC(tp, foreach_in_order_until_told);
	ATF_TP_ADD_TC(tp, default_routes_of_each_family);
	ATF_TP_ADD_TC(tp, bad_routes);
	ATF_TP_ADD_TC(tp, gateways);
	ATF_TP_ADD_TC(tp, reject_and_blackhole);
	ATF_TP_ADD_TC(tp, cached_until_routes_change);
	ATF_TP_ADD_TC(tp, recent);
	ATF_TP_ADD_TC(tp, next_hop_outlives_interface);
	ATF_TP_ADD_TC(tp, mtu_of_interface_and_route);
	ATF_TP_ADD_TC(tp, scope_picks_interface);
	ATF_TP_ADD_TC(tp, addresses_bring_routes);
	ATF_TP_ADD_TC(tp, memory_short);
	return (atf_no_error());
}

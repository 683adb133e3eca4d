/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What is known of paths, and for how long. */
#include "ip_host.h"

#include <netinet/ip_plain.h>

ATF_TC_WITHOUT_HEAD(learnt_and_forgotten);
ATF_TC_BODY(learnt_and_forgotten, tc)
{
	const struct in6_addr a = ih_addr("192.0.2.1"), b = ih_addr("fc00::1");
	struct vnet *first;

	first = ih_host("a");
	ATF_CHECK_EQ(0, ip_pmtu_get(&a));
	ip_pmtu_update(&a, 1400);
	ip_pmtu_update(&b, 1300);
	ATF_CHECK_EQ(1400, ip_pmtu_get(&a));
	ATF_CHECK_EQ(1300, ip_pmtu_get(&b));
	ip_pmtu_update(&a, 1000);
	ATF_CHECK_EQ(1000, ip_pmtu_get(&a));
	ip_pmtu_forget(&a);
	ip_pmtu_forget(&a);
	ATF_CHECK_EQ(0, ip_pmtu_get(&a));
	ATF_CHECK_EQ(1300, ip_pmtu_get(&b));
	/* Another host knows nothing of it. */
	ih_host("b");
	ATF_CHECK_EQ(0, ip_pmtu_get(&b));
	ih_enter(first);
	ih_end();
}

ATF_TC_WITHOUT_HEAD(minimum);
ATF_TC_BODY(minimum, tc)
{
	const struct in6_addr a = ih_addr("192.0.2.1"), b = ih_addr("fc00::1");

	ih_host("a");
	ip_pmtu_update(&a, 0);
	ATF_CHECK_EQ(68, ip_pmtu_get(&a));
	ip_pmtu_update(&b, 1279);
	ATF_CHECK_EQ(1280, ip_pmtu_get(&b));
	ih_end();
}

/* Ten minutes, from when it was last heard of. */
ATF_TC_WITHOUT_HEAD(expiry);
ATF_TC_BODY(expiry, tc)
{
	const struct in6_addr a = ih_addr("192.0.2.1");

	ih_host("a");
	ip_pmtu_update(&a, 1400);
	ih_run(599 * SEC);
	ip_pmtu_update(&a, 1300);
	ih_run(599 * SEC);
	ATF_CHECK_EQ(1300, ip_pmtu_get(&a));
	ih_run(1 * SEC);
	ATF_CHECK_EQ(0, ip_pmtu_get(&a));
	ih_end();
}

/* The oldest makes room. */
ATF_TC_WITHOUT_HEAD(bounded);
ATF_TC_BODY(bounded, tc)
{
	const struct in6_addr kept = ih_addr("192.0.2.1");
	struct in6_addr a = ih_addr("10.0.0.0");
	int i, n;

	ih_host("a");
	for (i = 0; i < 5000; i++) {
		ip_pmtu_update(&kept, 1200);
		a.s6_addr[14] = (uint8_t)(i >> 8);
		a.s6_addr[15] = (uint8_t)i;
		ip_pmtu_update(&a, 1400);
		ATF_REQUIRE_EQ(1400, ip_pmtu_get(&a));
	}
	ATF_CHECK_EQ(1200, ip_pmtu_get(&kept));
	for (i = n = 0; i < 5000; i++) {
		a.s6_addr[14] = (uint8_t)(i >> 8);
		a.s6_addr[15] = (uint8_t)i;
		n += ip_pmtu_get(&a) != 0;
	}
	ATF_CHECK_EQ(1023, n);
	ih_end();
}

ATF_TC_WITHOUT_HEAD(route_mtu);
ATF_TC_BODY(route_mtu, tc)
{
	struct in6_addr dst = ih_addr("10.0.0.2"), a;
	struct route ro = { 0 };
	struct ifnet *wire;
	uint32_t tso;

	ih_host("a");
	wire = ih_wire("wire0", 1);
	ATF_CHECK_EQ(0, ip_route_mtu(&dst, 0, &ro, &tso));
	ih_ifa(wire, "10.0.0.1", 24);
	ATF_CHECK_EQ(1500, ip_route_mtu(&dst, 0, &ro, &tso));
	ATF_CHECK(ro_valid(&ro));
	ATF_REQUIRE_EQ(0, if_setmtu(wire, 1400));
	ATF_CHECK_EQ(1400, ip_route_mtu(&dst, 0, &ro, &tso));
	ip_pmtu_update(&dst, 1450);
	ATF_CHECK_EQ(1400, ip_route_mtu(&dst, 0, &ro, &tso));
	ip_pmtu_update(&dst, 1350);
	ATF_CHECK_EQ(1350, ip_route_mtu(&dst, 0, &ro, &tso));
	a = ih_addr("10.0.0.2");
	ATF_REQUIRE_EQ(0, rt_add(&a, 32, NULL, wire, 0, 1000));
	ATF_CHECK_EQ(1000, ip_route_mtu(&dst, 0, &ro, &tso));
	/* To ourselves. */
	ro_invalidate(&ro);
	a = ih_addr("10.0.0.1");
	ATF_CHECK_EQ(16384, ip_route_mtu(&a, 0, &ro, &tso));
	ro_invalidate(&ro);
	ih_end();
}

/* Short of memory nothing is learnt, and nothing else happens. */
ATF_TC_WITHOUT_HEAD(no_memory);
ATF_TC_BODY(no_memory, tc)
{
	const struct in6_addr a = ih_addr("192.0.2.1");

	MALLOC_DECLARE(M_PMTU);
	ih_host("a");
	malloc_type_stats(M_PMTU)->ms_fault_after = 0;
	ip_pmtu_update(&a, 1400);
	ATF_CHECK_EQ(0, ip_pmtu_get(&a));
	ip_pmtu_update(&a, 1400);
	ATF_CHECK_EQ(1400, ip_pmtu_get(&a));
	ih_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, learnt_and_forgotten);
	ATF_TP_ADD_TC(tp, minimum);
	ATF_TP_ADD_TC(tp, expiry);
	ATF_TP_ADD_TC(tp, bounded);
	ATF_TP_ADD_TC(tp, route_mtu);
	ATF_TP_ADD_TC(tp, no_memory);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Zones: the calls that an item lives through, what is kept of it, limits,
 * faults, and items that outlive their zone and their host.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include <atf-c.h>

#include "testhost.h"

#if defined(__SANITIZE_ADDRESS__)
#define	ASAN	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define	ASAN	1
#endif
#endif
#ifndef ASAN
#define	ASAN	0
#endif

static struct testhost host;

static void
begin(void)
{

	testhost_start(&host, "one");
	(void)vnet_enter(host.th_vnet);
}

static void
end(void)
{

	vnet_leave(NULL);
	testhost_stop(&host);
}

static uma_zone_t
plain_zone(size_t size, int align, uint32_t flags)
{
	uma_zone_t zone;

	zone = uma_zcreate("test", size, NULL, NULL, NULL, NULL, align,
	    flags);
	ATF_REQUIRE(zone != NULL);
	return (zone);
}

/* What was called, one letter each: Init, Ctor, Dtor, Fini. */
static char calls[64];
static int ctor_error, init_error;
static const int ctor_arg = 17;

static void
note(const char *call, int size)
{

	ATF_CHECK_EQ(24, size);
	(void)strlcat(calls, call, sizeof(calls));
}

static int
test_ctor(void *mem, int size, void *arg, int flags)
{

	note("C", size);
	ATF_CHECK(arg == &ctor_arg);
	ATF_CHECK_EQ(M_NOWAIT, flags);
	ATF_CHECK_STREQ("initialized", (char *)mem);
	return (ctor_error);
}

static void
test_dtor(void *mem, int size, void *arg)
{

	note("D", size);
	ATF_CHECK(arg == &ctor_error);
	ATF_CHECK_STREQ("initialized", (char *)mem);
}

static int
test_init(void *mem, int size, int flags __unused)
{

	note("I", size);
	(void)strlcpy(mem, "initialized", (size_t)size);
	return (init_error);
}

static void
test_fini(void *mem, int size)
{

	note("F", size);
	ATF_CHECK_STREQ("initialized", (char *)mem);
}

static const char *
calls_since(void)
{
	static char copy[64];

	(void)strlcpy(copy, calls, sizeof(copy));
	calls[0] = '\0';
	return (copy);
}

ATF_TC_WITHOUT_HEAD(calls);
ATF_TC_BODY(calls, tc)
{
	uma_zone_t zone;
	void *arg, *item;

	begin();
	arg = __DECONST(void *, &ctor_arg);
	zone = uma_zcreate("test", 24, test_ctor, test_dtor, test_init,
	    test_fini, UMA_ALIGN_PTR, 0);
	ATF_REQUIRE(zone != NULL);
	item = uma_zalloc_arg(zone, arg, M_NOWAIT);
	ATF_CHECK_STREQ("IC", calls_since());
	uma_zfree_arg(zone, item, &ctor_error);
	ATF_CHECK_STREQ(ASAN ? "DF" : "D", calls_since());
	item = uma_zalloc_arg(zone, arg, M_NOWAIT);
	ATF_CHECK_STREQ(ASAN ? "IC" : "C", calls_since());
	uma_zfree_arg(zone, item, &ctor_error);
	uma_zdestroy(zone);
	ATF_CHECK_STREQ("DF", calls_since());
	end();
}

ATF_TC_WITHOUT_HEAD(failures);
ATF_TC_BODY(failures, tc)
{
	uma_zone_t zone;
	void *arg;

	begin();
	arg = __DECONST(void *, &ctor_arg);
	zone = uma_zcreate("test", 24, test_ctor, test_dtor, test_init,
	    test_fini, UMA_ALIGN_PTR, 0);
	ctor_error = ENOMEM;
	ATF_CHECK(uma_zalloc_arg(zone, arg, M_NOWAIT) == NULL);
	ATF_CHECK_STREQ("ICF", calls_since());
	init_error = ENOMEM;
	ATF_CHECK(uma_zalloc_arg(zone, arg, M_NOWAIT) == NULL);
	ATF_CHECK_STREQ("I", calls_since());
	ATF_CHECK_EQ(2, zone->uz_stats.ms_fails);
	ATF_CHECK_EQ(0, zone->uz_stats.ms_allocs);
	ATF_CHECK_EQ(0, uma_zone_get_cur(zone));
	uma_zdestroy(zone);
	end();
}

ATF_TC_WITHOUT_HEAD(last_in_first_out);
ATF_TC_BODY(last_in_first_out, tc)
{
	uma_zone_t zone;
	void *a, *b;

	if (ASAN)
		atf_tc_skip("nothing is kept under the address sanitizer");
	begin();
	zone = plain_zone(40, UMA_ALIGN_PTR, 0);
	a = uma_zalloc(zone, M_NOWAIT);
	b = uma_zalloc(zone, M_NOWAIT);
	ATF_CHECK_EQ(2, uma_zone_get_cur(zone));
	uma_zfree(zone, a);
	uma_zfree(zone, b);
	uma_zfree(zone, NULL);
	ATF_CHECK_EQ(2, uma_zone_get_free(zone));
	ATF_CHECK_EQ(0, uma_zone_get_cur(zone));
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == b);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == a);
	uma_zfree(zone, a);
	uma_reclaim(0);
	ATF_CHECK_EQ(0, uma_zone_get_free(zone));
	uma_zfree(zone, b);
	uma_zdestroy(zone);
	end();
}

ATF_TC_WITHOUT_HEAD(kept_at_most);
ATF_TC_BODY(kept_at_most, tc)
{
	static void *items[3000];
	uma_zone_t zone;
	u_int i, pass;

	begin();
	for (pass = 0; pass < 2; pass++) {
		zone = plain_zone(64, UMA_ALIGN_PTR,
		    pass == 1 ? UMA_ZONE_NOFREE : 0);
		for (i = 0; i < nitems(items); i++)
			items[i] = uma_zalloc(zone, M_NOWAIT);
		for (i = 0; i < nitems(items); i++)
			uma_zfree(zone, items[i]);
		uma_reclaim(0);
		if (ASAN)
			ATF_CHECK_EQ(0, uma_zone_get_free(zone));
		else if (pass == 1)
			ATF_CHECK_EQ(nitems(items), uma_zone_get_free(zone));
		ATF_CHECK(uma_zone_get_free(zone) <= zone->uz_keep);
		uma_zdestroy(zone);
	}
	end();
}

/* Slabs stay while an item is in use, and go with the last one; a zone that
 * was destroyed meanwhile likewise. */
ATF_TC_WITHOUT_HEAD(slabs);
ATF_TC_BODY(slabs, tc)
{
	static uint8_t *items[200];
	uma_zone_t zone;
	u_int i, j, pass;

	begin();
	zone = plain_zone(104, 15, UMA_ZONE_SLAB);
	for (pass = 0; pass < 3; pass++) {
		for (i = 0; i < nitems(items); i++) {
			items[i] = uma_zalloc(zone, M_NOWAIT);
			ATF_REQUIRE(items[i] != NULL);
			ATF_CHECK_EQ(0, (uintptr_t)items[i] & 15);
			memset(items[i], (int)i, 104);
		}
		for (i = 0; i < nitems(items); i++)
			for (j = 0; j < 104; j++)
				ATF_REQUIRE_EQ((uint8_t)i, items[i][j]);
		for (i = 1; i < nitems(items); i++)
			uma_zfree(zone, items[i]);
		ATF_CHECK_EQ(1, uma_zone_get_cur(zone));
		uma_zone_reclaim(zone);
		if (!ASAN)
			ATF_CHECK(uma_zone_get_free(zone) >=
			    nitems(items) - 1);
		if (pass == 2)
			uma_zdestroy(zone);
		uma_zfree(zone, items[0]);
		if (pass == 2)
			break;
		uma_reclaim(0);
		ATF_CHECK_EQ(0, uma_zone_get_free(zone));
	}
	end();
}

ATF_TC_WITHOUT_HEAD(shapes);
ATF_TC_BODY(shapes, tc)
{
	static const u_int sizes[] = { 1, 7, 8, 24, 56, 100, 256, 2048,
	    5000 };
	static const u_int aligns[] = { 0, 7, 15, 63, 255, 4095 };
	static const uint32_t flags[] = { 0, UMA_ZONE_ZINIT, UMA_ZONE_SLAB };
	uma_zone_t zone;
	uint8_t *item[3];
	u_int a, f, i, s;

	begin();
	for (s = 0; s < nitems(sizes); s++)
	for (a = 0; a < nitems(aligns); a++)
	for (f = 0; f < nitems(flags); f++) {
		if (flags[f] == UMA_ZONE_SLAB &&
		    MAX(sizes[s], aligns[a] + 1) > 1024)
			continue;
		zone = plain_zone(sizes[s], (int)aligns[a], flags[f]);
		for (i = 0; i < nitems(item); i++) {
			item[i] = uma_zalloc(zone, M_NOWAIT);
			ATF_REQUIRE(item[i] != NULL);
			ATF_CHECK_EQ(0, (uintptr_t)item[i] & aligns[a]);
			if (flags[f] == UMA_ZONE_ZINIT)
				ATF_CHECK_EQ(0, item[i][sizes[s] - 1]);
			memset(item[i], 0xaa, sizes[s]);
		}
		for (i = 0; i < nitems(item); i++)
			uma_zfree(zone, item[i]);
		item[0] = uma_zalloc(zone, M_NOWAIT | M_ZERO);
		for (i = 0; i < sizes[s]; i++)
			ATF_CHECK_EQ(0, item[0][i]);
		uma_zfree(zone, item[0]);
		uma_zdestroy(zone);
	}
	end();
}

/* Whatever a limit or a fault point does to the list of free items, each is
 * had again, and the counts are right. */
ATF_TC_WITHOUT_HEAD(shared_out);
ATF_TC_BODY(shared_out, tc)
{
	const struct mem_stats *ms;
	uma_zone_t zone;
	void *item[8];
	u_int i;

	begin();
	zone = plain_zone(40, UMA_ALIGN_PTR, UMA_ZONE_SLAB);
	for (i = 0; i < nitems(item); i++)
		item[i] = uma_zalloc(zone, M_NOWAIT);
	for (i = 2; i < nitems(item); i++)
		uma_zfree(zone, item[i]);
	uma_zone_set_max(zone, 4);
	for (i = 2; i < 4; i++)
		ATF_REQUIRE((item[i] = uma_zalloc(zone, M_NOWAIT)) != NULL);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	ATF_CHECK(uma_zalloc_arg(zone, NULL, M_NOWAIT) == NULL);
	uma_zfree(zone, item[3]);
	uma_zone_set_fault(zone, 0);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	ATF_REQUIRE((item[3] = uma_zalloc(zone, M_NOWAIT)) != NULL);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	uma_zone_set_fault(zone, 1);
	uma_zfree(zone, item[3]);
	ATF_REQUIRE((item[3] = uma_zalloc(zone, M_NOWAIT)) != NULL);
	uma_zone_set_max(zone, 0);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	for (i = 4; i < nitems(item); i++)
		ATF_REQUIRE((item[i] = uma_zalloc(zone, M_NOWAIT)) != NULL);
	ms = uma_zone_stats(zone);
	ATF_CHECK_EQ(8 * 40, ms->ms_bytes);
	ATF_CHECK_EQ(16, ms->ms_allocs);
	ATF_CHECK_EQ(8, ms->ms_frees);
	ATF_CHECK_EQ(5, ms->ms_fails);
	ATF_CHECK_EQ(8, uma_zone_get_cur(zone));
	for (i = 0; i < nitems(item); i++)
		uma_zfree(zone, item[i]);
	ATF_CHECK_EQ(16, uma_zone_stats(zone)->ms_frees);
	uma_zdestroy(zone);
	end();
}

ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	uma_zone_t zone;
	void *item[3];

	begin();
	zone = plain_zone(40, UMA_ALIGN_PTR, 0);
	ATF_CHECK_EQ(0, uma_zone_get_max(zone));
	ATF_CHECK_EQ(2, uma_zone_set_max(zone, 2));
	ATF_CHECK_EQ(2, uma_zone_get_max(zone));
	item[0] = uma_zalloc(zone, M_NOWAIT);
	item[1] = uma_zalloc(zone, M_NOWAIT);
	ATF_CHECK(item[1] != NULL);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	uma_zfree(zone, item[0]);
	item[0] = uma_zalloc(zone, M_NOWAIT);
	ATF_CHECK(item[0] != NULL);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	ATF_CHECK_EQ(2, zone->uz_stats.ms_fails);
	uma_zone_set_max(zone, 0);
	item[2] = uma_zalloc(zone, M_NOWAIT);
	ATF_CHECK(item[2] != NULL);
	/* With items free, the limit still counts. */
	uma_zfree(zone, item[2]);
	uma_zone_set_max(zone, 1);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	uma_zfree(zone, item[0]);
	uma_zfree(zone, item[1]);
	uma_zdestroy(zone);
	end();
}

static u_int refusals;

static void
count_refusal(uma_zone_t zone, int nitems)
{

	ATF_CHECK(zone != NULL);
	ATF_CHECK_EQ(1, nitems);
	refusals++;
}

/* The action is told of refusals by the limit, and of no others. */
ATF_TC_WITHOUT_HEAD(maxaction);
ATF_TC_BODY(maxaction, tc)
{
	uma_zone_t zone;
	void *item;

	begin();
	zone = plain_zone(40, UMA_ALIGN_PTR, 0);
	uma_zone_set_maxaction(zone, count_refusal);
	uma_zone_set_fault(zone, 0);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	uma_zone_set_fault(zone, UINT64_MAX);
	uma_zone_set_max(zone, 1);
	item = uma_zalloc(zone, M_NOWAIT);
	ATF_CHECK(item != NULL);
	ATF_CHECK_EQ(0, refusals);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	ATF_CHECK_EQ(1, refusals);
	uma_zone_set_maxaction(zone, NULL);
	ATF_CHECK(uma_zalloc(zone, M_NOWAIT) == NULL);
	ATF_CHECK_EQ(1, refusals);
	uma_zfree(zone, item);
	uma_zdestroy(zone);
	end();
}

ATF_TC_WITHOUT_HEAD(fault);
ATF_TC_BODY(fault, tc)
{
	uma_zone_t zone;
	void *item;
	u_int i, n;

	begin();
	zone = plain_zone(40, UMA_ALIGN_PTR, 0);
	for (n = 0; n < 4; n++) {
		uma_zone_set_fault(zone, n);
		for (i = 0; i < 4; i++) {
			item = uma_zalloc(zone, M_NOWAIT);
			ATF_CHECK_EQ_MSG(i == n, item == NULL,
			    "fault after %u: request %u", n, i);
			uma_zfree(zone, item);
		}
	}
	ATF_CHECK_EQ(4, zone->uz_stats.ms_fails);
	uma_zdestroy(zone);
	end();
}

static int
count_zone(uma_zone_t zone, void *arg)
{

	if (strncmp(zone->uz_name, "uma_test", 8) == 0)
		++*(int *)arg;
	return (strcmp(zone->uz_name, "uma_test2") == 0 ? 5 : 0);
}

ATF_TC_WITHOUT_HEAD(lists);
ATF_TC_BODY(lists, tc)
{
	struct testhost other;
	uma_zone_t one, two;
	int n = 0;

	begin();
	one = uma_zcreate("uma_test1", 8, NULL, NULL, NULL, NULL, 7, 0);
	ATF_CHECK_EQ(0, uma_zone_foreach(count_zone, &n));
	two = uma_zcreate("uma_test2", 8, NULL, NULL, NULL, NULL, 7, 0);
	ATF_CHECK_EQ(5, uma_zone_foreach(count_zone, &n));
	ATF_CHECK_EQ(3, n);
	ATF_CHECK(uma_zone_find("uma_test1") == one);
	ATF_CHECK(uma_zone_find("uma_test2") == two);
	ATF_CHECK(uma_zone_find("uma_test") == NULL);
	testhost_start(&other, "two");
	(void)vnet_enter(other.th_vnet);
	ATF_CHECK(uma_zone_find("uma_test1") == NULL);
	vnet_leave(host.th_vnet);
	testhost_stop(&other);
	uma_zdestroy(one);
	ATF_CHECK(uma_zone_find("uma_test1") == NULL);
	end();			/* two goes with the vnet */
}

/* The sanitizers and valgrind see what is touched or left here. */
ATF_TC_WITHOUT_HEAD(outlive);
ATF_TC_BODY(outlive, tc)
{
	uma_zone_t destroyed, left;
	void *a, *b, *c;

	begin();
	destroyed = plain_zone(40, UMA_ALIGN_PTR, 0);
	left = plain_zone(40, UMA_ALIGN_PTR, UMA_ZONE_NOFREE);
	a = uma_zalloc(destroyed, M_NOWAIT);
	b = uma_zalloc(destroyed, M_NOWAIT);
	c = uma_zalloc(left, M_NOWAIT);
	uma_zfree(left, uma_zalloc(left, M_NOWAIT));
	uma_zdestroy(destroyed);
	uma_zfree(destroyed, a);
	ATF_CHECK_EQ(1, uma_zone_get_cur(destroyed));
	ATF_CHECK_EQ(0, uma_zone_get_free(destroyed));
	end();
	ATF_CHECK(curvnet == NULL);
	ATF_CHECK(left->uz_dying && left->uz_vnet == NULL);
	uma_zfree(destroyed, b);
	uma_zfree(left, c);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, calls);
	ATF_TP_ADD_TC(tp, failures);
	ATF_TP_ADD_TC(tp, last_in_first_out);
	ATF_TP_ADD_TC(tp, kept_at_most);
	ATF_TP_ADD_TC(tp, slabs);
	ATF_TP_ADD_TC(tp, shapes);
	ATF_TP_ADD_TC(tp, shared_out);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, maxaction);
	ATF_TP_ADD_TC(tp, fault);
	ATF_TP_ADD_TC(tp, lists);
	ATF_TP_ADD_TC(tp, outlive);
	return (atf_no_error());
}

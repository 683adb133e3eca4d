/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* malloc(9): figures by type and host, the limit, the fault point. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "testhost.h"

MALLOC_DEFINE(M_ONE, "malloctest1", "for malloc_test");
MALLOC_DEFINE(M_TWO, "malloctest2", "for malloc_test");

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

ATF_TC_WITHOUT_HEAD(figures);
ATF_TC_BODY(figures, tc)
{
	struct mem_stats *one, *two;
	void *p, *q;

	begin();
	one = malloc_type_stats(M_ONE);
	two = malloc_type_stats(M_TWO);
	p = kern_malloc(100, M_ONE, M_NOWAIT);
	q = kern_malloc(1000, M_ONE, M_WAITOK);
	ATF_REQUIRE(p != NULL && q != NULL);
	ATF_CHECK_EQ(0, (uintptr_t)p % _Alignof(max_align_t));
	memset(p, 1, 100);
	memset(q, 2, 1000);
	ATF_CHECK_EQ(2, one->ms_allocs);
	ATF_CHECK(one->ms_bytes >= 1100 && one->ms_bytes < 2200);
	ATF_CHECK_EQ(0, two->ms_allocs);
	ATF_CHECK_EQ(0, two->ms_bytes);
	kern_free(q, M_ONE);
	ATF_CHECK(one->ms_bytes >= 100 && one->ms_bytes < 1100);
	kern_free(p, M_ONE);
	kern_free(NULL, M_ONE);
	ATF_CHECK_EQ(2, one->ms_frees);
	ATF_CHECK_EQ(0, one->ms_bytes);
	ATF_CHECK_EQ(0, one->ms_fails);
	end();
}

ATF_TC_WITHOUT_HEAD(by_vnet);
ATF_TC_BODY(by_vnet, tc)
{
	struct testhost other;
	void *p;

	begin();
	p = kern_malloc(10, M_ONE, M_WAITOK);
	testhost_start(&other, "two");
	(void)vnet_enter(other.th_vnet);
	ATF_CHECK_EQ(0, malloc_type_stats(M_ONE)->ms_allocs);
	vnet_leave(host.th_vnet);
	ATF_CHECK_EQ(1, malloc_type_stats(M_ONE)->ms_allocs);
	kern_free(p, M_ONE);
	testhost_stop(&other);
	ATF_CHECK(curvnet == host.th_vnet);
	end();
}

ATF_TC_WITHOUT_HEAD(zero);
ATF_TC_BODY(zero, tc)
{
	static const char nul[4096];
	void *p;
	u_int i;

	begin();
	for (i = 0; i < 100; i++) {
		p = kern_malloc(sizeof(nul), M_ONE, M_NOWAIT | M_ZERO);
		ATF_REQUIRE(p != NULL);
		ATF_REQUIRE_EQ(0, memcmp(p, nul, sizeof(nul)));
		memset(p, 0xff, sizeof(nul));
		kern_free(p, M_ONE);
	}
	end();
}

ATF_TC_WITHOUT_HEAD(nothing);
ATF_TC_BODY(nothing, tc)
{

	begin();
	ATF_CHECK(kern_malloc(0, M_ONE, M_WAITOK) == NULL);
	ATF_CHECK_EQ(0, malloc_type_stats(M_ONE)->ms_allocs);
	ATF_CHECK(kern_mallocarray(SIZE_MAX / 2, 3, M_ONE, M_NOWAIT) ==
	    NULL);
	ATF_CHECK(kern_mallocarray(0, 3, M_ONE, M_NOWAIT) == NULL);
	ATF_CHECK_EQ(1, malloc_type_stats(M_ONE)->ms_fails);
	ATF_CHECK_EQ(0, malloc_type_stats(M_ONE)->ms_bytes);
	end();
}

ATF_TC_WITHOUT_HEAD(array_and_realloc);
ATF_TC_BODY(array_and_realloc, tc)
{
	struct mem_stats *ms;
	uint8_t *p, *q;
	u_int i;

	begin();
	ms = malloc_type_stats(M_ONE);
	p = kern_mallocarray(16, 4, M_ONE, M_NOWAIT | M_ZERO);
	ATF_REQUIRE(p != NULL);
	for (i = 0; i < 64; i++)
		p[i] = (uint8_t)i;
	p = kern_realloc(p, 5000, M_ONE, M_NOWAIT);
	ATF_REQUIRE(p != NULL);
	for (i = 0; i < 64; i++)
		ATF_CHECK_EQ(i, p[i]);
	p[4999] = 1;
	p = kern_realloc(p, 10, M_ONE, M_NOWAIT);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK_EQ(9, p[9]);
	ATF_CHECK(ms->ms_bytes < 1000);
	ms->ms_fault_after = 0;
	ATF_CHECK(kern_realloc(p, 20, M_ONE, M_NOWAIT) == NULL);
	ATF_CHECK_EQ_MSG(9, p[9], "lost by a failing realloc");
	q = kern_realloc(NULL, 20, M_ONE, M_NOWAIT);
	ATF_CHECK(q != NULL);
	kern_free(q, M_ONE);
	kern_free(p, M_ONE);
	ATF_CHECK_EQ(0, ms->ms_bytes);
	end();
}

ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	struct mem_stats *ms;
	void *p, *q;

	begin();
	ms = malloc_type_stats(M_ONE);
	ms->ms_limit = 10000;
	p = kern_malloc(8192, M_ONE, M_NOWAIT);
	ATF_REQUIRE(p != NULL);
	ATF_CHECK(kern_malloc(4096, M_ONE, M_NOWAIT) == NULL);
	ATF_CHECK(kern_malloc(SIZE_MAX, M_ONE, M_NOWAIT) == NULL);
	ATF_CHECK_EQ(2, ms->ms_fails);
	ATF_CHECK_EQ(1, ms->ms_allocs);
	q = kern_malloc(4096, M_TWO, M_NOWAIT);
	ATF_CHECK(q != NULL);
	kern_free(q, M_TWO);
	kern_free(p, M_ONE);
	q = kern_malloc(4096, M_ONE, M_NOWAIT);
	ATF_CHECK(q != NULL);
	kern_free(q, M_ONE);
	end();
}

ATF_TC_WITHOUT_HEAD(fault);
ATF_TC_BODY(fault, tc)
{
	void *p[4];
	u_int i, n;

	begin();
	for (n = 0; n < 4; n++) {
		malloc_type_stats(M_ONE)->ms_fault_after = n;
		for (i = 0; i < 4; i++) {
			p[i] = kern_malloc(8, M_ONE, M_WAITOK);
			ATF_CHECK_EQ_MSG(i == n, p[i] == NULL,
			    "fault after %u: request %u", n, i);
		}
		for (i = 0; i < 4; i++)
			kern_free(p[i], M_ONE);
	}
	ATF_CHECK_EQ(4, malloc_type_stats(M_ONE)->ms_fails);
	ATF_CHECK_EQ(UINT64_MAX, malloc_type_stats(M_ONE)->ms_fault_after);
	end();
}

static int
see_type(const struct malloc_type *type, struct mem_stats *ms, void *arg)
{

	ATF_CHECK(ms == malloc_type_stats(type));
	if (type == M_ONE || type == M_TWO || type == M_TEMP)
		++*(int *)arg;
	return (0);
}

static int
stop_at_two(const struct malloc_type *type, struct mem_stats *ms __unused,
    void *arg __unused)
{

	return (type == M_TWO ? 222 : 0);
}

ATF_TC_WITHOUT_HEAD(foreach);
ATF_TC_BODY(foreach, tc)
{
	int seen = 0;

	begin();
	ATF_CHECK_EQ(0, malloc_type_foreach(see_type, &seen));
	ATF_CHECK_EQ(3, seen);
	ATF_CHECK_EQ(222, malloc_type_foreach(stop_at_two, NULL));
	end();
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, figures);
	ATF_TP_ADD_TC(tp, by_vnet);
	ATF_TP_ADD_TC(tp, zero);
	ATF_TP_ADD_TC(tp, nothing);
	ATF_TP_ADD_TC(tp, array_and_realloc);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, fault);
	ATF_TP_ADD_TC(tp, foreach);
	return (atf_no_error());
}

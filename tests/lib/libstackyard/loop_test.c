/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The loop in virtual time: order, calls, stopping, hosts' turns.
 */
#include <stdlib.h>

#include "ktest.h"
#include "sy_test.h"

static struct sy_loop *loop;
static int trace[64];
static int ntrace;

static void
note(void *arg)
{

	trace[ntrace++] = (int)(intptr_t)arg;
}

#define	AT(when, n)	sy_loop_at(loop, (when), note, (void *)(intptr_t)(n))

TEST(modes)
{

	ATF_CHECK(sy_loop_new(7, 1) == NULL);
	ATF_CHECK_EQ(EINVAL, errno);
	ATF_CHECK(strstr(sy_error(), "SY_VIRTUAL") != NULL);
	loop = sy_loop_new(SY_VIRTUAL, 1);
	ATF_CHECK_EQ(0, sy_loop_now(loop));
	ATF_CHECK_EQ(0, sy_loop_events(loop));
	ATF_CHECK_EQ(0, strncmp(sy_version(), "Stackyard ", 10));
	sy_loop_free(loop);
	sy_loop_free(NULL);
}

/* Times in order, and calls of one time in the order of asking. */
TEST(order)
{
	const int want[] = { 4, 0, 3, 1, 5, 2 };
	int i;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	WORKS(AT(10, 0));
	WORKS(AT(20, 1));
	WORKS(AT(30, 2));
	WORKS(AT(10, 3));
	WORKS(AT(5, 4));
	WORKS(AT(20, 5));
	ATF_CHECK_EQ(0, sy_loop_run(loop, UINT64_MAX));
	ATF_REQUIRE_EQ(6, ntrace);
	for (i = 0; i < 6; i++)
		ATF_CHECK_EQ(want[i], trace[i]);
	ATF_CHECK_EQ(30, sy_loop_now(loop));
	ATF_CHECK_EQ(6, sy_loop_events(loop));
	sy_loop_free(loop);
}

/* The clock stands at the limit; what is past is due now. */
TEST(limits)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	WORKS(AT(100, 1));
	ATF_CHECK_EQ(0, sy_loop_run(loop, 99));
	ATF_CHECK_EQ(99, sy_loop_now(loop));
	ATF_CHECK_EQ(0, ntrace);
	ATF_CHECK_EQ(0, sy_loop_run(loop, 100));
	ATF_CHECK_EQ(1, ntrace);
	ATF_CHECK_EQ(0, sy_loop_run(loop, 5000));
	ATF_CHECK_EQ(5000, sy_loop_now(loop));
	WORKS(AT(10, 2));
	ATF_CHECK_EQ(1, sy_loop_step(loop, 0));
	ATF_CHECK_EQ(2, ntrace);
	ATF_CHECK_EQ(5000, sy_loop_now(loop));
	ATF_CHECK_EQ(0, sy_loop_run(loop, 10));
	ATF_CHECK_EQ(5000, sy_loop_now(loop));
	ATF_CHECK_EQ(0, sy_loop_step(loop, 0));
	sy_loop_free(loop);
}

static int64_t victim;

static void
cancel_victim(void *arg)
{

	(void)arg;
	WORKS(sy_loop_cancel(loop, victim));
}

TEST(cancel)
{
	int64_t a, b;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	WORKS(a = AT(10, 1));
	WORKS(b = AT(20, 2));
	WORKS(victim = AT(30, 3));
	WORKS(sy_loop_at(loop, 25, cancel_victim, NULL));
	WORKS(sy_loop_cancel(loop, a));
	FAILS(ENOENT, "cancelled already", sy_loop_cancel(loop, a));
	ATF_CHECK_EQ(0, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK_EQ(1, ntrace);
	ATF_CHECK_EQ(2, trace[0]);
	FAILS(ENOENT, "call", sy_loop_cancel(loop, b));
	FAILS(ENOENT, "call", sy_loop_cancel(loop, victim));
	FAILS(ENOENT, "call", sy_loop_cancel(loop, -1));
	FAILS(ENOENT, "call", sy_loop_cancel(loop, 0));
	FAILS(ENOENT, "call", sy_loop_cancel(loop, 50));
	FAILS(ENOENT, "call", sy_loop_cancel(loop, INT64_MAX));
	FAILS(EINVAL, "function", sy_loop_at(loop, 1, NULL, NULL));
	/* The memory of a is used again, its id is not. */
	WORKS(b = AT(50, 4));
	ATF_CHECK(b != a);
	FAILS(ENOENT, "call", sy_loop_cancel(loop, a));
	sy_loop_free(loop);
}

static void
stop(void *arg)
{

	(void)arg;
	sy_loop_stop(loop);
}

TEST(stopping)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	WORKS(sy_loop_at(loop, 10, stop, NULL));
	WORKS(AT(20, 1));
	ATF_CHECK_EQ(1, sy_loop_run(loop, 1000));
	ATF_CHECK_EQ(10, sy_loop_now(loop));
	ATF_CHECK_EQ(0, ntrace);
	/* One that was asked for while the loop stands counts as well. */
	sy_loop_stop(loop);
	ATF_CHECK_EQ(1, sy_loop_run(loop, 1000));
	ATF_CHECK_EQ(0, sy_loop_run(loop, 1000));
	ATF_CHECK_EQ(1, ntrace);
	sy_loop_free(loop);
}

static void
nest(void *arg)
{

	(void)arg;
	FAILS(EDEADLK, "sy_loop_run", sy_loop_run(loop, 100));
	FAILS(EDEADLK, "sy_loop_step", sy_loop_step(loop, 100));
}

TEST(nested)
{
	struct sy_host *host;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	host = sy_host_new(loop, "h", NULL, 0);
	WORKS(sy_loop_at(loop, 10, nest, NULL));
	ATF_CHECK_EQ(1, sy_loop_step(loop, 0));
	sy_host_enter(host);
	FAILS(EDEADLK, "sy_host_enter", sy_loop_run(loop, 100));
	sy_host_leave(host);
	WORKS(sy_loop_run(loop, 100));
	sy_loop_free(loop);
}

/* A call that asks for the next one: time and memory stay bounded. */
struct chain {
	uint64_t	step;
	int		left;
};

static void
next_link(void *arg)
{
	struct chain *chain;

	chain = arg;
	if (--chain->left > 0)
		WORKS(sy_loop_at(loop, sy_loop_now(loop) + chain->step,
		    next_link, chain));
}

TEST(chains)
{
	struct chain a = { 3, 1000 }, b = { 7, 1000 };

	loop = sy_loop_new(SY_VIRTUAL, 1);
	WORKS(sy_loop_at(loop, 0, next_link, &a));
	WORKS(sy_loop_at(loop, 0, next_link, &b));
	ATF_CHECK_EQ(0, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK_EQ(0, a.left);
	ATF_CHECK_EQ(0, b.left);
	ATF_CHECK_EQ(999 * 7, sy_loop_now(loop));
	ATF_CHECK_EQ(2000, sy_loop_events(loop));
	sy_loop_free(loop);
}

/* Thousands of calls, some cancelled, against what sorting says. */
#define	NRANDOM	5000
static struct expect {
	uint64_t	when;
	int		n;
} expected[NRANDOM];
static int nexpected, nseen;

static void
see(void *arg)
{
	struct expect *e;

	e = &expected[nseen++];
	ATF_REQUIRE_EQ(e->n, (int)(intptr_t)arg);
	ATF_REQUIRE_EQ(e->when, sy_loop_now(loop));
}

static int
by_time(const void *a, const void *b)
{
	const struct expect *x, *y;

	x = a;
	y = b;
	if (x->when != y->when)
		return (x->when < y->when ? -1 : 1);
	return (x->n - y->n);
}

TEST(heap)
{
	static int64_t ids[NRANDOM];
	static uint64_t when[NRANDOM];
	uint32_t r;
	int i;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	r = 12345;
	for (i = 0; i < NRANDOM; i++) {
		r = r * 1664525 + 1013904223;
		when[i] = (r >> 8) % 700;
		WORKS(ids[i] = sy_loop_at(loop, when[i], see,
		    (void *)(intptr_t)i));
	}
	for (i = 0; i < NRANDOM; i++) {
		r = r * 1664525 + 1013904223;
		if (r >> 30 == 0)
			WORKS(sy_loop_cancel(loop, ids[i]));
		else
			expected[nexpected++] = (struct expect){ when[i],
			    i };
	}
	qsort(expected, (size_t)nexpected, sizeof(expected[0]), by_time);
	ATF_CHECK_EQ(0, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK_EQ(nexpected, nseen);
	sy_loop_free(loop);
}

/*
 * Turns whose time becomes a later one: at 5 us host a finds that its next
 * timer is not that of 10 us, which it stops, but that of 20 us.  It has asked
 * for these after b and before c; nothing happens at 10 us.
 */
static struct sy_host *later_a, *later_c;

static void
later_stop(void *arg)
{

	note(arg);
	kt_timer_stop(sy_host_vnet(later_a), 1);
}

static void
later_ask(void *arg)
{

	note(arg);
	kt_timer(sy_host_vnet(later_c), 4, 20000, note, (void *)(intptr_t)5);
}

TEST(later)
{
	static const int order[] = { 1, 2, 3, 4, 5 };
	struct sy_host *b;
	uint64_t before;

	ntrace = 0;
	loop = sy_loop_new(SY_VIRTUAL, 1);
	later_a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	later_c = sy_host_new(loop, "c", NULL, 0);
	kt_timer(sy_host_vnet(later_a), 0, 5000, later_stop,
	    (void *)(intptr_t)1);
	kt_timer(sy_host_vnet(later_a), 1, 10000, note, (void *)(intptr_t)9);
	kt_timer(sy_host_vnet(later_a), 2, 20000, note, (void *)(intptr_t)4);
	kt_timer(sy_host_vnet(b), 3, 20000, note, (void *)(intptr_t)3);
	WORKS(sy_loop_at(loop, 6000, later_ask, (void *)(intptr_t)2));
	before = sy_loop_events(loop);
	ATF_CHECK_EQ(0, sy_loop_run(loop, 30000));
	ATF_CHECK_EQ(5, sy_loop_events(loop) - before);
	ATF_REQUIRE_EQ(5, ntrace);
	ATF_CHECK_EQ(0, memcmp(order, trace, sizeof(order)));
	ATF_CHECK_EQ(30000, sy_loop_now(loop));
	sy_loop_free(loop);
}

/* A descriptor of the system's has no place in virtual time. */
TEST(fd_virtual)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	FAILS(EINVAL, "real time", sy_loop_fd(loop, 0, POLLIN, NULL, NULL));
	sy_loop_free(loop);
}

/* The hook sees each turn of each host, in order. */
static char turns[16];

static void
hook(struct sy_host *host, void *arg)
{

	ATF_CHECK(arg == &turns);
	ATF_REQUIRE(strlen(turns) + 2 < sizeof(turns));
	strcat(turns, sy_host_name(host));
	strcat(turns, " ");
}

static void
set_timer(struct sy_host *host, int64_t ms)
{
	struct sy_kevent kev;
	int kq;

	WORKS(kq = sy_kqueue(host));
	SY_EV_SET(&kev, 1, SY_EVFILT_TIMER, SY_EV_ADD | SY_EV_ONESHOT, 0, ms,
	    NULL);
	WORKS(sy_kevent(host, kq, &kev, 1, NULL, 0, 0));
}

TEST(hooks)
{
	struct sy_host *a, *b;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	WORKS(sy_loop_run(loop, 0));
	sy_loop_hook(loop, hook, &turns);
	set_timer(a, 20);
	set_timer(b, 10);
	set_timer(b, 30);
	WORKS(sy_loop_run(loop, SECOND));
	ATF_CHECK_STREQ("b a b ", turns);
	sy_loop_hook(loop, NULL, NULL);
	set_timer(b, 10);
	WORKS(sy_loop_run(loop, 2 * SECOND));
	ATF_CHECK_STREQ("b a b ", turns);
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, modes);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, cancel);
	ATF_TP_ADD_TC(tp, stopping);
	ATF_TP_ADD_TC(tp, nested);
	ATF_TP_ADD_TC(tp, chains);
	ATF_TP_ADD_TC(tp, heap);
	ATF_TP_ADD_TC(tp, later);
	ATF_TP_ADD_TC(tp, fd_virtual);
	ATF_TP_ADD_TC(tp, hooks);
	return (atf_no_error());
}

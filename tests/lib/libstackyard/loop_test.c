/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The loop in virtual time: order, calls, stopping, hosts' turns.
 */
#include <stdio.h>
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

/*
 * Hosts that come and go, their timers, and calls, all at random and asked for
 * and taken back by each other, beside a model that knows only when each is to
 * happen: each does then, nothing earlier is left behind, and what happens at
 * one time does so in the same order when all of it is run again, by the loop's
 * long ways too (which a hook brings about).
 */
#define	NHOSTS	5
#define	NWHENS	(2 * KT_TIMERS)		/* timers, then calls */

static struct chaos {
	struct sy_host	*host[NHOSTS];
	struct sy_host	*of[KT_TIMERS];	/* whose the timer is */
	int64_t		id[NWHENS];	/* the call's */
	uint64_t	when[NWHENS];	/* ns; SY_NEVER: is not asked for */
	uint64_t	sum;		/* of all that has happened */
	uint64_t	happened;
	uint64_t	random;
	unsigned	born;
	bool		turn;		/* a host's: no host may go */
} chaos;

static unsigned
chance(unsigned n)
{

	chaos.random = chaos.random * 6364136223846793005ULL +
	    1442695040888963407ULL;
	return ((unsigned)(chaos.random >> 33) % n);
}

static void	chaos_timer(void *arg);
static void	chaos_call(void *arg);

/* Whole microseconds; sometimes in the past. */
static uint64_t
chaos_when(void)
{
	uint64_t ahead, now;

	now = (sy_loop_now(loop) + 999) / 1000;
	ahead = chance(1U << chance(14));
	return ((chance(8) == 0 ? now - (ahead < now ? ahead : now) :
	    now + ahead) * 1000);
}

static void
chaos_host(unsigned i)
{
	char name[16];
	unsigned t;

	if (chaos.host[i] == NULL) {
		(void)snprintf(name, sizeof(name), "h%u", chaos.born++);
		chaos.host[i] = sy_host_new(loop, name, NULL, 0);
		ATF_REQUIRE(chaos.host[i] != NULL);
		return;
	}
	if (chaos.turn)
		return;
	for (t = 0; t < KT_TIMERS; t++)
		if (chaos.when[t] != UINT64_MAX &&
		    chaos.of[t] == chaos.host[i]) {
			kt_timer_forget(t);
			chaos.when[t] = UINT64_MAX;
		}
	sy_host_free(chaos.host[i]);
	chaos.host[i] = NULL;
}

static void
chaos_arm(unsigned i)
{
	struct sy_host *host;
	uint64_t when;

	when = chaos_when();
	if (i >= KT_TIMERS) {
		if (chaos.when[i] != UINT64_MAX)
			WORKS(sy_loop_cancel(loop, chaos.id[i]));
		WORKS(chaos.id[i] = sy_loop_at(loop, when, chaos_call,
		    (void *)(intptr_t)i));
	} else {
		host = chaos.when[i] != UINT64_MAX ? chaos.of[i] :
		    chaos.host[chance(NHOSTS)];
		if (host == NULL)
			return;
		chaos.of[i] = host;
		kt_timer(sy_host_vnet(host), i, when, chaos_timer,
		    (void *)(intptr_t)i);
	}
	chaos.when[i] = when > sy_loop_now(loop) ? when : sy_loop_now(loop);
}

static void
chaos_disarm(unsigned i)
{

	if (chaos.when[i] == UINT64_MAX)
		return;
	if (i < KT_TIMERS)
		kt_timer_stop(sy_host_vnet(chaos.of[i]), i);
	else
		WORKS(sy_loop_cancel(loop, chaos.id[i]));
	chaos.when[i] = UINT64_MAX;
}

static void
chaos_act(void)
{
	unsigned n;

	for (n = chance(4); n > 0; n--)
		switch (chance(10)) {
		case 0:
			chaos_host(chance(NHOSTS));
			break;
		case 1:
		case 2:
			chaos_disarm(chance(NWHENS));
			break;
		case 3:
			if (chance(10) == 0)
				sy_loop_stop(loop);
			break;
		default:
			chaos_arm(chance(NWHENS));
			break;
		}
}

static void
chaos_happens(unsigned i)
{
	unsigned k;

	for (k = 0; k < NWHENS; k++)
		ATF_REQUIRE_MSG(chaos.when[k] >= sy_loop_now(loop),
		    "%u is left behind", k);
	ATF_REQUIRE_EQ_MSG(chaos.when[i], sy_loop_now(loop), "%u: %ju, not "
	    "%ju", i, (uintmax_t)sy_loop_now(loop), (uintmax_t)chaos.when[i]);
	chaos.when[i] = UINT64_MAX;
	chaos.happened++;
	chaos.sum = (chaos.sum ^ i ^ sy_loop_now(loop) << 8) *
	    0x9e3779b97f4a7c15ULL;
	chaos_act();
}

static void
chaos_timer(void *arg)
{

	chaos.turn = true;
	chaos_happens((unsigned)(intptr_t)arg);
	chaos.turn = false;
}

static void
chaos_call(void *arg)
{

	chaos_happens((unsigned)(intptr_t)arg);
}

static void
no_hook(struct sy_host *host, void *arg)
{

	(void)host;
	(void)arg;
}

/* Returns what has happened, as a number. */
static uint64_t
chaos_run(uint64_t seed, bool hooked)
{
	struct sy_host *host;
	unsigned i, k;

	chaos = (struct chaos){ .random = seed };
	for (i = 0; i < NWHENS; i++)
		chaos.when[i] = UINT64_MAX;
	for (i = 0; i < KT_TIMERS; i++)
		kt_timer_forget(i);
	loop = sy_loop_new(SY_VIRTUAL, seed);
	if (hooked)
		sy_loop_hook(loop, no_hook, NULL);
	for (i = 0; i < 200; i++) {
		chaos_act();
		chaos_arm(chance(NWHENS));
		host = chaos.host[chance(NHOSTS)];
		if (host != NULL && chance(3) == 0)
			(void)sy_poll(host, NULL, 0, (int)chance(5));
		else
			WORKS(sy_loop_run(loop, chaos_when()));
		for (k = 0; k < NWHENS; k++)
			ATF_REQUIRE(chaos.when[k] >= sy_loop_now(loop));
	}
	chaos.sum ^= sy_loop_events(loop);
	sy_loop_free(loop);
	return (chaos.sum);
}

TEST(random)
{
	uint64_t happened, seed, sum;

	happened = 0;
	for (seed = 1; seed <= 200; seed++) {
		sum = chaos_run(seed, false);
		happened += chaos.happened;
		ATF_REQUIRE_EQ_MSG(sum, chaos_run(seed, false), "seed %ju",
		    (uintmax_t)seed);
		ATF_REQUIRE_EQ_MSG(sum, chaos_run(seed, true), "seed %ju, "
		    "hooked", (uintmax_t)seed);
	}
	ATF_CHECK_MSG(happened > 20000, "%ju", (uintmax_t)happened);
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
	ATF_TP_ADD_TC(tp, random);
	ATF_TP_ADD_TC(tp, fd_virtual);
	ATF_TP_ADD_TC(tp, hooks);
	return (atf_no_error());
}

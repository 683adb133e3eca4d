/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Callouts: single cases first, then thousands of random runs beside a
 * model, which is an unsorted array searched for the least (microsecond,
 * number of the arming).
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "testhost.h"

#define	NCALLOUTS	40	/* of a random run */
#define	NSTEPS		60
#define	NSEEDS		5000

#define	YEAR_NS		(365ULL * 86400 * NS_PER_SEC)
/* The end of the wheel's time. */
#define	END_NS		((1ULL << 52) * NS_PER_USEC)

static struct testhost host;

static void
begin(nstime_t now)
{

	testhost_start(&host, "one");
	host.th_now = now;
	vnet_run(host.th_vnet);
	(void)vnet_enter(host.th_vnet);
}

static void
end(void)
{

	vnet_leave(NULL);
	testhost_stop(&host);
}

/* Run what is due at now; returns when the next is. */
static nstime_t
run_at(nstime_t now)
{

	vnet_leave(NULL);
	host.th_now = now;
	now = vnet_run(host.th_vnet);
	(void)vnet_enter(host.th_vnet);
	return (now);
}

static void
count(void *arg)
{

	++*(int *)arg;
}

ATF_TC_WITHOUT_HEAD(rounding);
ATF_TC_BODY(rounding, tc)
{
	static const nstime_t deadlines[] = { 0, 1, 999, 1000, 1001, 63000,
	    64000, 64001, 4096000, 4095999, 123456789, YEAR_NS / 10 };
	struct callout c;
	nstime_t due;
	u_int i;
	int fired;

	callout_init(&c, 1);
	for (i = 0; i < nitems(deadlines); i++) {
		begin(0);
		fired = 0;
		due = howmany(deadlines[i], 1000) * 1000;
		ATF_CHECK_EQ(0, callout_reset_at(&c, deadlines[i], count,
		    &fired));
		ATF_CHECK_EQ(due, vnet_next(curvnet));
		if (due > 0) {
			ATF_CHECK_EQ(due, run_at(due - 1));
			ATF_CHECK_EQ(0, fired);
		}
		ATF_CHECK_EQ(UINT64_MAX, run_at(due));
		ATF_CHECK_EQ_MSG(1, fired, "deadline %ju",
		    (uintmax_t)deadlines[i]);
		end();
	}
}

ATF_TC_WITHOUT_HEAD(states);
ATF_TC_BODY(states, tc)
{
	struct callout c;
	int fired = 0;

	begin(5000);
	memset(&c, 0, sizeof(c));	/* all zeros is idle */
	ATF_CHECK(!callout_pending(&c) && !callout_active(&c));
	ATF_CHECK_EQ(0, callout_stop(&c));
	ATF_CHECK_EQ(0, callout_reset(&c, 10, count, &fired));
	ATF_CHECK(callout_pending(&c) && callout_active(&c));
	ATF_CHECK_EQ(1, callout_reset(&c, 20, count, &fired));
	ATF_CHECK_EQ(5000 + 20 * NS_PER_TICK, vnet_next(curvnet));
	ATF_CHECK_EQ(1, callout_stop(&c));
	ATF_CHECK(!callout_pending(&c) && !callout_active(&c));
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(curvnet));

	callout_reset(&c, 0, count, &fired);
	ATF_CHECK_EQ(5000 + NS_PER_TICK, vnet_next(curvnet));
	ATF_CHECK_EQ(1, callout_reset_sbt(&c, SBT_1MS * 3, 0, count, &fired,
	    C_HARDCLOCK));
	ATF_CHECK_EQ(3005000, vnet_next(curvnet));
	ATF_CHECK_EQ(1, callout_reset_sbt(&c, -1, 0, count, &fired, 0));
	ATF_CHECK_EQ(5000, vnet_next(curvnet));
	ATF_CHECK_EQ(UINT64_MAX, run_at(5000));
	ATF_CHECK_EQ(1, fired);
	ATF_CHECK(!callout_pending(&c) && callout_active(&c));
	callout_deactivate(&c);
	ATF_CHECK(!callout_active(&c));
	end();
}

/* The last of each level, the first of the next, and beyond the wheel. */
ATF_TC_WITHOUT_HEAD(levels);
ATF_TC_BODY(levels, tc)
{
	struct callout c[2 * 11];
	nstime_t due, last;
	u_int i, n;
	int fired = 0;

	begin(0);
	n = 0;
	for (i = 0; i < 8; i++) {
		callout_init(&c[n], 1);
		callout_reset_at(&c[n++], ((1ULL << 6 * (i + 1)) - 1) * 1000,
		    count, &fired);
		callout_init(&c[n], 1);
		callout_reset_at(&c[n++], (1ULL << 6 * (i + 1)) * 1000,
		    count, &fired);
	}
	for (i = 0; i < 5; i++) {
		callout_init(&c[n], 1);
		callout_reset_at(&c[n++], (20 + 24 * (5 - i)) * YEAR_NS,
		    count, &fired);
	}
	callout_init(&c[n], 1);
	callout_reset_at(&c[n++], UINT64_MAX, count, &fired);
	last = 0;
	for (i = 0; i < n - 1; i++) {
		due = vnet_next(curvnet);
		ATF_CHECK_MSG(due > last, "%u", i);
		(void)run_at(due - 1);
		ATF_CHECK_EQ((int)i, fired);
		last = due;
		(void)run_at(due);
		ATF_CHECK_EQ((int)i + 1, fired);
	}
	ATF_CHECK_EQ(140 * YEAR_NS, last);
	/* The end of time never comes. */
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(curvnet));
	ATF_CHECK_EQ(1, callout_stop(&c[n - 1]));
	end();
}

ATF_TC_WITHOUT_HEAD(overflow);
ATF_TC_BODY(overflow, tc)
{
	struct callout c;
	int fired = 0;

	begin(END_NS - 5 * NS_PER_SEC);
	callout_init(&c, 1);
	callout_reset(&c, 10 * hz, count, &fired);
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(curvnet));
	callout_reset(&c, 1 * hz, count, &fired);
	ATF_CHECK_EQ(END_NS - 4 * NS_PER_SEC, vnet_next(curvnet));
	(void)run_at(END_NS - 3 * NS_PER_SEC);
	ATF_CHECK_EQ(1, fired);
	callout_reset_sbt(&c, INT64_MAX, 0, count, &fired, 0);
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(curvnet));
	callout_stop(&c);
	end();
}

/* A callout on the heap that frees itself. */
static void
free_self(void *arg)
{

	kern_free(arg, M_TEMP);
}

struct pair {
	struct callout	p_c;
	struct pair	*p_other;
	nstime_t	p_again;	/* arm again for this, if not 0 */
	int		p_fired;
};

static void
pair_func(void *arg)
{
	struct pair *p;

	p = arg;
	p->p_fired++;
	if (p->p_other != NULL)
		callout_stop(&p->p_other->p_c);
	if (p->p_again != 0) {
		callout_reset_at(&p->p_c, p->p_again, pair_func, p);
		p->p_again = 0;
	}
}

ATF_TC_WITHOUT_HEAD(inside_callbacks);
ATF_TC_BODY(inside_callbacks, tc)
{
	struct callout *heap;
	struct pair a, b;

	begin(0);
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	/* a stops b, due in the same microsecond. */
	a.p_other = &b;
	callout_reset_at(&a.p_c, 10000, pair_func, &a);
	callout_reset_at(&b.p_c, 10000, pair_func, &b);
	ATF_CHECK_EQ(UINT64_MAX, run_at(10000));
	ATF_CHECK_EQ(1, a.p_fired);
	ATF_CHECK_EQ(0, b.p_fired);

	/* Armed anew for now, then for the past, it fires in the same run. */
	a.p_again = 20000;
	callout_reset_at(&a.p_c, 20000, pair_func, &a);
	ATF_CHECK_EQ(UINT64_MAX, run_at(20000));
	ATF_CHECK_EQ(3, a.p_fired);
	a.p_again = 1;
	callout_reset_at(&a.p_c, 30000, pair_func, &a);
	ATF_CHECK_EQ(UINT64_MAX, run_at(90000));
	ATF_CHECK_EQ(5, a.p_fired);

	heap = kern_malloc(sizeof(*heap), M_TEMP, M_WAITOK | M_ZERO);
	ATF_REQUIRE(heap != NULL);
	callout_reset_at(heap, 100000, free_self, heap);
	ATF_CHECK_EQ(UINT64_MAX, run_at(100000));
	ATF_CHECK_EQ(0, malloc_type_stats(M_TEMP)->ms_bytes);
	end();
}

/* Entries in a ring of one's own. */
static u_int ring_fired;

static void
ring_func(struct callout_entry *ce)
{

	ATF_CHECK(!callout_entry_pending(ce));
	ring_fired++;
}

ATF_TC_WITHOUT_HEAD(ring);
ATF_TC_BODY(ring, tc)
{
	struct callout_entry ce[4];
	struct callout_link head;
	struct callout c;
	u_int i;
	int fired = 0;

	begin(0);
	callout_entry_handler(ring_func);
	callout_ring_init(&head);
	memset(ce, 0, sizeof(ce));
	callout_init(&c, 1);
	ATF_CHECK(callout_ring_first(&head) == NULL);
	for (i = 0; i < nitems(ce); i++) {
		callout_ring_add(&head, &ce[i], 5001 + 1000 * i);
		ATF_CHECK(callout_entry_pending(&ce[i]));
		ATF_CHECK_EQ(6000 + 1000 * i, callout_entry_time(&ce[i]));
	}
	callout_reset_at(&c, 20000, count, &fired);
	/* The wheel knows nothing of them. */
	ATF_CHECK_EQ(20000, vnet_next(curvnet));
	ATF_CHECK_EQ(20000, run_at(10000));
	ATF_CHECK_EQ(0U, ring_fired);
	ATF_CHECK(callout_ring_first(&head) == &ce[0]);
	ATF_CHECK_EQ(1, callout_entry_stop(&ce[1]));
	ATF_CHECK_EQ(1, callout_entry_stop(&ce[0]));
	ATF_CHECK_EQ(0, callout_entry_stop(&ce[0]));
	ATF_CHECK(callout_ring_first(&head) == &ce[2]);
	/* One leaves for the wheel, one comes back behind the other. */
	ATF_CHECK_EQ(1, callout_entry_reset_at(&ce[2], 12000));
	ATF_CHECK(callout_ring_first(&head) == &ce[3]);
	callout_ring_add(&head, &ce[0], 30000);
	ATF_CHECK(callout_ring_first(&head) == &ce[3]);
	ATF_CHECK_EQ(12000, vnet_next(curvnet));
	ATF_CHECK_EQ(20000, run_at(12000));
	ATF_CHECK_EQ(1U, ring_fired);
	ATF_CHECK_EQ(1, callout_entry_stop(&ce[3]));
	ATF_CHECK_EQ(1, callout_entry_stop(&ce[0]));
	ATF_CHECK(callout_ring_first(&head) == NULL);
	ATF_CHECK_EQ(UINT64_MAX, run_at(20000));
	ATF_CHECK_EQ(1, fired);
	end();
}

/* The random runs. */

struct entry {
	struct callout	e_c;
	uint64_t	e_usec;		/* model: fires then */
	uint64_t	e_order;	/* model: when it was armed */
	bool		e_armed;	/* model */
};

static struct {
	struct entry	entry[NCALLOUTS];
	uint64_t	seed;
	uint64_t	orders;		/* armings so far */
	uint64_t	reached;	/* microseconds */
	uint64_t	fired;
	bool		exact;		/* nothing was stopped yet */
	bool		quiet;		/* nothing more is armed */
} run;

/* A time from now on, of a random magnitude. */
static nstime_t
random_delay(void)
{
	uint64_t r;

	r = test_random(&run.seed);
	return (test_random(&run.seed) >> 8 >> r % 56);
}

static struct entry *
model_first(void)
{
	struct entry *e, *first;

	first = NULL;
	for (e = run.entry; e < run.entry + NCALLOUTS; e++)
		if (e->e_armed && (first == NULL ||
		    e->e_usec < first->e_usec || (e->e_usec ==
		    first->e_usec && e->e_order < first->e_order)))
			first = e;
	return (first);
}

static void	random_operation(void);

static void
entry_func(void *arg)
{
	struct entry *e;

	e = arg;
	ATF_REQUIRE_MSG(e->e_armed, "fired though stopped");
	ATF_REQUIRE_MSG(e == model_first(), "out of order: at %ju, not %ju",
	    (uintmax_t)e->e_usec, (uintmax_t)model_first()->e_usec);
	ATF_REQUIRE(e->e_usec <= curvnet->vnet_now / 1000);
	e->e_armed = false;
	run.reached = e->e_usec;
	run.fired++;
	if (!run.quiet && test_random(&run.seed) % 3 == 0)
		random_operation();
}

static void
entry_arm(struct entry *e, nstime_t when)
{
	int was_pending;

	was_pending = callout_reset_at(&e->e_c, when, entry_func, e);
	ATF_REQUIRE_EQ(e->e_armed, was_pending);
	run.exact = run.exact && !was_pending;
	e->e_armed = true;
	e->e_order = run.orders++;
	e->e_usec = u64max(howmany(when, 1000), run.reached);
}

static void
random_operation(void)
{
	struct entry *e;
	nstime_t now;

	e = &run.entry[test_random(&run.seed) % NCALLOUTS];
	now = curvnet->vnet_now;
	switch (test_random(&run.seed) % 8) {
	case 0:
		ATF_REQUIRE_EQ(e->e_armed, callout_stop(&e->e_c));
		run.exact = run.exact && !e->e_armed;
		e->e_armed = false;
		break;
	case 1:		/* of the past, perhaps */
		entry_arm(e, now - u64min(now, random_delay()));
		break;
	case 2:		/* the same time as another's */
		entry_arm(e, u64max(now,
		    run.entry[0].e_usec * NS_PER_USEC));
		break;
	default:
		entry_arm(e, now + random_delay());
		break;
	}
}

static nstime_t
model_due(void)
{
	const struct entry *first;

	first = model_first();
	return (first == NULL ? UINT64_MAX : first->e_usec * NS_PER_USEC);
}

/* Who gives the vnet its turns has heard of the next expiry, by the end of
 * the batch at the latest. */
static void
check_wanted(void)
{

	vnet_leave(NULL);
	ATF_REQUIRE_MSG(host.th_vnet->vnet_wanted <= model_due(),
	    "told late: %ju, not %ju", (uintmax_t)host.th_vnet->vnet_wanted,
	    (uintmax_t)model_due());
	(void)vnet_enter(host.th_vnet);
}

/* The same of one operation from outside a batch. */
static void
operation_outside(void)
{

	vnet_leave(NULL);
	curvnet = host.th_vnet;
	random_operation();
	curvnet = NULL;
	ATF_REQUIRE(host.th_vnet->vnet_wanted <= model_due());
	(void)vnet_enter(host.th_vnet);
}

/* Is what the wheel says of its next expiry true? */
static void
check_next(nstime_t next)
{
	struct entry *first;
	nstime_t due;

	first = model_first();
	due = model_due();
	ATF_REQUIRE_MSG(next <= due, "late: %ju, not %ju", (uintmax_t)next,
	    (uintmax_t)due);
	ATF_REQUIRE_MSG((next == UINT64_MAX) == (first == NULL), "empty?");
	if (run.exact)
		ATF_REQUIRE_EQ(due, next);
}

static void
random_run(uint64_t seed)
{
	struct entry *e;
	nstime_t now;
	u_int i, n;

	memset(&run, 0, sizeof(run));
	run.seed = seed;
	run.exact = true;
	now = random_delay();
	begin(now);
	run.reached = now / 1000;
	for (i = 0; i < NSTEPS; i++) {
		n = test_random(&run.seed) % 6;
		while (n-- > 0)
			random_operation();
		if (test_random(&run.seed) % 4 == 0)
			operation_outside();
		check_next(vnet_next(curvnet));
		check_wanted();
		now = test_random(&run.seed) % 2 == 0 ?
		    now + random_delay() :
		    u64min(vnet_next(curvnet), now + random_delay());
		check_next(run_at(now));
		e = model_first();
		ATF_REQUIRE_MSG(e == NULL || e->e_usec > now / 1000,
		    "left over");
		run.reached = now / 1000;
	}
	/* Let it run dry; the false alarms end as well. */
	run.quiet = true;
	for (i = 0; (now = vnet_next(curvnet)) != UINT64_MAX; i++) {
		ATF_REQUIRE(i < 10 * NCALLOUTS);
		check_next(now);
		(void)run_at(now);
		run.reached = now / 1000;
	}
	ATF_REQUIRE(model_first() == NULL);
	end();
}

ATF_TC(random);
ATF_TC_HEAD(random, tc)
{

	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(random, tc)
{
	uint64_t seed;

	for (seed = 1; seed <= NSEEDS; seed++)
		random_run(seed);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, rounding);
	ATF_TP_ADD_TC(tp, states);
	ATF_TP_ADD_TC(tp, levels);
	ATF_TP_ADD_TC(tp, overflow);
	ATF_TP_ADD_TC(tp, ring);
	ATF_TP_ADD_TC(tp, inside_callbacks);
	ATF_TP_ADD_TC(tp, random);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Flows over a bottleneck of 100 Mbit/s, 20 ms each way, with a queue of one
 * bandwidth-delay product: one fills it, ten share it, and a run repeats.
 * Virtual time only: nothing here depends on the machine.
 */
#include <atf-c.h>
#include <string.h>

#include "flows.h"

static void
run(struct flows *f, const char *cc, unsigned n, uint64_t seed)
{
	const char *error;

	*f = (struct flows){ .n = n, .cc = cc, .seed = seed,
	    .rate = 100000000, .delay = 20000000, .queue_bdp = 1,
	    .seconds = 30, .from = 10 };
	error = flows_run(f);
	ATF_REQUIRE_MSG(error == NULL, "%s", error);
}

static void
one(const char *cc)
{
	struct flows f;

	run(&f, cc, 1, 1);
	ATF_CHECK_MSG(f.utilization >= 0.95 && f.utilization <= 1.0001,
	    "%s uses %.4f of the link", cc, f.utilization);
	/* Losses come once for each climb, not all the time. */
	ATF_CHECK_MSG(f.drops < f.packets / 200, "%ju of %ju packets "
	    "dropped", (uintmax_t)f.drops, (uintmax_t)f.packets);
}

ATF_TC_WITHOUT_HEAD(one_cubic);
ATF_TC_BODY(one_cubic, tc)
{
	(void)tc;
	one("cubic");
}

ATF_TC_WITHOUT_HEAD(one_newreno);
ATF_TC_BODY(one_newreno, tc)
{
	(void)tc;
	one("newreno");
}

/*
 * How evenly twenty seconds are shared depends on whom the full queue
 * happens to hit, so the index is that of several runs, whose flows start
 * at different times in the first second.  (Of forty it was 0.963 on average,
 * and 0.88 at worst.)
 */
#define	SEEDS	12

ATF_TC_WITHOUT_HEAD(ten_cubic);
ATF_TC_BODY(ten_cubic, tc)
{
	double least = 1, sum = 0;
	struct flows f;
	uint64_t seed;

	(void)tc;
	for (seed = 1; seed <= SEEDS; seed++) {
		run(&f, "cubic", 10, seed);
		ATF_CHECK_MSG(f.utilization >= 0.95, "seed %ju: ten use %.4f "
		    "of the link", (uintmax_t)seed, f.utilization);
		sum += f.jain;
		if (f.jain < least)
			least = f.jain;
	}
	ATF_CHECK_MSG(sum / SEEDS >= 0.95, "Jain's index is %.4f on average",
	    sum / SEEDS);
	ATF_CHECK_MSG(least >= 0.85, "Jain's index is once %.4f", least);
}

ATF_TC_WITHOUT_HEAD(repeats);
ATF_TC_BODY(repeats, tc)
{
	struct flows a, b;

	(void)tc;
	run(&a, "cubic", 3, 5);
	run(&b, "cubic", 3, 5);
	ATF_CHECK_EQ(a.events, b.events);
	ATF_CHECK_EQ(a.packets, b.packets);
	ATF_CHECK_EQ(a.drops, b.drops);
	ATF_CHECK(memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one_cubic);
	ATF_TP_ADD_TC(tp, one_newreno);
	ATF_TP_ADD_TC(tp, ten_cubic);
	ATF_TP_ADD_TC(tp, repeats);
	return (atf_no_error());
}

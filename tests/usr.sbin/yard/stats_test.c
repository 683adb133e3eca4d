/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* stats.c: quantiles and Jain's index; util.c: which word was meant. */
#include <sys/types.h>
#include <atf-c.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "util.h"

/* Every value of a wide range comes back within 1/256 of itself. */
ATF_TC_WITHOUT_HEAD(buckets);
ATF_TC_BODY(buckets, tc)
{
	struct hist h;
	uint64_t v;
	double x;

	for (v = 0; v < 2000000000; v += v / 97 + 1) {
		memset(&h, 0, sizeof(h));
		hist_add(&h, v);
		x = hist_quantile(&h, 0.5);
		ATF_REQUIRE_MSG(fabs(x - (double)v) <= (double)v / 256,
		    "%ju came back as %f", (uintmax_t)v, x);
	}
}

ATF_TC_WITHOUT_HEAD(quantiles);
ATF_TC_BODY(quantiles, tc)
{
	static struct hist h;
	uint64_t v;

	ATF_CHECK(hist_quantile(&h, 0.5) == 0);
	for (v = 1; v <= 100; v++)
		hist_add(&h, v);
	ATF_CHECK_EQ(hist_quantile(&h, 0.5), 50);
	ATF_CHECK_EQ(hist_quantile(&h, 0.95), 95);
	ATF_CHECK_EQ(hist_quantile(&h, 0), 1);
	ATF_CHECK_EQ(hist_quantile(&h, 1), 100);
	/* What is too large counts, at the end. */
	hist_add(&h, UINT64_MAX);
	ATF_CHECK(hist_quantile(&h, 1) > 2e9);
}

ATF_TC_WITHOUT_HEAD(jain);
ATF_TC_BODY(jain, tc)
{
	static const double equal[] = { 3, 3, 3, 3 };
	static const double one[] = { 5, 0, 0, 0 };
	static const double two[] = { 1, 3 };

	ATF_CHECK(jain_index(equal, 4) == 1);
	ATF_CHECK(jain_index(one, 4) == 0.25);
	ATF_CHECK(jain_index(two, 2) == 0.8);
	ATF_CHECK(jain_index(one + 1, 3) == 1);
}

ATF_TC_WITHOUT_HEAD(words);
ATF_TC_BODY(words, tc)
{
	static const char *const words[] = { "rate", "delay", "duration",
	    "to" };

#define	NEAR(w)	nearest((w), words, NELEM(words), sizeof(words[0]))
	ATF_CHECK_STREQ(NEAR("rte"), "rate");
	ATF_CHECK_STREQ(NEAR("delya"), "delay");
	ATF_CHECK_STREQ(NEAR("duratoin"), "duration");
	ATF_CHECK_STREQ(NEAR("delay"), "delay");
	ATF_CHECK(NEAR("bandwidth") == NULL);
	ATF_CHECK(NEAR("x") == NULL);
	ATF_CHECK(NEAR("") == NULL);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, buckets);
	ATF_TP_ADD_TC(tp, quantiles);
	ATF_TP_ADD_TC(tp, jain);
	ATF_TP_ADD_TC(tp, words);
	return (atf_no_error());
}

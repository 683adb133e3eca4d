/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Messages, random numbers, and the keyed hash. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "testhost.h"

static struct testhost host;

static void
begin(void)
{

	testhost_start(&host, "one");
	(void)vnet_enter(host.th_vnet);
	host.th_nlines = 0;
	host.th_log[0] = '\0';
}

static void
end(void)
{

	vnet_leave(NULL);
	testhost_stop(&host);
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{

	begin();
	ATF_CHECK_EQ(4, kern_printf("one "));
	ATF_CHECK_EQ(0, host.th_nlines);
	kern_printf("%s %d\nthree", "two", 2);
	ATF_CHECK_STREQ("one two 2\n", host.th_log);
	ATF_CHECK_EQ(LOG_INFO, host.th_level);
	kern_printf("\n\nfour\n");
	ATF_CHECK_STREQ("one two 2\nthree\n\nfour\n", host.th_log);
	ATF_CHECK_EQ(4, host.th_nlines);
	end();
}

ATF_TC_WITHOUT_HEAD(long_lines);
ATF_TC_BODY(long_lines, tc)
{
	const char *p;
	u_int i, n;

	begin();
	for (i = 0; i < 1000; i++)
		kern_printf("%c", 'a' + (int)(i % 26));
	kern_printf("\n");
	for (n = 0, p = host.th_log; *p != '\0'; p++)
		if (*p != '\n')
			ATF_REQUIRE_EQ('a' + (int)(n++ % 26), *p);
	ATF_CHECK_EQ(1000, n);
	ATF_CHECK_EQ(5, host.th_nlines);
	/* One call's text is cut, not overrun. */
	host.th_log[0] = '\0';
	ATF_CHECK_EQ(5000, kern_printf("%5000d", 7));
	kern_printf("\n");
	ATF_CHECK(strlen(host.th_log) < 1100);
	end();
}

ATF_TC_WITHOUT_HEAD(levels);
ATF_TC_BODY(levels, tc)
{

	begin();
	kern_log(LOG_ERR, "bad %d\n", 3);
	ATF_CHECK_EQ(LOG_ERR, host.th_level);
	kern_printf("gathered ");
	kern_log(LOG_DEBUG, "two\nlines");
	ATF_CHECK_EQ(LOG_DEBUG, host.th_level);
	kern_printf("text\n");
	ATF_CHECK_STREQ("bad 3\ntwo\nlines\ngathered text\n", host.th_log);
	kern_log(LOG_ERR, "%s", "");
	ATF_CHECK_EQ(5, host.th_nlines);
	end();
	/* Nobody to tell: nothing happens. */
	kern_printf("nobody\n");
	kern_log(LOG_ERR, "nobody");
}

ATF_TC_WITHOUT_HEAD(panics);
ATF_TC_BODY(panics, tc)
{

	atf_tc_expect_signal(6, "panic() aborts");
	panic("number %d", 4);
}

ATF_TC_WITHOUT_HEAD(random);
ATF_TC_BODY(random, tc)
{
	struct testhost other;
	uint64_t seed;
	uint32_t expected[40], r;
	u_int counts[7], i;
	uint8_t buf[16];

	begin();
	/* The vnet's own stream and nothing else. */
	seed = host.th_seed;
	for (i = 0; i < sizeof(expected); i++)
		((uint8_t *)expected)[i] = (uint8_t)test_random(&seed);
	r = prng32();
	testhost_start(&other, "two");
	(void)vnet_enter(other.th_vnet);
	(void)prng64();
	vnet_leave(host.th_vnet);
	testhost_stop(&other);
	ATF_CHECK_EQ(expected[0], r);
	ATF_CHECK_EQ(expected[1], arc4random());
	for (i = 2; i < nitems(expected); i++)
		ATF_CHECK_EQ(expected[i], prng32());

	memset(counts, 0, sizeof(counts));
	for (i = 0; i < 70000; i++) {
		r = prng32_bounded(7);
		ATF_REQUIRE(r < 7);
		counts[r]++;
	}
	for (i = 0; i < 7; i++)
		ATF_CHECK_MSG(counts[i] > 9500 && counts[i] < 10500,
		    "%u: %u times", i, counts[i]);
	ATF_CHECK_EQ(0, prng32_bounded(1));
	ATF_CHECK_EQ(0, prng32_bounded(0));
	memset(buf, 0, sizeof(buf));
	arc4rand(buf, 15, 0);
	ATF_CHECK_EQ(0, buf[15]);
	end();
}

/*
 * A bound of 3 * 2^30 is hit by 4/3 values of r each: without rejection a
 * third of the results, those divisible by 3, come twice as often.
 */
ATF_TC_WITHOUT_HEAD(unbiased);
ATF_TC_BODY(unbiased, tc)
{
	u_int counts[3], i;

	begin();
	memset(counts, 0, sizeof(counts));
	for (i = 0; i < 30000; i++)
		counts[prng32_bounded(3U << 30) % 3]++;
	for (i = 0; i < 3; i++)
		ATF_CHECK_MSG(counts[i] > 9600 && counts[i] < 10400,
		    "%u: %u times", i, counts[i]);
	end();
}

/* The authors' test vector: key 00..0f, text 00..0e. */
ATF_TC_WITHOUT_HEAD(siphash);
ATF_TC_BODY(siphash, tc)
{
	uint8_t key[16], text[15];
	u_int i;

	for (i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (i = 0; i < 15; i++)
		text[i] = (uint8_t)i;
	ATF_CHECK_EQ(0xa129ca6149be45e5ULL, siphash24(key, text, 15));
	ATF_CHECK_EQ(0x726fdb47dd0e0e31ULL, siphash24(key, text, 0));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, long_lines);
	ATF_TP_ADD_TC(tp, levels);
	ATF_TP_ADD_TC(tp, panics);
	ATF_TP_ADD_TC(tp, random);
	ATF_TP_ADD_TC(tp, unbiased);
	ATF_TP_ADD_TC(tp, siphash);
	return (atf_no_error());
}

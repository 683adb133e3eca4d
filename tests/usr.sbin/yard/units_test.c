/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* units.c: what is a quantity, what it is worth, and what is none. */
#include <sys/types.h>
#include <atf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "units.h"

struct expected {
	const char	*text;
	uint64_t	value;
};

static void
expect(bool (*func)(const char *, uint64_t *), const struct expected *e)
{
	uint64_t v;

	for (; e->text != NULL; e++) {
		v = UINT64_MAX;
		ATF_CHECK_MSG(func(e->text, &v), "%s refused", e->text);
		ATF_CHECK_EQ_MSG(v, e->value, "%s is %ju, not %ju", e->text,
		    (uintmax_t)v, (uintmax_t)e->value);
	}
}

static void
refuse(bool (*func)(const char *, uint64_t *), const char *const *texts)
{
	uint64_t v;

	for (; *texts != NULL; texts++) {
		v = 42;
		ATF_CHECK_MSG(!func(*texts, &v), "\"%s\" accepted", *texts);
		ATF_CHECK_EQ_MSG(v, 42, "\"%s\" changed the value", *texts);
	}
}

ATF_TC_WITHOUT_HEAD(time);
ATF_TC_BODY(time, tc)
{
	static const struct expected good[] = {
		{ "20ms", 20000000 }, { "0s", 0 }, { "1.5s", 1500000000 },
		{ "0.1ms", 100000 }, { "7ns", 7 }, { "3us", 3000 },
		{ "2min", 120000000000 }, { "1h", 3600000000000 },
		{ "0.000000001s", 1 }, { NULL, 0 },
	};
	static const char *const bad[] = {
		"", "20", "ms", "20 ms", " 20ms", "20ms ", "-20ms", "+20ms",
		"20MS", "1e3ms", ".5s", "1.s", "1.2.3s", "0.5ns", "20mss",
		"9223372036854775808ns", "99999999999999999999s", "0x10s",
		"3000000h", NULL,
	};

	expect(unit_time, good);
	refuse(unit_time, bad);
}

ATF_TC_WITHOUT_HEAD(rate);
ATF_TC_BODY(rate, tc)
{
	static const struct expected good[] = {
		{ "100Mbit/s", 100000000 }, { "9600bit/s", 9600 },
		{ "64kbit/s", 64000 }, { "64Kbit/s", 64000 },
		{ "2.5Gbit/s", 2500000000 }, { "1Tbit/s", 1000000000000 },
		{ "0.5kbit/s", 500 }, { NULL, 0 },
	};
	static const char *const bad[] = {
		"100", "100Mbit", "100Mbits", "100mbit/s", "100MB/s",
		"0.5bit/s", "100 Mbit/s", NULL,
	};

	expect(unit_rate, good);
	refuse(unit_rate, bad);
}

ATF_TC_WITHOUT_HEAD(bytes);
ATF_TC_BODY(bytes, tc)
{
	static const struct expected good[] = {
		{ "100", 100 }, { "100B", 100 }, { "100bytes", 100 },
		{ "100KB", 100000 }, { "1.5MB", 1500000 },
		{ "64KiB", 65536 }, { "1MiB", 1048576 }, { "2GB", 2000000000 },
		{ "0.5KiB", 512 }, { NULL, 0 },
	};
	static const char *const bad[] = {
		"1.5", "KB", "10kb", "10K", "0.3KiB", "8388608TB0", NULL,
	};

	expect(unit_bytes, good);
	refuse(unit_bytes, bad);
}

ATF_TC_WITHOUT_HEAD(share);
ATF_TC_BODY(share, tc)
{
	double x;

	ATF_REQUIRE(unit_share("1%", &x));
	ATF_CHECK(x == 0.01);
	ATF_REQUIRE(unit_share("0.25", &x));
	ATF_CHECK(x == 0.25);
	ATF_REQUIRE(unit_share("100%", &x));
	ATF_CHECK(x == 1);
	ATF_REQUIRE(unit_share("0.001%", &x));
	ATF_CHECK(x == 0.00001);
	ATF_CHECK(!unit_share("101%", &x));
	ATF_CHECK(!unit_share("1.1", &x));
	ATF_CHECK(!unit_share("%", &x));
	ATF_CHECK(!unit_share("-1%", &x));
}

ATF_TC_WITHOUT_HEAD(queue);
ATF_TC_BODY(queue, tc)
{
	struct queue_size qs;

	ATF_REQUIRE(unit_queue("1bdp", &qs));
	ATF_CHECK(qs.qs_kind == QS_BDP && qs.qs_n == 1000000);
	ATF_REQUIRE(unit_queue("0.25bdp", &qs));
	ATF_CHECK(qs.qs_kind == QS_BDP && qs.qs_n == 250000);
	ATF_REQUIRE(unit_queue("1packet", &qs));
	ATF_CHECK(qs.qs_kind == QS_PACKETS && qs.qs_n == 1);
	ATF_REQUIRE(unit_queue("64packets", &qs));
	ATF_CHECK(qs.qs_kind == QS_PACKETS && qs.qs_n == 64);
	ATF_REQUIRE(unit_queue("64KB", &qs));
	ATF_CHECK(qs.qs_kind == QS_BYTES && qs.qs_n == 64000);
	ATF_CHECK(!unit_queue("1.5packets", &qs));
	ATF_CHECK(!unit_queue("5000000000packets", &qs));
	ATF_CHECK(!unit_queue("64pkts", &qs));
	ATF_CHECK(!unit_queue("", &qs));
}

ATF_TC_WITHOUT_HEAD(count);
ATF_TC_BODY(count, tc)
{
	static const struct expected good[] = {
		{ "0", 0 }, { "12", 12 },
		{ "9223372036854775799", 9223372036854775799 }, { NULL, 0 },
	};
	static const char *const bad[] = {
		"", "-1", "1.5", "1s", "10000000000000000000", NULL,
	};

	expect(unit_count, good);
	refuse(unit_count, bad);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, time);
	ATF_TP_ADD_TC(tp, rate);
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, share);
	ATF_TP_ADD_TC(tp, queue);
	ATF_TP_ADD_TC(tp, count);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* See testhost.h. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <atf-c.h>

#include "testhost.h"

/*
 * G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom Number
 * Generators, 2014: a counter with a large odd step, then a mixing of bits.
 */
uint64_t
test_random(uint64_t *seed)
{
	uint64_t z;

	z = *seed += 0x9e3779b97f4a7c15ULL;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31);
}

static nstime_t
testhost_clock(void *arg)
{
	struct testhost *th;

	th = arg;
	th->th_nclock++;
	return (th->th_now);
}

static int64_t
testhost_epoch(void *arg __unused)
{

	return (0);
}

static void
testhost_random(void *arg, void *buf, size_t len)
{
	struct testhost *th;
	uint8_t *p;

	th = arg;
	for (p = buf; len > 0; p++, len--)
		*p = (uint8_t)test_random(&th->th_seed);
}

static void
testhost_log(void *arg, int level, const char *line)
{
	struct testhost *th;

	th = arg;
	th->th_nlines++;
	th->th_level = level;
	(void)strlcat(th->th_log, line, sizeof(th->th_log));
	(void)strlcat(th->th_log, "\n", sizeof(th->th_log));
}

static void
testhost_wakeup(void *arg, nstime_t when)
{
	struct testhost *th;

	th = arg;
	th->th_nwakeups++;
	th->th_woken = when;
}

const struct vnet_hostops testhost_ops = {
	.ho_clock = testhost_clock,
	.ho_epoch = testhost_epoch,
	.ho_random = testhost_random,
	.ho_log = testhost_log,
	.ho_wakeup = testhost_wakeup
};

int
testhost_start_with(struct testhost *th, const char *name,
    const struct vnet_tunable *tun, size_t ntun)
{

	memset(th, 0, sizeof(*th));
	return (vnet_alloc(name, &testhost_ops, th, tun, ntun,
	    &th->th_vnet));
}

void
testhost_start(struct testhost *th, const char *name)
{
	int error;

	error = testhost_start_with(th, name, NULL, 0);
	ATF_REQUIRE_EQ_MSG(0, error, "vnet_alloc: %d: %s", error,
	    th->th_log);
}

void
testhost_stop(struct testhost *th)
{

	vnet_destroy(th->th_vnet);
	th->th_vnet = NULL;
}

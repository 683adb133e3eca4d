/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Ten thousand hosts in one loop, each linked to the next and each with
 * timers of its own.
 */
#include <stdio.h>

#include "sy_test.h"

#define	NHOSTS	10000

static struct sy_host *hosts[NHOSTS];
static int nturns;

static void
count_turn(struct sy_host *host, void *arg)
{

	(void)host;
	(void)arg;
	nturns++;
}

TEST(hosts)
{
	struct sy_loop *loop;
	struct sy_kevent kev;
	char name[16];
	int i, kq;

	loop = sy_loop_new(SY_VIRTUAL, 1);
	for (i = 0; i < NHOSTS; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		hosts[i] = sy_host_new(loop, name, NULL, 0);
		ATF_REQUIRE_MSG(hosts[i] != NULL, "%s", sy_error());
		if (i > 0)
			WORKS(sy_link(hosts[i - 1], hosts[i], i, 0));
	}
	ATF_CHECK(sy_host_find(loop, "h4711") == hosts[4711]);
	WORKS(sy_loop_run(loop, 10 * SECOND));
	sy_loop_hook(loop, count_turn, NULL);
	for (i = 0; i < NHOSTS; i++) {
		WORKS(kq = sy_kqueue(hosts[i]));
		SY_EV_SET(&kev, 1, SY_EVFILT_TIMER, SY_EV_ADD |
		    SY_EV_ONESHOT, SY_NOTE_USECONDS, 1 + i * 7919 % NHOSTS,
		    NULL);
		WORKS(sy_kevent(hosts[i], kq, &kev, 1, NULL, 0, 0));
	}
	WORKS(sy_loop_run(loop, 11 * SECOND));
	ATF_CHECK_MSG(nturns >= NHOSTS, "%d turns", nturns);
	/* Some go first. */
	for (i = 0; i < NHOSTS; i += 3)
		sy_host_free(hosts[i]);
	WORKS(sy_loop_run(loop, 12 * SECOND));
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, hosts);
	return (atf_no_error());
}

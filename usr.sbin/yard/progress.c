/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The progress line: on standard error, if that is a terminal and the run
 * is a long one (nothing in its first half second), at most ten times a
 * second of the wall's time.  Nothing of what it knows reaches a result.
 *
 * May touch: standard error, the clock.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "util.h"

/* There is one terminal, and so one line. */
static struct {
	const char	*p_what;	/* NULL: no run */
	uint64_t	p_started, p_next; /* wall's time, ns */
	bool		p_shown;
} progress;

static uint64_t
wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec);
}

void
progress_start(const char *what)
{

	progress_clear();
	if (what != NULL && !isatty(STDERR_FILENO))
		what = NULL;
	progress.p_what = what;
	if (what == NULL)
		return;
	progress.p_started = wall();
	progress.p_next = progress.p_started + 500 * NS_PER_MS;
}

void
progress_show(uint64_t now, uint64_t end)
{
	uint64_t t;
	double past;

	if (progress.p_what == NULL)
		return;
	t = wall();
	if (t < progress.p_next)
		return;
	progress.p_next = t + 100 * NS_PER_MS;
	past = (double)(t - progress.p_started);
	fprintf(stderr, "\r\033[K%s: %.1f of %.1f s, %.1f simulated s per s",
	    progress.p_what, (double)now / 1e9, (double)end / 1e9,
	    (double)now / past);
	progress.p_shown = true;
}

void
progress_clear(void)
{

	if (!progress.p_shown)
		return;
	fputs("\r\033[K", stderr);
	progress.p_shown = false;
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * How every program here, the peers' too, says what it measured: a line with
 * the name, the value and the unit, separated by tabs.
 */
#ifndef _FIGURE_H_
#define	_FIGURE_H_

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#define	COUNTS		"yes"
#else
#define	COUNTS		"no"
#endif

/* With this (-u) figures are not printed: the number of units alone is. */
extern bool	figure_units_only;

__attribute__((__format__(__printf__, 3, 4)))
static inline void
figure(double value, const char *unit, const char *name, ...)
{
	va_list ap;

	if (figure_units_only)
		return;
	va_start(ap, name);
	(void)vprintf(name, ap);
	va_end(ap);
	(void)printf("\t%.6g\t%s\n", value, unit);
}

__attribute__((__format__(__printf__, 1, 2), __noreturn__))
static inline void
die(const char *format, ...)
{
	va_list ap;

	(void)fprintf(stderr, "bench: ");
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fprintf(stderr, "\n");
	exit(1);
}

/*
 * Under callgrind, begun with --instr-atstart=no: count instructions from
 * here on, which spares most of the time that preparations would take.  It
 * needs valgrind's headers when this is compiled; COUNTS is whether.
 */
static inline void
count_from_here(void)
{
#ifdef CALLGRIND_START_INSTRUMENTATION
	CALLGRIND_START_INSTRUMENTATION;
#endif
}

/* Seconds of the machine's clock. */
static inline double
wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

#endif /* !_FIGURE_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Bulk flows that share a bottleneck, and how well they do; for share_test
 * and for tests/bench.
 */
#ifndef _FLOWS_H_
#define	_FLOWS_H_

#include <stdint.h>

#define	FLOWS_MAX	32

struct flows {
	/* What to run. */
	unsigned	n;		/* at most FLOWS_MAX */
	const char	*cc;
	uint64_t	seed;
	uint64_t	rate;		/* bits/s */
	uint64_t	delay;		/* ns, each way */
	double		queue_bdp;
	double		seconds;	/* in all */
	double		from;		/* counting begins */
	/* What it came to, counted from then on. */
	double		utilization;	/* of the bottleneck, 0..1 */
	double		jain;		/* (sum x)^2 / (n * sum x^2) */
	uint64_t	bytes[FLOWS_MAX]; /* that the readers got */
	/* From the beginning on. */
	uint64_t	packets;	/* through the bottleneck */
	uint64_t	drops;		/* at its queue */
	uint64_t	events;
	double		cpu, wall;	/* s, of the machine */
};

/* Run; what went wrong, or NULL. */
const char *flows_run(struct flows *f);

#endif /* !_FLOWS_H_ */

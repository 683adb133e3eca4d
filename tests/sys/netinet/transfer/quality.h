/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * How well one flow recovers from what a path does to it; for quality_test.
 * No header of the stack's or the system's, for both kinds of sources.
 */
#ifndef _QUALITY_H_
#define	_QUALITY_H_

#include <stdint.h>

struct vnet;

/* ---- A run (quality.c) ---- */

struct quality {
	/* What to run. */
	const char	*cc;
	const char	*options;	/* of "sack", "ts", both, or "none" */
	unsigned	delay;		/* ms, each way */
	double		loss;		/* 0..1, as the next three */
	double		ge_enter, ge_leave; /* of bursts, all lost */
	double		reorder;
	unsigned	gap;		/* packets that pass another */
	unsigned	tail;		/* the last are lost; 0: endless */
	double		seconds;	/* at most */
	uint64_t	seed;
	/* What it came to. */
	uint64_t	kbits;		/* got by the reader, a second */
	uint64_t	ms;		/* until it got all, with a tail */
	uint64_t	timeouts;
	uint64_t	again;		/* segments sent again */
	uint64_t	spurious;	/* segments got twice */
	uint64_t	undone;		/* losses that were none */
};

/* Run; what went wrong, or NULL. */
const char *quality_run(struct quality *q);

/* ---- Counters of a host (quality_k.c) ---- */

struct quality_stats {
	uint64_t	qs_timeouts;
	uint64_t	qs_again;
	uint64_t	qs_undone;
	uint64_t	qs_twice;
};
void	quality_stats(struct vnet *vnet, struct quality_stats *qs);

#endif /* !_QUALITY_H_ */

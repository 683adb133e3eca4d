/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Quantiles come from a histogram of bounded size: values below 2^7 have a
 * bucket each, those of every octave above share 2^7 buckets, so that the
 * middle of a bucket is off by 1/256 at most.  With e the position of the
 * highest bit of v,
 *
 *	bucket = (e - 6) * 2^7 + (v >> (e - 7)) - 2^7	for v >= 2^7
 *
 * Jain's index is that of R. Jain, D. Chiu and W. Hawe, 1984.
 *
 * May touch: nothing but its arguments.
 */
#include "stats.h"

#define	HIST_ONE	(1ULL << HIST_BITS)

static size_t
bucket_of(uint64_t v)
{
	int e;

	if (v < HIST_ONE)
		return ((size_t)v);
	e = 63 - __builtin_clzll(v);
	if (e >= HIST_BITS + HIST_OCTAVES)
		return (HIST_BUCKETS - 1);
	return (((size_t)(e - HIST_BITS + 1) << HIST_BITS) +
	    (size_t)((v >> (e - HIST_BITS)) - HIST_ONE));
}

/* The middle of a bucket. */
static double
bucket_value(size_t i)
{
	uint64_t low;
	int shift;

	if (i < HIST_ONE)
		return ((double)i);
	shift = (int)(i >> HIST_BITS) - 1;
	low = (HIST_ONE + (i & (HIST_ONE - 1))) << shift;
	return ((double)low + (double)((1ULL << shift) - 1) / 2);
}

void
hist_add(struct hist *h, uint64_t value)
{

	h->h_count[bucket_of(value)]++;
	h->h_total++;
}

double
hist_quantile(const struct hist *h, double q)
{
	uint64_t seen;
	double wanted;
	size_t i;

	wanted = q * (double)h->h_total;
	seen = 0;
	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += h->h_count[i];
		if (seen > 0 && (double)seen >= wanted)
			return (bucket_value(i));
	}
	return (0);
}

double
jain_index(const double *x, size_t n)
{
	double sum, squares;
	size_t i;

	sum = squares = 0;
	for (i = 0; i < n; i++) {
		sum += x[i];
		squares += x[i] * x[i];
	}
	return (squares > 0 ? sum * sum / ((double)n * squares) : 1);
}

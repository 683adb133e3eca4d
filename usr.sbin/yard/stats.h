/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Figures that sum up many: quantiles, Jain's index. */
#ifndef _YARD_STATS_H_
#define	_YARD_STATS_H_

#include <stddef.h>
#include <stdint.h>

#define	HIST_BITS	7	/* buckets of an octave: 2^7, so 0.4 % */
#define	HIST_OCTAVES	24	/* values up to 2^31 - 1; more count as that */
#define	HIST_BUCKETS	((HIST_OCTAVES + 1) << HIST_BITS)

/* How often values came; zeroed it is empty. */
struct hist {
	uint64_t	h_total;
	uint32_t	h_count[HIST_BUCKETS];
};
void	hist_add(struct hist *h, uint64_t value);
/* The value that share q (0..1) of all is not above; 0 if there is none. */
double	hist_quantile(const struct hist *h, double q);

/* (sum x)^2 / (n * sum x^2): 1 for equal shares, 1/n if one has all; 1 if
 * there is nothing to share. */
double	jain_index(const double *x, size_t n);

#endif /* !_YARD_STATS_H_ */

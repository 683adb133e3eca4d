/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Quantities as a person writes them: a number with its unit. */
#ifndef _YARD_UNITS_H_
#define	_YARD_UNITS_H_

#include <stdbool.h>
#include <stdint.h>

/* A queue's length, or a place in it. */
struct queue_size {
	enum { QS_NONE, QS_BYTES, QS_PACKETS, QS_BDP } qs_kind;
	uint64_t	qs_n;		/* bytes, packets, millionths of BDP */
};

/* Each is true if s is such a quantity, whole and in range; else *v is as it
 * was. */
bool	unit_time(const char *s, uint64_t *ns);		/* "20ms" */
bool	unit_rate(const char *s, uint64_t *bits);	/* "100Mbit/s" */
bool	unit_bytes(const char *s, uint64_t *bytes);	/* "100KB", "2MiB" */
bool	unit_share(const char *s, double *share);	/* "1%", 0 to 1 */
bool	unit_queue(const char *s, struct queue_size *qs); /* "1bdp" */
bool	unit_count(const char *s, uint64_t *n);		/* "12" */

#endif /* !_YARD_UNITS_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* One line on the terminal that says how far a run is. */
#ifndef _YARD_PROGRESS_H_
#define	_YARD_PROGRESS_H_

#include <stdint.h>

/* A run called what begins, or ends (what NULL). */
void	progress_start(const char *what);
/* now and end in ns of simulated time. */
void	progress_show(uint64_t now, uint64_t end);
/* Take the line away, before something else is written. */
void	progress_clear(void);

#endif /* !_YARD_PROGRESS_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What yard run and yard compare share. */
#ifndef _YARD_RUN_H_
#define	_YARD_RUN_H_

#include <stdint.h>

#include "outdir.h"
#include "scenario.h"

/* The argument of -S. */
uint64_t parse_seed(const char *arg);
/* Have a module loaded besides those that the scenario names. */
void	add_module(struct scenario *sc, const char *path);
/* The scenario's text among the results. */
void	write_scenario(const struct scenario *sc, struct outdir *out,
	    const char *name);

#endif /* !_YARD_RUN_H_ */

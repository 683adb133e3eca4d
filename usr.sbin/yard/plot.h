/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Plots of runs over time, by gnuplot(1). */
#ifndef _YARD_PLOT_H_
#define	_YARD_PLOT_H_

#include "outdir.h"
#include "sim.h"

struct plot;

/* A plot of that many columns, with text printed beside them. */
struct plot *plot_new(int columns, const char *text);
/* The flows and queues of a run, in a column (from 0) that is called title.
 * Reads the run's files by their place in the directory of results. */
void	plot_add(struct plot *p, int column, const char *title,
	    const struct sim *si);
/*
 * Write plot.gp and let gnuplot make plot.svg (or plot.png) of it.  If there
 * is no gnuplot, a line on standard error says so.  Frees p.
 */
void	plot_finish(struct plot *p, struct outdir *out, bool png);

#endif /* !_YARD_PLOT_H_ */

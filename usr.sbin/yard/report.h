/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What came of a run, for people and for programs. */
#ifndef _YARD_REPORT_H_
#define	_YARD_REPORT_H_

#include "json.h"
#include "sim.h"

/* The table on standard output. */
void	report_table(const struct sim *si);
/* The same as members of the object that is open. */
void	report_json(const struct sim *si, struct json *j);
/* table.json among the run's files. */
void	report_file(const struct sim *si);
/* Flows that failed. */
size_t	report_failures(const struct sim *si);
/* What the legend of a plot calls a flow. */
void	report_label(const struct flow *fl, char *buf, size_t size);

#endif /* !_YARD_REPORT_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * How well flows recover, over many paths: quality.tsv has it row by row,
 * and is what it was unless somebody changed TCP, who then looks at the
 * difference and, if it is good, writes it anew:
 *
 *	quality_test -v write=tests/sys/netinet/transfer/quality.tsv table
 *
 * Two things are asked for whatever the table says: that cubic needs no
 * timeout at 1 % of loss, and that segments which are passed by fewer than
 * three others are not sent again.
 */
#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quality.h"

static const char heading[] =
    "# SPDX-License-Identifier: BSD-2-Clause\n"
    "# Copyright (c) 2026 The Stackyard developers\n"
    "#\n"
    "# Recovery over 100 Mbit/s: made by quality_test, which says how.\n"
    "# The path and each way's ms, module, options; kbit/s (or ms after a\n"
    "# tail of so many segments was lost), timeouts, segments sent again,\n"
    "# got twice, losses undone.\n";

#define	TABLE_MAX	65536

/* The table as it is now. */
struct table {
	char	t_text[TABLE_MAX];
	size_t	t_len;
};

static void
table_row(struct table *t, const char *path, struct quality *q)
{
	const char *error;
	int n;

	error = quality_run(q);
	ATF_REQUIRE_MSG(error == NULL, "%s %s %s: %s", path, q->cc,
	    q->options, error);
	n = snprintf(t->t_text + t->t_len, TABLE_MAX - t->t_len, "%s %u ms\t"
	    "%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	    "\t%" PRIu64 "\n", path, q->delay, q->cc, q->options,
	    q->tail != 0 ? q->ms : q->kbits, q->timeouts, q->again,
	    q->spurious, q->undone);
	ATF_REQUIRE(n > 0 && (size_t)n < TABLE_MAX - t->t_len);
	t->t_len += (size_t)n;
}

static const char *const modules[] = { "cubic", "newreno" };
static const char *const options[] = { "sack ts", "sack", "ts", "none" };
#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

static void
table_losses(struct table *t)
{
	static const double losses[] = { 0.0001, 0.001, 0.01, 0.03 };
	struct quality q;
	char path[64];
	size_t cc, i, o;

	for (i = 0; i < NITEMS(losses); i++)
		for (cc = 0; cc < NITEMS(modules); cc++)
			for (o = 0; o < NITEMS(options); o++) {
				q = (struct quality){ .cc = modules[cc],
				    .options = options[o], .delay = 20,
				    .loss = losses[i], .seconds = 11,
				    .seed = 1 };
				(void)snprintf(path, sizeof(path),
				    "loss %g%%", losses[i] * 100);
				table_row(t, path, &q);
			}
}

/* Of so many packets on average, a hundred times as many apart. */
static void
table_bursts(struct table *t)
{
	static const unsigned lengths[] = { 2, 5, 10, 30 };
	struct quality q;
	char path[64];
	size_t i, o;

	for (i = 0; i < NITEMS(lengths); i++)
		for (o = 0; o < NITEMS(options); o++) {
			q = (struct quality){ .cc = "cubic",
			    .options = options[o], .delay = 20,
			    .ge_enter = 0.01 / lengths[i],
			    .ge_leave = 1.0 / lengths[i], .seconds = 21,
			    .seed = 1 };
			(void)snprintf(path, sizeof(path), "bursts of %u",
			    lengths[i]);
			table_row(t, path, &q);
		}
}

static void
table_reordering(struct table *t)
{
	static const unsigned gaps[] = { 1, 2, 3, 4, 6, 8, 10, 15, 20 };
	struct quality q;
	char path[64];
	size_t i, o;

	for (i = 0; i < NITEMS(gaps); i++)
		for (o = 0; o < NITEMS(options); o++) {
			q = (struct quality){ .cc = "cubic",
			    .options = options[o], .delay = 20,
			    .reorder = 0.01, .gap = gaps[i], .seconds = 6,
			    .seed = 1 };
			(void)snprintf(path, sizeof(path), "passed by %u",
			    gaps[i]);
			table_row(t, path, &q);
		}
}

/* A path that loses some, too: what is waited for must not cost more than it
 * saves. */
static void
table_reordering_loss(struct table *t)
{
	static const double losses[] = { 0.0001, 0.001, 0.01 };
	struct quality q;
	char path[64];
	size_t i, o;

	for (i = 0; i < NITEMS(losses); i++)
		for (o = 0; o < NITEMS(options); o++) {
			q = (struct quality){ .cc = "cubic",
			    .options = options[o], .delay = 20,
			    .loss = losses[i], .reorder = 0.01, .gap = 10,
			    .seconds = 11, .seed = 1 };
			(void)snprintf(path, sizeof(path),
			    "passed by 10, loss %g%%", losses[i] * 100);
			table_row(t, path, &q);
		}
}

static void
table_tails(struct table *t)
{
	struct quality q;
	char path[64];
	size_t o;
	unsigned n;

	for (n = 1; n <= 10; n++)
		for (o = 0; o < NITEMS(options); o++) {
			q = (struct quality){ .cc = "cubic",
			    .options = options[o], .delay = 20, .tail = n,
			    .seconds = 60, .seed = 1 };
			(void)snprintf(path, sizeof(path), "tail of %u", n);
			table_row(t, path, &q);
		}
}

static void
table_make(struct table *t)
{
	t->t_len = (size_t)snprintf(t->t_text, TABLE_MAX, "%s", heading);
	table_losses(t);
	table_bursts(t);
	table_reordering(t);
	table_reordering_loss(t);
	table_tails(t);
}

/* Line by line; every one that differs is shown. */
static void
table_compare(const struct table *t, FILE *file)
{
	char line[512];
	const char *end, *p = t->t_text;
	size_t len;

	while (fgets(line, sizeof(line), file) != NULL) {
		end = strchr(p, '\n');
		len = end != NULL ? (size_t)(end + 1 - p) : 0;
		if (strlen(line) != len || memcmp(line, p, len) != 0)
			atf_tc_fail_nonfatal("was: %sis:  %.*s", line,
			    (int)len, p);
		p += len;
	}
	if (*p != '\0')
		atf_tc_fail_nonfatal("is, too: %s", p);
}

ATF_TC(table);
ATF_TC_HEAD(table, tc)
{
	atf_tc_set_md_var(tc, "descr", "quality.tsv is what happens");
}
ATF_TC_BODY(table, tc)
{
	static struct table t;
	char path[1024];
	const char *to;
	FILE *file;

	table_make(&t);
	to = atf_tc_get_config_var_wd(tc, "write", NULL);
	(void)snprintf(path, sizeof(path), "%s", to != NULL ? to : SRCDIR
	    "/quality.tsv");
	file = fopen(path, to != NULL ? "w" : "r");
	ATF_REQUIRE_MSG(file != NULL, "%s", path);
	if (to != NULL)
		(void)fwrite(t.t_text, 1, t.t_len, file);
	else
		table_compare(&t, file);
	(void)fclose(file);
}

/* No timeout in 30 s, whatever is lost. */
ATF_TC_WITHOUT_HEAD(cubic_one_percent);
ATF_TC_BODY(cubic_one_percent, tc)
{
	static const unsigned delays[] = { 10, 20 };
	struct quality q;
	const char *error;
	uint64_t seed;
	size_t i, o;

	(void)tc;
	for (i = 0; i < NITEMS(delays); i++)
		for (o = 0; o < 2; o++)
			for (seed = 1; seed <= 8; seed++) {
				q = (struct quality){ .cc = "cubic",
				    .options = options[o], .delay = delays[i],
				    .loss = 0.01, .seconds = 30,
				    .seed = seed };
				error = quality_run(&q);
				ATF_REQUIRE_MSG(error == NULL, "%s", error);
				ATF_CHECK_MSG(q.timeouts == 0, "%u ms, %s, "
				    "seed %ju: %ju timeouts", delays[i],
				    options[o], (uintmax_t)seed,
				    (uintmax_t)q.timeouts);
			}
}

/* What two segments pass is not taken for lost. */
ATF_TC_WITHOUT_HEAD(reordering_under_three);
ATF_TC_BODY(reordering_under_three, tc)
{
	static const double often[] = { 0.001, 0.01, 0.1, 0.3 };
	struct quality q;
	const char *error;
	unsigned gap;
	size_t i, o;

	(void)tc;
	for (gap = 1; gap <= 2; gap++)
		for (o = 0; o < NITEMS(options); o++)
			for (i = 0; i < NITEMS(often); i++) {
				q = (struct quality){ .cc = "cubic",
				    .options = options[o], .delay = 10,
				    .reorder = often[i], .gap = gap,
				    .seconds = 3, .seed = 1 };
				error = quality_run(&q);
				ATF_REQUIRE_MSG(error == NULL, "%s", error);
				ATF_CHECK_MSG(q.spurious == 0, "passed by "
				    "%u, %g, %s: %ju of %ju in vain", gap,
				    often[i], options[o],
				    (uintmax_t)q.spurious,
				    (uintmax_t)q.again);
			}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, table);
	ATF_TP_ADD_TC(tp, cubic_one_percent);
	ATF_TP_ADD_TC(tp, reordering_under_three);
	return (atf_no_error());
}

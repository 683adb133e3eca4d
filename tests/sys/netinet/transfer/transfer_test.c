/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The table of whole transfers, a test case for each of its groups.
 *
 * One row alone: transfer_test -v row=17 loss
 * with a recording of it: -v pcap=FILE; figures of each row: -v show=1
 */
#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfer.h"

static void
show(const struct xf *x, const char *group)
{
	uint64_t limit = xf_limit(&x->x_row);

	printf("%s %u: %.3f s of %.0f (%.2f), %" PRIu64 " events, again "
	    "%" PRIu64 ", timeouts %" PRIu64 " %" PRIu64 "\n", group,
	    x->x_row.id, (double)x->x_done / SECOND, (double)limit / SECOND,
	    (double)x->x_done / (double)limit, x->x_events, x->x_count.again,
	    x->x_end[0].e_last.c_rexmttimeo, x->x_end[1].e_last.c_rexmttimeo);
}

static void
run_group(const atf_tc_t *tc, const char *group)
{
	char line[1024];
	struct xf x;
	unsigned id, only;
	bool shown;

	memset(&x, 0, sizeof(x));
	only = (unsigned)atf_tc_get_config_var_as_long_wd(tc, "row", -1);
	x.x_pcap = atf_tc_get_config_var_wd(tc, "pcap", NULL);
	shown = atf_tc_has_config_var(tc, "show");
	for (id = 0; xf_row(group, id, &x.x_row); id++) {
		if (only != (unsigned)-1 && id != only)
			continue;
		xf_print(&x.x_row, line, sizeof(line));
		/* Not lost if the stack aborts. */
		printf("row %u: %s\n", id, line);
		(void)fflush(stdout);
		if (!xf_run(&x))
			atf_tc_fail_nonfatal("%s, row %u (alone: "
			    "transfer_test -v row=%u %s): %s: %s", group, id,
			    id, group, line, x.x_fail);
		if (shown)
			show(&x, group);
	}
}

/*
 * The table has what it is to have: each value of each thing that is drawn,
 * often enough to meet most of the others.
 */
ATF_TC_WITHOUT_HEAD(table);
ATF_TC_BODY(table, tc)
{
	unsigned id, n[16] = { 0 }, orders[XF_ORDERS] = { 0 }, rows = 0;
	const char *const *g;
	struct xf_row row;
	size_t i;

	(void)tc;
	for (g = xf_groups; *g != NULL; g++)
		for (id = 0; xf_row(*g, id, &row); id++) {
			rows++;
			orders[row.order]++;
			n[0] += row.v6;
			n[1] += strcmp(row.cc, "cubic") == 0;
			n[2] += row.sack;
			n[3] += row.ts;
			n[4] += row.tso;
			n[5] += row.delack;
			n[6] += row.mtu == 1500;
			n[7] += row.buf == 0;
			n[8] += row.odd;
			n[9] += row.loss >= 0.05 || row.mtu == 576;
			n[10] += row.delay == 0 || row.mtu == 1280;
			n[11] += row.delay >= 200 || row.mtu == 9000;
			n[12] += row.reorder > 0 || row.jitter_reorder;
			n[13] += row.duplicate > 0;
			n[14] += row.corrupt > 0;
			n[15] += row.burst > 0 || row.pause > 0;
		}
	ATF_CHECK_MSG(rows >= 200, "%u rows", rows);
	for (i = 0; i < NITEMS(n); i++)
		ATF_CHECK_MSG(n[i] > rows / 8 && n[i] < rows * 7 / 8,
		    "%u of %u rows have property %zu", n[i], rows, i);
	for (i = 0; i < XF_ORDERS; i++)
		ATF_CHECK_MSG(orders[i] > rows / 8, "%u of %u rows are of "
		    "order %zu", orders[i], rows, i);
}

#define	GROUP(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)						\
	{								\
		run_group(tc, #name);					\
	}

GROUP(clean)
GROUP(loss)
GROUP(burst)
GROUP(reorder)
GROUP(duplicate)
GROUP(corrupt)
GROUP(mixed)
GROUP(window)
GROUP(small)
GROUP(resize)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, table);
	ATF_TP_ADD_TC(tp, clean);
	ATF_TP_ADD_TC(tp, loss);
	ATF_TP_ADD_TC(tp, burst);
	ATF_TP_ADD_TC(tp, reorder);
	ATF_TP_ADD_TC(tp, duplicate);
	ATF_TP_ADD_TC(tp, corrupt);
	ATF_TP_ADD_TC(tp, mixed);
	ATF_TP_ADD_TC(tp, window);
	ATF_TP_ADD_TC(tp, small);
	ATF_TP_ADD_TC(tp, resize);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Transfers while memory is short.
 *
 * Every place from which the stack takes memory, zones and malloc types,
 * on each of the two hosts, fails
 *
 *	nth	once, at the first, second, ... allocation
 *	random	every now and then, at all places at once
 *	drought	altogether, for a while, again and again
 *
 * Whatever fails: no crash, no byte that is not the right one, none twice
 * or missing before the end that the program sees; the connection's
 * invariants hold; each program gets to an end or an error in bounded time;
 * and nothing is left when all is over.
 *
 * Allocations are counted in a first run without failures, so each place
 * fails at each of its allocations up to NTH_MOST, and at some of those
 * behind.
 */
#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "xfer.h"

#define	NTH_MOST	300
#define	NTH_TAIL	40		/* steps for what comes behind */
#define	RUNS		400		/* of random and drought */

struct faults {
	unsigned	f_host;
	unsigned	f_source;
	uint64_t	f_after;	/* nth */
	uint64_t	f_gap;		/* random: mean distance */
	unsigned	f_percent;	/* drought: of the events */
	bool		f_dry;
	unsigned	f_left;		/* events until that changes */
	uint64_t	f_random;
	uint64_t	f_fails;	/* refused in all */
};

/* What is transferred: short, but with something of everything. */
static void
base_row(struct xf_row *row, unsigned i)
{
	*row = (struct xf_row){
		.id = i,
		.seed = 77 + i,
		.ways = 3,
		.loss = i % 2 == 0 ? 0.03 : 0,
		.reorder = i % 2 == 0 ? 0.05 : 0,
		.duplicate = i % 2 == 0 ? 0.02 : 0,
		.corrupt = i % 2 == 0 ? 0.01 : 0,
		.delay = 10,
		.rate = 20000,
		.queue = 100,
		.mtu = i % 3 == 2 ? 9000 : 1500,
		.v6 = i % 2 == 0,
		.cc = i % 2 == 0 ? "cubic" : "newreno",
		.sack = i != 3,
		.ts = i != 1,
		.tso = i % 3 != 1,
		.delack = true,
		.prr = true,
		.order = i % 2 == 0 ? XF_BOTH : XF_REPLY,
		.bytes = { 250000, 150000 },
		.write_max = 3000,
		.read_max = 5000,
		.odd = true,
		.iov = i == 2,
		.peek = i == 3,
	};
}
#define	BASES	4

/* Run f's faults on x's row; what is wrong becomes a failed check. */
static void
run(struct xf *x, struct faults *f, const char *what)
{
	char line[1024];

	x->x_flags = XF_FAULTS;
	x->x_hookarg = f;
	if (xf_run(x))
		return;
	xf_print(&x->x_row, line, sizeof(line));
	atf_tc_fail_nonfatal("%s, base %u (%s): %s", what, x->x_row.id, line,
	    x->x_fail);
}

/* ---- Once, at each allocation ---- */

static void
nth_born(struct xf *x, void *arg)
{
	const struct faults *f = arg;

	xk_fault(sy_host_vnet(x->x_end[f->f_host].e_host), f->f_source,
	    f->f_after);
}

/* Allocations of each source in a run without failures. */
#define	SOURCES	64
struct counts {
	char		c_name[SOURCES][32];
	uint64_t	c_before[SOURCES], c_allocs[SOURCES];
	unsigned	c_host, c_n;
};

static void
count_born(struct xf *x, void *arg)
{
	struct counts *c = arg;
	struct vnet *vnet = sy_host_vnet(x->x_end[c->c_host].e_host);
	const char *name;

	for (c->c_n = 0; c->c_n < SOURCES; c->c_n++) {
		if ((name = xk_source(vnet, c->c_n)) == NULL)
			break;
		(void)snprintf(c->c_name[c->c_n], sizeof(c->c_name[0]), "%s",
		    name);
		c->c_before[c->c_n] = xk_allocs(vnet, c->c_n);
		c->c_allocs[c->c_n] = 0;
	}
}

/* Where source i is now: some are made when they are first needed. */
static unsigned
count_place(const struct counts *c, struct vnet *vnet, unsigned i)
{
	const char *name;
	unsigned j;

	for (j = i; (name = xk_source(vnet, j)) != NULL; j++)
		if (strcmp(name, c->c_name[i]) == 0)
			return (j);
	return (i);
}

static void
count_hook(struct xf *x, struct xf_end *e, void *arg)
{
	struct vnet *vnet = sy_host_vnet(e->e_host);
	struct counts *c = arg;
	unsigned i;

	(void)x;
	if (e->e_dir == c->c_host)
		for (i = 0; i < c->c_n; i++)
			c->c_allocs[i] = xk_allocs(vnet,
			    count_place(c, vnet, i)) - c->c_before[i];
}

static void
count(struct counts *c, unsigned base, unsigned host)
{
	struct xf x;

	memset(&x, 0, sizeof(x));
	memset(c, 0, sizeof(*c));
	c->c_host = host;
	base_row(&x.x_row, base);
	x.x_born = count_born;
	x.x_hook = count_hook;
	x.x_hookarg = c;
	ATF_REQUIRE_MSG(xf_run(&x), "without faults: %s", x.x_fail);
	ATF_REQUIRE(c->c_n > 10 && c->c_n < SOURCES);
}

static void
nth_source(const struct counts *c, unsigned base, unsigned source)
{
	struct faults f = { .f_host = c->c_host, .f_source = source };
	uint64_t n, step, total = c->c_allocs[source];
	char what[128];
	struct xf x;

	memset(&x, 0, sizeof(x));
	x.x_born = nth_born;
	step = 1;
	for (n = 0; n < total; n += step) {
		if (n == NTH_MOST)
			step = (total - n) / NTH_TAIL + 1;
		base_row(&x.x_row, base);
		f.f_after = n;
		(void)snprintf(what, sizeof(what), "%s of host %s fails at "
		    "%ju (of %ju)", c->c_name[source],
		    c->c_host == 0 ? "a" : "b", (uintmax_t)n + 1,
		    (uintmax_t)total);
		printf("%s\n", what);
		(void)fflush(stdout);
		run(&x, &f, what);
	}
}

static void
nth(unsigned base, unsigned host)
{
	struct counts c;
	unsigned i, used;

	count(&c, base, host);
	used = 0;
	for (i = 0; i < c.c_n; i++) {
		used += c.c_allocs[i] != 0;
		nth_source(&c, base, i);
	}
	ATF_CHECK_MSG(used >= 12, "only %u sources were used", used);
}

/* ---- At all places, at random ---- */

static void
random_arm(struct faults *f, struct vnet *vnet)
{
	unsigned i;

	for (i = 0; xk_source(vnet, i) != NULL; i++)
		xk_fault(vnet, i, xf_random(&f->f_random) % (2 * f->f_gap));
}

static void
random_born(struct xf *x, void *arg)
{
	unsigned i;

	for (i = 0; i < 2; i++)
		random_arm(arg, sy_host_vnet(x->x_end[i].e_host));
}

/* Now and then all get a new distance: those that failed, fail again. */
static void
random_hook(struct xf *x, struct xf_end *e, void *arg)
{
	struct faults *f = arg;

	(void)x;
	if (xf_random(&f->f_random) % (f->f_gap / 2 + 1) == 0)
		random_arm(f, sy_host_vnet(e->e_host));
}

/* ---- Nothing at all, for a while ---- */

static void
drought_set(struct faults *f, struct vnet *vnet, bool dry)
{
	unsigned i;

	f->f_dry = dry;
	for (i = 0; xk_source(vnet, i) != NULL; i++)
		xk_drought(vnet, i, dry);
}

static void
drought_hook(struct xf *x, struct xf_end *e, void *arg)
{
	struct faults *f = arg;

	(void)x;
	if (e->e_dir != f->f_host)
		return;
	if (f->f_left-- != 0)
		return;
	drought_set(f, sy_host_vnet(e->e_host), !f->f_dry);
	f->f_left = 1 + (unsigned)(xf_random(&f->f_random) %
	    (f->f_dry ? f->f_percent : 100 - f->f_percent));
}

/* ---- Cases ---- */

#define	NTH(name, base, host)						\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)						\
	{								\
		(void)tc;						\
		nth(base, host);					\
	}

NTH(nth_a, 0, 0)
NTH(nth_b, 0, 1)
NTH(nth_reply_a, 1, 0)
NTH(nth_reply_b, 1, 1)

ATF_TC_WITHOUT_HEAD(random);
ATF_TC_BODY(random, tc)
{
	static const uint64_t gaps[] = { 3, 10, 30, 100, 300 };
	struct faults f;
	char what[64];
	struct xf x;
	unsigned i;

	(void)tc;
	memset(&x, 0, sizeof(x));
	x.x_born = random_born;
	x.x_hook = random_hook;
	for (i = 0; i < RUNS; i++) {
		base_row(&x.x_row, i % BASES);
		x.x_row.seed += i;
		f = (struct faults){ .f_gap = gaps[i % NITEMS(gaps)],
		    .f_random = i };
		(void)snprintf(what, sizeof(what), "run %u, about one in %ju "
		    "fails", i, (uintmax_t)f.f_gap);
		printf("%s\n", what);
		(void)fflush(stdout);
		run(&x, &f, what);
	}
}

ATF_TC_WITHOUT_HEAD(drought);
ATF_TC_BODY(drought, tc)
{
	struct faults f;
	char what[64];
	struct xf x;
	unsigned i;

	(void)tc;
	memset(&x, 0, sizeof(x));
	x.x_hook = drought_hook;
	for (i = 0; i < RUNS; i++) {
		base_row(&x.x_row, i % BASES);
		x.x_row.seed += i;
		f = (struct faults){ .f_host = i / 2 % 2, .f_random = i,
		    .f_percent = 3 + i % 7 * 5,
		    .f_left = 8 + i % 30 };
		(void)snprintf(what, sizeof(what), "run %u, %u%% without "
		    "memory", i, f.f_percent);
		printf("%s\n", what);
		(void)fflush(stdout);
		run(&x, &f, what);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nth_a);
	ATF_TP_ADD_TC(tp, nth_b);
	ATF_TP_ADD_TC(tp, nth_reply_a);
	ATF_TP_ADD_TC(tp, nth_reply_b);
	ATF_TP_ADD_TC(tp, random);
	ATF_TP_ADD_TC(tp, drought);
	return (atf_no_error());
}

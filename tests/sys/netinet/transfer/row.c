/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The table of transfers.
 *
 * A row is made from its group and its number alone: the group says what
 * is wrong with the path or odd about the programs, and everything else is
 * drawn, from a generator seeded by both, out of short lists that contain
 * the extremes.  Adding a group or a field at the end of a draw leaves the
 * other rows as they were.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "xfer.h"

/* SplitMix64: a counter in steps of the golden ratio, mixed. */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31));
}

uint64_t
xf_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ULL;
	return (mix(*state));
}

void
xf_pattern(uint64_t seed, unsigned dir, size_t off, void *buf, size_t len)
{
	unsigned char *p = buf;
	uint64_t word;
	size_t i, n;

	for (i = 0; i < len; i += n, off += n) {
		word = mix(seed + (off / 8 * 2 + dir) *
		    0x9e3779b97f4a7c15ULL) >> (off % 8 * 8);
		n = 8 - off % 8;
		if (n > len - i)
			n = len - i;
		memcpy(p + i, &word, n);
	}
}

/* ---- Drawing ---- */

#define	PICK(state, list)	((list)[xf_random(state) % NITEMS(list)])
#define	ONE_IN(state, n)	(xf_random(state) % (n) == 0)

static void
draw_path(struct xf_row *row, uint64_t *r)
{
	static const unsigned delays[] = { 0, 1, 5, 10, 20, 50, 100, 200 };
	static const unsigned rates[] = { 0, 0, 512, 1000, 10000, 100000 };
	static const int mtus[] = { 576, 1280, 1500, 1500, 9000 };

	row->delay = PICK(r, delays);
	row->rate = PICK(r, rates);
	row->queue = 20 + (unsigned)(xf_random(r) % 200);
	row->mtu = PICK(r, mtus);
	row->v6 = ONE_IN(r, 2);
	if (row->v6 && row->mtu < 1280)
		row->mtu = 1280;
	row->ways = 3;
}

static void
draw_hosts(struct xf_row *row, uint64_t *r)
{
	static const unsigned bufs[] = { 0, 0, 0, 4096, 20000, 65536,
	    500000 };

	row->cc = ONE_IN(r, 2) ? "newreno" : "cubic";
	row->sack = !ONE_IN(r, 3);
	row->ts = !ONE_IN(r, 3);
	row->tso = !ONE_IN(r, 3);
	row->delack = !ONE_IN(r, 4);
	row->prr = !ONE_IN(r, 4);
	row->buf = PICK(r, bufs);
}

static void
draw_programs(struct xf_row *row, uint64_t *r)
{
	static const size_t bytes[] = { 0, 1, 5000, 30000, 100000, 200000,
	    300000, 400000 };
	static const size_t sizes[] = { 700, 1460, 4096, 65536, 65536 };

	row->order = (enum xf_order)(xf_random(r) % XF_ORDERS);
	row->bytes[0] = PICK(r, bytes);
	row->bytes[1] = PICK(r, bytes);
	if (row->order == XF_PUSH || row->order == XF_CLOSE)
		row->bytes[1] = 0;
	if (row->order == XF_PULL) {
		row->bytes[1] += row->bytes[0];
		row->bytes[0] = 0;
	}
	row->write_max = PICK(r, sizes);
	row->read_max = PICK(r, sizes);
	row->odd = ONE_IN(r, 2);
	row->nodelay = ONE_IN(r, 4);
	row->iov = ONE_IN(r, 4);
	row->peek = ONE_IN(r, 4);
}

/* ---- Groups ---- */

static const double shares[] = { 0.001, 0.01, 0.02, 0.05, 0.1 };

static void
group_clean(struct xf_row *row, uint64_t *r)
{
	/* Nothing is lost at the queue either, and something is sent. */
	row->queue = 100000;
	if (ONE_IN(r, 4))
		row->bytes[row->order == XF_PULL] += 1500000;
}

static void
group_loss(struct xf_row *row, uint64_t *r)
{
	row->loss = PICK(r, shares);
	row->ways = 1 + (unsigned)(xf_random(r) % 3);
}

static void
group_burst(struct xf_row *row, uint64_t *r)
{
	row->burst = PICK(r, shares);
	row->ways = 1 + (unsigned)(xf_random(r) % 3);
}

static void
group_reorder(struct xf_row *row, uint64_t *r)
{
	static const unsigned jitters[] = { 1, 5, 20, 50 };

	if (ONE_IN(r, 2))
		row->reorder = PICK(r, shares) * 3;
	else {
		row->jitter = PICK(r, jitters);
		row->jitter_reorder = ONE_IN(r, 2);
	}
	if (ONE_IN(r, 4))
		row->loss = 0.01;
}

static void
group_duplicate(struct xf_row *row, uint64_t *r)
{
	row->duplicate = PICK(r, shares) * 3;
	if (ONE_IN(r, 4))
		row->loss = 0.01;
}

static void
group_corrupt(struct xf_row *row, uint64_t *r)
{
	row->corrupt = PICK(r, shares);
	if (ONE_IN(r, 4))
		row->reorder = 0.02;
}

/* Everything at once. */
static void
group_mixed(struct xf_row *row, uint64_t *r)
{
	row->loss = PICK(r, shares) / 2;
	row->burst = PICK(r, shares) / 3;
	row->reorder = PICK(r, shares);
	row->duplicate = PICK(r, shares);
	row->corrupt = PICK(r, shares) / 3;
	row->jitter = (unsigned)(xf_random(r) % 20);
	row->jitter_reorder = ONE_IN(r, 2);
	row->ways = 1 + (unsigned)(xf_random(r) % 3);
}

/* Readers that make the window close. */
static void
group_window(struct xf_row *row, uint64_t *r)
{
	static const unsigned pauses[] = { 1, 10, 50, 300, 3000 };
	static const unsigned bufs[] = { 2000, 4096, 8192, 20000 };
	int i;

	row->pause = PICK(r, pauses);
	row->buf = PICK(r, bufs);
	if (row->read_max < 1460)
		row->read_max = 1460;
	for (i = 0; i < 2; i++)
		if (row->bytes[i] > 60000)
			row->bytes[i] = 60000;
	if (ONE_IN(r, 3))
		row->loss = PICK(r, shares);
}

/* Many small writes. */
static void
group_small(struct xf_row *row, uint64_t *r)
{
	static const size_t sizes[] = { 1, 3, 30, 100, 300 };
	int i;

	row->write_max = PICK(r, sizes);
	row->read_max = PICK(r, sizes) * 5;
	for (i = 0; i < 2; i++)
		if (row->bytes[i] > row->write_max * 1000)
			row->bytes[i] = row->write_max * 1000;
	if (ONE_IN(r, 2))
		row->loss = PICK(r, shares);
}

/*
 * Segments of all sizes, which are sent again cut or joined otherwise: what
 * arrives twice overlaps by parts.
 */
static void
group_resize(struct xf_row *row, uint64_t *r)
{
	static const size_t sizes[] = { 100, 400, 700, 1000, 2000 };
	static const double losses[] = { 0.02, 0.05, 0.1 };
	int i;

	row->write_max = PICK(r, sizes);
	row->odd = true;
	row->nodelay = !ONE_IN(r, 4);
	row->sack = ONE_IN(r, 3);
	row->loss = PICK(r, losses);
	row->maxseg = ONE_IN(r, 2) ? 300 : 500;
	for (i = 0; i < 2; i++)
		if (row->bytes[i] > row->write_max * 300)
			row->bytes[i] = row->write_max * 300;
	if (ONE_IN(r, 2))
		row->reorder = 0.1;
}

static const struct group {
	const char	*g_name;
	unsigned	g_rows;
	void		(*g_set)(struct xf_row *, uint64_t *);
} groups[] = {
	{ "clean", 400, group_clean },
	{ "loss", 600, group_loss },
	{ "burst", 400, group_burst },
	{ "reorder", 400, group_reorder },
	{ "duplicate", 300, group_duplicate },
	{ "corrupt", 400, group_corrupt },
	{ "mixed", 600, group_mixed },
	{ "window", 400, group_window },
	{ "small", 400, group_small },
	{ "resize", 400, group_resize },
};

const char *const xf_groups[] = { "clean", "loss", "burst", "reorder",
    "duplicate", "corrupt", "mixed", "window", "small", "resize", NULL };

bool
xf_row(const char *group, unsigned id, struct xf_row *row)
{
	uint64_t r;
	size_t g;

	for (g = 0; g < NITEMS(groups); g++)
		if (strcmp(groups[g].g_name, group) == 0)
			break;
	if (g == NITEMS(groups) || id >= groups[g].g_rows)
		return (false);
	r = (g + 1) * 1000000 + id;
	*row = (struct xf_row){ .id = id, .seed = r };
	draw_path(row, &r);
	draw_hosts(row, &r);
	draw_programs(row, &r);
	groups[g].g_set(row, &r);
	return (true);
}

/* ---- About a row ---- */

static const char *const order_names[XF_ORDERS] = { "push", "pull", "both",
    "reply", "close" };

void
xf_print(const struct xf_row *row, char *buf, size_t size)
{
	(void)snprintf(buf, size, "seed %ju, loss %g%%, bursts %g%%, "
	    "reordering %g%%, duplication %g%%, corruption %g%% (ways %u), "
	    "%u ms, jitter %u ms%s, %u kbit/s, queue %u, mtu %d, IPv%d, %s"
	    "%s%s%s%s%s, buffers %u, %s %zu/%zu bytes, writes %zu, reads %zu"
	    "%s%s%s%s, pause %u ms, maxseg %d",
	    (uintmax_t)row->seed, row->loss * 100, row->burst * 100,
	    row->reorder * 100, row->duplicate * 100, row->corrupt * 100,
	    row->ways, row->delay, row->jitter,
	    row->jitter_reorder ? " reordering" : "", row->rate, row->queue,
	    row->mtu, row->v6 ? 6 : 4, row->cc, row->sack ? " sack" : "",
	    row->ts ? " ts" : "", row->tso ? " tso" : "",
	    row->delack ? " delack" : "", row->prr ? " prr" : "", row->buf,
	    order_names[row->order], row->bytes[0], row->bytes[1],
	    row->write_max, row->read_max, row->odd ? " odd" : "",
	    row->nodelay ? " nodelay" : "", row->iov ? " iov" : "",
	    row->peek ? " peek" : "", row->pause, row->maxseg);
}

bool
xf_spotless(const struct xf_row *row)
{
	return (row->loss + row->burst + row->reorder + row->duplicate +
	    row->corrupt <= 0 && row->jitter == 0 && row->queue > 10000);
}

/*
 * What a plain TCP should need, and then some.  Without SACK each loss may
 * cost a round trip, and the loss of something sent again a timeout; a
 * small window, a round trip each; a lost window update, a probe's time.
 */
uint64_t
xf_limit(const struct xf_row *row)
{
	double bytes = (double)(row->bytes[0] + row->bytes[1]), loss, rtt;
	double segments, t, window;

	rtt = 2 * (row->delay + row->jitter + 1) / 1000.0;
	segments = bytes / (row->maxseg != 0 ? 200 : row->mtu - 100) + 10;
	loss = row->loss + row->burst + row->corrupt + row->reorder / 5;
	window = row->buf != 0 ? row->buf / 2.0 : 30000;
	t = 20 + 20 * rtt + 3 * bytes / window * rtt;
	if (row->rate != 0)
		t += 3 * bytes * 8 / (row->rate * 1000.0);
	t += segments * sqrt(loss) * rtt * 3;
	t += segments * loss * (rtt + 0.3) * 3;
	if (row->pause != 0)
		t += 2 * bytes / 1000 * row->pause / 1000.0 +
		    segments * loss * 20;
	else if (row->buf != 0 && row->buf < 6 * (unsigned)row->mtu)
		/* The window may close at any time. */
		t += segments * loss * 10 + (row->burst > 0 ? 75 : 0);
	if (bytes / (row->write_max + 1) > segments && !row->nodelay)
		t += 2 * bytes / window * (rtt + 0.3);
	/* Timeouts in a row double each time. */
	if (loss > 0.04)
		t = 4 * t + 100;
	return ((uint64_t)(t * 1e9));
}

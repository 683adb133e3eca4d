/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * synflood: SYNs from random addresses and ports to a listener, a million in
 * a second of the stack's time, never followed by anything.
 *
 *	answered_per_s	SYNs that were answered in a second of the machine's
 *			time while there was nothing else to do
 *	share_answered	of all
 *
 * and what a flow through the same host, to the same listener, achieves over
 * 1 Gbit/s and 1 ms each way, in the stack's time: without a flood, when it
 * was there before the flood, and when it is opened in the midst of it.
 */
#include <errno.h>
#include <poll.h>

#include "bench.h"
#include "inside.h"

#define	BATCH		64		/* SYNs that come together, and the */
#define	BATCH_TIME	64000		/* ns in which they do */
#define	LINK_RATE	1000000000
#define	LINK_DELAY	MILLISECOND
#define	WARM_UP		(SECOND / 10)
#define	CHUNK		65536

struct run {
	struct two	two;
	struct flood	*flood;
	uint64_t	left;		/* SYNs to come */
	int		listener;
	uint64_t	got;		/* bytes of the flow */
	char		buf[CHUNK];
};

/* ---- The flood ---- */

static void
flood_batch(void *arg)
{
	struct run *r = arg;
	unsigned n = r->left < BATCH ? (unsigned)r->left : BATCH;

	flood_now(r->two.b, r->flood, n);
	if ((r->left -= n) > 0 && sy_loop_at(r->two.loop,
	    sy_loop_now(r->two.loop) + BATCH_TIME, flood_batch, r) < 0)
		die("%s", sy_error());
}

/* ---- The flow ---- */

static void
flow_write(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;

	while (sy_send(r->two.a, fd, r->buf, CHUNK, 0) > 0)
		continue;
	if (errno != EAGAIN)
		must(sy_watch(r->two.a, fd, 0, NULL, NULL));
}

static void
flow_read(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;
	ssize_t n;

	while ((n = sy_recv(r->two.b, fd, r->buf, CHUNK, 0)) > 0)
		r->got += (uint64_t)n;
}

static void
flow_accept(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;
	int in;

	if ((in = sy_accept(r->two.b, fd, NULL, NULL)) < 0)
		return;
	must(sy_setnonblock(r->two.b, in, true));
	must(sy_watch(r->two.b, in, POLLIN, flow_read, r));
}

static void
flow_start(struct run *r)
{
	struct sockaddr_in sin = two_addr("10.0.0.2", PORT);
	int fd;

	fd = must(sy_socket(r->two.a, AF_INET, SOCK_STREAM, 0));
	must(sy_setnonblock(r->two.a, fd, true));
	if (sy_connect(r->two.a, fd, (struct sockaddr *)&sin,
	    sizeof(sin)) != 0 && errno != EINPROGRESS)
		die("%s", sy_error());
	must(sy_watch(r->two.a, fd, POLLOUT, flow_write, r));
}

/* ---- Together ---- */

static void
run_new(struct run *r, const struct opts *o)
{
	const struct sy_pipe there = { .rate = LINK_RATE,
	    .delay = LINK_DELAY, .queue_bdp = 1 };
	const struct sy_pipe back = { .delay = LINK_DELAY };
	/* A window that fills the path and no more: the flow alone loses
	 * nothing. */
	static const struct sy_var vars[] = {
		{ "net.inet.tcp.sendbuf_auto",	"0" },
		{ "net.inet.tcp.recvbuf_auto",	"0" },
		{ "net.inet.tcp.sendspace",	"393216" },
		{ "net.inet.tcp.recvspace",	"393216" },
	};

	*r = (struct run){ .left = o->count };
	two_new(&r->two, o, vars, sizeof(vars) / sizeof(vars[0]));
	must(sy_pipe(r->two.a, "epair0a", &there));
	must(sy_pipe(r->two.b, "epair0b", &back));
	r->listener = two_listen(&r->two, 128);
	must(sy_setnonblock(r->two.b, r->listener, true));
	must(sy_watch(r->two.b, r->listener, POLLIN, flow_accept, r));
	r->flood = flood_host(r->two.b);
}

static void
run_for(struct run *r, uint64_t time)
{
	must(sy_loop_run(r->two.loop, sy_loop_now(r->two.loop) + time));
}

/* How long the flood takes, ns. */
static uint64_t
run_time(const struct opts *o)
{
	return ((o->count + BATCH - 1) / BATCH * BATCH_TIME);
}

static void
flood_alone(struct run *r, const struct opts *o)
{
	double answers, seconds;

	run_new(r, o);
	count_from_here();
	seconds = wall();
	flood_batch(r);
	run_for(r, run_time(o));
	seconds = wall() - seconds;
	answers = (double)flood_answers(r->flood);
	figure(answers / seconds, "/s", "synflood.answered_per_s");
	figure(answers / (double)o->count, "of all",
	    "synflood.share_answered");
	sy_loop_free(r->two.loop);
}

enum when { QUIET, BEFORE, AMIDST };

/* The flow's goodput in the second half of the flood. */
static void
flow_beside(struct run *r, const struct opts *o, enum when when)
{
	static const char *const names[] = { "quiet", "before", "amidst" };
	uint64_t half = run_time(o) / 2;

	run_new(r, o);
	if (when == BEFORE) {
		flow_start(r);
		run_for(r, WARM_UP);
	}
	if (when != QUIET)
		flood_batch(r);
	if (when == AMIDST)
		run_for(r, half / 2);
	if (when != BEFORE)
		flow_start(r);
	run_for(r, when == AMIDST ? half / 2 : half);
	r->got = 0;
	run_for(r, half);
	figure((double)r->got * 8 / ((double)half / 1e9) / 1e6, "Mbit/s",
	    "synflood.goodput.%s", names[when]);
	sy_loop_free(r->two.loop);
}

uint64_t
synflood(const struct opts *o)
{
	static struct run r;

	flood_alone(&r, o);
	if (figure_units_only)
		return (o->count);
	flow_beside(&r, o, QUIET);
	flow_beside(&r, o, BEFORE);
	flow_beside(&r, o, AMIDST);
	return (o->count);
}

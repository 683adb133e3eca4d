/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * idle_bytes: what a connection that does nothing holds, by the count of the
 * stack's own allocators: everything that zones and malloc types have given
 * out, tables included, for each of
 *
 *	established	an end of an idle connection: the growth of both
 *			hosts over twice the connections
 *	syn_received	what a SYN leaves whose sender is silent: the growth
 *			over the SYNs that were answered
 *	time_wait	what is given back when TIME_WAIT ends, over the
 *			connections
 *
 * and, by the growth of the process, a host without connections.  Each is
 * exact and the same every time, but for the last.
 */
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "inside.h"
#include "xfer_k.h"

#define	TIME_WAIT_MAX	15000		/* the ports of an address */
#define	SYNS		1000		/* before and while it is counted */

/* Bytes that the process has had at most. */
static double
resident(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_SELF, &ru);
	return ((double)ru.ru_maxrss * 1024);
}

static void
idle_established(const struct opts *o)
{
	struct two t;
	uint64_t before;
	double process;
	int in, listener, out;

	two_new(&t, o, NULL, 0);
	listener = two_listen(&t, 128);
	/* What the first makes is for all. */
	two_connect(&t, listener, NULL, &out, &in);
	before = two_bytes(&t);
	process = resident();
	two_others(&t, listener, o->count);
	figure((double)(two_bytes(&t) - before) / (2 * (double)o->count),
	    "bytes", "idle_bytes.established");
	figure((resident() - process) / (2 * (double)o->count), "bytes",
	    "idle_bytes.established_process");
	sy_loop_free(t.loop);
}

static void
idle_time_wait(const struct opts *o)
{
	static int out[TIME_WAIT_MAX], in[TIME_WAIT_MAX];
	uint64_t bytes, i, n;
	struct two t;
	int listener;

	n = o->count < TIME_WAIT_MAX ? o->count : TIME_WAIT_MAX;
	two_new(&t, o, NULL, 0);
	listener = two_listen(&t, 128);
	for (i = 0; i < n; i++)
		two_connect(&t, listener, NULL, &out[i], &in[i]);
	for (i = 0; i < n; i++)
		must(sy_close(t.a, out[i]));
	must(sy_loop_run(t.loop, sy_loop_now(t.loop) + SECOND / 10));
	for (i = 0; i < n; i++)
		must(sy_close(t.b, in[i]));
	must(sy_loop_run(t.loop, sy_loop_now(t.loop) + SECOND / 10));
	bytes = xk_bytes(sy_host_vnet(t.a));
	must(sy_loop_run(t.loop, sy_loop_now(t.loop) + 200 * SECOND));
	figure((double)(bytes - xk_bytes(sy_host_vnet(t.a))) / (double)n,
	    "bytes", "idle_bytes.time_wait");
	sy_loop_free(t.loop);
}

/* n SYNs, of which so many are answered, in the next millisecond. */
static uint64_t
syns(struct two *t, struct flood *f, unsigned n)
{
	uint64_t before = flood_answers(f);

	flood_now(t->b, f, n);
	must(sy_loop_run(t->loop, sy_loop_now(t->loop) + MILLISECOND));
	return (flood_answers(f) - before);
}

static void
idle_syn_received(const struct opts *o)
{
	static const struct sy_var vars[] = {
		{ "kern.ipc.soacceptqueue", "16384" }
	};
	uint64_t answers, bytes;
	struct flood *f;
	struct two t;

	two_new(&t, o, vars, 1);
	(void)two_listen(&t, 16384);
	f = flood_host(t.b);
	/* Tables are made, and grow, first. */
	(void)syns(&t, f, SYNS);
	bytes = xk_bytes(sy_host_vnet(t.b));
	answers = syns(&t, f, SYNS);
	if (answers == 0)
		die("no SYN was answered");
	figure((double)(xk_bytes(sy_host_vnet(t.b)) - bytes) /
	    (double)answers, "bytes", "idle_bytes.syn_received");
	sy_loop_free(t.loop);
}

static void
idle_host(const struct opts *o)
{
	uint64_t i, n = o->count / 10;
	struct sy_loop *loop;
	char name[16];
	double before;

	if ((loop = sy_loop_new(SY_VIRTUAL, 1)) == NULL ||
	    sy_host_new(loop, "first", NULL, 0) == NULL)
		die("%s", sy_error());
	before = resident();
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "h%u", (unsigned)i);
		if (sy_host_new(loop, name, NULL, 0) == NULL)
			die("%s", sy_error());
	}
	must(sy_loop_run(loop, SECOND));
	figure((resident() - before) / (double)n, "bytes", "idle_bytes.host");
	sy_loop_free(loop);
}

/* In a process of its own, which has not been larger before. */
static void
alone(void (*func)(const struct opts *), const struct opts *o)
{
	pid_t child;
	int status;

	(void)fflush(stdout);
	if ((child = fork()) == 0) {
		func(o);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		die("a part of idle_bytes failed");
}

uint64_t
idle_bytes(const struct opts *o)
{
	alone(idle_established, o);
	alone(idle_time_wait, o);
	alone(idle_syn_received, o);
	alone(idle_host, o);
	return (o->count);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the stack costs and achieves, as rows of a table: figure, target, and
 * whether it is met.
 *
 *	measure flow		one flow over a bottleneck
 *	measure flows		ten of them
 *	measure vnets		hosts without connections
 *	measure connections	idle ones, TIME_WAIT, opened and closed
 *	measure packets S	run one flow for S seconds and print the
 *				packets through the bottleneck (packets.sh
 *				counts the instructions)
 *
 * Each is a process of its own, since memory is seen as the growth of the
 * process.  Speed is per second of processor time, which a busy machine
 * hardly changes, and the best of some runs.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flows.h"
#include "stackyard.h"
#include "xfer_k.h"

#define	SECOND		1000000000ULL
#define	NRUNS		3
#define	NSEEDS		6
#define	NVNETS		10000
#define	NCONNS		10000
#define	PORT		5001

/* ---- The table ---- */

enum target { NONE, LEAST, MOST };

static void
row(const char *what, double value, const char *unit, enum target kind,
    double target)
{
	int places = value < 10 ? 4 : value < 1000 ? 1 : 0;

	printf("%-44s %10.*f %-11s", what, places, value, unit);
	if (kind != NONE)
		printf(" %s %-8g %s", kind == LEAST ? ">=" : "<=", target,
		    (kind == LEAST ? value >= target : value <= target) ?
		    "ok" : "MISSED");
	printf("\n");
}

static void
die(const char *what)
{
	fprintf(stderr, "measure: %s\n", what);
	exit(1);
}

static void
check(int result)
{
	if (result < 0)
		die(sy_error());
}

static double
cpu(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

/* Bytes of memory that the process has had at most. */
static double
memory(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_SELF, &ru);
	return ((double)ru.ru_maxrss * 1024);
}

/* ---- Flows ---- */

static void
run_flows(struct flows *f, unsigned n, uint64_t seed, double seconds)
{
	const char *error;

	*f = (struct flows){ .n = n, .cc = "cubic", .seed = seed,
	    .rate = 100000000, .delay = 20000000, .queue_bdp = 1,
	    .seconds = seconds, .from = seconds / 3 };
	error = flows_run(f);
	if (error != NULL)
		die(error);
}

static void
flow(void)
{
	double best = 1e9;
	struct flows f;
	int i;

	for (i = 0; i < NRUNS; i++) {
		run_flows(&f, 1, 1, 30);
		if (f.cpu < best)
			best = f.cpu;
	}
	row("one cubic flow, 100 Mbit/s, 40 ms: use", f.utilization,
	    "of link", LEAST, 0.95);
	row("  30 simulated seconds", best, "s", MOST, 1);
	row("  packets through the bottleneck", (double)f.packets / best,
	    "/s", LEAST, 350000);
	row("  events", (double)f.events / best, "/s", NONE, 0);
}

static void
flows(void)
{
	double jain = 0, least = 1, seconds = 0, use = 1;
	struct flows f;
	uint64_t seed;

	for (seed = 1; seed <= NSEEDS; seed++) {
		run_flows(&f, 10, seed, 30);
		jain += f.jain / NSEEDS;
		seconds += f.cpu / NSEEDS;
		if (f.jain < least)
			least = f.jain;
		if (f.utilization < use)
			use = f.utilization;
	}
	row("ten cubic flows on the same link: use", use, "of link", LEAST,
	    0.95);
	row("  Jain's index, mean of 6 seeds", jain, "", LEAST, 0.95);
	row("  Jain's index, least", least, "", NONE, 0);
	row("  30 simulated seconds", seconds, "s", MOST, 1);
}

static void
packets(const char *seconds)
{
	struct flows f;

	run_flows(&f, 1, 1, atof(seconds));
	printf("%ju\n", (uintmax_t)f.packets);
}

/* ---- Hosts ---- */

static void
vnets(void)
{
	double before, seconds;
	struct sy_loop *loop;
	char name[16];
	int i;

	if ((loop = sy_loop_new(SY_VIRTUAL, 1)) == NULL)
		die(sy_error());
	if (sy_host_new(loop, "first", NULL, 0) == NULL)
		die(sy_error());
	before = memory();
	seconds = cpu();
	for (i = 0; i < NVNETS; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		if (sy_host_new(loop, name, NULL, 0) == NULL)
			die(sy_error());
	}
	check(sy_loop_run(loop, SECOND));
	seconds = cpu() - seconds;
	row("10,000 vnets without connections", (memory() - before) /
	    NVNETS / 1024, "KiB each", MOST, 64);
	row("  made", NVNETS / seconds, "/s", NONE, 0);
	seconds = cpu();
	sy_loop_free(loop);
	row("  gone", NVNETS / (cpu() - seconds), "/s", NONE, 0);
}

/* ---- Connections ---- */

struct two {
	struct sy_loop	*loop;
	struct sy_host	*a, *b;
	int		listen;
	int		out[NCONNS], in[NCONNS];
	int		nout, nin;
};

static void
two_accept(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct two *t = arg;
	int conn;

	while (t->nin < NCONNS &&
	    (conn = sy_accept(t->b, fd, NULL, NULL)) >= 0)
		t->in[t->nin++] = conn;
}

static void
two_new(struct two *t)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT) };

	memset(t, 0, sizeof(*t));
	if ((t->loop = sy_loop_new(SY_VIRTUAL, 1)) == NULL ||
	    (t->a = sy_host_new(t->loop, "a", NULL, 0)) == NULL ||
	    (t->b = sy_host_new(t->loop, "b", NULL, 0)) == NULL)
		die(sy_error());
	check(sy_link(t->a, t->b, 0, 0));
	check(sy_addr_add(t->a, "epair0a", "10.0.0.1/24"));
	check(sy_addr_add(t->b, "epair0b", "10.0.0.2/24"));
	check(t->listen = sy_socket(t->b, AF_INET, SOCK_STREAM, 0));
	check(sy_bind(t->b, t->listen, (struct sockaddr *)&sin,
	    sizeof(sin)));
	check(sy_listen(t->b, t->listen, 128));
	check(sy_setnonblock(t->b, t->listen, true));
	check(sy_watch(t->b, t->listen, POLLIN, two_accept, t));
}

/* Open n more connections, as many at a time as the backlog takes. */
static void
two_open(struct two *t, int n)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT) };
	int fd, i;

	(void)inet_pton(AF_INET, "10.0.0.2", &sin.sin_addr);
	for (i = 0; i < n; i++) {
		check(fd = sy_socket(t->a, AF_INET, SOCK_STREAM, 0));
		check(sy_setnonblock(t->a, fd, true));
		if (sy_connect(t->a, fd, (struct sockaddr *)&sin,
		    sizeof(sin)) != 0 && errno != EINPROGRESS)
			die(sy_error());
		t->out[t->nout++] = fd;
		if (i % 100 == 99 || i == n - 1)
			check(sy_loop_run(t->loop, sy_loop_now(t->loop) +
			    SECOND / 1000));
	}
	if (t->nin != t->nout)
		die("not all connections were accepted");
}

static void
two_close(struct two *t)
{
	int i;

	for (i = 0; i < t->nout; i++)
		check(sy_close(t->a, t->out[i]));
	check(sy_loop_run(t->loop, sy_loop_now(t->loop) + SECOND / 100));
	for (i = 0; i < t->nin; i++)
		check(sy_close(t->b, t->in[i]));
	check(sy_loop_run(t->loop, sy_loop_now(t->loop) + SECOND / 100));
	t->nout = t->nin = 0;
}

static uint64_t
two_bytes(const struct two *t)
{
	return (xk_bytes(sy_host_vnet(t->a)) + xk_bytes(sy_host_vnet(t->b)));
}

/* Connections opened and closed in a second of processor time. */
static double
two_rate(void)
{
	static struct two t;
	double seconds;
	int i;

	two_new(&t);
	/* While the peer's link address is asked for, few packets wait. */
	two_open(&t, 1);
	two_close(&t);
	seconds = cpu();
	for (i = 0; i < NCONNS / 100; i++) {
		two_open(&t, 100);
		two_close(&t);
	}
	seconds = cpu() - seconds;
	sy_loop_free(t.loop);
	return (NCONNS / seconds);
}

static void
connections(void)
{
	static struct two t;
	double before, best = 0, rate;
	uint64_t bytes;
	int i;

	two_new(&t);
	two_open(&t, 1);
	before = memory();
	bytes = two_bytes(&t);
	two_open(&t, NCONNS - 1);
	row("10,000 idle connections, each end", (double)(two_bytes(&t) -
	    bytes) / (2.0 * (NCONNS - 1)), "bytes", MOST, 1024);
	row("  by the growth of the process", (memory() - before) /
	    (2.0 * (NCONNS - 1)), "bytes", MOST, 1024);
	two_close(&t);
	/* What TIME_WAIT holds is what goes when it is over. */
	bytes = xk_bytes(sy_host_vnet(t.a));
	check(sy_loop_run(t.loop, sy_loop_now(t.loop) + 200 * SECOND));
	row("  in TIME_WAIT", (double)(bytes -
	    xk_bytes(sy_host_vnet(t.a))) / NCONNS, "bytes", MOST, 128);
	sy_loop_free(t.loop);
	for (i = 0; i < NRUNS; i++)
		if ((rate = two_rate()) > best)
			best = rate;
	row("connections opened and closed", best, "/s", NONE, 0);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "flow") == 0)
		flow();
	else if (strcmp(what, "flows") == 0)
		flows();
	else if (strcmp(what, "vnets") == 0)
		vnets();
	else if (strcmp(what, "connections") == 0)
		connections();
	else if (strcmp(what, "packets") == 0 && argc == 3)
		packets(argv[2]);
	else
		die("usage: measure flow | flows | vnets | connections | "
		    "packets SECONDS");
	return (0);
}

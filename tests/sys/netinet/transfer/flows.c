/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Bulk flows from host a to host b over one link, whose direction to b is
 * the bottleneck.  The flows start in the first second, at times that follow
 * from the seed.  All send as much as they can and read at once.
 *
 * The use of the bottleneck is what left it from f->from to the end over
 * what it could carry; the share of a flow is what its reader got then.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "flows.h"
#include "stackyard.h"

#define	SECOND		1000000000ULL
#define	PORT		5001
#define	CHUNK		65536

struct flow {
	struct run	*f_run;
	unsigned	f_i;
	int		f_in, f_out;	/* reader's, writer's descriptor */
};

struct run {
	struct flows	*r_flows;
	struct sy_loop	*r_loop;
	struct sy_host	*r_a, *r_b;
	int		r_listen;
	unsigned	r_accepted;
	const char	*r_error;
	uint64_t	r_bytes0;	/* of the link when it began */
	uint64_t	r_got[FLOWS_MAX];
	struct flow	r_flow[FLOWS_MAX];
	char		r_buf[CHUNK];
};

static void
run_stop(struct run *r, const char *error)
{
	if (r->r_error == NULL)
		r->r_error = error;
	sy_loop_stop(r->r_loop);
}

/* ---- The programs ---- */

static void
flow_read(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct flow *f = arg;
	ssize_t n;

	while ((n = sy_recv(f->f_run->r_b, fd, f->f_run->r_buf, CHUNK,
	    0)) > 0)
		f->f_run->r_got[f->f_i] += (uint64_t)n;
	if (n == 0 || errno != EAGAIN)
		run_stop(f->f_run, "a reader saw an end or an error");
}

static void
flow_write(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct flow *f = arg;

	while (sy_send(f->f_run->r_a, fd, f->f_run->r_buf, CHUNK, 0) > 0)
		continue;
	if (errno != EAGAIN)
		run_stop(f->f_run, "a writer saw an error");
}

static void
flow_accept(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;
	struct flow *f;

	f = &r->r_flow[r->r_accepted++];
	f->f_in = sy_accept(r->r_b, fd, NULL, NULL);
	if (f->f_in < 0 || sy_setnonblock(r->r_b, f->f_in, true) != 0 ||
	    sy_watch(r->r_b, f->f_in, POLLIN, flow_read, f) != 0)
		run_stop(r, "accepting failed");
}

static void
flow_start(void *arg)
{
	struct flow *f = arg;
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT) };
	struct sy_host *a = f->f_run->r_a;

	(void)inet_pton(AF_INET, "10.0.0.2", &sin.sin_addr);
	f->f_out = sy_socket(a, AF_INET, SOCK_STREAM, 0);
	if (f->f_out < 0 || sy_setnonblock(a, f->f_out, true) != 0 ||
	    (sy_connect(a, f->f_out, (struct sockaddr *)&sin,
	    sizeof(sin)) != 0 && errno != EINPROGRESS) ||
	    sy_watch(a, f->f_out, POLLOUT, flow_write, f) != 0)
		run_stop(f->f_run, "connecting failed");
}

/* ---- Hosts and path ---- */

static bool
make_path(struct run *r)
{
	const struct flows *f = r->r_flows;
	const struct sy_var vars[] = {
		{ "net.inet.tcp.cc.algorithm", f->cc }
	};
	const struct sy_pipe there = { .rate = f->rate, .delay = f->delay,
	    .queue_bdp = f->queue_bdp };
	const struct sy_pipe back = { .delay = f->delay };

	r->r_a = sy_host_new(r->r_loop, "a", vars, 1);
	r->r_b = sy_host_new(r->r_loop, "b", vars, 1);
	return (r->r_a != NULL && r->r_b != NULL &&
	    sy_link(r->r_a, r->r_b, 0, 0) == 0 &&
	    sy_addr_add(r->r_a, "epair0a", "10.0.0.1/24") == 0 &&
	    sy_addr_add(r->r_b, "epair0b", "10.0.0.2/24") == 0 &&
	    sy_pipe(r->r_a, "epair0a", &there) == 0 &&
	    sy_pipe(r->r_b, "epair0b", &back) == 0);
}

static bool
make_flows(struct run *r)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT) };
	uint64_t x = r->r_flows->seed;
	unsigned i;

	r->r_listen = sy_socket(r->r_b, AF_INET, SOCK_STREAM, 0);
	if (r->r_listen < 0 || sy_bind(r->r_b, r->r_listen,
	    (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    sy_listen(r->r_b, r->r_listen, FLOWS_MAX) != 0 ||
	    sy_watch(r->r_b, r->r_listen, POLLIN, flow_accept, r) != 0)
		return (false);
	for (i = 0; i < r->r_flows->n; i++) {
		r->r_flow[i].f_run = r;
		r->r_flow[i].f_i = i;
		/* 48271: a generator of the full period modulo 2^31 - 1. */
		x = x * 48271 % 2147483647;
		if (sy_loop_at(r->r_loop, r->r_flows->n == 1 ? 0 :
		    x % SECOND, flow_start, &r->r_flow[i]) < 0)
			return (false);
	}
	return (true);
}

/* ---- Counting ---- */

static void
count_from(void *arg)
{
	struct run *r = arg;
	struct sy_pipe_stats ps;

	if (sy_pipe_stats(r->r_a, "epair0a", &ps) != 0)
		run_stop(r, "no figures of the link");
	r->r_bytes0 = ps.out_bytes;
	memcpy(r->r_flows->bytes, r->r_got, sizeof(r->r_got));
}

static void
count_to(struct run *r)
{
	struct flows *f = r->r_flows;
	double sum, sum2, x;
	struct sy_pipe_stats ps;
	unsigned i;

	if (sy_pipe_stats(r->r_a, "epair0a", &ps) != 0) {
		r->r_error = "no figures of the link";
		return;
	}
	sum = sum2 = 0;
	for (i = 0; i < f->n; i++) {
		f->bytes[i] = r->r_got[i] - f->bytes[i];
		x = (double)f->bytes[i];
		sum += x;
		sum2 += x * x;
	}
	f->jain = sum2 > 0 ? sum * sum / (f->n * sum2) : 0;
	f->utilization = (double)(ps.out_bytes - r->r_bytes0) * 8 /
	    ((double)f->rate * (f->seconds - f->from));
	f->packets = ps.out_packets;
	f->drops = ps.queue_drops;
	f->events = sy_loop_events(r->r_loop);
}

static double
clock_s(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

const char *
flows_run(struct flows *f)
{
	static struct run run;

	memset(&run, 0, sizeof(run));
	memset(f->bytes, 0, sizeof(f->bytes));
	run.r_flows = f;
	run.r_loop = sy_loop_new(SY_VIRTUAL, f->seed);
	if (run.r_loop == NULL || !make_path(&run) || !make_flows(&run) ||
	    sy_loop_at(run.r_loop, (uint64_t)(f->from * 1e9), count_from,
	    &run) < 0) {
		sy_loop_free(run.r_loop);
		return (sy_error());
	}
	f->cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	f->wall = clock_s(CLOCK_MONOTONIC);
	(void)sy_loop_run(run.r_loop, (uint64_t)(f->seconds * 1e9));
	f->cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - f->cpu;
	f->wall = clock_s(CLOCK_MONOTONIC) - f->wall;
	count_to(&run);
	sy_loop_free(run.r_loop);
	return (run.r_error);
}

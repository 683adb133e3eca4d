/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * One flow from a to b over 100 Mbit/s, whose direction to b loses packets
 * or changes their order.
 *
 * An endless flow is measured from its first second on, when slow start is
 * over.  One with a tail sends TAIL_HEAD segments, of which the last are in
 * flight when the path begins to lose everything; the tail is written, and
 * the path is whole again.  Its time counts from there.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "quality.h"
#include "stackyard.h"

#define	MS		1000000ULL
#define	SECOND		1000000000ULL
#define	RATE		100000000ULL
#define	QUEUE		2000		/* packets: more than ever wait */
#define	PORT		5001
#define	CHUNK		65536
#define	SEGMENT		1448		/* without time stamps a bit more */
#define	TAIL_HEAD	40		/* segments */
#define	TAIL_ROUNDS	2.5		/* round trips until the tail */

struct run {
	struct quality	*r_q;
	struct sy_loop	*r_loop;
	struct sy_host	*r_a, *r_b;
	int		r_listen, r_in, r_out;
	uint64_t	r_got, r_got0;
	uint64_t	r_tosend, r_toget;
	uint64_t	r_tail;		/* when it was written, ns */
	const char	*r_error;
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
run_read(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;
	ssize_t n;

	while ((n = sy_recv(r->r_b, fd, r->r_buf, CHUNK, 0)) > 0)
		r->r_got += (uint64_t)n;
	if (n == 0 || errno != EAGAIN)
		run_stop(r, "the reader saw an end or an error");
	if (r->r_toget != 0 && r->r_got == r->r_toget) {
		r->r_q->ms = (sy_loop_now(r->r_loop) - r->r_tail) / MS;
		sy_loop_stop(r->r_loop);
	}
}

static void
run_accept(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;

	r->r_in = sy_accept(r->r_b, fd, NULL, NULL);
	if (r->r_in < 0 || sy_setnonblock(r->r_b, r->r_in, true) != 0 ||
	    sy_watch(r->r_b, r->r_in, POLLIN, run_read, r) != 0)
		run_stop(r, "accepting failed");
}

static void
run_write(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct run *r = arg;
	size_t want;
	ssize_t n;

	do {
		want = r->r_tosend < CHUNK ? (size_t)r->r_tosend : CHUNK;
		if (want == 0) {
			(void)sy_watch(r->r_a, fd, 0, run_write, r);
			return;
		}
		n = sy_send(r->r_a, fd, r->r_buf, want, 0);
		r->r_tosend -= n > 0 ? (uint64_t)n : 0;
	} while (n > 0);
	if (errno != EAGAIN)
		run_stop(r, "the writer saw an error");
}

/* ---- Hosts and path ---- */

static bool
has(const struct quality *q, const char *option)
{
	return (strstr(q->options, option) != NULL);
}

static bool
path_set(struct run *r, double loss)
{
	const struct quality *q = r->r_q;
	const struct sy_pipe there = { .rate = RATE, .delay = q->delay * MS,
	    .queue_packets = QUEUE, .loss = loss, .ge_enter = q->ge_enter,
	    .ge_leave = q->ge_leave, .ge_loss_bad = q->ge_enter > 0,
	    .reorder = q->reorder, .reorder_gap = q->gap };

	return (sy_pipe(r->r_a, "epair0a", &there) == 0);
}

static bool
make_hosts(struct run *r)
{
	const struct quality *q = r->r_q;
	const struct sy_var vars[] = {
		{ "net.inet.tcp.cc.algorithm", q->cc },
		{ "net.inet.tcp.sack.enable", has(q, "sack") ? "1" : "0" },
		/* 2: scaled windows without time stamps. */
		{ "net.inet.tcp.rfc1323", has(q, "ts") ? "1" : "2" }
	};
	const struct sy_pipe back = { .delay = q->delay * MS };

	r->r_a = sy_host_new(r->r_loop, "a", vars, 3);
	r->r_b = sy_host_new(r->r_loop, "b", vars, 3);
	return (r->r_a != NULL && r->r_b != NULL &&
	    sy_link(r->r_a, r->r_b, 0, 0) == 0 &&
	    sy_addr_add(r->r_a, "epair0a", "10.0.0.1/24") == 0 &&
	    sy_addr_add(r->r_b, "epair0b", "10.0.0.2/24") == 0 &&
	    path_set(r, q->loss) && sy_pipe(r->r_b, "epair0b", &back) == 0);
}

static bool
make_flow(struct run *r)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT) };

	r->r_listen = sy_socket(r->r_b, AF_INET, SOCK_STREAM, 0);
	if (r->r_listen < 0 || sy_bind(r->r_b, r->r_listen,
	    (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    sy_listen(r->r_b, r->r_listen, 1) != 0 ||
	    sy_watch(r->r_b, r->r_listen, POLLIN, run_accept, r) != 0)
		return (false);
	(void)inet_pton(AF_INET, "10.0.0.2", &sin.sin_addr);
	r->r_out = sy_socket(r->r_a, AF_INET, SOCK_STREAM, 0);
	return (r->r_out >= 0 && sy_setnonblock(r->r_a, r->r_out, true) == 0 &&
	    (sy_connect(r->r_a, r->r_out, (struct sockaddr *)&sin,
	    sizeof(sin)) == 0 || errno == EINPROGRESS) &&
	    sy_watch(r->r_a, r->r_out, POLLOUT, run_write, r) == 0);
}

/* ---- What happens when ---- */

static void
count_from(void *arg)
{
	struct run *r = arg;

	r->r_got0 = r->r_got;
}

/* The tail is written, and all of it lost. */
static void
tail_write(void *arg)
{
	struct run *r = arg;
	size_t len = r->r_q->tail * SEGMENT;

	r->r_tail = sy_loop_now(r->r_loop);
	r->r_toget += len;
	if (!path_set(r, 1) || sy_send(r->r_a, r->r_out, r->r_buf, len, 0) !=
	    (ssize_t)len)
		run_stop(r, "the tail could not be written");
}

static void
tail_whole(void *arg)
{
	struct run *r = arg;

	if (!path_set(r, 0))
		run_stop(r, "the path stays broken");
}

static bool
make_events(struct run *r)
{
	uint64_t when;

	r->r_tosend = UINT64_MAX;
	if (r->r_q->tail == 0)
		return (sy_loop_at(r->r_loop, SECOND, count_from, r) >= 0);
	r->r_tosend = r->r_toget = TAIL_HEAD * SEGMENT;
	/* Two round trips for ARP and the handshake. */
	when = (uint64_t)((TAIL_ROUNDS + 2) * 2 * r->r_q->delay * MS);
	return (sy_loop_at(r->r_loop, when, tail_write, r) >= 0 &&
	    sy_loop_at(r->r_loop, when + MS, tail_whole, r) >= 0);
}

static void
count_to(struct run *r)
{
	struct quality *q = r->r_q;
	struct quality_stats a, b;

	quality_stats(sy_host_vnet(r->r_a), &a);
	quality_stats(sy_host_vnet(r->r_b), &b);
	if (q->tail == 0)
		q->kbits = (uint64_t)((double)(r->r_got - r->r_got0) * 8 /
		    1000 / (q->seconds - 1));
	q->timeouts = a.qs_timeouts;
	q->again = a.qs_again;
	q->undone = a.qs_undone;
	q->spurious = b.qs_twice;
}

const char *
quality_run(struct quality *q)
{
	static struct run run;

	memset(&run, 0, sizeof(run));
	run.r_q = q;
	run.r_loop = sy_loop_new(SY_VIRTUAL, q->seed);
	if (run.r_loop == NULL || !make_hosts(&run) || !make_events(&run) ||
	    !make_flow(&run)) {
		sy_loop_free(run.r_loop);
		return (sy_error());
	}
	(void)sy_loop_run(run.r_loop, (uint64_t)(q->seconds * 1e9));
	count_to(&run);
	if (q->tail != 0 && run.r_got != run.r_toget && run.r_error == NULL)
		run.r_error = "the tail did not arrive";
	sy_loop_free(run.r_loop);
	return (run.r_error);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * peer_kernel inmem_bulk [-l] | inmem_conn | tap_bulk [-l]  [-n count]
 *
 * The host kernel's TCP, doing what bench does with the stack: one thread on
 * one processor, which owns both ends; as much is sent as is taken, then as
 * much is received as has come.  The kernel works on the same processor, in
 * the calls.  Each socket is told to use cubic; buffers adapt, as always.
 *
 *	inmem_bulk	two namespaces, joined by a veth pair
 *	inmem_conn	the same
 *	tap_bulk	two namespaces, each with a TAP device, and this
 *			process reads frames of one and writes them to the
 *			other: the least that anything between two kernels
 *			can do
 *
 * Without -l interfaces do neither checksums nor large segments; with it,
 * what they do if nobody says anything.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../figure.h"
#include "net.h"

#define	CHUNK		65536
#define	FRAME		(65536 + 64)	/* the largest, with headers */

bool	figure_units_only;

struct pair {
	int	ns[2];
	int	tap[2];		/* -1: a veth pair */
	int	listener;	/* in ns[1] */
};

/* ---- Two kernels ---- */

static void
pair_up(struct pair *p, int i, bool large)
{
	net_enter(p->ns[i]);
	net_ip("addr add 10.8.0.%d/24 dev b%d", i + 1, i);
	net_ip("link set dev b%d up", i);
	if (p->tap[i] < 0 && !large)
		net_no_offload(i == 0 ? "b0" : "b1");
}

static void
pair_new(struct pair *p, bool tap, bool large)
{
	net_pin();
	p->tap[0] = p->tap[1] = -1;
	p->ns[0] = net_new();
	if (tap)
		p->tap[0] = net_tap("b0", large);
	p->ns[1] = net_new();
	if (tap)
		p->tap[1] = net_tap("b1", large);
	else
		/* As the descriptor is called in the child. */
		net_ip("link add b1 type veth peer name b0 netns "
		    "/proc/%d/fd/%d", (int)getpid(), p->ns[0]);
	pair_up(p, 0, large);
	pair_up(p, 1, large);
	p->listener = net_listen(p->ns[1]);
}

/* ---- Bulk ---- */

/* Frames from one TAP device to the other; did any come? */
static bool
relay(int from, int to)
{
	static char frame[FRAME];
	bool any = false;
	ssize_t n;

	if (from < 0)
		return (false);
	while ((n = read(from, frame, sizeof(frame))) > 0) {
		any = true;
		if (write(to, frame, (size_t)n) != n)
			die("relay: %s", strerror(errno));
	}
	return (any);
}

static uint64_t
bulk_write(int fd, uint64_t left)
{
	static char buf[CHUNK] = "x";
	uint64_t put = 0;
	ssize_t n;

	while (put < left) {
		n = write(fd, buf, left - put < CHUNK ? left - put : CHUNK);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			die("write: %s", strerror(errno));
		put += (uint64_t)n;
		if (n < CHUNK)
			break;
	}
	return (put);
}

static uint64_t
bulk_read(int fd)
{
	static char buf[CHUNK];
	uint64_t got = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		got += (uint64_t)n;
	if (n == 0 || errno != EAGAIN)
		die("read: %s", n == 0 ? "an end" : strerror(errno));
	return (got);
}

/* Seconds that count segments take. */
static double
bulk(struct pair *p, int out, int in, uint64_t count)
{
	uint64_t got = 0, put = 0, want = count * NET_MSS;
	double seconds;

	net_nonblock(out);
	net_nonblock(in);
	seconds = wall();
	while (got < want) {
		put += bulk_write(out, want - put);
		(void)relay(p->tap[0], p->tap[1]);
		got += bulk_read(in);
		(void)relay(p->tap[1], p->tap[0]);
	}
	return (wall() - seconds);
}

static void
inmem_bulk(bool large, uint64_t count)
{
	const char *more = large ? "_large" : "";
	struct pair p;
	double seconds;
	int in, out;

	pair_new(&p, false, large);
	net_connect(p.ns[0], p.listener, "10.8.0.2", &out, &in);
	seconds = bulk(&p, out, in, count);
	figure((double)count * NET_MSS * 8 / seconds / 1e9, "Gbit/s",
	    "kernel.inmem_bulk.gbit_per_s.cubic%s", more);
	figure(seconds * 1e9 / (double)count, "ns",
	    "kernel.inmem_bulk.ns_per_segment.cubic%s", more);
}

/* A blocking connect would wait for frames that only we relay. */
static void
relay_connect(struct pair *p, int *out, int *in)
{
	pid_t child;

	if ((child = fork()) == 0) {
		for (;;) {
			(void)relay(p->tap[0], p->tap[1]);
			(void)relay(p->tap[1], p->tap[0]);
			(void)usleep(100);
		}
	}
	net_connect(p->ns[0], p->listener, "10.8.0.2", out, in);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
}

static void
tap_bulk(bool large, uint64_t count)
{
	struct pair p;
	double seconds;
	int in, out;

	pair_new(&p, true, large);
	relay_connect(&p, &out, &in);
	seconds = bulk(&p, out, in, count);
	figure((double)count * NET_MSS * 8 / seconds / 1e9, "Gbit/s",
	    "relay.tap_bulk.gbit_per_s.%s", large ? "offload" : "plain");
}

/* ---- Connections ---- */

static void
conn_byte(int out, int in)
{
	char byte = 'x';

	if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != 1)
		die("a byte did not arrive: %s", strerror(errno));
}

static void
inmem_conn(uint64_t count)
{
	struct pair p;
	double seconds;
	int in, out;
	uint64_t i;
	char byte;

	pair_new(&p, false, true);
	net_enter(p.ns[0]);
	seconds = wall();
	for (i = 0; i < count; i++) {
		net_connect(-1, p.listener, "10.8.0.2", &out, &in);
		conn_byte(out, in);
		conn_byte(in, out);
		(void)close(in);
		if (read(out, &byte, 1) != 0)
			die("there is no end");
		(void)close(out);
	}
	seconds = wall() - seconds;
	figure((double)count / seconds, "/s", "kernel.inmem_conn.per_s.o0");
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint64_t count = 10000;
	bool large = false;
	int c;

	optind = 2;
	while ((c = getopt(argc, argv, "ln:")) != -1)
		if (c == 'l')
			large = true;
		else if (c == 'n')
			count = strtoull(optarg, NULL, 10);
		else
			return (64);
	if (strcmp(what, "inmem_bulk") == 0)
		inmem_bulk(large, count);
	else if (strcmp(what, "inmem_conn") == 0)
		inmem_conn(count);
	else if (strcmp(what, "tap_bulk") == 0)
		tap_bulk(large, count);
	else
		die("usage: peer_kernel inmem_bulk | inmem_conn | tap_bulk "
		    "[-l] [-n count]");
	return (0);
}

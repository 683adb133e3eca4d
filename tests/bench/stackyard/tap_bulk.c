/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * tap_bulk: one bulk transfer between the stack and the host kernel over a
 * TAP device, in a network namespace of its own, MTU 1500: to the kernel, or
 * with -r from it; frame by frame, or with -l with checksums and large
 * segments left to the other side (virtio's header).
 *
 * One thread on one processor is both ends: the stack's event loop in real
 * time, which also looks after the kernel's socket.  What the kernel does,
 * it does on that processor, in the calls.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../kernel/net.h"
#include "bench.h"

#define	CHUNK		65536
#define	TIMEOUT		(60 * SECOND)

struct tap {
	struct sy_loop	*loop;
	struct sy_host	*host;
	int		ours, kernels;
	uint64_t	want, put, got;	/* bytes */
	char		from[CHUNK], to[CHUNK];
};

/* ---- Both ends, sending and receiving ---- */

/* What a call returned that sends: is there more to do now? */
static bool
sent(struct tap *t, ssize_t n)
{
	if (n < 0 && errno != EAGAIN)
		die("sending: %s", strerror(errno));
	if (n > 0)
		t->put += (uint64_t)n;
	return (n == CHUNK && t->put < t->want);
}

static bool
received(struct tap *t, ssize_t n)
{
	if (n == 0 || (n < 0 && errno != EAGAIN))
		die("receiving: %s", n == 0 ? "an end" : strerror(errno));
	if (n > 0)
		t->got += (uint64_t)n;
	if (t->got >= t->want)
		sy_loop_stop(t->loop);
	return (n == CHUNK);
}

static size_t
chunk(const struct tap *t)
{
	return (t->want - t->put < CHUNK ? t->want - t->put : CHUNK);
}

static void
our_write(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct tap *t = arg;

	while (sent(t, sy_send(t->host, fd, t->from, chunk(t), 0)))
		continue;
	if (t->put == t->want)
		must(sy_watch(t->host, fd, 0, NULL, NULL));
}

static void
our_read(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct tap *t = arg;

	while (received(t, sy_recv(t->host, fd, t->to, CHUNK, 0)))
		continue;
}

static void
kernel_write(void *arg, short revents __attribute__((__unused__)))
{
	struct tap *t = arg;

	while (sent(t, write(t->kernels, t->from, chunk(t))))
		continue;
	if (t->put == t->want)
		must(sy_loop_fd(t->loop, t->kernels, 0, NULL, NULL));
}

static void
kernel_read(void *arg, short revents __attribute__((__unused__)))
{
	struct tap *t = arg;

	while (received(t, read(t->kernels, t->to, CHUNK)))
		continue;
}

/* ---- The connection ---- */

static void
tap_open(struct tap *t, const struct opts *o)
{
	struct sockaddr_in sin = two_addr("10.9.0.1", PORT);
	int listener;

	net_pin();
	(void)net_new();
	if ((t->loop = sy_loop_new(SY_REAL, 1)) == NULL ||
	    (t->host = sy_host_new(t->loop, "us", NULL, 0)) == NULL)
		die("%s", sy_error());
	must(sy_sysctl_set(t->host, "net.inet.tcp.functions_default",
	    o->block));
	must(sy_sysctl_set(t->host, "net.inet.tcp.cc.algorithm", o->cc));
	if (sy_tap(t->host, "b0", o->large, 0) != 0) {
		(void)fprintf(stderr, "bench: %s\n", sy_error());
		exit(NET_CANNOT);
	}
	must(sy_addr_add(t->host, "b0", "10.9.0.2/24"));
	net_ip("addr add 10.9.0.1/24 dev b0");
	net_ip("link set dev b0 up");
	listener = net_listen(-1);
	t->ours = must(sy_socket(t->host, AF_INET, SOCK_STREAM, 0));
	must(sy_connect(t->host, t->ours, (struct sockaddr *)&sin,
	    sizeof(sin)));
	if ((t->kernels = accept(listener, NULL, NULL)) < 0)
		die("accept: %s", strerror(errno));
	net_nonblock(t->kernels);
	must(sy_setnonblock(t->host, t->ours, true));
}

uint64_t
tap_bulk(const struct opts *o)
{
	static struct tap t;
	double seconds;

	memset(t.from, 'x', sizeof(t.from));
	t.want = o->count * NET_MSS;
	tap_open(&t, o);
	must(sy_watch(t.host, t.ours, o->receive ? POLLIN : POLLOUT,
	    o->receive ? our_read : our_write, &t));
	must(sy_loop_fd(t.loop, t.kernels, o->receive ? POLLOUT : POLLIN,
	    o->receive ? kernel_write : kernel_read, &t));
	seconds = wall();
	(void)sy_loop_run(t.loop, sy_loop_now(t.loop) + TIMEOUT);
	seconds = wall() - seconds;
	if (t.got != t.want)
		die("%ju of %ju bytes arrived", (uintmax_t)t.got,
		    (uintmax_t)t.want);
	sy_loop_free(t.loop);
	figure((double)t.want * 8 / seconds / 1e9, "Gbit/s",
	    "tap_bulk.gbit_per_s.%s_%s", o->large ? "offload" : "plain",
	    o->receive ? "receive" : "send");
	return (o->count);
}

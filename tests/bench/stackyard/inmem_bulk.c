/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * inmem_bulk: one bulk transfer between two hosts in one thread, copied in
 * by send and out by recv.
 *
 * With segments of the MTU (MSS 1460, 1448 bytes with the time stamps)
 * checksums are computed by the sender and verified by the receiver; with -l
 * the link takes large segments and leaves checksums alone, as two virtual
 * interfaces of one machine do.  Buffers are of the size of the window and
 * do not adapt.  The link has neither rate nor delay, so that all time is
 * the machine's: the figure is the cost of a segment with its share of the
 * acknowledgments, the interfaces, the event loop and the calls.
 *
 * A segment is 1448 bytes, also where many of them left as one.
 *
 * WARM windows pass before anything is measured, in which the congestion
 * window grows to the size of the buffers.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "bench.h"
#include "inside.h"

#define	MSS		1448
#define	CHUNK		65536
#define	WARM		10

struct bulk {
	struct two	two;
	int		out, in;
	uint64_t	want, put, got;	/* bytes */
	uint64_t	stop;		/* when so many were got */
	char		from[CHUNK], to[CHUNK];
};

static void
bulk_write(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct bulk *b = arg;
	size_t len;
	ssize_t n;

	while (b->put < b->want) {
		len = b->want - b->put < CHUNK ? b->want - b->put : CHUNK;
		n = sy_send(b->two.a, fd, b->from, len, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			die("send: %s", strerror(errno));
		b->put += (uint64_t)n;
		if (n < (ssize_t)len)
			return;
	}
	must(sy_watch(b->two.a, fd, 0, NULL, NULL));
}

static void
bulk_read(void *arg, int fd, short revents __attribute__((__unused__)))
{
	struct bulk *b = arg;
	ssize_t n;

	do {
		n = sy_recv(b->two.b, fd, b->to, CHUNK, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			die("recv: %s", n == 0 ? "an end" : strerror(errno));
		if (n > 0)
			b->got += (uint64_t)n;
	} while (n == CHUNK);
	if (b->got >= b->stop)
		sy_loop_stop(b->two.loop);
}

static void
bulk_offload(struct sy_host *host, const char *ifname, bool on)
{
	sy_host_enter(host);
	inside_offload(ifname, on);
	sy_host_leave(host);
}

static void
bulk_open(struct bulk *b, const struct opts *o)
{
	char window[24];
	const struct sy_var vars[] = {
		{ "kern.ipc.maxsockbuf",	"268435456" },
		{ "net.inet.tcp.sendbuf_auto",	"0" },
		{ "net.inet.tcp.recvbuf_auto",	"0" },
		{ "net.inet.tcp.sendspace",	window },
		{ "net.inet.tcp.recvspace",	window },
	};
	int listener;

	(void)snprintf(window, sizeof(window), "%ju", (uintmax_t)o->window);
	two_new(&b->two, o, vars, sizeof(vars) / sizeof(vars[0]));
	bulk_offload(b->two.a, "epair0a", o->large);
	bulk_offload(b->two.b, "epair0b", o->large);
	listener = two_listen(&b->two, 1);
	two_connect(&b->two, listener, NULL, &b->out, &b->in);
	must(sy_setnonblock(b->two.a, b->out, true));
	must(sy_setnonblock(b->two.b, b->in, true));
	must(sy_watch(b->two.a, b->out, POLLOUT, bulk_write, b));
	must(sy_watch(b->two.b, b->in, POLLIN, bulk_read, b));
}

/* Let it go on until b->stop bytes have arrived. */
static void
bulk_run(struct bulk *b)
{

	(void)sy_loop_run(b->two.loop, 1000 * SECOND);
	if (b->got < b->stop)
		die("%ju of %ju bytes arrived", (uintmax_t)b->got,
		    (uintmax_t)b->stop);
}

uint64_t
inmem_bulk(const struct opts *o)
{
	static struct bulk b;
	char variant[128];
	uint64_t bytes, warm;
	double seconds;

	/* Pages that were never written are all one, and always cached. */
	memset(b.from, 'x', sizeof(b.from));
	b.stop = WARM * o->window;
	b.want = b.stop + o->count * MSS;
	bulk_open(&b, o);
	bulk_run(&b);
	warm = b.got;
	b.stop = b.want;
	count_from_here();
	seconds = wall();
	bulk_run(&b);
	seconds = wall() - seconds;
	bytes = b.got - warm;
	sy_loop_free(b.two.loop);
	(void)snprintf(variant, sizeof(variant), "%s_%s_w%s%s", o->block,
	    o->cc, short_number(o->window, 1024), o->large ? "_large" : "");
	figure((double)bytes * 8 / seconds / 1e9, "Gbit/s",
	    "inmem_bulk.gbit_per_s.%s", variant);
	figure(seconds * 1e9 * MSS / (double)bytes, "ns",
	    "inmem_bulk.ns_per_segment.%s", variant);
	return (o->count);
}

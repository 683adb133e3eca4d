/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * inmem_conn: short connections between two hosts in one thread, one after
 * the other: connect, accept, one byte each way, and close both ways, the
 * accepting side first, as servers do.
 *
 * That side is left with the TIME_WAIT.  -t opens and closes so many
 * connections before anything is measured; if they are more than an address
 * has ephemeral ports (16384), TIME_WAIT is as full as one peer can make it
 * and each further connection takes over the place of an old one, which is
 * the way of a busy server.  -o keeps so many others open, idle.
 *
 * After each connection 100 us pass, as between programs that do something:
 * a new connection's sequence numbers must be above those of the old one in
 * its place (RFC 6191, RFC 6528), and they grow with time.
 */
#include "bench.h"

#define	PAUSE		100000		/* ns */

static void
conn_byte(struct sy_host *from, int out, struct sy_host *to, int in)
{
	char byte = 'x';

	if (must((int)sy_send(from, out, &byte, 1, 0)) != 1 ||
	    must((int)sy_recv(to, in, &byte, 1, 0)) != 1)
		die("a byte did not arrive");
}

static void
conn_end(struct sy_host *host, int fd)
{
	char byte;

	if (must((int)sy_recv(host, fd, &byte, 1, 0)) != 0)
		die("there is a byte where an end was expected");
	must(sy_close(host, fd));
}

static void
conns(struct two *t, int listener, uint64_t n)
{
	uint64_t i;
	int out, in;

	for (i = 0; i < n; i++) {
		two_connect(t, listener, NULL, &out, &in);
		conn_byte(t->a, out, t->b, in);
		conn_byte(t->b, in, t->a, out);
		must(sy_close(t->b, in));
		conn_end(t->a, out);
		must(sy_loop_run(t->loop, sy_loop_now(t->loop) + PAUSE));
	}
}

uint64_t
inmem_conn(const struct opts *o)
{
	struct two t;
	double seconds;
	int listener;

	two_new(&t, o, NULL, 0);
	listener = two_listen(&t, 128);
	two_others(&t, listener, o->others);
	conns(&t, listener, o->timewait);
	count_from_here();
	seconds = wall();
	conns(&t, listener, o->count);
	seconds = wall() - seconds;
	sy_loop_free(t.loop);
	figure((double)o->count / seconds, "/s", "inmem_conn.per_s.o%s",
	    short_number(o->others, 1000));
	return (o->count);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The function block of share/examples, as a shared object made from what
 * is installed: it carries data as the block it is based on does, without
 * its bursts, and it comes and goes.
 */
#include <arpa/inet.h>
#include <atf-c.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <stackyard.h>

#define	EXAMPLE		STACKYARD_BUILD "/lib/stackyard/block_example.so"
#define	MS		1000000ULL	/* ns */
#define	PORT		7
#define	WINDOW		(128 * 1024)	/* bytes: all that is ever in flight */

#define	OK(e)		ATF_REQUIRE_MSG((e) >= 0, "%s: %s", #e, sy_error())

struct world {
	struct sy_loop	*loop;
	struct sy_host	*a, *b;
	int		la, lb;		/* connected descriptors */
	uint64_t	received;
};

static void
world_new(struct world *w)
{
	/* 80 ms and 100 Mbit/s: the window is an eighth of the path's. */
	const struct sy_pipe there = { .rate = 100000000, .delay = 40 * MS,
	    .queue_packets = 1000 };
	const struct sy_pipe back = { .delay = 40 * MS };

	memset(w, 0, sizeof(*w));
	w->loop = sy_loop_new(SY_VIRTUAL, 1);
	ATF_REQUIRE(w->loop != NULL);
	w->a = sy_host_new(w->loop, "a", NULL, 0);
	w->b = sy_host_new(w->loop, "b", NULL, 0);
	ATF_REQUIRE_MSG(w->a != NULL && w->b != NULL, "%s", sy_error());
	OK(sy_link(w->a, w->b, 0, 0));
	OK(sy_addr_add(w->a, "epair0a", "10.0.0.1/24"));
	OK(sy_addr_add(w->b, "epair0b", "10.0.0.2/24"));
	OK(sy_pipe(w->a, "epair0a", &there));
	OK(sy_pipe(w->b, "epair0b", &back));
}

/* Have descriptor fd use a block. */
static int
use(struct sy_host *host, int fd, const char *block)
{
	struct sy_tcp_function_set set;

	memset(&set, 0, sizeof(set));
	(void)snprintf(set.function_set_name, sizeof(set.function_set_name),
	    "%s", block);
	return (sy_setsockopt(host, fd, IPPROTO_TCP, SY_TCP_FUNCTION_BLK,
	    &set, sizeof(set)));
}

static void
receive(void *arg, int fd, short events)
{
	struct world *w = arg;
	ssize_t n;

	(void)events;
	while ((n = sy_recv(w->b, fd, NULL, 1 << 20,
	    SY_MSG_DISCARD | MSG_DONTWAIT)) > 0)
		w->received += (uint64_t)n;
}

static void
transmit(void *arg, int fd, short events)
{
	static const char zeros[16384];
	struct world *w = arg;

	(void)events;
	while (sy_send(w->a, fd, zeros, sizeof(zeros), MSG_DONTWAIT) > 0)
		;
}

/* a connects to b by the block, and sends as fast as it can. */
static void
flow(struct world *w, const char *block)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(PORT) };
	int listener, window = WINDOW;

	OK(listener = sy_socket(w->b, AF_INET, SOCK_STREAM, 0));
	OK(sy_bind(w->b, listener, (struct sockaddr *)&sin, sizeof(sin)));
	OK(sy_listen(w->b, listener, 1));
	OK(w->la = sy_socket(w->a, AF_INET, SOCK_STREAM, 0));
	OK(sy_setsockopt(w->a, w->la, SOL_SOCKET, SO_SNDBUF, &window,
	    sizeof(window)));
	OK(use(w->a, w->la, block));
	sin.sin_addr.s_addr = inet_addr("10.0.0.2");
	OK(sy_connect(w->a, w->la, (struct sockaddr *)&sin, sizeof(sin)));
	OK(w->lb = sy_accept(w->b, listener, NULL, NULL));
	OK(sy_close(w->b, listener));
	OK(sy_watch(w->b, w->lb, POLLIN, receive, w));
	OK(sy_watch(w->a, w->la, POLLOUT, transmit, w));
}

/* Packets in the queue at most in five seconds of a block's flow. */
static unsigned
queue_of(const char *block, uint64_t *received)
{
	struct sy_pipe_stats stats;
	struct world w;

	world_new(&w);
	OK(sy_kldload(w.loop, EXAMPLE));
	flow(&w, block);
	OK(sy_loop_run(w.loop, 5000 * MS));
	OK(sy_pipe_stats(w.a, "epair0a", &stats));
	*received = w.received;
	sy_loop_free(w.loop);
	printf("%s: %ju bytes, at most %u packets queued\n", block,
	    (uintmax_t)*received, stats.queue_packets_max);
	return (stats.queue_packets_max);
}

ATF_TC_WITHOUT_HEAD(paces);
ATF_TC_BODY(paces, tc)
{
	uint64_t def, paced;
	unsigned defqueue, pacedqueue;

	defqueue = queue_of("freebsd", &def);
	pacedqueue = queue_of("paced", &paced);
	ATF_CHECK_MSG(pacedqueue <= 3, "%u", pacedqueue);
	ATF_CHECK_MSG(defqueue > 3 * pacedqueue, "%u", defqueue);
	/* A window each round trip, but for the beginning. */
	ATF_CHECK_MSG(paced > def * 9 / 10, "%ju of %ju", (uintmax_t)paced,
	    (uintmax_t)def);
}

ATF_TC_WITHOUT_HEAD(comes_and_goes);
ATF_TC_BODY(comes_and_goes, tc)
{
	struct world w;
	uint64_t before;

	world_new(&w);
	flow(&w, "freebsd");
	ATF_CHECK_ERRNO(ENOENT, use(w.a, w.la, "paced") == -1);
	OK(sy_kldload(w.loop, EXAMPLE));
	OK(sy_loop_run(w.loop, 1000 * MS));
	before = w.received;
	OK(use(w.a, w.la, "paced"));
	OK(sy_loop_run(w.loop, 2000 * MS));
	ATF_CHECK_MSG(w.received > before, "it stands still");
	ATF_CHECK_ERRNO(EBUSY, sy_kldunload(w.loop, "block_example") == -1);
	OK(use(w.a, w.la, "freebsd"));
	OK(sy_kldunload(w.loop, "block_example"));
	before = w.received;
	OK(sy_loop_run(w.loop, 3000 * MS));
	ATF_CHECK_MSG(w.received > before, "it stands still");
	sy_loop_free(w.loop);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, paces);
	ATF_TP_ADD_TC(tp, comes_and_goes);
	return (atf_no_error());
}

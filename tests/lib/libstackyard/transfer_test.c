/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Whole runs repeat: the same program and seed make the same capture, byte
 * for byte, whatever else the process has done before; another seed does
 * not, and another host does not disturb.  Nor does a hook, for which the loop
 * goes its long ways only.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy_internal.h"
#include "sy_test.h"

#define	BYTES	200000

static struct sy_host *a, *b;
static uint8_t out[BYTES], in[BYTES];
static size_t sent, got;

static void
sender(void *arg, int fd, short revents)
{
	ssize_t n;

	(void)arg;
	(void)revents;
	n = sy_send(a, fd, out + sent, sizeof(out) - sent, MSG_DONTWAIT);
	ATF_REQUIRE_MSG(n > 0, "%s", sy_error());
	sent += (size_t)n;
	if (sent == sizeof(out))
		WORKS(sy_close(a, fd));
}

static void
receiver(void *arg, int fd, short revents)
{
	ssize_t n;

	(void)arg;
	(void)revents;
	n = sy_recv(b, fd, in + got, sizeof(in) - got + 1, MSG_DONTWAIT);
	ATF_REQUIRE_MSG(n >= 0, "%s", sy_error());
	got += (size_t)n;
	if (n == 0)
		WORKS(sy_close(b, fd));
}

static void
welcome(void *arg, int fd, short revents)
{
	int conn;

	(void)arg;
	(void)revents;
	WORKS(conn = sy_accept(b, fd, NULL, NULL));
	WORKS(sy_watch(b, conn, POLLIN, receiver, NULL));
}

static void
path(struct sy_loop *loop)
{
	const struct sy_pipe p = { .rate = 10000000, .delay = 5 * MS,
	    .jitter = MS, .loss = 0.01, .reorder = 0.01, .duplicate = 0.01,
	    .queue_bdp = 1.0 };

	a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	ATF_REQUIRE(a != NULL && b != NULL);
	WORKS(sy_link(a, b, 0, 0));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
	WORKS(sy_pipe(a, "epair0a", &p));
	WORKS(sy_pipe(b, "epair0b", &p));
}

static void
start(void)
{
	struct sockaddr_in sin;
	int fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(5001);
	sin.sin_addr.s_addr = htonl(0x0a000002);
	WORKS(fd = sy_socket(b, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_bind(b, fd, (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(sy_listen(b, fd, 5));
	WORKS(sy_watch(b, fd, POLLIN, welcome, NULL));
	WORKS(fd = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_connect(a, fd, (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(sy_watch(a, fd, POLLOUT, sender, NULL));
}

/* One transfer, recorded in the file; another host is there on demand. */
static void
transfer(uint64_t seed, const char *file, const char *other)
{
	struct sy_loop *loop;
	struct sy_capture *cap;
	size_t i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + i / 256);
	memset(in, 0, sizeof(in));
	sent = got = 0;
	loop = sy_loop_new(SY_VIRTUAL, seed);
	if (other != NULL)
		ATF_REQUIRE(sy_host_new(loop, other, NULL, 0) != NULL);
	path(loop);
	cap = sy_capture_open(loop, file, "transfer_test");
	ATF_REQUIRE(cap != NULL);
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	WORKS(sy_capture_if(cap, b, "epair0b", 0));
	start();
	WORKS(sy_loop_run(loop, 600 * SECOND));
	WORKS(sy_capture_close(cap));
	ATF_CHECK_EQ(BYTES, got);
	ATF_CHECK(memcmp(in, out, sizeof(out)) == 0);
	sy_loop_free(loop);
}

TEST(repeat)
{

	transfer(1, "1.pcapng", NULL);
	transfer(1, "2.pcapng", NULL);
	ATF_CHECK_EQ(0, system("cmp 1.pcapng 2.pcapng"));
}

TEST(seeds)
{

	transfer(1, "1.pcapng", NULL);
	transfer(2, "2.pcapng", NULL);
	ATF_CHECK(system("cmp -s 1.pcapng 2.pcapng") != 0);
}

TEST(bystander)
{

	transfer(1, "1.pcapng", NULL);
	transfer(1, "2.pcapng", "c");
	ATF_CHECK_EQ(0, system("cmp 1.pcapng 2.pcapng"));
}

/* In another process, with other addresses of everything. */
TEST(processes)
{
	char *p[50];
	int i;

	transfer(1, "1.pcapng", NULL);
	if (fork() == 0) {
		for (i = 0; i < 50; i++)
			p[i] = malloc((size_t)i * 1000 + 1);
		transfer(1, "2.pcapng", NULL);
		for (i = 0; i < 50; i++)
			free(p[i]);
		_exit(0);
	}
	ATF_REQUIRE(wait(NULL) > 0);
	ATF_CHECK_EQ(0, system("cmp 1.pcapng 2.pcapng"));
}

/* ---- Calls that wait, among hosts that talk within one instant ---- */

#define	TALKERS		3		/* in a row, each linked to the next */
#define	TALKS		200

static void
fill_out(void)
{
	unsigned i;

	for (i = 0; i < BYTES; i++)
		out[i] = (uint8_t)(i * 31 + i / 256);
}

static struct talk {
	bool		general;	/* no quick reads and writes */
	struct sy_loop	*loop;
	struct sy_host	*host[TALKERS];
	int		listener[TALKERS];
	int		idle[2], other[2]; /* the ends of links' connections */
	uint64_t	random, calls;
} talk;

static unsigned
chance(unsigned n)
{

	talk.random = talk.random * 6364136223846793005ULL +
	    1442695040888963407ULL;
	return ((unsigned)(talk.random >> 33) % n);
}

static void
no_hook(struct sy_host *host, void *arg)
{

	(void)host;
	(void)arg;
}

/* A call of the program's: where it comes among the turns is remembered. */
static void
talk_call(void *arg)
{

	(void)arg;
	talk.calls = (talk.calls ^ sy_loop_events(talk.loop)) *
	    0x9e3779b97f4a7c15ULL;
}

/* Connect host i to the next, or the next to it; fds[0] is i's. */
static void
talk_connect(unsigned i, bool back, int fds[2])
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(5001), .sin_addr.s_addr =
	    htonl(0x0a000001 + i * 256 + (back ? 0 : 1)) };

	WORKS(fds[back] = sy_socket(talk.host[i + back], AF_INET, SOCK_STREAM,
	    0));
	WORKS(sy_connect(talk.host[i + back], fds[back],
	    (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(fds[!back] = sy_accept(talk.host[i + !back],
	    talk.listener[i + !back], NULL, NULL));
}

static void
talk_bytes(struct sy_host *from, int fd, struct sy_host *to, int tofd)
{
	const size_t from_at = chance(64), to_at = chance(64);
	const size_t all = 1 + chance(1U << chance(16));
	size_t done;
	ssize_t n;

	if (talk.general)
		WORKS(syh_write(from, fd, out + from_at, all, "send"));
	else
		WORKS(sy_send(from, fd, out + from_at, all, 0));
	memset(in + to_at, 0, all + 1);
	for (done = 0; done < all; done += (size_t)n) {
		n = talk.general ?
		    syh_read(to, tofd, in + to_at + done, all - done, "recv") :
		    sy_recv(to, tofd, in + to_at + done, all - done, 0);
		ATF_REQUIRE_MSG(n > 0, "%s", sy_error());
	}
	ATF_CHECK_EQ(0, memcmp(in + to_at, out + from_at, all));
	ATF_CHECK_EQ(0, in[to_at + all]);
}

/* Something that wakes hosts, or not, and is not waited for. */
static void
talk_aside(void)
{
	unsigned i = chance(TALKERS - 1);

	if (chance(2) == 0)
		(void)sy_send(talk.host[i], talk.idle[i], out, 1,
		    MSG_DONTWAIT);
	if (chance(2) == 0)
		(void)sy_recv(talk.host[i + 1], talk.other[i], in, sizeof(in),
		    MSG_DONTWAIT);
	if (chance(3) == 0)
		WORKS(sy_loop_at(talk.loop, sy_loop_now(talk.loop) +
		    (chance(2) == 0 ? 0 : chance(50000)), talk_call, NULL));
}

static void
talk_once(void)
{
	unsigned i = chance(TALKERS - 1);
	struct sy_host **pair = &talk.host[i];
	int fds[2], first;

	talk_aside();
	talk_connect(i, chance(2) != 0, fds);
	for (; chance(3) != 0; talk_aside()) {
		first = (int)chance(2);
		talk_bytes(pair[first], fds[first], pair[!first],
		    fds[!first]);
	}
	first = (int)chance(2);
	WORKS(sy_close(pair[first], fds[first]));
	talk_aside();
	ATF_CHECK_EQ(0, sy_recv(pair[!first], fds[!first], in, 1, 0));
	WORKS(sy_close(pair[!first], fds[!first]));
	if (chance(2) == 0)
		WORKS(sy_loop_run(talk.loop, sy_loop_now(talk.loop) +
		    chance(10000)));
}

static void
talk_hosts(struct sy_capture *cap)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(5001) };
	char addr[16], name[16];
	unsigned i;

	for (i = 0; i < TALKERS; i++) {
		(void)snprintf(name, sizeof(name), "h%u", i);
		talk.host[i] = sy_host_new(talk.loop, name, NULL, 0);
		ATF_REQUIRE(talk.host[i] != NULL);
		WORKS(talk.listener[i] = sy_socket(talk.host[i], AF_INET,
		    SOCK_STREAM, 0));
		WORKS(sy_bind(talk.host[i], talk.listener[i],
		    (struct sockaddr *)&sin, sizeof(sin)));
		WORKS(sy_listen(talk.host[i], talk.listener[i], 5));
	}
	for (i = 0; i + 1 < TALKERS; i++) {
		WORKS(sy_link(talk.host[i], talk.host[i + 1], (int)i, 0));
		(void)snprintf(name, sizeof(name), "epair%ua", i);
		(void)snprintf(addr, sizeof(addr), "10.0.%u.1/24", i);
		WORKS(sy_addr_add(talk.host[i], name, addr));
		WORKS(sy_capture_if(cap, talk.host[i], name, 0));
		(void)snprintf(name, sizeof(name), "epair%ub", i);
		(void)snprintf(addr, sizeof(addr), "10.0.%u.2/24", i);
		WORKS(sy_addr_add(talk.host[i + 1], name, addr));
		WORKS(sy_capture_if(cap, talk.host[i + 1], name, 0));
	}
}

/* Returns what was no packet: the events, and the calls among them. */
static uint64_t
talk_run(uint64_t seed, const char *file, bool hooked, bool general)
{
	struct sy_capture *cap;
	uint64_t events;
	int ends[2];
	unsigned i;

	talk = (struct talk){ .random = seed, .general = general };
	talk.loop = sy_loop_new(SY_VIRTUAL, seed);
	ATF_REQUIRE(talk.loop != NULL);
	cap = sy_capture_open(talk.loop, file, "transfer_test");
	ATF_REQUIRE(cap != NULL);
	talk_hosts(cap);
	if (hooked)
		sy_loop_hook(talk.loop, no_hook, NULL);
	for (i = 0; i + 1 < TALKERS; i++) {
		talk_connect(i, false, ends);
		talk.idle[i] = ends[0];
		talk.other[i] = ends[1];
	}
	for (i = 0; i < TALKS; i++)
		talk_once();
	WORKS(sy_capture_close(cap));
	events = sy_loop_events(talk.loop);
	ATF_CHECK(events > 5 * TALKS);
	sy_loop_free(talk.loop);
	return (events ^ talk.calls);
}

/* Turns that take no time, and small reads and writes, have ways of their own:
 * all is the same as without. */
TEST(ways)
{
	uint64_t events, seed;

	fill_out();
	for (seed = 1; seed <= 5; seed++) {
		events = talk_run(seed, "1.pcapng", false, false);
		ATF_CHECK_EQ(events, talk_run(seed, "2.pcapng", true, false));
		ATF_CHECK_EQ(0, system("cmp 1.pcapng 2.pcapng"));
		ATF_CHECK_EQ(events, talk_run(seed, "3.pcapng", false, true));
		ATF_CHECK_EQ(0, system("cmp 1.pcapng 3.pcapng"));
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, repeat);
	ATF_TP_ADD_TC(tp, seeds);
	ATF_TP_ADD_TC(tp, bystander);
	ATF_TP_ADD_TC(tp, processes);
	ATF_TP_ADD_TC(tp, ways);
	return (atf_no_error());
}

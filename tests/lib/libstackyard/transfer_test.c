/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Whole runs repeat: the same program and seed make the same capture, byte
 * for byte, whatever else the process has done before; another seed does
 * not, and another host does not disturb.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, repeat);
	ATF_TP_ADD_TC(tp, seeds);
	ATF_TP_ADD_TC(tp, bystander);
	ATF_TP_ADD_TC(tp, processes);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Programs on a host with Linux's personality, 10 ms from their peer: what
 * the socket calls of Linux's page do there.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "sy_test.h"

#define	PORT	7

#define	TCP_FASTOPEN_CONNECT_	30
#define	TCP_FASTOPEN_		23
#define	MSG_FASTOPEN_		0x20000000
#define	SIOCINQ_		0x541b
#define	SIOCOUTQ_		0x5411
#define	SIOCATMARK_		0x8905

static struct sy_loop *loop;
static struct sy_host *a, *b;
static int listener, client, server;
static struct sockaddr_in to = { .sin_family = AF_INET };
#define	TO	((const struct sockaddr *)&to), (socklen_t)sizeof(to)

static void
begin(void)
{
	const struct sy_var lx[] = { { "compat.personality", "linux" },
	    { "net.ipv4.tcp_fastopen", "3" } };
	const struct sy_pipe p = { .delay = 10 * MS,
	    .queue_packets = 10000 };

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", lx, 2);
	b = sy_host_new(loop, "b", lx, 2);
	ATF_REQUIRE_MSG(a != NULL && b != NULL, "%s", sy_error());
	WORKS(sy_link(a, b, 0, 0));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
	WORKS(sy_pipe(a, "epair0a", &p));
	WORKS(sy_pipe(b, "epair0b", &p));
	to.sin_port = htons(PORT);
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET, "10.0.0.2", &to.sin_addr));
	WORKS(listener = sy_socket(b, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_bind(b, listener, TO));
	WORKS(sy_listen(b, listener, 5));
}

static int
socket_of(struct sy_host *h)
{
	int fd;

	WORKS(fd = sy_socket(h, AF_INET, SOCK_STREAM, 0));
	return (fd);
}

static void
meet(void)
{
	client = socket_of(a);
	WORKS(sy_connect(a, client, TO));
	WORKS(server = sy_accept(b, listener, NULL, NULL));
}

static void
set(struct sy_host *h, int fd, int level, int name, int value)
{
	WORKS(sy_setsockopt(h, fd, level, name, &value, sizeof(value)));
}

static int
ask(struct sy_host *h, int fd, unsigned long cmd)
{
	int value = -1;

	WORKS(sy_ioctl(h, fd, cmd, &value));
	return (value);
}

static void
pass(uint64_t time)
{
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + time));
}

/* The ceiling of MSG_MORE, as a program sees it. */
TEST(more)
{
	begin();
	meet();
	ATF_REQUIRE_EQ(3, sy_send(a, client, "abc", 3, MSG_MORE));
	pass(200 * MS);
	ATF_REQUIRE_EQ(0, ask(b, server, SIOCINQ_));
	pass(15 * MS);
	ATF_REQUIRE_EQ(3, ask(b, server, SIOCINQ_));
	ATF_REQUIRE_EQ(3, sy_send(a, client, "def", 3, MSG_MORE));
	ATF_REQUIRE_EQ(1, sy_send(a, client, "g", 1, MSG_EOR));
	pass(60 * MS);
	ATF_REQUIRE_EQ(7, ask(b, server, SIOCINQ_));
	sy_loop_free(loop);
}

/* MSG_TRUNC throws away, an urgent byte too. */
TEST(trunc)
{
	char buf[8];

	begin();
	meet();
	ATF_REQUIRE_EQ(6, sy_send(a, client, "abcdef", 6, 0));
	pass(20 * MS);
	memset(buf, 'z', sizeof(buf));
	ATF_REQUIRE_EQ(2, sy_recv(b, server, buf, 2, MSG_TRUNC));
	ATF_REQUIRE_EQ('z', buf[0]);
	ATF_REQUIRE_EQ(2, sy_recv(b, server, NULL, 2, MSG_TRUNC));
	ATF_REQUIRE_EQ(2, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_REQUIRE_EQ(0, memcmp(buf, "ef", 2));
	ATF_REQUIRE_EQ(1, sy_send(a, client, "U", 1, MSG_OOB));
	pass(20 * MS);
	memset(buf, 'z', sizeof(buf));
	ATF_REQUIRE_EQ(1, sy_recv(b, server, buf, 1, MSG_OOB | MSG_PEEK));
	ATF_REQUIRE_EQ('U', buf[0]);
	memset(buf, 'z', sizeof(buf));
	ATF_REQUIRE_EQ(1, sy_recv(b, server, buf, 1, MSG_OOB | MSG_TRUNC));
	ATF_REQUIRE_EQ('z', buf[0]);
	ATF_REQUIRE_EQ(-1, sy_recv(b, server, buf, 1, MSG_OOB));
	sy_loop_free(loop);
}

/* Writes before there is a connection, and after its end. */
TEST(write_errors)
{
	int fd, n;

	begin();
	/* No connection, and none is begun. */
	fd = socket_of(a);
	FAILS(EPIPE, "send", (int)sy_send(a, fd, "a", 1, 0));
	FAILS(EPIPE, "send", (int)sy_send(b, listener, "a", 1, 0));
	FAILS(ENOTCONN, "recv", (int)sy_recv(a, fd, &n, 1, 0));
	/* One that is begun: wait. */
	WORKS(sy_setnonblock(a, fd, true));
	FAILS(EINPROGRESS, "connect", sy_connect(a, fd, TO));
	FAILS(EALREADY, "connect", sy_connect(a, fd, TO));
	FAILS(EAGAIN, "send", (int)sy_send(a, fd, "a", 1, 0));
	WORKS(sy_setnonblock(a, fd, false));
	ATF_REQUIRE_EQ(1, sy_send(a, fd, "a", 1, 0));
	FAILS(EISCONN, "connect", sy_connect(a, fd, TO));
	WORKS(sy_shutdown(a, fd, SHUT_WR));
	FAILS(EPIPE, "send", (int)sy_send(a, fd, "a", 1, 0));
	/* A reset: the error once, then the end. */
	WORKS(server = sy_accept(b, listener, NULL, NULL));
	WORKS(sy_close(b, server));
	pass(SECOND);
	sy_loop_free(loop);
	/* The peer closed with text unread. */
	begin();
	meet();
	ATF_REQUIRE_EQ(1, sy_send(a, client, "a", 1, 0));
	pass(50 * MS);
	WORKS(sy_close(b, server));
	pass(50 * MS);
	FAILS(ECONNRESET, "recv", (int)sy_recv(a, client, &n, 1, 0));
	FAILS(EPIPE, "send", (int)sy_send(a, client, "a", 1, 0));
	ATF_REQUIRE_EQ(0, sy_recv(a, client, &n, 1, 0));
	sy_loop_free(loop);
}

/* The amount of what is unread, unsent, and where the mark is. */
TEST(ioctls)
{
	int value;

	begin();
	meet();
	FAILS(EINVAL, "ioctl", sy_ioctl(b, listener, SIOCINQ_, &value));
	FAILS(EINVAL, "ioctl", sy_ioctl(b, listener, SIOCOUTQ_, &value));
	ATF_REQUIRE_EQ(5, sy_send(a, client, "abcde", 5, 0));
	ATF_REQUIRE_EQ(5, ask(a, client, SIOCOUTQ_));
	pass(100 * MS);
	ATF_REQUIRE_EQ(0, ask(a, client, SIOCOUTQ_));
	ATF_REQUIRE_EQ(5, ask(b, server, SIOCINQ_));
	ATF_REQUIRE_EQ(0, ask(b, server, SIOCATMARK_));
	sy_loop_free(loop);
}

/* Reading stops at the mark; an older urgent byte joins the stream. */
TEST(urgent)
{
	struct pollfd pfd;
	char buf[16];

	begin();
	meet();
	ATF_REQUIRE_EQ(4, sy_send(a, client, "123a", 4, MSG_OOB));
	pass(20 * MS);
	pfd = (struct pollfd){ .fd = server, .events = POLLIN | POLLPRI };
	ATF_REQUIRE_EQ(1, sy_poll(b, &pfd, 1, 0));
	ATF_REQUIRE_EQ(POLLIN | POLLPRI, pfd.revents);
	ATF_REQUIRE_EQ(4, sy_send(a, client, "456b", 4, MSG_OOB));
	ATF_REQUIRE_EQ(3, sy_send(a, client, "789", 3, 0));
	pass(20 * MS);
	ATF_REQUIRE_EQ(7, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_REQUIRE_EQ_MSG(0, memcmp(buf, "123a456", 7), "%.7s", buf);
	ATF_REQUIRE_EQ(1, ask(b, server, SIOCATMARK_));
	ATF_REQUIRE_EQ(1, sy_recv(b, server, buf, sizeof(buf), MSG_OOB));
	ATF_REQUIRE_EQ('b', buf[0]);
	ATF_REQUIRE_EQ(3, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_REQUIRE_EQ_MSG(0, memcmp(buf, "789", 3), "%.3s", buf);
	/* The reader stands at the older one. */
	ATF_REQUIRE_EQ(1, sy_send(a, client, "c", 1, MSG_OOB));
	pass(20 * MS);
	ATF_REQUIRE_EQ(1, sy_send(a, client, "d", 1, MSG_OOB));
	pass(60 * MS);
	ATF_REQUIRE_EQ(1, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_REQUIRE_EQ('c', buf[0]);
	ATF_REQUIRE_EQ(1, ask(b, server, SIOCATMARK_));
	/* It went by. */
	ATF_REQUIRE_EQ(2, sy_send(a, client, "ef", 2, 0));
	pass(60 * MS);
	ATF_REQUIRE_EQ(2, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_REQUIRE_EQ(1, sy_send(a, client, "g", 1, MSG_OOB));
	pass(60 * MS);
	ATF_REQUIRE_EQ(1, sy_recv(b, server, buf, sizeof(buf), MSG_OOB));
	ATF_REQUIRE_EQ('g', buf[0]);
	ATF_REQUIRE_EQ(0, ask(b, server, SIOCINQ_));
	sy_loop_free(loop);
}

/* Blocking calls: the cookie is learnt, then text leaves with the SYN. */
TEST(fastopen)
{
	char buf[16];
	uint64_t then;
	int i, one = 5;

	begin();
	WORKS(sy_setsockopt(b, listener, IPPROTO_TCP, TCP_FASTOPEN_, &one,
	    sizeof(one)));
	for (i = 0; i < 2; i++) {
		client = socket_of(a);
		then = sy_loop_now(loop);
		ATF_REQUIRE_EQ(5, sy_sendto(a, client, "hello", 5,
		    MSG_FASTOPEN_, TO));
		WORKS(server = sy_accept(b, listener, NULL, NULL));
		ATF_REQUIRE_EQ(5, sy_recv(b, server, buf, sizeof(buf), 0));
		/* A way and a half less. */
		then = sy_loop_now(loop) - then;
		ATF_REQUIRE_MSG(i == 0 ? then >= 30 * MS : then < 11 * MS,
		    "%ju", (uintmax_t)then);
		pass(SECOND);
	}
	FAILS(EISCONN, "sendto", (int)sy_sendto(a, client, "hello", 5,
	    MSG_FASTOPEN_, TO));
	client = socket_of(a);
	set(a, client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT_, 1);
	then = sy_loop_now(loop);
	WORKS(sy_connect(a, client, TO));
	ATF_REQUIRE_EQ(then, sy_loop_now(loop));
	ATF_REQUIRE_EQ(2, sy_write(a, client, "hi", 2));
	WORKS(server = sy_accept(b, listener, NULL, NULL));
	ATF_REQUIRE_EQ(2, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_REQUIRE(sy_loop_now(loop) - then < 11 * MS);
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, more);
	ATF_TP_ADD_TC(tp, trunc);
	ATF_TP_ADD_TC(tp, write_errors);
	ATF_TP_ADD_TC(tp, ioctls);
	ATF_TP_ADD_TC(tp, urgent);
	ATF_TP_ADD_TC(tp, fastopen);
	return (atf_no_error());
}

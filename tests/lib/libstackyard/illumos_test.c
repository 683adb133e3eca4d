/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Programs on a host with illumos's personality: who may have a port beside
 * whom, and each error that illumos's page names.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "sy_test.h"

#define	IL_SOL_SOCKET	0xffff		/* by illumos's numbers */
#define	IL_SO_REUSEADDR	0x4
#define	IL_SO_EXCLBIND	0x1015
#define	IL_TCP_CONN_ABORT_THRESHOLD	0x13

static struct sy_loop *loop;
static struct sy_host *a, *b;

static void
begin(void)
{
	const struct sy_var il[] = { { "compat.personality", "illumos" } };

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", il, 1);
	b = sy_host_new(loop, "b", il, 1);
	ATF_REQUIRE_MSG(a != NULL && b != NULL, "%s", sy_error());
	WORKS(sy_link(a, b, 0, 0));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
	WORKS(sy_addr_add(a, "epair0a", "2001:db8::1/64"));
	WORKS(sy_loop_run(loop, 5 * SECOND));
}

static socklen_t
address(struct sockaddr_storage *ss, const char *text, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(port) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port) };

	if (inet_pton(AF_INET, text, &sin.sin_addr) == 1) {
		memcpy(ss, &sin, sizeof(sin));
		return (sizeof(sin));
	}
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, text, &sin6.sin6_addr));
	memcpy(ss, &sin6, sizeof(sin6));
	return (sizeof(sin6));
}

/* A socket of host h for that address, unbound. */
static int
socket_for(struct sy_host *h, const char *text)
{
	int fd;

	WORKS(fd = sy_socket(h, strchr(text, ':') != NULL ? AF_INET6 :
	    AF_INET, SOCK_STREAM, 0));
	return (fd);
}

static void
set(struct sy_host *h, int fd, int level, int name, int value)
{
	WORKS(sy_setsockopt(h, fd, level, name, &value, sizeof(value)));
}

static int
bind_to(struct sy_host *h, int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, text, port);

	return (sy_bind(h, fd, (const struct sockaddr *)&ss, len));
}

static int
connect_to(struct sy_host *h, int fd, const char *text, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = address(&ss, text, port);

	return (sy_connect(h, fd, (const struct sockaddr *)&ss, len));
}

/* Is there room for both, the second with SO_REUSEADDR or the first with
 * SO_EXCLBIND? */
static bool
beside(const char *first, const char *second, bool reuse, bool exclusive)
{
	static uint16_t port = 5000;
	bool room;
	int one, two;

	port++;
	one = socket_for(a, first);
	two = socket_for(a, second);
	if (exclusive)
		set(a, one, IL_SOL_SOCKET, IL_SO_EXCLBIND, 1);
	if (reuse)
		set(a, two, IL_SOL_SOCKET, IL_SO_REUSEADDR, 1);
	WORKS(bind_to(a, one, first, port));
	errno = 0;
	room = bind_to(a, two, second, port) == 0;
	ATF_CHECK(room || errno == EADDRINUSE);
	WORKS(sy_close(a, one));
	WORKS(sy_close(a, two));
	return (room);
}

/*
 * Without an option an unspecified address equals every one, of both
 * families; with SO_REUSEADDR on who comes second only itself; beside
 * SO_EXCLBIND there is room for nobody.
 */
TEST(ports)
{
	static const char *const at[] = { "0.0.0.0", "::", "10.0.0.1",
	    "127.0.0.1", "2001:db8::1" };
	size_t i, j;
	bool any1, any2, same;

	begin();
	for (i = 0; i < 5; i++)
		for (j = 0; j < 5; j++) {
			any1 = i < 2;
			any2 = j < 2;
			same = i == j || (any1 && any2);
			ATF_CHECK_EQ_MSG(!same && !any1 && !any2,
			    beside(at[i], at[j], false, false),
			    "%s, %s", at[i], at[j]);
			ATF_CHECK_EQ_MSG(!same, beside(at[i], at[j], true,
			    false), "%s, %s, SO_REUSEADDR", at[i], at[j]);
			ATF_CHECK_MSG(!beside(at[i], at[j], true, true),
			    "%s, %s, SO_EXCLBIND", at[i], at[j]);
		}
	sy_loop_free(loop);
}

TEST(errors)
{
	char c;
	int fd, lfd, other;

	begin();
	WORKS(lfd = socket_for(b, "10.0.0.2"));
	WORKS(bind_to(b, lfd, "10.0.0.2", 7));
	WORKS(sy_listen(b, lfd, 5));
	fd = socket_for(a, "10.0.0.1");
	FAILS(EADDRNOTAVAIL, "bind", bind_to(a, fd, "10.0.0.9", 5000));
	WORKS(bind_to(a, fd, "10.0.0.1", 5000));
	other = socket_for(a, "10.0.0.1");
	FAILS(EADDRINUSE, "bind", bind_to(a, other, "10.0.0.1", 5000));
	FAILS(ECONNREFUSED, "connect", connect_to(a, other, "10.0.0.2", 8));
	WORKS(connect_to(a, fd, "10.0.0.2", 7));
	FAILS(EISCONN, "connect", connect_to(a, fd, "10.0.0.2", 7));
	/* The peer goes, and leaves text unread. */
	WORKS(other = sy_accept(b, lfd, NULL, NULL));
	ATF_REQUIRE_EQ(1, sy_send(a, fd, "a", 1, 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	WORKS(sy_close(b, other));
	FAILS(ECONNRESET, "recv", (int)sy_recv(a, fd, &c, 1, 0));
	/* Or it does not answer. */
	WORKS(sy_sysctl_set(b, "net.inet.tcp.blackhole", "2"));
	fd = socket_for(a, "10.0.0.1");
	set(a, fd, IPPROTO_TCP, IL_TCP_CONN_ABORT_THRESHOLD, 5000);
	FAILS(ETIMEDOUT, "connect", connect_to(a, fd, "10.0.0.2", 8));
	fd = socket_for(a, "10.0.0.1");
	WORKS(sy_sysctl_set(a, "security.bsd.suser_enabled", "0"));
	FAILS(EACCES, "bind", bind_to(a, fd, "10.0.0.1", 1023));
	WORKS(bind_to(a, fd, "10.0.0.1", 1024));
	FAILS(ENOTCONN, "recv", (int)sy_recv(a, fd, &c, 1, 0));
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ports);
	ATF_TP_ADD_TC(tp, errors);
	return (atf_no_error());
}

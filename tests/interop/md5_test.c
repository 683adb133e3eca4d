/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP-MD5 against the host kernel's, opened by us and by the kernel, IPv4
 * and IPv6: transfers both ways, with and without losses; wrong and missing
 * keys on either side; keys that both sides change.
 *
 *	kernel -- tapsy -- us
 *
 * in a network namespace of the test's own.  Our keys are setkey(8)'s,
 * over a control socket, and the kernel's are those of TCP_MD5SIG.
 */
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "stackyard.h"

#define	BYTES		3000000		/* each way */
#define	LIMIT		60		/* s for a transfer, at most */
#define	SHORT		3		/* s in which nothing may come about */
#define	SECOND		UINT64_C(1000000000)
#define	KEY		"a key of routers"

#define	WORKS(call)							\
	ATF_REQUIRE_MSG((call) != -1, "%s: %s", #call, sy_error())

struct pair {
	int	ours, peers;		/* descriptors */
	size_t	put[2], got[2];		/* bytes; [0] is ours */
	bool	eof[2];
};

static struct sy_loop *loop;
static struct sy_host *us;
static uint8_t data[BYTES];
static int family;

static const char *
addr(bool ours)
{
	if (family == AF_INET)
		return (ours ? "10.9.0.2" : "10.9.0.1");
	return (ours ? "fd09::2" : "fd09::1");
}

/* ---- The network ---- */

static void
run(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	ATF_REQUIRE_EQ_MSG(0, system(command), "%s", command);
}

static void
begin(int af)
{
	uint64_t end;
	size_t i;

	family = af;
	if (unshare(CLONE_NEWNET) != 0)
		atf_tc_skip("no network namespace: %s", strerror(errno));
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		atf_tc_skip("no /dev/net/tun");
	for (i = 0; i < BYTES; i++)
		data[i] = (uint8_t)(i * 2654435761U >> 23);
	ATF_REQUIRE((loop = sy_loop_new(SY_REAL, 1)) != NULL);
	ATF_REQUIRE((us = sy_host_new(loop, "us", NULL, 0)) != NULL);
	WORKS(sy_tap(us, "tapsy", false, 0));
	WORKS(sy_addr_add(us, "tapsy", af == AF_INET ? "10.9.0.2/24" :
	    "fd09::2/64"));
	WORKS(sy_control_listen(loop, "control"));
	run("ip link set dev lo up");
	run("ip addr add %s dev tapsy %s", af == AF_INET ? "10.9.0.1/24" :
	    "fd09::1/64", af == AF_INET ? "" : "nodad");
	run("ip link set dev tapsy up");
	/* Past the detection of duplicate addresses. */
	end = sy_loop_now(loop) + (af == AF_INET ? 0 : 2 * SECOND);
	while (sy_loop_now(loop) < end)
		(void)sy_loop_step(loop, 100000000);
}

/* ---- Keys ---- */

/* Ours, of both directions; NULL: none. */
static void
our_key(const char *key)
{
	const char *setkey = "STACKYARD=control " STACKYARD_BUILD
	    "/libexec/stackyard/setkey";

	run("%s -F", setkey);
	if (key == NULL)
		return;
	run("echo 'add %s %s tcp 0x1000 -A tcp-md5 \"%s\" ;"
	    "add %s %s tcp 0x1000 -A tcp-md5 \"%s\" ;' | %s -c",
	    addr(true), addr(false), key, addr(false), addr(true), key,
	    setkey);
}

static socklen_t
address(bool ours, int port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		sin->sin_port = htons((uint16_t)port);
		(void)inet_pton(AF_INET, addr(ours), &sin->sin_addr);
		return (sizeof(*sin));
	}
	sin6->sin6_port = htons((uint16_t)port);
	(void)inet_pton(AF_INET6, addr(ours), &sin6->sin6_addr);
	return (sizeof(*sin6));
}

/* The kernel's, for what it exchanges with us on fd. */
static void
kernel_key(int fd, const char *key)
{
	struct tcp_md5sig md5;

	memset(&md5, 0, sizeof(md5));
	(void)address(true, 0, &md5.tcpm_addr);
	md5.tcpm_keylen = key == NULL ? 0 : (uint16_t)strlen(key);
	if (key != NULL)
		memcpy(md5.tcpm_key, key, strlen(key));
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5)) != 0)
		atf_tc_skip("the kernel has no TCP_MD5SIG: %s",
		    strerror(errno));
}

/* ---- Connections ---- */

static int
kernel_socket(const char *key)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	ATF_REQUIRE(fd != -1);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	if (key != NULL)
		kernel_key(fd, key);
	return (fd);
}

static int
our_socket(bool sign)
{
	int fd, on = 1;

	WORKS(fd = sy_socket(us, family, SOCK_STREAM, 0));
	if (sign)
		WORKS(sy_setsockopt(us, fd, IPPROTO_TCP, SY_TCP_MD5SIG, &on,
		    sizeof(on)));
	WORKS(sy_setnonblock(us, fd, true));
	return (fd);
}

/* Let things happen until fd of the kernel's is ready: false if that takes
 * longer than so many seconds. */
static bool
kernel_wait(int fd, short events, unsigned seconds)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	uint64_t end = sy_loop_now(loop) + seconds * SECOND;

	while (poll(&pfd, 1, 0) == 0) {
		if (sy_loop_now(loop) >= end)
			return (false);
		(void)sy_loop_step(loop, 1000000);
	}
	return (true);
}

/* We connect to the kernel, which has that key: false if nothing comes of
 * it. */
static bool
open_active(struct pair *p, bool sign, const char *key, unsigned seconds)
{
	struct sockaddr_storage ss;
	socklen_t len = address(false, 5001, &ss);
	int lfd = kernel_socket(key);

	ATF_REQUIRE_EQ(0, bind(lfd, (struct sockaddr *)&ss, len));
	ATF_REQUIRE_EQ(0, listen(lfd, 1));
	p->ours = our_socket(sign);
	(void)sy_connect(us, p->ours, (struct sockaddr *)&ss, len);
	if (!kernel_wait(lfd, POLLIN, seconds)) {
		(void)close(lfd);
		WORKS(sy_close(us, p->ours));
		return (false);
	}
	p->peers = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
	ATF_REQUIRE(p->peers != -1);
	(void)close(lfd);
	return (true);
}

/* The kernel connects to us. */
static bool
open_passive(struct pair *p, bool sign, const char *key, unsigned seconds)
{
	struct sockaddr_storage ss;
	socklen_t len = address(true, 5002, &ss);
	int lfd = our_socket(sign);

	WORKS(sy_bind(us, lfd, (struct sockaddr *)&ss, len));
	WORKS(sy_listen(us, lfd, 1));
	p->peers = kernel_socket(key);
	ATF_REQUIRE(connect(p->peers, (struct sockaddr *)&ss, len) == -1 &&
	    errno == EINPROGRESS);
	if (!kernel_wait(p->peers, POLLOUT, seconds)) {
		(void)close(p->peers);
		WORKS(sy_close(us, lfd));
		return (false);
	}
	while ((p->ours = sy_accept(us, lfd, NULL, NULL)) == -1)
		(void)sy_loop_step(loop, 1000000);
	WORKS(sy_setnonblock(us, p->ours, true));
	WORKS(sy_close(us, lfd));
	return (true);
}

/* ---- Transfers ---- */

static ssize_t
end_send(const struct pair *p, int end, const void *buf, size_t n)
{
	return (end == 0 ? sy_send(us, p->ours, buf, n, MSG_NOSIGNAL) :
	    send(p->peers, buf, n, MSG_NOSIGNAL));
}

static ssize_t
end_recv(const struct pair *p, int end, void *buf, size_t n)
{
	return (end == 0 ? sy_recv(us, p->ours, buf, n, 0) :
	    recv(p->peers, buf, n, 0));
}

/* Send and receive what can be now, of bytes: true once it is through. */
static bool
pump(struct pair *p, int end, size_t bytes)
{
	static uint8_t buf[65536];
	ssize_t n;

	while (p->put[end] < bytes && (n = end_send(p, end,
	    data + p->put[end], bytes - p->put[end])) > 0)
		p->put[end] += (size_t)n;
	while (p->got[end] < bytes && (n = end_recv(p, end, buf,
	    sizeof(buf))) > 0) {
		ATF_REQUIRE_EQ(0, memcmp(buf, data + p->got[end],
		    (size_t)n));
		p->got[end] += (size_t)n;
	}
	return (p->put[end] == bytes && p->got[end] == bytes);
}

/* Until bytes in all have gone both ways: false if they have not after so
 * many seconds. */
static bool
transfer(struct pair *p, size_t bytes, unsigned seconds)
{
	uint64_t end = sy_loop_now(loop) + seconds * SECOND;
	bool done;

	for (;;) {
		done = pump(p, 0, bytes);
		if (pump(p, 1, bytes) && done)
			return (true);
		if (sy_loop_now(loop) >= end)
			return (false);
		(void)sy_loop_step(loop, 200000);
	}
}

static void
finish(struct pair *p)
{
	char c;

	WORKS(sy_shutdown(us, p->ours, SHUT_WR));
	ATF_REQUIRE(kernel_wait(p->peers, POLLIN, LIMIT));
	ATF_REQUIRE_EQ(0, recv(p->peers, &c, 1, 0));
	(void)close(p->peers);
	WORKS(sy_close(us, p->ours));
}

static void
losses(double loss)
{
	struct sy_pipe pipe = { .loss = loss };

	WORKS(sy_pipe(us, "tapsy", &pipe));
}

static void
whole(bool (*open)(struct pair *, bool, const char *, unsigned))
{
	struct pair p = { 0 };

	our_key(KEY);
	ATF_REQUIRE(open(&p, true, KEY, LIMIT));
	ATF_REQUIRE(transfer(&p, BYTES / 2, LIMIT));
	losses(0.02);
	ATF_REQUIRE(transfer(&p, BYTES, LIMIT));
	losses(0);
	finish(&p);
}

/* Nothing comes of it, whoever has no key or another one. */
static void
closed(bool (*open)(struct pair *, bool, const char *, unsigned))
{
	struct pair p = { 0 };

	our_key(KEY);
	ATF_CHECK(!open(&p, true, "another key", SHORT));
	ATF_CHECK(!open(&p, true, NULL, SHORT));
	ATF_CHECK(!open(&p, false, KEY, SHORT));
	our_key(NULL);
	ATF_CHECK(!open(&p, true, KEY, SHORT));
	our_key(KEY);
	ATF_CHECK(open(&p, true, KEY, LIMIT));
	finish(&p);
}

/* Nothing goes on while the keys differ, and then it does. */
static void
changed(bool (*open)(struct pair *, bool, const char *, unsigned))
{
	struct pair p = { 0 };

	our_key(KEY);
	ATF_REQUIRE(open(&p, true, KEY, LIMIT));
	ATF_REQUIRE(transfer(&p, 100000, LIMIT));
	our_key("the next key");
	ATF_CHECK(!transfer(&p, 200000, SHORT));
	ATF_CHECK_EQ(100000, p.got[0]);
	ATF_CHECK_EQ(100000, p.got[1]);
	kernel_key(p.peers, "the next key");
	ATF_REQUIRE(transfer(&p, 200000, LIMIT));
	finish(&p);
}

/* By us and by the kernel. */
#define	TEST(name, af, func)						\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)						\
	{								\
		begin(af);						\
		func(open_active);					\
		func(open_passive);					\
		sy_loop_free(loop);					\
	}

TEST(transfer4, AF_INET, whole)
TEST(transfer6, AF_INET6, whole)
TEST(closed4, AF_INET, closed)
TEST(closed6, AF_INET6, closed)
TEST(changed4, AF_INET, changed)
TEST(changed6, AF_INET6, changed)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, transfer4);
	ATF_TP_ADD_TC(tp, transfer6);
	ATF_TP_ADD_TC(tp, closed4);
	ATF_TP_ADD_TC(tp, closed6);
	ATF_TP_ADD_TC(tp, changed4);
	ATF_TP_ADD_TC(tp, changed6);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Variables whose effect shows in whole connections: between two addresses
 * of one host, and over a path.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sy_test.h"

static struct sy_loop *loop;
static struct sy_host *a, *b;

static void
set(struct sy_host *h, const char *name, const char *value)
{
	WORKS(sy_sysctl_set(h, name, value));
}

static void
begin(void)
{
	struct sy_pipe pipe = { .delay = 20 * MS };

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	ATF_REQUIRE(a != NULL && b != NULL);
	WORKS(sy_link(a, b, 0, 1500));
	WORKS(sy_pipe(a, "epair0a", &pipe));
	WORKS(sy_pipe(b, "epair0b", &pipe));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
}

/* A connection from `from' to `to' at addr: *sp the connecting end, and the
 * accepted one is returned. */
static int
join(struct sy_host *from, struct sy_host *to, uint32_t addr, int *sp)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(80), .sin_addr.s_addr = htonl(addr) };
	int l, s;

	l = sy_socket(to, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_bind(to, l, (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(sy_listen(to, l, 5));
	*sp = sy_socket(from, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_connect(from, *sp, (struct sockaddr *)&sin, sizeof(sin)));
	s = sy_accept(to, l, NULL, NULL);
	WORKS(s);
	WORKS(sy_close(to, l));
	return (s);
}

/* Connections in TIME_WAIT. */
static int
waiting(struct sy_host *h)
{
	char buf[256], *p;
	int i;

	WORKS(sy_sysctl_get(h, "net.inet.tcp.states", buf, sizeof(buf)));
	for (p = buf, i = 0; i < 10; i++)
		p = strchr(p, ' ') + 1;
	return (atoi(p));
}

static void
run(uint64_t ns)
{
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + ns));
}

/* Open and close a connection of the host with itself. */
static void
local(void)
{
	int c, s;

	s = join(a, a, INADDR_LOOPBACK, &c);
	WORKS(sy_close(a, c));
	run(MS);
	WORKS(sy_close(a, s));
	run(MS);
}

TEST(nolocaltimewait)
{
	begin();
	local();
	ATF_CHECK_EQ(0, waiting(a));
	set(a, "net.inet.tcp.nolocaltimewait", "0");
	local();
	ATF_CHECK_EQ(1, waiting(a));
	sy_loop_free(loop);
}

TEST(msl_local)
{
	begin();
	set(a, "net.inet.tcp.nolocaltimewait", "0");
	set(a, "net.inet.tcp.msl_local", "50");
	local();
	run(90 * MS);
	ATF_CHECK_EQ(1, waiting(a));
	run(20 * MS);
	ATF_CHECK_EQ(0, waiting(a));
	FAILS(EINVAL, "msl_local", sy_sysctl_set(a,
	    "net.inet.tcp.msl_local", "0"));
	sy_loop_free(loop);
}

/* What connecting to a port where nobody is comes to. */
static int
nobody(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(81), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s;

	s = sy_socket(a, AF_INET, SOCK_STREAM, 0);
	errno = 0;
	(void)sy_connect(a, s, (struct sockaddr *)&sin, sizeof(sin));
	return (errno);
}

TEST(blackhole_local)
{
	begin();
	set(a, "net.inet.tcp.keepinit", "3000");
	set(a, "net.inet.tcp.blackhole", "2");
	ATF_CHECK_EQ_MSG(ECONNREFUSED, nobody(), "%s", sy_error());
	set(a, "net.inet.tcp.blackhole_local", "1");
	ATF_CHECK_EQ(ETIMEDOUT, nobody());
	sy_loop_free(loop);
}

static char logged[256];

static void
take_line(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	(void)snprintf(logged, sizeof(logged), "%s", line);
}

TEST(log_in_vain)
{
	begin();
	sy_host_log(a, take_line, NULL);
	(void)nobody();
	ATF_CHECK_STREQ("", logged);
	set(a, "net.inet.tcp.log_in_vain", "1");
	(void)nobody();
	ATF_CHECK_MATCH("127.0.0.1.*:81: nobody is there, flags 0x2",
	    logged);
	FAILS(EINVAL, "log_in_vain", sy_sysctl_set(a,
	    "net.inet.tcp.log_in_vain", "3"));
	sy_loop_free(loop);
}

static void
block_is(struct sy_host *h, int s, const char *name)
{
	struct sy_tcp_function_set set;
	socklen_t len = sizeof(set);

	WORKS(sy_getsockopt(h, s, IPPROTO_TCP, SY_TCP_FUNCTION_BLK, &set,
	    &len));
	ATF_CHECK_STREQ(name, set.function_set_name);
}

TEST(functions)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(82), .sin_addr.s_addr = htonl(0x0a000002) };
	struct sy_tcp_function_set paced = { "paced", 0 };
	int c, i, l, s;

	begin();
	WORKS(sy_kldload(loop, STACKYARD_BUILD
	    "/lib/stackyard/block_example.so"));
	FAILS(ENOENT, "nix", sy_sysctl_set(a,
	    "net.inet.tcp.functions_default", "nix"));
	set(a, "net.inet.tcp.functions_default", "paced");
	s = join(a, b, 0x0a000002, &c);
	block_is(a, c, "paced");
	block_is(b, s, "freebsd");
	set(a, "net.inet.tcp.functions_default", "freebsd");
	FAILS(EBUSY, "still uses it", sy_kldunload(loop, "block_example"));
	WORKS(sy_close(a, c));
	WORKS(sy_close(b, s));
	run(120 * SECOND);
	WORKS(sy_kldunload(loop, "block_example"));
	WORKS(sy_kldload(loop, STACKYARD_BUILD
	    "/lib/stackyard/block_example.so"));
	/* Accepted ones have their listener's, or the default. */
	l = sy_socket(b, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_bind(b, l, (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(sy_setsockopt(b, l, IPPROTO_TCP, SY_TCP_FUNCTION_BLK, &paced,
	    sizeof(paced)));
	WORKS(sy_listen(b, l, 5));
	for (i = 0; i < 2; i++) {
		c = sy_socket(a, AF_INET, SOCK_STREAM, 0);
		WORKS(sy_connect(a, c, (struct sockaddr *)&sin,
		    sizeof(sin)));
		s = sy_accept(b, l, NULL, NULL);
		WORKS(s);
		block_is(b, s, i == 0 ? "paced" : "freebsd");
		set(b, "net.inet.tcp.functions_inherit_listen_socket_stack",
		    "0");
	}
	sy_loop_free(loop);
}

/* Push as much as is taken for ten seconds; the reader reads all. */
static int tx, rx;
static char bulk[65536];

static void
push(void *arg, int fd, short revents)
{
	(void)arg;
	(void)revents;
	while (sy_send(a, fd, bulk, sizeof(bulk), 0) > 0)
		continue;
}

static void
pull(void *arg, int fd, short revents)
{
	(void)arg;
	(void)revents;
	while (sy_recv(b, fd, bulk, sizeof(bulk), 0) > 0)
		continue;
}

static int
buffer(struct sy_host *h, int s, int option)
{
	socklen_t len = sizeof(int);
	int size;

	WORKS(sy_getsockopt(h, s, SOL_SOCKET, option, &size, &len));
	return (size);
}

static void
transfer(const char *where, const char *name, const char *value)
{
	begin();
	if (name != NULL)
		set(*where == 'a' ? a : b, name, value);
	rx = join(a, b, 0x0a000002, &tx);
	WORKS(sy_setnonblock(a, tx, true));
	WORKS(sy_setnonblock(b, rx, true));
	WORKS(sy_watch(a, tx, POLLOUT, push, NULL));
	WORKS(sy_watch(b, rx, POLLIN, pull, NULL));
	run(10 * SECOND);
}

TEST(sendbuf)
{
	int by_default;

	transfer("a", NULL, NULL);
	by_default = buffer(a, tx, SO_SNDBUF);
	ATF_CHECK_MSG(by_default > 1000000, "%d", by_default);
	sy_loop_free(loop);
	transfer("a", "net.inet.tcp.sendbuf_auto", "0");
	ATF_CHECK_MSG(buffer(a, tx, SO_SNDBUF) < 40000, "%d", buffer(a, tx,
	    SO_SNDBUF));
	sy_loop_free(loop);
	transfer("a", "net.inet.tcp.sendbuf_max", "200000");
	ATF_CHECK_MSG(buffer(a, tx, SO_SNDBUF) <= 200000 &&
	    buffer(a, tx, SO_SNDBUF) > 100000, "%d", buffer(a, tx,
	    SO_SNDBUF));
	sy_loop_free(loop);
}

/* The buffer's first step is the variable's. */
static int
first_step(const char *inc)
{
	int i, size;

	begin();
	set(a, "net.inet.tcp.sendbuf_inc", inc);
	rx = join(a, b, 0x0a000002, &tx);
	size = buffer(a, tx, SO_SNDBUF);
	WORKS(sy_setnonblock(a, tx, true));
	WORKS(sy_setnonblock(b, rx, true));
	WORKS(sy_watch(a, tx, POLLOUT, push, NULL));
	WORKS(sy_watch(b, rx, POLLIN, pull, NULL));
	for (i = 0; i < 10000 && buffer(a, tx, SO_SNDBUF) == size; i++)
		run(MS);
	size = buffer(a, tx, SO_SNDBUF) - size;
	sy_loop_free(loop);
	return (size);
}

TEST(sendbuf_inc)
{
	ATF_CHECK_EQ(100000 - 8192, first_step("100000") -
	    first_step("8192"));
}

/* A writer that never has more than 20,000 bytes under way: the buffer's
 * size after three seconds. */
static int
small_writer(const char *lowat)
{
	int i, size, under_way, mark;

	begin();
	set(a, "net.inet.tcp.sendbuf_auto_lowat", lowat);
	rx = join(a, b, 0x0a000002, &tx);
	mark = 12000;
	WORKS(sy_setsockopt(a, tx, SOL_SOCKET, SO_SNDLOWAT, &mark,
	    sizeof(mark)));
	WORKS(sy_setnonblock(a, tx, true));
	WORKS(sy_setnonblock(b, rx, true));
	WORKS(sy_watch(b, rx, POLLIN, pull, NULL));
	for (i = 0; i < 3000; i++) {
		WORKS(sy_ioctl(a, tx, SY_FIONWRITE, &under_way));
		if (under_way < 20000)
			WORKS(sy_send(a, tx, bulk, 20000 -
			    (size_t)under_way, 0));
		run(MS);
	}
	size = buffer(a, tx, SO_SNDBUF);
	sy_loop_free(loop);
	return (size);
}

TEST(sendbuf_auto_lowat)
{
	int without = small_writer("0"), with = small_writer("1");

	ATF_CHECK_MSG(without < 40000 && with > without, "%d, %d", without,
	    with);
}

TEST(recvbuf_max)
{
	transfer("b", "net.inet.tcp.recvbuf_max", "100000");
	ATF_CHECK_MSG(buffer(b, rx, SO_RCVBUF) <= 100000 &&
	    buffer(b, rx, SO_RCVBUF) > 65536, "%d", buffer(b, rx,
	    SO_RCVBUF));
	sy_loop_free(loop);
}

TEST(recvspace)
{
	begin();
	set(b, "net.inet.tcp.recvspace", "90000");
	rx = join(a, b, 0x0a000002, &tx);
	ATF_CHECK_MSG(buffer(b, rx, SO_RCVBUF) >= 90000, "%d", buffer(b, rx,
	    SO_RCVBUF));
	ATF_CHECK_MSG(buffer(a, tx, SO_RCVBUF) < 90000, "%d", buffer(a, tx,
	    SO_RCVBUF));
	sy_loop_free(loop);
}

TEST(sendspace)
{
	ssize_t n;

	begin();
	set(a, "net.inet.tcp.sendspace", "90000");
	rx = join(a, b, 0x0a000002, &tx);
	WORKS(sy_setnonblock(a, tx, true));
	ATF_CHECK_EQ(sizeof(bulk), sy_send(a, tx, bulk, sizeof(bulk), 0));
	n = sy_send(a, tx, bulk, sizeof(bulk), 0);
	ATF_CHECK_MSG(n > 10000 && n <= 92000 - (ssize_t)sizeof(bulk), "%zd",
	    n);
	sy_loop_free(loop);
}

/* One connection more than there are ephemeral ports, to another port of the
 * peer's: what it comes to. */
#define	EPHEMERAL	(65535 - 10000 + 1)

static int
one_too_many(const char *unique)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(80), .sin_addr.s_addr = htonl(0x0a000002) };
	int i, s;

	begin();
	set(a, "net.inet.tcp.require_unique_port", unique);
	set(a, "kern.maxfilesperproc", "60000");
	for (i = 0; i < EPHEMERAL; i++) {
		s = sy_socket(a, AF_INET, SOCK_STREAM, 0);
		WORKS(s);
		WORKS(sy_setnonblock(a, s, true));
		ATF_REQUIRE(sy_connect(a, s, (struct sockaddr *)&sin,
		    sizeof(sin)) == -1);
		ATF_REQUIRE_EQ_MSG(EINPROGRESS, errno, "%d: %s", i,
		    sy_error());
	}
	s = sy_socket(a, AF_INET, SOCK_STREAM, 0);
	WORKS(sy_setnonblock(a, s, true));
	ATF_CHECK_EQ(-1, sy_connect(a, s, (struct sockaddr *)&sin,
	    sizeof(sin)));
	ATF_CHECK_EQ_MSG(EADDRNOTAVAIL, errno, "to the same port: %s",
	    sy_error());
	sin.sin_port = htons(81);
	ATF_CHECK_EQ(-1, sy_connect(a, s, (struct sockaddr *)&sin,
	    sizeof(sin)));
	i = errno;
	sy_loop_free(loop);
	return (i);
}

TEST(require_unique_port)
{
	ATF_CHECK_EQ(EINPROGRESS, one_too_many("0"));
	ATF_CHECK_EQ(EADDRNOTAVAIL, one_too_many("1"));
}

/* A module is in use as long as a connection uses it. */
TEST(cc_in_use)
{
	begin();
	WORKS(sy_kldload(loop, STACKYARD_BUILD
	    "/lib/stackyard/cc_example.so"));
	rx = join(a, b, 0x0a000002, &tx);
	WORKS(sy_setsockopt(a, tx, IPPROTO_TCP, SY_TCP_CONGESTION, "example",
	    7));
	FAILS(EBUSY, "still uses it", sy_kldunload(loop, "cc_example"));
	WORKS(sy_setsockopt(a, tx, IPPROTO_TCP, SY_TCP_CONGESTION, "newreno",
	    7));
	WORKS(sy_kldunload(loop, "cc_example"));
	sy_loop_free(loop);
}

/* The hops that the host's TCP packets may take, by a capture of them. */
static void
hops_are(const char *file, const char *ether_type, size_t hops_at,
    size_t proto_at, int want)
{
	unsigned char buf[65536];
	size_t i, len;
	FILE *fp;
	int seen;

	fp = fopen(file, "r");
	ATF_REQUIRE(fp != NULL);
	len = fread(buf, 1, sizeof(buf), fp);
	(void)fclose(fp);
	seen = 0;
	for (i = 0; i + 60 < len; i++)
		if (memcmp(&buf[i], ether_type, 3) == 0 &&
		    buf[i + 2 + proto_at] == IPPROTO_TCP) {
			ATF_CHECK_EQ(want, buf[i + 2 + hops_at]);
			seen++;
		}
	ATF_CHECK_MSG(seen > 0, "no packet in %s", file);
}

TEST(ttl)
{
	struct sy_capture *cap;

	begin();
	set(a, "net.inet.ip.ttl", "7");
	FAILS(EINVAL, "ttl", sy_sysctl_set(a, "net.inet.ip.ttl", "0"));
	FAILS(EINVAL, "ttl", sy_sysctl_set(a, "net.inet.ip.ttl", "256"));
	cap = sy_capture_open(loop, "ttl.pcapng", NULL);
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	set(b, "net.inet.ip.ttl", "7");
	rx = join(a, b, 0x0a000002, &tx);
	WORKS(sy_capture_close(cap));
	hops_are("ttl.pcapng", "\010\0\105", 8, 9, 7);
	sy_loop_free(loop);
}

TEST(hlim)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(80) };
	struct sy_capture *cap;
	int s;

	begin();
	WORKS(sy_addr_add(a, "epair0a", "2001:db8::1/64"));
	WORKS(sy_addr_add(b, "epair0b", "2001:db8::2/64"));
	set(a, "net.inet6.ip6.hlim", "9");
	set(b, "net.inet6.ip6.hlim", "9");
	FAILS(EINVAL, "hlim", sy_sysctl_set(a, "net.inet6.ip6.hlim",
	    "256"));
	cap = sy_capture_open(loop, "hlim.pcapng", NULL);
	WORKS(sy_capture_if(cap, a, "epair0a", 0));
	memcpy(&sin6.sin6_addr, "\040\001\015\270\0\0\0\0\0\0\0\0\0\0\0\002",
	    16);
	s = sy_socket(a, AF_INET6, SOCK_STREAM, 0);
	ATF_CHECK_EQ(-1, sy_connect(a, s, (struct sockaddr *)&sin6,
	    sizeof(sin6)));
	ATF_CHECK_EQ(ECONNREFUSED, errno);
	WORKS(sy_capture_close(cap));
	hops_are("hlim.pcapng", "\206\335\140", 7, 6, 9);
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nolocaltimewait);
	ATF_TP_ADD_TC(tp, msl_local);
	ATF_TP_ADD_TC(tp, blackhole_local);
	ATF_TP_ADD_TC(tp, log_in_vain);
	ATF_TP_ADD_TC(tp, functions);
	ATF_TP_ADD_TC(tp, sendbuf);
	ATF_TP_ADD_TC(tp, sendbuf_inc);
	ATF_TP_ADD_TC(tp, sendbuf_auto_lowat);
	ATF_TP_ADD_TC(tp, recvbuf_max);
	ATF_TP_ADD_TC(tp, recvspace);
	ATF_TP_ADD_TC(tp, sendspace);
	ATF_TP_ADD_TC(tp, cc_in_use);
	ATF_TP_ADD_TC(tp, require_unique_port);
	ATF_TP_ADD_TC(tp, ttl);
	ATF_TP_ADD_TC(tp, hlim);
	return (atf_no_error());
}

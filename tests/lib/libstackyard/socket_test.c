/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sockets between two hosts over a link of 10 ms each way: connections, data
 * in every form, options, blocking, watches, failure.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "sy_test.h"

#define	PORT	7
#define	BIG	300000

static struct sy_loop *loop;
static struct sy_host *a, *b;
static int listener, client, server;

static void
begin(void)
{
	const struct sy_pipe p = { .delay = 10 * MS,
	    .queue_packets = 10000 };

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	ATF_REQUIRE_MSG(a != NULL && b != NULL, "%s", sy_error());
	WORKS(sy_link(a, b, 0, 0));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
	WORKS(sy_addr_add(a, "epair0a", "2001:db8::1/64"));
	WORKS(sy_addr_add(b, "epair0b", "2001:db8::2/64"));
	WORKS(sy_pipe(a, "epair0a", &p));
	WORKS(sy_pipe(b, "epair0b", &p));
	/* Whatever interfaces do when they come up is over. */
	WORKS(sy_loop_run(loop, 5 * SECOND));
}

static socklen_t
address(struct sockaddr_storage *ss, int family, const char *text,
    uint16_t port)
{
	struct sockaddr_in *sin;
	struct sockaddr_in6 *sin6;

	memset(ss, 0, sizeof(*ss));
	if (family == AF_INET) {
		sin = (struct sockaddr_in *)ss;
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		ATF_REQUIRE_EQ(1, inet_pton(AF_INET, text, &sin->sin_addr));
		return (sizeof(*sin));
	}
	sin6 = (struct sockaddr_in6 *)ss;
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, text, &sin6->sin6_addr));
	return (sizeof(*sin6));
}

#define	SA(ss)	((const struct sockaddr *)(ss))

static int
listen_at(int family, const char *text)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	len = address(&ss, family, text, PORT);
	WORKS(fd = sy_socket(b, family, SOCK_STREAM, 0));
	WORKS(sy_bind(b, fd, SA(&ss), len));
	WORKS(sy_listen(b, fd, 5));
	return (fd);
}

/* A connection from client of a to server of b, both blocking. */
static void
connected(void)
{
	struct sockaddr_storage ss;
	socklen_t len;

	begin();
	listener = listen_at(AF_INET, "10.0.0.2");
	len = address(&ss, AF_INET, "10.0.0.2", PORT);
	WORKS(client = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_connect(a, client, SA(&ss), len));
	WORKS(server = sy_accept(b, listener, NULL, NULL));
}

/* The address of one end, as the program's system writes it. */
static void
named(int (*get)(struct sy_host *, int, struct sockaddr *, socklen_t *),
    struct sy_host *host, int fd, int family, const char *text, int port)
{
	struct sockaddr_storage ss;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	char buf[INET6_ADDRSTRLEN];
	socklen_t len;

	len = sizeof(ss);
	WORKS(get(host, fd, (struct sockaddr *)&ss, &len));
	ATF_REQUIRE_EQ(family, ss.ss_family);
	if (family == AF_INET) {
		ATF_CHECK_EQ(sizeof(sin), len);
		memcpy(&sin, &ss, sizeof(sin));
		ATF_CHECK_STREQ(text, inet_ntop(family, &sin.sin_addr, buf,
		    sizeof(buf)));
		ATF_CHECK(port == 0 || port == ntohs(sin.sin_port));
	} else {
		ATF_CHECK_EQ(sizeof(sin6), len);
		memcpy(&sin6, &ss, sizeof(sin6));
		ATF_CHECK_STREQ(text, inet_ntop(family, &sin6.sin6_addr,
		    buf, sizeof(buf)));
		ATF_CHECK(port == 0 || port == ntohs(sin6.sin6_port));
	}
}

static void
echo_over(int family, const char *from, const char *to)
{
	struct sockaddr_storage ss;
	char buf[16];
	socklen_t len;

	begin();
	listener = listen_at(family, to);
	len = address(&ss, family, to, PORT);
	WORKS(client = sy_socket(a, family, SOCK_STREAM, 0));
	WORKS(sy_connect(a, client, SA(&ss), len));
	len = sizeof(ss);
	WORKS(server = sy_accept(b, listener, (struct sockaddr *)&ss,
	    &len));
	ATF_CHECK_EQ(family, ss.ss_family);
	named(sy_getsockname, a, client, family, from, 0);
	named(sy_getpeername, a, client, family, to, PORT);
	named(sy_getsockname, b, server, family, to, PORT);
	named(sy_getpeername, b, server, family, from, 0);
	ATF_CHECK_EQ(5, sy_send(a, client, "hello", 5, 0));
	ATF_CHECK_EQ(5, sy_recv(b, server, buf, sizeof(buf), 0));
	ATF_CHECK_EQ(5, sy_write(b, server, buf, 5));
	ATF_CHECK_EQ(5, sy_read(a, client, buf, sizeof(buf)));
	ATF_CHECK(memcmp(buf, "hello", 5) == 0);
	WORKS(sy_shutdown(a, client, SHUT_WR));
	ATF_CHECK_EQ(0, sy_recv(b, server, buf, sizeof(buf), 0));
	WORKS(sy_close(b, server));
	ATF_CHECK_EQ(0, sy_recv(a, client, buf, sizeof(buf), 0));
	WORKS(sy_close(a, client));
	WORKS(sy_close(b, listener));
	FAILS(EBADF, "descriptor", sy_close(a, client));
	sy_loop_free(loop);
}

TEST(echo4)
{

	echo_over(AF_INET, "10.0.0.1", "10.0.0.2");
}

TEST(echo6)
{

	echo_over(AF_INET6, "2001:db8::1", "2001:db8::2");
}

/* A name is cut to the room there is, and its length is told. */
TEST(cut_names)
{
	struct sockaddr_in sin;
	socklen_t len;

	connected();
	memset(&sin, 0xff, sizeof(sin));
	len = 4;
	WORKS(sy_getpeername(a, client, (struct sockaddr *)&sin, &len));
	ATF_CHECK_EQ(sizeof(sin), len);
	ATF_CHECK_EQ(htons(PORT), sin.sin_port);
	ATF_CHECK_EQ(0xffffffff, sin.sin_addr.s_addr);
	FAILS(EFAULT, "getpeername", sy_getpeername(a, client, NULL, NULL));
	sy_loop_free(loop);
}

TEST(refused)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	begin();
	len = address(&ss, AF_INET, "10.0.0.2", 81);
	WORKS(fd = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	FAILS(ECONNREFUSED, "nobody listens", sy_connect(a, fd, SA(&ss),
	    len));
	FAILS(EAFNOSUPPORT, "AF_INET6", sy_socket(a, AF_UNIX, SOCK_STREAM,
	    0));
	FAILS(EPROTOTYPE, "socket", sy_socket(a, AF_INET, 77, 0));
	FAILS(EINVAL, "bind", sy_bind(a, fd, SA(&ss), 3));
	FAILS(EINVAL, "bind", sy_bind(a, fd, NULL, 0));
	FAILS(EINVAL, "connect", sy_connect(a, fd, SA(&ss), len - 1));
	FAILS(EBADF, "no such descriptor", sy_listen(a, 33, 5));
	WORKS(fd = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	len = address(&ss, AF_INET, "10.9.9.9", 81);
	FAILS(EADDRNOTAVAIL, "no interface", sy_bind(a, fd, SA(&ss), len));
	len = address(&ss, AF_INET6, "::", 81);
	FAILS(EAFNOSUPPORT, "another family", sy_bind(a, fd, SA(&ss), len));
	sy_loop_free(loop);
}

TEST(port_taken)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	connected();
	len = address(&ss, AF_INET, "10.0.0.2", PORT);
	WORKS(fd = sy_socket(b, AF_INET, SOCK_STREAM, 0));
	FAILS(EADDRINUSE, "SO_REUSEADDR", sy_bind(b, fd, SA(&ss), len));
	sy_loop_free(loop);
}

TEST(nonblocking)
{
	struct sockaddr_storage ss;
	struct pollfd pfd;
	socklen_t len;
	char c;
	int error, fd;

	begin();
	listener = listen_at(AF_INET, "0.0.0.0");
	WORKS(sy_setnonblock(b, listener, true));
	FAILS(EAGAIN, "may not wait", sy_accept(b, listener, NULL, NULL));
	len = address(&ss, AF_INET, "10.0.0.2", PORT);
	WORKS(fd = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_setnonblock(a, fd, true));
	FAILS(EINPROGRESS, "writable", sy_connect(a, fd, SA(&ss), len));
	FAILS(EALREADY, "connect", sy_connect(a, fd, SA(&ss), len));
	pfd = (struct pollfd){ .fd = fd, .events = POLLOUT };
	ATF_CHECK_EQ(0, sy_poll(a, &pfd, 1, 0));
	ATF_CHECK_EQ(1, sy_poll(a, &pfd, 1, 1000));
	ATF_CHECK_EQ(POLLOUT, pfd.revents);
	len = sizeof(error);
	WORKS(sy_getsockopt(a, fd, SOL_SOCKET, SO_ERROR, &error, &len));
	ATF_CHECK_EQ(0, error);
	FAILS(EAGAIN, "recv", sy_recv(a, fd, &c, 1, 0));
	FAILS(EINVAL, "recv", sy_recv(a, fd, &c, SIZE_MAX, 0));
	ATF_CHECK_EQ(0, sy_recv(a, fd, &c, 0, 0));
	WORKS(sy_setnonblock(a, fd, false));
	FAILS(EAGAIN, "recv", sy_recv(a, fd, &c, 1, MSG_DONTWAIT));
	sy_loop_free(loop);
}

/* Who asks again and again need not run the loop for what is there already. */
TEST(nonblocking_again)
{
	struct sy_pipe none = { 0 };
	char c;

	connected();
	WORKS(sy_pipe(a, "epair0a", &none));
	WORKS(sy_setnonblock(b, server, true));
	ATF_CHECK_EQ(1, sy_send(a, client, "x", 1, 0));
	FAILS(EAGAIN, "recv", sy_recv(b, server, &c, 1, 0));
	ATF_CHECK_EQ(1, sy_recv(b, server, &c, 1, 0));
	sy_loop_free(loop);
}

/* SO_RCVTIMEO counts virtual time. */
TEST(timeouts)
{
	struct timeval tv = { 1, 500000 };
	uint64_t before;
	socklen_t len;
	char c;

	connected();
	WORKS(sy_setsockopt(a, client, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)));
	memset(&tv, 0, sizeof(tv));
	len = sizeof(tv);
	WORKS(sy_getsockopt(a, client, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	ATF_CHECK_EQ(1, tv.tv_sec);
	ATF_CHECK_EQ(500000, tv.tv_usec);
	before = sy_loop_now(loop);
	FAILS(EAGAIN, "time allowed", sy_recv(a, client, &c, 1, 0));
	ATF_CHECK_EQ(before + 1500 * MS, sy_loop_now(loop));
	sy_loop_free(loop);
}

/* Nothing can come any more: that is told, not waited for. */
TEST(deadlock)
{
	char c;

	connected();
	/* There are keepalives, but they bring nothing. */
	FAILS(EDEADLK, "nothing is left", sy_recv(a, client, &c, 1, 0));
	FAILS(EDEADLK, "nothing is left", sy_accept(b, listener, NULL,
	    NULL));
	sy_loop_free(loop);
}

/* ---- Data ---- */

static uint8_t out[BIG], in[BIG];
static size_t got;

static void
fill(void)
{
	uint32_t r;
	size_t i;

	for (r = 1, i = 0; i < sizeof(out); i++) {
		r = r * 1664525 + 1013904223;
		out[i] = (uint8_t)(r >> 24);
	}
}

static void
drain(void *arg, int fd, short revents)
{
	ssize_t n;

	(void)arg;
	ATF_CHECK((revents & POLLIN) != 0);
	n = sy_recv(b, fd, in + got, sizeof(in) - got, MSG_DONTWAIT);
	ATF_REQUIRE(n >= 0);
	if (n == 0)
		WORKS(sy_watch(b, fd, 0, NULL, NULL));
	got += (size_t)n;
}

/* A blocking send takes all, while the peer's watch makes room. */
TEST(send_all)
{

	connected();
	fill();
	WORKS(sy_watch(b, server, POLLIN, drain, NULL));
	ATF_CHECK_EQ(BIG, sy_send(a, client, out, sizeof(out), 0));
	WORKS(sy_shutdown(a, client, SHUT_WR));
	WORKS(sy_loop_run(loop, 60 * SECOND));
	ATF_CHECK_EQ(BIG, got);
	ATF_CHECK(memcmp(in, out, sizeof(in)) == 0);
	sy_loop_free(loop);
}

/* The same from many places, among them empty ones. */
TEST(writev_all)
{
	struct iovec iov[100];
	size_t off;
	int i;

	connected();
	fill();
	for (off = 0, i = 0; i < 99; i++, off += iov[i - 1].iov_len)
		iov[i] = (struct iovec){ .iov_base = out + off,
		    .iov_len = i % 7 == 0 ? 0 : (size_t)i * 50 };
	iov[99] = (struct iovec){ .iov_base = out + off,
	    .iov_len = sizeof(out) - off };
	WORKS(sy_watch(b, server, POLLIN, drain, NULL));
	ATF_CHECK_EQ(BIG, sy_writev(a, client, iov, 100));
	WORKS(sy_loop_run(loop, 60 * SECOND));
	ATF_CHECK_EQ(BIG, got);
	ATF_CHECK(memcmp(in, out, sizeof(in)) == 0);
	sy_loop_free(loop);
}

/* A connection over UDP. */
TEST(udp_encaps)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int port;

	begin();
	fill();
	WORKS(sy_sysctl_set(a, "net.inet.tcp.udp_tunneling_port", "9899"));
	WORKS(sy_sysctl_set(b, "net.inet.tcp.udp_tunneling_port", "9900"));
	listener = listen_at(AF_INET, "10.0.0.2");
	len = address(&ss, AF_INET, "10.0.0.2", PORT);
	WORKS(client = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	port = 9900;
	WORKS(sy_setsockopt(a, client, IPPROTO_TCP,
	    SY_TCP_REMOTE_UDP_ENCAPS_PORT, &port, sizeof(port)));
	WORKS(sy_connect(a, client, SA(&ss), len));
	WORKS(server = sy_accept(b, listener, NULL, NULL));
	len = sizeof(port);
	WORKS(sy_getsockopt(b, server, IPPROTO_TCP,
	    SY_TCP_REMOTE_UDP_ENCAPS_PORT, &port, &len));
	ATF_CHECK_EQ(9899, port);
	WORKS(sy_watch(b, server, POLLIN, drain, NULL));
	ATF_CHECK_EQ(BIG, sy_send(a, client, out, sizeof(out), 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + 60 * SECOND));
	ATF_CHECK_EQ(BIG, got);
	ATF_CHECK(memcmp(in, out, sizeof(in)) == 0);
	sy_loop_free(loop);
}

/* Without a reader, one sends what fits and waits as long as it may. */
TEST(send_some)
{
	struct timeval tv = { 2, 0 };
	uint64_t before;
	ssize_t n, total;

	connected();
	WORKS(sy_setsockopt(a, client, SOL_SOCKET, SO_SNDTIMEO, &tv,
	    sizeof(tv)));
	n = sy_send(a, client, out, sizeof(out), MSG_DONTWAIT);
	ATF_CHECK_MSG(n > 0 && n < BIG, "%zd", n);
	for (total = n; n == BIG || total == n; total += n) {
		ATF_REQUIRE(total < 100 * BIG);
		before = sy_loop_now(loop);
		n = sy_send(a, client, out, sizeof(out), 0);
		ATF_REQUIRE_MSG(n > 0, "%s", sy_error());
	}
	/* The last one did not get rid of all. */
	ATF_CHECK_EQ(before + 2 * SECOND, sy_loop_now(loop));
	FAILS(EAGAIN, "time allowed", sy_send(a, client, out, 1, 0));
	ATF_CHECK_EQ(before + 4 * SECOND, sy_loop_now(loop));
	FAILS(EAGAIN, "send", sy_send(a, client, out, 1, MSG_DONTWAIT));
	sy_loop_free(loop);
}

static void
send_piece(void *arg)
{
	char *text;

	text = arg;
	ATF_CHECK_EQ((ssize_t)strlen(text), sy_send(a, client, text,
	    strlen(text), 0));
}

/* Urgent data by every door: the byte out of line, the mark where all reads
 * stop, poll, watches and kqueues. */
static short urgent_seen;

static void
see_urgent(void *arg, int fd, short revents)
{

	(void)arg;
	urgent_seen |= revents;
	WORKS(sy_watch(b, fd, 0, NULL, NULL));
}

static void
send_urgent(void *arg)
{

	(void)arg;
	ATF_CHECK_EQ(3, sy_send(a, client, "abc", 3, 0));
	ATF_CHECK_EQ(3, sy_send(a, client, "deU", 3, MSG_OOB));
	ATF_CHECK_EQ(3, sy_send(a, client, "xyz", 3, 0));
}

TEST(urgent)
{
	struct sy_kevent change, event;
	struct pollfd pfd;
	char buf[16];
	int at, kq;

	connected();
	FAILS(EINVAL, "recv", sy_recv(b, server, buf, 1, MSG_OOB));
	WORKS(kq = sy_kqueue(b));
	SY_EV_SET(&change, server, SY_EVFILT_EXCEPT, SY_EV_ADD, SY_NOTE_OOB,
	    0, NULL);
	WORKS(sy_kevent(b, kq, &change, 1, NULL, 0, 0));
	WORKS(sy_loop_at(loop, sy_loop_now(loop) + SECOND, send_urgent,
	    NULL));
	ATF_CHECK_EQ(1, sy_kevent(b, kq, NULL, 0, &event, 1, UINT64_MAX));
	ATF_CHECK_EQ(SY_NOTE_OOB, (int)event.fflags);
	WORKS(sy_watch(b, server, POLLPRI, see_urgent, NULL));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK_EQ(POLLPRI, urgent_seen);
	pfd = (struct pollfd){ .fd = server, .events = POLLIN | POLLPRI };
	ATF_CHECK_EQ(1, sy_poll(b, &pfd, 1, 0));
	ATF_CHECK_EQ(POLLIN | POLLPRI, pfd.revents);
	ATF_CHECK_EQ(5, sy_recv(b, server, buf, 16, MSG_WAITALL));
	ATF_CHECK(memcmp(buf, "abcde", 5) == 0);
	WORKS(sy_ioctl(b, server, SY_SIOCATMARK, &at));
	ATF_CHECK_EQ(1, at);
	ATF_CHECK_EQ(1, sy_recv(b, server, buf, 16, MSG_OOB));
	ATF_CHECK_EQ('U', buf[0]);
	ATF_CHECK_EQ(3, sy_recv(b, server, buf, 16, 0));
	ATF_CHECK(memcmp(buf, "xyz", 3) == 0);
	WORKS(sy_ioctl(b, server, SY_SIOCATMARK, &at));
	ATF_CHECK_EQ(0, at);
	sy_loop_free(loop);
}

/* A mark is nothing to read: a reader at one waits for what comes after,
 * and MSG_OOB waits for nothing. */
static void
send_urgent_alone(void *arg)
{

	(void)arg;
	ATF_CHECK_EQ(1, sy_send(a, client, "U", 1, MSG_OOB));
}

TEST(urgent_wait)
{
	char buf[16];
	uint64_t before;

	connected();
	before = sy_loop_now(loop);
	WORKS(sy_loop_at(loop, before + SECOND, send_urgent_alone, NULL));
	WORKS(sy_loop_at(loop, before + 3 * SECOND, send_piece, "abc"));
	ATF_CHECK_EQ(3, sy_recv(b, server, buf, 16, 0));
	ATF_CHECK(memcmp(buf, "abc", 3) == 0);
	ATF_CHECK_EQ(before + 3 * SECOND + 10 * MS, sy_loop_now(loop));
	FAILS(EINVAL, "recv", sy_recv(b, server, buf, 1, MSG_OOB));
	sy_loop_free(loop);
}

TEST(waitall)
{
	char buf[16];

	connected();
	WORKS(sy_loop_at(loop, sy_loop_now(loop) + SECOND, send_piece,
	    "abc"));
	WORKS(sy_loop_at(loop, sy_loop_now(loop) + 2 * SECOND, send_piece,
	    "defg"));
	ATF_CHECK_EQ(1, sy_recv(b, server, buf, 16, MSG_PEEK) > 0);
	ATF_CHECK_EQ(3, sy_recv(b, server, buf, 16, MSG_PEEK));
	ATF_CHECK_EQ(5, sy_recv(b, server, buf, 5, MSG_WAITALL));
	ATF_CHECK(memcmp(buf, "abcde", 5) == 0);
	ATF_CHECK_EQ(2, sy_recv(b, server, buf, 16, 0));
	ATF_CHECK(memcmp(buf, "fg", 2) == 0);
	/* The end of the stream ends it, too. */
	send_piece("xy");
	WORKS(sy_close(a, client));
	ATF_CHECK_EQ(2, sy_recv(b, server, buf, 16, MSG_WAITALL));
	ATF_CHECK_EQ(0, sy_recv(b, server, buf, 16, MSG_WAITALL));
	sy_loop_free(loop);
}

TEST(vectors)
{
	struct iovec iov[4] = {
		{ .iov_base = (char[]){ 'a', 'b' }, .iov_len = 2 },
		{ .iov_base = NULL, .iov_len = 0 },
		{ .iov_base = (char[]){ 'c' }, .iov_len = 1 },
		{ .iov_base = (char[]){ 'd', 'e', 'f' }, .iov_len = 3 },
	};
	struct iovec many[1025];
	char x[1], y[10];

	connected();
	ATF_CHECK_EQ(6, sy_writev(a, client, iov, 4));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	iov[0].iov_base = x;
	iov[0].iov_len = 1;
	iov[2].iov_base = y;
	iov[2].iov_len = 10;
	ATF_CHECK_EQ(6, sy_readv(b, server, iov, 3));
	ATF_CHECK_EQ('a', x[0]);
	ATF_CHECK(memcmp(y, "bcdef", 5) == 0);
	memset(many, 0, sizeof(many));
	FAILS(EINVAL, "writev", sy_writev(a, client, many, 1025));
	FAILS(EINVAL, "writev", sy_writev(a, client, NULL, 1));
	FAILS(EINVAL, "readv", sy_readv(a, client, iov, -1));
	many[0].iov_len = many[1].iov_len = SIZE_MAX / 2;
	FAILS(EINVAL, "readv", sy_readv(a, client, many, 2));
	FAILS(EOPNOTSUPP, "send", sy_send(a, client, "x", 1, 1 << 30));
	sy_loop_free(loop);
}

TEST(discard)
{
	char c;

	connected();
	ATF_CHECK_EQ(6, sy_send(a, client, "abcdef", 6, 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK_EQ(4, sy_recv(b, server, NULL, 4, SY_MSG_DISCARD));
	ATF_CHECK_EQ(1, sy_recv(b, server, &c, 1, 0));
	ATF_CHECK_EQ('e', c);
	sy_loop_free(loop);
}

TEST(ioctls)
{
	int n;

	connected();
	ATF_CHECK_EQ(6, sy_send(a, client, "abcdef", 6, 0));
	WORKS(sy_ioctl(a, client, SY_FIONWRITE, &n));
	ATF_CHECK_EQ(6, n);
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	WORKS(sy_ioctl(b, server, SY_FIONREAD, &n));
	ATF_CHECK_EQ(6, n);
	FAILS(EFAULT, "ioctl", sy_ioctl(b, server, SY_FIONREAD, NULL));
	FAILS(ENOTTY, "ioctl", sy_ioctl(b, server, 12345, &n));
	sy_loop_free(loop);
}

/* ---- Options ---- */

static void
int_option(int fd, int level, int name, int value)
{
	socklen_t len;
	int back;

	WORKS(sy_setsockopt(a, fd, level, name, &value, sizeof(value)));
	back = -1;
	len = sizeof(back);
	WORKS(sy_getsockopt(a, fd, level, name, &back, &len));
	ATF_CHECK_EQ(sizeof(back), len);
	ATF_CHECK_EQ_MSG(value, back, "level %d option %d: %d", level, name,
	    back);
}

static int
get_int(int fd, int level, int name)
{
	socklen_t len;
	int value;

	value = -1;
	len = sizeof(value);
	WORKS(sy_getsockopt(a, fd, level, name, &value, &len));
	return (value);
}

TEST(options)
{
	struct linger l = { 1, 5 };
	socklen_t len;
	int fd, fd6, value;

	begin();
	WORKS(fd = sy_socket(a, AF_INET, SOCK_STREAM, 0));
	WORKS(fd6 = sy_socket(a, AF_INET6, SOCK_STREAM, 0));
	int_option(fd, SOL_SOCKET, SO_SNDBUF, 30000);
	int_option(fd, SOL_SOCKET, SO_RCVBUF, 40000);
	int_option(fd, SOL_SOCKET, SO_RCVLOWAT, 10);
	int_option(fd, IPPROTO_IP, IP_TTL, 33);
	int_option(fd, IPPROTO_IP, IP_TOS, 0x20);
	int_option(fd6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44);
	int_option(fd6, IPPROTO_IPV6, IPV6_TCLASS, 0x20);
	int_option(fd6, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	int_option(fd6, IPPROTO_IPV6, SY_IPV6_USE_MIN_MTU, 1);
	int_option(fd, SOL_SOCKET, SY_SO_NOSIGPIPE, 0x800);
	int_option(fd, SOL_SOCKET, SY_SO_REUSEPORT_LB, 0x10000);
	int_option(fd, IPPROTO_TCP, SY_TCP_IWND_NB, 5000);
	int_option(fd, IPPROTO_TCP, SY_TCP_IWND_NSEG, 5);
	int_option(fd, IPPROTO_TCP, SY_TCP_REMOTE_UDP_ENCAPS_PORT, 0);
	ATF_CHECK_EQ(0, get_int(fd, SOL_SOCKET, SY_SO_LISTENQLIMIT));
	ATF_CHECK_EQ(0, get_int(fd, SOL_SOCKET, SY_SO_LISTENQLEN));
	ATF_CHECK_EQ(0, get_int(fd, SOL_SOCKET, SY_SO_LISTENINCQLEN));
	/* None was set in place of another. */
	ATF_CHECK_EQ(30000, get_int(fd, SOL_SOCKET, SO_SNDBUF));
	ATF_CHECK_EQ(33, get_int(fd, IPPROTO_IP, IP_TTL));
	ATF_CHECK_EQ(44, get_int(fd6, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
	ATF_CHECK_EQ(0x20, get_int(fd6, IPPROTO_IPV6, IPV6_TCLASS));
	value = 1;
	WORKS(sy_setsockopt(a, fd, SOL_SOCKET, SO_KEEPALIVE, &value,
	    sizeof(value)));
	ATF_CHECK(get_int(fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
	ATF_CHECK_EQ(0, get_int(fd, SOL_SOCKET, SO_REUSEADDR));
	WORKS(sy_setsockopt(a, fd, IPPROTO_TCP, SY_TCP_NODELAY, &value,
	    sizeof(value)));
	ATF_CHECK(get_int(fd, IPPROTO_TCP, SY_TCP_NODELAY) != 0);
	ATF_CHECK_EQ(SOCK_STREAM, get_int(fd, SOL_SOCKET, SO_TYPE));
	ATF_CHECK_EQ(AF_INET, get_int(fd, SOL_SOCKET, SO_DOMAIN));
	ATF_CHECK_EQ(AF_INET6, get_int(fd6, SOL_SOCKET, SO_DOMAIN));
	ATF_CHECK_EQ(IPPROTO_TCP, get_int(fd, SOL_SOCKET, SO_PROTOCOL));
	WORKS(sy_setsockopt(a, fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	memset(&l, 0, sizeof(l));
	len = sizeof(l);
	WORKS(sy_getsockopt(a, fd, SOL_SOCKET, SO_LINGER, &l, &len));
	ATF_CHECK(l.l_onoff != 0);
	ATF_CHECK_EQ(5, l.l_linger);
	FAILS(ENOPROTOOPT, "no such option", sy_setsockopt(a, fd, SOL_SOCKET,
	    9999, &value, sizeof(value)));
	FAILS(ENOPROTOOPT, "no such option", sy_getsockopt(a, fd, 9999, 1,
	    &value, &len));
	FAILS(EFAULT, "setsockopt", sy_setsockopt(a, fd, SOL_SOCKET,
	    SO_SNDBUF, NULL, 4));
	FAILS(EFAULT, "getsockopt", sy_getsockopt(a, fd, SOL_SOCKET,
	    SO_SNDBUF, &value, NULL));
	sy_loop_free(loop);
}

/* ---- Closing ---- */

TEST(linger)
{
	struct linger l = { 1, 3 };
	struct sy_pipe dead = { .loss = 1.0 };
	uint64_t before;

	/* It waits until the peer has all. */
	connected();
	WORKS(sy_setsockopt(a, client, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	ATF_CHECK_EQ(1, sy_send(a, client, "x", 1, 0));
	before = sy_loop_now(loop);
	WORKS(sy_close(a, client));
	ATF_CHECK(sy_loop_now(loop) >= before + 20 * MS);
	ATF_CHECK(sy_loop_now(loop) < before + SECOND);
	sy_loop_free(loop);
	/* But not longer than it was told to. */
	connected();
	WORKS(sy_setsockopt(a, client, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	WORKS(sy_pipe(a, "epair0a", &dead));
	ATF_CHECK_EQ(1, sy_send(a, client, "x", 1, 0));
	before = sy_loop_now(loop);
	WORKS(sy_close(a, client));
	ATF_CHECK_EQ(before + 3 * SECOND, sy_loop_now(loop));
	sy_loop_free(loop);
}

static void
close_now(void *arg)
{

	(void)arg;
	WORKS(sy_close(a, client));
}

TEST(close_in_callback)
{
	struct linger l = { 1, 3 };
	char c;

	connected();
	WORKS(sy_setsockopt(a, client, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	ATF_CHECK_EQ(1, sy_send(a, client, "x", 1, 0));
	WORKS(sy_loop_at(loop, 0, close_now, NULL));
	ATF_CHECK_EQ(1, sy_recv(b, server, &c, 1, 0));
	ATF_CHECK_EQ(0, sy_recv(b, server, &c, 1, 0));
	sy_loop_free(loop);
}

/* ---- Watches ---- */

static int calls;

static void
read_one(void *arg, int fd, short revents)
{
	char c;

	ATF_CHECK(arg == &calls);
	ATF_CHECK_EQ(server, fd);
	ATF_CHECK_EQ(POLLIN, revents & POLLIN);
	calls++;
	if (sy_recv(b, fd, &c, 1, MSG_DONTWAIT) == 0)
		WORKS(sy_close(b, fd));
}

/* Level-triggered: called while there is something, and no longer. */
TEST(watch_level)
{

	connected();
	ATF_CHECK_EQ(3, sy_send(a, client, "abc", 3, 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	WORKS(sy_watch(b, server, POLLIN, read_one, &calls));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK_EQ(3, calls);
	ATF_CHECK_EQ(2, sy_send(a, client, "de", 2, 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK_EQ(5, calls);
	WORKS(sy_close(a, client));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK_EQ(6, calls);
	FAILS(ENOENT, "not watched", sy_watch(b, server, 0, NULL, NULL));
	sy_loop_free(loop);
}

static void
fill_up(void *arg, int fd, short revents)
{
	ssize_t n;

	(void)arg;
	ATF_CHECK((revents & POLLOUT) != 0);
	calls++;
	n = sy_send(a, fd, out, sizeof(out), MSG_DONTWAIT);
	ATF_CHECK(n > 0);
}

/* Writable until it is full, and again when there is room. */
TEST(watch_writable)
{
	int before;

	connected();
	WORKS(sy_watch(a, client, POLLOUT, fill_up, NULL));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	before = calls;
	ATF_CHECK(before > 0);
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + 2 * SECOND));
	ATF_CHECK_EQ(before, calls);
	WORKS(sy_watch(b, server, POLLIN, drain, NULL));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + 5 * SECOND));
	ATF_CHECK(calls > before);
	sy_loop_free(loop);
}

/* A blocking call from a watch fails, with words; the others go on. */
static void
wait_in_watch(void *arg, int fd, short revents)
{
	char buf[8];

	(void)arg;
	(void)revents;
	calls++;
	ATF_CHECK_EQ(1, sy_recv(b, fd, buf, 8, 0));
	FAILS(EDEADLK, "callback may not wait", sy_recv(b, fd, buf, 8, 0));
}

TEST(watch_blocking)
{

	connected();
	WORKS(sy_watch(b, server, POLLIN, wait_in_watch, NULL));
	ATF_CHECK_EQ(1, sy_send(a, client, "x", 1, 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK_EQ(1, calls);
	sy_loop_free(loop);
}

/* A watch may end the host. */
static void
free_b(void *arg, int fd, short revents)
{

	(void)arg;
	(void)fd;
	(void)revents;
	calls++;
	sy_host_free(b);
}

TEST(watch_frees_host)
{

	connected();
	WORKS(sy_watch(b, server, POLLIN, free_b, NULL));
	WORKS(sy_watch(b, listener, POLLIN, free_b, NULL));
	ATF_CHECK_EQ(1, sy_send(a, client, "x", 1, 0));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + 300 * SECOND));
	ATF_CHECK_EQ(1, calls);
	ATF_CHECK(sy_host_find(loop, "b") == NULL);
	sy_loop_free(loop);
}

/* The other end's failure reaches watch and call. */
static short seen;

static void
see(void *arg, int fd, short revents)
{

	(void)arg;
	seen |= revents;
	WORKS(sy_watch(a, fd, 0, NULL, NULL));
}

TEST(reset)
{
	struct linger l = { 1, 0 };
	char c;

	connected();
	WORKS(sy_setsockopt(b, server, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	WORKS(sy_watch(a, client, POLLIN, see, NULL));
	WORKS(sy_close(b, server));
	WORKS(sy_loop_run(loop, sy_loop_now(loop) + SECOND));
	ATF_CHECK((seen & (POLLIN | POLLHUP | POLLERR)) != 0);
	FAILS(ECONNRESET, "recv", sy_recv(a, client, &c, 1, 0));
	sy_loop_free(loop);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, echo4);
	ATF_TP_ADD_TC(tp, echo6);
	ATF_TP_ADD_TC(tp, cut_names);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, port_taken);
	ATF_TP_ADD_TC(tp, nonblocking);
	ATF_TP_ADD_TC(tp, nonblocking_again);
	ATF_TP_ADD_TC(tp, timeouts);
	ATF_TP_ADD_TC(tp, deadlock);
	ATF_TP_ADD_TC(tp, send_all);
	ATF_TP_ADD_TC(tp, writev_all);
	ATF_TP_ADD_TC(tp, send_some);
	ATF_TP_ADD_TC(tp, waitall);
	ATF_TP_ADD_TC(tp, urgent);
	ATF_TP_ADD_TC(tp, udp_encaps);
	ATF_TP_ADD_TC(tp, urgent_wait);
	ATF_TP_ADD_TC(tp, vectors);
	ATF_TP_ADD_TC(tp, discard);
	ATF_TP_ADD_TC(tp, ioctls);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, linger);
	ATF_TP_ADD_TC(tp, close_in_callback);
	ATF_TP_ADD_TC(tp, watch_level);
	ATF_TP_ADD_TC(tp, watch_writable);
	ATF_TP_ADD_TC(tp, watch_blocking);
	ATF_TP_ADD_TC(tp, watch_frees_host);
	ATF_TP_ADD_TC(tp, reset);
	return (atf_no_error());
}

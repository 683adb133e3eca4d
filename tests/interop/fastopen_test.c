/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP Fast Open against the host kernel's TCP, over a TAP device in a network
 * namespace of the test's own: the kernel as server and as client, IPv4 and
 * IPv6.  Each connection says what it has to say, hears an answer, and ends;
 * what went with its SYN is known from TCP_INFO on the kernel's side and from
 * TCP_FASTOPEN on ours.
 */
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "stackyard.h"

#define	FO		"net.inet.tcp.fastopen."
#define	PORT		5010
#define	MANY		100000		/* bytes, more than a SYN takes */
#define	FEW		600
#define	ANSWER		3000
#define	LIMIT		20		/* s for one connection, at most */
#define	SYN_DATA	32		/* Linux's TCPI_OPT_SYN_DATA */

#define	WORKS(call)							\
	ATF_REQUIRE_MSG((call) != -1, "%s: %s", #call, sy_error())
#define	KERNEL(call)							\
	ATF_REQUIRE_MSG((call) != -1, "%s: %s", #call, strerror(errno))

/* One end of a connection. */
struct end {
	bool		ours;
	int		fd;
	size_t		put, got;	/* bytes */
	size_t		say, hear;	/* and how many there are to be */
};

static struct sy_loop *loop;
static struct sy_host *us;
static int af;
static uint8_t data[MANY];

/* ---- The network ---- */

static void
run(const char *command)
{
	ATF_REQUIRE_EQ_MSG(0, system(command), "%s", command);
}

static void
kernel_set(const char *name, const char *text)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "/proc/sys/net/ipv4/%s", name);
	if ((fd = open(file, O_WRONLY)) == -1)
		atf_tc_skip("the kernel has no %s", name);
	ATF_REQUIRE(write(fd, text, strlen(text)) ==
	    (ssize_t)strlen(text));
	(void)close(fd);
}

static void
begin(int family)
{
	size_t i;

	af = family;
	if (unshare(CLONE_NEWNET) != 0)
		atf_tc_skip("no network namespace: %s", strerror(errno));
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		atf_tc_skip("no /dev/net/tun");
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 2654435761U >> 23);
	ATF_REQUIRE((loop = sy_loop_new(SY_REAL, 1)) != NULL);
	ATF_REQUIRE((us = sy_host_new(loop, "us", NULL, 0)) != NULL);
	WORKS(sy_tap(us, "tapsy", false, 0));
	WORKS(sy_addr_add(us, "tapsy", "192.0.2.2/24"));
	WORKS(sy_addr_add(us, "tapsy", "2001:db8::2/64"));
	run("ip link set dev lo up");
	run("ip addr add 192.0.2.1/24 dev tapsy");
	run("ip -6 addr add 2001:db8::1/64 dev tapsy nodad");
	run("ip link set dev tapsy up");
	kernel_set("tcp_fastopen", "3");
	/* A failure is to have no effect but the one that is looked at. */
	kernel_set("tcp_fastopen_blackhole_timeout_sec", "0");
}

/* The name of the kernel's end (1) or ours (2), or of any (0). */
static socklen_t
name(int who, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	const char *text;

	memset(ss, 0, sizeof(*ss));
	if (af == AF_INET) {
		text = who == 0 ? "0.0.0.0" : who == 1 ? "192.0.2.1" :
		    "192.0.2.2";
		sin->sin_family = AF_INET;
		sin->sin_port = htons(PORT);
		ATF_REQUIRE_EQ(1, inet_pton(AF_INET, text, &sin->sin_addr));
		return (sizeof(*sin));
	}
	text = who == 0 ? "::" : who == 1 ? "2001:db8::1" : "2001:db8::2";
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(PORT);
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, text, &sin6->sin6_addr));
	return (sizeof(*sin6));
}

/* ---- Both ends ---- */

static int
kernel_listen(void)
{
	struct sockaddr_storage ss;
	int fd, on = 1, pending = 5;

	KERNEL(fd = socket(af, SOCK_STREAM | SOCK_NONBLOCK, 0));
	KERNEL(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	KERNEL(bind(fd, (struct sockaddr *)&ss, name(0, &ss)));
	KERNEL(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &pending,
	    sizeof(pending)));
	KERNEL(listen(fd, 5));
	return (fd);
}

static int
our_socket(void)
{
	int fd, on = 1;

	WORKS(fd = sy_socket(us, af, SOCK_STREAM, 0));
	WORKS(sy_setnonblock(us, fd, true));
	WORKS(sy_setsockopt(us, fd, IPPROTO_TCP, SY_TCP_FASTOPEN, &on,
	    sizeof(on)));
	return (fd);
}

static int
our_listen(void)
{
	struct sockaddr_storage ss;
	int fd, on = 1;

	fd = our_socket();
	WORKS(sy_setsockopt(us, fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)));
	WORKS(sy_bind(us, fd, (struct sockaddr *)&ss, name(0, &ss)));
	WORKS(sy_listen(us, fd, 5));
	return (fd);
}

/* A turn of the loop; false once LIMIT has passed since start. */
static bool
turn(uint64_t start)
{
	(void)sy_loop_step(loop, 1000000);
	return (sy_loop_now(loop) - start < LIMIT * UINT64_C(1000000000));
}

static bool
is_later(ssize_t n)
{
	return (n == -1 && (errno == EAGAIN || errno == EINPROGRESS ||
	    errno == ENOTCONN));
}

/* Say and hear what can be said and heard now. */
static void
talk(struct end *e)
{
	uint8_t buf[65536];
	ssize_t n;

	if (e->put < e->say) {
		n = e->ours ? sy_send(us, e->fd, data + e->put,
		    e->say - e->put, 0) : send(e->fd, data + e->put,
		    e->say - e->put, MSG_NOSIGNAL);
		ATF_REQUIRE_MSG(n >= 0 || is_later(n), "%s send: %s",
		    e->ours ? "our" : "the kernel's", strerror(errno));
		e->put += n > 0 ? (size_t)n : 0;
	}
	if (e->got < e->hear) {
		n = e->ours ? sy_recv(us, e->fd, buf, sizeof(buf), 0) :
		    recv(e->fd, buf, sizeof(buf), 0);
		ATF_REQUIRE_MSG(n > 0 || is_later(n), "%s recv: %s",
		    e->ours ? "our" : "the kernel's", n == 0 ? "the end" :
		    strerror(errno));
		if (n > 0) {
			ATF_REQUIRE(e->got + (size_t)n <= e->hear);
			ATF_REQUIRE(memcmp(buf, data + e->got,
			    (size_t)n) == 0);
			e->got += (size_t)n;
		}
	}
}

static bool
is_done(const struct end *e)
{
	return (e->put == e->say && e->got == e->hear);
}

static bool
kernel_had_syn_data(int fd)
{
	struct tcp_info ti;
	socklen_t len = sizeof(ti);

	KERNEL(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len));
	return ((ti.tcpi_options & SYN_DATA) != 0);
}

static bool
we_opened_fast(int fd)
{
	socklen_t len = sizeof(int);
	int on = 0;

	WORKS(sy_getsockopt(us, fd, IPPROTO_TCP, SY_TCP_FASTOPEN, &on,
	    &len));
	return (on != 0);
}

static void
hang_up(struct end *a, struct end *b)
{
	struct end *e[2] = { a, b };
	uint64_t start = sy_loop_now(loop);
	int i;

	for (i = 0; i < 2; i++)
		if (e[i]->ours)
			WORKS(sy_close(us, e[i]->fd));
		else
			KERNEL(close(e[i]->fd));
	while (sy_loop_now(loop) - start < 20000000)
		(void)turn(start);
}

/* We send n bytes to the kernel: did some go with the SYN? */
static bool
we_connect(int kfd, size_t n)
{
	struct end a = { true, -1, 0, 0, n, ANSWER };
	struct end b = { false, -1, 0, 0, ANSWER, n };
	uint64_t start = sy_loop_now(loop);
	struct sockaddr_storage ss;
	ssize_t put;
	bool fast;

	a.fd = our_socket();
	WORKS(put = sy_sendto(us, a.fd, data, n, 0, (struct sockaddr *)&ss,
	    name(1, &ss)));
	a.put = (size_t)put;
	while (b.fd == -1) {
		ATF_REQUIRE_MSG(turn(start), "no connection came");
		b.fd = accept4(kfd, NULL, NULL, SOCK_NONBLOCK);
	}
	while (!is_done(&a) || !is_done(&b)) {
		ATF_REQUIRE_MSG(turn(start), "we: %zu sent, %zu received; "
		    "the kernel: %zu, %zu", a.put, a.got, b.put, b.got);
		talk(&a);
		talk(&b);
	}
	fast = kernel_had_syn_data(b.fd);
	hang_up(&a, &b);
	return (fast);
}

/* The kernel sends us n bytes: did some go with the SYN? */
static bool
kernel_connects(int lfd, size_t n)
{
	struct end a = { false, -1, 0, 0, n, ANSWER };
	struct end b = { true, -1, 0, 0, ANSWER, n };
	uint64_t start = sy_loop_now(loop);
	struct sockaddr_storage ss;
	ssize_t put;
	bool fast;

	KERNEL(a.fd = socket(af, SOCK_STREAM | SOCK_NONBLOCK, 0));
	put = sendto(a.fd, data, n, MSG_FASTOPEN, (struct sockaddr *)&ss,
	    name(2, &ss));
	ATF_REQUIRE_MSG(put >= 0 || is_later(put), "%s", strerror(errno));
	a.put = put > 0 ? (size_t)put : 0;
	while (b.fd == -1) {
		ATF_REQUIRE_MSG(turn(start), "no connection came");
		b.fd = sy_accept(us, lfd, NULL, NULL);
	}
	WORKS(sy_setnonblock(us, b.fd, true));
	while (!is_done(&a) || !is_done(&b)) {
		ATF_REQUIRE_MSG(turn(start), "the kernel: %zu sent, %zu "
		    "received; we: %zu, %zu", a.put, a.got, b.put, b.got);
		talk(&a);
		talk(&b);
	}
	fast = kernel_had_syn_data(a.fd);
	ATF_REQUIRE_EQ(fast, we_opened_fast(b.fd));
	hang_up(&a, &b);
	return (fast);
}

/* ---- The kernel as server ---- */

static void
kernel_serves(int family)
{
	int kfd;

	begin(family);
	WORKS(sy_sysctl_set(us, FO "client_enable", "1"));
	kfd = kernel_listen();
	/* The first asks for a cookie, the others have it. */
	ATF_REQUIRE(!we_connect(kfd, FEW));
	ATF_REQUIRE(we_connect(kfd, FEW));
	ATF_REQUIRE(we_connect(kfd, MANY));
	/* Another key: refused once, with a new cookie. */
	kernel_set("tcp_fastopen_key", "01234567-89abcdef-01234567-89abcdef");
	(void)close(kfd);
	kfd = kernel_listen();
	ATF_REQUIRE(!we_connect(kfd, MANY));
	ATF_REQUIRE(we_connect(kfd, MANY));
	/* No more fast open there: refused once, and then not tried. */
	kernel_set("tcp_fastopen", "0");
	ATF_REQUIRE(!we_connect(kfd, FEW));
	kernel_set("tcp_fastopen", "3");
	ATF_REQUIRE(!we_connect(kfd, FEW));
	ATF_REQUIRE(!we_connect(kfd, FEW));
	/* Tried again when that is over. */
	WORKS(sy_sysctl_set(us, FO "path_disable_time", "0"));
	ATF_REQUIRE(!we_connect(kfd, MANY));
	ATF_REQUIRE(we_connect(kfd, MANY));
	sy_loop_free(loop);
}

ATF_TC_WITHOUT_HEAD(kernel_serves_v4);
ATF_TC_BODY(kernel_serves_v4, tc)
{
	kernel_serves(AF_INET);
}

ATF_TC_WITHOUT_HEAD(kernel_serves_v6);
ATF_TC_BODY(kernel_serves_v6, tc)
{
	kernel_serves(AF_INET6);
}

/* ---- The kernel as client ---- */

static void
kernel_asks(int family)
{
	int lfd;

	begin(family);
	WORKS(sy_sysctl_set(us, FO "server_enable", "1"));
	lfd = our_listen();
	ATF_REQUIRE(!kernel_connects(lfd, FEW));
	ATF_REQUIRE(kernel_connects(lfd, FEW));
	ATF_REQUIRE(kernel_connects(lfd, MANY));
	/* Another key: refused once, with a new cookie. */
	WORKS(sy_sysctl_set(us, FO "server_enable", "0"));
	WORKS(sy_sysctl_set(us, FO "server_enable", "1"));
	ATF_REQUIRE(!kernel_connects(lfd, MANY));
	ATF_REQUIRE(kernel_connects(lfd, MANY));
	/* Off and on. */
	WORKS(sy_sysctl_set(us, FO "server_enable", "0"));
	ATF_REQUIRE(!kernel_connects(lfd, FEW));
	WORKS(sy_sysctl_set(us, FO "acceptany", "1"));
	WORKS(sy_sysctl_set(us, FO "server_enable", "1"));
	ATF_REQUIRE(kernel_connects(lfd, MANY));
	sy_loop_free(loop);
}

ATF_TC_WITHOUT_HEAD(kernel_asks_v4);
ATF_TC_BODY(kernel_asks_v4, tc)
{
	kernel_asks(AF_INET);
}

ATF_TC_WITHOUT_HEAD(kernel_asks_v6);
ATF_TC_BODY(kernel_asks_v6, tc)
{
	kernel_asks(AF_INET6);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kernel_serves_v4);
	ATF_TP_ADD_TC(tp, kernel_serves_v6);
	ATF_TP_ADD_TC(tp, kernel_asks_v4);
	ATF_TP_ADD_TC(tp, kernel_asks_v6);
	return (atf_no_error());
}

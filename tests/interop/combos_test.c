/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Every combination of time stamps, SACK, window scaling and ECN on either
 * side, against the host kernel's TCP, opened by us and by the kernel; and
 * Accurate ECN, where the kernel knows it.
 *
 *	kernel -- tapsy -- router -- epair0a, epair0b -- us
 *
 * in a network namespace of the test's own.  Both ends of the epair lose one
 * packet in fifty once the handshakes are over.  All connections of one
 * set of the kernel's variables transfer at once, both ways, so that the
 * waits for timeouts add up only for the sets.
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

#define	BYTES		100000		/* each way */
#define	OURS		"10.9.1.2"
#define	KERNELS		"10.9.0.1"
#define	LIMIT		60		/* s for one set, at most */

/* A combination: bits as tcpi_options has them, on both systems. */
#define	O_TS		1
#define	O_SACK		2
#define	O_WS		4
#define	O_ECN		8
#define	O_ACE		64		/* ours only */
#define	SETS		16

#define	WORKS(call)							\
	ATF_REQUIRE_MSG((call) != -1, "%s: %s", #call, sy_error())

struct pair {
	int	ours, peers;		/* descriptors */
	int	set;			/* our combination */
	size_t	put[2], got[2];		/* bytes; [0] is ours */
	bool	eof[2];
};

static struct sy_loop *loop;
static struct sy_host *router, *us;
static uint8_t data[BYTES];

/* ---- The network ---- */

static void
run(const char *command)
{
	ATF_REQUIRE_EQ_MSG(0, system(command), "%s", command);
}

static void
begin(void)
{
	size_t i;

	if (unshare(CLONE_NEWNET) != 0)
		atf_tc_skip("no network namespace: %s", strerror(errno));
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		atf_tc_skip("no /dev/net/tun");
	for (i = 0; i < BYTES; i++)
		data[i] = (uint8_t)(i * 2654435761U >> 23);
	ATF_REQUIRE((loop = sy_loop_new(SY_REAL, 1)) != NULL);
	ATF_REQUIRE((router = sy_host_new(loop, "router", NULL, 0)) != NULL);
	ATF_REQUIRE((us = sy_host_new(loop, "us", NULL, 0)) != NULL);
	WORKS(sy_tap(router, "tapsy", false, 0));
	WORKS(sy_link(router, us, 0, 0));
	WORKS(sy_sysctl_set(router, "net.inet.ip.forwarding", "1"));
	WORKS(sy_addr_add(router, "tapsy", "10.9.0.2/24"));
	WORKS(sy_addr_add(router, "epair0a", "10.9.1.1/24"));
	WORKS(sy_addr_add(us, "epair0b", OURS "/24"));
	WORKS(sy_route_add(us, "0.0.0.0/0", "10.9.1.1"));
	run("ip link set dev lo up");
	run("ip addr add " KERNELS "/24 dev tapsy");
	run("ip link set dev tapsy up");
	run("ip route add 10.9.1.0/24 via 10.9.0.2");
}

/* Losses, or marks above so many packets, both ways. */
static void
path(double loss, unsigned marks)
{
	struct sy_pipe pipe = { .loss = loss, .ecn_packets = marks };

	if (marks != 0) {
		pipe.rate = 20000000;
		pipe.queue_packets = 1000;
	}
	WORKS(sy_pipe(router, "epair0a", &pipe));
	WORKS(sy_pipe(us, "epair0b", &pipe));
}

/* False if the kernel does not take the value. */
static bool
kernel_set(const char *name, int value)
{
	char file[128], text[16];
	ssize_t n;
	int fd;

	snprintf(file, sizeof(file), "/proc/sys/net/ipv4/%s", name);
	snprintf(text, sizeof(text), "%d", value);
	if ((fd = open(file, O_WRONLY)) == -1)
		return (false);
	n = write(fd, text, strlen(text));
	(void)close(fd);
	return (n > 0);
}

static void
kernel_use(int set)
{
	ATF_REQUIRE(kernel_set("tcp_timestamps", (set & O_TS) != 0));
	ATF_REQUIRE(kernel_set("tcp_sack", (set & O_SACK) != 0));
	ATF_REQUIRE(kernel_set("tcp_window_scaling", (set & O_WS) != 0));
	ATF_REQUIRE(kernel_set("tcp_ecn", (set & O_ECN) != 0));
}

static void
we_use(int set)
{
	/* Neither, both, only scaling, only time stamps. */
	const char *rfc1323 = (set & O_TS) != 0 ?
	    (set & O_WS) != 0 ? "1" : "3" : (set & O_WS) != 0 ? "2" : "0";

	WORKS(sy_sysctl_set(us, "net.inet.tcp.rfc1323", rfc1323));
	WORKS(sy_sysctl_set(us, "net.inet.tcp.sack.enable",
	    (set & O_SACK) != 0 ? "1" : "0"));
	WORKS(sy_sysctl_set(us, "net.inet.tcp.ecn.enable",
	    (set & O_ACE) != 0 ? "3" : (set & O_ECN) != 0 ? "1" : "0"));
}

/* ---- Connections ---- */

static struct sockaddr_in
address(const char *host, int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = inet_addr(host) };

	return (sin);
}

static int
kernel_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	ATF_REQUIRE(fd != -1);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	return (fd);
}

/* Let things happen until fd of the kernel's is ready. */
static void
kernel_wait(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	uint64_t end = sy_loop_now(loop) + LIMIT * 1000000000ULL;

	while (poll(&pfd, 1, 0) == 0) {
		ATF_REQUIRE_MSG(sy_loop_now(loop) < end, "nothing happens");
		(void)sy_loop_step(loop, 1000000);
	}
}

/* We connect to the kernel's listener. */
static void
open_active(struct pair *p, int listener, int port)
{
	struct sockaddr_in sin = address(KERNELS, port);

	WORKS(p->ours = sy_socket(us, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_connect(us, p->ours, (struct sockaddr *)&sin, sizeof(sin)));
	kernel_wait(listener, POLLIN);
	p->peers = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ATF_REQUIRE(p->peers != -1);
}

/* The kernel connects to ours. */
static void
open_passive(struct pair *p, int listener, int port)
{
	struct sockaddr_in sin = address(OURS, port);

	p->peers = kernel_socket();
	ATF_REQUIRE(connect(p->peers, (struct sockaddr *)&sin,
	    sizeof(sin)) == -1 && errno == EINPROGRESS);
	kernel_wait(p->peers, POLLOUT);
	WORKS(p->ours = sy_accept(us, listener, NULL, NULL));
}

static int
kernel_listen(int port)
{
	struct sockaddr_in sin = address("0.0.0.0", port);
	int fd = kernel_socket();

	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ATF_REQUIRE_EQ(0, listen(fd, 64));
	return (fd);
}

static int
our_listen(int port)
{
	struct sockaddr_in sin = address(OURS, port);
	int fd;

	WORKS(fd = sy_socket(us, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_bind(us, fd, (struct sockaddr *)&sin, sizeof(sin)));
	WORKS(sy_listen(us, fd, 64));
	return (fd);
}

/* Both ends say that they agreed on what both sides wanted. */
static void
check_agreement(const struct pair *p, int kernels)
{
	uint8_t info[512];
	socklen_t len = sizeof(info);
	int want = p->set & kernels & 15;

	WORKS(sy_getsockopt(us, p->ours, IPPROTO_TCP, SY_TCP_INFO, info,
	    &len));
	ATF_REQUIRE_EQ_MSG(want, info[5] & 15, "we want %d, the kernel %d: "
	    "we say %d", p->set, kernels, info[5] & 15);
	len = sizeof(info);
	ATF_REQUIRE_EQ(0, getsockopt(p->peers, IPPROTO_TCP, TCP_INFO, info,
	    &len));
	ATF_REQUIRE_EQ_MSG(want, info[5] & 15, "we want %d, the kernel %d: "
	    "it says %d", p->set, kernels, info[5] & 15);
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

/* Send and receive what can be now: true once all of it is through. */
static bool
pump(struct pair *p, int end)
{
	uint8_t buf[16384];
	ssize_t n;

	while (p->put[end] < BYTES && (n = end_send(p, end,
	    data + p->put[end], BYTES - p->put[end])) > 0)
		if ((p->put[end] += (size_t)n) == BYTES) {
			if (end == 0)
				WORKS(sy_shutdown(us, p->ours, SHUT_WR));
			else
				ATF_REQUIRE_EQ(0, shutdown(p->peers,
				    SHUT_WR));
		}
	while (!p->eof[end] &&
	    (n = end_recv(p, end, buf, sizeof(buf))) >= 0) {
		ATF_REQUIRE(p->got[end] + (size_t)n <= BYTES);
		ATF_REQUIRE_EQ(0, memcmp(buf, data + p->got[end],
		    (size_t)n));
		p->got[end] += (size_t)n;
		p->eof[end] = n == 0;
	}
	ATF_REQUIRE_MSG(p->eof[end] || errno == EAGAIN, "set %d, %s: %s",
	    p->set, end == 0 ? "we" : "the kernel", strerror(errno));
	return (p->eof[end] && p->put[end] == BYTES);
}

static void
transfer(struct pair *pairs, int n)
{
	uint64_t end = sy_loop_now(loop) + LIMIT * 1000000000ULL;
	bool done;
	int i;

	do {
		(void)sy_loop_step(loop, 200000);
		for (done = true, i = 0; i < n; i++) {
			done &= pump(&pairs[i], 0);
			done &= pump(&pairs[i], 1);
		}
		ATF_REQUIRE_MSG(sy_loop_now(loop) < end,
		    "not done after %d s", LIMIT);
	} while (!done);
	for (i = 0; i < n; i++) {
		ATF_REQUIRE_EQ(BYTES, pairs[i].got[0]);
		ATF_REQUIRE_EQ(BYTES, pairs[i].got[1]);
	}
}

static void
close_all(struct pair *pairs, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		WORKS(sy_close(us, pairs[i].ours));
		(void)close(pairs[i].peers);
	}
}

/* Each of our sets against this one of the kernel's. */
static void
against(int kernels, int lfd, int ours)
{
	struct pair pairs[2 * SETS] = { { 0 } };
	int i;

	kernel_use(kernels);
	path(0, 0);
	for (i = 0; i < 2 * SETS; i++) {
		pairs[i].set = i / 2;
		we_use(pairs[i].set);
		if (i % 2 == 0)
			open_active(&pairs[i], lfd, 5001);
		else
			open_passive(&pairs[i], ours, 5002);
		WORKS(sy_setnonblock(us, pairs[i].ours, true));
		check_agreement(&pairs[i], kernels);
	}
	path(0.02, 0);
	transfer(pairs, 2 * SETS);
	close_all(pairs, 2 * SETS);
}

ATF_TC(all);
ATF_TC_HEAD(all, tc)
{
	atf_tc_set_md_var(tc, "descr", "256 combinations of options, opened "
	    "by either side, with losses both ways");
}
ATF_TC_BODY(all, tc)
{
	struct sy_pipe_stats a, b;
	int i, lfd, ours;

	begin();
	lfd = kernel_listen(5001);
	ours = our_listen(5002);
	for (i = 0; i < SETS; i++)
		against(i, lfd, ours);
	WORKS(sy_pipe_stats(router, "epair0a", &a));
	WORKS(sy_pipe_stats(us, "epair0b", &b));
	ATF_REQUIRE(a.loss_drops > 0 && b.loss_drops > 0);
	sy_loop_free(loop);
}

/* Accurate ECN, from here and from there, with marks both ways. */
static void
accurate(bool active)
{
	struct pair pair = { .set = O_ACE | 7 };
	struct sy_pipe_stats stats;
	uint8_t info[512];
	socklen_t len = sizeof(info);
	int lfd, ours;

	begin();
	kernel_use(7);
	if (!kernel_set("tcp_ecn", 3))
		atf_tc_skip("the kernel does not know Accurate ECN");
	lfd = kernel_listen(5001);
	ours = our_listen(5002);
	we_use(pair.set);
	path(0, 5);
	if (active)
		open_active(&pair, lfd, 5001);
	else
		open_passive(&pair, ours, 5002);
	WORKS(sy_setnonblock(us, pair.ours, true));
	transfer(&pair, 1);
	WORKS(sy_getsockopt(us, pair.ours, IPPROTO_TCP, SY_TCP_INFO, info,
	    &len));
	ATF_CHECK_EQ(O_ACE, info[5] & (O_ECN | O_ACE));
	WORKS(sy_pipe_stats(us, "epair0b", &stats));
	ATF_CHECK(stats.marks > 0);
	printf("%ju of ours were marked\n", (uintmax_t)stats.marks);
	WORKS(sy_pipe_stats(router, "epair0a", &stats));
	ATF_CHECK(stats.marks > 0);
	printf("%ju of the kernel's were marked\n", (uintmax_t)stats.marks);
	close_all(&pair, 1);
	sy_loop_free(loop);
}

ATF_TC_WITHOUT_HEAD(accurate_active);
ATF_TC_BODY(accurate_active, tc)
{
	accurate(true);
}

ATF_TC_WITHOUT_HEAD(accurate_passive);
ATF_TC_BODY(accurate_passive, tc)
{
	accurate(false);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all);
	ATF_TP_ADD_TC(tp, accurate_active);
	ATF_TP_ADD_TC(tp, accurate_passive);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TAP in the loop: a connection between a host of ours and the system's own
 * TCP, in a network namespace made for it.  Waits for packets, never for
 * time.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "sy_test.h"

#define	BYTES	1000000

static struct sy_loop *loop;
static struct sy_host *host;
static int peer;
static uint8_t out[BYTES], in[BYTES];
static size_t sent, got;

TEST(virtual_time)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	host = sy_host_new(loop, "h", NULL, 0);
	FAILS(EINVAL, "real time", sy_tap(host, "tap0", false, 0));
	sy_loop_free(loop);
}

static void
begin(bool offload)
{

#ifdef __linux__
	if (unshare(CLONE_NEWNET) != 0)
		atf_tc_skip("no network namespace: %s", strerror(errno));
#else
	atf_tc_skip("needs network namespaces");
#endif
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		atf_tc_skip("no /dev/net/tun");
	loop = sy_loop_new(SY_REAL, 1);
	host = sy_host_new(loop, "h", NULL, 0);
	ATF_REQUIRE_MSG(host != NULL, "%s", sy_error());
	WORKS(sy_tap(host, "tapsy", offload, 0));
	WORKS(sy_addr_add(host, "tapsy", "10.9.0.2/24"));
	ATF_REQUIRE_EQ(0, system("ip addr add 10.9.0.1/24 dev tapsy"));
	ATF_REQUIRE_EQ(0, system("ip link set dev tapsy up"));
}

TEST(refused)
{

	begin(false);
	FAILS(EBUSY, "in use", sy_tap(host, "tapsy", false, 0));
	FAILS(EEXIST, "lo0", sy_tap(host, "lo0", false, 0));
	FAILS(EINVAL, "wrong", sy_tap(host, "a name that is too long", false,
	    0));
	FAILS(EINVAL, "wrong", sy_tap(host, "tapsz", false, -1));
	FAILS(EINVAL, "wrong", sy_tap(host, "tapsz", false, 20));
	WORKS(sy_tap(host, "tapsz", false, 9000));
	/* The devices go with the host. */
	sy_host_free(host);
	ATF_CHECK(system("ip link show dev tapsy >/dev/null 2>&1") != 0);
	sy_loop_free(loop);
}

/* What the system's end does when it can. */
static void
pump(void *arg, short revents)
{
	ssize_t n;

	(void)arg;
	if ((revents & POLLIN) != 0) {
		n = read(peer, in + got, sizeof(in) - got);
		ATF_REQUIRE(n > 0);
		got += (size_t)n;
	}
	if ((revents & POLLOUT) != 0) {
		n = write(peer, out + sent, sizeof(out) - sent);
		ATF_REQUIRE(n > 0);
		sent += (size_t)n;
	}
	WORKS(sy_loop_fd(loop, peer, (short)((got < sizeof(in) ? POLLIN : 0) |
	    (sent < sizeof(out) ? POLLOUT : 0)), pump, NULL));
	if (got == sizeof(in) && sent == sizeof(out))
		sy_loop_stop(loop);
}

/* Both directions at once, through one of ours that echoes. */
static void
echo(void *arg, int fd, short revents)
{
	static uint8_t held[65536];
	static size_t len, off;
	ssize_t n;

	(void)arg;
	if ((revents & POLLIN) != 0 && len == 0) {
		n = sy_recv(host, fd, held, sizeof(held), MSG_DONTWAIT);
		ATF_REQUIRE_MSG(n > 0, "%s", sy_error());
		len = (size_t)n;
		off = 0;
	}
	if (len > 0) {
		n = sy_send(host, fd, held + off, len,
		    MSG_DONTWAIT);
		ATF_REQUIRE_MSG(n > 0 || errno == EAGAIN, "%s", sy_error());
		if (n > 0) {
			off += (size_t)n;
			len -= (size_t)n;
		}
	}
	WORKS(sy_watch(host, fd, len > 0 ? POLLOUT : POLLIN, echo, NULL));
}

static void
talk(bool offload)
{
	struct sockaddr_in sin;
	int fd, listener;
	size_t i;

	begin(offload);
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + i / 256);
	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(5001);
	sin.sin_addr.s_addr = htonl(0x0a090001);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(0, bind(listener, (struct sockaddr *)&sin,
	    sizeof(sin)));
	ATF_REQUIRE_EQ(0, listen(listener, 5));
	WORKS(fd = sy_socket(host, AF_INET, SOCK_STREAM, 0));
	WORKS(sy_connect(host, fd, (struct sockaddr *)&sin, sizeof(sin)));
	peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ATF_REQUIRE(peer >= 0);
	WORKS(sy_watch(host, fd, POLLIN, echo, NULL));
	WORKS(sy_loop_fd(loop, peer, POLLIN | POLLOUT, pump, NULL));
	ATF_CHECK_EQ(1, sy_loop_run(loop, UINT64_MAX));
	ATF_CHECK(memcmp(in, out, sizeof(out)) == 0);
	sy_loop_free(loop);
}

TEST(plain)
{

	talk(false);
}

TEST(offloads)
{

	talk(true);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, virtual_time);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, offloads);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Linux's socket options, ioctls and flags: what each does to segments. */
#include <sys/param.h>
#include <sys/systm.h>

#include "compat_subr.h"

#define	MSS	1460

PD_TEST(cork)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	TCP_SET(fd, LINUX_TCP_CORK, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_CORK));
	/* No longer than 200 ms. */
	SEND(fd, 100);
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1");
	INJECT(". 1:1(0) ack 101 win 65535");
	/* What fills a segment goes at once, the rest has 200 ms again. */
	SEND(fd, 100);
	ADVANCE(150 * PD_MSEC);
	SEND(fd, MSS);
	EXPECT(". 101:1561(1460) ack 1");
	ADVANCE(100 * PD_MSEC);
	INJECT(". 1:1(0) ack 1561 win 65535");
	EXPECT_IN(100 * PD_MSEC, "P. 1561:1661(100) ack 1");
	INJECT(". 1:1(0) ack 1661 win 65535");
	/* Pulled: at once. */
	SEND(fd, 100);
	NOTHING();
	TCP_SET(fd, LINUX_TCP_CORK, 0);
	EXPECT("P. 1661:1761(100) ack 1");
	INJECT(". 1:1(0) ack 1761 win 65535");
	/* TCP_NODELAY lets out what is corked now, and no more. */
	TCP_SET(fd, LINUX_TCP_CORK, 1);
	SEND(fd, 100);
	NOTHING();
	TCP_SET(fd, LINUX_TCP_NODELAY, 1);
	EXPECT("P. 1761:1861(100) ack 1");
	INJECT(". 1:1(0) ack 1861 win 65535");
	SEND(fd, 100);
	NOTHING();
	EXPECT_IN(200 * PD_MSEC, "P. 1861:1961(100) ack 1");
}

PD_TEST(more)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(100, lx_send(t, fd, 100, LINUX_MSG_MORE));
	NOTHING();
	ATF_REQUIRE_EQ(50, lx_send(t, fd, 50, 0));
	EXPECT("P. 1:151(150) ack 1");
	INJECT(". 1:1(0) ack 151 win 65535");
	ATF_REQUIRE_EQ(100, lx_send(t, fd, 100, LINUX_MSG_MORE));
	EXPECT_IN(200 * PD_MSEC, "P. 151:251(100) ack 1");
	ATF_REQUIRE_EQ(-EOPNOTSUPP, lx_send(t, fd, 100, 0x10000000));
}

PD_TEST(nodelay)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(0, TCP_GET(fd, LINUX_TCP_NODELAY));
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	SEND(fd, 100);
	NOTHING();
	TCP_SET(fd, LINUX_TCP_NODELAY, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_NODELAY));
	EXPECT("P. 101:201(100) ack 1");
}

PD_TEST(maxseg)
{
	int fd;

	fd = pd_socket(t);
	TCP_SET(fd, LINUX_TCP_MAXSEG, 1000);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 65535 <mss 1000,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	ATF_REQUIRE_EQ(1000, TCP_GET(fd, LINUX_TCP_MAXSEG));
	SEND(fd, 1500);
	EXPECT(". 1:1001(1000) ack 1");
	INJECT(". 1:1(0) ack 1001 win 65535");
	EXPECT("P. 1001:1501(500) ack 1");
}

PD_TEST(keepalive)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.always_keepalive", 0);
	fd = pd_active(t, 0, 65535);
	TCP_SET(fd, LINUX_TCP_KEEPIDLE, 5);
	TCP_SET(fd, LINUX_TCP_KEEPINTVL, 2);
	TCP_SET(fd, LINUX_TCP_KEEPCNT, 2);
	ATF_REQUIRE_EQ(5, TCP_GET(fd, LINUX_TCP_KEEPIDLE));
	ATF_REQUIRE_EQ(2, TCP_GET(fd, LINUX_TCP_KEEPINTVL));
	ATF_REQUIRE_EQ(2, TCP_GET(fd, LINUX_TCP_KEEPCNT));
	TCP_ERR(EINVAL, fd, LINUX_TCP_KEEPIDLE, 0);
	TCP_ERR(EINVAL, fd, LINUX_TCP_KEEPIDLE, 32768);
	TCP_ERR(EINVAL, fd, LINUX_TCP_KEEPINTVL, 32768);
	TCP_ERR(EINVAL, fd, LINUX_TCP_KEEPCNT, 128);
	TCP_ERR(EINVAL, fd, LINUX_TCP_KEEPCNT, 0);
	/* Not without SO_KEEPALIVE. */
	ADVANCE(60 * PD_SEC);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_KEEPALIVE, 1));
	TCP_SET(fd, LINUX_TCP_KEEPIDLE, 5);
	EXPECT_IN(5 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(2 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(2 * PD_SEC, "R. 1:1(0) ack 1");
	RECV_ERR(fd, ETIMEDOUT);
}

PD_TEST(syncnt)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.keepinit", 2000);
	fd = pd_socket(t);
	TCP_SET(fd, LINUX_TCP_SYNCNT, 2);
	ATF_REQUIRE_EQ(2, TCP_GET(fd, LINUX_TCP_SYNCNT));
	TCP_ERR(EINVAL, fd, LINUX_TCP_SYNCNT, 0);
	TCP_ERR(EINVAL, fd, LINUX_TCP_SYNCNT, 256);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <...>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(2 * PD_SEC, "S 0:0(0) <...>");
	ADVANCE(39 * PD_SEC / 10);
	STATE(TCPS_SYN_SENT);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

PD_TEST(user_timeout)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	fd = pd_active(t, 0, 65535);
	TCP_SET(fd, LINUX_TCP_USER_TIMEOUT, 1500);
	ATF_REQUIRE_EQ(1500, TCP_GET(fd, LINUX_TCP_USER_TIMEOUT));
	TCP_ERR(EINVAL, fd, LINUX_TCP_USER_TIMEOUT, -1);
	/* Idle time is no time without progress. */
	ADVANCE(100 * PD_SEC);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(800 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(100 * PD_MSEC, "R. 101:101(0) ack 1");
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

/* It takes the place of TCP_KEEPCNT. */
PD_TEST(user_timeout_keepalive)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_KEEPALIVE, 1));
	TCP_SET(fd, LINUX_TCP_KEEPCNT, 1);
	TCP_SET(fd, LINUX_TCP_KEEPINTVL, 1);
	TCP_SET(fd, LINUX_TCP_USER_TIMEOUT, 8000);
	TCP_SET(fd, LINUX_TCP_KEEPIDLE, 5);
	EXPECT_IN(5 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(1 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(1 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(1 * PD_SEC, "R. 1:1(0) ack 1");
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

PD_TEST(window_clamp)
{
	int fd;

	fd = pd_socket(t);
	TCP_SET(fd, LINUX_TCP_WINDOW_CLAMP, 5000);
	ATF_REQUIRE_EQ(5000, TCP_GET(fd, LINUX_TCP_WINDOW_CLAMP));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 5000 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1 win 5000");
	INJECT(". 1:1001(1000) ack 1 win 65535");
	INJECT(". 1001:2001(1000) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2001 win 5000");
	/* Never below 1152; 0 takes it away, but only at first. */
	TCP_SET(fd, LINUX_TCP_WINDOW_CLAMP, 1);
	ATF_REQUIRE_EQ(1152, TCP_GET(fd, LINUX_TCP_WINDOW_CLAMP));
	TCP_ERR(EINVAL, fd, LINUX_TCP_WINDOW_CLAMP, 0);
	fd = pd_socket(t);
	TCP_SET(fd, LINUX_TCP_WINDOW_CLAMP, 5000);
	TCP_SET(fd, LINUX_TCP_WINDOW_CLAMP, 0);
	ATF_REQUIRE_EQ(0, TCP_GET(fd, LINUX_TCP_WINDOW_CLAMP));
}

PD_TEST(linger2)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	TCP_SET(fd, LINUX_TCP_LINGER2, 3);
	ATF_REQUIRE_EQ(3, TCP_GET(fd, LINUX_TCP_LINGER2));
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(29 * PD_SEC / 10);
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
	/* None at all, and no more than 120 s. */
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	TCP_SET(fd, LINUX_TCP_LINGER2, 1000);
	ATF_REQUIRE_EQ(120, TCP_GET(fd, LINUX_TCP_LINGER2));
	TCP_SET(fd, LINUX_TCP_LINGER2, -5);
	ATF_REQUIRE_EQ(-1, TCP_GET(fd, LINUX_TCP_LINGER2));
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(1);
	STATE(GONE);
}

PD_TEST(quickack)
{
	int fd, i;

	fd = pd_active(t, 0, 65535);
	/* One that is owed goes now. */
	INJECT(". 1:101(100) ack 1 win 65535");
	NOTHING();
	TCP_SET(fd, LINUX_TCP_QUICKACK, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_QUICKACK));
	EXPECT(". 1:1(0) ack 101");
	/* And for a while each. */
	for (i = 1; i <= TCP_QUICKACKS; i++) {
		INJECT(". %d:%d(100) ack 1 win 65535", 100 * i + 1,
		    100 * i + 101);
		EXPECT(". 1:1(0) ack %d", 100 * i + 101);
	}
	INJECT(". %d:%d(100) ack 1 win 65535", 100 * i + 1, 100 * i + 101);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack %d", 100 * i + 101);
	/* Off, whatever the variable says. */
	pd_sysctl(t, "net.inet.tcp.delayed_ack", 0);
	TCP_SET(fd, LINUX_TCP_QUICKACK, 0);
	ATF_REQUIRE_EQ(0, TCP_GET(fd, LINUX_TCP_QUICKACK));
	i++;
	INJECT(". %d:%d(100) ack 1 win 65535", 100 * i + 1, 100 * i + 101);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack %d", 100 * i + 101);
}

PD_TEST(notsent_lowat)
{
	int fd;

	fd = pd_active(t, 0, 2000);
	TCP_SET(fd, LINUX_TCP_NOTSENT_LOWAT, 1000);
	ATF_REQUIRE_EQ(1000, TCP_GET(fd, LINUX_TCP_NOTSENT_LOWAT));
	SEND(fd, 2900);
	EXPECT(". 1:1461(1460) ack 1");
	ATF_REQUIRE_EQ(1440, lx_send(t, fd, 1440, 0) == -EWOULDBLOCK ?
	    1440 : -1);
	ATF_REQUIRE_EQ(0, pd_poll(t, fd) & SOPOLL_OUT);
	INJECT(". 1:1(0) ack 1461 win 2000");
	EXPECT("P. 1461:2901(1440) ack 1");
	ATF_REQUIRE(pd_poll(t, fd) & SOPOLL_OUT);
	SEND(fd, 100);
	INJECT(". 1:1(0) ack 2901 win 2000");
	EXPECT("P. 2901:3001(100) ack 1");
}

static int
count_wakeups(struct socket *so __unused, void *arg, int waitflag __unused)
{

	++*(int *)arg;
	return (SU_OK);
}

/* Writers are woken when it has been sent, not when it is acknowledged. */
PD_TEST(notsent_wakes)
{
	struct vnet *saved;
	int fd, woken = 0;

	fd = pd_active(t, 0, 65535);
	TCP_SET(fd, LINUX_TCP_NOTSENT_LOWAT, 1);
	TCP_SET(fd, LINUX_TCP_CORK, 1);
	SEND(fd, 100);
	NOTHING();
	ATF_REQUIRE_EQ(0, pd_poll(t, fd) & SOPOLL_OUT);
	saved = vnet_enter(t->vnet);
	soupcall_set(cs_socket(t, fd), SO_SND, count_wakeups, &woken);
	vnet_leave(saved);
	TCP_SET(fd, LINUX_TCP_CORK, 0);
	EXPECT("P. 1:101(100) ack 1");
	ATF_REQUIRE_EQ(1, woken);
	ATF_REQUIRE(pd_poll(t, fd) & SOPOLL_OUT);
	saved = vnet_enter(t->vnet);
	soupcall_clear(cs_socket(t, fd), SO_SND);
	vnet_leave(saved);
}

PD_TEST(defer_accept)
{
	int fd, i, lfd;

	lfd = pd_listen(t, 5);
	ATF_REQUIRE_EQ(0, TCP_GET(lfd, LINUX_TCP_DEFER_ACCEPT));
	TCP_SET(lfd, LINUX_TCP_DEFER_ACCEPT, 5);
	ATF_REQUIRE_EQ(7, TCP_GET(lfd, LINUX_TCP_DEFER_ACCEPT));
	pd_use(t, 1);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	ATF_REQUIRE_EQ(-EWOULDBLOCK, pd_accept(t, lfd));
	INJECT("P. 1:11(10) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	ATF_REQUIRE(fd >= 0);
	RECV(fd, 10);
	/* Without text until the end: then the SYN-ACK asks once more. */
	pd_pass(t, PD_SEC);
	pd_forget(t);
	pd_use(t, 2);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ADVANCE(69 * PD_SEC / 10);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT_IN(1 * PD_SEC / 10, "S. 0:0(0) ack 1 <...>");
	ATF_REQUIRE_EQ(-EWOULDBLOCK, pd_accept(t, lfd));
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	/* The wait may be longer than SYN-ACKs without an answer last. */
	TCP_SET(lfd, LINUX_TCP_DEFER_ACCEPT, 40);
	ATF_REQUIRE_EQ(63, TCP_GET(lfd, LINUX_TCP_DEFER_ACCEPT));
	pd_use(t, 3);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	pd_pass(t, 300 * PD_SEC);
	for (i = 0; i < 4; i++)
		EXPECT_LATE("S. 0:0(0) ack 1 <...>");
	NOTHING();
	pd_use(t, 4);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT_IN(63 * PD_SEC, "S. 0:0(0) ack 1 <...>");
	/* No answer to that either: it is over. */
	ADVANCE(300 * PD_SEC);
	INJECT("P. 1:11(10) ack 1 win 65535");
	EXPECT("R 1:1(0)");
}

PD_TEST(congestion)
{
	char name[16];
	size_t len = sizeof(name);
	struct vnet *saved;
	int fd;

	fd = pd_active(t, 0, 65535);
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "reno"));
	saved = vnet_enter(t->vnet);
	OK(linux_getsockopt(cs_socket(t, fd), LINUX_SOL_TCP,
	    LINUX_TCP_CONGESTION, name, &len));
	vnet_leave(saved);
	ATF_REQUIRE_EQ(16, len);
	ATF_REQUIRE_STREQ("reno", name);
	ATF_REQUIRE_STREQ("newreno", CC_ALGO(pd_tcpcb(t))->name);
	ERR(ENOENT, lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION,
	    "nosuch"));
	ERR(EINVAL, lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION,
	    ""));
	/* Only what is allowed, unless to the superuser. */
	pd_sysctl_text(t, "net.ipv4.tcp_allowed_congestion_control",
	    "reno");
	pd_sysctl(t, "security.bsd.suser_enabled", 0);
	ERR(EPERM, lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION,
	    "cubic"));
	pd_sysctl_text(t, "net.ipv4.tcp_allowed_congestion_control",
	    "reno cubic");
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "cubic"));
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "reno"));
	pd_sysctl(t, "security.bsd.suser_enabled", 1);
	pd_sysctl_text(t, "net.ipv4.tcp_allowed_congestion_control",
	    "reno");
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "cubic"));
	ATF_REQUIRE_STREQ("cubic", CC_ALGO(pd_tcpcb(t))->name);
}

PD_TEST(inq)
{
	int bytes, fd;
	struct socket *so;

	fd = pd_active(t, 0, 65535);
	so = cs_socket(t, fd);
	ATF_REQUIRE(!linux_inq(so, &bytes));
	TCP_SET(fd, LINUX_TCP_INQ, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_INQ));
	TCP_ERR(EINVAL, fd, LINUX_TCP_INQ, 2);
	INJECT("P. 1:101(100) ack 1 win 65535");
	RECV(fd, 30);
	ATF_REQUIRE(linux_inq(so, &bytes));
	ATF_REQUIRE_EQ(70, bytes);
	RECV(fd, 70);
	ATF_REQUIRE(linux_inq(so, &bytes));
	ATF_REQUIRE_EQ(0, bytes);
	INJECT("F. 101:101(0) ack 1 win 65535");
	pd_forget(t);
	ATF_REQUIRE(linux_inq(so, &bytes));
	ATF_REQUIRE_EQ(1, bytes);
}

PD_TEST(ioctls)
{
	int fd, lfd, v;

	lfd = pd_listen(t, 5);
	ERR(EINVAL, lx_ioctl(t, lfd, LINUX_SIOCINQ, &v));
	ERR(EINVAL, lx_ioctl(t, lfd, LINUX_SIOCOUTQ, &v));
	ERR(EINVAL, lx_ioctl(t, lfd, LINUX_SIOCOUTQNSD, &v));
	fd = pd_active(t, 0, 2000);
	INJECT("P. 1:101(100) ack 1 win 2000");
	OK(lx_ioctl(t, fd, LINUX_SIOCINQ, &v));
	ATF_REQUIRE_EQ(100, v);
	SEND(fd, 2500);
	EXPECT(". 1:1461(1460) ack 101");
	OK(lx_ioctl(t, fd, LINUX_SIOCOUTQ, &v));
	ATF_REQUIRE_EQ(2500, v);
	OK(lx_ioctl(t, fd, LINUX_SIOCOUTQNSD, &v));
	ATF_REQUIRE_EQ(1040, v);
	OK(lx_ioctl(t, fd, LINUX_SIOCATMARK, &v));
	ATF_REQUIRE_EQ(0, v);
	v = 1;
	OK(lx_ioctl(t, fd, LINUX_FIONBIO, &v));
	ATF_REQUIRE((cs_socket(t, fd)->so_state & SS_NBIO) != 0);
	ERR(ENOTTY, lx_ioctl(t, fd, 0x1234, &v));
	/* MSG_TRUNC throws away. */
	ATF_REQUIRE_EQ(100, lx_discard(t, fd, 100));
	OK(lx_ioctl(t, fd, LINUX_SIOCINQ, &v));
	ATF_REQUIRE_EQ(0, v);
}

PD_TEST(buffers)
{
	int fd;

	fd = pd_socket(t);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, 10000));
	ATF_REQUIRE_EQ(20000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_SNDBUF, 20000));
	ATF_REQUIRE_EQ(40000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_SNDBUF));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 10000 <...>");
	/* No less, and no more than the variables say. */
	fd = pd_socket(t);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, 1));
	ATF_REQUIRE_EQ(2304, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_SNDBUF, 1));
	ATF_REQUIRE_EQ(4608, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_SNDBUF));
	pd_sysctl(t, "net.core.rmem_max", 30000);
	pd_sysctl(t, "net.core.wmem_max", 40000);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, 100000));
	ATF_REQUIRE_EQ(60000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_SNDBUF, 100000));
	ATF_REQUIRE_EQ(80000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_SNDBUF));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUFFORCE, 100000));
	ATF_REQUIRE_EQ(200000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	cs_refused(t, "net.core.rmem_max", "2303");
	cs_refused(t, "net.core.wmem_max", "4607");
}

PD_TEST4(recverr)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 1);
	ATF_REQUIRE_EQ(0, SO_ERR(fd));
	OK(lx_set(t, fd, LINUX_SOL_IP, LINUX_IP_RECVERR, 1));
	ATF_REQUIRE_EQ(1, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_RECVERR));
	pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 1);
	ATF_REQUIRE(pd_poll(t, fd) & SOPOLL_ERR);
	ATF_REQUIRE_EQ(EHOSTUNREACH, SO_ERR(fd));
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(info)
{
	struct linux_tcp_info li;
	int fd, lfd;

	lfd = pd_listen(t, 7);
	lx_info(t, lfd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_LISTEN, li.tcpi_state);
	ATF_REQUIRE_EQ(7, li.tcpi_sacked);
	fd = pd_active(t, PD_ALL, 65535);
	SEND(fd, 2896);
	SEND(fd, 104);
	pd_forget(t);
	ADVANCE(10 * PD_MSEC);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_ESTABLISHED, li.tcpi_state);
	ATF_REQUIRE_EQ(LINUX_TCP_CA_OPEN, li.tcpi_ca_state);
	ATF_REQUIRE_EQ(LINUX_TCPI_OPT_TIMESTAMPS | LINUX_TCPI_OPT_SACK |
	    LINUX_TCPI_OPT_WSCALE, li.tcpi_options);
	ATF_REQUIRE_EQ(7, li.tcpi_snd_wscale);
	ATF_REQUIRE_EQ(1448, li.tcpi_snd_mss);
	ATF_REQUIRE_EQ(10, li.tcpi_snd_cwnd);
	ATF_REQUIRE_EQ(0x7fffffff, li.tcpi_snd_ssthresh);
	ATF_REQUIRE_EQ(2, li.tcpi_unacked);
	ATF_REQUIRE_EQ(104, li.tcpi_notsent_bytes);
	ATF_REQUIRE_EQ(10, li.tcpi_last_data_sent);
	ATF_REQUIRE_EQ(65535, li.tcpi_snd_wnd);
	INJECT(". 1:1(0) ack 2897 win 65535 <nop,nop,TS val 8 ecr 100>");
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE(li.tcpi_rtt > 0);
	ATF_REQUIRE_EQ(0, li.tcpi_notsent_bytes);
	OK(pd_shutdown(t, fd, SHUT_WR));
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_FIN_WAIT1, li.tcpi_state);
}

PD_TEST(flags)
{
	int fd, native;

	fd = pd_active(t, 0, 65535);
	INJECT("P. 1:101(100) ack 1 win 65535");
	OK(linux_msg_flags(NULL, LINUX_MSG_PEEK | LINUX_MSG_DONTWAIT,
	    &native));
	ATF_REQUIRE_EQ(50, pd_recv(t, fd, 50, native));
	RECV(fd, 100);
	OK(linux_msg_flags(NULL, LINUX_MSG_OOB | LINUX_MSG_NOSIGNAL,
	    &native));
	ATF_REQUIRE_EQ(MSG_OOB | MSG_NOSIGNAL, native);
}

PD_TEST(fastopen)
{
	int fd, lfd;

	fd = pd_socket(t);
	pd_sysctl(t, "net.ipv4.tcp_fastopen", 1);
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t,
	    "net.inet.tcp.fastopen.client_enable"));
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t,
	    "net.inet.tcp.fastopen.server_enable"));
	TCP_SET(fd, LINUX_TCP_FASTOPEN_CONNECT, 1);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_FASTOPEN_CONNECT));
	TCP_ERR(EINVAL, fd, LINUX_TCP_FASTOPEN_CONNECT, 2);
	/* The SYN asks for a cookie. */
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0,FO,eol,eol>");
	pd_sysctl(t, "net.ipv4.tcp_fastopen", 2);
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, "net.ipv4.tcp_fastopen"));
	lfd = pd_listen(t, 5);
	ATF_REQUIRE_EQ(0, TCP_GET(lfd, LINUX_TCP_FASTOPEN));
	TCP_SET(lfd, LINUX_TCP_FASTOPEN, 5);
	ATF_REQUIRE_EQ(5, TCP_GET(lfd, LINUX_TCP_FASTOPEN));
	TCP_ERR(EINVAL, lfd, LINUX_TCP_FASTOPEN, -1);
	/* Keys are of 16 bytes, one or two. */
	ERR(EINVAL, lx_set_text(t, lfd, LINUX_SOL_TCP,
	    LINUX_TCP_FASTOPEN_KEY, "short"));
	OK(lx_set_text(t, lfd, LINUX_SOL_TCP, LINUX_TCP_FASTOPEN_KEY,
	    "0123456789abcdef0123456789abcdeX"));
	ATF_REQUIRE(pd_sysctl_get(t, "net.inet.tcp.fastopen.numkeys") >= 2);
	cs_refused(t, "net.ipv4.tcp_fastopen", "4");
}

static int
set_md5(struct pd *t, int fd, int name, struct linux_md5sig *lm, size_t len)
{
	struct socket *so = cs_socket(t, fd);
	struct vnet *saved;
	int error;

	saved = vnet_enter(t->vnet);
	error = linux_setsockopt(so, LINUX_SOL_TCP, name, lm, len);
	vnet_leave(saved);
	return (error);
}

/* A key for the peer; the SYN is signed with it. */
PD_TEST(md5sig)
{
	struct linux_md5sig lm = { .tcpm_keylen = 6,
	    .tcpm_key = "secret" };
	struct in_addr in;
	uint16_t family;
	int fd;

	family = t->af == AF_INET ? LINUX_AF_INET : LINUX_AF_INET6;
	memcpy(lm.tcpm_addr, &family, sizeof(family));
	if (t->af == AF_INET) {
		in = in6_unmapped(&t->peer);
		memcpy(lm.tcpm_addr + LINUX_SIN_ADDR, &in, sizeof(in));
	} else
		memcpy(lm.tcpm_addr + LINUX_SIN6_ADDR, &t->peer, 16);
	fd = pd_socket(t);
	ERR(EINVAL, set_md5(t, fd, LINUX_TCP_MD5SIG, &lm, sizeof(lm) - 1));
	OK(set_md5(t, fd, LINUX_TCP_MD5SIG, &lm, sizeof(lm)));
	OK(set_md5(t, fd, LINUX_TCP_MD5SIG, &lm, sizeof(lm)));
	ERR(EINPROGRESS, pd_connect(t, fd));
	/* mss, wscale, sackOK, time stamps, and 18 bytes more. */
	ATF_REQUIRE((pd_tcpcb(t)->t_flags & TF_SIGNATURE) != 0);
	EXPECT("S 0:0(0) <...>");
	/* Taken away: no key, no segment. */
	lm.tcpm_keylen = 0;
	OK(set_md5(t, fd, LINUX_TCP_MD5SIG_EXT, &lm, sizeof(lm)));
	ATF_REQUIRE((pd_tcpcb(t)->t_flags & TF_SIGNATURE) == 0);
	lm.tcpm_keylen = 81;
	ERR(EINVAL, set_md5(t, fd, LINUX_TCP_MD5SIG, &lm, sizeof(lm)));
	lm.tcpm_keylen = 6;
	lm.tcpm_flags = LINUX_MD5SIG_FLAG_PREFIX;
	lm.tcpm_prefixlen = 8;
	ERR(EOPNOTSUPP, set_md5(t, fd, LINUX_TCP_MD5SIG_EXT, &lm,
	    sizeof(lm)));
	memset(lm.tcpm_addr, 0, sizeof(lm.tcpm_addr));
	ERR(EINVAL, set_md5(t, fd, LINUX_TCP_MD5SIG, &lm, sizeof(lm)));
}

/* Short buffers: what there is room for; short values: refused. */
PD_TEST(lengths)
{
	struct linux_tcp_info li;
	struct vnet *saved;
	struct socket *so;
	size_t len;
	char c = 1;
	int fd;

	/* The kernel's layout. */
	ATF_REQUIRE_EQ(104, offsetof(struct linux_tcp_info,
	    tcpi_pacing_rate));
	ATF_REQUIRE_EQ(248, sizeof(li));
	fd = pd_active(t, 0, 65535);
	so = cs_socket(t, fd);
	saved = vnet_enter(t->vnet);
	len = 104;
	memset(&li, 0x5a, sizeof(li));
	OK(linux_getsockopt(so, LINUX_SOL_TCP, LINUX_TCP_INFO, &li, &len));
	ATF_REQUIRE_EQ(104, len);
	ATF_REQUIRE_EQ(LINUX_TCP_ESTABLISHED, li.tcpi_state);
	ATF_REQUIRE_EQ(UINT64_C(0x5a5a5a5a5a5a5a5a), li.tcpi_pacing_rate);
	len = 0;
	OK(linux_getsockopt(so, LINUX_SOL_TCP, LINUX_TCP_CORK, NULL, &len));
	ERR(EINVAL, linux_setsockopt(so, LINUX_SOL_TCP, LINUX_TCP_CORK, &c,
	    1));
	ERR(EINVAL, linux_setsockopt(so, LINUX_SOL_TCP, LINUX_TCP_KEEPIDLE,
	    &c, 1));
	ERR(EINVAL, linux_setsockopt(so, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF,
	    NULL, 4));
	vnet_leave(saved);
	ERR(ENOPROTOOPT, lx_set(t, fd, LINUX_SOL_TCP, 99, 1));
	ERR(ENOPROTOOPT, lx_get_error(t, fd, LINUX_SOL_TCP, 99));
	ERR(ENOPROTOOPT, lx_set(t, fd, 77, 1, 1));
	ERR(ENOPROTOOPT, lx_get_error(t, fd, 77, 1));
}

/* FreeBSD's own options, and those that are alike. */
PD_TEST(native)
{
	int fd;

	fd = pd_socket(t);
	TCP_SET(fd, LINUX_TCP_FREEBSD + TCP_KEEPINIT, 5);
	ATF_REQUIRE_EQ(5, TCP_GET(fd, LINUX_TCP_FREEBSD + TCP_KEEPINIT));
	ATF_REQUIRE_EQ(5, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPINIT));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_REUSEADDR, 1));
	ATF_REQUIRE(pd_getopt(t, fd, SOL_SOCKET, SO_REUSEADDR) != 0);
	{
		struct linger l = { .l_onoff = 1, .l_linger = 7 };
		struct vnet *saved = vnet_enter(t->vnet);

		OK(linux_setsockopt(cs_socket(t, fd), LINUX_SOL_SOCKET,
		    LINUX_SO_LINGER, &l, sizeof(l)));
		vnet_leave(saved);
		ATF_REQUIRE_EQ(7, cs_socket(t, fd)->so_linger);
		pd_linger(t, fd, 0, 0);
	}
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_OOBINLINE, 1));
	ATF_REQUIRE(pd_getopt(t, fd, SOL_SOCKET, SO_OOBINLINE) != 0);
	ATF_REQUIRE_EQ(t->af == AF_INET ? LINUX_AF_INET : LINUX_AF_INET6,
	    lx_get(t, fd, LINUX_SOL_SOCKET, LINUX_SO_DOMAIN));
	ATF_REQUIRE_EQ(SOCK_STREAM, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_TYPE));
	ATF_REQUIRE_EQ(0, lx_get(t, fd, LINUX_SOL_SOCKET, LINUX_SO_ERROR));
	ERR(ENOTCONN, lx_get_error(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	if (t->af == AF_INET)
		OK(lx_set(t, fd, LINUX_SOL_IP, LINUX_IP_TTL, 9));
	else
		OK(lx_set(t, fd, LINUX_SOL_IPV6, LINUX_IPV6_UNICAST_HOPS, 9));
	(void)pd_connect(t, fd);
	EXPECT("[ttl 9] S 0:0(0) <...>");
	ATF_REQUIRE_EQ(t->af == AF_INET ? 1500 : 1520, lx_get(t, fd,
	    t->af == AF_INET ? LINUX_SOL_IP : LINUX_SOL_IPV6,
	    t->af == AF_INET ? LINUX_IP_MTU : LINUX_IPV6_MTU));
}

ATF_TC_WITHOUT_HEAD(errnos);
ATF_TC_BODY(errnos, tc)
{

	ATF_CHECK_EQ(11, linux_errno(EWOULDBLOCK));
	ATF_CHECK_EQ(92, linux_errno(ENOPROTOOPT));
	ATF_CHECK_EQ(98, linux_errno(EADDRINUSE));
	ATF_CHECK_EQ(104, linux_errno(ECONNRESET));
	ATF_CHECK_EQ(110, linux_errno(ETIMEDOUT));
	ATF_CHECK_EQ(111, linux_errno(ECONNREFUSED));
	ATF_CHECK_EQ(113, linux_errno(EHOSTUNREACH));
	ATF_CHECK_EQ(115, linux_errno(EINPROGRESS));
	ATF_CHECK_EQ(0, linux_errno(0));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, cork);
	ATF_TP_ADD_TC(tp, more);
	ATF_TP_ADD_TC(tp, nodelay);
	ATF_TP_ADD_TC(tp, maxseg);
	ATF_TP_ADD_TC(tp, keepalive);
	ATF_TP_ADD_TC(tp, syncnt);
	ATF_TP_ADD_TC(tp, user_timeout);
	ATF_TP_ADD_TC(tp, user_timeout_keepalive);
	ATF_TP_ADD_TC(tp, window_clamp);
	ATF_TP_ADD_TC(tp, linger2);
	ATF_TP_ADD_TC(tp, quickack);
	ATF_TP_ADD_TC(tp, notsent_lowat);
	ATF_TP_ADD_TC(tp, notsent_wakes);
	ATF_TP_ADD_TC(tp, defer_accept);
	ATF_TP_ADD_TC(tp, congestion);
	ATF_TP_ADD_TC(tp, inq);
	ATF_TP_ADD_TC(tp, ioctls);
	ATF_TP_ADD_TC(tp, buffers);
	ATF_TP_ADD_TC(tp, recverr);
	ATF_TP_ADD_TC(tp, info);
	ATF_TP_ADD_TC(tp, lengths);
	ATF_TP_ADD_TC(tp, native);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, fastopen);
	ATF_TP_ADD_TC(tp, md5sig);
	ATF_TP_ADD_TC(tp, errnos);
	return (atf_no_error());
}

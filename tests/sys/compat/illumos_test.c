/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* illumos's socket options and parameters, its rules of binding, and
 * privilege: what each does. */
#include <sys/param.h>
#include <sys/systm.h>

#include "compat_subr.h"

#define	MSS	1460

#define	IL_SET(fd, name, val)						\
	ATF_REQUIRE_EQ(0, il_set(t, (fd), ILLUMOS_SOL_TCP, (name), (val)))
#define	IL_GET(fd, name)	il_get(t, (fd), ILLUMOS_SOL_TCP, (name))
#define	IL_ERR(want, fd, name, val)					\
	ATF_REQUIRE_EQ((want), il_set(t, (fd), ILLUMOS_SOL_TCP, (name),	\
	    (val)))

/* Retransmission times of 200 ms, doubled. */
static void
plain_timers(struct pd *t)
{

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
}

PD_TEST(cork)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_CORK, 1);
	ATF_REQUIRE(IL_GET(fd, ILLUMOS_TCP_CORK) != 0);
	SEND(fd, 100);
	/* No ceiling of 200 ms. */
	ADVANCE(2 * PD_SEC);
	IL_SET(fd, ILLUMOS_TCP_CORK, 0);
	EXPECT("P. 1:101(100) ack 1");
}

PD_TEST(nodelay)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	SEND(fd, 100);
	NOTHING();
	IL_SET(fd, ILLUMOS_TCP_NODELAY, 1);
	EXPECT("P. 101:201(100) ack 1");
}

PD_TEST(quickack)
{
	int fd, i;

	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_QUICKACK, 1);
	ATF_REQUIRE_EQ(1, IL_GET(fd, ILLUMOS_TCP_QUICKACK));
	for (i = 0; i < 2 * TCP_QUICKACKS; i++) {
		INJECT(". %d:%d(100) ack 1 win 65535", 100 * i + 1,
		    100 * i + 101);
		EXPECT(". 1:1(0) ack %d", 100 * i + 101);
	}
	IL_SET(fd, ILLUMOS_TCP_QUICKACK, 0);
	INJECT(". %d:%d(100) ack 1 win 65535", 100 * i + 1, 100 * i + 101);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack %d", 100 * i + 101);
}

PD_TEST(init_cwnd)
{
	int fd, i;

	fd = pd_socket(t);
	IL_SET(fd, ILLUMOS_TCP_INIT_CWND, 2);
	ATF_REQUIRE_EQ(2, IL_GET(fd, ILLUMOS_TCP_INIT_CWND));
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_INIT_CWND, 0);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_INIT_CWND, 17);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) <...>");
	ADVANCE(PD_RTT);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 5 * MSS);
	EXPECT(". 1:1461(1460) ack 1");
	EXPECT(". 1461:2921(1460) ack 1");
	NOTHING();
	for (i = 3; i <= 5; i += 2) {
		INJECT(". 1:1(0) ack %d win 65535", MIN(i * MSS - MSS, 5 *
		    MSS) + 1);
		pd_forget(t);
	}
	INJECT(". 1:1(0) ack %d win 65535", 5 * MSS + 1);
	/* Again after an idle time. */
	ADVANCE(100 * PD_SEC);
	SEND(fd, 5 * MSS);
	EXPECT(". 7301:8761(1460) ack 1");
	EXPECT(". 8761:10221(1460) ack 1");
	NOTHING();
	/* More than RFC 3390's for the superuser alone. */
	pd_sysctl(t, "security.bsd.suser_enabled", 0);
	IL_ERR(EPERM, fd, ILLUMOS_TCP_INIT_CWND, 10);
	IL_SET(fd, ILLUMOS_TCP_INIT_CWND, 3);
	pd_sysctl(t, "security.bsd.suser_enabled", 1);
	IL_SET(fd, ILLUMOS_TCP_INIT_CWND, 10);
}

PD_TEST(keepalive_threshold)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_THRESHOLD, 10500);
	ATF_REQUIRE_EQ(10500, IL_GET(fd, ILLUMOS_TCP_KEEPALIVE_THRESHOLD));
	ATF_REQUIRE_EQ(10, IL_GET(fd, ILLUMOS_TCP_KEEPIDLE));
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_KEEPALIVE_THRESHOLD, 9999);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_KEEPALIVE_THRESHOLD, 864000001);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_KEEPIDLE, 9);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_KEEPIDLE, INT_MAX);
	/* Time ends it, not a count. */
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD, 100000);
	ATF_REQUIRE_EQ(100000, IL_GET(fd,
	    ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD));
	EXPECT_IN(10500 * PD_MSEC, ". 0:0(0) ack 1");
	EXPECT_IN(75 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(25 * PD_SEC, "R. 1:1(0) ack 1");
	RECV_ERR(fd, ETIMEDOUT);
}

/* 0: never. */
PD_TEST(keepalive_forever)
{
	int fd, i;

	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_KEEPCNT, 1);
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD, 0);
	IL_SET(fd, ILLUMOS_TCP_KEEPIDLE, 10);
	EXPECT_IN(10 * PD_SEC, ". 0:0(0) ack 1");
	for (i = 0; i < 100; i++)
		EXPECT_IN(75 * PD_SEC, ". 0:0(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	(void)fd;
}

PD_TEST(keepcnt)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD, 0);
	IL_SET(fd, ILLUMOS_TCP_KEEPCNT, 2);
	IL_SET(fd, ILLUMOS_TCP_KEEPINTVL, 3);
	ATF_REQUIRE_EQ(2, IL_GET(fd, ILLUMOS_TCP_KEEPCNT));
	ATF_REQUIRE_EQ(3, IL_GET(fd, ILLUMOS_TCP_KEEPINTVL));
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_KEEPCNT, 0);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_KEEPINTVL, 0);
	IL_SET(fd, ILLUMOS_TCP_KEEPIDLE, 10);
	EXPECT_IN(10 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(3 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(3 * PD_SEC, "R. 1:1(0) ack 1");
	RECV_ERR(fd, ETIMEDOUT);
}

PD_TEST(abort_threshold)
{
	int fd;

	plain_timers(t);
	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_ABORT_THRESHOLD, 1000);
	ATF_REQUIRE_EQ(1000, IL_GET(fd, ILLUMOS_TCP_ABORT_THRESHOLD));
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_ABORT_THRESHOLD, -1);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "R. 101:101(0) ack 1");
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

PD_TEST(conn_abort_threshold)
{
	int fd;

	plain_timers(t);
	fd = pd_socket(t);
	IL_SET(fd, ILLUMOS_TCP_CONN_ABORT_THRESHOLD, 5000);
	ATF_REQUIRE_EQ(5000, IL_GET(fd, ILLUMOS_TCP_CONN_ABORT_THRESHOLD));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <...>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(2 * PD_SEC, "S 0:0(0) <...>");
	ADVANCE(19 * PD_SEC / 10);
	STATE(TCPS_SYN_SENT);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

/* The path's MTU is forgotten, and found out anew. */
PD_TEST4(notify_threshold)
{
	int fd;

	plain_timers(t);
	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_NOTIFY_THRESHOLD, 500);
	ATF_REQUIRE_EQ(500, IL_GET(fd, ILLUMOS_TCP_NOTIFY_THRESHOLD));
	SEND(fd, MSS);
	pd_toobig(t, 1000, 1);
	pd_forget(t);
	ATF_REQUIRE_EQ(1000, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_pass(t, 210 * PD_MSEC);
	ATF_REQUIRE_EQ(1000, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_pass(t, 400 * PD_MSEC);
	pd_forget(t);
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(1500, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
}

PD_TEST4(conn_notify_threshold)
{
	int fd;

	plain_timers(t);
	fd = pd_socket(t);
	IL_SET(fd, ILLUMOS_TCP_CONN_NOTIFY_THRESHOLD, 2000);
	ATF_REQUIRE_EQ(2000, IL_GET(fd, ILLUMOS_TCP_CONN_NOTIFY_THRESHOLD));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <...>");
	pd_toobig(t, 1000, 0);
	ATF_REQUIRE_EQ(1000, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_pass(t, 11 * PD_SEC / 10);
	ATF_REQUIRE_EQ(1000, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_pass(t, 21 * PD_SEC / 10);
	ATF_REQUIRE_EQ(1500, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_forget(t);
}

PD_TEST(rto)
{
	int fd;

	plain_timers(t);
	fd = pd_socket(t);
	IL_SET(fd, ILLUMOS_TCP_RTO_INITIAL, 3000);
	IL_SET(fd, ILLUMOS_TCP_RTO_MAX, 4000);
	IL_SET(fd, ILLUMOS_TCP_RTO_MIN, 500);
	ATF_REQUIRE_EQ(3000, IL_GET(fd, ILLUMOS_TCP_RTO_INITIAL));
	ATF_REQUIRE_EQ(4000, IL_GET(fd, ILLUMOS_TCP_RTO_MAX));
	ATF_REQUIRE_EQ(500, IL_GET(fd, ILLUMOS_TCP_RTO_MIN));
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_RTO_MIN, 4001);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_RTO_MAX, 499);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_RTO_INITIAL, 4001);
	IL_ERR(EINVAL, fd, ILLUMOS_TCP_RTO_INITIAL, 0);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <...>");
	EXPECT_IN(3 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(4 * PD_SEC, "S 0:0(0) <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,TS val 7 ecr 7100>");
	EXPECT(". 1:1(0) ack 1 <...>");
	INJECT("P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 8 ecr 7100>");
	pd_pass(t, PD_SEC);
	pd_forget(t);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 101 <...>");
	pd_forget(t);
	INJECT(". 101:101(0) ack 101 win 65535 <nop,nop,TS val 9 ecr 8100>");
	SEND(fd, 100);
	EXPECT("P. 101:201(100) ack 101 <...>");
	EXPECT_IN(500 * PD_MSEC, "P. 101:201(100) ack 101 <...>");
}

PD_TEST(linger2)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_LINGER2, 3);
	ATF_REQUIRE_EQ(3, IL_GET(fd, ILLUMOS_TCP_LINGER2));
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(29 * PD_SEC / 10);
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
}

PD_TEST(congestion)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	OK(il_set_text(t, fd, ILLUMOS_SOL_TCP, ILLUMOS_TCP_CONGESTION,
	    "sunreno"));
	ATF_REQUIRE_STREQ("newreno", CC_ALGO(pd_tcpcb(t))->name);
	OK(il_set_text(t, fd, ILLUMOS_SOL_TCP, ILLUMOS_TCP_CONGESTION,
	    "cubic"));
	ATF_REQUIRE_STREQ("cubic", CC_ALGO(pd_tcpcb(t))->name);
	ERR(ENOENT, il_set_text(t, fd, ILLUMOS_SOL_TCP,
	    ILLUMOS_TCP_CONGESTION, "nosuch"));
}

PD_TEST(md5sig)
{
	int fd;

	fd = pd_socket(t);
	ATF_REQUIRE_EQ(0, IL_GET(fd, ILLUMOS_TCP_MD5SIG));
	IL_SET(fd, ILLUMOS_TCP_MD5SIG, 1);
	ATF_REQUIRE(pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG) != 0);
}

/* Level SOL_SOCKET, and what is not known. */
PD_TEST(socket_level)
{
	int fd, v;

	fd = pd_socket(t);
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_RCVBUF, 10000));
	ATF_REQUIRE_EQ(10000, il_get(t, fd, ILLUMOS_SOL_SOCKET,
	    ILLUMOS_SO_RCVBUF));
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_SNDBUF, 20000));
	ATF_REQUIRE_EQ(20000, il_get(t, fd, ILLUMOS_SOL_SOCKET,
	    ILLUMOS_SO_SNDBUF));
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_REUSEADDR, 1));
	ATF_REQUIRE(pd_getopt(t, fd, SOL_SOCKET, SO_REUSEADDR) != 0);
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_KEEPALIVE, 1));
	ATF_REQUIRE(pd_getopt(t, fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_OOBINLINE, 1));
	ATF_REQUIRE_EQ(ILLUMOS_SOCK_STREAM, il_get(t, fd,
	    ILLUMOS_SOL_SOCKET, ILLUMOS_SO_TYPE));
	ATF_REQUIRE_EQ(t->af == AF_INET ? ILLUMOS_AF_INET :
	    ILLUMOS_AF_INET6, il_get(t, fd, ILLUMOS_SOL_SOCKET,
	    ILLUMOS_SO_DOMAIN));
	ATF_REQUIRE_EQ(0, il_get(t, fd, ILLUMOS_SOL_SOCKET,
	    ILLUMOS_SO_ERROR));
	IL_SET(fd, ILLUMOS_TCP_MAXSEG, 1000);
	IL_SET(fd, ILLUMOS_TCP_FREEBSD + TCP_KEEPINIT, 5);
	ATF_REQUIRE_EQ(5, pd_getopt(t, fd, IPPROTO_TCP, TCP_KEEPINIT));
	ERR(ENOPROTOOPT, il_set(t, fd, ILLUMOS_SOL_TCP, 0x99, 1));
	ERR(ENOPROTOOPT, il_get_error(t, fd, ILLUMOS_SOL_TCP, 0x99));
	ERR(ENOPROTOOPT, il_set(t, fd, 77, 1, 1));
	ERR(ENOPROTOOPT, il_get_error(t, fd, 77, 1));
	ERR(ENOPROTOOPT, il_set(t, fd, ILLUMOS_SOL_SOCKET, 0x99, 1));
	OK(pd_connect(t, fd) == EINPROGRESS ? 0 : 1);
	EXPECT("S 0:0(0) win 10000 <mss 1000,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	OK(il_ioctl(t, fd, ILLUMOS_SIOCATMARK, &v));
	ATF_REQUIRE_EQ(0, v);
	OK(il_ioctl(t, fd, ILLUMOS_FIONREAD, &v));
	ATF_REQUIRE_EQ(0, v);
	ERR(ENOTTY, il_ioctl(t, fd, 0x1234, &v));
}

/* Nobody else has the port. */
PD_TEST(exclbind)
{
	int a, b;

	a = pd_socket(t);
	OK(il_set(t, a, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_EXCLBIND, 1));
	ATF_REQUIRE_EQ(1, il_get(t, a, ILLUMOS_SOL_SOCKET,
	    ILLUMOS_SO_EXCLBIND));
	OK(pd_bind(t, a, 5000));
	b = pd_socket(t);
	OK(pd_setopt(t, b, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(pd_setopt(t, b, SOL_SOCKET, SO_REUSEPORT, 1));
	ERR(EADDRINUSE, pd_bind(t, b, 5000));
	OK(pd_bind(t, b, 5001));
	/* Nor does it join others. */
	a = pd_socket(t);
	OK(pd_setopt(t, a, SOL_SOCKET, SO_REUSEPORT, 1));
	OK(il_set(t, a, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_EXCLBIND, 1));
	ERR(EADDRINUSE, pd_bind(t, a, 5001));
	OK(il_set(t, a, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_EXCLBIND, 0));
	OK(pd_bind(t, a, 5001));
}

/* The page's rules without it. */
PD_TEST(reuseaddr)
{
	int a, b;

	a = pd_socket(t);
	OK(pd_bind(t, a, 5000));
	b = pd_socket(t);
	ERR(EADDRINUSE, pd_bind(t, b, 5000));
	OK(il_set(t, b, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_REUSEADDR, 1));
	ERR(EADDRINUSE, pd_bind(t, b, 5000));
}

PD_TEST(reserved_ports)
{
	int fd;

	OK(pd_bind(t, pd_socket(t), 80));
	pd_sysctl(t, "security.bsd.suser_enabled", 0);
	fd = pd_socket(t);
	ERR(EACCES, pd_bind(t, fd, 81));
	ERR(EACCES, pd_bind(t, fd, 1023));
	OK(pd_bind(t, fd, 1024));
	pd_sysctl(t, "net.inet.ip.portrange.reservedhigh", 2000);
	pd_sysctl(t, "net.inet.ip.portrange.reservedlow", 1500);
	fd = pd_socket(t);
	ERR(EACCES, pd_bind(t, fd, 2000));
	ERR(EACCES, pd_bind(t, fd, 1500));
	OK(pd_bind(t, fd, 1499));
	cs_refused(t, "net.inet.ip.portrange.reservedhigh", "65536");
	cs_refused(t, "net.inet.ip.portrange.reservedlow", "-1");
	cs_refused(t, "security.bsd.suser_enabled", "2");
}

/* ---- Parameters ---- */

PD_TEST(tcp_wscale_always)
{
	int fd;

	ATF_REQUIRE_EQ(1, pd_sysctl_get(t,
	    "compat.illumos.tcp_wscale_always"));
	pd_sysctl(t, "compat.illumos.tcp_wscale_always", 0);
	OK(pd_connect(t, fd = pd_socket(t)) == EINPROGRESS ? 0 : 1);
	/* A receive buffer of 65536 is over 64K. */
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	pd_use(t, 1);
	fd = pd_socket(t);
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_RCVBUF, 65535));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0>");
	/* In an answer always. */
	pd_use(t, 2);
	fd = pd_listen(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,nop,wscale 6>");
	cs_refused(t, "compat.illumos.tcp_wscale_always", "2");
}

PD_TEST(tcp_tstamp)
{
	int fd;

	pd_sysctl(t, "compat.illumos.tcp_tstamp_always", 0);
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t,
	    "compat.illumos.tcp_tstamp_if_wscale"));
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	/* Without scaling none. */
	pd_sysctl(t, "compat.illumos.tcp_wscale_always", 0);
	pd_use(t, 1);
	fd = pd_socket(t);
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_RCVBUF, 65535));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,sackOK,eol,eol>");
	/* Neither with it. */
	pd_sysctl(t, "compat.illumos.tcp_tstamp_if_wscale", 0);
	pd_use(t, 2);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,eol,eol>");
	/* In an answer always. */
	pd_use(t, 3);
	fd = pd_listen(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,nop,TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 7>");
	pd_sysctl(t, "compat.illumos.tcp_tstamp_always", 1);
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t,
	    "compat.illumos.tcp_tstamp_always"));
	pd_use(t, 4);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	cs_refused(t, "compat.illumos.tcp_tstamp_always", "2");
	cs_refused(t, "compat.illumos.tcp_tstamp_if_wscale", "2");
}

PD_TEST(tcp_sack_permitted)
{
	int lfd, v;

	ATF_REQUIRE_EQ(2, pd_sysctl_get(t,
	    "compat.illumos.tcp_sack_permitted"));
	lfd = pd_listen(t, 5);
	for (v = 0; v <= 2; v++) {
		pd_sysctl(t, "compat.illumos.tcp_sack_permitted", v);
		ATF_REQUIRE_EQ(v, pd_sysctl_get(t,
		    "compat.illumos.tcp_sack_permitted"));
		pd_use(t, 2 * v);
		(void)pd_connect(t, pd_socket(t));
		if (v == 2)
			EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,"
			    "TS val 100 ecr 0>");
		else
			EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,nop,nop,"
			    "TS val 100 ecr 0>");
		pd_use(t, 2 * v + 1);
		t->c->lport = PD_PORT;
		INJECT("S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK>");
		if (v == 0)
			EXPECT("S. 0:0(0) ack 1 <mss 1460>");
		else
			EXPECT("S. 0:0(0) ack 1 <mss 1460,sackOK,eol,eol>");
	}
	(void)lfd;
	cs_refused(t, "compat.illumos.tcp_sack_permitted", "3");
}

PD_TEST(tcp_ecn_permitted)
{
	int lfd, v;

	lfd = pd_listen(t, 5);
	for (v = 0; v <= 2; v++) {
		pd_sysctl(t, "compat.illumos.tcp_ecn_permitted", v);
		ATF_REQUIRE_EQ(v, pd_sysctl_get(t,
		    "compat.illumos.tcp_ecn_permitted"));
		pd_use(t, 2 * v);
		(void)pd_connect(t, pd_socket(t));
		EXPECT(v == 2 ? "SEW 0:0(0) <...>" : "S 0:0(0) <...>");
		pd_use(t, 2 * v + 1);
		t->c->lport = PD_PORT;
		INJECT("SEW 0:0(0) win 65535 <mss 1460>");
		EXPECT(v != 0 ? "SE. 0:0(0) ack 1 <mss 1460>" :
		    "S. 0:0(0) ack 1 <mss 1460>");
	}
	(void)lfd;
	cs_refused(t, "compat.illumos.tcp_ecn_permitted", "3");
}

PD_TEST(tcp_keepalive_interval)
{
	int fd;

	pd_sysctl(t, "compat.illumos.tcp_keepalive_interval", 10000);
	ATF_REQUIRE_EQ(10000, pd_sysctl_get(t, "net.inet.tcp.keepidle"));
	pd_sysctl(t, "compat.illumos.tcp_keepalive_abort_interval", 80000);
	fd = pd_active(t, 0, 65535);
	EXPECT_IN(10 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(75 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(5 * PD_SEC, "R. 1:1(0) ack 1");
	RECV_ERR(fd, ETIMEDOUT);
	cs_refused(t, "compat.illumos.tcp_keepalive_interval", "9999");
	cs_refused(t, "compat.illumos.tcp_keepalive_interval", "864000001");
	cs_refused(t, "compat.illumos.tcp_keepalive_abort_interval", "-1");
}

ATF_TC_WITHOUT_HEAD(errnos);
ATF_TC_BODY(errnos, tc)
{

	ATF_CHECK_EQ(11, illumos_errno(EWOULDBLOCK));
	ATF_CHECK_EQ(99, illumos_errno(ENOPROTOOPT));
	ATF_CHECK_EQ(125, illumos_errno(EADDRINUSE));
	ATF_CHECK_EQ(126, illumos_errno(EADDRNOTAVAIL));
	ATF_CHECK_EQ(131, illumos_errno(ECONNRESET));
	ATF_CHECK_EQ(132, illumos_errno(ENOBUFS));
	ATF_CHECK_EQ(133, illumos_errno(EISCONN));
	ATF_CHECK_EQ(145, illumos_errno(ETIMEDOUT));
	ATF_CHECK_EQ(146, illumos_errno(ECONNREFUSED));
	ATF_CHECK_EQ(13, illumos_errno(EACCES));
	ATF_CHECK_EQ(0, illumos_errno(0));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, cork);
	ATF_TP_ADD_TC(tp, nodelay);
	ATF_TP_ADD_TC(tp, quickack);
	ATF_TP_ADD_TC(tp, init_cwnd);
	ATF_TP_ADD_TC(tp, keepalive_threshold);
	ATF_TP_ADD_TC(tp, keepalive_forever);
	ATF_TP_ADD_TC(tp, keepcnt);
	ATF_TP_ADD_TC(tp, abort_threshold);
	ATF_TP_ADD_TC(tp, conn_abort_threshold);
	ATF_TP_ADD_TC(tp, notify_threshold);
	ATF_TP_ADD_TC(tp, conn_notify_threshold);
	ATF_TP_ADD_TC(tp, rto);
	ATF_TP_ADD_TC(tp, linger2);
	ATF_TP_ADD_TC(tp, congestion);
	ATF_TP_ADD_TC(tp, md5sig);
	ATF_TP_ADD_TC(tp, socket_level);
	ATF_TP_ADD_TC(tp, exclbind);
	ATF_TP_ADD_TC(tp, reuseaddr);
	ATF_TP_ADD_TC(tp, reserved_ports);
	ATF_TP_ADD_TC(tp, tcp_wscale_always);
	ATF_TP_ADD_TC(tp, tcp_tstamp);
	ATF_TP_ADD_TC(tp, tcp_sack_permitted);
	ATF_TP_ADD_TC(tp, tcp_ecn_permitted);
	ATF_TP_ADD_TC(tp, tcp_keepalive_interval);
	ATF_TP_ADD_TC(tp, errnos);
	return (atf_no_error());
}

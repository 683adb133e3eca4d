/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The personality of a host: what its segments look like and when they
 * leave. */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/tcp_timewait.h>
#include <compat/compat.h>

#include "compat_subr.h"

#define	MSS	1460

static int
timewaits(struct pd *t)
{
	struct vnet *saved;
	int n;

	saved = vnet_enter(t->vnet);
	n = (int)tcp_tw_count();
	vnet_leave(saved);
	return (n);
}

PD_TEST(freebsd)
{

	ATF_REQUIRE_STREQ("freebsd", cs_sysctl_string(t,
	    "compat.personality"));
	/* Not once it runs. */
	ERR(EPERM, pd_sysctl_try(t, "compat.personality", "linux"));
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(22 * PD_SEC / 10, "S 0:0(0) <...>");
}

PD_TEST(linux_syn)
{

	pd_restart(t, "compat.personality", "linux");
	ATF_REQUIRE_STREQ("linux", cs_sysctl_string(t,
	    "compat.personality"));
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) win 64240 <mss 1460,sackOK,TS val 100 ecr 0,"
	    "nop,wscale 7>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(2 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(4 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(8 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(16 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(32 * PD_SEC, "S 0:0(0) <...>");
	/* 127 seconds in all. */
	ADVANCE(639 * PD_SEC / 10);
	STATE(TCPS_SYN_SENT);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
}

PD_TEST(linux_syn_options)
{

	pd_restart(t, "compat.personality", "linux");
	pd_sysctl(t, "net.ipv4.tcp_timestamps", 0);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) win 64240 <mss 1460,nop,nop,sackOK,nop,wscale 7>");
	pd_use(t, 1);
	pd_sysctl(t, "net.ipv4.tcp_sack", 0);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) win 64240 <mss 1460,nop,wscale 7>");
	pd_use(t, 2);
	pd_sysctl(t, "net.ipv4.tcp_timestamps", 1);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) win 64240 <mss 1460,nop,nop,TS val 100 ecr 0,"
	    "nop,wscale 7>");
}

PD_TEST(linux_synack)
{

	pd_restart(t, "compat.personality", "linux");
	(void)pd_listen(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 7 ecr 0,nop,"
	    "wscale 7>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 7,nop,"
	    "wscale 7>");
	pd_use(t, 1);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK>");
}

PD_TEST(linux_timers)
{
	int fd;

	pd_restart(t, "compat.personality", "linux");
	fd = cs_active(t, "mss 1460");
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	/* The round trip of 10 us, and a deviation of 200 ms at least. */
	EXPECT_IN(200 * PD_MSEC + 10, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC + 20, "P. 1:101(100) ack 1");
	EXPECT_IN(800 * PD_MSEC + 40, "P. 1:101(100) ack 1");
	INJECT(". 1:1(0) ack 101 win 65535");
	/* No keepalive that nobody asked for. */
	ADVANCE(30000 * PD_SEC);
	ATF_REQUIRE_EQ(7200, TCP_GET(fd, LINUX_TCP_KEEPIDLE));
	ATF_REQUIRE_EQ(75, TCP_GET(fd, LINUX_TCP_KEEPINTVL));
	ATF_REQUIRE_EQ(9, TCP_GET(fd, LINUX_TCP_KEEPCNT));
	ATF_REQUIRE_EQ(6, TCP_GET(fd, LINUX_TCP_SYNCNT));
	ATF_REQUIRE_EQ(60, TCP_GET(fd, LINUX_TCP_LINGER2));
	ATF_REQUIRE_EQ(15, pd_sysctl_get(t, "net.ipv4.tcp_retries2"));
	ATF_REQUIRE_EQ(131072, lx_get(t, pd_socket(t), LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
}

PD_TEST(linux_timewait)
{
	int fd;

	pd_restart(t, "compat.personality", "linux");
	fd = cs_active(t, "mss 1460");
	OK(pd_close(t, fd));
	pd_forget(t);
	INJECT("F. 1:1(0) ack 2 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(1, timewaits(t));
	INJECT("R 2:2(0) win 0");
	ATF_REQUIRE_EQ(0, timewaits(t));
}

/* One and no other: what it sets would stay. */
PD_TEST(once)
{
	struct vnet *saved;

	pd_restart(t, "compat.personality", "linux");
	saved = vnet_enter(t->vnet);
	ATF_CHECK_EQ(EBUSY, sysctl_set_string("compat.personality",
	    "illumos", true));
	ATF_CHECK_EQ(EBUSY, sysctl_set_string("compat.personality",
	    "freebsd", true));
	ATF_CHECK_EQ(0, sysctl_set_string("compat.personality", "linux",
	    true));
	vnet_leave(saved);
	ATF_REQUIRE_STREQ("linux", cs_sysctl_string(t,
	    "compat.personality"));
}

/* Closed with text that nobody read. */
PD_TEST(unread)
{
	static const char *const who[] = { "freebsd", "linux", "illumos" };
	int fd;
	u_int i;

	for (i = 0; i < nitems(who); i++) {
		pd_restart(t, "compat.personality", who[i]);
		pd_use(t, 0);
		fd = cs_active(t, "mss 1460");
		INJECT("P. 1:11(10) ack 1 win 65535");
		if (i == 1)	/* quick ACKs */
			EXPECT(". 1:1(0) ack 11");
		OK(pd_close(t, fd));
		if (i == 0)
			EXPECT("F. 1:1(0) ack 11");
		else {
			EXPECT("R. 1:1(0) ack 11");
			STATE(GONE);
		}
	}
}

PD_TEST(illumos_syn)
{

	pd_restart(t, "compat.personality", "illumos");
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 5,sackOK,"
	    "TS val 100 ecr 0>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	EXPECT_IN(2 * PD_SEC, "S 0:0(0) <...>");
}

/* Once time stamps are agreed, segments without are dropped. */
PD_TEST(illumos_stamps)
{
	int fd;

	pd_restart(t, "compat.personality", "illumos");
	fd = cs_active(t, "mss 1460,TS val 7 ecr 100");
	INJECT("P. 1:101(100) ack 1 win 65535");
	NOTHING();
	RECV_NOTHING(fd);
	INJECT("P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 8 ecr 100>");
	RECV(fd, 100);
	EXPECT_IN(100 * PD_MSEC, ". 1:1(0) ack 101 <nop,nop,TS val 200 "
	    "ecr 8>");
	/* RFC 3390's first window. */
	SEND(fd, 10000);
	EXPECT(". 1:1449(1448) ack 101 <...>");
	EXPECT(". 1449:2897(1448) ack 101 <...>");
	EXPECT(". 2897:4345(1448) ack 101 <...>");
	NOTHING();
	EXPECT_IN(400 * PD_MSEC, ". 1:1449(1448) ack 101 <...>");
}

/* What comes after the personality wins. */
PD_TEST(unknown)
{
	struct vnet_tunable tun = { "compat.personality", "plan9" };
	struct vnet *vnet;

	ATF_REQUIRE_EQ(EINVAL, vnet_alloc("other", t->vnet->vnet_ops, t,
	    &tun, 1, &vnet));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, freebsd);
	ATF_TP_ADD_TC(tp, linux_syn);
	ATF_TP_ADD_TC(tp, linux_syn_options);
	ATF_TP_ADD_TC(tp, linux_synack);
	ATF_TP_ADD_TC(tp, linux_timers);
	ATF_TP_ADD_TC(tp, linux_timewait);
	ATF_TP_ADD_TC(tp, once);
	ATF_TP_ADD_TC(tp, unread);
	ATF_TP_ADD_TC(tp, illumos_syn);
	ATF_TP_ADD_TC(tp, illumos_stamps);
	ATF_TP_ADD_TC(tp, unknown);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the text of illumos's page promises beyond the names in it.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include "compat_subr.h"

#define	IL_SET(fd, name, val)						\
	ATF_REQUIRE_EQ(0, il_set(t, (fd), ILLUMOS_SOL_TCP, (name), (val)))
#define	IL_GET(fd, name)	il_get(t, (fd), ILLUMOS_SOL_TCP, (name))
#define	IL_ERR(want, fd, name, val)					\
	ATF_REQUIRE_EQ((want), il_set(t, (fd), ILLUMOS_SOL_TCP, (name), (val)))

/* "Only a full segment": however long that takes. */
PD_TEST(cork_waits)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.always_keepalive", 0);
	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_CORK, 1);
	SEND(fd, 100);
	ADVANCE(3600 * PD_SEC);
	SEND(fd, 1460);
	EXPECT(". 1:1461(1460) ack 1");
	INJECT(". 1:1(0) ack 1461 win 65535");
	ADVANCE(3600 * PD_SEC);
	IL_SET(fd, ILLUMOS_TCP_CORK, 0);
	EXPECT("P. 1461:1561(100) ack 1");
	INJECT(". 1:1(0) ack 1561 win 65535");
	/* The end of the stream does not wait for more. */
	IL_SET(fd, ILLUMOS_TCP_CORK, 1);
	SEND(fd, 100);
	NOTHING();
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("FP. 1561:1661(100) ack 1");
}

/* A closed window is probed, corked or not. */
PD_TEST(cork_window)
{
	int fd;

	fd = pd_active(t, 0, 1460);
	IL_SET(fd, ILLUMOS_TCP_CORK, 1);
	SEND(fd, 1560);
	EXPECT(". 1:1461(1460) ack 1");
	INJECT(". 1:1(0) ack 1461 win 0");
	EXPECT_IN(5 * PD_SEC, ". 1461:1462(1) ack 1");
}

/* 0 is for ever. */
PD_TEST(abort_never)
{
	int fd, i;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	pd_sysctl(t, "net.inet.tcp.always_keepalive", 0);
	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_ABORT_THRESHOLD, 0);
	ATF_REQUIRE_EQ(0, IL_GET(fd, ILLUMOS_TCP_ABORT_THRESHOLD));
	SEND(fd, 100);
	for (i = 0; i < 300; i++) {
		pd_pass(t, 100 * PD_SEC);
		pd_forget(t);
	}
	STATE(TCPS_ESTABLISHED);
	INJECT(". 1:1(0) ack 101 win 65535");
	/* Until something else is said. */
	IL_SET(fd, ILLUMOS_TCP_ABORT_THRESHOLD, 1000);
	SEND(fd, 100);
	pd_pass(t, 2 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

PD_TEST(conn_abort_never)
{
	int fd, i;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	fd = pd_socket(t);
	IL_SET(fd, ILLUMOS_TCP_CONN_ABORT_THRESHOLD, 0);
	ATF_REQUIRE_EQ(0, IL_GET(fd, ILLUMOS_TCP_CONN_ABORT_THRESHOLD));
	(void)pd_connect(t, fd);
	for (i = 0; i < 300; i++) {
		pd_pass(t, 100 * PD_SEC);
		pd_forget(t);
	}
	STATE(TCPS_SYN_SENT);
}

/* What holds when nothing was set. */
PD_TEST(thresholds)
{
	int fd;

	pd_restart(t, "compat.personality", "illumos");
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(180000, IL_GET(fd, ILLUMOS_TCP_CONN_ABORT_THRESHOLD));
	/* 13 timeouts: 0.4 to 51.2 s, and five of a minute. */
	ATF_REQUIRE_EQ(102000 + 5 * 60000,
	    IL_GET(fd, ILLUMOS_TCP_ABORT_THRESHOLD));
	(void)pd_connect(t, fd);
	pd_pass(t, 1799 * PD_SEC / 10);
	pd_forget(t);
	STATE(TCPS_SYN_SENT);
	pd_pass(t, PD_SEC / 5);
	STATE(GONE);
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
	/* Of two hours, and eight minutes. */
	ATF_REQUIRE_EQ(7200000, IL_GET(pd_socket(t),
	    ILLUMOS_TCP_KEEPALIVE_THRESHOLD));
	ATF_REQUIRE_EQ(480000, IL_GET(pd_socket(t),
	    ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD));
}

/* Retransmission and keepalive have a threshold each. */
PD_TEST(abort_and_keepalive)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.always_keepalive", 0);
	pd_sysctl(t, "net.inet.tcp.keepintvl", 75000);
	fd = pd_active(t, 0, 65535);
	IL_SET(fd, ILLUMOS_TCP_ABORT_THRESHOLD, 1000);
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_THRESHOLD, 10000);
	OK(il_set(t, fd, ILLUMOS_SOL_SOCKET, ILLUMOS_SO_KEEPALIVE, 1));
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_THRESHOLD, 10000);
	pd_sysctl(t, "compat.illumos.tcp_keepalive_abort_interval", 100000);
	EXPECT_IN(10 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(75 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(25 * PD_SEC, "R. 1:1(0) ack 1");
	/* Unsigned: more than 24 days. */
	fd = pd_socket(t);
	IL_SET(fd, ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD, -1);
	ATF_REQUIRE_EQ(-1, IL_GET(fd, ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cork_waits);
	ATF_TP_ADD_TC(tp, cork_window);
	ATF_TP_ADD_TC(tp, abort_never);
	ATF_TP_ADD_TC(tp, conn_abort_never);
	ATF_TP_ADD_TC(tp, thresholds);
	ATF_TP_ADD_TC(tp, abort_and_keepalive);
	return (atf_no_error());
}

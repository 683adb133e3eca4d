/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The peer's window (RFC 9293, 3.8.6): closed windows and their probes, updates
 * that are lost, small windows; and keepalive (3.8.4).
 */
#include "pkt.h"

/* Text of ours waits for a window of 0. */
static int
closed(struct pd *t, size_t n)
{
	int fd = pd_active(t, 0, 1000);

	SEND(fd, 1000);
	EXPECT("P. 1:1001(1000) ack 1");
	INJECT(". 1:1(0) ack 1001 win 0");
	NOTHING();
	SEND(fd, n);
	NOTHING();
	return (fd);
}

/* One byte, 5 s apart at first, then twice as long, up to 60 s. */
PD_TEST(probes)
{
	static const uint64_t s[] = { 5, 10, 20, 40, 60, 60, 60 };
	u_int i;

	(void)closed(t, 500);
	for (i = 0; i < nitems(s); i++) {
		EXPECT_IN(s[i] * PD_SEC, ". 1001:1002(1) ack 1");
		INJECT(". 1:1(0) ack 1001 win 0");
		NOTHING();
	}
	STATE(TCPS_ESTABLISHED);
}

/* A peer that answers keeps the connection for ever (RFC 9293, 3.8.6.1). */
PD_TEST(probes_for_ever)
{
	int fd = closed(t, 500), i;

	for (i = 0; i < 4000; i++) {
		pd_pass(t, 10 * PD_SEC);
		if (pd_pending(t) == 0)
			continue;
		pd_forget(t);
		INJECT(". 1:1(0) ack 1001 win 0");
		NOTHING();
	}
	STATE(TCPS_ESTABLISHED);
	INJECT(". 1:1(0) ack 1001 win 65535");
	EXPECT("P. 1001:1501(500) ack 1");
	OK(SO_ERR(fd));
}

/* The window opens: all goes, as if nothing had been. */
PD_TEST(opens)
{
	(void)closed(t, 3000);
	EXPECT_IN(5 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 0");
	ADVANCE(3 * PD_SEC);
	INJECT(". 1:1(0) ack 1001 win 65535");
	EXPECT(". 1001:2461(1460) ack 1");
	EXPECT(". 2461:3921(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 3921 win 65535");
	EXPECT("P. 3921:4001(80) ack 1");
	INJECT(". 1:1(0) ack 4001 win 65535");
	ADVANCE(60 * PD_SEC);
}

/* The probe's byte was taken. */
PD_TEST(probe_acked)
{
	(void)closed(t, 500);
	EXPECT_IN(5 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1002 win 0");
	NOTHING();
	EXPECT_IN(10 * PD_SEC, ". 1002:1003(1) ack 1");
	INJECT(". 1:1(0) ack 1002 win 65535");
	EXPECT("P. 1002:1501(499) ack 1");
	INJECT(". 1:1(0) ack 1501 win 65535");
	ADVANCE(60 * PD_SEC);
}

/* The update that opens the window is lost: the next probe finds out. */
PD_TEST(lost_update)
{
	(void)closed(t, 500);
	EXPECT_IN(5 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1002 win 64000");
	EXPECT("P. 1002:1501(499) ack 1");
}

/* After an opening the probes begin with 5 s again. */
PD_TEST(closes_again)
{
	int fd = closed(t, 500);

	EXPECT_IN(5 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 0");
	EXPECT_IN(10 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 500");
	EXPECT("P. 1001:1501(500) ack 1");
	INJECT(". 1:1(0) ack 1501 win 0");
	SEND(fd, 500);
	EXPECT_IN(5 * PD_SEC, ". 1501:1502(1) ack 1");
}

/* A window that closes on text in flight is no reason to stop sending it
 * again (RFC 9293, 3.8.6.2.1), nor the end. */
PD_TEST(closes_on_flight)
{
	int fd = pd_active(t, 0, 3000);

	SEND(fd, 2920);
	EXPECT(". 1:1461(1460) ack 1");
	EXPECT("P. 1461:2921(1460) ack 1");
	INJECT(". 1:1(0) ack 1461 win 0");
	pd_pass(t, 10 * PD_SEC);
	ATF_REQUIRE(pd_pending(t) > 0);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1461 win 1460");
	pd_pass(t, 10 * PD_SEC);
	EXPECT_LATE("P. 1461:2921(1460) ack 1");
	pd_forget(t);
	INJECT(". 1:1(0) ack 2921 win 1460");
	NOTHING();
}

/* A FIN waits behind the closed window like any byte. */
PD_TEST(fin_waits)
{
	int fd = closed(t, 500);

	OK(pd_shutdown(t, fd, SHUT_WR));
	NOTHING();
	EXPECT_IN(5 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 65535");
	EXPECT("FP. 1001:1501(500) ack 1");
	INJECT(". 1:1(0) ack 1502 win 65535");
	STATE(TCPS_FIN_WAIT_2);
}

/* Nobody has the descriptor any more: after persmax without progress the
 * connection is given up. */
PD_TEST(orphan)
{
	int fd = closed(t, 500);

	OK(pd_close(t, fd));
	pd_pass(t, 3600 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
}

PD_TEST(variables)
{
	pd_sysctl(t, "net.inet.tcp.persmin", 1000);
	pd_sysctl(t, "net.inet.tcp.persmax", 3000);
	(void)closed(t, 500);
	EXPECT_IN(1 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 0");
	EXPECT_IN(2 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 0");
	EXPECT_IN(3 * PD_SEC, ". 1001:1002(1) ack 1");
	INJECT(". 1:1(0) ack 1001 win 0");
	EXPECT_IN(3 * PD_SEC, ". 1001:1002(1) ack 1");
}

/* ---- Windows that are small ---- */

/* Silly window avoidance: less than a segment, and less than half of the
 * largest window seen, waits (RFC 9293, 3.8.6.2.1); not for ever. */
PD_TEST(small_window)
{
	int fd = pd_active(t, 0, 10000);

	SEND(fd, 8760);
	pd_forget(t);
	INJECT(". 1:1(0) ack 8761 win 100");
	SEND(fd, 5000);
	NOTHING();
	pd_pass(t, 5 * PD_SEC);
	EXPECT_LATE(". 8761:8861(100) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 8861 win 100");
	NOTHING();
	INJECT(". 1:1(0) ack 8861 win 2000");
	EXPECT(". 8861:10321(1460) ack 1");
	NOTHING();
}

/* Half of the largest window there ever was is worth a segment. */
PD_TEST(half_window)
{
	int fd = pd_active(t, 0, 1000);

	SEND(fd, 5000);
	EXPECT(". 1:1001(1000) ack 1");
	INJECT(". 1:1(0) ack 1001 win 499");
	NOTHING();
	INJECT(". 1:1(0) ack 1001 win 500");
	EXPECT(". 1001:1501(500) ack 1");
}

/* The window's right edge rules, and old segments do not move it (RFC 9293,
 * 3.10.7.4: SND.WL1, SND.WL2). */
PD_TEST(old_update)
{
	int fd = pd_active(t, 0, 1000);

	INJECT("P. 1:11(10) ack 1 win 2000");
	ATF_REQUIRE_EQ(2000, (int)pd_tcpcb(t)->snd_wnd);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 11");
	INJECT(". 11:11(0) ack 101 win 1800");
	ATF_REQUIRE_EQ(1800, (int)pd_tcpcb(t)->snd_wnd);
	/* From before the last: not taken. */
	INJECT(". 11:11(0) ack 1 win 50000");
	ATF_REQUIRE_EQ(1800, (int)pd_tcpcb(t)->snd_wnd);
	INJECT("P. 1:11(10) ack 101 win 50001");
	ATF_REQUIRE_EQ(1800, (int)pd_tcpcb(t)->snd_wnd);
	pd_forget(t);
	/* The same again, but larger: taken. */
	INJECT(". 11:11(0) ack 101 win 1900");
	ATF_REQUIRE_EQ(1900, (int)pd_tcpcb(t)->snd_wnd);
}

/* ---- Keepalive ---- */

#define	PROBE	". 0:0(0) ack 1"

PD_TEST(keepalive)
{
	int fd = pd_active(t, 0, 65535), i;

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	EXPECT_IN(7200 * PD_SEC, PROBE);
	for (i = 1; i < 8; i++)
		EXPECT_IN(75 * PD_SEC, PROBE);
	EXPECT_IN(75 * PD_SEC, "R. 1:1(0) ack 1 win 0");
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* Without the option too: net.inet.tcp.always_keepalive. */
PD_TEST(keepalive_always)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.always_keepalive", 0);
	fd = pd_active(t, 0, 65535);
	ADVANCE(7300 * PD_SEC);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	pd_use(t, 1);
	pd_sysctl(t, "net.inet.tcp.always_keepalive", 1);
	(void)pd_active(t, 0, 65535);
	pd_pass(t, 7200 * PD_SEC);
	ATF_REQUIRE(pd_pending(t) > 0);
	pd_forget(t);
}

PD_TEST(keepalive_options)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPINTVL, 3));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPCNT, 2));
	EXPECT_IN(10 * PD_SEC, PROBE);
	EXPECT_IN(3 * PD_SEC, PROBE);
	EXPECT_IN(3 * PD_SEC, "R. 1:1(0) ack 1 win 0");
	STATE(GONE);
	RECV_ERR(fd, ETIMEDOUT);
}

/* An answer begins it anew; so does any segment. */
PD_TEST(keepalive_answered)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPINTVL, 3));
	EXPECT_IN(10 * PD_SEC, PROBE);
	ADVANCE(1 * PD_SEC);
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	EXPECT_IN(10 * PD_SEC, PROBE);
	EXPECT_IN(3 * PD_SEC, PROBE);
	INJECT("P. 1:2(1) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 2");
	EXPECT_IN(10 * PD_SEC - 40 * PD_MSEC, ". 0:0(0) ack 2");
	INJECT(". 2:2(0) ack 1 win 65535");
	ADVANCE(9 * PD_SEC);
	INJECT(". 2:2(0) ack 1 win 65535");
	EXPECT_IN(10 * PD_SEC, ". 0:0(0) ack 2");
	RECV(fd, 1);
}

PD_TEST(keepalive_ts)
{
	int fd = pd_active(t, PD_ALL, 65535);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	EXPECT_IN(10 * PD_SEC,
	    ". 0:0(0) ack 1 win 1027 <nop,nop,TS val 10100 ecr 7>");
}

/* The peer's probes are answered, with or without a byte of garbage. */
PD_TEST(keepalive_of_peer)
{
	int fd = pd_active(t, 0, 65535);

	INJECT(". 0:0(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	INJECT(". 0:1(1) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	RECV_NOTHING(fd);
}

/* Not while we only wait for the peer's FIN, nor in TIME-WAIT. */
PD_TEST(keepalive_fin_wait_2)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(100 * PD_SEC);
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	ADVANCE(60 * PD_SEC);
	STATE(GONE);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, probes);
	ATF_TP_ADD_TC(tp, probes_for_ever);
	ATF_TP_ADD_TC(tp, opens);
	ATF_TP_ADD_TC(tp, probe_acked);
	ATF_TP_ADD_TC(tp, lost_update);
	ATF_TP_ADD_TC(tp, closes_again);
	ATF_TP_ADD_TC(tp, closes_on_flight);
	ATF_TP_ADD_TC(tp, fin_waits);
	ATF_TP_ADD_TC(tp, orphan);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, small_window);
	ATF_TP_ADD_TC(tp, half_window);
	ATF_TP_ADD_TC(tp, old_update);
	ATF_TP_ADD_TC(tp, keepalive);
	ATF_TP_ADD_TC(tp, keepalive_always);
	ATF_TP_ADD_TC(tp, keepalive_options);
	ATF_TP_ADD_TC(tp, keepalive_answered);
	ATF_TP_ADD_TC(tp, keepalive_ts);
	ATF_TP_ADD_TC(tp, keepalive_of_peer);
	ATF_TP_ADD_TC(tp, keepalive_fin_wait_2);
	return (atf_no_error());
}

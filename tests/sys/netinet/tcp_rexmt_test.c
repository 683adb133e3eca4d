/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The retransmission timeout (RFC 6298) and what follows it (RFC 5681).
 *
 *	RTO = max(30 ms, SRTT + 4 RTTVAR) * 2^n + 200 ms, at most 64 s
 *
 * A connection of pd_active() has measured 10 us, so its first is 230 ms.
 */
#include "pkt.h"
#include "segs.h"

PD_TEST(backoff)
{
	static const uint64_t ms[] = { 230, 260, 320, 440, 680, 1160, 2120,
	    4040, 7880, 15560, 15560, 15560 };
	int fd = pd_active(t, 0, 65535);
	u_int i;

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	for (i = 0; i < nitems(ms); i++)
		EXPECT_IN(ms[i] * PD_MSEC, "P. 1:101(100) ack 1");
	/* The thirteenth timeout in a row is the end. */
	EXPECT_IN(15560 * PD_MSEC, "R. 101:101(0) ack 1 win 0");
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
	RECV_EOF(fd);
}

PD_TEST(retries)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.retries", 2);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(230 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(260 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(320 * PD_MSEC, "R. 101:101(0) ack 1 win 0");
	RECV_ERR(fd, ETIMEDOUT);
}

PD_TEST(variables)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_min", 1000);
	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_max", 3000);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(1000 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(2000 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(3000 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(3000 * PD_MSEC, "P. 1:101(100) ack 1");
}

/* New connections wait in line for one callout: each one's timers are its
 * own nevertheless, if others leave the line, or would have to stand before
 * those who came earlier. */
PD_TEST(in_line)
{
	int fd[4], i;

	for (i = 0; i < 4; i++) {
		pd_use(t, i);
		if (i == 3)
			pd_sysctl(t, "net.inet.tcp.delacktime", 5);
		fd[i] = pd_socket(t);
		ERR(EINPROGRESS, pd_connect(t, fd[i]));
		EXPECT("S 0:0(0) win 65535 <...>");
		ADVANCE(10 * PD_MSEC);
	}
	OK(pd_close(t, fd[1]));
	for (i = 0; i < 4; i++) {
		pd_use(t, i);
		if (i != 1)
			EXPECT_IN((i == 0 ? 960 : i == 2 ? 20 : 10) * PD_MSEC,
			    "S 0:0(0) win 65535 <...>");
	}
	/* And those of others who come while they wait. */
	pd_use(t, 4);
	pd_sysctl(t, "net.inet.tcp.delacktime", 40);
	(void)pd_active(t, 0, 65535);
	ADVANCE(30 * PD_MSEC);
	pd_use(t, 5);
	(void)pd_active(t, 0, 65535);
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 101");
}

/* ---- Round trips ---- */

/* A connection over a path of 100 ms. */
static int
far_away(struct pd *t)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	ADVANCE(100 * PD_MSEC);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	return (fd);
}

/* SRTT = R, RTTVAR = R/2, then by the formulae of RFC 6298, 2. */
PD_TEST(rtt)
{
	struct tcp_info ti;
	int fd = far_away(t);

	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(100000, ti.tcpi_rtt);
	ATF_REQUIRE_EQ(50000, ti.tcpi_rttvar);
	ATF_REQUIRE_EQ(500000, ti.tcpi_rto);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	ADVANCE(100 * PD_MSEC);
	INJECT(". 1:1(0) ack 101 win 65535");
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(100000, ti.tcpi_rtt);
	ATF_REQUIRE_EQ(37500, ti.tcpi_rttvar);
	SEND(fd, 100);
	EXPECT("P. 101:201(100) ack 1");
	ADVANCE(180 * PD_MSEC);
	INJECT(". 1:1(0) ack 201 win 65535");
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(110000, ti.tcpi_rtt);
	ATF_REQUIRE_EQ(48125, ti.tcpi_rttvar);
	ATF_REQUIRE_EQ(110000 + 4 * 48125 + 200000, ti.tcpi_rto);
	SEND(fd, 100);
	EXPECT("P. 201:301(100) ack 1");
	EXPECT_IN(502500, "P. 201:301(100) ack 1");
}

PD_TEST(rtt_passive)
{
	struct tcp_info ti;
	int fd, lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	ADVANCE(100 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(100000, ti.tcpi_rtt);
	ATF_REQUIRE_EQ(50000, ti.tcpi_rttvar);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(500 * PD_MSEC, "P. 1:101(100) ack 1");
}

/* An ACK of new data starts the timer anew (RFC 6298, 5.3). */
PD_TEST(restart)
{
	int fd = far_away(t);

	SEND(fd, 2920);
	EXPECT(SEG(0));
	EXPECT(LASTSEG(1));
	ADVANCE(100 * PD_MSEC);
	INJECT(ACK(1));
	EXPECT_IN(450 * PD_MSEC, LASTSEG(1));
}

/* More data does not (5.1), nor does a duplicate ACK. */
PD_TEST(no_restart)
{
	int fd = far_away(t);

	SEND(fd, 1460);
	EXPECT(LASTSEG(0));
	ADVANCE(200 * PD_MSEC);
	SEND(fd, 1460);
	EXPECT(LASTSEG(1));
	ADVANCE(200 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT_IN(100 * PD_MSEC, SEG(0));
}

/* When all is acknowledged it is off (5.2). */
PD_TEST(off)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	INJECT(". 1:1(0) ack 101 win 65535");
	ADVANCE(600 * PD_SEC);
}

/* The ACK of what was sent twice is no measurement (Karn; RFC 6298, 3), and
 * until there is one the timeout stays as long as it became (5). */
PD_TEST(karn)
{
	struct tcp_info ti;
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(230 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(260 * PD_MSEC, "P. 1:101(100) ack 1");
	ADVANCE(150 * PD_MSEC);
	INJECT(". 1:1(0) ack 101 win 65535");
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(10, ti.tcpi_rtt);
	SEND(fd, 100);
	EXPECT("P. 101:201(100) ack 1");
	EXPECT_IN(320 * PD_MSEC, "P. 101:201(100) ack 1");
	INJECT(". 1:1(0) ack 201 win 65535");
	SEND(fd, 100);
	EXPECT("P. 201:301(100) ack 1");
	ADVANCE(10);
	INJECT(". 1:1(0) ack 301 win 65535");
	SEND(fd, 100);
	EXPECT("P. 301:401(100) ack 1");
	EXPECT_IN(230 * PD_MSEC, "P. 301:401(100) ack 1");
}

/* ---- After a timeout ---- */

/* One segment, then slow start over what was lost. */
PD_TEST(slow_start)
{
	int fd = pd_active(t, 0, 65535), i;

	SEND(fd, 10 * MSS);
	for (i = 0; i < 9; i++)
		EXPECT(SEG(i));
	EXPECT(LASTSEG(9));
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	ATF_REQUIRE_EQ(MSS, (int)pd_tcpcb(t)->snd_cwnd);
	NOTHING();
	INJECT(ACK(1));
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
	INJECT(ACK(2));
	EXPECT(SEG(3));
	EXPECT(SEG(4));
	NOTHING();
	/* One ACK opens the window by no more than a segment now. */
	INJECT(ACK(5));
	EXPECT(SEG(5));
	EXPECT(SEG(6));
	EXPECT(SEG(7));
	EXPECT(SEG(8));
	NOTHING();
	INJECT(ACK(10));
	NOTHING();
	ADVANCE(60 * PD_SEC);
}

/* The first was only late: what the ACK covers is not sent again. */
PD_TEST(late_ack)
{
	int fd = pd_active(t, 0, 65535), i;

	SEND(fd, 5 * MSS);
	for (i = 0; i < 4; i++)
		EXPECT(SEG(i));
	EXPECT(LASTSEG(4));
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(5));
	NOTHING();
	ADVANCE(60 * PD_SEC);
	SEND(fd, 100);
	EXPECT("P. 7301:7401(100) ack 1");
}

/* Nothing new leaves before what was lost (RFC 5681, 3.1), unless it is for
 * F-RTO, which is in tcp_undo_test.c. */
PD_TEST(new_data_waits)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 2 * MSS);
	EXPECT(SEG(0));
	EXPECT(LASTSEG(1));
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	SEND(fd, 100);
	NOTHING();
	INJECT(ACK(1));
	EXPECT(SEG(1));
	NOTHING();
	INJECT(ACK(2));
	EXPECT("P. 2921:3021(100) ack 1");
}

/* What the peer has SACKed is not sent again. */
PD_TEST(sacked)
{
	int fd = pd_active(t, PD_SACK, 65535), i;

	SEND(fd, 5 * MSS);
	for (i = 0; i < 4; i++)
		EXPECT(SEG(i));
	EXPECT(LASTSEG(4));
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:4381>");
	NOTHING();
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(3));
	EXPECT(SEG(3));
	EXPECT(LASTSEG(4));
	INJECT(ACK(5));
	ADVANCE(60 * PD_SEC);
}

/* Unless it has not acknowledged it in its turn (RFC 2018, 8). */
PD_TEST(reneged)
{
	int fd = pd_active(t, PD_SACK, 65535), i;

	SEND(fd, 4 * MSS);
	for (i = 0; i < 3; i++)
		EXPECT(SEG(i));
	EXPECT(LASTSEG(3));
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:4381>");
	INJECT(ACK(1));
	NOTHING();
	EXPECT_IN(230 * PD_MSEC, SEG(1));
	INJECT(ACK(2));
	EXPECT(SEG(2));
	EXPECT(LASTSEG(3));
}

/* The peer's window is smaller than before: what it has no room for waits,
 * but not for ever. */
PD_TEST(shrunken_window)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 3 * MSS);
	EXPECT(SEG(0));
	EXPECT(SEG(1));
	EXPECT(LASTSEG(2));
	INJECT(". 1:1(0) ack 1461 win 1460");
	EXPECT_IN(230 * PD_MSEC, SEG(1));
	NOTHING();
}

/* Small segments become one when sent again. */
PD_TEST(repacketize)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	SEND(fd, 10);
	EXPECT("P. 11:21(10) ack 1");
	SEND(fd, 10);
	EXPECT("P. 21:31(10) ack 1");
	pd_pass(t, 230 * PD_MSEC);
	ATF_REQUIRE(pd_pending(t) > 0);
	pd_forget(t);
	INJECT(". 1:1(0) ack 31 win 65535");
	NOTHING();
}

/* The listener's side: text sent into a handshake that loses its ACK. */
PD_TEST(text_is_ack_of_synack)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	ADVANCE(10);
	INJECT("P. 1:101(100) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 101");
}

/* After an idle time the window is the initial one again (RFC 5681, 4.1). */
PD_TEST(idle)
{
	int fd = pd_active(t, 0, 65535), i;

	SEND(fd, 20 * MSS);
	for (i = 0; i < 10; i++)
		EXPECT(SEG(i));
	INJECT(ACK(10));
	for (i = 10; i < 19; i++)
		EXPECT(SEG(i));
	EXPECT(LASTSEG(19));
	INJECT(ACK(20));
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd > 10 * MSS);
	ADVANCE(229 * PD_MSEC);
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd > 10 * MSS);
	ADVANCE(10 * PD_MSEC);
	SEND(fd, 20 * MSS);
	for (i = 20; i < 30; i++)
		EXPECT(SEG(i));
	NOTHING();
	ATF_REQUIRE_EQ(10 * MSS, (int)pd_tcpcb(t)->snd_cwnd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, backoff);
	ATF_TP_ADD_TC(tp, retries);
	ATF_TP_ADD_TC(tp, in_line);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, rtt);
	ATF_TP_ADD_TC(tp, rtt_passive);
	ATF_TP_ADD_TC(tp, restart);
	ATF_TP_ADD_TC(tp, no_restart);
	ATF_TP_ADD_TC(tp, off);
	ATF_TP_ADD_TC(tp, karn);
	ATF_TP_ADD_TC(tp, slow_start);
	ATF_TP_ADD_TC(tp, late_ack);
	ATF_TP_ADD_TC(tp, new_data_waits);
	ATF_TP_ADD_TC(tp, sacked);
	ATF_TP_ADD_TC(tp, reneged);
	ATF_TP_ADD_TC(tp, shrunken_window);
	ATF_TP_ADD_TC(tp, repacketize);
	ATF_TP_ADD_TC(tp, text_is_ack_of_synack);
	ATF_TP_ADD_TC(tp, idle);
	return (atf_no_error());
}

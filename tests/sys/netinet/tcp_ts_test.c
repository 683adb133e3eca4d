/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Time stamps (RFC 7323): which one is echoed, what they say of the round
 * trip, and what is too old (PAWS).
 */
#include "pkt.h"

#define	TS(val, ecr)	"<nop,nop,TS val " #val " ecr " #ecr ">"
#define	DELACK		(40 * PD_MSEC)

/* The echo is of the segment that the ACK is for: the first of those that
 * wait for it (RFC 7323, 4.3). */
PD_TEST(echo_delayed)
{
	(void)pd_active(t, PD_ALL, 65535);
	INJECT(". 1:1449(1448) ack 1 win 512 " TS(10, 100));
	ADVANCE(5 * PD_MSEC);
	INJECT(". 1449:2897(1448) ack 1 win 512 " TS(15, 100));
	EXPECT(". 1:1(0) ack 2897 " TS(105, 10));
	/* From then on, later ones. */
	INJECT("P. 2897:2907(10) ack 1 win 512 " TS(20, 100));
	EXPECT_IN(DELACK, ". 1:1(0) ack 2907 " TS(145, 20));
}

/* What is out of order is not echoed; what fills the gap is. */
PD_TEST(echo_out_of_order)
{
	(void)pd_active(t, PD_ALL, 65535);
	INJECT("P. 11:21(10) ack 1 win 512 " TS(20, 100));
	EXPECT(". 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7,"
	    "nop,nop,sack 11:21>");
	INJECT("P. 31:41(10) ack 1 win 512 " TS(30, 100));
	EXPECT(". 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7,"
	    "nop,nop,sack 31:41 11:21>");
	INJECT("P. 1:11(10) ack 1 win 512 " TS(25, 100));
	EXPECT(". 1:1(0) ack 21 <nop,nop,TS val 100 ecr 25,"
	    "nop,nop,sack 31:41>");
	/* Older than the one that was echoed, and in the window. */
	INJECT("P. 21:31(10) ack 1 win 512 " TS(40, 100));
	EXPECT(". 1:1(0) ack 41 " TS(100, 40));
}

/* An ACK without text counts as well. */
PD_TEST(echo_of_ack)
{
	int fd = pd_active(t, PD_ALL, 65535);

	INJECT(". 1:1(0) ack 1 win 512 " TS(50, 100));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 " TS(100, 50));
}

/* ---- PAWS ---- */

PD_TEST(paws)
{
	int fd = pd_active(t, PD_ALL, 65535);

	INJECT("P. 1:11(10) ack 1 win 512 " TS(1000, 100));
	EXPECT_IN(DELACK, ". 1:1(0) ack 11 " TS(140, 1000));
	/* In the window, but from long ago: answered, not taken. */
	INJECT("P. 11:21(10) ack 1 win 512 " TS(999, 100));
	EXPECT(". 1:1(0) ack 11 " TS(140, 1000));
	INJECT("F. 11:11(0) ack 1 win 512 " TS(999, 100));
	STATE(TCPS_ESTABLISHED);
	pd_forget(t);
	RECV(fd, 10);
	RECV_NOTHING(fd);
	/* The same time is not older. */
	INJECT("P. 11:21(10) ack 1 win 512 " TS(1000, 100));
	RECV(fd, 10);
	EXPECT_IN(DELACK, ". 1:1(0) ack 21 " TS(180, 1000));
}

/* An old ACK is not taken either, and needs no answer. */
PD_TEST(paws_ack)
{
	int fd = pd_active(t, PD_ALL, 512);

	INJECT(". 1:1(0) ack 1 win 512 " TS(1000, 100));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 " TS(100, 1000));
	INJECT(". 1:1(0) ack 11 win 100 " TS(999, 100));
	NOTHING();
	ATF_REQUIRE_EQ(512 << 7, (int)pd_tcpcb(t)->snd_wnd);
	ATF_REQUIRE_EQ(t->c->iss + 1, pd_tcpcb(t)->snd_una);
	INJECT(". 1:1(0) ack 11 win 512 " TS(1001, 100));
}

/* Time stamps are numbers modulo 2^32. */
PD_TEST(paws_wraps)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,"
	    "TS val 4294967290 ecr 100>");
	EXPECT(". 1:1(0) ack 1 " TS(100, 4294967290));
	INJECT("P. 1:11(10) ack 1 win 512 " TS(5, 100));
	RECV(fd, 10);
	EXPECT_IN(DELACK, ". 1:1(0) ack 11 " TS(140, 5));
	INJECT("P. 11:21(10) ack 1 win 512 " TS(4294967295, 100));
	EXPECT(". 1:1(0) ack 11 " TS(140, 5));
	RECV_NOTHING(fd);
}

/* A reset is taken whatever its time stamp (RFC 7323, 5.2). */
PD_TEST(paws_reset)
{
	int fd = pd_active(t, PD_ALL, 65535);

	INJECT(". 1:1(0) ack 1 win 512 " TS(1000, 100));
	INJECT("R. 1:1(0) ack 1 win 0 " TS(1, 100));
	STATE(GONE);
	RECV_ERR(fd, ECONNRESET);
}

/* After 24 days of silence the last time stamp says nothing (5.5). */
PD_TEST(paws_idle)
{
	const uint64_t day = 24 * 3600 * PD_SEC;
	int fd;

	pd_sysctl(t, "net.inet.tcp.always_keepalive", 0);
	fd = pd_active(t, PD_ALL, 65535);
	INJECT(". 1:1(0) ack 1 win 512 " TS(1000, 100));
	ADVANCE(24 * day);
	INJECT("P. 1:11(10) ack 1 win 512 " TS(500, 100));
	pd_forget(t);
	RECV_NOTHING(fd);
	ADVANCE(1 * day);
	INJECT("P. 1:11(10) ack 1 win 512 " TS(501, 100));
	RECV(fd, 10);
	pd_pass(t, DELACK);
	EXPECT_LATE(". 1:1(0) ack 11 <nop,nop,TS val * ecr 501>");
}

/* Segments without the time stamp that was agreed on (RFC 7323, 3.2). */
PD_TEST(missing)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.tolerate_missing_ts", 0);
	fd = pd_active(t, PD_ALL, 65535);
	INJECT("P. 1:11(10) ack 1 win 512");
	NOTHING();
	ADVANCE(PD_SEC);
	RECV_NOTHING(fd);
	pd_sysctl(t, "net.inet.tcp.tolerate_missing_ts", 1);
	INJECT("P. 1:11(10) ack 1 win 512");
	RECV(fd, 10);
	EXPECT_IN(DELACK, ". 1:1(0) ack 11 <nop,nop,TS val * ecr 7>");
	/* Resets need none. */
	pd_sysctl(t, "net.inet.tcp.tolerate_missing_ts", 0);
	INJECT("R 11:11(0) win 0");
	STATE(GONE);
}

/* Time stamps that were not agreed on are ignored. */
PD_TEST(not_agreed)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:11(10) ack 1 win 512 " TS(1000, 100));
	INJECT("P. 11:21(10) ack 1 win 512 " TS(1, 100));
	EXPECT(". 1:1(0) ack 21");
	RECV(fd, 20);
}

/* ---- Round trips ---- */

/* An echo is a measurement even of what was sent twice (4.1). */
PD_TEST(rtt_of_echo)
{
	struct tcp_info ti;
	int fd = pd_active(t, PD_ALL, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1 " TS(100, 7));
	EXPECT_IN(230 * PD_MSEC, "P. 1:101(100) ack 1 " TS(330, 7));
	ADVANCE(80 * PD_MSEC);
	INJECT(". 1:1(0) ack 101 win 512 " TS(8, 330));
	pd_info(t, fd, &ti);
	/* 7/8 * 10 us + 1/8 * 80 ms, in milliseconds. */
	ATF_REQUIRE(ti.tcpi_rtt >= 9900 && ti.tcpi_rtt <= 10200);
}

/* An echo of what we never sent measures nothing. */
PD_TEST(rtt_of_nonsense)
{
	struct tcp_info ti;
	int fd = pd_active(t, PD_ALL, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1 " TS(100, 7));
	ADVANCE(10 * PD_MSEC);
	INJECT(". 1:1(0) ack 101 win 512 " TS(8, 100000));
	pd_info(t, fd, &ti);
	ATF_REQUIRE(ti.tcpi_rtt < 20000);
	SEND(fd, 100);
	EXPECT("P. 101:201(100) ack 1 " TS(110, 8));
	INJECT(". 1:1(0) ack 201 win 512 " TS(9, 0));
	pd_info(t, fd, &ti);
	ATF_REQUIRE(ti.tcpi_rtt < 20000);
}

/* ---- Where they start ---- */

/* Each connection's elsewhere; with ts_offset_per_conn=0 each host's. */
PD_TEST(offsets)
{
	uint32_t first;
	int i;

	(void)pd_active(t, PD_TS, 65535);
	first = t->c->ts_first;
	pd_use(t, 1);
	(void)pd_active(t, PD_TS, 65535);
	ATF_REQUIRE(t->c->ts_first - first > 1000);
	pd_sysctl(t, "net.inet.tcp.ts_offset_per_conn", 0);
	for (i = 2; i < 4; i++) {
		pd_use(t, i);
		(void)pd_active(t, PD_TS, 65535);
		if (i == 2)
			first = t->c->ts_first;
	}
	ATF_REQUIRE_EQ(first, t->c->ts_first);
}

/* Initial sequence numbers differ too, and grow with time (RFC 6528). */
PD_TEST(isn)
{
	uint32_t iss;

	(void)pd_active(t, 0, 65535);
	iss = t->c->iss;
	pd_use(t, 1);
	(void)pd_active(t, 0, 65535);
	ATF_REQUIRE(t->c->iss - iss > 1000 && iss - t->c->iss > 1000);
	/* The same connection again, 4 us per number. */
	pd_use(t, 2);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460>");
	iss = t->c->iss;
	INJECT("R 1:1(0) win 0");
	ADVANCE(4 * PD_SEC);
	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460>");
	ATF_REQUIRE_EQ(1000000, t->c->iss - iss);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, echo_delayed);
	ATF_TP_ADD_TC(tp, echo_out_of_order);
	ATF_TP_ADD_TC(tp, echo_of_ack);
	ATF_TP_ADD_TC(tp, paws);
	ATF_TP_ADD_TC(tp, paws_ack);
	ATF_TP_ADD_TC(tp, paws_wraps);
	ATF_TP_ADD_TC(tp, paws_reset);
	ATF_TP_ADD_TC(tp, paws_idle);
	ATF_TP_ADD_TC(tp, missing);
	ATF_TP_ADD_TC(tp, not_agreed);
	ATF_TP_ADD_TC(tp, rtt_of_echo);
	ATF_TP_ADD_TC(tp, rtt_of_nonsense);
	ATF_TP_ADD_TC(tp, offsets);
	ATF_TP_ADD_TC(tp, isn);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Large segments that the interface cuts: on the wire they must look as if
 * TCP had cut them.
 */
#include "pkt.h"
#include "segs.h"

PD_TEST(window)
{
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10 * MSS);
	ATF_REQUIRE_EQ(1, t->ncut);
	for (i = 0; i < 9; i++)
		EXPECT(SEG(i));
	EXPECT("P. 13141:14601(1460) ack 1");
	NOTHING();
}

/* What is no full segment leaves behind the large one, or is held by Nagle's
 * algorithm if something was in flight before. */
PD_TEST(nagle)
{
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 4 * MSS + 100);
	for (i = 0; i < 4; i++)
		EXPECT(SEG(i));
	EXPECT("P. 5841:5941(100) ack 1");
	SEND(fd, MSS + 100);
	EXPECT(". 5941:7401(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 7401 win 65535");
	EXPECT("P. 7401:7501(100) ack 1");
}

PD_TEST(time_stamps)
{
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, PD_ALL, 65535);
	SEND(fd, 5 * 1448);
	ATF_REQUIRE_EQ(1, t->ncut);
	for (i = 0; i < 5; i++)
		EXPECT("%s %d:%d(1448) ack 1 <nop,nop,TS val 100 ecr 7>",
		    i < 4 ? "." : "P.", 1 + i * 1448, 1449 + i * 1448);
}

/* The FIN stands on the last one only. */
PD_TEST(fin)
{
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, 0, 1000);
	SEND(fd, 5 * MSS);
	EXPECT(". 1:1001(1000) ack 1");
	OK(pd_shutdown(t, fd, SHUT_WR));
	INJECT(". 1:1(0) ack 1001 win 65535");
	for (i = 0; i < 4; i++)
		EXPECT(". %d:%d(%d) ack 1", 1001 + i * MSS,
		    1001 + (i + 1) * MSS, MSS);
	EXPECT("FP. 6841:7301(460) ack 1");
	INJECT(". 1:1(0) ack 7302 win 65535");
	STATE(TCPS_FIN_WAIT_2);
}

/* What is lost out of the middle goes again by itself. */
PD_TEST(sack)
{
	int fd;

	pd_settso(t);
	fd = pd_active(t, PD_SACK, 65535);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	INJECT(". 1:1(0) ack 4381 win 65535");
	INJECT(". 1:1(0) ack 4381 win 65535 <nop,nop,sack 5841:14601>");
	EXPECT(SEG(3));
	NOTHING();
	INJECT(". 1:1(0) ack 14601 win 65535");
	ADVANCE(60 * PD_SEC);
}

/* Without SACK: one segment, not all that was sent in one piece. */
PD_TEST(dupacks)
{
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	for (i = 0; i < 3; i++)
		INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT(SEG(0));
	NOTHING();
}

/* After a timeout, too. */
PD_TEST(timeout)
{
	int fd;

	pd_settso(t);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	NOTHING();
	INJECT(". 1:1(0) ack 1461 win 65535");
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
}

/* SACK blocks are of this moment: segments that carry them are not cut. */
PD_TEST(sack_blocks)
{
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, PD_SACK, 65535);
	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:201>");
	SEND(fd, 4 * 1448);
	for (i = 0; i < 4; i++)
		EXPECT("%s %d:%d(1448) ack 1 <nop,nop,sack 101:201>",
		    i < 3 ? "." : "P.", 1 + i * 1448, 1449 + i * 1448);
}

PD_TEST(off)
{
	int fd, i;

	pd_settso(t);
	pd_sysctl(t, "net.inet.tcp.tso", 0);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 4 * MSS + 1);
	for (i = 0; i < 4; i++)
		EXPECT(SEG(i));
	EXPECT("P. 5841:5842(1) ack 1");
	ATF_REQUIRE_EQ(0, t->ncut);
}

/* A path that takes less than the interface. */
PD_TEST(toobig)
{
	const int mss = t->af == AF_INET ? 1260 : 1240;
	int fd;

	pd_settso(t);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 4 * MSS);
	pd_forget(t);
	pd_toobig(t, 1300, 1);
	while (pd_pending(t) > 1)
		(void)pd_take(t);
	ATF_REQUIRE_EQ(1, pd_pending(t));
	pd_forget(t);
	INJECT(". 1:1(0) ack 5841 win 65535");
	SEND(fd, 2 * mss);
	EXPECT(". 5841:%d(%d) ack 1", 5841 + mss, mss);
	EXPECT("P. %d:%d(%d) ack 1", 5841 + mss, 5841 + 2 * mss, mss);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, window);
	ATF_TP_ADD_TC(tp, nagle);
	ATF_TP_ADD_TC(tp, time_stamps);
	ATF_TP_ADD_TC(tp, fin);
	ATF_TP_ADD_TC(tp, sack);
	ATF_TP_ADD_TC(tp, dupacks);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, sack_blocks);
	ATF_TP_ADD_TC(tp, off);
	ATF_TP_ADD_TC(tp, toobig);
	return (atf_no_error());
}

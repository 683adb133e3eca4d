/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Loss recovery without a timeout: fast retransmit by SACK (RFC 6675) and by
 * duplicate ACKs (RFC 5681, RFC 6582), limited transmit (RFC 3042), and how
 * much leaves while it lasts (RFC 9937), with newreno's halving.
 */
#include "pkt.h"
#include "segs.h"

/* A connection with ten segments in flight, and more to send. */
static int
ten(struct pd *t, int opts, int more)
{
	int fd, i;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
	fd = pd_active(t, opts, 65535);
	SEND(fd, (10 + more) * MSS);
	for (i = 0; i < 9; i++)
		EXPECT(SEG(i));
	if (more != 0)
		EXPECT(SEG(9));
	else
		EXPECT(LASTSEG(9));
	NOTHING();
	return (fd);
}

/* ---- By SACK ---- */

PD_TEST(sack)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	NOTHING();
	/* More than two segments above it are there: it is lost. */
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	NOTHING();
	INJECT(ACK(10));
	NOTHING();
	ADVANCE(60 * PD_SEC);
}

/* As many segments in three ranges are enough, too. */
PD_TEST(sack_ranges)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 2, 3));
	INJECT(SACK2(0, 4, 5, 2, 3));
	NOTHING();
	INJECT(SACK2(0, 6, 7, 4, 5));
	EXPECT(SEG(0));
}

/* Even if they are small. */
PD_TEST(sack_small_ranges)
{
	int fd, i;

	fd = pd_active(t, PD_SACK, 65535);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 7; i++)
		SEND(fd, 10);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 31:41 11:21>");
	NOTHING();
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 51:61 31:41 11:21>");
	EXPECT(". 1:11(10) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 71 win 65535");
	NOTHING();
}

/* One ACK that says it all (its predecessors were lost) is enough. */
PD_TEST(sack_once)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 5));
	EXPECT(SEG(0));
	NOTHING();
}

/* The same ACK three times tells nothing new: RFC 6675 counts bytes. */
PD_TEST(sack_repeated)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 2));
	NOTHING();
}

/* Each hole goes once; what is SACKed does not. */
PD_TEST(sack_holes)
{
	int i;

	(void)ten(t, PD_SACK, 0);
	/* Lost: 0, 3 and 4. */
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	INJECT(SACK2(0, 5, 6, 1, 3));
	EXPECT(SEG(0));
	NOTHING();
	for (i = 7; i <= 10; i++)
		INJECT(SACK2(0, 5, i, 1, 3));
	EXPECT(SEG(3));
	EXPECT(SEG(4));
	NOTHING();
	INJECT(SACK(3, 5, 10));
	NOTHING();
	INJECT(SACK(4, 5, 10));
	NOTHING();
	INJECT(ACK(10));
	ADVANCE(60 * PD_SEC);
}

/* The first two ACKs each let a new segment go (RFC 3042). */
PD_TEST(sack_limited_transmit)
{
	(void)ten(t, PD_SACK, 10);
	INJECT(SACK(0, 1, 2));
	EXPECT(SEG(10));
	INJECT(SACK(0, 1, 3));
	EXPECT(SEG(11));
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	NOTHING();
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
}

/*
 * Proportional rate reduction (RFC 9937, 6.2) from ten segments to five,
 *
 *	sndcnt = ceil(delivered * 5 / 10) - out
 *
 * while more than five are in flight; then as many as leave the network.
 */
PD_TEST(sack_prr)
{
	(void)ten(t, PD_SACK, 12);
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	INJECT(SACK(0, 1, 4));		/* delivered 1, 8 in flight */
	EXPECT(SEG(0));
	INJECT(SACK(0, 1, 5));		/* 2: 1 - 1 */
	INJECT(SACK(0, 1, 6));		/* 3: 1.5 - 1 */
	NOTHING();
	INJECT(SACK(0, 1, 7));		/* 4: 2 - 1 */
	EXPECT(SEG(12));
	INJECT(SACK(0, 1, 8));		/* 5: 2.5 - 2 */
	NOTHING();
	INJECT(SACK(0, 1, 9));		/* five in flight */
	NOTHING();
	INJECT(SACK(0, 1, 10));
	EXPECT(SEG(13));
	INJECT(SACK(0, 1, 11));
	EXPECT(SEG(14));
	INJECT(SACK(0, 1, 12));
	EXPECT(SEG(15));
	NOTHING();
	/* All of it: congestion avoidance with five. */
	INJECT(ACK(12));
	EXPECT(SEG(16));
	NOTHING();
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_cwnd);
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
}

/* When much is lost at once, what is in flight is soon below the new window:
 * it grows back by two for each one, not all at once. */
PD_TEST(sack_prr_heavy)
{
	(void)ten(t, PD_SACK, 12);
	INJECT(SACK(0, 7, 8));
	INJECT(SACK(0, 7, 9));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	INJECT(SACK(0, 7, 10));		/* 0 to 6 are lost */
	EXPECT(SEG(0));
	NOTHING();
	INJECT(SACK(1, 7, 10));
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	INJECT(SACK(2, 7, 10));
	EXPECT(SEG(3));
	EXPECT(SEG(4));
	INJECT(SACK(3, 7, 10));
	EXPECT(SEG(5));
	INJECT(SACK(4, 7, 10));
	EXPECT(SEG(6));
	NOTHING();
	INJECT(SACK(5, 7, 10));
	EXPECT(SEG(12));
	NOTHING();
}

/* A retransmission that is lost as well is found by what is SACKed of later
 * segments. */
PD_TEST(sack_lost_again)
{
	int i, n;

	(void)ten(t, PD_SACK, 12);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	for (i = 5; i <= 10; i++)
		INJECT(SACK(0, 1, i));
	n = pd_pending(t);
	ATF_REQUIRE(n >= 3);
	pd_forget(t);
	/* These were sent after it, and have come. */
	INJECT(SACK(0, 1, 11));
	pd_forget(t);
	INJECT(SACK(0, 1, 12));
	pd_forget(t);
	INJECT(SACK(0, 1, 13));
	EXPECT(SEG(0));
	pd_forget(t);
}

/* Not so if nobody looks for it. */
PD_TEST(sack_lost_again_unseen)
{
	int i;

	pd_sysctl(t, "net.inet.tcp.sack.lrd", 0);
	(void)ten(t, PD_SACK, 12);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	for (i = 5; i <= 13; i++)
		INJECT(SACK(0, 1, i));
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_snd_lost);
	ATF_REQUIRE_EQ(2, TAILQ_FIRST(&pd_tcpcb(t)->t_map)->ts_xmits);
	pd_forget(t);
}

/* Conservative reduction: below the threshold no more than was delivered. */
PD_TEST(sack_prr_conservative)
{
	pd_sysctl(t, "net.inet.tcp.do_prr_conservative", 1);
	(void)ten(t, PD_SACK, 12);
	INJECT(SACK(0, 7, 8));
	INJECT(SACK(0, 7, 9));
	pd_forget(t);
	INJECT(SACK(0, 7, 10));		/* 0 to 6 are lost */
	EXPECT(SEG(0));
	NOTHING();
	INJECT(SACK(1, 7, 10));
	EXPECT(SEG(1));
	NOTHING();
	INJECT(SACK(2, 7, 10));
	EXPECT(SEG(2));
	NOTHING();
	pd_forget(t);
}

/* Segments that are lost together go again as one, if that is wanted. */
static u_int
cut_again(struct pd *t, int tso)
{
	u_int n;

	pd_settso(t);
	pd_sysctl(t, "net.inet.tcp.do_prr", 0);
	pd_sysctl(t, "net.inet.tcp.sack.tso", tso);
	(void)ten(t, PD_SACK, 0);
	n = t->ncut;
	INJECT(SACK(0, 4, 10));
	pd_forget(t);
	return (t->ncut - n);
}

PD_TEST(sack_tso_0)
{
	ATF_REQUIRE_EQ(0, cut_again(t, 0));
}

PD_TEST(sack_tso_1)
{
	ATF_REQUIRE(cut_again(t, 1) > 0);
}

/* D-SACKs and nonsense mark nothing (RFC 2883; RFC 2018, 5). */
PD_TEST(sack_nonsense)
{
	int i;

	(void)ten(t, PD_SACK, 0);
	INJECT(ACK(2));
	for (i = 0; i < 4; i++) {
		INJECT(SACK(2, 0, 1));		/* below SND.UNA */
		INJECT(SACK(2, 1, 3));		/* begins below it */
		INJECT(SACK(2, 9, 11));		/* beyond SND.MAX */
		INJECT(SACK(2, 5, 5));		/* empty */
		INJECT(SACK(2, 6, 4));		/* inside out */
		INJECT(SACK(2, 100000, 4));
	}
	NOTHING();
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_snd_sacked);
	ATF_REQUIRE_EQ(8 * MSS, (int)tcp_inflight(pd_tcpcb(t)));
}

/* SACK blocks of a peer that did not agree to SACK do not count. */
PD_TEST(sack_not_agreed)
{
	(void)ten(t, 0, 0);
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	NOTHING();
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_snd_sacked);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
}

/* A SACK in the middle of a segment splits what we remember. */
PD_TEST(sack_partial)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1001:9001>");
	EXPECT(". 1:1001(1000) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 9001 win 65535");
	/* A partial ACK, nothing SACKed, nothing new: the rescue. */
	EXPECT("P. 13141:14601(1460) ack 1");
	INJECT(ACK(10));
}

/* The end is rescued once, and not if RFC 6675 is not wanted. */
PD_TEST(rescue)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	INJECT(ACK(5));
	EXPECT("P. 13141:14601(1460) ack 1");
	INJECT(ACK(6));
	NOTHING();
	INJECT(ACK(10));
}

PD_TEST(rescue_unrevised)
{
	pd_sysctl(t, "net.inet.tcp.sack.revised", 0);
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 4));
	/* Nor is it enough that bytes are SACKed. */
	NOTHING();
	INJECT(SACK(0, 1, 5));
	INJECT(SACK(0, 1, 6));
	EXPECT(SEG(0));
	INJECT(ACK(6));
	NOTHING();
	INJECT(ACK(10));
}

/* Holes beyond the limit are not believed; those there stay. */
PD_TEST(maxholes)
{
	pd_sysctl(t, "net.inet.tcp.sack.maxholes", 2);
	(void)ten(t, PD_SACK, 0);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,"
	    "sack 13141:14601 10221:11681 7301:8761 4381:5841>");
	ATF_REQUIRE_EQ(2 * MSS, (int)pd_tcpcb(t)->t_snd_sacked);
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, "net.inet.tcp.sack.globalholes"));
	pd_forget(t);
	INJECT(ACK(10));
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, "net.inet.tcp.sack.globalholes"));
}

PD_TEST(globalmaxholes)
{
	pd_sysctl(t, "net.inet.tcp.sack.globalmaxholes", 1);
	(void)ten(t, PD_SACK, 0);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,"
	    "sack 13141:14601 10221:11681 7301:8761 4381:5841>");
	ATF_REQUIRE_EQ(MSS, (int)pd_tcpcb(t)->t_snd_sacked);
	/* What touches a range that is there makes none. */
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 11681:14601>");
	ATF_REQUIRE_EQ(2 * MSS, (int)pd_tcpcb(t)->t_snd_sacked);
	pd_forget(t);
}

/* Many blocks with each ACK, four of them, and none lost from the books. */
PD_TEST(sack_four_blocks)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,"
	    "sack 13141:14601 10221:11681 7301:8761 4381:5841>");
	ATF_REQUIRE_EQ(4 * MSS, (int)pd_tcpcb(t)->t_snd_sacked);
	EXPECT(SEG(0));
	pd_forget(t);
}

/* What was sent twice gives no round trip when it is SACKed either. */
PD_TEST(sack_karn)
{
	struct tcp_info ti;
	int fd = ten(t, PD_SACK, 0);

	/* 0 and 1 are lost, and sent again. */
	INJECT(SACK(0, 2, 5));
	EXPECT(SEG(0));
	INJECT(SACK(0, 2, 10));
	EXPECT(SEG(1));
	NOTHING();
	pd_info(t, fd, &ti);
	ATF_REQUIRE(ti.tcpi_rtt <= 10);
	ADVANCE(100 * PD_MSEC);
	INJECT(SACK(0, 1, 10));
	pd_info(t, fd, &ti);
	ATF_REQUIRE(ti.tcpi_rtt <= 10);
	pd_forget(t);
}

/* ---- By duplicate ACKs ---- */

PD_TEST(dupacks)
{
	(void)ten(t, 0, 0);
	INJECT(ACK(0));
	INJECT(ACK(0));
	NOTHING();
	INJECT(ACK(0));
	EXPECT(SEG(0));
	NOTHING();
	INJECT(ACK(0));
	INJECT(ACK(0));
	NOTHING();
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
	INJECT(ACK(10));
	NOTHING();
	ADVANCE(60 * PD_SEC);
}

PD_TEST(dupacks_limited_transmit)
{
	(void)ten(t, 0, 10);
	INJECT(ACK(0));
	EXPECT(SEG(10));
	INJECT(ACK(0));
	EXPECT(SEG(11));
	INJECT(ACK(0));
	EXPECT(SEG(0));
	NOTHING();
}

PD_TEST(dupacks_no_limited_transmit)
{
	pd_sysctl(t, "net.inet.tcp.rfc3042", 0);
	(void)ten(t, 0, 10);
	INJECT(ACK(0));
	INJECT(ACK(0));
	NOTHING();
	INJECT(ACK(0));
	EXPECT(SEG(0));
}

/* Without SACK and even without options. */
PD_TEST(dupacks_noopt)
{
	int fd = pd_socket(t), i, mss;

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOOPT, 1));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535");
	ADVANCE(10);
	INJECT("S. 0:0(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	mss = t->af == AF_INET ? 536 : 1220;
	SEND(fd, 5 * mss);
	for (i = 0; i < 5; i++)
		EXPECT("%s %d:%d(%d) ack 1", i < 4 ? "." : "P.", 1 + i * mss,
		    1 + (i + 1) * mss, mss);
	INJECT(ACK(0));
	INJECT(ACK(0));
	NOTHING();
	INJECT(ACK(0));
	EXPECT(". 1:%d(%d) ack 1", 1 + mss, mss);
	NOTHING();
}

/* NewReno: a partial ACK says that the next one is lost too (RFC 6582). */
PD_TEST(partial_ack)
{
	int i;

	(void)ten(t, 0, 0);
	for (i = 0; i < 3; i++)
		INJECT(ACK(0));
	EXPECT(SEG(0));
	for (i = 0; i < 4; i++)
		INJECT(ACK(0));
	NOTHING();
	INJECT(ACK(3));
	EXPECT(SEG(3));
	NOTHING();
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	INJECT(ACK(6));
	EXPECT(SEG(6));
	NOTHING();
	INJECT(ACK(10));
	NOTHING();
	ATF_REQUIRE(!IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	ADVANCE(60 * PD_SEC);
}

/* With more to send: each duplicate is one segment that has left, and is not
 * counted again when a partial ACK covers it (RFC 6582; RFC 9937, 6.1). */
PD_TEST(partial_ack_dupacks)
{
	int i;

	(void)ten(t, 0, 12);
	for (i = 0; i < 11; i++)
		INJECT(ACK(0));
	/* Two by limited transmit, the lost one, four for the later ones. */
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	EXPECT(SEG(0));
	pd_forget(t);
	INJECT(ACK(5));
	EXPECT(SEG(5));
	ATF_REQUIRE(pd_pending(t) <= 1);
	pd_forget(t);
	INJECT(ACK(12));
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd >= 4 * MSS);
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd <= 5 * MSS);
	pd_forget(t);
}

/* The window is reduced once, however many were lost. */
PD_TEST(one_reduction)
{
	int i;

	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
	for (i = 6; i <= 10; i++)
		INJECT(SACK2(0, 5, i, 1, 4));
	pd_forget(t);
	INJECT(SACK(4, 5, 10));
	pd_forget(t);
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
	INJECT(ACK(10));
	NOTHING();
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
}

/* Duplicates that are none: with text, another window, FIN, or nothing in
 * flight (RFC 5681, 2). */
PD_TEST(no_dupacks)
{
	int i;

	(void)ten(t, 0, 0);
	for (i = 0; i < 6; i++)
		INJECT("P. %d:%d(10) ack 1 win 65535", 1 + i * 10,
		    11 + i * 10);
	for (i = 0; i < 6; i++)
		INJECT(". 61:61(0) ack 1 win %d", 65000 - i);
	/* Acknowledgments only. */
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_sndrexmitpack);
	pd_forget(t);
	INJECT(". 61:61(0) ack 14601 win 65535");
	for (i = 0; i < 6; i++)
		INJECT(". 61:61(0) ack 14601 win 65535");
	NOTHING();
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_dupacks);
}

/* After a timeout the duplicates of what was sent again are no new loss
 * (RFC 6582, 3.2, step 4.1: "recover"). */
PD_TEST(dupacks_after_timeout)
{
	int i;

	(void)ten(t, 0, 0);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(5));
	EXPECT(SEG(5));
	EXPECT(SEG(6));
	for (i = 0; i < 5; i++)
		INJECT(ACK(5));
	ATF_REQUIRE(!IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd <= 3 * MSS);
	pd_forget(t);
}

/* A timeout ends a recovery, and begins from the front. */
PD_TEST(timeout_in_recovery)
{
	(void)ten(t, PD_SACK, 0);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	ATF_REQUIRE_EQ(MSS, (int)pd_tcpcb(t)->snd_cwnd);
	ATF_REQUIRE(!IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	INJECT(ACK(4));
	EXPECT(SEG(4));
	EXPECT(SEG(5));
	NOTHING();
}

/* The last of all: fewer than three come after it, and only the timer
 * helps; the FIN in flight is no obstacle. */
PD_TEST(tail)
{
	int fd = ten(t, PD_SACK, 0);

	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 14601:14601(0) ack 1");
	INJECT(SACK(8, 9, 10));
	NOTHING();
	EXPECT_IN(230 * PD_MSEC, SEG(8));
	INJECT(ACK(10));
	pd_pass(t, 300 * PD_MSEC);
	INJECT(". 1:1(0) ack 14602 win 65535");
	pd_forget(t);
	STATE(TCPS_FIN_WAIT_2);
}

/* With SACK blocks up to the end of a FIN. */
PD_TEST(sack_fin)
{
	int fd = ten(t, PD_SACK, 0);

	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 14601:14601(0) ack 1");
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:14602>");
	EXPECT(SEG(0));
	NOTHING();
	INJECT(". 1:1(0) ack 14602 win 65535");
	STATE(TCPS_FIN_WAIT_2);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, sack);
	ATF_TP_ADD_TC(tp, sack_ranges);
	ATF_TP_ADD_TC(tp, sack_small_ranges);
	ATF_TP_ADD_TC(tp, sack_once);
	ATF_TP_ADD_TC(tp, sack_repeated);
	ATF_TP_ADD_TC(tp, sack_holes);
	ATF_TP_ADD_TC(tp, sack_limited_transmit);
	ATF_TP_ADD_TC(tp, sack_prr);
	ATF_TP_ADD_TC(tp, sack_prr_heavy);
	ATF_TP_ADD_TC(tp, sack_lost_again);
	ATF_TP_ADD_TC(tp, sack_lost_again_unseen);
	ATF_TP_ADD_TC(tp, sack_prr_conservative);
	ATF_TP_ADD_TC(tp, sack_tso_0);
	ATF_TP_ADD_TC(tp, sack_tso_1);
	ATF_TP_ADD_TC(tp, sack_nonsense);
	ATF_TP_ADD_TC(tp, sack_not_agreed);
	ATF_TP_ADD_TC(tp, sack_partial);
	ATF_TP_ADD_TC(tp, rescue);
	ATF_TP_ADD_TC(tp, rescue_unrevised);
	ATF_TP_ADD_TC(tp, maxholes);
	ATF_TP_ADD_TC(tp, globalmaxholes);
	ATF_TP_ADD_TC(tp, sack_four_blocks);
	ATF_TP_ADD_TC(tp, sack_karn);
	ATF_TP_ADD_TC(tp, dupacks);
	ATF_TP_ADD_TC(tp, dupacks_limited_transmit);
	ATF_TP_ADD_TC(tp, dupacks_no_limited_transmit);
	ATF_TP_ADD_TC(tp, dupacks_noopt);
	ATF_TP_ADD_TC(tp, partial_ack);
	ATF_TP_ADD_TC(tp, partial_ack_dupacks);
	ATF_TP_ADD_TC(tp, one_reduction);
	ATF_TP_ADD_TC(tp, no_dupacks);
	ATF_TP_ADD_TC(tp, dupacks_after_timeout);
	ATF_TP_ADD_TC(tp, timeout_in_recovery);
	ATF_TP_ADD_TC(tp, tail);
	ATF_TP_ADD_TC(tp, sack_fin);
	return (atf_no_error());
}

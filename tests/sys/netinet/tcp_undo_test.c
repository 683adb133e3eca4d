/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Losses that were none, and what is taken back then: Eifel (RFC 3522),
 * F-RTO (RFC 5682), and D-SACK (RFC 3708).
 *
 * Ten segments are in flight, and ten more wait.  With time stamps a segment
 * carries 1448 bytes, and our stamp is 100 as the ten leave.
 */
#include "pkt.h"
#include "segs.h"

#define	TSMSS	1448

#define	TSSEG(i)	". %d:%d(%d) ack 1 <nop,nop,TS val * ecr 7>",	\
	    1 + (i) * TSMSS, 1 + ((i) + 1) * TSMSS, TSMSS
#define	TSACK(n, ecr)							\
	". 1:1(0) ack %d win 65535 <nop,nop,TS val 7 ecr %d>",		\
	    1 + (n) * TSMSS, (ecr)

static int
ten(struct pd *t, int opts, const char *cc, int more)
{
	int fd, i, mss = (opts & PD_TS) != 0 ? TSMSS : MSS;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", cc);
	fd = pd_active(t, opts, 65535);
	SEND(fd, (10 + more) * mss);
	for (i = 0; i < 10; i++)
		pd_skip(t);
	NOTHING();
	return (fd);
}

static uint64_t
undone(struct pd *t)
{
	uint64_t n;

	CURVNET_SET(t->vnet);
	n = V_tcpstat.tcps_sndrexmitbad;
	CURVNET_RESTORE();
	return (n);
}

/* Slow start: cwnd and ssthresh were 10 segments and none. */
static void
windows(struct pd *t, u_int cwnd, bool ssthresh)
{
	const struct tcpcb *tp = pd_tcpcb(t);

	ATF_REQUIRE_EQ_MSG(cwnd, tp->snd_cwnd, "cwnd is %u, not %u",
	    tp->snd_cwnd, cwnd);
	ATF_REQUIRE_EQ(ssthresh, tp->snd_ssthresh < 1000 * MSS);
	ATF_REQUIRE(!IN_RECOVERY(tp->t_flags));
	ATF_REQUIRE_EQ(0, tp->t_snd_lost);
}

/* ---- Eifel ---- */

/* The ACK of the first one was late, and says so. */
PD_TEST(eifel)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	ATF_REQUIRE_EQ(TSMSS, (int)pd_tcpcb(t)->snd_cwnd);
	INJECT(TSACK(1, 100));
	/* As if there had been no timeout: one acknowledged, and growth. */
	EXPECT(TSSEG(10));
	EXPECT(TSSEG(11));
	NOTHING();
	windows(t, 11 * TSMSS, false);
	ATF_REQUIRE_EQ(1, undone(t));
	INJECT(TSACK(2, 100));
	EXPECT(TSSEG(12));
	EXPECT(TSSEG(13));
	NOTHING();
}

/* It echoes what was sent again: the timeout was right. */
PD_TEST(eifel_right)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	INJECT(TSACK(1, 330));
	EXPECT(TSSEG(1));
	EXPECT(TSSEG(2));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
}

/* Only the first new ACK can tell. */
PD_TEST(eifel_second)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	INJECT(TSACK(1, 330));
	pd_forget(t);
	INJECT(TSACK(2, 100));
	ATF_REQUIRE_EQ(0, undone(t));
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd < 10 * TSMSS);
	pd_forget(t);
}

/* After two timeouts the first one's time counts. */
PD_TEST(eifel_backed_off)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	EXPECT_IN(260 * PD_MSEC, TSSEG(0));
	INJECT(TSACK(1, 100));
	EXPECT(TSSEG(10));
	EXPECT(TSSEG(11));
	NOTHING();
	windows(t, 11 * TSMSS, false);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_rxtshift);
}

/* And it is the first one that was sent again that is echoed. */
PD_TEST(eifel_backed_off_right)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	EXPECT_IN(260 * PD_MSEC, TSSEG(0));
	INJECT(TSACK(1, 330));
	EXPECT(TSSEG(1));
	EXPECT(TSSEG(2));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
}

/* All at once: perhaps a window of ACKs was lost (RFC 3522, 3.2, step 5). */
PD_TEST(eifel_all)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 0);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	INJECT(TSACK(10, 100));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
}

/* A peer that sends D-SACKs has sent none: so it was not that. */
PD_TEST(eifel_all_dsacks)
{
	int fd = ten(t, PD_SACK | PD_TS, "newreno", 0);

	INJECT(TSACK(10, 100));
	INJECT(". 1:1(0) ack %d win 65535 <nop,nop,TS val 7 ecr 100,nop,nop,"
	    "sack 1:1449>", 1 + 10 * TSMSS);
	SEND(fd, 5 * TSMSS);
	pd_forget(t);
	pd_pass(t, 230 * PD_MSEC);
	EXPECT_LATE(TSSEG(10));
	INJECT(TSACK(15, 100));
	ATF_REQUIRE_EQ(1, undone(t));
}

/* One that comes with it says that the first one had arrived. */
PD_TEST(eifel_dsack)
{
	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, TSSEG(0));
	INJECT(". 1:1(0) ack %d win 65535 <nop,nop,TS val 7 ecr 100,nop,nop,"
	    "sack 1:701>", 1 + 2 * TSMSS);
	ATF_REQUIRE_EQ(0, undone(t));
	pd_forget(t);
}

/* A segment that overtakes three others: recovery ends as they come. */
PD_TEST(eifel_reordered)
{
	int i;

	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	ADVANCE(5 * PD_MSEC);
	for (i = 2; i <= 4; i++)
		INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 7 ecr 100,"
		    "nop,nop,sack %d:%d>", 1 + TSMSS, 1 + i * TSMSS);
	EXPECT(TSSEG(10));
	EXPECT(TSSEG(11));
	EXPECT(TSSEG(0));
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	INJECT(TSACK(4, 100));
	windows(t, 12 * TSMSS, false);
	ATF_REQUIRE_EQ(1, undone(t));
	EXPECT(TSSEG(12));
	EXPECT(TSSEG(13));
	EXPECT(TSSEG(14));
	EXPECT(TSSEG(15));
	NOTHING();
}

/* It was lost, and that is repaired: the window stays as it became. */
PD_TEST(eifel_lost)
{
	int i;

	(void)ten(t, PD_SACK | PD_TS, "newreno", 10);
	ADVANCE(5 * PD_MSEC);
	for (i = 2; i <= 4; i++)
		INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 7 ecr 100,"
		    "nop,nop,sack %d:%d>", 1 + TSMSS, 1 + i * TSMSS);
	pd_forget(t);
	INJECT(TSACK(4, 105));
	ATF_REQUIRE_EQ(0, undone(t));
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	pd_forget(t);
}

/* cubic's curve goes on, too, after a timeout in the midst of recovery,
 * which also does. */
PD_TEST(eifel_in_recovery)
{
	const struct tcpcb *tp;
	uint32_t cwnd, ssthresh;
	int i;

	(void)ten(t, PD_SACK | PD_TS, "cubic", 10);
	ADVANCE(5 * PD_MSEC);
	for (i = 2; i <= 5; i++)
		INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 7 ecr 100,"
		    "nop,nop,sack %d:%d>", 1 + TSMSS, 1 + i * TSMSS);
	tp = pd_tcpcb(t);
	cwnd = tp->snd_cwnd;
	ssthresh = tp->snd_ssthresh;
	pd_pass(t, 500 * PD_MSEC);
	pd_forget(t);
	ATF_REQUIRE(!IN_RECOVERY(tp->t_flags));
	ATF_REQUIRE_EQ(TSMSS, (int)tp->snd_cwnd);
	INJECT(TSACK(1, 105));
	ATF_REQUIRE_EQ(1, undone(t));
	ATF_REQUIRE(IN_FASTRECOVERY(tp->t_flags));
	ATF_REQUIRE_EQ(ssthresh, tp->snd_ssthresh);
	ATF_REQUIRE(tp->snd_cwnd <= cwnd + TSMSS);
	pd_forget(t);
}

#define	TSSACK(n, a, b, ecr)						\
	". 1:1(0) ack %d win 65535 <nop,nop,TS val 7 ecr %d,nop,nop,"	\
	"sack %d:%d>", 1 + (n) * TSMSS, (ecr), 1 + (a) * TSMSS,		\
	1 + (b) * TSMSS
#define	TSSACK2(n, a, b, c, d, ecr)					\
	". 1:1(0) ack %d win 65535 <nop,nop,TS val 7 ecr %d,nop,nop,"	\
	"sack %d:%d %d:%d>", 1 + (n) * TSMSS, (ecr), 1 + (a) * TSMSS,	\
	1 + (b) * TSMSS, 1 + (c) * TSMSS, 1 + (d) * TSMSS

/* Recovery begins while the first segment missing is on its way again from
 * the recovery before: that its ACK echoes a time from before this one says
 * nothing. */
PD_TEST(eifel_sent_before)
{
	int i;

	pd_sysctl(t, "net.inet.tcp.sendspace", 100000);
	(void)ten(t, PD_SACK | PD_TS, "newreno", 20);
	pd_pass(t, 10 * PD_MSEC);
	/* 0 is lost, and then 12, which goes again 20 ms after the start. */
	for (i = 2; i <= 12; i++)
		INJECT(TSSACK(0, 1, i, 100));
	pd_pass(t, 10 * PD_MSEC);
	for (i = 14; i <= 16; i++)
		INJECT(TSSACK2(0, 13, i, 1, 12, 110));
	ATF_REQUIRE(SEQ_GEQ(pd_tcpcb(t)->snd_max, pd_tcpcb(t)->snd_una +
	    16 * TSMSS));
	pd_pass(t, 10 * PD_MSEC);
	INJECT(TSSACK(12, 13, 16, 110));
	ATF_REQUIRE(!IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	/* 16 is. */
	for (i = 18; i <= 20; i++)
		INJECT(TSSACK2(12, 17, i, 13, 16, 110));
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	pd_pass(t, 10 * PD_MSEC);
	INJECT(TSSACK(16, 17, 20, 120));
	ATF_REQUIRE_EQ(0, undone(t));
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	pd_forget(t);
}

/* ---- F-RTO ---- */

/* Two new ones leave, and then the rest of the old ones is there. */
PD_TEST(frto)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(1));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
	INJECT(ACK(2));
	ATF_REQUIRE_EQ(1, undone(t));
	/* Twelve by then (step 2), and one for the ACK. */
	EXPECT(SEG(12));
	EXPECT(SEG(13));
	NOTHING();
	windows(t, 12 * MSS, false);
}

/* They make duplicates: all that went once is lost. */
PD_TEST(frto_right)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(1));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	INJECT(ACK(1));
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd <= 3 * MSS);
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
	INJECT(ACK(2));
	EXPECT(SEG(3));
	pd_forget(t);
}

/* A duplicate comes first: no test (2.1, step 2a). */
PD_TEST(frto_dupack)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(0));
	EXPECT(SEG(1));
	NOTHING();
	INJECT(ACK(1));
	EXPECT(SEG(2));
	pd_forget(t);
}

/* The ACK covers everything: what was wrong does not matter. */
PD_TEST(frto_all)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(10));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	EXPECT(SEG(12));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
}

/* Nothing new to send: as ever. */
PD_TEST(frto_no_new)
{
	(void)ten(t, 0, "newreno", 0);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(1));
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
}

/* Nor may it be sent. */
PD_TEST(frto_no_window)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(". 1:1(0) ack %d win %d", 1 + MSS, 9 * MSS);
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
}

/* A second timeout of the same segment: only what RFC 6298 says. */
PD_TEST(frto_backed_off)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	EXPECT_IN(260 * PD_MSEC, SEG(0));
	INJECT(ACK(1));
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
}

/* And one while the first is being repaired (2.1, step 1). */
PD_TEST(frto_again)
{
	(void)ten(t, 0, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(0));
	INJECT(ACK(1));
	pd_forget(t);
	pd_tcpcb(t)->t_rxtshift = 0;
	pd_pass(t, 300 * PD_MSEC);
	pd_forget(t);
	ATF_REQUIRE_EQ(1, pd_tcpcb(t)->t_rxtshift);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_flags2 & TF2_FRTO);
}

/* With SACK duplicates before the first new ACK tell nothing (3.1, step 2),
 * and one that SACKs what went once, before the timeout, is enough. */
PD_TEST(frto_sack)
{
	(void)ten(t, PD_SACK, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(SACK(0, 1, 2));
	NOTHING();
	INJECT(ACK(2));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	NOTHING();
	INJECT(SACK(2, 3, 4));
	ATF_REQUIRE_EQ(1, undone(t));
	pd_forget(t);
}

/* What SACKs only the new ones says that the rest is lost. */
PD_TEST(frto_sack_right)
{
	(void)ten(t, PD_SACK, "newreno", 10);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(1));
	EXPECT(SEG(10));
	EXPECT(SEG(11));
	INJECT(SACK(1, 10, 11));
	EXPECT(SEG(1));
	EXPECT(SEG(2));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
	INJECT(SACK(1, 10, 12));
	EXPECT(SEG(3));
	NOTHING();
}

/* ---- D-SACK ---- */

/* The one that was sent again came twice: after recovery, too. */
PD_TEST(dsack)
{
	(void)ten(t, PD_SACK, "newreno", 10);
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	NOTHING();
	INJECT(ACK(10));
	pd_forget(t);
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
	ATF_REQUIRE_EQ(0, undone(t));
	INJECT(SACK(10, 0, 1));
	ATF_REQUIRE_EQ(1, undone(t));
	windows(t, 10 * MSS, false);
	pd_forget(t);
	/* Once. */
	INJECT(SACK(10, 0, 1));
	ATF_REQUIRE_EQ(1, undone(t));
}

/* Two were, and one of them was lost indeed. */
PD_TEST(dsack_half)
{
	(void)ten(t, PD_SACK, "newreno", 0);
	INJECT(SACK(0, 2, 8));
	INJECT(SACK(0, 2, 10));
	ATF_REQUIRE_EQ(2 * MSS, (int)pd_tcpcb(t)->t_sndrexmitpack * MSS);
	pd_forget(t);
	INJECT(ACK(10));
	INJECT(SACK(10, 0, 1));
	ATF_REQUIRE_EQ(0, undone(t));
	/* What exactly came twice is not looked at, bytes are counted. */
	INJECT(SACK(10, 5, 6));
	ATF_REQUIRE_EQ(1, undone(t));
}

/* Three pass one, and it comes right behind them: nothing was sent again that
 * could come twice. */
PD_TEST(arrived)
{
	(void)ten(t, PD_SACK, "newreno", 0);
	BATCH_BEGIN();
	INJECT(SACK(0, 1, 4));
	INJECT(ACK(4));
	BATCH_END();
	NOTHING();
	ATF_REQUIRE_EQ(1, undone(t));
	windows(t, 12 * MSS, false);
}

/* There is another hole. */
PD_TEST(arrived_half)
{
	(void)ten(t, PD_SACK, "newreno", 0);
	BATCH_BEGIN();
	INJECT(SACK2(0, 1, 4, 5, 9));
	INJECT(SACK(4, 5, 9));
	BATCH_END();
	EXPECT(SEG(4));
	NOTHING();
	ATF_REQUIRE_EQ(0, undone(t));
}

/* Above the ACK: within the block that comes after it. */
PD_TEST(dsack_above)
{
	(void)ten(t, PD_SACK, "newreno", 0);
	INJECT(SACK2(0, 4, 5, 2, 10));
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(1, V_tcpstat.tcps_dsack_count);
	ATF_REQUIRE_EQ(MSS, V_tcpstat.tcps_dsack_bytes);
	CURVNET_RESTORE();
	ATF_REQUIRE_EQ(8 * MSS, (int)pd_tcpcb(t)->t_snd_sacked);
	pd_forget(t);
}

/* Of what was never sent again, or not of this connection's numbers. */
PD_TEST(dsack_nonsense)
{
	(void)ten(t, PD_SACK, "newreno", 10);
	INJECT(ACK(2));
	pd_forget(t);
	INJECT(SACK(2, 4, 6));
	INJECT(SACK(2, 3, 6));
	pd_forget(t);
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	INJECT(SACK(2, 0, 1));
	INJECT(SACK(2, -40, 1));
	INJECT(SACK(2, -400000, -300000));
	ATF_REQUIRE_EQ(0, undone(t));
	pd_forget(t);
}

/* What was sent later than anything was sent again came twice: the network
 * did that. */
PD_TEST(dsack_other)
{
	(void)ten(t, PD_SACK, "newreno", 10);
	INJECT(SACK(0, 1, 4));
	pd_forget(t);
	INJECT(ACK(10));
	pd_forget(t);
	INJECT(ACK(12));
	pd_forget(t);
	INJECT(SACK(12, 11, 12));
	ATF_REQUIRE_EQ(0, undone(t));
	INJECT(SACK(12, 0, 1));
	ATF_REQUIRE_EQ(1, undone(t));
	pd_forget(t);
}

/* A mark of ECN: whatever was lost or not, there is congestion. */
PD_TEST(dsack_ecn)
{
	struct tcpcb *tp;
	struct vnet *saved;

	(void)ten(t, PD_SACK, "newreno", 0);
	INJECT(SACK(0, 1, 4));
	pd_forget(t);
	INJECT(ACK(10));
	tp = pd_tcpcb(t);
	saved = vnet_enter(t->vnet);
	cc_cong_signal(tp, tp->snd_una, CC_ECN);
	vnet_leave(saved);
	INJECT(SACK(10, 0, 1));
	ATF_REQUIRE_EQ(0, undone(t));
}

/* A window later it is too late. */
PD_TEST(dsack_late)
{
	int fd = ten(t, PD_SACK, "newreno", 10), i;

	INJECT(SACK(0, 1, 4));
	pd_forget(t);
	INJECT(ACK(10));
	pd_forget(t);
	for (i = 11; i <= 30; i++) {
		INJECT(ACK(i));
		pd_forget(t);
		SEND(fd, MSS);
		pd_forget(t);
	}
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_flags & TF_PREVVALID);
	INJECT(SACK(30, 0, 1));
	ATF_REQUIRE_EQ(0, undone(t));
}

/* After a timeout without time stamps or new text it serves, too. */
PD_TEST(dsack_timeout)
{
	(void)ten(t, PD_SACK, "newreno", 0);
	EXPECT_IN(230 * PD_MSEC, SEG(0));
	INJECT(ACK(10));
	INJECT(SACK(10, 0, 1));
	ATF_REQUIRE_EQ(1, undone(t));
	ATF_REQUIRE(pd_tcpcb(t)->snd_ssthresh > 1000 * MSS);
	ATF_REQUIRE_EQ(10 * MSS, (int)pd_tcpcb(t)->snd_cwnd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, eifel);
	ATF_TP_ADD_TC(tp, eifel_right);
	ATF_TP_ADD_TC(tp, eifel_second);
	ATF_TP_ADD_TC(tp, eifel_backed_off);
	ATF_TP_ADD_TC(tp, eifel_backed_off_right);
	ATF_TP_ADD_TC(tp, eifel_all);
	ATF_TP_ADD_TC(tp, eifel_all_dsacks);
	ATF_TP_ADD_TC(tp, eifel_dsack);
	ATF_TP_ADD_TC(tp, eifel_reordered);
	ATF_TP_ADD_TC(tp, eifel_lost);
	ATF_TP_ADD_TC(tp, eifel_in_recovery);
	ATF_TP_ADD_TC(tp, eifel_sent_before);
	ATF_TP_ADD_TC(tp, frto);
	ATF_TP_ADD_TC(tp, frto_right);
	ATF_TP_ADD_TC(tp, frto_dupack);
	ATF_TP_ADD_TC(tp, frto_all);
	ATF_TP_ADD_TC(tp, frto_no_new);
	ATF_TP_ADD_TC(tp, frto_no_window);
	ATF_TP_ADD_TC(tp, frto_backed_off);
	ATF_TP_ADD_TC(tp, frto_again);
	ATF_TP_ADD_TC(tp, frto_sack);
	ATF_TP_ADD_TC(tp, frto_sack_right);
	ATF_TP_ADD_TC(tp, dsack);
	ATF_TP_ADD_TC(tp, dsack_half);
	ATF_TP_ADD_TC(tp, arrived);
	ATF_TP_ADD_TC(tp, arrived_half);
	ATF_TP_ADD_TC(tp, dsack_above);
	ATF_TP_ADD_TC(tp, dsack_nonsense);
	ATF_TP_ADD_TC(tp, dsack_other);
	ATF_TP_ADD_TC(tp, dsack_ecn);
	ATF_TP_ADD_TC(tp, dsack_late);
	ATF_TP_ADD_TC(tp, dsack_timeout);
	return (atf_no_error());
}

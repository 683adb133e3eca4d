/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Accurate ECN (RFC 9768): every answer to a SYN that asks for it, the ACE
 * field, the option, and each thing that a middlebox may do to them.
 *
 * ACE is written as its flags: A 4, W 2, E 1; it begins at 5, "AE".  The
 * option, kind 172 (ac) or 174 (ae), in hex: ECT(0) from 1, CE from 0,
 * ECT(1) from 1.
 */
#include <netinet/ip.h>

#include "pkt.h"

#define	MSS	1460
#define	ENABLE	"net.inet.tcp.ecn.enable"
#define	OPT0	"hex ac0b000001000000000001,eol"	/* nothing yet */

/* Our SYN is answered by flags with the IP header's tos; ack are the flags
 * of what we say then, and opt its options. */
static int
answered(struct pd *t, int tos, const char *flags, const char *ack,
    const char *opt)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 3);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEWA 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	ADVANCE(PD_RTT);
	INJECT("[tos %d] %s 0:0(0) ack 1 win 65535 <mss 1460>", tos, flags);
	EXPECT("%s 1:1(0) ack 1%s", ack, opt);
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

/* An accurate connection that we asked for. */
static int
active(struct pd *t)
{
	return (answered(t, 0, "S.W", ".W", " <" OPT0 ">"));
}

/* One that the peer asked for; its last ACK has these flags. */
static int
passive_by(struct pd *t, const char *syn, int tos, const char *synack,
    const char *ack)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, ENABLE, 4);
	INJECT("[tos %d] %s 0:0(0) win 65535 <mss 1460>", tos, syn);
	EXPECT("%s 0:0(0) ack 1 win 65535 <mss 1460," OPT0 ">", synack);
	ADVANCE(PD_RTT);
	INJECT("%s 1:1(0) ack 1 win 65535", ack);
	fd = pd_accept(t, lfd);
	ATF_REQUIRE(fd >= 0);
	OK(pd_close(t, lfd));
	return (fd);
}

static int
passive(struct pd *t)
{
	return (passive_by(t, "SEWA", 0, "S.W", ".W"));
}

/* What TCP_INFO says of the agreement. */
static u_int
agreed(struct pd *t, int fd)
{
	struct tcp_info ti;

	pd_info(t, fd, &ti);
	return (ti.tcpi_options & (TCPI_OPT_ECN | TCPI_OPT_ACE));
}

static uint32_t
marks(struct pd *t, int fd)
{
	struct tcp_info ti;

	pd_info(t, fd, &ti);
	return (ti.tcpi_delivered_ce);
}

/* Text leaves as tos, with ACE as flags. */
static void
text(struct pd *t, int fd, int tos, const char *flags)
{
	SEND(fd, 10);
	EXPECT("[tos %d] P%s 1:11(10) ack 1 <...>", tos, flags);
}

/* ---- Answers to our SYN ---- */

PD_TEST(synack_notect)
{
	int fd = active(t);

	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 2, ".EA");
}

/* These say that our SYN arrived with a codepoint that it was not sent
 * with: feedback goes on, but nothing of ours may be marked. */
PD_TEST(synack_ect1)
{
	int fd = answered(t, 0, "S.WE", ".W", " <" OPT0 ">");

	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 0, ".EA");
}

PD_TEST(synack_ect0)
{
	int fd = answered(t, 0, "S.A", ".W", " <" OPT0 ">");

	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 0, ".EA");
}

PD_TEST(synack_ce)
{
	int fd = answered(t, 0, "S.AW", ".W", " <" OPT0 ">");

	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 0, ".EA");
}

/* Reserved: as if the SYN had arrived unchanged. */
PD_TEST(synack_reserved)
{
	int fd = answered(t, 0, "S.AE", ".W", " <" OPT0 ">");

	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 2, ".EA");
}

PD_TEST(synack_classic)
{
	int fd = answered(t, 0, "S.E", ".", "");

	ATF_REQUIRE_EQ(TCPI_OPT_ECN, agreed(t, fd));
	text(t, fd, 2, ".");
}

PD_TEST(synack_none)
{
	int fd = answered(t, 0, "S.", ".", "");

	ATF_REQUIRE_EQ(0, agreed(t, fd));
	text(t, fd, 0, ".");
}

PD_TEST(synack_broken)
{
	int fd = answered(t, 0, "S.AWE", ".", "");

	ATF_REQUIRE_EQ(0, agreed(t, fd));
	text(t, fd, 0, ".");
}

/* How the SYN-ACK came is told by the ACK; CE is counted, too. */
PD_TEST(synack_came_ect1)
{
	text(t, answered(t, 1, "S.W", ".WE", " <" OPT0 ">"), 2, ".EA");
}

PD_TEST(synack_came_ect0)
{
	text(t, answered(t, 2, "S.W", ".A", " <" OPT0 ">"), 2, ".EA");
}

PD_TEST(synack_came_ce)
{
	text(t, answered(t, 3, "S.W", ".AW", " <" OPT0 ">"), 2, ".WA");
}

/* It is told by an ACK of its own, though there is text to send. */
PD_TEST(ack_before_text)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 3);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEWA 0:0(0) win 65535 <...>");
	BATCH_BEGIN();
	INJECT("S.W 0:0(0) ack 1 win 65535 <mss 1460>");
	SEND(fd, 10);
	BATCH_END();
	EXPECT(".W 1:1(0) ack 1 <" OPT0 ">");
	EXPECT("[tos 2] P.EA 1:11(10) ack 1");
}

/* ---- What asks us ---- */

PD_TEST(syn_accurate)
{
	int fd = passive(t);

	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 2, ".EA");
}

/* Enabled for SYNs of ours makes no difference for the peer's. */
PD_TEST(syn_enable_3)
{
	int lfd = pd_listen(t, 5);

	pd_sysctl(t, ENABLE, 3);
	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.W 0:0(0) ack 1 win 65535 <mss 1460," OPT0 ">");
	OK(pd_close(t, lfd));
}

PD_TEST(syn_came)
{
	text(t, passive_by(t, "SEWA", 1, "S.EW", ".W"), 2, ".EA");
	pd_use(t, 1);
	text(t, passive_by(t, "SEWA", 2, "S.A", ".W"), 2, ".EA");
	pd_use(t, 2);
	text(t, passive_by(t, "SEWA", 3, "S.AW", ".W"), 2, ".EA");
}

/* What a later version may ask for is granted as what there is. */
PD_TEST(syn_future)
{
	static const char * const flags[] = { "SA", "SAE", "SAW", "SE",
	    "SW" };
	size_t i;

	for (i = 0; i < nitems(flags); i++) {
		pd_use(t, (int)i);
		text(t, passive_by(t, flags[i], 0, "S.W", ".W"), 2, ".EA");
	}
}

/* ---- The ACK of our SYN-ACK (table 4) ---- */

PD_TEST(third_zero)
{
	int fd = passive_by(t, "SEWA", 0, "S.W", ".");

	/* The field is cleared on the way; feedback goes on. */
	text(t, fd, 0, ".EA");
	INJECT(". 1:1(0) ack 11 win 65535");
	ATF_REQUIRE_EQ(0, marks(t, fd));
}

PD_TEST(third_legal)
{
	static const char * const flags[] = { ".E", ".AE", ".AWE" };
	size_t i;

	for (i = 0; i < nitems(flags); i++) {
		pd_use(t, (int)i);
		text(t, passive_by(t, "SEWA", 0, "S.W", flags[i]), 2, ".EA");
	}
}

/* Our SYN-ACK was not sent with those codepoints. */
PD_TEST(third_mangled)
{
	text(t, passive_by(t, "SEWA", 0, "S.W", ".WE"), 0, ".EA");
	pd_use(t, 1);
	text(t, passive_by(t, "SEWA", 0, "S.W", ".A"), 0, ".EA");
}

PD_TEST(third_ce)
{
	int fd = passive_by(t, "SEWA", 0, "S.W", ".AW");

	ATF_REQUIRE_EQ(1, marks(t, fd));
	text(t, fd, 0, ".EA");
	/* The count goes on from there. */
	INJECT(".AW 1:1(0) ack 11 win 65535");
	ATF_REQUIRE_EQ(1, marks(t, fd));
}

/* The ACK is lost: with text the field is the count. */
PD_TEST(third_text)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, ENABLE, 4);
	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.W 0:0(0) ack 1 win 65535 <...>");
	INJECT("[tos 2] .AE 1:11(10) ack 1 win 65535");
	/* The first that is marked: said at once. */
	EXPECT(".AE 1:1(0) ack 11 <hex ac0b00000b000000000001,eol>");
	fd = pd_accept(t, lfd);
	ATF_REQUIRE_EQ(0, marks(t, fd));
	SEND(fd, 10);
	EXPECT("[tos 2] P.AE 1:11(10) ack 11");
}

/* ---- SYNs lost ---- */

PD_TEST(syn_lost)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 3);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEWA 0:0(0) win 65535 <...>");
	EXPECT_IN(PD_SEC, "SEWA 0:0(0) win 65535 <...>");
	EXPECT_IN(2200 * PD_MSEC, "S 0:0(0) win 65535 <...>");
	/* The answer to an earlier one: feedback, but nothing marked. */
	INJECT("S.W 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(".W 1:1(0) ack 1 <" OPT0 ">");
	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	text(t, fd, 0, ".AE");
}

/* The SYN-ACK goes again without the option, then without ECN. */
PD_TEST(synack_lost)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, ENABLE, 4);
	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.W 0:0(0) ack 1 win 65535 <mss 1460," OPT0 ">");
	EXPECT_IN(PD_SEC, "S.W 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(2 * PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	text(t, fd, 0, ".AE");
}

/* ---- The field ---- */

/* Marks that come: the field is their count, whatever else is sent. */
PD_TEST(ace_receive)
{
	struct tcp_info ti;
	int fd = active(t), i;

	INJECT("[tos 2] .AE 1:1461(1460) ack 1 win 65535");
	EXPECT(".AE 1:1(0) ack 1461 <hex ac0b0005b5000000000001,eol>");
	INJECT("[tos 3] .AE 1461:2921(1460) ack 1 win 65535");
	EXPECT(".AW 1:1(0) ack 2921 <hex ac0b0005b50005b4000001,eol>");
	for (i = 0; i < 2; i++)
		INJECT("[tos 3] .AE %d:%d(1460) ack 1 win 65535",
		    2921 + i * MSS, 2921 + (i + 1) * MSS);
	EXPECT(". 1:1(0) ack 5841 <hex ac0b0005b500111c000001,eol>");
	INJECT("[tos 1] .AE 5841:7301(1460) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 7301 <hex ae0b0005b500111c0005b5,eol>");
	/* Not ECT at all. */
	INJECT(".AE 7301:8761(1460) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 8761");
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 8761");
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(3, ti.tcpi_received_ce);
	ATF_REQUIRE_EQ(MSS, ti.__tcpi_received_e0_bytes);
	ATF_REQUIRE_EQ(MSS, ti.__tcpi_received_e1_bytes);
	ATF_REQUIRE_EQ(3 * MSS, ti.__tcpi_received_ce_bytes);
}

/* A change is told at once; the same again may wait. */
PD_TEST(change_triggered)
{
	int i, seq = 1;
	static const int tos[] = { 2, 3, 2, 3 };

	(void)active(t);
	for (i = 0; i < 4; i++, seq += 100) {
		INJECT("[tos %d] .AE %d:%d(100) ack 1 win 65535", tos[i], seq,
		    seq + 100);
		EXPECT("%s 1:1(0) ack %d <...>", i == 0 ? ".AE" : i < 3 ?
		    ".AW" : ".AWE", seq + 100);
	}
	INJECT("[tos 3] .AE %d:%d(100) ack 1 win 65535", seq, seq + 100);
	NOTHING();
	ADVANCE(39 * PD_MSEC);
	EXPECT_IN(PD_MSEC, ". 1:1(0) ack %d <...>", seq + 100);
}

/* Marked ACKs are answered before the field has gone round, but not each. */
PD_TEST(marked_acks)
{
	(void)active(t);
	INJECT("[tos 3] .AE 1:1(0) ack 1 win 65535");
	INJECT("[tos 3] .AE 1:1(0) ack 1 win 65535");
	NOTHING();
	INJECT("[tos 3] .AE 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
}

/* n full segments. */
static void
expect_window(struct pd *t, uint32_t from, int n, const char *flags)
{
	int i;

	for (i = 0; i < n; i++, from += MSS)
		EXPECT("[tos 2] %s %u:%u(%d) ack 1", flags, from, from + MSS,
		    MSS);
}

/* Feedback: once for a window, no CWR, the count in TCP_INFO. */
PD_TEST(ace_sender)
{
	struct tcpcb *tp;
	int fd;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
	fd = active(t);
	tp = pd_tcpcb(t);
	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	INJECT(".AW 1:1(0) ack 1461 win 65535");
	ATF_REQUIRE_EQ(5 * MSS, tp->snd_cwnd);
	INJECT(".AWE 1:1(0) ack 2921 win 65535");
	ATF_REQUIRE_EQ(5 * MSS, tp->snd_cwnd);
	ATF_REQUIRE_EQ(2, marks(t, fd));
	NOTHING();
	/* 7 to 1 is two more. */
	INJECT(".E 1:1(0) ack 5841 win 65535");
	ATF_REQUIRE_EQ(4, marks(t, fd));
	INJECT(".E 1:1(0) ack 8761 win 65535");
	ATF_REQUIRE_EQ(4, marks(t, fd));
	expect_window(t, 14601, 1, ".AE");
	INJECT(".E 1:1(0) ack 16061 win 65535");
	pd_forget(t);
	ATF_REQUIRE(tp->snd_cwnd >= 5 * MSS);
	INJECT(".W 1:1(0) ack 17521 win 65535");
	pd_forget(t);
	ATF_REQUIRE(tp->snd_cwnd < 4 * MSS);
}

/* Ten acknowledged at once: one more may be nine, so nine it is. */
PD_TEST(ace_wrap)
{
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	INJECT(".AW 1:1(0) ack 14601 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(9, marks(t, fd));
}

/* Unless the option says how many bytes they had. */
PD_TEST(ace_wrap_option)
{
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	INJECT(".AW 1:1(0) ack 14601 win 65535 "
	    "<hex ac0b0033550005b4000001,eol>");
	pd_forget(t);
	ATF_REQUIRE_EQ(1, marks(t, fd));
}

/* Eight of ten look like none without it. */
PD_TEST(ace_wrap_eight)
{
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	INJECT(".AE 1:1(0) ack 14601 win 65535 "
	    "<hex ac0b000b69002da0000001,eol>");
	pd_forget(t);
	ATF_REQUIRE_EQ(8, marks(t, fd));
}

/* What was SACKed before is not acknowledged at once with the rest. */
PD_TEST(ace_sacked)
{
	int fd, i;

	pd_sysctl(t, ENABLE, 3);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEWA 0:0(0) <...>");
	INJECT("S.W 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK>");
	pd_forget(t);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	for (i = 2; i <= 10; i++)
		INJECT(".AE 1:1(0) ack 1 win 65535 <nop,nop,sack %d:%d>",
		    1 + MSS, 1 + i * MSS);
	INJECT(".AE 1:1(0) ack %d win 65535", 1 + 10 * MSS);
	ATF_REQUIRE_EQ(0, marks(t, fd));
	pd_forget(t);
}

/* The field of an ACK that is old says nothing. */
PD_TEST(ace_old)
{
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	INJECT(".AWE 1:1(0) ack 4381 win 65535");
	ATF_REQUIRE_EQ(2, marks(t, fd));
	INJECT(".AE 1:1(0) ack 1461 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(2, marks(t, fd));
}

/* A field of 0 in the first feedback: somebody clears it. */
PD_TEST(ace_zeroed)
{
	int fd = active(t);

	text(t, fd, 2, ".AE");
	INJECT(". 1:1(0) ack 11 win 65535");
	ATF_REQUIRE_EQ(0, marks(t, fd));
	SEND(fd, 10);
	EXPECT("P.AE 11:21(10) ack 1");
	INJECT(".WE 1:1(0) ack 21 win 65535");
	ATF_REQUIRE_EQ(0, marks(t, fd));
}

/* Three marks make it 0, too, and then it is true. */
PD_TEST(ace_three)
{
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	INJECT(". 1:1(0) ack 4381 win 65535");
	ATF_REQUIRE_EQ(3, marks(t, fd));
	pd_forget(t);
}

/* ---- The option ---- */

PD_TEST(option_info)
{
	struct tcp_info ti;
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".AE");
	/* Kind 172, all of it. */
	INJECT(".AE 1:1(0) ack 1461 win 65535 "
	    "<hex ac0b0005b5000000000001,eol>");
	/* Kind 174, without its end. */
	INJECT(".AW 1:1(0) ack 4381 win 65535 <hex ae080005b50005b4>");
	/* None of the counters. */
	INJECT(".AW 1:1(0) ack 5841 win 65535 <hex ac02,nop,nop>");
	pd_forget(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(MSS, ti.__tcpi_delivered_e0_bytes);
	ATF_REQUIRE_EQ(MSS, ti.__tcpi_delivered_e1_bytes);
	ATF_REQUIRE_EQ(MSS, ti.__tcpi_delivered_ce_bytes);
	ATF_REQUIRE_EQ(1, ti.tcpi_delivered_ce);
	/* An old one takes nothing back. */
	INJECT(".AW 1:1(0) ack 7301 win 65535 <hex ac05000001,eol,eol,eol>");
	pd_forget(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(MSS, ti.__tcpi_delivered_e0_bytes);
}

/* 24 bits go round. */
PD_TEST(option_wrap)
{
	struct tcp_info ti;
	int fd = active(t);

	SEND(fd, 20 * MSS);
	pd_forget(t);
	INJECT(".AE 1:1(0) ack 1461 win 65535 <hex ac057fffff,eol,eol,eol>");
	INJECT(".AE 1:1(0) ack 2921 win 65535 <hex ac05fffff0,eol,eol,eol>");
	INJECT(".AE 1:1(0) ack 4381 win 65535 <hex ac05000010,eol,eol,eol>");
	pd_forget(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(0x100000f, ti.__tcpi_delivered_e0_bytes);
}

/* Counts of ECT begin at 1: with 0 the option is not believed. */
PD_TEST(option_zeroed)
{
	struct tcp_info ti;
	int fd = active(t);

	SEND(fd, 20 * MSS);
	pd_forget(t);
	INJECT(".AE 1:1(0) ack 1461 win 65535 "
	    "<hex ac0b000000000000000000,eol>");
	INJECT(".AE 1:1(0) ack 2921 win 65535 "
	    "<hex ac0b000b69000000000001,eol>");
	pd_forget(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(0, ti.__tcpi_delivered_e0_bytes);
	/* The field still is. */
	INJECT(".AW 1:1(0) ack 4381 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(1, marks(t, fd));
}

/* Stripped: the field is enough. */
PD_TEST(option_stripped)
{
	int fd = active(t);

	SEND(fd, 20 * MSS);
	pd_forget(t);
	INJECT(".AW 1:1(0) ack 1461 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(1, marks(t, fd));
}

/* Lengths that are none. */
PD_TEST(option_malformed)
{
	struct tcp_info ti;
	int fd = active(t);

	SEND(fd, 20 * MSS);
	pd_forget(t);
	INJECT(".AE 1:1(0) ack 1461 win 65535 <hex ac040000>");
	INJECT(".AE 1:1(0) ack 2921 win 65535 <hex ac0e0005b5000000000001"
	    "000001,eol,eol>");
	INJECT(".AE 1:1(0) ack 4381 win 65535 <hex ac0b0000>");
	pd_forget(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(0, ti.__tcpi_delivered_e0_bytes);
}

/* Beside time stamps and holes: two blocks and two counters. */
PD_TEST(option_room)
{
	int fd = pd_socket(t), i;

	pd_sysctl(t, ENABLE, 3);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEWA 0:0(0) win 65535 <...>");
	INJECT("S.W 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK,"
	    "TS val 7 ecr 100>");
	EXPECT(".W 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7," OPT0 ">");
	for (i = 1; i <= 3; i++)
		INJECT("[tos 2] .AE %d:%d(100) ack 1 win 65535 "
		    "<nop,nop,TS val 7 ecr 100>", 1 + 200 * i, 101 + 200 * i);
	EXPECT(".AE 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7,nop,nop,"
	    "sack 201:301,hex ac0b000065000000000001,eol>");
	EXPECT(".AE 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7,nop,nop,"
	    "sack 401:501 201:301,hex ac080000c9000000>");
	EXPECT(".AE 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7,nop,nop,"
	    "sack 601:701 401:501,hex ac0800012d000000>");
}

/* ---- Large segments ---- */

/* The field stands in each that is cut off. */
PD_TEST(tso)
{
	int fd;

	pd_settso(t);
	fd = active(t);
	INJECT("[tos 3] .AE 1:1461(1460) ack 1 win 65535");
	EXPECT(".AW 1:1(0) ack 1461 <...>");
	SEND(fd, 4 * MSS);
	EXPECT("[tos 2] .AW 1:1461(1460) ack 1461");
	EXPECT("[tos 2] .AW 1461:2921(1460) ack 1461");
	EXPECT("[tos 2] .AW 2921:4381(1460) ack 1461");
	EXPECT("[tos 2] P.AW 4381:5841(1460) ack 1461");
	/* An interface might take CWR out of all but the first. */
	ATF_REQUIRE_EQ(0, t->ncut);
}

PD_TEST(simultaneous)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 3);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEWA 0:0(0) win 65535 <...>");
	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.W 0:0(0) ack 1 win 65535 <...>");
	INJECT("S.W 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(".AE 1:1(0) ack 1 <...>");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_EQ(TCPI_OPT_ACE, agreed(t, fd));
	ATF_REQUIRE_EQ(0, marks(t, fd));
	text(t, fd, 2, ".AE");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, synack_notect);
	ATF_TP_ADD_TC(tp, synack_ect1);
	ATF_TP_ADD_TC(tp, synack_ect0);
	ATF_TP_ADD_TC(tp, synack_ce);
	ATF_TP_ADD_TC(tp, synack_reserved);
	ATF_TP_ADD_TC(tp, synack_classic);
	ATF_TP_ADD_TC(tp, synack_none);
	ATF_TP_ADD_TC(tp, synack_broken);
	ATF_TP_ADD_TC(tp, synack_came_ect1);
	ATF_TP_ADD_TC(tp, synack_came_ect0);
	ATF_TP_ADD_TC(tp, synack_came_ce);
	ATF_TP_ADD_TC(tp, ack_before_text);
	ATF_TP_ADD_TC(tp, syn_accurate);
	ATF_TP_ADD_TC(tp, syn_enable_3);
	ATF_TP_ADD_TC(tp, syn_came);
	ATF_TP_ADD_TC(tp, syn_future);
	ATF_TP_ADD_TC(tp, third_zero);
	ATF_TP_ADD_TC(tp, third_legal);
	ATF_TP_ADD_TC(tp, third_mangled);
	ATF_TP_ADD_TC(tp, third_ce);
	ATF_TP_ADD_TC(tp, third_text);
	ATF_TP_ADD_TC(tp, syn_lost);
	ATF_TP_ADD_TC(tp, synack_lost);
	ATF_TP_ADD_TC(tp, ace_receive);
	ATF_TP_ADD_TC(tp, change_triggered);
	ATF_TP_ADD_TC(tp, marked_acks);
	ATF_TP_ADD_TC(tp, ace_sender);
	ATF_TP_ADD_TC(tp, ace_wrap);
	ATF_TP_ADD_TC(tp, ace_wrap_option);
	ATF_TP_ADD_TC(tp, ace_wrap_eight);
	ATF_TP_ADD_TC(tp, ace_sacked);
	ATF_TP_ADD_TC(tp, ace_old);
	ATF_TP_ADD_TC(tp, ace_zeroed);
	ATF_TP_ADD_TC(tp, ace_three);
	ATF_TP_ADD_TC(tp, option_info);
	ATF_TP_ADD_TC(tp, option_wrap);
	ATF_TP_ADD_TC(tp, option_zeroed);
	ATF_TP_ADD_TC(tp, option_stripped);
	ATF_TP_ADD_TC(tp, option_malformed);
	ATF_TP_ADD_TC(tp, option_room);
	ATF_TP_ADD_TC(tp, tso);
	ATF_TP_ADD_TC(tp, simultaneous);
	return (atf_no_error());
}

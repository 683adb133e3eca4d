/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Paths that change the order of segments: what tells a peer without time
 * stamps that nothing was lost, and what a connection learns from it.
 */
#include "pkt.h"
#include "segs.h"

#define	RTT	(100 * PD_MSEC)

/* A connection whose round trip is RTT, without time stamps; the first
 * segments are in flight, 10 of more that there are. */
static int
far_peer(struct pd *t, bool sack, int segs)
{
	int fd, i;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
	pd_sysctl(t, "net.inet.tcp.sendspace", 100000);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	ADVANCE(RTT);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460%s>",
	    sack ? ",sackOK,eol,eol" : "");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, segs * MSS);
	for (i = 0; i < 10; i++)
		EXPECT(SEG(i));
	NOTHING();
	ADVANCE(RTT);
	return (fd);
}

/* Segment `late' arrives behind the n that follow it: the peer's ACKs. */
static void
passed(struct pd *t, bool sack, int late, int n)
{
	int i;

	for (i = 1; i <= n; i++)
		if (sack)
			INJECT(SACK(late, late + 1, late + 1 + i));
		else
			INJECT(ACK(late));
	INJECT(ACK(late + n + 1));
}

/* How often the segment `late' has left since. */
static int
again(struct pd *t, int late)
{
	int n = 0;

	while (pd_pending(t) != 0)
		n += pd_take(t) == (uint32_t)(1 + (late + 1) * MSS);
	return (n);
}

static int
reordering(struct pd *t, int fd)
{
	struct tcp_info ti;

	pd_info(t, fd, &ti);
	return ((int)ti.__tcpi_reordering);
}

/* The first time it is sent again, and taken back as the ACK comes too soon
 * to be of that; the second time it is waited for. */
static void
learns(struct pd *t, bool sack)
{
	int fd = far_peer(t, sack, 50);
	uint32_t cwnd = pd_tcpcb(t)->snd_cwnd;

	passed(t, sack, 0, 5);
	ATF_REQUIRE_EQ(1, again(t, 0));
	ATF_REQUIRE_EQ(6, reordering(t, fd));
	ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd >= cwnd);
	ATF_REQUIRE((pd_tcpcb(t)->t_flags & TF_FASTRECOVERY) == 0);
	ADVANCE(RTT);
	passed(t, sack, 6, 5);
	ATF_REQUIRE_EQ(0, again(t, 6));
	/* One more is one too many. */
	ADVANCE(RTT);
	passed(t, sack, 12, 6);
	ATF_REQUIRE_EQ(1, again(t, 12));
	ATF_REQUIRE_EQ(7, reordering(t, fd));
}

PD_TEST(learns_sack)
{
	learns(t, true);
}

PD_TEST(learns_dupacks)
{
	learns(t, false);
}

/* What an ACK says had come behind it counts, whether it was SACKed or not:
 * ACKs get lost, too. */
PD_TEST(learns_beyond_sack)
{
	int fd = far_peer(t, true, 50);

	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	INJECT(SACK(0, 1, 4));
	INJECT(ACK(8));
	ATF_REQUIRE_EQ(1, again(t, 0));
	ATF_REQUIRE_EQ(8, reordering(t, fd));
}

/* An ACK that comes when that of the retransmission may is no proof. */
PD_TEST(late_ack)
{
	int fd = far_peer(t, true, 50);

	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	INJECT(SACK(0, 1, 4));
	ATF_REQUIRE_EQ(1, again(t, 0));
	ADVANCE(RTT / 2);
	INJECT(ACK(4));
	ATF_REQUIRE_EQ(3, reordering(t, fd));
	ATF_REQUIRE((pd_tcpcb(t)->t_flags & TF_FASTRECOVERY) != 0);
	pd_forget(t);
}

/* A D-SACK says it later, and not how many had passed. */
PD_TEST(learns_dsack)
{
	int fd = far_peer(t, true, 50);

	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	INJECT(SACK(0, 1, 4));
	ATF_REQUIRE_EQ(1, again(t, 0));
	ADVANCE(RTT / 2);
	INJECT(ACK(4));
	ADVANCE(RTT / 2);
	INJECT(". 1:1(0) ack %d win 65535 <nop,nop,sack 1:%d>", 1 + 4 * MSS,
	    1 + MSS);
	ATF_REQUIRE_EQ(6, reordering(t, fd));
	pd_forget(t);
}

PD_TEST(max_reordering)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.max_reordering", 5);
	fd = far_peer(t, true, 50);
	passed(t, true, 0, 8);
	pd_forget(t);
	ATF_REQUIRE_EQ(5, reordering(t, fd));
	ERR(EINVAL, pd_sysctl_try(t, "net.inet.tcp.max_reordering", "-1"));
	ERR(EINVAL, pd_sysctl_try(t, "net.inet.tcp.max_reordering", "65536"));
}

PD_TEST(max_reordering_0)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.max_reordering", 0);
	fd = far_peer(t, true, 50);
	passed(t, true, 0, 8);
	pd_forget(t);
	ATF_REQUIRE_EQ(3, reordering(t, fd));
	ADVANCE(RTT);
	passed(t, true, 9, 3);
	ATF_REQUIRE_EQ(1, again(t, 9));
}

/* Who has nothing new to send would wait in vain. */
PD_TEST(nothing_new)
{
	int fd = far_peer(t, true, 19);

	passed(t, true, 0, 8);
	pd_forget(t);
	ATF_REQUIRE_EQ(9, reordering(t, fd));
	ADVANCE(RTT);
	INJECT(SACK(9, 10, 11));
	INJECT(SACK(9, 10, 12));
	ATF_REQUIRE_EQ(0, again(t, 9));
	INJECT(SACK(9, 10, 13));
	ATF_REQUIRE_EQ(1, again(t, 9));
}

/* It waited too long, or the path is another. */
PD_TEST(timeout_forgets)
{
	int fd = far_peer(t, true, 50);

	passed(t, true, 0, 5);
	ATF_REQUIRE_EQ(6, reordering(t, fd));
	pd_pass(t, 5 * PD_SEC);
	pd_forget(t);
	ATF_REQUIRE_EQ(3, reordering(t, fd));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, learns_sack);
	ATF_TP_ADD_TC(tp, learns_dupacks);
	ATF_TP_ADD_TC(tp, learns_beyond_sack);
	ATF_TP_ADD_TC(tp, late_ack);
	ATF_TP_ADD_TC(tp, learns_dsack);
	ATF_TP_ADD_TC(tp, max_reordering);
	ATF_TP_ADD_TC(tp, max_reordering_0);
	ATF_TP_ADD_TC(tp, nothing_new);
	ATF_TP_ADD_TC(tp, timeout_forgets);
	return (atf_no_error());
}

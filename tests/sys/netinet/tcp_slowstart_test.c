/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Slow start, packet by packet: how fast the window opens (RFC 5681, RFC
 * 3465), what makes it stop before there is loss (HyStart++, RFC 9406), under
 * every module that has it, and where it begins again.
 *
 * Each segment is acknowledged by itself, if nothing else is said.
 */
#include "pkt.h"

#define	MSS	1460
#define	RTT	(20 * PD_MSEC)

static const char *const modules[] = { "newreno", "cubic" };

/* A connection with a window that does not matter, and much to send. */
static int
begin(struct pd *t, const char *cc)
{
	int fd;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", cc);
	fd = pd_active(t, PD_WS, 65535);
	/* The window of a SYN is not scaled. */
	INJECT(". 1:1(0) ack 1 win 65535");
	CURVNET_SET(t->vnet);
	(void)sbreserve(&tptosocket(pd_tcpcb(t))->so_snd, 1500000);
	CURVNET_RESTORE();
	SEND(fd, 400000);
	pd_forget(t);
	return (fd);
}

/* After usec everything that is in flight is acknowledged, n segments at a
 * time; more is there to send. */
static void
round_trip(struct pd *t, int fd, uint64_t usec, uint32_t n)
{
	const struct tcpcb *tp = pd_tcpcb(t);
	uint32_t max, una;

	max = tp->snd_max - tp->iss;
	una = tp->snd_una - tp->iss;
	pd_pass(t, usec);
	pd_forget(t);
	while (una < max) {
		una = MIN(una + n * MSS, max);
		INJECT(". 1:1(0) ack %u win 65535", una);
		pd_forget(t);
	}
	(void)pd_send(t, fd, 1000000, 0);
	pd_forget(t);
}

/* In segments. */
static u_int
cwnd(struct pd *t)
{
	return (pd_tcpcb(t)->snd_cwnd / MSS);
}

static bool
is_over(struct pd *t)
{
	return (pd_tcpcb(t)->snd_ssthresh < 10000000);
}

/* A window for each round, however many segments an ACK covers, up to
 * abc_l_var. */
PD_TEST(doubles)
{
	u_int i;
	int fd;

	for (i = 0; i < nitems(modules); i++) {
		pd_use(t, (int)i);
		fd = begin(t, modules[i]);
		ATF_REQUIRE_EQ(10, cwnd(t));
		round_trip(t, fd, RTT, 1);
		ATF_REQUIRE_EQ(20, cwnd(t));
		round_trip(t, fd, RTT, 2);
		ATF_REQUIRE_EQ(40, cwnd(t));
		/* Ten ACKs of four segments, of which two count. */
		round_trip(t, fd, RTT, 4);
		ATF_REQUIRE_EQ(60, cwnd(t));
		ATF_REQUIRE(!is_over(t));
	}
}

PD_TEST(abc_l_var)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.abc_l_var", 1);
	fd = begin(t, "newreno");
	round_trip(t, fd, RTT, 2);
	ATF_REQUIRE_EQ(15, cwnd(t));
	pd_sysctl(t, "net.inet.tcp.abc_l_var", 3);
	round_trip(t, fd, RTT, 3);
	ATF_REQUIRE_EQ(30, cwnd(t));
}

/* Without byte counting an ACK is worth a segment (RFC 5681). */
PD_TEST(rfc3465_0)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rfc3465", 0);
	fd = begin(t, "newreno");
	round_trip(t, fd, RTT, 2);
	ATF_REQUIRE_EQ(15, cwnd(t));
}

/* A window that the user does not fill does not grow. */
PD_TEST(not_limited)
{
	int fd = pd_active(t, PD_WS, 65535), i;

	for (i = 0; i < 20; i++) {
		SEND(fd, MSS);
		pd_forget(t);
		pd_pass(t, RTT);
		INJECT(". 1:1(0) ack %u win 65535", 1 + (i + 1) * MSS);
		NOTHING();
	}
	ATF_REQUIRE_EQ(10, cwnd(t));
}

/* ---- HyStart++ ---- */

/* A queue builds up: growth of a quarter for five rounds, and then
 * congestion avoidance; nothing is lost. */
PD_TEST(hystart)
{
	u_int before, i, r;
	int fd;

	for (i = 0; i < nitems(modules); i++) {
		pd_use(t, (int)i);
		fd = begin(t, modules[i]);
		round_trip(t, fd, RTT, 1);
		round_trip(t, fd, RTT, 1);
		ATF_REQUIRE_EQ(40, cwnd(t));
		/* Less than an eighth, and 4 ms, more is nothing. */
		round_trip(t, fd, RTT + 3900, 1);
		ATF_REQUIRE_EQ(80, cwnd(t));
		/* In the round after this one it is seen. */
		round_trip(t, fd, RTT + 9 * PD_MSEC, 1);
		ATF_REQUIRE(cwnd(t) > 80 && cwnd(t) <= 160);
		for (r = 0; !is_over(t); r++) {
			before = cwnd(t);
			round_trip(t, fd, RTT + 9 * PD_MSEC, 1);
			ATF_REQUIRE(cwnd(t) <= before + before / 4 + 1);
			ATF_REQUIRE_MSG(is_over(t) || cwnd(t) > before +
			    before / 5, "%u after %u, %u", cwnd(t), before, r);
		}
		ATF_REQUIRE(r == 5 || r == 6);
		ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_sndrexmitpack);
	}
}

/* It was only a while: slow start goes on. */
PD_TEST(hystart_resumes)
{
	u_int before, i;
	int fd;

	for (i = 0; i < nitems(modules); i++) {
		pd_use(t, (int)i);
		fd = begin(t, modules[i]);
		round_trip(t, fd, RTT, 1);
		round_trip(t, fd, RTT + 9 * PD_MSEC, 1);
		before = cwnd(t);
		ATF_REQUIRE(before < 40);
		/* In this round it sees that; the next doubles. */
		round_trip(t, fd, RTT, 1);
		before = cwnd(t);
		round_trip(t, fd, RTT, 1);
		ATF_REQUIRE_EQ(2 * before, cwnd(t));
		ATF_REQUIRE(!is_over(t));
	}
}

/* Not after the first loss: slow start after a timeout has an end that is
 * known. */
PD_TEST(hystart_once)
{
	int fd = begin(t, "newreno");
	u_int i;

	pd_pass(t, PD_SEC);
	pd_forget(t);
	ATF_REQUIRE(is_over(t));
	INJECT(". 1:1(0) ack %u win 65535", pd_tcpcb(t)->snd_max -
	    pd_tcpcb(t)->iss);
	pd_forget(t);
	pd_tcpcb(t)->snd_ssthresh = 1000 * MSS;
	round_trip(t, fd, RTT, 1);
	for (i = 0; cwnd(t) < 40; i++)
		round_trip(t, fd, RTT, 1);
	i = cwnd(t);
	round_trip(t, fd, 3 * RTT, 1);
	ATF_REQUIRE_EQ(2 * i, cwnd(t));
}

/* ---- Again ---- */

/* After an idle time it begins with the initial window, under every module
 * (RFC 5681, 4.1). */
PD_TEST(idle)
{
	u_int i;
	int fd;

	for (i = 0; i < nitems(modules); i++) {
		pd_use(t, (int)i);
		pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", modules[i]);
		fd = pd_active(t, PD_WS, 65535);
		SEND(fd, 10 * MSS);
		pd_forget(t);
		round_trip(t, fd, RTT, 1);
		round_trip(t, fd, RTT, 1);
		INJECT(". 1:1(0) ack %u win 65535", pd_tcpcb(t)->snd_max -
		    pd_tcpcb(t)->iss);
		while (pd_tcpcb(t)->snd_una != pd_tcpcb(t)->snd_max) {
			pd_forget(t);
			INJECT(". 1:1(0) ack %u win 65535",
			    pd_tcpcb(t)->snd_max - pd_tcpcb(t)->iss);
		}
		pd_forget(t);
		ATF_REQUIRE(cwnd(t) > 20);
		pd_pass(t, 10 * PD_SEC);
		pd_forget(t);
		SEND(fd, 30 * MSS);
		ATF_REQUIRE_EQ(10, pd_pending(t));
		pd_forget(t);
		ATF_REQUIRE_EQ(10, cwnd(t));
		/* And goes as far as three quarters of what was. */
		ATF_REQUIRE(pd_tcpcb(t)->snd_ssthresh >= 15 * MSS);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, doubles);
	ATF_TP_ADD_TC(tp, abc_l_var);
	ATF_TP_ADD_TC(tp, rfc3465_0);
	ATF_TP_ADD_TC(tp, not_limited);
	ATF_TP_ADD_TC(tp, hystart);
	ATF_TP_ADD_TC(tp, hystart_resumes);
	ATF_TP_ADD_TC(tp, hystart_once);
	ATF_TP_ADD_TC(tp, idle);
	return (atf_no_error());
}

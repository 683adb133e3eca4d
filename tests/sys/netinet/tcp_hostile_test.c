/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A peer that does what no peer should: what it says ends as the RFCs have
 * it, and neither memory nor work that it makes us spend is without bound.
 * (What others send into a connection is in tcp_attack_test.c.)
 */
#include <vm/uma.h>

#include <netinet/tcp_loss.h>

#include "pkt.h"
#include "segs.h"

static int
in_flight(struct pd *t, int opts, int n)
{
	int fd, i;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
	fd = pd_active(t, opts, 65535);
	SEND(fd, n * MSS);
	for (i = 0; i < n && i < 10; i++)
		pd_skip(t);
	NOTHING();
	return (fd);
}

static uint32_t
snd_max(struct pd *t)
{
	return (pd_tcpcb(t)->snd_max - t->c->iss);
}

static int
zone_items(struct pd *t, const char *name)
{
	uma_zone_t zone;
	int n;

	CURVNET_SET(t->vnet);
	zone = uma_zone_find(name);
	ATF_REQUIRE_MSG(zone != NULL, "no zone %s", name);
	n = uma_zone_get_cur(zone);
	CURVNET_RESTORE();
	return (n);
}

/* A number of 31 bits. */
static uint32_t
rnd(uint32_t *x)
{
	*x = (uint32_t)((uint64_t)*x * 48271 % 2147483647);
	return (*x);
}

/* ---- ACKs that lie ---- */

/* Of what was never sent: answered, a few a second, and nothing else. */
PD_TEST(optimistic_ack_unsent)
{
	const struct tcpcb *tp;
	uint32_t cwnd;
	int i;

	(void)in_flight(t, 0, 5);
	tp = pd_tcpcb(t);
	cwnd = tp->snd_cwnd;
	for (i = 0; i < 1000; i++)
		INJECT(". 1:1(0) ack %d win 65535", 1 + (6 + i) * MSS);
	ATF_REQUIRE_EQ(5, pd_pending(t));
	pd_forget(t);
	ATF_REQUIRE_EQ(cwnd, tp->snd_cwnd);
	ATF_REQUIRE_EQ(1, tp->snd_una - t->c->iss);
	INJECT(ACK(5));
	NOTHING();
}

/* Of what was sent but cannot have come yet: the window grows as fast as for
 * an honest peer, and no further than the largest window there is. */
PD_TEST(optimistic_ack)
{
	int fd, i;

	fd = in_flight(t, 0, 10);
	for (i = 0; i < 300; i++) {
		INJECT(". 1:1(0) ack %u win 65535", snd_max(t));
		pd_forget(t);
		(void)pd_send(t, fd, 40 * MSS, 0);
		pd_forget(t);
		ATF_REQUIRE(pd_tcpcb(t)->snd_max - pd_tcpcb(t)->snd_una <=
		    65535);
		ATF_REQUIRE(pd_tcpcb(t)->snd_cwnd <= TCP_MAXWIN);
	}
}

/* A segment acknowledged byte by byte opens the window by a segment, not by
 * as many as there are ACKs (RFC 3465). */
PD_TEST(ack_division)
{
	int i;

	(void)in_flight(t, 0, 20);
	for (i = 1; i <= MSS; i++) {
		INJECT(". 1:1(0) ack %d win 65535", 1 + i);
		pd_forget(t);
	}
	ATF_REQUIRE_EQ(11 * MSS, (int)pd_tcpcb(t)->snd_cwnd);
	ATF_REQUIRE(zone_items(t, "tcp_sent") <= 13);
}

/* In congestion avoidance a window of bytes is worth a segment. */
PD_TEST(ack_division_avoidance)
{
	struct tcpcb *tp;
	int i;

	(void)in_flight(t, 0, 20);
	tp = pd_tcpcb(t);
	tp->snd_ssthresh = 2 * MSS;
	for (i = 1; i <= 10 * MSS; i += 10) {
		INJECT(". 1:1(0) ack %d win 65535", 1 + i);
		pd_forget(t);
	}
	ATF_REQUIRE(tp->snd_cwnd <= 11 * MSS);
}

/* Duplicates without end, of an ACK that nothing came behind: each lets one
 * segment go at most, and the peer's window holds. */
PD_TEST(duplicate_acks)
{
	int i;

	(void)in_flight(t, 0, 22);
	for (i = 0; i < 70000; i++) {
		INJECT(ACK(0));
		ATF_REQUIRE(pd_pending(t) <= 1 + (i == 2));
		pd_forget(t);
	}
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	ATF_REQUIRE_EQ(5 * MSS, (int)pd_tcpcb(t)->snd_ssthresh);
	ATF_REQUIRE(snd_max(t) <= 65536);
	/* It is repaired as ever. */
	INJECT(". 1:1(0) ack %u win 65535", snd_max(t));
	ATF_REQUIRE(!IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	pd_forget(t);
}

/* Every loss is called none, by stale time stamps and by D-SACKs: the window
 * never becomes larger than without losses. */
PD_TEST(undo_for_ever)
{
	uint32_t cwnd;
	int fd, i, j;

	fd = in_flight(t, PD_SACK | PD_TS, 10);
	for (i = 0; i < 50; i++) {
		cwnd = pd_tcpcb(t)->snd_cwnd;
		pd_pass(t, 5 * PD_SEC);
		pd_forget(t);
		for (j = 0; j < 3; j++) {
			INJECT(". 1:1(0) ack %u win 65535 <nop,nop,TS val 7 "
			    "ecr 100,nop,nop,sack %u:%u>", snd_max(t) - 1,
			    snd_max(t) - 2000, snd_max(t) - 1);
			pd_forget(t);
		}
		ATF_REQUIRE_MSG(pd_tcpcb(t)->snd_cwnd <= cwnd + 6 * MSS,
		    "%u after %u", pd_tcpcb(t)->snd_cwnd, cwnd);
		INJECT(". 1:1(0) ack %u win 65535 <nop,nop,TS val 7 ecr "
		    "100>", snd_max(t));
		pd_forget(t);
		SEND(fd, 10 * MSS);
		pd_forget(t);
	}
}

/* ---- SACK ---- */

/* It SACKs all but the first, and has nothing of it: after the timeout all of
 * it goes again (RFC 2018, 8), and arrives. */
PD_TEST(reneging)
{
	uint32_t end;
	int i;

	(void)in_flight(t, PD_SACK, 10);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack %d:%d>", 1 + MSS,
	    1 + 10 * MSS);
	EXPECT(SEG(0));
	NOTHING();
	INJECT(ACK(1));
	NOTHING();
	/* Nothing is in flight, as far as it has said; we ask again. */
	EXPECT_IN(230 * PD_MSEC, SEG(1));
	for (i = 0, end = 0; i < 100 && end != 1 + 10 * MSS; i++) {
		if (pd_pending(t) == 0)
			pd_pass(t, 300 * PD_MSEC);
		while (pd_pending(t) > 0)
			end = pd_take(t);
		INJECT(". 1:1(0) ack %u win 65535", end);
	}
	ATF_REQUIRE_EQ(1 + 10 * MSS, end);
}

/* Again and again: each time out of what it SACKed. */
PD_TEST(reneging_for_ever)
{
	int i;

	(void)in_flight(t, PD_SACK, 10);
	for (i = 1; i < 10; i++) {
		INJECT(". 1:1(0) ack %d win 65535 <nop,nop,sack %d:%d>",
		    1 + (i - 1) * MSS, 1 + i * MSS, 1 + 10 * MSS);
		pd_forget(t);
		INJECT(ACK(i));
		pd_forget(t);
		pd_pass(t, 70 * PD_SEC);
		ATF_REQUIRE(pd_pending(t) > 0 && pd_pending(t) < 20);
		pd_forget(t);
		ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_snd_sacked);
	}
	INJECT(ACK(10));
	NOTHING();
	ATF_REQUIRE_EQ(0, zone_items(t, "tcp_sent"));
}

/* Blocks that are no segments of ours: every other byte of what is in flight
 * is SACKed.  What is remembered of it has a limit. */
PD_TEST(misaligned_sack)
{
	int i, n;

	(void)in_flight(t, PD_SACK, 10);
	for (i = 2; i < 6000; i += 8) {
		INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack %d:%d %d:%d "
		    "%d:%d %d:%d>", i, i + 1, i + 2, i + 3, i + 4, i + 5,
		    i + 6, i + 7);
		ATF_REQUIRE(pd_pending(t) <= 4);
		pd_forget(t);
	}
	ATF_REQUIRE_EQ(128, pd_tcpcb(t)->t_loss->tl_sackholes);
	n = zone_items(t, "tcp_sent");
	ATF_REQUIRE_MSG(n <= 2 * 128 + 10 + 10, "%d records", n);
	INJECT(ACK(10));
	pd_forget(t);
	ATF_REQUIRE_EQ(0, zone_items(t, "tcp_sent"));
}

/* Any blocks at all, with ACKs that go on a little: the books agree (which
 * each step checks), and in the end all is acknowledged. */
PD_TEST(random_sack)
{
	uint32_t a, b, max, una = 1, x = 4711;
	int i;

	(void)in_flight(t, PD_SACK, 22);
	for (i = 0; i < 20000; i++) {
		max = snd_max(t);
		if (rnd(&x) % 200 == 0 && una + 100 < max)
			una += rnd(&x) % 100;
		a = rnd(&x) % 40000;
		b = rnd(&x) % 40000;
		INJECT(". 1:1(0) ack %u win 65535 <nop,nop,sack %u:%u %u:%u>",
		    una, a, a + rnd(&x) % 3000, b, b + 1);
		ATF_REQUIRE(pd_pending(t) <= 30);
		pd_forget(t);
		if (i % 1000 == 0) {
			pd_pass(t, PD_SEC);
			pd_forget(t);
		}
		ATF_REQUIRE(zone_items(t, "tcp_sent") <= 300);
	}
	INJECT(". 1:1(0) ack %u win 65535", snd_max(t));
	pd_forget(t);
	INJECT(". 1:1(0) ack %u win 65535", snd_max(t));
	pd_forget(t);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_snd_sacked);
}

/* ---- Segment sizes and windows ---- */

/* An MSS of nothing: segments are not smaller than minmss. */
PD_TEST(tiny_mss)
{
	static const int mss[] = { 0, 1, 8, 40, 215 };
	u_int i;
	int fd, lfd = pd_listen(t, 10), least;

	least = pd_sysctl_get(t, "net.inet.tcp.minmss");
	for (i = 0; i < nitems(mss); i++) {
		pd_use(t, (int)i);
		INJECT("S 0:0(0) win 65535 <mss %d>", mss[i]);
		EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
		INJECT(". 1:1(0) ack 1 win 65535");
		ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
		SEND(fd, 10 * least);
		ATF_REQUIRE(pd_pending(t) > 0 && pd_pending(t) <= 10);
		pd_forget(t);
	}
}

/* A window of a byte, for hours: probes, and no stream of tiny segments
 * (RFC 9293, 3.8.6.2). */
PD_TEST(tiny_window)
{
	int fd = pd_active(t, 0, 65535), i, n = 0;

	SEND(fd, 10000);
	pd_forget(t);
	INJECT(". 1:1(0) ack %u win 1", snd_max(t));
	pd_forget(t);
	SEND(fd, 10000);
	for (i = 0; i < 3600; i++) {
		pd_pass(t, PD_SEC);
		n += pd_pending(t);
		pd_forget(t);
		INJECT(". 1:1(0) ack %u win 1", snd_max(t));
	}
	ATF_REQUIRE_MSG(n > 10 && n <= 3600 / 5, "%d segments", n);
	STATE(TCPS_ESTABLISHED);
	OK(SO_ERR(fd));
}

/* A window of nothing, though the user has gone: a probe a minute, at
 * most, as long as it answers (RFC 9293, 3.8.6.1) ... */
PD_TEST(zero_window_orphan)
{
	int fd = in_flight(t, 0, 10), i, n = 0;

	INJECT(". 1:1(0) ack %d win 0", 1 + 5 * MSS);
	OK(pd_close(t, fd));
	pd_forget(t);
	for (i = 0; i < 24 * 3600; i++) {
		pd_pass(t, PD_SEC);
		if (pd_pending(t) == 0)
			continue;
		n += pd_pending(t);
		pd_forget(t);
		pd_pass(t, 10 * PD_MSEC);
		INJECT(". 1:1(0) ack %d win 0", 1 + 5 * MSS);
		pd_forget(t);
	}
	ATF_REQUIRE_MSG(n > 24 * 59 && n < 24 * 60 + 10, "%d segments", n);
	STATE(TCPS_FIN_WAIT_1);
	/* ... and no longer. */
	pd_pass(t, 180 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
}

/* The user can limit that, whatever the peer answers. */
PD_TEST(zero_window_silent)
{
	int fd = in_flight(t, 0, 10);

	INJECT(". 1:1(0) ack %d win 0", 1 + 10 * MSS);
	SEND(fd, 100);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MAXUNACKTIME, 100));
	pd_pass(t, 200 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* ---- Text ---- */

/* The same numbers with other bytes change nothing of what waits behind a gap
 * and covers them, nor of what the user has not read yet. */
PD_TEST(other_text_waiting)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT(". 101:201(100) ack 1 win 65535");
	t->forged = true;
	INJECT(". 101:201(100) ack 1 win 65535");
	INJECT(". 121:181(60) ack 1 win 65535");
	INJECT(". 181:201(20) ack 1 win 65535");
	t->forged = false;
	INJECT(". 1:101(100) ack 1 win 65535");
	pd_forget(t);
	RECV(fd, 200);
}

PD_TEST(other_text_unread)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	t->forged = true;
	INJECT("P. 1:101(100) ack 1 win 65535");
	INJECT("P. 51:101(50) ack 1 win 65535");
	t->forged = false;
	pd_forget(t);
	RECV(fd, 100);
	RECV_NOTHING(fd);
}

/* Each byte is taken once, whoever else claims to have it. */
PD_TEST(other_text_around)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT(". 101:201(100) ack 1 win 65535");
	INJECT(". 301:401(100) ack 1 win 65535");
	t->forged = true;
	/* From 151 to 351 only 201 to 301 is new. */
	INJECT(". 151:351(200) ack 1 win 65535");
	t->forged = false;
	ATF_REQUIRE_EQ(300, pd_waiting(t));
	INJECT(". 1:101(100) ack 1 win 65535");
	pd_forget(t);
	RECV(fd, 200);
	RECV(fd, 0);
}

/* A FIN in the midst of text that is there: the stream ends once, and what
 * lies behind is gone. */
PD_TEST(other_end)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT(". 101:201(100) ack 1 win 65535");
	INJECT("F. 51:151(100) ack 1 win 65535");
	INJECT("F. 101:121(20) ack 1 win 65535");
	INJECT("F. 201:201(0) ack 1 win 65535");
	INJECT(". 1:101(100) ack 1 win 65535");
	pd_forget(t);
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 150);
	RECV_EOF(fd);
	INJECT("F. 201:201(0) ack 1 win 65535");
	pd_forget(t);
	STATE(TCPS_CLOSE_WAIT);
}

/* Bytes apart from each other: what waits has a limit, and nothing of it is
 * taken back for what comes in order. */
PD_TEST(many_gaps)
{
	int fd = pd_active(t, PD_SACK, 65535), i, most;

	most = pd_sysctl_get(t, "net.inet.tcp.reass.maxqueuelen");
	for (i = 0; i < 5000; i++) {
		INJECT(". %d:%d(1) ack 1 win 65535", 11 + 2 * i, 12 + 2 * i);
		ATF_REQUIRE_EQ(1, pd_pending(t));
		pd_forget(t);
	}
	ATF_REQUIRE_EQ(most, pd_waiting(t));
	INJECT(". 1:6(5) ack 1 win 65535");
	ATF_REQUIRE_EQ(most, pd_waiting(t));
	pd_forget(t);
	INJECT(". 6:11(5) ack 1 win 65535");
	ATF_REQUIRE_EQ(most - 1, pd_waiting(t));
	pd_forget(t);
	RECV(fd, 11);
}

/* A stream of single bytes behind a gap, and one in order that nobody reads:
 * their memory stays in proportion to the buffer. */
PD_TEST(small_text)
{
	int fd = pd_active(t, 0, 65535), i;

	for (i = 0; i < 20000; i++) {
		INJECT(". %d:%d(1) ack 1 win 65535", 2 + i, 3 + i);
		pd_forget(t);
	}
	ATF_REQUIRE_MSG(zone_items(t, "mbuf") <= 2000, "%d mbufs wait",
	    zone_items(t, "mbuf"));
	INJECT(". 1:2(1) ack 1 win 65535");
	for (i = 20000; i < 40000; i++) {
		INJECT(". %d:%d(1) ack 1 win 65535", 2 + i, 3 + i);
		pd_forget(t);
	}
	ATF_REQUIRE_MSG(zone_items(t, "mbuf") <= 2000, "%d mbufs in the "
	    "buffer", zone_items(t, "mbuf"));
	RECV(fd, 40001);
	pd_forget(t);
}

/* ---- Numbers ---- */

/* Both open at once: a SYN-RECEIVED that is no entry of a cache. */
static uint32_t
to_both(struct pd *t)
{
	ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	return (1);
}

/* Bring connection 0 to a state; returns the relative RCV.NXT. */
static uint32_t
to_state(struct pd *t, int state)
{
	int fd;

	if (state == TCPS_SYN_SENT) {
		ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
		EXPECT("S 0:0(0) win 65535 <...>");
		return (0);
	}
	if (state == TCPS_SYN_RECEIVED) {
		(void)pd_listen(t, 5);
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
		return (1);
	}
	fd = pd_active(t, 0, 65535);
	if (state == TCPS_CLOSE_WAIT || state == TCPS_LAST_ACK)
		INJECT("F. 1:1(0) ack 1 win 65535");
	if (state != TCPS_ESTABLISHED && state != TCPS_CLOSE_WAIT)
		OK(pd_shutdown(t, fd, SHUT_WR));
	pd_forget(t);
	if (state == TCPS_FIN_WAIT_2 || state == TCPS_TIME_WAIT)
		INJECT(". 1:1(0) ack 2 win 65535");
	if (state == TCPS_CLOSING || state == TCPS_TIME_WAIT)
		INJECT("F. 1:1(0) ack %d win 65535",
		    state == TCPS_CLOSING ? 1 : 2);
	pd_forget(t);
	return (state == TCPS_ESTABLISHED || state == TCPS_FIN_WAIT_1 ||
	    state == TCPS_FIN_WAIT_2 ? 1 : 2);
}

/* Half the numbers away, on either side of where the order turns around,
 * and at other ends of them. */
static const uint32_t far[] = { 0x7fffffff, 0x80000000, 0x80000001,
    0x7fff0000, 0x80010000, 0x40000000, 0xc0000000 };

/* Nobody is impressed: each is answered once at most. */
static void
quiet(struct pd *t, int state)
{
	ATF_REQUIRE_MSG(pd_pending(t) <= 1, "%d answers", pd_pending(t));
	pd_forget(t);
	STATE(state);
}

static void
wrapped_seq(struct pd *t, int state, uint32_t rcv)
{
	static const char *const flags[] = { ".", "P.", "F.", "R", "U.",
	    "S" };
	uint32_t seq;
	u_int f, i, len;

	for (i = 0; i < nitems(far); i++)
		for (f = 0; f < nitems(flags); f++) {
			/* Numbers begin with a SYN. */
			if (flags[f][0] == 'S' && (state == TCPS_SYN_SENT ||
			    state == TCPS_TIME_WAIT))
				continue;
			seq = rcv + far[i];
			len = flags[f][0] == 'P' ? 100 : 0;
			INJECT("%s %u:%u(%u)%s win 65535%s", flags[f], seq,
			    seq + len, len, strchr(flags[f], '.') != NULL ?
			    " ack 1" : "", flags[f][0] == 'U' ? " urg 9" :
			    "");
			quiet(t, state);
		}
}

static void
wrapped_ack(struct pd *t, int state, uint32_t rcv)
{
	static const char *const flags[] = { ".", "P.", "F.", "S." };
	u_int f, i, len;

	for (i = 0; i < nitems(far); i++)
		for (f = 0; f < nitems(flags); f++) {
			len = flags[f][0] == 'P' ? 100 : 0;
			INJECT("%s %u:%u(%u) ack %u win 65535", flags[f],
			    rcv, rcv + len, len, 1 + far[i]);
			quiet(t, state);
		}
}

static void
wrapped(struct pd *t, int state)
{
	uint32_t rcv = to_state(t, state);

	STATE(state);
	wrapped_seq(t, state, rcv);
	wrapped_ack(t, state, rcv);
}

PD_TEST(wrapped_simultaneous)
{
	uint32_t rcv = to_both(t);

	wrapped_seq(t, TCPS_SYN_RECEIVED, rcv);
	wrapped_ack(t, TCPS_SYN_RECEIVED, rcv);
}

#define	WRAPPED(name, state)						\
	PD_TEST(name)							\
	{								\
		wrapped(t, state);					\
	}

WRAPPED(wrapped_syn_sent, TCPS_SYN_SENT)
WRAPPED(wrapped_syn_received, TCPS_SYN_RECEIVED)
WRAPPED(wrapped_established, TCPS_ESTABLISHED)
WRAPPED(wrapped_close_wait, TCPS_CLOSE_WAIT)
WRAPPED(wrapped_fin_wait_1, TCPS_FIN_WAIT_1)
WRAPPED(wrapped_closing, TCPS_CLOSING)
WRAPPED(wrapped_last_ack, TCPS_LAST_ACK)
WRAPPED(wrapped_fin_wait_2, TCPS_FIN_WAIT_2)
WRAPPED(wrapped_time_wait, TCPS_TIME_WAIT)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, optimistic_ack_unsent);
	ATF_TP_ADD_TC(tp, optimistic_ack);
	ATF_TP_ADD_TC(tp, ack_division);
	ATF_TP_ADD_TC(tp, ack_division_avoidance);
	ATF_TP_ADD_TC(tp, duplicate_acks);
	ATF_TP_ADD_TC(tp, undo_for_ever);
	ATF_TP_ADD_TC(tp, reneging);
	ATF_TP_ADD_TC(tp, reneging_for_ever);
	ATF_TP_ADD_TC(tp, misaligned_sack);
	ATF_TP_ADD_TC(tp, random_sack);
	ATF_TP_ADD_TC(tp, tiny_mss);
	ATF_TP_ADD_TC(tp, tiny_window);
	ATF_TP_ADD_TC(tp, zero_window_orphan);
	ATF_TP_ADD_TC(tp, zero_window_silent);
	ATF_TP_ADD_TC(tp, other_text_waiting);
	ATF_TP_ADD_TC(tp, other_text_unread);
	ATF_TP_ADD_TC(tp, other_text_around);
	ATF_TP_ADD_TC(tp, other_end);
	ATF_TP_ADD_TC(tp, many_gaps);
	ATF_TP_ADD_TC(tp, small_text);
	ATF_TP_ADD_TC(tp, wrapped_syn_sent);
	ATF_TP_ADD_TC(tp, wrapped_syn_received);
	ATF_TP_ADD_TC(tp, wrapped_simultaneous);
	ATF_TP_ADD_TC(tp, wrapped_established);
	ATF_TP_ADD_TC(tp, wrapped_close_wait);
	ATF_TP_ADD_TC(tp, wrapped_fin_wait_1);
	ATF_TP_ADD_TC(tp, wrapped_closing);
	ATF_TP_ADD_TC(tp, wrapped_last_ack);
	ATF_TP_ADD_TC(tp, wrapped_fin_wait_2);
	ATF_TP_ADD_TC(tp, wrapped_time_wait);
	return (atf_no_error());
}

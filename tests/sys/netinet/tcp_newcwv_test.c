/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Validation of the congestion window (RFC 7661): who fills the window is
 * not touched by it; who does not keeps it over pauses, half of it after
 * five minutes, and pays for it at a loss.
 */
#include <netinet/tcp_newcwv.h>

#include "pkt.h"

#define	MSS	1460
#define	NEWCWV	"net.inet.tcp.newcwv"
#define	RTT	(20 * PD_MSEC)
#define	MINUTE	(60 * PD_SEC)

static uint32_t
cwnd(struct pd *t)
{
	return (pd_tcpcb(t)->snd_cwnd);
}

static bool
validated(struct pd *t)
{
	return ((pd_tcpcb(t)->t_flags2 & TF2_NVP) == 0);
}

static int
open_with(struct pd *t, int on, const char *cc)
{
	int fd;

	pd_sysctl(t, NEWCWV, on);
	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", cc);
	fd = pd_active(t, PD_SACK | PD_WS, 65535);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_SNDBUF, 1 << 20));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	return (fd);
}

static int
open_it(struct pd *t, int on)
{
	return (open_with(t, on, "newreno"));
}

/* All that waits to be looked at is acknowledged a round trip later, every
 * other segment; what that lets out waits. */
static void
round_trip(struct pd *t)
{
	uint32_t ack = 0;
	int i, n = pd_pending(t);

	pd_pass(t, RTT);
	for (i = 1; i <= n; i++) {
		ack = pd_take(t);
		if (i % 2 == 0 || i == n)
			INJECT(". 1:1(0) ack %u win 65535", ack);
	}
}

/* n segments, and their acknowledgment. */
static void
burst(struct pd *t, int fd, int n)
{
	SEND(fd, n * MSS);
	ATF_REQUIRE_EQ(n, pd_pending(t));
	round_trip(t);
	ATF_REQUIRE_EQ(0, pd_pending(t));
}

/* A transfer that brings the window beyond 40 segments. */
static void
grow(struct pd *t, int fd)
{
	SEND(fd, 100 * MSS);
	while (pd_pending(t) != 0)
		round_trip(t);
	ATF_REQUIRE(cwnd(t) >= 40 * MSS);
	ATF_REQUIRE(validated(t));
}

/* The windows of a transfer, one for each round trip. */
static int
windows(struct pd *t, int on, uint32_t win[16])
{
	int fd, n = 0;

	fd = open_it(t, on);
	SEND(fd, 400 * MSS);
	while (pd_pending(t) != 0) {
		ATF_REQUIRE(n < 16);
		win[n++] = cwnd(t);
		round_trip(t);
	}
	INJECT("R 1:1(0) win 0");
	OK(pd_close(t, fd));
	return (n);
}

PD_TEST(bulk)
{
	uint32_t with[16], without[16];
	int i, n;

	n = windows(t, 0, without);
	pd_use(t, 1);
	ATF_REQUIRE_EQ(n, windows(t, 1, with));
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ_MSG(without[i], with[i], "%d: %u, not %u", i,
		    with[i], without[i]);
	ATF_CHECK(with[n - 1] > 100 * MSS);
}

/* Small bursts prove little; a large one proves it again. */
PD_TEST(phases)
{
	uint32_t was;
	int fd = open_it(t, 1), i;

	grow(t, fd);
	was = cwnd(t);
	for (i = 0; i < 3; i++) {
		pd_pass(t, 2 * PD_SEC);
		burst(t, fd, 5);
		ATF_CHECK_EQ(was, cwnd(t));
		ATF_CHECK(!validated(t));
	}
	burst(t, fd, (int)(was / 2 / MSS) + 1);
	ATF_CHECK(validated(t));
	/* It may grow again, but what was acknowledged before did not count. */
	ATF_CHECK_EQ(was, cwnd(t));
}

/* For the sampling period what has been proved counts. */
PD_TEST(sampling_period)
{
	int fd = open_it(t, 1);

	grow(t, fd);
	pd_pass(t, 500 * PD_MSEC);
	burst(t, fd, 1);
	ATF_CHECK(validated(t));
	pd_pass(t, 500 * PD_MSEC);
	burst(t, fd, 1);
	ATF_CHECK(!validated(t));
}

/* A pause leaves the window, and without validation does not. */
PD_TEST(pause)
{
	uint32_t was;
	int fd = open_it(t, 1);

	grow(t, fd);
	was = cwnd(t);
	pd_pass(t, 4 * MINUTE);
	SEND(fd, 100 * MSS);
	ATF_CHECK_EQ(was, cwnd(t));
	ATF_CHECK_EQ((int)(was / MSS), pd_pending(t));
	pd_forget(t);
	INJECT("R 1:1(0) win 0");
	OK(pd_close(t, fd));

	pd_use(t, 1);
	fd = open_it(t, 0);
	grow(t, fd);
	pd_pass(t, 4 * MINUTE);
	SEND(fd, 100 * MSS);
	ATF_CHECK_EQ(10 * MSS, cwnd(t));
	ATF_CHECK_EQ(10, pd_pending(t));
	pd_forget(t);
}

/* Five minutes of silence: half of it; ten: a quarter; the initial window
 * is left. */
PD_TEST(silence)
{
	uint32_t was;
	int fd = open_it(t, 1);

	grow(t, fd);
	was = cwnd(t);
	pd_pass(t, 5 * MINUTE);
	burst(t, fd, 1);
	ATF_CHECK_EQ(was / 2, cwnd(t));
	ATF_CHECK(pd_tcpcb(t)->snd_ssthresh >= was - was / 4);
	pd_pass(t, 5 * MINUTE);
	burst(t, fd, 1);
	ATF_CHECK_EQ(MAX(was / 4, 10 * MSS), cwnd(t));
	pd_pass(t, 110 * MINUTE);
	burst(t, fd, 1);
	ATF_CHECK_EQ(10 * MSS, cwnd(t));
}

/* So it is for who sends a little all the time. */
PD_TEST(trickle)
{
	uint32_t was;
	int fd = open_it(t, 1), i;

	grow(t, fd);
	was = cwnd(t);
	for (i = 0; i < 74; i++) {
		pd_pass(t, 4 * PD_SEC);
		burst(t, fd, 1);
	}
	ATF_CHECK_EQ(was, cwnd(t));
	pd_pass(t, 4 * PD_SEC);
	burst(t, fd, 1);
	pd_pass(t, 4 * PD_SEC);
	burst(t, fd, 1);
	ATF_CHECK_EQ(was / 2, cwnd(t));
}

/* Eight in flight, the first is lost; more comes during recovery. */
static void
lose_one(struct pd *t, int fd, int more)
{
	uint32_t una = pd_tcpcb(t)->snd_una - pd_tcpcb(t)->iss;
	int i;

	SEND(fd, 8 * MSS);
	ATF_REQUIRE_EQ(8, pd_pending(t));
	pd_forget(t);
	pd_pass(t, RTT);
	for (i = 2; i <= 8; i++) {
		if (i == 5) {
			EXPECT(". %u:%u(1460) ack 1", una, una + MSS);
			SEND(fd, more * MSS);
		}
		INJECT(". 1:1(0) ack %u win 65535 <nop,nop,sack %u:%u>",
		    una, una + MSS, una + (uint32_t)i * MSS);
	}
	ATF_REQUIRE((pd_pending(t) != 0) == (more != 0));
	pd_forget(t);
	pd_pass(t, RTT);
	INJECT(". 1:1(0) ack %u win 65535", una + 8 * MSS);
}

/* A loss shows that a window that was not validated was too large: what was
 * in flight counts, less what was sent again. */
PD_TEST(loss)
{
	int fd = open_it(t, 1);

	grow(t, fd);
	pd_pass(t, 10 * PD_SEC);
	lose_one(t, fd, 0);
	ATF_CHECK(!IN_RECOVERY(pd_tcpcb(t)->t_flags));
	ATF_CHECK_EQ(4 * MSS, pd_tcpcb(t)->snd_ssthresh);
	ATF_CHECK(cwnd(t) <= 7 * MSS / 2);
	ATF_CHECK(cwnd(t) >= 2 * MSS);
	/* And what comes now proves itself anew. */
	ATF_CHECK(validated(t));
	ATF_CHECK_EQ(CWV_NOTHING, pd_tcpcb(t)->t_userto->tu_cwv->cw_known);
}

/* Whatever the module thinks of it, and however much is on its way. */
PD_TEST(loss_cubic)
{
	int fd = open_with(t, 1, "cubic");

	grow(t, fd);
	pd_pass(t, 10 * PD_SEC);
	lose_one(t, fd, 20);
	ATF_CHECK(!IN_RECOVERY(pd_tcpcb(t)->t_flags));
	ATF_CHECK_EQ(4 * MSS, pd_tcpcb(t)->snd_ssthresh);
	ATF_CHECK_EQ(7 * MSS / 2, cwnd(t));
	pd_forget(t);
}

PD_TEST(timeout)
{
	int fd = open_it(t, 1);

	grow(t, fd);
	pd_pass(t, 10 * PD_SEC);
	SEND(fd, 8 * MSS);
	ATF_CHECK(!validated(t));
	pd_forget(t);
	pd_pass(t, 1 * PD_SEC);
	ATF_CHECK_EQ(MSS, cwnd(t));
	ATF_CHECK_EQ(4 * MSS, pd_tcpcb(t)->snd_ssthresh);
	ATF_CHECK(validated(t));
	pd_forget(t);
}

/* Switched off, the connection is as any other. */
PD_TEST(off)
{
	int fd = open_it(t, 1);

	grow(t, fd);
	pd_pass(t, 10 * PD_SEC);
	burst(t, fd, 1);
	ATF_CHECK(!validated(t));
	pd_sysctl(t, NEWCWV, 0);
	pd_pass(t, 10 * PD_SEC);
	burst(t, fd, 1);
	ATF_CHECK_EQ(10 * MSS, cwnd(t));
	ATF_CHECK(validated(t));
	ATF_CHECK_EQ(0, pd_tcpcb(t)->t_flags2 & TF2_CWV);
}

PD_TEST4(newcwd)
{
	pd_sysctl(t, "net.inet.tcp.newcwd", 1);
	ATF_CHECK_EQ(1, pd_sysctl_get(t, NEWCWV));
	(void)pd_active(t, 0, 65535);
	ATF_CHECK((pd_tcpcb(t)->t_flags2 & TF2_CWV) != 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bulk);
	ATF_TP_ADD_TC(tp, phases);
	ATF_TP_ADD_TC(tp, sampling_period);
	ATF_TP_ADD_TC(tp, pause);
	ATF_TP_ADD_TC(tp, silence);
	ATF_TP_ADD_TC(tp, trickle);
	ATF_TP_ADD_TC(tp, loss);
	ATF_TP_ADD_TC(tp, loss_cubic);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, off);
	ATF_TP_ADD_TC(tp, newcwd);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What others could send into a connection: resets, SYNs and ACKs (RFC 5961;
 * RFC 9293, 3.10.7.4), in every state of a connection that has been opened.
 */
#include "pkt.h"

/* A connection brought to a state. */
struct at {
	int		state;
	int		lfd, fd;	/* -1: none */
	uint32_t	rcv, snd;	/* relative RCV.NXT and SND.NXT */
};

static void
to_syn_received(struct pd *t, struct at *a)
{
	a->lfd = pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	a->rcv = a->snd = 1;
}

/* Half closed by shutdown(2), so that there is still somebody to tell. */
static void
to_fin_wait_1(struct pd *t, struct at *a)
{
	OK(pd_shutdown(t, a->fd, SHUT_WR));
	EXPECT("F. %u:%u(0) ack %u", a->snd, a->snd, a->rcv);
	a->snd++;
}

static void
to_close_wait(struct pd *t, struct at *a)
{
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	a->rcv++;
}

static void
to_state(struct pd *t, struct at *a, int state)
{
	a->state = state;
	a->lfd = a->fd = -1;
	if (state == TCPS_SYN_RECEIVED) {
		to_syn_received(t, a);
		STATE(state);
		return;
	}
	a->fd = pd_active(t, 0, 65535);
	a->rcv = a->snd = 1;
	if (state == TCPS_CLOSE_WAIT || state == TCPS_LAST_ACK)
		to_close_wait(t, a);
	if (state != TCPS_ESTABLISHED && state != TCPS_CLOSE_WAIT)
		to_fin_wait_1(t, a);
	if (state == TCPS_FIN_WAIT_2)
		INJECT(". 1:1(0) ack 2 win 65535");
	if (state == TCPS_CLOSING) {
		/* What it answers with is in tcp_close_test.c. */
		INJECT("F. 1:1(0) ack 1 win 65535");
		pd_forget(t);
		a->rcv++;
	}
	STATE(state);
}

/* Back to a clean table, for the next round. */
static void
leave(struct pd *t, struct at *a)
{
	if (pd_state(t) != GONE) {
		pd_sysctl(t, "net.inet.tcp.insecure_rst", 1);
		INJECT("R %u:%u(0) win 0", a->rcv, a->rcv);
		pd_sysctl(t, "net.inet.tcp.insecure_rst", 0);
	}
	STATE(GONE);
	if (a->fd >= 0)
		OK(pd_close(t, a->fd));
	if (a->lfd >= 0)
		OK(pd_close(t, a->lfd));
	NOTHING();
	pd_renew(t);
}

static const int synchronized[] = { TCPS_ESTABLISHED, TCPS_CLOSE_WAIT,
    TCPS_FIN_WAIT_1, TCPS_CLOSING, TCPS_LAST_ACK, TCPS_FIN_WAIT_2 };
static const int opened[] = { TCPS_SYN_RECEIVED, TCPS_ESTABLISHED,
    TCPS_CLOSE_WAIT, TCPS_FIN_WAIT_1, TCPS_CLOSING, TCPS_LAST_ACK,
    TCPS_FIN_WAIT_2 };

/* An ordinary ACK: while our FIN is not acknowledged, it goes with it. */
static void
expect_ack(struct pd *t, const struct at *a)
{
	bool fin = a->state == TCPS_FIN_WAIT_1 ||
	    a->state == TCPS_CLOSING || a->state == TCPS_LAST_ACK;

	EXPECT("%s %u:%u(0) ack %u", fin ? "F." : ".", a->snd - fin,
	    a->snd - fin, a->rcv);
}

/* What the user is told of the end of a connection that had a descriptor. */
static void
killed(struct pd *t, const struct at *a)
{
	NOTHING();
	STATE(GONE);
	if (a->fd >= 0)
		ERR(ECONNRESET, SO_ERR(a->fd));
	else
		ERR(-EWOULDBLOCK, pd_accept(t, a->lfd));
}

/* ---- Resets ---- */

PD_TEST(rst_exact)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(opened); i++) {
		to_state(t, &a, opened[i]);
		INJECT("R %u:%u(0) win 0", a.rcv, a.rcv);
		killed(t, &a);
		leave(t, &a);
	}
}

/* Whatever its ACK field says. */
PD_TEST(rst_ack_exact)
{
	static const int32_t acks[] = { 0, 1, 2, 1000000, -1000000 };
	struct at a;
	u_int i, j;

	for (i = 0; i < nitems(opened); i++)
		for (j = 0; j < nitems(acks); j++) {
			to_state(t, &a, opened[i]);
			INJECT("R. %u:%u(0) ack %d win 0", a.rcv, a.rcv,
			    acks[j]);
			killed(t, &a);
			leave(t, &a);
		}
}

/* Elsewhere in the window: a challenge. */
PD_TEST(rst_window)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		INJECT("R %u:%u(0) win 0", a.rcv + 1, a.rcv + 1);
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		INJECT("R. %u:%u(0) ack 1 win 0", a.rcv + 65000,
		    a.rcv + 65000);
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		STATE(a.state);
		OK(SO_ERR(a.fd));
		leave(t, &a);
	}
}

/* It is the true window, not the one that a header had room for. */
PD_TEST(rst_window_edge)
{
	struct at a;

	to_state(t, &a, TCPS_ESTABLISHED);
	INJECT("R %u:%u(0) win 0", a.rcv + 65699, a.rcv + 65699);
	EXPECT(". 1:1(0) ack 1");
	INJECT("R %u:%u(0) win 0", a.rcv + 65700, a.rcv + 65700);
	NOTHING();
	pd_sysctl(t, "net.inet.tcp.insecure_rst", 1);
	INJECT("R %u:%u(0) win 0", a.rcv + 65700, a.rcv + 65700);
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	INJECT("R %u:%u(0) win 0", a.rcv + 65699, a.rcv + 65699);
	killed(t, &a);
}

PD_TEST(rst_window_insecure)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		pd_sysctl(t, "net.inet.tcp.insecure_rst", 1);
		INJECT("R %u:%u(0) win 0", a.rcv + 1000, a.rcv + 1000);
		killed(t, &a);
		leave(t, &a);
	}
}

PD_TEST(rst_outside)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(opened); i++) {
		to_state(t, &a, opened[i]);
		INJECT("R %u:%u(0) win 0", a.rcv - 1, a.rcv - 1);
		INJECT("R. %u:%u(0) ack 1 win 0", a.rcv - 1, a.rcv - 1);
		INJECT("R %u:%u(0) win 0", a.rcv + 70000, a.rcv + 70000);
		pd_sysctl(t, "net.inet.tcp.insecure_rst", 1);
		INJECT("R %u:%u(0) win 0", a.rcv - 1, a.rcv - 1);
		INJECT("R %u:%u(0) win 0", a.rcv + 70000, a.rcv + 70000);
		NOTHING();
		STATE(a.state);
		leave(t, &a);
	}
}

/* What came before the reset can still be read. */
PD_TEST(rst_after_text)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	INJECT("R 101:101(0) win 0");
	NOTHING();
	STATE(GONE);
	RECV(fd, 100);
	RECV_ERR(fd, ECONNRESET);
	RECV_EOF(fd);
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
}

PD_TEST(rst_send)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("R 1:1(0) win 0");
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
	ERR(ECONNRESET, SO_ERR(fd));
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
	NOTHING();
}

/* A reset with text is a reset (RFC 9293, 3.5.3). */
PD_TEST(rst_with_text)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("RP. 1:11(10) ack 1 win 0");
	NOTHING();
	STATE(GONE);
	RECV_ERR(fd, ECONNRESET);
}

/* ---- SYNs ---- */

PD_TEST(syn_challenge)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv, a.rcv);
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv + 1000,
		    a.rcv + 1000);
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv + 1000000,
		    a.rcv + 1000000);
		EXPECT(". %u:%u(0) ack %u", a.snd, a.snd, a.rcv);
		STATE(a.state);
		leave(t, &a);
	}
}

PD_TEST(syn_insecure)
{
	struct at a;
	u_int i;

	pd_sysctl(t, "net.inet.tcp.insecure_syn", 1);
	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv - 1,
		    a.rcv - 1);
		expect_ack(t, &a);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv + 70000,
		    a.rcv + 70000);
		expect_ack(t, &a);
		STATE(a.state);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv + 1000,
		    a.rcv + 1000);
		EXPECT("R. %u:%u(0) ack %u win 0", a.snd, a.snd, a.rcv);
		killed(t, &a);
		leave(t, &a);
	}
}

PD_TEST(syn_insecure_exact)
{
	struct at a;
	u_int i;

	pd_sysctl(t, "net.inet.tcp.insecure_syn", 1);
	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		INJECT("S %u:%u(0) win 65535 <mss 1460>", a.rcv, a.rcv);
		EXPECT("R. %u:%u(0) ack %u win 0", a.snd, a.snd, a.rcv);
		killed(t, &a);
		leave(t, &a);
	}
}

/* Challenges are limited: ack_war_cnt in ack_war_timewindow. */
PD_TEST(challenge_limit)
{
	int i;

	(void)pd_active(t, 0, 65535);
	for (i = 0; i < 5; i++) {
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT(". 1:1(0) ack 1");
	}
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	INJECT("R 2:2(0) win 0");
	INJECT(". 1:1(0) ack 1000000 win 65535");
	NOTHING();
	/* The period is counted in milliseconds. */
	ADVANCE(999 * PD_MSEC);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	ADVANCE(1 * PD_MSEC);
	for (i = 0; i < 5; i++) {
		INJECT("R 2:2(0) win 0");
		EXPECT(". 1:1(0) ack 1");
	}
	INJECT("R 2:2(0) win 0");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(challenge_variables)
{
	int i;

	pd_sysctl(t, "net.inet.tcp.ack_war_cnt", 2);
	pd_sysctl(t, "net.inet.tcp.ack_war_timewindow", 100);
	(void)pd_active(t, 0, 65535);
	for (i = 0; i < 2; i++) {
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT(". 1:1(0) ack 1");
	}
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	ADVANCE(100 * PD_MSEC);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	pd_sysctl(t, "net.inet.tcp.ack_war_cnt", 0);
	for (i = 0; i < 20; i++) {
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT(". 1:1(0) ack 1");
	}
}

/* A challenge says the state of things: window, time stamp, which is not
 * taken from what was not acceptable. */
PD_TEST(challenge_form)
{
	(void)pd_active(t, PD_ALL, 65535);
	ADVANCE(50 * PD_MSEC);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,nop,TS val 57 ecr 0>");
	EXPECT(". 1:1(0) ack 1 win 1027 <nop,nop,TS val 150 ecr 7>");
}

/* ---- ACKs ---- */

/* RFC 5961, 5: an ACK of what was not sent, or of what is older than the
 * largest window, gets a challenge and is not taken. */
PD_TEST(ack_not_sent)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	INJECT("P. 1:11(10) ack 102 win 65535");
	EXPECT(". 101:101(0) ack 1");
	RECV_NOTHING(fd);
	ATF_REQUIRE_EQ(t->c->iss + 1, pd_tcpcb(t)->snd_una);
	INJECT("P. 1:11(10) ack -70000 win 65535");
	EXPECT(". 101:101(0) ack 1");
	RECV_NOTHING(fd);
	/* Old, but believable. */
	INJECT("P. 1:11(10) ack 0 win 65535");
	NOTHING();
	RECV(fd, 10);
	EXPECT_IN(40 * PD_MSEC, ". 101:101(0) ack 11");
	INJECT(". 11:11(0) ack 101 win 65535");
}

/* A segment without ACK is no segment (3.10.7.4, fifth). */
PD_TEST(no_ack)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		INJECT("- %u:%u(10) win 65535", a.rcv, a.rcv + 10);
		INJECT("F %u:%u(0) win 65535", a.rcv, a.rcv);
		NOTHING();
		STATE(a.state);
		leave(t, &a);
	}
}

/* Outside of the window: an ACK, and nothing of it counts (3.10.7.4). */
PD_TEST(outside_window)
{
	struct at a;
	u_int i;

	for (i = 0; i < nitems(synchronized); i++) {
		to_state(t, &a, synchronized[i]);
		INJECT(". %u:%u(0) ack 1 win 1", a.rcv - 1, a.rcv - 1);
		expect_ack(t, &a);
		leave(t, &a);
		to_state(t, &a, synchronized[i]);
		INJECT("P. %u:%u(10) ack 1 win 1", a.rcv + 70000,
		    a.rcv + 70010);
		expect_ack(t, &a);
		STATE(a.state);
		leave(t, &a);
	}
}

PD_TEST(bad_checksum)
{
	int fd = pd_active(t, 0, 65535);

	pd_inject_badsum(t, "P. 1:11(10) ack 1 win 65535");
	pd_inject_badsum(t, "R 1:1(0) win 0");
	NOTHING();
	RECV_NOTHING(fd);
	STATE(TCPS_ESTABLISHED);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rst_exact);
	ATF_TP_ADD_TC(tp, rst_ack_exact);
	ATF_TP_ADD_TC(tp, rst_window);
	ATF_TP_ADD_TC(tp, rst_window_edge);
	ATF_TP_ADD_TC(tp, rst_window_insecure);
	ATF_TP_ADD_TC(tp, rst_outside);
	ATF_TP_ADD_TC(tp, rst_after_text);
	ATF_TP_ADD_TC(tp, rst_send);
	ATF_TP_ADD_TC(tp, rst_with_text);
	ATF_TP_ADD_TC(tp, syn_challenge);
	ATF_TP_ADD_TC(tp, syn_insecure);
	ATF_TP_ADD_TC(tp, syn_insecure_exact);
	ATF_TP_ADD_TC(tp, challenge_limit);
	ATF_TP_ADD_TC(tp, challenge_variables);
	ATF_TP_ADD_TC(tp, challenge_form);
	ATF_TP_ADD_TC(tp, ack_not_sent);
	ATF_TP_ADD_TC(tp, no_ack);
	ATF_TP_ADD_TC(tp, outside_window);
	ATF_TP_ADD_TC(tp, bad_checksum);
	return (atf_no_error());
}

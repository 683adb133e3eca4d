/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What RFC 9293 asks for and no other program here shows; rfc9293.tsv says
 * which requirement is shown where.
 */
#include "pkt.h"

#define	MSS	1460

/* ---- Windows ---- */

/* A window of 65535 is that, and not less than nothing. */
PD_TEST(window_unsigned)
{
	int fd = pd_active(t, 0, 65535);
	uint32_t end = 0;

	pd_tcpcb(t)->snd_cwnd = 100000;
	CURVNET_SET(t->vnet);
	(void)sbreserve(&tptosocket(pd_tcpcb(t))->so_snd, 200000);
	CURVNET_RESTORE();
	SEND(fd, 70000);
	while (pd_pending(t) > 0)
		end = pd_take(t);
	/* But for a piece that is less than a segment. */
	ATF_REQUIRE(end > 65536 - MSS && end <= 65536);
}

/* Text that waits is acknowledged together, once for all that came. */
PD_TEST(acks_together)
{
	int fd = pd_active(t, 0, 65535);

	BATCH_BEGIN();
	INJECT(". 1:1461(1460) ack 1 win 65535");
	INJECT(". 1461:2921(1460) ack 1 win 65535");
	INJECT(". 2921:4381(1460) ack 1 win 65535");
	INJECT(". 4381:5841(1460) ack 1 win 65535");
	BATCH_END();
	EXPECT(". 1:1(0) ack 5841");
	NOTHING();
	RECV(fd, 5840);
	pd_forget(t);
}

/* A connection whose window we have closed. */
static int
full(struct pd *t)
{
	uint32_t n;
	int fd;

	fd = pd_active(t, 0, 65535);
	while ((n = tcp_rcv_window(pd_tcpcb(t))) != 0) {
		uint32_t seq = pd_tcpcb(t)->rcv_nxt - t->c->irs;

		n = MIN(n, MSS);
		INJECT(". %u:%u(%u) ack 1 win 65535", seq, seq + n, n);
	}
	pd_forget(t);
	return (fd);
}

/* A reset and an urgent pointer count though the window is closed. */
PD_TEST(closed_window_rst)
{
	int fd = full(t);
	uint32_t seq = pd_tcpcb(t)->rcv_nxt - t->c->irs;

	INJECT("R %u:%u(0) win 0", seq, seq);
	STATE(GONE);
	ERR(ECONNRESET, SO_ERR(fd));
}

PD_TEST(closed_window_urg)
{
	int fd = full(t);
	uint32_t seq = pd_tcpcb(t)->rcv_nxt - t->c->irs;

	ATF_REQUIRE_EQ(0, pd_poll(t, fd) & SOPOLL_PRI);
	INJECT(".U %u:%u(1) ack 1 win 65535 urg 1", seq, seq + 1);
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_PRI) != 0);
	pd_forget(t);
}

/* ---- Options ---- */

/* In any segment, in any place, and those that nobody knows. */
PD_TEST(options_anywhere)
{
	int fd = pd_active(t, PD_TS, 65535);

	INJECT("P. 1:11(10) ack 1 win 65535 <hex fd04,hex 1234,"
	    "TS val 8 ecr 100>");
	INJECT("P. 11:21(10) ack 1 win 65535 <nop,TS val 9 ecr 100,nop>");
	EXPECT(". 1:1(0) ack 21 <nop,nop,TS val * ecr 8>");
	INJECT("P. 21:31(10) ack 1 win 65535 <TS val 10 ecr 100,hex fd02>");
	RECV(fd, 30);
	ATF_REQUIRE_EQ(10, pd_tcpcb(t)->ts_recent);
	EXPECT_IN(40 * PD_MSEC,
	    ". 1:1(0) ack 31 <nop,nop,TS val * ecr 10>");
	INJECT("F. 31:31(0) ack 1 win 65535 <hex fd05,hex 12,hex 34,hex 56,"
	    "nop,TS val 11 ecr 100>");
	EXPECT(". 1:1(0) ack 32 <nop,nop,TS val * ecr 11>");
	RECV_EOF(fd);
}

/* An MSS option in a segment without SYN says nothing, and we send none. */
PD_TEST(mss_not_in_syn)
{
	int fd = pd_active(t, 0, 65535), mss = pd_tcpcb(t)->t_maxseg;

	INJECT("P. 1:11(10) ack 1 win 65535 <mss 300>");
	ATF_REQUIRE_EQ(mss, pd_tcpcb(t)->t_maxseg);
	SEND(fd, mss);
	EXPECT("P. 1:%d(%d) ack 11", 1 + mss, mss);
	RECV(fd, 10);
}

/* What options take is taken from the text. */
PD_TEST(options_cost_text)
{
	int fd = pd_active(t, PD_TS, 65535);

	SEND(fd, 1448);
	EXPECT("P. 1:1449(1448) ack 1 <nop,nop,TS val * ecr 7>");
}

/* ---- Urgent text ---- */

/* It may be as long as anybody likes, and the pointer names the byte behind
 * it. */
PD_TEST(urgent_long)
{
	int fd = pd_active(t, 0, 65535);

	ATF_REQUIRE_EQ(5000, pd_send(t, fd, 5000, MSG_OOB));
	EXPECT(".U 1:1461(1460) ack 1 urg 5000");
	EXPECT(".U 1461:2921(1460) ack 1 urg 3540");
	EXPECT(".U 2921:4381(1460) ack 1 urg 2080");
	EXPECT("P.U 4381:5001(620) ack 1 urg 620");
	INJECT(". 1:1(0) ack 5001 win 65535");
	SEND(fd, 10);
	EXPECT("P. 5001:5011(10) ack 1");
}

/* The reader hears of it before it is there, and learns where it ends. */
PD_TEST(urgent_ahead)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_OOBINLINE, 1));
	INJECT("P.U 1:11(10) ack 1 win 65535 urg 3000");
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_PRI) != 0);
	INJECT(".U 11:1471(1460) ack 1 win 65535 urg 2990");
	INJECT(".U 1471:2931(1460) ack 1 win 65535 urg 1530");
	INJECT("P.U 2931:3101(170) ack 1 win 65535 urg 70");
	pd_forget(t);
	ATF_REQUIRE_EQ(2999, pd_recv(t, fd, 10000, 0));
	ATF_REQUIRE_EQ(101, pd_recv(t, fd, 10000, 0));
	pd_forget(t);
}

/* ---- Addresses ---- */

/* Nobody connects to a group or to everybody, whichever the protocol. */
PD_TEST(connect_to_many)
{
	static const char *const addrs[2][3] = {
		{ "224.0.0.1", "239.1.2.3", "255.255.255.255" },
		{ "ff02::1", "ff0e::101", "ff05::2" }
	};
	struct in6_addr peer = t->peer;
	u_int i;
	int fd;

	for (i = 0; i < 3; i++) {
		ATF_REQUIRE_EQ(1, in_pton(addrs[t->af == AF_INET6][i],
		    &t->peer));
		fd = pd_socket(t);
		ATF_REQUIRE(pd_connect(t, fd) != EINPROGRESS);
		t->peer = peer;
		NOTHING();
	}
}

/* A SYN to them, or from them, is not answered, and makes nothing. */
static void
syn_of(struct pd *t, const char *from, const char *to)
{
	struct in6_addr peer = t->peer, us = t->us;

	if (from != NULL)
		ATF_REQUIRE_EQ(1, in_pton(from, &t->peer));
	if (to != NULL)
		ATF_REQUIRE_EQ(1, in_pton(to, &t->us));
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	t->c->lport = PD_PORT + 1;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	t->c->lport = PD_PORT;
	t->peer = peer;
	t->us = us;
}

PD_TEST(syn_to_many)
{
	(void)pd_listen(t, 5);
	if (t->af == AF_INET) {
		syn_of(t, NULL, "224.0.0.1");
		syn_of(t, NULL, "255.255.255.255");
	} else {
		syn_of(t, NULL, "ff02::1");
		syn_of(t, NULL, "ff0e::101");
	}
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, V_tcps_states[TCPS_SYN_RECEIVED]);
	CURVNET_RESTORE();
}

PD_TEST(syn_from_many)
{
	(void)pd_listen(t, 5);
	if (t->af == AF_INET) {
		syn_of(t, "224.0.0.1", NULL);
		syn_of(t, "255.255.255.255", NULL);
		syn_of(t, "0.0.0.0", NULL);
	} else {
		syn_of(t, "ff02::1", NULL);
		syn_of(t, "::", NULL);
	}
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, V_tcps_states[TCPS_SYN_RECEIVED]);
	CURVNET_RESTORE();
}

/* Two listeners on one port, for two addresses, know nothing of each other,
 * and of connections that are there. */
PD_TEST(listen_again)
{
	int fd, lfd = pd_listen(t, 5);

	fd = pd_passive_at(t, lfd, 0, 65535);
	pd_use(t, 1);
	(void)pd_passive_at(t, lfd, 0, 65535);
	OK(pd_close(t, lfd));
	pd_use(t, 0);
	STATE(TCPS_ESTABLISHED);
	INJECT("P. 1:11(10) ack 1 win 65535");
	RECV(fd, 10);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
}

/* ---- ICMP ---- */

/* A source quench (type 4) is nothing, not even to the window (RFC 6633). */
PD_TEST4(source_quench)
{
	int fd = pd_active(t, 0, 65535);
	uint32_t cwnd;

	SEND(fd, 5 * MSS);
	pd_forget(t);
	cwnd = pd_tcpcb(t)->snd_cwnd;
	pd_icmp(t, 4, 0, 0, 1);
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	OK(SO_ERR(fd));
	ATF_REQUIRE_EQ(cwnd, pd_tcpcb(t)->snd_cwnd);
	INJECT(". 1:1(0) ack %d win 65535", 1 + 5 * MSS);
}

/* Nor do those that may pass end a connection, before or after it stands. */
static void
soft_errors(struct pd *t, uint32_t seq, int state)
{
	static const uint8_t v4[][2] = {
		{ ICMP_UNREACH, ICMP_UNREACH_NET },
		{ ICMP_UNREACH, ICMP_UNREACH_HOST },
		{ ICMP_UNREACH, ICMP_UNREACH_SRCFAIL },
		{ ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS },
		{ ICMP_TIMXCEED, ICMP_TIMXCEED_REASS },
		{ ICMP_PARAMPROB, 0 }
	};
	static const uint8_t v6[][2] = {
		{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE },
		{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR },
		{ ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY },
		{ ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER }
	};
	u_int i;

	for (i = 0; i < (t->af == AF_INET ? nitems(v4) : nitems(v6)); i++) {
		/* A SYN that expires on its way never arrives: FreeBSD gives
		 * up, which icmp_may_rst forbids. */
		if (t->af == AF_INET)
			pd_icmp(t, v4[i][0], v4[i][1], 0, seq);
		else
			pd_icmp(t, v6[i][0], v6[i][1], 0, seq);
		NOTHING();
		STATE(state);
	}
}

PD_TEST(soft_established)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	pd_forget(t);
	soft_errors(t, 1, TCPS_ESTABLISHED);
	OK(SO_ERR(fd));
	INJECT(". 1:1(0) ack 101 win 65535");
}

PD_TEST(soft_synsent)
{
	pd_sysctl(t, "net.inet.tcp.icmp_may_rst", 0);
	ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
	EXPECT("S 0:0(0) win 65535 <...>");
	soft_errors(t, 0, TCPS_SYN_SENT);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
}

/* ---- Limits that a user can set ---- */

/* 180 s and more for a SYN, as for everything else. */
PD_TEST(syn_three_minutes)
{
	int fd = pd_socket(t);
	uint64_t s;

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPINIT, 200));
	ERR(EINPROGRESS, pd_connect(t, fd));
	pd_forget(t);
	for (s = 0; s < 199; s++)
		pd_pass(t, PD_SEC);
	STATE(TCPS_SYN_SENT);
	ATF_REQUIRE(pd_pending(t) >= 6);
	pd_pass(t, 2 * PD_SEC);
	STATE(GONE);
	pd_forget(t);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* An established connection waits for 100 s and more, and no limit that the
 * user has not set is shorter. */
PD_TEST(r2)
{
	int fd = pd_active(t, 0, 65535);

	pd_sysctl(t, "net.inet.tcp.rexmit_min", 1000);
	SEND(fd, 100);
	pd_pass(t, 100 * PD_SEC);
	STATE(TCPS_ESTABLISHED);
	OK(SO_ERR(fd));
	pd_pass(t, 3600 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* The differentiated services field is passed down unchanged, and may change
 * while the connection stands. */
PD_TEST(diffserv)
{
	int fd = pd_active(t, 0, 65535);

	if (t->af == AF_INET)
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TOS, 0xb8));
	else
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, 0xb8));
	SEND(fd, 10);
	EXPECT("[tos 184] P. 1:11(10) ack 1");
	INJECT(". 1:1(0) ack 11 win 65535");
	if (t->af == AF_INET)
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TOS, 0x20));
	else
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, 0x20));
	SEND(fd, 10);
	EXPECT("[tos 32] P. 11:21(10) ack 1");
	INJECT(". 1:1(0) ack 21 win 65535");
}

/* Small text is not kept back for ever: what is in flight is acknowledged
 * some time. */
PD_TEST(not_kept_back)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	SEND(fd, 10);
	SEND(fd, 10);
	NOTHING();
	INJECT(". 1:1(0) ack 11 win 65535");
	EXPECT("P. 11:31(20) ack 1");
	INJECT(". 1:1(0) ack 31 win 65535");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, window_unsigned);
	ATF_TP_ADD_TC(tp, acks_together);
	ATF_TP_ADD_TC(tp, closed_window_rst);
	ATF_TP_ADD_TC(tp, closed_window_urg);
	ATF_TP_ADD_TC(tp, options_anywhere);
	ATF_TP_ADD_TC(tp, mss_not_in_syn);
	ATF_TP_ADD_TC(tp, options_cost_text);
	ATF_TP_ADD_TC(tp, urgent_long);
	ATF_TP_ADD_TC(tp, urgent_ahead);
	ATF_TP_ADD_TC(tp, connect_to_many);
	ATF_TP_ADD_TC(tp, syn_to_many);
	ATF_TP_ADD_TC(tp, syn_from_many);
	ATF_TP_ADD_TC(tp, listen_again);
	ATF_TP_ADD_TC(tp, source_quench);
	ATF_TP_ADD_TC(tp, soft_established);
	ATF_TP_ADD_TC(tp, soft_synsent);
	ATF_TP_ADD_TC(tp, syn_three_minutes);
	ATF_TP_ADD_TC(tp, r2);
	ATF_TP_ADD_TC(tp, diffserv);
	ATF_TP_ADD_TC(tp, not_kept_back);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Segment arrival, state by state (RFC 9293, 3.10.7): CLOSED, LISTEN,
 * SYN-SENT, TIME-WAIT, and simultaneous open.  Resets and SYNs in the other
 * states are in tcp_attack_test.c.
 */
#include "pkt.h"

#define	SYN_TS	"<mss 1460,nop,wscale 6,sackOK,TS val * ecr 0>"

/* ---- CLOSED ---- */

PD_TEST(closed)
{
	INJECT(". 1:1(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("S. 0:0(0) ack 100 win 65535 <mss 1460>");
	EXPECT("R 100:100(0) win 0");
	INJECT("F. 1:1(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("P. 1:101(100) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("R. 0:0(0) ack 1 win 0");
	INJECT("S 0:100(100) win 65535 <mss 1460>");
	EXPECT("R. 0:0(0) ack 101 win 0");
	INJECT("F 1:1(0) win 65535");
	EXPECT("R. 0:0(0) ack 2 win 0");
	INJECT("SF 0:0(0) win 65535");
	EXPECT("R. 0:0(0) ack 2 win 0");
	INJECT("- 1:11(10) win 65535");
	EXPECT("R. 0:0(0) ack 11 win 0");
	INJECT("R 1:1(0) win 0");
	INJECT("R. 1:1(0) ack 100 win 0");
	INJECT("SR 1:1(0) win 0");
	NOTHING();
}

PD_TEST(closed_blackhole)
{
	pd_sysctl(t, "net.inet.tcp.blackhole", 1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	INJECT(". 1:1(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	pd_sysctl(t, "net.inet.tcp.blackhole", 2);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 100 win 65535");
	INJECT("F. 1:1(0) ack 100 win 65535");
	NOTHING();
}

/* A checksum that is wrong, or a header that is none, is no segment. */
PD_TEST(closed_garbage)
{
	pd_inject_badsum(t, "S 0:0(0) win 65535 <mss 1460>");
	pd_inject_badsum(t, ". 1:1(0) ack 100 win 65535");
	NOTHING();
}

/* A socket that is bound but neither listens nor connects answers as a
 * closed port, with its own TTL and TOS. */
PD_TEST(closed_bound)
{
	int fd = pd_socket(t);

	OK(pd_bind(t, fd, PD_PORT));
	if (t->af == AF_INET) {
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TTL, 42));
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TOS, 16));
	} else {
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 42));
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, 16));
	}
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("[ttl 42,tos 16] R. 0:0(0) ack 1 win 0");
	INJECT(". 1:1(0) ack 100 win 65535");
	EXPECT("[ttl 42,tos 16] R 100:100(0) win 0");
	INJECT("R 1:1(0) win 0");
	NOTHING();
}

/* ---- LISTEN ---- */

PD_TEST(listen)
{
	(void)pd_listen(t, 5);
	INJECT(". 1:1(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("F. 1:1(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("P. 1:11(10) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("F 1:1(0) win 65535");
	INJECT("R 1:1(0) win 0");
	INJECT("R. 1:1(0) ack 100 win 0");
	INJECT("S. 0:0(0) ack 100 win 65535 <mss 1460>");
	INJECT("- 1:11(10) win 65535");
	INJECT("SR 0:0(0) win 65535");
	NOTHING();
	STATE(GONE);
}

PD_TEST(listen_syn_with_text)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("S 0:100(100) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	/* The text comes again. */
	INJECT("P. 1:101(100) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 101");
	RECV(fd, 100);
}

PD_TEST(listen_synfin)
{
	(void)pd_listen(t, 5);
	INJECT("SF 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	pd_use(t, 1);
	pd_sysctl(t, "net.inet.tcp.drop_synfin", 1);
	INJECT("SF 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	STATE(GONE);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
}

/* ---- SYN-SENT ---- */

static int
syn_sent(struct pd *t)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	ADVANCE(10);
	return (fd);
}

/* And it goes on: the right answer is still taken. */
static void
syn_sent_goes_on(struct pd *t, int fd)
{
	STATE(TCPS_SYN_SENT);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	OK(SO_ERR(fd));
}

PD_TEST(synsent_wrong_ack)
{
	int fd = syn_sent(t);

	INJECT(". 0:0(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT("F. 0:0(0) ack 100 win 65535");
	EXPECT("R 100:100(0) win 0");
	INJECT(". 0:0(0) ack 0 win 65535");
	EXPECT("R 0:0(0) win 0");
	INJECT(". 0:0(0) ack 2 win 65535");
	EXPECT("R 2:2(0) win 0");
	INJECT(". 0:0(0) ack -1000 win 65535");
	EXPECT("R -1000:-1000(0) win 0");
	syn_sent_goes_on(t, fd);
}

PD_TEST(synsent_ignores)
{
	int fd = syn_sent(t);

	INJECT(". 0:0(0) ack 1 win 65535");
	INJECT("P. 0:10(10) ack 1 win 65535");
	INJECT("F. 0:0(0) ack 1 win 65535");
	INJECT("F 0:0(0) win 65535");
	INJECT("R 0:0(0) win 0");
	INJECT("R 1:1(0) win 0");
	INJECT("R. 0:0(0) ack 0 win 0");
	INJECT("R. 0:0(0) ack 2 win 0");
	INJECT("SR 0:0(0) win 0");
	INJECT("- 0:0(0) win 65535");
	NOTHING();
	syn_sent_goes_on(t, fd);
}

PD_TEST(synsent_refused)
{
	int fd = syn_sent(t);

	INJECT("R. 0:0(0) ack 1 win 0");
	NOTHING();
	STATE(GONE);
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_HUP) != 0);
	ERR(ECONNREFUSED, SO_ERR(fd));
	OK(SO_ERR(fd));
	/* RFC 9293, 3.10.7.3: also with a SYN, or whatever SEQ. */
	pd_use(t, 1);
	fd = syn_sent(t);
	INJECT("SR. 12345:12345(0) ack 1 win 0");
	STATE(GONE);
	ERR(ECONNREFUSED, SO_ERR(fd));
}

PD_TEST(synsent_bad_synack)
{
	int fd = syn_sent(t);

	INJECT("S. 0:0(0) ack 100 win 65535 <mss 1460>");
	EXPECT("R 100:100(0) win 0");
	INJECT("S. 0:0(0) ack 0 win 65535 <mss 1460>");
	EXPECT("R 0:0(0) win 0");
	syn_sent_goes_on(t, fd);
}

PD_TEST(synsent_synack_text)
{
	int fd = syn_sent(t);

	INJECT("S. 0:100(100) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 101");
	STATE(TCPS_ESTABLISHED);
	RECV(fd, 100);
	RECV_NOTHING(fd);
}

PD_TEST(synsent_synack_fin)
{
	int fd = syn_sent(t);

	INJECT("SF. 0:100(100) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 102");
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 100);
	RECV_EOF(fd);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 102");
	INJECT(". 102:102(0) ack 2 win 65535");
	STATE(GONE);
}

PD_TEST(synsent_close)
{
	int fd = syn_sent(t);

	OK(pd_close(t, fd));
	NOTHING();
	STATE(GONE);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("R 1:1(0) win 0");
}

/* ---- Both open at once ---- */

PD_TEST(simultaneous)
{
	int fd = syn_sent(t);

	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7>");
	STATE(TCPS_SYN_RECEIVED);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 100>");
	EXPECT(". 1:1(0) ack 1 win 1027 <nop,nop,TS val 100 ecr 7>");
	STATE(TCPS_ESTABLISHED);
	NOTHING();
	ATF_REQUIRE_EQ(SOPOLL_OUT, pd_poll(t, fd));
	ATF_REQUIRE_EQ(65700, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 <nop,nop,TS val 100 ecr 7>");
	INJECT("P. 1:11(10) ack 11 win 512 <nop,nop,TS val 8 ecr 100>");
	EXPECT_IN(40 * PD_MSEC,
	    ". 11:11(0) ack 11 <nop,nop,TS val * ecr 8>");
	RECV(fd, 10);
}

/* The SYN-ACKs may cross too, so that only an ACK comes. */
PD_TEST(simultaneous_ack)
{
	int fd = syn_sent(t);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 1000");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_EQ(1000, (int)pd_tcpcb(t)->snd_wnd);
	ATF_REQUIRE_EQ(SOPOLL_OUT, pd_poll(t, fd));
}

/* Text of the SYN is kept, and read once the SYN is acknowledged. */
PD_TEST(simultaneous_text)
{
	int fd = syn_sent(t);

	INJECT("S 0:100(100) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	ATF_REQUIRE_EQ(0, pd_poll(t, fd));
	INJECT(". 101:101(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 101");
	STATE(TCPS_ESTABLISHED);
	RECV(fd, 100);
}

PD_TEST(simultaneous_again)
{
	(void)syn_sent(t);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(1000000 - 10, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(simultaneous_reset)
{
	int fd = syn_sent(t);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("R 1:1(0) win 0");
	STATE(GONE);
	ERR(ECONNREFUSED, SO_ERR(fd));
}

/* In SYN-RECEIVED an ACK of anything but the SYN is reset (3.10.7.4). */
PD_TEST(synrcvd_wrong_ack)
{
	int lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 0 win 65535");
	EXPECT("R 0:0(0) win 0");
	INJECT(". 1:1(0) ack 2 win 65535");
	EXPECT("R 2:2(0) win 0");
	STATE(TCPS_SYN_RECEIVED);
	/* Not in the window: an ACK, and no connection yet. */
	INJECT(". 100000:100000(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* ---- TIME-WAIT ---- */

/* Our FIN, its ACK, the peer's FIN. */
static void
time_wait(struct pd *t)
{
	int fd = pd_passive(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
}

PD_TEST(timewait_reset)
{
	time_wait(t);
	INJECT("R 2:2(0) win 0");
	INJECT("R. 2:2(0) ack 2 win 0");
	INJECT("R 3:3(0) win 0");
	INJECT("R 1:1(0) win 0");
	NOTHING();
	STATE(TCPS_TIME_WAIT);
}

PD_TEST(timewait_ack)
{
	time_wait(t);
	INJECT(". 2:2(0) ack 2 win 65535");
	NOTHING();
	INJECT(". 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	INJECT(". 3:3(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	INJECT("S. 0:0(0) ack 2 win 65535 <mss 1460>");
	EXPECT(". 2:2(0) ack 2");
	INJECT("S. 3:3(0) ack 2 win 65535 <mss 1460>");
	EXPECT(". 2:2(0) ack 2");
	INJECT("P. 2:12(10) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	INJECT("F 1:1(0) win 65535");
	NOTHING();
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
}

/* It lasts 2 MSL = 60 s, from the last FIN on. */
PD_TEST(timewait_ends)
{
	time_wait(t);
	ADVANCE(30 * PD_SEC);
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	ADVANCE(60 * PD_SEC - 1);
	STATE(TCPS_TIME_WAIT);
	ADVANCE(1);
	STATE(GONE);
	INJECT(". 2:2(0) ack 2 win 65535");
	EXPECT("R 2:2(0) win 0");
}

PD_TEST(timewait_msl)
{
	pd_sysctl(t, "net.inet.tcp.msl", 1000);
	time_wait(t);
	ADVANCE(2 * PD_SEC - 1);
	STATE(TCPS_TIME_WAIT);
	ADVANCE(1);
	STATE(GONE);
}

/* A SYN at RCV.NXT or before is no new connection; one beyond is. */
PD_TEST(timewait_syn)
{
	uint32_t iss;

	time_wait(t);
	(void)pd_listen(t, 5);
	iss = t->c->iss;
	INJECT("S 2:2(0) win 65535 <mss 1460>");
	INJECT("S 1:1(0) win 65535 <mss 1460>");
	INJECT("S -1000:-1000(0) win 65535 <mss 1460>");
	NOTHING();
	STATE(TCPS_TIME_WAIT);
	/* From here on numbers count from there. */
	pd_renew(t);
	t->c->irs = PD_IRS + 3;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	/* Ours too is beyond what was (RFC 9293, 3.6.1). */
	ATF_REQUIRE(SEQ_GT(t->c->iss, iss + 1));
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
}

/* Without a listener it is reset all the same, and TIME-WAIT is over. */
PD_TEST(timewait_syn_nobody)
{
	time_wait(t);
	INJECT("S 3:3(0) win 65535 <mss 1460>");
	pd_renew(t);
	EXPECT("R. 0:0(0) ack 4 win 0");
}

PD_TEST(timewait_synfin)
{
	time_wait(t);
	(void)pd_listen(t, 5);
	pd_sysctl(t, "net.inet.tcp.drop_synfin", 1);
	INJECT("SF 3:3(0) win 65535 <mss 1460>");
	NOTHING();
	STATE(TCPS_TIME_WAIT);
	pd_sysctl(t, "net.inet.tcp.drop_synfin", 0);
	pd_renew(t);
	t->c->irs = PD_IRS + 3;
	INJECT("SF 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	STATE(TCPS_SYN_RECEIVED);
}

/* The four-tuple is taken while it waits. */
PD_TEST(timewait_connect)
{
	int fd;

	time_wait(t);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(pd_bind(t, fd, PD_PORT));
	ERR(EADDRINUSE, pd_connect(t, fd));
	STATE(TCPS_TIME_WAIT);
}

/* Our time goes on in TIME-WAIT; the peer's stood still as it began. */
PD_TEST(timewait_ts)
{
	int fd = pd_passive(t, PD_ALL, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1 <nop,nop,TS val * ecr 7>");
	INJECT(". 1:1(0) ack 2 win 65535 <nop,nop,TS val 8 ecr 100>");
	INJECT("F. 1:1(0) ack 2 win 65535 <nop,nop,TS val 9 ecr 100>");
	EXPECT(". 2:2(0) ack 2 <nop,nop,TS val * ecr 9>");
	STATE(TCPS_TIME_WAIT);
	ADVANCE(5 * PD_SEC);
	INJECT("F. 1:1(0) ack 2 win 65535 <nop,nop,TS val 5009 ecr 100>");
	EXPECT(". 2:2(0) ack 2 <nop,nop,TS val * ecr 9>");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, closed);
	ATF_TP_ADD_TC(tp, closed_blackhole);
	ATF_TP_ADD_TC(tp, closed_garbage);
	ATF_TP_ADD_TC(tp, closed_bound);
	ATF_TP_ADD_TC(tp, listen);
	ATF_TP_ADD_TC(tp, listen_syn_with_text);
	ATF_TP_ADD_TC(tp, listen_synfin);
	ATF_TP_ADD_TC(tp, synsent_wrong_ack);
	ATF_TP_ADD_TC(tp, synsent_ignores);
	ATF_TP_ADD_TC(tp, synsent_refused);
	ATF_TP_ADD_TC(tp, synsent_bad_synack);
	ATF_TP_ADD_TC(tp, synsent_synack_text);
	ATF_TP_ADD_TC(tp, synsent_synack_fin);
	ATF_TP_ADD_TC(tp, synsent_close);
	ATF_TP_ADD_TC(tp, simultaneous);
	ATF_TP_ADD_TC(tp, simultaneous_ack);
	ATF_TP_ADD_TC(tp, simultaneous_text);
	ATF_TP_ADD_TC(tp, simultaneous_again);
	ATF_TP_ADD_TC(tp, simultaneous_reset);
	ATF_TP_ADD_TC(tp, synrcvd_wrong_ack);
	ATF_TP_ADD_TC(tp, timewait_reset);
	ATF_TP_ADD_TC(tp, timewait_ack);
	ATF_TP_ADD_TC(tp, timewait_ends);
	ATF_TP_ADD_TC(tp, timewait_msl);
	ATF_TP_ADD_TC(tp, timewait_syn);
	ATF_TP_ADD_TC(tp, timewait_syn_nobody);
	ATF_TP_ADD_TC(tp, timewait_synfin);
	ATF_TP_ADD_TC(tp, timewait_connect);
	ATF_TP_ADD_TC(tp, timewait_ts);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Where two rules meet: time stamps and SYNs, holes that nothing tells the
 * loss of, retransmissions lost in the shadow of others, probes and limits.
 */
#include "pkt.h"
#include "segs.h"
#include <net/route.h>
#include <netinet/tcp_loss.h>

/* A connection with n segments in flight, which are all there is. */
static int
flight(struct pd *t, int opts, int n)
{
	int fd, i;

	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
	fd = pd_active(t, opts, 65535);
	SEND(fd, n * MSS);
	for (i = 0; i < n - 1; i++)
		EXPECT(SEG(i));
	EXPECT(LASTSEG(n - 1));
	NOTHING();
	return (fd);
}

/* A peer that has begun anew has other time stamps, too: its SYN has to be
 * answered, or it never finds out (RFC 9293, 3.5.1; RFC 5961, 4). */
PD_TEST(syn_old_stamp)
{
	(void)pd_active(t, PD_TS, 65535);
	ADVANCE(PD_SEC);
	INJECT(". 1:11(10) ack 1 win 65535 <nop,nop,TS val 1000007 ecr 100>");
	EXPECT_IN(40 * PD_MSEC,
	    ". 1:1(0) ack 11 <nop,nop,TS val * ecr 1000007>");
	INJECT("S 5000:5000(0) win 65535 <mss 1460,sackOK,TS val 3 ecr 0>");
	EXPECT(". 1:1(0) ack 11 <nop,nop,TS val * ecr 1000007>");
}

/* NextSeg's third rule (RFC 6675, 4): segment 4 is not lost by count, but
 * with nothing else to send and room in the window it goes again. */
PD_TEST(next_seg_3)
{
	(void)flight(t, PD_SACK, 6);
	/* 0 and 4 are lost. */
	INJECT(SACK(0, 1, 2));
	INJECT(SACK(0, 1, 3));
	INJECT(SACK(0, 1, 4));
	EXPECT(SEG(0));
	INJECT(SACK2(0, 5, 6, 1, 4));
	EXPECT(SEG(4));
	INJECT(SACK(4, 5, 6));
	NOTHING();
	INJECT(ACK(6));
}

/* The same where the peer's window is what keeps new segments back, and what
 * is SACKed in front is more than there is room for. */
PD_TEST(next_seg_3_window)
{
	int i;

	pd_sysctl(t, "net.inet.tcp.sendspace", 100000);
	SEND(pd_active(t, PD_SACK, 8 * MSS), 30 * MSS);
	ATF_REQUIRE_EQ(8, pd_pending(t));
	pd_forget(t);
	for (i = 2; i <= 4; i++)
		INJECT(". 1:1(0) ack 1 win %d <nop,nop,sack %d:%d>", 8 * MSS,
		    1 + MSS, 1 + i * MSS);
	EXPECT(SEG(0));
	INJECT(". 1:1(0) ack 1 win %d <nop,nop,sack %d:%d %d:%d>", 8 * MSS,
	    1 + 5 * MSS, 1 + 6 * MSS, 1 + MSS, 1 + 4 * MSS);
	EXPECT(SEG(4));
	NOTHING();
}

/* What an ACK covers that was SACKed before has been delivered before (RFC
 * 9937, 6): PRR counts it once. */
PD_TEST(prr_once)
{
	const struct tcpcb *tp;
	int i;

	(void)flight(t, PD_SACK, 10);
	tp = pd_tcpcb(t);
	for (i = 2; i <= 6; i++)
		INJECT(SACK(0, 1, i));
	pd_forget(t);
	/* The third began recovery; it and two more are counted. */
	ATF_REQUIRE_EQ(3U * MSS, tp->t_loss->tl_prr_delivered);
	INJECT(ACK(6));
	ATF_REQUIRE_EQ(4U * MSS, tp->t_loss->tl_prr_delivered);
	pd_forget(t);
}

/* How often the segment that begins at seq has left since. */
static int
left(struct pd *t, uint32_t seq)
{
	int n = 0;

	while (pd_pending(t) != 0)
		n += pd_take(t) == seq + MSS;
	return (n);
}

/* Of two that were sent again the one behind is lost again, too, though the
 * other is on its way for the third time. */
PD_TEST(lost_twice)
{
	int i, n = 0;

	pd_sysctl(t, "net.inet.tcp.initcwnd_segments", 30);
	pd_sysctl(t, "net.inet.tcp.sendspace", 100000);
	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
	i = pd_active(t, PD_SACK | PD_WS, 65535);
	SEND(i, 60 * MSS);
	pd_forget(t);
	for (i = 2; i <= 14; i++)
		INJECT(SACK(0, 1, i));
	ATF_REQUIRE_EQ(1, left(t, 1));
	/* Now 14 is missing. */
	for (i = 16; i <= 30; i++)
		INJECT(SACK2(0, 15, i, 1, 14));
	ATF_REQUIRE_EQ(1, left(t, 1 + 14 * MSS));
	for (; i <= 48; i++) {
		INJECT(SACK2(0, 15, i, 1, 14));
		n += left(t, 1 + 14 * MSS);
	}
	ATF_REQUIRE_EQ(1, n);
}

/* ---- Timeouts ---- */

/* Text that has to be sent twice, each time, without a round trip that could
 * be measured: what is acknowledged is progress, however slow. */
PD_TEST(progress)
{
	int fd, i;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 60000);
	fd = pd_active(t, 0, 65535);
	for (i = 0; i < 10; i++) {
		SEND(fd, 10);
		pd_forget(t);
		pd_pass(t, 65 * PD_SEC);
		STATE(TCPS_ESTABLISHED);
		pd_forget(t);
		INJECT(". 1:1(0) ack %d win 65535", 11 + 10 * i);
	}
	SEND(fd, 10);
	pd_pass(t, 5 * 64 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
}

/* ---- A closed window ---- */

/* When the timer has fired as often as that of retransmission may, the
 * silence has been long enough. */
PD_TEST(persist_retries)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	fd = pd_active(t, 0, 0);
	SEND(fd, 10);
	EXPECT_IN(5 * PD_SEC, ". 1:2(1) ack 1");
	EXPECT_IN(10 * PD_SEC, ". 1:2(1) ack 1");
	ADVANCE(19 * PD_SEC);
	STATE(TCPS_ESTABLISHED);
	EXPECT_IN(PD_SEC, "R. 2:2(0) ack 1 win 0");
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* As long as it answers, they are not counted. */
PD_TEST(persist_answered)
{
	static const uint64_t s[] = { 5, 10, 20, 40, 40, 40, 40 };
	u_int i;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	SEND(pd_active(t, 0, 0), 10);
	for (i = 0; i < nitems(s); i++) {
		EXPECT_IN(s[i] * PD_SEC, ". 1:2(1) ack 1");
		INJECT(". 1:1(0) ack 1 win 0");
		NOTHING();
	}
	STATE(TCPS_ESTABLISHED);
}

/* ---- Duplicates ---- */

/* RFC 2883, 4: of two parts that came before, the first is reported. */
PD_TEST(dsack_two_parts)
{
	(void)pd_active(t, PD_SACK, 65535);
	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:201>");
	INJECT("P. 301:401(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 301:401 101:201>");
	INJECT("P. 51:501(450) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:201 51:501>");
	INJECT("P. 1:601(600) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 601 <nop,nop,sack 51:501>");
}

/* A FIN takes a number, but is no text. */
PD_TEST(dsack_fin)
{
	(void)pd_active(t, PD_SACK, 65535);
	INJECT("FP. 1:101(100) ack 1 win 65535");
	pd_skip(t);
	INJECT("FP. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102 <nop,nop,sack 1:101>");
	INJECT("F. 101:101(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102");
}

/* Told at once: the next segment would wipe it out. */
PD_TEST(dsack_left)
{
	(void)pd_active(t, PD_SACK, 65535);
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 101");
	INJECT("P. 51:151(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 151 <nop,nop,sack 51:101>");
}

/* ---- What sockets ask of IP ---- */

/* SO_DONTROUTE: a peer on a link of ours is reached, with one hop, ... */
PD_TEST(dontroute_near)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_DONTROUTE, 1));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ttl 1] S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("[ttl 1] . 1:1(0) ack 1");
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_DONTROUTE, 0));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

/* An accepted socket has it from its listener. */
PD_TEST(dontroute_accepted)
{
	int fd, lfd = pd_listen(t, 5);

	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_DONTROUTE, 1));
	fd = pd_passive_at(t, lfd, 0, 65535);
	SEND(fd, 10);
	EXPECT("[ttl 1] P. 1:11(10) ack 1");
}

/* ... and one behind a router is not. */
PD_TEST(dontroute_far)
{
	struct in6_addr router = t->peer;
	int fd;

	router.s6_addr[15] ^= 0x40;
	CURVNET_SET(t->vnet);
	OK(rt_add(&t->peer, t->af == AF_INET ? 32 : 128, &router, NULL,
	    RTF_STATIC, 0));
	CURVNET_RESTORE();
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_DONTROUTE, 1));
	ERR(ENETUNREACH, pd_connect(t, fd));
	NOTHING();
}

/* IPV6_UNICAST_HOPS: 0 is a number as any other (RFC 3493, 5.1). */
PD_TEST6(no_hops)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 0));
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ttl 0] S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("[ttl 0] . 1:1(0) ack 1");
	OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1));
	ATF_REQUIRE_EQ(64, pd_getopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

/* ---- SO_DEBUG ---- */

#define	LOGGED(text) do {						\
	ATF_CHECK_MSG(strstr(t->log, (text)) != NULL, "%s: %s", (text),	\
	    t->log);							\
	t->log[0] = '\0';						\
} while (0)

/* What becomes of a connection stands in the host's log. */
PD_TEST(debug)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	ATF_REQUIRE_STREQ("", t->log);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_DEBUG, 1));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	LOGGED(": SYN_SENT to ESTABLISHED; snd_una ");
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	pd_pass(t, 300 * PD_MSEC);
	EXPECT_LATE("P. 1:11(10) ack 1");
	LOGGED("timeout in a row, number 1");
	INJECT("R 1:1(0) win 0");
	LOGGED("ended by error");
}

/* Without it nothing does; an accepted socket has it from its listener. */
PD_TEST(debug_accepted)
{
	int fd, lfd = pd_listen(t, 5);

	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_DEBUG, 1));
	fd = pd_passive_at(t, lfd, 0, 65535);
	t->log[0] = '\0';
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 1:1(0) ack 1");
	LOGGED(": ESTABLISHED to FIN_WAIT_1; ");
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_DEBUG, 0));
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	ATF_REQUIRE_STREQ("", t->log);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, syn_old_stamp);
	ATF_TP_ADD_TC(tp, next_seg_3);
	ATF_TP_ADD_TC(tp, next_seg_3_window);
	ATF_TP_ADD_TC(tp, prr_once);
	ATF_TP_ADD_TC(tp, persist_retries);
	ATF_TP_ADD_TC(tp, lost_twice);
	ATF_TP_ADD_TC(tp, progress);
	ATF_TP_ADD_TC(tp, persist_answered);
	ATF_TP_ADD_TC(tp, dsack_two_parts);
	ATF_TP_ADD_TC(tp, dsack_fin);
	ATF_TP_ADD_TC(tp, dsack_left);
	ATF_TP_ADD_TC(tp, dontroute_near);
	ATF_TP_ADD_TC(tp, dontroute_accepted);
	ATF_TP_ADD_TC(tp, dontroute_far);
	ATF_TP_ADD_TC(tp, no_hops);
	ATF_TP_ADD_TC(tp, debug);
	ATF_TP_ADD_TC(tp, debug_accepted);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TIME_WAIT after the user has gone: an entry of a few bytes answers as the
 * connection would.
 */
#include <netinet/tcp_timewait.h>
#include <vm/uma.h>

#include "pkt.h"

/* Connection i, from the peer, which we close first; the peer's end has opts
 * and, with time stamps, is at 7. */
static void
closed(struct pd *t, int lfd, int i, int opts)
{
	const char *ts = (opts & PD_TS) != 0 ? " <nop,nop,TS val 7 ecr 100>" :
	    "";
	int fd;

	pd_use(t, i);
	fd = pd_passive_at(t, lfd, opts, 65535);
	OK(pd_close(t, fd));
	pd_skip(t);
	INJECT("F. 1:1(0) ack 2 win 65535%s", ts);
	pd_skip(t);
	STATE(TCPS_TIME_WAIT);
}

static uint32_t
entries(struct pd *t)
{
	uint32_t n;

	CURVNET_SET(t->vnet);
	n = tcp_tw_count();
	CURVNET_RESTORE();
	return (n);
}

/* No tcpcb and no socket is left of it. */
PD_TEST(compressed)
{
	int lfd = pd_listen(t, 5);

	closed(t, lfd, 0, PD_ALL);
	ATF_CHECK_EQ(NULL, pd_tcpcb(t));
	ATF_CHECK_EQ(1, entries(t));
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(1, V_tcbinfo.ipi_count);
	ATF_CHECK_EQ(1, uma_zone_get_cur(uma_zone_find("socket")));
	ATF_CHECK(uma_zone_find("tcptw")->uz_size <= 128);
	ATF_CHECK_EQ(1, V_tcps_states[TCPS_TIME_WAIT]);
	CURVNET_RESTORE();
	ADVANCE(60 * PD_SEC - 1);
	STATE(TCPS_TIME_WAIT);
	ADVANCE(1);
	STATE(GONE);
	ATF_CHECK_EQ(0, entries(t));
}

/* So does one whose peer closes later, when the socket is gone already. */
PD_TEST(later)
{
	int fd = pd_passive(t, 0, 65535);

	OK(pd_close(t, fd));
	pd_skip(t);
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(PD_SEC);
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	ATF_CHECK_EQ(NULL, pd_tcpcb(t));
	ATF_CHECK_EQ(1, entries(t));
	ADVANCE(60 * PD_SEC);
	STATE(GONE);
}

/* Who still holds the socket keeps the tcpcb; then what is left of the time
 * is the entry's. */
PD_TEST(held)
{
	int fd = pd_passive(t, 0, 65535);

	OK(pd_shutdown(t, fd, SHUT_WR));
	pd_skip(t);
	INJECT("F. 1:1(0) ack 2 win 65535");
	pd_skip(t);
	STATE(TCPS_TIME_WAIT);
	ATF_CHECK(pd_tcpcb(t) != NULL);
	ADVANCE(20 * PD_SEC);
	OK(pd_close(t, fd));
	ATF_CHECK_EQ(NULL, pd_tcpcb(t));
	ADVANCE(40 * PD_SEC - 1);
	STATE(TCPS_TIME_WAIT);
	ADVANCE(1);
	STATE(GONE);
}

/* The answers, with the time stamp agreed upon. */
PD_TEST(answers)
{
	int lfd = pd_listen(t, 5);

	closed(t, lfd, 0, PD_ALL);
	INJECT("R. 2:2(0) ack 2 win 0");
	INJECT("R 2:2(0) win 0");
	INJECT(". 2:2(0) ack 2 win 65535 <nop,nop,TS val 8 ecr 100>");
	INJECT("F 1:1(0) win 65535");
	NOTHING();
	INJECT("P. 2:12(10) ack 2 win 65535 <nop,nop,TS val 8 ecr 100>");
	EXPECT(". 2:2(0) ack 2 <nop,nop,TS val * ecr 7>");
	INJECT(". 1:1(0) ack 2 win 65535 <nop,nop,TS val 8 ecr 100>");
	EXPECT(". 2:2(0) ack 2 <nop,nop,TS val * ecr 7>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 8 ecr 100>");
	EXPECT(". 2:2(0) ack 2 <nop,nop,TS val * ecr 7>");
	STATE(TCPS_TIME_WAIT);
}

/* The peer's FIN again begins the wait again. */
PD_TEST(restart)
{
	int lfd = pd_listen(t, 5);

	closed(t, lfd, 0, 0);
	closed(t, lfd, 1, 0);
	pd_use(t, 0);
	ADVANCE(50 * PD_SEC);
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	ADVANCE(60 * PD_SEC - 1);
	STATE(TCPS_TIME_WAIT);
	pd_use(t, 1);
	STATE(GONE);
	pd_use(t, 0);
	ADVANCE(1);
	STATE(GONE);
}

/* RFC 6191: with time stamps the later one opens the connection anew,
 * whatever the numbers are. */
PD_TEST(reopen_by_time_stamp)
{
	int lfd = pd_listen(t, 5);

	closed(t, lfd, 0, PD_ALL);
	INJECT("S 1000:1000(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 6 ecr 0>");
	NOTHING();
	INJECT("S 1:1(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	NOTHING();
	STATE(TCPS_TIME_WAIT);
	ATF_CHECK_EQ(1, entries(t));
	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 8 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 8>");
	ATF_CHECK_EQ(0, entries(t));
	STATE(TCPS_SYN_RECEIVED);
}

/* Without, the greater number does. */
PD_TEST(reopen_by_number)
{
	int lfd = pd_listen(t, 5);

	closed(t, lfd, 0, 0);
	INJECT("S 2:2(0) win 65535 <mss 1460>");
	NOTHING();
	STATE(TCPS_TIME_WAIT);
	pd_renew(t);
	t->c->irs = PD_IRS + 1000;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	STATE(TCPS_SYN_RECEIVED);
}

/* More than maxtcptw: the oldest goes. */
PD_TEST(limit)
{
	int i, lfd = pd_listen(t, 5);

	CURVNET_SET(t->vnet);
	V_maxsockets = 50;
	CURVNET_RESTORE();
	ATF_CHECK_EQ(10, pd_sysctl_get(t, "net.inet.tcp.maxtcptw"));
	for (i = 0; i < 40; i++) {
		closed(t, lfd, i, 0);
		ADVANCE(PD_SEC);
	}
	ATF_CHECK_EQ(10, entries(t));
	for (i = 0; i < 40; i++) {
		pd_use(t, i);
		STATE(i < 30 ? GONE : TCPS_TIME_WAIT);
	}
	/* They end in their order, a second and a handshake apart. */
	pd_pass(t, 50 * PD_SEC - 9 * PD_RTT - 1);
	for (i = 30; i < 40; i++) {
		pd_use(t, i);
		STATE(TCPS_TIME_WAIT);
		ADVANCE(1);
		STATE(GONE);
		ADVANCE(PD_SEC + PD_RTT - 1);
	}
	ATF_CHECK_EQ(0, entries(t));
}

/* An entry keeps its port, but not from SO_REUSEADDR. */
PD_TEST(port)
{
	int fd = pd_active(t, 0, 65535), again;
	uint16_t port = t->c->lport;

	OK(pd_close(t, fd));
	pd_skip(t);
	INJECT("F. 1:1(0) ack 2 win 65535");
	pd_skip(t);
	ATF_REQUIRE_EQ(1, entries(t));
	again = pd_socket(t);
	ERR(EADDRINUSE, pd_bind(t, again, port));
	OK(pd_setopt(t, again, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(pd_bind(t, again, port));
	/* The same two ends are taken. */
	ERR(EADDRINUSE, pd_connect(t, again));
	ADVANCE(60 * PD_SEC);
	again = pd_socket(t);
	OK(pd_bind(t, again, (uint16_t)(port + 1)));
}

/* No memory for an entry: the tcpcb stays. */
PD_TEST(shortage)
{
	int lfd = pd_listen(t, 5);

	CURVNET_SET(t->vnet);
	uma_zone_set_fault(uma_zone_find("tcptw"), 0);
	CURVNET_RESTORE();
	closed(t, lfd, 0, 0);
	ATF_CHECK(pd_tcpcb(t) != NULL);
	ATF_CHECK_EQ(0, entries(t));
	ADVANCE(60 * PD_SEC);
	STATE(GONE);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, compressed);
	ATF_TP_ADD_TC(tp, later);
	ATF_TP_ADD_TC(tp, held);
	ATF_TP_ADD_TC(tp, answers);
	ATF_TP_ADD_TC(tp, restart);
	ATF_TP_ADD_TC(tp, reopen_by_time_stamp);
	ATF_TP_ADD_TC(tp, reopen_by_number);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, port);
	ATF_TP_ADD_TC(tp, shortage);
	return (atf_no_error());
}

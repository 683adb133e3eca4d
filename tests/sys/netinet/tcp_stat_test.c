/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Counters of struct tcpstat that no other test looks at.
 */
#include "pkt.h"

static uint64_t
counter(struct pd *t, size_t off)
{
	uint64_t n;

	CURVNET_SET(t->vnet);
	memcpy(&n, (char *)&V_tcpstat + off, sizeof(n));
	CURVNET_RESTORE();
	return (n);
}
#define	COUNTER(name)	counter(t, __offsetof(struct tcpstat, tcps_##name))

/* Header prediction: text in order, and ACKs of ours. */
PD_TEST(predicted)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 201");
	ATF_CHECK_EQ(2, COUNTER(preddat));
	/* Not in order. */
	INJECT("P. 301:401(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 201");
	ATF_CHECK_EQ(2, COUNTER(preddat));
	SEND(fd, 1460);
	EXPECT("P. 1:1461(1460) ack 201");
	INJECT(". 401:401(0) ack 1461 win 65535");
	ATF_CHECK_EQ(0, COUNTER(predack));
	SEND(fd, 100);
	EXPECT("P. 1461:1561(100) ack 201");
	INJECT(". 201:201(0) ack 1561 win 65535");
	ATF_CHECK_EQ(1, COUNTER(predack));
	SEND(fd, 100);
	EXPECT("P. 1561:1661(100) ack 201");
	INJECT(". 201:201(0) ack 1661 win 60000");
	ATF_CHECK_EQ(1, COUNTER(predack));
}

/* Who is not the one that came last. */
PD_TEST(cache_miss)
{
	uint64_t before;
	int lfd = pd_listen(t, 5);

	(void)pd_passive_at(t, lfd, 0, 65535);
	pd_use(t, 1);
	(void)pd_passive_at(t, lfd, 0, 65535);
	before = COUNTER(pcbcachemiss);
	INJECT("P. 1:11(10) ack 1 win 65535");
	INJECT("P. 11:21(10) ack 1 win 65535");
	ATF_CHECK(COUNTER(pcbcachemiss) <= before + 1);
	before = COUNTER(pcbcachemiss);
	pd_use(t, 0);
	INJECT("P. 1:11(10) ack 1 win 65535");
	INJECT("P. 11:21(10) ack 1 win 65535");
	ATF_CHECK_EQ(before + 1, COUNTER(pcbcachemiss));
	pd_forget(t);
}

/* ACKs of what was never sent, while the handshake goes on. */
PD_TEST(ghost_ack)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 77 win 65535 <mss 1460>");
	EXPECT("R 77:77(0) win 0");
	ATF_CHECK_EQ(1, COUNTER(rcvghostack));
	/* Both open at once. */
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 78 win 65535");
	EXPECT("R 78:78(0) win 0");
	ATF_CHECK_EQ(2, COUNTER(rcvghostack));
}

/* What peers tell of how our SYNs came (RFC 9768, table 2). */
PD_TEST(ace)
{
	static const char * const told[] = { "W", "WE", "A", "WA" };
	u_int i;

	pd_sysctl(t, "net.inet.tcp.ecn.enable", 3);
	for (i = 0; i < nitems(told); i++) {
		pd_use(t, (int)i);
		ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
		EXPECT("SEWA 0:0(0) win 65535 <...>");
		INJECT("S.%s 0:0(0) ack 1 win 65535 <mss 1460>", told[i]);
		pd_forget(t);
	}
	ATF_CHECK_EQ(1, COUNTER(ace_nect));
	ATF_CHECK_EQ(1, COUNTER(ace_ect1));
	ATF_CHECK_EQ(1, COUNTER(ace_ect0));
	ATF_CHECK_EQ(1, COUNTER(ace_ce));
	/* And of how our SYN-ACK came. */
	(void)pd_listen(t, 5);
	pd_use(t, 10);
	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.W 0:0(0) ack 1 win 65535 <...>");
	INJECT(".W 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_CHECK_EQ(2, COUNTER(ace_nect));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, predicted);
	ATF_TP_ADD_TC(tp, cache_miss);
	ATF_TP_ADD_TC(tp, ghost_ack);
	ATF_TP_ADD_TC(tp, ace);
	return (atf_no_error());
}

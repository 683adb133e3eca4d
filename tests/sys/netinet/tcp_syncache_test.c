/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Handshakes that the peer begins: the SYN cache, its bounds, and cookies.
 */
#include <vm/uma.h>

#include "pkt.h"

#define	SC(name)	"net.inet.tcp.syncache." name
#define	COOKIES		"net.inet.tcp.syncookies"
#define	ONLY		"net.inet.tcp.syncookies_only"

#define	SYN_ALL	"mss 1460,nop,wscale 7,sackOK,TS val 7 ecr 0"
#define	SYNACK_ALL "mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 7"

static uint32_t
count(struct pd *t)
{
	return ((uint32_t)pd_sysctl_get(t, SC("count")));
}

/* The bounds are those of a host's start; no table has been made yet. */
static void
bounds(struct pd *t, const char *variable, const char *value)
{
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, sysctl_set_string(variable, value, true));
	CURVNET_RESTORE();
}

static void
syn(struct pd *t, int i)
{
	pd_use(t, i);
	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	NOTHING();
}

/* ---- Entries ---- */

/* Until the ACK there is neither socket nor tcpcb. */
PD_TEST(small)
{
	int lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <" SYN_ALL ">");
	EXPECT("S. 0:0(0) ack 1 win 65535 <" SYNACK_ALL ">");
	ATF_CHECK_EQ(1, count(t));
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(1, V_tcbinfo.ipi_count);
	ATF_CHECK_EQ(1, uma_zone_get_cur(uma_zone_find("socket")));
	ATF_CHECK(uma_zone_find("syncache")->uz_size <= 128);
	ATF_CHECK_EQ(1, V_tcps_states[TCPS_SYN_RECEIVED]);
	CURVNET_RESTORE();
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 8 ecr 100>");
	NOTHING();
	ATF_CHECK_EQ(0, count(t));
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* SYN-ACKs at 0, 1, 3 and 7 s; at 15 s it is over. */
PD_TEST(rexmtlimit)
{
	(void)pd_listen(t, 5);
	ATF_CHECK_EQ(3, pd_sysctl_get(t, SC("rexmtlimit")));
	syn(t, 0);
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(2 * PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(4 * PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	ADVANCE(8 * PD_SEC - 1);
	STATE(TCPS_SYN_RECEIVED);
	ADVANCE(1);
	STATE(GONE);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	pd_sysctl(t, SC("rexmtlimit"), 1);
	syn(t, 1);
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	ADVANCE(2 * PD_SEC - 1);
	STATE(TCPS_SYN_RECEIVED);
	ADVANCE(1);
	STATE(GONE);
	pd_sysctl(t, SC("rexmtlimit"), 0);
	syn(t, 2);
	ADVANCE(PD_SEC);
	STATE(GONE);
	ATF_CHECK_EQ(EINVAL, pd_sysctl_try(t, SC("rexmtlimit"), "13"));
}

/* A SYN again is answered at once, with its new time stamp, and the time to
 * the next SYN-ACK begins anew. */
PD_TEST(duplicate)
{
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <" SYN_ALL ">");
	EXPECT("S. 0:0(0) ack 1 win 65535 <" SYNACK_ALL ">");
	ADVANCE(PD_SEC / 2);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 507 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val * ecr 507>");
	ATF_CHECK_EQ(1, count(t));
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,"
	    "sackOK,TS val * ecr 507>");
	/* Its first time stamp is an old one now. */
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 506 ecr 100>");
	NOTHING();
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 508 ecr 100>");
	STATE(TCPS_ESTABLISHED);
}

/* Which of two SYN-ACKs an ACK is for nobody knows: it times nothing
 * (Karn), but by its time stamp. */
PD_TEST(duplicate_times)
{
	(void)pd_listen(t, 5);
	syn(t, 0);
	ADVANCE(PD_SEC / 2);
	syn(t, 0);
	ADVANCE(10 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_CHECK_EQ(0, pd_tcpcb(t)->t_srtt_us);
	pd_use(t, 1);
	syn(t, 1);
	ADVANCE(20 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_CHECK_EQ(20000, pd_tcpcb(t)->t_srtt_us);
	pd_use(t, 2);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 7>");
	ADVANCE(PD_SEC / 2);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,sackOK,TS val * ecr 7>");
	ADVANCE(10 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 8 ecr 100>");
	ATF_CHECK_EQ(510000, pd_tcpcb(t)->t_srtt_us);
	/* Whatever option it has that nobody asked for: AccECN's. */
	pd_use(t, 3);
	syn(t, 3);
	ADVANCE(PD_SEC / 2);
	syn(t, 3);
	ADVANCE(10 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 65535 <hex ac020101>");
	STATE(TCPS_ESTABLISHED);
	ATF_CHECK_EQ(0, pd_tcpcb(t)->t_srtt_us);
}

/* The intervals are changed in the middle; and are as long as can be. */
PD_TEST(intervals)
{
	(void)pd_listen(t, 5);
	pd_sysctl(t, "net.inet.tcp.rexmit_initial", 3000);
	syn(t, 0);
	ADVANCE(10 * PD_MSEC);
	pd_sysctl(t, "net.inet.tcp.rexmit_initial", 1000);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_CHECK_EQ(10000, pd_tcpcb(t)->t_srtt_us);
	pd_sysctl(t, "net.inet.tcp.rexmit_max", 4000000);
	pd_sysctl(t, "net.inet.tcp.rexmit_initial", 4000000);
	syn(t, 1);
	ADVANCE(1000 * PD_SEC);
	STATE(TCPS_SYN_RECEIVED);
}

/* Sequence before acknowledgment (RFC 9293, 3.10.7.4): what is not in the
 * window is challenged, and no reset leaves for it. */
PD_TEST(wrong_both)
{
	(void)pd_listen(t, 5);
	syn(t, 0);
	INJECT(". 0:0(0) ack 77 win 65535");
	EXPECT(". 1:1(0) ack 1");
	INJECT(". 70000:70000(0) ack 77 win 65535");
	EXPECT(". 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 77 win 65535");
	EXPECT("R 77:77(0) win 0");
	STATE(TCPS_SYN_RECEIVED);
}

/* The data behind a lost ACK completes the handshake too, and so does a FIN;
 * what is not in the window does not. */
PD_TEST(completed)
{
	int fd, lfd = pd_listen(t, 5);

	syn(t, 0);
	INJECT("P. 0:10(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 win 65535");
	INJECT(". 70000:70000(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 1:1(0) ack 2 win 65535");
	EXPECT("R 2:2(0) win 0");
	INJECT(". 1:1(0) ack 0 win 65535");
	EXPECT("R 0:0(0) win 0");
	STATE(TCPS_SYN_RECEIVED);
	INJECT("P. 11:21(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	INJECT("P. 1:11(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 21");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 20);
	syn(t, 1);
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	STATE(TCPS_CLOSE_WAIT);
}

/* A reset with the exact number ends it; others in the window are
 * challenged, ack_war_cnt times; those outside are nothing. */
PD_TEST(reset)
{
	int i;

	(void)pd_listen(t, 5);
	pd_sysctl(t, "net.inet.tcp.ack_war_cnt", 2);
	syn(t, 0);
	INJECT("R 0:0(0) win 0");
	INJECT("R 65600:65600(0) win 0");
	NOTHING();
	for (i = 0; i < 4; i++) {
		INJECT("R 2:2(0) win 0");
		if (i < 2)
			EXPECT(". 1:1(0) ack 1");
		NOTHING();
	}
	STATE(TCPS_SYN_RECEIVED);
	INJECT("R 1:1(0) win 0");
	NOTHING();
	STATE(GONE);
	syn(t, 1);
	pd_sysctl(t, "net.inet.tcp.insecure_rst", 1);
	INJECT("R. 65535:65535(0) ack 77 win 0");
	STATE(GONE);
	ADVANCE(100 * PD_SEC);
}

/* ICMP errors end it only if they last. */
PD_TEST(unreachable)
{
	uint8_t type = t->af == AF_INET ? ICMP_UNREACH : ICMP6_DST_UNREACH;
	int i;

	(void)pd_listen(t, 5);
	syn(t, 0);
	for (i = 0; i < 3; i++)
		pd_icmp(t, type, 1, 0, 0);
	STATE(TCPS_SYN_RECEIVED);
	pd_pass(t, 7 * PD_SEC);
	pd_forget(t);
	STATE(TCPS_SYN_RECEIVED);
	/* Of another number than the SYN-ACK's. */
	pd_icmp(t, type, 1, 0, 1);
	STATE(TCPS_SYN_RECEIVED);
	pd_icmp(t, type, 1, 0, 0);
	STATE(GONE);
}

/* A listener that is closed takes its handshakes along. */
PD_TEST(listener_closed)
{
	int lfd = pd_listen(t, 5);

	syn(t, 0);
	OK(pd_close(t, lfd));
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	ADVANCE(PD_SEC);
	STATE(GONE);
	ADVANCE(100 * PD_SEC);
}

/* Nor does a socket that is only bound there inherit them. */
PD_TEST(listener_replaced)
{
	int fd, lfd = pd_listen(t, 5);

	syn(t, 0);
	OK(pd_close(t, lfd));
	fd = pd_socket(t);
	OK(pd_bind(t, fd, PD_PORT));
	ADVANCE(PD_SEC);
	STATE(GONE);
}

/* The queue is full: told so, or not. */
PD_TEST(rst_on_sock_fail)
{
	int i, lfd = pd_listen(t, 0);

	syn(t, 0);
	INJECT(". 1:1(0) ack 1 win 65535");
	for (i = 1; i < 3; i++) {
		syn(t, i);
		pd_sysctl(t, SC("rst_on_sock_fail"), i == 1);
		INJECT(". 1:1(0) ack 1 win 65535");
		if (i == 1)
			EXPECT("R 1:1(0) win 0");
		NOTHING();
		STATE(i == 1 ? GONE : TCPS_SYN_RECEIVED);
	}
	pd_use(t, 0);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	pd_use(t, 2);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* ---- Bounds ---- */

/* Without cookies the bucket's oldest goes for the newest. */
PD_TEST(bucketlimit)
{
	int i;

	bounds(t, SC("hashsize"), "1");
	bounds(t, SC("bucketlimit"), "4");
	pd_sysctl(t, COOKIES, 0);
	(void)pd_listen(t, 5);
	for (i = 0; i < 10; i++)
		syn(t, i);
	ATF_CHECK_EQ(4, count(t));
	for (i = 0; i < 10; i++) {
		pd_use(t, i);
		STATE(i < 6 ? GONE : TCPS_SYN_RECEIVED);
	}
	pd_use(t, 0);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	pd_use(t, 9);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(6, V_tcpstat.tcps_sc_bucketoverflow);
	ATF_CHECK_EQ(6, V_tcpstat.tcps_sc_dropped);
	CURVNET_RESTORE();
}

PD_TEST(cachelimit)
{
	int i;

	bounds(t, SC("cachelimit"), "4");
	pd_sysctl(t, COOKIES, 0);
	(void)pd_listen(t, 5);
	for (i = 0; i < 40; i++) {
		syn(t, i);
		STATE(TCPS_SYN_RECEIVED);
		ATF_CHECK(count(t) <= 4);
	}
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(36, V_tcpstat.tcps_sc_cacheoverflow);
	CURVNET_RESTORE();
}

/* A number of buckets that is no power of two is not used. */
PD_TEST(hashsize)
{
	bounds(t, SC("hashsize"), "300");
	(void)pd_listen(t, 5);
	syn(t, 0);
	ATF_CHECK_EQ(512, pd_sysctl_get(t, SC("hashsize")));
}

static void
memory(struct pd *t, uint64_t entries)
{
	CURVNET_SET(t->vnet);
	uma_zone_set_fault(uma_zone_find("syncache"), entries);
	CURVNET_RESTORE();
}

/* No memory for an entry: a cookie, or nothing. */
PD_TEST(shortage)
{
	(void)pd_listen(t, 5);
	memory(t, 0);
	syn(t, 0);
	STATE(GONE);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	pd_sysctl(t, COOKIES, 0);
	memory(t, 0);
	pd_use(t, 1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	NOTHING();
	memory(t, UINT64_MAX);
	syn(t, 1);
}

/* ---- Cookies ---- */

/* The whole of what was agreed upon comes back. */
PD_TEST(cookie)
{
	int fd, lfd = pd_listen(t, 5);

	pd_sysctl(t, ONLY, 1);
	INJECT("S 0:0(0) win 65535 <" SYN_ALL ">");
	EXPECT("S. 0:0(0) ack 1 win 65535 <" SYNACK_ALL ">");
	ATF_CHECK_EQ(0, count(t));
	STATE(GONE);
	ADVANCE(5 * PD_SEC);
	INJECT("P. 1:11(10) ack 1 win 1000 <nop,nop,TS val 8 ecr 100>");
	pd_pass(t, PD_SEC);
	EXPECT_LATE(". 1:1(0) ack 11 <nop,nop,TS val * ecr 8>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 10);
	ATF_CHECK_EQ(1448, (int)tcp_fixed_maxseg(pd_tcpcb(t)));
	ATF_CHECK_EQ(1000 << 7, (int)pd_tcpcb(t)->snd_wnd);
	ATF_CHECK_EQ(6, pd_tcpcb(t)->rcv_scale);
	ATF_CHECK(pd_tcpcb(t)->t_flags & TF_SACK_PERMIT);
	SEND(fd, 3 * 1448);
	EXPECT(". 1:1449(1448) ack 11 <...>");
	pd_forget(t);
}

/* What does not fit its tables is rounded down. */
/* A stamp that nobody offered is nothing. */
PD_TEST(cookie_stamp)
{
	int lfd = pd_listen(t, 5);

	pd_sysctl(t, ONLY, 1);
	pd_sysctl(t, "net.inet.tcp.rfc1323", 2);
	INJECT("S 0:0(0) win 65535 <mss 1460,TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 8 ecr 9>");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	ATF_CHECK_EQ(0, pd_tcpcb(t)->t_flags & TF_RCVD_TSTMP);
}

PD_TEST(cookie_tables)
{
	static const struct { int mss, ws, gotmss, gotws; } rows[] = {
		{ 1460, 7, 1460, 7 }, { 1459, 8, 1452, 8 },
		{ 1451, 14, 1440, 8 }, { 1430, 5, 1400, 4 },
		{ 1399, 3, 1360, 2 }, { 1300, 2, 1200, 2 },
		{ 1100, 1, 536, 1 }, { 535, 0, 216, 0 },
	};
	u_int i;

	(void)pd_listen(t, 50);
	pd_sysctl(t, ONLY, 1);
	for (i = 0; i < nitems(rows); i++) {
		pd_use(t, (int)i);
		INJECT("S 0:0(0) win 65535 <mss %d,nop,wscale %d>",
		    rows[i].mss, rows[i].ws);
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6>");
		INJECT(". 1:1(0) ack 1 win 60000");
		STATE(TCPS_ESTABLISHED);
		ATF_CHECK_EQ(rows[i].gotmss, pd_tcpcb(t)->t_peermss);
		ATF_CHECK_EQ(rows[i].gotws, pd_tcpcb(t)->snd_scale);
		ATF_CHECK(!(pd_tcpcb(t)->t_flags & (TF_SACK_PERMIT |
		    TF_RCVD_TSTMP)));
	}
	pd_use(t, 20);
	INJECT("S 0:0(0) win 65535 <sackOK>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,eol,eol>");
	INJECT(". 1:1(0) ack 1 win 60000");
	ATF_CHECK(pd_tcpcb(t)->t_flags & TF_SACK_PERMIT);
	ATF_CHECK(!(pd_tcpcb(t)->t_flags & TF_RCVD_SCALE));
	ATF_CHECK_EQ(60000, (int)pd_tcpcb(t)->snd_wnd);
	/* No MSS: the family's default. */
	ATF_CHECK_EQ(t->af == AF_INET ? 536 : 1200,
	    pd_tcpcb(t)->t_peermss);
}

/* Its bits: 24 of a MAC, then scale, MSS, SACK and the secret. */
PD_TEST(cookie_format)
{
	uint8_t bits;

	(void)pd_listen(t, 50);
	pd_sysctl(t, ONLY, 1);
	INJECT("S 0:0(0) win 65535 <mss 1360,nop,wscale 6,sackOK>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "eol,eol>");
	bits = (uint8_t)(t->c->iss ^ t->c->iss >> 24);
	ATF_CHECK_EQ(5, bits >> 5);
	ATF_CHECK_EQ(3, bits >> 2 & 7);
	ATF_CHECK_EQ(1, bits >> 1 & 1);
	ATF_CHECK_EQ((int)(t->now / 15000000000 & 1), bits & 1);
}

/* A cookie lives through the next period of 15 s, and no longer. */
PD_TEST(cookie_life)
{
	uint64_t left;

	(void)pd_listen(t, 50);
	pd_sysctl(t, ONLY, 1);
	left = 15 * PD_SEC - t->now / 1000 % (15 * PD_SEC);
	ADVANCE(left);
	syn(t, 0);
	syn(t, 1);
	ADVANCE(30 * PD_SEC - 1);
	pd_use(t, 0);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ADVANCE(1);
	pd_use(t, 1);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	STATE(GONE);
	/* Nor is one of the same secret's last period good. */
	syn(t, 2);
	syn(t, 3);
	ADVANCE(30 * PD_SEC);
	syn(t, 4);
	pd_use(t, 2);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
}

/* A number that is off by anything is no cookie; nor is a right one with
 * another SYN's number, port, or a time stamp that was never ours. */
PD_TEST(cookie_wrong)
{
	uint32_t iss;
	int bit;

	(void)pd_listen(t, 50);
	pd_sysctl(t, ONLY, 1);
	syn(t, 0);
	for (bit = 0; bit < 32; bit++) {
		INJECT(". 1:1(0) ack %u win 65535", 1 + (1u << bit));
		pd_skip(t);
		STATE(GONE);
	}
	INJECT(". 2:2(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	iss = t->c->iss;
	pd_use(t, 1);
	t->c->iss = iss;
	t->c->iss_known = true;
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	pd_use(t, 2);
	INJECT("S 0:0(0) win 65535 <" SYN_ALL ">");
	EXPECT("S. 0:0(0) ack 1 win 65535 <" SYNACK_ALL ">");
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 8 ecr 99>");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	pd_use(t, 3);
	INJECT("S 0:0(0) win 65535 <" SYN_ALL ">");
	EXPECT("S. 0:0(0) ack 1 win 65535 <" SYNACK_ALL ">");
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 8 ecr 200>");
	EXPECT("R 1:1(0) win 0");
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 8 ecr 100>");
	STATE(TCPS_ESTABLISHED);
}

/* A cache that is full begins a pause of 15 s; what was there stays. */
PD_TEST(pause)
{
	bounds(t, SC("cachelimit"), "2");
	(void)pd_listen(t, 50);
	ADVANCE(100 * PD_SEC);
	/* Before it an ACK is not taken for a cookie's. */
	syn(t, 0);
	syn(t, 1);
	ATF_CHECK_EQ(2, count(t));
	syn(t, 2);
	ATF_CHECK_EQ(2, count(t));
	STATE(GONE);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	pd_use(t, 0);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	pd_use(t, 1);
	INJECT("R 1:1(0) win 0");
	ATF_CHECK_EQ(0, count(t));
	/* There is room, but the pause goes on. */
	ADVANCE(15 * PD_SEC - 1);
	syn(t, 3);
	ATF_CHECK_EQ(0, count(t));
	ADVANCE(1);
	syn(t, 4);
	ATF_CHECK_EQ(1, count(t));
	pd_use(t, 3);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	/* Full again so soon: 30 s. */
	syn(t, 5);
	syn(t, 6);
	ATF_CHECK_EQ(2, count(t));
	pd_pass(t, 30 * PD_SEC - 1);
	pd_forget(t);
	ATF_CHECK_EQ(0, count(t));
	syn(t, 7);
	ATF_CHECK_EQ(0, count(t));
	ADVANCE(1);
	syn(t, 8);
	ATF_CHECK_EQ(1, count(t));
}

/* Without a full cache an ACK out of the blue is never a cookie's. */
PD_TEST(no_pause)
{
	uint32_t iss;

	(void)pd_listen(t, 50);
	pd_sysctl(t, ONLY, 1);
	syn(t, 0);
	iss = t->c->iss;
	pd_sysctl(t, ONLY, 0);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	ATF_CHECK_EQ(iss, t->c->iss);
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(1, V_tcpstat.tcps_sc_spurcookie);
	CURVNET_RESTORE();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, small);
	ATF_TP_ADD_TC(tp, rexmtlimit);
	ATF_TP_ADD_TC(tp, duplicate);
	ATF_TP_ADD_TC(tp, duplicate_times);
	ATF_TP_ADD_TC(tp, intervals);
	ATF_TP_ADD_TC(tp, wrong_both);
	ATF_TP_ADD_TC(tp, completed);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, unreachable);
	ATF_TP_ADD_TC(tp, listener_closed);
	ATF_TP_ADD_TC(tp, listener_replaced);
	ATF_TP_ADD_TC(tp, rst_on_sock_fail);
	ATF_TP_ADD_TC(tp, bucketlimit);
	ATF_TP_ADD_TC(tp, cachelimit);
	ATF_TP_ADD_TC(tp, hashsize);
	ATF_TP_ADD_TC(tp, shortage);
	ATF_TP_ADD_TC(tp, cookie);
	ATF_TP_ADD_TC(tp, cookie_stamp);
	ATF_TP_ADD_TC(tp, cookie_tables);
	ATF_TP_ADD_TC(tp, cookie_format);
	ATF_TP_ADD_TC(tp, cookie_life);
	ATF_TP_ADD_TC(tp, cookie_wrong);
	ATF_TP_ADD_TC(tp, pause);
	ATF_TP_ADD_TC(tp, no_pause);
	return (atf_no_error());
}

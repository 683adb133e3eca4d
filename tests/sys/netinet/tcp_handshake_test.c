/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The handshake (RFC 9293, 3.5): what SYNs and SYN-ACKs carry, and when they
 * are sent again.
 */
#include "pkt.h"

#define	RTT()	ADVANCE(10)
#define	SYN_TS	"<mss 1460,nop,wscale 6,sackOK,TS val * ecr 0>"

PD_TEST(active)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	STATE(TCPS_SYN_SENT);
	NOTHING();
	ERR(EALREADY, pd_connect(t, fd));
	ATF_REQUIRE_EQ(0, pd_poll(t, fd));
	ADVANCE(20 * PD_MSEC);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 100>");
	EXPECT(". 1:1(0) ack 1 win 1027 <nop,nop,TS val 120 ecr 7>");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_EQ(SOPOLL_OUT, pd_poll(t, fd));
	ERR(EISCONN, pd_connect(t, fd));
	OK(SO_ERR(fd));
}

PD_TEST(passive)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7>");
	STATE(TCPS_SYN_RECEIVED);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	ATF_REQUIRE_EQ(0, pd_poll(t, lfd));
	ADVANCE(20 * PD_MSEC);
	INJECT(". 1:1(0) ack 1 win 500 <nop,nop,TS val 27 ecr 100>");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_EQ(SOPOLL_IN, pd_poll(t, lfd));
	fd = pd_accept(t, lfd);
	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(500 << 7, (int)pd_tcpcb(t)->snd_wnd);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
}

/* The handshake's last segment may carry text, and a FIN. */
PD_TEST(passive_with_text)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("FP. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102");
	STATE(TCPS_CLOSE_WAIT);
	fd = pd_accept(t, lfd);
	RECV(fd, 100);
	RECV_EOF(fd);
}

/* ---- The maximum segment size ---- */

static void
syn_mss(struct pd *t, uint32_t mtu, uint32_t mss)
{
	int fd;

	pd_setmtu(t, mtu);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss %u,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>", mss);
	OK(pd_close(t, fd));
	NOTHING();
	pd_renew(t);
}

PD_TEST4(mss_ipv4)
{
	syn_mss(t, 72, 32);
	syn_mss(t, 576, 536);
	syn_mss(t, 1280, 1240);
	syn_mss(t, 1500, 1460);
	syn_mss(t, 9000, 8960);
	syn_mss(t, 65535, 65495);
}

PD_TEST6(mss_ipv6)
{
	syn_mss(t, 1280, 1220);
	syn_mss(t, 1500, 1440);
	syn_mss(t, 9000, 8940);
	syn_mss(t, 65535, 65475);
}

static void
synack_mss(struct pd *t, uint32_t mtu, uint32_t mss)
{
	int lfd;

	pd_setmtu(t, mtu);
	lfd = pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1000>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss %u>", mss);
	INJECT("R 1:1(0) win 0");
	STATE(GONE);
	OK(pd_close(t, lfd));
	pd_renew(t);
}

PD_TEST4(synack_mss_ipv4)
{
	synack_mss(t, 72, 32);
	synack_mss(t, 1500, 1460);
	synack_mss(t, 65535, 65495);
}

PD_TEST6(synack_mss_ipv6)
{
	synack_mss(t, 1280, 1220);
	synack_mss(t, 1500, 1440);
	synack_mss(t, 65535, 65475);
}

/* Ours is as large as the interface takes, whatever the peer's is. */
PD_TEST(mss_of_peer)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	RTT();
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1000>");
	EXPECT(". 1:1(0) ack 1 win 65535");
	SEND(fd, 2500);
	EXPECT(". 1:1001(1000) ack 1");
	EXPECT(". 1001:2001(1000) ack 1");
	EXPECT("P. 2001:2501(500) ack 1");
	ATF_REQUIRE_EQ(1000, pd_getopt(t, fd, IPPROTO_TCP, TCP_MAXSEG));
}

/* Without the option it is 536 (RFC 9293, 3.7.1), for IPv6 1220. */
PD_TEST(mss_missing)
{
	const int mss = t->af == AF_INET ? 536 : 1220;
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	RTT();
	INJECT("S. 0:0(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 2 * mss);
	EXPECT(". 1:%d(%d) ack 1", 1 + mss, mss);
	EXPECT("P. %d:%d(%d) ack 1", 1 + mss, 1 + 2 * mss, mss);
}

/* A peer's MSS below net.inet.tcp.minmss counts as that. */
PD_TEST(mss_tiny)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	RTT();
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 432);
	EXPECT(". 1:217(216) ack 1");
	EXPECT("P. 217:433(216) ack 1");
}

/* TCP_MAXSEG before the connection makes both sides' smaller. */
PD_TEST(mss_by_option)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MAXSEG, 700));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_MAXSEG, 10));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 700,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	RTT();
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 1400);
	EXPECT(". 1:701(700) ack 1");
	EXPECT("P. 701:1401(700) ack 1");
}

/* ---- Window scale ---- */

static void
scale(struct pd *t, int64_t maxsockbuf, int want)
{
	int fd;

	pd_sysctl(t, "kern.ipc.maxsockbuf", maxsockbuf);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale %d,sackOK,"
	    "TS val 100 ecr 0>", want);
	OK(pd_close(t, fd));
	pd_renew(t);
}

PD_TEST(wscale)
{
	scale(t, 2097152, 6);
	scale(t, 73728, 1);
	scale(t, 4194240, 6);		/* 65535 << 6 */
	scale(t, 4194241, 7);
	scale(t, 4294967295, 14);
}

/* The peer's factor counts only if both sides offered one; at most 14 is
 * taken (RFC 7323, 2.3). */
PD_TEST(wscale_refused)
{
	int fd = pd_active(t, PD_TS | PD_SACK, 100);

	ATF_REQUIRE_EQ(100, (int)pd_tcpcb(t)->snd_wnd);
	INJECT(". 1:1(0) ack 1 win 101 <nop,nop,TS val 7 ecr 100>");
	ATF_REQUIRE_EQ(101, (int)pd_tcpcb(t)->snd_wnd);
	INJECT("P. 1:1001(1000) ack 1 win 101 <nop,nop,TS val 7 ecr 100>");
	EXPECT_IN(40 * PD_MSEC,
	    ". 1:1(0) ack 1001 win 64700 <nop,nop,TS val * ecr 7>");
	RECV(fd, 1000);
}

PD_TEST(wscale_too_large)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 99>");
	EXPECT(". 1:1(0) ack 1 win 1027");
	INJECT(". 1:1(0) ack 1 win 2");
	ATF_REQUIRE_EQ(14, pd_tcpcb(t)->snd_scale);
}

/* The window of a SYN or SYN-ACK is never scaled (RFC 7323, 2.2). */
PD_TEST(wscale_not_in_syn)
{
	(void)pd_active(t, PD_ALL, 300);
	ATF_REQUIRE_EQ(300, (int)pd_tcpcb(t)->snd_wnd);
	INJECT(". 1:1(0) ack 1 win 300 <nop,nop,TS val 7 ecr 100>");
	ATF_REQUIRE_EQ(300 << 7, (int)pd_tcpcb(t)->snd_wnd);
}

/* ---- Options of the SYN ---- */

PD_TEST(syn_without_rfc1323)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rfc1323", 0);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,sackOK,eol,eol>");
	/* What was not offered does not count in the answer. */
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT(". 1:1(0) ack 1 win 65535");
	INJECT(". 1:1(0) ack 1 win 10");
	ATF_REQUIRE_EQ(10, (int)pd_tcpcb(t)->snd_wnd);
}

/* 2 is scaling alone, 3 time stamps alone. */
PD_TEST(syn_rfc1323_half)
{
	pd_sysctl(t, "net.inet.tcp.rfc1323", 2);
	ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,eol,eol>");
	pd_use(t, 1);
	pd_sysctl(t, "net.inet.tcp.rfc1323", 3);
	ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
	EXPECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0>");
}

PD_TEST(syn_without_sack)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.sack.enable", 0);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,nop,nop,"
	    "TS val 100 ecr 0>");
}

PD_TEST(syn_without_options)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.sack.enable", 0);
	pd_sysctl(t, "net.inet.tcp.rfc1323", 0);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460>");
}

/* TCP_NOOPT: a SYN without options, MSS 536. */
PD_TEST(noopt)
{
	const int mss = t->af == AF_INET ? 536 : 1220;
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOOPT, 1));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535");
	RTT();
	INJECT("S. 0:0(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 win 65535");
	SEND(fd, 2 * mss);
	EXPECT(". 1:%d(%d) ack 1", 1 + mss, mss);
	EXPECT("P. %d:%d(%d) ack 1", 1 + mss, 1 + 2 * mss, mss);
}

/* A peer that offers all the same does not get any. */
PD_TEST(noopt_refused)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOOPT, 1));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT(". 1:1(0) ack 1 win 65535");
	INJECT(". 1:1(0) ack 1 win 10");
	ATF_REQUIRE_EQ(10, (int)pd_tcpcb(t)->snd_wnd);
	INJECT(". 11:21(10) ack 1 win 10");
	EXPECT(". 1:1(0) ack 1 win 65535");
}

PD_TEST(synack_options)
{
	static const struct {
		const char	*syn, *synack;
	} forms[] = {
		{ "mss 1460,nop,wscale 7,sackOK,TS val 7 ecr 0",
		  "mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 7" },
		{ "mss 1460,sackOK,nop,nop", "mss 1460,sackOK,eol,eol" },
		{ "mss 1460,nop,wscale 7,nop,nop,TS val 7 ecr 0",
		  "mss 1460,nop,wscale 6,nop,nop,TS val 100 ecr 7" },
		{ "mss 1460", "mss 1460" },
		{ "nop", "mss 1460" },
		{ "mss 1460,sackOK,TS val 9 ecr 0",
		  "mss 1460,sackOK,TS val 100 ecr 9" },
		{ "mss 1460,nop,wscale 7,sackOK,eol,eol",
		  "mss 1460,nop,wscale 6,sackOK,eol,eol" },
		{ "mss 1460,nop,wscale 0", "mss 1460,nop,wscale 6" },
		{ "nop,nop,TS val 1 ecr 0",
		  "mss 1460,nop,nop,TS val 100 ecr 1" }
	};
	int lfd = pd_listen(t, 20);
	u_int i;

	for (i = 0; i < nitems(forms); i++) {
		pd_use(t, (int)i);
		INJECT("S 0:0(0) win 65535 <%s>", forms[i].syn);
		EXPECT("S. 0:0(0) ack 1 win 65535 <%s>", forms[i].synack);
	}
	OK(pd_close(t, lfd));
	pd_forget(t);			/* resets of those */
}

PD_TEST(synack_without_rfc1323)
{
	pd_sysctl(t, "net.inet.tcp.rfc1323", 0);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,eol,eol>");
}

PD_TEST(synack_without_sack)
{
	pd_sysctl(t, "net.inet.tcp.sack.enable", 0);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,nop,nop,"
	    "TS val 100 ecr 7>");
}

PD_TEST(synack_without_options)
{
	pd_sysctl(t, "net.inet.tcp.sack.enable", 0);
	pd_sysctl(t, "net.inet.tcp.rfc1323", 0);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
}

/* Options that are unknown or malformed harm no connection. */
PD_TEST(strange_options)
{
	static const char * const forms[] = {
		"hex fd04,hex 1234,mss 1460",	/* experimental */
		"mss 1460,hex 0300",		/* length 0 */
		"mss 1460,hex 0301",		/* length 1 */
		"mss 1460,hex 08ff",		/* longer than there is */
		"mss 1460,nop,nop,nop,hex 02",	/* no length at all */
		"mss 1460,eol,hex 020402",	/* what follows the end */
		"mss 1460,hex 0305060708",	/* wscale, wrong length */
		"mss 1460,hex 05020101"		/* SACK in a SYN */
	};
	u_int i;

	(void)pd_listen(t, 20);
	for (i = 0; i < nitems(forms); i++) {
		pd_use(t, (int)i);
		INJECT("S 0:0(0) win 65535 <%s>", forms[i]);
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
		INJECT(". 1:1(0) ack 1 win 65535");
		STATE(TCPS_ESTABLISHED);
	}
}

/* An option that goes on into the text is none. */
PD_TEST(option_beyond_header)
{
	(void)pd_listen(t, 5);
	INJECT("S 0:10(10) win 65535 <nop,nop,hex 0204>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ(t->af == AF_INET ? 536 : 1220,
	    (int)pd_tcpcb(t)->t_maxseg);
}

/* Both open at once, and the peer is done already: its FIN counts when the
 * handshake is complete. */
PD_TEST(both_open_with_fin)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("SF 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	STATE(TCPS_SYN_RECEIVED);
	EXPECT_IN(1000000, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	STATE(TCPS_CLOSE_WAIT);
	RECV_EOF(fd);
}

/* With text before it, it is kept with that. */
PD_TEST(both_open_with_text_and_fin)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("SFP 0:10(10) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	pd_forget(t);
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 12:12(0) ack 1 win 65535");
	EXPECT_LATE(". 1:1(0) ack 12");
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 10);
	RECV_EOF(fd);
}

/* ---- Again, and again ---- */

#define	SYN_AGAIN(usec)							\
	EXPECT_IN((usec), "S 0:0(0) win 65535 " SYN_TS)

PD_TEST(syn_again)
{
	static const uint64_t times[] = { 1000000, 3200000, 7400000,
	    15600000, 31800000, 64000000 };
	uint64_t now = 0;
	u_int i;
	int fd = pd_socket(t);

	/* Times of the SYN: 0, 1, 3.2, 7.4, ... until keepinit, 75 s. */
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	for (i = 0; i < nitems(times); i++) {
		SYN_AGAIN(times[i] - now);
		now = times[i];
	}
	ADVANCE(75 * PD_SEC - now - 1);
	STATE(TCPS_SYN_SENT);
	ADVANCE(1);
	STATE(GONE);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

PD_TEST(syn_again_long)
{
	static const uint64_t times[] = { 1000000, 3200000, 7400000,
	    15600000, 31800000, 64000000, 128000000, 192000000, 256000000,
	    320000000 };
	uint64_t now = 0;
	u_int i;
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPINIT, 363));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	for (i = 0; i < nitems(times); i++) {
		SYN_AGAIN(times[i] - now);
		now = times[i];
	}
	ADVANCE(363 * PD_SEC - now - 1);
	STATE(TCPS_SYN_SENT);
	ADVANCE(1);
	STATE(GONE);
	RECV_ERR(fd, ETIMEDOUT);
}

PD_TEST(keepinit)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPINIT, 5));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	SYN_AGAIN(1000000);
	SYN_AGAIN(2200000);
	ADVANCE(1800000 - 1);
	STATE(TCPS_SYN_SENT);
	ADVANCE(1);
	STATE(GONE);
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_HUP) != 0);
	ERR(ETIMEDOUT, SO_ERR(fd));
	OK(SO_ERR(fd));
}

PD_TEST(drop_options)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_drop_options", 1);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	SYN_AGAIN(1000000);
	SYN_AGAIN(2200000);
	EXPECT_IN(4200000, "S 0:0(0) win 65535 <mss 1460>");
	EXPECT_IN(8200000, "S 0:0(0) win 65535 <mss 1460>");
	/* What was left out may not be used. */
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1 win 65535");
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

PD_TEST(rexmit_initial)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_initial", 3000);
	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	SYN_AGAIN(3000000);
	SYN_AGAIN(6000000);
	SYN_AGAIN(12000000);
}

/* The SYN-ACK is sent again after 1, 2 and 4 s. */
PD_TEST(synack_again)
{
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(1000000, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(2000000, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(4000000, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ADVANCE(60 * PD_SEC);
}

/* A SYN that comes again is answered again, at once. */
PD_TEST(syn_twice)
{
	int lfd = pd_listen(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 7 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,"
	    "TS val 100 ecr 7>");
	ADVANCE(500 * PD_MSEC);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,TS val 507 ecr 0>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,"
	    "TS val 600 ecr 507>");
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,TS val 508 ecr 600>");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	NOTHING();
}

/* After a SYN that was lost the window is one segment (RFC 5681, 3.1), and
 * the timeout is not from a measurement (RFC 6298, 5.7). */
PD_TEST(syn_lost)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	SYN_AGAIN(1000000);
	ADVANCE(10 * PD_MSEC);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 10000);
	EXPECT(". 1:1461(1460) ack 1");
	NOTHING();
}

/* The first window is ten segments (RFC 6928), but no more than 14600. */
PD_TEST(initial_window)
{
	int fd = pd_active(t, 0, 65535), i;

	SEND(fd, 30000);
	for (i = 0; i < 10; i++)
		EXPECT(". %d:%d(1460) ack 1", 1 + i * 1460, 1461 + i * 1460);
	NOTHING();
	/* Slow start: two for each one acknowledged. */
	INJECT(". 1:1(0) ack 2921 win 65535");
	for (i = 10; i < 14; i++)
		EXPECT(". %d:%d(1460) ack 1", 1 + i * 1460, 1461 + i * 1460);
	NOTHING();
}

PD_TEST(initial_window_passive)
{
	int fd = pd_passive(t, PD_ALL, 65535), i;

	SEND(fd, 30000);
	for (i = 0; i < 10; i++)
		EXPECT(". %d:%d(1448) ack 1 <nop,nop,TS val * ecr 7>",
		    1 + i * 1448, 1449 + i * 1448);
	NOTHING();
}

PD_TEST(initial_window_variable)
{
	int fd, i;

	pd_sysctl(t, "net.inet.tcp.initcwnd_segments", 3);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 30000);
	for (i = 0; i < 3; i++)
		EXPECT(". %d:%d(1460) ack 1", 1 + i * 1460, 1461 + i * 1460);
	NOTHING();
}

/* A round trip that took no time at all is no lost SYN. */
PD_TEST(initial_window_no_time)
{
	int fd = pd_socket(t), i;

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 14600);
	for (i = 0; i < 9; i++)
		EXPECT(". %d:%d(1460) ack 1", 1 + i * 1460, 1461 + i * 1460);
	EXPECT("P. 13141:14601(1460) ack 1");
}

/* What is sent while connecting leaves when the connection stands. */
PD_TEST(send_early)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	ERR(-ENOTCONN, pd_send(t, fd, 100, 0));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, active);
	ATF_TP_ADD_TC(tp, passive);
	ATF_TP_ADD_TC(tp, passive_with_text);
	ATF_TP_ADD_TC(tp, mss_ipv4);
	ATF_TP_ADD_TC(tp, mss_ipv6);
	ATF_TP_ADD_TC(tp, synack_mss_ipv4);
	ATF_TP_ADD_TC(tp, synack_mss_ipv6);
	ATF_TP_ADD_TC(tp, mss_of_peer);
	ATF_TP_ADD_TC(tp, mss_missing);
	ATF_TP_ADD_TC(tp, mss_tiny);
	ATF_TP_ADD_TC(tp, mss_by_option);
	ATF_TP_ADD_TC(tp, wscale);
	ATF_TP_ADD_TC(tp, wscale_refused);
	ATF_TP_ADD_TC(tp, wscale_too_large);
	ATF_TP_ADD_TC(tp, wscale_not_in_syn);
	ATF_TP_ADD_TC(tp, syn_without_rfc1323);
	ATF_TP_ADD_TC(tp, syn_rfc1323_half);
	ATF_TP_ADD_TC(tp, syn_without_sack);
	ATF_TP_ADD_TC(tp, syn_without_options);
	ATF_TP_ADD_TC(tp, noopt);
	ATF_TP_ADD_TC(tp, noopt_refused);
	ATF_TP_ADD_TC(tp, synack_options);
	ATF_TP_ADD_TC(tp, synack_without_rfc1323);
	ATF_TP_ADD_TC(tp, synack_without_sack);
	ATF_TP_ADD_TC(tp, synack_without_options);
	ATF_TP_ADD_TC(tp, strange_options);
	ATF_TP_ADD_TC(tp, option_beyond_header);
	ATF_TP_ADD_TC(tp, syn_again);
	ATF_TP_ADD_TC(tp, syn_again_long);
	ATF_TP_ADD_TC(tp, keepinit);
	ATF_TP_ADD_TC(tp, drop_options);
	ATF_TP_ADD_TC(tp, rexmit_initial);
	ATF_TP_ADD_TC(tp, both_open_with_fin);
	ATF_TP_ADD_TC(tp, both_open_with_text_and_fin);
	ATF_TP_ADD_TC(tp, synack_again);
	ATF_TP_ADD_TC(tp, syn_twice);
	ATF_TP_ADD_TC(tp, syn_lost);
	ATF_TP_ADD_TC(tp, initial_window);
	ATF_TP_ADD_TC(tp, initial_window_passive);
	ATF_TP_ADD_TC(tp, initial_window_variable);
	ATF_TP_ADD_TC(tp, initial_window_no_time);
	ATF_TP_ADD_TC(tp, send_early);
	return (atf_no_error());
}

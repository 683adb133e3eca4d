/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMP errors about our segments (RFC 5927, RFC 5461), path MTU discovery (RFC
 * 1191, RFC 8201), and what socket options put into the IP header.
 */
#include "pkt.h"

#define	SYN_TS	"<mss 1460,nop,wscale 6,sackOK,TS val * ecr 0>"

/* ---- SYN-SENT ---- */

static int
syn_sent(struct pd *t)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN_TS);
	return (fd);
}

/* An error that ends the attempt with `want', or (0) does not. */
static void
hard(struct pd *t, uint8_t type, uint8_t code, int want)
{
	int fd = syn_sent(t);

	pd_icmp(t, type, code, 0, 0);
	NOTHING();
	ATF_REQUIRE_MSG((pd_state(t) == GONE) == (want != 0),
	    "type %d code %d", type, code);
	if (want == 0) {
		EXPECT_IN(1 * PD_SEC, "S 0:0(0) win 65535 " SYN_TS);
	}
	ATF_REQUIRE_EQ_MSG(want, SO_ERR(fd), "type %d code %d", type, code);
	OK(pd_close(t, fd));
	pd_renew(t);
}

PD_TEST4(synsent_ipv4)
{
	uint8_t code;
	int want;

	for (code = 0; code <= 15; code++) {
		want = 0;
		if (code == ICMP_UNREACH_NET_PROHIB ||
		    code == ICMP_UNREACH_HOST_PROHIB ||
		    code == ICMP_UNREACH_FILTER_PROHIB ||
		    code == ICMP_UNREACH_PROTOCOL ||
		    code == ICMP_UNREACH_PORT)
			want = ECONNREFUSED;
		if (code != ICMP_UNREACH_NEEDFRAG)
			hard(t, ICMP_UNREACH, code, want);
	}
	hard(t, ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS, EHOSTUNREACH);
	hard(t, ICMP_TIMXCEED, ICMP_TIMXCEED_REASS, 0);
	hard(t, ICMP_PARAMPROB, 0, 0);
	hard(t, ICMP_SOURCEQUENCH, 0, 0);
	hard(t, ICMP_REDIRECT, 1, 0);
}

PD_TEST6(synsent_ipv6)
{
	hard(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, 0);
	hard(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, ECONNREFUSED);
	hard(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE, 0);
	hard(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
	hard(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, ECONNREFUSED);
	hard(t, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT,
	    EHOSTUNREACH);
	hard(t, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY, 0);
	hard(t, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, 0);
	hard(t, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, ECONNREFUSED);
	hard(t, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION, 0);
}

/* With icmp_may_rst=0 none does. */
PD_TEST(synsent_may_not)
{
	pd_sysctl(t, "net.inet.tcp.icmp_may_rst", 0);
	if (t->af == AF_INET) {
		hard(t, ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
		hard(t, ICMP_UNREACH, ICMP_UNREACH_FILTER_PROHIB, 0);
		hard(t, ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS, 0);
	} else {
		hard(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0);
		hard(t, ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0);
	}
}

static void
port_unreachable(struct pd *t, uint32_t seq)
{
	if (t->af == AF_INET)
		pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_PORT, 0, seq);
	else
		pd_icmp(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0,
		    seq);
}

/* The number quoted must be that of the SYN, exactly. */
PD_TEST(synsent_sequence)
{
	int fd = syn_sent(t);

	port_unreachable(t, 1);
	port_unreachable(t, UINT32_MAX);
	port_unreachable(t, 12345);
	STATE(TCPS_SYN_SENT);
	OK(SO_ERR(fd));
	port_unreachable(t, 0);
	STATE(GONE);
	ERR(ECONNREFUSED, SO_ERR(fd));
}

/* ---- Later ---- */

static void
host_unreachable(struct pd *t, uint32_t seq)
{
	if (t->af == AF_INET)
		pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, seq);
	else
		pd_icmp(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0,
		    seq);
}

/* Errors are soft once the connection stands: it goes on. */
PD_TEST(established)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	port_unreachable(t, 1);
	host_unreachable(t, 1);
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	OK(SO_ERR(fd));
	INJECT(". 1:1(0) ack 101 win 65535");
	INJECT("P. 1:11(10) ack 101 win 65535");
	RECV(fd, 10);
	EXPECT_IN(40 * PD_MSEC, ". 101:101(0) ack 11");
}

/* If it ends after all, they tell why. */
PD_TEST(established_timeout)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	host_unreachable(t, 1);
	pd_pass(t, 60 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
	ERR(EHOSTUNREACH, SO_ERR(fd));
}

/* Errors about nothing in flight are forgeries. */
PD_TEST(established_forged)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.retries", 3);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	host_unreachable(t, 0);
	host_unreachable(t, 101);
	host_unreachable(t, 100000);
	pd_pass(t, 60 * PD_SEC);
	pd_forget(t);
	ERR(ETIMEDOUT, SO_ERR(fd));
}

/* In SYN-RECEIVED as well they are soft. */
PD_TEST(syn_received)
{
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	port_unreachable(t, 0);
	NOTHING();
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
}

/* ---- Path MTU ---- */

/* What was too big goes again at once, in pieces that fit. */
PD_TEST(toobig)
{
	const int mss = t->af == AF_INET ? 1260 : 1240;
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 2920);
	EXPECT(". 1:1461(1460) ack 1");
	EXPECT("P. 1461:2921(1460) ack 1");
	pd_toobig(t, 1300, 1);
	EXPECT(". 1:%d(%d) ack 1", 1 + mss, mss);
	pd_forget(t);
	ATF_REQUIRE_EQ(mss, (int)pd_tcpcb(t)->t_maxseg);
	INJECT(". 1:1(0) ack 2921 win 65535");
	pd_forget(t);
	SEND(fd, mss + 1);
	EXPECT(". 2921:%d(%d) ack 1", 2921 + mss, mss);
	EXPECT("P. %d:%d(1) ack 1", 2921 + mss, 2922 + mss);
}

/* All of it arrives, whatever of it was sent again. */
PD_TEST(toobig_twice)
{
	int fd = pd_active(t, PD_SACK, 65535);

	SEND(fd, 14600);
	pd_forget(t);
	pd_toobig(t, 1400, 1);
	pd_pass(t, PD_SEC / 10);
	pd_forget(t);
	pd_toobig(t, 1300, 1);
	pd_pass(t, PD_SEC / 10);
	pd_forget(t);
	INJECT(". 1:1(0) ack 14601 win 65535");
	NOTHING();
	ADVANCE(60 * PD_SEC);
}

PD_TEST(toobig_nonsense)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 2920);
	pd_forget(t);
	pd_toobig(t, 1300, 0);		/* nothing of ours */
	pd_toobig(t, 1300, 2921);
	pd_toobig(t, 1300, 1000000);
	pd_toobig(t, 1520, 1);		/* no smaller than it is */
	pd_toobig(t, 9000, 1);
	if (t->af == AF_INET6)
		pd_toobig(t, 1279, 1);	/* RFC 8201, 4 */
	NOTHING();
	ATF_REQUIRE_EQ(1460, (int)pd_tcpcb(t)->t_maxseg);
}

/* A tiny MTU does not make segments without text. */
PD_TEST4(toobig_tiny)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 1000);
	pd_forget(t);
	pd_toobig(t, 68, 1);
	ATF_REQUIRE(pd_tcpcb(t)->t_maxseg >= 32);
	pd_toobig(t, 1, 1);
	ATF_REQUIRE(pd_tcpcb(t)->t_maxseg >= 32);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1001 win 65535");
	NOTHING();
}

/* A router that says no size (RFC 1191, 7): smaller, in steps. */
PD_TEST4(toobig_old_router)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 1460);
	pd_forget(t);
	pd_toobig(t, 0, 1);
	ATF_REQUIRE(pd_tcpcb(t)->t_maxseg < 1460);
	ATF_REQUIRE(pd_tcpcb(t)->t_maxseg >= 500);
	pd_forget(t);
}

/* The SYN sent again names the size that fits. */
PD_TEST(toobig_synsent)
{
	int fd = syn_sent(t);

	pd_toobig(t, 1300, 0);
	pd_pass(t, PD_SEC);
	EXPECT_LATE("S 0:0(0) win 65535 <mss %d,nop,wscale 6,sackOK,"
	    "TS val * ecr 0>", t->af == AF_INET ? 1260 : 1240);
	pd_forget(t);
	OK(SO_ERR(fd));
	STATE(TCPS_SYN_SENT);
}

/* What was learnt holds for the next connection to that host. */
PD_TEST(toobig_remembered)
{
	const int mss = t->af == AF_INET ? 1260 : 1240;
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 1460);
	EXPECT("P. 1:1461(1460) ack 1");
	pd_toobig(t, 1300, 1);
	pd_forget(t);
	pd_use(t, 1);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss %d,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>", mss);
}

/* ---- Socket options of the IP layer ---- */

static void
set_ip(struct pd *t, int fd, int ttl, int tos)
{
	if (t->af == AF_INET) {
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TTL, ttl));
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TOS, tos));
	} else {
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl));
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_TCLASS, tos));
	}
}

PD_TEST(ttl_active)
{
	int fd = pd_socket(t);

	set_ip(t, fd, 42, 32);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[ttl 42,tos 32] S 0:0(0) win 65535 " SYN_TS);
	ADVANCE(10);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("[ttl 42,tos 32] . 1:1(0) ack 1");
	SEND(fd, 10);
	EXPECT("[ttl 42,tos 32] P. 1:11(10) ack 1");
	EXPECT_IN(230 * PD_MSEC, "[ttl 42,tos 32] P. 1:11(10) ack 1");
	INJECT(". 1:1(0) ack 11 win 65535");
	/* A challenge ACK, and what changes meanwhile. */
	INJECT("R 2:2(0) win 0");
	EXPECT("[ttl 42,tos 32] . 11:11(0) ack 1");
	set_ip(t, fd, 255, 16);
	INJECT("R 2:2(0) win 0");
	EXPECT("[ttl 255,tos 16] . 11:11(0) ack 1");
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	EXPECT_IN(10 * PD_SEC, "[ttl 255,tos 16] . 10:10(0) ack 1");
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("[ttl 255,tos 16] F. 11:11(0) ack 1");
	INJECT("F. 1:1(0) ack 12 win 65535");
	EXPECT("[ttl 255,tos 16] . 12:12(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	OK(pd_close(t, fd));
	INJECT("F. 1:1(0) ack 12 win 65535");
	EXPECT("[ttl 255,tos 16] . 12:12(0) ack 2");
}

PD_TEST(ttl_passive)
{
	int fd, lfd = pd_listen(t, 5);

	set_ip(t, lfd, 42, 32);
	INJECT(". 1:1(0) ack 100 win 65535");
	EXPECT("[ttl 42,tos 32] R 100:100(0)");
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("[ttl 42,tos 32] S. 0:0(0) ack 1 <mss 1460>");
	ADVANCE(10);
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	SEND(fd, 10);
	EXPECT("[ttl 42,tos 32] P. 1:11(10) ack 1");
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	EXPECT("[ttl 42,tos 32] R. 11:11(0) ack 1");
}

PD_TEST(ttl_values)
{
	int fd = pd_socket(t);

	if (t->af == AF_INET) {
		ATF_REQUIRE_EQ(64, pd_getopt(t, fd, IPPROTO_IP, IP_TTL));
		ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IP, IP_TTL, 0));
		ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IP, IP_TTL, 256));
		OK(pd_setopt(t, fd, IPPROTO_IP, IP_TTL, 1));
		ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_IP, IP_TTL));
	} else {
		ATF_REQUIRE_EQ(64, pd_getopt(t, fd, IPPROTO_IPV6,
		    IPV6_UNICAST_HOPS));
		ERR(EINVAL, pd_setopt(t, fd, IPPROTO_IPV6,
		    IPV6_UNICAST_HOPS, 256));
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1));
		OK(pd_setopt(t, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1));
		ATF_REQUIRE_EQ(64, pd_getopt(t, fd, IPPROTO_IPV6,
		    IPV6_UNICAST_HOPS));
	}
}

/* IP_MINTTL: from further away nothing is taken (RFC 5082). */
PD_TEST4(minttl)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, IPPROTO_IP, IP_MINTTL, 255));
	INJECT("[ttl 254] P. 1:11(10) ack 1 win 65535");
	INJECT("[ttl 254] R 1:1(0) win 0");
	ADVANCE(PD_SEC);
	INJECT("[ttl 255] P. 1:11(10) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
	RECV(fd, 10);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, synsent_ipv4);
	ATF_TP_ADD_TC(tp, synsent_ipv6);
	ATF_TP_ADD_TC(tp, synsent_may_not);
	ATF_TP_ADD_TC(tp, synsent_sequence);
	ATF_TP_ADD_TC(tp, established);
	ATF_TP_ADD_TC(tp, established_timeout);
	ATF_TP_ADD_TC(tp, established_forged);
	ATF_TP_ADD_TC(tp, syn_received);
	ATF_TP_ADD_TC(tp, toobig);
	ATF_TP_ADD_TC(tp, toobig_twice);
	ATF_TP_ADD_TC(tp, toobig_nonsense);
	ATF_TP_ADD_TC(tp, toobig_tiny);
	ATF_TP_ADD_TC(tp, toobig_old_router);
	ATF_TP_ADD_TC(tp, toobig_synsent);
	ATF_TP_ADD_TC(tp, toobig_remembered);
	ATF_TP_ADD_TC(tp, ttl_active);
	ATF_TP_ADD_TC(tp, ttl_passive);
	ATF_TP_ADD_TC(tp, ttl_values);
	ATF_TP_ADD_TC(tp, minttl);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP over UDP: net.inet.tcp.udp_tunneling_port and _overhead, and
 * TCP_REMOTE_UDP_ENCAPS_PORT.  Plain segments, and those from another UDP
 * port, are none of a connection's business, in every state.
 */
#include "pkt.h"

#define	OURS	9899
#define	ENCAPS	TCP_REMOTE_UDP_ENCAPS_PORT

static void
tunnel(struct pd *t)
{
	pd_sysctl(t, "net.inet.tcp.udp_tunneling_port", OURS);
	t->udpport = OURS;
}

static int
set_port(struct pd *t, int fd, int port)
{
	return (pd_setopt(t, fd, IPPROTO_TCP, ENCAPS, port));
}

/* A connection to the peer's UDP port 9000. */
static int
active(struct pd *t)
{
	int fd = pd_socket(t);

	OK(set_port(t, fd, 9000));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[udp 9000] S 0:0(0) win 65535 <mss 1452,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	INJECT("[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	EXPECT("[udp 9000] . 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

/* What is not of the connection is answered in its own way, and no state
 * changes. */
static void
strangers(struct pd *t, uint32_t seq, uint32_t ack)
{
	int state = pd_state(t);

	INJECT(". %u:%u(0) ack %u win 65535", seq, seq, ack);
	EXPECT("R %u:%u(0)", ack, ack);
	INJECT("[udp 9001] . %u:%u(0) ack %u win 65535", seq, seq, ack);
	EXPECT("[udp 9001] R %u:%u(0)", ack, ack);
	INJECT("R. %u:%u(0) ack %u win 65535", seq, seq, ack);
	INJECT("[udp 9001] R %u:%u(0) win 0", seq, seq);
	INJECT("[udp 9001] F. %u:%u(0) ack %u win 65535", seq, seq, ack);
	EXPECT("[udp 9001] R %u:%u(0)", ack, ack);
	STATE(state);
}

PD_TEST(option)
{
	int fd = pd_socket(t), lfd;

	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, ENCAPS));
	ERR(EINVAL, set_port(t, fd, 9000));	/* there is no tunnelling */
	OK(set_port(t, fd, 0));
	tunnel(t);
	ERR(EINVAL, set_port(t, fd, -1));
	ERR(EINVAL, set_port(t, fd, 65536));
	OK(set_port(t, fd, 65535));
	ERR(65535, pd_getopt(t, fd, IPPROTO_TCP, ENCAPS));
	OK(set_port(t, fd, 9000));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[udp 9000] S 0:0(0) win 65535 <...>");
	ERR(EINVAL, set_port(t, fd, 9001));
	ERR(9000, pd_getopt(t, fd, IPPROTO_TCP, ENCAPS));
	lfd = pd_listen(t, 5);
	ERR(EINVAL, set_port(t, lfd, 9000));
}

PD_TEST(variables)
{
	int fd = pd_socket(t);

	ERR(EINVAL, pd_sysctl_try(t, "net.inet.tcp.udp_tunneling_port",
	    "65536"));
	ERR(EINVAL, pd_sysctl_try(t, "net.inet.tcp.udp_tunneling_port", "-1"));
	ERR(EINVAL, pd_sysctl_try(t, "net.inet.tcp.udp_tunneling_overhead",
	    "7"));
	ERR(EINVAL, pd_sysctl_try(t, "net.inet.tcp.udp_tunneling_overhead",
	    "1025"));
	tunnel(t);
	pd_sysctl(t, "net.inet.tcp.udp_tunneling_port", 9900);
	pd_sysctl(t, "net.inet.tcp.udp_tunneling_overhead", 60);
	t->udpport = 9900;
	OK(set_port(t, fd, 9000));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[udp 9000] S 0:0(0) win 65535 <mss 1400,...>");
}

PD_TEST(active_open)
{
	int fd;

	tunnel(t);
	fd = active(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	SEND(fd, 2000);
	EXPECT("[udp 9000] . 1:1453(1452) ack 1");
	EXPECT("[udp 9000] P. 1453:2001(548) ack 1");
	INJECT("[udp 9000] P. 1:101(100) ack 2001 win 65535");
	RECV(fd, 100);
	EXPECT_IN(40 * PD_MSEC, "[udp 9000] . 2001:2001(0) ack 101");
	strangers(t, 101, 2001);
}

PD_TEST(passive_open)
{
	int fd, lfd;

	tunnel(t);
	lfd = pd_listen(t, 5);
	INJECT("[udp 9000] S 0:0(0) win 65535 <mss 1452>");
	EXPECT("[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	strangers(t, 1, 1);
	INJECT("[udp 9000] . 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	ERR(9000, pd_getopt(t, fd, IPPROTO_TCP, ENCAPS));
	ERR(0, pd_getopt(t, lfd, IPPROTO_TCP, ENCAPS));
	SEND(fd, 10);
	EXPECT("[udp 9000] P. 1:11(10) ack 1");
	strangers(t, 1, 11);
	/* The same listener has plain ones, too. */
	pd_use(t, 1);
	fd = pd_passive_at(t, lfd, 0, 65535);
	ERR(0, pd_getopt(t, fd, IPPROTO_TCP, ENCAPS));
	INJECT("[udp 9000] . 1:1(0) ack 1 win 65535");
	EXPECT("[udp 9000] R 1:1(0)");
	STATE(TCPS_ESTABLISHED);
}

/* A cookie remembers no port: that of the ACK counts. */
PD_TEST(cookie)
{
	int fd, lfd;

	tunnel(t);
	pd_sysctl(t, "net.inet.tcp.syncookies_only", 1);
	lfd = pd_listen(t, 5);
	INJECT("[udp 9000] S 0:0(0) win 65535 <mss 1452>");
	EXPECT("[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	INJECT("[udp 9001] . 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	ERR(9001, pd_getopt(t, fd, IPPROTO_TCP, ENCAPS));
	SEND(fd, 10);
	EXPECT("[udp 9001] P. 1:11(10) ack 1");
	INJECT("[udp 9000] . 1:1(0) ack 11 win 65535");
	EXPECT("[udp 9000] R 11:11(0)");
	INJECT("[udp 9001] . 1:1(0) ack 11 win 65535");
}

/* The SYN again, by another way, is no SYN again. */
PD_TEST(handshake)
{
	int lfd;

	tunnel(t);
	lfd = pd_listen(t, 5);
	INJECT("[udp 9000] S 0:0(0) win 65535 <mss 1452>");
	EXPECT("[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	INJECT("S 0:0(0) win 65535 <mss 1452>");
	ATF_REQUIRE_EQ(1, pd_pending(t));	/* a reset, of number 0 */
	pd_forget(t);
	INJECT("[udp 9000] S 0:0(0) win 65535 <mss 1452>");
	EXPECT("[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	EXPECT_IN(PD_SEC, "[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	INJECT("[udp 9001] R 1:1(0) win 0");
	INJECT("[udp 9000] . 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* TIME_WAIT without a socket. */
PD_TEST(time_wait)
{
	int fd;

	tunnel(t);
	fd = active(t);
	OK(pd_close(t, fd));
	EXPECT("[udp 9000] F. 1:1(0) ack 1");
	INJECT("[udp 9000] F. 1:1(0) ack 2 win 65535");
	EXPECT("[udp 9000] . 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	strangers(t, 2, 2);
	INJECT("[udp 9000] F. 1:1(0) ack 2 win 65535");
	EXPECT("[udp 9000] . 2:2(0) ack 2");
}

/* From SYN_SENT to TIME_WAIT. */
PD_TEST(states)
{
	int fd;

	tunnel(t);
	fd = pd_socket(t);
	OK(set_port(t, fd, 9000));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[udp 9000] S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1452>");
	EXPECT("R 1:1(0)");
	INJECT("[udp 9001] S 0:0(0) win 65535 <mss 1452>");
	ATF_REQUIRE_EQ(1, pd_pending(t));	/* a reset, of number 0 */
	pd_forget(t);
	STATE(TCPS_SYN_SENT);
	INJECT("[udp 9000] S. 0:0(0) ack 1 win 65535 <mss 1452>");
	EXPECT("[udp 9000] . 1:1(0) ack 1");
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("[udp 9000] F. 1:1(0) ack 1");
	STATE(TCPS_FIN_WAIT_1);
	strangers(t, 1, 1);
	INJECT("[udp 9000] . 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	strangers(t, 1, 2);
	INJECT("[udp 9000] F. 1:1(0) ack 2 win 65535");
	EXPECT("[udp 9000] . 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	strangers(t, 2, 2);
	INJECT("[udp 9000] F. 1:1(0) ack 2 win 65535");
	EXPECT("[udp 9000] . 2:2(0) ack 2");
}

PD_TEST(states_passive)
{
	int fd;

	tunnel(t);
	fd = active(t);
	INJECT("[udp 9000] F. 1:1(0) ack 1 win 65535");
	EXPECT("[udp 9000] . 1:1(0) ack 2");
	STATE(TCPS_CLOSE_WAIT);
	strangers(t, 2, 1);
	OK(pd_close(t, fd));
	EXPECT("[udp 9000] F. 1:1(0) ack 2");
	STATE(TCPS_LAST_ACK);
	strangers(t, 2, 1);
	INJECT("[udp 9000] . 2:2(0) ack 2 win 65535");
	STATE(GONE);
	/* Nobody is there: a reset goes back the same way. */
	INJECT("[udp 9002] . 2:2(0) ack 2 win 65535");
	EXPECT("[udp 9002] R 2:2(0)");
}

/* Errors must quote both UDP ports. */
PD_TEST(icmp)
{
	int fd;

	tunnel(t);
	fd = pd_socket(t);
	OK(set_port(t, fd, 9000));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("[udp 9000] S 0:0(0) win 65535 <...>");
	pd_icmp(t, t->af == AF_INET ? ICMP_UNREACH : ICMP6_DST_UNREACH,
	    t->af == AF_INET ? ICMP_UNREACH_PORT : ICMP6_DST_UNREACH_NOPORT,
	    0, 0);				/* about plain TCP */
	t->quote_udp = 9001;
	pd_icmp(t, t->af == AF_INET ? ICMP_UNREACH : ICMP6_DST_UNREACH,
	    t->af == AF_INET ? ICMP_UNREACH_PORT : ICMP6_DST_UNREACH_NOPORT,
	    0, 0);
	STATE(TCPS_SYN_SENT);
	t->quote_udp = 9000;
	pd_icmp(t, t->af == AF_INET ? ICMP_UNREACH : ICMP6_DST_UNREACH,
	    t->af == AF_INET ? ICMP_UNREACH_PORT : ICMP6_DST_UNREACH_NOPORT,
	    0, 0);
	STATE(GONE);
	ERR(ECONNREFUSED, SO_ERR(fd));
}

PD_TEST(toobig)
{
	int fd;

	tunnel(t);
	fd = active(t);
	SEND(fd, 1452);
	EXPECT("[udp 9000] P. 1:1453(1452) ack 1");
	pd_toobig(t, t->af == AF_INET ? 1300 : 1320, 1);
	NOTHING();
	t->quote_udp = 9001;
	pd_toobig(t, t->af == AF_INET ? 1300 : 1320, 1);
	NOTHING();
	t->quote_udp = 9000;
	pd_toobig(t, t->af == AF_INET ? 1300 : 1320, 1);
	EXPECT("[udp 9000] . 1:1253(1252) ack 1");
	EXPECT("[udp 9000] P. 1253:1453(200) ack 1");
}

/* Large segments are not made where nobody cuts them. */
PD_TEST(no_tso)
{
	int fd;

	tunnel(t);
	pd_settso(t);
	fd = active(t);
	SEND(fd, 2904);
	EXPECT("[udp 9000] . 1:1453(1452) ack 1");
	EXPECT("[udp 9000] P. 1453:2905(1452) ack 1");
	ATF_REQUIRE_EQ(0, t->ncut);
}

/* Without a port, IP knows no UDP; a connection that still wants it cannot
 * send, and ends like one whose path is gone. */
PD_TEST(off)
{
	int fd;

	tunnel(t);
	fd = active(t);
	pd_sysctl(t, "net.inet.tcp.udp_tunneling_port", 0);
	SEND(fd, 10);
	NOTHING();
	INJECT("[udp 9000] . 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ(1, pd_pending(t));	/* ICMP: no such protocol */
	pd_forget(t);
	STATE(TCPS_ESTABLISHED);
	pd_pass(t, 3600 * PD_SEC);
	STATE(GONE);
	ERR(EHOSTUNREACH, SO_ERR(fd));
}

static void
counted(struct pd *t, uint64_t pkts, uint64_t errs)
{
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(pkts, V_tcpstat.tcps_tunneled_pkts);
	ATF_REQUIRE_EQ(errs, V_tcpstat.tcps_tunneled_errs);
	CURVNET_RESTORE();
}

/* Datagrams that are wrong, or for somebody else. */
PD_TEST(wrong)
{
	tunnel(t);
	t->udpport = 9900;
	INJECT("[udp 9000] S 0:0(0) win 65535 <mss 1452>");
	ATF_REQUIRE_EQ(1, pd_pending(t));	/* ICMP: nobody is there */
	pd_forget(t);
	t->udpport = OURS;
	counted(t, 0, 0);
	INJECT("[udp 9000] . 1:1(0) ack 1 win 65535");
	EXPECT("[udp 9000] R 1:1(0)");
	pd_inject_badsum(t, "[udp 9000] . 1:1(0) ack 1 win 65535");
	NOTHING();
	counted(t, 2, 1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, option);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, active_open);
	ATF_TP_ADD_TC(tp, passive_open);
	ATF_TP_ADD_TC(tp, cookie);
	ATF_TP_ADD_TC(tp, handshake);
	ATF_TP_ADD_TC(tp, time_wait);
	ATF_TP_ADD_TC(tp, states);
	ATF_TP_ADD_TC(tp, states_passive);
	ATF_TP_ADD_TC(tp, icmp);
	ATF_TP_ADD_TC(tp, toobig);
	ATF_TP_ADD_TC(tp, no_tso);
	ATF_TP_ADD_TC(tp, off);
	ATF_TP_ADD_TC(tp, wrong);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP_INFO: each field of struct tcp_info, driven to a value of its own.
 * (Those of ECN are also in tcp_ecn_test and tcp_accecn_test.)
 */
#include "pkt.h"

static struct tcp_info ti;

#define	INFO(fd)		pd_info(t, (fd), &ti)
#define	FIELD(want, name)						\
	ATF_REQUIRE_MSG((uintmax_t)(want) == (uintmax_t)ti.name,	\
	    "%s is %ju, not %ju", #name, (uintmax_t)ti.name,		\
	    (uintmax_t)(want))

PD_TEST(closed)
{
	int fd = pd_socket(t);

	INFO(fd);
	FIELD(TCPS_CLOSED, tcpi_state);
	FIELD(0, __tcpi_unacked);
	FIELD(0, __tcpi_pmtu);
	fd = pd_listen(t, 5);
	INFO(fd);
	FIELD(TCPS_LISTEN, tcpi_state);
}

/* state, options, snd_wscale, rcv_wscale */
PD_TEST(options)
{
	int fd = pd_active(t, 0, 65535);

	INFO(fd);
	FIELD(TCPS_ESTABLISHED, tcpi_state);
	FIELD(0, tcpi_options);
	FIELD(0, tcpi_snd_wscale);
	FIELD(0, tcpi_rcv_wscale);
	pd_use(t, 1);
	fd = pd_active(t, PD_ALL, 65535);
	INFO(fd);
	FIELD(TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE,
	    tcpi_options);
	FIELD(7, tcpi_snd_wscale);
	FIELD(6, tcpi_rcv_wscale);
}

/* snd_mss, rcv_mss, advmss, pmtu, reordering */
PD_TEST(sizes)
{
	uint32_t mtu = t->af == AF_INET ? 1500 : 1520;
	int fd;

	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1000>");
	EXPECT(". 1:1(0) ack 1");
	INFO(fd);
	FIELD(1000, tcpi_snd_mss);
	FIELD(1000, tcpi_rcv_mss);
	FIELD(1460, __tcpi_advmss);
	FIELD(mtu, __tcpi_pmtu);
	FIELD(3, __tcpi_reordering);
	FIELD(0, tcpi_toe_tid);
	FIELD(0, tcpi_total_tlp);
	FIELD(0, tcpi_total_tlp_bytes);
}

/* rtt, rttvar, rttmin, rto, ato, last_data_sent, last_ack_sent,
 * last_data_recv, last_ack_recv */
PD_TEST(times)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	ADVANCE(100 * PD_MSEC);
	INJECT(". 1:1(0) ack 101 win 65535");
	INFO(fd);
	FIELD(12508, tcpi_rtt);		/* 7/8 of 10, 1/8 of 100000 */
	FIELD(PD_RTT, tcpi_rttmin);
	FIELD(25001, tcpi_rttvar);	/* 3/4 of 5, 1/4 of 99990 */
	FIELD(312512, tcpi_rto);	/* with 200 ms of slop */
	FIELD(40 * PD_MSEC, __tcpi_ato);
	FIELD(100 * PD_MSEC, __tcpi_last_data_sent);
	/* The handshake's, a millisecond more or less. */
	ATF_REQUIRE(ti.__tcpi_last_ack_sent >= 98 * PD_MSEC &&
	    ti.__tcpi_last_ack_sent <= 100 * PD_MSEC);
	FIELD(0, tcpi_last_data_recv);
	ADVANCE(PD_SEC);
	INJECT(". 1:11(10) ack 101 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 101:101(0) ack 11");
	ADVANCE(60 * PD_MSEC);
	INFO(fd);
	FIELD(100 * PD_MSEC, tcpi_last_data_recv);
	FIELD(100 * PD_MSEC, __tcpi_last_ack_recv);
	FIELD(1200 * PD_MSEC, __tcpi_last_data_sent);
	ATF_REQUIRE_MSG(ti.__tcpi_last_ack_sent >= 58 * PD_MSEC &&
	    ti.__tcpi_last_ack_sent <= 62 * PD_MSEC, "last_ack_sent is %u",
	    ti.__tcpi_last_ack_sent);
}

/* unacked, sacked, lost, retrans, fackets, ca_state, dupacks, snd_rexmitpack,
 * snd_una, snd_nxt, snd_max, snd_wnd, snd_bwnd, snd_cwnd, snd_ssthresh */
PD_TEST(recovery)
{
	const struct tcpcb *tp;
	uint32_t cwnd;
	int fd, i;

	fd = pd_active(t, PD_SACK, 65535);
	tp = pd_tcpcb(t);
	INFO(fd);
	FIELD(14600, tcpi_snd_cwnd);
	FIELD(14600, tcpi_snd_bwnd);
	FIELD(65535, tcpi_snd_wnd);
	FIELD(TCP_MAXWIN << TCP_MAX_WINSHIFT, tcpi_snd_ssthresh);
	SEND(fd, 14600);
	for (i = 0; i < 10; i++)
		pd_skip(t);
	INFO(fd);
	FIELD(10, __tcpi_unacked);
	FIELD(0, __tcpi_ca_state);
	FIELD(tp->iss + 1, tcpi_snd_una);
	FIELD(tp->iss + 14601, tcpi_snd_max);
	FIELD(tp->iss + 14601, tcpi_snd_nxt);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:2921>");
	INFO(fd);
	FIELD(1, __tcpi_sacked);
	FIELD(2, __tcpi_fackets);
	FIELD(1, tcpi_dupacks);
	FIELD(0, __tcpi_lost);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:4381>");
	pd_forget(t);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:5841>");
	INFO(fd);
	FIELD(3, __tcpi_sacked);
	FIELD(4, __tcpi_fackets);
	FIELD(3, __tcpi_ca_state);
	FIELD(1, __tcpi_retrans);
	FIELD(1, tcpi_snd_rexmitpack);
	ATF_REQUIRE(ti.tcpi_snd_ssthresh < 14600);
	pd_forget(t);
	/* A timeout: all but what is SACKed is lost. */
	pd_pass(t, 300 * PD_MSEC);
	INFO(fd);
	FIELD(4, __tcpi_ca_state);
	ATF_REQUIRE(ti.__tcpi_lost != 0);
	FIELD(1, __tcpi_retransmits);
	FIELD(1, __tcpi_backoff);
	pd_forget(t);
	INJECT(". 1:1(0) ack 14601 win 1000");
	INFO(fd);
	FIELD(0, __tcpi_unacked);
	FIELD(0, __tcpi_sacked);
	FIELD(0, __tcpi_lost);
	FIELD(0, __tcpi_retrans);
	FIELD(0, __tcpi_fackets);
	FIELD(1000, tcpi_snd_wnd);
	cwnd = ti.tcpi_snd_cwnd;
	FIELD(MIN(cwnd, 1000), tcpi_snd_bwnd);
	pd_forget(t);
}

/* rcv_nxt, rcv_adv, rcv_space, rcv_ssthresh, rcv_ooopack, rcv_numsacks */
PD_TEST(receiver)
{
	const struct tcpcb *tp;
	int fd;

	fd = pd_active(t, PD_SACK | PD_WS, 65535);
	tp = pd_tcpcb(t);
	INFO(fd);
	FIELD(tp->irs + 1, tcpi_rcv_nxt);
	FIELD(tp->rcv_adv, tcpi_rcv_adv);
	FIELD(65700, __tcpi_rcv_ssthresh);
	FIELD(65700, tcpi_rcv_space);
	INJECT(". 1:11(10) ack 1 win 65535");
	INJECT(". 21:31(10) ack 1 win 65535");
	pd_forget(t);
	INJECT(". 41:51(10) ack 1 win 65535");
	pd_forget(t);
	INFO(fd);
	FIELD(tp->irs + 11, tcpi_rcv_nxt);
	FIELD(2, tcpi_rcv_ooopack);
	FIELD(2, tcpi_rcv_numsacks);
	FIELD(65690, tcpi_rcv_space);
}

/* rcv_rtt: how long the echo of our time stamps takes. */
PD_TEST(receiver_rtt)
{
	uint32_t ecr = 100, seq = 1;
	int fd, i;

	fd = pd_active(t, PD_TS, 65535);
	INFO(fd);
	FIELD(0, __tcpi_rcv_rtt);
	for (i = 0; i < 6; i++) {
		ADVANCE(50 * PD_MSEC);
		INJECT(". %u:%u(1460) ack 1 win 65535 <nop,nop,TS val 7 "
		    "ecr %u>", seq, seq + 1460, ecr);
		seq += 1460;
		pd_pass(t, 40 * PD_MSEC);
		pd_forget(t);
		RECV(fd, 1460);
		pd_forget(t);
		ecr += 90;
	}
	INFO(fd);
	ATF_REQUIRE_MSG(ti.__tcpi_rcv_rtt >= 80 * PD_MSEC &&
	    ti.__tcpi_rcv_rtt <= 200 * PD_MSEC, "rcv_rtt is %u",
	    ti.__tcpi_rcv_rtt);
}

/* snd_zerowin, probes */
PD_TEST(windows)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	pd_skip(t);
	INJECT(". 1:1(0) ack 11 win 0");
	INFO(fd);
	FIELD(1, tcpi_snd_zerowin);
	INJECT(". 1:1(0) ack 11 win 65535");
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPINTVL, 1));
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	pd_pass(t, 11500 * PD_MSEC);
	INFO(fd);
	FIELD(2, __tcpi_probes);
	pd_forget(t);
	INJECT(". 1:1(0) ack 11 win 65535");
	INFO(fd);
	FIELD(0, __tcpi_probes);
}

/* ECN, in the handshake and after it: options, delivered_ce, received_ce and
 * the bytes of each codepoint. */
PD_TEST(ecn)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.ecn.enable", 1);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <...>");
	INJECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	INFO(fd);
	FIELD(TCPI_OPT_ECN, tcpi_options);
	INJECT("[tos 3] . 1:11(10) ack 1 win 65535");
	pd_pass(t, 100 * PD_MSEC);
	pd_forget(t);
	INFO(fd);
	FIELD(1, tcpi_received_ce);
}

/* The answer is cut to the room there is; and it cannot be set. */
PD_TEST(room)
{
	struct vnet *saved;
	uint8_t buf[8];
	size_t len = 1;
	int error, fd = pd_active(t, 0, 65535);

	memset(buf, 0xaa, sizeof(buf));
	saved = vnet_enter(t->vnet);
	error = kern_getsockopt(fd, IPPROTO_TCP, TCP_INFO, buf, &len);
	vnet_leave(saved);
	ERR(0, error);
	ATF_REQUIRE_EQ(1, len);
	ATF_REQUIRE_EQ(TCPS_ESTABLISHED, buf[0]);
	ATF_REQUIRE_EQ(0xaa, buf[1]);
	ERR(ENOPROTOOPT, pd_setopt(t, fd, IPPROTO_TCP, TCP_INFO, 1));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, closed);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, sizes);
	ATF_TP_ADD_TC(tp, times);
	ATF_TP_ADD_TC(tp, recovery);
	ATF_TP_ADD_TC(tp, receiver);
	ATF_TP_ADD_TC(tp, receiver_rtt);
	ATF_TP_ADD_TC(tp, windows);
	ATF_TP_ADD_TC(tp, ecn);
	ATF_TP_ADD_TC(tp, room);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Explicit congestion notification as RFC 3168 has it, Alternative Backoff
 * (RFC 8511), and net.inet.tcp.ecn.
 */
#include <netinet/ip.h>

#include "pkt.h"

#define	MSS	1460
#define	ENABLE	"net.inet.tcp.ecn.enable"
#define	RETRIES	"net.inet.tcp.ecn.maxretries"

/* The peer grants what our SYN asks for. */
static int
active(struct pd *t)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 1);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	ADVANCE(PD_RTT);
	INJECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

static int
passive(struct pd *t)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("SEW 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	ADVANCE(PD_RTT);
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	ATF_REQUIRE(fd >= 0);
	OK(pd_close(t, lfd));
	return (fd);
}

/* n full segments are new, marked as they should be. */
static void
expect_window(struct pd *t, uint32_t from, int n, const char *flags, int tos)
{
	int i;

	for (i = 0; i < n; i++, from += MSS)
		EXPECT("[tos %d] %s %u:%u(%d) ack 1", tos,
		    i == 0 ? flags : ".", from, from + MSS, MSS);
}

/* ---- Who asks, who grants ---- */

static void
refuses(struct pd *t)
{
	(void)pd_listen(t, 5);
	INJECT("SEW 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
}

PD_TEST(enable_0)
{
	int fd;

	pd_sysctl(t, ENABLE, 0);
	refuses(t);
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	/* Marks mean nothing then. */
	INJECT("[tos 3] P. 1:11(10) ack 11 win 65535");
	ADVANCE(39 * PD_MSEC);
	EXPECT_IN(PD_MSEC, ". 11:11(0) ack 11");
}

PD_TEST(enable_1)
{
	int fd = active(t);

	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
	pd_use(t, 1);
	fd = passive(t);
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
}

PD_TEST(enable_2)
{
	int fd;

	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, ENABLE));
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	pd_use(t, 1);
	fd = passive(t);
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
}

/* Both kinds that know Accurate ECN grant the classic one. */
PD_TEST(enable_3)
{
	int fd;

	pd_sysctl(t, ENABLE, 3);
	fd = passive(t);
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
}

PD_TEST(enable_4)
{
	int fd;

	pd_sysctl(t, ENABLE, 4);
	fd = passive(t);
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

PD_TEST4(enable_range)
{
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, ENABLE, "-1"));
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, ENABLE, "5"));
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, ENABLE));
}

/* A listener without accurate ECN takes such a SYN for a classic one. */
PD_TEST(accurate_syn)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
}

/* Half of what asks does not ask. */
PD_TEST(syn_half)
{
	int lfd = pd_listen(t, 5);

	INJECT("SE 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	pd_use(t, 1);
	INJECT("SW 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	OK(pd_close(t, lfd));
}

/* A peer that only reflects what it was sent does not know ECN. */
PD_TEST(reflected)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 1);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <...>");
	INJECT("S.EW 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

PD_TEST(refused)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 1);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

PD_TEST(simultaneous)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 1);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <...>");
	INJECT("SEW 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
}

/* ---- When SYNs are lost ---- */

/* Our SYN asks on its first n retransmissions, not after. */
static void
syn_retries(struct pd *t, int n)
{
	static const uint64_t after[] = { 1000, 2200, 4200, 8200 };
	int fd = pd_socket(t), i;

	pd_sysctl(t, ENABLE, 1);
	pd_sysctl(t, RETRIES, n);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <...>");
	for (i = 0; i < 4; i++)
		EXPECT_IN(after[i] * PD_MSEC, "%s 0:0(0) win 65535 <...>",
		    i < n ? "SEW" : "S");
	OK(pd_close(t, fd));
}

PD_TEST(maxretries_0)
{
	syn_retries(t, 0);
}

PD_TEST(maxretries_1)
{
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, RETRIES));
	syn_retries(t, 1);
}

PD_TEST(maxretries_3)
{
	syn_retries(t, 3);
}

/* The same for the SYN-ACK. */
PD_TEST(maxretries_synack)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("SEW 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(PD_SEC, "S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT_IN(2 * PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	/* The peer may have the first one: its marks are echoed. */
	INJECT("[tos 3] P. 1:11(10) ack 11 win 65535");
	ADVANCE(39 * PD_MSEC);
	EXPECT_IN(PD_MSEC, ".E 11:11(0) ack 11");
}

/* The answer to the first SYN comes when the last one did not ask. */
PD_TEST(late_synack)
{
	int fd = pd_socket(t);

	pd_sysctl(t, ENABLE, 1);
	pd_sysctl(t, RETRIES, 0);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("SEW 0:0(0) win 65535 <...>");
	EXPECT_IN(PD_SEC, "S 0:0(0) win 65535 <...>");
	INJECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	INJECT("[tos 3] P. 1:11(10) ack 11 win 65535");
	ADVANCE(39 * PD_MSEC);
	EXPECT_IN(PD_MSEC, ".E 11:11(0) ack 11");
}

/* The peer's SYN comes again and asks no more. */
PD_TEST(syn_again_plain)
{
	int fd, lfd = pd_listen(t, 5);

	INJECT("SEW 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
}

/* ---- What may be marked ---- */

/* ACKs, what goes again, probes and a FIN by itself may not. */
PD_TEST(ect_on_new_text_only)
{
	int fd = active(t);

	INJECT(". 1:1001(1000) ack 1 win 65535");
	ADVANCE(39 * PD_MSEC);
	EXPECT_IN(PD_MSEC, ". 1:1(0) ack 1001");
	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1001");
	EXPECT_IN(230 * PD_MSEC, "P. 1:11(10) ack 1001");
	INJECT(". 1001:1001(0) ack 11 win 0");
	SEND(fd, 10);
	EXPECT_IN(5 * PD_SEC, ". 11:12(1) ack 1001");
	INJECT(". 1001:1001(0) ack 11 win 65535");
	EXPECT("P. 11:21(10) ack 1001");
	INJECT(". 1001:1001(0) ack 21 win 65535");
	SEND(fd, 10);
	EXPECT("[tos 2] PW. 21:31(10) ack 1001");
	INJECT(". 1001:1001(0) ack 31 win 65535");
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 31:31(0) ack 1001");
}

/* The rest of the byte is the user's. */
PD_TEST(tos)
{
	int fd = active(t), level, name;

	level = t->af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	name = t->af == AF_INET ? IP_TOS : IPV6_TCLASS;
	/* Its codepoint is not. */
	OK(pd_setopt(t, fd, level, name, 0xb9));
	SEND(fd, 10);
	EXPECT("[tos 186] P. 1:11(10) ack 1");
	INJECT("P. 1:1461(1460) ack 11 win 65535");
	INJECT("P. 1461:2921(1460) ack 11 win 65535");
	EXPECT("[tos 184] . 11:11(0) ack 2921");
}

/* Its listener's, too. */
PD_TEST(listener_tos)
{
	int fd, lfd = pd_listen(t, 5);

	OK(pd_setopt(t, lfd, t->af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
	    t->af == AF_INET ? IP_TOS : IPV6_TCLASS, 0x28));
	INJECT("SEW 0:0(0) win 65535 <mss 1460>");
	EXPECT("[tos 40] S.E 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	fd = pd_accept(t, lfd);
	SEND(fd, 10);
	EXPECT("[tos 42] P. 1:11(10) ack 1");
}

/* ---- Receiving marks ---- */

/* ECE stands in all segments from CE to CWR. */
PD_TEST(echo)
{
	int fd = active(t);

	INJECT("[tos 2] . 1:1461(1460) ack 1 win 65535");
	INJECT("[tos 2] . 1461:2921(1460) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2921");
	INJECT("[tos 3] . 2921:4381(1460) ack 1 win 65535");
	INJECT("[tos 2] . 4381:5841(1460) ack 1 win 65535");
	EXPECT(".E 1:1(0) ack 5841");
	INJECT("[tos 2] . 5841:7301(1460) ack 1 win 65535");
	INJECT("[tos 2] . 7301:8761(1460) ack 1 win 65535");
	EXPECT(".E 1:1(0) ack 8761");
	SEND(fd, 10);
	EXPECT("[tos 2] P.E 1:11(10) ack 8761");
	/* CWR: acknowledged at once, the peer's window may be small. */
	INJECT("[tos 2] .W 8761:10221(1460) ack 11 win 65535");
	EXPECT(". 11:11(0) ack 10221");
	/* One that is marked itself begins anew. */
	INJECT("[tos 3] .W 10221:11681(1460) ack 11 win 65535");
	EXPECT(".E 11:11(0) ack 11681");
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(2, V_tcpstat.tcps_ecn_rcvce);
	ATF_REQUIRE_EQ(6, V_tcpstat.tcps_ecn_rcvect0);
	ATF_REQUIRE_EQ(0, V_tcpstat.tcps_ecn_rcvect1);
	CURVNET_RESTORE();
}

PD_TEST(echo_info)
{
	struct tcp_info ti;
	int fd = active(t);

	INJECT("[tos 3] . 1:1461(1460) ack 1 win 65535");
	INJECT("[tos 3] . 1461:2921(1460) ack 1 win 65535");
	EXPECT(".E 1:1(0) ack 2921");
	SEND(fd, 10);
	EXPECT("[tos 2] P.E 1:11(10) ack 2921");
	INJECT(".E 2921:2921(0) ack 11 win 65535");
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(TCPI_OPT_ECN, ti.tcpi_options & (TCPI_OPT_ECN |
	    TCPI_OPT_ACE));
	ATF_REQUIRE_EQ(2, ti.tcpi_received_ce);
	ATF_REQUIRE_EQ(1, ti.tcpi_delivered_ce);
}

/* A mark outside of the window is no mark. */
PD_TEST(echo_outside)
{
	(void)active(t);
	INJECT("[tos 3] . 100000:100000(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	INJECT(". 1:1461(1460) ack 1 win 65535");
	INJECT(". 1461:2921(1460) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2921");
}

/* Keepalive probes and challenge ACKs are segments like others. */
PD_TEST(echo_challenge)
{
	(void)active(t);
	INJECT("[tos 3] . 1:1461(1460) ack 1 win 65535");
	INJECT("S 1461:1461(0) win 65535");
	EXPECT(".E 1:1(0) ack 1461");
}

/* ---- Being told of marks ---- */

static void
use_newreno(struct pd *t)
{
	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "newreno");
}

/* Ten segments in flight, the first of them acknowledged with ECE: the
 * window is what percent says. */
static void
marked(struct pd *t, int percent)
{
	uint32_t want = (uint32_t)(10 * MSS * percent / 100);
	int fd = active(t);

	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".", 2);
	INJECT(".E 1:1(0) ack 1461 win 65535");
	NOTHING();
	ATF_REQUIRE_EQ(want, pd_tcpcb(t)->snd_cwnd);
	ATF_REQUIRE_EQ(want, pd_tcpcb(t)->snd_ssthresh);
	pd_forget(t);
}

/* Once for a window, and CWR on the next new segment, once. */
PD_TEST(reduce_once)
{
	struct tcpcb *tp;

	use_newreno(t);
	marked(t, 50);
	tp = pd_tcpcb(t);
	INJECT(".E 1:1(0) ack 7301 win 65535");
	ATF_REQUIRE_EQ(5 * MSS, tp->snd_cwnd);
	NOTHING();
	INJECT(".E 1:1(0) ack 8761 win 65535");
	EXPECT("[tos 2] .W 14601:16061(1460) ack 1");
	INJECT(".E 1:1(0) ack 10221 win 65535");
	EXPECT("[tos 2] . 16061:17521(1460) ack 1");
	/* The last of that window, and the first of the next. */
	INJECT(". 1:1(0) ack 14601 win 65535");
	ATF_REQUIRE_EQ(5 * MSS, tp->snd_cwnd);
	expect_window(t, 17521, 3, ".", 2);
	INJECT(".E 1:1(0) ack 16061 win 65535");
	ATF_REQUIRE_EQ(5 * MSS / 2, tp->snd_cwnd);
	INJECT(". 1:1(0) ack 20441 win 65535");
	EXPECT("[tos 2] .W 21901:23361(1460) ack 1");
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(1, V_tcpstat.tcps_ecn_shs);
	ATF_REQUIRE_EQ(2, V_tcpstat.tcps_ecn_rcwnd);
	ATF_REQUIRE_EQ(16, V_tcpstat.tcps_ecn_sndect0);
	CURVNET_RESTORE();
}

PD_TEST(reduce_cubic)
{
	marked(t, 70);
}

/* ---- ABE ---- */

#define	ABE	"net.inet.tcp.cc.abe"

PD_TEST(abe_newreno)
{
	pd_sysctl(t, ABE, 1);
	use_newreno(t);
	marked(t, 80);
}

PD_TEST(abe_newreno_beta)
{
	pd_sysctl(t, ABE, 1);
	pd_sysctl(t, "net.inet.tcp.cc.newreno.beta_ecn", 90);
	use_newreno(t);
	marked(t, 90);
}

PD_TEST(abe_cubic)
{
	pd_sysctl(t, ABE, 1);
	marked(t, 85);
}

/* Three duplicates after that: loss in the same window. */
static void
lost_too(struct pd *t, uint32_t want)
{
	int i;

	for (i = 0; i < 3; i++)
		INJECT(". 1:1(0) ack 1461 win 65535");
	pd_forget(t);
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	ATF_REQUIRE_EQ(want, pd_tcpcb(t)->snd_ssthresh);
}

PD_TEST(loss_after_mark)
{
	use_newreno(t);
	marked(t, 50);
	lost_too(t, 5 * MSS);
}

PD_TEST(frlossreduce_0)
{
	pd_sysctl(t, ABE, 1);
	use_newreno(t);
	marked(t, 80);
	lost_too(t, 8 * MSS);
}

PD_TEST(frlossreduce_1)
{
	pd_sysctl(t, ABE, 1);
	pd_sysctl(t, "net.inet.tcp.cc.abe_frlossreduce", 1);
	use_newreno(t);
	marked(t, 80);
	lost_too(t, 5 * MSS);
}

PD_TEST(frlossreduce_cubic)
{
	pd_sysctl(t, ABE, 1);
	pd_sysctl(t, "net.inet.tcp.cc.abe_frlossreduce", 1);
	marked(t, 85);
	lost_too(t, 7 * MSS);
}

/* ---- Loss ---- */

/* A mark in a window that was reduced for loss is no second reason; CWR is
 * said on what is new, not on what goes again. */
PD_TEST(mark_after_loss)
{
	struct tcpcb *tp;
	int fd, i;

	use_newreno(t);
	fd = active(t);
	tp = pd_tcpcb(t);
	SEND(fd, 20 * MSS);
	expect_window(t, 1, 10, ".", 2);
	INJECT(". 1:1(0) ack 1 win 65535");
	pd_forget(t);
	INJECT(". 1:1(0) ack 1 win 65535");
	pd_forget(t);
	INJECT(".E 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1461(1460) ack 1");
	ATF_REQUIRE(IN_FASTRECOVERY(tp->t_flags));
	ATF_REQUIRE(tp->snd_ssthresh >= 5 * MSS);
	i = (int)tp->snd_ssthresh;
	INJECT(".E 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ((u_int)i, tp->snd_ssthresh);
	INJECT(". 1:1(0) ack 17521 win 65535");
	EXPECT("[tos 2] .W 17521:18981(1460) ack 1");
	pd_forget(t);
}

PD_TEST(cwr_after_timeout)
{
	int fd = active(t);

	SEND(fd, 10);
	EXPECT("[tos 2] P. 1:11(10) ack 1");
	EXPECT_IN(230 * PD_MSEC, "P. 1:11(10) ack 1");
	INJECT(". 1:1(0) ack 11 win 65535");
	SEND(fd, 10);
	EXPECT("[tos 2] P.W 11:21(10) ack 1");
}

/* ---- Large segments ---- */

/* CWR is said once, in the first that the interface cuts off. */
PD_TEST(tso)
{
	pd_settso(t);
	use_newreno(t);
	marked(t, 50);
	INJECT(". 1:1(0) ack 14601 win 65535");
	expect_window(t, 14601, 5, ".W", 2);
}

/* ---- Function blocks and congestion control ---- */

PD_TEST(block_switch)
{
	struct tcp_function_block blk = {
	    .tfb_tcp_block_name = "other", .tfb_base = "freebsd" };
	struct tcp_function_set fs = { .function_set_name = "other" };
	int error, fd = active(t);

	CURVNET_SET(t->vnet);
	OK(register_tcp_functions(&blk, M_WAITOK));
	INJECT("[tos 3] . 1:1461(1460) ack 1 win 65535");
	error = kern_setsockopt(fd, IPPROTO_TCP, TCP_FUNCTION_BLK, &fs,
	    sizeof(fs));
	CURVNET_RESTORE();
	ATF_REQUIRE_EQ(0, error);
	SEND(fd, 10);
	EXPECT("[tos 2] P.E 1:11(10) ack 1461");
}

VNET_DEFINE_STATIC(uint32_t, seen);

static void
note_packet(struct cc_var *ccv)
{
	VNET(seen) = VNET(seen) << 8 | (ccv->flags &
	    (CCF_IPHDR_CE | CCF_TCPHDR_CWR));
	if ((ccv->flags & CCF_IPHDR_CE) != 0)
		ccv->flags |= CCF_ACKNOW;
}

/* A module may look at each packet, and have it acknowledged at once. */
PD_TEST(ecnpkt_handler)
{
	struct cc_algo algo = { .name = "watch",
	    .ecnpkt_handler = note_packet };

	CURVNET_SET(t->vnet);
	OK(cc_register_algo(&algo));
	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", "watch");
	(void)active(t);
	INJECT("[tos 2] . 1:1001(1000) ack 1 win 65535");
	ATF_REQUIRE_EQ(0, VNET(seen));
	NOTHING();
	INJECT("[tos 3] . 1001:1101(100) ack 1 win 65535");
	EXPECT(".E 1:1(0) ack 1101");
	INJECT("[tos 3] .W 1101:1201(100) ack 1 win 65535");
	EXPECT(".E 1:1(0) ack 1201");
	ATF_REQUIRE_EQ(CCF_IPHDR_CE << 8 | CCF_IPHDR_CE | CCF_TCPHDR_CWR,
	    VNET(seen));
	CURVNET_RESTORE();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, enable_0);
	ATF_TP_ADD_TC(tp, enable_1);
	ATF_TP_ADD_TC(tp, enable_2);
	ATF_TP_ADD_TC(tp, enable_3);
	ATF_TP_ADD_TC(tp, enable_4);
	ATF_TP_ADD_TC(tp, enable_range);
	ATF_TP_ADD_TC(tp, accurate_syn);
	ATF_TP_ADD_TC(tp, syn_half);
	ATF_TP_ADD_TC(tp, reflected);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, simultaneous);
	ATF_TP_ADD_TC(tp, maxretries_0);
	ATF_TP_ADD_TC(tp, maxretries_1);
	ATF_TP_ADD_TC(tp, maxretries_3);
	ATF_TP_ADD_TC(tp, maxretries_synack);
	ATF_TP_ADD_TC(tp, late_synack);
	ATF_TP_ADD_TC(tp, syn_again_plain);
	ATF_TP_ADD_TC(tp, ect_on_new_text_only);
	ATF_TP_ADD_TC(tp, tos);
	ATF_TP_ADD_TC(tp, listener_tos);
	ATF_TP_ADD_TC(tp, echo);
	ATF_TP_ADD_TC(tp, echo_info);
	ATF_TP_ADD_TC(tp, echo_outside);
	ATF_TP_ADD_TC(tp, echo_challenge);
	ATF_TP_ADD_TC(tp, reduce_once);
	ATF_TP_ADD_TC(tp, reduce_cubic);
	ATF_TP_ADD_TC(tp, abe_newreno);
	ATF_TP_ADD_TC(tp, abe_newreno_beta);
	ATF_TP_ADD_TC(tp, abe_cubic);
	ATF_TP_ADD_TC(tp, loss_after_mark);
	ATF_TP_ADD_TC(tp, frlossreduce_0);
	ATF_TP_ADD_TC(tp, frlossreduce_1);
	ATF_TP_ADD_TC(tp, frlossreduce_cubic);
	ATF_TP_ADD_TC(tp, mark_after_loss);
	ATF_TP_ADD_TC(tp, cwr_after_timeout);
	ATF_TP_ADD_TC(tp, tso);
	ATF_TP_ADD_TC(tp, block_switch);
	ATF_TP_ADD_TC(tp, ecnpkt_handler);
	return (atf_no_error());
}

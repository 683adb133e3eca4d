/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Linux's variables: what each does to segments and to connections. */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include <netinet/tcp_timewait.h>

#include "compat_subr.h"

#define	MSS	1460

/* One of Linux's reads as want, and ours as native says. */
static void
both(struct pd *t, const char *name, int want, const char *native, int is)
{

	ATF_CHECK_EQ_MSG(want, pd_sysctl_get(t, name), "%s is %d", name,
	    pd_sysctl_get(t, name));
	ATF_CHECK_EQ_MSG(is, pd_sysctl_get(t, native), "%s is %d", native,
	    pd_sysctl_get(t, native));
}

static int
timewaits(struct pd *t)
{
	struct vnet *saved;
	int n;

	saved = vnet_enter(t->vnet);
	n = (int)tcp_tw_count();
	vnet_leave(saved);
	return (n);
}

/* A connection that we have closed and the peer then, in TIME_WAIT. */
static void
to_timewait(struct pd *t, int opts)
{
	int fd;

	fd = pd_active(t, opts, 65535);
	OK(pd_close(t, fd));
	pd_forget(t);
	INJECT("F. 1:1(0) ack 2 win 65535%s", (opts & PD_TS) != 0 ?
	    " <nop,nop,TS val 9 ecr 100>" : "");
	pd_forget(t);
	ATF_REQUIRE_EQ(1, timewaits(t));
}

/* Retransmission times of 200 ms, doubled. */
static void
plain_timers(struct pd *t)
{

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
}

PD_TEST(tcp_keepalive)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_keepalive_time", 5);
	pd_sysctl(t, "net.ipv4.tcp_keepalive_intvl", 2);
	pd_sysctl(t, "net.ipv4.tcp_keepalive_probes", 2);
	both(t, "net.ipv4.tcp_keepalive_time", 5, "net.inet.tcp.keepidle",
	    5000);
	both(t, "net.ipv4.tcp_keepalive_intvl", 2, "net.inet.tcp.keepintvl",
	    2000);
	both(t, "net.ipv4.tcp_keepalive_probes", 2, "net.inet.tcp.keepcnt",
	    2);
	fd = pd_active(t, 0, 65535);
	EXPECT_IN(5 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(2 * PD_SEC, ". 0:0(0) ack 1");
	EXPECT_IN(2 * PD_SEC, "R. 1:1(0) ack 1");
	RECV_ERR(fd, ETIMEDOUT);
	cs_refused(t, "net.ipv4.tcp_keepalive_time", "0");
	cs_refused(t, "net.ipv4.tcp_keepalive_time", "-1");
	cs_refused(t, "net.ipv4.tcp_keepalive_time", "2147484");
}

PD_TEST(tcp_fin_timeout)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_fin_timeout", 7);
	both(t, "net.ipv4.tcp_fin_timeout", 7,
	    "net.inet.tcp.finwait2_timeout", 7000);
	fd = pd_active(t, 0, 65535);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(69 * PD_SEC / 10);
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
	cs_refused(t, "net.ipv4.tcp_fin_timeout", "0");
}

PD_TEST(tcp_syn_retries)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.keepinit", 1000);
	pd_sysctl(t, "net.ipv4.tcp_syn_retries", 1);
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_SYNCNT));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <...>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	ADVANCE(19 * PD_SEC / 10);
	STATE(TCPS_SYN_SENT);
	ADVANCE(PD_SEC / 10);
	STATE(GONE);
	cs_refused(t, "net.ipv4.tcp_syn_retries", "256");
	cs_refused(t, "net.ipv4.tcp_syn_retries", "0");
}

PD_TEST(tcp_retries2)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	pd_sysctl(t, "net.inet.tcp.retries", 5);
	ATF_REQUIRE_EQ(5, pd_sysctl_get(t, "net.ipv4.tcp_retries2"));
	pd_sysctl(t, "net.ipv4.tcp_retries2", 2);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(800 * PD_MSEC, "R. 101:101(0) ack 1");
	RECV_ERR(fd, ETIMEDOUT);
	cs_refused(t, "net.ipv4.tcp_retries2", "0");
}

PD_TEST(tcp_orphan_retries)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	pd_sysctl(t, "net.ipv4.tcp_orphan_retries", 1);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "P. 1:101(100) ack 1");
	OK(pd_close(t, fd));
	pd_forget(t);
	pd_pass(t, 2 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
	cs_refused(t, "net.ipv4.tcp_orphan_retries", "256");
}

/* What is known of the path is forgotten. */
PD_TEST4(tcp_retries1)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	pd_sysctl(t, "net.ipv4.tcp_retries1", 2);
	fd = pd_active(t, 0, 65535);
	SEND(fd, MSS);
	EXPECT("P. 1:1461(1460) ack 1");
	pd_toobig(t, 1000, 1);
	EXPECT(". 1:961(960) ack 1");
	EXPECT("P. 961:1461(500) ack 1");
	ATF_REQUIRE_EQ(1000, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_pass(t, 210 * PD_MSEC);
	ATF_REQUIRE_EQ(1000, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	pd_pass(t, 410 * PD_MSEC);
	pd_forget(t);
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(1500, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_MTU));
	cs_refused(t, "net.ipv4.tcp_retries1", "256");
}

PD_TEST(tcp_window_scaling)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_window_scaling", 0);
	both(t, "net.ipv4.tcp_window_scaling", 0, "net.inet.tcp.rfc1323", 3);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0>");
	pd_sysctl(t, "net.ipv4.tcp_timestamps", 0);
	both(t, "net.ipv4.tcp_timestamps", 0, "net.inet.tcp.rfc1323", 0);
	pd_sysctl(t, "net.ipv4.tcp_window_scaling", 1);
	both(t, "net.ipv4.tcp_window_scaling", 1, "net.inet.tcp.rfc1323", 2);
}

PD_TEST(tcp_timestamps)
{
	int fd;

	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, "net.ipv4.tcp_timestamps"));
	pd_sysctl(t, "net.ipv4.tcp_timestamps", 0);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,eol,eol>");
	pd_sysctl(t, "net.ipv4.tcp_timestamps", 2);
	both(t, "net.ipv4.tcp_timestamps", 2,
	    "net.inet.tcp.ts_offset_per_conn", 0);
	both(t, "net.ipv4.tcp_timestamps", 2, "net.inet.tcp.rfc1323", 1);
	pd_sysctl(t, "net.ipv4.tcp_timestamps", 1);
	both(t, "net.ipv4.tcp_timestamps", 1,
	    "net.inet.tcp.ts_offset_per_conn", 1);
	cs_refused(t, "net.ipv4.tcp_timestamps", "3");
}

PD_TEST(tcp_sack)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_sack", 0);
	both(t, "net.ipv4.tcp_sack", 0, "net.inet.tcp.sack.enable", 0);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,nop,nop,TS val 100 ecr 0>");
}

PD_TEST(tcp_dsack)
{
	int fd;

	fd = pd_active(t, PD_SACK, 65535);
	INJECT(". 1:101(100) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 101");
	INJECT(". 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 101 <nop,nop,sack 1:101>");
	pd_sysctl(t, "net.ipv4.tcp_dsack", 0);
	INJECT(". 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 101");
	(void)fd;
}

PD_TEST(tcp_ecn)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_ecn", 1);
	both(t, "net.ipv4.tcp_ecn", 1, "net.inet.tcp.ecn.enable", 1);
	pd_sysctl(t, "net.ipv4.tcp_ecn_fallback", 1);
	both(t, "net.ipv4.tcp_ecn_fallback", 1,
	    "net.inet.tcp.ecn.maxretries", 0);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("SEW 0:0(0) <...>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) <...>");
	(void)pd_close(t, fd);
	pd_renew(t);
	pd_sysctl(t, "net.ipv4.tcp_ecn_fallback", 0);
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, "net.ipv4.tcp_ecn_fallback"));
	pd_use(t, 1);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("SEW 0:0(0) <...>");
	EXPECT_IN(1 * PD_SEC, "SEW 0:0(0) <...>");
}

PD_TEST(tcp_reordering)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_reordering", 5);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1 win 65535");
	INJECT(". 1:1(0) ack 1 win 65535");
	INJECT(". 1:1(0) ack 1 win 65535");
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1461(1460) ack 1");
	cs_refused(t, "net.ipv4.tcp_reordering", "0");
	cs_refused(t, "net.ipv4.tcp_reordering", "301");
}

PD_TEST(tcp_max_reordering)
{
	ATF_REQUIRE_EQ(300, pd_sysctl_get(t, "net.ipv4.tcp_max_reordering"));
	pd_sysctl(t, "net.ipv4.tcp_max_reordering", 5);
	ATF_REQUIRE_EQ(5, pd_sysctl_get(t, "net.inet.tcp.max_reordering"));
	cs_refused(t, "net.ipv4.tcp_max_reordering", "-1");
}

PD_TEST(tcp_slow_start_after_idle)
{
	uint32_t cwnd;
	int fd, i;

	fd = pd_active(t, 0, 65535);
	for (i = 0; i < 2; i++) {
		SEND(fd, 10 * MSS);
		pd_forget(t);
		INJECT(". 1:1(0) ack %d win 65535", (i + 1) * 10 * MSS + 1);
		pd_forget(t);
	}
	cwnd = pd_tcpcb(t)->snd_cwnd;
	ATF_REQUIRE(cwnd > 10 * MSS);
	ADVANCE(100 * PD_SEC);
	pd_sysctl(t, "net.ipv4.tcp_slow_start_after_idle", 0);
	SEND(fd, 100);
	pd_forget(t);
	ATF_REQUIRE_EQ(cwnd, pd_tcpcb(t)->snd_cwnd);
	INJECT(". 1:1(0) ack %d win 65535", 20 * MSS + 101);
	ADVANCE(100 * PD_SEC);
	pd_sysctl(t, "net.ipv4.tcp_slow_start_after_idle", 1);
	SEND(fd, 100);
	pd_forget(t);
	ATF_REQUIRE_EQ(10 * MSS, pd_tcpcb(t)->snd_cwnd);
}

PD_TEST(tcp_retrans_collapse)
{
	int fd, on;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	for (on = 1; on >= 0; on--) {
		pd_use(t, on);
		pd_sysctl(t, "net.ipv4.tcp_retrans_collapse", on);
		fd = pd_active(t, 0, 65535);
		TCP_SET(fd, LINUX_TCP_NODELAY, 1);
		SEND(fd, 100);
		EXPECT("P. 1:101(100) ack 1");
		SEND(fd, 100);
		EXPECT("P. 101:201(100) ack 1");
		if (on)
			EXPECT_IN(200 * PD_MSEC, "P. 1:201(200) ack 1");
		else
			EXPECT_IN(200 * PD_MSEC, ". 1:101(100) ack 1");
		t->ended = true;
		INJECT("R 1:1(0) win 0");
		pd_forget(t);
	}
}

PD_TEST(tcp_tso_win_divisor)
{
	int fd;

	pd_settso(t);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	ATF_REQUIRE_EQ(1, t->ncut);
	INJECT(". 1:1(0) ack %d win 65535", 10 * MSS + 1);
	pd_sysctl(t, "net.ipv4.tcp_tso_win_divisor", 3);
	SEND(fd, 18 * MSS);
	pd_forget(t);
	ATF_REQUIRE_EQ(4, t->ncut);
	cs_refused(t, "net.ipv4.tcp_tso_win_divisor", "256");
}

PD_TEST(tcp_rfc1337)
{

	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, "net.ipv4.tcp_rfc1337"));
	to_timewait(t, 0);
	INJECT("R 2:2(0) win 0");
	ATF_REQUIRE_EQ(1, timewaits(t));
	pd_sysctl(t, "net.ipv4.tcp_rfc1337", 0);
	INJECT("R 3:3(0) win 0");
	ATF_REQUIRE_EQ(1, timewaits(t));
	INJECT("R 2:2(0) win 0");
	ATF_REQUIRE_EQ(0, timewaits(t));
	NOTHING();
}

PD_TEST(tcp_max_tw_buckets)
{
	int i;

	ATF_REQUIRE(pd_sysctl_get(t, "net.ipv4.tcp_max_tw_buckets") > 1);
	pd_sysctl(t, "net.ipv4.tcp_max_tw_buckets", 2);
	both(t, "net.ipv4.tcp_max_tw_buckets", 2, "net.inet.tcp.maxtcptw",
	    2);
	for (i = 0; i < 4; i++) {
		pd_use(t, i);
		OK(pd_close(t, pd_active(t, 0, 65535)));
		pd_forget(t);
		INJECT("F. 1:1(0) ack 2 win 65535");
		pd_forget(t);
	}
	ATF_REQUIRE_EQ(2, timewaits(t));
	cs_refused(t, "net.ipv4.tcp_max_tw_buckets", "0");
}

/* A second later, the numbers go on from where they were. */
PD_TEST(tcp_tw_reuse)
{
	uint16_t port;
	uint32_t iss;
	int fd;

	to_timewait(t, PD_TS);
	port = t->c->lport;
	iss = t->c->iss;
	pd_pass(t, 2 * PD_SEC);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_REUSEPORT, 1));
	pd_renew(t);
	t->c->lport = port;
	if (pd_bind(t, fd, port) != 0)
		atf_tc_skip("the port cannot be bound again");
	ERR(EADDRINUSE, pd_connect(t, fd));
	pd_sysctl(t, "net.ipv4.tcp_tw_reuse", 1);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) <...>");
	ATF_REQUIRE_EQ(iss + 2 + 65535 + 2, t->c->iss);
	ATF_REQUIRE_EQ(0, timewaits(t));
}

PD_TEST(tcp_max_orphans)
{
	int a, b;

	pd_sysctl(t, "net.ipv4.tcp_max_orphans", 1);
	a = pd_active(t, 0, 65535);
	OK(pd_close(t, a));
	EXPECT("F. 1:1(0) ack 1");
	pd_use(t, 1);
	b = pd_active(t, 0, 65535);
	OK(pd_close(t, b));
	EXPECT("R. 1:1(0) ack 1");
	STATE(GONE);
	/* In TIME_WAIT it counts no more. */
	pd_use(t, 0);
	INJECT("F. 1:1(0) ack 2 win 65535");
	pd_forget(t);
	pd_use(t, 2);
	b = pd_active(t, 0, 65535);
	OK(pd_close(t, b));
	EXPECT("F. 1:1(0) ack 1");
	cs_refused(t, "net.ipv4.tcp_max_orphans", "-1");
}

/* Three numbers: above the second, no buffer grows. */
PD_TEST(tcp_mem)
{
	uint32_t was;
	int fd, i, next = 1, short_;

	for (short_ = 0; short_ < 2; short_++) {
		pd_use(t, short_);
		next = 1;
		pd_sysctl_text(t, "net.ipv4.tcp_mem", short_ ? "0 1 1000000" :
		    "0 0 0");
		fd = pd_active(t, PD_ALL, 65535);
		was = cs_socket(t, fd)->so_rcv.sb_hiwat;
		for (i = 0; i < 200; i++) {
			INJECT(". %d:%d(1448) ack 1 win 65535 "
			    "<nop,nop,TS val %d ecr %d>", next, next + 1448,
			    10 + i / 20, 100 + i / 20);
			next += 1448;
			if (i % 20 != 19)
				continue;
			pd_pass(t, PD_MSEC);
			/* There is always something to be read. */
			if (i != 19)
				(void)pd_recv(t, fd, 20 * 1448, 0);
			pd_forget(t);
		}
		if (short_)
			ATF_REQUIRE_EQ(was,
			    cs_socket(t, fd)->so_rcv.sb_hiwat);
		else
			ATF_REQUIRE(cs_socket(t, fd)->so_rcv.sb_hiwat > was);
	}
	/* Beyond the third, who has gone is reset. */
	pd_use(t, 2);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 20000);
	pd_forget(t);
	pd_sysctl_text(t, "net.ipv4.tcp_mem", "0 1 1");
	OK(pd_close(t, fd));
	STATE(GONE);
	pd_forget(t);
	ERR(EINVAL, pd_sysctl_try(t, "net.ipv4.tcp_mem", "3 2 1"));
	ERR(EINVAL, pd_sysctl_try(t, "net.ipv4.tcp_mem", "-1 2 3"));
	ERR(EINVAL, pd_sysctl_try(t, "net.ipv4.tcp_mem", "1 2"));
}

PD_TEST(tcp_rmem)
{
	int fd;

	pd_sysctl_text(t, "net.ipv4.tcp_rmem", "2000 20000 40000");
	ATF_REQUIRE_EQ(10000, pd_sysctl_get(t, "net.inet.tcp.recvspace"));
	ATF_REQUIRE_EQ(20000, pd_sysctl_get(t, "net.inet.tcp.recvbuf_max"));
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(20000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 10000 <...>");
	ERR(EINVAL, pd_sysctl_try(t, "net.ipv4.tcp_rmem", "0 1 2"));
	ERR(EINVAL, pd_sysctl_try(t, "net.ipv4.tcp_rmem", "20 10 30"));
}

PD_TEST(tcp_wmem)
{
	int fd;

	pd_sysctl_text(t, "net.ipv4.tcp_wmem", "2000 20000 40000");
	ATF_REQUIRE_EQ(10000, pd_sysctl_get(t, "net.inet.tcp.sendspace"));
	ATF_REQUIRE_EQ(20000, pd_sysctl_get(t, "net.inet.tcp.sendbuf_max"));
	fd = pd_active(t, 0, 1000);
	/* Rounded up to segments. */
	ATF_REQUIRE_EQ(7 * MSS, pd_send(t, fd, 30000, 0));
	pd_forget(t);
	ERR(EINVAL, pd_sysctl_try(t, "net.ipv4.tcp_wmem", "20 10 30"));
}

PD_TEST(tcp_adv_win_scale)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_adv_win_scale", 2);
	fd = pd_socket(t);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, 10000));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 15000 <...>");
	ATF_REQUIRE_EQ(20000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	pd_sysctl(t, "net.ipv4.tcp_adv_win_scale", -2);
	pd_use(t, 1);
	fd = pd_socket(t);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, 10000));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 5000 <...>");
	cs_refused(t, "net.ipv4.tcp_adv_win_scale", "32");
}

PD_TEST(tcp_app_win)
{

	pd_sysctl(t, "net.ipv4.tcp_app_win", 2);
	(void)pd_active(t, 0, 65535);
	INJECT(". 1:1461(1460) ack 1 win 65535");
	INJECT(". 1461:2921(1460) ack 1 win 65535");
	/* Three quarters of 65700. */
	EXPECT(". 1:1(0) ack 2921 win 49275");
	pd_use(t, 1);
	pd_sysctl(t, "net.ipv4.tcp_app_win", 31);
	(void)pd_active(t, 0, 65535);
	INJECT(". 1:1461(1460) ack 1 win 65535");
	INJECT(". 1461:2921(1460) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2921 win 62780");
	cs_refused(t, "net.ipv4.tcp_app_win", "32");
}

PD_TEST(tcp_workaround_signed_windows)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_workaround_signed_windows", 1);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 10 * 65536));
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	pd_forget(t);
	ATF_REQUIRE_EQ(32767, pd_tcpcb(t)->t_userto->tu_compat.tc_clamp);
}

PD_TEST(tcp_moderate_rcvbuf)
{

	pd_sysctl(t, "net.ipv4.tcp_moderate_rcvbuf", 0);
	both(t, "net.ipv4.tcp_moderate_rcvbuf", 0,
	    "net.inet.tcp.recvbuf_auto", 0);
	pd_sysctl(t, "net.ipv4.tcp_moderate_rcvbuf", 1);
	both(t, "net.ipv4.tcp_moderate_rcvbuf", 1,
	    "net.inet.tcp.recvbuf_auto", 1);
}

PD_TEST4(tcp_mtu_probing)
{
	int fd;

	pd_sysctl(t, "net.ipv4.tcp_base_mss", 600);
	both(t, "net.ipv4.tcp_base_mss", 600,
	    "net.inet.tcp.pmtud_blackhole_mss", 600);
	pd_sysctl(t, "net.ipv4.tcp_mtu_probing", 2);
	both(t, "net.ipv4.tcp_mtu_probing", 2, "net.inet.tcp.plpmtud", 2);
	both(t, "net.ipv4.tcp_mtu_probing", 2,
	    "net.inet.tcp.pmtud_blackhole_detection", 1);
	/* From the base on. */
	fd = pd_active(t, PD_SACK, 65535);
	SEND(fd, 1000);
	EXPECT(". 1:601(600) ack 1");
	pd_forget(t);
	pd_sysctl(t, "net.ipv4.tcp_mtu_probing", 0);
	both(t, "net.ipv4.tcp_mtu_probing", 0,
	    "net.inet.tcp.pmtud_blackhole_detection", 0);
	cs_refused(t, "net.ipv4.tcp_mtu_probing", "3");
}

PD_TEST(tcp_abc)
{

	pd_sysctl(t, "net.ipv4.tcp_abc", 0);
	both(t, "net.ipv4.tcp_abc", 0, "net.inet.tcp.rfc3465", 0);
	pd_sysctl(t, "net.ipv4.tcp_abc", 1);
	both(t, "net.ipv4.tcp_abc", 1, "net.inet.tcp.abc_l_var", 1);
	both(t, "net.ipv4.tcp_abc", 1, "net.inet.tcp.rfc3465", 1);
	pd_sysctl(t, "net.ipv4.tcp_abc", 2);
	both(t, "net.ipv4.tcp_abc", 2, "net.inet.tcp.abc_l_var", 2);
	cs_refused(t, "net.ipv4.tcp_abc", "3");
}

PD_TEST4(tcp_congestion_control)
{

	ATF_REQUIRE(strstr(cs_sysctl_string(t,
	    "net.ipv4.tcp_available_congestion_control"), "reno") != NULL);
	ATF_REQUIRE_STREQ("reno cubic", cs_sysctl_string(t,
	    "net.ipv4.tcp_allowed_congestion_control"));
	pd_sysctl_text(t, "net.ipv4.tcp_congestion_control", "reno");
	ATF_REQUIRE_STREQ("newreno", cs_sysctl_string(t,
	    "net.inet.tcp.cc.algorithm"));
	(void)pd_active(t, 0, 65535);
	ATF_REQUIRE_STREQ("newreno", CC_ALGO(pd_tcpcb(t))->name);
	ATF_REQUIRE_STREQ("reno", cs_sysctl_string(t,
	    "net.ipv4.tcp_congestion_control"));
	ERR(ENOENT, pd_sysctl_try(t, "net.ipv4.tcp_congestion_control",
	    "nosuch"));
	ERR(ENOENT, pd_sysctl_try(t,
	    "net.ipv4.tcp_allowed_congestion_control", "reno nosuch"));
}

/* An algorithm that does nothing, by names of old. */
static void
stand_in(struct pd *t, const char *name, const char *variable)
{
	struct cc_algo *algo;
	struct vnet *saved;

	ERR(ENOENT, pd_sysctl_try(t, variable, "1"));
	saved = vnet_enter(t->vnet);
	algo = malloc(sizeof(*algo), M_TEMP, M_NOWAIT | M_ZERO);
	ATF_REQUIRE(algo != NULL);
	strlcpy(algo->name, name, sizeof(algo->name));
	OK(cc_register_algo(algo));
	vnet_leave(saved);
	pd_sysctl(t, variable, 1);
	ATF_REQUIRE_STREQ(name, cs_sysctl_string(t,
	    "net.inet.tcp.cc.algorithm"));
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, variable));
	pd_sysctl(t, variable, 0);
	ATF_REQUIRE_STREQ("cubic", cs_sysctl_string(t,
	    "net.inet.tcp.cc.algorithm"));
	saved = vnet_enter(t->vnet);
	OK(cc_deregister_algo(algo));
	free(algo, M_TEMP);
	vnet_leave(saved);
}

PD_TEST4(old_choices)
{

	stand_in(t, "bic", "net.ipv4.tcp_bic");
	stand_in(t, "westwood", "net.ipv4.tcp_westwood");
	stand_in(t, "vegas", "net.ipv4.tcp_vegas_cong_avoid");
}

PD_TEST(tcp_synack_retries)
{

	pd_sysctl(t, "net.ipv4.tcp_synack_retries", 1);
	both(t, "net.ipv4.tcp_synack_retries", 1,
	    "net.inet.tcp.syncache.rexmtlimit", 1);
	(void)pd_listen(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	EXPECT_IN(1 * PD_SEC, "S. 0:0(0) ack 1 <...>");
	ADVANCE(60 * PD_SEC);
	cs_refused(t, "net.ipv4.tcp_synack_retries", "256");
}

PD_TEST(tcp_abort_on_overflow)
{
	int i;

	pd_sysctl(t, "net.ipv4.tcp_abort_on_overflow", 0);
	both(t, "net.ipv4.tcp_abort_on_overflow", 0,
	    "net.inet.tcp.syncache.rst_on_sock_fail", 0);
	(void)pd_listen(t, 1);
	/* More than there is room for: 0 lets the peer try again. */
	for (i = 0; i < 6; i++) {
		pd_use(t, i);
		t->c->lport = PD_PORT;
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 <...>");
		INJECT(". 1:1(0) ack 1 win 65535");
	}
	NOTHING();
	pd_sysctl(t, "net.ipv4.tcp_abort_on_overflow", 1);
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0)");
}

PD_TEST(tcp_max_syn_backlog)
{
	int i;

	ATF_REQUIRE_EQ(15360, pd_sysctl_get(t,
	    "net.ipv4.tcp_max_syn_backlog"));
	pd_sysctl(t, "net.ipv4.tcp_max_syn_backlog", 3);
	pd_sysctl(t, "net.ipv4.tcp_syncookies", 0);
	(void)pd_listen(t, 5);
	for (i = 0; i < 5; i++) {
		pd_use(t, i);
		t->c->lport = PD_PORT;
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 <...>");
	}
	ATF_REQUIRE_EQ(3, pd_sysctl_get(t, "net.inet.tcp.syncache.count"));
	cs_refused(t, "net.ipv4.tcp_max_syn_backlog", "0");
	pd_pass(t, 60 * PD_SEC);
	pd_forget(t);
}

PD_TEST(tcp_syncookies)
{

	pd_sysctl(t, "net.ipv4.tcp_syncookies", 2);
	both(t, "net.ipv4.tcp_syncookies", 2, "net.inet.tcp.syncookies_only",
	    1);
	(void)pd_listen(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	/* Nothing is kept. */
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, "net.inet.tcp.syncache.count"));
	pd_sysctl(t, "net.ipv4.tcp_syncookies", 0);
	both(t, "net.ipv4.tcp_syncookies", 0, "net.inet.tcp.syncookies", 0);
	both(t, "net.ipv4.tcp_syncookies", 0, "net.inet.tcp.syncookies_only",
	    0);
	pd_sysctl(t, "net.ipv4.tcp_syncookies", 1);
	both(t, "net.ipv4.tcp_syncookies", 1, "net.inet.tcp.syncookies", 1);
	cs_refused(t, "net.ipv4.tcp_syncookies", "3");
}

/* After a timeout two new segments tell whether it was spurious. */
PD_TEST(tcp_frto)
{
	int fd, on;

	plain_timers(t);
	for (on = 0; on <= 1; on++) {
		pd_use(t, on);
		pd_sysctl(t, "net.ipv4.tcp_frto", on);
		fd = pd_active(t, 0, 10 * MSS);
		SEND(fd, 20 * MSS);
		pd_forget(t);
		EXPECT_IN(200 * PD_MSEC, ". 1:1461(1460) ack 1");
		INJECT(". 1:1(0) ack 1461 win %d", 14600);
		if (on)
			EXPECT(". 14601:16061(1460) ack 1");
		else
			EXPECT(". 1461:2921(1460) ack 1");
		INJECT("R 1:1(0) win 0");
		pd_forget(t);
	}
	cs_refused(t, "net.ipv4.tcp_frto", "3");
}

PD_TEST(tcp_stdurg)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(10, pd_send(t, fd, 10, MSG_OOB));
	EXPECT("PU. 1:11(10) ack 1 urg 10");
	INJECT(". 1:1(0) ack 11 win 65535");
	pd_sysctl(t, "net.ipv4.tcp_stdurg", 1);
	both(t, "net.ipv4.tcp_stdurg", 1, "net.inet.tcp.stdurg", 1);
	ATF_REQUIRE_EQ(10, pd_send(t, fd, 10, MSG_OOB));
	EXPECT("PU. 11:21(10) ack 1 urg 9");
}

PD_TEST(tcp_no_metrics_save)
{

	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, "net.ipv4.tcp_no_metrics_save"));
	pd_sysctl(t, "net.ipv4.tcp_no_metrics_save", 1);
	both(t, "net.ipv4.tcp_no_metrics_save", 1,
	    "net.inet.tcp.hostcache.enable", 0);
	pd_sysctl(t, "net.ipv4.tcp_no_metrics_save", 0);
	both(t, "net.ipv4.tcp_no_metrics_save", 0,
	    "net.inet.tcp.hostcache.enable", 1);
}

/* They can be set, and their descriptions say that it does not matter. */
PD_TEST4(ignored)
{
	static const char *const names[] = {
		"net.ipv4.tcp_bic_fast_convergence",
		"net.ipv4.tcp_bic_low_window", "net.ipv4.tcp_dma_copybreak",
		"net.ipv4.tcp_fack", "net.ipv4.tcp_frto_response",
		"net.ipv4.tcp_low_latency", "net.ipv4.tcp_tw_recycle"
	};
	u_int i;

	for (i = 0; i < nitems(names); i++) {
		pd_sysctl(t, names[i], 0);
		ATF_CHECK_EQ(0, pd_sysctl_get(t, names[i]));
		pd_sysctl(t, names[i], 1);
		ATF_CHECK_EQ(1, pd_sysctl_get(t, names[i]));
	}
	/* The three that are no Booleans. */
	cs_refused(t, "net.ipv4.tcp_bic_low_window", "-1");
	cs_refused(t, "net.ipv4.tcp_dma_copybreak", "-1");
	cs_refused(t, "net.ipv4.tcp_frto_response", "3");
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, tcp_keepalive);
	ATF_TP_ADD_TC(tp, tcp_fin_timeout);
	ATF_TP_ADD_TC(tp, tcp_syn_retries);
	ATF_TP_ADD_TC(tp, tcp_retries1);
	ATF_TP_ADD_TC(tp, tcp_retries2);
	ATF_TP_ADD_TC(tp, tcp_orphan_retries);
	ATF_TP_ADD_TC(tp, tcp_window_scaling);
	ATF_TP_ADD_TC(tp, tcp_timestamps);
	ATF_TP_ADD_TC(tp, tcp_sack);
	ATF_TP_ADD_TC(tp, tcp_dsack);
	ATF_TP_ADD_TC(tp, tcp_ecn);
	ATF_TP_ADD_TC(tp, tcp_reordering);
	ATF_TP_ADD_TC(tp, tcp_max_reordering);
	ATF_TP_ADD_TC(tp, tcp_slow_start_after_idle);
	ATF_TP_ADD_TC(tp, tcp_retrans_collapse);
	ATF_TP_ADD_TC(tp, tcp_tso_win_divisor);
	ATF_TP_ADD_TC(tp, tcp_rfc1337);
	ATF_TP_ADD_TC(tp, tcp_max_tw_buckets);
	ATF_TP_ADD_TC(tp, tcp_tw_reuse);
	ATF_TP_ADD_TC(tp, tcp_max_orphans);
	ATF_TP_ADD_TC(tp, tcp_mem);
	ATF_TP_ADD_TC(tp, tcp_rmem);
	ATF_TP_ADD_TC(tp, tcp_wmem);
	ATF_TP_ADD_TC(tp, tcp_adv_win_scale);
	ATF_TP_ADD_TC(tp, tcp_app_win);
	ATF_TP_ADD_TC(tp, tcp_workaround_signed_windows);
	ATF_TP_ADD_TC(tp, tcp_moderate_rcvbuf);
	ATF_TP_ADD_TC(tp, tcp_mtu_probing);
	ATF_TP_ADD_TC(tp, tcp_abc);
	ATF_TP_ADD_TC(tp, tcp_congestion_control);
	ATF_TP_ADD_TC(tp, old_choices);
	ATF_TP_ADD_TC(tp, ignored);
	ATF_TP_ADD_TC(tp, tcp_synack_retries);
	ATF_TP_ADD_TC(tp, tcp_abort_on_overflow);
	ATF_TP_ADD_TC(tp, tcp_max_syn_backlog);
	ATF_TP_ADD_TC(tp, tcp_syncookies);
	ATF_TP_ADD_TC(tp, tcp_frto);
	ATF_TP_ADD_TC(tp, tcp_stdurg);
	ATF_TP_ADD_TC(tp, tcp_no_metrics_save);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the text of Linux's pages promises beyond the names in it: which
 * values are taken, what is told, and what happens at limits.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include "compat_subr.h"

/* "Boolean: an integer, and any but 0 is true." */
PD_TEST(booleans)
{
	static const char *const names[] = { "tcp_abort_on_overflow",
	    "tcp_dsack", "tcp_ecn_fallback", "tcp_fack", "tcp_low_latency",
	    "tcp_moderate_rcvbuf", "tcp_no_metrics_save",
	    "tcp_retrans_collapse", "tcp_rfc1337", "tcp_sack",
	    "tcp_slow_start_after_idle", "tcp_stdurg", "tcp_tw_recycle",
	    "tcp_tw_reuse", "tcp_window_scaling",
	    "tcp_workaround_signed_windows" };
	char name[64];
	u_int i;

	for (i = 0; i < nitems(names); i++) {
		(void)snprintf(name, sizeof(name), "net.ipv4.%s", names[i]);
		pd_sysctl(t, name, 2);
		ATF_CHECK_MSG(pd_sysctl_get(t, name) > 0, "%s", name);
		pd_sysctl(t, name, 0);
		ATF_CHECK_EQ_MSG(0, pd_sysctl_get(t, name), "%s", name);
		pd_sysctl(t, name, -1);
		ATF_CHECK_MSG(pd_sysctl_get(t, name) != 0, "%s", name);
	}
	/* Which is what it does, too. */
	pd_sysctl(t, "net.ipv4.tcp_sack", 7);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	pd_use(t, 1);
	pd_sysctl(t, "net.ipv4.tcp_sack", 0);
	(void)pd_connect(t, pd_socket(t));
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,nop,nop,TS val 100 ecr 0>");
}

PD_TEST(synack_retries)
{

	cs_refused(t, "net.ipv4.tcp_synack_retries", "256");
	pd_sysctl(t, "net.ipv4.tcp_synack_retries", 255);
	ATF_REQUIRE_EQ(TCP_MAXRXTSHIFT, pd_sysctl_get(t,
	    "net.ipv4.tcp_synack_retries"));
	pd_sysctl(t, "net.ipv4.tcp_synack_retries", 0);
	(void)pd_listen(t, 5);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460>");
	ADVANCE(10 * PD_SEC);
}

/* A switch is told as 1. */
PD_TEST(switches)
{
	static const int names[] = { LINUX_SO_REUSEADDR, LINUX_SO_KEEPALIVE,
	    LINUX_SO_OOBINLINE, LINUX_SO_REUSEPORT, LINUX_SO_DEBUG,
	    LINUX_SO_DONTROUTE, LINUX_SO_BROADCAST };
	int fd = pd_socket(t);
	u_int i;

	for (i = 0; i < nitems(names); i++) {
		OK(lx_set(t, fd, LINUX_SOL_SOCKET, names[i], 0));
		ATF_CHECK_EQ_MSG(0, lx_get(t, fd, LINUX_SOL_SOCKET,
		    names[i]), "option %d", names[i]);
		OK(lx_set(t, fd, LINUX_SOL_SOCKET, names[i], 5));
		ATF_CHECK_EQ_MSG(1, lx_get(t, fd, LINUX_SOL_SOCKET,
		    names[i]), "option %d", names[i]);
	}
	ATF_REQUIRE_EQ(1, lx_get(t, pd_listen(t, 5), LINUX_SOL_SOCKET,
	    LINUX_SO_ACCEPTCONN));
	/* No byte at all is as one; no end as the largest. */
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVLOWAT, 0));
	ATF_REQUIRE_EQ(1, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVLOWAT));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVLOWAT, 100));
	ATF_REQUIRE_EQ(100, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVLOWAT));
}

PD_TEST4(ttl)
{
	int fd = pd_socket(t);

	ERR(EINVAL, lx_set(t, fd, LINUX_SOL_IP, LINUX_IP_TTL, 0));
	ERR(EINVAL, lx_set(t, fd, LINUX_SOL_IP, LINUX_IP_TTL, 256));
	OK(lx_set(t, fd, LINUX_SOL_IP, LINUX_IP_TTL, 7));
	ATF_REQUIRE_EQ(7, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_TTL));
	OK(lx_set(t, fd, LINUX_SOL_IP, LINUX_IP_TTL, -1));
	ATF_REQUIRE_EQ(64, lx_get(t, fd, LINUX_SOL_IP, LINUX_IP_TTL));
}

/* A size larger than the interface's has no effect; the bounds are TCP's. */
PD_TEST(maxseg)
{
	int fd;

	fd = pd_socket(t);
	TCP_ERR(EINVAL, fd, LINUX_TCP_MAXSEG, 87);
	TCP_ERR(EINVAL, fd, LINUX_TCP_MAXSEG, 32768);
	TCP_ERR(EINVAL, fd, LINUX_TCP_MAXSEG, -1);
	TCP_SET(fd, LINUX_TCP_MAXSEG, 9000);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 7 ecr "
	    "100>");
	pd_forget(t);
	/* What a segment has room for. */
	ATF_REQUIRE_EQ(1448, TCP_GET(fd, LINUX_TCP_MAXSEG));
	/* Too late to be more; it can be less. */
	TCP_SET(fd, LINUX_TCP_MAXSEG, 9000);
	ATF_REQUIRE_EQ(1448, TCP_GET(fd, LINUX_TCP_MAXSEG));
	TCP_SET(fd, LINUX_TCP_MAXSEG, 1012);
	SEND(fd, 1500);
	EXPECT(". 1:1001(1000) ack 1 <...>");
	EXPECT("P. 1001:1501(500) ack 1 <...>");
	/* The least is the host's. */
	pd_use(t, 1);
	fd = pd_socket(t);
	TCP_SET(fd, LINUX_TCP_MAXSEG, 88);
	ATF_REQUIRE_EQ(pd_sysctl_get(t, "net.inet.tcp.minmss"),
	    TCP_GET(fd, LINUX_TCP_MAXSEG));
	/* 0 takes it back. */
	TCP_SET(fd, LINUX_TCP_MAXSEG, 0);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
}

/* Buffers are as large as the variables and the superuser say. */
PD_TEST(large_buffers)
{
	int fd;

	pd_sysctl_text(t, "net.ipv4.tcp_rmem", "4096 100000000 200000000");
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(100000000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	pd_sysctl_text(t, "net.ipv4.tcp_wmem", "4096 50000000 500000000");
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(50000000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_SNDBUF));
	pd_sysctl(t, "net.core.rmem_max", 400000000);
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUF, 400000000));
	ATF_REQUIRE_EQ(800000000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_RCVBUF));
	OK(lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_SNDBUFFORCE, 1000000));
	ATF_REQUIRE_EQ(2000000, lx_get(t, fd, LINUX_SOL_SOCKET,
	    LINUX_SO_SNDBUF));
	pd_sysctl(t, "security.bsd.suser_enabled", 0);
	ERR(EPERM, lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_SNDBUFFORCE,
	    1000000));
	ERR(EPERM, lx_set(t, fd, LINUX_SOL_SOCKET, LINUX_SO_RCVBUFFORCE,
	    1000000));
}

/* What is kept back is a segment at least. */
PD_TEST(app_win_segment)
{

	pd_sysctl(t, "net.ipv4.tcp_app_win", 12);
	(void)pd_active(t, 0, 65535);
	INJECT(". 1:1461(1460) ack 1 win 65535");
	INJECT(". 1461:2921(1460) ack 1 win 65535");
	/* 65700 less 1460, where 16 is what the shift says. */
	EXPECT(". 1:1(0) ack 2921 win 62780");
	pd_use(t, 1);
	pd_sysctl(t, "net.ipv4.tcp_app_win", 5);
	(void)pd_active(t, 0, 65535);
	INJECT(". 1:1461(1460) ack 1 win 65535");
	INJECT(". 1461:2921(1460) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2921 win 62780");
}

/* The reader takes all, and more and more arrives: how large does it get? */
static u_int
grown(struct pd *t, int i)
{
	int fd, n, next = 1;

	pd_use(t, i);
	fd = pd_active(t, PD_ALL, 65535);
	for (n = 0; n < 400; n++) {
		INJECT(". %d:%d(1448) ack 1 win 65535 "
		    "<nop,nop,TS val %d ecr %d>", next, next + 1448,
		    10 + n / 20, 100 + n / 20);
		next += 1448;
		if (n % 20 != 19)
			continue;
		pd_pass(t, PD_MSEC);
		(void)pd_recv(t, fd, 20 * 1448, 0);
		pd_forget(t);
	}
	return (cs_socket(t, fd)->so_rcv.sb_hiwat);
}

/* A receive buffer grows from tcp_rmem's second to its third, unless
 * tcp_moderate_rcvbuf is off or the program has said how large it is. */
PD_TEST(receive_growth)
{
	u_int off;

	pd_sysctl_text(t, "net.ipv4.tcp_rmem", "4096 131072 180000");
	pd_sysctl(t, "net.ipv4.tcp_moderate_rcvbuf", 0);
	off = grown(t, 0);
	ATF_REQUIRE_MSG(off >= 65536 && off < 68000, "%u", off);
	pd_sysctl(t, "net.ipv4.tcp_moderate_rcvbuf", 1);
	off = grown(t, 1);
	ATF_REQUIRE_EQ_MSG(90000, off, "%u", off);
}

/* The same of a send buffer, and tcp_wmem's third. */
PD_TEST(send_growth)
{
	u_int most;
	int acked = 1, fd, i;

	pd_sysctl_text(t, "net.ipv4.tcp_wmem", "4096 40000 100000");
	fd = pd_active(t, PD_WS, 65535);
	for (i = 0; i < 60; i++) {
		(void)pd_send(t, fd, 1000000, 0);
		pd_forget(t);
		acked = imin(acked + 30 * 1460, (int)(pd_tcpcb(t)->snd_max -
		    pd_tcpcb(t)->iss));
		INJECT(". 1:1(0) ack %d win 65535", acked);
		pd_forget(t);
	}
	most = cs_socket(t, fd)->so_snd.sb_hiwat;
	ATF_REQUIRE_MSG(most == 50000, "%u", most);
}

/* Slow start is by the bytes of an ACK, up to a segment or two; what follows
 * is by ACKs (0), or by bytes. */
PD_TEST(abc)
{
	static const struct {
		int	abc, acked;
		u_int	more;
		bool	slow;
	} cases[] = { { 0, 2920, 1460, true }, { 1, 100, 100, true },
	    { 1, 2920, 1460, true }, { 2, 2920, 2920, true },
	    { 2, 4380, 2920, true }, { 0, 100, 146, false },
	    { 1, 100, 0, false }, { 2, 100, 0, false } };
	uint32_t was;
	u_int i;
	int fd;

	pd_sysctl_text(t, "net.ipv4.tcp_congestion_control", "reno");
	for (i = 0; i < nitems(cases); i++) {
		pd_use(t, (int)i);
		pd_sysctl(t, "net.ipv4.tcp_abc", cases[i].abc);
		fd = pd_active(t, 0, 65535);
		was = pd_tcpcb(t)->snd_cwnd;
		if (!cases[i].slow)
			pd_tcpcb(t)->snd_ssthresh = 2 * 1460;
		SEND(fd, 14600);
		pd_forget(t);
		INJECT(". 1:1(0) ack %d win 65535", 1 + cases[i].acked);
		ATF_CHECK_EQ_MSG(was + cases[i].more,
		    pd_tcpcb(t)->snd_cwnd, "case %u: %u", i,
		    pd_tcpcb(t)->snd_cwnd - was);
		INJECT("R 1:1(0) win 0");
		pd_forget(t);
	}
}

/* Nothing is remembered of a connection that had much to tell. */
PD_TEST(no_metrics_save)
{
	int acked, fd, i, j;

	for (i = 1; i >= 0; i--) {
		pd_sysctl(t, "net.ipv4.tcp_no_metrics_save", i);
		pd_use(t, i);
		fd = pd_active(t, 0, 65535);
		acked = 1;
		for (j = 0; j < 30; j++) {
			SEND(fd, 1460);
			pd_forget(t);
			pd_pass(t, 10 * PD_MSEC);
			acked += 1460;
			INJECT(". 1:1(0) ack %d win 65535", acked);
		}
		OK(pd_close(t, fd));
		pd_forget(t);
		INJECT("F. 1:1(0) ack %d win 65535", acked + 1);
		pd_forget(t);
		ATF_CHECK_EQ_MSG(!i, pd_sysctl_get(t,
		    "net.inet.tcp.hostcache.count"), "%d", i);
	}
}

/* Who does not scale may take the highest bit for a sign: no window of ours
 * has it, not that of a SYN either. */
PD_TEST(signed_windows)
{
	int fd, lfd;

	pd_sysctl(t, "net.ipv4.tcp_workaround_signed_windows", 1);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) win 32767 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1 win 32767");
	lfd = pd_listen(t, 5);
	(void)lfd;
	pd_use(t, 1);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 32767 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	INJECT("P. 1:11(10) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11 win 32767");
	/* Who scales is not that kind. */
	pd_use(t, 2);
	fd = cs_active(t, "mss 1460,nop,wscale 7");
	INJECT("P. 1:11(10) ack 1 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11 win 1027");
}

/* Above the third of tcp_mem nothing more is taken, but what tcp_wmem
 * grants. */
PD_TEST(mem_limit)
{
	int fd, other;

	pd_sysctl_text(t, "net.ipv4.tcp_wmem", "1000 100000 200000");
	fd = pd_active(t, 0, 1000);
	SEND(fd, 40000);
	pd_forget(t);
	pd_sysctl_text(t, "net.ipv4.tcp_mem", "1 2 3");
	ATF_REQUIRE_EQ(-ENOBUFS, pd_send(t, fd, 100, 0));
	pd_use(t, 1);
	other = pd_active(t, 0, 1000);
	SEND(other, 1000);
	ATF_REQUIRE_EQ(-ENOBUFS, pd_send(t, other, 100, 0));
	pd_forget(t);
	pd_sysctl_text(t, "net.ipv4.tcp_mem", "0 0 0");
	SEND(other, 100);
	pd_forget(t);
}

/* A list's names have any white space between them, and a newline behind. */
PD_TEST4(allowed_list)
{
	int fd = pd_socket(t);

	pd_sysctl(t, "security.bsd.suser_enabled", 0);
	pd_sysctl_text(t, "net.ipv4.tcp_allowed_congestion_control",
	    "  cubic\n");
	ERR(EPERM, lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION,
	    "reno"));
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "cubic"));
	pd_sysctl_text(t, "net.ipv4.tcp_allowed_congestion_control",
	    "cubic\treno\n");
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "reno"));
	ERR(ENOENT, lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION,
	    "nosuch"));
	/* Who is privileged may choose any. */
	pd_sysctl_text(t, "net.ipv4.tcp_allowed_congestion_control", "reno");
	pd_sysctl(t, "security.bsd.suser_enabled", 1);
	OK(lx_set_text(t, fd, LINUX_SOL_TCP, LINUX_TCP_CONGESTION, "cubic"));
}

/* What a listener was told holds for those that it accepts. */
PD_TEST(inherited)
{
	int fd, lfd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	lfd = pd_listen(t, 5);
	TCP_SET(lfd, LINUX_TCP_USER_TIMEOUT, 1000);
	TCP_SET(lfd, LINUX_TCP_KEEPIDLE, 77);
	TCP_SET(lfd, LINUX_TCP_LINGER2, 9);
	TCP_SET(lfd, LINUX_TCP_WINDOW_CLAMP, 5000);
	TCP_SET(lfd, LINUX_TCP_CORK, 1);
	t->c->lport = PD_PORT;
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 5000 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE_EQ(1000, TCP_GET(fd, LINUX_TCP_USER_TIMEOUT));
	ATF_REQUIRE_EQ(77, TCP_GET(fd, LINUX_TCP_KEEPIDLE));
	ATF_REQUIRE_EQ(9, TCP_GET(fd, LINUX_TCP_LINGER2));
	ATF_REQUIRE_EQ(5000, TCP_GET(fd, LINUX_TCP_WINDOW_CLAMP));
	ATF_REQUIRE_EQ(1, TCP_GET(fd, LINUX_TCP_CORK));
	SEND(fd, 100);
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1 win 5000");
	EXPECT_IN(200 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "P. 1:101(100) ack 1");
	EXPECT_IN(400 * PD_MSEC, "R. 101:101(0) ack 1");
	ATF_REQUIRE_EQ(ETIMEDOUT, SO_ERR(fd));
}

/* A connection in trouble, member by member. */
PD_TEST(info)
{
	struct linux_tcp_info li;
	int fd;

	pd_sysctl(t, "net.inet.tcp.rexmit_slop", 0);
	pd_sysctl(t, "net.inet.tcp.rexmit_min", 200);
	pd_sysctl(t, "net.ipv4.tcp_reordering", 4);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_SYN_SENT, li.tcpi_state);
	ATF_REQUIRE_EQ(1, li.tcpi_unacked);
	ADVANCE(100 * PD_MSEC);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1000,nop,nop,sackOK>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 10000);
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(100000, li.tcpi_rtt);
	ATF_REQUIRE_EQ(50000, li.tcpi_rttvar);
	ATF_REQUIRE_EQ(300000, li.tcpi_rto);
	ATF_REQUIRE_EQ(1000, li.tcpi_snd_mss);
	ATF_REQUIRE_EQ(1460, li.tcpi_advmss);
	ATF_REQUIRE_EQ(t->af == AF_INET ? 1500 : 1520, li.tcpi_pmtu);
	ATF_REQUIRE_EQ(4, li.tcpi_reordering);
	ATF_REQUIRE_EQ(10, li.tcpi_unacked);
	/* The SYN counts, there. */
	ATF_REQUIRE_EQ(1, li.tcpi_bytes_acked);
	ATF_REQUIRE_EQ(UINT64_MAX, li.tcpi_max_pacing_rate);
	/* The first is missing: of the others three are SACKed. */
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 1001:4001>");
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_CA_DISORDER, li.tcpi_ca_state);
	ATF_REQUIRE_EQ(3, li.tcpi_sacked);
	ATF_REQUIRE_EQ(0, li.tcpi_lost);
	ATF_REQUIRE_EQ(1, li.tcpi_bytes_acked);
	ATF_REQUIRE_EQ(4, li.tcpi_delivered);
	/* And all of it is, after a timeout. */
	pd_pass(t, 301 * PD_MSEC);
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_CA_LOSS, li.tcpi_ca_state);
	ATF_REQUIRE_EQ(1, li.tcpi_retransmits);
	ATF_REQUIRE_EQ(1, li.tcpi_backoff);
	ATF_REQUIRE_EQ(1, li.tcpi_retrans);
	ATF_REQUIRE_EQ(1, li.tcpi_total_retrans);
	ATF_REQUIRE_EQ(1, li.tcpi_snd_cwnd);
	/* Twice that of the sample which the SACK gave. */
	ATF_REQUIRE_EQ(674992, li.tcpi_rto);
	INJECT("P. 1:101(100) ack 10001 win 1000");
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(10001, li.tcpi_bytes_acked);
	ATF_REQUIRE_EQ(100, li.tcpi_bytes_received);
	ATF_REQUIRE_EQ(0, li.tcpi_unacked);
	ATF_REQUIRE_EQ(1000, li.tcpi_snd_wnd);
	INJECT("F. 101:101(0) ack 10001 win 1000");
	pd_forget(t);
	lx_info(t, fd, &li);
	ATF_REQUIRE_EQ(LINUX_TCP_CLOSE_WAIT, li.tcpi_state);
	ATF_REQUIRE_EQ(100, li.tcpi_bytes_received);
}

/* None may be left: each goes with a reset. */
PD_TEST(no_orphans)
{
	int fd;

	ATF_REQUIRE_EQ(INT_MAX, pd_sysctl_get(t,
	    "net.ipv4.tcp_max_orphans"));
	pd_sysctl(t, "net.ipv4.tcp_max_orphans", 0);
	fd = pd_active(t, 0, 65535);
	OK(pd_close(t, fd));
	EXPECT("R. 1:1(0) ack 1");
	STATE(GONE);
	ATF_REQUIRE_MSG(strstr(t->log, "tcp_max_orphans") != NULL, "%s",
	    t->log);
}

PD_TEST(timewait_warning)
{
	int i;

	pd_sysctl(t, "net.ipv4.tcp_max_tw_buckets", 1);
	for (i = 0; i < 2; i++) {
		ATF_REQUIRE(strstr(t->log, "TIME_WAIT") == NULL);
		pd_use(t, i);
		OK(pd_close(t, pd_active(t, 0, 65535)));
		pd_forget(t);
		INJECT("F. 1:1(0) ack 2 win 65535");
		pd_forget(t);
	}
	ATF_REQUIRE(strstr(t->log, "TIME_WAIT") != NULL);
}

/* What the pages say is there at first. */
PD_TEST(defaults)
{
	static const struct {
		const char	*name;
		int		value;
	} vars[] = {
		{ "tcp_abort_on_overflow", 0 }, { "tcp_app_win", 31 },
		{ "tcp_base_mss", 1024 }, { "tcp_dsack", 1 },
		{ "tcp_ecn", 2 }, { "tcp_ecn_fallback", 1 },
		{ "tcp_fastopen", 1 }, { "tcp_fin_timeout", 60 },
		{ "tcp_frto", 2 }, { "tcp_keepalive_intvl", 75 },
		{ "tcp_keepalive_probes", 9 },
		{ "tcp_keepalive_time", 7200 }, { "tcp_low_latency", 0 },
		{ "tcp_max_orphans", 65536 }, { "tcp_moderate_rcvbuf", 1 },
		{ "tcp_mtu_probing", 0 }, { "tcp_no_metrics_save", 0 },
		{ "tcp_orphan_retries", 8 }, { "tcp_reordering", 3 },
		{ "tcp_retrans_collapse", 1 }, { "tcp_retries1", 3 },
		{ "tcp_retries2", 15 }, { "tcp_rfc1337", 0 },
		{ "tcp_sack", 1 }, { "tcp_slow_start_after_idle", 1 },
		{ "tcp_stdurg", 0 }, { "tcp_syn_retries", 6 },
		{ "tcp_synack_retries", 5 }, { "tcp_syncookies", 1 },
		{ "tcp_timestamps", 1 }, { "tcp_tso_win_divisor", 3 },
		{ "tcp_tw_reuse", 0 }, { "tcp_window_scaling", 1 },
		{ "tcp_workaround_signed_windows", 0 },
	};
	char name[64];
	u_int i;

	pd_restart(t, "compat.personality", "linux");
	for (i = 0; i < nitems(vars); i++) {
		(void)snprintf(name, sizeof(name), "net.ipv4.%s",
		    vars[i].name);
		ATF_CHECK_EQ_MSG(vars[i].value, pd_sysctl_get(t, name),
		    "%s is %d", name, pd_sysctl_get(t, name));
	}
	ATF_REQUIRE_STREQ("cubic", cs_sysctl_string(t,
	    "net.ipv4.tcp_congestion_control"));
	ATF_REQUIRE_STREQ("reno cubic", cs_sysctl_string(t,
	    "net.ipv4.tcp_allowed_congestion_control"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, booleans);
	ATF_TP_ADD_TC(tp, synack_retries);
	ATF_TP_ADD_TC(tp, switches);
	ATF_TP_ADD_TC(tp, ttl);
	ATF_TP_ADD_TC(tp, maxseg);
	ATF_TP_ADD_TC(tp, large_buffers);
	ATF_TP_ADD_TC(tp, app_win_segment);
	ATF_TP_ADD_TC(tp, receive_growth);
	ATF_TP_ADD_TC(tp, send_growth);
	ATF_TP_ADD_TC(tp, abc);
	ATF_TP_ADD_TC(tp, no_metrics_save);
	ATF_TP_ADD_TC(tp, signed_windows);
	ATF_TP_ADD_TC(tp, mem_limit);
	ATF_TP_ADD_TC(tp, allowed_list);
	ATF_TP_ADD_TC(tp, inherited);
	ATF_TP_ADD_TC(tp, info);
	ATF_TP_ADD_TC(tp, no_orphans);
	ATF_TP_ADD_TC(tp, timewait_warning);
	ATF_TP_ADD_TC(tp, defaults);
	return (atf_no_error());
}

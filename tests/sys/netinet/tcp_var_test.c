/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Variables of TCP that no other program of this directory drives: what each
 * does to segments, in time and in the connection; and their ranges.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

#include "pkt.h"

#define	MSS	1460

/* beyond: refused, and nothing has changed. */
static void
refused(struct pd *t, const char *name, const char *text)
{
	int was = pd_sysctl_get(t, name);

	ATF_CHECK_EQ_MSG(EINVAL, pd_sysctl_try(t, name, text), "%s=%s", name,
	    text);
	ATF_CHECK_EQ_MSG(was, pd_sysctl_get(t, name), "%s", name);
}

PD_TEST(keep)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.keepidle", 5000);
	pd_sysctl(t, "net.inet.tcp.keepintvl", 2000);
	pd_sysctl(t, "net.inet.tcp.keepcnt", 2);
	fd = pd_active(t, 0, 65535);
	pd_pass(t, 5 * PD_SEC);
	ATF_REQUIRE_EQ(1, pd_pending(t));
	pd_pass(t, 2 * PD_SEC);
	ATF_REQUIRE_EQ(2, pd_pending(t));
	STATE(TCPS_ESTABLISHED);
	pd_pass(t, 2 * PD_SEC);
	STATE(GONE);
	pd_forget(t);
	RECV_ERR(fd, ETIMEDOUT);
	refused(t, "net.inet.tcp.keepidle", "0");
	refused(t, "net.inet.tcp.keepintvl", "0");
	refused(t, "net.inet.tcp.keepidle", "-1");
}

PD_TEST(keepinit)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.keepinit", 2500);
	fd = pd_socket(t);
	(void)pd_connect(t, fd);
	pd_pass(t, 24 * PD_SEC / 10);
	STATE(TCPS_SYN_SENT);
	pd_pass(t, 2 * PD_SEC / 10);
	STATE(GONE);
	pd_forget(t);
	refused(t, "net.inet.tcp.keepinit", "0");
}

PD_TEST(maxunacktime)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.maxunacktime", 3000);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 100);
	pd_pass(t, 2 * PD_SEC);
	STATE(TCPS_ESTABLISHED);
	pd_pass(t, 6 * PD_SEC);
	STATE(GONE);
	pd_forget(t);
	refused(t, "net.inet.tcp.maxunacktime", "-1");
}

PD_TEST(finwait2_timeout)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.fast_finwait2_recycle", 1);
	pd_sysctl(t, "net.inet.tcp.finwait2_timeout", 2000);
	fd = pd_active(t, 0, 65535);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(19 * PD_SEC / 10);
	STATE(TCPS_FIN_WAIT_2);
	pd_pass(t, 2 * PD_SEC / 10);
	STATE(GONE);
	pd_forget(t);
	refused(t, "net.inet.tcp.finwait2_timeout", "0");
}

/* Without fast recycling it is as long as keepalive would take. */
PD_TEST(finwait2_slow)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.fast_finwait2_recycle", 0);
	pd_sysctl(t, "net.inet.tcp.finwait2_timeout", 2000);
	pd_sysctl(t, "net.inet.tcp.keepintvl", 3000);
	pd_sysctl(t, "net.inet.tcp.keepcnt", 4);
	fd = pd_active(t, 0, 65535);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(119 * PD_SEC / 10);
	STATE(TCPS_FIN_WAIT_2);
	pd_pass(t, 2 * PD_SEC / 10);
	STATE(GONE);
	pd_forget(t);
}

/* An ACK of what was acknowledged long ago: its text counts or it does not. */
static void
old_ack(struct pd *t, int insecure)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.insecure_ack", insecure);
	fd = pd_active(t, 0, 1000);
	SEND(fd, 1000);
	INJECT(". 1:1(0) ack 1001 win 1000");
	SEND(fd, 1000);
	INJECT(". 1:1(0) ack 2001 win 1000");
	pd_forget(t);
	INJECT("P. 1:11(10) ack 1 win 1000");
	if (insecure)
		RECV(fd, 10);
	else
		RECV_NOTHING(fd);
	pd_forget(t);
}

PD_TEST(insecure_ack_0)
{
	old_ack(t, 0);
}

PD_TEST(insecure_ack_1)
{
	old_ack(t, 1);
}

PD_TEST(reass_maxqueuelen)
{
	pd_sysctl(t, "net.inet.tcp.reass.maxqueuelen", 2);
	(void)pd_active(t, 0, 65535);
	INJECT(". 101:111(10) ack 1 win 65535");
	INJECT(". 201:211(10) ack 1 win 65535");
	INJECT(". 301:311(10) ack 1 win 65535");
	ATF_REQUIRE_EQ(20, pd_waiting(t));
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t,
	    "net.inet.tcp.reass.cursegments"));
	pd_forget(t);
}

/* Without RFC 6928 the initial window is RFC 3390's or RFC 5681's. */
static u_int
initial(struct pd *t, int rfc3390)
{
	pd_sysctl(t, "net.inet.tcp.initcwnd_segments", 0);
	pd_sysctl(t, "net.inet.tcp.rfc3390", rfc3390);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1200>");
	EXPECT_LATE("S. 0:0(0) ack 1 win 65535 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	return (pd_tcpcb(t)->snd_cwnd);
}

PD_TEST(rfc3390_1)
{
	ATF_REQUIRE_EQ(4380, initial(t, 1));
}

PD_TEST(rfc3390_0)
{
	u_int cwnd = initial(t, 0);

	ATF_REQUIRE_EQ(3u * pd_tcpcb(t)->t_maxseg, cwnd);
}

PD_TEST(map_limit)
{
	int fd, i;

	pd_sysctl(t, "net.inet.tcp.map_limit", 5);
	fd = pd_active(t, 0, 65535);
	for (i = 0; i < 10; i++)
		(void)pd_send(t, fd, MSS, 0);
	ATF_REQUIRE_EQ(5, pd_pending(t));
	pd_forget(t);
	INJECT(". 1:1(0) ack %d win 65535", 1 + 5 * MSS);
	pd_pass(t, PD_SEC / 10);
	ATF_REQUIRE(pd_pending(t) > 0);
	pd_forget(t);
}

PD_TEST(do_prr)
{
	struct tcpcb *tp;
	int fd;

	pd_sysctl(t, "net.inet.tcp.do_prr", 0);
	fd = pd_active(t, PD_SACK, 65535);
	SEND(fd, 10 * MSS);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack %d:%d>", 1 + MSS,
	    1 + 4 * MSS);
	tp = pd_tcpcb(t);
	ATF_REQUIRE(IN_FASTRECOVERY(tp->t_flags));
	ATF_REQUIRE_EQ(tp->snd_ssthresh, tp->snd_cwnd);
	pd_forget(t);
}

PD_TEST4(mssdflt)
{
	pd_sysctl(t, "net.inet.tcp.mssdflt", 700);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535");
	EXPECT("S. 0:0(0) ack 1 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ(700, pd_tcpcb(t)->t_maxseg);
	refused(t, "net.inet.tcp.mssdflt", "0");
}

PD_TEST6(v6mssdflt)
{
	pd_sysctl(t, "net.inet.tcp.v6mssdflt", 1300);
	(void)pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535");
	EXPECT("S. 0:0(0) ack 1 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE_EQ(1300, pd_tcpcb(t)->t_maxseg);
	refused(t, "net.inet.tcp.v6mssdflt", "0");
}

/* How far initial numbers move in two seconds, less the clock's part. */
static tcp_seq
isn_moves(struct pd *t)
{
	struct in_conninfo inc;
	struct vnet *saved;
	tcp_seq first, second;
	uint32_t offset;

	memset(&inc, 1, sizeof(inc));
	saved = vnet_enter(t->vnet);
	tcp_new_numbers(&inc, &first, &offset);
	vnet_leave(saved);
	pd_pass(t, 2 * PD_SEC);
	saved = vnet_enter(t->vnet);
	tcp_new_numbers(&inc, &second, &offset);
	vnet_leave(saved);
	return (second - first - 2 * PD_SEC / 4);
}

PD_TEST(isn_reseed_interval)
{
	ATF_REQUIRE_EQ(0, isn_moves(t));
	pd_sysctl(t, "net.inet.tcp.isn_reseed_interval", 1);
	ATF_REQUIRE(isn_moves(t) != 0);
	pd_sysctl(t, "net.inet.tcp.isn_reseed_interval", 1000000);
	ATF_REQUIRE_EQ(0, isn_moves(t));
	refused(t, "net.inet.tcp.isn_reseed_interval", "-1");
}

/* The ends of ranges work, and what lies beyond changes nothing. */
PD_TEST4(ranges)
{
	static const struct {
		const char	*name;
		int64_t		lo, hi;
	} vars[] = {
		{ "sendspace", 1, INT_MAX },
		{ "recvspace", 1, INT_MAX },
		{ "sendbuf_max", 1, INT_MAX },
		{ "sendbuf_inc", 1, INT_MAX },
		{ "recvbuf_max", 1, INT_MAX },
		{ "keepcnt", 1, INT_MAX },
		{ "initcwnd_segments", 0, 16384 },
		{ "abc_l_var", 0, 65536 },
		{ "ecn.maxretries", 0, INT_MAX },
		{ "blackhole", 0, 3 },
		{ "log_in_vain", 0, 2 },
		{ "sack.maxholes", 0, UINT16_MAX },
		{ "sack.globalmaxholes", 0, INT_MAX },
		{ "msl_local", 1, INT_MAX },
		{ "msl", 1, INT_MAX },
		{ "persmin", 1, INT_MAX },
		{ "persmax", 1, INT_MAX },
		{ "rexmit_min", 1, INT_MAX },
		{ "rexmit_slop", 0, INT_MAX },
		{ "rexmit_initial", 1, INT_MAX },
		{ "rexmit_max", 1000, INT_MAX },
		{ "delacktime", 1, INT_MAX },
	};
	char name[64], text[32];
	u_int i;

	for (i = 0; i < nitems(vars); i++) {
		(void)snprintf(name, sizeof(name), "net.inet.tcp.%s",
		    vars[i].name);
		pd_sysctl(t, name, vars[i].hi);
		pd_sysctl(t, name, vars[i].lo);
		(void)snprintf(text, sizeof(text), "%jd",
		    (intmax_t)vars[i].lo - 1);
		refused(t, name, text);
		(void)snprintf(text, sizeof(text), "%jd",
		    (intmax_t)vars[i].hi + 1);
		if (vars[i].hi < INT_MAX)
			refused(t, name, text);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, keep);
	ATF_TP_ADD_TC(tp, ranges);
	ATF_TP_ADD_TC(tp, keepinit);
	ATF_TP_ADD_TC(tp, maxunacktime);
	ATF_TP_ADD_TC(tp, finwait2_timeout);
	ATF_TP_ADD_TC(tp, finwait2_slow);
	ATF_TP_ADD_TC(tp, insecure_ack_0);
	ATF_TP_ADD_TC(tp, insecure_ack_1);
	ATF_TP_ADD_TC(tp, reass_maxqueuelen);
	ATF_TP_ADD_TC(tp, rfc3390_0);
	ATF_TP_ADD_TC(tp, rfc3390_1);
	ATF_TP_ADD_TC(tp, map_limit);
	ATF_TP_ADD_TC(tp, do_prr);
	ATF_TP_ADD_TC(tp, mssdflt);
	ATF_TP_ADD_TC(tp, v6mssdflt);
	ATF_TP_ADD_TC(tp, isn_reseed_interval);
	return (atf_no_error());
}

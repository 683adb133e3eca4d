/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What is given up when there is too much of it: text that arrived out of
 * order, by do_tcpdrain and by reass.new_limit; and what log_debug says of
 * segments that are dropped.
 */
#include <vm/uma.h>

#include "pkt.h"

#define	DRAIN	"net.inet.tcp.do_tcpdrain"
#define	LOG	"net.inet.tcp.log_debug"
#define	NOW	"net.inet.tcp.reass.cursegments"

/* ---- do_tcpdrain ---- */

static int
mbufs(struct pd *t)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int n = uma_zone_get_cur(uma_zone_find("mbuf"));

	vnet_leave(saved);
	return (n);
}

/* Two ranges wait; then mbufs are at their limit, and one more is wanted. */
static void
shortage(struct pd *t)
{
	INJECT(". 101:201(100) ack 1 win 65535");
	INJECT(". 301:401(100) ack 1 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, NOW));
	ATF_REQUIRE_EQ(200, pd_waiting(t));
	t->lossy = true;
	pd_sysctl(t, "kern.ipc.nmbufs", mbufs(t));
	INJECT(". 1:51(50) ack 1 win 65535");
	NOTHING();
}

PD_TEST(drain)
{
	int fd = pd_active(t, PD_SACK, 65535);

	shortage(t);
	ATF_CHECK_EQ(0, pd_waiting(t));
	ATF_CHECK_EQ(0, pd_sysctl_get(t, NOW));
	/* What was SACKed does not come by itself any more. */
	INJECT(". 1:101(100) ack 1 win 65535");
	pd_forget(t);
	RECV(fd, 100);
	RECV_NOTHING(fd);
	INJECT(". 101:401(300) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 401");
	RECV(fd, 300);
	pd_sysctl(t, "kern.ipc.nmbufs", 0);
}

PD_TEST(drain_off)
{
	int fd = pd_active(t, PD_SACK, 65535);

	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, DRAIN));
	pd_sysctl(t, DRAIN, 0);
	shortage(t);
	ATF_CHECK_EQ(200, pd_waiting(t));
	ATF_CHECK_EQ(2, pd_sysctl_get(t, NOW));
	pd_sysctl(t, "kern.ipc.nmbufs", 0);
	INJECT(". 1:101(100) ack 1 win 65535");
	pd_forget(t);
	RECV(fd, 200);
}

/* A FIN that waits comes again, too. */
PD_TEST(drain_fin)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT("F. 101:201(100) ack 1 win 65535");
	pd_forget(t);
	t->lossy = true;
	pd_sysctl(t, "kern.ipc.nmbufs", mbufs(t));
	INJECT(". 1:51(50) ack 1 win 65535");
	ATF_CHECK_EQ(0, pd_waiting(t));
	pd_sysctl(t, "kern.ipc.nmbufs", 0);
	INJECT(". 1:101(100) ack 1 win 65535");
	pd_forget(t);
	STATE(TCPS_ESTABLISHED);
	INJECT("F. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 202");
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 200);
	RECV_EOF(fd);
}

/* All connections are visited, so it is not done at every refusal. */
PD_TEST(drain_rate)
{
	(void)pd_active(t, PD_SACK, 65535);
	shortage(t);
	ATF_CHECK_EQ(0, pd_waiting(t));
	pd_sysctl(t, "kern.ipc.nmbufs", 0);
	pd_pass(t, 99 * PD_MSEC);
	shortage(t);
	ATF_CHECK_EQ(200, pd_waiting(t));
	pd_pass(t, PD_MSEC);
	INJECT(". 1:51(50) ack 1 win 65535");
	ATF_CHECK_EQ(0, pd_waiting(t));
	pd_sysctl(t, "kern.ipc.nmbufs", 0);
}

/* ---- reass.new_limit ---- */

/* n ranges of len bytes each, 1000 bytes apart. */
static void
ranges(struct pd *t, u_int first, u_int n, u_int len)
{
	u_int i, seq;

	for (i = 0; i < n; i++) {
		seq = 1001 + 1000 * (first + i);
		INJECT(". %u:%u(%u) ack 1 win 65535", seq, seq + len, len);
		pd_forget(t);
	}
}

PD_TEST(new_limit)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.reass.maxqueuelen", 2);
	pd_sysctl(t, "net.inet.tcp.reass.new_limit", 1);
	fd = pd_active(t, 0, 65535);
	/* Up to the guard, and one more, anything goes. */
	ranges(t, 0, 20, 10);
	ATF_CHECK_EQ(17, pd_sysctl_get(t, NOW));
	/* Then what is worth it. */
	ranges(t, 20, 1, 255);
	ATF_CHECK_EQ(17, pd_sysctl_get(t, NOW));
	ranges(t, 20, 10, 256);
	ATF_CHECK_EQ(27, pd_sysctl_get(t, NOW));
	pd_sysctl(t, "net.inet.tcp.reass.queueguard", 27);
	ranges(t, 30, 2, 10);
	ATF_CHECK_EQ(28, pd_sysctl_get(t, NOW));
	/* What is next in order is always taken. */
	INJECT(". 1:11(10) ack 1 win 65535");
	pd_forget(t);
	RECV(fd, 10);
}

PD_TEST(old_limit)
{
	pd_sysctl(t, "net.inet.tcp.reass.maxqueuelen", 20);
	(void)pd_active(t, 0, 65535);
	ranges(t, 0, 25, 256);
	ATF_CHECK_EQ(20, pd_sysctl_get(t, NOW));
}

/* ---- log_debug ---- */

#define	LOGGED(text) do {						\
	ATF_CHECK_MSG(strstr(t->log, (text)) != NULL, "%s", t->log);	\
	t->log[0] = '\0';						\
} while (0)

PD_TEST(log_debug)
{
	const char *line = t->af == AF_INET ?
	    "TCP: [192.0.2.2]:40000 to [192.0.2.1]:" :
	    "TCP: [2001:db8::2]:40000 to [2001:db8::1]:";

	pd_sysctl(t, LOG, 1);
	pd_sysctl(t, "net.inet.tcp.tolerate_missing_ts", 0);
	pd_sysctl(t, "net.inet.tcp.reass.maxqueuelen", 1);
	pd_sysctl(t, "net.inet.tcp.drop_synfin", 1);
	(void)pd_active(t, PD_ALL, 65535);
	ATF_CHECK_STREQ("", t->log);

	INJECT(". 1:11(10) ack 1 win 65535");
	ATF_CHECK_MSG(strncmp(t->log, line, strlen(line)) == 0, "%s", t->log);
	ATF_CHECK(strstr(t->log, "flags 0x10, ") != NULL);
	ATF_CHECK(strstr(t->log, ", 10 bytes") != NULL);
	LOGGED("the time stamp is missing");
	INJECT(". 1:11(10) ack 1 win 65535 <nop,nop,TS val 6 ecr 100>");
	LOGGED("the time stamp is an old one");
	INJECT("R 5:5(0) win 0");
	LOGGED("a reset, but not the next in order");
	INJECT(". 1:1(0) ack 100 win 65535 <nop,nop,TS val 7 ecr 100>");
	LOGGED("acknowledges what was not sent");
	INJECT("SF 1:1(0) win 65535");
	LOGGED("SYN and FIN");
	INJECT(". 101:111(10) ack 1 win 65535 <nop,nop,TS val 7 ecr 100>");
	ATF_CHECK_STREQ("", t->log);
	INJECT(". 201:211(10) ack 1 win 65535 <nop,nop,TS val 7 ecr 100>");
	LOGGED("no room for more out of order");
	pd_inject_badsum(t, ". 1:11(10) ack 1 win 65535");
	LOGGED("the checksum is wrong");
	pd_forget(t);

	(void)pd_listen(t, 5);
	pd_use(t, 1);
	INJECT(". 1:1(0) ack 1 win 65535");
	LOGGED("acknowledges no SYN-ACK of ours");
	pd_forget(t);
}

PD_TEST(log_debug_off)
{
	ATF_CHECK_EQ(0, pd_sysctl_get(t, LOG));
	(void)pd_active(t, PD_ALL, 65535);
	INJECT("R 5:5(0) win 0");
	INJECT(". 1:11(10) ack 1 win 65535 <nop,nop,TS val 6 ecr 100>");
	pd_inject_badsum(t, ". 1:11(10) ack 1 win 65535");
	ATF_CHECK_STREQ("", t->log);
	pd_forget(t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, drain);
	ATF_TP_ADD_TC(tp, drain_off);
	ATF_TP_ADD_TC(tp, drain_fin);
	ATF_TP_ADD_TC(tp, drain_rate);
	ATF_TP_ADD_TC(tp, new_limit);
	ATF_TP_ADD_TC(tp, old_limit);
	ATF_TP_ADD_TC(tp, log_debug);
	ATF_TP_ADD_TC(tp, log_debug_off);
	return (atf_no_error());
}

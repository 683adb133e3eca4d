/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Memory that is short at any one moment: a whole conversation, with text
 * both ways, out of order, and both closes, in which the Nth request of one
 * zone or type fails.  Whatever that loses must be made up for: all bytes
 * arrive, both ways, and nothing is left.
 *
 * The peer is one that says everything again until it is heard; it looks
 * at the connection itself to see what that has.
 */
#include "pkt.h"

#define	TEXT	5000		/* bytes of ours */
#define	THEIRS	2000		/* bytes of the peer's */
#define	PATIENCE 200		/* rounds */

/* Which allocation fails. */
struct fault {
	const char	*name;
	uint64_t	after;
	bool		there;
};

static int
fault_type(const struct malloc_type *type, struct mem_stats *ms, void *arg)
{
	struct fault *f = arg;

	if (strcmp(type->ks_shortdesc, f->name) == 0) {
		ms->ms_fault_after = f->after;
		f->there = true;
	}
	return (0);
}

static void
fault_set(struct pd *t, const char *name, uint64_t after)
{
	struct fault f = { name, after, false };
	uma_zone_t zone;

	CURVNET_SET(t->vnet);
	zone = uma_zone_find(name);
	if (zone != NULL)
		uma_zone_set_fault(zone, after);
	else
		(void)malloc_type_foreach(fault_type, &f);
	ATF_REQUIRE_MSG(zone != NULL || f.there, "no zone or type %s", name);
	CURVNET_RESTORE();
}

static void
round_over(struct pd *t)
{
	pd_pass(t, PD_SEC / 10);
	pd_forget(t);
}

static int
say_hello(struct pd *t, int lfd)
{
	struct tcp_syn sy;
	int fd, i;

	for (i = 0; i < PATIENCE; i++) {
		if (pd_tcpcb(t) == NULL && !pd_handshake(t, &sy))
			INJECT("S 0:0(0) win 65535 <mss 1460,sackOK>");
		else {
			t->c->iss = pd_tcpcb(t) != NULL ?
			    pd_tcpcb(t)->iss : sy.sy_iss;
			t->c->iss_known = true;
			INJECT(". 1:1(0) ack 1 win 65535");
		}
		round_over(t);
		if (pd_state(t) == TCPS_ESTABLISHED &&
		    (fd = pd_accept(t, lfd)) >= 0)
			return (fd);
	}
	atf_tc_fail("no connection");
}

/* What we have sent so far. */
static uint32_t
our_max(struct pd *t)
{
	return (pd_tcpcb(t)->snd_max - t->c->iss);
}

static void
hear_text(struct pd *t, int fd)
{
	int i, left = TEXT, n;

	for (i = 0; i < PATIENCE; i++) {
		n = left > 0 ? pd_send(t, fd, (size_t)left, 0) : 0;
		if (n > 0)
			left -= n;
		round_over(t);
		INJECT(". 1:1(0) ack %u win 65535", our_max(t));
		if (our_max(t) == TEXT + 1)
			return;
	}
	atf_tc_fail("not all was sent: %d bytes left", left);
}

/* Backwards, in pieces. */
static void
say_text(struct pd *t, int fd)
{
	int i, n, off, got = 0;

	for (i = 0; i < PATIENCE; i++) {
		for (off = THEIRS - 500; off >= 0; off -= 500)
			INJECT("P. %d:%d(500) ack %d win 65535", 1 + off,
			    501 + off, TEXT + 1);
		round_over(t);
		while ((n = pd_recv(t, fd, 10000, 0)) > 0)
			got += n;
		if (got == THEIRS)
			return;
	}
	atf_tc_fail("only %d bytes arrived", got);
}

static void
say_goodbye(struct pd *t, int fd)
{
	int i;

	OK(pd_close(t, fd));
	for (i = 0; i < PATIENCE && pd_state(t) != GONE; i++) {
		INJECT("F. %d:%d(0) ack %d win 65535", 1 + THEIRS,
		    1 + THEIRS, TEXT + 1 +
		    (pd_tcpcb(t) != NULL && our_max(t) == TEXT + 2));
		pd_pass(t, 61 * PD_SEC);
		pd_forget(t);
	}
	STATE(GONE);
}

static const char *fault_name;
static uint64_t fault_after;

static void
conversation(struct pd *t)
{
	int fd, lfd;

	t->lossy = true;
	lfd = pd_listen(t, 5);
	fault_set(t, fault_name, fault_after);
	fd = say_hello(t, lfd);
	hear_text(t, fd);
	say_text(t, fd);
	say_goodbye(t, fd);
	OK(pd_close(t, lfd));
	fault_set(t, fault_name, UINT64_MAX);
}

static void
faults(const char *name, uint64_t upto)
{
	fault_name = name;
	for (fault_after = 0; fault_after < upto; fault_after++)
		pd_run(conversation, AF_INET, AF_INET6);
}

#define	FAULT_TEST(tc_name, name, upto)					\
	ATF_TC_WITHOUT_HEAD(tc_name);					\
	ATF_TC_BODY(tc_name, tc)					\
	{								\
		faults((name), (upto));					\
	}

FAULT_TEST(mbuf, "mbuf", 60)
FAULT_TEST(cluster, "mbuf_cluster", 12)
FAULT_TEST(extref, "mbuf_ext_refcnt", 12)
FAULT_TEST(sent, "tcp_sent", 12)
FAULT_TEST(reass, "tcp_reass", 6)
FAULT_TEST(tcpcb, "tcpcb", 2)
FAULT_TEST(socket, "socket", 2)
FAULT_TEST(pcb, "pcb", 4)
FAULT_TEST(cc, "cubic", 4)

/* Without a fault it works, too. */
ATF_TC_WITHOUT_HEAD(none);
ATF_TC_BODY(none, tc)
{
	fault_name = "mbuf";
	fault_after = UINT64_MAX;
	pd_run(conversation, AF_INET, AF_INET6);
}

PD_TEST(connect)
{
	int fd = pd_socket(t);

	/* The SYN is lost before it was sent: it is sent again. */
	fault_set(t, "mbuf", 0);
	(void)pd_connect(t, fd);
	pd_pass(t, 3 * PD_SEC);
	ATF_REQUIRE(pd_pending(t) > 0);
	pd_forget(t);
	STATE(TCPS_SYN_SENT);
}

/* No memory for ECN: none is asked for, and none granted. */
PD_TEST(ecn)
{
	(void)pd_listen(t, 5);
	pd_sysctl(t, "net.inet.tcp.ecn.enable", 3);
	fault_set(t, "tcpecn", 0);
	INJECT("SEWA 0:0(0) win 65535 <mss 1460>");
	EXPECT("S.W 0:0(0) ack 1 win 65535 <...>");
	INJECT(".W 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_CHECK_EQ(0, pd_tcpcb(t)->t_flags2 & TF2_ECN_ANY);
	pd_use(t, 1);
	fault_set(t, "tcpecn", 0);
	ERR(EINPROGRESS, pd_connect(t, pd_socket(t)));
	EXPECT("S 0:0(0) win 65535 <...>");
	fault_set(t, "tcpecn", UINT64_MAX);
}

/* No memory for what to do about a black hole: segments stay small. */
PD_TEST(pmtud)
{
	u_int small = t->af == AF_INET ? 1200 : 1220;
	int fd = pd_active(t, 0, 65535);

	pd_sysctl(t, "net.inet.tcp.pmtud_blackhole_detection", 1);
	fault_set(t, "tcppmtud", 0);
	SEND(fd, 1460);
	pd_forget(t);
	pd_pass(t, 230 * PD_MSEC);
	pd_forget(t);
	EXPECT_IN(260 * PD_MSEC, ". 1:%u(%u) ack 1", 1 + small, small);
	fault_set(t, "tcppmtud", UINT64_MAX);
	INJECT(". 1:1(0) ack 1461 win 65535");
	ADVANCE(700 * PD_SEC);
	SEND(fd, 10);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1471 win 65535");
	ATF_REQUIRE_EQ(small, pd_tcpcb(t)->t_maxseg);
}

/* No memory for fast open: a handshake like any other, at the server, */
PD_TEST(fastopen_server)
{
	/* The listener's state, its count of what is pending, the new
	 * connection's state. */
	static const uint64_t after[] = { 0, 1, 1 };
	int fd, i, lfd = pd_listen(t, 5);

	pd_sysctl(t, "net.inet.tcp.fastopen.server_enable", 1);
	pd_sysctl(t, "net.inet.tcp.fastopen.acceptany", 1);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	for (i = 0; i < 3; i++) {
		pd_use(t, i);
		fault_set(t, "tcptfo", after[i]);
		INJECT("S 0:100(100) win 65535 <mss 1460,FO 01020304>");
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
		INJECT("P. 1:101(100) ack 1 win 65535");
		ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
		RECV(fd, 100);
		pd_pass(t, PD_SEC);
		pd_forget(t);
	}
	fault_set(t, "tcptfo", UINT64_MAX);
	pd_use(t, 3);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO 01020304>");
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
}

/* A client's connection to the same port, which learns and uses a cookie. */
static void
fastopen_connect(struct pd *t, int i, const char *syn, const char *answer)
{
	int fd;

	pd_use(t, i);
	t->c->fport = PD_PEERPORT;
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("%s", syn);
	INJECT("%s", answer);
	pd_skip(t);
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_EQ(501, our_max(t));
}

/* and at the client. */
PD_TEST(fastopen_client)
{
	static const char plain[] = "S 0:0(0) <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>", ask[] = "S 0:0(0) <mss 1460,nop,wscale 6,"
	    "sackOK,TS val 100 ecr 0,FO,eol,eol>", fast[] = "S 0:500(500) "
	    "<mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0,FO 01020304,"
	    "eol,eol>";
	static const char old[] = "S. 0:0(0) ack 1 win 65535 <mss 1460>",
	    new[] = "S. 0:0(0) ack 1 win 65535 <mss 1460,FO 01020304>",
	    all[] = "S. 0:0(0) ack 501 win 65535 <mss 1460>";

	pd_sysctl(t, "net.inet.tcp.fastopen.client_enable", 1);
	fault_set(t, "tcptfo", 0);
	fastopen_connect(t, 0, plain, old);
	fault_set(t, "tcptfo", UINT64_MAX);
	/* The cache, and an entry of it: the cookie is not remembered. */
	fault_set(t, "tfocache", 0);
	fastopen_connect(t, 1, ask, new);
	fault_set(t, "tfocache", 1);
	fastopen_connect(t, 2, ask, new);
	fault_set(t, "tfocache", UINT64_MAX);
	fastopen_connect(t, 3, ask, new);
	fastopen_connect(t, 4, fast, all);
}

/* A SYN with text, of which the second record cannot be made: it leaves
 * plain, and its text afterwards. */
PD_TEST(fastopen_sent)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.fastopen.client_enable", 1);
	fastopen_connect(t, 0, "S 0:0(0) <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0,FO,eol,eol>",
	    "S. 0:0(0) ack 1 win 65535 <mss 1460,FO 01020304>");
	INJECT("R 1:1(0) win 0");
	pd_use(t, 1);
	t->c->fport = PD_PEERPORT;
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	fault_set(t, "tcp_sent", 1);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	fault_set(t, "tcp_sent", UINT64_MAX);
	EXPECT("S 0:0(0) <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("P. 1:501(500) ack 1");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, none);
	ATF_TP_ADD_TC(tp, ecn);
	ATF_TP_ADD_TC(tp, pmtud);
	ATF_TP_ADD_TC(tp, fastopen_server);
	ATF_TP_ADD_TC(tp, fastopen_client);
	ATF_TP_ADD_TC(tp, fastopen_sent);
	ATF_TP_ADD_TC(tp, mbuf);
	ATF_TP_ADD_TC(tp, cluster);
	ATF_TP_ADD_TC(tp, extref);
	ATF_TP_ADD_TC(tp, sent);
	ATF_TP_ADD_TC(tp, reass);
	ATF_TP_ADD_TC(tp, tcpcb);
	ATF_TP_ADD_TC(tp, socket);
	ATF_TP_ADD_TC(tp, pcb);
	ATF_TP_ADD_TC(tp, cc);
	ATF_TP_ADD_TC(tp, connect);
	return (atf_no_error());
}

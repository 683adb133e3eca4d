/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Output has a short way for plain connections and a general one
 * (tcp_plain.c).  Both must do the same: each conversation here is held
 * twice, once on a connection that other systems' limits were asked for, of
 * which none is set, and which therefore takes the general way.  The segments
 * must be the same, and so must what the connection and the host remember
 * after each step.
 */
#include "pkt.h"

#define	STEPS		32

/* What output has changed. */
struct mark {
	uint32_t	snd_max, rcv_adv, last_ack_sent, app_limited;
	uint32_t	acktime, unacksegs, flags;
	uint32_t	edge;		/* promised, as the peer saw it */
	nstime_t	timers[TT_N];
	uint64_t	total, packs, bytes, acks, ctrl, winup;
};

struct talk {
	bool		general;
	u_int		n;
	struct mark	marks[STEPS];
};

static void
mark(struct pd *t, struct talk *k)
{
	const struct tcpcb *tp = pd_tcpcb(t);
	struct vnet *saved = vnet_enter(t->vnet);
	struct mark *m = &k->marks[k->n++];
	u_int i;

	ATF_REQUIRE(k->n < STEPS);
	memset(m, 0, sizeof(*m));
	if (tp != NULL) {
		m->snd_max = tp->snd_max - tp->iss;
		m->rcv_adv = tp->rcv_adv - tp->irs;
		m->last_ack_sent = tp->last_ack_sent - tp->irs;
		m->app_limited = tp->t_app_limited;
		m->acktime = tp->t_acktime;
		m->unacksegs = tp->t_unacksegs;
		m->flags = tp->t_flags;
		m->edge = t->c->edge - tp->irs;
		for (i = 0; i < TT_N; i++)
			m->timers[i] = tp->t_timers[i];
	}
	m->total = V_tcpstat.tcps_sndtotal;
	m->packs = V_tcpstat.tcps_sndpack;
	m->bytes = V_tcpstat.tcps_sndbyte;
	m->acks = V_tcpstat.tcps_sndacks;
	m->ctrl = V_tcpstat.tcps_sndctrl;
	m->winup = V_tcpstat.tcps_sndwinup;
	vnet_leave(saved);
}

static int
begin(struct pd *t, struct talk *k, int opts)
{
	int fd = pd_passive(t, opts, 65535);
	struct vnet *saved;

	if (k->general) {
		saved = vnet_enter(t->vnet);
		ATF_REQUIRE(tcp_compat(pd_tcpcb(t)) != NULL);
		vnet_leave(saved);
	}
	mark(t, k);
	return (fd);
}

/* Hold it both ways, and compare. */
static void
both(struct pd *t, void (*talk)(struct pd *, struct talk *))
{
	struct talk plain = { .general = false }, general = { .general = true };
	u_int i;

	talk(t, &plain);
	pd_restart(t, "net.inet.tcp.sendspace", "32768");
	talk(t, &general);
	ATF_REQUIRE_EQ(plain.n, general.n);
	for (i = 0; i < plain.n; i++)
		ATF_REQUIRE_MSG(memcmp(&plain.marks[i], &general.marks[i],
		    sizeof(plain.marks[i])) == 0, "step %u differs", i);
}

/* ---- The SYN ---- */

static void
talk_syn(struct pd *t, struct talk *k)
{
	int fd = pd_socket(t);
	struct vnet *saved;

	if (k->general) {
		saved = vnet_enter(t->vnet);
		ATF_REQUIRE(tcp_compat(intotcpcb(TAILQ_LAST(
		    &V_tcbinfo.ipi_list, inpcbhead))) != NULL);
		vnet_leave(saved);
	}
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	mark(t, k);
	EXPECT_IN(PD_SEC, "S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val * ecr 0>");
	mark(t, k);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 100>");
	EXPECT(". 1:1(0) ack 1 <nop,nop,TS val * ecr 7>");
	mark(t, k);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 <nop,nop,TS val * ecr 7>");
	mark(t, k);
}

PD_TEST(syn)
{
	both(t, talk_syn);
}

/* ---- Text, both ways ---- */

static void
talk_text(struct pd *t, struct talk *k)
{
	int fd = begin(t, k, PD_SACK);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	mark(t, k);
	/* Nagle's algorithm. */
	SEND(fd, 100);
	NOTHING();
	mark(t, k);
	INJECT("P. 1:301(300) ack 101 win 65535");
	EXPECT("P. 101:201(100) ack 301");
	mark(t, k);
	RECV(fd, 300);
	NOTHING();
	mark(t, k);
	INJECT(". 301:301(0) ack 201 win 65535");
	NOTHING();
	mark(t, k);
	/* More than a segment; the window closes on the third. */
	SEND(fd, 6000);
	EXPECT(". 201:1661(1460) ack 301");
	EXPECT(". 1661:3121(1460) ack 301");
	EXPECT(". 3121:4581(1460) ack 301");
	EXPECT(". 4581:6041(1460) ack 301");
	EXPECT("P. 6041:6201(160) ack 301");
	mark(t, k);
	INJECT(". 301:301(0) ack 3121 win 100");
	NOTHING();
	mark(t, k);
	INJECT(". 301:301(0) ack 6201 win 65535");
	mark(t, k);
	/* An acknowledgment that is put off, and one that is not. */
	INJECT("P. 301:601(300) ack 6201 win 65535");
	NOTHING();
	mark(t, k);
	EXPECT_IN(40 * PD_MSEC, ". 6201:6201(0) ack 601");
	mark(t, k);
	INJECT("P. 601:901(300) ack 6201 win 65535");
	SEND(fd, 10);
	EXPECT("P. 6201:6211(10) ack 901");
	mark(t, k);
}

PD_TEST(text)
{
	both(t, talk_text);
}

/* ---- Windows ---- */

/* The reader sleeps, and wakes up. */
static void
talk_window(struct pd *t, struct talk *k)
{
	int fd = begin(t, k, PD_ALL), i;

	for (i = 0; i < 40; i++) {
		INJECT(". %d:%d(1448) ack 1 win 512 <nop,nop,TS val 7 ecr 100>",
		    1 + i * 1448, 1 + (i + 1) * 1448);
		pd_forget(t);
		if (i % 8 == 0)
			mark(t, k);
	}
	RECV(fd, 1000);
	mark(t, k);
	RECV(fd, 20000);
	mark(t, k);
	pd_forget(t);
	RECV(fd, 36920);
	mark(t, k);
	pd_forget(t);
	pd_pass(t, 100 * PD_MSEC);
	mark(t, k);
}

PD_TEST(window)
{
	both(t, talk_window);
}

/* ---- The end ---- */

static void
talk_end(struct pd *t, struct talk *k)
{
	int fd = begin(t, k, 0);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 101:101(0) ack 1");
	mark(t, k);
	/* Text that comes now is acknowledged with the FIN again. */
	INJECT(". 1:1461(1460) ack 101 win 65535");
	INJECT(". 1461:2921(1460) ack 101 win 65535");
	EXPECT("F. 101:101(0) ack 2921");
	mark(t, k);
	INJECT(". 2921:2921(0) ack 102 win 65535");
	NOTHING();
	mark(t, k);
	INJECT("F. 2921:2921(0) ack 102 win 65535");
	EXPECT(". 102:102(0) ack 2922");
	mark(t, k);
}

PD_TEST(end)
{
	both(t, talk_end);
}

/* The peer ends first, and text and our FIN go together. */
static void
talk_last(struct pd *t, struct talk *k)
{
	int fd = begin(t, k, PD_SACK);

	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	mark(t, k);
	ATF_REQUIRE_EQ(100, pd_send(t, fd, 100, MSG_EOF));
	EXPECT("FP. 1:101(100) ack 2");
	mark(t, k);
	INJECT(". 2:2(0) ack 102 win 65535");
	NOTHING();
	mark(t, k);
}

PD_TEST(last)
{
	both(t, talk_last);
}

/* ---- Large segments ---- */

static void
talk_tso(struct pd *t, struct talk *k)
{
	int fd;

	pd_settso(t);
	fd = begin(t, k, PD_SACK);
	SEND(fd, 20000);
	mark(t, k);
	pd_forget(t);
	INJECT(". 1:1(0) ack 2921 win 65535");
	mark(t, k);
	pd_forget(t);
	INJECT(". 1:1(0) ack 14601 win 8000");
	mark(t, k);
	pd_forget(t);
}

PD_TEST(tso)
{
	both(t, talk_tso);
}

/* ---- Memory is short ---- */

static void
talk_short(struct pd *t, struct talk *k)
{
	int fd = begin(t, k, 0);

	pd_sysctl(t, "net.inet.tcp.map_limit", 1);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	SEND(fd, 10);
	NOTHING();
	mark(t, k);
	INJECT(". 1:1(0) ack 11 win 65535");
	EXPECT("P. 11:21(10) ack 1");
	mark(t, k);
}

PD_TEST(memory)
{
	both(t, talk_short);
}

static uint32_t
usual_quota(struct tcpcb *tp, nstime_t *when)
{
	return (tcp_default_quota(tp, when));
}

/* An ACK after which nothing is to be sent has no turn of output, whoever says
 * how much may be sent. */
PD_TEST(no_turn)
{
	static struct tcp_function_block blk;
	int fd = pd_active(t, PD_SACK, 65535);

	blk = (struct tcp_function_block){ .tfb_quota = usual_quota };
	pd_addblock(t, &blk, "usual");
	OK(pd_setblock(t, fd, "usual"));
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	BATCH_BEGIN();
	INJECT(". 1:1(0) ack 101 win 65535");
	ATF_CHECK_EQ(0, pd_tcpcb(t)->t_flags2 & TF2_OUTPENDING);
	BATCH_END();
	NOTHING();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, syn);
	ATF_TP_ADD_TC(tp, text);
	ATF_TP_ADD_TC(tp, window);
	ATF_TP_ADD_TC(tp, end);
	ATF_TP_ADD_TC(tp, last);
	ATF_TP_ADD_TC(tp, tso);
	ATF_TP_ADD_TC(tp, memory);
	ATF_TP_ADD_TC(tp, no_turn);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A regular segment skips the stages that have nothing to do with it
 * (tcp_seg.h).  Three connections get the same segments, drawn at random and
 * mostly in order; the first, which was always the last to be found, and the
 * second, which never was, have the default do_segment, the third a block
 * whose do_segment takes every segment through all stages of RFC 9293,
 * 3.10.7.4.  After each step all must be the same.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_var.h>

#include "pkt.h"
#include "staged.h"

#define	RUNS	20
#define	WAYS	3
#define	STAGED	2		/* by all stages */
#define	STEPS	80
#define	MSS	1448

static void
set_staged(struct pd *t, int fd)
{
	struct tcp_function_set fs = { .function_set_name = "staged" };
	struct vnet *saved = vnet_enter(t->vnet);

	OK(kern_setsockopt(fd, IPPROTO_TCP, TCP_FUNCTION_BLK, &fs,
	    sizeof(fs)));
	vnet_leave(saved);
}

/* ---- What must be the same ---- */

struct picture {
	uint64_t	p[24];
};

static struct picture
take(struct pd *t, int i)
{
	const uint32_t off = 0x10000;
	const struct tcpcb *tp;
	struct picture pic;
	uint64_t *p = pic.p;

	memset(&pic, 0, sizeof(pic));
	pd_use(t, i);
	if ((tp = pd_tcpcb(t)) == NULL)
		return (pic);
	*p++ = tp->t_state;
	*p++ = tp->t_flags;
	*p++ = tp->snd_una - tp->iss;
	*p++ = tp->snd_max - tp->iss;
	*p++ = tp->snd_wl1 - tp->irs;
	*p++ = tp->snd_wl2 - tp->iss;
	*p++ = tp->snd_wnd;
	*p++ = tp->snd_cwnd;
	*p++ = tp->snd_ssthresh;
	*p++ = tp->snd_recover - tp->iss + off;
	*p++ = tp->rcv_nxt - tp->irs;
	*p++ = tp->rcv_adv - tp->irs;
	/* What the stream went by says nothing. */
	*p++ = SEQ_GT(tp->rcv_up, tp->rcv_nxt) ? tp->rcv_up - tp->irs : 0;
	*p++ = tp->last_ack_sent - tp->irs;
	*p++ = tp->ts_recent;
	*p++ = tp->t_dupacks;
	*p++ = tp->t_unacksegs;
	*p++ = tp->t_segqlen;
	*p++ = tp->t_srtt_us;
	*p++ = tp->t_rttvar_us;
	*p++ = tp->t_delivered;
	*p++ = tp->t_round;
	*p++ = (uint64_t)tp->max_sndwnd << 32 | tp->rfbuf_cnt;
	*p++ = tp->t_timers[TT_DELACK] != UINT64_MAX;
	return (pic);
}

static bool
same(struct pd *t, int run, int step, const char *text)
{
	struct picture a, b = take(t, run + STAGED);
	bool all = b.p[0] != 0;
	u_int i;
	int way;

	for (way = 0; way < STAGED; way++) {
		a = take(t, run + way);
		for (i = 0; i < nitems(a.p); i++)
			ATF_CHECK_MSG(a.p[i] == b.p[i], "run %d, step %d, "
			    "\"%s\": by way %d number %u is %jx, by all "
			    "stages %jx", run, step, text, way, i,
			    (uintmax_t)a.p[i], (uintmax_t)b.p[i]);
		all = all && memcmp(&a, &b, sizeof(a)) == 0;
	}
	return (all);
}

/* Have the connection in use be the one found last, or none. */
static void
found_last(struct pd *t, bool yes)
{
	struct vnet *saved = vnet_enter(t->vnet);

	in_pcbexpect(&V_tcbinfo, yes ? tptoinpcb(pd_tcpcb(t)) : NULL);
	vnet_leave(saved);
}

/* ---- What comes ---- */

/* The next segment of the peer's: most are regular. */
static void
segment(struct pd *t, uint32_t *seed, char *text, size_t size)
{
	const struct tcpcb *tp = pd_tcpcb(t);
	uint32_t ack, len, seq, una, max, val = tp->ts_recent;
	const char *flags = draw(seed, 3) == 0 ? "P." : ".";

	seq = tp->rcv_nxt - tp->irs;
	una = tp->snd_una - tp->iss;
	max = tp->snd_max - tp->iss;
	len = draw(seed, 3) == 0 ? 0 : draw(seed, 2) == 0 ? MSS :
	    1 + draw(seed, MSS);
	ack = una + draw(seed, max - una + 1);
	if (draw(seed, 2) == 0)
		ack = max;
	if (draw(seed, 12) == 0)
		ack += draw(seed, 2) == 0 ? 1 : (uint32_t)-1;
	if (draw(seed, 10) == 0)
		seq += draw(seed, 2) == 0 ? 10 : seq > 10 ? (uint32_t)-10 : 0;
	if (draw(seed, 25) == 0)
		flags = "F.";
	if (draw(seed, 3) == 0)
		val += draw(seed, 10) == 0 ? (uint32_t)-1 : 1;
	snprintf(text, size, "%s %u:%u(%u) ack %u win %u "
	    "<nop,nop,TS val %u ecr 100>", flags, seq, seq + len, len, ack,
	    draw(seed, 8) == 0 ? 400 + draw(seed, 200) : 512, val);
}

/* The user of all does the same. */
static void
use(struct pd *t, const int *fd, uint32_t *seed)
{
	const uint32_t what = draw(seed, 40), n = 1 + draw(seed, 4 * MSS);
	int i;

	for (i = 0; i < WAYS; i++) {
		if (what < 16)
			(void)pd_send(t, fd[i], n, 0);
		else if (what < 32)
			(void)pd_recv(t, fd[i], 65536, 0);
		else if (what == 39)
			(void)pd_shutdown(t, fd[i], SHUT_WR);
	}
}

static void
run_all(struct pd *t, int run, uint32_t *seed)
{
	char text[160] = "the beginning";
	int fd[WAYS], i, step;

	for (i = 0; i < WAYS; i++) {
		pd_use(t, run + i);
		fd[i] = pd_active(t, PD_ALL, 512);
	}
	set_staged(t, fd[STAGED]);
	for (step = 0; step < STEPS && same(t, run, step, text); step++) {
		use(t, fd, seed);
		pd_use(t, run);
		segment(t, seed, text, sizeof(text));
		for (i = 0; i < WAYS; i++) {
			pd_use(t, run + i);
			found_last(t, i == 0);
			INJECT("%s", text);
		}
		if (draw(seed, 4) == 0)
			pd_pass(t, draw(seed, 60) * PD_MSEC);
		pd_forget(t);
	}
}

PD_TEST(all_stages)
{
	static struct tcp_function_block blk;
	uint32_t seed = 7;
	int run;

	blk = (struct tcp_function_block){ .tfb_tcp_do_segment = staged,
	    .tfb_acked = staged_acked };
	pd_addblock(t, &blk, "staged");
	for (run = 0; run < RUNS; run++)
		run_all(t, WAYS * run, &seed);
}

static int seen;

static void
counted(struct tcpcb *tp, struct mbuf *m, struct tcphdr *th,
    int drop_hdrlen, int tlen, uint8_t iptos)
{
	seen++;
	tcp_default_do_segment(tp, m, th, drop_hdrlen, tlen, iptos);
}

/* A block that connections begin with sees all their segments. */
PD_TEST(begun_so)
{
	static struct tcp_function_block blk;
	int fd, i;

	blk = (struct tcp_function_block){ .tfb_tcp_do_segment = counted };
	pd_addblock(t, &blk, "counted");
	pd_sysctl_text(t, "net.inet.tcp.functions_default", "counted");
	pd_use(t, 0);
	fd = pd_active(t, PD_ALL, 512);
	seen = 0;
	for (i = 0; i < 5; i++)
		INJECT("P. %d:%d(10) ack 1 win 512 <nop,nop,TS val 8 "
		    "ecr 100>", 1 + i * 10, 11 + i * 10);
	RECV(fd, 50);
	ATF_CHECK_EQ(5, seen);
	pd_forget(t);
	pd_use(t, 1);
	fd = pd_passive(t, PD_ALL, 512);
	seen = 0;
	INJECT("P. 1:11(10) ack 1 win 512 <nop,nop,TS val 8 ecr 100>");
	RECV(fd, 10);
	ATF_CHECK_EQ(1, seen);
	pd_forget(t);
	pd_sysctl_text(t, "net.inet.tcp.functions_default", "freebsd");
}

/* Two hosts with the same ports: whoever was found last, and whatever IP
 * remembers of the last packet, each segment goes to its own connection. */
PD_TEST(two_hosts)
{
	struct in6_addr peer[2] = { t->peer, t->peer };
	uint32_t next[2] = { 1, 1 };
	int fd[2], i, lfd, step;

	peer[1].s6_addr[15]++;
	lfd = pd_listen(t, 5);
	for (i = 0; i < 2; i++) {
		pd_use(t, i);
		t->peer = peer[i];
		t->c->fport = PD_PEERPORT;
		fd[i] = pd_passive_at(t, lfd, PD_ALL, 512);
	}
	for (step = 0; step < 200; step++) {
		i = (int)pd_draw(t, 2);
		pd_use(t, i);
		t->peer = peer[i];
		INJECT("P. %u:%u(10) ack 1 win 512 <nop,nop,TS val 7 ecr "
		    "100>", next[i], next[i] + 10);
		next[i] += 10;
		RECV(fd[i], 10);
		pd_forget(t);
	}
	/* Both connections end, too. */
	t->hop = peer[0];
	t->peer = peer[1];
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all_stages);
	ATF_TP_ADD_TC(tp, begun_so);
	ATF_TP_ADD_TC(tp, two_hosts);
	return (atf_no_error());
}

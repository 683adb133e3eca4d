/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The ACK of a handshake establishes a connection at once if it is bare and
 * in order (tcp_listen.c); any other connection begins in SYN_RECEIVED and has
 * its ACK go through the stages.  Two handshakes, drawn at random, get the
 * same segments; the ACK of one finds a listener with the default block, the
 * other's one with a block whose connections know no short ways.  Both
 * connections must be the same then, to the last byte that does not name one
 * of them, and so must what was counted on the way.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <netinet/cc/cc_cubic.h>
#include <netinet/in.h>
#include <netinet/tcp_var.h>

#include "pkt.h"
#include "staged.h"

#define	PAIRS	400

/* ---- What must be the same ---- */

struct picture {
	struct tcpcb	tcpcb;		/* all zeros: there is none */
	struct cubic	cubic;
	struct tcpstat	stat;		/* by how much it grew */
	uint64_t	states[TCP_NSTATES];
	uint64_t	other[8];
	int		left;		/* packets that left */
};

/* One that lies behind SND.UNA is compared with what lies ahead only, so it
 * does not matter how far. */
static tcp_seq
ahead(const struct tcpcb *tp, tcp_seq seq)
{
	return (SEQ_MAX(seq, tp->snd_una) - tp->iss);
}

/* What names a connection goes; numbers count from their first one. */
static void
anonymous(struct tcpcb *tp)
{
	tp->snd_up = ahead(tp, tp->snd_up);
	tp->snd_fack = ahead(tp, tp->snd_fack);
	tp->snd_recover = ahead(tp, tp->snd_recover);
	tp->t_loss_edge = ahead(tp, tp->t_loss_edge);
	memset(&tp->t_inpcb, 0, sizeof(tp->t_inpcb));
	memset(&tp->t_map, 0, sizeof(tp->t_map));
	memset(&tp->t_outlink, 0, sizeof(tp->t_outlink));
	memset(&tp->t_callout, 0, sizeof(tp->t_callout));
	/* These are brought along behind SND.UNA when it is time. */
	tp->snd_up = tp->snd_fack = 0;
	tp->snd_recover = tp->t_loss_edge = 0;
	if (SEQ_LEQ(tp->rcv_up, tp->rcv_nxt))
		tp->rcv_up = 0;
	tp->snd_una -= tp->iss;
	tp->snd_nxt -= tp->iss;
	tp->snd_max -= tp->iss;
	tp->t_round_end -= tp->iss;
	tp->snd_wl2 -= tp->iss;
	tp->t_ccv.curack -= tp->iss;
	/* What the stream went by says nothing. */
	if (SEQ_LT(tp->rcv_up, tp->rcv_nxt))
		tp->rcv_up = tp->rcv_nxt;
	/* With text that echoes whatever time. */
	if (tp->rcv_nxt != tp->irs + 1)
		tp->rfbuf_ts = tp->rfbuf_cnt = tp->rfbuf_mark = tp->t_rcvrtt =
		    0;
	tp->ts_offset = tp->iss = 0;
	tp->t_fb = NULL;
	tp->t_ccv.tp = NULL;
	tp->t_ccv.cc_data = NULL;
	tp->t_ecn = NULL;
	tp->t_userto = NULL;
	tp->t_loss = NULL;
}

static void
take_connection(const struct tcpcb *tp, struct picture *pic)
{
	const struct inpcb *inp = &tp->t_inpcb;
	const struct socket *so = inp->inp_socket;
	uint64_t *p = pic->other;

	pic->tcpcb = *tp;
	anonymous(&pic->tcpcb);
	ATF_CHECK(SEQ_LEQ(tp->snd_up, tp->snd_una) &&
	    SEQ_LEQ(tp->snd_fack, tp->snd_una) &&
	    SEQ_LEQ(tp->snd_recover, tp->snd_una) &&
	    SEQ_LEQ(tp->t_loss_edge, tp->snd_una));
	if (strcmp(CC_ALGO(tp)->name, "cubic") == 0)
		pic->cubic = *(const struct cubic *)tp->t_ccv.cc_data;
	*p++ = (uint64_t)inp->inp_flags << 32 | inp->inp_vflag << 16 |
	    inp->inp_ttl << 8 | inp->inp_tos;
	*p++ = callout_entry_time(&tp->t_callout);
	*p++ = (uint64_t)(tp->t_ecn != NULL) << 2 |
	    (uint64_t)(tp->t_userto != NULL) << 1 |
	    !TAILQ_EMPTY(&tp->t_map);
	*p++ = (uint64_t)so->so_state << 32 | (uint32_t)so->so_qstate;
	*p++ = so->so_count;
	*p++ = (uint64_t)so->so_rcv.sb_hiwat << 32 | so->so_snd.sb_hiwat;
	*p++ = sbavail(&so->so_rcv);
	*p++ = so->so_error;
}

/* ack comes for connection i, and then a picture is taken. */
static struct picture
take(struct pd *t, int i, const char *ack)
{
	uint64_t *now, *was, states[TCP_NSTATES];
	struct picture pic;
	struct vnet *saved;
	struct tcpcb *tp;
	struct tcpstat st;
	size_t n;

	memset(&pic, 0, sizeof(pic));
	pd_use(t, i);
	pd_forget(t);
	saved = vnet_enter(t->vnet);
	st = V_tcpstat;
	memcpy(states, V_tcps_states, sizeof(states));
	vnet_leave(saved);
	INJECT("%s", ack);
	pic.left = pd_pending(t);
	saved = vnet_enter(t->vnet);
	pic.stat = V_tcpstat;
	memcpy(pic.states, V_tcps_states, sizeof(states));
	vnet_leave(saved);
	now = (uint64_t *)&pic.stat;
	was = (uint64_t *)&st;
	for (n = 0; n < sizeof(st) / sizeof(*now); n++)
		now[n] -= was[n];
	/* Which one was looked for last is no matter. */
	pic.stat.tcps_pcbcachemiss = 0;
	for (n = 0; n < TCP_NSTATES; n++)
		pic.states[n] -= states[n];
	if ((tp = pd_tcpcb(t)) != NULL)
		take_connection(tp, &pic);
	return (pic);
}

static void
compare(const struct picture *a, const struct picture *b, const char *syn,
    const char *ack)
{
	const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
	size_t n;

	for (n = 0; n < sizeof(*a); n++)
		if (p[n] != q[n])
			atf_tc_fail("byte %zu (of the tcpcb's %zu, cubic's "
			    "%zu, the counters' %zu) is %#x, by all stages "
			    "%#x; after \"%s\" and \"%s\"", n,
			    sizeof(a->tcpcb), sizeof(a->cubic),
			    sizeof(a->stat), p[n], q[n], syn, ack);
}

/* ---- What comes ---- */

static void
draw_syn(uint32_t *seed, char *text, size_t size)
{
	static const char * const options[] = {
		"mss 1460,nop,wscale 7,sackOK,TS val 7 ecr 0",
		"mss 1460,sackOK,TS val 7 ecr 0,nop,wscale 3",
		"mss 1200,nop,wscale 2", "mss 536",
		"mss 1400,nop,nop,TS val 7 ecr 0", "nop,nop,sackOK"
	};
	const uint32_t usual = draw(seed, 2);

	snprintf(text, size, "%s 0:0(0) win %u <%s>",
	    draw(seed, 8) == 0 ? "SEW" : "S", draw(seed, 65536),
	    options[usual != 0 ? 0 : draw(seed, nitems(options))]);
}

/* Mostly the one that is to come. */
static void
draw_ack(uint32_t *seed, bool ts, char *text, size_t size)
{
	static const char * const flags[] = { "P.", "F.", "FP.", ".E", "R." };
	char option[64] = "";
	uint32_t ack = 1, len = 0, seq = 1;
	const char *f = ".";

	if (ts)
		snprintf(option, sizeof(option), " <nop,nop,TS val %u "
		    "ecr 100>", draw(seed, 8) == 0 ? 6 : 7 + draw(seed, 9));
	switch (draw(seed, 16)) {
	case 0:
		f = flags[draw(seed, nitems(flags))];
		break;
	case 1:
		len = 1 + draw(seed, 500);
		break;
	case 2:
		seq = draw(seed, 4);
		break;
	case 3:
		ack = draw(seed, 4);
		break;
	case 4:
		option[0] = '\0';
		break;
	case 5:
		strlcpy(option, " <nop,nop,sack 2:3>", sizeof(option));
		break;
	default:
		break;
	}
	snprintf(text, size, "%s %u:%u(%u) ack %u win %u%s", f, seq,
	    seq + len, len, ack, draw(seed, 8) == 0 ? 0 : draw(seed, 65536),
	    option);
}

/* What the handshakes have in common. */
static void
draw_host(struct pd *t, uint32_t *seed, int lfd)
{
	pd_sysctl(t, "net.inet.tcp.newcwv", draw(seed, 4) == 0);
	pd_sysctl(t, "net.inet.tcp.plpmtud", draw(seed, 4) == 0 ? 2 : 0);
	pd_sysctl(t, "net.inet.tcp.keepinit", draw(seed, 4) == 0 ? 2000 :
	    75000);
	pd_sysctl(t, "net.inet.tcp.tolerate_missing_ts", draw(seed, 4) != 0);
	pd_sysctl_text(t, "net.inet.tcp.cc.algorithm", draw(seed, 4) == 0 ?
	    "newreno" : "cubic");
	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_RCVBUF, draw(seed, 3) == 0 ?
	    400000 : 65536));
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_NODELAY,
	    (int)draw(seed, 2)));
}

static void
run_pair(struct pd *t, int lfd, int n, uint32_t *seed, uint32_t *atonce)
{
	const int pair = 2 * n % PD_CONNS;
	const uint32_t rare = draw(seed, 8);
	const char *synack;
	struct picture a, b;
	char ack[160], syn[160];
	int fd, i;

	draw_syn(seed, syn, sizeof(syn));
	draw_ack(seed, strstr(syn, "TS") != NULL, ack, sizeof(ack));
	synack = syn[1] == ' ' ? "S." : "SE.";
	for (i = 0; i < 2; i++) {
		pd_use(t, pair + i);
		pd_renew(t);
		t->c->fport = (uint16_t)(PD_PEERPORT + 2 * n + i);
		INJECT("%s", syn);
		EXPECT("%s 0:0(0) ack 1 <...>", synack);
		/* The SYN came again. */
		if (rare == 0) {
			INJECT("%s", syn);
			EXPECT("%s 0:0(0) ack 1 <...>", synack);
		}
	}
	/* The SYN-ACK is lost, or the ACK comes in no time. */
	pd_pass(t, rare == 1 ? 1100 * PD_MSEC : rare == 2 ? 0 :
	    1 + draw(seed, 300) * PD_MSEC);
	a = take(t, pair, ack);
	*atonce += a.tcpcb.t_state == TCPS_ESTABLISHED;
	OK(pd_setblock(t, lfd, "staged"));
	b = take(t, pair + 1, ack);
	OK(pd_setblock(t, lfd, "freebsd"));
	compare(&a, &b, syn, ack);
	for (i = 0; i < 2; i++) {
		pd_use(t, pair + i);
		if ((fd = pd_accept(t, lfd)) < 0)
			continue;
		pd_linger(t, fd, 1, 0);
		OK(pd_close(t, fd));
	}
	pd_forget(t);
}

PD_TEST(all_stages)
{
	static struct tcp_function_block blk;
	uint32_t atonce = 0, seed = 11;
	int lfd, n;

	blk = (struct tcp_function_block){ .tfb_tcp_do_segment = staged,
	    .tfb_acked = staged_acked };
	pd_addblock(t, &blk, "staged");
	lfd = pd_listen(t, 100);
	for (n = 0; n < PAIRS; n++) {
		draw_host(t, &seed, lfd);
		/* From then on none is established at once. */
		if (n == PAIRS - PAIRS / 8)
			OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_KEEPIDLE, 3));
		run_pair(t, lfd, n, &seed, &atonce);
	}
	ATF_CHECK_MSG(atonce > PAIRS / 2, "only %u of %u opened",
	    atonce, PAIRS);
}

/* What a block is told of the first ACK. */
static struct tcp_acked told;
static u_int told_times;

static void
acked(struct tcpcb *tp __unused, const struct tcp_acked *ta)
{
	told = *ta;
	told_times++;
}

/* The SYN-ACK was delivered in the time it took, by both ways. */
PD_TEST(first_sample)
{
	static struct tcp_function_block blk[2];
	const char *names[] = { "short", "long" };
	int i, lfd;

	told_times = 0;
	lfd = pd_listen(t, 2);
	for (i = 0; i < 2; i++) {
		blk[i] = (struct tcp_function_block){ .tfb_acked = acked,
		    .tfb_tcp_do_segment = i == 1 ? staged : NULL };
		pd_addblock(t, &blk[i], names[i]);
		OK(pd_setblock(t, lfd, names[i]));
		pd_use(t, i);
		t->c->fport = (uint16_t)(PD_PEERPORT + i);
		INJECT("S 0:0(0) win 65535 <mss 1460>");
		EXPECT("S. 0:0(0) ack 1 <...>");
		pd_pass(t, 70 * PD_MSEC);
		INJECT(". 1:1(0) ack 1 win 65535");
		ATF_CHECK_EQ((u_int)i + 1, told_times);
		ATF_CHECK_EQ(1, told.rs_delivered);
		ATF_CHECK_EQ(0, told.rs_prior_delivered);
		ATF_CHECK_EQ(70 * NS_PER_MSEC, told.rs_interval);
		ATF_CHECK_EQ(70 * NS_PER_MSEC, told.ta_rtt);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all_stages);
	ATF_TP_ADD_TC(tp, first_sample);
	return (atf_no_error());
}

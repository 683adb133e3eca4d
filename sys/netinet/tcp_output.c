/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Output (RFC 9293, 3.7 to 3.9; RFC 1122, 4.2.3.4).
 *
 *   quota    how many bytes may leave now (the block's; by default
 *            cwnd less what is in flight)
 *   plan     what to send: the SYN, a lost range, new text, the FIN, or
 *            only an acknowledgment
 *   build    header, options, and text shared with the send buffer
 *   sent     the sent map remembers it (the block is told)
 *   ip_send
 *
 * and again until there is nothing to send.  Output is asked for once for
 * each batch of input: tcp_output_later() puts a connection on the vnet's
 * list, which is worked off when the batch ends.
 *
 * Small segments: Nagle's algorithm (RFC 896), and the sender's side of
 * silly window avoidance: a segment leaves if it is full, or is all there is
 * and nothing was in flight when output began (or TCP_NODELAY), or fills half
 * the largest window the peer ever offered.  So the end of a large write to
 * an idle connection does not wait for its beginning; TF_LASTIDLE says that
 * it is such a write, also where the socket layer hands it over in pieces.
 * In Linux's ways only a small segment in flight makes a small one wait
 * (Minshall's reading of RFC 896).
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

VNET_DEFINE(int, tcp_do_autosndbuf) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, sendbuf_auto, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_autosndbuf), 0,
    "Let send buffers grow with the window");
VNET_DEFINE(int, tcp_autosndbuf_inc) = 8 * 1024;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, sendbuf_inc,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_autosndbuf_inc), 1, INT_MAX,
    "Bytes by which a send buffer grows");
VNET_DEFINE(int, tcp_autosndbuf_max) = 2 * 1024 * 1024;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, sendbuf_max,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_autosndbuf_max), 1, INT_MAX,
    "Bytes to which a send buffer grows at most");
VNET_DEFINE(int, tcp_do_tso) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, tso, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_tso), 0,
    "Make large segments, which the interface or IP below it cuts");
VNET_DEFINE(u_int, tcp_ack_war_cnt) = 5;
SYSCTL_UINT(_net_inet_tcp, OID_AUTO, ack_war_cnt, CTLFLAG_RW,
    &VNET_NAME(tcp_ack_war_cnt), 0,
    "Challenge ACKs a connection sends in ack_war_timewindow (0: no limit)");
VNET_DEFINE(u_int, tcp_ack_war_timewindow) = 1000;
SYSCTL_UINT(_net_inet_tcp, OID_AUTO, ack_war_timewindow, CTLFLAG_RW,
    &VNET_NAME(tcp_ack_war_timewindow), 0,
    "The period in which challenge ACKs are counted, in milliseconds");

VNET_DEFINE_STATIC(int, sack_tso) = 0;
#define	V_sack_tso	VNET(sack_tso)
SYSCTL_DECL(_net_inet_tcp_sack);
SYSCTL_INT(_net_inet_tcp_sack, OID_AUTO, tso, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(sack_tso), 0,
    "Make large segments of what SACK shows lost, too");
VNET_DEFINE_STATIC(int, sendbuf_auto_lowat) = 0;
#define	V_sendbuf_auto_lowat	VNET(sendbuf_auto_lowat)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, sendbuf_auto_lowat,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(sendbuf_auto_lowat), 0,
    "Let send buffers grow earlier, by SO_SNDLOWAT");

/*
 * Who waits for output stays on the list until its turn, whatever becomes of
 * it, so that the list needs no way back: TF2_OUTPENDING tells whether it
 * still wants output, TF2_OUTFREED that only its memory is left.
 */
STAILQ_HEAD(tcp_outq, tcpcb);
VNET_DEFINE_STATIC(struct tcp_outq, tcp_outq);
VNET_DEFINE_STATIC(struct vnet_task, tcp_outtask);
#define	V_tcp_outq	VNET(tcp_outq)
#define	V_tcp_outtask	VNET(tcp_outtask)

/* When memory was short, try again after this. */
#define	TCP_OUTPUT_RETRY	(10 * NS_PER_MSEC)

/* What the next segment is to be. */
struct tcp_plan {
	struct tcp_sent	*p_again;	/* a lost range, or NULL */
	tcp_seq		p_seq;
	uint32_t	p_off;		/* of the text in so_snd */
	uint32_t	p_len;		/* bytes of text */
	uint32_t	p_new;		/* of them new, behind p_again */
	bool		p_newfin;	/* and a FIN behind them */
	uint32_t	p_win;		/* window to promise, bytes */
	uint16_t	p_flags;	/* TH_* */
	bool		p_ackonly;	/* nothing for the sent map */
	bool		p_last;		/* leaves nothing to send */
	uint8_t		p_optlen;
	bool		p_optsack;	/* SACK blocks among them */
	bool		p_probe;	/* larger than others (RFC 4821) */
	uint8_t		p_opt[TCP_MAXOLEN];
};

/* ---- Once for each batch ---- */

static void
tcp_output_flush(void *arg __unused)
{
	struct tcp_outq *q = &V_tcp_outq;
	struct tcpcb *tp;
	u_int flags;

	while ((tp = STAILQ_FIRST(q)) != NULL) {
		STAILQ_REMOVE_HEAD(q, t_outlink);
		flags = tp->t_flags2;
		tp->t_flags2 = flags & ~(TF2_OUTPENDING | TF2_OUTLINKED);
		if ((flags & TF2_OUTPENDING) != 0)
			(void)tcp_output(tp);
		else if ((flags & TF2_OUTFREED) != 0)
			tcp_zfree(tp);
	}
}

void
tcp_output_drain(void)
{
	tcp_output_flush(NULL);
}

static void
tcp_output_init(const void *arg __unused)
{
	STAILQ_INIT(&V_tcp_outq);
	VNET_TASK_INIT(&V_tcp_outtask, tcp_output_flush, NULL);
}
SYSINIT(tcp_output, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, tcp_output_init,
    NULL);

void
tcp_output_later(struct tcpcb *tp)
{
	struct tcp_outq *q = &V_tcp_outq;

	if ((tp->t_flags2 & TF2_OUTPENDING) != 0)
		return;
	if (__predict_true((tp->t_flags2 & TF2_OUTLINKED) == 0))
		STAILQ_INSERT_TAIL(q, tp, t_outlink);
	tp->t_flags2 |= TF2_OUTPENDING | TF2_OUTLINKED;
	vnet_task_enqueue(&V_tcp_outtask);
}

void
tcp_output_cancel(struct tcpcb *tp)
{
	tp->t_flags2 &= ~TF2_OUTPENDING;
}

/* ---- Windows ---- */

/* Space to judge what comes by: never less than was promised. */
uint32_t
tcp_rcv_window(const struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t promised = 0;
	long space;

	if (SEQ_GT(tp->rcv_adv, tp->rcv_nxt))
		promised = tp->rcv_adv - tp->rcv_nxt;
	if (so == NULL)
		return (promised);
	space = sbspace(&so->so_rcv);
	if (space < (long)promised)
		space = promised;
	return ((uint32_t)lmin(space,
	    (long)TCP_MAXWIN << TCP_MAX_WINSHIFT));
}

/* Window to promise now: nothing rather than a silly one (RFC 1122,
 * 4.2.3.3), and never less than before. */
static uint32_t
tcp_adv_window(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t promised = 0, max;
	long space;

	if (SEQ_GT(tp->rcv_adv, tp->rcv_nxt))
		promised = tp->rcv_adv - tp->rcv_nxt;
	space = so != NULL ? lmax(sbspace(&so->so_rcv), 0) : 0;
	if (so != NULL && space < (long)so->so_rcv.sb_hiwat / 4 &&
	    space < tp->t_maxseg)
		space = 0;
	if (__predict_false((tp->t_flags2 & TF2_COMPAT) != 0))
		space = tcp_compat_clamp(tp, (uint32_t)space);
	max = (uint32_t)TCP_MAXWIN << ((tp->t_flags & TF_RCVD_SCALE) != 0 ?
	    tp->rcv_scale : 0);
	return (min(max, (uint32_t)lmax(space, promised)));
}

/* Has so much space come free that the peer should hear of it? */
static bool
tcp_window_update_due(struct tcpcb *tp, uint32_t win)
{
	const struct socket *so = tptosocket(tp);
	uint32_t hiwat, promised = 0, more;

	if (so == NULL || !TCPS_HAVERCVDSYN(tp->t_state) ||
	    TCPS_HAVERCVDFIN(tp->t_state) ||
	    (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0)
		return (false);
	if (SEQ_GT(tp->rcv_adv, tp->rcv_nxt))
		promised = tp->rcv_adv - tp->rcv_nxt;
	if (win <= promised)
		return (false);
	more = win - promised;
	/* Linux lets the first window grow as text comes, and later tells of
	 * one that has doubled. */
	if (V_tcp_ways.w_linux)
		return (tp->rcv_nxt != tp->irs + 1 && more >= promised);
	/* Scaled, it may still be the same number. */
	if (promised >> tp->rcv_scale == win >> tp->rcv_scale)
		return (false);
	hiwat = so->so_rcv.sb_hiwat;
	if (more >= 2u * tp->t_maxseg && (more >= hiwat / 4 ||
	    promised <= hiwat / 8 || hiwat <= 8u * tp->t_maxseg))
		return (true);
	return (2 * more >= hiwat);
}

/* The send buffer grows while it, and not the window, is the limit. */
static void
tcp_sndbuf_autoscale(struct tcpcb *tp, struct socket *so)
{
	struct sockbuf *sb = &so->so_snd;
	uint32_t lowat, sendwin, used = sbused(sb);

	lowat = V_sendbuf_auto_lowat ? min(sb->sb_lowat, sb->sb_hiwat) : 0;
	if (used + lowat < sb->sb_hiwat / 8 * 7 || !V_tcp_do_autosndbuf ||
	    (sb->sb_flags & SB_AUTOSIZE) == 0)
		return;
	sendwin = min(tp->snd_wnd, tp->snd_cwnd);
	if (tp->snd_wnd / 4 * 5 < sb->sb_hiwat - lowat ||
	    used >= (uint32_t)V_tcp_autosndbuf_max ||
	    sendwin < used - (tp->snd_max - tp->snd_una) ||
	    tcp_compat_pressure(sb->sb_hiwat, false))
		return;
	if (!sbreserve(sb, ulmin(sb->sb_hiwat + (u_long)V_tcp_autosndbuf_inc +
	    sb->sb_hiwat / 2, (u_long)V_tcp_autosndbuf_max)))
		sb->sb_flags &= ~SB_AUTOSIZE;
}

/* ---- Quota ---- */

uint32_t
tcp_default_quota(struct tcpcb *tp, nstime_t *when __unused)
{
	uint32_t pipe = (uint32_t)tcp_compute_pipe(tp);

	return (tp->snd_cwnd > pipe ? tp->snd_cwnd - pipe : 0);
}

void
tcp_default_sent(struct tcpcb *tp, struct tcp_sent *ts)
{
	if (IN_FASTRECOVERY(tp->t_flags) && tp->t_loss != NULL)
		tp->t_loss->tl_prr_out += ts->ts_end - ts->ts_start;
}

/* ---- Options ---- */

static void
opt_pad(struct tcp_plan *p, int modulus, int rest)
{
	while (p->p_optlen % modulus != rest)
		p->p_opt[p->p_optlen++] = TCPOPT_NOP;
}

static void
opt_put32(struct tcp_plan *p, uint32_t v)
{
	v = htonl(v);
	memcpy(&p->p_opt[p->p_optlen], &v, sizeof(v));
	p->p_optlen += sizeof(v);
}

static void
opt_syn(struct tcpcb *tp, struct tcp_plan *p)
{
	uint16_t mss = (uint16_t)tcp_mssopt(tp);

	p->p_opt[p->p_optlen++] = TCPOPT_MAXSEG;
	p->p_opt[p->p_optlen++] = TCPOLEN_MAXSEG;
	p->p_opt[p->p_optlen++] = (uint8_t)(mss >> 8);
	p->p_opt[p->p_optlen++] = (uint8_t)mss;
	if (V_tcp_rexmit_drop_options && tp->t_rxtshift >= 3)
		return;
	if ((tp->t_flags & TF_REQ_SCALE) != 0) {
		opt_pad(p, 4, 1);
		p->p_opt[p->p_optlen++] = TCPOPT_WINDOW;
		p->p_opt[p->p_optlen++] = TCPOLEN_WINDOW;
		p->p_opt[p->p_optlen++] = tp->request_r_scale;
	}
	if ((tp->t_flags & TF_SACK_PERMIT) != 0) {
		opt_pad(p, 2, 0);
		p->p_opt[p->p_optlen++] = TCPOPT_SACK_PERMITTED;
		p->p_opt[p->p_optlen++] = TCPOLEN_SACK_PERMITTED;
	}
}

static void
opt_timestamp(struct tcpcb *tp, struct tcp_plan *p)
{
	opt_pad(p, 4, 2);
	p->p_opt[p->p_optlen++] = TCPOPT_TIMESTAMP;
	p->p_opt[p->p_optlen++] = TCPOLEN_TIMESTAMP;
	opt_put32(p, tcp_ts_getticks() + tp->ts_offset);
	opt_put32(p, tp->ts_recent);
}

/* The same if it is the first option, as in all segments but SYNs. */
static void
opt_timestamp_first(struct tcpcb *tp, struct tcp_plan *p)
{
	const uint32_t w[3] = {
		htonl(TCPOPT_NOP << 24 | TCPOPT_NOP << 16 |
		    TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP),
		htonl(tcp_ts_getticks() + tp->ts_offset),
		htonl(tp->ts_recent)
	};

	memcpy(p->p_opt, w, sizeof(w));
	p->p_optlen = sizeof(w);
}

/* The first time only. */
static void
opt_fastopen(struct tcpcb *tp, struct tcp_plan *p)
{
	p->p_optlen += (uint8_t)tcp_fastopen_option(tp,
	    &p->p_opt[p->p_optlen], TCP_MAXOLEN - p->p_optlen);
}

static void
opt_sack(struct tcpcb *tp, struct tcp_plan *p)
{
	struct sackblk blk[TCP_MAX_SACK];
	int i, n, room;

	room = TCP_MAXOLEN - (int)roundup2(p->p_optlen + 2, 4);
	if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
		room -= tcp_ecn_option_room(tp);
	n = tcp_sack_report(tp, blk, imin(room / TCPOLEN_SACK,
	    TCP_MAX_SACK));
	if (n == 0)
		return;
	opt_pad(p, 4, 2);
	p->p_opt[p->p_optlen++] = TCPOPT_SACK;
	p->p_opt[p->p_optlen++] =
	    (uint8_t)(TCPOLEN_SACKHDR + n * TCPOLEN_SACK);
	for (i = 0; i < n; i++) {
		opt_put32(p, blk[i].start);
		opt_put32(p, blk[i].end);
	}
	p->p_optsack = true;
	TCPSTAT_INC(tcps_sack_send_blocks);
}

/* The counts of Accurate ECN, if there is news; not on a SYN-ACK that goes
 * again, which may have been lost for it (RFC 9768, 3.2.3.2.2). */
static void
opt_accecn(struct tcpcb *tp, struct tcp_plan *p)
{
	if ((p->p_flags & TH_SYN) != 0 && (p->p_again != NULL ||
	    (p->p_flags & TH_ACK) == 0))
		return;
	p->p_optlen += (uint8_t)tcp_ecn_option(tp, &p->p_opt[p->p_optlen],
	    TCP_MAXOLEN - p->p_optlen);
}

/*
 * Linux's order: mss, then SACK permitted and time stamps in one word, then
 * the scale.  Its first window is a number of segments.
 */
static void
opt_linux_syn(struct tcpcb *tp, struct tcp_plan *p)
{
	bool sack = (tp->t_flags & TF_SACK_PERMIT) != 0, stamps;
	u_int flags = tp->t_flags;
	uint32_t mss = (uint32_t)tcp_mssopt(tp);

	stamps = (flags & ((p->p_flags & TH_ACK) != 0 ? TF_RCVD_TSTMP :
	    TF_REQ_TSTMP)) != 0;
	tp->t_flags &= ~(TF_REQ_SCALE | TF_SACK_PERMIT);
	opt_syn(tp, p);
	tp->t_flags = flags;
	if (!stamps && sack)
		opt_pad(p, 4, 2);
	if (sack) {
		p->p_opt[p->p_optlen++] = TCPOPT_SACK_PERMITTED;
		p->p_opt[p->p_optlen++] = TCPOLEN_SACK_PERMITTED;
	}
	if (stamps)
		opt_timestamp(tp, p);
	if ((flags & TF_REQ_SCALE) != 0) {
		opt_pad(p, 4, 1);
		p->p_opt[p->p_optlen++] = TCPOPT_WINDOW;
		p->p_opt[p->p_optlen++] = TCPOLEN_WINDOW;
		p->p_opt[p->p_optlen++] = tp->request_r_scale;
	}
	p->p_win = min(p->p_win, TCP_MAXWIN);
	if (p->p_win > mss)
		p->p_win -= p->p_win % mss;
}

/* The options that are for SYNs, and the time stamp. */
static void
opt_syn_all(struct tcpcb *tp, struct tcp_plan *p)
{
	if (V_tcp_ways.w_linux) {
		opt_linux_syn(tp, p);
		return;
	}
	opt_syn(tp, p);
	if ((tp->t_flags & TF_RCVD_TSTMP) != 0 ||
	    ((p->p_flags & TH_ACK) == 0 &&
	    (tp->t_flags & TF_REQ_TSTMP) != 0 &&
	    !(V_tcp_rexmit_drop_options && tp->t_rxtshift >= 3)))
		opt_timestamp(tp, p);
}

/* Room for the signature, which is no option but a must. */
static void
opt_signature(struct tcpcb *tp, struct tcp_plan *p)
{
	p->p_optlen = (uint8_t)tcp_sig_option(p->p_opt, p->p_optlen,
	    tcp_ao_of(tp));
}

/* All options of the planned segment; before its length is settled. */
static void
tcp_plan_options(struct tcpcb *tp, struct tcp_plan *p)
{
	bool syn = (p->p_flags & TH_SYN) != 0;

	p->p_optlen = 0;
	p->p_optsack = false;
	if ((tp->t_flags & TF_NOOPT) != 0) {
		if ((tp->t_flags & TF_SIGNATURE) != 0)
			opt_signature(tp, p);
		return;
	}
	if (__predict_false(syn))
		opt_syn_all(tp, p);
	else if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
		opt_timestamp_first(tp, p);
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0))
		opt_signature(tp, p);
	if (syn) {
		if ((tp->t_flags2 & TF2_TFO) != 0 && p->p_again == NULL)
			opt_fastopen(tp, p);
	} else if ((tp->t_flags & TF_SACK_PERMIT) != 0 && tcp_sack_due(tp))
		opt_sack(tp, p);
	if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
		opt_accecn(tp, p);
	while (p->p_optlen % 4 != 0)
		p->p_opt[p->p_optlen++] = tcp_pad_option();
}

/* ---- Plan ---- */

static uint16_t
tcp_state_flags(const struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_SYN_SENT:
		return (TH_SYN);
	case TCPS_SYN_RECEIVED:
		return (TH_SYN | TH_ACK);
	default:
		return (TH_ACK);
	}
}

static bool
tcp_wants_fin(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_SENTFIN) == 0 &&
	    (tp->t_state == TCPS_FIN_WAIT_1 || tp->t_state == TCPS_CLOSING ||
	    tp->t_state == TCPS_LAST_ACK));
}

/* Bytes of text that one segment, or what TSO makes several of, takes. */
static uint32_t
tcp_seg_limit(const struct tcpcb *tp, const struct tcp_plan *p)
{
	uint32_t mss = tp->t_maxseg - p->p_optlen, max;

	/* Each segment has an urgent pointer and a signature (which is that
	 * long) of its own. */
	if (!V_tcp_do_tso || tp->t_tsomax == 0 || p->p_optlen >
	    TCPOLEN_TIMESTAMP + 2 || SEQ_GT(tp->snd_up, tp->snd_una))
		return (mss);
	/* Room for the largest IP and TCP headers. */
	max = tp->t_tsomax - max_protohdr - sizeof(struct tcphdr) -
	    TCP_MAXOLEN;
	if (V_tcp_ways.w_tso_divisor != 0)
		max = min(max, tp->snd_cwnd /
		    (u_int)V_tcp_ways.w_tso_divisor);
	return (MAX(mss, max / mss * mss));
}

/* The SYN, first or again. */
static bool
plan_syn(struct tcpcb *tp, struct tcp_plan *p)
{
	struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);

	if (ts != NULL && (ts->ts_flags & TS_LOST) == 0)
		return (false);
	p->p_again = ts;
	p->p_seq = tp->iss;
	return (true);
}

/* Text behind a SYN-ACK that is not acknowledged yet (RFC 7413, 4.2.2): a
 * segment at a time, in the order of the user's. */
static bool
plan_early(struct tcpcb *tp, struct tcp_plan *p)
{
	uint32_t wnd = tcp_fastopen_window(tp);
	uint32_t avail = sbavail(&tptosocket(tp)->so_snd);
	uint32_t off = tp->snd_max - tp->snd_una - 1;

	if (off >= min(avail, wnd))
		return (false);
	p->p_seq = tp->snd_max;
	p->p_off = off;
	tcp_plan_options(tp, p);
	p->p_len = min(min(avail, wnd) - off,
	    (uint32_t)tp->t_maxseg - p->p_optlen);
	if (off + p->p_len == avail)
		p->p_flags |= TH_PUSH;
	return (true);
}

/* A lost range at the end goes with up to room bytes of new text behind it,
 * and the FIN, in one segment. */
static void
plan_extend(struct tcpcb *tp, struct tcp_plan *p, uint32_t room)
{
	uint32_t end = p->p_off + p->p_len, wnd;
	uint32_t avail = sbavail(&tptosocket(tp)->so_snd) - end;

	wnd = tp->snd_wnd > end ? tp->snd_wnd - end : 0;
	p->p_new = min(avail, min(wnd, room));
	p->p_len += p->p_new;
	if (p->p_new == avail && tcp_wants_fin(tp)) {
		p->p_newfin = true;
		p->p_flags |= TH_FIN;
	}
}

/* A lost range comes before anything new. */
static bool
plan_lost(struct tcpcb *tp, struct tcp_plan *p, uint32_t quota)
{
	struct tcp_sent *ts;
	uint32_t len, limit, mss;
	bool force;

	if ((ts = tcp_sent_firstlost(tp)) == NULL)
		return (false);
	/* The window is closed: one segment of it is probe enough. */
	force = (tp->t_flags & TF_FORCEDATA) != 0;
	if (tcp_timer_active(tp, TT_PERSIST) && !force)
		return (false);
	p->p_seq = ts->ts_start;
	tcp_plan_options(tp, p);
	mss = tp->t_maxseg - p->p_optlen;
	limit = !force && (V_sack_tso ||
	    (tp->t_flags & TF_SACK_PERMIT) == 0) ? tcp_seg_limit(tp, p) : mss;
	if (V_tcp_ways.w_collapse)
		tcp_sent_gather(tp, ts, mss);
	len = ts->ts_end - ts->ts_start;
	if ((ts->ts_flags & TS_FIN) != 0)
		len--;
	p->p_len = min(len, limit);
	if (quota < p->p_len) {
		/* Whole segments only, unless nothing would move at all. */
		if (p->p_len > mss && quota >= mss)
			p->p_len = rounddown(quota, mss);
		else if (tcp_inflight(tp) != 0)
			return (false);
		else
			p->p_len = min(p->p_len, mss);
	}
	if (p->p_len == len && (ts->ts_flags & TS_FIN) != 0)
		p->p_flags |= TH_FIN;
	p->p_off = ts->ts_start - tp->snd_una;
	if (p->p_len == len && ts->ts_end == tp->snd_max &&
	    (ts->ts_flags & TS_FIN) == 0 && quota > len && mss > len)
		plan_extend(tp, p, min(quota, mss) - len);
	if (p->p_len != 0 && p->p_off + p->p_len ==
	    sbavail(&tptosocket(tp)->so_snd))
		p->p_flags |= TH_PUSH;
	p->p_again = ts;
	return (true);
}

/* Does Nagle's algorithm see nothing in flight?  By Minshall, what was sent
 * last was full segments. */
static bool
plan_idle(const struct tcpcb *tp, uint32_t mss)
{
	const struct tcp_sent *ts;

	if ((tp->t_flags & TF_LASTIDLE) != 0)
		return (true);
	if (!V_tcp_ways.w_linux)
		return (false);
	ts = TAILQ_LAST(&tp->t_map, tcp_sentmap);
	return (ts == NULL || (ts->ts_end - ts->ts_start) % mss == 0);
}

/* May a segment of len bytes, less than the full mss, leave now? */
static bool
plan_small_ok(const struct tcpcb *tp, uint32_t len, uint32_t mss, bool all)
{
	/* What is urgent does not wait for the rest. */
	if ((tp->t_flags & TF_FORCEDATA) != 0 ||
	    SEQ_GT(tp->snd_up, tp->snd_max))
		return (true);
	if (all && ((tp->t_flags & TF_NODELAY) != 0 || plan_idle(tp, mss)) &&
	    (tp->t_flags & (TF_NOPUSH | TF_MORETOCOME)) == 0)
		return (true);
	return (tp->max_sndwnd != 0 && len >= tp->max_sndwnd / 2);
}

/* New text, and the FIN behind its end. */
static bool
plan_new(struct tcpcb *tp, struct tcp_plan *p, uint32_t quota)
{
	const struct socket *so = tptosocket(tp);
	uint32_t avail, len, limit, mss, wnd;
	bool all, fin;

	if (so == NULL)
		return (false);
	p->p_seq = tp->snd_max;
	p->p_off = tp->snd_max - tp->snd_una;
	if ((tp->t_flags & TF_SENTFIN) != 0)
		return (false);
	KASSERT(p->p_off <= sbavail(&so->so_snd), ("sent more than there is"));
	avail = sbavail(&so->so_snd) - p->p_off;
	fin = tcp_wants_fin(tp);
	if (avail == 0 && !fin)
		return (false);
	wnd = tp->snd_wnd > p->p_off ? tp->snd_wnd - p->p_off : 0;
	if ((tp->t_flags & TF_FORCEDATA) != 0 && wnd == 0)
		wnd = 1;
	tcp_plan_options(tp, p);
	limit = tcp_seg_limit(tp, p);
	mss = tp->t_maxseg - p->p_optlen;
	if (__predict_false((tp->t_flags2 & TF2_PMTUD) != 0)) {
		p->p_len = tcp_pmtud_probe(tp, avail, min(quota, wnd),
		    p->p_optlen);
		p->p_probe = p->p_len != 0;
		if (p->p_probe)
			return (true);
	}
	if ((tp->t_flags & TF_FORCEDATA) != 0)
		quota = MAX(quota, 1);
	len = min(min(avail, wnd), min(quota, limit));
	all = len == avail;
	if (len > mss)
		len = rounddown(len, mss);
	else if (len < mss && !(fin && all) && (len == 0 ||
	    !plan_small_ok(tp, len, mss, all)) && (len == 0 ||
	    (tp->t_flags2 & TF2_COMPAT) == 0 || !tcp_compat_uncorks(tp)))
		return (false);
	p->p_len = len;
	p->p_last = len == avail;
	if (fin && p->p_last)
		p->p_flags |= TH_FIN;
	if (len != 0 && p->p_last)
		p->p_flags |= TH_PUSH;
	return (true);
}

/* Nothing to send, but to acknowledge; and while our FIN is not
 * acknowledged, to say it again, which costs nothing. */
static bool
plan_ack(struct tcpcb *tp, struct tcp_plan *p)
{
	bool owed = (tp->t_flags & TF_ACKNOW) != 0;

	p->p_again = NULL;
	p->p_flags &= ~(TH_FIN | TH_PUSH);
	p->p_len = 0;
	p->p_seq = tp->snd_max;
	p->p_ackonly = p->p_last = true;
	if ((tp->t_flags & TF_SENTFIN) != 0 && tp->snd_una != tp->snd_max &&
	    (tp->t_state == TCPS_FIN_WAIT_1 || tp->t_state == TCPS_CLOSING ||
	    tp->t_state == TCPS_LAST_ACK)) {
		p->p_flags |= TH_FIN;
		p->p_seq--;
	}
	if (!owed) {
		if (!tcp_window_update_due(tp, p->p_win))
			return (false);
		TCPSTAT_INC(tcps_sndwinup);
	}
	tcp_plan_options(tp, p);
	return (true);
}

static bool
tcp_plan(struct tcpcb *tp, struct tcp_plan *p)
{
	nstime_t when = UINT64_MAX;
	uint32_t quota;

	p->p_again = NULL;
	p->p_ackonly = p->p_last = false;
	p->p_off = p->p_len = p->p_new = 0;
	p->p_newfin = false;
	p->p_probe = false;
	p->p_flags = tcp_state_flags(tp);
	p->p_win = tcp_adv_window(tp);
	if ((p->p_flags & TH_SYN) != 0) {
		if (V_tcp_ways.w_signed_win)
			p->p_win = min(p->p_win, INT16_MAX);
		if (plan_syn(tp, p)) {
			p->p_flags |= tcp_ecn_syn_flags(tp);
			tcp_plan_options(tp, p);
			p->p_last = (tp->t_flags2 & TF2_TFO) == 0;
			if (!p->p_last && p->p_again == NULL)
				p->p_len = tcp_fastopen_text(tp, p->p_optlen);
			return (true);
		}
		/* The SYN-ACK is out; other segments may want an ACK. */
		p->p_flags = TH_ACK;
		if (tp->t_state != TCPS_SYN_RECEIVED)
			return (false);
		if ((tp->t_flags2 & TF2_TFO) != 0 && plan_early(tp, p))
			return (true);
		return ((tp->t_flags & TF_ACKNOW) != 0 && plan_ack(tp, p));
	}
	/* How the SYN-ACK came is told by an ACK without text (RFC 9768,
	 * 3.2.2.1). */
	if (__predict_false((tp->t_flags2 & TF2_ACE_PERMIT) != 0) &&
	    tcp_ecn_owes_ack(tp) && (tp->t_flags & TF_ACKNOW) != 0) {
		tcp_output_later(tp);
		return (plan_ack(tp, p));
	}
	quota = tp->t_fb->tfb_quota(tp, &when);
	if (plan_lost(tp, p, quota))
		return (true);
	if (tp->t_snd_lost == 0 && plan_new(tp, p, quota))
		return (true);
	if (when != UINT64_MAX)
		tcp_timer_at(tp, TT_PACE, when);
	return (plan_ack(tp, p));
}

/* ---- Build ---- */

/* An mbuf chain with header, options and text: NULL if memory is short. */
static struct mbuf *
tcp_build(struct tcpcb *tp, const struct tcp_plan *p)
{
	struct socket *so = tptosocket(tp);
	struct mbuf *m, *mb;
	uint32_t hdrlen = sizeof(struct tcphdr) + p->p_optlen, moff;

	if ((m = m_gethdr(M_NOWAIT, MT_HEADER)) == NULL)
		return (NULL);
	m->m_data += max_hdr;
	m->m_len = (int)hdrlen;
	m->m_pkthdr.len = (int)(hdrlen + p->p_len);
	m->m_pkthdr.flowid = tp->t_inpcb.inp_hash;
	if (p->p_len == 0)
		return (m);
	mb = sbsndptr_noadv(&so->so_snd, p->p_off, &moff);
	m->m_next = m_copym(mb, (int)moff, (int)p->p_len, M_NOWAIT);
	if (m->m_next == NULL) {
		m_free(m);
		return (NULL);
	}
	if (p->p_again == NULL || p->p_new != 0)
		sbsndptr_adv(&so->so_snd, mb, p->p_len);
	return (m);
}

/* Fill the header in; the checksum field gets the pseudo header's sum. */
static void
tcp_fill_header(struct tcpcb *tp, struct mbuf *m, const struct tcp_plan *p)
{
	const struct in_conninfo *inc = &tp->t_inpcb.inp_inc;
	struct tcphdr *th = mtod(m, struct tcphdr *);
	uint32_t mss, win = p->p_win;
	uint8_t scale;

	scale = (p->p_flags & TH_SYN) == 0 &&
	    (tp->t_flags & TF_RCVD_SCALE) != 0 ? tp->rcv_scale : 0;
	th->th_sport = htons(inc->inc_lport);
	th->th_dport = htons(inc->inc_fport);
	th->th_seq = htonl(p->p_seq);
	th->th_ack = (p->p_flags & TH_ACK) != 0 ? htonl(tp->rcv_nxt) : 0;
	th->th_off = (uint8_t)((sizeof(*th) + p->p_optlen) >> 2);
	th->th_x2 = (p->p_flags & TH_AE) != 0;
	th->th_flags = (uint8_t)p->p_flags;
	th->th_win = htons((uint16_t)min(TCP_MAXWIN,
	    (uint32_t)(((uint64_t)win + (1u << scale) - 1) >> scale)));
	th->th_urp = 0;
	if (SEQ_GT(tp->snd_up, p->p_seq) && (p->p_flags & TH_SYN) == 0) {
		th->th_urp = htons(tcp_urgent_pointer(tp, p->p_seq));
		th->th_flags |= TH_URG;
		TCPSTAT_INC(tcps_sndurg);
	}
	/* All the room there is: less work than to copy what is used. */
	memcpy(th + 1, p->p_opt, sizeof(p->p_opt));
	m->m_pkthdr.csum_flags = IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ?
	    CSUM_TCP : CSUM_TCP_IPV6;
	m->m_pkthdr.csum_data = __offsetof(struct tcphdr, th_sum);
	mss = tp->t_maxseg - p->p_optlen;
	if (p->p_len > mss && !p->p_probe) {
		m->m_pkthdr.csum_flags |=
		    IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ? CSUM_IP_TSO :
		    CSUM_IP6_TSO;
		m->m_pkthdr.tso_segsz = (uint16_t)mss;
		/* CWR is part of a number, for each segment. */
		if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
			m->m_pkthdr.csum_flags |= CSUM_ACE;
	}
	m->m_pkthdr.l4hlen = (uint8_t)(th->th_off << 2);
	th->th_sum = in_pseudo_sum(&inc->inc_laddr, &inc->inc_faddr,
	    (uint32_t)m->m_pkthdr.len, IPPROTO_TCP);
}

/* A source route leads elsewhere first; IPv6 has none of these options. */
static void
tcp_ip_options(struct ip_output_args *ioa)
{
	const struct in6_addr *hop = ip_options_hop(ioa->ioa_options);

	if (!IN6_IS_ADDR_V4MAPPED(&ioa->ioa_dst))
		ioa->ioa_options = NULL;
	else if (hop != NULL)
		ioa->ioa_dst = *hop;
}

/* What few sockets ask of IP: 0, or ENETUNREACH. */
static int
tcp_ip_flags(const struct inpcb *inp, struct ip_output_args *ioa)
{
	if ((inp->inp_flags & INP_MINMTU) != 0)
		ioa->ioa_flags |= IOA_MINMTU;
	if ((inp->inp_flags & INP_NOHOPS) != 0)
		ioa->ioa_flags |= IOA_NOHOPS;
	if ((inp->inp_flags & INP_DONTROUTE) == 0)
		return (0);
	/* Should a router see it all the same, it ends there. */
	ioa->ioa_ttl = 1;
	return (ip_route_direct(&ioa->ioa_dst, ioa->ioa_scope, ioa->ioa_ro) ?
	    0 : ENETUNREACH);
}

/* Hand a finished segment to IP. */
static int
tcp_ip_send(struct mbuf *m, struct inpcb *inp, const struct in_conninfo *inc,
    uint8_t tos, uint8_t ttl, uint16_t udpport, const struct mbuf *ipopts)
{
	struct ip_output_args ioa;
	int error;

	ioa.ioa_src = inc->inc_laddr;
	ioa.ioa_dst = inc->inc_faddr;
	ioa.ioa_scope = inc->inc_scope;
	ioa.ioa_flowlabel = inp != NULL ? inp->inp_hash & 0xfffff : 0;
	ioa.ioa_proto = IPPROTO_TCP;
	if (__predict_false(udpport != 0)) {
		if ((error = tcp_udp_wrap(&m, inc, udpport)) != 0)
			return (error);
		ioa.ioa_proto = IPPROTO_UDP;
	}
	ioa.ioa_tos = tos;
	ioa.ioa_ttl = ttl;
	ioa.ioa_flags = V_tcp_do_pmtud ? IOA_DF : 0;
	if (inp != NULL && (intotcpcb(inp)->t_flags2 & TF2_NODF) != 0)
		ioa.ioa_flags &= (uint8_t)~IOA_DF;
	ioa.ioa_ro = inp != NULL ? &inp->inp_route : NULL;
	ioa.ioa_options = ipopts;
	if (__predict_false(ioa.ioa_options != NULL))
		tcp_ip_options(&ioa);
	if (inp != NULL && __predict_false((inp->inp_flags & (INP_MINMTU |
	    INP_DONTROUTE | INP_NOHOPS)) != 0) &&
	    (error = tcp_ip_flags(inp, &ioa)) != 0) {
		m_freem(m);
		return (error);
	}
	return (ip_send(m, &ioa));
}

/* ---- Sent ---- */

/* A SYN with text is two records, since either may arrive without the
 * other: 0 or ENOBUFS. */
static int
tcp_note_syntext(struct tcpcb *tp, const struct tcp_plan *p)
{
	struct tcp_sent *ts;
	int error;

	if ((error = tcp_sent_new(tp, 1, TS_SYN, &ts)) != 0)
		return (error);
	tp->t_fb->tfb_sent(tp, ts);
	if ((error = tcp_sent_new(tp, p->p_len, 0, &ts)) != 0) {
		/* Nothing left: next time it is plain. */
		(void)tcp_sent_lose_all(tp);
		return (error);
	}
	tp->t_fb->tfb_sent(tp, ts);
	return (0);
}

/* Enter the segment in the sent map: 0 or ENOBUFS. */
static int
tcp_note_sent(struct tcpcb *tp, const struct tcp_plan *p)
{
	struct tcp_sent *ts = p->p_again;
	uint32_t len = p->p_len;
	int error;

	if ((p->p_flags & (TH_SYN | TH_FIN)) != 0) {
		if (__predict_false((p->p_flags & TH_SYN) != 0 && len != 0))
			return (tcp_note_syntext(tp, p));
		len++;
	}
	if (len == 0 || p->p_ackonly)
		return (0);
	if (p->p_new != 0 || p->p_newfin)
		tcp_sent_extend(tp, ts, p->p_new, p->p_newfin);
	if (ts != NULL)
		error = tcp_sent_again(tp, ts, len);
	else
		error = tcp_sent_new(tp, len,
		    (p->p_flags & TH_SYN) != 0 ? TS_SYN :
		    (p->p_flags & TH_FIN) != 0 ? TS_FIN : 0, &ts);
	if (error != 0)
		return (error);
	if ((p->p_flags & TH_FIN) != 0)
		tp->t_flags |= TF_SENTFIN;
	if (__predict_false(p->p_probe))
		tcp_pmtud_sent(tp, ts, p->p_optlen);
	tp->t_fb->tfb_sent(tp, ts);
	return (0);
}

static void
tcp_count_sent(struct tcpcb *tp, const struct tcp_plan *p)
{
	TCPSTAT_INC(tcps_sndtotal);
	if (p->p_again != NULL) {
		tp->t_sndrexmitpack++;
		TCPSTAT_INC(tcps_sndrexmitpack);
		TCPSTAT_ADD(tcps_sndrexmitbyte, p->p_len);
		if (IN_FASTRECOVERY(tp->t_flags) &&
		    (tp->t_flags & TF_SACK_PERMIT) != 0) {
			TCPSTAT_INC(tcps_sack_rexmits);
			if (p->p_len > tcp_fixed_maxseg(tp))
				TCPSTAT_INC(tcps_sack_rexmits_tso);
			TCPSTAT_ADD(tcps_sack_rexmit_bytes, p->p_len);
		}
	} else if (p->p_len != 0) {
		if ((tp->t_flags & TF_FORCEDATA) != 0)
			TCPSTAT_INC(tcps_sndprobe);
		TCPSTAT_INC(tcps_sndpack);
		TCPSTAT_ADD(tcps_sndbyte, p->p_len);
	} else if (!p->p_ackonly)
		TCPSTAT_INC(tcps_sndctrl);
	else {
		tp->t_acktime = tcp_acktime();
		TCPSTAT_INC(tcps_sndacks);
	}
}

/* What the segment promised and acknowledged. */
static void
tcp_note_promise(struct tcpcb *tp, const struct tcp_plan *p)
{
	if ((p->p_flags & TH_ACK) == 0)
		return;
	if (SEQ_GT(tp->rcv_nxt + p->p_win, tp->rcv_adv))
		tp->rcv_adv = tp->rcv_nxt + p->p_win;
	if (p->p_win == 0)
		tp->t_flags |= TF_RXWIN0SENT;
	else
		tp->t_flags &= ~TF_RXWIN0SENT;
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_unacksegs = 0;
	if (tp->t_loss != NULL)
		tp->t_loss->tl_dsack.start = tp->t_loss->tl_dsack.end = 0;
	if ((tp->t_flags & TF_DELACK) != 0)
		tcp_timer_activate(tp, TT_DELACK, 0);
	tp->t_flags &= ~(TF_ACKNOW | TF_DELACK);
}

/*
 * Retransmission and persist timers for what is in flight or waits.  Text
 * that waits with nothing in flight, for a window or for Nagle's sake, must
 * not wait for ever: the persist timer forces it out.
 */
static void
tcp_output_timers(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);

	if (tcp_timer_active(tp, TT_REXMT) ||
	    tcp_timer_active(tp, TT_PERSIST))
		return;
	if (tp->snd_max != tp->snd_una) {
		tcp_timer_activate(tp, TT_REXMT, tcp_rto(tp));
		return;
	}
	if (so != NULL && TCPS_HAVEESTABLISHED(tp->t_state) &&
	    !tcp_timer_active(tp, TT_PACE) && sbavail(&so->so_snd) != 0 &&
	    !tcp_compat_corked(tp)) {
		tp->t_rxtshift = 0;
		tp->t_progress = tcp_acktime();
		tcp_setpersist(tp);
	}
}

/* ip_send() refused: what the connection makes of it. */
static int
tcp_output_error(struct tcpcb *tp, int error)
{
	uint32_t mtu;

	switch (error) {
	case EMSGSIZE:
		mtu = tcp_path_mtu(tp);
		if (mtu != 0)
			tcp_mtu_update(tp, mtu);
		(void)tcp_sent_lose_all(tp);
		tcp_timer_at(tp, TT_PACE, getnstime() + TCP_OUTPUT_RETRY);
		return (0);
	case ENOBUFS:
	case ENOMEM:
		TCPSTAT_INC(tcps_nomem);
		tcp_timer_at(tp, TT_PACE, getnstime() + TCP_OUTPUT_RETRY);
		return (0);
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EACCES:			/* no key to sign with */
		tp->t_softerror = (uint16_t)error;
		return (TCPS_HAVERCVDSYN(tp->t_state) ? 0 : error);
	default:
		return (error);
	}
}

/* Its ECN flags and codepoint.  Text that goes again and probes are as
 * what is no text. */
static void
tcp_plan_ecn(struct tcpcb *tp, struct tcp_plan *p, uint8_t *tos)
{
	uint32_t len = p->p_len;

	if ((p->p_flags & TH_SYN) != 0)
		return;
	if (p->p_again != NULL || (tp->t_flags & TF_FORCEDATA) != 0)
		len = 0;
	p->p_flags |= tcp_ecn_output(tp, len, p->p_ackonly &&
	    !p->p_optsack, tos);
}

/* One segment leaves. */
static int
tcp_send_plan(struct tcpcb *tp, struct tcp_plan *p)
{
	struct inpcb *inp = tptoinpcb(tp);
	struct mbuf *m;
	int error;
	uint8_t tos = inp->inp_tos;

	if ((m = tcp_build(tp, p)) == NULL)
		return (ENOBUFS);
	if (__predict_false((tp->t_flags2 & TF2_ECN_ANY) != 0))
		tcp_plan_ecn(tp, p, &tos);
	tcp_fill_header(tp, m, p);
	if ((error = tcp_note_sent(tp, p)) != 0) {
		m_freem(m);
		return (error);
	}
	tcp_count_sent(tp, p);
	tcp_note_promise(tp, p);
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0) &&
	    (error = tcp_sig_sign(m, &inp->inp_inc,
	    tcp_sig_ao(tp, NULL, NULL))) != 0) {
		m_freem(m);
		return (error);
	}
	return (tcp_ip_send(m, inp, &inp->inp_inc, tos, inp->inp_ttl,
	    inp->inp_udpport, inp->inp_options));
}

/* ---- The default block's output ---- */

/* Everything is acknowledged.  If nothing was sent for an RTO, too, the
 * window says nothing about the path any more (RFC 5681, 4.1). */
static void
tcp_output_idle(struct tcpcb *tp, const struct socket *so)
{
	if (tp->snd_una != tp->snd_max)
		return;
	tp->t_flags |= TF_LASTIDLE;
	if (sbavail(&so->so_snd) == 0 ||
	    tp->t_sndtime == 0 || !V_tcp_ways.w_idle_restart ||
	    getnstime() - tp->t_sndtime < tcp_rto(tp))
		return;
	if ((tp->t_flags2 & TF2_CWV) != 0)
		tcp_cwv_idle(tp);
	else
		cc_after_idle(tp);
}

/* The user, not the network, limits what is in flight. */
static void
tcp_note_applimited(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);

	if (so != NULL && tp->t_snd_lost == 0 &&
	    sbavail(&so->so_snd) <= tp->snd_max - tp->snd_una &&
	    tcp_inflight(tp) < tp->snd_cwnd)
		tp->t_app_limited = max((uint32_t)tp->t_delivered +
		    tcp_inflight(tp), 1);
}

/* Is there anything that a plan might find?  Most ACKs leave nothing to say,
 * which is cheaper to see here than to find out step by step. */
static bool
tcp_output_due(struct tcpcb *tp, const struct socket *so)
{
	if ((tp->t_flags & (TF_ACKNOW | TF_FORCEDATA)) != 0 ||
	    tp->t_snd_lost != 0)
		return (true);
	if ((tp->t_flags & TF_SENTFIN) == 0 && (tcp_wants_fin(tp) ||
	    sbavail(&so->so_snd) > tp->snd_max - tp->snd_una))
		return (true);
	return (tcp_window_update_due(tp, tcp_adv_window(tp)));
}

int
tcp_default_output(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);
	struct tcp_plan p;
	int error = 0;
	bool due = true;

	if (tp->t_state < TCPS_SYN_SENT || tp->t_state == TCPS_TIME_WAIT)
		return (0);
	if (so != NULL && TCPS_HAVEESTABLISHED(tp->t_state)) {
		tcp_output_idle(tp, so);
		tcp_sndbuf_autoscale(tp, so);
		due = tcp_output_due(tp, so);
	}
	while (due && tcp_plan(tp, &p)) {
		if ((error = tcp_send_plan(tp, &p)) != 0)
			break;
		tp->t_flags &= ~TF_FORCEDATA;
		due = !p.p_last;
	}
	if ((tp->t_flags & TF_MORETOCOME) == 0)
		tp->t_flags &= ~TF_LASTIDLE;
	if (error != 0)
		error = tcp_output_error(tp, error);
	tcp_output_timers(tp);
	tcp_note_applimited(tp);
	if (__predict_false((tp->t_flags2 & TF2_COMPAT) != 0))
		tcp_compat_notsent(tp);
	return (error);
}

/* ---- Segments out of the blue ---- */

void
tcp_bare_timestamp(struct tcp_bare *tb, uint32_t val, uint32_t ecr)
{
	uint8_t *opt;

	while (tb->tb_optlen % 4 != 2)
		tb->tb_opt[tb->tb_optlen++] = TCPOPT_NOP;
	opt = &tb->tb_opt[tb->tb_optlen];
	val = htonl(val);
	ecr = htonl(ecr);
	*opt++ = TCPOPT_TIMESTAMP;
	*opt++ = TCPOLEN_TIMESTAMP;
	memcpy(opt, &val, sizeof(val));
	memcpy(opt + sizeof(val), &ecr, sizeof(ecr));
	tb->tb_optlen += TCPOLEN_TIMESTAMP;
}

void
tcp_bare_sign(struct tcp_bare *tb, struct tcp_ao *ao)
{
	tb->tb_signed = true;
	tb->tb_ao = ao;
	tb->tb_optlen = (uint8_t)tcp_sig_option(tb->tb_opt, tb->tb_optlen,
	    ao);
}

void
tcp_bare_send(const struct tcp_bare *tb, struct inpcb *inp)
{
	const struct in_conninfo *inc = tb->tb_inc;
	struct tcphdr *th;
	struct mbuf *m;

	if ((m = m_gethdr(M_NOWAIT, MT_HEADER)) == NULL)
		return;
	m->m_data += max_hdr;
	m->m_len = m->m_pkthdr.len = (int)(sizeof(*th) + tb->tb_optlen);
	th = mtod(m, struct tcphdr *);
	memset(th, 0, sizeof(*th));
	th->th_sport = htons(inc->inc_lport);
	th->th_dport = htons(inc->inc_fport);
	th->th_seq = htonl(tb->tb_seq);
	th->th_ack = htonl((tb->tb_flags & TH_ACK) != 0 ? tb->tb_ack : 0);
	th->th_off = (uint8_t)(m->m_len >> 2);
	th->th_x2 = (tb->tb_flags & TH_AE) != 0;
	th->th_flags = (uint8_t)tb->tb_flags;
	th->th_win = htons(tb->tb_win);
	memcpy(th + 1, tb->tb_opt, tb->tb_optlen);
	m->m_pkthdr.csum_flags = IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ?
	    CSUM_TCP : CSUM_TCP_IPV6;
	m->m_pkthdr.csum_data = __offsetof(struct tcphdr, th_sum);
	m->m_pkthdr.l4hlen = (uint8_t)m->m_len;
	th->th_sum = in_pseudo_sum(&inc->inc_laddr, &inc->inc_faddr,
	    (uint32_t)m->m_pkthdr.len, IPPROTO_TCP);
	if (tb->tb_signed && tcp_sig_sign(m, inc, tb->tb_ao) != 0) {
		m_freem(m);
		return;
	}
	TCPSTAT_INC(tcps_sndtotal);
	(void)tcp_ip_send(m, inp, inc, tb->tb_tos, tb->tb_ttl,
	    tb->tb_udpport, inp != NULL ? inp->inp_options : tb->tb_ipopts);
}

void
tcp_respond(struct tcpcb *tp, const struct in_conninfo *inc, tcp_seq ack,
    tcp_seq seq, uint16_t flags, const struct tcp_seg *sg)
{
	struct inpcb *inp = tp != NULL ? tptoinpcb(tp) : NULL;
	struct tcp_bare tb = { .tb_inc = inc, .tb_seq = seq, .tb_ack = ack };
	struct tcp_ao ao;
	uint32_t win = 0;

	tb.tb_tos = inp != NULL ? inp->inp_tos : sg != NULL ?
	    sg->sg_ip->ii_tos & (uint8_t)~IPTOS_ECN_MASK : 0;
	tb.tb_ttl = inp != NULL ? inp->inp_ttl : 0;
	tb.tb_udpport = sg != NULL ? sg->sg_udpport :
	    inp != NULL ? inp->inp_udpport : 0;
	if (tp != NULL && tp->t_state > TCPS_LISTEN &&
	    (flags & TH_RST) == 0) {
		if ((tp->t_flags2 & TF2_ECN_ANY) != 0)
			flags |= tcp_ecn_output(tp, 0, false, &tb.tb_tos);
		win = tcp_adv_window(tp);
		if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
			tcp_bare_timestamp(&tb, tcp_ts_getticks() +
			    tp->ts_offset, tp->ts_recent);
		win = (win + (1u << tp->rcv_scale) - 1) >> tp->rcv_scale;
	}
	if (tp != NULL && (tp->t_flags & TF_SIGNATURE) != 0 &&
	    !tcp_sig_exempt(tp, sg))
		tcp_bare_sign(&tb, tcp_sig_ao(tp, sg, &ao));
	tb.tb_flags = flags;
	tb.tb_win = (uint16_t)min(TCP_MAXWIN, win);
	TCPSTAT_INC(tcps_sndctrl);
	/* A listener's route cache is for another destination. */
	tcp_bare_send(&tb, inp != NULL && inp->inp_fport != 0 ? inp : NULL);
}

void
tcp_reset_reply(struct tcpcb *tp, const struct tcp_seg *sg)
{
	uint32_t len = sg->sg_len;

	if ((sg->sg_flags & TH_RST) != 0 ||
	    in_multicast(&sg->sg_inc.inc_faddr) ||
	    in_any(&sg->sg_inc.inc_faddr) ||
	    badport_bandlim(BANDLIM_TCP_RST) != 0)
		return;
	if ((sg->sg_flags & TH_ACK) != 0) {
		tcp_respond(tp, &sg->sg_inc, 0, sg->sg_ack, TH_RST, sg);
		return;
	}
	len += ((sg->sg_flags & TH_SYN) != 0) + ((sg->sg_flags & TH_FIN) != 0);
	tcp_respond(tp, &sg->sg_inc, sg->sg_seq + len, 0, TH_RST | TH_ACK,
	    sg);
}

void
tcp_challenge_ack(struct tcpcb *tp)
{
	uint32_t now = tcp_ts_getticks();

	if (tp->t_chackcnt == 0 || TSTMP_GEQ(now, tp->t_chackend)) {
		tp->t_chackend = now + V_tcp_ack_war_timewindow;
		tp->t_chackcnt = 0;
	}
	if (V_tcp_ack_war_cnt != 0 && tp->t_chackcnt >= V_tcp_ack_war_cnt)
		return;
	tp->t_chackcnt++;
	TCPSTAT_INC(tcps_chack_sent);
	tcp_respond(tp, &tp->t_inpcb.inp_inc, tp->rcv_nxt, tp->snd_max,
	    TH_ACK, NULL);
	tp->last_ack_sent = tp->rcv_nxt;
}

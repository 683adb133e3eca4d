/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The ACK of a segment (RFC 9293, 3.10.7.4, fifth), and what follows from
 * it, in this order:
 *
 *   sent map, SACK     what has arrived (tcp_sentmap.c)
 *   round trip, rounds
 *   detect_loss        what has not (the block's)
 *   acked              recovery and congestion control (the block's)
 *
 * The default block's detect_loss is RFC 6675's IsLost() on the sent map:
 * a range is lost once three separate ranges, or more than two segments'
 * bytes, above it are SACKed; without SACK, after three duplicate ACKs
 * (RFC 5681), and at each partial ACK (RFC 6582).  A range sent again is
 * lost again once more than two segments' bytes sent later are SACKed.
 *
 * The default block's recovery sends by Proportional Rate Reduction (RFC
 * 9937): while more is in flight than ssthresh, ssthresh/RecoverFS bytes for
 * each byte delivered; then one for one, plus a segment when there is
 * progress.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_cong.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_rtt.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_sentmap.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

VNET_DEFINE_STATIC(int, insecure_ack) = 0;
#define	V_insecure_ack	VNET(insecure_ack)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, insecure_ack,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(insecure_ack), 0,
    "Take ACKs of data long acknowledged, as RFC 793 did");
VNET_DEFINE(int, tcp_do_prr) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, do_prr, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_prr), 0,
    "Proportional rate reduction while recovering from loss (RFC 9937)");
VNET_DEFINE_STATIC(int, tcp_do_prr_conservative) = 0;
#define	V_tcp_do_prr_conservative	VNET(tcp_do_prr_conservative)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, do_prr_conservative,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_do_prr_conservative), 0,
    "Below ssthresh send no more than was delivered (RFC 9937's CRB)");
VNET_DEFINE(int, tcp_do_lrd) = 1;
SYSCTL_DECL(_net_inet_tcp_sack);
SYSCTL_INT(_net_inet_tcp_sack, OID_AUTO, lrd, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_lrd), 0, "Detect the loss of retransmissions");

SYSCTL_INT(_net_inet_tcp_sack, OID_AUTO, revised, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_newsack), 0, "The mechanisms of RFC 6675: loss by "
    "bytes SACKed, bytes in flight, rescue retransmissions");

/* ---- The default block: which ranges are lost ---- */

/*
 * Walk down from the top until enough is SACKed above; everything below
 * that was sent once is lost.  What is below t_loss_edge was judged before.
 */
static uint32_t
loss_by_sack(struct tcpcb *tp)
{
	u_int thresh = tcp_dupthresh(tp);
	u_int limit = (thresh - 1) * tcp_fixed_maxseg(tp);
	struct tcp_sent *ts;
	tcp_seq edge = tp->t_loss_edge;
	uint32_t above = 0, blocks = 0, lost = 0;

	TAILQ_FOREACH_REVERSE(ts, &tp->t_map, tcp_sentmap, ts_link) {
		if (SEQ_LEQ(ts->ts_end, tp->t_loss_edge))
			break;
		if ((ts->ts_flags & TS_SACKED) != 0) {
			above += ts->ts_end - ts->ts_start;
			blocks++;
			continue;
		}
		if ((above <= limit || !V_tcp_do_newsack) &&
		    blocks < thresh)
			continue;
		if (SEQ_GT(ts->ts_end, edge))
			edge = ts->ts_end;
		if (!TS_RXT(ts))
			lost += tcp_sent_lose(tp, ts);
	}
	tp->t_loss_edge = edge;
	return (lost);
}

/* Ranges sent again that are lost again; those that were sent later may be
 * so before others in front of them. */
static uint32_t
loss_of_rexmits(struct tcpcb *tp)
{
	u_int limit = (tcp_dupthresh(tp) - 1) * tcp_fixed_maxseg(tp);
	struct tcp_sent *ts;
	uint32_t lost = 0;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link) {
		if (SEQ_GEQ(ts->ts_start, tp->t_loss_edge))
			break;
		if ((ts->ts_flags & (TS_SACKED | TS_LOST)) != 0 ||
		    !TS_RXT(ts) || SEQ_LEQ(tp->snd_fack, ts->ts_nxt + limit))
			continue;
		lost += tcp_sent_lose(tp, ts);
		TCPSTAT_INC(tcps_sack_lostrexmt);
	}
	return (lost);
}

/* The first segment's worth is lost. */
static uint32_t
loss_of_first(struct tcpcb *tp)
{
	return (tcp_sent_lose_first(tp, tcp_fixed_maxseg(tp)));
}

/* With something SACKed, or without SACK. */
static uint32_t __noinline
loss_search(struct tcpcb *tp, const struct tcp_acked *ta)
{
	const struct tcp_sent *first = TAILQ_FIRST(&tp->t_map);
	uint32_t lost = 0;

	if ((tp->t_flags & TF_SACK_PERMIT) != 0) {
		if (ta->ta_sacked != 0) {
			lost = loss_by_sack(tp);
			if (V_tcp_do_lrd)
				lost += loss_of_rexmits(tp);
		}
		if (lost == 0 && tp->t_dupacks >= tcp_dupthresh(tp) &&
		    !IN_FASTRECOVERY(tp->t_flags) && !TS_RXT(first))
			lost = loss_of_first(tp);
		return (lost);
	}
	if (IN_FASTRECOVERY(tp->t_flags))
		return (ta->ta_acked != 0 && SEQ_LT(ta->ta_ack,
		    tp->snd_recover) ? loss_of_first(tp) : 0);
	/* A reduction for ECN has moved snd_recover, too. */
	if (tp->t_dupacks == tcp_dupthresh(tp) &&
	    (IN_CONGRECOVERY(tp->t_flags) ||
	    SEQ_GEQ(ta->ta_ack, tp->snd_recover)))
		return (loss_of_first(tp));
	return (0);
}

uint32_t
tcp_default_detect_loss(struct tcpcb *tp, const struct tcp_acked *ta)
{
	if (TAILQ_EMPTY(&tp->t_map) || (tp->t_snd_sacked == 0 &&
	    (tp->t_flags & TF_SACK_PERMIT) != 0))
		return (0);
	return (loss_search(tp, ta));
}

/* ---- The default block: recovery ---- */

/* Bytes that this ACK says have left the network. */
static uint32_t
prr_delivered(struct tcpcb *tp, const struct tcp_acked *ta)
{
	uint32_t mss = tcp_maxseg(tp);

	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		return (tcp_delivered(ta));
	/* Without SACK a duplicate stands for one segment, which counts no
	 * more when it is acknowledged. */
	if (ta->ta_dupack)
		return (mss);
	return (ta->ta_acked - min(ta->ta_acked, tp->t_dupacks * mss));
}

static void
prr_update(struct tcpcb *tp, const struct tcp_acked *ta)
{
	struct tcp_loss *tl = tp->t_loss;
	uint32_t delivered, mss, pipe;
	int64_t sndcnt;

	mss = tcp_maxseg(tp);
	delivered = prr_delivered(tp, ta);
	tl->tl_prr_delivered += delivered;
	pipe = (uint32_t)tcp_compute_pipe(tp);
	if (pipe > tp->snd_ssthresh)
		sndcnt = (int64_t)howmany((uint64_t)tl->tl_prr_delivered *
		    tp->snd_ssthresh, MAX(tl->tl_recover_fs, 1)) -
		    tl->tl_prr_out;
	else {
		sndcnt = (int64_t)tl->tl_prr_delivered - tl->tl_prr_out;
		if (!V_tcp_do_prr_conservative)
			sndcnt = MAX(sndcnt, (int64_t)delivered);
		if (ta->ta_acked != 0 && ta->ta_lost == 0 &&
		    !V_tcp_do_prr_conservative)
			sndcnt += mss;
		sndcnt = MIN((int64_t)tp->snd_ssthresh - pipe, sndcnt);
	}
	if (sndcnt < 0)
		sndcnt = 0;
	/* The first fast retransmit, and that of a partial ACK (RFC 6582). */
	if (sndcnt < mss && (tl->tl_prr_out == 0 || (ta->ta_acked != 0 &&
	    (tp->t_flags & TF_SACK_PERMIT) == 0)))
		sndcnt = mss;
	tp->snd_cwnd = MAX(pipe + (uint32_t)sndcnt, mss);
}

static void
recovery_enter(struct tcpcb *tp, const struct tcp_acked *ta)
{
	struct tcp_loss *tl = tcp_loss(tp);

	tcp_undo_save(tp);
	cc_cong_signal(tp, ta->ta_ack, CC_NDUPACK);
	ENTER_FASTRECOVERY(tp->t_flags);
	tp->t_flags2 &= ~TF2_RESCUED;
	tp->snd_recover = tp->snd_max;
	if (tl != NULL) {
		tl->tl_prr_delivered = tl->tl_prr_out = 0;
		tl->tl_recover_fs = MAX(ta->ta_inflight, 1);
	}
	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		TCPSTAT_INC(tcps_sack_recovery_episode);
	if (TCP_TRACED(tp))
		tcp_trace(tp, "loss; bytes lost", (int)ta->ta_lost);
	if (V_tcp_do_prr && tp->t_loss != NULL)
		prr_update(tp, ta);
	else
		tp->snd_cwnd = tp->snd_ssthresh;
}

/* Is all that is lost on its way, and nothing new may go (NextSeg's rules 1
 * and 2 of RFC 6675, 4, find nothing)? */
static bool
recovery_idle(const struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t used = tp->snd_max - tp->snd_una;

	return (V_tcp_do_newsack && (tp->t_flags & TF_SACK_PERMIT) != 0 &&
	    tp->t_snd_lost == 0 && so != NULL &&
	    (sbavail(&so->so_snd) <= used || tp->snd_wnd <= used));
}

/*
 * Rescue retransmission (RFC 6675, 4, rule 4 of NextSeg): the front moves on,
 * nothing is SACKed or known as lost any more, there is nothing new to send,
 * and yet the end is missing: its last segment goes again, once in a recovery.
 */
static void
recovery_rescue(struct tcpcb *tp, const struct tcp_acked *ta)
{
	if ((tp->t_flags2 & TF2_RESCUED) != 0 || ta->ta_acked == 0 ||
	    tp->t_snd_sacked != 0 || !recovery_idle(tp))
		return;
	tp->t_flags2 |= TF2_RESCUED;
	(void)tcp_sent_lose_last(tp, tcp_fixed_maxseg(tp));
}

/*
 * NextSeg's rule 3: a hole below what is SACKed goes again though too little
 * is SACKed above it to tell that it is lost, as far as the window reaches
 * without it.
 */
static void
recovery_holes(struct tcpcb *tp)
{
	uint32_t len, pipe, room;
	struct tcp_sent *ts;

	if (tp->t_snd_sacked == 0 || !recovery_idle(tp))
		return;
	pipe = (uint32_t)tcp_compute_pipe(tp);
	room = tp->snd_cwnd > pipe ? tp->snd_cwnd - pipe : 0;
	TAILQ_FOREACH(ts, &tp->t_map, ts_link) {
		if (SEQ_GT(ts->ts_end, tp->snd_fack))
			break;
		if ((ts->ts_flags & TS_SACKED) != 0 || TS_RXT(ts))
			continue;
		len = ts->ts_end - ts->ts_start;
		if (len > room)
			break;
		(void)tcp_sent_lose(tp, ts);
		/* It still counts as under way, too. */
		tp->snd_cwnd -= len;
		room -= len;
	}
}

static void
recovery_step(struct tcpcb *tp, const struct tcp_acked *ta)
{
	u_int segs;

	if (ta->ta_acked != 0 && SEQ_GEQ(ta->ta_ack, tp->snd_recover)) {
		tp->t_dupacks = 0;
		tp->t_flags2 &= ~TF2_RESCUED;
		cc_post_recovery(tp, ta->ta_ack);
		return;
	}
	recovery_rescue(tp, ta);
	if (ta->ta_acked != 0)
		cc_ack_received(tp, ta->ta_acked, ta->ta_nsegs,
		    CC_PARTIALACK);
	else if (ta->ta_dupack)
		cc_ack_received(tp, 0, ta->ta_nsegs, CC_DUPACK);
	if (V_tcp_do_prr && tp->t_loss != NULL)
		prr_update(tp, ta);
	recovery_holes(tp);
	/* Segments behind the one sent again had sent duplicates. */
	if (ta->ta_acked != 0 && (tp->t_flags & TF_SACK_PERMIT) == 0) {
		segs = howmany(ta->ta_acked, tcp_fixed_maxseg(tp)) - 1;
		tp->t_dupacks -= (uint16_t)min(tp->t_dupacks, segs);
	}
}

static inline void
acked_progress(struct tcpcb *tp, const struct tcp_acked *ta)
{
	if (SEQ_GEQ(ta->ta_ack, tp->snd_recover))
		tp->t_flags2 &= ~TF2_RTOLOSS;
	tp->t_dupacks = 0;
	cc_progress(tp, ta->ta_acked, ta->ta_nsegs);
}

/* While recovering, on a loss, or nothing acknowledged. */
static void __noinline
acked_rare(struct tcpcb *tp, const struct tcp_acked *ta)
{
	if (IN_FASTRECOVERY(tp->t_flags))
		recovery_step(tp, ta);
	/* After a timeout slow start repairs it; no second reduction. */
	else if (ta->ta_lost != 0 && (tp->t_flags2 & TF2_RTOLOSS) == 0)
		recovery_enter(tp, ta);
	else if (ta->ta_acked != 0)
		acked_progress(tp, ta);
	else if (ta->ta_dupack)
		cc_ack_received(tp, 0, ta->ta_nsegs, CC_DUPACK);
}

void
tcp_default_acked(struct tcpcb *tp, const struct tcp_acked *ta)
{
	if (__predict_true(!IN_FASTRECOVERY(tp->t_flags) &&
	    ta->ta_lost == 0 && ta->ta_acked != 0))
		acked_progress(tp, ta);
	else
		acked_rare(tp, ta);
}

/* ---- The stage ---- */

/* The peer's window is that of sg, which is newer than what told of the last
 * one, of which it has used up so much. */
static inline void
ack_window_new(struct tcpcb *tp, const struct tcp_seg *sg, uint32_t used)
{
	const uint32_t old = tp->snd_wnd, wnd = sg->sg_win;

	tp->snd_wnd = wnd;
	tp->snd_wl1 = sg->sg_came;
	tp->snd_wl2 = sg->sg_ack;
	if (wnd > tp->max_sndwnd)
		tp->max_sndwnd = wnd;
	if (wnd == 0)
		tp->t_sndzerowin += old > used;
	else if (__predict_false(tcp_timer_active(tp, TT_PERSIST))) {
		/* It opened: what probed it goes again with the rest. */
		tcp_timer_off(tp, TT_PERSIST);
		tp->t_rxtshift = 0;
		(void)tcp_sent_lose_all(tp);
	}
}

/* RFC 9293: take the peer's window if this segment is newer. */
static int
ack_window(struct tcpcb *tp, const struct tcp_seg *sg)
{
	const int newer = (int)(sg->sg_came - tp->snd_wl1);

	if (newer < 0 || (newer == 0 && !SEQ_LT(tp->snd_wl2, sg->sg_ack) &&
	    !(tp->snd_wl2 == sg->sg_ack && sg->sg_win > tp->snd_wnd)))
		return (TV_OK);
	if (sg->sg_len == 0 && tp->snd_wl2 == sg->sg_ack &&
	    sg->sg_win > tp->snd_wnd)
		TCPSTAT_INC(tcps_rcvwinupd);
	ack_window_new(tp, sg, 0);
	return (TV_OUTPUT);
}

/* Our FIN is acknowledged: on to the next state. */
static int
ack_of_fin(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);

	switch (tp->t_state) {
	case TCPS_FIN_WAIT_1:
		tcp_state_change(tp, TCPS_FIN_WAIT_2);
		/* Nobody will read: do not wait for ever (RFC 9293, 3.6). */
		if (so != NULL &&
		    (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0) {
			tcp_timer_activate(tp, TT_2MSL,
			    tcp_finwait2_time(tp));
			return (TV_DISCONNECTED);
		}
		/* Who still reads may have a larger window to tell of. */
		return (TV_OUTPUT);
	case TCPS_CLOSING:
		return (TV_STOP | TV_TIMEWAIT | TV_DISCONNECTED);
	case TCPS_LAST_ACK:
		return (TV_STOP | TV_GONE);
	default:
		return (TV_OK);
	}
}

/* What lies behind SND.UNA must not come to lie ahead by wrapping: each time
 * a quarter of the numbers is through it is brought along. */
#define	ACK_QUARTER	(1u << 30)
static void __noinline
ack_bring_along(struct tcpcb *tp, tcp_seq una)
{
	if (SEQ_LT(tp->snd_fack, una))
		tp->snd_fack = una;
	if (SEQ_LT(tp->t_loss_edge, una))
		tp->t_loss_edge = una;
	if (SEQ_LT(tp->snd_up, una))
		tp->snd_up = una;
	if (!IN_RECOVERY(tp->t_flags) && SEQ_LT(tp->snd_recover, una))
		tp->snd_recover = una;
}

/* snd_una moves, over what flags say of: the buffer is freed, the timer begins
 * anew, and the window is this segment's, or its right edge stays, if it is an
 * older one. */
static __always_inline int
ack_advance(struct tcpcb *tp, const struct tcp_seg *sg, u_int flags,
    uint32_t data)
{
	const tcp_seq una = sg->sg_ack;
	struct socket *so = tptosocket(tp);

	if (__predict_false((tp->snd_una ^ una) >= ACK_QUARTER))
		ack_bring_along(tp, una);
	tp->snd_una = una;
	if (so != NULL && data != 0)
		sbdrop(&so->so_snd, (int)data);
	if (tp->t_app_limited != 0 &&
	    SEQ_GT((uint32_t)tp->t_delivered, tp->t_app_limited))
		tp->t_app_limited = 0;
	if (una == tp->snd_max)
		tcp_timer_off(tp, TT_REXMT);
	else
		tcp_timer_activate(tp, TT_REXMT, tcp_rto(tp));
	/* It tells of more than the one before: wl2 < ack. */
	if (__predict_true(SEQ_LEQ(tp->snd_wl1, sg->sg_came)))
		ack_window_new(tp, sg, data);
	else
		tp->snd_wnd -= min(tp->snd_wnd, data);
	/* Behind a FIN there is no text to send. */
	return (TV_WAKEWR | (__predict_false((flags & TS_FIN) != 0) ?
	    ack_of_fin(tp) : TV_OUTPUT));
}

/*
 * A duplicate (RFC 5681, 2): no text, no change of the window, something
 * in flight; with SACK, one that tells of something new (RFC 6675, 2).
 */
static bool
ack_is_dup(const struct tcpcb *tp, const struct tcp_seg *sg, uint32_t sacked)
{
	/* Answers to probes of a closed window tell of no loss. */
	if (sg->sg_ack != tp->snd_una || tp->snd_max == tp->snd_una ||
	    tcp_timer_active(tp, TT_PERSIST))
		return (false);
	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		return (sacked != 0);
	return (sg->sg_len == 0 && sg->sg_win == tp->snd_wnd &&
	    (sg->sg_flags & TH_FIN) == 0);
}

/* The round trip by the time stamp that was echoed (RFC 7323, 4.1). */
static bool __noinline
ack_rtt_echoed(const struct tcpcb *tp, const struct tcpopt *to,
    struct tcp_acked *ta)
{
	uint32_t ms;

	if ((tp->t_flags & TF_RCVD_TSTMP) == 0 ||
	    (to->to_flags & TOF_TS) == 0 || to->to_tsecr == 0)
		return (false);
	ms = tcp_ts_getticks() - (to->to_tsecr - tp->ts_offset);
	/* An echo from the future, or from long ago, is none. */
	if (ms >= V_tcp_rexmit_max / NS_PER_MSEC)
		return (false);
	ta->ta_rtt = MAX(ms, 1) * NS_PER_MSEC;
	ta->ta_rtt_xmits = 2;
	return (true);
}

/*
 * The round trip.  What was sent again gives no measurement (Karn's rule),
 * unless the peer echoes the time stamp that it answers.
 */
static inline void
ack_rtt(struct tcpcb *tp, const struct tcp_seg *sg, struct tcp_acked *ta)
{
	if (ta->ta_rtt != 0 || (ta->ta_acked != 0 &&
	    ack_rtt_echoed(tp, &sg->sg_to, ta)))
		tcp_rtt_take(tp, &V_tcpstat, tcp_rtt_us(ta->ta_rtt));
}

/* The module learns of it, if the connection goes on. */
static inline void
ack_rtt_tell(struct tcpcb *tp, uint32_t us, uint32_t again, uint32_t inflight)
{
	const struct cc_algo *algo = CC_ALGO(tp);

	if (algo->rttsample != NULL)
		algo->rttsample(&tp->t_ccv, us, again, inflight);
}

/* What few connections want to know of an ACK. */
static void
ack_more(struct tcpcb *tp, const struct tcp_seg *sg, struct tcp_acked *ta)
{
	if ((tp->t_flags2 & TF2_ECN_ANY) != 0)
		tcp_ecn_acked(tp, sg, ta);
	if ((tp->t_flags2 & TF2_PMTUD) != 0)
		tcp_pmtud_acked(tp, ta);
	if ((tp->t_flags2 & TF2_CWV) != 0)
		tcp_cwv_acked(tp, ta);
}

/* Of t_flags2: who wants to know more. */
#define	ACK_RARE	(TF2_ECN_ANY | TF2_PMTUD | TF2_CWV | TF2_FRTO)

/* Loss, and what follows for the congestion window: the block's. */
static void __noinline
ack_judge(struct tcpcb *tp, const struct tcp_seg *sg, struct tcp_acked *ta)
{
	const bool rare = (tp->t_flags2 & ACK_RARE) != 0;

	if (ta->ta_acked != 0 && SEQ_GEQ(ta->ta_ack, tp->t_round_end))
		tcp_round_begin(tp);
	if (__predict_false(rare))
		ack_more(tp, sg, ta);
	ta->ta_lost = tp->t_fb->tfb_detect_loss(tp, ta);
	if (__predict_false(rare) && (tp->t_flags2 & TF2_PMTUD) != 0)
		tcp_pmtud_lost(tp, ta);
	tp->t_fb->tfb_acked(tp, ta);
	if (__predict_false(rare) && (tp->t_flags2 & TF2_FRTO) != 0)
		tcp_frto_acked(tp, ta);
}

static inline void
ack_count(const struct tcpcb *tp, struct tcpstat *st, const struct tcp_seg *sg,
    uint32_t sacked, uint32_t data)
{
	/* What nearly every segment to a sender in bulk is. */
	if (sg->sg_len == 0 && sacked == 0 &&
	    sg->sg_win == tp->snd_wnd && sg->sg_seq == tp->rcv_nxt)
		st->tcps_predack++;
	st->tcps_segstimed++;
	st->tcps_rcvackpack++;
	st->tcps_rcvackbyte += data;
}

/* One that acknowledges nothing new: a duplicate, perhaps. */
static int __noinline
ack_of_nothing(struct tcpcb *tp, const struct tcp_seg *sg,
    struct tcp_acked *ta)
{
	ta->ta_dupack = ack_is_dup(tp, sg, ta->ta_sacked);
	if (ta->ta_dupack) {
		tp->t_dupacks += tp->t_dupacks < UINT16_MAX;
		TCPSTAT_INC(tcps_rcvdupack);
	}
	return (ack_window(tp, sg) |
	    (ta->ta_dupack || ta->ta_sacked != 0 ? TV_OUTPUT : TV_OK));
}

/* All that an acceptable ACK of a synchronized connection says. */
static int __noinline
ack_general(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_acked ta = { .ta_ack = sg->sg_ack,
	    .ta_inflight = tcp_inflight(tp), .ta_nsegs = tcp_nsegs(sg) };
	uint32_t data;
	int v;

	if (sg->sg_ack != tp->snd_una)
		tcp_sent_acked_one(tp, sg->sg_ack, &ta);
	if (__predict_false((sg->sg_to.to_flags & TOF_SACK) != 0) &&
	    (tp->t_flags & TF_SACK_PERMIT) != 0)
		tcp_sent_sacked(tp, &sg->sg_to, &ta);
	ack_rtt(tp, sg, &ta);
	if (__predict_true(ta.ta_acked != 0)) {
		data = tcp_acked_text(&ta);
		ack_count(tp, &V_tcpstat, sg, ta.ta_sacked, data);
		tp->t_progress = tcp_acktime();
		v = ack_advance(tp, sg, ta.ta_flags, data);
		if ((v & TV_STOP) != 0)
			return (v);
	} else
		v = ack_of_nothing(tp, sg, &ta);
	if (ta.ta_rtt != 0)
		ack_rtt_tell(tp, tcp_rtt_us(ta.ta_rtt), ta.ta_rtt_xmits - 1,
		    ta.ta_inflight);
	if (__predict_false((tp->t_flags & TF_PREVVALID) != 0))
		v |= tcp_undo_acked(tp, sg, &ta);
	if (ta.ta_acked == 0 && ta.ta_sacked == 0 && !ta.ta_dupack)
		return (v);
	ack_judge(tp, sg, &ta);
	return (v);
}

/*
 * Is nothing lost, SACKed or to be undone, does nobody want to know more of an
 * ACK than congestion control does, and is it the default block that judges
 * it?  Then what the general way comes to is known without what it is told by.
 */
static inline bool
ack_is_plain(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	return ((tp->t_flags & (TF_SACK_PERMIT | TF_FASTRECOVERY |
	    TF_PREVVALID)) == TF_SACK_PERMIT && tp->t_snd_sacked == 0 &&
	    (tp->t_flags2 & (ACK_RARE | TF2_RTOLOSS)) == 0 &&
	    (sg->sg_to.to_flags & TOF_SACK) == 0 &&
	    (tp->t_fb->tfb_flags & TCP_FUNC_PLAINACK) != 0);
}

/* What a plain one comes to for rounds, recovery and congestion control. */
static __always_inline void
ack_plain_judge(struct tcpcb *tp, const struct tcp_seg *sg, uint32_t us,
    uint32_t acked)
{
	/* Nothing is SACKed. */
	tcp_round_measured(tp, us, tp->snd_max - tp->snd_una -
	    tp->t_snd_lost + acked, sg->sg_ack);
	tp->t_dupacks = 0;
	cc_progress(tp, acked, sg->sg_joined);
}

/* A plain one of the records up to last, all of which were sent once and
 * neither SACKed nor lost. */
static __always_inline int
ack_plain(struct tcpcb *tp, const struct tcp_seg *sg,
    const struct tcp_sent *last)
{
	const uint32_t acked = sg->sg_ack - tp->snd_una;
	const nstime_t now = getnstime();
	const uint32_t us = tcp_rtt_us(now - last->ts_time);
	struct tcpstat *st = &V_tcpstat;
	uint32_t data = acked;
	u_int flags;
	int v;

	tp->t_delivered += acked;
	tp->t_delivered_time = now;
	tp->t_first_sent_time = last->ts_time;
	tp->t_progress = (uint32_t)(now >> TCP_ACKTIME_SHIFT);
	tcp_rtt_take(tp, st, us);
	flags = (last->ts_flags & TS_FIN) |
	    (TAILQ_FIRST(&tp->t_map)->ts_flags & TS_SYN);
	if (__predict_false(flags != 0))
		data -= flags == (TS_SYN | TS_FIN) ? 2 : 1;
	ack_count(tp, st, sg, 0, data);
	tcp_sent_remove_to(tp, last);
	v = ack_advance(tp, sg, flags, data);
	if ((v & TV_STOP) == 0)
		ack_plain_judge(tp, sg, us, acked);
	return (v);
}

/* One that acknowledges something new. */
int
tcp_ack_new(struct tcpcb *tp, const struct tcp_seg *sg)
{
	const struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);

	if (__predict_false(!ack_is_plain(tp, sg)))
		return (ack_general(tp, sg));
	for (; ts != NULL && tcp_sent_straight(ts);
	    ts = TAILQ_NEXT(ts, ts_link)) {
		if (__predict_true(ts->ts_end == sg->sg_ack))
			return (ack_plain(tp, sg, ts));
		if (SEQ_GT(ts->ts_end, sg->sg_ack))
			break;
	}
	return (ack_general(tp, sg));
}

/* The ACK that completes the handshake (RFC 9293, SYN-RECEIVED STATE). */
static int __noinline
ack_of_handshake(struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (SEQ_LEQ(sg->sg_ack, tp->snd_una) ||
	    SEQ_GT(sg->sg_ack, tp->snd_max)) {
		TCPSTAT_INC(tcps_rcvghostack);
		return (TV_STOP | TV_RST);
	}
	/* The window of this segment counts whatever came before. */
	tp->snd_wl1 = sg->sg_came - 1;
	tcp_fastopen_free(tp);
	tcp_established(tp);
	return (TV_CONNECTED | TV_OUTPUT);
}

/* Of the one below, what the block is told. */
static void __noinline
ack_first_judge(struct tcpcb *tp, const struct tcp_seg *sg, nstime_t rtt)
{
	struct tcp_acked ta = { .ta_ack = sg->sg_ack, .ta_acked = 1,
	    .ta_inflight = 1, .ta_flags = TS_SYN, .ta_nsegs = tcp_nsegs(sg),
	    .ta_rtt = rtt + (rtt == 0), .ta_rtt_xmits = 1,
	    .rs_delivered = 1, .rs_interval = rtt };

	ack_rtt_tell(tp, tcp_rtt_us(rtt), 0, 1);
	ack_judge(tp, sg, &ta);
}

/*
 * The same for a connection whose SYN-ACK, sent once, at that time, nobody
 * has noted in the sent map yet: sg acknowledges it and says nothing else.
 * What the note and its end, and an ACK's stages, would come to is known.
 */
void
tcp_ack_first(struct tcpcb *tp, const struct tcp_seg *sg, nstime_t sent)
{
	const nstime_t now = getnstime();
	const uint32_t us = tcp_rtt_us(now - sent);

	tp->snd_nxt = tp->snd_max = sg->sg_ack;
	tp->t_delivered = 1;
	tp->t_first_sent_time = sent;
	tp->t_delivered_time = tp->t_sndtime = now;
	tp->t_progress = (uint32_t)(now >> TCP_ACKTIME_SHIFT);
	tcp_established(tp);
	tp->snd_una = sg->sg_ack;
	tcp_rtt_take(tp, &V_tcpstat, us);
	ack_count(tp, &V_tcpstat, sg, 0, 0);
	tp->snd_wnd = tp->max_sndwnd = sg->sg_win << tp->snd_scale;
	tp->snd_wl1 = sg->sg_came;
	tp->snd_wl2 = sg->sg_ack;
	if (__predict_true(ack_is_plain(tp, sg)))
		ack_plain_judge(tp, sg, us, 1);
	else
		ack_first_judge(tp, sg, now - sent);
}

/* An ACK outside of what is in flight: RFC 5961, section 5. */
int
tcp_ack_outside(struct tcpcb *tp, struct tcp_seg *sg)
{
	const bool ahead = SEQ_GT(sg->sg_ack, tp->snd_max);
	int v = TV_OK;

	if (ahead || (!V_insecure_ack &&
	    SEQ_LT(sg->sg_ack, tp->snd_una - tp->max_sndwnd))) {
		if (ahead)
			TCPSTAT_INC(tcps_rcvacktoomuch);
		else
			TCPSTAT_INC(tcps_rcvacktooold);
		tcp_log_wrong(sg, ahead ? "acknowledges what was not sent" :
		    "acknowledges what was long acknowledged");
		tcp_challenge_ack(tp);
		return (TV_STOP);
	}
	if ((tp->t_flags2 & TF2_ECN_ANY) != 0)
		v = tcp_ecn_input(tp, sg);
	TCPSTAT_INC(tcps_rcvdupack);
	return (v);
}

/* With SACK an ACK of the same as before, without blocks, says nothing but
 * the window (and is no duplicate: ack_is_dup()). */
static inline bool
ack_is_old(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	return ((sg->sg_to.to_flags & TOF_SACK) == 0 &&
	    (tp->t_flags & (TF_SACK_PERMIT | TF_PREVVALID)) ==
	    TF_SACK_PERMIT);
}

int
tcp_ack_again(struct tcpcb *tp, struct tcp_seg *sg)
{
	return (ack_is_old(tp, sg) ? ack_window(tp, sg) :
	    ack_general(tp, sg));
}

/* With a handshake to complete, or with ECN. */
int
tcp_ack_unusual(struct tcpcb *tp, struct tcp_seg *sg)
{
	int v = TV_OK;

	if (tp->t_state == TCPS_SYN_RECEIVED) {
		v = ack_of_handshake(tp, sg);
		if ((v & TV_STOP) != 0)
			return (v);
	}
	if ((tp->t_flags2 & TF2_ECN_ANY) != 0 &&
	    sg->sg_ack - tp->snd_una <= tp->snd_max - tp->snd_una)
		v |= tcp_ecn_input(tp, sg);
	return (v | tcp_ack_usual(tp, sg));
}

int
tcp_stage_ack(struct tcpcb *tp, struct tcp_seg *sg)
{
	if ((sg->sg_flags & TH_ACK) == 0)
		return (TV_STOP);
	if (tp->t_state == TCPS_SYN_RECEIVED ||
	    (tp->t_flags2 & TF2_ECN_ANY) != 0)
		return (tcp_ack_unusual(tp, sg));
	return (tcp_ack_usual(tp, sg));
}

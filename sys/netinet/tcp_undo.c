/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Loss that was none.  A path that becomes slow for a while makes the timer
 * fire, and one that changes the order of segments makes SACK tell of holes,
 * though all of it arrives.  What is sent again then is wasted, but the
 * reduction of the window, and after a timeout the slow start over all that
 * was in flight, can be taken back.
 *
 *	loss found	tcp_undo_save(): windows as they are
 *	  |
 *	  v		what tells that it was none:
 *	TF_PREVVALID ---- Eifel (RFC 3522): the ACK that covers the first
 *	  |	  	  segment sent again echoes a time stamp from before
 *	  |		  that was done
 *	  |------------ F-RTO (RFC 5682), without time stamps, after a
 *	  |		  timeout: two new segments leave instead of more old
 *	  |		  ones, and the next ACK covers what was sent once
 *	  |------------ D-SACK (RFC 2883, RFC 3708): the peer has got
 *	  |		  everything twice that was sent again
 *	  |------------ all arrives before any of it has been sent again
 *	  v
 *	CC_RTO_ERR	the windows saved are in force again, and what was
 *			marked lost and has not been sent again is in flight
 *
 * What was saved is forgotten with the next loss, with a mark of ECN (then
 * there was congestion), and when a window beyond the last retransmission is
 * acknowledged.
 *
 * F-RTO in states:  TF2_FRTO1, the timeout's segment is on its way;
 * TF2_FRTO2, the two new segments are.  A timeout while an earlier one is
 * still repaired does not begin it (RFC 5682, 2.1, step 1).
 *
 * Touches: the windows, the recovery flags and the sent map of a connection.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/tcp_loss.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

/* What a second loss after the new segments leaves of the window (RFC 5682,
 * 2.1, step 3). */
#define	FRTO_LOST_SEGS	3U
#define	FRTO_NEW_SEGS	2U

#define	UNDO_NEVER	(1U << 30)	/* ms before all that may be echoed */

/* If the first segment missing has been sent again before, its ACK cannot
 * tell whether this loss is one: no time is early enough. */
static void
undo_mark(const struct tcpcb *tp, struct tcp_loss *tl)
{
	const struct tcp_sent *first = TAILQ_FIRST(&tp->t_map);

	tl->tl_badrxtwin = tcp_ts_getticks();
	if (first != NULL && TS_RXT(first) && tp->t_rxtshift == 0)
		tl->tl_badrxtwin -= UNDO_NEVER;
}

void
tcp_undo_save(struct tcpcb *tp)
{
	struct tcp_loss *tl = tcp_loss(tp);

	if (tl == NULL) {
		tcp_undo_forget(tp);
		return;
	}
	tp->snd_cwnd_prev = tp->snd_cwnd;
	tl->tl_ssthresh_prev = tp->snd_ssthresh;
	tl->tl_recover_prev = tp->snd_recover;
	tp->t_flags &= ~(TF_WASFRECOVERY | TF_WASCRECOVERY);
	if (IN_FASTRECOVERY(tp->t_flags))
		tp->t_flags |= TF_WASFRECOVERY;
	if (IN_CONGRECOVERY(tp->t_flags))
		tp->t_flags |= TF_WASCRECOVERY;
	tp->t_flags |= TF_PREVVALID;
	undo_mark(tp, tl);
	tl->tl_undo_una = tl->tl_undo_end = tp->snd_una;
	tl->tl_undo_rxt = 0;
}

void
tcp_undo_timeout(struct tcpcb *tp)
{
	bool again = (tp->t_flags2 & TF2_RTOLOSS) != 0 &&
	    SEQ_LEQ(tp->snd_una, tp->snd_recover);

	tp->t_flags2 &= ~TF2_FRTO;
	tcp_reorder_forget(tp);
	if (tp->t_rxtshift != 1)
		return;
	tcp_undo_save(tp);
	if (!again && V_tcp_ways.w_frto &&
	    (tp->t_flags & TF_RCVD_TSTMP) == 0)
		tp->t_flags2 |= TF2_FRTO1;
}

void
tcp_undo_sent(struct tcpcb *tp, uint32_t len)
{
	struct tcp_loss *tl = tp->t_loss;

	tl->tl_undo_rxt += len;
	tl->tl_undo_end = tp->snd_max;
}

void
tcp_undo_dsack(struct tcpcb *tp, const struct sackblk *sb)
{
	struct tcp_loss *tl = tp->t_loss;

	tp->t_flags2 |= TF2_DSACKED;
	if ((tp->t_flags & TF_PREVVALID) != 0 &&
	    SEQ_GEQ(sb->start, tl->tl_undo_una) &&
	    SEQ_LEQ(sb->end, tl->tl_undo_end))
		tl->tl_undo_rxt -= min(tl->tl_undo_rxt, sb->end - sb->start);
}

void
tcp_undo_forget(struct tcpcb *tp)
{
	tp->t_flags &= ~TF_PREVVALID;
	tp->t_flags2 &= ~TF2_FRTO;
}

/* The windows are as they were: what cc_cong_signal() does for CC_RTO_ERR,
 * which the module hears of. */
void
tcp_undo_restore(struct tcpcb *tp)
{
	const struct tcp_loss *tl = tp->t_loss;

	if (tl == NULL)
		return;
	tp->snd_cwnd = MAX(tp->snd_cwnd, tp->snd_cwnd_prev);
	tp->snd_ssthresh = MAX(tp->snd_ssthresh, tl->tl_ssthresh_prev);
	EXIT_RECOVERY(tp->t_flags);
	/* Recovery from before goes on, unless that is over, too. */
	if (SEQ_LT(tp->snd_una, tl->tl_recover_prev)) {
		tp->snd_recover = tl->tl_recover_prev;
		if ((tp->t_flags & TF_WASFRECOVERY) != 0)
			ENTER_FASTRECOVERY(tp->t_flags);
		if ((tp->t_flags & TF_WASCRECOVERY) != 0)
			ENTER_CONGRECOVERY(tp->t_flags);
	} else
		tp->snd_recover = tp->snd_una;
	tcp_undo_forget(tp);
}

static void
tcp_undo(struct tcpcb *tp, const struct tcp_acked *ta)
{
	TCPSTAT_INC(tcps_sndrexmitbad);
	if (TCP_TRACED(tp))
		tcp_trace(tp, "no loss after all; bytes sent again",
		    (int)tp->t_loss->tl_undo_rxt);
	/* A timeout is spurious where a path became slow. */
	if ((tp->t_flags2 & TF2_RTOLOSS) == 0)
		tcp_reorder_learn(tp, ta);
	tcp_sent_found(tp);
	tp->t_rxtshift = 0;
	tp->t_dupacks = 0;
	tp->t_flags2 &= ~(TF2_RTOLOSS | TF2_RESCUED);
	cc_cong_signal(tp, tp->snd_una, CC_RTO_ERR);
}

/*
 * Eifel's test (RFC 3522, 3.2, steps 4 and 5).  If the ACK covers all there
 * is, it may be the first of many that was not lost on its way, which is
 * congestion too; a peer that sends D-SACKs would have said so.
 */
static bool
undo_by_echo(const struct tcpcb *tp, const struct tcp_seg *sg,
    const struct tcp_acked *ta)
{
	const struct tcpopt *to = &sg->sg_to;
	const struct tcp_loss *tl = tp->t_loss;

	if (ta->ta_acked == 0 || ta->ta_ack - ta->ta_acked != tl->tl_undo_una ||
	    (tp->t_flags & TF_RCVD_TSTMP) == 0 ||
	    (to->to_flags & TOF_TS) == 0 || to->to_tsecr == 0 ||
	    !TSTMP_LT(to->to_tsecr - tp->ts_offset, tl->tl_badrxtwin) ||
	    ta->ta_dsacked != 0)
		return (false);
	return ((tp->t_flags2 & TF2_DSACKED) != 0 ||
	    SEQ_LT(ta->ta_ack, tp->snd_max));
}

/*
 * What was sent again has not been under way for half of the least round trip
 * that was ever seen: the ACK cannot be its.  For peers without time stamps,
 * what Eifel's test is for the others; time is in milliseconds, and may be
 * one more than it seems.
 */
static bool
undo_by_haste(const struct tcpcb *tp, const struct tcp_acked *ta)
{
	const struct tcp_loss *tl = tp->t_loss;
	uint64_t ms;

	if (ta->ta_acked == 0 || ta->ta_ack - ta->ta_acked != tl->tl_undo_una ||
	    tl->tl_undo_end == tl->tl_undo_una || ta->ta_dsacked != 0 ||
	    SEQ_GEQ(ta->ta_ack, tp->snd_max))
		return (false);
	ms = tcp_ts_getticks() - tl->tl_badrxtwin + 1;
	return (2 * ms * 1000 < tp->t_rttmin_us);
}

/* Step 3 of F-RTO: is what was in flight at the timeout, and went but once,
 * arriving?  Then it never was lost. */
static bool
undo_by_progress(const struct tcpcb *tp, const struct tcp_acked *ta)
{
	if ((tp->t_flags2 & TF2_FRTO2) == 0)
		return (false);
	return (ta->ta_acked != 0 || (ta->ta_sacked != 0 &&
	    SEQ_LEQ(tp->snd_fack, tp->snd_recover)));
}

/* Has everything that was sent again come twice? */
static bool
undo_by_dsack(const struct tcpcb *tp, const struct tcp_acked *ta)
{
	const struct tcp_loss *tl = tp->t_loss;

	return (ta->ta_dsacked != 0 && tl->tl_undo_rxt == 0 &&
	    tl->tl_undo_end != tl->tl_undo_una);
}

/* Has all that was taken for lost come before any of it was sent again? */
static bool
undo_by_arrival(const struct tcpcb *tp, const struct tcp_acked *ta)
{
	const struct tcp_loss *tl = tp->t_loss;

	return (ta->ta_acked != 0 && IN_FASTRECOVERY(tp->t_flags) &&
	    tp->t_snd_lost == 0 && tl->tl_undo_end == tl->tl_undo_una);
}

int
tcp_undo_acked(struct tcpcb *tp, const struct tcp_seg *sg,
    const struct tcp_acked *ta)
{
	if (undo_by_echo(tp, sg, ta) || undo_by_haste(tp, ta) ||
	    undo_by_progress(tp, ta) ||
	    undo_by_dsack(tp, ta) || undo_by_arrival(tp, ta)) {
		tcp_undo(tp, ta);
		return (TV_OUTPUT);
	}
	if (SEQ_GT(tp->snd_una, tp->t_loss->tl_undo_end + tp->snd_cwnd))
		tcp_undo_forget(tp);
	return (TV_OK);
}

/* ---- F-RTO ---- */

/* Is there a full segment of new text that the peer has room for? */
static bool
frto_has_new(const struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t used = tp->snd_max - tp->snd_una;
	u_int mss = tcp_maxseg(tp);

	return (so != NULL && (tp->t_flags & TF_SENTFIN) == 0 &&
	    sbavail(&so->so_snd) >= used + mss && tp->snd_wnd >= used + mss);
}

/* The timeout was right, after all: what has not come since is lost. */
static void
frto_lost(struct tcpcb *tp)
{
	struct tcp_sent *ts;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link) {
		if (SEQ_GT(ts->ts_end, tp->snd_recover))
			break;
		(void)tcp_sent_lose(tp, ts);
	}
	tp->snd_cwnd = min(tp->snd_cwnd, FRTO_LOST_SEGS * tcp_maxseg(tp));
}

/* Steps 2 and 3 of RFC 5682, 2.1 and 3.1, once the ACK has done its work. */
void
tcp_frto_acked(struct tcpcb *tp, const struct tcp_acked *ta)
{
	bool sack = (tp->t_flags & TF_SACK_PERMIT) != 0;

	if ((tp->t_flags2 & TF2_FRTO2) != 0) {
		tp->t_flags2 &= ~TF2_FRTO;
		frto_lost(tp);
		return;
	}
	/* With SACK a duplicate says what came, and that is all. */
	if (ta->ta_acked == 0 && sack)
		return;
	tp->t_flags2 &= ~TF2_FRTO;
	if (ta->ta_acked == 0 || SEQ_GEQ(ta->ta_ack, tp->snd_recover) ||
	    !frto_has_new(tp))
		return;
	tcp_sent_found(tp);
	tp->snd_cwnd = (uint32_t)tcp_compute_pipe(tp) +
	    FRTO_NEW_SEGS * tcp_maxseg(tp);
	tp->t_flags2 |= TF2_FRTO2;
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Between the core and the congestion control module: what happens around
 * each hook, the same for every module (mod_cc(9)).
 *
 * A round (RFC 9406, 4.2) ends when what was the highest sequence number
 * sent as it began is acknowledged; every block has rounds.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/tcp_cong.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

VNET_DEFINE(int, tcp_do_rfc3465) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, rfc3465, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_rfc3465), 0,
    "Count bytes, not ACKs, as the congestion window grows (RFC 3465)");
VNET_DEFINE(int, tcp_abc_l_var) = 2;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, abc_l_var,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_abc_l_var), 0, 65536,
    "Segments by which one ACK opens the window in slow start at most");
VNET_DEFINE(int, tcp_do_rfc3042) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, rfc3042, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_rfc3042), 0,
    "Send new data on the first duplicate ACKs (limited transmit)");
VNET_DEFINE(int, tcp_do_rfc3390) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, rfc3390, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_rfc3390), 0,
    "Initial window of RFC 3390, if initcwnd_segments is 0");
VNET_DEFINE(int, tcp_initcwnd_segments) = 10;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, initcwnd_segments,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_initcwnd_segments), 0, 16384,
    "Initial congestion window, in segments (RFC 6928; 0: RFC 3390)");

uint32_t
tcp_compute_initwnd(uint32_t maxseg)
{
	const u_int segs = (u_int)V_tcp_initcwnd_segments;

	/* Segments of 1460 bytes at most are as many as that. */
	if (segs > 0 && maxseg <= 1460)
		return (segs * maxseg);
	if (segs > 0)
		return (min(segs * maxseg, max(2 * maxseg, segs * 1460)));
	if (V_tcp_do_rfc3390)
		return (min(4 * maxseg, max(2 * maxseg, 4380)));
	if (maxseg > 2190)		/* RFC 5681, 3.1 */
		return (2 * maxseg);
	return (maxseg > 1095 ? 3 * maxseg : 4 * maxseg);
}

/* As TCP_IWND_NB or TCP_IWND_NSEG say, or else the variables. */
static uint32_t
cc_initial_window(const struct tcpcb *tp, uint32_t mss)
{
	const struct tcp_userto *tu = tp->t_userto;

	if (__predict_true(tu == NULL))
		return (tcp_compute_initwnd(mss));
	if (tu->tu_iwnd_nb != 0)
		return (tu->tu_iwnd_nb);
	if (tu->tu_iwnd_nseg != 0)
		return (tu->tu_iwnd_nseg * mss);
	return (tcp_compat_initwnd(tp, mss));
}

void
cc_conn_init(struct tcpcb *tp)
{
	const uint32_t mss = tcp_full_segment(tp);

	/* RFC 5681, 3.1: a lost SYN means a window of one segment. */
	tp->snd_cwnd = (tp->t_flags2 & TF2_SYNLOST) != 0 ? mss :
	    cc_initial_window(tp, mss);
	tp->t_round_end = tp->snd_max;
	if (CC_ALGO(tp)->conn_init != NULL)
		CC_ALGO(tp)->conn_init(&tp->t_ccv);
}

/* As before RFC 6675: what lies above the highest SACKed byte, and what was
 * sent again below it. */
static uint32_t
pipe_by_fack(const struct tcpcb *tp)
{
	const struct tcp_sent *ts;
	uint32_t pipe = 0;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		if ((ts->ts_flags & (TS_SACKED | TS_LOST)) == 0 &&
		    (SEQ_GEQ(ts->ts_start, tp->snd_fack) || TS_RXT(ts)))
			pipe += ts->ts_end - ts->ts_start;
	return (pipe);
}

/*
 * Bytes in flight for congestion control.  Without SACK a duplicate ACK
 * says that one segment has left the network, though not which.
 */
int
tcp_compute_pipe(struct tcpcb *tp)
{
	uint32_t left, pipe = tcp_inflight(tp);

	if (tp->t_fb->tfb_compute_pipe != NULL)
		return (tp->t_fb->tfb_compute_pipe(tp));
	if (!V_tcp_do_rfc3042 && !IN_FASTRECOVERY(tp->t_flags) &&
	    (tp->t_flags2 & TF2_RTOLOSS) == 0)
		return ((int)(pipe + tp->t_snd_sacked));
	if (!V_tcp_do_newsack && IN_FASTRECOVERY(tp->t_flags) &&
	    (tp->t_flags & TF_SACK_PERMIT) != 0)
		return ((int)pipe_by_fack(tp));
	if ((tp->t_flags & TF_SACK_PERMIT) != 0 || tp->t_dupacks == 0)
		return ((int)pipe);
	left = tp->t_dupacks * tcp_fixed_maxseg(tp);
	return ((int)(pipe > left ? pipe - left : 0));
}

void
cc_ack_received(struct tcpcb *tp, uint32_t acked, uint16_t nsegs,
    ccsignal_t type)
{
	struct cc_var *ccv = &tp->t_ccv;
	uint32_t flags;

	ccv->nsegs = nsegs;
	ccv->bytes_this_ack = (int)acked;
	ccv->curack = tp->snd_una;
	flags = ccv->flags & ~CCF_CWND_LIMITED;
	if (cc_is_limited(tp, acked))
		flags |= CCF_CWND_LIMITED;
	if (type == CC_ACK && tp->snd_cwnd <= tp->snd_ssthresh) {
		flags &= ~CCF_ABC_SENTAWND;
		tp->t_bytes_acked = 0;
	} else if (type == CC_ACK) {
		tp->t_bytes_acked += acked;
		if (tp->t_bytes_acked >= tp->snd_cwnd) {
			tp->t_bytes_acked -= tp->snd_cwnd;
			flags |= CCF_ABC_SENTAWND;
		}
	}
	ccv->flags = flags;
	if (CC_ALGO(tp)->ack_received != NULL)
		CC_ALGO(tp)->ack_received(ccv, type);
}

/* The textbook's reaction to a timeout, if the module has none. */
static void
cc_rto_default(struct tcpcb *tp)
{
	uint32_t mss = tcp_maxseg(tp);

	tp->snd_ssthresh = max(2, min(tp->snd_wnd, tp->snd_cwnd) / 2 / mss) *
	    mss;
	tp->snd_cwnd = mss;
}

void
cc_cong_signal(struct tcpcb *tp, tcp_seq ack, ccsignal_t type)
{
	switch (type) {
	case CC_NDUPACK:
		if (!IN_FASTRECOVERY(tp->t_flags)) {
			tp->snd_recover = tp->snd_max;
			if ((tp->t_flags2 & TF2_ECN_PERMIT) != 0)
				tp->t_flags2 |= TF2_ECN_SND_CWR;
		}
		break;
	case CC_ECN:
		tcp_undo_forget(tp);
		if (!IN_CONGRECOVERY(tp->t_flags) ||
		    SEQ_GEQ(ack, tp->snd_recover)) {
			EXIT_CONGRECOVERY(tp->t_flags);
			tp->snd_recover = tp->snd_max + 1;
			if ((tp->t_flags2 & TF2_ECN_PERMIT) != 0)
				tp->t_flags2 |= TF2_ECN_SND_CWR;
		}
		break;
	case CC_RTO:
		tp->t_dupacks = 0;
		tp->t_bytes_acked = 0;
		EXIT_RECOVERY(tp->t_flags);
		/* Whatever made the window smaller (RFC 3168, 6.1.2). */
		if ((tp->t_flags2 & TF2_ECN_PERMIT) != 0)
			tp->t_flags2 |= TF2_ECN_SND_CWR;
		if (CC_ALGO(tp)->cong_signal == NULL)
			cc_rto_default(tp);
		break;
	case CC_RTO_ERR:
		tcp_undo_restore(tp);
		break;
	default:
		break;
	}
	if (CC_ALGO(tp)->cong_signal != NULL) {
		tp->t_ccv.curack = ack;
		CC_ALGO(tp)->cong_signal(&tp->t_ccv, type);
	}
	if ((tp->t_flags2 & TF2_CWV) != 0 &&
	    (type == CC_NDUPACK || type == CC_ECN || type == CC_RTO))
		tcp_cwv_congested(tp, type == CC_RTO);
}

void
cc_post_recovery(struct tcpcb *tp, tcp_seq ack)
{
	if (CC_ALGO(tp)->post_recovery != NULL) {
		tp->t_ccv.curack = ack;
		CC_ALGO(tp)->post_recovery(&tp->t_ccv);
	}
	/* Linux goes on with the reduced window, however little is in
	 * flight. */
	if (V_tcp_ways.w_linux && IN_FASTRECOVERY(tp->t_flags) &&
	    (tp->t_flags2 & TF2_RTOLOSS) == 0)
		tp->snd_cwnd = tp->snd_ssthresh;
	EXIT_RECOVERY(tp->t_flags);
	if ((tp->t_flags2 & TF2_CWV) != 0)
		tcp_cwv_recovered(tp);
	tp->t_bytes_acked = 0;
	if (tp->t_loss != NULL)
		tp->t_loss->tl_prr_delivered = tp->t_loss->tl_prr_out = 0;
}

void
cc_after_idle(struct tcpcb *tp)
{
	uint32_t was = tp->snd_cwnd;

	if (CC_ALGO(tp)->after_idle != NULL)
		CC_ALGO(tp)->after_idle(&tp->t_ccv);
	if (__predict_false((tp->t_flags2 & TF2_COMPAT) != 0))
		tcp_compat_restart(tp, was);
}

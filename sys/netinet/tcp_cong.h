/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What nearly every ACK of something new tells congestion control, here since
 * it is little: that a round trip is over, and that there was progress.
 * tcp_cong.c has the rest.
 *
 * Touches: the connection's rounds and what its module reads in t_ccv.
 */
#ifndef _STACKYARD_NETINET_TCP_CONG_H_
#define	_STACKYARD_NETINET_TCP_CONG_H_

#include <netinet/tcp_var.h>

/* What was in flight as the round began is acknowledged: another begins. */
static inline void
tcp_round_begin(struct tcpcb *tp)
{
	const struct cc_algo *algo = CC_ALGO(tp);

	tp->t_round_end = tp->snd_max;
	tp->t_round++;
	if (algo->newround != NULL)
		algo->newround(&tp->t_ccv, tp->t_round);
}

/* A round trip of what was sent once was measured: us, inflight bytes before;
 * and is the round over with ack? */
static inline void
tcp_round_measured(struct tcpcb *tp, uint32_t us, uint32_t inflight,
    tcp_seq ack)
{
	const struct cc_algo *algo = CC_ALGO(tp);
	const bool over = SEQ_GEQ(ack, tp->t_round_end);

	if (__predict_true(algo->measured != NULL)) {
		if (over) {
			tp->t_round_end = tp->snd_max;
			tp->t_round++;
		}
		algo->measured(&tp->t_ccv, us, inflight, over);
		return;
	}
	if (algo->rttsample != NULL)
		algo->rttsample(&tp->t_ccv, us, 0, inflight);
	if (over)
		tcp_round_begin(tp);
}

/* Did what was in flight, acked bytes more than now, fill the window? */
static inline bool
cc_is_limited(const struct tcpcb *tp, uint32_t acked)
{
	const uint32_t inflight = tp->snd_max - tp->snd_una + acked;
	const int used = (int)inflight, left = (int)(tp->snd_cwnd - inflight);

	return ((left < used || left <= tp->t_maxseg) &&
	    tp->snd_cwnd <= tp->snd_wnd && (tp->t_flags2 & TF2_NVP) == 0);
}

/*
 * Something new is acknowledged outside of recovery: CC_ACK.  In slow start
 * while the window does not limit, a module that asks to hear of growth only
 * (CCF_GROWTH_ONLY) is not told; what it may read later is there.  joined: as
 * sg_joined.
 */
static inline void
cc_progress(struct tcpcb *tp, uint32_t acked, uint16_t joined)
{
	struct cc_var *ccv = &tp->t_ccv;

	if (__predict_false((ccv->flags & CCF_GROWTH_ONLY) == 0 ||
	    tp->snd_cwnd > tp->snd_ssthresh || cc_is_limited(tp, acked))) {
		cc_ack_received(tp, acked, joined + (joined == 0), CC_ACK);
		return;
	}
	ccv->bytes_this_ack = (int)acked;
	ccv->curack = tp->snd_una;
	ccv->flags &= ~(CCF_CWND_LIMITED | CCF_ABC_SENTAWND);
	tp->t_bytes_acked = 0;
}

#endif /* !_STACKYARD_NETINET_TCP_CONG_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * SYN_SENT (RFC 9293, 3.10.7.3): the answer to our SYN.
 *
 *   ACK not acceptable: reset (unless RST).  RST with a right ACK: refused.
 *   SYN and ACK: ESTABLISHED.  SYN alone: both opened at once, SYN_RECEIVED.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_sentmap.h>
#include <netinet/tcp_var.h>

/* What the peer's SYN offers, of what ours asked for. */
static void
tcp_synsent_options(struct tcpcb *tp, const struct tcp_seg *sg)
{
	const struct tcpopt *to = &sg->sg_to;

	if ((to->to_flags & TOF_SCALE) != 0 &&
	    (tp->t_flags & TF_REQ_SCALE) != 0) {
		tp->t_flags |= TF_RCVD_SCALE;
		tp->snd_scale = to->to_wscale;
		tp->rcv_scale = tp->request_r_scale;
	} else
		tp->t_flags &= ~TF_REQ_SCALE;
	if ((to->to_flags & TOF_TS) != 0 &&
	    (tp->t_flags & TF_REQ_TSTMP) != 0) {
		tp->t_flags |= TF_RCVD_TSTMP;
		tp->t_inpcb.inp_irregular &= (uint8_t)~TCPI_UNSTAMPED;
		tp->ts_recent = to->to_tsval;
		tp->ts_recent_age = tcp_ts_age();
	} else
		tp->t_flags &= ~TF_REQ_TSTMP;
	if ((to->to_flags & TOF_SACKPERM) == 0)
		tp->t_flags &= ~TF_SACK_PERMIT;
	tcp_mss(tp, (to->to_flags & TOF_MSS) != 0 ? to->to_mss : 0);
}

/* The SYN that was sent once is acknowledged, and nothing else: the sample of
 * the round trip.  What else ta gets nobody asks for. */
static inline nstime_t
tcp_synsent_acked(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tcp_acked ta;

	tcp_sent_acked_all(tp, sg->sg_ack, &ta);
	tp->snd_una = sg->sg_ack;
	return (ta.ta_rtt);
}

/* Or it had text, or went again, as the sent map knows: *rttp may become 0. */
static int __noinline
tcp_synsent_acked_any(struct tcpcb *tp, const struct tcp_seg *sg,
    nstime_t *rttp)
{
	struct tcp_acked ta = { .ta_ack = sg->sg_ack };

	tcp_sent_acked_one(tp, sg->sg_ack, &ta);
	tp->snd_una = sg->sg_ack;
	*rttp = ta.ta_rtt;
	return ((tp->t_flags2 & TF2_TFO) != 0 ?
	    tcp_fastopen_synacked(tp, sg, &ta) : TV_OK);
}

/* Our SYN is acknowledged: the connection stands. */
static int
tcp_synsent_established(struct tcpcb *tp, struct tcp_seg *sg)
{
	const struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);
	const bool once = tp->t_rxtshift == 0;
	int v = TV_CONNECTED | TV_ACKNOW | TV_OUTPUT;
	nstime_t rtt;

	if (__predict_true(tcp_sent_is_one(ts, sg->sg_ack) &&
	    (tp->t_flags2 & TF2_TFO) == 0))
		rtt = tcp_synsent_acked(tp, sg);
	else
		v |= tcp_synsent_acked_any(tp, sg, &rtt);
	tcp_established(tp);
	/* One more than those that are remembered of the peer. */
	if (once && rtt != 0)
		tcp_rtt_sample(tp, rtt);
	return (v);
}

int
tcp_synsent(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint16_t flags = sg->sg_flags;
	int v;

	/* Not of iss < ack <= snd_max? */
	if ((flags & TH_ACK) != 0 &&
	    sg->sg_ack - tp->iss - 1 >= tp->snd_max - tp->iss) {
		TCPSTAT_INC(tcps_rcvghostack);
		return ((flags & TH_RST) != 0 ? TV_STOP : TV_RST);
	}
	if ((flags & TH_RST) != 0) {
		if ((flags & TH_ACK) == 0)
			return (TV_STOP);
		sg->sg_errno = ECONNREFUSED;
		return (TV_DROP);
	}
	if ((flags & TH_SYN) == 0)
		return (TV_STOP);

	tp->irs = sg->sg_seq;
	tp->rcv_nxt = tp->rcv_adv = sg->sg_seq + 1;
	tp->last_ack_sent = tp->rcv_nxt;
	tp->rcv_up = tp->rcv_nxt;
	tp->snd_wl1 = sg->sg_seq;
	tp->snd_wnd = tp->max_sndwnd = sg->sg_win;
	tcp_synsent_options(tp, sg);
	tp->rcv_wnd = tcp_rcv_window(tp);
	if ((flags & TH_ACK) != 0) {
		tp->snd_wl2 = sg->sg_ack;
		if (tp->t_ecn != NULL)
			tcp_ecn_synack(tp, sg);
		v = tcp_synsent_established(tp, sg);
	} else {
		/* Simultaneous open: our SYN goes again, now with an ACK. */
		tcp_state_change(tp, TCPS_SYN_RECEIVED);
		tcp_ecn_passive(tp, tcp_ecn_syn_code(sg), false);
		(void)tcp_sent_lose_all(tp);
		v = TV_ACKNOW | TV_OUTPUT;
	}
	/* Text and FIN behind the SYN are treated as usual. */
	sg->sg_seq++;
	sg->sg_flags &= ~TH_SYN;
	if (sg->sg_len != 0 || (flags & TH_FIN) != 0) {
		v |= tcp_stage_text(tp, sg);
		v |= tcp_stage_fin(tp, sg);
	}
	return (v);
}

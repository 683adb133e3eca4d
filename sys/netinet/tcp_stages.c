/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The stages of a segment's arrival (RFC 9293, 3.10.7.4), but for two that
 * have files of their own:
 *
 *   first    sequence number, with RFC 7323's PAWS before it
 *   second   RST           (RFC 5961, section 3)
 *   fourth   SYN           (RFC 5961, section 4)
 *   fifth    ACK           tcp_ack.c
 *   sixth    URG           tcp_urgent.c
 *   seventh  text
 *   eighth   FIN
 *
 * (The third, security, is obsolete.)  Each returns a verdict, and none
 * sends, wakes or frees.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_var.h>

VNET_DEFINE(int, insecure_rst) = 0;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, insecure_rst,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(insecure_rst), 0,
    "Take a reset anywhere in the window, as RFC 793 did");
VNET_DEFINE_STATIC(int, insecure_syn) = 0;
#define	V_insecure_syn	VNET(insecure_syn)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, insecure_syn,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(insecure_syn), 0,
    "Let a SYN in the window end a connection, as RFC 793 did");
VNET_DEFINE(int, tcp_tolerate_missing_ts) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, tolerate_missing_ts,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_tolerate_missing_ts), 0,
    "Accept segments without the time stamp that was agreed upon");

VNET_DEFINE(int, tcp_do_autorcvbuf) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, recvbuf_auto, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_autorcvbuf), 0,
    "Let receive buffers grow with what arrives in a round trip");
VNET_DEFINE(int, tcp_autorcvbuf_max) = 2 * 1024 * 1024;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, recvbuf_max,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_autorcvbuf_max), 1, INT_MAX,
    "Bytes to which a receive buffer grows at most");

/* After 24 days ts_recent says nothing (RFC 7323, 5.5). */
#define	TCP_PAWS_IDLE	((uint32_t)(24 * 24 * 60 * 60 * NS_PER_SEC >>	\
			    TCP_TS_AGE_SHIFT))

/* ---- First: sequence number ---- */

/*
 * PAWS (RFC 7323, 5.3): a segment older by its time stamp than the last one
 * in order is a duplicate.
 */
static int
tcp_paws(struct tcpcb *tp, const struct tcp_seg *sg)
{
	const struct tcpopt *to = &sg->sg_to;
	/* Who forgot the connection has another clock; its SYN gets its
	 * answer, and nothing else is taken from it (RFC 5961, 4). */
	const uint16_t exempt = TH_RST | TH_SYN;

	if ((to->to_flags & TOF_TS) == 0) {
		if ((sg->sg_flags & TH_RST) != 0 || V_tcp_tolerate_missing_ts)
			return (TV_OK);
		tcp_log_wrong(sg, "the time stamp is missing");
		return (TV_STOP);
	}
	if (TSTMP_LT(to->to_tsval, tp->ts_recent) &&
	    (sg->sg_flags & exempt) == 0) {
		if (tcp_ts_age() - tp->ts_recent_age <= TCP_PAWS_IDLE) {
			TCPSTAT_INC(tcps_pawsdrop);
			tcp_log_wrong(sg, "the time stamp is an old one");
			TCPSTAT_INC(tcps_rcvduppack);
			return (TV_STOP | (sg->sg_len != 0 ? TV_ACKEACH :
			    TV_OK));
		}
		tp->ts_recent = 0;
	}
	return (TV_OK);
}

/* What lies left of the window was here before: cut it off. */
static int
tcp_trim_left(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint32_t todrop = tp->rcv_nxt - sg->sg_seq;
	bool fin = (sg->sg_flags & TH_FIN) != 0;
	int v = TV_OK;

	if (todrop > sg->sg_len || (todrop == sg->sg_len && !fin)) {
		/* Nothing new: a duplicate, or a probe; answer it. */
		if (sg->sg_len != 0) {
			TCPSTAT_INC(tcps_rcvduppack);
			TCPSTAT_ADD(tcps_rcvdupbyte, sg->sg_len);
			tcp_dsack_note(tp, sg->sg_seq, sg->sg_seq +
			    sg->sg_len);
		}
		sg->sg_flags &= ~TH_FIN;
		todrop = sg->sg_len;
		v = TV_ACKEACH;
		sg->sg_seq = tp->rcv_nxt;
	} else {
		if (todrop != 0) {
			TCPSTAT_INC(tcps_rcvpartduppack);
			TCPSTAT_ADD(tcps_rcvpartdupbyte, todrop);
			tcp_dsack_note(tp, sg->sg_seq, tp->rcv_nxt);
			/* Told with the next ACK, or never. */
			if ((tp->t_flags & TF_SACK_PERMIT) != 0)
				v = TV_ACKNOW;
		}
		sg->sg_seq += todrop;
	}
	m_adj(sg->sg_m, (int)todrop);
	sg->sg_len -= todrop;
	sg->sg_urp = sg->sg_urp > todrop ? (uint16_t)(sg->sg_urp - todrop) : 0;
	if (sg->sg_urp == 0)
		sg->sg_flags &= ~TH_URG;
	return (v);
}

/* What lies right of the window cannot be kept: cut it off. */
static int
tcp_trim_right(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint32_t len = sg->sg_len + ((sg->sg_flags & TH_FIN) != 0);
	uint32_t todrop = sg->sg_seq + len - (tp->rcv_nxt + tp->rcv_wnd);

	TCPSTAT_INC(tcps_rcvpackafterwin);
	if (todrop >= len) {
		TCPSTAT_ADD(tcps_rcvbyteafterwin, sg->sg_len);
		/* A probe of our closed window: its ACK counts. */
		if (tp->rcv_wnd != 0 || sg->sg_seq != tp->rcv_nxt)
			return (TV_STOP | TV_ACKEACH);
		TCPSTAT_INC(tcps_rcvwinprobe);
		todrop = len;
	} else
		TCPSTAT_ADD(tcps_rcvbyteafterwin, todrop);
	if ((sg->sg_flags & TH_FIN) != 0) {
		sg->sg_flags &= ~TH_FIN;
		todrop--;
	}
	m_adj(sg->sg_m, -(int)todrop);
	sg->sg_len -= todrop;
	sg->sg_flags &= ~TH_PUSH;
	return (TV_ACKEACH);
}

int
tcp_stage_sequence(struct tcpcb *tp, struct tcp_seg *sg)
{
	uint32_t camelen, len;
	tcp_seq came = sg->sg_seq;
	int v = TV_OK;

	camelen = sg->sg_len + ((sg->sg_flags & TH_FIN) != 0);
	tp->rcv_wnd = tcp_rcv_window(tp);
	if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
		v = tcp_paws(tp, sg);
	if ((v & TV_STOP) != 0 || (sg->sg_flags & TH_RST) != 0)
		return (v);
	if ((sg->sg_flags & TH_SYN) != 0) {
		/* The peer's SYN once more, as both opened at once. */
		if (tp->t_state != TCPS_SYN_RECEIVED ||
		    sg->sg_seq != tp->irs)
			return (v);
		sg->sg_seq++;
		if ((sg->sg_flags & TH_ACK) != 0) {
			sg->sg_flags &= ~TH_SYN;
			v |= TV_ACKNOW;
		}
	}
	if (SEQ_LT(sg->sg_seq, tp->rcv_nxt)) {
		v |= tcp_trim_left(tp, sg);
		/* An ACK from another time opens nothing. */
		if ((v & TV_ACKEACH) != 0 &&
		    tp->t_state == TCPS_SYN_RECEIVED &&
		    (sg->sg_flags & TH_SYN) == 0)
			return (v | TV_STOP);
	}
	len = sg->sg_len + ((sg->sg_flags & TH_FIN) != 0);
	if (len == 0 && SEQ_GT(sg->sg_seq, tp->rcv_nxt + tp->rcv_wnd +
	    (1u << tp->rcv_scale))) {
		/*
		 * An ACK from beyond the window.  The peer saw it rounded up
		 * to its scale, and may have sent a FIN on top, so that far
		 * ACKs count; from farther they are answered, but not without
		 * end, since the answer may look the same to the peer.
		 */
		tcp_challenge_ack(tp);
		return (v | TV_STOP);
	}
	if (len != 0 && SEQ_GT(sg->sg_seq + len, tp->rcv_nxt + tp->rcv_wnd))
		v |= tcp_trim_right(tp, sg);
	if ((v & TV_STOP) == 0 && (sg->sg_flags & TH_SYN) == 0)
		tcp_ts_remember(tp, sg, came, camelen);
	return (v);
}

/* Is sg's sequence number in the window (RFC 9293, 3.10.7.4; of a window of
 * 0 its one edge)? */
static bool
tcp_in_window(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	return (sg->sg_seq == tp->rcv_nxt ||
	    (SEQ_GT(sg->sg_seq, tp->rcv_nxt) &&
	    SEQ_LT(sg->sg_seq, tp->rcv_nxt + tp->rcv_wnd)));
}

/* ---- Second: RST ---- */

int
tcp_stage_rst(struct tcpcb *tp, struct tcp_seg *sg)
{
	if ((sg->sg_flags & TH_RST) == 0)
		return (TV_OK);
	if (!tcp_in_window(tp, sg)) {
		TCPSTAT_INC(tcps_badrst);
		return (TV_STOP);
	}
	if (sg->sg_seq != tp->rcv_nxt && !V_insecure_rst) {
		TCPSTAT_INC(tcps_badrst);
		tcp_log_wrong(sg, "a reset, but not the next in order");
		tcp_challenge_ack(tp);
		return (TV_STOP);
	}
	TCPSTAT_INC(tcps_drops);
	sg->sg_errno = ECONNRESET;
	if (tp->t_state == TCPS_SYN_RECEIVED) {
		if ((tp->t_flags2 & TF2_TFO) != 0)
			tcp_fastopen_reset(tp);
		/* With fast open a user may have it already. */
		if ((tp->t_flags & (TF_ACTIVEOPEN | TF_FASTOPEN)) == 0)
			return (TV_STOP | TV_GONE);
		if ((tp->t_flags & TF_ACTIVEOPEN) != 0)
			sg->sg_errno = ECONNREFUSED;
	}
	/* The peer is gone: no reset is sent back. */
	tcp_state_change(tp, TCPS_CLOSED);
	return (TV_STOP | TV_DROP);
}

/* ---- Fourth: SYN ---- */

int
tcp_stage_syn(struct tcpcb *tp, struct tcp_seg *sg)
{
	if ((sg->sg_flags & TH_SYN) == 0)
		return (TV_OK);
	TCPSTAT_INC(tcps_badsyn);
	if (tp->t_state == TCPS_SYN_RECEIVED && sg->sg_came == tp->irs) {
		/* A SYN sent again: our SYN-ACK was lost, perhaps. */
		tcp_ts_remember(tp, sg, tp->irs, 1);
		tcp_ecn_syn_again(tp, sg);
		(void)tcp_sent_lose_all(tp);
		return (TV_STOP | TV_ACKNOW | TV_OUTPUT);
	}
	if (!V_insecure_syn) {
		tcp_challenge_ack(tp);
		return (TV_STOP);
	}
	if (!tcp_in_window(tp, sg))
		return (TV_STOP | TV_ACKEACH);
	sg->sg_errno = ECONNRESET;
	return (TV_STOP | TV_DROP);
}

/* ---- Seventh: text ---- */

/* Have so_rcv take four times what a round trip brought. */
static void __noinline
tcp_rcvbuf_grow(struct tcpcb *tp, struct sockbuf *sb)
{
	const u_long want = roundup(4 * (u_long)tp->rfbuf_cnt, tp->t_maxseg);

	if (V_tcp_do_autorcvbuf && (sb->sb_flags & SB_AUTOSIZE) != 0 &&
	    want > sb->sb_hiwat &&
	    sb->sb_hiwat < (u_int)V_tcp_autorcvbuf_max &&
	    !tcp_compat_pressure(sb->sb_hiwat, true) &&
	    !sbreserve(sb, ulmin(want, (u_long)V_tcp_autorcvbuf_max)))
		sb->sb_flags &= (uint16_t)~SB_AUTOSIZE;
}

/* A round trip of the sender is over: rfbuf_cnt bytes came in it. */
void
tcp_rcvbuf_round(struct tcpcb *tp, struct socket *so)
{
	uint32_t now;

	/* In 64 bits, as the count may be large. */
	if (__predict_false(4 * (uint64_t)tp->rfbuf_cnt + tp->t_maxseg >
	    so->so_rcv.sb_hiwat))
		tcp_rcvbuf_grow(tp, &so->so_rcv);
	tp->rfbuf_cnt = 0;
	now = tcp_ts_getticks();
	if (tp->rfbuf_ts != 0)
		tp->t_rcvrtt = now - tp->rfbuf_ts + 1;
	tp->rfbuf_ts = now + 1;
	tp->rfbuf_mark = tp->rcv_adv;
	tcp_urg_passed(tp);
}

int
tcp_stage_text(struct tcpcb *tp, struct tcp_seg *sg)
{
	if (sg->sg_len == 0 && (sg->sg_flags & TH_FIN) == 0) {
		/* Text that came with a SYN may have waited for this ACK. */
		if (tp->t_segqlen == 0 || TAILQ_FIRST(
		    &tp->t_loss->tl_segq)->tq_start != tp->rcv_nxt)
			return (TV_OK);
		return (TV_ACKNOW | tcp_reass_deliver(tp, sg));
	}
	if (!tcp_wants_text(tp)) {
		sg->sg_flags &= ~TH_FIN;
		return (TV_ACKEACH);
	}
	/* The user has gone and cannot read it: RFC 9293, 3.6.1. */
	if (sg->sg_len != 0 && tcp_detached(tp) &&
	    tp->t_state > TCPS_CLOSE_WAIT) {
		TCPSTAT_INC(tcps_rcvafterclose);
		sg->sg_errno = ECONNRESET;
		tcp_state_change(tp, TCPS_CLOSED);
		return (TV_STOP | TV_RST | TV_DROP);
	}
	if (sg->sg_seq == tp->rcv_nxt && tp->t_segqlen == 0) {
		if (sg->sg_len == 0)
			return (TV_OK);
		/* Before the handshake is done the reader has to wait. */
		if (tp->t_state != TCPS_SYN_RECEIVED)
			return (tcp_text_inorder(tp, sg, false));
	}
	return (tcp_reass(tp, sg));
}

/* ---- Eighth: FIN ---- */

int
tcp_stage_fin(struct tcpcb *tp, struct tcp_seg *sg)
{
	if ((sg->sg_flags & TH_FIN) == 0)
		return (TV_OK);
	/* Not in order: kept with the text, and comes back by tcp_reass.
	 * Before the handshake is complete: so, too, or the peer sends it
	 * again. */
	if (sg->sg_seq + sg->sg_len != tp->rcv_nxt ||
	    TCPS_HAVERCVDFIN(tp->t_state) ||
	    tp->t_state == TCPS_SYN_RECEIVED)
		return (TV_OK);
	return (tcp_fin_inorder(tp));
}

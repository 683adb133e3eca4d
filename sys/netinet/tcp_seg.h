/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What nearly every segment is, told early and once, for the input side:
 * the reading of a header whose options are a time stamp or none, and the
 * test for a regular segment, for which most of the stages have nothing to
 * do, and the way of text that is the next in order to its reader.
 * tcp_parse.c and tcp_stages.c have the rest.
 *
 * Touches the connection and its receive buffer.
 */
#ifndef _STACKYARD_NETINET_TCP_SEG_H_
#define	_STACKYARD_NETINET_TCP_SEG_H_

#include <sys/mbuf.h>
#include <sys/socketvar.h>

#include <sys/rawbytes.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

/* What four bytes say. */
static inline uint32_t
tcp_get32(const uint8_t *p)
{
	return (ntohl(raw32(p)));
}

/* Options that are not a time stamp alone: tcp_parse.c. */
void	tcp_read_list(struct tcpopt *to, const uint8_t *cp, int cnt,
	    bool syn);

#define	TCP_STAMPED	((uint32_t)(TCPOPT_NOP << 24 | TCPOPT_NOP << 16 | \
			    TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP))
/* cnt bytes of options: nearly all segments have two NOPs and a time stamp,
 * which one comparison tells. */
static inline void
tcp_read_options(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	to->to_nsacks = 0;
	if (__predict_true(cnt == TCPOLEN_TIMESTAMP + 2 &&
	    tcp_get32(cp) == TCP_STAMPED)) {
		to->to_tsval = tcp_get32(cp + 4);
		to->to_tsecr = tcp_get32(cp + 8);
		to->to_flags = TOF_TS;
		return;
	}
	to->to_flags = 0;
	if (cnt != 0)
		tcp_read_list(to, cp, cnt, syn);
}

/* The 16 bits behind the numbers: the header's length, what is reserved, and
 * nine flags. */
static inline u_int
tcp_off_flags(const struct tcphdr *th)
{
	uint16_t v;

	memcpy(&v, (const uint8_t *)&th->th_ack + sizeof(th->th_ack),
	    sizeof(v));
	return (ntohs(v));
}
#define	TCP_OFF(off_flags)	((int)((off_flags) >> 10 & 0x3c)) /* bytes */

/* Its ports as they lie in an in_conninfo. */
static inline uint32_t
tcp_ports(const struct tcphdr *th)
{
	uint32_t v;

	memcpy(&v, &th->th_sport, sizeof(v));
	if (ntohs(1) == 1)
		return (v);
	v = ntohl(v);
	return (v << 16 | v >> 16);
}

/* Whom th, which came with ii, is between. */
static inline void
tcp_read_ends(struct in_conninfo *inc, const struct tcphdr *th,
    const struct ip_info *ii)
{
	const uint32_t ports = tcp_ports(th);

	inc->inc_faddr = ii->ii_src;
	inc->inc_laddr = ii->ii_dst;
	memcpy(&inc->inc_fport, &ports, sizeof(ports));
	inc->inc_scope = ii->ii_scope;
}

/* All but the options and the ends, of a header with those 16 bits, that came
 * from that UDP port, or 0. */
static inline void
tcp_read_fixed(const struct mbuf *m, const struct ip_info *ii,
    struct tcp_seg *sg, u_int off_flags, uint16_t udpport)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	const u_int flags = off_flags & (TH_AE | 0xff);

	sg->sg_ip = ii;
	sg->sg_seq = sg->sg_came = ntohl(th->th_seq);
	sg->sg_ack = ntohl(th->th_ack);
	sg->sg_win = ntohs(th->th_win);
	sg->sg_urp = 0;
	if (__predict_false((flags & TH_URG) != 0)) {
		sg->sg_urp = ntohs(th->th_urp);
		if (V_tcp_stdurg && sg->sg_urp < UINT16_MAX)
			sg->sg_urp++;	/* from here on: the byte behind */
	}
	sg->sg_flags = (uint16_t)flags;
	sg->sg_len = (uint32_t)(m->m_pkthdr.len - TCP_OFF(off_flags));
	sg->sg_joined = m->m_pkthdr.lro_nsegs;
	sg->sg_udpport = udpport;
	sg->sg_errno = 0;
}

/* As tcp_parse(), of a header, with those 16 bits of it, that is known to be
 * whole and to lie in one piece. */
static inline void
tcp_read_header(const struct mbuf *m, const struct ip_info *ii,
    struct tcp_seg *sg, u_int off_flags, uint16_t udpport)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);

	tcp_read_fixed(m, ii, sg, off_flags, udpport);
	tcp_read_ends(&sg->sg_read, th, ii);
	sg->sg_ends = &sg->sg_read;
	sg->sg_m = NULL;
	tcp_read_options(&sg->sg_to, (const uint8_t *)(th + 1),
	    TCP_OFF(off_flags) - (int)sizeof(*th), (off_flags & TH_SYN) != 0);
}

/* Has th nothing but a time stamp behind it, by its length, and ACK, and PSH
 * and FIN at most?  One comparison, of what lies there. */
#define	TCP_STAMPED_OFF	((int)sizeof(struct tcphdr) + TCPOLEN_TIMESTAMP + 2)
static inline bool
tcp_is_stamped(const struct tcphdr *th)
{
	uint16_t v;

	memcpy(&v, (const uint8_t *)&th->th_ack + sizeof(th->th_ack),
	    sizeof(v));
	return ((v & (uint16_t)~htons(TH_PUSH | TH_FIN)) ==
	    htons(TCP_STAMPED_OFF << 10 | TH_ACK));
}

/* Read such a header, which is for tp. */
static inline void
tcp_read_stamped(const struct mbuf *m, const struct ip_info *ii,
    struct tcp_seg *sg, const struct tcpcb *tp)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	const uint8_t *cp = (const uint8_t *)(th + 1);
	struct tcpopt *to = &sg->sg_to;

	sg->sg_ip = ii;
	sg->sg_ends = &tp->t_inpcb.inp_inc;
	sg->sg_seq = sg->sg_came = ntohl(th->th_seq);
	sg->sg_ack = ntohl(th->th_ack);
	sg->sg_win = (uint32_t)ntohs(th->th_win) << tp->snd_scale;
	sg->sg_len = (uint32_t)m->m_pkthdr.len - TCP_STAMPED_OFF;
	sg->sg_flags = th->th_flags;
	sg->sg_joined = m->m_pkthdr.lro_nsegs;
	/* These in one store, and those. */
	sg->sg_urp = sg->sg_udpport = 0;
	sg->sg_errno = 0;
	to->to_flags = TOF_TS;
	to->to_mss = 0;
	to->to_wscale = to->to_nsacks = 0;
	to->to_tsval = tcp_get32(cp + 4);
	to->to_tsecr = tcp_get32(cp + 8);
}

/*
 * Is sg regular: ACK, PSH and FIN at most, the next in order, within what was
 * promised, its time stamp there and not old, nothing signed, the connection
 * synchronized and not in TIME_WAIT, and nothing out of order waiting?  Then
 * the stages before ACK come to tcp_ts_remember(), and URG's to nothing.
 */
static __always_inline bool
tcp_regular(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	const uint32_t end = sg->sg_seq + sg->sg_len +
	    (sg->sg_flags & TH_FIN) / TH_FIN;

	return ((sg->sg_flags & ~(TH_PUSH | TH_FIN)) == TH_ACK &&
	    sg->sg_seq == tp->rcv_nxt && SEQ_LEQ(end, tp->rcv_adv) &&
	    /* In one: the time stamp that was agreed upon, if it was. */
	    (tp->t_flags & (TF_RCVD_TSTMP | TF_SIGNATURE)) ==
	    sg->sg_to.to_flags * (TF_RCVD_TSTMP / TOF_TS) &&
	    tp->t_segqlen == 0 && (sg->sg_to.to_flags == 0 ||
	    TSTMP_GEQ(sg->sg_to.to_tsval, tp->ts_recent)) &&
	    tcp_is_synced(tp->t_state));
}

/* The same of one with a time stamp, and with ACK, PSH and FIN at most, where
 * inp_irregular is 0. */
static __always_inline bool
tcp_regular_stamped(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	const uint32_t end = sg->sg_seq + sg->sg_len +
	    (sg->sg_flags & TH_FIN) / TH_FIN;

	return (sg->sg_seq == tp->rcv_nxt && SEQ_LEQ(end, tp->rcv_adv) &&
	    TSTMP_GEQ(sg->sg_to.to_tsval, tp->ts_recent));
}

/*
 * Jacobson's header prediction: is sg, regular and with text, what nearly every
 * segment of a bulk transfer is to its receiver, text with nothing to say
 * about the other direction?  Then the ACK comes to what
 * tcp_ack_predicted() does.
 */
static inline bool
tcp_predicted(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	return (sg->sg_ack == tp->snd_una && sg->sg_win == tp->snd_wnd &&
	    (sg->sg_flags & TH_FIN) == 0 &&
	    tp->t_state == TCPS_ESTABLISHED &&
	    SEQ_LEQ(tp->snd_wl1, sg->sg_seq) &&
	    (tp->t_flags2 & TF2_ECN_ANY) == 0 &&
	    !tcp_timer_active(tp, TT_PERSIST));
}

static __always_inline void
tcp_ts_spanned(struct tcpcb *tp, const struct tcp_seg *sg, tcp_seq seq,
    uint32_t len)
{
	/* seq <= last_ack_sent <= seq + len; mostly it is the same again. */
	if (sg->sg_to.to_tsval == tp->ts_recent ||
	    tp->last_ack_sent - seq > len)
		return;
	tp->ts_recent = sg->sg_to.to_tsval;
	tp->ts_recent_age = tcp_ts_age();
}

/*
 * Rule R3 of RFC 7323, 4.3: remember the time stamp of an acceptable
 * segment that spans the last ACK.  seq and len are of the segment as it
 * came.
 */
static __always_inline void
tcp_ts_remember(struct tcpcb *tp, const struct tcp_seg *sg, tcp_seq seq,
    uint32_t len)
{
	if ((sg->sg_to.to_flags & TOF_TS) != 0 &&
	    (tp->t_flags & TF_RCVD_TSTMP) != 0)
		tcp_ts_spanned(tp, sg, seq, len);
}

/* Text and FIN are taken in these states only. */
static inline bool
tcp_wants_text(const struct tcpcb *tp)
{
	const u_int states = 1u << TCPS_SYN_RECEIVED |
	    1u << TCPS_ESTABLISHED | 1u << TCPS_FIN_WAIT_1 |
	    1u << TCPS_FIN_WAIT_2;

	return ((states >> tp->t_state & 1) != 0);
}

/* tcp_maxseg(): nearly all have a time stamp, and nothing else. */
static __always_inline u_int
tcp_full_segment(const struct tcpcb *tp)
{
	if (__predict_true((tp->t_flags & (TF_RCVD_TSTMP | TF_NOOPT |
	    TF_SIGNATURE)) == TF_RCVD_TSTMP && tp->t_segqlen == 0))
		return (tp->t_maxseg - (TCPOLEN_TIMESTAMP + 2));
	return (tcp_maxseg(tp));
}

/* The stream went by where the urgent pointer was: of no other meaning than
 * that it must not come to lie ahead by wrapping. */
static inline void
tcp_urg_passed(struct tcpcb *tp)
{
	if (SEQ_GT(tp->rcv_nxt, tp->rcv_up))
		tp->rcv_up = tp->rcv_nxt;
}

/* The ACK of a synchronized connection without ECN: almost every one. */
static __always_inline int
tcp_ack_usual(struct tcpcb *tp, struct tcp_seg *sg)
{
	const uint32_t acked = sg->sg_ack - tp->snd_una;

	if (acked == 0)
		return (tcp_ack_again(tp, sg));
	/* snd_una < ack <= snd_max? */
	if (__predict_false(acked > tp->snd_max - tp->snd_una))
		return (tcp_ack_outside(tp, sg));
	return (tcp_ack_new(tp, sg));
}

/* tcp_stage_ack() of a segment that tcp_regular() is true of. */
static __always_inline int
tcp_ack_regular(struct tcpcb *tp, struct tcp_seg *sg)
{
	return (__predict_false((tp->t_flags2 & TF2_ECN_ANY) != 0) ?
	    tcp_ack_unusual(tp, sg) : tcp_ack_usual(tp, sg));
}

static inline void
tcp_ack_predicted(struct tcpcb *tp, const struct tcp_seg *sg)
{
	TCPSTAT_INC(tcps_preddat);
	tp->snd_wl1 = sg->sg_seq;
	tp->snd_wl2 = sg->sg_ack;
}

/* Every second full segment is acknowledged at once, others soon (RFC 9293,
 * 3.8.6.3), and the first after an idle time too. */
static __always_inline int
tcp_ack_policy(struct tcpcb *tp, const struct tcp_seg *sg)
{
	u_int full;

	/* Of short ones, which make up none, this is known at once. */
	if (sg->sg_len + TCP_MAXOLEN < tp->t_maxseg && tp->t_unacksegs == 0 &&
	    (tp->t_flags & (TF_RXWIN0SENT | TF_DELACK)) == 0 &&
	    tp->t_delack_opt == -1 && V_tcp_delack_enabled != 0)
		return (TV_DELACK);
	if (__predict_false(tp->t_delack_opt != -1)) {
		if (!tcp_compat_delack(tp))
			return (TV_ACKNOW);
	} else if (__predict_false(V_tcp_delack_enabled == 0))
		return (TV_ACKNOW);
	if (__predict_false((tp->t_flags & TF_RXWIN0SENT) != 0))
		return (TV_ACKNOW);
	/* A large one stands for as many as it was made of; nothing that is
	 * smaller than with all options is full. */
	if (sg->sg_len + TCP_MAXOLEN >= tp->t_maxseg) {
		full = tcp_full_segment(tp);
		if (sg->sg_len >= full)
			tp->t_unacksegs += sg->sg_len < 2 * full ? 1 :
			    (uint16_t)(sg->sg_len / full);
	}
	if (tp->t_unacksegs >= 2 || (tp->t_flags & TF_DELACK) != 0)
		return (TV_ACKNOW);
	return (TV_DELACK);
}

void	tcp_rcvbuf_round(struct tcpcb *tp, struct socket *so);

/*
 * Dynamic right-sizing: count what arrives in a round trip, which ends when
 * the peer echoes a time stamp of its beginning (or, without time stamps,
 * when the window promised then is used up), and have the buffer take four
 * times that, so that a sender in slow start is not held back.  Here: len
 * bytes of sg's, or of what waited for it, go to the reader now; stamped: it
 * is known to have a time stamp, as was agreed upon.
 */
static __always_inline void
tcp_rcvbuf_autoscale(struct tcpcb *tp, struct socket *so,
    const struct tcp_seg *sg, uint32_t len, const bool stamped)
{
	tp->rfbuf_cnt += len;
	if (stamped || (tp->t_flags & TF_RCVD_TSTMP) != 0 ?
	    (!stamped && (sg->sg_to.to_flags & TOF_TS) == 0) || TSTMP_LT(
	    sg->sg_to.to_tsecr - tp->ts_offset, tp->rfbuf_ts) :
	    SEQ_LT(tp->rcv_nxt, tp->rfbuf_mark))
		return;
	tcp_rcvbuf_round(tp, so);
}

/* Next in order, and nothing waits behind it: straight to the reader. */
static __always_inline int
tcp_text_inorder(struct tcpcb *tp, struct tcp_seg *sg, const bool stamped)
{
	struct tcpstat *st = &V_tcpstat;
	struct socket *so = tptosocket(tp);
	struct mbuf *m = sg->sg_m;
	int v;

	v = tcp_ack_policy(tp, sg);
	if (__predict_false((tp->t_flags2 & TF2_OOBAHEAD) != 0))
		tcp_oob_take(tp, m, sg->sg_len);
	tp->rcv_nxt += sg->sg_len;
	st->tcps_rcvpack++;
	st->tcps_rcvbyte += sg->sg_len;
	sg->sg_m = NULL;
	if (__predict_false(so == NULL ||
	    (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0)) {
		m_freem(m);
		return (v);
	}
	tcp_rcvbuf_autoscale(tp, so, sg, sg->sg_len, stamped);
	sbappendstream(&so->so_rcv, m, 0);
	return (v | TV_WAKERD);
}

/* A FIN is the next in order: on to the next state. */
static __always_inline int
tcp_fin_inorder(struct tcpcb *tp)
{
	tp->rcv_nxt++;
	if (tp->t_state == TCPS_FIN_WAIT_2)
		return (TV_RCVEOF | TV_ACKNOW | TV_TIMEWAIT |
		    TV_DISCONNECTED);
	tcp_state_change(tp, tp->t_state == TCPS_ESTABLISHED ?
	    TCPS_CLOSE_WAIT : TCPS_CLOSING);
	return (TV_RCVEOF | TV_ACKNOW);
}

#endif /* !_STACKYARD_NETINET_TCP_SEG_H_ */

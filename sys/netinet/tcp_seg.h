/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What nearly every segment is, told early and once, for the input side:
 * the reading of a header whose options are a time stamp or none, and the
 * test for a regular segment, for which most of the stages have nothing to
 * do.  tcp_parse.c and tcp_stages.c have the rest.
 *
 * Touches nothing but its arguments.
 */
#ifndef _STACKYARD_NETINET_TCP_SEG_H_
#define	_STACKYARD_NETINET_TCP_SEG_H_

#include <sys/mbuf.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

/* Four bytes from the wire. */
static inline uint32_t
tcp_get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return (ntohl(v));
}

/* Options that are not a time stamp alone: tcp_parse.c. */
void	tcp_read_list(struct tcpopt *to, const uint8_t *cp, int cnt,
	    bool syn);

/* cnt bytes of options: nearly all segments have two NOPs and a time stamp,
 * which one comparison tells. */
static inline void
tcp_read_options(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	to->to_nsacks = 0;
	if (__predict_true(cnt == TCPOLEN_TIMESTAMP + 2 &&
	    tcp_get32(cp) == (TCPOPT_NOP << 24 | TCPOPT_NOP << 16 |
	    TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP))) {
		to->to_tsval = tcp_get32(cp + 4);
		to->to_tsecr = tcp_get32(cp + 8);
		to->to_flags = TOF_TS;
		return;
	}
	to->to_flags = 0;
	if (cnt != 0)
		tcp_read_list(to, cp, cnt, syn);
}

/* As tcp_parse(), of a header of off bytes that is known to be whole and to
 * lie in one piece. */
static inline void
tcp_read_header(const struct mbuf *m, const struct ip_info *ii,
    struct tcp_seg *sg, int off)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	uint16_t flags;

	/* The header's length, what is reserved, and nine flags. */
	memcpy(&flags, (const uint8_t *)&th->th_ack + sizeof(th->th_ack),
	    sizeof(flags));
	flags = ntohs(flags) & (TH_AE | 0xff);
	sg->sg_ip = ii;
	sg->sg_inc.inc_faddr = ii->ii_src;
	sg->sg_inc.inc_laddr = ii->ii_dst;
	sg->sg_inc.inc_fport = ntohs(th->th_sport);
	sg->sg_inc.inc_lport = ntohs(th->th_dport);
	sg->sg_inc.inc_scope = ii->ii_scope;
	sg->sg_seq = sg->sg_came = ntohl(th->th_seq);
	sg->sg_ack = ntohl(th->th_ack);
	sg->sg_win = ntohs(th->th_win);
	sg->sg_urp = ntohs(th->th_urp);
	sg->sg_flags = flags;
	if (__predict_false((flags & TH_URG) != 0) &&
	    V_tcp_stdurg && sg->sg_urp < UINT16_MAX)
		sg->sg_urp++;		/* from here on: the byte behind */
	sg->sg_m = NULL;
	sg->sg_len = (uint32_t)(m->m_pkthdr.len - off);
	sg->sg_nsegs = m->m_pkthdr.lro_nsegs > 1 ? m->m_pkthdr.lro_nsegs : 1;
	sg->sg_errno = 0;
	tcp_read_options(&sg->sg_to, (const uint8_t *)(th + 1),
	    off - (int)sizeof(*th), (flags & TH_SYN) != 0);
}

/*
 * Is sg regular: ACK, PSH and FIN at most, the next in order, within what was
 * promised, its time stamp there and not old, the connection synchronized
 * and nothing out of order waiting?  Then the stages before ACK come to
 * tcp_ts_remember(), and URG's to moving RCV.UP.
 */
static inline bool
tcp_regular(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	/* In one: the time stamp that was agreed upon, if it was. */
	const uint32_t ts = tp->t_flags / (TF_RCVD_TSTMP / TOF_TS) & TOF_TS;
	const uint32_t end = sg->sg_seq + sg->sg_len +
	    (sg->sg_flags & TH_FIN) / TH_FIN;

	return ((sg->sg_flags & ~(TH_PUSH | TH_FIN)) == TH_ACK &&
	    sg->sg_seq == tp->rcv_nxt && SEQ_LEQ(end, tp->rcv_adv) &&
	    sg->sg_to.to_flags == ts && tp->t_segqlen == 0 &&
	    (ts == 0 || TSTMP_GEQ(sg->sg_to.to_tsval, tp->ts_recent)) &&
	    TCPS_HAVEESTABLISHED(tp->t_state));
}

/*
 * Jacobson's header prediction: is sg, which is regular, what nearly every
 * segment of a bulk transfer is to its receiver, text with nothing to say
 * about the other direction?  Then the stages would come to what
 * tcp_stage_predicted() does.
 */
static inline bool
tcp_predicted(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	return (sg->sg_ack == tp->snd_una && sg->sg_win == tp->snd_wnd &&
	    sg->sg_len != 0 && (sg->sg_flags & TH_FIN) == 0 &&
	    tp->t_state == TCPS_ESTABLISHED &&
	    SEQ_LEQ(tp->snd_wl1, sg->sg_seq) &&
	    (tp->t_flags2 & TF2_ECN_ANY) == 0 &&
	    !tcp_timer_active(tp, TT_PERSIST));
}

/*
 * Rule R3 of RFC 7323, 4.3: remember the time stamp of an acceptable
 * segment that spans the last ACK.  seq and len are of the segment as it
 * came.
 */
static inline void
tcp_ts_remember(struct tcpcb *tp, const struct tcp_seg *sg, tcp_seq seq,
    uint32_t len)
{
	/* seq <= last_ack_sent <= seq + len. */
	if (tp->last_ack_sent - seq > len ||
	    (sg->sg_to.to_flags & TOF_TS) == 0 ||
	    (tp->t_flags & TF_RCVD_TSTMP) == 0)
		return;
	tp->ts_recent = sg->sg_to.to_tsval;
	tp->ts_recent_age = (uint32_t)time_uptime;
}

/* The stream went by where the urgent pointer was. */
static inline void
tcp_urg_passed(struct tcpcb *tp)
{
	if (SEQ_GT(tp->rcv_nxt, tp->rcv_up))
		tp->rcv_up = tp->rcv_nxt;
}

#endif /* !_STACKYARD_NETINET_TCP_SEG_H_ */

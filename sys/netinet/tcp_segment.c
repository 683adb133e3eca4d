/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A segment that was planned leaves:
 *
 *   build    a header, and text shared with the send buffer, or copied
 *   sent     the sent map remembers it (the block is told)
 *   ip_send  with what the socket asks of IP
 *
 * Plain ones, which most are, tcp_plain.c makes in one go of the same parts.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

/* ---- Build ---- */

static bool __noinline
tcp_share_text(struct sockbuf *sb, struct mbuf *m, uint32_t off,
    uint32_t len, bool fresh)
{
	struct mbuf *mb;
	uint32_t moff;

	mb = sbsndptr_noadv(sb, off, &moff);
	m->m_next = m_copym(mb, (int)moff, (int)len, M_NOWAIT);
	if (m->m_next == NULL) {
		m_free(m);
		return (false);
	}
	if (fresh)
		sbsndptr_adv(sb, mb, len);
	return (true);
}

/*
 * Few bytes that begin the buffer are copied behind the header, if there is
 * room: less work for both ends than an mbuf more.  The buffer need not know,
 * which looks for what comes next from its front on then.
 */
bool
tcp_build_text(struct tcpcb *tp, struct mbuf *m, uint32_t hdrlen,
    uint32_t off, uint32_t len, bool fresh)
{
	struct sockbuf *sb = &tptosocket(tp)->so_snd;
	const struct mbuf *first = sb->sb_mb;

	if (len > (uint32_t)(MHLEN - max_hdr) - hdrlen ||
	    off + len > (uint32_t)first->m_len)
		return (tcp_share_text(sb, m, off, len, fresh));
	memcpy(m->m_data + m->m_len, first->m_data + off, len);
	m->m_len += (int)len;
	return (true);
}

void
tcp_build_tso(const struct tcpcb *tp, struct mbuf *m, uint32_t mss)
{
	m->m_pkthdr.csum_flags |=
	    IN6_IS_ADDR_V4MAPPED(&tp->t_inpcb.inp_faddr) ? CSUM_IP_TSO :
	    CSUM_IP6_TSO;
	m->m_pkthdr.tso_segsz = (uint16_t)mss;
}

/* The urgent pointer, which those before the urgent byte have. */
static void
tcp_fill_urgent(struct tcpcb *tp, struct tcphdr *th, tcp_seq seq)
{
	th->th_urp = htons(tcp_urgent_pointer(tp, seq));
	th->th_flags |= TH_URG;
	TCPSTAT_INC(tcps_sndurg);
}

/* Fill the header in; the checksum field gets the pseudo header's sum. */
static void
tcp_fill_header(struct tcpcb *tp, struct mbuf *m, const struct tcp_plan *p)
{
	struct tcphdr *th = mtod(m, struct tcphdr *);
	const bool syn = (p->p_flags & TH_SYN) != 0;
	uint8_t scale;

	scale = !syn && (tp->t_flags & TF_RCVD_SCALE) != 0 ?
	    tp->rcv_scale : 0;
	tcp_put_header(m, &tp->t_inpcb.inp_inc, p->p_seq,
	    (p->p_flags & TH_ACK) != 0 ? tp->rcv_nxt : 0, p->p_flags,
	    min(TCP_MAXWIN, tcp_scaled_window(p->p_win, scale)),
	    sizeof(*th) + p->p_optlen);
	memcpy(th + 1, p->p_opt, p->p_optlen);
	if (SEQ_GT(tp->snd_up, p->p_seq) && !syn)
		tcp_fill_urgent(tp, th, p->p_seq);
}

/* Header and text of what was planned: NULL if memory is short. */
static struct mbuf *
tcp_build_plan(struct tcpcb *tp, const struct tcp_plan *p)
{
	const uint32_t hdrlen = sizeof(struct tcphdr) + p->p_optlen;
	const uint32_t mss = tp->t_maxseg - p->p_optlen;
	struct mbuf *m;

	m = tcp_build(tp, hdrlen, p->p_len);
	if (m == NULL || (p->p_len != 0 && !tcp_build_text(tp, m, hdrlen,
	    p->p_off, p->p_len, p->p_again == NULL || p->p_new != 0)))
		return (NULL);
	if (p->p_len > mss && !p->p_probe) {
		tcp_build_tso(tp, m, mss);
		/* CWR is part of a number, for each segment. */
		if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
			m->m_pkthdr.csum_flags |= CSUM_ACE;
	}
	return (m);
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

/* INP_RARESEND: 0, or ENETUNREACH. */
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

int
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
	if (inp != NULL &&
	    __predict_false((inp->inp_flags & INP_RARESEND) != 0) &&
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

	if ((ts = tcp_sent_new(tp, 1, TS_SYN)) == NULL)
		return (ENOBUFS);
	tp->t_fb->tfb_sent(tp, ts);
	if ((ts = tcp_sent_new(tp, p->p_len, 0)) == NULL) {
		/* Nothing left: next time it is plain. */
		(void)tcp_sent_lose_all(tp);
		return (ENOBUFS);
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
	int error = 0;

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
	else if ((ts = tcp_sent_new(tp, len,
	    (p->p_flags & TH_SYN) != 0 ? TS_SYN :
	    (p->p_flags & TH_FIN) != 0 ? TS_FIN : 0)) == NULL)
		error = ENOBUFS;
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

int
tcp_send_plan(struct tcpcb *tp, struct tcp_plan *p)
{
	struct inpcb *inp = tptoinpcb(tp);
	struct mbuf *m;
	int error;
	uint8_t tos = inp->inp_tos;

	if ((m = tcp_build_plan(tp, p)) == NULL)
		return (ENOBUFS);
	if (__predict_false((tp->t_flags2 & TF2_ECN_ANY) != 0))
		tcp_plan_ecn(tp, p, &tos);
	tcp_fill_header(tp, m, p);
	if ((error = tcp_note_sent(tp, p)) != 0) {
		m_freem(m);
		return (error);
	}
	tcp_count_sent(tp, p);
	if ((p->p_flags & TH_ACK) != 0) {
		tcp_note_promise(tp, p->p_win);
		if (tp->t_loss != NULL)
			tp->t_loss->tl_dsack.start =
			    tp->t_loss->tl_dsack.end = 0;
	}
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0) &&
	    (error = tcp_sig_sign(m, &inp->inp_inc,
	    tcp_sig_ao(tp, NULL, NULL))) != 0) {
		m_freem(m);
		return (error);
	}
	if (tos == inp->inp_tos && tcp_ip_is_plain(tp) && V_tcp_do_pmtud)
		return (ip_send_pcb(m, inp));
	return (tcp_ip_send(m, inp, &inp->inp_inc, tos, inp->inp_ttl,
	    inp->inp_udpport, inp->inp_options));
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Output (RFC 9293, 3.7 to 3.9; RFC 1122, 4.2.3.4).
 *
 *   quota    how many bytes may leave now (the block's; by default
 *            cwnd less what is in flight)
 *   plan     what to send (tcp_plan.c)
 *   build    header, options, and text shared with the send buffer
 *   sent     the sent map remembers it (the block is told)
 *   ip_send
 *
 * and again until there is nothing to send.  Output is asked for once for
 * each batch of input: tcp_output_later() puts a connection on the vnet's
 * list, which is worked off when the batch ends.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_output_impl.h>
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
		if (__predict_true((flags & TF2_OUTPENDING) != 0))
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
	struct tcp_outq *q;

	if ((tp->t_flags2 & TF2_OUTPENDING) != 0)
		return;
	q = &V_tcp_outq;
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

/* The send buffer grows while it, and not the window, is the limit. */
static void
tcp_sndbuf_autoscale(struct tcpcb *tp, struct socket *so)
{
	struct sockbuf *sb = &so->so_snd;
	uint32_t lowat, sendwin, used = sbused(sb);

	lowat = __predict_false(V_sendbuf_auto_lowat) ?
	    min(sb->sb_lowat, sb->sb_hiwat) : 0;
	if (__predict_true(used + lowat < sb->sb_hiwat / 8 * 7) ||
	    !V_tcp_do_autosndbuf || (sb->sb_flags & SB_AUTOSIZE) == 0)
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
	uint32_t pipe;

	/* In order, there is but one way to count what is in flight. */
	if (__predict_true((tp->t_snd_sacked | tp->t_snd_lost |
	    tp->t_dupacks) == 0 && !IN_FASTRECOVERY(tp->t_flags) &&
	    tp->t_fb->tfb_compute_pipe == NULL))
		pipe = tp->snd_max - tp->snd_una;
	else
		pipe = (uint32_t)tcp_compute_pipe(tp);
	return (tp->snd_cwnd > pipe ? tp->snd_cwnd - pipe : 0);
}

void
tcp_default_sent(struct tcpcb *tp, struct tcp_sent *ts)
{
	if (IN_FASTRECOVERY(tp->t_flags) && tp->t_loss != NULL)
		tp->t_loss->tl_prr_out += ts->ts_end - ts->ts_start;
}

/* ---- Build ---- */

/* Put len bytes of text, from off in the send buffer, behind the header m:
 * false if memory is short.  fresh: some were never sent. */
static inline bool
tcp_build_text(struct mbuf *m, struct sockbuf *sb, uint32_t off,
    uint32_t len, bool fresh)
{
	struct mbuf *mb;
	uint32_t moff;

	mb = sbsndptr_noadv(sb, off, &moff);
	m->m_next = m_copym(mb, (int)moff, (int)len, M_NOWAIT);
	if (m->m_next == NULL)
		return (false);
	if (fresh)
		sbsndptr_adv(sb, mb, len);
	return (true);
}

/* An mbuf chain with room for a header of hdrlen bytes, and text: NULL if
 * memory is short. */
static inline struct mbuf *
tcp_build(struct tcpcb *tp, uint32_t hdrlen, uint32_t off, uint32_t len,
    bool fresh)
{
	struct mbuf *m;

	if ((m = m_gethdr(M_NOWAIT, MT_HEADER)) == NULL)
		return (NULL);
	m->m_data += max_hdr;
	m->m_len = (int)hdrlen;
	m->m_pkthdr.len = (int)(hdrlen + len);
	m->m_pkthdr.flowid = tp->t_inpcb.inp_hash;
	if (len != 0 && !tcp_build_text(m, &tptosocket(tp)->so_snd, off, len,
	    fresh)) {
		m_free(m);
		return (NULL);
	}
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
#define	INP_RARESEND	(INP_MINMTU | INP_DONTROUTE | INP_NOHOPS)
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

/* An ACK that promises win bytes leaves. */
static inline void
tcp_note_promise(struct tcpcb *tp, uint32_t win)
{
	u_int flags = tp->t_flags;

	if (SEQ_GT(tp->rcv_nxt + win, tp->rcv_adv))
		tp->rcv_adv = tp->rcv_nxt + win;
	tp->last_ack_sent = tp->rcv_nxt;
	tp->t_unacksegs = 0;
	if (__predict_false(tp->t_loss != NULL))
		tp->t_loss->tl_dsack.start = tp->t_loss->tl_dsack.end = 0;
	if ((flags & TF_DELACK) != 0)
		tcp_timer_off(tp, TT_DELACK);
	flags &= ~(TF_ACKNOW | TF_DELACK | TF_RXWIN0SENT);
	if (__predict_false(win == 0))
		flags |= TF_RXWIN0SENT;
	tp->t_flags = flags;
}

/*
 * Neither the retransmission nor the persist timer runs, and what is in flight
 * or waits may need one.  Text
 * that waits with nothing in flight, for a window or for Nagle's sake, must
 * not wait for ever: the persist timer forces it out.
 */
static void __noinline
tcp_output_timers(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);

	if (tp->snd_max != tp->snd_una) {
		tcp_timer_at(tp, TT_REXMT, getnstime() + tcp_rto(tp));
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

	m = tcp_build(tp, sizeof(struct tcphdr) + p->p_optlen, p->p_off,
	    p->p_len, p->p_again == NULL || p->p_new != 0);
	if (m == NULL)
		return (ENOBUFS);
	if (__predict_false((tp->t_flags2 & TF2_ECN_ANY) != 0))
		tcp_plan_ecn(tp, p, &tos);
	tcp_fill_header(tp, m, p);
	if ((error = tcp_note_sent(tp, p)) != 0) {
		m_freem(m);
		return (error);
	}
	tcp_count_sent(tp, p);
	if ((p->p_flags & TH_ACK) != 0)
		tcp_note_promise(tp, p->p_win);
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0) &&
	    (error = tcp_sig_sign(m, &inp->inp_inc,
	    tcp_sig_ao(tp, NULL, NULL))) != 0) {
		m_freem(m);
		return (error);
	}
	return (tcp_ip_send(m, inp, &inp->inp_inc, tos, inp->inp_ttl,
	    inp->inp_udpport, inp->inp_options));
}

/* ---- Plain segments ---- */

/*
 * Nearly all segments are of connections on which nothing rare is switched
 * on, of which nothing was lost, and which have nothing to SACK.  What leaves
 * is then new text, the FIN, or an acknowledgment, behind a header with at
 * most a time stamp, and is made here in one go.  It is what the general way
 * (tcp_plan(), tcp_send_plan()) makes of the same connection.
 */
#define	TF_NOTPLAIN	(TF_NOOPT | TF_SIGNATURE | TF_FORCEDATA)
#define	TF2_NOTPLAIN	(TF2_PMTUD | TF2_ECN_ANY | TF2_COMPAT | TF2_NODF | \
	    TF2_TFO)

static inline bool
tcp_is_plain(const struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;

	return ((tp->t_flags & TF_NOTPLAIN) == 0 &&
	    (tp->t_flags2 & TF2_NOTPLAIN) == 0 &&
	    (inp->inp_flags & INP_RARESEND) == 0 &&
	    inp->inp_udpport == 0 && inp->inp_options == NULL &&
	    tp->t_state >= TCPS_ESTABLISHED &&
	    tp->t_state < TCPS_TIME_WAIT &&
	    tp->t_snd_lost == 0 && !tcp_sack_due(tp) &&
	    SEQ_LEQ(tp->snd_up, tp->snd_una));
}

/* Bytes of options. */
static inline uint32_t
tcp_plain_optlen(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_RCVD_TSTMP) != 0 ? TCPOLEN_TIMESTAMP + 2 :
	    0);
}

static inline void
tcp_plain_header(struct tcpcb *tp, struct mbuf *m, tcp_seq seq,
    uint32_t win, uint8_t flags, uint32_t optlen)
{
	const struct in_conninfo *inc = &tp->t_inpcb.inp_inc;
	struct tcphdr *th = mtod(m, struct tcphdr *);
	uint8_t scale = tp->rcv_scale;

	th->th_sport = htons(inc->inc_lport);
	th->th_dport = htons(inc->inc_fport);
	th->th_seq = htonl(seq);
	th->th_ack = htonl(tp->rcv_nxt);
	th->th_off = (uint8_t)((sizeof(*th) + optlen) >> 2);
	th->th_x2 = 0;
	th->th_flags = flags;
	th->th_win = htons((uint16_t)((win + (1u << scale) - 1) >> scale));
	th->th_sum = in_pseudo_sum(&inc->inc_laddr, &inc->inc_faddr,
	    (uint32_t)m->m_pkthdr.len, IPPROTO_TCP);
	th->th_urp = 0;
	if (optlen != 0)
		tcp_put_timestamp(th + 1, tp);
	m->m_pkthdr.csum_flags = IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr) ?
	    CSUM_TCP : CSUM_TCP_IPV6;
	m->m_pkthdr.csum_data = __offsetof(struct tcphdr, th_sum);
	m->m_pkthdr.l4hlen = (uint8_t)(sizeof(*th) + optlen);
}

static inline int
tcp_plain_to_ip(struct tcpcb *tp, struct mbuf *m)
{
	return (ip_send_pcb(m, &tp->t_inpcb, V_tcp_do_pmtud ? IOA_DF : 0));
}

/* One without text, to its end. */
static inline struct mbuf *
tcp_plain_build(struct tcpcb *tp, tcp_seq seq, uint32_t win, uint8_t flags)
{
	uint32_t optlen = tcp_plain_optlen(tp);
	struct mbuf *m;

	m = tcp_build(tp, sizeof(struct tcphdr) + optlen, 0, 0, false);
	if (m != NULL)
		tcp_plain_header(tp, m, seq, win, flags, optlen);
	return (m);
}

bool
tcp_plain_respond(struct tcpcb *tp, tcp_seq seq)
{
	struct mbuf *m;

	if (!tcp_is_plain(tp))
		return (false);
	TCPSTAT_INC(tcps_sndctrl);
	m = tcp_plain_build(tp, seq, tcp_adv_window(tp), TH_ACK);
	if (m != NULL) {
		TCPSTAT_INC(tcps_sndtotal);
		(void)tcp_plain_to_ip(tp, m);
	}
	return (true);
}

/* An acknowledgment, if one is due; as plan_ack(). */
static int
tcp_plain_ack(struct tcpcb *tp)
{
	uint32_t win = tcp_adv_window(tp);
	tcp_seq seq = tp->snd_max;
	uint8_t flags = TH_ACK;
	struct mbuf *m;

	if ((tp->t_flags & TF_ACKNOW) == 0) {
		if (!tcp_window_update_due(tp, win))
			return (0);
		TCPSTAT_INC(tcps_sndwinup);
	}
	if (tcp_repeats_fin(tp)) {
		flags |= TH_FIN;
		seq--;
	}
	if ((m = tcp_plain_build(tp, seq, win, flags)) == NULL)
		return (ENOBUFS);
	TCPSTAT_INC(tcps_sndtotal);
	TCPSTAT_INC(tcps_sndacks);
	tp->t_acktime = tcp_acktime();
	tcp_note_promise(tp, win);
	return (tcp_plain_to_ip(tp, m));
}

/* len bytes of new text, TSO's if they are more than mss, or the FIN, or
 * both. */
static inline int
tcp_plain_send(struct tcpcb *tp, uint32_t len, uint32_t optlen,
    uint8_t flags)
{
	uint32_t mss = tp->t_maxseg - optlen, win = tcp_adv_window(tp);
	struct tcp_sent *ts;
	struct mbuf *m;

	m = tcp_build(tp, sizeof(struct tcphdr) + optlen,
	    tp->snd_max - tp->snd_una, len, true);
	if (m == NULL)
		return (ENOBUFS);
	tcp_plain_header(tp, m, tp->snd_max, win, flags, optlen);
	if (len > mss) {
		m->m_pkthdr.csum_flags |= m->m_pkthdr.csum_flags == CSUM_TCP ?
		    CSUM_IP_TSO : CSUM_IP6_TSO;
		m->m_pkthdr.tso_segsz = (uint16_t)mss;
	}
	/* TH_FIN is 1: it counts as a byte. */
	ts = tcp_sent_new(tp, len + (flags & TH_FIN),
	    (flags & TH_FIN) != 0 ? TS_FIN : 0);
	if (ts == NULL) {
		m_freem(m);
		return (ENOBUFS);
	}
	if ((flags & TH_FIN) != 0)
		tp->t_flags |= TF_SENTFIN;
	tp->t_fb->tfb_sent(tp, ts);
	TCPSTAT_INC(tcps_sndtotal);
	if (len != 0) {
		TCPSTAT_INC(tcps_sndpack);
		TCPSTAT_ADD(tcps_sndbyte, len);
	} else
		TCPSTAT_INC(tcps_sndctrl);
	tcp_note_promise(tp, win);
	return (tcp_plain_to_ip(tp, m));
}

/* Bytes of the avail that are not sent yet that may go in one segment now,
 * or by TSO in several; as plan_new().  0: none, but a FIN may. */
static inline uint32_t
tcp_plain_len(const struct tcpcb *tp, uint32_t avail, uint32_t quota,
    uint32_t mss, bool fin)
{
	uint32_t inflight = tp->snd_max - tp->snd_una, len;

	len = tp->snd_wnd > inflight ? tp->snd_wnd - inflight : 0;
	len = min(min(avail, len), quota);
	if (len > mss)
		len = min(len, tcp_seg_limit(tp, tp->t_maxseg - mss));
	if (len >= mss)
		return (len == mss ? len : rounddown(len, mss));
	if ((fin && len == avail) || (len != 0 &&
	    tcp_small_ok(tp, len, mss, len == avail)))
		return (len);
	return (UINT32_MAX);
}

/*
 * One segment, if there is something to send; *morep: there may be more.  It
 * says whether one was sent before, too, which acknowledged what there is and
 * promised the window.
 */
static int
tcp_plain_output(struct tcpcb *tp, const struct sockbuf *sb, bool *morep)
{
	uint32_t avail, len, optlen = tcp_plain_optlen(tp);
	nstime_t when = UINT64_MAX;
	uint8_t flags = TH_ACK;
	bool fin, said = *morep;

	*morep = false;
	avail = sbavail(sb) - (tp->snd_max - tp->snd_una);
	fin = tcp_wants_fin(tp);
	if ((tp->t_flags & TF_SENTFIN) != 0 || (avail == 0 && !fin))
		return (tcp_plain_ack(tp));
	len = tcp_plain_len(tp, avail, tp->t_fb->tfb_quota(tp, &when),
	    tp->t_maxseg - optlen, fin);
	if (len == UINT32_MAX) {
		if (when != UINT64_MAX)
			tcp_timer_at(tp, TT_PACE, when);
		return (said ? 0 : tcp_plain_ack(tp));
	}
	if (len == avail)
		flags |= (len != 0 ? TH_PUSH : 0) | (fin ? TH_FIN : 0);
	*morep = len != avail;
	return (tcp_plain_send(tp, len, optlen, flags));
}

/* ---- The default block's output ---- */

/* There is text.  Is everything else acknowledged?  If nothing was sent for
 * an RTO, too, the window says nothing about the path any more (RFC 5681,
 * 4.1). */
static void
tcp_output_idle(struct tcpcb *tp)
{
	if (tp->snd_una != tp->snd_max)
		return;
	tp->t_flags |= TF_LASTIDLE;
	if (tp->t_sndtime == 0 || !V_tcp_ways.w_idle_restart ||
	    getnstime() - tp->t_sndtime < tcp_rto(tp))
		return;
	if ((tp->t_flags2 & TF2_CWV) != 0)
		tcp_cwv_idle(tp);
	else
		cc_after_idle(tp);
}

/* Is there anything that a plan might find?  Most ACKs leave nothing to say,
 * which is cheaper to see here than to find out step by step. */
static bool
tcp_output_due(struct tcpcb *tp, const struct socket *so)
{
	if (so == NULL || !TCPS_HAVEESTABLISHED(tp->t_state) ||
	    (tp->t_flags & (TF_ACKNOW | TF_FORCEDATA)) != 0 ||
	    tp->t_snd_lost != 0)
		return (true);
	return (tcp_new_waits(tp, so) ||
	    tcp_window_update_due(tp, tcp_adv_window(tp)));
}

/* Nothing that may be sent is not: it is the user, not the network, who
 * limits what is in flight. */
static inline void
tcp_note_applimited(struct tcpcb *tp)
{
	uint32_t inflight = tcp_inflight(tp);

	if (inflight < tp->snd_cwnd)
		tp->t_app_limited = max((uint32_t)tp->t_delivered + inflight,
		    1);
}

void
tcp_note_write(struct tcpcb *tp, const struct socket *so)
{
	if (sbavail(&so->so_snd) <= tp->snd_max - tp->snd_una &&
	    tp->t_snd_lost == 0)
		tcp_note_applimited(tp);
}

/* Output has come to its end: what is to happen next. */
static inline void
tcp_output_end(struct tcpcb *tp, const struct socket *so)
{
	uint32_t sent = tp->snd_max - tp->snd_una, avail;

	avail = so != NULL ? sbavail(&so->so_snd) : 0;
	if ((tp->t_flags & (TF_LASTIDLE | TF_MORETOCOME)) == TF_LASTIDLE)
		tp->t_flags &= ~TF_LASTIDLE;
	if ((sent | avail) != 0 && !tcp_timer_active(tp, TT_REXMT) &&
	    !tcp_timer_active(tp, TT_PERSIST))
		tcp_output_timers(tp);
	if (tp->t_snd_lost == 0 && avail <= sent && so != NULL)
		tcp_note_applimited(tp);
}

/* All that may leave of any connection that may send. */
static int __noinline
tcp_any_output(struct tcpcb *tp, const struct socket *so)
{
	struct tcp_plan p;
	bool due = tcp_output_due(tp, so);
	int error = 0;

	while (due && tcp_plan(tp, &p)) {
		if ((error = tcp_send_plan(tp, &p)) != 0)
			break;
		tp->t_flags &= ~TF_FORCEDATA;
		due = !p.p_last;
	}
	if (error != 0)
		error = tcp_output_error(tp, error);
	tcp_output_end(tp, so);
	if ((tp->t_flags2 & TF2_COMPAT) != 0)
		tcp_compat_notsent(tp);
	return (error);
}

int
tcp_default_output(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);
	bool more = false;
	int error;

	if (so != NULL && sbavail(&so->so_snd) != 0 &&
	    TCPS_HAVEESTABLISHED(tp->t_state)) {
		tcp_output_idle(tp);
		tcp_sndbuf_autoscale(tp, so);
	}
	while (so != NULL && __predict_true(tcp_is_plain(tp))) {
		error = tcp_plain_output(tp, &so->so_snd, &more);
		if (__predict_false(error != 0))
			error = tcp_output_error(tp, error);
		else if (more)
			continue;
		tcp_output_end(tp, so);
		return (error);
	}
	if (tp->t_state < TCPS_SYN_SENT || tp->t_state == TCPS_TIME_WAIT)
		return (0);
	return (tcp_any_output(tp, so));
}

/*
 * Most ACKs leave nothing to say on a plain connection: all was sent, the
 * timers are right, and no acknowledgment and no window is worth a segment.
 * Then all that the default output would do is to note that, as here.
 */
void
tcp_output_if(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t sent = tp->snd_max - tp->snd_una;

	if (so == NULL || sbavail(&so->so_snd) > sent ||
	    (tp->t_flags & TF_LASTIDLE) != 0 || tcp_wants_fin(tp) ||
	    (sent != 0 && !tcp_timer_active(tp, TT_REXMT)) ||
	    tp->t_fb->tfb_tcp_output != tcp_default_output ||
	    !tcp_is_plain(tp) ||
	    tcp_window_update_due(tp, tcp_adv_window(tp)))
		tcp_output_later(tp);
	else
		tcp_note_applimited(tp);
}

/* There is nothing else to say then. */
void
tcp_output_rcvd(struct tcpcb *tp)
{
	if (tp->t_fb->tfb_tcp_output != tcp_default_output ||
	    (tp->t_flags & TF_ACKNOW) != 0 ||
	    tcp_window_update_due(tp, tcp_adv_window(tp)))
		tcp_output_later(tp);
}

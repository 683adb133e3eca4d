/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Plain segments, and the default block's output, which is mostly of these.
 *
 * Nearly all segments are of connections on which nothing rare is switched
 * on, of which nothing was lost, and which have nothing to SACK.  What leaves
 * is then new text, the FIN, or an acknowledgment, behind a header with at
 * most a time stamp, and is made here in one go, mostly with headers that are
 * ready (tcp_head.h).  It is what the general way (tcp_any_output()) makes of
 * the same connection.
 *
 *	tcp_default_output
 *	  a lone ACK, headers ready			tcp_ack_output
 *	  all that waits in one segment, headers ready	tcp_text_output
 *	  other plain ones: with, without headers	tcp_plain_all
 *	  a SYN with the usual options			tcp_syn_output
 *	  else						tcp_any_output
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/rawbytes.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_sentmap.h>
#include <netinet/tcp_var.h>

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

/* ---- Plain segments ---- */

/* What makes a connection one of the others. */
#define	TF_NOTPLAIN	(TF_NOOPT | TF_SIGNATURE | TF_FORCEDATA)
#define	TF2_NOTPLAIN	(TF2_PMTUD | TF2_ECN_ANY | TF2_COMPAT | TF2_TFO | \
			TF2_NODF)

static inline bool
tcp_asks_nothing_rare(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_NOTPLAIN) == 0 &&
	    (tp->t_flags2 & TF2_NOTPLAIN) == 0);
}

/* Who has headers ready (head) asks nothing rare of IP. */
static inline bool
tcp_is_plain(const struct tcpcb *tp, const bool head)
{
	return ((u_int)tp->t_state - TCPS_ESTABLISHED <
	    TCPS_TIME_WAIT - TCPS_ESTABLISHED && tcp_asks_nothing_rare(tp) &&
	    (head ? tcp_head_ok(tp) : tcp_ip_is_plain(tp)) &&
	    tp->t_snd_lost == 0 && !tcp_sack_due(tp) &&
	    SEQ_LEQ(tp->snd_up, tp->snd_una));
}

/* What the next plain segment is. */
struct tcp_plain {
	tcp_seq		seq;
	uint32_t	len;		/* bytes of new text */
	u_int		flags;		/* TH_* */
	uint32_t	hdrlen;
};

/* Bytes of header; and of text behind it. */
static inline uint32_t
tcp_plain_hdrlen(const struct tcpcb *tp)
{
	return ((tp->t_flags & TF_RCVD_TSTMP) != 0 ? sizeof(struct tcphdr) +
	    TCPOLEN_TIMESTAMP + 2 : sizeof(struct tcphdr));
}

static inline uint32_t
tcp_plain_mss(const struct tcpcb *tp, uint32_t hdrlen)
{
	return (tp->t_maxseg + sizeof(struct tcphdr) - hdrlen);
}

/* Too much for one packet, or without headers ready. */
static struct mbuf * __noinline
tcp_plain_build_any(struct tcpcb *tp, uint32_t hdrlen, uint32_t len)
{
	return (tcp_build(tp, hdrlen, len));
}

/* An mbuf for a segment, with the headers in it (if head), unless TSO is to
 * cut it, or with room for them. */
static __always_inline struct mbuf *
tcp_plain_build(struct tcpcb *tp, const struct tcp_plain *p, const bool head)
{
	return (head && __predict_true(p->hdrlen + p->len <=
	    tp->t_head.hd_max && p->len <= tcp_plain_mss(tp, p->hdrlen)) ?
	    tcp_head_build(tp, p->hdrlen, p->len) :
	    tcp_plain_build_any(tp, p->hdrlen, p->len));
}

/* m leaves with headers that are written now. */
static int __noinline
tcp_plain_send_any(struct tcpcb *tp, struct mbuf *m, tcp_seq seq, tcp_seq ack,
    uint32_t off_flags_win)
{
	struct inpcb *inp = &tp->t_inpcb;

	tcp_put_header(m, &inp->inp_inc, seq, ack, off_flags_win >> 16 &
	    (TH_AE | 0xff), off_flags_win & 0xffff, off_flags_win >> 28 << 2);
	if (__predict_true(V_tcp_do_pmtud))
		return (ip_send_pcb(m, inp));
	/* Segments may be fragmented. */
	return (tcp_ip_send(m, inp, &inp->inp_inc, inp->inp_tos, inp->inp_ttl,
	    0, NULL));
}

/* The plain segment m of hdrlen + len bytes leaves, with its options and
 * text. */
static __always_inline int
tcp_plain_leave(struct tcpcb *tp, struct mbuf *m, const struct tcp_plain *p,
    tcp_seq ack, uint32_t win)
{
	const uint32_t word = p->hdrlen << 26 | p->flags << 16 | win;

	return (__predict_true(tcp_head_has(m)) ?
	    tcp_head_send(tp, m, p->hdrlen + p->len, p->seq, ack, word) :
	    tcp_plain_send_any(tp, m, p->seq, ack, word));
}

/* The same of a synchronized connection, which promises win bytes. */
static __always_inline int
tcp_plain_go(struct tcpcb *tp, struct mbuf *m, const struct tcp_plain *p,
    uint32_t win)
{
	TCPSTAT_INC(tcps_sndtotal);
	if (p->hdrlen != sizeof(struct tcphdr))
		tcp_put_timestamp(tcp_head_th(m) + 1, tp);
	return (tcp_plain_leave(tp, m, p, tp->rcv_nxt,
	    tcp_scaled_window(win, tp->rcv_scale)));
}

/* Where there is little space. */
static uint32_t __noinline
tcp_plain_narrow(struct tcpcb *tp, const struct socket *so)
{
	const uint32_t win = tcp_window_of(tp, tcp_wise_space(tp, so));

	tcp_note_promise(tp, win);
	return (win);
}

/* The same with the window that there is, which is noted; gone: flags that go
 * with it.  Where there is space for a segment the window is not 0. */
static __always_inline int
tcp_plain_promise(struct tcpcb *tp, const struct socket *so, struct mbuf *m,
    const struct tcp_plain *p, u_int gone)
{
	const long space = sbspace(&so->so_rcv);
	uint32_t win;

	if (__predict_true(space >= tp->t_maxseg)) {
		win = tcp_window_of(tp, space);
		tcp_note_window(tp, win, gone);
	} else {
		tp->t_flags &= ~gone;
		win = tcp_plain_narrow(tp, so);
	}
	return (tcp_plain_go(tp, m, p, win));
}

static __always_inline void
tcp_plain_answer(struct tcpcb *tp, tcp_seq seq, const bool head)
{
	const struct tcp_plain p = { .seq = seq, .flags = TH_ACK,
	    .hdrlen = tcp_plain_hdrlen(tp) };
	struct mbuf *m;

	TCPSTAT_INC(tcps_sndctrl);
	if ((m = tcp_plain_build(tp, &p, head)) != NULL)
		(void)tcp_plain_go(tp, m, &p, tcp_adv_window(tp));
}

static bool __noinline
tcp_plain_respond_any(struct tcpcb *tp, tcp_seq seq)
{
	if (!tcp_is_plain(tp, false))
		return (false);
	tcp_plain_answer(tp, seq, false);
	return (true);
}

bool
tcp_plain_respond(struct tcpcb *tp, tcp_seq seq)
{
	if (!tcp_is_plain(tp, true))
		return (tcp_plain_respond_any(tp, seq));
	tcp_plain_answer(tp, seq, true);
	return (true);
}

/* An acknowledgment, if one is due; as plan_ack(). */
static inline bool
tcp_plain_ack_due(struct tcpcb *tp, struct tcp_plain *p)
{
	if ((tp->t_flags & TF_ACKNOW) == 0) {
		if (!tcp_window_update_due(tp))
			return (false);
		TCPSTAT_INC(tcps_sndwinup);
	}
	if (tcp_repeats_fin(tp)) {
		p->flags |= TH_FIN;
		p->seq--;
	}
	return (true);
}

static __always_inline struct mbuf *
tcp_plain_ack(struct tcpcb *tp, const struct tcp_plain *p, const bool head)
{
	struct mbuf *m = tcp_plain_build(tp, p, head);

	if (m != NULL) {
		TCPSTAT_INC(tcps_sndacks);
		tp->t_acktime = tcp_acktime();
	}
	return (m);
}

/* Header and text, cut by TSO if it is more than one segment takes: NULL if
 * memory is short. */
static __always_inline struct mbuf *
tcp_plain_text(struct tcpcb *tp, const struct tcp_plain *p, const bool head)
{
	const uint32_t mss = tcp_plain_mss(tp, p->hdrlen);
	struct mbuf *m = tcp_plain_build(tp, p, head);

	if (m == NULL || p->len == 0)
		return (m);
	if (!tcp_build_text(tp, m, p->hdrlen, p->seq - tp->snd_una, p->len,
	    true))
		return (NULL);
	if (p->len > mss)
		tcp_build_tso(tp, m, mss);
	return (m);
}

/* The new text, or the FIN, or both, in m, noted and counted: false, and m is
 * gone, if memory is short. */
static __always_inline bool
tcp_plain_note(struct tcpcb *tp, struct mbuf *m, const struct tcp_plain *p)
{
	const bool fin = (p->flags & TH_FIN) != 0;
	struct tcp_sent *ts;

	/* A FIN counts as a byte. */
	ts = tcp_sent_new_here(tp, p->len + fin, fin ? TS_FIN : 0);
	if (__predict_false(ts == NULL)) {
		m_freem(m);
		return (false);
	}
	if (fin)
		tp->t_flags |= TF_SENTFIN;
	/* The default's is for recovery. */
	if (__predict_false((tp->t_fb->tfb_flags & TCP_FUNC_PLAIN) == 0 ||
	    IN_FASTRECOVERY(tp->t_flags)))
		tp->t_fb->tfb_sent(tp, ts);
	if (p->len != 0) {
		TCPSTAT_INC(tcps_sndpack);
		TCPSTAT_ADD(tcps_sndbyte, p->len);
	} else
		TCPSTAT_INC(tcps_sndctrl);
	return (true);
}

static __always_inline struct mbuf *
tcp_plain_new(struct tcpcb *tp, const struct tcp_plain *p, const bool head)
{
	struct mbuf *m = tcp_plain_text(tp, p, head);

	return (m != NULL && tcp_plain_note(tp, m, p) ? m : NULL);
}

/* Is a SYN with the usual options, and nothing else, due for the first time?
 * Then plan_syn() and opt_syn_all() come to what tcp_plain_syn() does. */
static inline bool
tcp_syn_is_plain(const struct tcpcb *tp)
{
	const u_int usual = TF_REQ_SCALE | TF_REQ_TSTMP | TF_SACK_PERMIT;

	return (tp->t_state == TCPS_SYN_SENT && tp->snd_max == tp->iss &&
	    (tp->t_flags & usual) == usual && tcp_asks_nothing_rare(tp) &&
	    tcp_ip_is_plain(tp) &&
	    tp->t_ecn == NULL && tp->t_rxtshift == 0 &&
	    !V_tcp_ways.w_linux && !V_tcp_ways.w_signed_win);
}

static int
tcp_plain_syn(struct tcpcb *tp)
{
	const struct tcp_plain p = { .seq = tp->iss, .flags = TH_SYN,
	    .hdrlen = sizeof(struct tcphdr) + TCPOLEN_SYNALL };
	struct tcp_sent *ts;
	struct mbuf *m;
	int mss;

	/* This finds the way. */
	mss = tcp_mssopt(tp);
	tcp_head_make(tp);
	m = tcp_head_ok(tp) ? tcp_plain_build(tp, &p, true) :
	    tcp_plain_build(tp, &p, false);
	if (m == NULL)
		return (ENOBUFS);
	tcp_put_synall(tcp_head_th(m) + 1, (uint16_t)mss,
	    tp->request_r_scale,
	    tcp_ts_getticks() + tp->ts_offset, tp->ts_recent);
	if ((ts = tcp_sent_new(tp, 1, TS_SYN)) == NULL) {
		m_freem(m);
		return (ENOBUFS);
	}
	tp->t_fb->tfb_sent(tp, ts);
	TCPSTAT_INC(tcps_sndtotal);
	TCPSTAT_INC(tcps_sndctrl);
	return (tcp_plain_leave(tp, m, &p, 0,
	    min(tcp_adv_window(tp), TCP_MAXWIN)));
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

/* The block's quota; the default's needs no call. */
static inline uint32_t
tcp_plain_quota(struct tcpcb *tp, nstime_t *when)
{
	return (tp->t_fb->tfb_quota == tcp_default_quota ?
	    tcp_default_quota(tp, when) : tp->t_fb->tfb_quota(tp, when));
}

/*
 * Mostly all that waits, avail bytes, may leave in one segment: nothing, but
 * for a FIN; or little, with nothing in flight, so that the quota is the
 * congestion window and Nagle's algorithm does not mind (TF_LASTIDLE).
 */
static inline bool
tcp_plain_whole(const struct tcpcb *tp, uint32_t avail, uint32_t mss)
{
	if (avail == 0)
		return (true);
	return (tp->snd_una == tp->snd_max && avail <= mss &&
	    avail <= tp->snd_wnd && avail <= tp->snd_cwnd &&
	    (tp->t_flags & (TF_NOPUSH | TF_MORETOCOME |
	    TF_FASTRECOVERY)) == 0 && tp->t_dupacks == 0 &&
	    (tp->t_fb->tfb_flags & TCP_FUNC_PLAIN) != 0);
}

/* Is there new text, or the FIN, that may leave now?  Then *morep: there may
 * be more. */
static __always_inline bool
tcp_plain_due(struct tcpcb *tp, const struct sockbuf *sb,
    struct tcp_plain *p, bool *morep)
{
	const uint32_t mss = tcp_plain_mss(tp, p->hdrlen);
	const bool fin = tcp_in_fin(tp);
	nstime_t when = UINT64_MAX;
	uint32_t avail, len;

	avail = sbavail(sb) - (tp->snd_max - tp->snd_una);
	if ((tp->t_flags & TF_SENTFIN) != 0 || (avail == 0 && !fin))
		return (false);
	if (__predict_false(!tcp_plain_whole(tp, avail, mss))) {
		len = tcp_plain_len(tp, avail, tcp_plain_quota(tp, &when),
		    mss, fin);
		if (len == UINT32_MAX) {
			if (when != UINT64_MAX)
				tcp_timer_at(tp, TT_PACE, when);
			return (false);
		}
		p->len = len;
		if ((*morep = len != avail))
			return (true);
	} else
		p->len = avail;
	if (p->len != 0)
		p->flags |= TH_PUSH;
	if (fin)
		p->flags |= TH_FIN;
	return (true);
}

/*
 * One segment, if there is something to send; *morep: there may be more.  It
 * says whether one was sent before, too, which acknowledged what there is and
 * promised the window.
 */
static __always_inline int
tcp_plain_output(struct tcpcb *tp, const struct socket *so, bool *morep,
    const bool head)
{
	struct tcp_plain p = { .seq = tp->snd_max, .flags = TH_ACK,
	    .hdrlen = tcp_plain_hdrlen(tp) };
	const bool said = *morep;
	struct mbuf *m;

	*morep = false;
	if (tcp_plain_due(tp, &so->so_snd, &p, morep))
		m = tcp_plain_new(tp, &p, head);
	else if (!said && tcp_plain_ack_due(tp, &p))
		m = tcp_plain_ack(tp, &p, head);
	else
		return (0);
	return (m != NULL ? tcp_plain_promise(tp, so, m, &p, 0) : ENOBUFS);
}

/* ---- The default block's output ---- */

/* The send buffer grows while it, and not the window, is the limit. */
static void
tcp_sndbuf_autoscale(struct tcpcb *tp, struct socket *so)
{
	struct sockbuf *sb = &so->so_snd;
	uint32_t lowat, sendwin, used = sbused(sb);

	/* Mostly there is so much room that nothing else matters. */
	if (__predict_true(used + sb->sb_lowat < sb->sb_hiwat / 8 * 7))
		return;
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

/* There is text.  Is everything else acknowledged?  If nothing was sent for
 * an RTO, too, the window says nothing about the path any more (RFC 5681,
 * 4.1). */
static void
tcp_output_idle(struct tcpcb *tp)
{
	nstime_t since;

	if (tp->snd_una != tp->snd_max)
		return;
	tp->t_flags |= TF_LASTIDLE;
	since = getnstime() - tp->t_sndtime;
	if ((since < TCP_RTO_LEAST && (tp->t_flags2 & TF2_COMPAT) == 0) ||
	    tp->t_sndtime == 0 ||
	    !V_tcp_ways.w_idle_restart || since < tcp_rto(tp))
		return;
	if ((tp->t_flags2 & TF2_CWV) != 0)
		tcp_cwv_idle(tp);
	else
		cc_after_idle(tp);
}

/* tcp_rto() of a plain connection, mostly measured and not backed off. */
static inline nstime_t
tcp_rto_usual(const struct tcpcb *tp)
{
	nstime_t rto;

	if (__predict_false(tp->t_srtt_us == 0 || tp->t_rxtshift != 0 ||
	    V_tcp_ways.w_linux))
		return (tcp_rto(tp));
	rto = (tp->t_srtt_us + 4ULL * tp->t_rttvar_us) * NS_PER_USEC;
	rto = u64max(rto, V_tcp_rexmit_min) + V_tcp_rexmit_slop;
	return (u64min(rto, V_tcp_rexmit_max));
}

static int __noinline
tcp_syn_output(struct tcpcb *tp, const struct socket *so)
{
	int error = tcp_plain_syn(tp);

	if (error != 0)
		error = tcp_output_error(tp, error);
	tcp_output_end(tp, so);
	return (error);
}

/* It could not, for error. */
static int __noinline
tcp_output_failed(struct tcpcb *tp, const struct socket *so, int error)
{
	error = tcp_output_error(tp, error);
	tcp_output_end(tp, so);
	return (error);
}

/* There is text to send, or was sent. */
static inline void
tcp_output_text(struct tcpcb *tp, struct socket *so)
{
	tcp_output_idle(tp);
	tcp_sndbuf_autoscale(tp, so);
}

/* All that may leave of a plain connection. */
static __always_inline int
tcp_plain_all(struct tcpcb *tp, struct socket *so, const bool head)
{
	bool more = false;
	int error;

	do {
		error = tcp_plain_output(tp, so, &more, head);
		if (__predict_false(error != 0))
			return (tcp_output_failed(tp, so, error));
		if (more && !tcp_is_plain(tp, head))
			return (tcp_any_output(tp, so));
	} while (more);
	tcp_output_end(tp, so);
	return (0);
}

/* Without headers ready, which cannot be made. */
static int __noinline
tcp_headless_output(struct tcpcb *tp, struct socket *so)
{
	if (sbavail(&so->so_snd) != 0)
		tcp_output_text(tp, so);
	return (tcp_plain_all(tp, so, false));
}

/* With headers ready, and not what is below; seen: tcp_output_text() was
 * called. */
static int __noinline
tcp_headed_output(struct tcpcb *tp, struct socket *so, bool seen)
{
	if (!seen && sbavail(&so->so_snd) != 0)
		tcp_output_text(tp, so);
	return (tcp_plain_all(tp, so, true));
}

/*
 * The usual two of tcp_plain_all()'s ways, with headers ready: an ACK that is
 * due where nothing waits and nothing is in flight, and all that waits in one
 * segment (tcp_plain_whole()).  What output comes to at its end is known then.
 */
static inline bool
tcp_ack_alone(const struct tcpcb *tp, const struct socket *so)
{
	return ((tp->t_flags & (TF_ACKNOW | TF_SENTFIN | TF_LASTIDLE)) ==
	    TF_ACKNOW && sbavail(&so->so_snd) == 0 && !tcp_in_fin(tp));
}

static int __noinline
tcp_ack_output(struct tcpcb *tp, struct socket *so)
{
	const struct tcp_plain p = { .seq = tp->snd_max, .flags = TH_ACK,
	    .hdrlen = tcp_plain_hdrlen(tp) };
	struct mbuf *m = tcp_head_build(tp, p.hdrlen, 0);
	int error = ENOBUFS;

	if (__predict_true(m != NULL)) {
		TCPSTAT_INC(tcps_sndacks);
		tp->t_acktime = tcp_acktime();
		error = tcp_plain_promise(tp, so, m, &p, 0);
	}
	if (__predict_false(error != 0))
		return (tcp_output_failed(tp, so, error));
	/* tcp_note_applimited() with nothing in flight. */
	tp->t_app_limited = max((uint32_t)tp->t_delivered, 1);
	return (0);
}

/* Nothing waits but the FIN. */
static inline bool
tcp_fin_waits(const struct tcpcb *tp, const struct socket *so)
{
	return (tcp_in_fin(tp) &&
	    sbavail(&so->so_snd) == tp->snd_max - tp->snd_una);
}

static __always_inline struct mbuf *
tcp_whole_text(struct tcpcb *tp, const struct socket *so,
    const struct tcp_plain *p)
{
	const struct mbuf *first = so->so_snd.sb_mb;
	struct mbuf *m;

	if ((m = tcp_head_build(tp, p->hdrlen, p->len)) == NULL ||
	    p->len == 0)
		return (m);
	/* Few bytes mostly are all that the buffer's first mbuf has. */
	if (__predict_true(p->len <= COPY_SHORT &&
	    p->len <= (uint32_t)first->m_len)) {
		copy_short((char *)tcp_head_th(m) + p->hdrlen,
		    first->m_data, p->len);
		m->m_len += (int)p->len;
		return (m);
	}
	return (tcp_build_text(tp, m, p->hdrlen, 0, p->len, true) ? m : NULL);
}

/* The rest of tcp_output_end() when something was sent, and all, and
 * TF_LASTIDLE has gone. */
static __always_inline void
tcp_whole_end(struct tcpcb *tp)
{
	if (!tcp_timer_active(tp, TT_REXMT) &&
	    !tcp_timer_active(tp, TT_PERSIST))
		tcp_timer_at(tp, TT_REXMT, getnstime() + tcp_rto_usual(tp));
	if (tp->t_snd_lost == 0)
		tcp_note_applimited(tp);
}

static int __noinline
tcp_text_output(struct tcpcb *tp, struct socket *so)
{
	struct tcp_plain p = { .seq = tp->snd_max, .flags = TH_ACK,
	    .hdrlen = tcp_plain_hdrlen(tp) };
	const bool fin = tcp_in_fin(tp);
	struct mbuf *m;
	int error = ENOBUFS;

	if (sbavail(&so->so_snd) != 0)
		tcp_output_text(tp, so);
	p.len = sbavail(&so->so_snd) - (p.seq - tp->snd_una);
	if (__predict_false((tp->t_flags & (TF_SENTFIN |
	    TF_MORETOCOME)) != 0 || (p.len == 0 && !fin) ||
	    p.hdrlen + p.len > tp->t_head.hd_max ||
	    !tcp_plain_whole(tp, p.len, tcp_plain_mss(tp, p.hdrlen))))
		return (tcp_headed_output(tp, so, true));
	if (p.len != 0)
		p.flags |= TH_PUSH;
	if (fin)
		p.flags |= TH_FIN;
	m = tcp_whole_text(tp, so, &p);
	if (__predict_true(m != NULL) && tcp_plain_note(tp, m, &p))
		error = tcp_plain_promise(tp, so, m, &p, TF_LASTIDLE);
	if (__predict_false(error != 0))
		return (tcp_output_failed(tp, so, error));
	tcp_whole_end(tp);
	return (0);
}

/* tcp_default_output() of what is not plain, or has no headers ready. */
static int __noinline
tcp_other_output(struct tcpcb *tp, struct socket *so)
{
	if (tcp_syn_is_plain(tp))
		return (tcp_syn_output(tp, so));
	if (so != NULL && tcp_is_plain(tp, false)) {
		tcp_head_make(tp);
		return (tcp_head_ok(tp) ? tcp_default_output(tp) :
		    tcp_headless_output(tp, so));
	}
	if (so != NULL && sbavail(&so->so_snd) != 0 &&
	    TCPS_HAVEESTABLISHED(tp->t_state))
		tcp_output_text(tp, so);
	if (tp->t_state < TCPS_SYN_SENT || tp->t_state == TCPS_TIME_WAIT)
		return (0);
	return (tcp_any_output(tp, so));
}

int
tcp_default_output(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);

	if (__predict_false(so == NULL || !tcp_is_plain(tp, true)))
		return (tcp_other_output(tp, so));
	if (tp->snd_una == tp->snd_max)
		return (tcp_ack_alone(tp, so) ? tcp_ack_output(tp, so) :
		    tcp_text_output(tp, so));
	return (tcp_fin_waits(tp, so) ? tcp_text_output(tp, so) :
	    tcp_headed_output(tp, so, false));
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
	    !(tcp_is_plain(tp, true) || tcp_is_plain(tp, false)) ||
	    tcp_window_update_due(tp))
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
	    tcp_window_update_due(tp))
		tcp_output_later(tp);
}

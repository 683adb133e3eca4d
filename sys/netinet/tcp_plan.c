/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the next segment is to be: the SYN, a lost range, new text, the FIN,
 * or only an acknowledgment (RFC 9293, 3.8.6; RFC 1122, 4.2.3.4); with its
 * options (RFC 7323, RFC 2018) and the window that it promises.
 *
 * Small segments: Nagle's algorithm (RFC 896), and the sender's side of
 * silly window avoidance: a segment leaves if it is full, or is all there is
 * and nothing was in flight when output began (or TCP_NODELAY), or fills half
 * the largest window the peer ever offered.  So the end of a large write to
 * an idle connection does not wait for its beginning; TF_LASTIDLE says that
 * it is such a write, also where the socket layer hands it over in pieces.
 * In Linux's ways only a small segment in flight makes a small one wait
 * (Minshall's reading of RFC 896).
 *
 * Touches nothing but the plan, and the sent map where lost neighbours are
 * joined.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

VNET_DEFINE(int, tcp_do_tso) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, tso, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_do_tso), 0,
    "Make large segments, which the interface or IP below it cuts");

VNET_DEFINE_STATIC(int, sack_tso) = 0;
#define	V_sack_tso	VNET(sack_tso)
SYSCTL_DECL(_net_inet_tcp_sack);
SYSCTL_INT(_net_inet_tcp_sack, OID_AUTO, tso, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(sack_tso), 0,
    "Make large segments of what SACK shows lost, too");

/* ---- Windows ---- */

bool
tcp_window_grown(const struct tcpcb *tp, const struct socket *so,
    uint32_t win)
{
	const uint32_t promised = tcp_promised(tp), more = win - promised;
	const uint32_t hiwat = so->so_rcv.sb_hiwat;

	if (win <= promised)
		return (false);
	/* Scaled, it may still be the same number. */
	if (promised >> tp->rcv_scale == win >> tp->rcv_scale &&
	    !V_tcp_ways.w_linux)
		return (false);
	if (!TCPS_HAVERCVDSYN(tp->t_state) ||
	    TCPS_HAVERCVDFIN(tp->t_state) ||
	    (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0)
		return (false);
	/* Linux lets the first window grow as text comes, and later tells of
	 * one that has doubled. */
	if (V_tcp_ways.w_linux)
		return (tp->rcv_nxt != tp->irs + 1 && more >= promised);
	if (more >= 2u * tp->t_maxseg && (more >= hiwat / 4 ||
	    promised <= hiwat / 8 || hiwat <= 8u * tp->t_maxseg))
		return (true);
	return (2 * more >= hiwat);
}

/* ---- Options ---- */

static void
opt_pad(struct tcp_plan *p, int modulus, int rest)
{
	while (p->p_optlen % modulus != rest)
		p->p_opt[p->p_optlen++] = TCPOPT_NOP;
}

static void
opt_put32(struct tcp_plan *p, uint32_t v)
{
	v = htonl(v);
	memcpy(&p->p_opt[p->p_optlen], &v, sizeof(v));
	p->p_optlen += sizeof(v);
}

static void
opt_syn(struct tcpcb *tp, struct tcp_plan *p)
{
	uint16_t mss = (uint16_t)tcp_mssopt(tp);

	p->p_opt[p->p_optlen++] = TCPOPT_MAXSEG;
	p->p_opt[p->p_optlen++] = TCPOLEN_MAXSEG;
	p->p_opt[p->p_optlen++] = (uint8_t)(mss >> 8);
	p->p_opt[p->p_optlen++] = (uint8_t)mss;
	if (V_tcp_rexmit_drop_options && tp->t_rxtshift >= 3)
		return;
	if ((tp->t_flags & TF_REQ_SCALE) != 0) {
		opt_pad(p, 4, 1);
		p->p_opt[p->p_optlen++] = TCPOPT_WINDOW;
		p->p_opt[p->p_optlen++] = TCPOLEN_WINDOW;
		p->p_opt[p->p_optlen++] = tp->request_r_scale;
	}
	if ((tp->t_flags & TF_SACK_PERMIT) != 0) {
		opt_pad(p, 2, 0);
		p->p_opt[p->p_optlen++] = TCPOPT_SACK_PERMITTED;
		p->p_opt[p->p_optlen++] = TCPOLEN_SACK_PERMITTED;
	}
}

static void
opt_timestamp(struct tcpcb *tp, struct tcp_plan *p)
{
	opt_pad(p, 4, 2);
	p->p_opt[p->p_optlen++] = TCPOPT_TIMESTAMP;
	p->p_opt[p->p_optlen++] = TCPOLEN_TIMESTAMP;
	opt_put32(p, tcp_ts_getticks() + tp->ts_offset);
	opt_put32(p, tp->ts_recent);
}

/* The first time only. */
static void
opt_fastopen(struct tcpcb *tp, struct tcp_plan *p)
{
	p->p_optlen += (uint8_t)tcp_fastopen_option(tp,
	    &p->p_opt[p->p_optlen], TCP_MAXOLEN - p->p_optlen);
}

static void
opt_sack(struct tcpcb *tp, struct tcp_plan *p)
{
	struct sackblk blk[TCP_MAX_SACK];
	int i, n, room;

	room = TCP_MAXOLEN - (int)roundup2(p->p_optlen + 2, 4);
	if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
		room -= tcp_ecn_option_room(tp);
	n = tcp_sack_report(tp, blk, imin(room / TCPOLEN_SACK,
	    TCP_MAX_SACK));
	if (n == 0)
		return;
	opt_pad(p, 4, 2);
	p->p_opt[p->p_optlen++] = TCPOPT_SACK;
	p->p_opt[p->p_optlen++] =
	    (uint8_t)(TCPOLEN_SACKHDR + n * TCPOLEN_SACK);
	for (i = 0; i < n; i++) {
		opt_put32(p, blk[i].start);
		opt_put32(p, blk[i].end);
	}
	p->p_optsack = true;
	TCPSTAT_INC(tcps_sack_send_blocks);
}

/* The counts of Accurate ECN, if there is news; not on a SYN-ACK that goes
 * again, which may have been lost for it (RFC 9768, 3.2.3.2.2). */
static void
opt_accecn(struct tcpcb *tp, struct tcp_plan *p)
{
	if ((p->p_flags & TH_SYN) != 0 && (p->p_again != NULL ||
	    (p->p_flags & TH_ACK) == 0))
		return;
	p->p_optlen += (uint8_t)tcp_ecn_option(tp, &p->p_opt[p->p_optlen],
	    TCP_MAXOLEN - p->p_optlen);
}

/*
 * Linux's order: mss, then SACK permitted and time stamps in one word, then
 * the scale.  Its first window is a number of segments.
 */
static void
opt_linux_syn(struct tcpcb *tp, struct tcp_plan *p)
{
	bool sack = (tp->t_flags & TF_SACK_PERMIT) != 0, stamps;
	u_int flags = tp->t_flags;
	uint32_t mss = (uint32_t)tcp_mssopt(tp);

	stamps = (flags & ((p->p_flags & TH_ACK) != 0 ? TF_RCVD_TSTMP :
	    TF_REQ_TSTMP)) != 0;
	tp->t_flags &= ~(TF_REQ_SCALE | TF_SACK_PERMIT);
	opt_syn(tp, p);
	tp->t_flags = flags;
	if (!stamps && sack)
		opt_pad(p, 4, 2);
	if (sack) {
		p->p_opt[p->p_optlen++] = TCPOPT_SACK_PERMITTED;
		p->p_opt[p->p_optlen++] = TCPOLEN_SACK_PERMITTED;
	}
	if (stamps)
		opt_timestamp(tp, p);
	if ((flags & TF_REQ_SCALE) != 0) {
		opt_pad(p, 4, 1);
		p->p_opt[p->p_optlen++] = TCPOPT_WINDOW;
		p->p_opt[p->p_optlen++] = TCPOLEN_WINDOW;
		p->p_opt[p->p_optlen++] = tp->request_r_scale;
	}
	p->p_win = min(p->p_win, TCP_MAXWIN);
	if (p->p_win > mss)
		p->p_win -= p->p_win % mss;
}

/* The options that are for SYNs, and the time stamp. */
static void
opt_syn_all(struct tcpcb *tp, struct tcp_plan *p)
{
	bool few, stamps;

	if (V_tcp_ways.w_linux) {
		opt_linux_syn(tp, p);
		return;
	}
	few = V_tcp_rexmit_drop_options && tp->t_rxtshift >= 3;
	stamps = (tp->t_flags & TF_RCVD_TSTMP) != 0 ||
	    ((p->p_flags & TH_ACK) == 0 &&
	    (tp->t_flags & TF_REQ_TSTMP) != 0 && !few);
	if (stamps && !few && (tp->t_flags & (TF_REQ_SCALE |
	    TF_SACK_PERMIT)) == (TF_REQ_SCALE | TF_SACK_PERMIT)) {
		tcp_put_synall(p->p_opt, (uint16_t)tcp_mssopt(tp),
		    tp->request_r_scale, tcp_ts_getticks() + tp->ts_offset,
		    tp->ts_recent);
		p->p_optlen = TCPOLEN_SYNALL;
		return;
	}
	opt_syn(tp, p);
	if (stamps)
		opt_timestamp(tp, p);
}

/* Room for the signature, which is no option but a must. */
static void
opt_signature(struct tcpcb *tp, struct tcp_plan *p)
{
	p->p_optlen = (uint8_t)tcp_sig_option(p->p_opt, p->p_optlen,
	    tcp_ao_of(tp));
}

/* All options of the planned segment; before its length is settled. */
static void
tcp_plan_options(struct tcpcb *tp, struct tcp_plan *p)
{
	bool syn = (p->p_flags & TH_SYN) != 0;

	p->p_optlen = 0;
	p->p_optsack = false;
	if ((tp->t_flags & TF_NOOPT) != 0) {
		if ((tp->t_flags & TF_SIGNATURE) != 0)
			opt_signature(tp, p);
		return;
	}
	if (__predict_false(syn))
		opt_syn_all(tp, p);
	else if ((tp->t_flags & TF_RCVD_TSTMP) != 0) {
		tcp_put_timestamp(p->p_opt, tp);
		p->p_optlen = TCPOLEN_TIMESTAMP + 2;
	}
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0))
		opt_signature(tp, p);
	if (syn) {
		if ((tp->t_flags2 & TF2_TFO) != 0 && p->p_again == NULL)
			opt_fastopen(tp, p);
	} else if ((tp->t_flags & TF_SACK_PERMIT) != 0 && tcp_sack_due(tp))
		opt_sack(tp, p);
	if ((tp->t_flags2 & TF2_ACE_PERMIT) != 0)
		opt_accecn(tp, p);
	while (p->p_optlen % 4 != 0)
		p->p_opt[p->p_optlen++] = tcp_pad_option();
}

/* ---- Plan ---- */

static uint16_t
tcp_state_flags(const struct tcpcb *tp)
{
	switch (tp->t_state) {
	case TCPS_SYN_SENT:
		return (TH_SYN);
	case TCPS_SYN_RECEIVED:
		return (TH_SYN | TH_ACK);
	default:
		return (TH_ACK);
	}
}

uint32_t
tcp_seg_limit(const struct tcpcb *tp, uint32_t optlen)
{
	uint32_t mss = tp->t_maxseg - optlen, max;

	/* Each segment has an urgent pointer and a signature (which is that
	 * long) of its own. */
	if (!V_tcp_do_tso || tp->t_tsomax == 0 ||
	    optlen > TCPOLEN_TIMESTAMP + 2 || SEQ_GT(tp->snd_up, tp->snd_una))
		return (mss);
	/* Room for the largest IP and TCP headers. */
	max = tp->t_tsomax - max_protohdr - sizeof(struct tcphdr) -
	    TCP_MAXOLEN;
	if (V_tcp_ways.w_tso_divisor != 0)
		max = min(max, tp->snd_cwnd /
		    (u_int)V_tcp_ways.w_tso_divisor);
	return (MAX(mss, max / mss * mss));
}

/* The SYN, first or again. */
static bool
plan_syn(struct tcpcb *tp, struct tcp_plan *p)
{
	struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);

	if (ts != NULL && (ts->ts_flags & TS_LOST) == 0)
		return (false);
	p->p_again = ts;
	p->p_seq = tp->iss;
	return (true);
}

/* Text behind a SYN-ACK that is not acknowledged yet (RFC 7413, 4.2.2): a
 * segment at a time, in the order of the user's. */
static bool
plan_early(struct tcpcb *tp, struct tcp_plan *p)
{
	uint32_t wnd = tcp_fastopen_window(tp);
	uint32_t avail = sbavail(&tptosocket(tp)->so_snd);
	uint32_t off = tp->snd_max - tp->snd_una - 1;

	if (off >= min(avail, wnd))
		return (false);
	p->p_seq = tp->snd_max;
	p->p_off = off;
	tcp_plan_options(tp, p);
	p->p_len = min(min(avail, wnd) - off,
	    (uint32_t)tp->t_maxseg - p->p_optlen);
	if (off + p->p_len == avail)
		p->p_flags |= TH_PUSH;
	return (true);
}

/* A lost range at the end goes with up to room bytes of new text behind it,
 * and the FIN, in one segment. */
static void
plan_extend(struct tcpcb *tp, struct tcp_plan *p, uint32_t room)
{
	uint32_t end = p->p_off + p->p_len, wnd;
	uint32_t avail = sbavail(&tptosocket(tp)->so_snd) - end;

	wnd = tp->snd_wnd > end ? tp->snd_wnd - end : 0;
	p->p_new = min(avail, min(wnd, room));
	p->p_len += p->p_new;
	if (p->p_new == avail && tcp_wants_fin(tp)) {
		p->p_newfin = true;
		p->p_flags |= TH_FIN;
	}
}

/* A lost range comes before anything new. */
static bool
plan_lost(struct tcpcb *tp, struct tcp_plan *p, uint32_t quota)
{
	struct tcp_sent *ts;
	uint32_t len, limit, mss;
	bool force;

	if ((ts = tcp_sent_firstlost(tp)) == NULL)
		return (false);
	/* The window is closed: one segment of it is probe enough. */
	force = (tp->t_flags & TF_FORCEDATA) != 0;
	if (tcp_timer_active(tp, TT_PERSIST) && !force)
		return (false);
	p->p_seq = ts->ts_start;
	tcp_plan_options(tp, p);
	mss = tp->t_maxseg - p->p_optlen;
	limit = mss;
	if (!force && (V_sack_tso || (tp->t_flags & TF_SACK_PERMIT) == 0))
		limit = tcp_seg_limit(tp, p->p_optlen);
	if (V_tcp_ways.w_collapse)
		tcp_sent_gather(tp, ts, mss);
	len = ts->ts_end - ts->ts_start;
	if ((ts->ts_flags & TS_FIN) != 0)
		len--;
	p->p_len = min(len, limit);
	if (quota < p->p_len) {
		/* Whole segments only, unless nothing would move at all. */
		if (p->p_len > mss && quota >= mss)
			p->p_len = rounddown(quota, mss);
		else if (tcp_inflight(tp) != 0)
			return (false);
		else
			p->p_len = min(p->p_len, mss);
	}
	if (p->p_len == len && (ts->ts_flags & TS_FIN) != 0)
		p->p_flags |= TH_FIN;
	p->p_off = ts->ts_start - tp->snd_una;
	if (p->p_len == len && ts->ts_end == tp->snd_max &&
	    (ts->ts_flags & TS_FIN) == 0 && quota > len && mss > len)
		plan_extend(tp, p, min(quota, mss) - len);
	if (p->p_len != 0 && p->p_off + p->p_len ==
	    sbavail(&tptosocket(tp)->so_snd))
		p->p_flags |= TH_PUSH;
	p->p_again = ts;
	return (true);
}

/* Does Nagle's algorithm see nothing in flight?  By Minshall, what was sent
 * last was full segments. */
static bool
plan_idle(const struct tcpcb *tp, uint32_t mss)
{
	const struct tcp_sent *ts;

	if ((tp->t_flags & TF_LASTIDLE) != 0)
		return (true);
	if (!V_tcp_ways.w_linux)
		return (false);
	ts = TAILQ_LAST(&tp->t_map, tcp_sentmap);
	return (ts == NULL || (ts->ts_end - ts->ts_start) % mss == 0);
}

bool
tcp_small_ok(const struct tcpcb *tp, uint32_t len, uint32_t mss, bool all)
{
	/* What is urgent does not wait for the rest. */
	if ((tp->t_flags & TF_FORCEDATA) != 0 ||
	    SEQ_GT(tp->snd_up, tp->snd_max))
		return (true);
	if (all && ((tp->t_flags & TF_NODELAY) != 0 || plan_idle(tp, mss)) &&
	    (tp->t_flags & (TF_NOPUSH | TF_MORETOCOME)) == 0)
		return (true);
	return (tp->max_sndwnd != 0 && len >= tp->max_sndwnd / 2);
}

/* New text, and the FIN behind its end. */
static bool
plan_new(struct tcpcb *tp, struct tcp_plan *p, uint32_t quota)
{
	const struct socket *so = tptosocket(tp);
	uint32_t avail, len, limit, mss, wnd;
	bool all, fin;

	if (so == NULL)
		return (false);
	p->p_seq = tp->snd_max;
	p->p_off = tp->snd_max - tp->snd_una;
	if ((tp->t_flags & TF_SENTFIN) != 0)
		return (false);
	KASSERT(p->p_off <= sbavail(&so->so_snd), ("sent more than there is"));
	avail = sbavail(&so->so_snd) - p->p_off;
	fin = tcp_wants_fin(tp);
	if (avail == 0 && !fin)
		return (false);
	wnd = tp->snd_wnd > p->p_off ? tp->snd_wnd - p->p_off : 0;
	if ((tp->t_flags & TF_FORCEDATA) != 0 && wnd == 0)
		wnd = 1;
	tcp_plan_options(tp, p);
	limit = tcp_seg_limit(tp, p->p_optlen);
	mss = tp->t_maxseg - p->p_optlen;
	if (__predict_false((tp->t_flags2 & TF2_PMTUD) != 0)) {
		p->p_len = tcp_pmtud_probe(tp, avail, min(quota, wnd),
		    p->p_optlen);
		p->p_probe = p->p_len != 0;
		if (p->p_probe)
			return (true);
	}
	if ((tp->t_flags & TF_FORCEDATA) != 0)
		quota = MAX(quota, 1);
	len = min(min(avail, wnd), min(quota, limit));
	all = len == avail;
	if (len > mss)
		len = rounddown(len, mss);
	else if (len < mss && !(fin && all) && (len == 0 ||
	    !tcp_small_ok(tp, len, mss, all)) && (len == 0 ||
	    (tp->t_flags2 & TF2_COMPAT) == 0 || !tcp_compat_uncorks(tp)))
		return (false);
	p->p_len = len;
	p->p_last = len == avail;
	if (fin && p->p_last)
		p->p_flags |= TH_FIN;
	if (len != 0 && p->p_last)
		p->p_flags |= TH_PUSH;
	return (true);
}

/* Nothing to send, but to acknowledge. */
static bool
plan_ack(struct tcpcb *tp, struct tcp_plan *p)
{
	bool owed = (tp->t_flags & TF_ACKNOW) != 0;

	p->p_again = NULL;
	p->p_flags &= ~(TH_FIN | TH_PUSH);
	p->p_len = 0;
	p->p_seq = tp->snd_max;
	p->p_ackonly = p->p_last = true;
	if (tcp_repeats_fin(tp)) {
		p->p_flags |= TH_FIN;
		p->p_seq--;
	}
	if (!owed) {
		if (!tcp_window_update_due(tp))
			return (false);
		TCPSTAT_INC(tcps_sndwinup);
	}
	tcp_plan_options(tp, p);
	return (true);
}

bool
tcp_plan(struct tcpcb *tp, struct tcp_plan *p)
{
	const struct socket *so = tptosocket(tp);
	nstime_t when = UINT64_MAX;
	uint32_t quota;

	p->p_again = NULL;
	p->p_ackonly = p->p_last = false;
	p->p_off = p->p_len = p->p_new = 0;
	p->p_newfin = false;
	p->p_probe = false;
	p->p_flags = tcp_state_flags(tp);
	p->p_win = tcp_adv_window(tp);
	if ((p->p_flags & TH_SYN) != 0) {
		if (V_tcp_ways.w_signed_win)
			p->p_win = min(p->p_win, INT16_MAX);
		if (plan_syn(tp, p)) {
			p->p_flags |= tcp_ecn_syn_flags(tp);
			tcp_plan_options(tp, p);
			p->p_last = (tp->t_flags2 & TF2_TFO) == 0;
			if (!p->p_last && p->p_again == NULL)
				p->p_len = tcp_fastopen_text(tp, p->p_optlen);
			return (true);
		}
		/* The SYN-ACK is out; other segments may want an ACK. */
		p->p_flags = TH_ACK;
		if (tp->t_state != TCPS_SYN_RECEIVED)
			return (false);
		if ((tp->t_flags2 & TF2_TFO) != 0 && plan_early(tp, p))
			return (true);
		return ((tp->t_flags & TF_ACKNOW) != 0 && plan_ack(tp, p));
	}
	/* How the SYN-ACK came is told by an ACK without text (RFC 9768,
	 * 3.2.2.1). */
	if (__predict_false((tp->t_flags2 & TF2_ACE_PERMIT) != 0) &&
	    tcp_ecn_owes_ack(tp) && (tp->t_flags & TF_ACKNOW) != 0) {
		tcp_output_later(tp);
		return (plan_ack(tp, p));
	}
	quota = tp->t_fb->tfb_quota(tp, &when);
	if (plan_lost(tp, p, quota))
		return (true);
	if (tp->t_snd_lost == 0 && plan_new(tp, p, quota))
		return (true);
	/* Where nothing waits, there is nothing to ask for then. */
	if (when != UINT64_MAX && (tp->t_snd_lost != 0 || (so != NULL &&
	    tcp_new_waits(tp, so))))
		tcp_timer_at(tp, TT_PACE, when);
	return (plan_ack(tp, p));
}

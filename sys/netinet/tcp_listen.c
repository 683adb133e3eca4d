/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A listener (RFC 9293, 3.10.7.2), and the connections that it gets.
 *
 *   RST   ends a handshake that is open
 *   ACK   completes one: the connection is established by it if it says
 *         nothing else, or, in SYN_RECEIVED, has it next; or is answered by a
 *         reset
 *   SYN   begins one; or, with a cookie of fast open, a connection at once
 *
 * What is between a SYN and its ACK is the SYN cache's (tcp_syncache.c).
 * This file says what a listener would agree to, and makes the connection.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_head.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

/* ---- What is agreed upon ---- */

/* Options that both want (RFC 7323, RFC 2018). */
static uint16_t
tcp_listen_flags(const struct tcpcb *lp, const struct tcpopt *to)
{
	/* By rfc1323's variable. */
	static const uint16_t rfc1323[] = { 0, SYF_SCALE | SYF_TSTMP,
	    SYF_SCALE, SYF_TSTMP };
	uint16_t flags = 0, offer = SYF_FASTOPEN | SYF_FASTOPENEXP;

	if (__predict_false((lp->t_flags & (TF_SIGNATURE | TF_NOOPT)) != 0)) {
		/* Who was let in unsigned goes on so. */
		if ((lp->t_flags & TF_SIGNATURE) != 0 &&
		    (to->to_flags & (TOF_SIGNATURE | TOF_AO)) != 0)
			flags |= SYF_SIGNATURE;
		if ((lp->t_flags & TF_NOOPT) != 0)
			return (flags | SYF_NOOPT);
	}
	if ((u_int)V_tcp_do_rfc1323 < nitems(rfc1323))
		offer |= rfc1323[V_tcp_do_rfc1323];
	if (V_tcp_do_sack)
		offer |= SYF_SACK;
	return (flags | ((uint16_t)to->to_flags & offer));
}

/* Mostly nothing is asked but that it fits the header. */
static inline uint16_t
tcp_synack_window(const struct tcpcb *lp, uint32_t win, uint16_t mss)
{
	const struct tcp_ways *w = &V_tcp_ways;

	if (__predict_false((lp->t_flags2 & TF2_COMPAT) != 0 || w->w_linux ||
	    w->w_signed_win != 0))
		return (tcp_compat_synack_window(lp, win, mss));
	return ((uint16_t)min(win, TCP_MAXWIN));
}

struct route *
tcp_listen_offer(const struct tcpcb *lp, const struct tcp_seg *sg,
    struct tcp_syn *sy)
{
	const struct inpcb *linp = &lp->t_inpcb;
	const struct tcpopt *to = &sg->sg_to;
	struct route *ro = ro_recent(&sg->sg_inc.inc_faddr,
	    sg->sg_inc.inc_scope);
	struct tcp_ao ao;

	sy->sy_inc = sg->sg_inc;
	sy->sy_irs = sg->sg_seq;
	sy->sy_flags = tcp_listen_flags(lp, to);
	sy->sy_peermss = (to->to_flags & TOF_MSS) != 0 ? to->to_mss : 0;
	sy->sy_mss = (uint16_t)tcp_mssopt_to(&sg->sg_inc, lp, ro,
	    sg->sg_udpport);
	sy->sy_port = sg->sg_udpport;
	sy->sy_ipopts = sg->sg_ipopts;
	sy->sy_win = tcp_synack_window(lp,
	    linp->inp_socket->so_sol->sol_sbrcv_hiwat, sy->sy_mss);
	sy->sy_scales = tcp_request_scale();
	if ((to->to_flags & TOF_SCALE) != 0)
		sy->sy_scales |= (uint8_t)(to->to_wscale << 4);
	sy->sy_tsrecent = to->to_tsval;
	sy->sy_tos = linp->inp_tos;
	sy->sy_ttl = linp->inp_ttl;
	sy->sy_ecn = (sg->sg_flags & TCP_ECN_FLAGS) != 0 ?
	    tcp_ecn_syn_code(sg) : TCP_ECN_NONE;
	sy->sy_iss = sy->sy_tsoff = sy->sy_when = 0;
	sy->sy_sent = sy->sy_aocurrent = sy->sy_aornext = 0;
	if (tcp_ao_of(lp) != NULL) {
		tcp_ao_begin(&ao, tcp_ao_of(lp), sg);
		sy->sy_flags |= SYF_AO;
		sy->sy_aocurrent = ao.ao_current;
		sy->sy_aornext = ao.ao_rnext;
	}
	return (ro);
}

/* ---- The connection ---- */

static void
tcp_child_options(struct tcpcb *tp, const struct tcp_syn *sy)
{
	u_int flags = tp->t_flags & ~(TF_REQ_SCALE | TF_REQ_TSTMP |
	    TF_SACK_PERMIT);

	if ((sy->sy_flags & SYF_SCALE) != 0) {
		flags |= TF_REQ_SCALE | TF_RCVD_SCALE;
		tp->snd_scale = sy->sy_scales >> 4;
		tp->rcv_scale = tp->request_r_scale = sy->sy_scales & 0xf;
	}
	if ((sy->sy_flags & SYF_TSTMP) != 0) {
		flags |= TF_REQ_TSTMP | TF_RCVD_TSTMP;
		tp->t_inpcb.inp_irregular &= (uint8_t)~TCPI_UNSTAMPED;
		tp->ts_recent = sy->sy_tsrecent;
		tp->ts_recent_age = tcp_ts_age();
	}
	if ((sy->sy_flags & SYF_SACK) != 0)
		flags |= TF_SACK_PERMIT;
	tp->t_flags = flags;
}

/* Bind the new connection to the handshake's addresses: 0 or an errno. */
static int
tcp_child_bind(struct tcpcb *tp, struct tcpcb *lp,
    const struct tcp_syn *sy, const struct tcp_seg *sg)
{
	struct inpcb *inp = tptoinpcb(tp);
	struct inpcb *linp = tptoinpcb(lp);

	inp->inp_inc = sy->sy_inc;
	inp->inp_vflag = IN6_IS_ADDR_V4MAPPED(&inp->inp_laddr) ? INP_IPV4 :
	    INP_IPV6;
	inp->inp_flags &= (uint16_t)~INP_V6ONLY;
	inp->inp_flags |= linp->inp_flags & (INP_V6SOCKET | INP_V6ONLY |
	    INP_MINMTU | INP_DONTROUTE | INP_NOHOPS | INP_DEBUG);
	inp->inp_ttl = linp->inp_ttl;
	inp->inp_tos = linp->inp_tos;
	inp->inp_minttl = linp->inp_minttl;
	inp->inp_udpport = sy->sy_port;
	if (sy->sy_ipopts != NULL &&
	    (inp->inp_options = ip_options_dup(sy->sy_ipopts)) == NULL)
		return (ENOBUFS);
	/* There is none with these ends, or it would have had sg. */
	return (in_pcbaccept(&V_tcbinfo, inp, linp, sg->sg_hash));
}

/* What accepted connections take over from the listener. */
static int
tcp_child_inherit(struct tcpcb *tp, struct tcpcb *lp)
{
	int error;

	tp->t_flags |= lp->t_flags & (TF_NODELAY | TF_NOPUSH | TF_NOOPT);
	tp->t_delack_opt = lp->t_delack_opt;
	tp->t_usermss = lp->t_usermss;
	if (lp->t_userto != NULL) {
		if (tcp_userto(tp) == NULL)
			return (ENOMEM);
		memcpy(tp->t_userto, lp->t_userto,
		    __offsetof(struct tcp_userto, tu_cwv));
		tp->t_flags2 |= lp->t_flags2 & TF2_COMPAT;
	}
	if (tp->t_fb != lp->t_fb &&
	    (error = tcp_functions_inherit(tp, lp)) != 0)
		return (error);
	return (CC_ALGO(tp) == CC_ALGO(lp) ? 0 : cc_switch(tp, CC_ALGO(lp)));
}

/* The SYN-ACK, which is in flight since sent (0: nobody knows); one that went
 * more than once times nothing (RFC 6298, Karn). */
static int
tcp_child_sent(struct tcpcb *tp, const struct tcp_syn *sy, nstime_t sent)
{
	struct tcp_sent *ts;

	if ((ts = tcp_sent_new(tp, 1, TS_SYN)) == NULL)
		return (ENOBUFS);
	if (SY_REXMITS(sy) != 0)
		tp->t_flags2 |= TF2_SYNLOST;
	ts->ts_xmits = (uint16_t)(SY_REXMITS(sy) + 1 + (sent == 0 ||
	    (sy->sy_flags & SYF_AGAIN) != 0));
	if (sent != 0)
		ts->ts_time = ts->ts_firsttime = ts->ts_deltime = sent;
	return (0);
}

/* The variables of RFC 9293, 3.3.1, as a SYN-ACK left them. */
static void
tcp_child_numbers(struct tcpcb *tp, const struct tcp_syn *sy)
{
	tp->irs = sy->sy_irs;
	tp->rcv_nxt = tp->last_ack_sent = tp->rcv_up = sy->sy_irs + 1;
	tp->rcv_adv = tp->rcv_nxt + sy->sy_win;
	tp->rfbuf_mark = tp->rcv_nxt;
	tp->iss = sy->sy_iss;
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->iss;
	tp->snd_recover = tp->snd_fack = tp->t_loss_edge = tp->iss;
	tp->t_round_end = tp->iss;
	tp->ts_offset = sy->sy_tsoff;
	tp->snd_wl1 = sy->sy_irs;
}

/*
 * Is sg, which completes the handshake sy, a bare ACK in order to a SYN-ACK
 * that went once, with nothing rare about tp?  Then it establishes tp at once.
 */
static bool
tcp_child_is_plain(const struct tcpcb *tp, const struct tcp_syn *sy,
    const struct tcp_seg *sg, nstime_t sent)
{
	return (sg->sg_flags == TH_ACK && sg->sg_len == 0 &&
	    sg->sg_seq == tp->rcv_nxt &&
	    sg->sg_to.to_flags == (sy->sy_flags & (SYF_TSTMP | SYF_AGAIN)) &&
	    sent - 1 < SC_UNSENT - 1 && SY_REXMITS(sy) == 0 &&
	    sy->sy_ecn == TCP_ECN_NONE && tp->t_userto == NULL &&
	    tp->t_fb->tfb_tcp_do_segment == tcp_default_do_segment &&
	    !TCP_TRACED(tp));
}

struct tcpcb *
tcp_listen_child(struct tcpcb *lp, const struct tcp_syn *sy,
    const struct tcp_seg *sg, nstime_t sent)
{
	struct socket *so;
	struct tcpcb *tp;
	bool plain;

	if ((so = sonewconn_held(tptosocket(lp))) == NULL)
		return (NULL);
	tp = sototcpcb(so);
	tcp_child_numbers(tp, sy);
	if (tcp_child_inherit(tp, lp) != 0 ||
	    ((sy->sy_flags & SYF_SIGNATURE) != 0 &&
	    tcp_sig_inherit(tp, sy) != 0) ||
	    tcp_child_bind(tp, lp, sy, sg) != 0)
		goto fail;
	plain = tcp_child_is_plain(tp, sy, sg, sent);
	if (__predict_false(!plain)) {
		if (sent != SC_UNSENT && tcp_child_sent(tp, sy, sent) != 0)
			goto fail;
		sonewconn_wait(tptosocket(lp), so);
	}
	tcp_child_options(tp, sy);
	tcp_find_way(tptoinpcb(tp));
	tcp_mss(tp, sy->sy_peermss);
	TCPSTAT_INC(tcps_accepts);
	if (plain) {
		if ((sy->sy_flags & SYF_TSTMP) != 0)
			tp->ts_recent = sg->sg_to.to_tsval;
		tp->rcv_wnd = tcp_rcv_window(tp);
		tcp_head_make(tp);
		tcp_ack_first(tp, sg, sent);
		return (tp);
	}
	tcp_ecn_passive(tp, sy->sy_ecn, (sy->sy_flags & SYF_ECNPLAIN) != 0 ||
	    tcp_ecn_synack_flags(sy->sy_ecn, SY_REXMITS(sy)) == 0);
	tcp_state_change(tp, TCPS_SYN_RECEIVED);
	tcp_timer_activate(tp, TT_KEEP, tcp_keepinit_of(tp));
	return (tp);
fail:
	soabort(so);
	return (NULL);
}

/* tp, on no queue of lp's, is established, and nothing was written to it: what
 * tcp_output_if() would come to, and the news. */
static inline void
tcp_child_opened(struct tcpcb *tp, struct tcpcb *lp)
{
	if (tp->t_fb->tfb_tcp_output != tcp_default_output ||
	    tcp_window_update_due(tp))
		tcp_output_later(tp);
	else
		tp->t_app_limited = (uint32_t)tp->t_delivered;
	sonewconn_done(tptosocket(lp), tptosocket(tp));
}

/* ---- Segments ---- */

/* A handshake goes on as it began, whatever has become of the listener's
 * options since, and by its own numbers. */
bool
tcp_listen_signed(struct tcpcb *lp, const struct mbuf *m,
    const struct tcp_seg *sg, const struct tcp_syn *sy)
{
	struct tcp_ao ao;

	if (sy != NULL && (sg->sg_flags & TH_SYN) == 0) {
		if ((sy->sy_flags & SYF_SIGNATURE) == 0) {
			if ((sg->sg_to.to_flags & (TOF_SIGNATURE |
			    TOF_AO)) != 0)
				TCPSTAT_INC(tcps_sig_err_sigopts);
			return (true);
		}
		tcp_ao_resume(&ao, sy->sy_iss, sy->sy_irs, sy->sy_aocurrent,
		    sy->sy_aornext);
		return (tcp_sig_verify(m, sg, (sy->sy_flags & SYF_AO) != 0 ?
		    &ao : NULL));
	}
	return (!TCP_SIG_WANTED(lp, sg) || tcp_sig_input(lp, m, sg));
}

/* An ACK, with its mbuf. */
static void __noinline
tcp_listen_ack(struct tcpcb *lp, struct mbuf *m, struct tcp_seg *sg,
    struct tcp_syn *sy)
{
	struct tcpcb *tp;

	switch (tcp_syncache_ack(lp, sg, sy, &tp)) {
	case TCP_SC_CHILD:
		if (tp->t_state == TCPS_SYN_RECEIVED) {
			tcp_dispatch(tp, m, sg);
			return;
		}
		in_pcbsame_note(&V_tcbinfo, sg->sg_ip->ii_same);
		tcp_child_opened(tp, lp);
		break;
	case TCP_SC_NONE:
		tcp_log_wrong(sg, "acknowledges no SYN-ACK of ours");
		tcp_reset_reply(lp, sg);
		break;
	case TCP_SC_DONE:
		break;
	}
	m_freem(m);
}

/* A cookie's SYN has opened a connection, which answers it; m and its text
 * are taken. */
static void
tcp_listen_fast(struct tcpcb *lp, struct mbuf *m, struct tcp_seg *sg,
    enum tfo_verdict v, const uint8_t *latest)
{
	struct tcp_syn sy;
	struct tcpcb *tp;

	(void)tcp_listen_offer(lp, sg, &sy);
	tcp_new_numbers(&sg->sg_inc, &sy.sy_iss, &sy.sy_tsoff);
	if ((tp = tcp_listen_child(lp, &sy, sg, SC_UNSENT)) == NULL) {
		TCPSTAT_INC(tcps_listendrop);
		m_freem(m);
		return;
	}
	tp->snd_wnd = tp->max_sndwnd = sg->sg_win;
	tp->t_flags |= TF_ACKNOW;
	tcp_output_later(tp);
	m_adj(m, m->m_pkthdr.len - (int)sg->sg_len);
	sg->sg_m = m;
	tcp_fastopen_accept(tp, lp, v, latest, sg);
	m_freem(sg->sg_m);
	sg->sg_m = NULL;
}

/* A SYN, with its mbuf.  The option stays in sg if the SYN-ACK is to have a
 * cookie. */
static void __noinline
tcp_listen_syn(struct tcpcb *lp, struct mbuf *m, struct tcp_seg *sg,
    struct tcp_syn *sy)
{
	uint8_t latest[TCP_FASTOPEN_COOKIE_LEN];
	enum tfo_verdict v = TFO_NONE;

	if (__predict_false((sg->sg_to.to_flags & TOF_FASTOPEN) != 0 ||
	    ((lp->t_flags2 & TF2_COMPAT) != 0 &&
	    tcp_compat_cookieless(lp))) && sy == NULL)
		v = tcp_fastopen_syn(lp, sg, latest);
	if (v != TFO_COOKIE && v != TFO_RENEW)
		sg->sg_to.to_flags &= ~(uint32_t)(TOF_FASTOPEN |
		    TOF_FASTOPENEXP);
	if (v == TFO_VALID || v == TFO_RENEW) {
		tcp_listen_fast(lp, m, sg, v, latest);
		return;
	}
	tcp_syncache_syn(lp, sg, sy);
	m_freem(m);
}

/* May a SYN come from there?  Nearly all that do are from below the first
 * multicast address of IPv4. */
static inline bool
tcp_listen_hears(const struct in6_addr *from)
{
	if (__predict_true(IN6_IS_ADDR_V4MAPPED(from) &&
	    ntohl(from->s6_addr32[3]) - 1 < 0xe0000000U - 1))
		return (true);
	return (!in_any(from) && !in_multicast(from));
}

void
tcp_listen_input(struct tcpcb *lp, struct mbuf *m, struct tcp_seg *sg,
    struct tcp_syn *sy)
{
	/* In another encapsulation than the handshake. */
	if (sy != NULL && sy->sy_port != sg->sg_udpport) {
		tcp_reset_reply(lp, sg);
		m_freem(m);
		return;
	}
	switch (sg->sg_flags & (TH_RST | TH_SYN | TH_ACK)) {
	case TH_ACK:
		tcp_listen_ack(lp, m, sg, sy);
		return;
	case TH_SYN:
		if (tcp_listen_hears(&sg->sg_inc.inc_faddr)) {
			tcp_listen_syn(lp, m, sg, sy);
			return;
		}
		TCPSTAT_INC(tcps_listendrop);
		break;
	case TH_SYN | TH_ACK:
		/* Out of the blue: no answer. */
		break;
	default:
		if ((sg->sg_flags & TH_RST) != 0)
			tcp_syncache_rst(sg, sy);
		break;
	}
	m_freem(m);
}

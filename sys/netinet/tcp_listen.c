/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The listener's side of the handshake (RFC 9293, 3.10.7.2).
 *
 *   RST: ignored.   ACK: reset.   SYN: a connection in SYN_RECEIVED.
 *
 * A connection that is being opened is a full one, on its listener's count
 * of incomplete ones, which bounds them.  This file is the door behind
 * which a cache of small entries belongs: tcp_listen_input() is all that
 * tcp_input() knows of it.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_var.h>

/* The peer's offers, taken into the new connection (RFC 7323, RFC 2018). */
static void
tcp_listen_options(struct tcpcb *tp, const struct tcp_seg *sg)
{
	const struct tcpopt *to = &sg->sg_to;

	if ((tp->t_flags & TF_NOOPT) != 0)
		tp->t_flags &= ~(TF_REQ_SCALE | TF_REQ_TSTMP | TF_SACK_PERMIT);
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
		tp->ts_recent = to->to_tsval;
		tp->ts_recent_age = (uint32_t)time_uptime;
	} else
		tp->t_flags &= ~TF_REQ_TSTMP;
	if ((to->to_flags & TOF_SACKPERM) == 0)
		tp->t_flags &= ~TF_SACK_PERMIT;
}

/* Bind the new connection to the SYN's addresses: 0 or an errno. */
static int
tcp_listen_bind(struct tcpcb *tp, const struct tcpcb *lp,
    const struct tcp_seg *sg)
{
	struct inpcb *inp = tptoinpcb(tp);
	const struct inpcb *linp = &lp->t_inpcb;
	int error;

	inp->inp_inc = sg->sg_inc;
	inp->inp_vflag = IN6_IS_ADDR_V4MAPPED(&inp->inp_laddr) ? INP_IPV4 :
	    INP_IPV6;
	inp->inp_flags |= linp->inp_flags & (INP_V6SOCKET | INP_V6ONLY |
	    INP_MINMTU);
	inp->inp_ttl = linp->inp_ttl;
	inp->inp_tos = linp->inp_tos;
	inp->inp_minttl = linp->inp_minttl;
	if ((error = in_pcbinherit_port(&V_tcbinfo, inp,
	    sg->sg_inc.inc_lport)) != 0)
		return (error);
	return (in_pcbinsert(&V_tcbinfo, inp));
}

/* What accepted connections take over from the listener. */
static int
tcp_listen_inherit(struct tcpcb *tp, struct tcpcb *lp)
{
	int error;

	tp->t_flags |= lp->t_flags & (TF_NODELAY | TF_NOPUSH | TF_NOOPT |
	    TF_SIGNATURE);
	tp->t_delack_opt = lp->t_delack_opt;
	tp->t_usermss = lp->t_usermss;
	if (lp->t_userto != NULL) {
		if (tcp_userto(tp) == NULL)
			return (ENOMEM);
		*tp->t_userto = *lp->t_userto;
	}
	if ((error = tcp_functions_inherit(tp, lp)) != 0)
		return (error);
	return (CC_ALGO(tp) == CC_ALGO(lp) ? 0 : cc_switch(tp, CC_ALGO(lp)));
}

/* A SYN opens a connection, which answers with its SYN-ACK. */
static void
tcp_listen_syn(struct tcpcb *lp, struct tcp_seg *sg)
{
	struct socket *lso = tptosocket(lp), *so;
	uint8_t cookie[TCP_FASTOPEN_COOKIE_LEN];
	enum tfo_verdict fast;
	struct tcpcb *tp;

	if (in_any(&sg->sg_inc.inc_faddr) ||
	    in_multicast(&sg->sg_inc.inc_faddr) ||
	    (so = sonewconn(lso, 0)) == NULL) {
		TCPSTAT_INC(tcps_listendrop);
		return;
	}
	tp = sototcpcb(so);
	if (tcp_listen_inherit(tp, lp) != 0 ||
	    tcp_listen_bind(tp, lp, sg) != 0) {
		TCPSTAT_INC(tcps_listendrop);
		soabort(so);
		return;
	}
	tp->irs = sg->sg_seq;
	tp->rcv_nxt = tp->rcv_adv = sg->sg_seq + 1;
	tp->last_ack_sent = tp->rcv_nxt;
	tp->rcv_up = tp->rcv_nxt;
	tp->iss = tcp_new_isn(&tp->t_inpcb.inp_inc);
	tp->snd_una = tp->snd_nxt = tp->snd_max = tp->snd_up = tp->iss;
	tp->snd_recover = tp->snd_fack = tp->t_loss_edge = tp->iss;
	tp->t_round_end = tp->iss;
	tp->ts_offset = tcp_new_ts_offset(&tp->t_inpcb.inp_inc);
	tp->snd_wl1 = sg->sg_seq;
	tp->snd_wnd = tp->max_sndwnd = sg->sg_win;
	tcp_listen_options(tp, sg);
	tcp_ecn_passive(tp, tcp_ecn_syn_code(sg));
	tcp_mss(tp, (sg->sg_to.to_flags & TOF_MSS) != 0 ? sg->sg_to.to_mss :
	    0);
	tcp_state_change(tp, TCPS_SYN_RECEIVED);
	tcp_timer_activate(tp, TT_KEEP, tcp_keepinit_of(tp));
	TCPSTAT_INC(tcps_accepts);
	tp->t_flags |= TF_ACKNOW;
	tcp_output_later(tp);
	fast = tcp_fastopen_syn(lp, sg, cookie);
	if (fast != TFO_NONE)
		tcp_fastopen_accept(tp, lp, fast, cookie, sg);
}

void
tcp_listen_input(struct tcpcb *lp, struct tcp_seg *sg)
{
	if ((sg->sg_flags & TH_RST) != 0)
		return;
	if ((sg->sg_flags & TH_ACK) != 0) {
		/* A SYN-ACK out of the blue gets no answer. */
		if ((sg->sg_flags & TH_SYN) == 0)
			tcp_reset_reply(lp, sg);
		return;
	}
	if ((sg->sg_flags & TH_SYN) == 0)
		return;
	tcp_listen_syn(lp, sg);
}

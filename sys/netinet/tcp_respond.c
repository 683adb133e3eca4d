/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Segments out of the blue: resets, challenge ACKs (RFC 5961), keepalive
 * probes, and the answers of who has no connection: the SYN cache and
 * TIME_WAIT.  They are made from what is at hand, carry no text, and are not
 * remembered; nothing waits for an answer to them.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

VNET_DEFINE(u_int, tcp_ack_war_cnt) = 5;
SYSCTL_UINT(_net_inet_tcp, OID_AUTO, ack_war_cnt, CTLFLAG_RW,
    &VNET_NAME(tcp_ack_war_cnt), 0,
    "Challenge ACKs a connection sends in ack_war_timewindow (0: no limit)");
VNET_DEFINE(u_int, tcp_ack_war_timewindow) = 1000;
SYSCTL_UINT(_net_inet_tcp, OID_AUTO, ack_war_timewindow, CTLFLAG_RW,
    &VNET_NAME(tcp_ack_war_timewindow), 0,
    "The period in which challenge ACKs are counted, in milliseconds");

void
tcp_bare_timestamp(struct tcp_bare *tb, uint32_t val, uint32_t ecr)
{
	uint8_t *opt;

	while (tb->tb_optlen % 4 != 2)
		tb->tb_opt[tb->tb_optlen++] = TCPOPT_NOP;
	opt = &tb->tb_opt[tb->tb_optlen];
	val = htonl(val);
	ecr = htonl(ecr);
	*opt++ = TCPOPT_TIMESTAMP;
	*opt++ = TCPOLEN_TIMESTAMP;
	memcpy(opt, &val, sizeof(val));
	memcpy(opt + sizeof(val), &ecr, sizeof(ecr));
	tb->tb_optlen += TCPOLEN_TIMESTAMP;
}

void
tcp_bare_sign(struct tcp_bare *tb, struct tcp_ao *ao)
{
	tb->tb_signed = true;
	tb->tb_ao = ao;
	tb->tb_optlen = (uint8_t)tcp_sig_option(tb->tb_opt, tb->tb_optlen,
	    ao);
}

void
tcp_bare_send(const struct tcp_bare *tb, struct inpcb *inp)
{
	const struct in_conninfo *inc = tb->tb_inc;
	struct tcphdr *th;
	struct mbuf *m;

	if ((m = mb_gethdr()) == NULL)
		return;
	m->m_data += max_hdr;
	m->m_len = m->m_pkthdr.len = (int)(sizeof(*th) + tb->tb_optlen);
	th = mtod(m, struct tcphdr *);
	tcp_put_header(m, inc, tb->tb_seq, (tb->tb_flags & TH_ACK) != 0 ?
	    tb->tb_ack : 0, tb->tb_flags, tb->tb_win, (uint32_t)m->m_len);
	/* All the room there is: less work than to copy what is used. */
	memcpy(th + 1, tb->tb_opt, sizeof(tb->tb_opt));
	if (tb->tb_signed && tcp_sig_sign(m, inc, tb->tb_ao) != 0) {
		m_freem(m);
		return;
	}
	TCPSTAT_INC(tcps_sndtotal);
	(void)tcp_ip_send(m, inp, inc, tb->tb_tos, tb->tb_ttl,
	    tb->tb_udpport, inp != NULL ? inp->inp_options : tb->tb_ipopts);
}

static void __noinline
tcp_respond_any(struct tcpcb *tp, const struct in_conninfo *inc, tcp_seq ack,
    tcp_seq seq, uint16_t flags, const struct tcp_seg *sg)
{
	struct inpcb *inp = tp != NULL ? tptoinpcb(tp) : NULL;
	struct tcp_bare tb = { .tb_inc = inc, .tb_seq = seq, .tb_ack = ack };
	struct tcp_ao ao;
	uint32_t win = 0;

	tb.tb_tos = inp != NULL ? inp->inp_tos : sg != NULL ?
	    sg->sg_ip->ii_tos & (uint8_t)~IPTOS_ECN_MASK : 0;
	tb.tb_ttl = inp != NULL ? inp->inp_ttl : 0;
	tb.tb_udpport = sg != NULL ? sg->sg_udpport :
	    inp != NULL ? inp->inp_udpport : 0;
	if (tp != NULL && tp->t_state > TCPS_LISTEN &&
	    (flags & TH_RST) == 0) {
		if ((tp->t_flags2 & TF2_ECN_ANY) != 0)
			flags |= tcp_ecn_output(tp, 0, false, &tb.tb_tos);
		win = tcp_adv_window(tp);
		if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
			tcp_bare_timestamp(&tb, tcp_ts_getticks() +
			    tp->ts_offset, tp->ts_recent);
		win = (win + (1u << tp->rcv_scale) - 1) >> tp->rcv_scale;
	}
	if (tp != NULL && (tp->t_flags & TF_SIGNATURE) != 0 &&
	    !tcp_sig_exempt(tp, sg))
		tcp_bare_sign(&tb, tcp_sig_ao(tp, sg, &ao));
	tb.tb_flags = flags;
	tb.tb_win = (uint16_t)min(TCP_MAXWIN, win);
	TCPSTAT_INC(tcps_sndctrl);
	/* A listener's route cache is for another destination. */
	tcp_bare_send(&tb, inp != NULL && inp->inp_fport != 0 ? inp : NULL);
}

void
tcp_respond(struct tcpcb *tp, const struct in_conninfo *inc, tcp_seq ack,
    tcp_seq seq, uint16_t flags, const struct tcp_seg *sg)
{
	if (flags != TH_ACK || tp == NULL || ack != tp->rcv_nxt ||
	    !tcp_plain_respond(tp, seq))
		tcp_respond_any(tp, inc, ack, seq, flags, sg);
}

void
tcp_reset_reply(struct tcpcb *tp, const struct tcp_seg *sg)
{
	uint32_t len = sg->sg_len;

	if ((sg->sg_flags & TH_RST) != 0 ||
	    in_multicast(&sg->sg_inc.inc_faddr) ||
	    in_any(&sg->sg_inc.inc_faddr) ||
	    badport_bandlim(BANDLIM_TCP_RST) != 0)
		return;
	if ((sg->sg_flags & TH_ACK) != 0) {
		tcp_respond(tp, &sg->sg_inc, 0, sg->sg_ack, TH_RST, sg);
		return;
	}
	len += ((sg->sg_flags & TH_SYN) != 0) + ((sg->sg_flags & TH_FIN) != 0);
	tcp_respond(tp, &sg->sg_inc, sg->sg_seq + len, 0, TH_RST | TH_ACK,
	    sg);
}

void
tcp_challenge_ack(struct tcpcb *tp)
{
	uint32_t now = tcp_ts_getticks();

	if (tp->t_chackcnt == 0 || TSTMP_GEQ(now, tp->t_chackend)) {
		tp->t_chackend = now + V_tcp_ack_war_timewindow;
		tp->t_chackcnt = 0;
	}
	if (V_tcp_ack_war_cnt != 0 && tp->t_chackcnt >= V_tcp_ack_war_cnt)
		return;
	tp->t_chackcnt++;
	TCPSTAT_INC(tcps_chack_sent);
	tcp_respond(tp, &tp->t_inpcb.inp_inc, tp->rcv_nxt, tp->snd_max,
	    TH_ACK, NULL);
	tp->last_ack_sent = tp->rcv_nxt;
}

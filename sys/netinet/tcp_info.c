/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP_INFO: what a connection says of itself.
 *
 * All fields of struct tcp_info have a value.  Times are in microseconds
 * and stop at 2^32 - 1; counts of Linux's kind (unacked, sacked, lost,
 * retrans, fackets) are segments of the size in use.  Some say less than
 * their names:
 *
 *	last_data_recv, last_ack_recv	both since the last segment came:
 *			all segments acknowledge
 *	last_ack_sent	likewise all that is sent does; known to about a
 *			millisecond
 *	toe_tid		0: there is no offload engine
 *	reordering	the threshold of duplicate ACKs (tcp_reorder.c)
 *	total_tlp	of blocks that send tail loss probes
 *
 * Touches nothing.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

#define	CA_OPEN		0		/* __tcpi_ca_state */
#define	CA_RECOVERY	3
#define	CA_LOSS		4

static uint32_t
usec(nstime_t ns)
{
	return ((uint32_t)ulmin(ns / NS_PER_USEC, UINT32_MAX));
}

static uint32_t
usec_since(nstime_t when)
{
	return (usec(getnstime() - when));
}

/* Text leaves with an ACK, so the later of the two times counts. */
static uint32_t
usec_since_ack(const struct tcpcb *tp)
{
	uint32_t age = usec_since(tp->t_sndtime);

	if (tp->t_acktime == 0)
		return (age);
	return (min(age, usec((nstime_t)(tcp_acktime() - tp->t_acktime) <<
	    TCP_ACKTIME_SHIFT)));
}

static void
info_state(const struct tcpcb *tp, struct tcp_info *ti)
{
	ti->tcpi_state = tp->t_state;
	ti->__tcpi_ca_state = (tp->t_flags2 & TF2_RTOLOSS) != 0 ? CA_LOSS :
	    IN_FASTRECOVERY(tp->t_flags) ? CA_RECOVERY : CA_OPEN;
	ti->__tcpi_retransmits = (uint8_t)tp->t_rxtshift;
	ti->__tcpi_backoff = (uint8_t)tp->t_rxtshift;
	/* Once one is answered they count no more. */
	if (getnstime() - tp->t_rcvtime >= tcp_keepidle_of(tp))
		ti->__tcpi_probes = (uint8_t)min(tp->t_keepprobes, UINT8_MAX);
	if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
		ti->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if ((tp->t_flags & TF_SACK_PERMIT) != 0)
		ti->tcpi_options |= TCPI_OPT_SACK;
	if ((tp->t_flags & TF_RCVD_SCALE) != 0) {
		ti->tcpi_options |= TCPI_OPT_WSCALE;
		ti->tcpi_snd_wscale = tp->snd_scale & 0xf;
		ti->tcpi_rcv_wscale = tp->rcv_scale & 0xf;
	}
	if ((tp->t_flags & TF_FASTOPEN) != 0)
		ti->tcpi_options |= TCPI_OPT_TFO;
}

static void
info_times(const struct tcpcb *tp, struct tcp_info *ti)
{
	ti->tcpi_rto = (uint32_t)(tcp_rto(tp) / NS_PER_USEC);
	ti->__tcpi_ato = (uint32_t)(V_tcp_delacktime / NS_PER_USEC);
	ti->__tcpi_last_data_sent = usec_since(tp->t_sndtime);
	ti->__tcpi_last_ack_sent = usec_since_ack(tp);
	ti->tcpi_last_data_recv = usec_since(tp->t_rcvtime);
	ti->__tcpi_last_ack_recv = ti->tcpi_last_data_recv;
	ti->tcpi_rtt = tp->t_srtt_us;
	ti->tcpi_rttvar = tp->t_rttvar_us;
	ti->tcpi_rttmin = tp->t_rttmin_us;
	ti->__tcpi_rcv_rtt = tp->t_rcvrtt * (uint32_t)(NS_PER_MSEC /
	    NS_PER_USEC);
}

static void
info_flight(const struct tcpcb *tp, struct tcp_info *ti)
{
	u_int mss = MAX(tcp_fixed_maxseg(tp), 1);
	const struct tcp_sent *ts;
	uint32_t again = 0;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		if (TS_RXT(ts) && (ts->ts_flags & (TS_SACKED | TS_LOST)) == 0)
			again += ts->ts_end - ts->ts_start;
	ti->__tcpi_unacked = howmany(tp->snd_max - tp->snd_una, mss);
	ti->__tcpi_sacked = howmany(tp->t_snd_sacked, mss);
	ti->__tcpi_lost = howmany(tp->t_snd_lost, mss);
	ti->__tcpi_retrans = howmany(again, mss);
	if (tp->t_snd_sacked != 0 && SEQ_GT(tp->snd_fack, tp->snd_una))
		ti->__tcpi_fackets = howmany(tp->snd_fack - tp->snd_una, mss);
	ti->__tcpi_reordering = tcp_reordering(tp);
	ti->tcpi_snd_ssthresh = tp->snd_ssthresh;
	ti->tcpi_snd_cwnd = tp->snd_cwnd;
	ti->tcpi_snd_wnd = tp->snd_wnd;
	ti->tcpi_snd_bwnd = min(tp->snd_cwnd, tp->snd_wnd);
	ti->tcpi_snd_una = tp->snd_una;
	ti->tcpi_snd_nxt = tp->snd_nxt;
	ti->tcpi_snd_max = tp->snd_max;
	ti->tcpi_dupacks = tp->t_dupacks;
	ti->tcpi_snd_rexmitpack = tp->t_sndrexmitpack;
	ti->tcpi_snd_zerowin = tp->t_sndzerowin;
}

static void
info_receiver(struct tcpcb *tp, struct tcp_info *ti)
{
	const struct socket *so = tptosocket(tp);

	ti->tcpi_rcv_nxt = tp->rcv_nxt;
	ti->tcpi_rcv_adv = tp->rcv_adv;
	ti->tcpi_rcv_space = tcp_rcv_window(tp);
	if (so != NULL)
		ti->__tcpi_rcv_ssthresh = min(so->so_rcv.sb_hiwat,
		    (u_int)TCP_MAXWIN << ((tp->t_flags & TF_RCVD_SCALE) != 0 ?
		    tp->rcv_scale : 0));
	ti->tcpi_rcv_ooopack = tp->t_loss != NULL ?
	    tp->t_loss->tl_rcvoopack : 0;
	ti->tcpi_rcv_numsacks = tp->t_segqlen;
}

void
tcp_fill_info(struct tcpcb *tp, struct tcp_info *ti)
{
	memset(ti, 0, sizeof(*ti));
	info_state(tp, ti);
	info_times(tp, ti);
	info_flight(tp, ti);
	info_receiver(tp, ti);
	ti->tcpi_snd_mss = ti->tcpi_rcv_mss = tp->t_maxseg;
	if (tp->t_inpcb.inp_fport != 0) {
		ti->__tcpi_pmtu = tcp_pmtu(tp);
		ti->__tcpi_advmss = (uint32_t)tcp_mssopt(tp);
	}
	tcp_ecn_info(tp, ti);
}

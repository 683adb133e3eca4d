/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A connection as Linux's TCP_INFO tells it, from what tcp_fill_info() and
 * the connection say.  Windows become segments, rounded down but never to 0.
 * Touches no state.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/linux/linux.h>

static const uint8_t states[TCP_NSTATES] = {
	[TCPS_CLOSED] = LINUX_TCP_CLOSE,
	[TCPS_LISTEN] = LINUX_TCP_LISTEN,
	[TCPS_SYN_SENT] = LINUX_TCP_SYN_SENT,
	[TCPS_SYN_RECEIVED] = LINUX_TCP_SYN_RECV,
	[TCPS_ESTABLISHED] = LINUX_TCP_ESTABLISHED,
	[TCPS_CLOSE_WAIT] = LINUX_TCP_CLOSE_WAIT,
	[TCPS_FIN_WAIT_1] = LINUX_TCP_FIN_WAIT1,
	[TCPS_CLOSING] = LINUX_TCP_CLOSING,
	[TCPS_LAST_ACK] = LINUX_TCP_LAST_ACK,
	[TCPS_FIN_WAIT_2] = LINUX_TCP_FIN_WAIT2,
	[TCPS_TIME_WAIT] = LINUX_TCP_TIME_WAIT,
};

#define	LINUX_INFINITE_SSTHRESH	0x7fffffff
#define	MSEC_OF(us)	((us) / 1000)

static uint32_t
segments(uint32_t bytes, uint32_t mss)
{
	return (MAX(bytes / mss, 1));
}

/* A listener tells of its queue. */
static void
info_listener(const struct socket *so, struct linux_tcp_info *li)
{
	li->tcpi_unacked = so->so_sol->sol_qlen;
	li->tcpi_sacked = so->so_sol->sol_qlimit;
}

static void
info_windows(const struct tcpcb *tp, const struct tcp_info *ti,
    struct linux_tcp_info *li)
{
	uint32_t mss = MAX(tcp_fixed_maxseg(tp), 1);

	li->tcpi_snd_cwnd = segments(MIN(ti->tcpi_snd_cwnd,
	    TCP_MAXWIN << TCP_MAX_WINSHIFT), mss);
	li->tcpi_snd_ssthresh = ti->tcpi_snd_ssthresh >=
	    (uint32_t)TCP_MAXWIN << TCP_MAX_WINSHIFT ?
	    LINUX_INFINITE_SSTHRESH : segments(ti->tcpi_snd_ssthresh, mss);
	if (tp->t_state < TCPS_ESTABLISHED)
		li->tcpi_snd_cwnd =
		    segments(tcp_compat_initwnd(tp, mss), mss);
	li->tcpi_snd_mss = mss;
	li->tcpi_rcv_mss = mss;
	/* What our SYN named, less what all segments have. */
	li->tcpi_advmss = ti->__tcpi_advmss != 0 ?
	    ti->__tcpi_advmss - (tp->t_maxseg - mss) : mss;
	li->tcpi_snd_wnd = tp->snd_wnd;
	li->tcpi_rcv_wnd = tp->rcv_adv - tp->rcv_nxt;
	li->tcpi_rcv_space = ti->tcpi_rcv_space;
	li->tcpi_rcv_ssthresh = ti->tcpi_rcv_space;
}

static void
info_times(const struct tcp_info *ti, struct linux_tcp_info *li)
{
	li->tcpi_rto = ti->tcpi_rto;
	li->tcpi_ato = ti->__tcpi_ato;
	li->tcpi_rtt = ti->tcpi_rtt;
	li->tcpi_rttvar = ti->tcpi_rttvar;
	li->tcpi_min_rtt = ti->tcpi_rttmin;
	li->tcpi_rcv_rtt = ti->__tcpi_rcv_rtt;
	li->tcpi_last_data_sent = MSEC_OF(ti->__tcpi_last_data_sent);
	li->tcpi_last_data_recv = MSEC_OF(ti->tcpi_last_data_recv);
	li->tcpi_last_ack_recv = MSEC_OF(ti->__tcpi_last_ack_recv);
}

static void
info_counts(const struct tcpcb *tp, const struct tcp_info *ti,
    struct linux_tcp_info *li)
{
	const struct socket *so = tptosocket(tp);
	uint32_t sent = tp->snd_max - tp->snd_una;

	li->tcpi_retransmits = ti->__tcpi_retransmits;
	li->tcpi_probes = ti->__tcpi_probes;
	li->tcpi_backoff = ti->__tcpi_backoff;
	li->tcpi_unacked = ti->__tcpi_unacked;
	li->tcpi_sacked = ti->__tcpi_sacked;
	/* Lost until acknowledged, also while it is under way again. */
	li->tcpi_lost = ti->__tcpi_lost + ti->__tcpi_retrans;
	li->tcpi_retrans = ti->__tcpi_retrans;
	li->tcpi_reordering = V_tcp_ways.w_reordering;
	li->tcpi_total_retrans = ti->tcpi_snd_rexmitpack;
	li->tcpi_rcv_ooopack = ti->tcpi_rcv_ooopack;
	li->tcpi_delivered_ce = ti->tcpi_delivered_ce;
	/* A client's SYN counts, a server's does not. */
	li->tcpi_bytes_acked = tp->t_delivered - MIN(tp->t_delivered,
	    tp->t_snd_sacked + ((tp->t_flags & TF_ACTIVEOPEN) == 0));
	/* Here both do, as a segment. */
	li->tcpi_delivered = (uint32_t)howmany(tp->t_delivered,
	    MAX(tcp_fixed_maxseg(tp), 1));
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		li->tcpi_bytes_received = tp->rcv_nxt - tp->irs - 1 -
		    TCPS_HAVERCVDFIN(tp->t_state);
	if (so != NULL && sbavail(&so->so_snd) > sent)
		li->tcpi_notsent_bytes = sbavail(&so->so_snd) - sent;
	li->tcpi_delivery_rate_app_limited = tp->t_app_limited != 0;
}

/* Bits of tcpi_options, whose lower ones are alike. */
static uint8_t
info_options(const struct tcp_info *ti)
{
	uint8_t bits = ti->tcpi_options & (TCPI_OPT_TIMESTAMPS |
	    TCPI_OPT_SACK | TCPI_OPT_WSCALE | TCPI_OPT_ECN);

	if ((ti->tcpi_options & TCPI_OPT_TFO) != 0)
		bits |= LINUX_TCPI_OPT_SYN_DATA;
	return (bits);
}

void
linux_tcp_info(struct socket *so, struct linux_tcp_info *li)
{
	struct tcpcb *tp = sototcpcb(so);
	struct tcp_info ti;

	memset(li, 0, sizeof(*li));
	li->tcpi_state = LINUX_TCP_CLOSE;
	if (tp == NULL)
		return;
	li->tcpi_state = states[tp->t_state];
	if (SOLISTENING(so)) {
		info_listener(so, li);
		return;
	}
	tcp_fill_info(tp, &ti);
	li->tcpi_ca_state = ti.__tcpi_ca_state;
	if (li->tcpi_ca_state == LINUX_TCP_CA_OPEN && tp->t_snd_sacked != 0)
		li->tcpi_ca_state = LINUX_TCP_CA_DISORDER;
	li->tcpi_options = info_options(&ti);
	li->tcpi_snd_wscale = ti.tcpi_snd_wscale & 0xf;
	li->tcpi_rcv_wscale = ti.tcpi_rcv_wscale & 0xf;
	li->tcpi_pmtu = ti.__tcpi_pmtu;
	/* There is no limit. */
	li->tcpi_pacing_rate = li->tcpi_max_pacing_rate = UINT64_MAX;
	info_windows(tp, &ti, li);
	info_times(&ti, li);
	info_counts(tp, &ti, li);
}

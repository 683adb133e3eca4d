/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What a connection takes from the host cache, and what it leaves there.
 *
 *   begins	the buffers have the size to which they grew last time; SRTT
 *		and RTTVAR are the remembered ones until the first round trip
 *		is measured, which then counts as one more; ssthresh is the
 *		remembered one, at least two segments
 *   ends	SRTT, RTTVAR, cwnd, the sizes to which buffers have grown, and
 *		ssthresh if it was ever low enough to matter
 *
 * Fewer than TCP_HC_SAMPLES round trips do not make an SRTT worth remembering.
 * The remembered cwnd is there to be looked at: whatever the last connection
 * reached, the first window is never larger than the initial window's rules
 * allow (RFC 6928), since nothing clocks it.
 *
 * Touches: t_srtt_us, t_rttvar_us, t_srtt, snd_ssthresh of a connection, its
 * buffers' sizes, and at its end t_rttupdated.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in_pcb.h>
#include <netinet/tcp_hostcache.h>
#include <netinet/tcp_var.h>

/* ---- The beginning ---- */

/* A buffer that may grow starts with what it grew to last time. */
static void
hc_grow(struct sockbuf *sb, uint32_t pipe, int autosize, int most)
{
	if (!autosize || (sb->sb_flags & SB_AUTOSIZE) == 0)
		return;
	pipe = min(pipe, (u_int)most);
	if (pipe > sb->sb_hiwat)
		(void)sbreserve(sb, pipe);
}

void
tcp_hc_buffers(struct tcpcb *tp)
{
	struct socket *so = tptosocket(tp);
	const struct hc_metrics_lite *hc;

	hc = tcp_hc_find(&tp->t_inpcb.inp_inc);
	if (hc == NULL)
		return;
	hc_grow(&so->so_snd, hc->hc_sendpipe, V_tcp_do_autosndbuf,
	    V_tcp_autosndbuf_max);
	hc_grow(&so->so_rcv, hc->hc_recvpipe, V_tcp_do_autorcvbuf,
	    V_tcp_autorcvbuf_max);
}

void
tcp_hc_start(struct tcpcb *tp)
{
	const struct hc_metrics_lite *hc;

	if ((hc = tcp_hc_find(&tp->t_inpcb.inp_inc)) == NULL)
		return;
	if (tp->t_srtt_us == 0 && hc->hc_rtt != 0) {
		tp->t_srtt_us = hc->hc_rtt;
		tp->t_rttvar_us = hc->hc_rtt / 2;
		tp->t_srtt = (int)(((uint64_t)hc->hc_rtt << TCP_RTT_SHIFT) /
		    tick);
		TCPSTAT_INC(tcps_usedrtt);
		if (hc->hc_rttvar != 0) {
			tp->t_rttvar_us = hc->hc_rttvar;
			TCPSTAT_INC(tcps_usedrttvar);
		}
	}
	if (hc->hc_ssthresh != 0) {
		tp->snd_ssthresh = max(2 * tp->t_maxseg, hc->hc_ssthresh);
		TCPSTAT_INC(tcps_usedssthresh);
	}
}

/* ---- The end ---- */

/* In whole segments, at least two; 0 if the buffer was in the way first. */
static uint32_t
hc_ssthresh(const struct tcpcb *tp, uint32_t bufsize)
{
	uint32_t mss = tp->t_maxseg;

	if (tp->snd_ssthresh >= bufsize / 2)
		return (0);
	return (max((tp->snd_ssthresh + mss / 2) / mss, 2) * mss);
}

/* To what a buffer has grown; 0 if it has not, or not by itself. */
static uint32_t
hc_pipe(const struct tcpcb *tp, const struct sockbuf *sb, int first)
{
	if ((sb->sb_flags & SB_AUTOSIZE) == 0 ||
	    sb->sb_hiwat <= roundup((u_int)first, tp->t_maxseg))
		return (0);
	return (sb->sb_hiwat);
}

void
tcp_hc_end(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	struct hc_metrics_lite hc;

	if (tp->t_rttupdated < TCP_HC_SAMPLES)
		return;
	hc = (struct hc_metrics_lite){ .hc_rtt = tp->t_srtt_us,
	    .hc_rttvar = tp->t_rttvar_us, .hc_cwnd = tp->snd_cwnd };
	if (so != NULL) {
		hc.hc_ssthresh = hc_ssthresh(tp, so->so_snd.sb_hiwat);
		hc.hc_sendpipe = hc_pipe(tp, &so->so_snd, V_tcp_sendspace);
		hc.hc_recvpipe = hc_pipe(tp, &so->so_rcv, V_tcp_recvspace);
	}
	tcp_hc_update(&tp->t_inpcb.inp_inc, &hc);
	/* TIME_WAIT comes by here once more when it ends. */
	tp->t_rttupdated = 0;
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Validation of the congestion window (RFC 7661), if net.inet.tcp.newcwv
 * asks for it, under every congestion control module.
 *
 * A user that sends less than the window allows proves nothing of the path.
 * What is proved is pipeACK: the most that was delivered in a round trip,
 * of the last max(3 SRTT, 1 s).  For each ACK that is the rate sample's
 * volume: what was delivered between the sending of what it acknowledges
 * and now.  pipeACK is not known until all has been acknowledged that was
 * in flight at the first ACK, of the connection or after a recovery.
 *
 *	               pipeACK < cwnd / 2
 *	 VALIDATED  ------------------------>  NOT VALIDATED (TF2_NVP)
 *	            <------------------------  every 5 minutes there:
 *	     pipeACK >= cwnd / 2, or unknown     ssthresh = max(ssthresh,
 *	                                                    3/4 cwnd)
 *	                                         cwnd = max(cwnd / 2, IW)
 *
 * While it is not validated the window does not grow; and it is kept over
 * pauses, which otherwise bring it down to the initial window at once.
 * Congestion then shows that it was too large by an unknown amount, and so
 *
 *	W = max(pipeACK, bytes in flight)
 *	ssthresh <= W / 2	during recovery, where it rules cwnd
 *	cwnd <= (W - bytes sent again) / 2	at its end; pipeACK is unknown
 *
 * A timeout is as ever, and makes pipeACK unknown.
 *
 * The five minutes are looked at when there is something to send or an ACK
 * comes: in between the window is of no use to anyone.
 *
 * Touches: snd_cwnd, snd_ssthresh, TF2_CWV, TF2_NVP and tu_cwv.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include <netinet/tcp_newcwv.h>
#include <netinet/tcp_var.h>

#define	CWV_NVP		(300 * NS_PER_SEC)	/* RFC 7661, 4.4.3 */

MALLOC_DEFINE(M_TCPCWV, "tcpcwv", "TCP connections' window validation");

VNET_DEFINE(int, newcwv) = 0;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, newcwv, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(newcwv), 0,
    "Validate the congestion window while the user sends little (RFC 7661)");
SYSCTL_INT(_net_inet_tcp, OID_AUTO, newcwd, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(newcwv), 0, "Another name of newcwv");

/* ---- pipeACK ---- */

/* Slots for the time until now; what is older is forgotten. */
static void
cwv_turn(const struct tcpcb *tp, struct tcp_cwv *cw)
{
	nstime_t now = getnstime(), width;
	u_int i;

	width = MAX(3 * tp->t_srtt_us * NS_PER_USEC, NS_PER_SEC) / CWV_SLOTS;
	for (i = 0; i < CWV_SLOTS && now - cw->cw_slot >= width; i++) {
		memmove(&cw->cw_most[1], &cw->cw_most[0],
		    (CWV_SLOTS - 1) * sizeof(cw->cw_most[0]));
		cw->cw_most[0] = 0;
		cw->cw_slot += width;
	}
	if (i == CWV_SLOTS)
		cw->cw_slot = now;
}

static uint32_t
cwv_pipeack(const struct tcpcb *tp, struct tcp_cwv *cw)
{
	uint32_t most = 0;
	int i;

	cwv_turn(tp, cw);
	for (i = 0; i < CWV_SLOTS; i++)
		most = max(most, cw->cw_most[i]);
	return (most);
}

/* Nothing is known, which counts as validated. */
static void
cwv_unknown(struct tcpcb *tp)
{
	struct tcp_cwv *cw = tp->t_userto->tu_cwv;

	memset(cw, 0, sizeof(*cw));
	cw->cw_slot = getnstime();
	tp->t_flags2 &= ~TF2_NVP;
}

/* ---- Phases ---- */

static bool
cwv_validated(const struct tcpcb *tp, struct tcp_cwv *cw)
{
	return (cw->cw_known != CWV_KNOWN ||
	    cwv_pipeack(tp, cw) >= tp->snd_cwnd / 2);
}

/* Half of the window, and the place where it was becomes the threshold. */
static void
cwv_reduce(struct tcpcb *tp)
{
	uint32_t cwnd = tp->snd_cwnd, least;

	least = tcp_compute_initwnd(tcp_fixed_maxseg(tp));
	tp->snd_ssthresh = max(tp->snd_ssthresh, cwnd - cwnd / 4);
	tp->snd_cwnd = min(cwnd, max(cwnd / 2, least));
}

/* Which of the two it is now; if it has left the first, then at since. */
static void
cwv_phase(struct tcpcb *tp, nstime_t since)
{
	struct tcp_cwv *cw = tp->t_userto->tu_cwv;
	nstime_t now = getnstime();
	int i;

	if (cwv_validated(tp, cw)) {
		tp->t_flags2 &= ~TF2_NVP;
		return;
	}
	if ((tp->t_flags2 & TF2_NVP) == 0) {
		tp->t_flags2 |= TF2_NVP;
		cw->cw_nvp = since;
	}
	/* 32 halvings make the largest window the smallest. */
	for (i = 0; i < 32 && now - cw->cw_nvp >= CWV_NVP; i++) {
		cwv_reduce(tp);
		cw->cw_nvp += CWV_NVP;
	}
	if (i == 32)
		cw->cw_nvp = now;
	if (cwv_validated(tp, cw))
		tp->t_flags2 &= ~TF2_NVP;
}

/* ---- What happens ---- */

void
tcp_cwv_established(struct tcpcb *tp)
{
	struct tcp_cwv *cw;
	struct tcp_userto *tu;

	/* Without memory it does without. */
	if ((tp->t_flags2 & TF2_CWV) != 0 ||
	    (tu = tcp_userto(tp)) == NULL ||
	    (cw = malloc(sizeof(*cw), M_TCPCWV, M_NOWAIT)) == NULL)
		return;
	tu->tu_cwv = cw;
	tp->t_flags2 |= TF2_CWV;
	cwv_unknown(tp);
}

void
tcp_cwv_free(struct tcpcb *tp)
{
	if ((tp->t_flags2 & TF2_CWV) == 0)
		return;
	free(tp->t_userto->tu_cwv, M_TCPCWV);
	tp->t_userto->tu_cwv = NULL;
	tp->t_flags2 &= ~(TF2_CWV | TF2_NVP);
}

void
tcp_cwv_acked(struct tcpcb *tp, const struct tcp_acked *ta)
{
	struct tcp_cwv *cw = tp->t_userto->tu_cwv;

	if (V_newcwv == 0) {
		tcp_cwv_free(tp);
		return;
	}
	/* What arrives during recovery says little of the window before. */
	if (IN_RECOVERY(tp->t_flags) || (tp->t_flags2 & TF2_RTOLOSS) != 0 ||
	    ta->ta_acked == 0)
		return;
	if (cw->cw_known == CWV_NOTHING) {
		cw->cw_first = tp->snd_max;
		cw->cw_known = CWV_FIRST;
	}
	cwv_turn(tp, cw);
	cw->cw_most[0] = max(cw->cw_most[0],
	    (uint32_t)MIN(ta->rs_delivered, UINT32_MAX));
	if (cw->cw_known == CWV_FIRST && SEQ_GEQ(ta->ta_ack, cw->cw_first))
		cw->cw_known = CWV_KNOWN;
	cwv_phase(tp, getnstime());
}

/* The module learns of the pause, but the window stays as it is. */
void
tcp_cwv_idle(struct tcpcb *tp)
{
	uint32_t cwnd = tp->snd_cwnd, ssthresh = tp->snd_ssthresh;

	cc_after_idle(tp);
	if (V_newcwv == 0) {
		tcp_cwv_free(tp);
		return;
	}
	tp->snd_cwnd = cwnd;
	tp->snd_ssthresh = ssthresh;
	cwv_phase(tp, tp->t_sndtime);
}

void
tcp_cwv_congested(struct tcpcb *tp, bool timeout)
{
	struct tcp_cwv *cw = tp->t_userto->tu_cwv;
	uint32_t most;

	if (timeout) {
		cwv_unknown(tp);
		return;
	}
	if ((tp->t_flags2 & TF2_NVP) == 0 || cw->cw_loss != 0)
		return;
	cw->cw_loss = max(cwv_pipeack(tp, cw), tp->snd_max - tp->snd_una);
	cw->cw_rexmit = tp->t_sndrexmitpack;
	most = max(cw->cw_loss / 2, 2 * tcp_maxseg(tp));
	tp->snd_ssthresh = min(tp->snd_ssthresh, most);
	tp->snd_cwnd = min(tp->snd_cwnd, most);
}

void
tcp_cwv_recovered(struct tcpcb *tp)
{
	const struct tcp_cwv *cw = tp->t_userto->tu_cwv;
	uint64_t again;
	uint32_t mss = tcp_maxseg(tp);

	if (cw->cw_loss != 0) {
		again = (uint64_t)(tp->t_sndrexmitpack - cw->cw_rexmit) * mss;
		tp->snd_cwnd = min(tp->snd_cwnd, max(2 * mss,
		    (uint32_t)(cw->cw_loss - MIN(again, cw->cw_loss)) / 2));
	}
	cwv_unknown(tp);
}

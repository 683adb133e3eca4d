/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * HyStart++ (RFC 9406): to leave slow start before it loses a window.
 *
 * A queue that builds up shows in the round trips.  With the least one of
 * each round (lastmin, curmin), once a round has n_rttsamples of them,
 *
 *	threshold = lastmin / 8, within [minrtt_thresh, maxrtt_thresh]
 *
 *   slow start --- curmin >= lastmin + threshold ---> CSS
 *       ^          (baseline = curmin)                 | |
 *       +------------- curmin < baseline --------------+ |
 *                                                        | css_rounds
 *                  congestion avoidance <----------------+ ssthresh = cwnd
 *
 * Conservative slow start (CSS) grows by 1/css_growth_div of what slow
 * start would.  The round in which it begins counts as its first.  Below
 * lowcwnd segments delay says more of the sender's bursts than of a queue,
 * and CSS does not begin.
 *
 * Only the first slow start is watched, while ssthresh is out of reach;
 * any sign of congestion ends that (RFC 9406, 4.3).
 *
 * Touches: snd_ssthresh and snd_cwnd of the connection, at the end of CSS.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/vnet.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/cc/cc.h>
#include <netinet/cc/cc_hystart.h>

#define	MINRTT_DIVISOR	8

VNET_DEFINE(u_int, cc_hystart_css_growth_div) = 4;
VNET_DEFINE(u_int, cc_hystart_css_rounds) = 5;
VNET_DEFINE(u_int, cc_hystart_minrtt_thresh) = 4000;
VNET_DEFINE(u_int, cc_hystart_maxrtt_thresh) = 16000;
VNET_DEFINE(u_int, cc_hystart_n_rttsamples) = 8;
VNET_DEFINE(u_int, cc_hystart_lowcwnd) = 16;

SYSCTL_NODE(_net_inet_tcp_cc, OID_AUTO, hystartplusplus,
    CTLFLAG_RW | CTLFLAG_MPSAFE, NULL, "HyStart++ (RFC 9406)");
#define	HYSTART_UINT(name, descr)					\
	SYSCTL_UINT(_net_inet_tcp_cc_hystartplusplus, OID_AUTO, name,	\
	    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(cc_hystart_##name),	\
	    0, descr)
HYSTART_UINT(css_growth_div,
    "Conservative slow start grows by this part of slow start");
HYSTART_UINT(css_rounds, "Rounds of conservative slow start");
HYSTART_UINT(minrtt_thresh,
    "Least rise of the round trip that matters, microseconds");
HYSTART_UINT(maxrtt_thresh,
    "Rise of the round trip that always matters, microseconds");
HYSTART_UINT(n_rttsamples, "Measurements that make a round count");
HYSTART_UINT(lowcwnd, "Least window that is watched, segments");

void
cc_hystart_start(struct cc_hystart *hs, struct cc_var *ccv)
{
	hs->hs_state = HS_OFF;
	if ((ccv->flags & CCF_HYSTART_ALLOWED) == 0 ||
	    CCV(ccv, snd_ssthresh) <
	    ((uint32_t)TCP_MAXWIN << CCV(ccv, snd_scale)))
		return;
	hs->hs_state = HS_SLOWSTART;
	hs->hs_curmin = RTT_NONE;
	cc_hystart_round_next(hs);
}

void
cc_hystart_stop(struct cc_hystart *hs)
{
	hs->hs_state = HS_OFF;
}

/* CSS has lasted: congestion avoidance begins. */
static void __noinline
slow_start_ends(struct cc_hystart *hs, struct cc_var *ccv)
{
	uint32_t ssthresh = CCV(ccv, snd_cwnd);

	if ((ccv->flags & CCF_HYSTART_CONS_SSTH) != 0)
		ssthresh = min(ssthresh, max(hs->hs_fas,
		    2 * tcp_fixed_maxseg(ccv->tp)));
	CCV(ccv, snd_ssthresh) = ssthresh;
	if ((ccv->flags & CCF_HYSTART_CAN_SH_CWND) != 0)
		CCV(ccv, snd_cwnd) = ssthresh;
	hs->hs_state = HS_OFF;
}

void
cc_hystart_round_css(struct cc_hystart *hs, struct cc_var *ccv)
{
	if (++hs->hs_rounds >= MIN(hystart_css_rounds, UINT8_MAX))
		slow_start_ends(hs, ccv);
	else
		cc_hystart_round_next(hs);
}

/* The least round trip of this round says that a queue builds up. */
static bool
delay_rises(const struct cc_hystart *hs)
{
	uint32_t threshold;

	threshold = min(max(hs->hs_lastmin / MINRTT_DIVISOR,
	    hystart_minrtt_thresh), hystart_maxrtt_thresh);
	/* After a round without measurements this is out of reach. */
	return (hs->hs_curmin >= (uint64_t)hs->hs_lastmin + threshold);
}

void
cc_hystart_judge(struct cc_hystart *hs, struct cc_var *ccv, uint32_t fas)
{
	if (hs->hs_state == HS_CSS) {
		if (hs->hs_curmin < hs->hs_baseline)
			hs->hs_state = HS_SLOWSTART;
	} else if (CCV(ccv, snd_cwnd) >= (uint64_t)hystart_lowcwnd *
	    tcp_fixed_maxseg(ccv->tp) && delay_rises(hs)) {
		hs->hs_state = HS_CSS;
		hs->hs_baseline = hs->hs_curmin;
		hs->hs_fas = fas;
		hs->hs_rounds = 0;
		hs->hs_rem = 0;
	}
}

void
cc_hystart_judged(struct cc_hystart *hs, struct cc_var *ccv, uint32_t fas,
    bool round)
{
	cc_hystart_judge(hs, ccv, fas);
	if (round)
		cc_hystart_round(hs, ccv);
}

uint32_t
cc_hystart_increase(struct cc_hystart *hs, uint32_t incr)
{
	uint32_t div = max(hystart_css_growth_div, 1);

	if (hs->hs_state != HS_CSS)
		return (incr);
	incr += hs->hs_rem;
	hs->hs_rem = incr % div;
	return (incr / div);
}

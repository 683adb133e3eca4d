/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * HyStart++ (RFC 9406) for any congestion control module: what a module
 * keeps of it per connection, and where it calls it.
 *
 *	conn_init	cc_hystart_start()
 *	newround	cc_hystart_round()
 *	rttsample	cc_hystart_sample()
 *	ack_received	in slow start, cc_hystart_increase()
 *	cong_signal	cc_hystart_stop()
 */
#ifndef _STACKYARD_NETINET_CC_CC_HYSTART_H_
#define	_STACKYARD_NETINET_CC_CC_HYSTART_H_

#include <netinet/cc/cc.h>

/* All zeros: off. */
struct cc_hystart {
	uint32_t	hs_lastmin;	/* least round trip of the last round */
	uint32_t	hs_curmin;	/* of this one, us; UINT32_MAX: none */
	uint32_t	hs_baseline;	/* of the round that began CSS, us */
	uint32_t	hs_fas;		/* bytes in flight then */
	uint32_t	hs_rem;		/* growth in CSS not given yet, bytes */
	uint16_t	hs_samples;	/* in this round */
	uint8_t		hs_rounds;	/* begun since CSS began */
	uint8_t		hs_state;
#define	HS_OFF		0		/* the first slow start is over */
#define	HS_SLOWSTART	1
#define	HS_CSS		2		/* conservative slow start */
};

/* The connection is established: begin, if the block allows it and nothing
 * (a cached ssthresh) ends slow start already. */
void	cc_hystart_start(struct cc_hystart *hs, struct cc_var *ccv);
/* Congestion: never again for this connection. */
void	cc_hystart_stop(struct cc_hystart *hs);
/* The next round, without measurements so far. */
#define	RTT_NONE		UINT32_MAX
static inline void
cc_hystart_round_next(struct cc_hystart *hs)
{
	hs->hs_lastmin = hs->hs_curmin;
	hs->hs_curmin = RTT_NONE;
	hs->hs_samples = 0;
}
/* A round of conservative slow start is over, which ends when it has lasted:
 * sets ssthresh. */
void	cc_hystart_round_css(struct cc_hystart *hs, struct cc_var *ccv);
/* A round begins. */
static inline void
cc_hystart_round(struct cc_hystart *hs, struct cc_var *ccv)
{
	if (__predict_true(hs->hs_state == HS_SLOWSTART))
		cc_hystart_round_next(hs);
	else if (hs->hs_state == HS_CSS)
		cc_hystart_round_css(hs, ccv);
}
/* There are measurements enough in this round to judge it. */
void	cc_hystart_judge(struct cc_hystart *hs, struct cc_var *ccv,
	    uint32_t fas);
/* The same, and then a round begins, if round. */
void	cc_hystart_judged(struct cc_hystart *hs, struct cc_var *ccv,
	    uint32_t fas, bool round);
/* A measurement of what was sent once: are there enough?  And the arguments of
 * rttsample. */
static inline bool
cc_hystart_sample_once(struct cc_hystart *hs, uint32_t usec_rtt)
{
	if (usec_rtt < hs->hs_curmin)
		hs->hs_curmin = usec_rtt;
	if (hs->hs_samples < UINT16_MAX)
		hs->hs_samples++;
	return (hs->hs_samples >= hystart_n_rttsamples);
}
static inline void
cc_hystart_sample(struct cc_hystart *hs, struct cc_var *ccv,
    uint32_t usec_rtt, uint32_t rxtcnt, uint32_t fas)
{
	if (hs->hs_state != HS_OFF && rxtcnt == 0 &&
	    cc_hystart_sample_once(hs, usec_rtt))
		cc_hystart_judge(hs, ccv, fas);
}
/* Those of measured. */
static inline void
cc_hystart_measured(struct cc_hystart *hs, struct cc_var *ccv,
    uint32_t usec_rtt, uint32_t fas, bool round)
{
	if (hs->hs_state == HS_OFF)
		return;
	if (cc_hystart_sample_once(hs, usec_rtt))
		cc_hystart_judged(hs, ccv, fas, round);
	else if (round)
		cc_hystart_round(hs, ccv);
}
/* What becomes of slow start's growth by incr bytes. */
uint32_t cc_hystart_increase(struct cc_hystart *hs, uint32_t incr);

#endif /* !_STACKYARD_NETINET_CC_CC_HYSTART_H_ */

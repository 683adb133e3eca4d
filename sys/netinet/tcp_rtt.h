/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The smoothed round trip of RFC 6298, section 2, here since most segments
 * that acknowledge something measure one:
 *
 *	RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|	SRTT = 7/8 SRTT + 1/8 R
 *
 * and of the first R, SRTT = R and RTTVAR = R/2.  tcp_timer.c makes timeouts
 * of them.
 *
 * Touches the connection's round trips and t_rxtshift.
 */
#ifndef _STACKYARD_NETINET_TCP_RTT_H_
#define	_STACKYARD_NETINET_TCP_RTT_H_

#include <netinet/tcp_var.h>

#define	TCP_RTT_MAX_US	60000000U

/* ns in microseconds, which nearly all are few enough of for 32 bits. */
static __always_inline uint32_t
tcp_rtt_us(nstime_t ns)
{
	return (__predict_true(ns <= UINT32_MAX) ?
	    (uint32_t)ns / (uint32_t)NS_PER_USEC :
	    (uint32_t)u64min(ns / NS_PER_USEC, TCP_RTT_MAX_US));
}

/* One more of us, not less than 1 microsecond. */
static __always_inline void
tcp_rtt_take(struct tcpcb *tp, struct tcpstat *st, uint32_t us)
{
	const uint32_t rtt = us + (us == 0);
	uint32_t diff, srtt = tp->t_srtt_us;

	if (__predict_true(srtt != 0)) {
		diff = rtt > srtt ? rtt - srtt : srtt - rtt;
		tp->t_rttvar_us = (3 * tp->t_rttvar_us + diff) / 4;
		srtt = (7 * srtt + rtt) / 8;
	} else {
		srtt = rtt;
		tp->t_rttvar_us = rtt / 2;
	}
	tp->t_srtt_us = srtt;
	/* For modules: ticks with 5 binary places. */
	tp->t_srtt = (int)((srtt << TCP_RTT_SHIFT) / tick);
	/* 0, nothing seen, is above all others here. */
	if (rtt <= tp->t_rttmin_us - 1)
		tp->t_rttmin_us = rtt;
	tp->t_rttupdated++;
	/* Only now is the backed-off timeout given up (RFC 6298, 5). */
	tp->t_rxtshift = 0;
	st->tcps_rttupdated++;
}

#endif /* !_STACKYARD_NETINET_TCP_RTT_H_ */

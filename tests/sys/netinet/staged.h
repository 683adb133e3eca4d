/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * staged(), staged_acked(): steps that know no short ways.  Each segment goes
 * through all stages of RFC 9293, 3.10.7.4, in their order, as the general way
 * of the default block does; tests hold the short ways against it.
 */
#ifndef _TESTS_STAGED_H_
#define	_TESTS_STAGED_H_

#include "pkt.h"

/* A number from 0 to n - 1, the next of the sequence of *seed. */
static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return ((*seed >> 8) % n);
}

static int
all_stages(struct tcpcb *tp, struct tcp_seg *sg)
{
	static int (*const stages[])(struct tcpcb *, struct tcp_seg *) = {
		tcp_stage_sequence, tcp_stage_rst, tcp_stage_syn,
		tcp_stage_ack, tcp_stage_urg, tcp_stage_text, tcp_stage_fin
	};
	int v = TV_OK;
	u_int i;

	for (i = 0; i < nitems(stages) && (v & TV_STOP) == 0; i++)
		v |= stages[i](tp, sg);
	return (v);
}

static void
staged(struct tcpcb *tp, struct mbuf *m, struct tcphdr *th __unused,
    int drop_hdrlen, int tlen __unused, uint8_t iptos __unused)
{
	struct tcp_seg *sg = tcp_seg_of(m);
	int v;

	m_adj(m, drop_hdrlen);
	sg->sg_m = m;
	tp->t_rcvtime = getnstime();
	v = all_stages(tp, sg);
	m_freem(sg->sg_m);
	sg->sg_m = NULL;
	(void)tcp_verdict(tp, sg, v);
}

/* The default's, which is not known to be it: an ACK is told of in full. */
static void
staged_acked(struct tcpcb *tp, const struct tcp_acked *ta)
{
	tcp_default_acked(tp, ta);
}

#endif /* !_TESTS_STAGED_H_ */

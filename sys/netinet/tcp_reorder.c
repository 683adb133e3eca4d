/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Paths that change the order of segments.  Three segments that pass one are
 * taken for its loss (RFC 5681, RFC 6675); where more than that pass, each
 * time costs a retransmission for nothing, and half the window until it is
 * taken back.
 *
 * So a connection learns (the idea of RFC 4653): a recovery that turned out
 * to be none (tcp_undo.c) was begun too soon, and the threshold becomes
 *
 *	the number of segments that had passed the missing one, and one more,
 *	or, if that is not known any more, twice what it was,
 *	but not more than max_reordering.
 *
 * While it waits, new segments leave for those that arrive, as limited
 * transmit has it (RFC 3042), so that what decides later comes.  With nothing
 * new to send it would not: then the threshold is the usual one.  A timeout
 * makes it the usual one for good: waiting was wrong, or the path is another.
 *
 * Touches: tl_dupthresh of a connection.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/tcp_loss.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

VNET_DEFINE_STATIC(int, max_reordering) = 300;
#define	V_max_reordering	VNET(max_reordering)
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, max_reordering,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(max_reordering), 0, UINT16_MAX,
    "Duplicate ACKs that a connection learns to wait for at most, where a "
    "path changes the order of segments (0: it does not learn)");

u_int
tcp_reordering(const struct tcpcb *tp)
{
	return (tp->t_loss != NULL && tp->t_loss->tl_dupthresh != 0 ?
	    tp->t_loss->tl_dupthresh : V_tcp_ways.w_reordering);
}

u_int
tcp_dupthresh(const struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	uint32_t used = tp->snd_max - tp->snd_una;

	if (so == NULL || sbavail(&so->so_snd) <= used || tp->snd_wnd <= used)
		return (V_tcp_ways.w_reordering);
	return (tcp_reordering(tp));
}

/* Segments that had passed the one that ta's ACK covers; 0 unknown. */
static u_int
reorder_extent(const struct tcpcb *tp, const struct tcp_acked *ta)
{
	const tcp_seq first = ta->ta_ack - ta->ta_acked;

	if (ta->ta_acked == 0 || ta->ta_dsacked != 0)
		return (0);
	if ((tp->t_flags & TF_SACK_PERMIT) == 0)
		return (tp->t_dupacks);
	/* ACKs get lost: not all that it covers needs to have been SACKed. */
	return (howmany(SEQ_MAX(tp->snd_fack, ta->ta_ack) - first,
	    tcp_fixed_maxseg(tp)) - 1);
}

void
tcp_reorder_learn(struct tcpcb *tp, const struct tcp_acked *ta)
{
	u_int extent = reorder_extent(tp, ta), was = tcp_reordering(tp);

	extent = imin((int)(extent != 0 ? extent + 1 : 2 * was),
	    V_max_reordering);
	if (extent > was)
		tp->t_loss->tl_dupthresh = (uint16_t)extent;
}

void
tcp_reorder_forget(struct tcpcb *tp)
{
	if (tp->t_loss != NULL)
		tp->t_loss->tl_dupthresh = 0;
}

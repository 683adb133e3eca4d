/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The part of a connection that only those have on which something was lost
 * (tcp_loss.h): its birth and end.
 *
 * Touches: t_loss of the connection.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include <netinet/tcp_loss.h>

MALLOC_DEFINE(M_TCPLOSS, "tcploss", "TCP connections with losses");

/* One size of the allocator's. */
CTASSERT(sizeof(struct tcp_loss) <= 80);

struct tcp_loss *
tcp_loss(struct tcpcb *tp)
{
	struct tcp_loss *tl = tp->t_loss;

	if (__predict_true(tl != NULL))
		return (tl);
	tl = malloc(sizeof(*tl), M_TCPLOSS, M_NOWAIT | M_ZERO);
	if (tl == NULL)
		return (NULL);
	TAILQ_INIT(&tl->tl_segq);
	tp->t_loss = tl;
	return (tl);
}

void
tcp_loss_free(struct tcpcb *tp)
{
	free(tp->t_loss, M_TCPLOSS);
	tp->t_loss = NULL;
}

void
tcp_dsack_note(struct tcpcb *tp, tcp_seq start, tcp_seq end)
{
	struct tcp_loss *tl = tcp_loss(tp);

	/* Of what came twice with one segment the first is told (RFC 2883,
	 * 4.2). */
	if (tl == NULL || tl->tl_dsack.start != tl->tl_dsack.end)
		return;
	tl->tl_dsack.start = start;
	tl->tl_dsack.end = end;
}

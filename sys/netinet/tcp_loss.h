/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What a connection keeps once something on it was lost, came out of order
 * or came twice, in either direction.  Most never see that, so it stands
 * apart from the tcpcb: t_loss, which is made when it is first needed and
 * stays until the connection's end.
 *
 * Where memory for it is short, a connection does without what would stand
 * here: text out of order is not kept, a duplicate is not reported, SACK
 * blocks are not noted, and a reduction is not taken back and is made at
 * once instead of by PRR.
 */
#ifndef _STACKYARD_NETINET_TCP_LOSS_H_
#define	_STACKYARD_NETINET_TCP_LOSS_H_

#include <netinet/tcp_var.h>

struct tcp_loss {
	/* SACKed ranges of the sent map: tcp_sentmap.c. */
	struct tcp_sent	*tl_sack;	/* where the last SACK ended */
	/* Text out of order, t_segqlen ranges: tcp_reass.c. */
	struct tsegqe_head tl_segq;
	uint32_t	tl_segqserial;
	uint32_t	tl_rcvoopack;	/* segments that came so */
	struct sackblk	tl_dsack;	/* to report; empty if equal */
	/* Proportional rate reduction, bytes: tcp_ack.c. */
	uint32_t	tl_prr_delivered;
	uint32_t	tl_prr_out;
	uint32_t	tl_recover_fs;	/* in flight as recovery began */
	/* With TF_PREVVALID, besides snd_cwnd_prev: tcp_undo.c. */
	uint32_t	tl_ssthresh_prev;
	tcp_seq		tl_recover_prev;
	tcp_seq		tl_undo_una;	/* snd_una as loss was found */
	tcp_seq		tl_undo_end;	/* snd_max as last sent again */
	uint32_t	tl_undo_rxt;	/* sent again, and not D-SACKed */
	uint32_t	tl_badrxtwin;	/* ms: began to send again */
	uint16_t	tl_sackholes;	/* SACKed ranges in the sent map */
	uint16_t	tl_dupthresh;	/* learnt: tcp_reorder.c; 0 nothing */
};

/* tp's, made now if there is none: NULL if memory is short. */
struct tcp_loss *tcp_loss(struct tcpcb *tp);
void	tcp_loss_free(struct tcpcb *tp);
/* The peer has sent what lies between start and end twice. */
void	tcp_dsack_note(struct tcpcb *tp, tcp_seq start, tcp_seq end);

/* Is there a block for SACK to report? */
static inline bool
tcp_sack_due(const struct tcpcb *tp)
{
	const struct tcp_loss *tl = tp->t_loss;

	return (tl != NULL && (tp->t_segqlen != 0 ||
	    tl->tl_dsack.start != tl->tl_dsack.end));
}

#endif /* !_STACKYARD_NETINET_TCP_LOSS_H_ */

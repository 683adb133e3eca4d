/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Losses that were none (tcp_undo.c has the theory): what the other files of
 * TCP call.
 */
#ifndef _STACKYARD_NETINET_TCP_UNDO_H_
#define	_STACKYARD_NETINET_TCP_UNDO_H_

#include <netinet/tcp.h>

struct sackblk;
struct tcp_acked;
struct tcp_seg;
struct tcpcb;

/* A loss was found: save the windows before they are reduced. */
void	tcp_undo_save(struct tcpcb *tp);
/* The same for the timer, which counts in t_rxtshift. */
void	tcp_undo_timeout(struct tcpcb *tp);
/* It was congestion: nothing will be taken back. */
void	tcp_undo_forget(struct tcpcb *tp);
/* The peer has got sb twice. */
void	tcp_undo_dsack(struct tcpcb *tp, const struct sackblk *sb);
/* The windows as saved (for cc_cong_signal(), CC_RTO_ERR). */
void	tcp_undo_restore(struct tcpcb *tp);

/* ---- The order of segments (tcp_reorder.c) ---- */

/* Duplicate ACKs that mean loss: 3 (RFC 5681, RFC 6675), or what a path that
 * changes the order has taught; and how many do now. */
u_int	tcp_reordering(const struct tcpcb *tp);
u_int	tcp_dupthresh(const struct tcpcb *tp);
/* Recovery was begun too soon, says this ACK. */
void	tcp_reorder_learn(struct tcpcb *tp, const struct tcp_acked *ta);
/* It waited too long, or the path is another. */
void	tcp_reorder_forget(struct tcpcb *tp);

/* ---- Only with TF_PREVVALID ---- */

/* len bytes were sent again. */
void	tcp_undo_sent(struct tcpcb *tp, uint32_t len);
/* An ACK, before the block hears of it: a verdict. */
int	tcp_undo_acked(struct tcpcb *tp, const struct tcp_seg *sg,
	    const struct tcp_acked *ta);

/* ---- Only with TF2_FRTO ---- */

/* The same ACK, after that. */
void	tcp_frto_acked(struct tcpcb *tp, const struct tcp_acked *ta);

#endif /* !_STACKYARD_NETINET_TCP_UNDO_H_ */

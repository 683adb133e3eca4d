/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Validation of the congestion window (tcp_newcwv.c has the theory): what
 * the other files of TCP call.  A connection that began while newcwv was on
 * has a struct tcp_cwv and TF2_CWV, and TF2_NVP while its window is larger
 * than what it has lately proved to need.
 */
#ifndef _STACKYARD_NETINET_TCP_NEWCWV_H_
#define	_STACKYARD_NETINET_TCP_NEWCWV_H_

#include <sys/time.h>
#include <netinet/tcp.h>

struct tcp_acked;
struct tcpcb;

#define	CWV_SLOTS	4
struct tcp_cwv {
	uint32_t	cw_most[CWV_SLOTS];	/* bytes in a round trip */
	nstime_t	cw_slot;	/* when cw_most[0] began */
	nstime_t	cw_nvp;		/* TF2_NVP: since when */
	uint32_t	cw_loss;	/* what the window was worth at a loss */
	uint32_t	cw_rexmit;	/* t_sndrexmitpack then */
	tcp_seq		cw_first;	/* pipeACK is known beyond this */
	uint8_t		cw_known;	/* CWV_* */
#define	CWV_NOTHING	0		/* no ACK yet */
#define	CWV_FIRST	1		/* cw_first is set */
#define	CWV_KNOWN	2
};

/* net.inet.tcp.newcwv: if it is not 0, and the handshake is complete. */
VNET_DECLARE(int, newcwv);
#define	V_newcwv	VNET(newcwv)
void	tcp_cwv_established(struct tcpcb *tp);
void	tcp_cwv_free(struct tcpcb *tp);

/* ---- Only with TF2_CWV ---- */

/* An ACK that tells something new. */
void	tcp_cwv_acked(struct tcpcb *tp, const struct tcp_acked *ta);
/* Text leaves after a pause. */
void	tcp_cwv_idle(struct tcpcb *tp);
/* Around the module's reaction to congestion, a timeout or not, and at the
 * end of recovery. */
void	tcp_cwv_congested(struct tcpcb *tp, bool timeout);
void	tcp_cwv_recovered(struct tcpcb *tp);

#endif /* !_STACKYARD_NETINET_TCP_NEWCWV_H_ */

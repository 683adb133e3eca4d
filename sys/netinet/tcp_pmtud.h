/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Segment sizes that the path takes (tcp_pmtud.c has the theory): what the
 * other files of TCP call.  A connection has a struct tcp_pmtud, and
 * TF2_PMTUD, once its segments are smaller than they could be.
 */
#ifndef _STACKYARD_NETINET_TCP_PMTUD_H_
#define	_STACKYARD_NETINET_TCP_PMTUD_H_

#include <sys/time.h>
#include <netinet/tcp.h>

struct tcp_acked;
struct tcp_sent;
struct tcpcb;

struct tcp_pmtud {
	nstime_t	pm_again;	/* when larger ones are tried */
	tcp_seq		pm_start;	/* of the probe in flight */
	tcp_seq		pm_end;
	uint16_t	pm_probe;	/* its size; 0: there is none */
	uint16_t	pm_high;	/* larger ones did not arrive */
};

/* A retransmission timeout of an established connection. */
void	tcp_pmtud_timeout(struct tcpcb *tp);
/* Segments have become smaller: larger ones are tried later. */
void	tcp_pmtud_lowered(struct tcpcb *tp);
/* net.inet.tcp.plpmtud */
VNET_DECLARE(int, plpmtud);
#define	V_plpmtud		VNET(plpmtud)
/* The handshake is complete, and plpmtud is 2: where the search for the size
 * begins. */
void	tcp_pmtud_established(struct tcpcb *tp);
void	tcp_pmtud_free(struct tcpcb *tp);

/* ---- Only with TF2_PMTUD ---- */

/* An ACK, before and after it is known what is lost. */
void	tcp_pmtud_acked(struct tcpcb *tp, const struct tcp_acked *ta);
void	tcp_pmtud_lost(struct tcpcb *tp, struct tcp_acked *ta);
/* Bytes of text of a probe, of which room may leave, and avail wait; 0: no
 * probe now. */
uint32_t tcp_pmtud_probe(struct tcpcb *tp, uint32_t avail,
	    uint32_t room, uint32_t optlen);
/* It left. */
void	tcp_pmtud_sent(struct tcpcb *tp, const struct tcp_sent *ts,
	    uint32_t optlen);

#endif /* !_STACKYARD_NETINET_TCP_PMTUD_H_ */

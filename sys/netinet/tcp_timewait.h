/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TIME_WAIT in a compressed entry (tcp_timewait.c has the theory): what the
 * other files of TCP call.  Nobody else points at an entry: what leaves this
 * interface is gone when the next event is dealt with.
 */
#ifndef _STACKYARD_NETINET_TCP_TIMEWAIT_H_
#define	_STACKYARD_NETINET_TCP_TIMEWAIT_H_

#include <netinet/in_pcb.h>

struct mbuf;
struct tcp_seg;
struct tcpcb;

/* What becomes of a segment. */
enum tcp_twverdict {
	TCP_TW_NONE,		/* no such connection */
	TCP_TW_DONE,		/* dealt with */
	TCP_TW_REOPEN		/* a SYN, and the entry is gone */
};

/* An entry, as others may see it. */
struct tcp_twinfo {
	struct in_conninfo twi_inc;
	nstime_t	twi_expires;
	uint64_t	twi_cursor;	/* where it is; grows along the walk */
};

/* tp, which is in TIME_WAIT until expires, or about to be, and whose user has
 * gone, becomes an entry and is freed: false, and it stays as it is, if there
 * is no memory or IP options.  local: both ends are here. */
bool	tcp_tw_compress(struct tcpcb *tp, bool local, nstime_t expires);
/* A segment for which there is no pcb; its header and text are m's. */
enum tcp_twverdict tcp_tw_input(const struct mbuf *m,
	    const struct tcp_seg *sg);
/* The same for a tcpcb in TIME_WAIT, whose user still holds the socket. */
enum tcp_twverdict tcp_tw_segment(struct tcpcb *tp, const struct tcp_seg *sg);
/* End the entry between these ends: false if there is none. */
bool	tcp_tw_drop(const struct in_conninfo *inc);
/* tp, which begins, follows an entry, if there is one, in its numbers. */
void	tcp_tw_succeed(struct tcpcb *tp);
bool	tcp_tw_exists(const struct in_conninfo *inc);
/* The entries behind cursor after (0: all) until func returns non-zero. */
int	tcp_tw_foreach(uint64_t after, int (*func)(const struct tcp_twinfo *,
	    void *), void *arg);
uint32_t tcp_tw_count(void);

#endif /* !_STACKYARD_NETINET_TCP_TIMEWAIT_H_ */

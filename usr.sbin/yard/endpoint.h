/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * One end of a connection that sends and receives as told, from inside the
 * stack, and what can be read off it.
 *
 * Seen by files of both kinds, so nothing but integers stands here.  Every
 * function wants its host entered (sy_host_enter()).
 */
#ifndef _YARD_ENDPOINT_H_
#define	_YARD_ENDPOINT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define	EP_PERIOD	65521		/* bytes; a prime, so that no segment
					   size fits into it */

enum ep_event {
	EP_CONNECTED,
	EP_RECEIVED,		/* what endpoint_expect() asked for is here */
	EP_EOF,			/* the peer has sent its last byte */
	EP_FAILED,		/* endpoint_error() says how */
};

struct endpoint;
typedef	void endpoint_event_t(void *arg, enum ep_event event);

/*
 * Drive the socket fd.  What it sends is pattern, EP_PERIOD bytes again and
 * again, lent for as long as the endpoint's host lives; with verify, what it
 * receives is compared with that.  func(arg, event) is called from the
 * host's turn.  NULL: out of memory, or no socket.
 */
struct endpoint *endpoint_new(int fd, const uint8_t *pattern, bool verify,
	    endpoint_event_t *func, void *arg);
/* Let the socket go (it stays open) and free the endpoint.  Not from func. */
void	endpoint_free(struct endpoint *ep);
/* Send bytes more; UINT64_MAX: without end. */
void	endpoint_send(struct endpoint *ep, uint64_t bytes);
/* Send no more than the socket has taken. */
void	endpoint_hold(struct endpoint *ep);
/* At most that many bytes in all; when they are sent, FIN. */
void	endpoint_limit(struct endpoint *ep, uint64_t bytes);
/* After what is to be sent, no more: FIN. */
void	endpoint_finish(struct endpoint *ep);
/* EP_RECEIVED once that many bytes were received in all. */
void	endpoint_expect(struct endpoint *ep, uint64_t bytes);
/* The socket is about to be closed: leave it alone from now on. */
void	endpoint_leave(struct endpoint *ep);
/* Bytes that the socket took, and gave. */
uint64_t endpoint_sent(const struct endpoint *ep);
uint64_t endpoint_received(const struct endpoint *ep);
/* Why it failed, an errno; EBADMSG for data that is not the pattern. */
int	endpoint_error(const struct endpoint *ep);

/* What a connection says of itself (TCP_INFO).  Bytes; times in us. */
struct conninfo {
	uint32_t	ci_cwnd, ci_ssthresh;
	uint32_t	ci_inflight;
	uint32_t	ci_srtt, ci_rttmin;
	uint32_t	ci_mss;
	uint32_t	ci_rexmits;	/* segments sent again */
	uint32_t	ci_marks;	/* segments told to be marked CE */
	bool		ci_ecn;		/* ECN is in use, of either kind */
};
/* 0, or an errno if the connection is gone. */
int	conninfo_get(int fd, struct conninfo *ci);

#endif /* !_YARD_ENDPOINT_H_ */

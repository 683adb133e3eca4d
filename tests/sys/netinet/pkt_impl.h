/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Between pkt.c, which has the host and its time, and pkt_text.c, which
 * knows segments as bytes and as text.
 */
#ifndef _TESTS_PKT_IMPL_H_
#define	_TESTS_PKT_IMPL_H_

#include <stdarg.h>

#include "pkt.h"

#define	PD_TEXTLEN	512	/* a segment as text, bytes */
#define	PD_PKTLEN	(65535 + 40)

/* A segment: from text, or from bytes. */
struct pd_seg {
	uint16_t	flags;		/* TH_* */
	uint32_t	seq, ack;	/* as on the wire */
	uint32_t	len;		/* bytes of text */
	uint16_t	win, urg;
	bool		has_win;
	bool		any_opts;	/* after those that are there */
	uint8_t		opt[40];
	int		optlen;
	int		ts_at;		/* of the time stamp in opt; or -1 */
	bool		ts_any;		/* val * */
	int		ttl, tos;
	bool		nodf;		/* routers may fragment */
	uint16_t	udp;		/* the peer's UDP port; 0: plain TCP */
	uint8_t		ipopt[40];	/* IPv4 options */
	int		ipoptlen;
	const uint8_t	*text;		/* from bytes only */
};

/* A packet that was sent. */
struct pd_pkt {
	nstime_t	time;
	uint32_t	off, len;	/* in the memory of all of them */
};

uint16_t pd_sum(const void *p, size_t len, uint32_t sum);
uint8_t	pd_pattern(uint32_t off);

/* text, of a segment of ours (out) or the peer's. */
void	pd_seg_parse(struct pd *t, const char *text, bool out,
	    struct pd_seg *sg);
/* As text in buf of PD_TEXTLEN. */
char	*pd_seg_print(const struct pd *t, const struct pd_seg *sg, bool out,
	    char *buf);
/* The peer's packet for sg, its text the pattern: its length. */
uint32_t pd_seg_build(const struct pd *t, const struct pd_seg *sg,
	    uint8_t *pkt);
/* The segment in our packet; NULL, or what is wrong with its headers. */
const char *pd_seg_read(const struct pd *t, const uint8_t *pkt, uint32_t len,
	    struct pd_seg *sg);
/* IP header of a packet of len bytes after it: its length. */
uint32_t pd_ip_build(const struct pd *t, bool out, uint8_t proto,
	    uint32_t len, int ttl, int tos, uint8_t *pkt);
/* The sum of the pseudo header (not folded). */
uint32_t pd_pseudo(const struct pd *t, uint8_t proto, uint32_t len);
/* text as the segment got, which was sent at when, has to be: NULL or what
 * differs.  Learns our initial number and time stamps from got. */
const char *pd_seg_differs(struct pd *t, struct pd_seg *want,
	    const struct pd_seg *got, nstime_t when);

#endif /* !_TESTS_PKT_IMPL_H_ */

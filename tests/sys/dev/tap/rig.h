/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A host of the stack with one TAP interface, whose frames a test makes and
 * looks at itself.
 */
#ifndef _TESTS_TAP_RIG_H_
#define	_TESTS_TAP_RIG_H_

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip_var.h>
#include <dev/tap/if_tap.h>
#include <dev/tap/tap_vnet.h>
#include <atf-c.h>
#include "rig_host.h"

#define	RIG_FRAME	70000		/* bytes: more than any frame */
#define	ETH		ETHER_HDR_LEN

struct rig {
	struct vnet	*r_vnet;
	struct vnet	*r_saved;
	struct ifnet	*r_ifp;
	int		r_fd;		/* the driver's */
	int		r_peer;		/* the other end, or -1 */
	struct mbufq	r_in;		/* what if_input was given */
};

/* A host, which the test then is inside of, without an interface. */
void	rig_begin(struct rig *r);
/* And one whose interface "tap0" is joined to r_peer. */
void	rig_begin_pair(struct rig *r, int flags);
/* Have if_input of r_ifp write down what it gets. */
void	rig_record(struct rig *r);
void	rig_end(struct rig *r);
/* The next frame that came in, flat: its length. */
int	rig_next(struct rig *r, uint8_t *buf, struct pkthdr *ph);

/* A chain of the bytes, in pieces of at most `piece'. */
struct mbuf *rig_mbuf(const void *buf, int len, int piece);

/*
 * Frames.  A frame begins with a link header from src to dst (6 bytes each),
 * then an IP header from a to b (text) around l4len bytes, then those bytes,
 * which the caller fills in before rig_sum() puts their checksum at
 * sumoff of them: whole, or open (only the pseudo header's sum).
 */
struct rig_frame {
	uint8_t		f_b[RIG_FRAME];
	int		f_len;
	int		f_l4;		/* from the frame's beginning */
	int		f_proto;
	struct in6_addr	f_src, f_dst;
};
void	rig_ip(struct rig_frame *f, const uint8_t *src, const uint8_t *dst,
	    const char *a, const char *b, int proto, int l4len);
void	rig_sum(struct rig_frame *f, int sumoff, bool open);
/* A TCP segment around len bytes; a UDP datagram. */
void	rig_tcp(struct rig_frame *f, const uint8_t *src, const uint8_t *dst,
	    const char *a, const char *b, int len, uint32_t seq, uint32_t ack,
	    int flags);
void	rig_udp_frame(struct rig_frame *f, const uint8_t *src,
	    const uint8_t *dst, const char *a, const char *b, int len);
/* Are the IP header's and the transport's checksums right? */
bool	rig_good(const uint8_t *b, int len);

void	put16(uint8_t *p, int v);
void	put32(uint8_t *p, uint32_t v);
int	get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);

#endif /* !_TESTS_TAP_RIG_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What tests of host kind ask of the stack's inside (inside.c): its
 * connections, what memory it holds, how to make memory short, and what
 * passes its interfaces.  Neither the stack's headers nor the system's.
 */
#ifndef _XFER_K_H_
#define	_XFER_K_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vnet;
struct xk_tap;

/* A connection: the fields have the names they have in struct tcpcb. */
struct xk_conn {
	bool		c_found;
	const char	*c_bad;		/* what tcp_check() says, or NULL */
	int		t_state;
	const char	*c_state;	/* its name */
	uint32_t	iss, snd_una, snd_max;
	uint32_t	irs, rcv_nxt, rcv_adv;
	uint32_t	snd_cwnd, snd_ssthresh, srtt_us;
	bool		c_user;		/* the socket is open */
	uint32_t	c_sndused;	/* bytes in the socket's buffers */
	uint32_t	c_rcvused;
	uint64_t	t_sndrexmitpack, c_rexmttimeo;
};
#define	XK_ESTABLISHED	4		/* t_state from here on: synchronized */
#define	XK_LAST		10		/* TIME_WAIT */

/* The connection (the last, of several) of vnet. */
void	xk_conn(struct vnet *vnet, struct xk_conn *c);
/* Connections and listeners there are. */
unsigned xk_pcbs(struct vnet *vnet);
/* What is in use of the memory that serves connections and packets. */
#define	XK_KINDS	14
struct xk_memory {
	uint64_t	m_bytes[XK_KINDS];
};
void	xk_memory(struct vnet *vnet, struct xk_memory *m);
/*
 * Is more in use than there was, of any kind?  Its name, or NULL; *n becomes
 * how many bytes.
 */
const char *xk_leak(struct vnet *vnet, const struct xk_memory *before,
	    uint64_t *n);
/* Bytes in use: of all zones' items and all malloc types. */
uint64_t xk_bytes(struct vnet *vnet);

/*
 * The places where memory comes from: zones first, then malloc types.  The
 * name of number i, NULL beyond the last.
 */
const char *xk_source(struct vnet *vnet, unsigned i);
/* Fail one allocation after this many more; UINT64_MAX: never. */
void	xk_fault(struct vnet *vnet, unsigned i, uint64_t after);
/* Let no more be allocated than there is; or as much as anybody likes. */
void	xk_drought(struct vnet *vnet, unsigned i, bool on);
/* Allocations granted and refused so far. */
uint64_t xk_allocs(struct vnet *vnet, unsigned i);
uint64_t xk_fails(struct vnet *vnet, unsigned i);

/*
 * See what passes interfaces, in the order in which it does, as blocks of
 * pcapng, when xk_tap_flush() is called.  NULL: no memory.
 */
struct xk_tap *xk_tap_new(int (*write)(void *, const void *, size_t),
	    void *arg);
bool	xk_tap_add(struct xk_tap *tap, struct vnet *vnet, const char *ifname);
void	xk_tap_flush(struct xk_tap *tap);
void	xk_tap_remove(struct vnet *vnet, const char *ifname);
void	xk_tap_free(struct xk_tap *tap);

#endif /* !_XFER_K_H_ */

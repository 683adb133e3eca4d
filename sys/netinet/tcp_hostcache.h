/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host cache: what connections have learnt of their destinations, for
 * the next connections (RFC 9040, temporal sharing).  All that the rest of
 * TCP knows of it is here; values are copied in and out, and nobody outside
 * of tcp_hostcache.c ever holds a pointer to an entry.
 */
#ifndef _STACKYARD_NETINET_TCP_HOSTCACHE_H_
#define	_STACKYARD_NETINET_TCP_HOSTCACHE_H_

#include <sys/types.h>
#include <sys/vnet.h>

struct in_conninfo;
struct tcpcb;

/* Sizes in bytes, times in microseconds; 0: nothing is known. */
struct hc_metrics_lite {
	uint32_t	hc_mtu;
	uint32_t	hc_ssthresh;
	uint32_t	hc_rtt;
	uint32_t	hc_rttvar;
	uint32_t	hc_cwnd;
	uint32_t	hc_sendpipe;	/* a send buffer that was not too small */
	uint32_t	hc_recvpipe;	/* a receive buffer that was not */
};

/*
 * By the foreign address of inc.  Finding gives NULL if there is no entry, or
 * what is good until the next call, but for hc_mtu; reading gives zeros;
 * writing makes one, if there is memory and the cache is on.  An update
 * takes the mean of old and new for all but hc_mtu, which it does not read.
 */
const struct hc_metrics_lite *tcp_hc_find(const struct in_conninfo *inc);
void	tcp_hc_get(const struct in_conninfo *inc, struct hc_metrics_lite *hc);
void	tcp_hc_update(const struct in_conninfo *inc,
	    const struct hc_metrics_lite *hc);
/* The path's MTU: IP keeps it, whether the cache is on or not; the entry is
 * made so that it is in the list. */
uint32_t tcp_hc_getmtu(const struct in_conninfo *inc);
void	tcp_hc_updatemtu(const struct in_conninfo *inc, uint32_t mtu);

/* How many there are: are there any? */
VNET_DECLARE(u_int, hc_count);
#define	V_hc_count	VNET(hc_count)
static inline bool
tcp_hc_known(void)
{
	return (V_hc_count != 0);
}

/* In a connection's life (tcp_hostcache_conn.c): the peer's MSS is known, of
 * one that has a socket; the handshake is complete and nothing was measured
 * yet; it is over, and so many round trips were measured. */
#define	TCP_HC_SAMPLES	4
void	tcp_hc_buffers(struct tcpcb *tp);
void	tcp_hc_start(struct tcpcb *tp);
void	tcp_hc_end(struct tcpcb *tp);

#endif /* !_STACKYARD_NETINET_TCP_HOSTCACHE_H_ */

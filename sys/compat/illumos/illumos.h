/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * illumos's numbers, and the doors through which a call that speaks them
 * reaches a socket of ours: tcp-illumos(4).  Its socket level is FreeBSD's
 * but for a few; its options of TCP are not.  FreeBSD's own options of level
 * IPPROTO_TCP come as ILLUMOS_TCP_FREEBSD + FreeBSD's number.
 *
 * Seen by files of both kinds, so it uses integers alone.
 */
#ifndef _STACKYARD_COMPAT_ILLUMOS_H_
#define	_STACKYARD_COMPAT_ILLUMOS_H_

#include <stddef.h>
#include <stdint.h>

struct socket;

#define	ILLUMOS_AF_INET		2
#define	ILLUMOS_AF_INET6	26
#define	ILLUMOS_SOCK_DGRAM	1
#define	ILLUMOS_SOCK_STREAM	2

/* Levels. */
#define	ILLUMOS_SOL_IP		0
#define	ILLUMOS_SOL_TCP		6
#define	ILLUMOS_SOL_IPV6	41
#define	ILLUMOS_SOL_SOCKET	0xffff

/* Level SOL_SOCKET. */
#define	ILLUMOS_SO_DEBUG	0x0001
#define	ILLUMOS_SO_ACCEPTCONN	0x0002
#define	ILLUMOS_SO_REUSEADDR	0x0004
#define	ILLUMOS_SO_KEEPALIVE	0x0008
#define	ILLUMOS_SO_DONTROUTE	0x0010
#define	ILLUMOS_SO_BROADCAST	0x0020
#define	ILLUMOS_SO_LINGER	0x0080
#define	ILLUMOS_SO_OOBINLINE	0x0100
#define	ILLUMOS_SO_SNDBUF	0x1001
#define	ILLUMOS_SO_RCVBUF	0x1002
#define	ILLUMOS_SO_SNDLOWAT	0x1003
#define	ILLUMOS_SO_RCVLOWAT	0x1004
#define	ILLUMOS_SO_SNDTIMEO	0x1005
#define	ILLUMOS_SO_RCVTIMEO	0x1006
#define	ILLUMOS_SO_ERROR	0x1007
#define	ILLUMOS_SO_TYPE		0x1008
#define	ILLUMOS_SO_PROTOTYPE	0x1009
#define	ILLUMOS_SO_DOMAIN	0x100c
#define	ILLUMOS_SO_EXCLBIND	0x1015

/* Levels IPPROTO_IP and IPPROTO_IPV6. */
#define	ILLUMOS_IP_OPTIONS	1
#define	ILLUMOS_IP_TOS		3
#define	ILLUMOS_IP_TTL		4
#define	ILLUMOS_IPV6_UNICAST_HOPS 0x5
#define	ILLUMOS_IPV6_TCLASS	0x26
#define	ILLUMOS_IPV6_V6ONLY	0x27

/* Level IPPROTO_TCP; times in milliseconds unless they say otherwise. */
#define	ILLUMOS_TCP_NODELAY	0x01
#define	ILLUMOS_TCP_MAXSEG	0x02
#define	ILLUMOS_TCP_NOTIFY_THRESHOLD 0x10
#define	ILLUMOS_TCP_ABORT_THRESHOLD 0x11
#define	ILLUMOS_TCP_CONN_NOTIFY_THRESHOLD 0x12
#define	ILLUMOS_TCP_CONN_ABORT_THRESHOLD 0x13
#define	ILLUMOS_TCP_INIT_CWND	0x15		/* segments */
#define	ILLUMOS_TCP_KEEPALIVE_THRESHOLD 0x16
#define	ILLUMOS_TCP_KEEPALIVE_ABORT_THRESHOLD 0x17
#define	ILLUMOS_TCP_CORK	0x18
#define	ILLUMOS_TCP_RTO_INITIAL	0x19
#define	ILLUMOS_TCP_RTO_MIN	0x1a
#define	ILLUMOS_TCP_RTO_MAX	0x1b
#define	ILLUMOS_TCP_LINGER2	0x1c		/* seconds */
#define	ILLUMOS_TCP_KEEPIDLE	0x22		/* seconds */
#define	ILLUMOS_TCP_KEEPCNT	0x23
#define	ILLUMOS_TCP_KEEPINTVL	0x24		/* seconds */
#define	ILLUMOS_TCP_CONGESTION	0x25
#define	ILLUMOS_TCP_QUICKACK	0x26
#define	ILLUMOS_TCP_MD5SIG	0x27
#define	ILLUMOS_TCP_FREEBSD	0x10000

/* ioctl(2) requests. */
#define	ILLUMOS_FIONREAD	0x4004667f
#define	ILLUMOS_FIONBIO		0x8004667e
#define	ILLUMOS_SIOCATMARK	0x40047307

/* As linux.h's; all return errors of ours, which illumos_errno() turns into
 * illumos's. */
int	illumos_setsockopt(struct socket *so, int level, int name,
	    const void *val, size_t len);
int	illumos_getsockopt(struct socket *so, int level, int name, void *val,
	    size_t *lenp);
int	illumos_ioctl(struct socket *so, unsigned long cmd, void *data);
int	illumos_errno(int native);

#endif /* !_STACKYARD_COMPAT_ILLUMOS_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * System parameters: sizes of mbufs and clusters, and the arithmetic that
 * every kernel file uses.
 */
#ifndef _STACKYARD_SYS_PARAM_H_
#define	_STACKYARD_SYS_PARAM_H_

#include <sys/types.h>
#include <sys/errno.h>
#include <limits.h>

/* The kernel interfaces offered are those of this FreeBSD version. */
#define	__FreeBSD_version	1500000

/* Raised when a module built before must be built again. */
#define	STACKYARD_KPI_VERSION	4

#define	MSIZE		256		/* an mbuf, bytes */
#define	MCLBYTES	2048		/* a cluster, bytes */
#define	MJUMPAGESIZE	4096		/* a page cluster, bytes */
#define	MJUM16BYTES	(16 * 1024)	/* a 16 KiB cluster, bytes */

#define	PAGE_SIZE	4096
#define	CACHE_LINE_SIZE	64
#define	MAXCOMLEN	19

#undef	nitems
#undef	howmany
#undef	rounddown
#undef	roundup
#undef	roundup2
#undef	rounddown2
#undef	powerof2
#undef	MIN
#undef	MAX
#define	nitems(x)		(sizeof(x) / sizeof((x)[0]))
#define	howmany(x, y)		(((x) + ((y) - 1)) / (y))
#define	rounddown(x, y)		(((x) / (y)) * (y))
#define	roundup(x, y)		((((x) + ((y) - 1)) / (y)) * (y))
#define	rounddown2(x, y)	((x) & ~((__typeof__(x))(y) - 1))
#define	roundup2(x, y)						\
	(((x) + ((y) - 1)) & ~((__typeof__(x))(y) - 1))
#define	powerof2(x)		((((x) - 1) & (x)) == 0)
#define	MIN(a, b)		(((a) < (b)) ? (a) : (b))
#define	MAX(a, b)		(((a) > (b)) ? (a) : (b))

#ifdef _KERNEL
#define	htons(x)	((uint16_t)__builtin_bswap16((uint16_t)(x)))
#define	ntohs(x)	((uint16_t)__builtin_bswap16((uint16_t)(x)))
#define	htonl(x)	((uint32_t)__builtin_bswap32((uint32_t)(x)))
#define	ntohl(x)	((uint32_t)__builtin_bswap32((uint32_t)(x)))
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#undef	htons
#undef	ntohs
#undef	htonl
#undef	ntohl
#define	htons(x)	((uint16_t)(x))
#define	ntohs(x)	((uint16_t)(x))
#define	htonl(x)	((uint32_t)(x))
#define	ntohl(x)	((uint32_t)(x))
#endif
#endif /* _KERNEL */

#endif /* !_STACKYARD_SYS_PARAM_H_ */

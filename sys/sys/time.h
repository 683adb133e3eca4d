/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Time: 64-bit nanoseconds of the vnet's clock, and FreeBSD's sbintime_t
 * (seconds in 32.32 fixed point) for code that expects it.
 */
#ifndef _STACKYARD_SYS_TIME_H_
#define	_STACKYARD_SYS_TIME_H_

#include <sys/types.h>

#ifdef _KERNEL
#include <sys/kernel.h>

#define	SBT_1S	((sbintime_t)1 << 32)
#define	SBT_1MS	(SBT_1S / 1000)
#define	SBT_1US	(SBT_1S / 1000000)
#define	SBT_1NS	(SBT_1S / 1000000000)

static inline nstime_t
sbttons(sbintime_t sbt)
{
	return (((uint64_t)sbt >> 32) * NS_PER_SEC +
	    ((((uint64_t)sbt & 0xffffffffU) * NS_PER_SEC) >> 32));
}

static inline sbintime_t
nstosbt(nstime_t ns)
{
	return ((sbintime_t)(((ns / NS_PER_SEC) << 32) +
	    ((((ns % NS_PER_SEC) << 32) + NS_PER_SEC - 1) / NS_PER_SEC)));
}

/* The time of the batch in progress. */
static inline nstime_t
getnstime(void)
{
	return (curvnet->vnet_now);
}

static inline sbintime_t
getsbinuptime(void)
{
	return (nstosbt(curvnet->vnet_now));
}
#define	sbinuptime()	getsbinuptime()
#define	time_uptime	((time_t)(curvnet->vnet_now / NS_PER_SEC))

static inline void
getmicrouptime(struct timeval *tv)
{
	tv->tv_sec = (time_t)(curvnet->vnet_now / NS_PER_SEC);
	tv->tv_usec = (curvnet->vnet_now % NS_PER_SEC) / NS_PER_USEC;
}
#define	microuptime(tv)	getmicrouptime(tv)
#else
#include_next <sys/time.h>
#endif /* _KERNEL */

#endif /* !_STACKYARD_SYS_TIME_H_ */

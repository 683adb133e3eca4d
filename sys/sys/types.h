/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Basic types: the host's, and FreeBSD's names that the host lacks.
 */
#ifndef _STACKYARD_SYS_TYPES_H_
#define	_STACKYARD_SYS_TYPES_H_

#include <sys/cdefs.h>
#include_next <sys/types.h>
#include <sys/select.h>			/* struct timeval */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _KERNEL
typedef	unsigned char	u_char;
typedef	unsigned short	u_short;
typedef	unsigned int	u_int;
typedef	unsigned long	u_long;
typedef	char *		caddr_t_;
#define	caddr_t		caddr_t_
typedef	const char *	c_caddr_t;
typedef	int64_t		sbintime_t;	/* seconds, 32.32 fixed point */
typedef	uint64_t	nstime_t;	/* nanoseconds of the vnet's clock */
#endif

#endif /* !_STACKYARD_SYS_TYPES_H_ */

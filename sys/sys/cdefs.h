/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Compiler spellings.  The host's file of this name comes first, because
 * the C library's own headers depend on it; FreeBSD's names follow.
 */
#ifndef _STACKYARD_SYS_CDEFS_H_
#define	_STACKYARD_SYS_CDEFS_H_

#include_next <sys/cdefs.h>

#ifdef _KERNEL
#ifndef __unused
#define	__unused	__attribute__((__unused__))
#endif
#ifndef __used
#define	__used		__attribute__((__used__))
#endif
#ifndef __packed
#define	__packed	__attribute__((__packed__))
#endif
#ifndef __aligned
#define	__aligned(x)	__attribute__((__aligned__(x)))
#endif
#ifndef __section
#define	__section(x)	__attribute__((__section__(x)))
#endif
#ifndef __weak_symbol
#define	__weak_symbol	__attribute__((__weak__))
#endif
#ifndef __hidden
#define	__hidden	__attribute__((__visibility__("hidden")))
#endif
#ifndef __printflike
#define	__printflike(f, a)	__attribute__((__format__(__printf__, f, a)))
#endif
#ifndef __noinline
#define	__noinline	__attribute__((__noinline__))
#endif
#ifndef __always_inline
#define	__always_inline	inline __attribute__((__always_inline__))
#endif
#ifndef __predict_true
#define	__predict_true(e)	__builtin_expect(!!(e), 1)
#define	__predict_false(e)	__builtin_expect(!!(e), 0)
#endif
#ifndef __DECONST
#define	__DECONST(type, var)	((type)(uintptr_t)(const void *)(var))
#endif
#ifndef __CONCAT
#define	__CONCAT1(x, y)	x ## y
#define	__CONCAT(x, y)	__CONCAT1(x, y)
#endif
#ifndef __containerof
#define	__containerof(x, s, m)						\
	((s *)(uintptr_t)((char *)(uintptr_t)(const volatile void *)(x) -	\
	    __builtin_offsetof(s, m)))
#endif
#ifndef __offsetof
#define	__offsetof(type, field)	__builtin_offsetof(type, field)
#endif
#endif /* _KERNEL */

#endif /* !_STACKYARD_SYS_CDEFS_H_ */

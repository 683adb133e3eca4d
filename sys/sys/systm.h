/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What every kernel file may call: assertions, memory and string
 * functions of the C library (declared here, since no host header is
 * included), formatted text, and arithmetic.
 */
#ifndef _STACKYARD_SYS_SYSTM_H_
#define	_STACKYARD_SYS_SYSTM_H_

#include <sys/param.h>
#include <sys/kernel.h>
#include <stdarg.h>

void	*memcpy(void *restrict, const void *restrict, size_t);
void	*memmove(void *, const void *, size_t);
void	*memset(void *, int, size_t);
int	memcmp(const void *, const void *, size_t);
void	*memchr(const void *, int, size_t);
size_t	strlen(const char *);
size_t	strnlen(const char *, size_t);
int	strcmp(const char *, const char *);
int	strncmp(const char *, const char *, size_t);
char	*strchr(const char *, int);
char	*strrchr(const char *, int);
int	snprintf(char *restrict, size_t, const char *restrict, ...)
	    __printflike(3, 4);
int	vsnprintf(char *restrict, size_t, const char *restrict, va_list)
	    __printflike(3, 0);
/* libbsd's: return the length of what they tried to make. */
size_t	strlcpy(char *, const char *, size_t);
size_t	strlcat(char *, const char *, size_t);
#undef	bzero
#undef	bcopy
#undef	bcmp
#define	bzero(p, n)	((void)memset((p), 0, (n)))
#define	bcopy(s, d, n)	((void)memmove((d), (s), (n)))
#define	bcmp(a, b, n)	memcmp((a), (b), (n))

/* End the process with a message: a broken invariant, never bad input. */
void	panic(const char *fmt, ...) __printflike(1, 2)
	    __attribute__((__noreturn__));
/* One line to the vnet's log, at LOG_INFO.  A newline ends it. */
int	kern_printf(const char *fmt, ...) __printflike(1, 2);
/* One line to the vnet's log at level LOG_*. */
void	kern_log(int level, const char *fmt, ...) __printflike(2, 3);
#ifndef STACKYARD_NO_KERNEL_NAMES
#define	printf(...)	kern_printf(__VA_ARGS__)
#define	log(...)	kern_log(__VA_ARGS__)
#define	random()	((long)(prng32() >> 1))
#endif

#define	LOG_EMERG	0
#define	LOG_ALERT	1
#define	LOG_CRIT	2
#define	LOG_ERR		3
#define	LOG_WARNING	4
#define	LOG_NOTICE	5
#define	LOG_INFO	6
#define	LOG_DEBUG	7

/* 32 and 64 random bits of the vnet's stream. */
uint32_t prng32(void);
uint64_t prng64(void);
/* A number from 0 to bound - 1, without bias. */
uint32_t prng32_bounded(uint32_t bound);
uint32_t arc4random(void);
void	arc4rand(void *buf, u_int len, int reseed);
/* The keyed hash SipHash-2-4 of len bytes. */
uint64_t siphash24(const uint8_t key[16], const void *data, size_t len);

#ifdef INVARIANTS
#define	KASSERT(exp, msg) do {						\
	if (__predict_false(!(exp)))					\
		panic msg;						\
} while (0)
#else
#define	KASSERT(exp, msg)	do { } while (0)
#endif
#define	MPASS(exp)							\
	KASSERT((exp), ("%s:%d: %s", __FILE__, __LINE__, #exp))
#define	CTASSERT(x)	_Static_assert(x, #x)

static inline int imax(int a, int b) { return (a > b ? a : b); }
static inline int imin(int a, int b) { return (a < b ? a : b); }
static inline long lmax(long a, long b) { return (a > b ? a : b); }
static inline long lmin(long a, long b) { return (a < b ? a : b); }
static inline u_int max(u_int a, u_int b) { return (a > b ? a : b); }
static inline u_int min(u_int a, u_int b) { return (a < b ? a : b); }
static inline u_long ulmax(u_long a, u_long b) { return (a > b ? a : b); }
static inline u_long ulmin(u_long a, u_long b) { return (a < b ? a : b); }
static inline uint64_t
u64min(uint64_t a, uint64_t b)
{
	return (a < b ? a : b);
}
static inline uint64_t
u64max(uint64_t a, uint64_t b)
{
	return (a > b ? a : b);
}

/* A digit's value, also a hexadecimal one's of either case; INT_MAX: none. */
static inline int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (c >= 'A' && c <= 'F' ? c - 'A' + 10 : INT_MAX);
}

#endif /* !_STACKYARD_SYS_SYSTM_H_ */

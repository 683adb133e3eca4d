/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Moving bytes between the stack and a program's list of ranges.
 *
 * The program's memory is in the stack's own address space, so nothing can
 * fail; what must be true is that the ranges hold uio_resid bytes, which
 * whoever builds the uio checks.
 *
 * These are the two copies that bulk data meets.  They come in pieces of a
 * segment or a cluster, 1 to 16 KiB, for which the C library's copy may
 * prefer the machine's string instruction; a loop of wide loads and stores
 * costs the same time or less, since it needs no start-up, and a count of
 * instructions that says what was done.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/uio.h>

#ifdef __x86_64__
#define	WIDE_STEP	128		/* bytes in a step of copy_wide() */
#define	WIDE_MIN	(2 * WIDE_STEP)

typedef uint64_t wide_t __attribute__((__vector_size__(32), __aligned__(1),
    __may_alias__));

/* Copy what is a multiple of WIDE_STEP; the caller copies the rest. */
__attribute__((__target__("avx2")))
static void
copy_wide(void *dst, const void *src, size_t len)
{
	const wide_t *from = src;
	wide_t *to = dst;
	wide_t a, b, c, d;

	for (; len >= WIDE_STEP; len -= WIDE_STEP, from += 4, to += 4) {
		a = from[0];
		b = from[1];
		c = from[2];
		d = from[3];
		to[0] = a;
		to[1] = b;
		to[2] = c;
		to[3] = d;
	}
}
#endif

void
uio_copy(void *dst, const void *src, size_t len)
{
#ifdef __x86_64__
	size_t wide;

	if (len >= WIDE_MIN && __builtin_cpu_supports("avx2")) {
		wide = len & ~(size_t)(WIDE_STEP - 1);
		copy_wide(dst, src, wide);
		dst = (char *)dst + wide;
		src = (const char *)src + wide;
		len -= wide;
	}
#endif
	memcpy(dst, src, len);
}

int
uiomove(void *cp, int n, struct uio *uio)
{
	struct iovec *iov;
	char *p;
	size_t part;

	p = cp;
	while (n > 0 && uio->uio_resid > 0 && uio->uio_iovcnt > 0) {
		iov = uio->uio_iov;
		if (iov->iov_len == 0) {
			uio->uio_iov++;
			uio->uio_iovcnt--;
			continue;
		}
		part = ulmin((u_long)n, ulmin(iov->iov_len,
		    (u_long)uio->uio_resid));
		if (uio->uio_rw == UIO_READ)
			uio_copy(iov->iov_base, p, part);
		else
			uio_copy(p, iov->iov_base, part);
		iov->iov_base = (char *)iov->iov_base + part;
		iov->iov_len -= part;
		uio->uio_resid -= (ssize_t)part;
		p += part;
		n -= (int)part;
	}
	return (0);
}

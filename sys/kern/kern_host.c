/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host's face: the only file under sys/kern (with its twin,
 * kern_host_libc.c) that sees the host's headers.
 *
 * Memory comes from jemalloc by its own names, so that it is jemalloc's
 * whatever the program's malloc(3) is.  The sized free spares jemalloc the
 * look-up of the size; it may be told any size between the one asked for
 * and the one that host_size() says.  SipHash-2-4 (Aumasson and Bernstein)
 * is libsodium's, whose short hash it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sodium/crypto_shorthash_siphash24.h>

#include "kern_host.h"

#ifndef HOST_MALLOC_LIBC
#ifdef __FreeBSD__
#include <malloc_np.h>
#else
#include <jemalloc/jemalloc.h>
#endif

void *
host_alloc(size_t size, size_t align, bool zero)
{
	int flags;

	if (size == 0)
		return (NULL);
	flags = zero ? MALLOCX_ZERO : 0;
	if (align > _Alignof(max_align_t))
		flags |= MALLOCX_ALIGN(align);
	return (mallocx(size, flags));
}

void
host_free(void *ptr)
{

	if (ptr != NULL)
		dallocx(ptr, 0);
}

size_t
host_size(const void *ptr)
{

	return (sallocx(ptr, 0));
}
#endif /* !HOST_MALLOC_LIBC */

void
host_panic(const char *msg)
{

	(void)fflush(stdout);
	(void)fprintf(stderr, "panic: %s\n", msg);
	abort();
}

uint64_t
siphash24(const uint8_t key[16], const void *data, size_t len)
{
	uint64_t hash;

	_Static_assert(sizeof(hash) == crypto_shorthash_siphash24_BYTES,
	    "a hash of 64 bits");
	(void)crypto_shorthash_siphash24((unsigned char *)&hash, data, len,
	    key);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	hash = __builtin_bswap64(hash);
#endif
	return (hash);
}

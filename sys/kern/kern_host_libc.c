/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The twin of kern_host.c's allocator, over the C library's: for shared
 * objects that another program loads (a jemalloc with static thread-local
 * storage cannot come in that way) and for the sanitizers, which bring
 * their own malloc(3).
 */
#ifdef HOST_MALLOC_LIBC
#ifdef __FreeBSD__
#include <malloc_np.h>
#else
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#endif

#include "kern_host.h"

#ifdef HOST_MALLOC_LIBC
void *
host_alloc(size_t size, size_t align, bool zero)
{
	void *ptr;

	if (size == 0)
		return (NULL);
	if (align <= _Alignof(max_align_t))
		return (zero ? calloc(1, size) : malloc(size));
	if (posix_memalign(&ptr, align, size) != 0)
		return (NULL);
	if (zero)
		memset(ptr, 0, size);
	return (ptr);
}

void
host_free(void *ptr)
{

	free(ptr);
}

size_t
host_size(const void *ptr)
{

	return (malloc_usable_size((void *)(uintptr_t)ptr));
}
#endif /* HOST_MALLOC_LIBC */

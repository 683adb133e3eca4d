/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * malloc(9) over the host's allocator.
 *
 * Nothing is stored beside an allocation: the host knows how many bytes it
 * holds, and that is what is counted, when it is given out and when it
 * comes back.  The limit is held against the size asked for before the
 * host is asked, so what is in use can exceed it by the host's rounding of
 * one allocation.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "kern_private.h"

MALLOC_DEFINE(M_TEMP, "temp", "short-lived memory");

struct mem_stats *
malloc_type_stats(const struct malloc_type *type)
{

	return (vnet_ptr(type->ks_stats));
}

void *
kern_malloc(size_t size, const struct malloc_type *type, int flags)
{
	struct mem_stats *ms;
	void *ptr;

	ms = malloc_type_stats(type);
	if (size == 0)
		return (NULL);
	ptr = NULL;
	if (mem_stats_admit(ms, size))
		ptr = host_alloc(size, 0, (flags & M_ZERO) != 0);
	if (ptr == NULL) {
		ms->ms_fails++;
		return (NULL);
	}
	ms->ms_allocs++;
	ms->ms_bytes += host_size(ptr);
	return (ptr);
}

void *
kern_mallocarray(size_t nmemb, size_t size, const struct malloc_type *type,
    int flags)
{
	size_t total;

	if (__builtin_mul_overflow(nmemb, size, &total)) {
		malloc_type_stats(type)->ms_fails++;
		return (NULL);
	}
	return (kern_malloc(total, type, flags));
}

void *
kern_realloc(void *ptr, size_t size, const struct malloc_type *type,
    int flags)
{
	size_t oldsize;
	void *newptr;

	if (ptr == NULL)
		return (kern_malloc(size, type, flags));
	oldsize = host_size(ptr);
	newptr = kern_malloc(size, type, flags);
	if (newptr == NULL)
		return (NULL);
	memcpy(newptr, ptr, ulmin(oldsize, size));
	kern_free(ptr, type);
	return (newptr);
}

void
kern_free(void *ptr, const struct malloc_type *type)
{
	struct mem_stats *ms;
	size_t size;

	if (ptr == NULL)
		return;
	ms = malloc_type_stats(type);
	size = host_size(ptr);
	KASSERT(ms->ms_bytes >= size, ("%s: freed more than was allocated",
	    type->ks_shortdesc));
	ms->ms_frees++;
	ms->ms_bytes -= size;
	host_free(ptr);
}

struct malloc_visit {
	int	(*mv_func)(const struct malloc_type *, struct mem_stats *,
		    void *);
	void	*mv_arg;
};

static int
visit_image(const struct kld_image *image, void *arg)
{
	const struct malloc_visit *mv;
	const struct malloc_type *type;
	const void * const *pp;
	int error;

	mv = arg;
	for (pp = image->ki_malloc[0]; pp < image->ki_malloc[1]; pp++) {
		type = *pp;
		error = mv->mv_func(type, malloc_type_stats(type),
		    mv->mv_arg);
		if (error != 0)
			return (error);
	}
	return (0);
}

int
malloc_type_foreach(int (*func)(const struct malloc_type *,
    struct mem_stats *, void *), void *arg)
{
	struct malloc_visit mv;

	mv.mv_func = func;
	mv.mv_arg = arg;
	return (linker_foreach_image(visit_image, &mv));
}

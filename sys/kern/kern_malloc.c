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
 *
 * Of small blocks, which are what connections have, a few of each size are
 * kept for the next who asks.  Sizes are multiples of 16, as the host's own
 * are, so nothing is lost; a block whose size is another is not kept.
 */
#include <sys/param.h>
#include <sys/kld_image.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "kern_private.h"

MALLOC_DEFINE(M_TEMP, "temp", "short-lived memory");

#define	BLOCK_STEP	16
#define	BLOCK_SIZES	8		/* up to 128 bytes */
#define	BLOCK_KEEP	16		/* of each size, at most */

/* A block that is kept holds the pointer to the next. */
struct malloc_kept {
	void		*k_first;
	u_int		k_count;
};
VNET_DEFINE_STATIC(struct malloc_kept[BLOCK_SIZES], malloc_kept);
#define	V_malloc_kept	VNET(malloc_kept)

/* Take a kept block of size bytes (> 0); NULL: there is none. */
static inline void *
block_take(size_t size)
{
	struct malloc_kept *k;
	void *ptr;

	if (size > BLOCK_SIZES * BLOCK_STEP)
		return (NULL);
	k = &V_malloc_kept[(size - 1) / BLOCK_STEP];
	if ((ptr = k->k_first) != NULL) {
		k->k_first = *(void **)ptr;
		k->k_count--;
	}
	return (ptr);
}

/* A block of *size bytes, which becomes its size; NULL: no memory. */
static void *
block_get(size_t *size, int flags)
{
	bool zero = (flags & M_ZERO) != 0;
	void *ptr;

	if ((ptr = block_take(*size)) != NULL) {
		*size = roundup2(*size, BLOCK_STEP);
		if (zero)
			memset(ptr, 0, *size);
	} else if ((ptr = host_alloc(*size, 0, zero)) != NULL)
		*size = host_size(ptr);
	return (ptr);
}

/* Keep ptr, of size bytes: false if that is not to be. */
static inline bool
block_keep(void *ptr, size_t size)
{
#ifdef MEM_KEEP_NOTHING
	(void)ptr;
	(void)size;
	return (false);
#else
	struct malloc_kept *k;

	if (size % BLOCK_STEP != 0 || size > BLOCK_SIZES * BLOCK_STEP)
		return (false);
	k = &V_malloc_kept[size / BLOCK_STEP - 1];
	if (k->k_count >= BLOCK_KEEP)
		return (false);
	*(void **)ptr = k->k_first;
	k->k_first = ptr;
	k->k_count++;
	return (true);
#endif
}

void
malloc_drain(void)
{
	struct malloc_kept *k;
	void *ptr;
	u_int i;

	for (i = 0; i < BLOCK_SIZES; i++) {
		k = &V_malloc_kept[i];
		while ((ptr = k->k_first) != NULL) {
			k->k_first = *(void **)ptr;
			host_free(ptr);
		}
		k->k_count = 0;
	}
}

struct mem_stats *
malloc_type_stats(const struct malloc_type *type)
{

	return (vnet_ptr(type->ks_stats));
}

/* The same, quickly for a type of the stack's own, as nearly all are. */
static inline struct mem_stats *
type_stats(const struct malloc_type *type)
{
	const char *p = (const char *)type->ks_stats;

	if (__predict_true(p >= __start_set_vnet && p < __stop_set_vnet))
		return ((struct mem_stats *)((uintptr_t)
		    curvnet->vnet_data_base + (uintptr_t)p));
	return (malloc_type_stats(type));
}

void *
kern_malloc(size_t size, const struct malloc_type *type, int flags)
{
	struct mem_stats *ms;
	void *ptr;

	ms = type_stats(type);
	if (size == 0)
		return (NULL);
	ptr = mem_stats_admit(ms, size) ? block_get(&size, flags) : NULL;
	if (ptr == NULL) {
		ms->ms_fails++;
		return (NULL);
	}
	ms->ms_allocs++;
	ms->ms_bytes += size;
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
	ms = type_stats(type);
	size = host_size(ptr);
	KASSERT(ms->ms_bytes >= size, ("%s: freed more than was allocated",
	    type->ks_shortdesc));
	ms->ms_frees++;
	ms->ms_bytes -= size;
	if (!block_keep(ptr, size))
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

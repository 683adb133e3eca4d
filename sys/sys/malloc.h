/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * malloc(9): memory by type, with statistics, a limit and a fault point
 * for each type in each vnet.
 *
 * A type is a constant; its figures are a VNET variable beside it.
 */
#ifndef _STACKYARD_SYS_MALLOC_H_
#define	_STACKYARD_SYS_MALLOC_H_

#include <sys/linker_set.h>
#include <sys/vnet.h>

#define	M_NOWAIT	0x0001	/* may fail: the caller copes with NULL */
#define	M_WAITOK	0x0002	/* also may fail here; nothing ever waits */
#define	M_ZERO		0x0100	/* filled with zeros */

/* What a type or a zone counts, and the point where it can be made fail. */
struct mem_stats {
	uint64_t	ms_allocs;	/* requests granted */
	uint64_t	ms_frees;
	uint64_t	ms_fails;	/* requests refused */
	uint64_t	ms_bytes;	/* in use */
	uint64_t	ms_limit;	/* bytes at most; 0: no limit */
	/* Fail one request after this many more succeed; UINT64_MAX: never */
	uint64_t	ms_fault_after;
};

struct malloc_type {
	const char	*ks_shortdesc;
	const char	*ks_longdesc;
	const struct mem_stats *ks_stats;	/* template, for vnet_ptr() */
};

#define	MALLOC_DEFINE(type, shortdesc, longdesc)			\
	VNET_DEFINE(struct mem_stats, type##_stats) = {			\
		.ms_fault_after = UINT64_MAX				\
	};								\
	const struct malloc_type type[1] = {{				\
		.ks_shortdesc = (shortdesc), .ks_longdesc = (longdesc),	\
		.ks_stats = &VNET_NAME(type##_stats)			\
	}};								\
	DATA_SET(malloc_type_set, type)
#define	MALLOC_DECLARE(type)	extern const struct malloc_type type[1]

MALLOC_DECLARE(M_TEMP);

/*
 * size bytes, aligned for any type; the caller's, to be given to
 * kern_free() with the same type.  NULL if memory, the type's limit or its
 * fault point says so, or if size is 0.
 */
void	*kern_malloc(size_t size, const struct malloc_type *type, int flags);
/* As kern_malloc(), for nmemb * size bytes; NULL on overflow. */
void	*kern_mallocarray(size_t nmemb, size_t size,
	    const struct malloc_type *type, int flags);
/* Change the size of ptr (NULL: allocate); NULL leaves ptr as it was. */
void	*kern_realloc(void *ptr, size_t size, const struct malloc_type *type,
	    int flags);
/* Give ptr back; NULL is ignored. */
void	kern_free(void *ptr, const struct malloc_type *type);
static inline void
kern_free_any(void *ptr, const struct malloc_type *type)
{
	if (ptr != NULL)
		kern_free(ptr, type);
}

/* The figures of type in curvnet; never NULL. */
struct mem_stats *malloc_type_stats(const struct malloc_type *type);
/*
 * Call func for each malloc type of the stack and its modules with its
 * figures in curvnet, until it returns non-zero; returns that or 0.
 */
int	malloc_type_foreach(int (*func)(const struct malloc_type *,
	    struct mem_stats *, void *), void *arg);

/* malloc(9)'s spelling; a file that uses it cannot use the C library's. */
#ifndef STACKYARD_NO_KERNEL_NAMES
#define	malloc(size, type, flags)	kern_malloc((size), (type), (flags))
#define	mallocarray(n, size, type, flags)				\
	kern_mallocarray((n), (size), (type), (flags))
#define	realloc(p, size, type, flags)					\
	kern_realloc((p), (size), (type), (flags))
#define	free(p, type)			kern_free_any((p), (type))
#endif

/*
 * The host's memory, for malloc and zones only (kern_host.c): size bytes
 * aligned to align (a power of two; 0 for any type), or NULL.
 */
void	*host_alloc(size_t size, size_t align, bool zero);
/* Give memory back; NULL is ignored. */
void	host_free(void *ptr);
/* The bytes that ptr can really hold. */
size_t	host_size(const void *ptr);

#endif /* !_STACKYARD_SYS_MALLOC_H_ */

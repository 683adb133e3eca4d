/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of the kernel's base (vnets, linker, memory, sysctl) owe
 * to each other and to nobody else.
 */
#ifndef _STACKYARD_KERN_PRIVATE_H_
#define	_STACKYARD_KERN_PRIVATE_H_

#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/vnet.h>

#include "kern_host.h"

/* A sanitizer of addresses has to see what is freed. */
#if defined(__SANITIZE_ADDRESS__)
#define	MEM_KEEP_NOTHING
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define	MEM_KEEP_NOTHING
#endif
#endif

/* kern_malloc.c: give what curvnet keeps back to the host, at its end. */
void	malloc_drain(void);

/* vnet_state. */
#define	VNET_STARTING	0	/* SYSINITs have not all run */
#define	VNET_RUNNING	1
#define	VNET_DYING	2	/* SYSUNINITs are running */

/*
 * vnet.c: a copy of the VNET section [start, stop) that is aligned as the
 * section is, or NULL; and its end.
 */
void	*vnet_region_alloc(const char *start, const char *stop);
void	vnet_region_free(void *copy);

/*
 * kern_linker.c: the stack's own image.  Attaching registers its sysctls
 * and no more, so that tunables can be set; starting runs its SYSINITs and
 * undoes them if one fails; stopping undoes those of all images, and
 * detaching frees all images' structures and memory.
 */
int	linker_core_attach(void);
int	linker_core_start(void);
void	linker_stop(void);
void	linker_detach_all(void);
/* Call func for each image, the stack's first; as module_foreach(). */
int	linker_foreach_image(int (*func)(const struct kld_image *, void *),
	    void *arg);

/*
 * The start of an allocation of size bytes: does the limit allow it, and
 * is this not the request that the fault point names?  The caller counts
 * the rest.
 */
static inline bool
mem_stats_admit(struct mem_stats *ms, uint64_t size)
{

	if (ms->ms_limit != 0 && (size > ms->ms_limit ||
	    ms->ms_bytes > ms->ms_limit - size))
		return (false);
	if (ms->ms_fault_after == UINT64_MAX)
		return (true);
	return (ms->ms_fault_after-- != 0);
}

#endif /* !_STACKYARD_KERN_PRIVATE_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The description of the object in which it stands: the bounds of each of
 * its linker sets and of its VNET variables.  The bounds are hidden, so
 * each object has its own, and weak, so a set that is absent has none (two
 * null pointers, which bound nothing).
 *
 * Written once here for the two places that need it: the stack itself
 * (kern_linker.c) and every module (kmod_start.c).
 */
#ifndef _STACKYARD_SYS_KLD_IMAGE_H_
#define	_STACKYARD_SYS_KLD_IMAGE_H_

#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/sysctl.h>

SET_DECLARE(sysinit_set, const struct sysinit);
SET_DECLARE(sysuninit_set, const struct sysinit);
SET_DECLARE(sysctl_set, const struct sysctl_oid);
SET_DECLARE(malloc_type_set, const struct malloc_type);
SET_DECLARE(moddecl_set, const struct mod_decl);
SET_DECLARE(modversion_set, const struct mod_version);
SET_DECLARE(moddepend_set, const struct mod_depend);
extern char __start_set_vnet[] __weak_symbol __hidden;
extern char __stop_set_vnet[] __weak_symbol __hidden;

#define	KLD_BOUNDS(set)	{						\
	(const void * const *)SET_BEGIN(set),				\
	(const void * const *)SET_LIMIT(set)				\
}

/* The initial value of a struct kld_image; slotp: see ki_slot. */
#define	KLD_IMAGE_INIT(slotp) {						\
	.ki_kpi_version = STACKYARD_KPI_VERSION,			\
	.ki_sysinit = KLD_BOUNDS(sysinit_set),				\
	.ki_sysuninit = KLD_BOUNDS(sysuninit_set),			\
	.ki_sysctl = KLD_BOUNDS(sysctl_set),				\
	.ki_malloc = KLD_BOUNDS(malloc_type_set),			\
	.ki_moddecl = KLD_BOUNDS(moddecl_set),				\
	.ki_modversion = KLD_BOUNDS(modversion_set),			\
	.ki_moddepend = KLD_BOUNDS(moddepend_set),			\
	.ki_vnet = { __start_set_vnet, __stop_set_vnet },		\
	.ki_slot = (slotp)						\
}

#endif /* !_STACKYARD_SYS_KLD_IMAGE_H_ */

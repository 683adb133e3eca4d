/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linker sets: any file can add an entry to a set by declaring it; the
 * linker gathers the entries of one loaded object into one section.  Each
 * object (the stack itself, and every module loaded later) sees only its
 * own section: the bounds are hidden symbols, weak because a set may be
 * empty.  The sets of a module reach the core through its struct
 * kld_image (sys/module.h).
 */
#ifndef _STACKYARD_SYS_LINKER_SET_H_
#define	_STACKYARD_SYS_LINKER_SET_H_

#include <sys/cdefs.h>

/* Add the address of sym, an object that outlives the image, to set. */
#define	DATA_SET(set, sym)						\
	static void const * const __CONCAT(__set_##set##_sym_, sym)	\
	    __section("set_" #set) __used = &(sym)
#define	TEXT_SET(set, sym)	DATA_SET(set, sym)

/* Make the bounds of set, whose entries point to ptype, known here. */
#define	SET_DECLARE(set, ptype)						\
	extern ptype * const __CONCAT(__start_set_, set)[]		\
	    __weak_symbol __hidden;					\
	extern ptype * const __CONCAT(__stop_set_, set)[]		\
	    __weak_symbol __hidden
#define	SET_BEGIN(set)		(__CONCAT(__start_set_, set))
#define	SET_LIMIT(set)		(__CONCAT(__stop_set_, set))
#define	SET_COUNT(set)		(SET_LIMIT(set) - SET_BEGIN(set))
#define	SET_FOREACH(pvar, set)						\
	for ((pvar) = SET_BEGIN(set); (pvar) < SET_LIMIT(set); (pvar)++)

#endif /* !_STACKYARD_SYS_LINKER_SET_H_ */

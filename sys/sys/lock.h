/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * One thread drives one vnet, so locks inside it would only cost.  The
 * names stay, so that FreeBSD's files compile and their expectations are
 * written down; taking a lock asserts that a vnet is current.
 */
#ifndef _STACKYARD_SYS_LOCK_H_
#define	_STACKYARD_SYS_LOCK_H_

#include <sys/systm.h>

#define	LOCK_DO_NOTHING(l)	do {					\
	(void)(l);							\
	KASSERT(curvnet != NULL, ("lock taken outside of a vnet"));	\
} while (0)

#endif /* !_STACKYARD_SYS_LOCK_H_ */

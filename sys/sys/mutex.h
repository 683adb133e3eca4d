/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* mutex(9)'s names; see sys/lock.h. */
#ifndef _STACKYARD_SYS_MUTEX_H_
#define	_STACKYARD_SYS_MUTEX_H_

#include <sys/lock.h>

struct mtx { char mtx_unused; };
#define	MTX_DEF			0
#define	MA_OWNED		0
#define	mtx_init(m, n, t, o)	LOCK_DO_NOTHING(m)
#define	mtx_destroy(m)		LOCK_DO_NOTHING(m)
#define	mtx_lock(m)		LOCK_DO_NOTHING(m)
#define	mtx_unlock(m)		LOCK_DO_NOTHING(m)
#define	mtx_assert(m, w)	LOCK_DO_NOTHING(m)

#endif /* !_STACKYARD_SYS_MUTEX_H_ */

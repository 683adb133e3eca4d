/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* rwlock(9)'s names; see sys/lock.h. */
#ifndef _STACKYARD_SYS_RWLOCK_H_
#define	_STACKYARD_SYS_RWLOCK_H_

#include <sys/lock.h>

struct rwlock { char rw_unused; };
#define	rw_init(l, n)		LOCK_DO_NOTHING(l)
#define	rw_destroy(l)		LOCK_DO_NOTHING(l)
#define	rw_rlock(l)		LOCK_DO_NOTHING(l)
#define	rw_runlock(l)		LOCK_DO_NOTHING(l)
#define	rw_wlock(l)		LOCK_DO_NOTHING(l)
#define	rw_wunlock(l)		LOCK_DO_NOTHING(l)

#endif /* !_STACKYARD_SYS_RWLOCK_H_ */

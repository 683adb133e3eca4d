/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Lists and queues: libbsd's copy of the BSD macros. */
#ifndef _STACKYARD_SYS_QUEUE_H_
#define	_STACKYARD_SYS_QUEUE_H_

#include <sys/types.h>
#include <bsd/sys/queue.h>

#endif /* !_STACKYARD_SYS_QUEUE_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Limits of the integer types: the compiler's. */
#ifndef _STACKYARD_SYS_LIMITS_H_
#define	_STACKYARD_SYS_LIMITS_H_

#include <limits.h>

#endif /* !_STACKYARD_SYS_LIMITS_H_ */

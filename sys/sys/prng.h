/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* prng32(9) is declared with the other system functions. */
#ifndef _STACKYARD_SYS_PRNG_H_
#define	_STACKYARD_SYS_PRNG_H_

#include <sys/systm.h>

#endif /* !_STACKYARD_SYS_PRNG_H_ */

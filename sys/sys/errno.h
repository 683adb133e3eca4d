/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Errors are the host's errno values, so that they can be handed to a
 * program as they are.
 */
#ifndef _STACKYARD_SYS_ERRNO_H_
#define	_STACKYARD_SYS_ERRNO_H_

#include <errno.h>

#endif /* !_STACKYARD_SYS_ERRNO_H_ */

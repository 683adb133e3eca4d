/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* A module for linker_test whose linker sets are all absent. */
#include <sys/param.h>

int	testmod_empty_function(void);

int
testmod_empty_function(void)
{

	return (0);
}

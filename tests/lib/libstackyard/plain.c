/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* A shared object that is no module, for kld_test. */
int	plain_function(void);

int
plain_function(void)
{

	return (0);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* A module for linker_test that depends on testmod. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/module.h>
#include <sys/systm.h>

static moduledata_t testuser_data = { "testuser", NULL, NULL };
DECLARE_MODULE(testuser, testuser_data, SI_SUB_KLD, SI_ORDER_MIDDLE);
MODULE_DEPEND(testuser, testmod, 1, 3, 3);

static void
testuser_uninit(const void *arg __unused)
{

	kern_printf("testuser uninit\n");
}
SYSUNINIT(testuser, SI_SUB_KLD, SI_ORDER_FIRST, testuser_uninit, NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A module for linker_test: variables of its own and of the program that
 * loads it, sysctls below its nodes and below the stack's, start-up steps,
 * memory, and an event handler that says what the test wants to hear.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

/* The program's: the event that fails (+ 1), and with what. */
VNET_DECLARE(int, linkertest_event);
VNET_DECLARE(int, linkertest_error);
#define	V_linkertest_event	VNET(linkertest_event)
#define	V_linkertest_error	VNET(linkertest_error)

struct wide {
	uint64_t	w_number;
} __aligned(64);

VNET_DEFINE_STATIC(int, testmod_value) = 40;
VNET_DEFINE_STATIC(struct wide, testmod_wide) = { 50 };
VNET_DEFINE(int, testmod_exported) = 60;
#define	V_testmod_value		VNET(testmod_value)
#define	V_testmod_wide		VNET(testmod_wide)

MALLOC_DEFINE(M_TESTMOD, "testmod", "for testmod");

SYSCTL_NODE(_kern, OID_AUTO, testmod, CTLFLAG_RW, NULL, "For linker_test");
SYSCTL_INT(_kern_testmod, OID_AUTO, value, CTLFLAG_RW | CTLFLAG_VNET,
    &VNET_NAME(testmod_value), 0, "A number");
SYSCTL_U64(_kern_testmod, OID_AUTO, wide, CTLFLAG_RW | CTLFLAG_VNET,
    &VNET_NAME(testmod_wide), 0, "A number on a cache line of its own");
SYSCTL_STRING(_kern_testmod, OID_AUTO, text, CTLFLAG_RD, "constant", 0,
    "Text that is no vnet's");

static void
testmod_init(const void *arg __unused)
{
	void *p;

	p = kern_malloc(10, M_TESTMOD, M_WAITOK);
	V_testmod_value += 2;
	kern_printf("testmod init %d\n", p != NULL);
	kern_free(p, M_TESTMOD);
}
SYSINIT(testmod_init, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, testmod_init, NULL);

static void
testmod_uninit(const void *arg __unused)
{

	kern_printf("testmod uninit\n");
}
SYSUNINIT(testmod_init, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, testmod_uninit,
    NULL);

static int
testmod_event(module_t mod, int event, void *arg)
{

	kern_printf("%s event %d%s\n", module_getname(mod), event,
	    (uintptr_t)&V_testmod_wide % 64 != 0 ? " misaligned" : "");
	if (V_linkertest_event == event + 1 && arg == NULL)
		return (V_linkertest_error);
	return (0);
}

static moduledata_t testmod_data = { "testmod", testmod_event, NULL };
DECLARE_MODULE(testmod, testmod_data, SI_SUB_KLD, SI_ORDER_MIDDLE);
MODULE_VERSION(testmod, 3);
MODULE_DEPEND(testmod, linkertest, 1, 2, 2);
MODULE_DEPEND(testmod, kernel, 1, 1, 1);

/* A second module of the object; it never fails. */
static moduledata_t testsecond_data = { "testsecond", testmod_event,
    &testsecond_data };
DECLARE_MODULE(testsecond, testsecond_data, SI_SUB_KLD, SI_ORDER_ANY);

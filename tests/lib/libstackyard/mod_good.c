/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A module for kld_test: has a variable per vnet, seen as
 * security.mod_good, which counts the events it was told; does not load
 * where the host is called "refuse", nor unload while it is busy
 * (security.mod_good.busy).
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/module.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

VNET_DEFINE_STATIC(int, mod_good_busy) = 0;
#define	V_mod_good_busy	VNET(mod_good_busy)
VNET_DEFINE_STATIC(int, mod_good_loads) = 40;
#define	V_mod_good_loads	VNET(mod_good_loads)

SYSCTL_NODE(_security, OID_AUTO, mod_good, CTLFLAG_RW, NULL, "A module");
SYSCTL_INT(_security_mod_good, OID_AUTO, busy, CTLFLAG_RW | CTLFLAG_VNET,
    &VNET_NAME(mod_good_busy), 0, "Refuse to go");
SYSCTL_INT(_security_mod_good, OID_AUTO, loads, CTLFLAG_RD | CTLFLAG_VNET,
    &VNET_NAME(mod_good_loads), 0, "Events seen");

static int
mod_good_event(module_t mod __unused, int event, void *arg __unused)
{

	switch (event) {
	case MOD_LOAD:
		V_mod_good_loads++;
		return (strcmp(curvnet->vnet_name, "refuse") == 0 ? ENXIO :
		    0);
	case MOD_QUIESCE:
		return (V_mod_good_busy != 0 ? EBUSY : 0);
	case MOD_UNLOAD:
		return (0);
	default:
		return (EOPNOTSUPP);
	}
}

static moduledata_t mod_good_data = {
	.name = "mod_good", .evhand = mod_good_event
};
DECLARE_MODULE(mod_good, mod_good_data, SI_SUB_KLD, SI_ORDER_ANY);
MODULE_VERSION(mod_good, 1);

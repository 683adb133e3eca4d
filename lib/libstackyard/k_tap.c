/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TAP interfaces, for tap.c.
 *
 * Kernel kind: calls sys/dev/tap.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <dev/tap/if_tap.h>

#include "sy_internal.h"

int
syk_tap(struct vnet *vnet, const char *name, bool offload, int mtu,
    struct ifnet **ifpp, int *fdp)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = tap_create(name, offload ? TAP_OFFLOAD : 0, ifpp, fdp);
	if (error == 0 && mtu != 0) {
		error = if_setmtu(*ifpp, (uint32_t)mtu);
		if (error != 0)
			if_detach(*ifpp);
	}
	vnet_leave(saved);
	return (error);
}

void
syk_tap_detach(struct ifnet *ifp)
{
	struct vnet *saved;

	saved = vnet_enter(ifp->if_vnet);
	if_detach(ifp);
	vnet_leave(saved);
}

int
syk_tap_input(struct ifnet *ifp)
{

	return (tap_input(ifp, NULL));
}

void
syk_tap_output(struct ifnet *ifp)
{

	tap_output_ready(ifp);
}

bool
syk_tap_wants_write(const struct ifnet *ifp)
{

	return (tap_wants_write(ifp));
}

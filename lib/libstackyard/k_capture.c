/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Recording an interface, by name, for capture.c.
 *
 * Kernel kind: calls if_capture.c.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>

#include "sy_internal.h"

struct capture *
syk_capture_create(int (*write)(void *, const void *, size_t), void *arg,
    const char *comment)
{

	return (capture_create(write, arg, comment));
}

int
syk_capture_destroy(struct capture *cap)
{

	return (capture_destroy(cap));
}

int
syk_capture_start(struct vnet *vnet, const char *ifname, struct capture *cap,
    uint32_t snaplen, const char *label)
{
	struct ifnet *ifp;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	ifp = ifunit(ifname);
	error = ifp == NULL ? ENXIO :
	    if_capture_start(ifp, cap, snaplen, label);
	vnet_leave(saved);
	return (error);
}

void
syk_capture_stop(struct vnet *vnet, const char *ifname)
{
	struct ifnet *ifp;
	struct vnet *saved;

	saved = vnet_enter(vnet);
	ifp = ifunit(ifname);
	if (ifp != NULL)
		if_capture_stop(ifp);
	vnet_leave(saved);
}

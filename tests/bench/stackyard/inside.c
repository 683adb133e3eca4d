/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The stack's inside, for the measurements (inside.h).  Kernel kind.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <net/if_var.h>

#include "inside.h"

void
inside_offload(const char *ifname, bool on)
{
	struct ifnet *ifp = ifunit(ifname);

	KASSERT(ifp != NULL, ("no such interface"));
	if (if_setcap(ifp, on ? ifp->if_capabilities : 0) != 0)
		panic("%s does not take its own capabilities", ifname);
}

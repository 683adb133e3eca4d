/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Next hops: counted objects that routes and connections share.
 *
 * A connection may keep one past the end of its route and even of its
 * interface.  So an interface knows all that point to it: when it goes they
 * are told (nh_ifp becomes NULL), and when its MTU changes they follow,
 * nh_mtu = min(the interface's, the route's own unless 0).
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <net/route.h>

MALLOC_DEFINE(M_NHOP, "nhops", "next hops");

static inline void
nhop_update_mtu(struct nhop_object *nh)
{
	nh->nh_mtu = nh->nh_ifp->if_mtu;
	if (nh->nh_rmtu != 0 && nh->nh_rmtu < nh->nh_mtu)
		nh->nh_mtu = nh->nh_rmtu;
}

struct nhop_object *
nhop_alloc(struct ifnet *ifp, const struct in6_addr *gw, int flags,
    uint32_t mtu)
{
	struct nhop_object *nh;

	nh = kern_malloc(sizeof(*nh), M_NHOP, M_NOWAIT | M_ZERO);
	if (nh == NULL)
		return (NULL);
	nh->nh_ifp = ifp;
	nh->nh_refs = 1;
	nh->nh_flags = (uint16_t)flags;
	nh->nh_rmtu = mtu;
	if (gw != NULL)
		nh->nh_gw = *gw;
	nhop_update_mtu(nh);
	LIST_INSERT_HEAD(&ifp->if_nhops, nh, nh_link);
	return (nh);
}

void
nhop_gone(struct nhop_object *nh)
{
	if (nh->nh_ifp != NULL)
		LIST_REMOVE(nh, nh_link);
	kern_free(nh, M_NHOP);
}

void
nhop_setmtu(struct ifnet *ifp)
{
	struct nhop_object *nh;

	LIST_FOREACH(nh, &ifp->if_nhops, nh_link)
		nhop_update_mtu(nh);
}

void
nhop_orphan(struct ifnet *ifp)
{
	struct nhop_object *nh;

	while ((nh = LIST_FIRST(&ifp->if_nhops)) != NULL) {
		LIST_REMOVE(nh, nh_link);
		nh->nh_ifp = NULL;
	}
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Next hops; see net/route.h. */
#ifndef _STACKYARD_NET_ROUTE_NHOP_H_
#define	_STACKYARD_NET_ROUTE_NHOP_H_

#include <sys/queue.h>
#include <netinet/in.h>

struct ifnet;

struct nhop_object {
	struct ifnet	*nh_ifp;	/* leaves by; NULL once it is gone */
	uint32_t	nh_refs;
	uint16_t	nh_flags;	/* RTF_* */
	uint32_t	nh_mtu;		/* bytes of IP packet */
	struct in6_addr	nh_gw;		/* RTF_GATEWAY: the router */
	uint32_t	nh_rmtu;	/* the route's own limit, 0 none */
	LIST_ENTRY(nhop_object) nh_link; /* nh_ifp's if_nhops */
};

/* One way out with one reference, the caller's; gw NULL: directly.  NULL:
 * ENOMEM. */
struct nhop_object *nhop_alloc(struct ifnet *ifp, const struct in6_addr *gw,
	    int flags, uint32_t mtu);
/* ifp's MTU has changed. */
void	nhop_setmtu(struct ifnet *ifp);
/* ifp goes: no next hop points to it any longer. */
void	nhop_orphan(struct ifnet *ifp);
static inline void
nhop_ref(struct nhop_object *nh)
{
	nh->nh_refs++;
}
void	nhop_gone(struct nhop_object *nh);	/* no reference is left */
static inline void
nhop_free(struct nhop_object *nh)
{
	if (--nh->nh_refs == 0)
		nhop_gone(nh);
}

#endif /* !_STACKYARD_NET_ROUTE_NHOP_H_ */

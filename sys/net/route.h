/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Routes: where a packet for an address goes, by longest prefix, IPv4 and
 * IPv6 in one table (IPv4 lives under ::ffff:0:0/96).
 *
 * A next hop is shared and counted.  Whoever sends often keeps a struct
 * route: the next hop found last time, good while V_rt_gen is what it was.
 */
#ifndef _STACKYARD_NET_ROUTE_H_
#define	_STACKYARD_NET_ROUTE_H_

#include <sys/types.h>
#include <sys/vnet.h>
#include <net/route/nhop.h>
#include <netinet/in.h>

VNET_DECLARE(uint32_t, rt_gen);
#define	V_rt_gen	VNET(rt_gen)

/* What a connection remembers of its way out.  All zeros is empty. */
struct route {
	struct nhop_object *ro_nh;	/* counted, or NULL */
	uint32_t	ro_gen;		/* V_rt_gen when found */
	uint32_t	ro_llgen;	/* V_way_gen for ro_lladdr; 0 none: as
					   long as they agree ro is good */
	uint8_t		ro_lladdr[8];
};

#define	RTF_UP		0x1
#define	RTF_GATEWAY	0x2
#define	RTF_HOST	0x4
#define	RTF_REJECT	0x8
#define	RTF_STATIC	0x800
#define	RTF_BLACKHOLE	0x1000

/*
 * Add a route to addr/plen (plen of the address's own family) through gw
 * (NULL: directly) on ifp.  mtu 0: the interface's.  EEXIST, EINVAL,
 * ENETUNREACH (gateway not reachable and ifp NULL), ENOMEM.
 */
int	rt_add(const struct in6_addr *addr, int plen,
	    const struct in6_addr *gw, struct ifnet *ifp, int flags,
	    uint32_t mtu);
int	rt_delete(const struct in6_addr *addr, int plen);	/* ESRCH */
/* The routes have changed in a way that only an interface knows of. */
void	rt_gen_bump(void);
/* Remove all routes through ifp. */
void	rt_flush_if(struct ifnet *ifp);
/* The next hop for dst (scope: interface index for link-local ones, else
 * 0), counted for the caller, or NULL.  An own address is reached by lo0,
 * unless scope says by which interface.  A next hop with RTF_REJECT or
 * RTF_BLACKHOLE takes no packets. */
struct nhop_object *rt_lookup(const struct in6_addr *dst, uint32_t scope);
/* Make ro hold the way to dst: 0 or EHOSTUNREACH (also for RTF_REJECT; with
 * RTF_BLACKHOLE it is 0, and the sender drops the packet). */
int	ro_lookup(struct route *ro, const struct in6_addr *dst,
	    uint32_t scope);
/* For who keeps no struct route: one of the host's own for dst, perhaps
 * empty, which the next call for another address may take. */
struct route *ro_recent(const struct in6_addr *dst, uint32_t scope);
/* Let those who look dst up later know the link address in ro. */
void	ro_teach(const struct route *ro, const struct in6_addr *dst,
	    uint32_t scope);
/* The source remembered for talking to dst, or NULL; have src remembered. */
const struct in6_addr *rt_source(const struct in6_addr *dst, uint32_t scope);
void	rt_source_set(const struct in6_addr *dst, uint32_t scope,
	    const struct in6_addr *src);
/* Empty ro. */
void	ro_invalidate(struct route *ro);
/* ro is still good. */
static inline bool
ro_valid(const struct route *ro)
{
	return (ro->ro_nh != NULL && ro->ro_gen == V_rt_gen);
}
/* The next hop of exactly this route (not counted), or NULL. */
struct nhop_object *rt_exact(const struct in6_addr *addr, int plen);
/* How many bits a and b have in common, from the first on. */
int	in6_matchlen(const struct in6_addr *a, const struct in6_addr *b);
/* Call func for each route, until it returns non-zero. */
int	rt_foreach(int (*func)(const struct in6_addr *addr, int plen,
	    const struct nhop_object *nh, void *arg), void *arg);

#endif /* !_STACKYARD_NET_ROUTE_H_ */

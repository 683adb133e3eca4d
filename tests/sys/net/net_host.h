/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Hosts in a common virtual time for the tests of sys/net, with what stands
 * above and below sys/net replaced by things that remember: the protocols
 * keep what they are given, a driver keeps what it is to send.
 */
#ifndef _TESTS_NET_HOST_H_
#define	_TESTS_NET_HOST_H_

#include <atf-c.h>

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <net/route.h>

#define	NET_EPOCH	1700000000000000000LL	/* of all hosts, ns */

/* The time of all hosts, ns. */
nstime_t net_time(void);
void	net_advance(nstime_t ns);

/* A host, not entered.  Anything it logs as a warning fails the test. */
struct vnet *net_host(const char *name);
void	net_host_end(struct vnet *vnet);
/* Give all hosts their turns until none wants one at this time. */
void	net_run(void);

/* What the protocols and the driver of the current host have got since it
 * was asked last, the first packet of the queue; the caller's. */
struct mbuf *net_got_ip(void);
struct mbuf *net_got_ip6(void);
struct mbuf *net_got_arp(void);
struct mbuf *net_sent(void);
/* How the next resolutions of neighbours end, and how many there were. */
void	net_resolve(int error, uint8_t last_byte);
u_int	net_resolved(void);

/* An Ethernet interface of the current host, attached and up, whose link
 * address is 02:00:00:00:00:id. */
struct ifnet *net_ether(const char *name, uint8_t id);

struct in6_addr net_addr(const char *text);
int	net_ifa_add(struct ifnet *ifp, const char *addr, int plen);
int	net_rt_add(const char *addr, int plen, const char *gw,
	    struct ifnet *ifp);

/* A packet with these bytes, room for a link header in front. */
struct mbuf *net_packet(const void *data, int len);
/* An IPv4 or IPv6 TCP packet of len payload bytes whose checksum is left to
 * the interface. */
struct mbuf *net_tcp(int version, int len);
/* mbufs of the current host's pool in use. */
int	net_mbufs(void);

/* Let the n-th allocation of the malloc type called name from now on fail;
 * UINT64_MAX: none. */
void	net_fault(const char *name, uint64_t n);
/* Pieces of memory of that type in use. */
uint64_t net_inuse(const char *name);
/* Routes of the current host. */
int	net_routes(void);

/* A test is in one host at a time, or in none. */
#define	NET_ENTER(v)	((void)vnet_enter(v))
#define	NET_LEAVE()	vnet_leave(NULL)

#endif /* !_TESTS_NET_HOST_H_ */

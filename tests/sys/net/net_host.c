/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The hosts of the tests of sys/net; see net_host.h. */
#include <stdio.h>

#include "net_host.h"

#define	HOSTS_MAX	1200

/* What has been asked of a host and its stand-ins. */
struct net_host {
	struct vnet	*h_vnet;
	struct mbufq	h_ip, h_ip6, h_arp, h_sent;
	int		h_resolve_error;
	uint8_t		h_resolve_last;
	u_int		h_resolved;
	uint64_t	h_random;
};

static struct net_host hosts[HOSTS_MAX];
static nstime_t now = 1000000000;

nstime_t
net_time(void)
{
	return (now);
}

void
net_advance(nstime_t ns)
{
	now += ns;
}

static struct net_host *
this_host(void)
{
	return (curvnet->vnet_arg);
}

static nstime_t
host_clock(void *arg __unused)
{
	return (now);
}

static int64_t
host_epoch(void *arg __unused)
{
	return (NET_EPOCH);
}

static void
host_random(void *arg, void *buf, size_t len)
{
	struct net_host *h = arg;
	uint8_t *p = buf;

	while (len-- > 0) {
		h->h_random = h->h_random * 6364136223846793005ULL + 1;
		*p++ = (uint8_t)(h->h_random >> 56);
	}
}

static void
host_log(void *arg __unused, int level, const char *line)
{
	if (level <= LOG_WARNING)
		atf_tc_fail_nonfatal("%s", line);
}

static void
host_wakeup(void *arg __unused, nstime_t when __unused)
{
}

static const struct vnet_hostops host_ops = {
	.ho_clock = host_clock, .ho_epoch = host_epoch,
	.ho_random = host_random, .ho_log = host_log,
	.ho_wakeup = host_wakeup
};

static void
keep(struct mbufq *mq, struct mbuf *m)
{
	m_sanity(m);
	ATF_REQUIRE_EQ(0, mbufq_enqueue(mq, m));
}

static void
host_ip(struct mbuf *m)
{
	keep(&this_host()->h_ip, m);
}

static void
host_ip6(struct mbuf *m)
{
	keep(&this_host()->h_ip6, m);
}

static void
host_arp(struct ifnet *ifp, struct mbuf *m)
{
	ATF_CHECK_EQ(ifp, m->m_pkthdr.rcvif);
	keep(&this_host()->h_arp, m);
}

static int
host_resolve(struct ifnet *ifp __unused, struct mbuf *m,
    const struct in6_addr *nexthop __unused, uint8_t *lladdr)
{
	struct net_host *h = this_host();

	h->h_resolved++;
	if (h->h_resolve_error != 0) {
		m_freem(m);
		return (h->h_resolve_error);
	}
	memset(lladdr, 0, ETHER_ADDR_LEN);
	lladdr[0] = 0x02;
	lladdr[5] = h->h_resolve_last;
	return (0);
}

static void
host_purge(struct ifnet *ifp __unused)
{
}

static const struct lltable_ops host_llops = {
	.llo_resolve = host_resolve, .llo_purge = host_purge,
	.llo_arpinput = host_arp
};

struct vnet *
net_host(const char *name)
{
	struct net_host *h;

	for (h = hosts; h->h_vnet != NULL; h++)
		ATF_REQUIRE(h < &hosts[HOSTS_MAX - 1]);
	memset(h, 0, sizeof(*h));
	mbufq_init(&h->h_ip, INT_MAX);
	mbufq_init(&h->h_ip6, INT_MAX);
	mbufq_init(&h->h_arp, INT_MAX);
	mbufq_init(&h->h_sent, INT_MAX);
	ATF_REQUIRE_EQ(0, vnet_alloc(name, &host_ops, h, NULL, 0,
	    &h->h_vnet));
	NET_ENTER(h->h_vnet);
	V_ip_netisr = host_ip;
	V_ip6_netisr = host_ip6;
	V_lltable_ops = &host_llops;
	NET_LEAVE();
	return (h->h_vnet);
}

void
net_host_end(struct vnet *vnet)
{
	struct net_host *h = vnet->vnet_arg;

	NET_ENTER(vnet);
	V_ip_netisr = V_ip6_netisr = m_freem;
	mbufq_drain(&h->h_ip);
	mbufq_drain(&h->h_ip6);
	mbufq_drain(&h->h_arp);
	mbufq_drain(&h->h_sent);
	NET_LEAVE();
	vnet_destroy(vnet);
	h->h_vnet = NULL;
}

void
net_run(void)
{
	struct net_host *h;
	bool again;

	do {
		again = false;
		for (h = hosts; h < &hosts[HOSTS_MAX]; h++)
			if (h->h_vnet != NULL && vnet_next(h->h_vnet) <= now) {
				(void)vnet_run(h->h_vnet);
				again = true;
			}
	} while (again);
}

struct mbuf *
net_got_ip(void)
{
	return (mbufq_dequeue(&this_host()->h_ip));
}

struct mbuf *
net_got_ip6(void)
{
	return (mbufq_dequeue(&this_host()->h_ip6));
}

struct mbuf *
net_got_arp(void)
{
	return (mbufq_dequeue(&this_host()->h_arp));
}

struct mbuf *
net_sent(void)
{
	return (mbufq_dequeue(&this_host()->h_sent));
}

void
net_resolve(int error, uint8_t last_byte)
{
	this_host()->h_resolve_error = error;
	this_host()->h_resolve_last = last_byte;
}

u_int
net_resolved(void)
{
	return (this_host()->h_resolved);
}

static int
driver_transmit(struct ifnet *ifp __unused, struct mbuf *m)
{
	keep(&this_host()->h_sent, m);
	return (0);
}

struct ifnet *
net_ether(const char *name, uint8_t id)
{
	const uint8_t lladdr[ETHER_ADDR_LEN] = { 0x02, 0, 0, 0, 0, id };
	struct ifnet *ifp;

	ifp = if_alloc(IFT_ETHER, name);
	ATF_REQUIRE(ifp != NULL);
	ifp->if_transmit = driver_transmit;
	ifp->if_capabilities = IFCAP_HWCSUM | IFCAP_HWCSUM_IPV6 | IFCAP_TSO;
	ATF_REQUIRE_EQ(0, ether_ifattach(ifp, lladdr));
	if_up(ifp);
	return (ifp);
}

/* Text of an address, without the help of sys/netinet: dotted, or groups of
 * hexadecimal digits with at most one "::". */
struct in6_addr
net_addr(const char *text)
{
	struct in6_addr a;
	unsigned v[8] = { 0 };
	int head, i, n, used;
	const char *p;

	memset(&a, 0, sizeof(a));
	if (sscanf(text, "%u.%u.%u.%u", &v[0], &v[1], &v[2], &v[3]) == 4) {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		for (i = 0; i < 4; i++)
			a.s6_addr[12 + i] = (uint8_t)v[i];
		return (a);
	}
	head = -1;
	n = 0;
	for (p = text; *p != '\0'; ) {
		if (strncmp(p, "::", 2) == 0) {
			head = n;
			p += 2;
		} else if (*p == ':')
			p++;
		else {
			ATF_REQUIRE(n < 8 &&
			    sscanf(p, "%x%n", &v[n], &used) == 1);
			n++;
			p += used;
		}
	}
	for (i = 0; i < n; i++) {
		int at = head >= 0 && i >= head ? 8 - n + i : i;

		a.s6_addr[2 * at] = (uint8_t)(v[i] >> 8);
		a.s6_addr[2 * at + 1] = (uint8_t)v[i];
	}
	return (a);
}

int
net_ifa_add(struct ifnet *ifp, const char *addr, int plen)
{
	struct in6_addr a = net_addr(addr);

	return (ifa_add(ifp, &a, plen));
}

int
net_rt_add(const char *addr, int plen, const char *gw, struct ifnet *ifp)
{
	struct in6_addr a = net_addr(addr), g;

	if (gw != NULL)
		g = net_addr(gw);
	return (rt_add(&a, plen, gw != NULL ? &g : NULL, ifp, RTF_STATIC,
	    0));
}

struct mbuf *
net_packet(const void *data, int len)
{
	struct mbuf *m;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_REQUIRE(m != NULL);
	m->m_data += max_linkhdr;
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, len, data));
	ATF_REQUIRE_EQ(len, m->m_pkthdr.len);
	return (m);
}

struct mbuf *
net_tcp(int version, int len)
{
	uint8_t buf[60 + 65536];
	struct mbuf *m;
	int hlen, i;

	hlen = version == 4 ? 20 : 40;
	ATF_REQUIRE(len >= 0 && hlen + 20 + len <= 65535);
	memset(buf, 0, (size_t)hlen + 20);
	if (version == 4) {
		buf[0] = 0x45;
		buf[2] = (uint8_t)((hlen + 20 + len) >> 8);
		buf[3] = (uint8_t)(hlen + 20 + len);
		buf[9] = 6;
		memcpy(&buf[12], "\012\0\0\001\012\0\0\002", 8);
	} else {
		buf[0] = 0x60;
		buf[4] = (uint8_t)((20 + len) >> 8);
		buf[5] = (uint8_t)(20 + len);
		buf[6] = 6;
		buf[8] = buf[24] = 0xfc;
		buf[23] = 1;
		buf[39] = 2;
	}
	buf[hlen + 12] = 0x50;
	for (i = 0; i < len; i++)
		buf[hlen + 20 + i] = (uint8_t)(i * 7);
	m = net_packet(buf, hlen + 20 + len);
	m->m_pkthdr.l3hlen = (uint8_t)hlen;
	m->m_pkthdr.l4hlen = 20;
	m->m_pkthdr.csum_flags = version == 4 ? CSUM_IP_TCP : CSUM_IP6_TCP;
	m->m_pkthdr.csum_data = 16;
	return (m);
}

int
net_mbufs(void)
{
	return (uma_zone_get_cur(curvnet->vnet_mbufs->mp_mbuf));
}

/* A malloc type and a number to be set or got. */
struct fault {
	const char	*name;
	uint64_t	n;
};

static int
fault_set(const struct malloc_type *type, struct mem_stats *ms, void *arg)
{
	const struct fault *f = arg;

	if (strcmp(type->ks_shortdesc, f->name) != 0)
		return (0);
	ms->ms_fault_after = f->n;
	return (1);
}

void
net_fault(const char *name, uint64_t n)
{
	struct fault f = { .name = name, .n = n };

	ATF_REQUIRE_EQ(1, malloc_type_foreach(fault_set, &f));
}

static int
inuse_get(const struct malloc_type *type, struct mem_stats *ms, void *arg)
{
	struct fault *f = arg;

	if (strcmp(type->ks_shortdesc, f->name) != 0)
		return (0);
	f->n = ms->ms_allocs - ms->ms_frees;
	return (1);
}

uint64_t
net_inuse(const char *name)
{
	struct fault f = { .name = name };

	ATF_REQUIRE_EQ(1, malloc_type_foreach(inuse_get, &f));
	return (f.n);
}

static int
route_count(const struct in6_addr *addr __unused, int plen __unused,
    const struct nhop_object *nh __unused, void *arg)
{
	++*(int *)arg;
	return (0);
}

int
net_routes(void)
{
	int n;

	n = 0;
	(void)rt_foreach(route_count, &n);
	return (n);
}

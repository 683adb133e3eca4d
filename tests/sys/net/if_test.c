/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Interfaces, their addresses, Ethernet and lo0.
 */
#include "net_host.h"

#include <sys/sysctl.h>

/* A frame for link address 02:00:00:00:00:dst, or as dst6 says. */
static struct mbuf *
frame(const uint8_t *dst6, uint8_t dst, uint16_t type, int payload)
{
	uint8_t buf[2048] = { 0x02, 0, 0, 0, 0, dst, 0x02, 0, 0, 0, 0, 0x99 };
	struct mbuf *m;

	if (dst6 != NULL)
		memcpy(buf, dst6, ETHER_ADDR_LEN);
	buf[12] = (uint8_t)(type >> 8);
	buf[13] = (uint8_t)type;
	buf[14] = type == ETHERTYPE_IPV6 ? 0x60 : 0x45;
	m = net_packet(buf, ETHER_HDR_LEN + payload);
	return (m);
}

static bool
mac_is(const struct mbuf *m, const char *six)
{
	return (memcmp(mtod(m, char *), six, ETHER_ADDR_LEN) == 0);
}

ATF_TC_WITHOUT_HEAD(names_and_indexes);
ATF_TC_BODY(names_and_indexes, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e[20], *twin;
	char name[IFNAMSIZ];
	int i;

	NET_ENTER(v);
	ATF_CHECK_EQ(1, V_loif->if_index);
	for (i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "e%d", i);
		e[i] = net_ether(name, (uint8_t)(i + 1));
		ATF_CHECK_EQ(i + 2, e[i]->if_index);
	}
	ATF_CHECK_EQ(e[7], ifunit("e7"));
	ATF_CHECK_EQ(e[7], if_byindex(9));
	ATF_CHECK_EQ(NULL, ifunit("e"));
	ATF_CHECK_EQ(NULL, if_byindex(0));
	ATF_CHECK_EQ(NULL, if_byindex(22));
	ATF_CHECK_EQ(NULL, if_byindex(1000000));
	twin = if_alloc(IFT_OTHER, "e7");
	ATF_REQUIRE(twin != NULL);
	ATF_CHECK_EQ(EEXIST, if_attach(twin));
	if_free(twin);
	ATF_CHECK_EQ(NULL, if_alloc(IFT_OTHER, "a-name-of-16-byt"));
	/* The lowest index that is free comes next. */
	if_detach(e[3]);
	ATF_CHECK_EQ(NULL, if_byindex(5));
	if_detach(e[1]);
	ATF_CHECK_EQ(3, net_ether("f0", 1)->if_index);
	ATF_CHECK_EQ(5, net_ether("f1", 2)->if_index);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(count_is_a_variable);
ATF_TC_BODY(count_is_a_variable, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	size_t len;
	int n;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	len = sizeof(n);
	ATF_REQUIRE_EQ(0, kernel_sysctlbyname("net.link.generic.system."
	    "ifcount", &n, &len, NULL, 0));
	ATF_CHECK_EQ(2, n);
	if_detach(e0);
	ATF_REQUIRE_EQ(0, kernel_sysctlbyname("net.link.generic.system."
	    "ifcount", &n, &len, NULL, 0));
	ATF_CHECK_EQ(1, n);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(loopback_is_there);
ATF_TC_BODY(loopback_is_there, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr v4 = net_addr("127.0.0.1"), v6 = net_addr("::1"),
	    other = net_addr("127.9.9.9");
	struct nhop_object *nh;

	NET_ENTER(v);
	ATF_REQUIRE_EQ(V_loif, ifunit("lo0"));
	ATF_CHECK_EQ(16384, V_loif->if_mtu);
	ATF_CHECK_EQ(IFF_UP | IFF_LOOPBACK | IFF_MULTICAST,
	    V_loif->if_flags);
	ATF_REQUIRE(ifa_ifwithaddr(&v4) != NULL);
	ATF_CHECK_EQ(96 + 8, ifa_ifwithaddr(&v4)->ifa_plen);
	ATF_REQUIRE(ifa_ifwithaddr(&v6) != NULL);
	ATF_CHECK_EQ(128, ifa_ifwithaddr(&v6)->ifa_plen);
	nh = rt_lookup(&other, 0);
	ATF_REQUIRE(nh != NULL);
	ATF_CHECK_EQ(V_loif, nh->nh_ifp);
	nhop_free(nh);
	ATF_CHECK_EQ(2, net_routes());
	NET_LEAVE();
	net_host_end(v);
}

static int reconfig_error;
static int reconfigs;

static int
reconfig(struct ifnet *ifp __unused)
{
	reconfigs++;
	return (reconfig_error);
}

ATF_TC_WITHOUT_HEAD(mtu_in_range);
ATF_TC_BODY(mtu_in_range, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	uint32_t gen;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_CHECK_EQ(1500, e0->if_mtu);
	ATF_CHECK_EQ(EINVAL, if_setmtu(e0, 71));
	ATF_CHECK_EQ(EINVAL, if_setmtu(e0, 65536));
	ATF_CHECK_EQ(1500, e0->if_mtu);
	gen = V_rt_gen;
	ATF_CHECK_EQ(0, if_setmtu(e0, 72));
	ATF_CHECK(gen != V_rt_gen);
	ATF_CHECK_EQ(0, if_setmtu(e0, 65535));
	e0->if_mtu_max = 9000;
	ATF_CHECK_EQ(EINVAL, if_setmtu(e0, 9001));
	e0->if_reconfig = reconfig;
	reconfig_error = EIO;
	ATF_CHECK_EQ(EIO, if_setmtu(e0, 9000));
	ATF_CHECK_EQ(65535, e0->if_mtu);
	reconfig_error = 0;
	reconfigs = 0;
	ATF_CHECK_EQ(0, if_setmtu(e0, 9000));
	ATF_CHECK_EQ(1, reconfigs);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(capabilities);
ATF_TC_BODY(capabilities, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	uint32_t gen;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_CHECK_EQ(0, e0->if_hwassist);
	ATF_CHECK_EQ(EINVAL, if_setcap(e0, IFCAP_LRO));
	gen = V_rt_gen;
	ATF_CHECK_EQ(0, if_setcap(e0, IFCAP_TXCSUM | IFCAP_TSO));
	ATF_CHECK(gen != V_rt_gen);
	/* IPv6 segments need IPv6 checksums. */
	ATF_CHECK_EQ(IFCAP_TXCSUM | IFCAP_TSO4, e0->if_capenable);
	ATF_CHECK_EQ(CSUM_IP_TCP | CSUM_IP_UDP | CSUM_IP_TSO,
	    e0->if_hwassist);
	e0->if_reconfig = reconfig;
	reconfig_error = EIO;
	ATF_CHECK_EQ(EIO, if_setcap(e0, 0));
	ATF_CHECK_EQ(IFCAP_TXCSUM | IFCAP_TSO4, e0->if_capenable);
	ATF_CHECK_EQ(CSUM_IP_TCP | CSUM_IP_UDP | CSUM_IP_TSO,
	    e0->if_hwassist);
	reconfig_error = 0;
	ATF_CHECK_EQ(0, if_setcap(e0, IFCAP_TXCSUM_IPV6 | IFCAP_TSO6));
	ATF_CHECK_EQ(CSUM_IP6_TCP | CSUM_IP6_UDP | CSUM_IP6_TSO,
	    e0->if_hwassist);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(addresses);
ATF_TC_BODY(addresses, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a;
	struct ifnet *e0, *e1;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e1 = net_ether("e1", 2);
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "10.0.0.1", 33));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "10.0.0.1", -1));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "0.0.0.0", 8));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "224.0.0.1", 8));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "255.255.255.255", 32));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "::", 64));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "ff02::1", 64));
	ATF_CHECK_EQ(EINVAL, net_ifa_add(e0, "fc00::1", 129));
	ATF_CHECK_EQ(0, net_ifa_add(e0, "10.0.0.1", 24));
	ATF_CHECK_EQ(EEXIST, net_ifa_add(e0, "10.0.0.1", 24));
	ATF_CHECK_EQ(EEXIST, net_ifa_add(e1, "10.0.0.1", 8));
	/* Link-local ones are known to their links only. */
	ATF_CHECK_EQ(0, net_ifa_add(e0, "fe80::1", 64));
	ATF_CHECK_EQ(0, net_ifa_add(e1, "fe80::1", 64));
	ATF_CHECK_EQ(EEXIST, net_ifa_add(e1, "fe80::1", 64));
	a = net_addr("fe80::1");
	ATF_CHECK_EQ(0, ifa_del(e0, &a));
	ATF_CHECK_EQ(ENOENT, ifa_del(e0, &a));
	ATF_REQUIRE(ifa_ifwithaddr(&a) != NULL);
	ATF_CHECK_EQ(e1, ifa_ifwithaddr(&a)->ifa_ifp);
	ATF_CHECK_EQ(0, ifa_del(e1, &a));
	ATF_CHECK_EQ(NULL, ifa_ifwithaddr(&a));
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(many_addresses);
ATF_TC_BODY(many_addresses, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.0");
	struct ifnet *e0;
	int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	for (i = 0; i < 500; i++) {
		a.s6_addr[14] = (uint8_t)(i >> 8);
		a.s6_addr[15] = (uint8_t)(i + 1);
		ATF_REQUIRE_EQ(0, ifa_add(e0, &a, 32));
	}
	for (i = 0; i < 500; i++) {
		a.s6_addr[14] = (uint8_t)(i >> 8);
		a.s6_addr[15] = (uint8_t)(i + 1);
		ATF_REQUIRE(ifa_ifwithaddr(&a) != NULL);
		if (i % 2 == 0)
			ATF_REQUIRE_EQ(0, ifa_del(e0, &a));
		ATF_REQUIRE_EQ(i % 2 == 0, ifa_ifwithaddr(&a) == NULL);
	}
	ATF_CHECK_EQ(250 + 4, net_routes());
	if_detach(e0);
	ATF_CHECK_EQ(NULL, ifa_ifwithaddr(&a));
	ATF_CHECK_EQ(2, net_routes());
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(link_local_from_link_address);
ATF_TC_BODY(link_local_from_link_address, tc)
{
	const uint8_t mac[ETHER_ADDR_LEN] = { 0x00, 0x1b, 0x21, 0x3c, 0x9d,
	    0xf8 };
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("fe80::21b:21ff:fe3c:9df8");
	struct ifnet *e0;

	NET_ENTER(v);
	e0 = if_alloc(IFT_ETHER, "e0");
	ATF_REQUIRE(e0 != NULL);
	ATF_REQUIRE_EQ(0, ether_ifattach(e0, mac));
	ATF_REQUIRE(ifa_ifwithaddr(&a) != NULL);
	ATF_CHECK_EQ(64, ifa_ifwithaddr(&a)->ifa_plen);
	if_up(e0);
	ATF_REQUIRE_EQ(0, ifa_del(e0, &a));
	if_down(e0);
	ATF_CHECK_EQ(NULL, ifa_ifwithaddr(&a));
	if_up(e0);
	ATF_CHECK(ifa_ifwithaddr(&a) != NULL);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(source_addresses);
ATF_TC_BODY(source_addresses, tc)
{
	/* RFC 6724: rules 1, 2 and 8; the last column is the answer. */
	static const char * const want[][2] = {
		{ "10.0.0.77", "10.0.0.1" },
		{ "10.1.2.3", "10.1.0.1" },
		{ "192.0.2.1", "10.0.0.1" },
		{ "10.1.0.1", "10.1.0.1" },
		{ "169.254.3.3", "169.254.0.9" },
		{ "fe80::1", "fe80::ff:fe00:1" },
		{ "ff02::1", "fe80::ff:fe00:1" },
		{ "2001:db8:1::77", "2001:db8:1::1" },
		{ "2001:db8:2::77", "2001:db8:2::1" },
		{ "2001:db8:3::77", "2001:db8:2::1" },
		{ "fd00:5::1", "fd00::1" }
	};
	struct vnet *v = net_host("a");
	struct in6_addr a, b;
	struct ifaddr *ifa;
	struct ifnet *e0;
	u_int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "10.0.0.1", 24));
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "10.1.0.1", 16));
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "169.254.0.9", 16));
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "2001:db8:1::1", 64));
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "2001:db8:2::1", 64));
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "fd00::1", 8));
	for (i = 0; i < nitems(want); i++) {
		a = net_addr(want[i][0]);
		b = net_addr(want[i][1]);
		ifa = ifa_source(e0, &a);
		ATF_REQUIRE_MSG(ifa != NULL, "%s", want[i][0]);
		ATF_CHECK_MSG(IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr, &b),
		    "%s", want[i][0]);
	}
	a = net_addr("10.1.0.1");
	ATF_REQUIRE_EQ(V_loif, ifunit("lo0"));
	ifa = ifa_source(V_loif, &a);
	ATF_REQUIRE(ifa != NULL);
	ATF_CHECK_EQ(e0, ifa->ifa_ifp);
	b = net_addr("10.1.2.3");
	ifa->ifa_flags |= IFA_TENTATIVE;
	ATF_CHECK(ifa_source(e0, &b) != ifa);
	ATF_CHECK(ifa_source(e0, &a) != ifa);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(ether_input_filters);
ATF_TC_BODY(ether_input_filters, tc)
{
	const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	struct mbuf *m;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	if_input(e0, frame(NULL, 1, ETHERTYPE_IP, 40));
	m = net_got_ip();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(e0, m->m_pkthdr.rcvif);
	ATF_CHECK_EQ(40, m->m_pkthdr.len);
	ATF_CHECK_EQ(0x45, *mtod(m, uint8_t *));
	ATF_CHECK_EQ(0, m->m_flags & (M_BCAST | M_MCAST));
	m_freem(m);
	if_input(e0, frame(NULL, 2, ETHERTYPE_IP, 40));
	e0->if_flags |= IFF_PROMISC;
	if_input(e0, frame(NULL, 2, ETHERTYPE_IP, 40));
	ATF_CHECK_EQ(NULL, net_got_ip());
	if_input(e0, frame(all, 0, ETHERTYPE_ARP, 28));
	m = net_got_arp();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(M_BCAST, m->m_flags & (M_BCAST | M_MCAST));
	m_freem(m);
	if_input(e0, frame(group, 0, ETHERTYPE_IPV6, 48));
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(M_MCAST, m->m_flags & (M_BCAST | M_MCAST));
	m_freem(m);
	ATF_CHECK_EQ(5, e0->if_data.ifi_ipackets);
	ATF_CHECK_EQ(5 * 14 + 3 * 40 + 28 + 48, e0->if_data.ifi_ibytes);
	ATF_CHECK_EQ(0, e0->if_data.ifi_ierrors);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(ether_input_drops);
ATF_TC_BODY(ether_input_drops, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	struct mbuf *m;
	int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	for (i = -ETHER_HDR_LEN; i < 20; i++)
		if_input(e0, frame(NULL, 1, ETHERTYPE_IP, i));
	ATF_CHECK_EQ(34, e0->if_data.ifi_ierrors);
	m = frame(NULL, 1, ETHERTYPE_IP, 40);
	mtod(m, uint8_t *)[6] |= 0x01;	/* nobody sends from a group */
	if_input(e0, m);
	ATF_CHECK_EQ(35, e0->if_data.ifi_ierrors);
	if_input(e0, frame(NULL, 1, 0x88cc, 40));
	if_input(e0, frame(NULL, 1, 40, 40));
	V_ip_netisr = NULL;
	if_input(e0, frame(NULL, 1, ETHERTYPE_IP, 40));
	ATF_CHECK_EQ(3, e0->if_data.ifi_iqdrops);
	if_down(e0);
	if_input(e0, frame(NULL, 1, ETHERTYPE_IPV6, 40));
	ATF_CHECK_EQ(4, e0->if_data.ifi_iqdrops);
	ATF_CHECK_EQ(NULL, net_got_ip());
	ATF_CHECK_EQ(NULL, net_got_ip6());
	ATF_CHECK_EQ(0, net_mbufs());
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(batches_and_pieces);
ATF_TC_BODY(batches_and_pieces, tc)
{
	struct vnet *v = net_host("a");
	struct mbuf *head, *m, *n, **tail;
	struct ifnet *e0;
	int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	head = NULL;
	tail = &head;
	for (i = 0; i < 20; i++) {
		m = frame(NULL, 1, ETHERTYPE_IP, 100 + i);
		if (i != 0) {
			n = m;
			m = m_copym(n, 0, 2 * i, M_NOWAIT);
			ATF_REQUIRE(m != NULL);
			m->m_next = m_copym(n, 2 * i, M_COPYALL, M_NOWAIT);
			ATF_REQUIRE(m->m_next != NULL);
			m->m_pkthdr.len = ETHER_HDR_LEN + 100 + i;
			m_freem(n);
		}
		*tail = m;
		tail = &m->m_nextpkt;
	}
	if_input(e0, head);
	for (i = 0; i < 20; i++) {
		m = net_got_ip();
		ATF_REQUIRE(m != NULL);
		ATF_CHECK_EQ(100 + i, m->m_pkthdr.len);
		ATF_CHECK(m->m_len >= 20);
		ATF_CHECK_EQ(0x45, *mtod(m, uint8_t *));
		m_freem(m);
	}
	ATF_CHECK_EQ(NULL, net_got_ip());
	NET_LEAVE();
	net_host_end(v);
}

/* Send to a next hop and return the frame. */
static struct mbuf *
output(struct ifnet *ifp, const char *nexthop, struct route *ro)
{
	struct in6_addr a = net_addr(nexthop);

	ATF_REQUIRE_EQ(0, ether_output(ifp, net_tcp(IN6_IS_ADDR_V4MAPPED(&a) ?
	    4 : 6, 10), &a, ro));
	return (net_sent());
}

ATF_TC_WITHOUT_HEAD(ether_output_frames);
ATF_TC_BODY(ether_output_frames, tc)
{
	static const struct {
		const char *nexthop, *mac;
	} map[] = {
		{ "10.0.0.9", "\x02\0\0\0\0\x42" },
		{ "fe80::9", "\x02\0\0\0\0\x42" },
		{ "224.129.2.3", "\x01\0\x5e\x01\x02\x03" },
		{ "ff02::1:ff00:1234", "\x33\x33\xff\0\x12\x34" },
		{ "255.255.255.255", "\xff\xff\xff\xff\xff\xff" },
		{ "10.0.0.255", "\xff\xff\xff\xff\xff\xff" },
		{ "10.0.1.255", "\x02\0\0\0\0\x42" },
		{ "172.16.0.1", "\x02\0\0\0\0\x42" }
	};
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	struct mbuf *m;
	u_int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "10.0.0.1", 24));
	ATF_REQUIRE_EQ(0, net_ifa_add(e0, "172.16.0.0", 31));
	net_resolve(0, 0x42);
	for (i = 0; i < nitems(map); i++) {
		m = output(e0, map[i].nexthop, NULL);
		ATF_REQUIRE_MSG(m != NULL, "%s", map[i].nexthop);
		ATF_CHECK_MSG(mac_is(m, map[i].mac), "%s", map[i].nexthop);
		ATF_CHECK_EQ(0, memcmp(mtod(m, char *) + 6,
		    "\x02\0\0\0\0\x01", 6));
		ATF_CHECK_EQ(0, memcmp(mtod(m, char *) + 12,
		    mtod(m, uint8_t *)[14] == 0x45 ? "\x08\0" : "\x86\xdd",
		    2));
		ATF_CHECK_EQ(ETHER_HDR_LEN, m->m_pkthdr.l2hlen);
		m_freem(m);
	}
	ATF_CHECK_EQ(nitems(map), e0->if_data.ifi_opackets);
	ATF_CHECK_EQ(6 * (14 + 50) + 2 * (14 + 70),
	    e0->if_data.ifi_obytes);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(link_address_remembered);
ATF_TC_BODY(link_address_remembered, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("10.0.0.9");
	struct route ro = { 0 };
	struct ifnet *e0;
	int i;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	net_resolve(0, 0x42);
	for (i = 0; i < 3; i++)
		m_freem(output(e0, "10.0.0.9", &ro));
	ATF_CHECK_EQ(1, net_resolved());
	way_gen_bump();
	m_freem(output(e0, "10.0.0.9", &ro));
	ATF_CHECK_EQ(2, net_resolved());
	/* Nothing is remembered of what was not found. */
	memset(&ro, 0, sizeof(ro));
	net_resolve(EHOSTUNREACH, 0);
	ATF_CHECK_EQ(EHOSTUNREACH, ether_output(e0, net_tcp(4, 1), &a, &ro));
	net_resolve(EWOULDBLOCK, 0);
	ATF_CHECK_EQ(0, ether_output(e0, net_tcp(4, 1), &a, &ro));
	ATF_CHECK_EQ(0, ro.ro_llgen);
	ATF_CHECK_EQ(NULL, net_sent());
	V_lltable_ops = NULL;
	ATF_CHECK_EQ(EHOSTUNREACH, ether_output(e0, net_tcp(4, 1), &a, &ro));
	if_down(e0);
	ATF_CHECK_EQ(ENETDOWN, ether_output_frame(e0, net_tcp(4, 1),
	    e0->if_lladdr, ETHERTYPE_IP));
	ATF_CHECK_EQ(0, net_mbufs());
	NET_LEAVE();
	net_host_end(v);
}

static int piped, unpiped;

static int
pipe_lower(struct ifnet *ifp, struct mbuf *m)
{
	piped++;
	return (ifp->if_transmit(ifp, m));
}

static void
pipe_detach(struct ifnet *ifp)
{
	unpiped++;
	ifp->if_pipe = NULL;
}

ATF_TC_WITHOUT_HEAD(pipe_between);
ATF_TC_BODY(pipe_between, tc)
{
	struct vnet *v = net_host("a");
	struct ifnet *e0;
	struct mbuf *m;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e0->if_pipe = e0;
	e0->if_pipe_lower = pipe_lower;
	e0->if_pipe_detach = pipe_detach;
	ATF_CHECK_EQ(0, if_enqueue(e0, frame(NULL, 2, ETHERTYPE_IP, 50)));
	ATF_CHECK_EQ(1, piped);
	m = net_sent();
	ATF_REQUIRE(m != NULL);
	m_freem(m);
	if_detach(e0);
	ATF_CHECK_EQ(1, unpiped);
	NET_LEAVE();
	net_host_end(v);
}

/* Answers each packet by sending it again, with a fuse. */
static int depth, answers, deepest;

static void
answer(struct mbuf *m)
{
	struct in6_addr a = net_addr("127.0.0.1");

	deepest = imax(deepest, ++depth);
	m->m_pkthdr.csum_flags = 0;
	if (++answers < 1000)
		ATF_CHECK_EQ(0, V_loif->if_output(V_loif, m, &a, NULL));
	else
		m_freem(m);
	depth--;
}

ATF_TC_WITHOUT_HEAD(loopback_without_recursion);
ATF_TC_BODY(loopback_without_recursion, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr a = net_addr("127.0.0.1");

	NET_ENTER(v);
	V_ip_netisr = answer;
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, net_tcp(4, 100), &a, NULL));
	ATF_CHECK_EQ(0, answers);
	NET_LEAVE();
	ATF_CHECK_EQ(1000, answers);
	ATF_CHECK_EQ(1, deepest);
	NET_ENTER(v);
	ATF_CHECK_EQ(1000, V_loif->if_data.ifi_ipackets);
	ATF_CHECK_EQ(140000, V_loif->if_data.ifi_obytes);
	ATF_CHECK_EQ(0, net_mbufs());
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(loopback_believes_what_was_asked);
ATF_TC_BODY(loopback_believes_what_was_asked, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr v4 = net_addr("127.0.0.1"), v6 = net_addr("::1");
	struct mbuf *m;

	NET_ENTER(v);
	m = net_tcp(4, 30000);
	m->m_pkthdr.csum_flags |= CSUM_IP_TSO | CSUM_IP;
	m->m_pkthdr.tso_segsz = 1460;
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, m, &v4, NULL));
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, net_tcp(6, 9), &v6, NULL));
	m = net_tcp(4, 5);
	m->m_pkthdr.csum_flags = 0;
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, m, &v4, NULL));
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, net_packet("\x10", 1), &v4,
	    NULL));
	NET_LEAVE();
	NET_ENTER(v);
	m = net_got_ip();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(30040, m->m_pkthdr.len);
	ATF_CHECK_EQ(1460, m->m_pkthdr.tso_segsz);
	ATF_CHECK_EQ(0xffff, m->m_pkthdr.csum_data);
	ATF_CHECK_EQ(CSUM_IP_TSO | CSUM_IP | CSUM_IP_TCP | CSUM_L3_CALC |
	    CSUM_L3_VALID | CSUM_L4_CALC | CSUM_L4_VALID,
	    m->m_pkthdr.csum_flags);
	ATF_CHECK((m->m_flags & M_LOOP) != 0);
	ATF_CHECK_EQ(V_loif, m->m_pkthdr.rcvif);
	m_freem(m);
	m = net_got_ip();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(0, m->m_pkthdr.csum_flags);
	m_freem(m);
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(CSUM_IP6_TCP | CSUM_L4_CALC | CSUM_L4_VALID,
	    m->m_pkthdr.csum_flags);
	m_freem(m);
	ATF_CHECK_EQ(1, V_loif->if_data.ifi_ierrors);
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(loopback_by_interface);
ATF_TC_BODY(loopback_by_interface, tc)
{
	struct vnet *v = net_host("a");
	struct in6_addr ll = net_addr("fe80::ff:fe00:1");
	struct ifnet *e0, *e1;
	struct mbuf *m;

	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e1 = net_ether("e1", 2);
	ATF_CHECK_EQ(0, if_simloop(e1, net_tcp(6, 1)));
	ATF_CHECK_EQ(0, V_loif->if_output(V_loif, net_tcp(6, 2), &ll, NULL));
	NET_LEAVE();
	NET_ENTER(v);
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(e1, m->m_pkthdr.rcvif);
	m_freem(m);
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(e0, m->m_pkthdr.rcvif);
	m_freem(m);
	/* An interface that has gone meanwhile. */
	ATF_CHECK_EQ(0, if_simloop(e1, net_tcp(6, 1)));
	if_detach(e1);
	NET_LEAVE();
	NET_ENTER(v);
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(V_loif, m->m_pkthdr.rcvif);
	m_freem(m);
	if_detach(V_loif);
	ATF_CHECK_EQ(ENETDOWN, if_simloop(e0, net_tcp(6, 1)));
	ATF_CHECK_EQ(0, net_ifa_add(e0, "10.0.0.1", 24));
	NET_LEAVE();
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(host_ends_with_packets_waiting);
ATF_TC_BODY(host_ends_with_packets_waiting, tc)
{
	struct vnet *v = net_host("a");
	int i;

	NET_ENTER(v);
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(0, if_simloop(V_loif, net_tcp(4, 1)));
	if_detach(V_loif);
	ATF_CHECK_EQ(0, net_mbufs());
	NET_LEAVE();
	net_host_end(v);
}

/* Make an interface with addresses: 0, or ENOMEM with nothing left of it. */
static int
populate(void)
{
	const uint8_t mac[ETHER_ADDR_LEN] = { 0x02, 0, 0, 0, 0, 7 };
	struct ifnet *ifp;
	int error;

	ifp = if_alloc(IFT_ETHER, "e0");
	if (ifp == NULL)
		return (ENOMEM);
	error = ether_ifattach(ifp, mac);
	if (error != 0) {
		if_free(ifp);
		return (error);
	}
	error = net_ifa_add(ifp, "10.0.0.1", 24);
	if (error == 0)
		error = net_ifa_add(ifp, "fc00::1", 64);
	if (error != 0)
		if_detach(ifp);
	return (error);
}

ATF_TC_WITHOUT_HEAD(memory_short);
ATF_TC_BODY(memory_short, tc)
{
	static const char *types[] = { "ifnet", "ifaddr", "nhops",
	    "routetbl" };
	struct in6_addr a = net_addr("10.0.0.1");
	struct vnet *v = net_host("a");
	uint64_t n;
	int error;
	u_int i;

	NET_ENTER(v);
	for (i = 0; i < nitems(types); i++) {
		for (n = 0;; n++) {
			net_fault(types[i], n);
			error = populate();
			net_fault(types[i], UINT64_MAX);
			ATF_REQUIRE(n < 40);
			if (error == 0)
				break;
			ATF_CHECK_EQ(ENOMEM, error);
			ATF_CHECK_EQ(NULL, ifunit("e0"));
			ATF_CHECK_EQ(NULL, ifa_ifwithaddr(&a));
			ATF_CHECK_EQ(2, net_routes());
		}
		ATF_CHECK(n > 0);
		if_detach(ifunit("e0"));
		ATF_CHECK_EQ(2, net_routes());
	}
	NET_LEAVE();
	net_host_end(v);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, names_and_indexes);
	ATF_TP_ADD_TC(tp, count_is_a_variable);
	ATF_TP_ADD_TC(tp, loopback_is_there);
	ATF_TP_ADD_TC(tp, mtu_in_range);
	ATF_TP_ADD_TC(tp, capabilities);
	ATF_TP_ADD_TC(tp, addresses);
	ATF_TP_ADD_TC(tp, many_addresses);
	ATF_TP_ADD_TC(tp, link_local_from_link_address);
	ATF_TP_ADD_TC(tp, source_addresses);
	ATF_TP_ADD_TC(tp, ether_input_filters);
	ATF_TP_ADD_TC(tp, ether_input_drops);
	ATF_TP_ADD_TC(tp, batches_and_pieces);
	ATF_TP_ADD_TC(tp, ether_output_frames);
	ATF_TP_ADD_TC(tp, link_address_remembered);
	ATF_TP_ADD_TC(tp, pipe_between);
	ATF_TP_ADD_TC(tp, loopback_without_recursion);
	ATF_TP_ADD_TC(tp, loopback_believes_what_was_asked);
	ATF_TP_ADD_TC(tp, loopback_by_interface);
	ATF_TP_ADD_TC(tp, host_ends_with_packets_waiting);
	ATF_TP_ADD_TC(tp, memory_short);
	return (atf_no_error());
}

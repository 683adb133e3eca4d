/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * epair: what goes in at one end comes out at the other, whatever becomes
 * of the ends meanwhile.
 */
#include "net_host.h"

#include <sys/sysctl.h>
#include <netinet/ip_var.h>

/* Send m, an IP packet, from a to b, which are ends of one pair. */
static int
send_to(struct ifnet *a, struct ifnet *b, struct mbuf *m)
{
	return (ether_output_frame(a, m, b->if_lladdr,
	    (*mtod(m, uint8_t *) >> 4) == 4 ? ETHERTYPE_IP :
	    ETHERTYPE_IPV6));
}

ATF_TC_WITHOUT_HEAD(mbufs_change_hands);
ATF_TC_BODY(mbufs_change_hands, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct mbuf *m, *sent[3];
	struct ifnet *ea, *eb;
	int i;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 7, &ea, &eb));
	ATF_CHECK_STREQ("epair7a", ea->if_xname);
	ATF_CHECK_STREQ("epair7b", eb->if_xname);
	NET_ENTER(a);
	for (i = 0; i < 3; i++) {
		sent[i] = net_tcp(4, 1000 + i);
		sent[i]->m_pkthdr.rcvif = V_loif;
		sent[i]->m_flags |= M_MCAST | M_LOOP | M_PROTO1;
		ATF_CHECK_EQ(0, send_to(ea, eb, sent[i]));
	}
	NET_LEAVE();
	ATF_CHECK_EQ(0, eb->if_data.ifi_ipackets);
	net_run();
	NET_ENTER(b);
	for (i = 0; i < 3; i++) {
		m = net_got_ip();
		ATF_CHECK_EQ(sent[i], m);
		ATF_CHECK_EQ(1040 + i, m->m_pkthdr.len);
		ATF_CHECK_EQ(eb, m->m_pkthdr.rcvif);
		ATF_CHECK_EQ(M_PKTHDR, m->m_flags);
		m_freem(m);
	}
	ATF_CHECK_EQ(3, ea->if_data.ifi_opackets);
	ATF_CHECK_EQ(3, eb->if_data.ifi_ipackets);
	ATF_CHECK_EQ(3 * 1054 + 3, eb->if_data.ifi_ibytes);
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);
}

ATF_TC_WITHOUT_HEAD(checksums_and_large_segments);
ATF_TC_BODY(checksums_and_large_segments, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct ifnet *ea, *eb;
	struct mbuf *m;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(a);
	ATF_CHECK_EQ(0, ea->if_hwassist & CSUM_TSO);
	ATF_CHECK_EQ(CSUM_IP | CSUM_IP_TCP | CSUM_IP_UDP | CSUM_IP6_TCP |
	    CSUM_IP6_UDP, ea->if_hwassist);
	ATF_CHECK_EQ(0, if_setcap(ea, ea->if_capabilities));
	ATF_CHECK_EQ(CSUM_TSO, ea->if_hwassist & CSUM_TSO);
	ATF_CHECK_EQ(65535, ea->if_hw_tsomax);
	m = net_tcp(6, 60000);
	m->m_pkthdr.csum_flags |= CSUM_IP6_TSO;
	m->m_pkthdr.tso_segsz = 1440;
	ATF_CHECK_EQ(0, send_to(ea, eb, m));
	m = net_tcp(6, 100);
	m->m_pkthdr.csum_flags = CSUM_L4_CALC | CSUM_L4_VALID;
	ATF_CHECK_EQ(0, send_to(ea, eb, m));
	NET_LEAVE();
	net_run();
	NET_ENTER(b);
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(60060, m->m_pkthdr.len);
	ATF_CHECK_EQ(1440, m->m_pkthdr.tso_segsz);
	ATF_CHECK_EQ(CSUM_IP6_TCP | CSUM_IP6_TSO | CSUM_L4_CALC |
	    CSUM_L4_VALID, m->m_pkthdr.csum_flags);
	ATF_CHECK_EQ(0xffff, m->m_pkthdr.csum_data);
	m_freem(m);
	/* What somebody else found out says nothing of this packet. */
	m = net_got_ip6();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(0, m->m_pkthdr.csum_flags);
	m_freem(m);
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);
}

/* A packet of 10000 bytes of payload, which are ten segments. */
#define	LARGE_SEGS	10

static struct mbuf *
large(int version)
{
	struct mbuf *m = net_tcp(version, 10000);

	m->m_pkthdr.csum_flags |= version == 4 ? CSUM_IP_TSO : CSUM_IP6_TSO;
	m->m_pkthdr.tso_segsz = 1010;
	return (m);
}

/* Send a large packet from ea, which does not cut and fills in checksums or
 * not, to eb: what arrives is what would have been sent in pieces. */
static void
check_cut(struct ifnet *ea, struct ifnet *eb, int version, bool fills)
{
	const int hlen = version == 4 ? 40 : 60;
	const uint32_t asked = version == 4 ? CSUM_IP_TCP : CSUM_IP6_TCP;
	struct mbuf *want, *next, *got;
	char a[1200], b[1200];

	memset(&ea->if_data, 0, sizeof(ea->if_data));
	memset(&eb->if_data, 0, sizeof(eb->if_data));
	NET_ENTER(ea->if_vnet);
	ATF_CHECK_EQ(0, if_setcap(ea, fills ? ea->if_capabilities &
	    ~IFCAP_TSO : 0));
	ATF_CHECK_EQ(0, send_to(ea, eb, large(version)));
	want = ip_tso_cut(large(version), !fills);
	NET_LEAVE();
	net_run();
	NET_ENTER(eb->if_vnet);
	for (; want != NULL; want = next) {
		next = want->m_nextpkt;
		want->m_nextpkt = NULL;
		got = version == 4 ? net_got_ip() : net_got_ip6();
		ATF_REQUIRE(got != NULL);
		ATF_REQUIRE_EQ(want->m_pkthdr.len, got->m_pkthdr.len);
		m_copydata(want, 0, want->m_pkthdr.len, a);
		m_copydata(got, 0, got->m_pkthdr.len, b);
		ATF_CHECK_EQ(0, memcmp(a, b, (size_t)got->m_pkthdr.len));
		ATF_CHECK_EQ(fills ? asked | CSUM_L4_CALC | CSUM_L4_VALID : 0,
		    got->m_pkthdr.csum_flags);
		ATF_CHECK_EQ(eb, got->m_pkthdr.rcvif);
		m_freem(want);
		m_freem(got);
	}
	ATF_CHECK_EQ(NULL, version == 4 ? net_got_ip() : net_got_ip6());
	NET_LEAVE();
	ATF_CHECK_EQ(LARGE_SEGS, ea->if_data.ifi_opackets);
	ATF_CHECK_EQ(LARGE_SEGS, eb->if_data.ifi_ipackets);
	ATF_CHECK_EQ((uint64_t)(10000 + LARGE_SEGS * (14 + hlen)),
	    ea->if_data.ifi_obytes);
	ATF_CHECK_EQ(ea->if_data.ifi_obytes, eb->if_data.ifi_ibytes);
}

/* Without IFCAP_TSO, large segments are cut when they are delivered. */
ATF_TC_WITHOUT_HEAD(large_is_cut_later);
ATF_TC_BODY(large_is_cut_later, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct ifnet *ea, *eb;
	int i;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	for (i = 0; i < 4; i++)
		check_cut(ea, eb, i / 2 == 0 ? 4 : 6, i % 2 == 0);
	net_host_end(a);
	net_host_end(b);
}

/* What a large one takes of the queue is what its segments take. */
ATF_TC_WITHOUT_HEAD(large_and_the_bound);
ATF_TC_BODY(large_and_the_bound, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	const uint64_t limit = 2 * (10000 + LARGE_SEGS * (54 + MSIZE));
	struct ifnet *ea, *eb;
	struct mbuf *m;
	int i, n;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(a);
	ATF_REQUIRE_EQ(0, kernel_sysctlbyname("net.link.ifqmaxbytes", NULL,
	    NULL, &limit, sizeof(limit)));
	for (n = 0; n < 3; n++) {
		ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 2000)));
		ATF_CHECK_EQ(0, send_to(ea, eb, large(4)));
		/* A part of this one. */
		ATF_CHECK_EQ(ENOBUFS, send_to(ea, eb, large(4)));
		ATF_CHECK_EQ(ENOBUFS, send_to(ea, eb, large(4)));
		NET_LEAVE();
		/* One is counted that finds no room, none of those behind. */
		ATF_CHECK_EQ((uint64_t)(n + 1) * 2, ea->if_data.ifi_oqdrops);
		ATF_CHECK_EQ((uint64_t)(n + 1) * 2, eb->if_data.ifi_iqdrops);
		ATF_CHECK_EQ((uint64_t)(n + 1) * (1 + 10 + 9 + 1),
		    ea->if_data.ifi_opackets);
		net_run();
		NET_ENTER(b);
		for (i = 0; (m = net_got_ip()) != NULL; i++)
			m_freem(m);
		ATF_CHECK_EQ_MSG(1 + 10 + 8, i, "%d", i);
		ATF_CHECK_EQ(0, net_mbufs());
		NET_LEAVE();
		NET_ENTER(a);
		ATF_CHECK_EQ(0, net_mbufs());
	}
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);
}

/* The receiver's memory is short, after n mbufs, of which a segment takes two
 * or three: the rest of the packet is lost, and counted. */
ATF_TC_WITHOUT_HEAD(large_and_no_memory);
ATF_TC_BODY(large_and_no_memory, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	const uint64_t limit = 1014 + MSIZE;
	struct ifnet *ea, *eb;
	struct mbuf *m;
	u_int i, lost, n;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	lost = 0;
	for (n = 0; n < 2 * LARGE_SEGS; n++) {
		NET_ENTER(a);
		ATF_CHECK_EQ(0, send_to(ea, eb, large(4)));
		ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 1)));
		NET_LEAVE();
		NET_ENTER(b);
		uma_zone_set_fault(b->vnet_mbufs->mp_mbuf, n);
		NET_LEAVE();
		net_run();
		NET_ENTER(b);
		uma_zone_set_fault(b->vnet_mbufs->mp_mbuf, UINT64_MAX);
		for (i = 0; (m = net_got_ip()) != NULL &&
		    m->m_pkthdr.len == 1050; i++)
			m_freem(m);
		ATF_CHECK(i <= n / 2 && i >= n / 3);
		ATF_REQUIRE(m != NULL);
		ATF_CHECK_EQ(41, m->m_pkthdr.len);
		m_freem(m);
		ATF_CHECK_EQ(NULL, net_got_ip());
		ATF_CHECK_EQ(0, net_mbufs());
		NET_LEAVE();
		lost += LARGE_SEGS - i;
		ATF_CHECK_EQ(lost, eb->if_data.ifi_iqdrops);
	}
	/* Nothing of what was lost is counted as waiting. */
	NET_ENTER(a);
	ATF_REQUIRE_EQ(0, kernel_sysctlbyname("net.link.ifqmaxbytes", NULL,
	    NULL, &limit, sizeof(limit)));
	ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 960)));
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);
}

/* A batch is of 128 packets, also if they come as large ones. */
ATF_TC_WITHOUT_HEAD(large_and_the_batch);
ATF_TC_BODY(large_and_the_batch, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct ifnet *ea, *eb;
	struct mbuf *m;
	int i;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(a);
	for (i = 0; i < 20; i++)
		ATF_CHECK_EQ(0, send_to(ea, eb, large(4)));
	NET_LEAVE();
	(void)vnet_run(b);
	ATF_CHECK_EQ(128, eb->if_data.ifi_ipackets);
	(void)vnet_run(b);
	ATF_CHECK_EQ(200, eb->if_data.ifi_ipackets);
	NET_ENTER(b);
	while ((m = net_got_ip()) != NULL)
		m_freem(m);
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);
}

ATF_TC_WITHOUT_HEAD(mtu_range);
ATF_TC_BODY(mtu_range, tc)
{
	struct vnet *a = net_host("a");
	struct ifnet *ea, *eb;

	ATF_REQUIRE_EQ(0, epair_create(a, a, 0, &ea, &eb));
	NET_ENTER(a);
	ATF_CHECK_EQ(EINVAL, if_setmtu(ea, 71));
	ATF_CHECK_EQ(0, if_setmtu(ea, 72));
	ATF_CHECK_EQ(0, if_setmtu(ea, 65535));
	ATF_CHECK_EQ(EINVAL, if_setmtu(ea, 65536));
	NET_LEAVE();
	net_host_end(a);
}

ATF_TC_WITHOUT_HEAD(one_host_both_ends);
ATF_TC_BODY(one_host_both_ends, tc)
{
	struct vnet *a = net_host("a");
	struct ifnet *ea, *eb;
	struct mbuf *m;

	ATF_REQUIRE_EQ(0, epair_create(a, a, 1, &ea, &eb));
	NET_ENTER(a);
	ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 1)));
	ATF_CHECK_EQ(0, send_to(eb, ea, net_tcp(4, 2)));
	ATF_CHECK_EQ(NULL, net_got_ip());
	NET_LEAVE();
	NET_ENTER(a);
	m = net_got_ip();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(eb, m->m_pkthdr.rcvif);
	m_freem(m);
	m = net_got_ip();
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(ea, m->m_pkthdr.rcvif);
	m_freem(m);
	NET_LEAVE();
	net_host_end(a);
}

/* The receiver has not seen three packets yet when one of them goes. */
static void
one_end_goes(bool sender_first)
{
	struct vnet *a = net_host("a"), *b = net_host("b"), *left;
	struct ifnet *ea, *eb, *last;
	int i;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	for (i = 0; i < 3; i++) {
		NET_ENTER(a);
		ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 3000)));
		NET_LEAVE();
	}
	left = sender_first ? b : a;
	last = sender_first ? eb : ea;
	net_host_end(sender_first ? a : b);
	net_run();
	NET_ENTER(left);
	for (i = 0; i < (sender_first ? 3 : 0); i++) {
		struct mbuf *m = net_got_ip();

		ATF_REQUIRE(m != NULL);
		m_freem(m);
	}
	ATF_CHECK_EQ(NULL, net_got_ip());
	ATF_CHECK_EQ(ENETDOWN, send_to(last, last, net_tcp(4, 1)));
	ATF_CHECK_EQ(1, last->if_data.ifi_oqdrops);
	ATF_CHECK_EQ(0, net_mbufs());
	NET_LEAVE();
	net_host_end(left);
}

ATF_TC_WITHOUT_HEAD(sender_goes);
ATF_TC_BODY(sender_goes, tc)
{
	one_end_goes(true);
}

ATF_TC_WITHOUT_HEAD(receiver_goes);
ATF_TC_BODY(receiver_goes, tc)
{
	one_end_goes(false);
}

ATF_TC_WITHOUT_HEAD(interface_goes_while_host_stays);
ATF_TC_BODY(interface_goes_while_host_stays, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct ifnet *ea, *eb;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(a);
	ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 100)));
	NET_LEAVE();
	NET_ENTER(b);
	if_detach(eb);
	NET_LEAVE();
	net_run();
	NET_ENTER(a);
	ATF_CHECK_EQ(0, net_mbufs());
	NET_LEAVE();
	/* The name is free again on one side only. */
	ATF_CHECK_EQ(EEXIST, epair_create(a, b, 0, &ea, &eb));
	ATF_CHECK_EQ(0, epair_create(b, a, 0, &ea, &eb));
	net_host_end(a);
	net_host_end(b);
}

ATF_TC_WITHOUT_HEAD(queue_is_bounded);
ATF_TC_BODY(queue_is_bounded, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	const uint64_t limit = 10 * (1014 + MSIZE);
	struct ifnet *ea, *eb;
	struct mbuf *m;
	int i;

	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(a);
	ATF_REQUIRE_EQ(0, kernel_sysctlbyname("net.link.ifqmaxbytes", NULL,
	    NULL, &limit, sizeof(limit)));
	for (i = 0; i < 15; i++)
		ATF_CHECK_EQ(i < 10 ? 0 : ENOBUFS,
		    send_to(ea, eb, net_tcp(4, 960)));
	NET_LEAVE();
	ATF_CHECK_EQ(5, ea->if_data.ifi_oqdrops);
	ATF_CHECK_EQ(5, eb->if_data.ifi_iqdrops);
	net_run();
	NET_ENTER(b);
	for (i = 0; (m = net_got_ip()) != NULL; i++)
		m_freem(m);
	ATF_CHECK_EQ(10, i);
	NET_LEAVE();
	/* There is room again. */
	NET_ENTER(a);
	ATF_CHECK_EQ(0, send_to(ea, eb, net_tcp(4, 960)));
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);
}

ATF_TC_WITHOUT_HEAD(creation_fails_whole);
ATF_TC_BODY(creation_fails_whole, tc)
{
	static const char *types[] = { "epair", "ifnet", "ifaddr" };
	struct vnet *a = net_host("a"), *b = net_host("b"), *v;
	struct ifnet *ea, *eb, *twin;
	uint64_t n;
	u_int i;
	int error;

	ATF_CHECK_EQ(EINVAL, epair_create(a, b, -1, &ea, &eb));
	ATF_CHECK_EQ(EINVAL, epair_create(a, b, 1 << 24, &ea, &eb));
	NET_ENTER(b);
	twin = net_ether("epair0b", 1);
	NET_LEAVE();
	ATF_CHECK_EQ(EEXIST, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(b);
	if_detach(twin);
	NET_LEAVE();
	for (i = 0; i < 2 * nitems(types); i++) {
		v = i % 2 == 0 ? a : b;
		for (n = 0;; n++) {
			NET_ENTER(v);
			net_fault(types[i / 2], n);
			NET_LEAVE();
			error = epair_create(a, b, 0, &ea, &eb);
			NET_ENTER(v);
			net_fault(types[i / 2], UINT64_MAX);
			NET_LEAVE();
			ATF_REQUIRE(n < 20);
			if (error == 0)
				break;
			ATF_CHECK_EQ(ENOMEM, error);
			NET_ENTER(a);
			ATF_CHECK_EQ(NULL, ifunit("epair0a"));
			NET_LEAVE();
			NET_ENTER(b);
			ATF_CHECK_EQ(NULL, ifunit("epair0b"));
			NET_LEAVE();
		}
		ATF_CHECK(n > 0);
		NET_ENTER(a);
		if_detach(ea);
		NET_LEAVE();
		NET_ENTER(b);
		if_detach(eb);
		NET_LEAVE();
	}
	net_host_end(a);
	net_host_end(b);
}

ATF_TC_WITHOUT_HEAD(thousand_hosts_in_a_row);
ATF_TC_BODY(thousand_hosts_in_a_row, tc)
{
	enum { N = 1000 };
	struct ifnet *right[N] = { NULL }, *left[N] = { NULL };
	struct vnet *v[N];
	struct mbuf *m;
	int i;

	for (i = 0; i < N; i++) {
		v[i] = net_host("host");
		if (i > 0)
			ATF_REQUIRE_EQ(0, epair_create(v[i - 1], v[i], i,
			    &right[i - 1], &left[i]));
	}
	ATF_CHECK_EQ(0, memcmp(left[999]->if_lladdr, "\x02\x59\x00\x03\xe7"
	    "\x0b", ETHER_ADDR_LEN));
	NET_ENTER(v[0]);
	ATF_CHECK_EQ(0, send_to(right[0], left[1], net_tcp(6, 500)));
	NET_LEAVE();
	for (i = 1; i < N; i++) {
		net_run();
		NET_ENTER(v[i]);
		m = net_got_ip6();
		ATF_REQUIRE(m != NULL);
		ATF_CHECK_EQ(left[i], m->m_pkthdr.rcvif);
		if (i < N - 1)
			ATF_CHECK_EQ(0, send_to(right[i], left[i + 1], m));
		else
			m_freem(m);
		NET_LEAVE();
		if (i == 500)		/* the mbuf's home goes */
			net_host_end(v[0]);
	}
	for (i = 1; i < N; i++)
		net_host_end(v[i]);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mbufs_change_hands);
	ATF_TP_ADD_TC(tp, checksums_and_large_segments);
	ATF_TP_ADD_TC(tp, large_is_cut_later);
	ATF_TP_ADD_TC(tp, large_and_the_bound);
	ATF_TP_ADD_TC(tp, large_and_no_memory);
	ATF_TP_ADD_TC(tp, large_and_the_batch);
	ATF_TP_ADD_TC(tp, mtu_range);
	ATF_TP_ADD_TC(tp, one_host_both_ends);
	ATF_TP_ADD_TC(tp, sender_goes);
	ATF_TP_ADD_TC(tp, receiver_goes);
	ATF_TP_ADD_TC(tp, interface_goes_while_host_stays);
	ATF_TP_ADD_TC(tp, queue_is_bounded);
	ATF_TP_ADD_TC(tp, creation_fails_whole);
	ATF_TP_ADD_TC(tp, thousand_hosts_in_a_row);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Forwarding, both families.  The router is 10.0.0.1/24 and fc00::1/64 on
 * wire0, 10.1.0.1/24 and fc01::1/64 on wire1; on either is a host .2 or ::2
 * with the link address 02:..:02 or 02:..:03.
 */
#include "ip_host.h"

#include <netinet/tcp.h>

static struct ifnet *in, *out;
static struct pkt p, want;

static void
begin(void)
{
	ih_host("router");
	in = ih_wire("wire0", 1);
	out = ih_wire("wire1", 8);
	ih_ifa(in, "10.0.0.1", 24);
	ih_ifa(in, "fc00::1", 64);
	ih_ifa(out, "10.1.0.1", 24);
	ih_ifa(out, "fc01::1", 64);
	ih_neighbour(in, "10.0.0.2", 2);
	ih_neighbour(in, "fc00::2", 2);
	ih_neighbour(out, "10.1.0.2", 3);
	ih_neighbour(out, "fc01::2", 3);
	ih_sysctl("net.inet.ip.forwarding", "1");
	ih_sysctl("net.inet6.ip6.forwarding", "1");
}

static void
end(void)
{
	ih_quiet(in);
	ih_quiet(out);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

static void
make(const char *src, const char *dst, uint32_t len)
{
	pkt_ip(&p, src, dst, PROTO_TEST);
	pkt_fill(&p, len, 1);
	pkt_end(&p);
}

static const char *const hosts[2][2] = {
	{ "10.0.0.2", "10.1.0.2" }, { "fc00::2", "fc01::2" }
};

/* p leaves by out, a hop older. */
static void
forwarded(void)
{
	want = p;
	want.b[(p.b[0] >> 4) == 6 ? 7 : 8]--;
	pkt_end(&want);
	PKT_SENT(out, &want, 3);
}

/* The sender of p is told: type and code, what stands in the four bytes
 * after the checksum, and how much of p. */
static void
complained(uint8_t type, uint8_t code, uint32_t arg, uint32_t quoted)
{
	const struct pkt *s;
	uint32_t hlen;
	bool v6;

	v6 = (p.b[0] >> 4) == 6;
	hlen = v6 ? 40 : 20;
	if (v6)
		pkt_ip(&want, "fc00::1", "fc00::2", IPPROTO_ICMPV6);
	else
		pkt_ip(&want, "10.0.0.1", "10.0.0.2", IPPROTO_ICMP);
	want.b[hlen] = type;
	want.b[hlen + 1] = code;
	want.b[hlen + 4] = (uint8_t)(arg >> 24);
	want.b[hlen + 5] = (uint8_t)(arg >> 16);
	want.b[hlen + 6] = (uint8_t)(arg >> 8);
	want.b[hlen + 7] = (uint8_t)arg;
	memcpy(want.b + hlen + 8, p.b, quoted);
	want.len = hlen + 8 + quoted;
	pkt_ulp_sum(&want, hlen, hlen + 2, v6 ? IPPROTO_ICMPV6 :
	    IPPROTO_ICMP);
	s = ih_sent(in);
	ATF_REQUIRE(s != NULL);
	if (!v6)
		/* The identification is the router's to choose. */
		memcpy(want.b + 4, s->b + 18, 2);
	pkt_end(&want);
	ih_frame(&want, 2, 1, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	PKT_EQUAL(&want, s);
}

ATF_TC_WITHOUT_HEAD(passed_on);
ATF_TC_BODY(passed_on, tc)
{
	int i, ttl, v6;

	begin();
	for (v6 = 0; v6 < 2; v6++)
		for (ttl = 2; ttl < 256; ttl++) {
			make(hosts[v6][0], hosts[v6][1], 100);
			p.b[v6 ? 7 : 8] = (uint8_t)ttl;
			/* All sums there are, all carries. */
			p.b[4] = v6 ? 0 : (uint8_t)(ttl * 37);
			pkt_end(&p);
			ih_arrive_ip(in, &p, 2);
			forwarded();
		}
	for (i = 0; i < 65536; i++) {
		make(hosts[0][0], hosts[0][1], 0);
		p.b[4] = (uint8_t)(i >> 8);
		p.b[5] = (uint8_t)i;
		pkt_end(&p);
		ih_arrive_ip(in, &p, 2);
		forwarded();
	}
	ATF_CHECK_EQ(254 + 65536, V_ipstat.ips_forward);
	ATF_CHECK_EQ(254, V_ip6stat.ips_forward);
	ATF_CHECK_EQ(0, ih_ulp()->n);
	end();
}

ATF_TC_WITHOUT_HEAD(not_asked_to);
ATF_TC_BODY(not_asked_to, tc)
{
	int v6;

	begin();
	ih_sysctl("net.inet.ip.forwarding", "0");
	ih_sysctl("net.inet6.ip6.forwarding", "0");
	for (v6 = 0; v6 < 2; v6++) {
		make(hosts[v6][0], hosts[v6][1], 100);
		ih_arrive_ip(in, &p, 2);
	}
	ATF_CHECK_EQ(1, V_ipstat.ips_cantforward);
	ATF_CHECK_EQ(1, V_ip6stat.ips_cantforward);
	end();
}

ATF_TC_WITHOUT_HEAD(time_exceeded);
ATF_TC_BODY(time_exceeded, tc)
{
	int ttl, v6;

	begin();
	for (v6 = 0; v6 < 2; v6++)
		for (ttl = 0; ttl < 2; ttl++) {
			make(hosts[v6][0], hosts[v6][1], 100);
			p.b[v6 ? 7 : 8] = (uint8_t)ttl;
			pkt_end(&p);
			ih_arrive_ip(in, &p, 2);
			if (v6)
				complained(3, 0, 0, p.len);
			else
				complained(11, 0, 0, p.len);
		}
	end();
}

ATF_TC_WITHOUT_HEAD(no_route);
ATF_TC_BODY(no_route, tc)
{
	struct in6_addr a = ih_addr("10.5.0.0");

	begin();
	make("10.0.0.2", "10.2.0.2", 1000);
	ih_arrive_ip(in, &p, 2);
	complained(3, 0, 0, 548);
	make("fc00::2", "fc02::2", 1400);
	ih_arrive_ip(in, &p, 2);
	complained(1, 0, 0, 1232);
	/* A route that refuses, and one that swallows. */
	ATF_REQUIRE_EQ(0, rt_add(&a, 24, NULL, V_loif, RTF_REJECT, 0));
	make("10.0.0.2", "10.5.0.2", 20);
	ih_arrive_ip(in, &p, 2);
	complained(3, 0, 0, 40);
	ATF_REQUIRE_EQ(0, rt_delete(&a, 24));
	ATF_REQUIRE_EQ(0, rt_add(&a, 24, NULL, V_loif, RTF_BLACKHOLE, 0));
	ih_arrive_ip(in, &p, 2);
	end();
}

/* Nobody there: those who sent are told when that is known, and at once
 * while it is remembered. */
ATF_TC_WITHOUT_HEAD(no_neighbour);
ATF_TC_BODY(no_neighbour, tc)
{
	int i;

	begin();
	make("10.0.0.2", "10.1.0.9", 100);
	ih_arrive_ip(in, &p, 2);
	for (i = 0; i < 5; i++) {
		ih_quiet(in);
		ATF_REQUIRE(ih_sent(out) != NULL);
		ih_run(1 * SEC);
	}
	p.b[8]--;
	pkt_end(&p);
	complained(3, 1, 0, 120);
	p.b[8]++;
	pkt_end(&p);
	ih_arrive_ip(in, &p, 2);
	p.b[8]--;
	pkt_end(&p);
	complained(3, 1, 0, 120);

	make("fc00::2", "fc01::9", 100);
	ih_arrive_ip(in, &p, 2);
	for (i = 0; i < 3; i++) {
		ih_quiet(in);
		ATF_REQUIRE(ih_sent(out) != NULL);
		ih_run(1 * SEC);
	}
	p.b[7]--;
	complained(1, 3, 0, 140);
	/* What we send ourselves is our own matter. */
	ATF_CHECK_EQ(0, ih_send("10.1.0.1", "10.1.0.77", 20, 0, NULL));
	ih_run(10 * SEC);
	while (ih_sent(out) != NULL)
		;
	end();
}

ATF_TC_WITHOUT_HEAD(too_big);
ATF_TC_BODY(too_big, tc)
{
	struct in6_addr a = ih_addr("10.1.0.2"), gw;

	begin();
	ATF_REQUIRE_EQ(0, if_setmtu(out, 1400));
	make("10.0.0.2", "10.1.0.2", 1381);
	p.b[6] = 0x40;
	pkt_end(&p);
	ih_arrive_ip(in, &p, 2);
	complained(3, 4, 1400, 548);
	make("fc00::2", "fc01::2", 1361);
	ih_arrive_ip(in, &p, 2);
	complained(2, 0, 1400, 1232);
	/* Just so. */
	make("10.0.0.2", "10.1.0.2", 1380);
	p.b[6] = 0x40;
	pkt_end(&p);
	ih_arrive_ip(in, &p, 2);
	forwarded();
	make("fc00::2", "fc01::2", 1360);
	ih_arrive_ip(in, &p, 2);
	forwarded();
	/* A route may be narrower than its interface. */
	gw = ih_addr("10.1.0.2");
	a = ih_addr("10.7.0.0");
	ATF_REQUIRE_EQ(0, rt_add(&a, 24, &gw, NULL, RTF_STATIC, 1000));
	make("10.0.0.2", "10.7.0.2", 981);
	p.b[6] = 0x40;
	pkt_end(&p);
	ih_arrive_ip(in, &p, 2);
	complained(3, 4, 1000, 548);
	end();
}

ATF_TC_WITHOUT_HEAD(fragmented);
ATF_TC_BODY(fragmented, tc)
{
	static struct pkt f;
	uint32_t off, n;

	begin();
	ATF_REQUIRE_EQ(0, if_setmtu(out, 576));
	make("10.0.0.2", "10.1.0.2", 1480);
	ih_arrive_ip(in, &p, 2);
	p.b[8]--;
	for (off = 0; off < 1480; off += n) {
		n = MIN(1480 - off, 552);
		pkt_fragment(&p, &f, 0, off, n, off + n < 1480);
		PKT_SENT(out, &f, 3);
	}
	/* A fragment of a fragment: the last, and one in the middle. */
	make("10.0.0.2", "10.1.0.2", 1000);
	for (n = 0; n < 2; n++) {
		p.b[6] = n == 0 ? 0 : IP_MF >> 8;
		p.b[7] = 100;
		p.b[8] = 64;
		pkt_end(&p);
		ih_arrive_ip(in, &p, 2);
		p.b[8]--;
		pkt_fragment(&p, &f, 0, 0, 552, true);
		f.b[7] = 100;
		pkt_end(&f);
		PKT_SENT(out, &f, 3);
		pkt_fragment(&p, &f, 0, 552, 448, n == 1);
		f.b[7] = 100 + 552 / 8;
		pkt_end(&f);
		PKT_SENT(out, &f, 3);
	}
	/* One whose end is beyond what there can be goes nowhere. */
	p.b[6] = 0x1f;
	p.b[7] = 0xff;
	p.b[8] = 64;
	pkt_end(&p);
	ih_arrive_ip(in, &p, 2);
	end();
}

ATF_TC_WITHOUT_HEAD(may_not_pass);
ATF_TC_BODY(may_not_pass, tc)
{
	static const struct {
		const char *src, *dst;
	} t[] = {
		{ "0.0.0.0", "10.1.0.2" }, { "10.0.0.2", "0.1.2.3" },
		{ "10.0.0.2", "224.1.2.3" }, { "10.0.0.2", "240.1.2.3" },
		{ "10.0.0.2", "255.255.255.254" },
		{ "::", "fc01::2" }, { "fc00::2", "fe80::9" },
		{ "fc00::2", "ff05::9" }
	};
	static struct pkt f;
	size_t i;

	begin();
	ih_route("0.0.0.0", 0, "10.1.0.2", NULL);
	ih_route("::", 0, "fc01::2", NULL);
	for (i = 0; i < nitems(t); i++) {
		make(t[i].src, t[i].dst, 20);
		ih_arrive_ip(in, &p, 2);
		ATF_CHECK_EQ_MSG(NULL, ih_sent(out), "%s to %s", t[i].src,
		    t[i].dst);
		ih_quiet(in);
	}
	/* A broadcast of the next link, and what came in a broadcast. */
	make("10.0.0.2", "10.1.0.255", 20);
	ih_arrive_ip(in, &p, 2);
	complained(3, 0, 0, 40);
	make("10.0.0.2", "10.1.0.2", 20);
	f = p;
	ih_frame(&f, 0xff, 2, ETHERTYPE_IP);
	ih_arrive(in, &f);
	ih_quiet(out);
	/* A link-local source does not leave its link. */
	ih_neighbour(in, "fe80::2", 2);
	make("fe80::2", "fc01::2", 20);
	ih_arrive_ip(in, &p, 2);
	ATF_CHECK_EQ(0, memcmp(ih_sent(in)->b + 54, "\x01\x02", 2));
	end();
}

/* Changes of routes and neighbours are followed at once. */
ATF_TC_WITHOUT_HEAD(changes);
ATF_TC_BODY(changes, tc)
{
	struct in6_addr a = ih_addr("10.7.0.0"), gw;
	int i;

	begin();
	ih_neighbour(out, "10.1.0.3", 4);
	ih_route("10.7.0.0", 24, "10.1.0.2", NULL);
	make("10.0.0.2", "10.7.0.7", 20);
	ih_arrive_ip(in, &p, 2);
	forwarded();
	for (i = 0; i < 2; i++) {
		gw = ih_addr(i == 0 ? "10.1.0.3" : "10.1.0.2");
		ATF_REQUIRE_EQ(0, rt_delete(&a, 24));
		ATF_REQUIRE_EQ(0, rt_add(&a, 24, &gw, NULL, RTF_STATIC, 0));
		ih_arrive_ip(in, &p, 2);
		want = p;
		want.b[8]--;
		pkt_end(&want);
		PKT_SENT(out, &want, i == 0 ? 4 : 3);
	}
	ih_neighbour(out, "10.1.0.2", 3);
	ih_neighbour(out, "10.1.0.2", 5);
	ih_arrive_ip(in, &p, 2);
	PKT_SENT(out, &want, 5);
	/* Many destinations share the table of ways. */
	for (i = 0; i < 1000; i++) {
		p.b[19] = (uint8_t)i;
		p.b[18] = (uint8_t)(i >> 8);
		p.b[17] = 7;
		pkt_end(&p);
		ih_arrive_ip(in, &p, 2);
		if (i < 256) {
			want = p;
			want.b[8]--;
			pkt_end(&want);
			PKT_SENT(out, &want, 5);
		} else if (ih_sent(in) == NULL)
			ATF_REQUIRE(i >= 256 + 199);
		ih_quiet(out);
	}
	/* An interface that goes takes its ways with it. */
	if_detach(out);
	make("10.0.0.2", "10.7.0.7", 20);
	ih_run(1 * SEC);
	ih_arrive_ip(in, &p, 2);
	complained(3, 0, 0, 40);
	ih_quiet(in);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

/* A TCP packet that a host left undone, and its interface said so when it
 * handed it to the next host: its sum, and its cutting if tso. */
static struct mbuf *
undone(bool v6, bool tso)
{
	const struct in6_addr src = ih_addr(hosts[v6][0]);
	const struct in6_addr dst = ih_addr(hosts[v6][1]);
	struct mbuf *m;
	uint32_t hlen;
	uint16_t sum;

	hlen = v6 ? 40 : 20;
	pkt_ip(&p, hosts[v6][0], hosts[v6][1], IPPROTO_TCP);
	memset(p.b + hlen, 0, 20);
	p.b[hlen + 12] = 0x50;
	p.b[hlen + 13] = TH_ACK;
	p.len += 20;
	pkt_fill(&p, tso ? 3000 : 300, 0);
	pkt_end(&p);
	sum = in_pseudo_sum(&src, &dst, p.len - hlen, IPPROTO_TCP);
	memcpy(p.b + hlen + 16, &sum, 2);
	m = m_getm2(NULL, (int)p.len, M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
	m->m_pkthdr.rcvif = in;
	m->m_pkthdr.l3hlen = (uint8_t)hlen;
	m->m_pkthdr.l4hlen = 20;
	m->m_pkthdr.csum_flags = CSUM_L3_CALC | CSUM_L3_VALID |
	    CSUM_L4_CALC | CSUM_L4_VALID | (v6 ? CSUM_IP6_TCP : CSUM_IP_TCP);
	m->m_pkthdr.csum_data = 0xffff;
	if (!v6 && !tso) {
		m->m_pkthdr.csum_flags |= CSUM_IP;
		mtod(m, struct ip *)->ip_sum = 0;
	}
	if (tso) {
		m->m_pkthdr.csum_flags |= v6 ? CSUM_IP6_TSO : CSUM_IP_TSO;
		m->m_pkthdr.tso_segsz = 1000;
	}
	return (m);
}

/* It is done where the packet meets a wire. */
ATF_TC_WITHOUT_HEAD(left_undone);
ATF_TC_BODY(left_undone, tc)
{
	const struct pkt *s;
	struct mbuf *m;
	uint32_t hlen;
	int i, tso, v6;

	begin();
	for (i = 0; i < 4; i++) {
		v6 = i & 1;
		tso = i / 2;
		hlen = v6 ? 40 : 20;
		m = undone(v6, tso);
		(v6 ? V_ip6_netisr : V_ip_netisr)(m);
		for (int n = 0; n < (tso ? 3 : 1); n++) {
			s = ih_sent(out);
			ATF_REQUIRE(s != NULL);
			ATF_CHECK_EQ(0, s->csum_flags);
			want.len = s->len - 14;
			memcpy(want.b, s->b + 14, want.len);
			pkt_ulp_sum(&want, hlen, hlen + 16, IPPROTO_TCP);
			ATF_CHECK_EQ(0, memcmp(want.b, s->b + 14, want.len));
			ATF_CHECK_EQ(hlen + (tso ? 1020 : 320), want.len);
			ATF_CHECK(v6 || pkt_sum(want.b, 20, 0) == 0xffff);
		}
	}
	/* Or not, if the next interface does it. */
	ATF_REQUIRE_EQ(0, if_setcap(out, out->if_capabilities));
	for (i = 0; i < 4; i++) {
		m = undone(i & 1, i / 2);
		((i & 1) != 0 ? V_ip6_netisr : V_ip_netisr)(m);
		s = ih_sent(out);
		ATF_REQUIRE(s != NULL);
		ATF_CHECK_EQ(p.len + 14, s->len);
		ATF_CHECK_EQ(((i & 1) != 0 ? CSUM_IP6_TCP : CSUM_IP_TCP) |
		    (i < 2 ? 0 : (i & 1) != 0 ? CSUM_IP6_TSO : CSUM_IP_TSO),
		    s->csum_flags);
	}
	/* What the first interface found is nothing the next must do. */
	make(hosts[0][0], hosts[0][1], 100);
	m = m_getm2(NULL, (int)p.len, M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
	m->m_pkthdr.rcvif = in;
	m->m_pkthdr.csum_flags = CSUM_L3_CALC | CSUM_L3_VALID |
	    CSUM_L4_CALC | CSUM_L4_VALID;
	V_ip_netisr(m);
	ATF_CHECK_EQ(0, ih_sent(out)->csum_flags);
	end();
}

/* The header of a packet whose memory is shared is copied, not changed. */
ATF_TC_WITHOUT_HEAD(shared_memory);
ATF_TC_BODY(shared_memory, tc)
{
	struct mbuf *copy, *m;
	struct pkt got;
	int v6;

	begin();
	for (v6 = 0; v6 < 2; v6++) {
		make(hosts[v6][0], hosts[v6][1], 100);
		m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
		ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
		m->m_pkthdr.rcvif = in;
		copy = m_copym(m, 0, M_COPYALL, M_NOWAIT);
		(v6 ? V_ip6_netisr : V_ip_netisr)(m);
		forwarded();
		got.len = p.len;
		m_copydata(copy, 0, (int)p.len, got.b);
		PKT_EQUAL(&p, &got);
		m_freem(copy);
	}
	end();
}

/* Three hosts and two wires: an echo goes there and back, each of the ways
 * with its neighbours still unknown. */
ATF_TC_WITHOUT_HEAD(through_epair);
ATF_TC_BODY(through_epair, tc)
{
	struct ifnet *ab, *ba, *bc, *cb;
	struct vnet *a, *b, *c;
	int v6;

	a = ih_host("a");
	b = ih_host("b");
	c = ih_host("c");
	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ab, &ba));
	ATF_REQUIRE_EQ(0, epair_create(b, c, 1, &bc, &cb));
	ih_enter(a);
	if_up(ab);
	ih_ifa(ab, "10.0.0.2", 24);
	ih_ifa(ab, "fc00::2", 64);
	ih_route("0.0.0.0", 0, "10.0.0.1", NULL);
	ih_route("::", 0, "fc00::1", NULL);
	ih_enter(b);
	if_up(ba);
	if_up(bc);
	ih_ifa(ba, "10.0.0.1", 24);
	ih_ifa(ba, "fc00::1", 64);
	ih_ifa(bc, "10.1.0.1", 24);
	ih_ifa(bc, "fc01::1", 64);
	ih_sysctl("net.inet.ip.forwarding", "1");
	ih_sysctl("net.inet6.ip6.forwarding", "1");
	ih_enter(c);
	if_up(cb);
	ih_ifa(cb, "10.1.0.2", 24);
	ih_ifa(cb, "fc01::2", 64);
	ih_route("0.0.0.0", 0, "10.1.0.1", NULL);
	ih_route("::", 0, "fc01::1", NULL);
	for (v6 = 0; v6 < 2; v6++) {
		ih_enter(a);
		ATF_CHECK_EQ(0, ih_send(hosts[v6][0], hosts[v6][1], 3000, 0,
		    NULL));
		ih_run(1 * SEC);
		ih_enter(c);
		ATF_CHECK_EQ(v6 + 1, ih_ulp()->n);
		ATF_CHECK_EQ(63, ih_ulp()->ii.ii_ttl);
		ATF_CHECK_EQ(3000, ih_ulp()->p.len);
		ATF_CHECK_EQ(0, ih_send(hosts[v6][1], hosts[v6][0], 60000, 0,
		    NULL));
		ih_run(1 * SEC);
		ih_enter(a);
		ATF_CHECK_EQ(v6 + 1, ih_ulp()->n);
		ATF_CHECK_EQ(60000, ih_ulp()->p.len);
	}
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, passed_on);
	ATF_TP_ADD_TC(tp, not_asked_to);
	ATF_TP_ADD_TC(tp, time_exceeded);
	ATF_TP_ADD_TC(tp, no_route);
	ATF_TP_ADD_TC(tp, no_neighbour);
	ATF_TP_ADD_TC(tp, too_big);
	ATF_TP_ADD_TC(tp, fragmented);
	ATF_TP_ADD_TC(tp, may_not_pass);
	ATF_TP_ADD_TC(tp, changes);
	ATF_TP_ADD_TC(tp, left_undone);
	ATF_TP_ADD_TC(tp, shared_memory);
	ATF_TP_ADD_TC(tp, through_epair);
	return (atf_no_error());
}

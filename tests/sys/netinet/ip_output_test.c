/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IP output, both families: every byte of what leaves, in which shape it
 * leaves, and when it does not.  The host is 10.0.0.1/24 and fc00::1/64 on
 * wire0 (MTU 1500); 10.0.0.2 and fc00::2 are there, and routers.
 */
#include "ip_host.h"

#include <netinet/ip_plain.h>
#include <netinet/tcp.h>

static struct ifnet *wire;
static struct pkt p, f;

static void
begin(void)
{
	ih_host("a");
	wire = ih_wire("wire0", 1);
	ih_ifa(wire, "10.0.0.1", 24);
	ih_ifa(wire, "fc00::1", 64);
	ih_neighbour(wire, "10.0.0.2", 2);
	ih_neighbour(wire, "fc00::2", 2);
	ih_route("0.0.0.0", 0, "10.0.0.2", NULL);
	ih_route("::", 0, "fc00::2", NULL);
}

static void
end(void)
{
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

/* The frame sent next, without its header, in f. */
static const struct pkt *
next_packet(void)
{
	const struct pkt *s;

	s = ih_sent(wire);
	ATF_REQUIRE(s != NULL);
	f.len = s->len - ETHER_HDR_LEN;
	f.csum_flags = s->csum_flags;
	memcpy(f.b, s->b + ETHER_HDR_LEN, f.len);
	return (&f);
}

ATF_TC_WITHOUT_HEAD(bytes);
ATF_TC_BODY(bytes, tc)
{
	struct ip_output_args ioa = { 0 };
	struct mbuf *m;

	begin();
	ioa.ioa_src = ih_addr("10.0.0.1");
	ioa.ioa_dst = ih_addr("192.0.2.33");
	ioa.ioa_proto = PROTO_TEST;
	ioa.ioa_tos = 0xb9;
	ioa.ioa_ttl = 7;
	ioa.ioa_flags = IOA_DF;
	m = m_gethdr(M_NOWAIT, MT_DATA);
	m->m_data += max_hdr;
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 3, "abc"));
	ATF_CHECK_EQ(0, ip_send(m, &ioa));
	pkt_hex(&p, "020000000002 020000000001 0800"
	    "45b90017 00004000 07fd a60f 0a000001 c0000221 616263");
	PKT_EQUAL(&p, ih_sent(wire));

	ioa.ioa_src = ih_addr("fc00::1");
	ioa.ioa_dst = ih_addr("2001:db8::33");
	ioa.ioa_flowlabel = 0xfabcde;
	m = m_gethdr(M_NOWAIT, MT_DATA);
	m->m_data += max_hdr;
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 3, "abc"));
	ATF_CHECK_EQ(0, ip_send(m, &ioa));
	pkt_hex(&p, "020000000002 020000000001 86dd"
	    "6b9abcde 0003 fd 07"
	    "fc000000000000000000000000000001"
	    "20010db8000000000000000000000033 616263");
	PKT_EQUAL(&p, ih_sent(wire));
	end();
}

/* A connection's packet costs no mbuf but the one that it is in. */
ATF_TC_WITHOUT_HEAD(no_allocation);
ATF_TC_BODY(no_allocation, tc)
{
	struct route ro = { 0 };
	struct mbuf *m;
	int i;

	begin();
	for (i = 0; i < 2; i++) {
		m = ih_data(80);
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, 0);
		ATF_CHECK_EQ(0, ih_send_mbuf(m, "10.0.0.1", "192.0.2.33",
		    IOA_DF, &ro));
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, UINT64_MAX);
		ATF_CHECK(ro_valid(&ro));
		ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
		ATF_CHECK_EQ(2, ro.ro_lladdr[5]);
		ih_send_expect(&p, "10.0.0.1", "192.0.2.33", 80, IOA_DF);
		PKT_SENT(wire, &p, 2);
	}
	ro_invalidate(&ro);
	end();
}

/* Packets that may be cut are told apart, those that may not need not be. */
ATF_TC_WITHOUT_HEAD(identification);
ATF_TC_BODY(identification, tc)
{
	static uint8_t seen[65536];
	const struct pkt *s;
	int i, steps;
	u_int id, last;

	begin();
	last = steps = 0;
	for (i = 0; i < 65536; i++) {
		ATF_REQUIRE_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 4, 0, NULL));
		s = next_packet();
		id = (u_int)s->b[4] << 8 | s->b[5];
		ATF_REQUIRE_MSG(!seen[id], "%u after %d packets", id, i);
		seen[id] = 1;
		steps += id == last + 1;
		last = id;
	}
	/* Not guessed by counting on. */
	ATF_CHECK_MSG(steps < 100, "%d steps of one", steps);
	end();
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct in6_addr a;

	begin();
	/* Not our address, or not one for that way. */
	ATF_CHECK_EQ(EADDRNOTAVAIL, ih_send("10.0.0.9", "10.0.0.2", 4, 0,
	    NULL));
	ATF_CHECK_EQ(EADDRNOTAVAIL, ih_send("127.0.0.1", "10.0.0.2", 4, 0,
	    NULL));
	ATF_CHECK_EQ(EADDRNOTAVAIL, ih_send("0.0.0.0", "10.0.0.2", 4, 0,
	    NULL));
	ATF_CHECK_EQ(EADDRNOTAVAIL, ih_send("::1", "fc00::2", 4, 0, NULL));
	ATF_CHECK_EQ(EHOSTUNREACH, ih_send("10.0.0.1", "0.0.0.0", 4, 0, NULL));
	ATF_CHECK_EQ(EHOSTUNREACH, ih_send("fc00::1", "::", 4, 0, NULL));
	/* Too long for any packet. */
	ATF_CHECK_EQ(EMSGSIZE, ih_send("10.0.0.1", "10.0.0.2", 65516, 0,
	    NULL));
	ATF_CHECK_EQ(EMSGSIZE, ih_send("fc00::1", "fc00::2", 65536, 0, NULL));
	/* Too long for the link, and not to be cut. */
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 1480, IOA_DF, NULL));
	ATF_CHECK(ih_sent(wire) != NULL);
	ATF_CHECK_EQ(EMSGSIZE, ih_send("10.0.0.1", "10.0.0.2", 1481, IOA_DF,
	    NULL));
	ATF_CHECK_EQ(EMSGSIZE, ih_send("fc00::1", "fc00::2", 1461, IOA_DF,
	    NULL));
	a = ih_addr("0.0.0.0");
	ATF_CHECK_EQ(0, rt_delete(&a, 0));
	ATF_CHECK_EQ(EHOSTUNREACH, ih_send("10.0.0.1", "192.0.2.1", 4, 0,
	    NULL));
	if_down(wire);
	ATF_CHECK_EQ(ENETDOWN, ih_send("10.0.0.1", "10.0.0.2", 4, 0, NULL));
	if_up(wire);
	end();
}

ATF_TC_WITHOUT_HEAD(blackhole_and_reject);
ATF_TC_BODY(blackhole_and_reject, tc)
{
	struct in6_addr a;

	begin();
	a = ih_addr("192.0.2.0");
	ATF_CHECK_EQ(0, rt_add(&a, 24, NULL, V_loif, RTF_BLACKHOLE, 0));
	a = ih_addr("192.0.3.0");
	ATF_CHECK_EQ(0, rt_add(&a, 24, NULL, V_loif, RTF_REJECT, 0));
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "192.0.2.1", 4, 0, NULL));
	ATF_CHECK_EQ(EHOSTUNREACH, ih_send("10.0.0.1", "192.0.3.1", 4, 0,
	    NULL));
	a = ih_addr("192.0.4.0");
	ATF_CHECK_EQ(0, rt_add(&a, 24, NULL, wire, RTF_BLACKHOLE, 0));
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "192.0.4.1", 4, 0, NULL));
	ATF_CHECK_EQ(0, V_loif->if_data.ifi_opackets);
	end();
}

/* To ourselves, by lo0, whichever of our addresses it is. */
ATF_TC_WITHOUT_HEAD(to_ourselves);
ATF_TC_BODY(to_ourselves, tc)
{
	static const struct {
		const char *src, *dst;
	} t[] = {
		{ "127.0.0.1", "127.0.0.1" }, { "::1", "::1" },
		{ "10.0.0.1", "10.0.0.1" }, { "fc00::1", "fc00::1" },
		{ "10.0.0.1", "127.0.0.1" }, { "127.0.0.1", "10.0.0.1" }
	};
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		ATF_CHECK_EQ(0, ih_send(t[i].src, t[i].dst, 5000, 0, NULL));
		/* Not below the function that sent it. */
		ATF_CHECK_EQ((int)i, ih_ulp()->n);
		ih_run(0);
		ATF_REQUIRE_EQ_MSG((int)i + 1, ih_ulp()->n, "%s to %s",
		    t[i].src, t[i].dst);
		ATF_CHECK_EQ(5000, ih_ulp()->p.len);
		ATF_CHECK_EQ(0, ih_ulp()->ii.ii_scope);
	}
	/* lo0 carries 16384 bytes. */
	ATF_CHECK_EQ(EMSGSIZE, ih_send("::1", "::1", 16345, IOA_DF, NULL));
	ATF_CHECK_EQ(0, ih_send("::1", "::1", 16344, IOA_DF, NULL));
	ih_run(0);
	ATF_CHECK_EQ(16344, ih_ulp()->p.len);
	end();
}

/* Link-local addresses are those of an interface: of two, with the same
 * address, that one receives which is meant. */
ATF_TC_WITHOUT_HEAD(scope);
ATF_TC_BODY(scope, tc)
{
	struct ip_output_args ioa = { 0 };
	struct ifnet *other;
	struct mbuf *m;
	int i;

	begin();
	other = ih_wire("wire1", 1);
	ioa.ioa_src = ioa.ioa_dst = ih_addr("fe80::ff:fe00:1");
	ioa.ioa_proto = PROTO_TEST;
	for (i = 0; i < 2; i++) {
		ioa.ioa_scope = i == 0 ? wire->if_index : other->if_index;
		m = m_gethdr(M_NOWAIT, MT_DATA);
		m->m_data += max_hdr;
		ATF_REQUIRE_EQ(0, m_copyback(m, 0, 3, "abc"));
		ATF_CHECK_EQ(0, ip_send(m, &ioa));
		ih_run(0);
		ATF_REQUIRE_EQ(i + 1, ih_ulp()->n);
		ATF_CHECK_EQ(ioa.ioa_scope, ih_ulp()->ii.ii_scope);
	}
	/* The neighbour fe80::9 of either. */
	ioa.ioa_dst = ih_addr("fe80::9");
	m = m_gethdr(M_NOWAIT, MT_DATA);
	m->m_data += max_hdr;
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 3, "abc"));
	ATF_CHECK_EQ(0, ip_send(m, &ioa));
	ATF_CHECK(ih_sent(other) != NULL);
	ih_run(10 * SEC);
	while (ih_sent(other) != NULL)
		;
	end();
}

static void
check_fragments(const char *src, const char *dst, uint32_t len, uint32_t mtu,
    uint32_t hlen)
{
	static struct pkt whole, part;
	const struct pkt *s;
	uint32_t id, n, off;

	ATF_REQUIRE_EQ(0, ih_send(src, dst, len, 0, NULL));
	ih_send_expect(&whole, src, dst, len, 0);
	id = 0;
	for (off = 0; off < len; off += n) {
		n = len - off;
		if (hlen + n > mtu)
			n = (mtu - hlen) & ~7u;
		s = next_packet();
		ATF_REQUIRE(s->len <= mtu);
		if (off == 0)
			id = hlen == 48 ? (uint32_t)s->b[44] << 24 |
			    (uint32_t)s->b[45] << 16 |
			    (uint32_t)s->b[46] << 8 | s->b[47] :
			    (uint32_t)s->b[4] << 8 | s->b[5];
		pkt_fragment(&whole, &part, id, off, n, off + n < len);
		PKT_EQUAL(&part, s);
	}
	ih_quiet(wire);
}

ATF_TC_WITHOUT_HEAD(fragments);
ATF_TC_BODY(fragments, tc)
{
	static const uint32_t mtus[] = { 1500, 1501, 1499, 1280, 576, 77 };
	uint32_t len;
	size_t i;

	begin();
	for (i = 0; i < nitems(mtus); i++) {
		ATF_REQUIRE_EQ(0, if_setmtu(wire, mtus[i]));
		for (len = mtus[i] - 19; len < mtus[i] + 30; len++)
			check_fragments("10.0.0.1", "10.0.0.2", len, mtus[i],
			    20);
		for (len = mtus[i] - 39; len < mtus[i] + 30; len++)
			check_fragments("fc00::1", "fc00::2", len, mtus[i],
			    48);
	}
	check_fragments("10.0.0.1", "10.0.0.2", 9000, 77, 20);
	ATF_REQUIRE_EQ(0, if_setmtu(wire, 1500));
	check_fragments("10.0.0.1", "10.0.0.2", 65515, 1500, 20);
	check_fragments("fc00::1", "fc00::2", 65535, 1500, 48);
	end();
}

/* Fragments share the packet's clusters. */
ATF_TC_WITHOUT_HEAD(fragments_share);
ATF_TC_BODY(fragments_share, tc)
{
	begin();
	/* The cluster that ih_send() takes is the last there is. */
	uma_zone_set_fault(curvnet->vnet_mbufs->mp_jumbo16, 1);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 16000, 0, NULL));
	uma_zone_set_fault(curvnet->vnet_mbufs->mp_jumbo16, UINT64_MAX);
	while (ih_sent(wire) != NULL)
		;
	end();
}

/* A path known to be narrow: those who leave it to us are cut for it. */
ATF_TC_WITHOUT_HEAD(path_mtu);
ATF_TC_BODY(path_mtu, tc)
{
	struct in6_addr a = ih_addr("10.0.0.2"), b = ih_addr("fc00::2");
	struct ip_output_args ioa = { 0 };
	struct mbuf *m;

	begin();
	ip_pmtu_update(&a, 1000);
	ip_pmtu_update(&b, 1300);
	check_fragments("10.0.0.1", "10.0.0.2", 1100, 1000, 20);
	check_fragments("fc00::1", "fc00::2", 1400, 1300, 48);
	/* Others have asked. */
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 1100, IOA_DF, NULL));
	ATF_CHECK_EQ(1120, next_packet()->len);
	/* IPV6_USE_MIN_MTU. */
	ip_pmtu_forget(&b);
	ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 1400, 0, NULL));
	ATF_CHECK_EQ(1440, next_packet()->len);
	ioa.ioa_src = ih_addr("fc00::1");
	ioa.ioa_dst = ih_addr("fc00::2");
	ioa.ioa_proto = PROTO_TEST;
	ioa.ioa_flags = IOA_MINMTU;
	m = m_getm2(NULL, 1400, M_NOWAIT, MT_DATA, M_PKTHDR);
	p.len = 0;
	pkt_fill(&p, 1400, 0);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 1400, p.b));
	ATF_CHECK_EQ(0, ip_send(m, &ioa));
	ATF_CHECK_EQ(1280, next_packet()->len);
	ATF_CHECK_EQ(216, next_packet()->len);
	end();
}

ATF_TC_WITHOUT_HEAD(ipv4_options);
ATF_TC_BODY(ipv4_options, tc)
{
	struct ip_output_args ioa = { 0 };
	const struct pkt *s;
	struct mbuf *m, *opt;

	begin();
	opt = m_get(M_NOWAIT, MT_DATA);
	/* Record route, which only the first fragment has, and one that all
	 * of them have. */
	memcpy(opt->m_data, "\x07\x07\x04\0\0\0\0\x94\x04\0\0\0", 12);
	opt->m_len = 12;
	ioa.ioa_src = ih_addr("10.0.0.1");
	ioa.ioa_dst = ih_addr("10.0.0.2");
	ioa.ioa_proto = PROTO_TEST;
	ioa.ioa_options = opt;
	m = m_getm2(NULL, 2000, M_NOWAIT, MT_DATA, M_PKTHDR);
	p.len = 0;
	pkt_fill(&p, 2000, 0);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 2000, p.b));
	ATF_CHECK_EQ(0, ip_send(m, &ioa));
	s = next_packet();
	ATF_CHECK_EQ(0x48, s->b[0]);
	ATF_CHECK_EQ(0, memcmp(s->b + 20, opt->m_data, 12));
	ATF_CHECK_EQ(32 + 1464, s->len);
	ATF_CHECK_EQ(0xffff, pkt_sum(s->b, 32, 0));
	s = next_packet();
	ATF_CHECK_EQ(0x46, s->b[0]);
	ATF_CHECK_EQ(0, memcmp(s->b + 20, "\x94\x04\0\0", 4));
	ATF_CHECK_EQ(24 + 536, s->len);
	ATF_CHECK_EQ(0xffff, pkt_sum(s->b, 24, 0));
	ATF_CHECK_EQ(1464 / 8, s->b[7]);
	opt->m_len = 11;
	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_CHECK_EQ(EINVAL, ip_send(m, &ioa));
	m_freem(opt);
	end();
}

/* A TCP segment of len bytes in pieces, its sum left out, from 10.0.0.1 or
 * fc00::1; what it would be on the wire without its IP header is in p. */
static struct mbuf *
tcp_segment(bool v6, uint32_t len, int piece, uint8_t flags)
{
	const struct in6_addr src = ih_addr(v6 ? "fc00::1" : "10.0.0.1");
	const struct in6_addr dst = ih_addr(v6 ? "fc00::2" : "10.0.0.2");
	struct mbuf *m, *n, **tail;
	uint32_t off, part;
	uint16_t sum;

	pkt_hex(&p, "1234 5678 fffffff0 01020304 8000 1000 0000 0000"
	    "01 01 08 0a 0a0b0c0d 01020304");
	p.b[13] = flags;
	pkt_fill(&p, len, 5);
	sum = in_pseudo_sum(&src, &dst, p.len, IPPROTO_TCP);
	memcpy(p.b + 16, &sum, 2);
	m = m_gethdr(M_NOWAIT, MT_DATA);
	m->m_data += max_hdr;
	memcpy(m->m_data, p.b, 32);
	m->m_len = 32;
	m->m_pkthdr.len = (int)p.len;
	m->m_pkthdr.l4hlen = 32;
	m->m_pkthdr.csum_flags = v6 ? CSUM_IP6_TCP : CSUM_IP_TCP;
	m->m_pkthdr.csum_data = 16;
	tail = &m->m_next;
	for (off = 0; off < len; off += part) {
		part = MIN(len - off, (uint32_t)piece);
		n = m_getcl(M_NOWAIT, MT_DATA, 0);
		ATF_REQUIRE(n != NULL);
		memcpy(n->m_data, p.b + 32 + off, part);
		n->m_len = (int)part;
		*tail = n;
		tail = &n->m_next;
	}
	m_sanity(m);
	return (m);
}

static int
tcp_send(struct mbuf *m, bool v6)
{
	struct ip_output_args ioa = { 0 };

	ioa.ioa_src = ih_addr(v6 ? "fc00::1" : "10.0.0.1");
	ioa.ioa_dst = ih_addr(v6 ? "fc00::2" : "10.0.0.2");
	ioa.ioa_proto = IPPROTO_TCP;
	ioa.ioa_flags = IOA_DF;
	return (ip_send(m, &ioa));
}

ATF_TC_WITHOUT_HEAD(checksums);
ATF_TC_BODY(checksums, tc)
{
	const struct pkt *s;
	struct mbuf *m;
	int v6;

	begin();
	for (v6 = 0; v6 < 2; v6++) {
		/* Filled in here, */
		ATF_CHECK_EQ(0, if_setcap(wire, 0));
		m = tcp_segment(v6, 777, 99, TH_ACK);
		ATF_CHECK_EQ(0, tcp_send(m, v6));
		s = next_packet();
		ATF_CHECK_EQ(0, s->csum_flags);
		pkt_ulp_sum(&p, 0, 16, IPPROTO_ICMP);
		pkt_ulp_sum(&f, v6 ? 40 : 20, v6 ? 56 : 36, IPPROTO_TCP);
		ATF_CHECK_EQ(0, memcmp(f.b, s->b, s->len));
		/* or by the interface. */
		ATF_CHECK_EQ(0, if_setcap(wire, v6 ? IFCAP_TXCSUM_IPV6 :
		    IFCAP_TXCSUM));
		m = tcp_segment(v6, 777, 99, TH_ACK);
		ATF_CHECK_EQ(0, tcp_send(m, v6));
		s = next_packet();
		ATF_CHECK_EQ(v6 ? CSUM_IP6_TCP : CSUM_IP_TCP, s->csum_flags);
		ATF_CHECK_EQ(0, memcmp(s->b + (v6 ? 40 : 20), p.b, 16));
	}
	end();
}

/* The sum of the packet in s is right. */
static bool
sum_right(const struct pkt *s, uint32_t hlen)
{
	static struct pkt c;

	memcpy(&c, s, sizeof(c));
	pkt_ulp_sum(&c, hlen, hlen + 16, IPPROTO_TCP);
	return (memcmp(&c.b, &s->b, s->len) == 0);
}

/* Cut, summed or not, and put together again: the same bytes, every header
 * as it should be. */
static void
check_tso(bool v6, uint32_t len, uint16_t segsz, int piece)
{
	static struct pkt whole;
	const struct pkt *s;
	struct mbuf *m;
	uint32_t hlen, left, n, off;
	uint16_t id, i;

	hlen = v6 ? 40 : 20;
	m = tcp_segment(v6, len, piece, TH_ACK | TH_PUSH | TH_FIN | TH_CWR |
	    TH_ECE);
	m->m_pkthdr.csum_flags |= v6 ? CSUM_IP6_TSO : CSUM_IP_TSO;
	m->m_pkthdr.tso_segsz = segsz;
	whole = p;
	ATF_REQUIRE_EQ(0, tcp_send(m, v6));
	id = i = 0;
	for (off = 0; off < len; off += n, i++) {
		left = len - off;
		n = MIN(left, segsz);
		s = next_packet();
		ATF_REQUIRE_EQ(hlen + 32 + n, s->len);
		ATF_REQUIRE_EQ(0, s->csum_flags & CSUM_TSO);
		if (i == 0)
			id = (uint16_t)(s->b[4] << 8 | s->b[5]);
		if (v6)
			ATF_REQUIRE_EQ(32 + n,
			    (uint32_t)(s->b[4] << 8 | s->b[5]));
		else {
			ATF_REQUIRE_EQ(s->len,
			    (uint32_t)(s->b[2] << 8 | s->b[3]));
			ATF_REQUIRE_EQ((uint16_t)(id + i),
			    s->b[4] << 8 | s->b[5]);
			ATF_REQUIRE_EQ(0xffff, pkt_sum(s->b, 20, 0));
		}
		ATF_REQUIRE(sum_right(s, hlen));
		s = &f;
		ATF_REQUIRE_EQ(0xfffffff0 + off, ntohl(*(const uint32_t *)
		    (const void *)&s->b[hlen + 4]));
		ATF_REQUIRE_EQ(TH_ACK | TH_ECE | (i == 0 ? TH_CWR : 0) |
		    (n == left ? TH_PUSH | TH_FIN : 0), s->b[hlen + 13]);
		ATF_REQUIRE_EQ(0, memcmp(&s->b[hlen], whole.b, 4));
		ATF_REQUIRE_EQ(0, memcmp(&s->b[hlen + 8], &whole.b[8], 5));
		ATF_REQUIRE_EQ(0, memcmp(&s->b[hlen + 14], &whole.b[14], 2));
		ATF_REQUIRE_EQ(0, memcmp(&s->b[hlen + 18], &whole.b[18], 14));
		ATF_REQUIRE_EQ(0, memcmp(&s->b[hlen + 32],
		    &whole.b[32 + off], n));
	}
	ih_quiet(wire);
}

ATF_TC_WITHOUT_HEAD(tso);
ATF_TC_BODY(tso, tc)
{
	uint64_t seed = 4;
	uint32_t len;
	int i, piece, v6;

	begin();
	for (v6 = 0; v6 < 2; v6++) {
		check_tso(v6, 1400, 1400, 2048);
		check_tso(v6, 1401, 1400, 2048);
		check_tso(v6, 2800, 1400, 1400);
		check_tso(v6, 65535 - 20 - 32, 1400, 2048);
		check_tso(v6, 5000, 536, 1);
	}
	for (i = 0; i < 200; i++) {
		len = 1 + (uint32_t)(ih_random(&seed) % 20000);
		piece = 100 + (int)(ih_random(&seed) % 1900);
		check_tso(i % 2, len, (uint16_t)(100 + ih_random(&seed) %
		    1300), piece);
	}
	end();
}

/* An interface that cuts is given the whole, if that fits. */
ATF_TC_WITHOUT_HEAD(tso_by_interface);
ATF_TC_BODY(tso_by_interface, tc)
{
	struct in6_addr dst = ih_addr("10.0.0.2");
	struct route ro = { 0 };
	const struct pkt *s;
	struct mbuf *m;
	uint32_t tsomax;
	int n;

	begin();
	ATF_CHECK_EQ(1500, ip_route_mtu(&dst, 0, &ro, &tsomax));
	ATF_CHECK_EQ_MSG(IP_MAXPACKET, tsomax, "cut in software");
	ATF_CHECK_EQ(0, if_setcap(wire, IFCAP_TXCSUM | IFCAP_TSO4));
	wire->if_hw_tsomax = 30000;
	ATF_CHECK_EQ(1500, ip_route_mtu(&dst, 0, &ro, &tsomax));
	ATF_CHECK_EQ(30000, tsomax);
	ro_invalidate(&ro);
	m = tcp_segment(false, 20000, 2048, TH_ACK);
	m->m_pkthdr.csum_flags |= CSUM_IP_TSO;
	m->m_pkthdr.tso_segsz = 1448;
	ATF_CHECK_EQ(0, tcp_send(m, false));
	s = ih_sent(wire);
	ATF_REQUIRE(s != NULL);
	ATF_CHECK_EQ(14 + 20 + 32 + 20000, s->len);
	ATF_CHECK_EQ(CSUM_IP_TCP | CSUM_IP_TSO, s->csum_flags);
	ATF_CHECK_EQ(1448, s->segsz);
	/* Larger than it takes: cut here, summed there. */
	m = tcp_segment(false, 40000, 2048, TH_ACK);
	m->m_pkthdr.csum_flags |= CSUM_IP_TSO;
	m->m_pkthdr.tso_segsz = 1448;
	ATF_CHECK_EQ(0, tcp_send(m, false));
	for (n = 0; (s = ih_sent(wire)) != NULL; n++) {
		ATF_CHECK_EQ(CSUM_IP_TCP, s->csum_flags);
		ATF_CHECK(s->len <= 1514);
	}
	ATF_CHECK_EQ(28, n);
	/* Segments that are larger than the link takes. */
	m = tcp_segment(false, 20000, 2048, TH_ACK);
	m->m_pkthdr.csum_flags |= CSUM_IP_TSO;
	m->m_pkthdr.tso_segsz = 1449;
	ATF_CHECK_EQ(EMSGSIZE, tcp_send(m, false));
	end();
}

static uint64_t recorded;		/* bytes */

static int
record(void *arg __unused, const void *buf __unused, size_t len)
{
	recorded += len;
	return (0);
}

/* Send a large segment by wire: the frames it becomes. */
static int
frames_of_large(void)
{
	const struct pkt *s;
	struct mbuf *m;
	int n;

	m = tcp_segment(false, 20000, 2048, TH_ACK);
	m->m_pkthdr.csum_flags |= CSUM_IP_TSO;
	m->m_pkthdr.tso_segsz = 1448;
	ATF_REQUIRE_EQ(0, tcp_send(m, false));
	for (n = 0; (s = ih_sent(wire)) != NULL; n++)
		ATF_CHECK_EQ(s->len > 1514, (s->csum_flags & CSUM_IP_TSO) != 0);
	return (n);
}

static int
pipe_lower(struct ifnet *ifp, struct mbuf *m)
{

	return (ifp->if_transmit(ifp, m));
}

/* An interface that has it cut later is given the whole, unless somebody
 * looks at what is on the wire. */
ATF_TC_WITHOUT_HEAD(tso_later);
ATF_TC_BODY(tso_later, tc)
{
	struct capture *cap;

	begin();
	ATF_CHECK_EQ(14, frames_of_large());
	wire->if_cuts_later = true;
	ATF_CHECK_EQ(1, frames_of_large());
	cap = capture_create(record, NULL, NULL);
	ATF_REQUIRE(cap != NULL);
	ATF_REQUIRE_EQ(0, if_capture_start(wire, cap, 0, NULL));
	ATF_CHECK_EQ(14, frames_of_large());
	if_capture_stop(wire);
	ATF_CHECK_EQ(0, capture_destroy(cap));
	ATF_CHECK_EQ(1, frames_of_large());
	wire->if_pipe = wire;
	wire->if_pipe_lower = pipe_lower;
	ATF_CHECK_EQ(14, frames_of_large());
	wire->if_pipe = NULL;
	wire->if_hw_tsomax = 20000;
	ATF_CHECK_EQ(14, frames_of_large());
	end();
}

/* Memory may end at any allocation: an error or not, and nothing is lost. */
ATF_TC_WITHOUT_HEAD(no_memory);
ATF_TC_BODY(no_memory, tc)
{
	struct mbuf *m;
	int errors, n;

	begin();
	for (errors = 0, n = 0; n < 40; n++) {
		m = tcp_segment(n % 2, 10000, 2000, TH_ACK);
		m->m_pkthdr.csum_flags |= n % 2 ? CSUM_IP6_TSO : CSUM_IP_TSO;
		m->m_pkthdr.tso_segsz = 1000;
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, (u_int)n);
		errors += tcp_send(m, n % 2) == ENOBUFS;
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, UINT64_MAX);
		while (ih_sent(wire) != NULL)
			;
		ATF_REQUIRE_EQ(0, ih_mbufs());
	}
	ATF_CHECK_MSG(errors > 10, "%d", errors);
	for (errors = 0, n = 0; n < 30; n++) {
		m = ih_data(5000);
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, (u_int)n);
		errors += ih_send_mbuf(m, "10.0.0.1", "10.0.0.2", 0, NULL) ==
		    ENOBUFS;
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, UINT64_MAX);
		while (ih_sent(wire) != NULL)
			;
		ATF_REQUIRE_EQ(0, ih_mbufs());
	}
	ATF_CHECK_MSG(errors >= 8, "%d", errors);
	end();
}

ATF_TC_WITHOUT_HEAD(select_source);
ATF_TC_BODY(select_source, tc)
{
	static const struct {
		const char *dst, *src;
	} t[] = {
		{ "10.0.0.77", "10.0.0.1" }, { "10.1.0.9", "10.1.0.1" },
		{ "8.8.8.8", "10.0.0.1" },	/* its router is there */
		{ "9.9.9.9", "10.1.0.1" },
		{ "127.0.0.1", "127.0.0.1" }, { "10.1.0.1", "10.1.0.1" },
		{ "fc00::9", "fc00::1" }, { "2001:db8::1", "fc00::1" },
		{ "::1", "::1" }
	};
	struct in6_addr dst, src;
	char buf[64];
	size_t i;

	begin();
	ih_ifa(wire, "10.1.0.1", 24);
	ih_route("9.0.0.0", 8, "10.1.0.2", NULL);
	for (i = 0; i < nitems(t); i++) {
		dst = ih_addr(t[i].dst);
		ATF_REQUIRE_EQ(0, ip_selectsrc(&dst, 0, &src));
		ATF_CHECK_STREQ(t[i].src, in_ntop(&src, buf, sizeof(buf)));
	}
	dst = ih_addr("fe80::9");
	ATF_REQUIRE_EQ(0, ip_selectsrc(&dst, wire->if_index, &src));
	ATF_CHECK_STREQ("fe80::ff:fe00:1", in_ntop(&src, buf, sizeof(buf)));
	dst = ih_addr("0.0.0.0");
	ATF_CHECK_EQ(EHOSTUNREACH, ip_selectsrc(&dst, 0, &src));
	ATF_REQUIRE_EQ(0, rt_delete(&dst, 0));
	dst = ih_addr("8.8.8.8");
	ATF_CHECK_EQ(EHOSTUNREACH, ip_selectsrc(&dst, 0, &src));
	end();
	ih_host("b");
	wire = ih_wire("wire0", 1);
	ih_route("0.0.0.0", 0, NULL, wire);
	ATF_CHECK_EQ(EADDRNOTAVAIL, ip_selectsrc(&dst, 0, &src));
	end();
}

/* One packet of len bytes by a way used before is as the first one is. */
static void
by_known_way(struct route *ro, uint32_t len)
{
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", len, IOA_DF, ro));
	ih_send_expect(&p, "10.0.0.1", "10.0.0.2", len, IOA_DF);
	PKT_SENT(wire, &p, 2);
}

/* A way that was used before may have changed in each of these ways. */
ATF_TC_WITHOUT_HEAD(known_way);
ATF_TC_BODY(known_way, tc)
{
	struct in6_addr a = ih_addr("10.0.0.1");
	struct route ro = { 0 }, ro6 = { 0 };
	uint32_t len;

	begin();
	for (len = 0; len < 1460; len += 146) {
		ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", len, IOA_DF,
		    &ro6));
		ih_send_expect(&p, "fc00::1", "fc00::2", len, IOA_DF);
		PKT_SENT(wire, &p, 2);
	}
	ro_invalidate(&ro6);
	for (len = 0; len < 1480; len += 37)
		by_known_way(&ro, len);
	by_known_way(&ro, 1480);
	ATF_CHECK_EQ(EMSGSIZE, ih_send("10.0.0.1", "10.0.0.2", 1481, IOA_DF,
	    &ro));
	/* Another source, ours or not. */
	ATF_CHECK_EQ(EADDRNOTAVAIL, ih_send("10.0.0.7", "10.0.0.2", 4, IOA_DF,
	    &ro));
	by_known_way(&ro, 4);
	ATF_REQUIRE_EQ(0, if_setmtu(wire, 1000));
	by_known_way(&ro, 980);
	ATF_CHECK_EQ(EMSGSIZE, ih_send("10.0.0.1", "10.0.0.2", 981, IOA_DF,
	    &ro));
	/* The neighbour moves. */
	ih_neighbour(wire, "10.0.0.2", 3);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 4, IOA_DF, &ro));
	ih_send_expect(&p, "10.0.0.1", "10.0.0.2", 4, IOA_DF);
	PKT_SENT(wire, &p, 3);
	if_down(wire);
	ATF_CHECK_EQ(ENETDOWN, ih_send("10.0.0.1", "10.0.0.2", 4, IOA_DF,
	    &ro));
	if_up(wire);
	ih_neighbour(wire, "10.0.0.2", 2);
	by_known_way(&ro, 4);
	/* And last the source goes. */
	ih_ifa(wire, "10.0.0.3", 24);
	by_known_way(&ro, 4);
	ATF_REQUIRE_EQ(0, ifa_del(wire, &a));
	ATF_CHECK_EQ(EADDRNOTAVAIL, ih_send("10.0.0.1", "10.0.0.2", 4, IOA_DF,
	    &ro));
	ro_invalidate(&ro);
	end();
}

/* What has become of a packet that was sent. */
struct fate {
	struct pkt	frame;		/* its length 0: there was none */
	struct ipstat	st;
	uint64_t	packets, bytes, oerrors, recorded;
	int		error;
};
/* One packet of a kind that seed names, on the way ro. */
static struct mbuf *
any_packet(struct ip_output_args *ioa, uint64_t seed)
{
	struct mbuf *m, *n;

	memset(ioa, 0, sizeof(*ioa));
	ioa->ioa_src = ih_addr("10.0.0.1");
	ioa->ioa_dst = ih_addr("10.0.0.2");
	ioa->ioa_proto = IPPROTO_TCP;
	ioa->ioa_flags = IOA_DF;
	ioa->ioa_tos = (uint8_t)ih_random(&seed);
	ioa->ioa_ttl = (uint8_t)(ih_random(&seed) % 4 * 85);
	m = ih_data(40 + (uint32_t)(ih_random(&seed) % (seed % 4 == 0 ? 1500 :
	    60)));
	if (ih_random(&seed) % 4 == 0) {	/* no room in front */
		n = m_dup(m, M_NOWAIT);
		m_freem(m);
		m = n;
	}
	ATF_REQUIRE(m != NULL);
	if (ih_random(&seed) % 2 == 0) {
		m->m_pkthdr.csum_flags = CSUM_IP_TCP;
		m->m_pkthdr.csum_data = 16;
	}
	return (m);
}

/* If the header's sum was left to the driver, it is 0 and done here. */
static bool
complete(struct pkt *frame)
{
	uint16_t sum;

	if ((frame->csum_flags & CSUM_IP) == 0)
		return (false);
	ATF_CHECK(wire->if_ipsum);
	ATF_CHECK_EQ(0, frame->b[24] | frame->b[25]);
	sum = (uint16_t)~pkt_sum(frame->b + 14, 20, 0);
	frame->b[24] = (uint8_t)(sum >> 8);
	frame->b[25] = (uint8_t)sum;
	frame->csum_flags &= ~(uint32_t)CSUM_IP;
	return (true);
}

static void
find_fate(struct fate *fate, struct capture *cap, struct route *ro,
    uint64_t seed)
{
	struct ip_output_args ioa;
	struct mbuf *m;
	const struct pkt *s;

	m = any_packet(&ioa, seed);
	ioa.ioa_ro = ro;
	memset(&V_ipstat, 0, sizeof(V_ipstat));
	memset(&wire->if_data, 0, sizeof(wire->if_data));
	fate->error = ip_send(m, &ioa);
	ATF_REQUIRE_EQ(0, capture_flush(cap));
	fate->st = V_ipstat;
	fate->packets = wire->if_data.ifi_opackets;
	fate->bytes = wire->if_data.ifi_obytes;
	fate->oerrors = wire->if_data.ifi_oerrors;
	fate->recorded = recorded;
	recorded = 0;
	fate->frame.len = fate->frame.csum_flags = 0;
	if ((s = ih_sent(wire)) != NULL)
		fate->frame = *s;
}

/* Packets of all kinds by a way that is known, or is not any more: no
 * difference, with and without a record being made, or sums left to do. */
ATF_TC_WITHOUT_HEAD(plain);
ATF_TC_BODY(plain, tc)
{
	static struct fate a, b;
	struct route ro = { 0 };
	struct capture *cap;
	uint64_t seed;
	int left = 0, sent;

	begin();
	cap = capture_create(record, NULL, NULL);
	ATF_REQUIRE(cap != NULL);
	for (seed = 1, sent = 0; seed <= 2000; seed++) {
		wire->if_ipsum = seed % 2 == 0;
		ATF_REQUIRE_EQ(0, if_setcap(wire, seed % 3 == 0 ?
		    IFCAP_TXCSUM : 0));
		if (seed == 1000)
			ATF_REQUIRE_EQ(0, if_capture_start(wire, cap, 0,
			    NULL));
		find_fate(&b, cap, &ro, 0);	/* who finds out the way */
		ATF_REQUIRE_EQ(V_way_gen, ro.ro_llgen);
		find_fate(&a, cap, &ro, seed);
		left += complete(&a.frame);
		ro_invalidate(&ro);
		way_gen_bump();
		find_fate(&b, cap, &ro, seed);
		ATF_REQUIRE_EQ(a.error, b.error);
		ATF_REQUIRE_EQ_MSG(0, memcmp(&a.st, &b.st, sizeof(a.st)),
		    "packet %ju is counted as something else",
		    (uintmax_t)seed);
		ATF_REQUIRE(a.packets == b.packets && a.bytes == b.bytes &&
		    a.oerrors == b.oerrors && a.recorded == b.recorded);
		ATF_REQUIRE_EQ(a.frame.len, b.frame.len);
		ATF_REQUIRE_EQ(a.frame.csum_flags, b.frame.csum_flags);
		ATF_REQUIRE_EQ_MSG(0, memcmp(a.frame.b, b.frame.b,
		    a.frame.len), "packet %ju is another", (uintmax_t)seed);
		sent += a.frame.len != 0;
	}
	ATF_CHECK_MSG(sent > 1800, "%d", sent);
	ATF_CHECK_MSG(left > 100, "%d", left);
	if_capture_stop(wire);
	ATF_CHECK_EQ(0, capture_destroy(cap));
	ro_invalidate(&ro);
	end();
}

/* The source chosen for a destination is remembered as long as it may be. */
ATF_TC_WITHOUT_HEAD(source_remembered);
ATF_TC_BODY(source_remembered, tc)
{
	struct in6_addr dst, first, src, want;
	struct route *ro;
	int i;

	begin();
	dst = ih_addr("10.0.0.77");
	first = ih_addr("10.0.0.1");
	want = ih_addr("10.0.0.76");
	ro = ro_recent(&dst, 0);
	ATF_REQUIRE_EQ(0, ro_lookup(ro, &dst, 0));
	for (i = 0; i < 2; i++) {
		ATF_REQUIRE_EQ(0, ip_selectsrc(&dst, 0, &src));
		ATF_CHECK(IN6_ARE_ADDR_EQUAL(&src, &first));
	}
	ATF_CHECK(rt_source(&dst, 0) != NULL);
	/* One that fits better, and then that no more. */
	ih_ifa(wire, "10.0.0.76", 30);
	ATF_CHECK_EQ(NULL, rt_source(&dst, 0));
	ATF_REQUIRE_EQ(0, ip_selectsrc(&dst, 0, &src));
	ATF_CHECK(IN6_ARE_ADDR_EQUAL(&src, &want));
	ATF_REQUIRE_EQ(0, ifa_del(wire, &want));
	ATF_REQUIRE_EQ(0, ip_selectsrc(&dst, 0, &src));
	ATF_CHECK(IN6_ARE_ADDR_EQUAL(&src, &first));
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, no_allocation);
	ATF_TP_ADD_TC(tp, identification);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, blackhole_and_reject);
	ATF_TP_ADD_TC(tp, to_ourselves);
	ATF_TP_ADD_TC(tp, scope);
	ATF_TP_ADD_TC(tp, fragments);
	ATF_TP_ADD_TC(tp, fragments_share);
	ATF_TP_ADD_TC(tp, path_mtu);
	ATF_TP_ADD_TC(tp, ipv4_options);
	ATF_TP_ADD_TC(tp, checksums);
	ATF_TP_ADD_TC(tp, tso);
	ATF_TP_ADD_TC(tp, tso_by_interface);
	ATF_TP_ADD_TC(tp, tso_later);
	ATF_TP_ADD_TC(tp, no_memory);
	ATF_TP_ADD_TC(tp, select_source);
	ATF_TP_ADD_TC(tp, known_way);
	ATF_TP_ADD_TC(tp, plain);
	ATF_TP_ADD_TC(tp, source_remembered);
	return (atf_no_error());
}

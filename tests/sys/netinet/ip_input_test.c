/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IPv4 input: what is delivered, and how; what is not, and how it is
 * counted.  The host is 10.0.0.1/24 on wire0, its peer 10.0.0.2.
 */
#include "ip_host.h"

static struct ifnet *wire;
static struct pkt p;

static void
begin(void)
{
	ih_host("a");
	wire = ih_wire("wire0", 1);
	ih_ifa(wire, "10.0.0.1", 24);
	ih_neighbour(wire, "10.0.0.2", 2);
}

static void
end(void)
{
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

/* A good packet of len bytes of payload. */
static void
good(uint32_t len)
{
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", PROTO_TEST);
	pkt_fill(&p, len, 3);
	pkt_end(&p);
}

/* Write the header's checksum again, and only that. */
static void
resum(void)
{
	uint16_t sum;

	p.b[10] = p.b[11] = 0;
	sum = (uint16_t)~pkt_sum(p.b, (p.b[0] & 0xf) * 4u, 0);
	p.b[10] = (uint8_t)(sum >> 8);
	p.b[11] = (uint8_t)sum;
}

/* p arrives and counts as counter says, and nowhere else. */
static void
wrong(const uint64_t *counter, const char *what)
{
	uint64_t before;
	int n;

	before = *counter;
	n = ih_ulp()->n;
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ_MSG(before + 1, *counter, "%s", what);
	ATF_CHECK_EQ_MSG(n, ih_ulp()->n, "%s was delivered", what);
}

ATF_TC_WITHOUT_HEAD(delivered);
ATF_TC_BODY(delivered, tc)
{
	struct ulp *u;

	begin();
	u = ih_ulp();
	good(100);
	p.b[1] = 0xb9;
	p.b[8] = 17;
	pkt_end(&p);
	ih_arrive_ip(wire, &p, 2);
	ATF_REQUIRE_EQ(1, u->n);
	ATF_CHECK_EQ(100, u->p.len);
	ATF_CHECK_EQ(0, memcmp(u->p.b, p.b + 20, 100));
	ATF_CHECK_EQ(20, u->ii.ii_hdrlen);
	ATF_CHECK_EQ(0xb9, u->ii.ii_tos);
	ATF_CHECK_EQ(17, u->ii.ii_ttl);
	ATF_CHECK(!u->ii.ii_v6 && !u->ii.ii_bcast && u->ii.ii_front);
	ATF_CHECK_EQ(0, u->ii.ii_scope);
	ATF_CHECK_STREQ("10.0.0.2", in_ntop(&u->ii.ii_src,
	    (char[64]){ 0 }, 64));
	ATF_CHECK_STREQ("10.0.0.1", in_ntop(&u->ii.ii_dst,
	    (char[64]){ 0 }, 64));
	ATF_CHECK_EQ(1, V_ipstat.ips_delivered);
	end();
}

/* However the packet lies in memory, it is the same packet, with as much of
 * its transport's header in one piece as there is, up to 20 bytes. */
ATF_TC_WITHOUT_HEAD(pieces);
ATF_TC_BODY(pieces, tc)
{
	static struct pkt f;
	uint32_t len;
	int off, piece;

	begin();
	for (len = 0; len < 90; len += 9)
		for (piece = 1; piece < 100; piece += 3)
			for (off = 0; off < 4; off++) {
				good(len);
				f = p;
				ih_frame(&f, 1, 2, ETHERTYPE_IP);
				/* ether_input() wants this much, padded. */
				while (f.len < 60)
					f.b[f.len++] = 0xee;
				ih_ulp()->n = 0;
				ih_arrive_pieces(wire, &f, piece, off);
				ATF_REQUIRE_EQ(1, ih_ulp()->n);
				ATF_REQUIRE_EQ(len, ih_ulp()->p.len);
				ATF_REQUIRE_EQ(0, memcmp(ih_ulp()->p.b,
				    p.b + 20, len));
				ATF_REQUIRE(ih_ulp()->contig >=
				    (int)MIN(len, 20));
				ATF_REQUIRE(ih_ulp()->ii.ii_front);
			}
	end();
}

ATF_TC_WITHOUT_HEAD(bad_headers);
ATF_TC_BODY(bad_headers, tc)
{
	struct ipstat *st;
	uint32_t len;
	int i;

	begin();
	st = &V_ipstat;
	good(40);
	p.b[0] = 0x55;
	resum();
	wrong(&st->ips_badvers, "version 5");
	for (i = 0; i < 5; i++) {
		good(40);
		p.b[0] = (uint8_t)(0x40 | i);
		wrong(&st->ips_badhlen, "a header too short");
	}
	good(20);
	p.b[0] = 0x4f;
	wrong(&st->ips_badhlen, "a header longer than the packet");
	for (i = 4 * 8; i < 20 * 8; i++) {
		good(40);
		p.b[i / 8] ^= (uint8_t)(1 << i % 8);
		wrong(&st->ips_badsum, "a bit changed");
	}
	for (len = 0; len < 20; len++) {
		good(40);
		p.b[3] = (uint8_t)len;
		resum();
		wrong(&st->ips_badlen, "a length less than the header's");
	}
	good(40);
	p.b[3] = 61;
	resum();
	wrong(&st->ips_tooshort, "a packet cut off");
	p.b[2] = 0xff;
	resum();
	wrong(&st->ips_tooshort, "a packet cut off");
	end();
}

/* The interface's word on the header checksum is taken. */
ATF_TC_WITHOUT_HEAD(header_checksum_by_interface);
ATF_TC_BODY(header_checksum_by_interface, tc)
{
	struct mbuf *m;
	int i;

	begin();
	for (i = 0; i < 2; i++) {
		good(40);
		/* Wrong, called right; then right, called wrong. */
		p.b[10] ^= (uint8_t)(i == 0);
		m = m_gethdr(M_NOWAIT, MT_DATA);
		ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
		m->m_pkthdr.rcvif = wire;
		m->m_pkthdr.csum_flags = CSUM_L3_CALC |
		    (i == 0 ? CSUM_L3_VALID : 0);
		V_ip_netisr(m);
	}
	ATF_CHECK_EQ(1, ih_ulp()->n);
	ATF_CHECK_EQ(1, V_ipstat.ips_badsum);
	end();
}

/* What a short frame was filled up with is no part of the packet. */
ATF_TC_WITHOUT_HEAD(padding);
ATF_TC_BODY(padding, tc)
{
	begin();
	good(5);
	pkt_fill(&p, 21, 0xaa);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(1, ih_ulp()->n);
	ATF_CHECK_EQ(5, ih_ulp()->p.len);
	end();
}

ATF_TC_WITHOUT_HEAD(bad_addresses);
ATF_TC_BODY(bad_addresses, tc)
{
	static const struct {
		const char *src, *dst;
	} t[] = {
		{ "224.0.0.1", "10.0.0.1" },
		{ "239.255.255.255", "10.0.0.1" },
		{ "255.255.255.255", "10.0.0.1" },
		{ "127.0.0.1", "10.0.0.1" },
		{ "10.0.0.2", "127.0.0.1" },
		{ "127.3.2.1", "127.0.0.1" },
		{ "10.0.0.1", "10.0.0.1" },
		{ "127.0.0.1", "255.255.255.255" }
	};
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		pkt_ip(&p, t[i].src, t[i].dst, PROTO_TEST);
		pkt_end(&p);
		wrong(&V_ipstat.ips_badaddr, t[i].src);
	}
	end();
}

/* Not forwarding, what is for others goes no further. */
ATF_TC_WITHOUT_HEAD(for_others);
ATF_TC_BODY(for_others, tc)
{
	static const char *const t[] = {
		"10.0.0.3", "10.0.1.255", "0.0.0.0", "224.0.0.9", "8.8.8.8",
		"10.0.0.0"
	};
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		pkt_ip(&p, "10.0.0.2", t[i], PROTO_TEST);
		pkt_end(&p);
		wrong(&V_ipstat.ips_cantforward, t[i]);
	}
	end();
}

/* What comes to many says so. */
ATF_TC_WITHOUT_HEAD(broadcasts);
ATF_TC_BODY(broadcasts, tc)
{
	static const char *const t[] = {
		"255.255.255.255", "10.0.0.255", "224.0.0.1"
	};
	static struct pkt f;
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		pkt_ip(&p, "10.0.0.2", t[i], PROTO_TEST);
		pkt_end(&p);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG((int)i + 1, ih_ulp()->n, "%s", t[i]);
		ATF_CHECK(ih_ulp()->ii.ii_bcast);
	}
	/* In a broadcast frame, though the address is ours alone. */
	good(20);
	f = p;
	ih_frame(&f, 0xff, 2, ETHERTYPE_IP);
	ih_arrive(wire, &f);
	ATF_CHECK_EQ(4, ih_ulp()->n);
	ATF_CHECK(ih_ulp()->ii.ii_bcast);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK(!ih_ulp()->ii.ii_bcast);
	end();
}

/* A header with these options, and whether the packet is delivered or the
 * sender hears of a problem there (0: neither). */
static const struct {
	const char *options;
	bool delivered;
	int problem;
} options[] = {
	{ "01010101", true, 0 },
	{ "00000000", true, 0 },
	{ "00ffffff", true, 0 },		/* behind the end of the list */
	{ "94040000", true, 0 },		/* router alert */
	{ "07070400000000 00", true, 0 },	/* record route */
	{ "0107 0704 0000 0000", true, 0 },
	{ "1e03 01 1e03 01 1e02", true, 0 },
	{ "8307040a000003 00", false, 0 },	/* loose source route */
	{ "8907040a000003 00", false, 0 },	/* strict source route */
	{ "01 830304", false, 0 },
	{ "94000000", false, 21 },		/* length 0 */
	{ "94010000", false, 21 },		/* length 1 */
	{ "94050000", false, 21 },		/* beyond the header */
	{ "01010194", false, 23 },		/* no length at all */
	{ "1e04 0000 94ff 0000", false, 25 }
};

ATF_TC_WITHOUT_HEAD(ip_options);
ATF_TC_BODY(ip_options, tc)
{
	const struct pkt *f;
	struct pkt o;
	size_t i;

	begin();
	ih_sysctl("net.inet.icmp.icmplim", "0");
	for (i = 0; i < nitems(options); i++) {
		pkt_hex(&o, options[i].options);
		pkt_ip(&p, "10.0.0.2", "10.0.0.1", PROTO_TEST);
		memcpy(p.b + 20, o.b, o.len);
		p.len += o.len;
		p.b[0] += o.len / 4;
		pkt_fill(&p, 30, 1);
		pkt_end(&p);
		ih_ulp()->n = 0;
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(options[i].delivered, ih_ulp()->n, "%s",
		    options[i].options);
		if (options[i].delivered) {
			ATF_CHECK_EQ(20 + o.len, ih_ulp()->ii.ii_hdrlen);
			ATF_CHECK_EQ(30, ih_ulp()->p.len);
		}
		f = ih_sent(wire);
		if (options[i].problem == 0) {
			ATF_CHECK_EQ_MSG(NULL, f, "%s", options[i].options);
			continue;
		}
		ATF_REQUIRE_MSG(f != NULL, "%s", options[i].options);
		ATF_CHECK_EQ(ICMP_PARAMPROB, f->b[34]);
		ATF_CHECK_EQ(0, f->b[35]);
		ATF_CHECK_EQ_MSG(options[i].problem, f->b[38], "%s: %u",
		    options[i].options, f->b[38]);
	}
	end();
}

/* The longest header there is, in every shape of memory. */
ATF_TC_WITHOUT_HEAD(long_header);
ATF_TC_BODY(long_header, tc)
{
	static struct pkt f;
	int piece;

	begin();
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", PROTO_TEST);
	p.b[0] = 0x4f;
	memset(p.b + 20, 1, 40);
	p.len = 60;
	pkt_fill(&p, 30, 9);
	pkt_end(&p);
	for (piece = 1; piece < 100; piece++) {
		f = p;
		ih_frame(&f, 1, 2, ETHERTYPE_IP);
		ih_arrive_pieces(wire, &f, piece, 2);
		ATF_REQUIRE_EQ(piece, ih_ulp()->n);
		ATF_REQUIRE_EQ(60, ih_ulp()->ii.ii_hdrlen);
		ATF_REQUIRE_EQ(30, ih_ulp()->p.len);
		ATF_REQUIRE(ih_ulp()->contig >= 20);
	}
	end();
}

/* An address of another interface is as good (weak host model). */
ATF_TC_WITHOUT_HEAD(any_own_address);
ATF_TC_BODY(any_own_address, tc)
{
	struct ifnet *other;

	begin();
	other = ih_wire("wire1", 7);
	ih_ifa(other, "10.7.0.1", 24);
	pkt_ip(&p, "10.0.0.2", "10.7.0.1", PROTO_TEST);
	pkt_end(&p);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(1, ih_ulp()->n);
	ih_quiet(other);
	end();
}

/* Memory may end at any allocation: the packet is lost, nothing else. */
ATF_TC_WITHOUT_HEAD(no_memory);
ATF_TC_BODY(no_memory, tc)
{
	static struct pkt f;
	int n, piece;

	begin();
	for (piece = 3; piece < 40; piece += 12)
		for (n = 0; n < 60; n++) {
			good(100);
			f = p;
			ih_frame(&f, 1, 2, ETHERTYPE_IP);
			/* The driver's own take pieces of them. */
			uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf,
			    howmany(f.len, (uint32_t)piece) + (uint64_t)n);
			ih_arrive_pieces(wire, &f, piece, 1);
			uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf,
			    UINT64_MAX);
			ATF_REQUIRE_EQ(0, ih_mbufs());
		}
	ATF_CHECK(ih_ulp()->n > 0);
	end();
}

/* What has become of a packet. */
struct fate {
	struct ipstat	st;
	struct if_data	in;
	int		n;		/* times delivered */
	struct ip_info	ii;
	uint32_t	len;		/* of what was delivered */
	uint16_t	sum;
};

/* An address comes and goes: nothing is remembered of earlier packets. */
static void
forget(void)
{
	struct in6_addr a = ih_addr("10.9.9.9");

	ih_ifa(wire, "10.9.9.9", 32);
	ATF_REQUIRE_EQ(0, ifa_del(wire, &a));
}

/* What becomes of q, which comes after a good packet of the same addresses,
 * or after nothing of the kind. */
static void
find_fate(const struct pkt *q, bool known, struct fate *fate)
{
	struct ulp *u = ih_ulp();

	forget();
	if (known) {
		good(40);
		ih_arrive_ip(wire, &p, 2);
	}
	memset(&V_ipstat, 0, sizeof(V_ipstat));
	u->n = 0;
	memset(fate, 0, sizeof(*fate));
	ih_arrive_ip(wire, q, 2);
	fate->st = V_ipstat;
	fate->n = u->n;
	if (u->n != 0) {
		fate->ii = u->ii;
		fate->len = u->p.len;
		fate->sum = pkt_sum(u->p.b, u->p.len, 0);
	}
	/* Fragments that wait would meet themselves again. */
	if (((q->b[6] << 8 | q->b[7]) & (IP_MF | IP_OFFMASK)) != 0)
		ih_run(120 * SEC);
	while (ih_sent(wire) != NULL)
		;
}

static bool
same_info(const struct ip_info *a, const struct ip_info *b)
{
	return (IN6_ARE_ADDR_EQUAL(&a->ii_src, &b->ii_src) &&
	    IN6_ARE_ADDR_EQUAL(&a->ii_dst, &b->ii_dst) &&
	    a->ii_scope == b->ii_scope && a->ii_hdrlen == b->ii_hdrlen &&
	    a->ii_tos == b->ii_tos && a->ii_ttl == b->ii_ttl &&
	    a->ii_v6 == b->ii_v6 && a->ii_front == b->ii_front &&
	    a->ii_bcast == b->ii_bcast);
}

/* What came of packet i by the short way and by the long one is the same. */
static void
require_same_fate(const struct fate *a, const struct fate *b, int i)
{
	ATF_REQUIRE_EQ_MSG(0, memcmp(&a->st, &b->st, sizeof(a->st)),
	    "packet %d is counted as something else", i);
	ATF_REQUIRE_MSG(a->n == b->n && a->len == b->len &&
	    a->sum == b->sum && same_info(&a->ii, &b->ii),
	    "packet %d is delivered as another", i);
}

/* Whatever a packet is like, what was remembered of those before it makes no
 * difference to what becomes of it. */
ATF_TC_WITHOUT_HEAD(remembered);
ATF_TC_BODY(remembered, tc)
{
	static struct pkt q;
	struct fate a, b;
	uint64_t seed = 7;
	int delivered, i, n;

	begin();
	delivered = 0;
	for (i = 0; i < 4000; i++) {
		good((uint32_t)(ih_random(&seed) % 60));
		for (n = (int)(ih_random(&seed) % 3); n > 0; n--)
			p.b[ih_random(&seed) % 20] ^=
			    (uint8_t)(1 << ih_random(&seed) % 8);
		if (ih_random(&seed) % 2 == 0 && (p.b[0] & 0xf) >= 5 &&
		    (p.b[0] & 0xfu) * 4 <= p.len)
			resum();
		if (ih_random(&seed) % 4 == 0)
			p.len += (uint32_t)(ih_random(&seed) % 9);
		else if (ih_random(&seed) % 8 == 0)
			p.len -= (uint32_t)(ih_random(&seed) % 9);
		q = p;
		find_fate(&q, true, &a);
		find_fate(&q, false, &b);
		require_same_fate(&a, &b, i);
		delivered += a.n;
	}
	ATF_CHECK_MSG(delivered > 500 && delivered < 3500, "%d", delivered);
	end();
}

/* frame as a packet that if_handover.c would call plain, its first piece bytes
 * in one mbuf, off bytes from where they are aligned. */
static struct mbuf *
handed_mbuf(const struct pkt *frame, uint32_t piece, int off)
{
	const uint32_t first = MIN(frame->len, piece);
	struct mbuf *m, *n;

	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE(m != NULL);
	m->m_data += 50 + off;
	m->m_len = (int)first;
	memcpy(m->m_data, frame->b, first);
	if (frame->len > first) {
		n = m_getcl(M_NOWAIT, MT_DATA, 0);
		ATF_REQUIRE(n != NULL);
		n->m_len = (int)(frame->len - first);
		memcpy(n->m_data, frame->b + first, frame->len - first);
		m->m_next = n;
	}
	m->m_pkthdr.len = (int)frame->len;
	m->m_pkthdr.csum_flags = CSUM_IP | CSUM_IP_TCP | CSUM_L3_CALC |
	    CSUM_L3_VALID | CSUM_L4_CALC | CSUM_L4_VALID;
	m->m_pkthdr.csum_data = 0xffff;
	m->m_pkthdr.l2hlen = ETHER_HDR_LEN;
	return (m);
}

/* From now on packets are handed to wire, and some have been, all good. */
static void
begin_handed(void)
{
	static struct pkt f;
	int i;

	forget();
	wire->if_handed = if_input_handed;
	for (i = 0; i < 3; i++) {
		good(40);
		f = p;
		ih_frame(&f, 1, 2, ETHERTYPE_IP);
		wire->if_handed(handed_mbuf(&f, 2000, 0), wire);
	}
	ATF_REQUIRE(wire->if_handed != if_input_handed);
}

/* What becomes of m, a frame, by the short way or layer by layer. */
static void
find_handed_fate(struct mbuf *m, bool handed, struct fate *fate)
{
	struct ulp *u = ih_ulp();

	if (handed)
		begin_handed();
	else
		forget();
	memset(&V_ipstat, 0, sizeof(V_ipstat));
	memset(&wire->if_data, 0, sizeof(wire->if_data));
	u->n = 0;
	memset(fate, 0, sizeof(*fate));
	if (handed)
		wire->if_handed(m, wire);
	else
		if_input(wire, m);
	fate->st = V_ipstat;
	fate->in = wire->if_data;
	fate->n = u->n;
	if (u->n != 0) {
		fate->ii = u->ii;
		fate->len = u->p.len;
		fate->sum = pkt_sum(u->p.b, u->p.len, 0);
	}
	ih_run(120 * SEC);
	while (ih_sent(wire) != NULL)
		;
}

/* A good frame, or almost. */
static void
handed_frame(uint64_t *seed, struct pkt *f)
{
	int n;

	good((uint32_t)(ih_random(seed) % 60));
	if (ih_random(seed) % 4 == 0)
		p.b[1] = (uint8_t)ih_random(seed);
	*f = p;
	ih_frame(f, 1, 2, ETHERTYPE_IP);
	for (n = (int)(ih_random(seed) % 3); n > 0; n--)
		f->b[ih_random(seed) % 34] ^=
		    (uint8_t)(1 << ih_random(seed) % 8);
	if (ih_random(seed) % 4 == 0)
		f->len += (uint32_t)(ih_random(seed) % 9);
	else if (ih_random(seed) % 8 == 0)
		f->len -= (uint32_t)(ih_random(seed) % 9);
}

/* A packet handed over comes to the same as by one layer after the other. */
ATF_TC_WITHOUT_HEAD(handed);
ATF_TC_BODY(handed, tc)
{
	static struct pkt f;
	struct fate a, b;
	uint64_t seed = 11;
	uint32_t piece;
	int delivered = 0, i, off;

	begin();
	for (i = 0; i < 4000; i++) {
		handed_frame(&seed, &f);
		piece = ih_random(&seed) % 4 == 0 ?
		    (uint32_t)(ih_random(&seed) % 80) + 1 : 2000;
		off = ih_random(&seed) % 8 == 0 ? (int)(seed % 4) : 0;
		find_handed_fate(handed_mbuf(&f, piece, off), true, &a);
		find_handed_fate(handed_mbuf(&f, piece, off), false, &b);
		ATF_REQUIRE_EQ_MSG(0, memcmp(&a.in, &b.in, sizeof(a.in)),
		    "the interface counts packet %d as something else", i);
		require_same_fate(&a, &b, i);
		delivered += a.n;
	}
	ATF_CHECK_MSG(delivered > 500 && delivered < 3500, "%d", delivered);
	end();
}

static int
ignore(void *arg __unused, const void *buf __unused, size_t len __unused)
{
	return (0);
}

/* One more of those that begin_handed() had; is it delivered? */
static bool
handed_arrives(void)
{
	static struct pkt f;
	const int n = ih_ulp()->n;

	good(40);
	f = p;
	ih_frame(&f, 1, 2, ETHERTYPE_IP);
	wire->if_handed(handed_mbuf(&f, 2000, 0), wire);
	return (ih_ulp()->n == n + 1);
}

/* What the short way takes for granted, it does no more once it has changed. */
ATF_TC_WITHOUT_HEAD(handed_no_more);
ATF_TC_BODY(handed_no_more, tc)
{
	struct in6_addr a;
	struct capture *cap;

	begin();
	a = ih_addr("10.0.0.1");
	begin_handed();
	ATF_REQUIRE_EQ(0, ifa_del(wire, &a));
	ATF_CHECK(!handed_arrives());
	ih_ifa(wire, "10.0.0.1", 24);
	begin_handed();
	ATF_CHECK(handed_arrives());
	if_down(wire);
	ATF_CHECK(!handed_arrives());
	ATF_CHECK_EQ(1, wire->if_data.ifi_iqdrops);
	if_up(wire);
	begin_handed();
	cap = capture_create(ignore, NULL, NULL);
	ATF_REQUIRE(cap != NULL);
	ATF_REQUIRE_EQ(0, if_capture_start(wire, cap, 0, NULL));
	ATF_CHECK(wire->if_handed == if_input_handed);
	ATF_CHECK(handed_arrives());
	ATF_CHECK(wire->if_handed == if_input_handed);
	if_capture_stop(wire);
	ATF_CHECK_EQ(0, capture_destroy(cap));
	begin_handed();
	ip_proto_unregister(PROTO_TEST);
	V_ipstat.ips_noproto = 0;
	ATF_CHECK(!handed_arrives());
	ATF_CHECK_EQ(1, V_ipstat.ips_noproto);
	ih_run(120 * SEC);
	while (ih_sent(wire) != NULL)
		;
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, delivered);
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, bad_headers);
	ATF_TP_ADD_TC(tp, header_checksum_by_interface);
	ATF_TP_ADD_TC(tp, padding);
	ATF_TP_ADD_TC(tp, bad_addresses);
	ATF_TP_ADD_TC(tp, for_others);
	ATF_TP_ADD_TC(tp, broadcasts);
	ATF_TP_ADD_TC(tp, ip_options);
	ATF_TP_ADD_TC(tp, long_header);
	ATF_TP_ADD_TC(tp, any_own_address);
	ATF_TP_ADD_TC(tp, no_memory);
	ATF_TP_ADD_TC(tp, remembered);
	ATF_TP_ADD_TC(tp, handed);
	ATF_TP_ADD_TC(tp, handed_no_more);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Reassembly, both families.  The host is 10.0.0.1 and fc00::1 on wire0, the
 * sender 10.0.0.2 and fc00::2.
 */
#include "ip_host.h"

static struct ifnet *wire;
static struct pkt whole, f;

static void
begin(void)
{
	ih_host("a");
	wire = ih_wire("wire0", 1);
	ih_ifa(wire, "10.0.0.1", 24);
	ih_ifa(wire, "fc00::1", 64);
	ih_neighbour(wire, "10.0.0.2", 2);
	ih_neighbour(wire, "fc00::2", 2);
}

/* What was not completed has gone by now. */
static void
end(void)
{
	ih_run(61 * SEC);
	while (ih_sent(wire) != NULL)
		;
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

static void
make(bool v6, uint32_t len)
{
	if (v6)
		pkt_ip(&whole, "fc00::2", "fc00::1", PROTO_TEST);
	else
		pkt_ip(&whole, "10.0.0.2", "10.0.0.1", PROTO_TEST);
	pkt_fill(&whole, len, 11);
	pkt_end(&whole);
}

static void
arrive(uint32_t id, uint32_t off, uint32_t len, bool more)
{
	pkt_fragment(&whole, &f, id, off, len, more);
	ih_arrive_ip(wire, &f, 2);
}

/* The n-th packet delivered is whole's payload. */
static void
complete(int n, const char *what)
{
	uint32_t hlen;

	hlen = (whole.b[0] >> 4) == 6 ? 40 : 20;
	ATF_REQUIRE_EQ_MSG(n, ih_ulp()->n, "%s: %d", what, ih_ulp()->n);
	ATF_REQUIRE_EQ(whole.len - hlen, ih_ulp()->p.len);
	ATF_REQUIRE_EQ(0, memcmp(whole.b + hlen, ih_ulp()->p.b,
	    ih_ulp()->p.len));
	ATF_REQUIRE_EQ(hlen, ih_ulp()->ii.ii_hdrlen);
	ATF_REQUIRE(ih_ulp()->contig >= (int)MIN(20, ih_ulp()->p.len));
	ATF_REQUIRE(!ih_ulp()->ii.ii_bcast);
}

/* All orders of five fragments, of several sizes. */
ATF_TC_WITHOUT_HEAD(all_orders);
ATF_TC_BODY(all_orders, tc)
{
	static const uint32_t cut[] = { 0, 8, 32, 640, 1280, 1285 };
	int i, j, left[5], n, nleft, perm, v6;
	char what[32];

	begin();
	n = 0;
	for (v6 = 0; v6 < 2; v6++)
		for (perm = 0; perm < 120; perm++) {
			make(v6, 1285);
			for (i = 0; i < 5; i++)
				left[i] = i;
			for (i = perm, nleft = 5; nleft > 0; nleft--) {
				j = i % nleft;
				i /= nleft;
				arrive((uint32_t)(perm + 1), cut[left[j]],
				    cut[left[j] + 1] - cut[left[j]],
				    left[j] != 4);
				memmove(&left[j], &left[j + 1],
				    (size_t)(nleft - j - 1) * sizeof(int));
			}
			snprintf(what, sizeof(what), "order %d", perm);
			complete(++n, what);
			ATF_REQUIRE_EQ(0, ih_mbufs());
		}
	ATF_CHECK_EQ(120, V_ipstat.ips_reassembled);
	ATF_CHECK_EQ(600, V_ip6stat.ips_fragments);
	ATF_CHECK_EQ(0, V_ipstat.ips_fragdropped);
	end();
}

/* The largest packets there are. */
ATF_TC_WITHOUT_HEAD(largest);
ATF_TC_BODY(largest, tc)
{
	uint32_t len, n, off;
	int v6;

	begin();
	for (v6 = 0; v6 < 2; v6++) {
		len = v6 ? 65535 : 65515;
		make(v6, len);
		for (off = 0; off < len; off += n) {
			n = MIN(len - off, 1448);
			arrive(5, off, n, off + n < len);
		}
		complete(v6 + 1, "largest");
	}
	end();
}

ATF_TC_WITHOUT_HEAD(duplicates);
ATF_TC_BODY(duplicates, tc)
{
	int i, v6;

	begin();
	for (v6 = 0; v6 < 2; v6++) {
		make(v6, 300);
		for (i = 0; i < 3; i++)
			arrive(1, 0, 104, true);
		for (i = 0; i < 3; i++)
			arrive(1, 200, 100, false);
		ATF_CHECK_EQ(v6, ih_ulp()->n);
		arrive(1, 104, 96, true);
		complete(v6 + 1, "duplicates");
		ATF_CHECK_EQ(0, ih_mbufs());
		/* One that comes late is the first of another packet. */
		arrive(1, 104, 96, true);
		ATF_CHECK_EQ(v6 + 1, ih_ulp()->n);
		ih_run(61 * SEC);
	}
	end();
}

/* Fragments that overlap, or contradict each other: none is used, nor what
 * comes after. */
ATF_TC_WITHOUT_HEAD(overlap);
ATF_TC_BODY(overlap, tc)
{
	static const struct {
		uint32_t off, len;
		bool more;
	} bad[] = {
		{ 0, 96, true }, { 0, 112, true }, { 8, 8, true },
		{ 96, 16, true }, { 96, 112, true }, { 8, 96, true },
		{ 192, 16, true }, { 200, 104, true }, { 200, 92, false },
		{ 208, 92, false }, { 296, 8, true }, { 104, 104, true },
		{ 104, 96, false }, { 304, 8, true }, { 304, 8, false }
	};
	uint64_t before;
	size_t i;
	int v6;

	begin();
	ih_sysctl("net.inet.icmp.icmplim", "0");
	ih_sysctl("net.inet6.icmp6.errppslimit", "0");
	for (v6 = 0; v6 < 2; v6++)
		for (i = 0; i < nitems(bad); i++) {
			make(v6, 400);
			arrive((uint32_t)i, 0, 104, true);
			arrive((uint32_t)i, 200, 100, false);
			arrive((uint32_t)i, bad[i].off, bad[i].len,
			    bad[i].more);
			/* Nothing is kept, and the gap's right filling is
			 * of no use. */
			ATF_CHECK_EQ_MSG(0, ih_mbufs(), "%zu", i);
			before = V_ipstat.ips_fragdropped +
			    V_ip6stat.ips_fragdropped;
			arrive((uint32_t)i, 0, 104, true);
			arrive((uint32_t)i, 104, 96, true);
			arrive((uint32_t)i, 200, 100, false);
			ATF_CHECK_EQ(before + 3, V_ipstat.ips_fragdropped +
			    V_ip6stat.ips_fragdropped);
			ATF_CHECK_EQ_MSG(0, ih_ulp()->n, "%zu", i);
			/* In time the name is free again. */
			ih_run(61 * SEC);
			while (ih_sent(wire) != NULL)
				;
		}
	/* An end that comes after what it cuts off. */
	for (v6 = 0; v6 < 2; v6++) {
		make(v6, 400);
		arrive(99, 200, 104, true);
		arrive(99, 104, 96, false);
		ATF_CHECK_EQ(0, ih_mbufs());
	}
	make(false, 300);
	arrive(0, 0, 152, true);
	arrive(0, 152, 148, false);
	complete(1, "after the overlaps");
	end();
}

/* Packets are told apart by addresses, identification and, in IPv4,
 * protocol. */
ATF_TC_WITHOUT_HEAD(told_apart);
ATF_TC_BODY(told_apart, tc)
{
	struct pkt other;

	begin();
	make(false, 300);
	arrive(1, 0, 152, true);
	arrive(2, 152, 148, false);
	other = whole;
	whole.b[15] = 3;
	pkt_end(&whole);
	arrive(1, 152, 148, false);
	whole = other;
	whole.b[9] = PROTO_TEST + 1;
	pkt_end(&whole);
	arrive(1, 152, 148, false);
	ATF_CHECK_EQ(0, ih_ulp()->n);
	whole = other;
	arrive(1, 152, 148, false);
	complete(1, "told apart");
	/* In IPv6 the first fragment says which protocol it is. */
	make(true, 300);
	pkt_fragment(&whole, &f, 7, 152, 148, false);
	f.b[40] = PROTO_TEST + 1;
	ih_arrive_ip(wire, &f, 2);
	arrive(7, 0, 152, true);
	complete(2, "IPv6");
	end();
}

ATF_TC_WITHOUT_HEAD(malformed);
ATF_TC_BODY(malformed, tc)
{
	const struct pkt *s;

	begin();
	make(false, 300);
	arrive(1, 0, 100, true);		/* not a multiple of 8 */
	arrive(2, 8, 0, true);			/* nothing in it */
	arrive(3, 8, 0, false);
	pkt_fragment(&whole, &f, 4, 0, 80, false);
	f.b[6] = 0x1f;
	f.b[7] = 0xff;				/* beyond 65535 */
	pkt_end(&f);
	ih_arrive_ip(wire, &f, 2);
	ATF_CHECK_EQ(4, V_ipstat.ips_fragdropped);
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());

	make(true, 300);
	arrive(2, 8, 0, true);
	arrive(3, 8, 0, false);
	ATF_CHECK_EQ(2, V_ip6stat.ips_fragdropped);
	ih_quiet(wire);
	/* The sender hears of a wrong length, and of one too large. */
	arrive(1, 0, 100, true);
	s = ih_sent(wire);
	ATF_REQUIRE(s != NULL);
	ATF_CHECK_EQ(0, memcmp(s->b + 54, "\x04\x00", 2));
	ATF_CHECK_EQ(4, s->b[61]);
	pkt_fragment(&whole, &f, 4, 0, 80, false);
	f.b[42] = 0xff;
	f.b[43] = 0xf8;
	ih_arrive_ip(wire, &f, 2);
	s = ih_sent(wire);
	ATF_REQUIRE(s != NULL);
	ATF_CHECK_EQ(0, memcmp(s->b + 54, "\x04\x00", 2));
	ATF_CHECK_EQ(42, s->b[61]);
	/* Too short for its fragment header. */
	f.len = 46;
	pkt_end(&f);
	ih_arrive_ip(wire, &f, 2);
	ATF_CHECK_EQ(1, V_ip6stat.ips_badhlen);
	ATF_CHECK_EQ(0, ih_mbufs());
	end();
}

/* A fragment that is a whole packet touches no other (RFC 6946). */
ATF_TC_WITHOUT_HEAD(atomic);
ATF_TC_BODY(atomic, tc)
{
	begin();
	make(true, 300);
	arrive(1, 0, 152, true);
	arrive(1, 0, 300, false);
	complete(1, "atomic");
	arrive(1, 152, 148, false);
	complete(2, "the other");
	end();
}

/* Extension headers in front of the fragment header stay, whatever they are
 * in the fragment that completes the packet. */
ATF_TC_WITHOUT_HEAD(extension_headers);
ATF_TC_BODY(extension_headers, tc)
{
	static struct pkt g;
	int i, order;

	begin();
	for (order = 0; order < 2; order++)
		for (i = 0; i < 2; i++) {
			make(true, 304);
			pkt_fragment(&whole, &f, 1, i == order ? 0 : 152, 152,
			    i == order);
			if (i == order) {
				/* 64 bytes of padding, in the first only */
				g = f;
				memcpy(g.b, f.b, 40);
				g.b[6] = IPPROTO_DSTOPTS;
				memset(g.b + 40, 0, 64);
				g.b[40] = IPPROTO_FRAGMENT;
				g.b[41] = 7;
				g.b[42] = 1;
				g.b[43] = 60;
				memcpy(g.b + 104, f.b + 40, f.len - 40);
				g.len = f.len + 64;
				pkt_end(&g);
				ih_arrive_ip(wire, &g, 2);
			} else
				ih_arrive_ip(wire, &f, 2);
			if (i == 0)
				continue;
			ATF_REQUIRE_EQ(order + 1, ih_ulp()->n);
			ATF_CHECK_EQ(104, ih_ulp()->ii.ii_hdrlen);
			ATF_CHECK_EQ(304, ih_ulp()->p.len);
			ATF_CHECK_EQ(0, memcmp(whole.b + 40, ih_ulp()->p.b,
			    304));
		}
	end();
}

/* Put a destination options header of len bytes in front of the fragment
 * header of f. */
static void
extend(struct pkt *x, uint32_t len)
{
	memmove(x->b + 40 + len, x->b + 40, x->len - 40);
	memset(x->b + 40, 0, len);
	x->b[6] = IPPROTO_DSTOPTS;
	x->b[40] = IPPROTO_FRAGMENT;
	x->b[41] = (uint8_t)(len / 8 - 1);
	x->len += len;
	pkt_end(x);
}

/* What was put together is a packet like any other: seen in the complaint
 * about its unknown transport. */
ATF_TC_WITHOUT_HEAD(header_of_the_whole);
ATF_TC_BODY(header_of_the_whole, tc)
{
	static struct pkt want;
	const struct pkt *s;

	begin();
	make(true, 304);
	whole.b[6] = PROTO_TEST + 1;
	pkt_fragment(&whole, &f, 1, 0, 152, true);
	extend(&f, 64);
	ih_arrive_ip(wire, &f, 2);
	arrive(1, 152, 152, false);
	s = ih_sent(wire);
	ATF_REQUIRE(s != NULL);
	ATF_CHECK_EQ(0, memcmp(s->b + 54, "\x04\x01", 2));
	ATF_CHECK_EQ(40, s->b[61]);
	want = whole;
	extend(&want, 64);
	want.b[40] = PROTO_TEST + 1;
	ATF_CHECK_EQ(62 + want.len, s->len);
	ATF_CHECK_EQ(0, memcmp(want.b, s->b + 62, want.len));
	end();
}

/* So much in front of a fragment is not put in front of a packet. */
ATF_TC_WITHOUT_HEAD(long_header);
ATF_TC_BODY(long_header, tc)
{
	uint32_t len;
	int n;

	begin();
	n = 0;
	for (len = 80; len <= 1000; len += 8) {
		make(true, 304);
		pkt_fragment(&whole, &f, len, 0, 152, true);
		extend(&f, len);
		ih_arrive_ip(wire, &f, 2);
		pkt_fragment(&whole, &f, len, 152, 152, false);
		extend(&f, len);
		ih_arrive_ip(wire, &f, 2);
		n += len <= MHLEN - max_linkhdr - 40;
		ATF_CHECK_EQ_MSG(n, ih_ulp()->n, "%u", len);
		ATF_CHECK_EQ(0, ih_mbufs());
	}
	end();
}

/* IPv4 options of the first fragment are the packet's. */
ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	static struct pkt g;

	begin();
	make(false, 300);
	arrive(1, 152, 148, false);
	pkt_fragment(&whole, &f, 1, 0, 152, true);
	memcpy(g.b, f.b, 20);
	memset(g.b + 20, 1, 40);
	memcpy(g.b + 60, f.b + 20, 152);
	g.b[0] = 0x4f;
	g.len = f.len + 40;
	pkt_end(&g);
	ih_arrive_ip(wire, &g, 2);
	ATF_REQUIRE_EQ(1, ih_ulp()->n);
	ATF_CHECK_EQ(60, ih_ulp()->ii.ii_hdrlen);
	ATF_CHECK_EQ(300, ih_ulp()->p.len);
	end();
}

static void
check_timeout(bool v6, uint32_t seconds)
{
	static struct pkt want;
	const struct pkt *s;
	nstime_t begun;

	make(v6, 300);
	begun = ih_now();
	arrive(1, 0, 152, true);
	pkt_fragment(&whole, &f, 1, 0, 152, true);
	ih_run(10 * SEC);
	arrive(1, 200, 48, true);	/* does not make it live longer */
	ih_run((seconds - 10) * SEC - 1);
	ih_quiet(wire);
	ih_run(1 * MSEC);
	if (v6) {
		pkt_ip(&want, "fc00::1", "fc00::2", IPPROTO_ICMPV6);
		memcpy(want.b + 40, "\x03\x01\0\0\0\0\0\0", 8);
	} else {
		pkt_ip(&want, "10.0.0.1", "10.0.0.2", IPPROTO_ICMP);
		memcpy(want.b + 20, "\x0b\x01\0\0\0\0\0\0", 8);
	}
	pkt_fragment(&whole, &f, 1, 0, 152, true);
	memcpy(want.b + want.len + 8, f.b, f.len);
	want.len += 8 + f.len;
	pkt_end(&want);
	pkt_ulp_sum(&want, v6 ? 40 : 20, v6 ? 42 : 22,
	    v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (!v6) {
		/* The identification is the host's to choose. */
		s = ih_sent(wire);
		ATF_REQUIRE(s != NULL);
		ATF_CHECK_EQ(begun + seconds * SEC, s->time);
		ATF_CHECK_EQ(want.len + 14, s->len);
		ATF_CHECK_EQ(0, memcmp(want.b + 12, s->b + 26, want.len -
		    12));
	} else
		PKT_SENT(wire, &want, 2);
	ATF_CHECK_EQ(0, ih_mbufs());
	/* Without the first fragment there is nothing to say. */
	arrive(2, 152, 148, false);
	ih_run(61 * SEC);
	/* (Whether the neighbour is still there is asked meanwhile.) */
	while ((s = ih_sent(wire)) != NULL)
		ATF_CHECK(v6 && s->b[54] == ND_NEIGHBOR_SOLICIT);
	ATF_CHECK_EQ(2, (v6 ? &V_ip6stat : &V_ipstat)->ips_fragtimeout);
}

ATF_TC_WITHOUT_HEAD(timeout4);
ATF_TC_BODY(timeout4, tc)
{
	begin();
	check_timeout(false, 30);
	end();
}

ATF_TC_WITHOUT_HEAD(timeout6);
ATF_TC_BODY(timeout6, tc)
{
	begin();
	/* It is asked for again in the meantime. */
	check_timeout(true, 60);
	end();
}

/* The fields of three fragments, and the packet's; -1: dropped. */
static const struct {
	int frag[3], whole;
} ecn[] = {
	{ { 0, 0, 0 }, 0 }, { { 2, 2, 2 }, 2 }, { { 1, 1, 1 }, 1 },
	{ { 3, 3, 3 }, 3 }, { { 2, 3, 2 }, 3 }, { { 1, 1, 3 }, 3 },
	{ { 3, 2, 2 }, 3 }, { { 0, 3, 0 }, -1 }, { { 3, 0, 0 }, -1 },
	{ { 3, 2, 0 }, -1 }, { { 2, 1, 2 }, 2 }
};

ATF_TC_WITHOUT_HEAD(congestion_marks);
ATF_TC_BODY(congestion_marks, tc)
{
	int j, n, v6;
	size_t i;

	begin();
	n = 0;
	for (v6 = 0; v6 < 2; v6++)
		for (i = 0; i < nitems(ecn); i++) {
			make(v6, 300);
			for (j = 2; j >= 0; j--) {
				if (v6)
					whole.b[1] = (uint8_t)(
					    ecn[i].frag[j] << 4);
				else
					whole.b[1] = (uint8_t)(0x40 |
					    ecn[i].frag[j]);
				arrive((uint32_t)i, 104u * (uint32_t)j,
				    j == 2 ? 92 : 104, j != 2);
			}
			n += ecn[i].whole >= 0;
			ATF_REQUIRE_EQ_MSG(n, ih_ulp()->n, "%zu", i);
			if (ecn[i].whole >= 0)
				ATF_CHECK_EQ((v6 ? 0 : 0x40) | ecn[i].whole,
				    ih_ulp()->ii.ii_tos);
		}
	end();
}

ATF_TC_WITHOUT_HEAD(limit_of_packets);
ATF_TC_BODY(limit_of_packets, tc)
{
	uint32_t id;
	int v6;

	begin();
	ih_sysctl("net.inet.ip.maxfragpackets", "3");
	ih_sysctl("net.inet6.ip6.maxfragpackets", "3");
	for (v6 = 0; v6 < 2; v6++) {
		make(v6, 300);
		for (id = 0; id < 5; id++)
			arrive(id, 0, 152, true);
		/* The oldest two made room. */
		for (id = 5; id-- > 0; )
			arrive(id, 152, 148, false);
		ATF_CHECK_EQ(3 * (v6 + 1), ih_ulp()->n);
	}
	ih_run(61 * SEC);
	ih_sysctl("net.inet.ip.maxfragpackets", "0");
	make(false, 300);
	arrive(1, 0, 152, true);
	arrive(1, 152, 148, false);
	ATF_CHECK_EQ(6, ih_ulp()->n);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_sysctl("net.inet.ip.maxfragpackets", "-1");
	arrive(1, 0, 152, true);
	arrive(1, 152, 148, false);
	ATF_CHECK_EQ(7, ih_ulp()->n);
	end();
}

ATF_TC_WITHOUT_HEAD(limit_of_fragments);
ATF_TC_BODY(limit_of_fragments, tc)
{
	uint32_t i;
	int max, v6;

	begin();
	for (v6 = 0; v6 < 2; v6++)
		for (max = 9; max <= 10; max++) {
			ih_sysctl(v6 ? "net.inet6.ip6.maxfragsperpacket" :
			    "net.inet.ip.maxfragsperpacket",
			    max == 9 ? "9" : "10");
			make(v6, 80);
			for (i = 0; i < 10; i++)
				arrive((uint32_t)max, i * 8, 8, i != 9);
			ATF_CHECK_EQ(v6 + (max == 10), ih_ulp()->n);
			ATF_CHECK_EQ(0, ih_mbufs());
		}
	end();
}

/* However much is sent, no more than so much memory is held. */
ATF_TC_WITHOUT_HEAD(limit_of_memory);
ATF_TC_BODY(limit_of_memory, tc)
{
	uint32_t id;

	begin();
	make(false, 300);
	/* Each holds a cluster of 16 KiB. */
	for (id = 0; id < 1000; id++) {
		arrive(id, 0, 152, true);
		ATF_REQUIRE(uma_zone_get_cur(
		    curvnet->vnet_mbufs->mp_jumbo16) <= 256);
	}
	arrive(999, 152, 148, false);
	ATF_CHECK_EQ(1, ih_ulp()->n);
	arrive(0, 152, 148, false);
	ATF_CHECK_EQ(1, ih_ulp()->n);
	end();
}

/* What waits is forgotten with the host, and outlives the interface. */
ATF_TC_WITHOUT_HEAD(interface_goes);
ATF_TC_BODY(interface_goes, tc)
{
	struct ifnet *other;

	begin();
	other = ih_wire("wire1", 9);
	ih_ifa(other, "10.9.0.1", 24);
	ih_neighbour(other, "10.9.0.2", 2);
	make(false, 300);
	pkt_fragment(&whole, &f, 1, 0, 152, true);
	ih_arrive_ip(other, &f, 2);
	pkt_fragment(&whole, &f, 2, 0, 152, true);
	ih_arrive_ip(other, &f, 2);
	if_detach(other);
	arrive(2, 152, 148, false);
	complete(1, "over another interface");
	ih_run(31 * SEC);
	ATF_CHECK(ih_sent(wire) != NULL);
	arrive(3, 0, 152, true);
	ih_end();
}

ATF_TC_WITHOUT_HEAD(no_memory);
ATF_TC_BODY(no_memory, tc)
{
	uint32_t id;
	int n, v6;

	begin();
	id = 0;
	for (v6 = 0; v6 < 2; v6++)
		for (n = 0; n < 6; n++) {
			make(v6, 300);
			arrive(++id, 0, 152, true);
			pkt_fragment(&whole, &f, id, 152, 148, false);
			uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf,
			    (u_int)n + 1);
			ih_arrive_ip(wire, &f, 2);
			uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf,
			    UINT64_MAX);
			ATF_CHECK_EQ(0, ih_mbufs());
		}
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all_orders);
	ATF_TP_ADD_TC(tp, largest);
	ATF_TP_ADD_TC(tp, duplicates);
	ATF_TP_ADD_TC(tp, overlap);
	ATF_TP_ADD_TC(tp, told_apart);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, atomic);
	ATF_TP_ADD_TC(tp, extension_headers);
	ATF_TP_ADD_TC(tp, header_of_the_whole);
	ATF_TP_ADD_TC(tp, long_header);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, timeout4);
	ATF_TP_ADD_TC(tp, timeout6);
	ATF_TP_ADD_TC(tp, congestion_marks);
	ATF_TP_ADD_TC(tp, limit_of_packets);
	ATF_TP_ADD_TC(tp, limit_of_fragments);
	ATF_TP_ADD_TC(tp, limit_of_memory);
	ATF_TP_ADD_TC(tp, interface_goes);
	ATF_TP_ADD_TC(tp, no_memory);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IPv6 input: what is delivered, and how; what is not, and what the sender
 * hears of it.  The host is fc00::1/64 on wire0, its peer fc00::2.
 */
#include <stdio.h>

#include "../netinet/ip_host.h"

static struct ifnet *wire;
static struct pkt p, want;

static void
begin(void)
{
	ih_host("a");
	wire = ih_wire("wire0", 1);
	ih_ifa(wire, "fc00::1", 64);
	ih_neighbour(wire, "fc00::2", 2);
	ih_sysctl("net.inet6.icmp6.errppslimit", "0");
}

static void
end(void)
{
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

/* A packet with these extension headers, the first named first, and len
 * bytes of payload. */
static void
make(uint8_t first, const char *extensions, uint32_t len)
{
	struct pkt x;

	pkt_ip(&p, "fc00::2", "fc00::1", first);
	pkt_hex(&x, extensions);
	memcpy(p.b + 40, x.b, x.len);
	p.len += x.len;
	pkt_fill(&p, len, 1);
	pkt_end(&p);
}

/* The sender is told: type, code and pointer. */
static void
complained(uint8_t type, uint8_t code, uint32_t arg, const char *what)
{
	uint32_t quoted;

	quoted = MIN(p.len, 1280 - 48);
	pkt_ip(&want, "fc00::1", "fc00::2", IPPROTO_ICMPV6);
	memset(want.b + 40, 0, 8);
	want.b[40] = type;
	want.b[41] = code;
	want.b[46] = (uint8_t)(arg >> 8);
	want.b[47] = (uint8_t)arg;
	memcpy(want.b + 48, p.b, quoted);
	want.len = 48 + quoted;
	pkt_end(&want);
	pkt_ulp_sum(&want, 40, 42, IPPROTO_ICMPV6);
	ih_frame(&want, 2, 1, ETHERTYPE_IPV6);
	fprintf(stderr, "%s\n", what);
	PKT_EQUAL(&want, ih_sent(wire));
}

ATF_TC_WITHOUT_HEAD(delivered);
ATF_TC_BODY(delivered, tc)
{
	char buf[64];
	struct ulp *u;

	begin();
	u = ih_ulp();
	make(PROTO_TEST, "", 100);
	p.b[0] = 0x6b;
	p.b[1] = 0x91;
	p.b[2] = 0x23;
	p.b[7] = 9;
	ih_arrive_ip(wire, &p, 2);
	ATF_REQUIRE_EQ(1, u->n);
	ATF_CHECK_EQ(100, u->p.len);
	ATF_CHECK_EQ(0, memcmp(p.b + 40, u->p.b, 100));
	ATF_CHECK_EQ(40, u->ii.ii_hdrlen);
	ATF_CHECK_EQ(0xb9, u->ii.ii_tos);
	ATF_CHECK_EQ(9, u->ii.ii_ttl);
	ATF_CHECK(u->ii.ii_v6 && !u->ii.ii_bcast && u->ii.ii_front);
	ATF_CHECK_EQ(0, u->ii.ii_scope);
	ATF_CHECK_STREQ("fc00::2", in_ntop(&u->ii.ii_src, buf, 64));
	ATF_CHECK_STREQ("fc00::1", in_ntop(&u->ii.ii_dst, buf, 64));
	/* Padding of the frame is no part of it. */
	make(PROTO_TEST, "", 3);
	pkt_fill(&p, 17, 0xaa);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(3, u->p.len);
	end();
}

ATF_TC_WITHOUT_HEAD(pieces);
ATF_TC_BODY(pieces, tc)
{
	static struct pkt f;
	uint32_t len;
	int off, piece;

	begin();
	for (len = 0; len < 90; len += 9)
		for (piece = 1; piece < 120; piece += 3)
			for (off = 0; off < 4; off++) {
				make(PROTO_TEST, "", len);
				f = p;
				ih_frame(&f, 1, 2, ETHERTYPE_IPV6);
				while (f.len < 60)
					f.b[f.len++] = 0xee;
				ih_ulp()->n = 0;
				ih_arrive_pieces(wire, &f, piece, off);
				ATF_REQUIRE_EQ(1, ih_ulp()->n);
				ATF_REQUIRE_EQ(len, ih_ulp()->p.len);
				ATF_REQUIRE_EQ(0, memcmp(ih_ulp()->p.b,
				    p.b + 40, len));
				ATF_REQUIRE(ih_ulp()->contig >=
				    (int)MIN(len, 20));
			}
	end();
}

/* Extension headers that a packet may have; its payload is 20 bytes. */
static const struct {
	uint8_t first;
	const char *headers;
} passing[] = {
	{ IPPROTO_HOPOPTS, "fd00 0104 00000000" },
	{ IPPROTO_HOPOPTS, "fd00 0000 0000 0000" },	/* Pad1 six times */
	{ IPPROTO_HOPOPTS, "fd00 0502 0000 0100" },	/* router alert */
	{ IPPROTO_HOPOPTS, "fd01 3e0c 000102030405060708090a0b" },
	{ IPPROTO_DSTOPTS, "fd00 0104 00000000" },
	{ IPPROTO_DSTOPTS, "3c00 0104 00000000 fd00 0104 00000000" },
	{ IPPROTO_HOPOPTS, "3c00 0104 00000000 2b00 0104 00000000"
	    "3c00 0000 00000000 fd00 0104 00000000" },
	{ IPPROTO_ROUTING, "fd00 0000 00000000" },	/* at its end */
	{ IPPROTO_ROUTING, "fd02 fc00 00000000"
	    "00000000000000000000000000000000" },
	{ IPPROTO_FRAGMENT, "fd00 0000 12345678" },	/* all of it */
	{ IPPROTO_HOPOPTS, "2c00 0104 00000000 3cff 0000 12345678"
	    "fd00 0104 00000000" }
};

ATF_TC_WITHOUT_HEAD(extension_headers);
ATF_TC_BODY(extension_headers, tc)
{
	static struct pkt f;
	uint32_t hlen;
	size_t i;
	int n, piece;

	begin();
	n = 0;
	for (i = 0; i < nitems(passing); i++)
		for (piece = 1; piece < 150; piece += 7) {
			make(passing[i].first, passing[i].headers, 20);
			hlen = p.len - 20;
			f = p;
			ih_frame(&f, 1, 2, ETHERTYPE_IPV6);
			ih_arrive_pieces(wire, &f, piece, 2);
			ATF_REQUIRE_EQ_MSG(++n, ih_ulp()->n, "%zu, %d", i,
			    piece);
			if (passing[i].first == IPPROTO_FRAGMENT || i == 10)
				hlen -= 8;
			ATF_CHECK_EQ(hlen, ih_ulp()->ii.ii_hdrlen);
			ATF_CHECK_EQ(20, ih_ulp()->p.len);
			ATF_CHECK_EQ(0, memcmp(p.b + p.len - 20,
			    ih_ulp()->p.b, 20));
		}
	end();
}

/* Headers of 2048 bytes: too much to be in one piece, and legal. */
ATF_TC_WITHOUT_HEAD(long_header);
ATF_TC_BODY(long_header, tc)
{
	static struct pkt f;
	int i, piece;

	begin();
	for (piece = 1; piece < 7000; piece = piece * 3 + 1) {
		pkt_ip(&p, "fc00::2", "fc00::1", IPPROTO_DSTOPTS);
		memset(p.b + 40, 0, 2048);
		p.b[40] = PROTO_TEST;
		p.b[41] = 255;
		for (i = 0; i < 7; i++) {
			p.b[42 + i * 257] = 1;
			p.b[43 + i * 257] = 255;
		}
		p.len += 2048;
		pkt_fill(&p, 100, 3);
		pkt_end(&p);
		f = p;
		ih_frame(&f, 1, 2, ETHERTYPE_IPV6);
		ih_ulp()->n = 0;
		ih_arrive_pieces(wire, &f, piece, 2);
		ATF_REQUIRE_EQ_MSG(1, ih_ulp()->n, "%d", piece);
		ATF_CHECK_EQ(2088, ih_ulp()->ii.ii_hdrlen);
		ATF_CHECK_EQ(100, ih_ulp()->p.len);
		ATF_CHECK_EQ(0, memcmp(p.b + 2088, ih_ulp()->p.b, 100));
		ATF_CHECK(ih_ulp()->contig >= 20);
		/* A driver that has it in one piece leaves it there. */
		ATF_CHECK_EQ(piece > 2122, ih_ulp()->ii.ii_front);
	}
	end();
}

/* Headers that a packet may not have: the problem's code and place; -1: it
 * is dropped in silence. */
static const struct {
	uint8_t first;
	const char *headers;
	int code, where;
} wrong[] = {
	{ IPPROTO_DSTOPTS, "fd00 4104 00000000", -1, 0 },	/* 01: drop */
	{ IPPROTO_DSTOPTS, "fd00 8104 00000000", 2, 42 },	/* 10: say */
	{ IPPROTO_DSTOPTS, "fd00 c104 00000000", 2, 42 },	/* 11: say */
	{ IPPROTO_HOPOPTS, "fd00 0100 c202 0000", 2, 44 },
	{ IPPROTO_HOPOPTS, "3c00 0104 00000000 fd00 0000 0000 8100", 2, 54 },
	{ IPPROTO_DSTOPTS, "fd00 0105 00000000", 0, 43 },	/* too long */
	{ IPPROTO_DSTOPTS, "fd00 0102 0000 0001", 0, 47 },	/* no length */
	{ IPPROTO_DSTOPTS, "fd05 0104 00000000", -1, 0 },	/* cut off */
	{ IPPROTO_DSTOPTS, "0000 0104 00000000 fd00 0104 00000000", 1, 40 },
	{ IPPROTO_HOPOPTS, "0000 0104 00000000 fd00 0104 00000000", 1, 40 },
	{ IPPROTO_ROUTING, "fd02 0001 00000000"			/* type 0 */
	    "fc000000000000000000000000000009", 0, 42 },
	{ IPPROTO_ROUTING, "fd00 fd01 00000000", 0, 42 },
	{ PROTO_TEST + 1, "", 1, 6 },
	{ 50, "", 1, 6 },
	{ IPPROTO_DSTOPTS, "fe00 0104 00000000", 1, 40 },
	{ IPPROTO_NONE, "", -1, 0 },
	{ IPPROTO_DSTOPTS, "3b00 0104 00000000", -1, 0 }
};

ATF_TC_WITHOUT_HEAD(wrong_headers);
ATF_TC_BODY(wrong_headers, tc)
{
	char what[32];
	size_t i;

	begin();
	for (i = 0; i < nitems(wrong); i++) {
		make(wrong[i].first, wrong[i].headers, 20);
		ih_arrive_ip(wire, &p, 2);
		snprintf(what, sizeof(what), "header %zu", i);
		ATF_CHECK_EQ_MSG(0, ih_ulp()->n, "%zu", i);
		if (wrong[i].code >= 0)
			complained(4, (uint8_t)wrong[i].code,
			    (uint32_t)wrong[i].where, what);
		else
			ATF_CHECK_EQ_MSG(NULL, ih_sent(wire), "%zu", i);
	}
	end();
}

/* Of options that came to a group only those with 10 are told. */
ATF_TC_WITHOUT_HEAD(options_to_all);
ATF_TC_BODY(options_to_all, tc)
{
	const struct in6_addr all = ih_addr("ff02::1");
	int i;

	begin();
	for (i = 0; i < 2; i++) {
		make(IPPROTO_DSTOPTS, i == 0 ? "fd00 c104 00000000" :
		    "fd00 8104 00000000", 20);
		memcpy(p.b + 24, all.s6_addr, 16);
		ih_arrive_ip(wire, &p, 2);
		if (i == 1)
			complained(4, 2, 42, "10");
		ATF_CHECK_EQ(NULL, ih_sent(wire));
	}
	/* Nor is an unknown transport. */
	make(PROTO_TEST + 1, "", 20);
	memcpy(p.b + 24, all.s6_addr, 16);
	ih_arrive_ip(wire, &p, 2);
	end();
}

/* There is an end to the number of headers. */
ATF_TC_WITHOUT_HEAD(many_headers);
ATF_TC_BODY(many_headers, tc)
{
	int i, n;

	begin();
	for (n = 1; n < 200; n += n < 20 ? 1 : 50) {
		pkt_ip(&p, "fc00::2", "fc00::1", IPPROTO_DSTOPTS);
		for (i = 0; i < n; i++) {
			memset(p.b + p.len, 0, 8);
			p.b[p.len] = i < n - 1 ? IPPROTO_DSTOPTS : PROTO_TEST;
			p.b[p.len + 2] = 1;
			p.b[p.len + 3] = 4;
			p.len += 8;
		}
		pkt_end(&p);
		ih_ulp()->n = 0;
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(n <= 16, ih_ulp()->n, "%d", n);
	}
	/* Fragments within fragments within fragments. */
	pkt_ip(&p, "fc00::2", "fc00::1", IPPROTO_FRAGMENT);
	memset(p.b + 40, 0, 1200);
	for (i = 0; i < 150; i++)
		p.b[40 + i * 8] = IPPROTO_FRAGMENT;
	p.len = 1240;
	pkt_end(&p);
	ih_arrive_ip(wire, &p, 2);
	end();
}

ATF_TC_WITHOUT_HEAD(bad_headers);
ATF_TC_BODY(bad_headers, tc)
{
	int version;

	begin();
	for (version = 0; version < 16; version++) {
		if (version == 6)
			continue;
		make(PROTO_TEST, "", 20);
		ih_frame(&p, 1, 2, ETHERTYPE_IPV6);
		p.b[14] = (uint8_t)(version << 4);
		ih_arrive(wire, &p);
	}
	ATF_CHECK_EQ(15, V_ip6stat.ips_badvers);
	make(PROTO_TEST, "", 20);
	p.b[5]++;
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(1, V_ip6stat.ips_tooshort);
	make(PROTO_TEST, "", 0);
	p.len = 39;
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(2, V_ip6stat.ips_tooshort);
	ATF_CHECK_EQ(0, ih_ulp()->n);
	end();
}

/* Addresses that nobody may have on a wire. */
ATF_TC_WITHOUT_HEAD(bad_addresses);
ATF_TC_BODY(bad_addresses, tc)
{
	static const struct {
		const char *src, *dst;
	} t[] = {
		{ "ff02::1", "fc00::1" }, { "ff0e::1", "fc00::1" },
		{ "::1", "fc00::1" }, { "fc00::2", "::1" },
		{ "fc00::1", "fc00::1" }, { "fc00::2", "::" },
		{ "fe80::ff:fe00:1", "fc00::1" }
	};
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		pkt_ip(&p, t[i].src, t[i].dst, PROTO_TEST);
		pkt_end(&p);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(i + 1, V_ip6stat.ips_badaddr, "%s to %s",
		    t[i].src, t[i].dst);
	}
	ATF_CHECK_EQ(0, ih_ulp()->n);
	/* Mapped addresses mean IPv4 in here, and nothing out there. */
	ih_ifa(wire, "10.0.0.1", 24);
	for (i = 0; i < 2; i++) {
		make(PROTO_TEST, "", 20);
		memset(p.b + (i == 0 ? 8 : 24), 0, 10);
		memcpy(p.b + (i == 0 ? 8 : 24) + 10, i == 0 ?
		    "\xff\xff\x0a\0\0\x02" : "\xff\xff\x0a\0\0\x01", 6);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ(nitems(t) + i + 1, V_ip6stat.ips_badaddr);
	}
	end();
}

/* Groups: those of the link and of our addresses, no others. */
ATF_TC_WITHOUT_HEAD(groups);
ATF_TC_BODY(groups, tc)
{
	static const struct {
		const char *dst;
		bool ours;
	} t[] = {
		{ "ff02::1", true }, { "ff01::1", true },
		{ "ff02::1:ff00:1", true },	/* of both our addresses */
		{ "ff02::1:ff00:2", false }, { "ff02::2", false },
		{ "ff05::1", false }, { "ff02::1:ff01:1", false },
		{ "ff05::1:ff00:1", false }, { "fc00::9", false }
	};
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		pkt_ip(&p, "fc00::2", t[i].dst, PROTO_TEST);
		pkt_end(&p);
		ih_ulp()->n = 0;
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(t[i].ours, ih_ulp()->n, "%s", t[i].dst);
		if (t[i].ours)
			ATF_CHECK(ih_ulp()->ii.ii_bcast);
	}
	end();
}

/* A link-local address is that of one interface, and so is what it gets. */
ATF_TC_WITHOUT_HEAD(link_local);
ATF_TC_BODY(link_local, tc)
{
	struct ifnet *other;

	begin();
	other = ih_wire("wire1", 9);
	pkt_ip(&p, "fe80::2", "fe80::ff:fe00:9", PROTO_TEST);
	pkt_end(&p);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(0, ih_ulp()->n);
	ih_arrive_ip(other, &p, 2);
	ATF_CHECK_EQ(1, ih_ulp()->n);
	ATF_CHECK_EQ(other->if_index, ih_ulp()->ii.ii_scope);
	pkt_ip(&p, "fe80::2", "fe80::ff:fe00:1", PROTO_TEST);
	pkt_end(&p);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(2, ih_ulp()->n);
	ATF_CHECK_EQ(wire->if_index, ih_ulp()->ii.ii_scope);
	ih_quiet(other);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, delivered);
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, extension_headers);
	ATF_TP_ADD_TC(tp, long_header);
	ATF_TP_ADD_TC(tp, wrong_headers);
	ATF_TP_ADD_TC(tp, options_to_all);
	ATF_TP_ADD_TC(tp, many_headers);
	ATF_TP_ADD_TC(tp, bad_headers);
	ATF_TP_ADD_TC(tp, bad_addresses);
	ATF_TP_ADD_TC(tp, groups);
	ATF_TP_ADD_TC(tp, link_local);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A hundred thousand packets that are almost right, from a fixed seed: good
 * ones of every kind with bits turned, bytes set, ends cut off or put on,
 * and parts of others in them; half of them with their checksums made right
 * again, so that they come further.  They arrive in pieces of all sizes.
 *
 * Whatever the host makes of them, it does so within its memory (the
 * sanitizers see to that), what it sends is itself well formed, and in the
 * end, when all time-outs have passed, no mbuf is left.
 */
#include <stdio.h>

#include "ip_host.h"

#define	ROUNDS		100000
#define	SEEDS_MAX	32

static struct ifnet *in, *out;
static struct pkt good[SEEDS_MAX];	/* frames */
static int ngood;
static uint64_t seed = 2026;

static uint32_t
below(uint32_t n)
{
	return ((uint32_t)(ih_random(&seed) % n));
}

/* p, a packet, is one to begin with. */
static void
add(const struct pkt *p)
{
	ATF_REQUIRE(ngood < SEEDS_MAX);
	good[ngood] = *p;
	ih_frame(&good[ngood++], 1, 2, (p->b[0] >> 4) == 6 ?
	    ETHERTYPE_IPV6 : ETHERTYPE_IP);
}

/* A packet to dst whose payload is bytes, with a sum at off unless 0. */
static void
add_hex(const char *dst, uint8_t proto, const char *bytes, uint32_t off)
{
	static struct pkt p, x;
	uint32_t hlen;
	bool v6;

	v6 = strchr(dst, ':') != NULL;
	pkt_ip(&p, v6 ? "fc00::2" : "10.0.0.2", dst, proto);
	hlen = p.len;
	pkt_hex(&x, bytes);
	memcpy(p.b + p.len, x.b, x.len);
	p.len += x.len;
	pkt_fill(&p, 40, 1);
	if (proto == IPPROTO_ICMPV6)
		p.b[7] = 255;
	pkt_end(&p);
	if (off != 0)
		pkt_ulp_sum(&p, hlen, hlen + off, proto);
	add(&p);
}

static void
add_fragments(const char *dst, uint32_t id)
{
	static struct pkt p, f;

	pkt_ip(&p, strchr(dst, ':') != NULL ? "fc00::2" : "10.0.0.2", dst,
	    PROTO_TEST);
	pkt_fill(&p, 400, 1);
	pkt_end(&p);
	pkt_fragment(&p, &f, id, 0, 200, true);
	add(&f);
	pkt_fragment(&p, &f, id, 200, 200, false);
	add(&f);
}

static void
add_all(void)
{
	static struct pkt arp;

	add_hex("10.0.0.1", PROTO_TEST, "", 0);
	add_hex("10.1.0.2", PROTO_TEST, "", 0);
	add_hex("10.9.9.9", PROTO_TEST, "", 0);
	add_hex("10.0.0.1", 77, "", 0);
	add_hex("10.0.0.1", IPPROTO_ICMP, "0800 0000 1234 5678", 2);
	add_hex("10.0.0.1", IPPROTO_ICMP, "0304 0000 0000 0500"
	    "4500 0030 0000 4000 40fd 0000 0a000001 0a000002"
	    "0102030405060708", 2);
	add_fragments("10.0.0.1", 7);
	add_hex("fc00::1", PROTO_TEST, "", 0);
	add_hex("fc01::2", PROTO_TEST, "", 0);
	add_hex("fc09::9", PROTO_TEST, "", 0);
	add_hex("fc00::1", IPPROTO_HOPOPTS, "3c00 0104 00000000"
	    "2b00 0502 0000 0100 2c00 0000 00000000 3c00 0000 00000007"
	    "fd00 c104 00000000", 0);
	add_hex("fc00::1", IPPROTO_ICMPV6, "8000 0000 1234 5678", 2);
	add_hex("fc00::1", IPPROTO_ICMPV6, "0200 0000 0000 0500"
	    "60000000 0020 2c 40 fc000000000000000000000000000001"
	    "fc000000000000000000000000000002 fd00 0001 00000007"
	    "0102030405060708", 2);
	add_hex("ff02::1:ff00:1", IPPROTO_ICMPV6, "8700 0000 00000000"
	    "fc000000000000000000000000000001 0101 020000000002"
	    "c805000000000000", 2);
	add_hex("fc00::1", IPPROTO_ICMPV6, "8800 0000 60000000"
	    "fc000000000000000000000000000002 0201 020000000002"
	    "c805000000000000", 2);
	add_fragments("fc00::1", 7);
	pkt_hex(&arp, "0001 0800 06 04 0001 020000000002 0a000002"
	    "000000000000 0a000001");
	ih_frame(&arp, 0xff, 2, ETHERTYPE_ARP);
	good[ngood++] = arp;
}

/* Turn, set, cut, append, or take from another. */
static void
mutate(struct pkt *f)
{
	const struct pkt *other;
	uint32_t at, len;

	switch (below(8)) {
	case 0:
		f->len = 1 + below(f->len);
		break;
	case 1:
		pkt_fill(f, below(100), (uint8_t)below(256));
		break;
	case 2:
		other = &good[below((uint32_t)ngood)];
		at = below(MIN(f->len, other->len));
		len = below(MIN(f->len, other->len) - at);
		memcpy(f->b + at, other->b + at, len);
		break;
	case 3:
	case 4:
		f->b[below(f->len)] = (uint8_t)below(256);
		break;
	default:
		/* More often in the headers. */
		at = below(MIN(f->len, below(2) ? 64 : 1000));
		f->b[at] ^= (uint8_t)(1 << below(8));
		break;
	}
}

/* Make the IPv4 header's checksum right, of ICMP also the message's, and
 * sometimes the length. */
static void
repair(struct pkt *f)
{
	static struct pkt p;
	uint32_t hlen;
	uint16_t sum;
	uint8_t proto;
	bool v6;

	if (f->len < 14 + 40 || (f->b[12] == 8 && f->b[13] == 6))
		return;
	p.len = f->len - 14;
	memcpy(p.b, f->b + 14, p.len);
	v6 = (p.b[0] >> 4) == 6;
	hlen = v6 ? 40 : (p.b[0] & 0xf) * 4u;
	if (below(2))
		pkt_end(&p);
	else if (!v6) {
		p.b[10] = p.b[11] = 0;
		sum = (uint16_t)~pkt_sum(p.b, MIN(hlen, p.len), 0);
		p.b[10] = (uint8_t)(sum >> 8);
		p.b[11] = (uint8_t)sum;
	}
	proto = p.b[v6 ? 6 : 9];
	if (p.len >= hlen + 8 && proto == (v6 ? IPPROTO_ICMPV6 :
	    IPPROTO_ICMP))
		pkt_ulp_sum(&p, hlen, hlen + 2, proto);
	memcpy(f->b + 14, p.b, p.len);
}

/* What the host sends is right, however it came to it. */
static void
check_sent(struct ifnet *ifp)
{
	const struct pkt *s;
	uint32_t len;

	while ((s = ih_sent(ifp)) != NULL) {
		ATF_REQUIRE(s->len >= 14 + 20 && s->len <= 14 + 1500);
		if (s->b[12] == 8 && s->b[13] == 0) {
			ATF_REQUIRE_EQ(0xffff, pkt_sum(s->b + 14,
			    (s->b[14] & 0xf) * 4u, 0));
			len = (uint32_t)s->b[16] << 8 | s->b[17];
			ATF_REQUIRE_EQ(s->len - 14, len);
		} else if (s->b[12] == 0x86) {
			len = (uint32_t)s->b[18] << 8 | s->b[19];
			ATF_REQUIRE_EQ(s->len - 14 - 40, len);
		}
	}
}

static void
begin(void)
{
	ih_host("a");
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
	ih_sysctl("net.inet.icmp.icmplim", "0");
	ih_sysctl("net.inet6.icmp6.errppslimit", "0");
	add_all();
}

ATF_TC(mutations);
ATF_TC_HEAD(mutations, tc)
{
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(mutations, tc)
{
	static struct pkt f;
	const char *forward;
	int i, n;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		if (i % 1000 == 0) {
			forward = i / 1000 % 2 == 0 ? "0" : "1";
			ih_sysctl("net.inet.ip.forwarding", forward);
			ih_sysctl("net.inet6.ip6.forwarding", forward);
		}
		f = good[below((uint32_t)ngood)];
		for (n = (int)below(4); n > 0 && f.len > 1; n--)
			mutate(&f);
		if (below(2))
			repair(&f);
		ih_arrive_pieces(in, &f, below(2) ? 65536 :
		    1 + (int)below(100), (int)below(8));
		check_sent(in);
		check_sent(out);
		if (below(10) == 0)
			ih_run(below(100) * MSEC);
	}
	/* It was not all for nothing. */
	fprintf(stderr, "delivered %ju %ju, forwarded %ju %ju, reassembled "
	    "%ju %ju, errors %d\n", (uintmax_t)V_ipstat.ips_delivered,
	    (uintmax_t)V_ip6stat.ips_delivered,
	    (uintmax_t)V_ipstat.ips_forward,
	    (uintmax_t)V_ip6stat.ips_forward,
	    (uintmax_t)V_ipstat.ips_reassembled,
	    (uintmax_t)V_ip6stat.ips_reassembled, ih_ulp()->nerr);
	ATF_CHECK(V_ipstat.ips_delivered > 1000);
	ATF_CHECK(V_ip6stat.ips_delivered > 1000);
	ATF_CHECK(V_ipstat.ips_forward > 500);
	ATF_CHECK(V_ip6stat.ips_forward > 500);
	ATF_CHECK(V_ipstat.ips_reassembled > 100);
	ATF_CHECK(V_ip6stat.ips_reassembled > 100);
	ATF_CHECK(ih_ulp()->nerr > 500);
	/* Neighbours are given up, fragments time out. */
	ih_run(61 * SEC);
	check_sent(in);
	check_sent(out);
	ih_run(61 * SEC);
	check_sent(in);
	check_sent(out);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

/* The same, with every so many allocations refused. */
ATF_TC(mutations_without_memory);
ATF_TC_HEAD(mutations_without_memory, tc)
{
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(mutations_without_memory, tc)
{
	static struct pkt f;
	struct mbuf_pool *pool;
	int i, n;

	begin();
	pool = curvnet->vnet_mbufs;
	ih_sysctl("net.inet.ip.forwarding", "1");
	ih_sysctl("net.inet6.ip6.forwarding", "1");
	for (i = 0; i < ROUNDS / 10; i++) {
		f = good[below((uint32_t)ngood)];
		for (n = (int)below(3); n > 0 && f.len > 1; n--)
			mutate(&f);
		if (below(2))
			repair(&f);
		n = 1 + (int)below(200);
		uma_zone_set_fault(pool->mp_mbuf, howmany(f.len, (u_int)n) +
		    below(4));
		ih_arrive_pieces(in, &f, n, (int)below(8));
		uma_zone_set_fault(pool->mp_mbuf, UINT64_MAX);
		check_sent(in);
		check_sent(out);
		if (below(10) == 0)
			ih_run(below(100) * MSEC);
	}
	ih_run(61 * SEC);
	check_sent(in);
	check_sent(out);
	ih_run(61 * SEC);
	check_sent(in);
	check_sent(out);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mutations);
	ATF_TP_ADD_TC(tp, mutations_without_memory);
	return (atf_no_error());
}

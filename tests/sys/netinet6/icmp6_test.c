/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMPv6: echoes, errors sent and errors received.  The host is fc00::1 on
 * wire0, its peer fc00::2.
 */
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
}

static void
end(void)
{
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

static void
message(struct pkt *m, const char *src, const char *dst, uint8_t type,
    uint8_t code, uint32_t arg, uint32_t len)
{
	pkt_ip(m, src, dst, IPPROTO_ICMPV6);
	m->b[40] = type;
	m->b[41] = code;
	m->b[44] = (uint8_t)(arg >> 24);
	m->b[45] = (uint8_t)(arg >> 16);
	m->b[46] = (uint8_t)(arg >> 8);
	m->b[47] = (uint8_t)arg;
	m->len = 48;
	pkt_fill(m, len, 1);
	pkt_end(m);
	pkt_ulp_sum(m, 40, 42, IPPROTO_ICMPV6);
}

ATF_TC_WITHOUT_HEAD(echo);
ATF_TC_BODY(echo, tc)
{
	uint32_t len;

	begin();
	for (len = 0; len < 1452; len += 53) {
		message(&p, "fc00::2", "fc00::1", 128, 0, 0x12345678, len);
		p.b[0] = 0x62;
		p.b[1] = 0x80;
		ih_arrive_ip(wire, &p, 2);
		message(&want, "fc00::1", "fc00::2", 129, 0, 0x12345678, len);
		want.b[0] = 0x62;
		want.b[1] = 0x80;
		PKT_SENT(wire, &want, 2);
	}
	/* To all: answered by one. */
	message(&p, "fc00::2", "ff02::1", 128, 0, 0x12345678, 9);
	ih_arrive_ip(wire, &p, 2);
	message(&want, "fc00::1", "fc00::2", 129, 0, 0x12345678, 9);
	PKT_SENT(wire, &want, 2);
	/* To the link-local address, from one: answered by it. */
	ih_neighbour(wire, "fe80::2", 2);
	message(&p, "fe80::2", "fe80::ff:fe00:1", 128, 0, 7, 9);
	ih_arrive_ip(wire, &p, 2);
	message(&want, "fe80::ff:fe00:1", "fe80::2", 129, 0, 7, 9);
	PKT_SENT(wire, &want, 2);
	end();
}

ATF_TC_WITHOUT_HEAD(no_answer);
ATF_TC_BODY(no_answer, tc)
{
	int type;

	begin();
	message(&p, "fc00::2", "fc00::1", 128, 0, 1, 20);
	p.b[50] ^= 1;
	ih_arrive_ip(wire, &p, 2);
	message(&p, "::", "ff02::1", 128, 0, 1, 20);
	ih_arrive_ip(wire, &p, 2);
	message(&p, "fc00::2", "fc00::1", 128, 0, 1, 0);
	p.len = 47;
	pkt_end(&p);
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	for (type = 0; type < 256; type++) {
		if (type == 128)
			continue;
		message(&p, "fc00::2", "fc00::1", (uint8_t)type, 0, 1, 60);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(NULL, ih_sent(wire), "%d", type);
	}
	ATF_CHECK_EQ(0, ih_ulp()->nerr);
	end();
}

ATF_TC_WITHOUT_HEAD(unreachable_port);
ATF_TC_BODY(unreachable_port, tc)
{
	static const uint32_t lens[] = { 0, 8, 100, 1192, 1193, 1400 };
	struct mbuf *m;
	size_t i;

	begin();
	for (i = 0; i < nitems(lens); i++) {
		pkt_ip(&p, "fc00::2", "fc00::1", IPPROTO_UDP);
		pkt_fill(&p, lens[i], 0);
		pkt_end(&p);
		m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
		ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
		icmp_error_unreach_port(m);
		/* 1280 bytes in all at most. */
		p.len = MIN(p.len, 1232);
		message(&want, "fc00::1", "fc00::2", 1, 4, 0, p.len);
		memcpy(want.b + 48, p.b, p.len);
		pkt_ulp_sum(&want, 40, 42, IPPROTO_ICMPV6);
		PKT_SENT(wire, &want, 2);
	}
	end();
}

/* About these nobody complains: errors, redirects, what came from many or
 * went to many. */
ATF_TC_WITHOUT_HEAD(no_complaint);
ATF_TC_BODY(no_complaint, tc)
{
	static const struct {
		const char *src, *dst;
		int type;
		bool complaint;
	} t[] = {
		{ "fc00::2", "fc00::1", 128, true },
		{ "fc00::2", "fc00::1", 129, true },
		{ "fc00::2", "fc00::1", 1, false },
		{ "fc00::2", "fc00::1", 4, false },
		{ "fc00::2", "fc00::1", 127, false },
		{ "fc00::2", "fc00::1", 137, false },
		{ "::", "fc00::1", 128, false },
		{ "ff02::2", "fc00::1", 128, false },
		{ "fc00::2", "ff02::1", 128, false }
	};
	struct mbuf *m;
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		message(&p, t[i].src, t[i].dst, (uint8_t)t[i].type, 0, 0, 20);
		m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
		ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
		icmp_error_unreach_port(m);
		ATF_CHECK_EQ_MSG(t[i].complaint, ih_sent(wire) != NULL, "%zu",
		    i);
	}
	/* Nor behind an extension header. */
	message(&p, "fc00::2", "fc00::1", 1, 0, 0, 20);
	memmove(p.b + 48, p.b + 40, p.len - 40);
	memcpy(p.b + 40, "\x3a\x00\x01\x04\0\0\0\0", 8);
	p.b[6] = IPPROTO_DSTOPTS;
	p.len += 8;
	pkt_end(&p);
	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
	icmp_error_unreach_port(m);
	end();
}

/* A hundred errors at once, then one every ten milliseconds. */
ATF_TC_WITHOUT_HEAD(rate);
ATF_TC_BODY(rate, tc)
{
	int i, n;

	begin();
	for (i = n = 0; i < 150; i++) {
		pkt_ip(&p, "fc00::2", "fc00::1", PROTO_TEST + 1);
		pkt_end(&p);
		ih_arrive_ip(wire, &p, 2);
		n += ih_sent(wire) != NULL;
	}
	ATF_CHECK_EQ(100, n);
	ih_run(10 * MSEC);
	for (i = n = 0; i < 10; i++) {
		ih_arrive_ip(wire, &p, 2);
		n += ih_sent(wire) != NULL;
	}
	ATF_CHECK_EQ(1, n);
	end();
}

/* An error from fc00::2 about a packet of ours with these headers. */
static void
error_about(uint8_t type, uint8_t code, uint32_t arg, uint8_t first,
    const char *headers, uint32_t len)
{
	static struct pkt ours;
	struct pkt x;

	pkt_ip(&ours, "fc00::1", "2001:db8::7", first);
	ours.b[0] = 0x6a;
	ours.b[1] = 0x20;
	ours.b[7] = 1;
	pkt_hex(&x, headers);
	memcpy(ours.b + 40, x.b, x.len);
	ours.len += x.len;
	pkt_fill(&ours, len, 1);
	pkt_end(&ours);
	message(&p, "fc00::2", "fc00::1", type, code, arg, ours.len);
	memcpy(p.b + 48, ours.b, ours.len);
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
}

static const struct {
	uint8_t type, code;
	uint32_t arg;
	int error;
} errors_in[] = {
	{ 1, 0, 0, EHOSTUNREACH }, { 1, 1, 0, ECONNREFUSED },
	{ 1, 2, 0, EHOSTUNREACH }, { 1, 3, 0, EHOSTUNREACH },
	{ 1, 4, 0, ECONNREFUSED }, { 1, 5, 0, EHOSTUNREACH },
	{ 1, 6, 0, EHOSTUNREACH },
	{ 2, 0, 1300, EMSGSIZE }, { 2, 7, 1280, EMSGSIZE },
	{ 2, 0, 1279, 0 }, { 2, 0, 0, 0 },
	{ 2, 0, 0xfffffff0, EMSGSIZE },
	{ 3, 0, 0, EHOSTUNREACH }, { 3, 1, 0, 0 },
	{ 4, 0, 0, ENOPROTOOPT }, { 4, 1, 0, ECONNREFUSED },
	{ 4, 2, 0, ENOPROTOOPT }, { 5, 0, 0, 0 }, { 100, 0, 0, 0 },
	{ 127, 0, 0, 0 }, { 137, 0, 0, 0 }, { 200, 0, 0, 0 }
};

ATF_TC_WITHOUT_HEAD(errors_received);
ATF_TC_BODY(errors_received, tc)
{
	const struct ip_icmperr *ie;
	char buf[64];
	struct ulp *u;
	size_t i;
	int n;

	begin();
	u = ih_ulp();
	ie = &u->err;
	for (i = 0; i < nitems(errors_in); i++) {
		n = u->nerr;
		error_about(errors_in[i].type, errors_in[i].code,
		    errors_in[i].arg, PROTO_TEST, "", 33);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(n + (errors_in[i].error != 0), u->nerr,
		    "%d/%d", errors_in[i].type, errors_in[i].code);
		if (errors_in[i].error == 0)
			continue;
		ATF_CHECK_EQ(errors_in[i].error, ie->ie_errno);
		ATF_CHECK_EQ(errors_in[i].type, ie->ie_type);
		ATF_CHECK_EQ(errors_in[i].code, ie->ie_code);
		ATF_CHECK_EQ(ie->ie_type == 2, ie->ie_toobig);
		ATF_CHECK_EQ(errors_in[i].arg, ie->ie_mtu);
		ATF_CHECK_STREQ("fc00::2", in_ntop(&ie->ie_from, buf, 64));
		ATF_CHECK_STREQ("fc00::1", in_ntop(&ie->ie_ip.ii_src, buf,
		    64));
		ATF_CHECK_STREQ("2001:db8::7", in_ntop(&ie->ie_ip.ii_dst,
		    buf, 64));
		ATF_CHECK_EQ(0xa2, ie->ie_ip.ii_tos);
		ATF_CHECK_EQ(1, ie->ie_ip.ii_ttl);
		ATF_CHECK(ie->ie_ip.ii_v6);
		ATF_CHECK_EQ(33, ie->ie_ulplen);
		ATF_CHECK_EQ(0, memcmp(u->err_ulp, p.b + 88, 33));
	}
	end();
}

/* The transport is found behind extension headers, if it is there. */
ATF_TC_WITHOUT_HEAD(quoted_headers);
ATF_TC_BODY(quoted_headers, tc)
{
	static const struct {
		uint8_t first;
		const char *headers;
		uint32_t len;
		int hlen;		/* 0: not told */
	} t[] = {
		{ IPPROTO_DSTOPTS, "fd00 0104 00000000", 8, 48 },
		{ IPPROTO_FRAGMENT, "fd00 0001 12345678", 8, 48 },
		{ IPPROTO_FRAGMENT, "fd00 0009 12345678", 8, 0 },
		{ IPPROTO_HOPOPTS, "2b00 0104 00000000 3c00 0000 00000000"
		    "fd00 0104 00000000", 8, 64 },
		{ PROTO_TEST, "", 7, 0 },
		{ IPPROTO_DSTOPTS, "fd00 0104 00000000", 7, 0 },
		{ IPPROTO_DSTOPTS, "fd02 0104 00000000", 15, 0 },
		{ IPPROTO_DSTOPTS, "fdff 0104 00000000", 900, 0 },
		{ PROTO_TEST + 1, "", 100, 0 }
	};
	size_t i;
	int n;

	begin();
	for (i = 0; i < nitems(t); i++) {
		n = ih_ulp()->nerr;
		error_about(1, 0, 0, t[i].first, t[i].headers, t[i].len);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(n + (t[i].hlen != 0), ih_ulp()->nerr, "%zu",
		    i);
		if (t[i].hlen != 0)
			ATF_CHECK_EQ(t[i].hlen,
			    ih_ulp()->err.ie_ip.ii_hdrlen);
	}
	n = ih_ulp()->nerr;
	/* Sent to all. */
	error_about(1, 0, 0, PROTO_TEST, "", 20);
	memcpy(p.b + 24, "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\001", 16);
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	/* Not ours; another version; not all of a header. */
	error_about(1, 0, 0, PROTO_TEST, "", 20);
	p.b[48 + 23] = 9;
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	error_about(1, 0, 0, PROTO_TEST, "", 20);
	p.b[48] = 0x45;
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	error_about(1, 0, 0, PROTO_TEST, "", 20);
	p.len = 48 + 39;
	pkt_end(&p);
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(n, ih_ulp()->nerr);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, echo);
	ATF_TP_ADD_TC(tp, no_answer);
	ATF_TP_ADD_TC(tp, unreachable_port);
	ATF_TP_ADD_TC(tp, no_complaint);
	ATF_TP_ADD_TC(tp, rate);
	ATF_TP_ADD_TC(tp, errors_received);
	ATF_TP_ADD_TC(tp, quoted_headers);
	return (atf_no_error());
}

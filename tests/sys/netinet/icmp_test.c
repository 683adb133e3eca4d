/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMP: echoes, errors sent and errors received.  The host is 10.0.0.1 on
 * wire0, its peer 10.0.0.2.
 */
#include "ip_host.h"

static struct ifnet *wire;
static struct pkt p, want;

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

/* The next packet sent, its identification and header checksum set to 0. */
static const struct pkt *
next(void)
{
	static struct pkt f;
	const struct pkt *s;

	s = ih_sent(wire);
	if (s == NULL)
		return (NULL);
	f.len = s->len - ETHER_HDR_LEN;
	memcpy(f.b, s->b + ETHER_HDR_LEN, f.len);
	ATF_CHECK_EQ(0xffff, pkt_sum(f.b, 20, 0));
	memset(f.b + 4, 0, 2);
	memset(f.b + 10, 0, 2);
	return (&f);
}

/* An echo request of len bytes of data from src to dst. */
static void
echo(const char *src, const char *dst, uint32_t len)
{
	static const uint8_t head[8] = { 8, 0, 0, 0, 0x12, 0x34, 0x56, 0x78 };

	pkt_ip(&p, src, dst, IPPROTO_ICMP);
	memcpy(p.b + 20, head, 8);
	p.len = 28;
	pkt_fill(&p, len, 1);
	pkt_end(&p);
	pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
}

ATF_TC_WITHOUT_HEAD(echo_reply);
ATF_TC_BODY(echo_reply, tc)
{
	uint32_t len;

	begin();
	pkt_hex(&p, "4500001e 00000000 40010000 0a000002 0a000001"
	    "08000000 abcd0007 6162");
	p.b[1] = 0x28;
	pkt_end(&p);
	pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
	ih_arrive_ip(wire, &p, 2);
	pkt_hex(&want, "4528001e 00000000 40010000 0a000001 0a000002"
	    "0000f2c8 abcd0007 6162");
	pkt_ulp_sum(&want, 20, 22, IPPROTO_ICMP);
	PKT_EQUAL(&want, next());
	for (len = 0; len < 1400; len += 77) {
		echo("10.0.0.2", "10.0.0.1", len);
		ih_arrive_ip(wire, &p, 2);
		want = p;
		want.b[20] = 0;
		memcpy(want.b + 12, p.b + 16, 4);
		memcpy(want.b + 16, p.b + 12, 4);
		memset(want.b + 10, 0, 2);
		pkt_ulp_sum(&want, 20, 22, IPPROTO_ICMP);
		PKT_EQUAL(&want, next());
	}
	end();
}

/* A large one comes in fragments, and goes so. */
ATF_TC_WITHOUT_HEAD(large_echo);
ATF_TC_BODY(large_echo, tc)
{
	static struct pkt f;
	const struct pkt *s;
	uint32_t n, off;

	begin();
	echo("10.0.0.2", "10.0.0.1", 20000);
	for (off = 0; off < 20008; off += n) {
		n = MIN(20008 - off, 1480);
		pkt_fragment(&p, &f, 9, off, n, off + n < 20008);
		ih_arrive_ip(wire, &f, 2);
	}
	for (off = 0; off < 20008; off += n) {
		s = next();
		ATF_REQUIRE(s != NULL);
		n = s->len - 20;
		if (off == 0)
			ATF_CHECK_EQ(0, s->b[20]);
		ATF_CHECK_EQ(0, memcmp(s->b + 20 + (off == 0 ? 4 : 0),
		    p.b + 20 + off + (off == 0 ? 4 : 0),
		    n - (off == 0 ? 4 : 0)));
	}
	end();
}

ATF_TC_WITHOUT_HEAD(no_echo);
ATF_TC_BODY(no_echo, tc)
{
	static struct pkt f;

	begin();
	/* To all; by a link's broadcast; with a wrong sum; cut off. */
	echo("10.0.0.2", "10.0.0.255", 20);
	ih_arrive_ip(wire, &p, 2);
	echo("10.0.0.2", "224.0.0.1", 20);
	ih_arrive_ip(wire, &p, 2);
	echo("10.0.0.2", "10.0.0.1", 20);
	f = p;
	ih_frame(&f, 0xff, 2, ETHERTYPE_IP);
	ih_arrive(wire, &f);
	p.b[40] ^= 1;
	ih_arrive_ip(wire, &p, 2);
	echo("10.0.0.2", "10.0.0.1", 0);
	p.len = 27;
	pkt_end(&p);
	ih_arrive_ip(wire, &p, 2);
	/* Types that are answered by nobody. */
	for (int type = 0; type < 256; type++) {
		if (type == ICMP_ECHO)
			continue;
		echo("10.0.0.2", "10.0.0.1", 20);
		p.b[20] = (uint8_t)type;
		pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(NULL, next(), "type %d", type);
	}
	ATF_CHECK_EQ(0, ih_ulp()->nerr);
	end();
}

/* p is about to be complained about: what will be said. */
static void
expect_error(uint8_t type, uint8_t code, uint32_t quoted)
{
	pkt_ip(&want, "10.0.0.1", "10.0.0.2", IPPROTO_ICMP);
	memset(want.b + 20, 0, 8);
	want.b[20] = type;
	want.b[21] = code;
	memcpy(want.b + 28, p.b, quoted);
	want.len = 28 + quoted;
	pkt_end(&want);
	memset(want.b + 10, 0, 2);
	pkt_ulp_sum(&want, 20, 22, IPPROTO_ICMP);
}

ATF_TC_WITHOUT_HEAD(unknown_protocol);
ATF_TC_BODY(unknown_protocol, tc)
{
	static const uint32_t lens[] = { 0, 1, 8, 19, 20, 21, 500, 528, 529,
	    1480 };
	size_t i;

	begin();
	for (i = 0; i < nitems(lens); i++) {
		pkt_ip(&p, "10.0.0.2", "10.0.0.1", PROTO_TEST + 1);
		pkt_fill(&p, lens[i], 0);
		pkt_end(&p);
		ih_arrive_ip(wire, &p, 2);
		/* 576 bytes in all at most. */
		expect_error(3, 2, MIN(lens[i] + 20, 548));
		PKT_EQUAL(&want, next());
	}
	ATF_CHECK_EQ(nitems(lens), V_ipstat.ips_noproto);
	end();
}

ATF_TC_WITHOUT_HEAD(unreachable_port);
ATF_TC_BODY(unreachable_port, tc)
{
	struct mbuf *copy, *m;

	begin();
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", IPPROTO_UDP);
	pkt_fill(&p, 100, 0);
	pkt_end(&p);
	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
	icmp_error_unreach_port(m);
	expect_error(3, 3, 120);
	PKT_EQUAL(&want, next());
	/* The sum that was left to an interface is quoted, too, and not
	 * written where others read. */
	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
	mtod(m, struct ip *)->ip_sum = 0;
	m->m_pkthdr.csum_flags = CSUM_IP | CSUM_L3_CALC | CSUM_L3_VALID;
	copy = m_copym(m, 0, M_COPYALL, M_NOWAIT);
	icmp_error_unreach_port(m);
	PKT_EQUAL(&want, next());
	ATF_CHECK_EQ(0, mtod(copy, struct ip *)->ip_sum);
	m_freem(copy);
	end();
}

/* About these nobody complains. */
ATF_TC_WITHOUT_HEAD(no_complaint);
ATF_TC_BODY(no_complaint, tc)
{
	static const struct {
		const char *src, *dst;
	} t[] = {
		{ "10.0.0.2", "10.0.0.255" }, { "10.0.0.2", "224.0.0.1" },
		{ "10.0.0.2", "255.255.255.255" }, { "0.0.0.0", "10.0.0.1" },
		{ "10.0.0.255", "10.0.0.1" }
	};
	static const uint8_t errors[] = { 3, 4, 5, 11, 12 };
	static struct pkt f;
	struct mbuf *m;
	size_t i;

	begin();
	for (i = 0; i < nitems(t); i++) {
		pkt_ip(&p, t[i].src, t[i].dst, PROTO_TEST + 1);
		pkt_fill(&p, 40, 0);
		pkt_end(&p);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(NULL, next(), "%s to %s", t[i].src,
		    t[i].dst);
	}
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", PROTO_TEST + 1);
	pkt_end(&p);
	f = p;
	ih_frame(&f, 0xff, 2, ETHERTYPE_IP);
	ih_arrive(wire, &f);
	ATF_CHECK_EQ(NULL, next());
	/* Errors, later fragments. */
	for (i = 0; i <= nitems(errors); i++) {
		echo("10.0.0.2", "10.0.0.1", 20);
		if (i < nitems(errors))
			p.b[20] = errors[i];
		else
			p.b[7] = 1;
		m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
		ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
		icmp_error_unreach_port(m);
		ATF_CHECK_EQ_MSG(NULL, next(), "%zu", i);
	}
	/* About an echo one may. */
	echo("10.0.0.2", "10.0.0.1", 20);
	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p.len, p.b));
	icmp_error_unreach_port(m);
	ATF_CHECK(next() != NULL);
	end();
}

/* Two hundred at once, then one every five milliseconds. */
ATF_TC_WITHOUT_HEAD(rate);
ATF_TC_BODY(rate, tc)
{
	int i, n, unknown;

	begin();
	ih_sysctl("net.inet.icmp.icmplim_jitter", "0");
	ih_run(10 * SEC);
	for (unknown = 0; unknown < 2; unknown++) {
		for (i = n = 0; i < 300; i++) {
			echo("10.0.0.2", "10.0.0.1", 0);
			if (unknown) {
				p.b[9] = PROTO_TEST + 1;
				pkt_end(&p);
			}
			ih_arrive_ip(wire, &p, 2);
			n += ih_sent(wire) != NULL;
		}
		ATF_CHECK_EQ(200, n);
	}
	for (i = n = 0; i < 4000; i++) {
		echo("10.0.0.2", "10.0.0.1", 0);
		ih_arrive_ip(wire, &p, 2);
		n += ih_sent(wire) != NULL;
		ih_run(1 * MSEC);
	}
	ATF_CHECK_MSG(n >= 799 && n <= 800, "%d", n);
	ih_sysctl("net.inet.icmp.icmplim", "0");
	for (i = 0; i < 1000; i++) {
		echo("10.0.0.2", "10.0.0.1", 0);
		ih_arrive_ip(wire, &p, 2);
		ATF_REQUIRE(ih_sent(wire) != NULL);
	}
	/* Resets have their own. */
	ih_sysctl("net.inet.icmp.icmplim", "2");
	ATF_CHECK_EQ(0, badport_bandlim(BANDLIM_TCP_RST));
	ATF_CHECK_EQ(0, badport_bandlim(BANDLIM_TCP_RST));
	ATF_CHECK_EQ(-1, badport_bandlim(BANDLIM_TCP_RST));
	ih_run(499 * MSEC);
	ATF_CHECK_EQ(-1, badport_bandlim(BANDLIM_TCP_RST));
	ih_run(1 * MSEC);
	ATF_CHECK_EQ(0, badport_bandlim(BANDLIM_TCP_RST));
	end();
}

/* Each second has another limit, no farther from icmplim than the jitter. */
ATF_TC_WITHOUT_HEAD(jitter);
ATF_TC_BODY(jitter, tc)
{
	int i, least = INT_MAX, most = 0, n, second;

	begin();
	ih_sysctl("net.inet.icmp.icmplim", "100");
	ih_sysctl("net.inet.icmp.icmplim_jitter", "30");
	for (second = 0; second < 60; second++) {
		ih_run(2 * SEC);
		for (i = n = 0; i < 200; i++)
			n += badport_bandlim(BANDLIM_ICMP_ECHO) == 0;
		ATF_REQUIRE_MSG(n >= 70 && n <= 130, "%d", n);
		least = MIN(least, n);
		most = MAX(most, n);
	}
	ATF_CHECK_MSG(least < 80 && most > 120, "%d to %d", least, most);
	/* What is as large as the limit leaves one. */
	ih_sysctl("net.inet.icmp.icmplim", "1");
	for (second = 0; second < 10; second++) {
		ih_run(2 * SEC);
		ATF_REQUIRE_EQ(0, badport_bandlim(BANDLIM_ICMP_ECHO));
		ATF_REQUIRE_EQ(-1, badport_bandlim(BANDLIM_ICMP_ECHO));
	}
	end();
}

/* An error from a router, 10.0.0.2, about a packet of len bytes of ours. */
static void
error_about(uint8_t type, uint8_t code, uint32_t arg, uint32_t len)
{
	static struct pkt ours;

	ih_send_expect(&ours, "10.0.0.1", "192.0.2.7", len, IOA_DF);
	ours.b[1] = 0xa2;
	ours.b[8] = 1;
	pkt_end(&ours);
	pkt_ip(&p, "10.0.0.2", "10.0.0.1", IPPROTO_ICMP);
	memset(p.b + 20, 0, 8);
	p.b[20] = type;
	p.b[21] = code;
	p.b[26] = (uint8_t)(arg >> 8);
	p.b[27] = (uint8_t)arg;
	memcpy(p.b + 28, ours.b, ours.len);
	p.len = 28 + ours.len;
	pkt_end(&p);
	pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
}

/* Type, code, and the error that a user would see; 0: nothing is told. */
static const struct {
	uint8_t type, code;
	int error;
} errors_in[] = {
	{ 3, 0, EHOSTUNREACH }, { 3, 1, EHOSTUNREACH }, { 3, 2, ECONNREFUSED },
	{ 3, 3, ECONNREFUSED }, { 3, 4, EMSGSIZE }, { 3, 5, EHOSTUNREACH },
	{ 3, 6, EHOSTUNREACH }, { 3, 7, EHOSTUNREACH }, { 3, 8, EHOSTUNREACH },
	{ 3, 9, ECONNREFUSED }, { 3, 10, ECONNREFUSED },
	{ 3, 11, EHOSTUNREACH }, { 3, 12, EHOSTUNREACH },
	{ 3, 13, ECONNREFUSED }, { 3, 14, EHOSTUNREACH },
	{ 3, 15, EHOSTUNREACH }, { 3, 16, 0 }, { 3, 255, 0 },
	{ 11, 0, EHOSTUNREACH }, { 11, 1, 0 }, { 11, 2, 0 },
	{ 12, 0, ENOPROTOOPT }, { 12, 1, ENOPROTOOPT },
	{ 4, 0, 0 }, { 5, 0, 0 }, { 5, 1, 0 }, { 13, 0, 0 }, { 42, 0, 0 }
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
		error_about(errors_in[i].type, errors_in[i].code, 1234, 33);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(n + (errors_in[i].error != 0), u->nerr,
		    "%d/%d", errors_in[i].type, errors_in[i].code);
		if (errors_in[i].error == 0)
			continue;
		ATF_CHECK_EQ(errors_in[i].error, ie->ie_errno);
		ATF_CHECK_EQ(errors_in[i].type, ie->ie_type);
		ATF_CHECK_EQ(errors_in[i].code, ie->ie_code);
		ATF_CHECK_EQ(ie->ie_errno == EMSGSIZE, ie->ie_toobig);
		ATF_CHECK_EQ(ie->ie_toobig ? 1234 : 0, ie->ie_mtu);
		ATF_CHECK_STREQ("10.0.0.2", in_ntop(&ie->ie_from, buf, 64));
		ATF_CHECK_STREQ("10.0.0.1", in_ntop(&ie->ie_ip.ii_src, buf,
		    64));
		ATF_CHECK_STREQ("192.0.2.7", in_ntop(&ie->ie_ip.ii_dst, buf,
		    64));
		ATF_CHECK_EQ(0xa2, ie->ie_ip.ii_tos);
		ATF_CHECK_EQ(1, ie->ie_ip.ii_ttl);
		ATF_CHECK_EQ(20, ie->ie_ip.ii_hdrlen);
		ATF_CHECK(!ie->ie_ip.ii_v6);
		ATF_CHECK_EQ(33, ie->ie_ulplen);
		ATF_CHECK_EQ(0, memcmp(u->err_ulp, p.b + 48, 33));
	}
	/* Nobody has learnt an MTU: the transport decides. */
	ATF_CHECK_EQ(0, ip_pmtu_get(&ie->ie_ip.ii_dst));
	end();
}

/* What is quoted cannot be ours, or is too little to know. */
ATF_TC_WITHOUT_HEAD(errors_not_believed);
ATF_TC_BODY(errors_not_believed, tc)
{
	static const struct {
		int at;
		uint8_t value;
	} bad[] = {
		{ 28, 0x65 }, { 28, 0x44 }, { 28, 0x4f },	/* header */
		{ 35, 1 },			/* a later fragment */
		{ 37, PROTO_TEST + 1 },		/* nobody's */
		{ 43, 9 },			/* not from us */
		{ 23, 0xff }			/* checksum */
	};
	uint32_t len;
	size_t i;

	begin();
	for (i = 0; i < nitems(bad); i++) {
		error_about(3, 1, 0, 20);
		p.b[bad[i].at] = bad[i].value;
		if (bad[i].at != 23)
			pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(0, ih_ulp()->nerr, "%zu", i);
	}
	for (len = 0; len < 8 + 20 + 8; len++) {
		error_about(3, 1, 0, 20);
		p.len = 20 + len;
		pkt_end(&p);
		if (len >= 4)
			pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
		ih_arrive_ip(wire, &p, 2);
		ATF_CHECK_EQ_MSG(0, ih_ulp()->nerr, "%u bytes", len);
	}
	/* Just enough. */
	error_about(3, 1, 0, 8);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(1, ih_ulp()->nerr);
	ATF_CHECK_EQ(8, ih_ulp()->err.ie_ulplen);
	/* With options, and much of it. */
	error_about(3, 1, 0, 600);
	p.b[28] = 0x4f;
	pkt_ulp_sum(&p, 20, 22, IPPROTO_ICMP);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK_EQ(2, ih_ulp()->nerr);
	ATF_CHECK_EQ(60, ih_ulp()->err.ie_ip.ii_hdrlen);
	ATF_CHECK(ih_ulp()->err.ie_ulplen >= 60);
	end();
}

ATF_TC_WITHOUT_HEAD(no_memory);
ATF_TC_BODY(no_memory, tc)
{
	struct mbuf *m;
	int n;

	begin();
	for (n = 0; n < 4; n++) {
		echo("10.0.0.2", "10.0.0.1", 20);
		/* In read-only memory, so that every header needs an mbuf. */
		m = m_gethdr(M_NOWAIT, MT_DATA);
		ATF_REQUIRE_EQ(0, m_extadd(m, (char *)p.b, sizeof(p.b), NULL,
		    NULL, NULL, M_RDONLY));
		m->m_len = m->m_pkthdr.len = (int)p.len;
		m->m_pkthdr.rcvif = wire;
		if (n % 2 == 1)
			p.b[9] = PROTO_TEST + 1;
		pkt_end(&p);
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, (u_int)n / 2);
		V_ip_netisr(m);
		uma_zone_set_fault(curvnet->vnet_mbufs->mp_mbuf, UINT64_MAX);
		ATF_CHECK_EQ(0, ih_mbufs());
		while (ih_sent(wire) != NULL)
			;
	}
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, echo_reply);
	ATF_TP_ADD_TC(tp, large_echo);
	ATF_TP_ADD_TC(tp, no_echo);
	ATF_TP_ADD_TC(tp, unknown_protocol);
	ATF_TP_ADD_TC(tp, unreachable_port);
	ATF_TP_ADD_TC(tp, no_complaint);
	ATF_TP_ADD_TC(tp, rate);
	ATF_TP_ADD_TC(tp, jitter);
	ATF_TP_ADD_TC(tp, errors_received);
	ATF_TP_ADD_TC(tp, errors_not_believed);
	ATF_TP_ADD_TC(tp, no_memory);
	return (atf_no_error());
}

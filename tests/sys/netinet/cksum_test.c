/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Checksums against the plainest model there is: pkt_sum(), which adds one
 * byte at a time in network order.
 */
#include "ip_host.h"

/* A folded sum as it stands in memory, as a number. */
static uint16_t
number(uint16_t sum)
{
	return (ntohs(sum));
}

ATF_TC_WITHOUT_HEAD(partial);
ATF_TC_BODY(partial, tc)
{
	static uint8_t buf[4096];
	uint64_t seed = 1, sum;
	size_t i, len, off;

	/* Every length and alignment near those the loop has steps for. */
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)ih_random(&seed);
	for (off = 0; off < 9; off++)
		for (len = 0; len < 400; len++)
			ATF_REQUIRE_EQ_MSG(pkt_sum(buf + off, len, 0),
			    number(in_cksum_fold(in_cksum_partial(buf + off,
			    len, 0))), "%zu bytes at %zu", len, off);
	/* Pieces of even length add up. */
	sum = 0;
	for (off = 0; off < sizeof(buf); off += len) {
		len = 2 * (ih_random(&seed) % 100);
		len = MIN(len, sizeof(buf) - off);
		sum = in_cksum_partial(buf + off, len, sum);
	}
	ATF_CHECK_EQ(pkt_sum(buf, sizeof(buf), 0), number(in_cksum_fold(sum)));
}

ATF_TC_WITHOUT_HEAD(carries);
ATF_TC_BODY(carries, tc)
{
	static uint8_t ones[4096];
	size_t len;

	memset(ones, 0xff, sizeof(ones));
	for (len = 0; len < 300; len++)
		ATF_REQUIRE_EQ(pkt_sum(ones, len, 0),
		    number(in_cksum_fold(in_cksum_partial(ones, len, 0))));
	ATF_CHECK_EQ(0xffff, in_cksum_fold(in_cksum_partial(ones, 4096,
	    UINT64_MAX)));
	ATF_CHECK_EQ(0, in_cksum_fold(0));
	ATF_CHECK_EQ(0xffff, in_cksum_fold(UINT64_MAX));
	ATF_CHECK_EQ(1, in_cksum_fold(0x10000));
	ATF_CHECK_EQ(3, in_cksum_fold(0x0002000000000001));
}

/* pkt_sum() of more than its 32 bits hold. */
static uint16_t
sum_large(const uint8_t *b, size_t len)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += (uint64_t)(i % 2 == 0 ? b[i] << 8 : b[i]);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ((uint16_t)sum);
}

/* Pieces of up to several megabytes: of random bytes, and of words that are
 * as large and as small as signed numbers can be. */
ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	static const uint16_t words[] = { 0x0000, 0x8000, 0x7fff, 0xffff };
	static uint16_t buf[1600000];
	const uint8_t *p;
	uint64_t seed = 3;
	size_t i, len, n, off;

	for (n = 0; n <= nitems(words); n++) {
		for (i = 0; i < nitems(buf); i++)
			buf[i] = n < nitems(words) ? words[n] :
			    (uint16_t)ih_random(&seed);
		for (i = 0; i < 200; i++) {
			off = ih_random(&seed) % 64;
			len = i == 0 ? sizeof(buf) - off :
			    ih_random(&seed) % (i < 190 ? 70000 :
			    sizeof(buf) - off);
			p = (const uint8_t *)buf + off;
			ATF_REQUIRE_EQ_MSG(sum_large(p, len), number(
			    in_cksum_fold(in_cksum_partial(p, len, 0))),
			    "%zu bytes at %zu, kind %zu", len, off, n);
		}
	}
}

/* A chain of random pieces, some of them empty, that holds len bytes. */
static struct mbuf *
random_chain(const uint8_t *buf, int len, uint64_t *seed)
{
	struct mbuf *first, *m, **tail;
	int left, n;

	first = NULL;
	tail = &first;
	for (left = len; left > 0 || first == NULL; left -= n) {
		m = first == NULL ? m_gethdr(M_NOWAIT, MT_DATA) :
		    m_get(M_NOWAIT, MT_DATA);
		ATF_REQUIRE(m != NULL);
		m->m_data += ih_random(seed) % 9;
		n = (int)(ih_random(seed) % 150);
		n = MIN(left, n);
		memcpy(m->m_data, buf + len - left, (size_t)n);
		m->m_len = n;
		*tail = m;
		tail = &m->m_next;
	}
	first->m_pkthdr.len = len;
	m_sanity(first);
	return (first);
}

ATF_TC_WITHOUT_HEAD(chains);
ATF_TC_BODY(chains, tc)
{
	uint8_t buf[2000];
	uint64_t seed = 2;
	struct mbuf *m;
	int end, i, len, skip;

	ih_host("a");
	for (i = 0; i < 20000; i++) {
		len = (int)(ih_random(&seed) % sizeof(buf));
		for (end = 0; end < len; end++)
			buf[end] = (uint8_t)ih_random(&seed);
		m = random_chain(buf, len, &seed);
		skip = (int)(ih_random(&seed) % ((uint64_t)len + 1));
		end = skip + (int)(ih_random(&seed) %
		    ((uint64_t)(len - skip) + 1));
		ATF_REQUIRE_EQ_MSG((uint16_t)~pkt_sum(buf + skip,
		    (size_t)(end - skip), 0), number(in_cksum_skip(m, end,
		    skip)), "round %d: %d..%d of %d", i, skip, end, len);
		m_freem(m);
	}
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

ATF_TC_WITHOUT_HEAD(pseudo);
ATF_TC_BODY(pseudo, tc)
{
	const struct in6_addr a = ih_addr("10.1.2.3"), b = ih_addr("10.9.8.7");
	const struct in6_addr c = ih_addr("fc00::1:2"), d = ih_addr("fe80::9");
	uint8_t head[40];

	/* IPv4: addresses, 0, protocol, length. */
	memcpy(head, &a.s6_addr[12], 4);
	memcpy(head + 4, &b.s6_addr[12], 4);
	memcpy(head + 8, "\0\006\x12\x34", 4);
	ATF_CHECK_EQ(pkt_sum(head, 12, 0), number(in_pseudo_sum(&a, &b,
	    0x1234, IPPROTO_TCP)));
	/* IPv6: addresses, length, 0, 0, 0, protocol. */
	memcpy(head, c.s6_addr, 16);
	memcpy(head + 16, d.s6_addr, 16);
	memcpy(head + 32, "\0\001\x23\x45\0\0\0\x3a", 8);
	ATF_CHECK_EQ(pkt_sum(head, 40, 0), number(in_pseudo_sum(&c, &d,
	    0x12345, IPPROTO_ICMPV6)));
}

/* A packet of proto, its field holding what an interface expects there. */
static struct mbuf *
half_summed(struct pkt *p, const char *src, const char *dst, uint8_t proto,
    uint32_t len, uint32_t off)
{
	const struct in6_addr s = ih_addr(src), d = ih_addr(dst);
	uint32_t hlen;
	uint16_t sum;
	struct mbuf *m;

	pkt_ip(p, src, dst, proto);
	hlen = p->len;
	pkt_fill(p, len, 7);
	pkt_end(p);
	sum = in_pseudo_sum(&s, &d, len, proto);
	memcpy(&p->b[hlen + off], &sum, 2);
	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_REQUIRE(m != NULL);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)p->len, p->b));
	pkt_ulp_sum(p, hlen, hlen + off, proto);
	return (m);
}

static void
check_delayed(const char *src, const char *dst, uint8_t proto, uint32_t flag,
    uint32_t off)
{
	static struct pkt want, got;
	struct mbuf *m;

	m = half_summed(&want, src, dst, proto, 777, off);
	m->m_pkthdr.csum_flags = flag | CSUM_L3_CALC;
	/* As after reception, when csum_data is no offset any more. */
	m->m_pkthdr.csum_data = 0xffff;
	in_delayed_cksum(m);
	ATF_CHECK_EQ(CSUM_L3_CALC, m->m_pkthdr.csum_flags);
	got.len = (uint32_t)m->m_pkthdr.len;
	m_copydata(m, 0, m->m_pkthdr.len, got.b);
	PKT_EQUAL(&want, &got);
	m_freem(m);
}

ATF_TC_WITHOUT_HEAD(delayed);
ATF_TC_BODY(delayed, tc)
{
	ih_host("a");
	check_delayed("10.0.0.1", "10.0.0.2", IPPROTO_TCP, CSUM_IP_TCP, 16);
	check_delayed("10.0.0.1", "10.0.0.2", IPPROTO_UDP, CSUM_IP_UDP, 6);
	check_delayed("fc00::1", "fc00::2", IPPROTO_TCP, CSUM_IP6_TCP, 16);
	check_delayed("fc00::1", "fc00::2", IPPROTO_UDP, CSUM_IP6_UDP, 6);
	ih_end();
}

/* In UDP a sum of zero means that there is none, so ffff stands for it. */
ATF_TC_WITHOUT_HEAD(udp_zero);
ATF_TC_BODY(udp_zero, tc)
{
	struct pkt p;
	uint32_t sum;
	struct mbuf *m;

	ih_host("a");
	pkt_ip(&p, "10.0.0.1", "10.0.0.2", IPPROTO_UDP);
	p.len = 30;
	memset(&p.b[20], 0, 10);
	pkt_end(&p);
	/* The last word makes the sum, pseudo header included, ffff. */
	sum = pkt_sum(&p.b[12], 8, IPPROTO_UDP + 10);
	p.b[26] = (uint8_t)(sum >> 8);
	p.b[27] = (uint8_t)sum;
	p.b[28] = (uint8_t)(~sum >> 8);
	p.b[29] = (uint8_t)~sum;
	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 30, p.b));
	m->m_pkthdr.csum_flags = CSUM_IP_UDP;
	in_delayed_cksum(m);
	m_copydata(m, 26, 2, p.b);
	ATF_CHECK_EQ(0xff, p.b[0]);
	ATF_CHECK_EQ(0xff, p.b[1]);
	m_freem(m);
	ih_end();
}

ATF_TC_WITHOUT_HEAD(verify);
ATF_TC_BODY(verify, tc)
{
	static struct pkt p;
	struct ip_info ii = { 0 };
	struct mbuf *m;
	uint16_t sum;

	ih_host("a");
	ii.ii_src = ih_addr("10.0.0.1");
	ii.ii_dst = ih_addr("10.0.0.2");
	m = half_summed(&p, "10.0.0.1", "10.0.0.2", IPPROTO_TCP, 501, 16);
	/* Half a sum is wrong on a wire, and right from a host that left it
	 * to its interface. */
	m_adj(m, 20);
	ATF_CHECK(ip_cksum_verify(m, &ii, IPPROTO_TCP, 501) != 0);
	m->m_pkthdr.csum_flags = CSUM_IP_TCP;
	ATF_CHECK_EQ(0, ip_cksum_verify(m, &ii, IPPROTO_TCP, 501));
	m->m_pkthdr.csum_flags = 0;
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, 501, &p.b[20]));
	ATF_CHECK_EQ(0, ip_cksum_verify(m, &ii, IPPROTO_TCP, 501));
	/* What the interface found is believed: all of it, */
	m->m_pkthdr.csum_flags = CSUM_DATA_VALID | CSUM_PSEUDO_HDR;
	m->m_pkthdr.csum_data = 0xffff;
	ATF_CHECK_EQ(0, ip_cksum_verify(m, &ii, IPPROTO_TCP, 501));
	m->m_pkthdr.csum_data = 0xfffe;
	ATF_CHECK(ip_cksum_verify(m, &ii, IPPROTO_TCP, 501) != 0);
	/* or all but the pseudo header. */
	m->m_pkthdr.csum_flags = CSUM_DATA_VALID;
	sum = (uint16_t)~in_cksum(m, 501);
	m->m_pkthdr.csum_data = sum;
	ATF_CHECK_EQ(0, ip_cksum_verify(m, &ii, IPPROTO_TCP, 501));
	m->m_pkthdr.csum_data = (uint16_t)(sum + 1);
	ATF_CHECK(ip_cksum_verify(m, &ii, IPPROTO_TCP, 501) != 0);
	m_freem(m);
	ih_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, partial);
	ATF_TP_ADD_TC(tp, carries);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, chains);
	ATF_TP_ADD_TC(tp, pseudo);
	ATF_TP_ADD_TC(tp, delayed);
	ATF_TP_ADD_TC(tp, udp_zero);
	ATF_TP_ADD_TC(tp, verify);
	return (atf_no_error());
}

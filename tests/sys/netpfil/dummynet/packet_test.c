/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What a pipe does to the bytes of packets: marks, damage, cutting.  Every
 * packet that comes out is compared with the one that went in.
 */
#include "world.h"
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_var.h>

#define	MAXLEN	2000

/* The next packet that came out, flat: its length; flags may be NULL. */
static int
next_out(struct world *w, uint8_t buf[MAXLEN], uint32_t *flags)
{
	struct mbuf *m;
	int len;

	m = mbufq_dequeue(&w->w_kept);
	ATF_REQUIRE(m != NULL);
	len = m->m_pkthdr.len;
	ATF_REQUIRE(len <= MAXLEN);
	m_copydata(m, 0, len, buf);
	if (flags != NULL)
		*flags = m->m_pkthdr.csum_flags;
	m_freem(m);
	return (len);
}

static int
flat(const struct mbuf *m, uint8_t buf[MAXLEN])
{

	ATF_REQUIRE(m != NULL && m->m_pkthdr.len <= MAXLEN);
	m_copydata(m, 0, m->m_pkthdr.len, buf);
	return (m->m_pkthdr.len);
}

/* The ones-complement sum over len bytes is 0xffff if its checksum is right. */
static uint32_t
sum(const uint8_t *p, int len, uint32_t s)
{
	int i;

	for (i = 0; i < len; i++)
		s += (uint32_t)p[i] << ((i & 1) != 0 ? 0 : 8);
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (s);
}

/* Would a receiver take this frame, as far as checksums tell? */
static bool
frame_good(const uint8_t *f, int len)
{
	const uint8_t *ip = f + ETHER_HDR_LEN;

	len -= ETHER_HDR_LEN;
	if (f[12] == 0x86)
		return (sum(ip + 40, len - 40, sum(ip + 8, 32,
		    (uint32_t)(len - 40) + IPPROTO_UDP)) == 0xffff);
	return (ip[0] == 0x45 && sum(ip, 20, 0) == 0xffff &&
	    sum(ip + 20, len - 20, sum(ip + 12, 8,
	    (uint32_t)(len - 20) + IPPROTO_UDP)) == 0xffff);
}

/* Bits that differ, and the first byte with one. */
static u_int
bits_changed(const uint8_t *a, const uint8_t *b, int len, int *where)
{
	u_int n = 0;
	int i;

	for (i = len - 1; i >= 0; i--)
		if (a[i] != b[i]) {
			n += (u_int)__builtin_popcount(a[i] ^ b[i]);
			*where = i;
		}
	return (n);
}

/* A pipe that marks everything but the first two packets given at once. */
static struct world *
marking(void)
{
	struct dn_config cfg = { .dc_rate = MBIT, .dc_ecn_bytes = 50,
	    .dc_queue_packets = 1000 };
	struct world *w = world_begin(&cfg);

	w->w_keep = true;
	world_send(w, 2, 100, 0);
	return (w);
}

/* Skip those two. */
static void
marking_run(struct world *w)
{
	uint8_t b[MAXLEN];

	world_run(w, w->w_now + 10 * SEC);
	next_out(w, b, NULL);
	ATF_CHECK_EQ(0, b[ETHER_HDR_LEN + 1]);
	next_out(w, b, NULL);
	ATF_CHECK_EQ(0, b[ETHER_HDR_LEN + 1]);
}

ATF_TC_WITHOUT_HEAD(mark_ip);
ATF_TC_BODY(mark_ip, tc)
{
	uint8_t in[MAXLEN], out[MAXLEN];
	struct world *w = marking();
	struct mbuf *m;
	uint8_t tos;
	u_int i;

	for (i = 0; i < 900; i++) {
		m = world_packet(64, (uint16_t)(i * 73), (uint8_t)i);
		world_give(w, m);
	}
	marking_run(w);
	for (i = 0; i < 900; i++) {
		m = world_packet(64, (uint16_t)(i * 73), (uint8_t)i);
		flat(m, in);
		m_freem(m);
		ATF_REQUIRE_EQ(64, next_out(w, out, NULL));
		ATF_REQUIRE(frame_good(out, 64));
		tos = (i & 3) != 0 ? (uint8_t)(i | 3) : (uint8_t)i;
		ATF_REQUIRE_EQ(tos, out[ETHER_HDR_LEN + 1]);
		out[ETHER_HDR_LEN + 1] = in[ETHER_HDR_LEN + 1];
		memcpy(out + ETHER_HDR_LEN + 10, in + ETHER_HDR_LEN + 10, 2);
		ATF_REQUIRE_EQ(0, memcmp(in, out, 64));
	}
	ATF_CHECK_EQ(450, world_stats(w).ds_marks);
	world_end(w);
}

ATF_TC_WITHOUT_HEAD(mark_ip6);
ATF_TC_BODY(mark_ip6, tc)
{
	uint8_t in[MAXLEN], out[MAXLEN];
	struct world *w = marking();
	struct mbuf *m;
	u_int i, tclass;

	for (i = 0; i < 256; i++)
		world_give(w, world_packet6(90, 0xbeef, (uint8_t)i));
	marking_run(w);
	for (i = 0; i < 256; i++) {
		tclass = (i & 3) != 0 ? i | 3 : i;
		m = world_packet6(90, 0xbeef, (uint8_t)tclass);
		flat(m, in);
		m_freem(m);
		ATF_REQUIRE_EQ(90, next_out(w, out, NULL));
		ATF_REQUIRE_EQ(0, memcmp(in, out, 90));
	}
	ATF_CHECK_EQ(128, world_stats(w).ds_marks);
	world_end(w);
}

/* A mark does not show in another reference to the same bytes. */
ATF_TC_WITHOUT_HEAD(mark_shared);
ATF_TC_BODY(mark_shared, tc)
{
	uint8_t after[MAXLEN], before[MAXLEN], out[MAXLEN];
	struct world *w = marking();
	struct mbuf *m, *n;

	m = world_packet(1000, 5, IPTOS_ECN_ECT0);
	flat(m, before);
	n = m_copym(m, 0, M_COPYALL, M_NOWAIT);
	ATF_REQUIRE(n != NULL && !M_WRITABLE(n));
	world_give(w, n);
	marking_run(w);
	next_out(w, out, NULL);
	ATF_CHECK_EQ(IPTOS_ECN_CE, out[ETHER_HDR_LEN + 1]);
	ATF_CHECK(frame_good(out, 1000));
	flat(m, after);
	ATF_CHECK_EQ(0, memcmp(before, after, 1000));
	m_freem(m);
	world_end(w);
}

/* In pieces of odd sizes, and things that are no IP. */
ATF_TC_WITHOUT_HEAD(mark_odd);
ATF_TC_BODY(mark_odd, tc)
{
	static const int cut[] = { 1, 7, 13, 14, 15, 16, 24, 33 };
	uint8_t out[MAXLEN];
	struct world *w = marking();
	struct mbuf *m, *rest;
	u_int i;

	for (i = 0; i < nitems(cut); i++) {
		m = world_packet(200, (uint16_t)i, IPTOS_ECN_ECT1);
		rest = m_split(m, cut[i], M_NOWAIT);
		ATF_REQUIRE(rest != NULL);
		rest->m_flags &= ~(uint32_t)M_PKTHDR;
		m_cat(m, rest);
		m->m_pkthdr.len = 200;
		world_give(w, m);
	}
	m = world_packet(60, 0, IPTOS_ECN_ECT0);	/* ARP */
	m->m_data[13] = 6;
	world_give(w, m);
	m = world_packet(60, 0, IPTOS_ECN_ECT0);	/* IPv4 as IPv6 */
	m->m_data[12] = (char)0x86;
	m->m_data[13] = (char)0xdd;
	world_give(w, m);
	m = world_packet(60, 0, IPTOS_ECN_ECT0);	/* short */
	m_adj(m, 33 - 60);
	world_give(w, m);
	m = world_packet(60, 0, IPTOS_ECN_ECT0);
	m_adj(m, 13 - 60);
	ATF_CHECK_EQ(EINVAL, world_give(w, m));
	marking_run(w);
	for (i = 0; i < nitems(cut); i++) {
		ATF_REQUIRE_EQ(200, next_out(w, out, NULL));
		ATF_CHECK_EQ(IPTOS_ECN_CE, out[ETHER_HDR_LEN + 1]);
		ATF_CHECK(frame_good(out, 200));
	}
	ATF_CHECK_EQ(nitems(cut), world_stats(w).ds_marks);
	for (i = 0; i < 3; i++) {
		next_out(w, out, NULL);
		ATF_CHECK_EQ(IPTOS_ECN_ECT0, out[ETHER_HDR_LEN + 1]);
	}
	world_end(w);
}

/* Above the threshold, not at it. */
ATF_TC_WITHOUT_HEAD(threshold);
ATF_TC_BODY(threshold, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_ecn_packets = 5 };
	struct world *w;
	u_int i, pass;

	for (pass = 0; pass < 2; pass++) {
		w = world_begin(&cfg);
		for (i = 0; i < 20; i++)
			world_give(w, world_packet(1000, (uint16_t)i,
			    IPTOS_ECN_ECT1));
		world_run(w, w->w_now + SEC);
		ATF_REQUIRE_EQ(20, w->w_n);
		/* One is sent, packet i found i - 1 in the queue. */
		for (i = 0; i < 20; i++)
			ATF_CHECK_EQ(i > 6 ? IPTOS_ECN_CE : IPTOS_ECN_ECT1,
			    w->w_seen[i].s_tos);
		world_end(w);
		cfg.dc_ecn_packets = 0;
		cfg.dc_ecn_bytes = 5000;
	}
}

/* Each packet has one bit flipped, and a receiver sees it. */
ATF_TC_WITHOUT_HEAD(corrupt);
ATF_TC_BODY(corrupt, tc)
{
	struct dn_config cfg = { .dc_corrupt = DN_PROB_ONE, .dc_seed = 3 };
	struct world *w = world_begin(&cfg);
	uint8_t hit[MAXLEN] = { 0 }, in[MAXLEN], out[MAXLEN];
	struct mbuf *m;
	u_int i, n;
	int where = 0;

	w->w_keep = true;
	for (i = 0; i < 3000; i++) {
		m = world_packet(60, (uint16_t)i, 0);
		flat(m, in);
		ATF_REQUIRE(frame_good(in, 60));
		world_give(w, m);
		ATF_REQUIRE_EQ(60, next_out(w, out, NULL));
		ATF_REQUIRE_EQ(1, bits_changed(in, out, 60, &where));
		ATF_REQUIRE(where >= ETHER_HDR_LEN);
		ATF_REQUIRE(!frame_good(out, 60));
		hit[where]++;
	}
	for (n = 0, i = ETHER_HDR_LEN; i < 60; i++)
		n += hit[i] > 30;
	ATF_CHECK_EQ(60 - ETHER_HDR_LEN, n);
	ATF_CHECK_EQ(3000, world_stats(w).ds_corrupted);
	m = world_packet(60, 0, 0);
	m->m_data[13] = 6;				/* ARP */
	flat(m, in);
	world_give(w, m);
	next_out(w, out, NULL);
	ATF_CHECK_EQ(0, memcmp(in, out, 60));
	ATF_CHECK_EQ(3000, world_stats(w).ds_corrupted);
	world_end(w);
}

/* Leave the UDP checksum of m to the interface. */
static void
leave_sum(struct mbuf *m, bool v6)
{
	uint8_t *ip = mtodo(m, ETHER_HDR_LEN), *udp = ip + (v6 ? 40 : 20);
	int len = m->m_pkthdr.len - ETHER_HDR_LEN - (v6 ? 40 : 20);
	uint32_t s;

	s = sum(v6 ? ip + 8 : ip + 12, v6 ? 32 : 8, (uint32_t)len +
	    IPPROTO_UDP);
	udp[6] = (uint8_t)(s >> 8);
	udp[7] = (uint8_t)s;
	m->m_pkthdr.csum_flags = v6 ? CSUM_IP6_UDP : CSUM_IP_UDP;
	m->m_pkthdr.csum_data = 6;
}

/* And that of the IPv4 header. */
static void
leave_header_sum(struct mbuf *m)
{
	uint8_t *ip = mtodo(m, ETHER_HDR_LEN);

	ip[10] = ip[11] = 0;
	m->m_pkthdr.csum_flags |= CSUM_IP;
}

/* A sum left to the interface is right before the damage, and the flags do
 * not hide it; other references see nothing. */
ATF_TC_WITHOUT_HEAD(corrupt_unsummed);
ATF_TC_BODY(corrupt_unsummed, tc)
{
	struct dn_config cfg = { .dc_corrupt = DN_PROB_ONE, .dc_seed = 4 };
	struct world *w = world_begin(&cfg);
	uint8_t before[MAXLEN], in[MAXLEN], out[MAXLEN];
	struct mbuf *m, *n;
	uint32_t flags;
	u_int i;
	int where;

	w->w_keep = true;
	for (i = 0; i < 200; i++) {
		m = (i & 1) != 0 ? world_packet6(200, (uint16_t)i, 0) :
		    world_packet(200, (uint16_t)i, 0);
		flat(m, in);
		leave_sum(m, (i & 1) != 0);
		if ((i & 3) == 2)
			leave_header_sum(m);
		flat(m, before);
		ATF_REQUIRE(!frame_good(before, 200));
		n = m_copym(m, 0, M_COPYALL, M_NOWAIT);
		world_give(w, n);
		next_out(w, out, &flags);
		ATF_CHECK_EQ(0, flags);
		ATF_REQUIRE_EQ(1, bits_changed(in, out, 200, &where));
		flat(m, in);
		ATF_CHECK_EQ(0, memcmp(before, in, 200));
		m_freem(m);
	}
	world_end(w);
}

/* What an interface found on the way in is no excuse. */
ATF_TC_WITHOUT_HEAD(corrupt_verified);
ATF_TC_BODY(corrupt_verified, tc)
{
	struct dn_config cfg = { .dc_corrupt = DN_PROB_ONE };
	struct world *w = world_begin(&cfg);
	uint8_t out[MAXLEN];
	struct mbuf *m;
	uint32_t flags;

	w->w_keep = true;
	m = world_packet(100, 1, 0);
	m->m_pkthdr.csum_flags = CSUM_DATA_VALID | CSUM_PSEUDO_HDR |
	    CSUM_IP_CHECKED | CSUM_IP_VALID;
	m->m_pkthdr.csum_data = 0xffff;
	world_give(w, m);
	next_out(w, out, &flags);
	ATF_CHECK_EQ(0, flags);
	ATF_CHECK(!frame_good(out, 100));
	world_end(w);
}

/* A duplicate is the same and shares nothing. */
ATF_TC_WITHOUT_HEAD(duplicate);
ATF_TC_BODY(duplicate, tc)
{
	struct dn_config cfg = { .dc_duplicate = DN_PROB_ONE };
	struct world *w = world_begin(&cfg);
	uint8_t in[MAXLEN], out[MAXLEN];
	struct mbuf *m;
	uint32_t flags;

	w->w_keep = true;
	m = world_packet(700, 1, 0);
	leave_sum(m, false);
	flat(m, in);
	world_give(w, m);
	ATF_REQUIRE_EQ(2, mbufq_len(&w->w_kept));
	m = mbufq_first(&w->w_kept)->m_nextpkt;
	ATF_CHECK(m->m_next == NULL || M_WRITABLE(m->m_next));
	ATF_CHECK_EQ(6, m->m_pkthdr.csum_data);
	ATF_REQUIRE_EQ(700, next_out(w, out, &flags));
	ATF_CHECK_EQ(0, memcmp(in, out, 700));
	ATF_REQUIRE_EQ(700, next_out(w, out, &flags));
	ATF_CHECK_EQ(0, memcmp(in, out, 700));
	ATF_CHECK_EQ(CSUM_IP_UDP, flags);
	world_end(w);
}

/* A TCP segment over IPv4 of `payload' bytes, to be cut at segsz. */
static struct mbuf *
large_segment(int payload, uint16_t segsz)
{
	struct mbuf *m, *n;
	uint8_t *ip;
	int i, len = 40 + payload;

	m = m_getm2(NULL, 128, M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE(m != NULL);
	m->m_data += 2;
	m->m_len = ETHER_HDR_LEN + 40;
	memset(m->m_data, 0, (size_t)m->m_len);
	m->m_data[12] = 0x08;
	ip = mtodo(m, ETHER_HDR_LEN);
	ip[0] = 0x45;
	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	ip[8] = IPDEFTTL;
	ip[9] = IPPROTO_TCP;
	ip[20 + 12] = 0x50;
	ip[20 + 13] = 0x10;
	n = m_getm2(NULL, payload, M_NOWAIT, MT_DATA, 0);
	ATF_REQUIRE(n != NULL);
	m->m_next = n;
	m->m_pkthdr.len = m->m_len + payload;
	for (; payload > 0; n = n->m_next) {
		n->m_len = imin(payload, M_SIZE(n));
		for (i = 0; i < n->m_len; i++)
			n->m_data[i] = (char)(payload - i);
		payload -= n->m_len;
	}
	m->m_pkthdr.csum_flags = CSUM_IP_TSO | CSUM_IP_TCP;
	m->m_pkthdr.csum_data = 16;
	m->m_pkthdr.tso_segsz = segsz;
	m->m_pkthdr.l2hlen = ETHER_HDR_LEN;
	m->m_pkthdr.l3hlen = m->m_pkthdr.l4hlen = 20;
	return (m);
}

/* A large segment takes its place as the packets of the wire. */
ATF_TC_WITHOUT_HEAD(tso);
ATF_TC_BODY(tso, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_queue_packets = 2 };
	struct world *w = world_begin(&cfg);
	uint8_t out[MAXLEN];
	uint32_t flags, seq;
	u_int i;
	int j, len;

	w->w_keep = true;
	ATF_CHECK_EQ(0, world_give(w, large_segment(5000, 1000)));
	ATF_CHECK_EQ(5, world_stats(w).ds_in_packets);
	ATF_CHECK_EQ(5 * 1054, world_stats(w).ds_in_bytes);
	ATF_CHECK_EQ(2, world_stats(w).ds_queue_drops);
	world_run(w, w->w_now + SEC);
	world_conserve(w);
	ATF_REQUIRE_EQ(3, w->w_n);
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(SEC + (i + 1) * 1054 * US, w->w_seen[i].s_when);
		len = next_out(w, out, &flags);
		ATF_REQUIRE_EQ(1054, len);
		ATF_CHECK_EQ(0, flags & CSUM_TSO);
		ATF_CHECK((flags & CSUM_IP_TCP) != 0);
		ATF_CHECK_EQ(0x08, out[12]);
		ATF_CHECK_EQ(0xffff, sum(out + 14, 20, 0));
		ATF_CHECK_EQ(1040, out[16] << 8 | out[17]);
		seq = (uint32_t)out[38] << 24 | out[39] << 16 |
		    out[40] << 8 | out[41];
		ATF_CHECK_EQ(i * 1000, seq);
		for (j = 0; j < 1000; j++)
			ATF_REQUIRE_EQ((uint8_t)(5000 - i * 1000 - (u_int)j),
			    out[54 + j]);
	}
	world_end(w);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, mark_ip);
	ATF_TP_ADD_TC(tp, mark_ip6);
	ATF_TP_ADD_TC(tp, mark_shared);
	ATF_TP_ADD_TC(tp, mark_odd);
	ATF_TP_ADD_TC(tp, threshold);
	ATF_TP_ADD_TC(tp, corrupt);
	ATF_TP_ADD_TC(tp, corrupt_unsummed);
	ATF_TP_ADD_TC(tp, corrupt_verified);
	ATF_TP_ADD_TC(tp, duplicate);
	ATF_TP_ADD_TC(tp, tso);
	return (atf_no_error());
}

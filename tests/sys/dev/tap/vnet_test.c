/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The virtio-net header: what it says of a frame, what it may not say, and
 * that nothing it says is believed without a look at the frame.
 */
#include "rig.h"

static const uint8_t A[6] = { 2, 0, 0, 0, 0, 1 }, B[6] = { 2, 0, 0, 0, 0, 2 };
#define	V4	A, B, "10.0.0.1", "10.0.0.2"
#define	V6	A, B, "fc00::1", "fc00::2"

/* Give the frame with the header to the parser; what it notes. */
static int
parse(const struct rig_frame *f, int len, struct tap_vnet_hdr vh,
    struct pkthdr *ph, uint8_t *out)
{
	struct mbuf *m;
	int error;

	m = rig_mbuf(f->f_b, len, 2000);
	error = tap_vnet_input(m, &vh);
	*ph = m->m_pkthdr;
	ATF_REQUIRE_EQ(len, m->m_pkthdr.len);
	if (out != NULL)
		m_copydata(m, 0, len, out);
	m_freem(m);
	return (error);
}

/* One frame with an open checksum: TCP or UDP over either IP. */
static void
open_check(struct rig_frame *f, int off, uint32_t name)
{
	struct tap_vnet_hdr vh = { .vh_flags = VH_NEEDS_CSUM,
	    .vh_csum_start = (uint16_t)f->f_l4,
	    .vh_csum_offset = (uint16_t)off };
	struct tap_vnet_hdr back;
	struct pkthdr ph;
	struct mbuf *m;

	rig_sum(f, off, true);
	ATF_CHECK_EQ(0, parse(f, f->f_len, vh, &ph, NULL));
	ATF_CHECK_EQ(name | CSUM_DATA_VALID | CSUM_PSEUDO_HDR, ph.csum_flags);
	ATF_CHECK_EQ(0xffff, ph.csum_data);
	ATF_CHECK_EQ(0, ph.lro_nsegs);
	/* And out again. */
	m = rig_mbuf(f->f_b, f->f_len, 2000);
	m->m_pkthdr.csum_flags = name;
	m->m_pkthdr.csum_data = (uint16_t)off;
	m->m_pkthdr.l3hlen = (uint8_t)(f->f_l4 - ETH);
	tap_vnet_output(m, &back);
	ATF_CHECK_EQ(0, memcmp(&vh, &back, sizeof(vh)));
	m_freem(m);
}

ATF_TC_WITHOUT_HEAD(open);
ATF_TC_BODY(open, tc)
{
	static struct rig_frame f;
	struct rig r;

	rig_begin(&r);
	rig_tcp(&f, V4, 100, 1, 1, 0x10);
	open_check(&f, 16, CSUM_IP_TCP);
	rig_tcp(&f, V6, 100, 1, 1, 0x10);
	open_check(&f, 16, CSUM_IP6_TCP);
	rig_udp_frame(&f, V4, 0);
	open_check(&f, 6, CSUM_IP_UDP);
	rig_udp_frame(&f, V6, 1300);
	open_check(&f, 6, CSUM_IP6_UDP);
	rig_end(&r);
}

/* Nothing said, nothing noted; verified, noted; both ways. */
ATF_TC_WITHOUT_HEAD(closed);
ATF_TC_BODY(closed, tc)
{
	struct tap_vnet_hdr vh = { 0 }, zero = { 0 };
	static struct rig_frame f;
	struct pkthdr ph;
	struct mbuf *m;
	struct rig r;

	rig_begin(&r);
	rig_tcp(&f, V4, 100, 1, 1, 0x10);
	ATF_CHECK_EQ(0, parse(&f, f.f_len, vh, &ph, NULL));
	ATF_CHECK_EQ(0, ph.csum_flags);
	vh.vh_flags = VH_DATA_VALID;
	ATF_CHECK_EQ(0, parse(&f, f.f_len, vh, &ph, NULL));
	ATF_CHECK_EQ(CSUM_DATA_VALID | CSUM_PSEUDO_HDR, ph.csum_flags);
	ATF_CHECK_EQ(0xffff, ph.csum_data);
	m = rig_mbuf(f.f_b, f.f_len, 2000);
	m->m_pkthdr.csum_flags = CSUM_DATA_VALID | CSUM_PSEUDO_HDR;
	tap_vnet_output(m, &vh);
	ATF_CHECK_EQ(0, memcmp(&vh, &zero, sizeof(vh)));
	m_freem(m);
	rig_end(&r);
}

/* Sums that have no name here are completed: ICMP, an IP header with options
 * that the host did not mean, a fragment. */
ATF_TC_WITHOUT_HEAD(complete);
ATF_TC_BODY(complete, tc)
{
	struct tap_vnet_hdr vh = { .vh_flags = VH_NEEDS_CSUM,
	    .vh_csum_start = ETH + 20, .vh_csum_offset = 2 };
	static struct rig_frame f;
	static uint8_t out[RIG_FRAME];
	struct pkthdr ph;
	struct rig r;

	rig_begin(&r);
	rig_ip(&f, V4, IPPROTO_ICMP, 64);
	f.f_b[f.f_l4] = 8;
	rig_sum(&f, 2, true);
	ATF_CHECK(!rig_good(f.f_b, f.f_len));
	ATF_CHECK_EQ(0, parse(&f, f.f_len, vh, &ph, out));
	ATF_CHECK_EQ(0, ph.csum_flags);
	ATF_CHECK(rig_good(out, f.f_len));

	/* Long enough to lie in two mbufs. */
	rig_udp_frame(&f, V4, 4000);
	put16(f.f_b + ETH + 6, 0x2000);
	rig_sum(&f, 6, true);
	vh.vh_csum_offset = 6;
	ATF_CHECK_EQ(0, parse(&f, f.f_len, vh, &ph, out));
	ATF_CHECK_EQ(0, ph.csum_flags);
	put16(f.f_b + ETH + 6, 0);
	put16(out + ETH + 6, 0);
	ATF_CHECK(rig_good(out, f.f_len));

	/* At a place where no checksum is. */
	vh.vh_csum_start += 2;
	ATF_CHECK_EQ(0, parse(&f, f.f_len, vh, &ph, NULL));
	ATF_CHECK_EQ(0, ph.csum_flags);
	rig_end(&r);
}

/* Large segments: in, and the same out. */
static void
large_check(struct rig_frame *f, int ecn, bool v6)
{
	struct tap_vnet_hdr back, vh = { .vh_flags = VH_NEEDS_CSUM,
	    .vh_csum_start = (uint16_t)f->f_l4, .vh_csum_offset = 16,
	    .vh_gso_type = (uint8_t)((v6 ? VH_GSO_TCPV6 : VH_GSO_TCPV4) | ecn),
	    .vh_gso_size = 1440, .vh_hdr_len = (uint16_t)(f->f_l4 + 20) };
	struct pkthdr ph;
	struct mbuf *m;

	rig_sum(f, 16, true);
	if (ecn)
		f->f_b[f->f_l4 + 13] |= 0x80;
	ATF_CHECK_EQ(0, parse(f, f->f_len, vh, &ph, NULL));
	ATF_CHECK_EQ((v6 ? CSUM_IP6_TSO | CSUM_IP6_TCP :
	    CSUM_IP_TSO | CSUM_IP_TCP) | CSUM_DATA_VALID | CSUM_PSEUDO_HDR,
	    ph.csum_flags);
	ATF_CHECK_EQ(1440, ph.tso_segsz);
	ATF_CHECK_EQ(howmany(f->f_len - f->f_l4 - 20, 1440), ph.lro_nsegs);
	ATF_CHECK_EQ(f->f_l4 - ETH, ph.l3hlen);
	ATF_CHECK_EQ(20, ph.l4hlen);
	m = rig_mbuf(f->f_b, f->f_len, 2000);
	m->m_pkthdr.csum_flags = v6 ? CSUM_IP6_TSO | CSUM_IP6_TCP :
	    CSUM_IP_TSO | CSUM_IP_TCP;
	m->m_pkthdr.csum_data = 16;
	m->m_pkthdr.tso_segsz = 1440;
	m->m_pkthdr.l3hlen = (uint8_t)(f->f_l4 - ETH);
	tap_vnet_output(m, &back);
	ATF_CHECK_EQ(0, memcmp(&vh, &back, sizeof(vh)));
	/* What fits one segment is not cut. */
	m->m_pkthdr.tso_segsz = (uint16_t)(f->f_len - f->f_l4 - 20);
	tap_vnet_output(m, &back);
	ATF_CHECK_EQ(VH_GSO_NONE, back.vh_gso_type);
	ATF_CHECK_EQ(VH_NEEDS_CSUM, back.vh_flags);
	m_freem(m);
}

ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	static struct rig_frame f;
	struct rig r;

	rig_begin(&r);
	rig_tcp(&f, V4, 14400, 1, 1, 0x10);
	large_check(&f, 0, false);
	rig_tcp(&f, V4, 65495, 1, 1, 0x10);
	large_check(&f, VH_GSO_ECN, false);
	rig_tcp(&f, V6, 14401, 1, 1, 0x18);
	large_check(&f, VH_GSO_ECN, true);
	rig_end(&r);
}

/* Contradictions. */
ATF_TC_WITHOUT_HEAD(wrong);
ATF_TC_BODY(wrong, tc)
{
	static const struct { int len; struct tap_vnet_hdr vh; } t[] = {
		/* A checksum outside of the frame, or in the link header. */
		{ 154, { 1, 0, 0, 0, 13, 16 } },
		{ 154, { 1, 0, 0, 0, 34, 119 } },
		{ 154, { 1, 0, 0, 0, 65535, 65535 } },
		{ 51, { 1, 0, 0, 0, 34, 16 } },
		/* Segments of no size, of another family, of no kind. */
		{ 154, { 1, 1, 54, 0, 34, 16 } },
		{ 154, { 1, 4, 54, 50, 34, 16 } },
		{ 154, { 1, 3, 54, 50, 34, 16 } },
		{ 154, { 1, 0x80, 54, 50, 34, 16 } },
		{ 154, { 1, 0x7f, 54, 50, 34, 16 } },
		/* No payload; half a TCP header. */
		{ 54, { 1, 1, 54, 50, 34, 16 } },
		{ 53, { 1, 1, 54, 50, 34, 16 } },
		{ 20, { 0, 1, 54, 50, 0, 0 } },
	};
	static struct rig_frame f;
	struct pkthdr ph;
	struct rig r;
	u_int i;

	rig_begin(&r);
	rig_tcp(&f, V4, 100, 1, 1, 0x10);
	for (i = 0; i < nitems(t); i++)
		ATF_CHECK_EQ_MSG(EINVAL, parse(&f, t[i].len, t[i].vh, &ph,
		    NULL), "%u", i);
	f.f_b[f.f_l4 + 12] = 0xf0;		/* data offset beyond the end */
	ATF_CHECK_EQ(EINVAL, parse(&f, 94, (struct tap_vnet_hdr){ 1, 1, 54,
	    50, 34, 16 }, &ph, NULL));
	f.f_b[f.f_l4 + 12] = 0x40;
	ATF_CHECK_EQ(EINVAL, parse(&f, 154, (struct tap_vnet_hdr){ 1, 1, 54,
	    50, 34, 16 }, &ph, NULL));
	rig_udp_frame(&f, V4, 100);
	ATF_CHECK_EQ(EINVAL, parse(&f, 142, (struct tap_vnet_hdr){ 1, 1, 54,
	    50, 34, 6 }, &ph, NULL));
	rig_end(&r);
}

/* Any header on any frame: no harm, and what is noted holds. */
ATF_TC_WITHOUT_HEAD(fuzz);
ATF_TC_BODY(fuzz, tc)
{
	static const uint8_t gso[] = { 0, 1, 4, 0x81, 0x84, 3, 255 };
	static struct rig_frame f;
	struct tap_vnet_hdr vh;
	struct pkthdr ph;
	struct rig r;
	uint64_t x = 1;
	int i, k, len, ok = 0;

	rig_begin(&r);
	for (i = 0; i < 60000; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		if ((x >> 60 & 1) != 0)
			rig_tcp(&f, V4, 60, 1, 1, 0x10);
		else
			rig_tcp(&f, V6, 60, 1, 1, 0x10);
		for (k = (int)(x >> 58 & 3); k > 0; k--) {
			x = x * 6364136223846793005ULL + 12345;
			f.f_b[12 + (x >> 33) % 60] = (uint8_t)(x >> 20);
		}
		len = (x >> 40 & 1) != 0 ? f.f_len :
		    14 + (int)((x >> 41) % (u_int)(f.f_len - 13));
		vh = (struct tap_vnet_hdr){ (uint8_t)(x >> 25 & 3),
		    gso[(x >> 16) % nitems(gso)], 0, (uint16_t)(x >> 50 & 15),
		    (x >> 8 & 1) != 0 ? (uint16_t)f.f_l4 :
		    (uint16_t)((x >> 9) % 120),
		    (uint16_t)((x >> 30 & 3) != 0 ? 16 : (x >> 34) % 70) };
		if (parse(&f, len, vh, &ph, NULL) != 0)
			continue;
		ok++;
		if ((ph.csum_flags & CSUM_TSO) != 0) {
			ATF_REQUIRE(ph.tso_segsz != 0 && ph.lro_nsegs != 0);
			ATF_REQUIRE(ETH + ph.l3hlen + ph.l4hlen < len);
		}
	}
	ATF_CHECK(ok > 1000);
	rig_end(&r);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, open);
	ATF_TP_ADD_TC(tp, closed);
	ATF_TP_ADD_TC(tp, complete);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, wrong);
	ATF_TP_ADD_TC(tp, fuzz);
	return (atf_no_error());
}

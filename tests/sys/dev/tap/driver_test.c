/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The driver on a socket that keeps messages whole, as a TAP descriptor
 * does, with the test as the host's kernel.
 */
#include "rig.h"
#include <netinet/ip.h>

#define	HDR	(int)sizeof(struct tap_vnet_hdr)

static uint8_t wire[RIG_FRAME], back[RIG_FRAME];

/* The host sends a frame of len bytes that begins with n. */
static void
host_sends(struct rig *r, int len, uint8_t n, const struct tap_vnet_hdr *vh)
{
	int i;

	memset(wire, 0, HDR);
	if (vh != NULL)
		memcpy(wire, vh, sizeof(*vh));
	for (i = 0; i < len; i++)
		wire[HDR + i] = (uint8_t)(n + i * 13);
	ATF_REQUIRE_EQ(0, rig_write(r->r_peer, wire, (size_t)(HDR + len)));
}

ATF_TC_WITHOUT_HEAD(create);
ATF_TC_BODY(create, tc)
{
	struct rig r;
	struct ifnet *ifp;
	int fd[2];

	rig_begin_pair(&r, TAP_OFFLOAD);
	ifp = r.r_ifp;
	ATF_CHECK_STREQ("tap0", ifp->if_xname);
	ATF_CHECK_EQ(ifp, ifunit("tap0"));
	ATF_CHECK_EQ(r.r_fd, tap_poll_fd(ifp));
	ATF_CHECK_EQ(1500, ifp->if_mtu);
	ATF_CHECK((ifp->if_flags & IFF_UP) != 0);
	ATF_CHECK_EQ(0x02, ifp->if_lladdr[0] & 0x03);
	ATF_CHECK_EQ(CSUM_DELAY_DATA | CSUM_DELAY_DATA_IPV6 | CSUM_TSO,
	    ifp->if_hwassist);
	ATF_CHECK_EQ(0, if_setmtu(ifp, 9000));
	ATF_CHECK_EQ(0, if_setmtu(ifp, 65521));
	ATF_CHECK_EQ(EINVAL, if_setmtu(ifp, 65522));
	ATF_CHECK_EQ(0, if_setcap(ifp, 0));
	ATF_CHECK_EQ(0, ifp->if_hwassist);
	ATF_REQUIRE_EQ(0, rig_pair(fd));
	ATF_CHECK_EQ(EEXIST, tap_create_fd("tap0", 0, fd[0], &ifp));
	ATF_CHECK_EQ(EINVAL, tap_create_fd("sixteen_letters_", 0, fd[0],
	    &ifp));
	ATF_CHECK_EQ(EINVAL, tap_create_fd("", 0, fd[0], &ifp));
	ATF_CHECK_EQ(EBADF, tap_create_fd("tap1", 0, -1, &ifp));
	ATF_REQUIRE(rig_isopen(fd[0]));
	ATF_CHECK_EQ(0, tap_create_fd("tap1", 0, fd[0], &ifp));
	ATF_CHECK_EQ(0, ifp->if_hwassist);
	ATF_CHECK_EQ(0, ifp->if_capabilities);
	if_detach(ifp);
	ATF_CHECK(!rig_isopen(fd[0]));
	rig_close(fd[1]);
	rig_end(&r);
	ATF_CHECK(!rig_isopen(r.r_fd));
}

/* Frames of all sizes arrive as they were sent. */
ATF_TC_WITHOUT_HEAD(sizes);
ATF_TC_BODY(sizes, tc)
{
	static const int size[] = { 14, 15, 60, 165, 166, 167, 168, 1514,
	    2045, 2046, 2047, 4000, 9014, 18430, 18431, 65535, 65549 };
	struct mbuf *m;
	struct rig r;
	u_int i, n;

	rig_begin_pair(&r, TAP_OFFLOAD);
	for (i = 0; i < nitems(size); i++) {
		host_sends(&r, size[i], (uint8_t)i, NULL);
		ATF_CHECK_EQ(0, tap_input(r.r_ifp, &n));
		ATF_CHECK_EQ(1, n);
		m = mbufq_first(&r.r_in);
		ATF_REQUIRE(m != NULL);
		ATF_CHECK_EQ(2, (uintptr_t)m->m_data & 3);
		ATF_CHECK_EQ(size[i] > 166, (m->m_flags & M_EXT) != 0);
		ATF_CHECK(M_WRITABLE(m));
		ATF_CHECK(m->m_len >= imin(size[i], 2046));
		ATF_REQUIRE_EQ(size[i], rig_next(&r, back, NULL));
		ATF_CHECK_EQ(0, memcmp(back, wire + HDR, (size_t)size[i]));
	}
	ATF_CHECK_EQ(nitems(size), r.r_ifp->if_data.ifi_ipackets);
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, &n));
	ATF_CHECK_EQ(0, n);
	ATF_CHECK_EQ(0, r.r_ifp->if_data.ifi_ierrors);
	rig_end(&r);
}

/* Frames that stay while others come are not written over. */
ATF_TC_WITHOUT_HEAD(kept);
ATF_TC_BODY(kept, tc)
{
	struct rig r;
	int i, len;

	rig_begin_pair(&r, TAP_OFFLOAD);
	for (i = 0; i < 40; i++) {
		host_sends(&r, 100 + i * 1000, (uint8_t)i, NULL);
		ATF_CHECK_EQ(0, tap_input(r.r_ifp, NULL));
	}
	for (i = 0; i < 40; i++) {
		len = rig_next(&r, back, NULL);
		ATF_REQUIRE_EQ(100 + i * 1000, len);
		ATF_CHECK_EQ((uint8_t)i, back[0]);
		ATF_CHECK_EQ((uint8_t)(i + (len - 1) * 13), back[len - 1]);
	}
	rig_end(&r);
}

ATF_TC_WITHOUT_HEAD(batch);
ATF_TC_BODY(batch, tc)
{
	struct rig r;
	u_int i, n;

	rig_begin_pair(&r, TAP_OFFLOAD);
	for (i = 0; i < TAP_BATCH + 10; i++)
		host_sends(&r, 60, (uint8_t)i, NULL);
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, &n));
	ATF_CHECK_EQ(TAP_BATCH, n);
	ATF_CHECK_EQ(TAP_BATCH, mbufq_len(&r.r_in));
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, &n));
	ATF_CHECK_EQ(10, n);
	for (i = 0; i < TAP_BATCH + 10; i++) {
		ATF_REQUIRE_EQ(60, rig_next(&r, back, NULL));
		ATF_CHECK_EQ(i, back[0]);
	}
	rig_end(&r);
}

/* Too short, or with a header that cannot be. */
ATF_TC_WITHOUT_HEAD(malformed);
ATF_TC_BODY(malformed, tc)
{
	const struct tap_vnet_hdr bad = { .vh_flags = VH_NEEDS_CSUM,
	    .vh_csum_start = 1000 };
	struct rig r;
	u_int n;

	rig_begin_pair(&r, TAP_OFFLOAD);
	ATF_REQUIRE_EQ(0, rig_write(r.r_peer, wire, 1));
	ATF_REQUIRE_EQ(0, rig_write(r.r_peer, wire, (size_t)HDR));
	host_sends(&r, 13, 0, NULL);
	host_sends(&r, 65550, 0, NULL);
	host_sends(&r, 69000, 0, NULL);
	host_sends(&r, 100, 0, &bad);
	host_sends(&r, 100, 1, NULL);
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, &n));
	ATF_CHECK_EQ(7, n);
	ATF_CHECK_EQ(6, r.r_ifp->if_data.ifi_ierrors);
	ATF_REQUIRE_EQ(1, mbufq_len(&r.r_in));
	rig_next(&r, back, NULL);
	ATF_CHECK_EQ(1, back[0]);
	rig_end(&r);
}

/* Without memory frames are dropped and counted, and later ones arrive. */
ATF_TC_WITHOUT_HEAD(nomem_input);
ATF_TC_BODY(nomem_input, tc)
{
	struct mbuf_pool *mp;
	uma_zone_t zone[3];
	struct rig r;
	uint64_t nth;
	u_int i;
	int got;

	rig_begin_pair(&r, TAP_OFFLOAD);
	mp = r.r_vnet->vnet_mbufs;
	zone[0] = mp->mp_mbuf;
	zone[1] = mp->mp_cluster;
	zone[2] = mp->mp_jumbo16;
	for (i = 0; i < nitems(zone); i++)
		for (nth = 0; nth < 4; nth++) {
			uma_zone_set_fault(zone[i], nth);
			host_sends(&r, 30000, 1, NULL);
			host_sends(&r, 60, 2, NULL);
			host_sends(&r, 30000, 3, NULL);
			r.r_ifp->if_data.ifi_iqdrops = 0;
			ATF_CHECK_EQ(0, tap_input(r.r_ifp, NULL));
			uma_zone_set_fault(zone[i], UINT64_MAX);
			got = mbufq_len(&r.r_in);
			ATF_CHECK_EQ(3, got +
			    (int)r.r_ifp->if_data.ifi_iqdrops);
			mbufq_drain(&r.r_in);
		}
	uma_zone_set_fault(zone[0], 0);
	host_sends(&r, 60, 9, NULL);
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, NULL));
	ATF_CHECK_EQ(0, mbufq_len(&r.r_in));
	uma_zone_set_fault(zone[0], UINT64_MAX);
	ATF_CHECK_EQ(0, r.r_ifp->if_data.ifi_ierrors);
	rig_end(&r);
}

ATF_TC_WITHOUT_HEAD(nomem_create);
ATF_TC_BODY(nomem_create, tc)
{
	struct mem_stats *ms;
	struct ifnet *ifp;
	struct rig r;
	int error, fd[2], n;

	MALLOC_DECLARE(M_TAP);
	MALLOC_DECLARE(M_IFNET);
	rig_begin(&r);
	ATF_REQUIRE_EQ(0, rig_pair(fd));
	ms = malloc_type_stats(M_TAP);
	ms->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, tap_create_fd("tap0", 0, fd[0], &ifp));
	ms = malloc_type_stats(M_IFNET);
	for (n = 0; n < 20; n++) {
		ms->ms_fault_after = (uint64_t)n;
		error = tap_create_fd("tap0", 0, fd[0], &ifp);
		ms->ms_fault_after = UINT64_MAX;
		if (error == 0)
			break;
		ATF_CHECK_EQ(ENOMEM, error);
		ATF_CHECK(rig_isopen(fd[0]));
		ATF_CHECK(ifunit("tap0") == NULL);
	}
	ATF_CHECK(n > 0 && n < 20);
	rig_close(fd[1]);
	rig_end(&r);
}

/* Chains of pieces leave as one frame, behind their header. */
ATF_TC_WITHOUT_HEAD(output);
ATF_TC_BODY(output, tc)
{
	static const struct { int len, piece; } t[] = {
		{ 14, 100 }, { 60, 1 }, { 60, 14 }, { 1514, 1000 },
		{ 640, 10 }, { 650, 10 }, { 9014, 2048 }, { 65549, 1500 }
	};
	struct tap_vnet_hdr zero = { 0 };
	struct mbuf *m;
	struct rig r;
	u_int i;
	int k;

	rig_begin_pair(&r, TAP_OFFLOAD);
	for (k = 0; k < RIG_FRAME; k++)
		wire[k] = (uint8_t)(k * 11);
	for (i = 0; i < nitems(t); i++) {
		m = rig_mbuf(wire, t[i].len, t[i].piece);
		ATF_CHECK_EQ(0, if_enqueue(r.r_ifp, m));
		ATF_REQUIRE_EQ(t[i].len + HDR, rig_read(r.r_peer, back,
		    sizeof(back)));
		ATF_CHECK_EQ(0, memcmp(&zero, back, sizeof(zero)));
		ATF_CHECK_EQ(0, memcmp(wire, back + HDR, (size_t)t[i].len));
	}
	m = rig_mbuf(wire, 13, 100);
	ATF_CHECK_EQ(EINVAL, if_enqueue(r.r_ifp, m));
	/* Many pieces, and no memory to join them. */
	m = rig_mbuf(wire, 65, 1);
	uma_zone_set_fault(r.r_vnet->vnet_mbufs->mp_mbuf, 0);
	ATF_CHECK_EQ(ENOBUFS, if_enqueue(r.r_ifp, m));
	uma_zone_set_fault(r.r_vnet->vnet_mbufs->mp_mbuf, UINT64_MAX);
	ATF_CHECK_EQ(2, r.r_ifp->if_data.ifi_oerrors);
	ATF_CHECK_EQ(0, uma_zone_get_cur(r.r_vnet->vnet_mbufs->mp_mbuf));
	rig_end(&r);
}

/* The header goes with the frame. */
ATF_TC_WITHOUT_HEAD(output_header);
ATF_TC_BODY(output_header, tc)
{
	static const uint8_t a[6] = { 2 }, b[6] = { 2, 1 };
	static struct rig_frame f;
	struct tap_vnet_hdr vh;
	struct mbuf *m;
	struct rig r;

	rig_begin_pair(&r, TAP_OFFLOAD);
	rig_tcp(&f, a, b, "10.0.0.1", "10.0.0.2", 5000, 1, 1, 0x10);
	m = rig_mbuf(f.f_b, f.f_len, 1000);
	m->m_pkthdr.csum_flags = CSUM_IP_TSO | CSUM_IP_TCP;
	m->m_pkthdr.csum_data = 16;
	m->m_pkthdr.tso_segsz = 1460;
	ATF_CHECK_EQ(0, if_enqueue(r.r_ifp, m));
	ATF_REQUIRE_EQ(f.f_len + HDR, rig_read(r.r_peer, back, sizeof(back)));
	memcpy(&vh, back, sizeof(vh));
	ATF_CHECK_EQ(VH_NEEDS_CSUM, vh.vh_flags);
	ATF_CHECK_EQ(VH_GSO_TCPV4, vh.vh_gso_type);
	ATF_CHECK_EQ(54, vh.vh_hdr_len);
	ATF_CHECK_EQ(1460, vh.vh_gso_size);
	ATF_CHECK_EQ(34, vh.vh_csum_start);
	ATF_CHECK_EQ(16, vh.vh_csum_offset);
	/* And comes back as what it was, noted as received. */
	ATF_REQUIRE_EQ(0, rig_write(r.r_peer, back, (size_t)(f.f_len + HDR)));
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, NULL));
	m = mbufq_first(&r.r_in);
	ATF_REQUIRE(m != NULL);
	ATF_CHECK_EQ(4, m->m_pkthdr.lro_nsegs);
	ATF_CHECK_EQ(1460, m->m_pkthdr.tso_segsz);
	ATF_REQUIRE_EQ(f.f_len, rig_next(&r, back, NULL));
	ATF_CHECK_EQ(0, memcmp(f.f_b, back, (size_t)f.f_len));
	rig_end(&r);
}

/* The host takes no more: frames wait, in order, up to a limit. */
ATF_TC_WITHOUT_HEAD(backpressure);
ATF_TC_BODY(backpressure, tc)
{
	struct mbuf *m;
	struct rig r;
	uint8_t frame[200] = { 0 };
	int dropped = 0, got, sent = 0, waiting = 0;

	rig_begin_pair(&r, TAP_OFFLOAD);
	ATF_CHECK(!tap_wants_write(r.r_ifp));
	while (dropped < 10) {
		put32(frame, (uint32_t)sent);
		m = rig_mbuf(frame, sizeof(frame), 50);
		waiting += tap_wants_write(r.r_ifp);
		if (if_enqueue(r.r_ifp, m) != 0)
			dropped++;
		else
			sent++;
		ATF_REQUIRE(sent < 100000);
	}
	ATF_CHECK(tap_wants_write(r.r_ifp));
	ATF_CHECK_EQ(TAP_QUEUE + 10 - 1, waiting);
	ATF_CHECK_EQ(10, r.r_ifp->if_data.ifi_oqdrops);
	tap_output_ready(r.r_ifp);
	ATF_CHECK(tap_wants_write(r.r_ifp));
	for (got = 0; rig_read(r.r_peer, back, sizeof(back)) > 0; got++) {
		ATF_REQUIRE_EQ((uint32_t)got, get32(back + HDR));
		/* There is room now, but others wait already. */
		if (got == 100) {
			tap_output_ready(r.r_ifp);
			ATF_REQUIRE(rig_read(r.r_peer, back, sizeof(back)) > 0);
			got++;
			put32(frame, (uint32_t)sent++);
			ATF_CHECK_EQ(0, if_enqueue(r.r_ifp, rig_mbuf(frame,
			    sizeof(frame), 50)));
		}
		if (got % 5 == 0)
			tap_output_ready(r.r_ifp);
	}
	ATF_CHECK_EQ(sent, got);
	ATF_CHECK(!tap_wants_write(r.r_ifp));
	ATF_CHECK_EQ(0, r.r_ifp->if_data.ifi_oerrors);
	rig_end(&r);
}

/* It goes with frames waiting. */
ATF_TC_WITHOUT_HEAD(detach);
ATF_TC_BODY(detach, tc)
{
	struct rig r;

	rig_begin_pair(&r, TAP_OFFLOAD);
	host_sends(&r, 30000, 0, NULL);
	ATF_CHECK_EQ(0, tap_input(r.r_ifp, NULL));
	mbufq_drain(&r.r_in);
	while (!tap_wants_write(r.r_ifp))
		ATF_REQUIRE_EQ(0, if_enqueue(r.r_ifp, rig_mbuf(wire, 1000,
		    1000)));
	if_detach(r.r_ifp);
	ATF_CHECK_EQ(0, uma_zone_get_cur(r.r_vnet->vnet_mbufs->mp_mbuf));
	ATF_CHECK_EQ(0, uma_zone_get_cur(r.r_vnet->vnet_mbufs->mp_cluster));
	ATF_CHECK_EQ(0, uma_zone_get_cur(r.r_vnet->vnet_mbufs->mp_jumbo16));
	ATF_CHECK(!rig_isopen(r.r_fd));
	rig_end(&r);
}

/* The other side is gone. */
ATF_TC_WITHOUT_HEAD(gone);
ATF_TC_BODY(gone, tc)
{
	struct rig r;
	u_int n;

	rig_begin_pair(&r, TAP_OFFLOAD);
	host_sends(&r, 60, 0, NULL);
	rig_close(r.r_peer);
	r.r_peer = -1;
	ATF_CHECK_EQ(ENXIO, tap_input(r.r_ifp, &n));
	ATF_CHECK_EQ(1, n);
	ATF_CHECK_EQ(1, mbufq_len(&r.r_in));
	rig_end(&r);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, create);
	ATF_TP_ADD_TC(tp, sizes);
	ATF_TP_ADD_TC(tp, kept);
	ATF_TP_ADD_TC(tp, batch);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, nomem_input);
	ATF_TP_ADD_TC(tp, nomem_create);
	ATF_TP_ADD_TC(tp, output);
	ATF_TP_ADD_TC(tp, output_header);
	ATF_TP_ADD_TC(tp, backpressure);
	ATF_TP_ADD_TC(tp, detach);
	ATF_TP_ADD_TC(tp, gone);
	return (atf_no_error());
}

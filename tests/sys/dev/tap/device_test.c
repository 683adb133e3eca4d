/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The driver and the host's kernel, in a network namespace of the test's
 * own.  The test speaks for the stack, frame by frame, and what the kernel
 * makes of its frames shows whether they and their headers were right.
 */
#include "rig.h"

#define	KERNEL4	"10.77.0.1"
#define	US4	"10.77.0.2"
#define	KERNEL6	"fd77::1"
#define	US6	"fd77::2"

static uint8_t kernel_mac[6];
static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };
static struct rig_frame f;
static uint8_t in[RIG_FRAME];

/* A namespace with a TAP interface that has addresses. */
static void
begin(struct rig *r, int flags)
{
	int error, fd;

	if (!rig_have_tun())
		atf_tc_skip("this system has no /dev/net/tun");
	error = rig_unshare();
	if (error != 0)
		atf_tc_skip("no network namespace: errno %d", error);
	rig_begin(r);
	error = tap_create("yard0", flags, &r->r_ifp, &fd);
	if (error == EPERM || error == EACCES)
		atf_tc_skip("/dev/net/tun is not to be used here");
	ATF_REQUIRE_EQ_MSG(0, error, "tap_create: errno %d", error);
	ATF_CHECK_EQ(fd, tap_poll_fd(r->r_ifp));
	r->r_fd = fd;
	rig_record(r);
	ATF_REQUIRE_EQ(0, rig_shell("set -e; "
	    "ip link set dev yard0 addrgenmode none; "
	    "ip addr add " KERNEL4 "/24 dev yard0; "
	    "ip -6 addr add " KERNEL6 "/64 dev yard0 nodad; "
	    "ip link set yard0 up"));
}

static void
send_frame(struct rig *r, uint32_t flags, uint16_t data, uint16_t segsz)
{
	struct mbuf *m;

	m = rig_mbuf(f.f_b, f.f_len, 1400);
	m->m_pkthdr.csum_flags = flags;
	m->m_pkthdr.csum_data = data;
	m->m_pkthdr.tso_segsz = segsz;
	ATF_REQUIRE_EQ(0, if_enqueue(r->r_ifp, m));
}

/* The next frame of this Ethernet type (and IP protocol, unless 0) from the
 * kernel, in `in': its length. */
static int
expect(struct rig *r, int type, int proto, struct pkthdr *ph)
{
	int len, off;

	for (;;) {
		while (mbufq_len(&r->r_in) == 0) {
			ATF_REQUIRE_MSG(rig_wait(r->r_fd), "no answer");
			ATF_REQUIRE_EQ(0, tap_input(r->r_ifp, NULL));
		}
		len = rig_next(r, in, ph);
		off = ETH + (type == ETHERTYPE_IPV6 ? 6 : 9);
		if (get16(in + 12) == type && (proto == 0 || in[off] == proto))
			return (len);
	}
}

/* Ask for the kernel's link address. */
static void
arp(struct rig *r)
{
	static const uint8_t kernel4[4] = { 10, 77, 0, 1 };
	static const uint8_t us4[4] = { 10, 77, 0, 2 };
	uint8_t *p = f.f_b;

	memset(&f, 0, sizeof(f));
	f.f_len = ETH + 28;
	memcpy(p, everybody, 6);
	memcpy(p + 6, r->r_ifp->if_lladdr, 6);
	put16(p + 12, ETHERTYPE_ARP);
	put16(p + 14, 1);
	put16(p + 16, ETHERTYPE_IP);
	put16(p + 18, 0x0604);
	put16(p + 20, 1);
	memcpy(p + 22, r->r_ifp->if_lladdr, 6);
	memcpy(p + 28, us4, 4);
	memcpy(p + 38, kernel4, 4);
	send_frame(r, 0, 0, 0);
	ATF_CHECK_EQ(ETH + 28, expect(r, ETHERTYPE_ARP, 0, NULL));
	ATF_CHECK_EQ(2, get16(in + 20));
	ATF_CHECK_EQ(0, memcmp(in + 28, kernel4, 4));
	ATF_CHECK_EQ(0, memcmp(in, r->r_ifp->if_lladdr, 6));
	memcpy(kernel_mac, in + 22, 6);
	ATF_CHECK(memcmp(kernel_mac, r->r_ifp->if_lladdr, 6) != 0);
	ATF_REQUIRE_EQ(0, rig_shell("ip -6 neigh replace " US6 " dev yard0 "
	    "lladdr $(ip neigh show " US4 " dev yard0 | "
	    "sed 's/.*lladdr \\([0-9a-f:]*\\).*/\\1/') nud permanent"));
}

/* ARP and an echo. */
static void
ping(struct rig *r, int payload)
{
	int i;

	rig_ip(&f, r->r_ifp->if_lladdr, kernel_mac, US4, KERNEL4, IPPROTO_ICMP,
	    8 + payload);
	f.f_b[f.f_l4] = 8;
	put16(f.f_b + f.f_l4 + 4, 77);		/* not all zeros */
	for (i = 0; i < payload; i++)
		f.f_b[f.f_l4 + 8 + i] = (uint8_t)(i * 3);
	rig_sum(&f, 2, false);
	send_frame(r, 0, 0, 0);
	ATF_REQUIRE_EQ(f.f_len, expect(r, ETHERTYPE_IP, IPPROTO_ICMP, NULL));
	ATF_CHECK(rig_good(in, f.f_len));
	ATF_CHECK_EQ(0, in[f.f_l4]);
	ATF_CHECK_EQ(0, memcmp(in + f.f_l4 + 8, f.f_b + f.f_l4 + 8,
	    (size_t)payload));
}

ATF_TC_WITHOUT_HEAD(echo);
ATF_TC_BODY(echo, tc)
{
	struct rig r;

	begin(&r, TAP_OFFLOAD);
	arp(&r);
	ping(&r, 0);
	ping(&r, 56);
	ping(&r, 1472);
	ATF_REQUIRE_EQ(0, rig_shell("ip link set yard0 mtu 9000"));
	ping(&r, 8972);
	ATF_REQUIRE_EQ(0, rig_shell("ip link set yard0 mtu 65521"));
	ping(&r, 65493);
	rig_end(&r);
	ATF_CHECK(rig_shell("ip link show yard0 2>/dev/null") != 0);
}

/* Without offloads every frame is whole. */
ATF_TC_WITHOUT_HEAD(echo_plain);
ATF_TC_BODY(echo_plain, tc)
{
	struct rig r;

	begin(&r, 0);
	ATF_CHECK_EQ(0, r.r_ifp->if_hwassist);
	arp(&r);
	ping(&r, 56);
	ping(&r, 1472);
	rig_end(&r);
}

/* A datagram from the kernel: its checksum is open, or it is right. */
static void
datagram_in(struct rig *r, const char *us, const char *kernel, bool v6,
    bool open)
{
	uint8_t data[1000] = { 42 };
	struct pkthdr ph;
	int fd, len;

	fd = rig_udp(kernel, 7000);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, rig_sendto(fd, us, 4000, data, sizeof(data)));
	len = expect(r, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP, IPPROTO_UDP, &ph);
	ATF_CHECK_EQ(ETH + (v6 ? 40 : 20) + 8 + 1000, len);
	if (open) {
		ATF_CHECK_EQ((v6 ? CSUM_IP6_UDP : CSUM_IP_UDP) |
		    CSUM_DATA_VALID | CSUM_PSEUDO_HDR, ph.csum_flags);
		ATF_CHECK(!rig_good(in, len));
	} else {
		ATF_CHECK_EQ(0, ph.csum_flags);
		ATF_CHECK(rig_good(in, len));
	}
	rig_close(fd);
}

ATF_TC_WITHOUT_HEAD(udp_in);
ATF_TC_BODY(udp_in, tc)
{
	struct rig r;

	begin(&r, TAP_OFFLOAD);
	arp(&r);
	datagram_in(&r, US4, KERNEL4, false, true);
	datagram_in(&r, US6, KERNEL6, true, true);
	/* Switched off while it runs. */
	ATF_REQUIRE_EQ(0, if_setcap(r.r_ifp, 0));
	datagram_in(&r, US4, KERNEL4, false, false);
	datagram_in(&r, US6, KERNEL6, true, false);
	rig_end(&r);
}

/* A datagram to the kernel, whose checksum the kernel is to believe. */
static void
datagram_out(struct rig *r, const char *us, const char *kernel, bool v6)
{
	uint8_t data[2000];
	int fd;

	fd = rig_udp(kernel, 5000);
	ATF_REQUIRE(fd != -1);
	rig_udp_frame(&f, r->r_ifp->if_lladdr, kernel_mac, us, kernel, 999);
	rig_sum(&f, 6, true);
	send_frame(r, 0, 0, 0);			/* not said: dropped */
	send_frame(r, v6 ? CSUM_IP6_UDP : CSUM_IP_UDP, 6, 0);
	rig_sum(&f, 6, false);
	f.f_b[f.f_len - 1] ^= 1;
	send_frame(r, 0, 0, 0);			/* wrong: dropped */
	f.f_b[f.f_len - 1] ^= 1;
	f.f_b[f.f_l4 + 8] = 0xee;
	rig_sum(&f, 6, false);
	send_frame(r, 0, 0, 0);			/* right */
	ATF_REQUIRE(rig_wait(fd));
	ATF_CHECK_EQ(999, rig_read(fd, data, sizeof(data)));
	ATF_CHECK_EQ(0, data[0]);
	ATF_CHECK_EQ(7, data[1]);
	ATF_REQUIRE(rig_wait(fd));
	ATF_CHECK_EQ(999, rig_read(fd, data, sizeof(data)));
	ATF_CHECK_EQ(0xee, data[0]);
	ATF_CHECK_EQ(0, rig_read(fd, data, sizeof(data)));
	rig_close(fd);
}

ATF_TC_WITHOUT_HEAD(udp_out);
ATF_TC_BODY(udp_out, tc)
{
	struct rig r;

	begin(&r, TAP_OFFLOAD);
	arp(&r);
	datagram_out(&r, US4, KERNEL4, false);
	datagram_out(&r, US6, KERNEL6, true);
	rig_end(&r);
}

/* A large segment to a closed port: the reset acknowledges all of it. */
static void
segment_out(struct rig *r, const char *us, const char *kernel, bool v6,
    int len)
{

	rig_tcp(&f, r->r_ifp->if_lladdr, kernel_mac, us, kernel, len, 1000, 0,
	    0x08);
	rig_sum(&f, 16, true);
	send_frame(r, v6 ? CSUM_IP6_TSO | CSUM_IP6_TCP :
	    CSUM_IP_TSO | CSUM_IP_TCP, 16, 1400);
	ATF_CHECK_EQ(f.f_l4 + 20, expect(r, v6 ? ETHERTYPE_IPV6 :
	    ETHERTYPE_IP, IPPROTO_TCP, NULL));
	ATF_CHECK_EQ(0x14, in[f.f_l4 + 13]);
	ATF_CHECK_EQ(1000 + (uint32_t)len, get32(in + f.f_l4 + 8));
}

ATF_TC_WITHOUT_HEAD(tso_out);
ATF_TC_BODY(tso_out, tc)
{
	struct rig r;

	begin(&r, TAP_OFFLOAD);
	arp(&r);
	segment_out(&r, US4, KERNEL4, false, 1000);
	segment_out(&r, US4, KERNEL4, false, 1401);
	segment_out(&r, US4, KERNEL4, false, 65495);
	segment_out(&r, US6, KERNEL6, true, 14000);
	segment_out(&r, US6, KERNEL6, true, 65475);
	rig_end(&r);
}

/* A connection by hand, over which the kernel sends a window's worth. */
static void
segment_in(struct rig *r, const char *us, const char *kernel, int type,
    bool offload)
{
	struct pkthdr ph;
	uint32_t seq;
	int conn, fd, got, hlen, len;

	fd = rig_listen(kernel, 5000);
	ATF_REQUIRE(fd != -1);
	rig_tcp(&f, r->r_ifp->if_lladdr, kernel_mac, us, kernel, 4, 1000, 0,
	    0x02);
	f.f_b[f.f_l4 + 12] = 0x60;		/* MSS 1400 */
	put16(f.f_b + f.f_l4 + 20, 0x0204);
	put16(f.f_b + f.f_l4 + 22, 1400);
	rig_sum(&f, 16, false);
	send_frame(r, 0, 0, 0);
	expect(r, type, IPPROTO_TCP, NULL);
	ATF_REQUIRE_EQ(0x12, in[f.f_l4 + 13] & 0x3f);
	seq = get32(in + f.f_l4 + 4) + 1;
	rig_tcp(&f, r->r_ifp->if_lladdr, kernel_mac, us, kernel, 0, 1001, seq,
	    0x10);
	send_frame(r, 0, 0, 0);
	ATF_REQUIRE(rig_wait(fd));
	conn = rig_accept_send(fd, 14000);
	ATF_REQUIRE(conn != -1);
	for (got = 0; got < 14000; got += len - hlen) {
		len = expect(r, type, IPPROTO_TCP, &ph);
		hlen = f.f_l4 + (in[f.f_l4 + 12] >> 4) * 4;
		ATF_REQUIRE_EQ(seq + (uint32_t)got, get32(in + f.f_l4 + 4));
		if (!offload) {
			ATF_CHECK(len - hlen <= 1400);
			ATF_CHECK(rig_good(in, len));
			continue;
		}
		ATF_CHECK_EQ(1400, ph.tso_segsz);
		ATF_CHECK_EQ(howmany(len - hlen, 1400), ph.lro_nsegs);
		ATF_CHECK((ph.csum_flags & CSUM_DATA_VALID) != 0);
		ATF_CHECK((ph.csum_flags & CSUM_TSO) != 0);
	}
	ATF_CHECK_EQ(14000, got);
	rig_close(conn);
	rig_close(fd);
}

ATF_TC_WITHOUT_HEAD(gso_in4);
ATF_TC_BODY(gso_in4, tc)
{
	struct rig r;

	begin(&r, TAP_OFFLOAD);
	arp(&r);
	segment_in(&r, US4, KERNEL4, ETHERTYPE_IP, true);
	rig_end(&r);
}

ATF_TC_WITHOUT_HEAD(gso_in6);
ATF_TC_BODY(gso_in6, tc)
{
	struct rig r;

	begin(&r, TAP_OFFLOAD);
	arp(&r);
	segment_in(&r, US6, KERNEL6, ETHERTYPE_IPV6, true);
	rig_end(&r);
}

ATF_TC_WITHOUT_HEAD(gso_off);
ATF_TC_BODY(gso_off, tc)
{
	struct rig r;

	begin(&r, 0);
	arp(&r);
	segment_in(&r, US4, KERNEL4, ETHERTYPE_IP, false);
	rig_end(&r);
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	struct ifnet *ifp;
	struct rig r;
	int error;

	begin(&r, TAP_OFFLOAD);
	ATF_CHECK_EQ(EBUSY, tap_create("yard0", 0, &ifp, NULL));
	ATF_CHECK_EQ(EINVAL, tap_create("lo", 0, &ifp, NULL));
	ATF_CHECK_EQ(EINVAL, tap_create("sixteen_letters_", 0, &ifp, NULL));
	ATF_CHECK_EQ(0, tap_create("", 0, &ifp, NULL));
	ATF_CHECK_STREQ("tap0", ifp->if_xname);
	if_detach(ifp);
	/* Down, then away, under its user's hands. */
	ATF_REQUIRE_EQ(0, rig_shell("ip link set yard0 down"));
	rig_udp_frame(&f, r.r_ifp->if_lladdr, kernel_mac, US4, KERNEL4, 9);
	ATF_CHECK_EQ(ENETDOWN, if_enqueue(r.r_ifp, rig_mbuf(f.f_b, f.f_len,
	    100)));
	ATF_REQUIRE_EQ(0, rig_shell("ip link del yard0"));
	ATF_REQUIRE_EQ(ENXIO, tap_input(r.r_ifp, NULL));
	ATF_REQUIRE_EQ(0, rig_rights(false));
	error = tap_create("yard1", 0, &ifp, NULL);
	ATF_REQUIRE_EQ(0, rig_rights(true));
	ATF_CHECK(error == EPERM || error == EACCES);
	rig_end(&r);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, echo);
	ATF_TP_ADD_TC(tp, echo_plain);
	ATF_TP_ADD_TC(tp, udp_in);
	ATF_TP_ADD_TC(tp, udp_out);
	ATF_TP_ADD_TC(tp, tso_out);
	ATF_TP_ADD_TC(tp, gso_in4);
	ATF_TP_ADD_TC(tp, gso_in6);
	ATF_TP_ADD_TC(tp, gso_off);
	ATF_TP_ADD_TC(tp, errors);
	return (atf_no_error());
}

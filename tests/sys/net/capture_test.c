/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What is recorded, block by block.
 */
#include <fcntl.h>
#include <unistd.h>

#include "net_host.h"

#define	SHB	0x0a0d0d0a
#define	IDB	1
#define	EPB	6

/* The writer keeps everything; fails after so many bytes. */
static uint8_t file[8 * 1024 * 1024];
static size_t filelen, faillen = SIZE_MAX;
static int writes;

static int
keep_file(void *arg, const void *buf, size_t len)
{
	ATF_CHECK_EQ(&filelen, arg);
	writes++;
	if (filelen + len > faillen)
		return (ENOSPC);
	ATF_REQUIRE(filelen + len <= sizeof(file));
	memcpy(file + filelen, buf, len);
	filelen += len;
	return (0);
}

static uint32_t
get32(size_t off)
{
	uint32_t v;

	memcpy(&v, file + off, sizeof(v));
	return (v);
}

static uint16_t
get16(size_t off)
{
	uint16_t v;

	memcpy(&v, file + off, sizeof(v));
	return (v);
}

/* The first block of that type from off on, or 0; checks those it passes. */
static size_t
block(size_t off, uint32_t type)
{
	uint32_t len;

	while (off < filelen) {
		len = get32(off + 4);
		ATF_REQUIRE(len >= 12 && len % 4 == 0);
		ATF_REQUIRE(off + len <= filelen);
		ATF_REQUIRE_EQ(len, get32(off + len - 4));
		if (get32(off) == type)
			return (off);
		off += len;
	}
	ATF_REQUIRE_EQ(filelen, off);
	return (0);
}

static size_t
next_block(size_t off, uint32_t type)
{
	return (block(off + get32(off + 4), type));
}

/* The option of that code in the list at off; its length, or -1. */
static int
option(size_t off, uint16_t code, const uint8_t **valuep)
{
	while (get16(off) != code) {
		if (get16(off) == 0)
			return (-1);
		off += 4 + roundup2(get16(off + 2), 4u);
	}
	*valuep = file + off + 4;
	return (get16(off + 2));
}

static void
check_option(size_t off, uint16_t code, const void *want, int len)
{
	const uint8_t *value;

	ATF_REQUIRE_EQ_MSG(len, option(off, code, &value), "option %d", code);
	ATF_CHECK_MSG(memcmp(value, want, (size_t)len) == 0, "option %d",
	    code);
}

/* RFC 1071 straight from its text. */
static uint16_t
sum16(const struct mbuf *m, int len, int skip)
{
	uint8_t buf[65600];
	uint32_t sum;
	uint16_t out;
	int i;

	m_copydata(m, 0, len, buf);
	sum = 0;
	for (i = skip; i < len; i++)
		sum += (i - skip) % 2 == 0 ? (uint32_t)buf[i] << 8 : buf[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	out = htons((uint16_t)~sum);
	return (out);
}

/* Put the pseudo header's sum where a packet of net_tcp() wants it. */
static void
add_pseudo(struct mbuf *m)
{
	uint8_t *p = mtod(m, uint8_t *);
	int from, to, i, hlen, v4;
	uint32_t sum;

	v4 = p[0] >> 4 == 4;
	hlen = v4 ? 20 : 40;
	from = v4 ? 12 : 8;
	to = hlen;
	sum = 6 + (uint32_t)m->m_pkthdr.len - (uint32_t)hlen;
	for (i = from; i < to; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	p[hlen + 16] = (uint8_t)(sum >> 8);
	p[hlen + 17] = (uint8_t)sum;
}

/* Is the TCP checksum of the recorded IP packet right? */
static bool
tcp_right(const uint8_t *p, int len)
{
	int hlen, i, v4;
	uint32_t sum;

	v4 = p[0] >> 4 == 4;
	hlen = v4 ? 20 : 40;
	sum = 6 + (uint32_t)(len - hlen);
	for (i = v4 ? 12 : 8; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (sum == 0xffff);
}

static struct capture *
capture_begin(const char *comment)
{
	struct capture *cap;

	filelen = 0;
	writes = 0;
	cap = capture_create(keep_file, &filelen, comment);
	ATF_REQUIRE(cap != NULL);
	return (cap);
}

ATF_TC_WITHOUT_HEAD(section_and_interfaces);
ATF_TC_BODY(section_and_interfaces, tc)
{
	const uint64_t speed = 100000000;
	struct vnet *v = net_host("a");
	struct capture *cap;
	const uint8_t *value;
	struct ifnet *e0;
	size_t off;

	cap = capture_begin("what was run");
	NET_ENTER(v);
	e0 = net_ether("e0", 1);
	e0->if_baudrate = speed;
	ATF_REQUIRE_EQ(0, if_capture_start(e0, cap, 96, "a:e0"));
	ATF_CHECK_EQ(EBUSY, if_capture_start(e0, cap, 96, "a:e0"));
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, 0, NULL));
	ATF_CHECK_EQ(0, writes);
	if_capture_stop(e0);
	if_capture_stop(V_loif);
	NET_LEAVE();
	ATF_CHECK_EQ(0, capture_destroy(cap));
	ATF_CHECK_EQ(1, writes);
	off = block(0, SHB);
	ATF_CHECK_EQ(0x1a2b3c4d, get32(off + 8));
	ATF_CHECK_EQ(1, get16(off + 12));
	ATF_CHECK_EQ(0, get16(off + 14));
	ATF_CHECK_EQ(UINT32_MAX, get32(off + 16));
	ATF_CHECK_EQ(UINT32_MAX, get32(off + 20));
	check_option(off + 24, 1, "what was run", 12);
	ATF_CHECK(option(off + 24, 2, &value) > 0);
	ATF_CHECK(option(off + 24, 3, &value) > 0);
	check_option(off + 24, 4, "Stackyard", 9);
	off = next_block(off, IDB);
	ATF_REQUIRE(off != 0);
	ATF_CHECK_EQ(1, get16(off + 8));
	ATF_CHECK_EQ(96, get32(off + 12));
	check_option(off + 16, 2, "a:e0", 4);
	check_option(off + 16, 6, "\x02\0\0\0\0\x01", 6);
	check_option(off + 16, 8, &speed, 8);
	check_option(off + 16, 9, "\x09", 1);
	off = next_block(off, IDB);
	ATF_REQUIRE(off != 0);
	ATF_CHECK_EQ(101, get16(off + 8));
	check_option(off + 16, 2, "lo0", 3);
	ATF_CHECK_EQ(-1, option(off + 16, 6, &value));
	ATF_CHECK_EQ(0, next_block(off, IDB));
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(both_directions_and_time);
ATF_TC_BODY(both_directions_and_time, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct ifnet *ea, *eb;
	struct capture *cap;
	uint64_t when;
	size_t off;
	uint32_t i;

	cap = capture_begin(NULL);
	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(a);
	ATF_REQUIRE_EQ(0, if_capture_start(ea, cap, 0, NULL));
	NET_LEAVE();
	NET_ENTER(b);
	ATF_REQUIRE_EQ(0, if_capture_start(eb, cap, 60, NULL));
	NET_LEAVE();
	net_advance(123456789);
	NET_ENTER(a);
	ATF_CHECK_EQ(0, ether_output_frame(ea, net_tcp(4, 1000),
	    eb->if_lladdr, ETHERTYPE_IP));
	NET_LEAVE();
	net_advance(1);
	net_run();
	NET_ENTER(a);
	if_capture_stop(ea);
	NET_LEAVE();
	net_host_end(a);
	net_host_end(b);		/* stops its own */
	ATF_CHECK_EQ(0, capture_destroy(cap));
	for (i = 0, off = block(0, EPB); i < 2; i++, off = next_block(off,
	    EPB)) {
		ATF_REQUIRE(off != 0);
		ATF_CHECK_EQ(i, get32(off + 8));
		when = (uint64_t)get32(off + 12) << 32 | get32(off + 16);
		ATF_CHECK_EQ((uint64_t)NET_EPOCH + net_time() - 1 +
		    i, when);
		ATF_CHECK_EQ(i == 0 ? 1054 : 60, get32(off + 20));
		ATF_CHECK_EQ(1054, get32(off + 24));
		ATF_CHECK_EQ(0, memcmp(file + off + 28,
		    "\x02\x59\0\0\0\x0b\x02\x59\0\0\0\x0a\x08\0", 14));
		ATF_CHECK_EQ(0x45, file[off + 28 + 14]);
		check_option(off + 28 + (i == 0 ? 1056 : 60), 2,
		    i == 0 ? "\x02\0\0\0" : "\x01\0\0\0", 4);
	}
	ATF_CHECK_EQ(0, off);
}

/* Record a TCP packet by lo0: is its checksum right in the recording?  The
 * packet itself must not change. */
static bool
recorded_right(struct capture *cap, int version, int len, uint32_t flags)
{
	struct mbuf *copy, *m;
	size_t off;
	bool right;

	m = net_tcp(version, len);
	add_pseudo(m);
	m->m_pkthdr.csum_flags |= flags;
	copy = m_dup(m, M_NOWAIT);
	ATF_REQUIRE(copy != NULL);
	filelen = 0;
	if_capture_packet(V_loif, m, true);
	ATF_REQUIRE_EQ(0, capture_flush(cap));
	off = block(0, EPB) + 28;
	right = tcp_right(file + off, m->m_pkthdr.len);
	m_copydata(m, 0, m->m_pkthdr.len, file);
	m_copydata(copy, 0, copy->m_pkthdr.len, file + 100000);
	ATF_CHECK_EQ(0, memcmp(file, file + 100000,
	    (size_t)m->m_pkthdr.len));
	m_freem(copy);
	m_freem(m);
	return (right);
}

ATF_TC_WITHOUT_HEAD(checksums_completed);
ATF_TC_BODY(checksums_completed, tc)
{
	struct vnet *v = net_host("a");
	struct capture *cap;
	int len;

	cap = capture_begin(NULL);
	NET_ENTER(v);
	V_if_cksum = sum16;
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, 0, NULL));
	ATF_REQUIRE_EQ(0, capture_flush(cap));
	for (len = 0; len < 8; len++) {
		ATF_CHECK(recorded_right(cap, 4, len, 0));
		ATF_CHECK(recorded_right(cap, 6, len, 0));
	}
	ATF_CHECK(recorded_right(cap, 4, 1460, CSUM_IP));
	ATF_CHECK(recorded_right(cap, 6, 1460, CSUM_L4_CALC |
	    CSUM_L4_VALID));
	/* Large segments as they are. */
	ATF_CHECK(!recorded_right(cap, 4, 20000, CSUM_IP_TSO));
	/* So is what nobody can sum. */
	V_if_cksum = NULL;
	ATF_CHECK(!recorded_right(cap, 4, 100, 0));
	if_capture_stop(V_loif);
	NET_LEAVE();
	ATF_CHECK_EQ(0, capture_destroy(cap));
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(header_checksum_completed);
ATF_TC_BODY(header_checksum_completed, tc)
{
	struct vnet *v = net_host("a");
	struct capture *cap;
	struct mbuf *m;
	uint32_t sum;
	size_t off;
	int i;

	cap = capture_begin(NULL);
	NET_ENTER(v);
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, 0, NULL));
	m = net_tcp(4, 100);
	m->m_pkthdr.csum_flags = CSUM_IP;
	if_capture_packet(V_loif, m, false);
	m_freem(m);
	if_capture_stop(V_loif);
	NET_LEAVE();
	ATF_CHECK_EQ(0, capture_destroy(cap));
	off = block(0, EPB) + 28;
	for (sum = 0, i = 0; i < 20; i += 2)
		sum += (uint32_t)(file[off + (size_t)i] << 8 |
		    file[off + (size_t)i + 1]);
	sum = (sum >> 16) + (sum & 0xffff);
	ATF_CHECK_EQ(0xffff, sum);
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(lying_headers_are_left_alone);
ATF_TC_BODY(lying_headers_are_left_alone, tc)
{
	/* Version and length, total length, of an IPv4 packet of 140. */
	static const uint8_t lies[][2] = {
		{ 0x44, 140 }, { 0x4f, 50 }, { 0x45, 141 }, { 0x45, 20 },
		{ 0x40, 140 }, { 0x45, 30 }, { 0x65, 140 }, { 0x05, 140 }
	};
	struct vnet *v = net_host("a");
	struct capture *cap;
	struct mbuf *m;
	u_int i, len;
	size_t off;

	cap = capture_begin(NULL);
	NET_ENTER(v);
	V_if_cksum = sum16;
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, 0, NULL));
	for (i = 0; i < nitems(lies); i++) {
		m = net_tcp(4, 100);
		mtod(m, uint8_t *)[0] = lies[i][0];
		mtod(m, uint8_t *)[3] = lies[i][1];
		m->m_pkthdr.csum_flags |= CSUM_IP;
		if_capture_packet(V_loif, m, true);
		m_freem(m);
	}
	for (len = 1; len < 60; len++) {
		m = net_tcp(len % 2 == 0 ? 4 : 6, 100);
		m_adj(m, (int)len - m->m_pkthdr.len);
		if_capture_packet(V_loif, m, true);
		m_freem(m);
	}
	if_capture_stop(V_loif);
	/* Cut anywhere, also within the headers and before the field. */
	for (len = 1; len < 70; len++) {
		ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, len, NULL));
		m = net_tcp(4, 100);
		m->m_pkthdr.csum_flags |= CSUM_IP;
		if_capture_packet(V_loif, m, true);
		m_freem(m);
		if_capture_stop(V_loif);
	}
	NET_LEAVE();
	ATF_CHECK_EQ(0, capture_destroy(cap));
	for (off = block(0, EPB); off != 0; off = next_block(off, EPB))
		for (len = get32(off + 20); len % 4 != 0; len++)
			ATF_CHECK_EQ(0, file[off + 28 + len]);
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(writer_sees_whole_blocks);
ATF_TC_BODY(writer_sees_whole_blocks, tc)
{
	struct vnet *v = net_host("a");
	struct capture *cap;
	struct mbuf *m;
	size_t off;
	int i, n;

	cap = capture_begin(NULL);
	NET_ENTER(v);
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, 0, NULL));
	for (i = 0; i < 3000; i++) {
		m = net_tcp(4, (i * 37) % 2000);
		if (i % 100 == 0) {
			m_freem(m);
			m = net_tcp(4, 65535 - 40);
		}
		if_capture_packet(V_loif, m, true);
		m_freem(m);
		ATF_REQUIRE_EQ(0, block(0, 99));
	}
	if_capture_stop(V_loif);
	NET_LEAVE();
	ATF_CHECK_EQ(0, capture_destroy(cap));
	n = 0;
	for (off = block(0, EPB); off != 0; off = next_block(off, EPB))
		n++;
	ATF_CHECK_EQ(3000, n);
	ATF_CHECK_MSG(writes < 50, "%d writes", writes);
	net_host_end(v);
}

ATF_TC_WITHOUT_HEAD(writer_fails);
ATF_TC_BODY(writer_fails, tc)
{
	struct vnet *v = net_host("a");
	struct capture *cap;
	struct mbuf *m;
	int i;

	cap = capture_begin(NULL);
	NET_ENTER(v);
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, cap, 0, NULL));
	faillen = 300000;
	for (i = 0; i < 1000; i++) {
		m = net_tcp(4, 1000);
		if_capture_packet(V_loif, m, true);
		m_freem(m);
	}
	ATF_CHECK_EQ(2, writes);
	if_capture_stop(V_loif);
	ATF_CHECK_EQ(ENOSPC, if_capture_start(V_loif, cap, 0, NULL));
	ATF_CHECK_EQ(NULL, V_loif->if_capture);
	NET_LEAVE();
	ATF_CHECK_EQ(ENOSPC, capture_destroy(cap));
	ATF_CHECK_EQ(2, writes);
	net_host_end(v);
}

/* For capture_read_test: what a host sends to another, and to itself. */
static int
write_fd(void *arg, const void *buf, size_t len)
{
	return (write(*(int *)arg, buf, len) == (ssize_t)len ? 0 : EIO);
}

static struct capture *
capture_to_file(const char *name, int *fdp)
{
	struct capture *cap;

	*fdp = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	ATF_REQUIRE(*fdp >= 0);
	cap = capture_create(write_fd, fdp, name);
	ATF_REQUIRE(cap != NULL);
	return (cap);
}

static struct mbuf *
unfinished(int version, int len)
{
	struct mbuf *m;

	m = net_tcp(version, len);
	add_pseudo(m);
	m->m_pkthdr.csum_flags |= CSUM_IP;
	return (m);
}

ATF_TC_WITHOUT_HEAD(write_files);
ATF_TC_BODY(write_files, tc)
{
	struct vnet *a = net_host("a"), *b = net_host("b");
	struct capture *ether, *raw;
	struct ifnet *ea, *eb;
	int efd, rfd;

	ether = capture_to_file("ether.pcapng", &efd);
	raw = capture_to_file("raw.pcapng", &rfd);
	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ea, &eb));
	NET_ENTER(b);
	V_if_cksum = sum16;
	ATF_REQUIRE_EQ(0, if_capture_start(eb, ether, 0, "b:epair0b"));
	NET_LEAVE();
	NET_ENTER(a);
	V_if_cksum = sum16;
	ATF_REQUIRE_EQ(0, if_capture_start(ea, ether, 0, "a:epair0a"));
	ATF_REQUIRE_EQ(0, if_capture_start(V_loif, raw, 0, NULL));
	ATF_CHECK_EQ(0, ether_output_frame(ea, unfinished(4, 77),
	    eb->if_lladdr, ETHERTYPE_IP));
	ATF_CHECK_EQ(0, ether_output_frame(ea, unfinished(6, 78),
	    eb->if_lladdr, ETHERTYPE_IPV6));
	ATF_CHECK_EQ(0, if_simloop(V_loif, unfinished(4, 79)));
	ATF_CHECK_EQ(0, if_simloop(V_loif, unfinished(6, 80)));
	NET_LEAVE();
	net_advance(123456789);
	net_run();
	net_host_end(a);
	net_host_end(b);
	ATF_CHECK_EQ(0, capture_destroy(ether));
	ATF_CHECK_EQ(0, capture_destroy(raw));
	ATF_CHECK_EQ(0, close(efd));
	ATF_CHECK_EQ(0, close(rfd));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, section_and_interfaces);
	ATF_TP_ADD_TC(tp, both_directions_and_time);
	ATF_TP_ADD_TC(tp, checksums_completed);
	ATF_TP_ADD_TC(tp, header_checksum_completed);
	ATF_TP_ADD_TC(tp, lying_headers_are_left_alone);
	ATF_TP_ADD_TC(tp, writer_sees_whole_blocks);
	ATF_TP_ADD_TC(tp, writer_fails);
	ATF_TP_ADD_TC(tp, write_files);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The stack's part of the TAP tests; see rig.h.
 */
#include "rig.h"

static nstime_t
rig_clock(void *arg __unused)
{

	return (NS_PER_SEC);
}

static int64_t
rig_epoch(void *arg __unused)
{

	return (0);
}

static void
rig_random(void *arg __unused, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len-- > 0)
		p[len] = (uint8_t)(0xa5 ^ len);
}

static void
rig_log(void *arg __unused, int level __unused, const char *line __unused)
{
}

static void
rig_wakeup(void *arg __unused, nstime_t when __unused)
{
}

static const struct vnet_hostops rig_ops = {
	.ho_clock = rig_clock,
	.ho_epoch = rig_epoch,
	.ho_random = rig_random,
	.ho_log = rig_log,
	.ho_wakeup = rig_wakeup,
};

void
rig_begin(struct rig *r)
{

	memset(r, 0, sizeof(*r));
	r->r_fd = r->r_peer = -1;
	mbufq_init(&r->r_in, INT_MAX);
	ATF_REQUIRE_EQ(0, vnet_alloc("host", &rig_ops, NULL, NULL, 0,
	    &r->r_vnet));
	r->r_saved = vnet_enter(r->r_vnet);
}

void
rig_begin_pair(struct rig *r, int flags)
{
	int fd[2];

	rig_begin(r);
	ATF_REQUIRE_EQ(0, rig_pair(fd));
	r->r_fd = fd[0];
	r->r_peer = fd[1];
	ATF_REQUIRE_EQ(0, tap_create_fd("tap0", flags, r->r_fd, &r->r_ifp));
	rig_record(r);
}

/* The receiver may be another host's interface one day: finds the rig by its
 * vnet. */
static void
rig_input(struct ifnet *ifp, struct mbuf *m)
{
	struct rig *r = ifp->if_vnet->vnet_owner;

	ATF_REQUIRE(m->m_nextpkt == NULL);
	ATF_REQUIRE_EQ(m_length(m, NULL), (u_int)m->m_pkthdr.len);
	ATF_REQUIRE_EQ(ifp, m->m_pkthdr.rcvif);
	ATF_REQUIRE_EQ(0, mbufq_enqueue(&r->r_in, m));
}

void
rig_record(struct rig *r)
{

	r->r_vnet->vnet_owner = r;
	r->r_ifp->if_input = rig_input;
}

void
rig_end(struct rig *r)
{

	mbufq_drain(&r->r_in);
	vnet_leave(r->r_saved);
	vnet_destroy(r->r_vnet);
	if (r->r_peer != -1)
		rig_close(r->r_peer);
}

int
rig_next(struct rig *r, uint8_t *buf, struct pkthdr *ph)
{
	struct mbuf *m;
	int len;

	m = mbufq_dequeue(&r->r_in);
	ATF_REQUIRE(m != NULL);
	len = m->m_pkthdr.len;
	ATF_REQUIRE(len <= RIG_FRAME);
	m_copydata(m, 0, len, buf);
	if (ph != NULL)
		*ph = m->m_pkthdr;
	m_freem(m);
	return (len);
}

struct mbuf *
rig_mbuf(const void *buf, int len, int piece)
{
	const char *from = buf;
	struct mbuf *first = NULL, *m, **tail = &first;
	int left, n;

	for (left = len; left > 0; left -= n) {
		n = imin(left, imin(piece, MCLBYTES));
		m = m_getcl(M_NOWAIT, MT_DATA, first == NULL ? M_PKTHDR : 0);
		ATF_REQUIRE(m != NULL);
		memcpy(m->m_data, from, (size_t)n);
		m->m_len = n;
		from += n;
		*tail = m;
		tail = &m->m_next;
	}
	first->m_pkthdr.len = len;
	first->m_pkthdr.l2hlen = ETH;
	return (first);
}

void
put16(uint8_t *p, int v)
{

	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
put32(uint8_t *p, uint32_t v)
{

	put16(p, (int)(v >> 16));
	put16(p + 2, (int)(v & 0xffff));
}

int
get16(const uint8_t *p)
{

	return (p[0] << 8 | p[1]);
}

uint32_t
get32(const uint8_t *p)
{

	return ((uint32_t)get16(p) << 16 | (uint32_t)get16(p + 2));
}

/* RFC 1071, not inverted. */
static uint32_t
rig_add(const uint8_t *p, int len, uint32_t sum)
{
	int i;

	for (i = 0; i < len; i++)
		sum += (uint32_t)p[i] << ((i & 1) != 0 ? 0 : 8);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (sum);
}

void
rig_ip(struct rig_frame *f, const uint8_t *src, const uint8_t *dst,
    const char *a, const char *b, int proto, int l4len)
{
	uint8_t *ip = f->f_b + ETH;
	bool v6;

	memset(f, 0, sizeof(*f));
	ATF_REQUIRE(in_pton(a, &f->f_src) && in_pton(b, &f->f_dst));
	v6 = !IN6_IS_ADDR_V4MAPPED(&f->f_src);
	f->f_l4 = ETH + (v6 ? 40 : 20);
	f->f_len = f->f_l4 + l4len;
	f->f_proto = proto;
	memcpy(f->f_b, dst, 6);
	memcpy(f->f_b + 6, src, 6);
	put16(f->f_b + 12, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	if (v6) {
		ip[0] = 0x60;
		put16(ip + 4, l4len);
		ip[6] = (uint8_t)proto;
		ip[7] = 64;
		memcpy(ip + 8, &f->f_src, 16);
		memcpy(ip + 24, &f->f_dst, 16);
		return;
	}
	ip[0] = 0x45;
	put16(ip + 2, 20 + l4len);
	ip[8] = 64;
	ip[9] = (uint8_t)proto;
	memcpy(ip + 12, &f->f_src.s6_addr[12], 4);
	memcpy(ip + 16, &f->f_dst.s6_addr[12], 4);
	put16(ip + 10, (int)~rig_add(ip, 20, 0));
}

/* The pseudo header's sum. */
static uint32_t
rig_pseudo(const uint8_t *b, int len, int l4, int proto)
{

	if (get16(b + 12) == ETHERTYPE_IPV6)
		return (rig_add(b + ETH + 8, 32, (uint32_t)(len - l4 + proto)));
	return (rig_add(b + ETH + 12, 8, (uint32_t)(len - l4 + proto)));
}

void
rig_sum(struct rig_frame *f, int sumoff, bool open)
{
	uint32_t sum = 0;

	put16(f->f_b + f->f_l4 + sumoff, 0);
	if (f->f_proto != IPPROTO_ICMP)
		sum = rig_pseudo(f->f_b, f->f_len, f->f_l4, f->f_proto);
	if (!open)
		sum = ~rig_add(f->f_b + f->f_l4, f->f_len - f->f_l4, sum);
	put16(f->f_b + f->f_l4 + sumoff, (int)(sum & 0xffff));
}

void
rig_tcp(struct rig_frame *f, const uint8_t *src, const uint8_t *dst,
    const char *a, const char *b, int len, uint32_t seq, uint32_t ack,
    int flags)
{
	uint8_t *th;
	int i;

	rig_ip(f, src, dst, a, b, IPPROTO_TCP, 20 + len);
	th = f->f_b + f->f_l4;
	put16(th, 4000);
	put16(th + 2, 5000);
	put32(th + 4, seq);
	put32(th + 8, ack);
	th[12] = 0x50;
	th[13] = (uint8_t)flags;
	put16(th + 14, 65535);
	for (i = 0; i < len; i++)
		th[20 + i] = (uint8_t)(i * 7);
	rig_sum(f, 16, false);
}

void
rig_udp_frame(struct rig_frame *f, const uint8_t *src, const uint8_t *dst,
    const char *a, const char *b, int len)
{
	uint8_t *uh;
	int i;

	rig_ip(f, src, dst, a, b, IPPROTO_UDP, 8 + len);
	uh = f->f_b + f->f_l4;
	put16(uh, 4000);
	put16(uh + 2, 5000);
	put16(uh + 4, 8 + len);
	for (i = 0; i < len; i++)
		uh[8 + i] = (uint8_t)(i * 7);
	rig_sum(f, 6, false);
}

bool
rig_good(const uint8_t *b, int len)
{
	int l4, proto;

	if (get16(b + 12) == ETHERTYPE_IPV6) {
		l4 = ETH + 40;
		proto = b[ETH + 6];
	} else {
		l4 = ETH + 20;
		proto = b[ETH + 9];
		if (rig_add(b + ETH, 20, 0) != 0xffff)
			return (false);
	}
	return (rig_add(b + l4, len - l4, proto == IPPROTO_ICMP ? 0 :
	    rig_pseudo(b, len, l4, proto)) == 0xffff);
}

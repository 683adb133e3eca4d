/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The world of the tests of dummynet; see world.h.  The interface is a bare
 * struct ifnet, so that nothing but the pipe stands between what a test
 * gives and what it sees.
 */
#include "world.h"
#include <sys/malloc.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_var.h>

static nstime_t
world_clock(void *arg)
{
	struct world *w = arg;

	return (w->w_now);
}

static int64_t
world_epoch(void *arg __unused)
{

	return (0);
}

static void
world_random(void *arg __unused, void *buf, size_t len)
{

	memset(buf, 0x5a, len);
}

static void
world_log(void *arg __unused, int level __unused, const char *line __unused)
{
}

static void
world_wakeup(void *arg __unused, nstime_t when __unused)
{
}

static const struct vnet_hostops world_ops = {
	.ho_clock = world_clock,
	.ho_epoch = world_epoch,
	.ho_random = world_random,
	.ho_log = world_log,
	.ho_wakeup = world_wakeup,
};

/* The driver. */
static int
world_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct world *w = ifp->if_softc;
	struct sighting *s;
	uint8_t h[WORLD_PAYLOAD];

	ATF_REQUIRE(w->w_n < WORLD_MAX);
	ATF_REQUIRE(m->m_nextpkt == NULL);
	ATF_REQUIRE_EQ(m_length(m, NULL), (u_int)m->m_pkthdr.len);
	s = &w->w_seen[w->w_n++];
	s->s_when = getnstime();
	s->s_len = (uint32_t)m->m_pkthdr.len;
	if (m->m_pkthdr.len >= WORLD_PAYLOAD) {
		m_copydata(m, 0, sizeof(h), h);
		s->s_id = (uint16_t)(h[ETHER_HDR_LEN + 4] << 8 |
		    h[ETHER_HDR_LEN + 5]);
		s->s_tos = h[ETHER_HDR_LEN + 1];
	}
	if (w->w_keep)
		ATF_REQUIRE_EQ(0, mbufq_enqueue(&w->w_kept, m));
	else
		m_freem(m);
	return (0);
}

struct world *
world_begin(const struct dn_config *cfg)
{
	struct world *w;

	w = host_alloc(sizeof(*w), 0, true);
	ATF_REQUIRE(w != NULL);
	w->w_now = SEC;
	w->w_cfg = *cfg;
	mbufq_init(&w->w_kept, WORLD_MAX);
	ATF_REQUIRE_EQ(0, vnet_alloc("host", &world_ops, w, NULL, 0,
	    &w->w_vnet));
	w->w_saved = vnet_enter(w->w_vnet);
	w->w_if.if_vnet = w->w_vnet;
	w->w_if.if_softc = w;
	w->w_if.if_transmit = world_transmit;
	w->w_if.if_type = IFT_ETHER;
	w->w_if.if_hdrlen = ETHER_HDR_LEN;
	w->w_if.if_mtu = 1500;
	ATF_REQUIRE_EQ(0, dn_attach(&w->w_if, cfg));
	return (w);
}

void
world_end(struct world *w)
{

	dn_detach(&w->w_if);
	ATF_CHECK(w->w_if.if_pipe == NULL);
	mbufq_drain(&w->w_kept);
	vnet_leave(w->w_saved);
	vnet_destroy(w->w_vnet);
	host_free(w);
}

void
world_run(struct world *w, nstime_t t)
{

	ATF_REQUIRE(t >= w->w_now);
	vnet_leave(w->w_saved);
	while (vnet_next(w->w_vnet) <= t) {
		w->w_now = u64max(w->w_now, vnet_next(w->w_vnet));
		vnet_run(w->w_vnet);
	}
	w->w_now = t;
	w->w_saved = vnet_enter(w->w_vnet);
}

/* len bytes, of which those from hdrlen on count up. */
static struct mbuf *
world_bytes(int len, int hdrlen, int type)
{
	struct mbuf *m;
	uint8_t *p;
	int i;

	ATF_REQUIRE(len >= hdrlen + 8 && len <= MCLBYTES - 2);
	m = m_getcl(M_NOWAIT, MT_DATA, M_PKTHDR);
	if (m == NULL)
		return (NULL);
	m->m_data += 2;			/* so that the IP header is aligned */
	m->m_len = m->m_pkthdr.len = len;
	p = mtod(m, uint8_t *);
	memset(p, 0, (size_t)hdrlen + 8);
	memset(p, 0x02, 2 * ETHER_ADDR_LEN);
	p[12] = (uint8_t)(type >> 8);
	p[13] = (uint8_t)type;
	for (i = hdrlen + 8; i < len; i++)
		p[i] = (uint8_t)i;
	/* UDP */
	p[hdrlen + 1] = p[hdrlen + 3] = 9;
	p[hdrlen + 4] = (uint8_t)((len - hdrlen) >> 8);
	p[hdrlen + 5] = (uint8_t)(len - hdrlen);
	m->m_pkthdr.l2hlen = ETHER_HDR_LEN;
	m->m_pkthdr.l3hlen = (uint8_t)(hdrlen - ETHER_HDR_LEN);
	return (m);
}

/* RFC 1071 over len bytes, inverted, behind a sum to begin with. */
static uint16_t
world_sum(const uint8_t *p, int len, uint32_t sum)
{
	int i;

	for (i = 0; i < len; i++)
		sum += (uint32_t)p[i] << ((i & 1) != 0 ? 0 : 8);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return ((uint16_t)~sum);
}

static void
world_udp_sum(uint8_t *udp, const uint8_t *addrs, int addrlen, int len)
{
	uint16_t sum;

	sum = (uint16_t)~world_sum(addrs, addrlen, (uint32_t)len +
	    IPPROTO_UDP);
	sum = world_sum(udp, len, sum);
	udp[6] = (uint8_t)(sum >> 8);
	udp[7] = (uint8_t)sum;
}

struct mbuf *
world_packet(int len, uint16_t id, uint8_t tos)
{
	struct mbuf *m;
	uint8_t *ip;
	uint16_t sum;

	m = world_bytes(len, WORLD_PAYLOAD, ETHERTYPE_IP);
	if (m == NULL)
		return (NULL);
	ip = mtodo(m, ETHER_HDR_LEN);
	ip[0] = 0x45;
	ip[1] = tos;
	ip[2] = (uint8_t)((len - ETHER_HDR_LEN) >> 8);
	ip[3] = (uint8_t)(len - ETHER_HDR_LEN);
	ip[4] = (uint8_t)(id >> 8);
	ip[5] = (uint8_t)id;
	ip[8] = IPDEFTTL;
	ip[9] = IPPROTO_UDP;
	memset(ip + 12, 10, 8);
	sum = world_sum(ip, 20, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	world_udp_sum(ip + 20, ip + 12, 8, len - WORLD_PAYLOAD);
	return (m);
}

struct mbuf *
world_packet6(int len, uint16_t id, uint8_t tclass)
{
	struct mbuf *m;
	uint8_t *ip;
	int hdrlen = ETHER_HDR_LEN + (int)sizeof(struct ip6_hdr);

	m = world_bytes(len, hdrlen, ETHERTYPE_IPV6);
	if (m == NULL)
		return (NULL);
	ip = mtodo(m, ETHER_HDR_LEN);
	ip[0] = (uint8_t)(0x60 | tclass >> 4);
	ip[1] = (uint8_t)(tclass << 4);
	ip[2] = (uint8_t)(id >> 8);
	ip[3] = (uint8_t)id;
	ip[4] = (uint8_t)((len - hdrlen) >> 8);
	ip[5] = (uint8_t)(len - hdrlen);
	ip[6] = IPPROTO_UDP;
	ip[7] = IPV6_DEFHLIM;
	memset(ip + 8, 0xfc, 32);
	world_udp_sum(ip + 40, ip + 8, 32, len - hdrlen);
	return (m);
}

int
world_give(struct world *w, struct mbuf *m)
{

	return (w->w_if.if_pipe_lower(&w->w_if, m));
}

void
world_send(struct world *w, u_int n, int len, u_int id)
{
	struct mbuf *m;

	for (; n > 0; n--) {
		m = world_packet(len, (uint16_t)id++, 0);
		ATF_REQUIRE(m != NULL);
		ATF_REQUIRE_EQ(0, world_give(w, m));
	}
}

struct dn_stats
world_stats(struct world *w)
{
	struct dn_stats ds;

	ATF_REQUIRE_EQ(0, dn_getstats(&w->w_if, &ds));
	return (ds);
}

void
world_conserve(struct world *w)
{
	struct dn_stats ds = world_stats(w);

	ATF_CHECK_EQ(ds.ds_in_packets + ds.ds_duplicates,
	    ds.ds_out_packets + ds.ds_queue_drops + ds.ds_loss_drops +
	    ds.ds_nomem_drops + ds.ds_queue_packets + ds.ds_line_packets);
	ATF_CHECK_EQ(ds.ds_out_packets, w->w_n);
}

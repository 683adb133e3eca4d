/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The stack's inside, for the measurements (inside.h).  Kernel kind.
 *
 * The flood is an interface without a link header, whose driver makes what
 * it "receives": SYNs with the options that everybody sends, marked as a
 * network interface marks packets whose checksums it has verified.  The
 * default route leads out of it, and its driver counts what comes.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>

#include "inside.h"

#define	FLOOD_OPTLEN	20
#define	FLOOD_LEN	(sizeof(struct ip) + sizeof(struct tcphdr) + \
			    FLOOD_OPTLEN)
#define	FLOOD_US	0x0a010001U	/* 10.1.0.1 */

struct flood {
	struct ifnet	*f_ifp;
	uint64_t	f_random;
	uint64_t	f_answers;
	uint16_t	f_port;
};

void
inside_offload(const char *ifname, bool on)
{
	struct ifnet *ifp = ifunit(ifname);

	if (ifp == NULL || if_setcap(ifp, on ? ifp->if_capabilities : 0) != 0)
		panic("%s does not take its own capabilities", ifname);
}

/* ---- The interface ---- */

static int
flood_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct flood *f = ifp->if_softc;
	const uint8_t both = TH_SYN | TH_ACK;
	struct tcphdr th;
	struct ip ip;

	if (m->m_pkthdr.len >= (int)(sizeof(ip) + sizeof(th))) {
		m_copydata(m, 0, sizeof(ip), &ip);
		m_copydata(m, ip.ip_hl << 2, sizeof(th), &th);
		if (ip.ip_p == IPPROTO_TCP && (th.th_flags & both) == both)
			f->f_answers++;
	}
	m_freem(m);
	return (0);
}

static int
flood_output(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop __unused, struct route *ro __unused)
{
	return (if_enqueue(ifp, m));
}

static void
flood_input(struct ifnet *ifp __unused, struct mbuf *m)
{
	V_ip_netisr(m);
}

static void
flood_dtor(struct ifnet *ifp)
{
	free(ifp->if_softc, M_TEMP);
}

struct flood *
flood_new(uint16_t port, uint32_t seed)
{
	struct ifnet *ifp;
	struct flood *f;

	f = malloc(sizeof(*f), M_TEMP, M_NOWAIT | M_ZERO);
	if (f == NULL)
		return (NULL);
	if ((ifp = if_alloc(IFT_OTHER, "flood0")) == NULL) {
		free(f, M_TEMP);
		return (NULL);
	}
	*f = (struct flood){ .f_ifp = ifp, .f_random = seed,
	    .f_port = htons(port) };
	ifp->if_softc = f;
	ifp->if_output = flood_output;
	ifp->if_transmit = flood_transmit;
	ifp->if_input = flood_input;
	ifp->if_dtor = flood_dtor;
	ifp->if_mtu = 1500;
	if (if_attach(ifp) != 0) {
		if_free(ifp);
		free(f, M_TEMP);
		return (NULL);
	}
	if_up(ifp);
	return (f);
}

uint64_t
flood_answers(const struct flood *f)
{
	return (f->f_answers);
}

/* ---- What it receives ---- */

/* Knuth's linear congruential generator; its high bits are the good ones. */
static uint32_t
flood_random(struct flood *f)
{
	f->f_random = f->f_random * 6364136223846793005ULL +
	    1442695040888963407ULL;
	return ((uint32_t)(f->f_random >> 32));
}

/* MSS 1460, SACK permitted, time stamps, window scale 7. */
static void
flood_options(struct flood *f, uint8_t *opt)
{
	static const uint8_t options[FLOOD_OPTLEN] = {
		2, 4, 1460 >> 8, 1460 & 0xff, 4, 2, 8, 10,
		0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7
	};
	uint32_t val = flood_random(f);

	memcpy(opt, options, sizeof(options));
	memcpy(opt + 8, &val, sizeof(val));
}

static void
flood_syn(struct flood *f, uint8_t *packet)
{
	struct ip ip = { .ip_v = 4, .ip_hl = sizeof(ip) >> 2,
	    .ip_len = htons(FLOOD_LEN), .ip_ttl = 64, .ip_p = IPPROTO_TCP };
	struct tcphdr th = { .th_off = (sizeof(th) + FLOOD_OPTLEN) >> 2,
	    .th_flags = TH_SYN, .th_win = htons(65535),
	    .th_dport = f->f_port };

	/* From 16.0.0.0 to 79.255.255.255 there is nothing special. */
	ip.ip_src.s_addr = htonl(0x10000000U + (flood_random(f) >> 2));
	ip.ip_dst.s_addr = htonl(FLOOD_US);
	ip.ip_id = (uint16_t)flood_random(f);
	th.th_sport = htons((uint16_t)(1024 + flood_random(f) % 64512));
	th.th_seq = flood_random(f);
	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), &th, sizeof(th));
	flood_options(f, packet + sizeof(ip) + sizeof(th));
}

unsigned
flood_send(struct flood *f, unsigned n)
{
	struct mbuf *m;
	unsigned i;

	for (i = 0; i < n; i++) {
		if ((m = m_gethdr(M_NOWAIT, MT_DATA)) == NULL)
			break;
		flood_syn(f, mtod(m, uint8_t *));
		m->m_len = m->m_pkthdr.len = FLOOD_LEN;
		m->m_pkthdr.csum_flags = CSUM_L3_CALC | CSUM_L3_VALID |
		    CSUM_L4_CALC | CSUM_L4_VALID;
		m->m_pkthdr.csum_data = 0xffff;
		if_input(f->f_ifp, m);
	}
	return (i);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What is still to be done to a frame, in virtio's words (VIRTIO 1.2, 5.1.6)
 * and in the stack's.
 *
 *	NEEDS_CSUM, csum_start,		CSUM_IP_TCP and the like; csum_data;
 *	csum_offset			the field holds the pseudo header's
 *					sum, in both worlds
 *	DATA_VALID			CSUM_DATA_VALID, CSUM_PSEUDO_HDR
 *	gso_type, gso_size		CSUM_IP_TSO, tso_segsz, lro_nsegs
 *	  with ECN			CWR in the TCP header (RFC 3168, 6.1.2:
 *					set in the first of the segments only)
 *
 * A frame from the host with its checksum still open comes from the host's own
 * memory and is as good as verified: it gets the notes that a packet over
 * epair has (if_csum_handover()), with which it can be received as it is or
 * be forwarded and completed on its way.  A checksum that the stack has no
 * name for is completed here.
 *
 * The header is not to be trusted: whatever it says is compared with the
 * frame.  Touches the packet only.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_var.h>
#include <dev/tap/tap_vnet.h>

#define	TCP_HDR_MIN	20		/* bytes */
#define	TCP_OFF_BYTE	12		/* data offset: its upper 4 bits */
#define	TCP_FLAGS_BYTE	13
#define	TCP_CWR		0x80
#define	TCP_SUM_OFF	16
#define	UDP_HDR_MIN	8
#define	UDP_SUM_OFF	6

/* Where the transport's header is, as the frame itself says. */
struct tap_place {
	bool		tp_v6;
	uint8_t		tp_proto;	/* IPPROTO_*; IPPROTO_NONE: unknown */
	int		tp_l3;		/* IP header, bytes */
	int		tp_l4;		/* transport header from the frame's
					   beginning, bytes */
};

static uint8_t
tap_byte(const struct mbuf *m, int off)
{
	uint8_t b;

	if (__predict_true(off < m->m_len))
		return (*(const uint8_t *)mtodo(m, off));
	m_copydata(m, off, 1, &b);
	return (b);
}

/* Fill in tp for the frame m; tp_proto only if the headers are whole. */
static void
tap_find(const struct mbuf *m, struct tap_place *tp)
{
	int len = m->m_pkthdr.len, type, vhl;

	*tp = (struct tap_place){ .tp_proto = IPPROTO_NONE };
	if (len < ETHER_HDR_LEN + (int)sizeof(struct ip))
		return;
	type = tap_byte(m, 12) << 8 | tap_byte(m, 13);
	vhl = tap_byte(m, ETHER_HDR_LEN);
	if (type == ETHERTYPE_IP && vhl >> 4 == 4) {
		tp->tp_l3 = (vhl & 0x0f) * 4;
		if (tp->tp_l3 < (int)sizeof(struct ip) ||
		    ((tap_byte(m, ETHER_HDR_LEN + 6) << 8 |
		    tap_byte(m, ETHER_HDR_LEN + 7)) &
		    (IP_MF | IP_OFFMASK)) != 0)
			return;
		tp->tp_proto = tap_byte(m, ETHER_HDR_LEN + 9);
	} else if (type == ETHERTYPE_IPV6 && vhl >> 4 == 6) {
		tp->tp_v6 = true;
		tp->tp_l3 = (int)sizeof(struct ip6_hdr);
		tp->tp_proto = tap_byte(m, ETHER_HDR_LEN + 6);
	} else
		return;
	tp->tp_l4 = ETHER_HDR_LEN + tp->tp_l3;
	if (tp->tp_l4 + (tp->tp_proto == IPPROTO_TCP ? TCP_HDR_MIN :
	    UDP_HDR_MIN) > len)
		tp->tp_proto = IPPROTO_NONE;
}

/* The stack's name for the checksum that is open; 0: it has none. */
static uint32_t
tap_csum_name(const struct tap_place *tp, const struct tap_vnet_hdr *vh)
{

	if (vh->vh_csum_start != tp->tp_l4)
		return (0);
	if (tp->tp_proto == IPPROTO_TCP && vh->vh_csum_offset == TCP_SUM_OFF)
		return (tp->tp_v6 ? CSUM_IP6_TCP : CSUM_IP_TCP);
	if (tp->tp_proto == IPPROTO_UDP && vh->vh_csum_offset == UDP_SUM_OFF)
		return (tp->tp_v6 ? CSUM_IP6_UDP : CSUM_IP_UDP);
	return (0);
}

static void
tap_csum_trust(struct mbuf *m, uint32_t asked)
{

	m->m_pkthdr.csum_flags = asked | CSUM_L4_CALC | CSUM_L4_VALID;
	m->m_pkthdr.csum_data = 0xffff;
}

static int
tap_csum_input(struct mbuf *m, const struct tap_place *tp,
    const struct tap_vnet_hdr *vh)
{
	uint32_t asked;
	uint16_t sum;
	int place;

	if ((vh->vh_flags & VH_NEEDS_CSUM) == 0) {
		if ((vh->vh_flags & VH_DATA_VALID) != 0)
			tap_csum_trust(m, 0);
		return (0);
	}
	place = vh->vh_csum_start + vh->vh_csum_offset;
	if (vh->vh_csum_start < ETHER_HDR_LEN ||
	    place + (int)sizeof(sum) > m->m_pkthdr.len)
		return (EINVAL);
	asked = tap_csum_name(tp, vh);
	if (asked != 0) {
		tap_csum_trust(m, asked);
		return (0);
	}
	sum = in_cksum_skip(m, m->m_pkthdr.len, vh->vh_csum_start);
	return (m_copyback(m, place, sizeof(sum), &sum));
}

static int
tap_gso_input(struct mbuf *m, const struct tap_place *tp,
    const struct tap_vnet_hdr *vh)
{
	struct pkthdr *ph = &m->m_pkthdr;
	int l4hlen, payload, type;

	type = vh->vh_gso_type & ~VH_GSO_ECN;
	if (vh->vh_gso_type == VH_GSO_NONE)
		return (0);
	if (type != (tp->tp_v6 ? VH_GSO_TCPV6 : VH_GSO_TCPV4) ||
	    vh->vh_gso_size == 0 || tp->tp_proto != IPPROTO_TCP)
		return (EINVAL);
	l4hlen = (tap_byte(m, tp->tp_l4 + TCP_OFF_BYTE) >> 4) * 4;
	payload = ph->len - tp->tp_l4 - l4hlen;
	if (l4hlen < TCP_HDR_MIN || payload <= 0)
		return (EINVAL);
	ph->l3hlen = (uint8_t)tp->tp_l3;
	ph->l4hlen = (uint8_t)l4hlen;
	ph->lro_nsegs = (uint16_t)MIN(howmany(payload, vh->vh_gso_size),
	    UINT16_MAX);
	ph->tso_segsz = vh->vh_gso_size;
	if ((ph->csum_flags & (CSUM_IP_TCP | CSUM_IP6_TCP)) != 0)
		ph->csum_flags |= tp->tp_v6 ? CSUM_IP6_TSO : CSUM_IP_TSO;
	return (0);
}

int
tap_vnet_input(struct mbuf *m, const struct tap_vnet_hdr *vh)
{
	struct tap_place tp;
	int error;

	if (__predict_true(vh->vh_flags == 0 && vh->vh_gso_type == 0))
		return (0);
	tap_find(m, &tp);
	error = tap_csum_input(m, &tp, vh);
	if (error == 0)
		error = tap_gso_input(m, &tp, vh);
	return (error);
}

/* For a segment that the host is to cut; one that fits it leaves alone. */
static void
tap_gso_output(const struct mbuf *m, int l4, struct tap_vnet_hdr *vh)
{
	const struct pkthdr *ph = &m->m_pkthdr;
	int hlen;

	hlen = l4 + (tap_byte(m, l4 + TCP_OFF_BYTE) >> 4) * 4;
	if (ph->len - hlen <= ph->tso_segsz)
		return;
	vh->vh_gso_type = (ph->csum_flags & CSUM_IP6_TSO) != 0 ?
	    VH_GSO_TCPV6 : VH_GSO_TCPV4;
	if ((tap_byte(m, l4 + TCP_FLAGS_BYTE) & TCP_CWR) != 0)
		vh->vh_gso_type |= VH_GSO_ECN;
	vh->vh_gso_size = ph->tso_segsz;
	vh->vh_hdr_len = (uint16_t)hlen;
}

void
tap_vnet_output(const struct mbuf *m, struct tap_vnet_hdr *vh)
{
	const struct pkthdr *ph = &m->m_pkthdr;
	int l4;

	*vh = (struct tap_vnet_hdr){ 0 };
	if ((ph->csum_flags & (CSUM_DELAY_DATA | CSUM_DELAY_DATA_IPV6 |
	    CSUM_TSO)) == 0)
		return;
	if (tap_byte(m, ETHER_HDR_LEN) >> 4 == 4)
		l4 = (tap_byte(m, ETHER_HDR_LEN) & 0x0f) * 4;
	else
		l4 = imax(ph->l3hlen, (int)sizeof(struct ip6_hdr));
	l4 += ETHER_HDR_LEN;
	vh->vh_flags = VH_NEEDS_CSUM;
	vh->vh_csum_start = (uint16_t)l4;
	vh->vh_csum_offset = ph->csum_data;
	if ((ph->csum_flags & CSUM_TSO) != 0)
		tap_gso_output(m, l4, vh);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What a pipe does to packets: cut them for the wire, say "congestion
 * experienced" (RFC 3168), damage them.
 *
 * A packet here begins at its link header, m_pkthdr.l2hlen bytes that are
 * Ethernet's if there are 14 of them, and may lean on the interface for its
 * checksums.  Its storage may be shared with a socket buffer or with the
 * packet's duplicate, so each change is made in a copy of what it
 * changes: a mark copies the headers, damage the whole packet.
 *
 * ECN sits in the last two bits of IPv4's second byte, and in bits 5 and 4
 * of IPv6's.  IPv4's header checksum follows by RFC 1624: for a 16-bit
 * word m that becomes m',  HC' = ~(~HC + ~m + m').
 *
 * Touches packets only; they are its caller's.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_var.h>
#include <netpfil/dummynet/dn_var.h>

#define	DN_ECN_REACH	12	/* bytes of an IP header that a mark changes */

/*
 * Put the link header back in front of the segments of queue m.
 */
static struct mbuf *
dn_packet_relink(struct mbuf *m, const uint8_t *l2, int l2hlen,
    uint32_t *lostp)
{
	struct dn_list done;
	struct mbuf *next;

	dn_list_init(&done);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		M_PREPEND(m, l2hlen, M_NOWAIT);
		if (m == NULL) {
			(*lostp)++;
			continue;
		}
		memcpy(m->m_data, l2, (size_t)l2hlen);
		m->m_pkthdr.l2hlen = (uint8_t)l2hlen;
		dn_list_append(&done, m);
	}
	return (done.l_head);
}

struct mbuf *
dn_packet_cut(struct mbuf *m, uint32_t *lostp)
{

	m = ip_tso_cut_frame(m, m->m_pkthdr.l2hlen, false);
	*lostp = m == NULL ? 1 : 0;
	return (m);
}

/*
 * A copy that is nobody else's, with the IP header as aligned as storage is.
 */
struct mbuf *
dn_packet_dup(struct mbuf *m)
{
	uint8_t l2[UINT8_MAX];
	struct mbuf *n;
	uint32_t lost = 0;
	int l2hlen;

	l2hlen = m->m_pkthdr.l2hlen;
	if (m->m_len < l2hlen)
		return (m_dup(m, M_NOWAIT));
	memcpy(l2, m->m_data, (size_t)l2hlen);
	m->m_data += l2hlen;
	m->m_len -= l2hlen;
	m->m_pkthdr.len -= l2hlen;
	n = m_dup(m, M_NOWAIT);
	m->m_data -= l2hlen;
	m->m_len += l2hlen;
	m->m_pkthdr.len += l2hlen;
	return (dn_packet_relink(n, l2, l2hlen, &lost));
}

/*
 * The IP version of m, or 0 if it is no IP packet with a whole header.
 */
static int
dn_packet_version(const struct mbuf *m)
{
	uint8_t b[2];
	int l2hlen, type, version;

	l2hlen = m->m_pkthdr.l2hlen;
	if (m->m_pkthdr.len < l2hlen + (int)sizeof(struct ip))
		return (0);
	m_copydata(m, l2hlen, 1, b);
	version = b[0] >> 4;
	if (version == 6 &&
	    m->m_pkthdr.len < l2hlen + (int)sizeof(struct ip6_hdr))
		return (0);
	if (l2hlen == ETHER_HDR_LEN) {
		m_copydata(m, l2hlen - (int)sizeof(b), sizeof(b), b);
		type = b[0] << 8 | b[1];
		if (type != (version == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6))
			return (0);
	}
	return (version == 4 || version == 6 ? version : 0);
}

static int
dn_packet_ecn(const struct mbuf *m, int version)
{
	uint8_t tos;

	if (version == 0)
		return (IPTOS_ECN_NOTECT);
	m_copydata(m, m->m_pkthdr.l2hlen + 1, 1, &tos);
	return ((version == 4 ? tos : tos >> 4) & IPTOS_ECN_MASK);
}

bool
dn_ecn_capable(const struct mbuf *m)
{

	return (dn_packet_ecn(m, dn_packet_version(m)) != IPTOS_ECN_NOTECT);
}

/*
 * Make the first len bytes contiguous and m's own; NULL: no memory, m freed.
 */
static struct mbuf *
dn_packet_own(struct mbuf *m, int len)
{
	struct mbuf *n;

	if (m->m_len < len && (m = m_pullup(m, len)) == NULL)
		return (NULL);
	if (M_WRITABLE(m))
		return (m);
	n = m_gethdr(M_NOWAIT, MT_DATA);
	if (n == NULL) {
		m_freem(m);
		return (NULL);
	}
	m_move_pkthdr(n, m);
	M_ALIGN(n, len);
	memcpy(n->m_data, m->m_data, (size_t)len);
	n->m_len = len;
	n->m_next = m;
	m->m_data += len;
	m->m_len -= len;
	return (n);
}

/*
 * Set both ECN bits of an IPv4 header and correct its checksum, unless the
 * interface is to fill that in.
 */
static void
dn_mark_ip(uint8_t *ip, bool sum_pending)
{
	uint32_t sum;
	int old;

	old = ip[0] << 8 | ip[1];
	ip[1] |= IPTOS_ECN_CE;
	if (sum_pending)
		return;
	sum = (uint16_t)~(ip[10] << 8 | ip[11]);
	sum += (uint16_t)~old;
	sum += (uint32_t)(ip[0] << 8 | ip[1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

struct mbuf *
dn_packet_mark(struct mbuf *m, bool *markedp)
{
	uint8_t *ip;
	int ecn, version;

	*markedp = false;
	version = dn_packet_version(m);
	ecn = dn_packet_ecn(m, version);
	if (ecn == IPTOS_ECN_NOTECT || ecn == IPTOS_ECN_CE)
		return (m);
	m = dn_packet_own(m, m->m_pkthdr.l2hlen + DN_ECN_REACH);
	if (m == NULL)
		return (NULL);
	ip = mtodo(m, m->m_pkthdr.l2hlen);
	if (version == 4)
		dn_mark_ip(ip, (m->m_pkthdr.csum_flags & CSUM_IP) != 0);
	else
		ip[1] |= IPTOS_ECN_CE << 4;
	*markedp = true;
	return (m);
}

/*
 * Bytes from the IP header to the end of the checksum field that is still to
 * be filled in.
 */
static int
dn_packet_cksum_end(const struct mbuf *m, int version)
{
	uint8_t b;
	int hlen;

	if (version == 4) {
		m_copydata(m, 0, 1, &b);
		hlen = imax((b & 0x0f) * 4, (int)sizeof(struct ip));
	} else
		hlen = imax(m->m_pkthdr.l3hlen, (int)sizeof(struct ip6_hdr));
	return (hlen + m->m_pkthdr.csum_data + (int)sizeof(uint16_t));
}

/*
 * Fill in the checksum that was left to the interface; m begins at the IP
 * header.  NULL: no memory or headers that make no sense, m freed.
 */
static struct mbuf *
dn_packet_cksum(struct mbuf *m, int version)
{
	int end;

	if ((m->m_pkthdr.csum_flags &
	    (CSUM_DELAY_DATA | CSUM_DELAY_DATA_IPV6)) == 0)
		return (m);
	end = dn_packet_cksum_end(m, version);
	if (end > m->m_pkthdr.len || end > MHLEN) {
		m_freem(m);
		return (NULL);
	}
	if (m->m_len < end && (m = m_pullup(m, end)) == NULL)
		return (NULL);
	in_delayed_cksum(m);
	return (m);
}

/*
 * The same of the IPv4 header, of m that is nobody else's.
 */
static struct mbuf *
dn_packet_cksum_ip(struct mbuf *m, int version)
{
	const int off = __offsetof(struct ip, ip_sum);
	uint16_t sum = 0;
	uint8_t b;
	int hlen;

	if (version != 4 || (m->m_pkthdr.csum_flags & CSUM_IP) == 0)
		return (m);
	m_copydata(m, 0, 1, &b);
	hlen = imax((b & 0x0f) * 4, (int)sizeof(struct ip));
	if (hlen > m->m_pkthdr.len) {
		m_freem(m);
		return (NULL);
	}
	m_copyback(m, off, sizeof(sum), (const void *)&sum);
	sum = in_cksum_skip(m, hlen, 0);
	m_copyback(m, off, sizeof(sum), (const void *)&sum);
	return (m);
}

/*
 * Make all of m its own and its checksums final, so that the receiver looks
 * at them.  NULL: as above.
 */
static struct mbuf *
dn_packet_finish(struct mbuf *m, int version)
{
	uint8_t l2[UINT8_MAX];
	uint32_t lost = 0;
	int l2hlen;

	l2hlen = m->m_pkthdr.l2hlen;
	m_copydata(m, 0, l2hlen, l2);
	m_adj(m, l2hlen);
	if ((m = m_unshare(m, M_NOWAIT)) == NULL ||
	    (m = dn_packet_cksum_ip(m, version)) == NULL ||
	    (m = dn_packet_cksum(m, version)) == NULL)
		return (NULL);
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.csum_data = 0;
	return (dn_packet_relink(m, l2, l2hlen, &lost));
}

struct mbuf *
dn_packet_corrupt(struct mbuf *m, struct dn_chance *ch, bool *donep)
{
	struct mbuf *n;
	uint64_t bit;
	int l2hlen, off, version;

	*donep = false;
	version = dn_packet_version(m);
	if (version == 0)
		return (m);
	if ((m = dn_packet_finish(m, version)) == NULL)
		return (NULL);
	l2hlen = m->m_pkthdr.l2hlen;
	bit = dn_chance_upto(ch, DN_CORRUPT_BIT,
	    (uint64_t)(m->m_pkthdr.len - l2hlen) * 8 - 1);
	n = m_getptr(m, l2hlen + (int)(bit / 8), &off);
	n->m_data[off] = (char)(n->m_data[off] ^ (1 << (bit % 8)));
	*donep = true;
	return (m);
}

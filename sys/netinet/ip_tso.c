/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Cutting a large TCP segment for an interface that cannot (TSO in
 * software), both families.
 *
 * Of a packet with headers H and payload p0 p1 ... pn, of tso_segsz bytes
 * each but the last, become packets H0 p0, H1 p1, ... Hn pn, where Hi is H
 * but for
 *
 *	IPv4	length; identification + i; header checksum
 *	IPv6	payload length
 *	TCP	sequence number + i * tso_segsz
 *		FIN, PSH	only the last (what they end is there)
 *		CWR		only the first (it is said once, RFC 3168),
 *				unless CSUM_ACE (it is part of a count)
 *		checksum field	pseudo header's sum for the new length; the
 *				sum itself stays to be filled in
 *
 * Headers are copied, payload is shared.  The chain is walked once, however
 * many segments come of it.
 */

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <netinet/ip_impl.h>
#include <netinet/tcp.h>

struct tso {
	struct mbuf	*t_whole;	/* the packet */
	const uint8_t	*t_head;	/* its headers */
	int		t_l3len, t_hlen; /* IP header's bytes, and with TCP's */
	bool		t_v6;
	uint32_t	t_csum_flags;
	/* What changes from segment to segment. */
	struct mbuf	*t_from;	/* the payload goes on here, */
	int		t_fromoff;	/* so many bytes into it */
	uint32_t	t_done;		/* bytes of payload cut off */
	uint16_t	t_n;		/* segments made */
};

/* The pseudo header's sum for len bytes of TCP instead of the old number. */
static uint16_t
tso_pseudo(uint16_t sum, int oldlen, int len)
{
	return (in_cksum_fold((uint64_t)sum + htons(len) +
	    (uint16_t)~htons(oldlen)));
}

static void
tso_ip_header(const struct tso *t, char *head, int len)
{
	struct ip6_hdr *ip6;
	struct ip *ip;

	if (t->t_v6) {
		ip6 = (struct ip6_hdr *)(void *)head;
		ip6->ip6_plen = htons(len - (int)sizeof(*ip6));
		return;
	}
	ip = (struct ip *)(void *)head;
	ip->ip_len = htons(len);
	ip->ip_id = htons(ntohs(ip->ip_id) + t->t_n);
	ip->ip_sum = 0;
	ip->ip_sum = ip_header_sum(ip);
}

static void
tso_tcp_header(const struct tso *t, char *head, int len, bool last)
{
	struct tcphdr *th;

	th = (struct tcphdr *)(void *)(head + t->t_l3len);
	th->th_seq = htonl(ntohl(th->th_seq) + t->t_done);
	if (!last)
		th->th_flags &= (uint8_t)~(TH_FIN | TH_PUSH);
	if (t->t_n > 0 &&
	    (t->t_whole->m_pkthdr.csum_flags & CSUM_ACE) == 0)
		th->th_flags &= (uint8_t)~TH_CWR;
	th->th_sum = tso_pseudo(th->th_sum,
	    t->t_whole->m_pkthdr.len - t->t_l3len, len - t->t_l3len);
}

/* An mbuf with the headers of a segment with len bytes of payload. */
static struct mbuf *
tso_header(const struct tso *t, int len, bool last)
{
	const struct pkthdr *whole;
	struct mbuf *m;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return (NULL);
	m->m_data += max_linkhdr;
	memcpy(m->m_data, t->t_head, (size_t)t->t_hlen);
	tso_ip_header(t, m->m_data, t->t_hlen + len);
	tso_tcp_header(t, m->m_data, t->t_hlen + len, last);
	whole = &t->t_whole->m_pkthdr;
	m->m_len = t->t_hlen;
	m->m_pkthdr.len = t->t_hlen + len;
	m->m_pkthdr.rcvif = whole->rcvif;
	m->m_pkthdr.flowid = whole->flowid;
	m->m_pkthdr.rsstype = whole->rsstype;
	m->m_pkthdr.csum_flags = t->t_csum_flags;
	m->m_pkthdr.csum_data = TCP_SUM_OFF;
	m->m_pkthdr.l3hlen = (uint8_t)t->t_l3len;
	m->m_pkthdr.l4hlen = (uint8_t)(t->t_hlen - t->t_l3len);
	return (m);
}

/* The next segment, of len bytes of payload. */
static struct mbuf *
tso_segment(struct tso *t, int len, bool last)
{
	struct mbuf *m;

	m = tso_header(t, len, last);
	if (m == NULL)
		return (NULL);
	m->m_next = m_copym(t->t_from, t->t_fromoff, len, M_NOWAIT);
	if (m->m_next == NULL) {
		m_freem(m);
		return (NULL);
	}
	t->t_fromoff += len;
	while (!last && t->t_fromoff >= t->t_from->m_len) {
		t->t_fromoff -= t->t_from->m_len;
		t->t_from = t->t_from->m_next;
	}
	t->t_done += (uint32_t)len;
	t->t_n++;
	return (m);
}

/* Find the headers of m, which are contiguous: false if they are not what
 * a TSO packet has. */
static bool
tso_begin(struct tso *t, struct mbuf *m)
{
	const struct tcphdr *th;

	memset(t, 0, sizeof(*t));
	t->t_whole = m;
	t->t_head = mtod(m, const uint8_t *);
	t->t_v6 = ip_is_v6(m);
	t->t_l3len = t->t_v6 ? (int)sizeof(struct ip6_hdr) :
	    mtod(m, const struct ip *)->ip_hl << 2;
	th = (const struct tcphdr *)(const void *)(t->t_head + t->t_l3len);
	if (m->m_len < t->t_l3len + (int)sizeof(*th))
		return (false);
	t->t_hlen = t->t_l3len + (th->th_off << 2);
	t->t_csum_flags = t->t_v6 ? CSUM_IP6_TCP : CSUM_IP_TCP;
	if (m->m_pkthdr.tso_segsz == 0 || m->m_len < t->t_hlen ||
	    m->m_pkthdr.len <= t->t_hlen || t->t_hlen > MHLEN - max_linkhdr)
		return (false);
	t->t_from = m;
	t->t_fromoff = t->t_hlen;
	while (t->t_fromoff >= t->t_from->m_len) {
		t->t_fromoff -= t->t_from->m_len;
		t->t_from = t->t_from->m_next;
	}
	return (true);
}

struct mbuf *
ip_tso_cut(struct mbuf *m)
{
	struct mbuf *head, **tail;
	struct tso t;
	int left, len, segsz;

	head = NULL;
	tail = &head;
	segsz = m->m_pkthdr.tso_segsz;
	left = tso_begin(&t, m) ? m->m_pkthdr.len - t.t_hlen : 0;
	for (; left > 0; left -= len) {
		len = MIN(left, segsz);
		*tail = tso_segment(&t, len, len == left);
		if (*tail == NULL) {
			m_freep(head);
			head = NULL;
			break;
		}
		tail = &(*tail)->m_nextpkt;
	}
	m_freem(m);
	return (head);
}

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
 *		checksum field	pseudo header's sum for the new length, if the
 *				sum stays to be filled in; or the sum
 *
 * Headers are copied, from one that has all that does not change; payload is
 * shared.  The chain is walked once, however many segments come of it.
 */

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip_impl.h>
#include <netinet/tcp.h>

#define	AHEAD		6	/* segments: some 100 ns each, for 500 */
#define	TSO_HDR_MAX	(MHLEN - max_linkhdr)

struct tso {
	struct mbuf	*t_whole;	/* the packet */
	int		t_l2len;	/* link header's bytes */
	int		t_l3len, t_hlen; /* IP header's, and with TCP's */
	bool		t_v6;
	uint32_t	t_csum_flags;	/* left to do: 0, or TCP's sum */
	uint32_t	t_seq;		/* the packet's, host order */
	uint16_t	t_id;		/* IPv4 identification, host order */
	uint16_t	t_pseudo;	/* pseudo header's sum but the length */
	uint8_t		t_ends;		/* TCP flags of the last one only */
	uint8_t		t_begins;	/* and of the first only */
	/* What changes from segment to segment. */
	struct mbuf	*t_from;	/* the payload goes on here, */
	int		t_fromoff;	/* so many bytes into it */
	uint32_t	t_done;		/* bytes of payload cut off */
	uint16_t	t_n;		/* segments made */
	/* The next one's headers, but sequence number, identification and the
	 * sum of the IPv4 header; it has so many bytes of payload. */
	int		t_len;
	uint64_t	t_ipsum;	/* sum of the latter without these */
	uint64_t	t_tcpsum;	/* of TCP's without sequence number */
	struct tcphdr	*t_th;		/* in t_head */
	char		t_link[max_linkhdr]; /* at its end the link header */
	char		t_head[TSO_HDR_MAX] __aligned(16);
};

/* The headers are for len bytes of payload, the last ones or not. */
static void
tso_shape(struct tso *t, int len, bool last)
{
	struct tcphdr *th = t->t_th;
	struct ip *ip;

	t->t_len = len;
	len += t->t_hlen;
	th->th_flags &= (uint8_t)~(t->t_ends | t->t_begins);
	if (t->t_n == 0)
		th->th_flags |= t->t_begins;
	if (last)
		th->th_flags |= t->t_ends;
	th->th_seq = 0;
	th->th_sum = in_cksum_fold((uint64_t)t->t_pseudo +
	    htons(len - t->t_l3len));
	if (t->t_csum_flags == 0)
		t->t_tcpsum = in_cksum_partial(th, (size_t)(t->t_hlen -
		    t->t_l3len), 0);
	if (t->t_v6) {
		((struct ip6_hdr *)(void *)t->t_head)->ip6_plen =
		    htons(len - (int)sizeof(struct ip6_hdr));
		return;
	}
	ip = (struct ip *)(void *)t->t_head;
	ip->ip_len = htons(len);
	ip->ip_id = ip->ip_sum = 0;
	t->t_ipsum = (uint16_t)~ip_header_sum(ip);
}

/* Write the next segment's headers at to, which has room for all that
 * t_head has. */
static inline void
tso_header_write(const struct tso *t, char *to)
{
	struct tcphdr *th;
	struct ip *ip;
	uint16_t id;

	/* Of a length known here, it is a few stores. */
	if (__predict_true(t->t_hlen <= 64))
		memcpy(to, t->t_head, 64);
	else
		memcpy(to, t->t_head, (size_t)t->t_hlen);
	th = (struct tcphdr *)(void *)(to + t->t_l3len);
	th->th_seq = htonl(t->t_seq + t->t_done);
	if (t->t_v6)
		return;
	ip = (struct ip *)(void *)to;
	id = htons(t->t_id + t->t_n);
	ip->ip_id = id;
	ip->ip_sum = (uint16_t)~in_cksum_fold(t->t_ipsum + id);
}

/* An mbuf with the headers of the next segment. */
static inline struct mbuf *
tso_header(const struct tso *t)
{
	const struct pkthdr *whole;
	struct mbuf *m;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	if (m == NULL)
		return (NULL);
	memcpy(m->m_data, t->t_link, max_linkhdr);
	tso_header_write(t, m->m_data + max_linkhdr);
	whole = &t->t_whole->m_pkthdr;
	m->m_data += max_linkhdr - t->t_l2len;
	m->m_len = t->t_l2len + t->t_hlen;
	m->m_pkthdr.len = m->m_len + t->t_len;
	m->m_pkthdr.rcvif = whole->rcvif;
	m->m_pkthdr.flowid = whole->flowid;
	m->m_pkthdr.rsstype = whole->rsstype;
	m->m_pkthdr.csum_flags = t->t_csum_flags;
	m->m_pkthdr.csum_data = TCP_SUM_OFF;
	m->m_pkthdr.l2hlen = (uint8_t)t->t_l2len;
	m->m_pkthdr.l3hlen = (uint8_t)t->t_l3len;
	m->m_pkthdr.l4hlen = (uint8_t)(t->t_hlen - t->t_l3len);
	return (m);
}

/* Bring two lines from p on, wherever that is, into the cache.  (Not a mere
 * inline function: compilers find that it has no effect, and leave it out.) */
static __always_inline void
prefetch2(uintptr_t p)
{
	__builtin_prefetch((const void *)p);
	__builtin_prefetch((const void *)(p + CACHE_LINE_SIZE));
}

static __always_inline void
prefetch8(uintptr_t p)
{
	prefetch2(p);
	prefetch2(p + 2 * CACHE_LINE_SIZE);
	prefetch2(p + 4 * CACHE_LINE_SIZE);
	prefetch2(p + 6 * CACHE_LINE_SIZE);
}

/*
 * What is summed may have been written a while ago, a whole window before:
 * bring the payload of a segment further on, as far as an Ethernet's goes.
 */
static __always_inline void
tso_prefetch(const struct tso *t)
{
	const struct mbuf *from = t->t_from;
	uintptr_t p;
	int off;

	off = t->t_fromoff + AHEAD * t->t_len;
	if (off >= from->m_len) {
		off -= from->m_len;
		if ((from = from->m_next) == NULL)
			return;
	}
	p = (uintptr_t)from->m_data + (uintptr_t)off;
	prefetch8(p);
	prefetch8(p + 8 * CACHE_LINE_SIZE);
	prefetch8(p + 16 * CACHE_LINE_SIZE);
}

/* The payload goes on in from: of what follows that bring the count of its
 * references, and the mbuf behind it. */
static inline void
tso_prefetch_mbuf(const struct mbuf *from)
{
	const struct mbuf *next = from->m_next;

	if (next == NULL)
		return;
	if ((next->m_flags & M_EXT) != 0)
		__builtin_prefetch(next->m_ext.ext_ref);
	prefetch2((uintptr_t)next->m_next);
}

/* The next segment's payload: as a rule all of it is in one cluster. */
static inline struct mbuf *
tso_payload(const struct tso *t)
{
	struct mbuf *from = t->t_from, *n;

	if (t->t_csum_flags == 0)
		tso_prefetch(t);
	if (__predict_false((from->m_flags & M_EXT) == 0 ||
	    from->m_len - t->t_fromoff < t->t_len))
		return (m_copym(from, t->t_fromoff, t->t_len, M_NOWAIT));
	n = m_get(M_NOWAIT, MT_DATA);
	if (n == NULL)
		return (NULL);
	mb_dupcl(n, from);
	n->m_data += t->t_fromoff;
	n->m_len = t->t_len;
	return (n);
}

/* Fill in the TCP checksum of m, the next segment. */
static inline void
tso_sum(const struct tso *t, struct mbuf *m)
{
	struct tcphdr *th;
	struct mbuf *n = m->m_next;
	uint64_t sum;

	th = (struct tcphdr *)(void *)(m->m_data + t->t_l2len + t->t_l3len);
	sum = in_cksum_add(t->t_tcpsum, th->th_seq);
	if (__predict_true(n->m_len == t->t_len))
		sum = in_cksum_partial(n->m_data, (size_t)t->t_len, sum);
	else
		sum = in_cksum_add(sum,
		    (uint16_t)~in_cksum_skip(n, t->t_len, 0));
	th->th_sum = (uint16_t)~in_cksum_fold(sum);
}

/* The next segment, perhaps the last. */
static inline struct mbuf *
tso_segment(struct tso *t, bool last)
{
	struct mbuf *m;

	m = tso_header(t);
	if (m == NULL)
		return (NULL);
	m->m_next = tso_payload(t);
	if (m->m_next == NULL) {
		m_freem(m);
		return (NULL);
	}
	if (t->t_csum_flags == 0)
		tso_sum(t, m);
	t->t_fromoff += t->t_len;
	while (!last && t->t_fromoff >= t->t_from->m_len) {
		t->t_fromoff -= t->t_from->m_len;
		t->t_from = t->t_from->m_next;
		tso_prefetch_mbuf(t->t_from);
	}
	t->t_done += (uint32_t)t->t_len;
	t->t_n++;
	return (m);
}

/* What the headers, which are in t_head, say of all segments. */
static void
tso_parse(struct tso *t, bool sum)
{
	const struct pkthdr *whole = &t->t_whole->m_pkthdr;
	struct tcphdr *th;

	th = t->t_th = (struct tcphdr *)(void *)(t->t_head + t->t_l3len);
	t->t_csum_flags = sum ? 0 : t->t_v6 ? CSUM_IP6_TCP : CSUM_IP_TCP;
	t->t_seq = ntohl(th->th_seq);
	t->t_pseudo = in_cksum_fold((uint64_t)th->th_sum +
	    (uint16_t)~htons(whole->len - t->t_l3len));
	t->t_ends = th->th_flags & (TH_FIN | TH_PUSH);
	t->t_begins = (whole->csum_flags & CSUM_ACE) != 0 ? 0 :
	    th->th_flags & TH_CWR;
	if (!t->t_v6)
		t->t_id = ntohs(((struct ip *)(void *)t->t_head)->ip_id);
}

/* Find the headers of m, which are contiguous: false if they are not what
 * a TSO packet has. */
static bool
tso_begin(struct tso *t, struct mbuf *m, bool sum)
{
	const char *head = mtod(m, const char *);
	const struct tcphdr *th;

	t->t_whole = m;
	t->t_v6 = ip_is_v6(m);
	t->t_l3len = t->t_v6 ? (int)sizeof(struct ip6_hdr) :
	    mtod(m, const struct ip *)->ip_hl << 2;
	th = (const struct tcphdr *)(const void *)(head + t->t_l3len);
	if (m->m_len < t->t_l3len + (int)sizeof(*th))
		return (false);
	t->t_hlen = t->t_l3len + (th->th_off << 2);
	if (m->m_pkthdr.tso_segsz == 0 || m->m_len < t->t_hlen ||
	    m->m_pkthdr.len <= t->t_hlen || t->t_hlen > TSO_HDR_MAX)
		return (false);
	memcpy(t->t_head, head, (size_t)t->t_hlen);
	tso_parse(t, sum);
	t->t_done = t->t_n = 0;
	t->t_from = m;
	t->t_fromoff = t->t_hlen;
	while (t->t_fromoff >= t->t_from->m_len) {
		t->t_fromoff -= t->t_from->m_len;
		t->t_from = t->t_from->m_next;
	}
	tso_prefetch_mbuf(t->t_from);
	return (true);
}

/* Give segment after segment; false: memory is short. */
static inline bool
tso_each(struct tso *t, struct mbuf *m, bool sum, if_cut_give_t *give,
    void *arg)
{
	const int segsz = m->m_pkthdr.tso_segsz;
	struct mbuf *n;
	int left;

	if (!tso_begin(t, m, sum))
		return (false);
	for (left = m->m_pkthdr.len - t->t_hlen; left > 0; left -= t->t_len) {
		/* All but the first and the last are alike. */
		if (t->t_n <= 1 || left <= segsz)
			tso_shape(t, imin(left, segsz), left <= segsz);
		n = tso_segment(t, left == t->t_len);
		if (n == NULL)
			return (false);
		give(arg, n);
	}
	return (true);
}

/* Take the link header, which is contiguous, off m, to be that of each segment.
 * (m_adj() would go through all of the packet.) */
static void
tso_link(struct tso *t, struct mbuf *m, int l2hlen)
{

	KASSERT(l2hlen <= max_linkhdr && l2hlen <= m->m_len,
	    ("a link header of %d bytes, %d at hand", l2hlen, m->m_len));
	memset(t->t_link, 0, sizeof(t->t_link));
	t->t_l2len = l2hlen;
	memcpy(t->t_link + max_linkhdr - l2hlen, m->m_data, (size_t)l2hlen);
	m->m_data += l2hlen;
	m->m_len -= l2hlen;
	m->m_pkthdr.len -= l2hlen;
}

/* V_if_cut. */
static void
tso_cut_each(struct mbuf *m, int l2hlen, bool sum, if_cut_give_t *give,
    void *arg)
{
	struct tso t;

	tso_link(&t, m, l2hlen);
	(void)tso_each(&t, m, sum, give, arg);
	m_freem(m);
}

struct tso_queue {
	struct mbuf	*q_head, **q_tail;
};

static void
tso_append(void *arg, struct mbuf *n)
{
	struct tso_queue *q = arg;

	*q->q_tail = n;
	q->q_tail = &n->m_nextpkt;
}

struct mbuf *
ip_tso_cut_frame(struct mbuf *m, int l2hlen, bool sum)
{
	struct tso_queue q = { .q_tail = &q.q_head };
	struct tso t;

	tso_link(&t, m, l2hlen);
	if (!tso_each(&t, m, sum, tso_append, &q)) {
		m_freep(q.q_head);
		q.q_head = NULL;
	}
	m_freem(m);
	return (q.q_head);
}

struct mbuf *
ip_tso_cut(struct mbuf *m, bool sum)
{

	return (ip_tso_cut_frame(m, 0, sum));
}

/* Drivers, which are below, cut by this. */
static void
ip_tso_init(const void *arg __unused)
{

	V_if_cut = tso_cut_each;
}
SYSINIT(ip_tso, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, ip_tso_init, NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Chains of mbufs: copying, sharing, cutting and joining them.
 *
 *	packet:	mbuf --m_next--> mbuf --m_next--> mbuf
 *		M_PKTHDR	   |		    |
 *		m_pkthdr.len	  M_EXT		  bytes inside
 *		of all	       er_refs 2
 *				   |
 *	copy:	mbuf --m_next--> mbuf ...
 *
 * A copy (m_copym) of bytes in external storage is one more reference to
 * it; bytes inside an mbuf are copied, at most MLEN of them.  Storage with
 * more than one reference is never written: who wants to write asks
 * M_WRITABLE() and makes a real copy if not (m_unshare, m_pullup, m_dup).
 *
 * m_pkthdr.len of the first mbuf is the sum of all m_len; functions that
 * change a packet's length keep it so where their comment in sys/mbuf.h
 * does not say otherwise.  Mbufs of length zero may stand in a chain.
 *
 * Touches: the chains it is given, and curvnet's pool through kern_mbuf.c.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

/* The storage that holds the first bytes of len best; 0: the mbuf itself. */
static inline int
mb_best_size(int len, int room)
{

	if (len <= room)
		return (0);
	if (len >= MJUM16BYTES)
		return (MJUM16BYTES);
	return (len > MCLBYTES ? MJUMPAGESIZE : MCLBYTES);
}

/* One mbuf for the first of len bytes. */
static struct mbuf *
mb_get_best(int len, int how, int type, int flags)
{
	int size;

	size = mb_best_size(len, (flags & M_PKTHDR) != 0 ? MHLEN : MLEN);
	if (size != 0)
		return (m_getjcl(how, type, flags, size));
	return ((flags & M_PKTHDR) != 0 ? m_gethdr(how, type) :
	    m_get(how, type));
}

struct mbuf *
m_getm2(struct mbuf *m, int len, int how, int type, int flags)
{
	struct mbuf *first, *mb, **tail;

	first = NULL;
	tail = &first;
	flags &= M_PKTHDR;
	if (m != NULL)
		flags = 0;
	do {
		mb = mb_get_best(len, how, type, flags);
		if (mb == NULL) {
			m_freem(first);
			return (NULL);
		}
		*tail = mb;
		tail = &mb->m_next;
		len -= M_SIZE(mb);
		flags = 0;
	} while (len > 0);
	if (m == NULL)
		return (first);
	(void)m_length(m, &mb);
	mb->m_next = first;
	return (m);
}

void
mb_dupcl(struct mbuf *n, struct mbuf *m)
{

	MPASS((m->m_flags & M_EXT) != 0 && (n->m_flags & M_EXT) == 0);
	n->m_ext = m->m_ext;
	n->m_ext.ext_ref->er_refs++;
	n->m_flags |= M_EXT | (m->m_flags & M_RDONLY);
	n->m_data = m->m_data;
	n->m_len = m->m_len;
}

/* Give n, empty, the len bytes at off of m: shared if m has storage. */
static inline void
mb_refer(struct mbuf *n, struct mbuf *m, int off, int len)
{

	if ((m->m_flags & M_EXT) != 0) {
		mb_dupcl(n, m);
		n->m_data += off;
	} else
		memcpy(n->m_data, m->m_data + off, (size_t)len);
	n->m_len = len;
}

/* Flags of a packet that its copies have as well. */
#define	M_COPYFLAGS							\
	(M_PKTHDR | M_EOR | M_BCAST | M_MCAST | M_LOOP | M_TSTMP |	\
	M_PROTOFLAGS)

/* n, just made by m_gethdr(), gets the packet header of m. */
static inline void
mb_copy_pkthdr(struct mbuf *n, const struct mbuf *m)
{

	n->m_pkthdr = m->m_pkthdr;
	n->m_flags |= m->m_flags & M_COPYFLAGS;
}

struct mbuf *
m_copym(struct mbuf *m, int off, int len, int how)
{
	struct mbuf *first, *n, **tail;
	bool hdr;
	int n_len;

	MPASS(off >= 0 && len >= 0);
	hdr = off == 0 && (m->m_flags & M_PKTHDR) != 0;
	while (off > 0 && off >= m->m_len) {
		off -= m->m_len;
		m = m->m_next;
		if (m == NULL)
			break;
	}
	first = NULL;
	tail = &first;
	for (; m != NULL && len > 0; m = m->m_next) {
		n_len = imin(len, m->m_len - off);
		n = hdr ? m_gethdr(how, (int)m->m_type) :
		    m_get(how, (int)m->m_type);
		if (__predict_false(n == NULL)) {
			m_freem(first);
			return (NULL);
		}
		if (hdr) {
			mb_copy_pkthdr(n, m);
			if (len != M_COPYALL)
				n->m_pkthdr.len = len;
			hdr = false;
		}
		mb_refer(n, m, off, n_len);
		*tail = n;
		tail = &n->m_next;
		off = 0;
		if (len != M_COPYALL)
			len -= n_len;
	}
	KASSERT(len == 0 || len == M_COPYALL, ("m_copym: %d bytes beyond "
	    "the end", len));
	return (first);
}

struct mbuf *
m_dup(const struct mbuf *m, int how)
{
	struct mbuf *first, *n;
	const struct mbuf *p;
	int done, part, total;

	total = 0;
	for (p = m; p != NULL; p = p->m_next)
		total += p->m_len;
	first = m_getm2(NULL, total, how, (int)m->m_type,
	    (int)(m->m_flags & M_PKTHDR));
	if (first == NULL)
		return (NULL);
	if ((m->m_flags & M_PKTHDR) != 0)
		mb_copy_pkthdr(first, m);
	n = first;
	for (p = m; p != NULL; p = p->m_next) {
		for (done = 0; done < p->m_len; done += part) {
			if (n->m_len == M_SIZE(n))
				n = n->m_next;
			part = imin(p->m_len - done, M_SIZE(n) - n->m_len);
			memcpy(n->m_data + n->m_len, p->m_data + done,
			    (size_t)part);
			n->m_len += part;
		}
	}
	return (first);
}

void
m_copydata(const struct mbuf *m, int off, int len, void *buf)
{
	char *to;
	int part;

	MPASS(off >= 0 && len >= 0);
	to = buf;
	while (off > 0 && off >= m->m_len) {
		off -= m->m_len;
		m = m->m_next;
		MPASS(m != NULL || (off == 0 && len == 0));
		if (m == NULL)
			return;
	}
	for (; len > 0; m = m->m_next) {
		KASSERT(m != NULL, ("m_copydata: %d bytes beyond the end",
		    len));
		part = imin(len, m->m_len - off);
		memcpy(to, m->m_data + off, (size_t)part);
		to += part;
		len -= part;
		off = 0;
	}
}

/* Make the chain m at least `total' bytes long, with zeros. */
static int
mb_extend(struct mbuf *m, int total)
{
	struct mbuf *last, *n;
	int have, part;

	have = (int)m_length(m, &last);
	if (have >= total)
		return (0);
	if (total - have > M_TRAILINGSPACE(last)) {
		n = m_getm2(NULL, total - have - M_TRAILINGSPACE(last),
		    M_NOWAIT, (int)m->m_type, 0);
		if (n == NULL)
			return (ENOBUFS);
		last->m_next = n;
	}
	if ((m->m_flags & M_PKTHDR) != 0)
		m->m_pkthdr.len += total - have;
	for (; have < total; last = last->m_next) {
		part = imin(total - have, M_TRAILINGSPACE(last));
		memset(last->m_data + last->m_len, 0, (size_t)part);
		last->m_len += part;
		have += part;
	}
	return (0);
}

int
m_copyback(struct mbuf *m, int off, int len, const void *buf)
{
	const char *from;
	int error, part;

	MPASS(off >= 0 && len >= 0);
	if (len > INT_MAX - off)
		return (ENOBUFS);
	error = mb_extend(m, off + len);
	if (error != 0)
		return (error);
	from = buf;
	for (; len > 0; m = m->m_next) {
		if (off >= m->m_len) {
			off -= m->m_len;
			continue;
		}
		part = imin(len, m->m_len - off);
		MPASS(M_WRITABLE(m));
		memcpy(m->m_data + off, from, (size_t)part);
		from += part;
		len -= part;
		off = 0;
	}
	return (0);
}

void
m_move_pkthdr(struct mbuf *to, struct mbuf *from)
{

	MPASS((from->m_flags & M_PKTHDR) != 0);
	MPASS((to->m_flags & M_EXT) != 0 || to->m_len == 0);
	if ((to->m_flags & (M_EXT | M_PKTHDR)) == 0)
		to->m_data = to->m_pktdat;
	to->m_flags |= from->m_flags & M_COPYFLAGS;
	to->m_pkthdr = from->m_pkthdr;
	to->m_nextpkt = from->m_nextpkt;
	from->m_nextpkt = NULL;
	from->m_flags &= ~(uint32_t)(M_COPYFLAGS & ~M_EOR);
}

/* Move len bytes from the front of the chain m to the end of n; what is
 * left of m, or NULL if it has fewer (and is freed). */
static struct mbuf *
mb_move_front(struct mbuf *n, struct mbuf *m, int len)
{
	int part;

	while (len > 0 && m != NULL) {
		part = imin(len, m->m_len);
		memcpy(n->m_data + n->m_len, m->m_data, (size_t)part);
		n->m_len += part;
		m->m_data += part;
		m->m_len -= part;
		len -= part;
		if (m->m_len == 0)
			m = m_free(m);
	}
	n->m_next = m;
	return (len == 0 ? n : NULL);
}

struct mbuf *
m_pullup(struct mbuf *m, int len)
{
	struct mbuf *n;

	if (m->m_len >= len)
		return (m);
	if (len > MHLEN)
		goto bad;
	if (M_WRITABLE(m) && m->m_len + M_TRAILINGSPACE(m) >= len) {
		n = m;
		m = m->m_next;
		len -= n->m_len;
	} else {
		n = m_get(M_NOWAIT, (int)m->m_type);
		if (n == NULL)
			goto bad;
		if ((m->m_flags & M_PKTHDR) != 0)
			m_move_pkthdr(n, m);
		if (len + max_linkhdr <= M_SIZE(n))
			n->m_data += max_linkhdr;
	}
	if (mb_move_front(n, m, len) != NULL)
		return (n);
	m = n;
bad:
	m_freem(m);
	return (NULL);
}

/* A chain of its own with the bytes of the one mbuf m, and its header. */
static struct mbuf *
mb_dup_one(struct mbuf *m, int how)
{
	struct mbuf *n, *next;

	next = m->m_next;
	m->m_next = NULL;
	n = m_dup(m, how);
	m->m_next = next;
	if (n != NULL)
		n->m_nextpkt = m->m_nextpkt;
	return (n);
}

struct mbuf *
m_unshare(struct mbuf *m, int how)
{
	struct mbuf *last, *n, **prev;

	prev = &m;
	while (*prev != NULL) {
		if (M_WRITABLE(*prev)) {
			prev = &(*prev)->m_next;
			continue;
		}
		n = mb_dup_one(*prev, how);
		if (n == NULL) {
			m_freem(m);
			return (NULL);
		}
		(void)m_length(n, &last);
		last->m_next = m_free(*prev);
		*prev = n;
		prev = &last->m_next;
	}
	return (m);
}

struct mbuf *
m_prepend(struct mbuf *m, int plen, int how)
{
	struct mbuf *n;
	bool hdr;

	hdr = (m->m_flags & M_PKTHDR) != 0;
	n = plen > MHLEN ? NULL : m_get(how, (int)m->m_type);
	if (n == NULL) {
		m_freem(m);
		return (NULL);
	}
	if (hdr)
		m_move_pkthdr(n, m);
	M_ALIGN(n, plen);
	n->m_len = plen;
	n->m_next = m;
	if (hdr)
		n->m_pkthdr.len += plen;
	return (n);
}

/* Trim len bytes from the front; mbufs behind the first that become empty
 * go. */
static void
mb_trim_front(struct mbuf *m, int len)
{
	struct mbuf *n;
	int part;

	for (n = m; n != NULL && len > 0; ) {
		part = imin(len, n->m_len);
		n->m_data += part;
		n->m_len -= part;
		len -= part;
		if (n->m_len > 0)
			break;
		n = n == m ? m->m_next : (m->m_next = m_free(n));
	}
}

/* Cut the chain to len bytes, of which it has at least as many. */
static void
mb_truncate(struct mbuf *m, int len)
{

	for (; len > m->m_len; m = m->m_next)
		len -= m->m_len;
	m->m_len = len;
	m_freem(m->m_next);
	m->m_next = NULL;
}

void
m_adj(struct mbuf *m, int req_len)
{
	int total;

	if (m == NULL || req_len == 0)
		return;
	total = (int)m_length(m, NULL);
	if (req_len > 0) {
		req_len = imin(req_len, total);
		mb_trim_front(m, req_len);
		total -= req_len;
	} else {
		total = req_len == INT_MIN ? 0 : imax(total + req_len, 0);
		mb_truncate(m, total);
	}
	if ((m->m_flags & M_PKTHDR) != 0)
		m->m_pkthdr.len = total;
}

/* An empty mbuf to stand first in a packet of len bytes cut from m. */
static struct mbuf *
mb_head_like(const struct mbuf *m, int len, int how)
{
	struct mbuf *n;

	if ((m->m_flags & M_PKTHDR) == 0)
		return (m_get(how, (int)m->m_type));
	n = m_gethdr(how, (int)m->m_type);
	if (n == NULL)
		return (NULL);
	mb_copy_pkthdr(n, m);
	n->m_pkthdr.len = len;
	return (n);
}

/* The mbuf with byte off, or the last one if that is the end. */
static struct mbuf *
mb_cut_point(struct mbuf *m, int *off)
{

	while (m->m_next != NULL && *off > m->m_len) {
		*off -= m->m_len;
		m = m->m_next;
	}
	return (m);
}

struct mbuf *
m_split(struct mbuf *m, int len0, int how)
{
	struct mbuf *at, *head, *part;
	int off, total;

	total = (int)m_length(m, NULL);
	MPASS(len0 >= 0 && len0 <= total);
	head = mb_head_like(m, total - len0, how);
	if (head == NULL)
		return (NULL);
	off = len0;
	at = mb_cut_point(m, &off);
	head->m_next = at->m_next;
	if (at->m_len > off) {
		part = m_get(how, (int)at->m_type);
		if (part == NULL) {
			(void)m_free(head);
			return (NULL);
		}
		mb_refer(part, at, off, at->m_len - off);
		part->m_next = at->m_next;
		head->m_next = part;
		at->m_len = off;
	}
	at->m_next = NULL;
	if ((m->m_flags & M_PKTHDR) != 0)
		m->m_pkthdr.len = len0;
	return (head);
}

void
m_cat(struct mbuf *m, struct mbuf *n)
{

	(void)m_length(m, &m);
	while (n != NULL) {
		if (n->m_len > MLEN || n->m_len > M_TRAILINGSPACE(m)) {
			n->m_flags &= ~(uint32_t)M_PKTHDR;
			m->m_next = n;
			m = n;
			n = n->m_next;
			continue;
		}
		memcpy(m->m_data + m->m_len, n->m_data, (size_t)n->m_len);
		m->m_len += n->m_len;
		n = m_free(n);
	}
	m->m_next = NULL;
}

int
m_append(struct mbuf *m, int len, const void *buf)
{
	struct mbuf *last, *n;
	const char *from;
	int left, part;

	MPASS(len >= 0);
	(void)m_length(m, &last);
	left = len - imin(len, M_TRAILINGSPACE(last));
	if (left > 0) {
		n = m_getm2(NULL, left, M_NOWAIT, (int)m->m_type, 0);
		if (n == NULL)
			return (0);
		last->m_next = n;
	}
	if ((m->m_flags & M_PKTHDR) != 0)
		m->m_pkthdr.len += len;
	for (from = buf; len > 0; last = last->m_next) {
		part = imin(len, M_TRAILINGSPACE(last));
		memcpy(last->m_data + last->m_len, from, (size_t)part);
		last->m_len += part;
		from += part;
		len -= part;
	}
	return (1);
}

struct mbuf *
m_defrag(struct mbuf *m, int how)
{
	struct mbuf *n;

	n = m_dup(m, how);
	if (n == NULL)
		return (m);
	n->m_nextpkt = m->m_nextpkt;
	m_freem(m);
	return (n);
}

u_int
m_length(struct mbuf *m, struct mbuf **last)
{
	u_int len;

	len = (u_int)m->m_len;
	while (m->m_next != NULL) {
		m = m->m_next;
		len += (u_int)m->m_len;
	}
	if (last != NULL)
		*last = m;
	return (len);
}

struct mbuf *
m_getptr(struct mbuf *m, int loc, int *off)
{

	for (; m != NULL; m = m->m_next) {
		if (loc < m->m_len) {
			*off = loc;
			return (m);
		}
		loc -= m->m_len;
	}
	return (NULL);
}

void
m_sanity(const struct mbuf *m)
{
#ifdef INVARIANTS
	const struct mbuf *n;
	int total;

	total = 0;
	for (n = m; n != NULL; n = n->m_next) {
		KASSERT(n->m_len >= 0 && n->m_data >= M_START(n) &&
		    n->m_data + n->m_len <= M_START(n) + M_SIZE(n),
		    ("mbuf %p: bytes outside its storage",
		    (const void *)n));
		KASSERT(n == m || (n->m_flags & M_PKTHDR) == 0,
		    ("mbuf %p: packet header inside a packet",
		    (const void *)n));
		KASSERT((n->m_flags & M_EXT) == 0 ||
		    n->m_ext.ext_ref->er_refs > 0,
		    ("mbuf %p: storage without references",
		    (const void *)n));
		total += n->m_len;
	}
	KASSERT((m->m_flags & M_PKTHDR) == 0 || m->m_pkthdr.len == total,
	    ("mbuf %p: %d bytes in a packet of %d", (const void *)m, total,
	    m->m_pkthdr.len));
#else
	(void)m;
#endif
}

void
mbufq_init(struct mbufq *mq, int limit)
{

	mq->mq_head = NULL;
	mq->mq_tail = &mq->mq_head;
	mq->mq_len = 0;
	mq->mq_maxlen = limit;
}

int
mbufq_enqueue(struct mbufq *mq, struct mbuf *m)
{

	if (mq->mq_len >= mq->mq_maxlen)
		return (ENOBUFS);
	m->m_nextpkt = NULL;
	*mq->mq_tail = m;
	mq->mq_tail = &m->m_nextpkt;
	mq->mq_len++;
	return (0);
}

struct mbuf *
mbufq_dequeue(struct mbufq *mq)
{
	struct mbuf *m;

	m = mq->mq_head;
	if (m == NULL)
		return (NULL);
	mq->mq_head = m->m_nextpkt;
	if (mq->mq_head == NULL)
		mq->mq_tail = &mq->mq_head;
	m->m_nextpkt = NULL;
	mq->mq_len--;
	return (m);
}

void
mbufq_drain(struct mbufq *mq)
{

	m_freep(mq->mq_head);
	mbufq_init(mq, mq->mq_maxlen);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Handing packets over: how lo0 and epair, which have no wire, deliver.
 *
 * The sender appends the mbuf chain itself, nothing is copied, to the queue
 * of the receiving interface, and has that interface's host run a task.
 * The task takes the whole queue as one batch to if_input().  So a packet is
 * never received below the function that sent it: no recursion, whatever
 * answers whatever, and the receiver sees batches as from a real driver.
 *
 * Most packets are plain (if_private.h: IPv4 segments with their checksums to
 * be done, and so good), and most find nobody waiting.  Who does so waits
 * alone, beside the queue, with the same bound and the same counting.  What is
 * plain comes in by if_handed, alone or not.
 *
 * The queue is bounded by the memory it holds (a packet's bytes and one
 * mbuf).  That protects the host from itself and emulates no buffer, which
 * is dummynet's work: the default takes a window of 64 MiB in segments of
 * ordinary size, 64 MiB / 1460 * (1514 + 256) = 78 MiB, and some to spare.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/if_private.h>

#define	BATCH		128		/* packets */

VNET_DEFINE(if_cut_t *, if_cut);
VNET_DEFINE_STATIC(uint64_t, ifqmaxbytes) = 128 * 1024 * 1024;
#define	V_ifqmaxbytes	VNET(ifqmaxbytes)

/* A packet that finds nobody waiting is within the bound if it is not longer
 * than this; -1: none is. */
static void
if_handover_limit(struct ifnet *ifp)
{
	ifp->if_alone_max = V_ifqmaxbytes < MSIZE ? -1 :
	    (int)u64min(V_ifqmaxbytes - MSIZE, INT32_MAX);
}

static int
sysctl_ifqmaxbytes(SYSCTL_HANDLER_ARGS)
{
	struct ifnet *ifp;
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_handle_64(oidp, &V_ifqmaxbytes, 0, req);
	TAILQ_FOREACH(ifp, &V_ifnet, if_link)
		if_handover_limit(ifp);
	return (error);
}
SYSCTL_PROC(_net_link, OID_AUTO, ifqmaxbytes, CTLTYPE_U64 | CTLFLAG_VNET |
    CTLFLAG_RWTUN, NULL, 0, sysctl_ifqmaxbytes, "QU",
    "Bytes that may wait to be received over lo0 or epair");

static void
if_handover_reset(struct if_handover *hq)
{
	hq->hq_alone = hq->hq_head = NULL;
	hq->hq_tail = &hq->hq_head;
	hq->hq_bytes = 0;
}

/*
 * Large segments that wait as they are (M_LATER), since the interface they
 * left by neither cuts (IFCAP_TSO) nor has it done before (if_cut_later()).
 * A window that is in flight so is a few mbufs and its payload; its headers
 * are made, and its checksums computed and verified, all while the payload is
 * in the cache once: a segment is delivered before the next one is cut, and
 * what follows is brought meanwhile.  Everything is counted as if they had
 * been cut before.
 */
#define	M_LATER		M_PROTO1
#define	M_LATER_SUM	M_PROTO2	/* and software fills in the sums */

/* The packets that m will be, and what they have in front of the payload. */
static u_int
if_handover_nsegs(const struct mbuf *m, int *hlen)
{
	const struct pkthdr *ph = &m->m_pkthdr;

	*hlen = ph->l2hlen + ph->l3hlen + ph->l4hlen;
	return (howmany((u_int)(ph->len - *hlen), ph->tso_segsz));
}

/* What m takes of the bound: for each packet its bytes and one mbuf. */
static uint64_t
if_handover_bytes(const struct mbuf *m)
{
	uint64_t more;
	int hlen;

	more = 0;
	if ((m->m_flags & M_LATER) != 0)
		more = (if_handover_nsegs(m, &hlen) - 1) *
		    ((uint64_t)hlen + MSIZE);
	return ((uint64_t)m->m_pkthdr.len + MSIZE + more);
}

/* Cut m, which is large; what it becomes is give's to look after. */
static void
if_handover_cut(struct mbuf *m, if_cut_give_t *give, void *arg)
{
	bool sum;

	sum = (m->m_flags & M_LATER_SUM) != 0;
	m->m_flags &= ~M_PROTOFLAGS;
	V_if_cut(m, m->m_pkthdr.l2hlen, sum, give, arg);
}

static __always_inline void
prefetch2(uintptr_t p)
{
	__builtin_prefetch((const void *)p);
	__builtin_prefetch((const void *)(p + CACHE_LINE_SIZE));
}

/* rest will be first when what is first now is done with: bring where its
 * payload is, and the mbuf of the one behind it. */
static __always_inline void
if_handover_prefetch(const struct mbuf *rest)
{
	prefetch2((uintptr_t)rest->m_next);
	prefetch2((uintptr_t)rest->m_nextpkt);
	prefetch2((uintptr_t)rest->m_nextpkt + 2 * CACHE_LINE_SIZE);
}

/* A large packet is being delivered. */
struct large {
	struct if_handover *l_hq;
	u_int		l_n;		/* packets of the batch so far */
	u_int		l_left;		/* segments that are still to come, */
	uint64_t	l_bytes;	/* and what hq_bytes has for them */
	struct mbuf	*l_rest, **l_tail; /* those of the next batch */
};

/* A segment is delivered as it is cut, and so while it is in the cache, if it
 * still belongs to the batch. */
static void
if_handover_segment(void *arg, struct mbuf *n)
{
	struct large *l = arg;
	const uint64_t bytes = (uint64_t)n->m_pkthdr.len + MSIZE;

	if_csum_handover(n);
	n->m_pkthdr.lro_nsegs = 0;
	l->l_left--;
	l->l_bytes -= bytes;
	if (__predict_false(l->l_n == BATCH)) {
		*l->l_tail = n;
		l->l_tail = &n->m_nextpkt;
		return;
	}
	l->l_n++;
	l->l_hq->hq_bytes -= bytes;
	if_input_one(l->l_hq->hq_ifp, n);
}

/* Deliver the first packet of hq, which is large; what the batch, which had n
 * before, does not take of it has its place then.  Returns the new n. */
static u_int
if_handover_large(struct if_handover *hq, u_int n)
{
	struct mbuf *m = hq->hq_head, *rest = m->m_nextpkt;
	struct large l = { .l_hq = hq, .l_n = n, .l_tail = &l.l_rest };
	int hlen;

	l.l_bytes = if_handover_bytes(m);
	l.l_left = if_handover_nsegs(m, &hlen);
	m->m_nextpkt = NULL;
	if ((hq->hq_head = rest) == NULL)
		hq->hq_tail = &hq->hq_head;
	else
		if_handover_prefetch(rest);
	if_handover_cut(m, if_handover_segment, &l);
	if (__predict_false(l.l_left != 0)) {	/* memory is short */
		hq->hq_bytes -= l.l_bytes;
		hq->hq_ifp->if_data.ifi_iqdrops += l.l_left;
	}
	if (l.l_rest != NULL) {
		if ((*l.l_tail = hq->hq_head) == NULL)
			hq->hq_tail = l.l_tail;
		hq->hq_head = l.l_rest;
	}
	return (l.l_n);
}

/* One packet of the queue comes in; if plain, as one that waited alone. */
static inline void
if_handover_input(struct ifnet *ifp, struct mbuf *m)
{
	if (__predict_true(m->m_pkthdr.csum_flags == CSUM_PLAIN_DONE))
		ifp->if_handed(m, ifp);
	else
		if_input_one(ifp, m);
}

/*
 * Several packets wait, or none.
 *
 * BATCH packets are a batch, the next of which waits for the turn of others.
 * A receiver that took a whole window at once would have dropped the first
 * packets from its caches when its program comes to read them.  If more has
 * been handed over meanwhile (hq_more), it waits for the tasks of this batch
 * only, as if it had found nobody waiting.
 */
static void __noinline
if_handover_deliver_queue(struct if_handover *hq)
{
	struct mbuf *m;
	u_int n = 0;

	hq->hq_task.vt_pending = true;
	hq->hq_more = false;
	while (n < BATCH && (m = hq->hq_head) != NULL) {
		if (__predict_false((m->m_flags & M_LATER) != 0)) {
			n = if_handover_large(hq, n);
			continue;
		}
		n++;
		hq->hq_bytes -= (uint64_t)m->m_pkthdr.len + MSIZE;
		if ((hq->hq_head = m->m_nextpkt) == NULL)
			hq->hq_tail = &hq->hq_head;
		m->m_nextpkt = NULL;
		if_handover_input(hq->hq_ifp, m);
	}
	hq->hq_task.vt_pending = false;
	if (hq->hq_head != NULL && hq->hq_more)
		vnet_task_enqueue(&hq->hq_task);
	else if (hq->hq_head != NULL)
		vnet_task_later(&hq->hq_task);
}

/* Most packets wait alone, and are plain. */
static void
if_handover_deliver(void *arg)
{
	struct if_handover *hq = arg;
	struct mbuf *m = hq->hq_alone;

	if (__predict_false(m == NULL)) {
		if_handover_deliver_queue(hq);
		return;
	}
	hq->hq_alone = NULL;
	hq->hq_ifp->if_handed(m, hq->hq_ifp);
}

/* One that is not plain. */
static void
if_handover_deliver_other(void *arg)
{
	struct if_handover *hq = arg;
	struct mbuf *m = hq->hq_alone;

	hq->hq_task.vt_func = if_handover_deliver;
	if (m == NULL) {
		if_handover_deliver_queue(hq);
		return;
	}
	hq->hq_alone = NULL;
	if_input_one(hq->hq_ifp, m);
}

void
if_handover_init(struct if_handover *hq, struct ifnet *ifp)
{
	hq->hq_ifp = ifp;
	hq->hq_vnet = ifp->if_vnet;
	ifp->if_handed = if_input_handed;
	if_handover_limit(ifp);
	if_handover_reset(hq);
	VNET_TASK_INIT(&hq->hq_task, if_handover_deliver, hq);
}

/* There is no room for m. */
static int __noinline
if_handover_full(struct ifnet *ifp, struct if_handover *hq, struct mbuf *m)
{
	ifp->if_data.ifi_oqdrops++;
	hq->hq_ifp->if_data.ifi_iqdrops++;
	m_freem(m);
	return (ENOBUFS);
}

static inline void
if_handover_append(struct if_handover *hq, struct mbuf *m)
{
	hq->hq_more = true;
	*hq->hq_tail = m;
	hq->hq_tail = &m->m_nextpkt;
	vnet_task_send(hq->hq_vnet, &hq->hq_task);
}

/* Segments of one packet are handed over, until one finds no room. */
struct some {
	struct ifnet	*s_ifp;
	struct if_handover *s_hq;
	u_int		s_left;		/* still to come */
	int		s_error;
};

static void
if_handover_one_of(void *arg, struct mbuf *n)
{
	struct some *s = arg;

	s->s_left--;
	if (s->s_error != 0) {
		m_freem(n);
		return;
	}
	s->s_ifp->if_data.ifi_opackets++;
	s->s_ifp->if_data.ifi_obytes += (uint64_t)n->m_pkthdr.len;
	s->s_error = if_handover_any(s->s_ifp, n, s->s_hq);
}

/* There is no room for all of m, which ifp has counted as one: hand over as
 * many of its segments as there is room for. */
static int
if_handover_some(struct ifnet *ifp, struct if_handover *hq, struct mbuf *m)
{
	struct some s = { .s_ifp = ifp, .s_hq = hq };
	int hlen;

	s.s_left = if_handover_nsegs(m, &hlen);
	ifp->if_data.ifi_opackets--;
	ifp->if_data.ifi_obytes -= (uint64_t)m->m_pkthdr.len;
	if_handover_cut(m, if_handover_one_of, &s);
	return (s.s_left != 0 ? ENOBUFS : s.s_error);
}

/* m is to be cut when it is delivered. */
static int __noinline
if_handover_later(struct ifnet *ifp, struct if_handover *hq, struct mbuf *m)
{
	const uint32_t sum = (m->m_pkthdr.csum_flags & CSUM_IP6_TSO) != 0 ?
	    CSUM_IP6_TCP : CSUM_IP_TCP;
	uint64_t bytes;
	u_int more;
	int hlen;

	m->m_flags = (m->m_flags & ~M_PROTOFLAGS) | M_LATER |
	    ((ifp->if_hwassist & sum) == 0 ? M_LATER_SUM : 0);
	m->m_nextpkt = NULL;
	bytes = hq->hq_bytes + if_handover_bytes(m);
	if (__predict_false(bytes > V_ifqmaxbytes))
		return (if_handover_some(ifp, hq, m));
	hq->hq_bytes = bytes;
	more = if_handover_nsegs(m, &hlen) - 1;
	ifp->if_data.ifi_opackets += more;
	ifp->if_data.ifi_obytes += (uint64_t)more * (u_int)hlen;
	if_handover_append(hq, m);
	return (0);
}

/* What waited alone does so no more: it is the first of the queue. */
static void
if_handover_queue_alone(struct if_handover *hq)
{
	struct mbuf *m = hq->hq_alone;

	hq->hq_alone = NULL;
	hq->hq_head = m;
	hq->hq_tail = &m->m_nextpkt;
	hq->hq_bytes = (uint64_t)m->m_pkthdr.len + MSIZE;
}

int
if_handover_behind(struct ifnet *ifp, struct mbuf *m, struct if_handover *hq)
{
	uint64_t bytes;

	if (hq->hq_alone != NULL)
		if_handover_queue_alone(hq);
	bytes = hq->hq_bytes + (uint64_t)m->m_pkthdr.len + MSIZE;
	if (__predict_false(bytes > V_ifqmaxbytes))
		return (if_handover_full(ifp, hq, m));
	hq->hq_bytes = bytes;
	if_handover_append(hq, m);
	return (0);
}

int
if_handover_any(struct ifnet *ifp, struct mbuf *m, struct if_handover *hq)
{
	if ((m->m_pkthdr.csum_flags & CSUM_TSO & ~ifp->if_hwassist) != 0 &&
	    ifp->if_cuts_later) {
		if (hq->hq_alone != NULL)
			if_handover_queue_alone(hq);
		return (if_handover_later(ifp, hq, m));
	}
	if_csum_handover(m);
	m->m_pkthdr.lro_nsegs = 0;
	m->m_flags &= ~M_HANDOVER_OFF;
	m->m_nextpkt = NULL;
	if (hq->hq_task.vt_pending || m->m_pkthdr.len > ifp->if_alone_max)
		return (if_handover_behind(ifp, m, hq));
	hq->hq_alone = m;
	hq->hq_task.vt_func = if_handover_deliver_other;
	vnet_task_wake(hq->hq_vnet, &hq->hq_task);
	return (0);
}

void
if_handover_drain(struct if_handover *hq)
{
	vnet_task_cancel(&hq->hq_task);
	hq->hq_task.vt_func = if_handover_deliver;
	m_freem(hq->hq_alone);
	m_freep(hq->hq_head);
	if_handover_reset(hq);
}

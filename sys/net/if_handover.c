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
#define	HALF		(12 * CACHE_LINE_SIZE)	/* bytes: half a packet */
#define	LARGE		256		/* bytes: less is not worth it */

VNET_DEFINE_STATIC(uint64_t, ifqmaxbytes) = 128 * 1024 * 1024;
#define	V_ifqmaxbytes	VNET(ifqmaxbytes)

SYSCTL_U64(_net_link, OID_AUTO, ifqmaxbytes, CTLFLAG_VNET | CTLFLAG_RWTUN,
    &VNET_NAME(ifqmaxbytes), 0,
    "Bytes that may wait to be received over lo0 or epair");

static void
if_handover_reset(struct if_handover *hq)
{
	hq->hq_head = NULL;
	hq->hq_tail = &hq->hq_head;
	hq->hq_bytes = 0;
}

/*
 * Bring three lines from p on, which may be NULL, into the cache, by the time
 * they are needed.  (Not a mere inline function: compilers find that it has no
 * effect, and leave it out; nor a loop, which costs as much as what it does.)
 */
static __always_inline void
prefetch3(uintptr_t p)
{
	__builtin_prefetch((const void *)p);
	__builtin_prefetch((const void *)(p + CACHE_LINE_SIZE));
	__builtin_prefetch((const void *)(p + 2 * CACHE_LINE_SIZE));
}

/* Half of a large packet's data, from byte off on. */
static __always_inline void
prefetch_half(const struct mbuf *data, int off)
{
	uintptr_t p;

	if (data == NULL || data->m_len <= off + LARGE)
		return;
	p = (uintptr_t)data->m_data + (uintptr_t)off;
	prefetch3(p);
	prefetch3(p + 3 * CACHE_LINE_SIZE);
	prefetch3(p + 6 * CACHE_LINE_SIZE);
	prefetch3(p + 9 * CACHE_LINE_SIZE);
}

/*
 * m is to be taken next.  In a long queue it and those behind it were written
 * a while ago, and each is two or three pointers away, of which one can be
 * followed in the time of a packet.  So of the third behind m bring the mbuf
 * that has the data, and of the fourth its own, before all else, since the
 * next packet's time begins with these; and then half the data each of the
 * first and of the second.
 */
static __always_inline void
if_handover_prefetch(const struct mbuf *m)
{
	const struct mbuf *first, *second, *third;

	if ((first = m->m_nextpkt) == NULL)
		return;
	if ((second = first->m_nextpkt) != NULL &&
	    (third = second->m_nextpkt) != NULL) {
		prefetch3((uintptr_t)third->m_nextpkt);
		prefetch3((uintptr_t)third->m_next);
		prefetch_half(second->m_next, 0);
	}
	prefetch_half(first->m_next, HALF);
}

/*
 * Several packets wait, or none.
 *
 * BATCH packets are a batch, the next of which waits for the turn of others.
 * A receiver that took a whole window at once would have dropped the first
 * packets from its caches when its program comes to read them.
 */
static void __noinline
if_handover_deliver_queue(struct if_handover *hq)
{
	struct mbuf *m;
	u_int n;

	for (n = 0; n < BATCH && (m = hq->hq_head) != NULL; n++) {
		if_handover_prefetch(m);
		hq->hq_bytes -= (uint64_t)m->m_pkthdr.len + MSIZE;
		if ((hq->hq_head = m->m_nextpkt) == NULL)
			hq->hq_tail = &hq->hq_head;
		m->m_nextpkt = NULL;
		if_input_one(hq->hq_ifp, m);
	}
	if (hq->hq_head != NULL)
		vnet_task_later(&hq->hq_task);
}

/* A packet that waits alone, as most do.  What comes to the queue from now on
 * has the task run again. */
static void
if_handover_deliver(void *arg)
{
	struct if_handover *hq = arg;
	struct mbuf *m = hq->hq_head;

	if (m == NULL || m->m_nextpkt != NULL) {
		if_handover_deliver_queue(hq);
		return;
	}
	if_handover_reset(hq);
	if_input_one(hq->hq_ifp, m);
}

void
if_handover_init(struct if_handover *hq, struct ifnet *ifp)
{
	hq->hq_ifp = ifp;
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

int
if_handover(struct ifnet *ifp, struct if_handover *hq, struct mbuf *m)
{
	uint64_t bytes;

	bytes = hq->hq_bytes + (uint64_t)m->m_pkthdr.len + MSIZE;
	if (__predict_false(bytes > V_ifqmaxbytes))
		return (if_handover_full(ifp, hq, m));
	hq->hq_bytes = bytes;
	if_csum_handover(m);
	m->m_pkthdr.lro_nsegs = 0;
	m->m_flags &= ~(M_BCAST | M_MCAST | M_LOOP | M_TSTMP |
	    M_PROTOFLAGS);
	m->m_nextpkt = NULL;
	*hq->hq_tail = m;
	hq->hq_tail = &m->m_nextpkt;
	vnet_task_send(hq->hq_ifp->if_vnet, &hq->hq_task);
	return (0);
}

void
if_handover_drain(struct if_handover *hq)
{
	vnet_task_cancel(&hq->hq_task);
	m_freep(hq->hq_head);
	if_handover_reset(hq);
}

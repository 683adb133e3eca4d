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

static void
if_handover_deliver(void *arg)
{
	struct if_handover *hq = arg;
	struct mbuf *m;

	m = hq->hq_head;
	if_handover_reset(hq);
	if_input(hq->hq_ifp, m);
}

void
if_handover_init(struct if_handover *hq, struct ifnet *ifp)
{
	hq->hq_ifp = ifp;
	if_handover_reset(hq);
	VNET_TASK_INIT(&hq->hq_task, if_handover_deliver, hq);
}

int
if_handover(struct if_handover *hq, struct mbuf *m)
{
	uint64_t bytes;

	bytes = hq->hq_bytes + (uint64_t)m->m_pkthdr.len + MSIZE;
	if (__predict_false(bytes > V_ifqmaxbytes)) {
		hq->hq_ifp->if_data.ifi_iqdrops++;
		m_freem(m);
		return (ENOBUFS);
	}
	hq->hq_bytes = bytes;
	if_csum_handover(m);
	m->m_pkthdr.rcvif = NULL;
	m->m_pkthdr.lro_nsegs = 0;
	m->m_flags &= ~(M_BCAST | M_MCAST | M_LOOP | M_TSTMP |
	    M_PROTOFLAGS);
	m->m_nextpkt = NULL;
	*hq->hq_tail = m;
	hq->hq_tail = &m->m_nextpkt;
	if (hq->hq_task.vt_pending)
		return (0);
	if (hq->hq_ifp->if_vnet == curvnet)
		vnet_task_enqueue(&hq->hq_task);
	else
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

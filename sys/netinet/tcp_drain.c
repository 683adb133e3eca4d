/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Memory given back when the host's mbufs are at their limit.
 *
 * What connections hold of the peer's text that arrived out of order was
 * never acknowledged, and SACK does not promise to keep it (RFC 2018, 8):
 * the peer still has it.  So when a zone of mbufs or clusters refuses an
 * allocation since its limit is reached (kern.ipc.nmb*), all of that goes,
 * of all connections, unless net.inet.tcp.do_tcpdrain is 0.
 *
 * The refusal may come from anywhere, so it is done when the batch ends; and
 * at most every DRAIN_EVERY, since it visits all connections.
 *
 * Touches: t_segq of every connection; the mbuf zones' actions.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <vm/uma.h>

#include <netinet/tcp_var.h>

#define	DRAIN_EVERY	(100 * NS_PER_MSEC)

VNET_DEFINE_STATIC(int, do_tcpdrain) = 1;
#define	V_do_tcpdrain	VNET(do_tcpdrain)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, do_tcpdrain, CTLFLAG_RW,
    &VNET_NAME(do_tcpdrain), 0,
    "Give text that arrived out of order back when mbufs are at their limit");

VNET_DEFINE_STATIC(struct vnet_task, drain_task);
#define	V_drain_task	VNET(drain_task)
VNET_DEFINE_STATIC(nstime_t, drain_next) = 0;
#define	V_drain_next	VNET(drain_next)

static void
tcp_drain(void *arg __unused)
{
	struct inpcb *inp;

	V_drain_next = getnstime() + DRAIN_EVERY;
	TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list)
		tcp_reass_flush(intotcpcb(inp));
}

/* A zone of mbufs is at its limit. */
static void
tcp_drain_wanted(uma_zone_t zone __unused, int nitems __unused)
{
	if (V_do_tcpdrain && uma_zone_get_cur(V_tcp_seg_zone) != 0 &&
	    getnstime() >= V_drain_next)
		vnet_task_enqueue(&V_drain_task);
}

static void
tcp_drain_action(uma_maxaction_t action)
{
	const struct mbuf_pool *pool = curvnet->vnet_mbufs;

	uma_zone_set_maxaction(pool->mp_mbuf, action);
	uma_zone_set_maxaction(pool->mp_cluster, action);
	uma_zone_set_maxaction(pool->mp_jumbop, action);
	uma_zone_set_maxaction(pool->mp_jumbo16, action);
}

static void
tcp_drain_init(const void *arg __unused)
{
	VNET_TASK_INIT(&V_drain_task, tcp_drain, NULL);
	tcp_drain_action(tcp_drain_wanted);
}
SYSINIT(tcp_drain, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, tcp_drain_init, NULL);

static void
tcp_drain_uninit(const void *arg __unused)
{
	tcp_drain_action(NULL);
	vnet_task_cancel(&V_drain_task);
}
SYSUNINIT(tcp_drain, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, tcp_drain_uninit,
    NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The stack's inside, for the tests of whole transfers (xfer_k.h).
 *
 * Kernel kind.  Reads connections and statistics, sets fault points and
 * limits, records interfaces; changes nothing else.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/sockbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp_fsm.h>
#include <netinet/tcp_var.h>
#include <vm/uma.h>

#include "xfer_k.h"

CTASSERT(XK_ESTABLISHED == TCPS_ESTABLISHED && XK_LAST == TCPS_TIME_WAIT);

/* ---- Connections ---- */

static const char *const state_names[] = {
	"CLOSED", "LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED",
	"CLOSE_WAIT", "FIN_WAIT_1", "CLOSING", "LAST_ACK", "FIN_WAIT_2",
	"TIME_WAIT"
};

static void
conn_fill(struct xk_conn *c, struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);

	*c = (struct xk_conn){
		.c_found = true,
		.c_bad = tcp_check(tp),
		.t_state = tp->t_state,
		.c_state = tp->t_state < nitems(state_names) ?
		    state_names[tp->t_state] : "a state that does not exist",
		.iss = tp->iss,
		.snd_una = tp->snd_una,
		.snd_max = tp->snd_max,
		.irs = tp->irs,
		.rcv_nxt = tp->rcv_nxt,
		.rcv_adv = tp->rcv_adv,
		.snd_cwnd = tp->snd_cwnd,
		.snd_ssthresh = tp->snd_ssthresh,
		.srtt_us = tp->t_srtt_us,
		.c_user = !tcp_detached(tp),
		.t_sndrexmitpack = tp->t_sndrexmitpack,
		.c_rexmttimeo = V_tcpstat.tcps_rexmttimeo,
	};
	if (so != NULL) {
		c->c_sndused = sbused(&so->so_snd);
		c->c_rcvused = sbused(&so->so_rcv);
	}
}

void
xk_conn(struct vnet *vnet, struct xk_conn *c)
{
	struct vnet *saved;
	struct inpcb *inp;
	const char *bad = NULL;

	*c = (struct xk_conn){ .c_found = false };
	saved = vnet_enter(vnet);
	TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list) {
		if (intotcpcb(inp)->t_state == TCPS_LISTEN ||
		    intotcpcb(inp)->t_state == TCPS_CLOSED)
			continue;
		conn_fill(c, intotcpcb(inp));
		if (c->c_bad != NULL)
			bad = c->c_bad;
	}
	c->c_bad = bad;
	vnet_leave(saved);
}

unsigned
xk_pcbs(struct vnet *vnet)
{
	struct vnet *saved;
	unsigned n;

	saved = vnet_enter(vnet);
	n = V_tcbinfo.ipi_count;
	vnet_leave(saved);
	return (n);
}

/* ---- Memory ---- */

/* What serves connections and packets. */
static const char *const kinds[XK_KINDS] = {
	"mbuf", "mbuf_cluster", "mbuf_jumbo_page", "mbuf_jumbo_16k",
	"mbuf_ext_refcnt", "socket", "tcpcb", "tcp_sent", "tcp_reass",
	"CC Mem", "solisten", "fragment", "temp", "cubic"
};

struct walk {
	struct xk_memory w_memory;
	uint64_t	w_bytes;	/* of everything */
	unsigned	w_want, w_i;
	const char	*w_name;	/* of number w_want */
	struct mem_stats *w_stats;
	uma_zone_t	w_zone;		/* whose they are, or NULL */
};

static int
walk_one(struct walk *w, const char *name, struct mem_stats *ms,
    uma_zone_t zone)
{
	u_int i;

	w->w_bytes += ms->ms_bytes;
	if (w->w_i++ == w->w_want) {
		w->w_stats = ms;
		w->w_zone = zone;
		w->w_name = name;
	}
	for (i = 0; i < XK_KINDS; i++)
		if (strcmp(name, kinds[i]) == 0)
			w->w_memory.m_bytes[i] = ms->ms_bytes;
	return (0);
}

static int
walk_zone(uma_zone_t zone, void *arg)
{
	(void)uma_zone_stats(zone);	/* brings them up to date */
	return (walk_one(arg, zone->uz_name, &zone->uz_stats, zone));
}

static int
walk_type(const struct malloc_type *type, struct mem_stats *ms, void *arg)
{
	return (walk_one(arg, type->ks_shortdesc, ms, NULL));
}

static struct walk
walk(struct vnet *vnet, unsigned want)
{
	struct walk w = { .w_want = want };
	struct vnet *saved;

	saved = vnet_enter(vnet);
	(void)uma_zone_foreach(walk_zone, &w);
	(void)malloc_type_foreach(walk_type, &w);
	vnet_leave(saved);
	return (w);
}

void
xk_memory(struct vnet *vnet, struct xk_memory *m)
{
	*m = walk(vnet, UINT_MAX).w_memory;
}

const char *
xk_leak(struct vnet *vnet, const struct xk_memory *before, uint64_t *n)
{
	struct xk_memory now;
	u_int i;

	xk_memory(vnet, &now);
	for (i = 0; i < XK_KINDS; i++)
		if (now.m_bytes[i] > before->m_bytes[i]) {
			*n = now.m_bytes[i] - before->m_bytes[i];
			return (kinds[i]);
		}
	return (NULL);
}

uint64_t
xk_bytes(struct vnet *vnet)
{
	return (walk(vnet, UINT_MAX).w_bytes);
}

const char *
xk_source(struct vnet *vnet, unsigned i)
{
	return (walk(vnet, i).w_name);
}

void
xk_fault(struct vnet *vnet, unsigned i, uint64_t after)
{
	struct walk w = walk(vnet, i);

	w.w_stats->ms_fault_after = after;
	if (w.w_zone != NULL)
		uma_zone_stats_set(w.w_zone);
}

void
xk_drought(struct vnet *vnet, unsigned i, bool on)
{
	struct walk w = walk(vnet, i);

	w.w_stats->ms_limit = on ? 1 : 0;
	if (w.w_zone != NULL)
		uma_zone_stats_set(w.w_zone);
}

uint64_t
xk_allocs(struct vnet *vnet, unsigned i)
{
	return (walk(vnet, i).w_stats->ms_allocs);
}

uint64_t
xk_fails(struct vnet *vnet, unsigned i)
{
	return (walk(vnet, i).w_stats->ms_fails);
}

/* ---- What passes interfaces ---- */

struct xk_tap *
xk_tap_new(int (*write)(void *, const void *, size_t), void *arg)
{
	return ((struct xk_tap *)capture_create(write, arg, NULL));
}

bool
xk_tap_add(struct xk_tap *tap, struct vnet *vnet, const char *ifname)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = if_capture_start(ifunit(ifname), (struct capture *)tap, 0,
	    NULL);
	vnet_leave(saved);
	return (error == 0);
}

void
xk_tap_flush(struct xk_tap *tap)
{
	(void)capture_flush((struct capture *)tap);
}

void
xk_tap_remove(struct vnet *vnet, const char *ifname)
{
	struct vnet *saved;
	struct ifnet *ifp;

	saved = vnet_enter(vnet);
	if ((ifp = ifunit(ifname)) != NULL && ifp->if_capture != NULL)
		if_capture_stop(ifp);
	vnet_leave(saved);
}

void
xk_tap_free(struct xk_tap *tap)
{
	(void)capture_destroy((struct capture *)tap);
}

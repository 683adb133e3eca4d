/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The pipes of a run: which way each flow takes, the slowest link on it (its
 * bottleneck, which is sampled), and what each direction of a link emulates.
 *
 * A queue or a threshold in bdp becomes bytes here,
 *
 *	bytes = factor * rate * rtt / 8
 *
 * with the link's `rtt' if it has one, else with the longest way there and
 * back of the flows that cross the link (delays only), else with the link's
 * own two delays; at least one packet.  A rate without a queue gets 1bdp, or
 * 50 packets if that is nothing.
 *
 * A direction of a link is called a hop: 2 * link + the end that sends.
 *
 * May touch: libstackyard.
 */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define	LINK_HEADER	14		/* bytes */
#define	QUEUE_DEFAULT	50		/* packets */

/* The pipe_watch of a pipe, which is made unless it is there. */
static size_t
watch_pipe(struct sim *si, uint32_t hop)
{
	struct pipe_watch *pw;
	size_t i;

	for (i = 0; i < si->si_npipes; i++)
		if (si->si_pipes[i].pw_link == hop / 2 &&
		    si->si_pipes[i].pw_end == (int)(hop % 2))
			return (i);
	si->si_pipes = xgrow(si->si_pipes, si->si_npipes, sizeof(*pw));
	pw = &si->si_pipes[si->si_npipes];
	memset(pw, 0, sizeof(*pw));
	pw->pw_link = hop / 2;
	pw->pw_end = (int)(hop % 2);
	topology_ifname(pw->pw_link, pw->pw_end, pw->pw_ifname);
	snprintf(pw->pw_name, sizeof(pw->pw_name), "queue%u",
	    (unsigned)si->si_npipes + 1);
	return (si->si_npipes++);
}

static const struct sc_pipe *
pipe_of(const struct sim *si, uint32_t hop)
{

	return (&si->si_sc->s_links[hop / 2].l_pipe[hop % 2]);
}

/* Find a flow's way, its base RTT, and its narrowest pipe. */
static void
trace_flow(struct sim *si, struct flow *fl, uint32_t *path)
{
	const struct sc_flow *sc = fl->fl_sc;
	const struct sc_pipe *p;
	uint64_t least, rtt;
	uint32_t hop;
	size_t i, n;

	n = topology_path(si->si_topo, sc->f_host[0], sc->f_host[1], path);
	if (n == 0)
		key_fail(&sc->f_place, NULL, "no way from %s to %s",
		    sc->f_from, sc->f_to);
	rtt = 0;
	for (i = 0; i < n; i++)
		rtt += pipe_of(si, path[i])->p_delay +
		    pipe_of(si, path[i] ^ 1)->p_delay;
	least = UINT64_MAX;
	fl->fl_bottleneck = SIZE_MAX;
	for (i = 0; i < n; i++) {
		if (si->si_rtt[path[i]] < rtt)
			si->si_rtt[path[i]] = rtt;
		if (si->si_rtt[path[i] ^ 1] < rtt)
			si->si_rtt[path[i] ^ 1] = rtt;
		hop = path[i] ^ (fl->fl_sender == SERVER);
		p = pipe_of(si, hop);
		if (p->p_rate != 0 && p->p_rate < least) {
			least = p->p_rate;
			fl->fl_bottleneck = watch_pipe(si, hop);
		}
	}
	if (fl->fl_bottleneck != SIZE_MAX)
		si->si_pipes[fl->fl_bottleneck].pw_bottleneck = true;
}

/* Drop the pipes that were looked at and are nobody's bottleneck. */
static void
keep_bottlenecks(struct sim *si)
{
	size_t *place, i, n;

	place = xcalloc(si->si_npipes, sizeof(*place));
	for (i = n = 0; i < si->si_npipes; i++) {
		place[i] = n;
		if (!si->si_pipes[i].pw_bottleneck)
			continue;
		si->si_pipes[n] = si->si_pipes[i];
		snprintf(si->si_pipes[n].pw_name,
		    sizeof(si->si_pipes[n].pw_name), "queue%u",
		    (unsigned)n + 1);
		n++;
	}
	for (i = 0; i < si->si_nflows; i++)
		if (si->si_flows[i].fl_bottleneck != SIZE_MAX)
			si->si_flows[i].fl_bottleneck =
			    place[si->si_flows[i].fl_bottleneck];
	si->si_npipes = n;
	free(place);
}

/* Find the ways of all flows: si_rtt and si_pipes. */
static void
trace_flows(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	struct pipe_watch *pw;
	uint32_t *path;
	size_t i;

	si->si_rtt = xcalloc(2 * sc->s_nlinks, sizeof(*si->si_rtt));
	path = xcalloc(sc->s_nhosts, sizeof(*path));
	for (i = 0; i < si->si_nflows; i++)
		trace_flow(si, &si->si_flows[i], path);
	free(path);
	keep_bottlenecks(si);
	for (pw = si->si_pipes; pw < si->si_pipes + si->si_npipes; pw++)
		pw->pw_host = si->si_hosts[
		    sc->s_links[pw->pw_link].l_host[pw->pw_end]];
}

/* The bytes that factor (in millionths) of the BDP of a pipe is. */
static uint64_t
bdp_bytes(const struct sim *si, uint32_t hop, uint64_t factor)
{
	const struct sc_pipe *p = pipe_of(si, hop);
	unsigned __int128 n;
	uint64_t packet, rtt;

	rtt = p->p_rtt;
	if (rtt == 0)
		rtt = si->si_rtt[hop];
	if (rtt == 0)
		rtt = p->p_delay + pipe_of(si, hop ^ 1)->p_delay;
	n = (unsigned __int128)p->p_rate * rtt / (8 * NS_PER_S) * factor /
	    1000000;
	packet = si->si_sc->s_links[hop / 2].l_mtu;
	packet = (packet != 0 ? packet : 1500) + LINK_HEADER;
	if (n == 0)
		return (0);
	if (n > INT64_MAX)
		return (INT64_MAX);
	return (n > packet ? (uint64_t)n : packet);
}

static void
set_sizes(const struct sim *si, uint32_t hop, const struct queue_size *qs,
    const char *key, uint64_t *bytes, unsigned *packets)
{
	const struct sc_link *l = &si->si_sc->s_links[hop / 2];

	switch (qs->qs_kind) {
	case QS_NONE:
		break;
	case QS_BYTES:
		*bytes = qs->qs_n;
		break;
	case QS_PACKETS:
		*packets = (unsigned)qs->qs_n;
		break;
	case QS_BDP:
		*bytes = bdp_bytes(si, hop, qs->qs_n);
		if (*bytes == 0)
			key_fail(&l->l_place, key, "a part of the "
			    "bandwidth-delay product is nothing without both "
			    "rate and delay (or rtt)");
		break;
	}
}

static void
set_queue(const struct sim *si, uint32_t hop, struct sy_pipe *pipe)
{
	const struct sc_pipe *p = pipe_of(si, hop);

	set_sizes(si, hop, &p->p_queue, "queue", &pipe->queue_bytes,
	    &pipe->queue_packets);
	set_sizes(si, hop, &p->p_ecn, "ecn", &pipe->ecn_bytes,
	    &pipe->ecn_packets);
	if (p->p_rate == 0 || p->p_queue.qs_kind != QS_NONE)
		return;
	pipe->queue_bytes = bdp_bytes(si, hop, 1000000);
	if (pipe->queue_bytes == 0)
		pipe->queue_packets = QUEUE_DEFAULT;
}

static void
make_pipe(struct sim *si, uint32_t hop)
{
	static const struct sy_pipe nothing;
	const struct sc_link *l = &si->si_sc->s_links[hop / 2];
	const struct sc_pipe *p = pipe_of(si, hop);
	char ifname[TOPO_IFLEN];
	struct sy_pipe pipe;

	memset(&pipe, 0, sizeof(pipe));
	pipe.rate = p->p_rate;
	pipe.delay = p->p_delay;
	pipe.jitter = p->p_jitter;
	pipe.jitter_reorder = p->p_jitter_reorder;
	pipe.loss = p->p_loss;
	pipe.ge_enter = p->p_ge_enter;
	pipe.ge_leave = p->p_ge_leave;
	pipe.ge_loss_good = p->p_ge_good;
	pipe.ge_loss_bad = p->p_ge_bad;
	pipe.reorder = p->p_reorder;
	pipe.reorder_gap = (unsigned)p->p_reorder_gap;
	pipe.duplicate = p->p_duplicate;
	pipe.corrupt = p->p_corrupt;
	set_queue(si, hop, &pipe);
	if (p->p_aqm != NULL && strlen(p->p_aqm) >= sizeof(pipe.aqm))
		key_fail(&l->l_place, "aqm", "no \"%s\" here", p->p_aqm);
	if (p->p_aqm != NULL)
		strncpy(pipe.aqm, p->p_aqm, sizeof(pipe.aqm) - 1);
	if (memcmp(&pipe, &nothing, sizeof(pipe)) == 0)
		return;
	topology_ifname(hop / 2, (int)(hop % 2), ifname);
	if (sy_pipe(si->si_hosts[l->l_host[hop % 2]], ifname, &pipe) == -1)
		key_fail(&l->l_place, hop % 2 == 0 ? NULL : "reverse", "%s",
		    sy_error());
}

void
pipes_make(struct sim *si)
{
	uint32_t hop;

	trace_flows(si);
	for (hop = 0; hop < 2 * si->si_sc->s_nlinks; hop++)
		make_pipe(si, hop);
}

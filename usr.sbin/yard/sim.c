/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * From a scenario to a run: loop, hosts, links, pipes, addresses, routes,
 * modules, capture, flows; then virtual time, from sample to sample, until
 * `duration' or until every flow is done.
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
 * May touch: libstackyard and the files of the run.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "choice.h"
#include "progress.h"
#include "sim.h"

#define	FIRST_PORT	5001
#define	LINK_HEADER	14		/* bytes */
#define	QUEUE_DEFAULT	50		/* packets */
#define	SLICE		(100 * NS_PER_MS)	/* between looks at signals */

const char *
sim_file(const struct sim *si, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s", si->si_dir, name);
	return (path);
}

/* ---- Modules, hosts and links ---- */

static void
load_modules(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	size_t i;

	for (i = 0; i < sc->s_nmodules; i++) {
		if (sy_kldload(si->si_loop, sc->s_modules[i]) == 0)
			continue;
		if (sc->s_modules_place.pl_text == NULL)
			fail(EX_DATAERR, "-k: %s", sy_error());
		key_fail(&sc->s_modules_place, "modules", "%s", sy_error());
	}
}

/* All variables of a host: the scenario's, its own, forwarding. */
static struct sy_var *
host_vars(const struct sim *si, size_t host, size_t *np)
{
	const struct scenario *sc = si->si_sc;
	const struct sc_vars *own = &sc->s_hosts[host].h_vars;
	struct sy_var *v;
	size_t n;

	v = xcalloc(sc->s_vars.v_n + own->v_n + 2, sizeof(*v));
	n = 0;
	if (topology_forwards(si->si_topo, host)) {
		v[n++] = (struct sy_var){ "net.inet.ip.forwarding", "1" };
		v[n++] = (struct sy_var){ "net.inet6.ip6.forwarding", "1" };
	}
	if (sc->s_vars.v_n > 0)
		memcpy(v + n, sc->s_vars.v_list,
		    sc->s_vars.v_n * sizeof(*v));
	n += sc->s_vars.v_n;
	if (own->v_n > 0)
		memcpy(v + n, own->v_list, own->v_n * sizeof(*v));
	*np = n + own->v_n;
	return (v);
}

/* Does the message of a failure name a variable of vars?  Then it ends the
 * program with the place of that. */
static void
blame_variable(const struct place *pl, const struct sc_vars *vars,
    const char *host, const char *error)
{
	struct place in;
	const char *at, *name;
	size_t i;

	for (i = 0; i < vars->v_n; i++) {
		name = vars->v_list[i].name;
		at = strstr(error, name);
		if (at == NULL)
			continue;
		in = place_in(pl, name, "sysctl");
		key_fail(&in, NULL, "%s (host \"%s\")", at, host);
	}
}

static void
host_failed(const struct scenario *sc, const struct sc_host *h)
{
	const char *error;

	error = sy_error();
	blame_variable(&h->h_place, &h->h_vars, h->h_name, error);
	blame_variable(&sc->s_vars_place, &sc->s_vars, h->h_name, error);
	key_fail(&h->h_place, NULL, "%s", error);
}

static void
make_hosts(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	struct sy_var *vars;
	size_t i, n;

	si->si_hosts = xcalloc(sc->s_nhosts, sizeof(*si->si_hosts));
	for (i = 0; i < sc->s_nhosts; i++) {
		vars = host_vars(si, i, &n);
		si->si_hosts[i] = sy_host_new(si->si_loop,
		    sc->s_hosts[i].h_name, vars, n);
		if (si->si_hosts[i] == NULL)
			host_failed(sc, &sc->s_hosts[i]);
		free(vars);
	}
}

static void
make_link(struct sim *si, size_t i)
{
	const struct sc_link *l = &si->si_sc->s_links[i];
	char addr[TOPO_ADDRLEN], ifname[TOPO_IFLEN];
	struct sy_host *host;
	int end;

	if (sy_link(si->si_hosts[l->l_host[0]], si->si_hosts[l->l_host[1]],
	    (int)i, (int)l->l_mtu) == -1)
		key_fail(&l->l_place, NULL, "%s", sy_error());
	for (end = 0; end < 2; end++) {
		host = si->si_hosts[l->l_host[end]];
		topology_ifname(i, end, ifname);
		topology_addr(i, end, AF_INET, "/24", addr);
		if (sy_addr_add(host, ifname, addr) == -1)
			key_fail(&l->l_place, NULL, "%s", sy_error());
		topology_addr(i, end, AF_INET6, "/64", addr);
		/* A link too small for IPv6 (RFC 8200, 5) goes without. */
		if ((l->l_mtu == 0 || l->l_mtu >= 1280) &&
		    sy_addr_add(host, ifname, addr) == -1)
			key_fail(&l->l_place, NULL, "%s", sy_error());
	}
}

struct route_arg {
	struct sim	*ra_sim;
	size_t		ra_host;
};

static int
add_route(void *arg, const char *prefix, const char *gateway)
{
	struct route_arg *ra = arg;
	const struct sim *si = ra->ra_sim;

	if (sy_route_add(si->si_hosts[ra->ra_host], prefix, gateway) == 0)
		return (0);
	/* The gateway's link may be one that goes without IPv6. */
	if (strchr(prefix, ':') != NULL)
		return (0);
	fail(EX_SOFTWARE, "%s: route to %s: %s",
	    si->si_sc->s_hosts[ra->ra_host].h_name, prefix, sy_error());
}

static void
make_routes(struct sim *si)
{
	struct route_arg ra;

	ra.ra_sim = si;
	for (ra.ra_host = 0; ra.ra_host < si->si_sc->s_nhosts; ra.ra_host++)
		(void)topology_routes(si->si_topo, ra.ra_host, add_route,
		    &ra);
}

/* ---- Ways of the flows, and what their pipes follow from ---- */

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

/* ---- Pipes ---- */

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

/* ---- Blocks and congestion control ---- */

static void
check_choice(const struct sim *si, const struct sc_flow *f)
{
	struct sy_host *host;
	char names[512];
	int i;

	for (i = 0; i < 2; i++) {
		host = si->si_hosts[f->f_host[i]];
		if (f->f_block != NULL && !choice_exists(host, CHOICE_BLOCK,
		    f->f_block, names, sizeof(names)))
			key_fail(&f->f_place, "block", "no \"%s\" here (there "
			    "is %s)", f->f_block, names);
		if (f->f_cc != NULL && !choice_exists(host, CHOICE_CC,
		    f->f_cc, names, sizeof(names)))
			key_fail(&f->f_place, "cc", "no \"%s\" here (there is "
			    "%s)", f->f_cc, names);
	}
}

/* ---- Capture ---- */

static bool
is_captured(const struct sim *si, size_t host)
{
	const struct scenario *sc = si->si_sc;
	size_t i;

	for (i = 0; i < sc->s_ncapture_at; i++)
		if (strcmp(sc->s_hosts[host].h_name,
		    sc->s_capture_at[i]) == 0)
			return (true);
	if (sc->s_ncapture_at > 0)
		return (false);
	for (i = 0; i < sc->s_nflows; i++)
		if (sc->s_flows[i].f_host[0] == host)
			return (true);
	return (false);
}

static void
start_capture(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	char ifname[TOPO_IFLEN];
	const char *path;
	size_t i;
	int end;

	if (!sc->s_capture)
		return;
	for (i = 0; i < sc->s_ncapture_at; i++)
		if (scenario_host(sc, sc->s_capture_at[i]) == SIZE_MAX)
			fail(EX_DATAERR, "%s: capture: at: no host \"%s\"",
			    sc->s_file, sc->s_capture_at[i]);
	path = outdir_path(si->si_out, sim_file(si, "capture.pcapng"));
	si->si_capture = sy_capture_open(si->si_loop, path, sc->s_name);
	if (si->si_capture == NULL)
		fail(EX_CANTCREAT, "%s: %s", path, sy_error());
	for (i = 0; i < sc->s_nlinks; i++)
		for (end = 0; end < 2; end++) {
			if (!is_captured(si, sc->s_links[i].l_host[end]))
				continue;
			topology_ifname(i, end, ifname);
			if (sy_capture_if(si->si_capture,
			    si->si_hosts[sc->s_links[i].l_host[end]], ifname,
			    (unsigned)sc->s_snaplen) == -1)
				fail(EX_OSERR, "%s: %s", ifname, sy_error());
		}
}

/* ---- The run ---- */

static void
make_flows(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	const struct sc_flow *f;
	struct flow *fl;
	uint64_t nth;
	int end;

	si->si_nflows = si->si_active = scenario_nflows(sc);
	si->si_flows = xcalloc(si->si_nflows, sizeof(*fl));
	fl = si->si_flows;
	for (f = sc->s_flows; f < sc->s_flows + sc->s_nflows; f++)
		for (nth = 0; nth < f->f_count; nth++, fl++) {
			fl->fl_sc = f;
			fl->fl_sim = si;
			fl->fl_index = (size_t)(fl - si->si_flows);
			fl->fl_port = (uint16_t)(FIRST_PORT + fl->fl_index);
			fl->fl_start = f->f_start + nth * f->f_stagger;
			fl->fl_listener = fl->fl_fd[0] = fl->fl_fd[1] = -1;
			for (end = 0; end < 2; end++)
				fl->fl_host[end] =
				    si->si_hosts[f->f_host[end]];
			fl->fl_sender = f->f_app == APP_REQUEST &&
			    f->f_response > f->f_request ? SERVER : CLIENT;
		}
}

/* All but what needs files. */
static void
build(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	uint32_t hop;
	size_t i;

	si->si_loop = sy_loop_new(SY_VIRTUAL, sc->s_seed);
	if (si->si_loop == NULL)
		fail(EX_OSERR, "%s", sy_error());
	si->si_topo = topology_new(sc);
	load_modules(si);		/* their variables may be set, too */
	make_hosts(si);
	for (i = 0; i < sc->s_nlinks; i++)
		make_link(si, i);
	make_routes(si);
	make_flows(si);
	trace_flows(si);
	for (hop = 0; hop < 2 * sc->s_nlinks; hop++)
		make_pipe(si, hop);
	for (i = 0; i < sc->s_nflows; i++)
		check_choice(si, &sc->s_flows[i]);
}

static void
setup_flows(struct sim *si)
{
	size_t i;

	si->si_pattern = flow_pattern(0);
	for (i = 0; i < si->si_nflows; i++)
		flow_setup(&si->si_flows[i]);
}

/* Let time pass until `until'. */
static void
pass(struct sim *si, uint64_t until)
{
	uint64_t next;

	while (si->si_now < until) {
		next = until - si->si_now > SLICE ? si->si_now + SLICE :
		    until;
		(void)sy_loop_run(si->si_loop, next);
		si->si_now = next;
		progress_show(si->si_now, si->si_sc->s_duration);
		outdir_check();
	}
}

static void
drive(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	uint64_t next;
	bool warm;

	warm = sc->s_warmup == 0;
	sample_start(si);
	for (next = 0; si->si_now < sc->s_duration && si->si_active > 0;) {
		next += sc->s_sample;
		if (next > sc->s_duration)
			next = sc->s_duration;
		if (!warm && sc->s_warmup <= next) {
			pass(si, sc->s_warmup);
			sample_rebase(si);
			warm = true;
		}
		pass(si, next);
		sample_all(si);
	}
	sample_finish(si);
}

struct sim *
sim_run(const struct scenario *sc, struct outdir *out, const char *dir)
{
	struct sim *si;

	si = xcalloc(1, sizeof(*si));
	si->si_sc = sc;
	si->si_out = out;
	si->si_dir = dir;
	build(si);
	start_capture(si);
	setup_flows(si);
	progress_start(sc->s_name);
	drive(si);
	progress_start(NULL);
	if (si->si_capture != NULL && sy_capture_close(si->si_capture) == -1)
		fail(EX_IOERR, "%scapture.pcapng: %s", dir, strerror(errno));
	return (si);
}

void
sim_check(const struct scenario *sc)
{
	struct sim *si;

	si = xcalloc(1, sizeof(*si));
	si->si_sc = sc;
	build(si);
	sim_free(si);
}

void
sim_free(struct sim *si)
{
	size_t i;

	for (i = 0; i < si->si_nflows; i++)
		flow_free(&si->si_flows[i]);
	sy_loop_free(si->si_loop);
	for (i = 0; i < si->si_nflows; i++)
		free(si->si_flows[i].fl_pattern);
	for (i = 0; i < si->si_npipes; i++)
		text_free(&si->si_pipes[i].pw_csv);
	topology_free(si->si_topo);
	free(si->si_hosts);
	free(si->si_flows);
	free(si->si_pipes);
	free(si->si_rtt);
	free(si->si_pattern);
	free(si);
}

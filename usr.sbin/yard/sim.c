/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A run: hosts, pipes and flows are made, and then virtual time passes, from
 * sample to sample, until `duration' or until every flow is done.
 *
 * May touch: libstackyard and the files of the run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "progress.h"
#include "sim.h"

#define	FIRST_PORT	5001
#define	SLICE		(100 * NS_PER_MS) /* between looks at signals */

const char *
sim_file(const struct sim *si, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s", si->si_dir, name);
	return (path);
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

	si->si_loop = sy_loop_new(SY_VIRTUAL, si->si_sc->s_seed);
	if (si->si_loop == NULL)
		fail(EX_OSERR, "%s", sy_error());
	si->si_topo = topology_new(si->si_sc);
	hosts_make(si);
	make_flows(si);
	pipes_make(si);
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

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The table of a run.  For people: a line for each flow, Jain's index of
 * their goodputs, a line for each bottleneck (the narrowest pipe on a flow's
 * way).  For programs: the same and more, with units in the names, in
 * table.json, together with what repeats the run.
 *
 * The mean queue in packets is that of the samples; in bytes it is the
 * pipe's own integral over time, and in ms that at the pipe's rate.
 *
 * May touch: standard output, table.json.
 */
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define	MBIT	1e6

struct columns {
	int	c_way, c_block, c_cc;	/* widths */
};

static void
way_of(const struct flow *fl, char *buf, size_t size)
{

	snprintf(buf, size, "%s->%s", fl->fl_sc->f_from, fl->fl_sc->f_to);
}

static const char *
or_dash(const char *s)
{

	return (s[0] != '\0' ? s : "-");
}

void
report_label(const struct flow *fl, char *buf, size_t size)
{

	if (fl->fl_sc->f_label != NULL && fl->fl_sc->f_count == 1)
		snprintf(buf, size, "%s", fl->fl_sc->f_label);
	else if (fl->fl_sc->f_label != NULL)
		snprintf(buf, size, "%zu %s", fl->fl_index + 1,
		    fl->fl_sc->f_label);
	else
		snprintf(buf, size, "%zu %s/%s", fl->fl_index + 1,
		    or_dash(fl->fl_block), or_dash(fl->fl_cc));
}

/* Bits/s for a heading: "100 Mbit/s". */
static void
rate_text(uint64_t rate, char *buf, size_t size)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	double x;
	size_t i;

	x = (double)rate;
	for (i = 0; x >= 1000 && i < NELEM(units) - 1; i++)
		x /= 1000;
	snprintf(buf, size, "%g %sbit/s", x, units[i]);
}

static void
widen(int *width, const char *s)
{

	if ((int)strlen(s) > *width)
		*width = (int)strlen(s);
}

static struct columns
measure(const struct sim *si)
{
	struct columns c = { 4, 5, 2 };
	char way[128];
	size_t i;

	for (i = 0; i < si->si_nflows; i++) {
		way_of(&si->si_flows[i], way, sizeof(way));
		widen(&c.c_way, way);
		widen(&c.c_block, si->si_flows[i].fl_block);
		widen(&c.c_cc, si->si_flows[i].fl_cc);
	}
	return (c);
}

static void
flow_line(const struct flow *fl, const struct columns *c)
{
	char done[64], p50[16], p95[16], way[128];
	double share;
	uint32_t again;

	way_of(fl, way, sizeof(way));
	again = sample_rexmits(fl, &share);
	snprintf(p50, sizeof(p50), "-");
	snprintf(p95, sizeof(p95), "-");
	if (fl->fl_rtt.h_total > 0) {
		snprintf(p50, sizeof(p50), "%.1f",
		    hist_quantile(&fl->fl_rtt, 0.5) / 1e3);
		snprintf(p95, sizeof(p95), "%.1f",
		    hist_quantile(&fl->fl_rtt, 0.95) / 1e3);
	}
	if (fl->fl_state == FL_FAILED)
		snprintf(done, sizeof(done), "failed: %s",
		    strerror(fl->fl_error));
	else if (fl->fl_ended != 0)
		snprintf(done, sizeof(done), "%.3f",
		    (double)(fl->fl_ended - fl->fl_started) / 1e9);
	else
		snprintf(done, sizeof(done), "-");
	printf("%3zu  %-*s  %-*s  %-*s  %9.3f  %6u  %5.2f  %7s  %7s  %8s\n",
	    fl->fl_index + 1, c->c_way, way, c->c_block,
	    or_dash(fl->fl_block), c->c_cc, or_dash(fl->fl_cc),
	    sample_goodput(fl) / MBIT, (unsigned)again, share * 100, p50, p95,
	    done);
	if (fl->fl_waits != NULL && fl->fl_exchanges > 0)
		printf("     %ju exchanges, median %.1f ms, 95%% %.1f ms\n",
		    (uintmax_t)fl->fl_exchanges,
		    hist_quantile(fl->fl_waits, 0.5) / 1e3,
		    hist_quantile(fl->fl_waits, 0.95) / 1e3);
}

/* The mean queue of the measured time, in packets and in ms. */
static void
mean_queue(const struct sim *si, const struct pipe_watch *pw,
    double *npackets, double *ms)
{
	uint64_t rate;

	rate = si->si_sc->s_links[pw->pw_link].l_pipe[pw->pw_end].p_rate;
	*npackets = pw->pw_samples > 0 ?
	    (double)pw->pw_packet_sum / (double)pw->pw_samples : 0;
	*ms = pw->pw_stats.queue_bytes_mean * 8e3 / (double)rate;
}

static const char *
end_name(const struct sim *si, const struct pipe_watch *pw, int other)
{
	const struct sc_link *l = &si->si_sc->s_links[pw->pw_link];

	return (si->si_sc->s_hosts[l->l_host[pw->pw_end ^ other]].h_name);
}

static void
pipe_line(const struct sim *si, const struct pipe_watch *pw)
{
	const struct sy_pipe_stats *ps = &pw->pw_stats;
	char rate[32];
	double ms, npackets;

	rate_text(si->si_sc->s_links[pw->pw_link].l_pipe[pw->pw_end].p_rate,
	    rate, sizeof(rate));
	mean_queue(si, pw, &npackets, &ms);
	printf("%s->%s, %s: %.1f%% used, mean queue %.1f packets (%.0f bytes, "
	    "%.1f ms), %ju dropped, %ju marked", end_name(si, pw, 0),
	    end_name(si, pw, 1), rate, ps->utilization * 100, npackets,
	    ps->queue_bytes_mean, ms, (uintmax_t)ps->queue_drops,
	    (uintmax_t)ps->marks);
	if (ps->loss_drops > 0)
		printf(", %ju lost", (uintmax_t)ps->loss_drops);
	putchar('\n');
}

static double
jain_of(const struct sim *si)
{
	double index, *x;
	size_t i;

	x = xcalloc(si->si_nflows, sizeof(*x));
	for (i = 0; i < si->si_nflows; i++)
		x[i] = sample_goodput(&si->si_flows[i]);
	index = jain_index(x, si->si_nflows);
	free(x);
	return (index);
}

void
report_table(const struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	struct columns c;
	size_t i;

	c = measure(si);
	printf("%s: %g s", sc->s_name, (double)si->si_now / 1e9);
	if (sc->s_warmup > 0)
		printf(", measured from %g s on", (double)sc->s_warmup / 1e9);
	printf(", seed %ju\n", (uintmax_t)sc->s_seed);
	printf("%3s  %-*s  %-*s  %-*s  %9s  %6s  %5s  %7s  %7s  %8s\n", "",
	    c.c_way, "", c.c_block, "", c.c_cc, "", "goodput", "re-", "",
	    "RTT ms", "RTT ms", "complete");
	printf("%3s  %-*s  %-*s  %-*s  %9s  %6s  %5s  %7s  %7s  %8s\n", "#",
	    c.c_way, "flow", c.c_block, "block", c.c_cc, "cc", "Mbit/s",
	    "sent", "%", "median", "95%", "s");
	for (i = 0; i < si->si_nflows; i++)
		flow_line(&si->si_flows[i], &c);
	if (si->si_nflows > 1)
		printf("Jain's index %.4f\n", jain_of(si));
	for (i = 0; i < si->si_npipes; i++)
		pipe_line(si, &si->si_pipes[i]);
}

/* ---- JSON ---- */

static void
flow_json_result(const struct flow *fl, struct json *j)
{
	double share;
	uint32_t again;

	again = sample_rexmits(fl, &share);
	json_real(j, "goodput_mbps", sample_goodput(fl) / MBIT);
	json_uint(j, "received_bytes", flow_received(fl));
	json_uint(j, "retransmitted_segments", again);
	json_real(j, "retransmitted_share", share);
	if (fl->fl_info.ci_ecn)
		json_uint(j, "marked_segments", fl->fl_info.ci_marks);
	else
		json_null(j, "marked_segments");
	if (fl->fl_rtt.h_total > 0) {
		json_real(j, "rtt_median_ms",
		    hist_quantile(&fl->fl_rtt, 0.5) / 1e3);
		json_real(j, "rtt_p95_ms",
		    hist_quantile(&fl->fl_rtt, 0.95) / 1e3);
		json_real(j, "rtt_min_ms", fl->fl_info.ci_rttmin / 1e3);
	} else {
		json_null(j, "rtt_median_ms");
		json_null(j, "rtt_p95_ms");
		json_null(j, "rtt_min_ms");
	}
	if (fl->fl_ended != 0)
		json_real(j, "completion_s",
		    (double)(fl->fl_ended - fl->fl_started) / 1e9);
	else
		json_null(j, "completion_s");
	if (fl->fl_waits == NULL)
		return;
	json_uint(j, "exchanges", fl->fl_exchanges);
	json_real(j, "response_median_ms",
	    hist_quantile(fl->fl_waits, 0.5) / 1e3);
	json_real(j, "response_p95_ms",
	    hist_quantile(fl->fl_waits, 0.95) / 1e3);
}

static void
flow_json(const struct flow *fl, struct json *j)
{
	char csv[32];

	json_object(j, NULL);
	json_uint(j, "flow", fl->fl_index + 1);
	json_string(j, "from", fl->fl_sc->f_from);
	json_string(j, "to", fl->fl_sc->f_to);
	if (fl->fl_sc->f_label != NULL)
		json_string(j, "label", fl->fl_sc->f_label);
	json_string(j, "block", fl->fl_block);
	json_string(j, "cc", fl->fl_cc);
	json_real(j, "start_s", (double)fl->fl_start / 1e9);
	json_string(j, "state", flow_state_name(fl));
	if (fl->fl_state == FL_FAILED)
		json_string(j, "error", strerror(fl->fl_error));
	flow_json_result(fl, j);
	snprintf(csv, sizeof(csv), "flow%zu.csv", fl->fl_index + 1);
	json_string(j, "samples", csv);
	json_close(j, '}');
}

static void
pipe_json(const struct sim *si, const struct pipe_watch *pw, struct json *j)
{
	const struct sy_pipe_stats *ps = &pw->pw_stats;
	char csv[32];
	double ms, npackets;

	mean_queue(si, pw, &npackets, &ms);
	json_object(j, NULL);
	json_string(j, "from", end_name(si, pw, 0));
	json_string(j, "to", end_name(si, pw, 1));
	json_uint(j, "rate_bps",
	    si->si_sc->s_links[pw->pw_link].l_pipe[pw->pw_end].p_rate);
	json_real(j, "used_share", ps->utilization);
	json_real(j, "queue_mean_packets", npackets);
	json_real(j, "queue_mean_bytes", ps->queue_bytes_mean);
	json_real(j, "queue_mean_ms", ms);
	json_uint(j, "queue_max_packets", ps->queue_packets_max);
	json_uint(j, "sent_packets", ps->out_packets);
	json_uint(j, "sent_bytes", ps->out_bytes);
	json_uint(j, "dropped_packets", ps->queue_drops);
	json_uint(j, "lost_packets", ps->loss_drops);
	json_uint(j, "marked_packets", ps->marks);
	json_uint(j, "reordered_packets", ps->reordered);
	json_uint(j, "duplicated_packets", ps->duplicates);
	json_uint(j, "corrupted_packets", ps->corrupted);
	snprintf(csv, sizeof(csv), "%s.csv", pw->pw_name);
	json_string(j, "samples", csv);
	json_close(j, '}');
}

static void
vars_json(const struct sc_vars *vars, struct json *j, const char *key)
{
	size_t i;

	json_object(j, key);
	for (i = 0; i < vars->v_n; i++)
		json_string(j, vars->v_list[i].name, vars->v_list[i].value);
	json_close(j, '}');
}

/* What repeats the run. */
static void
inputs_json(const struct scenario *sc, struct json *j)
{
	size_t i;

	json_string(j, "version", sy_version());
	json_string(j, "scenario", sc->s_name);
	json_uint(j, "seed", sc->s_seed);
	json_real(j, "duration_s", (double)sc->s_duration / 1e9);
	json_real(j, "warmup_s", (double)sc->s_warmup / 1e9);
	json_real(j, "sample_s", (double)sc->s_sample / 1e9);
	json_object(j, "variables");
	vars_json(&sc->s_vars, j, "all");
	json_object(j, "hosts");
	for (i = 0; i < sc->s_nhosts; i++)
		if (sc->s_hosts[i].h_vars.v_n > 0)
			vars_json(&sc->s_hosts[i].h_vars, j,
			    sc->s_hosts[i].h_name);
	json_close(j, '}');
	json_close(j, '}');
	json_array(j, "modules");
	for (i = 0; i < sc->s_nmodules; i++)
		json_string(j, NULL, sc->s_modules[i]);
	json_close(j, ']');
}

void
report_json(const struct sim *si, struct json *j)
{
	size_t i;

	inputs_json(si->si_sc, j);
	json_real(j, "simulated_s", (double)si->si_now / 1e9);
	json_array(j, "flows");
	for (i = 0; i < si->si_nflows; i++)
		flow_json(&si->si_flows[i], j);
	json_close(j, ']');
	json_real(j, "jain_index", jain_of(si));
	json_array(j, "bottlenecks");
	for (i = 0; i < si->si_npipes; i++)
		pipe_json(si, &si->si_pipes[i], j);
	json_close(j, ']');
}

void
report_file(const struct sim *si)
{
	struct json j;
	FILE *fp;

	fp = outdir_fopen(si->si_out, sim_file(si, "table.json"));
	json_begin(&j, fp);
	report_json(si, &j);
	json_end(&j);
	outdir_fclose(si->si_out, fp);
}

size_t
report_failures(const struct sim *si)
{
	size_t i, n;

	for (i = n = 0; i < si->si_nflows; i++)
		n += si->si_flows[i].fl_state == FL_FAILED;
	return (n);
}

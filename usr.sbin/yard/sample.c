/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Writing down, at every multiple of `sample' and when a flow closes, how the
 * flows and the pipes on their way fare: one row of a CSV file each.
 *
 * A flow's row is what TCP_INFO says of its sender at that moment, and its
 * goodput (bytes that the receiving program got) over the last ten samples.
 * The table's goodput is over the measured time,
 *
 *	from max(start, warm-up) to min(completion, end of the run)
 *
 * and the quantiles of the RTT are those of the smoothed RTT at the samples
 * of that time.  Rows are kept in memory and appended to their file in
 * chunks, so that neither memory nor descriptors grow with the run.  All
 * numbers are printed from integers, so that files can be compared byte by
 * byte.
 *
 * May touch: connections and pipes, which it reads, and its files.
 */
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "sim.h"

#define	CHUNK		(256 * 1024)	/* bytes of rows kept in memory */
#define	NO_SSTHRESH	(65535U << 14)	/* RFC 7323, 2.3 */

static const char flow_header[] =
    "time_s,cwnd_bytes,ssthresh_bytes,srtt_ms,inflight_bytes,goodput_mbps,"
    "received_bytes,retransmitted_segments\n";
static const char pipe_header[] =
    "time_s,queue_packets,queue_bytes,queue_ms,drops,losses,marks,"
    "sent_bytes\n";

static void
flush(const struct sim *si, const char *base, struct text *t)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.csv", base);
	outdir_append(si->si_out, sim_file(si, name),
	    t->t_s != NULL ? t->t_s : "", t->t_len);
	t->t_len = 0;
}

static void
flow_flush(struct flow *fl)
{
	char base[32];

	snprintf(base, sizeof(base), "flow%zu", fl->fl_index + 1);
	flush(fl->fl_sim, base, &fl->fl_csv);
}

/* Bits/s over the last samples, as thousands of bits. */
static uint64_t
recent_goodput(struct flow *fl, uint64_t received)
{
	uint64_t before, n;

	n = fl->fl_nsamples;
	before = n >= RATE_WINDOW ? fl->fl_window[n % RATE_WINDOW] : 0;
	fl->fl_window[n % RATE_WINDOW] = received;
	fl->fl_nsamples++;
	if (n >= RATE_WINDOW)
		n = RATE_WINDOW;
	if (n == 0)
		return (0);
	return ((received - before) * 8 * (NS_PER_S / 1000) /
	    (n * fl->fl_sim->si_sc->s_sample));
}

void
sample_flow(struct flow *fl, uint64_t now)
{
	const struct conninfo *ci = &fl->fl_info;
	uint64_t kbps, received;
	char ssthresh[16];

	if (fl->fl_connected == 0 || fl->fl_fd[fl->fl_sender] == -1)
		return;
	flow_look(fl);
	received = flow_received(fl);
	kbps = recent_goodput(fl, received);
	if (ci->ci_srtt != 0)
		hist_add(&fl->fl_rtt, ci->ci_srtt);
	/* Before the first loss it is as much as a window can ever be. */
	ssthresh[0] = '\0';
	if (ci->ci_ssthresh < NO_SSTHRESH)
		snprintf(ssthresh, sizeof(ssthresh), "%" PRIu32,
		    ci->ci_ssthresh);
	text_printf(&fl->fl_csv, "%" PRIu64 ".%06" PRIu64 ",%" PRIu32
	    ",%s,%" PRIu32 ".%03" PRIu32 ",%" PRIu32 ",%" PRIu64 ".%03" PRIu64
	    ",%" PRIu64 ",%" PRIu32 "\n", now / NS_PER_S,
	    now % NS_PER_S / NS_PER_US, ci->ci_cwnd, ssthresh,
	    ci->ci_srtt / 1000, ci->ci_srtt % 1000, ci->ci_inflight,
	    kbps / 1000, kbps % 1000, received, ci->ci_rexmits);
	if (fl->fl_csv.t_len > CHUNK)
		flow_flush(fl);
}

static void
pipe_look(struct pipe_watch *pw)
{

	if (sy_pipe_stats(pw->pw_host, pw->pw_ifname, &pw->pw_stats) == -1)
		fail(EX_SOFTWARE, "%s: %s", pw->pw_ifname, sy_error());
}

static void
pipe_sample(const struct sim *si, struct pipe_watch *pw, uint64_t now)
{
	const struct sy_pipe_stats *ps = &pw->pw_stats;
	const struct sy_pipe_stats *b = &pw->pw_before;
	uint64_t us;

	pipe_look(pw);
	pw->pw_packet_sum += ps->queue_packets;
	pw->pw_samples++;
	us = (uint64_t)((unsigned __int128)ps->queue_bytes * 8000000 /
	    si->si_sc->s_links[pw->pw_link].l_pipe[pw->pw_end].p_rate);
	text_printf(&pw->pw_csv, "%" PRIu64 ".%06" PRIu64 ",%u,%" PRIu64
	    ",%" PRIu64 ".%03" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
	    ",%" PRIu64 "\n", now / NS_PER_S, now % NS_PER_S / NS_PER_US,
	    ps->queue_packets, ps->queue_bytes, us / 1000, us % 1000,
	    ps->queue_drops + b->queue_drops, ps->loss_drops + b->loss_drops,
	    ps->marks + b->marks, ps->out_bytes + b->out_bytes);
	if (pw->pw_csv.t_len > CHUNK)
		flush(si, pw->pw_name, &pw->pw_csv);
}

void
sample_start(struct sim *si)
{
	size_t i;

	for (i = 0; i < si->si_nflows; i++)
		text_printf(&si->si_flows[i].fl_csv, "%s", flow_header);
	for (i = 0; i < si->si_npipes; i++)
		text_printf(&si->si_pipes[i].pw_csv, "%s", pipe_header);
}

void
sample_all(struct sim *si)
{
	size_t i;

	for (i = 0; i < si->si_nflows; i++)
		sample_flow(&si->si_flows[i], si->si_now);
	for (i = 0; i < si->si_npipes; i++)
		pipe_sample(si, &si->si_pipes[i], si->si_now);
}

void
sample_rebase(struct sim *si)
{
	struct pipe_watch *pw;
	struct flow *fl;

	for (fl = si->si_flows; fl < si->si_flows + si->si_nflows; fl++) {
		if (fl->fl_state == FL_WAITING || fl->fl_ended != 0)
			continue;
		flow_look(fl);
		fl->fl_base_time = si->si_now;
		fl->fl_base_received = flow_received(fl);
		fl->fl_base_rexmits = fl->fl_info.ci_rexmits;
		memset(&fl->fl_rtt, 0, sizeof(fl->fl_rtt));
	}
	for (pw = si->si_pipes; pw < si->si_pipes + si->si_npipes; pw++) {
		pipe_look(pw);
		pw->pw_before = pw->pw_stats;
		pw->pw_packet_sum = pw->pw_samples = 0;
		(void)sy_pipe_reset(pw->pw_host, pw->pw_ifname);
	}
}

void
sample_finish(struct sim *si)
{
	size_t i;

	for (i = 0; i < si->si_nflows; i++) {
		flow_look(&si->si_flows[i]);
		flow_flush(&si->si_flows[i]);
	}
	for (i = 0; i < si->si_npipes; i++) {
		pipe_look(&si->si_pipes[i]);
		flush(si, si->si_pipes[i].pw_name, &si->si_pipes[i].pw_csv);
	}
}

double
sample_goodput(const struct flow *fl)
{
	uint64_t bytes, end;

	end = fl->fl_ended != 0 ? fl->fl_ended : fl->fl_sim->si_now;
	bytes = flow_received(fl) - fl->fl_base_received;
	if (fl->fl_state == FL_WAITING || end <= fl->fl_base_time)
		return (0);
	return ((double)bytes * 8e9 / (double)(end - fl->fl_base_time));
}

uint32_t
sample_rexmits(const struct flow *fl, double *share)
{
	uint64_t bytes, mss;
	uint32_t again;

	again = fl->fl_info.ci_rexmits - fl->fl_base_rexmits;
	bytes = flow_received(fl) - fl->fl_base_received;
	mss = fl->fl_info.ci_mss != 0 ? fl->fl_info.ci_mss : 1;
	*share = again == 0 ? 0 :
	    (double)again / ((double)(bytes / mss) + (double)again);
	return (again);
}

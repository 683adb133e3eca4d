/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * sim_packets: simulated flows that share a bottleneck of 100 Mbit/s, 20 ms
 * each way and a queue of one product of rate and round trip; how many data
 * packets passed it per second of the machine's time, everything that
 * happens for them included: the hosts, the path, the acknowledgments, the
 * programs.  That the flows do what flows do is seen by how much of the
 * link they use, and how fairly (Jain's index).
 */
#include "bench.h"
#include "flows.h"

uint64_t
sim_packets(const struct opts *o)
{
	struct flows f = { .n = (unsigned)o->flows, .cc = o->cc, .seed = 1,
	    .rate = 100000000, .delay = 20 * MILLISECOND, .queue_bdp = 1,
	    .seconds = o->seconds, .from = o->seconds / 3 };
	const char *error;

	count_from_here();
	if ((error = flows_run(&f)) != NULL)
		die("%s", error);
	figure((double)f.packets / f.wall, "/s", "sim_packets.per_s.n%u",
	    f.n);
	figure(f.utilization, "of link", "sim_packets.use.n%u", f.n);
	figure(f.jain, "Jain", "sim_packets.fairness.n%u", f.n);
	return (f.packets);
}

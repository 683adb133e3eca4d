/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Reading a connection: TCP_INFO, cut down to what yard shows, in integers
 * that files of host kind understand.
 *
 * Bytes in flight are SND.MAX - SND.UNA, which counts what was SACKed or
 * lost as well: it is what a capture shows.
 *
 * May touch: nothing; it reads.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "endpoint.h"

int
conninfo_get(int fd, struct conninfo *ci)
{
	struct tcp_info ti;
	size_t len;
	int error;

	len = sizeof(ti);
	memset(&ti, 0, sizeof(ti));
	error = kern_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	if (error != 0)
		return (error);
	ci->ci_cwnd = ti.tcpi_snd_cwnd;
	ci->ci_ssthresh = ti.tcpi_snd_ssthresh;
	ci->ci_inflight = ti.tcpi_snd_max - ti.tcpi_snd_una;
	ci->ci_srtt = ti.tcpi_rtt;
	ci->ci_rttmin = ti.tcpi_rttmin;
	ci->ci_mss = ti.tcpi_snd_mss;
	ci->ci_rexmits = ti.tcpi_snd_rexmitpack;
	ci->ci_marks = ti.tcpi_delivered_ce;
	ci->ci_ecn = (ti.tcpi_options & (TCPI_OPT_ECN | TCPI_OPT_ACE)) != 0;
	return (0);
}

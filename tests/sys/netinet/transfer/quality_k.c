/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The counters that tell how recovery went (quality.h).
 *
 * Kernel kind.  Reads a host's tcpstat, and changes nothing.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <netinet/tcp_var.h>

#include "quality.h"

void
quality_stats(struct vnet *vnet, struct quality_stats *qs)
{
	CURVNET_SET(vnet);
	*qs = (struct quality_stats){
		.qs_timeouts = V_tcpstat.tcps_rexmttimeo,
		.qs_again = V_tcpstat.tcps_sndrexmitpack,
		.qs_undone = V_tcpstat.tcps_sndrexmitbad,
		.qs_twice = V_tcpstat.tcps_rcvduppack +
		    V_tcpstat.tcps_rcvpartduppack,
	};
	CURVNET_RESTORE();
}

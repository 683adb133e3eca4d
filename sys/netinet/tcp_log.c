/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * net.inet.tcp.log_debug: a line for each segment that is dropped, or
 * answered by a challenge ACK, since something about it is wrong.  Counters
 * say how many there were, these lines which.  They come from places that
 * ordinary segments do not pass, and go where the host logs.
 *
 * Touches nothing but the host's log.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

VNET_DEFINE_STATIC(int, log_debug) = 0;
#define	V_log_debug	VNET(log_debug)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, log_debug, CTLFLAG_RW,
    &VNET_NAME(log_debug), 0,
    "Log segments that are dropped because something is wrong with them");

void
tcp_log_wrong(const struct tcp_seg *sg, const char *what)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	if (!V_log_debug)
		return;
	kern_log(LOG_DEBUG, "TCP: [%s]:%u to [%s]:%u: %s, flags 0x%x, seq %u, "
	    "ack %u, %u bytes",
	    in_ntop(&sg->sg_inc.inc_faddr, from, sizeof(from)),
	    sg->sg_inc.inc_fport,
	    in_ntop(&sg->sg_inc.inc_laddr, to, sizeof(to)),
	    sg->sg_inc.inc_lport, what, sg->sg_flags, sg->sg_seq, sg->sg_ack,
	    sg->sg_len);
}

void
tcp_log_unread(const struct ip_info *ii, const char *what)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	if (!V_log_debug)
		return;
	kern_log(LOG_DEBUG, "TCP: [%s] to [%s]: %s",
	    in_ntop(&ii->ii_src, from, sizeof(from)),
	    in_ntop(&ii->ii_dst, to, sizeof(to)), what);
}

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
 * SO_DEBUG: a line for each change of a connection's state, and for what
 * makes it fast, slow or over: losses, timeouts, probes, the error at its end;
 * with its numbers.
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

/* Who, and where it stands. */
static void
trace(const struct tcpcb *tp, const char *what, const char *more)
{
	const struct in_conninfo *inc = &tp->t_inpcb.inp_inc;
	char us[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];

	kern_log(LOG_DEBUG, "TCP: [%s]:%u and [%s]:%u: %s %s; snd_una %u, "
	    "snd_max %u, snd_wnd %u, cwnd %u, ssthresh %u, rcv_nxt %u",
	    in_ntop(&inc->inc_laddr, us, sizeof(us)), inc->inc_lport,
	    in_ntop(&inc->inc_faddr, peer, sizeof(peer)), inc->inc_fport,
	    what, more, tp->snd_una, tp->snd_max, tp->snd_wnd, tp->snd_cwnd,
	    tp->snd_ssthresh, tp->rcv_nxt);
}

void
tcp_trace(const struct tcpcb *tp, const char *what, int arg)
{
	char number[12];

	(void)snprintf(number, sizeof(number), "%d", arg);
	trace(tp, what, number);
}

void
tcp_trace_state(const struct tcpcb *tp, int newstate)
{
	static const char *const to[TCP_NSTATES] = {
		[TCPS_CLOSED] = "to CLOSED",
		[TCPS_LISTEN] = "to LISTEN",
		[TCPS_SYN_SENT] = "to SYN_SENT",
		[TCPS_SYN_RECEIVED] = "to SYN_RCVD",
		[TCPS_ESTABLISHED] = "to ESTABLISHED",
		[TCPS_CLOSE_WAIT] = "to CLOSE_WAIT",
		[TCPS_FIN_WAIT_1] = "to FIN_WAIT_1",
		[TCPS_CLOSING] = "to CLOSING",
		[TCPS_LAST_ACK] = "to LAST_ACK",
		[TCPS_FIN_WAIT_2] = "to FIN_WAIT_2",
		[TCPS_TIME_WAIT] = "to TIME_WAIT"
	};

	trace(tp, to[tp->t_state] + 3, to[newstate]);
}

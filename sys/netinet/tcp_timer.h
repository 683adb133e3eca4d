/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The timers of a connection.  Deadlines stand in t_timers; one callout
 * serves them all.  Arming only writes the deadline unless it is earlier
 * than what the callout waits for; a callout that finds its timer moved
 * sets itself again.
 */
#ifndef _STACKYARD_NETINET_TCP_TIMER_H_
#define	_STACKYARD_NETINET_TCP_TIMER_H_

#include <sys/time.h>
#include <sys/vnet.h>

typedef enum tt_which {
	TT_REXMT = 0,		/* retransmission (RFC 6298) */
	TT_PERSIST,		/* zero window probes */
	TT_KEEP,		/* connection establishment, keepalive */
	TT_2MSL,		/* FIN_WAIT_2 and TIME_WAIT */
	TT_DELACK,		/* delayed acknowledgment */
	TT_PACE,		/* the block's quota opens again */
	TT_N
} tt_which;
typedef	tt_which tt_what;

#define	TCPTV_SRTTBASE	0		/* no round trip measured yet */
#define	TCP_RTT_SCALE	32		/* t_srtt is ticks * 32 */
#define	TCP_RTT_SHIFT	5
#define	TCP_RTTVAR_SCALE 16
#define	TCP_RTTVAR_SHIFT 4
#define	TCP_MAXRXTSHIFT	12		/* net.inet.tcp.retries' default */

/* All in nanoseconds. */
VNET_DECLARE(nstime_t, tcp_rexmit_initial);
VNET_DECLARE(nstime_t, tcp_rexmit_min);
VNET_DECLARE(nstime_t, tcp_rexmit_max);
VNET_DECLARE(nstime_t, tcp_rexmit_slop);
VNET_DECLARE(nstime_t, tcp_persmin);
VNET_DECLARE(nstime_t, tcp_persmax);
VNET_DECLARE(nstime_t, tcp_keepinit);
VNET_DECLARE(nstime_t, tcp_keepidle);
VNET_DECLARE(nstime_t, tcp_keepintvl);
VNET_DECLARE(nstime_t, tcp_delacktime);
VNET_DECLARE(nstime_t, tcp_msl);
VNET_DECLARE(nstime_t, tcp_msl_local);
VNET_DECLARE(nstime_t, tcp_finwait2_timeout);
VNET_DECLARE(nstime_t, tcp_maxunacktime);
VNET_DECLARE(int, tcp_keepcnt);
VNET_DECLARE(int, tcp_retries);
VNET_DECLARE(int, always_keepalive);
#define	V_tcp_rexmit_initial	VNET(tcp_rexmit_initial)
#define	V_tcp_rexmit_min	VNET(tcp_rexmit_min)
#define	V_tcp_rexmit_max	VNET(tcp_rexmit_max)
#define	V_tcp_rexmit_slop	VNET(tcp_rexmit_slop)
#define	V_tcp_persmin		VNET(tcp_persmin)
#define	V_tcp_persmax		VNET(tcp_persmax)
#define	V_tcp_keepinit		VNET(tcp_keepinit)
#define	V_tcp_keepidle		VNET(tcp_keepidle)
#define	V_tcp_keepintvl		VNET(tcp_keepintvl)
#define	V_tcp_delacktime	VNET(tcp_delacktime)
#define	V_tcp_msl_local		VNET(tcp_msl_local)
#define	V_tcp_msl		VNET(tcp_msl)
#define	V_tcp_finwait2_timeout	VNET(tcp_finwait2_timeout)
#define	V_tcp_maxunacktime	VNET(tcp_maxunacktime)
#define	V_tcp_keepcnt		VNET(tcp_keepcnt)
#define	V_tcp_retries		VNET(tcp_retries)
#define	V_always_keepalive	VNET(always_keepalive)

struct callout_entry;
struct tcpcb;

/* Have timer fire delta ns from now; 0 stops it. */
void	tcp_timer_activate(struct tcpcb *tp, tt_which timer, nstime_t delta);
void	tcp_timer_stop(struct tcpcb *tp);
/* At the beginning and the end of a host. */
void	tcp_timer_init(void);
void	tcp_timer_uninit(void);
/* The retransmission timeout (RFC 6298) after t_rxtshift timeouts, ns. */
nstime_t tcp_rto(const struct tcpcb *tp);
/* The same of an RTT that was measured, without backing off: RFC 6298's,
 *
 *	max(SRTT + 4 * RTTVAR, least)
 *
 * and in Linux's ways SRTT + max(4 * RTTVAR, net.inet.tcp.rexmit_min). */
nstime_t tcp_rto_base(const struct tcpcb *tp, nstime_t least);
/* No timeout is shorter, whatever the variables say, without TF2_COMPAT. */
#define	TCP_RTO_LEAST	NS_PER_MSEC
/* Multiplier of the n-th timeout in a row. */
int	tcp_backoff(int shift);
/* The user's or the variable's: */
nstime_t tcp_keepinit_of(const struct tcpcb *tp);
nstime_t tcp_keepidle_of(const struct tcpcb *tp);
nstime_t tcp_keepintvl_of(const struct tcpcb *tp);

#endif /* !_STACKYARD_NETINET_TCP_TIMER_H_ */

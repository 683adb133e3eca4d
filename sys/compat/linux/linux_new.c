/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Variables of today's Linux that tcp(7) does not name and scripts set.
 *
 * Some are another name for one of ours, in other units:
 *
 *	Linux's = ours * arg2
 *
 * Others turn on what this stack has not.  They are 0 and take nothing else
 * (EINVAL), so that a script which turns it off runs, and one which needs it
 * fails where it says so.
 *
 * Touches: the variables of ours that are named below, tcp_ways.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

/* arg1 is our name, arg2 how many of Linux's units ours is. */
static int
sysctl_finer(SYSCTL_HANDLER_ARGS)
{
	const char *native = arg1;
	int error, unit = (int)arg2, value;

	if ((error = linux_ours(native, &value)) != 0)
		return (error);
	value = (int)MIN((int64_t)value * unit, INT_MAX);
	error = sysctl_int_range(oidp, req, &value, 0, INT_MAX);
	if (error != 0 || req->newptr == NULL)
		return (error);
	return (linux_set_ours(native, howmany(value, unit), req));
}

#define	LINUX_FINER(parent, name, native, unit, descr)			\
	SYSCTL_PROC(parent, OID_AUTO, name,				\
	    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,			\
	    __DECONST(char *, native), unit, sysctl_finer, "I", descr)

LINUX_FINER(_net_core, somaxconn, "kern.ipc.soacceptqueue", 1,
    "The longest queue of a listener: kern.ipc.soacceptqueue");
LINUX_FINER(_net_ipv4, ip_default_ttl, "net.inet.ip.ttl", 1,
    "Time to live of packets: net.inet.ip.ttl");
LINUX_FINER(_net_ipv4, tcp_min_snd_mss, "net.inet.tcp.minmss", 1,
    "Smallest segment size taken from a peer: net.inet.tcp.minmss");
LINUX_FINER(_net_ipv4, tcp_rto_max_ms, "net.inet.tcp.rexmit_max", 1,
    "Longest retransmission timeout, in milliseconds: "
    "net.inet.tcp.rexmit_max");
LINUX_FINER(_net_ipv4, tcp_rto_min_us, "net.inet.tcp.rexmit_min", 1000,
    "Shortest retransmission timeout, in microseconds, rounded up to "
    "milliseconds: net.inet.tcp.rexmit_min");

LINUX_ALIAS_NOT(ip_no_pmtu_disc, "net.inet.tcp.path_mtu_discovery",
    "Do not find the path's MTU out: net.inet.tcp.path_mtu_discovery is 0");

/* What Linux calls no limit is none here, too. */
static int
sysctl_notsent(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_uint_range(oidp, req, &V_tcp_ways.w_notsent, 1,
	    UINT_MAX));
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_notsent_lowat,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_notsent, "IU",
    "Bytes never sent that make a new socket not writable, if "
    "TCP_NOTSENT_LOWAT does not say (4294967295: any number are taken)");

/* What is not here. */
static int
sysctl_none(SYSCTL_HANDLER_ARGS)
{
	int value = 0;

	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &value, 0, 0));
}

#define	LINUX_NONE(name, descr)						\
	SYSCTL_PROC(_net_ipv4, OID_AUTO, name, CTLTYPE_INT | CTLFLAG_RW,\
	    NULL, 0, sysctl_none, "I", descr)

LINUX_NONE(tcp_autocorking,
    "Always 0: small writes are not collected behind the interface's queue");
LINUX_NONE(tcp_early_retrans,
    "Always 0: there are no loss probes");
LINUX_NONE(tcp_recovery,
    "Always 0: loss is found by what was SACKed, not by time");
LINUX_NONE(tcp_thin_linear_timeouts,
    "Always 0: timeouts double for thin streams too");

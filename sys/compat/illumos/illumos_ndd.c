/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The parameters that illumos's ndd(8) sets for /dev/tcp, as variables
 * compat.illumos.tcp_*: tcp-illumos(4).
 *
 * Of the three-way ones 0 is never, 1 only as the peer asks, 2 also of our
 * own accord; time stamps and window scaling are always accepted, so that
 * their parameters are about connections from here.
 *
 * Touches: variables of ours, and tcp_compat.c's.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/illumos/illumos.h>
#include <compat/illumos/illumos_private.h>

SYSCTL_DECL(_compat);
SYSCTL_NODE(_compat, OID_AUTO, illumos, CTLFLAG_RW, NULL,
    "The parameters of illumos's ndd(8)");

#define	NDD_PROC(name, handler, descr)					\
	SYSCTL_PROC(_compat_illumos, OID_AUTO, name,			\
	    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, handler,	\
	    "I", descr)

static int
ndd_sack_permitted(SYSCTL_HANDLER_ARGS)
{
	int error, value = !V_tcp_do_sack ? 0 : V_tcp_ways.w_sack ? 2 : 1;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &value, 0, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_do_sack = value != 0;
	V_tcp_ways.w_sack = value != 1;
	return (0);
}
NDD_PROC(tcp_sack_permitted, ndd_sack_permitted,
    "SACK: 0 never, 1 when the peer permits it, 2 also in our SYNs; "
    "net.inet.tcp.sack.enable");

static int
ndd_ecn_permitted(SYSCTL_HANDLER_ARGS)
{
	static const char variable[] = "net.inet.tcp.ecn.enable";
	static const char *const native[] = { "0", "2", "1" };
	size_t len = sizeof(int);
	int error, value;

	(void)arg1;
	(void)arg2;
	error = kernel_sysctlbyname(variable, &value, &len, NULL, 0);
	if (error != 0)
		return (error);
	/* Accurate ECN (3, 4) counts as ECN. */
	value = value == 0 ? 0 : value == 2 || value == 4 ? 1 : 2;
	error = sysctl_int_range(oidp, req, &value, 0, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	return (sysctl_set_string(variable, native[value], req->bootstrap));
}
NDD_PROC(tcp_ecn_permitted, ndd_ecn_permitted,
    "ECN: 0 never, 1 when the peer asks for it, 2 also in our SYNs; "
    "net.inet.tcp.ecn.enable is 0, 2, 1");

static int
ndd_wscale_always(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_tcp_ways.w_wscale, 0, 1));
}
NDD_PROC(tcp_wscale_always, ndd_wscale_always,
    "SYNs of ours scale windows: 1 always, 0 if a buffer is over 64K");

/* Both are of one knob: 1 always, 2 with scaling. */
static int
ndd_tstamp_always(SYSCTL_HANDLER_ARGS)
{
	int error, value = V_tcp_ways.w_tstamp == 1;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &value, 0, 1);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_ways.w_tstamp = value ? 1 : V_tcp_ways.w_tstamp_wscale ? 2 : 0;
	return (0);
}
NDD_PROC(tcp_tstamp_always, ndd_tstamp_always,
    "SYNs of ours have time stamps: 1 always, 0 as tcp_tstamp_if_wscale "
    "says");

static int
ndd_tstamp_if_wscale(SYSCTL_HANDLER_ARGS)
{
	int error, value = V_tcp_ways.w_tstamp_wscale;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &value, 0, 1);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_ways.w_tstamp_wscale = value;
	if (V_tcp_ways.w_tstamp != 1)
		V_tcp_ways.w_tstamp = value ? 2 : 0;
	return (0);
}
NDD_PROC(tcp_tstamp_if_wscale, ndd_tstamp_if_wscale,
    "SYNs of ours that scale windows have time stamps, too");

static int
ndd_keepalive_interval(SYSCTL_HANDLER_ARGS)
{
	int error, ms = (int)(V_tcp_keepidle / NS_PER_MSEC);

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &ms, ILLUMOS_KEEPIDLE_MIN,
	    ILLUMOS_KEEPIDLE_MAX);
	if (error == 0 && req->newptr != NULL)
		V_tcp_keepidle = (nstime_t)ms * NS_PER_MSEC;
	return (error);
}
NDD_PROC(tcp_keepalive_interval, ndd_keepalive_interval,
    "Idle time before the first keepalive probe, in milliseconds: "
    "net.inet.tcp.keepidle");

static int
ndd_keepalive_abort_interval(SYSCTL_HANDLER_ARGS)
{
	int error, ms = V_tcp_ways.w_keepabort;

	(void)arg1;
	(void)arg2;
	if (ms < 0)
		ms = (int)((nstime_t)V_tcp_keepcnt * V_tcp_keepintvl /
		    NS_PER_MSEC);
	error = sysctl_int_range(oidp, req, &ms, 0, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		V_tcp_ways.w_keepabort = ms;
	return (error);
}
NDD_PROC(tcp_keepalive_abort_interval, ndd_keepalive_abort_interval,
    "Time from the first keepalive probe to the end, in milliseconds, in "
    "place of net.inet.tcp.keepcnt (0: never)");

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linux's variables, net.ipv4.tcp_* and net.core.*: tcp-linux(4).
 *
 * Most are another name of a variable of ours, with its unit converted: the
 * same value is read and written under both names.  Those that mean what
 * nothing of ours means are kept here or in tcp_compat.c, with an effect of
 * their own.
 *
 * Touches: the variables it names.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

SYSCTL_NODE(_net, OID_AUTO, core, CTLFLAG_RW, NULL,
    "Sockets, by Linux's names");
SYSCTL_NODE(_net, OID_AUTO, ipv4, CTLFLAG_RW, NULL,
    "The internet protocols, by Linux's names");

#define	LINUX_BUFMAX	212992		/* bytes */

VNET_DEFINE(int, linux_rmem_max) = LINUX_BUFMAX;
SYSCTL_INT_RANGE(_net_core, OID_AUTO, rmem_max, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(linux_rmem_max), 2304, INT_MAX,
    "The most that Linux's SO_RCVBUF takes, in bytes");
VNET_DEFINE(int, linux_wmem_max) = LINUX_BUFMAX;
SYSCTL_INT_RANGE(_net_core, OID_AUTO, wmem_max, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(linux_wmem_max), 4608, INT_MAX,
    "The most that Linux's SO_SNDBUF takes, in bytes");

/* ---- What Linux's page calls Boolean: any number but 0 is 1 ---- */

int
linux_sysctl_bool(const struct sysctl_oid *oidp, struct sysctl_req *req,
    int *on)
{
	int error;

	error = sysctl_int_range(oidp, req, on, INT_MIN, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		*on = *on != 0;
	return (error);
}

int
linux_sysctl_switch(SYSCTL_HANDLER_ARGS)
{
	(void)arg2;
	return (linux_sysctl_bool(oidp, req, arg1));
}

/* ---- Another name for a variable of ours ---- */

int
linux_ours(const char *name, int *value)
{
	size_t len = sizeof(*value);

	return (kernel_sysctlbyname(name, value, &len, NULL, 0));
}

int
linux_set_ours(const char *name, int value, const struct sysctl_req *req)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", value);
	return (sysctl_set_string(name, text, req->bootstrap));
}

/* arg1 is our name, arg2 what one of Linux's is in our units. */
static int
sysctl_alias(SYSCTL_HANDLER_ARGS)
{
	const char *native = arg1;
	int error, unit = (int)arg2, value;

	if ((error = linux_ours(native, &value)) != 0)
		return (error);
	value /= unit;
	error = sysctl_int_range(oidp, req, &value, 0, INT_MAX / unit);
	if (error != 0 || req->newptr == NULL)
		return (error);
	return (linux_set_ours(native, value * unit, req));
}

int
linux_sysctl_alias_bool(SYSCTL_HANDLER_ARGS)
{
	const char *native = arg1;
	bool inverse = arg2 != 0;
	int error, value;

	if ((error = linux_ours(native, &value)) != 0)
		return (error);
	value = (value != 0) != inverse;
	error = linux_sysctl_bool(oidp, req, &value);
	if (error != 0 || req->newptr == NULL)
		return (error);
	return (linux_set_ours(native, (value != 0) != inverse, req));
}

#define	LINUX_ALIAS(name, native, unit, descr)				\
	SYSCTL_PROC(_net_ipv4, OID_AUTO, name,				\
	    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,			\
	    __DECONST(char *, native), unit, sysctl_alias, "I", descr)

#define	SECOND	1000			/* ms */

LINUX_ALIAS_BOOL(tcp_abort_on_overflow,
    "net.inet.tcp.syncache.rst_on_sock_fail",
    "Reset what a listener has no room for: "
    "net.inet.tcp.syncache.rst_on_sock_fail");
LINUX_ALIAS(tcp_base_mss, "net.inet.tcp.pmtud_blackhole_mss", 1,
    "Segment size, in bytes, at which probing begins: "
    "net.inet.tcp.pmtud_blackhole_mss");
LINUX_ALIAS(tcp_ecn, "net.inet.tcp.ecn.enable", 1,
    "Congestion notification: 0 none, 1 asked for, 2 when asked; "
    "net.inet.tcp.ecn.enable");
LINUX_ALIAS(tcp_keepalive_intvl, "net.inet.tcp.keepintvl", SECOND,
    "Seconds between keepalive probes: net.inet.tcp.keepintvl");
LINUX_ALIAS(tcp_keepalive_probes, "net.inet.tcp.keepcnt", 1,
    "Keepalive probes without an answer that end a connection: "
    "net.inet.tcp.keepcnt");
LINUX_ALIAS(tcp_keepalive_time, "net.inet.tcp.keepidle", SECOND,
    "Idle seconds before the first keepalive probe: net.inet.tcp.keepidle");
LINUX_ALIAS(tcp_max_reordering, "net.inet.tcp.max_reordering", 1,
    "Duplicate ACKs that a connection learns to wait for at most: "
    "net.inet.tcp.max_reordering");
LINUX_ALIAS_BOOL(tcp_moderate_rcvbuf, "net.inet.tcp.recvbuf_auto",
    "Let receive buffers grow: net.inet.tcp.recvbuf_auto");
LINUX_ALIAS_BOOL(tcp_stdurg, "net.inet.tcp.stdurg",
    "The urgent pointer names the last urgent byte, not the one behind it "
    "(RFC 1122): net.inet.tcp.stdurg");
LINUX_ALIAS_BOOL(tcp_sack, "net.inet.tcp.sack.enable",
    "Offer selective acknowledgments: net.inet.tcp.sack.enable");

/* ---- Knobs of tcp_compat.c ---- */

#define	LINUX_KNOB(name, member, lo, hi, descr)				\
	SYSCTL_INT_RANGE(_net_ipv4, OID_AUTO, name,			\
	    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_ways).member,	\
	    lo, hi, descr)
#define	LINUX_SWITCH(name, member, descr)				\
	SYSCTL_PROC(_net_ipv4, OID_AUTO, name,				\
	    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,			\
	    &VNET_NAME(tcp_ways).member, 0, linux_sysctl_switch, "I", descr)

LINUX_KNOB(tcp_app_win, w_app_win, 0, 31,
    "Keep (window >> this) of the receive buffer, or a segment if that is "
    "more, back from the window (0, 31: nothing)");
LINUX_KNOB(tcp_frto, w_frto, 0, 2,
    "Find out by the next ACKs whether a timeout was spurious (RFC 5682)");
LINUX_SWITCH(tcp_dsack, w_dsack,
    "Report what came twice (RFC 2883)");
LINUX_KNOB(tcp_max_orphans, w_max_orphans, 0, INT_MAX,
    "Connections whose user has gone, beyond which they are reset");
LINUX_KNOB(tcp_orphan_retries, w_orphan_retries, 0, 255,
    "Timeouts that end a connection whose user has gone (0: as others)");
LINUX_KNOB(tcp_reordering, w_reordering, 1, 300,
    "SACKed ranges, or duplicate ACKs, that mean loss");
LINUX_SWITCH(tcp_retrans_collapse, w_collapse,
    "Send neighbouring lost segments again as one");
LINUX_KNOB(tcp_retries1, w_doubt_retries, 0, 255,
    "Timeouts after which the route is looked up again and the path's MTU "
    "forgotten (0: never)");
LINUX_SWITCH(tcp_slow_start_after_idle, w_idle_restart,
    "Reduce the congestion window after an idle time (RFC 2861)");
LINUX_KNOB(tcp_tso_win_divisor, w_tso_divisor, 0, 255,
    "The part of the congestion window, one by this, that one large "
    "segment may take (0: all)");
LINUX_SWITCH(tcp_tw_reuse, w_tw_reuse,
    "Let a new connection from here take the place of one in TIME_WAIT, "
    "if both have time stamps");
LINUX_SWITCH(tcp_workaround_signed_windows, w_signed_win,
    "Promise no more than 32767 bytes to a peer without window scaling");

int
linux_syn_retries(void)
{
	return (V_tcp_ways.w_syn_retries != 0 ? V_tcp_ways.w_syn_retries :
	    V_tcp_retries);
}

static int
sysctl_syn_retries(SYSCTL_HANDLER_ARGS)
{
	int error, value = linux_syn_retries();

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &value, 1, 255);
	if (error == 0 && req->newptr != NULL)
		V_tcp_ways.w_syn_retries = value;
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_syn_retries,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_syn_retries,
    "I", "SYNs sent again before an attempt to connect ends, whatever "
    "net.inet.tcp.keepinit is");

static int
sysctl_retries2(SYSCTL_HANDLER_ARGS)
{
	int error, value;

	(void)arg1;
	(void)arg2;
	value = V_tcp_ways.w_retries != 0 ? V_tcp_ways.w_retries :
	    V_tcp_retries;
	error = sysctl_int_range(oidp, req, &value, 1, 255);
	if (error == 0 && req->newptr != NULL)
		V_tcp_ways.w_retries = value;
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_retries2,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_retries2, "I",
    "Timeouts in a row that end a connection, beyond what "
    "net.inet.tcp.retries can be");

static int
sysctl_max_tw(SYSCTL_HANDLER_ARGS)
{
	int error, value;

	(void)arg1;
	(void)arg2;
	if ((error = linux_ours("net.inet.tcp.maxtcptw", &value)) != 0)
		return (error);
	error = sysctl_int_range(oidp, req, &value, 1, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		V_tcp_ways.w_max_tw = value;
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_max_tw_buckets,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_max_tw, "I",
    "Connections in TIME_WAIT that are remembered at most: "
    "net.inet.tcp.maxtcptw");

static int
sysctl_max_syn(SYSCTL_HANDLER_ARGS)
{
	int error, value;

	(void)arg1;
	(void)arg2;
	error = linux_ours("net.inet.tcp.syncache.cachelimit", &value);
	if (error != 0)
		return (error);
	if (V_tcp_ways.w_max_syn != 0)
		value = V_tcp_ways.w_max_syn;
	error = sysctl_int_range(oidp, req, &value, 1, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		V_tcp_ways.w_max_syn = value;
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_max_syn_backlog,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_max_syn, "I",
    "Handshakes begun by peers at most, within "
    "net.inet.tcp.syncache.cachelimit");

/* Up to 255, of which ours can be TCP_MAXRXTSHIFT. */
static int
sysctl_synack_retries(SYSCTL_HANDLER_ARGS)
{
	static const char native[] = "net.inet.tcp.syncache.rexmtlimit";
	int error, value;

	(void)arg1;
	(void)arg2;
	if ((error = linux_ours(native, &value)) != 0)
		return (error);
	error = sysctl_int_range(oidp, req, &value, 0, 255);
	if (error != 0 || req->newptr == NULL)
		return (error);
	return (linux_set_ours(native, imin(value, TCP_MAXRXTSHIFT), req));
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_synack_retries,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_synack_retries,
    "I", "SYN-ACKs sent again at most, and no more than 12: "
    "net.inet.tcp.syncache.rexmtlimit");

/* The inverse: 1 ignores resets. */
static int
sysctl_rfc1337(SYSCTL_HANDLER_ARGS)
{
	int error, value = !V_tcp_ways.w_tw_reset;

	(void)arg1;
	(void)arg2;
	error = linux_sysctl_bool(oidp, req, &value);
	if (error == 0 && req->newptr != NULL)
		V_tcp_ways.w_tw_reset = !value;
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_rfc1337,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_rfc1337, "I",
    "A reset does not end TIME_WAIT (RFC 1337)");

/* ---- Those that stand for several of ours ---- */

/* What user-less connections wait in FIN_WAIT_2, from now on by that
 * variable. */
static int
sysctl_fin_timeout(SYSCTL_HANDLER_ARGS)
{
	int error, value;

	(void)arg1;
	(void)arg2;
	error = linux_ours("net.inet.tcp.finwait2_timeout", &value);
	if (error != 0)
		return (error);
	value /= SECOND;
	error = sysctl_int_range(oidp, req, &value, 1, INT_MAX / SECOND);
	if (error != 0 || req->newptr == NULL)
		return (error);
	error = linux_set_ours("net.inet.tcp.finwait2_timeout",
	    value * SECOND, req);
	if (error == 0)
		error = linux_set_ours("net.inet.tcp.fast_finwait2_recycle", 1,
		    req);
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_fin_timeout,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_fin_timeout,
    "I", "Seconds in FIN_WAIT_2 after the user has gone: "
    "net.inet.tcp.finwait2_timeout, with fast_finwait2_recycle");

/* net.inet.tcp.rfc1323: 1 both, 2 scaling, 3 time stamps. */
#define	RFC1323_SCALE(v)	((v) == 1 || (v) == 2)
#define	RFC1323_STAMPS(v)	((v) == 1 || (v) == 3)
static const int rfc1323_of[2][2] = { { 0, 3 }, { 2, 1 } };

static int
sysctl_window_scaling(SYSCTL_HANDLER_ARGS)
{
	int error, value = RFC1323_SCALE(V_tcp_do_rfc1323);

	(void)arg1;
	(void)arg2;
	error = linux_sysctl_bool(oidp, req, &value);
	if (error == 0 && req->newptr != NULL)
		V_tcp_do_rfc1323 = rfc1323_of[value][RFC1323_STAMPS(
		    V_tcp_do_rfc1323)];
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_window_scaling,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_window_scaling,
    "I", "Offer window scaling: a part of net.inet.tcp.rfc1323");

static int
sysctl_timestamps(SYSCTL_HANDLER_ARGS)
{
	int error, value = 0;

	(void)arg1;
	(void)arg2;
	if (RFC1323_STAMPS(V_tcp_do_rfc1323))
		value = V_tcp_ts_offset_per_conn ? 1 : 2;
	error = sysctl_int_range(oidp, req, &value, 0, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_do_rfc1323 = rfc1323_of[RFC1323_SCALE(V_tcp_do_rfc1323)]
	    [value != 0];
	if (value != 0)
		V_tcp_ts_offset_per_conn = value == 1;
	return (0);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_timestamps,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_timestamps,
    "I", "Offer time stamps: 1 that start anywhere, 2 anywhere for the "
    "host; parts of net.inet.tcp.rfc1323 and ts_offset_per_conn");

bool
linux_tfo_client(void)
{
	int on;

	return (linux_ours("net.inet.tcp.fastopen.client_enable", &on) == 0 &&
	    on != 0);
}

/* 1 as a client, 2 as a server. */
static int
sysctl_fastopen(SYSCTL_HANDLER_ARGS)
{
	static const char client[] = "net.inet.tcp.fastopen.client_enable",
	    server[] = "net.inet.tcp.fastopen.server_enable";
	int c, error, s, value;

	(void)arg1;
	(void)arg2;
	if ((error = linux_ours(client, &c)) != 0 ||
	    (error = linux_ours(server, &s)) != 0)
		return (error);
	value = (c != 0) | (s != 0) << 1;
	error = sysctl_int_range(oidp, req, &value, 0, 3);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if ((error = linux_set_ours(client, value & 1, req)) == 0)
		error = linux_set_ours(server, value >> 1, req);
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_fastopen,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_fastopen, "I",
    "Fast open: 1 as a client, 2 as a server, 3 both; "
    "net.inet.tcp.fastopen.client_enable and server_enable");

LINUX_ALIAS_NOT(tcp_no_metrics_save, "net.inet.tcp.hostcache.enable",
    "Remember nothing of connections' paths: "
    "net.inet.tcp.hostcache.enable is 0");

/* 0: as if maxretries had no end. */
static int
sysctl_ecn_fallback(SYSCTL_HANDLER_ARGS)
{
	static const char native[] = "net.inet.tcp.ecn.maxretries";
	int error, value;

	(void)arg1;
	(void)arg2;
	if ((error = linux_ours(native, &value)) != 0)
		return (error);
	value = value < TCP_MAXRXTSHIFT;
	error = linux_sysctl_bool(oidp, req, &value);
	if (error != 0 || req->newptr == NULL)
		return (error);
	return (linux_set_ours(native, value ? 0 : INT_MAX, req));
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_ecn_fallback,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_ecn_fallback,
    "I", "SYNs sent again do not ask for congestion notification: "
    "net.inet.tcp.ecn.maxretries is 0");

/* 0 no search, 1 in a black hole, 2 from the beginning. */
static int
sysctl_mtu_probing(SYSCTL_HANDLER_ARGS)
{
	static const char native[] = "net.inet.tcp.plpmtud";
	int error, value;

	(void)arg1;
	(void)arg2;
	if ((error = linux_ours(native, &value)) != 0)
		return (error);
	error = sysctl_int_range(oidp, req, &value, 0, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	error = linux_set_ours(native, value, req);
	if (error == 0)
		error = linux_set_ours("net.inet.tcp.pmtud_blackhole_detection",
		    value != 0, req);
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_mtu_probing,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_mtu_probing,
    "I", "Search for the path's segment size: 1 in a black hole, 2 always; "
    "net.inet.tcp.plpmtud and pmtud_blackhole_detection");

/* 0 never, 1 when the cache is full, 2 always. */
static int
sysctl_syncookies(SYSCTL_HANDLER_ARGS)
{
	static const char some[] = "net.inet.tcp.syncookies",
	    only[] = "net.inet.tcp.syncookies_only";
	int error, is_only, value;

	(void)arg1;
	(void)arg2;
	if ((error = linux_ours(some, &value)) != 0 ||
	    (error = linux_ours(only, &is_only)) != 0)
		return (error);
	value = is_only ? 2 : value != 0;
	error = sysctl_int_range(oidp, req, &value, 0, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if ((error = linux_set_ours(some, value != 0, req)) == 0)
		error = linux_set_ours(only, value == 2, req);
	return (error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_syncookies,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_syncookies,
    "I", "SYN cookies: 0 never, 1 when the cache is full, 2 always; "
    "net.inet.tcp.syncookies and syncookies_only");

/* Count segments (0), or bytes up to 1 or 2 segments for each ACK. */
static int
sysctl_abc(SYSCTL_HANDLER_ARGS)
{
	int error, value = V_tcp_do_rfc3465 ? imin(V_tcp_abc_l_var, 2) : 0;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &value, 0, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_do_rfc3465 = value != 0;
	if (value != 0)
		V_tcp_abc_l_var = value;
	return (0);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_abc,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_abc, "I",
    "Count bytes, not ACKs, up to so many segments for each (RFC 3465): "
    "net.inet.tcp.rfc3465 and abc_l_var");

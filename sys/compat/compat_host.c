/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The personality of a host: compat(4).
 *
 * compat.personality, a tunable, says whose numbers, defaults and ways a
 * host has: FreeBSD's, Linux's or illumos's.  It is set before the host
 * starts and gives other variables their values, which tunables that follow
 * it, and sysctl(8) later, change as ever; so what differs is always to be
 * seen.  What there is no variable for stands in struct tcp_ways.
 *
 * Programs of the embedding library speak that system's option numbers, too
 * (compat_personality()).
 *
 * Touches: the variables of the tables below.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/compat.h>

SYSCTL_ROOT_NODE(OID_AUTO, compat, CTLFLAG_RW, NULL, "Other systems' ways");

VNET_DEFINE_STATIC(int, personality) = COMPAT_FREEBSD;
#define	V_personality	VNET(personality)

struct setting {
	const char	*s_name;
	const char	*s_value;
};

static const struct setting linux_settings[] = {
	{ "kern.ipc.maxsockbuf", "6291456" },
	{ "net.inet.tcp.always_keepalive", "0" },
	{ "net.inet.tcp.cc.algorithm", "cubic" },
	{ "net.inet.tcp.delacktime", "40" },
	{ "net.inet.tcp.ecn.enable", "2" },
	{ "net.inet.tcp.ecn.maxretries", "0" },
	{ "net.inet.tcp.fast_finwait2_recycle", "1" },
	{ "net.inet.tcp.finwait2_timeout", "60000" },
	{ "net.inet.tcp.keepcnt", "9" },
	{ "net.inet.tcp.keepidle", "7200000" },
	{ "net.inet.tcp.keepintvl", "75000" },
	{ "net.inet.tcp.msl", "30000" },
	{ "net.inet.tcp.nolocaltimewait", "0" },
	{ "net.inet.tcp.persmax", "120000" },
	{ "net.inet.tcp.persmin", "200" },
	{ "net.inet.tcp.recvbuf_max", "3145728" },
	{ "net.inet.tcp.recvspace", "65536" },
	{ "net.inet.tcp.rexmit_initial", "1000" },
	{ "net.inet.tcp.rexmit_max", "120000" },
	{ "net.inet.tcp.rexmit_min", "200" },
	{ "net.inet.tcp.rexmit_slop", "0" },
	{ "net.inet.tcp.sendbuf_max", "2097152" },
	{ "net.inet.tcp.sendspace", "43520" },
	{ "net.inet6.ip6.v6only", "0" },
	{ "net.ipv4.tcp_abort_on_overflow", "0" },
	{ "net.ipv4.tcp_app_win", "31" },
	{ "net.ipv4.tcp_base_mss", "1024" },
	{ "net.ipv4.tcp_fastopen", "1" },
	{ "net.ipv4.tcp_frto", "2" },
	{ "net.ipv4.tcp_max_orphans", "65536" },
	{ "net.ipv4.tcp_orphan_retries", "8" },
	{ "net.ipv4.tcp_retries1", "3" },
	{ "net.ipv4.tcp_retries2", "15" },
	{ "net.ipv4.tcp_rfc1337", "0" },
	{ "net.ipv4.tcp_syn_retries", "6" },
	{ "net.ipv4.tcp_synack_retries", "5" },
	{ "net.ipv4.tcp_tso_win_divisor", "3" },
};

static const struct setting illumos_settings[] = {
	{ "compat.illumos.tcp_ecn_permitted", "1" },
	{ "compat.illumos.tcp_keepalive_abort_interval", "480000" },
	{ "compat.illumos.tcp_keepalive_interval", "7200000" },
	{ "compat.illumos.tcp_sack_permitted", "2" },
	{ "compat.illumos.tcp_tstamp_always", "0" },
	{ "compat.illumos.tcp_tstamp_if_wscale", "1" },
	{ "compat.illumos.tcp_wscale_always", "1" },
	{ "kern.ipc.maxsockbuf", "1048576" },
	{ "net.inet.tcp.always_keepalive", "0" },
	{ "net.inet.tcp.cc.algorithm", "newreno" },
	{ "net.inet.tcp.delacktime", "100" },
	{ "net.inet.tcp.fast_finwait2_recycle", "1" },
	{ "net.inet.tcp.finwait2_timeout", "60000" },
	{ "net.inet.tcp.initcwnd_segments", "0" },
	{ "net.inet.tcp.keepinit", "180000" },
	{ "net.inet.tcp.msl", "30000" },
	{ "net.inet.tcp.recvspace", "128000" },
	{ "net.inet.tcp.rexmit_initial", "1000" },
	{ "net.inet.tcp.rexmit_max", "60000" },
	{ "net.inet.tcp.rexmit_min", "400" },
	{ "net.inet.tcp.rexmit_slop", "0" },
	{ "net.inet.tcp.sendspace", "128000" },
	{ "net.inet.tcp.tolerate_missing_ts", "0" },
	{ "net.inet6.ip6.v6only", "0" },
};

static const struct {
	const char	*p_name;
	const struct setting *p_settings;
	u_int		p_n;
} personalities[] = {
	[COMPAT_FREEBSD] = { "freebsd", NULL, 0 },
	[COMPAT_LINUX] = { "linux", linux_settings,
	    nitems(linux_settings) },
	[COMPAT_ILLUMOS] = { "illumos", illumos_settings,
	    nitems(illumos_settings) },
};

int
compat_personality(void)
{
	return (V_personality);
}

/* Before start-up only, so that nothing has been done in other ways; and
 * once, since what one has set the next would not take back. */
static int
compat_assume(int which)
{
	const struct setting *s = personalities[which].p_settings;
	u_int i;
	int error;

	if (V_personality != COMPAT_FREEBSD && V_personality != which)
		return (EBUSY);
	for (i = 0; i < personalities[which].p_n; i++) {
		error = sysctl_set_string(s[i].s_name, s[i].s_value, true);
		if (error != 0)
			return (error);
	}
	V_tcp_ways.w_linux = which == COMPAT_LINUX;
	V_tcp_ways.w_urg_stays = which == COMPAT_LINUX;
	V_tcp_ways.w_unread_reset = which != COMPAT_FREEBSD;
	V_personality = which;
	return (0);
}

static int
sysctl_personality(SYSCTL_HANDLER_ARGS)
{
	char name[16];
	u_int i;
	int error;

	(void)arg1;
	(void)arg2;
	(void)strlcpy(name, personalities[V_personality].p_name,
	    sizeof(name));
	error = sysctl_handle_string(oidp, name, sizeof(name), req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	for (i = 0; i < nitems(personalities); i++)
		if (strcmp(personalities[i].p_name, name) == 0)
			return (compat_assume((int)i));
	return (EINVAL);
}
SYSCTL_PROC(_compat, OID_AUTO, personality,
    CTLTYPE_STRING | CTLFLAG_VNET | CTLFLAG_RDTUN, NULL, 0,
    sysctl_personality, "A",
    "Whose numbers and ways this host has: freebsd, linux or illumos");

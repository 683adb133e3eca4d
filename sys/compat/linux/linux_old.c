/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Variables of Linux that Linux has given up.
 *
 * Some chose an algorithm of congestion control, before names did: they
 * still do, if it is there.  The others are ignored by today's Linux, or
 * have gone from it; they can be set, as scripts do, and say in their
 * description that it makes no difference.
 *
 * Touches: net.inet.tcp.cc.algorithm.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/cc/cc.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

static const char variable[] = "net.inet.tcp.cc.algorithm";

/* arg1 is the algorithm's name: 1 makes it the default (ENOENT), 0 makes
 * cubic. */
static int
sysctl_chooses(SYSCTL_HANDLER_ARGS)
{
	char name[TCP_CA_NAME_MAX];
	size_t len = sizeof(name);
	int error, on, was;

	(void)arg2;
	error = kernel_sysctlbyname(variable, name, &len, NULL, 0);
	if (error != 0)
		return (error);
	was = on = strcmp(name, arg1) == 0;
	error = linux_sysctl_bool(oidp, req, &on);
	if (error != 0 || on == was)
		return (error);
	error = sysctl_set_string(variable, on ? arg1 : "cubic",
	    req->bootstrap);
	return (error == ESRCH ? ENOENT : error);
}

#define	LINUX_CHOICE(name, algorithm, descr)				\
	SYSCTL_PROC(_net_ipv4, OID_AUTO, name,				\
	    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW,			\
	    __DECONST(char *, algorithm), 0, sysctl_chooses, "I", descr)

LINUX_CHOICE(tcp_bic, "bic",
    "bic is the default congestion control; gone from Linux since 2.6.13");
LINUX_CHOICE(tcp_vegas_cong_avoid, "vegas",
    "vegas is the default congestion control; gone from Linux since 2.6.13");
LINUX_CHOICE(tcp_westwood, "westwood",
    "westwood is the default congestion control; gone from Linux since "
    "2.6.13");

#define	LINUX_IGNORED(name, value, lo, hi, descr)			\
	VNET_DEFINE_STATIC(int, linux_##name) = value;			\
	SYSCTL_INT_RANGE(_net_ipv4, OID_AUTO, name,			\
	    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(linux_##name), lo, hi, \
	    descr)

LINUX_IGNORED(tcp_bic_fast_convergence, 1, INT_MIN, INT_MAX,
    "No effect: of bic, and gone from Linux since 2.6.13");
LINUX_IGNORED(tcp_bic_low_window, 14, 0, INT_MAX,
    "No effect: of bic, and gone from Linux since 2.6.13");
LINUX_IGNORED(tcp_dma_copybreak, 4096, 0, INT_MAX,
    "No effect: gone from Linux since 3.13");
LINUX_IGNORED(tcp_fack, 0, INT_MIN, INT_MAX,
    "No effect: Linux ignores it since 4.15");
LINUX_IGNORED(tcp_frto_response, 0, 0, 2,
    "No effect: gone from Linux since 3.10");
LINUX_IGNORED(tcp_low_latency, 0, INT_MIN, INT_MAX,
    "No effect: Linux ignores it since 4.14");
LINUX_IGNORED(tcp_tw_recycle, 0, INT_MIN, INT_MAX,
    "No effect: gone from Linux since 4.12");

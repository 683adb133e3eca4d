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

int
linux_syn_retries(void)
{
	return (V_tcp_syn_retries != 0 ? V_tcp_syn_retries : V_tcp_retries);
}

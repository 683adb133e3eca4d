/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Privilege.  A host has no users: its programs are all the superuser, or,
 * with security.bsd.suser_enabled at 0, none is.  What only the superuser
 * may do: bind to a reserved port (RFC 1700's convention), and what other
 * systems' options keep for it.
 *
 * Touches no state but its own variables.
 */
#include <sys/param.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>

SYSCTL_NODE(_security, OID_AUTO, bsd, CTLFLAG_RW, NULL, "Privilege");
VNET_DEFINE_STATIC(int, suser_enabled) = 1;
#define	V_suser_enabled	VNET(suser_enabled)
SYSCTL_INT_RANGE(_security_bsd, OID_AUTO, suser_enabled,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(suser_enabled), 0, 1,
    "The host's programs have the superuser's privileges");

SYSCTL_DECL(_net_inet_ip);
SYSCTL_NODE(_net_inet_ip, OID_AUTO, portrange, CTLFLAG_RW, NULL, "Ports");
VNET_DEFINE_STATIC(int, reservedlow) = 0;
#define	V_reservedlow	VNET(reservedlow)
SYSCTL_INT_RANGE(_net_inet_ip_portrange, OID_AUTO, reservedlow,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(reservedlow), 0, 65535,
    "The first port that only the superuser may bind");
VNET_DEFINE_STATIC(int, reservedhigh) = 1023;
#define	V_reservedhigh	VNET(reservedhigh)
SYSCTL_INT_RANGE(_net_inet_ip_portrange, OID_AUTO, reservedhigh,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(reservedhigh), 0, 65535,
    "The last port that only the superuser may bind");

bool
in_suser(void)
{
	return (V_suser_enabled != 0);
}

bool
in_port_permitted(uint16_t port)
{
	return (V_suser_enabled != 0 || port < V_reservedlow ||
	    port > V_reservedhigh);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The nodes that others hang their variables on, with FreeBSD's numbers,
 * and the variables of the kernel's base: what system this is, the host's
 * name, how exact its timers are, and who uses how much memory.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#define	HOSTNAME_SIZE	64	/* with its NUL, bytes */
#define	ROW_SIZE	160	/* of a table, with its NUL, bytes */

/* Numbers that FreeBSD's programs may ask for. */
#define	CTL_VM		2
#define	KERN_OSTYPE	1
#define	KERN_OSRELEASE	2
#define	KERN_VERSION	4
#define	KERN_HOSTNAME	10
#define	KERN_IPC	32
#define	NET_INET	2	/* PF_INET and so on */
#define	NET_LINK	18
#define	NET_INET6	28

SYSCTL_ROOT_NODE(CTL_KERN, kern, CTLFLAG_RW, NULL, "The kernel");
SYSCTL_ROOT_NODE(CTL_VM, vm, CTLFLAG_RW, NULL, "Memory");
SYSCTL_ROOT_NODE(CTL_NET, net, CTLFLAG_RW, NULL, "The network");
SYSCTL_ROOT_NODE(OID_AUTO, security, CTLFLAG_RW, NULL, "Security");
SYSCTL_NODE(_kern, KERN_IPC, ipc, CTLFLAG_RW, NULL,
    "Sockets and their memory");
SYSCTL_NODE(_net, NET_INET, inet, CTLFLAG_RW, NULL,
    "The internet protocols");
SYSCTL_NODE(_net, NET_INET6, inet6, CTLFLAG_RW, NULL, "IPv6");
SYSCTL_NODE(_net, NET_LINK, link, CTLFLAG_RW, NULL, "Interfaces");

static const char ostype[] = "Stackyard";
static const char osrelease[] = STACKYARD_VERSION;
static const char version[] = "Stackyard " STACKYARD_VERSION;

SYSCTL_STRING(_kern, KERN_OSTYPE, ostype, CTLFLAG_RD, ostype, 0,
    "Name of the system");
SYSCTL_STRING(_kern, KERN_OSRELEASE, osrelease, CTLFLAG_RD, osrelease, 0,
    "Version of the system");
SYSCTL_STRING(_kern, KERN_VERSION, version, CTLFLAG_RD, version, 0,
    "Name and version of the system");

/* Empty: the name that the vnet was made with. */
VNET_DEFINE_STATIC(char, hostname[HOSTNAME_SIZE]);
#define	V_hostname	VNET(hostname)

static int
sysctl_kern_hostname(SYSCTL_HANDLER_ARGS)
{
	char name[HOSTNAME_SIZE];
	int error;

	(void)arg1;
	(void)arg2;
	(void)strlcpy(name, V_hostname[0] != '\0' ? V_hostname :
	    curvnet->vnet_name, sizeof(name));
	error = sysctl_handle_string(oidp, name, sizeof(name), req);
	if (error == 0 && req->newptr != NULL)
		memcpy(V_hostname, name, sizeof(name));
	return (error);
}
SYSCTL_PROC(_kern, KERN_HOSTNAME, hostname,
    CTLTYPE_STRING | CTLFLAG_RWTUN | CTLFLAG_VNET, NULL, 0,
    sysctl_kern_hostname, "A", "Name of the host");

/*
 * Timers fire when they are due, to the microsecond, and are never put off
 * to fire together: the percentage is 0 and cannot be another.
 */
static int
sysctl_alloweddeviation(SYSCTL_HANDLER_ARGS)
{
	int error, percent;

	(void)arg1;
	(void)arg2;
	percent = 0;
	error = sysctl_handle_int(oidp, &percent, 0, req);
	return (error == 0 && percent != 0 ? EINVAL : error);
}
SYSCTL_NODE(_kern, OID_AUTO, timecounter, CTLFLAG_RW, NULL, "Time");
SYSCTL_PROC(_kern_timecounter, OID_AUTO, alloweddeviation,
    CTLTYPE_INT | CTLFLAG_RW, NULL, 0, sysctl_alloweddeviation, "I",
    "Percentage of its time by which a timer may be late: always 0");

/* Tables of memory: a heading, then a row for each type or zone. */

static int
table_heading(struct sysctl_req *req, const char *what)
{
	char row[ROW_SIZE];
	int len;

	len = snprintf(row, sizeof(row),
	    "\n%-20s %6s %12s %12s %12s %12s %8s\n", what, "Size", "Limit",
	    "InUse", "Requests", "Frees", "Fails");
	return (sysctl_out(req, row, (size_t)imin(len, ROW_SIZE - 1)));
}

/* Limit and use are in units of `unit' bytes; size 0 is not shown. */
static int
table_row(struct sysctl_req *req, const char *name, u_int size, u_int unit,
    const struct mem_stats *ms)
{
	char row[ROW_SIZE], sizes[16];
	int len;

	sizes[0] = '\0';
	if (size != 0)
		(void)snprintf(sizes, sizeof(sizes), "%u", size);
	len = snprintf(row, sizeof(row),
	    "%-20s %6s %12ju %12ju %12ju %12ju %8ju\n", name, sizes,
	    (uintmax_t)(ms->ms_limit / unit),
	    (uintmax_t)(ms->ms_bytes / unit), (uintmax_t)ms->ms_allocs,
	    (uintmax_t)ms->ms_frees, (uintmax_t)ms->ms_fails);
	return (sysctl_out(req, row, (size_t)imin(len, ROW_SIZE - 1)));
}

static int
malloc_row(const struct malloc_type *type, struct mem_stats *ms, void *arg)
{

	return (table_row(arg, type->ks_shortdesc, 0, 1, ms));
}

static int
zone_row(uma_zone_t zone, void *arg)
{

	return (table_row(arg, zone->uz_name, (u_int)zone->uz_size,
	    (u_int)zone->uz_size, uma_zone_stats(zone)));
}

static int
sysctl_vm_malloc(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	error = table_heading(req, "Type");
	if (error == 0)
		error = malloc_type_foreach(malloc_row, req);
	return (error == 0 ? sysctl_out(req, "", 1) : error);
}
SYSCTL_PROC(_vm, OID_AUTO, malloc, CTLTYPE_STRING | CTLFLAG_RD, NULL, 0,
    sysctl_vm_malloc, "A", "Memory by malloc(9) type, in bytes");

static int
sysctl_vm_zone(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	error = table_heading(req, "Zone");
	if (error == 0)
		error = uma_zone_foreach(zone_row, req);
	return (error == 0 ? sysctl_out(req, "", 1) : error);
}
SYSCTL_PROC(_vm, OID_AUTO, zone, CTLTYPE_STRING | CTLFLAG_RD, NULL, 0,
    sysctl_vm_zone, "A", "Memory by zone, in items");

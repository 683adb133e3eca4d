/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A vnet made for a host of libstackyard: the operations by which the
 * stack asks its host, and the tunables it starts with.
 *
 * Kernel kind: calls the stack, and the syh_ functions of host.c, loop.c.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "sy_internal.h"

CTASSERT(SYK_NAMELEN == VNET_NAMELEN);
CTASSERT(SY_NEVER == UINT64_MAX);

static nstime_t
host_clock(void *arg)
{

	return (syh_clock(arg));
}

static int64_t
host_epoch(void *arg)
{

	return (syh_epoch(arg));
}

static void
host_random(void *arg, void *buf, size_t len)
{

	syh_random(arg, buf, len);
}

static void
host_log(void *arg, int level, const char *line)
{

	syh_log(arg, level, line);
}

static void
host_wakeup(void *arg, nstime_t when)
{

	syh_wakeup(arg, when);
}

static void
host_enter(void *arg)
{

	syh_enter(arg);
}

static void
host_leave(void *arg)
{

	syh_leave(arg);
}

static void
host_proc(void *arg, struct vnet_proc *proc)
{

	syh_proc(arg, &proc->vp_pid, &proc->vp_uid, &proc->vp_gid,
	    proc->vp_comm, sizeof(proc->vp_comm));
}

static const struct vnet_hostops hostops = {
	.ho_clock = host_clock,
	.ho_epoch = host_epoch,
	.ho_random = host_random,
	.ho_log = host_log,
	.ho_wakeup = host_wakeup,
	.ho_enter = host_enter,
	.ho_leave = host_leave,
	.ho_proc = host_proc,
};

void
syk_host_share(struct vnet *vnet, bool shared)
{

	vnet->vnet_rare &= ~(u_int)VNET_SHARED;
	if (shared)
		vnet->vnet_rare |= VNET_SHARED;
}

void
syk_host_join(struct vnet *vnet)
{

	if (vnet->vnet_waits == 0)
		vnet_join(vnet);
}

int
syk_host_create(const char *name, struct sy_host *host,
    const struct syk_var *vars, size_t n, struct vnet_line *line,
    const uint64_t *clock, struct vnet **vnetp, struct vnet_place **placep)
{
	struct vnet_tunable *tun;
	size_t i, ntun;
	int error;

	tun = host_alloc((n + 1) * sizeof(*tun), 0, true);
	if (tun == NULL)
		return (ENOMEM);
	ntun = 0;
	for (i = 0; i < n; i++)
		if (syk_sysctl_istunable(vars[i].name))
			tun[ntun++] = (struct vnet_tunable){
			    .vt_name = vars[i].name,
			    .vt_value = vars[i].value };
	error = vnet_alloc(name, &hostops, host, tun, ntun, vnetp);
	host_free(tun);
	if (error == 0) {
		(*vnetp)->vnet_owner = host;
		(*vnetp)->vnet_line = line;
		(*vnetp)->vnet_waits = 0;
		*placep = &(*vnetp)->vnet_place;
		(*vnetp)->vnet_clock = clock;
		if (clock != NULL)
			(*vnetp)->vnet_rare &= ~(u_int)VNET_ASKS;
	}
	return (error);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What tests of host kind ask of the stack's inside. */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "ktest.h"

void
kt_random(struct vnet *vnet, void *buf, size_t len)
{
	struct vnet *saved;

	saved = vnet_enter(vnet);
	vnet_random(buf, len);
	vnet_leave(saved);
}

void
kt_log(struct vnet *vnet, const char *line)
{
	struct vnet *saved;

	saved = vnet_enter(vnet);
	kern_log(LOG_ERR, "%s", line);
	vnet_leave(saved);
}

static struct callout timers[KT_TIMERS];

void
kt_timer(struct vnet *vnet, unsigned i, uint64_t when, void (*func)(void *),
    void *arg)
{
	struct vnet *saved;

	saved = vnet_enter(vnet);
	(void)callout_reset_at(&timers[i], when, func, arg);
	vnet_leave(saved);
}

void
kt_timer_stop(struct vnet *vnet, unsigned i)
{
	struct vnet *saved;

	saved = vnet_enter(vnet);
	(void)callout_stop(&timers[i]);
	vnet_leave(saved);
}

void
kt_timer_forget(unsigned i)
{

	callout_init(&timers[i], 1);
}

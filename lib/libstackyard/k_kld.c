/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the loader (kld.c), which knows shared objects and nothing of the
 * stack, asks of a module's description and of the hosts.
 *
 * Kernel kind: calls kern_linker.c.
 */
#include <sys/param.h>
#include <sys/kld_image.h>
#include <sys/module.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "sy_internal.h"

CTASSERT(SYK_KLD_SLOTS == VNET_MODULES);

void
syk_kld_version(const void *image, unsigned *its, unsigned *ours)
{

	*its = ((const struct kld_image *)image)->ki_kpi_version;
	*ours = STACKYARD_KPI_VERSION;
}

void
syk_kld_setslot(const void *image, int slot)
{

	*((const struct kld_image *)image)->ki_slot = slot;
}

int
syk_kld_attach(struct vnet *vnet, const void *image, const char *file)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = linker_file_attach(image, file);
	vnet_leave(saved);
	return (error);
}

int
syk_kld_detach(struct vnet *vnet, const void *image)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = linker_file_detach(image);
	vnet_leave(saved);
	return (error);
}

int
syk_kld_quiesce(struct vnet *vnet, const void *image)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = linker_file_quiesce(image);
	vnet_leave(saved);
	return (error);
}

struct modules {
	int	(*m_func)(void *, const char *, const char *);
	void	*m_arg;
};

static int
module_found(const char *file, const char *name, void *arg)
{
	struct modules *m = arg;

	return (m->m_func(m->m_arg, file, name));
}

int
syk_kld_modules(struct vnet *vnet, int (*func)(void *, const char *,
    const char *), void *arg)
{
	struct modules m = { .m_func = func, .m_arg = arg };
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = module_foreach(module_found, &m);
	vnet_leave(saved);
	return (error);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Options of a host with another system's personality: the program's numbers
 * are that system's, and are translated by sys/compat.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/vnet.h>

#include <compat/compat.h>
#include <compat/illumos/illumos.h>
#include <compat/linux/linux.h>

#include "sy_internal.h"

static int
compat_setsockopt(int fd, int level, int name, const void *val, size_t len)
{
	struct socket *so;
	int error;

	if ((error = fd_getsock(fd, &so)) != 0)
		return (error);
	return (compat_personality() == COMPAT_LINUX ?
	    linux_setsockopt(so, level, name, val, len) :
	    illumos_setsockopt(so, level, name, val, len));
}

static int
compat_getsockopt(int fd, int level, int name, void *val, size_t *lenp)
{
	struct socket *so;
	int error;

	if ((error = fd_getsock(fd, &so)) != 0)
		return (error);
	return (compat_personality() == COMPAT_LINUX ?
	    linux_getsockopt(so, level, name, val, lenp) :
	    illumos_getsockopt(so, level, name, val, lenp));
}

static int
compat_ioctl(int fd, unsigned long cmd, void *data)
{
	struct socket *so;
	int error;

	if ((error = fd_getsock(fd, &so)) != 0)
		return (error);
	return (compat_personality() == COMPAT_LINUX ?
	    linux_ioctl(so, cmd, data) : illumos_ioctl(so, cmd, data));
}

/* On a host of Linux's. */
static int
linux_flags(int fd, int *flags)
{
	struct socket *so;
	int error, lx;

	if ((error = fd_getsock(fd, &so)) != 0)
		return (error);
	lx = ((*flags & SYK_MSG_MORE) != 0 ? LINUX_MSG_MORE : 0) |
	    ((*flags & SYK_MSG_FASTOPEN) != 0 ? LINUX_MSG_FASTOPEN : 0);
	*flags &= ~(MSG_EOR | SYK_MSG_FASTOPEN);
	return (linux_msg_prepare(so, lx));
}

int
syk_compat_flags(struct vnet *vnet, int fd, int *flags)
{
	struct vnet *saved;
	int error = 0;

	saved = vnet_enter(vnet);
	if (compat_personality() == COMPAT_LINUX)
		error = linux_flags(fd, flags);
	else if ((*flags & SYK_MSG_FASTOPEN) != 0)
		error = EOPNOTSUPP;
	vnet_leave(saved);
	return (error);
}

int
syk_compat_send_error(int fd, int error)
{
	struct socket *so;

	if (compat_personality() != COMPAT_LINUX || fd_getsock(fd, &so) != 0)
		return (error);
	return (linux_send_error(so, error));
}

bool
syk_compat_setsockopt(struct vnet *vnet, int fd, int level, int name,
    const void *val, size_t len, int *errorp)
{
	struct vnet *saved;
	bool foreign;

	saved = vnet_enter(vnet);
	foreign = compat_personality() != COMPAT_FREEBSD;
	if (foreign)
		*errorp = compat_setsockopt(fd, level, name, val, len);
	vnet_leave(saved);
	return (foreign);
}

bool
syk_compat_getsockopt(struct vnet *vnet, int fd, int level, int name,
    void *val, size_t *lenp, int *errorp)
{
	struct vnet *saved;
	bool foreign;

	saved = vnet_enter(vnet);
	foreign = compat_personality() != COMPAT_FREEBSD;
	if (foreign)
		*errorp = compat_getsockopt(fd, level, name, val, lenp);
	vnet_leave(saved);
	return (foreign);
}

bool
syk_compat_ioctl(struct vnet *vnet, int fd, unsigned long cmd, void *data,
    int *errorp)
{
	struct vnet *saved;
	bool foreign;

	saved = vnet_enter(vnet);
	foreign = compat_personality() != COMPAT_FREEBSD;
	if (foreign)
		*errorp = compat_ioctl(fd, cmd, data);
	vnet_leave(saved);
	return (foreign);
}

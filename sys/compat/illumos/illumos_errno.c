/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Errors of ours as illumos numbers them, and its ioctl(2) requests, which are
 * FreeBSD's but for a few.  Touches the socket. */
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <compat/illumos/illumos.h>

static const struct {
	int	native;
	int	illumos_no;
} errnos[] = {
	{ EPERM, 1 }, { ENOENT, 2 }, { ESRCH, 3 }, { EINTR, 4 }, { EIO, 5 },
	{ ENXIO, 6 }, { E2BIG, 7 }, { EBADF, 9 }, { EAGAIN, 11 },
	{ ENOMEM, 12 }, { EACCES, 13 }, { EFAULT, 14 }, { EBUSY, 16 },
	{ EEXIST, 17 }, { ENODEV, 19 }, { EINVAL, 22 }, { ENFILE, 23 },
	{ EMFILE, 24 }, { ENOTTY, 25 }, { ENOSPC, 28 }, { EPIPE, 32 },
	{ EDOM, 33 }, { ERANGE, 34 }, { EDEADLK, 45 }, { ENAMETOOLONG, 78 },
	{ EOVERFLOW, 79 }, { ENOSYS, 89 }, { ENOTSOCK, 95 },
	{ EDESTADDRREQ, 96 }, { EMSGSIZE, 97 }, { EPROTOTYPE, 98 },
	{ ENOPROTOOPT, 99 }, { EPROTONOSUPPORT, 120 }, { EOPNOTSUPP, 122 },
	{ EAFNOSUPPORT, 124 }, { EADDRINUSE, 125 }, { EADDRNOTAVAIL, 126 },
	{ ENETDOWN, 127 }, { ENETUNREACH, 128 }, { ENETRESET, 129 },
	{ ECONNABORTED, 130 }, { ECONNRESET, 131 }, { ENOBUFS, 132 },
	{ EISCONN, 133 }, { ENOTCONN, 134 }, { ETIMEDOUT, 145 },
	{ ECONNREFUSED, 146 }, { EHOSTDOWN, 147 }, { EHOSTUNREACH, 148 },
	{ EALREADY, 149 }, { EINPROGRESS, 150 },
};

int
illumos_errno(int native)
{
	u_int i;

	for (i = 0; i < nitems(errnos); i++)
		if (errnos[i].native == native)
			return (errnos[i].illumos_no);
	return (native);
}

int
illumos_ioctl(struct socket *so, unsigned long cmd, void *data)
{
	switch (cmd) {
	case ILLUMOS_FIONBIO:
		return (soioctl(so, FIONBIO, data));
	case ILLUMOS_FIONREAD:
		return (soioctl(so, FIONREAD, data));
	case ILLUMOS_SIOCATMARK:
		return (soioctl(so, SIOCATMARK, data));
	default:
		return (ENOTTY);
	}
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Errors of ours as Linux numbers them.  Ours have the numbers of the system
 * we were built on, so that on Linux the table says nothing new.  Touches no
 * state.
 */
#include <sys/param.h>
#include <sys/errno.h>

#include <compat/linux/linux.h>

static const struct {
	int	native;
	int	linux_no;
} errnos[] = {
	{ EPERM, 1 }, { ENOENT, 2 }, { ESRCH, 3 }, { EINTR, 4 }, { EIO, 5 },
	{ ENXIO, 6 }, { E2BIG, 7 }, { EBADF, 9 }, { EAGAIN, 11 },
	{ ENOMEM, 12 }, { EACCES, 13 }, { EFAULT, 14 }, { EBUSY, 16 },
	{ EEXIST, 17 }, { ENODEV, 19 }, { EINVAL, 22 }, { ENFILE, 23 },
	{ EMFILE, 24 }, { ENOTTY, 25 }, { ENOSPC, 28 }, { EPIPE, 32 },
	{ EDOM, 33 }, { ERANGE, 34 }, { EDEADLK, 35 }, { ENAMETOOLONG, 36 },
	{ ENOSYS, 38 }, { EOVERFLOW, 75 }, { ENOTSOCK, 88 },
	{ EDESTADDRREQ, 89 }, { EMSGSIZE, 90 }, { EPROTOTYPE, 91 },
	{ ENOPROTOOPT, 92 }, { EPROTONOSUPPORT, 93 }, { EOPNOTSUPP, 95 },
	{ EAFNOSUPPORT, 97 }, { EADDRINUSE, 98 }, { EADDRNOTAVAIL, 99 },
	{ ENETDOWN, 100 }, { ENETUNREACH, 101 }, { ENETRESET, 102 },
	{ ECONNABORTED, 103 }, { ECONNRESET, 104 }, { ENOBUFS, 105 },
	{ EISCONN, 106 }, { ENOTCONN, 107 }, { ETIMEDOUT, 110 },
	{ ECONNREFUSED, 111 }, { EHOSTDOWN, 112 }, { EHOSTUNREACH, 113 },
	{ EALREADY, 114 }, { EINPROGRESS, 115 },
};

int
linux_errno(int native)
{
	u_int i;

	for (i = 0; i < nitems(errnos); i++)
		if (errnos[i].native == native)
			return (errnos[i].linux_no);
	return (native);
}

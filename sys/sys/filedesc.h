/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The table of a host's descriptors (kern_descrip.c), for those who look one
 * up.  It is here because every call on a socket does so.
 */
#ifndef _STACKYARD_SYS_FILEDESC_H_
#define	_STACKYARD_SYS_FILEDESC_H_

#include <sys/errno.h>
#include <sys/types.h>
#include <sys/vnet.h>

struct socket;

/* A pointer, whose lowest bit, which is 0 in one, tells what it points to. */
typedef	uintptr_t file_t;
#define	FILE_KQUEUE	((file_t)1)	/* a kqueue; else a socket */

struct filedesc {
	file_t		*fd_files;
	uint64_t	*fd_used;	/* those from fd_hint on */
	int		fd_nfiles;	/* size, a multiple of a word's bits */
	int		fd_hint;	/* none is free below */
	u_int		fd_most;	/* those below are in the table, and
					 * kern.maxfilesperproc allows them */
};
VNET_DECLARE(struct filedesc, filedesc);
#define	V_filedesc	VNET(filedesc)

/* What fd of a table is; 0: nothing. */
static inline file_t
fd_file_of(const struct filedesc *fdp, int fd)
{
	/* Negative ones are large, too. */
	if (__predict_false((u_int)fd >= (u_int)fdp->fd_nfiles))
		return (0);
	return (fdp->fd_files[fd]);
}

/* The socket behind it, without a reference: EBADF, ENOTSOCK (and NULL). */
static inline int
fd_getsock_of(const struct filedesc *fdp, int fd, struct socket **so)
{
	file_t file = fd_file_of(fdp, fd);

	if (__predict_false(file == 0 || (file & FILE_KQUEUE) != 0)) {
		*so = NULL;
		return (file == 0 ? EBADF : ENOTSOCK);
	}
	*so = (struct socket *)file;
	return (0);
}

/* The same of curvnet's table. */
static inline file_t
fd_file(int fd)
{
	return (fd_file_of(&V_filedesc, fd));
}

static inline int
fd_getsock(int fd, struct socket **so)
{
	return (fd_getsock_of(&V_filedesc, fd, so));
}

#endif /* !_STACKYARD_SYS_FILEDESC_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Descriptors: small numbers for a host's sockets and kqueues.
 *
 * One array for each vnet, made with the first descriptor and doubled when
 * full, and a bitmap of the numbers in use for finding the lowest that is
 * free:
 *
 *	fd_files[n]	a socket, a kqueue (marked by the lowest bit), or 0
 *	fd_hint		none is free below
 *	fd_used		0 0 0 0 1 1 0 1 ...	a bit for each in use from
 *					fd_hint on, so that where the last
 *					one taken is the first given back no
 *					bit changes
 *
 * A descriptor owns one reference of its socket, or its kqueue.  There is
 * no dup(2), so nothing else counts.  When a host goes down its sockets are
 * aborted: nobody is left to wait for a goodbye.
 *
 * Touches: curvnet's table.
 */
#include <sys/param.h>
#include <sys/event.h>
#include <sys/filedesc.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "uipc_private.h"

MALLOC_DEFINE(M_FILEDESC, "filedesc", "descriptor tables");

#define	FD_FIRST	64		/* size of the first table */
#define	FD_MOST		(1 << 24)	/* of the last */
#define	FD_WORD		64		/* bits of a word of the bitmap */

VNET_DEFINE(struct filedesc, filedesc);
VNET_DEFINE_STATIC(int, maxfilesperproc) = 1048576;
#define	V_maxfilesperproc	VNET(maxfilesperproc)

static void
fd_set_most(struct filedesc *fdp)
{

	fdp->fd_most = min((u_int)fdp->fd_nfiles, (u_int)V_maxfilesperproc);
}

static int
sysctl_maxfilesperproc(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &V_maxfilesperproc, 1, FD_MOST);
	fd_set_most(&V_filedesc);
	return (error);
}
SYSCTL_PROC(_kern, OID_AUTO, maxfilesperproc, CTLTYPE_INT | CTLFLAG_RWTUN |
    CTLFLAG_VNET, NULL, 0, sysctl_maxfilesperproc, "I",
    "Maximum number of descriptors");

static int
fd_grow(struct filedesc *fdp)
{
	file_t *files;
	uint64_t *used;
	int n;

	n = fdp->fd_nfiles == 0 ? FD_FIRST : 2 * fdp->fd_nfiles;
	files = mallocarray((size_t)n, sizeof(*files), M_FILEDESC,
	    M_NOWAIT | M_ZERO);
	used = malloc((size_t)n / 8, M_FILEDESC, M_NOWAIT | M_ZERO);
	if (files == NULL || used == NULL) {
		free(files, M_FILEDESC);
		free(used, M_FILEDESC);
		return (ENOMEM);
	}
	if (fdp->fd_nfiles != 0) {
		memcpy(files, fdp->fd_files,
		    (size_t)fdp->fd_nfiles * sizeof(*files));
		memcpy(used, fdp->fd_used, (size_t)fdp->fd_nfiles / 8);
	}
	free(fdp->fd_files, M_FILEDESC);
	free(fdp->fd_used, M_FILEDESC);
	fdp->fd_files = files;
	fdp->fd_used = used;
	fdp->fd_nfiles = n;
	fd_set_most(fdp);
	return (0);
}

/* Those of n's word, from n on, that are free. */
static inline uint64_t
fd_unused(const struct filedesc *fd, u_int n)
{

	return (~fd->fd_used[n / FD_WORD] & ~(uint64_t)0 << (n % FD_WORD));
}

/* The bits of [from, to) become used or not. */
static void
fd_mark(struct filedesc *fd, u_int from, u_int to, bool used)
{
	uint64_t bits;
	u_int next;

	for (; from < to; from = next) {
		next = min((from / FD_WORD + 1) * FD_WORD, to);
		bits = ~(uint64_t)0 << (from % FD_WORD);
		if (next % FD_WORD != 0)
			bits &= ~(~(uint64_t)0 << (next % FD_WORD));
		if (used)
			fd->fd_used[from / FD_WORD] |= bits;
		else
			fd->fd_used[from / FD_WORD] &= ~bits;
	}
}

/* *np becomes the lowest that is free: EMFILE, ENOMEM. */
static int
fd_search(struct filedesc *fd, u_int *np)
{
	u_int n;
	int error;

	for (n = (u_int)fd->fd_hint; ; n = (n / FD_WORD + 1) * FD_WORD) {
		if (n >= (u_int)V_maxfilesperproc)
			return (EMFILE);
		if (n >= (u_int)fd->fd_nfiles) {
			error = fd_grow(fd);
			if (error != 0)
				return (error);
		}
		if (fd_unused(fd, n) != 0)
			break;
	}
	*np = n / FD_WORD * FD_WORD +
	    (u_int)__builtin_ctzll(fd_unused(fd, n));
	return (*np < (u_int)V_maxfilesperproc ? 0 : EMFILE);
}

/* The lowest that is free is not the one at fd_hint: it becomes so. */
static int
fd_hint_moves(struct filedesc *fd)
{
	u_int n;
	int error;

	error = fd_search(fd, &n);
	if (error != 0)
		return (error);
	fd_mark(fd, (u_int)fd->fd_hint, n, false);
	fd->fd_hint = (int)n;
	return (0);
}

/* Is that at fd_hint? */
static inline bool
fd_hint_is_free(const struct filedesc *fd)
{

	return (__predict_true((u_int)fd->fd_hint < fd->fd_most &&
	    fd->fd_files[fd->fd_hint] == 0));
}

/* Put file there. */
static inline int
fd_take_hint(struct filedesc *fd, file_t file)
{

	fd->fd_files[fd->fd_hint] = file;
	return (fd->fd_hint++);
}

static int __noinline
fd_install_far(struct socket *so, int *fdp)
{
	int error;

	error = fd_hint_moves(&V_filedesc);
	return (error != 0 ? error : fd_install_socket(so, fdp));
}

int
fd_install_socket(struct socket *so, int *fdp)
{
	struct filedesc *fd;

	fd = &V_filedesc;
	if (!fd_hint_is_free(fd))
		return (fd_install_far(so, fdp));
	*fdp = so->so_fd = fd_take_hint(fd, (file_t)so);
	return (0);
}

int
fd_install_kqueue(struct kqueue *kq, int *fdp)
{
	struct filedesc *fd;
	int error;

	fd = &V_filedesc;
	if (!fd_hint_is_free(fd)) {
		error = fd_hint_moves(fd);
		if (error != 0)
			return (error);
	}
	*fdp = fd_take_hint(fd, (file_t)kq | FILE_KQUEUE);
	return (0);
}

int
fd_get(int fd, struct socket **so, struct kqueue **kq)
{
	file_t file = fd_file(fd);

	*so = NULL;
	*kq = NULL;
	if (file == 0)
		return (EBADF);
	if ((file & FILE_KQUEUE) != 0)
		*kq = (struct kqueue *)(file & ~FILE_KQUEUE);
	else
		*so = (struct socket *)file;
	return (0);
}

/* fd, which is free now, was not the last one taken of those below fd_hint. */
static void __noinline
fd_released(struct filedesc *fdp, int fd)
{

	fd_mark(fdp, (u_int)fd, (u_int)fd + 1, false);
	if (fd < fdp->fd_hint) {
		fd_mark(fdp, (u_int)fd + 1, (u_int)fdp->fd_hint, true);
		fdp->fd_hint = fd;
	}
}

void
fd_release(int fd)
{
	struct filedesc *fdp;

	fdp = &V_filedesc;
	fdp->fd_files[fd] = 0;
	if (__predict_true(fd + 1 == fdp->fd_hint))
		fdp->fd_hint = fd;
	else
		fd_released(fdp, fd);
}

void
fd_closeall(void)
{
	struct filedesc *fdp;
	struct kqueue *kq;
	struct socket *so;
	int fd;

	fdp = &V_filedesc;
	for (fd = 0; fd < fdp->fd_nfiles; fd++) {
		if (fd_get(fd, &so, &kq) != 0)
			continue;
		fd_release(fd);
		if (kq != NULL)
			kqueue_destroy(kq);
		else {
			knote_fdclose(so);
			soabort(so);
		}
	}
	free(fdp->fd_files, M_FILEDESC);
	free(fdp->fd_used, M_FILEDESC);
	memset(fdp, 0, sizeof(*fdp));
}

static void
filedesc_uninit(const void *arg __unused)
{

	fd_closeall();
}
SYSUNINIT(filedesc, SI_SUB_LAST, SI_ORDER_ANY, filedesc_uninit, NULL);

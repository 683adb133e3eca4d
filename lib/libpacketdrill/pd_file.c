/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Descriptors.
 *
 * What the caller is given must be a descriptor of the system's, for it
 * closes what a script has left open by close(2), past us.  So each socket
 * of the stack (and each epoll) is stood for by a socket of the system's
 * that nobody talks to:
 *
 *	caller's 5 --> AF_UNIX socket, inode i	(only its number is of use)
 *	pd_files[5] --> pd_file { i, the stack's descriptor }
 *
 * A number that was closed past us may come back as something else.  The
 * inode tells: a file whose descriptor is of another inode, or closed, is
 * stale, and its socket is closed when the next descriptor is made.  A
 * duplicate has the inode of the first and shares its pd_file, whose socket
 * is closed with the last of them.
 *
 * May use the system's descriptors.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pd.h"

static struct pd_file *
lookup(const struct pd *pd, int fd)
{

	return (fd >= 0 && fd < pd->pd_nfiles ? pd->pd_files[fd] : NULL);
}

/* Does the caller's descriptor still lead to what was given out? */
static bool
is_current(const struct pd_file *f, int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_ino == f->f_ino);
}

bool
pd_file_owns(const struct pd *pd, int fd)
{
	const struct pd_file *f;

	f = lookup(pd, fd);
	return (f != NULL && is_current(f, fd));
}

/* ---- The end of a file ---- */

static bool
is_gone(struct pd *pd, void *arg)
{
	const struct pd_file *f;

	f = arg;
	return (syk_close(pd->pd_host->h_vnet, f->f_sfd) != EWOULDBLOCK);
}

/* Close the stack's side, lingering if it must and may. */
static void
close_stack(struct pd *pd, struct pd_file *f, bool maywait)
{
	struct syk_wait wait;
	struct vnet *vnet;

	vnet = pd->pd_host->h_vnet;
	if (maywait && f->f_kind == PD_SOCKET && !f->f_nonblock &&
	    syk_waitinfo(vnet, f->f_sfd, SYK_LINGER, &wait) == 0 &&
	    wait.w_limit != 0) {
		(void)syk_setnonblock(vnet, f->f_sfd, false);
		if (pd_sleep(pd, is_gone, f, pd_deadline(pd,
		    wait.w_limit)) == 0)
			return;
		(void)syk_setnonblock(vnet, f->f_sfd, true);
	}
	(void)syk_close(vnet, f->f_sfd);
}

/* Take fd, which is the caller's no longer, out of the table; the file goes
 * with the last of its descriptors. */
static void
drop(struct pd *pd, int fd, bool maywait)
{
	struct pd_file *f;
	int other;

	f = pd->pd_files[fd];
	pd->pd_files[fd] = NULL;
	if (--f->f_fds > 0) {
		for (other = 0; pd->pd_files[other] != f;)
			other++;
		f->f_fd = other;
		return;
	}
	f->f_closed = true;
	pd_epoll_forget(pd, f);
	close_stack(pd, f, maywait);
	pd_file_put(pd, f);
}

void
pd_file_put(struct pd *pd, struct pd_file *f)
{

	(void)pd;
	if (--f->f_refs > 0)
		return;
	if (f->f_epoll != NULL)
		pd_epoll_free(f->f_epoll);
	free(f);
}

/* Close what the caller has closed past us. */
static void
sweep(struct pd *pd)
{
	int fd;

	for (fd = 0; fd < pd->pd_nfiles; fd++)
		if (pd->pd_files[fd] != NULL &&
		    !is_current(pd->pd_files[fd], fd))
			drop(pd, fd, false);
}

void
pd_file_end(struct pd *pd)
{
	int fd;

	sweep(pd);
	for (fd = 0; fd < pd->pd_nfiles; fd++) {
		if (pd->pd_files[fd] == NULL)
			continue;
		drop(pd, fd, false);
		(void)close(fd);
	}
	free(pd->pd_files);
	pd->pd_files = NULL;
	pd->pd_nfiles = 0;
}

/* ---- The beginning of one ---- */

static int
make_room(struct pd *pd, int fd)
{
	struct pd_file **files;
	int n;

	if (fd < pd->pd_nfiles)
		return (0);
	n = fd < 32 ? 64 : 2 * fd;
	files = realloc(pd->pd_files, (size_t)n * sizeof(*files));
	if (files == NULL)
		return (ENOMEM);
	memset(&files[pd->pd_nfiles], 0,
	    (size_t)(n - pd->pd_nfiles) * sizeof(*files));
	pd->pd_files = files;
	pd->pd_nfiles = n;
	return (0);
}

struct pd_file *
pd_file_new(struct pd *pd, enum pd_kind kind, int sfd)
{
	struct pd_file *f;
	struct stat st;
	int fd;

	sweep(pd);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (NULL);
	f = calloc(1, sizeof(*f));
	if (f == NULL || fstat(fd, &st) != 0 || make_room(pd, fd) != 0) {
		free(f);
		(void)close(fd);
		errno = ENOMEM;
		return (NULL);
	}
	f->f_kind = kind;
	f->f_fd = fd;
	f->f_fds = 1;
	f->f_ino = st.st_ino;
	f->f_refs = 1;
	f->f_sfd = sfd;
	if (kind == PD_SOCKET)
		pdk_setfd(pd->pd_host->h_vnet, sfd, fd);
	pd->pd_files[fd] = f;
	return (f);
}

struct pd_file *
pd_file_get(struct pd *pd, int fd)
{
	struct pd_file *f;

	f = lookup(pd, fd);
	if (f == NULL || !is_current(f, fd))
		return (NULL);
	f->f_refs++;
	return (f);
}

struct pd_file *
pd_file_socket(struct pd *pd, int fd)
{
	struct pd_file *f;

	f = pd_file_get(pd, fd);
	if (f != NULL && f->f_kind == PD_SOCKET)
		return (f);
	errno = f != NULL || fcntl(fd, F_GETFD) != -1 ? ENOTSOCK : EBADF;
	if (f != NULL)
		pd_file_put(pd, f);
	return (NULL);
}

/* ---- Readiness ---- */

static short
poll_socket(struct pd *pd, const struct pd_file *f, short events)
{
	short ready;
	int revents;

	if (syk_poll(pd->pd_host->h_vnet, f->f_sfd,
	    sy_tr_poll_in(events | POLLIN | POLLOUT), &revents) != 0)
		return (POLLNVAL);
	ready = sy_tr_poll_out(revents, events);
	if ((events & POLLRDHUP) != 0 &&
	    pdk_at_end(pd->pd_host->h_vnet, f->f_sfd))
		ready |= POLLRDHUP;
	return (ready);
}

short
pd_file_poll(struct pd *pd, struct pd_file *f, short events)
{

	if (f->f_closed)
		return (POLLNVAL);
	if (f->f_kind == PD_SOCKET)
		return (poll_socket(pd, f, events));
	return ((events & POLLIN) != 0 && pd_epoll_ready(pd, f) ? POLLIN :
	    0);
}

struct file_wait {
	struct pd_file	*fw_file;
	short		fw_events;
};

static bool
file_ready(struct pd *pd, void *arg)
{
	struct file_wait *fw;

	fw = arg;
	return (pd_file_poll(pd, fw->fw_file, fw->fw_events) != 0);
}

int
pd_file_wait(struct pd *pd, struct pd_file *f, short events,
    uint64_t deadline)
{
	struct file_wait fw;
	int error;

	fw = (struct file_wait){ f, events };
	error = pd_sleep(pd, file_ready, &fw, deadline);
	return (error == 0 && f->f_closed ? EBADF : error);
}

int
pd_file_block(struct pd *pd, struct pd_file *f, short events, bool dontwait,
    uint64_t *deadline)
{
	struct syk_wait wait;
	int error;

	if (f->f_nonblock || dontwait)
		return (EAGAIN);
	if (*deadline == 0) {
		error = syk_waitinfo(pd->pd_host->h_vnet, f->f_sfd,
		    (events & POLLIN) != 0 ? SYK_RECEIVE : SYK_SEND, &wait);
		if (error != 0)
			return (error);
		*deadline = wait.w_limit != 0 ?
		    pd_deadline(pd, wait.w_limit) : SY_NEVER;
	}
	return (pd_file_wait(pd, f, events, *deadline));
}

/* ---- Calls ---- */

int
pd_close(void *userdata, int fd)
{
	struct pd_file *f;
	struct pd *pd;
	int rv;

	pd = userdata;
	pd_enter(pd);
	f = lookup(pd, fd);
	if (f != NULL && is_current(f, fd))
		drop(pd, fd, true);
	rv = close(fd);
	pd_leave(pd);
	return (rv);
}

/* Have fd, the system's duplicate of one of f's, stand for f too: it, or
 * -1 and errno. */
static int
adopt(struct pd *pd, struct pd_file *f, int fd)
{

	if (fd < 0)
		return (-1);
	sweep(pd);
	if (make_room(pd, fd) != 0) {
		(void)close(fd);
		errno = ENOMEM;
		return (-1);
	}
	pd->pd_files[fd] = f;
	f->f_fds++;
	return (fd);
}

int
pd_fcntl(void *userdata, int fd, int cmd, ...)
{
	struct pd_file *f;
	struct pd *pd;
	va_list ap;
	int arg, rv;

	arg = 0;
	if (cmd == F_SETFL || cmd == F_SETFD || cmd == F_DUPFD ||
	    cmd == F_DUPFD_CLOEXEC || cmd == F_SETPIPE_SZ) {
		va_start(ap, cmd);
		arg = va_arg(ap, int);
		va_end(ap);
	} else if (cmd != F_GETFL && cmd != F_GETFD && cmd != F_GETPIPE_SZ) {
		errno = EINVAL;
		return (-1);
	}
	pd = userdata;
	pd_enter(pd);
	f = pd_file_get(pd, fd);
	rv = fcntl(fd, cmd, arg);
	if (f != NULL) {
		if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
			rv = adopt(pd, f, rv);
		if (rv == 0 && cmd == F_SETFL)
			f->f_nonblock = (arg & O_NONBLOCK) != 0;
		pd_file_put(pd, f);
	}
	pd_leave(pd);
	return (rv);
}

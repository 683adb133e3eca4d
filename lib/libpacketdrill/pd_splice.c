/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Pipes, and splice between one and a socket.
 *
 * A pipe is the system's.  From a socket into it a chunk is looked at
 * (MSG_PEEK), written as far as the pipe takes it, and only that much is
 * then taken off the socket; poll(2) promises that a write of PIPE_BUF bytes
 * to a pipe that is writable does not block.  From a pipe into a socket no
 * more is read than the socket has room for.  So nothing is lost when either
 * side is full.
 *
 * Waiting for the pipe is like all waiting here: in virtual time.
 *
 * May use the system's pipes.
 */
#include <sys/ioctl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "pd.h"

#define	CHUNK	65536U

int
pd_pipe(void *userdata, int fds[2])
{

	(void)userdata;
	return (pipe(fds));
}

/* ---- Waiting for the pipe ---- */

struct pipe_wait {
	int		pp_fd;
	short		pp_events;
};

static bool
pipe_ready(struct pd *pd, void *arg)
{
	const struct pipe_wait *pp;
	struct pollfd pfd;

	(void)pd;
	pp = arg;
	pfd = (struct pollfd){ .fd = pp->pp_fd, .events = pp->pp_events };
	return (poll(&pfd, 1, 0) > 0);
}

/* EAGAIN if it is not ready and this may not wait. */
static int
pipe_wait(struct pd *pd, int fd, short events, bool nonblock)
{
	struct pipe_wait pp;

	pp = (struct pipe_wait){ fd, events };
	if (nonblock || (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
		return (pipe_ready(pd, &pp) ? 0 : EAGAIN);
	return (pd_sleep(pd, pipe_ready, &pp, SY_NEVER));
}

/* ---- Socket to pipe ---- */

/* Write what the pipe takes at once: bytes, or -1. */
static ssize_t
pipe_fill(struct pd *pd, int fd, const char *buf, size_t len)
{
	struct pipe_wait pp;
	size_t done, piece;
	ssize_t n;

	pp = (struct pipe_wait){ fd, POLLOUT };
	for (done = 0; done < len && pipe_ready(pd, &pp); done += (size_t)n) {
		piece = len - done < PIPE_BUF ? len - done : PIPE_BUF;
		n = write(fd, buf + done, piece);
		if (n <= 0)
			return (done > 0 ? (ssize_t)done : -1);
	}
	return ((ssize_t)done);
}

static ssize_t
from_socket(struct pd *pd, struct pd_file *f, int fd, char *buf, size_t len,
    bool nonblock)
{
	struct iovec iov;
	ssize_t n;
	int error;

	iov = (struct iovec){ buf, len < CHUNK ? len : CHUNK };
	error = pipe_wait(pd, fd, POLLOUT, nonblock);
	if (error != 0) {
		errno = error;
		return (-1);
	}
	n = pd_file_recv(pd, f, &iov, 1, MSG_PEEK |
	    (nonblock ? MSG_DONTWAIT : 0), NULL);
	if (n <= 0)
		return (n);
	n = pipe_fill(pd, fd, buf, (size_t)n);
	if (n <= 0)
		return (n);
	iov.iov_len = (size_t)n;
	return (pd_file_recv(pd, f, &iov, 1, MSG_DONTWAIT, NULL));
}

/* ---- Pipe to socket ---- */

/* The room in f's send buffer, waiting for some: an errno. */
static int
socket_space(struct pd *pd, struct pd_file *f, bool nonblock, size_t *space)
{
	uint64_t deadline;
	int error, n;

	deadline = 0;
	while ((error = syk_ioctl(pd->pd_host->h_vnet, f->f_sfd,
	    SY_FIONSPACE, &n)) == 0 && n <= 0) {
		error = pd_file_block(pd, f, POLLOUT, nonblock, &deadline);
		if (error != 0)
			break;
	}
	*space = error == 0 ? (size_t)n : 0;
	return (error);
}

static ssize_t
to_socket(struct pd *pd, struct pd_file *f, int fd, char *buf, size_t len,
    bool nonblock, bool more)
{
	struct iovec iov;
	size_t space;
	ssize_t n;
	int error;

	error = pipe_wait(pd, fd, POLLIN, nonblock);
	if (error == 0)
		error = socket_space(pd, f, nonblock, &space);
	if (error != 0) {
		errno = error;
		return (-1);
	}
	if (len > space)
		len = space;
	n = read(fd, buf, len < CHUNK ? len : CHUNK);
	if (n <= 0)
		return (n);
	iov = (struct iovec){ buf, (size_t)n };
	return (pd_file_send(pd, f, &iov, 1, more ? MSG_MORE : 0, NULL));
}

/* ---- The call ---- */

static bool
is_pipe(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode));
}

/* One of in and out is ours, the other the system's descriptor. */
static ssize_t
move(struct pd *pd, struct pd_file *in, int fd_in, struct pd_file *out,
    int fd_out, size_t len, unsigned int flags)
{
	bool nonblock;
	ssize_t n;
	char *buf;

	if (in != NULL ? !is_pipe(fd_out) : !is_pipe(fd_in)) {
		errno = EINVAL;
		return (-1);
	}
	buf = malloc(CHUNK);
	if (buf == NULL)
		return (-1);
	nonblock = (flags & SPLICE_F_NONBLOCK) != 0;
	n = in != NULL ? from_socket(pd, in, fd_out, buf, len, nonblock) :
	    to_socket(pd, out, fd_in, buf, len, nonblock,
	    (flags & SPLICE_F_MORE) != 0);
	free(buf);
	return (n);
}

int
pd_splice(void *userdata, int fd_in, loff_t *off_in, int fd_out,
    loff_t *off_out, size_t len, unsigned int flags)
{
	struct pd_file *in, *out;
	struct pd *pd;
	ssize_t n;

	pd = userdata;
	pd_enter(pd);
	in = pd_file_get(pd, fd_in);
	out = pd_file_get(pd, fd_out);
	n = -1;
	if ((in != NULL && in->f_kind != PD_SOCKET) ||
	    (out != NULL && out->f_kind != PD_SOCKET) ||
	    (in != NULL && out != NULL))
		errno = EINVAL;
	else if ((in != NULL && off_in != NULL) ||
	    (out != NULL && off_out != NULL))
		errno = ESPIPE;
	else if (in == NULL && out == NULL)
		n = splice(fd_in, off_in, fd_out, off_out, len, flags);
	else if (len == 0)
		n = 0;
	else
		n = move(pd, in, fd_in, out, fd_out, len, flags);
	if (in != NULL)
		pd_file_put(pd, in);
	if (out != NULL)
		pd_file_put(pd, out);
	pd_leave(pd);
	return ((int)n);
}

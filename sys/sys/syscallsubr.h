/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The system calls of a host: descriptors and what can be done with them.
 *
 * All work on curvnet and none waits: EWOULDBLOCK (or EINPROGRESS for
 * connect) says that the caller may wait and try again.  All return 0 or
 * an errno.  Descriptors are small numbers, the lowest free one first.
 */
#ifndef _STACKYARD_SYS_SYSCALLSUBR_H_
#define	_STACKYARD_SYS_SYSCALLSUBR_H_

#include <sys/event.h>
#include <sys/filedesc.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

int	kern_socket(int domain, int type, int protocol, int *fdp);
/* EWOULDBLOCK: it lingers, try again; else fd is closed (EBADF: was none). */
int	kern_close(int fd);
int	kern_bind(int fd, struct sockaddr *sa);
int	kern_listen(int fd, int backlog);
/* ss, unless NULL, becomes the peer's address. */
int	kern_accept(int fd, struct sockaddr_storage *ss, int *fdp);
/* The same of the listener itself, which may be gone afterwards. */
struct socket;
int	kern_accept_from(struct socket *head, struct sockaddr_storage *ss,
	    int *fdp);
int	kern_connect(int fd, struct sockaddr *sa);
int	kern_shutdown(int fd, int how);
/* *lenp becomes the bytes moved, 0 with an error; EINVAL if uio's ranges have
 * not uio_resid bytes. */
int	kern_send(int fd, struct uio *uio, int flags, struct sockaddr *to,
	    size_t *lenp);
int	kern_recv(int fd, struct uio *uio, int *flagsp,
	    struct sockaddr_storage *from, size_t *lenp);
int	kern_setsockopt(int fd, int level, int name, const void *val,
	    size_t len);
int	kern_getsockopt(int fd, int level, int name, void *val, size_t *lenp);
int	kern_getsockname(int fd, struct sockaddr_storage *ss);
int	kern_getpeername(int fd, struct sockaddr_storage *ss);
int	kern_ioctl(int fd, u_long cmd, void *data);
int	kern_poll(int fd, int events, int *reventsp);	/* SOPOLL_* */
int	kern_kqueue(int *fdp);
/* Apply the changes, then report up to nout events.  A change that fails is
 * reported with EV_ERROR as kevent(2) does, or returned if there is no room. */
int	kern_kevent(int fd, const struct kevent *changes, int nchanges,
	    struct kevent *out, int nout, int *nevents);
/* kqueue_set_notify() for a descriptor. */
int	kern_kqueue_notify(int fd, void (*func)(void *), void *arg);
int	kern_fcntl_getfl(int fd, bool *nonblock);
int	kern_fcntl_setfl(int fd, bool nonblock);

/* Close all descriptors (the host goes down); sockets are aborted. */
void	fd_closeall(void);

#endif /* !_STACKYARD_SYS_SYSCALLSUBR_H_ */

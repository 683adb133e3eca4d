/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of the socket layer owe to each other and to nobody else.
 */
#ifndef _STACKYARD_UIPC_PRIVATE_H_
#define	_STACKYARD_UIPC_PRIVATE_H_

#include <sys/malloc.h>
#include <sys/socketvar.h>

struct kqueue;

MALLOC_DECLARE(M_SOLISTEN);

/* uipc_socket.c: an empty socket of curvnet for pr, without references and
 * SS_NOFDREF: NULL, and ENFILE or ENOBUFS.  And its end. */
struct socket *soalloc(const struct protosw *pr, int *error);
void	sodealloc(struct socket *so);
/* uipc_socket.c: 0, or EINVAL for an address of the wrong length. */
int	sockaddr_check(const struct sockaddr *sa);

/* uipc_socket.c: is a close of so to wait until the peer has all of it? */
static inline bool
so_lingers(const struct socket *so)
{
	return ((so->so_options & SO_LINGER) != 0 && so->so_linger != 0 &&
	    (so->so_state & SS_NBIO) == 0);
}

/* uipc_listen.c: take so off the queue of its listener. */
void	solisten_dequeue(struct socket *so);
/* uipc_listen.c: so is complete: move it to sol_comp, wake the listener. */
void	solisten_complete(struct socket *so);
/* uipc_listen.c: abort all that waits at head, or only let go of it. */
void	solisten_flush(struct socket *head);
void	solisten_release(struct socket *head);
/* uipc_listen.c: note the sizes, marks and times of head's buffers for the
 * sockets to be accepted from it. */
void	solisten_note_buffers(struct socket *head);

/* kern_descrip.c: put a socket or a kqueue behind the lowest free
 * descriptor.  EMFILE, ENOMEM.  Whoever takes it off again owns it. */
int	fd_install_socket(struct socket *so, int *fdp);
int	fd_install_kqueue(struct kqueue *kq, int *fdp);
/* What is behind fd; all others NULL.  EBADF. */
int	fd_get(int fd, struct socket **so, struct kqueue **kq);
/* Descriptor fd, which is open, becomes free. */
void	fd_release(int fd);

#endif /* !_STACKYARD_UIPC_PRIVATE_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The system calls of a host: from a descriptor to its socket or kqueue.
 *
 * Each holds a reference of the socket while it works on it, so that an
 * upcall may close the descriptor meanwhile.
 *
 * Touches: descriptors, and sockets and kqueues through their functions.
 */
#include <sys/param.h>
#include <sys/event.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>

#include "uipc_private.h"

/* The socket behind fd, with a reference. */
static inline int
getsock(int fd, struct socket **so)
{
	int error;

	error = fd_getsock(fd, so);
	if (error == 0)
		soref(*so);
	return (error);
}

int
kern_socket(int domain, int type, int protocol, int *fdp)
{
	struct socket *so;
	int error;

	error = socreate(domain, &so, type, protocol);
	if (error != 0)
		return (error);
	error = fd_install_socket(so, fdp);
	if (error != 0)
		(void)soclose(so);
	return (error);
}

/* so keeps its descriptor as long as its close has to wait. */
static int __noinline
close_lingering(int fd, struct socket *so)
{
	int error;

	soref(so);
	error = soclose(so);
	if (error != EWOULDBLOCK) {
		knote_fdclose(so);
		fd_release(fd);
	}
	sorele(so);
	return (error);
}

/* fd is no socket's: error says so. */
static int __noinline
close_other(int fd, int error)
{
	struct kqueue *kq;
	struct socket *so;

	if (error != ENOTSOCK)
		return (error);
	(void)fd_get(fd, &so, &kq);
	fd_release(fd);
	kqueue_destroy(kq);
	return (0);
}

int
kern_close(int fd)
{
	struct socket *so;
	int error;

	error = fd_getsock(fd, &so);
	if (__predict_false(error != 0))
		return (close_other(fd, error));
	if (__predict_false(so_lingers(so)))
		return (close_lingering(fd, so));
	/* Nobody hears any more of what follows. */
	if (__predict_false(!SLIST_EMPTY(&so->so_knotes)))
		knote_fdclose(so);
	fd_release(fd);
	return (soclose(so));
}

int
kern_bind(int fd, struct sockaddr *sa)
{
	struct socket *so;
	int error;

	error = getsock(fd, &so);
	if (error != 0)
		return (error);
	error = sobind(so, sa);
	sorele(so);
	return (error);
}

int
kern_listen(int fd, int backlog)
{
	struct socket *so;
	int error;

	error = getsock(fd, &so);
	if (error != 0)
		return (error);
	error = solisten(so, backlog);
	sorele(so);
	return (error);
}

int
kern_accept_from(struct socket *head, struct sockaddr_storage *ss, int *fdp)
{
	struct socket *so;
	int error;

	error = soaccept(head, &so, ss);
	if (error != 0)
		return (error);
	error = fd_install_socket(so, fdp);
	if (__predict_false(error != 0))
		soabort(so);
	return (error);
}

int
kern_accept(int fd, struct sockaddr_storage *ss, int *fdp)
{
	struct socket *head;
	int error;

	error = getsock(fd, &head);
	if (error != 0)
		return (error);
	error = kern_accept_from(head, ss, fdp);
	sorele(head);
	return (error);
}

int
kern_connect(int fd, struct sockaddr *sa)
{
	struct socket *so;
	int error;

	error = getsock(fd, &so);
	if (error != 0)
		return (error);
	error = soconnect(so, sa);
	sorele(so);
	return (error);
}

int
kern_shutdown(int fd, int how)
{
	struct socket *so;
	int error;

	error = getsock(fd, &so);
	if (error != 0)
		return (error);
	error = soshutdown(so, how);
	sorele(so);
	return (error);
}

/* Do the ranges of uio hold uio_resid bytes? */
static int
uio_check(const struct uio *uio)
{
	size_t left;
	int i;

	if (uio->uio_resid < 0 || uio->uio_iovcnt < 0 ||
	    uio->uio_iovcnt > UIO_MAXIOV)
		return (EINVAL);
	left = (size_t)uio->uio_resid;
	for (i = 0; i < uio->uio_iovcnt && left > 0; i++)
		left -= ulmin(left, uio->uio_iov[i].iov_len);
	return (left == 0 ? 0 : EINVAL);
}

int
kern_send(int fd, struct uio *uio, int flags, struct sockaddr *to,
    size_t *lenp)
{
	struct socket *so;
	ssize_t resid;
	int error;

	*lenp = 0;
	error = uio_check(uio);
	if (error == 0)
		error = getsock(fd, &so);
	if (error != 0)
		return (error);
	resid = uio->uio_resid;
	uio->uio_rw = UIO_WRITE;
	error = sosend(so, to, uio, NULL, flags);
	sorele(so);
	if (error == 0)
		*lenp = (size_t)(resid - uio->uio_resid);
	return (error);
}

int
kern_recv(int fd, struct uio *uio, int *flagsp,
    struct sockaddr_storage *from, size_t *lenp)
{
	struct socket *so;
	ssize_t resid;
	int error;

	*lenp = 0;
	error = 0;
	if (uio->uio_resid < 0 || flagsp == NULL ||
	    (*flagsp & (MSG_TRUNC | MSG_DISCARD)) == 0)
		error = uio_check(uio);
	if (error == 0)
		error = getsock(fd, &so);
	if (error != 0)
		return (error);
	resid = uio->uio_resid;
	uio->uio_rw = UIO_READ;
	error = soreceive(so, from, uio, NULL, flagsp);
	sorele(so);
	if (error == 0)
		*lenp = (size_t)(resid - uio->uio_resid);
	return (error);
}

int
kern_setsockopt(int fd, int level, int name, const void *val, size_t len)
{
	struct sockopt sopt;
	struct socket *so;
	int error;

	error = getsock(fd, &so);
	if (error != 0)
		return (error);
	memset(&sopt, 0, sizeof(sopt));
	sopt.sopt_dir = SOPT_SET;
	sopt.sopt_level = level;
	sopt.sopt_name = name;
	sopt.sopt_val = __DECONST(void *, val);
	sopt.sopt_valsize = len;
	error = sosetopt(so, &sopt);
	sorele(so);
	return (error);
}

int
kern_getsockopt(int fd, int level, int name, void *val, size_t *lenp)
{
	struct sockopt sopt;
	struct socket *so;
	int error;

	error = getsock(fd, &so);
	if (error != 0)
		return (error);
	memset(&sopt, 0, sizeof(sopt));
	sopt.sopt_dir = SOPT_GET;
	sopt.sopt_level = level;
	sopt.sopt_name = name;
	sopt.sopt_val = val;
	sopt.sopt_valsize = *lenp;
	error = sogetopt(so, &sopt);
	if (error == 0)
		*lenp = sopt.sopt_valsize;
	sorele(so);
	return (error);
}

int
kern_getsockname(int fd, struct sockaddr_storage *ss)
{
	struct socket *so;
	int error;

	error = fd_getsock(fd, &so);
	if (error != 0)
		return (error);
	if (so->so_pcb == NULL)
		return (EINVAL);
	return (so->so_proto->pr_sockaddr(so, ss));
}

int
kern_getpeername(int fd, struct sockaddr_storage *ss)
{
	struct socket *so;
	int error;

	error = fd_getsock(fd, &so);
	if (error != 0)
		return (error);
	if ((so->so_state & (SS_ISCONNECTED | SS_ISCONFIRMING)) == 0 ||
	    so->so_pcb == NULL)
		return (ENOTCONN);
	return (so->so_proto->pr_peeraddr(so, ss));
}

int
kern_ioctl(int fd, u_long cmd, void *data)
{
	struct kqueue *kq;
	struct socket *so;
	int error;

	error = fd_get(fd, &so, &kq);
	if (error != 0)
		return (error);
	if (so == NULL)
		return (ENOTTY);
	return (soioctl(so, cmd, data));
}

/* Without a socket (a kqueue), what of events is true. */
static int
kqueue_poll(struct kqueue *kq, int events)
{

	return (kqueue_ready(kq) ? events & SOPOLL_IN : 0);
}

int
kern_poll(int fd, int events, int *reventsp)
{
	struct kqueue *kq;
	struct socket *so;
	int error;

	error = fd_get(fd, &so, &kq);
	if (error != 0)
		return (error);
	*reventsp = kq != NULL ? kqueue_poll(kq, events) :
	    sopoll(so, events);
	return (0);
}

int
kern_kqueue(int *fdp)
{
	struct kqueue *kq;
	int error;

	kq = kqueue_create();
	if (kq == NULL)
		return (ENOMEM);
	error = fd_install_kqueue(kq, fdp);
	if (error != 0)
		kqueue_destroy(kq);
	return (error);
}

/* The kqueue behind fd: EBADF, also for a socket. */
static int
getkqueue(int fd, struct kqueue **kq)
{
	struct socket *so;
	int error;

	error = fd_get(fd, &so, kq);
	return (error == 0 && *kq == NULL ? EBADF : error);
}

int
kern_kqueue_notify(int fd, void (*func)(void *), void *arg)
{
	struct kqueue *kq;
	int error;

	error = getkqueue(fd, &kq);
	if (error == 0)
		kqueue_set_notify(kq, func, arg);
	return (error);
}

int
kern_kevent(int fd, const struct kevent *changes, int nchanges,
    struct kevent *out, int nout, int *nevents)
{
	struct kevent kev;
	struct kqueue *kq;
	int error, i, n;

	*nevents = 0;
	error = getkqueue(fd, &kq);
	if (error != 0)
		return (error);
	n = 0;
	for (i = 0; i < nchanges; i++) {
		kev = changes[i];
		error = kqueue_register(kq, &kev);
		if (error == 0 && (kev.flags & EV_RECEIPT) == 0)
			continue;
		if (n >= nout) {
			if (error != 0)
				return (error);
			continue;
		}
		kev.flags = EV_ERROR;
		kev.data = error;
		out[n++] = kev;
	}
	*nevents = n > 0 || nout <= 0 ? n : kqueue_scan(kq, out, nout);
	return (0);
}

int
kern_fcntl_getfl(int fd, bool *nonblock)
{
	struct kqueue *kq;
	struct socket *so;
	int error;

	error = fd_get(fd, &so, &kq);
	if (error == 0)
		*nonblock = so != NULL && (so->so_state & SS_NBIO) != 0;
	return (error);
}

int
kern_fcntl_setfl(int fd, bool nonblock)
{
	int value;

	value = nonblock;
	return (kern_ioctl(fd, FIONBIO, &value));
}

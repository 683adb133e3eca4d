/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The system calls of a host, for socket.c and wait.c: each enters the
 * vnet, makes the call, and leaves.
 *
 * Kernel kind: calls kern_*(), or the socket's functions where programs call
 * often, and reads a socket's fields where no call tells how a wait is to
 * end.
 */
#include <sys/param.h>
#include <sys/event.h>
#include <sys/kernel.h>
#include <sys/socketvar.h>
#include <sys/soquick.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <netinet/in.h>

#include "sy_internal.h"

CTASSERT(sizeof(struct kevent) == SYK_KEVENT_SIZE);
CTASSERT(__offsetof(struct kevent, data) == SYK_KEVENT_DATA);
CTASSERT(__offsetof(struct kevent, udata) == SYK_KEVENT_UDATA);
CTASSERT(SYK_POLLIN == SOPOLL_IN && SYK_POLLOUT == SOPOLL_OUT &&
    SYK_POLLERR == SOPOLL_ERR && SYK_POLLHUP == SOPOLL_HUP &&
    SYK_POLLPRI == SOPOLL_PRI);
CTASSERT(SYK_MSG_OOB == MSG_OOB && SYK_MSG_PEEK == MSG_PEEK &&
    SYK_MSG_WAITALL == MSG_WAITALL && SYK_MSG_DONTWAIT == MSG_DONTWAIT &&
    SYK_MSG_MORE == MSG_MORETOCOME);

/* ---- Addresses ---- */

/* Sets as much of *ss as its length then says. */
static struct sockaddr *
addr_to_ss(const struct syk_addr *addr, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin;
	struct sockaddr_in6 *sin6;

	switch (addr->family) {
	case SYK_AF_INET:
		sin = (struct sockaddr_in *)(void *)ss;
		*sin = (struct sockaddr_in){ .sin_len = sizeof(*sin),
		    .sin_family = AF_INET, .sin_port = addr->port };
		memcpy(&sin->sin_addr, addr->addr, 4);
		break;
	case SYK_AF_INET6:
		sin6 = (struct sockaddr_in6 *)(void *)ss;
		*sin6 = (struct sockaddr_in6){ .sin6_len = sizeof(*sin6),
		    .sin6_family = AF_INET6, .sin6_port = addr->port,
		    .sin6_flowinfo = addr->flowinfo,
		    .sin6_scope_id = addr->scope };
		memcpy(&sin6->sin6_addr, addr->addr, 16);
		break;
	default:
		memset(ss, 0, sizeof(struct sockaddr_in));
		ss->ss_len = sizeof(struct sockaddr_in);
		ss->ss_family = addr->family == SYK_AF_NONE ? AF_UNSPEC :
		    AF_LINK;
		break;
	}
	return ((struct sockaddr *)ss);
}

static void
addr_from_ss(struct syk_addr *addr, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *sin;
	const struct sockaddr_in6 *sin6;

	memset(addr, 0, sizeof(*addr));
	if (ss->ss_family == AF_INET) {
		sin = (const struct sockaddr_in *)(const void *)ss;
		addr->family = SYK_AF_INET;
		addr->port = sin->sin_port;
		memcpy(addr->addr, &sin->sin_addr, 4);
	} else if (ss->ss_family == AF_INET6) {
		sin6 = (const struct sockaddr_in6 *)(const void *)ss;
		addr->family = SYK_AF_INET6;
		addr->port = sin6->sin6_port;
		addr->flowinfo = sin6->sin6_flowinfo;
		addr->scope = sin6->sin6_scope_id;
		memcpy(addr->addr, &sin6->sin6_addr, 16);
	}
}

/* ---- Looking before a call ---- */

/*
 * Most calls that will have to wait, and most reads at the end of a stream,
 * can be told by a look at the socket, for which no door is needed where
 * threads do not share the vnet.  Where such a look does not find one of
 * these, the call itself judges.  So it does on a non-blocking descriptor: who
 * asks again and again without running the loop relies on the door, which
 * delivers what another host has handed over.
 */
static inline struct socket *
look_at(const struct vnet *vnet, int fd)
{
	struct socket *so;

	if (__predict_false((vnet->vnet_rare & VNET_SHARED) != 0))
		return (NULL);
	(void)fd_getsock_of(VNET_VNET_PTR(vnet, filedesc), fd, &so);
	if (so != NULL && __predict_false((so->so_state & SS_NBIO) != 0))
		return (NULL);
	return (so);
}

/* EWOULDBLOCK, with how a call on so that takes limit waits. */
static inline int
would_wait(const struct socket *so, sbtimeo_t limit, struct syk_wait *wait)
{

	wait->w_nonblock = (so->so_state & SS_NBIO) != 0;
	wait->w_limit = sbtimeo_ns(limit);
	return (EWOULDBLOCK);
}

/* How long a call that receives from so is to wait. */
static inline sbtimeo_t
receive_limit(const struct socket *so)
{

	return (SOLISTENING(so) ? so->so_sol->sol_sbrcv_timeo :
	    so->so_rcv.sb_timeo);
}

/* ---- Connections ---- */

static inline int
make_socket(struct vnet *vnet, enum syk_af family, int type, int protocol,
    int *fdp)
{
	struct vnet *saved;
	int domain, error;

	domain = family == SYK_AF_INET ? AF_INET :
	    family == SYK_AF_INET6 ? AF_INET6 : AF_UNSPEC;
	saved = vnet_enter_fast(vnet);
	error = kern_socket(domain, type, protocol, fdp);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_socket(struct vnet *vnet, enum syk_af family, int type, int protocol,
    int *fdp)
{

	return (make_socket(vnet, family, type, protocol, fdp));
}

int
syk_call_socket(struct vnet *vnet, enum syk_af family, int type,
    int protocol, struct sy_host *host)
{
	int error, fd;

	error = make_socket(vnet, family, type, protocol, &fd);
	return (error == 0 ? fd : syh_fail(error, "socket", host, SY_NOFD));
}

int
syk_bind(struct vnet *vnet, int fd, const struct syk_addr *addr)
{
	struct sockaddr_storage ss;
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_bind(fd, addr_to_ss(addr, &ss));
	vnet_leave_fast(saved);
	return (error);
}

int
syk_listen(struct vnet *vnet, int fd, int backlog)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_listen(fd, backlog);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_accept(struct vnet *vnet, int fd, struct syk_addr *addr, int *fdp,
    struct syk_wait *wait)
{
	struct sockaddr_storage ss;
	struct socket *so;
	struct vnet *saved;
	int error;

	so = look_at(vnet, fd);
	if (so != NULL && soaccept_is_idle(so))
		return (would_wait(so, so->so_sol->sol_sbrcv_timeo, wait));
	ss.ss_family = AF_UNSPEC;
	saved = vnet_enter_fast(vnet);
	error = kern_accept(fd, addr != NULL ? &ss : NULL, fdp);
	if (__predict_false(error == EWOULDBLOCK) && fd_getsock(fd, &so) == 0)
		error = would_wait(so, receive_limit(so), wait);
	vnet_leave_fast(saved);
	if (error == 0 && addr != NULL)
		addr_from_ss(addr, &ss);
	return (error);
}

/* What is on the listener's queue, without a look at the listener again. */
int
syk_call_accept(struct vnet *vnet, int fd, struct syk_addr *addr,
    struct sy_host *host)
{
	struct sockaddr_storage ss;
	struct socket *so;
	struct vnet *saved;
	int error, newfd;

	while ((so = look_at(vnet, fd)) != NULL && soaccept_is_idle(so))
		if (!syh_turns(host))
			break;
	if (so == NULL || !soaccept_is_ready(so) || !vnet_is_still(vnet))
		return (syh_accept(host, fd, addr));
	saved = vnet_enter_still(vnet);
	error = kern_accept_from(so, addr != NULL ? &ss : NULL, &newfd);
	vnet_end_batch(vnet, saved);
	if (__predict_false(error != 0))
		return (syh_fail(error, "accept", host, fd));
	if (addr != NULL)
		addr_from_ss(addr, &ss);
	return (newfd);
}

/* Connects the handshake of fd?  Then the call is to wait. */
static inline bool
is_connecting(const struct socket *so)
{

	return ((so->so_state & (SS_ISCONNECTING | SS_NBIO)) ==
	    SS_ISCONNECTING && so->so_error == 0);
}

int
syk_connected(struct vnet *vnet, int fd)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_look(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0 && (so->so_state & SS_NBIO) != 0)
		error = EINPROGRESS;
	else if (error == 0 && is_connecting(so))
		error = EWOULDBLOCK;
	else if (error == 0) {
		error = so->so_error;
		so->so_error = 0;
	}
	vnet_look_end(saved);
	return (error);
}

static inline int
begin_connect(struct vnet *vnet, int fd, const struct syk_addr *addr)
{
	struct sockaddr_storage ss;
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_connect(fd, addr_to_ss(addr, &ss));
	vnet_leave_fast(saved);
	return (error);
}

int
syk_connect(struct vnet *vnet, int fd, const struct syk_addr *addr)
{

	return (begin_connect(vnet, fd, addr));
}

int
syk_call_connect(struct vnet *vnet, int fd, const struct syk_addr *addr,
    struct sy_host *host)
{
	const struct socket *so;
	int error;

	error = begin_connect(vnet, fd, addr);
	if (__predict_false(error != EINPROGRESS))
		return (error == 0 ? 0 : syh_fail(error, "connect", host, fd));
	/* With ourselves it may have come to an end at once. */
	while ((so = look_at(vnet, fd)) != NULL && is_connecting(so))
		if (!syh_turns(host))
			break;
	if (so != NULL && (so->so_state & SS_ISCONNECTED) != 0 &&
	    so->so_error == 0)
		return (0);
	return (syh_connect(host, fd));
}

int
syk_shutdown(struct vnet *vnet, int fd, int how)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_shutdown(fd, how);
	vnet_leave_fast(saved);
	return (error);
}

static inline int
close_once(struct vnet *vnet, int fd)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_close(fd);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_close(struct vnet *vnet, int fd)
{

	return (close_once(vnet, fd));
}

int
syk_call_close(struct vnet *vnet, int fd, struct sy_host *host)
{
	int error;

	error = close_once(vnet, fd);
	return (error == 0 ? 0 : syh_close(host, fd, error));
}

/* ---- Data ---- */

/*
 * A uio over what iov has behind its first skip bytes.  Its vector is kiov
 * (of UIO_MAXIOV).
 */
static void
make_uio_of_many(struct uio *uio, struct iovec *kiov, const struct iovec *iov,
    int iovcnt, size_t skip, enum uio_rw rw)
{
	size_t resid;
	int i, n;

	resid = 0;
	n = 0;
	for (i = 0; i < iovcnt && n < UIO_MAXIOV; i++) {
		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			continue;
		}
		kiov[n].iov_base = (char *)iov[i].iov_base + skip;
		kiov[n].iov_len = iov[i].iov_len - skip;
		skip = 0;
		if (kiov[n].iov_len > (size_t)PTRDIFF_MAX - resid)
			kiov[n].iov_len = (size_t)PTRDIFF_MAX - resid;
		resid += kiov[n++].iov_len;
	}
	uio->uio_iov = kiov;
	uio->uio_iovcnt = n;
	uio->uio_resid = (ssize_t)resid;
	uio->uio_rw = rw;
}

/* The same, which is mostly of one. */
static inline void
make_uio(struct uio *uio, struct iovec *kiov, const struct iovec *iov,
    int iovcnt, size_t skip, enum uio_rw rw)
{
	size_t len;

	if (__predict_false(iovcnt != 1 || skip > iov[0].iov_len ||
	    iov[0].iov_len > PTRDIFF_MAX)) {
		make_uio_of_many(uio, kiov, iov, iovcnt, skip, rw);
		return;
	}
	len = iov[0].iov_len - skip;
	kiov[0].iov_base = (char *)iov[0].iov_base + skip;
	kiov[0].iov_len = len;
	uio->uio_iov = kiov;
	uio->uio_iovcnt = 1;
	uio->uio_resid = (ssize_t)len;
	uio->uio_rw = rw;
}

int
syk_send(struct vnet *vnet, int fd, const struct iovec *iov, int iovcnt,
    size_t skip, int flags, const struct syk_addr *to, size_t *lenp)
{
	struct sockaddr_storage ss;
	struct iovec kiov[UIO_MAXIOV];
	struct vnet *saved;
	struct uio uio;
	int error;

	make_uio(&uio, kiov, iov, iovcnt, skip, UIO_WRITE);
	*lenp = 0;
	saved = vnet_enter_fast(vnet);
	error = kern_send(fd, &uio, flags,
	    to != NULL ? addr_to_ss(to, &ss) : NULL, lenp);
	if (__predict_false(error == ENOTCONN))
		error = syk_compat_send_error(fd, error);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_recv(struct vnet *vnet, int fd, const struct iovec *iov, int iovcnt,
    size_t skip, int *flags, struct syk_addr *from, size_t *lenp)
{
	struct sockaddr_storage ss;
	struct iovec kiov[UIO_MAXIOV];
	struct vnet *saved;
	struct uio uio;
	int error;

	make_uio(&uio, kiov, iov, iovcnt, skip, UIO_READ);
	*lenp = 0;
	if (from != NULL)
		memset(&ss, 0, sizeof(ss));
	saved = vnet_enter_fast(vnet);
	error = kern_recv(fd, &uio, flags, from != NULL ? &ss : NULL, lenp);
	vnet_leave_fast(saved);
	if (error == 0 && from != NULL)
		addr_from_ss(from, &ss);
	return (error);
}

/*
 * The quick ways (sys/soquick.h), each one frame from the program's call to
 * the protocol's function.  What is not for them, syh_write() and syh_read()
 * do from the beginning.
 */

ssize_t
syk_call_write(struct vnet *vnet, int fd, const void *buf, size_t len,
    struct sy_host *host, const char *call)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	so = look_at(vnet, fd);
	if (so == NULL || !vnet_is_still(vnet) || !sosend_is_quick(so, len))
		return (syh_write(host, fd, buf, len, call));
	saved = vnet_enter_still(vnet);
	error = sosend_quick(so, buf, len);
	if (__predict_false(error == ENOTCONN))
		error = syk_compat_send_error(fd, error);
	vnet_end_batch(vnet, saved);
	if (__predict_true(error == 0))
		return ((ssize_t)len);
	return (syh_fail(error, call, host, fd));
}

/* The protocol of fd's socket, which was read from, is to hear of it. */
static void __noinline
tell_rcvd(struct vnet *vnet, struct socket *so)
{
	struct vnet *saved;

	saved = vnet_enter_fast(vnet);
	soref(so);
	(void)so->so_proto->pr_rcvd(so, 0);
	sorele(so);
	vnet_leave_fast(saved);
}

/*
 * A look first, again after each turn of the loop that costs no time.  Then no
 * door: a read of what is there asks nothing of the vnet, and where no task is
 * put off a door has nothing to do.  No bytes are syh_read()'s, and so are too
 * many: less 1, both are.
 */
ssize_t
syk_call_read(struct vnet *vnet, int fd, void *buf, size_t len,
    struct sy_host *host, const char *call)
{
	struct socket *so;
	u_int n;

	while ((so = look_at(vnet, fd)) != NULL && soreceive_is_idle(so))
		if (len - 1 >= PTRDIFF_MAX || !syh_turns(host))
			break;
	if (so == NULL || vnet->vnet_tasks.tq_first != NULL ||
	    len - 1 >= PTRDIFF_MAX)
		return (syh_read(host, fd, buf, len, call));
	n = soreceive_quick(so, buf, len);
	if (n == 0)
		return (soreceive_is_ended(so) ? 0 :
		    syh_read(host, fd, buf, len, call));
	if (__predict_false(soreceive_tell(so, vnet)))
		tell_rcvd(vnet, so);
	return ((ssize_t)n);
}

int
syk_write(struct syk_io *io)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(io->io_vnet);
	error = io->io_len <= PTRDIFF_MAX ? fd_getsock(io->io_fd, &so) :
	    EINVAL;
	if (error == 0) {
		soref(so);
		error = sosend_buf(so, io->io_buf, io->io_len, &io->io_done);
		sorele(so);
	}
	if (__predict_false(error != 0)) {
		io->io_done = 0;
		if (error == ENOTCONN)
			error = syk_compat_send_error(io->io_fd, error);
	}
	vnet_leave_fast(saved);
	return (error);
}

int
syk_read(struct syk_io *io)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	so = look_at(io->io_vnet, io->io_fd);
	if (so != NULL && soreceive_is_idle(so) && io->io_len - 1 < PTRDIFF_MAX)
		return (would_wait(so, so->so_rcv.sb_timeo, &io->io_wait));

	saved = vnet_enter_fast(io->io_vnet);
	error = io->io_len <= PTRDIFF_MAX ? fd_getsock(io->io_fd, &so) :
	    EINVAL;
	if (error == 0) {
		soref(so);
		error = soreceive_buf(so, io->io_buf, io->io_len,
		    &io->io_done);
		if (__predict_false(error == EWOULDBLOCK))
			(void)would_wait(so, receive_limit(so), &io->io_wait);
		sorele(so);
	}
	vnet_leave_fast(saved);
	return (error);
}

/* ---- Options and names ---- */

int
syk_setsockopt(struct vnet *vnet, int fd, int level, int name,
    const void *val, size_t len)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_setsockopt(fd, level, name, val, len);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_getsockopt(struct vnet *vnet, int fd, int level, int name, void *val,
    size_t *lenp)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_getsockopt(fd, level, name, val, lenp);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_soerror(struct vnet *vnet, int fd, int *soerror)
{
	size_t len;

	*soerror = 0;
	len = sizeof(*soerror);
	return (syk_getsockopt(vnet, fd, SOL_SOCKET, SO_ERROR, soerror,
	    &len));
}

int
syk_getsockname(struct vnet *vnet, int fd, struct syk_addr *addr)
{
	struct sockaddr_storage ss;
	struct vnet *saved;
	int error;

	memset(&ss, 0, sizeof(ss));
	saved = vnet_enter_fast(vnet);
	error = kern_getsockname(fd, &ss);
	vnet_leave_fast(saved);
	if (error == 0)
		addr_from_ss(addr, &ss);
	return (error);
}

int
syk_getpeername(struct vnet *vnet, int fd, struct syk_addr *addr)
{
	struct sockaddr_storage ss;
	struct vnet *saved;
	int error;

	memset(&ss, 0, sizeof(ss));
	saved = vnet_enter_fast(vnet);
	error = kern_getpeername(fd, &ss);
	vnet_leave_fast(saved);
	if (error == 0)
		addr_from_ss(addr, &ss);
	return (error);
}

int
syk_ioctl(struct vnet *vnet, int fd, unsigned long cmd, void *data)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_ioctl(fd, cmd, data);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_setnonblock(struct vnet *vnet, int fd, bool on)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_fcntl_setfl(fd, on);
	vnet_leave_fast(saved);
	return (error);
}

/* ---- Waiting ---- */

int
syk_waitinfo(struct vnet *vnet, int fd, enum syk_side side,
    struct syk_wait *wait)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_look(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0) {
		wait->w_nonblock = (so->so_state & SS_NBIO) != 0;
		if (side == SYK_LINGER)
			wait->w_limit = (so->so_options & SO_LINGER) != 0 &&
			    so->so_linger > 0 ?
			    (uint64_t)so->so_linger * NS_PER_SEC : 0;
		else if (side == SYK_SEND)
			wait->w_limit = sbtimeo_ns(so->so_snd.sb_timeo);
		else
			wait->w_limit = sbtimeo_ns(receive_limit(so));
	}
	vnet_look_end(saved);
	return (error);
}

int
syk_poll(struct vnet *vnet, int fd, int events, int *revents)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_look(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0)
		*revents = sopoll(so, events);
	else if (error == ENOTSOCK)
		error = kern_poll(fd, events, revents);
	vnet_look_end(saved);
	return (error);
}

int
syk_kqueue(struct vnet *vnet, int *fdp)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = kern_kqueue(fdp);
	vnet_leave_fast(saved);
	return (error);
}

int
syk_kevent(struct vnet *vnet, int kq, const void *changes, int nchanges,
    void *events, int nevents, int *n)
{
	struct vnet *saved;
	int error;

	*n = 0;
	saved = vnet_enter_fast(vnet);
	error = kern_kevent(kq, changes, nchanges, events, nevents, n);
	vnet_leave_fast(saved);
	return (error);
}

static int
watch_upcall(struct socket *so __unused, void *arg, int waitflag __unused)
{

	syh_watch_ready(arg);
	return (SU_OK);
}

/* One side of so, if watch wants any of events: ENOMEM. */
static int
watch_side(struct socket *so, int which, int events, struct sy_watch *watch)
{

	if ((watch->w_kevents & events) != 0)
		return (soupcall_set(so, which, watch_upcall, watch));
	soupcall_clear(so, which);
	return (0);
}

int
syk_watch(struct vnet *vnet, int fd, struct sy_watch *watch)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter_fast(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0)
		error = watch_side(so, SO_RCV, SYK_POLLIN | SYK_POLLPRI,
		    watch);
	if (error == 0)
		error = watch_side(so, SO_SND, SYK_POLLOUT, watch);
	vnet_leave_fast(saved);
	return (error);
}

void
syk_unwatch(struct vnet *vnet, int fd)
{
	struct socket *so;
	struct vnet *saved;

	saved = vnet_enter_fast(vnet);
	if (fd_getsock(fd, &so) == 0) {
		soupcall_clear(so, SO_RCV);
		soupcall_clear(so, SO_SND);
	}
	vnet_leave_fast(saved);
}

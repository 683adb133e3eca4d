/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sockets: the program's calls, translated (translate.c), made (k_socket.c)
 * and, on a blocking descriptor, made again each time the loop has brought
 * what they wait for (wait.c).
 *
 * The stack itself never waits: EWOULDBLOCK, or EINPROGRESS for connect,
 * means not yet.  Whether and how long to wait is asked only then, so a call
 * that can go on at once costs no more than the stack's own.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "sy_loop.h"

#define	IOV_LIMIT	1024		/* the stack's UIO_MAXIOV */

/* The deadline of a call that waits as *wait has it, in *deadlinep, if it is
 * not there (0) yet. */
static inline uint64_t
deadline_of(const struct sy_host *host, const struct syk_wait *wait,
    uint64_t *deadlinep)
{

	if (*deadlinep == 0)
		*deadlinep = sy_deadline(host->h_loop,
		    wait->w_limit != 0 ? wait->w_limit : SY_NEVER);
	return (*deadlinep);
}

/*
 * A call would wait as *wait has it: wait for an event that may let it go on.
 * To try again costs hardly more than to ask.  EAGAIN: it is not to wait, or
 * not longer.
 */
static inline int
wait_as(struct sy_host *host, const struct syk_wait *wait,
    uint64_t *deadlinep)
{

	if (*deadlinep == 0 && wait->w_nonblock)
		return (EAGAIN);
	if (sy_wait_instant(host))
		return (0);
	return (sy_wait_event(host, deadline_of(host, wait, deadlinep)));
}

/* fd is not ready for side: wait until it is, or may be. */
static int
wait_ready(struct sy_host *host, int fd, enum syk_side side,
    uint64_t *deadlinep)
{
	struct syk_wait wait = { 0 };
	int error, revents;

	error = *deadlinep == 0 ?
	    syk_waitinfo(host->h_vnet, fd, side, &wait) : 0;
	if (error != 0)
		return (error);
	if (side == SYK_RECEIVE)
		return (wait_as(host, &wait, deadlinep));
	if (*deadlinep == 0 && wait.w_nonblock)
		return (EAGAIN);
	return (sy_wait_fd(host, fd, SYK_POLLOUT,
	    deadline_of(host, &wait, deadlinep), &revents));
}

/* As sy_fail_fd(), when host may have gone during a wait (EBADF). */
static int
fail_after_wait(int error, const char *call, const struct sy_host *host,
    int fd, bool waited)
{

	if (waited && error == EBADF)
		return (sy_fail(EBADF, "%s: descriptor %d: it was closed, or "
		    "its host freed, during the call", call, fd));
	return (sy_fail_fd(error, call, host, fd));
}

int
syh_fail(int error, const char *call, const struct sy_host *host, int fd)
{

	return (sy_fail_fd(error, call, host, fd));
}

bool
syh_turns(struct sy_host *host)
{

	return (sy_wait_instant(host));
}

/* ---- Connections ---- */

int
sy_socket(struct sy_host *host, int domain, int type, int protocol)
{
	int fd, flags;

	flags = 0;
#ifdef SOCK_NONBLOCK
	flags |= type & SOCK_NONBLOCK;
	type &= ~SOCK_NONBLOCK;
#endif
#ifdef SOCK_CLOEXEC
	type &= ~SOCK_CLOEXEC;
#endif
	fd = syk_call_socket(host->h_vnet, sy_tr_domain(domain),
	    sy_tr_type(type), protocol, host);
	if (__builtin_expect(flags == 0, 1))
		return (fd);
	if (fd >= 0)
		(void)syk_setnonblock(host->h_vnet, fd, true);
	return (fd);
}

int
sy_bind(struct sy_host *host, int fd, const struct sockaddr *addr,
    socklen_t len)
{
	struct syk_addr kaddr;
	int error;

	error = sy_tr_addr_in(addr, len, &kaddr);
	if (error == 0)
		error = syk_bind(host->h_vnet, fd, &kaddr);
	return (error == 0 ? 0 : sy_fail_fd(error, "bind", host, fd));
}

int
sy_listen(struct sy_host *host, int fd, int backlog)
{
	int error;

	error = syk_listen(host->h_vnet, fd, backlog);
	return (error == 0 ? 0 : sy_fail_fd(error, "listen", host, fd));
}

int
syh_accept(struct sy_host *host, int fd, struct syk_addr *addr)
{
	struct syk_wait wait;
	uint64_t deadline;
	int error, newfd;

	deadline = 0;
	while ((error = syk_accept(host->h_vnet, fd, addr, &newfd,
	    &wait)) == EWOULDBLOCK) {
		error = wait_as(host, &wait, &deadline);
		if (error != 0)
			break;
	}
	if (error != 0)
		return (fail_after_wait(error, "accept", host, fd,
		    deadline != 0));
	return (newfd);
}

/* The same with the peer's address. */
static int __attribute__((__noinline__))
accept_addr(struct sy_host *host, int fd, struct sockaddr *addr,
    socklen_t *len)
{
	struct syk_addr kaddr;
	int newfd;

	newfd = syk_call_accept(host->h_vnet, fd, &kaddr, host);
	if (newfd >= 0)
		sy_tr_addr_out(&kaddr, addr, len);
	return (newfd);
}

int
sy_accept(struct sy_host *host, int fd, struct sockaddr *addr,
    socklen_t *len)
{

	if (addr != NULL)
		return (accept_addr(host, fd, addr, len));
	return (syk_call_accept(host->h_vnet, fd, NULL, host));
}

/* A connect that is begun: wait for its end. */
int
syh_connect(struct sy_host *host, int fd)
{
	struct syk_wait for_ever = { 0 };
	uint64_t deadline;
	int error;

	deadline = 0;
	while ((error = syk_connected(host->h_vnet, fd)) == EWOULDBLOCK) {
		error = wait_as(host, &for_ever, &deadline);
		if (error != 0)
			break;
	}
	if (error != 0)
		return (fail_after_wait(error, "connect", host, fd, true));
	return (0);
}

int
sy_connect(struct sy_host *host, int fd, const struct sockaddr *addr,
    socklen_t len)
{
	struct syk_addr kaddr;
	int error;

	error = sy_tr_addr_in(addr, len, &kaddr);
	if (error != 0)
		return (sy_fail_fd(error, "connect", host, fd));
	return (syk_call_connect(host->h_vnet, fd, &kaddr, host));
}

int
sy_shutdown(struct sy_host *host, int fd, int how)
{
	int error;

	error = syk_shutdown(host->h_vnet, fd, how == SHUT_RD ? 0 :
	    how == SHUT_WR ? 1 : how == SHUT_RDWR ? 2 : -1);
	return (error == 0 ? 0 : sy_fail_fd(error, "shutdown", host, fd));
}

/* Lingering, which ends by itself at the deadline. */
static int __attribute__((__noinline__))
close_lingering(struct sy_host *host, int fd)
{
	struct syk_wait wait;
	uint64_t deadline;
	int error;

	deadline = 0;
	do {
		if (deadline == 0 && syk_waitinfo(host->h_vnet, fd,
		    SYK_LINGER, &wait) == 0)
			deadline = sy_deadline(host->h_loop, wait.w_limit);
		error = sy_wait_event(host, deadline);
		if (error == EBADF)
			break;
		if (error != 0 && error != EAGAIN) {
			/* No waiting here: close, and let the stack go on. */
			sy_note_wait(NULL);
			(void)syk_setnonblock(host->h_vnet, fd, true);
		}
	} while ((error = syk_close(host->h_vnet, fd)) == EWOULDBLOCK);
	if (error != 0)
		return (fail_after_wait(error, "close", host, fd, true));
	return (0);
}

int
syh_close(struct sy_host *host, int fd, int error)
{

	if (error == EWOULDBLOCK)
		return (close_lingering(host, fd));
	return (sy_fail_fd(error, "close", host, fd));
}

int
sy_close(struct sy_host *host, int fd)
{

	if (__builtin_expect(host->h_nwatches != 0, 0))
		sy_watch_forget(host, fd);
	return (syk_call_close(host->h_vnet, fd, host));
}

/* ---- Data ---- */

/* The sum of the lengths; false: too many, or too long for a ssize_t. */
static bool
iov_total(const struct iovec *iov, int iovcnt, size_t *total)
{
	int i;

	*total = 0;
	if (iovcnt < 0 || iovcnt > IOV_LIMIT || (iovcnt > 0 && iov == NULL))
		return (false);
	for (i = 0; i < iovcnt; i++) {
		if (iov[i].iov_len > (size_t)PTRDIFF_MAX - *total)
			return (false);
		*total += iov[i].iov_len;
	}
	return (true);
}

static ssize_t
send_all(struct sy_host *host, const char *call, int fd,
    const struct iovec *iov, int iovcnt, int flags,
    const struct syk_addr *to)
{
	uint64_t deadline;
	size_t done, n, total;
	bool waited;
	int error, kflags;

	if (!iov_total(iov, iovcnt, &total))
		return (sy_fail_fd(EINVAL, call, host, fd));
	error = sy_tr_msg_in(flags, &kflags);
	if (error == 0 && kflags != 0)
		error = syk_compat_flags(host->h_vnet, fd, &kflags);
	if (error != 0)
		return (sy_fail_fd(error, call, host, fd));
	deadline = 0;
	waited = false;
	for (done = 0;;) {
		error = syk_send(host->h_vnet, fd, iov, iovcnt, done,
		    kflags, done == 0 ? to : NULL, &n);
		done += n;
		if ((error == 0 && done == total) ||
		    (error != 0 && error != EWOULDBLOCK))
			break;
		error = EAGAIN;
		if ((kflags & SYK_MSG_DONTWAIT) != 0)
			break;
		waited = true;
		error = wait_ready(host, fd, SYK_SEND, &deadline);
		if (error != 0)
			break;
	}
	if (error == 0 || done > 0) {
		sy_note_wait(NULL);
		return ((ssize_t)done);
	}
	return (fail_after_wait(error, call, host, fd, waited));
}

/* Has reading come to the urgent mark, where MSG_WAITALL ends too? */
static bool
at_mark(struct sy_host *host, int fd)
{
	int at;

	return (syk_ioctl(host->h_vnet, fd, SY_SIOCATMARK, &at) == 0 &&
	    at != 0);
}

static ssize_t
receive(struct sy_host *host, const char *call, int fd,
    const struct iovec *iov, int iovcnt, int flags, struct syk_addr *from)
{
	uint64_t deadline;
	size_t done, n, total;
	bool all, waited;
	int error, kflags, oflags;

	if (!iov_total(iov, iovcnt, &total))
		return (sy_fail_fd(EINVAL, call, host, fd));
	error = sy_tr_msg_in(flags, &kflags);
	if (error != 0)
		return (sy_fail_fd(error, call, host, fd));
	all = (kflags & (SYK_MSG_WAITALL | SYK_MSG_PEEK)) ==
	    SYK_MSG_WAITALL;
	kflags &= ~SYK_MSG_WAITALL;
	deadline = 0;
	waited = false;
	for (done = 0;;) {
		oflags = kflags;
		error = syk_recv(host->h_vnet, fd, iov, iovcnt, done,
		    &oflags, from, &n);
		done += n;
		if (error == 0 && all && n > 0 && done < total &&
		    !at_mark(host, fd))
			continue;
		if (error != EWOULDBLOCK || (done > 0 && !all) ||
		    (kflags & (SYK_MSG_DONTWAIT | SYK_MSG_OOB)) != 0)
			break;
		waited = true;
		error = wait_ready(host, fd, SYK_RECEIVE, &deadline);
		if (error != 0)
			break;
	}
	if (error == 0 || done > 0) {
		sy_note_wait(NULL);
		return ((ssize_t)done);
	}
	return (fail_after_wait(error, call, host, fd, waited));
}

/* Of io what a call is told. */
static inline void
plain_io(struct syk_io *io, const struct sy_host *host, int fd,
    const void *buf, size_t len)
{

	io->io_vnet = host->h_vnet;
	io->io_fd = fd;
	io->io_buf = (void *)(uintptr_t)buf;
	io->io_len = len;
}

/* A write that was not done at once, whatever it came to, goes on. */
static ssize_t __attribute__((__noinline__))
send_rest(struct sy_host *host, struct syk_io *io, int error,
    const char *call)
{
	uint64_t deadline;
	size_t done;

	deadline = 0;
	for (done = 0;; error = syk_write(io)) {
		done += io->io_done;
		io->io_buf = (char *)io->io_buf + io->io_done;
		io->io_len -= io->io_done;
		if ((error == 0 && io->io_len == 0) ||
		    (error != 0 && error != EWOULDBLOCK))
			break;
		error = wait_ready(host, io->io_fd, SYK_SEND, &deadline);
		if (error != 0)
			break;
	}
	if (done > 0) {
		sy_note_wait(NULL);
		return ((ssize_t)done);
	}
	return (fail_after_wait(error, call, host, io->io_fd, deadline != 0));
}

/* send_all() of one range without flags or address, as most are. */
ssize_t
syh_write(struct sy_host *host, int fd, const void *buf, size_t len,
    const char *call)
{
	struct syk_io io;
	int error;

	plain_io(&io, host, fd, buf, len);
	error = syk_write(&io);
	if (error == 0 && io.io_done == len)
		return ((ssize_t)len);
	return (send_rest(host, &io, error, call));
}

/* receive() of one range without flags or address. */
ssize_t
syh_read(struct sy_host *host, int fd, void *buf, size_t len,
    const char *call)
{
	struct syk_io io;
	uint64_t deadline;
	int error;

	plain_io(&io, host, fd, buf, len);
	deadline = 0;
	while ((error = syk_read(&io)) == EWOULDBLOCK) {
		error = wait_as(host, &io.io_wait, &deadline);
		if (error != 0)
			break;
	}
	if (error == 0)
		return ((ssize_t)io.io_done);
	return (fail_after_wait(error, call, host, io.io_fd, deadline != 0));
}

static struct iovec
one_iov(const void *buf, size_t len)
{

	return ((struct iovec){ .iov_base = (void *)(uintptr_t)buf,
	    .iov_len = len });
}

static ssize_t __attribute__((__noinline__))
send_flags(struct sy_host *host, int fd, const void *buf, size_t len,
    int flags)
{
	struct iovec iov;

	iov = one_iov(buf, len);
	return (send_all(host, "send", fd, &iov, 1, flags, NULL));
}

static ssize_t __attribute__((__noinline__))
receive_flags(struct sy_host *host, int fd, void *buf, size_t len, int flags)
{
	struct iovec iov;

	iov = one_iov(buf, len);
	return (receive(host, "recv", fd, &iov, 1, flags, NULL));
}

ssize_t
sy_send(struct sy_host *host, int fd, const void *buf, size_t len, int flags)
{

	if (flags == 0)
		return (syk_call_write(host->h_vnet, fd, buf, len, host,
		    "send"));
	return (send_flags(host, fd, buf, len, flags));
}

ssize_t
sy_sendto(struct sy_host *host, int fd, const void *buf, size_t len,
    int flags, const struct sockaddr *to, socklen_t tolen)
{
	struct syk_addr kaddr;
	struct iovec iov;

	if (to != NULL && sy_tr_addr_in(to, tolen, &kaddr) != 0)
		return (sy_fail_fd(EINVAL, "sendto", host, fd));
	iov = one_iov(buf, len);
	return (send_all(host, "sendto", fd, &iov, 1, flags,
	    to != NULL ? &kaddr : NULL));
}

ssize_t
sy_writev(struct sy_host *host, int fd, const struct iovec *iov, int iovcnt)
{

	return (send_all(host, "writev", fd, iov, iovcnt, 0, NULL));
}

ssize_t
sy_write(struct sy_host *host, int fd, const void *buf, size_t len)
{

	return (syk_call_write(host->h_vnet, fd, buf, len, host, "write"));
}

ssize_t
sy_recv(struct sy_host *host, int fd, void *buf, size_t len, int flags)
{

	if (flags == 0)
		return (syk_call_read(host->h_vnet, fd, buf, len, host,
		    "recv"));
	return (receive_flags(host, fd, buf, len, flags));
}

ssize_t
sy_recvfrom(struct sy_host *host, int fd, void *buf, size_t len, int flags,
    struct sockaddr *from, socklen_t *fromlen)
{
	struct syk_addr kaddr;
	struct iovec iov;
	ssize_t n;

	memset(&kaddr, 0, sizeof(kaddr));
	iov = one_iov(buf, len);
	n = receive(host, "recvfrom", fd, &iov, 1, flags,
	    from != NULL ? &kaddr : NULL);
	if (n >= 0)
		sy_tr_addr_out(&kaddr, from, fromlen);
	return (n);
}

ssize_t
sy_readv(struct sy_host *host, int fd, const struct iovec *iov, int iovcnt)
{

	return (receive(host, "readv", fd, iov, iovcnt, 0, NULL));
}

ssize_t
sy_read(struct sy_host *host, int fd, void *buf, size_t len)
{

	return (syk_call_read(host->h_vnet, fd, buf, len, host, "read"));
}

/* ---- Options and names ---- */

/* The host's system does not know the number: it may be the program's, of a
 * level where those are told apart. */
static bool
again_native(int error, int level)
{

	return (error == ENOPROTOOPT && level != IPPROTO_TCP);
}

int
sy_setsockopt(struct sy_host *host, int fd, int level, int name,
    const void *val, socklen_t len)
{
	int error, klevel, kname;

	if (val == NULL && len > 0)
		error = EFAULT;
	else if (!syk_compat_setsockopt(host->h_vnet, fd, level, name, val,
	    len, &error) || again_native(error, level))
		error = sy_tr_option(level, name, &klevel, &kname);
	else
		return (error == 0 ? 0 :
		    sy_fail_fd(error, "setsockopt", host, fd));
	if (error == 0)
		error = syk_setsockopt(host->h_vnet, fd, klevel, kname, val,
		    len);
	if (error != 0)
		return (sy_fail_fd(error, "setsockopt", host, fd));
	return (0);
}

int
sy_getsockopt(struct sy_host *host, int fd, int level, int name, void *val,
    socklen_t *len)
{
	size_t klen;
	int error, klevel, kname;

	if (len == NULL || (val == NULL && *len > 0))
		return (sy_fail_fd(EFAULT, "getsockopt", host, fd));
	klen = *len;
	if (syk_compat_getsockopt(host->h_vnet, fd, level, name, val, &klen,
	    &error) && !again_native(error, level)) {
		if (error != 0)
			return (sy_fail_fd(error, "getsockopt", host, fd));
		*len = (socklen_t)klen;
		return (0);
	}
	error = sy_tr_option(level, name, &klevel, &kname);
	if (error != 0)
		return (sy_fail_fd(error, "getsockopt", host, fd));
	klen = *len;
	error = syk_getsockopt(host->h_vnet, fd, klevel, kname, val, &klen);
	if (error != 0)
		return (sy_fail_fd(error, "getsockopt", host, fd));
	sy_tr_optval_out(klevel, kname, val, klen);
	*len = (socklen_t)klen;
	return (0);
}

/* Give the program an address that a call has found. */
static int
name_out(int error, const char *call, const struct sy_host *host, int fd,
    const struct syk_addr *kaddr, struct sockaddr *addr, socklen_t *len)
{

	if (error == 0 && (addr == NULL || len == NULL))
		error = EFAULT;
	if (error != 0)
		return (sy_fail_fd(error, call, host, fd));
	sy_tr_addr_out(kaddr, addr, len);
	return (0);
}

int
sy_getsockname(struct sy_host *host, int fd, struct sockaddr *addr,
    socklen_t *len)
{
	struct syk_addr kaddr;
	int error;

	error = syk_getsockname(host->h_vnet, fd, &kaddr);
	return (name_out(error, "getsockname", host, fd, &kaddr, addr, len));
}

int
sy_getpeername(struct sy_host *host, int fd, struct sockaddr *addr,
    socklen_t *len)
{
	struct syk_addr kaddr;
	int error;

	error = syk_getpeername(host->h_vnet, fd, &kaddr);
	return (name_out(error, "getpeername", host, fd, &kaddr, addr, len));
}

int
sy_ioctl(struct sy_host *host, int fd, unsigned long request, void *arg)
{
	int error;

	if (arg == NULL)
		error = EFAULT;
	else if (!syk_compat_ioctl(host->h_vnet, fd, request, arg, &error) ||
	    error == ENOTTY)
		error = syk_ioctl(host->h_vnet, fd, request, arg);
	return (error == 0 ? 0 : sy_fail_fd(error, "ioctl", host, fd));
}

int
sy_setnonblock(struct sy_host *host, int fd, bool on)
{
	int error;

	error = syk_setnonblock(host->h_vnet, fd, on);
	return (error == 0 ? 0 : sy_fail_fd(error, "setnonblock", host, fd));
}

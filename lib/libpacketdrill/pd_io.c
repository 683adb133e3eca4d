/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Data: the sending and receiving calls, all of them made of two.
 *
 * On a descriptor that is none of ours (an end of a pipe) read and write
 * are the system's; the others fail, as on anything that is no socket.
 *
 * Flags that the stack does not know and that are answered here: the queue
 * of errors is always empty, without SO_ZEROCOPY (which is refused) Linux
 * copies, and MSG_FASTOPEN is a connect with text.
 */
#include <sys/socket.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "pd.h"

#define	IOV_LIMIT	1024
/* Linux's numbers. */
#define	PD_TCP_CM_INQ	36
#define	PD_MSG_ERRQUEUE	0x2000
#define	PD_MSG_ZEROCOPY	0x4000000
#define	PD_MSG_FASTOPEN	0x20000000

/* The sum of the lengths; EINVAL: too many, or too long for a ssize_t. */
static int
iov_total(const struct iovec *iov, size_t iovcnt, size_t *total)
{
	size_t i;

	*total = 0;
	if (iovcnt > IOV_LIMIT || (iovcnt > 0 && iov == NULL))
		return (EINVAL);
	for (i = 0; i < iovcnt; i++) {
		if (iov[i].iov_len > (size_t)PTRDIFF_MAX - *total)
			return (EINVAL);
		*total += iov[i].iov_len;
	}
	return (0);
}

static struct iovec
one_iov(const void *buf, size_t len)
{

	return ((struct iovec){ .iov_base = (void *)(uintptr_t)buf,
	    .iov_len = len });
}

/* ---- On a file ---- */

ssize_t
pd_file_send(struct pd *pd, struct pd_file *f, const struct iovec *iov,
    int iovcnt, int flags, const struct syk_addr *to)
{
	uint64_t deadline;
	size_t done, n, total;
	int error, kflags, soerror;

	error = iov_total(iov, (size_t)iovcnt, &total);
	if (error == 0)
		error = pdk_msg_flags(pd->pd_host->h_vnet, f->f_sfd,
		    flags & ~PD_MSG_ZEROCOPY, &kflags);
	deadline = 0;
	for (done = 0; error == 0;) {
		error = syk_send(pd->pd_host->h_vnet, f->f_sfd, iov, iovcnt,
		    done, kflags, done == 0 ? to : NULL, &n);
		done += n;
		if (error == 0 && done == total)
			return ((ssize_t)done);
		if (error == 0 || error == EWOULDBLOCK)
			error = pd_file_block(pd, f, POLLOUT,
			    (kflags & SYK_MSG_DONTWAIT) != 0, &deadline);
	}
	if (done > 0)
		return ((ssize_t)done);
	if (error == EPIPE && pdk_error_first(pd->pd_host->h_vnet) &&
	    syk_soerror(pd->pd_host->h_vnet, f->f_sfd, &soerror) == 0 &&
	    soerror != 0)
		error = soerror;
	errno = error;
	return (-1);
}

ssize_t
pd_file_recv(struct pd *pd, struct pd_file *f, const struct iovec *iov,
    int iovcnt, int flags, struct syk_addr *from)
{
	uint64_t deadline;
	size_t done, n, total;
	bool all;
	int error, kflags, oflags;

	error = iov_total(iov, (size_t)iovcnt, &total);
	if (error == 0 && (flags & PD_MSG_ERRQUEUE) != 0)
		error = EAGAIN;
	if (error == 0)
		error = pdk_msg_flags(pd->pd_host->h_vnet, f->f_sfd,
		    flags, &kflags);
	all = error == 0 && (kflags & (SYK_MSG_WAITALL | SYK_MSG_PEEK)) ==
	    SYK_MSG_WAITALL;
	deadline = 0;
	for (done = 0; error == 0;) {
		oflags = kflags & ~SYK_MSG_WAITALL;
		error = syk_recv(pd->pd_host->h_vnet, f->f_sfd, iov, iovcnt,
		    done, &oflags, from, &n);
		done += n;
		if (error == 0 && all && n > 0 && done < total)
			continue;
		if (error != EWOULDBLOCK || (done > 0 && !all))
			break;
		error = pd_file_block(pd, f, POLLIN | POLLPRI,
		    (kflags & SYK_MSG_DONTWAIT) != 0, &deadline);
	}
	if (error == 0 || done > 0)
		return ((ssize_t)done);
	errno = error;
	return (-1);
}

/*
 * MSG_FASTOPEN: with a cookie the SYN takes text along, and what does not
 * fit follows.  Without one it asks for one; then text waits for the
 * connection with a caller who does, and another keeps it.
 */
static ssize_t
send_fastopen(struct pd *pd, struct pd_file *f, const struct iovec *iov,
    int iovcnt, int flags, const struct syk_addr *to)
{
	struct vnet *vnet;
	ssize_t n;
	int error;

	vnet = pd->pd_host->h_vnet;
	error = to == NULL ? EINVAL : pdk_fastopen(vnet, f->f_sfd);
	if (error != 0) {
		errno = error;
		return (-1);
	}
	n = pd_file_send(pd, f, iov, iovcnt, flags & ~PD_MSG_FASTOPEN, to);
	if (n < 0)
		return (n);
	error = pd_file_connected(pd, f);
	if (error == 0 || (error == EINPROGRESS &&
	    !pdk_fastopen_asks(vnet, f->f_sfd)))
		return (n);
	errno = error;
	return (-1);
}

/* ---- By descriptor ---- */

static ssize_t
send_fd(struct pd *pd, int fd, const struct iovec *iov, size_t iovcnt,
    int flags, const struct sockaddr *to, socklen_t tolen)
{
	struct syk_addr kaddr;
	struct pd_file *f;
	ssize_t n;
	int error;

	n = -1;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	if (f != NULL) {
		error = iovcnt > IOV_LIMIT ? EMSGSIZE : to == NULL ? 0 :
		    sy_tr_addr_in(to, tolen, &kaddr);
		if (error == 0)
			n = ((flags & PD_MSG_FASTOPEN) != 0 ? send_fastopen :
			    pd_file_send)(pd, f, iov, (int)iovcnt, flags,
			    to != NULL ? &kaddr : NULL);
		else
			errno = error;
		pd_file_put(pd, f);
	}
	pd_leave(pd);
	return (n);
}

/* What comes with data that was received: TCP_CM_INQ, if it was asked for. */
static void
put_control(struct pd *pd, const struct pd_file *f, struct msghdr *msg)
{
	struct cmsghdr *cm;
	int bytes;

	msg->msg_flags = 0;
	if (!pdk_inq(pd->pd_host->h_vnet, f->f_sfd, &bytes)) {
		msg->msg_controllen = 0;
		return;
	}
	cm = CMSG_FIRSTHDR(msg);
	if (cm == NULL || msg->msg_controllen < CMSG_LEN(sizeof(bytes))) {
		msg->msg_controllen = 0;
		msg->msg_flags = MSG_CTRUNC;
		return;
	}
	cm->cmsg_level = IPPROTO_TCP;
	cm->cmsg_type = PD_TCP_CM_INQ;
	cm->cmsg_len = CMSG_LEN(sizeof(bytes));
	memcpy(CMSG_DATA(cm), &bytes, sizeof(bytes));
	if (msg->msg_controllen > CMSG_SPACE(sizeof(bytes)))
		msg->msg_controllen = CMSG_SPACE(sizeof(bytes));
}

/* msg: where what comes with the data goes, or NULL. */
static ssize_t
recv_fd(struct pd *pd, int fd, const struct iovec *iov, size_t iovcnt,
    int flags, struct sockaddr *from, socklen_t *fromlen,
    struct msghdr *msg)
{
	struct syk_addr kaddr;
	struct pd_file *f;
	ssize_t n;

	n = -1;
	memset(&kaddr, 0, sizeof(kaddr));
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	if (f != NULL) {
		if (iovcnt <= IOV_LIMIT)
			n = pd_file_recv(pd, f, iov, (int)iovcnt, flags,
			    from != NULL ? &kaddr : NULL);
		else
			errno = EMSGSIZE;
		if (n >= 0 && msg != NULL)
			put_control(pd, f, msg);
		pd_file_put(pd, f);
	}
	pd_leave(pd);
	if (n >= 0 && from != NULL)
		sy_tr_addr_out(&kaddr, from, fromlen);
	return (n);
}

static bool
is_ours(struct pd *pd, int fd)
{
	bool ours;

	(void)pthread_mutex_lock(&pd->pd_mutex);
	ours = pd_file_owns(pd, fd);
	(void)pthread_mutex_unlock(&pd->pd_mutex);
	return (ours);
}

/* ---- The calls ---- */

ssize_t
pd_readv(void *userdata, int fd, const struct iovec *iov, int iovcnt)
{

	if (!is_ours(userdata, fd))
		return (readv(fd, iov, iovcnt));
	if (iovcnt < 0 || iovcnt > IOV_LIMIT) {
		errno = EINVAL;
		return (-1);
	}
	return (recv_fd(userdata, fd, iov, (size_t)iovcnt, 0, NULL, NULL,
	    NULL));
}

ssize_t
pd_read(void *userdata, int fd, void *buf, size_t len)
{
	struct iovec iov;

	iov = one_iov(buf, len);
	return (pd_readv(userdata, fd, &iov, 1));
}

ssize_t
pd_recvfrom(void *userdata, int fd, void *buf, size_t len, int flags,
    struct sockaddr *from, socklen_t *fromlen)
{
	struct iovec iov;

	iov = one_iov(buf, len);
	return (recv_fd(userdata, fd, &iov, 1, flags, from, fromlen, NULL));
}

ssize_t
pd_recv(void *userdata, int fd, void *buf, size_t len, int flags)
{

	return (pd_recvfrom(userdata, fd, buf, len, flags, NULL, NULL));
}

ssize_t
pd_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags)
{

	return (recv_fd(userdata, fd, msg->msg_iov, msg->msg_iovlen, flags,
	    msg->msg_name, &msg->msg_namelen, msg));
}

ssize_t
pd_writev(void *userdata, int fd, const struct iovec *iov, int iovcnt)
{

	if (!is_ours(userdata, fd))
		return (writev(fd, iov, iovcnt));
	if (iovcnt < 0 || iovcnt > IOV_LIMIT) {
		errno = EINVAL;
		return (-1);
	}
	return (send_fd(userdata, fd, iov, (size_t)iovcnt, 0, NULL, 0));
}

ssize_t
pd_write(void *userdata, int fd, const void *buf, size_t len)
{
	struct iovec iov;

	iov = one_iov(buf, len);
	return (pd_writev(userdata, fd, &iov, 1));
}

ssize_t
pd_sendto(void *userdata, int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *to, socklen_t tolen)
{
	struct iovec iov;

	iov = one_iov(buf, len);
	return (send_fd(userdata, fd, &iov, 1, flags, to, tolen));
}

ssize_t
pd_send(void *userdata, int fd, const void *buf, size_t len, int flags)
{

	return (pd_sendto(userdata, fd, buf, len, flags, NULL, 0));
}

ssize_t
pd_sendmsg(void *userdata, int fd, const struct msghdr *msg, int flags)
{

	return (send_fd(userdata, fd, msg->msg_iov, msg->msg_iovlen, flags,
	    msg->msg_name, msg->msg_namelen));
}

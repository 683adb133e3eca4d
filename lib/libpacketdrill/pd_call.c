/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Connections: socket, bind, listen, accept, connect, shutdown, and the
 * options.
 *
 * In the stack every socket is non-blocking; whether a call sleeps is our
 * own affair (pd_clock.c), and asked of the file.  A call finds its file,
 * does its work on it and gives it back; what works returns an errno.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "pd.h"

static int
finish(struct pd *pd, struct pd_file *f, int error)
{

	if (f != NULL)
		pd_file_put(pd, f);
	if (error != 0)
		errno = error;
	pd_leave(pd);
	return (error != 0 ? -1 : 0);
}

void
pd_learn(struct pd *pd, const struct syk_addr *addr)
{
	uint8_t a[16] = { [10] = 0xff, [11] = 0xff };

	if (addr->family == SYK_AF_INET)
		memcpy(a + 12, addr->addr, 4);
	else if (addr->family == SYK_AF_INET6)
		memcpy(a, addr->addr, 16);
	else
		return;
	if (pd->pd_learned < PD_LEARN &&
	    pdk_addr_learn(pd->pd_ifp, a) == 0)
		pd->pd_learned++;
}

/* ---- Birth ---- */

/* Make the caller's descriptor for the stack's sfd: it, or -1. */
static int
give_out(struct pd *pd, int sfd, int domain, bool nonblock)
{
	struct pd_file *f;

	(void)syk_setnonblock(pd->pd_host->h_vnet, sfd, true);
	f = pd_file_new(pd, PD_SOCKET, sfd);
	if (f == NULL) {
		(void)syk_close(pd->pd_host->h_vnet, sfd);
		return (-1);
	}
	f->f_domain = domain;
	f->f_nonblock = nonblock;
	if (nonblock)
		(void)fcntl(f->f_fd, F_SETFL, O_NONBLOCK);
	return (f->f_fd);
}

int
pd_socket(void *userdata, int domain, int type, int protocol)
{
	struct pd *pd;
	int error, fd, sfd;

	pd = userdata;
	fd = -1;
	pd_enter(pd);
	error = syk_socket(pd->pd_host->h_vnet, sy_tr_domain(domain),
	    sy_tr_type(type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)), protocol,
	    &sfd);
	if (error != 0)
		errno = error;
	else
		fd = give_out(pd, sfd, domain, (type & SOCK_NONBLOCK) != 0);
	pd_leave(pd);
	return (fd);
}

int
pd_bind(void *userdata, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct syk_addr kaddr;
	struct pd_file *f;
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	if (f == NULL)
		return (finish(pd, f, errno));
	error = sy_tr_addr_in(addr, len, &kaddr);
	if (error == 0) {
		pd_learn(pd, &kaddr);
		error = syk_bind(pd->pd_host->h_vnet, f->f_sfd, &kaddr);
	}
	return (finish(pd, f, error));
}

int
pd_listen(void *userdata, int fd, int backlog)
{
	struct pd_file *f;
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	error = f == NULL ? errno :
	    syk_listen(pd->pd_host->h_vnet, f->f_sfd, backlog);
	return (finish(pd, f, error));
}

/* ---- Waiting calls ---- */

static int
accept_one(struct pd *pd, struct pd_file *f, struct syk_addr *kaddr,
    int *fdp)
{
	struct syk_wait wait;
	uint64_t deadline;
	int error, sfd;

	deadline = 0;
	while ((error = syk_accept(pd->pd_host->h_vnet, f->f_sfd, kaddr,
	    &sfd, &wait)) == EWOULDBLOCK) {
		error = pd_file_block(pd, f, POLLIN, false, &deadline);
		if (error != 0)
			return (error);
	}
	if (error != 0)
		return (error);
	*fdp = give_out(pd, sfd, f->f_domain, false);
	return (*fdp < 0 ? errno : 0);
}

int
pd_accept(void *userdata, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct syk_addr kaddr;
	struct pd_file *f;
	struct pd *pd;
	int error, newfd = -1;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	error = f == NULL ? errno : accept_one(pd, f, &kaddr, &newfd);
	if (finish(pd, f, error) != 0)
		return (-1);
	sy_tr_addr_out(&kaddr, addr, len);
	return (newfd);
}

int
pd_file_connected(struct pd *pd, struct pd_file *f)
{
	uint64_t deadline;
	int error, soerror;

	deadline = 0;
	error = pd_file_block(pd, f, POLLOUT, false, &deadline);
	if (error == EAGAIN)
		return (EINPROGRESS);
	if (error == 0)
		error = syk_soerror(pd->pd_host->h_vnet, f->f_sfd, &soerror);
	return (error != 0 ? error : soerror);
}

int
pd_connect(void *userdata, int fd, const struct sockaddr *addr,
    socklen_t len)
{
	struct syk_addr kaddr;
	struct pd_file *f;
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	if (f == NULL)
		return (finish(pd, f, errno));
	error = sy_tr_addr_in(addr, len, &kaddr);
	if (error == 0)
		error = syk_connect(pd->pd_host->h_vnet, f->f_sfd, &kaddr);
	if (error == EINPROGRESS)
		error = pd_file_connected(pd, f);
	return (finish(pd, f, error));
}

int
pd_shutdown(void *userdata, int fd, int how)
{
	struct pd_file *f;
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	error = f == NULL ? errno :
	    syk_shutdown(pd->pd_host->h_vnet, f->f_sfd, how == SHUT_RD ? 0 :
	    how == SHUT_WR ? 1 : how == SHUT_RDWR ? 2 : -1);
	return (finish(pd, f, error));
}

/* ---- Options ---- */

int
pd_getsockopt(void *userdata, int fd, int level, int name, void *val,
    socklen_t *len)
{
	struct pd_file *f;
	struct pd *pd;
	size_t klen;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	klen = len != NULL ? *len : 0;
	error = f == NULL ? errno : len == NULL || val == NULL ? EFAULT :
	    pdk_getsockopt(pd->pd_host->h_vnet, f->f_sfd, level, name, val,
	    &klen);
	if (error == 0)
		*len = (socklen_t)klen;
	return (finish(pd, f, error));
}

int
pd_setsockopt(void *userdata, int fd, int level, int name, const void *val,
    socklen_t len)
{
	struct pd_file *f;
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = pd_file_socket(pd, fd);
	error = f == NULL ? errno : val == NULL && len > 0 ? EFAULT :
	    pdk_setsockopt(pd->pd_host->h_vnet, f->f_sfd, level, name, val,
	    len);
	return (finish(pd, f, error));
}

static int
set_nonblock(struct pd_file *f, bool on)
{
	int arg;

	arg = on;
	f->f_nonblock = on;
	return (ioctl(f->f_fd, FIONBIO, &arg) == 0 ? 0 : errno);
}

int
pd_ioctl(void *userdata, int fd, unsigned long request, ...)
{
	struct pd_file *f;
	struct pd *pd;
	va_list ap;
	void *arg;
	int error;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	pd = userdata;
	pd_enter(pd);
	f = pd_file_get(pd, fd);
	if (f == NULL)
		error = ioctl(fd, request, arg) == 0 ? 0 : errno;
	else if (f->f_kind != PD_SOCKET)
		error = ENOTTY;
	else if (arg == NULL)
		error = EFAULT;
	else if (request == FIONBIO)
		error = set_nonblock(f, *(const int *)arg != 0);
	else
		error = pdk_ioctl(pd->pd_host->h_vnet, f->f_sfd, request,
		    arg);
	return (finish(pd, f, error));
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The caller's numbers are Linux's: options, requests and flags go to
 * sys/compat/linux, whatever system this runs on.  FreeBSD's own options
 * come as 0x10000 + their number, at every level.
 *
 * A congestion control module has the name that the host's personality gives
 * it: FreeBSD's scripts ask for "newreno" and want to read that.
 *
 * Kernel kind: calls the stack.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <netinet/in.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_var.h>
#include <compat/compat.h>
#include <compat/linux/linux.h>

#include "pd_netif.h"

/* FreeBSD's number of Linux's level, or -1. */
static int
native_level(int level)
{

	switch (level) {
	case LINUX_SOL_SOCKET:
		return (SOL_SOCKET);
	case LINUX_SOL_IP:
	case LINUX_SOL_IPV6:
	case LINUX_SOL_TCP:
		return (level);
	default:
		return (-1);
	}
}

int
pdk_setsockopt(struct vnet *vnet, int fd, int level, int name,
    const void *val, size_t len)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0)
		error = name >= LINUX_TCP_FREEBSD ?
		    kern_setsockopt(fd, native_level(level),
		    name - LINUX_TCP_FREEBSD, val, len) :
		    linux_setsockopt(so, level, name, val, len);
	vnet_leave(saved);
	return (error);
}

/* The one option whose answer is another by personality. */
static bool
answers_natively(int level, int name)
{

	return (level == LINUX_SOL_TCP && name == LINUX_TCP_CONGESTION &&
	    compat_personality() != COMPAT_LINUX);
}

int
pdk_getsockopt(struct vnet *vnet, int fd, int level, int name, void *val,
    size_t *lenp)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0 && answers_natively(level, name))
		error = kern_getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, val,
		    lenp);
	else if (error == 0)
		error = name >= LINUX_TCP_FREEBSD ?
		    kern_getsockopt(fd, native_level(level),
		    name - LINUX_TCP_FREEBSD, val, lenp) :
		    linux_getsockopt(so, level, name, val, lenp);
	vnet_leave(saved);
	return (error);
}

int
pdk_ioctl(struct vnet *vnet, int fd, unsigned long request, void *arg)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0 && (request == FIONWRITE || request == FIONSPACE))
		error = SOLISTENING(so) ? EINVAL : soioctl(so, request, arg);
	else if (error == 0)
		error = linux_ioctl(so, request, arg);
	vnet_leave(saved);
	return (error);
}

bool
pdk_error_first(struct vnet *vnet)
{
	struct vnet *saved;
	bool first;

	saved = vnet_enter(vnet);
	first = compat_personality() == COMPAT_LINUX;
	vnet_leave(saved);
	return (first);
}

/* Of a socket that is connected already the sending call will tell. */
int
pdk_fastopen(struct vnet *vnet, int fd)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0)
		error = compat_set_int(so, IPPROTO_TCP, TCP_FASTOPEN, 1);
	vnet_leave(saved);
	return (error == EPERM ? EOPNOTSUPP : error == EINVAL ? 0 : error);
}

bool
pdk_fastopen_asks(struct vnet *vnet, int fd)
{
	struct socket *so;
	struct tcpcb *tp;
	struct vnet *saved;
	bool asks;

	asks = false;
	saved = vnet_enter(vnet);
	if (fd_getsock(fd, &so) == 0 && so->so_pcb != NULL) {
		tp = sototcpcb(so);
		asks = tp->t_state == TCPS_SYN_SENT &&
		    ((tp->t_flags2 & TF2_TFO) == 0 ||
		    (tp->t_userto->tu_tfo->tfo_len == 0 &&
		    (tp->t_userto->tu_tfo->tfo_flags & TFO_PSK) == 0));
		if (asks)
			sbdrop(&so->so_snd, sbavail(&so->so_snd));
	}
	vnet_leave(saved);
	return (asks);
}

int
pdk_msg_flags(struct vnet *vnet, int fd, int flags, int *native)
{
	struct socket *so;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = fd_getsock(fd, &so);
	if (error == 0)
		error = linux_msg_flags(so, flags, native);
	vnet_leave(saved);
	return (error);
}

bool
pdk_inq(struct vnet *vnet, int fd, int *bytes)
{
	struct socket *so;
	struct vnet *saved;
	bool wanted;

	saved = vnet_enter(vnet);
	wanted = fd_getsock(fd, &so) == 0 && !SOLISTENING(so) &&
	    linux_inq(so, bytes);
	vnet_leave(saved);
	return (wanted);
}

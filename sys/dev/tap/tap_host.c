/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The system calls of the TAP driver.
 *
 * On Linux a TAP interface is a descriptor of /dev/net/tun that TUNSETIFF has
 * tied to a name.  Each read() gives one frame and each write() takes one,
 * behind a virtio-net header (IFF_VNET_HDR), which lets both sides leave
 * checksums and the cutting of large segments to the other.  What it may
 * leave to us we tell the host by TUNSETOFFLOAD; what we leave to it needs no
 * telling.
 *
 * Host kind: sees nothing of the stack.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <net/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#endif

#include "tap_host.h"

_Static_assert(sizeof(struct tap_vec) == sizeof(struct iovec) &&
    offsetof(struct tap_vec, tv_base) == offsetof(struct iovec, iov_base) &&
    offsetof(struct tap_vec, tv_len) == offsetof(struct iovec, iov_len),
    "struct tap_vec is struct iovec");

#ifdef __linux__
_Static_assert(sizeof(struct tap_vnet_hdr) == sizeof(struct virtio_net_hdr) &&
    offsetof(struct tap_vnet_hdr, vh_csum_offset) ==
    offsetof(struct virtio_net_hdr, csum_offset),
    "struct tap_vnet_hdr is struct virtio_net_hdr");
_Static_assert(TAP_NAMESIZ == IFNAMSIZ, "names are of one size");

/* Tie fd to an interface and say how frames look. */
static int
tap_host_setup(int fd, char name[TAP_NAMESIZ], int offload)
{
	struct ifreq ifr;
	int size = sizeof(struct tap_vnet_hdr);

	memset(&ifr, 0, sizeof(ifr));
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	memcpy(ifr.ifr_name, name, TAP_NAMESIZ);
	if (ioctl(fd, TUNSETIFF, &ifr) == -1 ||
	    ioctl(fd, TUNSETVNETHDRSZ, &size) == -1)
		return (errno);
	memcpy(name, ifr.ifr_name, TAP_NAMESIZ);
	return (tap_host_offload(fd, offload));
}

int
tap_host_open(char name[TAP_NAMESIZ], int offload, int *fdp)
{
	int error, fd;

	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return (errno == ENODEV || errno == ENXIO ? ENOENT : errno);
	error = tap_host_setup(fd, name, offload);
	if (error != 0) {
		(void)close(fd);
		return (error);
	}
	*fdp = fd;
	return (0);
}

/* A descriptor that knows nothing of this is no TAP: there is nothing that it
 * would leave undone. */
int
tap_host_offload(int fd, int offload)
{
	unsigned int flags = 0;

	if ((offload & TAP_HOST_CSUM) != 0) {
		flags |= TUN_F_CSUM;
		if ((offload & TAP_HOST_TSO) != 0)
			flags |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
	}
	if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)flags) == -1)
		return (errno == ENOTTY || errno == EOPNOTSUPP ? 0 : errno);
	return (0);
}
#else
int
tap_host_open(char name[TAP_NAMESIZ], int offload, int *fdp)
{

	(void)name;
	(void)offload;
	(void)fdp;
	return (ENOTSUP);
}

int
tap_host_offload(int fd, int offload)
{

	(void)fd;
	(void)offload;
	return (0);
}
#endif

int
tap_host_adopt(int fd)
{
	int flags;

	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return (errno);
	return (0);
}

void
tap_host_close(int fd)
{

	(void)close(fd);
}

/* What the driver is to know of a call that failed. */
static int
tap_host_errno(void)
{

	switch (errno) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
	case ENOBUFS:
		return (EAGAIN);
	case EIO:
		return (ENETDOWN);
	case EBADF:
#ifdef EBADFD
	case EBADFD:
#endif
	case ENODEV:
	case ECONNRESET:
	case EPIPE:
		return (ENXIO);
	default:
		return (errno);
	}
}

int
tap_host_read(int fd, const struct tap_vec *vec, int n, size_t *donep)
{
	ssize_t done;

	do
		done = readv(fd, (const struct iovec *)(const void *)vec, n);
	while (done == -1 && errno == EINTR);
	if (done == -1)
		return (tap_host_errno());
	if (done == 0)
		return (ENXIO);
	*donep = (size_t)done;
	return (0);
}

int
tap_host_write(int fd, const struct tap_vec *vec, int n)
{
	ssize_t done;

	do
		done = writev(fd, (const struct iovec *)(const void *)vec, n);
	while (done == -1 && errno == EINTR);
	return (done == -1 ? tap_host_errno() : 0);
}

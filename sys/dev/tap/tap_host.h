/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Between the driver, which sees the stack's headers, and its system calls,
 * which see the host's: plain C types only, so that either may include this.
 */
#ifndef _STACKYARD_DEV_TAP_TAP_HOST_H_
#define	_STACKYARD_DEV_TAP_TAP_HOST_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define	TAP_NAMESIZ	16		/* a device's name with its NUL */

/* The header in front of each frame (VIRTIO 1.2, 5.1.6, the legacy one of 10
 * bytes), in the host's byte order. */
struct tap_vnet_hdr {
	uint8_t		vh_flags;
	uint8_t		vh_gso_type;
	uint16_t	vh_hdr_len;	/* link, IP and TCP headers, bytes */
	uint16_t	vh_gso_size;	/* payload of a segment, bytes */
	uint16_t	vh_csum_start;	/* from here to the end is summed */
	uint16_t	vh_csum_offset;	/* to there, from csum_start */
};
#define	VH_NEEDS_CSUM	0x01		/* in vh_flags */
#define	VH_DATA_VALID	0x02		/* the checksum was looked at */
#define	VH_GSO_NONE	0		/* in vh_gso_type */
#define	VH_GSO_TCPV4	1
#define	VH_GSO_TCPV6	4
#define	VH_GSO_ECN	0x80		/* added: CWR in the first only */

/* A piece of memory, as the host's struct iovec. */
struct tap_vec {
	void		*tv_base;
	size_t		tv_len;
};

/* What the host may leave undone in frames that it gives. */
#define	TAP_HOST_CSUM	0x1		/* checksums */
#define	TAP_HOST_TSO	0x2		/* cutting; needs the other */

/*
 * Open the device called name ("": any that is free) and tell its name.  0;
 * ENOENT: there is no /dev/net/tun; EACCES, EPERM; EBUSY: in use; EINVAL: an
 * interface of another kind; ENOTSUP: not on this system.
 */
int	tap_host_open(char name[TAP_NAMESIZ], int offload, int *fdp);
/* Make fd, which somebody else opened, one that does not block. */
int	tap_host_adopt(int fd);
void	tap_host_close(int fd);
/* Change what the host may leave undone. */
int	tap_host_offload(int fd, int offload);
/* One frame in or out; *donep: its bytes.  EAGAIN: not now; ENXIO: the device
 * is gone; ENETDOWN: it is not up. */
int	tap_host_read(int fd, const struct tap_vec *vec, int n, size_t *donep);
int	tap_host_write(int fd, const struct tap_vec *vec, int n);

#endif /* !_STACKYARD_DEV_TAP_TAP_HOST_H_ */

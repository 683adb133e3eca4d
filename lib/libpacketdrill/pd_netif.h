/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The border between the files of host kind here and pd_netif.c and pd_opt.c,
 * of kernel kind: integers and structs of our own only, as in sy_internal.h.
 * Addresses are of 16 bytes, IPv4 in mapped form.
 */
#ifndef _PD_NETIF_H_
#define	_PD_NETIF_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ifnet;
struct vnet;

#define	PD_IFNAME	"tun0"

/* The host's way out, with the default routes.  An errno. */
int	pdk_netif_create(struct vnet *vnet, unsigned mtu,
	    struct ifnet **ifpp);
/* A packet comes in: EINVAL, ENOBUFS. */
int	pdk_netif_input(struct ifnet *ifp, const void *buf, size_t len);
/* The oldest packet that went out, cut to size, and when (ns): its bytes,
 * or 0 if there is none. */
size_t	pdk_netif_output(struct ifnet *ifp, void *buf, size_t size,
	    uint64_t *when);
bool	pdk_netif_waits(struct ifnet *ifp);
/* Make addr the host's own, unless it is or cannot be: an errno. */
int	pdk_addr_learn(struct ifnet *ifp, const uint8_t addr[16]);
/* Has the peer of socket fd said that no more will come? */
bool	pdk_at_end(struct vnet *vnet, int fd);
/* Socket fd is the caller's descriptor shown, in lists of sockets. */
void	pdk_setfd(struct vnet *vnet, int fd, int shown);

/* ---- pd_opt.c: Linux's numbers; errnos ---- */

int	pdk_setsockopt(struct vnet *vnet, int fd, int level, int name,
	    const void *val, size_t len);
int	pdk_getsockopt(struct vnet *vnet, int fd, int level, int name,
	    void *val, size_t *lenp);
int	pdk_ioctl(struct vnet *vnet, int fd, unsigned long request,
	    void *arg);
/* Linux tells the error that ended a connection before EPIPE. */
bool	pdk_error_first(struct vnet *vnet);
/* Have the socket open fast: EOPNOTSUPP unless clients may. */
int	pdk_fastopen(struct vnet *vnet, int fd);
/* Does its SYN ask for a cookie?  Then its text is taken back. */
bool	pdk_fastopen_asks(struct vnet *vnet, int fd);
/* MSG_* into the stack's. */
int	pdk_msg_flags(struct vnet *vnet, int fd, int flags, int *native);
/* Does recvmsg tell how much there is still to read, and how much? */
bool	pdk_inq(struct vnet *vnet, int fd, int *bytes);

#endif /* !_PD_NETIF_H_ */

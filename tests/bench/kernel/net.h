/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host kernel's network: namespaces of this process's own, TAP devices
 * and offloads.  What fails ends the process with one line; what the system
 * does not let us do, with the status NET_CANNOT.
 */
#ifndef _NET_H_
#define	_NET_H_

#include <stdbool.h>

#define	NET_CANNOT	77
#define	NET_MSS		1448		/* bytes in a segment of 1500 */

/* Stay on one processor, with everything the kernel does for us. */
void	net_pin(void);
/* Enter a new namespace, and a descriptor of it. */
int	net_new(void);
void	net_enter(int ns);
/* A command of ip(8). */
__attribute__((__format__(__printf__, 1, 2)))
void	net_ip(const char *format, ...);
/* Neither checksums nor large segments, in neither direction. */
void	net_no_offload(const char *ifname);
/* A descriptor of the TAP device ifname, which is made; with offload frames
 * have virtio's header and may be large. */
int	net_tap(const char *ifname, bool offload);
/* A listening socket in that namespace (-1: ours); and both ends of a
 * connection to it, from another.  They use cubic, whatever is usual here. */
int	net_listen(int ns);
void	net_connect(int ns, int listener, const char *address, int *out,
	    int *in);
void	net_nonblock(int fd);

#endif /* !_NET_H_ */

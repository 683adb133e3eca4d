/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TAP interfaces: an Ethernet between a host of the stack and the kernel it
 * runs on.
 *
 * The event loop waits for the descriptor: readable, it calls tap_input();
 * writable, and asked for by tap_wants_write(), tap_output_ready().
 * if_detach() takes the interface away and closes the descriptor.
 */
#ifndef _STACKYARD_DEV_TAP_IF_TAP_H_
#define	_STACKYARD_DEV_TAP_IF_TAP_H_

#include <sys/types.h>

struct ifnet;

#define	TAP_OFFLOAD	0x1	/* checksums and large segments pass undone */

#define	TAP_BATCH	64	/* frames that tap_input() takes at most */
#define	TAP_QUEUE	512	/* frames that wait for the host at most */

/*
 * Make the kernel's interface called name ("": the first tapN that is free),
 * or take the one that is there, and join curvnet to it by an interface of
 * the same name, which is up.  The kernel's side is left for its owner to
 * configure.  *fdp, unless NULL, is for the event loop to wait on.
 * EPERM, EACCES: not allowed; ENOENT: the host has no TAP; EBUSY: in use;
 * EINVAL: the name is too long or another interface's; EEXIST: curvnet has
 * an interface of that name; ENOMEM; ENOTSUP: not on this system.
 */
int	tap_create(const char *name, int flags, struct ifnet **ifpp, int *fdp);
/*
 * The same on a descriptor that somebody else has opened, with a virtio-net
 * header of 10 bytes in front of each frame.  It is the interface's if 0 is
 * returned.
 */
int	tap_create_fd(const char *name, int flags, int fd,
	    struct ifnet **ifpp);
/* The descriptor to wait on. */
int	tap_poll_fd(const struct ifnet *ifp);
/*
 * Take what the host has sent, at most TAP_BATCH frames, and give it to
 * if_input() as one batch.  Passes the vnet's door itself.  *framesp, unless
 * NULL: how many; TAP_BATCH means that there may be more.  ENXIO: the device
 * is gone, waiting for it makes no sense; else 0.
 */
int	tap_input(struct ifnet *ifp, u_int *framesp);
/* Are frames waiting because the host took no more? */
bool	tap_wants_write(const struct ifnet *ifp);
/* The host takes frames again: send those that wait. */
void	tap_output_ready(struct ifnet *ifp);

#endif /* !_STACKYARD_DEV_TAP_IF_TAP_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The virtio-net header and the stack's own notes on a packet, each made
 * from the other.
 */
#ifndef _STACKYARD_DEV_TAP_TAP_VNET_H_
#define	_STACKYARD_DEV_TAP_TAP_VNET_H_

#include <sys/mbuf.h>
#include <dev/tap/tap_host.h>

/* m, an Ethernet frame that came with *vh: set what the stack wants to know.
 * EINVAL: the header does not fit the frame; m stays the caller's. */
int	tap_vnet_input(struct mbuf *m, const struct tap_vnet_hdr *vh);
/* Fill in *vh for m, an Ethernet frame that is to be sent. */
void	tap_vnet_output(const struct mbuf *m, struct tap_vnet_hdr *vh);

#endif /* !_STACKYARD_DEV_TAP_TAP_VNET_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Where FreeBSD's files look for the vnet macros. */
#ifndef _STACKYARD_NET_VNET_H_
#define	_STACKYARD_NET_VNET_H_

#include <sys/kernel.h>
#include <sys/vnet.h>

#endif /* !_STACKYARD_NET_VNET_H_ */

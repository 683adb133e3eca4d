/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Interface flags and limits, FreeBSD's values. */
#ifndef _STACKYARD_NET_IF_H_
#define	_STACKYARD_NET_IF_H_

#include <sys/types.h>

#define	IFNAMSIZ	16

#define	IFF_UP		0x1
#define	IFF_BROADCAST	0x2
#define	IFF_LOOPBACK	0x8
#define	IFF_POINTOPOINT	0x10
#define	IFF_PROMISC	0x100
#define	IFF_MULTICAST	0x8000

/* if_capabilities: what it can do; if_capenable: what it does */
#define	IFCAP_RXCSUM		0x00001	/* checks checksums on input */
#define	IFCAP_TXCSUM		0x00002	/* fills them in on output, IPv4 */
#define	IFCAP_TSO4		0x00100	/* cuts large TCP segments */
#define	IFCAP_TSO6		0x00200
#define	IFCAP_LRO		0x00400	/* joins segments on input */
#define	IFCAP_RXCSUM_IPV6	0x200000
#define	IFCAP_TXCSUM_IPV6	0x400000
#define	IFCAP_HWCSUM		(IFCAP_RXCSUM | IFCAP_TXCSUM)
#define	IFCAP_HWCSUM_IPV6	(IFCAP_RXCSUM_IPV6 | IFCAP_TXCSUM_IPV6)
#define	IFCAP_TSO		(IFCAP_TSO4 | IFCAP_TSO6)

#define	IFT_ETHER	0x6
#define	IFT_LOOP	0x18
#define	IFT_OTHER	0x1

#endif /* !_STACKYARD_NET_IF_H_ */

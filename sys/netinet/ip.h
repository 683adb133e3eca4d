/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The IPv4 header (RFC 791) and the ECN field (RFC 3168). */
#ifndef _STACKYARD_NETINET_IP_H_
#define	_STACKYARD_NETINET_IP_H_

#include <netinet/in.h>

#define	IPVERSION	4

struct ip {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint8_t		ip_hl:4, ip_v:4;
#else
	uint8_t		ip_v:4, ip_hl:4;
#endif
	uint8_t		ip_tos;
	uint16_t	ip_len;		/* all fields in network order */
	uint16_t	ip_id;
	uint16_t	ip_off;
#define	IP_RF		0x8000
#define	IP_DF		0x4000
#define	IP_MF		0x2000
#define	IP_OFFMASK	0x1fff
	uint8_t		ip_ttl;
	uint8_t		ip_p;
	uint16_t	ip_sum;
	struct in_addr	ip_src, ip_dst;
} __packed __aligned(4);

#define	IP_MAXPACKET	65535
#define	IPDEFTTL	64
#define	IPTOS_ECN_NOTECT	0x00
#define	IPTOS_ECN_ECT1		0x01
#define	IPTOS_ECN_ECT0		0x02
#define	IPTOS_ECN_CE		0x03
#define	IPTOS_ECN_MASK		0x03

#endif /* !_STACKYARD_NETINET_IP_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The IPv6 header and its extension headers (RFC 8200). */
#ifndef _STACKYARD_NETINET_IP6_H_
#define	_STACKYARD_NETINET_IP6_H_

#include <netinet/in.h>

struct ip6_hdr {
	uint32_t	ip6_flow;	/* version, class, flow label */
	uint16_t	ip6_plen;	/* bytes after this header */
	uint8_t		ip6_nxt;
	uint8_t		ip6_hlim;
	struct in6_addr	ip6_src, ip6_dst;
} __packed __aligned(4);

/* The traffic class of the header at ip6. */
static inline uint8_t
ip6_tclass(const struct ip6_hdr *ip6)
{
	return ((uint8_t)(ntohl(ip6->ip6_flow) >> 20));
}
#define	IPV6_VERSION		0x60
#define	IPV6_DEFHLIM		64
#define	IPV6_MMTU		1280	/* every link carries that much */
#define	IPV6_FLOWLABEL_MASK	0x000fffff	/* host order */

struct ip6_ext {
	uint8_t		ip6e_nxt;
	uint8_t		ip6e_len;	/* units of 8 bytes, less 1 */
} __packed;

struct ip6_frag {
	uint8_t		ip6f_nxt;
	uint8_t		ip6f_reserved;
	uint16_t	ip6f_offlg;	/* offset (13 bits), 2 spare, more */
	uint32_t	ip6f_ident;
} __packed;
#define	IP6F_OFF_MASK	0xfff8
#define	IP6F_MORE_FRAG	0x0001

#endif /* !_STACKYARD_NETINET_IP6_H_ */

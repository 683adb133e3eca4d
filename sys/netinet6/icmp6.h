/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMPv6 (RFC 4443) and the messages of neighbour discovery (RFC 4861).  The
 * header is ICMP's (netinet/ip_icmp.h).
 */
#ifndef _STACKYARD_NETINET6_ICMP6_H_
#define	_STACKYARD_NETINET6_ICMP6_H_

#include <sys/mbuf.h>
#include <net/if_var.h>
#include <netinet/ip_var.h>

#define	ICMP6_DST_UNREACH		1
#define	ICMP6_DST_UNREACH_NOROUTE		0
#define	ICMP6_DST_UNREACH_ADMIN			1
#define	ICMP6_DST_UNREACH_BEYONDSCOPE		2
#define	ICMP6_DST_UNREACH_ADDR			3
#define	ICMP6_DST_UNREACH_NOPORT		4
#define	ICMP6_PACKET_TOO_BIG		2
#define	ICMP6_TIME_EXCEEDED		3
#define	ICMP6_TIME_EXCEED_TRANSIT		0
#define	ICMP6_TIME_EXCEED_REASSEMBLY		1
#define	ICMP6_PARAM_PROB		4
#define	ICMP6_PARAMPROB_HEADER			0
#define	ICMP6_PARAMPROB_NEXTHEADER		1
#define	ICMP6_PARAMPROB_OPTION			2
#define	ICMP6_INFOMSG_MASK		0x80	/* else an error */
#define	ICMP6_ECHO_REQUEST		128
#define	ICMP6_ECHO_REPLY		129
#define	ND_NEIGHBOR_SOLICIT		135
#define	ND_NEIGHBOR_ADVERT		136
#define	ND_REDIRECT			137

/* Solicitation and advertisement; options follow. */
struct nd_neighbor {
	uint8_t		nd_type;
	uint8_t		nd_code;
	uint16_t	nd_cksum;
	uint32_t	nd_flags;	/* of an advertisement */
#define	ND_NA_FLAG_ROUTER	0x80000000U	/* host order */
#define	ND_NA_FLAG_SOLICITED	0x40000000U
#define	ND_NA_FLAG_OVERRIDE	0x20000000U
	struct in6_addr	nd_target;
} __packed __aligned(4);

#define	ND_OPT_SOURCE_LINKADDR	1
#define	ND_OPT_TARGET_LINKADDR	2

/* nd6.c: a solicitation or advertisement whose checksum is right; m_data at
 * its header; consumed. */
void	nd6_input(struct mbuf *m, const struct ip_info *ii);
/* The group to which questions about a are sent (RFC 4291, 2.7.1). */
void	in6_solicited_node(const struct in6_addr *a, struct in6_addr *group);

#endif /* !_STACKYARD_NETINET6_ICMP6_H_ */

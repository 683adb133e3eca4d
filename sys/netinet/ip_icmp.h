/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMP (RFC 792, RFC 1191, RFC 1812): the header, its types and codes; and
 * the limits on what is sent because others sent something.
 */
#ifndef _STACKYARD_NETINET_IP_ICMP_H_
#define	_STACKYARD_NETINET_IP_ICMP_H_

#include <sys/mbuf.h>
#include <netinet/in.h>
#include <netinet/ip_var.h>

/* Also ICMPv6's. */
struct icmp {
	uint8_t		icmp_type;
	uint8_t		icmp_code;
	uint16_t	icmp_cksum;
	union {
		struct {
			uint16_t icd_id, icd_seq;
		} ih_idseq;			/* echo */
		struct {
			uint16_t ipm_void, ipm_nextmtu;
		} ih_pmtu;			/* fragmentation needed */
		uint8_t	 ih_pptr;		/* parameter problem */
		uint32_t ih_void;		/* ICMPv6: MTU, pointer */
	} icmp_hun;
} __packed __aligned(4);
#define	icmp_id		icmp_hun.ih_idseq.icd_id
#define	icmp_seq	icmp_hun.ih_idseq.icd_seq
#define	icmp_nextmtu	icmp_hun.ih_pmtu.ipm_nextmtu
#define	icmp_pptr	icmp_hun.ih_pptr
#define	icmp_void	icmp_hun.ih_void
#define	ICMP_MINLEN	8

#define	ICMP_ECHOREPLY		0
#define	ICMP_UNREACH		3
#define	ICMP_UNREACH_NET		0
#define	ICMP_UNREACH_HOST		1
#define	ICMP_UNREACH_PROTOCOL		2
#define	ICMP_UNREACH_PORT		3
#define	ICMP_UNREACH_NEEDFRAG		4
#define	ICMP_UNREACH_SRCFAIL		5
#define	ICMP_UNREACH_NET_UNKNOWN	6
#define	ICMP_UNREACH_HOST_UNKNOWN	7
#define	ICMP_UNREACH_ISOLATED		8
#define	ICMP_UNREACH_NET_PROHIB		9
#define	ICMP_UNREACH_HOST_PROHIB	10
#define	ICMP_UNREACH_TOSNET		11
#define	ICMP_UNREACH_TOSHOST		12
#define	ICMP_UNREACH_FILTER_PROHIB	13
#define	ICMP_UNREACH_HOST_PRECEDENCE	14
#define	ICMP_UNREACH_PRECEDENCE_CUTOFF	15
#define	ICMP_SOURCEQUENCH	4
#define	ICMP_REDIRECT		5
#define	ICMP_ECHO		8
#define	ICMP_TIMXCEED		11
#define	ICMP_TIMXCEED_INTRANS		0
#define	ICMP_TIMXCEED_REASS		1
#define	ICMP_PARAMPROB		12
#define	ICMP_PARAMPROB_ERRATPTR		0

/* What is limited, each kind by itself, to net.inet.icmp.icmplim packets a
 * second (ICMPv6 errors: net.inet6.icmp6.errppslimit). */
enum {
	BANDLIM_ICMP_UNREACH,	/* ICMP errors of all kinds */
	BANDLIM_ICMP_ECHO,
	BANDLIM_TCP_RST,
	BANDLIM_ICMP6_UNREACH,	/* ICMPv6 errors of all kinds */
	BANDLIM_ICMP6_ECHO,
	BANDLIM_MAX
};
/* May one more of the kind which be sent?  0, which counts it, or -1. */
int	badport_bandlim(int which);

/*
 * For icmp6.c.
 */
/* Answer the echo request m (m_data at the ICMP header; consumed) with type
 * from src. */
void	icmp_echo(struct mbuf *m, const struct ip_info *ii, uint8_t type,
	    const struct in6_addr *src);
/* Fill in the checksum of the ICMP message m and send it; consumed. */
void	icmp_send(struct mbuf *m, const struct ip_output_args *ioa);
/* An error (type, code, mtu, errno, toobig, from set; the rest is filled in)
 * about the packet quoted in m from its ninth byte on reached us: tell its
 * transport, if the packet can be ours. */
void	icmp_ctlinput(const struct mbuf *m, struct ip_icmperr *ie, bool v6,
	    uint32_t scope);

#endif /* !_STACKYARD_NETINET_IP_ICMP_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMPv6 input (RFC 4443): echo, errors, and the door to neighbour discovery
 * (nd6.c).  Sending is ICMP's (netinet/ip_icmp.c).
 *
 * A packet too big below 1280 cannot be true and is dropped (RFC 8201, 4).
 * Echo requests to a group are answered, from an address of the interface
 * (RFC 4443, 4.2).
 */

#include <sys/param.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip_icmp.h>
#include <netinet/ip_impl.h>
#include <netinet6/icmp6.h>

/* What a destination unreachable with this code means to a user. */
static int
icmp6_unreach_errno(uint8_t code)
{
	switch (code) {
	case ICMP6_DST_UNREACH_ADMIN:
	case ICMP6_DST_UNREACH_NOPORT:
		return (ECONNREFUSED);
	default:
		return (EHOSTUNREACH);
	}
}

static void
icmp6_input_error(const struct mbuf *m, const struct icmp *icmp,
    const struct ip_info *ii)
{
	struct ip_icmperr ie = { 0 };

	ie.ie_type = icmp->icmp_type;
	ie.ie_code = icmp->icmp_code;
	ie.ie_from = ii->ii_src;
	switch (icmp->icmp_type) {
	case ICMP6_DST_UNREACH:
		ie.ie_errno = icmp6_unreach_errno(icmp->icmp_code);
		break;
	case ICMP6_PACKET_TOO_BIG:
		ie.ie_mtu = ntohl(icmp->icmp_void);
		ie.ie_toobig = true;
		if (ie.ie_mtu >= IPV6_MMTU)
			ie.ie_errno = EMSGSIZE;
		break;
	case ICMP6_TIME_EXCEEDED:
		/* That a fragment was lost needs no telling. */
		if (icmp->icmp_code == ICMP6_TIME_EXCEED_TRANSIT)
			ie.ie_errno = EHOSTUNREACH;
		break;
	case ICMP6_PARAM_PROB:
		ie.ie_errno = icmp->icmp_code == ICMP6_PARAMPROB_NEXTHEADER ?
		    ECONNREFUSED : ENOPROTOOPT;
		break;
	}
	if (ie.ie_errno != 0)
		icmp_ctlinput(m, &ie, true, m->m_pkthdr.rcvif->if_index);
}

static void
icmp6_input_echo(struct mbuf *m, const struct ip_info *ii)
{
	const struct ifaddr *ifa;

	if (in_any(&ii->ii_src) || badport_bandlim(BANDLIM_ICMP6_ECHO) != 0) {
		m_freem(m);
		return;
	}
	if (!in_multicast(&ii->ii_dst)) {
		icmp_echo(m, ii, ICMP6_ECHO_REPLY, &ii->ii_dst);
		return;
	}
	ifa = ifa_source(m->m_pkthdr.rcvif, &ii->ii_src);
	if (ifa != NULL)
		icmp_echo(m, ii, ICMP6_ECHO_REPLY, &ifa->ifa_addr);
	else
		m_freem(m);
}

static void
icmp6_input(struct mbuf *m, const struct ip_info *ii)
{
	struct icmp icmp;

	if (m->m_pkthdr.len < ICMP_MINLEN || ip_cksum_verify(m, ii,
	    IPPROTO_ICMPV6, (uint32_t)m->m_pkthdr.len) != 0) {
		m_freem(m);
		return;
	}
	memcpy(&icmp, m->m_data, sizeof(icmp));
	switch (icmp.icmp_type) {
	case ICMP6_ECHO_REQUEST:
		icmp6_input_echo(m, ii);
		break;
	case ND_NEIGHBOR_SOLICIT:
	case ND_NEIGHBOR_ADVERT:
		nd6_input(m, ii);
		break;
	default:
		if ((icmp.icmp_type & ICMP6_INFOMSG_MASK) == 0 &&
		    !ii->ii_bcast)
			icmp6_input_error(m, &icmp, ii);
		m_freem(m);
		break;
	}
}

static const struct ip_proto icmp6_proto = { .ipp_input = icmp6_input };

static void
icmp6_init(const void *arg __unused)
{
	int error;

	error = ip_proto_register(IPPROTO_ICMPV6, &icmp6_proto);
	if (error != 0)
		sysinit_fail(error);
}
SYSINIT(icmp6, SI_SUB_PROTO_DOMAIN, SI_ORDER_SECOND, icmp6_init, NULL);

static void
icmp6_uninit(const void *arg __unused)
{
	ip_proto_unregister(IPPROTO_ICMPV6);
}
SYSUNINIT(icmp6, SI_SUB_PROTO_DOMAIN, SI_ORDER_SECOND, icmp6_uninit, NULL);

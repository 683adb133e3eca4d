/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ICMP (RFC 792; RFC 1122, 3.2.2; RFC 1812, 4.3), and what ICMPv6 (RFC 4443)
 * has in common with it: the sending of errors, echoes, and handing errors
 * received to the transport that they are about.
 *
 * An error is the packet itself, cut to what may be quoted (576 bytes in all
 * for ICMP, 1280 for ICMPv6) with two headers in front: no byte is copied.
 * None is sent about ICMP errors, about fragments but the first, or about
 * what went to many (RFC 1122, 3.2.2), and no more than a rate allows.
 *
 * Rates are kept by the generic cell rate algorithm (ITU-T I.371): with n
 * packets a second and T = 1 s / n, each packet sent moves a clock TAT
 * forward,
 *
 *	TAT = max(TAT, now) + T,
 *
 * and none is sent while TAT - now > 1 s - T: n at once, n a second after.
 * Who counts the answers could tell from their number what else was answered,
 * which helps to guess ports; so in each second n is another number, the
 * limit and at most net.inet.icmp.icmplim_jitter more or less.
 *
 * An error received quotes a packet.  If that could have been sent by us
 * (its source is an own address, it is not a later fragment) its transport
 * is told, and decides what to believe (RFC 5927).  Redirects and source
 * quenches (RFC 6633) are not listened to.
 */

#include <sys/param.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <net/if_var.h>
#include <netinet/ip_icmp.h>
#include <netinet/ip_impl.h>
#include <netinet6/icmp6.h>

#define	ICMP_QUOTE	(576 - (int)sizeof(struct ip) - ICMP_MINLEN)
#define	ICMP6_QUOTE	(IPV6_MMTU - (int)sizeof(struct ip6_hdr) - ICMP_MINLEN)
#define	QUOTE_LOOK	256	/* bytes of a quoted packet that are read */
#define	ICMP_JITTER_MAX	65535
#define	ULP_MIN		8	/* bytes of transport header that are needed */

VNET_DEFINE_STATIC(int, icmplim) = 200;
VNET_DEFINE_STATIC(int, icmp6errppslim) = 100;
VNET_DEFINE_STATIC(int, icmplim_jitter) = 16;
VNET_DEFINE_STATIC(nstime_t, icmp_tat[BANDLIM_MAX]);
VNET_DEFINE_STATIC(nstime_t, icmp_second);	/* that of icmp_chance */
VNET_DEFINE_STATIC(uint32_t, icmp_chance[BANDLIM_MAX]);
#define	V_icmplim	VNET(icmplim)
#define	V_icmp6errppslim	VNET(icmp6errppslim)
#define	V_icmplim_jitter	VNET(icmplim_jitter)
#define	V_icmp_tat	VNET(icmp_tat)
#define	V_icmp_second	VNET(icmp_second)
#define	V_icmp_chance	VNET(icmp_chance)

SYSCTL_NODE(_net_inet, IPPROTO_ICMP, icmp, CTLFLAG_RW, NULL, "ICMP");
SYSCTL_INT(_net_inet_icmp, OID_AUTO, icmplim, CTLFLAG_VNET | CTLFLAG_RWTUN,
    &VNET_NAME(icmplim), 0,
    "ICMP errors, echo replies and resets sent per second (0: any number)");
SYSCTL_INT_RANGE(_net_inet_icmp, OID_AUTO, icmplim_jitter,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(icmplim_jitter), 0,
    ICMP_JITTER_MAX, "How many more or less icmplim is, by chance, in each "
    "second");
SYSCTL_NODE(_net_inet6, IPPROTO_ICMPV6, icmp6, CTLFLAG_RW, NULL, "ICMPv6");
SYSCTL_INT(_net_inet6_icmp6, OID_AUTO, errppslimit,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(icmp6errppslim), 0,
    "ICMPv6 errors sent per second (0: any number)");

/* The rate in this second: at least 1, and less than twice the limit. */
static int
icmp_jittered(int which, int rate, nstime_t now)
{
	u_int jitter = (u_int)imin(V_icmplim_jitter, rate - 1);

	if (jitter == 0)
		return (rate);
	if (V_icmp_second != now / NS_PER_SEC + 1) {
		V_icmp_second = now / NS_PER_SEC + 1;
		vnet_random(V_icmp_chance, sizeof(V_icmp_chance));
	}
	return ((int)MIN((u_int)rate - jitter + V_icmp_chance[which] %
	    (2 * jitter + 1), (u_int)INT_MAX));
}

int
badport_bandlim(int which)
{
	nstime_t now, *tat, t;
	int rate;

	MPASS(which >= 0 && which < BANDLIM_MAX);
	rate = which == BANDLIM_ICMP6_UNREACH ? V_icmp6errppslim : V_icmplim;
	if (rate <= 0)
		return (0);
	now = getnstime();
	if (which != BANDLIM_ICMP6_UNREACH)
		rate = icmp_jittered(which, rate, now);
	tat = &V_icmp_tat[which];
	t = MAX(*tat, now) + NS_PER_SEC / (u_int)rate;
	if (t > now + NS_PER_SEC)
		return (-1);
	*tat = t;
	return (0);
}

/* Type and code, in ICMP and in ICMPv6, of an enum ip_errkind. */
static const struct icmp_kind {
	uint8_t	type4, code4;
	uint8_t	type6, code6;
} icmp_kinds[] = {
	[IP_ERR_NOROUTE] = {
		ICMP_UNREACH, ICMP_UNREACH_NET,
		ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE },
	[IP_ERR_NEIGHBOUR] = {
		ICMP_UNREACH, ICMP_UNREACH_HOST,
		ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR },
	[IP_ERR_PROTO] = {
		ICMP_UNREACH, ICMP_UNREACH_PROTOCOL,
		ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER },
	[IP_ERR_PORT] = {
		ICMP_UNREACH, ICMP_UNREACH_PORT,
		ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT },
	[IP_ERR_TOOBIG] = {
		ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG,
		ICMP6_PACKET_TOO_BIG, 0 },
	[IP_ERR_SCOPE] = {
		ICMP_UNREACH, ICMP_UNREACH_HOST,
		ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE },
	[IP_ERR_TTL] = {
		ICMP_TIMXCEED, ICMP_TIMXCEED_INTRANS,
		ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT },
	[IP_ERR_REASS] = {
		ICMP_TIMXCEED, ICMP_TIMXCEED_REASS,
		ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY },
	[IP_ERR_PARAM] = {
		ICMP_PARAMPROB, ICMP_PARAMPROB_ERRATPTR,
		ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER },
	[IP_ERR_OPTION] = {
		ICMP_PARAMPROB, ICMP_PARAMPROB_ERRATPTR,
		ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION },
	[IP_ERR_OPTION_MCAST] = {
		ICMP_PARAMPROB, ICMP_PARAMPROB_ERRATPTR,
		ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION }
};

/* What the beginning of a packet says; from received packets' or quotes'. */
struct icmp_packet {
	struct in6_addr	p_src, p_dst;
	int		p_hlen;		/* IP header; -1: unknown */
	uint8_t		p_proto;
	uint8_t		p_tos, p_ttl;
	bool		p_first;	/* not a later fragment */
};

static bool
icmp_look4(const uint8_t *buf, size_t len, struct icmp_packet *p)
{
	struct ip ip;

	if (len < sizeof(ip))
		return (false);
	memcpy(&ip, buf, sizeof(ip));
	p->p_hlen = ip.ip_hl << 2;
	if (ip.ip_v != IPVERSION || p->p_hlen < (int)sizeof(ip))
		return (false);
	p->p_src = in6_mapped(ip.ip_src);
	p->p_dst = in6_mapped(ip.ip_dst);
	p->p_proto = ip.ip_p;
	p->p_tos = ip.ip_tos;
	p->p_ttl = ip.ip_ttl;
	p->p_first = (ip.ip_off & htons(IP_OFFMASK)) == 0;
	return (true);
}

static bool
icmp_look6(const uint8_t *buf, size_t len, struct icmp_packet *p)
{
	struct ip6_hdr ip6;

	if (len < sizeof(ip6))
		return (false);
	memcpy(&ip6, buf, sizeof(ip6));
	if ((buf[0] & 0xf0) != IPV6_VERSION)
		return (false);
	p->p_src = ip6.ip6_src;
	p->p_dst = ip6.ip6_dst;
	p->p_tos = ip6_tclass(&ip6);
	p->p_ttl = ip6.ip6_hlim;
	p->p_hlen = ip6_skip_headers(buf, len, &p->p_proto);
	p->p_first = p->p_hlen >= 0;
	return (true);
}

static bool
icmp_type4_is_error(uint8_t type)
{
	return (type == ICMP_UNREACH || type == ICMP_SOURCEQUENCH ||
	    type == ICMP_REDIRECT || type == ICMP_TIMXCEED ||
	    type == ICMP_PARAMPROB);
}

/* May an error be sent about m, of which this is the beginning? */
static bool
icmp_may_complain4(const struct mbuf *m, const uint8_t *buf, size_t len,
    const struct icmp_packet *p)
{
	if (!p->p_first || (m->m_flags & (M_BCAST | M_MCAST)) != 0 ||
	    in_any(&p->p_src) || in_multicast(&p->p_src) ||
	    in_multicast(&p->p_dst))
		return (false);
	if (m->m_pkthdr.rcvif != NULL &&
	    (in_broadcast(&p->p_src, m->m_pkthdr.rcvif) ||
	    in_broadcast(&p->p_dst, m->m_pkthdr.rcvif)))
		return (false);
	return (p->p_proto != IPPROTO_ICMP || (len > (size_t)p->p_hlen &&
	    !icmp_type4_is_error(buf[p->p_hlen])));
}

static bool
icmp_may_complain6(const struct mbuf *m, const uint8_t *buf, size_t len,
    const struct icmp_packet *p, enum ip_errkind what)
{
	if (in_any(&p->p_src) || in_multicast(&p->p_src))
		return (false);
	if (((m->m_flags & (M_BCAST | M_MCAST)) != 0 ||
	    in_multicast(&p->p_dst)) && what != IP_ERR_TOOBIG &&
	    what != IP_ERR_OPTION_MCAST)
		return (false);
	if (p->p_hlen < 0 || p->p_proto != IPPROTO_ICMPV6)
		return (true);
	return (len > (size_t)p->p_hlen &&
	    (buf[p->p_hlen] & ICMP6_INFOMSG_MASK) != 0 &&
	    buf[p->p_hlen] != ND_REDIRECT);
}

/* Who complains: the address that was written to, if it is ours; else one of
 * the interface by which the packet came. */
static bool
icmp_source(const struct mbuf *m, const struct icmp_packet *p,
    struct ip_output_args *ioa)
{
	const struct ifaddr *ifa;

	ifa = ifa_ifwithaddr(&p->p_dst);
	if (ifa == NULL && m->m_pkthdr.rcvif != NULL)
		ifa = ifa_source(m->m_pkthdr.rcvif, &p->p_src);
	if (ifa == NULL)
		return (ip_selectsrc(&p->p_src, ioa->ioa_scope,
		    &ioa->ioa_src) == 0);
	ioa->ioa_src = ifa->ifa_addr;
	return (true);
}

void
icmp_send(struct mbuf *m, const struct ip_output_args *ioa)
{
	struct icmp *icmp;
	uint64_t sum;

	m->m_flags &= ~(M_BCAST | M_MCAST | M_LOOP | M_TSTMP | M_PROTOFLAGS);
	m->m_pkthdr.rcvif = NULL;
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.flowid = 0;
	icmp = mtod(m, struct icmp *);
	icmp->icmp_cksum = 0;
	sum = (uint16_t)~in_cksum(m, m->m_pkthdr.len);
	if (ioa->ioa_proto == IPPROTO_ICMPV6)
		sum += in_pseudo_sum(&ioa->ioa_src, &ioa->ioa_dst,
		    (uint32_t)m->m_pkthdr.len, IPPROTO_ICMPV6);
	icmp->icmp_cksum = (uint16_t)~in_cksum_fold(sum);
	(void)ip_send(m, ioa);
}

/* The message about m, which then is quoted in it. */
static void
icmp_error_send(struct mbuf *m, const struct ip_output_args *ioa,
    const struct icmp *head)
{
	int quote;

	quote = ioa->ioa_proto == IPPROTO_ICMP ? ICMP_QUOTE : ICMP6_QUOTE;
	if (m->m_pkthdr.len > quote)
		m_adj(m, quote - m->m_pkthdr.len);
	M_PREPEND(m, (int)sizeof(*head), M_NOWAIT);
	if (m == NULL)
		return;
	memcpy(m->m_data, head, sizeof(*head));
	icmp_send(m, ioa);
}

static void
icmp_error_head(struct icmp *head, bool v6, enum ip_errkind what,
    uint32_t arg)
{
	const struct icmp_kind *k;

	k = &icmp_kinds[what];
	memset(head, 0, sizeof(*head));
	head->icmp_type = v6 ? k->type6 : k->type4;
	head->icmp_code = v6 ? k->code6 : k->code4;
	if (v6)
		head->icmp_void = htonl(arg);
	else if (what == IP_ERR_TOOBIG)
		head->icmp_nextmtu = htons(MIN(arg, UINT16_MAX));
	else if (what == IP_ERR_PARAM)
		head->icmp_pptr = (uint8_t)arg;
}

/* Is m something to complain about, and to whom? */
static bool
icmp_error_plan(const struct mbuf *m, enum ip_errkind what,
    struct ip_output_args *ioa)
{
	uint8_t buf[QUOTE_LOOK];
	struct icmp_packet p;
	size_t len;
	bool v6;

	len = MIN((size_t)m->m_pkthdr.len, sizeof(buf));
	m_copydata(m, 0, (int)len, buf);
	v6 = ip_is_v6(m);
	if (v6 ? !icmp_look6(buf, len, &p) ||
	    !icmp_may_complain6(m, buf, len, &p, what) :
	    !icmp_look4(buf, len, &p) || !icmp_may_complain4(m, buf, len, &p))
		return (false);
	memset(ioa, 0, sizeof(*ioa));
	ioa->ioa_dst = p.p_src;
	ioa->ioa_proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	if (IN6_IS_ADDR_LINKLOCAL(&p.p_src)) {
		if (m->m_pkthdr.rcvif == NULL)
			return (false);
		ioa->ioa_scope = m->m_pkthdr.rcvif->if_index;
	}
	return (icmp_source(m, &p, ioa));
}

void
ip_error(struct mbuf *m, enum ip_errkind what, uint32_t arg)
{
	struct ip_output_args ioa;
	struct icmp head;
	bool v6;

	v6 = ip_is_v6(m);
	if (!v6 && (m = ip_complete_sum(m)) == NULL)
		return;
	if (!icmp_error_plan(m, what, &ioa) || badport_bandlim(v6 ?
	    BANDLIM_ICMP6_UNREACH : BANDLIM_ICMP_UNREACH) != 0) {
		m_freem(m);
		return;
	}
	/* IPv4 says nothing about where a protocol is named. */
	if (!v6 && what == IP_ERR_PROTO)
		arg = 0;
	icmp_error_head(&head, v6, what, arg);
	icmp_error_send(m, &ioa, &head);
}

void
icmp_error_unreach_port(struct mbuf *m)
{
	ip_error(m, IP_ERR_PORT, 0);
}

void
icmp_echo(struct mbuf *m, const struct ip_info *ii, uint8_t type,
    const struct in6_addr *src)
{
	struct ip_output_args ioa = { 0 };

	if (!ip_header_owned(m, ICMP_MINLEN)) {
		m = ip_own_header(m, ICMP_MINLEN);
		if (m == NULL)
			return;
	}
	mtod(m, struct icmp *)->icmp_type = type;
	ioa.ioa_src = *src;
	ioa.ioa_dst = ii->ii_src;
	ioa.ioa_scope = ii->ii_scope;
	ioa.ioa_proto = ii->ii_v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	ioa.ioa_tos = ii->ii_tos;
	icmp_send(m, &ioa);
}

void
icmp_ctlinput(const struct mbuf *m, struct ip_icmperr *ie, bool v6,
    uint32_t scope)
{
	uint8_t buf[QUOTE_LOOK];
	const struct ip_proto *ipp;
	struct icmp_packet p;
	size_t len;

	len = MIN((size_t)m->m_pkthdr.len - ICMP_MINLEN, sizeof(buf));
	m_copydata(m, ICMP_MINLEN, (int)len, buf);
	if (!(v6 ? icmp_look6(buf, len, &p) : icmp_look4(buf, len, &p)) ||
	    !p.p_first || len < (size_t)p.p_hlen + ULP_MIN ||
	    ifa_ifwithaddr(&p.p_src) == NULL)
		return;
	ipp = ip_proto_find(p.p_proto);
	if (ipp == NULL || ipp->ipp_ctlinput == NULL)
		return;
	ie->ie_ip.ii_src = p.p_src;
	ie->ie_ip.ii_dst = p.p_dst;
	ie->ie_ip.ii_scope = scope;
	ie->ie_ip.ii_hdrlen = (uint16_t)p.p_hlen;
	ie->ie_ip.ii_tos = p.p_tos;
	ie->ie_ip.ii_ttl = p.p_ttl;
	ie->ie_ip.ii_v6 = v6;
	ie->ie_ulp = &buf[p.p_hlen];
	ie->ie_ulplen = len - (size_t)p.p_hlen;
	ipp->ipp_ctlinput(ie);
}

/* What a destination unreachable with this code means to a user; 0: nothing
 * that is known. */
static int
icmp_unreach_errno(uint8_t code)
{
	switch (code) {
	case ICMP_UNREACH_PROTOCOL:
	case ICMP_UNREACH_PORT:
	case ICMP_UNREACH_NET_PROHIB:
	case ICMP_UNREACH_HOST_PROHIB:
	case ICMP_UNREACH_FILTER_PROHIB:
		return (ECONNREFUSED);
	case ICMP_UNREACH_NEEDFRAG:
		return (EMSGSIZE);
	default:
		return (code <= ICMP_UNREACH_PRECEDENCE_CUTOFF ?
		    EHOSTUNREACH : 0);
	}
}

/* An error; icmp: its header. */
static void
icmp_input_error(const struct mbuf *m, const struct icmp *icmp,
    const struct ip_info *ii)
{
	struct ip_icmperr ie = { 0 };

	ie.ie_type = icmp->icmp_type;
	ie.ie_code = icmp->icmp_code;
	ie.ie_from = ii->ii_src;
	switch (icmp->icmp_type) {
	case ICMP_UNREACH:
		ie.ie_errno = icmp_unreach_errno(icmp->icmp_code);
		ie.ie_toobig = icmp->icmp_code == ICMP_UNREACH_NEEDFRAG;
		if (ie.ie_toobig)
			ie.ie_mtu = ntohs(icmp->icmp_nextmtu);
		break;
	case ICMP_TIMXCEED:
		/* That a fragment was lost needs no telling. */
		if (icmp->icmp_code == ICMP_TIMXCEED_INTRANS)
			ie.ie_errno = EHOSTUNREACH;
		break;
	case ICMP_PARAMPROB:
		ie.ie_errno = ENOPROTOOPT;
		break;
	}
	if (ie.ie_errno != 0)
		icmp_ctlinput(m, &ie, false, 0);
}

static void
icmp_input(struct mbuf *m, const struct ip_info *ii)
{
	struct icmp icmp;

	if (m->m_pkthdr.len < ICMP_MINLEN || ii->ii_bcast ||
	    in_cksum(m, m->m_pkthdr.len) != 0) {
		m_freem(m);
		return;
	}
	memcpy(&icmp, m->m_data, sizeof(icmp));
	if (icmp.icmp_type == ICMP_ECHO &&
	    badport_bandlim(BANDLIM_ICMP_ECHO) == 0) {
		icmp_echo(m, ii, ICMP_ECHOREPLY, &ii->ii_dst);
		return;
	}
	icmp_input_error(m, &icmp, ii);
	m_freem(m);
}

static const struct ip_proto icmp_proto = { .ipp_input = icmp_input };

static void
icmp_init(const void *arg __unused)
{
	int error;

	error = ip_proto_register(IPPROTO_ICMP, &icmp_proto);
	if (error != 0)
		sysinit_fail(error);
}
SYSINIT(icmp, SI_SUB_PROTO_DOMAIN, SI_ORDER_SECOND, icmp_init, NULL);

static void
icmp_uninit(const void *arg __unused)
{
	ip_proto_unregister(IPPROTO_ICMP);
}
SYSUNINIT(icmp, SI_SUB_PROTO_DOMAIN, SI_ORDER_SECOND, icmp_uninit, NULL);

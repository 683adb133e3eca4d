/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IPv4 input (RFC 791; RFC 1122, 3.2 and 3.3), and the last step of both
 * families: giving a packet to its transport.
 *
 * A packet is taken if all that its header says can be true, in this order:
 *
 *	version, header length, header checksum		ip_check_header
 *	total length: no more than came; a link's padding goes
 *	addresses: no multicast or broadcast source,	ip_check_addrs
 *	    no loopback address and no source of ours from a wire
 *	options: well formed; no source routes		ip_check_options
 *
 * (source routes let outsiders choose paths and are refused by everybody,
 * RFC 7126, 4.3; net.inet.ip.accept_sourceroute takes those that end here).
 * The destination then says whose it is: ours, to be reassembled and
 * delivered, or another host's, to be forwarded.  Any own address will do,
 * whatever the interface (the weak host model of RFC 1122, 3.3.4.2).
 *
 * A packet that came by a wire with the same addresses as the last one, with
 * no address of ours changed meanwhile, is one of ours as that was.  If it is
 * plain besides (no options, no fragment, in one piece and in its place), a
 * few comparisons of whole words say all of the above (ip_input_plain), and
 * the transport sees what was remembered of the last one's header.  All other
 * packets go the long way, by which a plain one would come to the same end.
 *
 * If the plain packet was one handed over (if_handed), the next of its kind is
 * known by its whole frame, link header included, before the layers below have
 * looked at it (ip_input_handed).  What they and IP would have compared it
 * with cannot have changed: whatever changes it forgets the frame.
 *
 * May touch the packet; keeps nothing of it.
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/rawbytes.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip_icmp.h>
#include <netinet/ip_impl.h>
#include <netinet/ip_options.h>

#define	INADDR_ALLHOSTS_GROUP	0xe0000001U	/* 224.0.0.1 */

/* Bytes of transport header that are made contiguous: TCP's without options,
 * the longest of those that all transports' begin with. */
#define	ULP_CONTIG	20

VNET_DEFINE(struct ipstat, ipstat);
VNET_DEFINE(int, ip_defttl) = IPDEFTTL;

/* The last packet that was for us: its addresses, V_ifa_gen then, and what
 * transports see of one like it. */
struct ip_memo {
	struct in_addr	im_src, im_dst;
	uint32_t	im_gen;		/* 0: there is none */
	uint64_t	im_count;	/* those so far */
	struct ip_info	im_info;
	/* What a frame begins with that was handed over to if_handed and held
	 * a plain packet that looked like this, besides. */
	uint64_t	im_link[2];	/* link header, version, TOS */
	uint32_t	im_frag;	/* fragment, TTL, protocol */
	int		im_least;	/* bytes there; IM_NOFRAME: forget it */
	void		(*im_input)(struct mbuf *, const struct ip_info *);
	struct ipstat	*im_stat;	/* V_ipstat */
};
#define	IM_NOFRAME	INT32_MAX	/* no mbuf has as many */
VNET_DEFINE_STATIC(struct ip_memo, ip_memo) = { .im_least = IM_NOFRAME };
#define	V_ip_memo	VNET(ip_memo)
static if_handed_t ip_input_handed;

/* Of a frame: where IP's header begins, and what of it. */
#define	FRAME_IP	ETHER_HDR_LEN
#define	FRAME_LEN	(FRAME_IP + 2)
#define	FRAME_FRAG	(FRAME_IP + 6)	/* fragment, TTL, protocol */
#define	FRAME_ADDRS	(FRAME_IP + 12)
#define	FRAME_ULP	(FRAME_IP + 20)
VNET_DEFINE(int, ipforwarding);

SYSCTL_NODE(_net_inet, IPPROTO_IP, ip, CTLFLAG_RW, NULL, "IPv4");
SYSCTL_COUNTERS(_net_inet_ip, OID_AUTO, stats, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(ipstat), ipstat,
    "What IPv4 has counted; writing sets it to 0");

static int
sysctl_ip_ttl(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	/* Who keeps headers has it in them. */
	way_gen_bump();
	return (sysctl_int_range(oidp, req, &V_ip_defttl, 1, 255));
}
SYSCTL_PROC(_net_inet_ip, 3, ttl, CTLTYPE_INT | CTLFLAG_VNET |
    CTLFLAG_RWTUN, NULL, 0, sysctl_ip_ttl, "I",
    "Hops that packets sent may take if their socket does not say");
SYSCTL_INT(_net_inet_ip, 1, forwarding, CTLFLAG_VNET | CTLFLAG_RWTUN,
    &VNET_NAME(ipforwarding), 0,
    "Not 0: be a router, send on packets that are for others");

struct mbuf *
ip_own_header(struct mbuf *m, int len)
{
	struct mbuf *n;

	MPASS(len <= MHLEN - max_linkhdr && len <= m->m_pkthdr.len);
	n = m_gethdr(M_NOWAIT, MT_DATA);
	if (n == NULL) {
		m_freem(m);
		return (NULL);
	}
	n->m_data += max_linkhdr;
	m_copydata(m, 0, len, n->m_data);
	m_move_pkthdr(n, m);
	n->m_len = len;
	m_adj(m, len);
	while (m != NULL && m->m_len == 0)
		m = m_free(m);
	n->m_next = m;
	return (n);
}

bool
in_broadcast(const struct in6_addr *a, const struct ifnet *ifp)
{
	const struct ifaddr *ifa;
	uint32_t host, v4;

	if (!IN6_IS_ADDR_V4MAPPED(a))
		return (false);
	v4 = ntohl(a->s6_addr32[3]);
	if (v4 == INADDR_BROADCAST)
		return (true);
	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link) {
		/* A subnet of two addresses or one has none (RFC 3021). */
		if (!IN6_IS_ADDR_V4MAPPED(&ifa->ifa_addr) ||
		    ifa->ifa_plen > 126)
			continue;
		host = (uint32_t)((1ULL << (128 - ifa->ifa_plen)) - 1);
		if (v4 == (ntohl(ifa->ifa_addr.s6_addr32[3]) | host))
			return (true);
	}
	return (false);
}

/* Free m, which is wrong in the way that *counter counts. */
static struct mbuf *
ip_drop(struct mbuf *m, uint64_t *counter)
{
	(*counter)++;
	m_freem(m);
	return (NULL);
}

/* The header contiguous and readable, with its options; or NULL. */
static inline struct mbuf *
ip_pullup_header(struct mbuf *m)
{
	int hlen;

	if (__predict_false(m->m_pkthdr.len < (int)sizeof(struct ip)))
		return (ip_drop(m, &V_ipstat.ips_tooshort));
	if (__predict_false(m->m_len < (int)sizeof(struct ip) ||
	    ((uintptr_t)m->m_data & 3) != 0)) {
		m = ip_own_header(m, sizeof(struct ip));
		if (m == NULL)
			return (NULL);
	}
	if (__predict_false(mtod(m, const struct ip *)->ip_v != IPVERSION))
		return (ip_drop(m, &V_ipstat.ips_badvers));
	hlen = mtod(m, const struct ip *)->ip_hl << 2;
	if (__predict_false(hlen < (int)sizeof(struct ip)))
		return (ip_drop(m, &V_ipstat.ips_badhlen));
	if (__predict_false(hlen > m->m_len)) {
		if (hlen > m->m_pkthdr.len)
			return (ip_drop(m, &V_ipstat.ips_badhlen));
		m = ip_own_header(m, hlen);
	}
	return (m);
}

/* Checksum and lengths right, bytes behind the packet gone; or NULL. */
static inline struct mbuf *
ip_check_header(struct mbuf *m)
{
	const struct ip *ip;
	int extra, len;

	m = ip_pullup_header(m);
	if (__predict_false(m == NULL))
		return (NULL);
	ip = mtod(m, const struct ip *);
	if ((m->m_pkthdr.csum_flags & CSUM_L3_CALC) != 0 ?
	    (m->m_pkthdr.csum_flags & CSUM_L3_VALID) == 0 :
	    ip_header_sum(ip) != 0)
		return (ip_drop(m, &V_ipstat.ips_badsum));
	len = ntohs(ip->ip_len);
	if (__predict_false(len < ip->ip_hl << 2))
		return (ip_drop(m, &V_ipstat.ips_badlen));
	extra = m->m_pkthdr.len - len;
	if (__predict_false(extra < 0))
		return (ip_drop(m, &V_ipstat.ips_tooshort));
	if (__predict_false(extra > 0)) {
		if (m->m_len == m->m_pkthdr.len) {
			m->m_len = len;
			m->m_pkthdr.len = len;
		} else
			m_adj(m, -extra);
	}
	return (m);
}

struct mbuf *
ip_complete_sum(struct mbuf *m)
{
	const int hlen = mtod(m, const struct ip *)->ip_hl << 2;
	struct ip *ip;

	if ((m->m_pkthdr.csum_flags & CSUM_IP) == 0)
		return (m);
	if (!ip_header_owned(m, hlen) && (m = ip_own_header(m, hlen)) == NULL)
		return (NULL);
	ip = mtod(m, struct ip *);
	ip->ip_sum = 0;
	ip->ip_sum = ip_header_sum(ip);
	m->m_pkthdr.csum_flags &= ~(uint32_t)CSUM_IP;
	return (m);
}

/* Can a packet with these addresses have come in this way? */
static inline bool
ip_check_addrs(const struct mbuf *m, const struct ip_info *ii)
{
	if (__predict_false(in_multicast(&ii->ii_src)))
		return (false);
	if (__predict_false((m->m_flags & M_LOOP) != 0))
		return (true);
	return (!in_loopback(&ii->ii_src) && !in_loopback(&ii->ii_dst) &&
	    ifa_ifwithaddr(&ii->ii_src) == NULL);
}

void
ip_forget(void)
{
	V_ip_memo.im_least = IM_NOFRAME;
}

static inline bool
ip_is_remembered(const struct mbuf *m)
{
	const struct ip *ip = mtod(m, const struct ip *);

	return (ip->ip_src.s_addr == V_ip_memo.im_src.s_addr &&
	    ip->ip_dst.s_addr == V_ip_memo.im_dst.s_addr &&
	    V_ifa_gen == V_ip_memo.im_gen && (m->m_flags & M_LOOP) == 0);
}

/* ii is what transports see of m, which is one of ours. */
static inline void
ip_remember(const struct mbuf *m, const struct ip_info *ii)
{
	const struct ip *ip = mtod(m, const struct ip *);
	struct ip_memo *im = &V_ip_memo;

	if ((m->m_flags & M_LOOP) != 0)
		return;
	im->im_src = ip->ip_src;
	im->im_dst = ip->ip_dst;
	im->im_gen = V_ifa_gen;
	im->im_info = *ii;
	im->im_info.ii_hdrlen = sizeof(struct ip);
	im->im_info.ii_front = true;
	im->im_info.ii_bcast = false;
	im->im_info.ii_same = ++im->im_count;
	im->im_least = IM_NOFRAME;
}

VNET_DEFINE_STATIC(int, accept_sourceroute) = 0;
#define	V_accept_sourceroute	VNET(accept_sourceroute)
SYSCTL_INT(_net_inet_ip, OID_AUTO, accept_sourceroute,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(accept_sourceroute), 0,
    "Take packets that came here by a source route");

/* The source route at p ends here, and we take such packets. */
static bool
ip_srcroute_ends(const struct ip *ip, const uint8_t *p)
{
	struct in6_addr dst = in6_mapped(ip->ip_dst);

	return (V_accept_sourceroute && p[1] >= 3 && p[2] >= 4 &&
	    p[2] > p[1] && ifa_ifwithaddr(&dst) != NULL);
}

/*
 * Are the options well formed, and ones that may pass?  Else 0 is returned
 * or, if the sender may hear of it, the offset of what is wrong.
 */
static int
ip_check_options(const struct ip *ip, bool *ok)
{
	const uint8_t *p;
	int hlen, n;

	p = (const uint8_t *)ip;
	hlen = ip->ip_hl << 2;
	*ok = false;
	for (n = sizeof(*ip); n < hlen && p[n] != IPOPT_EOL; ) {
		if (p[n] == IPOPT_NOP) {
			n++;
			continue;
		}
		if (n + 1 >= hlen || p[n + 1] < 2 || n + p[n + 1] > hlen)
			return (n + 1 < hlen ? n + 1 : n);
		if ((p[n] == IPOPT_LSRR || p[n] == IPOPT_SSRR) &&
		    !ip_srcroute_ends(ip, p + n))
			return (0);
		n += p[n + 1];
	}
	*ok = true;
	return (0);
}

/* m if its options may pass, else NULL. */
static struct mbuf *
ip_input_options(struct mbuf *m)
{
	int where;
	bool ok;

	where = ip_check_options(mtod(m, const struct ip *), &ok);
	if (ok)
		return (m);
	V_ipstat.ips_badoptions++;
	if (where != 0)
		ip_error(m, IP_ERR_PARAM, (uint32_t)where);
	else
		m_freem(m);
	return (NULL);
}

/* A destination that is no address of ours: is it one of many, us among
 * them?  All hosts of the link, or of a subnet on it. */
static bool
ip_for_all(const struct mbuf *m, const struct in6_addr *dst)
{
	return (dst->s6_addr32[3] == htonl(INADDR_ALLHOSTS_GROUP) ||
	    in_broadcast(dst, m->m_pkthdr.rcvif));
}

/* What the header says to those who need not know the family.  Not yet set:
 * ii_bcast, if it is because of the address. */
static inline void
ip_info_get(const struct mbuf *m, struct ip_info *ii)
{
	const struct ip *ip;

	ip = mtod(m, const struct ip *);
	ii->ii_src = in6_mapped(ip->ip_src);
	ii->ii_dst = in6_mapped(ip->ip_dst);
	ii->ii_scope = 0;
	ii->ii_hdrlen = (uint16_t)(ip->ip_hl << 2);
	ii->ii_tos = ip->ip_tos;
	ii->ii_ttl = ip->ip_ttl;
	ii->ii_v6 = false;
	ii->ii_bcast = (m->m_flags & (M_BCAST | M_MCAST)) != 0;
	ii->ii_same = 0;
}

/* The packet is for us. */
static inline void
ip_input_ours(struct mbuf *m, struct ip_info *ii)
{
	const struct ip *ip;

	ip = mtod(m, const struct ip *);
	if (__predict_false((ip->ip_off & htons(IP_MF | IP_OFFMASK)) != 0)) {
		m = ip_reass(m);
		if (m == NULL)
			return;
		ip = mtod(m, const struct ip *);
		ii->ii_hdrlen = (uint16_t)(ip->ip_hl << 2);
		ii->ii_tos = ip->ip_tos;
		ii->ii_ttl = ip->ip_ttl;
	}
	ip_deliver(m, ii, ip->ip_p, __offsetof(struct ip, ip_p));
}

/*
 * Is m a plain packet and whole, its header at ip?  What follows that is
 * ULP_CONTIG bytes at least, and nobody put it on a link for more than us.  A
 * header's words add up to a multiple of 2^16 - 1 if its checksum is right,
 * the same as a sum of ffff in one's complement.
 */
static inline bool
ip_is_plain(const struct mbuf *m, const struct ip *ip)
{
	uint32_t begin, end, frag;
	uint64_t w[2];

	memcpy(&begin, ip, sizeof(begin));
	memcpy(&frag, &ip->ip_id, sizeof(frag));
	begin = ntohl(begin);
	if (begin >> 24 != (IPVERSION << 4 | sizeof(*ip) / 4) ||
	    (begin & 0xffff) != (uint32_t)m->m_pkthdr.len ||
	    (frag & htonl(IP_MF | IP_OFFMASK)) != 0 ||
	    (m->m_flags & (M_LOOP | M_BCAST | M_MCAST)) != 0)
		return (false);
	if ((m->m_pkthdr.csum_flags & CSUM_L3_CALC) != 0)
		return ((m->m_pkthdr.csum_flags & CSUM_L3_VALID) != 0);
	memcpy(w, ip, sizeof(w));
	memcpy(&end, &ip->ip_dst, sizeof(end));
	return (in_cksum_add(in_cksum_add(w[0], w[1]), end) % 0xffff == 0);
}

/*
 * The next frame that is handed to the same interface may look the same, if
 * the one that m, which is plain, lay in is still in front of it.  One of the
 * same link header would be taken, for it depends on that alone; the
 * interface is up and not recorded, or if_handed will be reset.
 */
static inline void
ip_remember_frame(const struct mbuf *m, struct ip_memo *im,
    const struct ip_proto *ipp)
{
	const char *p = m->m_data - FRAME_IP;
	struct ifnet *ifp = m->m_pkthdr.rcvif;

	if (ifp == NULL || ifp->if_handed == NULL ||
	    ifp->if_input != ether_input ||
	    m->m_pkthdr.l2hlen != FRAME_IP || ifp->if_capture != NULL)
		return;
	im->im_link[0] = raw64(p);
	im->im_link[1] = raw64(p + 8);
	im->im_frag = raw32(p + FRAME_FRAG);
	im->im_least = FRAME_ULP + ULP_CONTIG;
	im->im_input = ipp->ipp_input;
	im->im_stat = &V_ipstat;
	ifp->if_handed = ip_input_handed;
	ifp->if_handed_arg = im;
}

/* m, which is as im says, to its transport. */
static inline void
ip_give(struct mbuf *m, struct ip_memo *im, const struct ip_proto *ipp)
{
	m->m_data += sizeof(struct ip);
	m->m_len -= (int)sizeof(struct ip);
	m->m_pkthdr.len -= (int)sizeof(struct ip);
	V_ipstat.ips_total++;
	V_ipstat.ips_delivered++;
	ipp->ipp_input(m, &im->im_info);
}

/* The same; perhaps it was handed over. */
static void __noinline
ip_give_framed(struct mbuf *m, struct ip_memo *im,
    const struct ip_proto *ipp)
{
	ip_remember_frame(m, im, ipp);
	ip_give(m, im, ipp);
}

/* If m is plain, and from and to the same as the one remembered, give it to
 * its transport. */
static inline bool
ip_input_plain(struct mbuf *m)
{
	const struct ip *ip = mtod(m, const struct ip *);
	struct ip_memo *im = &V_ip_memo;
	const struct ip_proto *ipp;

	if (m->m_len < (int)sizeof(*ip) + ULP_CONTIG ||
	    ((uintptr_t)ip & 3) != 0 ||
	    memcmp(&ip->ip_src, &im->im_src, 2 * sizeof(im->im_src)) != 0 ||
	    V_ifa_gen != im->im_gen || !ip_is_plain(m, ip) ||
	    (ipp = ip_proto_find(ip->ip_p)) == NULL)
		return (false);
	im->im_info.ii_tos = ip->ip_tos;
	im->im_info.ii_ttl = ip->ip_ttl;
	im->im_least = IM_NOFRAME;
	if ((m->m_pkthdr.csum_flags & CSUM_L3_VALID) != 0)
		ip_give_framed(m, im, ipp);
	else
		ip_give(m, im, ipp);
	return (true);
}

/* A packet handed over that begins otherwise: only because of another TOS?
 * Then it is that from now on. */
static void __noinline
ip_input_handed_other(struct mbuf *m, struct ifnet *ifp)
{
	struct ip_memo *im = &V_ip_memo;
	const char *p = m->m_data;

	if (m->m_len >= im->im_least && raw64(p + 8) != im->im_link[1] &&
	    memcmp(p + 8, &im->im_link[1], 7) == 0) {
		im->im_link[1] = raw64(p + 8);
		im->im_info.ii_tos = (uint8_t)p[FRAME_IP + 1];
		ip_input_handed(m, ifp);
	} else
		if_input_handed(m, ifp);
}

/*
 * A packet handed over, in its frame.  If this begins as the one remembered,
 * up to the addresses, and its length is right, ether_input() and ip_input()
 * would take it as they took that one, and it is done for both at once.
 */
static void
ip_input_handed(struct mbuf *m, struct ifnet *ifp)
{
	struct ip_memo *im = ifp->if_handed_arg;
	struct ipstat *st = im->im_stat;
	const char *p = m->m_data;
	const int len = m->m_pkthdr.len;

	if (__predict_false(m->m_len < im->im_least ||
	    ((uintptr_t)(p + FRAME_IP) & 3) != 0 ||
	    memcmp(p + FRAME_ADDRS, &im->im_src, 2 * sizeof(im->im_src)) != 0 ||
	    raw64(p) != im->im_link[0] ||
	    raw64(p + 8) != im->im_link[1] ||
	    raw32(p + FRAME_FRAG) != im->im_frag ||
	    ntohs(raw16(p + FRAME_LEN)) != len - FRAME_IP)) {
		ip_input_handed_other(m, ifp);
		return;
	}
	ifp->if_data.ifi_ipackets++;
	ifp->if_data.ifi_ibytes += (uint64_t)len;
	m->m_pkthdr.rcvif = ifp;
	m->m_data += FRAME_ULP;
	m->m_len -= FRAME_ULP;
	m->m_pkthdr.len = len - FRAME_ULP;
	st->ips_total++;
	st->ips_delivered++;
	im->im_input(m, &im->im_info);
}

static void __noinline
ip_input_any(struct mbuf *m)
{
	struct ip_info ii;
	bool known;

	V_ipstat.ips_total++;
	m = ip_check_header(m);
	if (__predict_false(m == NULL || (m = ip_complete_sum(m)) == NULL))
		return;
	ip_info_get(m, &ii);
	known = ip_is_remembered(m);
	if (__predict_false(!known && !ip_check_addrs(m, &ii))) {
		ip_drop(m, &V_ipstat.ips_badaddr);
		return;
	}
	if (__predict_false(ii.ii_hdrlen > sizeof(struct ip))) {
		m = ip_input_options(m);
		if (m == NULL)
			return;
	}
	if (__predict_true(known))
		ip_input_ours(m, &ii);
	else if (ifa_ifwithaddr(&ii.ii_dst) != NULL) {
		ip_remember(m, &ii);
		ip_input_ours(m, &ii);
	} else if (ip_for_all(m, &ii.ii_dst)) {
		ii.ii_bcast = true;
		ip_input_ours(m, &ii);
	} else if (V_ipforwarding != 0 && !ii.ii_bcast)
		ip_forward(m);
	else
		ip_drop(m, &V_ipstat.ips_cantforward);
}

static void
ip_input(struct mbuf *m)
{
	if (__predict_false(!ip_input_plain(m)))
		ip_input_any(m);
}

/* Nobody here speaks proto.  For IPv6 there is a name in each header that
 * leads to the next one. */
static void __noinline
ip_no_proto(struct mbuf *m, const struct ip_info *ii, uint8_t proto,
    int proto_off)
{
	struct ipstat *st;

	st = ii->ii_v6 ? &V_ip6stat : &V_ipstat;
	st->ips_noproto++;
	if (proto == IPPROTO_NONE)
		m_freem(m);
	else
		ip_error(m, IP_ERR_PROTO, (uint32_t)proto_off);
}

static inline void
ip_cut_header(struct mbuf *m, int hlen)
{
	m->m_data += hlen;
	m->m_len -= hlen;
	m->m_pkthdr.len -= hlen;
}

/* ip_strip() of a packet that is not in one piece as far as ulp bytes behind
 * its header. */
static struct mbuf * __noinline
ip_strip_pullup(struct mbuf *m, struct ip_info *ii, int ulp)
{
	int hlen = ii->ii_hdrlen;

	if (hlen + ulp > MHLEN - max_linkhdr) {
		ii->ii_front = false;
		m_adj(m, hlen);
		return (ip_own_header(m, ulp));
	}
	m = ip_own_header(m, hlen + ulp);
	if (m != NULL)
		ip_cut_header(m, hlen);
	return (m);
}

/* Cut the IP header off and see to it that enough of what follows is in one
 * piece; NULL if memory is short. */
static inline struct mbuf *
ip_strip(struct mbuf *m, struct ip_info *ii)
{
	int hlen, ulp;

	hlen = ii->ii_hdrlen;
	ulp = MIN(m->m_pkthdr.len - hlen, ULP_CONTIG);
	ii->ii_front = true;
	if (__predict_false(m->m_len < hlen + ulp))
		return (ip_strip_pullup(m, ii, ulp));
	ip_cut_header(m, hlen);
	return (m);
}

void
ip_deliver(struct mbuf *m, struct ip_info *ii, uint8_t proto, int proto_off)
{
	const struct ip_proto *ipp;

	ipp = ip_proto_find(proto);
	if (__predict_false(ipp == NULL)) {
		ip_no_proto(m, ii, proto, proto_off);
		return;
	}
	m = ip_strip(m, ii);
	if (__predict_false(m == NULL))
		return;
	(ii->ii_v6 ? &V_ip6stat : &V_ipstat)->ips_delivered++;
	ipp->ipp_input(m, ii);
}

static void
ip_init(const void *arg __unused)
{
	V_ip_netisr = ip_input;
	V_ifa_changed = ip_forget;
}
SYSINIT(ip, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, ip_init, NULL);

static void
ip_uninit(const void *arg __unused)
{
	V_ip_netisr = NULL;
}
SYSUNINIT(ip, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, ip_uninit, NULL);

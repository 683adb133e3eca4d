/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IPv6 input (RFC 8200).
 *
 * After the fixed header comes a chain of extension headers, each naming the
 * next.  A destination walks it in order; what it may do with each:
 *
 *	hop-by-hop options	first only; options by their upper two bits
 *	destination options	options by their upper two bits
 *	routing			passed over if its way is at an end, refused
 *				else, whatever its type (RFC 5095)
 *	fragment		reassembled (ip_reass.c)
 *	anything else		a transport, or nobody knows it
 *
 * The upper bits of an option that is not known (4.2): 00 pass over, 01
 * drop, 10 drop and say so, 11 drop and say so unless it went to a group.
 * No option but padding is known.  The number of headers is limited, and a
 * header is read where it lies in the chain of mbufs, so that neither
 * number nor length of them costs more than reading.
 *
 * Addresses that cannot be on a wire are refused: loopback, groups as
 * sources, own addresses as sources, and mapped IPv4 addresses, which
 * inside the stack mean IPv4.
 *
 * May touch the packet; keeps nothing.
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <netinet/ip_impl.h>
#include <netinet6/icmp6.h>

#define	IP6_HEADERS_MAX	16	/* extension headers of one packet */
#define	IP6OPT_PAD1	0
#define	IP6OPT_PADN	1

VNET_DEFINE(struct ipstat, ip6stat);
VNET_DEFINE(int, ip6_defhlim) = IPV6_DEFHLIM;
VNET_DEFINE(int, ip6_forwarding);
VNET_DEFINE(int, ip6_v6only) = 1;

SYSCTL_NODE(_net_inet6, IPPROTO_IPV6, ip6, CTLFLAG_RW, NULL, "IPv6");
SYSCTL_COUNTERS(_net_inet6_ip6, OID_AUTO, stats, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(ip6stat), ipstat,
    "What IPv6 has counted; writing sets it to 0");

static int
sysctl_ip6_hlim(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_ip6_defhlim, 1, 255));
}
SYSCTL_PROC(_net_inet6_ip6, 3, hlim, CTLTYPE_INT | CTLFLAG_VNET |
    CTLFLAG_RWTUN, NULL, 0, sysctl_ip6_hlim, "I",
    "Hops that packets sent may take if their socket does not say");
SYSCTL_INT(_net_inet6_ip6, 1, forwarding, CTLFLAG_VNET | CTLFLAG_RWTUN,
    &VNET_NAME(ip6_forwarding), 0,
    "Not 0: be a router, send on packets that are for others");
SYSCTL_INT_RANGE(_net_inet6_ip6, 24, v6only, CTLFLAG_VNET | CTLFLAG_RWTUN,
    &VNET_NAME(ip6_v6only), 0, 1,
    "1: new sockets have IPV6_V6ONLY on, take no IPv4");

/* Free m, which is wrong in the way that *counter counts. */
static struct mbuf *
ip6_drop(struct mbuf *m, uint64_t *counter)
{
	(*counter)++;
	m_freem(m);
	return (NULL);
}

/* The header contiguous and right, bytes behind the packet gone; or NULL. */
static inline struct mbuf *
ip6_check_header(struct mbuf *m)
{
	int extra, len;

	if (__predict_false(m->m_pkthdr.len < (int)sizeof(struct ip6_hdr)))
		return (ip6_drop(m, &V_ip6stat.ips_tooshort));
	if (__predict_false(m->m_len < (int)sizeof(struct ip6_hdr) ||
	    ((uintptr_t)m->m_data & 3) != 0)) {
		m = ip_own_header(m, sizeof(struct ip6_hdr));
		if (m == NULL)
			return (NULL);
	}
	if (__predict_false(!ip_is_v6(m)))
		return (ip6_drop(m, &V_ip6stat.ips_badvers));
	len = (int)sizeof(struct ip6_hdr) +
	    ntohs(mtod(m, const struct ip6_hdr *)->ip6_plen);
	extra = m->m_pkthdr.len - len;
	if (__predict_false(extra < 0))
		return (ip6_drop(m, &V_ip6stat.ips_tooshort));
	if (__predict_false(extra > 0)) {
		if (m->m_len == m->m_pkthdr.len) {
			m->m_len = len;
			m->m_pkthdr.len = len;
		} else
			m_adj(m, -extra);
	}
	return (m);
}

/* Can a packet with these addresses have come in this way? */
static inline bool
ip6_check_addrs(const struct mbuf *m, const struct ip_info *ii)
{
	if (__predict_false(IN6_IS_ADDR_MULTICAST(&ii->ii_src) ||
	    IN6_IS_ADDR_V4MAPPED(&ii->ii_src) ||
	    IN6_IS_ADDR_V4MAPPED(&ii->ii_dst) ||
	    IN6_IS_ADDR_UNSPECIFIED(&ii->ii_dst)))
		return (false);
	if (__predict_false((m->m_flags & M_LOOP) != 0))
		return (true);
	return (!IN6_IS_ADDR_LOOPBACK(&ii->ii_src) &&
	    !IN6_IS_ADDR_LOOPBACK(&ii->ii_dst) &&
	    ifa_ifwithaddr(&ii->ii_src) == NULL);
}

/* The entry of ifp for the link-local address a, or NULL. */
static const struct ifaddr *
ip6_own_linklocal(const struct ifnet *ifp, const struct in6_addr *a)
{
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &ifp->if_addrhead, ifa_link)
		if (IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr, a))
			break;
	return (ifa);
}

/* Is the packet for an address of ours?  Link-local ones only count on their
 * link. */
static inline bool
ip6_is_ours(const struct mbuf *m, const struct in6_addr *dst)
{
	const struct ifaddr *ifa;

	if (__predict_false(IN6_IS_ADDR_LINKLOCAL(dst)))
		ifa = ip6_own_linklocal(m->m_pkthdr.rcvif, dst);
	else
		ifa = ifa_ifwithaddr(dst);
	return (ifa != NULL && (ifa->ifa_flags & IFA_TENTATIVE) == 0);
}

/* Is it for a group of ours: all nodes of the interface or the link, or the
 * solicited-node group of an address of the interface? */
static bool
ip6_is_our_group(const struct mbuf *m, const struct in6_addr *dst)
{
	const struct ifaddr *ifa;
	struct in6_addr all, group;

	if (!IN6_IS_ADDR_MULTICAST(dst))
		return (false);
	all = (struct in6_addr){ .s6_addr = { 0xff, [15] = 0x01 } };
	all.s6_addr[1] = dst->s6_addr[1];
	if (IN6_ARE_ADDR_EQUAL(dst, &all))
		return (dst->s6_addr[1] == 0x01 || dst->s6_addr[1] == 0x02);
	TAILQ_FOREACH(ifa, &m->m_pkthdr.rcvif->if_addrhead, ifa_link) {
		if (IN6_IS_ADDR_V4MAPPED(&ifa->ifa_addr))
			continue;
		in6_solicited_node(&ifa->ifa_addr, &group);
		if (IN6_ARE_ADDR_EQUAL(dst, &group))
			return (true);
	}
	return (false);
}

/* Where the walk along the headers of a packet stands. */
struct ip6_walk {
	struct mbuf	*w_m;		/* NULL: it is gone */
	struct ip_info	*w_ii;
	int		w_off;		/* this header's offset */
	int		w_prev;		/* of the field that named it */
	int		w_len;		/* this header's length, bytes */
	int		w_count;	/* headers passed */
	uint8_t		w_nxt;		/* this header's name */
};

/* The packet ends here, with a word to its sender. */
static bool
ip6_refuse(struct ip6_walk *w, enum ip_errkind what, int where)
{
	V_ip6stat.ips_badoptions++;
	ip_error(w->w_m, what, (uint32_t)where);
	w->w_m = NULL;
	return (false);
}

/* The packet ends here, in silence. */
static bool
ip6_stop(struct ip6_walk *w, uint64_t *counter)
{
	w->w_m = ip6_drop(w->w_m, counter);
	return (false);
}

/* An option that nobody here knows, at offset off of the packet. */
static bool
ip6_unknown_option(struct ip6_walk *w, uint8_t type, int off)
{
	switch (type >> 6) {
	case 0:
		return (true);
	case 1:
		return (ip6_stop(w, &V_ip6stat.ips_badoptions));
	case 2:
		return (ip6_refuse(w, IP_ERR_OPTION_MCAST, off));
	default:
		return (ip6_refuse(w, IP_ERR_OPTION, off));
	}
}

/* The options of this header. */
static bool
ip6_options(struct ip6_walk *w)
{
	uint8_t opt[2];
	int end, off;

	end = w->w_off + w->w_len;
	for (off = w->w_off + (int)sizeof(struct ip6_ext); off < end; ) {
		m_copydata(w->w_m, off, 1, opt);
		if (opt[0] == IP6OPT_PAD1) {
			off++;
			continue;
		}
		if (end - off < (int)sizeof(opt))
			return (ip6_refuse(w, IP_ERR_PARAM, off));
		m_copydata(w->w_m, off, sizeof(opt), opt);
		if (opt[1] > end - off - (int)sizeof(opt))
			return (ip6_refuse(w, IP_ERR_PARAM, off + 1));
		if (opt[0] != IP6OPT_PADN &&
		    !ip6_unknown_option(w, opt[0], off))
			return (false);
		off += (int)sizeof(opt) + opt[1];
	}
	return (true);
}

/* A routing header: all that matters is whether we are its end. */
static bool
ip6_routing(struct ip6_walk *w)
{
	uint8_t left;

	m_copydata(w->w_m, w->w_off + 3, sizeof(left), &left);
	if (left == 0)
		return (true);
	return (ip6_refuse(w, IP_ERR_PARAM, w->w_off + 2));
}

/* A fragment becomes a whole packet without fragment header, or is gone. */
static bool
ip6_fragment(struct ip6_walk *w)
{
	if (w->w_m->m_pkthdr.len - w->w_off < (int)sizeof(struct ip6_frag))
		return (ip6_stop(w, &V_ip6stat.ips_badhlen));
	w->w_m = ip6_reass(w->w_m, &w->w_off, &w->w_prev);
	if (w->w_m == NULL)
		return (false);
	/* Routers on the way may have marked any of the fragments. */
	w->w_ii->ii_tos = ip6_tclass(mtod(w->w_m, const struct ip6_hdr *));
	m_copydata(w->w_m, w->w_prev, sizeof(w->w_nxt), &w->w_nxt);
	return (true);
}

/* This header's length: all but the fragment header say it in one way. */
static bool
ip6_header_length(struct ip6_walk *w, struct ip6_ext *ext)
{
	int left;

	left = w->w_m->m_pkthdr.len - w->w_off;
	if (left < 8)
		return (ip6_stop(w, &V_ip6stat.ips_badhlen));
	m_copydata(w->w_m, w->w_off, sizeof(*ext), ext);
	w->w_len = (ext->ip6e_len + 1) << 3;
	if (w->w_len > left)
		return (ip6_stop(w, &V_ip6stat.ips_badhlen));
	return (true);
}

/* Take one extension header; false: the packet is gone. */
static bool
ip6_next_header(struct ip6_walk *w)
{
	struct ip6_ext ext;
	bool ok;

	if (++w->w_count > IP6_HEADERS_MAX)
		return (ip6_stop(w, &V_ip6stat.ips_badhlen));
	if (w->w_nxt == IPPROTO_FRAGMENT)
		return (ip6_fragment(w));
	if (!ip6_header_length(w, &ext))
		return (false);
	if (w->w_nxt == IPPROTO_ROUTING)
		ok = ip6_routing(w);
	else if (w->w_nxt == IPPROTO_HOPOPTS &&
	    w->w_off != (int)sizeof(struct ip6_hdr))
		ok = ip6_refuse(w, IP_ERR_PROTO, w->w_prev);
	else
		ok = ip6_options(w);
	w->w_prev = w->w_off;
	w->w_off += w->w_len;
	w->w_nxt = ext.ip6e_nxt;
	return (ok);
}

static inline bool
ip6_is_extension(uint8_t nxt)
{
	return (nxt == IPPROTO_HOPOPTS || nxt == IPPROTO_DSTOPTS ||
	    nxt == IPPROTO_ROUTING || nxt == IPPROTO_FRAGMENT);
}

/* The packet is for us. */
static inline void
ip6_input_ours(struct mbuf *m, struct ip_info *ii)
{
	struct ip6_walk w;

	w.w_m = m;
	w.w_ii = ii;
	w.w_off = sizeof(struct ip6_hdr);
	w.w_prev = __offsetof(struct ip6_hdr, ip6_nxt);
	w.w_nxt = mtod(m, const struct ip6_hdr *)->ip6_nxt;
	w.w_count = 0;
	while (__predict_false(ip6_is_extension(w.w_nxt)))
		if (!ip6_next_header(&w))
			return;
	ii->ii_hdrlen = (uint16_t)w.w_off;
	ip_deliver(w.w_m, ii, w.w_nxt, w.w_prev);
}

static inline void
ip6_info_get(const struct mbuf *m, struct ip_info *ii)
{
	const struct ip6_hdr *ip6;

	ip6 = mtod(m, const struct ip6_hdr *);
	ii->ii_src = ip6->ip6_src;
	ii->ii_dst = ip6->ip6_dst;
	ii->ii_scope = 0;
	if (IN6_IS_ADDR_LINKLOCAL(&ii->ii_src) ||
	    IN6_IS_ADDR_LINKLOCAL(&ii->ii_dst))
		ii->ii_scope = m->m_pkthdr.rcvif->if_index;
	ii->ii_tos = ip6_tclass(ip6);
	ii->ii_ttl = ip6->ip6_hlim;
	ii->ii_v6 = true;
	ii->ii_bcast = (m->m_flags & (M_BCAST | M_MCAST)) != 0;
	ii->ii_same = 0;
}

static void
ip6_input(struct mbuf *m)
{
	struct ip_info ii;

	V_ip6stat.ips_total++;
	m = ip6_check_header(m);
	if (__predict_false(m == NULL))
		return;
	ip6_info_get(m, &ii);
	if (__predict_false(!ip6_check_addrs(m, &ii)))
		ip6_drop(m, &V_ip6stat.ips_badaddr);
	else if (__predict_true(ip6_is_ours(m, &ii.ii_dst)))
		ip6_input_ours(m, &ii);
	else if (ip6_is_our_group(m, &ii.ii_dst)) {
		ii.ii_bcast = true;
		ip6_input_ours(m, &ii);
	} else if (V_ip6_forwarding != 0 && !ii.ii_bcast &&
	    !IN6_IS_ADDR_MULTICAST(&ii.ii_dst))
		ip_forward(m);
	else
		ip6_drop(m, &V_ip6stat.ips_cantforward);
}

int
ip6_skip_headers(const uint8_t *buf, size_t len, uint8_t *nxt)
{
	struct ip6_frag frag;
	size_t off;
	int n;

	if (len < sizeof(struct ip6_hdr))
		return (-1);
	*nxt = buf[__offsetof(struct ip6_hdr, ip6_nxt)];
	off = sizeof(struct ip6_hdr);
	for (n = 0; ip6_is_extension(*nxt); n++) {
		if (n == IP6_HEADERS_MAX || len - off < sizeof(frag))
			return (-1);
		if (*nxt == IPPROTO_FRAGMENT) {
			memcpy(&frag, &buf[off], sizeof(frag));
			if ((frag.ip6f_offlg & htons(IP6F_OFF_MASK)) != 0)
				return (-1);
			*nxt = frag.ip6f_nxt;
			off += sizeof(frag);
		} else {
			*nxt = buf[off];
			off += ((size_t)buf[off + 1] + 1) << 3;
		}
		if (off > len)
			return (-1);
	}
	return ((int)off);
}

static void
ip6_init(const void *arg __unused)
{
	V_ip6_netisr = ip6_input;
}
SYSINIT(ip6, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, ip6_init, NULL);

static void
ip6_uninit(const void *arg __unused)
{
	V_ip6_netisr = NULL;
}
SYSUNINIT(ip6, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, ip6_uninit, NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IP output, both families: RFC 791 and RFC 1122 (3.2, 3.3), RFC 8200.
 *
 * A transport's packet gets its header here and leaves in the shape that its
 * interface can take:
 *
 *	sum missing, interface sums		as it is
 *	sum missing				summed (in_cksum.c)
 *	larger than the MTU:
 *	    TSO, interface cuts			as it is
 *	    TSO					cut (ip_tso.c)
 *	    may be fragmented			fragments, by reference
 *	    must not be				EMSGSIZE
 *
 * A connection's data passes without an allocation, a route lookup or a
 * neighbour lookup: the header goes into the room that the transport left in
 * front, the next hop and its link address are in the caller's struct route.
 * If nothing at all is to be found out about it (ip_is_plain), it goes straight
 * to Ethernet; the long way (ip_send_any) would do the same.
 *
 * Path MTU (RFC 1191, RFC 8201): whoever forbids fragmentation has asked
 * ip_route_mtu() how much fits; only the others are cut to what was learnt.
 *
 * The identification of IPv4 packets that may be fragmented, and of IPv6
 * ones that are, must not repeat soon nor be guessed (RFC 6864, RFC 7739): a
 * counter run through a keyed permutation, so all values are used once
 * before any is used twice.  Packets that never will be fragmented carry 0.
 *
 * May touch the packet it was given and the caller's route.
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/ip_impl.h>
#include <netinet/ip_options.h>
#include <netinet/ip_plain.h>

#define	IPOPT_COPIED	0x80		/* option stands in all fragments */

struct ip_ident {
	uint32_t	id_key[4];
	uint32_t	id_next;	/* IPv6 fragments */
	uint16_t	id_next4;	/* IPv4 packets */
};
VNET_DEFINE_STATIC(struct ip_ident, ip_ident);
#define	V_ip_ident	VNET(ip_ident)

/* A permutation of the numbers of 2 * half bits: a Feistel network. */
static uint32_t
ip_ident_permute(uint32_t n, int half)
{
	uint32_t f, left, mask, right;
	int i;

	mask = (1U << half) - 1;
	left = n >> half & mask;
	right = n & mask;
	for (i = 0; i < (int)nitems(V_ip_ident.id_key); i++) {
		f = (right ^ V_ip_ident.id_key[i]) * 0x9e3779b1;
		f = (f ^ f >> 15) * 0x9e3779b1;
		f = left ^ (f >> 16 & mask);
		left = right;
		right = f;
	}
	return (left << half | right);
}

uint16_t
ip_newid(void)
{
	return ((uint16_t)ip_ident_permute(V_ip_ident.id_next4++, 8));
}

uint32_t
ip6_newid(void)
{
	return (ip_ident_permute(V_ip_ident.id_next++, 16));
}

static void
ip_output_init(const void *arg __unused)
{
	vnet_random(&V_ip_ident, sizeof(V_ip_ident));
}
SYSINIT(ip_output, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, ip_output_init, NULL);

/* What the fragments of one packet have in common. */
struct ip_cut {
	struct mbuf	*c_m;		/* the packet, its header */
	int		c_hlen;		/* so long */
	int		c_off;		/* bytes of payload cut off so far */
	uint32_t	c_mtu;
	uint32_t	c_id;		/* IPv6 */
	int		c_nexthlen;	/* header of all but the first */
	uint8_t		c_nexthdr[sizeof(struct ip) + IP_MAXOPTLEN];
};

/* IPv4: all but the first fragment have only the options marked so. */
static void
ip_cut_init4(struct ip_cut *c)
{
	const uint8_t *opt;
	int len, n, out;

	opt = mtod(c->c_m, const uint8_t *);
	memcpy(c->c_nexthdr, opt, sizeof(struct ip));
	out = sizeof(struct ip);
	for (n = sizeof(struct ip); n < c->c_hlen; n += len) {
		if (opt[n] == IPOPT_EOL)
			break;
		len = opt[n] == IPOPT_NOP || n + 1 >= c->c_hlen ? 1 :
		    opt[n + 1];
		if (len < 1 || n + len > c->c_hlen)
			break;
		if ((opt[n] & IPOPT_COPIED) == 0)
			continue;
		memcpy(&c->c_nexthdr[out], &opt[n], (size_t)len);
		out += len;
	}
	while ((out & 3) != 0)
		c->c_nexthdr[out++] = IPOPT_EOL;
	c->c_nexthdr[0] = (uint8_t)(IPVERSION << 4 | out >> 2);
	c->c_nexthlen = out;
}

/* Write the header of a fragment of len bytes, more of them to follow or
 * not, at to; returns its length. */
static int
ip_cut_header4(struct ip_cut *c, char *to, int len, bool more)
{
	const struct ip *whole;
	struct ip *ip;
	uint16_t off;

	whole = mtod(c->c_m, const struct ip *);
	ip = (struct ip *)(void *)to;
	if (c->c_off == 0)
		memcpy(to, whole, (size_t)c->c_hlen);
	else
		memcpy(to, c->c_nexthdr, (size_t)c->c_nexthlen);
	/* The packet may be a fragment itself. */
	off = ntohs(whole->ip_off);
	off = (uint16_t)(off + (c->c_off >> 3));
	if (more)
		off |= IP_MF;
	ip->ip_off = htons(off);
	ip->ip_len = htons((ip->ip_hl << 2) + len);
	ip->ip_sum = 0;
	ip->ip_sum = ip_header_sum(ip);
	return (ip->ip_hl << 2);
}

static int
ip_cut_header6(struct ip_cut *c, char *to, int len, bool more)
{
	struct ip6_frag frag;
	struct ip6_hdr *ip6;

	ip6 = (struct ip6_hdr *)(void *)to;
	memcpy(to, mtod(c->c_m, char *), sizeof(*ip6));
	frag.ip6f_nxt = ip6->ip6_nxt;
	frag.ip6f_reserved = 0;
	frag.ip6f_offlg = htons(c->c_off | (more ? IP6F_MORE_FRAG : 0));
	frag.ip6f_ident = c->c_id;
	ip6->ip6_nxt = IPPROTO_FRAGMENT;
	ip6->ip6_plen = htons(sizeof(frag) + len);
	memcpy(ip6 + 1, &frag, sizeof(frag));
	return (sizeof(*ip6) + sizeof(frag));
}

/* The next fragment, its data shared with the packet; NULL: no memory. */
static struct mbuf *
ip_cut_one(struct ip_cut *c)
{
	struct mbuf *f, *m;
	int hlen, len;
	bool more, v6;

	m = c->c_m;
	v6 = ip_is_v6(m);
	hlen = v6 ? (int)(sizeof(struct ip6_hdr) + sizeof(struct ip6_frag)) :
	    c->c_off == 0 ? c->c_hlen : c->c_nexthlen;
	len = m->m_pkthdr.len - c->c_hlen - c->c_off;
	more = hlen + len > (int)c->c_mtu;
	if (more)
		len = ((int)c->c_mtu - hlen) & ~7;
	f = m_gethdr(M_NOWAIT, MT_DATA);
	if (f == NULL)
		return (NULL);
	f->m_next = m_copym(m, c->c_hlen + c->c_off, len, M_NOWAIT);
	if (f->m_next == NULL) {
		m_freem(f);
		return (NULL);
	}
	f->m_data += max_linkhdr;
	hlen = v6 ? ip_cut_header6(c, f->m_data, len, more) :
	    ip_cut_header4(c, f->m_data, len, more);
	f->m_len = hlen;
	f->m_flags |= m->m_flags & (M_BCAST | M_MCAST | M_LOOP);
	f->m_pkthdr.len = hlen + len;
	f->m_pkthdr.l3hlen = (uint8_t)hlen;
	f->m_pkthdr.rcvif = m->m_pkthdr.rcvif;
	f->m_pkthdr.flowid = m->m_pkthdr.flowid;
	c->c_off += len;
	(v6 ? &V_ip6stat : &V_ipstat)->ips_ofragments++;
	return (f);
}

/*
 * Fragments of m (consumed), each of at most mtu bytes, as a queue.  All of
 * them or, if memory is short, none.
 */
static struct mbuf *
ip_fragment(struct mbuf *m, uint32_t mtu)
{
	struct ip_cut c = { .c_m = m, .c_mtu = mtu };
	struct mbuf *head, **tail;

	if (ip_is_v6(m)) {
		c.c_hlen = sizeof(struct ip6_hdr);
		c.c_id = ip6_newid();
	} else {
		c.c_hlen = mtod(m, const struct ip *)->ip_hl << 2;
		ip_cut_init4(&c);
	}
	head = NULL;
	tail = &head;
	while (c.c_hlen + c.c_off < m->m_pkthdr.len) {
		*tail = ip_cut_one(&c);
		if (*tail == NULL) {
			m_freep(head);
			head = NULL;
			break;
		}
		tail = &(*tail)->m_nextpkt;
	}
	m_freem(m);
	return (head);
}

/* The packet is as the interface wants it. */
static inline int
ip_xmit_one(struct mbuf *m, const struct ip_way *way)
{
	if (__predict_false(way->w_rcvif != NULL))
		return (if_simloop(way->w_rcvif, m));
	return (way->w_ifp->if_output(way->w_ifp, m, way->w_nexthop,
	    way->w_ro));
}

/* Send a queue of packets; what is behind one that fails is dropped. */
static int
ip_xmit_queue(struct mbuf *m, const struct ip_way *way)
{
	struct mbuf *next;
	int error;

	if (m == NULL)
		return (ENOBUFS);
	do {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		error = ip_xmit(m, way);
		m = next;
	} while (m != NULL && error == 0);
	m_freep(m);
	return (error);
}

static int
ip_xmit_fragments(struct mbuf *m, const struct ip_way *way)
{
	struct ipstat *st;
	uint32_t least;

	/* Every fragment but the last brings 8 bytes of data at least. */
	least = ip_is_v6(m) ? sizeof(struct ip6_hdr) +
	    sizeof(struct ip6_frag) : sizeof(struct ip) + IP_MAXOPTLEN;
	st = ip_is_v6(m) ? &V_ip6stat : &V_ipstat;
	if (way->w_df || way->w_mtu < least + 8) {
		st->ips_cantfrag++;
		m_freem(m);
		return (EMSGSIZE);
	}
	st->ips_fragmented++;
	return (ip_xmit_queue(ip_fragment(m, way->w_mtu), way));
}

/* What has to be cut, or is large. */
static int __noinline
ip_xmit_large(struct mbuf *m, const struct ip_way *way)
{
	const struct ifnet *ifp;
	struct pkthdr *ph;
	uint32_t size, want;

	ifp = way->w_ifp;
	ph = &m->m_pkthdr;
	want = ph->csum_flags & CSUM_OUT;
	if ((want & CSUM_TSO) != 0) {
		size = (uint32_t)ph->l3hlen + ph->l4hlen + ph->tso_segsz;
		if (((want & ~ifp->if_hwassist) == 0 ||
		    (if_cut_later(ifp) && way->w_rcvif == NULL)) &&
		    size <= way->w_mtu &&
		    (uint32_t)ph->len <= ifp->if_hw_tsomax)
			return (ip_xmit_one(m, way));
		return (ip_xmit_queue(ip_tso_cut(m, (ifp->if_hwassist &
		    (ip_is_v6(m) ? CSUM_IP6_TCP : CSUM_IP_TCP)) == 0), way));
	}
	if (want != 0)
		in_delayed_cksum(m);
	return (ip_xmit_fragments(m, way));
}

static inline int
ip_xmit_way(struct mbuf *m, const struct ip_way *way)
{
	uint32_t want = m->m_pkthdr.csum_flags & CSUM_OUT;

	if (__predict_false((want & CSUM_TSO) != 0 ||
	    (uint32_t)m->m_pkthdr.len > way->w_mtu))
		return (ip_xmit_large(m, way));
	if ((want & ~way->w_ifp->if_hwassist) != 0)
		in_delayed_cksum(m);
	return (ip_xmit_one(m, way));
}

int
ip_xmit(struct mbuf *m, const struct ip_way *way)
{
	return (ip_xmit_way(m, way));
}

/* An own link-local address is reached by lo0 as others are, but is known to
 * its own interface only. */
static inline void
ip_way_linklocal(const struct ip_output_args *ioa, struct ip_way *way)
{
	const struct ifaddr *ifa;

	TAILQ_FOREACH(ifa, &way->w_ifp->if_addrhead, ifa_link)
		if (IN6_ARE_ADDR_EQUAL(&ifa->ifa_addr, &ioa->ioa_dst)) {
			way->w_rcvif = way->w_ifp;
			way->w_ifp = V_loif;
			way->w_mtu = V_loif->if_mtu;
			return;
		}
}

VNET_DEFINE(struct ip_ours, ip_ours);

static bool __noinline
ip_source_check(const struct in6_addr *src, const struct ifnet *ifp)
{
	if (ifa_ifwithaddr(src) == NULL)
		return (false);
	if (in_loopback(src))
		return ((ifp->if_flags & IFF_LOOPBACK) != 0);
	V_ip_ours.io_addr = *src;
	V_ip_ours.io_gen = V_way_gen;
	V_ip_ours.io_gen4 = IN6_IS_ADDR_V4MAPPED(src) ? V_way_gen : 0;
	return (true);
}

/* May src be the source of what leaves by ifp? */
static inline bool
ip_source_ok(const struct in6_addr *src, const struct ifnet *ifp)
{
	if (__predict_true(IN6_ARE_ADDR_EQUAL(src, &V_ip_ours.io_addr) &&
	    V_ip_ours.io_gen == V_way_gen))
		return (true);
	return (ip_source_check(src, ifp));
}

/* Find where a packet goes, in ro if that is still good. */
static inline int
ip_way_find(const struct ip_output_args *ioa, struct route *ro,
    struct ip_way *way)
{
	const struct nhop_object *nh;
	int error;

	if (__predict_false(!ro_valid(ro))) {
		if (in_any(&ioa->ioa_dst))
			return (EHOSTUNREACH);
		error = ro_lookup(ro, &ioa->ioa_dst, ioa->ioa_scope);
		if (error != 0)
			return (error);
	}
	nh = ro->ro_nh;
	if (nh->nh_ifp == NULL)
		return (EHOSTUNREACH);
	if ((nh->nh_ifp->if_flags & IFF_UP) == 0)
		return (ENETDOWN);
	if (!ip_source_ok(&ioa->ioa_src, nh->nh_ifp))
		return (EADDRNOTAVAIL);
	way->w_ifp = nh->nh_ifp;
	way->w_rcvif = NULL;
	way->w_nexthop = ip_nexthop(nh, &ioa->ioa_dst);
	way->w_ro = ro;
	way->w_mtu = ip_nhop_mtu(nh);
	if (__predict_false(IN6_IS_ADDR_LINKLOCAL(&ioa->ioa_dst)))
		ip_way_linklocal(ioa, way);
	return (0);
}

/* What is known of the path, for packets of len bytes that care. */
static inline uint32_t
ip_way_mtu(const struct ip_output_args *ioa, const struct ip_way *way,
    uint32_t len)
{
	uint32_t mtu, path;

	mtu = way->w_mtu;
	if (way->w_df)
		return (mtu);
	if ((ioa->ioa_flags & IOA_MINMTU) != 0 &&
	    !IN6_IS_ADDR_V4MAPPED(&ioa->ioa_dst))
		mtu = MIN(mtu, IPV6_MMTU);
	path = len > IP_PMTU_MIN4 ? ip_pmtu_get(&ioa->ioa_dst) : 0;
	return (path != 0 && path < mtu ? path : mtu);
}

static int
ip_header4(struct mbuf **mp, const struct ip_output_args *ioa)
{
	struct mbuf *m;
	int hlen, optlen;
	uint32_t id_off;

	m = *mp;
	optlen = ioa->ioa_options != NULL ? ioa->ioa_options->m_len : 0;
	hlen = (int)sizeof(struct ip) + optlen;
	if ((optlen & 3) != 0 || optlen > IP_MAXOPTLEN)
		return (EINVAL);
	if (m->m_pkthdr.len > IP_MAXPACKET - hlen)
		return (EMSGSIZE);
	M_PREPEND(m, hlen, M_NOWAIT);
	*mp = m;
	if (m == NULL)
		return (ENOBUFS);
	m->m_pkthdr.l3hlen = (uint8_t)hlen;
	if (optlen != 0)
		memcpy(m->m_data + sizeof(struct ip),
		    mtod(ioa->ioa_options, char *), (size_t)optlen);
	id_off = (ioa->ioa_flags & IOA_DF) != 0 ? htonl(IP_DF) :
	    htonl((uint32_t)ip_newid() << 16);
	ip_header4_write(mtod(m, struct ip *), m->m_pkthdr.len, optlen,
	    id_off, ioa->ioa_tos, ip_ttl(ioa->ioa_ttl), ioa->ioa_proto,
	    &ioa->ioa_src, &ioa->ioa_dst, false);
	return (0);
}

static int
ip_header6(struct mbuf **mp, const struct ip_output_args *ioa)
{
	struct ip6_hdr *ip6;
	struct mbuf *m;
	int len;

	m = *mp;
	len = m->m_pkthdr.len;
	if (len > IP_MAXPACKET)
		return (EMSGSIZE);
	M_PREPEND(m, (int)sizeof(*ip6), M_NOWAIT);
	*mp = m;
	if (m == NULL)
		return (ENOBUFS);
	m->m_pkthdr.l3hlen = sizeof(*ip6);
	ip6 = mtod(m, struct ip6_hdr *);
	ip6->ip6_flow = htonl((uint32_t)IPV6_VERSION << 24 |
	    (uint32_t)ioa->ioa_tos << 20 |
	    (ioa->ioa_flowlabel & IPV6_FLOWLABEL_MASK));
	ip6->ip6_plen = htons(len);
	ip6->ip6_nxt = ioa->ioa_proto;
	ip6->ip6_hlim = ioa->ioa_ttl != 0 ||
	    (ioa->ioa_flags & IOA_NOHOPS) != 0 ? ioa->ioa_ttl :
	    (uint8_t)V_ip6_defhlim;
	ip6->ip6_src = ioa->ioa_src;
	ip6->ip6_dst = ioa->ioa_dst;
	return (0);
}

static int __noinline
ip_send_any(struct mbuf *m, const struct ip_output_args *ioa,
    struct route *ro)
{
	struct ip_way way;
	struct ipstat *st;
	uint32_t known;
	int error;
	bool v4;

	v4 = IN6_IS_ADDR_V4MAPPED(&ioa->ioa_dst);
	st = v4 ? &V_ipstat : &V_ip6stat;
	st->ips_localout++;
	error = ip_way_find(ioa, ro, &way);
	if (error == 0)
		error = v4 ? ip_header4(&m, ioa) : ip_header6(&m, ioa);
	if (__predict_false(error != 0)) {
		st->ips_odropped++;
		m_freem(m);
		return (error);
	}
	if ((ro->ro_nh->nh_flags & RTF_BLACKHOLE) != 0) {
		m_freem(m);
		return (0);
	}
	way.w_df = (ioa->ioa_flags & IOA_DF) != 0;
	way.w_mtu = ip_way_mtu(ioa, &way, (uint32_t)m->m_pkthdr.len);
	known = ro->ro_llgen;
	error = ip_xmit_way(m, &way);
	if (ro->ro_llgen != known)
		ro_teach(ro, &ioa->ioa_dst, ioa->ioa_scope);
	return (error);
}

static inline int
ip_send_by(struct mbuf *m, const struct ip_output_args *ioa,
    struct route *ro)
{
	if (ioa->ioa_flags == IOA_DF && ioa->ioa_options == NULL &&
	    ip_has_room(m) && ip_is_plain(m, ro, &ioa->ioa_src))
		return (ip_send_plain(m, ro, ioa->ioa_tos, ioa->ioa_ttl,
		    ioa->ioa_proto, &ioa->ioa_src, &ioa->ioa_dst));
	return (ip_send_any(m, ioa, ro));
}

int
ip_send(struct mbuf *m, const struct ip_output_args *ioa)
{
	MPASS(IN6_IS_ADDR_V4MAPPED(&ioa->ioa_src) ==
	    IN6_IS_ADDR_V4MAPPED(&ioa->ioa_dst));
	return (ip_send_by(m, ioa, ioa->ioa_ro != NULL ? ioa->ioa_ro :
	    ro_recent(&ioa->ioa_dst, ioa->ioa_scope)));
}

int
ip_send_pcb_any(struct mbuf *m, struct inpcb *inp)
{
	const struct ip_output_args ioa = {
		.ioa_src = inp->inp_laddr,
		.ioa_dst = inp->inp_faddr,
		.ioa_scope = inp->inp_inc.inc_scope,
		.ioa_flowlabel = inp->inp_hash & IPV6_FLOWLABEL_MASK,
		.ioa_proto = IPPROTO_TCP,
		.ioa_tos = inp->inp_tos,
		.ioa_ttl = inp->inp_ttl,
		.ioa_flags = IOA_DF,
		.ioa_ro = &inp->inp_route,
	};

	return (ip_send_any(m, &ioa, ioa.ioa_ro));
}

uint32_t
ip_route_mtu_any(const struct in6_addr *dst, uint32_t scope,
    struct route *ro, uint32_t *tsomaxp)
{
	uint32_t mtu, path;

	*tsomaxp = IP_MAXPACKET;
	if ((!ro_valid(ro) && ro_lookup(ro, dst, scope) != 0) ||
	    ro->ro_nh->nh_ifp == NULL)
		return (0);
	mtu = ip_link_mtu(dst, ro->ro_nh, tsomaxp);
	path = ip_pmtu_get(dst);
	return (path != 0 && path < mtu ? path : mtu);
}

bool
ip_route_direct(const struct in6_addr *dst, uint32_t scope, struct route *ro)
{
	return ((ro_valid(ro) || ro_lookup(ro, dst, scope) == 0) &&
	    (ro->ro_nh->nh_flags & RTF_GATEWAY) == 0);
}

/* Any other interface's address does, if the right one has none. */
static const struct ifaddr *
ip_source_elsewhere(const struct in6_addr *dst)
{
	const struct ifaddr *ifa;
	struct ifnet *ifp;

	TAILQ_FOREACH(ifp, &V_ifnet, if_link) {
		if ((ifp->if_flags & IFF_LOOPBACK) != 0)
			continue;
		ifa = ifa_source(ifp, dst);
		if (ifa != NULL && !IN6_IS_ADDR_LINKLOCAL(&ifa->ifa_addr))
			return (ifa);
	}
	return (NULL);
}

/* The address to talk to dst from, by nh: 0 or an errno. */
static int
ip_source_by(const struct in6_addr *dst, const struct nhop_object *nh,
    struct in6_addr *src)
{
	const struct in6_addr *near;
	const struct ifaddr *ifa;

	ifa = ifa_ifwithaddr(dst);
	if (ifa == NULL) {
		if (nh->nh_ifp == NULL || (nh->nh_flags & RTF_REJECT) != 0)
			return (EHOSTUNREACH);
		/* The address in an IPv4 router's subnet; IPv6 routers are
		 * link-local and say nothing about it. */
		near = ip_nexthop(nh, dst);
		if (!IN6_IS_ADDR_V4MAPPED(near))
			near = dst;
		ifa = ifa_source(nh->nh_ifp, near);
		if (ifa == NULL)
			ifa = ip_source_elsewhere(dst);
		if (ifa == NULL)
			return (EADDRNOTAVAIL);
	}
	*src = ifa->ifa_addr;
	return (0);
}

int
ip_selectsrc(const struct in6_addr *dst, uint32_t scope,
    struct in6_addr *src)
{
	const struct in6_addr *known;
	struct nhop_object *nh;
	int error;

	if ((known = rt_source(dst, scope)) != NULL) {
		*src = *known;
		return (0);
	}
	if (in_any(dst) || (nh = rt_lookup(dst, scope)) == NULL)
		return (EHOSTUNREACH);
	error = ip_source_by(dst, nh, src);
	if (error == 0 && IN6_IS_ADDR_V4MAPPED(dst) !=
	    IN6_IS_ADDR_V4MAPPED(src))
		error = EADDRNOTAVAIL;
	if (error == 0)
		rt_source_set(dst, scope, src);
	nhop_free(nh);
	return (error);
}

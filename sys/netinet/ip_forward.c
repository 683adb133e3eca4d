/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Forwarding, both families (RFC 1812, 5.2; RFC 8200): what a router does.
 *
 *	addresses that may not be forwarded	dropped (IPv6: said)
 *	TTL at its end				time exceeded
 *	no route, or one that refuses		unreachable
 *	larger than the next hop takes, and
 *	    not to be fragmented (all IPv6)	fragmentation needed, too big
 *	else					TTL - 1, and out
 *
 * The IPv4 header checksum is corrected for the TTL, not computed again (RFC
 * 1624, equation 3), so that an error in the header stays one.  No redirects
 * are sent, and no options or extension headers are looked at.
 *
 * A router between two hosts sees few destinations and many packets: the
 * way to a destination is kept, with its neighbour's link address, in a
 * small table in which a destination has one place.  The table is made when
 * the first packet is forwarded.
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/ip_impl.h>
#include <netinet/ip_plain.h>

#define	FWD_WAYS	64		/* a power of two */
#define	FWD_ULP_LEN	20		/* transport header that sums are in */

struct fwd_way {
	struct in6_addr	fw_dst;
	struct route	fw_ro;
};

MALLOC_DEFINE(M_FWD, "ipforward", "ways of packets forwarded");

VNET_DEFINE_STATIC(struct fwd_way *, fwd_ways);
#define	V_fwd_ways	VNET(fwd_ways)

/* A packet on its way through. */
struct fwd {
	struct mbuf	*f_m;
	struct in6_addr	f_src, f_dst;
	int		f_hlen;
	uint8_t		f_ttl;
	bool		f_v6;
	bool		f_df;
};

/* The packet ends here. */
static void
fwd_drop(struct fwd *f)
{
	(f->f_v6 ? &V_ip6stat : &V_ipstat)->ips_cantforward++;
	m_freem(f->f_m);
}

static void
fwd_refuse(struct fwd *f, enum ip_errkind what, uint32_t arg)
{
	(f->f_v6 ? &V_ip6stat : &V_ipstat)->ips_cantforward++;
	ip_error(f->f_m, what, arg);
}

static void
fwd_parse(struct fwd *f, struct mbuf *m)
{
	const struct ip6_hdr *ip6;
	const struct ip *ip;

	f->f_m = m;
	f->f_v6 = ip_is_v6(m);
	if (f->f_v6) {
		ip6 = mtod(m, const struct ip6_hdr *);
		f->f_src = ip6->ip6_src;
		f->f_dst = ip6->ip6_dst;
		f->f_ttl = ip6->ip6_hlim;
		f->f_hlen = sizeof(*ip6);
		f->f_df = true;
	} else {
		ip = mtod(m, const struct ip *);
		f->f_src = in6_mapped(ip->ip_src);
		f->f_dst = in6_mapped(ip->ip_dst);
		f->f_ttl = ip->ip_ttl;
		f->f_hlen = ip->ip_hl << 2;
		f->f_df = (ip->ip_off & htons(IP_DF)) != 0;
	}
}

/* May packets with these addresses, and this fragment's offset, leave the
 * link they are on? */
static bool
fwd_allowed(const struct fwd *f)
{
	const struct ip *ip;
	uint32_t v4;

	if (in_any(&f->f_src) || in_any(&f->f_dst) ||
	    in_multicast(&f->f_dst) || in_loopback(&f->f_dst) ||
	    in_loopback(&f->f_src))
		return (false);
	if (f->f_v6)
		return (!IN6_IS_ADDR_LINKLOCAL(&f->f_dst));
	ip = mtod(f->f_m, const struct ip *);
	v4 = ntohl(f->f_dst.s6_addr32[3]);
	return (v4 >> 24 != 0 && v4 >> 28 != 0xf &&
	    ((ntohs(ip->ip_off) & IP_OFFMASK) << 3) + f->f_m->m_pkthdr.len <=
	    IP_MAXPACKET);
}

/* The place for ways to dst; NULL: no memory. */
static struct fwd_way *
fwd_place(const struct in6_addr *dst)
{
	uint64_t h;

	if (__predict_false(V_fwd_ways == NULL)) {
		V_fwd_ways = mallocarray(FWD_WAYS, sizeof(struct fwd_way),
		    M_FWD, M_NOWAIT | M_ZERO);
		if (V_fwd_ways == NULL)
			return (NULL);
	}
	h = (dst->s6_addr64[0] ^ dst->s6_addr64[1]) * 0x9e3779b97f4a7c15ULL;
	return (&V_fwd_ways[h >> 58 & (FWD_WAYS - 1)]);
}

/* The way to dst, or NULL; broadcasts of the next link are none. */
static struct route *
fwd_route(const struct in6_addr *dst)
{
	struct nhop_object *nh;
	struct fwd_way *fw;

	fw = fwd_place(dst);
	if (fw == NULL)
		return (NULL);
	if (__predict_true(ro_valid(&fw->fw_ro) &&
	    IN6_ARE_ADDR_EQUAL(&fw->fw_dst, dst)))
		return (&fw->fw_ro);
	ro_invalidate(&fw->fw_ro);
	if (ro_lookup(&fw->fw_ro, dst, 0) != 0)
		return (NULL);
	nh = fw->fw_ro.ro_nh;
	if (nh->nh_ifp == NULL || ((nh->nh_flags & RTF_GATEWAY) == 0 &&
	    in_broadcast(dst, nh->nh_ifp))) {
		ro_invalidate(&fw->fw_ro);
		return (NULL);
	}
	fw->fw_dst = *dst;
	return (&fw->fw_ro);
}

/* One hop less; the header is ours to write. */
static void
fwd_decrement(struct mbuf *m, bool v6)
{
	uint16_t new, old;		/* TTL and protocol */
	struct ip *ip;

	if (v6) {
		mtod(m, struct ip6_hdr *)->ip6_hlim--;
		return;
	}
	ip = mtod(m, struct ip *);
	memcpy(&old, &ip->ip_ttl, sizeof(old));
	new = htons(ntohs(old) - 0x100);
	memcpy(&ip->ip_ttl, &new, sizeof(new));
	ip->ip_sum = (uint16_t)~in_cksum_fold((uint64_t)(uint16_t)~ip->ip_sum +
	    (uint16_t)~old + new);
}

/*
 * Headers writable, and no more said about the packet than what is still to
 * be done.  A sum not yet filled in is found again by where transports have
 * it: reception has made another use of csum_data.  NULL: no memory.
 */
static struct mbuf *
fwd_prepare(struct fwd *f)
{
	struct mbuf *m;
	int need;

	m = f->f_m;
	m->m_pkthdr.csum_flags &= CSUM_OUT;
	m->m_pkthdr.lro_nsegs = 0;
	if ((m->m_pkthdr.csum_flags & CSUM_OUT) == 0)
		need = f->f_hlen;
	else {
		m->m_pkthdr.csum_data = (m->m_pkthdr.csum_flags &
		    (CSUM_IP_UDP | CSUM_IP6_UDP)) != 0 ? UDP_SUM_OFF :
		    TCP_SUM_OFF;
		need = MIN(f->f_hlen + m->m_pkthdr.l4hlen, MHLEN -
		    max_linkhdr);
		need = MAX(need, f->f_hlen + FWD_ULP_LEN);
		need = MIN(need, m->m_pkthdr.len);
	}
	if (!ip_header_owned(m, need))
		m = ip_own_header(m, need);
	return (m);
}

/* The bytes of IP packet that the next link must take: a large segment is
 * cut before. */
static uint32_t
fwd_size(const struct fwd *f)
{
	const struct pkthdr *ph;

	ph = &f->f_m->m_pkthdr;
	if ((ph->csum_flags & CSUM_TSO) == 0)
		return ((uint32_t)ph->len);
	return ((uint32_t)f->f_hlen + ph->l4hlen + ph->tso_segsz);
}

static void
fwd_out(struct fwd *f, struct route *ro)
{
	struct ip_way way;
	struct mbuf *m;

	m = fwd_prepare(f);
	if (m == NULL)
		return;
	fwd_decrement(m, f->f_v6);
	way.w_ifp = ro->ro_nh->nh_ifp;
	way.w_rcvif = NULL;
	way.w_nexthop = ip_nexthop(ro->ro_nh, &f->f_dst);
	way.w_ro = ro;
	way.w_mtu = ip_nhop_mtu(ro->ro_nh);
	way.w_df = f->f_df;
	(f->f_v6 ? &V_ip6stat : &V_ipstat)->ips_forward++;
	(void)ip_xmit(m, &way);
}

void
ip_forward(struct mbuf *m)
{
	struct route *ro;
	struct fwd f;

	fwd_parse(&f, m);
	if (__predict_false((m->m_flags & M_LOOP) != 0 || !fwd_allowed(&f)))
		fwd_drop(&f);
	else if (__predict_false(f.f_ttl <= 1))
		fwd_refuse(&f, IP_ERR_TTL, 0);
	else if ((ro = fwd_route(&f.f_dst)) == NULL)
		fwd_refuse(&f, IP_ERR_NOROUTE, 0);
	else if (__predict_false((ro->ro_nh->nh_flags & RTF_BLACKHOLE) != 0))
		fwd_drop(&f);
	else if (__predict_false(f.f_v6 && IN6_IS_ADDR_LINKLOCAL(&f.f_src)))
		fwd_refuse(&f, IP_ERR_SCOPE, 0);
	else if (__predict_false(f.f_df && fwd_size(&f) >
	    ip_nhop_mtu(ro->ro_nh)))
		fwd_refuse(&f, IP_ERR_TOOBIG, ip_nhop_mtu(ro->ro_nh));
	else
		fwd_out(&f, ro);
}

static void
ip_forward_uninit(const void *arg __unused)
{
	int i;

	if (V_fwd_ways == NULL)
		return;
	for (i = 0; i < FWD_WAYS; i++)
		ro_invalidate(&V_fwd_ways[i].fw_ro);
	free(V_fwd_ways, M_FWD);
	V_fwd_ways = NULL;
}
SYSUNINIT(ip_forward, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, ip_forward_uninit,
    NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Reassembly of fragments, both families: RFC 791 (3.2), RFC 815; RFC 8200
 * (4.5), RFC 5722, RFC 6946.
 *
 * The fragments of one packet wait in a queue, found by what they have in
 * common: addresses, identification and, for IPv4, protocol.  They are kept
 * in the order of their offsets, so that a gap is seen between neighbours;
 * the packet is there when the bytes are as many as the last fragment's end
 * says.  A queue's end is one of
 *
 *	complete	the packet goes on, as if it had come in one piece
 *	time out	30 s (IPv4) or 60 s (IPv6) after its first fragment;
 *			the sender hears of it if the packet's first bytes
 *			are there
 *	dead		fragments overlap, or contradict each other about the
 *			end: an attack or an error, nothing of it is used.
 *			The queue stays, empty, to catch what still comes
 *	evicted		it was the oldest when room was short
 *
 * Room is limited in packets, in fragments of a packet, and in bytes of
 * memory over all.  The table's hash is keyed.
 *
 * ECN (RFC 3168, 5.3): one fragment marked marks the packet; one marked
 * beside one from a sender that does not speak ECN drops it.
 *
 * Fragments are held as they came: the first with its header, the others
 * without.  Nothing is copied.
 */

#include <sys/param.h>
#include <sys/callout.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <net/if_var.h>
#include <netinet/ip_impl.h>

#define	REASS_BUCKETS	64		/* a power of two */
#define	REASS_MAXBYTES	(4 * 1024 * 1024) /* memory of all fragments */
#define	REASS_TIME4	(30 * NS_PER_SEC)
#define	REASS_TIME6	(60 * NS_PER_SEC)

/* The longest header that can be put back in front in one piece. */
#define	REASS_MAXHLEN	(MHLEN - max_linkhdr)
CTASSERT(REASS_MAXHLEN + sizeof(struct ip6_frag) <= UINT8_MAX);

struct ipq_key {
	struct in6_addr	k_src, k_dst;
	uint32_t	k_id;
	uint8_t		k_proto;	/* IPv4 */
	uint8_t		k_v6;
	uint8_t		k_zero[2];
};

struct ipq {
	LIST_ENTRY(ipq)	q_link;		/* hash bucket */
	TAILQ_ENTRY(ipq) q_age;		/* oldest first */
	struct ipq_key	q_key;
	struct mbuf	*q_frags;	/* by offset */
	int		q_nfrags;
	int		q_have;		/* bytes of payload there */
	int		q_total;	/* bytes of payload in all; 0 unknown */
	size_t		q_memory;	/* bytes of mbufs and clusters */
	uint16_t	q_ifindex;	/* received by */
	uint8_t		q_ecn;		/* a bit for each codepoint seen */
	bool		q_dead;
	struct callout	q_timer;
};

/* A fragment: what its header says; kept in PH_loc. */
struct frag {
	uint16_t	f_off;		/* of its payload in the packet's */
	uint16_t	f_len;		/* of its payload */
	uint8_t		f_hlen;		/* in front of the payload, in m */
	uint8_t		f_prev;		/* IPv6: where this one was named */
	bool		f_more;		/* not the last one */
	uint8_t		f_ecn;
};
CTASSERT(sizeof(struct frag) == sizeof(uint64_t));

MALLOC_DEFINE(M_FTABLE, "fragment", "packets being reassembled");

VNET_DEFINE_STATIC(LIST_HEAD(, ipq), ipq_hash[REASS_BUCKETS]);
VNET_DEFINE_STATIC(TAILQ_HEAD(, ipq), ipq_age);
VNET_DEFINE_STATIC(uint8_t, ipq_key[16]);
VNET_DEFINE_STATIC(int, ipq_count[2]);		/* IPv4, IPv6 */
VNET_DEFINE_STATIC(size_t, ipq_memory);
/* The same limits for each family. */
VNET_DEFINE_STATIC(int, maxfragpackets) = 1024;
VNET_DEFINE_STATIC(int, maxfragsperpacket) = 64;
VNET_DEFINE_STATIC(int, ip6_maxfragpackets) = 1024;
VNET_DEFINE_STATIC(int, ip6_maxfragsperpacket) = 64;
#define	V_ipq_hash	VNET(ipq_hash)
#define	V_ipq_age	VNET(ipq_age)
#define	V_ipq_key	VNET(ipq_key)
#define	V_ipq_count	VNET(ipq_count)
#define	V_ipq_memory	VNET(ipq_memory)
#define	V_maxfragpackets	VNET(maxfragpackets)
#define	V_maxfragsperpacket	VNET(maxfragsperpacket)
#define	V_ip6_maxfragpackets	VNET(ip6_maxfragpackets)
#define	V_ip6_maxfragsperpacket	VNET(ip6_maxfragsperpacket)

SYSCTL_DECL(_net_inet_ip);
SYSCTL_DECL(_net_inet6_ip6);
SYSCTL_INT(_net_inet_ip, OID_AUTO, maxfragpackets,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(maxfragpackets), 0,
    "IPv4 packets being reassembled at most (-1: no limit)");
SYSCTL_INT(_net_inet_ip, OID_AUTO, maxfragsperpacket,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(maxfragsperpacket), 0,
    "Fragments of an IPv4 packet at most");
SYSCTL_INT(_net_inet6_ip6, OID_AUTO, maxfragpackets,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(ip6_maxfragpackets), 0,
    "IPv6 packets being reassembled at most (-1: no limit)");
SYSCTL_INT(_net_inet6_ip6, OID_AUTO, maxfragsperpacket,
    CTLFLAG_VNET | CTLFLAG_RWTUN, &VNET_NAME(ip6_maxfragsperpacket), 0,
    "Fragments of an IPv6 packet at most");

static inline void
frag_set(struct mbuf *m, const struct frag *f)
{
	memcpy(&m->m_pkthdr.PH_loc, f, sizeof(*f));
}

static inline struct frag
frag_get(const struct mbuf *m)
{
	struct frag f;

	memcpy(&f, &m->m_pkthdr.PH_loc, sizeof(f));
	return (f);
}

static inline struct ipstat *
reass_stat(const struct ipq *q)
{
	return (q->q_key.k_v6 != 0 ? &V_ip6stat : &V_ipstat);
}

/* The memory that holding m costs. */
static size_t
reass_memory(const struct mbuf *m)
{
	size_t bytes;

	for (bytes = 0; m != NULL; m = m->m_next) {
		bytes += MSIZE;
		if ((m->m_flags & M_EXT) != 0)
			bytes += m->m_ext.ext_size;
	}
	return (bytes);
}

/* Let go of the fragments held. */
static void
ipq_empty(struct ipq *q)
{
	m_freep(q->q_frags);
	q->q_frags = NULL;
	V_ipq_memory -= q->q_memory;
	q->q_memory = 0;
}

static void
ipq_free(struct ipq *q)
{
	ipq_empty(q);
	callout_stop(&q->q_timer);
	LIST_REMOVE(q, q_link);
	TAILQ_REMOVE(&V_ipq_age, q, q_age);
	V_ipq_count[q->q_key.k_v6]--;
	free(q, M_FTABLE);
}

/* Nothing will come of this packet, nor of fragments of it to come. */
static void
ipq_kill(struct ipq *q)
{
	reass_stat(q)->ips_fragdropped += (uint64_t)q->q_nfrags;
	ipq_empty(q);
	q->q_nfrags = 0;
	q->q_dead = true;
}

static void
ipq_timeout(void *arg)
{
	struct ipq *q = arg;
	struct mbuf *m;

	if (!q->q_dead)
		reass_stat(q)->ips_fragtimeout++;
	m = q->q_frags;
	if (m == NULL || frag_get(m).f_off != 0) {
		ipq_free(q);
		return;
	}
	q->q_frags = m->m_nextpkt;
	m->m_nextpkt = NULL;
	/* The interface that received it may be gone. */
	m->m_pkthdr.rcvif = if_byindex(q->q_ifindex);
	ipq_free(q);
	ip_error(m, IP_ERR_REASS, 0);
}

static u_int
ipq_bucket(const struct ipq_key *key)
{
	return (siphash24(V_ipq_key, key, sizeof(*key)) &
	    (REASS_BUCKETS - 1));
}

static struct ipq *
ipq_find(const struct ipq_key *key)
{
	struct ipq *q;

	LIST_FOREACH(q, &V_ipq_hash[ipq_bucket(key)], q_link)
		if (memcmp(&q->q_key, key, sizeof(*key)) == 0)
			break;
	return (q);
}

/* The queue for key, made if need be; NULL: no room. */
static struct ipq *
ipq_get(const struct ipq_key *key)
{
	struct ipq *old, *q;
	int max;

	q = ipq_find(key);
	if (q != NULL)
		return (q);
	max = key->k_v6 != 0 ? V_ip6_maxfragpackets : V_maxfragpackets;
	if (max == 0)
		return (NULL);
	if (max > 0 && V_ipq_count[key->k_v6] >= max) {
		TAILQ_FOREACH(old, &V_ipq_age, q_age)
			if (old->q_key.k_v6 == key->k_v6)
				break;
		reass_stat(old)->ips_fragdropped += (uint64_t)old->q_nfrags;
		ipq_free(old);
	}
	q = malloc(sizeof(*q), M_FTABLE, M_NOWAIT | M_ZERO);
	if (q == NULL)
		return (NULL);
	q->q_key = *key;
	callout_init(&q->q_timer, 1);
	callout_reset_at(&q->q_timer, getnstime() +
	    (key->k_v6 != 0 ? REASS_TIME6 : REASS_TIME4), ipq_timeout, q);
	LIST_INSERT_HEAD(&V_ipq_hash[ipq_bucket(key)], q, q_link);
	TAILQ_INSERT_TAIL(&V_ipq_age, q, q_age);
	V_ipq_count[key->k_v6]++;
	return (q);
}

/* Make room for bytes more in q, at the cost of older packets. */
static bool
ipq_reserve(struct ipq *q, size_t bytes)
{
	struct ipq *old;

	while (V_ipq_memory + bytes > REASS_MAXBYTES) {
		old = TAILQ_FIRST(&V_ipq_age);
		if (old == q)
			old = TAILQ_NEXT(q, q_age);
		if (old == NULL)
			return (false);
		reass_stat(old)->ips_fragdropped += (uint64_t)old->q_nfrags;
		ipq_free(old);
	}
	return (true);
}

enum reass_verdict { REASS_TAKE, REASS_DUPLICATE, REASS_WRONG };

/* Does f fit between what is there?  *where: the link it belongs into. */
static enum reass_verdict
ipq_judge(struct ipq *q, const struct frag *f, struct mbuf ***where)
{
	struct frag g;
	struct mbuf **mp;
	int end;

	end = f->f_off + f->f_len;
	for (mp = &q->q_frags; *mp != NULL; mp = &(*mp)->m_nextpkt) {
		g = frag_get(*mp);
		if (g.f_off == f->f_off && g.f_len == f->f_len &&
		    g.f_more == f->f_more)
			return (REASS_DUPLICATE);
		if (g.f_off + g.f_len <= f->f_off)
			continue;
		if (g.f_off < end)
			return (REASS_WRONG);
		break;
	}
	*where = mp;
	if (f->f_more ? q->q_total != 0 && end > q->q_total :
	    (q->q_total != 0 && end != q->q_total) || *mp != NULL)
		return (REASS_WRONG);
	return (REASS_TAKE);
}

static int
ipq_maxfrags(const struct ipq *q)
{
	return (q->q_key.k_v6 != 0 ? V_ip6_maxfragsperpacket :
	    V_maxfragsperpacket);
}

/* Put m in its place. */
static void
ipq_insert(struct ipq *q, struct mbuf *m, const struct frag *f,
    struct mbuf **where, size_t memory)
{
	q->q_ifindex = m->m_pkthdr.rcvif->if_index;
	if (f->f_off != 0)
		m_adj(m, f->f_hlen);
	frag_set(m, f);
	m->m_nextpkt = *where;
	*where = m;
	q->q_nfrags++;
	q->q_have += f->f_len;
	if (!f->f_more)
		q->q_total = f->f_off + f->f_len;
	q->q_ecn |= (uint8_t)(1 << f->f_ecn);
	q->q_memory += memory;
	V_ipq_memory += memory;
}

/*
 * Take fragment m, or drop it.  True if the packet is complete now.
 */
static bool
ipq_add(struct ipq *q, struct mbuf *m, const struct frag *f)
{
	struct mbuf **where;
	enum reass_verdict verdict;
	size_t memory;

	if (q->q_dead) {
		reass_stat(q)->ips_fragdropped++;
		m_freem(m);
		return (false);
	}
	verdict = ipq_judge(q, f, &where);
	if (verdict == REASS_DUPLICATE) {
		m_freem(m);
		return (false);
	}
	memory = reass_memory(m);
	if (verdict == REASS_WRONG || q->q_nfrags >= ipq_maxfrags(q) ||
	    !ipq_reserve(q, memory)) {
		reass_stat(q)->ips_fragdropped++;
		m_freem(m);
		ipq_kill(q);
		return (false);
	}
	ipq_insert(q, m, f, where, memory);
	return (q->q_have == q->q_total);
}

/* The ECN field of the whole, given that of its first fragment, or -1: it
 * must be dropped. */
static int
ipq_ecn(const struct ipq *q, uint8_t first)
{
	if ((q->q_ecn & 1 << IPTOS_ECN_CE) == 0)
		return (first);
	return ((q->q_ecn & 1 << IPTOS_ECN_NOTECT) != 0 ? -1 : IPTOS_ECN_CE);
}

/*
 * The fragments of q in one chain, the first's header in front: a packet.
 * q is gone.
 */
static struct mbuf *
ipq_join(struct ipq *q, struct ifnet *rcvif, struct frag *first)
{
	struct mbuf *last, *m, *n, *next;

	m = q->q_frags;
	q->q_frags = NULL;
	*first = frag_get(m);
	m->m_pkthdr.len = first->f_hlen + q->q_total;
	m->m_pkthdr.csum_flags = 0;
	m->m_pkthdr.rcvif = rcvif;
	m->m_pkthdr.PH_loc.u64 = 0;
	next = m->m_nextpkt;
	m->m_nextpkt = NULL;
	for (last = m; next != NULL; ) {
		while (last->m_next != NULL)
			last = last->m_next;
		n = next;
		next = n->m_nextpkt;
		n->m_nextpkt = NULL;
		/* What came to many at all, came to many. */
		m->m_flags |= n->m_flags & (M_BCAST | M_MCAST);
		n->m_flags &= ~M_PKTHDR;
		last->m_next = n;
	}
	reass_stat(q)->ips_reassembled++;
	ipq_free(q);
	return (m);
}

/* A packet that came to nothing. */
static struct mbuf *
reass_drop(struct mbuf *m, struct ipstat *st)
{
	st->ips_fragdropped++;
	m_freem(m);
	return (NULL);
}

/* The header of the packet, which was a fragment's; NULL: no memory. */
static struct mbuf *
ip_reass_header(struct mbuf *m, int hlen, int ecn)
{
	struct ip *ip;

	if (m->m_pkthdr.len > IP_MAXPACKET)
		return (reass_drop(m, &V_ipstat));
	if (!ip_header_owned(m, hlen)) {
		m = ip_own_header(m, hlen);
		if (m == NULL)
			return (NULL);
	}
	ip = mtod(m, struct ip *);
	ip->ip_tos = (uint8_t)((ip->ip_tos & ~IPTOS_ECN_MASK) | ecn);
	ip->ip_len = htons(m->m_pkthdr.len);
	ip->ip_off = 0;
	ip->ip_sum = 0;
	ip->ip_sum = ip_header_sum(ip);
	return (m);
}

static void
ip_reass_parse(const struct mbuf *m, struct ipq_key *key, struct frag *f)
{
	const struct ip *ip;

	ip = mtod(m, const struct ip *);
	memset(key, 0, sizeof(*key));
	key->k_src = in6_mapped(ip->ip_src);
	key->k_dst = in6_mapped(ip->ip_dst);
	key->k_id = ip->ip_id;
	key->k_proto = ip->ip_p;
	f->f_hlen = (uint8_t)(ip->ip_hl << 2);
	f->f_prev = 0;
	f->f_off = (uint16_t)((ntohs(ip->ip_off) & IP_OFFMASK) << 3);
	f->f_len = (uint16_t)(m->m_pkthdr.len - f->f_hlen);
	f->f_more = (ip->ip_off & htons(IP_MF)) != 0;
	f->f_ecn = ip->ip_tos & IPTOS_ECN_MASK;
}

struct mbuf *
ip_reass(struct mbuf *m)
{
	struct frag f, first;
	struct ifnet *rcvif;
	struct ipq_key key;
	struct ipq *q;
	int ecn;

	V_ipstat.ips_fragments++;
	ip_reass_parse(m, &key, &f);
	if (f.f_len == 0 || (f.f_more && (f.f_len & 7) != 0) ||
	    f.f_hlen + f.f_off + f.f_len > IP_MAXPACKET)
		return (reass_drop(m, &V_ipstat));
	q = ipq_get(&key);
	if (q == NULL)
		return (reass_drop(m, &V_ipstat));
	rcvif = m->m_pkthdr.rcvif;
	if (!ipq_add(q, m, &f))
		return (NULL);
	ecn = ipq_ecn(q, frag_get(q->q_frags).f_ecn);
	if (ecn < 0) {
		ipq_kill(q);
		return (NULL);
	}
	m = ipq_join(q, rcvif, &first);
	return (ip_reass_header(m, first.f_hlen, ecn));
}

/*
 * Take the fragment header at off out of m, the whole of a packet, named at
 * prev.  NULL: no memory.
 */
static struct mbuf *
ip6_reass_header(struct mbuf *m, int off, int prev, int ecn)
{
	uint8_t head[REASS_MAXHLEN];
	struct ip6_frag frag;
	struct ip6_hdr *ip6;

	if (m->m_pkthdr.len - (int)(sizeof(frag) + sizeof(*ip6)) >
	    IP_MAXPACKET)
		return (reass_drop(m, &V_ip6stat));
	m_copydata(m, 0, off, head);
	m_copydata(m, off, sizeof(frag), &frag);
	head[prev] = frag.ip6f_nxt;
	m_adj(m, off + (int)sizeof(frag));
	M_PREPEND(m, off, M_NOWAIT);
	if (m == NULL)
		return (NULL);
	memcpy(m->m_data, head, (size_t)off);
	if (!ip_header_owned(m, off)) {
		m = ip_own_header(m, off);
		if (m == NULL)
			return (NULL);
	}
	ip6 = mtod(m, struct ip6_hdr *);
	ip6->ip6_plen = htons(m->m_pkthdr.len - (int)sizeof(*ip6));
	ip6->ip6_flow &= ~htonl((uint32_t)IPTOS_ECN_MASK << 20);
	ip6->ip6_flow |= htonl((uint32_t)ecn << 20);
	return (m);
}

/* Read the fragment header at off; false: m is gone. */
static bool
ip6_reass_parse(struct mbuf *m, int off, int prev, struct ipq_key *key,
    struct frag *f)
{
	const struct ip6_hdr *ip6;
	struct ip6_frag frag;
	int len;

	ip6 = mtod(m, const struct ip6_hdr *);
	m_copydata(m, off, sizeof(frag), &frag);
	memset(key, 0, sizeof(*key));
	key->k_src = ip6->ip6_src;
	key->k_dst = ip6->ip6_dst;
	key->k_id = frag.ip6f_ident;
	key->k_v6 = 1;
	len = m->m_pkthdr.len - off - (int)sizeof(frag);
	f->f_hlen = (uint8_t)(off + (int)sizeof(frag));
	f->f_prev = (uint8_t)prev;
	f->f_off = ntohs(frag.ip6f_offlg) & IP6F_OFF_MASK;
	f->f_len = (uint16_t)len;
	f->f_more = (frag.ip6f_offlg & htons(IP6F_MORE_FRAG)) != 0;
	f->f_ecn = ip6_tclass(ip6) & IPTOS_ECN_MASK;
	if (off > REASS_MAXHLEN || (len == 0 && (f->f_more || f->f_off != 0)))
		reass_drop(m, &V_ip6stat);
	else if (f->f_more && (len & 7) != 0)
		ip_error(m, IP_ERR_PARAM, __offsetof(struct ip6_hdr,
		    ip6_plen));
	else if (f->f_off + len > IP_MAXPACKET)
		ip_error(m, IP_ERR_PARAM, (uint32_t)off +
		    __offsetof(struct ip6_frag, ip6f_offlg));
	else
		return (true);
	return (false);
}

struct mbuf *
ip6_reass(struct mbuf *m, int *off, int *prev)
{
	struct frag f, first;
	struct ifnet *rcvif;
	struct ipq_key key;
	struct ipq *q;
	int ecn;

	V_ip6stat.ips_fragments++;
	if (!ip6_reass_parse(m, *off, *prev, &key, &f))
		return (NULL);
	/* A fragment that is the whole waits for nobody (RFC 6946). */
	if (f.f_off == 0 && !f.f_more)
		return (ip6_reass_header(m, *off, *prev, f.f_ecn));
	q = ipq_get(&key);
	if (q == NULL)
		return (reass_drop(m, &V_ip6stat));
	rcvif = m->m_pkthdr.rcvif;
	if (!ipq_add(q, m, &f))
		return (NULL);
	ecn = ipq_ecn(q, frag_get(q->q_frags).f_ecn);
	if (ecn < 0) {
		ipq_kill(q);
		return (NULL);
	}
	m = ipq_join(q, rcvif, &first);
	*prev = first.f_prev;
	*off = first.f_hlen - (int)sizeof(struct ip6_frag);
	return (ip6_reass_header(m, *off, *prev, ecn));
}

static void
ip_reass_init(const void *arg __unused)
{
	TAILQ_INIT(&V_ipq_age);
	vnet_random(V_ipq_key, sizeof(V_ipq_key));
}
SYSINIT(ip_reass, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, ip_reass_init, NULL);

static void
ip_reass_uninit(const void *arg __unused)
{
	while (!TAILQ_EMPTY(&V_ipq_age))
		ipq_free(TAILQ_FIRST(&V_ipq_age));
}
SYSUNINIT(ip_reass, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, ip_reass_uninit, NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * mbufs: chains of small buffers that carry data through the stack.
 *
 * An mbuf is MSIZE bytes: a header and room for some data, or a reference
 * to external storage (a cluster, or memory lent by somebody) that is
 * shared by reference count.  A packet is a chain by m_next whose first
 * mbuf has M_PKTHDR; packets queue by m_nextpkt.
 *
 * mbufs and clusters belong to the pool (the vnet) that made them, and go
 * back to it whoever frees them; so a packet can be handed to another
 * vnet of the same event loop as it is.
 *
 * Who frees: a function that takes an mbuf "consumes" it, whether it
 * succeeds or fails, unless it says otherwise.
 */
#ifndef _STACKYARD_SYS_MBUF_H_
#define	_STACKYARD_SYS_MBUF_H_

#include <sys/param.h>
#include <sys/queue.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <vm/uma.h>

struct ifnet;
struct mbuf;

/* One reference-counted piece of external storage. */
struct m_extref {
	uint32_t	er_refs;
	uint32_t	er_size;	/* bytes of storage */
	struct mbuf_pool *er_pool;	/* where this came from */
	uma_zone_t	er_zone;	/* of the cluster, or header */
	/* For lent storage: called when the last reference goes. */
	void		(*er_free)(void *arg1, void *arg2);
	void		*er_arg1;
	void		*er_arg2;
};

struct pkthdr {
	struct ifnet	*rcvif;		/* interface it arrived on */
	int32_t		len;		/* bytes of the whole packet */
	uint32_t	flowid;		/* hash of the connection */
	uint32_t	csum_flags;	/* CSUM_* */
	/* Out: offset of the checksum field from the start of the transport
	 * header.  In: with CSUM_DATA_VALID, the sum (0xffff: right). */
	uint16_t	csum_data;
	uint16_t	tso_segsz;	/* bytes of each segment to cut */
	nstime_t	rcv_tstmp;	/* when it arrived, ns; or PH_loc's */
	uint8_t		l2hlen;		/* link header, bytes */
	uint8_t		l3hlen;		/* IP header with options, bytes */
	uint8_t		l4hlen;		/* TCP header with options, bytes */
	uint8_t		rsstype;
	uint16_t	lro_nsegs;	/* segments joined into this packet */
	uint16_t	ph_loopidx;	/* lo0: if_index to receive by, or 0 */
	union {
		void	*ptr;
		uint64_t u64;
	} PH_loc;			/* scratch of the layer that holds it */
};

struct m_ext {
	char		*ext_buf;	/* start of the storage */
	struct m_extref	*ext_ref;
	uint32_t	ext_size;
	uint32_t	ext_type;	/* EXT_* */
};

struct mbuf {
	struct mbuf	*m_next;	/* rest of this packet */
	struct mbuf	*m_nextpkt;	/* next packet of the queue */
	char		*m_data;
	int32_t		m_len;		/* bytes here */
	uint32_t	m_type:8,	/* MT_* */
			m_flags:24;	/* M_* */
	struct mbuf_pool *m_pool;	/* where it goes back to; stays */
	union {
		struct {
			struct pkthdr	m_pkthdr;
			union {
				struct m_ext	m_ext;
				char		m_pktdat[1];
			};
		};
		char	m_dat[1];
	};
};
#define	MHSIZE		__offsetof(struct mbuf, m_dat)
#define	MPKTHSIZE	__offsetof(struct mbuf, m_pktdat)
#define	MLEN		((int)(MSIZE - MHSIZE))
#define	MHLEN		((int)(MSIZE - MPKTHSIZE))
#define	MINCLSIZE	(MHLEN + 1)

#define	M_EXT		0x00000001
#define	M_PKTHDR	0x00000002
#define	M_EOR		0x00000004
#define	M_RDONLY	0x00000008	/* storage must not be written */
#define	M_BCAST		0x00000010	/* arrived as a link broadcast */
#define	M_MCAST		0x00000020
#define	M_LOOP		0x00000040	/* came back by a loopback */
#define	M_TSTMP		0x00000100	/* rcv_tstmp is set */
#define	M_NOTREADY	0x00000200
#define	M_PROTO1	0x00001000	/* for the protocol that holds it */
#define	M_PROTO2	0x00002000
#define	M_PROTO3	0x00004000
#define	M_PROTOFLAGS	(M_PROTO1 | M_PROTO2 | M_PROTO3)

#define	MT_DATA		1
#define	MT_HEADER	MT_DATA
#define	MT_OOBDATA	15

#define	EXT_CLUSTER	1		/* MCLBYTES */
#define	EXT_JUMBOP	4		/* MJUMPAGESIZE */
#define	EXT_JUMBO16	6		/* MJUM16BYTES */
#define	EXT_LENT	100		/* m_extadd() */

/* Out: what the interface is to do.  In: what it has found. */
#define	CSUM_IP			0x00000001	/* IPv4 header checksum */
#define	CSUM_IP_UDP		0x00000002
#define	CSUM_IP_TCP		0x00000004
#define	CSUM_IP_TSO		0x00000010
#define	CSUM_IP6_UDP		0x00000200
#define	CSUM_IP6_TCP		0x00000400
#define	CSUM_IP6_TSO		0x00001000
#define	CSUM_ACE		0x00002000	/* TSO: CWR in each (RFC 9768) */
#define	CSUM_L3_CALC		0x01000000	/* header checksum looked at */
#define	CSUM_L3_VALID		0x02000000	/* and right */
#define	CSUM_L4_CALC		0x04000000
#define	CSUM_L4_VALID		0x08000000	/* csum_data is the sum */
#define	CSUM_TSO	(CSUM_IP_TSO | CSUM_IP6_TSO)
#define	CSUM_TCP	CSUM_IP_TCP
#define	CSUM_UDP	CSUM_IP_UDP
#define	CSUM_TCP_IPV6	CSUM_IP6_TCP
#define	CSUM_UDP_IPV6	CSUM_IP6_UDP
#define	CSUM_DELAY_DATA		(CSUM_IP_TCP | CSUM_IP_UDP)
#define	CSUM_DELAY_DATA_IPV6	(CSUM_IP6_TCP | CSUM_IP6_UDP)
#define	CSUM_IP_CHECKED		CSUM_L3_CALC
#define	CSUM_IP_VALID		CSUM_L3_VALID
#define	CSUM_DATA_VALID		CSUM_L4_CALC
#define	CSUM_PSEUDO_HDR		CSUM_L4_VALID

/* Room kept in front of what the transport writes: link and IP headers. */
#define	max_linkhdr	16
#define	max_protohdr	60
#define	max_hdr		(max_linkhdr + max_protohdr)

#define	M_COPYALL	1000000000
#define	mtod(m, t)	((t)((m)->m_data))
#define	mtodo(m, o)	((void *)((m)->m_data + (o)))
/* May the data of m be written?  Not if the storage is shared or lent. */
#define	M_WRITABLE(m)							\
	(((m)->m_flags & M_RDONLY) == 0 &&				\
	(((m)->m_flags & M_EXT) == 0 || (m)->m_ext.ext_ref->er_refs == 1))
/* Start and size of the storage of m, and the free bytes at its ends. */
#define	M_START(m)							\
	(((m)->m_flags & M_EXT) != 0 ? (m)->m_ext.ext_buf :		\
	((m)->m_flags & M_PKTHDR) != 0 ? &(m)->m_pktdat[0] : &(m)->m_dat[0])
#define	M_SIZE(m)							\
	(((m)->m_flags & M_EXT) != 0 ? (int)(m)->m_ext.ext_size :	\
	((m)->m_flags & M_PKTHDR) != 0 ? MHLEN : MLEN)
#define	M_LEADINGSPACE(m)						\
	(M_WRITABLE(m) ? (int)((m)->m_data - M_START(m)) : 0)
#define	M_TRAILINGSPACE(m)						\
	(M_WRITABLE(m) ?						\
	(int)((M_START(m) + M_SIZE(m)) - ((m)->m_data + (m)->m_len)) : 0)
/* Put len bytes at the end of an empty mbuf's storage. */
#define	M_ALIGN(m, len)							\
	((m)->m_data = M_START(m) +					\
	((M_SIZE(m) - (len)) & ~((int)sizeof(long) - 1)))
/* Room for plen bytes more in front; m becomes NULL if memory is short. */
#define	M_PREPEND(m, plen, how) do {					\
	/* First the case of all headers: an mbuf with room of its own. */ \
	if (__predict_true(((m)->m_flags & (M_PKTHDR | M_EXT |		\
	    M_RDONLY)) == M_PKTHDR && (m)->m_data - (m)->m_pktdat >=	\
	    (plen))) {							\
		(m)->m_data -= (plen);					\
		(m)->m_len += (plen);					\
		(m)->m_pkthdr.len += (plen);				\
	} else if (M_LEADINGSPACE(m) >= (plen)) {			\
		(m)->m_data -= (plen);					\
		(m)->m_len += (plen);					\
		if (((m)->m_flags & M_PKTHDR) != 0)			\
			(m)->m_pkthdr.len += (plen);			\
	} else								\
		(m) = m_prepend((m), (plen), (how));			\
} while (0)

/*
 * Get one mbuf: plain, or with a packet header.  how is M_NOWAIT or
 * M_WAITOK, type MT_*.  NULL: memory, limit or fault point.
 */
struct mbuf *m_get(int how, int type);
struct mbuf *m_gethdr(int how, int type);
/* m_gethdr() of MT_DATA and M_NOWAIT, as all packets that we make begin. */
struct mbuf *mb_gethdr(void);
/* One mbuf with a cluster of MCLBYTES; flags M_PKTHDR or 0. */
struct mbuf *m_getcl(int how, int type, int flags);
/* One mbuf with a cluster of size: MCLBYTES, MJUMPAGESIZE, MJUM16BYTES. */
struct mbuf *m_getjcl(int how, int type, int flags, int size);
/* A chain with room for len bytes, in the largest clusters that fit;
 * appended to m unless NULL.  NULL: nothing was allocated. */
struct mbuf *m_getm2(struct mbuf *m, int len, int how, int type, int flags);
/* Free one mbuf, and return its m_next; free a chain; free a queue of
 * packets. */
struct mbuf *m_free(struct mbuf *m);
void	m_free_chain(struct mbuf *m);
static inline void
m_freem(struct mbuf *m)
{
	if (m != NULL)
		m_free_chain(m);
}

void	m_freep(struct mbuf *pkts);

/*
 * Let m refer to size bytes at buf, lent until freef(arg1, arg2) is called
 * (freef may be NULL).  ENOMEM: nothing was done, freef not called.
 * flags: M_RDONLY, unless the stack may write anywhere in it.
 */
int	m_extadd(struct mbuf *m, char *buf, u_int size,
	    void (*freef)(void *, void *), void *arg1, void *arg2, int flags);

/* Make n, an empty mbuf, refer to the storage and bytes of m (M_EXT), with
 * one more reference to it. */
void	mb_dupcl(struct mbuf *n, struct mbuf *m);
/* A new chain of len bytes (or M_COPYALL) from off of m, sharing external
 * storage.  The packet header is copied if off is 0 and m has one. */
struct mbuf *m_copym(struct mbuf *m, int off, int len, int how);
/* A real copy, all of it writable, with the packet header. */
struct mbuf *m_dup(const struct mbuf *m, int how);
/* Copy bytes out of and into a chain; the bytes must be there. */
void	m_copydata(const struct mbuf *m, int off, int len, void *buf);
/* Write len bytes at off, making the chain longer (with zeros before off) if
 * needed; what is there must be writable.  ENOBUFS: nothing was written. */
int	m_copyback(struct mbuf *m, int off, int len, const void *buf);
/* Make the first len (<= MHLEN) bytes contiguous; NULL (m freed) if the
 * chain is shorter or memory short. */
struct mbuf *m_pullup(struct mbuf *m, int len);
/* Make the whole chain writable; NULL (m freed) if memory is short. */
struct mbuf *m_unshare(struct mbuf *m, int how);
/* M_PREPEND() when there is no room in m: plen at most MHLEN; NULL (m freed)
 * if memory is short. */
struct mbuf *m_prepend(struct mbuf *m, int plen, int how);
/* Trim req_len bytes from the front (> 0) or the end (< 0). */
void	m_adj(struct mbuf *m, int req_len);
/* Cut m after len0 bytes; returns the rest as a packet of its own, NULL if
 * memory is short (m unchanged). */
struct mbuf *m_split(struct mbuf *m, int len0, int how);
/* Append chain n to m; packet lengths are not touched, and n's mbufs lose
 * their packet headers.  Few bytes are copied if m has room for them. */
void	m_cat(struct mbuf *m, struct mbuf *n);
/* Append len bytes to the chain; 1 if done, 0 if memory is short. */
int	m_append(struct mbuf *m, int len, const void *buf);
/* Fewer, fuller mbufs; NULL (m freed) never; returns m as is on shortage. */
struct mbuf *m_defrag(struct mbuf *m, int how);
/* Bytes in the chain; *last, unless NULL, becomes its last mbuf. */
u_int	m_length(struct mbuf *m, struct mbuf **last);
/* The mbuf that holds byte loc, *off its place there; NULL beyond. */
struct mbuf *m_getptr(struct mbuf *m, int loc, int *off);
/* Move the packet header (and M_PKTHDR) of from to `to`. */
void	m_move_pkthdr(struct mbuf *to, struct mbuf *from);
/* Panics (under INVARIANTS) if the chain's lengths and flags disagree. */
void	m_sanity(const struct mbuf *m);

/* A queue of packets, by m_nextpkt. */
struct mbufq {
	struct mbuf	*mq_head;
	struct mbuf	**mq_tail;
	int		mq_len;
	int		mq_maxlen;
};
void	mbufq_init(struct mbufq *mq, int limit);
int	mbufq_enqueue(struct mbufq *mq, struct mbuf *m); /* ENOBUFS: full */
struct mbuf *mbufq_dequeue(struct mbufq *mq);
void	mbufq_drain(struct mbufq *mq);
/* Bytes of curvnet's mbufs and clusters that are in use. */
uint64_t mb_memory(void);
#define	mbufq_first(mq)	((mq)->mq_head)
#define	mbufq_len(mq)	((mq)->mq_len)

/*
 * A vnet's zones.  When the vnet goes, the pool stays, marked dead, until
 * the last item comes back to it (kern_mbuf.c).
 */
struct mbuf_pool {
	uma_zone_t	mp_mbuf;	/* "mbuf" */
	uma_zone_t	mp_cluster;	/* "mbuf_cluster" */
	uma_zone_t	mp_jumbop;	/* "mbuf_jumbo_page" */
	uma_zone_t	mp_jumbo16;	/* "mbuf_jumbo_16k" */
	uma_zone_t	mp_extref;	/* "mbuf_ext_refcnt" */
	uma_zone_t	mp_self;	/* "mbuf_pool": this struct */
	uint64_t	mp_left;	/* once dead: items not come back yet */
	bool		mp_dead;	/* its vnet is gone */
};

/*
 * The header of a new mbuf, which has MT_DATA or another type, as a packet's
 * has M_PKTHDR.  m_pool is there already: whoever gets an mbuf's memory from
 * the host sets it, and it stays while the mbuf is free.
 */
static inline void
mb_init(struct mbuf *m, int type, uint32_t flags)
{
	/* m_next and m_nextpkt, in one store. */
	memset(m, 0, __offsetof(struct mbuf, m_data));
	m->m_type = (uint32_t)type & 0xff;
	m->m_flags = flags & 0xffffff;
}

static inline void
mb_init_data(struct mbuf *m, int type)
{
	mb_init(m, type, 0);
	m->m_data = m->m_dat;
	m->m_len = 0;
}

/* m_get() of MT_DATA, but NULL, and nothing done, if pool has none at
 * hand. */
static inline struct mbuf *
mb_get_fast(struct mbuf_pool *pool)
{
	struct mbuf *m = uma_zalloc_fast(pool->mp_mbuf);

	if (__predict_true(m != NULL))
		mb_init_data(m, MT_DATA);
	return (m);
}

/* As mb_gethdr(), in line, for who sets m_data, m_len and m_pkthdr himself. */
static inline struct mbuf *
mb_gethdr_bare(void)
{
	struct mbuf *m = uma_zalloc_fast(curvnet->vnet_mbufs->mp_mbuf);

	if (__predict_false(m == NULL))
		return (mb_gethdr());
	mb_init(m, MT_DATA, M_PKTHDR);
	return (m);
}

#endif /* !_STACKYARD_SYS_MBUF_H_ */

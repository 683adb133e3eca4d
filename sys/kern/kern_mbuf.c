/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Where mbufs come from and go back to.
 *
 * A vnet has one pool: a zone for mbufs, one for each size of cluster, and
 * one for the headers of lent storage.  A cluster is one item, its header
 * in front of its bytes:
 *
 *	item:	| struct m_extref | pad |  er_size bytes of storage  |
 *		0                 CL_HEADER (a cache line)
 *
 * so that one allocation gives both, and the storage starts on a cache
 * line.  er_refs counts the mbufs that refer to the storage; whoever holds
 * an mbuf holds one reference through it.
 *
 * Owners: an mbuf belongs to the pool m_pool, storage to er_pool; they are
 * freed there, whichever vnet is current.  A pool whose vnet is destroyed
 * has no more allocations; it counts down what is still out (mp_left) and
 * goes with the last.  The zones do the same for themselves, and the pool's
 * own memory is the only item of such a zone.  A pool that is alive counts
 * nothing: the zones know how many items are out.
 *
 * Getting and freeing are the hottest calls of the stack, so the zones have
 * no constructors: a new mbuf has its header set, and nothing else; and of
 * that not m_pool, which is the same for all that the zone's list has.
 *
 * Touches: curvnet->vnet_mbufs, kern.ipc.nmb*.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#define	CL_HEADER	CACHE_LINE_SIZE	/* bytes in front of the storage */

CTASSERT(sizeof(struct m_extref) <= CL_HEADER);
CTASSERT(sizeof(struct mbuf) <= MSIZE);
CTASSERT(MPKTHSIZE + sizeof(struct m_ext) <= MSIZE);

/* Items that may be out at a time; 0: as many as there is memory for. */
VNET_DEFINE_STATIC(int, nmbufs) = 0;
VNET_DEFINE_STATIC(int, nmbclusters) = 262144;
VNET_DEFINE_STATIC(int, nmbjumbop) = 131072;
VNET_DEFINE_STATIC(int, nmbjumbo16) = 32768;
#define	V_nmbufs	VNET(nmbufs)
#define	V_nmbclusters	VNET(nmbclusters)
#define	V_nmbjumbop	VNET(nmbjumbop)
#define	V_nmbjumbo16	VNET(nmbjumbo16)

/* Put the limits in force.  Without a pool (a tunable): it will ask. */
static void
mb_set_limits(void)
{
	struct mbuf_pool *pool;

	pool = curvnet->vnet_mbufs;
	if (pool == NULL)
		return;
	(void)uma_zone_set_max(pool->mp_mbuf, V_nmbufs);
	(void)uma_zone_set_max(pool->mp_cluster, V_nmbclusters);
	(void)uma_zone_set_max(pool->mp_jumbop, V_nmbjumbop);
	(void)uma_zone_set_max(pool->mp_jumbo16, V_nmbjumbo16);
}

/* One of the limits; arg1 is its variable. */
static int
sysctl_nmb(SYSCTL_HANDLER_ARGS)
{
	int *limit, error;

	(void)arg2;
	limit = arg1;
	error = sysctl_int_range(oidp, req, limit, 0, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		mb_set_limits();
	return (error);
}
SYSCTL_PROC(_kern_ipc, OID_AUTO, nmbufs, CTLTYPE_INT | CTLFLAG_RWTUN |
    CTLFLAG_VNET, &VNET_NAME(nmbufs), 0, sysctl_nmb, "I",
    "Maximum number of mbufs (0: no limit)");
SYSCTL_PROC(_kern_ipc, OID_AUTO, nmbclusters, CTLTYPE_INT | CTLFLAG_RWTUN |
    CTLFLAG_VNET, &VNET_NAME(nmbclusters), 0, sysctl_nmb, "I",
    "Maximum number of 2 KiB clusters (0: no limit)");
SYSCTL_PROC(_kern_ipc, OID_AUTO, nmbjumbop, CTLTYPE_INT | CTLFLAG_RWTUN |
    CTLFLAG_VNET, &VNET_NAME(nmbjumbop), 0, sysctl_nmb, "I",
    "Maximum number of 4 KiB clusters (0: no limit)");
SYSCTL_PROC(_kern_ipc, OID_AUTO, nmbjumbo16, CTLTYPE_INT | CTLFLAG_RWTUN |
    CTLFLAG_VNET, &VNET_NAME(nmbjumbo16), 0, sysctl_nmb, "I",
    "Maximum number of 16 KiB clusters (0: no limit)");

static uma_zone_t
mb_cluster_zone(const char *name, size_t size)
{

	return (uma_zcreate(name, CL_HEADER + size, NULL, NULL, NULL, NULL,
	    UMA_ALIGN_CACHE, 0));
}

/* The pool of a new vnet. */
static void
mb_pool_create(const void *arg __unused)
{
	struct mbuf_pool *pool;
	uma_zone_t zone;

	zone = uma_zcreate("mbuf_pool", sizeof(*pool), NULL, NULL, NULL,
	    NULL, UMA_ALIGN_PTR, 0);
	pool = zone == NULL ? NULL : uma_zalloc(zone, M_ZERO);
	if (pool == NULL) {
		sysinit_fail(ENOMEM);
		return;
	}
	pool->mp_self = zone;
	pool->mp_mbuf = uma_zcreate("mbuf", MSIZE, NULL, NULL, NULL, NULL,
	    UMA_ALIGN_CACHE, 0);
	pool->mp_cluster = mb_cluster_zone("mbuf_cluster", MCLBYTES);
	pool->mp_jumbop = mb_cluster_zone("mbuf_jumbo_page", MJUMPAGESIZE);
	pool->mp_jumbo16 = mb_cluster_zone("mbuf_jumbo_16k", MJUM16BYTES);
	pool->mp_extref = uma_zcreate("mbuf_ext_refcnt",
	    sizeof(struct m_extref), NULL, NULL, NULL, NULL, UMA_ALIGN_PTR,
	    0);
	if (pool->mp_mbuf == NULL || pool->mp_cluster == NULL ||
	    pool->mp_jumbop == NULL || pool->mp_jumbo16 == NULL ||
	    pool->mp_extref == NULL) {
		uma_zfree(zone, pool);
		sysinit_fail(ENOMEM);
		return;
	}
	curvnet->vnet_mbufs = pool;
	mb_set_limits();
}
SYSINIT(mbuf, SI_SUB_MBUF, SI_ORDER_FIRST, mb_pool_create, NULL);

/* The last item came back to a dead pool. */
static void
mb_pool_free(struct mbuf_pool *pool)
{

	uma_zfree(pool->mp_self, pool);
}

uint64_t
mb_memory(void)
{
	const struct mbuf_pool *pool = curvnet->vnet_mbufs;

	return ((uint64_t)uma_zone_get_cur(pool->mp_mbuf) * MSIZE +
	    (uint64_t)uma_zone_get_cur(pool->mp_cluster) * MCLBYTES +
	    (uint64_t)uma_zone_get_cur(pool->mp_jumbop) * MJUMPAGESIZE +
	    (uint64_t)uma_zone_get_cur(pool->mp_jumbo16) * MJUM16BYTES);
}

/* The vnet goes; items that are out come back later. */
static void
mb_pool_destroy(const void *arg __unused)
{
	struct mbuf_pool *pool;
	uma_zone_t zones[5];
	u_int i;

	pool = curvnet->vnet_mbufs;
	if (pool == NULL)
		return;
	curvnet->vnet_mbufs = NULL;
	zones[0] = pool->mp_mbuf;
	zones[1] = pool->mp_cluster;
	zones[2] = pool->mp_jumbop;
	zones[3] = pool->mp_jumbo16;
	zones[4] = pool->mp_extref;
	pool->mp_dead = true;
	for (i = 0; i < nitems(zones); i++) {
		pool->mp_left += (uint64_t)uma_zone_get_cur(zones[i]);
		uma_zdestroy(zones[i]);
	}
	uma_zdestroy(pool->mp_self);
	if (pool->mp_left == 0)
		mb_pool_free(pool);
}
SYSUNINIT(mbuf, SI_SUB_MBUF, SI_ORDER_FIRST, mb_pool_destroy, NULL);

/* An item that its zone does not keep, or that comes back to a dead pool. */
static void __noinline
mb_release(struct mbuf_pool *pool, uma_zone_t zone, void *item)
{

	uma_zfree(zone, item);
	if (pool->mp_dead && --pool->mp_left == 0)
		mb_pool_free(pool);
}

/* An item goes back to its zone.  Those of a dead pool keep nothing. */
static inline void
mb_put(struct mbuf_pool *pool, uma_zone_t zone, void *item)
{

	if (__predict_false(!uma_zfree_fast(zone, item)))
		mb_release(pool, zone, item);
}

static inline void
mb_init_hdr(struct mbuf *m, int type)
{

	mb_init(m, type, M_PKTHDR);
	m->m_data = m->m_pktdat;
	m->m_len = 0;
	m->m_pkthdr = (struct pkthdr){ .len = 0 };
}

/* When the zone has no free item at hand. */
static struct mbuf * __noinline
mb_get_new(int type, bool hdr)
{
	struct mbuf_pool *pool;
	struct mbuf *m;

	pool = curvnet->vnet_mbufs;
	m = uma_zalloc_arg(pool->mp_mbuf, NULL, M_NOWAIT);
	if (m == NULL)
		return (NULL);
	m->m_pool = pool;
	if (hdr)
		mb_init_hdr(m, type);
	else
		mb_init_data(m, type);
	return (m);
}

struct mbuf *
m_get(int how __unused, int type)
{
	struct mbuf *m;

	m = uma_zalloc_fast(curvnet->vnet_mbufs->mp_mbuf);
	if (__predict_false(m == NULL))
		return (mb_get_new(type, false));
	mb_init_data(m, type);
	return (m);
}

static inline struct mbuf *
mb_gethdr_type(int type)
{
	struct mbuf *m;

	m = uma_zalloc_fast(curvnet->vnet_mbufs->mp_mbuf);
	if (__predict_false(m == NULL))
		return (mb_get_new(type, true));
	mb_init_hdr(m, type);
	return (m);
}

struct mbuf *
mb_gethdr(void)
{

	return (mb_gethdr_type(MT_DATA));
}

struct mbuf *
m_gethdr(int how __unused, int type)
{

	return (mb_gethdr_type(type));
}

/* Give m an empty cluster of size from zone. */
static bool
mb_attach(struct mbuf *m, uma_zone_t zone, int size, u_int ext_type)
{
	struct m_extref *er;

	er = uma_zalloc(zone, M_NOWAIT);
	if (__predict_false(er == NULL))
		return (false);
	er->er_refs = 1;
	er->er_size = (uint32_t)size;
	er->er_pool = m->m_pool;
	er->er_zone = zone;
	m->m_ext.ext_buf = (char *)er + CL_HEADER;
	m->m_ext.ext_ref = er;
	m->m_ext.ext_size = (uint32_t)size;
	m->m_ext.ext_type = ext_type;
	m->m_data = m->m_ext.ext_buf;
	m->m_flags |= M_EXT;
	return (true);
}

struct mbuf *
m_getjcl(int how, int type, int flags, int size)
{
	struct mbuf_pool *pool;
	struct mbuf *m;
	bool ok;

	m = (flags & M_PKTHDR) != 0 ? m_gethdr(how, type) : m_get(how, type);
	if (__predict_false(m == NULL))
		return (NULL);
	pool = m->m_pool;
	if (size == MCLBYTES)
		ok = mb_attach(m, pool->mp_cluster, MCLBYTES, EXT_CLUSTER);
	else if (size == MJUMPAGESIZE)
		ok = mb_attach(m, pool->mp_jumbop, MJUMPAGESIZE, EXT_JUMBOP);
	else if (size == MJUM16BYTES)
		ok = mb_attach(m, pool->mp_jumbo16, MJUM16BYTES, EXT_JUMBO16);
	else
		panic("m_getjcl: no clusters of %d bytes", size);
	if (__predict_false(!ok))
		return (m_free(m));
	return (m);
}

struct mbuf *
m_getcl(int how, int type, int flags)
{

	return (m_getjcl(how, type, flags, MCLBYTES));
}

int
m_extadd(struct mbuf *m, char *buf, u_int size,
    void (*freef)(void *, void *), void *arg1, void *arg2, int flags)
{
	struct m_extref *er;
	struct mbuf_pool *pool;

	KASSERT((m->m_flags & M_EXT) == 0, ("m_extadd: %p has storage",
	    (void *)m));
	pool = curvnet->vnet_mbufs;
	er = uma_zalloc(pool->mp_extref, M_NOWAIT);
	if (er == NULL)
		return (ENOMEM);
	er->er_refs = 1;
	er->er_size = size;
	er->er_pool = pool;
	er->er_zone = pool->mp_extref;
	er->er_free = freef;
	er->er_arg1 = arg1;
	er->er_arg2 = arg2;
	m->m_ext.ext_buf = buf;
	m->m_ext.ext_ref = er;
	m->m_ext.ext_size = size;
	m->m_ext.ext_type = EXT_LENT;
	m->m_data = buf;
	m->m_flags |= M_EXT | ((uint32_t)flags & M_RDONLY);
	return (0);
}

/* The last reference to storage, lent or not, is gone. */
static void __noinline
mb_ext_release(struct m_extref *er, u_int ext_type)
{

	if (__predict_false(ext_type == EXT_LENT) && er->er_free != NULL)
		er->er_free(er->er_arg1, er->er_arg2);
	mb_put(er->er_pool, er->er_zone, er);
}

static inline void
mb_free(struct mbuf *m)
{
	struct m_extref *er;

	if ((m->m_flags & M_EXT) != 0) {
		er = m->m_ext.ext_ref;
		if (--er->er_refs == 0)
			mb_ext_release(er, m->m_ext.ext_type);
	}
	mb_put(m->m_pool, m->m_pool->mp_mbuf, m);
}

struct mbuf *
m_free(struct mbuf *m)
{
	struct mbuf *n;

	n = m->m_next;
	mb_free(m);
	return (n);
}

static void __noinline
mb_free_chain(struct mbuf *m)
{
	struct mbuf *n;

	do {
		n = m->m_next;
		mb_free(m);
	} while ((m = n) != NULL);
}

/* Most chains are one mbuf that has its bytes itself. */
void
m_free_chain(struct mbuf *m)
{

	if (m->m_next != NULL || (m->m_flags & M_EXT) != 0 ||
	    !uma_zfree_fast(m->m_pool->mp_mbuf, m))
		mb_free_chain(m);
}

void
m_freep(struct mbuf *pkts)
{
	struct mbuf *next;

	for (; pkts != NULL; pkts = next) {
		next = pkts->m_nextpkt;
		m_freem(pkts);
	}
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host cache: metrics by destination (RFC 9040).
 *
 * A hash table of short lists.  The hash is SipHash-2-4 with a key that only
 * this host knows, so nobody can choose addresses that meet in one bucket.
 * A bucket has at most bucketlimit entries and the table cachelimit; a new
 * destination takes the place of the one that was used longest ago, in its
 * bucket if there is any, else in the table:
 *
 *	bucket  ->  last used <-> ... <-> used longest ago
 *	h_age   ->  last used <-> ... <-> used longest ago	(all)
 *
 * An entry that was not used for `expire' seconds is not found any more, and
 * goes when a timer comes by, every `prune' seconds while there are entries.
 *
 * The table is made with the first entry: a host that has had no connections
 * pays nothing.  Nobody may point at an entry but the lists of this file;
 * what others get and give are copies (struct hc_metrics_lite).
 *
 * May touch: V_hc, and the MTUs that IP keeps (ip_pmtu.c).  Those are shown
 * in the list and forgotten with a purge; their time is IP's, RFC 1191's ten
 * minutes.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <vm/uma.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip_var.h>
#include <netinet/tcp_hostcache.h>
#include <netinet/tcp_var.h>

#define	HC_HASHMAX	(1 << 20)	/* buckets: hashsize at most */
#define	HC_BUCKETMAX	2047		/* bucketlimit at most */

/* What an entry is found by: without padding, since it is hashed whole. */
struct hc_key {
	struct in6_addr	k_addr;
	uint32_t	k_scope;	/* link-local: interface index */
	uint32_t	k_zero;
};

struct hc_entry {
	TAILQ_ENTRY(hc_entry) he_link;	/* its bucket */
	TAILQ_ENTRY(hc_entry) he_age;	/* all */
	struct hc_key	he_key;
	struct hc_metrics_lite he_hc;	/* but for hc_mtu */
	nstime_t	he_expires;
};
TAILQ_HEAD(hc_list, hc_entry);

struct hc_bucket {
	struct hc_list	hb_list;
	u_int		hb_length;
};

struct hostcache {
	struct hc_bucket *h_buckets;	/* NULL: nothing was ever remembered */
	struct hc_list	h_age;
	uma_zone_t	h_zone;
	uint8_t		h_secret[16];
	struct callout	h_timer;	/* pending while there are entries */
};

MALLOC_DEFINE(M_HOSTCACHE, "hostcache", "TCP's host cache");

VNET_DEFINE(u_int, hc_count);
VNET_DEFINE_STATIC(struct hostcache, hc);
#define	V_hc		VNET(hc)

/* ---- Variables ---- */

SYSCTL_NODE(_net_inet_tcp, OID_AUTO, hostcache, CTLFLAG_RW, NULL,
    "What is remembered of destinations");

VNET_DEFINE_STATIC(u_int, hc_hashsize) = 512;
VNET_DEFINE_STATIC(u_int, hc_bucketlimit) = 30;
VNET_DEFINE_STATIC(u_int, hc_cachelimit) = 0;
VNET_DEFINE_STATIC(int, hc_enable) = 1;
VNET_DEFINE_STATIC(int, hc_expire) = 3600;
VNET_DEFINE_STATIC(int, hc_prune) = 300;
VNET_DEFINE_STATIC(int, hc_purge) = 0;
#define	V_hc_hashsize		VNET(hc_hashsize)
#define	V_hc_bucketlimit	VNET(hc_bucketlimit)
#define	V_hc_cachelimit		VNET(hc_cachelimit)
#define	V_hc_enable		VNET(hc_enable)
#define	V_hc_expire		VNET(hc_expire)
#define	V_hc_prune		VNET(hc_prune)
#define	V_hc_purge		VNET(hc_purge)

SYSCTL_INT(_net_inet_tcp_hostcache, OID_AUTO, enable,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(hc_enable), 0,
    "Remember destinations, and use what is remembered");
SYSCTL_INT_RANGE(_net_inet_tcp_hostcache, OID_AUTO, expire,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(hc_expire), 1, INT_MAX,
    "Seconds after its last use that a destination is remembered");
SYSCTL_UINT(_net_inet_tcp_hostcache, OID_AUTO, count,
    CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(hc_count), 0,
    "Destinations that are remembered");

static int
sysctl_hashsize(SYSCTL_HANDLER_ARGS)
{
	u_int size = V_hc_hashsize;
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_uint_range(oidp, req, &size, 1, HC_HASHMAX);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if (!powerof2(size))
		return (EINVAL);
	V_hc_hashsize = size;
	return (0);
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, hashsize,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RDTUN, NULL, 0, sysctl_hashsize,
    "IU", "Buckets of the table, a power of two");

static int
sysctl_bucketlimit(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_uint_range(oidp, req, &V_hc_bucketlimit, 1,
	    HC_BUCKETMAX));
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, bucketlimit,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RDTUN, NULL, 0,
    sysctl_bucketlimit, "IU", "Destinations in one bucket at most");

/* No more than fit, and all that fit unless something else was asked for. */
static u_int
hc_limit(void)
{
	u_int fit = V_hc_hashsize * V_hc_bucketlimit;

	CTASSERT((uint64_t)HC_HASHMAX * HC_BUCKETMAX <= INT_MAX);
	return (V_hc_cachelimit == 0 ? fit : min(V_hc_cachelimit, fit));
}

static int
sysctl_cachelimit(SYSCTL_HANDLER_ARGS)
{
	u_int limit = hc_limit();
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_uint_range(oidp, req, &limit, 1, UINT_MAX);
	if (error == 0 && req->newptr != NULL)
		V_hc_cachelimit = limit;
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, cachelimit,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RDTUN, NULL, 0, sysctl_cachelimit,
    "IU", "Destinations at most, no more than hashsize * bucketlimit");

/* ---- The table ---- */

static void	hc_prune_door(void *arg);

static struct hc_key
hc_key_of(const struct in_conninfo *inc)
{
	CTASSERT(sizeof(struct hc_key) ==
	    sizeof(struct in6_addr) + 2 * sizeof(uint32_t));
	return ((struct hc_key){ .k_addr = inc->inc_faddr,
	    .k_scope = inc->inc_scope });
}

static struct hc_bucket *
hc_bucket_of(const struct hc_key *key)
{
	return (&V_hc.h_buckets[siphash24(V_hc.h_secret, key, sizeof(*key)) &
	    (V_hc_hashsize - 1)]);
}

/* The table is made: false if there is no memory for it. */
static bool
hc_create(void)
{
	struct hc_bucket *buckets;
	u_int i;

	buckets = mallocarray(V_hc_hashsize, sizeof(*buckets), M_HOSTCACHE,
	    M_NOWAIT);
	if (buckets == NULL)
		return (false);
	V_hc.h_zone = uma_zcreate("hostcache", sizeof(struct hc_entry), NULL,
	    NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	if (V_hc.h_zone == NULL) {
		free(buckets, M_HOSTCACHE);
		return (false);
	}
	for (i = 0; i < V_hc_hashsize; i++) {
		TAILQ_INIT(&buckets[i].hb_list);
		buckets[i].hb_length = 0;
	}
	TAILQ_INIT(&V_hc.h_age);
	callout_init(&V_hc.h_timer, 1);
	vnet_random(V_hc.h_secret, sizeof(V_hc.h_secret));
	V_hc.h_buckets = buckets;
	return (true);
}

static void
hc_remove(struct hc_entry *he)
{
	struct hc_bucket *hb = hc_bucket_of(&he->he_key);

	TAILQ_REMOVE(&hb->hb_list, he, he_link);
	hb->hb_length--;
	TAILQ_REMOVE(&V_hc.h_age, he, he_age);
	if (--V_hc_count == 0)
		callout_stop(&V_hc.h_timer);
	uma_zfree(V_hc.h_zone, he);
}

/* It is used now. */
static void
hc_touch(struct hc_bucket *hb, struct hc_entry *he)
{
	TAILQ_REMOVE(&hb->hb_list, he, he_link);
	TAILQ_INSERT_HEAD(&hb->hb_list, he, he_link);
	TAILQ_REMOVE(&V_hc.h_age, he, he_age);
	TAILQ_INSERT_HEAD(&V_hc.h_age, he, he_age);
	he->he_expires = getnstime() + (nstime_t)V_hc_expire * NS_PER_SEC;
}

/* The entry of key, used now, or NULL; one that has expired goes. */
static struct hc_entry *
hc_lookup(const struct hc_key *key)
{
	struct hc_bucket *hb;
	struct hc_entry *he;

	if (V_hc_count == 0)
		return (NULL);
	hb = hc_bucket_of(key);
	TAILQ_FOREACH(he, &hb->hb_list, he_link)
		if (he->he_key.k_scope == key->k_scope &&
		    IN6_ARE_ADDR_EQUAL(&he->he_key.k_addr, &key->k_addr))
			break;
	if (he == NULL)
		return (NULL);
	if (he->he_expires <= getnstime()) {
		hc_remove(he);
		return (NULL);
	}
	hc_touch(hb, he);
	return (he);
}

/* Make room in hb for one more. */
static void
hc_make_room(struct hc_bucket *hb)
{
	struct hc_entry *he;

	if (hb->hb_length < V_hc_bucketlimit && V_hc_count < hc_limit())
		return;
	he = TAILQ_LAST(&hb->hb_list, hc_list);
	if (he == NULL)
		he = TAILQ_LAST(&V_hc.h_age, hc_list);
	hc_remove(he);
	TCPSTAT_INC(tcps_hc_bucketoverflow);
}

/* A new entry for key, which has none; NULL: no memory. */
static struct hc_entry *
hc_insert(const struct hc_key *key)
{
	struct hc_bucket *hb;
	struct hc_entry *he;

	if (V_hc.h_buckets == NULL && !hc_create())
		return (NULL);
	hb = hc_bucket_of(key);
	hc_make_room(hb);
	if ((he = uma_zalloc(V_hc.h_zone, M_NOWAIT | M_ZERO)) == NULL)
		return (NULL);
	he->he_key = *key;
	TAILQ_INSERT_HEAD(&hb->hb_list, he, he_link);
	hb->hb_length++;
	TAILQ_INSERT_HEAD(&V_hc.h_age, he, he_age);
	if (V_hc_count++ == 0) {
		callout_reset_at(&V_hc.h_timer, getnstime() +
		    (nstime_t)V_hc_prune * NS_PER_SEC, hc_prune_door, NULL);
		tcp_sized_forget();
	}
	hc_touch(hb, he);
	TCPSTAT_INC(tcps_hc_added);
	return (he);
}

/* The entry of inc's destination, made if need be; NULL: none. */
static struct hc_entry *
hc_entry_for(const struct in_conninfo *inc)
{
	const struct hc_key key = hc_key_of(inc);
	struct hc_entry *he;

	if (!V_hc_enable)
		return (NULL);
	he = hc_lookup(&key);
	return (he != NULL ? he : hc_insert(&key));
}

/* ---- What the rest of TCP calls ---- */

static const struct hc_metrics_lite * __noinline
hc_find(const struct in_conninfo *inc)
{
	const struct hc_key key = hc_key_of(inc);
	const struct hc_entry *he;

	return ((he = hc_lookup(&key)) != NULL ? &he->he_hc : NULL);
}

const struct hc_metrics_lite *
tcp_hc_find(const struct in_conninfo *inc)
{
	return (V_hc_count != 0 && V_hc_enable ? hc_find(inc) : NULL);
}

void
tcp_hc_get(const struct in_conninfo *inc, struct hc_metrics_lite *hcp)
{
	const struct hc_metrics_lite *known = tcp_hc_find(inc);

	if (known != NULL)
		*hcp = *known;
	else
		memset(hcp, 0, sizeof(*hcp));
	hcp->hc_mtu = tcp_hc_getmtu(inc);
}

/* New values count as much as all old ones together.  True: there was a new
 * one. */
static bool
hc_mean(uint32_t *valp, uint32_t new)
{
	if (new == 0)
		return (false);
	*valp = *valp == 0 ? new : (uint32_t)(((uint64_t)*valp + new) / 2);
	return (true);
}

void
tcp_hc_update(const struct in_conninfo *inc,
    const struct hc_metrics_lite *new)
{
	struct hc_entry *he;
	struct hc_metrics_lite *old;

	if ((he = hc_entry_for(inc)) == NULL)
		return;
	old = &he->he_hc;
	if (hc_mean(&old->hc_rtt, new->hc_rtt))
		TCPSTAT_INC(tcps_cachedrtt);
	if (hc_mean(&old->hc_rttvar, new->hc_rttvar))
		TCPSTAT_INC(tcps_cachedrttvar);
	if (hc_mean(&old->hc_ssthresh, new->hc_ssthresh))
		TCPSTAT_INC(tcps_cachedssthresh);
	(void)hc_mean(&old->hc_cwnd, new->hc_cwnd);
	(void)hc_mean(&old->hc_sendpipe, new->hc_sendpipe);
	(void)hc_mean(&old->hc_recvpipe, new->hc_recvpipe);
}

uint32_t
tcp_hc_getmtu(const struct in_conninfo *inc)
{
	return (ip_pmtu_get(&inc->inc_faddr));
}

void
tcp_hc_updatemtu(const struct in_conninfo *inc, uint32_t mtu)
{
	ip_pmtu_update(&inc->inc_faddr, mtu);
	(void)hc_entry_for(inc);
}

/* ---- Forgetting ---- */

/* All that has expired goes, or all, their paths' MTUs included. */
static void
hc_forget(bool all)
{
	struct hc_entry *he, *next;

	if (V_hc.h_buckets == NULL)
		return;
	TAILQ_FOREACH_SAFE(he, &V_hc.h_age, he_age, next) {
		if (all)
			ip_pmtu_forget(&he->he_key.k_addr);
		if (all || he->he_expires <= getnstime())
			hc_remove(he);
	}
}

/* Forget all; how: what purge or purgenow say. */
static void
hc_forget_all(int how)
{
	hc_forget(true);
	/* Nothing is left that hangs where the old key has put it. */
	if (how == 2)
		vnet_random(V_hc.h_secret, sizeof(V_hc.h_secret));
}

static void
hc_prune_door(void *arg __unused)
{
	int how = V_hc_purge;

	V_hc_purge = 0;
	if (how != 0)
		hc_forget_all(how);
	else
		hc_forget(false);
	if (V_hc_count != 0)
		callout_reset_at(&V_hc.h_timer, getnstime() +
		    (nstime_t)V_hc_prune * NS_PER_SEC, hc_prune_door, NULL);
}

static int
sysctl_prune(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_int_range(oidp, req, &V_hc_prune, 1, INT_MAX);
	if (error == 0 && req->newptr != NULL && V_hc_count != 0)
		callout_reset_at(&V_hc.h_timer, getnstime() +
		    (nstime_t)V_hc_prune * NS_PER_SEC, hc_prune_door, NULL);
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, prune,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_prune, "I",
    "Seconds between two searches for what has expired");

/* With nothing to forget there is no pruning to wait for. */
static int
sysctl_purge(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_handle_int(oidp, &V_hc_purge, 0, req);
	if (error == 0 && V_hc_count == 0 && V_hc_purge != 0) {
		hc_forget_all(V_hc_purge);
		V_hc_purge = 0;
	}
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, purge,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_purge, "I",
    "Forget all at the next pruning (1), and change the hash's key (2)");

static int
sysctl_purgenow(SYSCTL_HANDLER_ARGS)
{
	int error, how = 0;

	(void)arg1;
	(void)arg2;
	error = sysctl_handle_int(oidp, &how, 0, req);
	if (error == 0 && req->newptr != NULL)
		hc_forget_all(how);
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, purgenow,
    CTLTYPE_INT | CTLFLAG_RW, NULL, 0, sysctl_purgenow, "I",
    "Forget all when anything is written, and if it is 2, change the "
    "hash's key");

static void
hc_uninit(const void *arg __unused)
{
	if (V_hc.h_buckets == NULL)
		return;
	hc_forget(true);
	free(V_hc.h_buckets, M_HOSTCACHE);
	uma_zdestroy(V_hc.h_zone);
}
/* After TCP has closed what was open. */
SYSUNINIT(hostcache, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, hc_uninit, NULL);

/* ---- Looking ---- */

/* One line of the list. */
static int
hc_list_row(struct sysctl_req *req, const struct hc_entry *he)
{
	const struct hc_metrics_lite *hc = &he->he_hc;
	char addr[INET6_ADDRSTRLEN], row[160];
	int64_t left = (int64_t)(he->he_expires - getnstime());
	int len;

	len = snprintf(row, sizeof(row),
	    "%-15s %5u %8u %6lums %6lums %8u %8u %8u %4i\n",
	    in_ntop(&he->he_key.k_addr, addr, sizeof(addr)),
	    ip_pmtu_get(&he->he_key.k_addr), hc->hc_ssthresh,
	    (u_long)hc->hc_rtt / 1000, (u_long)hc->hc_rttvar / 1000,
	    hc->hc_cwnd, hc->hc_sendpipe, hc->hc_recvpipe,
	    (int)(left / (int64_t)NS_PER_SEC));
	return (SYSCTL_OUT(req, row, (size_t)len));
}

static int
sysctl_list(SYSCTL_HANDLER_ARGS)
{
	static const char head[] = "\nIP address        MTU  SSTRESH      RTT"
	    "   RTTVAR     CWND SENDPIPE RECVPIPE EXP\n";
	const struct hc_entry *he;
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	error = SYSCTL_OUT(req, head, sizeof(head) - 1);
	if (V_hc_count != 0)
		TAILQ_FOREACH(he, &V_hc.h_age, he_age) {
			if (error != 0)
				break;
			error = hc_list_row(req, he);
		}
	return (error != 0 ? error : SYSCTL_OUT(req, "", 1));
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, list,
    CTLTYPE_STRING | CTLFLAG_RD | CTLFLAG_SKIP, NULL, 0, sysctl_list, "A",
    "The destinations, the last used first, and what is known of them");

/* How many buckets have how many entries, for 0 to bucketlimit. */
static void
hc_count_lengths(u_int *counts)
{
	u_int i;

	if (V_hc.h_buckets == NULL) {
		counts[0] = V_hc_hashsize;
		return;
	}
	for (i = 0; i < V_hc_hashsize; i++)
		counts[V_hc.h_buckets[i].hb_length]++;
}

static int
sysctl_histo(SYSCTL_HANDLER_ARGS)
{
	static const char head[] = "Length\tCount\n";
	char row[32];
	u_int *counts, i;
	int error, len;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	counts = mallocarray(V_hc_bucketlimit + 1, sizeof(*counts),
	    M_HOSTCACHE, M_NOWAIT | M_ZERO);
	if (counts == NULL)
		return (ENOMEM);
	hc_count_lengths(counts);
	error = SYSCTL_OUT(req, head, sizeof(head) - 1);
	for (i = 0; i <= V_hc_bucketlimit && error == 0; i++) {
		len = snprintf(row, sizeof(row), "%u\t%u\n", i, counts[i]);
		error = SYSCTL_OUT(req, row, (size_t)len);
	}
	free(counts, M_HOSTCACHE);
	return (error != 0 ? error : SYSCTL_OUT(req, "", 1));
}
SYSCTL_PROC(_net_inet_tcp_hostcache, OID_AUTO, histo,
    CTLTYPE_STRING | CTLFLAG_RD | CTLFLAG_SKIP, NULL, 0, sysctl_histo, "A",
    "How many buckets have how many destinations");

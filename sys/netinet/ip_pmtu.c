/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What is known of paths: the MTU by destination (RFC 1191, RFC 8201).
 *
 * A destination is here after a router on the way has said that a packet
 * was too big and the transport whose packet it was has believed it (RFC
 * 5927); nothing else puts it here.  Ten minutes later it is forgotten, so
 * that a path which has become wider is found out (RFC 1191, 6.3).
 *
 * The table is bounded; the destination heard of longest ago makes room.
 * Lookups cost nothing while the table is empty.  Nobody may keep a pointer
 * to an entry.
 */

#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <netinet/ip_impl.h>

#define	PMTU_BUCKETS	64		/* a power of two */
#define	PMTU_MAX	1024		/* destinations */
#define	PMTU_TIME	(600 * NS_PER_SEC)

struct pmtu {
	LIST_ENTRY(pmtu) p_link;	/* hash bucket */
	TAILQ_ENTRY(pmtu) p_age;	/* oldest first */
	struct in6_addr	p_dst;
	nstime_t	p_expires;
	uint32_t	p_mtu;
};

MALLOC_DEFINE(M_PMTU, "pmtu", "path MTUs");

VNET_DEFINE_STATIC(LIST_HEAD(, pmtu), pmtu_hash[PMTU_BUCKETS]);
VNET_DEFINE_STATIC(TAILQ_HEAD(, pmtu), pmtu_age);
VNET_DEFINE(int, pmtu_count);
VNET_DEFINE_STATIC(uint8_t, pmtu_key[16]);
#define	V_pmtu_hash	VNET(pmtu_hash)
#define	V_pmtu_age	VNET(pmtu_age)
#define	V_pmtu_key	VNET(pmtu_key)

static u_int
pmtu_bucket(const struct in6_addr *dst)
{
	return (siphash24(V_pmtu_key, dst, sizeof(*dst)) &
	    (PMTU_BUCKETS - 1));
}

static void
pmtu_remove(struct pmtu *p)
{
	LIST_REMOVE(p, p_link);
	TAILQ_REMOVE(&V_pmtu_age, p, p_age);
	V_pmtu_count--;
	free(p, M_PMTU);
}

/* The entry for dst, or NULL; one that has expired goes. */
static struct pmtu *
pmtu_find(const struct in6_addr *dst)
{
	struct pmtu *p;

	if (V_pmtu_count == 0)
		return (NULL);
	LIST_FOREACH(p, &V_pmtu_hash[pmtu_bucket(dst)], p_link)
		if (IN6_ARE_ADDR_EQUAL(&p->p_dst, dst))
			break;
	if (p != NULL && p->p_expires <= getnstime()) {
		pmtu_remove(p);
		p = NULL;
	}
	return (p);
}

/* A new entry for dst, the youngest; NULL: no memory. */
static struct pmtu *
pmtu_make(const struct in6_addr *dst)
{
	struct pmtu *p;

	if (V_pmtu_count >= PMTU_MAX)
		pmtu_remove(TAILQ_FIRST(&V_pmtu_age));
	p = malloc(sizeof(*p), M_PMTU, M_NOWAIT);
	if (p == NULL)
		return (NULL);
	p->p_dst = *dst;
	LIST_INSERT_HEAD(&V_pmtu_hash[pmtu_bucket(dst)], p, p_link);
	TAILQ_INSERT_TAIL(&V_pmtu_age, p, p_age);
	V_pmtu_count++;
	return (p);
}

uint32_t
ip_pmtu_find(const struct in6_addr *dst)
{
	const struct pmtu *p;

	p = pmtu_find(dst);
	return (p != NULL ? p->p_mtu : 0);
}

void
ip_pmtu_update(const struct in6_addr *dst, uint32_t mtu)
{
	struct pmtu *p;

	p = pmtu_find(dst);
	if (p != NULL) {
		TAILQ_REMOVE(&V_pmtu_age, p, p_age);
		TAILQ_INSERT_TAIL(&V_pmtu_age, p, p_age);
	} else {
		p = pmtu_make(dst);
		if (p == NULL)
			return;
	}
	p->p_mtu = MAX(mtu, IN6_IS_ADDR_V4MAPPED(dst) ? IP_PMTU_MIN4 :
	    IPV6_MMTU);
	p->p_expires = getnstime() + PMTU_TIME;
}

void
ip_pmtu_forget(const struct in6_addr *dst)
{
	struct pmtu *p;

	p = pmtu_find(dst);
	if (p != NULL)
		pmtu_remove(p);
}

static void
pmtu_init(const void *arg __unused)
{
	TAILQ_INIT(&V_pmtu_age);
	vnet_random(V_pmtu_key, sizeof(V_pmtu_key));
}
SYSINIT(pmtu, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, pmtu_init, NULL);

static void
pmtu_uninit(const void *arg __unused)
{
	while (!TAILQ_EMPTY(&V_pmtu_age))
		pmtu_remove(TAILQ_FIRST(&V_pmtu_age));
}
SYSUNINIT(pmtu, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, pmtu_uninit, NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The table of neighbours of an interface, IPv4 and IPv6 together, and the
 * life of an entry: neighbour unreachability detection of RFC 4861 (7.3),
 * used for ARP as well, with ARP's longer times.
 *
 *	       packet		     asked in vain
 *	(none) ------> INCOMPLETE -----------------> FAILED --time--> (none)
 *		          | answer			| answer
 *		          v				|
 *	   +--------> REACHABLE <-----------------------+
 *	   |	          | time
 *	   |	          v
 *	   |	        STALE ------------------time----------------> (none)
 *	   |	          | packet: sent
 *	   |	          v
 *	   |answer     DELAY
 *	   |	          | 5 s
 *	   |	          v	     asked in vain
 *	   +----------- PROBE --------------------------------------> (none)
 *
 * A question is asked up to lf_tries times, a second apart.  While
 * INCOMPLETE up to sixteen packets wait, the oldest giving way.  When nobody
 * answers, packets being forwarded are reported to their senders.
 *
 * A route that remembers a link address does not ask here, so V_way_gen
 * changes when an entry stops being REACHABLE, changes its address or goes:
 * then the next packet comes here and starts the DELAY.
 *
 * The table is made with the first entry, grows with them, and is bounded:
 * an old entry that is not in use makes room for a new one.  Its hash is
 * keyed, because neighbours choose their addresses.
 */

#include <sys/param.h>
#include <sys/callout.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <net/if_var.h>
#include <netinet/if_llatbl.h>
#include <netinet/ip_impl.h>

#define	LLT_FIRST	8		/* buckets of a new table */
#define	LLT_MAX		8192		/* neighbours of an interface */
#define	LLT_LOOK	16		/* old entries looked at for room */
#define	LLE_HOLD_MAX	16		/* packets that wait */
#define	LLE_RETRANS	NS_PER_SEC	/* between questions */
#define	LLE_DELAY_TIME	(5 * NS_PER_SEC)
#define	LLE_STALE_TIME	(1200 * NS_PER_SEC)
#define	LLE_UNICAST_TRIES	3	/* questions in PROBE */

LIST_HEAD(llehead, llentry);

struct lltable {
	struct ifnet	*llt_ifp;
	struct llehead	*llt_hash;
	u_int		llt_buckets;	/* a power of two */
	u_int		llt_count;
	TAILQ_HEAD(, llentry) llt_age;
};

MALLOC_DEFINE(M_LLTABLE, "lltable", "neighbours' link addresses");

VNET_DEFINE_STATIC(uint64_t, lle_key[5]);
#define	V_lle_key	VNET(lle_key)

static void	lle_timeout(void *arg);

struct ifnet *
lle_ifp(const struct llentry *lle)
{
	return (lle->le_llt->llt_ifp);
}

static void
lle_family(const struct llentry *lle, struct lle_family *lf)
{
	if (IN6_IS_ADDR_V4MAPPED(&lle->le_addr))
		arp_family(lf);
	else
		nd6_family(lf);
}

/* As in_pcbhash(): multilinear, under random keys. */
static struct llehead *
llt_bucket(const struct lltable *llt, const struct in6_addr *addr)
{
	const uint32_t *w = addr->s6_addr32;
	const uint64_t *k = V_lle_key;
	uint64_t sum;

	sum = k[0] + (k[1] + w[0]) * (k[2] + w[1]) +
	    (k[3] + w[2]) * (k[4] + w[3]);
	return (&llt->llt_hash[(sum >> 32) & (llt->llt_buckets - 1)]);
}

/* Take a table of n buckets; the old one serves on if memory is short. */
static bool
llt_rehash(struct lltable *llt, u_int n)
{
	struct llehead *hash;
	struct llentry *lle;
	u_int i;

	hash = mallocarray(n, sizeof(*hash), M_LLTABLE, M_NOWAIT);
	if (hash == NULL)
		return (false);
	for (i = 0; i < n; i++)
		LIST_INIT(&hash[i]);
	free(llt->llt_hash, M_LLTABLE);
	llt->llt_hash = hash;
	llt->llt_buckets = n;
	TAILQ_FOREACH(lle, &llt->llt_age, le_age)
		LIST_INSERT_HEAD(llt_bucket(llt, &lle->le_addr), lle, le_link);
	return (true);
}

static struct lltable *
llt_get(struct ifnet *ifp)
{
	struct lltable *llt;

	if (ifp->if_llt != NULL)
		return (ifp->if_llt);
	llt = malloc(sizeof(*llt), M_LLTABLE, M_NOWAIT | M_ZERO);
	if (llt == NULL)
		return (NULL);
	llt->llt_ifp = ifp;
	TAILQ_INIT(&llt->llt_age);
	if (!llt_rehash(llt, LLT_FIRST)) {
		free(llt, M_LLTABLE);
		return (NULL);
	}
	ifp->if_llt = llt;
	return (llt);
}

/* Forget a neighbour, and what waits for it. */
static void
lle_remove(struct llentry *lle)
{
	callout_stop(&lle->le_timer);
	mbufq_drain(&lle->le_hold);
	LIST_REMOVE(lle, le_link);
	TAILQ_REMOVE(&lle->le_llt->llt_age, lle, le_age);
	lle->le_llt->llt_count--;
	free(lle, M_LLTABLE);
	way_gen_bump();
}

/* Room for one more: the oldest of the entries that nobody used lately. */
static void
llt_evict(struct lltable *llt)
{
	struct llentry *lle;
	int n;

	lle = TAILQ_FIRST(&llt->llt_age);
	for (n = 0; n < LLT_LOOK && lle != NULL; n++) {
		if (lle->le_state == LLE_STALE || lle->le_state == LLE_FAILED)
			break;
		lle = TAILQ_NEXT(lle, le_age);
	}
	if (n == LLT_LOOK || lle == NULL)
		lle = TAILQ_FIRST(&llt->llt_age);
	lle_remove(lle);
}

struct llentry *
lle_find(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct llentry *lle;

	if (ifp->if_llt == NULL)
		return (NULL);
	LIST_FOREACH(lle, llt_bucket(ifp->if_llt, addr), le_link)
		if (IN6_ARE_ADDR_EQUAL(&lle->le_addr, addr))
			break;
	return (lle);
}

struct llentry *
lle_get(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct llentry *lle;
	struct lltable *llt;

	lle = lle_find(ifp, addr);
	if (lle != NULL)
		return (lle);
	llt = llt_get(ifp);
	if (llt == NULL)
		return (NULL);
	if (llt->llt_count >= LLT_MAX)
		llt_evict(llt);
	lle = malloc(sizeof(*lle), M_LLTABLE, M_NOWAIT | M_ZERO);
	if (lle == NULL)
		return (NULL);
	if (llt->llt_count >= llt->llt_buckets)
		(void)llt_rehash(llt, 2 * llt->llt_buckets);
	lle->le_llt = llt;
	lle->le_addr = *addr;
	lle->le_state = LLE_NEW;
	mbufq_init(&lle->le_hold, LLE_HOLD_MAX);
	callout_init(&lle->le_timer, 1);
	LIST_INSERT_HEAD(llt_bucket(llt, addr), lle, le_link);
	TAILQ_INSERT_TAIL(&llt->llt_age, lle, le_age);
	llt->llt_count++;
	return (lle);
}

/* lle enters state, for so long. */
static void
lle_enter(struct llentry *lle, enum lle_state state, nstime_t time)
{
	lle->le_state = (uint8_t)state;
	lle->le_asked = 0;
	callout_reset_at(&lle->le_timer, getnstime() + time, lle_timeout,
	    lle);
}

static void
lle_ask(struct llentry *lle, const struct lle_family *lf)
{
	lle->le_asked++;
	callout_reset_at(&lle->le_timer, getnstime() + LLE_RETRANS,
	    lle_timeout, lle);
	lf->lf_ask(lle_ifp(lle), lle, lle->le_state == LLE_PROBE);
}

/* m cannot be sent.  One that was on its way through us (M_PROTO1) came from
 * somebody who will want to know. */
static void
lle_fail_packet(struct mbuf *m)
{
	if ((m->m_flags & M_PROTO1) != 0) {
		m->m_flags &= ~M_PROTO1;
		ip_error(m, IP_ERR_NEIGHBOUR, 0);
	} else
		m_freem(m);
}

/* Nobody answered: INCOMPLETE becomes FAILED. */
static void
lle_fail(struct llentry *lle, const struct lle_family *lf)
{
	struct mbufq hold;
	struct mbuf *m;

	hold = lle->le_hold;
	mbufq_init(&lle->le_hold, LLE_HOLD_MAX);
	lle_enter(lle, LLE_FAILED, lf->lf_negative);
	while ((m = mbufq_dequeue(&hold)) != NULL)
		lle_fail_packet(m);
}

static void
lle_timeout(void *arg)
{
	struct llentry *lle = arg;
	struct lle_family lf;

	lle_family(lle, &lf);
	switch ((enum lle_state)lle->le_state) {
	case LLE_INCOMPLETE:
		if (lle->le_asked < lf.lf_tries)
			lle_ask(lle, &lf);
		else
			lle_fail(lle, &lf);
		break;
	case LLE_REACHABLE:
		lle_enter(lle, LLE_STALE, LLE_STALE_TIME);
		way_gen_bump();
		break;
	case LLE_DELAY:
		lle->le_state = LLE_PROBE;
		lle_ask(lle, &lf);
		break;
	case LLE_PROBE:
		if (lle->le_asked < LLE_UNICAST_TRIES)
			lle_ask(lle, &lf);
		else
			lle_remove(lle);
		break;
	case LLE_NEW:
	case LLE_STALE:
	case LLE_FAILED:
		lle_remove(lle);
		break;
	}
}

void
lle_learn(struct llentry *lle, const uint8_t *lladdr, enum lle_state state)
{
	struct lle_family lf;
	struct ifnet *ifp;
	struct mbuf *m;

	ifp = lle_ifp(lle);
	if (lle_known(lle) && (state == LLE_STALE ||
	    memcmp(lle->le_lladdr, lladdr, ETHER_ADDR_LEN) != 0))
		way_gen_bump();
	memcpy(lle->le_lladdr, lladdr, ETHER_ADDR_LEN);
	lle_family(lle, &lf);
	lle_enter(lle, state, state == LLE_REACHABLE ? lf.lf_reachable :
	    LLE_STALE_TIME);
	TAILQ_REMOVE(&lle->le_llt->llt_age, lle, le_age);
	TAILQ_INSERT_TAIL(&lle->le_llt->llt_age, lle, le_age);
	while ((m = mbufq_dequeue(&lle->le_hold)) != NULL) {
		m->m_flags &= ~M_PROTO1;
		(void)ether_output_frame(ifp, m, lladdr, ip_is_v6(m) ?
		    ETHERTYPE_IPV6 : ETHERTYPE_IP);
	}
}

/* Let m wait for its neighbour.  The interface it came from may go before
 * it leaves, so that is forgotten, but not that there was one. */
static void
lle_hold(struct llentry *lle, struct mbuf *m)
{
	if (m->m_pkthdr.rcvif != NULL)
		m->m_flags |= M_PROTO1;
	m->m_pkthdr.rcvif = NULL;
	if (mbufq_len(&lle->le_hold) >= LLE_HOLD_MAX)
		m_freem(mbufq_dequeue(&lle->le_hold));
	(void)mbufq_enqueue(&lle->le_hold, m);
}

static int
llt_resolve(struct ifnet *ifp, struct mbuf *m, const struct in6_addr *nexthop,
    uint8_t *lladdr)
{
	struct lle_family lf;
	struct llentry *lle;

	lle = lle_get(ifp, nexthop);
	if (lle == NULL) {
		m_freem(m);
		return (ENOBUFS);
	}
	if (lle_known(lle)) {
		if (lle->le_state == LLE_STALE)
			lle_enter(lle, LLE_DELAY, LLE_DELAY_TIME);
		memcpy(lladdr, lle->le_lladdr, ETHER_ADDR_LEN);
		return (0);
	}
	if (lle->le_state == LLE_NEW) {
		lle->le_state = LLE_INCOMPLETE;
		lle_hold(lle, m);
		lle_family(lle, &lf);
		lle_ask(lle, &lf);
		return (EWOULDBLOCK);
	}
	if (lle->le_state == LLE_INCOMPLETE) {
		lle_hold(lle, m);
		return (EWOULDBLOCK);
	}
	if (m->m_pkthdr.rcvif != NULL)
		m->m_flags |= M_PROTO1;
	lle_fail_packet(m);
	return (EHOSTUNREACH);
}

static void
llt_purge(struct ifnet *ifp)
{
	struct llentry *lle;
	struct lltable *llt;

	llt = ifp->if_llt;
	if (llt == NULL)
		return;
	while ((lle = TAILQ_FIRST(&llt->llt_age)) != NULL)
		lle_remove(lle);
	ifp->if_llt = NULL;
	free(llt->llt_hash, M_LLTABLE);
	free(llt, M_LLTABLE);
}

/* What Ethernet sees of all this. */
static const struct lltable_ops llt_ops = {
	.llo_resolve = llt_resolve,
	.llo_purge = llt_purge,
	.llo_arpinput = arp_input
};

static void
llt_init(const void *arg __unused)
{
	vnet_random(V_lle_key, sizeof(V_lle_key));
	V_lltable_ops = &llt_ops;
}
SYSINIT(lltable, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, llt_init, NULL);

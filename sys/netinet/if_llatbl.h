/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Neighbours: the link addresses of the hosts on an interface's link, for
 * ARP and for neighbour discovery.  The table, its states and timers are
 * theirs in common (if_llatbl.c); how to ask is each one's own (struct
 * lle_family).
 */
#ifndef _STACKYARD_NETINET_IF_LLATBL_H_
#define	_STACKYARD_NETINET_IF_LLATBL_H_

#include <sys/callout.h>
#include <sys/mbuf.h>
#include <sys/queue.h>
#include <net/if_var.h>
#include <netinet/in.h>

struct lltable;

enum lle_state {
	LLE_NEW,		/* made by lle_get(), nothing known */
	LLE_INCOMPLETE,		/* asked; no address yet; packets wait */
	LLE_REACHABLE,		/* address confirmed not long ago */
	LLE_STALE,		/* not confirmed lately, nor used since */
	LLE_DELAY,		/* used again; perhaps it will be confirmed */
	LLE_PROBE,		/* asked by its address, which is still used */
	LLE_FAILED		/* nobody answers */
};

struct llentry {
	LIST_ENTRY(llentry) le_link;	/* hash bucket */
	TAILQ_ENTRY(llentry) le_age;	/* last confirmed comes last */
	struct lltable	*le_llt;
	struct in6_addr	le_addr;
	uint8_t		le_lladdr[ETHER_ADDR_LEN];
	uint8_t		le_state;	/* enum lle_state */
	uint8_t		le_asked;	/* questions since le_state began */
	struct mbufq	le_hold;	/* waiting, while INCOMPLETE */
	struct callout	le_timer;	/* ends le_state or asks again */
};

/* What is different in ARP and ND. */
struct lle_family {
	/* Send a question about lle: to its address or, not knowing that, to
	 * all who might have it. */
	void		(*lf_ask)(struct ifnet *ifp, const struct llentry *lle,
			    bool unicast);
	nstime_t	lf_reachable;	/* a confirmation's worth, ns */
	nstime_t	lf_negative;	/* LLE_FAILED lasts so long, ns */
	int		lf_tries;	/* questions to all */
};
/* if_ether.c and nd6.c: their families, with the variables in force. */
void	arp_family(struct lle_family *lf);
void	nd6_family(struct lle_family *lf);

/* The interface of lle. */
struct ifnet *lle_ifp(const struct llentry *lle);
/* The entry for addr, or NULL. */
struct llentry *lle_find(struct ifnet *ifp, const struct in6_addr *addr);
/* The same, made if need be (NEW: the caller learns or asks at once); NULL:
 * no memory. */
struct llentry *lle_get(struct ifnet *ifp, const struct in6_addr *addr);
/* lle has link address lladdr and is now REACHABLE or STALE: packets that
 * waited leave. */
void	lle_learn(struct llentry *lle, const uint8_t *lladdr,
	    enum lle_state state);
/* Is the link address of lle known? */
static inline bool
lle_known(const struct llentry *lle)
{
	return (lle->le_state >= LLE_REACHABLE &&
	    lle->le_state <= LLE_PROBE);
}

/* if_ether.c: m_data at the ARP packet; consumed. */
void	arp_input(struct ifnet *ifp, struct mbuf *m);

#endif /* !_STACKYARD_NETINET_IF_LLATBL_H_ */

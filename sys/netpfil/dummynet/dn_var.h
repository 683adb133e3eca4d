/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of dummynet share: a pipe and its parts.  Nobody outside
 * this directory includes it.
 */
#ifndef _STACKYARD_NETPFIL_DN_VAR_H_
#define	_STACKYARD_NETPFIL_DN_VAR_H_

#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <netpfil/dummynet/dummynet.h>

MALLOC_DECLARE(M_DUMMYNET);

/* What is left to chance; each has a stream of random numbers. */
enum dn_purpose {
	DN_LOSS, DN_GE_STATE, DN_GE_LOSS, DN_DUPLICATE, DN_JITTER,
	DN_REORDER, DN_CORRUPT, DN_CORRUPT_BIT,
	DN_NPURPOSES
};
struct dn_chance {
	uint64_t	ch_state[DN_NPURPOSES];
	bool		ch_bad;		/* Gilbert-Elliott's state */
};

/* The time, or number, that a packet of a pipe waits for. */
#define	m_dntime	m_pkthdr.PH_loc.u64

/* Packets in order, by m_nextpkt. */
struct dn_list {
	struct mbuf	*l_head;
	struct mbuf	**l_tail;	/* where the next one is linked */
	uint32_t	l_packets;
};

/* Packets by m_dntime, whatever their order. */
struct dn_heap_item {
	nstime_t	hi_due;
	uint64_t	hi_number;
	struct mbuf	*hi_packet;
};
struct dn_heap {
	struct dn_heap_item *h_items;
	uint32_t	h_n, h_size;
	uint64_t	h_number;	/* of the next item */
};

/* A registered discipline; kept while pipes use it. */
struct dn_aqm_entry {
	SLIST_ENTRY(dn_aqm_entry) ae_link;
	const struct dn_aqm *ae_aqm;
	uint32_t	ae_pipes;
};

/*
 * The sender of bits: busy until p_busy + p_rem / dc_rate ns, an exact
 * fraction, so that a train of packets takes the time of its sum.
 */
struct dn_link {
	nstime_t	lk_busy;
	uint64_t	lk_rem;
	/* What a packet of lk_len bytes takes, of which there are many. */
	uint32_t	lk_len;
	nstime_t	lk_len_ns;
	uint64_t	lk_len_rem;
};

struct dn_pipe {
	struct ifnet	*p_ifp;
	/* Waiting for the link, m_dntime is when they came. */
	struct dn_list	p_queue;
	uint64_t	p_queue_bytes;
	struct dn_link	p_link;
	/* On their way, m_dntime is when they arrive: in the list while
	 * they keep order, in the heap once they may overtake, until it is
	 * empty again. */
	struct dn_list	p_line;
	struct dn_heap	p_heap;
	nstime_t	p_latest;	/* latest arrival ever given */
	/* Held back until p_passed is m_dntime, or until rcv_tstmp. */
	struct dn_list	p_held;
	uint64_t	p_passed;
	struct callout	p_callout;	/* for the next arrival */
	struct dn_chance p_chance;
	struct dn_aqm_entry *p_aqm;
	void		*p_aqm_state;
	uint64_t	p_limit_bytes;	/* one of these is not 0 */
	uint32_t	p_limit_packets;
	nstime_t	p_accounted;	/* ds_queue_byte_ns is up to then */
	struct dn_stats	p_stats;
	struct dn_config p_cfg;
};

/* dn_chance.c */
void	dn_chance_seed(struct dn_chance *ch, uint64_t seed);
/* Does what has this probability (of DN_PROB_ONE) happen?  What cannot draws
 * no number, and costs no call. */
bool	dn_chance_draw(struct dn_chance *ch, enum dn_purpose why,
	    uint64_t prob);
static inline bool
dn_chance_hit(struct dn_chance *ch, enum dn_purpose why, uint64_t prob)
{
	return (prob != 0 && dn_chance_draw(ch, why, prob));
}
/* A number from 0 to max. */
uint64_t dn_chance_number(struct dn_chance *ch, enum dn_purpose why,
	    uint64_t max);
static inline uint64_t
dn_chance_upto(struct dn_chance *ch, enum dn_purpose why, uint64_t max)
{
	return (max == 0 ? 0 : dn_chance_number(ch, why, max));
}
/* Is the next packet lost?  Moves Gilbert and Elliott's chain. */
bool	dn_chance_lost(struct dn_chance *ch, const struct dn_config *cfg);

/* dn_packet.c: packets that begin at a link header of l2hlen bytes. */
/* Cut a large segment (CSUM_TSO) for the wire; m is consumed; NULL if memory
 * is short.  *lostp: how many
 * packets were lost to a shortage. */
struct mbuf *dn_packet_cut(struct mbuf *m, uint32_t *lostp);
/* A real copy, or NULL; m stays as it is. */
struct mbuf *dn_packet_dup(struct mbuf *m);
/* Say CE, if it can be said; *markedp: it was.  NULL: no memory, m freed. */
struct mbuf *dn_packet_mark(struct mbuf *m, bool *markedp);
/* Flip one bit, if m is an IP packet (*donep).  NULL: no memory, m freed. */
struct mbuf *dn_packet_corrupt(struct mbuf *m, struct dn_chance *ch,
	    bool *donep);

/* dn_heap.c */
/* Put m in; false: no memory, m is still the caller's.  Take the first of a
 * heap that is not empty. */
bool	dn_heap_push(struct dn_heap *h, struct mbuf *m);
struct mbuf *dn_heap_take(struct dn_heap *h);
/* Free the packets and the heap's memory. */
void	dn_heap_destroy(struct dn_heap *h);

/* dn_aqm.c */
/* Take a use of the discipline called name ("": droptail), with zeroed state
 * of its size in *statep (NULL if it has none).  EINVAL, ENOMEM. */
int	dn_aqm_hold(const char *name, struct dn_aqm_entry **aep,
	    void **statep);
void	dn_aqm_release(struct dn_aqm_entry *ae, void *state);

/* Empty; append; take the first. */
static inline void
dn_list_init(struct dn_list *l)
{
	l->l_head = NULL;
	l->l_tail = &l->l_head;
	l->l_packets = 0;
}

static inline void
dn_list_append(struct dn_list *l, struct mbuf *m)
{
	m->m_nextpkt = NULL;
	*l->l_tail = m;
	l->l_tail = &m->m_nextpkt;
	l->l_packets++;
}

static inline struct mbuf *
dn_list_take(struct dn_list *l)
{
	struct mbuf *m = l->l_head;

	l->l_head = m->m_nextpkt;
	if (l->l_head == NULL)
		l->l_tail = &l->l_head;
	l->l_packets--;
	m->m_nextpkt = NULL;
	return (m);
}

#endif /* !_STACKYARD_NETPFIL_DN_VAR_H_ */

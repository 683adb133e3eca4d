/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Pipes: a queue, a link and a line, simulated exactly and lazily.
 *
 *	queue --(link free)--> link --(sent)--> line --(arrived)--> driver
 *
 * A packet of n bytes that the link begins to send at s is sent at
 * s + 8n / rate, and arrives a delay, with jitter, later.  When the link
 * begins with the queue's head follows from what came before:
 *
 *	s = max(when the link is free, when the packet came)
 *
 * so nothing has to happen at that time.  Whoever looks at the queue (a packet
 * that comes, an arrival, a reader of the statistics) first lets the pipe
 * catch up: all the packets whose s has passed leave it, in order, each with
 * its exact s, which is also the time that an AQM is told.  Only arrivals
 * need the clock, one callout for all of them: for the first in the line.
 * Until then the head of the queue cannot arrive unseen, since it cannot
 * before the link is free plus the delay (dn_next()).
 *
 * The link's time is a fraction of whole nanoseconds and a remainder in units
 * of 1/rate ns: a train of packets takes what the sum of their bits
 * takes, rounded down once and not at every packet.
 *
 * Packets at the end of the line that chance picks are held back until
 * enough others have passed.
 *
 * A pipe belongs to its interface (if_pipe); packets in it belong to the
 * pipe.  PH_loc (m_dntime) and rcv_tstmp of a packet are the pipe's while it is
 * there.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <netpfil/dummynet/dn_var.h>

#define	DN_FOREVER	(1ULL << 62)	/* ns: later than anything, with room
					   for sums */
#define	DN_LIMIT_PACKETS 50		/* of a queue, by default */
#define	DN_REORDER_GAP	3		/* packets, by default */

MALLOC_DEFINE(M_DUMMYNET, "dummynet", "emulated paths");

static void	dn_timeout(void *arg);

/*
 * The link.
 */

/* Send len bytes from start on; returns when they are sent. */
static nstime_t
dn_link_send(struct dn_pipe *p, nstime_t start, uint32_t len)
{
	struct dn_link *lk = &p->p_link;
	uint64_t bits_ns, rate = p->p_cfg.dc_rate;

	if (rate == 0)
		return (start);
	if (len != lk->lk_len) {
		bits_ns = (uint64_t)len * 8 * NS_PER_SEC;
		lk->lk_len = len;
		lk->lk_len_ns = u64min(bits_ns / rate, DN_FOREVER);
		lk->lk_len_rem = bits_ns % rate;
	}
	if (start > lk->lk_busy)
		lk->lk_rem = 0;
	lk->lk_busy = start + lk->lk_len_ns;
	lk->lk_rem += lk->lk_len_rem;
	if (lk->lk_rem >= rate) {
		lk->lk_rem -= rate;
		lk->lk_busy++;
	}
	lk->lk_busy = u64min(lk->lk_busy, DN_FOREVER);
	p->p_stats.ds_busy_ns += lk->lk_busy - start;
	return (lk->lk_busy);
}

/* ns for which the link is still busy at now. */
static uint64_t
dn_link_left(const struct dn_pipe *p, nstime_t now)
{

	return (p->p_link.lk_busy > now ? p->p_link.lk_busy - now : 0);
}

/*
 * The line.
 */

static void
dn_line_enter(struct dn_pipe *p, struct mbuf *m, nstime_t sent)
{
	const struct dn_config *cfg = &p->p_cfg;
	nstime_t due;

	due = sent + cfg->dc_delay +
	    dn_chance_upto(&p->p_chance, DN_JITTER, cfg->dc_jitter);
	if (!cfg->dc_jitter_reorder)
		due = u64max(due, p->p_latest);
	p->p_latest = u64max(due, p->p_latest);
	m->m_dntime = due;
	if (!cfg->dc_jitter_reorder && p->p_heap.h_n == 0)
		dn_list_append(&p->p_line, m);
	else if (!dn_heap_push(&p->p_heap, m)) {
		p->p_stats.ds_nomem_drops++;
		m_freem(m);
	}
}

/* When the next packet of the line arrives. */
static nstime_t
dn_line_next(const struct dn_pipe *p)
{
	nstime_t next;

	next = p->p_line.l_head != NULL ? p->p_line.l_head->m_dntime :
	    UINT64_MAX;
	if (p->p_heap.h_n != 0)
		next = u64min(next, p->p_heap.h_items[0].hi_due);
	return (next);
}

/* Take the next packet of a line that is not empty; those in the list came
 * before those in the heap. */
static struct mbuf *
dn_line_take(struct dn_pipe *p)
{

	if (p->p_line.l_head != NULL && (p->p_heap.h_n == 0 ||
	    p->p_line.l_head->m_dntime <= p->p_heap.h_items[0].hi_due))
		return (dn_list_take(&p->p_line));
	return (dn_heap_take(&p->p_heap));
}

/*
 * The queue.
 */

/* Bring the integral of the queue's length up to t. */
static void
dn_queue_account(struct dn_pipe *p, nstime_t t)
{

	p->p_stats.ds_queue_byte_ns +=
	    p->p_queue_bytes * (t - p->p_accounted);
	p->p_accounted = t;
}

static struct dn_queue_view
dn_queue_view(const struct dn_pipe *p, nstime_t t)
{

	return ((struct dn_queue_view){
		.dq_bytes = p->p_queue_bytes,
		.dq_packets = p->p_queue.l_packets,
		.dq_limit_bytes = p->p_limit_bytes,
		.dq_limit_packets = p->p_limit_packets,
		.dq_rate = p->p_cfg.dc_rate,
		.dq_now = t,
	});
}

/*
 * Do what the discipline said about m.  NULL: it is gone.
 */
static struct mbuf *
dn_queue_obey(struct dn_pipe *p, struct mbuf *m, int verdict)
{
	bool marked;

	if (__predict_true(verdict == 0))
		return (m);
	if (verdict != DN_MARK) {
		p->p_stats.ds_queue_drops++;
		m_freem(m);
		return (NULL);
	}
	m = dn_packet_mark(m, &marked);
	if (m == NULL)
		p->p_stats.ds_nomem_drops++;
	else if (marked)
		p->p_stats.ds_marks++;
	return (m);
}

/* The link takes the head of the queue at time t. */
static void
dn_queue_serve(struct dn_pipe *p, nstime_t t)
{
	const struct dn_aqm *aqm = p->p_aqm->ae_aqm;
	struct dn_queue_view q;
	struct mbuf *m;
	int verdict;

	dn_queue_account(p, t);
	m = dn_list_take(&p->p_queue);
	p->p_queue_bytes -= (uint64_t)m->m_pkthdr.len;
	if (aqm->da_dequeue != NULL) {
		q = dn_queue_view(p, t);
		verdict = aqm->da_dequeue(p->p_aqm_state, &p->p_cfg, &q, m,
		    t - m->m_dntime);
		if ((m = dn_queue_obey(p, m, verdict)) == NULL)
			return;
	}
	dn_line_enter(p, m,
	    dn_link_send(p, t, (uint32_t)m->m_pkthdr.len));
}

/* Catch up with now. */
static void
dn_queue_run(struct dn_pipe *p, nstime_t now)
{
	nstime_t t;

	while (p->p_queue.l_head != NULL) {
		t = u64max(p->p_link.lk_busy, p->p_queue.l_head->m_dntime);
		if (t > now)
			break;
		dn_queue_serve(p, t);
	}
}

/* Packets past the queue. */
static uint32_t
dn_line_packets(const struct dn_pipe *p)
{

	return (p->p_line.l_packets + p->p_heap.h_n + p->p_held.l_packets);
}

/* m asks to join the queue, which has caught up. */
static void
dn_queue_join(struct dn_pipe *p, struct mbuf *m, nstime_t now)
{
	struct dn_queue_view q;
	int verdict;

	q = dn_queue_view(p, now);
	verdict = p->p_aqm->ae_aqm->da_enqueue(p->p_aqm_state, &p->p_cfg, &q,
	    m);
	if (p->p_queue.l_packets + dn_line_packets(p) >= DN_PACKETS_MAX)
		verdict = ENOBUFS;
	if ((m = dn_queue_obey(p, m, verdict)) == NULL)
		return;
	dn_queue_account(p, now);
	m->m_dntime = now;
	dn_list_append(&p->p_queue, m);
	p->p_queue_bytes += (uint64_t)m->m_pkthdr.len;
	dn_queue_run(p, now);
	p->p_stats.ds_queue_packets_max = max(p->p_stats.ds_queue_packets_max,
	    p->p_queue.l_packets);
}

/*
 * The end of the line.
 */

/* m leaves the pipe: onto the list out, unless damage needs memory. */
static void
dn_leave(struct dn_pipe *p, struct mbuf *m, struct dn_list *out)
{
	bool done;

	if (dn_chance_hit(&p->p_chance, DN_CORRUPT, p->p_cfg.dc_corrupt)) {
		m = dn_packet_corrupt(m, &p->p_chance, &done);
		if (m == NULL) {
			p->p_stats.ds_nomem_drops++;
			return;
		}
		p->p_stats.ds_corrupted += done;
	}
	p->p_stats.ds_out_packets++;
	p->p_stats.ds_out_bytes += (uint64_t)m->m_pkthdr.len;
	dn_list_append(out, m);
}

static void
dn_hold(struct dn_pipe *p, struct mbuf *m)
{
	const struct dn_config *cfg = &p->p_cfg;

	m->m_flags &= ~(u_int)M_TSTMP;
	m->m_pkthdr.rcv_tstmp = m->m_dntime +
	    u64max(cfg->dc_delay, DN_HOLD_MIN);
	m->m_dntime = p->p_passed + (cfg->dc_reorder_gap != 0 ?
	    cfg->dc_reorder_gap : DN_REORDER_GAP);
	dn_list_append(&p->p_held, m);
	p->p_stats.ds_reordered++;
}

/* m has arrived: it is held back, or passes the packets that are. */
static void
dn_arrive(struct dn_pipe *p, struct mbuf *m, struct dn_list *out)
{

	if (dn_chance_hit(&p->p_chance, DN_REORDER, p->p_cfg.dc_reorder)) {
		dn_hold(p, m);
		return;
	}
	dn_leave(p, m, out);
	p->p_passed++;
	while (p->p_held.l_head != NULL &&
	    p->p_held.l_head->m_dntime <= p->p_passed)
		dn_leave(p, dn_list_take(&p->p_held), out);
}

static nstime_t
dn_held_next(const struct dn_pipe *p)
{

	return (p->p_held.l_head != NULL ?
	    p->p_held.l_head->m_pkthdr.rcv_tstmp : UINT64_MAX);
}

/*
 * No packet leaves the pipe before this time.
 */
static nstime_t
dn_next(const struct dn_pipe *p)
{
	nstime_t next;

	next = u64min(dn_line_next(p), dn_held_next(p));
	if (p->p_queue.l_head != NULL)
		next = u64min(next, p->p_link.lk_busy + p->p_cfg.dc_delay);
	return (next);
}

static void
dn_arm(struct dn_pipe *p)
{
	nstime_t next;

	next = dn_next(p);
	if (next == UINT64_MAX)
		callout_stop(&p->p_callout);
	else if (!callout_pending(&p->p_callout) ||
	    p->p_callout.c_time != next)
		callout_reset_at(&p->p_callout, next, dn_timeout, p);
}

/* Give the driver what has arrived.  The pipe may be gone afterwards. */
static void __noinline
dn_deliver(struct dn_pipe *p, nstime_t now)
{
	struct ifnet *ifp = p->p_ifp;
	struct dn_list out;
	nstime_t held, line;

	dn_list_init(&out);
	for (;;) {
		line = dn_line_next(p);
		held = dn_held_next(p);
		if (u64min(line, held) > now)
			break;
		if (line <= held)
			dn_arrive(p, dn_line_take(p), &out);
		else
			dn_leave(p, dn_list_take(&p->p_held), &out);
	}
	dn_arm(p);
	while (out.l_head != NULL)
		(void)ifp->if_transmit(ifp, dn_list_take(&out));
}

/*
 * Give the driver what has arrived, and see to it that it will be given what
 * comes next.  The pipe may be gone afterwards: a driver that calls back may
 * take it away.
 */
static inline void
dn_flush(struct dn_pipe *p, nstime_t now)
{

	dn_queue_run(p, now);
	if (u64min(dn_line_next(p), dn_held_next(p)) <= now)
		dn_deliver(p, now);
	else
		dn_arm(p);
}

static void
dn_timeout(void *arg)
{

	dn_flush(arg, getnstime());
}

/*
 * The way in.
 */

/* One packet of the wire enters. */
static void
dn_enter(struct dn_pipe *p, struct mbuf *m, nstime_t now)
{
	struct mbuf *twin = NULL;

	p->p_stats.ds_in_packets++;
	p->p_stats.ds_in_bytes += (uint64_t)m->m_pkthdr.len;
	if (dn_chance_lost(&p->p_chance, &p->p_cfg)) {
		p->p_stats.ds_loss_drops++;
		m_freem(m);
		return;
	}
	if (dn_chance_hit(&p->p_chance, DN_DUPLICATE, p->p_cfg.dc_duplicate))
		twin = dn_packet_dup(m);
	dn_queue_join(p, m, now);
	if (twin != NULL) {
		p->p_stats.ds_duplicates++;
		dn_queue_join(p, twin, now);
	}
}

/* if_pipe_lower: what ifp sends comes here. */
static int
dn_input(struct ifnet *ifp, struct mbuf *m)
{
	struct dn_pipe *p = ifp->if_pipe;
	struct mbuf *next;
	nstime_t now = getnstime();
	uint32_t lost;

	m->m_pkthdr.l2hlen = ifp->if_hdrlen;
	if (m->m_pkthdr.len < ifp->if_hdrlen) {
		m_freem(m);
		return (EINVAL);
	}
	lost = 0;
	if ((m->m_pkthdr.csum_flags & CSUM_TSO) != 0) {
		m = dn_packet_cut(m, &lost);
		p->p_stats.ds_in_packets += lost;
		p->p_stats.ds_nomem_drops += lost;
	}
	dn_queue_run(p, now);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		dn_enter(p, m, now);
	}
	dn_flush(p, now);
	return (lost != 0 ? ENOBUFS : 0);
}

/*
 * Configuration.
 */

static int
dn_config_check(const struct dn_config *cfg)
{
	const uint64_t prob[] = {
		cfg->dc_loss, cfg->dc_ge_enter, cfg->dc_ge_leave,
		cfg->dc_ge_loss_good, cfg->dc_ge_loss_bad, cfg->dc_reorder,
		cfg->dc_duplicate, cfg->dc_corrupt
	};
	u_int i;

	for (i = 0; i < nitems(prob); i++)
		if (prob[i] > DN_PROB_ONE)
			return (EINVAL);
	if (cfg->dc_rate > DN_RATE_MAX || cfg->dc_delay > DN_DELAY_MAX ||
	    cfg->dc_jitter > DN_DELAY_MAX ||
	    cfg->dc_base_rtt > 2 * DN_DELAY_MAX ||
	    strnlen(cfg->dc_aqm, sizeof(cfg->dc_aqm)) == sizeof(cfg->dc_aqm))
		return (EINVAL);
	return (0);
}

/* Bytes of the bandwidth-delay product times dc_queue_bdp / 1000. */
static uint64_t
dn_config_bdp(const struct dn_config *cfg)
{
	unsigned __int128 bytes;
	uint64_t rtt;

	rtt = cfg->dc_base_rtt != 0 ? cfg->dc_base_rtt : 2 * cfg->dc_delay;
	bytes = (unsigned __int128)cfg->dc_rate * rtt / (8 * NS_PER_SEC);
	bytes = bytes * cfg->dc_queue_bdp / 1000;
	if (bytes > UINT64_MAX / 2)
		return (UINT64_MAX / 2);
	return (u64max((uint64_t)bytes, 1));
}

/* Put cfg, which was checked, into force. */
static void
dn_config_set(struct dn_pipe *p, const struct dn_config *cfg)
{

	p->p_cfg = *cfg;
	p->p_limit_bytes = 0;
	p->p_limit_packets = 0;
	if (cfg->dc_queue_bytes != 0)
		p->p_limit_bytes = u64min(cfg->dc_queue_bytes, UINT64_MAX / 2);
	else if (cfg->dc_queue_packets != 0)
		p->p_limit_packets = cfg->dc_queue_packets;
	else if (cfg->dc_queue_bdp != 0)
		p->p_limit_bytes = dn_config_bdp(cfg);
	else
		p->p_limit_packets = DN_LIMIT_PACKETS;
}

/* The pipe of ifp, or NULL. */
static struct dn_pipe *
dn_pipe_of(const struct ifnet *ifp)
{

	return (ifp->if_pipe_lower == dn_input ? ifp->if_pipe : NULL);
}

int
dn_attach(struct ifnet *ifp, const struct dn_config *cfg)
{
	struct dn_pipe *p;
	int error;

	error = dn_config_check(cfg);
	if (error != 0)
		return (error);
	p = malloc(sizeof(*p), M_DUMMYNET, M_NOWAIT | M_ZERO);
	if (p == NULL)
		return (ENOMEM);
	error = dn_aqm_hold(cfg->dc_aqm, &p->p_aqm, &p->p_aqm_state);
	if (error != 0) {
		free(p, M_DUMMYNET);
		return (error);
	}
	dn_detach(ifp);
	p->p_ifp = ifp;
	dn_list_init(&p->p_queue);
	dn_list_init(&p->p_line);
	dn_list_init(&p->p_held);
	callout_init(&p->p_callout, 1);
	dn_chance_seed(&p->p_chance, cfg->dc_seed);
	dn_config_set(p, cfg);
	p->p_accounted = p->p_stats.ds_since = getnstime();
	ifp->if_pipe = p;
	ifp->if_pipe_lower = dn_input;
	ifp->if_pipe_detach = dn_detach;
	return (0);
}

int
dn_reconfigure(struct ifnet *ifp, const struct dn_config *cfg)
{
	struct dn_pipe *p = dn_pipe_of(ifp);
	struct dn_aqm_entry *aqm;
	void *state;
	int error;

	if (p == NULL)
		return (ENOENT);
	error = dn_config_check(cfg);
	if (error != 0)
		return (error);
	dn_queue_run(p, getnstime());
	if (strcmp(cfg->dc_aqm, p->p_cfg.dc_aqm) != 0) {
		error = dn_aqm_hold(cfg->dc_aqm, &aqm, &state);
		if (error != 0)
			return (error);
		dn_aqm_release(p->p_aqm, p->p_aqm_state);
		p->p_aqm = aqm;
		p->p_aqm_state = state;
	}
	if (cfg->dc_seed != p->p_cfg.dc_seed)
		dn_chance_seed(&p->p_chance, cfg->dc_seed);
	if (cfg->dc_rate != p->p_cfg.dc_rate) {
		p->p_link.lk_len = 0;
		p->p_link.lk_rem = 0;
	}
	dn_config_set(p, cfg);
	dn_arm(p);
	return (0);
}

void
dn_detach(struct ifnet *ifp)
{
	struct dn_pipe *p = dn_pipe_of(ifp);

	if (p == NULL)
		return;
	ifp->if_pipe = NULL;
	ifp->if_pipe_lower = NULL;
	ifp->if_pipe_detach = NULL;
	callout_stop(&p->p_callout);
	m_freep(p->p_queue.l_head);
	m_freep(p->p_line.l_head);
	m_freep(p->p_held.l_head);
	dn_heap_destroy(&p->p_heap);
	dn_aqm_release(p->p_aqm, p->p_aqm_state);
	free(p, M_DUMMYNET);
}

/*
 * Statistics.
 */

int
dn_getstats(struct ifnet *ifp, struct dn_stats *ds)
{
	struct dn_pipe *p = dn_pipe_of(ifp);
	nstime_t now = getnstime();

	if (p == NULL)
		return (ENOENT);
	dn_queue_run(p, now);
	dn_queue_account(p, now);
	*ds = p->p_stats;
	ds->ds_busy_ns -= dn_link_left(p, now);
	ds->ds_queue_bytes = p->p_queue_bytes;
	ds->ds_queue_packets = p->p_queue.l_packets;
	ds->ds_line_packets = dn_line_packets(p);
	return (0);
}

void
dn_resetstats(struct ifnet *ifp)
{
	struct dn_pipe *p = dn_pipe_of(ifp);
	nstime_t now = getnstime();

	if (p == NULL)
		return;
	dn_queue_run(p, now);
	p->p_accounted = now;
	p->p_stats = (struct dn_stats){
		.ds_busy_ns = dn_link_left(p, now),
		.ds_queue_packets_max = p->p_queue.l_packets,
		.ds_since = now,
	};
}

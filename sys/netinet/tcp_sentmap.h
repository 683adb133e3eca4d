/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * How records of the sent map end, for the ACK of one record, which is what
 * nearly each ACK of a short exchange is; tcp_sentmap.c has the map's theory
 * and all else.
 *
 * Touches the connection's map and its delivery counts.
 */
#ifndef _STACKYARD_NETINET_TCP_SENTMAP_H_
#define	_STACKYARD_NETINET_TCP_SENTMAP_H_

#include <netinet/tcp_var.h>

/* ts goes: what only a connection with losses keeps of it. */
void	tcp_sent_forget(struct tcpcb *tp, const struct tcp_sent *ts);
/* The same where nothing is SACKed: where a search would begin. */
void	tcp_sent_forget_all(struct tcpcb *tp);

/* Stamp ts with the state of the connection: it leaves now; alone: nothing
 * else is in flight. */
static inline void
tcp_sent_stamp(struct tcpcb *tp, struct tcp_sent *ts, uint16_t flags, nstime_t now,
    bool alone)
{
	if (alone) {
		tp->t_first_sent_time = now;
		tp->t_delivered_time = now;
	}
	ts->ts_time = now;
	ts->ts_delivered = tp->t_delivered;
	ts->ts_deltime = tp->t_delivered_time;
	ts->ts_firsttime = tp->t_first_sent_time;
	ts->ts_flags = tp->t_app_limited != 0 ? flags | TS_APPLIMITED : flags;
	tp->t_sndtime = now;
}

/* ts is of the len bytes behind SND.MAX, which leave now. */
static inline struct tcp_sent *
tcp_sent_append(struct tcpcb *tp, struct tcp_sent *ts, uint32_t len,
    uint16_t flags)
{
	const tcp_seq start = tp->snd_max;
	const nstime_t now = getnstime();

	if (tp->snd_una == start) {
		tp->t_progress = (uint32_t)(now >> TCP_ACKTIME_SHIFT);
		tcp_sent_stamp(tp, ts, flags, now, true);
	} else
		tcp_sent_stamp(tp, ts, flags, now, tcp_inflight(tp) == 0);
	ts->ts_start = start;
	ts->ts_end = ts->ts_nxt = start + len;
	ts->ts_xmits = 1;
	ts->ts_block = 0;
	TAILQ_INSERT_TAIL(&tp->t_map, ts, ts_link);
	tp->snd_max = tp->snd_nxt = start + len;
	return (ts);
}

/* tcp_sent_new() when there is a limit, or no free record at hand. */
struct tcp_sent *tcp_sent_new_rare(struct tcpcb *tp, uint32_t len,
	    uint16_t flags);

/* tcp_sent_new() in line: mostly there is no limit, and a free record. */
static inline struct tcp_sent *
tcp_sent_new_here(struct tcpcb *tp, uint32_t len, uint16_t flags)
{
	struct tcp_sent *ts;

	if (__predict_false(V_tcp_map_limit != 0 ||
	    (ts = uma_zalloc_fast(V_tcp_sent_zone)) == NULL))
		return (tcp_sent_new_rare(tp, len, flags));
	return (tcp_sent_append(tp, ts, len, flags));
}

/* Take ts off the list and free it; its bytes must be accounted for. */
static inline void
tcp_sent_remove(struct tcpcb *tp, struct tcp_sent *ts)
{
	if (__predict_false(tp->t_loss != NULL))
		tcp_sent_forget(tp, ts);
	TAILQ_REMOVE(&tp->t_map, ts, ts_link);
	uma_zfree(V_tcp_sent_zone, ts);
}

/* Was ts sent once, and neither SACKed nor lost? */
static inline bool
tcp_sent_straight(const struct tcp_sent *ts)
{
	return (!TS_RXT(ts) && (ts->ts_flags & (TS_SACKED | TS_LOST)) == 0);
}

/* Take all records up to last, none of which is SACKed, off the list: one link
 * for all of them. */
static __always_inline void
tcp_sent_remove_to(struct tcpcb *tp, const struct tcp_sent *last)
{
	struct tcp_sent *end = TAILQ_NEXT(last, ts_link);
	struct tcp_sent *next, *ts = TAILQ_FIRST(&tp->t_map);
	uma_zone_t zone = V_tcp_sent_zone;

	if (__predict_false(tp->t_loss != NULL))
		tcp_sent_forget_all(tp);
	do {
		next = TAILQ_NEXT(ts, ts_link);
		uma_zfree(zone, ts);
	} while ((ts = next) != end);
	TAILQ_FIRST(&tp->t_map) = end;
	if (end == NULL)
		tp->t_map.tqh_last = &TAILQ_FIRST(&tp->t_map);
	else
		end->ts_link.tqe_prev = &TAILQ_FIRST(&tp->t_map);
}

/* len bytes of ts have been delivered: samples for ta. */
static inline void
tcp_sent_delivered(struct tcpcb *tp, const struct tcp_sent *ts, uint32_t len,
    nstime_t now, struct tcp_acked *ta)
{
	const uint64_t delivered = tp->t_delivered + len;
	const nstime_t rtt = now - ts->ts_time;

	tp->t_delivered = delivered;
	tp->t_delivered_time = now;
	if (__predict_true(!TS_RXT(ts))) {
		/* 0 would mean that nothing was measured. */
		ta->ta_rtt = rtt + (rtt == 0);
		ta->ta_rtt_xmits = 1;
	}
	/* The record sent last has the newest picture. */
	if (ta->rs_interval == 0 ||
	    ts->ts_delivered >= ta->rs_prior_delivered) {
		ta->rs_prior_delivered = ts->ts_delivered;
		ta->rs_interval = u64max(ts->ts_time - ts->ts_firsttime,
		    now - ts->ts_deltime);
		ta->ta_flags = (uint16_t)((ta->ta_flags & ~TS_APPLIMITED) |
		    (ts->ts_flags & TS_APPLIMITED));
		tp->t_first_sent_time = ts->ts_time;
	}
	ta->rs_delivered = delivered - ta->rs_prior_delivered;
}

/* Is ts, which may be NULL, up to ack, sent once and neither SACKed nor
 * lost? */
static inline bool
tcp_sent_is_one(const struct tcp_sent *ts, tcp_seq ack)
{
	return (__predict_true(ts != NULL && ts->ts_end == ack &&
	    !TS_RXT(ts) && (ts->ts_flags & (TS_SACKED | TS_LOST)) == 0));
}

/* tcp_sent_acked() where the first record is such a one. */
static __always_inline void
tcp_sent_acked_all(struct tcpcb *tp, tcp_seq ack, struct tcp_acked *ta)
{
	struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);

	ta->rs_interval = 0;
	ta->ta_acked = ack - ts->ts_start;
	ta->ta_flags = ts->ts_flags;
	tcp_sent_delivered(tp, ts, ta->ta_acked, getnstime(), ta);
	tcp_sent_remove(tp, ts);
}

/* tcp_sent_acked(), where that is mostly so. */
static __always_inline void
tcp_sent_acked_one(struct tcpcb *tp, tcp_seq ack, struct tcp_acked *ta)
{
	if (tcp_sent_is_one(TAILQ_FIRST(&tp->t_map), ack))
		tcp_sent_acked_all(tp, ack, ta);
	else
		tcp_sent_acked(tp, ack, ta);
}

#endif /* !_STACKYARD_NETINET_TCP_SENTMAP_H_ */

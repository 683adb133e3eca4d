/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The sent map: what is between SND.UNA and SND.MAX.
 *
 * A record is a contiguous range that was sent in one piece (tcp_var.h has
 * its states).  The list is in sequence order without gaps, so
 *
 *	sum of records = snd_max - snd_una
 *	in flight      = sum - t_snd_sacked - t_snd_lost
 *
 * An ACK takes records off the front; a SACK block marks those it covers,
 * splitting at its edges.  Neighbouring SACKed records are joined, so a
 * long run costs one.  SACK blocks nearly always touch the place that the
 * last one touched, so the search starts there (tl_sack): O(1) in the
 * common case, and bounded by the map's length in the worst.
 *
 * Delivery rate (draft-ietf-ccwg-bbr, "Delivery Rate Samples"): a record
 * remembers the connection's delivered count when it was sent; when it is
 * delivered, the difference over the longer of the send and the ACK
 * interval is a rate sample.
 *
 * Round trips: the last record newly acknowledged that was sent but once
 * gives the sample (Karn's rule, RFC 6298 section 3).
 */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/tcp_head.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_sentmap.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

VNET_DEFINE(u_int, tcp_map_limit) = 0;
SYSCTL_UINT(_net_inet_tcp, OID_AUTO, map_limit, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_map_limit), 0,
    "Records of sent data that a host may hold at most (0: no limit)");

/*
 * A hole is a range that lies below a SACKed one; each run of SACKed ranges,
 * which is one record, makes one.  Only a peer that SACKs every other byte
 * makes many.
 */
VNET_DEFINE_STATIC(int, sack_maxholes) = 128;
#define	V_sack_maxholes		VNET(sack_maxholes)
VNET_DEFINE_STATIC(int, sack_globalmaxholes) = 65536;
#define	V_sack_globalmaxholes	VNET(sack_globalmaxholes)
VNET_DEFINE_STATIC(int, sack_globalholes) = 0;
#define	V_sack_globalholes	VNET(sack_globalholes)

static int
sysctl_maxholes(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	return (sysctl_int_range(oidp, req, arg2 != 0 ?
	    &V_sack_globalmaxholes : &V_sack_maxholes, 0,
	    arg2 != 0 ? INT_MAX : UINT16_MAX));
}
SYSCTL_DECL(_net_inet_tcp_sack);
SYSCTL_PROC(_net_inet_tcp_sack, OID_AUTO, maxholes,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_maxholes, "I",
    "Holes that SACK may make in what one connection has sent");
SYSCTL_PROC(_net_inet_tcp_sack, OID_AUTO, globalmaxholes,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 1, sysctl_maxholes, "I",
    "Holes that SACK may make for all connections together");
SYSCTL_INT(_net_inet_tcp_sack, OID_AUTO, globalholes,
    CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(sack_globalholes), 0,
    "Holes that SACK has made, of all connections");

static uint32_t
ts_len(const struct tcp_sent *ts)
{
	return (ts->ts_end - ts->ts_start);
}

/* Is net.inet.tcp.map_limit reached? */
static bool __noinline
ts_too_many(void)
{
	if (uma_zone_get_cur(V_tcp_sent_zone) < (int)V_tcp_map_limit)
		return (false);
	TCPSTAT_INC(tcps_sack_sboverflow);
	return (true);
}

static inline struct tcp_sent *
ts_alloc(void)
{
	if (__predict_false(V_tcp_map_limit != 0) && ts_too_many())
		return (NULL);
	return (uma_zalloc(V_tcp_sent_zone, M_NOWAIT));
}

static void
ts_hole(struct tcpcb *tp, int n)
{
	tp->t_loss->tl_sackholes = (uint16_t)(tp->t_loss->tl_sackholes + n);
	V_sack_globalholes += n;
}

/* May a range between prev and next be SACKed, or are there too many? */
static bool
ts_hole_ok(const struct tcpcb *tp, const struct tcp_sent *prev,
    const struct tcp_sent *next)
{
	if ((prev != NULL && (prev->ts_flags & TS_SACKED) != 0) ||
	    (next != NULL && (next->ts_flags & TS_SACKED) != 0))
		return (true);
	return (tp->t_loss->tl_sackholes < V_sack_maxholes &&
	    V_sack_globalholes < V_sack_globalmaxholes);
}

void __noinline
tcp_sent_forget(struct tcpcb *tp, const struct tcp_sent *ts)
{
	if (tp->t_loss->tl_sack == ts)
		tp->t_loss->tl_sack = TAILQ_PREV(ts, tcp_sentmap, ts_link);
	if ((ts->ts_flags & TS_SACKED) != 0)
		ts_hole(tp, -1);
}

void
tcp_sent_forget_all(struct tcpcb *tp)
{
	tp->t_loss->tl_sack = NULL;
}

/* Cut ts at seq, which lies inside it; the new record is behind: NULL if
 * memory is short. */
static struct tcp_sent *
ts_split(struct tcpcb *tp, struct tcp_sent *ts, tcp_seq seq)
{
	struct tcp_sent *behind;

	KASSERT(SEQ_GT(seq, ts->ts_start) && SEQ_LT(seq, ts->ts_end),
	    ("split outside of a record"));
	if ((behind = ts_alloc()) == NULL)
		return (NULL);
	*behind = *ts;
	behind->ts_start = seq;
	behind->ts_flags &= ~TS_SYN;
	ts->ts_end = seq;
	ts->ts_flags &= ~TS_FIN;
	TAILQ_INSERT_AFTER(&tp->t_map, ts, behind, ts_link);
	return (behind);
}

struct tcp_sent *
tcp_sent_new_rare(struct tcpcb *tp, uint32_t len, uint16_t flags)
{
	struct tcp_sent *ts = ts_alloc();

	return (ts != NULL ? tcp_sent_append(tp, ts, len, flags) : NULL);
}

struct tcp_sent *
tcp_sent_new(struct tcpcb *tp, uint32_t len, uint16_t flags)
{
	return (tcp_sent_new_here(tp, len, flags));
}

int
tcp_sent_again(struct tcpcb *tp, struct tcp_sent *ts, uint32_t len)
{
	KASSERT((ts->ts_flags & TS_LOST) != 0, ("not lost"));
	if (len < ts_len(ts) && ts_split(tp, ts, ts->ts_start + len) == NULL)
		return (ENOBUFS);
	tcp_sent_stamp(tp, ts, ts->ts_flags &
	    (uint16_t)~(TS_LOST | TS_APPLIMITED), getnstime(),
	    tcp_inflight(tp) == 0);
	if ((tp->t_flags & TF_PREVVALID) != 0)
		tcp_undo_sent(tp, ts_len(ts));
	tp->t_snd_lost -= ts_len(ts);
	ts->ts_xmits += ts->ts_xmits < UINT16_MAX;
	ts->ts_nxt = tp->snd_max;
	return (0);
}

void
tcp_sent_gather(struct tcpcb *tp, struct tcp_sent *ts, uint32_t limit)
{
	struct tcp_sent *next;
	uint32_t len;

	while ((next = TAILQ_NEXT(ts, ts_link)) != NULL &&
	    (next->ts_flags & TS_LOST) != 0) {
		len = next->ts_end - ts->ts_start;
		if (len - ((next->ts_flags & TS_FIN) != 0) > limit)
			return;
		ts->ts_end = next->ts_end;
		ts->ts_flags |= next->ts_flags & TS_FIN;
		tcp_sent_remove(tp, next);
	}
}

void
tcp_sent_extend(struct tcpcb *tp, struct tcp_sent *ts, uint32_t len,
    bool fin)
{
	KASSERT(ts->ts_end == tp->snd_max && (ts->ts_flags & TS_LOST) != 0,
	    ("not the last, or not lost"));
	if (fin)
		ts->ts_flags |= TS_FIN;
	len += fin;
	ts->ts_end += len;
	tp->t_snd_lost += len;
	tp->snd_max += len;
	tp->snd_nxt = tp->snd_max;
}

uint32_t
tcp_sent_lose(struct tcpcb *tp, struct tcp_sent *ts)
{
	if ((ts->ts_flags & (TS_LOST | TS_SACKED)) != 0)
		return (0);
	ts->ts_flags |= TS_LOST;
	tp->t_snd_lost += ts_len(ts);
	return (ts_len(ts));
}

uint32_t
tcp_sent_lose_first(struct tcpcb *tp, uint32_t len)
{
	struct tcp_sent *ts = TAILQ_FIRST(&tp->t_map);

	if (ts == NULL || (ts->ts_flags & (TS_SACKED | TS_LOST)) != 0)
		return (0);
	/* If memory is short all of it is lost, which is only slower. */
	if (ts_len(ts) > len)
		(void)ts_split(tp, ts, ts->ts_start + len);
	return (tcp_sent_lose(tp, ts));
}

uint32_t
tcp_sent_lose_all(struct tcpcb *tp)
{
	struct tcp_sent *ts;
	uint32_t lost = 0;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		lost += tcp_sent_lose(tp, ts);
	return (lost);
}

void
tcp_sent_found(struct tcpcb *tp)
{
	struct tcp_sent *ts;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		ts->ts_flags &= (uint16_t)~TS_LOST;
	tp->t_snd_lost = 0;
	tp->t_loss_edge = tp->snd_una;
}

struct tcp_sent *
tcp_sent_firstlost(const struct tcpcb *tp)
{
	struct tcp_sent *ts;

	if (tp->t_snd_lost == 0)
		return (NULL);
	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		if ((ts->ts_flags & TS_LOST) != 0)
			return (ts);
	return (NULL);
}

/* len bytes of ts, SACKed or lost before, are acknowledged. */
static void __noinline
ts_settle(struct tcpcb *tp, const struct tcp_sent *ts, uint32_t len,
    struct tcp_acked *ta)
{
	if ((ts->ts_flags & TS_SACKED) != 0) {
		tp->t_snd_sacked -= len;
		ta->ta_known += len;
	} else
		tp->t_snd_lost -= len;
}

/* Any records, whatever became of them. */
static void __noinline
ts_acked_any(struct tcpcb *tp, tcp_seq ack, struct tcp_acked *ta)
{
	const nstime_t now = getnstime();
	struct tcp_sent *ts;
	uint32_t len, xmits = 0;
	bool whole;

	while ((ts = TAILQ_FIRST(&tp->t_map)) != NULL &&
	    SEQ_LT(ts->ts_start, ack)) {
		whole = SEQ_LEQ(ts->ts_end, ack);
		len = (whole ? ts->ts_end : ack) - ts->ts_start;
		if (__predict_false((ts->ts_flags & (TS_SACKED |
		    TS_LOST)) != 0))
			ts_settle(tp, ts, len, ta);
		if (__predict_true((ts->ts_flags & TS_SACKED) == 0))
			tcp_sent_delivered(tp, ts, len, now, ta);
		xmits |= ts->ts_xmits;
		ta->ta_flags |= ts->ts_flags & (TS_SYN | TS_FIN);
		ta->ta_acked += len;
		if (!whole) {
			ta->ta_flags &= ~TS_FIN;
			ts->ts_start = ack;
			ts->ts_flags &= ~TS_SYN;
			break;
		}
		tcp_sent_remove(tp, ts);
	}
	/* What came behind a range sent again has waited for it, not for
	 * the path. */
	if (xmits > 1)
		ta->ta_rtt = 0;
}

/* Is there a ts, all of which ack covers, that was sent once and is neither
 * SACKed nor lost? */
static inline bool
ts_straight(const struct tcp_sent *ts, tcp_seq ack)
{
	return (ts != NULL && SEQ_LEQ(ts->ts_end, ack) && !TS_RXT(ts) &&
	    (ts->ts_flags & (TS_SACKED | TS_LOST)) == 0);
}

/* Of straight records, which were sent one after the other, only the last
 * one's samples stay. */
void
tcp_sent_acked(struct tcpcb *tp, tcp_seq ack, struct tcp_acked *ta)
{
	struct tcp_sent *next, *ts = TAILQ_FIRST(&tp->t_map);
	bool more;

	for (more = ts_straight(ts, ack); more; ts = next) {
		next = TAILQ_NEXT(ts, ts_link);
		more = ts_straight(next, ack);
		ta->ta_acked += ts_len(ts);
		ta->ta_flags |= ts->ts_flags & (TS_SYN | TS_FIN);
		if (more)
			tp->t_delivered += ts_len(ts);
		else
			tcp_sent_delivered(tp, ts, ts_len(ts), getnstime(),
			    ta);
		tcp_sent_remove(tp, ts);
	}
	if (__predict_false(ts != NULL && SEQ_LT(ts->ts_start, ack)))
		ts_acked_any(tp, ack, ta);
}

/* Join ts with the SACKed neighbours it touches; returns the whole. */
static struct tcp_sent *
ts_join(struct tcpcb *tp, struct tcp_sent *ts)
{
	struct tcp_sent *prev, *next;

	prev = TAILQ_PREV(ts, tcp_sentmap, ts_link);
	if (prev != NULL && (prev->ts_flags & TS_SACKED) != 0) {
		prev->ts_end = ts->ts_end;
		prev->ts_flags |= ts->ts_flags & TS_FIN;
		tcp_sent_remove(tp, ts);
		ts = prev;
	}
	next = TAILQ_NEXT(ts, ts_link);
	if (next != NULL && (next->ts_flags & TS_SACKED) != 0) {
		ts->ts_end = next->ts_end;
		ts->ts_flags |= next->ts_flags & TS_FIN;
		tcp_sent_remove(tp, next);
	}
	return (ts);
}

/* Mark ts, all of which the peer has, as SACKed. */
static struct tcp_sent *
ts_sack(struct tcpcb *tp, struct tcp_sent *ts, struct tcp_acked *ta)
{
	if ((ts->ts_flags & TS_LOST) != 0) {
		tp->t_snd_lost -= ts_len(ts);
		ts->ts_flags &= ~TS_LOST;
	}
	ts->ts_flags |= TS_SACKED;
	ts_hole(tp, 1);
	tp->t_snd_sacked += ts_len(ts);
	ta->ta_sacked += ts_len(ts);
	tcp_sent_delivered(tp, ts, ts_len(ts), getnstime(), ta);
	if (SEQ_GT(ts->ts_end, tp->snd_fack))
		tp->snd_fack = ts->ts_end;
	return (ts_join(tp, ts));
}

/* The record that holds seq, searched from where the last search ended. */
static struct tcp_sent *
ts_find(struct tcpcb *tp, tcp_seq seq)
{
	struct tcp_sent *ts = tp->t_loss->tl_sack;

	if (ts == NULL)
		ts = TAILQ_FIRST(&tp->t_map);
	while (ts != NULL && SEQ_LT(seq, ts->ts_start))
		ts = TAILQ_PREV(ts, tcp_sentmap, ts_link);
	while (ts != NULL && SEQ_GEQ(seq, ts->ts_end))
		ts = TAILQ_NEXT(ts, ts_link);
	return (ts);
}

/* One block, which lies within snd_una and snd_max. */
static void
tcp_sack_block(struct tcpcb *tp, const struct sackblk *sb,
    struct tcp_acked *ta)
{
	struct tcp_sent *ts;
	tcp_seq end;

	for (ts = ts_find(tp, sb->start); ts != NULL &&
	    SEQ_LT(ts->ts_start, sb->end); ts = TAILQ_NEXT(ts, ts_link)) {
		if ((ts->ts_flags & TS_SACKED) == 0) {
			if (!ts_hole_ok(tp, SEQ_GEQ(ts->ts_start,
			    sb->start) ? TAILQ_PREV(ts, tcp_sentmap,
			    ts_link) : NULL, SEQ_LEQ(ts->ts_end, sb->end) ?
			    TAILQ_NEXT(ts, ts_link) : NULL)) {
				TCPSTAT_INC(tcps_sack_sboverflow);
				return;
			}
			if (SEQ_LT(ts->ts_start, sb->start) &&
			    (ts = ts_split(tp, ts, sb->start)) == NULL)
				return;
			if (SEQ_GT(ts->ts_end, sb->end) &&
			    ts_split(tp, ts, sb->end) == NULL)
				return;
			end = ts->ts_end;
			ts = ts_sack(tp, ts, ta);
			tp->t_loss->tl_sack = ts;
			if (SEQ_GEQ(end, sb->end))
				return;
		} else
			tp->t_loss->tl_sack = ts;
	}
}

/* Does the first block tell of what came twice (RFC 2883, 4)?  It lies below
 * the ACK, or within the block behind it. */
static bool
sack_is_dup(const struct tcpcb *tp, const struct tcpopt *to, tcp_seq ack)
{
	const struct sackblk *sb = to->to_sack;

	if (SEQ_GEQ(sb->start, sb->end) ||
	    sb->end - sb->start > tp->max_sndwnd)
		return (false);
	if (SEQ_LEQ(sb->end, ack))
		return (true);
	return (to->to_nsacks > 1 && SEQ_GEQ(sb->start, sb[1].start) &&
	    SEQ_LEQ(sb->end, sb[1].end) && SEQ_LEQ(sb->end, tp->snd_max));
}

void
tcp_sent_sacked(struct tcpcb *tp, const struct tcpopt *to,
    struct tcp_acked *ta)
{
	const struct sackblk *sb;
	int i;

	TCPSTAT_INC(tcps_sack_rcv_blocks);
	if (to->to_nsacks != 0 && sack_is_dup(tp, to, ta->ta_ack)) {
		ta->ta_dsacked = to->to_sack[0].end - to->to_sack[0].start;
		TCPSTAT_INC(tcps_dsack_count);
		TCPSTAT_ADD(tcps_dsack_bytes, ta->ta_dsacked);
		tcp_undo_dsack(tp, &to->to_sack[0]);
	}
	if (tcp_loss(tp) == NULL)
		return;
	for (i = 0; i < to->to_nsacks; i++) {
		sb = &to->to_sack[i];
		/* What is acknowledged, or nonsense, marks nothing. */
		if (SEQ_GEQ(sb->start, sb->end) ||
		    SEQ_LT(sb->start, tp->snd_una) ||
		    SEQ_LT(sb->start, ta->ta_ack) ||
		    SEQ_GT(sb->end, tp->snd_max))
			continue;
		tcp_sack_block(tp, sb, ta);
	}
}

void
tcp_sent_renege(struct tcpcb *tp)
{
	struct tcp_sent *ts;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link)
		ts->ts_flags &= ~TS_SACKED;
	if (tp->t_loss != NULL)
		ts_hole(tp, -(int)tp->t_loss->tl_sackholes);
	tp->t_snd_sacked = 0;
	tp->snd_fack = tp->snd_una;
}

uint32_t
tcp_sent_lose_last(struct tcpcb *tp, uint32_t len)
{
	struct tcp_sent *ts;

	TAILQ_FOREACH_REVERSE(ts, &tp->t_map, tcp_sentmap, ts_link)
		if ((ts->ts_flags & TS_SACKED) == 0)
			break;
	if (ts == NULL || (ts->ts_flags & TS_LOST) != 0)
		return (0);
	if (ts_len(ts) > len) {
		ts = ts_split(tp, ts, ts->ts_end - len);
		if (ts == NULL)
			return (0);
	}
	return (tcp_sent_lose(tp, ts));
}

void
tcp_sent_flush(struct tcpcb *tp)
{
	struct tcp_sent *ts;

	while ((ts = TAILQ_FIRST(&tp->t_map)) != NULL)
		tcp_sent_remove(tp, ts);
	if (tp->t_loss != NULL)
		tp->t_loss->tl_sack = NULL;
	tp->t_snd_sacked = tp->t_snd_lost = 0;
}

/* ---- Invariants ---- */

static const char *
tcp_check_map(const struct tcpcb *tp)
{
	const struct tcp_sent *ts;
	tcp_seq seq = tp->snd_una;
	uint32_t holes = 0, sacked = 0, lost = 0;

	TAILQ_FOREACH(ts, &tp->t_map, ts_link) {
		holes += (ts->ts_flags & TS_SACKED) != 0;
		if (ts->ts_start != seq || !SEQ_GT(ts->ts_end, seq))
			return ("the sent map has a gap or an overlap");
		if ((ts->ts_flags & TS_SACKED) != 0 &&
		    (ts->ts_flags & TS_LOST) != 0)
			return ("a record is both SACKed and lost");
		if ((ts->ts_flags & TS_SACKED) != 0)
			sacked += ts_len(ts);
		if ((ts->ts_flags & TS_LOST) != 0)
			lost += ts_len(ts);
		seq = ts->ts_end;
	}
	if (seq != tp->snd_max)
		return ("the sent map does not end at snd_max");
	if (holes != (tp->t_loss != NULL ? tp->t_loss->tl_sackholes : 0))
		return ("the count of holes is not that of SACKed ranges");
	if (sacked != tp->t_snd_sacked || lost != tp->t_snd_lost)
		return ("SACKed or lost bytes disagree with the sent map");
	return (NULL);
}

/* What inp_irregular must say. */
static u_int
tcp_check_irregular(const struct tcpcb *tp)
{
	return ((tcp_is_synced(tp->t_state) ? 0 : TCPI_UNSYNCED) |
	    ((tp->t_flags & TF_RCVD_TSTMP) != 0 ? 0 : TCPI_UNSTAMPED) |
	    (tp->t_segqlen == 0 ? 0 : TCPI_HELD) |
	    ((tp->t_flags & TF_SIGNATURE) == 0 ? 0 : TCPI_SIGNED) |
	    (tp->t_fb->tfb_tcp_do_segment == tcp_default_do_segment ? 0 :
	    TCPI_BLOCK));
}

const char *
tcp_check(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	const struct tseg *q;
	const char *msg;
	tcp_seq seq;

	if (tp->t_state <= TCPS_LISTEN)
		return (NULL);
	if ((msg = tcp_check_map(tp)) != NULL)
		return (msg);
	if (SEQ_GT(tp->snd_una, tp->snd_nxt) ||
	    SEQ_GT(tp->snd_nxt, tp->snd_max))
		return ("not snd_una <= snd_nxt <= snd_max");
	if (tp->snd_cwnd == 0)
		return ("the congestion window is 0");
	if (tp->t_inpcb.inp_irregular != tcp_check_irregular(tp))
		return ("inp_irregular is not what the rest says");
	if (!tcp_head_right(tp))
		return ("the headers it keeps are not those it would make");
	if (so != NULL && tp->snd_max - tp->snd_una >
	    sbused(&so->so_snd) + 2)
		return ("more in flight than the send buffer holds");
	seq = tp->rcv_nxt;
	if (tp->t_segqlen == 0)
		return (NULL);
	TAILQ_FOREACH(q, &tp->t_loss->tl_segq, tq_link) {
		if (SEQ_LT(q->tq_start, seq) || SEQ_LT(q->tq_end, q->tq_start))
			return ("the reassembly queue overlaps");
		seq = q->tq_end;
	}
	return (NULL);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Text that came out of order: kept until the gap before it closes, and
 * reported by SACK (RFC 2018) with the newest block first and duplicates
 * before all others (D-SACK, RFC 2883).
 *
 * The queue holds disjoint ranges in sequence order; ranges that touch are
 * one.  What arrives twice is kept as it was the first time.  A FIN takes
 * part as the end of its range.  tcp_reass_maxqueuelen bounds the number of
 * ranges, the receive window the bytes.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/tcp_loss.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_var.h>

VNET_DEFINE(u_int, tcp_reass_maxqueuelen) = 100;
SYSCTL_NODE(_net_inet_tcp, OID_AUTO, reass, CTLFLAG_RW, NULL,
    "Reassembly of text that arrived out of order");
SYSCTL_UINT(_net_inet_tcp_reass, OID_AUTO, maxqueuelen, CTLFLAG_RWTUN,
    &VNET_NAME(tcp_reass_maxqueuelen), 0,
    "Ranges that wait for one connection at most");

VNET_DEFINE_STATIC(int, reass_maxsegments) = 0;
#define	V_reass_maxsegments	VNET(reass_maxsegments)

static int
sysctl_maxsegments(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_int_range(oidp, req, &V_reass_maxsegments, 0,
	    INT_MAX));
}
SYSCTL_PROC(_net_inet_tcp_reass, OID_AUTO, maxsegments,
    CTLTYPE_INT | CTLFLAG_RDTUN, NULL, 0, sysctl_maxsegments, "I",
    "Ranges that wait for all connections at most (0: a sixteenth of "
    "kern.ipc.nmbclusters)");

static int
sysctl_cursegments(SYSCTL_HANDLER_ARGS)
{
	int n = uma_zone_get_cur(V_tcp_seg_zone);

	(void)arg1;
	(void)arg2;
	return (sysctl_handle_int(oidp, &n, 0, req));
}
SYSCTL_PROC(_net_inet_tcp_reass, OID_AUTO, cursegments,
    CTLTYPE_INT | CTLFLAG_RD, NULL, 0, sysctl_cursegments, "I",
    "Ranges that wait now");

void
tcp_reass_limit(void)
{
	size_t len = sizeof(int);
	int clusters;

	if (V_reass_maxsegments == 0 && kernel_sysctlbyname(
	    "kern.ipc.nmbclusters", &clusters, &len, NULL, 0) == 0)
		V_reass_maxsegments = imax(clusters / 16, 1);
	(void)uma_zone_set_max(V_tcp_seg_zone, V_reass_maxsegments);
}

/*
 * Instead of counting ranges up to maxqueuelen: beyond queueguard of them
 * only those are kept that are worth their mbuf, so that what the ranges
 * cost is in proportion to the window.
 */
VNET_DEFINE_STATIC(int, reass_new_limit) = 0;
#define	V_reass_new_limit	VNET(reass_new_limit)
SYSCTL_INT(_net_inet_tcp_reass, OID_AUTO, new_limit, CTLFLAG_RWTUN,
    &VNET_NAME(reass_new_limit), 0,
    "Refuse small segments beyond queueguard ranges, instead of any beyond "
    "maxqueuelen");
VNET_DEFINE_STATIC(u_int, reass_queueguard) = 16;
#define	V_reass_queueguard	VNET(reass_queueguard)
SYSCTL_UINT(_net_inet_tcp_reass, OID_AUTO, queueguard, CTLFLAG_RWTUN,
    &VNET_NAME(reass_queueguard), 0,
    "Ranges beyond which new_limit refuses small segments");

/* The queue is n longer. */
static void
tseg_count(struct tcpcb *tp, int n)
{
	tp->t_segqlen = (uint16_t)(tp->t_segqlen + n);
	if (tp->t_segqlen != 0)
		tp->t_inpcb.inp_irregular |= TCPI_HELD;
	else
		tp->t_inpcb.inp_irregular &= (uint8_t)~TCPI_HELD;
}

static void
tseg_free(struct tcpcb *tp, struct tseg *q)
{
	TAILQ_REMOVE(&tp->t_loss->tl_segq, q, tq_link);
	tseg_count(tp, -1);
	m_freem(q->tq_m);
	uma_zfree(V_tcp_seg_zone, q);
}

void
tcp_reass_flush(struct tcpcb *tp)
{
	struct tseg *q;

	if (tp->t_segqlen == 0)
		return;
	while ((q = TAILQ_FIRST(&tp->t_loss->tl_segq)) != NULL)
		tseg_free(tp, q);
}

/* Cut n bytes from the front of the segment's text. */
static void
sg_trim_front(struct tcp_seg *sg, uint32_t n)
{
	m_adj(sg->sg_m, (int)n);
	sg->sg_seq += n;
	sg->sg_len -= n;
}

/*
 * Trim sg to what is not there yet behind `before` (the last range that
 * starts at or before it).  False: nothing is left.
 */
static bool
reass_trim_before(struct tcpcb *tp, const struct tseg *before,
    struct tcp_seg *sg)
{
	uint32_t over;

	if (before == NULL || SEQ_LEQ(before->tq_end, sg->sg_seq))
		return (true);
	over = before->tq_end - sg->sg_seq;
	tcp_dsack_note(tp, sg->sg_seq, sg->sg_seq + min(over, sg->sg_len));
	if (over >= sg->sg_len) {
		TCPSTAT_INC(tcps_rcvduppack);
		TCPSTAT_ADD(tcps_rcvdupbyte, sg->sg_len);
		return (false);
	}
	TCPSTAT_INC(tcps_rcvpartduppack);
	TCPSTAT_ADD(tcps_rcvpartdupbyte, over);
	sg_trim_front(sg, over);
	return (true);
}

/* Drop from later ranges what sg covers too; a range wholly covered goes. */
static void
reass_trim_after(struct tcpcb *tp, struct tseg *q, struct tcp_seg *sg)
{
	tcp_seq end = sg->sg_seq + sg->sg_len;
	struct tseg *next;
	uint32_t over;

	for (; q != NULL && SEQ_LT(q->tq_start, end); q = next) {
		next = TAILQ_NEXT(q, tq_link);
		tcp_dsack_note(tp, q->tq_start, SEQ_MIN(end, q->tq_end));
		if (SEQ_GEQ(end, q->tq_end)) {
			if (q->tq_fin)
				sg->sg_flags |= TH_FIN;
			tseg_free(tp, q);
			continue;
		}
		over = end - q->tq_start;
		m_adj(q->tq_m, (int)over);
		q->tq_start += over;
		break;
	}
}

/* May one connection have one more range, with this text in it? */
static bool
reass_may_queue(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	if (tp->t_segqlen == UINT16_MAX)
		return (false);
	if (V_reass_new_limit)
		return (tp->t_segqlen <= V_reass_queueguard ||
		    sg->sg_len >= MSIZE);
	return (tp->t_segqlen < V_tcp_reass_maxqueuelen);
}

/*
 * Room for one more range, or NULL.  What closes the gap at the front takes
 * the place of what is farthest from it: else it could never be closed.
 */
static struct tseg *
reass_room(struct tcpcb *tp, const struct tcp_seg *sg)
{
	struct tseg *last, *q;

	/* What is next in order does not stay, and nothing has to go for it
	 * that the peer was told we have. */
	if ((reass_may_queue(tp, sg) ||
	    (sg->sg_seq == tp->rcv_nxt &&
	    tp->t_state != TCPS_SYN_RECEIVED)) &&
	    (q = uma_zalloc(V_tcp_seg_zone, M_NOWAIT)) != NULL)
		return (q);
	TCPSTAT_INC(tcps_rcvreassfull);
	tcp_log_wrong(sg, "no room for more out of order");
	last = TAILQ_LAST(&tp->t_loss->tl_segq, tsegqe_head);
	if (last == NULL || sg->sg_seq != tp->rcv_nxt ||
	    SEQ_LEQ(last->tq_start, sg->sg_seq))
		return (NULL);
	TAILQ_REMOVE(&tp->t_loss->tl_segq, last, tq_link);
	tseg_count(tp, -1);
	m_freem(last->tq_m);
	return (last);
}

/* Put sg's text between before and what follows, in q unless it continues
 * before (q is NULL); joins neighbours. */
static void
reass_insert(struct tcpcb *tp, struct tseg *before, struct tseg *q,
    struct tcp_seg *sg)
{
	struct tseg *after;
	tcp_seq end = sg->sg_seq + sg->sg_len;

	if (q == NULL) {
		q = before;
		m_cat(q->tq_m, sg->sg_m);
		q->tq_end = end;
	} else {
		q->tq_start = sg->sg_seq;
		q->tq_end = end;
		q->tq_m = sg->sg_m;
		q->tq_fin = false;
		if (before != NULL)
			TAILQ_INSERT_AFTER(&tp->t_loss->tl_segq, before, q,
			    tq_link);
		else
			TAILQ_INSERT_HEAD(&tp->t_loss->tl_segq, q, tq_link);
		tseg_count(tp, 1);
	}
	sg->sg_m = NULL;
	q->tq_serial = ++tp->t_loss->tl_segqserial;
	/* Behind a FIN there is nothing. */
	if ((sg->sg_flags & TH_FIN) != 0) {
		q->tq_fin = true;
		while ((after = TAILQ_NEXT(q, tq_link)) != NULL)
			tseg_free(tp, after);
	}
	after = TAILQ_NEXT(q, tq_link);
	if (after != NULL && after->tq_start == q->tq_end && !q->tq_fin) {
		m_cat(q->tq_m, after->tq_m);
		q->tq_end = after->tq_end;
		q->tq_fin = after->tq_fin;
		after->tq_m = NULL;
		tseg_free(tp, after);
	}
}

/* The range at the front begins at RCV.NXT: give it to the reader. */
int
tcp_reass_deliver(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct tseg *q = tp->t_segqlen == 0 ? NULL :
	    TAILQ_FIRST(&tp->t_loss->tl_segq);
	struct socket *so = tptosocket(tp);
	struct mbuf *m;

	if (q == NULL || q->tq_start != tp->rcv_nxt ||
	    tp->t_state == TCPS_SYN_RECEIVED)
		return (TV_OK);
	m = q->tq_m;
	q->tq_m = NULL;
	if (__predict_false((tp->t_flags2 & TF2_OOBAHEAD) != 0))
		tcp_oob_take(tp, m, q->tq_end - q->tq_start);
	tp->rcv_nxt = q->tq_end;
	if (so != NULL)
		tcp_rcvbuf_autoscale(tp, so, sg, q->tq_end - q->tq_start,
		    false);
	if (q->tq_fin) {
		/* For the next stage, which treats it as if it came now. */
		sg->sg_flags |= TH_FIN;
		sg->sg_seq = tp->rcv_nxt;
		sg->sg_len = 0;
	} else
		sg->sg_flags &= ~TH_FIN;
	tseg_free(tp, q);
	if (so == NULL || (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0) {
		m_freem(m);
		return (TV_OK);
	}
	sbappendstream(&so->so_rcv, m, 0);
	return (TV_WAKERD);
}

/*
 * Keep sg's text, and deliver what is in order now.  An out-of-order
 * segment, and one that fills a gap, is acknowledged at once (RFC 5681,
 * 4.2).
 */
int
tcp_reass(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct tseg *before, *q, *room = NULL;
	bool fin = (sg->sg_flags & TH_FIN) != 0;

	if (tcp_loss(tp) == NULL) {
		TCPSTAT_INC(tcps_rcvreassfull);
		sg->sg_flags &= ~TH_FIN;
		return (TV_ACKEACH);
	}
	if (sg->sg_seq != tp->rcv_nxt) {
		TCPSTAT_INC(tcps_rcvoopack);
		TCPSTAT_ADD(tcps_rcvoobyte, sg->sg_len);
		tp->t_loss->tl_rcvoopack++;
	}
	before = NULL;
	TAILQ_FOREACH_REVERSE(q, &tp->t_loss->tl_segq, tsegqe_head, tq_link)
		if (SEQ_LEQ(q->tq_start, sg->sg_seq)) {
			before = q;
			break;
		}
	/* Nothing comes behind a FIN, but the FIN once more. */
	if (before != NULL && before->tq_fin &&
	    SEQ_GEQ(sg->sg_seq, before->tq_end)) {
		sg->sg_flags &= ~TH_FIN;
		return (TV_ACKEACH);
	}
	if (!reass_trim_before(tp, before, sg)) {
		if (fin && before->tq_end == sg->sg_seq + sg->sg_len)
			before->tq_fin = true;
		before->tq_serial = ++tp->t_loss->tl_segqserial;
		sg->sg_flags &= ~TH_FIN;
		return (TV_ACKEACH | tcp_reass_deliver(tp, sg));
	}
	if ((before == NULL || before->tq_end != sg->sg_seq) &&
	    (room = reass_room(tp, sg)) == NULL) {
		sg->sg_flags &= ~TH_FIN;
		return (TV_ACKEACH);
	}
	reass_trim_after(tp, before != NULL ? TAILQ_NEXT(before, tq_link) :
	    TAILQ_FIRST(&tp->t_loss->tl_segq), sg);
	reass_insert(tp, before, room, sg);
	sg->sg_flags &= ~TH_FIN;
	return (TV_ACKEACH | tcp_reass_deliver(tp, sg));
}

int
tcp_sack_report(const struct tcpcb *tp, struct sackblk *blk, int max)
{
	const struct tcp_loss *tl = tp->t_loss;
	const struct tseg *best, *q;
	uint32_t below = UINT32_MAX;
	int n = 0;

	if (tl == NULL)
		return (0);
	if (max > 0 && V_tcp_ways.w_dsack &&
	    SEQ_LT(tl->tl_dsack.start, tl->tl_dsack.end))
		blk[n++] = tl->tl_dsack;
	while (n < max) {
		best = NULL;
		TAILQ_FOREACH(q, &tl->tl_segq, tq_link)
			if (q->tq_serial < below && (best == NULL ||
			    q->tq_serial > best->tq_serial))
				best = q;
		if (best == NULL)
			break;
		below = best->tq_serial;
		if (best->tq_start == best->tq_end ||
		    best->tq_start == tp->rcv_nxt)
			continue;	/* a FIN alone, or waiting for us */
		blk[n].start = best->tq_start;
		blk[n++].end = best->tq_end;
	}
	return (n);
}

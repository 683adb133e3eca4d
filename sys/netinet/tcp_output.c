/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Output (RFC 9293, 3.7 to 3.9; RFC 1122, 4.2.3.4).
 *
 *   quota    how many bytes may leave now (the block's; by default
 *            cwnd less what is in flight)
 *   plan     what to send (tcp_plan.c)
 *   send     a segment of that (tcp_segment.c)
 *
 * and again until there is nothing to send.  Plain segments, which most are,
 * are made in one go (tcp_plain.c).  Output is asked for once for each batch of
 * input: tcp_output_later() puts a connection on the vnet's list, which is
 * worked off when the batch ends.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_loss.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_var.h>

/*
 * Who waits for output stays on the list until its turn, whatever becomes of
 * it, so that the list needs no way back: TF2_OUTPENDING tells whether it
 * still wants output, TF2_OUTFREED that only its memory is left.
 */
struct tcp_out {
	STAILQ_HEAD(, tcpcb) to_queue;
	struct vnet_task to_task;
};
VNET_DEFINE_STATIC(struct tcp_out, tcp_out);
#define	V_tcp_out	VNET(tcp_out)

/* When memory was short, try again after this. */
#define	TCP_OUTPUT_RETRY	(10 * NS_PER_MSEC)

/* ---- Once for each batch ---- */

/* It is tp's turn. */
static inline void
tcp_output_turn(struct tcpcb *tp)
{
	const u_int flags = tp->t_flags2;

	tp->t_flags2 = flags & ~(TF2_OUTPENDING | TF2_OUTLINKED);
	if (__predict_true((flags & TF2_OUTPENDING) != 0))
		(void)tcp_output(tp);
	else if ((flags & TF2_OUTFREED) != 0)
		tcp_zfree(tp);
}

static void __noinline
tcp_output_turns(struct tcpcb *tp)
{
	struct tcpcb *next;

	do {
		next = STAILQ_NEXT(tp, t_outlink);
		tcp_output_turn(tp);
	} while ((tp = next) != NULL);
}

/* All that wait now; mostly it is one.  Who comes meanwhile has a task. */
static void
tcp_output_flush(void *arg)
{
	struct tcp_out *to = arg;
	struct tcpcb *tp = STAILQ_FIRST(&to->to_queue);

	if (tp == NULL)
		return;
	STAILQ_INIT(&to->to_queue);
	if (__predict_true(STAILQ_NEXT(tp, t_outlink) == NULL))
		tcp_output_turn(tp);
	else
		tcp_output_turns(tp);
}

void
tcp_output_drain(void)
{
	while (!STAILQ_EMPTY(&V_tcp_out.to_queue))
		tcp_output_flush(&V_tcp_out);
}

static void
tcp_output_init(const void *arg __unused)
{
	STAILQ_INIT(&V_tcp_out.to_queue);
	VNET_TASK_INIT(&V_tcp_out.to_task, tcp_output_flush, &V_tcp_out);
}

SYSINIT(tcp_output, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, tcp_output_init,
    NULL);

void
tcp_output_later(struct tcpcb *tp)
{
	const u_int flags = tp->t_flags2;
	struct tcp_out *to;

	tp->t_flags2 = flags | TF2_OUTPENDING | TF2_OUTLINKED;
	if (__predict_false((flags & TF2_OUTLINKED) != 0))
		return;
	to = &V_tcp_out;
	STAILQ_INSERT_TAIL(&to->to_queue, tp, t_outlink);
	if (!to->to_task.vt_pending)
		vnet_task_insert(curvnet, &to->to_task);
}

void
tcp_output_cancel(struct tcpcb *tp)
{
	tp->t_flags2 &= ~TF2_OUTPENDING;
}

/* ---- Quota ---- */

uint32_t
tcp_default_quota(struct tcpcb *tp, nstime_t *when __unused)
{
	uint32_t pipe;

	/* In order, there is but one way to count what is in flight. */
	if (__predict_true((tp->t_snd_sacked | tp->t_snd_lost |
	    tp->t_dupacks) == 0 && !IN_FASTRECOVERY(tp->t_flags) &&
	    tp->t_fb->tfb_compute_pipe == NULL))
		pipe = tp->snd_max - tp->snd_una;
	else
		pipe = (uint32_t)tcp_compute_pipe(tp);
	return (tp->snd_cwnd > pipe ? tp->snd_cwnd - pipe : 0);
}

void
tcp_default_sent(struct tcpcb *tp, struct tcp_sent *ts)
{
	if (IN_FASTRECOVERY(tp->t_flags) && tp->t_loss != NULL)
		tp->t_loss->tl_prr_out += ts->ts_end - ts->ts_start;
}

/*
 * Neither the retransmission nor the persist timer runs, and what is in flight
 * or waits may need one.  Text
 * that waits with nothing in flight, for a window or for Nagle's sake, must
 * not wait for ever: the persist timer forces it out.
 */
void
tcp_output_timers(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);

	if (tp->snd_max != tp->snd_una) {
		tcp_timer_at(tp, TT_REXMT, getnstime() + tcp_rto(tp));
		return;
	}
	if (so != NULL && TCPS_HAVEESTABLISHED(tp->t_state) &&
	    !tcp_timer_active(tp, TT_PACE) && sbavail(&so->so_snd) != 0 &&
	    !tcp_compat_corked(tp)) {
		tp->t_rxtshift = 0;
		tp->t_progress = tcp_acktime();
		tcp_setpersist(tp);
	}
}

/* ip_send() refused: what the connection makes of it. */
int
tcp_output_error(struct tcpcb *tp, int error)
{
	uint32_t mtu;

	switch (error) {
	case EMSGSIZE:
		mtu = tcp_path_mtu(tp);
		if (mtu != 0)
			tcp_mtu_update(tp, mtu);
		(void)tcp_sent_lose_all(tp);
		tcp_timer_at(tp, TT_PACE, getnstime() + TCP_OUTPUT_RETRY);
		return (0);
	case ENOBUFS:
	case ENOMEM:
		TCPSTAT_INC(tcps_nomem);
		tcp_timer_at(tp, TT_PACE, getnstime() + TCP_OUTPUT_RETRY);
		return (0);
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EACCES:			/* no key to sign with */
		tp->t_softerror = (uint16_t)error;
		return (TCPS_HAVERCVDSYN(tp->t_state) ? 0 : error);
	default:
		return (error);
	}
}

/* Is there anything that a plan might find?  Most ACKs leave nothing to say,
 * which is cheaper to see here than to find out step by step. */
static bool
tcp_output_due(struct tcpcb *tp, const struct socket *so)
{
	if (so == NULL || !TCPS_HAVEESTABLISHED(tp->t_state) ||
	    (tp->t_flags & (TF_ACKNOW | TF_FORCEDATA)) != 0 ||
	    tp->t_snd_lost != 0)
		return (true);
	return (tcp_new_waits(tp, so) ||
	    tcp_window_update_due(tp));
}

void
tcp_note_write(struct tcpcb *tp, const struct socket *so)
{
	if (sbavail(&so->so_snd) <= tp->snd_max - tp->snd_una &&
	    tp->t_snd_lost == 0)
		tcp_note_applimited(tp);
}

/* All that may leave of any connection that may send. */
int
tcp_any_output(struct tcpcb *tp, const struct socket *so)
{
	struct tcp_plan p;
	bool due = tcp_output_due(tp, so);
	int error = 0;

	while (due && tcp_plan(tp, &p)) {
		if ((error = tcp_send_plan(tp, &p)) != 0)
			break;
		tp->t_flags &= ~TF_FORCEDATA;
		due = !p.p_last;
	}
	if (error != 0)
		error = tcp_output_error(tp, error);
	tcp_output_end(tp, so);
	if ((tp->t_flags2 & TF2_COMPAT) != 0)
		tcp_compat_notsent(tp);
	return (error);
}

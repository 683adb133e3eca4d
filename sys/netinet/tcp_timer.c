/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Timers (RFC 6298; RFC 9293, 3.8.1, 3.8.4, 3.8.6.1).
 *
 *   TT_REXMT    RTO = max(rexmit_min, SRTT + 4 RTTVAR) * backoff
 *               + rexmit_slop, at most rexmit_max; the first one of a
 *               connection is rexmit_initial
 *   TT_PERSIST  probes of a closed window, persmin..persmax apart
 *   TT_KEEP     the handshake's limit; then keepidle, keepintvl * keepcnt
 *   TT_2MSL     TIME_WAIT, and FIN_WAIT_2 that nobody waits for
 *   TT_DELACK   the acknowledgment that was put off
 *   TT_PACE     the block's quota opens again
 *
 * Times are nanoseconds; the variables are shown in milliseconds.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_pmtud.h>
#include <netinet/tcp_rtt.h>
#include <netinet/tcp_undo.h>
#include <netinet/tcp_var.h>

/* A variable kept in ns and shown in ms; arg2 is its least value in ms. */
static int
sysctl_msec(SYSCTL_HANDLER_ARGS)
{
	nstime_t *ns = arg1;
	int error, ms = (int)(*ns / NS_PER_MSEC);

	error = sysctl_int_range(oidp, req, &ms, (int)arg2, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		*ns = (nstime_t)ms * NS_PER_MSEC;
	return (error);
}

#define	TCP_MSEC(var, name, ms, least, flags, descr)			\
	VNET_DEFINE(nstime_t, var) = (ms) * NS_PER_MSEC;		\
	SYSCTL_PROC(_net_inet_tcp, OID_AUTO, name,			\
	    CTLTYPE_INT | CTLFLAG_RW | (flags), &VNET_NAME(var), least,	\
	    sysctl_msec, "I", descr)

TCP_MSEC(tcp_rexmit_initial, rexmit_initial, 1000, 1, 0,
    "First retransmission timeout of a connection, in milliseconds");
TCP_MSEC(tcp_rexmit_min, rexmit_min, 30, 1, 0,
    "Least retransmission timeout, in milliseconds");
TCP_MSEC(tcp_rexmit_max, rexmit_max, 64000, 1000, CTLFLAG_VNET,
    "Largest retransmission timeout, in milliseconds");
TCP_MSEC(tcp_rexmit_slop, rexmit_slop, 200, 0, 0,
    "Added to each retransmission timeout, in milliseconds");
TCP_MSEC(tcp_persmin, persmin, 5000, 1, 0,
    "Least time between probes of a closed window, in milliseconds");
TCP_MSEC(tcp_persmax, persmax, 60000, 1, 0,
    "Largest time between probes of a closed window, in milliseconds");
TCP_MSEC(tcp_keepinit, keepinit, 75000, 1, 0,
    "Time a handshake may take, in milliseconds");
TCP_MSEC(tcp_keepidle, keepidle, 7200000, 1, 0,
    "Idle time before the first keepalive probe, in milliseconds");
TCP_MSEC(tcp_keepintvl, keepintvl, 75000, 1, 0,
    "Time between keepalive probes, in milliseconds");
TCP_MSEC(tcp_delacktime, delacktime, 40, 1, 0,
    "How long an acknowledgment may be put off, in milliseconds");
TCP_MSEC(tcp_msl, msl, 30000, 1, CTLFLAG_VNET,
    "Maximum segment lifetime, in milliseconds");
TCP_MSEC(tcp_msl_local, msl_local, 10, 1, CTLFLAG_VNET,
    "The same between two addresses of this host, in milliseconds");
TCP_MSEC(tcp_finwait2_timeout, finwait2_timeout, 60000, 1, 0,
    "Time in FIN_WAIT_2 after the user has gone, in milliseconds");
TCP_MSEC(tcp_maxunacktime, maxunacktime, 0, 0, CTLFLAG_VNET,
    "Time without progress that ends a connection, in ms (0: none)");
VNET_DEFINE_STATIC(int, fast_finwait2_recycle) = 0;
#define	V_fast_finwait2_recycle	VNET(fast_finwait2_recycle)
SYSCTL_INT(_net_inet_tcp, OID_AUTO, fast_finwait2_recycle, CTLFLAG_RW,
    &VNET_NAME(fast_finwait2_recycle), 0,
    "Leave FIN_WAIT_2 after finwait2_timeout, not as late as keepalive would");
VNET_DEFINE(int, tcp_keepcnt) = 8;
SYSCTL_INT_RANGE(_net_inet_tcp, OID_AUTO, keepcnt,
    CTLFLAG_RW, &VNET_NAME(tcp_keepcnt), 1, INT_MAX,
    "Keepalive probes without an answer that end a connection");
VNET_DEFINE(int, always_keepalive) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, always_keepalive,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(always_keepalive), 0,
    "Probe idle connections even without SO_KEEPALIVE");

static int
sysctl_retries(SYSCTL_HANDLER_ARGS)
{
	return (sysctl_int_range(oidp, req, arg1, 1, TCP_MAXRXTSHIFT +
	    (int)arg2));
}
VNET_DEFINE(int, tcp_retries) = TCP_MAXRXTSHIFT;
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, retries,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tcp_retries), 0,
    sysctl_retries, "I",
    "Retransmission timeouts in a row that end a connection");

/* Doubling, up to where the largest timeout is reached anyway. */
int
tcp_backoff(int shift)
{
	return (1 << imin(shift, 9));
}

/* ---- Deadlines and the callout ---- */

static nstime_t
tcp_timer_first(const struct tcpcb *tp)
{
	nstime_t first = UINT64_MAX;
	int i;

	for (i = 0; i < TT_N; i++)
		first = u64min(first, tp->t_timers[i]);
	return (first);
}

/*
 * What a connection waits for when it begins to wait, a SYN's answer or a
 * sign of life, is far away, and before that there will be something to
 * retransmit, or an ACK that is put off.  The callout that is armed for the
 * soonest of these at once need not be moved for each of them; if none comes,
 * it finds that out.
 *
 * All wait as long then, so that they can stand in line for one callout, and
 * many connections are over before their turn comes.  When the last of them is,
 * the callout stays, and comes once in vain: to stop it, and arm it for the
 * next, would move the host's next turn twice for each short connection.
 */
struct tcp_young {
	struct callout_link ty_ring;
	struct callout	ty_callout;	/* the first one's, or earlier */
	nstime_t	ty_last;	/* when the last one is due */
};
VNET_DEFINE_STATIC(struct tcp_young, tcp_young);
#define	V_tcp_young	VNET(tcp_young)

static void	tcp_timer_door(struct callout_entry *ce);

static void
tcp_young_door(void *arg __unused)
{
	struct tcp_young *ty = &V_tcp_young;
	struct callout_entry *ce;

	while ((ce = callout_ring_first(&ty->ty_ring)) != NULL &&
	    callout_entry_time(ce) <= getnstime()) {
		(void)callout_entry_stop(ce);
		tcp_timer_door(ce);
	}
	if (ce != NULL)
		(void)callout_reset_at(&ty->ty_callout,
		    callout_entry_time(ce), tcp_young_door, NULL);
}

void
tcp_timer_init(void)
{
	callout_entry_handler(tcp_timer_door);
	callout_ring_init(&V_tcp_young.ty_ring);
}

void
tcp_timer_uninit(void)
{
	(void)callout_stop(&V_tcp_young.ty_callout);
}

void
tcp_timer_arm(struct tcpcb *tp, nstime_t when)
{
	struct tcp_young *ty = &V_tcp_young;
	const nstime_t soon = getnstime() + V_tcp_delacktime;

	/* If delacktime has become less, they wait apart. */
	if (callout_entry_pending(&tp->t_callout) || when < soon ||
	    soon < ty->ty_last) {
		(void)callout_entry_reset_at(&tp->t_callout, when);
		return;
	}
	ty->ty_last = soon;
	callout_ring_add(&ty->ty_ring, &tp->t_callout, soon);
	if (!callout_pending(&ty->ty_callout))
		(void)callout_reset_at(&ty->ty_callout, soon, tcp_young_door,
		    NULL);
}

void
tcp_timer_activate(struct tcpcb *tp, tt_which timer, nstime_t delta)
{
	tcp_timer_at(tp, timer, delta == 0 ? UINT64_MAX :
	    getnstime() + delta);
}

nstime_t
tcp_finwait2_time(const struct tcpcb *tp)
{
	const struct tcp_userto *tu = tp->t_userto;
	nstime_t intvl = V_tcp_keepintvl;
	uint32_t cnt = (uint32_t)V_tcp_keepcnt;

	if ((tp->t_flags2 & TF2_COMPAT) != 0 && tu->tu_compat.tc_linger2 != 0)
		return (tu->tu_compat.tc_linger2 < 0 ? 1 :
		    (nstime_t)tu->tu_compat.tc_linger2 * NS_PER_SEC);
	if (V_fast_finwait2_recycle)
		return (V_tcp_finwait2_timeout);
	if (tu != NULL && tu->tu_keepintvl != 0)
		intvl = (nstime_t)tu->tu_keepintvl * NS_PER_SEC;
	if (tu != NULL && tu->tu_keepcnt != 0)
		cnt = tu->tu_keepcnt;
	return (cnt * intvl);
}

void
tcp_timer_stop(struct tcpcb *tp)
{
	int i;

	for (i = 0; i < TT_N; i++)
		tp->t_timers[i] = UINT64_MAX;
	(void)callout_entry_stop(&tp->t_callout);
}

/* ---- What the user or the variable says ---- */

nstime_t
tcp_keepinit_of(const struct tcpcb *tp)
{
	const struct tcp_userto *tu = tp->t_userto;

	if (tu != NULL && tu->tu_keepinit != 0)
		return (tu->tu_keepinit * NS_PER_SEC);
	/* A number of attempts, or a time of its own, takes its place. */
	if (__predict_false(tu != NULL || V_tcp_ways.w_syn_retries != 0) &&
	    tcp_compat_keepinit(tp))
		return (0);
	return (V_tcp_keepinit);
}

nstime_t
tcp_keepidle_of(const struct tcpcb *tp)
{
	if ((tp->t_flags2 & TF2_COMPAT) != 0 &&
	    tp->t_userto->tu_compat.tc_keepidle != 0)
		return (tp->t_userto->tu_compat.tc_keepidle * NS_PER_MSEC);
	return (tp->t_userto != NULL && tp->t_userto->tu_keepidle != 0 ?
	    tp->t_userto->tu_keepidle * NS_PER_SEC : V_tcp_keepidle);
}

nstime_t
tcp_keepintvl_of(const struct tcpcb *tp)
{
	return (tp->t_userto != NULL && tp->t_userto->tu_keepintvl != 0 ?
	    tp->t_userto->tu_keepintvl * NS_PER_SEC : V_tcp_keepintvl);
}

static u_int
tcp_keepcnt_of(const struct tcpcb *tp)
{
	return (tp->t_userto != NULL && tp->t_userto->tu_keepcnt != 0 ?
	    tp->t_userto->tu_keepcnt : (u_int)V_tcp_keepcnt);
}

/* ---- Round trips and the timeout ---- */

void
tcp_rtt_sample(struct tcpcb *tp, nstime_t ns)
{
	tcp_rtt_take(tp, &V_tcpstat, tcp_rtt_us(ns));
}

nstime_t
tcp_rto_base(const struct tcpcb *tp, nstime_t least)
{
	const nstime_t srtt = tp->t_srtt_us * NS_PER_USEC;
	const nstime_t var = 4ULL * tp->t_rttvar_us * NS_PER_USEC;

	if (__predict_false(V_tcp_ways.w_linux))
		return (srtt + u64max(var, V_tcp_rexmit_min));
	return (u64max(srtt + var, least));
}

/* Before there was a measurement. */
static nstime_t __noinline
tcp_rto_first(int shift)
{
	nstime_t rto = V_tcp_rexmit_initial;

	if (shift != 0)
		rto = rto * (u_int)tcp_backoff(shift) + V_tcp_rexmit_slop;
	return (u64min(rto, V_tcp_rexmit_max));
}

nstime_t
tcp_rto(const struct tcpcb *tp)
{
	nstime_t rto;

	if (__predict_false((tp->t_flags2 & TF2_COMPAT) != 0))
		return (tcp_compat_rto(tp));
	if (tp->t_srtt_us == 0)
		return (tcp_rto_first(tp->t_rxtshift));
	rto = tcp_rto_base(tp, V_tcp_rexmit_min);
	if (tp->t_rxtshift != 0)
		rto *= (u_int)tcp_backoff(tp->t_rxtshift);
	return (u64min(rto + V_tcp_rexmit_slop, V_tcp_rexmit_max));
}

void
tcp_setpersist(struct tcpcb *tp)
{
	nstime_t t;

	t = tcp_rto_base(tp, 0) * (u_int)tcp_backoff(tp->t_rxtshift);
	t = u64min(u64max(t, V_tcp_persmin *
	    (u_int)tcp_backoff(tp->t_rxtshift)), V_tcp_persmax);
	tcp_timer_activate(tp, TT_PERSIST, t);
	tcp_timer_activate(tp, TT_REXMT, 0);
	if (tp->t_rxtshift < V_tcp_retries)
		tp->t_rxtshift++;
}

/* ---- The timers, each returning 0 or what to end the connection with */

/* No progress, that is nothing acknowledged, for longer than the user wants
 * to wait. */
static bool
tcp_maxunack_over(const struct tcpcb *tp)
{
	const uint32_t waited = tcp_acktime() - tp->t_progress;
	nstime_t limit;

	limit = tp->t_userto != NULL && tp->t_userto->tu_maxunacktime != 0 ?
	    tp->t_userto->tu_maxunacktime * NS_PER_SEC : V_tcp_maxunacktime;
	if (limit == 0 || (nstime_t)waited << TCP_ACKTIME_SHIFT < limit)
		return (false);
	TCPSTAT_INC(tcps_progdrops);
	return (true);
}

static int	tcp_timer_persist(struct tcpcb *tp);

/* The peer has taken back the window of text that is in flight, all of it:
 * that is probed for, and not given up (RFC 9293, 3.8.6). */
static bool
tcp_closed_on_text(const struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);

	return (tp->snd_wnd == 0 && TCPS_HAVEESTABLISHED(tp->t_state) &&
	    so != NULL && sbused(&so->so_snd) != 0);
}

/* After a timeout: all that is in flight is taken for lost (RFC 5681, 3.1;
 * RFC 6298, 5.4 to 5.6), and slow start begins. */
int
tcp_timer_rexmt(struct tcpcb *tp)
{
	struct tcp_sent *first = TAILQ_FIRST(&tp->t_map);

	if (first == NULL)
		return (0);
	if (tcp_closed_on_text(tp)) {
		tp->t_rxtshift = 0;
		return (tcp_timer_persist(tp));
	}
	tp->t_rxtshift++;
	if (tcp_compat_gives_up(tp) || tcp_maxunack_over(tp))
		return (tp->t_softerror != 0 ? tp->t_softerror : ETIMEDOUT);
	TCPSTAT_INC(tcps_rexmttimeo);
	if (TCP_TRACED(tp))
		tcp_trace(tp, "retransmission timeout in a row, number",
		    tp->t_rxtshift);
	/* The peer has SACKed this and not acknowledged it: it reneged
	 * (RFC 2018, 8), and nothing that it SACKed can be relied on. */
	if ((first->ts_flags & TS_SACKED) != 0)
		tcp_sent_renege(tp);
	(void)tcp_sent_lose_all(tp);
	tp->t_loss_edge = tp->snd_max;
	if (TCPS_HAVEESTABLISHED(tp->t_state)) {
		tcp_pmtud_timeout(tp);
		tcp_undo_timeout(tp);
		cc_cong_signal(tp, tp->snd_una, CC_RTO);
		tp->snd_recover = tp->snd_max;
		tp->t_flags2 |= TF2_RTOLOSS;
	} else
		tp->t_flags2 |= TF2_SYNLOST;
	tp->t_dupacks = 0;
	tcp_timer_activate(tp, TT_REXMT, tcp_rto(tp));
	(void)tcp_output(tp);
	return (0);
}

/*
 * A peer that answers probes may keep its window closed for ever.  One that
 * has been silent for `retries' probes is given up like one that does not
 * acknowledge: when retransmissions would have ended, too.
 */
static bool
tcp_persist_over(const struct tcpcb *tp)
{
	const nstime_t silent = getnstime() - tp->t_rcvtime;
	nstime_t rto, whole = 0;
	int i;

	if (tp->t_rxtshift < V_tcp_retries || tp->t_rcvtime >= tp->t_sndtime)
		return (false);
	rto = tcp_rto_base(tp, V_tcp_rexmit_min);
	for (i = 0; i <= V_tcp_retries; i++)
		whole += rto * (u_int)tcp_backoff(i);
	return (silent >= u64min(whole, V_tcp_keepidle));
}

/* One byte beyond the closed window; in Linux's ways, as a keepalive probe,
 * what the peer has already. */
static int
tcp_timer_persist(struct tcpcb *tp)
{
	TCPSTAT_INC(tcps_persisttimeo);
	if (tcp_persist_over(tp) || tcp_maxunack_over(tp) ||
	    tcp_compat_persist_over(tp)) {
		TCPSTAT_INC(tcps_persistdrop);
		return (ETIMEDOUT);
	}
	/* The user has gone and the peer will not take what is left. */
	if (tcp_detached(tp) &&
	    getnstime() - tp->t_rcvtime >= V_tcp_persmax) {
		TCPSTAT_INC(tcps_persistdrop);
		return (ETIMEDOUT);
	}
	if (TCP_TRACED(tp))
		tcp_trace(tp, "probe of a closed window, number",
		    tp->t_rxtshift);
	(void)tcp_sent_lose_all(tp);
	tcp_setpersist(tp);
	if (V_tcp_ways.w_linux && tp->snd_wnd == 0 &&
	    tp->snd_max == tp->snd_una) {
		tcp_respond(tp, &tp->t_inpcb.inp_inc, tp->rcv_nxt,
		    tp->snd_una - 1, TH_ACK, NULL);
		return (0);
	}
	tp->t_flags |= TF_FORCEDATA;
	(void)tcp_output(tp);
	tp->t_flags &= ~TF_FORCEDATA;
	return (0);
}

static int
tcp_timer_keep(struct tcpcb *tp)
{
	const struct socket *so = tptosocket(tp);
	nstime_t idle = getnstime() - tp->t_rcvtime;
	bool over;

	TCPSTAT_INC(tcps_keeptimeo);
	if (!TCPS_HAVEESTABLISHED(tp->t_state)) {
		TCPSTAT_INC(tcps_keepdrops);
		return (ETIMEDOUT);
	}
	if ((!V_always_keepalive && (so == NULL ||
	    (so->so_options & SO_KEEPALIVE) == 0)) ||
	    tp->t_state > TCPS_CLOSING || idle < tcp_keepidle_of(tp)) {
		tp->t_keepprobes = 0;
		tcp_timer_activate(tp, TT_KEEP, idle <
		    tcp_keepidle_of(tp) ? tcp_keepidle_of(tp) - idle :
		    tcp_keepidle_of(tp));
		return (0);
	}
	if (!tcp_compat_keep_over(tp, &over))
		over = tp->t_keepprobes >= tcp_keepcnt_of(tp);
	if (over) {
		TCPSTAT_INC(tcps_keepdrops);
		return (ETIMEDOUT);
	}
	/* SND.UNA-1 is outside of the peer's window, so it must answer. */
	tp->t_keepprobes++;
	TCPSTAT_INC(tcps_keepprobe);
	if (TCP_TRACED(tp))
		tcp_trace(tp, "keepalive probe, number", tp->t_keepprobes);
	tcp_respond(tp, &tp->t_inpcb.inp_inc, tp->rcv_nxt, tp->snd_una - 1,
	    TH_ACK, NULL);
	tcp_timer_activate(tp, TT_KEEP, tcp_compat_keepnext(tp,
	    tcp_keepintvl_of(tp)));
	return (0);
}

int
tcp_default_timer(struct tcpcb *tp, tt_which timer)
{
	switch (timer) {
	case TT_REXMT:
		if (tp->t_fb->tfb_tcp_rexmit_tmr != NULL)
			tp->t_fb->tfb_tcp_rexmit_tmr(tp);
		return (tcp_timer_rexmt(tp));
	case TT_PERSIST:
		return (tcp_timer_persist(tp));
	case TT_KEEP:
		return (tcp_timer_keep(tp));
	case TT_DELACK:
		tp->t_flags &= ~TF_DELACK;
		tp->t_flags |= TF_ACKNOW;
		TCPSTAT_INC(tcps_delack);
		(void)tcp_output(tp);
		return (0);
	case TT_PACE:
		(void)tcp_output(tp);
		return (0);
	default:
		return (0);
	}
}

/* Run what is due, then wait for the next. */
static void
tcp_timer_door(struct callout_entry *ce)
{
	struct tcpcb *tp = __containerof(ce, struct tcpcb, t_callout);
	nstime_t next, now = getnstime();
	int error = 0, i;

	for (i = 0; i < TT_N && error == 0; i++) {
		if (tp->t_timers[i] > now)
			continue;
		tp->t_timers[i] = UINT64_MAX;
		if (i == TT_2MSL) {
			if (tp->t_state == TCPS_FIN_WAIT_2)
				TCPSTAT_INC(tcps_finwait2_drops);
			tcp_close(tp);
			return;
		}
		error = tp->t_fb->tfb_timer(tp, (tt_which)i);
	}
	if (error != 0) {
		tcp_drop(tp, error);
		return;
	}
	next = tcp_timer_first(tp);
	if (next != UINT64_MAX && (!callout_entry_pending(&tp->t_callout) ||
	    next < callout_entry_time(&tp->t_callout)))
		(void)callout_entry_reset_at(&tp->t_callout, next);
}

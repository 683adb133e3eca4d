/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What other systems' options and variables ask of a connection: the hooks
 * of tcp_compat.h.
 *
 *   cork     a segment that is not full waits, but no longer than 200 ms
 *	      from when the first of its bytes could have left
 *   abort    a connection ends when what it sent first has not been
 *	      acknowledged for so long; the retransmission timer is cut so
 *	      that it fires then
 *   notsent  writers wait while so much is in the send buffer and was never
 *	      sent
 *   defer    the ACK of a handshake is not taken until it brings text; when
 *	      the wait is over the SYN-ACK goes again, and what comes counts
 *
 * Touches: connections, and the sockets of those.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

TAILQ_HEAD(tcp_wakers, tcpcb);
VNET_DEFINE_STATIC(struct tcp_wakers, tcp_wakers);
VNET_DEFINE_STATIC(struct vnet_task, tcp_waketask);
#define	V_tcp_wakers	VNET(tcp_wakers)
#define	V_tcp_waketask	VNET(tcp_waketask)

VNET_DEFINE(struct tcp_ways, tcp_ways) = {
	.w_notsent = UINT_MAX,
	.w_reordering = 3,
	.w_dsack = 1,
	.w_idle_restart = 1,
	.w_collapse = 1,
	.w_frto = 1,
	.w_wscale = 1,
	.w_tstamp = 1,
	.w_tstamp_wscale = 1,
	.w_sack = 1,
	.w_keepabort = -1,
	.w_max_orphans = INT_MAX,
	.w_rmem_min = 4096,
	.w_wmem_min = 4096,
};
VNET_DEFINE(int, tcp_orphans) = 0;
VNET_DEFINE_STATIC(nstime_t, tcp_warned);
#define	V_tcp_warned	VNET(tcp_warned)

#define	MSEC(ms)	((nstime_t)(ms) * NS_PER_MSEC)

struct tcp_compat *
tcp_compat(struct tcpcb *tp)
{
	if (tcp_userto(tp) == NULL)
		return (NULL);
	tp->t_flags2 |= TF2_COMPAT;
	return (&tp->t_userto->tu_compat);
}

struct tcp_compat *
tcp_compat_find(const struct tcpcb *tp)
{
	return ((tp->t_flags2 & TF2_COMPAT) != 0 ? &tp->t_userto->tu_compat :
	    NULL);
}

void
tcp_compat_free(struct tcpcb *tp)
{
	struct tcp_compat *tc = tcp_compat_find(tp);

	if (tc != NULL && tc->tc_waking) {
		TAILQ_REMOVE(&V_tcp_wakers, tp,
		    t_userto->tu_compat.tc_wakelink);
		tc->tc_waking = false;
	}
}

/* ---- Timers ---- */

/* The limit of time without progress, ns; 0: none. */
static nstime_t
tcp_compat_limit(const struct tcpcb *tp, const struct tcp_compat *tc)
{
	if (TCPS_HAVEESTABLISHED(tp->t_state))
		return (MSEC(tc->tc_abort));
	return (MSEC(tc->tc_connabort));
}

nstime_t
tcp_compat_rto(const struct tcpcb *tp)
{
	const struct tcp_compat *tc = &tp->t_userto->tu_compat;
	nstime_t least, limit, most, now, rto, slop = V_tcp_rexmit_slop;

	least = tc->tc_rtomin != 0 ? MSEC(tc->tc_rtomin) : V_tcp_rexmit_min;
	most = tc->tc_rtomax != 0 ? MSEC(tc->tc_rtomax) : V_tcp_rexmit_max;
	if (tp->t_srtt_us == 0) {
		rto = tc->tc_rtoinit != 0 ? MSEC(tc->tc_rtoinit) :
		    V_tcp_rexmit_initial;
		if (tp->t_rxtshift == 0)
			slop = 0;
	} else
		rto = tcp_rto_base(tp, least);
	rto = u64min(rto * (u_int)tcp_backoff(tp->t_rxtshift) + slop, most);
	/* Fire when the user's patience ends. */
	if ((limit = tcp_compat_limit(tp, tc)) == 0)
		return (rto);
	if (tp->t_rxtshift == 0)
		return (u64min(rto, limit));
	now = getnstime();
	return (tc->tc_stalled + limit > now ?
	    u64min(rto, tc->tc_stalled + limit - now) : 1);
}

/* How many timeouts in a row are the last. */
static int
tcp_compat_retries(const struct tcpcb *tp)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);
	const struct tcp_ways *w = &V_tcp_ways;
	int most = w->w_retries != 0 ? w->w_retries : V_tcp_retries;

	if (tc != NULL && (tc->tc_flags & (TCPS_HAVEESTABLISHED(tp->t_state) ?
	    TC_NOABORT : TC_NOCONNABORT)) != 0)
		return (INT_MAX);
	if (tp->t_state == TCPS_SYN_SENT) {
		if (tc != NULL && tc->tc_syncnt != 0)
			return (tc->tc_syncnt);
		return (w->w_syn_retries != 0 ? w->w_syn_retries : most);
	}
	if (w->w_orphan_retries != 0 && tcp_detached(tp) &&
	    TCPS_HAVEESTABLISHED(tp->t_state))
		return (imin(w->w_orphan_retries, most));
	return (most);
}

/* So many timeouts, or so long without progress, may be the route's fault:
 * it is looked up again, and what is known of the path is forgotten. */
static void
tcp_compat_doubt(struct tcpcb *tp, const struct tcp_compat *tc)
{
	uint32_t limit = 0;

	if (tc != NULL)
		limit = TCPS_HAVEESTABLISHED(tp->t_state) ? tc->tc_notify :
		    tc->tc_connnotify;
	if ((V_tcp_ways.w_doubt_retries == 0 ||
	    tp->t_rxtshift < V_tcp_ways.w_doubt_retries) &&
	    (limit == 0 || getnstime() - tc->tc_stalled < MSEC(limit)))
		return;
	tcp_head_forget(tp);
	ro_invalidate(&tp->t_inpcb.inp_route);
	ip_pmtu_forget(&tp->t_inpcb.inp_faddr);
}

bool
tcp_compat_gives_up(struct tcpcb *tp)
{
	struct tcp_compat *tc = tcp_compat_find(tp);
	const struct tcp_sent *first = TAILQ_FIRST(&tp->t_map);
	nstime_t limit;

	/* So often for one segment: the timeout stays backed off as others
	 * are acknowledged that were sent again (RFC 6298, 5.7), but they
	 * are progress (RFC 9293, 3.8.3). */
	if (tp->t_rxtshift > tcp_compat_retries(tp) && (first == NULL ||
	    first->ts_xmits > tcp_compat_retries(tp))) {
		TCPSTAT_INC(tcps_timeoutdrop);
		return (true);
	}
	if (tc != NULL && first != NULL &&
	    (tp->t_rxtshift == 1 || first->ts_xmits == 1))
		tc->tc_stalled = first->ts_time;
	tcp_compat_doubt(tp, tc);
	if (tc == NULL)
		return (false);
	limit = tcp_compat_limit(tp, tc);
	if (limit == 0 || getnstime() - tc->tc_stalled < limit)
		return (false);
	TCPSTAT_INC(tcps_progdrops);
	return (true);
}

bool
tcp_compat_keepinit(const struct tcpcb *tp)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);

	return (tp->t_state == TCPS_SYN_SENT &&
	    (V_tcp_ways.w_syn_retries != 0 || (tc != NULL &&
	    (tc->tc_syncnt != 0 || tc->tc_connabort != 0 ||
	    (tc->tc_flags & TC_NOCONNABORT) != 0))));
}

/* Keepalive: when a limit of time, in place of a count of probes, ends it;
 * 0: there is none, UINT64_MAX: never. */
static nstime_t
tcp_compat_keepend(const struct tcpcb *tp)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);
	nstime_t began = tp->t_rcvtime + tcp_keepidle_of(tp);

	if (tc != NULL && (tc->tc_flags & TC_KEEPABORT) != 0)
		return (tc->tc_keepabort == 0 ? UINT64_MAX :
		    began + MSEC(tc->tc_keepabort));
	if (tc != NULL && tc->tc_abort != 0 &&
	    (tc->tc_flags & TC_KEEPUSER) != 0)
		return (tp->t_rcvtime + MSEC(tc->tc_abort));
	/* The user's own count of probes comes before the host's time. */
	if (V_tcp_ways.w_keepabort < 0 ||
	    (tp->t_userto != NULL && tp->t_userto->tu_keepcnt != 0))
		return (0);
	return (V_tcp_ways.w_keepabort == 0 ? UINT64_MAX :
	    began + MSEC(V_tcp_ways.w_keepabort));
}

bool
tcp_compat_keep_over(struct tcpcb *tp, bool *over)
{
	nstime_t end = tcp_compat_keepend(tp);

	*over = tp->t_keepprobes != 0 && getnstime() >= end;
	return (end != 0);
}

nstime_t
tcp_compat_keepnext(const struct tcpcb *tp, nstime_t intvl)
{
	nstime_t end = tcp_compat_keepend(tp), now = getnstime();

	return (end > now ? u64min(intvl, end - now) : intvl);
}

bool
tcp_compat_persist_over(const struct tcpcb *tp)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);

	return (tc != NULL && tc->tc_abort != 0 &&
	    getnstime() - tp->t_rcvtime >= MSEC(tc->tc_abort));
}

/* ---- Beginnings ---- */

#define	LARGE_WINDOW	65535		/* bytes that need no scaling */

void
tcp_compat_connect(struct tcpcb *tp)
{
	const struct tcp_ways *w = &V_tcp_ways;
	const struct socket *so = tptosocket(tp);

	if (!w->w_wscale && so->so_rcv.sb_hiwat <= LARGE_WINDOW &&
	    so->so_snd.sb_hiwat <= LARGE_WINDOW)
		tp->t_flags &= ~TF_REQ_SCALE;
	if (w->w_tstamp == 0 || (w->w_tstamp == 2 &&
	    (tp->t_flags & TF_REQ_SCALE) == 0))
		tp->t_flags &= ~TF_REQ_TSTMP;
	if (!w->w_sack)
		tp->t_flags &= ~TF_SACK_PERMIT;
}

/* ---- Windows ---- */

uint32_t
tcp_compat_clamp(const struct tcpcb *tp, uint32_t win)
{
	const struct tcp_compat *tc = &tp->t_userto->tu_compat;

	return (tc->tc_clamp != 0 ? min(win, tc->tc_clamp) : win);
}

uint32_t
tcp_compat_initwnd(const struct tcpcb *tp, uint32_t maxseg)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);

	if (tc != NULL && tc->tc_initcwnd != 0)
		return (tc->tc_initcwnd * maxseg);
	return (tcp_compute_initwnd(maxseg));
}

void
tcp_compat_restart(struct tcpcb *tp, uint32_t was)
{
	if (tp->t_userto->tu_compat.tc_initcwnd != 0)
		tp->snd_cwnd = min(was, tcp_compat_initwnd(tp,
		    tcp_maxseg(tp)));
}

/*
 * A part of the receive buffer that is kept back from the window, which is
 * at least four segments; and without scaling, a window whose highest bit a
 * peer might take for a sign.
 */
void
tcp_compat_established(struct tcpcb *tp)
{
	const struct tcp_ways *w = &V_tcp_ways;
	const struct socket *so = tptosocket(tp);
	uint32_t clamp = UINT32_MAX, hiwat;
	struct tcp_compat *tc;

	if (so == NULL)
		return;
	hiwat = so->so_rcv.sb_hiwat;
	if (w->w_app_win > 0 && w->w_app_win < 31 &&
	    hiwat > 4U * tp->t_maxseg)
		clamp = max(hiwat - max(hiwat >> w->w_app_win,
		    tp->t_maxseg), 4U * tp->t_maxseg);
	if (w->w_signed_win && (tp->t_flags & TF_RCVD_SCALE) == 0)
		clamp = min(clamp, INT16_MAX);
	if (clamp == UINT32_MAX || (tc = tcp_compat(tp)) == NULL)
		return;
	tc->tc_clamp = tc->tc_clamp != 0 ? min(tc->tc_clamp, clamp) : clamp;
}

/* ---- Memory, and those whose user has gone ---- */

#define	TCP_PAGE	4096		/* bytes */

/* Above the second mark until below the first. */
static bool
tcp_compat_short(void)
{
	struct tcp_ways *w = &V_tcp_ways;
	uint64_t pages;

	if (w->w_mem[1] == 0)
		return (false);
	pages = mb_memory() / TCP_PAGE;
	if (pages > (uint64_t)w->w_mem[1])
		w->w_pressure = true;
	else if (pages <= (uint64_t)w->w_mem[0])
		w->w_pressure = false;
	return (w->w_pressure);
}

bool
tcp_compat_pressure(uint32_t hiwat, bool rcv)
{
	const struct tcp_ways *w = &V_tcp_ways;

	return (tcp_compat_short() &&
	    hiwat >= (uint32_t)(rcv ? w->w_rmem_min : w->w_wmem_min));
}

bool
tcp_compat_full(const struct socket *so)
{
	const struct tcp_ways *w = &V_tcp_ways;

	return (mb_memory() / TCP_PAGE > (uint64_t)w->w_mem[2] &&
	    sbavail(&so->so_snd) >= (u_int)w->w_wmem_min);
}

/* A line a second at most. */
void
tcp_compat_warn(const char *what)
{
	nstime_t now = getnstime();

	if (V_tcp_warned != 0 && now - V_tcp_warned < NS_PER_SEC)
		return;
	V_tcp_warned = now;
	kern_log(LOG_WARNING, "TCP: %s", what);
}

bool
tcp_compat_orphan(struct tcpcb *tp, int orphans)
{
	const struct tcp_ways *w = &V_tcp_ways;

	if (orphans <= w->w_max_orphans &&
	    mb_memory() / TCP_PAGE <= (uint64_t)w->w_mem[2])
		return (false);
	tcp_compat_warn("too many connections without a user: a reset "
	    "(net.ipv4.tcp_max_orphans, tcp_mem)");
	tcp_drop(tp, 0);
	return (true);
}

/* ---- Corks ---- */

bool
tcp_compat_uncorks(struct tcpcb *tp)
{
	struct tcp_compat *tc = &tp->t_userto->tu_compat;
	nstime_t now = getnstime();

	/* Nagle's algorithm is none. */
	if ((tp->t_flags & (TF_NOPUSH | TF_MORETOCOME)) == 0 ||
	    ((tp->t_flags & TF_NOPUSH) != 0 &&
	    (tc->tc_flags & TC_CORKED) == 0))
		return (false);
	if (tc->tc_corkend == 0 || tc->tc_corkseq != tp->snd_max) {
		tc->tc_corkseq = tp->snd_max;
		tc->tc_corkend = now + MSEC(TCP_CORK_MSEC);
	}
	if (now < tc->tc_corkend) {
		tcp_timer_at(tp, TT_PACE, tc->tc_corkend);
		return (false);
	}
	tc->tc_corkend = 0;
	return (true);
}

bool
tcp_compat_corked(const struct tcpcb *tp)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);
	u_int avail = sbavail(&tptosocket(tp)->so_snd);

	return (tc != NULL && (tc->tc_flags & TC_CORKFULL) != 0 &&
	    (tp->t_flags & TF_NOPUSH) != 0 && avail < tp->t_maxseg &&
	    avail <= tp->snd_wnd);
}

void
tcp_compat_flush(struct tcpcb *tp)
{
	struct tcp_compat *tc = tcp_compat_find(tp);

	if (tc == NULL || !TCPS_HAVEESTABLISHED(tp->t_state))
		return;
	tc->tc_corkseq = tp->snd_max;
	tc->tc_corkend = getnstime();
	tcp_output_later(tp);
}

/* ---- Writers that wait ---- */

static void
tcp_compat_wake(void *arg __unused)
{
	struct socket *so;
	struct tcpcb *tp;

	while ((tp = TAILQ_FIRST(&V_tcp_wakers)) != NULL) {
		tcp_compat_free(tp);
		if ((so = tptosocket(tp)) == NULL)
			continue;
		soref(so);
		sowwakeup(so);
		sorele(so);
	}
}

static void
tcp_compat_init(const void *arg __unused)
{
	TAILQ_INIT(&V_tcp_wakers);
	VNET_TASK_INIT(&V_tcp_waketask, tcp_compat_wake, NULL);
}
SYSINIT(tcp_compat, SI_SUB_PROTO_DOMAIN, SI_ORDER_FIRST, tcp_compat_init,
    NULL);

void
tcp_compat_notsent(struct tcpcb *tp)
{
	struct tcp_compat *tc = &tp->t_userto->tu_compat;
	struct socket *so = tptosocket(tp);
	uint32_t notsent, sent = tp->snd_max - tp->snd_una;
	uint32_t enough = tc->tc_notsent != 0 ? tc->tc_notsent :
	    V_tcp_ways.w_notsent;

	if (so == NULL)
		return;
	notsent = sbavail(&so->so_snd) > sent ? sbavail(&so->so_snd) - sent :
	    0;
	if (notsent >= enough) {
		so->so_snd.sb_flags |= SB_HELD;
		return;
	}
	if ((so->so_snd.sb_flags & SB_HELD) == 0)
		return;
	so->so_snd.sb_flags &= (uint16_t)~SB_HELD;
	if (tc->tc_waking)
		return;
	tc->tc_waking = true;
	TAILQ_INSERT_TAIL(&V_tcp_wakers, tp, t_userto->tu_compat.tc_wakelink);
	vnet_task_enqueue(&V_tcp_waketask);
}

/* ---- Handshakes that peers begin ---- */

bool
tcp_compat_defers(const struct tcpcb *lp, const struct tcp_seg *sg,
    nstime_t waited)
{
	const struct tcp_compat *tc = tcp_compat_find(lp);

	return (tc != NULL && sg->sg_len == 0 &&
	    (sg->sg_flags & TH_FIN) == 0 &&
	    waited < (nstime_t)tc->tc_defer * NS_PER_SEC);
}

uint16_t
tcp_compat_synack_window(const struct tcpcb *lp, uint32_t win, uint32_t mss)
{
	if (tcp_compat_find(lp) != NULL)
		win = tcp_compat_clamp(lp, win);
	win = min(win, V_tcp_ways.w_signed_win ? INT16_MAX : TCP_MAXWIN);
	if (V_tcp_ways.w_linux && win > mss)
		win -= win % mss;
	return ((uint16_t)win);
}

/* ---- Errors ---- */

bool
tcp_compat_icmp(struct tcpcb *tp, int error)
{
	const struct tcp_compat *tc = tcp_compat_find(tp);
	struct socket *so = tptosocket(tp);

	if (tc == NULL || (tc->tc_flags & TC_RECVERR) == 0 || so == NULL)
		return (false);
	so->so_error = (uint16_t)error;
	soref(so);
	sorwakeup(so);
	sowwakeup(so);
	sorele(so);
	return (true);
}

/* ---- Acknowledgments ---- */

/*
 * t_delack_opt: -1 the variable, 0 at once, 1 put off, and below -1 so many
 * segments more at once, counted up to -1.  Linux's connections begin so,
 * until text has gone both ways: then an answer may take the acknowledgment
 * along.
 */
bool
tcp_compat_delack(struct tcpcb *tp)
{
	if (tp->t_delack_opt >= 0)
		return (tp->t_delack_opt != 0);
	if (V_tcp_ways.w_linux && tp->rcv_nxt != tp->irs + 1 &&
	    tp->snd_max != tp->iss + 1) {
		tp->t_delack_opt = -1;
		return (V_tcp_delack_enabled != 0);
	}
	tp->t_delack_opt++;
	return (false);
}

void
tcp_compat_quickack(struct tcpcb *tp, bool on)
{
	if (!on) {
		tp->t_delack_opt = 1;
		return;
	}
	tp->t_delack_opt = -1 - TCP_QUICKACKS;
	if ((tp->t_flags & TF_DELACK) != 0) {
		tp->t_flags |= TF_ACKNOW;
		tcp_output_later(tp);
	}
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * cubic: the congestion control of RFC 9438.  After a reduction the window
 * follows a curve in real time that comes back to where the loss was, stays
 * about there, and then looks for more:
 *
 *	W_cubic(t) = C * mss * (t - K)^3 + W_max		(1)
 *	K = cbrt((W_max - cwnd_epoch) / (C * mss))		(2)
 *
 *     W_max -            ______________________ .
 *                  .----'            K          '.  convex: probing
 *              .--'  concave: recovering
 *	cwnd_epoch
 *
 * with C = 0.4 segments/s^3, beta = 0.7, t the time since this stage of
 * congestion avoidance began, and cwnd_epoch the window then.
 *
 *	congestion	W_max = cwnd, or cwnd * (1 + beta) / 2 if the last
 *			one was not reached again (fast convergence, 4.7);
 *			ssthresh = beta * window in use		(4.6),
 *			for ECN with cc.abe 0.85 * that (RFC 8511, 3.1)
 *	each ACK	target = W_cubic(t + RTT) in [cwnd, 1.5 cwnd];
 *			cwnd += (target - cwnd) * acked / cwnd	(4.4, 4.5)
 *	Reno-friendly	W_est += alpha * acked * mss / cwnd;
 *			cwnd = W_est where W_cubic(t) is less	(4.3)
 *			alpha = 3 (1 - beta) / (1 + beta) = 9/17, from
 *			W_est >= cwnd_prior on 1
 *	timeout		as RFC 5681 but for ssthresh = beta * ...; the
 *			stage after it begins with K = 0, W_max = cwnd (4.8)
 *	spurious one	the stage goes on as if it had not been	(4.9)
 *
 * A first stage without congestion, after HyStart++, begins like that after
 * a timeout (4.10).  Time in which the window does not limit the sender is
 * not part of t: the epoch moves along with it.  Slow start, idleness and
 * the end of recovery are newreno's.
 *
 * Arithmetic is in integers.  Windows are bytes.  Time, K and t, is in
 * 2^-20 s and held under 2^30 of those (17 minutes; the cube is then beyond
 * any window), so with x = |t - K|
 *
 *	x^3 <= 2^90, taken as v = x^3 >> 44, in 2^-16 s^3, <= 2^46
 *	bytes = v * 2 mss / 5 >> 16, where v * 2 mss <= 2^63
 *
 * and K is the largest integer for which K^3 * 2 mss <= 5 (W_max -
 * cwnd_epoch) 2^60, found bit by bit in 128 bits.  Quotients that are added
 * up for each ACK keep their remainders, so that no ACK is too small to
 * count.
 *
 * Touches: snd_cwnd, snd_ssthresh and the recovery flags of the connection.
 */
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/module.h>
#include <sys/systm.h>
#include <net/vnet.h>
#include <vm/uma.h>

#include <netinet/in.h>
#include <netinet/tcp_timer.h>
#include <netinet/tcp_var.h>
#include <netinet/cc/cc.h>
#include <netinet/cc/cc_cubic.h>
#include <netinet/cc/cc_hystart.h>
#include <netinet/cc/cc_module.h>
#include <netinet/cc/cc_newreno.h>

typedef unsigned __int128 cubic_u128;

/* C = 2/5; beta = 7/10, for ECN 17/20; (1 + beta) / 2 = 17/20;
 * alpha = 9/17. */
#define	C_NUM		2U
#define	C_DEN		5U
#define	BETA_NUM	7U
#define	BETA_DEN	10U
#define	BETA_ECN_NUM	17U
#define	BETA_ECN_DEN	20U
#define	CONV_NUM	17U
#define	CONV_DEN	20U
#define	ALPHA_NUM	9U
#define	ALPHA_DEN	17U

#define	TIME_MAX	(1U << 30)	/* of K and |t - K|, 1/CUBIC_TIME */
#define	T_MAX_NS	(2048 * NS_PER_SEC)	/* of t: 2 TIME_MAX */
#define	CUBE_SHIFT	44
#define	CWND_REM_MAX	((1U << 30) - 1)
#define	WEST_REM_MAX	((1ULL << 33) - 1)
#define	CUBE_FRACTION	(3 * CUBIC_TIME_SHIFT - CUBE_SHIFT)

/* A size of the allocator's; all of a connection is to fit in a kilobyte. */
CTASSERT(sizeof(struct cubic) <= 64);

/* Most connections begin with it, so that it has a zone. */
VNET_DEFINE_STATIC(uma_zone_t, cubic_zone);
#define	V_cubic_zone	VNET(cubic_zone)

static int
cubic_mod_init(void)
{
	V_cubic_zone = uma_zcreate("cubic", sizeof(struct cubic), NULL, NULL,
	    NULL, NULL, UMA_ALIGN_PTR, 0);
	return (V_cubic_zone == NULL ? ENOMEM : 0);
}

static int
cubic_mod_destroy(void)
{
	uma_zdestroy(V_cubic_zone);
	return (0);
}

/* The zone has no item at hand. */
static int __noinline
cubic_cb_init_new(struct cc_var *ccv)
{
	ccv->cc_data = uma_zalloc_arg(V_cubic_zone, NULL, M_NOWAIT | M_ZERO);
	return (ccv->cc_data == NULL ? ENOMEM : 0);
}

static int
cubic_cb_init(struct cc_var *ccv, void *ptr __unused)
{
	struct cubic *cubic = uma_zalloc_fast(V_cubic_zone);

	if (__predict_false(cubic == NULL))
		return (cubic_cb_init_new(ccv));
	memset(cubic, 0, sizeof(*cubic));
	ccv->cc_data = cubic;
	return (0);
}

static void
cubic_cb_destroy(struct cc_var *ccv)
{
	uma_zfree(V_cubic_zone, ccv->cc_data);
}

/* None that the caller would have to find. */
static size_t
cubic_data_sz(void)
{
	return (0);
}

static void
cubic_conn_init(struct cc_var *ccv)
{
	struct cubic *cubic = ccv->cc_data;

	cubic->slowstart = 1;
	/* Until a stage begins, nothing counts the time between ACKs. */
	ccv->flags |= CCF_GROWTH_ONLY;
	cc_hystart_start(&cubic->hystart, ccv);
}

/* ---- The curve ---- */

uint32_t
cubic_k(uint32_t below, uint32_t mss)
{
	cubic_u128 limit, k3;
	uint32_t bit, k = 0, try;

	limit = (cubic_u128)C_DEN * below << (3 * CUBIC_TIME_SHIFT);
	for (bit = TIME_MAX >> 1; bit != 0; bit >>= 1) {
		try = k | bit;
		k3 = (cubic_u128)((uint64_t)try * try) * try;
		if (k3 * C_NUM * mss <= limit)
			k = try;
	}
	return (k);
}

uint32_t
cubic_window(nstime_t t, uint32_t k, uint32_t w_max, uint32_t mss)
{
	uint64_t delta, now, x;

	now = (u64min(t, T_MAX_NS) << CUBIC_TIME_SHIFT) / NS_PER_SEC;
	x = u64min(now > k ? now - k : k - now, TIME_MAX);
	delta = (uint64_t)((cubic_u128)(x * x) * x >> CUBE_SHIFT) *
	    C_NUM * mss / C_DEN >> CUBE_FRACTION;
	if (now < k)
		return (delta < w_max ? w_max - (uint32_t)delta : 0);
	return ((uint32_t)u64min(w_max + delta, UINT32_MAX));
}

/* ---- Growth ---- */

/* A stage of congestion avoidance begins with the ACK at hand. */
static void
cubic_begin(struct cubic *cubic, struct cc_var *ccv, uint32_t cwnd,
    uint32_t mss)
{
	struct cubic_stage *st = &cubic->stage;

	ccv->flags &= ~CCF_GROWTH_ONLY;
	if (st->w_max > cwnd)
		st->k = cubic_k(st->w_max - cwnd, mss) & (TIME_MAX - 1);
	else {
		st->w_max = cwnd;
		st->k = 0;
	}
	st->epoch = getnstime();
	st->w_est = cwnd;
	st->begun = 1;
	cubic->west_rem = 0;
	cubic->cwnd_rem = 0;
}

/* The window that Reno would have, had it made the last reduction. */
static void
cubic_west(struct cubic *cubic, uint32_t acked, uint32_t cwnd, uint32_t mss)
{
	struct cubic_stage *st = &cubic->stage;
	uint64_t num, den;
	bool caught_up = st->w_est >= st->cwnd_prior;

	num = (uint64_t)acked * mss * (caught_up ? ALPHA_DEN : ALPHA_NUM) +
	    ((uint64_t)cubic->west_rem << CUBIC_WEST_SHIFT);
	den = (uint64_t)cwnd * ALPHA_DEN;
	st->w_est = (uint32_t)u64min(st->w_est + num / den, UINT32_MAX);
	cubic->west_rem = num % den >> CUBIC_WEST_SHIFT & WEST_REM_MAX;
}

/* Bytes by which the window goes towards target for acked bytes. */
static uint32_t
cubic_step(struct cubic *cubic, uint32_t acked, uint32_t cwnd,
    uint32_t target)
{
	uint64_t num;

	target = max(target, cwnd);
	target = (uint32_t)u64min(target, (uint64_t)cwnd + cwnd / 2);
	num = (uint64_t)(target - cwnd) * acked + cubic->cwnd_rem;
	cubic->cwnd_rem = (uint32_t)(num % cwnd) & CWND_REM_MAX;
	return ((uint32_t)(num / cwnd));
}

/* What congestion avoidance adds for an ACK of acked bytes. */
static uint32_t
cubic_avoidance(struct cubic *cubic, struct cc_var *ccv, uint32_t acked)
{
	struct cubic_stage *st = &cubic->stage;
	uint32_t cwnd = CCV(ccv, snd_cwnd), mss = tcp_fixed_maxseg(ccv->tp);
	nstime_t rtt, t;

	if (!cubic->stage.begun)
		cubic_begin(cubic, ccv, cwnd, mss);
	cubic_west(cubic, acked, cwnd, mss);
	t = getnstime() - st->epoch;
	if (cubic_window(t, st->k, st->w_max, mss) < st->w_est)
		return (st->w_est > cwnd ? st->w_est - cwnd : 0);
	rtt = tcp_get_srtt(ccv->tp, TCP_TMR_GRANULARITY_USEC) * NS_PER_USEC;
	return (cubic_step(cubic, acked, cwnd,
	    cubic_window(t + rtt, st->k, st->w_max, mss)));
}

/* The window limits: it grows. */
static void __noinline
cubic_grow(struct cubic *cubic, struct cc_var *ccv)
{
	uint32_t acked, cwnd = CCV(ccv, snd_cwnd), incr;

	if (cwnd <= CCV(ccv, snd_ssthresh)) {
		incr = newreno_cc_slow_start(ccv);
		if (cubic->slowstart)
			incr = cc_hystart_increase(&cubic->hystart, incr);
	} else {
		acked = min((u_int)imax(ccv->bytes_this_ack, 0), cwnd);
		incr = cubic_avoidance(cubic, ccv, acked);
	}
	newreno_cc_grow(ccv, incr);
}

static void
cubic_ack_received(struct cc_var *ccv, ccsignal_t type)
{
	struct cubic *cubic = ccv->cc_data;
	nstime_t now = getnstime(), since = now - cubic->last_ack;

	cubic->last_ack = now;
	if (type != CC_ACK || IN_RECOVERY(CCV(ccv, t_flags)) ||
	    CCV(ccv, snd_cwnd) == 0)
		return;
	if ((ccv->flags & CCF_CWND_LIMITED) != 0)
		cubic_grow(cubic, ccv);
	else if (cubic->stage.begun)
		cubic->stage.epoch += u64min(since,
		    now - cubic->stage.epoch);
}

static void
cubic_newround(struct cc_var *ccv, uint32_t round_cnt __unused)
{
	struct cubic *cubic = ccv->cc_data;

	if (cubic->slowstart)
		cc_hystart_round(&cubic->hystart, ccv);
}

static void
cubic_rttsample(struct cc_var *ccv, uint32_t usec_rtt, uint32_t rxtcnt,
    uint32_t fas)
{
	struct cubic *cubic = ccv->cc_data;

	if (cubic->slowstart)
		cc_hystart_sample(&cubic->hystart, ccv, usec_rtt, rxtcnt,
		    fas);
}

static void
cubic_measured(struct cc_var *ccv, uint32_t usec_rtt, uint32_t fas,
    bool round)
{
	struct cubic *cubic = ccv->cc_data;

	if (cubic->slowstart)
		cc_hystart_measured(&cubic->hystart, ccv, usec_rtt, fas,
		    round);
}

/* ---- Reduction ---- */

/* From here on there may be something to undo: nothing yet. */
static void
cubic_hystart_stop(struct cubic *cubic, struct cc_var *ccv)
{
	if (!cubic->slowstart)
		return;
	cubic->slowstart = 0;
	ccv->flags &= ~CCF_GROWTH_ONLY;
	memset(&cubic->undo, 0, sizeof(cubic->undo));
}

/* Congestion: the stage is over, the next one is for window's reduction. */
static void
cubic_congested(struct cubic *cubic, struct cc_var *ccv, uint32_t num,
    uint32_t den)
{
	struct cubic_stage *st = &cubic->stage;
	uint32_t cwnd = CCV(ccv, snd_cwnd);

	if (cwnd < st->w_max)
		st->w_max = (uint32_t)((uint64_t)cwnd * CONV_NUM / CONV_DEN);
	else
		st->w_max = cwnd;
	st->cwnd_prior = cwnd;
	st->begun = 0;
	newreno_cc_reduce(ccv, newreno_cc_window_used(ccv), num, den);
}

static void
cubic_timeout(struct cubic *cubic, struct cc_var *ccv)
{
	struct cubic_stage *st = &cubic->stage;

	if (CCV(ccv, t_rxtshift) <= 1) {
		cubic->undo = *st;
		st->w_max = 0;
		st->cwnd_prior = CCV(ccv, snd_cwnd);
		st->begun = 0;
		newreno_cc_reduce(ccv, min(CCV(ccv, snd_cwnd),
		    CCV(ccv, snd_max) - CCV(ccv, snd_una)), BETA_NUM,
		    BETA_DEN);
	}
	CCV(ccv, snd_cwnd) = tcp_fixed_maxseg(ccv->tp);
}

static void
cubic_cong_signal(struct cc_var *ccv, ccsignal_t type)
{
	struct cubic *cubic = ccv->cc_data;

	cubic_hystart_stop(cubic, ccv);
	switch ((uint32_t)type) {
	case CC_NDUPACK:
		if (IN_FASTRECOVERY(CCV(ccv, t_flags)))
			break;
		cubic->undo = cubic->stage;
		if (!IN_CONGRECOVERY(CCV(ccv, t_flags)))
			cubic_congested(cubic, ccv, BETA_NUM, BETA_DEN);
		else if (V_cc_do_abe && V_cc_abe_frlossreduce)
			newreno_cc_reduce(ccv, CCV(ccv, snd_ssthresh),
			    BETA_NUM * BETA_ECN_DEN, BETA_DEN * BETA_ECN_NUM);
		ENTER_RECOVERY(CCV(ccv, t_flags));
		break;
	case CC_ECN:
		if (IN_CONGRECOVERY(CCV(ccv, t_flags)))
			break;
		if (V_cc_do_abe)
			cubic_congested(cubic, ccv, BETA_ECN_NUM,
			    BETA_ECN_DEN);
		else
			cubic_congested(cubic, ccv, BETA_NUM, BETA_DEN);
		CCV(ccv, snd_cwnd) = CCV(ccv, snd_ssthresh);
		ENTER_CONGRECOVERY(CCV(ccv, t_flags));
		break;
	case CC_RTO:
		cubic_timeout(cubic, ccv);
		break;
	case CC_RTO_ERR:
		/* The core has given the window back. */
		cubic->stage = cubic->undo;
		cubic->west_rem = 0;
		break;
	default:
		break;
	}
}

static void
cubic_after_idle(struct cc_var *ccv)
{
	struct cubic *cubic = ccv->cc_data;

	/* W_max stays: it is still the best guess. */
	cubic->stage.begun = 0;
	newreno_cc_after_idle(ccv);
}

const struct cc_algo cubic_cc_algo = {
	.name = "cubic",
	.mod_init = cubic_mod_init,
	.mod_destroy = cubic_mod_destroy,
	.cc_data_sz = cubic_data_sz,
	.cb_init = cubic_cb_init,
	.cb_destroy = cubic_cb_destroy,
	.conn_init = cubic_conn_init,
	.ack_received = cubic_ack_received,
	.cong_signal = cubic_cong_signal,
	.post_recovery = newreno_cc_post_recovery,
	.after_idle = cubic_after_idle,
	.newround = cubic_newround,
	.rttsample = cubic_rttsample,
	.measured = cubic_measured
};
DECLARE_CC_MODULE(cubic, &cubic_cc_algo);
MODULE_VERSION(cubic, 2);

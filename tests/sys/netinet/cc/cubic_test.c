/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * cubic against RFC 9438, worked out here in double precision, in segments
 * and seconds, as the RFC writes it.
 */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/systm.h>
#include <netinet/cc/cc_cubic.h>

#include <math.h>

#include "cctest.h"

#define	C	0.4
#define	BETA	0.7

static struct cctest ct;
static struct tcpcb *const tp = &ct.ct_tp;

static const struct cubic *
state(void)
{
	return (tp->t_ccv.cc_data);
}

/* A number up to about 2^bits, small ones as likely as large ones. */
static uint32_t
number(uint64_t *seed, u_int bits)
{
	uint64_t r = test_random(seed);

	return ((uint32_t)(r >> 32) >> (32 - bits) >> (r & 31) % bits);
}

ATF_TC_WITHOUT_HEAD(root);
ATF_TC_BODY(root, tc)
{
	static const uint32_t sizes[] = { 32, 88, 536, 1220, 1460, 8960,
	    65495 };
	uint32_t below, k, left, mss, w_max;
	uint64_t seed = 1;
	double exact;
	u_int i;

	for (i = 0; i < 200000; i++) {
		mss = sizes[i % nitems(sizes)];
		below = i < 100 ? i : i == 100 ? 1 << 30 : number(&seed, 30);
		k = cubic_k(below, mss);
		exact = cbrt(below / (C * mss));
		ATF_REQUIRE_MSG(fabs(k - exact * CUBIC_TIME) < 1.01,
		    "cbrt(%u / (C %u)) = %.9f, not %.9f", below, mss, exact,
		    (double)k / CUBIC_TIME);
		/* So the curve begins where the window is. */
		w_max = below + (1 << 20);
		left = cubic_window(0, k, w_max, mss);
		ATF_REQUIRE_MSG(fabs((double)left - (1 << 20)) <= mss,
		    "%u under %u, mss %u: begins at %u", below, w_max, mss,
		    left);
	}
}

ATF_TC_WITHOUT_HEAD(window);
ATF_TC_BODY(window, tc)
{
	uint32_t k, mss, w, w_max;
	double exact, x;
	uint64_t seed = 2;
	nstime_t t;
	u_int i;

	for (i = 0; i < 200000; i++) {
		mss = 32 + number(&seed, 16);
		w_max = number(&seed, 30);
		k = cubic_k((uint32_t)(w_max * 0.3), mss);
		t = number(&seed, 30) * 1000ULL;
		w = cubic_window(t, k, w_max, mss);
		x = t / 1e9 - (double)k / CUBIC_TIME;
		exact = C * mss * x * x * x + w_max;
		exact = fmin(fmax(exact, 0), UINT32_MAX);
		ATF_REQUIRE_MSG(fabs(w - exact) <= mss + 1, "W(%.6f) with "
		    "K %.6f, W_max %u, mss %u: %u, not %.0f", t / 1e9,
		    (double)k / CUBIC_TIME, w_max, mss, w, exact);
	}
	/* As far as it goes. */
	ATF_CHECK_EQ(UINT32_MAX, cubic_window(UINT64_MAX, 0, 1, 65535));
	ATF_CHECK_EQ(UINT32_MAX, cubic_window(1ULL << 44, 0, 1, 65535));
	ATF_CHECK_EQ(0, cubic_window(0, UINT32_MAX >> 2, 1000, 65535));
	ATF_CHECK_EQ(1000, cubic_window(0, 0, 1000, 1460));
}

/* RFC 9438, 4.2 to 4.5, for one stage of congestion avoidance. */
struct model {
	double	cwnd, w_max, k, w_est, prior, rtt;
};

static void
model_begin(struct model *m, double cwnd, double w_max, double prior,
    double rtt)
{
	m->cwnd = m->w_est = cwnd;
	m->w_max = fmax(w_max, cwnd);
	m->prior = prior;
	m->rtt = rtt;
	m->k = cbrt((m->w_max - cwnd) / C);
}

static double
model_w(const struct model *m, double t)
{
	return (C * pow(t - m->k, 3) + m->w_max);
}

static void
model_ack(struct model *m, double t, double acked)
{
	double alpha, target;

	alpha = m->w_est >= m->prior ? 1 : 3 * (1 - BETA) / (1 + BETA);
	m->w_est += alpha * acked / m->cwnd;
	if (model_w(m, t) < m->w_est) {
		m->cwnd = fmax(m->cwnd, m->w_est);
		return;
	}
	target = fmin(fmax(model_w(m, t + m->rtt), m->cwnd), 1.5 * m->cwnd);
	m->cwnd += (target - m->cwnd) * acked / m->cwnd;
}

/* Loss at a window of w segments, then a time of twice K and a second. */
static void
follow(uint32_t w, nstime_t rtt, uint32_t bytes)
{
	struct model m;
	double diff, end, t = 0;
	nstime_t start;

	cct_open(&ct, "cubic");
	tp->t_srtt_us = (uint32_t)(rtt / 1000);
	cct_window(&ct, w * MSS, w * MSS / 2);
	cct_signal(&ct, CC_NDUPACK);
	cct_recover(&ct);
	ATF_CHECK_EQ(w * MSS / 10 * 7, tp->snd_cwnd);
	cct_ack(&ct, MSS);			/* slow start's last */
	start = ct.ct_host.th_now;
	model_begin(&m, (double)tp->snd_cwnd / MSS, w, w, rtt / 1e9);
	end = 2 * m.k + 1;
	while (t < end) {
		model_ack(&m, t, (double)bytes / MSS);
		cct_ack(&ct, bytes);
		diff = fabs((double)tp->snd_cwnd / MSS / m.cwnd - 1);
		ATF_REQUIRE_MSG(diff < 0.01, "%u segments, %ju ms: at %.3f s "
		    "%.3f, not %.3f", w, (uintmax_t)(rtt / MS), t,
		    (double)tp->snd_cwnd / MSS, m.cwnd);
		cct_advance(&ct, rtt * bytes / tp->snd_cwnd);
		t = (ct.ct_host.th_now - start) / 1e9;
	}
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(curve);
ATF_TC_BODY(curve, tc)
{
	follow(20, 10 * MS, MSS);
	follow(20, 300 * MS, MSS);
	follow(100, 1 * MS, MSS);
	follow(100, 40 * MS, 2 * MSS);
	follow(1000, 100 * MS, 2 * MSS);
	follow(10000, 100 * MS, 20 * MSS);
	follow(100000, 200 * MS, 50 * MSS);
}

/* The landmarks of the curve itself. */
ATF_TC_WITHOUT_HEAD(landmarks);
ATF_TC_BODY(landmarks, tc)
{
	const nstime_t rtt = 50 * MS;
	double k = cbrt(1000 * 0.3 / C), w;
	u_int round;

	cct_open(&ct, "cubic");
	tp->t_srtt_us = (uint32_t)(rtt / 1000);
	cct_window(&ct, 1000 * MSS, 500 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	cct_recover(&ct);
	for (round = 1; round * 0.05 < k; round++)
		cct_round(&ct, rtt, 10 * MSS);
	w = (double)tp->snd_cwnd / MSS;
	ATF_CHECK_MSG(fabs(w - 1000) < 2, "at K: %.2f", w);
	for (; round * 0.05 < 2 * k; round++)
		cct_round(&ct, rtt, 10 * MSS);
	w = (double)tp->snd_cwnd / MSS;
	ATF_CHECK_MSG(fabs(w - 1300) < 10, "at 2 K: %.2f", w);
	cct_close(&ct);
}

/* Small windows and round trips: as Reno with the same average. */
ATF_TC_WITHOUT_HEAD(reno_friendly);
ATF_TC_BODY(reno_friendly, tc)
{
	double expect, w;
	u_int round;

	cct_open(&ct, "cubic");
	tp->t_srtt_us = 1000;
	cct_window(&ct, 40 * MSS, 10 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	cct_recover(&ct);
	cct_ack(&ct, MSS);
	expect = (double)tp->snd_cwnd / MSS;
	ATF_REQUIRE_EQ(29 * MSS, tp->snd_cwnd);
	for (round = 0; round < 60; round++) {
		w = (double)tp->snd_cwnd / MSS;
		ATF_CHECK_MSG(fabs(w - expect) < 0.5, "round %u: %.2f, "
		    "not %.2f", round, w, expect);
		expect += expect < 40 ? 9.0 / 17 : 1;
		cct_round(&ct, 1 * MS, MSS);
	}
	cct_close(&ct);
}

/* No ACK is too small to count. */
ATF_TC_WITHOUT_HEAD(small_acks);
ATF_TC_BODY(small_acks, tc)
{
	static const uint32_t sizes[] = { 1, 7, MSS, 10 * MSS };
	uint32_t first = 0, grown;
	u_int i, round;

	for (i = 0; i < 2 * nitems(sizes); i++) {
		cct_open(&ct, "cubic");
		/* By W_cubic, then by W_est. */
		tp->t_srtt_us = i < nitems(sizes) ? 400000 : 1000;
		cct_window(&ct, 100 * MSS, 10 * MSS);
		cct_signal(&ct, CC_NDUPACK);
		cct_recover(&ct);
		cct_ack(&ct, MSS);
		cct_ack(&ct, 1);
		grown = tp->snd_cwnd;
		for (round = 0; round < 5; round++)
			cct_round(&ct, tp->t_srtt_us * NS_PER_USEC,
			    sizes[i % nitems(sizes)]);
		grown = tp->snd_cwnd - grown;
		if (i % nitems(sizes) == 0)
			first = grown;
		ATF_CHECK_MSG(first > 2 * MSS, "%u", first);
		ATF_CHECK_MSG(fabs((double)grown - first) < first * 0.06,
		    "ACKs of %u: %u, of %u: %u", sizes[0], first,
		    sizes[i % nitems(sizes)], grown);
		cct_close(&ct);
	}
}

ATF_TC_WITHOUT_HEAD(fast_convergence);
ATF_TC_BODY(fast_convergence, tc)
{
	static const uint32_t at[] = { 100, 80, 70, 60 };
	static const uint32_t w_max[] = { 100, 68, 70, 51 };
	u_int i;

	cct_open(&ct, "cubic");
	for (i = 0; i < nitems(at); i++) {
		cct_window(&ct, at[i] * MSS, 10 * MSS);
		cct_signal(&ct, CC_NDUPACK);
		ATF_CHECK_EQ(at[i] * MSS / 10 * 7, tp->snd_ssthresh);
		cct_signal(&ct, CC_NDUPACK);
		ATF_CHECK_EQ_MSG(w_max[i] * MSS, state()->stage.w_max,
		    "%u: %u", at[i], state()->stage.w_max);
		ATF_CHECK_EQ(at[i] * MSS, state()->stage.cwnd_prior);
		cct_recover(&ct);
	}
	/* And never under two segments. */
	cct_window(&ct, 2 * MSS, 10 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ(2 * MSS, tp->snd_ssthresh);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(target_clamp);
ATF_TC_BODY(target_clamp, tc)
{
	cct_open(&ct, "cubic");
	tp->t_srtt_us = 100000;
	cct_window(&ct, 100 * MSS, 10 * MSS);
	cct_ack(&ct, MSS);
	cct_advance(&ct, 1 * NS_PER_SEC);
	cct_window(&ct, 120 * MSS, 10 * MSS);
	cct_ack(&ct, MSS);
	ATF_CHECK_EQ_MSG(120 * MSS, tp->snd_cwnd, "never down");
	cct_advance(&ct, 1000 * NS_PER_SEC);
	cct_window(&ct, 100 * MSS, 10 * MSS);
	cct_ack(&ct, 100 * MSS);
	ATF_CHECK_EQ(150 * MSS, tp->snd_cwnd);
	/* An ACK of more than the window counts for the window. */
	cct_ack(&ct, 1000 * MSS);
	ATF_CHECK_EQ(225 * MSS, tp->snd_cwnd);
	/* As large as the peer can ever offer. */
	tp->snd_scale = 2;
	cct_ack(&ct, 200 * MSS);
	ATF_CHECK_EQ(TCP_MAXWIN << 2, tp->snd_cwnd);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(app_limited);
ATF_TC_BODY(app_limited, tc)
{
	uint32_t cwnd[2];
	u_int i, pause, round;

	for (pause = 0; pause < 2; pause++) {
		cct_open(&ct, "cubic");
		tp->t_srtt_us = 50000;
		cct_window(&ct, 200 * MSS, 10 * MSS);
		cct_signal(&ct, CC_NDUPACK);
		cct_recover(&ct);
		for (round = 0; round < 40; round++) {
			cct_round(&ct, 50 * MS, MSS);
			for (i = 0; round == 20 && pause && i < 30; i++) {
				cct_advance(&ct, NS_PER_SEC);
				tp->t_ccv.flags &= ~CCF_CWND_LIMITED;
				CC_ALGO(tp)->ack_received(&tp->t_ccv,
				    CC_ACK);
			}
		}
		cwnd[pause] = tp->snd_cwnd;
		cct_close(&ct);
	}
	ATF_CHECK_EQ_MSG(cwnd[0], cwnd[1], "%u without, %u with a pause",
	    cwnd[0], cwnd[1]);
}

ATF_TC_WITHOUT_HEAD(ecn);
ATF_TC_BODY(ecn, tc)
{
	cct_open(&ct, "cubic");
	cct_window(&ct, 100 * MSS, 10 * MSS);
	cct_signal(&ct, CC_ECN);
	ATF_CHECK_EQ(70 * MSS, tp->snd_cwnd);
	ATF_CHECK_EQ(70 * MSS, tp->snd_ssthresh);
	ATF_CHECK(IN_CONGRECOVERY(tp->t_flags) &&
	    !IN_FASTRECOVERY(tp->t_flags));
	cct_signal(&ct, CC_ECN);
	cct_signal(&ct, CC_NDUPACK);
	ATF_CHECK_EQ_MSG(70 * MSS, tp->snd_ssthresh, "once a window");
	ATF_CHECK(IN_FASTRECOVERY(tp->t_flags));
	cct_ack(&ct, MSS);
	ATF_CHECK_EQ_MSG(70 * MSS, tp->snd_cwnd, "not during recovery");
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(timeout);
ATF_TC_BODY(timeout, tc)
{
	const struct cubic_stage *st;
	struct cubic_stage before;

	cct_open(&ct, "cubic");
	tp->t_srtt_us = 100000;
	cct_window(&ct, 100 * MSS, 10 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	cct_recover(&ct);
	cct_round(&ct, 100 * MS, MSS);
	cct_round(&ct, 100 * MS, MSS);
	st = &state()->stage;
	ATF_REQUIRE(st->begun);
	before = *st;
	cct_window(&ct, 80 * MSS, 70 * MSS);
	cct_signal(&ct, CC_RTO);
	ATF_CHECK_EQ(MSS, tp->snd_cwnd);
	ATF_CHECK_EQ(56 * MSS, tp->snd_ssthresh);
	ATF_CHECK_EQ(80 * MSS, state()->stage.cwnd_prior);
	cct_signal(&ct, CC_RTO);
	ATF_CHECK_EQ_MSG(56 * MSS, tp->snd_ssthresh,
	    "the same data timed out again");

	/* It was spurious: as if nothing had been. */
	cct_signal(&ct, CC_RTO_ERR);
	ATF_CHECK(st->begun && st->w_max == before.w_max &&
	    st->k == before.k && st->epoch == before.epoch &&
	    st->w_est == before.w_est && st->cwnd_prior == before.cwnd_prior);

	/* It was not: slow start, and a stage with K = 0. */
	tp->t_rxtshift = 0;
	cct_window(&ct, 80 * MSS, 70 * MSS);
	cct_signal(&ct, CC_RTO);
	tp->t_rxtshift = 0;
	while (tp->snd_cwnd <= tp->snd_ssthresh)
		cct_ack(&ct, MSS);
	ATF_CHECK_EQ(57 * MSS, tp->snd_cwnd);
	ATF_CHECK(!st->begun);
	cct_ack(&ct, MSS);
	ATF_CHECK(st->begun && st->k == 0 && st->w_max == 57 * MSS);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(idle);
ATF_TC_BODY(idle, tc)
{
	cct_open(&ct, "cubic");
	cct_window(&ct, 100 * MSS, 10 * MSS);
	cct_signal(&ct, CC_NDUPACK);
	cct_recover(&ct);
	cct_round(&ct, 100 * MS, MSS);
	cct_advance(&ct, 100 * NS_PER_SEC);
	CC_ALGO(tp)->after_idle(&tp->t_ccv);
	ATF_CHECK_EQ(10 * MSS, tp->snd_cwnd);
	while (tp->snd_cwnd <= tp->snd_ssthresh)
		cct_ack(&ct, MSS);
	cct_ack(&ct, MSS);
	ATF_CHECK_EQ_MSG(100 * MSS, state()->stage.w_max, "it is kept");
	ATF_CHECK_EQ_MSG(ct.ct_host.th_now, state()->stage.epoch,
	    "the time of idleness counts");
	ATF_CHECK_MSG(tp->snd_cwnd < 80 * MSS, "%u", tp->snd_cwnd);
	cct_close(&ct);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, root);
	ATF_TP_ADD_TC(tp, window);
	ATF_TP_ADD_TC(tp, curve);
	ATF_TP_ADD_TC(tp, landmarks);
	ATF_TP_ADD_TC(tp, reno_friendly);
	ATF_TP_ADD_TC(tp, small_acks);
	ATF_TP_ADD_TC(tp, fast_convergence);
	ATF_TP_ADD_TC(tp, target_clamp);
	ATF_TP_ADD_TC(tp, app_limited);
	ATF_TP_ADD_TC(tp, ecn);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, idle);
	return (atf_no_error());
}

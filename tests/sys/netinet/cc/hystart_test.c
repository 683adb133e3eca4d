/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* HyStart++ (RFC 9406), through the hooks of the modules that have it. */
#define	STACKYARD_NO_KERNEL_NAMES
#include <sys/param.h>
#include <sys/systm.h>
#include <netinet/cc/cc_cubic.h>
#include <netinet/cc/cc_hystart.h>
#include <netinet/cc/cc_newreno.h>
#include <netinet/tcp_cong.h>

#include "cctest.h"

#define	FAR	((uint32_t)TCP_MAXWIN << TCP_MAX_WINSHIFT) /* ssthresh */

static struct cctest ct;
static struct tcpcb *const tp = &ct.ct_tp;
static uint32_t round_cnt;

static const struct cc_hystart *
state(void)
{
	if (strcmp(CC_ALGO(tp)->name, "cubic") == 0)
		return (&((struct cubic *)tp->t_ccv.cc_data)->hystart);
	return (&((struct newreno *)tp->t_ccv.cc_data)->hystart);
}

/* Open with a window of 100 segments. */
static void
begin(const char *name)
{
	cct_open(&ct, name);
	cct_window(&ct, 100 * MSS, FAR);
}

static void
samples(uint32_t usec, u_int n)
{
	while (n-- > 0)
		CC_ALGO(tp)->rttsample(&tp->t_ccv, usec, 0, 70 * MSS);
}

/* A new round, and n measurements in it. */
static void
in_round(uint32_t usec, u_int n)
{
	CC_ALGO(tp)->newround(&tp->t_ccv, ++round_cnt);
	samples(usec, n);
}

/* Growth by an ACK of 8 bytes. */
static uint32_t
growth(void)
{
	uint32_t before = tp->snd_cwnd;

	cct_ack(&ct, 8);
	return (tp->snd_cwnd - before);
}

static void
exits(const char *name)
{
	u_int i;

	begin(name);
	in_round(40000, 8);
	in_round(44999, 8);
	ATF_CHECK_EQ_MSG(8, growth(), "%s: less than an eighth more", name);
	in_round(50700, 7);
	ATF_CHECK_EQ_MSG(8, growth(), "%s: seven measurements", name);
	samples(50700, 1);
	ATF_CHECK_EQ_MSG(2, growth(), "%s: conservative", name);
	for (i = 0; i < 4; i++) {
		in_round(60000, 8);
		ATF_CHECK_EQ(2, growth());
		ATF_CHECK_EQ(FAR, tp->snd_ssthresh);
	}
	i = tp->snd_cwnd;
	in_round(60000, 8);
	ATF_CHECK_EQ_MSG(i, tp->snd_ssthresh, "%s: slow start is over", name);
	ATF_CHECK_EQ(HS_OFF, state()->hs_state);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(css);
ATF_TC_BODY(css, tc)
{
	exits("newreno");
	exits("cubic");
}

/* After it, cubic begins at the flat part of its curve (RFC 9438, 4.10). */
ATF_TC_WITHOUT_HEAD(cubic_stage);
ATF_TC_BODY(cubic_stage, tc)
{
	const struct cubic *cubic;
	u_int i;

	begin("cubic");
	in_round(40000, 8);
	for (i = 0; i < 6; i++)
		in_round(50000, 8);
	ATF_CHECK_EQ(100 * MSS, tp->snd_ssthresh);
	cct_ack(&ct, MSS);
	cct_ack(&ct, MSS);
	cubic = tp->t_ccv.cc_data;
	ATF_CHECK(cubic->stage.begun);
	ATF_CHECK_EQ(0, cubic->stage.k);
	ATF_CHECK_EQ(101 * MSS, cubic->stage.w_max);
	cct_close(&ct);
}

ATF_TC_WITHOUT_HEAD(resumes);
ATF_TC_BODY(resumes, tc)
{
	u_int i;

	begin("newreno");
	in_round(40000, 8);
	in_round(50000, 8);
	ATF_CHECK_EQ(2, growth());
	in_round(50000, 8);
	ATF_CHECK_EQ(2, growth());
	in_round(49000, 7);
	ATF_CHECK_EQ(2, growth());
	samples(49000, 1);
	ATF_CHECK_EQ_MSG(8, growth(), "the delay fell");
	/* Then it is this round's that the next ones are compared with. */
	in_round(54900, 8);
	ATF_CHECK_EQ(8, growth());
	in_round(62000, 8);
	ATF_CHECK_EQ(2, growth());
	for (i = 0; i < 4; i++)
		in_round(62000, 8);
	ATF_CHECK_EQ_MSG(FAR, tp->snd_ssthresh, "five rounds again");
	in_round(62000, 8);
	ATF_CHECK(tp->snd_ssthresh < FAR);
	cct_close(&ct);
}

/* The remainders of a quarter add up. */
ATF_TC_WITHOUT_HEAD(quarters);
ATF_TC_BODY(quarters, tc)
{
	u_int i;

	begin("newreno");
	in_round(40000, 8);
	in_round(50000, 8);
	for (i = 0; i < 400; i++)
		cct_ack(&ct, 1);
	ATF_CHECK_EQ(100 * MSS + 100, tp->snd_cwnd);
	ATF_REQUIRE_EQ(0, cct_sysctl(
	    "net.inet.tcp.cc.hystartplusplus.css_growth_div", "0"));
	ATF_CHECK_EQ_MSG(8, growth(), "no division by nothing");
	cct_close(&ct);
}

static void
set(const char *name, const char *value)
{
	char whole[80];

	(void)snprintf(whole, sizeof(whole),
	    "net.inet.tcp.cc.hystartplusplus.%s", name);
	ATF_REQUIRE_EQ(0, cct_sysctl(whole, value));
}

/* What a second round of `rtt', measured n times, makes of the growth. */
static uint32_t
second_round(uint32_t first, uint32_t rtt, u_int n)
{
	in_round(first, 8);
	in_round(rtt, n);
	return (growth());
}

ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	begin("newreno");
	set("css_rounds", "2");
	ATF_CHECK_EQ(2, second_round(40000, 50000, 8));
	in_round(60000, 8);
	ATF_CHECK_EQ(FAR, tp->snd_ssthresh);
	in_round(60000, 8);
	ATF_CHECK_MSG(tp->snd_ssthresh < FAR, "two rounds are enough");
	cct_close(&ct);

	begin("newreno");
	set("n_rttsamples", "3");
	ATF_CHECK_EQ(2, second_round(40000, 50000, 3));
	cct_close(&ct);

	begin("newreno");
	set("minrtt_thresh", "1000");
	ATF_CHECK_EQ(8, second_round(1000, 1999, 8));
	cct_close(&ct);
	begin("newreno");
	set("minrtt_thresh", "1000");
	ATF_CHECK_EQ(2, second_round(1000, 2000, 8));
	cct_close(&ct);

	begin("newreno");
	set("minrtt_thresh", "1000");
	set("maxrtt_thresh", "2000");
	ATF_CHECK_EQ(2, second_round(40000, 42000, 8));
	cct_close(&ct);

	begin("newreno");
	set("lowcwnd", "200");
	ATF_CHECK_EQ_MSG(8, second_round(40000, 60000, 8),
	    "too small to be watched");
	cct_close(&ct);
}

/* The threshold: an eighth, but not under 4 ms nor over 16 ms. */
ATF_TC_WITHOUT_HEAD(thresholds);
ATF_TC_BODY(thresholds, tc)
{
	static const struct {
		uint32_t	last, less, enough;
	} cases[] = {
		{ 1000, 4999, 5000 },
		{ 32000, 35999, 36000 },
		{ 80000, 89999, 90000 },
		{ 128000, 143999, 144000 },
		{ 800000, 815999, 816000 },
	};
	u_int i;

	for (i = 0; i < nitems(cases); i++) {
		begin("newreno");
		in_round(cases[i].last, 8);
		in_round(cases[i].less, 8);
		ATF_CHECK_EQ_MSG(8, growth(), "%u, %u", cases[i].last,
		    cases[i].less);
		cct_close(&ct);
		begin("newreno");
		in_round(cases[i].last, 8);
		in_round(cases[i].enough, 8);
		ATF_CHECK_EQ_MSG(2, growth(), "%u, %u", cases[i].last,
		    cases[i].enough);
		cct_close(&ct);
	}
}

ATF_TC_WITHOUT_HEAD(measurements);
ATF_TC_BODY(measurements, tc)
{
	u_int i;

	/* Of segments sent again: none. */
	begin("newreno");
	in_round(40000, 8);
	in_round(50000, 7);
	for (i = 0; i < 20; i++)
		CC_ALGO(tp)->rttsample(&tp->t_ccv, 50000, 1, 70 * MSS);
	ATF_CHECK_EQ(8, growth());
	/* The least of a round counts. */
	samples(40000, 1);
	ATF_CHECK_EQ(8, growth());
	/* A round without any: no comparison in the next. */
	in_round(0, 0);
	in_round(90000, 8);
	ATF_CHECK_EQ(8, growth());
	cct_close(&ct);

	/* A small window. */
	begin("newreno");
	cct_window(&ct, 15 * MSS, FAR);
	in_round(40000, 8);
	in_round(50000, 8);
	ATF_CHECK_EQ(8, growth());
	cct_window(&ct, 16 * MSS, FAR);
	samples(50000, 1);
	ATF_CHECK_EQ(2, growth());
	cct_close(&ct);
}

/* When it must not work. */
ATF_TC_WITHOUT_HEAD(off);
ATF_TC_BODY(off, tc)
{
	static const ccsignal_t signals[] = { CC_NDUPACK, CC_ECN, CC_RTO };
	u_int i;

	for (i = 0; i < nitems(signals); i++) {
		begin(i == 0 ? "cubic" : "newreno");
		ATF_CHECK_EQ(HS_SLOWSTART, state()->hs_state);
		cct_signal(&ct, signals[i]);
		ATF_CHECK_EQ(HS_OFF, state()->hs_state);
		EXIT_RECOVERY(tp->t_flags);
		cct_window(&ct, 100 * MSS, 5000 * MSS);
		in_round(40000, 8);
		in_round(50000, 8);
		ATF_CHECK_EQ(8, growth());
		cct_close(&ct);
	}
	begin("newreno");
	tp->t_ccv.flags &= ~CCF_HYSTART_ALLOWED;
	CC_ALGO(tp)->conn_init(&tp->t_ccv);
	ATF_CHECK_EQ_MSG(HS_OFF, state()->hs_state, "the block forbids it");
	tp->t_ccv.flags |= CCF_HYSTART_ALLOWED;
	tp->snd_ssthresh = 500 * MSS;
	CC_ALGO(tp)->conn_init(&tp->t_ccv);
	ATF_CHECK_EQ_MSG(HS_OFF, state()->hs_state, "ssthresh is known");
	tp->snd_ssthresh = FAR;
	CC_ALGO(tp)->conn_init(&tp->t_ccv);
	ATF_CHECK_EQ(HS_SLOWSTART, state()->hs_state);
	cct_close(&ct);
}

/* Leave CSS with these flags set. */
static void
leave(uint32_t flags)
{
	u_int i;

	begin("newreno");
	tp->t_ccv.flags |= flags;
	in_round(40000, 8);
	for (i = 0; i < 6; i++)
		in_round(50000, 8);
	ATF_CHECK_EQ(HS_OFF, state()->hs_state);
}

ATF_TC_WITHOUT_HEAD(cautious);
ATF_TC_BODY(cautious, tc)
{
	leave(CCF_HYSTART_CONS_SSTH);
	ATF_CHECK_EQ_MSG(70 * MSS, tp->snd_ssthresh,
	    "what was in flight when the delay rose");
	ATF_CHECK_EQ(100 * MSS, tp->snd_cwnd);
	cct_close(&ct);
	leave(CCF_HYSTART_CONS_SSTH | CCF_HYSTART_CAN_SH_CWND);
	ATF_CHECK_EQ(70 * MSS, tp->snd_ssthresh);
	ATF_CHECK_EQ(70 * MSS, tp->snd_cwnd);
	cct_close(&ct);
}

/*
 * What a module is told in one call, or not told (CCF_GROWTH_ONLY), comes to
 * the same as each by itself: once so and once so, of the same connection.
 */
#define	STEPS	3000
static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return ((*seed >> 8) % n);
}

/* An ACK: of how much, after how long, with what in flight. */
static void
told(bool together, uint32_t acked, uint32_t us, uint32_t fas)
{
	tp->snd_una += acked;
	tp->snd_max = tp->snd_una + fas - acked;
	if (together) {
		tcp_round_measured(tp, us, fas, tp->snd_una);
		cc_progress(tp, acked, 0);
		return;
	}
	CC_ALGO(tp)->rttsample(&tp->t_ccv, us, 0, fas);
	if (SEQ_GEQ(tp->snd_una, tp->t_round_end))
		tcp_round_begin(tp);
	cc_ack_received(tp, acked, 1, CC_ACK);
}

static void
connection(const char *name, bool together, uint32_t seed, uint32_t *seen)
{
	static const ccsignal_t signals[] = { CC_ECN, CC_RTO, CC_RTO_ERR };
	uint32_t acked, what;
	u_int i;

	cct_open(&ct, name);
	tp->t_round_end = tp->snd_max;
	for (i = 0; i < STEPS; i++) {
		what = draw(&seed, 1000);
		cct_advance(&ct, draw(&seed, 40) * MS);
		acked = 1 + draw(&seed, 2 * MSS);
		told(together, acked, 20000 + draw(&seed, 3000) +
		    (draw(&seed, 900) < i ? 9000 : 0), acked +
		    (draw(&seed, 3) == 0 ? 0 : tp->snd_cwnd));
		if (i > STEPS / 3 && what < nitems(signals)) {
			cct_signal(&ct, signals[what]);
			EXIT_RECOVERY(tp->t_flags);
		}
		*seen++ = tp->snd_cwnd;
		*seen++ = tp->snd_ssthresh;
		*seen++ = tp->t_bytes_acked;
		*seen++ = tp->t_round;
	}
	cct_close(&ct);
}

ATF_TC(together);
ATF_TC_HEAD(together, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is told at once, or not at all");
}
ATF_TC_BODY(together, tc)
{
	static const char *const names[] = { "cubic", "newreno" };
	static uint32_t seen[2][4 * STEPS];
	uint32_t seed;
	u_int i;

	for (seed = 1; seed <= 20; seed++) {
		for (i = 0; i < 2; i++)
			connection(names[seed % 2], i == 1, seed, seen[i]);
		for (i = 0; i < nitems(seen[0]); i++)
			ATF_REQUIRE_MSG(seen[0][i] == seen[1][i], "%s, seed "
			    "%u, step %u, number %u: %u, but together %u",
			    names[seed % 2], seed, i / 4, i % 4, seen[0][i],
			    seen[1][i]);
		ATF_CHECK_MSG(seen[0][4 * STEPS - 3] != FAR,
		    "slow start never ended");
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, together);
	ATF_TP_ADD_TC(tp, css);
	ATF_TP_ADD_TC(tp, cubic_stage);
	ATF_TP_ADD_TC(tp, resumes);
	ATF_TP_ADD_TC(tp, quarters);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, thresholds);
	ATF_TP_ADD_TC(tp, measurements);
	ATF_TP_ADD_TC(tp, off);
	ATF_TP_ADD_TC(tp, cautious);
	return (atf_no_error());
}

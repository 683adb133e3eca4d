/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What is left to chance: how often, exactly how often for a seed, and that
 * one impairment does not disturb another.  The exact counts come from a
 * second implementation of the streams, in another language.
 */
#include "world.h"

#define	N	20000			/* packets of a run */
#define	LEN	100

/* Send N packets one after the other and let them all arrive. */
static struct world *
run(const struct dn_config *cfg)
{
	struct world *w = world_begin(cfg);
	u_int i;

	for (i = 0; i < N; i += 100) {
		world_send(w, 100, LEN, i);
		world_run(w, w->w_now + MS);
	}
	world_run(w, w->w_now + SEC);
	world_conserve(w);
	return (w);
}

/* Within 4 standard deviations of a binomial distribution? */
static bool
likely(uint64_t count, double n, double prob)
{
	double off = (double)count - n * prob;

	return (off * off <= 16 * n * prob * (1 - prob));
}

/* seen[i]: how often packet i came out. */
static void
census(const struct world *w, uint8_t seen[N])
{
	u_int i;

	memset(seen, 0, N);
	for (i = 0; i < w->w_n; i++)
		seen[w->w_seen[i].s_id]++;
}

ATF_TC_WITHOUT_HEAD(loss);
ATF_TC_BODY(loss, tc)
{
	static const struct { double percent; uint64_t seed, lost; } t[] = {
		{ 1, 1, 193 }, { 1, 2, 198 }, { 10, 1, 1979 }, { 50, 3, 9989 }
	};
	struct dn_config cfg = { 0 };
	struct dn_stats ds;
	struct world *w;
	u_int i;

	for (i = 0; i < nitems(t); i++) {
		cfg.dc_loss = PERCENT(t[i].percent);
		cfg.dc_seed = t[i].seed;
		w = run(&cfg);
		ds = world_stats(w);
		ATF_CHECK(likely(ds.ds_loss_drops, N, t[i].percent / 100));
		ATF_CHECK_EQ_MSG(t[i].lost, ds.ds_loss_drops, "%ju",
		    (uintmax_t)ds.ds_loss_drops);
		world_end(w);
	}
	cfg.dc_loss = DN_PROB_ONE;
	w = run(&cfg);
	ATF_CHECK_EQ(0, w->w_n);
	world_end(w);
}

/* Bursts last 1 / leave, and take enter / (enter + leave) of the packets. */
ATF_TC_WITHOUT_HEAD(burst);
ATF_TC_BODY(burst, tc)
{
	struct dn_config cfg = { .dc_ge_enter = PERCENT(1),
	    .dc_ge_leave = PERCENT(25), .dc_ge_loss_bad = DN_PROB_ONE,
	    .dc_seed = 5 };
	struct world *w = run(&cfg);
	uint8_t seen[N];
	u_int bursts, i, lost;

	census(w, seen);
	for (bursts = lost = 0, i = 1; i < N; i++) {
		lost += seen[i] == 0;
		bursts += seen[i] == 0 && seen[i - 1] != 0;
	}
	ATF_CHECK_EQ_MSG(683, lost, "%u", lost);
	ATF_CHECK_EQ_MSG(202, bursts, "%u", bursts);
	ATF_CHECK(lost * 10 > bursts * 32 && lost * 10 < bursts * 48);
	ATF_CHECK(lost > N * 3 / 100 && lost < N * 5 / 100);
	world_end(w);
}

/* Each state has its own loss. */
ATF_TC_WITHOUT_HEAD(states);
ATF_TC_BODY(states, tc)
{
	struct dn_config cfg = { .dc_ge_enter = PERCENT(5),
	    .dc_ge_leave = PERCENT(5), .dc_ge_loss_good = PERCENT(2),
	    .dc_ge_loss_bad = PERCENT(40), .dc_seed = 6 };
	struct world *w = run(&cfg);
	struct dn_stats ds = world_stats(w);

	ATF_CHECK(ds.ds_loss_drops > N * 19 / 100);
	ATF_CHECK(ds.ds_loss_drops < N * 23 / 100);
	world_end(w);
}

ATF_TC_WITHOUT_HEAD(duplicate);
ATF_TC_BODY(duplicate, tc)
{
	struct dn_config cfg = { .dc_duplicate = PERCENT(5), .dc_seed = 8 };
	struct world *w = run(&cfg);
	struct dn_stats ds = world_stats(w);
	u_int i, twins;

	ATF_CHECK(likely(ds.ds_duplicates, N, 0.05));
	ATF_CHECK_EQ(N + ds.ds_duplicates, w->w_n);
	for (twins = 0, i = 1; i < w->w_n; i++) {
		ATF_REQUIRE_EQ(LEN, w->w_seen[i].s_len);
		twins += w->w_seen[i].s_id == w->w_seen[i - 1].s_id;
	}
	ATF_CHECK_EQ(ds.ds_duplicates, twins);
	world_end(w);
}

/* A packet that is held back comes out behind gap others. */
static void
reorder_check(uint32_t gap, uint32_t expected)
{
	struct dn_config cfg = { .dc_reorder = PERCENT(1), .dc_seed = 9,
	    .dc_reorder_gap = gap };
	struct world *w = run(&cfg);
	struct dn_stats ds = world_stats(w);
	u_int at[N], i, j, late, passed;
	uint8_t behind[N];

	ATF_CHECK(likely(ds.ds_reordered, N, 0.01));
	ATF_REQUIRE_EQ(N, w->w_n);
	memset(behind, 0, sizeof(behind));
	for (i = 0; i < N; i++)
		at[w->w_seen[i].s_id] = i;
	for (late = 0, i = 0; i + 50 < N; i++) {
		for (passed = 0, j = i + 1; j < i + 50; j++)
			passed += at[j] < at[i] && !behind[j];
		behind[i] = passed > 0;
		late += passed > 0;
		if (passed > 0)
			ATF_CHECK(passed <= expected && passed * 2 > expected);
	}
	ATF_CHECK(late <= ds.ds_reordered && late + 2 >= ds.ds_reordered);
	world_end(w);
}

ATF_TC_WITHOUT_HEAD(reorder);
ATF_TC_BODY(reorder, tc)
{

	reorder_check(0, 3);
	reorder_check(1, 1);
	reorder_check(10, 10);
}

/* The exact place, and the time after which nobody is waited for. */
ATF_TC_WITHOUT_HEAD(reorder_timeout);
ATF_TC_BODY(reorder_timeout, tc)
{
	struct dn_config cfg = { .dc_delay = MS, .dc_reorder = DN_PROB_ONE };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now;

	world_send(w, 1, LEN, 0);
	world_run(w, t0 + MS);
	cfg.dc_reorder = 0;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 5, LEN, 1);
	world_run(w, t0 + 2 * MS);
	ATF_REQUIRE_EQ(6, w->w_n);
	ATF_CHECK_EQ(3, w->w_seen[2].s_id);
	ATF_CHECK_EQ(0, w->w_seen[3].s_id);
	ATF_CHECK_EQ(4, w->w_seen[4].s_id);

	/* Too few follow: 10 ms, or the delay if that is more. */
	cfg.dc_reorder = DN_PROB_ONE;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 2, LEN, 6);
	world_run(w, t0 + 3 * MS + DN_HOLD_MIN - 1);
	ATF_CHECK_EQ(6, w->w_n);
	world_run(w, t0 + 3 * MS + DN_HOLD_MIN);
	ATF_CHECK_EQ(8, w->w_n);
	cfg.dc_delay = 30 * MS;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 1, LEN, 8);
	t0 = w->w_now;
	world_run(w, t0 + SEC);
	ATF_REQUIRE_EQ(9, w->w_n);
	ATF_CHECK_EQ(t0 + 60 * MS, w->w_seen[8].s_when);
	world_end(w);
}

/* The same seed does the same; another does something else. */
ATF_TC_WITHOUT_HEAD(seed);
ATF_TC_BODY(seed, tc)
{
	struct dn_config cfg = { .dc_loss = PERCENT(3), .dc_seed = 1,
	    .dc_jitter = MS, .dc_jitter_reorder = true, .dc_delay = MS,
	    .dc_reorder = PERCENT(2), .dc_duplicate = PERCENT(1) };
	struct world *a = run(&cfg), *b = run(&cfg), *c;

	ATF_REQUIRE_EQ(a->w_n, b->w_n);
	ATF_CHECK_EQ(0, memcmp(a->w_seen, b->w_seen,
	    a->w_n * sizeof(a->w_seen[0])));
	world_end(b);
	cfg.dc_seed = 2;
	c = run(&cfg);
	ATF_CHECK(a->w_n != c->w_n || memcmp(a->w_seen, c->w_seen,
	    a->w_n * sizeof(a->w_seen[0])) != 0);
	world_end(c);
	world_end(a);
}

/* Jitter, reordering and corruption change nothing in who is lost. */
ATF_TC_WITHOUT_HEAD(independence);
ATF_TC_BODY(independence, tc)
{
	struct dn_config cfg = { .dc_loss = PERCENT(3), .dc_seed = 1 };
	static uint8_t plain[N], jittered[N];
	struct world *w;

	w = run(&cfg);
	census(w, plain);
	world_end(w);
	cfg.dc_jitter = 3 * MS;
	cfg.dc_jitter_reorder = true;
	cfg.dc_reorder = PERCENT(5);
	w = run(&cfg);
	ATF_CHECK(world_stats(w).ds_reordered > 0);
	census(w, jittered);
	world_end(w);
	ATF_CHECK_EQ(0, memcmp(plain, jittered, N));
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, loss);
	ATF_TP_ADD_TC(tp, burst);
	ATF_TP_ADD_TC(tp, states);
	ATF_TP_ADD_TC(tp, duplicate);
	ATF_TP_ADD_TC(tp, reorder);
	ATF_TP_ADD_TC(tp, reorder_timeout);
	ATF_TP_ADD_TC(tp, seed);
	ATF_TP_ADD_TC(tp, independence);
	return (atf_no_error());
}

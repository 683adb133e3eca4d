/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * When packets leave a pipe, and what its queue holds meanwhile.  Times are
 * computed here by hand, from the sum of bits, and compared exactly.
 */
#include "world.h"

#define	LEN	1000			/* bytes of a frame, all of it counts */

/* ns, rounded up to the callouts' microsecond. */
static nstime_t
usec_up(nstime_t ns)
{

	return (roundup(ns, US));
}

/* The sum of n packets' bits, rounded down to a nanosecond. */
static nstime_t
train_ns(uint64_t n, uint64_t rate)
{

	return (n * LEN * 8 * SEC / rate);
}

ATF_TC_WITHOUT_HEAD(nothing);
ATF_TC_BODY(nothing, tc)
{
	struct dn_config cfg = { 0 };
	struct world *w = world_begin(&cfg);

	world_send(w, 100, LEN, 0);
	ATF_CHECK_EQ(100, w->w_n);
	ATF_CHECK_EQ(w->w_now, w->w_seen[99].s_when);
	world_conserve(w);
	world_end(w);
}

ATF_TC_WITHOUT_HEAD(train);
ATF_TC_BODY(train, tc)
{
	struct dn_config cfg = { .dc_rate = 7 * MBIT, .dc_delay = 20 * MS,
	    .dc_queue_packets = 1000 };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now;
	u_int i;

	world_send(w, 1000, LEN, 0);
	world_run(w, t0 + 10 * SEC);
	ATF_REQUIRE_EQ(1000, w->w_n);
	for (i = 0; i < 1000; i++) {
		ATF_REQUIRE_EQ(i, w->w_seen[i].s_id);
		ATF_REQUIRE_EQ(usec_up(t0 + train_ns(i + 1, cfg.dc_rate) +
		    cfg.dc_delay), w->w_seen[i].s_when);
	}
	ATF_CHECK_EQ(train_ns(1000, cfg.dc_rate), world_stats(w).ds_busy_ns);
	world_end(w);
}

/* A rate of more than a packet in a nanosecond still adds up. */
ATF_TC_WITHOUT_HEAD(fast);
ATF_TC_BODY(fast, tc)
{
	struct dn_config cfg = { .dc_rate = DN_RATE_MAX,
	    .dc_queue_packets = 30000 };
	struct world *w = world_begin(&cfg);

	world_send(w, 30000, LEN, 0);
	world_run(w, w->w_now + SEC);
	ATF_CHECK_EQ(30000, w->w_n);
	ATF_CHECK_EQ(30000 * LEN * 8 / (DN_RATE_MAX / SEC),
	    world_stats(w).ds_busy_ns);
	world_end(w);
}

/* The fraction of a nanosecond that a train leaves (6/7 here) is not carried
 * over an idle time. */
ATF_TC_WITHOUT_HEAD(idle);
ATF_TC_BODY(idle, tc)
{
	struct dn_config cfg = { .dc_rate = 7 * MBIT };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now, t1 = t0 + SEC;

	world_send(w, 6, LEN, 0);
	world_run(w, t1);
	world_send(w, 1, LEN, 6);
	world_run(w, t1 + SEC);
	ATF_REQUIRE_EQ(7, w->w_n);
	ATF_CHECK_EQ(usec_up(t0 + train_ns(1, cfg.dc_rate)),
	    w->w_seen[0].s_when);
	ATF_CHECK_EQ(usec_up(t0 + train_ns(6, cfg.dc_rate)),
	    w->w_seen[5].s_when);
	ATF_CHECK_EQ(usec_up(t1 + train_ns(1, cfg.dc_rate)),
	    w->w_seen[6].s_when);
	ATF_CHECK_EQ(train_ns(6, cfg.dc_rate) + train_ns(1, cfg.dc_rate),
	    world_stats(w).ds_busy_ns);
	world_end(w);
}

/* Packets of different sizes, that come while others wait. */
ATF_TC_WITHOUT_HEAD(mixed);
ATF_TC_BODY(mixed, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_delay = 3 * MS };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now;

	world_send(w, 1, 1500, 0);		/* sent at 1500 us */
	world_run(w, t0 + 100 * US);
	world_send(w, 1, 60, 1);		/* 1560 us */
	world_run(w, t0 + 1530 * US);
	world_send(w, 1, 200, 2);		/* 1760 us */
	world_run(w, t0 + SEC);
	ATF_REQUIRE_EQ(3, w->w_n);
	ATF_CHECK_EQ(t0 + 4500 * US, w->w_seen[0].s_when);
	ATF_CHECK_EQ(t0 + 4560 * US, w->w_seen[1].s_when);
	ATF_CHECK_EQ(t0 + 4760 * US, w->w_seen[2].s_when);
	world_end(w);
}

/* Packets of equal times come out in the order they went in. */
ATF_TC_WITHOUT_HEAD(order);
ATF_TC_BODY(order, tc)
{
	struct dn_config cfg = { .dc_delay = 5 * MS,
	    .dc_jitter_reorder = true };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now;
	u_int i;

	world_send(w, 500, LEN, 0);
	world_run(w, t0 + 5 * MS - 1);
	ATF_CHECK_EQ(0, w->w_n);
	world_run(w, t0 + 5 * MS);
	ATF_REQUIRE_EQ(500, w->w_n);
	for (i = 0; i < 500; i++)
		ATF_REQUIRE_EQ(i, w->w_seen[i].s_id);
	world_end(w);
}

/* One is being sent, `fit' wait, the rest is dropped. */
static void
limit_check(const struct dn_config *cfg, u_int fit)
{
	struct world *w = world_begin(cfg);
	struct dn_stats ds;

	world_send(w, 200, LEN, 0);
	ds = world_stats(w);
	ATF_CHECK_EQ(fit, ds.ds_queue_packets);
	ATF_CHECK_EQ(fit, ds.ds_queue_packets_max);
	ATF_CHECK_EQ(fit * LEN, ds.ds_queue_bytes);
	ATF_CHECK_EQ(200 - fit - 1, ds.ds_queue_drops);
	ATF_CHECK_EQ(1, ds.ds_line_packets);
	world_conserve(w);
	/* The first is sent; the next leaves its place to one more. */
	world_run(w, w->w_now + train_ns(1, cfg->dc_rate));
	world_send(w, 2, LEN, 200);
	ds = world_stats(w);
	ATF_CHECK_EQ(fit, ds.ds_queue_packets);
	ATF_CHECK_EQ(200 - fit, ds.ds_queue_drops);
	world_run(w, w->w_now + 10 * SEC);
	ATF_REQUIRE_EQ(fit + 2, w->w_n);
	ATF_CHECK_EQ(200, w->w_seen[w->w_n - 1].s_id);
	world_conserve(w);
	world_end(w);
}

ATF_TC_WITHOUT_HEAD(limit);
ATF_TC_BODY(limit, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_delay = 10 * MS };

	limit_check(&cfg, 50);
	cfg.dc_queue_bdp = 1000;	/* 8 Mbit/s * 20 ms = 20,000 bytes */
	limit_check(&cfg, 20);
	cfg.dc_queue_bdp = 1500;
	limit_check(&cfg, 30);
	cfg.dc_base_rtt = 4 * MS;
	limit_check(&cfg, 6);
	cfg.dc_queue_packets = 7;
	limit_check(&cfg, 7);
	cfg.dc_queue_bytes = 4999;
	limit_check(&cfg, 4);
	cfg.dc_queue_bytes = 1;		/* an empty queue takes any */
	limit_check(&cfg, 1);
}

/* The integral of the queue's length, and the link's time. */
ATF_TC_WITHOUT_HEAD(integral);
ATF_TC_BODY(integral, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now;
	struct dn_stats ds;

	world_send(w, 4, LEN, 0);	/* 3 wait, one leaves each ms */
	world_run(w, t0 + 1500 * US);
	ds = world_stats(w);
	ATF_CHECK_EQ((3 * MS + 2 * 500 * US) * LEN, ds.ds_queue_byte_ns);
	ATF_CHECK_EQ(1500 * US, ds.ds_busy_ns);
	ATF_CHECK_EQ(t0, ds.ds_since);
	dn_resetstats(&w->w_if);
	ds = world_stats(w);
	ATF_CHECK_EQ(0, ds.ds_queue_byte_ns);
	ATF_CHECK_EQ(0, ds.ds_busy_ns);
	ATF_CHECK_EQ(2, ds.ds_queue_packets_max);
	ATF_CHECK_EQ(w->w_now, ds.ds_since);
	world_run(w, t0 + SEC);
	ds = world_stats(w);
	ATF_CHECK_EQ((2 * 500 * US + MS) * LEN, ds.ds_queue_byte_ns);
	ATF_CHECK_EQ(2500 * US, ds.ds_busy_ns);
	ATF_CHECK_EQ(0, ds.ds_in_packets);
	ATF_CHECK_EQ(3, ds.ds_out_packets);
	ATF_CHECK_EQ(3 * LEN, ds.ds_out_bytes);
	world_end(w);
}

/* Jitter spreads over its whole range and keeps order. */
ATF_TC_WITHOUT_HEAD(jitter);
ATF_TC_BODY(jitter, tc)
{
	struct dn_config cfg = { .dc_delay = 10 * MS, .dc_jitter = 4 * MS,
	    .dc_seed = 7 };
	struct world *w = world_begin(&cfg);
	nstime_t sent, late, latest = 0, earliest = UINT64_MAX, t0 = w->w_now;
	u_int i;

	for (i = 0; i < 2000; i++) {
		world_send(w, 1, LEN, i);
		world_run(w, w->w_now + 10 * MS);
	}
	world_run(w, w->w_now + SEC);
	ATF_REQUIRE_EQ(2000, w->w_n);
	for (i = 0; i < w->w_n; i++) {
		ATF_REQUIRE_EQ(i, w->w_seen[i].s_id);
		sent = t0 + i * 10 * MS;
		late = w->w_seen[i].s_when - sent;
		earliest = u64min(earliest, late);
		latest = u64max(latest, late);
	}
	ATF_CHECK(earliest >= 10 * MS && earliest < 10 * MS + 20 * US);
	ATF_CHECK(latest <= 14 * MS && latest > 14 * MS - 20 * US);
	world_end(w);
}

/* Many at once: their times are sorted; only the flag lets them overtake. */
ATF_TC_WITHOUT_HEAD(jitter_order);
ATF_TC_BODY(jitter_order, tc)
{
	struct dn_config cfg = { .dc_delay = 10 * MS, .dc_jitter = 4 * MS,
	    .dc_seed = 7 };
	struct world *w;
	u_int i, overtaken, reorder;

	for (reorder = 0; reorder < 2; reorder++) {
		cfg.dc_jitter_reorder = reorder != 0;
		w = world_begin(&cfg);
		world_send(w, 300, LEN, 0);
		world_run(w, w->w_now + 20 * MS);
		ATF_REQUIRE_EQ(300, w->w_n);
		for (overtaken = 0, i = 1; i < 300; i++) {
			ATF_REQUIRE(w->w_seen[i].s_when >=
			    w->w_seen[i - 1].s_when);
			overtaken += w->w_seen[i].s_id < w->w_seen[i - 1].s_id;
		}
		if (reorder)
			ATF_CHECK(overtaken > 100);
		else
			ATF_CHECK_EQ(0, overtaken);
		ATF_CHECK(w->w_seen[299].s_when - w->w_seen[0].s_when <=
		    4 * MS);
		world_end(w);
	}
}

/* Nothing happens between arrivals, yet being looked at all the time makes no
 * difference: no packet that overtakes is found too late. */
ATF_TC_WITHOUT_HEAD(looking);
ATF_TC_BODY(looking, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_jitter = 9 * MS,
	    .dc_jitter_reorder = true, .dc_queue_packets = 500 };
	struct world *a = world_begin(&cfg), *b;
	u_int i;

	for (i = 0; i < 300; i++)
		world_send(a, 1, 60 + (int)(i * 97 % 1000), i);
	world_run(a, 2 * SEC);
	ATF_REQUIRE_EQ(300, a->w_n);
	b = world_begin(&cfg);
	for (i = 0; i < 300; i++)
		world_send(b, 1, 60 + (int)(i * 97 % 1000), i);
	for (; b->w_now < 2 * SEC; world_run(b, b->w_now + 10 * US))
		ATF_REQUIRE_EQ(0, dn_reconfigure(&b->w_if, &cfg));
	ATF_REQUIRE_EQ(300, b->w_n);
	for (i = 0; i < 300; i++) {
		ATF_REQUIRE_EQ(a->w_seen[i].s_id, b->w_seen[i].s_id);
		ATF_REQUIRE_EQ(a->w_seen[i].s_when, b->w_seen[i].s_when);
	}
	world_end(b);
	world_end(a);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, nothing);
	ATF_TP_ADD_TC(tp, train);
	ATF_TP_ADD_TC(tp, fast);
	ATF_TP_ADD_TC(tp, idle);
	ATF_TP_ADD_TC(tp, mixed);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, integral);
	ATF_TP_ADD_TC(tp, jitter);
	ATF_TP_ADD_TC(tp, jitter_order);
	ATF_TP_ADD_TC(tp, looking);
	return (atf_no_error());
}

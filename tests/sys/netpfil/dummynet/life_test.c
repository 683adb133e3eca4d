/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A pipe's life: bad configurations, queue disciplines, changes while it
 * runs, its end with packets inside, and memory that runs short.
 */
#include "world.h"
#include <sys/malloc.h>
#include <netinet/ip.h>

#define	LEN	1000

ATF_TC_WITHOUT_HEAD(invalid);
ATF_TC_BODY(invalid, tc)
{
	const struct dn_config good = { .dc_delay = MS };
	struct world *w = world_begin(&good);
	struct dn_config bad[] = {
		{ .dc_loss = DN_PROB_ONE + 1 },
		{ .dc_ge_enter = DN_PROB_ONE + 1 },
		{ .dc_ge_leave = DN_PROB_ONE + 1 },
		{ .dc_ge_loss_good = DN_PROB_ONE + 1 },
		{ .dc_ge_loss_bad = DN_PROB_ONE + 1 },
		{ .dc_reorder = DN_PROB_ONE + 1 },
		{ .dc_duplicate = DN_PROB_ONE + 1 },
		{ .dc_corrupt = DN_PROB_ONE + 1 },
		{ .dc_rate = DN_RATE_MAX + 1 },
		{ .dc_delay = DN_DELAY_MAX + 1 },
		{ .dc_jitter = DN_DELAY_MAX + 1 },
		{ .dc_base_rtt = 2 * DN_DELAY_MAX + 1 },
		{ .dc_aqm = "nonesuch" },
		{ .dc_aqm = { 'd', 'r', 'o', 'p', 't', 'a', 'i', 'l', 'x',
		    'x', 'x', 'x', 'x', 'x', 'x', 'x' } },
	};
	void *pipe = w->w_if.if_pipe;
	u_int i;

	for (i = 0; i < nitems(bad); i++) {
		ATF_CHECK_EQ(EINVAL, dn_attach(&w->w_if, &bad[i]));
		ATF_CHECK_EQ(EINVAL, dn_reconfigure(&w->w_if, &bad[i]));
	}
	ATF_CHECK_EQ(pipe, w->w_if.if_pipe);
	world_send(w, 1, LEN, 0);
	world_run(w, w->w_now + MS);
	ATF_CHECK_EQ(1, w->w_n);
	world_end(w);
}

ATF_TC_WITHOUT_HEAD(none);
ATF_TC_BODY(none, tc)
{
	struct dn_config cfg = { 0 };
	struct world *w = world_begin(&cfg);
	struct dn_stats ds;

	dn_detach(&w->w_if);
	dn_detach(&w->w_if);
	dn_resetstats(&w->w_if);
	ATF_CHECK_EQ(ENOENT, dn_getstats(&w->w_if, &ds));
	ATF_CHECK_EQ(ENOENT, dn_reconfigure(&w->w_if, &cfg));
	ATF_CHECK(w->w_if.if_pipe_lower == NULL);
	world_end(w);
}

/* Extremes are served, if slowly. */
ATF_TC_WITHOUT_HEAD(extremes);
ATF_TC_BODY(extremes, tc)
{
	struct dn_config cfg = { .dc_rate = 1, .dc_delay = DN_DELAY_MAX,
	    .dc_jitter = DN_DELAY_MAX, .dc_queue_bdp = UINT32_MAX,
	    .dc_base_rtt = 2 * DN_DELAY_MAX, .dc_queue_bytes = UINT64_MAX };
	struct world *w = world_begin(&cfg);

	world_send(w, 1000, LEN, 0);
	ATF_CHECK_EQ(999, world_stats(w).ds_queue_packets);
	world_run(w, w->w_now + 20000 * SEC + DN_DELAY_MAX);
	ATF_CHECK(world_stats(w).ds_queue_packets <= 989);
	cfg = (struct dn_config){ .dc_rate = DN_RATE_MAX,
	    .dc_queue_bdp = UINT32_MAX, .dc_base_rtt = 2 * DN_DELAY_MAX };
	ATF_CHECK_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 1000, LEN, 0);
	world_conserve(w);
	world_end(w);
}

/* A discipline that drops every third packet. */
static int
third_enqueue(void *state, const struct dn_config *cfg __unused,
    const struct dn_queue_view *q, struct mbuf *m __unused)
{
	uint32_t *n = state;

	ATF_CHECK_EQ(50, q->dq_limit_packets);
	return (++*n % 3 == 0 ? ENOBUFS : 0);
}

static const struct dn_aqm third = {
	.da_name = "third",
	.da_statesize = sizeof(uint32_t),
	.da_enqueue = third_enqueue,
};
static const struct dn_aqm other_third = {
	.da_name = "third",
	.da_enqueue = third_enqueue,
};

ATF_TC_WITHOUT_HEAD(aqm_enqueue);
ATF_TC_BODY(aqm_enqueue, tc)
{
	struct dn_config cfg = { 0 };
	struct world *w = world_begin(&cfg);
	u_int i;

	ATF_CHECK_EQ(ENOENT, dn_aqm_unregister(&third));
	ATF_REQUIRE_EQ(0, dn_aqm_register(&third));
	ATF_CHECK_EQ(EEXIST, dn_aqm_register(&third));
	ATF_CHECK_EQ(EEXIST, dn_aqm_register(&other_third));
	ATF_CHECK_EQ(ENOENT, dn_aqm_unregister(&other_third));
	strlcpy(cfg.dc_aqm, "third", sizeof(cfg.dc_aqm));
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	ATF_CHECK_EQ(EBUSY, dn_aqm_unregister(&third));
	world_send(w, 30, LEN, 0);
	ATF_REQUIRE_EQ(20, w->w_n);
	for (i = 0; i < 20; i++)
		ATF_CHECK_EQ(i * 3 / 2, w->w_seen[i].s_id);
	ATF_CHECK_EQ(10, world_stats(w).ds_queue_drops);
	/* The state stays with a change of something else, not with another
	 * discipline. */
	world_send(w, 2, LEN, 30);
	cfg.dc_delay = 1;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 1, LEN, 32);
	ATF_CHECK_EQ(11, world_stats(w).ds_queue_drops);
	cfg.dc_aqm[0] = '\0';
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 10, LEN, 33);
	ATF_CHECK_EQ(11, world_stats(w).ds_queue_drops);
	ATF_CHECK_EQ(0, dn_aqm_unregister(&third));
	ATF_CHECK_EQ(EINVAL, dn_attach(&w->w_if, &(struct dn_config){
	    .dc_aqm = "third" }));
	/* One that stays goes with the host. */
	ATF_CHECK_EQ(0, dn_aqm_register(&third));
	world_end(w);
}

/* A discipline that looks at each packet as it leaves the queue. */
struct leaver {
	u_int		l_n;
	nstime_t	l_next;		/* when the link will be free */
};

static int
leaver_enqueue(void *state __unused, const struct dn_config *cfg __unused,
    const struct dn_queue_view *q __unused, struct mbuf *m __unused)
{

	return (0);
}

static int
leaver_dequeue(void *state, const struct dn_config *cfg,
    const struct dn_queue_view *q, struct mbuf *m, nstime_t sojourn)
{
	struct leaver *l = state;
	u_int n = l->l_n++;

	if (n == 0)
		l->l_next = SEC;
	ATF_CHECK_EQ(l->l_next, q->dq_now);
	ATF_CHECK_EQ(q->dq_now - SEC, sojourn);
	ATF_CHECK_EQ(n == 0 ? 0 : 10 - n - 1, q->dq_packets);
	ATF_CHECK_EQ(q->dq_packets * LEN, q->dq_bytes);
	if (n == 4)
		return (ENOBUFS);
	l->l_next += (nstime_t)m->m_pkthdr.len * 8 * SEC / cfg->dc_rate;
	return (n == 7 ? DN_MARK : 0);
}

static const struct dn_aqm leaver = {
	.da_name = "sixteen_letters",
	.da_statesize = sizeof(struct leaver),
	.da_enqueue = leaver_enqueue,
	.da_dequeue = leaver_dequeue,
};

/* It sees exact times, though nothing happens at them. */
ATF_TC_WITHOUT_HEAD(aqm_dequeue);
ATF_TC_BODY(aqm_dequeue, tc)
{
	struct dn_config cfg = { .dc_rate = 16 * MBIT, .dc_delay = 50 * MS,
	    .dc_aqm = "sixteen_letters" };
	struct world *w = world_begin(&(struct dn_config){ 0 });
	u_int i;

	ATF_REQUIRE_EQ(0, dn_aqm_register(&leaver));
	ATF_REQUIRE_EQ(0, dn_attach(&w->w_if, &cfg));
	for (i = 0; i < 10; i++)
		world_give(w, world_packet(LEN, (uint16_t)i,
		    i == 7 || i == 8 ? IPTOS_ECN_ECT0 : 0));
	world_run(w, w->w_now + SEC);
	ATF_REQUIRE_EQ(9, w->w_n);
	for (i = 0; i < 9; i++) {
		ATF_CHECK_EQ(i < 4 ? i : i + 1, w->w_seen[i].s_id);
		ATF_CHECK_EQ(SEC + (i + 1) * 500 * US + 50 * MS,
		    w->w_seen[i].s_when);
	}
	ATF_CHECK_EQ(IPTOS_ECN_CE, w->w_seen[6].s_tos);
	ATF_CHECK_EQ(IPTOS_ECN_ECT0, w->w_seen[7].s_tos);
	ATF_CHECK_EQ(1, world_stats(w).ds_marks);
	ATF_CHECK_EQ(1, world_stats(w).ds_queue_drops);
	world_conserve(w);
	world_end(w);
}

/* The head is dropped late, and a small packet behind it is on time. */
static int
large_dequeue(void *state __unused, const struct dn_config *cfg __unused,
    const struct dn_queue_view *q __unused, struct mbuf *m,
    nstime_t sojourn __unused)
{

	return (m->m_pkthdr.len > 1000 ? ENOBUFS : 0);
}

static const struct dn_aqm large = {
	.da_name = "large",
	.da_enqueue = leaver_enqueue,
	.da_dequeue = large_dequeue,
};

ATF_TC_WITHOUT_HEAD(aqm_wake);
ATF_TC_BODY(aqm_wake, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_aqm = "large" };
	struct world *w = world_begin(&(struct dn_config){ 0 });

	ATF_REQUIRE_EQ(0, dn_aqm_register(&large));
	ATF_REQUIRE_EQ(0, dn_attach(&w->w_if, &cfg));
	world_send(w, 1, LEN, 0);
	world_send(w, 1, 1500, 1);
	world_send(w, 1, 50, 2);
	world_run(w, w->w_now + SEC);
	ATF_REQUIRE_EQ(2, w->w_n);
	ATF_CHECK_EQ(SEC + 1000 * US, w->w_seen[0].s_when);
	ATF_CHECK_EQ(SEC + 1050 * US, w->w_seen[1].s_when);
	world_end(w);
}

/* What waits leaves at the new rate, what was sent keeps its time. */
ATF_TC_WITHOUT_HEAD(change);
ATF_TC_BODY(change, tc)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_delay = 100 * MS };
	struct world *w = world_begin(&cfg);
	nstime_t t0 = w->w_now;

	world_send(w, 4, LEN, 0);
	world_run(w, t0 + 1500 * US);
	cfg.dc_rate = 80 * MBIT;	/* 100 us each */
	cfg.dc_delay = 50 * MS;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	ATF_CHECK_EQ(2, world_stats(w).ds_queue_packets);
	/* In order, though their delay is shorter. */
	world_run(w, t0 + 102 * MS - 1);
	ATF_CHECK_EQ(1, w->w_n);
	world_run(w, t0 + 102 * MS);
	ATF_REQUIRE_EQ(4, w->w_n);
	ATF_CHECK_EQ(t0 + 101 * MS, w->w_seen[0].s_when);
	ATF_CHECK_EQ(t0 + 102 * MS, w->w_seen[3].s_when);
	ATF_CHECK_EQ(2200 * US, world_stats(w).ds_busy_ns);
	world_send(w, 1, LEN, 4);
	/* To no rate: what waits leaves when the link is free. */
	cfg.dc_rate = 0;
	world_send(w, 3, LEN, 5);
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_run(w, t0 + SEC);
	ATF_REQUIRE_EQ(8, w->w_n);
	ATF_CHECK_EQ(t0 + 152100 * US, w->w_seen[7].s_when);
	world_conserve(w);
	world_end(w);
}

/* Where shorter delays may overtake, they do. */
ATF_TC_WITHOUT_HEAD(change_overtakes);
ATF_TC_BODY(change_overtakes, tc)
{
	struct dn_config cfg = { .dc_delay = 100 * MS,
	    .dc_jitter_reorder = true };
	struct world *w = world_begin(&cfg);
	u_int i;

	world_send(w, 2, LEN, 0);
	cfg.dc_delay = 10 * MS;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 2, LEN, 2);
	world_run(w, w->w_now + SEC);
	ATF_REQUIRE_EQ(4, w->w_n);
	ATF_CHECK_EQ(2, w->w_seen[0].s_id);
	ATF_CHECK_EQ(SEC + 10 * MS, w->w_seen[1].s_when);
	ATF_CHECK_EQ(0, w->w_seen[2].s_id);
	ATF_CHECK_EQ(SEC + 100 * MS, w->w_seen[3].s_when);

	/* Not once they may not any more. */
	world_send(w, 2, LEN, 4);
	cfg.dc_delay = 5 * MS;
	cfg.dc_jitter_reorder = false;
	ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
	world_send(w, 2, LEN, 6);
	world_run(w, w->w_now + 10 * MS);
	world_send(w, 2, LEN, 8);
	world_run(w, w->w_now + SEC);
	ATF_REQUIRE_EQ(10, w->w_n);
	for (i = 4; i < 10; i++) {
		ATF_CHECK_EQ(i, w->w_seen[i].s_id);
		ATF_CHECK_EQ((i < 8 ? 10 : 15) * MS,
		    w->w_seen[i].s_when - 2 * SEC);
	}
	world_end(w);
}

/* Packets in the queue, on the link, in the line and held back. */
static struct world *
full_pipe(bool overtaking)
{
	struct dn_config cfg = { .dc_rate = 8 * MBIT, .dc_delay = 4 * MS,
	    .dc_reorder = DN_PROB_ONE, .dc_jitter_reorder = overtaking };
	struct world *w = world_begin(&cfg);
	struct dn_stats ds;

	world_send(w, 30, LEN, 0);
	world_run(w, w->w_now + 8500 * US);
	ds = world_stats(w);
	ATF_REQUIRE_EQ(4, ds.ds_reordered);
	ATF_REQUIRE_EQ(9, ds.ds_line_packets);
	ATF_REQUIRE_EQ(21, ds.ds_queue_packets);
	return (w);
}

ATF_TC_WITHOUT_HEAD(detach);
ATF_TC_BODY(detach, tc)
{
	struct mbuf_pool *pool;
	struct world *w;
	u_int i;

	for (i = 0; i < 2; i++) {
		w = full_pipe(i != 0);
		pool = w->w_vnet->vnet_mbufs;
		dn_detach(&w->w_if);
		ATF_CHECK_EQ(0, uma_zone_get_cur(pool->mp_mbuf));
		ATF_CHECK_EQ(0, uma_zone_get_cur(pool->mp_cluster));
		world_run(w, w->w_now + SEC);
		ATF_CHECK_EQ(0, w->w_n);
		world_end(w);
	}
}

ATF_TC_WITHOUT_HEAD(replace);
ATF_TC_BODY(replace, tc)
{
	struct world *w = full_pipe(true);

	ATF_REQUIRE_EQ(0, dn_attach(&w->w_if, &(struct dn_config){ 0 }));
	ATF_CHECK_EQ(0, uma_zone_get_cur(w->w_vnet->vnet_mbufs->mp_mbuf));
	ATF_CHECK_EQ(0, world_stats(w).ds_in_packets);
	world_send(w, 1, LEN, 7);
	ATF_CHECK_EQ(1, w->w_n);
	world_end(w);
}

/* The driver takes the pipe away while it is being given packets. */
static int
detach_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct world *w = ifp->if_softc;

	w->w_n++;
	dn_detach(ifp);
	m_freem(m);
	return (0);
}

ATF_TC_WITHOUT_HEAD(detach_inside);
ATF_TC_BODY(detach_inside, tc)
{
	struct dn_config cfg = { .dc_delay = MS };
	struct world *w = world_begin(&cfg);

	w->w_if.if_transmit = detach_transmit;
	world_send(w, 5, LEN, 0);
	world_run(w, w->w_now + MS);
	ATF_CHECK_EQ(5, w->w_n);
	world_end(w);
}

/* No memory for the pipe: the old one stays. */
ATF_TC_WITHOUT_HEAD(nomem_attach);
ATF_TC_BODY(nomem_attach, tc)
{
	struct dn_config cfg = { .dc_delay = MS };
	struct world *w = world_begin(&cfg);
	struct mem_stats *ms;
	void *pipe = w->w_if.if_pipe;
	int error, n;

	MALLOC_DECLARE(M_DUMMYNET);
	ms = malloc_type_stats(M_DUMMYNET);
	ms->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, dn_aqm_register(&third));
	ms->ms_fault_after = UINT64_MAX;
	ATF_CHECK_EQ(0, dn_aqm_register(&third));
	strlcpy(cfg.dc_aqm, "third", sizeof(cfg.dc_aqm));
	ms->ms_fault_after = 0;
	ATF_CHECK_EQ(ENOMEM, dn_reconfigure(&w->w_if, &cfg));
	for (n = 0; n < 10; n++) {
		ms->ms_fault_after = (uint64_t)n;
		error = dn_attach(&w->w_if, &cfg);
		ms->ms_fault_after = UINT64_MAX;
		if (error == 0)
			break;
		ATF_CHECK_EQ(ENOMEM, error);
		ATF_CHECK_EQ(pipe, w->w_if.if_pipe);
	}
	ATF_CHECK_EQ(2, n);
	world_end(w);
}

/* No memory to sort the line with. */
ATF_TC_WITHOUT_HEAD(nomem_line);
ATF_TC_BODY(nomem_line, tc)
{
	struct dn_config cfg = { .dc_delay = MS, .dc_jitter = MS,
	    .dc_jitter_reorder = true };
	struct world *w = world_begin(&cfg);
	struct mem_stats *ms;

	MALLOC_DECLARE(M_DUMMYNET);
	ms = malloc_type_stats(M_DUMMYNET);
	ms->ms_fault_after = 0;
	world_send(w, 1, LEN, 0);
	ATF_CHECK_EQ(1, world_stats(w).ds_nomem_drops);
	ms->ms_fault_after = 1;
	world_send(w, 100, LEN, 1);
	ATF_CHECK_EQ(2, world_stats(w).ds_nomem_drops);
	world_conserve(w);
	world_run(w, w->w_now + SEC);
	ATF_CHECK_EQ(99, w->w_n);
	world_conserve(w);
	world_end(w);
}

/* Every kind of harm at once; the Nth allocation fails. */
static bool
nomem_run(uma_zone_t (*zone)(struct mbuf_pool *), uint64_t nth)
{
	struct dn_config cfg = { .dc_rate = 10 * MBIT, .dc_ecn_bytes = 1,
	    .dc_duplicate = DN_PROB_ONE, .dc_corrupt = DN_PROB_ONE };
	struct world *w = world_begin(&cfg);
	uma_zone_t z = zone(w->w_vnet->vnet_mbufs);
	struct mbuf *m[4], *n[4];
	bool failed;
	u_int i;

	for (i = 0; i < nitems(m); i++) {
		m[i] = world_packet(LEN, (uint16_t)i, IPTOS_ECN_ECT0);
		n[i] = m_copym(m[i], 0, M_COPYALL, M_NOWAIT);
		ATF_REQUIRE(n[i] != NULL);
	}
	uma_zone_set_fault(z, nth);
	for (i = 0; i < nitems(m); i++)
		world_give(w, n[i]);
	world_run(w, w->w_now + SEC);
	failed = z->uz_stats.ms_fails != 0;
	uma_zone_set_fault(z, UINT64_MAX);
	for (i = 0; i < nitems(m); i++)
		m_freem(m[i]);
	world_conserve(w);
	if (failed)
		ATF_CHECK(w->w_n < 8);
	else
		ATF_CHECK_EQ(8, w->w_n);
	ATF_CHECK_EQ(0, uma_zone_get_cur(w->w_vnet->vnet_mbufs->mp_mbuf));
	ATF_CHECK_EQ(0, uma_zone_get_cur(w->w_vnet->vnet_mbufs->mp_cluster));
	world_end(w);
	return (failed);
}

static uma_zone_t
zone_mbuf(struct mbuf_pool *mp)
{

	return (mp->mp_mbuf);
}

static uma_zone_t
zone_cluster(struct mbuf_pool *mp)
{

	return (mp->mp_cluster);
}

ATF_TC_WITHOUT_HEAD(nomem_packets);
ATF_TC_BODY(nomem_packets, tc)
{
	uint64_t n;

	for (n = 0; nomem_run(zone_mbuf, n); n++)
		continue;
	ATF_CHECK(n > 8);
	for (n = 0; nomem_run(zone_cluster, n); n++)
		continue;
	ATF_CHECK(n > 4);
}

/* All there is, at random: nothing is lost that is not counted. */
ATF_TC_WITHOUT_HEAD(everything);
ATF_TC_BODY(everything, tc)
{
	struct dn_config cfg = { .dc_rate = 20 * MBIT, .dc_delay = 5 * MS,
	    .dc_jitter = 2 * MS, .dc_loss = PERCENT(2),
	    .dc_ge_enter = PERCENT(1), .dc_ge_leave = PERCENT(30),
	    .dc_ge_loss_bad = PERCENT(80), .dc_reorder = PERCENT(3),
	    .dc_duplicate = PERCENT(2), .dc_corrupt = PERCENT(2),
	    .dc_queue_bdp = 500, .dc_ecn_packets = 5, .dc_seed = 11 };
	struct world *w = world_begin(&cfg);
	struct dn_stats ds;
	u_int i;

	for (i = 0; i < 2000; i++) {
		world_send(w, i % 7, 60 + (int)(i * 131 % 1400), i);
		world_run(w, w->w_now + 1237777);
		if (i % 100 == 0) {
			cfg.dc_rate = (5 + i % 30) * MBIT;
			cfg.dc_jitter_reorder = i % 200 == 0;
			cfg.dc_seed += i % 300 == 0;
			ATF_REQUIRE_EQ(0, dn_reconfigure(&w->w_if, &cfg));
		}
		world_conserve(w);
	}
	world_run(w, w->w_now + SEC);
	world_conserve(w);
	ds = world_stats(w);
	ATF_CHECK_EQ(0, ds.ds_queue_packets + ds.ds_line_packets);
	ATF_CHECK(ds.ds_loss_drops > 0 && ds.ds_queue_drops > 0);
	ATF_CHECK(ds.ds_corrupted > 0 && ds.ds_reordered > 0);
	ATF_CHECK(ds.ds_duplicates > 0);
	world_end(w);
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, invalid);
	ATF_TP_ADD_TC(tp, none);
	ATF_TP_ADD_TC(tp, extremes);
	ATF_TP_ADD_TC(tp, aqm_enqueue);
	ATF_TP_ADD_TC(tp, aqm_dequeue);
	ATF_TP_ADD_TC(tp, aqm_wake);
	ATF_TP_ADD_TC(tp, change);
	ATF_TP_ADD_TC(tp, change_overtakes);
	ATF_TP_ADD_TC(tp, detach);
	ATF_TP_ADD_TC(tp, replace);
	ATF_TP_ADD_TC(tp, detach_inside);
	ATF_TP_ADD_TC(tp, nomem_attach);
	ATF_TP_ADD_TC(tp, nomem_line);
	ATF_TP_ADD_TC(tp, nomem_packets);
	ATF_TP_ADD_TC(tp, everything);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Links, addresses, routes and pipes: what is refused, and with what words.
 */
#include <math.h>

#include "sy_test.h"

static struct sy_loop *loop;
static struct sy_host *a, *b;

static void
begin(void)
{

	loop = sy_loop_new(SY_VIRTUAL, 1);
	a = sy_host_new(loop, "a", NULL, 0);
	b = sy_host_new(loop, "b", NULL, 0);
	ATF_REQUIRE(a != NULL && b != NULL);
}

TEST(links)
{
	struct sy_loop *other;
	struct sy_host *c;

	begin();
	WORKS(sy_link(a, b, 0, 0));
	FAILS(EEXIST, "epair0", sy_link(a, b, 0, 0));
	WORKS(sy_link(b, a, 0, 9000));	/* epair0a is b's, epair0b a's */
	WORKS(sy_link(a, a, 5, 0));	/* to itself */
	FAILS(EINVAL, "-1", sy_link(a, b, -1, 0));
	FAILS(EINVAL, "MTU -3", sy_link(a, b, 2, -3));
	FAILS(EINVAL, "out of range", sy_link(a, b, 2, 40));
	FAILS(EINVAL, "out of range", sy_link(a, b, 2, 70000));
	FAILS(EINVAL, "out of range", sy_link(a, b, 1 << 30, 0));
	/* What failed has left nothing. */
	WORKS(sy_link(a, b, 2, 65535));
	other = sy_loop_new(SY_VIRTUAL, 1);
	c = sy_host_new(other, "c", NULL, 0);
	FAILS(EINVAL, "different loops", sy_link(a, c, 7, 0));
	sy_loop_free(other);
	WORKS(sy_loop_run(loop, SECOND));
	sy_loop_free(loop);
}

TEST(addresses)
{

	begin();
	WORKS(sy_link(a, b, 0, 0));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	FAILS(EEXIST, "10.0.0.1", sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(a, "epair0a", "2001:db8::1/64"));
	WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
	WORKS(sy_addr_add(a, "lo0", "192.0.2.1/32"));
	FAILS(ENXIO, "no interface em0", sy_addr_add(a, "em0",
	    "10.0.1.1/24"));
	FAILS(EINVAL, "\"10.0.0.1\"", sy_addr_add(a, "epair0a",
	    "10.0.0.1"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "10.0.0.1/33"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "10.0.0.1/-1"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "10.0.0.1/"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "10.0.0/24"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "10.0.0.1/2x"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "::1/129"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", "/24"));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", ""));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a", NULL));
	FAILS(EINVAL, "prefix", sy_addr_add(a, "epair0a",
	    "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"
	    ":0000:0001/64"));
	WORKS(sy_addr_del(a, "epair0a", "10.0.0.1/24"));
	FAILS(ENOENT, "does not have", sy_addr_del(a, "epair0a",
	    "10.0.0.1/24"));
	FAILS(EINVAL, "prefix", sy_addr_del(a, "epair0a", "10.0.0.1"));
	FAILS(ENXIO, "em0", sy_addr_del(a, "em0", "10.0.0.1/24"));
	sy_loop_free(loop);
}

TEST(routes)
{

	begin();
	WORKS(sy_link(a, b, 0, 0));
	WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
	WORKS(sy_addr_add(a, "epair0a", "2001:db8::1/64"));
	WORKS(sy_route_add(a, "0.0.0.0/0", "10.0.0.2"));
	FAILS(EEXIST, "0.0.0.0/0", sy_route_add(a, "0.0.0.0/0",
	    "10.0.0.2"));
	WORKS(sy_route_add(a, "::/0", "2001:db8::2"));
	FAILS(ENETUNREACH, "no network", sy_route_add(b, "10.9.0.0/16",
	    "10.0.0.2"));
	FAILS(EINVAL, "family", sy_route_add(a, "10.9.0.0/16",
	    "2001:db8::2"));
	FAILS(EINVAL, "gateway \"\"", sy_route_add(a, "10.9.0.0/16", NULL));
	FAILS(EINVAL, "prefix", sy_route_add(a, "default", "10.0.0.2"));
	WORKS(sy_route_del(a, "0.0.0.0/0"));
	FAILS(ESRCH, "no such route", sy_route_del(a, "0.0.0.0/0"));
	FAILS(EINVAL, "prefix", sy_route_del(a, "10.0.0.0"));
	sy_loop_free(loop);
}

/* Every probability is checked, each under its own name. */
static void
check_probability(double *p, struct sy_pipe *pipe, const char *name)
{

	*p = -0.1;
	FAILS(EINVAL, name, sy_pipe(a, "epair0a", pipe));
	*p = 1.1;
	FAILS(EINVAL, name, sy_pipe(a, "epair0a", pipe));
	*p = NAN;
	FAILS(EINVAL, name, sy_pipe(a, "epair0a", pipe));
	*p = 1.0;
	WORKS(sy_pipe(a, "epair0a", pipe));
	*p = 0.0;
}

TEST(pipes)
{
	struct sy_pipe p;

	begin();
	WORKS(sy_link(a, b, 0, 0));
	memset(&p, 0, sizeof(p));
	check_probability(&p.loss, &p, " loss ");
	check_probability(&p.ge_enter, &p, "ge_enter");
	check_probability(&p.ge_leave, &p, "ge_leave");
	check_probability(&p.ge_loss_good, &p, "ge_loss_good");
	check_probability(&p.ge_loss_bad, &p, "ge_loss_bad");
	check_probability(&p.reorder, &p, "reorder");
	check_probability(&p.duplicate, &p, "duplicate");
	check_probability(&p.corrupt, &p, "corrupt");
	p.queue_bdp = -1.0;
	FAILS(EINVAL, "queue_bdp", sy_pipe(a, "epair0a", &p));
	p.queue_bdp = INFINITY;
	FAILS(EINVAL, "queue_bdp", sy_pipe(a, "epair0a", &p));
	p.queue_bdp = NAN;
	FAILS(EINVAL, "queue_bdp", sy_pipe(a, "epair0a", &p));
	p.queue_bdp = 0.0;
	memset(p.aqm, 'x', sizeof(p.aqm));
	FAILS(EINVAL, "aqm is longer", sy_pipe(a, "epair0a", &p));
	memcpy(p.aqm, "nonsense", 9);
	FAILS(EINVAL, "no such aqm", sy_pipe(a, "epair0a", &p));
	memcpy(p.aqm, "droptail", 9);
	WORKS(sy_pipe(a, "epair0a", &p));
	FAILS(ENXIO, "no interface epair1a", sy_pipe(a, "epair1a", &p));
	sy_loop_free(loop);
}

TEST(pipe_stats)
{
	struct sy_pipe p = { .rate = 1000000, .delay = 10 * MS };
	struct sy_pipe_stats s;

	begin();
	WORKS(sy_link(a, b, 0, 0));
	FAILS(ENOENT, "no pipe", sy_pipe_stats(a, "epair0a", &s));
	FAILS(ENOENT, "no pipe", sy_pipe_reset(a, "epair0a"));
	FAILS(ENXIO, "epair1a", sy_pipe_stats(a, "epair1a", &s));
	FAILS(ENXIO, "epair1a", sy_pipe_reset(a, "epair1a"));
	WORKS(sy_pipe(a, "epair0a", &p));
	WORKS(sy_pipe_stats(a, "epair0a", &s));
	ATF_CHECK_EQ(0, s.in_packets);
	ATF_CHECK(s.utilization == 0.0);
	WORKS(sy_loop_run(loop, SECOND));
	WORKS(sy_pipe_stats(a, "epair0a", &s));
	ATF_CHECK(s.utilization >= 0.0 && s.utilization <= 1.0);
	WORKS(sy_pipe_reset(a, "epair0a"));
	sy_loop_free(loop);
}

/* A host goes while its links exist; the other end stays and can be used. */
TEST(host_gone)
{
	struct sy_pipe p = { .delay = 10 * MS };
	int i;

	for (i = 0; i < 2; i++) {
		begin();
		WORKS(sy_link(a, b, 0, 0));
		WORKS(sy_addr_add(a, "epair0a", "10.0.0.1/24"));
		WORKS(sy_addr_add(b, "epair0b", "10.0.0.2/24"));
		WORKS(sy_pipe(a, "epair0a", &p));
		WORKS(sy_pipe(b, "epair0b", &p));
		WORKS(sy_loop_step(loop, 0));
		sy_host_free(i == 0 ? a : b);
		WORKS(sy_loop_run(loop, SECOND));
		if (i == 0) {
			WORKS(sy_addr_add(b, "epair0b", "10.0.1.2/24"));
			a = sy_host_new(loop, "a", NULL, 0);
			WORKS(sy_link(a, b, 1, 0));
		}
		WORKS(sy_loop_run(loop, 2 * SECOND));
		sy_loop_free(loop);
	}
}

ATF_TP_ADD_TCS(tp)
{

	ATF_TP_ADD_TC(tp, links);
	ATF_TP_ADD_TC(tp, addresses);
	ATF_TP_ADD_TC(tp, routes);
	ATF_TP_ADD_TC(tp, pipes);
	ATF_TP_ADD_TC(tp, pipe_stats);
	ATF_TP_ADD_TC(tp, host_gone);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * ARP and the life of a neighbour, to the nanosecond.  The host is 10.0.0.1
 * on wire0 with link address 02:00:00:00:00:01.
 */
#include "ip_host.h"

MALLOC_DECLARE(M_LLTABLE);

static struct ifnet *wire;
static struct pkt p;

static void
begin(void)
{
	ih_host("a");
	wire = ih_wire("wire0", 1);
	ih_ifa(wire, "10.0.0.1", 24);
}

static void
end(void)
{
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

static int
send_to(const char *dst)
{
	return (ih_send("10.0.0.1", dst, 20, IOA_DF, NULL));
}

/* The packet of send_to(dst) is the next frame, to 02:..:to. */
static void
sent_to(const char *dst, uint8_t to)
{
	ih_send_expect(&p, "10.0.0.1", dst, 20, IOA_DF);
	PKT_SENT(wire, &p, to);
}

static void
set4(uint8_t *to, const char *addr)
{
	const struct in6_addr a = ih_addr(addr);

	memcpy(to, &a.s6_addr[12], 4);
}

/* An ARP packet in a frame: op, sender, target, frame to. */
static void
arp(struct pkt *f, int op, uint8_t sha, const char *spa, uint8_t tha,
    const char *tpa, uint8_t to)
{
	pkt_hex(f, "0001 0800 06 04 0000 020000000000 00000000"
	    "020000000000 00000000");
	f->b[7] = (uint8_t)op;
	f->b[13] = sha;
	set4(&f->b[14], spa);
	f->b[23] = tha;
	if (tha == 0)
		f->b[18] = 0;
	set4(&f->b[24], tpa);
	ih_frame(f, to, sha, ETHERTYPE_ARP);
}

/* The next frame sent is this. */
static void
asked(int op, const char *spa, uint8_t tha, const char *tpa, uint8_t to)
{
	arp(&p, op, 1, spa, tha, tpa, to);
	PKT_EQUAL(&p, ih_sent(wire));
}

static void
answer(uint8_t id, const char *spa)
{
	arp(&p, 2, id, spa, 1, "10.0.0.1", 1);
	ih_arrive(wire, &p);
}

ATF_TC_WITHOUT_HEAD(ask_and_answer);
ATF_TC_BODY(ask_and_answer, tc)
{
	struct route ro = { 0 };
	int i;

	begin();
	/* Three packets wait for one question. */
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	pkt_hex(&p, "ffffffffffff 020000000001 0806 0001 0800 06 04 0001"
	    "020000000001 0a000001 000000000000 0a000002");
	PKT_EQUAL(&p, ih_sent(wire));
	ih_quiet(wire);
	answer(2, "10.0.0.2");
	for (i = 0; i < 3; i++)
		sent_to("10.0.0.2", 2);
	/* And a fourth does not wait. */
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 2);
	ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
	/* A new address is noticed by who remembers the old one. */
	answer(3, "10.0.0.2");
	ATF_CHECK(V_way_gen != ro.ro_llgen);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 3);
	/* The same one again disturbs nobody. */
	answer(3, "10.0.0.2");
	ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
	ro_invalidate(&ro);
	end();
}

ATF_TC_WITHOUT_HEAD(replies);
ATF_TC_BODY(replies, tc)
{
	uint64_t known;

	begin();
	arp(&p, 1, 2, "10.0.0.2", 0, "10.0.0.1", 0xff);
	ih_arrive(wire, &p);
	pkt_hex(&p, "020000000002 020000000001 0806 0001 0800 06 04 0002"
	    "020000000001 0a000001 020000000002 0a000002");
	PKT_EQUAL(&p, ih_sent(wire));
	/* Who asks for us is known. */
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	sent_to("10.0.0.2", 2);
	/* Who asks for others is not, */
	arp(&p, 1, 3, "10.0.0.3", 0, "10.0.0.77", 0xff);
	ih_arrive(wire, &p);
	ih_quiet(wire);
	ATF_CHECK_EQ(0, send_to("10.0.0.3"));
	asked(1, "10.0.0.1", 0, "10.0.0.3", 0xff);
	answer(3, "10.0.0.3");
	sent_to("10.0.0.3", 3);
	/* but who is known may say so (a gratuitous request). */
	arp(&p, 1, 4, "10.0.0.3", 0, "10.0.0.3", 0xff);
	ih_arrive(wire, &p);
	ATF_CHECK_EQ(0, send_to("10.0.0.3"));
	sent_to("10.0.0.3", 4);
	/* A probe is answered, and teaches nothing. */
	known = malloc_type_stats(M_LLTABLE)->ms_allocs;
	arp(&p, 1, 5, "0.0.0.0", 0, "10.0.0.1", 0xff);
	ih_arrive(wire, &p);
	ATF_CHECK_EQ(known, malloc_type_stats(M_LLTABLE)->ms_allocs);
	asked(2, "10.0.0.1", 5, "0.0.0.0", 5);
	end();
}

ATF_TC_WITHOUT_HEAD(another_interface);
ATF_TC_BODY(another_interface, tc)
{
	struct ifnet *other;

	begin();
	other = ih_wire("wire1", 9);
	ih_ifa(other, "10.9.0.1", 24);
	/* An address of the other interface is not here. */
	arp(&p, 1, 2, "10.0.0.2", 0, "10.9.0.1", 0xff);
	ih_arrive(wire, &p);
	ih_quiet(wire);
	/* The question names the address of the neighbour's subnet. */
	ih_ifa(wire, "10.1.0.1", 24);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.1.0.2", 20, 0, NULL));
	asked(1, "10.1.0.1", 0, "10.1.0.2", 0xff);
	ih_run(30 * SEC);
	while (ih_sent(wire) != NULL)
		;
	end();
}

/* Five questions a second apart, and then none for twenty seconds. */
ATF_TC_WITHOUT_HEAD(nobody_answers);
ATF_TC_BODY(nobody_answers, tc)
{
	const struct pkt *s;
	nstime_t begun;
	int i;

	begin();
	begun = ih_now();
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	ih_run(4999 * MSEC);
	for (i = 0; i < 5; i++) {
		s = ih_sent(wire);
		ATF_REQUIRE(s != NULL);
		ATF_CHECK_EQ(begun + (nstime_t)i * SEC, s->time);
	}
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	ATF_CHECK(ih_mbufs() > 0);
	ih_run(1 * MSEC);
	ATF_CHECK_EQ(0, ih_mbufs());
	ATF_CHECK_EQ(EHOSTUNREACH, send_to("10.0.0.2"));
	ih_run(20 * SEC - 1 * MSEC);
	ATF_CHECK_EQ(EHOSTUNREACH, send_to("10.0.0.2"));
	ih_quiet(wire);
	ih_run(1 * MSEC);
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	answer(2, "10.0.0.2");
	sent_to("10.0.0.2", 2);
	end();
}

/* A late answer ends the time of failure. */
ATF_TC_WITHOUT_HEAD(late_answer);
ATF_TC_BODY(late_answer, tc)
{
	begin();
	ih_sysctl("net.link.ether.inet.maxtries", "2");
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	ih_run(2 * SEC);
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	ATF_CHECK_EQ(EHOSTUNREACH, send_to("10.0.0.2"));
	answer(2, "10.0.0.2");
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	sent_to("10.0.0.2", 2);
	end();
}

/* The variables in seconds: how long an address is good, and how long one
 * that did not answer is not asked again. */
ATF_TC_WITHOUT_HEAD(variables);
ATF_TC_BODY(variables, tc)
{
	struct route ro = { 0 };

	begin();
	ih_sysctl("net.link.ether.inet.max_age", "10");
	ih_neighbour(wire, "10.0.0.2", 2);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 2);
	ih_run(9 * SEC);
	ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
	ih_run(1 * SEC);
	ATF_CHECK(V_way_gen != ro.ro_llgen);
	ro_invalidate(&ro);

	ih_sysctl("net.link.ether.inet.maxtries", "1");
	ih_sysctl("net.link.ether.inet.wait", "5");
	ATF_CHECK_EQ(0, send_to("10.0.0.3"));
	ih_run(1 * SEC);
	asked(1, "10.0.0.1", 0, "10.0.0.3", 0xff);
	ih_run(4 * SEC - 1);
	ATF_CHECK_EQ(EHOSTUNREACH, send_to("10.0.0.3"));
	ih_quiet(wire);
	ih_run(2 * SEC);
	ATF_CHECK_EQ(0, send_to("10.0.0.3"));
	asked(1, "10.0.0.1", 0, "10.0.0.3", 0xff);
	ih_run(60 * SEC);
	end();
}

/* Sixteen packets wait; the oldest give way. */
ATF_TC_WITHOUT_HEAD(hold_queue);
ATF_TC_BODY(hold_queue, tc)
{
	uint32_t i;

	begin();
	for (i = 0; i < 20; i++)
		ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", i, IOA_DF,
		    NULL));
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	answer(2, "10.0.0.2");
	for (i = 4; i < 20; i++) {
		ih_send_expect(&p, "10.0.0.1", "10.0.0.2", i, IOA_DF);
		PKT_SENT(wire, &p, 2);
	}
	end();
}

/*
 * After twenty minutes an address is used on, and asked about if it is used:
 * by its link address, three times.
 */
ATF_TC_WITHOUT_HEAD(ageing);
ATF_TC_BODY(ageing, tc)
{
	struct route ro = { 0 };
	const struct pkt *s;
	nstime_t used;
	int i;

	begin();
	ih_neighbour(wire, "10.0.0.2", 2);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 2);
	ih_run(1199 * SEC);
	ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
	ih_run(1 * SEC);
	ATF_CHECK(V_way_gen != ro.ro_llgen);
	ih_run(60 * SEC);
	ih_quiet(wire);
	/* Used: five seconds later it is asked, and answers. */
	used = ih_now();
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 2);
	ih_run(5 * SEC);
	arp(&p, 1, 1, "10.0.0.1", 0, "10.0.0.2", 2);
	s = ih_sent(wire);
	PKT_EQUAL(&p, s);
	ATF_CHECK_EQ(used + 5 * SEC, s->time);
	answer(2, "10.0.0.2");
	ih_run(1200 * SEC);
	ih_quiet(wire);
	/* Used again, and no answer: three questions, then it is forgotten,
	 * and all are asked. */
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 2);
	ih_run(7999 * MSEC);
	for (i = 0; i < 3; i++)
		asked(1, "10.0.0.1", 0, "10.0.0.2", 2);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	sent_to("10.0.0.2", 2);
	ih_run(1 * MSEC);
	ATF_CHECK_EQ(0, ih_send("10.0.0.1", "10.0.0.2", 20, IOA_DF, &ro));
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	answer(2, "10.0.0.2");
	sent_to("10.0.0.2", 2);
	ro_invalidate(&ro);
	/* Not used, it goes without a word. */
	ih_run(3600 * SEC);
	ih_quiet(wire);
	ATF_CHECK_EQ(0, malloc_type_stats(M_TEMP)->ms_fails);
	end();
}

/* Everything else is dropped, and nothing comes of it. */
ATF_TC_WITHOUT_HEAD(malformed);
ATF_TC_BODY(malformed, tc)
{
	static const struct {
		int at;
		uint8_t value;
	} bad[] = {
		{ 14, 1 },		/* hardware */
		{ 15, 6 }, { 16, 0x86 }, { 17, 1 },
		{ 18, 8 },		/* lengths */
		{ 19, 16 }, { 20, 1 }, { 21, 0 }, { 21, 3 },
		{ 22, 3 },		/* sender's link address a group's */
		{ 27, 1 },		/* or ours */
		{ 28, 224 },		/* sender's address a group's */
		{ 28, 127 },
		{ 31, 255 }		/* or a broadcast */
	};
	static struct pkt q;
	size_t i;
	uint32_t len;

	begin();
	for (i = 0; i < nitems(bad); i++) {
		arp(&q, 1, 2, "10.0.0.2", 0, "10.0.0.1", 0xff);
		q.b[bad[i].at] = bad[i].value;
		ih_arrive(wire, &q);
		ATF_CHECK_EQ_MSG(NULL, ih_sent(wire), "byte %d = %d",
		    bad[i].at, bad[i].value);
	}
	for (len = 14; len < 42; len++) {
		arp(&q, 1, 2, "10.0.0.2", 0, "10.0.0.1", 0xff);
		q.len = len;
		ih_arrive(wire, &q);
		ATF_CHECK_EQ_MSG(NULL, ih_sent(wire), "%u bytes", len);
	}
	/* As it came in pieces, it is right. */
	arp(&q, 1, 2, "10.0.0.2", 0, "10.0.0.1", 0xff);
	ih_arrive_pieces(wire, &q, 5, 1);
	asked(2, "10.0.0.1", 2, "10.0.0.2", 2);
	end();
}

ATF_TC_WITHOUT_HEAD(conflict);
ATF_TC_BODY(conflict, tc)
{
	begin();
	arp(&p, 1, 2, "10.0.0.1", 0, "10.0.0.1", 0xff);
	ih_arrive(wire, &p);
	ATF_CHECK_STREQ("wire0: 02:00:00:00:00:02 uses our address 10.0.0.1",
	    ih_logged());
	/* Not for every packet. */
	arp(&p, 1, 2, "10.0.0.1", 0, "10.0.0.1", 0xff);
	ih_arrive(wire, &p);
	ATF_CHECK_STREQ("", ih_logged());
	ih_run(60 * SEC);
	arp(&p, 1, 2, "10.0.0.1", 0, "10.0.0.1", 0xff);
	ih_arrive(wire, &p);
	ATF_CHECK(ih_logged()[0] != '\0');
	end();
}

/* The table has an end, and the one who came first makes room. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	char addr[32];
	int i;

	begin();
	ih_ifa(wire, "10.1.0.1", 16);
	for (i = 2; i < 8192 + 100; i++) {
		snprintf(addr, sizeof(addr), "10.1.%d.%d", i / 250,
		    2 + i % 250);
		arp(&p, 1, 2, addr, 0, "10.1.0.1", 0xff);
		ih_arrive(wire, &p);
		ATF_REQUIRE(ih_sent(wire) != NULL);
	}
	ATF_CHECK_EQ(0, ih_send("10.1.0.1", addr, 4, 0, NULL));
	ATF_CHECK_EQ(0x0800, ih_sent(wire)->b[12] << 8);
	ATF_CHECK_EQ(0, ih_send("10.1.0.1", "10.1.0.4", 4, 0, NULL));
	asked(1, "10.1.0.1", 0, "10.1.0.4", 0xff);
	if_down(wire);
	end();
}

/* An interface that goes down forgets. */
ATF_TC_WITHOUT_HEAD(down);
ATF_TC_BODY(down, tc)
{
	uint32_t gen;

	begin();
	ih_neighbour(wire, "10.0.0.2", 2);
	ATF_CHECK_EQ(0, send_to("10.0.0.3"));
	asked(1, "10.0.0.1", 0, "10.0.0.3", 0xff);
	gen = V_way_gen;
	if_down(wire);
	ATF_CHECK(gen != V_way_gen);
	ATF_CHECK_EQ(0, ih_mbufs());
	if_up(wire);
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	ATF_CHECK(ih_mbufs() > 0);
	/* And so does one that is destroyed with its host. */
	ih_end();
}

/* Memory that is short is no more than a packet lost. */
ATF_TC_WITHOUT_HEAD(no_memory);
ATF_TC_BODY(no_memory, tc)
{
	struct mem_stats *ms;
	int n;

	begin();
	ms = malloc_type_stats(M_LLTABLE);
	for (n = 0; n < 3; n++) {
		ms->ms_fault_after = (u_int)n;
		ATF_CHECK_EQ(ENOBUFS, send_to("10.0.0.2"));
		ATF_CHECK_EQ(0, ih_mbufs());
	}
	ms->ms_fault_after = UINT64_MAX;
	ATF_CHECK_EQ(0, send_to("10.0.0.2"));
	asked(1, "10.0.0.1", 0, "10.0.0.2", 0xff);
	answer(2, "10.0.0.2");
	sent_to("10.0.0.2", 2);
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ask_and_answer);
	ATF_TP_ADD_TC(tp, replies);
	ATF_TP_ADD_TC(tp, another_interface);
	ATF_TP_ADD_TC(tp, nobody_answers);
	ATF_TP_ADD_TC(tp, late_answer);
	ATF_TP_ADD_TC(tp, variables);
	ATF_TP_ADD_TC(tp, hold_queue);
	ATF_TP_ADD_TC(tp, ageing);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, conflict);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, down);
	ATF_TP_ADD_TC(tp, no_memory);
	return (atf_no_error());
}

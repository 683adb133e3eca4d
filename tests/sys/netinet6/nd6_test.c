/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Neighbour discovery, to the nanosecond.  The host is fc00::1 on wire0 with
 * link address 02:00:00:00:00:01.
 */
#include "../netinet/ip_host.h"

#define	S	0x40	/* solicited */
#define	O	0x20	/* override */

static struct ifnet *wire;
static struct pkt p, want;

static void
begin(void)
{
	ih_host("a");
	wire = ih_wire("wire0", 1);
	ih_ifa(wire, "fc00::1", 64);
}

static void
end(void)
{
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_mbufs());
	ih_end();
}

/* A solicitation (135) or advertisement (136); id: in its option, 0 none. */
static void
nd(struct pkt *m, uint8_t type, uint8_t flags, const char *src,
    const char *dst, const char *target, uint8_t id)
{
	const struct in6_addr t = ih_addr(target);

	pkt_ip(m, src, dst, IPPROTO_ICMPV6);
	m->b[7] = 255;
	memset(m->b + 40, 0, 32);
	m->b[40] = type;
	m->b[44] = flags;
	memcpy(m->b + 48, t.s6_addr, 16);
	m->len = 64;
	if (id != 0) {
		m->b[64] = type == 135 ? 1 : 2;
		m->b[65] = 1;
		m->b[66] = 0x02;
		m->b[71] = id;
		m->len = 72;
	}
	pkt_end(m);
	pkt_ulp_sum(m, 40, 42, IPPROTO_ICMPV6);
}

/* m, an IPv6 packet, is the next frame, to the group's link address. */
static void
sent_to_group(const struct pkt *m)
{
	static struct pkt f;

	f = *m;
	ih_frame(&f, 0, 1, ETHERTYPE_IPV6);
	f.b[0] = f.b[1] = 0x33;
	memcpy(f.b + 2, m->b + 24 + 12, 4);
	PKT_EQUAL(&f, ih_sent(wire));
}

static void
solicited(const char *target, const char *group)
{
	nd(&want, 135, 0, "fc00::1", group, target, 1);
	sent_to_group(&want);
}

static int
send_to(const char *dst)
{
	return (ih_send("fc00::1", dst, 20, 0, NULL));
}

static void
sent_to(const char *dst, uint8_t id)
{
	ih_send_expect(&want, "fc00::1", dst, 20, 0);
	PKT_SENT(wire, &want, id);
}

static void
advertise(uint8_t flags, uint8_t id)
{
	nd(&p, 136, flags, "fc00::2", "fc00::1", "fc00::2", id);
	ih_arrive_ip(wire, &p, 2);
}

ATF_TC_WITHOUT_HEAD(ask_and_answer);
ATF_TC_BODY(ask_and_answer, tc)
{
	int i;

	begin();
	for (i = 0; i < 3; i++)
		ATF_CHECK_EQ(0, send_to("fc00::2"));
	pkt_hex(&want, "3333ff000002 020000000001 86dd"
	    "60000000 0020 3a ff fc000000000000000000000000000001"
	    "ff0200000000000000000001ff000002"
	    "8700 0000 00000000 fc000000000000000000000000000002"
	    "0101 020000000001");
	want.b[14 + 42] = 0x7e;
	memmove(want.b, want.b + 14, want.len - 14);
	want.len -= 14;
	pkt_ulp_sum(&want, 40, 42, IPPROTO_ICMPV6);
	sent_to_group(&want);
	advertise(S | O, 2);
	for (i = 0; i < 3; i++)
		sent_to("fc00::2", 2);
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	sent_to("fc00::2", 2);
	end();
}

ATF_TC_WITHOUT_HEAD(answers);
ATF_TC_BODY(answers, tc)
{
	begin();
	nd(&p, 135, 0, "fc00::2", "ff02::1:ff00:1", "fc00::1", 2);
	ih_arrive_ip(wire, &p, 2);
	nd(&want, 136, S | O, "fc00::1", "fc00::2", "fc00::1", 1);
	PKT_SENT(wire, &want, 2);
	/* Asked by our address, and without theirs. */
	nd(&p, 135, 0, "fc00::2", "fc00::1", "fc00::1", 0);
	ih_arrive_ip(wire, &p, 2);
	PKT_SENT(wire, &want, 2);
	/* About our link-local address. */
	nd(&p, 135, 0, "fc00::2", "ff02::1:ff00:1", "fe80::ff:fe00:1", 2);
	ih_arrive_ip(wire, &p, 2);
	nd(&want, 136, S | O, "fe80::ff:fe00:1", "fc00::2", "fe80::ff:fe00:1",
	    1);
	PKT_SENT(wire, &want, 2);
	/* By somebody who would like the address: to all. */
	nd(&p, 135, 0, "::", "ff02::1:ff00:1", "fc00::1", 0);
	ih_arrive_ip(wire, &p, 2);
	nd(&want, 136, O, "fc00::1", "ff02::1", "fc00::1", 1);
	sent_to_group(&want);
	/* A router says that it is one. */
	ih_sysctl("net.inet6.ip6.forwarding", "1");
	nd(&p, 135, 0, "fc00::2", "ff02::1:ff00:1", "fc00::1", 2);
	ih_arrive_ip(wire, &p, 2);
	nd(&want, 136, 0x80 | S | O, "fc00::1", "fc00::2", "fc00::1", 1);
	PKT_SENT(wire, &want, 2);
	end();
}

/* Whoever asks is known, but not yet believed to hear us. */
ATF_TC_WITHOUT_HEAD(asker_is_learnt);
ATF_TC_BODY(asker_is_learnt, tc)
{
	begin();
	nd(&p, 135, 0, "fc00::2", "ff02::1:ff00:1", "fc00::1", 2);
	ih_arrive_ip(wire, &p, 2);
	ATF_CHECK(ih_sent(wire) != NULL);
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	sent_to("fc00::2", 2);
	/* Five seconds after the first use it is asked. */
	ih_run(5 * SEC);
	nd(&want, 135, 0, "fc00::1", "fc00::2", "fc00::2", 1);
	PKT_SENT(wire, &want, 2);
	advertise(S, 0);
	/* And again when it has changed. */
	nd(&p, 135, 0, "fc00::2", "ff02::1:ff00:1", "fc00::1", 3);
	ih_arrive_ip(wire, &p, 2);
	nd(&want, 136, S | O, "fc00::1", "fc00::2", "fc00::1", 1);
	PKT_SENT(wire, &want, 3);
	ih_run(5 * SEC);
	nd(&want, 135, 0, "fc00::1", "fc00::2", "fc00::2", 1);
	PKT_SENT(wire, &want, 3);
	advertise(S, 0);
	end();
}

ATF_TC_WITHOUT_HEAD(nobody_answers);
ATF_TC_BODY(nobody_answers, tc)
{
	const struct pkt *s;
	nstime_t begun;
	int i;

	begin();
	begun = ih_now();
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	ih_run(2999 * MSEC);
	for (i = 0; i < 3; i++) {
		s = ih_sent(wire);
		ATF_REQUIRE(s != NULL);
		ATF_CHECK_EQ(begun + (nstime_t)i * SEC, s->time);
	}
	ATF_CHECK(ih_mbufs() > 0);
	ih_run(1 * MSEC);
	ATF_CHECK_EQ(0, ih_mbufs());
	ATF_CHECK_EQ(EHOSTUNREACH, send_to("fc00::2"));
	ih_run(3 * SEC);
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	solicited("fc00::2", "ff02::1:ff00:2");
	advertise(S | O, 2);
	sent_to("fc00::2", 2);
	end();
}

ATF_TC_WITHOUT_HEAD(mmaxtries);
ATF_TC_BODY(mmaxtries, tc)
{
	begin();
	ih_sysctl("net.inet6.icmp6.nd6_mmaxtries", "1");
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	ih_run(999 * MSEC);
	solicited("fc00::2", "ff02::1:ff00:2");
	ATF_CHECK(ih_mbufs() > 0);
	ih_run(1 * MSEC);
	ATF_CHECK_EQ(0, ih_mbufs());
	ATF_CHECK_EQ(EHOSTUNREACH, send_to("fc00::2"));
	end();
}

/* Thirty seconds of trust, then questions, if it is used. */
ATF_TC_WITHOUT_HEAD(ageing);
ATF_TC_BODY(ageing, tc)
{
	struct route ro = { 0 };
	int i;

	begin();
	ih_neighbour(wire, "fc00::2", 2);
	ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 20, 0, &ro));
	sent_to("fc00::2", 2);
	ih_run(30 * SEC - 1);
	ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
	ih_run(1 * MSEC);
	ATF_CHECK(V_way_gen != ro.ro_llgen);
	ih_run(100 * SEC);
	ih_quiet(wire);
	ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 20, 0, &ro));
	sent_to("fc00::2", 2);
	ATF_CHECK_EQ(V_way_gen, ro.ro_llgen);
	ih_run(5 * SEC - 1);
	ih_quiet(wire);
	ih_run(3 * SEC);
	for (i = 0; i < 3; i++) {
		nd(&want, 135, 0, "fc00::1", "fc00::2", "fc00::2", 1);
		PKT_SENT(wire, &want, 2);
	}
	/* The address is used meanwhile, and forgotten after that. */
	ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 20, 0, &ro));
	sent_to("fc00::2", 2);
	ih_run(1 * MSEC);
	ATF_CHECK(V_way_gen != ro.ro_llgen);
	ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 20, 0, &ro));
	solicited("fc00::2", "ff02::1:ff00:2");
	advertise(S | O, 2);
	sent_to("fc00::2", 2);
	ro_invalidate(&ro);
	end();
}

/*
 * What an advertisement does to an entry (RFC 4861, 7.2.5): which address is
 * used after it, and whether that is asked about (STALE) or not.
 */
static const struct {
	bool stale;		/* before */
	uint8_t flags, id;	/* of the advertisement; id 0: none */
	uint8_t used;
	bool asked;
} table[] = {
	{ false, 0, 2, 2, false },	{ true, 0, 2, 2, true },
	{ false, S, 2, 2, false },	{ true, S, 2, 2, false },
	{ false, O, 2, 2, false },	{ true, O, 2, 2, true },
	{ false, S | O, 2, 2, false },	{ true, S | O, 2, 2, false },
	{ false, S, 0, 2, false },	{ true, S, 0, 2, false },
	{ false, 0, 0, 2, false },	{ true, O, 0, 2, true },
	{ false, 0, 3, 2, true },	{ true, 0, 3, 2, true },
	{ false, S, 3, 2, true },	{ true, S, 3, 2, true },
	{ false, O, 3, 3, true },	{ true, O, 3, 3, true },
	{ false, S | O, 3, 3, false },	{ true, S | O, 3, 3, false }
};

ATF_TC_WITHOUT_HEAD(advertisements);
ATF_TC_BODY(advertisements, tc)
{
	struct route ro = { 0 };
	size_t i;

	for (i = 0; i < nitems(table); i++) {
		begin();
		ih_neighbour(wire, "fc00::2", 2);
		ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 20, 0, &ro));
		sent_to("fc00::2", 2);
		if (table[i].stale)
			ih_run(31 * SEC);
		advertise(table[i].flags, table[i].id);
		ATF_CHECK_EQ(0, ih_send("fc00::1", "fc00::2", 20, 0, &ro));
		sent_to("fc00::2", table[i].used);
		ih_run(5500 * MSEC);
		ATF_CHECK_EQ_MSG(table[i].asked, ih_sent(wire) != NULL,
		    "%zu", i);
		ro_invalidate(&ro);
		if_down(wire);
		end();
	}
}

/* Whom nobody asked about is not learnt; nor whose address is missing. */
ATF_TC_WITHOUT_HEAD(unsolicited);
ATF_TC_BODY(unsolicited, tc)
{
	begin();
	advertise(O, 2);
	advertise(S | O, 2);
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	solicited("fc00::2", "ff02::1:ff00:2");
	advertise(S | O, 0);
	ih_quiet(wire);
	/* To all, not solicited: an address, not yet confirmed. */
	nd(&p, 136, O, "fc00::2", "ff02::1", "fc00::2", 2);
	ih_arrive_ip(wire, &p, 2);
	sent_to("fc00::2", 2);
	if_down(wire);
	end();
}

/* A message that is wrong in one place does nothing. */
static const struct {
	int at;
	uint8_t value;
	const char *what;
} wrong[] = {
	{ 7, 254, "passed on by a router" },
	{ 41, 1, "code" },
	{ 48, 0xff, "a group as target" },
	{ 65, 0, "an option of length 0" },
	{ 65, 2, "an option beyond the end" },
	{ 43, 0x55, "checksum" }
};

ATF_TC_WITHOUT_HEAD(malformed);
ATF_TC_BODY(malformed, tc)
{
	uint32_t len;
	size_t i;
	int type;

	begin();
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	solicited("fc00::2", "ff02::1:ff00:2");
	for (type = 135; type < 137; type++) {
		for (i = 0; i < nitems(wrong); i++) {
			nd(&p, (uint8_t)type, type == 136 ? S | O : 0,
			    "fc00::2", "fc00::1",
			    type == 136 ? "fc00::2" : "fc00::1", 2);
			p.b[wrong[i].at] = wrong[i].value;
			if (wrong[i].at != 43)
				pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
			ih_arrive_ip(wire, &p, 2);
			ATF_CHECK_EQ_MSG(NULL, ih_sent(wire), "%d: %s", type,
			    wrong[i].what);
		}
		for (len = 40; len < 72; len++) {
			if (len == 64)
				continue;
			nd(&p, (uint8_t)type, type == 136 ? S | O : 0,
			    "fc00::2", "fc00::1",
			    type == 136 ? "fc00::2" : "fc00::1", 2);
			p.len = len;
			pkt_end(&p);
			if (len >= 44)
				pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
			ih_arrive_ip(wire, &p, 2);
			ATF_CHECK_EQ_MSG(NULL, ih_sent(wire), "%d: %u bytes",
			    type, len);
		}
	}
	/* Solicited, to all. */
	nd(&p, 136, S | O, "fc00::2", "ff02::1", "fc00::2", 2);
	ih_arrive_ip(wire, &p, 2);
	/* A group's link address. */
	nd(&p, 136, S | O, "fc00::2", "fc00::1", "fc00::2", 2);
	p.b[66] = 0x33;
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	/* From nobody, with a link address; to us alone; about others. */
	nd(&p, 135, 0, "::", "ff02::1:ff00:1", "fc00::1", 2);
	ih_arrive_ip(wire, &p, 2);
	nd(&p, 135, 0, "::", "fc00::1", "fc00::1", 0);
	ih_arrive_ip(wire, &p, 2);
	nd(&p, 135, 0, "fc00::2", "ff02::1:ff00:1", "fc00:1::1", 2);
	ih_arrive_ip(wire, &p, 2);
	ih_quiet(wire);
	/* Options that are not known are passed over. */
	nd(&p, 136, S | O, "fc00::2", "fc00::1", "fc00::2", 2);
	memmove(p.b + 80, p.b + 64, 8);
	memset(p.b + 64, 0, 16);
	p.b[64] = 200;
	p.b[65] = 2;
	p.len = 88;
	pkt_end(&p);
	pkt_ulp_sum(&p, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(wire, &p, 2);
	sent_to("fc00::2", 2);
	end();
}

/* Two hosts who know nothing of each other. */
ATF_TC_WITHOUT_HEAD(two_hosts);
ATF_TC_BODY(two_hosts, tc)
{
	struct ifnet *ab, *ba;
	struct vnet *a, *b;
	nstime_t begun;
	int i;

	a = ih_host("a");
	b = ih_host("b");
	ATF_REQUIRE_EQ(0, epair_create(a, b, 0, &ab, &ba));
	ih_enter(b);
	if_up(ba);
	ih_ifa(ba, "fc00::2", 64);
	ih_enter(a);
	if_up(ab);
	ih_ifa(ab, "fc00::1", 64);
	ATF_CHECK_EQ(0, send_to("fc00::2"));
	ih_run(0);
	ih_enter(b);
	ATF_CHECK_EQ(1, ih_ulp()->n);
	ATF_CHECK_EQ(2, ba->if_data.ifi_ipackets);
	ATF_CHECK_EQ(1, ba->if_data.ifi_opackets);
	/* They stay in touch as long as they talk. */
	ih_enter(a);
	begun = ih_now();
	for (i = 0; i < 600; i++) {
		ATF_REQUIRE_EQ(0, send_to("fc00::2"));
		ih_run(1 * SEC);
	}
	ATF_CHECK_EQ(begun + 600 * SEC, ih_now());
	ih_enter(b);
	ATF_CHECK_EQ(601, ih_ulp()->n);
	ih_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ask_and_answer);
	ATF_TP_ADD_TC(tp, answers);
	ATF_TP_ADD_TC(tp, asker_is_learnt);
	ATF_TP_ADD_TC(tp, nobody_answers);
	ATF_TP_ADD_TC(tp, ageing);
	ATF_TP_ADD_TC(tp, advertisements);
	ATF_TP_ADD_TC(tp, unsolicited);
	ATF_TP_ADD_TC(tp, mmaxtries);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, two_hosts);
	return (atf_no_error());
}

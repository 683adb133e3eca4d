/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Floods: SYNs from a million random addresses, 100,000 in a second, with a
 * true client among them all the time; acknowledgments of SYN-ACKs that never
 * were; and addresses that are chosen so as to share a bucket, if they could.
 *
 * The flood's packets are made here and the answers to them only counted;
 * the true client is the peer of pkt.h.
 */
#include <net/route.h>
#include <netinet/ip.h>
#include <vm/uma.h>

#include "pkt.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define	SLOWER	20		/* the sanitizers are */
#else
#define	SLOWER	1
#endif
#define	SYNS	(1000000 / SLOWER)
#define	ACKS	(10000000 / SLOWER)

#define	BLOCK	1000		/* segments between two looks */
#define	BLOCK_TIME (10 * PD_MSEC)

struct flood {
	struct pd	*t;
	uint64_t	random;
	uint64_t	answers;
	int		(*output)(struct ifnet *, struct mbuf *,
			    const struct in6_addr *, struct route *);
};
static struct flood flood;

static uint64_t
draw(void)
{
	/* splitmix64 */
	uint64_t z = flood.random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31);
}

/* What goes to the true client goes on. */
static int
flood_output(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop, struct route *ro)
{
	if (IN6_ARE_ADDR_EQUAL(nexthop, &flood.t->peer))
		return (flood.output(ifp, m, nexthop, ro));
	flood.answers++;
	m_freem(m);
	return (0);
}

static void
flood_begin(struct pd *t)
{
	struct in6_addr any = in6_mapped((struct in_addr){ INADDR_ANY });

	flood = (struct flood){ .t = t, .random = 1,
	    .output = t->ifp->if_output };
	t->ifp->if_output = flood_output;
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, rt_add(&any, 0, NULL, t->ifp, 0, 0));
	CURVNET_RESTORE();
}

/* One segment, whose sums the interface has verified. */
static void
flood_segment(struct pd *t, uint32_t src, uint16_t sport, uint32_t seq,
    uint32_t ack, uint8_t flags)
{
	struct tcphdr *th;
	struct mbuf *m;
	struct ip *ip;

	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_REQUIRE(m != NULL);
	m->m_data += max_hdr;
	m->m_len = m->m_pkthdr.len = sizeof(*ip) + sizeof(*th);
	ip = mtod(m, struct ip *);
	memset(ip, 0, sizeof(*ip) + sizeof(*th));
	ip->ip_v = 4;
	ip->ip_hl = 5;
	ip->ip_len = htons((uint16_t)m->m_len);
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_TCP;
	ip->ip_src.s_addr = htonl(src);
	ip->ip_dst = in6_unmapped(&t->us);
	th = (struct tcphdr *)(void *)(ip + 1);
	th->th_sport = htons(sport);
	th->th_dport = htons(PD_PORT);
	th->th_seq = htonl(seq);
	th->th_ack = htonl(ack);
	th->th_off = 5;
	th->th_flags = flags;
	th->th_win = htons(65535);
	m->m_pkthdr.csum_flags = CSUM_L3_CALC | CSUM_L3_VALID |
	    CSUM_DATA_VALID | CSUM_PSEUDO_HDR;
	m->m_pkthdr.csum_data = 0xffff;
	if_input(t->ifp, m);
}

/* A block of SYNs, or of ACKs, from anywhere. */
static void
flood_block(struct pd *t, uint8_t flags)
{
	struct vnet *saved = vnet_enter(t->vnet);
	uint32_t ack, seq, src;
	uint16_t port;
	int i;

	for (i = 0; i < BLOCK; i++) {
		/* 11.0.0.0 to 126.255.255.255: each is a host's. */
		src = (11 << 24) + (uint32_t)(draw() % (116 << 24));
		port = (uint16_t)draw();
		seq = (uint32_t)draw();
		ack = (uint32_t)draw();
		flood_segment(t, src, port, seq, ack, flags);
	}
	vnet_leave(saved);
	pd_pass(t, BLOCK_TIME);
}

static uint32_t
entries(struct pd *t)
{
	uint32_t n;

	CURVNET_SET(t->vnet);
	n = (uint32_t)uma_zone_get_cur(uma_zone_find("syncache"));
	CURVNET_RESTORE();
	return (n);
}

/* A true client's attempt, whose ACK comes a block after its SYN. */
static bool
connects(struct pd *t, int lfd)
{
	int fd;

	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK>");
	if (pd_pending(t) == 0)
		return (false);
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,eol,eol>");
	flood_block(t, TH_SYN);
	INJECT("P. 1:11(10) ack 1 win 65535");
	pd_pass(t, 50 * PD_MSEC);
	if (pd_state(t) != TCPS_ESTABLISHED)
		return (false);
	EXPECT_LATE(". 1:1(0) ack 11");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 10);
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	EXPECT("R. 1:1(0) ack 11");
	return (true);
}

static void
syns(struct pd *t, int cookies)
{
	int failed = 0, i, lfd = pd_listen(t, 50);
	u_int limit = (u_int)pd_sysctl_get(t,
	    "net.inet.tcp.syncache.cachelimit");

	pd_sysctl(t, "net.inet.tcp.syncookies", cookies);
	flood_begin(t);
	for (i = 0; i < SYNS / BLOCK; i++) {
		flood_block(t, TH_SYN);
		ATF_REQUIRE(entries(t) <= limit);
		if (i % 20 != 0)
			continue;
		pd_use(t, i / 20 % PD_CONNS);
		/* Lost once at most. */
		if (!connects(t, lfd)) {
			failed++;
			pd_forget(t);
			pd_pass(t, PD_SEC);
			ATF_REQUIRE_MSG(connects(t, lfd), "block %d", i);
		}
	}
	printf("%ju answers, %d true clients had to try again\n",
	    (uintmax_t)flood.answers, failed);
	ATF_CHECK(flood.answers >= SYNS);
	/* None of the flood became a connection. */
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(1, V_tcbinfo.ipi_count);
	CURVNET_RESTORE();
	pd_pass(t, 100 * PD_SEC);
	pd_forget(t);
	ATF_CHECK_EQ(0, entries(t));
}

PD_TEST4(syns_cookies)
{
	syns(t, 1);
}

PD_TEST4(syns_no_cookies)
{
	syns(t, 0);
}

/* While nothing overflows they are not even looked at; while cookies are
 * about, an ACK has to be of one that was sent, and to guess 24 bits. */
static void
acks(struct pd *t, int only)
{
	int i;

	(void)pd_listen(t, 50);
	pd_sysctl(t, "net.inet.tcp.syncookies_only", only);
	flood_begin(t);
	flood_block(t, TH_SYN);
	for (i = 0; i < ACKS / BLOCK; i++)
		flood_block(t, TH_ACK);
	CURVNET_SET(t->vnet);
	ATF_CHECK_EQ(0, V_tcpstat.tcps_accepts);
	ATF_CHECK_EQ(1, V_tcbinfo.ipi_count);
	ATF_CHECK(V_tcpstat.tcps_sc_spurcookie + V_tcpstat.tcps_sc_failcookie +
	    V_tcpstat.tcps_sc_badack == (uint64_t)ACKS);
	CURVNET_RESTORE();
}

PD_TEST4(acks_cookies)
{
	acks(t, 1);
}

PD_TEST4(acks_no_cookies)
{
	acks(t, 0);
}

/*
 * Who knows all but the key: ports that differ by the number of buckets, and
 * addresses by powers of two, would share a bucket of a hash without one.
 * They spread as random ones do.
 */
PD_TEST4(chosen)
{
	uint32_t n = 0, overflows;
	struct vnet *saved;
	u_int i;

	(void)pd_listen(t, 50);
	pd_sysctl(t, "net.inet.tcp.syncookies", 0);
	flood_begin(t);
	saved = vnet_enter(t->vnet);
	for (i = 0; i < 5120; i++, n++)
		flood_segment(t, (20 << 24) + (i / 64 << 9),
		    (uint16_t)(1024 + i % 64 * 512), 0, 0, TH_SYN);
	overflows = (uint32_t)V_tcpstat.tcps_sc_bucketoverflow;
	vnet_leave(saved);
	/* Ten in each bucket on average: more than 30 in one is a chance of
	 * 10^-7 for each. */
	ATF_CHECK_EQ(0, overflows);
	ATF_CHECK_EQ(n, entries(t));
	pd_pass(t, 100 * PD_SEC);
	pd_forget(t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, syns_cookies);
	ATF_TP_ADD_TC(tp, syns_no_cookies);
	ATF_TP_ADD_TC(tp, acks_cookies);
	ATF_TP_ADD_TC(tp, acks_no_cookies);
	ATF_TP_ADD_TC(tp, chosen);
	return (atf_no_error());
}

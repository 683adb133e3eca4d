/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host cache: what it remembers and for how long, its limits, that
 * nobody can fill a bucket, what a connection takes from it and leaves
 * there, and the text of list and histo.
 */
#include <netinet/tcp_hostcache.h>
#include <vm/uma.h>

#include "pkt.h"

#define	HC(name)	"net.inet.tcp.hostcache." name
#define	MSS		1460
#define	MINUTE		(60 * PD_SEC)
#define	HEAD		"\nIP address        MTU  SSTRESH      RTT   RTTVAR" \
			"     CWND SENDPIPE RECVPIPE EXP\n"

/* ---- Means ---- */

/* In the host, at its time. */
#define	INSIDE(t, call) do {						\
	struct vnet *saved_ = vnet_enter((t)->vnet);			\
	call;								\
	vnet_leave(saved_);						\
} while (0)

static struct in_conninfo
inc_of(uint32_t n)
{
	struct in_conninfo inc = { 0 };

	inc.inc_faddr = in6_mapped((struct in_addr){ .s_addr = htonl(n) });
	return (inc);
}

static void
update(struct pd *t, uint32_t addr, struct hc_metrics_lite hc)
{
	const struct in_conninfo inc = inc_of(addr);

	INSIDE(t, tcp_hc_update(&inc, &hc));
}

static struct hc_metrics_lite
get(struct pd *t, uint32_t addr)
{
	const struct in_conninfo inc = inc_of(addr);
	struct hc_metrics_lite hc;

	INSIDE(t, tcp_hc_get(&inc, &hc));
	return (hc);
}

static bool
known(struct pd *t, uint32_t addr)
{
	return (get(t, addr).hc_cwnd != 0);
}

static void
remember(struct pd *t, uint32_t addr)
{
	update(t, addr, (struct hc_metrics_lite){ .hc_cwnd = 10000 });
}

static int
count(struct pd *t)
{
	return (pd_sysctl_get(t, HC("count")));
}

/* What a variable says; good until the next call. */
static const char *
text_of(struct pd *t, const char *name)
{
	static char buf[4 << 20];
	size_t len = sizeof(buf);
	int error;

	INSIDE(t, error = kernel_sysctlbyname(name, buf, &len, NULL, 0));
	ATF_REQUIRE_EQ_MSG(0, error, "%s: error %d", name, error);
	ATF_REQUIRE_EQ_MSG(strlen(buf) + 1, len, "%s: no string", name);
	return (buf);
}

/* A tunable, before the table is there. */
static int
tunable(struct pd *t, const char *name, const char *value)
{
	int error;

	INSIDE(t, error = sysctl_set_string(name, value, true));
	return (error);
}

static uint64_t
overflows(struct pd *t)
{
	uint64_t n;

	INSIDE(t, n = V_tcpstat.tcps_hc_bucketoverflow);
	return (n);
}

/* ---- What is remembered ---- */

PD_TEST4(mean)
{
	const struct hc_metrics_lite first = { .hc_rtt = 1000,
	    .hc_rttvar = 200, .hc_ssthresh = 30000, .hc_cwnd = 20000,
	    .hc_sendpipe = 70000, .hc_recvpipe = UINT32_MAX },
	    second = { .hc_rtt = 2000, .hc_ssthresh = 10000,
	    .hc_recvpipe = UINT32_MAX };
	struct hc_metrics_lite hc;

	ATF_CHECK(!known(t, 1));
	ATF_CHECK_EQ(0, count(t));
	update(t, 1, first);
	hc = get(t, 1);
	ATF_CHECK_EQ(0, memcmp(&hc, &first, sizeof(hc)));
	update(t, 1, second);
	hc = get(t, 1);
	ATF_CHECK_EQ(1500, hc.hc_rtt);
	ATF_CHECK_EQ(20000, hc.hc_ssthresh);
	ATF_CHECK_EQ(UINT32_MAX, hc.hc_recvpipe);
	/* What is not known leaves what was. */
	ATF_CHECK_EQ(200, hc.hc_rttvar);
	ATF_CHECK_EQ(20000, hc.hc_cwnd);
	ATF_CHECK_EQ(70000, hc.hc_sendpipe);
	ATF_CHECK_EQ(1, count(t));
	INSIDE(t, ATF_CHECK_EQ(1, V_tcpstat.tcps_hc_added));
	INSIDE(t, ATF_CHECK_EQ(2, V_tcpstat.tcps_cachedrtt));
	INSIDE(t, ATF_CHECK_EQ(1, V_tcpstat.tcps_cachedrttvar));
	INSIDE(t, ATF_CHECK_EQ(2, V_tcpstat.tcps_cachedssthresh));
}

/* fe80::1 is another host on another interface. */
PD_TEST6(scope)
{
	struct in_conninfo a = { 0 }, b;
	struct hc_metrics_lite hc = { .hc_cwnd = 7 };

	ATF_REQUIRE_EQ(1, in_pton("fe80::1", &a.inc_faddr));
	a.inc_scope = 1;
	b = a;
	b.inc_scope = 2;
	INSIDE(t, tcp_hc_update(&a, &hc));
	INSIDE(t, tcp_hc_get(&b, &hc));
	ATF_CHECK_EQ(0, hc.hc_cwnd);
	INSIDE(t, tcp_hc_get(&a, &hc));
	ATF_CHECK_EQ(7, hc.hc_cwnd);
}

PD_TEST4(enable)
{
	remember(t, 1);
	pd_sysctl(t, HC("enable"), 0);
	ATF_CHECK(!known(t, 1));
	remember(t, 2);
	ATF_CHECK_EQ(1, count(t));
	pd_sysctl(t, HC("enable"), 1);
	ATF_CHECK(known(t, 1));
	ATF_CHECK(!known(t, 2));
}

/* ---- Limits ---- */

/* What was used longest ago makes room, in its bucket. */
PD_TEST4(bucketlimit)
{
	ATF_REQUIRE_EQ(0, tunable(t, HC("hashsize"), "1"));
	ATF_REQUIRE_EQ(0, tunable(t, HC("bucketlimit"), "3"));
	remember(t, 1);
	remember(t, 2);
	remember(t, 3);
	ATF_CHECK_EQ(0, overflows(t));
	ATF_CHECK(known(t, 1));
	remember(t, 4);
	ATF_CHECK_EQ(3, count(t));
	ATF_CHECK_EQ(1, overflows(t));
	ATF_CHECK(!known(t, 2));
	ATF_CHECK(known(t, 1));
	ATF_CHECK(known(t, 3));
	ATF_CHECK(known(t, 4));
}

/* With fewer entries than buckets, one of another bucket makes room. */
PD_TEST4(cachelimit)
{
	uint32_t i;

	ATF_CHECK_EQ(15360, pd_sysctl_get(t, HC("cachelimit")));
	ATF_REQUIRE_EQ(0, tunable(t, HC("cachelimit"), "1000000"));
	ATF_CHECK_EQ(15360, pd_sysctl_get(t, HC("cachelimit")));
	ATF_REQUIRE_EQ(0, tunable(t, HC("hashsize"), "1024"));
	ATF_CHECK_EQ(30720, pd_sysctl_get(t, HC("cachelimit")));
	ATF_REQUIRE_EQ(0, tunable(t, HC("cachelimit"), "2"));
	ATF_CHECK_EQ(2, pd_sysctl_get(t, HC("cachelimit")));
	for (i = 1; i <= 100; i++) {
		remember(t, i);
		ATF_REQUIRE_EQ(MIN(i, 2), (uint32_t)count(t));
		ATF_REQUIRE(known(t, i));
	}
	ATF_CHECK_EQ(98, overflows(t));
}

PD_TEST4(tunables)
{
	static const char * const wrong[][2] = {
		{ HC("hashsize"), "0" }, { HC("hashsize"), "513" },
		{ HC("hashsize"), "2097152" }, { HC("bucketlimit"), "0" },
		{ HC("bucketlimit"), "2048" }, { HC("cachelimit"), "0" },
	};
	size_t i;

	for (i = 0; i < nitems(wrong); i++)
		ATF_CHECK_EQ_MSG(EINVAL, tunable(t, wrong[i][0], wrong[i][1]),
		    "%s=%s", wrong[i][0], wrong[i][1]);
	ATF_CHECK_EQ(512, pd_sysctl_get(t, HC("hashsize")));
	ATF_CHECK_EQ(30, pd_sysctl_get(t, HC("bucketlimit")));
	ATF_CHECK_EQ(EPERM, pd_sysctl_try(t, HC("hashsize"), "64"));
	ATF_CHECK_EQ(EPERM, pd_sysctl_try(t, HC("bucketlimit"), "64"));
	ATF_CHECK_EQ(EPERM, pd_sysctl_try(t, HC("cachelimit"), "64"));
	ATF_CHECK_EQ(EINVAL, pd_sysctl_try(t, HC("expire"), "0"));
	ATF_CHECK_EQ(EINVAL, pd_sysctl_try(t, HC("prune"), "0"));
}

PD_TEST4(many)
{
	const uint32_t base = 10 << 24, n = 100000;
	uint32_t i;

	for (i = 0; i < n; i++) {
		remember(t, base + i);
		ATF_REQUIRE(count(t) <= 15360);
	}
	INSIDE(t, ATF_CHECK_EQ(count(t),
	    uma_zone_get_cur(uma_zone_find("hostcache"))));
	ATF_CHECK_EQ_MSG(n - (uint32_t)count(t), overflows(t),
	    "%d are remembered", count(t));
	/* All 512 buckets are full, but for a few. */
	ATF_CHECK_MSG(count(t) > 15000, "%d are remembered", count(t));
	for (i = n - 100; i < n; i++)
		ATF_CHECK(known(t, base + i));
}

/* No memory: nothing is remembered, and later it is. */
PD_TEST4(shortage)
{
	uma_zone_t zone;

	remember(t, 1);
	INSIDE(t, zone = uma_zone_find("hostcache"));
	uma_zone_set_fault(zone, 0);
	remember(t, 2);
	ATF_CHECK(!known(t, 2));
	ATF_CHECK(known(t, 1));
	uma_zone_set_fault(zone, UINT64_MAX);
	remember(t, 2);
	ATF_CHECK(known(t, 2));
}

/* ---- Nobody fills a bucket ---- */

/* A number at *sp, which must be followed by end; *sp is then behind that. */
static u_int
number(const char **sp, char end)
{
	const char *s = *sp;
	u_int n = 0;

	ATF_REQUIRE_MSG(*s >= '0' && *s <= '9', "%s", *sp);
	for (; *s >= '0' && *s <= '9'; s++)
		n = 10 * n + (u_int)(*s - '0');
	ATF_REQUIRE_MSG(*s == end, "%s", *sp);
	*sp = s + 1;
	return (n);
}

/* Lengths of the buckets, as histo tells; returns how many buckets. */
static u_int
histo(struct pd *t, u_int counts[31])
{
	const char *s = text_of(t, HC("histo"));
	u_int i, n = 0;

	ATF_REQUIRE_EQ_MSG(0, strncmp(s, "Length\tCount\n", 13), "%s", s);
	s += 13;
	for (i = 0; i <= 30; i++) {
		ATF_REQUIRE_EQ(i, number(&s, '\t'));
		counts[i] = number(&s, '\n');
		n += counts[i];
	}
	ATF_REQUIRE_STREQ("", s);
	return (n);
}

/* Pearson's chi-square of n addresses over 512 buckets: 511, give or take
 * 32, for random ones. */
static double
spread(struct pd *t, u_int n)
{
	const double mean = n / 512.0;
	u_int counts[31], i, sum = 0;
	double chi = 0;

	ATF_REQUIRE_EQ(512, histo(t, counts));
	for (i = 0; i <= 30; i++) {
		chi += counts[i] * (i - mean) * (i - mean) / mean;
		sum += i * counts[i];
	}
	ATF_REQUIRE_EQ((u_int)count(t), sum);
	return (chi);
}

#define	N_CHOSEN	5120
#define	SPREAD_MOST	(511 + 6 * 32)

static void
require_spread(struct pd *t, const char *what)
{
	double chi = spread(t, N_CHOSEN);

	ATF_CHECK_EQ_MSG(N_CHOSEN, count(t), "%s: %d are left", what,
	    count(t));
	ATF_CHECK_EQ_MSG(0, overflows(t), "%s", what);
	ATF_CHECK_MSG(chi < SPREAD_MOST, "%s: %.0f", what, chi);
}

/* The bucket under a key, as anyone who has read the source computes it. */
static u_int
bucket_of(const uint8_t secret[16], uint32_t addr)
{
	struct {
		struct in6_addr addr;
		uint32_t scope, zero;
	} k = { .addr = inc_of(addr).inc_faddr };

	return (siphash24(secret, &k, sizeof(k)) % 512);
}

/* Addresses that meet in one bucket under a key, though not under ours; and
 * those that differ in few bits only. */
PD_TEST4(collisions)
{
	static const uint8_t guess[16];
	uint32_t a, n;

	for (a = 1, n = 0; n < N_CHOSEN; a++)
		if (bucket_of(guess, a) == 0) {
			remember(t, a);
			n++;
		}
	require_spread(t, "a guessed key");
	pd_sysctl(t, HC("purgenow"), 1);
	for (n = 0; n < N_CHOSEN; n++)
		remember(t, n << 16);
	require_spread(t, "the upper half");
	pd_sysctl(t, HC("purgenow"), 1);
	for (n = 0; n < N_CHOSEN; n++)
		remember(t, (n & 0xff) << 24 | (n >> 8) << 9);
	require_spread(t, "every 512th");
}

/* What is known of the key is worth nothing after a new one. */
PD_TEST4(reseeding)
{
	static char before[1 << 12];
	uint32_t n;
	int how;

	for (n = 0; n < N_CHOSEN; n++)
		remember(t, n);
	strlcpy(before, text_of(t, HC("histo")), sizeof(before));
	for (how = 0; how <= 1; how++) {
		pd_sysctl(t, HC("purgenow"), how);
		ATF_CHECK_EQ(0, count(t));
		for (n = 0; n < N_CHOSEN; n++)
			remember(t, n);
		ATF_CHECK_STREQ(before, text_of(t, HC("histo")));
	}
	pd_sysctl(t, HC("purgenow"), 2);
	for (n = 0; n < N_CHOSEN; n++)
		remember(t, n);
	ATF_CHECK(strcmp(before, text_of(t, HC("histo"))) != 0);
	strlcpy(before, text_of(t, HC("histo")), sizeof(before));
	/* The same at the next pruning. */
	pd_sysctl(t, HC("purge"), 2);
	pd_pass(t, 5 * MINUTE);
	ATF_CHECK_EQ(0, count(t));
	for (n = 0; n < N_CHOSEN; n++)
		remember(t, n);
	ATF_CHECK(strcmp(before, text_of(t, HC("histo"))) != 0);
}

/* ---- How long ---- */

PD_TEST4(expire)
{
	pd_sysctl(t, HC("expire"), 100);
	remember(t, 1);
	remember(t, 2);
	pd_pass(t, 60 * PD_SEC);
	ATF_CHECK(known(t, 1));
	pd_pass(t, 40 * PD_SEC);
	/* Not yet pruned, but not used any more. */
	ATF_CHECK_EQ(2, count(t));
	ATF_CHECK(!known(t, 2));
	ATF_CHECK_EQ(1, count(t));
	ATF_CHECK(known(t, 1));
	pd_pass(t, 100 * PD_SEC);
	ATF_CHECK_EQ(1, count(t));
	pd_pass(t, 100 * PD_SEC);
	ATF_CHECK_EQ(0, count(t));
}

/* A timer only while there is something. */
PD_TEST4(prune)
{
	const nstime_t start = t->now;

	ATF_CHECK_EQ(UINT64_MAX, vnet_next(t->vnet));
	remember(t, 1);
	ATF_CHECK_EQ(start + 300 * NS_PER_SEC, vnet_next(t->vnet));
	pd_sysctl(t, HC("prune"), 30);
	ATF_CHECK_EQ(start + 30 * NS_PER_SEC, vnet_next(t->vnet));
	pd_pass(t, 30 * PD_SEC);
	ATF_CHECK_EQ(1, count(t));
	ATF_CHECK_EQ(start + 60 * NS_PER_SEC, vnet_next(t->vnet));
	pd_pass(t, 3600 * PD_SEC);
	ATF_CHECK_EQ(0, count(t));
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(t->vnet));
	pd_sysctl(t, HC("prune"), 20);
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(t->vnet));
	remember(t, 1);
	pd_sysctl(t, HC("purgenow"), 1);
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(t->vnet));
	/* Nor when the last one is found to have expired. */
	pd_sysctl(t, HC("expire"), 10);
	remember(t, 1);
	pd_pass(t, 10 * PD_SEC);
	ATF_CHECK(vnet_next(t->vnet) != UINT64_MAX);
	ATF_CHECK(!known(t, 1));
	ATF_CHECK_EQ(UINT64_MAX, vnet_next(t->vnet));
}

PD_TEST4(purge)
{
	remember(t, 1);
	pd_sysctl(t, HC("purge"), 1);
	pd_pass(t, 5 * MINUTE - 1);
	ATF_CHECK_EQ(1, count(t));
	ATF_CHECK_EQ(1, pd_sysctl_get(t, HC("purge")));
	pd_pass(t, 1);
	ATF_CHECK_EQ(0, count(t));
	ATF_CHECK_EQ(0, pd_sysctl_get(t, HC("purge")));
	/* Once. */
	remember(t, 1);
	pd_pass(t, 10 * MINUTE);
	ATF_CHECK_EQ(1, count(t));
}

/* While there is nothing, it is done at once, and nothing that comes later
 * goes for it. */
PD_TEST4(purge_nothing)
{
	pd_sysctl(t, HC("purge"), 1);
	ATF_CHECK_EQ(0, pd_sysctl_get(t, HC("purge")));
	remember(t, 1);
	pd_pass(t, 10 * MINUTE);
	ATF_CHECK_EQ(1, count(t));
	pd_sysctl(t, HC("purgenow"), 1);
	pd_sysctl(t, HC("purge"), 2);
	ATF_CHECK_EQ(0, pd_sysctl_get(t, HC("purge")));
}

PD_TEST4(purgenow)
{
	remember(t, 1);
	ATF_CHECK_EQ(0, pd_sysctl_get(t, HC("purgenow")));
	ATF_CHECK_EQ(1, count(t));
	pd_sysctl(t, HC("purgenow"), 1);
	ATF_CHECK_EQ(0, count(t));
	ATF_CHECK(!known(t, 1));
	ATF_CHECK_EQ(0, pd_sysctl_get(t, HC("purgenow")));
}

/* ---- Text ---- */

PD_TEST4(list)
{
	struct in_conninfo inc = { 0 };

	ATF_CHECK_STREQ(HEAD, text_of(t, HC("list")));
	update(t, 0xc0000263, (struct hc_metrics_lite){ .hc_ssthresh = 14600,
	    .hc_rtt = 123999, .hc_rttvar = 999, .hc_cwnd = 29200,
	    .hc_sendpipe = 4294967295, .hc_recvpipe = 65700 });
	pd_pass(t, 10 * PD_SEC);
	ATF_REQUIRE_EQ(1, in_pton("2001:db8:1234:5678::9", &inc.inc_faddr));
	INSIDE(t, tcp_hc_updatemtu(&inc, 1300));
	ATF_CHECK_STREQ(HEAD
	    "2001:db8:1234:5678::9  1300        0      0ms      0ms        0"
	    "        0        0 3600\n"
	    "192.0.2.99          0    14600    123ms      0ms    29200"
	    " 4294967295    65700 3590\n", text_of(t, HC("list")));
}

PD_TEST4(histo)
{
	u_int counts[31];

	ATF_CHECK_EQ(512, histo(t, counts));
	ATF_CHECK_EQ(512, counts[0]);
	remember(t, 1);
	ATF_CHECK_EQ(512, histo(t, counts));
	ATF_CHECK_EQ(511, counts[0]);
	ATF_CHECK_EQ(1, counts[1]);
	ATF_REQUIRE_EQ(0, tunable(t, HC("bucketlimit"), "2"));
	ATF_CHECK_STREQ("Length\tCount\n0\t511\n1\t1\n2\t0\n",
	    text_of(t, HC("histo")));
}

/* ---- Connections ---- */

/* Send and have acknowledged n segments, each after usec. */
static void
exchange(struct pd *t, int fd, int n, uint64_t usec)
{
	int i;

	for (i = 0; i < n; i++) {
		SEND(fd, 100);
		EXPECT("P. %d:%d(100) ack 1", 1 + 100 * i, 101 + 100 * i);
		ADVANCE(usec);
		INJECT(". 1:1(0) ack %d win 65535", 101 + 100 * i);
	}
}

/* The peer resets it. */
static void
reset(struct pd *t, int fd)
{
	INJECT("R 1:1(0) win 0");
	STATE(GONE);
	OK(pd_close(t, fd));
}

static struct hc_metrics_lite
of_peer(struct pd *t)
{
	struct in_conninfo inc = { .inc_faddr = t->peer };
	struct hc_metrics_lite hc;

	INSIDE(t, tcp_hc_get(&inc, &hc));
	return (hc);
}

/* The second connection's timeout is made of the first one's round trips. */
PD_TEST(round_trips)
{
	struct hc_metrics_lite hc;
	struct tcp_info ti;
	int fd;

	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 20, 100 * PD_MSEC);
	pd_info(t, fd, &ti);
	reset(t, fd);
	hc = of_peer(t);
	ATF_CHECK_EQ(ti.tcpi_rtt, hc.hc_rtt);
	ATF_CHECK_EQ(ti.tcpi_rttvar, hc.hc_rttvar);
	INSIDE(t, ATF_CHECK_EQ(0, V_tcpstat.tcps_usedrtt));

	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	INSIDE(t, ATF_CHECK_EQ(1, V_tcpstat.tcps_usedrtt));
	INSIDE(t, ATF_CHECK_EQ(1, V_tcpstat.tcps_usedrttvar));
	INSIDE(t, ATF_CHECK_EQ(0, V_tcpstat.tcps_usedssthresh));
	/* The handshake's 10 us are one more. */
	pd_info(t, fd, &ti);
	ATF_CHECK_EQ((7 * hc.hc_rtt + PD_RTT) / 8, ti.tcpi_rtt);
	ATF_CHECK_EQ((3 * hc.hc_rttvar + hc.hc_rtt - PD_RTT) / 4,
	    ti.tcpi_rttvar);
	reset(t, fd);

	/* As is a passive one. */
	pd_use(t, 2);
	fd = pd_passive(t, 0, 65535);
	pd_info(t, fd, &ti);
	ATF_CHECK_EQ((7 * hc.hc_rtt + PD_RTT) / 8, ti.tcpi_rtt);
	reset(t, fd);
}

/* When the handshake has told nothing, what is remembered counts alone. */
PD_TEST(timeout)
{
	struct hc_metrics_lite hc;
	int fd;

	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 20, 100 * PD_MSEC);
	reset(t, fd);
	hc = of_peer(t);

	pd_use(t, 1);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	EXPECT_IN(1 * PD_SEC, "S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	EXPECT_IN(hc.hc_rtt + 4 * hc.hc_rttvar + 200 * PD_MSEC,
	    "P. 1:101(100) ack 1");
	reset(t, fd);
}

PD_TEST(few_samples)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 2, 100 * PD_MSEC);
	reset(t, fd);
	ATF_CHECK_EQ(0, count(t));
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 3, 100 * PD_MSEC);
	reset(t, fd);
	ATF_CHECK_EQ(1, count(t));
}

/* It is remembered as TIME_WAIT begins, and not again when that ends. */
PD_TEST(time_wait)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 5, 100 * PD_MSEC);
	OK(pd_close(t, fd));
	EXPECT("F. 501:501(0) ack 1");
	INJECT("F. 1:1(0) ack 502 win 65535");
	EXPECT(". 502:502(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	ATF_CHECK_EQ(1, count(t));
	pd_pass(t, 60 * PD_SEC);
	STATE(GONE);
	INSIDE(t, ATF_CHECK_EQ(1, V_tcpstat.tcps_cachedrtt));
}

/* A loss leaves a threshold, and the next connection begins with it, but
 * with the initial window that every connection has. */
PD_TEST(threshold)
{
	struct hc_metrics_lite hc;
	struct tcp_info ti;
	int fd;

	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 5, 100 * PD_MSEC);
	SEND(fd, 8 * MSS);
	pd_forget(t);
	pd_pass(t, 5 * PD_SEC);
	pd_forget(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE(ti.tcpi_snd_ssthresh < 65536);
	reset(t, fd);
	hc = of_peer(t);
	ATF_CHECK_EQ(0, hc.hc_ssthresh % MSS);
	ATF_CHECK(hc.hc_ssthresh >= 2 * MSS);
	ATF_CHECK(hc.hc_ssthresh + MSS > ti.tcpi_snd_ssthresh);
	ATF_CHECK(hc.hc_ssthresh < ti.tcpi_snd_ssthresh + MSS);
	ATF_CHECK_EQ(ti.tcpi_snd_cwnd, hc.hc_cwnd);

	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	pd_info(t, fd, &ti);
	ATF_CHECK_EQ(hc.hc_ssthresh, ti.tcpi_snd_ssthresh);
	ATF_CHECK_EQ(10 * MSS, ti.tcpi_snd_cwnd);
	INSIDE(t, ATF_CHECK_EQ(1, V_tcpstat.tcps_usedssthresh));
	reset(t, fd);
}

/* However little is remembered, two segments. */
PD_TEST(threshold_least)
{
	struct in_conninfo inc = { .inc_faddr = t->peer };
	const struct hc_metrics_lite hc = { .hc_ssthresh = 1 };
	struct tcp_info ti;
	int fd;

	INSIDE(t, tcp_hc_update(&inc, &hc));
	fd = pd_active(t, 0, 65535);
	pd_info(t, fd, &ti);
	ATF_CHECK_EQ(2 * MSS, ti.tcpi_snd_ssthresh);
	reset(t, fd);
}

/* Buffers that may grow begin as large as they have been; set ones do not. */
PD_TEST(pipes)
{
	struct in_conninfo inc = { .inc_faddr = t->peer };
	const struct hc_metrics_lite hc = { .hc_sendpipe = 200000,
	    .hc_recvpipe = 300000 };
	int fd;

	INSIDE(t, tcp_hc_update(&inc, &hc));
	fd = pd_active(t, PD_ALL, 65535);
	ATF_CHECK_EQ(roundup(200000, MSS),
	    pd_getopt(t, fd, SOL_SOCKET, SO_SNDBUF));
	ATF_CHECK_EQ(roundup(300000, MSS),
	    pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	reset(t, fd);

	pd_use(t, 1);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_SNDBUF, 10 * MSS));
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 20 * MSS));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win %d <...>", 20 * MSS);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	ATF_CHECK_EQ(10 * MSS, pd_getopt(t, fd, SOL_SOCKET, SO_SNDBUF));
	ATF_CHECK_EQ(20 * MSS, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	reset(t, fd);

	pd_use(t, 2);
	pd_sysctl(t, "net.inet.tcp.sendbuf_max", 100000);
	pd_sysctl(t, "net.inet.tcp.recvbuf_auto", 0);
	fd = pd_active(t, PD_ALL, 65535);
	ATF_CHECK_EQ(roundup(100000, MSS),
	    pd_getopt(t, fd, SOL_SOCKET, SO_SNDBUF));
	ATF_CHECK_EQ(65700, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	reset(t, fd);
}

/* A send buffer that has grown is remembered; one of the first size not. */
PD_TEST(pipes_grown)
{
	int fd, i, size;

	fd = pd_active(t, 0, 65535);
	exchange(t, fd, 5, 1000);
	reset(t, fd);
	ATF_CHECK_EQ(0, of_peer(t).hc_sendpipe);
	ATF_CHECK_EQ(0, of_peer(t).hc_recvpipe);

	pd_use(t, 1);
	fd = pd_active(t, PD_WS, 65535);
	for (i = 0; i < 8; i++) {
		(void)pd_send(t, fd, 1 << 20, 0);
		while (pd_pending(t) > 1)
			pd_skip(t);
		INJECT(". 1:1(0) ack %u win 65535", pd_take(t));
	}
	pd_forget(t);
	size = pd_getopt(t, fd, SOL_SOCKET, SO_SNDBUF);
	ATF_REQUIRE(size > roundup(32768, MSS));
	reset(t, fd);
	ATF_CHECK_EQ(size, (int)of_peer(t).hc_sendpipe);

	pd_use(t, 2);
	fd = pd_active(t, PD_WS, 65535);
	ATF_CHECK_EQ(roundup(size, MSS),
	    pd_getopt(t, fd, SOL_SOCKET, SO_SNDBUF));
	reset(t, fd);
}

/* An MTU that a router has told is in the list, and used again. */
PD_TEST(mtu)
{
	const uint32_t head = t->af == AF_INET ? 40 : 60;
	char row[160], peer[INET6_ADDRSTRLEN];
	int fd;

	fd = pd_active(t, 0, 65535);
	SEND(fd, MSS);
	pd_forget(t);
	pd_toobig(t, 1300, 1);
	pd_forget(t);
	reset(t, fd);
	ATF_CHECK_EQ(1300, of_peer(t).hc_mtu);
	snprintf(row, sizeof(row), HEAD "%-15s  1300        0",
	    in_ntop(&t->peer, peer, sizeof(peer)));
	ATF_CHECK_EQ_MSG(0, strncmp(row, text_of(t, HC("list")),
	    strlen(row)), "%s", text_of(t, HC("list")));

	pd_use(t, 1);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss %u,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>", 1300 - head);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, MSS);
	EXPECT(". 1:%u(%u) ack 1", 1301 - head, 1300 - head);
	pd_forget(t);
	reset(t, fd);

	/* A purge is for the path, too. */
	pd_sysctl(t, HC("purgenow"), 1);
	ATF_CHECK_EQ(0, of_peer(t).hc_mtu);
	pd_use(t, 2);
	fd = pd_active(t, 0, 65535);
	reset(t, fd);
}

/* Ten minutes later the path may be a wider one, and the list says so. */
PD_TEST(mtu_again)
{
	int fd;

	fd = pd_active(t, 0, 65535);
	SEND(fd, MSS);
	pd_forget(t);
	pd_toobig(t, 1300, 1);
	pd_forget(t);
	reset(t, fd);
	pd_pass(t, 10 * MINUTE - 1);
	ATF_CHECK_EQ(1300, of_peer(t).hc_mtu);
	pd_pass(t, 1);
	ATF_CHECK_EQ(0, of_peer(t).hc_mtu);
	ATF_CHECK(strstr(text_of(t, HC("list")), " 1300 ") == NULL);
	ATF_CHECK_EQ(1, count(t));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mean);
	ATF_TP_ADD_TC(tp, scope);
	ATF_TP_ADD_TC(tp, enable);
	ATF_TP_ADD_TC(tp, bucketlimit);
	ATF_TP_ADD_TC(tp, cachelimit);
	ATF_TP_ADD_TC(tp, tunables);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, shortage);
	ATF_TP_ADD_TC(tp, collisions);
	ATF_TP_ADD_TC(tp, reseeding);
	ATF_TP_ADD_TC(tp, expire);
	ATF_TP_ADD_TC(tp, prune);
	ATF_TP_ADD_TC(tp, purge);
	ATF_TP_ADD_TC(tp, purge_nothing);
	ATF_TP_ADD_TC(tp, purgenow);
	ATF_TP_ADD_TC(tp, list);
	ATF_TP_ADD_TC(tp, histo);
	ATF_TP_ADD_TC(tp, round_trips);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, few_samples);
	ATF_TP_ADD_TC(tp, time_wait);
	ATF_TP_ADD_TC(tp, threshold);
	ATF_TP_ADD_TC(tp, threshold_least);
	ATF_TP_ADD_TC(tp, pipes);
	ATF_TP_ADD_TC(tp, pipes_grown);
	ATF_TP_ADD_TC(tp, mtu);
	ATF_TP_ADD_TC(tp, mtu_again);
	return (atf_no_error());
}

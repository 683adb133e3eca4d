/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The size of segments: path_mtu_discovery, minmss, black holes and their
 * three variables, probing (RFC 4821), and the way back to full size.
 */
#include <netinet/tcp_pmtud.h>

#include "pkt.h"

#define	MSS		1460
#define	DETECT		"net.inet.tcp.pmtud_blackhole_detection"
#define	SMALL4		"net.inet.tcp.pmtud_blackhole_mss"
#define	SMALL6		"net.inet.tcp.v6pmtud_blackhole_mss"
#define	PLPMTUD		"net.inet.tcp.plpmtud"
#define	MINUTE		(60 * PD_SEC)

static const char *
small_name(const struct pd *t)
{
	return (t->af == AF_INET ? SMALL4 : SMALL6);
}

static uint32_t
info_pmtu(struct pd *t, int fd)
{
	struct tcp_info ti;

	pd_info(t, fd, &ti);
	return (ti.__tcpi_pmtu);
}

/* ---- path_mtu_discovery ---- */

PD_TEST4(discovery_0)
{
	int fd = pd_active(t, 0, 65535);

	pd_sysctl(t, "net.inet.tcp.path_mtu_discovery", 0);
	SEND(fd, MSS);
	EXPECT("[nodf] P. 1:1461(1460) ack 1");
	/* Nobody who is told not to fragment can say that it was too big. */
	pd_toobig(t, 1300, 1);
	NOTHING();
	ATF_REQUIRE_EQ(MSS, pd_tcpcb(t)->t_maxseg);
	INJECT(". 1:1(0) ack 1461 win 65535");
}

PD_TEST(discovery_1)
{
	uint32_t head = t->af == AF_INET ? 40 : 60;
	int fd = pd_active(t, 0, 65535);

	ATF_REQUIRE_EQ(1, pd_sysctl_get(t,
	    "net.inet.tcp.path_mtu_discovery"));
	ATF_REQUIRE_EQ(MSS + head, info_pmtu(t, fd));
	SEND(fd, MSS);
	EXPECT("P. 1:1461(1460) ack 1");
	pd_toobig(t, 1300, 1);
	EXPECT(". 1:%u(%u) ack 1", 1301 - head, 1300 - head);
	pd_forget(t);
	ATF_REQUIRE_EQ(1300, info_pmtu(t, fd));
	INJECT(". 1:1(0) ack 1461 win 65535");
}

/* Ten minutes later the path may be a wider one. */
PD_TEST(discovery_again)
{
	uint32_t head = t->af == AF_INET ? 40 : 60;
	int fd = pd_active(t, 0, 65535);

	SEND(fd, MSS);
	pd_forget(t);
	pd_toobig(t, 1300, 1);
	pd_forget(t);
	INJECT(". 1:1(0) ack 1461 win 65535");
	ADVANCE(10 * MINUTE - 1);
	SEND(fd, MSS);
	EXPECT(". 1461:%u(%u) ack 1", 1461 + 1300 - head, 1300 - head);
	pd_forget(t);
	ADVANCE(1);
	INJECT(". 1:1(0) ack 2921 win 65535");
	SEND(fd, MSS);
	EXPECT("P. 2921:4381(1460) ack 1");
	ATF_REQUIRE_EQ(MSS + head, info_pmtu(t, fd));
}

/* ---- minmss ---- */

/* The peer says 50, which is less than this host takes. */
static void
peer_mss(struct pd *t, u_int want)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 50>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 2000);
	EXPECT(". 1:%u(%u) ack 1", 1 + want, want);
	pd_forget(t);
}

PD_TEST(minmss_default)
{
	peer_mss(t, 216);
}

PD_TEST(minmss_set)
{
	pd_sysctl(t, "net.inet.tcp.minmss", 500);
	peer_mss(t, 500);
}

/* Never so small that options fill it. */
PD_TEST(minmss_0)
{
	pd_sysctl(t, "net.inet.tcp.minmss", 0);
	peer_mss(t, 72);
}

/* Routers cannot ask for less, either. */
PD_TEST4(minmss_toobig)
{
	int fd = pd_active(t, 0, 65535);

	pd_sysctl(t, "net.inet.tcp.minmss", 400);
	SEND(fd, MSS);
	EXPECT("P. 1:1461(1460) ack 1");
	pd_toobig(t, 100, 1);
	EXPECT(". 1:401(400) ack 1");
	pd_forget(t);
}

/* ---- Black holes ---- */

/* A full segment that never arrives: what leaves at each timeout has the
 * size of sizes, and may be fragmented from nodf on. */
static const uint64_t after[] = { 230, 260, 320, 440, 680, 1160, 2120 };

static void
hole(struct pd *t, const u_int *sizes, u_int nodf)
{
	int fd = pd_active(t, 0, 65535);
	u_int i;

	SEND(fd, MSS);
	EXPECT("P. 1:1461(1460) ack 1");
	for (i = 0; i < nitems(after); i++) {
		EXPECT_IN(after[i] * PD_MSEC, "%s%s 1:%u(%u) ack 1",
		    i >= nodf && i < 5 ? "[nodf] " : "",
		    sizes[i] == MSS ? "P." : ".", 1 + sizes[i], sizes[i]);
		NOTHING();
	}
	INJECT(". 1:1(0) ack 1461 win 65535");
}

static void
hole_found(struct pd *t)
{
	static const u_int v4[] = { 1460, 1200, 1200, 536, 536, 1460, 1460 };
	static const u_int v6[] = { 1460, 1220, 1220, 1220, 1220, 1460,
	    1460 };

	hole(t, t->af == AF_INET ? v4 : v6, 3);
}

static void
hole_not_found(struct pd *t)
{
	static const u_int full[] = { 1460, 1460, 1460, 1460, 1460, 1460,
	    1460 };

	hole(t, full, 99);
}

PD_TEST(detection_0)
{
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, DETECT));
	hole_not_found(t);
}

PD_TEST(detection_1)
{
	pd_sysctl(t, DETECT, 1);
	hole_found(t);
}

PD_TEST(detection_2)
{
	pd_sysctl(t, DETECT, 2);
	if (t->af == AF_INET)
		hole_found(t);
	else
		hole_not_found(t);
}

PD_TEST(detection_3)
{
	pd_sysctl(t, DETECT, 3);
	if (t->af == AF_INET)
		hole_not_found(t);
	else
		hole_found(t);
}

/* Nothing is detected where nothing may be too big. */
PD_TEST4(detection_without_discovery)
{
	int fd = pd_active(t, 0, 65535);

	pd_sysctl(t, DETECT, 1);
	pd_sysctl(t, "net.inet.tcp.path_mtu_discovery", 0);
	SEND(fd, MSS);
	EXPECT("[nodf] P. 1:1461(1460) ack 1");
	EXPECT_IN(230 * PD_MSEC, "[nodf] P. 1:1461(1460) ack 1");
	EXPECT_IN(260 * PD_MSEC, "[nodf] P. 1:1461(1460) ack 1");
	INJECT(". 1:1(0) ack 1461 win 65535");
}

PD_TEST4(detection_range)
{
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, DETECT, "4"));
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, DETECT, "-1"));
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, SMALL4, "215"));
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, SMALL6, "65536"));
	ATF_REQUIRE_EQ(EINVAL, pd_sysctl_try(t, PLPMTUD, "3"));
	ATF_REQUIRE_EQ(1200, pd_sysctl_get(t, SMALL4));
	ATF_REQUIRE_EQ(1220, pd_sysctl_get(t, SMALL6));
}

PD_TEST(blackhole_mss)
{
	static const u_int v4[] = { 1460, 1000, 1000, 536, 536, 1460, 1460 };
	static const u_int v6[] = { 1460, 1400, 1400, 1220, 1220, 1460,
	    1460 };

	pd_sysctl(t, DETECT, 1);
	pd_sysctl(t, SMALL4, 1000);
	pd_sysctl(t, SMALL6, 1400);
	hole(t, t->af == AF_INET ? v4 : v6, 3);
}

/* Larger than segments are: the default size at once. */
PD_TEST4(blackhole_mss_large)
{
	static const u_int sizes[] = { 1460, 536, 536, 536, 536, 1460, 1460 };

	pd_sysctl(t, DETECT, 1);
	pd_sysctl(t, SMALL4, 9000);
	hole(t, sizes, 1);
}

/* What was small anyway is not lost for its size. */
PD_TEST(small_segments)
{
	int fd = pd_active(t, 0, 65535), i;

	pd_sysctl(t, DETECT, 1);
	SEND(fd, 1459);
	EXPECT("P. 1:1460(1459) ack 1");
	for (i = 0; i < 5; i++)
		EXPECT_IN(after[i] * PD_MSEC, "P. 1:1460(1459) ack 1");
	ATF_REQUIRE_EQ(MSS, pd_tcpcb(t)->t_maxseg);
	INJECT(". 1:1(0) ack 1460 win 65535");
}

/* A connection that found the hole, with 5 full segments sent and their text
 * acknowledged. */
static int
in_hole(struct pd *t, int opts, u_int small)
{
	int fd = pd_active(t, opts, 65535);

	pd_sysctl(t, DETECT, 1);
	SEND(fd, MSS);
	pd_forget(t);
	pd_pass(t, 230 * PD_MSEC);
	pd_forget(t);
	EXPECT_IN(260 * PD_MSEC, ". 1:%u(%u) ack 1", 1 + small, small);
	INJECT(". 1:1(0) ack %u win 65535", 1 + small);
	EXPECT("P. %u:1461(%u) ack 1", 1 + small, MSS - small);
	INJECT(". 1:1(0) ack 1461 win 65535");
	NOTHING();
	return (fd);
}

/* The smaller size it is, for ten minutes. */
PD_TEST(hole_and_back)
{
	u_int small = t->af == AF_INET ? 1200 : 1220;
	int fd = in_hole(t, 0, small);

	ATF_REQUIRE_EQ(small + (t->af == AF_INET ? 40 : 60),
	    info_pmtu(t, fd));
	SEND(fd, small);
	EXPECT("P. 1461:%u(%u) ack 1", 1461 + small, small);
	INJECT(". 1:1(0) ack %u win 65535", 1461 + small);
	ADVANCE(10 * MINUTE);
	SEND(fd, 10);
	EXPECT("P. %u:%u(10) ack 1", 1461 + small, 1471 + small);
	INJECT(". 1:1(0) ack %u win 65535", 1471 + small);
	SEND(fd, MSS);
	EXPECT("P. %u:%u(1460) ack 1", 1471 + small, 2931 + small);
}

/* ---- Probing ---- */

/* n segments of size leave from `from' on: where they end. */
static uint32_t
segments(struct pd *t, uint32_t from, int n, u_int size)
{
	int i;

	for (i = 0; i < n; i++, from += size)
		EXPECT(". %u:%u(%u) ack 1", from, from + size, size);
	return (from);
}

PD_TEST(plpmtud_0)
{
	int fd;

	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, PLPMTUD));
	fd = pd_active(t, PD_SACK, 65535);
	SEND(fd, 14600);
	(void)segments(t, 1, 9, MSS);
	pd_forget(t);
}

/* From the small size on; the first probe has all that is possible. */
PD_TEST(plpmtud_2)
{
	uint32_t end;
	int fd;

	pd_sysctl(t, PLPMTUD, 2);
	pd_sysctl(t, small_name(t), 1000);
	fd = pd_active(t, PD_SACK, 65535);
	ATF_REQUIRE_EQ(1000, pd_tcpcb(t)->t_maxseg);
	SEND(fd, 14600);
	EXPECT(". 1:1461(1460) ack 1");
	end = segments(t, 1461, 8, 1000);
	NOTHING();
	/* It arrives: all have that size from now on. */
	INJECT(". 1:1(0) ack 1461 win 65535");
	ATF_REQUIRE_EQ(MSS, pd_tcpcb(t)->t_maxseg);
	EXPECT(". %u:%u(1460) ack 1", end, end + MSS);
	pd_forget(t);
	ATF_REQUIRE_EQ(MSS + (t->af == AF_INET ? 40 : 60),
	    info_pmtu(t, fd));
}

/* Too little waits behind it: no probe. */
PD_TEST(plpmtud_little)
{
	int fd;

	pd_sysctl(t, PLPMTUD, 2);
	pd_sysctl(t, small_name(t), 1000);
	fd = pd_active(t, PD_SACK, 65535);
	SEND(fd, 5000);
	(void)segments(t, 1, 4, 1000);
	EXPECT("P. 4001:5001(1000) ack 1");
}

/* Without SACK its loss could not be told from others. */
PD_TEST(plpmtud_no_sack)
{
	int fd;

	pd_sysctl(t, PLPMTUD, 2);
	fd = pd_active(t, 0, 65535);
	SEND(fd, 14600);
	(void)segments(t, 1, 9, MSS);
	pd_forget(t);
}

/*
 * A path that takes 1300 bytes of text: 1460 and then the middle, until it
 * is near enough.  No loss of a probe changes the window, and what it had
 * goes again in small segments.
 */
PD_TEST(plpmtud_search)
{
	struct tcpcb *tp;
	uint32_t cwnd, seq, end, size;
	int fd, lost = 0, n;

	pd_sysctl(t, PLPMTUD, 2);
	pd_sysctl(t, small_name(t), 1000);
	pd_sysctl(t, "net.inet.tcp.sendspace", 262144);
	fd = pd_active(t, PD_SACK, 65535);
	tp = pd_tcpcb(t);
	SEND(fd, 200000);
	for (seq = 1, n = 0; n < 8 && tp->t_userto->tu_pmtud != NULL; n++) {
		/* The first segment of each flight is the probe. */
		size = tp->t_userto->tu_pmtud->pm_probe;
		if (size == 0)
			break;
		cwnd = tp->snd_cwnd;
		seq = tp->t_userto->tu_pmtud->pm_start - pd_tcpcb(t)->iss;
		end = tp->t_userto->tu_pmtud->pm_end - pd_tcpcb(t)->iss;
		if (size <= 1300) {
			pd_forget(t);
			INJECT(". 1:1(0) ack %u win 65535",
			    tp->snd_max - tp->iss);
			ATF_REQUIRE_EQ(size, tp->t_maxseg);
			continue;
		}
		lost++;
		INJECT(". 1:1(0) ack %u win 65535", seq);
		pd_forget(t);
		INJECT(". 1:1(0) ack %u win 65535 <nop,nop,sack %u:%u>", seq,
		    end, end + tp->t_maxseg);
		INJECT(". 1:1(0) ack %u win 65535 <nop,nop,sack %u:%u>", seq,
		    end, end + 2 * tp->t_maxseg);
		pd_forget(t);
		INJECT(". 1:1(0) ack %u win 65535 <nop,nop,sack %u:%u>", seq,
		    end, end + 3 * tp->t_maxseg);
		EXPECT(". %u:%u(%u) ack 1", seq, seq + tp->t_maxseg,
		    tp->t_maxseg);
		ATF_REQUIRE(!IN_FASTRECOVERY(tp->t_flags));
		ATF_REQUIRE(tp->snd_cwnd >= cwnd);
		pd_forget(t);
		INJECT(". 1:1(0) ack %u win 65535", tp->snd_max - tp->iss);
	}
	ATF_REQUIRE(lost >= 2);
	ATF_REQUIRE(tp->t_maxseg > 1300 - 16 && tp->t_maxseg <= 1300);
	pd_forget(t);
	t->ended = true;
}

/* A probe lost beside other segments: that is congestion. */
PD_TEST(plpmtud_loss)
{
	int fd;

	pd_sysctl(t, PLPMTUD, 2);
	pd_sysctl(t, small_name(t), 1000);
	fd = pd_active(t, PD_SACK, 65535);
	SEND(fd, 14600);
	EXPECT(". 1:1461(1460) ack 1");
	(void)segments(t, 1461, 8, 1000);
	INJECT(". 1:1(0) ack 1 win 65535 <nop,nop,sack 2461:5461>");
	ATF_REQUIRE(IN_FASTRECOVERY(pd_tcpcb(t)->t_flags));
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_userto->tu_pmtud->pm_probe);
	ATF_REQUIRE_EQ(MSS, pd_tcpcb(t)->t_userto->tu_pmtud->pm_high);
	pd_forget(t);
}

/* Mode 1: once a black hole was found. */
PD_TEST(plpmtud_1)
{
	u_int small = t->af == AF_INET ? 1200 : 1220;
	int fd;

	pd_sysctl(t, PLPMTUD, 1);
	fd = in_hole(t, PD_SACK, small);
	INJECT(". 1:1(0) ack 1461 win 65535");
	pd_tcpcb(t)->snd_cwnd = 10 * small;
	SEND(fd, 14600);
	EXPECT(". 1461:2921(1460) ack 1");
	(void)segments(t, 2921, 4, small);
	pd_forget(t);
	INJECT(". 1:1(0) ack 2921 win 65535");
	pd_forget(t);
	ATF_REQUIRE_EQ(MSS, pd_tcpcb(t)->t_maxseg);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, discovery_0);
	ATF_TP_ADD_TC(tp, discovery_1);
	ATF_TP_ADD_TC(tp, discovery_again);
	ATF_TP_ADD_TC(tp, minmss_default);
	ATF_TP_ADD_TC(tp, minmss_set);
	ATF_TP_ADD_TC(tp, minmss_0);
	ATF_TP_ADD_TC(tp, minmss_toobig);
	ATF_TP_ADD_TC(tp, detection_0);
	ATF_TP_ADD_TC(tp, detection_1);
	ATF_TP_ADD_TC(tp, detection_2);
	ATF_TP_ADD_TC(tp, detection_3);
	ATF_TP_ADD_TC(tp, detection_without_discovery);
	ATF_TP_ADD_TC(tp, detection_range);
	ATF_TP_ADD_TC(tp, blackhole_mss);
	ATF_TP_ADD_TC(tp, blackhole_mss_large);
	ATF_TP_ADD_TC(tp, small_segments);
	ATF_TP_ADD_TC(tp, hole_and_back);
	ATF_TP_ADD_TC(tp, plpmtud_0);
	ATF_TP_ADD_TC(tp, plpmtud_2);
	ATF_TP_ADD_TC(tp, plpmtud_little);
	ATF_TP_ADD_TC(tp, plpmtud_no_sack);
	ATF_TP_ADD_TC(tp, plpmtud_search);
	ATF_TP_ADD_TC(tp, plpmtud_loss);
	ATF_TP_ADD_TC(tp, plpmtud_1);
	return (atf_no_error());
}

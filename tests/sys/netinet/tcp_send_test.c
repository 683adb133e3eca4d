/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What leaves when the user writes: Nagle's algorithm (RFC 896; RFC 9293,
 * 3.7.4), TCP_NODELAY and TCP_NOPUSH, PSH, the send buffer, urgent text
 * (RFC 6093).
 */
#include "pkt.h"

/* ---- Nagle ---- */

PD_TEST(nagle)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	SEND(fd, 10);
	SEND(fd, 20);
	SEND(fd, 30);
	NOTHING();
	INJECT(". 1:1(0) ack 11 win 65535");
	EXPECT("P. 11:71(60) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 71 win 65535");
	SEND(fd, 10);
	EXPECT("P. 71:81(10) ack 1");
}

/* A full segment need not wait, what is left of it does. */
PD_TEST(nagle_full)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	SEND(fd, 1500);
	EXPECT(". 11:1471(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 11 win 65535");
	NOTHING();
	INJECT(". 1:1(0) ack 1471 win 65535");
	EXPECT("P. 1471:1511(40) ack 1");
}

/* One large write: its end does not wait for its own beginning, that of the
 * next one does. */
PD_TEST(nagle_tail)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 3000);
	EXPECT(". 1:1461(1460) ack 1");
	EXPECT(". 1461:2921(1460) ack 1");
	EXPECT("P. 2921:3001(80) ack 1");
	SEND(fd, 1500);
	EXPECT(". 3001:4461(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 4461 win 65535");
	EXPECT("P. 4461:4501(40) ack 1");
}

PD_TEST(nodelay)
{
	int fd = pd_active(t, 0, 65535), i;

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	ATF_REQUIRE(pd_getopt(t, fd, IPPROTO_TCP, TCP_NODELAY) != 0);
	for (i = 0; i < 5; i++) {
		SEND(fd, 10);
		EXPECT("P. %d:%d(10) ack 1", 1 + i * 10, 11 + i * 10);
	}
	SEND(fd, 3000);
	EXPECT(". 51:1511(1460) ack 1");
	EXPECT(". 1511:2971(1460) ack 1");
	EXPECT("P. 2971:3051(80) ack 1");
}

/* Set while text waits: it goes at once. */
PD_TEST(nodelay_later)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	SEND(fd, 10);
	NOTHING();
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
	EXPECT("P. 11:21(10) ack 1");
}

/* TCP_NOPUSH: nothing but full segments, until it is taken back. */
PD_TEST(nopush)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, 1));
	SEND(fd, 100);
	NOTHING();
	SEND(fd, 1400);
	EXPECT(". 1:1461(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 1461 win 65535");
	NOTHING();
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, 0));
	EXPECT("P. 1461:1501(40) ack 1");
}

PD_TEST(nopush_close)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, 1));
	SEND(fd, 100);
	NOTHING();
	OK(pd_close(t, fd));
	EXPECT("FP. 1:101(100) ack 1");
}

/* The same from the writer's side, for one call. */
PD_TEST(more_to_come)
{
	int fd = pd_active(t, 0, 65535);

	ATF_REQUIRE_EQ(100, pd_send(t, fd, 100, MSG_MORETOCOME));
	NOTHING();
	SEND(fd, 100);
	EXPECT("P. 1:201(200) ack 1");
}

/* MSG_EOF: text and FIN in one. */
PD_TEST(send_eof)
{
	int fd = pd_active(t, 0, 65535);

	ATF_REQUIRE_EQ(100, pd_send(t, fd, 100, MSG_EOF));
	EXPECT("FP. 1:101(100) ack 1");
	STATE(TCPS_FIN_WAIT_1);
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
}

/* ---- Windows and buffers ---- */

/* No more than the peer's window, and all of it. */
PD_TEST(peer_window)
{
	int fd = pd_active(t, 0, 4000);

	SEND(fd, 10000);
	EXPECT(". 1:1461(1460) ack 1");
	EXPECT(". 1461:2921(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 1461 win 4000");
	EXPECT(". 2921:4381(1460) ack 1");
	NOTHING();
	INJECT(". 1:1(0) ack 4381 win 8000");
	EXPECT(". 4381:5841(1460) ack 1");
	EXPECT(". 5841:7301(1460) ack 1");
	EXPECT(". 7301:8761(1460) ack 1");
	EXPECT("P. 8761:10001(1240) ack 1");
	NOTHING();
}

PD_TEST(scaled_window)
{
	int fd = pd_active(t, PD_WS, 100);
	int i;

	/* 100 before scaling in the SYN; then 100 << 7. */
	INJECT(". 1:1(0) ack 1 win 100");
	SEND(fd, 20000);
	for (i = 0; i < 8; i++)
		EXPECT(". %d:%d(1460) ack 1", 1 + i * 1460, 1461 + i * 1460);
	NOTHING();
}

/* The buffer fills, and what is acknowledged makes room. */
PD_TEST(send_buffer)
{
	int fd = pd_active(t, 0, 1460), n;

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_SNDBUF, 20000));
	n = pd_send(t, fd, 100000, 0);
	ATF_REQUIRE(n >= 15000 && n <= 25000);
	ERR(-EWOULDBLOCK, pd_send(t, fd, 100000, 0));
	ATF_REQUIRE_EQ(0, pd_poll(t, fd) & SOPOLL_OUT);
	EXPECT(". 1:1461(1460) ack 1");
	INJECT(". 1:1(0) ack 1461 win 4380");
	EXPECT(". 1461:2921(1460) ack 1");
	EXPECT(". 2921:4381(1460) ack 1");
	EXPECT(". 4381:5841(1460) ack 1");
	INJECT(". 1:1(0) ack 5841 win 0");
	ATF_REQUIRE(pd_send(t, fd, 100000, 0) > 0);
	NOTHING();
}

/* All bytes of a large transfer, in windows of a few segments. */
PD_TEST(stream)
{
	const uint32_t total = 300000;
	int fd = pd_active(t, 0, 20000), n;
	uint32_t acked = 1, left = total, seq;

	while (acked < total + 1) {
		n = left == 0 ? 0 : pd_send(t, fd, MIN(left, 20000), 0);
		if (n > 0)
			left -= (uint32_t)n;
		while (pd_pending(t) > 0)
			ATF_REQUIRE(pd_take(t) <= acked + 20000);
		seq = pd_tcpcb(t)->snd_max - t->c->iss;
		ATF_REQUIRE(seq > acked);
		acked = seq;
		INJECT(". 1:1(0) ack %u win 20000", acked);
	}
	NOTHING();
}

/* PSH on the last segment of what there is (RFC 9293, 3.9.1.2). */
/* Text of all lengths about which fit behind a header; the first, and what is
 * written to the same memory and sent while part of that is in flight. */
PD_TEST(short_text)
{
	static const char *const opts[] = { "", "<nop,nop,TS val 7 ecr 100>" };
	uint32_t at, n;
	int fd, i;

	for (i = 0; i < 2; i++) {
		pd_use(t, i);
		fd = pd_passive(t, i == 0 ? 0 : PD_TS, 65535);
		OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NODELAY, 1));
		for (n = 2, at = 1; n < 120; n++) {
			SEND(fd, n);
			ATF_REQUIRE_EQ(at + n, pd_take(t));
			INJECT(". 1:1(0) ack %u win 65535 %s", at + n / 2,
			    opts[i]);
			SEND(fd, 5);
			ATF_REQUIRE_EQ(at + n + 5, pd_take(t));
			at += n + 5;
			INJECT(". 1:1(0) ack %u win 65535 %s", at, opts[i]);
		}
		NOTHING();
	}
}

PD_TEST(push)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 2920);
	EXPECT(". 1:1461(1460) ack 1");
	EXPECT("P. 1461:2921(1460) ack 1");
	INJECT(". 1:1(0) ack 2921 win 65535");
}

/* ---- Urgent text ---- */

PD_TEST(urgent_send)
{
	int fd = pd_active(t, 0, 65535);

	ATF_REQUIRE_EQ(10, pd_send(t, fd, 10, MSG_OOB));
	EXPECT("P.U 1:11(10) ack 1 urg 10");
	/* The pointer is there for as long as it has something to say. */
	SEND(fd, 10);
	INJECT(". 1:1(0) ack 11 win 65535");
	EXPECT("P. 11:21(10) ack 1");
}

/* The mark stands at the last byte (RFC 6093, 3.1); reading stops there, and
 * the byte stays in the stream. */
PD_TEST(urgent_receive)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_OOBINLINE, 1));
	INJECT("P.U 1:11(10) ack 1 win 65535 urg 5");
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_PRI) != 0);
	ATF_REQUIRE_EQ(4, pd_recv(t, fd, 100, 0));
	ATF_REQUIRE_EQ(6, pd_recv(t, fd, 100, 0));
	RECV_NOTHING(fd);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
}

/* Pointers that point nowhere. */
PD_TEST(urgent_nonsense)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P.U 1:11(10) ack 1 win 65535 urg 65535");
	INJECT("P.U 11:21(10) ack 1 win 65535 urg 0");
	INJECT("P. 21:31(10) ack 1 win 65535 urg 5");
	pd_pass(t, 100 * PD_MSEC);
	pd_forget(t);
	ATF_REQUIRE_EQ(30, pd_recv(t, fd, 100, 0));
	RECV_NOTHING(fd);
	STATE(TCPS_ESTABLISHED);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nagle);
	ATF_TP_ADD_TC(tp, nagle_full);
	ATF_TP_ADD_TC(tp, nagle_tail);
	ATF_TP_ADD_TC(tp, nodelay);
	ATF_TP_ADD_TC(tp, nodelay_later);
	ATF_TP_ADD_TC(tp, nopush);
	ATF_TP_ADD_TC(tp, nopush_close);
	ATF_TP_ADD_TC(tp, more_to_come);
	ATF_TP_ADD_TC(tp, send_eof);
	ATF_TP_ADD_TC(tp, peer_window);
	ATF_TP_ADD_TC(tp, scaled_window);
	ATF_TP_ADD_TC(tp, send_buffer);
	ATF_TP_ADD_TC(tp, stream);
	ATF_TP_ADD_TC(tp, short_text);
	ATF_TP_ADD_TC(tp, push);
	ATF_TP_ADD_TC(tp, urgent_send);
	ATF_TP_ADD_TC(tp, urgent_receive);
	ATF_TP_ADD_TC(tp, urgent_nonsense);
	return (atf_no_error());
}

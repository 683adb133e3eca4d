/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Urgent data (RFC 9293, 3.8.5; RFC 6093): the pointer as it is sent and
 * taken, in both of its meanings, the byte out of line and in line, the
 * mark, and who is told.
 */
#include "pkt.h"

#include <sys/event.h>

/* The urgent byte, which is byte `place' of the stream, or -errno. */
static int
oob(struct pd *t, int fd, uint64_t place, int flags)
{
	uint64_t was = t->fds[fd].rcvd;
	int n;

	t->fds[fd].rcvd = place;
	n = pd_recv(t, fd, 1, MSG_OOB | flags);
	t->fds[fd].rcvd = was;
	return (n);
}

/* n bytes are read, the last before a byte that was taken out if skip. */
static void
readn(struct pd *t, int fd, int n, bool skip)
{
	ATF_REQUIRE_EQ(n, pd_recv(t, fd, 100000, 0));
	if (skip)
		t->fds[fd].rcvd++;
}

static bool
at_mark(struct pd *t, int fd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int at = -1;

	ATF_REQUIRE_EQ(0, kern_ioctl(fd, SIOCATMARK, &at));
	vnet_leave(saved);
	ATF_REQUIRE(at == 0 || at == 1);
	return (at == 1);
}

static bool
polled(struct pd *t, int fd)
{
	return ((pd_poll(t, fd) & SOPOLL_PRI) != 0);
}

/* ---- Taken ---- */

PD_TEST(out_of_line)
{
	int fd = pd_active(t, 0, 65535);

	ERR(-EINVAL, oob(t, fd, 0, 0));		/* there is none */
	ATF_REQUIRE(!polled(t, fd) && !at_mark(t, fd));
	INJECT("P.U 1:11(10) ack 1 win 65535 urg 5");
	ATF_REQUIRE(polled(t, fd) && !at_mark(t, fd));
	ERR(1, oob(t, fd, 4, MSG_PEEK));
	ERR(1, oob(t, fd, 4, 0));
	ERR(-EINVAL, oob(t, fd, 4, 0));		/* once */
	readn(t, fd, 4, true);
	ATF_REQUIRE(polled(t, fd) && at_mark(t, fd));
	readn(t, fd, 5, false);
	ATF_REQUIRE(!polled(t, fd) && !at_mark(t, fd));
	RECV_NOTHING(fd);
	ERR(-EINVAL, oob(t, fd, 4, 0));
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
}

PD_TEST(in_line)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_OOBINLINE, 1));
	INJECT("P.U 1:11(10) ack 1 win 65535 urg 5");
	ATF_REQUIRE(polled(t, fd) && !at_mark(t, fd));
	ERR(-EINVAL, oob(t, fd, 4, 0));
	readn(t, fd, 4, false);
	ATF_REQUIRE(at_mark(t, fd));
	ERR(-EINVAL, oob(t, fd, 4, 0));
	readn(t, fd, 6, false);
	ATF_REQUIRE(!at_mark(t, fd));
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
}

/* The first byte, the last, and one alone. */
PD_TEST(places)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P.U 1:11(10) ack 1 win 65535 urg 1");
	ATF_REQUIRE(at_mark(t, fd));
	ERR(1, oob(t, fd, 0, 0));
	t->fds[fd].rcvd++;
	readn(t, fd, 9, false);
	INJECT("P.U 11:21(10) ack 1 win 65535 urg 10");
	ERR(1, oob(t, fd, 19, 0));
	readn(t, fd, 9, true);
	ATF_REQUIRE(at_mark(t, fd));
	RECV_NOTHING(fd);
	INJECT("P.U 21:22(1) ack 1 win 65535 urg 1");
	ATF_REQUIRE(at_mark(t, fd));
	ERR(1, oob(t, fd, 20, 0));
	t->fds[fd].rcvd++;
	RECV_NOTHING(fd);
	INJECT("P. 22:32(10) ack 1 win 65535");
	readn(t, fd, 10, false);
	ATF_REQUIRE(!at_mark(t, fd));
	pd_pass(t, PD_SEC);
	pd_forget(t);
}

/* It is announced before it comes, and comes with plain segments. */
PD_TEST(ahead)
{
	int fd = pd_active(t, 0, 65535);

	INJECT(".U 1:1(0) ack 1 win 65535 urg 15");
	ATF_REQUIRE(polled(t, fd) && !at_mark(t, fd));
	ERR(-EWOULDBLOCK, oob(t, fd, 14, 0));
	INJECT("P. 1:11(10) ack 1 win 65535");
	ERR(-EWOULDBLOCK, oob(t, fd, 14, 0));
	readn(t, fd, 10, false);
	INJECT("P. 11:21(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 21");
	ERR(1, oob(t, fd, 14, 0));
	readn(t, fd, 4, true);
	ATF_REQUIRE(at_mark(t, fd));
	readn(t, fd, 5, false);
}

/* Out of order, and some of it twice. */
PD_TEST(out_of_order)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P.U 11:21(10) ack 1 win 65535 urg 5");
	EXPECT(". 1:1(0) ack 1");
	ATF_REQUIRE(polled(t, fd));
	ERR(-EWOULDBLOCK, oob(t, fd, 14, 0));
	INJECT("P.U 6:18(12) ack 1 win 65535 urg 10");
	EXPECT(". 1:1(0) ack 1");
	INJECT("P. 1:11(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 21");
	ERR(1, oob(t, fd, 14, 0));
	readn(t, fd, 14, true);
	ATF_REQUIRE(at_mark(t, fd));
	readn(t, fd, 5, false);
	/* All of it was here before: no new mark. */
	INJECT("P.U 11:21(10) ack 1 win 65535 urg 5");
	EXPECT(". 1:1(0) ack 21");
	ATF_REQUIRE(!polled(t, fd));
}

/* A newer mark takes the place of an older one, whose byte is forgotten, or
 * stays in the stream if it was ahead. */
PD_TEST(newer)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P.U 1:11(10) ack 1 win 65535 urg 5");
	INJECT("P.U 11:21(10) ack 1 win 65535 urg 3");
	EXPECT(". 1:1(0) ack 21");
	ERR(1, oob(t, fd, 12, 0));
	/* Byte 4 is gone; the mark is at 12. */
	ATF_REQUIRE_EQ(4, pd_recv(t, fd, 4, 0));
	t->fds[fd].rcvd++;
	ATF_REQUIRE(!at_mark(t, fd));
	readn(t, fd, 7, true);
	ATF_REQUIRE(at_mark(t, fd));
	readn(t, fd, 7, false);
	INJECT(".U 21:21(0) ack 1 win 65535 urg 5");
	INJECT(".U 21:21(0) ack 1 win 65535 urg 8");
	INJECT("P. 21:31(10) ack 1 win 65535");
	ERR(1, oob(t, fd, 27, 0));
	readn(t, fd, 7, true);
	readn(t, fd, 2, false);
	/* The mark never goes back. */
	INJECT(".U 31:31(0) ack 1 win 65535 urg 8");
	INJECT(".U 31:31(0) ack 1 win 65535 urg 5");
	INJECT("P. 31:41(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 41");
	ERR(1, oob(t, fd, 37, 0));
	readn(t, fd, 7, true);
	readn(t, fd, 2, false);
}

/* Low-water marks and peeks do not reach over the mark. */
PD_TEST(reads_stop)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVLOWAT, 100));
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_OOBINLINE, 1));
	INJECT("P.U 1:11(10) ack 1 win 65535 urg 5");
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_IN) != 0);
	ATF_REQUIRE_EQ(4, pd_recv(t, fd, 100, MSG_PEEK));
	ATF_REQUIRE_EQ(4, pd_recv(t, fd, 100, MSG_WAITALL));
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_IN) == 0);
	ERR(-EWOULDBLOCK, pd_recv(t, fd, 100, 0));
	ATF_REQUIRE_EQ(6, pd_recv(t, fd, 100, MSG_DONTWAIT));
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 11");
}

/* A window of 0 lets no text in, but the pointer (RFC 9293, MUST-66). */
PD_TEST(closed_window)
{
	int fd, i;

	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 1460));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 1460 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	INJECT(". 1:1461(1460) ack 1 win 65535");
	pd_pass(t, PD_SEC);
	pd_forget(t);
	for (i = 0; i < 2; i++) {
		INJECT(".U 1461:1462(1) ack 1 win 65535 urg 1");
		EXPECT(". 1:1(0) ack 1461 win 0");
	}
	ATF_REQUIRE(polled(t, fd));
	ERR(-EWOULDBLOCK, oob(t, fd, 1460, 0));
	readn(t, fd, 1460, false);
	ATF_REQUIRE(at_mark(t, fd));
	pd_forget(t);
	INJECT("P. 1461:1462(1) ack 1 win 65535");
	ERR(1, oob(t, fd, 1460, 0));
	pd_pass(t, PD_SEC);
	pd_forget(t);
}

/* After the end of the stream there is no mark. */
PD_TEST(after_fin)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	INJECT(".U 2:2(0) ack 1 win 65535 urg 5");
	ATF_REQUIRE(!polled(t, fd));
	INJECT("R. 2:2(0) ack 1 win 65535");
	ERR(-ECONNRESET, oob(t, fd, 0, 0));
}

/* Not connected: nothing to read. */
PD_TEST(no_connection)
{
	int fd = pd_socket(t), lfd;

	ERR(-EINVAL, oob(t, fd, 0, 0));
	lfd = pd_listen(t, 5);
	ERR(-ENOTCONN, oob(t, lfd, 0, 0));
}

/* RFC 1122's pointer, to the last byte. */
PD_TEST(stdurg)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.stdurg", 1);
	fd = pd_active(t, 0, 65535);
	INJECT("P.U 1:11(10) ack 1 win 65535 urg 4");
	ERR(1, oob(t, fd, 4, 0));
	readn(t, fd, 4, true);
	readn(t, fd, 5, false);
	/* 0 is the first byte. */
	INJECT("P.U 11:21(10) ack 1 win 65535 urg 0");
	EXPECT(". 1:1(0) ack 21");
	ATF_REQUIRE(at_mark(t, fd));
	ERR(1, oob(t, fd, 10, 0));
	t->fds[fd].rcvd++;
	readn(t, fd, 9, false);
	ATF_REQUIRE_EQ(10, pd_send(t, fd, 10, MSG_OOB));
	EXPECT("P.U 1:11(10) ack 21 urg 9");
	INJECT(". 21:21(0) ack 11 win 65535");
}

/* ---- Told ---- */

PD_TEST(kevents)
{
	struct kevent ev, got;
	struct vnet *saved;
	int fd = pd_active(t, 0, 65535), kq, n;

	memset(&ev, 0, sizeof(ev));
	ev.ident = (uintptr_t)fd;
	ev.filter = EVFILT_EXCEPT;
	ev.flags = EV_ADD;
	ev.fflags = NOTE_OOB;
	saved = vnet_enter(t->vnet);
	OK(kern_kqueue(&kq));
	OK(kern_kevent(kq, &ev, 1, &got, 1, &n));
	ATF_REQUIRE_EQ(0, n);
	vnet_leave(saved);
	INJECT("P. 1:11(10) ack 1 win 65535");
	saved = vnet_enter(t->vnet);
	OK(kern_kevent(kq, NULL, 0, &got, 1, &n));
	ATF_REQUIRE_EQ(0, n);
	vnet_leave(saved);
	INJECT("P.U 11:21(10) ack 1 win 65535 urg 5");
	EXPECT(". 1:1(0) ack 21");
	saved = vnet_enter(t->vnet);
	OK(kern_kevent(kq, NULL, 0, &got, 1, &n));
	ATF_REQUIRE_EQ(1, n);
	ATF_REQUIRE_EQ(EVFILT_EXCEPT, got.filter);
	ATF_REQUIRE_EQ(NOTE_OOB, got.fflags);
	ATF_REQUIRE_EQ(14, got.data);
	vnet_leave(saved);
	readn(t, fd, 14, true);
	readn(t, fd, 5, false);
	saved = vnet_enter(t->vnet);
	OK(kern_kevent(kq, NULL, 0, &got, 1, &n));
	ATF_REQUIRE_EQ(0, n);
	/* Without NOTE_OOB it waits for nothing. */
	ev.fflags = 0;
	OK(kern_kevent(kq, &ev, 1, &got, 1, &n));
	ATF_REQUIRE_EQ(0, n);
	vnet_leave(saved);
	INJECT(".U 21:21(0) ack 1 win 65535 urg 5");
	saved = vnet_enter(t->vnet);
	OK(kern_kevent(kq, NULL, 0, &got, 1, &n));
	ATF_REQUIRE_EQ(0, n);
	vnet_leave(saved);
}

/* ---- Sent ---- */

/* At once, whatever Nagle and TCP_NOPUSH say. */
PD_TEST(send_at_once)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	SEND(fd, 10);
	NOTHING();
	ATF_REQUIRE_EQ(5, pd_send(t, fd, 5, MSG_OOB));
	EXPECT("P.U 11:26(15) ack 1 urg 15");
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, 1));
	ATF_REQUIRE_EQ(5, pd_send(t, fd, 5, MSG_OOB));
	EXPECT("P.U 26:31(5) ack 1 urg 5");
	INJECT(". 1:1(0) ack 31 win 65535");
	/* What is plain again is held back again. */
	SEND(fd, 5);
	ADVANCE(100 * PD_MSEC);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, 0));
	EXPECT("P. 31:36(5) ack 1");
	INJECT(". 1:1(0) ack 36 win 65535");
}

/* The peer's window is closed: it hears of it without text. */
PD_TEST(send_closed)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	INJECT(". 1:1(0) ack 11 win 0");
	ATF_REQUIRE_EQ(10, pd_send(t, fd, 10, MSG_OOB));
	EXPECT(".U 11:11(0) ack 1 urg 10");
	INJECT(". 1:1(0) ack 11 win 65535");
	EXPECT("P.U 11:21(10) ack 1 urg 10");
	INJECT(". 1:1(0) ack 21 win 65535");
}

/* It is there for as long as urgent text is not acknowledged, also in what
 * goes again. */
PD_TEST(send_again)
{
	int fd = pd_active(t, 0, 65535);

	ATF_REQUIRE_EQ(10, pd_send(t, fd, 10, MSG_OOB));
	EXPECT("P.U 1:11(10) ack 1 urg 10");
	pd_pass(t, 1200 * PD_MSEC);
	EXPECT_LATE("P.U 1:11(10) ack 1 urg 10");
	pd_forget(t);
	INJECT(". 1:1(0) ack 11 win 65535");
	SEND(fd, 10);
	EXPECT("P. 11:21(10) ack 1");
	INJECT(". 1:1(0) ack 21 win 65535");
}

/* Farther than the field can say; large segments are not cut from it. */
PD_TEST(send_far)
{
	struct tcpcb *tp;
	int fd, i;

	pd_settso(t);
	fd = pd_active(t, PD_WS, 65535);
	tp = pd_tcpcb(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_SNDBUF, 200000));
	ATF_REQUIRE_EQ(100000, pd_send(t, fd, 100000, MSG_OOB));
	ATF_REQUIRE_EQ(0, t->ncut);
	EXPECT(".U 1:1461(1460) ack 1 urg 65535");
	for (i = 1; i < 10; i++)
		EXPECT(".U %d:%d(1460) ack 1 urg 65535", 1 + i * 1460,
		    1 + (i + 1) * 1460);
	INJECT(". 1:1(0) ack 14601 win 65535");
	while (pd_pending(t) != 0)
		(void)pd_take(t);
	for (i = 0; tp->snd_una != tp->snd_up && i < 100; i++) {
		INJECT(". 1:1(0) ack %u win 65535", tp->snd_max - tp->iss);
		while (pd_pending(t) > 1)
			(void)pd_take(t);
		if (pd_pending(t) == 1 && tp->snd_max == tp->snd_up)
			EXPECT("P.U 99281:100001(720) ack 1 urg 720");
		pd_forget(t);
	}
	ATF_REQUIRE_EQ(tp->snd_up, tp->snd_una);
}

/* Before the connection is there. */
PD_TEST(send_early)
{
	int fd = pd_socket(t);

	ERR(-ENOTCONN, pd_send(t, fd, 1, MSG_OOB));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	ATF_REQUIRE_EQ(3, pd_send(t, fd, 3, MSG_OOB));
	EXPECT("P.U 1:4(3) ack 1 urg 3");
	INJECT(". 1:1(0) ack 4 win 65535");
}

/* A full buffer takes some more of it, and then no more. */
PD_TEST(send_full)
{
	int fd = pd_active(t, 0, 0), n;

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_SNDBUF, 4000));
	SEND(fd, 4000);
	ERR(-EWOULDBLOCK, pd_send(t, fd, 1, 0));
	ATF_REQUIRE_EQ(513, pd_send(t, fd, 513, MSG_OOB));
	EXPECT(".U 1:1(0) ack 1 urg 4513");
	n = pd_send(t, fd, 1, MSG_OOB);
	ERR(-ENOBUFS, n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, out_of_line);
	ATF_TP_ADD_TC(tp, in_line);
	ATF_TP_ADD_TC(tp, places);
	ATF_TP_ADD_TC(tp, ahead);
	ATF_TP_ADD_TC(tp, out_of_order);
	ATF_TP_ADD_TC(tp, newer);
	ATF_TP_ADD_TC(tp, reads_stop);
	ATF_TP_ADD_TC(tp, closed_window);
	ATF_TP_ADD_TC(tp, after_fin);
	ATF_TP_ADD_TC(tp, no_connection);
	ATF_TP_ADD_TC(tp, stdurg);
	ATF_TP_ADD_TC(tp, kevents);
	ATF_TP_ADD_TC(tp, send_at_once);
	ATF_TP_ADD_TC(tp, send_closed);
	ATF_TP_ADD_TC(tp, send_again);
	ATF_TP_ADD_TC(tp, send_far);
	ATF_TP_ADD_TC(tp, send_early);
	ATF_TP_ADD_TC(tp, send_full);
	return (atf_no_error());
}

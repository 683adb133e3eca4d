/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The end of a connection (RFC 9293, 3.6): by close(2), shutdown(2), the
 * peer, all at once, or by force.
 */
#include "pkt.h"

PD_TEST(active_close)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1 win 65535");
	STATE(TCPS_FIN_WAIT_1);
	INJECT(". 1:1(0) ack 2 win 65535");
	NOTHING();
	STATE(TCPS_FIN_WAIT_2);
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	ADVANCE(60 * PD_SEC - 1);
	STATE(TCPS_TIME_WAIT);
	ADVANCE(1);
	STATE(GONE);
}

/* The peer acknowledges our FIN with its own. */
PD_TEST(active_close_both)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
}

PD_TEST(passive_close)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_CLOSE_WAIT);
	ATF_REQUIRE((pd_poll(t, fd) & SOPOLL_IN) != 0);
	RECV_EOF(fd);
	RECV_EOF(fd);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 2");
	STATE(TCPS_LAST_ACK);
	INJECT(". 2:2(0) ack 2 win 65535");
	NOTHING();
	STATE(GONE);
	INJECT(". 2:2(0) ack 2 win 65535");
	EXPECT("R 2:2(0) win 0");
}

/* Both FINs are on their way: ours is sent again, as the peer's did not
 * acknowledge it. */
PD_TEST(closing)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT("F. 1:1(0) ack 2");
	NOTHING();
	STATE(TCPS_CLOSING);
	INJECT(". 2:2(0) ack 2 win 65535");
	NOTHING();
	STATE(TCPS_TIME_WAIT);
}

PD_TEST(closing_after_text)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	OK(pd_close(t, fd));
	EXPECT("F. 101:101(0) ack 1");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT("F. 101:101(0) ack 2");
	STATE(TCPS_CLOSING);
	INJECT(". 2:2(0) ack 101 win 65535");
	NOTHING();
	STATE(TCPS_CLOSING);
	INJECT(". 2:2(0) ack 102 win 65535");
	STATE(TCPS_TIME_WAIT);
}

/* The FIN that ours crossed is sent again until it is acknowledged. */
PD_TEST(closing_again)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT("F. 1:1(0) ack 2");
	EXPECT_IN(230 * PD_MSEC, "F. 1:1(0) ack 2");
	EXPECT_IN(260 * PD_MSEC, "F. 1:1(0) ack 2");
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	STATE(TCPS_TIME_WAIT);
}

/* FINs cross, and the text before each is lost: an ACK that tells of the hole
 * does not say ours again, or both would answer each other for ever. */
PD_TEST(closing_holes)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	OK(pd_close(t, fd));
	EXPECT("F. 101:101(0) ack 1");
	INJECT("F. 101:101(0) ack 1 win 65535");
	EXPECT(". 102:102(0) ack 1");
	NOTHING();
	STATE(TCPS_FIN_WAIT_1);
}

/* ---- With text ---- */

PD_TEST(close_with_text)
{
	int fd = pd_active(t, 0, 2000);

	SEND(fd, 5000);
	EXPECT(". 1:1461(1460) ack 1");
	pd_forget(t);
	OK(pd_close(t, fd));
	INJECT(". 1:1(0) ack 1461 win 65535");
	STATE(TCPS_FIN_WAIT_1);
	pd_forget(t);
	INJECT(". 1:1(0) ack 5001 win 65535");
	INJECT(". 1:1(0) ack 5002 win 65535");
	STATE(TCPS_FIN_WAIT_2);
}

/* The FIN goes with the last text. */
PD_TEST(close_with_text_fin)
{
	int fd = pd_active(t, 0, 1460);

	SEND(fd, 1500);
	EXPECT(". 1:1461(1460) ack 1");
	OK(pd_close(t, fd));
	NOTHING();
	INJECT(". 1:1(0) ack 1461 win 65535");
	EXPECT("FP. 1461:1501(40) ack 1");
	INJECT(". 1:1(0) ack 1502 win 65535");
	NOTHING();
	STATE(TCPS_FIN_WAIT_2);
}

/* A window that is full of text still takes the FIN behind it?  No: the FIN
 * is a number like any other (RFC 9293, 3.4). */
PD_TEST(close_full_window)
{
	int fd = pd_active(t, 0, 100);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	OK(pd_close(t, fd));
	pd_forget(t);
	INJECT(". 1:1(0) ack 101 win 100");
	pd_forget(t);
	INJECT(". 1:1(0) ack 102 win 100");
	STATE(TCPS_FIN_WAIT_2);
}

/* The peer's text and FIN in one segment. */
PD_TEST(text_and_fin)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("FP. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102");
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 100);
	RECV_EOF(fd);
}

/* In CLOSE-WAIT we can send, and the peer's text is nothing any more. */
PD_TEST(close_wait_send)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	SEND(fd, 3000);
	EXPECT(". 1:1461(1460) ack 2");
	EXPECT(". 1461:2921(1460) ack 2");
	EXPECT("P. 2921:3001(80) ack 2");
	INJECT(". 2:2(0) ack 3001 win 65535");
	STATE(TCPS_CLOSE_WAIT);
	INJECT("F. 1:1(0) ack 3001 win 65535");
	EXPECT(". 3001:3001(0) ack 2");
	OK(pd_close(t, fd));
	EXPECT("F. 3001:3001(0) ack 2");
	INJECT(". 2:2(0) ack 3002 win 65535");
	STATE(GONE);
}

/* ---- Half closed ---- */

PD_TEST(half_close)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 1:1(0) ack 1");
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	/* What comes can be read, for as long as it takes. */
	ADVANCE(3600 * PD_SEC);
	STATE(TCPS_FIN_WAIT_2);
	INJECT("P. 1:1001(1000) ack 2 win 65535");
	EXPECT_IN(40 * PD_MSEC, ". 2:2(0) ack 1001");
	RECV(fd, 1000);
	INJECT("F. 1001:1001(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 1002");
	RECV_EOF(fd);
	STATE(TCPS_TIME_WAIT);
	OK(pd_close(t, fd));
	NOTHING();
	STATE(TCPS_TIME_WAIT);
}

/* The ACK of the FIN may be the first occasion to tell of more space. */
PD_TEST(half_close_window)
{
	int fd = pd_active(t, PD_ALL, 65535);

	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 1:1(0) ack 1 <nop,nop,TS val 100 ecr 7>");
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 200000));
	NOTHING();
	INJECT(". 1:1(0) ack 2 win 65535 <nop,nop,TS val 7 ecr 100>");
	EXPECT(". 2:2(0) ack 1 win 3125 <nop,nop,TS val 100 ecr 7>");
	STATE(TCPS_FIN_WAIT_2);
}

PD_TEST(half_close_text_in_fin_wait_1)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 1:1(0) ack 1");
	INJECT("P. 1:101(100) ack 1 win 65535");
	RECV(fd, 100);
	pd_forget(t);
	INJECT("P. 101:201(100) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
	RECV(fd, 100);
	pd_pass(t, 100 * PD_MSEC);
	pd_forget(t);
}

/* SHUT_RD: no word to the peer; what comes is thrown away. */
PD_TEST(shutdown_read)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:11(10) ack 1 win 65535");
	OK(pd_shutdown(t, fd, SHUT_RD));
	RECV_EOF(fd);
	pd_pass(t, 100 * PD_MSEC);
	pd_forget(t);
	INJECT("P. 11:21(10) ack 1 win 65535");
	RECV_EOF(fd);
	STATE(TCPS_ESTABLISHED);
	pd_pass(t, 100 * PD_MSEC);
	pd_forget(t);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 21");
}

PD_TEST(shutdown_both)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_shutdown(t, fd, SHUT_RDWR));
	EXPECT("F. 1:1(0) ack 1");
	RECV_EOF(fd);
	ERR(-EPIPE, pd_send(t, fd, 10, 0));
	INJECT("F. 1:1(0) ack 2 win 65535");
	EXPECT(". 2:2(0) ack 2");
	ERR(ENOTCONN, pd_shutdown(t, fd, SHUT_WR));
}

PD_TEST(shutdown_errors)
{
	int fd = pd_socket(t);

	ERR(ENOTCONN, pd_shutdown(t, fd, SHUT_WR));
	fd = pd_active(t, 0, 65535);
	ERR(EINVAL, pd_shutdown(t, fd, 7));
	STATE(TCPS_ESTABLISHED);
}

/* ---- Nobody waits ---- */

/* FIN_WAIT_2 without a user lasts finwait2_timeout, 60 s, if it is to be
 * fast, else as long as eight keepalive probes. */
PD_TEST(fin_wait_2_timeout)
{
	int fd = pd_active(t, 0, 65535);

	pd_sysctl(t, "net.inet.tcp.fast_finwait2_recycle", 1);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(60 * PD_SEC - 1);
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(1);
	STATE(GONE);
}

PD_TEST(fin_wait_2_shutdown_close)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_shutdown(t, fd, SHUT_WR));
	EXPECT("F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	ADVANCE(600 * PD_SEC);
	OK(pd_close(t, fd));
	ADVANCE(600 * PD_SEC - 1);
	STATE(TCPS_FIN_WAIT_2);
	ADVANCE(1);
	STATE(GONE);
}

/* Text for a user who has gone is answered with a reset (RFC 9293, 3.6.1),
 * at the number that the peer expects. */
static void
text_after_close(struct pd *t, int state)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	if (state == TCPS_FIN_WAIT_2)
		INJECT(". 1:1(0) ack 2 win 65535");
	STATE(state);
	if (state == TCPS_FIN_WAIT_2) {
		INJECT("P. 1:101(100) ack 2 win 65535");
		EXPECT("R 2:2(0) win 0");
	} else {
		INJECT("P. 1:101(100) ack 1 win 65535");
		EXPECT("R 1:1(0) win 0");
	}
	STATE(GONE);
	pd_renew(t);
}

PD_TEST(text_after_close)
{
	text_after_close(t, TCPS_FIN_WAIT_2);
	text_after_close(t, TCPS_FIN_WAIT_1);
}

/* Unread text at close: no reset, which RFC 2525, 2.17 would like. */
PD_TEST(close_unread)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 101");
	STATE(TCPS_FIN_WAIT_1);
}

/* ---- By force ---- */

PD_TEST(linger_reset)
{
	int fd = pd_active(t, 0, 65535);

	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	EXPECT("R. 1:1(0) ack 1 win 0");
	NOTHING();
	STATE(GONE);
}

PD_TEST(linger_reset_text)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 5000);
	pd_forget(t);
	INJECT("P. 1:101(100) ack 1 win 65535");
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	EXPECT("R. 5001:5001(0) ack 101 win 0");
	NOTHING();
	STATE(GONE);
}

/* With a time to linger, close(2) waits for the peer. */
PD_TEST(linger_wait)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	pd_linger(t, fd, 1, 5);
	ERR(EWOULDBLOCK, pd_close(t, fd));
	EXPECT("F. 101:101(0) ack 1");
	ERR(EWOULDBLOCK, pd_close(t, fd));
	INJECT(". 1:1(0) ack 102 win 65535");
	OK(pd_close(t, fd));
	NOTHING();
	STATE(TCPS_FIN_WAIT_2);
}

PD_TEST(linger_timeout)
{
	int fd = pd_active(t, 0, 65535);

	pd_linger(t, fd, 1, 5);
	ERR(EWOULDBLOCK, pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	pd_pass(t, 5 * PD_SEC - 1);
	pd_forget(t);
	ERR(EWOULDBLOCK, pd_close(t, fd));
	pd_pass(t, 1);
	OK(pd_close(t, fd));
	STATE(TCPS_FIN_WAIT_1);
	pd_forget(t);
}

/* ---- FINs that go astray ---- */

PD_TEST(fin_again)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1");
	EXPECT_IN(230 * PD_MSEC, "F. 1:1(0) ack 1");
	EXPECT_IN(260 * PD_MSEC, "F. 1:1(0) ack 1");
	EXPECT_IN(320 * PD_MSEC, "F. 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 2 win 65535");
	STATE(TCPS_FIN_WAIT_2);
}

/* Text and FIN that were lost come again together. */
PD_TEST(text_fin_again)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	OK(pd_close(t, fd));
	EXPECT("F. 101:101(0) ack 1");
	EXPECT_IN(230 * PD_MSEC, "FP. 1:101(100) ack 1");
	INJECT(". 1:1(0) ack 102 win 65535");
	STATE(TCPS_FIN_WAIT_2);
}

/* A FIN that comes before its text is kept. */
PD_TEST(fin_out_of_order)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("F. 101:101(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102");
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 100);
	RECV_EOF(fd);
}

PD_TEST(text_fin_out_of_order)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT("FP. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:201>");
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 202");
	STATE(TCPS_CLOSE_WAIT);
	RECV(fd, 200);
	RECV_EOF(fd);
}

/* The peer's FIN again: acknowledged again. */
PD_TEST(fin_twice)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	STATE(TCPS_CLOSE_WAIT);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 2");
	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT("F. 1:1(0) ack 2");
	STATE(TCPS_LAST_ACK);
	INJECT("F. 1:1(0) ack 2 win 65535");
	STATE(GONE);
}

/* After the peer's FIN nothing more of it is read. */
PD_TEST(text_after_fin)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("F. 1:1(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	INJECT("P. 2:12(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2");
	RECV_EOF(fd);
	STATE(TCPS_CLOSE_WAIT);
}

/* Closing before the handshake is over: the FIN follows the SYN-ACK's ACK. */
PD_TEST(shutdown_in_syn_received)
{
	int fd = pd_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	ADVANCE(10);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	OK(pd_close(t, fd));
	NOTHING();
	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("F. 1:1(0) ack 1");
	STATE(TCPS_FIN_WAIT_1);
}

/* Text not acknowledged is given up after 12 timeouts in a row. */
PD_TEST(given_up)
{
	int fd = pd_active(t, 0, 65535);

	SEND(fd, 100);
	OK(pd_close(t, fd));
	pd_pass(t, 3600 * PD_SEC);
	pd_forget(t);
	STATE(GONE);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, active_close);
	ATF_TP_ADD_TC(tp, active_close_both);
	ATF_TP_ADD_TC(tp, passive_close);
	ATF_TP_ADD_TC(tp, closing);
	ATF_TP_ADD_TC(tp, closing_after_text);
	ATF_TP_ADD_TC(tp, closing_again);
	ATF_TP_ADD_TC(tp, closing_holes);
	ATF_TP_ADD_TC(tp, close_with_text);
	ATF_TP_ADD_TC(tp, close_with_text_fin);
	ATF_TP_ADD_TC(tp, close_full_window);
	ATF_TP_ADD_TC(tp, text_and_fin);
	ATF_TP_ADD_TC(tp, close_wait_send);
	ATF_TP_ADD_TC(tp, half_close);
	ATF_TP_ADD_TC(tp, half_close_window);
	ATF_TP_ADD_TC(tp, half_close_text_in_fin_wait_1);
	ATF_TP_ADD_TC(tp, shutdown_read);
	ATF_TP_ADD_TC(tp, shutdown_both);
	ATF_TP_ADD_TC(tp, shutdown_errors);
	ATF_TP_ADD_TC(tp, fin_wait_2_timeout);
	ATF_TP_ADD_TC(tp, fin_wait_2_shutdown_close);
	ATF_TP_ADD_TC(tp, text_after_close);
	ATF_TP_ADD_TC(tp, close_unread);
	ATF_TP_ADD_TC(tp, linger_reset);
	ATF_TP_ADD_TC(tp, linger_reset_text);
	ATF_TP_ADD_TC(tp, linger_wait);
	ATF_TP_ADD_TC(tp, linger_timeout);
	ATF_TP_ADD_TC(tp, fin_again);
	ATF_TP_ADD_TC(tp, text_fin_again);
	ATF_TP_ADD_TC(tp, fin_out_of_order);
	ATF_TP_ADD_TC(tp, text_fin_out_of_order);
	ATF_TP_ADD_TC(tp, fin_twice);
	ATF_TP_ADD_TC(tp, text_after_fin);
	ATF_TP_ADD_TC(tp, shutdown_in_syn_received);
	ATF_TP_ADD_TC(tp, given_up);
	return (atf_no_error());
}

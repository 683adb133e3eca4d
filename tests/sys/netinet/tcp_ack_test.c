/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What we acknowledge, when, and with which window (RFC 9293, 3.8.6.2 and
 * 3.8.6.3; RFC 2018; RFC 2883): delayed ACKs, text out of order, receive
 * buffers.
 */
#include <sys/filedesc.h>
#include <sys/soquick.h>

#include "pkt.h"

#define	DELACK	(40 * PD_MSEC)

/* ---- Delayed ACKs ---- */

PD_TEST(delayed)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	NOTHING();
	EXPECT_IN(DELACK, ". 1:1(0) ack 101 win 65535");
	INJECT(". 101:1561(1460) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 1561 win 64140");
	RECV(fd, 1560);
}

PD_TEST(every_second)
{
	int fd = pd_active(t, 0, 65535), i;

	for (i = 0; i < 10; i += 2) {
		INJECT(". %d:%d(1460) ack 1 win 65535", 1 + i * 1460,
		    1461 + i * 1460);
		NOTHING();
		ADVANCE(10 * PD_MSEC);
		INJECT(". %d:%d(1460) ack 1 win 65535", 1461 + i * 1460,
		    2921 + i * 1460);
		EXPECT(". 1:1(0) ack %d", 2921 + i * 1460);
	}
	ADVANCE(PD_SEC);
	RECV(fd, 14600);
	pd_forget(t);
}

/* Two full segments' worth of smaller ones count too (RFC 5681, 4.2): the
 * second of any size while an ACK is owed. */
PD_TEST(small_ones)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:11(10) ack 1 win 65535");
	NOTHING();
	INJECT("P. 11:21(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 21");
	ADVANCE(PD_SEC);
	RECV(fd, 20);
}

/* One that is as long as two (cut by nobody on its way) as well. */
PD_TEST(large_ones)
{
	int fd = pd_active(t, 0, 65535);

	INJECT(". 1:2921(2920) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 2921");
	RECV(fd, 2920);
}

/* In a batch, one ACK is enough for all of it. */
PD_TEST(batch)
{
	int fd = pd_active(t, 0, 65535), i;

	BATCH_BEGIN();
	for (i = 0; i < 8; i++)
		INJECT(". %d:%d(1460) ack 1 win 65535", 1 + i * 1460,
		    1461 + i * 1460);
	BATCH_END();
	EXPECT(". 1:1(0) ack 11681");
	NOTHING();
	RECV(fd, 8 * 1460);
	pd_forget(t);
}

/* Our own text carries it. */
PD_TEST(piggyback)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	ADVANCE(39 * PD_MSEC);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 101");
	ADVANCE(100 * PD_MSEC);
	INJECT(". 101:101(0) ack 11 win 65535");
}

PD_TEST(delacktime)
{
	pd_sysctl(t, "net.inet.tcp.delacktime", 123);
	(void)pd_active(t, 0, 65535);
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT_IN(123 * PD_MSEC, ". 1:1(0) ack 101");
}

PD_TEST(delayed_off)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.delayed_ack", 0);
	(void)pd_active(t, 0, 65535);
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 101");
	pd_sysctl(t, "net.inet.tcp.delayed_ack", 1);
	pd_use(t, 1);
	fd = pd_active(t, 0, 65535);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_DELACK, 0));
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 101");
}

/* ---- Out of order ---- */

PD_TEST(out_of_order)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 win 65535");
	RECV_NOTHING(fd);
	INJECT("P. 301:401(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 win 65535");
	/* What fills a gap is acknowledged at once, too. */
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 201");
	RECV(fd, 200);
	INJECT("P. 201:301(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 401");
	RECV(fd, 200);
	RECV_NOTHING(fd);
}

/* SACK blocks, the newest first. */
PD_TEST(sack_order)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:201>");
	INJECT("P. 301:401(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 301:401 101:201>");
	INJECT("P. 501:601(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 501:601 301:401 101:201>");
	/* An old block that grows is the newest again. */
	INJECT("P. 201:251(50) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:251 501:601 301:401>");
	INJECT("P. 701:801(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 "
	    "<nop,nop,sack 701:801 101:251 501:601 301:401>");
	/* Four are all there is room for. */
	INJECT("P. 901:1001(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 "
	    "<nop,nop,sack 901:1001 701:801 101:251 501:601>");
	/* Two become one. */
	INJECT("P. 401:501(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 "
	    "<nop,nop,sack 301:601 901:1001 701:801 101:251>");
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 251 <nop,nop,sack 301:601 901:1001 701:801>");
	INJECT("P. 251:301(50) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 601 <nop,nop,sack 901:1001 701:801>");
	INJECT("P. 601:701(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 801 <nop,nop,sack 901:1001>");
	INJECT("P. 801:901(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1001");
	RECV(fd, 1000);
}

/* With time stamps there is room for three. */
PD_TEST(sack_and_ts)
{
	int fd = pd_active(t, PD_ALL, 65535), i;

	for (i = 1; i < 8; i += 2) {
		INJECT("P. %d:%d(100) ack 1 win 65535 "
		    "<nop,nop,TS val 8 ecr 100>", 1 + i * 100, 101 + i * 100);
		if (i < 7)
			pd_forget(t);
	}
	EXPECT(". 1:1(0) ack 1 win 1027 <nop,nop,TS val 100 ecr 7,"
	    "nop,nop,sack 701:801 501:601 301:401>");
	INJECT("P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 9 ecr 100>");
	EXPECT(". 1:1(0) ack 201 <nop,nop,TS val 100 ecr 9,"
	    "nop,nop,sack 701:801 501:601 301:401>");
	RECV(fd, 200);
}

/* SACK blocks go with our text, which makes it shorter. */
PD_TEST(sack_with_text)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 101:201>");
	SEND(fd, 1448);
	EXPECT("P. 1:1449(1448) ack 1 <nop,nop,sack 101:201>");
	SEND(fd, 1460);
	EXPECT(". 1449:2897(1448) ack 1 <nop,nop,sack 101:201>");
	NOTHING();
	INJECT(". 1:1(0) ack 2897 win 65535");
	EXPECT("P. 2897:2909(12) ack 1 <nop,nop,sack 101:201>");
	EXPECT_IN(230 * PD_MSEC,
	    "P. 2897:2909(12) ack 1 <nop,nop,sack 101:201>");
}

/* ---- Duplicates (RFC 2883) ---- */

PD_TEST(dsack)
{
	int fd = pd_active(t, PD_SACK, 65535);

	INJECT("P. 1:101(100) ack 1 win 65535");
	INJECT("P. 1:101(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 101 <nop,nop,sack 1:101>");
	/* Once only. */
	INJECT("P. 101:201(100) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 201");
	/* Partly old, in order. */
	INJECT("P. 151:301(150) ack 1 win 65535");
	pd_pass(t, DELACK);
	EXPECT_LATE(". 1:1(0) ack 301 <nop,nop,sack 151:201>");
	RECV(fd, 300);
}

/* A duplicate of what waits is inside a block that follows. */
PD_TEST(dsack_waiting)
{
	(void)pd_active(t, PD_SACK, 65535);
	INJECT("P. 201:401(200) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 201:401>");
	INJECT("P. 601:701(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 601:701 201:401>");
	INJECT("P. 201:401(200) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 201:401 201:401 601:701>");
	INJECT("P. 601:651(50) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 601:651 601:701 201:401>");
}

/* The end of what came is there already. */
PD_TEST(dsack_end)
{
	(void)pd_active(t, PD_SACK, 65535);
	INJECT("P. 201:401(200) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 201:401>");
	INJECT("P. 151:251(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 201:251 151:401>");
}

/* The duplicate first, then the block that it is in. */
PD_TEST(dsack_examples)
{
	(void)pd_active(t, PD_SACK, 65535);
	t->c->irs++;			/* counts the text from 0 */
	INJECT("P. 1:100(99) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 0 <nop,nop,sack 1:100>");
	INJECT("P. 50:75(25) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 0 <nop,nop,sack 50:75 1:100>");
	pd_use(t, 1);
	(void)pd_active(t, PD_SACK, 65535);
	t->c->irs++;
	INJECT("P. 200:475(275) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 0 <nop,nop,sack 200:475>");
	INJECT("P. 600:700(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 0 <nop,nop,sack 600:700 200:475>");
	INJECT("P. 400:500(100) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 0 "
	    "<nop,nop,sack 400:475 200:500 600:700>");
}

/* Bytes that came twice are those of the first time, where they differ in
 * length and place; nothing is delivered twice. */
PD_TEST(overlaps)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 51:101(50) ack 1 win 65535");
	INJECT("P. 151:201(50) ack 1 win 65535");
	INJECT("P. 81:181(100) ack 1 win 65535");
	INJECT("P. 31:231(200) ack 1 win 65535");
	INJECT("P. 1:41(40) ack 1 win 65535");
	pd_forget(t);
	RECV(fd, 230);
	RECV_NOTHING(fd);
	INJECT("P. 1:331(330) ack 1 win 65535");
	pd_pass(t, DELACK);
	pd_forget(t);
	RECV(fd, 100);
	RECV_NOTHING(fd);
}

/* The number of ranges that wait is bounded; what there is no room for has
 * to come again. */
PD_TEST(many_ranges)
{
	int fd = pd_active(t, 0, 65535), i;

	for (i = 1; i <= 300; i++)
		INJECT("P. %d:%d(10) ack 1 win 65535", i * 20, i * 20 + 10);
	pd_forget(t);
	ATF_REQUIRE_EQ(100, pd_tcpcb(t)->t_segqlen);
	/* What comes in order is taken all the same. */
	for (i = 0; i <= 301; i++)
		INJECT("P. %d:%d(20) ack 1 win 65535", 1 + i * 20, 21 + i * 20);
	pd_pass(t, DELACK);
	pd_forget(t);
	RECV(fd, 302 * 20);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_segqlen);
}

/* ---- Receive buffers and windows ---- */

PD_TEST4(buffers_ipv4)
{
	int fd, lfd;

	lfd = pd_listen(t, 5);
	ATF_REQUIRE_EQ(65536, pd_getopt(t, lfd, SOL_SOCKET, SO_RCVBUF));
	fd = pd_passive_at(t, lfd, PD_ALL, 65535);
	ATF_REQUIRE_EQ(65700, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	ATF_REQUIRE_EQ(65536, pd_getopt(t, lfd, SOL_SOCKET, SO_RCVBUF));
	pd_use(t, 1);
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(65536, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	ATF_REQUIRE_EQ(65536, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7>");
	EXPECT(". 1:1(0) ack 1 win 1027");
	ATF_REQUIRE_EQ(65700, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
}

PD_TEST6(buffers_ipv6)
{
	int fd;

	pd_setmtu(t, 1500);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1440,nop,wscale 7>");
	EXPECT(". 1:1(0) ack 1 win 1035");
	ATF_REQUIRE_EQ(66240, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
}

/* Unscaled: what is free, up to 65535. */
PD_TEST(window)
{
	int fd = pd_active(t, 0, 65535);

	INJECT("P. 1:150(149) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 150 win 65535");
	INJECT("P. 150:350(200) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 350 win 65351");
	INJECT("P. 350:800(450) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 800 win 64901");
	RECV(fd, 799);
	NOTHING();
	INJECT("P. 800:801(1) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 801 win 65535");
	RECV(fd, 1);
}

/* A large read sends a window update. */
PD_TEST(window_update)
{
	int fd = pd_active(t, 0, 65535), i;

	for (i = 0; i < 22; i++)
		INJECT(". %d:%d(1460) ack 1 win 65535", 1 + i * 1460,
		    1461 + i * 1460);
	INJECT("P. 32121:32200(79) ack 1 win 65535");
	pd_forget(t);
	EXPECT_IN(DELACK, ". 1:1(0) ack 32200 win 33501");
	RECV(fd, 32199);
	EXPECT(". 1:1(0) ack 32200 win 65535");
}

/* A buffer of one segment: half of it is worth an update. */
PD_TEST(window_update_small)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 1400));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 1400 <...>");
	ADVANCE(10);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1 win 1460");
	INJECT("P. 1:1461(1460) ack 1 win 65535");
	pd_pass(t, DELACK);
	EXPECT_LATE(". 1:1(0) ack 1461 win 0");
	RECV(fd, 1460);
	EXPECT(". 1:1(0) ack 1461 win 1460");
}

/* A quick read, as a program's small ones are, of n bytes: was there anything
 * to tell?  Where it says that there is not, telling changes nothing. */
static bool
read_quick(struct pd *t, int fd, u_int n)
{
	struct vnet *saved = vnet_enter(t->vnet);
	struct socket *so;
	char buf[MLEN];
	bool tell;

	OK(fd_getsock(fd, &so));
	ATF_REQUIRE_EQ(n, soreceive_quick(so, buf, sizeof(buf)));
	tell = soreceive_tell(so, t->vnet);
	vnet_leave(saved);
	if (!tell)
		NOTHING();
	saved = vnet_enter(t->vnet);
	OK(so->so_proto->pr_rcvd(so, 0));
	vnet_leave(saved);
	if (!tell)
		NOTHING();
	return (tell);
}

/* A connection with segments of 72 bytes, which are the smallest that there
 * are, and a buffer of so many of them. */
#define	LEAST	72
static int
small_buffer(struct pd *t, int segs)
{
	int fd;

	pd_sysctl(t, "net.inet.tcp.minmss", LEAST);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, segs * LEAST));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win %d <...>", segs * LEAST);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss %d>", LEAST);
	EXPECT(". 1:1(0) ack 1 win %d", segs * LEAST);
	return (fd);
}

/* Small reads, too, may open half of a small buffer. */
PD_TEST(window_update_quick)
{
	int fd = small_buffer(t, 2);

	INJECT("P. 1:72(71) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 72 win 73");
	ATF_CHECK(!read_quick(t, fd, 71));
	INJECT("P. 72:144(72) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 144 win 72");
	ATF_CHECK(read_quick(t, fd, 72));
	EXPECT(". 1:1(0) ack 144 win 144");
}

/* Room for two segments is as much, wherever it comes from. */
PD_TEST(window_update_quick_two)
{
	int fd = small_buffer(t, 3);

	INJECT("P. 1:2(1) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 2 win 215");
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 215 + 2 * LEAST - 1));
	ATF_CHECK(!read_quick(t, fd, 1));
	INJECT("P. 2:3(1) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 3 win 357");
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 357 + 2 * LEAST));
	ATF_CHECK(read_quick(t, fd, 1));
	EXPECT(". 1:1(0) ack 3 win 501");
}

/* Scaled values are rounded up. */
PD_TEST(window_scaled)
{
	int fd = pd_active(t, PD_WS, 65535);

	INJECT("P. 1:2(1) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 2 win 1027");
	INJECT("P. 2:101(99) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 101 win 1025");
	RECV(fd, 100);
}

/* What is in the window is taken to its last byte, and not the next. */
PD_TEST(window_edge)
{
	(void)pd_active(t, PD_SACK, 65535);
	INJECT("P. 65600:65701(101) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 65600:65701>");
	/* Cut off at the edge. */
	INJECT("P. 65501:65901(400) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <nop,nop,sack 65600:65701 65501:65701>");
	INJECT("P. 65701:65711(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1 <...>");
	ATF_REQUIRE_EQ(200, pd_waiting(t));
}

/* Filled to the brim, the window closes; probes are answered; reading a
 * little does not open it (silly window), reading more does. */
PD_TEST(window_closes)
{
	int fd, i;

	pd_sysctl(t, "net.inet.tcp.recvbuf_auto", 0);
	fd = pd_active(t, 0, 65535);
	for (i = 0; i < 45; i++)
		INJECT(". %d:%d(1460) ack 1 win 65535", 1 + i * 1460,
		    1461 + i * 1460);
	pd_pass(t, DELACK);
	while (pd_pending(t) > 1)
		pd_skip(t);
	EXPECT_LATE(". 1:1(0) ack 65701 win 0");
	INJECT("P. 65701:65702(1) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 65701 win 0");
	/* The byte of a probe is taken if there is room for it. */
	RECV(fd, 100);
	NOTHING();
	INJECT("P. 65701:65702(1) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 65702 win 0");
	RECV(fd, 1359);
	NOTHING();
	INJECT("P. 65702:65703(1) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 65703 win 0");
	RECV(fd, 20000);
	EXPECT(". 1:1(0) ack 65703 win 21457");
	INJECT("P. 65703:65704(1) ack 1 win 65535");
	RECV(fd, 65703 - 21459);
	pd_pass(t, DELACK);
	pd_forget(t);
}

/* A promised window is never taken back (RFC 9293, 3.8.6.2.1). */
PD_TEST(never_shrinks)
{
	int fd = pd_active(t, 0, 65535);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 4096));
	INJECT("P. 1:11(10) ack 1 win 65535");
	EXPECT_IN(DELACK, ". 1:1(0) ack 11 win 65525");
	INJECT("P. 60001:60011(10) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 11");
	ATF_REQUIRE_EQ(10, pd_waiting(t));
	RECV(fd, 10);
}

/* The receive buffer grows with what arrives in a round trip; without time
 * stamps, too, wherever the peer's numbers begin. */
PD_TEST(rcvbuf_grows)
{
	static const uint32_t irs[] = { 0, 0x7ffff000, 0x80000000,
	    0x90000000, 0xfffff000 };
	u_int i;
	int fd, lfd = pd_listen(t, 5), n, seg;

	for (i = 0; i < nitems(irs); i++) {
		pd_use(t, (int)i);
		t->c->irs = irs[i];
		fd = pd_passive_at(t, lfd, PD_WS, 65535);
		for (seg = 0; seg < 200; seg++) {
			INJECT(". %d:%d(1460) ack 1 win 65535",
			    1 + seg * 1460, 1 + (seg + 1) * 1460);
			n = pd_recv(t, fd, 10000, 0);
			ATF_REQUIRE_EQ(1460, n);
			pd_forget(t);
		}
		ATF_REQUIRE_MSG(pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF) >
		    200000, "%#x: %d", irs[i], pd_getopt(t, fd, SOL_SOCKET,
		    SO_RCVBUF));
	}
}

PD_TEST(rcvbuf_option)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, SOL_SOCKET, SO_RCVBUF, 10000));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 10000 <...>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1 win 10220");
	ATF_REQUIRE_EQ(10220, pd_getopt(t, fd, SOL_SOCKET, SO_RCVBUF));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, delayed);
	ATF_TP_ADD_TC(tp, every_second);
	ATF_TP_ADD_TC(tp, small_ones);
	ATF_TP_ADD_TC(tp, large_ones);
	ATF_TP_ADD_TC(tp, batch);
	ATF_TP_ADD_TC(tp, piggyback);
	ATF_TP_ADD_TC(tp, delacktime);
	ATF_TP_ADD_TC(tp, delayed_off);
	ATF_TP_ADD_TC(tp, out_of_order);
	ATF_TP_ADD_TC(tp, sack_order);
	ATF_TP_ADD_TC(tp, sack_and_ts);
	ATF_TP_ADD_TC(tp, sack_with_text);
	ATF_TP_ADD_TC(tp, dsack);
	ATF_TP_ADD_TC(tp, dsack_waiting);
	ATF_TP_ADD_TC(tp, dsack_end);
	ATF_TP_ADD_TC(tp, dsack_examples);
	ATF_TP_ADD_TC(tp, overlaps);
	ATF_TP_ADD_TC(tp, many_ranges);
	ATF_TP_ADD_TC(tp, buffers_ipv4);
	ATF_TP_ADD_TC(tp, buffers_ipv6);
	ATF_TP_ADD_TC(tp, window);
	ATF_TP_ADD_TC(tp, window_update);
	ATF_TP_ADD_TC(tp, window_update_small);
	ATF_TP_ADD_TC(tp, window_update_quick);
	ATF_TP_ADD_TC(tp, window_update_quick_two);
	ATF_TP_ADD_TC(tp, window_scaled);
	ATF_TP_ADD_TC(tp, window_edge);
	ATF_TP_ADD_TC(tp, window_closes);
	ATF_TP_ADD_TC(tp, never_shrinks);
	ATF_TP_ADD_TC(tp, rcvbuf_grows);
	ATF_TP_ADD_TC(tp, rcvbuf_option);
	return (atf_no_error());
}

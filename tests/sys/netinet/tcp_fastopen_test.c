/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP Fast Open (RFC 7413): the server, the client, their keys and cookies.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pkt.h"

#include <netinet/tcp_fastopen.h>

#define	FO		"net.inet.tcp.fastopen."
#define	KEYLEN		16

static const uint8_t key1[KEYLEN] = "the first key...";
static const uint8_t key2[KEYLEN] = "the second key..";
static const uint8_t key3[KEYLEN] = "the third key...";

/* ---- Server ---- */

static int
setkey(struct pd *t, const char *name, const void *key, size_t len)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kernel_sysctlbyname(name, NULL, NULL, key, len);
	vnet_leave(saved);
	return (error);
}

/* A cookie as the tests write it, in one of four buffers. */
static const char *
hex(const uint8_t *cookie)
{
	static char buf[4][20];
	static int n;
	char *p = buf[n = (n + 1) % 4];
	int i;

	for (i = 0; i < 8; i++)
		snprintf(p + 2 * i, 3, "%02x", cookie[i]);
	return (p);
}

/* SipHash-2-4 as bytes. */
static void
hash(const uint8_t *key, const void *data, size_t len, uint8_t *out)
{
	uint64_t h = siphash24(key, data, len);
	int i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)(h >> 8 * i);
}

/* The cookie by key for the peer: of the addresses as packets have them. */
static void
cookie_bytes(struct pd *t, const uint8_t *key, uint8_t *c)
{
	struct in6_addr a[2] = { t->peer, t->us };
	uint8_t v4[8];

	memcpy(v4, &a[0].s6_addr[12], 4);
	memcpy(v4 + 4, &a[1].s6_addr[12], 4);
	if (t->af == AF_INET)
		hash(key, v4, sizeof(v4), c);
	else
		hash(key, a, sizeof(a), c);
}

static const char *
cookie(struct pd *t, const uint8_t *key)
{
	uint8_t c[8];

	cookie_bytes(t, key, c);
	return (hex(c));
}

/* The server is on, with key1 alone; a listener. */
static int
server(struct pd *t, int backlog)
{
	int lfd;

	pd_sysctl(t, FO "autokey", 0);
	pd_sysctl(t, FO "server_enable", 1);
	OK(setkey(t, FO "setkey", key1, KEYLEN));
	lfd = pd_listen(t, backlog);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	return (lfd);
}

/* A SYN with 100 bytes and key1's cookie opens connection i at once. */
static void
open_fast(struct pd *t, int i)
{
	pd_use(t, i);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	NOTHING();
	STATE(TCPS_SYN_RECEIVED);
}

/* The same SYN is answered as if it had no cookie. */
static void
open_slow(struct pd *t, int i)
{
	pd_use(t, i);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	NOTHING();
}

PD_TEST(cookie_request)
{
	int fd, lfd = server(t, 5);

	/* Text without a cookie is not taken. */
	INJECT("S 0:100(100) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0,FO>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7,FO %s,eol,eol>", cookie(t, key1));
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	INJECT(". 1:1(0) ack 1 win 512 <nop,nop,TS val 7 ecr 100>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN));
	RECV_NOTHING(fd);
	INJECT("P. 1:101(100) ack 1 win 512 <nop,nop,TS val 7 ecr 100>");
	RECV(fd, 100);
}

/* The first SYN-ACK only has the cookie. */
PD_TEST(cookie_request_again)
{
	(void)server(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460,FO>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO %s,eol,eol>",
	    cookie(t, key1));
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(open)
{
	struct tcp_info ti;
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE(pd_getopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN) != 0);
	pd_info(t, fd, &ti);
	ATF_REQUIRE((ti.tcpi_options & TCPI_OPT_TFO) != 0);
	RECV(fd, 100);
	RECV_NOTHING(fd);
	/* The answer leaves before the handshake is complete. */
	SEND(fd, 50);
	EXPECT("P. 1:51(50) ack 101");
	SEND(fd, 20);
	EXPECT("P. 51:71(20) ack 101");
	STATE(TCPS_SYN_RECEIVED);
	INJECT("P. 101:201(100) ack 71 win 65535");
	STATE(TCPS_ESTABLISHED);
	RECV(fd, 100);
	EXPECT_IN(40 * PD_MSEC, ". 71:71(0) ack 201");
	SEND(fd, 10);
	EXPECT("P. 71:81(10) ack 201");
	INJECT(". 201:201(0) ack 81 win 65535");
	OK(pd_close(t, fd));
	EXPECT("F. 81:81(0) ack 201");
	INJECT("F. 201:201(0) ack 82 win 65535");
	EXPECT(". 82:82(0) ack 202");
}

/* With all options, and a time stamp to echo. */
PD_TEST(open_options)
{
	int fd, lfd = server(t, 5);

	INJECT("S 0:100(100) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	SEND(fd, 1000);
	EXPECT("P. 1:1001(1000) ack 101 <nop,nop,TS val 100 ecr 7>");
	INJECT(". 101:101(0) ack 1001 win 512 <nop,nop,TS val 8 ecr 100>");
	STATE(TCPS_ESTABLISHED);
	RECV(fd, 100);
}

/* A cookie and no text: the answer need not wait all the same. */
PD_TEST(open_without_text)
{
	int fd, lfd = server(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV_NOTHING(fd);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1");
	INJECT(". 1:1(0) ack 11 win 65535");
	STATE(TCPS_ESTABLISHED);
}

/* The SYN once more, or thrice, with text or without, gives no text twice. */
PD_TEST(duplicate_syn)
{
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	NOTHING();
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
	RECV(fd, 100);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	INJECT("S 0:150(150) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	NOTHING();
	INJECT(". 101:101(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT(". 1:1(0) ack 101");
	RECV_NOTHING(fd);
	ERR(-EWOULDBLOCK, pd_accept(t, lfd));
}

/* A SYN-ACK that is lost goes again, alone; what was sent behind it follows
 * when the peer is known to be there. */
PD_TEST(synack_lost)
{
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	SEND(fd, 2000);
	EXPECT(". 1:1461(1460) ack 101");
	EXPECT("P. 1461:2001(540) ack 101");
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 101 <mss 1460>");
	NOTHING();
	/* The user has more meanwhile. */
	SEND(fd, 100);
	NOTHING();
	INJECT(". 101:101(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	EXPECT(". 1:1461(1460) ack 101");
	INJECT(". 101:101(0) ack 1461 win 65535");
	EXPECT("P. 1461:2101(640) ack 101");
	INJECT(". 101:101(0) ack 2101 win 65535");
	NOTHING();
}

/* Before the ACK no more than an initial window leaves, and no more than the
 * peer's window takes. */
PD_TEST(early_limit)
{
	int fd, i, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	SEND(fd, 30000);
	for (i = 0; i < 10; i++)
		EXPECT(". %d:%d(1460) ack 101", 1 + i * 1460,
		    1 + (i + 1) * 1460);
	NOTHING();
	INJECT(". 101:101(0) ack 14601 win 65535");
	ATF_REQUIRE(pd_pending(t) >= 10);
	pd_forget(t);
	pd_use(t, 1);
	INJECT("S 0:100(100) win 500 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	SEND(fd, 1000);
	EXPECT(". 1:501(500) ack 101");
	NOTHING();
}

/* More text than the buffer has space for: the rest comes again. */
PD_TEST(text_beyond_buffer)
{
	int fd, lfd = server(t, 5);

	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_RCVBUF, 1000));
	INJECT("S 0:1440(1440) win 65535 <mss 500,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 1001 win 0 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 1000);
	pd_forget(t);
	INJECT("P. 1001:1441(440) ack 1 win 65535");
	RECV(fd, 440);
	pd_forget(t);
}

/* A FIN with the SYN waits for the end of the handshake. */
PD_TEST(fin_with_syn)
{
	int fd, lfd = server(t, 5);

	INJECT("SF 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	RECV_NOTHING(fd);
	INJECT("F. 101:101(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 102");
	RECV_EOF(fd);
	STATE(TCPS_CLOSE_WAIT);
}

/* The user is done before the handshake is. */
PD_TEST(close_early)
{
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	SEND(fd, 50);
	EXPECT("P. 1:51(50) ack 101");
	OK(pd_close(t, fd));
	NOTHING();
	INJECT(". 101:101(0) ack 51 win 65535");
	EXPECT("F. 51:51(0) ack 101");
	STATE(TCPS_FIN_WAIT_1);
	ATF_REQUIRE((tptosocket(pd_tcpcb(t))->so_state &
	    SS_ISDISCONNECTING) != 0);
	INJECT("F. 101:101(0) ack 52 win 65535");
	EXPECT(". 52:52(0) ack 102");
	STATE(TCPS_TIME_WAIT);
}

/* Resets before the handshake is complete: who has the connection is told. */
PD_TEST(reset_early)
{
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	INJECT("R 101:101(0) win 0");
	STATE(GONE);
	RECV(fd, 100);
	RECV_ERR(fd, ECONNRESET);
	open_fast(t, 1);
	INJECT("R 101:101(0) win 0");
	STATE(GONE);
	ERR(-ECONNABORTED, pd_accept(t, lfd));
	NOTHING();
}

/* What was acknowledged and is not read is reset by its listener. */
PD_TEST(listener_closes)
{
	int lfd = server(t, 5);

	open_fast(t, 0);
	OK(pd_close(t, lfd));
	EXPECT("R. 1:1(0) ack 101");
	STATE(GONE);
}

/* A peer that says no more. */
PD_TEST(handshake_timeout)
{
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	pd_pass(t, 76 * PD_SEC);
	STATE(GONE);
	RECV_ERR(fd, ETIMEDOUT);
	pd_forget(t);
}

/* Half of the backlog, and one more, may be pending; then SYNs are as those
 * without the option. */
PD_TEST(pending_limit)
{
	int i, lfd = server(t, 4);

	for (i = 0; i < 3; i++)
		open_fast(t, i);
	open_slow(t, 3);
	/* An empty option is not answered either. */
	pd_use(t, 4);
	INJECT("S 0:0(0) win 65535 <mss 1460,FO>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	/* One completes its handshake, which makes room for one. */
	pd_use(t, 0);
	INJECT(". 101:101(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	open_fast(t, 5);
	open_slow(t, 6);
	/* One that is reset does not, until it is long ago. */
	pd_use(t, 1);
	INJECT("R 101:101(0) win 0");
	STATE(GONE);
	open_slow(t, 7);
	pd_pass(t, 29 * PD_SEC);
	pd_forget(t);
	open_slow(t, 8);
	pd_pass(t, 31 * PD_SEC);
	pd_forget(t);
	open_fast(t, 12);
	open_slow(t, 13);
	/* Those that go for other reasons do. */
	pd_pass(t, 76 * PD_SEC);
	pd_forget(t);
	for (i = 0; i < 5; i++) {
		pd_use(t, i == 3 || i == 4 ? i + 6 : i);
		(void)pd_accept(t, lfd);
	}
	open_fast(t, 11);
}

/* The listener goes before those that it counted. */
PD_TEST(listener_first)
{
	int fd, lfd = server(t, 5);

	open_fast(t, 0);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	OK(pd_close(t, lfd));
	NOTHING();
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 101");
	INJECT(". 101:101(0) ack 11 win 65535");
	STATE(TCPS_ESTABLISHED);
}

/* A cookie that is not ours: as a request for one. */
PD_TEST(wrong_cookie)
{
	static const char * const wrong[] = { "0001020304050607",
	    "00010203", "000102030405060708090a0b0c0d0e0f" };
	u_int i;

	(void)server(t, 5);
	for (i = 0; i < nitems(wrong); i++) {
		pd_use(t, (int)i);
		INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", wrong[i]);
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO %s,eol,eol>",
		    cookie(t, key1));
	}
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(3, V_tcpstat.tcps_tfo_invalid);
	ATF_REQUIRE_EQ(3, V_tcpstat.tcps_tfo_cookies);
	ATF_REQUIRE_EQ(0, V_tcpstat.tcps_tfo_valid);
	CURVNET_RESTORE();
}

/* Of another host it is worth nothing. */
PD_TEST(cookie_of_another)
{
	char stolen[20];

	(void)server(t, 5);
	snprintf(stolen, sizeof(stolen), "%s", cookie(t, key1));
	ATF_REQUIRE_EQ(1, in_pton(t->af == AF_INET ? "192.0.2.77" :
	    "2001:db8::77", &t->peer));
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", stolen);
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key1));
}

/* Options that are none: lengths that no cookie has. */
PD_TEST(malformed)
{
	static const char * const bad[] = { "220301", "22040102",
	    "22070102030405", "221401020304050607080910111213141516171800",
	    "fe04f98a", "fe03f9", "fe05f98901", "22" };
	u_int i;

	(void)server(t, 5);
	for (i = 0; i < nitems(bad); i++) {
		pd_use(t, (int)i);
		INJECT("S 0:100(100) win 65535 <mss 1460,hex %s>", bad[i]);
		EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	}
}

/* The experimental option (RFC 7413, appendix) is answered by its like. */
PD_TEST(experimental)
{
	int fd, lfd = server(t, 5);

	INJECT("S 0:0(0) win 65535 <mss 1460,hex fe04f989>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,hex fe0cf989%s>",
	    cookie(t, key1));
	pd_use(t, 1);
	INJECT("S 0:100(100) win 65535 <mss 1460,hex fe0cf989%s>",
	    cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	/* And who comes with an older one. */
	OK(setkey(t, FO "setkey", key2, KEYLEN));
	pd_use(t, 2);
	INJECT("S 0:100(100) win 65535 <mss 1460,hex fe0cf989%s>",
	    cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460,hex fe0cf989%s>",
	    cookie(t, key2));
}

/* Two keys are good: of the older one with a new cookie in the answer. */
PD_TEST(rolling_keys)
{
	int fd, lfd = server(t, 10);

	OK(setkey(t, FO "setkey", key2, KEYLEN));
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, FO "numkeys"));
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460,FO %s,eol,eol>", cookie(t, key2));
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	pd_use(t, 1);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key2));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	OK(setkey(t, FO "setkey", key3, KEYLEN));
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, FO "numkeys"));
	pd_use(t, 2);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key3));
	pd_use(t, 3);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key2));
	EXPECT("S. 0:0(0) ack 101 <mss 1460,FO %s,eol,eol>", cookie(t, key3));
}

/* The option of the next SYN-ACK, asked for on connection i. */
static void
ask_cookie(struct pd *t, int i, char *buf)
{
	struct in_conninfo inc = { .inc_faddr = t->peer, .inc_laddr = t->us };
	uint8_t latest[8];

	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(TFO_COOKIE, tcp_fastopen_check_cookie(&inc, NULL, 0,
	    latest));
	CURVNET_RESTORE();
	snprintf(buf, 20, "%s", hex(latest));
	pd_use(t, i);
	INJECT("S 0:0(0) win 65535 <mss 1460,FO>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO %s,eol,eol>", buf);
	INJECT("R 1:1(0) win 0");
}

/* Keys that make themselves. */
PD_TEST(autokey)
{
	char c1[20], c2[20], c3[20];
	int lfd;

	pd_sysctl(t, FO "server_enable", 1);
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, FO "numkeys"));
	lfd = pd_listen(t, 20);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	ask_cookie(t, 0, c1);
	ADVANCE(119 * PD_SEC);
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, FO "numkeys"));
	ADVANCE(2 * PD_SEC);
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, FO "numkeys"));
	ask_cookie(t, 1, c2);
	ATF_REQUIRE(strcmp(c1, c2) != 0);
	pd_use(t, 2);
	INJECT("S 0:10(10) win 65535 <mss 1460,FO %s>", c1);
	EXPECT("S. 0:0(0) ack 11 <mss 1460,FO %s,eol,eol>", c2);
	INJECT("R 11:11(0) win 0");
	ADVANCE(120 * PD_SEC);
	ask_cookie(t, 3, c3);
	pd_use(t, 4);
	INJECT("S 0:10(10) win 65535 <mss 1460,FO %s>", c1);
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", c3);
	INJECT("R 1:1(0) win 0");
	/* Faster, and not at all. */
	pd_sysctl(t, FO "autokey", 5);
	ADVANCE(11 * PD_SEC);
	pd_use(t, 5);
	INJECT("S 0:10(10) win 65535 <mss 1460,FO %s>", c3);
	pd_skip(t);
	INJECT("R 1:1(0) win 0");
	STATE(GONE);
	pd_sysctl(t, FO "autokey", 0);
	ask_cookie(t, 6, c1);
	ADVANCE(1000 * PD_SEC);
	ask_cookie(t, 7, c2);
	ATF_REQUIRE_STREQ(c1, c2);
	ERR(EINVAL, pd_sysctl_try(t, FO "autokey", "4294967295"));
}

/* The server is off: no option is answered, no key stays. */
PD_TEST(server_enable)
{
	int lfd;

	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "server_enable"));
	lfd = server(t, 10);
	OK(setkey(t, FO "setpsk", key2, KEYLEN));
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, FO "numkeys"));
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, FO "numpsks"));
	open_fast(t, 0);
	pd_sysctl(t, FO "server_enable", 0);
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "numkeys"));
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "numpsks"));
	open_slow(t, 1);
	/* What was begun goes on. */
	pd_use(t, 0);
	INJECT(". 101:101(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	/* On, but without a key there are no cookies. */
	pd_sysctl(t, FO "server_enable", 1);
	open_slow(t, 2);
	OK(setkey(t, FO "setkey", key1, KEYLEN));
	open_fast(t, 3);
	/* With autokey there is one at once. */
	pd_sysctl(t, FO "server_enable", 0);
	pd_sysctl(t, FO "autokey", 120);
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "numkeys"));
	pd_sysctl(t, FO "server_enable", 1);
	ATF_REQUIRE_EQ(1, pd_sysctl_get(t, FO "numkeys"));
}

PD_TEST(acceptany)
{
	int fd, lfd = server(t, 5);

	pd_sysctl(t, FO "acceptany", 1);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO 01020304>");
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	/* To ask for one is not to have one. */
	pd_use(t, 1);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key1));
	pd_sysctl(t, FO "acceptany", 0);
	pd_use(t, 2);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO 01020304>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key1));
}

/* What who knows psk makes of the cookie by key. */
static const char *
psk_cookie(struct pd *t, const uint8_t *psk, const uint8_t *key)
{
	uint8_t c[8];

	cookie_bytes(t, key, c);
	hash(psk, c, sizeof(c), c);
	return (hex(c));
}

PD_TEST(psk)
{
	static const uint8_t psk1[KEYLEN] = "a secret shared.";
	static const uint8_t psk2[KEYLEN] = "another secret..";
	static const uint8_t psk3[KEYLEN] = "and one more....";
	int fd, lfd = server(t, 10);

	pd_sysctl(t, FO "psk_enable", 1);
	/* No secret yet, so no cookie is right; they are given, though. */
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key1));
	OK(setkey(t, FO "setpsk", psk1, KEYLEN));
	OK(setkey(t, FO "setpsk", psk2, KEYLEN));
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, FO "numpsks"));
	pd_use(t, 1);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key1));
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key1));
	pd_use(t, 2);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>",
	    psk_cookie(t, psk1, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	pd_use(t, 3);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>",
	    psk_cookie(t, psk2, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
	/* Old key, new secret. */
	OK(setkey(t, FO "setkey", key2, KEYLEN));
	pd_use(t, 4);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>",
	    psk_cookie(t, psk2, key1));
	EXPECT("S. 0:0(0) ack 101 <mss 1460,FO %s,eol,eol>", cookie(t, key2));
	/* The third takes the first one's place. */
	OK(setkey(t, FO "setpsk", psk3, KEYLEN));
	ATF_REQUIRE_EQ(2, pd_sysctl_get(t, FO "numpsks"));
	pd_use(t, 5);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>",
	    psk_cookie(t, psk1, key2));
	EXPECT("S. 0:0(0) ack 1 <mss 1460,FO %s,eol,eol>", cookie(t, key2));
	pd_sysctl(t, FO "psk_enable", 0);
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "numpsks"));
	pd_use(t, 6);
	INJECT("S 0:100(100) win 65535 <mss 1460,FO %s>", cookie(t, key2));
	EXPECT("S. 0:0(0) ack 101 <mss 1460>");
}

PD_TEST(setkey_errors)
{
	const char * const names[] = { FO "setkey", FO "setpsk" };
	uint8_t buf[32] = { 0 };
	size_t len;
	u_int i;
	int error;

	for (i = 0; i < nitems(names); i++) {
		ERR(EINVAL, setkey(t, names[i], buf, 15));
		ERR(EINVAL, setkey(t, names[i], buf, 17));
		ERR(EINVAL, setkey(t, names[i], buf, 0));
		len = sizeof(buf);
		CURVNET_SET(t->vnet);
		error = kernel_sysctlbyname(names[i], buf, &len, NULL, 0);
		CURVNET_RESTORE();
		ATF_REQUIRE_EQ(EPERM, error);
	}
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "numkeys"));
	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "numpsks"));
}

/* The socket's option: when it may be set, and what clearing it does. */
PD_TEST(option)
{
	int fd, lfd;

	fd = pd_socket(t);
	ERR(EPERM, pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN));
	lfd = pd_listen(t, 5);
	pd_sysctl(t, FO "client_enable", 1);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	ATF_REQUIRE(pd_getopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN) != 0);
	ERR(EPERM, pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	pd_sysctl(t, FO "client_enable", 0);
	OK(pd_close(t, lfd));
	lfd = server(t, 5);
	ATF_REQUIRE(pd_getopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN) != 0);
	open_fast(t, 0);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 0));
	open_slow(t, 1);
	pd_use(t, 0);
	INJECT(". 101:101(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE(pd_getopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN) != 0);
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	/* Before listen(2) it does as well. */
	OK(pd_close(t, lfd));
	lfd = pd_socket(t);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	OK(pd_setopt(t, lfd, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(pd_bind(t, lfd, PD_PORT));
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, kern_listen(lfd, 5));
	CURVNET_RESTORE();
	pd_forget(t);
	open_fast(t, 2);
	/* Without it the option is not looked at. */
	OK(pd_close(t, lfd));
	pd_forget(t);
	lfd = pd_listen(t, 5);
	open_slow(t, 3);
}

/* ---- Client ---- */

/* Options of our SYN, up to and with the time stamp. */
#define	SYNOPT	"mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0"
#define	COOKIE1	"0102030405060708"
#define	COOKIE2	"1112131415161718"

/* A socket with the option. */
static int
client(struct pd *t)
{
	int fd;

	pd_sysctl(t, FO "client_enable", 1);
	fd = pd_socket(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	return (fd);
}

/* All connections go to one port, from several of ours. */
static void
next_conn(struct pd *t, int i)
{
	pd_use(t, i);
	t->c->fport = PD_PEERPORT;
}

/* Connection i asks for a cookie and gets this one, if any. */
static void
learn(struct pd *t, int i, const char *opt)
{
	int fd = client(t);

	next_conn(t, i);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	STATE(TCPS_SYN_SENT);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460%s%s>",
	    *opt != '\0' ? "," : "", opt);
	EXPECT("P. 1:501(500) ack 1");
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	INJECT("R 1:1(0) win 0");
	STATE(GONE);
	OK(pd_close(t, fd));
}

/* Connection i sends 500 bytes with its SYN, and this cookie. */
static int
fast(struct pd *t, int i, const char *cookie)
{
	int fd = client(t);

	next_conn(t, i);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:500(500) win 65535 <" SYNOPT ",FO %s,eol,eol>", cookie);
	NOTHING();
	STATE(TCPS_SYN_SENT);
	return (fd);
}

/* Connection i sends a SYN without the option, and then 500 bytes. */
static void
slow(struct pd *t, int i)
{
	int fd = client(t);

	next_conn(t, i);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ">");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("P. 1:501(500) ack 1");
	INJECT("R 1:1(0) win 0");
	OK(pd_close(t, fd));
}

PD_TEST(client_request)
{
	int fd;

	learn(t, 0, "FO " COOKIE1 ",eol,eol");
	fd = fast(t, 1, COOKIE1);
	/* More waits for the answer. */
	ERR(-ENOTCONN, pd_send(t, fd, 10, 0));
	NOTHING();
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT(". 501:501(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	NOTHING();
	SEND(fd, 100);
	EXPECT("P. 501:601(100) ack 1");
	INJECT("P. 1:11(10) ack 601 win 65535");
	RECV(fd, 10);
	/* The cookie is as good as before. */
	(void)fast(t, 2, COOKIE1);
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(1, V_tcpstat.tcps_tfo_requests);
	ATF_REQUIRE_EQ(2, V_tcpstat.tcps_tfo_syntext);
	ATF_REQUIRE_EQ(1, V_tcpstat.tcps_tfo_acked);
	ATF_REQUIRE_EQ(0, V_tcpstat.tcps_tfo_disabled);
	CURVNET_RESTORE();
}

/* With all options; and an answer that came with the SYN-ACK. */
PD_TEST(client_answer)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = fast(t, 1, COOKIE1);
	INJECT("S. 0:100(100) ack 501 win 65535 <mss 1460,nop,wscale 7,"
	    "sackOK,TS val 7 ecr 100>");
	EXPECT(". 501:501(0) ack 101 <nop,nop,TS val * ecr 7>");
	RECV(fd, 100);
	INJECT("P. 101:201(100) ack 501 win 512 <nop,nop,TS val 8 ecr 100>");
	RECV(fd, 100);
	SEND(fd, 10);
	EXPECT("P. 501:511(10) ack 201 <nop,nop,TS val * ecr 8>");
}

/* Cookies of all lengths that there are, and of some that there are not. */
PD_TEST(client_lengths)
{
	static const struct {
		const char *cookie;
		bool ok;
	} c[] = {
		{ "01020304", true }, { "010203040506", true },
		{ "0102030405060708090a0b0c", true },
		{ "0102030405060708090a0b0c0d0e0f10", true },
		{ "", false }, { "01", false }, { "0102", false },
		{ "010203", false }, { "0102030405", false },
		{ "0102030405060708090a0b0c0d0e0f1011", false },
		{ "0102030405060708090a0b0c0d0e0f101112", false }
	};
	char opt[64];
	u_int i;
	int fd;

	for (i = 0; i < nitems(c); i++) {
		pd_sysctl(t, FO "client_enable", 0);
		snprintf(opt, sizeof(opt), "FO %s", c[i].cookie);
		learn(t, 3 * (int)i, opt);
		if (!c[i].ok) {
			slow(t, 3 * (int)i + 1);
			continue;
		}
		next_conn(t, 3 * (int)i + 2);
		fd = client(t);
		ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
		EXPECT("S 0:500(500) win 65535 <" SYNOPT ",FO %s%s>",
		    c[i].cookie, strlen(c[i].cookie) % 8 == 0 ? ",eol,eol" :
		    "");
		OK(pd_close(t, fd));
		INJECT("R. 0:0(0) ack 501 win 0");
	}
}

/* No cookie in the answer: none is asked for in path_disable_time. */
PD_TEST(client_no_cookie)
{
	learn(t, 0, "");
	slow(t, 1);
	ADVANCE(890 * PD_SEC);
	slow(t, 2);
	ADVANCE(11 * PD_SEC);
	pd_sysctl(t, FO "path_disable_time", 10);
	learn(t, 3, "");
	ADVANCE(9 * PD_SEC);
	slow(t, 4);
	ADVANCE(2 * PD_SEC);
	learn(t, 5, "FO " COOKIE1);
	(void)fast(t, 6, COOKIE1);
	/* Another port is another path. */
	pd_use(t, 7);
	ATF_REQUIRE(t->c->fport != PD_PEERPORT);
	ATF_REQUIRE_EQ(10, pd_sendto(t, client(t), 10));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
}

/* Only the SYN is acknowledged, and there is no new cookie. */
PD_TEST(client_refused)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = fast(t, 1, COOKIE1);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("P. 1:501(500) ack 1");
	NOTHING();
	SEND(fd, 100);
	INJECT(". 1:1(0) ack 501 win 65535");
	EXPECT("P. 501:601(100) ack 1");
	INJECT(". 1:1(0) ack 601 win 65535");
	slow(t, 2);
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(1, V_tcpstat.tcps_tfo_disabled);
	CURVNET_RESTORE();
}

/* The same with a new cookie, in the experimental option for a change. */
PD_TEST(client_refused_renewed)
{
	learn(t, 0, "FO " COOKIE1);
	(void)fast(t, 1, COOKIE1);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,hex fe0cf989" COOKIE2
	    ">");
	EXPECT("P. 1:501(500) ack 1");
	(void)fast(t, 2, COOKIE2);
}

/* A new cookie takes the old one's place, one that is none does not. */
PD_TEST(client_renewed)
{
	learn(t, 0, "FO " COOKIE1);
	(void)fast(t, 1, COOKIE1);
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460,FO " COOKIE2 ">");
	EXPECT(". 501:501(0) ack 1");
	(void)fast(t, 2, COOKIE2);
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460,FO 010203>");
	EXPECT(". 501:501(0) ack 1");
	(void)fast(t, 3, COOKIE2);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO 010203>");
	EXPECT("P. 1:501(500) ack 1");
	slow(t, 4);
}

/* Part of the text is acknowledged: the rest leaves again at once. */
PD_TEST(client_partial)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = fast(t, 1, COOKIE1);
	INJECT("S. 0:0(0) ack 201 win 65535 <mss 1460>");
	EXPECT("P. 201:501(300) ack 1");
	INJECT(". 1:1(0) ack 501 win 65535");
	SEND(fd, 10);
	EXPECT("P. 501:511(10) ack 1");
	(void)fast(t, 2, COOKIE1);
	/* Beyond what was sent it is no answer. */
	INJECT("S. 0:0(0) ack 502 win 65535 <mss 1460>");
	EXPECT("R 502:502(0) win 0");
	STATE(TCPS_SYN_SENT);
}

/* The SYN is lost: the next is plain, and so are those after it. */
PD_TEST(client_syn_lost)
{
	learn(t, 0, "FO " COOKIE1);
	(void)fast(t, 1, COOKIE1);
	EXPECT_IN(PD_SEC, "S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val * ecr 0>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("P. 1:501(500) ack 1");
	INJECT(". 1:1(0) ack 501 win 65535");
	slow(t, 2);
}

/* The SYN-ACK was late, and is that to the first. */
PD_TEST(client_synack_late)
{
	learn(t, 0, "FO " COOKIE1);
	(void)fast(t, 1, COOKIE1);
	EXPECT_IN(PD_SEC, "S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val * ecr 0>");
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT(". 501:501(0) ack 1");
	NOTHING();
	(void)fast(t, 2, COOKIE1);
}

/* Refused as any other. */
PD_TEST(client_reset)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = fast(t, 1, COOKIE1);
	INJECT("R. 0:0(0) ack 501 win 0");
	RECV_ERR(fd, ECONNREFUSED);
	STATE(GONE);
	fd = fast(t, 2, COOKIE1);
	pd_pass(t, 76 * PD_SEC);
	pd_forget(t);
	RECV_ERR(fd, ETIMEDOUT);
	STATE(GONE);
}

/* No more than a segment of the MSS that the server named goes along. */
PD_TEST(client_mss)
{
	int fd;

	next_conn(t, 0);
	fd = client(t);
	ATF_REQUIRE_EQ(10, pd_sendto(t, fd, 10));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1000,FO " COOKIE1 ">");
	EXPECT("P. 1:11(10) ack 1");
	next_conn(t, 1);
	fd = client(t);
	ATF_REQUIRE_EQ(3000, pd_sendto(t, fd, 3000));
	EXPECT("S 0:968(968) win 65535 <" SYNOPT ",FO " COOKIE1 ",eol,eol>");
	NOTHING();
	INJECT("S. 0:0(0) ack 969 win 65535 <mss 1460,FO " COOKIE2 ">");
	EXPECT(". 969:2429(1460) ack 1");
	INJECT(". 1:1(0) ack 2429 win 65535");
	EXPECT("P. 2429:3001(572) ack 1");
	/* Now it is larger.  An answer without a cookie renews it, too. */
	next_conn(t, 4);
	fd = client(t);
	ATF_REQUIRE_EQ(10, pd_sendto(t, fd, 10));
	EXPECT("S 0:10(10) win 65535 <" SYNOPT ",FO " COOKIE2 ",eol,eol>");
	INJECT("S. 0:0(0) ack 11 win 65535 <mss 1100>");
	EXPECT(". 11:11(0) ack 1");
	next_conn(t, 5);
	fd = client(t);
	ATF_REQUIRE_EQ(3000, pd_sendto(t, fd, 3000));
	EXPECT("S 0:1068(1068) win 65535 <" SYNOPT ",FO " COOKIE2
	    ",eol,eol>");
	INJECT("S. 0:0(0) ack 1069 win 65535 <mss 1460>");
	pd_forget(t);
	/* The interface's MTU counts, too. */
	next_conn(t, 2);
	fd = client(t);
	ATF_REQUIRE_EQ(3000, pd_sendto(t, fd, 3000));
	EXPECT("S 0:1428(1428) win 65535 <" SYNOPT ",FO " COOKIE2
	    ",eol,eol>");
	pd_setmtu(t, t->af == AF_INET ? 1300 : 1320);
	next_conn(t, 3);
	fd = client(t);
	ATF_REQUIRE_EQ(3000, pd_sendto(t, fd, 3000));
	EXPECT("S 0:1228(1228) win 65535 <mss 1260,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0,FO " COOKIE2 ",eol,eol>");
	/* Not taken: it goes again in segments as small as they now are. */
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 700>");
	EXPECT(". 1:701(700) ack 1");
	EXPECT(". 701:1229(528) ack 1");
	pd_forget(t);
}

/* connect(2) asks for a cookie, or shows it, but has no text. */
PD_TEST(client_connect)
{
	int fd;

	next_conn(t, 0);
	fd = client(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO " COOKIE1 ">");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	next_conn(t, 1);
	fd = client(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO " COOKIE1 ",eol,eol>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT(". 1:1(0) ack 1");
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1");
	/* There was nothing to refuse. */
	(void)fast(t, 2, COOKIE1);
}

/* Closed, or shut down, before the answer: the text arrives all the same. */
PD_TEST(client_close)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = fast(t, 1, COOKIE1);
	OK(pd_close(t, fd));
	NOTHING();
	STATE(TCPS_SYN_SENT);
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT("F. 501:501(0) ack 1");
	INJECT("F. 1:1(0) ack 502 win 65535");
	EXPECT(". 502:502(0) ack 2");
	STATE(TCPS_TIME_WAIT);
	fd = fast(t, 2, COOKIE1);
	OK(pd_shutdown(t, fd, SHUT_WR));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,FO " COOKIE1 ">");
	EXPECT("FP. 1:501(500) ack 1");
	INJECT("P. 1:101(100) ack 502 win 65535");
	RECV(fd, 100);
	/* A cookie that is only asked for does it, too. */
	pd_use(t, 3);
	fd = client(t);
	ATF_REQUIRE_EQ(10, pd_sendto(t, fd, 10));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ",FO,eol,eol>");
	OK(pd_close(t, fd));
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	EXPECT("FP. 1:11(10) ack 1");
	/* Reset instead of an answer. */
	fd = fast(t, 4, COOKIE1);
	OK(pd_close(t, fd));
	INJECT("R. 0:0(0) ack 501 win 0");
	STATE(GONE);
}

/* With a secret the cookie is made into another. */
PD_TEST(client_psk)
{
	static const uint8_t plain[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct tcp_fastopen tf = { .enable = 1, .psk = "a secret shared." };
	struct vnet *saved;
	uint8_t c[8];
	int error, fd;

	learn(t, 0, "FO " COOKIE1);
	hash(tf.psk, plain, sizeof(plain), c);
	fd = pd_socket(t);
	saved = vnet_enter(t->vnet);
	error = kern_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &tf,
	    sizeof(tf));
	vnet_leave(saved);
	ATF_REQUIRE_EQ(0, error);
	next_conn(t, 1);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:500(500) win 65535 <" SYNOPT ",FO %s,eol,eol>", hex(c));
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460>");
	EXPECT(". 501:501(0) ack 1");
	/* Too short for either. */
	saved = vnet_enter(t->vnet);
	error = kern_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &tf, 3);
	vnet_leave(saved);
	ATF_REQUIRE_EQ(EINVAL, error);
}

/* The rows of ccache_list, without the header. */
static char *
list(struct pd *t, char *buf, size_t size)
{
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kernel_sysctlbyname(FO "ccache_list", buf, &size, NULL, 0);
	vnet_leave(saved);
	ATF_REQUIRE_EQ(0, error);
	ATF_REQUIRE_EQ('\n', buf[0]);
	ATF_REQUIRE_EQ('\0', buf[size - 1]);
	return (strchr(buf + 1, '\n') + 1);
}

/* Off, it is a connection like any other; on again, nothing is known. */
PD_TEST(client_enable)
{
	char buf[512];
	int fd;

	ATF_REQUIRE_EQ(0, pd_sysctl_get(t, FO "client_enable"));
	learn(t, 0, "FO " COOKIE1);
	next_conn(t, 1);
	fd = client(t);
	pd_sysctl(t, FO "client_enable", 0);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ">");
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN));
	pd_sysctl(t, FO "client_enable", 1);
	learn(t, 2, "FO " COOKIE1);
	/* Off while the answer is awaited. */
	fd = fast(t, 3, COOKIE1);
	pd_sysctl(t, FO "client_enable", 0);
	INJECT("S. 0:0(0) ack 501 win 65535 <mss 1460,FO " COOKIE1 ">");
	EXPECT(". 501:501(0) ack 1");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_STREQ("", list(t, buf, sizeof(buf)));
	learn(t, 4, "FO " COOKIE1);
	/* Without the option nothing of it is done. */
	next_conn(t, 5);
	fd = pd_socket(t);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 <" SYNOPT ">");
}

/* TCP_NOOPT leaves no room for it. */
PD_TEST(client_noopt)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = client(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOOPT, 1));
	next_conn(t, 1);
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:0(0) win 65535");
}

/* Both open at once, while text is out. */
PD_TEST(client_simultaneous)
{
	int fd;

	learn(t, 0, "FO " COOKIE1);
	fd = fast(t, 1, COOKIE1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <mss 1460>");
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	EXPECT("P. 1:501(500) ack 1");
	INJECT("P. 1:11(10) ack 501 win 65535");
	RECV(fd, 10);
}

PD_TEST(client_list)
{
	char buf[4096], row[512], us[INET6_ADDRSTRLEN],
	    peer[INET6_ADDRSTRLEN];

	ATF_REQUIRE_STREQ("", list(t, buf, sizeof(buf)));
	learn(t, 0, "FO " COOKIE1);
	snprintf(row, sizeof(row), "%-39s %-39s 40000  1460 " COOKIE1 "\n",
	    in_ntop(&t->us, us, sizeof(us)),
	    in_ntop(&t->peer, peer, sizeof(peer)));
	ATF_REQUIRE_STREQ(row, list(t, buf, sizeof(buf)));
	pd_sysctl(t, FO "client_enable", 0);
	ATF_REQUIRE_STREQ("", list(t, buf, sizeof(buf)));
	learn(t, 1, "");
	ADVANCE(100 * PD_SEC);
	snprintf(row, sizeof(row), "%-39s %-39s 40000  1460 "
	    "disabled for 800 s\n", us, peer);
	ATF_REQUIRE_STREQ(row, list(t, buf, sizeof(buf)));
}

/* How many paths are remembered. */
static int
paths(struct pd *t)
{
	static char buf[1 << 20];
	const char *p;
	int n = 0;

	for (p = list(t, buf, sizeof(buf)); *p != '\0'; p++)
		n += *p == '\n';
	return (n);
}

/* A path to each of n ports is learnt. */
static void
learn_many(struct pd *t, int n)
{
	int fd, i;

	for (i = 0; i < n; i++) {
		pd_use(t, 0);
		pd_renew(t);
		t->c->fport = (uint16_t)(1000 + i);
		fd = client(t);
		ATF_REQUIRE_EQ(10, pd_sendto(t, fd, 10));
		INJECT("S. 0:0(0) ack %u win 65535 <mss 1460,FO %08x>",
		    pd_tcpcb(t)->iss + 1, 0x1000 + i);
		INJECT("R 1:1(0) win 0");
		OK(pd_close(t, fd));
		pd_forget(t);
	}
}

/* A bucket holds so many; fewer when that is less. */
PD_TEST(client_bucket_limit)
{
	ATF_REQUIRE_EQ(16, pd_sysctl_get(t, FO "ccache_bucket_limit"));
	ATF_REQUIRE_EQ(2048, pd_sysctl_get(t, FO "ccache_buckets"));
	learn_many(t, 3000);
	ATF_REQUIRE_EQ(3000, paths(t));
	pd_sysctl(t, FO "ccache_bucket_limit", 1);
	ATF_REQUIRE(paths(t) > 1000 && paths(t) < 2000);
	learn_many(t, 4000);
	ATF_REQUIRE(paths(t) > 1500 && paths(t) <= 2048);
	ERR(EINVAL, pd_sysctl_try(t, FO "ccache_bucket_limit", "0"));
	ERR(EPERM, pd_sysctl_try(t, FO "ccache_buckets", "1"));
}

/* Which paths of a bucket make room: those that were not used. */
PD_TEST(client_bucket_used)
{
	static char buf[1 << 20];
	char *p, *rows;
	int fd, i, n = 0;

	learn_many(t, 3000);
	for (i = 0; i < 100; i++) {
		pd_renew(t);
		t->c->fport = (uint16_t)(1000 + i);
		fd = client(t);
		ATF_REQUIRE_EQ(10, pd_sendto(t, fd, 10));
		EXPECT("S 0:10(10) <" SYNOPT ",FO %08x,eol,eol>", 0x1000 + i);
		INJECT("R. 0:0(0) ack 11 win 0");
		OK(pd_close(t, fd));
	}
	pd_sysctl(t, FO "ccache_bucket_limit", 1);
	rows = list(t, buf, sizeof(buf));
	for (p = rows; *p != '\0'; p = strchr(p, '\n') + 1) {
		i = atoi(p + 79);
		n += i >= 1000 && i < 1100;
	}
	/* But for those that share a bucket. */
	ATF_REQUIRE_MSG(n > 90, "%d of 100", n);
}

/* SipHash's own order of bytes, by the example of its authors. */
PD_TEST4(hash_bytes)
{
	static const uint8_t want[8] = { 0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca,
	    0x29, 0xa1 };
	uint8_t got[8], key[16], text[15];
	uint8_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = i;
	memcpy(text, key, sizeof(text));
	CURVNET_SET(t->vnet);
	tcp_fastopen_hash(key, text, sizeof(text), got);
	CURVNET_RESTORE();
	ATF_REQUIRE_EQ(0, memcmp(want, got, sizeof(want)));
}

/* The host goes down with all of this under way. */
PD_TEST(host_goes_down)
{
	int lfd = server(t, 5);

	open_fast(t, 0);
	open_fast(t, 1);
	pd_use(t, 0);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	learn(t, 2, "FO " COOKIE1);
	(void)fast(t, 3, COOKIE1);
	t->ended = true;
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cookie_request);
	ATF_TP_ADD_TC(tp, cookie_request_again);
	ATF_TP_ADD_TC(tp, open);
	ATF_TP_ADD_TC(tp, open_options);
	ATF_TP_ADD_TC(tp, open_without_text);
	ATF_TP_ADD_TC(tp, duplicate_syn);
	ATF_TP_ADD_TC(tp, synack_lost);
	ATF_TP_ADD_TC(tp, early_limit);
	ATF_TP_ADD_TC(tp, text_beyond_buffer);
	ATF_TP_ADD_TC(tp, fin_with_syn);
	ATF_TP_ADD_TC(tp, close_early);
	ATF_TP_ADD_TC(tp, reset_early);
	ATF_TP_ADD_TC(tp, listener_closes);
	ATF_TP_ADD_TC(tp, handshake_timeout);
	ATF_TP_ADD_TC(tp, pending_limit);
	ATF_TP_ADD_TC(tp, listener_first);
	ATF_TP_ADD_TC(tp, wrong_cookie);
	ATF_TP_ADD_TC(tp, cookie_of_another);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, experimental);
	ATF_TP_ADD_TC(tp, rolling_keys);
	ATF_TP_ADD_TC(tp, autokey);
	ATF_TP_ADD_TC(tp, server_enable);
	ATF_TP_ADD_TC(tp, acceptany);
	ATF_TP_ADD_TC(tp, psk);
	ATF_TP_ADD_TC(tp, setkey_errors);
	ATF_TP_ADD_TC(tp, option);
	ATF_TP_ADD_TC(tp, client_request);
	ATF_TP_ADD_TC(tp, client_answer);
	ATF_TP_ADD_TC(tp, client_lengths);
	ATF_TP_ADD_TC(tp, client_no_cookie);
	ATF_TP_ADD_TC(tp, client_refused);
	ATF_TP_ADD_TC(tp, client_refused_renewed);
	ATF_TP_ADD_TC(tp, client_renewed);
	ATF_TP_ADD_TC(tp, client_partial);
	ATF_TP_ADD_TC(tp, client_syn_lost);
	ATF_TP_ADD_TC(tp, client_synack_late);
	ATF_TP_ADD_TC(tp, client_reset);
	ATF_TP_ADD_TC(tp, client_mss);
	ATF_TP_ADD_TC(tp, client_connect);
	ATF_TP_ADD_TC(tp, client_close);
	ATF_TP_ADD_TC(tp, client_psk);
	ATF_TP_ADD_TC(tp, client_enable);
	ATF_TP_ADD_TC(tp, client_noopt);
	ATF_TP_ADD_TC(tp, client_simultaneous);
	ATF_TP_ADD_TC(tp, client_list);
	ATF_TP_ADD_TC(tp, client_bucket_limit);
	ATF_TP_ADD_TC(tp, client_bucket_used);
	ATF_TP_ADD_TC(tp, hash_bytes);
	ATF_TP_ADD_TC(tp, host_goes_down);
	return (atf_no_error());
}

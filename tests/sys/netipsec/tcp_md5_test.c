/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP-MD5: what is signed, what is taken, and what becomes of keys that are
 * wrong, missing or changed.  Every signature of ours is checked.
 */
#include "sig_pkt.h"
#include "linux_md5.h"

#define	KEY	"a secret of routers"
#define	SYN	"<mss 1460,nop,wscale 6,sackOK,TS val * ecr 0,nop,nop,md5>"
#define	PSYN	"<mss 1460,nop,wscale 7,sackOK,TS val 7 ecr 0,nop,nop,md5>"
#define	MD5	"<nop,nop,md5>"
#define	TS	"<nop,nop,TS val * ecr 7,nop,nop,md5>"
#define	PTS	"<nop,nop,TS val 7 ecr 100,nop,nop,md5>"

static int
md5_socket(struct pd *t)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MD5SIG, 1));
	return (fd);
}

static int
md5_listen(struct pd *t)
{
	int lfd = pd_listen(t, 5);

	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_MD5SIG, 1));
	return (lfd);
}

static void
keys(struct pd *t)
{
	sig_md5_keys(t, KEY);
	sig_peer_md5(t, KEY);
}

/* A connection by us with no options but the signature: descriptor. */
static int
md5_active(struct pd *t)
{
	int fd = md5_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN);
	ADVANCE(10);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,md5>");
	EXPECT(". 1:1(0) ack 1 " MD5);
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

/* One by the peer. */
static int
md5_passive(struct pd *t, int lfd)
{
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,md5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,md5>");
	INJECT(". 1:1(0) ack 1 win 65535 " MD5);
	STATE(TCPS_ESTABLISHED);
	return (pd_accept(t, lfd));
}

PD_TEST(active)
{
	int fd;

	keys(t);
	fd = md5_socket(t);
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN);
	ADVANCE(10);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 100,nop,nop,md5>");
	EXPECT(". 1:1(0) ack 1 win 1027 " TS);
	SEND(fd, 1428 + 100);
	EXPECT(". 1:1429(1428) ack 1 " TS);
	EXPECT("P. 1429:1529(100) ack 1 " TS);
	INJECT(". 1:1001(1000) ack 1529 win 1000 " PTS);
	RECV(fd, 1000);
	COUNT(2, tcps_sig_rcvgoodsig);
	COUNT(0, tcps_sig_rcvbadsig);
}

PD_TEST(passive)
{
	int fd, lfd = md5_listen(t);

	keys(t);
	INJECT("S 0:0(0) win 65535 " PSYN);
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7,nop,nop,md5>");
	INJECT("P. 1:101(100) ack 1 win 500 " PTS);
	STATE(TCPS_ESTABLISHED);
	fd = pd_accept(t, lfd);
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	RECV(fd, 100);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 101 " TS);
	COUNT(2, tcps_sig_rcvgoodsig);
}

/* The options of a peer that offers little. */
PD_TEST(passive_plain)
{
	int fd, lfd = md5_listen(t);

	keys(t);
	fd = md5_passive(t, lfd);
	SEND(fd, 1440 + 1);
	EXPECT(". 1:1441(1440) ack 1 " MD5);
	INJECT(". 1:1(0) ack 1441 win 65535 " MD5);
	EXPECT("P. 1441:1442(1) ack 1 " MD5);
}

/* SACK blocks come after the signature, if there is room: with time stamps
 * there is none. */
PD_TEST(sack)
{
	int lfd = md5_listen(t);

	keys(t);
	(void)md5_passive(t, lfd);
	INJECT(". 11:21(10) ack 1 win 65535 " MD5);
	EXPECT(". 1:1(0) ack 1 <nop,nop,md5,nop,nop,sack 11:21>");
	INJECT(". 31:41(10) ack 1 win 65535 " MD5);
	EXPECT(". 1:1(0) ack 1 <nop,nop,md5,nop,nop,sack 31:41 11:21>");
}

PD_TEST(sack_no_room)
{
	int lfd = md5_listen(t);

	keys(t);
	INJECT("S 0:0(0) win 65535 " PSYN);
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7,nop,nop,md5>");
	INJECT(". 1:1(0) ack 1 win 500 " PTS);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
	INJECT(". 11:21(10) ack 1 win 500 " PTS);
	EXPECT(". 1:1(0) ack 1 " TS);
	ATF_REQUIRE_EQ(10, pd_waiting(t));
}

/* Wrong, missing: as if it had not come. */
PD_TEST(bad)
{
	int fd;

	keys(t);
	fd = md5_active(t);
	sig_peer_md5(t, "another secret");
	INJECT("P. 1:101(100) ack 1 win 65535 " MD5);
	INJECT("R. 1:1(0) ack 1 win 0 " MD5);
	INJECT("S 0:0(0) win 65535 " MD5);
	sig_peer_md5(t, KEY);
	COUNT(3, tcps_sig_rcvbadsig);
	INJECT("P. 1:101(100) ack 1 win 65535");
	INJECT("R. 1:1(0) ack 1 win 0");
	INJECT("F. 1:1(0) ack 1 win 65535 <nop,nop,hex 1310>");
	COUNT(3, tcps_sig_err_nosigopt);
	RECV_NOTHING(fd);
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	INJECT("P. 1:101(100) ack 1 win 65535 " MD5);
	RECV(fd, 100);
	EXPECT_IN(40 * PD_MSEC, ". 1:1(0) ack 101 " MD5);
}

PD_TEST(bad_handshake)
{
	int fd, lfd;

	keys(t);
	lfd = md5_listen(t);
	sig_peer_md5(t, "another secret");
	INJECT("S 0:0(0) win 65535 " PSYN);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	INJECT(". 0:0(0) ack 1 win 65535 " MD5);
	NOTHING();
	STATE(GONE);
	OK(pd_close(t, lfd));
	sig_peer_md5(t, KEY);
	fd = md5_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT("R. 0:0(0) ack 1 win 0");
	sig_peer_md5(t, "another secret");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,md5>");
	INJECT("R. 0:0(0) ack 1 win 0 " MD5);
	NOTHING();
	STATE(TCPS_SYN_SENT);
	sig_peer_md5(t, KEY);
	INJECT("R. 0:0(0) ack 1 win 0 " MD5);
	ERR(ECONNREFUSED, SO_ERR(fd));
}

/* Any bit of header, text, addresses counts; options do not. */
PD_TEST(covers)
{
	int fd;

	keys(t);
	fd = md5_active(t);
	SEND(fd, 100);
	EXPECT("P. 1:101(100) ack 1 " MD5);
	/* Signed as they are, so both are good. */
	INJECT(". 1:1(0) ack 51 win 65535 " MD5);
	INJECT(". 1:1(0) ack 101 win 65535 <md5,hex fd020101,nop,nop>");
	COUNT(3, tcps_sig_rcvgoodsig);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->snd_max - pd_tcpcb(t)->snd_una);
}

/* ---- Keys ---- */

/* Without a key there is no SYN, and the user hears of it. */
PD_TEST(no_key_active)
{
	int fd = md5_socket(t);

	ERR(EACCES, pd_connect(t, fd));
	NOTHING();
	COUNT(1, tcps_sig_err_buildsig);
}

PD_TEST(no_key_passive)
{
	int lfd = md5_listen(t);

	sig_peer_md5(t, KEY);
	INJECT("S 0:0(0) win 65535 " PSYN);
	NOTHING();
	STATE(GONE);
	COUNT(1, tcps_sig_err_buildsig);
	/* One direction: nothing leaves; then the SYN-ACK goes again. */
	OK(sig_key(t, false, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, KEY));
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,md5>");
	NOTHING();
	COUNT(2, tcps_sig_err_buildsig);
	OK(sig_key(t, true, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, KEY));
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,md5>");
	INJECT(". 1:1(0) ack 1 win 65535 " MD5);
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* A host with which no key is shared is served unsigned, by a listener only;
 * as soon as there is a key, of either direction, it is not. */
PD_TEST(unkeyed)
{
	int fd, lfd = md5_listen(t);

	INJECT(". 1:1(0) ack 1 win 65535");
	EXPECT("R 1:1(0) win 0");
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 70000:70000(0) ack 1 win 65535");
	EXPECT(". 1:1(0) ack 1");
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	SEND(fd, 1460);
	EXPECT("P. 1:1461(1460) ack 1");
	pd_use(t, 1);
	OK(sig_key(t, true, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, KEY));
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	OK(sig_key(t, true, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, NULL));
	OK(sig_key(t, false, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, KEY));
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	COUNT(3, tcps_sig_err_nosigopt);
}

/* By a cookie, too. */
PD_TEST(unkeyed_cookie)
{
	int fd, lfd = md5_listen(t);

	pd_sysctl(t, "net.inet.tcp.syncookies_only", 1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	/* One's own attempt is another matter. */
	fd = md5_socket(t);
	ERR(EACCES, pd_connect(t, fd));
}

/* A handshake goes on as it began, though the listener's option changes. */
PD_TEST(listener_changes)
{
	int fd, lfd = md5_listen(t);

	keys(t);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,md5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,md5>");
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_MD5SIG, 0));
	INJECT("R 1:1(0) win 0");
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	STATE(TCPS_SYN_RECEIVED);
	COUNT(2, tcps_sig_err_nosigopt);
	INJECT(". 1:1(0) ack 1 win 65535 " MD5);
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	pd_use(t, 1);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_MD5SIG, 1));
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
}

/* The keys of both sides change; in between nothing goes through. */
PD_TEST(changed)
{
	int fd;

	keys(t);
	fd = md5_active(t);
	sig_md5_keys(t, NULL);
	SEND(fd, 10);
	NOTHING();
	ADVANCE(100 * PD_MSEC);
	INJECT("P. 1:11(10) ack 1 win 65535 " MD5);
	RECV_NOTHING(fd);
	COUNT(2, tcps_sig_err_buildsig);
	sig_peer_md5(t, "the next one");
	sig_md5_keys(t, "the next one");
	pd_pass(t, PD_SEC);
	EXPECT_LATE("P. 1:11(10) ack 1 " MD5);
	pd_forget(t);
	INJECT("P. 1:11(10) ack 11 win 65535 " MD5);
	RECV(fd, 10);
}

/* Each direction has its own. */
PD_TEST(two_keys)
{
	int fd = md5_socket(t);

	OK(sig_key(t, true, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, "out"));
	OK(sig_key(t, false, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0, "in"));
	sig_peer_md5(t, "out");
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,md5>");
	NOTHING();
	sig_peer_md5(t, "in");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,md5>");
	sig_peer_md5(t, "out");
	EXPECT(". 1:1(0) ack 1 " MD5);
}

/* ---- Segments that no connection's output makes ---- */

PD_TEST(reset)
{
	int fd, lfd;

	keys(t);
	fd = md5_active(t);
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	EXPECT("R. 1:1(0) ack 1 " MD5);
	pd_renew(t);
	lfd = md5_listen(t);
	INJECT(". 1:1(0) ack 1 win 65535 " MD5);
	EXPECT("R 1:1(0) " MD5);
	OK(pd_close(t, lfd));
	/* Nobody: as ever. */
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("R. 0:0(0) ack 1 win 0");
}

PD_TEST(challenge_ack)
{
	keys(t);
	(void)md5_active(t);
	INJECT("S 0:0(0) win 65535 " MD5);
	EXPECT(". 1:1(0) ack 1 " MD5);
	INJECT("R 11:11(0) win 0 " MD5);
	EXPECT(". 1:1(0) ack 1 " MD5);
	STATE(TCPS_ESTABLISHED);
}

/* In the SYN cache. */
PD_TEST(challenge_ack_early)
{
	(void)md5_listen(t);
	keys(t);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,md5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,md5>");
	INJECT(". 70000:70000(0) ack 1 win 65535");
	NOTHING();
	INJECT(". 70000:70000(0) ack 1 win 65535 " MD5);
	EXPECT(". 1:1(0) ack 1 " MD5);
}

PD_TEST(keepalive)
{
	int fd;

	keys(t);
	fd = md5_active(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	EXPECT_IN(10 * PD_SEC, ". 0:0(0) ack 1 " MD5);
	INJECT(". 1:1(0) ack 1 win 65535 " MD5);
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(time_wait)
{
	int fd;

	keys(t);
	fd = md5_active(t);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1 " MD5);
	INJECT("F. 1:1(0) ack 2 win 65535 " MD5);
	EXPECT(". 2:2(0) ack 2 " MD5);
	STATE(TCPS_TIME_WAIT);
	/* Unsigned, no answer; signed, one. */
	INJECT("F. 1:1(0) ack 2 win 65535");
	NOTHING();
	INJECT("F. 1:1(0) ack 2 win 65535 " MD5);
	EXPECT(". 2:2(0) ack 2 " MD5);
}

/* ---- The rest ---- */

/* The text that waits leaves in segments that are signed one by one, though
 * the interface would cut large ones. */
PD_TEST(no_tso)
{
	int fd;

	keys(t);
	pd_settso(t);
	fd = md5_active(t);
	SEND(fd, 3 * 1440);
	EXPECT(". 1:1441(1440) ack 1 " MD5);
	EXPECT(". 1441:2881(1440) ack 1 " MD5);
	EXPECT("P. 2881:4321(1440) ack 1 " MD5);
	ATF_REQUIRE_EQ(0, t->ncut);
	/* Lost, and sent again. */
	EXPECT_IN(230 * PD_MSEC, ". 1:1441(1440) ack 1 " MD5);
}

/* Who expects no signature takes the segment, and counts it. */
PD_TEST(unexpected)
{
	int fd, lfd;

	sig_peer_md5(t, KEY);
	lfd = pd_listen(t, 5);
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,nop,md5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460>");
	INJECT(". 1:11(10) ack 1 win 65535 " MD5);
	fd = pd_accept(t, lfd);
	RECV(fd, 10);
	pd_forget(t);
	COUNT(2, tcps_sig_err_sigopts);
	COUNT(0, tcps_sig_rcvgoodsig);
}

/* TCP_NOOPT leaves all options out but this one. */
PD_TEST(noopt)
{
	int fd = md5_socket(t);

	keys(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOOPT, 1));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " MD5);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,md5>");
	EXPECT(". 1:1(0) ack 1 " MD5);
}

PD_TEST(noopt_passive)
{
	int lfd = md5_listen(t);

	keys(t);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_NOOPT, 1));
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,md5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 " MD5);
}

/* Windows are counted in segments as they are: 20 bytes shorter. */
PD_TEST(segment_size)
{
	struct tcp_info ti;
	int fd;

	keys(t);
	fd = md5_active(t);
	pd_info(t, fd, &ti);
	ATF_REQUIRE_EQ(10 * 1440, ti.tcpi_snd_cwnd);
}

/* The option comes and goes during a connection. */
PD_TEST(option)
{
	int fd;

	keys(t);
	fd = pd_active(t, 0, 65535);
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MD5SIG, 1));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 " MD5);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MD5SIG, 0));
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	INJECT(". 1:1(0) ack 11 win 65535");
	SEND(fd, 10);
	EXPECT("P. 11:21(10) ack 1");
}

/* The text may lie in any number of mbufs. */
PD_TEST(scattered)
{
	int fd, i;

	keys(t);
	fd = md5_active(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_NOPUSH, 1));
	for (i = 0; i < 14; i++)
		SEND(fd, 100 + i);
	EXPECT_LATE(". 1:1441(1440) ack 1 " MD5);
	pd_forget(t);
}

/* ---- Linux ---- */

static void
captured_keys(const struct ip_info *ii, const char *key)
{
	struct xkey xk;

	memset(&xk, 0, sizeof(xk));
	memcpy(xk.xk_src, &ii->ii_src, 16);
	memcpy(xk.xk_dst, &ii->ii_dst, 16);
	xk.xk_proto = XKEY_TCP;
	xk.xk_alg = XKEY_TCP_MD5;
	xk.xk_spi = XKEY_TCP_SPI;
	xk.xk_keylen = (uint16_t)strlen(key);
	memcpy(xk.xk_key, key, strlen(key));
	key_flush(0);
	OK(key_add(&xk));
}

/* What Linux signed is right, and signed again it is the same; with any bit
 * of it changed, but for checksum and other options, it is wrong. */
static void
captured_check(const struct captured *c)
{
	struct in_conninfo inc;
	struct ip_info ii;
	struct tcp_seg sg;
	struct mbuf *m;
	uint8_t sum[16], *opt;
	int i, off;

	m = sig_mbuf(c->c_pkt, c->c_len, &ii);
	captured_keys(&ii, LINUX_MD5_KEY);
	OK(tcp_parse(m, &ii, &sg));
	ATF_REQUIRE(tcp_sig_verify(m, &sg, NULL));
	opt = tcp_sig_find(m, TCPOPT_SIGNATURE, TCPOLEN_SIGNATURE);
	off = mtod(m, struct tcphdr *)->th_off << 2;
	for (i = 0; i < m->m_len; i++) {
		if ((i >= 16 && i < 18) || (i >= 20 && i < off) || i == 12)
			continue;
		mtod(m, uint8_t *)[i] ^= 1;
		ATF_REQUIRE(!tcp_sig_verify(m, &sg, NULL));
		mtod(m, uint8_t *)[i] ^= 1;
	}
	memcpy(sum, opt + 2, sizeof(sum));
	memset(opt + 2, 0, sizeof(sum));
	inc.inc_laddr = ii.ii_src;
	inc.inc_faddr = ii.ii_dst;
	OK(tcp_sig_sign(m, &inc, NULL));
	ATF_REQUIRE_EQ(0, memcmp(sum, opt + 2, sizeof(sum)));
	captured_keys(&ii, "as in RFC 2386");
	ATF_REQUIRE(!tcp_sig_verify(m, &sg, NULL));
	m_freem(m);
}

PD_TEST4(captured_from_linux)
{
	size_t i;

	CURVNET_SET(t->vnet);
	for (i = 0; i < nitems(captured); i++)
		captured_check(&captured[i]);
	CURVNET_RESTORE();
}

/* A cookie's connection is signed like others. */
PD_TEST(cookies)
{
	int fd, lfd = md5_listen(t);

	pd_sysctl(t, "net.inet.tcp.syncookies_only", 1);
	keys(t);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,md5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,md5>");
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	INJECT(". 1:1(0) ack 1 win 65535 " MD5);
	fd = pd_accept(t, lfd);
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 " MD5);
}

/* Fast open, of which all is signed; a client has no room for its option, and
 * so no text with its SYN. */
PD_TEST(fastopen)
{
	int fd, lfd = md5_listen(t);

	keys(t);
	pd_sysctl(t, "net.inet.tcp.fastopen.server_enable", 1);
	pd_sysctl(t, "net.inet.tcp.fastopen.acceptany", 1);
	pd_sysctl(t, "net.inet.tcp.fastopen.client_enable", 1);
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	INJECT("S 0:100(100) win 65535 <mss 1460,sackOK,FO 01020304>");
	NOTHING();
	INJECT("S 0:100(100) win 65535 <mss 1460,sackOK,md5,FO 01020304>");
	EXPECT("S. 0:0(0) ack 101 <mss 1460,sackOK,md5>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 100);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 101 " MD5);
	INJECT(". 101:101(0) ack 11 win 65535 " MD5);
	STATE(TCPS_ESTABLISHED);
	pd_use(t, 1);
	fd = md5_socket(t);
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_FASTOPEN, 1));
	ATF_REQUIRE_EQ(500, pd_sendto(t, fd, 500));
	EXPECT("S 0:0(0) win 65535 " SYN);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,md5>");
	EXPECT("P. 1:501(500) ack 1 " MD5);
	COUNT(0, tcps_tfo_disabled);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, captured_from_linux);
	ATF_TP_ADD_TC(tp, cookies);
	ATF_TP_ADD_TC(tp, active);
	ATF_TP_ADD_TC(tp, passive);
	ATF_TP_ADD_TC(tp, passive_plain);
	ATF_TP_ADD_TC(tp, sack);
	ATF_TP_ADD_TC(tp, sack_no_room);
	ATF_TP_ADD_TC(tp, bad);
	ATF_TP_ADD_TC(tp, bad_handshake);
	ATF_TP_ADD_TC(tp, covers);
	ATF_TP_ADD_TC(tp, no_key_active);
	ATF_TP_ADD_TC(tp, no_key_passive);
	ATF_TP_ADD_TC(tp, unkeyed);
	ATF_TP_ADD_TC(tp, unkeyed_cookie);
	ATF_TP_ADD_TC(tp, listener_changes);
	ATF_TP_ADD_TC(tp, changed);
	ATF_TP_ADD_TC(tp, two_keys);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, challenge_ack);
	ATF_TP_ADD_TC(tp, challenge_ack_early);
	ATF_TP_ADD_TC(tp, keepalive);
	ATF_TP_ADD_TC(tp, time_wait);
	ATF_TP_ADD_TC(tp, no_tso);
	ATF_TP_ADD_TC(tp, unexpected);
	ATF_TP_ADD_TC(tp, noopt);
	ATF_TP_ADD_TC(tp, noopt_passive);
	ATF_TP_ADD_TC(tp, segment_size);
	ATF_TP_ADD_TC(tp, option);
	ATF_TP_ADD_TC(tp, scattered);
	ATF_TP_ADD_TC(tp, fastopen);
	return (atf_no_error());
}

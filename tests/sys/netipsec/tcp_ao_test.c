/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP-AO: RFC 9235's packets, connections by either side with either
 * algorithm, keys that change, and numbers that wrap.  Every signature of
 * ours is checked.
 */
#include <vm/uma.h>

#include "sig_pkt.h"
#include "rfc9235.h"

#define	SHA1	XKEY_HMAC_SHA1_96
#define	CMAC	XKEY_AES_128_CMAC_96
#define	KEY	"testvector"
#define	SYN	"<mss 1460,nop,wscale 6,sackOK,TS val * ecr 0,"

/* ---- RFC 9235 ---- */

static void
vector_keys(const struct vector *v, const struct ip_info *ii)
{
	bool client = v->v_pkt[0] >> 4 == 6 ? v->v_pkt[43] == 179 :
	    v->v_pkt[23] == 179;
	struct xkey xk;

	memset(&xk, 0, sizeof(xk));
	memcpy(xk.xk_src, &ii->ii_src, 16);
	memcpy(xk.xk_dst, &ii->ii_dst, 16);
	xk.xk_proto = XKEY_TCP_AO;
	xk.xk_alg = v->v_alg;
	xk.xk_spi = client ? 61 : 84;
	xk.xk_flags = v->v_flags;
	xk.xk_keylen = strlen(KEY);
	memcpy(xk.xk_key, KEY, strlen(KEY));
	OK(key_add(&xk));
	memcpy(xk.xk_src, &ii->ii_dst, 16);
	memcpy(xk.xk_dst, &ii->ii_src, 16);
	xk.xk_spi = client ? 84 : 61;
	OK(key_add(&xk));
}

/* We send it: the MAC is to be the RFC's. */
static void
vector_sign(const struct vector *v, struct mbuf *m,
    const struct ip_info *ii)
{
	struct tcp_ao ao = { .ao_iss = v->v_sisn, .ao_irs = v->v_disn,
	    .ao_snd_seq = v->v_sisn };
	struct in_conninfo inc = { .inc_laddr = ii->ii_src,
	    .inc_faddr = ii->ii_dst };
	uint8_t mac[12], *opt;

	opt = tcp_sig_find(m, TCPOPT_AO, TCPOLEN_AO);
	ATF_REQUIRE(opt != NULL);
	memcpy(mac, opt + 4, sizeof(mac));
	memset(opt + 2, 0, 14);
	OK(tcp_sig_sign(m, &inc, &ao));
	ATF_CHECK_EQ_MSG(0, memcmp(mac, opt + 4, sizeof(mac)), "%s: signed",
	    v->v_name);
	ATF_CHECK_EQ(61 + 84, opt[2] + opt[3]);
}

/* It comes: it is right, and with any bit wrong it is not. */
static void
vector_verify(const struct vector *v, struct mbuf *m,
    const struct ip_info *ii)
{
	struct tcp_ao ao = { .ao_irs = v->v_sisn, .ao_iss = v->v_disn,
	    .ao_rcv_seq = v->v_sisn };
	const struct tcp_ao begin = ao;
	struct tcp_seg sg;
	int i;

	OK(tcp_parse(m, ii, &sg));
	ATF_CHECK_MSG(tcp_sig_verify(m, &sg, &ao), "%s: verified",
	    v->v_name);
	for (i = 0; i < m->m_len; i++) {
		mtod(m, uint8_t *)[i] ^= 0x80;
		ao = begin;
		/* The checksum is not signed, and not all options are. */
		if (i != 16 && i != 17 && (v->v_flags == 0 || i < 20) &&
		    tcp_parse(m, ii, &sg) == 0)
			ATF_CHECK_MSG(!tcp_sig_verify(m, &sg, &ao),
			    "%s: byte %d", v->v_name, i);
		mtod(m, uint8_t *)[i] ^= 0x80;
	}
}

PD_TEST4(rfc9235)
{
	const struct vector *v;
	struct ip_info ii;
	struct mbuf *m;

	CURVNET_SET(t->vnet);
	for (v = vectors; v < vectors + nitems(vectors); v++) {
		m = sig_mbuf(v->v_pkt, v->v_len, &ii);
		vector_keys(v, &ii);
		vector_verify(v, m, &ii);
		vector_sign(v, m, &ii);
		m_freem(m);
		key_flush(0);
	}
	CURVNET_RESTORE();
}

/* ---- Connections ---- */

static int
ao_socket(struct pd *t)
{
	int fd = pd_socket(t);

	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_AO, 1));
	return (fd);
}

static int
ao_listen(struct pd *t)
{
	int lfd = pd_listen(t, 5);

	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_AO, 1));
	return (lfd);
}

/* Key id of both sides, and both ways. */
static void
keys(struct pd *t, uint8_t alg, uint8_t id, const char *key)
{
	sig_ao_keys(t, alg, id, 0, key);
	sig_peer_ao(t, alg, id, false, key);
}

/* By us, with key 5: descriptor. */
static int
ao_active(struct pd *t)
{
	int fd = ao_socket(t);

	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN "ao 5 5>");
	ADVANCE(10);
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 5>");
	EXPECT(". 1:1(0) ack 1 <ao 5 5>");
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

static void
transfer_active(struct pd *t, uint8_t alg)
{
	int fd;

	sig_peer_sne(0, 0);
	keys(t, alg, 5, KEY);
	fd = ao_active(t);
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_AO));
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_MD5SIG));
	SEND(fd, 1444);
	EXPECT("P. 1:1445(1444) ack 1 <ao 5 5>");
	INJECT("P. 1:101(100) ack 1445 win 65535 <ao 5 5>");
	RECV(fd, 100);
	COUNT(2, tcps_sig_rcvgoodsig);
	OK(pd_close(t, fd));
	EXPECT("F. 1445:1445(0) ack 101 <ao 5 5>");
	INJECT("F. 101:101(0) ack 1446 win 65535 <ao 5 5>");
	EXPECT(". 1446:1446(0) ack 102 <ao 5 5>");
	STATE(TCPS_TIME_WAIT);
	INJECT("F. 101:101(0) ack 1446 win 65535");
	NOTHING();
	INJECT("F. 101:101(0) ack 1446 win 65535 <ao 5 5>");
	EXPECT(". 1446:1446(0) ack 102 <ao 5 5>");
}

PD_TEST(active_sha1)
{
	transfer_active(t, SHA1);
}

PD_TEST(active_cmac)
{
	transfer_active(t, CMAC);
}

static void
transfer_passive(struct pd *t, uint8_t alg)
{
	int fd, lfd = ao_listen(t);

	sig_peer_sne(0, 0);
	keys(t, alg, 5, "sixteen bytes...");
	INJECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 7,sackOK,"
	    "TS val 7 ecr 0,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 7,ao 5 5>");
	EXPECT_IN(PD_SEC, "S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,"
	    "sackOK,TS val * ecr 7,ao 5 5>");
	INJECT("P. 1:101(100) ack 1 win 500 <nop,nop,TS val 8 ecr 100,"
	    "ao 5 5>");
	STATE(TCPS_ESTABLISHED);
	fd = pd_accept(t, lfd);
	RECV(fd, 100);
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_AO));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 101 <nop,nop,TS val * ecr 8,ao 5 5>");
	/* One SACK block has room beside time stamps. */
	INJECT(". 111:121(10) ack 11 win 500 <nop,nop,TS val 8 ecr 100,"
	    "ao 5 5>");
	EXPECT(". 11:11(0) ack 101 <nop,nop,TS val * ecr 8,ao 5 5,nop,nop,"
	    "sack 111:121>");
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	EXPECT("R. 11:11(0) ack 101 <ao 5 5>");
}

PD_TEST(passive_sha1)
{
	transfer_passive(t, SHA1);
}

PD_TEST(passive_cmac)
{
	transfer_passive(t, CMAC);
}

/* Options that are not signed: they may differ. */
PD_TEST(no_options)
{
	int fd = ao_socket(t);

	sig_ao_keys(t, SHA1, 5, XKEY_NOOPTIONS, KEY);
	sig_peer_ao(t, SHA1, 5, true, KEY);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN "ao 5 5>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK,ao 5 5>");
	EXPECT(". 1:1(0) ack 1 <ao 5 5>");
	/* The peer thinks otherwise. */
	sig_peer_ao(t, SHA1, 5, false, KEY);
	INJECT("P. 1:101(100) ack 1 win 65535 <nop,nop,nop,nop,ao 5 5>");
	COUNT(1, tcps_sig_rcvbadsig);
}

PD_TEST(bad)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	sig_peer_ao(t, SHA1, 5, false, "testvektor");
	INJECT("P. 1:101(100) ack 1 win 65535 <ao 5 5>");
	INJECT("R. 1:1(0) ack 1 win 0 <ao 5 5>");
	sig_peer_ao(t, CMAC, 5, false, KEY);
	INJECT("P. 1:101(100) ack 1 win 65535 <ao 5 5>");
	sig_peer_ao(t, SHA1, 5, false, KEY);
	sig_peer_md5(t, KEY);
	INJECT("R. 1:1(0) ack 1 win 0 <ao 5 5,nop,nop,md5>");
	COUNT(4, tcps_sig_rcvbadsig);
	INJECT("R. 1:1(0) ack 1 win 0");
	INJECT("R. 1:1(0) ack 1 win 0 <nop,nop,md5>");
	INJECT("R. 1:1(0) ack 1 win 0 <hex 1d040505>");
	INJECT("R. 1:1(0) ack 1 win 0 <nop,nop,hex 1d03>");
	COUNT(4, tcps_sig_err_nosigopt);
	INJECT("P. 1:101(100) ack 1 win 65535 <ao 6 5>");
	COUNT(1, tcps_sig_err_buildsig);
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	INJECT("P. 1:101(100) ack 1 win 65535 <ao 5 5>");
	RECV(fd, 100);
}

PD_TEST(bad_handshake)
{
	int lfd = ao_listen(t);

	keys(t, SHA1, 5, KEY);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	COUNT(1, tcps_sig_err_nosigopt);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 4 5>");
	COUNT(1, tcps_sig_err_buildsig);
	sig_peer_ao(t, SHA1, 5, false, "testvektor");
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	COUNT(1, tcps_sig_rcvbadsig);
	NOTHING();
	sig_peer_ao(t, SHA1, 5, false, KEY);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 5>");
	INJECT(". 1:1(0) ack 1 win 65535");
	INJECT("R 1:1(0) win 0");
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 1:1(0) ack 1 win 65535 <ao 5 5>");
	ATF_REQUIRE(pd_accept(t, lfd) >= 0);
}

/* An ACK for a listener, signed with the numbers it implies, gets a reset
 * that is signed with them too. */
PD_TEST(reset)
{
	(void)ao_listen(t);
	keys(t, SHA1, 5, KEY);
	INJECT(". 1:1(0) ack 1 win 65535 <ao 5 5>");
	EXPECT("R 1:1(0) <ao 5 5>");
}

/* Text for a user who has gone gets a reset, which is the connection's. */
PD_TEST(reset_after_close)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1 <ao 5 5>");
	INJECT("P. 1:101(100) ack 2 win 65535 <ao 5 5>");
	EXPECT("R 2:2(0) <ao 5 5>");
	STATE(GONE);
}

/* A handshake that is open has its own numbers, which a segment without an
 * ACK, or behind one that was lost, does not imply. */
PD_TEST(half_open)
{
	int fd, lfd = ao_listen(t);

	keys(t, SHA1, 5, KEY);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 5>");
	INJECT("R 1:1(0) win 0 <ao 5 5>");
	STATE(GONE);
	COUNT(0, tcps_sig_rcvbadsig);
	pd_use(t, 1);
	INJECT("S 0:0(0) win 65535 <mss 1460,sackOK,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,nop,nop,ao 5 5>");
	INJECT("P. 101:201(100) ack 1 win 65535 <ao 5 5>");
	EXPECT(". 1:1(0) ack 1 <ao 5 5,nop,nop,sack 101:201>");
	INJECT("P. 1:101(100) ack 1 win 65535 <ao 5 5>");
	EXPECT(". 1:1(0) ack 201 <ao 5 5>");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	RECV(fd, 200);
	COUNT(0, tcps_sig_rcvbadsig);
}

/* TCP-AO goes on for the handshake that began with it. */
PD_TEST(listener_changes)
{
	int lfd = ao_listen(t);

	keys(t, SHA1, 5, KEY);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 5>");
	OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_AO, 0));
	INJECT(". 1:1(0) ack 1 win 65535");
	STATE(TCPS_SYN_RECEIVED);
	INJECT(". 1:1(0) ack 1 win 65535 <ao 5 5>");
	ATF_REQUIRE_EQ(1, pd_getopt(t, pd_accept(t, lfd), IPPROTO_TCP,
	    TCP_AO));
}

PD_TEST(challenge_ack)
{
	(void)ao_listen(t);
	keys(t, SHA1, 5, KEY);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 5>");
	INJECT(". 1:1(0) ack 1 win 65535 <ao 5 5>");
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT(". 1:1(0) ack 1 <ao 5 5>");
	/* That SYN changed nothing, nor does it when the peer's numbers have
	 * wrapped three times. */
	pd_tcpcb(t)->t_userto->tu_ao->ao_rcv_sne = 3;
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT(". 1:1(0) ack 1 <ao 5 5>");
	sig_peer_sne(3, 0);
	INJECT("P. 1:101(100) ack 1 win 65535 <ao 5 5>");
	COUNT(5, tcps_sig_rcvgoodsig);
	sig_peer_sne(0, 0);
}

/* Two options, the second one with a key that is there, too. */
PD_TEST(twice)
{
	keys(t, SHA1, 5, KEY);
	(void)ao_active(t);
	keys(t, SHA1, 6, "another");
	INJECT("R. 1:1(0) ack 1 win 0 <ao 5 5,ao 6 5>");
	COUNT(1, tcps_sig_rcvbadsig);
	STATE(TCPS_ESTABLISHED);
}

PD_TEST(no_key)
{
	int fd = ao_socket(t);

	ERR(EACCES, pd_connect(t, fd));
	NOTHING();
	COUNT(1, tcps_sig_err_buildsig);
}

PD_TEST(cookies)
{
	int lfd = ao_listen(t);

	pd_sysctl(t, "net.inet.tcp.syncookies_only", 1);
	keys(t, SHA1, 5, KEY);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 5>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 5>");
	STATE(GONE);
	INJECT(". 1:1(0) ack 1 win 65535");
	NOTHING();
	STATE(GONE);
	INJECT(". 1:1(0) ack 1 win 65535 <ao 5 5>");
	STATE(TCPS_ESTABLISHED);
	ATF_REQUIRE_EQ(1, pd_getopt(t, pd_accept(t, lfd), IPPROTO_TCP,
	    TCP_AO));
}

/* ---- Keys that change ---- */

static struct tcp_ao_keys
get_keys(struct pd *t, int fd)
{
	struct tcp_ao_keys tak;
	size_t len = sizeof(tak);
	struct vnet *saved = vnet_enter(t->vnet);

	OK(kern_getsockopt(fd, IPPROTO_TCP, TCP_AO_KEYS, &tak,
	    &len));
	vnet_leave(saved);
	return (tak);
}

static int
set_keys(struct pd *t, int fd, int current, int rnext)
{
	struct tcp_ao_keys tak = { .tak_current = current,
	    .tak_rnext = rnext, .tak_peer_key = 77, .tak_peer_rnext = -5 };
	struct vnet *saved = vnet_enter(t->vnet);
	int error;

	error = kern_setsockopt(fd, IPPROTO_TCP, TCP_AO_KEYS, &tak,
	    sizeof(tak));
	vnet_leave(saved);
	return (error);
}

#define	KEYS(fd, current, rnext, peer_key, peer_rnext) do {		\
	struct tcp_ao_keys tak_ = get_keys(t, (fd));			\
	ATF_REQUIRE_EQ((current), tak_.tak_current);			\
	ATF_REQUIRE_EQ((rnext), tak_.tak_rnext);			\
	ATF_REQUIRE_EQ((peer_key), tak_.tak_peer_key);			\
	ATF_REQUIRE_EQ((peer_rnext), tak_.tak_peer_rnext);		\
} while (0)

/* The peer asks for another key, which we take if we have it. */
PD_TEST(rollover_by_peer)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	KEYS(fd, 5, 5, 5, 5);
	INJECT("P. 1:11(10) ack 1 win 65535 <ao 5 6>");
	RECV(fd, 10);
	KEYS(fd, 5, 5, 5, 6);
	keys(t, CMAC, 6, "the next");
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 11 <ao 5 5>");
	INJECT(". 11:11(0) ack 11 win 65535 <ao 5 6>");
	SEND(fd, 10);
	EXPECT("P. 11:21(10) ack 11 <ao 6 5>");
	INJECT("P. 11:21(10) ack 21 win 65535 <ao 6 6>");
	RECV(fd, 10);
	KEYS(fd, 6, 5, 6, 6);
	/* A late one asks for the old key: no. */
	INJECT("P. 1:11(10) ack 11 win 65535 <ao 5 5>");
	EXPECT(". 21:21(0) ack 21 <ao 6 5>");
	KEYS(fd, 6, 5, 6, 6);
	/* The old key can go. */
	sig_ao_keys(t, SHA1, 5, 0, NULL);
	SEND(fd, 10);
	EXPECT("P. 21:31(10) ack 21 <ao 6 5>");
}

/* We ask; and change ourselves. */
PD_TEST(rollover_by_option)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	ERR(ENOENT, set_keys(t, fd, -1, 6));
	ERR(ENOENT, set_keys(t, fd, 6, -1));
	ERR(EINVAL, set_keys(t, fd, 256, -1));
	ERR(EINVAL, set_keys(t, fd, -1, -2));
	keys(t, CMAC, 6, "the next");
	OK(set_keys(t, fd, -1, 6));
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 <ao 5 6>");
	INJECT(". 1:1(0) ack 11 win 65535 <ao 6 5>");
	KEYS(fd, 5, 6, 6, 5);
	OK(set_keys(t, fd, 6, -1));
	SEND(fd, 10);
	EXPECT("P. 11:21(10) ack 1 <ao 6 6>");
}

/* What was chosen before connecting; the lowest without a choice. */
PD_TEST(choice)
{
	int fd;

	keys(t, SHA1, 9, "nine");
	keys(t, SHA1, 5, "five");
	keys(t, CMAC, 0, "zero");
	fd = ao_socket(t);
	KEYS(fd, -1, -1, -1, -1);
	OK(set_keys(t, fd, 9, 5));
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 " SYN "ao 9 5>");
	INJECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 9>");
	EXPECT(". 1:1(0) ack 1 <ao 9 5>");
	pd_use(t, 1);
	fd = ao_socket(t);
	OK(pd_bind(t, fd, 12345));
	ERR(EINPROGRESS, pd_connect(t, fd));
	t->c->lport = 12345;
	EXPECT("S 0:0(0) win 65535 " SYN "ao 0 0>");
}

/* A listener's. */
PD_TEST(choice_passive)
{
	int lfd = ao_listen(t);

	keys(t, SHA1, 9, "nine");
	keys(t, SHA1, 5, "five");
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 9>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 9 5>");
	INJECT(". 1:1(0) ack 1 win 65535 <ao 5 9>");
	KEYS(pd_accept(t, lfd), 9, 5, -1, -1);
	OK(set_keys(t, lfd, -1, 9));
	pd_use(t, 1);
	INJECT("S 0:0(0) win 65535 <mss 1460,ao 5 1>");
	EXPECT("S. 0:0(0) ack 1 win 65535 <mss 1460,ao 5 9>");
}

/* A key that is replaced, and one that goes. */
PD_TEST(replaced)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	sig_ao_keys(t, SHA1, 5, 0, NULL);
	SEND(fd, 10);
	NOTHING();
	COUNT(1, tcps_sig_err_buildsig);
	keys(t, CMAC, 5, "anew");
	pd_pass(t, PD_SEC);
	EXPECT_LATE("P. 1:11(10) ack 1 <ao 5 5>");
	pd_forget(t);
	INJECT(". 1:1(0) ack 11 win 65535 <ao 5 5>");
	COUNT(2, tcps_sig_rcvgoodsig);
}

/* ---- The rest ---- */

static uint64_t
in_use(struct pd *t, const char *zone)
{
	uint64_t n;

	CURVNET_SET(t->vnet);
	n = uma_zone_get_cur(uma_zone_find(zone));
	CURVNET_RESTORE();
	return (n);
}

/* In TIME_WAIT there is no tcpcb any more, but what signs there is. */
PD_TEST(time_wait)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	OK(pd_close(t, fd));
	EXPECT("F. 1:1(0) ack 1 <ao 5 5>");
	INJECT("F. 1:1(0) ack 2 win 65535 <ao 5 5>");
	EXPECT(". 2:2(0) ack 2 <ao 5 5>");
	STATE(TCPS_TIME_WAIT);
	ATF_CHECK_EQ(0, in_use(t, "tcpcb"));
	INJECT("F. 1:1(0) ack 2 win 65535");
	sig_peer_ao(t, SHA1, 5, false, "another");
	INJECT("F. 1:1(0) ack 2 win 65535 <ao 5 5>");
	INJECT("S 10:10(0) win 65535 <mss 1460,nop,nop,ao 5 5>");
	NOTHING();
	sig_peer_ao(t, SHA1, 5, false, KEY);
	INJECT("F. 1:1(0) ack 2 win 65535 <ao 5 5>");
	EXPECT(". 2:2(0) ack 2 <ao 5 5>");
	/* The key goes on to roll there. */
	keys(t, CMAC, 6, "the next");
	INJECT("F. 1:1(0) ack 2 win 65535 <ao 6 6>");
	EXPECT(". 2:2(0) ack 2 <ao 6 5>");
	ADVANCE(61 * PD_SEC);
	STATE(GONE);
}

/* A traffic key is kept for as long as all that it was made of. */
PD_TEST(kept)
{
	struct tcp_aokey *ak;
	uint64_t serial;
	void *mac;
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 <ao 5 5>");
	ATF_REQUIRE((ak = tcp_ao_of(pd_tcpcb(t))->ao_keys) != NULL);
	mac = ak->ak_mac;
	serial = ak->ak_serial;
	INJECT(". 1:1(0) ack 11 win 65535 <ao 5 5>");
	SEND(fd, 10);
	EXPECT("P. 11:21(10) ack 1 <ao 5 5>");
	ATF_CHECK_EQ(mac, ak->ak_mac);
	ATF_CHECK_EQ(serial, ak->ak_serial);
	/* The same key, but another one. */
	sig_ao_keys(t, SHA1, 5, 0, NULL);
	INJECT("P. 1:11(10) ack 21 win 65535 <ao 5 5>");
	COUNT(1, tcps_sig_err_buildsig);
	keys(t, SHA1, 5, KEY);
	INJECT("P. 1:11(10) ack 21 win 65535 <ao 5 5>");
	RECV(fd, 10);
	SEND(fd, 10);
	EXPECT("P. 21:31(10) ack 11 <ao 5 5>");
	ATF_CHECK(ak->ak_serial > serial);
	ATF_CHECK(ak[1].ak_serial > ak[0].ak_serial);
	/* One that is wrong does not stay. */
	sig_peer_ao(t, SHA1, 5, false, "another");
	INJECT("P. 11:21(10) ack 31 win 65535 <ao 5 5>");
	COUNT(1, tcps_sig_rcvbadsig);
	sig_peer_ao(t, SHA1, 5, false, KEY);
	INJECT("P. 11:21(10) ack 31 win 65535 <ao 5 5>");
	RECV(fd, 10);
}

PD_TEST(options)
{
	int fd = ao_socket(t), plain = pd_socket(t);

	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_MD5SIG, 1));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MD5SIG, 0));
	ATF_REQUIRE_EQ(1, pd_getopt(t, fd, IPPROTO_TCP, TCP_AO));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_AO, 0));
	ATF_REQUIRE_EQ(0, pd_getopt(t, fd, IPPROTO_TCP, TCP_AO));
	ERR(EINVAL, set_keys(t, fd, -1, -1));
	OK(pd_setopt(t, fd, IPPROTO_TCP, TCP_MD5SIG, 1));
	ERR(EINVAL, pd_setopt(t, fd, IPPROTO_TCP, TCP_AO, 1));
	ERR(EINPROGRESS, pd_connect(t, plain));
	pd_skip(t);
	ERR(EINVAL, pd_setopt(t, plain, IPPROTO_TCP, TCP_AO, 1));
}

/* The peer's numbers wrap after 511 bytes of text: its SNE is 1 from then
 * on, and 0 for what it sends again from before. */
PD_TEST(sne_received)
{
	int fd;

	sig_peer_sne(0, 0);
	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	INJECT(". 1:1001(1000) ack 1 win 65535 <ao 5 5>");
	RECV(fd, 1000);
	INJECT(". 1001:1101(100) ack 1 win 65535 <ao 5 5>");
	RECV_NOTHING(fd);
	sig_peer_sne(1, 0);
	INJECT(". 1001:1101(100) ack 1 win 65535 <ao 5 5>");
	RECV(fd, 100);
	pd_forget(t);
	INJECT(". 1:1001(1000) ack 1 win 65535 <ao 5 5>");
	COUNT(2, tcps_sig_rcvbadsig);
	sig_peer_sne(0, 0);
	INJECT(". 1:1001(1000) ack 1 win 65535 <ao 5 5>");
	EXPECT(". 1:1(0) ack 1101 <ao 5 5,...>");
	COUNT(2, tcps_sig_rcvbadsig);
	sig_peer_sne(1, 0);
	INJECT(". 1101:1201(100) ack 1 win 65535 <ao 5 5>");
	RECV(fd, 100);
	sig_peer_sne(0, 0);
}

/* Ours wrap, and what is sent again from before has the old SNE. */
PD_TEST(sne_sent)
{
	struct tcpcb *tp;
	int fd;

	sig_peer_sne(0, 0);
	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	/* As if 2^32 bytes less a few had been sent. */
	tp = pd_tcpcb(t);
	tp->t_userto->tu_ao->ao_snd_seq = 0xffffffff;
	tp->t_userto->tu_ao->ao_snd_sne = 3;
	sig_peer_sne(0, tp->snd_max < 0x80000000 ? 4 : 3);
	SEND(fd, 10);
	EXPECT("P. 1:11(10) ack 1 <ao 5 5>");
	EXPECT_IN(230 * PD_MSEC, "P. 1:11(10) ack 1 <ao 5 5>");
	sig_peer_sne(0, 0);
}

/* ICMP errors that an attacker would send. */
PD_TEST4(icmp)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	SEND(fd, 1000);
	EXPECT("P. 1:1001(1000) ack 1 <ao 5 5>");
	pd_toobig(t, 576, 1);
	pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_PORT, 0, 1);
	NOTHING();
	ATF_REQUIRE_EQ(1460, pd_tcpcb(t)->t_maxseg);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_softerror);
	pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_HOST, 0, 1);
	ATF_REQUIRE_EQ(EHOSTUNREACH, pd_tcpcb(t)->t_softerror);
}

PD_TEST6(icmp6)
{
	int fd;

	keys(t, SHA1, 5, KEY);
	fd = ao_active(t);
	SEND(fd, 1000);
	EXPECT("P. 1:1001(1000) ack 1 <ao 5 5>");
	pd_icmp(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0, 1);
	pd_icmp(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, 0, 1);
	ATF_REQUIRE_EQ(0, pd_tcpcb(t)->t_softerror);
	pd_icmp(t, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0, 1);
	ATF_REQUIRE(pd_tcpcb(t)->t_softerror != 0);
	pd_toobig(t, 1300, 1);
	ATF_REQUIRE_EQ(1240, pd_tcpcb(t)->t_maxseg);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rfc9235);
	ATF_TP_ADD_TC(tp, active_sha1);
	ATF_TP_ADD_TC(tp, active_cmac);
	ATF_TP_ADD_TC(tp, passive_sha1);
	ATF_TP_ADD_TC(tp, passive_cmac);
	ATF_TP_ADD_TC(tp, no_options);
	ATF_TP_ADD_TC(tp, bad);
	ATF_TP_ADD_TC(tp, bad_handshake);
	ATF_TP_ADD_TC(tp, reset);
	ATF_TP_ADD_TC(tp, reset_after_close);
	ATF_TP_ADD_TC(tp, half_open);
	ATF_TP_ADD_TC(tp, listener_changes);
	ATF_TP_ADD_TC(tp, challenge_ack);
	ATF_TP_ADD_TC(tp, twice);
	ATF_TP_ADD_TC(tp, no_key);
	ATF_TP_ADD_TC(tp, cookies);
	ATF_TP_ADD_TC(tp, rollover_by_peer);
	ATF_TP_ADD_TC(tp, rollover_by_option);
	ATF_TP_ADD_TC(tp, choice);
	ATF_TP_ADD_TC(tp, choice_passive);
	ATF_TP_ADD_TC(tp, replaced);
	ATF_TP_ADD_TC(tp, time_wait);
	ATF_TP_ADD_TC(tp, kept);
	ATF_TP_ADD_TC(tp, options);
	ATF_TP_ADD_TC(tp, sne_received);
	ATF_TP_ADD_TC(tp, sne_sent);
	ATF_TP_ADD_TC(tp, icmp);
	ATF_TP_ADD_TC(tp, icmp6);
	return (atf_no_error());
}

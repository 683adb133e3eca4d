/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Segments that nobody would send: flags, numbers, windows and options drawn
 * at random, most of them close to what is right, for connections in all
 * states, with every extension allowed.  Whatever comes, each connection's
 * books stay right (pkt.h looks after every step), nothing is read that is
 * not there (the sanitizers look), and in the end all memory is back.
 */
#include <netipsec/key.h>
#include <vm/uma.h>

#include "fuzz.h"

#define	ROUNDS	2000
#define	STEPS	120

/* ---- Options ---- */

struct fuzz_opts {
	uint8_t		o[40];
	u_int		len;
};

static const uint8_t kinds[][2] = {	/* and the length that is right */
	{ TCPOPT_MAXSEG, 4 }, { TCPOPT_WINDOW, 3 },
	{ TCPOPT_SACK_PERMITTED, 2 }, { TCPOPT_SACK, 10 },
	{ TCPOPT_SACK, 18 }, { TCPOPT_SACK, 34 }, { TCPOPT_TIMESTAMP, 10 },
	{ TCPOPT_SIGNATURE, 18 }, { 29, 16 }, { TCPOPT_FAST_OPEN, 2 },
	{ TCPOPT_FAST_OPEN, 10 }, { TCPOPT_FAST_OPEN, 18 }, { 254, 4 },
	{ 254, 12 }, { TCPOPT_ACCECN0, 11 }, { TCPOPT_ACCECN1, 8 },
	{ TCPOPT_ACCECN0, 2 }
};

static void
one_option(struct pd *t, struct fuzz_opts *o)
{
	const uint8_t *kind = kinds[pd_draw(t, nitems(kinds))];
	u_int i, len = kind[1];

	if (pd_draw(t, 12) == 0)
		len = (u_int)pd_draw(t, 41);
	if (pd_draw(t, 6) == 0)
		o->o[o->len++] = TCPOPT_NOP;
	if (o->len + MAX(len, 2) > sizeof(o->o))
		return;
	o->o[o->len] = kind[0];
	o->o[o->len + 1] = (uint8_t)len;
	for (i = 2; i < len; i++)
		o->o[o->len + i] = (uint8_t)(pd_draw(t, 4) == 0 ?
		    pd_draw(t, 256) : 0);
	o->len += MAX(len, 2);
}

/* As text: what stands between < and >. */
static const char *
options(struct pd *t)
{
	struct fuzz_opts o = { .len = 0 };
	static char text[128];
	u_int i, n = (u_int)pd_draw(t, 5);

	for (i = 0; i < n && o.len < sizeof(o.o) - 2; i++)
		one_option(t, &o);
	if (pd_draw(t, 10) == 0)
		for (; o.len < sizeof(o.o) && pd_draw(t, 8) != 0; o.len++)
			o.o[o.len] = (uint8_t)pd_draw(t, 256);
	while (o.len % 4 != 0)
		o.o[o.len++] = 0;
	if (o.len == 0)
		return ("");
	(void)strlcpy(text, "<hex ", sizeof(text));
	for (i = 0; i < o.len; i++)
		(void)snprintf(text + strlen(text),
		    sizeof(text) - strlen(text), "%02x", o.o[i]);
	(void)strlcat(text, ">", sizeof(text));
	return (text);
}

/* ---- Segments ---- */

static const char * const flags[] = {
	"S", "S", "SEW", "SEWA", "S.", "S.E", ".", ".", ".", "P.", "P.", "F.",
	"FP.", "R", "R.", "-", "F", "U.", "PU.", "SF", "SFRPU.", "E.", "W.",
	"SR", "A."
};

/* Numbers as they are now, if there is a connection, and something near. */
static uint32_t
near(struct pd *t, uint32_t number)
{
	static const uint32_t far[] = { 0x10000, 0x7fffffff, 0x80000000,
	    0xffff0000 };

	switch (pd_draw(t, 8)) {
	case 0:
		return (number + (uint32_t)pd_draw(t, 3000));
	case 1:
		return (number - (uint32_t)pd_draw(t, 3000));
	case 2:
		return (number + far[pd_draw(t, nitems(far))]);
	case 3:
		return ((uint32_t)pd_draw(t, 3));
	default:
		return (number);
	}
}

static void
segment(struct pd *t)
{
	const struct tcpcb *tp = pd_tcpcb(t);
	uint32_t ack = 1, len = 0, seq = 0;
	uint64_t f = pd_draw(t, nitems(flags));
	struct tcp_syn sy;

	if (tp != NULL) {
		t->c->iss = tp->iss;
		t->c->irs = tp->irs;
		seq = tp->rcv_nxt - tp->irs;
		ack = tp->snd_max - tp->iss;
	} else if (pd_handshake(t, &sy)) {
		t->c->iss = sy.sy_iss;
		t->c->irs = sy.sy_irs;
		seq = 1;
	}
	/* What begins a connection is half of what comes to none. */
	if (tp == NULL && seq == 0 && pd_draw(t, 2) == 0)
		f = pd_draw(t, 4);
	t->c->iss_known = true;
	seq = near(t, seq);
	if (pd_draw(t, 3) == 0)
		len = (uint32_t)pd_draw(t, pd_draw(t, 4) == 0 ? 9000 : 1461);
	INJECT("%s %u:%u(%u) ack %u win %u urg %u %s",
	    flags[f], seq, seq + len, len, near(t, ack),
	    (u_int)pd_draw(t, pd_draw(t, 3) == 0 ? 3 : 65536),
	    (u_int)(pd_draw(t, 6) == 0 ? pd_draw(t, 65536) : 0), options(t));
}

/* ---- The user ---- */

/* What is there, whatever it is. */
static void
reads(struct pd *t, int fd)
{
	static uint8_t buf[4096];
	struct iovec iov = { buf, sizeof(buf) };
	struct uio uio = { &iov, 1, sizeof(buf), UIO_READ };
	int flags = MSG_DONTWAIT | (pd_draw(t, 8) == 0 ? MSG_OOB : 0) |
	    (pd_draw(t, 4) == 0 ? MSG_PEEK : 0);
	struct vnet *saved = vnet_enter(t->vnet);
	size_t done;

	(void)kern_recv(fd, &uio, &flags, NULL, &done);
	vnet_leave(saved);
	pd_check(t);
}

/* lfd: the listener, of those that the peer opens; or -1. */
static void
user(struct pd *t, int lfd, int *fd)
{
	switch (pd_draw(t, 6)) {
	case 0:
		if (*fd < 0 && lfd >= 0)
			*fd = accepts(t, lfd);
		else if (*fd < 0) {
			*fd = pd_socket(t);
			(void)pd_connect(t, *fd);
		}
		break;
	case 1:
		if (*fd >= 0)
			(void)pd_send(t, *fd, pd_draw(t, 5000) + 1,
			    pd_draw(t, 8) == 0 ? MSG_OOB : 0);
		break;
	case 2:
		if (*fd >= 0)
			reads(t, *fd);
		break;
	case 3:
		if (*fd >= 0 && pd_draw(t, 4) == 0)
			(void)pd_shutdown(t, *fd, SHUT_WR);
		break;
	case 4:
		if (*fd >= 0 && pd_draw(t, 6) == 0) {
			(void)pd_close(t, *fd);
			*fd = -1;
		}
		break;
	default:
		pd_pass(t, pd_draw(t, 20) == 0 ? 70 * PD_SEC :
		    pd_draw(t, 300 * PD_MSEC));
		break;
	}
}

static void
key(struct pd *t, uint8_t proto, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	struct xkey xk;

	memset(&xk, 0, sizeof(xk));
	memcpy(xk.xk_src, src, sizeof(xk.xk_src));
	memcpy(xk.xk_dst, dst, sizeof(xk.xk_dst));
	xk.xk_proto = proto;
	xk.xk_spi = proto == XKEY_TCP ? XKEY_TCP_SPI : 1;
	xk.xk_alg = proto == XKEY_TCP ? XKEY_TCP_MD5 : XKEY_HMAC_SHA1_96;
	xk.xk_keylen = 3;
	memcpy(xk.xk_key, "key", 3);
	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, key_add(&xk));
	CURVNET_RESTORE();
}

static void
allow(struct pd *t, int lfd, int round)
{
	pd_sysctl(t, "net.inet.tcp.ecn.enable", round % 5);
	pd_sysctl(t, "net.inet.tcp.fastopen.server_enable", 1);
	pd_sysctl(t, "net.inet.tcp.fastopen.client_enable", 1);
	pd_sysctl(t, "net.inet.tcp.fastopen.acceptany", round % 2);
	pd_sysctl(t, "net.inet.tcp.syncookies_only", round % 7 == 0);
	pd_sysctl(t, "net.inet.tcp.insecure_rst", round % 3 == 0);
	pd_sysctl(t, "net.inet.tcp.insecure_syn", round % 4 == 0);
	pd_sysctl(t, "net.inet.tcp.insecure_ack", round % 5 == 0);
	(void)pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1);
	if (round % 6 == 1)
		OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_MD5SIG, 1));
	if (round % 6 == 2)
		OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_AO, 1));
}

#define	CAME(name, least)						\
	ATF_CHECK_MSG(V_tcpstat.name > (least), "%s: %ju", #name,	\
	    (uintmax_t)V_tcpstat.name)

PD_TEST(segments)
{
	int fd[8], i, lfd, round, step;

	key(t, XKEY_TCP, &t->us, &t->peer);
	key(t, XKEY_TCP, &t->peer, &t->us);
	key(t, XKEY_TCP_AO, &t->us, &t->peer);
	key(t, XKEY_TCP_AO, &t->peer, &t->us);
	for (round = 0; round < ROUNDS; round++) {
		pd_use(t, 0);
		lfd = pd_listen(t, 8);
		allow(t, lfd, round);
		for (i = 0; i < (int)nitems(fd); i++) {
			fd[i] = -1;
			pd_use(t, i);
			pd_renew(t);
		}
		for (step = 0; step < STEPS; step++) {
			i = (int)pd_draw(t, nitems(fd));
			pd_use(t, i);
			if (pd_draw(t, 4) == 0)
				user(t, i % 2 == 0 ? lfd : -1, &fd[i]);
			else
				segment(t);
			pd_forget(t);
		}
		for (i = 0; i < (int)nitems(fd); i++)
			if (fd[i] >= 0)
				OK(pd_close(t, fd[i]));
		OK(pd_close(t, lfd));
		/* Longer than every timer of a connection that nobody has. */
		pd_pass(t, 1500 * PD_SEC);
		pd_forget(t);
		CURVNET_SET(t->vnet);
		ATF_REQUIRE_EQ(0, V_tcbinfo.ipi_count);
		ATF_REQUIRE_EQ(0, uma_zone_get_cur(uma_zone_find(
		    "socket")));
		ATF_REQUIRE_EQ(0, uma_zone_get_cur(uma_zone_find(
		    "tcp_sent")));
		ATF_REQUIRE_EQ(0, uma_zone_get_cur(uma_zone_find(
		    "syncache")));
		ATF_REQUIRE_EQ(0, uma_zone_get_cur(uma_zone_find("mbuf")));
		CURVNET_RESTORE();
	}
	/* It came to something. */
	CURVNET_SET(t->vnet);
	CAME(tcps_accepts, ROUNDS);
	CAME(tcps_connects, 2 * ROUNDS);
	CAME(tcps_drops, ROUNDS);
	CAME(tcps_closed, ROUNDS);
	CAME(tcps_rcvoopack, ROUNDS / 8);
	CAME(tcps_sack_rcv_blocks, ROUNDS / 8);
	CAME(tcps_sig_rcvbadsig, ROUNDS / 8);
	CAME(tcps_sc_reset, ROUNDS / 8);
	CURVNET_RESTORE();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, segments);
	return (atf_no_error());
}

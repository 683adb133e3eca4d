/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Segments that nobody would send, rightly signed: what random bytes never
 * are, so that they come past the signature.  For listeners and connections
 * with TCP-MD5, TCP-AO and neither, in all states, while keys come and go and
 * options change; by the SYN cache, by cookies, and with fast open.  Whatever
 * comes, each connection's books stay right (pkt.h looks after every step),
 * nothing is read that is not there (the sanitizers look), and in the end all
 * memory is back.
 */
#include <vm/uma.h>

#include "../netinet/fuzz.h"
#include "sig_pkt.h"

#define	ROUNDS	300
#define	STEPS	120
#define	KEY	"a key"

/* ---- Segments ---- */

static const char * const flags[] = {
	"S", "S", "S", "S.", ".", ".", ".", ".", "P.", "P.", "F.", "FP.", "R",
	"R.", "-", "F", "PU.", "SF", "SR", "SEW"
};
static const char * const opts[] = {
	"<nop,nop,md5>", "<mss 1460,sackOK,md5>",
	"<nop,nop,TS val 7 ecr 100,nop,nop,md5>",
	"<mss 1460,nop,wscale 7,sackOK,TS val 7 ecr 0,md5>",
	"<mss 1460,FO,sackOK,nop,nop,md5>",
	"<mss 1460,FO 0102030405060708,md5,nop,nop,nop,nop>",
	"<ao 5 5>", "<ao 5 5>", "<ao 6 6>", "<ao 5 6>", "<ao 6 5>",
	"<mss 1460,ao 5 5>", "<mss 1460,nop,wscale 7,ao 6 6>",
	"<nop,nop,TS val 7 ecr 100,ao 5 5>",
	"<mss 1460,FO 0102030405060708,nop,nop,ao 5 5>",
	"<nop,nop,sack 11:21,ao 5 5>"
};
static const char * const odd[] = {
	"", "<mss 1460>", "<nop,nop,md5,ao 5 5>", "<ao 5 5,ao 6 6>",
	"<ao 7 5>", "<md5,md5>", "<nop,nop,hex 1310>", "<hex 1d040505>",
	"<nop,hex 1d0205,ao 5 5>", "<hex 1d110505,eol,eol,eol,eol>"
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
		if (tcp_ao_of(tp) != NULL)
			sig_peer_sne(tcp_ao_of(tp)->ao_rcv_sne,
			    tcp_ao_of(tp)->ao_snd_sne);
	} else if (pd_handshake(t, &sy)) {
		t->c->iss = sy.sy_iss;
		t->c->irs = sy.sy_irs;
		seq = 1;
	} else if (pd_draw(t, 2) == 0)
		f = pd_draw(t, 3);
	t->c->iss_known = true;
	seq = near(t, seq);
	if (pd_draw(t, 3) == 0)
		len = (uint32_t)pd_draw(t, 1461);
	INJECT("%s %u:%u(%u) ack %u win %u %s", flags[f], seq, seq + len, len,
	    near(t, ack), (u_int)pd_draw(t, 65536), pd_draw(t, 6) == 0 ?
	    odd[pd_draw(t, nitems(odd))] : opts[pd_draw(t, nitems(opts))]);
	sig_peer_sne(0, 0);
}

/* An ACK of the SYN-ACK that was sent last, for which there may be no
 * entry. */
static void
cookie(struct pd *t)
{
	pd_forget(t);
	pd_renew(t);
	INJECT("S 0:0(0) win 65535 %s", opts[pd_draw(t, nitems(opts))]);
	t->c->iss = 0;
	t->c->iss_known = true;
	if (pd_pending(t) == 1)
		t->c->iss = pd_take(t);
	pd_forget(t);
	if (pd_draw(t, 8) == 0)
		pd_pass(t, pd_draw(t, 40 * PD_SEC));
	INJECT(". 1:1(0) ack %u win 65535 %s", 1 + (u_int)(pd_draw(t, 8) == 0),
	    opts[pd_draw(t, nitems(opts))]);
}

/* ---- The user ---- */

static void
churn(struct pd *t)
{
	bool us = pd_draw(t, 2) == 0;
	const char *key = pd_draw(t, 4) == 0 ? NULL : KEY;

	switch (pd_draw(t, 3)) {
	case 0:
		(void)sig_key(t, us, XKEY_TCP, XKEY_TCP_MD5, XKEY_TCP_SPI, 0,
		    key);
		break;
	case 1:
		(void)sig_key(t, us, XKEY_TCP_AO, XKEY_HMAC_SHA1_96, 5, 0,
		    key);
		break;
	default:
		(void)sig_key(t, us, XKEY_TCP_AO, XKEY_AES_128_CMAC_96, 6, 0,
		    key);
		break;
	}
}

static void
choose(struct pd *t, int fd)
{
	struct tcp_ao_keys tak = { .tak_current = (int)pd_draw(t, 9) - 1,
	    .tak_rnext = (int)pd_draw(t, 9) - 1 };
	struct vnet *saved = vnet_enter(t->vnet);

	(void)kern_setsockopt(fd, IPPROTO_TCP, TCP_AO_KEYS, &tak,
	    sizeof(tak));
	vnet_leave(saved);
}

/* What is there, whatever it is. */
static void
reads(struct pd *t, int fd)
{
	static uint8_t buf[4096];
	struct iovec iov = { buf, sizeof(buf) };
	struct uio uio = { &iov, 1, sizeof(buf), UIO_READ };
	struct vnet *saved = vnet_enter(t->vnet);
	int flags = MSG_DONTWAIT;
	size_t done;

	(void)kern_recv(fd, &uio, &flags, NULL, &done);
	vnet_leave(saved);
	pd_check(t);
}

static int
begins(struct pd *t)
{
	int fd = pd_socket(t), how = (int)pd_draw(t, 3);

	if (how != 0)
		OK(pd_setopt(t, fd, IPPROTO_TCP, how == 1 ? TCP_MD5SIG :
		    TCP_AO, 1));
	(void)pd_connect(t, fd);
	return (fd);
}

/* lfd: the listener, of those that the peer opens; or -1. */
static void
user(struct pd *t, int lfd, int *fd)
{
	switch (pd_draw(t, 7)) {
	case 0:
		if (*fd < 0)
			*fd = lfd >= 0 ? accepts(t, lfd) : begins(t);
		break;
	case 1:
		if (*fd >= 0)
			(void)pd_send(t, *fd, pd_draw(t, 5000) + 1, 0);
		break;
	case 2:
		if (*fd >= 0)
			reads(t, *fd);
		break;
	case 3:
		if (*fd >= 0 && pd_draw(t, 4) == 0) {
			(void)pd_close(t, *fd);
			*fd = -1;
		}
		break;
	case 4:
		if (*fd >= 0)
			choose(t, *fd);
		break;
	case 5:
		if (*fd >= 0 || lfd >= 0)
			(void)pd_setopt(t, *fd >= 0 ? *fd : lfd, IPPROTO_TCP,
			    pd_draw(t, 2) == 0 ? TCP_MD5SIG : TCP_AO,
			    (int)pd_draw(t, 2));
		break;
	default:
		pd_pass(t, pd_draw(t, 20) == 0 ? 70 * PD_SEC :
		    pd_draw(t, 300 * PD_MSEC));
		break;
	}
}

static void
step(struct pd *t, int lfd, int i, int *fd)
{
	pd_use(t, i);
	switch (pd_draw(t, 8)) {
	case 0:
		churn(t);
		break;
	case 1:
	case 2:
		user(t, i % 2 == 0 ? lfd : -1, fd);
		break;
	case 3:
		if (i % 2 == 0 && *fd < 0) {
			cookie(t);
			break;
		}
		/* FALLTHROUGH */
	default:
		segment(t);
		break;
	}
	pd_forget(t);
}

static void
begin(struct pd *t, int round)
{
	static const char fo[] = "net.inet.tcp.fastopen.";
	char name[64];

	(void)snprintf(name, sizeof(name), "%sserver_enable", fo);
	pd_sysctl(t, name, 1);
	(void)snprintf(name, sizeof(name), "%sacceptany", fo);
	pd_sysctl(t, name, round % 2);
	pd_sysctl(t, "net.inet.tcp.syncookies_only", round % 3 == 0);
	sig_peer_md5(t, KEY);
	sig_peer_ao(t, XKEY_HMAC_SHA1_96, 5, false, KEY);
	sig_peer_ao(t, XKEY_AES_128_CMAC_96, 6, false, KEY);
	/* Ours may be signed by a key that has gone since. */
	t->signature = NULL;
}

static void
nothing_left(struct pd *t)
{
	static const char * const zones[] = { "socket", "tcp_sent",
	    "syncache", "mbuf" };
	u_int i;

	CURVNET_SET(t->vnet);
	ATF_REQUIRE_EQ(0, V_tcbinfo.ipi_count);
	for (i = 0; i < nitems(zones); i++)
		ATF_REQUIRE_EQ(0, uma_zone_get_cur(uma_zone_find(zones[i])));
	key_flush(0);
	CURVNET_RESTORE();
}

#define	CAME(name, least)						\
	ATF_CHECK_MSG(V_tcpstat.name > (least), "%s: %ju", #name,	\
	    (uintmax_t)V_tcpstat.name)

PD_TEST(signed_segments)
{
	int fd[8], i, lfd, n, round;

	for (round = 0; round < ROUNDS; round++) {
		pd_use(t, 0);
		lfd = pd_listen(t, 8);
		begin(t, round);
		(void)pd_setopt(t, lfd, IPPROTO_TCP, TCP_FASTOPEN, 1);
		for (i = 0; i < (int)nitems(fd); i++) {
			fd[i] = -1;
			pd_use(t, i);
			pd_renew(t);
		}
		for (i = 0; i < 12; i++)
			churn(t);
		if (round % 4 != 0)
			OK(pd_setopt(t, lfd, IPPROTO_TCP, round % 4 == 1 ?
			    TCP_AO : TCP_MD5SIG, 1));
		for (n = 0; n < STEPS; n++) {
			i = (int)pd_draw(t, nitems(fd));
			step(t, lfd, i, &fd[i]);
		}
		for (i = 0; i < (int)nitems(fd); i++)
			if (fd[i] >= 0)
				OK(pd_close(t, fd[i]));
		OK(pd_close(t, lfd));
		/* Longer than every timer of a connection that nobody has. */
		pd_pass(t, 1500 * PD_SEC);
		pd_forget(t);
		nothing_left(t);
	}
	/* It came to something. */
	CURVNET_SET(t->vnet);
	CAME(tcps_sig_rcvgoodsig, 5 * ROUNDS);
	CAME(tcps_sig_rcvbadsig, ROUNDS / 8);
	CAME(tcps_sig_err_buildsig, ROUNDS);
	CAME(tcps_sig_err_nosigopt, ROUNDS);
	CAME(tcps_accepts, ROUNDS);
	CAME(tcps_sc_recvcookie, ROUNDS / 8);
	CAME(tcps_sc_reset, 10);
	CAME(tcps_tfo_valid, 10);
	CURVNET_RESTORE();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, signed_segments);
	return (atf_no_error());
}

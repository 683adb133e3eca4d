/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What TCP remembers of the last connection, so that the next one need not
 * find it out again: the sizes by the way there, who listens, that a peer is
 * none of us, that the SYN cache has room.  Each must be what finding it out
 * comes to, whatever has changed in between.
 */
#include <net/if_var.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp_var.h>

#include "pkt.h"

#define	ROUNDS	300

/* ---- Sizes ---- */

struct sizes {
	uint32_t	mssopt, peermss, maxseg, tsomax, tso;
	uint32_t	snd, sndmem, rcv, rcvmem;
};

static struct sizes
take(struct pd *t, uint32_t mssopt)
{
	const struct tcpcb *tp = pd_tcpcb(t);
	const struct socket *so = tptosocket(tp);

	return ((struct sizes){ .mssopt = mssopt,
	    .peermss = tp->t_peermss, .maxseg = tp->t_maxseg,
	    .tsomax = tp->t_tsomax, .tso = tp->t_flags & TF_TSO,
	    .snd = so->so_snd.sb_hiwat, .sndmem = so->so_snd.sb_mbmax,
	    .rcv = so->so_rcv.sb_hiwat, .rcvmem = so->so_rcv.sb_mbmax });
}

static struct sizes
accepted(struct pd *t, int lfd, uint32_t mss)
{
	struct sizes sizes;
	struct tcp_syn sy;
	char opt[32] = "";
	int fd;

	if (mss != 0)
		snprintf(opt, sizeof(opt), "mss %u,", mss);
	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <%snop,wscale 7>", opt);
	EXPECT("S. 0:0(0) ack 1 <...>");
	ATF_REQUIRE(pd_handshake(t, &sy));
	INJECT(". 1:1(0) ack 1 win 500");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	sizes = take(t, sy.sy_mss);
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	pd_forget(t);
	return (sizes);
}

static struct sizes
connected(struct pd *t)
{
	struct sizes sizes;
	uint32_t mssopt;
	int fd;

	pd_renew(t);
	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) <...>");
	mssopt = pd_tcpcb(t)->t_tsomax;
	INJECT("S. 0:0(0) ack 1 win 500 <mss 1460,sackOK,nop,wscale 7>");
	EXPECT(". 1:1(0) ack 1");
	sizes = take(t, mssopt);
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	pd_forget(t);
	return (sizes);
}

/* One of all that the sizes depend on, as it mostly is or otherwise. */
static void
change(struct pd *t, int lfd)
{
	const bool usual = pd_draw(t, 2) == 0;

	switch (pd_draw(t, 6)) {
	case 0:
		pd_sysctl(t, "net.inet.tcp.minmss", usual ? 216 : 1500);
		break;
	case 1:
		pd_sysctl(t, "kern.ipc.maxsockbuf", usual ? 2097152 : 200000);
		break;
	case 2:
		pd_sysctl(t, "kern.ipc.sockbuf_waste_factor", usual ? 8 : 3);
		break;
	case 3:
		pd_setmtu(t, usual ? 1500 : 1400);
		break;
	case 4:
		OK(pd_setopt(t, lfd, SOL_SOCKET, SO_RCVBUF, usual ? 65536 :
		    1024 * (1 + (int)pd_draw(t, 30))));
		break;
	case 5:
		pd_sysctl(t, "net.inet.tcp.mssdflt", usual ? 536 : 600);
		break;
	default:
		break;
	}
}

static void
forget(struct pd *t)
{
	struct vnet *saved = vnet_enter(t->vnet);

	tcp_sized_forget();
	vnet_leave(saved);
}

PD_TEST(sizes)
{
	static const uint32_t offers[] = { 1460, 1460, 1460, 1220, 100, 0 };
	struct sizes a, b;
	uint32_t mss;
	int lfd, n;

	lfd = pd_listen(t, 10);
	for (n = 0; n < ROUNDS; n++) {
		if (pd_draw(t, 3) == 0)
			change(t, lfd);
		if (n == ROUNDS / 2)
			pd_settso(t);
		if (n == ROUNDS - ROUNDS / 8) {
			pd_sysctl(t, "net.inet.tcp.minmss", 216);
			OK(pd_setopt(t, lfd, IPPROTO_TCP, TCP_MAXSEG, 500));
		}
		mss = offers[pd_draw(t, nitems(offers))];
		pd_use(t, 0);
		a = accepted(t, lfd, mss);
		forget(t);
		b = accepted(t, lfd, mss);
		ATF_REQUIRE_MSG(memcmp(&a, &b, sizeof(a)) == 0, "round %d, "
		    "mss %u: accepted %u %u %u %u %u %u, and %u %u %u %u %u "
		    "%u when found", n, mss, a.mssopt, a.maxseg, a.snd,
		    a.sndmem, a.rcv, a.rcvmem, b.mssopt, b.maxseg, b.snd,
		    b.sndmem, b.rcv, b.rcvmem);
		pd_use(t, 1);
		a = connected(t);
		forget(t);
		b = connected(t);
		ATF_REQUIRE_MSG(memcmp(&a, &b, sizeof(a)) == 0, "round %d: "
		    "connected %u %u %u, and %u %u %u when found", n,
		    a.maxseg, a.snd, a.rcv, b.maxseg, b.snd, b.rcv);
	}
}

static void
comes_to_mss(struct pd *t, int lfd, uint32_t offer, uint32_t mss)
{
	struct sizes a;
	int i;

	/* The second time it may be remembered. */
	for (i = 0; i < 3; i++) {
		a = accepted(t, lfd, offer);
		ATF_CHECK_MSG(a.peermss == mss && a.maxseg == mss, "offer "
		    "%u, time %d: %u, %u", offer, i, a.peermss, a.maxseg);
	}
}

/* The least that is taken for an offer, as it is when that comes. */
PD_TEST(least)
{
	int lfd = pd_listen(t, 10);

	pd_use(t, 0);
	comes_to_mss(t, lfd, 100, 216);
	comes_to_mss(t, lfd, 800, 800);
	pd_sysctl(t, "net.inet.tcp.minmss", 1000);
	comes_to_mss(t, lfd, 800, 1000);
	comes_to_mss(t, lfd, 1000, 1000);
	pd_sysctl(t, "net.inet.tcp.minmss", 216);
	comes_to_mss(t, lfd, 800, 800);
}

/* A path's MTU that was learnt counts for the next connection, and no longer
 * when it is forgotten; of connections conn to conn + 3. */
#define	LEARNT	(600 * PD_SEC)
static void
learn(struct pd *t, int lfd, int conn)
{
	struct sizes a;
	int fd;

	pd_use(t, conn);
	a = accepted(t, lfd, 1460);
	ATF_CHECK_EQ(1460, a.maxseg);
	pd_use(t, conn + 1);
	fd = pd_passive_at(t, lfd, 0, 65535);
	SEND(fd, 1460);
	EXPECT("P. 1:1461(1460) ack 1 <...>");
	pd_toobig(t, 1400, 1);
	pd_forget(t);
	pd_use(t, conn + 2);
	a = accepted(t, lfd, 1460);
	ATF_CHECK_MSG(a.maxseg < 1400 && a.mssopt < 1400, "%u, %u",
	    a.maxseg, a.mssopt);
	pd_use(t, conn + 1);
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	pd_forget(t);
	ADVANCE(LEARNT);
	pd_use(t, conn + 3);
	a = accepted(t, lfd, 1460);
	ATF_CHECK_MSG(a.maxseg == 1460 && a.mssopt == 1460, "%u, %u",
	    a.maxseg, a.mssopt);
}

/* Without the host cache, whose entry of the peer would say so, too; and with
 * it. */
PD_TEST(learnt)
{
	int lfd = pd_listen(t, 10);

	pd_sysctl(t, "net.inet.tcp.hostcache.enable", 0);
	learn(t, lfd, 0);
	pd_sysctl(t, "net.inet.tcp.hostcache.enable", 1);
	learn(t, lfd, 4);
}

/* ---- Who listens ---- */

static int
listen_at_all(struct pd *t)
{
	const struct in6_addr any = t->af == AF_INET6 ? in6addr_any :
	    in6_mapped((struct in_addr){ INADDR_ANY });
	struct sockaddr_storage ss;
	struct vnet *saved;
	int error, fd;

	fd = pd_socket(t);
	OK(pd_setopt(t, fd, SOL_SOCKET, SO_REUSEADDR, 1));
	saved = vnet_enter(t->vnet);
	in_sockaddr_set(&ss, t->af, &any, PD_PORT, 0);
	error = kern_bind(fd, (struct sockaddr *)&ss);
	if (error == 0)
		error = kern_listen(fd, 5);
	vnet_leave(saved);
	OK(error);
	return (fd);
}

static void
comes_to(struct pd *t, int lfd)
{
	int fd;

	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	if (lfd < 0) {
		EXPECT("R. 0:0(0) ack 1");
		return;
	}
	EXPECT("S. 0:0(0) ack 1 <...>");
	INJECT(". 1:1(0) ack 1 win 65535");
	ATF_REQUIRE((fd = pd_accept(t, lfd)) >= 0);
	pd_linger(t, fd, 1, 0);
	OK(pd_close(t, fd));
	pd_forget(t);
}

PD_TEST(listeners)
{
	int any, exact;

	comes_to(t, -1);
	any = listen_at_all(t);
	comes_to(t, any);
	comes_to(t, any);
	/* One at the address itself is preferred, as long as it is there. */
	exact = pd_listen(t, 5);
	comes_to(t, exact);
	OK(pd_close(t, exact));
	comes_to(t, any);
	OK(pd_close(t, any));
	comes_to(t, -1);
	exact = pd_listen(t, 5);
	comes_to(t, exact);
	comes_to(t, exact);
	OK(pd_close(t, exact));
	comes_to(t, -1);
}

/* ---- Hashes ---- */

/* What in_pcb.c says that the hash is. */
static uint32_t
hash_of(const uint64_t *k, const struct in_conninfo *inc)
{
	uint32_t w[PCB_HASHWORDS];
	uint64_t sum = k[0];
	size_t i;

	memcpy(w, inc, sizeof(w));
	for (i = 0; i < nitems(w); i += 2)
		sum += (k[i + 1] + w[i]) * (k[i + 2] + w[i + 1]);
	return ((uint32_t)(sum >> 32));
}

PD_TEST4(hash)
{
	struct in_conninfo inc;
	struct vnet *saved;
	uint32_t *w = (uint32_t *)&inc;
	size_t i, n;

	saved = vnet_enter(t->vnet);
	for (n = 0; n < 1000; n++) {
		for (i = 0; i < sizeof(inc) / sizeof(*w); i++)
			w[i] = (uint32_t)pd_draw(t, 1ULL << 32);
		if (n % 2 == 0) {
			inc.inc_faddr = in6_mapped((struct in_addr){ w[3] });
			inc.inc_laddr = in6_mapped((struct in_addr){ w[7] });
		}
		ATF_REQUIRE_EQ(hash_of(V_tcbinfo.ipi_key, &inc),
		    in_pcbhash(&V_tcbinfo, &inc));
	}
	vnet_leave(saved);
}

/* ---- Addresses ---- */

PD_TEST4(strangers)
{
	struct in_conninfo inc = { .inc_faddr = t->peer };
	struct in6_addr other = t->peer;
	struct vnet *saved;

	other.s6_addr[15] ^= 0x40;
	saved = vnet_enter(t->vnet);
	ATF_CHECK(!tcp_peer_is_local(&inc));
	inc.inc_faddr = other;
	ATF_CHECK(!tcp_peer_is_local(&inc));
	ATF_CHECK(!tcp_peer_is_local(&inc));
	OK(ifa_add(t->ifp, &other, 24));
	ATF_CHECK(tcp_peer_is_local(&inc));
	inc.inc_faddr = t->us;
	ATF_CHECK(tcp_peer_is_local(&inc));
	OK(ifa_del(t->ifp, &other));
	inc.inc_faddr = other;
	ATF_CHECK(!tcp_peer_is_local(&inc));
	vnet_leave(saved);
}

/* ---- The SYN cache ---- */

static bool
is_kept(struct pd *t, int i)
{
	struct tcp_syn sy;

	pd_use(t, i);
	pd_renew(t);
	INJECT("S 0:0(0) win 65535 <mss 1460>");
	EXPECT("S. 0:0(0) ack 1 <...>");
	return (pd_handshake(t, &sy));
}

PD_TEST(cookies_switched)
{
	(void)pd_listen(t, 5);
	ATF_CHECK(is_kept(t, 0));
	pd_sysctl(t, "net.inet.tcp.syncookies_only", 1);
	ATF_CHECK(!is_kept(t, 1));
	pd_sysctl(t, "net.inet.tcp.syncookies_only", 0);
	ATF_CHECK(is_kept(t, 2));
	ATF_CHECK(is_kept(t, 3));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, sizes);
	ATF_TP_ADD_TC(tp, least);
	ATF_TP_ADD_TC(tp, learnt);
	ATF_TP_ADD_TC(tp, listeners);
	ATF_TP_ADD_TC(tp, hash);
	ATF_TP_ADD_TC(tp, strangers);
	ATF_TP_ADD_TC(tp, cookies_switched);
	return (atf_no_error());
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A connection by Ethernet keeps the headers of its segments (tcp_head.h).
 * What leaves must be what the general way makes: each conversation of two
 * hosts is held twice, once between connections that other systems' limits
 * were asked for, of which none is set, and which therefore take the general
 * way.  All frames must be the same, but for the numbers that each connection
 * begins with; and whatever changes between two segments, an option, a
 * variable, the interface, a neighbour, must be in the next one.
 */
#include "ip_host.h"

#include <sys/socket.h>
#include <sys/syscallsubr.h>
#include <sys/uio.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp.h>
#include <netinet/tcp_compat.h>
#include <netinet/tcp_var.h>

#define	FRAMES		200
#define	FRAME_MAX	256		/* bytes of it that are looked at */
#define	PORT		7

struct frame {
	int		side;
	uint32_t	len, csum_flags;
	uint16_t	csum_data;
	uint8_t		l2hlen, l3hlen, l4hlen;
	uint8_t		b[FRAME_MAX];
};

/* One conversation. */
struct talk {
	bool		general;
	int		n;
	int		kept;		/* times that headers were good */
	uint32_t	seq[2], val[2];	/* the first ones */
	bool		begun[2];
	struct frame	f[FRAMES];
};

static struct vnet *host[2];
static struct ifnet *wire[2];
static int (*below[2])(struct ifnet *, struct mbuf *);
static int fds[2];
static struct talk *talking;
static bool hole;		/* what is large and has DF is lost */
static const char *stamps = "1";	/* net.inet.tcp.rfc1323 */

static uint32_t
get(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]);
}

static void
put(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* An option of me: a time stamp, or what SACK tells of the other's numbers. */
static void
relative_option(const struct talk *k, int me, uint8_t *opt, bool ack)
{
	int i;

	if (*opt == TCPOPT_TIMESTAMP) {
		put(opt + 2, get(opt + 2) - k->val[me]);
		if (ack)
			put(opt + 6, get(opt + 6) - k->val[!me]);
	} else if (*opt == TCPOPT_SACK)
		for (i = 2; i < opt[1]; i += 4)
			put(opt + i, get(opt + i) - k->seq[!me]);
}

/* Take what differs between two connections out of f. */
static void
relative(struct talk *k, struct frame *f)
{
	uint8_t *th = f->b + ETHER_HDR_LEN + 20;
	uint8_t *opt = th + 20, *end = th + (th[12] >> 4) * 4;
	const bool ack = (th[13] & TH_ACK) != 0;
	const int me = f->side;

	/* A sum of all that. */
	if ((f->csum_flags & CSUM_TCP) == 0)
		th[16] = th[17] = 0;
	if (!k->begun[me])
		k->seq[me] = get(th + 4);
	put(th + 4, get(th + 4) - k->seq[me]);
	if (ack)
		put(th + 8, get(th + 8) - k->seq[!me]);
	for (; opt < end; opt += *opt <= TCPOPT_NOP ? 1 : opt[1]) {
		if (!k->begun[me] && *opt == TCPOPT_TIMESTAMP)
			k->val[me] = get(opt + 2);
		relative_option(k, me, opt, ack);
	}
	k->begun[me] = true;
}

static int
record(struct ifnet *ifp, struct mbuf *m)
{
	struct talk *k = talking;
	struct frame *f = &k->f[k->n];
	const int side = ifp == wire[1];
	int len = m->m_pkthdr.len;

	memset(f, 0, sizeof(*f));
	f->side = side;
	f->len = (uint32_t)len;
	m_copydata(m, 0, len < FRAME_MAX ? len : FRAME_MAX, f->b);
	if (f->b[12] == 0x08 && f->b[13] == 0x00 &&
	    f->b[23] == IPPROTO_TCP) {
		f->csum_flags = m->m_pkthdr.csum_flags;
		f->csum_data = m->m_pkthdr.csum_data;
		f->l2hlen = m->m_pkthdr.l2hlen;
		f->l3hlen = m->m_pkthdr.l3hlen;
		f->l4hlen = m->m_pkthdr.l4hlen;
		relative(k, f);
		ATF_REQUIRE(++k->n < FRAMES);
	}
	if (hole && len > 300 && f->b[ETHER_HDR_LEN + 6] == 0x40) {
		m_freem(m);
		return (0);
	}
	return (below[side](ifp, m));
}

/* The socket made last on the current host. */
static struct tcpcb *
newest(void)
{
	return (intotcpcb(TAILQ_LAST(&V_tcbinfo.ipi_list, inpcbhead)));
}

static struct sockaddr *
name(struct sockaddr_storage *ss)
{
	const struct in6_addr a = ih_addr("10.0.0.2");

	memset(ss, 0, sizeof(*ss));
	in_sockaddr_set(ss, AF_INET, &a, PORT, 0);
	return ((struct sockaddr *)ss);
}

static int
a_socket(struct talk *k, int side)
{
	int fd;

	ih_enter(host[side]);
	ATF_REQUIRE_EQ(0, kern_socket(AF_INET, SOCK_STREAM, 0, &fd));
	if (k->general)
		ATF_REQUIRE(tcp_compat(newest()) != NULL);
	return (fd);
}

/* Two hosts with a connection. */
static void
begin(struct talk *k)
{
	struct sockaddr_storage ss;
	int i, lfd;

	talking = k;
	host[0] = ih_host("a");
	host[1] = ih_host("b");
	ATF_REQUIRE_EQ(0, epair_create(host[0], host[1], 0, &wire[0],
	    &wire[1]));
	for (i = 0; i < 2; i++) {
		ih_enter(host[i]);
		below[i] = wire[i]->if_transmit;
		wire[i]->if_transmit = record;
		if_up(wire[i]);
		ih_sysctl("net.inet.tcp.rfc1323", stamps);
		ih_ifa(wire[i], i == 0 ? "10.0.0.1" : "10.0.0.2", 24);
	}
	lfd = a_socket(k, 1);
	ATF_REQUIRE_EQ(0, kern_bind(lfd, name(&ss)));
	ATF_REQUIRE_EQ(0, kern_listen(lfd, 5));
	fds[0] = a_socket(k, 0);
	(void)kern_connect(fds[0], name(&ss));
	ih_run(100 * MSEC);
	ih_enter(host[1]);
	ATF_REQUIRE_EQ(0, kern_accept(lfd, &ss, &fds[1]));
	ih_run(100 * MSEC);
}

/* What each connection knows is right. */
static void
check(struct talk *k)
{
	struct inpcb *inp;
	const char *wrong;
	int i;

	for (i = 0; i < 2; i++) {
		ih_enter(host[i]);
		TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list) {
			wrong = tcp_check(intotcpcb(inp));
			ATF_REQUIRE_MSG(wrong == NULL, "%s", wrong);
			k->kept += intotcpcb(inp)->t_head.hd_gen == V_way_gen;
		}
	}
}

static void
say(struct talk *k, int side, size_t n)
{
	static uint8_t buf[20000];
	struct iovec iov = { buf, n };
	struct uio uio = { &iov, 1, (ssize_t)n, UIO_WRITE };
	size_t done, i;
	int flags = 0;

	for (i = 0; i < n; i++)
		buf[i] = (uint8_t)(n + i);
	ih_enter(host[side]);
	ATF_REQUIRE_EQ(0, kern_send(fds[side], &uio, 0, NULL, &done));
	ATF_REQUIRE_EQ(n, done);
	ih_run(200 * MSEC);
	ih_enter(host[!side]);
	iov = (struct iovec){ buf, n };
	uio = (struct uio){ &iov, 1, (ssize_t)n, UIO_READ };
	ATF_REQUIRE_EQ(0, kern_recv(fds[!side], &uio, &flags, NULL,
	    &done));
	ATF_REQUIRE_EQ(n, done);
	for (i = 0; i < n; i++)
		ATF_REQUIRE_EQ((uint8_t)(n + i), buf[i]);
	ih_run(100 * MSEC);
	check(k);
}

static void
end(struct talk *k)
{
	int i;

	for (i = 0; i < 2; i++) {
		ih_enter(host[i]);
		ATF_REQUIRE_EQ(0, kern_close(fds[i]));
		ih_run(200 * MSEC);
		check(k);
	}
	ih_end();
}

static void
same(int i, const struct frame *a, const struct frame *b)
{
	int at;

	for (at = 0; at < FRAME_MAX && a->b[at] == b->b[at]; at++)
		continue;
	ATF_REQUIRE_MSG(memcmp(a, b, sizeof(*a)) == 0, "frame %d: side %d "
	    "%d, len %u %u, csum %#x %#x at %u %u, headers %u %u %u and %u %u "
	    "%u; byte %d", i, a->side, b->side, a->len, b->len, a->csum_flags,
	    b->csum_flags, a->csum_data, b->csum_data, a->l2hlen, a->l3hlen,
	    a->l4hlen, b->l2hlen, b->l3hlen, b->l4hlen, at);
}

static void
both(void (*talk)(struct talk *))
{
	static struct talk kept, general;
	int i;

	memset(&kept, 0, sizeof(kept));
	memset(&general, 0, sizeof(general));
	general.general = true;
	begin(&kept);
	talk(&kept);
	end(&kept);
	begin(&general);
	talk(&general);
	end(&general);
	ATF_CHECK_MSG(kept.kept > 1, "%d", kept.kept);
	ATF_REQUIRE_EQ(kept.n, general.n);
	for (i = 0; i < kept.n; i++)
		same(i, &kept.f[i], &general.f[i]);
}

/* Lengths around those that are copied at once, in one mbuf, and cut. */
static void
talk_text(struct talk *k)
{
	static const size_t lens[] = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 59,
	    60, 61, 168, 1000, 1447, 1448, 1449, 2896, 2897, 20000 };
	u_int i;

	for (i = 0; i < nitems(lens); i++) {
		say(k, i % 2, lens[i]);
		say(k, i % 3 == 0, lens[i]);
	}
}

ATF_TC_WITHOUT_HEAD(text);
ATF_TC_BODY(text, tc)
{
	both(talk_text);
}

static void
option(int side, int level, int opt, int val)
{
	ih_enter(host[side]);
	ATF_REQUIRE_EQ(0, kern_setsockopt(fds[side], level, opt, &val,
	    sizeof(val)));
}

static void
variable(int side, const char *var, const char *val)
{
	ih_enter(host[side]);
	ih_sysctl(var, val);
}

/* The byte at off of the last frame of side. */
static int
last_byte(const struct talk *k, int side, int off)
{
	int i;

	for (i = k->n - 1; i > 0 && k->f[i].side != side; i--)
		continue;
	return (k->f[i].b[off]);
}

static void
talk_changes(struct talk *k)
{
	const int tos = ETHER_HDR_LEN + 1, off = ETHER_HDR_LEN + 6;
	const int ttl = ETHER_HDR_LEN + 8;
	static const uint8_t other[] = { 2, 0, 0, 0, 0, 0x77 };

	say(k, 0, 10);
	ATF_CHECK_EQ(64, last_byte(k, 0, ttl));
	ATF_CHECK_EQ(0x40, last_byte(k, 0, off));
	option(0, IPPROTO_IP, IP_TOS, 0x20);
	say(k, 0, 10);
	ATF_CHECK_EQ(0x20, last_byte(k, 0, tos));
	variable(0, "net.inet.ip.ttl", "33");
	say(k, 0, 10);
	ATF_CHECK_EQ(33, last_byte(k, 0, ttl));
	option(0, IPPROTO_IP, IP_TTL, 44);
	say(k, 0, 10);
	ATF_CHECK_EQ(44, last_byte(k, 0, ttl));
	variable(0, "net.inet.tcp.path_mtu_discovery", "0");
	say(k, 0, 10);
	ATF_CHECK_EQ(0, last_byte(k, 0, off));
	variable(0, "net.inet.tcp.path_mtu_discovery", "1");
	say(k, 0, 10);
	ATF_CHECK_EQ(0x40, last_byte(k, 0, off));
	option(0, SOL_SOCKET, SO_DONTROUTE, 1);
	say(k, 0, 10);
	ATF_CHECK_EQ(1, last_byte(k, 0, ttl));
	option(0, SOL_SOCKET, SO_DONTROUTE, 0);
	say(k, 0, 10);
	ATF_CHECK_EQ(44, last_byte(k, 0, ttl));
	/* The interface. */
	ih_enter(host[0]);
	ATF_REQUIRE_EQ(0, if_setcap(wire[0], 0));
	say(k, 0, 10);
	ih_enter(host[0]);
	ATF_REQUIRE_EQ(0, if_setcap(wire[0], wire[0]->if_capabilities));
	say(k, 0, 10);
	/* A smaller path, with what was agreed upon. */
	ih_enter(host[0]);
	ATF_REQUIRE_EQ(0, if_setmtu(wire[0], 600));
	say(k, 0, 1448);
	say(k, 0, 10);
	ih_enter(host[0]);
	if_down(wire[0]);
	if_up(wire[0]);
	say(k, 0, 10);
	say(k, 1, 10);
	/* The neighbour: it says so itself. */
	ih_enter(host[1]);
	memcpy(wire[1]->if_lladdr, other, sizeof(other));
	way_gen_bump();
	say(k, 1, 10);
	ATF_CHECK_EQ(0x77, last_byte(k, 1, 11));
}

ATF_TC_WITHOUT_HEAD(changes);
ATF_TC_BODY(changes, tc)
{
	both(talk_changes);
}

/* Two addresses of ours: headers of the one are good whoever was seen last. */
ATF_TC_WITHOUT_HEAD(sources);
ATF_TC_BODY(sources, tc)
{
	const struct in6_addr a = ih_addr("10.0.0.3");
	static struct talk k;
	struct sockaddr_storage ss;
	int fd;

	begin(&k);
	ih_enter(host[0]);
	ih_ifa(wire[0], "10.0.0.3", 24);
	say(&k, 0, 10);
	fd = a_socket(&k, 0);
	memset(&ss, 0, sizeof(ss));
	in_sockaddr_set(&ss, AF_INET, &a, 0, 0);
	ATF_REQUIRE_EQ(0, kern_bind(fd, (struct sockaddr *)&ss));
	(void)kern_connect(fd, name(&ss));
	ih_run(100 * MSEC);
	check(&k);
	say(&k, 0, 10);
	ih_enter(host[0]);
	ATF_REQUIRE_EQ(0, kern_close(fd));
	end(&k);
	ATF_CHECK(k.kept > 1);
}

/* A black hole for large packets that may not be cut: DF goes, and so do the
 * headers. */
ATF_TC_WITHOUT_HEAD(blackhole);
ATF_TC_BODY(blackhole, tc)
{
	static struct talk k;
	static uint8_t buf[1448];
	struct iovec iov = { buf, sizeof(buf) };
	struct uio uio = { &iov, 1, sizeof(buf), UIO_WRITE };
	size_t done;
	int i;

	begin(&k);
	variable(0, "net.inet.tcp.pmtud_blackhole_detection", "1");
	ATF_REQUIRE_EQ(0, kern_send(fds[0], &uio, 0, NULL, &done));
	hole = true;
	for (i = 0; i < 60; i++) {
		ih_run(SEC);
		check(&k);
	}
	hole = false;
	ATF_CHECK_EQ(0, last_byte(&k, 0, ETHER_HDR_LEN + 6));
	end(&k);
}

/* Without time stamps. */
ATF_TC_WITHOUT_HEAD(bare);
ATF_TC_BODY(bare, tc)
{
	stamps = "0";
	both(talk_text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, text);
	ATF_TP_ADD_TC(tp, changes);
	ATF_TP_ADD_TC(tp, sources);
	ATF_TP_ADD_TC(tp, blackhole);
	ATF_TP_ADD_TC(tp, bare);
	return (atf_no_error());
}

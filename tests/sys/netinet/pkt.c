/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host of a packet-level test: its time, its interface, its sockets
 * (see pkt.h).
 *
 * A test ends in its drain: all descriptors are closed, and time passes
 * without a word from the peer until no connection is left.  Then no object
 * may be left either.
 */
#include <stdio.h>

#include <netinet/tcp_loss.h>
#include <netinet/tcp_timewait.h>

#include "pkt_impl.h"

#define	PD_START	(1000 * NS_PER_SEC)
#define	PD_PKTS		8192		/* sent and not looked at */
#define	PD_MEMORY	(32U << 20)	/* bytes of these */
#define	PD_DRAIN	(6 * 3600)	/* seconds until all must be over */
#define	PD_STORM	100000		/* turns without time passing */

static struct pd test;
static struct pd_pkt pkts[PD_PKTS];
static int pkts_first, pkts_n;
static uint8_t memory[PD_MEMORY];
static uint32_t memory_used;

/* ---- The host ---- */

static nstime_t
host_clock(void *arg)
{
	struct pd *t = arg;

	return (t->now);
}

static int64_t
host_epoch(void *arg __unused)
{
	return (0);
}

/* Splitmix64 (Steele, Lea, Flood 2014). */
static void
host_random(void *arg, void *buf, size_t len)
{
	struct pd *t = arg;
	uint8_t *p = buf;
	uint64_t z;

	while (len-- > 0) {
		z = (t->seed += 0x9e3779b97f4a7c15ULL);
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
		z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
		*p++ = (uint8_t)(z >> 40);
	}
}

static void
host_log(void *arg, int level __unused, const char *line)
{
	struct pd *t = arg;

	strlcat(t->log, line, sizeof(t->log));
	strlcat(t->log, "; ", sizeof(t->log));
}

static void
host_wakeup(void *arg __unused, nstime_t when __unused)
{
}

static void
host_proc(void *arg __unused, struct vnet_proc *proc)
{
	*proc = (struct vnet_proc){ .vp_pid = 4711, .vp_uid = 1001,
	    .vp_gid = 1002, .vp_comm = "pd" };
}

static const struct vnet_hostops host_ops = {
	.ho_clock = host_clock, .ho_epoch = host_epoch,
	.ho_random = host_random, .ho_log = host_log,
	.ho_wakeup = host_wakeup, .ho_proc = host_proc
};

/* ---- The interface ---- */

static void
sent_keep(struct pd *t, struct mbuf *m)
{
	uint32_t len = (uint32_t)m->m_pkthdr.len;
	struct pd_pkt *p;

	m_sanity(m);
	ATF_REQUIRE_MSG(m->m_nextpkt == NULL, "a queue was sent as one");
	ATF_REQUIRE_MSG(len <= PD_PKTLEN, "a packet of %u bytes", len);
	ATF_REQUIRE_MSG(pkts_n < PD_PKTS && memory_used + len <= PD_MEMORY,
	    "%d packets are waiting to be looked at", pkts_n);
	p = &pkts[pkts_n++];
	p->time = t->now;
	p->len = len;
	p->off = memory_used;
	memory_used += len;
	m_copydata(m, 0, (int)len, &memory[p->off]);
	m_freem(m);
}

/* As the hardware does: each segment of a large one, then its checksum. */
static int
if_pd_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct pd *t = ifp->if_softc;
	struct mbuf *next;

	if ((m->m_pkthdr.csum_flags & CSUM_TSO) != 0) {
		ATF_REQUIRE_MSG(t->tso, "a large segment was not asked for");
		t->ncut++;
		m = ip_tso_cut(m, false);
		ATF_REQUIRE(m != NULL || t->lossy);
	}
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		if (t->tso)
			in_delayed_cksum(m);
		sent_keep(t, m);
	}
	return (0);
}

static int
if_pd_output(struct ifnet *ifp, struct mbuf *m,
    const struct in6_addr *nexthop, struct route *ro __unused)
{
	struct pd *t = ifp->if_softc;

	ATF_REQUIRE_MSG(IN6_ARE_ADDR_EQUAL(nexthop, &t->peer) ||
	    IN6_ARE_ADDR_EQUAL(nexthop, &t->hop) || in_multicast(nexthop), "a packet for somebody else");
	return (if_enqueue(ifp, m));
}

static void
if_pd_input(struct ifnet *ifp __unused, struct mbuf *m)
{
	if ((*mtod(m, uint8_t *) >> 4) == 4)
		V_ip_netisr(m);
	else
		V_ip6_netisr(m);
}

static void
if_pd_create(struct pd *t)
{
	struct in6_addr a;
	struct ifnet *ifp;

	ATF_REQUIRE((ifp = if_alloc(IFT_OTHER, "pd0")) != NULL);
	ifp->if_softc = t;
	ifp->if_output = if_pd_output;
	ifp->if_transmit = if_pd_transmit;
	ifp->if_input = if_pd_input;
	ifp->if_flags = IFF_POINTOPOINT;
	ifp->if_mtu = t->af == AF_INET ? 1500 : 1520;
	ATF_REQUIRE_EQ(0, if_attach(ifp));
	if_up(ifp);
	ATF_REQUIRE_EQ(1, in_pton("192.0.2.1", &a));
	ATF_REQUIRE_EQ(0, ifa_add(ifp, &a, 24));
	if (t->af == AF_INET)
		t->us = a;
	ATF_REQUIRE_EQ(1, in_pton("2001:db8::1", &a));
	ATF_REQUIRE_EQ(0, ifa_add(ifp, &a, 64));
	if (t->af == AF_INET6)
		t->us = a;
	ATF_REQUIRE_EQ(1, in_pton(t->af == AF_INET ? "192.0.2.2" :
	    "2001:db8::2", &t->peer));
	t->ifp = ifp;
}

/* The len bytes of pkt into the empty chain m, which has room for them, from
 * its first mbuf on. */
static void
if_pd_fill(struct mbuf *m, const uint8_t *pkt, int len)
{
	int part;

	m->m_pkthdr.len = len;
	for (; len > 0; m = m->m_next) {
		part = imin(len, (int)M_TRAILINGSPACE(m));
		memcpy(m->m_data, pkt, (size_t)part);
		m->m_len = part;
		pkt += part;
		len -= part;
	}
}

/* A packet comes. */
static void
if_pd_receive(struct pd *t, const uint8_t *pkt, uint32_t len)
{
	struct vnet *saved;
	struct mbuf *m;

	saved = vnet_enter(t->vnet);
	m = m_getm2(NULL, (int)len, M_NOWAIT, MT_DATA, M_PKTHDR);
	ATF_REQUIRE(m != NULL || t->lossy);
	if (m != NULL) {
		if_pd_fill(m, pkt, (int)len);
		if_input(t->ifp, m);
	}
	vnet_leave(saved);
	if (t->vnet->vnet_depth == 0)
		pd_check(t);
}

/* ---- What was sent ---- */

int
pd_pending(const struct pd *t __unused)
{
	return (pkts_n - pkts_first);
}

void
pd_forget(struct pd *t __unused)
{
	pkts_first = pkts_n = 0;
	memory_used = 0;
}

/* The next packet, or NULL; good until something is sent. */
static const struct pd_pkt *
sent_next(struct pd *t)
{
	const struct pd_pkt *p;

	if (pkts_first == pkts_n)
		return (NULL);
	p = &pkts[pkts_first++];
	if (pkts_first == pkts_n)
		pd_forget(t);
	return (p);
}

static uint64_t
usec_of(const struct pd *t, nstime_t when)
{
	return ((when - t->start) / NS_PER_USEC);
}

static const char *
family(const struct pd *t)
{
	return (t->af == AF_INET ? "IPv4" : "IPv6");
}

/* p as text, headers or not, for complaints. */
static char *
sent_print(const struct pd *t, const struct pd_pkt *p, char *buf)
{
	struct pd_seg sg;
	const char *wrong;

	wrong = pd_seg_read(t, &memory[p->off], p->len, &sg);
	if (wrong == NULL)
		return (pd_seg_print(t, &sg, true, buf));
	snprintf(buf, PD_TEXTLEN, "a packet of %u bytes: %s", p->len, wrong);
	return (buf);
}

void
pd_nothing(struct pd *t, const char *file, int line)
{
	char buf[PD_TEXTLEN];
	const struct pd_pkt *p;

	if ((p = sent_next(t)) != NULL)
		atf_tc_fail("%s:%d: %s: at %ju us: nothing expected, got %s",
		    file, line, family(t), usec_of(t, p->time),
		    sent_print(t, p, buf));
}

/* ---- Time ---- */

/* The state of every connection, after each step. */
void
pd_check(struct pd *t)
{
	struct inpcb *inp;
	const char *wrong;

	CURVNET_SET(t->vnet);
	TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list) {
		wrong = tcp_check(intotcpcb(inp));
		if (wrong != NULL)
			atf_tc_fail("%s: at %ju us: tcp_check: %s",
			    family(t), usec_of(t, t->now), wrong);
	}
	CURVNET_RESTORE();
}

/* Let the host have its turns until `until', or until something is sent. */
static void
run(struct pd *t, nstime_t until, bool stop)
{
	nstime_t next;
	int storm = 0;

	while ((next = vnet_next(t->vnet)) <= until) {
		if (next > t->now)
			storm = 0;
		ATF_REQUIRE_MSG(storm++ < PD_STORM, "timers without end");
		t->now = MAX(t->now, next);
		(void)vnet_run(t->vnet);
		pd_check(t);
		if (stop && pd_pending(t) != 0)
			return;
	}
	t->now = until;
}

void
pd_pass(struct pd *t, uint64_t usec)
{
	run(t, t->now + usec * NS_PER_USEC, false);
}

void
pd_advance(struct pd *t, const char *file, int line, uint64_t usec)
{
	pd_nothing(t, file, line);
	run(t, t->now + usec * NS_PER_USEC, true);
	pd_nothing(t, file, line);
}

/* ---- Segments ---- */

void
pd_inject(struct pd *t, const char *file __unused, int line __unused,
    const char *fmt, ...)
{
	static uint8_t pkt[PD_PKTLEN + 64];
	char text[PD_TEXTLEN];
	struct pd_seg sg;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pd_seg_parse(t, text, false, &sg);
	ATF_REQUIRE_MSG(sg.len <= 65535 - 120, "\"%s\" is too long", text);
	if_pd_receive(t, pkt, pd_seg_build(t, &sg, pkt));
}

void
pd_inject_badsum(struct pd *t, const char *text)
{
	static uint8_t pkt[PD_PKTLEN + 64];
	struct pd_seg sg;
	uint32_t len;

	pd_seg_parse(t, text, false, &sg);
	len = pd_seg_build(t, &sg, pkt);
	pkt[(t->af == AF_INET ? 20 : 40) + 16] ^= 1;
	if_pd_receive(t, pkt, len);
}

/* What the segment promises may not be less than was promised, but for what
 * scaling rounds. */
static const char *
edge_differs(struct pd *t, const struct pd_seg *sg)
{
	const struct tcpcb *tp = pd_tcpcb(t);
	struct pd_conn *c = t->c;
	uint32_t edge;
	int scale = 0;

	if (tp == NULL || (sg->flags & (TH_ACK | TH_RST)) != TH_ACK ||
	    TCPS_HAVERCVDFIN(tp->t_state))
		return (NULL);
	if ((sg->flags & TH_SYN) == 0 &&
	    (tp->t_flags & TF_RCVD_SCALE) != 0)
		scale = tp->rcv_scale;
	edge = sg->ack + ((uint32_t)sg->win << scale);
	if (c->edge_known && SEQ_LT(edge + (1U << scale) - 1, c->edge))
		return ("a window taken back");
	if (!c->edge_known || SEQ_GT(edge, c->edge))
		c->edge = edge;
	c->edge_known = true;
	return (NULL);
}

static void
expect(struct pd *t, const char *file, int line, const char *text, bool now)
{
	char wanted[PD_TEXTLEN], was[PD_TEXTLEN];
	const struct pd_pkt *p;
	struct pd_seg want, got;
	const char *wrong;

	if ((p = sent_next(t)) == NULL)
		atf_tc_fail("%s:%d: %s: at %ju us: expected %s, got nothing",
		    file, line, family(t), usec_of(t, t->now), text);
	wrong = pd_seg_read(t, &memory[p->off], p->len, &got);
	if (wrong == NULL) {
		pd_seg_parse(t, text, true, &want);
		wrong = pd_seg_differs(t, &want, &got, p->time);
	}
	if (wrong == NULL)
		wrong = edge_differs(t, &got);
	if (wrong == NULL && now &&
	    p->time / NS_PER_USEC != t->now / NS_PER_USEC)
		wrong = "time";
	if (wrong == NULL)
		return;
	strlcpy(wanted, text, sizeof(wanted));
	sent_print(t, p, was);
	fprintf(stderr, "%s:%d: %s: %s is wrong\n"
	    "%12ju us: expected %s\n%12ju us: got      %s\n", file, line,
	    family(t), wrong, usec_of(t, t->now), wanted,
	    usec_of(t, p->time), was);
	atf_tc_fail("%s:%d: %s: at %ju us: %s: expected %s, got at %ju us %s",
	    file, line, family(t), usec_of(t, t->now), wrong, wanted,
	    usec_of(t, p->time), was);
}

void
pd_expect(struct pd *t, const char *file, int line, const char *fmt, ...)
{
	char text[PD_TEXTLEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	expect(t, file, line, text, true);
}

void
pd_expect_late(struct pd *t, const char *file, int line, const char *fmt, ...)
{
	char text[PD_TEXTLEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	expect(t, file, line, text, false);
}

void
pd_skip(struct pd *t)
{
	ATF_REQUIRE(sent_next(t) != NULL);
}

uint32_t
pd_take(struct pd *t)
{
	const struct pd_pkt *p;
	struct pd_seg sg;
	const char *wrong;
	uint32_t i, seq;

	ATF_REQUIRE((p = sent_next(t)) != NULL);
	wrong = pd_seg_read(t, &memory[p->off], p->len, &sg);
	ATF_REQUIRE_MSG(wrong == NULL, "%s", wrong);
	seq = sg.seq - t->c->iss;
	for (i = 0; i < sg.len; i++)
		ATF_REQUIRE_EQ(pd_pattern(seq - 1 + i), sg.text[i]);
	return (seq + sg.len);
}

void
pd_expect_in(struct pd *t, const char *file, int line, uint64_t usec,
    const char *fmt, ...)
{
	nstime_t until = t->now + usec * NS_PER_USEC;
	char text[PD_TEXTLEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pd_nothing(t, file, line);
	run(t, until, true);
	if (t->now < until)
		fprintf(stderr, "%s:%d: it came %ju us too early\n", file,
		    line, (uintmax_t)((until - t->now) / NS_PER_USEC));
	t->now = until;
	expect(t, file, line, text, true);
}

/* ---- ICMP ---- */

void
pd_icmp(struct pd *t, uint8_t type, uint8_t code, uint32_t arg, uint32_t seq)
{
	uint8_t pkt[256], quote[128];
	uint32_t hlen, qlen, n, sum;
	bool udp = t->quote_udp != 0;
	uint8_t proto, *p;

	/* Of our packet: the IP header and 20 bytes. */
	qlen = pd_ip_build(t, true, udp ? IPPROTO_UDP : IPPROTO_TCP, 1000, 60,
	    0, quote);
	memset(quote + qlen, 0, 28);
	p = quote + qlen;
	if (udp) {
		p[0] = (uint8_t)(t->udpport >> 8);
		p[1] = (uint8_t)t->udpport;
		p[2] = (uint8_t)(t->quote_udp >> 8);
		p[3] = (uint8_t)t->quote_udp;
		p += 8;
		qlen += 8;
	}
	p[0] = (uint8_t)(t->c->lport >> 8);
	p[1] = (uint8_t)t->c->lport;
	p[2] = (uint8_t)(t->c->fport >> 8);
	p[3] = (uint8_t)t->c->fport;
	seq += t->c->iss;
	p[4] = (uint8_t)(seq >> 24);
	p[5] = (uint8_t)(seq >> 16);
	p[6] = (uint8_t)(seq >> 8);
	p[7] = (uint8_t)seq;
	p[12] = 0x50;
	p[13] = TH_ACK;
	qlen += 20;
	proto = t->af == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	n = 8 + qlen;
	hlen = pd_ip_build(t, false, proto, n, 64, 0, pkt);
	p = pkt + hlen;
	memset(p, 0, 8);
	p[0] = type;
	p[1] = code;
	p[6] = (uint8_t)(arg >> 8);
	p[7] = (uint8_t)arg;
	memcpy(p + 8, quote, qlen);
	sum = t->af == AF_INET ? 0 : pd_pseudo(t, proto, n);
	sum = (uint16_t)~pd_sum(p, n, sum);
	p[2] = (uint8_t)(sum >> 8);
	p[3] = (uint8_t)sum;
	if_pd_receive(t, pkt, hlen + n);
}

void
pd_toobig(struct pd *t, uint32_t mtu, uint32_t seq)
{
	if (t->af == AF_INET)
		pd_icmp(t, ICMP_UNREACH, ICMP_UNREACH_NEEDFRAG, mtu, seq);
	else
		pd_icmp(t, ICMP6_PACKET_TOO_BIG, 0, mtu, seq);
}

/* ---- Connections ---- */

void
pd_renew(struct pd *t)
{
	struct pd_conn *c = t->c;

	c->lport = PD_PORT;
	c->fport = (uint16_t)(PD_PEERPORT + (c - t->conns));
	c->iss = 0;
	c->irs = PD_IRS;
	c->iss_known = c->ts_known = c->edge_known = false;
}

void
pd_use(struct pd *t, int i)
{
	ATF_REQUIRE(i >= 0 && i < PD_CONNS);
	t->c = &t->conns[i];
}

static struct in_conninfo
pd_conninfo(const struct pd *t)
{
	return ((struct in_conninfo){ .inc_faddr = t->peer,
	    .inc_laddr = t->us, .inc_fport = t->c->fport,
	    .inc_lport = t->c->lport });
}

struct tcpcb *
pd_tcpcb(struct pd *t)
{
	struct in_conninfo inc = pd_conninfo(t);
	struct inpcb *inp;

	CURVNET_SET(t->vnet);
	inp = in_pcblookup(&V_tcbinfo, &inc);
	CURVNET_RESTORE();
	return (inp != NULL ? intotcpcb(inp) : NULL);
}

int
pd_state(struct pd *t)
{
	const struct in_conninfo inc = pd_conninfo(t);
	const struct tcpcb *tp = pd_tcpcb(t);
	int state;

	if (tp != NULL)
		return (tp->t_state);
	CURVNET_SET(t->vnet);
	state = tcp_tw_exists(&inc) ? TCPS_TIME_WAIT :
	    tcp_syncache_exists(&inc) ? TCPS_SYN_RECEIVED : GONE;
	CURVNET_RESTORE();
	return (state);
}

struct pd_find {
	struct in_conninfo inc;
	struct tcp_syn	*sy;
};

static int
pd_is_handshake(const struct tcp_syn *sy, uint64_t cursor, void *arg)
{
	struct pd_find *f = arg;

	(void)cursor;
	if (!in_pcbsame(&sy->sy_inc, &f->inc))
		return (0);
	*f->sy = *sy;
	return (1);
}

bool
pd_handshake(struct pd *t, struct tcp_syn *sy)
{
	struct pd_find f = { pd_conninfo(t), sy };
	int found;

	CURVNET_SET(t->vnet);
	found = tcp_syncache_foreach(0, pd_is_handshake, &f);
	CURVNET_RESTORE();
	return (found != 0);
}

int
pd_waiting(struct pd *t)
{
	const struct tseg *q;
	uint32_t n = 0;

	if (pd_tcpcb(t)->t_loss == NULL)
		return (0);
	TAILQ_FOREACH(q, &pd_tcpcb(t)->t_loss->tl_segq, tq_link)
		n += q->tq_end - q->tq_start;
	return ((int)n);
}

void
pd_require_state(struct pd *t, const char *file, int line, int want)
{
	static const char * const names[] = { "gone", "CLOSED", "LISTEN",
	    "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "CLOSE_WAIT",
	    "FIN_WAIT_1", "CLOSING", "LAST_ACK", "FIN_WAIT_2", "TIME_WAIT" };
	int got = pd_state(t);

	if (got != want)
		atf_tc_fail("%s:%d: %s: at %ju us: expected %s, is %s", file,
		    line, family(t), usec_of(t, t->now), names[want + 1],
		    names[got + 1]);
}

/* ---- Requests ---- */

/* Do call inside the host, then look after it. */
#define	REQUEST(t, call) do {						\
	struct vnet *saved_ = vnet_enter((t)->vnet);			\
	call;								\
	vnet_leave(saved_);						\
	if ((t)->vnet->vnet_depth == 0)					\
		pd_check(t);						\
} while (0)

static struct pd_fd *
fd_of(struct pd *t, int fd)
{
	ATF_REQUIRE_MSG(fd >= 0 && fd < PD_FDS, "descriptor %d", fd);
	return (&t->fds[fd]);
}

static int
fd_new(struct pd *t, int fd)
{
	memset(fd_of(t, fd), 0, sizeof(struct pd_fd));
	return (fd);
}

/* A sockaddr of the test's family. */
static struct sockaddr *
name_of(const struct pd *t, const struct in6_addr *a, uint16_t port,
    struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	in_sockaddr_set(ss, t->af, a, port, 0);
	return ((struct sockaddr *)ss);
}

int
pd_socket(struct pd *t)
{
	int error, fd;

	REQUEST(t, error = kern_socket(t->af, SOCK_STREAM, 0, &fd));
	ATF_REQUIRE_EQ(0, error);
	return (fd_new(t, fd));
}

int
pd_bind(struct pd *t, int fd, uint16_t port)
{
	struct sockaddr_storage ss;
	int error;

	REQUEST(t, error = kern_bind(fd, name_of(t, &t->us, port, &ss)));
	return (error);
}

int
pd_listen(struct pd *t, int backlog)
{
	int error, fd = pd_socket(t);

	ATF_REQUIRE_EQ(0, pd_setopt(t, fd, SOL_SOCKET, SO_REUSEADDR, 1));
	ATF_REQUIRE_EQ(0, pd_bind(t, fd, PD_PORT));
	REQUEST(t, error = kern_listen(fd, backlog));
	ATF_REQUIRE_EQ(0, error);
	return (fd);
}

int
pd_accept(struct pd *t, int lfd)
{
	struct sockaddr_storage ss;
	struct in6_addr a;
	uint16_t port;
	int error, fd;

	REQUEST(t, error = kern_accept(lfd, &ss, &fd));
	if (error != 0)
		return (-error);
	ATF_REQUIRE_EQ(0, in_sockaddr_get((struct sockaddr *)&ss, t->af, &a,
	    &port, NULL));
	ATF_REQUIRE_EQ(port, t->c->fport);
	ATF_REQUIRE(IN6_ARE_ADDR_EQUAL(&a, &t->peer));
	return (fd_new(t, fd));
}

int
pd_connect(struct pd *t, int fd)
{
	struct sockaddr_storage ss;
	int error;

	REQUEST(t, error = kern_connect(fd, name_of(t, &t->peer, t->c->fport,
	    &ss)));
	if (error != EINPROGRESS && error != 0)
		return (error);
	REQUEST(t, (void)kern_getsockname(fd, &ss));
	ATF_REQUIRE_EQ(0, in_sockaddr_get((struct sockaddr *)&ss, t->af,
	    NULL, &t->c->lport, NULL));
	return (error);
}

int
pd_close(struct pd *t, int fd)
{
	int error;

	REQUEST(t, error = kern_close(fd));
	return (error);
}

int
pd_shutdown(struct pd *t, int fd, int how)
{
	int error;

	REQUEST(t, error = kern_shutdown(fd, how));
	return (error);
}

static int
send_to(struct pd *t, int fd, size_t n, int flags, struct sockaddr *to)
{
	static uint8_t buf[1 << 20];
	struct iovec iov = { buf, n };
	struct uio uio = { &iov, 1, (ssize_t)n, UIO_WRITE };
	struct pd_fd *f = fd_of(t, fd);
	size_t done, i;
	int error;

	ATF_REQUIRE(n <= sizeof(buf));
	for (i = 0; i < n; i++)
		buf[i] = pd_pattern((uint32_t)(f->sent + i));
	REQUEST(t, error = kern_send(fd, &uio, flags, to, &done));
	if (error != 0)
		return (-error);
	f->sent += done;
	return ((int)done);
}

int
pd_send(struct pd *t, int fd, size_t n, int flags)
{
	return (send_to(t, fd, n, flags, NULL));
}

int
pd_sendto(struct pd *t, int fd, size_t n)
{
	struct sockaddr_storage ss;
	int done;

	done = send_to(t, fd, n, 0, name_of(t, &t->peer, t->c->fport, &ss));
	if (done < 0 && done != -EINPROGRESS)
		return (done);
	REQUEST(t, (void)kern_getsockname(fd, &ss));
	ATF_REQUIRE_EQ(0, in_sockaddr_get((struct sockaddr *)&ss, t->af,
	    NULL, &t->c->lport, NULL));
	return (done);
}

int
pd_recv(struct pd *t, int fd, size_t max, int flags)
{
	static uint8_t buf[1 << 20];
	struct iovec iov = { buf, max };
	struct uio uio = { &iov, 1, (ssize_t)max, UIO_READ };
	struct pd_fd *f = fd_of(t, fd);
	int error, kflags = flags;
	size_t done, i;

	ATF_REQUIRE(max <= sizeof(buf));
	REQUEST(t, error = kern_recv(fd, &uio, &kflags, NULL, &done));
	if (error != 0)
		return (-error);
	for (i = 0; i < done; i++)
		ATF_REQUIRE_MSG(buf[i] == pd_pattern((uint32_t)(f->rcvd + i)),
		    "byte %ju received is wrong", (uintmax_t)(f->rcvd + i));
	if ((flags & MSG_PEEK) == 0)
		f->rcvd += done;
	return ((int)done);
}

int
pd_setopt(struct pd *t, int fd, int level, int name, int val)
{
	int error;

	REQUEST(t, error = kern_setsockopt(fd, level, name, &val,
	    sizeof(val)));
	return (error);
}

void
pd_addblock(struct pd *t, struct tcp_function_block *blk, const char *name)
{
	int error;

	strlcpy(blk->tfb_tcp_block_name, name,
	    sizeof(blk->tfb_tcp_block_name));
	blk->tfb_base = "freebsd";
	REQUEST(t, error = register_tcp_functions(blk, M_WAITOK));
	ATF_REQUIRE_EQ(0, error);
}

int
pd_setblock(struct pd *t, int fd, const char *name)
{
	struct tcp_function_set fs;
	int error;

	memset(&fs, 0, sizeof(fs));
	strlcpy(fs.function_set_name, name, sizeof(fs.function_set_name));
	REQUEST(t, error = kern_setsockopt(fd, IPPROTO_TCP, TCP_FUNCTION_BLK,
	    &fs, sizeof(fs)));
	return (error);
}

int
pd_getopt(struct pd *t, int fd, int level, int name)
{
	size_t len = sizeof(int);
	int error, val = -1;

	REQUEST(t, error = kern_getsockopt(fd, level, name, &val, &len));
	ATF_REQUIRE_EQ(0, error);
	return (val);
}

int
pd_poll(struct pd *t, int fd)
{
	int error, revents;

	REQUEST(t, error = kern_poll(fd, SOPOLL_IN | SOPOLL_OUT | SOPOLL_PRI,
	    &revents));
	ATF_REQUIRE_EQ(0, error);
	return (revents);
}

void
pd_info(struct pd *t, int fd, struct tcp_info *ti)
{
	size_t len = sizeof(*ti);
	int error;

	REQUEST(t, error = kern_getsockopt(fd, IPPROTO_TCP, TCP_INFO, ti,
	    &len));
	ATF_REQUIRE_EQ(0, error);
}

void
pd_linger(struct pd *t, int fd, int onoff, int seconds)
{
	struct linger l = { onoff, seconds };
	int error;

	REQUEST(t, error = kern_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l,
	    sizeof(l)));
	ATF_REQUIRE_EQ(0, error);
}

void
pd_sysctl_text(struct pd *t, const char *name, const char *text)
{
	int error;

	REQUEST(t, error = sysctl_set_string(name, text, false));
	ATF_REQUIRE_EQ_MSG(0, error, "%s=%s: error %d", name, text, error);
}

int
pd_sysctl_get(struct pd *t, const char *name)
{
	size_t len = sizeof(int);
	int error, val = 0;

	REQUEST(t, error = kernel_sysctlbyname(name, &val, &len, NULL, 0));
	ATF_REQUIRE_EQ_MSG(0, error, "%s: error %d", name, error);
	return (val);
}

int
pd_sysctl_try(struct pd *t, const char *name, const char *text)
{
	int error;

	REQUEST(t, error = sysctl_set_string(name, text, false));
	return (error);
}

void
pd_sysctl(struct pd *t, const char *name, int64_t val)
{
	char text[24];

	snprintf(text, sizeof(text), "%jd", (intmax_t)val);
	pd_sysctl_text(t, name, text);
}

void
pd_settso(struct pd *t)
{
	int error;

	t->tso = true;
	t->ifp->if_capabilities = IFCAP_HWCSUM | IFCAP_HWCSUM_IPV6 |
	    IFCAP_TSO;
	REQUEST(t, error = if_setcap(t->ifp, t->ifp->if_capabilities));
	ATF_REQUIRE_EQ(0, error);
}

void
pd_setmtu(struct pd *t, uint32_t mtu)
{
	int error;

	REQUEST(t, error = if_setmtu(t->ifp, mtu));
	ATF_REQUIRE_EQ(0, error);
}

/* ---- Connections made ---- */

/* The options of the peer's SYN. */
static const char *
syn_options(int opts, uint32_t ecr, char *buf, size_t size)
{
	char ts[64];

	snprintf(ts, sizeof(ts), ",TS val 7 ecr %u", ecr);
	snprintf(buf, size, "mss 1460%s%s%s",
	    (opts & PD_WS) != 0 ? ",wscale 7" : "",
	    (opts & PD_SACK) != 0 ? ",sackOK" : "",
	    (opts & PD_TS) != 0 ? ts : "");
	return (buf);
}

int
pd_active(struct pd *t, int opts, uint16_t win)
{
	char o[128];
	int fd;

	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT("S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,"
	    "TS val 100 ecr 0>");
	ADVANCE(PD_RTT);
	INJECT("S. 0:0(0) ack 1 win %u <%s>", win,
	    syn_options(opts, 100, o, sizeof(o)));
	EXPECT(". 1:1(0) ack 1 <...>");
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

int
pd_passive_at(struct pd *t, int lfd, int opts, uint16_t win)
{
	char o[128];
	int fd;

	INJECT("S 0:0(0) win %u <%s>", win,
	    syn_options(opts, 0, o, sizeof(o)));
	EXPECT("S. 0:0(0) ack 1 win 65535 <...>");
	ADVANCE(PD_RTT);
	if ((opts & PD_TS) != 0)
		INJECT(". 1:1(0) ack 1 win %u <nop,nop,TS val 7 ecr 100>",
		    win);
	else
		INJECT(". 1:1(0) ack 1 win %u", win);
	NOTHING();
	STATE(TCPS_ESTABLISHED);
	fd = pd_accept(t, lfd);
	ATF_REQUIRE_MSG(fd >= 0, "accept: error %d", -fd);
	return (fd);
}

int
pd_passive(struct pd *t, int opts, uint16_t win)
{
	int fd, lfd;

	lfd = pd_listen(t, 5);
	fd = pd_passive_at(t, lfd, opts, win);
	OK(pd_close(t, lfd));
	NOTHING();
	return (fd);
}

/* ---- A test ---- */

static void
start(struct pd *t, int af, const struct vnet_tunable *tun)
{
	struct vnet *saved;
	int i;

	memset(t, 0, sizeof(*t));
	pd_forget(t);
	t->af = af;
	t->now = t->start = PD_START;
	t->seed = (uint64_t)af;
	for (i = PD_CONNS - 1; i >= 0; i--) {
		pd_use(t, i);
		pd_renew(t);
	}
	ATF_REQUIRE_EQ_MSG(0, vnet_alloc("us", &host_ops, t, tun,
	    tun != NULL, &t->vnet), "%s", t->log);
	saved = vnet_enter(t->vnet);
	if_pd_create(t);
	vnet_leave(saved);
	pd_forget(t);
}

static int
zone_left(uma_zone_t zone, void *arg)
{
	static const char * const names[] = { "mbuf", "mbuf_cluster",
	    "mbuf_jumbo_page", "mbuf_jumbo_16k", "mbuf_ext_refcnt", "socket",
	    "tcpcb", "tcp_sent", "tcp_reass" };
	struct pd *t = arg;
	size_t i;

	for (i = 0; i < nitems(names); i++)
		if (strcmp(zone->uz_name, names[i]) == 0 &&
		    uma_zone_get_cur(zone) != 0)
			atf_tc_fail("%s: %d of %s left at the end",
			    family(t), uma_zone_get_cur(zone), names[i]);
	return (0);
}

static void
drain(struct pd *t)
{
	struct inpcb *inp;
	int i;

	REQUEST(t, fd_closeall());
	CURVNET_SET(t->vnet);
	for (i = 0; i < PD_DRAIN / 60 && V_tcbinfo.ipi_count != 0; i++) {
		pd_forget(t);
		pd_pass(t, 60 * PD_SEC);
	}
	inp = TAILQ_FIRST(&V_tcbinfo.ipi_list);
	ATF_REQUIRE_MSG(inp == NULL, "%s: a connection never ends (state %d)",
	    family(t), intotcpcb(inp)->t_state);
	(void)uma_zone_foreach(zone_left, t);
	CURVNET_RESTORE();
	pd_forget(t);
}

static void
end(struct pd *t)
{
	pd_nothing(t, "at the end", 0);
	if (!t->ended)
		drain(t);
	pd_forget(t);
	vnet_destroy(t->vnet);
	ATF_REQUIRE_MSG(strstr(t->log, "never freed") == NULL, "%s: %s",
	    family(t), t->log);
}

void
pd_run(void (*func)(struct pd *), int first, int last)
{
	struct pd *t = &test;

	start(t, first, NULL);
	func(t);
	end(t);
	if (last == first)
		return;
	start(t, last, NULL);
	func(t);
	end(t);
}

void
pd_restart(struct pd *t, const char *name, const char *value)
{
	struct vnet_tunable tun = { name, value };
	int af = t->af;

	end(t);
	start(t, af, &tun);
}

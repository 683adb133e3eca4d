/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* See ip_host.h. */
#include <stdio.h>

#include "ip_host.h"

#define	HOSTS_MAX	8
#define	WIRES_MAX	16
#define	FRAMES_MAX	256

struct host {
	struct vnet	*h_vnet;
	uint64_t	h_seed;
	struct ulp	h_ulp;
	char		h_log[256];
};

/* A frame that waits for the test to look at it. */
struct wire {
	struct ifnet	*w_ifp;
	struct pkt	*w_frames[FRAMES_MAX];
	int		w_head, w_n;
};

static struct host hosts[HOSTS_MAX];
static struct wire wires[WIRES_MAX];
static int nhosts, nwires;
static nstime_t now = 1000 * SEC;
static struct pkt shown;		/* the frame ih_sent() returned */

uint64_t
ih_random(uint64_t *seed)
{
	uint64_t z;

	z = (*seed += 0x9e3779b97f4a7c15ULL);
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31);
}

static nstime_t
host_clock(void *arg __unused)
{
	return (now);
}

static int64_t
host_epoch(void *arg __unused)
{
	return (0);
}

static void
host_random(void *arg, void *buf, size_t len)
{
	struct host *h = arg;
	uint8_t *p = buf;

	while (len-- > 0)
		*p++ = (uint8_t)ih_random(&h->h_seed);
}

static void
host_log(void *arg, int level __unused, const char *line)
{
	struct host *h = arg;

	strlcpy(h->h_log, line, sizeof(h->h_log));
}

static void
host_wakeup(void *arg __unused, nstime_t when __unused)
{
}

static const struct vnet_hostops host_ops = {
	.ho_clock = host_clock, .ho_epoch = host_epoch,
	.ho_random = host_random, .ho_log = host_log,
	.ho_wakeup = host_wakeup
};

static struct host *
this_host(void)
{
	return (curvnet->vnet_arg);
}

static void
ulp_input(struct mbuf *m, const struct ip_info *ii)
{
	struct ulp *u = &this_host()->h_ulp;
	struct ifnet *ifp;

	m_sanity(m);
	/* It came by an interface that is there. */
	ATF_REQUIRE(m->m_pkthdr.rcvif != NULL);
	TAILQ_FOREACH(ifp, &V_ifnet, if_link)
		if (ifp == m->m_pkthdr.rcvif)
			break;
	ATF_REQUIRE(ifp != NULL);
	u->n++;
	u->ii = *ii;
	u->contig = m->m_len;
	u->csum_flags = m->m_pkthdr.csum_flags;
	u->p.len = (uint32_t)m->m_pkthdr.len;
	m_copydata(m, 0, m->m_pkthdr.len, u->p.b);
	m_freem(m);
}

static void
ulp_ctlinput(const struct ip_icmperr *ie)
{
	struct ulp *u = &this_host()->h_ulp;

	u->nerr++;
	u->err = *ie;
	ATF_REQUIRE(ie->ie_ulplen <= sizeof(u->err_ulp));
	memcpy(u->err_ulp, ie->ie_ulp, ie->ie_ulplen);
}

static const struct ip_proto ulp_proto = {
	.ipp_input = ulp_input, .ipp_ctlinput = ulp_ctlinput
};

struct ulp *
ih_ulp(void)
{
	return (&this_host()->h_ulp);
}

struct vnet *
ih_host(const char *name)
{
	struct host *h;

	ATF_REQUIRE(nhosts < HOSTS_MAX);
	h = &hosts[nhosts++];
	memset(h, 0, sizeof(*h));
	h->h_seed = (uint64_t)nhosts;
	ATF_REQUIRE_EQ(0, vnet_alloc(name, &host_ops, h, NULL, 0,
	    &h->h_vnet));
	ih_enter(h->h_vnet);
	ATF_REQUIRE_EQ(0, ip_proto_register(PROTO_TEST, &ulp_proto));
	return (h->h_vnet);
}

void
ih_enter(struct vnet *vnet)
{
	if (curvnet != NULL)
		vnet_leave(NULL);
	if (vnet != NULL)
		(void)vnet_enter(vnet);
}

static void
wires_end(void)
{
	struct wire *w;
	int i;

	for (w = wires; w < &wires[nwires]; w++)
		for (i = 0; i < w->w_n; i++)
			free(w->w_frames[(w->w_head + i) % FRAMES_MAX],
			    M_TEMP);
	nwires = 0;
}

void
ih_end(void)
{
	int i;

	if (nhosts > 0)
		ih_enter(hosts[0].h_vnet);
	wires_end();
	ih_enter(NULL);
	for (i = 0; i < nhosts; i++)
		vnet_destroy(hosts[i].h_vnet);
	nhosts = 0;
}

/* The host whose turn is next, and when; NULL: nobody wants one. */
static struct vnet *
next_turn(nstime_t *when)
{
	struct vnet *next;
	nstime_t t;
	int i;

	next = NULL;
	*when = UINT64_MAX;
	for (i = 0; i < nhosts; i++) {
		t = vnet_next(hosts[i].h_vnet);
		if (t < *when) {
			*when = t;
			next = hosts[i].h_vnet;
		}
	}
	return (next);
}

void
ih_run(nstime_t ns)
{
	struct vnet *current, *next;
	nstime_t end, when;

	current = curvnet;
	ih_enter(NULL);
	end = now + ns;
	while ((next = next_turn(&when)) != NULL && when <= end) {
		now = MAX(now, when);
		(void)vnet_run(next);
	}
	now = end;
	ih_enter(current);
}

nstime_t
ih_now(void)
{
	return (now);
}

int
ih_mbufs(void)
{
	const struct mbuf_pool *p = curvnet->vnet_mbufs;

	return (uma_zone_get_cur(p->mp_mbuf) +
	    uma_zone_get_cur(p->mp_cluster) + uma_zone_get_cur(p->mp_jumbop) +
	    uma_zone_get_cur(p->mp_jumbo16));
}

void
ih_sysctl(const char *name, const char *value)
{
	ATF_REQUIRE_EQ_MSG(0, sysctl_set_string(name, value, false), "%s",
	    name);
}

const char *
ih_logged(void)
{
	struct host *h = this_host();
	static char line[sizeof(h->h_log)];

	memcpy(line, h->h_log, sizeof(line));
	h->h_log[0] = '\0';
	return (line);
}

static int
wire_transmit(struct ifnet *ifp, struct mbuf *m)
{
	struct wire *w = ifp->if_softc;
	struct pkt *f;

	m_sanity(m);
	ATF_REQUIRE(w->w_n < FRAMES_MAX);
	ATF_REQUIRE(m->m_pkthdr.len <= (int)sizeof(f->b));
	f = malloc(sizeof(*f), M_TEMP, M_NOWAIT);
	ATF_REQUIRE(f != NULL);
	f->len = (uint32_t)m->m_pkthdr.len;
	f->csum_flags = m->m_pkthdr.csum_flags;
	f->segsz = m->m_pkthdr.tso_segsz;
	f->time = now;
	m_copydata(m, 0, m->m_pkthdr.len, f->b);
	m_freem(m);
	w->w_frames[(w->w_head + w->w_n++) % FRAMES_MAX] = f;
	return (0);
}

struct ifnet *
ih_wire(const char *name, uint8_t id)
{
	const uint8_t lladdr[ETHER_ADDR_LEN] = { 0x02, 0, 0, 0, 0, id };
	struct ifnet *ifp;
	struct wire *w;

	ATF_REQUIRE(nwires < WIRES_MAX);
	w = &wires[nwires++];
	memset(w, 0, sizeof(*w));
	ifp = if_alloc(IFT_ETHER, name);
	ATF_REQUIRE(ifp != NULL);
	ifp->if_transmit = wire_transmit;
	ifp->if_softc = w;
	ifp->if_capabilities = IFCAP_HWCSUM | IFCAP_HWCSUM_IPV6 | IFCAP_TSO;
	ATF_REQUIRE_EQ(0, ether_ifattach(ifp, lladdr));
	if_up(ifp);
	w->w_ifp = ifp;
	return (ifp);
}

struct in6_addr
ih_addr(const char *text)
{
	struct in6_addr a;

	ATF_REQUIRE_MSG(in_pton(text, &a) == 1, "%s", text);
	return (a);
}

void
ih_ifa(struct ifnet *ifp, const char *addr, int plen)
{
	const struct in6_addr a = ih_addr(addr);

	ATF_REQUIRE_EQ(0, ifa_add(ifp, &a, plen));
}

void
ih_route(const char *addr, int plen, const char *gw, struct ifnet *ifp)
{
	struct in6_addr a = ih_addr(addr), g;

	if (gw != NULL)
		g = ih_addr(gw);
	ATF_REQUIRE_EQ(0, rt_add(&a, plen, gw != NULL ? &g : NULL, ifp,
	    RTF_STATIC, 0));
}

const struct pkt *
ih_sent(struct ifnet *ifp)
{
	struct wire *w = ifp->if_softc;
	struct pkt *f;

	if (w->w_n == 0)
		return (NULL);
	f = w->w_frames[w->w_head];
	w->w_head = (w->w_head + 1) % FRAMES_MAX;
	w->w_n--;
	shown.len = f->len;
	shown.csum_flags = f->csum_flags;
	shown.segsz = f->segsz;
	shown.time = f->time;
	memcpy(shown.b, f->b, f->len);
	free(f, M_TEMP);
	return (&shown);
}

static void
pkt_show(const char *what, const struct pkt *p)
{
	uint32_t i;

	fprintf(stderr, "%s, %u bytes:", what, p->len);
	for (i = 0; i < p->len && i < 256; i++)
		fprintf(stderr, "%s%02x", i % 16 == 0 ? "\n\t" :
		    i % 2 == 0 ? " " : "", p->b[i]);
	fprintf(stderr, "\n");
}

void
ih_quiet(struct ifnet *ifp)
{
	const struct pkt *f;

	while ((f = ih_sent(ifp)) != NULL) {
		pkt_show("sent", f);
		atf_tc_fail_nonfatal("a frame that was not expected");
	}
}

void
ih_arrive_pieces(struct ifnet *ifp, const struct pkt *frame, int piece,
    int off)
{
	struct mbuf *first, *m, **tail;
	int left, n;

	first = NULL;
	tail = &first;
	for (left = (int)frame->len; left > 0 || first == NULL; left -= n) {
		n = MIN(left, piece);
		m = first == NULL ? m_getjcl(M_NOWAIT, MT_DATA, M_PKTHDR,
		    MJUM16BYTES) : m_getcl(M_NOWAIT, MT_DATA, 0);
		ATF_REQUIRE(m != NULL);
		n = MIN(n, M_SIZE(m) - 64);
		m->m_data += first == NULL ? 48 + off : 1;
		m->m_len = n;
		memcpy(m->m_data, frame->b + frame->len - left, (size_t)n);
		*tail = m;
		tail = &m->m_next;
	}
	first->m_pkthdr.len = (int)frame->len;
	m_sanity(first);
	if_input(ifp, first);
}

void
ih_arrive(struct ifnet *ifp, const struct pkt *frame)
{
	/* So that the IP header is aligned, as drivers have it. */
	ih_arrive_pieces(ifp, frame, 65536, 2);
}

void
ih_frame(struct pkt *p, uint8_t to, uint8_t from, uint16_t type)
{
	memmove(p->b + ETHER_HDR_LEN, p->b, p->len);
	memset(p->b, 0, ETHER_HDR_LEN);
	if (to == 0xff)
		memset(p->b, 0xff, ETHER_ADDR_LEN);
	else {
		p->b[0] = 0x02;
		p->b[5] = to;
	}
	p->b[6] = 0x02;
	p->b[11] = from;
	p->b[12] = (uint8_t)(type >> 8);
	p->b[13] = (uint8_t)type;
	p->len += ETHER_HDR_LEN;
}

void
ih_arrive_ip(struct ifnet *ifp, const struct pkt *p, uint8_t from)
{
	static struct pkt f;

	f.len = p->len;
	memcpy(f.b, p->b, p->len);
	ih_frame(&f, ifp->if_lladdr[5], from, (p->b[0] >> 4) == 6 ?
	    ETHERTYPE_IPV6 : ETHERTYPE_IP);
	ih_arrive(ifp, &f);
}

void
ih_neighbour(struct ifnet *ifp, const char *addr, uint8_t id)
{
	const struct in6_addr a = ih_addr(addr);
	static struct pkt f;
	const struct ifaddr *ifa;

	ifa = ifa_source(ifp, &a);
	ATF_REQUIRE(ifa != NULL);
	if (IN6_IS_ADDR_V4MAPPED(&a)) {
		/* It asks for us. */
		pkt_hex(&f, "0001 0800 06 04 0001 020000000000 00000000"
		    "000000000000 00000000");
		f.b[13] = id;
		memcpy(&f.b[14], &a.s6_addr[12], 4);
		memcpy(&f.b[24], &ifa->ifa_addr.s6_addr[12], 4);
		ih_frame(&f, 0xff, id, ETHERTYPE_ARP);
		ih_arrive(ifp, &f);
		ATF_REQUIRE(ih_sent(ifp) != NULL);
		return;
	}
	/* It answers a question that we have. */
	ATF_REQUIRE_EQ(0, ih_send(in_ntop(&ifa->ifa_addr, (char[64]){ 0 },
	    64), addr, 8, 0, NULL));
	ATF_REQUIRE(ih_sent(ifp) != NULL);
	pkt_ip(&f, addr, in_ntop(&ifa->ifa_addr, (char[64]){ 0 }, 64),
	    IPPROTO_ICMPV6);
	f.b[7] = 255;
	memset(f.b + 40, 0, 32);
	f.b[40] = ND_NEIGHBOR_ADVERT;
	f.b[44] = 0x60;
	memcpy(f.b + 48, a.s6_addr, 16);
	f.b[64] = ND_OPT_TARGET_LINKADDR;
	f.b[65] = 1;
	f.b[66] = 0x02;
	f.b[71] = id;
	f.len = 72;
	pkt_end(&f);
	pkt_ulp_sum(&f, 40, 42, IPPROTO_ICMPV6);
	ih_arrive_ip(ifp, &f, id);
	ATF_REQUIRE_MSG(ih_sent(ifp) != NULL, "%s was not learnt", addr);
}

uint16_t
pkt_sum(const void *p, size_t len, uint32_t sum)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < len; i++)
		sum += (uint32_t)(i % 2 == 0 ? b[i] << 8 : b[i]);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ((uint16_t)sum);
}

void
pkt_hex(struct pkt *p, const char *hex)
{
	unsigned byte;

	p->len = 0;
	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		ATF_REQUIRE(sscanf(hex, "%2x", &byte) == 1);
		p->b[p->len++] = (uint8_t)byte;
		hex++;
	}
}

void
pkt_fill(struct pkt *p, uint32_t len, uint8_t seed)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p->b[p->len++] = (uint8_t)(seed + i + i / 251);
}

static void
put16(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

static void
put32(uint8_t *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b + 2, v);
}

void
pkt_ip(struct pkt *p, const char *src, const char *dst, uint8_t proto)
{
	const struct in6_addr s = ih_addr(src), d = ih_addr(dst);

	memset(p->b, 0, 40);
	if (IN6_IS_ADDR_V4MAPPED(&s)) {
		p->b[0] = 0x45;
		p->b[8] = 64;
		p->b[9] = proto;
		memcpy(&p->b[12], &s.s6_addr[12], 4);
		memcpy(&p->b[16], &d.s6_addr[12], 4);
		p->len = 20;
	} else {
		p->b[0] = 0x60;
		p->b[6] = proto;
		p->b[7] = 64;
		memcpy(&p->b[8], s.s6_addr, 16);
		memcpy(&p->b[24], d.s6_addr, 16);
		p->len = 40;
	}
}

void
pkt_end(struct pkt *p)
{
	if ((p->b[0] >> 4) == 6) {
		put16(&p->b[4], p->len - 40);
		return;
	}
	put16(&p->b[2], p->len);
	put16(&p->b[10], 0);
	put16(&p->b[10], (uint16_t)~pkt_sum(p->b, (p->b[0] & 0xf) * 4u, 0));
}

void
pkt_ulp_sum(struct pkt *p, uint32_t ulp, uint32_t off, uint8_t proto)
{
	uint32_t sum;

	sum = 0;
	if (proto != IPPROTO_ICMP) {
		sum = (p->b[0] >> 4) == 6 ? pkt_sum(&p->b[8], 32, 0) :
		    pkt_sum(&p->b[12], 8, 0);
		sum += p->len - ulp + proto;
	}
	put16(&p->b[off], 0);
	put16(&p->b[off], (uint16_t)~pkt_sum(&p->b[ulp], p->len - ulp, sum));
}

void
pkt_fragment(const struct pkt *p, struct pkt *f, uint32_t id, uint32_t off,
    uint32_t len, bool more)
{
	uint32_t hlen;
	bool v6;

	v6 = (p->b[0] >> 4) == 6;
	hlen = v6 ? 40 : 20;
	ATF_REQUIRE(off + len + hlen <= p->len);
	memcpy(f->b, p->b, hlen);
	if (v6) {
		f->b[6] = IPPROTO_FRAGMENT;
		f->b[40] = p->b[6];
		f->b[41] = 0;
		put16(&f->b[42], off | (more ? 1 : 0));
		put32(&f->b[44], id);
		memcpy(&f->b[48], &p->b[40 + off], len);
		f->len = 48 + len;
	} else {
		put16(&f->b[4], id);
		put16(&f->b[6], off / 8 | (more ? IP_MF : 0));
		memcpy(&f->b[20], &p->b[20 + off], len);
		f->len = 20 + len;
	}
	pkt_end(f);
}

void
pkt_equal(const struct pkt *want, const struct pkt *got, const char *file,
    int line)
{
	if (got != NULL && want->len == got->len &&
	    memcmp(want->b, got->b, want->len) == 0)
		return;
	pkt_show("expected", want);
	if (got != NULL)
		pkt_show("got", got);
	atf_tc_fail("%s:%d: %s", file, line, got != NULL ? "another packet" :
	    "no packet");
}

void
pkt_sent(struct ifnet *ifp, const struct pkt *want, uint8_t to,
    const char *file, int line)
{
	static struct pkt f;

	f.len = want->len;
	memcpy(f.b, want->b, want->len);
	ih_frame(&f, to, ifp->if_lladdr[5], (want->b[0] >> 4) == 6 ?
	    ETHERTYPE_IPV6 : ETHERTYPE_IP);
	pkt_equal(&f, ih_sent(ifp), file, line);
}

struct mbuf *
ih_data(uint32_t len)
{
	static struct pkt p;
	struct mbuf *m;

	p.len = 0;
	pkt_fill(&p, len, 1);
	m = m_gethdr(M_NOWAIT, MT_DATA);
	ATF_REQUIRE(m != NULL);
	m->m_data += max_hdr;
	ATF_REQUIRE_EQ(0, m_copyback(m, 0, (int)len, p.b));
	return (m);
}

int
ih_send_mbuf(struct mbuf *m, const char *src, const char *dst, uint8_t flags,
    struct route *ro)
{
	struct ip_output_args ioa = { 0 };

	ioa.ioa_src = ih_addr(src);
	ioa.ioa_dst = ih_addr(dst);
	ioa.ioa_proto = PROTO_TEST;
	ioa.ioa_flags = flags;
	ioa.ioa_ro = ro;
	return (ip_send(m, &ioa));
}

int
ih_send(const char *src, const char *dst, uint32_t len, uint8_t flags,
    struct route *ro)
{
	return (ih_send_mbuf(ih_data(len), src, dst, flags, ro));
}

void
ih_send_expect(struct pkt *p, const char *src, const char *dst, uint32_t len,
    uint8_t flags)
{
	pkt_ip(p, src, dst, PROTO_TEST);
	if ((p->b[0] >> 4) == 4 && (flags & IOA_DF) != 0)
		p->b[6] = IP_DF >> 8;
	pkt_fill(p, len, 1);
	pkt_end(p);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The SYN cache: connections that a peer has begun and not completed
 * (RFC 9293, SYN-RECEIVED; RFC 4987, 3.4).
 *
 *	SYN --> entry, SYN-ACK --- ACK ---> a connection (tcp_listen.c)
 *	          |   ^ SYN-ACK again after 1, 2, 4 s
 *	          +---+--- after rexmtlimit of them, a reset, or ICMP errors
 *	                   that last ---> gone
 *
 * An entry takes 112 bytes. It lies in one of hashsize buckets, by a keyed
 * hash, and in the queue of those whose SYN-ACK went equally often: of one
 * queue all wait equally long, so it is in the order of its ends, and one
 * callout serves all queues.
 *
 * Bounds: bucketlimit in each bucket, cachelimit in all.  A SYN beyond them
 * begins a pause, if cookies may be used (syncookies): what is here stays, and
 * to this SYN and those that follow the answer is a cookie, of which nothing
 * is kept.  The pause lasts for 15 s, and twice as long each time that it
 * begins again soon.  Cookies are looked for as long as there can be such.
 * Without cookies the bucket's oldest goes.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <vm/uma.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip_options.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_output_impl.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

MALLOC_DEFINE(M_SYNCACHE, "syncache", "TCP SYN cache");

struct syncache {
	SLIST_ENTRY(syncache) sc_hash;	/* of a bucket, the newest first */
	TAILQ_ENTRY(syncache) sc_queue;
	struct tcp_syn	sc_syn;
};
CTASSERT(sizeof(struct syncache) <= 112);

struct syncache_bucket {
	SLIST_HEAD(, syncache) sch_entries;
	uint32_t	sch_length;
	uint32_t	sch_overflow;	/* last, seconds of time_uptime; 0 no */
};

#define	SC_QUEUES	(TCP_MAXRXTSHIFT + 1)
#define	SC_PAUSE	(15 * NS_PER_SEC)	/* a cookie's life, at least */
#define	SC_BACKOFFMAX	6
#define	SC_LONGEST	(1800 * NS_PER_SEC)	/* in us fits an int32_t */
#define	SC_HASHMAX	(1U << 24)
#define	SC_CHALLENGES	15	/* that an entry can count */

struct syncache_head {
	struct syncache_bucket *h_buckets; /* NULL: none was needed yet */
	uint32_t	h_mask;
	int		h_count;
	TAILQ_HEAD(, syncache) h_queue[SC_QUEUES];
	struct callout	h_callout;
	int		h_easy;		/* with fewer entries, one more needs
					 * room in its bucket alone */
	nstime_t	h_pause_end;	/* cookies alone until then */
	u_int		h_backoff;
};
VNET_DEFINE_STATIC(struct syncache_head, syncache);
VNET_DEFINE_STATIC(uma_zone_t, syncache_zone);
#define	V_syncache	VNET(syncache)
#define	V_syncache_zone	VNET(syncache_zone)

/* ---- Variables ---- */

SYSCTL_NODE(_net_inet_tcp, OID_AUTO, syncache, CTLFLAG_RW, NULL,
    "Handshakes begun by peers");
VNET_DEFINE_STATIC(u_int, sc_hashsize) = 512;
VNET_DEFINE_STATIC(u_int, sc_bucketlimit) = 30;
VNET_DEFINE_STATIC(u_int, sc_cachelimit) = 15360;
VNET_DEFINE_STATIC(u_int, sc_rexmtlimit) = 3;
VNET_DEFINE_STATIC(int, sc_rst_on_sock_fail) = 1;
VNET_DEFINE_STATIC(int, syncookies) = 1;
VNET_DEFINE_STATIC(int, syncookies_only) = 0;
#define	V_sc_hashsize		VNET(sc_hashsize)
#define	V_sc_bucketlimit	VNET(sc_bucketlimit)
#define	V_sc_cachelimit		VNET(sc_cachelimit)
#define	V_sc_rexmtlimit		VNET(sc_rexmtlimit)
#define	V_sc_rst_on_sock_fail	VNET(sc_rst_on_sock_fail)
#define	V_syncookies		VNET(syncookies)
#define	V_syncookies_only	VNET(syncookies_only)

SYSCTL_UINT(_net_inet_tcp_syncache, OID_AUTO, hashsize,
    CTLFLAG_VNET | CTLFLAG_RDTUN, &VNET_NAME(sc_hashsize), 0,
    "Buckets, a power of two");
SYSCTL_UINT(_net_inet_tcp_syncache, OID_AUTO, bucketlimit,
    CTLFLAG_VNET | CTLFLAG_RDTUN, &VNET_NAME(sc_bucketlimit), 0,
    "Handshakes in one bucket at most");
SYSCTL_UINT(_net_inet_tcp_syncache, OID_AUTO, cachelimit,
    CTLFLAG_VNET | CTLFLAG_RDTUN, &VNET_NAME(sc_cachelimit), 0,
    "Handshakes at most");
SYSCTL_INT(_net_inet_tcp_syncache, OID_AUTO, count,
    CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(syncache).h_count, 0,
    "Handshakes now");
SYSCTL_INT(_net_inet_tcp_syncache, OID_AUTO, rst_on_sock_fail,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(sc_rst_on_sock_fail), 0,
    "Reset a handshake that is completed when the listener's queue is full");
SYSCTL_INT(_net_inet_tcp, OID_AUTO, syncookies, CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(syncookies), 0,
    "Answer by cookies when the cache is full");
static int
sysctl_syncookies_only(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	V_syncache.h_easy = 0;
	return (sysctl_handle_int(oidp, &V_syncookies_only, 0, req));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, syncookies_only,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_syncookies_only,
    "I", "Keep nothing, and rely on cookies always");

static int
sysctl_rexmtlimit(SYSCTL_HANDLER_ARGS)
{
	(void)arg1;
	(void)arg2;
	return (sysctl_uint_range(oidp, req, &V_sc_rexmtlimit, 0,
	    TCP_MAXRXTSHIFT));
}
SYSCTL_PROC(_net_inet_tcp_syncache, OID_AUTO, rexmtlimit,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_rexmtlimit,
    "IU", "SYN-ACKs that are sent again before a handshake is given up");

/* ---- Entries ---- */

static uint32_t
sc_now(void)
{
	return ((uint32_t)(getnstime() / NS_PER_USEC));
}

/* Until a SYN-ACK that went again so often goes once more, in us. */
static uint32_t
sc_interval(u_int rexmits)
{
	return ((uint32_t)(u64min(V_tcp_rexmit_initial <<
	    imin((int)rexmits, 9), MIN(V_tcp_rexmit_max, SC_LONGEST)) /
	    NS_PER_USEC));
}

static bool
sc_makebuckets(void)
{
	uint32_t n = V_sc_hashsize;

	if (V_syncache.h_buckets != NULL)
		return (true);
	if (n == 0 || n > SC_HASHMAX || !powerof2(n))
		n = V_sc_hashsize = 512;
	V_syncache.h_buckets = mallocarray(n, sizeof(struct syncache_bucket),
	    M_SYNCACHE, M_NOWAIT | M_ZERO);
	V_syncache.h_mask = n - 1;
	return (V_syncache.h_buckets != NULL);
}

static struct syncache_bucket *
sc_bucket(uint32_t hash)
{
	return (&V_syncache.h_buckets[hash & V_syncache.h_mask]);
}

static struct syncache *
sc_find_hash(const struct in_conninfo *inc, uint32_t hash)
{
	struct syncache *sc;

	if (V_syncache.h_count == 0)
		return (NULL);
	SLIST_FOREACH(sc, &sc_bucket(hash)->sch_entries, sc_hash)
		if (in_pcbsame(&sc->sc_syn.sy_inc, inc))
			return (sc);
	return (NULL);
}

static struct syncache *
sc_find(const struct in_conninfo *inc)
{
	return (sc_find_hash(inc, in_pcbhash(&V_tcbinfo, inc)));
}

/* Its hash is known. */
static void
sc_free_hash(struct syncache *sc, uint32_t hash)
{
	struct syncache_head *h = &V_syncache;
	struct syncache_bucket *sch = &h->h_buckets[hash & h->h_mask];

	SLIST_REMOVE(&sch->sch_entries, sc, syncache, sc_hash);
	sch->sch_length--;
	TAILQ_REMOVE(&h->h_queue[SY_REXMITS(&sc->sc_syn)], sc, sc_queue);
	h->h_count--;
	TCPSTATES_DEC(TCPS_SYN_RECEIVED);
	if (sc->sc_syn.sy_ipopts != NULL)
		m_freem(sc->sc_syn.sy_ipopts);
	uma_zfree(V_syncache_zone, sc);
}

static void
sc_free(struct syncache *sc)
{
	sc_free_hash(sc, in_pcbhash(&V_tcbinfo, &sc->sc_syn.sy_inc));
}

/* The entry of sy. */
static struct syncache *
sc_of(struct tcp_syn *sy)
{
	return (__containerof(sy, struct syncache, sc_syn));
}

/* Until sc's SYN-ACK goes again, in us; less than 0: that was due. */
static int32_t
sc_left(const struct syncache *sc)
{
	return ((int32_t)(sc->sc_syn.sy_when +
	    sc_interval(SY_REXMITS(&sc->sc_syn)) - sc_now()));
}

static void	sc_timer(void *arg);

/* The callout fires when the first of any queue is due. */
static void
sc_arm(void)
{
	const struct syncache *sc;
	int32_t least = INT32_MAX;
	u_int i;

	for (i = 0; i < SC_QUEUES; i++)
		if ((sc = TAILQ_FIRST(&V_syncache.h_queue[i])) != NULL)
			least = imin(least, imax(sc_left(sc), 0));
	if (least != INT32_MAX)
		(void)callout_reset_at(&V_syncache.h_callout,
		    (getnstime() / NS_PER_USEC + (nstime_t)least) *
		    NS_PER_USEC, sc_timer, NULL);
}

/* To the end of its queue. */
static void
sc_wait(struct syncache *sc)
{
	sc->sc_syn.sy_when = sc_now();
	TAILQ_INSERT_TAIL(&V_syncache.h_queue[SY_REXMITS(&sc->sc_syn)], sc,
	    sc_queue);
}

/* ---- The SYN-ACK ---- */

static uint8_t
put16(uint8_t *p, uint8_t kind, uint16_t v)
{
	p[0] = kind;
	p[1] = 2 + sizeof(v);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return (2 + sizeof(v));
}

/* As opt_linux_syn() of tcp_plan.c. */
static void
sc_linux_options(const struct tcp_syn *sy, struct tcp_bare *tb)
{
	uint8_t *opt = tb->tb_opt, n;

	n = put16(opt, TCPOPT_MAXSEG, sy->sy_mss);
	if ((sy->sy_flags & (SYF_SACK | SYF_TSTMP)) == SYF_SACK) {
		opt[n++] = TCPOPT_NOP;
		opt[n++] = TCPOPT_NOP;
	}
	if ((sy->sy_flags & SYF_SACK) != 0) {
		opt[n++] = TCPOPT_SACK_PERMITTED;
		opt[n++] = TCPOLEN_SACK_PERMITTED;
	}
	tb->tb_optlen = n;
	if ((sy->sy_flags & SYF_TSTMP) != 0)
		tcp_bare_timestamp(tb, tcp_ts_getticks() +
		    sy->sy_tsoff, sy->sy_tsrecent);
	if ((sy->sy_flags & SYF_SCALE) != 0) {
		n = tb->tb_optlen;
		opt[n++] = TCPOPT_NOP;
		opt[n++] = TCPOPT_WINDOW;
		opt[n++] = TCPOLEN_WINDOW;
		opt[n++] = sy->sy_scales & 0xf;
		tb->tb_optlen = n;
	}
}

static void
sc_own_options(const struct tcp_syn *sy, struct tcp_bare *tb)
{
	uint8_t *opt = tb->tb_opt, n;

	n = put16(opt, TCPOPT_MAXSEG, sy->sy_mss);
	if ((sy->sy_flags & SYF_SCALE) != 0) {
		opt[n++] = TCPOPT_NOP;
		opt[n++] = TCPOPT_WINDOW;
		opt[n++] = TCPOLEN_WINDOW;
		opt[n++] = sy->sy_scales & 0xf;
	}
	if ((sy->sy_flags & SYF_SACK) != 0) {
		opt[n++] = TCPOPT_SACK_PERMITTED;
		opt[n++] = TCPOLEN_SACK_PERMITTED;
	}
	tb->tb_optlen = n;
	if ((sy->sy_flags & SYF_TSTMP) != 0)
		tcp_bare_timestamp(tb, tcp_ts_getticks() +
		    sy->sy_tsoff, sy->sy_tsrecent);
}

/* Have tb signed, if it is to be; *ao has to live as long. */
static void
sc_sign(const struct tcp_syn *sy, struct tcp_bare *tb, struct tcp_ao *ao)
{
	if ((sy->sy_flags & SYF_SIGNATURE) == 0)
		return;
	if ((sy->sy_flags & SYF_AO) != 0)
		tcp_ao_resume(ao, sy->sy_iss, sy->sy_irs, sy->sy_aocurrent,
		    sy->sy_aornext);
	tcp_bare_sign(tb, (sy->sy_flags & SYF_AO) != 0 ? ao : NULL);
}

/* A cookie for fast open, once. */
static void
sc_fastopen(const struct tcp_syn *sy, struct tcp_bare *tb)
{
	uint8_t cookie[TCP_FASTOPEN_COOKIE_LEN];

	if ((sy->sy_flags & SYF_FASTOPEN) == 0 || SY_REXMITS(sy) != 0 ||
	    tcp_fastopen_check_cookie(&sy->sy_inc, NULL, 0, cookie) !=
	    TFO_COOKIE)
		return;
	tb->tb_optlen += (uint8_t)tcp_fastopen_put(
	    &tb->tb_opt[tb->tb_optlen], TCP_MAXOLEN - tb->tb_optlen, cookie,
	    sizeof(cookie), (sy->sy_flags & SYF_FASTOPENEXP) != 0);
}

static void
sc_options(const struct tcp_syn *sy, struct tcp_bare *tb, struct tcp_ao *ao)
{
	if ((sy->sy_flags & SYF_NOOPT) != 0) {
		sc_sign(sy, tb, ao);
		return;
	}
	if (V_tcp_ways.w_linux)
		sc_linux_options(sy, tb);
	else
		sc_own_options(sy, tb);
	sc_sign(sy, tb, ao);
	sc_fastopen(sy, tb);
	if (SY_REXMITS(sy) == 0)
		tb->tb_optlen += (uint8_t)tcp_ecn_synack_option(sy->sy_ecn,
		    &tb->tb_opt[tb->tb_optlen], TCP_MAXOLEN - tb->tb_optlen);
	while (tb->tb_optlen % 4 != 0)
		tb->tb_opt[tb->tb_optlen++] = tcp_pad_option();
}

static void __noinline
sc_synack_any(const struct tcp_syn *sy)
{
	struct tcp_bare tb = { .tb_inc = &sy->sy_inc, .tb_seq = sy->sy_iss,
	    .tb_ack = sy->sy_irs + 1, .tb_flags = TH_SYN | TH_ACK,
	    .tb_win = sy->sy_win, .tb_tos = sy->sy_tos,
	    .tb_ttl = sy->sy_ttl, .tb_udpport = sy->sy_port,
	    .tb_ipopts = sy->sy_ipopts };
	struct tcp_ao ao;

	if ((sy->sy_flags & SYF_ECNPLAIN) == 0)
		tb.tb_flags |= tcp_ecn_synack_flags(sy->sy_ecn,
		    SY_REXMITS(sy));
	sc_options(sy, &tb, &ao);
	tcp_bare_send(&tb, NULL);
}

/* Has sy the usual options, and nothing else that shows in a SYN-ACK? */
static inline bool
sc_is_usual(const struct tcp_syn *sy)
{
	const uint16_t usual = SYF_SCALE | SYF_SACK | SYF_TSTMP;

	return ((sy->sy_flags & (usual | SYF_NOOPT | SYF_SIGNATURE |
	    SYF_FASTOPEN)) == usual && sy->sy_ecn == TCP_ECN_NONE &&
	    sy->sy_port == 0 && sy->sy_ipopts == NULL &&
	    !V_tcp_ways.w_linux);
}

/* By IP's long way. */
static void __noinline
sc_send_any(const struct tcp_syn *sy, struct mbuf *m, struct route *ro)
{
	const struct ip_output_args ioa = { .ioa_src = sy->sy_inc.inc_laddr,
	    .ioa_dst = sy->sy_inc.inc_faddr,
	    .ioa_scope = sy->sy_inc.inc_scope, .ioa_proto = IPPROTO_TCP,
	    .ioa_tos = sy->sy_tos, .ioa_ttl = sy->sy_ttl,
	    .ioa_flags = V_tcp_do_pmtud ? IOA_DF : 0, .ioa_ro = ro };

	(void)ip_send(m, &ioa);
}

/* What sc_synack_any() makes of that, in one go. */
static inline void
sc_synack_usual(const struct tcp_syn *sy, struct route *ro)
{
	const struct in_conninfo *inc = &sy->sy_inc;
	const int len = sizeof(struct tcphdr) + TCPOLEN_SYNALL;
	struct mbuf *m;

	if ((m = mb_gethdr()) == NULL)
		return;
	m->m_data += max_hdr;
	m->m_len = m->m_pkthdr.len = len;
	tcp_put_header(m, inc, sy->sy_iss, sy->sy_irs + 1,
	    TH_SYN | TH_ACK, sy->sy_win, (uint32_t)len);
	tcp_put_synall(m->m_data + sizeof(struct tcphdr), sy->sy_mss,
	    sy->sy_scales & 0xf, tcp_ts_getticks() + sy->sy_tsoff,
	    sy->sy_tsrecent);
	TCPSTAT_INC(tcps_sndtotal);
	MPASS(ip_has_room(m));
	if (__predict_true(ro != NULL && V_tcp_do_pmtud &&
	    ip_is_plain(m, ro, &inc->inc_laddr)))
		(void)ip_send_plain(m, ro, sy->sy_tos, sy->sy_ttl,
		    IPPROTO_TCP, &inc->inc_laddr, &inc->inc_faddr);
	else
		sc_send_any(sy, m, ro);
}

/* By the way ro, or NULL if it is not at hand. */
static void
sc_synack(const struct tcp_syn *sy, struct route *ro)
{
	TCPSTAT_INC(tcps_sndacks);
	if (__predict_true(sc_is_usual(sy)))
		sc_synack_usual(sy, ro);
	else
		sc_synack_any(sy);
}

/* A bare ACK, as a challenge (RFC 5961): not more of them than one entry
 * can count. */
static void
sc_challenge(struct tcp_syn *sy)
{
	struct tcp_bare tb = { .tb_inc = &sy->sy_inc,
	    .tb_seq = sy->sy_iss + 1, .tb_ack = sy->sy_irs + 1,
	    .tb_flags = TH_ACK, .tb_tos = sy->sy_tos, .tb_ttl = sy->sy_ttl,
	    .tb_udpport = sy->sy_port, .tb_ipopts = sy->sy_ipopts };
	u_int n = sy->sy_sent >> 4, scale = 0;
	struct tcp_ao ao;

	if (n >= SC_CHALLENGES || (V_tcp_ack_war_cnt != 0 &&
	    n >= V_tcp_ack_war_cnt))
		return;
	sy->sy_sent += 1 << 4;
	if ((sy->sy_flags & SYF_SCALE) != 0)
		scale = sy->sy_scales & 0xf;
	tb.tb_win = (uint16_t)((sy->sy_win + (1u << scale) - 1) >> scale);
	if ((sy->sy_flags & SYF_TSTMP) != 0)
		tcp_bare_timestamp(&tb, tcp_ts_getticks() +
		    sy->sy_tsoff, sy->sy_tsrecent);
	sc_sign(sy, &tb, &ao);
	TCPSTAT_INC(tcps_chack_sent);
	tcp_bare_send(&tb, NULL);
}

/* For how long the handshake has gone on, ns: since its first SYN-ACK, if
 * none was asked for again. */
static nstime_t
sc_waited(const struct tcp_syn *sy)
{
	uint32_t us = sc_now() - sy->sy_when;
	u_int i;

	for (i = 0; i < SY_REXMITS(sy); i++)
		us += sc_interval(i);
	return ((nstime_t)us * NS_PER_USEC);
}

/* SYN-ACKs again at most: as many as it takes to wait for text, if only that
 * is missing and it is longer (TCP_DEFER_ACCEPT). */
static u_int
sc_rexmtlimit_of(const struct inpcb *linp, const struct tcp_syn *sy)
{
	const struct tcp_compat *tc =
	    tcp_compat_find((const struct tcpcb *)linp);
	nstime_t us = 0;
	u_int n = 0;

	if ((sy->sy_flags & SYF_ACKED) == 0)
		return (V_sc_rexmtlimit);
	while (tc != NULL && us < (nstime_t)tc->tc_defer * 1000000 &&
	    n < TCP_MAXRXTSHIFT)
		us += sc_interval(n++);
	return (max(n, V_sc_rexmtlimit));
}

/* The peer has answered, and may take its time over the text. */
static bool
sc_is_patient(const struct inpcb *linp, const struct tcp_syn *sy)
{
	const struct tcp_compat *tc =
	    tcp_compat_find((const struct tcpcb *)linp);

	return ((sy->sy_flags & SYF_ACKED) != 0 && tc != NULL &&
	    sc_waited(sy) < (nstime_t)tc->tc_defer * NS_PER_SEC);
}

/* One that is due: its SYN-ACK once more, or its end.  The challenges that
 * it has sent are forgotten. */
static void
sc_due(struct syncache *sc)
{
	u_int rexmits = SY_REXMITS(&sc->sc_syn);
	const struct inpcb *linp;

	linp = in_pcblookup_wild(&V_tcbinfo, &sc->sc_syn.sy_inc);
	if (linp == NULL || !SOLISTENING(linp->inp_socket) ||
	    rexmits >= sc_rexmtlimit_of(linp, &sc->sc_syn)) {
		TCPSTAT_INC(tcps_sc_stale);
		sc_free(sc);
		return;
	}
	TAILQ_REMOVE(&V_syncache.h_queue[rexmits], sc, sc_queue);
	sc->sc_syn.sy_sent = (uint8_t)(rexmits + 1);
	sc_wait(sc);
	if (sc_is_patient(linp, &sc->sc_syn))
		return;
	TCPSTAT_INC(tcps_sc_retransmitted);
	sc_synack(&sc->sc_syn, NULL);
}

static void
sc_timer(void *arg __unused)
{
	struct syncache *sc;
	u_int i;

	/* From the last, so that none is dealt with twice. */
	for (i = SC_QUEUES; i-- > 0;)
		while ((sc = TAILQ_FIRST(&V_syncache.h_queue[i])) != NULL &&
		    sc_left(sc) <= 0)
			sc_due(sc);
	sc_arm();
}

/* ---- Cookies ---- */

/* Is there room for nothing, so that cookies have to do? */
static bool
sc_paused(void)
{
	return (getnstime() < V_syncache.h_pause_end && V_syncookies);
}

/* A bound was reached.  Soon after the last pause the next one is longer. */
static void
sc_overflow(struct syncache_bucket *sch)
{
	nstime_t now = getnstime(), end = V_syncache.h_pause_end;

	V_syncache.h_easy = 0;
	sch->sch_overflow = (uint32_t)time_uptime + 1;
	if (!V_syncookies || now < end)
		return;
	if (end != 0 && now - end < SC_PAUSE)
		V_syncache.h_backoff = min(V_syncache.h_backoff + 1,
		    SC_BACKOFFMAX);
	else
		V_syncache.h_backoff = 0;
	V_syncache.h_pause_end = now + (SC_PAUSE << V_syncache.h_backoff);
}

/* Can an ACK of that hash be of a cookie that is still good? */
static bool
sc_cookies_about(uint32_t hash)
{
	const struct syncache_bucket *sch;
	const uint32_t life = 2 * SC_PAUSE / NS_PER_SEC;

	if (V_syncookies_only)
		return (true);
	if (!V_syncookies || V_syncache.h_buckets == NULL)
		return (false);
	if (V_syncache.h_pause_end != 0 &&
	    getnstime() < V_syncache.h_pause_end + 2 * SC_PAUSE)
		return (true);
	sch = sc_bucket(hash);
	return (sch->sch_overflow != 0 &&
	    (uint32_t)time_uptime - (sch->sch_overflow - 1) <= life);
}

/* ---- SYN ---- */

/* The one that goes when there is no room: the bucket's oldest, or of all
 * the one that was asked most often. */
static struct syncache *
sc_victim(const struct syncache_bucket *sch)
{
	struct syncache *sc, *oldest = NULL;
	u_int i;

	SLIST_FOREACH(sc, &sch->sch_entries, sc_hash)
		oldest = sc;
	for (i = SC_QUEUES; oldest == NULL && i-- > 0;)
		oldest = TAILQ_FIRST(&V_syncache.h_queue[i]);
	return (oldest);
}

/* Is there room, or may there be by another's going? */
static bool __noinline
sc_room(struct syncache_bucket *sch)
{
	struct syncache *sc;

	if (sch->sch_length >= V_sc_bucketlimit)
		TCPSTAT_INC(tcps_sc_bucketoverflow);
	else if ((u_int)V_syncache.h_count >= V_sc_cachelimit ||
	    (V_tcp_ways.w_max_syn != 0 &&
	    V_syncache.h_count >= V_tcp_ways.w_max_syn))
		TCPSTAT_INC(tcps_sc_cacheoverflow);
	else
		return (true);
	sc_overflow(sch);
	if (V_syncookies || (sc = sc_victim(sch)) == NULL)
		return (false);
	sc_free(sc);
	TCPSTAT_INC(tcps_sc_dropped);
	return (true);
}

/* Memory for an entry of that bucket, or NULL. */
static inline struct syncache *
sc_alloc(struct syncache_bucket *sch)
{
	struct syncache *sc;

	if (__predict_false(V_syncache.h_count >= V_syncache.h_easy ||
	    V_tcp_ways.w_max_syn != 0 ||
	    sch->sch_length >= V_sc_bucketlimit) && !sc_room(sch))
		return (NULL);
	if ((sc = uma_zalloc(V_syncache_zone, M_NOWAIT)) == NULL) {
		TCPSTAT_INC(tcps_sc_zonefail);
		sc_overflow(sch);
	}
	return (sc);
}

/* One whose SYN-ACK goes for the first time. */
static inline void
sc_insert(struct syncache *sc, struct syncache_bucket *sch)
{
	struct syncache_head *h = &V_syncache;

	SLIST_INSERT_HEAD(&sch->sch_entries, sc, sc_hash);
	sch->sch_length++;
	h->h_count++;
	TCPSTATES_INC(TCPS_SYN_RECEIVED);
	sc->sc_syn.sy_when = sc_now();
	TAILQ_INSERT_TAIL(&h->h_queue[0], sc, sc_queue);
	TCPSTAT_INC(tcps_sc_added);
	if (!callout_pending(&h->h_callout))
		sc_arm();
}

/* A SYN again: so is the SYN-ACK, and its time begins anew. */
static void
sc_again(struct syncache *sc, const struct tcp_seg *sg)
{
	struct tcp_syn *sy = &sc->sc_syn;

	TCPSTAT_INC(tcps_sc_dupsyn);
	if (sg->sg_seq == sy->sy_irs) {
		if ((sy->sy_flags & SYF_TSTMP) != 0 &&
		    (sg->sg_to.to_flags & TOF_TS) != 0)
			sy->sy_tsrecent = sg->sg_to.to_tsval;
		/* ECN does not get through, perhaps. */
		if ((sg->sg_flags & TCP_ECN_FLAGS) == 0)
			sy->sy_flags |= SYF_ECNPLAIN;
	}
	sy->sy_flags |= SYF_AGAIN;
	TAILQ_REMOVE(&V_syncache.h_queue[SY_REXMITS(sy)], sc, sc_queue);
	sc_wait(sc);
	sc_synack(sy, NULL);
}

/* Nothing is kept. */
static void __noinline
sc_cookie(const struct tcpcb *lp, const struct tcp_seg *sg)
{
	struct tcp_syn sy;
	struct route *ro;

	ro = tcp_listen_offer(lp, sg, &sy);
	sy.sy_flags |= SYF_COOKIE;
	sy.sy_ecn = TCP_ECN_NONE;
	sy.sy_iss = tcp_syncookie_make(&sy);
	if ((sy.sy_flags & SYF_TSTMP) != 0)
		sy.sy_tsoff = tcp_new_ts_offset(&sy.sy_inc);
	TCPSTAT_INC(tcps_sc_sendcookie);
	sc_synack(&sy, ro);
}

/* The answer to sg may have to be a cookie, or nothing: then it is done here;
 * otherwise there are buckets, and how many entries are few is known. */
static bool __noinline
sc_prepare(const struct tcpcb *lp, const struct tcp_seg *sg)
{
	if (V_syncookies_only || sc_paused()) {
		sc_cookie(lp, sg);
		return (false);
	}
	if (!sc_makebuckets()) {
		TCPSTAT_INC(tcps_sc_zonefail);
		return (false);
	}
	/* A pause of which nothing is to be seen may be seen again. */
	if (getnstime() >= V_syncache.h_pause_end)
		V_syncache.h_easy = (int)min(V_sc_cachelimit, INT_MAX);
	return (true);
}

/* There was no room. */
static void __noinline
sc_refuse(const struct tcpcb *lp, const struct tcp_seg *sg)
{
	if (V_syncookies)
		sc_cookie(lp, sg);
	else
		TCPSTAT_INC(tcps_sc_dropped);
}

void
tcp_syncache_syn(struct tcpcb *lp, const struct tcp_seg *sg,
    struct tcp_syn *old)
{
	struct syncache_bucket *sch;
	struct syncache *sc;
	struct tcp_syn *sy;
	struct route *ro;

	if (old != NULL) {
		sc_again(sc_of(old), sg);
		return;
	}
	if (__predict_false(V_syncache.h_count >= V_syncache.h_easy) &&
	    !sc_prepare(lp, sg))
		return;
	sch = sc_bucket(sg->sg_hash);
	if ((sc = sc_alloc(sch)) == NULL) {
		sc_refuse(lp, sg);
		return;
	}
	sy = &sc->sc_syn;
	ro = tcp_listen_offer(lp, sg, sy);
	tcp_new_numbers(&sg->sg_inc, &sy->sy_iss, &sy->sy_tsoff);
	sc_insert(sc, sch);
	/* sg keeps its own. */
	if (sy->sy_ipopts != NULL)
		sy->sy_ipopts = ip_options_dup(sy->sy_ipopts);
	sc_synack(sy, ro);
}

/* ---- ACK ---- */

static bool
sc_in_window(const struct tcp_syn *sy, const struct tcp_seg *sg)
{
	const uint32_t ahead = sg->sg_seq - (sy->sy_irs + 1);

	return (__predict_true(ahead == 0) || ahead < sy->sy_win);
}

/* May sg, by its time stamp, complete the handshake (PAWS)? */
static bool
sc_acceptable(const struct tcp_syn *sy, const struct tcp_seg *sg)
{
	if ((sy->sy_flags & SYF_TSTMP) == 0)
		return (true);
	if ((sg->sg_to.to_flags & TOF_TS) == 0)
		return (V_tcp_tolerate_missing_ts);
	if (TSTMP_LT(sg->sg_to.to_tsval, sy->sy_tsrecent)) {
		TCPSTAT_INC(tcps_pawsdrop);
		return (false);
	}
	return (true);
}

/* There was no room for the connection, or no memory: the peer is told, or
 * may try again. */
static enum tcp_scverdict
sc_nochild(struct syncache *sc)
{
	TCPSTAT_INC(tcps_sc_aborted);
	TCPSTAT_INC(tcps_listendrop);
	if (!V_sc_rst_on_sock_fail)
		return (TCP_SC_DONE);
	if (sc != NULL)
		sc_free(sc);
	return (TCP_SC_NONE);
}

/* No entry: is it a cookie's? */
static enum tcp_scverdict
sc_readcookie(struct tcpcb *lp, const struct tcp_seg *sg, struct tcpcb **tpp)
{
	struct tcp_syn sy, offer;

	if (!sc_cookies_about(sg->sg_hash)) {
		TCPSTAT_INC(tcps_sc_spurcookie);
		return (TCP_SC_NONE);
	}
	if (!tcp_syncookie_read(sg, &sy)) {
		TCPSTAT_INC(tcps_sc_failcookie);
		return (TCP_SC_NONE);
	}
	TCPSTAT_INC(tcps_sc_recvcookie);
	/* What the listener brings is as it is for others. */
	(void)tcp_listen_offer(lp, sg, &offer);
	sy.sy_win = offer.sy_win;
	sy.sy_port = offer.sy_port;
	sy.sy_ipopts = offer.sy_ipopts;
	sy.sy_flags |= offer.sy_flags & (SYF_NOOPT | SYF_SIGNATURE | SYF_AO);
	sy.sy_aocurrent = offer.sy_aocurrent;
	sy.sy_aornext = offer.sy_aornext;
	sy.sy_scales |= offer.sy_scales & 0xf;
	if ((*tpp = tcp_listen_child(lp, &sy, sg, 0)) == NULL)
		return (sc_nochild(NULL));
	return (TCP_SC_CHILD);
}

enum tcp_scverdict
tcp_syncache_ack(struct tcpcb *lp, const struct tcp_seg *sg,
    struct tcp_syn *sy, struct tcpcb **tpp)
{
	nstime_t ago;

	if (sy == NULL)
		return (sc_readcookie(lp, sg, tpp));
	if (!sc_in_window(sy, sg)) {
		sc_challenge(sy);
		return (TCP_SC_DONE);
	}
	if (sg->sg_ack != sy->sy_iss + 1) {
		TCPSTAT_INC(tcps_sc_badack);
		return (TCP_SC_NONE);
	}
	if (!sc_acceptable(sy, sg))
		return (TCP_SC_DONE);
	if (__predict_false((lp->t_flags2 & TF2_COMPAT) != 0) &&
	    tcp_compat_defers(lp, sg, sc_waited(sy))) {
		sy->sy_flags |= SYF_ACKED;
		return (TCP_SC_DONE);
	}
	ago = (sc_now() - sy->sy_when) * NS_PER_USEC;
	*tpp = tcp_listen_child(lp, sy, sg, getnstime() - ago);
	if (*tpp == NULL)
		return (sc_nochild(sc_of(sy)));
	sc_free_hash(sc_of(sy), sg->sg_hash);
	TCPSTAT_INC(tcps_sc_completed);
	return (TCP_SC_CHILD);
}

/* ---- What ends an entry ---- */

void
tcp_syncache_rst(const struct tcp_seg *sg, struct tcp_syn *sy)
{
	if (sy == NULL)
		return;
	if (!sc_in_window(sy, sg)) {
		TCPSTAT_INC(tcps_badrst);
		return;
	}
	if (sg->sg_seq != sy->sy_irs + 1 && !V_insecure_rst) {
		TCPSTAT_INC(tcps_badrst);
		sc_challenge(sy);
		return;
	}
	TCPSTAT_INC(tcps_sc_reset);
	sc_free(sc_of(sy));
}

/* An error may be of the moment: one that comes again when three SYN-ACKs
 * were not answered is not. */
void
tcp_syncache_unreach(const struct in_conninfo *inc, uint16_t udpport,
    tcp_seq seq)
{
	struct syncache *sc;

	if ((sc = sc_find(inc)) == NULL || seq != sc->sc_syn.sy_iss ||
	    udpport != sc->sc_syn.sy_port)
		return;
	if ((sc->sc_syn.sy_flags & SYF_UNREACH) == 0 ||
	    SY_REXMITS(&sc->sc_syn) < 3) {
		sc->sc_syn.sy_flags |= SYF_UNREACH;
		return;
	}
	TCPSTAT_INC(tcps_sc_unreach);
	sc_free(sc);
}

bool
tcp_syncache_drop(const struct in_conninfo *inc)
{
	struct syncache *sc;

	if ((sc = sc_find(inc)) == NULL)
		return (false);
	sc_free(sc);
	return (true);
}

/* ---- For those who look ---- */

struct tcp_syn *
tcp_syncache_get(const struct tcp_seg *sg)
{
	struct syncache *sc = sc_find_hash(&sg->sg_inc, sg->sg_hash);

	return (sc != NULL ? &sc->sc_syn : NULL);
}

bool
tcp_syncache_exists(const struct in_conninfo *inc)
{
	return (sc_find(inc) != NULL);
}

uint32_t
tcp_syncache_count(void)
{
	return ((uint32_t)V_syncache.h_count);
}

struct sc_counter {
	const struct inpcb *c_inp;
	uint32_t	c_count;
};

static int
sc_countof(const struct tcp_syn *sy, uint64_t cursor __unused, void *arg)
{
	struct sc_counter *c = arg;

	if (sy->sy_inc.inc_lport == c->c_inp->inp_lport &&
	    in_pcblookup_wild(&V_tcbinfo, &sy->sy_inc) == c->c_inp)
		c->c_count++;
	return (0);
}

uint32_t
tcp_syncache_countof(const struct tcpcb *lp)
{
	struct sc_counter c = { .c_inp = &lp->t_inpcb };

	(void)tcp_syncache_foreach(0, sc_countof, &c);
	return (c.c_count);
}

/* A cursor is a bucket and a place in it. */
int
tcp_syncache_foreach(uint64_t after, int (*func)(const struct tcp_syn *,
    uint64_t, void *), void *arg)
{
	const struct syncache *sc;
	uint64_t bucket, cursor, place;
	int error;

	if (V_syncache.h_count == 0)
		return (0);
	for (bucket = after >> 32; bucket <= V_syncache.h_mask; bucket++) {
		place = 0;
		SLIST_FOREACH(sc,
		    &V_syncache.h_buckets[bucket].sch_entries, sc_hash) {
			cursor = bucket << 32 | ++place;
			if (cursor > after &&
			    (error = func(&sc->sc_syn, cursor, arg)) != 0)
				return (error);
		}
	}
	return (0);
}

static void
tcp_syncache_init(const void *arg __unused)
{
	u_int i;

	for (i = 0; i < SC_QUEUES; i++)
		TAILQ_INIT(&V_syncache.h_queue[i]);
	callout_init(&V_syncache.h_callout, 1);
	V_syncache_zone = uma_zcreate("syncache", sizeof(struct syncache),
	    NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	if (V_syncache_zone == NULL)
		sysinit_fail(ENOMEM);
}
SYSINIT(tcp_syncache, SI_SUB_PROTO_DOMAIN, SI_ORDER_FOURTH,
    tcp_syncache_init, NULL);

static void
tcp_syncache_uninit(const void *arg __unused)
{
	struct syncache *sc;
	u_int i;

	for (i = 0; i < SC_QUEUES; i++)
		while ((sc = TAILQ_FIRST(&V_syncache.h_queue[i])) != NULL)
			sc_free(sc);
	(void)callout_stop(&V_syncache.h_callout);
	free(V_syncache.h_buckets, M_SYNCACHE);
	uma_zdestroy(V_syncache_zone);
}
SYSUNINIT(tcp_syncache, SI_SUB_PROTO_DOMAIN, SI_ORDER_FOURTH,
    tcp_syncache_uninit, NULL);

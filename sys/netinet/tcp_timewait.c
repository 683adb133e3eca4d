/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TIME_WAIT (RFC 9293, 3.6.1 and 3.10.7.4; RFC 1337; RFC 6191).
 *
 * For 2 MSL after a connection's end its last acknowledgment may have to be
 * sent again, and its addresses and ports may not be used for another one,
 * which old segments could enter.  For that a few numbers do, so when nobody
 * holds the socket any more the tcpcb becomes a struct tcptw, an eighth of
 * its size:
 *
 *	tcpcb in TIME_WAIT --- the user closes ---> tcptw --- 2 MSL ---> gone
 *	                                             |  SYN, newer  --> gone,
 *	                                             |      and the listener's
 *	                                             |  FIN again   --> 2 MSL
 *
 * Which SYN is newer: with time stamps on both, the one with a later stamp
 * (RFC 6191, 2); without, the one whose number is beyond RCV.NXT (RFC 1122,
 * 4.2.2.13).  Resets are ignored (RFC 1337).
 *
 * All entries wait equally long, those with both ends on this host apart, so
 * each kind's list is in the order of its ends and one callout serves both.
 * An entry is found by its connection's hash, and by its port when a port is
 * wanted.  There are maxtcptw at most: the oldest goes for the newest.
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
#include <netinet/tcp_timewait.h>
#include <netinet/tcp_var.h>
#include <netipsec/tcp_sig.h>

MALLOC_DEFINE(M_TCPTW, "tcptw", "TCP TIME_WAIT tables");

struct tcptw {
	SLIST_ENTRY(tcptw) tw_hash;
	LIST_ENTRY(tcptw) tw_port;	/* same local port's chain */
	TAILQ_ENTRY(tcptw) tw_age;
	nstime_t	tw_expires;
	struct in_conninfo tw_inc;
	tcp_seq		tw_snd_nxt;
	tcp_seq		tw_rcv_nxt;
	uint32_t	tw_ts_recent;
	uint32_t	tw_ts_offset;
	uint16_t	tw_win;		/* as in the header */
	uint16_t	tw_udpport;	/* over UDP, to there; 0: plain */
	uint8_t		tw_flags;	/* TWF_* */
	uint8_t		tw_tos;
	uint8_t		tw_ttl;
	uint8_t		tw_vflag;	/* INP_IPV4 or INP_IPV6 */
};
#define	TWF_LOCAL	0x01		/* both ends are here */
#define	TWF_TSTMP	0x02		/* time stamps were agreed upon */
#define	TWF_SIGNED	0x04		/* by TCP-MD5, or */
#define	TWF_AO		0x08		/* TCP-AO: it is a struct tcptw_ao */

CTASSERT(sizeof(struct tcptw) <= 112);

/* Of a connection with TCP-AO, which has to remember more. */
struct tcptw_ao {
	struct tcptw	ta_tw;
	struct tcp_ao	ta_ao;		/* keeps no traffic keys */
};

SLIST_HEAD(tw_chain, tcptw);
LIST_HEAD(tw_ports, tcptw);
TAILQ_HEAD(tw_list, tcptw);

#define	TW_MINSLOTS	16
#define	TW_LOAD		2	/* entries for each slot before it doubles */
#define	TW_MAXPORTS	65536

struct tw_table {
	struct tw_chain	*t_hash;	/* power of two, or NULL */
	struct tw_ports	*t_ports;	/* as many, up to TW_MAXPORTS */
	uint32_t	t_slots;	/* of t_hash */
	uint32_t	t_mask;		/* one less */
	uint32_t	t_portmask;
	uint32_t	t_count;
	struct tw_list	t_age[2];	/* others'; with both ends here */
	struct callout	t_callout;
};
VNET_DEFINE_STATIC(struct tw_table, tw_table);
VNET_DEFINE_STATIC(uma_zone_t, tcptw_zone);
#define	V_tw		VNET(tw_table)
#define	V_tcptw_zone	VNET(tcptw_zone)

/* As many as a fifth of all sockets. */
static int
tw_limit(void)
{
	if (V_tcp_ways.w_max_tw != 0)
		return (V_tcp_ways.w_max_tw);
	return (MAX(V_maxsockets / 5, 1));
}

/* count < tw_limit(), mostly told without a division: for whole numbers
 * n >= 1 and m, n < m / 5 (rounded down) if 5 n + 5 <= m. */
static inline bool
tw_isroom(uint32_t count)
{
	return (__predict_true(V_tcp_ways.w_max_tw == 0 &&
	    5 * ((int64_t)count + 1) <= V_maxsockets) ||
	    count < (uint32_t)tw_limit());
}

static int
sysctl_maxtcptw(SYSCTL_HANDLER_ARGS)
{
	int limit = tw_limit();

	(void)arg1;
	(void)arg2;
	return (sysctl_handle_int(oidp, &limit, 0, req));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, maxtcptw, CTLTYPE_INT | CTLFLAG_RD,
    NULL, 0, sysctl_maxtcptw, "I",
    "Connections in TIME_WAIT that are remembered without a socket at most");

/* ---- The table ---- */

static inline struct tw_chain *
tw_chain(const struct tw_table *t, uint32_t hash)
{
	return (&t->t_hash[hash & t->t_mask]);
}

static inline struct tw_ports *
tw_ports(const struct tw_table *t, uint16_t port)
{
	/* Fibonacci hashing. */
	return (&t->t_ports[((port * 2654435769U) >> 16) & t->t_portmask]);
}

static struct tcptw *
tw_find(const struct in_conninfo *inc, uint32_t hash)
{
	const struct tw_table *t = &V_tw;
	struct tcptw *tw;

	if (t->t_count == 0)
		return (NULL);
	SLIST_FOREACH(tw, tw_chain(t, hash), tw_hash)
		if (in_pcbsame(&tw->tw_inc, inc))
			return (tw);
	return (NULL);
}

static uint32_t
tw_hash(const struct tcptw *tw)
{
	return (in_pcbhash(&V_tcbinfo, &tw->tw_inc));
}

/* Into the chains of the tables as they are now. */
static inline void
tw_place(struct tw_table *t, struct tcptw *tw, uint32_t hash)
{
	struct tw_chain *chain = tw_chain(t, hash);
	struct tw_ports *ports = tw_ports(t, tw->tw_inc.inc_lport);

	SLIST_INSERT_HEAD(chain, tw, tw_hash);
	LIST_INSERT_HEAD(ports, tw, tw_port);
}

/* Tables of twice the size, or the first: false if there is no memory. */
static bool __noinline
tw_grow(void)
{
	uint32_t slots = V_tw.t_hash == NULL ? TW_MINSLOTS :
	    2 * (V_tw.t_mask + 1), ports = MIN(slots, TW_MAXPORTS);
	struct tw_chain *hash;
	struct tw_ports *heads;
	struct tcptw *tw;
	u_int i;

	hash = mallocarray(slots, sizeof(*hash), M_TCPTW, M_NOWAIT | M_ZERO);
	heads = mallocarray(ports, sizeof(*heads), M_TCPTW,
	    M_NOWAIT | M_ZERO);
	if (hash == NULL || heads == NULL) {
		free(hash, M_TCPTW);
		free(heads, M_TCPTW);
		return (false);
	}
	free(V_tw.t_hash, M_TCPTW);
	free(V_tw.t_ports, M_TCPTW);
	V_tw.t_hash = hash;
	V_tw.t_ports = heads;
	V_tw.t_slots = slots;
	V_tw.t_mask = slots - 1;
	V_tw.t_portmask = ports - 1;
	for (i = 0; i < nitems(V_tw.t_age); i++)
		TAILQ_FOREACH(tw, &V_tw.t_age[i], tw_age)
			tw_place(&V_tw, tw, tw_hash(tw));
	return (true);
}

static void	tw_expire(void *arg);

/* The callout fires when the first of either list ends. */
static void __noinline
tw_arm(void)
{
	nstime_t when = UINT64_MAX;
	const struct tcptw *tw;
	u_int i;

	for (i = 0; i < nitems(V_tw.t_age); i++)
		if ((tw = TAILQ_FIRST(&V_tw.t_age[i])) != NULL)
			when = u64min(when, tw->tw_expires);
	if (when != UINT64_MAX)
		(void)callout_reset_at(&V_tw.t_callout, when, tw_expire,
		    NULL);
	else
		(void)callout_stop(&V_tw.t_callout);
}

static inline struct tw_list *
tw_list(struct tw_table *t, const struct tcptw *tw)
{
	CTASSERT(TWF_LOCAL == 1);
	return (&t->t_age[tw->tw_flags & TWF_LOCAL]);
}

static nstime_t
tw_2msl(const struct tcptw *tw)
{
	return (tcp_2msl((tw->tw_flags & TWF_LOCAL) != 0));
}

/* To the end of its list.  (If msl has become less since others came, it
 * waits as long as they do.) */
static inline void
tw_wait(struct tw_table *t, struct tcptw *tw, nstime_t expires)
{
	struct tw_list *list = tw_list(t, tw);

	tw->tw_expires = expires;
	TAILQ_INSERT_TAIL(list, tw, tw_age);
	if (!callout_pending(&t->t_callout) || TAILQ_FIRST(list) == tw)
		tw_arm();
}

/* What to sign by: NULL if that is not TCP-AO. */
static struct tcp_ao *
tw_ao(struct tcptw *tw)
{
	return ((tw->tw_flags & TWF_AO) != 0 ?
	    &((struct tcptw_ao *)tw)->ta_ao : NULL);
}

/* It is on no list any more. */
static void
tw_release(struct tcptw *tw)
{
	if ((tw->tw_flags & TWF_AO) != 0)
		free(tw, M_TCPTW);
	else
		uma_zfree(V_tcptw_zone, tw);
}

/* Its hash is known. */
static void
tw_free_hash(struct tcptw *tw, uint32_t hash)
{
	struct tw_chain *chain = tw_chain(&V_tw, hash);
	struct tw_list *list = tw_list(&V_tw, tw);

	SLIST_REMOVE(chain, tw, tcptw, tw_hash);
	LIST_REMOVE(tw, tw_port);
	TAILQ_REMOVE(list, tw, tw_age);
	V_tw.t_count--;
	TCPSTATES_DEC(TCPS_TIME_WAIT);
	tw_release(tw);
}

static void
tw_free(struct tcptw *tw)
{
	tw_free_hash(tw, tw_hash(tw));
}

static void
tw_expire(void *arg __unused)
{
	struct tcptw *tw;
	u_int i;

	for (i = 0; i < nitems(V_tw.t_age); i++)
		while ((tw = TAILQ_FIRST(&V_tw.t_age[i])) != NULL &&
		    tw->tw_expires <= getnstime())
			tw_free(tw);
	if (V_tw.t_count == 0)
		uma_zone_reclaim(V_tcptw_zone);
	tw_arm();
}

/* The oldest makes room. */
static void __noinline
tw_evict(void)
{
	struct tcptw *tw;

	if (V_tcp_ways.w_max_tw != 0)
		tcp_compat_warn("too many connections in TIME_WAIT: the "
		    "oldest goes (net.ipv4.tcp_max_tw_buckets)");
	tw = TAILQ_FIRST(&V_tw.t_age[0]);
	tw_free(tw != NULL ? tw : TAILQ_FIRST(&V_tw.t_age[1]));
}

/* Room for one more; with TCP-AO, if that is not NULL. */
static inline struct tcptw *
tw_alloc(const struct tw_table *t, const struct tcp_ao *ao)
{
	struct tcptw_ao *ta;

	if (__predict_false(!tw_isroom(t->t_count)))
		tw_evict();
	if (__predict_false(t->t_count >= TW_LOAD * t->t_slots) &&
	    !tw_grow() && t->t_hash == NULL)
		return (NULL);
	if (__predict_true(ao == NULL))
		return (uma_zalloc(V_tcptw_zone, M_NOWAIT));
	if ((ta = malloc(sizeof(*ta), M_TCPTW, M_NOWAIT)) == NULL)
		return (NULL);
	ta->ta_ao = *ao;
	ta->ta_ao.ao_keys = NULL;
	ta->ta_ao.ao_flags &= (uint8_t)~AO_KEEP;
	return (&ta->ta_tw);
}

/* ---- Segments ---- */

/* What an entry needs to know of tp. */
static void
tw_fill(struct tcptw *tw, struct tcpcb *tp, bool local)
{
	const struct inpcb *inp = tptoinpcb(tp);
	const uint32_t win = tcp_rcv_window(tp);
	uint8_t flags = local ? TWF_LOCAL : 0;

	tw->tw_inc = inp->inp_inc;
	tw->tw_snd_nxt = tp->snd_max;
	tw->tw_rcv_nxt = tp->rcv_nxt;
	tw->tw_ts_recent = tp->ts_recent;
	tw->tw_ts_offset = tp->ts_offset;
	tw->tw_win = (uint16_t)min(TCP_MAXWIN,
	    (win + (1u << tp->rcv_scale) - 1) >> tp->rcv_scale);
	tw->tw_udpport = inp->inp_udpport;
	if ((tp->t_flags & TF_RCVD_TSTMP) != 0)
		flags |= TWF_TSTMP;
	if (__predict_false((tp->t_flags & TF_SIGNATURE) != 0))
		flags |= TWF_SIGNED;
	tw->tw_flags = flags;
	tw->tw_tos = inp->inp_tos;
	tw->tw_ttl = inp->inp_ttl;
	tw->tw_vflag = inp->inp_vflag;
}

/* inp: the connection's, if it is there, for its route and IP options. */
static void
tw_respond(const struct tcptw *tw, struct inpcb *inp, struct tcp_ao *ao)
{
	struct tcp_bare tb = { .tb_inc = &tw->tw_inc,
	    .tb_seq = tw->tw_snd_nxt, .tb_ack = tw->tw_rcv_nxt,
	    .tb_flags = TH_ACK, .tb_win = tw->tw_win, .tb_tos = tw->tw_tos,
	    .tb_ttl = tw->tw_ttl, .tb_udpport = tw->tw_udpport };

	if ((tw->tw_flags & TWF_TSTMP) != 0)
		tcp_bare_timestamp(&tb, tcp_ts_getticks() + tw->tw_ts_offset,
		    tw->tw_ts_recent);
	if ((tw->tw_flags & TWF_SIGNED) != 0)
		tcp_bare_sign(&tb, ao);
	TCPSTAT_INC(tcps_tw_responds);
	TCPSTAT_INC(tcps_sndacks);
	tcp_bare_send(&tb, inp);
}

/* May the SYN sg open the connection anew? */
static bool
tw_newer(const struct tcptw *tw, const struct tcp_seg *sg)
{
	if ((tw->tw_flags & TWF_TSTMP) != 0 &&
	    (sg->sg_to.to_flags & TOF_TS) != 0 &&
	    sg->sg_to.to_tsval != tw->tw_ts_recent)
		return (TSTMP_GT(sg->sg_to.to_tsval, tw->tw_ts_recent));
	return (SEQ_GT(sg->sg_seq, tw->tw_rcv_nxt));
}

/* Answer sg if it wants that; ao: TCP-AO's part, or NULL.  *restart: the
 * wait begins again. */
static enum tcp_twverdict
tw_judge(const struct tcptw *tw, struct inpcb *inp, const struct tcp_seg *sg,
    struct tcp_ao *ao, bool *restart)
{
	uint16_t flags = sg->sg_flags;

	*restart = false;
	/* Gone, which a listener or nobody does not answer (RFC 1337). */
	if ((flags & TH_RST) != 0) {
		if (!V_tcp_ways.w_tw_reset || sg->sg_seq != tw->tw_rcv_nxt)
			return (TCP_TW_DONE);
		TCPSTAT_INC(tcps_tw_resets);
		return (TCP_TW_REOPEN);
	}
	if ((flags & (TH_SYN | TH_ACK)) == TH_SYN) {
		if (!tw_newer(tw, sg))
			return (TCP_TW_DONE);
		TCPSTAT_INC(tcps_tw_recycles);
		return (TCP_TW_REOPEN);
	}
	if ((flags & TH_ACK) == 0)
		return (TCP_TW_DONE);
	*restart = (flags & TH_FIN) != 0 &&
	    sg->sg_seq + sg->sg_len + 1 == tw->tw_rcv_nxt;
	if ((flags & (TH_SYN | TH_FIN)) != 0 || sg->sg_len != 0 ||
	    sg->sg_seq != tw->tw_rcv_nxt)
		tw_respond(tw, inp, ao);
	return (TCP_TW_DONE);
}

/* For one that is in TIME_WAIT. */
static enum tcp_twverdict __noinline
tw_input(struct tcptw *tw, const struct mbuf *m, const struct tcp_seg *sg)
{
	enum tcp_twverdict verdict;
	bool restart;

	if (tw->tw_udpport != sg->sg_udpport) {
		tcp_reset_reply(NULL, sg);
		return (TCP_TW_DONE);
	}
	if ((tw->tw_flags & TWF_SIGNED) != 0 &&
	    !tcp_sig_verify(m, sg, tw_ao(tw)))
		return (TCP_TW_DONE);
	verdict = tw_judge(tw, NULL, sg, tw_ao(tw), &restart);
	if (verdict == TCP_TW_REOPEN)
		tw_free_hash(tw, sg->sg_hash);
	else if (restart) {
		TAILQ_REMOVE(tw_list(&V_tw, tw), tw, tw_age);
		tw_wait(&V_tw, tw, getnstime() + tw_2msl(tw));
	}
	return (verdict);
}

enum tcp_twverdict
tcp_tw_input(const struct mbuf *m, const struct tcp_seg *sg)
{
	struct tcptw *tw;

	if ((tw = tw_find(&sg->sg_inc, sg->sg_hash)) == NULL)
		return (TCP_TW_NONE);
	return (tw_input(tw, m, sg));
}

enum tcp_twverdict
tcp_tw_segment(struct tcpcb *tp, const struct tcp_seg *sg)
{
	enum tcp_twverdict verdict;
	struct tcptw tw;
	bool restart;

	tw_fill(&tw, tp, tcp_peer_is_local(&tp->t_inpcb.inp_inc));
	verdict = tw_judge(&tw, tptoinpcb(tp), sg, tcp_sig_ao(tp, NULL, NULL),
	    &restart);
	if (verdict == TCP_TW_REOPEN)
		tcp_close(tp);
	else if (restart)
		tcp_timer_activate(tp, TT_2MSL, tw_2msl(&tw));
	return (verdict);
}

/* ---- Birth and end ---- */

bool
tcp_tw_compress(struct tcpcb *tp, bool local, nstime_t expires)
{
	const struct tcp_ao *ao = tp->t_userto == NULL ? NULL :
	    tcp_sig_ao(tp, NULL, NULL);
	struct tw_table *t = &V_tw;
	struct tcptw *tw;

	KASSERT(tptosocket(tp) == NULL, ("a socket"));
	/* There is no room for a source route. */
	if (tp->t_inpcb.inp_options != NULL || (tw = tw_alloc(t, ao)) == NULL)
		return (false);
	tw_fill(tw, tp, local);
	if (ao != NULL)
		tw->tw_flags |= TWF_AO;
	t->t_count++;
	TCPSTATES_INC(TCPS_TIME_WAIT);
	tw_place(t, tw, tp->t_inpcb.inp_hash);
	tw_wait(t, tw, expires);
	tcp_close(tp);
	return (true);
}

bool
tcp_tw_exists(const struct in_conninfo *inc)
{
	return (tw_find(inc, in_pcbhash(&V_tcbinfo, inc)) != NULL);
}

/*
 * May a new connection from here take the entry's place?  With time stamps
 * that go on from the entry's, a second later, old segments cannot enter it
 * (RFC 7323, 5; RFC 6191).
 */
static bool
tw_reusable(const struct tcptw *tw)
{
	nstime_t began = tw->tw_expires - tw_2msl(tw);

	return (V_tcp_ways.w_tw_reuse && (tw->tw_flags & TWF_TSTMP) != 0 &&
	    getnstime() - began >= NS_PER_SEC);
}

static bool
tcp_tw_taken(const struct in_conninfo *inc, uint32_t hash)
{
	const struct tcptw *tw;

	return ((tw = tw_find(inc, hash)) != NULL && !tw_reusable(tw));
}

void
tcp_tw_succeed(struct tcpcb *tp)
{
	struct tcptw *tw;

	tw = tw_find(&tp->t_inpcb.inp_inc, tp->t_inpcb.inp_hash);
	if (tw == NULL)
		return;
	tp->iss = tw->tw_snd_nxt + TCP_MAXWIN + 2;
	tp->ts_offset = tw->tw_ts_offset;
	tw_free_hash(tw, tp->t_inpcb.inp_hash);
}

/* Does an entry keep port at laddr from a socket of that kind? */
static bool
tcp_tw_port_taken(const struct in6_addr *laddr, uint16_t port, uint8_t vflag)
{
	const struct tcptw *tw;

	if (V_tw.t_count == 0)
		return (false);
	LIST_FOREACH(tw, tw_ports(&V_tw, port), tw_port)
		if (tw->tw_inc.inc_lport == port &&
		    (tw->tw_vflag & vflag) != 0 && (in_any(laddr) ||
		    IN6_ARE_ADDR_EQUAL(&tw->tw_inc.inc_laddr, laddr)))
			return (true);
	return (false);
}

bool
tcp_tw_drop(const struct in_conninfo *inc)
{
	struct tcptw *tw;

	if ((tw = tw_find(inc, in_pcbhash(&V_tcbinfo, inc))) == NULL)
		return (false);
	tw_free(tw);
	return (true);
}

uint32_t
tcp_tw_count(void)
{
	return (V_tw.t_count);
}

/* An entry's cursor is its slot and its place there, so a walk that goes on
 * later misses few and repeats few. */
int
tcp_tw_foreach(uint64_t after, int (*func)(const struct tcp_twinfo *, void *),
    void *arg)
{
	const struct tcptw *tw;
	struct tcp_twinfo twi;
	uint64_t slot, place;
	int error;

	if (V_tw.t_count == 0)
		return (0);
	for (slot = after >> 32; slot <= V_tw.t_mask; slot++) {
		place = 0;
		SLIST_FOREACH(tw, &V_tw.t_hash[slot], tw_hash) {
			twi.twi_cursor = slot << 32 | ++place;
			if (twi.twi_cursor <= after)
				continue;
			twi.twi_inc = tw->tw_inc;
			twi.twi_expires = tw->tw_expires;
			if ((error = func(&twi, arg)) != 0)
				return (error);
		}
	}
	return (0);
}

static const struct inpcb_quiet tcp_tw_quiet = {
	.ipq_taken = tcp_tw_taken,
	.ipq_port_taken = tcp_tw_port_taken
};

static void
tcp_tw_init(const void *arg __unused)
{
	u_int i;

	for (i = 0; i < nitems(V_tw.t_age); i++)
		TAILQ_INIT(&V_tw.t_age[i]);
	callout_init(&V_tw.t_callout, 1);
	V_tcptw_zone = uma_zcreate("tcptw", sizeof(struct tcptw), NULL, NULL,
	    NULL, NULL, UMA_ALIGN_PTR, UMA_ZONE_SLAB);
	if (V_tcptw_zone == NULL) {
		sysinit_fail(ENOMEM);
		return;
	}
	V_tcbinfo.ipi_quiet = &tcp_tw_quiet;
	V_tcbinfo.ipi_nquiet = &V_tw.t_count;
}
SYSINIT(tcp_timewait, SI_SUB_PROTO_DOMAIN, SI_ORDER_FOURTH, tcp_tw_init,
    NULL);

static void
tcp_tw_uninit(const void *arg __unused)
{
	struct tcptw *next, *tw;
	u_int i;

	/* All at once: no list is left. */
	for (i = 0; i < nitems(V_tw.t_age); i++)
		TAILQ_FOREACH_SAFE(tw, &V_tw.t_age[i], tw_age, next)
			tw_release(tw);
	V_tw.t_count = 0;
	(void)callout_stop(&V_tw.t_callout);
	free(V_tw.t_hash, M_TCPTW);
	free(V_tw.t_ports, M_TCPTW);
	uma_zdestroy(V_tcptw_zone);
}
SYSUNINIT(tcp_timewait, SI_SUB_PROTO_DOMAIN, SI_ORDER_FOURTH, tcp_tw_uninit,
    NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP Fast Open (RFC 7413): the client, and the cookies it was given.
 *
 * What is known of a path, from one of our addresses to a port of a host:
 *
 *	unknown ---> our SYN asks for a cookie, and has no text
 *	cookie ----> our SYN carries it, and as much text as a segment of the
 *		     server's MSS takes
 *	disabled --> no fast open, for path_disable_time
 *
 * and what its SYN-ACK makes of it:
 *
 *	a cookie ------------------------------> cookie
 *	none, and one was asked for -----------> disabled
 *	none, and our text was not taken ------> disabled
 *	none, and our text was taken ----------> as it was
 *
 * Only the first SYN has option and text, since either may be what somebody
 * on the way did not like: if it is lost, the next one is plain, and the
 * answer to that tells of no cookie.  What the SYN-ACK does not acknowledge
 * leaves again at once.
 *
 * The cache is a hash keyed by a secret, so that nobody can choose what
 * collides; a bucket holds ccache_bucket_limit paths, and the one used
 * longest ago makes room.  It is made when the first path is remembered.
 * Nobody may keep a pointer to an entry.
 *
 * Touches: the cache; of a connection before its handshake tu_tfo, t_maxseg,
 * t_peermss, and, as text of the SYN is acknowledged, the send buffer.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/socketvar.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/tcp_fastopen.h>

struct tfo_path {
	TAILQ_ENTRY(tfo_path) p_link;	/* of the bucket: used last is first */
	struct in6_addr	p_laddr;
	struct in6_addr	p_faddr;
	uint32_t	p_scope;
	uint16_t	p_fport;
	uint16_t	p_mss;		/* the server's; 0: it did not say */
	uint8_t		p_len;		/* of p_cookie; 0: there is none */
	uint8_t		p_cookie[TCP_FASTOPEN_MAX_COOKIE_LEN];
	nstime_t	p_disabled;	/* when, if p_len is 0 */
};

TAILQ_HEAD(tfo_paths, tfo_path);

struct tfo_bucket {
	struct tfo_paths b_paths;
	u_int		b_n;
};

MALLOC_DEFINE(M_TFOCACHE, "tfocache", "TCP Fast Open cookies");

#define	TFO_BUCKETS	2048
#define	TFO_MAX_BUCKETS	(1u << 20)
#define	TFO_BUCKET_LIMIT 16

VNET_DEFINE(bool, tfo_client) = false;
VNET_DEFINE_STATIC(struct tfo_bucket *, tfo_hash);	/* NULL: not made yet */
VNET_DEFINE_STATIC(uint8_t, tfo_secret[16]);
VNET_DEFINE_STATIC(u_int, tfo_buckets) = TFO_BUCKETS;
VNET_DEFINE_STATIC(u_int, tfo_bucket_limit) = TFO_BUCKET_LIMIT;
VNET_DEFINE_STATIC(u_int, tfo_disable_time) = 900;	/* seconds */
#define	V_tfo_hash		VNET(tfo_hash)
#define	V_tfo_secret		VNET(tfo_secret)
#define	V_tfo_buckets		VNET(tfo_buckets)
#define	V_tfo_bucket_limit	VNET(tfo_bucket_limit)
#define	V_tfo_disable_time	VNET(tfo_disable_time)

SYSCTL_DECL(_net_inet_tcp_fastopen);
SYSCTL_UINT(_net_inet_tcp_fastopen, OID_AUTO, ccache_buckets,
    CTLFLAG_VNET | CTLFLAG_RDTUN, &VNET_NAME(tfo_buckets), 0,
    "Buckets of the client's cookies, a power of 2");
SYSCTL_UINT(_net_inet_tcp_fastopen, OID_AUTO, path_disable_time,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tfo_disable_time), 0,
    "Seconds without fast open on a path where it failed");

/* ---- The cache ---- */

static void
path_remove(struct tfo_bucket *b, struct tfo_path *p)
{
	TAILQ_REMOVE(&b->b_paths, p, p_link);
	b->b_n--;
	free(p, M_TFOCACHE);
}

/* Leave no more than n paths in each bucket. */
static void
cache_trim(u_int n)
{
	struct tfo_bucket *b;
	u_int i;

	for (i = 0; V_tfo_hash != NULL && i < V_tfo_buckets; i++) {
		b = &V_tfo_hash[i];
		while (b->b_n > n)
			path_remove(b, TAILQ_LAST(&b->b_paths, tfo_paths));
	}
}

static void
cache_clear(const void *arg __unused)
{
	cache_trim(0);
	free(V_tfo_hash, M_TFOCACHE);
	V_tfo_hash = NULL;
}
SYSUNINIT(tcp_fastopen_cache, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, cache_clear,
    NULL);

static bool
cache_make(void)
{
	u_int i;

	if (V_tfo_hash != NULL)
		return (true);
	V_tfo_hash = malloc(V_tfo_buckets * sizeof(*V_tfo_hash), M_TFOCACHE,
	    M_NOWAIT | M_ZERO);
	if (V_tfo_hash == NULL)
		return (false);
	for (i = 0; i < V_tfo_buckets; i++)
		TAILQ_INIT(&V_tfo_hash[i].b_paths);
	vnet_random(V_tfo_secret, sizeof(V_tfo_secret));
	return (true);
}

/* A number of buckets that is none gives way to the default. */
static void
cache_init(const void *arg __unused)
{
	if (V_tfo_buckets == 0 || V_tfo_buckets > TFO_MAX_BUCKETS ||
	    !powerof2(V_tfo_buckets))
		V_tfo_buckets = TFO_BUCKETS;
}
SYSINIT(tcp_fastopen_cache, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, cache_init,
    NULL);

static struct tfo_bucket *
path_bucket(const struct in_conninfo *inc)
{
	struct {
		struct in6_addr	laddr, faddr;
		uint32_t	scope, fport;
	} key = { inc->inc_laddr, inc->inc_faddr, inc->inc_scope,
	    inc->inc_fport };

	return (&V_tfo_hash[siphash24(V_tfo_secret, &key, sizeof(key)) &
	    (V_tfo_buckets - 1)]);
}

/* The path of inc, now the one of its bucket that was used last; NULL. */
static struct tfo_path *
path_find(const struct in_conninfo *inc)
{
	struct tfo_bucket *b;
	struct tfo_path *p;

	if (V_tfo_hash == NULL)
		return (NULL);
	b = path_bucket(inc);
	TAILQ_FOREACH(p, &b->b_paths, p_link)
		if (p->p_fport == inc->inc_fport &&
		    p->p_scope == inc->inc_scope &&
		    IN6_ARE_ADDR_EQUAL(&p->p_faddr, &inc->inc_faddr) &&
		    IN6_ARE_ADDR_EQUAL(&p->p_laddr, &inc->inc_laddr))
			break;
	if (p != NULL && p != TAILQ_FIRST(&b->b_paths)) {
		TAILQ_REMOVE(&b->b_paths, p, p_link);
		TAILQ_INSERT_HEAD(&b->b_paths, p, p_link);
	}
	return (p);
}

/* The same, and it is made if it is not there; NULL: no memory. */
static struct tfo_path *
path_get(const struct in_conninfo *inc)
{
	struct tfo_bucket *b;
	struct tfo_path *p;

	if ((p = path_find(inc)) != NULL)
		return (p);
	if (!cache_make())
		return (NULL);
	b = path_bucket(inc);
	if (b->b_n >= V_tfo_bucket_limit)
		path_remove(b, TAILQ_LAST(&b->b_paths, tfo_paths));
	p = malloc(sizeof(*p), M_TFOCACHE, M_NOWAIT | M_ZERO);
	if (p == NULL)
		return (NULL);
	p->p_laddr = inc->inc_laddr;
	p->p_faddr = inc->inc_faddr;
	p->p_scope = inc->inc_scope;
	p->p_fport = inc->inc_fport;
	TAILQ_INSERT_HEAD(&b->b_paths, p, p_link);
	b->b_n++;
	return (p);
}

/* Seconds for which p is still disabled; 0: it is not. */
static uint32_t
path_disabled(const struct tfo_path *p)
{
	nstime_t until;

	until = p->p_disabled + V_tfo_disable_time * NS_PER_SEC;
	if (p->p_len != 0 || getnstime() >= until)
		return (0);
	return ((uint32_t)howmany(until - getnstime(), NS_PER_SEC));
}

/* ---- Variables ---- */

static int
sysctl_client_enable(SYSCTL_HANDLER_ARGS)
{
	u_int val = V_tfo_client;
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_uint_range(oidp, req, &val, 0, UINT_MAX);
	if (error != 0 || (val != 0) == V_tfo_client)
		return (error);
	V_tfo_client = val != 0;
	cache_clear(NULL);
	return (0);
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, client_enable,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_client_enable,
    "IU", "Let sockets connect fast; the cookies go when it is 0");

static int
sysctl_bucket_limit(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_uint_range(oidp, req, &V_tfo_bucket_limit, 1, INT_MAX);
	if (error == 0 && req->newptr != NULL)
		cache_trim(V_tfo_bucket_limit);
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, ccache_bucket_limit,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RWTUN, NULL, 0,
    sysctl_bucket_limit, "IU", "Paths in a bucket of the client's cookies");

/* One path as a line for people. */
static int
path_list(const struct tfo_path *p, struct sysctl_req *req)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN], line[160];
	size_t n;
	u_int i;

	n = (size_t)snprintf(line, sizeof(line), "%-39s %-39s %5u %5u ",
	    in_ntop(&p->p_laddr, from, sizeof(from)),
	    in_ntop(&p->p_faddr, to, sizeof(to)), p->p_fport, p->p_mss);
	for (i = 0; i < p->p_len; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%02x",
		    p->p_cookie[i]);
	if (p->p_len == 0)
		n += (size_t)snprintf(line + n, sizeof(line) - n,
		    "disabled for %u s", path_disabled(p));
	line[n++] = '\n';
	return (SYSCTL_OUT(req, line, n));
}

static int
sysctl_ccache_list(SYSCTL_HANDLER_ARGS)
{
	const struct tfo_path *p;
	char line[120];
	int error;
	u_int i;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	snprintf(line, sizeof(line), "\n%-39s %-39s %5s %5s %s\n",
	    "Local address", "Remote address", "Port", "MSS", "Cookie");
	error = SYSCTL_OUT(req, line, strlen(line));
	for (i = 0; V_tfo_hash != NULL && i < V_tfo_buckets; i++)
		TAILQ_FOREACH(p, &V_tfo_hash[i].b_paths, p_link)
			if (error == 0)
				error = path_list(p, req);
	return (error != 0 ? error : SYSCTL_OUT(req, "", 1));
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, ccache_list,
    CTLTYPE_STRING | CTLFLAG_VNET | CTLFLAG_RD | CTLFLAG_SKIP, NULL, 0,
    sysctl_ccache_list, "A", "The client's cookies");

/* ---- A connection ---- */

/* What the path's cookie makes our SYN carry. */
static void
connect_cookie(struct tcpcb *tp, const struct tfo_path *p)
{
	struct tcp_tfo *t = tp->t_userto->tu_tfo;

	if ((t->tfo_flags & TFO_PSK) != 0) {
		tcp_fastopen_hash(t->tfo_psk, p->p_cookie, p->p_len,
		    t->tfo_cookie);
		t->tfo_len = TCP_FASTOPEN_COOKIE_LEN;
	} else {
		memcpy(t->tfo_cookie, p->p_cookie, p->p_len);
		t->tfo_len = p->p_len;
	}
	tp->t_peermss = p->p_mss;
	tp->t_maxseg = (uint16_t)tcp_path_mss(tp);
}

void
tcp_fastopen_connect(struct tcpcb *tp)
{
	const struct tfo_path *p;
	struct tcp_tfo *t;

	p = path_find(&tp->t_inpcb.inp_inc);
	if (!V_tfo_client || (tp->t_flags & TF_NOOPT) != 0 ||
	    (p != NULL && path_disabled(p) != 0) ||
	    (t = tcp_fastopen_state(tp)) == NULL) {
		tp->t_flags &= ~TF_FASTOPEN;
		return;
	}
	if (tcp_compat_cookieless(tp)) {
		t->tfo_flags |= TFO_BARE;
		return;
	}
	t->tfo_flags |= TFO_OPTION;
	if (p != NULL && p->p_len != 0)
		connect_cookie(tp, p);
}

uint32_t
tcp_fastopen_text(struct tcpcb *tp, u_int optlen)
{
	struct tcp_tfo *t = tp->t_userto->tu_tfo;
	uint32_t len;

	if ((t->tfo_flags & (TFO_OPTION | TFO_BARE)) == 0 ||
	    tp->t_state != TCPS_SYN_SENT)
		return (0);
	if (t->tfo_len == 0 && (t->tfo_flags & TFO_BARE) == 0) {
		TCPSTAT_INC(tcps_tfo_requests);
		return (0);
	}
	len = min(sbavail(&tptosocket(tp)->so_snd), tp->t_maxseg - optlen);
	if (len != 0) {
		t->tfo_flags |= TFO_TEXT;
		TCPSTAT_INC(tcps_tfo_syntext);
	}
	return (len);
}

/* What the SYN-ACK says of the path; text: it took some of ours. */
static void
tfo_learn(struct tcpcb *tp, const struct tcpopt *to, bool text)
{
	const struct tcp_tfo *t = tp->t_userto->tu_tfo;
	struct tfo_path *p;
	bool cookie, failed;

	cookie = (to->to_flags & TOF_FASTOPEN) != 0 && to->to_tfo_len != 0;
	failed = t->tfo_len == 0 || ((t->tfo_flags & TFO_TEXT) != 0 && !text);
	/* Text was taken: the path stays as it was, but for the MSS. */
	p = cookie || failed ? path_get(&tp->t_inpcb.inp_inc) :
	    path_find(&tp->t_inpcb.inp_inc);
	if (p == NULL)
		return;
	if ((to->to_flags & TOF_MSS) != 0 || p->p_mss == 0)
		p->p_mss = tp->t_peermss;
	if (!cookie && !failed)
		return;
	p->p_len = cookie ? to->to_tfo_len : 0;
	memcpy(p->p_cookie, to->to_tfo_cookie, p->p_len);
	if (!cookie) {
		p->p_disabled = getnstime();
		TCPSTAT_INC(tcps_tfo_disabled);
	}
}

int
tcp_fastopen_synacked(struct tcpcb *tp, const struct tcp_seg *sg,
    const struct tcp_acked *ta)
{
	uint32_t text = ta->ta_acked - ((ta->ta_flags & TS_SYN) != 0);
	struct socket *so = tptosocket(tp);
	int v = TV_OK;

	if ((tp->t_userto->tu_tfo->tfo_flags & TFO_OPTION) != 0 && V_tfo_client)
		tfo_learn(tp, &sg->sg_to, text != 0);
	if (text != 0) {
		TCPSTAT_INC(tcps_tfo_acked);
		if (so != NULL)
			sbdrop(&so->so_snd, (int)text);
		v = TV_WAKEWR;
	}
	(void)tcp_sent_lose_all(tp);
	tcp_fastopen_free(tp);
	return (v);
}

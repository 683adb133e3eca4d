/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP Fast Open (RFC 7413): the option, and the server.
 *
 * A server gives a client a cookie, by which the client shows later that it
 * can receive at the address it sends from:
 *
 *	cookie = SipHash-2-4(key, client's address | our address)
 *
 * of addresses as packets have them, 4 or 16 bytes each, so that hosts which
 * share a key, whatever their system, take each other's cookies; and nothing
 * is kept for it.  A SYN with a right cookie makes an
 * established connection at once in the user's eyes, with the text that
 * came along; in ours it is in SYN_RECEIVED until the handshake is complete.
 *
 *	SYN, option empty or wrong ---> SYN-ACK of the SYN, with the cookie
 *	SYN, right cookie, text ------> SYN-ACK of both; the text is read, and
 *					an answer leaves, before the ACK comes
 *
 * Keys roll: the newest makes cookies, the one before is still good, and who
 * comes with a cookie of that gets a new one.  In the mode of pre-shared
 * keys a cookie is right if it is SipHash-2-4(psk, the one we gave), so that
 * only who knows the secret can use what everybody may ask for.
 *
 * A cookie proves an address once, and can be replayed: so no more than half
 * of a listener's backlog may be open by cookie with their handshake pending.
 * Those that were reset count on for a while, or the resets of hosts whose
 * address an attacker uses would make room for more of the same (section
 * 5.1).
 *
 * Touches: the keys; of connections tu_tfo, TF_FASTOPEN and, as a SYN's text
 * is taken, the socket's buffer and rcv_nxt.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/tcp_fastopen.h>

MALLOC_DEFINE(M_TCPTFO, "tcptfo", "TCP connections opening fast");

#define	TFO_RESET_PERIOD (30 * NS_PER_SEC)
#define	TFO_MAX_PSKS	2

/* The last keys that were installed. */
struct tfo_keys {
	uint8_t		tk_key[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN];
	u_int		tk_newest;
};
CTASSERT(TFO_MAX_KEYS == TFO_MAX_PSKS);
CTASSERT(TCP_FASTOPEN_KEY_LEN == TCP_FASTOPEN_PSK_LEN);

VNET_DEFINE_STATIC(struct tfo_keys, tfo_keys);
VNET_DEFINE_STATIC(struct tfo_keys, tfo_psks);
VNET_DEFINE_STATIC(u_int, tfo_numkeys) = 0;
VNET_DEFINE_STATIC(u_int, tfo_numpsks) = 0;
VNET_DEFINE_STATIC(bool, tfo_server) = false;
VNET_DEFINE_STATIC(bool, tfo_psk_mode) = false;
VNET_DEFINE_STATIC(int, tfo_acceptany) = 0;
VNET_DEFINE_STATIC(u_int, tfo_autokey) = 120;	/* seconds; 0: never */
VNET_DEFINE_STATIC(struct callout, tfo_autokey_c);
#define	V_tfo_keys		VNET(tfo_keys)
#define	V_tfo_psks		VNET(tfo_psks)
#define	V_tfo_numkeys		VNET(tfo_numkeys)
#define	V_tfo_numpsks		VNET(tfo_numpsks)
#define	V_tfo_server		VNET(tfo_server)
#define	V_tfo_psk_mode		VNET(tfo_psk_mode)
#define	V_tfo_acceptany		VNET(tfo_acceptany)
#define	V_tfo_autokey		VNET(tfo_autokey)
#define	V_tfo_autokey_c		VNET(tfo_autokey_c)

SYSCTL_NODE(_net_inet_tcp, OID_AUTO, fastopen, CTLFLAG_RW, NULL,
    "TCP Fast Open (RFC 7413)");
SYSCTL_INT(_net_inet_tcp_fastopen, OID_AUTO, acceptany,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(tfo_acceptany), 0,
    "Take any cookie for a right one");
SYSCTL_INT(_net_inet_tcp_fastopen, OID_AUTO, keylen, CTLFLAG_RD, NULL,
    TCP_FASTOPEN_KEY_LEN, "Bytes of a key");
SYSCTL_INT(_net_inet_tcp_fastopen, OID_AUTO, maxkeys, CTLFLAG_RD, NULL,
    TFO_MAX_KEYS, "Keys that are good at a time, at most");
SYSCTL_INT(_net_inet_tcp_fastopen, OID_AUTO, maxpsks, CTLFLAG_RD, NULL,
    TFO_MAX_PSKS, "Pre-shared keys that are good at a time, at most");
SYSCTL_UINT(_net_inet_tcp_fastopen, OID_AUTO, numkeys,
    CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(tfo_numkeys), 0,
    "Keys installed");
SYSCTL_UINT(_net_inet_tcp_fastopen, OID_AUTO, numpsks,
    CTLFLAG_VNET | CTLFLAG_RD, &VNET_NAME(tfo_numpsks), 0,
    "Pre-shared keys installed");

/* ---- Keys ---- */

static void
keys_add(struct tfo_keys *tk, u_int *num,
    const uint8_t key[TCP_FASTOPEN_KEY_LEN])
{
	tk->tk_newest = (tk->tk_newest + 1) % TFO_MAX_KEYS;
	memcpy(tk->tk_key[tk->tk_newest], key, TCP_FASTOPEN_KEY_LEN);
	*num = min(*num + 1, TFO_MAX_KEYS);
}

static void
keys_clear(struct tfo_keys *tk, u_int *num)
{
	memset(tk, 0, sizeof(*tk));
	*num = 0;
}

/* The i-th key, counted from the newest, 0. */
static const uint8_t *
keys_get(const struct tfo_keys *tk, u_int i)
{
	return (tk->tk_key[(tk->tk_newest + TFO_MAX_KEYS - i) %
	    TFO_MAX_KEYS]);
}

u_int
tcp_fastopen_keys(uint8_t keys[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN])
{
	u_int i;

	for (i = 0; i < V_tfo_numkeys; i++)
		memcpy(keys[i], keys_get(&V_tfo_keys, i),
		    TCP_FASTOPEN_KEY_LEN);
	return (V_tfo_numkeys);
}

void
tcp_fastopen_setkeys(const uint8_t keys[TFO_MAX_KEYS][TCP_FASTOPEN_KEY_LEN],
    u_int n)
{
	keys_clear(&V_tfo_keys, &V_tfo_numkeys);
	while (n > 0)
		keys_add(&V_tfo_keys, &V_tfo_numkeys, keys[--n]);
}

static void
key_make(void)
{
	uint8_t key[TCP_FASTOPEN_KEY_LEN];

	vnet_random(key, sizeof(key));
	keys_add(&V_tfo_keys, &V_tfo_numkeys, key);
}

static void
autokey_fire(void *arg __unused)
{
	key_make();
	callout_reset_at(&V_tfo_autokey_c, getnstime() + V_tfo_autokey *
	    NS_PER_SEC, autokey_fire, NULL);
}

/* The variables have changed: is there to be a key, and a next one? */
static void
autokey_start(void)
{
	callout_stop(&V_tfo_autokey_c);
	if (!V_tfo_server || V_tfo_autokey == 0)
		return;
	if (V_tfo_numkeys == 0)
		key_make();
	callout_reset_at(&V_tfo_autokey_c, getnstime() + V_tfo_autokey *
	    NS_PER_SEC, autokey_fire, NULL);
}

static int
sysctl_autokey(SYSCTL_HANDLER_ARGS)
{
	u_int old = V_tfo_autokey;
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_uint_range(oidp, req, &V_tfo_autokey, 0, INT_MAX);
	if (error == 0 && V_tfo_autokey != old)
		autokey_start();
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, autokey,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_autokey, "IU",
    "Seconds after which the server makes a new key (0: never)");

/* A switch: *on is what it is, and becomes what is written. */
static int
sysctl_switch(const struct sysctl_oid *oidp, struct sysctl_req *req,
    bool *on)
{
	u_int val = *on;
	int error;

	error = sysctl_uint_range(oidp, req, &val, 0, UINT_MAX);
	if (error == 0)
		*on = val != 0;
	return (error);
}

static int
sysctl_server_enable(SYSCTL_HANDLER_ARGS)
{
	bool was = V_tfo_server;
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_switch(oidp, req, &V_tfo_server);
	if (error != 0 || V_tfo_server == was)
		return (error);
	if (was) {
		keys_clear(&V_tfo_keys, &V_tfo_numkeys);
		keys_clear(&V_tfo_psks, &V_tfo_numpsks);
	}
	autokey_start();
	return (0);
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, server_enable,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_server_enable,
    "IU", "Let listeners open connections fast; the keys go when it is 0");

static int
sysctl_psk_enable(SYSCTL_HANDLER_ARGS)
{
	int error;

	(void)arg1;
	(void)arg2;
	error = sysctl_switch(oidp, req, &V_tfo_psk_mode);
	if (error == 0 && req->newptr != NULL && !V_tfo_psk_mode)
		keys_clear(&V_tfo_psks, &V_tfo_numpsks);
	return (error);
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, psk_enable,
    CTLTYPE_UINT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_psk_enable,
    "IU", "Take only cookies made with a pre-shared key; those keys go when "
    "it is 0");

/* arg2: 0 a key, 1 a pre-shared one. */
static int
sysctl_setkey(SYSCTL_HANDLER_ARGS)
{
	uint8_t key[TCP_FASTOPEN_KEY_LEN];
	int error;

	(void)oidp;
	(void)arg1;
	if (req->newptr == NULL)
		return (EPERM);
	if (req->newlen != sizeof(key))
		return (EINVAL);
	if ((error = SYSCTL_IN(req, key, sizeof(key))) != 0)
		return (error);
	if (arg2 == 0)
		keys_add(&V_tfo_keys, &V_tfo_numkeys, key);
	else
		keys_add(&V_tfo_psks, &V_tfo_numpsks, key);
	return (0);
}
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, setkey,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_WR, NULL, 0, sysctl_setkey, "",
    "Install a key: keylen bytes");
SYSCTL_PROC(_net_inet_tcp_fastopen, OID_AUTO, setpsk,
    CTLTYPE_OPAQUE | CTLFLAG_VNET | CTLFLAG_WR, NULL, 1, sysctl_setkey, "",
    "Install a pre-shared key: keylen bytes");

static void
tfo_uninit(const void *arg __unused)
{
	callout_stop(&V_tfo_autokey_c);
}
SYSUNINIT(tcp_fastopen, SI_SUB_PROTO_DOMAIN, SI_ORDER_ANY, tfo_uninit, NULL);

/* ---- Cookies ---- */

void
tcp_fastopen_hash(const uint8_t key[TCP_FASTOPEN_KEY_LEN], const void *data,
    size_t len, uint8_t cookie[TCP_FASTOPEN_COOKIE_LEN])
{
	uint64_t h = siphash24(key, data, len);
	int i;

	/* SipHash's own order of bytes. */
	for (i = 0; i < TCP_FASTOPEN_COOKIE_LEN; i++)
		cookie[i] = (uint8_t)(h >> 8 * i);
}

/* Equal?  In a time that does not depend on where they differ. */
static bool
cookie_equal(const uint8_t *a, const uint8_t *b)
{
	uint8_t diff = 0;
	int i;

	for (i = 0; i < TCP_FASTOPEN_COOKIE_LEN; i++)
		diff |= a[i] ^ b[i];
	return (diff == 0);
}

static void
cookie_make(const uint8_t *key, const struct in_conninfo *inc,
    uint8_t *cookie)
{
	struct in6_addr addrs[2] = { inc->inc_faddr, inc->inc_laddr };
	uint8_t *v4 = (uint8_t *)addrs;

	if (!IN6_IS_ADDR_V4MAPPED(&inc->inc_faddr)) {
		tcp_fastopen_hash(key, addrs, sizeof(addrs), cookie);
		return;
	}
	memmove(v4, v4 + 12, 4);
	memmove(v4 + 4, v4 + 28, 4);
	tcp_fastopen_hash(key, v4, 8, cookie);
}

/* Is cookie what who was given ours comes with? */
static bool
cookie_matches(const uint8_t *ours, const uint8_t *cookie)
{
	uint8_t want[TCP_FASTOPEN_COOKIE_LEN];
	u_int i;

	if (!V_tfo_psk_mode)
		return (cookie_equal(ours, cookie));
	for (i = 0; i < V_tfo_numpsks; i++) {
		tcp_fastopen_hash(keys_get(&V_tfo_psks, i), ours,
		    TCP_FASTOPEN_COOKIE_LEN, want);
		if (cookie_equal(want, cookie))
			return (true);
	}
	return (false);
}

enum tfo_verdict
tcp_fastopen_check_cookie(const struct in_conninfo *inc,
    const uint8_t *cookie, u_int len,
    uint8_t latest[TCP_FASTOPEN_COOKIE_LEN])
{
	uint8_t ours[TCP_FASTOPEN_COOKIE_LEN];
	u_int i;

	if (len != 0 && V_tfo_acceptany)
		return (TFO_VALID);
	if (V_tfo_numkeys == 0)
		return (TFO_NONE);
	cookie_make(keys_get(&V_tfo_keys, 0), inc, latest);
	if (len != TCP_FASTOPEN_COOKIE_LEN)
		return (TFO_COOKIE);
	if (cookie_matches(latest, cookie))
		return (TFO_VALID);
	for (i = 1; i < V_tfo_numkeys; i++) {
		cookie_make(keys_get(&V_tfo_keys, i), inc, ours);
		if (cookie_matches(ours, cookie))
			return (TFO_RENEW);
	}
	return (TFO_COOKIE);
}

/* ---- A listener's SYN ---- */

struct tcp_tfo *
tcp_fastopen_state(struct tcpcb *tp)
{
	struct tcp_userto *tu;

	KASSERT(!TCPS_HAVEESTABLISHED(tp->t_state), ("too late for tu_tfo"));
	if ((tp->t_flags2 & TF2_TFO) != 0)
		return (tp->t_userto->tu_tfo);
	if ((tu = tcp_userto(tp)) == NULL)
		return (NULL);
	tu->tu_tfo = malloc(sizeof(*tu->tu_tfo), M_TCPTFO, M_NOWAIT | M_ZERO);
	if (tu->tu_tfo != NULL)
		tp->t_flags2 |= TF2_TFO;
	return (tu->tu_tfo);
}

/* The queue of listener lp, NULL if memory is short. */
static struct tcp_tfoq *
tfo_queue_of(struct tcpcb *lp)
{
	struct tcp_tfo *t;

	if ((t = tcp_fastopen_state(lp)) == NULL)
		return (NULL);
	if (t->tfo_queue == NULL) {
		t->tfo_queue = malloc(sizeof(*t->tfo_queue), M_TCPTFO,
		    M_NOWAIT | M_ZERO);
		if (t->tfo_queue != NULL)
			t->tfo_queue->tq_refs = 1;
	}
	return (t->tfo_queue);
}

/* The connections of q that were reset count for 30 to 60 s. */
static void
tfo_queue_age(struct tcp_tfoq *q)
{
	uint64_t period = getnstime() / TFO_RESET_PERIOD;

	if (period == q->tq_period)
		return;
	q->tq_resets[1] = period == q->tq_period + 1 ? q->tq_resets[0] : 0;
	q->tq_resets[0] = 0;
	q->tq_period = period;
}

static bool
tfo_queue_full(struct tcp_tfoq *q, u_int limit)
{
	tfo_queue_age(q);
	return (q->tq_pending + q->tq_resets[0] + q->tq_resets[1] >= limit);
}

enum tfo_verdict
tcp_fastopen_syn(struct tcpcb *lp, const struct tcp_seg *sg,
    uint8_t latest[TCP_FASTOPEN_COOKIE_LEN])
{
	const struct tcpopt *to = &sg->sg_to;
	enum tfo_verdict v;
	struct tcp_tfoq *q;
	bool bare;

	bare = sg->sg_len != 0 && tcp_compat_cookieless(lp);
	if (((to->to_flags & TOF_FASTOPEN) == 0 && !bare) || !V_tfo_server ||
	    (lp->t_flags & (TF_FASTOPEN | TF_NOOPT)) != TF_FASTOPEN ||
	    (q = tfo_queue_of(lp)) == NULL)
		return (TFO_NONE);
	if (tfo_queue_full(q, tcp_compat_tfolimit(lp,
	    tptosocket(lp)->so_sol->sol_qlimit / 2 + 1))) {
		TCPSTAT_INC(tcps_tfo_overflow);
		return (TFO_NONE);
	}
	if (bare)
		return (TFO_VALID);
	v = tcp_fastopen_check_cookie(&sg->sg_inc, to->to_tfo_cookie,
	    to->to_tfo_len, latest);
	if (v == TFO_COOKIE && to->to_tfo_len != 0)
		TCPSTAT_INC(tcps_tfo_invalid);
	if (v == TFO_COOKIE || v == TFO_RENEW)
		TCPSTAT_INC(tcps_tfo_cookies);
	return (v);
}

/* The SYN's text, as much of it as there is space for, to the reader. */
static void
tfo_take_text(struct tcpcb *tp, struct tcp_seg *sg)
{
	struct sockbuf *sb = &tptosocket(tp)->so_rcv;
	uint32_t len;

	len = (uint32_t)lmin((long)sg->sg_len, lmax(sbspace(sb), 0));
	if (sg->sg_m == NULL || len == 0)
		return;
	m_adj(sg->sg_m, -(int)(sg->sg_len - len));
	sbappendstream(sb, sg->sg_m, 0);
	sg->sg_m = NULL;
	tp->rcv_nxt += len;
	tp->rcv_adv = tp->rcv_up = tp->last_ack_sent = tp->rcv_nxt;
	TCPSTAT_INC(tcps_rcvpack);
	TCPSTAT_ADD(tcps_rcvbyte, len);
}

void
tcp_fastopen_accept(struct tcpcb *tp, struct tcpcb *lp, enum tfo_verdict v,
    const uint8_t latest[TCP_FASTOPEN_COOKIE_LEN], struct tcp_seg *sg)
{
	struct tcp_tfo *t;

	/* Without memory it is a handshake like any other. */
	if ((t = tcp_fastopen_state(tp)) == NULL)
		return;
	if (v == TFO_COOKIE || v == TFO_RENEW) {
		memcpy(t->tfo_cookie, latest, TCP_FASTOPEN_COOKIE_LEN);
		t->tfo_len = TCP_FASTOPEN_COOKIE_LEN;
		t->tfo_flags |= TFO_OPTION;
		if ((sg->sg_to.to_flags & TOF_FASTOPENEXP) != 0)
			t->tfo_flags |= TFO_EXP;
	}
	if (v == TFO_COOKIE)
		return;
	TCPSTAT_INC(tcps_tfo_valid);
	t->tfo_queue = lp->t_userto->tu_tfo->tfo_queue;
	t->tfo_queue->tq_refs++;
	t->tfo_queue->tq_pending++;
	t->tfo_flags |= TFO_PENDING;
	tp->t_flags |= TF_FASTOPEN;
	tfo_take_text(tp, sg);
	soisconnected(tptosocket(tp));
}

uint32_t
tcp_fastopen_window(const struct tcpcb *tp)
{
	/* Who did not hear the SYN-ACK is not sent more. */
	if ((tp->t_userto->tu_tfo->tfo_flags & TFO_PENDING) == 0 ||
	    (tp->t_flags2 & TF2_SYNLOST) != 0)
		return (0);
	return (min(tp->snd_wnd, tcp_compute_initwnd(tcp_fixed_maxseg(tp))));
}

void
tcp_fastopen_reset(struct tcpcb *tp)
{
	tp->t_userto->tu_tfo->tfo_flags |= TFO_RESET;
}

void
tcp_fastopen_free(struct tcpcb *tp)
{
	struct tcp_tfo *t;

	if ((tp->t_flags2 & TF2_TFO) == 0)
		return;
	tp->t_flags2 &= ~TF2_TFO;
	t = tp->t_userto->tu_tfo;
	tp->t_userto->tu_tfo = NULL;
	if ((t->tfo_flags & TFO_PENDING) != 0) {
		t->tfo_queue->tq_pending--;
		if ((t->tfo_flags & TFO_RESET) != 0) {
			tfo_queue_age(t->tfo_queue);
			t->tfo_queue->tq_resets[0]++;
		}
	}
	if (t->tfo_queue != NULL && --t->tfo_queue->tq_refs == 0)
		free(t->tfo_queue, M_TCPTFO);
	free(t, M_TCPTFO);
}

/* ---- The option ---- */

/* A length that is none makes it as if the option were not there (RFC 7413,
 * 4.1.1). */
void
tcp_fastopen_parse(struct tcpopt *to, const uint8_t *p, int len)
{
	int head = TCPOLEN_FAST_OPEN_EMPTY;

	if (p[0] == TCPOPT_EXPERIMENT) {
		head = TCPOLEN_EXID;
		if (len < head || (p[2] << 8 | p[3]) != TCPEXID_FAST_OPEN)
			return;
	}
	len -= head;
	if (len != 0 && (len < TCP_FASTOPEN_MIN_COOKIE_LEN ||
	    len > TCP_FASTOPEN_MAX_COOKIE_LEN || len % 2 != 0))
		return;
	memcpy(to->to_tfo_cookie, p + head, (size_t)len);
	to->to_tfo_len = (uint8_t)len;
	to->to_flags |= TOF_FASTOPEN;
	if (head == TCPOLEN_EXID)
		to->to_flags |= TOF_FASTOPENEXP;
}

u_int
tcp_fastopen_put(uint8_t *p, u_int room, const uint8_t *cookie, u_int len,
    bool exp)
{
	u_int head = exp ? TCPOLEN_EXID : TCPOLEN_FAST_OPEN_EMPTY;

	if (head + len > room)
		return (0);
	p[0] = exp ? TCPOPT_EXPERIMENT : TCPOPT_FAST_OPEN;
	p[1] = (uint8_t)(head + len);
	if (exp) {
		p[2] = TCPEXID_FAST_OPEN >> 8;
		p[3] = TCPEXID_FAST_OPEN & 0xff;
	}
	memcpy(p + head, cookie, len);
	return (head + len);
}

u_int
tcp_fastopen_option(struct tcpcb *tp, uint8_t *p, u_int room)
{
	struct tcp_tfo *t = tp->t_userto->tu_tfo;
	u_int len;

	if ((t->tfo_flags & TFO_OPTION) == 0)
		return (0);
	len = tcp_fastopen_put(p, room, t->tfo_cookie, t->tfo_len,
	    (t->tfo_flags & TFO_EXP) != 0);
	/* Then there is no text either, and no answer to expect. */
	if (len == 0)
		t->tfo_flags &= (uint8_t)~TFO_OPTION;
	return (len);
}

/* ---- The socket option ---- */

static int
tfo_enable(struct tcpcb *tp, const struct sockopt *sopt,
    const struct tcp_fastopen *tf)
{
	struct tcp_tfo *t;

	if (tp->t_state == TCPS_LISTEN) {
		if (!V_tfo_server)
			return (EPERM);
	} else if (sopt->sopt_valsize == sizeof(*tf)) {
		if ((t = tcp_fastopen_state(tp)) == NULL)
			return (ENOMEM);
		memcpy(t->tfo_psk, tf->psk, sizeof(t->tfo_psk));
		t->tfo_flags |= TFO_PSK;
	}
	tp->t_flags |= TF_FASTOPEN;
	return (0);
}

int
tcp_fastopen_ctloutput(struct tcpcb *tp, struct sockopt *sopt)
{
	struct tcp_fastopen tf;
	int error, on;

	if (sopt->sopt_dir == SOPT_GET) {
		on = (tp->t_flags & TF_FASTOPEN) != 0;
		return (sooptcopyout(sopt, &on, sizeof(on)));
	}
	if (!V_tfo_server && !V_tfo_client)
		return (EPERM);
	error = sooptcopyin(sopt, &tf, sizeof(tf), sizeof(tf.enable));
	if (error != 0)
		return (error);
	if (tp->t_state != TCPS_CLOSED && tp->t_state != TCPS_LISTEN)
		return (EINVAL);
	if (tf.enable != 0)
		return (tfo_enable(tp, sopt, &tf));
	tp->t_flags &= ~TF_FASTOPEN;
	return (0);
}

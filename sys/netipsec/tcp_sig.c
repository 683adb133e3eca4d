/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Signed segments: the doors of tcp_sig.h, which tell TCP-MD5 from TCP-AO,
 * and what the two have in common.
 *
 *	in:   tcp_input, before the segment is looked at: tcp_sig_input
 *	      unsigned, or wrong, or without a key: dropped in silence
 *	out:  the header is final but for its checksum: tcp_sig_sign
 *	      without a key: not sent, which for the connection is a loss
 *
 * So a key that comes later, or is corrected, lets a connection go on by its
 * retransmissions.  A signed segment for who expects none is counted, and
 * taken: the peer will not take the unsigned answer.  And a listener with
 * TCP-MD5 serves hosts with which it shares no key unsigned, as FreeBSD's
 * does, so that one of them can serve all.
 *
 * Touches of a connection: TF_SIGNATURE and tu_ao.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <kern/kern_digest.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_var.h>
#include <netinet6/icmp6.h>
#include <netipsec/key.h>
#include <netipsec/tcp_sig.h>

MALLOC_DEFINE(M_TCPAO, "tcpao", "TCP connections with TCP-AO");

/* ---- What both feed to a digest ---- */

size_t
tcp_sig_address(const struct in6_addr *addr, const uint8_t **bytes)
{
	size_t from = IN6_IS_ADDR_V4MAPPED(addr) ? 12 : 0;

	*bytes = &addr->s6_addr[from];
	return (sizeof(*addr) - from);
}

void
tcp_sig_add_pseudo(struct digest *dg, const struct in6_addr *src,
    const struct in6_addr *dst, uint32_t len)
{
	const uint8_t v4[4] = { 0, IPPROTO_TCP, (uint8_t)(len >> 8),
	    (uint8_t)len };
	const uint32_t v6[2] = { htonl(len), htonl(IPPROTO_TCP) };
	const uint8_t *addr;
	size_t n;

	n = tcp_sig_address(src, &addr);
	digest_add(dg, addr, n);
	n = tcp_sig_address(dst, &addr);
	digest_add(dg, addr, n);
	if (n == sizeof(*dst))
		digest_add(dg, v6, sizeof(v6));
	else
		digest_add(dg, v4, sizeof(v4));
}

void
tcp_sig_add_header(struct digest *dg, const struct mbuf *m)
{
	struct tcphdr th = *mtod(m, const struct tcphdr *);

	th.th_sum = 0;
	digest_add(dg, &th, sizeof(th));
}

void
tcp_sig_add_text(struct digest *dg, const struct mbuf *m, int off)
{
	for (; m != NULL; m = m->m_next) {
		if (off < m->m_len)
			digest_add(dg, mtod(m, const uint8_t *) + off,
			    (size_t)(m->m_len - off));
		off = imax(off - m->m_len, 0);
	}
}

bool
tcp_sig_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t diff = 0;
	size_t i;

	for (i = 0; i < len; i++)
		diff |= a[i] ^ b[i];
	return (diff == 0);
}

/* tcp_parse() has found the list of options to be one. */
uint8_t *
tcp_sig_find(const struct mbuf *m, uint8_t kind, uint8_t len)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	const uint8_t *cp = (const uint8_t *)(th + 1);
	int cnt = (th->th_off << 2) - (int)sizeof(*th), n;

	for (; cnt > 0 && *cp != TCPOPT_EOL; cp += n, cnt -= n) {
		n = 1;
		if (*cp == TCPOPT_NOP)
			continue;
		if (cnt < 2 || (n = cp[1]) < 2 || n > cnt)
			break;
		if (*cp == kind && n == len)
			return (mtod(m, uint8_t *) +
			    (cp - mtod(m, const uint8_t *)));
	}
	return (NULL);
}

int
tcp_sig_option(uint8_t *opt, int optlen, const struct tcp_ao *ao)
{
	const int len = ao != NULL ? TCPOLEN_AO : TCPOLEN_SIGNATURE;
	/* What follows shall stand at a multiple of four. */
	const int pad = (-(optlen + len)) & 3;

	if (optlen + pad + len > TCP_MAXOLEN)
		return (optlen);
	memset(opt + optlen, TCPOPT_NOP, (size_t)pad);
	optlen += pad;
	memset(opt + optlen, 0, (size_t)len);
	opt[optlen] = ao != NULL ? TCPOPT_AO : TCPOPT_SIGNATURE;
	opt[optlen + 1] = (uint8_t)len;
	return (optlen + len);
}

/* ---- Without a tcpcb ---- */

int
tcp_sig_sign(struct mbuf *m, const struct in_conninfo *inc,
    struct tcp_ao *ao)
{
	return (ao != NULL ? tcp_ao_sign(m, inc, ao) : tcp_md5_sign(m, inc));
}

bool
tcp_sig_verify(const struct mbuf *m, const struct tcp_seg *sg,
    struct tcp_ao *ao)
{
	const uint32_t got = sg->sg_to.to_flags & (TOF_SIGNATURE | TOF_AO);

	if ((got & (ao != NULL ? TOF_AO : TOF_SIGNATURE)) == 0) {
		TCPSTAT_INC(tcps_sig_err_nosigopt);
		return (false);
	}
	/* Both at once are forbidden (RFC 5925, 2.2). */
	if (got == (TOF_SIGNATURE | TOF_AO)) {
		TCPSTAT_INC(tcps_sig_rcvbadsig);
		return (false);
	}
	return (ao != NULL ? tcp_ao_verify(m, sg, ao) :
	    tcp_md5_verify(m, sg));
}

/* ---- With one ---- */

/* The initial sequence numbers may be known since the last time. */
static void
tcp_sig_update(const struct tcpcb *tp)
{
	struct tcp_ao *ao = tcp_ao_of(tp);

	if (ao->ao_iss != tp->iss) {
		ao->ao_iss = ao->ao_snd_seq = tp->iss;
		ao->ao_snd_sne = 0;
	}
	if (TCPS_HAVERCVDSYN(tp->t_state) && ao->ao_irs != tp->irs) {
		ao->ao_irs = ao->ao_rcv_seq = tp->irs;
		ao->ao_rcv_sne = 0;
	}
}

bool
tcp_sig_exempt(const struct tcpcb *tp, const struct tcp_seg *sg)
{
	const struct in6_addr *peer, *us;

	if (tp->t_state != TCPS_LISTEN || tcp_ao_of(tp) != NULL || sg == NULL ||
	    (sg->sg_to.to_flags & (TOF_SIGNATURE | TOF_AO)) != 0)
		return (false);
	peer = &sg->sg_inc.inc_faddr;
	us = &sg->sg_inc.inc_laddr;
	return (key_find(XKEY_TCP, peer, us, XKEY_TCP_SPI) == NULL &&
	    key_find(XKEY_TCP, us, peer, XKEY_TCP_SPI) == NULL);
}

bool
tcp_sig_input(struct tcpcb *tp, const struct mbuf *m,
    const struct tcp_seg *sg)
{
	struct tcp_ao ao;

	if ((tp->t_flags & TF_SIGNATURE) == 0) {
		TCPSTAT_INC(tcps_sig_err_sigopts);
		return (true);
	}
	return (tcp_sig_exempt(tp, sg) ||
	    tcp_sig_verify(m, sg, tcp_sig_ao(tp, sg, &ao)));
}

struct tcp_ao *
tcp_sig_ao(struct tcpcb *tp, const struct tcp_seg *sg, struct tcp_ao *ao)
{
	if (tcp_ao_of(tp) == NULL)
		return (NULL);
	if (tp->t_inpcb.inp_fport == 0 && sg != NULL) {
		tcp_ao_begin(ao, tcp_ao_of(tp), sg);
		return (ao);
	}
	tcp_sig_update(tp);
	return (tcp_ao_of(tp));
}

u_int
tcp_sig_optlen(const struct tcpcb *tp)
{
	return (tcp_ao_of(tp) != NULL ? TCPOLEN_AO :
	    roundup2(TCPOLEN_SIGNATURE, 4));
}

/* tp has TCP-AO from now on, all of it 0: NULL if memory is short. */
static struct tcp_ao *
tcp_sig_new_ao(struct tcpcb *tp)
{
	struct tcp_userto *tu = tcp_userto(tp);

	if (tu != NULL)
		tu->tu_ao = malloc(sizeof(*tu->tu_ao), M_TCPAO,
		    M_NOWAIT | M_ZERO);
	return (tcp_ao_of(tp));
}

/* From now on tp's segments are signed, or not. */
static void
tcp_sig_turn(struct tcpcb *tp, bool on)
{
	if (on) {
		tp->t_flags |= TF_SIGNATURE;
		tp->t_inpcb.inp_irregular |= TCPI_SIGNED;
	} else {
		tp->t_flags &= ~TF_SIGNATURE;
		tp->t_inpcb.inp_irregular &= (uint8_t)~TCPI_SIGNED;
	}
}

int
tcp_sig_inherit(struct tcpcb *tp, const struct tcp_syn *sy)
{
	struct tcp_ao *ao;

	if ((sy->sy_flags & SYF_SIGNATURE) == 0)
		return (0);
	tcp_sig_turn(tp, true);
	if ((sy->sy_flags & SYF_AO) == 0)
		return (0);
	if ((ao = tcp_sig_new_ao(tp)) == NULL)
		return (ENOMEM);
	tcp_ao_resume(ao, sy->sy_iss, sy->sy_irs, sy->sy_aocurrent,
	    sy->sy_aornext);
	ao->ao_flags |= AO_KEEP;
	return (0);
}

/*
 * Against resets in ICMP's disguise: with TCP-AO a synchronized connection
 * heeds no hard error, among them that a packet is too big for the path.
 */
bool
tcp_sig_takes_icmp(const struct tcpcb *tp, const struct ip_icmperr *ie)
{
	if (tcp_ao_of(tp) == NULL || !TCPS_HAVEESTABLISHED(tp->t_state))
		return (true);
	if (ie->ie_ip.ii_v6)
		return (ie->ie_type != ICMP6_DST_UNREACH ||
		    (ie->ie_code != ICMP6_DST_UNREACH_ADMIN &&
		    ie->ie_code != ICMP6_DST_UNREACH_NOPORT));
	return (ie->ie_type != ICMP_UNREACH ||
	    ie->ie_code < ICMP_UNREACH_PROTOCOL ||
	    ie->ie_code > ICMP_UNREACH_NEEDFRAG);
}

void
tcp_sig_free(struct tcpcb *tp)
{
	struct tcp_ao *ao = tcp_ao_of(tp);

	if (ao == NULL)
		return;
	tcp_ao_forget(ao);
	free(ao, M_TCPAO);
	tp->t_userto->tu_ao = NULL;
}

/* ---- Options ---- */

static int
tcp_sig_opt_md5(struct tcpcb *tp, struct sockopt *sopt)
{
	int error, on;

	if (sopt->sopt_dir == SOPT_GET) {
		on = (tp->t_flags & TF_SIGNATURE) != 0 &&
		    tcp_ao_of(tp) == NULL;
		return (sooptcopyout(sopt, &on, sizeof(on)));
	}
	if ((error = sooptcopyin(sopt, &on, sizeof(on), sizeof(on))) != 0)
		return (error);
	if (tcp_ao_of(tp) != NULL)
		return (on ? EINVAL : 0);
	if (on > 0)
		tcp_sig_turn(tp, true);
	else
		tcp_sig_turn(tp, false);
	return (0);
}

/* Only before there are initial sequence numbers. */
static int
tcp_sig_opt_ao(struct tcpcb *tp, struct sockopt *sopt)
{
	int error, on;

	if (sopt->sopt_dir == SOPT_GET) {
		on = tcp_ao_of(tp) != NULL;
		return (sooptcopyout(sopt, &on, sizeof(on)));
	}
	if ((error = sooptcopyin(sopt, &on, sizeof(on), sizeof(on))) != 0)
		return (error);
	if ((on != 0) == (tcp_ao_of(tp) != NULL))
		return (0);
	if (tp->t_state > TCPS_LISTEN ||
	    (on && (tp->t_flags & TF_SIGNATURE) != 0))
		return (EINVAL);
	if (on) {
		if (tcp_sig_new_ao(tp) == NULL)
			return (ENOMEM);
		tcp_ao_of(tp)->ao_flags = AO_KEEP;
		tcp_sig_turn(tp, true);
	} else {
		tcp_sig_free(tp);
		tcp_sig_turn(tp, false);
	}
	return (0);
}

/* May a user choose this KeyID, of a key from src to dst? */
static int
ao_check_choice(const struct tcpcb *tp, int id, const struct in6_addr *src,
    const struct in6_addr *dst)
{
	if (id == -1)
		return (0);
	if (id < 0 || id > XKEY_AO_MAXSPI)
		return (EINVAL);
	/* Whose peer is not known yet may have any. */
	return (tp->t_state <= TCPS_LISTEN || key_find(XKEY_TCP_AO, src, dst,
	    (uint32_t)id) != NULL ? 0 : ENOENT);
}

static int
ao_set_keys(struct tcpcb *tp, const struct tcp_ao_keys *tak)
{
	const struct in_conninfo *inc = &tp->t_inpcb.inp_inc;
	struct tcp_ao *ao = tcp_ao_of(tp);
	int error;

	error = ao_check_choice(tp, tak->tak_current, &inc->inc_laddr,
	    &inc->inc_faddr);
	if (error == 0)
		error = ao_check_choice(tp, tak->tak_rnext, &inc->inc_faddr,
		    &inc->inc_laddr);
	if (error != 0)
		return (error);
	if (tak->tak_current != -1) {
		ao->ao_current = (uint8_t)tak->tak_current;
		ao->ao_flags |= AO_CURRENT;
	}
	if (tak->tak_rnext != -1) {
		ao->ao_rnext = (uint8_t)tak->tak_rnext;
		ao->ao_flags |= AO_RNEXT;
	}
	return (0);
}

static int
tcp_sig_opt_keys(struct tcpcb *tp, struct sockopt *sopt)
{
	const struct tcp_ao *ao = tcp_ao_of(tp);
	struct tcp_ao_keys tak;
	int error;

	if (ao == NULL)
		return (EINVAL);
	if (sopt->sopt_dir == SOPT_SET) {
		error = sooptcopyin(sopt, &tak, sizeof(tak), sizeof(tak));
		return (error != 0 ? error : ao_set_keys(tp, &tak));
	}
	tak.tak_current = (ao->ao_flags & AO_CURRENT) != 0 ?
	    ao->ao_current : -1;
	tak.tak_rnext = (ao->ao_flags & AO_RNEXT) != 0 ? ao->ao_rnext : -1;
	tak.tak_peer_key = tak.tak_peer_rnext = -1;
	if ((ao->ao_flags & AO_PEER) != 0) {
		tak.tak_peer_key = ao->ao_peer_key;
		tak.tak_peer_rnext = ao->ao_peer_rnext;
	}
	return (sooptcopyout(sopt, &tak, sizeof(tak)));
}

int
tcp_sig_ctloutput(struct tcpcb *tp, struct sockopt *sopt)
{
	switch (sopt->sopt_name) {
	case TCP_MD5SIG:
		return (tcp_sig_opt_md5(tp, sopt));
	case TCP_AO:
		return (tcp_sig_opt_ao(tp, sopt));
	default:
		return (tcp_sig_opt_keys(tp, sopt));
	}
}

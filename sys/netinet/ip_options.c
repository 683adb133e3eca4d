/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * IPv4 options of a socket (RFC 791, 3.1; RFC 1122, 3.2.1.8), and all
 * options of level IP and IPv6.
 *
 * A source route, loose or strict, is a list of addresses to go by.  The
 * first of them is not in the option but where the packet is sent, and the
 * destination is the last in the option:
 *
 *	the user says	LSRR A B C	to C, by A and B
 *	on the wire	to A, LSRR B C
 *	there		to C, LSRR A' B'	what each has put in its place
 *	the way back	to B', LSRR A' S	S: where it came from
 *
 * A socket's options are an mbuf with the option list as it is sent; the
 * first hop stands right before its data, and is the unspecified address if
 * there is no source route.  ip_options_hop() finds it.
 *
 * Touches: pcbs' options; reads packets that have arrived.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/ip.h>
#include <netinet/ip_options.h>
#include <netinet/ip_var.h>

#define	ADDRLEN		4		/* bytes of an address in an option */
#define	SRCRT_HDRLEN	3		/* type, length, pointer */
#define	SRCRT_FIRST	4		/* pointer to the first address */

static bool
is_srcroute(uint8_t type)
{
	return (type == IPOPT_LSRR || type == IPOPT_SSRR);
}

/* Length of the option at p, of which there are n bytes; 0: nonsense. */
static int
option_len(const uint8_t *p, int n)
{
	if (*p == IPOPT_EOL || *p == IPOPT_NOP)
		return (1);
	return (n >= 2 && p[1] >= 2 && p[1] <= n ? p[1] : 0);
}

/* The source route among len bytes of well-formed options, or NULL. */
static uint8_t *
find_srcroute(uint8_t *p, int len)
{
	int n;

	for (; len > 0 && *p != IPOPT_EOL; p += n, len -= n) {
		if (is_srcroute(*p))
			return (p);
		n = option_len(p, len);
		if (n == 0)
			break;
	}
	return (NULL);
}

static struct in6_addr
get_addr(const uint8_t *p)
{
	struct in_addr a;

	memcpy(&a, p, sizeof(a));
	return (in6_mapped(a));
}

/* Where the first hop stands. */
static struct in6_addr *
options_hop(const struct mbuf *m)
{
	return ((struct in6_addr *)(void *)m->m_data - 1);
}

const struct in6_addr *
ip_options_hop(const struct mbuf *m)
{
	const struct in6_addr *hop = options_hop(m);

	return (IN6_IS_ADDR_UNSPECIFIED(hop) ? NULL : hop);
}

/* Options of len bytes, with no source route as yet: NULL without memory. */
static struct mbuf *
options_alloc(int len)
{
	struct mbuf *m;

	if ((m = m_get(M_NOWAIT, MT_DATA)) == NULL)
		return (NULL);
	m->m_data += sizeof(struct in6_addr);
	m->m_len = len;
	memset(options_hop(m), 0, sizeof(struct in6_addr));
	memset(mtod(m, void *), 0, (size_t)len);
	return (m);
}

struct mbuf *
ip_options_dup(const struct mbuf *m)
{
	struct mbuf *copy;

	if ((copy = options_alloc(m->m_len)) == NULL)
		return (NULL);
	*options_hop(copy) = *options_hop(m);
	memcpy(mtod(copy, void *), mtod(m, const void *), (size_t)m->m_len);
	return (copy);
}

/* ---- What the user says ---- */

/* Well formed, with one source route at most, that has an address? */
static int
options_check(const uint8_t *p, int len)
{
	bool routed = false;
	int n;

	if (len % 4 != 0)
		return (EINVAL);
	for (; len > 0 && *p != IPOPT_EOL; p += n, len -= n) {
		n = option_len(p, len);
		if (n == 0)
			return (EINVAL);
		if (!is_srcroute(*p))
			continue;
		if (routed || n < SRCRT_HDRLEN + ADDRLEN ||
		    (n - SRCRT_HDRLEN) % ADDRLEN != 0)
			return (EINVAL);
		routed = true;
	}
	return (0);
}

/* Take the first address out of m's source route: it is where to send. */
static int
options_take_hop(struct mbuf *m, uint8_t *rt)
{
	uint8_t *first = rt + SRCRT_HDRLEN;
	struct in6_addr hop = get_addr(first);
	uint8_t *end = mtod(m, uint8_t *) + m->m_len;

	if (in_any(&hop) || in_multicast(&hop))
		return (EINVAL);
	*options_hop(m) = hop;
	memmove(first, first + ADDRLEN, (size_t)(end - first) - ADDRLEN);
	m->m_len -= ADDRLEN;
	rt[1] -= ADDRLEN;
	rt[2] = SRCRT_FIRST;
	return (0);
}

/* A source route of one address leaves an option without any behind. */
#define	OPTIONS_USERMAX	(IP_MAXOPTLEN + ADDRLEN)

static int
options_set(struct inpcb *inp, struct sockopt *sopt)
{
	uint8_t buf[OPTIONS_USERMAX], *rt;
	struct mbuf *m = NULL;
	int error, len = (int)sopt->sopt_valsize;

	if (sopt->sopt_valsize > sizeof(buf))
		return (EINVAL);
	error = sooptcopyin(sopt, buf, sizeof(buf), 0);
	if (error == 0 && len > 0 && (error = options_check(buf, len)) == 0) {
		if ((m = options_alloc(len)) == NULL)
			return (ENOBUFS);
		memcpy(mtod(m, void *), buf, (size_t)len);
		rt = find_srcroute(mtod(m, uint8_t *), len);
		if (rt != NULL)
			error = options_take_hop(m, rt);
		if (m->m_len > IP_MAXOPTLEN)
			error = EINVAL;
	}
	if (error != 0) {
		m_freem(m);
		return (error);
	}
	m_freem(inp->inp_options);
	inp->inp_options = m;
	return (0);
}

/* As the user would set them. */
static int
options_get(const struct inpcb *inp, struct sockopt *sopt)
{
	struct mbuf *m = inp->inp_options;
	uint8_t buf[OPTIONS_USERMAX], *rt;
	size_t len, rest;

	if (m == NULL) {
		sopt->sopt_valsize = 0;
		return (0);
	}
	len = (size_t)m->m_len;
	memcpy(buf, mtod(m, void *), len);
	rt = find_srcroute(buf, (int)len);
	if (rt != NULL && ip_options_hop(m) != NULL) {
		rest = len - (size_t)(rt - buf) - SRCRT_HDRLEN;
		memmove(rt + SRCRT_HDRLEN + ADDRLEN, rt + SRCRT_HDRLEN, rest);
		memcpy(rt + SRCRT_HDRLEN,
		    &ip_options_hop(m)->s6_addr[12], ADDRLEN);
		rt[1] += ADDRLEN;
		len += ADDRLEN;
	}
	return (sooptcopyout(sopt, buf, len));
}

/* ---- What came ---- */

/*
 * The way back of m, a packet for us: its options reversed, or NULL if it
 * came by no source route, or that cannot be answered.
 */
struct mbuf *
ip_srcroute(const struct mbuf *m, const struct ip_info *ii)
{
	int i, len = ii->ii_hdrlen - (int)sizeof(struct ip), n;
	uint8_t *rt, *to;
	struct in6_addr hop;
	struct mbuf *back;

	if (ii->ii_v6 || !ii->ii_front || len <= 0)
		return (NULL);
	rt = find_srcroute((uint8_t *)m->m_data - len, len);
	if (rt == NULL || (n = (rt[1] - SRCRT_HDRLEN) / ADDRLEN) == 0)
		return (NULL);
	hop = get_addr(rt + SRCRT_HDRLEN + (n - 1) * ADDRLEN);
	if (in_any(&hop) || in_multicast(&hop) ||
	    (back = options_alloc(1 + SRCRT_HDRLEN + n * ADDRLEN)) == NULL)
		return (NULL);
	*options_hop(back) = hop;
	to = mtod(back, uint8_t *);
	*to++ = IPOPT_NOP;
	*to++ = *rt;
	*to++ = (uint8_t)(SRCRT_HDRLEN + n * ADDRLEN);
	*to++ = SRCRT_FIRST;
	for (i = n - 2; i >= 0; i--, to += ADDRLEN)
		memcpy(to, rt + SRCRT_HDRLEN + i * ADDRLEN, ADDRLEN);
	memcpy(to, &ii->ii_src.s6_addr[12], ADDRLEN);
	return (back);
}

/* ---- The options of both levels ---- */

/* An int from lo to 255 that stands in a byte of the pcb, where 0 says, if
 * dflt is not 0, that there is none; -1 sets that if reset. */
static int
opt_byte(struct sockopt *sopt, uint8_t *val, int lo, int dflt, bool reset)
{
	int error, i;

	if (sopt->sopt_dir == SOPT_GET) {
		i = *val != 0 ? *val : dflt;
		return (sooptcopyout(sopt, &i, sizeof(i)));
	}
	if ((error = sooptcopyin(sopt, &i, sizeof(i), sizeof(i))) != 0)
		return (error);
	if (i == -1 && reset)
		i = 0;
	else if (i < lo || i > UINT8_MAX)
		return (EINVAL);
	*val = (uint8_t)i;
	return (0);
}

void
in_pcb_v6only(struct inpcb *inp, bool on)
{
	inp->inp_flags &= (uint16_t)~INP_V6ONLY;
	inp->inp_vflag = INP_IPV4 | INP_IPV6;
	if (on) {
		inp->inp_flags |= INP_V6ONLY;
		inp->inp_vflag = INP_IPV6;
	}
}

static int
opt_v6only(struct inpcb *inp, struct sockopt *sopt)
{
	int error, on = (inp->inp_flags & INP_V6ONLY) != 0;

	if (sopt->sopt_dir == SOPT_GET)
		return (sooptcopyout(sopt, &on, sizeof(on)));
	if ((error = sooptcopyin(sopt, &on, sizeof(on), sizeof(on))) != 0)
		return (error);
	if ((inp->inp_flags & (INP_INPORT | INP_INHASH)) != 0)
		return (EINVAL);
	in_pcb_v6only(inp, on != 0);
	return (0);
}

/* RFC 3542, 11.1: -1, for multicast only, which is nothing to TCP. */
static int
opt_minmtu(struct inpcb *inp, struct sockopt *sopt)
{
	int error, val;

	if (sopt->sopt_dir == SOPT_GET) {
		val = (inp->inp_flags & INP_MINMTU) != 0 ? 1 :
		    (inp->inp_flags & INP_PATHMTU) != 0 ? 0 : -1;
		return (sooptcopyout(sopt, &val, sizeof(val)));
	}
	error = sooptcopyin(sopt, &val, sizeof(val), sizeof(val));
	if (error != 0)
		return (error);
	if (val < -1 || val > 1)
		return (EINVAL);
	inp->inp_flags &= (uint16_t)~(INP_MINMTU | INP_PATHMTU);
	if (val >= 0)
		inp->inp_flags |= val == 1 ? INP_MINMTU : INP_PATHMTU;
	return (0);
}

/* 0 hops are a limit as any other (RFC 3493, 5.1). */
static int
opt_hops(struct inpcb *inp, struct sockopt *sopt)
{
	bool none = (inp->inp_flags & INP_NOHOPS) != 0;
	int error, hops;

	error = opt_byte(sopt, &inp->inp_ttl, 0, none ? 0 : V_ip6_defhlim,
	    true);
	if (error != 0 || sopt->sopt_dir == SOPT_GET)
		return (error);
	inp->inp_flags &= (uint16_t)~INP_NOHOPS;
	if (sooptcopyin(sopt, &hops, sizeof(hops), sizeof(hops)) == 0 &&
	    hops == 0)
		inp->inp_flags |= INP_NOHOPS;
	return (0);
}

static int
ip4_ctloutput(struct inpcb *inp, struct sockopt *sopt)
{
	switch (sopt->sopt_name) {
	case IP_TTL:
		return (opt_byte(sopt, &inp->inp_ttl, 1, V_ip_defttl, true));
	case IP_TOS:
		return (opt_byte(sopt, &inp->inp_tos, 0, 0, false));
	case IP_MINTTL:
		return (opt_byte(sopt, &inp->inp_minttl, 0, 0, false));
	case IP_OPTIONS:
		return (sopt->sopt_dir == SOPT_SET ? options_set(inp, sopt) :
		    options_get(inp, sopt));
	default:
		return (ENOPROTOOPT);
	}
}

static int
ip6_ctloutput(struct inpcb *inp, struct sockopt *sopt)
{
	switch (sopt->sopt_name) {
	case IPV6_UNICAST_HOPS:
		return (opt_hops(inp, sopt));
	case IPV6_TCLASS:
		return (opt_byte(sopt, &inp->inp_tos, 0, 0, true));
	case IPV6_V6ONLY:
		return (opt_v6only(inp, sopt));
	case IPV6_USE_MIN_MTU:
		return (opt_minmtu(inp, sopt));
	default:
		return (ENOPROTOOPT);
	}
}

int
ip_ctloutput(struct inpcb *inp, struct sockopt *sopt)
{
	if (sopt->sopt_level == IPPROTO_IP)
		return (ip4_ctloutput(inp, sopt));
	if ((inp->inp_flags & INP_V6SOCKET) == 0)
		return (EINVAL);
	return (ip6_ctloutput(inp, sopt));
}

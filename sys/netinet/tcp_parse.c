/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Parsing: a segment's header and options are read once, here, into a
 * struct tcp_seg in host order (RFC 9293, 3.1 and 3.2; RFC 7323; RFC 2018).
 *
 * Every length from the wire is checked before it is used.  A malformed
 * option ends the list; what was read before it counts (TOF_BAD).
 *
 * Touches nothing but its arguments.
 */
#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_ecn.h>
#include <netinet/tcp_fastopen.h>
#include <netinet/tcp_seg.h>
#include <netinet/tcp_var.h>

static uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static void
parse_sack(struct tcpopt *to, const uint8_t *p, int len)
{
	int i, n;

	if (len < TCPOLEN_SACKHDR + TCPOLEN_SACK ||
	    (len - TCPOLEN_SACKHDR) % TCPOLEN_SACK != 0) {
		to->to_flags |= TOF_BAD;
		return;
	}
	n = imin((len - TCPOLEN_SACKHDR) / TCPOLEN_SACK, TCP_MAX_SACK);
	p += TCPOLEN_SACKHDR;
	for (i = 0; i < n; i++, p += TCPOLEN_SACK) {
		to->to_sack[i].start = tcp_get32(p);
		to->to_sack[i].end = tcp_get32(p + 4);
	}
	to->to_nsacks = (uint8_t)n;
	to->to_flags |= TOF_SACK;
}

/* One option of len (>= 2) bytes, all of which are there. */
static void
parse_option(struct tcpopt *to, const uint8_t *p, int len, bool syn)
{
	switch (p[0]) {
	case TCPOPT_MAXSEG:
		if (len != TCPOLEN_MAXSEG || !syn)
			break;
		to->to_mss = get16(p + 2);
		to->to_flags |= TOF_MSS;
		break;
	case TCPOPT_WINDOW:
		if (len != TCPOLEN_WINDOW || !syn)
			break;
		to->to_wscale = (uint8_t)min(p[2], TCP_MAX_WINSHIFT);
		to->to_flags |= TOF_SCALE;
		break;
	case TCPOPT_SACK_PERMITTED:
		if (len != TCPOLEN_SACK_PERMITTED || !syn)
			break;
		to->to_flags |= TOF_SACKPERM;
		break;
	case TCPOPT_SACK:
		if (!syn)
			parse_sack(to, p, len);
		break;
	case TCPOPT_TIMESTAMP:
		if (len != TCPOLEN_TIMESTAMP)
			break;
		to->to_tsval = tcp_get32(p + 2);
		to->to_tsecr = tcp_get32(p + 6);
		to->to_flags |= TOF_TS;
		break;
	case TCPOPT_SIGNATURE:
		if (len == TCPOLEN_SIGNATURE)
			to->to_flags |= TOF_SIGNATURE;
		break;
	case TCPOPT_AO:
		if (len != TCPOLEN_AO)
			break;
		to->to_aokey = p[2];
		to->to_aornext = p[3];
		to->to_flags |= TOF_AO;
		break;
	case TCPOPT_ACCECN0:
	case TCPOPT_ACCECN1:
		tcp_ecn_parse(to, p, len);
		break;
	case TCPOPT_FAST_OPEN:
	case TCPOPT_EXPERIMENT:
		if (syn)
			tcp_fastopen_parse(to, p, len);
		break;
	default:
		break;			/* RFC 9293: unknown ones are skipped */
	}
}

/*
 * The options of nearly all SYNs: MSS; then a NOP and the window's scale, and
 * SACK permitted and a time stamp, in our order, or these two in Linux's.
 * False, and nothing done, if they are others.
 */
static inline bool
read_usual(struct tcpopt *to, const uint8_t *cp)
{
	const uint32_t mss = htonl(TCPOPT_MAXSEG << 24 |
	    TCPOLEN_MAXSEG << 16);
	const uint32_t scale = htonl(TCPOPT_NOP << 24 |
	    TCPOPT_WINDOW << 16 | TCPOLEN_WINDOW << 8);
	const uint32_t sackts = htonl(TCPOPT_SACK_PERMITTED << 24 |
	    TCPOLEN_SACK_PERMITTED << 16 | TCPOPT_TIMESTAMP << 8 |
	    TCPOLEN_TIMESTAMP);
	const uint8_t *ts = cp + 12, *ws = cp + 4;

	if (raw32(cp + 4) == sackts) {
		ts = cp + 8;
		ws = cp + 16;
	} else if (raw32(cp + 8) != sackts)
		return (false);
	if (((raw32(cp) ^ mss) & htonl(0xffff0000)) != 0 ||
	    ((raw32(ws) ^ scale) & htonl(0xffffff00)) != 0)
		return (false);
	to->to_mss = get16(cp + 2);
	to->to_wscale = (uint8_t)min(ws[3], TCP_MAX_WINSHIFT);
	to->to_tsval = tcp_get32(ts);
	to->to_tsecr = tcp_get32(ts + 4);
	to->to_flags = TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_TS;
	return (true);
}
#define	USUAL_LEN	20

/* One by one. */
static void __noinline
read_each(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	int len;

	while (cnt > 0 && cp[0] != TCPOPT_EOL) {
		if (cp[0] == TCPOPT_NOP)
			len = 1;
		else if (cnt < 2 || (len = cp[1]) < 2 || len > cnt) {
			to->to_flags |= TOF_BAD;
			return;
		} else
			parse_option(to, cp, len, syn);
		cp += len;
		cnt -= len;
	}
}

void
tcp_read_list(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	if (!syn || cnt != USUAL_LEN || !read_usual(to, cp))
		read_each(to, cp, cnt, syn);
}

void
tcp_dooptions(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	tcp_read_options(to, cp, cnt, syn);
}

int
tcp_parse(const struct mbuf *m, const struct ip_info *ii, struct tcp_seg *sg)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	int off = th->th_off << 2;

	if (off < (int)sizeof(*th) || off > m->m_len ||
	    off > m->m_pkthdr.len)
		return (EINVAL);
	tcp_read_header(m, ii, sg, tcp_off_flags(th), 0);
	return (0);
}

struct tcp_seg *
tcp_seg_of(const struct mbuf *m)
{
	return (m->m_pkthdr.PH_loc.ptr);
}

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
#include <netinet/tcp_var.h>

static uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
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
		to->to_sack[i].start = get32(p);
		to->to_sack[i].end = get32(p + 4);
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
		to->to_tsval = get32(p + 2);
		to->to_tsecr = get32(p + 6);
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

static void __noinline
parse_options(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
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

/* Nearly all segments have two NOPs and a time stamp. */
static inline void
dooptions(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	to->to_flags = 0;
	to->to_nsacks = 0;
	if (__predict_true(cnt == TCPOLEN_TIMESTAMP + 2 &&
	    get32(cp) == (TCPOPT_NOP << 24 | TCPOPT_NOP << 16 |
	    TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP))) {
		to->to_tsval = get32(cp + 4);
		to->to_tsecr = get32(cp + 8);
		to->to_flags = TOF_TS;
		return;
	}
	if (cnt > 0)
		parse_options(to, cp, cnt, syn);
}

void
tcp_dooptions(struct tcpopt *to, const uint8_t *cp, int cnt, bool syn)
{
	dooptions(to, cp, cnt, syn);
}

int
tcp_parse(const struct mbuf *m, const struct ip_info *ii, struct tcp_seg *sg)
{
	const struct tcphdr *th = mtod(m, const struct tcphdr *);
	int off = th->th_off << 2;

	if (off < (int)sizeof(*th) || off > m->m_len ||
	    off > m->m_pkthdr.len)
		return (EINVAL);
	sg->sg_m = NULL;
	sg->sg_ip = ii;
	sg->sg_inc.inc_faddr = ii->ii_src;
	sg->sg_inc.inc_laddr = ii->ii_dst;
	sg->sg_inc.inc_fport = ntohs(th->th_sport);
	sg->sg_inc.inc_lport = ntohs(th->th_dport);
	sg->sg_inc.inc_scope = ii->ii_scope;
	sg->sg_seq = sg->sg_came = ntohl(th->th_seq);
	sg->sg_ack = ntohl(th->th_ack);
	sg->sg_win = ntohs(th->th_win);
	sg->sg_urp = ntohs(th->th_urp);
	if (__predict_false((th->th_flags & TH_URG) != 0) &&
	    V_tcp_stdurg && sg->sg_urp < UINT16_MAX)
		sg->sg_urp++;		/* from here on: the byte behind */
	sg->sg_flags = (uint16_t)(th->th_flags | (th->th_x2 & 1) << 8);
	sg->sg_len = (uint32_t)(m->m_pkthdr.len - off);
	sg->sg_nsegs = m->m_pkthdr.lro_nsegs > 1 ? m->m_pkthdr.lro_nsegs : 1;
	sg->sg_errno = 0;
	dooptions(&sg->sg_to, (const uint8_t *)(th + 1),
	    off - (int)sizeof(*th), (sg->sg_flags & TH_SYN) != 0);
	return (0);
}

struct tcp_seg *
tcp_seg_of(const struct mbuf *m)
{
	return (m->m_pkthdr.PH_loc.ptr);
}

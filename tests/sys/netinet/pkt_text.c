/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Segments as text and as bytes (see pkt.h).  All of it by the plainest
 * means and by nothing of the code that is tested.
 */
#include <stdio.h>

#include "pkt_impl.h"

#define	TCPHDR	20		/* bytes, without options */
#define	UDPHDR	8

static const struct {
	char		ch;
	uint16_t	flag;
} flagchars[] = {
	{ 'F', TH_FIN }, { 'S', TH_SYN }, { 'R', TH_RST }, { 'P', TH_PUSH },
	{ '.', TH_ACK }, { 'U', TH_URG }, { 'E', TH_ECE }, { 'W', TH_CWR },
	{ 'A', TH_AE }
};

static void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t
get16(const uint8_t *p)
{
	return ((uint32_t)p[0] << 8 | p[1]);
}

static uint32_t
get32(const uint8_t *p)
{
	return (get16(p) << 16 | get16(p + 2));
}

/* The byte at off of a stream; no two stretches of it are alike. */
uint8_t
pd_pattern(uint32_t off)
{
	return ((uint8_t)((off * 2654435761U) >> 23 ^ off));
}

/* RFC 1071: the sum of len bytes and of sum, folded, not inverted. */
uint16_t
pd_sum(const void *p, size_t len, uint32_t sum)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < len; i++) {
		sum += (i & 1) != 0 ? b[i] : (uint32_t)b[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return ((uint16_t)((sum & 0xffff) + (sum >> 16)));
}

uint32_t
pd_pseudo(const struct pd *t, uint8_t proto, uint32_t len)
{
	int from = t->af == AF_INET ? 12 : 0;

	return (pd_sum(&t->us.s6_addr[from], 16 - (size_t)from, 0) +
	    (uint32_t)pd_sum(&t->peer.s6_addr[from], 16 - (size_t)from, 0) +
	    proto + (len >> 16) + (len & 0xffff));
}

/* ---- From text ---- */

/* Where we are in the text, and all of it for complaints. */
struct scan {
	const char	*p, *text;
};

static void
scan_fail(const struct scan *s, const char *what)
{
	atf_tc_fail("the test has \"%s\": %s expected at \"%s\"", s->text,
	    what, s->p);
}

static void
scan_space(struct scan *s)
{
	while (*s->p == ' ')
		s->p++;
}

/* Is w next?  Then it is passed. */
static bool
scan_word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	scan_space(s);
	if (strncmp(s->p, w, n) != 0)
		return (false);
	s->p += n;
	return (true);
}

static void
scan_need(struct scan *s, const char *w)
{
	if (!scan_word(s, w))
		scan_fail(s, w);
}

/* A number, which may be negative: modulo 2^32. */
static uint32_t
scan_num(struct scan *s)
{
	uint32_t n = 0;
	bool minus;

	minus = scan_word(s, "-");
	scan_space(s);
	if (*s->p < '0' || *s->p > '9')
		scan_fail(s, "a number");
	for (; *s->p >= '0' && *s->p <= '9'; s->p++)
		n = 10 * n + (uint32_t)(*s->p - '0');
	return (minus ? -n : n);
}

static void
scan_ipopt(struct scan *s, struct pd_seg *sg)
{
	u_int byte;
	int n;

	scan_space(s);
	while (sscanf(s->p, "%2x%n", &byte, &n) == 1 && n == 2) {
		ATF_REQUIRE(sg->ipoptlen < (int)sizeof(sg->ipopt));
		sg->ipopt[sg->ipoptlen++] = (uint8_t)byte;
		s->p += 2;
	}
}

/* [ttl N,tos N,nodf,udp N,ipopt HEX] */
static void
scan_ip(struct scan *s, struct pd_seg *sg)
{
	sg->ttl = 64;
	sg->tos = 0;
	if (!scan_word(s, "["))
		return;
	do {
		if (scan_word(s, "ttl"))
			sg->ttl = (int)scan_num(s);
		else if (scan_word(s, "tos"))
			sg->tos = (int)scan_num(s);
		else if (scan_word(s, "nodf"))
			sg->nodf = true;
		else if (scan_word(s, "udp"))
			sg->udp = (uint16_t)scan_num(s);
		else if (scan_word(s, "ipopt"))
			scan_ipopt(s, sg);
		else
			scan_fail(s, "ttl, tos, nodf, udp or ipopt");
	} while (scan_word(s, ","));
	scan_need(s, "]");
}

static void
scan_flags(struct scan *s, struct pd_seg *sg)
{
	size_t i;

	scan_space(s);
	for (; *s->p != ' '; s->p++) {
		if (*s->p == '-')
			continue;
		for (i = 0; i < nitems(flagchars); i++)
			if (flagchars[i].ch == *s->p)
				break;
		if (i == nitems(flagchars))
			scan_fail(s, "flags");
		sg->flags |= flagchars[i].flag;
	}
}

static void
opt_byte(struct scan *s, struct pd_seg *sg, uint32_t v)
{
	if (sg->optlen == (int)sizeof(sg->opt))
		scan_fail(s, "at most 40 bytes of options");
	sg->opt[sg->optlen++] = (uint8_t)v;
}

static void
opt_word(struct scan *s, struct pd_seg *sg, uint32_t v)
{
	opt_byte(s, sg, v >> 24);
	opt_byte(s, sg, v >> 16);
	opt_byte(s, sg, v >> 8);
	opt_byte(s, sg, v);
}

/* sack A:B C:D ... with numbers counted from base. */
static void
scan_sack(struct scan *s, struct pd_seg *sg, uint32_t base)
{
	int at = sg->optlen;

	opt_byte(s, sg, TCPOPT_SACK);
	opt_byte(s, sg, 0);
	do {
		opt_word(s, sg, scan_num(s) + base);
		scan_need(s, ":");
		opt_word(s, sg, scan_num(s) + base);
		scan_space(s);
	} while (*s->p != ',' && *s->p != '>');
	sg->opt[at + 1] = (uint8_t)(sg->optlen - at);
}

/* TS val N ecr N; add is for the echo. */
static void
scan_ts(struct scan *s, struct pd_seg *sg, uint32_t add)
{
	uint32_t ecr;

	sg->ts_at = sg->optlen;
	opt_byte(s, sg, TCPOPT_TIMESTAMP);
	opt_byte(s, sg, TCPOLEN_TIMESTAMP);
	scan_need(s, "val");
	sg->ts_any = scan_word(s, "*");
	opt_word(s, sg, sg->ts_any ? 0 : scan_num(s));
	scan_need(s, "ecr");
	ecr = scan_num(s);
	opt_word(s, sg, ecr + add);
}

static void
scan_hex(struct scan *s, struct pd_seg *sg)
{
	u_int byte;
	int n;

	scan_space(s);
	while (sscanf(s->p, "%2x%n", &byte, &n) == 1 && n == 2) {
		opt_byte(s, sg, byte);
		s->p += 2;
	}
}

/* A signature, still 0. */
static void
scan_signature(struct scan *s, struct pd_seg *sg, uint8_t kind, uint8_t len)
{
	opt_byte(s, sg, kind);
	opt_byte(s, sg, len);
	while (len-- > 2)
		opt_byte(s, sg, 0);
}

static void
scan_option(struct pd *t, struct scan *s, struct pd_seg *sg, bool out)
{
	const struct pd_conn *c = t->c;
	uint32_t n;

	if (scan_word(s, "...")) {
		sg->any_opts = true;
	} else if (scan_word(s, "mss")) {
		n = scan_num(s);
		opt_word(s, sg, TCPOPT_MAXSEG << 24 | TCPOLEN_MAXSEG << 16 | n);
	} else if (scan_word(s, "nop")) {
		opt_byte(s, sg, TCPOPT_NOP);
	} else if (scan_word(s, "eol")) {
		opt_byte(s, sg, TCPOPT_EOL);
	} else if (scan_word(s, "wscale")) {
		opt_byte(s, sg, TCPOPT_WINDOW);
		opt_byte(s, sg, TCPOLEN_WINDOW);
		opt_byte(s, sg, scan_num(s));
	} else if (scan_word(s, "sackOK")) {
		opt_byte(s, sg, TCPOPT_SACK_PERMITTED);
		opt_byte(s, sg, TCPOLEN_SACK_PERMITTED);
	} else if (scan_word(s, "sack")) {
		scan_sack(s, sg, out ? c->irs : c->iss);
	} else if (scan_word(s, "TS")) {
		scan_ts(s, sg, !out && c->ts_known ? c->ts_off : 0);
	} else if (scan_word(s, "FO")) {
		n = sg->optlen;
		opt_byte(s, sg, TCPOPT_FAST_OPEN);
		opt_byte(s, sg, 0);
		scan_hex(s, sg);
		sg->opt[n + 1] = (uint8_t)(sg->optlen - n);
	} else if (scan_word(s, "md5")) {
		scan_signature(s, sg, TCPOPT_SIGNATURE, TCPOLEN_SIGNATURE);
	} else if (scan_word(s, "ao")) {
		scan_signature(s, sg, TCPOPT_AO, TCPOLEN_AO);
		sg->opt[sg->optlen - 14] = (uint8_t)scan_num(s);
		sg->opt[sg->optlen - 13] = (uint8_t)scan_num(s);
	} else if (scan_word(s, "hex")) {
		scan_hex(s, sg);
	} else
		scan_fail(s, "an option");
}

void
pd_seg_parse(struct pd *t, const char *text, bool out, struct pd_seg *sg)
{
	struct scan s = { text, text };
	uint32_t end;

	memset(sg, 0, sizeof(*sg));
	sg->ts_at = -1;
	scan_ip(&s, sg);
	scan_flags(&s, sg);
	sg->seq = scan_num(&s);
	scan_need(&s, ":");
	end = scan_num(&s);
	scan_need(&s, "(");
	sg->len = scan_num(&s);
	scan_need(&s, ")");
	if (end - sg->seq != sg->len)
		scan_fail(&s, "a length that fits");
	sg->seq += out ? t->c->iss : t->c->irs;
	if (scan_word(&s, "ack"))
		sg->ack = scan_num(&s) + (out ? t->c->irs : t->c->iss);
	else if ((sg->flags & TH_ACK) != 0)
		scan_fail(&s, "ack");
	sg->has_win = scan_word(&s, "win");
	sg->win = sg->has_win ? (uint16_t)scan_num(&s) : 0;
	if (scan_word(&s, "urg"))
		sg->urg = (uint16_t)scan_num(&s);
	if (scan_word(&s, "<")) {
		do
			scan_option(t, &s, sg, out);
		while (scan_word(&s, ","));
		scan_need(&s, ">");
	}
	scan_space(&s);
	if (*s.p != '\0')
		scan_fail(&s, "the end");
}

/* ---- To text ---- */

/* What is printed into. */
struct out {
	char	*buf;
	size_t	len;
};

static void	out(struct out *o, const char *fmt, ...) __printflike(2, 3);

static void
out(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	o->len += (size_t)vsnprintf(o->buf + o->len, PD_TEXTLEN - o->len,
	    fmt, ap);
	va_end(ap);
	o->len = MIN(o->len, PD_TEXTLEN - 1);
}

/* One option of n bytes. */
static void
print_option(struct out *o, const struct pd *t, const uint8_t *p, int n,
    bool ours)
{
	const struct pd_conn *c = t->c;
	uint32_t base = ours ? c->irs : c->iss, off;
	int i;

	off = c->ts_known ? c->ts_off : 0;
	if (p[0] == TCPOPT_MAXSEG && n == TCPOLEN_MAXSEG)
		out(o, "mss %u", get16(p + 2));
	else if (p[0] == TCPOPT_WINDOW && n == TCPOLEN_WINDOW)
		out(o, "wscale %u", p[2]);
	else if (p[0] == TCPOPT_SACK_PERMITTED &&
	    n == TCPOLEN_SACK_PERMITTED)
		out(o, "sackOK");
	else if (p[0] == TCPOPT_SACK && n % 8 == 2) {
		out(o, "sack");
		for (i = 2; i < n; i += 8)
			out(o, " %u:%u", get32(p + i) - base,
			    get32(p + i + 4) - base);
	} else if (p[0] == TCPOPT_TIMESTAMP && n == TCPOLEN_TIMESTAMP)
		out(o, "TS val %u ecr %u", get32(p + 2) - (ours ? off : 0),
		    get32(p + 6) - (ours ? 0 : off));
	else if (p[0] == TCPOPT_SIGNATURE && n == TCPOLEN_SIGNATURE)
		out(o, "md5");
	else if (p[0] == TCPOPT_AO && n == TCPOLEN_AO)
		out(o, "ao %u %u", p[2], p[3]);
	else {
		out(o, p[0] == TCPOPT_FAST_OPEN ? "FO " : "hex ");
		for (i = p[0] == TCPOPT_FAST_OPEN ? 2 : 0; i < n; i++)
			out(o, "%02x", p[i]);
	}
}

static void
print_options(struct out *o, const struct pd *t, const struct pd_seg *sg,
    bool ours)
{
	int i, n;

	out(o, " <");
	for (i = 0; i < sg->optlen; i += n) {
		if (i != 0)
			out(o, ",");
		n = 1;
		if (sg->opt[i] == TCPOPT_NOP) {
			out(o, "nop");
			continue;
		}
		if (sg->opt[i] == TCPOPT_EOL) {
			out(o, "eol");
			continue;
		}
		n = sg->optlen - i;
		if (n >= 2 && sg->opt[i + 1] >= 2 && sg->opt[i + 1] <= n)
			n = sg->opt[i + 1];
		print_option(o, t, &sg->opt[i], n, ours);
	}
	if (sg->any_opts)
		out(o, "%s...", sg->optlen != 0 ? "," : "");
	out(o, ">");
}

char *
pd_seg_print(const struct pd *t, const struct pd_seg *sg, bool ours,
    char *buf)
{
	const struct pd_conn *c = t->c;
	struct out o = { buf, 0 };
	uint32_t seq;
	size_t i;

	buf[0] = '\0';
	if (sg->ttl != 64 || sg->tos != 0 || sg->nodf)
		out(&o, "[ttl %d,tos %d%s] ", sg->ttl, sg->tos,
		    sg->nodf ? ",nodf" : "");
	if (sg->udp != 0)
		out(&o, "[udp %u] ", sg->udp);
	if (sg->ipoptlen != 0)
		out(&o, "[ipopt ");
	for (i = 0; i < (size_t)sg->ipoptlen; i++)
		out(&o, "%02x", sg->ipopt[i]);
	if (sg->ipoptlen != 0)
		out(&o, "] ");
	for (i = 0; i < nitems(flagchars); i++)
		if ((sg->flags & flagchars[i].flag) != 0)
			out(&o, "%c", flagchars[i].ch);
	if (sg->flags == 0)
		out(&o, "-");
	seq = sg->seq - (ours ? c->iss : c->irs);
	out(&o, " %u:%u(%u)", seq, seq + sg->len, sg->len);
	if ((sg->flags & TH_ACK) != 0)
		out(&o, " ack %u", sg->ack - (ours ? c->irs : c->iss));
	if (sg->has_win)
		out(&o, " win %u", sg->win);
	if (sg->urg != 0)
		out(&o, " urg %u", sg->urg);
	if (sg->optlen != 0 || sg->any_opts)
		print_options(&o, t, sg, ours);
	return (buf);
}

/* ---- To bytes ---- */

uint32_t
pd_ip_build(const struct pd *t, bool ours, uint8_t proto, uint32_t len,
    int ttl, int tos, uint8_t *pkt)
{
	const struct in6_addr *src = ours ? &t->us : &t->peer;
	const struct in6_addr *dst = ours ? &t->peer : &t->us;

	if (t->af == AF_INET6) {
		memset(pkt, 0, 40);
		put32(pkt, 6U << 28 | (uint32_t)tos << 20);
		put16(pkt + 4, len);
		pkt[6] = proto;
		pkt[7] = (uint8_t)ttl;
		memcpy(pkt + 8, src, 16);
		memcpy(pkt + 24, dst, 16);
		return (40);
	}
	memset(pkt, 0, 20);
	pkt[0] = 0x45;
	pkt[1] = (uint8_t)tos;
	put16(pkt + 2, 20 + len);
	pkt[6] = 0x40;			/* do not fragment */
	pkt[8] = (uint8_t)ttl;
	pkt[9] = proto;
	memcpy(pkt + 12, &src->s6_addr[12], 4);
	memcpy(pkt + 16, &dst->s6_addr[12], 4);
	put16(pkt + 10, (uint16_t)~pd_sum(pkt, 20, 0));
	return (20);
}

/* IPv4 options behind the header at pkt: returns the length of both. */
static uint32_t
put_ipopt(const struct pd_seg *sg, uint8_t *pkt)
{
	uint32_t hlen = 20 + roundup2((uint32_t)sg->ipoptlen, 4);

	memset(pkt + 20, 0, hlen - 20);
	memcpy(pkt + 20, sg->ipopt, (size_t)sg->ipoptlen);
	pkt[0] = (uint8_t)(0x40 | hlen / 4);
	put16(pkt + 2, get16(pkt + 2) + hlen - 20);
	put16(pkt + 10, 0);
	put16(pkt + 10, (uint16_t)~pd_sum(pkt, hlen, 0));
	return (hlen);
}

/* The UDP header, before its sum is known. */
static uint32_t
put_udp(const struct pd *t, const struct pd_seg *sg, uint32_t len,
    uint8_t *uh)
{
	put16(uh, sg->udp);
	put16(uh + 2, t->udpport);
	put16(uh + 4, UDPHDR + len);
	put16(uh + 6, 0);
	return (UDPHDR);
}

uint32_t
pd_seg_build(const struct pd *t, const struct pd_seg *sg, uint8_t *pkt)
{
	uint32_t hlen, i, iplen, off, ulen = sg->udp != 0 ? UDPHDR : 0;
	uint8_t *th;

	hlen = TCPHDR + roundup2((uint32_t)sg->optlen, 4);
	iplen = pd_ip_build(t, false, ulen != 0 ? IPPROTO_UDP : IPPROTO_TCP,
	    ulen + hlen + sg->len, sg->ttl, sg->tos, pkt);
	if (sg->ipoptlen != 0 && t->af == AF_INET)
		iplen = put_ipopt(sg, pkt);
	if (ulen != 0)
		iplen += put_udp(t, sg, hlen + sg->len, pkt + iplen);
	th = pkt + iplen;
	memset(th, 0, hlen);
	put16(th, t->c->fport);
	put16(th + 2, t->c->lport);
	put32(th + 4, sg->seq);
	put32(th + 8, sg->ack);
	th[12] = (uint8_t)(hlen << 2);
	th[12] |= (sg->flags & TH_AE) != 0;
	th[13] = (uint8_t)sg->flags;
	put16(th + 14, sg->win);
	put16(th + 18, sg->urg);
	memcpy(th + TCPHDR, sg->opt, (size_t)sg->optlen);
	off = sg->seq - t->c->irs - 1 + ((sg->flags & TH_SYN) != 0);
	for (i = 0; i < sg->len; i++)
		th[hlen + i] = (uint8_t)(pd_pattern(off + i) ^
		    (t->forged ? 0xff : 0));
	if (t->sign != NULL)
		t->sign(t, pkt, iplen + hlen + sg->len);
	if (ulen != 0)
		put16(th - 2, (uint16_t)~pd_sum(th - ulen, ulen + hlen +
		    sg->len, pd_pseudo(t, IPPROTO_UDP, ulen + hlen +
		    sg->len)));
	else
		put16(th + 16, (uint16_t)~pd_sum(th, hlen + sg->len,
		    pd_pseudo(t, IPPROTO_TCP, hlen + sg->len)));
	return (iplen + hlen + sg->len);
}

/* ---- From bytes ---- */

static const char *
read_ip4(const struct pd *t, const uint8_t *pkt, uint32_t len,
    struct pd_seg *sg)
{
	uint32_t hlen = (pkt[0] & 0xfU) * 4;
	const struct in6_addr *dst = IN6_IS_ADDR_UNSPECIFIED(&t->hop) ?
	    &t->peer : &t->hop;

	if (len < hlen + TCPHDR || pkt[0] < 0x45 || pkt[0] > 0x4f)
		return ("no IPv4 header");
	if (get16(pkt + 2) != len)
		return ("the total length is not that of the packet");
	if (pd_sum(pkt, hlen, 0) != 0xffff)
		return ("wrong header checksum");
	sg->ipoptlen = (int)hlen - 20;
	memcpy(sg->ipopt, pkt + 20, hlen - 20);
	if ((get16(pkt + 6) & ~0x4000U) != 0)
		return ("a fragment");
	if (pkt[9] != IPPROTO_TCP && pkt[9] != IPPROTO_UDP)
		return ("not TCP");
	sg->udp = pkt[9] == IPPROTO_UDP;
	if (memcmp(pkt + 12, &t->us.s6_addr[12], 4) != 0 ||
	    memcmp(pkt + 16, &dst->s6_addr[12], 4) != 0)
		return ("wrong addresses");
	sg->ttl = pkt[8];
	sg->tos = pkt[1];
	sg->nodf = get16(pkt + 6) == 0;
	return (NULL);
}

static const char *
read_ip6(const struct pd *t, const uint8_t *pkt, uint32_t len,
    struct pd_seg *sg)
{
	if (len < 40 + TCPHDR || (pkt[0] >> 4) != 6)
		return ("no IPv6 header");
	if (get16(pkt + 4) != len - 40)
		return ("the payload length is not that of the packet");
	if (pkt[6] != IPPROTO_TCP && pkt[6] != IPPROTO_UDP)
		return ("not TCP");
	sg->udp = pkt[6] == IPPROTO_UDP;
	if (memcmp(pkt + 8, &t->us, 16) != 0 ||
	    memcmp(pkt + 24, &t->peer, 16) != 0)
		return ("wrong addresses");
	sg->ttl = pkt[7];
	sg->tos = (uint8_t)(get16(pkt) >> 4);
	return (NULL);
}

/* Where an option list has a time stamp, or -1. */
static int
find_ts(const uint8_t *opt, int len)
{
	int i;

	for (i = 0; i < len; ) {
		if (opt[i] == TCPOPT_EOL)
			break;
		if (opt[i] == TCPOPT_NOP) {
			i++;
			continue;
		}
		if (opt[i] == TCPOPT_TIMESTAMP &&
		    i + TCPOLEN_TIMESTAMP <= len)
			return (i);
		if (i + 1 >= len || opt[i + 1] < 2)
			break;
		i += opt[i + 1];
	}
	return (-1);
}

/* A UDP header that has to be right; TCP's checksum is 0 behind one. */
static const char *
read_udp(const struct pd *t, const uint8_t *uh, uint32_t len,
    struct pd_seg *sg)
{
	if (len < UDPHDR + TCPHDR || get16(uh + 4) != len)
		return ("UDP's length is not that of the packet");
	if (get16(uh) != t->udpport)
		return ("wrong UDP port");
	if (get16(uh + 6) == 0 ||
	    pd_sum(uh, len, pd_pseudo(t, IPPROTO_UDP, len)) != 0xffff)
		return ("wrong UDP checksum");
	if (get16(uh + UDPHDR + 16) != 0)
		return ("a TCP checksum behind UDP's");
	sg->udp = (uint16_t)get16(uh + 2);
	return (NULL);
}

/* The place of an option of that kind and length, or -1. */
static int
find_option(const uint8_t *opt, int optlen, uint8_t kind, uint8_t len)
{
	int i;

	for (i = 0; i + len <= optlen; i += opt[i] <= TCPOPT_NOP ? 1 :
	    imax(opt[i + 1], 1))
		if (opt[i] == kind && opt[i + 1] == len)
			return (i);
	return (-1);
}

/* Signatures have been checked; what is expected has zeros there. */
static void
forget_signature(struct pd_seg *sg)
{
	int i;

	i = find_option(sg->opt, sg->optlen, TCPOPT_SIGNATURE,
	    TCPOLEN_SIGNATURE);
	if (i >= 0)
		memset(&sg->opt[i + 2], 0, TCPOLEN_SIGNATURE - 2);
	i = find_option(sg->opt, sg->optlen, TCPOPT_AO, TCPOLEN_AO);
	if (i >= 0)
		memset(&sg->opt[i + 4], 0, TCPOLEN_AO - 4);
}

const char *
pd_seg_read(const struct pd *t, const uint8_t *pkt, uint32_t len,
    struct pd_seg *sg)
{
	uint32_t iplen, off;
	const char *wrong;
	const uint8_t *th;

	memset(sg, 0, sizeof(*sg));
	wrong = t->af == AF_INET ? read_ip4(t, pkt, len, sg) :
	    read_ip6(t, pkt, len, sg);
	if (wrong != NULL)
		return (wrong);
	iplen = t->af == AF_INET ? 20 + (uint32_t)sg->ipoptlen : 40;
	th = pkt + iplen;
	len -= iplen;
	if (sg->udp != 0) {
		wrong = read_udp(t, th, len, sg);
		if (wrong != NULL)
			return (wrong);
		th += UDPHDR;
		len -= UDPHDR;
	}
	off = (uint32_t)(th[12] >> 4) * 4;
	if (off < TCPHDR || off > len)
		return ("the data offset is wrong");
	if (sg->udp == 0 && pd_sum(th, len, pd_pseudo(t, IPPROTO_TCP, len)) != 0xffff)
		return ("wrong checksum");
	if (get16(th) != t->c->lport || get16(th + 2) != t->c->fport)
		return ("wrong ports");
	if ((th[12] & 0xe) != 0)
		return ("reserved bits are set");
	sg->seq = get32(th + 4);
	sg->ack = get32(th + 8);
	sg->flags = (uint16_t)(th[13] | (th[12] & 1) << 8);
	sg->win = (uint16_t)get16(th + 14);
	sg->has_win = true;
	sg->urg = (uint16_t)get16(th + 18);
	sg->optlen = (int)off - TCPHDR;
	memcpy(sg->opt, th + TCPHDR, (size_t)sg->optlen);
	if (t->signature != NULL && !t->signature(t, pkt, iplen + len))
		return ("wrong signature");
	forget_signature(sg);
	sg->ts_at = find_ts(sg->opt, sg->optlen);
	sg->len = len - off;
	sg->text = th + off;
	return (NULL);
}

/* ---- Comparing ---- */

/* Milliseconds on the clock that time stamps are read from. */
static uint32_t
ts_clock(nstime_t when)
{
	return ((uint32_t)(when / NS_PER_MSEC));
}

/* Put the time stamp that want must have into its bytes. */
static void
want_ts(struct pd_conn *c, struct pd_seg *want, const struct pd_seg *got,
    nstime_t when)
{
	uint32_t val;
	uint8_t *p = &want->opt[want->ts_at + 2];

	if (!c->ts_known && got->ts_at >= 0) {
		c->ts_first = get32(&got->opt[got->ts_at + 2]);
		c->ts_off = c->ts_first - (want->ts_any ? 100 : get32(p));
		c->ts_when = when;
		c->ts_known = true;
	}
	if (!c->ts_known)
		return;
	val = want->ts_any ? c->ts_first + ts_clock(when) -
	    ts_clock(c->ts_when) : get32(p) + c->ts_off;
	put32(p, val);
}

static const char *
text_differs(const struct pd *t, const struct pd_seg *got)
{
	uint32_t i, off;

	off = got->seq - t->c->iss - 1 + ((got->flags & TH_SYN) != 0);
	for (i = 0; i < got->len; i++)
		if (got->text[i] != pd_pattern(off + i))
			return ("bytes of the text");
	return (NULL);
}

const char *
pd_seg_differs(struct pd *t, struct pd_seg *want, const struct pd_seg *got,
    nstime_t when)
{
	struct pd_conn *c = t->c;

	if (!c->iss_known && (got->flags & TH_SYN) != 0) {
		want->seq += got->seq - c->iss;
		c->iss = got->seq;
		c->iss_known = true;
	}
	if (want->ts_at >= 0)
		want_ts(c, want, got, when);
	if (want->ttl != got->ttl || want->tos != got->tos ||
	    (t->af == AF_INET && want->nodf != got->nodf))
		return ("the IP header");
	if (want->udp != got->udp)
		return ("UDP");
	if (want->ipoptlen != got->ipoptlen ||
	    memcmp(want->ipopt, got->ipopt, (size_t)want->ipoptlen) != 0)
		return ("IP options");
	if (want->flags != got->flags)
		return ("flags");
	if (want->seq != got->seq)
		return ("sequence number");
	if (want->len != got->len)
		return ("length");
	if ((want->flags & TH_ACK) == 0 ? got->ack != 0 :
	    want->ack != got->ack)
		return ("ack");
	if (want->has_win && want->win != got->win)
		return ("win");
	if (want->urg != got->urg)
		return ("urg");
	if ((want->any_opts ? want->optlen > got->optlen :
	    want->optlen != got->optlen) ||
	    memcmp(want->opt, got->opt, (size_t)want->optlen) != 0)
		return ("options");
	return (text_differs(t, got));
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The judge of the wire: knows nothing of the stack but the packets that
 * leave a host (before the path does anything to them) and those that reach
 * the other.  What it holds each host to (RFC 9293, 2018, 2883, 7323):
 *
 *	text		is the pattern, wherever in the stream it stands and
 *			however often it is sent; nothing beyond its end; the
 *			FIN just there
 *	window		of what left: acknowledgment + window never goes
 *			back by more than the scale's granularity makes it:
 *			it is rounded up to a multiple of 2^scale, so by less
 *			than that (RFC 7323, 2.4; transfer.c sees that the
 *			window itself never does); of what was sent: within
 *			the largest window that has reached the sender, or
 *			what it must take for that by its number of the last
 *			window update (RFC 9293, SND.WL1), plus one byte to
 *			probe
 *	acknowledgment	never goes back, and covers only what has arrived
 *			without a gap
 *	SACK		only what has arrived
 *	size		no packet larger than the MTU arrives
 *	reset		none, where no memory is short, but for what comes
 *			late to a host whose connection is over: it has got
 *			the FIN, and its own was acknowledged
 *
 * Numbers are offsets from the byte after the SYN.  A packet that arrived
 * damaged is ignored, as the host must do: the checksums tell.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfer.h"

#define	TH_FIN	0x01
#define	TH_SYN	0x02
#define	TH_RST	0x04
#define	TH_ACK	0x10

/* What one host sends. */
struct side {
	bool		s_syn;		/* its SYN left */
	bool		s_fin;
	uint32_t	s_base;		/* its ISN + 1 */
	int		s_scale;	/* offered; -1: not */
	int32_t		s_limit;	/* may send up to here: it knows */
	int32_t		s_una, s_wnd;	/* by SND.WL1 and SND.WL2 */
	int32_t		s_wl1, s_wl2;
	int32_t		s_sent;		/* has sent up to here */
	/* As a receiver, of what the other sends. */
	unsigned char	*s_got;		/* by byte, the FIN last */
	size_t		s_total;	/* bytes of text there will be */
	size_t		s_prefix;	/* arrived without a gap */
	int32_t		s_ack;		/* acknowledged */
	int32_t		s_edge;		/* promised */
};

struct xf_wire {
	struct xf	*w_run;
	struct xk_tap	*w_tap;
	FILE		*w_file;	/* x_pcap */
	struct side	w_side[2];
	struct xf_wire_count w_count;
};

/* A packet of TCP, taken apart. */
struct pkt {
	const unsigned char *p_tcp;
	const unsigned char *p_text;
	int32_t		p_seq, p_ack;	/* offsets */
	uint32_t	p_rawseq, p_rawack;
	size_t		p_len;		/* of text */
	size_t		p_iplen;	/* of it all, from the IP header */
	uint32_t	p_win;
	unsigned	p_flags;
	int		p_scale;	/* the option; -1: none */
	int		p_nsacks;
	uint32_t	p_sack[4][2];
};

static uint32_t
get32(const unsigned char *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

static uint32_t
get16(const unsigned char *p)
{
	return ((uint32_t)p[0] << 8 | p[1]);
}

static const char *
side_name(unsigned i)
{
	return (i == 0 ? "a" : "b");
}

/* ---- Taking a packet apart ---- */

static uint32_t
sum16(const unsigned char *p, size_t len, uint32_t sum)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get16(p + i);
	if (len % 2 != 0)
		sum += (uint32_t)p[len - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (sum);
}

/* The TCP in an IP packet: its length, or 0 if this is none that counts. */
static size_t
take_ip(const unsigned char *p, size_t len, bool check,
    const unsigned char **tcp, uint32_t *sum)
{
	size_t hlen, total;

	*sum = 6;
	if (len >= 20 && p[0] >> 4 == 4) {
		hlen = (size_t)(p[0] & 0xf) * 4;
		total = get16(p + 2);
		if (hlen < 20 || total < hlen || total > len || p[9] != 6 ||
		    (check && sum16(p, hlen, 0) != 0xffff))
			return (0);
		*sum = sum16(p + 12, 8, *sum);
	} else if (len >= 40 && p[0] >> 4 == 6) {
		hlen = 40;
		total = get16(p + 4) + hlen;
		if (total > len || p[6] != 6)
			return (0);
		*sum = sum16(p + 8, 32, *sum);
	} else
		return (0);
	*tcp = p + hlen;
	return (total - hlen);
}

static void
take_options(struct pkt *k, const unsigned char *o, const unsigned char *end)
{
	int i;

	for (; o < end && *o != 0; o += *o == 1 ? 1 : o[1]) {
		if (*o == 1)
			continue;
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			return;
		if (o[0] == 3 && o[1] == 3)
			k->p_scale = o[2];
		if (o[0] == 5)
			for (i = 0; i < (o[1] - 2) / 8 && i < 4; i++) {
				k->p_sack[i][0] = get32(o + 2 + 8 * i);
				k->p_sack[i][1] = get32(o + 6 + 8 * i);
				k->p_nsacks = i + 1;
			}
	}
}

/* Ethernet, IP, TCP.  check: it has travelled, and may be damaged. */
static bool
take_apart(struct pkt *k, const unsigned char *p, size_t len, bool check)
{
	const unsigned char *t;
	size_t hlen, n;
	uint32_t sum, type;

	if (len < 14 || ((type = get16(p + 12)) != 0x0800 && type != 0x86dd))
		return (false);
	n = take_ip(p + 14, len - 14, check, &t, &sum);
	if (n < 20 || (hlen = (size_t)(t[12] >> 4) * 4) < 20 || hlen > n ||
	    (check && sum16(t, n, sum + (uint32_t)n) != 0xffff))
		return (false);
	*k = (struct pkt){
		.p_tcp = t,
		.p_rawseq = get32(t + 4),
		.p_rawack = get32(t + 8),
		.p_win = get16(t + 14),
		.p_flags = t[13],
		.p_text = t + hlen,
		.p_len = n - hlen,
		.p_iplen = len - 14,
		.p_scale = -1,
	};
	take_options(k, t + 20, t + hlen);
	return (true);
}

/* Offsets, for a packet that side i has sent. */
static void
place(const struct xf_wire *w, unsigned i, struct pkt *k)
{
	k->p_seq = (int32_t)(k->p_rawseq - w->w_side[i].s_base);
	k->p_ack = (int32_t)(k->p_rawack - w->w_side[1 - i].s_base);
}

/* ---- What leaves a host ---- */

static bool
same_text(struct xf_wire *w, unsigned i, const struct pkt *k)
{
	unsigned char want[65536];

	xf_pattern(w->w_run->x_row.seed, i, (size_t)k->p_seq, want, k->p_len);
	return (memcmp(want, k->p_text, k->p_len) == 0);
}

static void
judge_text(struct xf_wire *w, unsigned i, const struct pkt *k)
{
	struct side *s = &w->w_side[i];
	int32_t end = k->p_seq + (int32_t)k->p_len;
	int32_t total = (int32_t)w->w_side[1 - i].s_total;

	if ((k->p_flags & TH_FIN) != 0) {
		s->s_fin = true;
		if (end != total)
			xf_fail(w->w_run, "%s sent a FIN at %d of %d",
			    side_name(i), end, total);
	}
	if (k->p_len == 0)
		return;
	if (k->p_seq < 0 || end > total || k->p_len > 65535)
		xf_fail(w->w_run, "%s sent %d to %d of %d", side_name(i),
		    k->p_seq, end, total);
	else if (!same_text(w, i, k))
		xf_fail(w->w_run, "%s sent wrong text, %d to %d",
		    side_name(i), k->p_seq, end);
	else if (end > s->s_limit + 1 && end > s->s_una + s->s_wnd + 1)
		xf_fail(w->w_run, "%s sent %d to %d, and its window ends at "
		    "%d", side_name(i), k->p_seq, end, s->s_limit);
	if (k->p_seq < s->s_sent)
		w->w_count.again += (uint64_t)((end < s->s_sent ? end :
		    s->s_sent) - k->p_seq);
	if (end > s->s_sent)
		s->s_sent = end;
}

/* The scale of side i's windows; both must have offered. */
static int
scale_of(const struct xf_wire *w, unsigned i, const struct pkt *k)
{
	if ((k->p_flags & TH_SYN) != 0 || w->w_side[0].s_scale < 0 ||
	    w->w_side[1].s_scale < 0)
		return (0);
	return (w->w_side[i].s_scale);
}

static void
judge_sack(struct xf_wire *w, unsigned i, const struct pkt *k)
{
	const struct side *s = &w->w_side[i];
	int32_t base = (int32_t)w->w_side[1 - i].s_base, end, start;
	int j;

	for (j = 0; j < k->p_nsacks; j++) {
		start = (int32_t)(k->p_sack[j][0] - (uint32_t)base);
		end = (int32_t)(k->p_sack[j][1] - (uint32_t)base);
		if (start < 0 || end <= start ||
		    (size_t)end > s->s_total + 1 ||
		    memchr(s->s_got + start, 0, (size_t)(end - start)) != NULL)
			xf_fail(w->w_run, "%s SACKed %d to %d, which it has "
			    "not got", side_name(i), start, end);
	}
}

static void
judge_ack(struct xf_wire *w, unsigned i, const struct pkt *k)
{
	struct side *s = &w->w_side[i];
	int scale = scale_of(w, i, k);
	int32_t edge;

	if (k->p_ack < s->s_ack)
		xf_fail(w->w_run, "%s acknowledged %d after %d", side_name(i),
		    k->p_ack, s->s_ack);
	if (k->p_ack > (int32_t)s->s_prefix)
		xf_fail(w->w_run, "%s acknowledged %d and has got %zu",
		    side_name(i), k->p_ack, s->s_prefix);
	s->s_ack = k->p_ack;
	edge = k->p_ack + (int32_t)(k->p_win << scale);
	/* Behind the FIN nothing comes, and a window means nothing. */
	if (edge + (1 << scale) <= s->s_edge &&
	    (size_t)k->p_ack <= s->s_total)
		xf_fail(w->w_run, "%s took back its window: from %d to %d",
		    side_name(i), s->s_edge, edge);
	if (edge > s->s_edge)
		s->s_edge = edge;
	judge_sack(w, i, k);
}

static void
left(struct xf_wire *w, unsigned i, struct pkt *k)
{
	struct side *s = &w->w_side[i];

	w->w_count.packets++;
	if ((k->p_flags & TH_RST) != 0) {
		w->w_count.resets++;
		if ((w->w_run->x_flags & XF_FAULTS) == 0 &&
		    (s->s_prefix <= s->s_total || (size_t)s->s_una <=
		    w->w_side[1 - i].s_total))
			xf_fail(w->w_run, "%s sent a reset", side_name(i));
		return;
	}
	if ((k->p_flags & TH_SYN) != 0 && !s->s_syn) {
		s->s_syn = true;
		s->s_base = k->p_rawseq + 1;
		s->s_scale = k->p_scale;
	}
	place(w, i, k);
	if (k->p_seq != -1 && (k->p_flags & TH_SYN) != 0)
		xf_fail(w->w_run, "%s changed its ISN", side_name(i));
	if ((k->p_flags & TH_SYN) == 0)
		judge_text(w, i, k);
	if ((k->p_flags & TH_ACK) != 0)
		judge_ack(w, i, k);
}

/* ---- What reaches a host ---- */

static void
mark(struct side *s, int32_t start, int32_t end)
{
	if (start < 0 || end <= start || (size_t)end > s->s_total + 1)
		return;
	memset(s->s_got + start, 1, (size_t)(end - start));
	while (s->s_prefix < s->s_total + 1 && s->s_got[s->s_prefix])
		s->s_prefix++;
}

/* An acknowledgment and a window reach side i. */
static void
note_window(struct xf_wire *w, unsigned i, const struct pkt *k)
{
	struct side *s = &w->w_side[i];
	int32_t seq, win;

	win = (int32_t)(k->p_win << scale_of(w, 1 - i, k));
	if (k->p_ack + win > s->s_limit)
		s->s_limit = k->p_ack + win;
	/* What it has got already, it cuts off before it looks. */
	seq = k->p_seq > (int32_t)s->s_prefix ? k->p_seq :
	    (int32_t)s->s_prefix;
	if (k->p_ack < s->s_una)
		return;
	if (s->s_wl1 < seq || (s->s_wl1 == seq && (s->s_wl2 < k->p_ack ||
	    (s->s_wl2 == k->p_ack && win > s->s_wnd)))) {
		s->s_wl1 = seq;
		s->s_wl2 = k->p_ack;
		s->s_wnd = win;
	}
	s->s_una = k->p_ack;
}

/* Side i gets what the other sent. */
static void
reached(struct xf_wire *w, unsigned i, struct pkt *k)
{
	if (k->p_iplen > (size_t)w->w_run->x_row.mtu)
		xf_fail(w->w_run, "%s got %zu bytes at an MTU of %d",
		    side_name(i), k->p_iplen, w->w_run->x_row.mtu);
	if ((k->p_flags & TH_RST) != 0)
		return;
	place(w, 1 - i, k);
	if ((k->p_flags & TH_ACK) != 0)
		note_window(w, i, k);
	if ((k->p_flags & TH_SYN) == 0)
		mark(&w->w_side[i], k->p_seq, k->p_seq + (int32_t)k->p_len +
		    ((k->p_flags & TH_FIN) != 0));
}

/* ---- Blocks of pcapng ---- */

#define	EPB		6
#define	EPB_HEAD	28		/* bytes before the packet's */

/* One Enhanced Packet Block: interface 0 is a's, 1 is b's. */
static void
look_packet(struct xf_wire *w, const unsigned char *block)
{
	uint32_t flags, len, side;
	struct pkt k;

	memcpy(&side, block + 8, sizeof(side));
	memcpy(&len, block + 20, sizeof(len));
	/* The one option is the direction: 1 in, 2 out. */
	memcpy(&flags, block + EPB_HEAD + (len + 3) / 4 * 4 + 4,
	    sizeof(flags));
	if (!take_apart(&k, block + EPB_HEAD, len, (flags & 3) == 1))
		return;
	if ((flags & 3) == 2)
		left(w, side, &k);
	else
		reached(w, side, &k);
}

static int
look(void *arg, const void *buf, size_t size)
{
	const unsigned char *p = buf;
	struct xf_wire *w = arg;
	uint32_t len, type;
	size_t off;

	if (w->w_file != NULL)
		(void)fwrite(buf, 1, size, w->w_file);
	for (off = 0; off + 12 <= size; off += len) {
		memcpy(&type, p + off, sizeof(type));
		memcpy(&len, p + off + 4, sizeof(len));
		if (len < 12 || len > size - off)
			break;
		if (type == EPB)
			look_packet(w, p + off);
	}
	return (0);
}

void
xf_wire_look(struct xf_wire *w)
{
	xk_tap_flush(w->w_tap);
}

/* ---- Birth and end ---- */

struct xf_wire *
xf_wire_new(struct xf *x)
{
	struct xf_wire *w;
	unsigned i;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return (NULL);
	w->w_run = x;
	for (i = 0; i < 2; i++) {
		w->w_side[i].s_scale = -1;
		w->w_side[i].s_wl1 = w->w_side[i].s_una = INT32_MIN;
		w->w_side[i].s_total = x->x_row.bytes[1 - i];
		w->w_side[i].s_got = calloc(1, x->x_row.bytes[1 - i] + 1);
	}
	if (x->x_pcap != NULL)
		w->w_file = fopen(x->x_pcap, "w");
	w->w_tap = xk_tap_new(look, w);
	for (i = 0; i < 2; i++)
		if (w->w_tap == NULL || w->w_side[i].s_got == NULL ||
		    !xk_tap_add(w->w_tap, sy_host_vnet(x->x_end[i].e_host),
		    x->x_end[i].e_ifname)) {
			xf_wire_free(w);
			return (NULL);
		}
	return (w);
}

void
xf_wire_end(struct xf_wire *w)
{
	const struct side *s;
	unsigned i;

	xf_wire_look(w);
	if ((w->w_run->x_flags & XF_FAULTS) != 0)
		return;
	for (i = 0; i < 2; i++) {
		s = &w->w_side[i];
		if (!s->s_fin)
			xf_fail(w->w_run, "%s never sent a FIN",
			    side_name(i));
		if (s->s_prefix != s->s_total + 1 ||
		    (size_t)s->s_ack != s->s_prefix)
			xf_fail(w->w_run, "%s got %zu and acknowledged %d of "
			    "%zu with the FIN", side_name(i), s->s_prefix,
			    s->s_ack, s->s_total + 1);
	}
	if (xf_spotless(&w->w_run->x_row) && w->w_count.again > 2)
		xf_fail(w->w_run, "%ju bytes were sent again though nothing "
		    "was lost", (uintmax_t)w->w_count.again);
}

const struct xf_wire_count *
xf_wire_count(const struct xf_wire *w)
{
	return (&w->w_count);
}

void
xf_wire_free(struct xf_wire *w)
{
	const struct xf *x = w->w_run;
	unsigned i;

	for (i = 0; i < 2; i++) {
		xk_tap_remove(sy_host_vnet(x->x_end[i].e_host),
		    x->x_end[i].e_ifname);
		free(w->w_side[i].s_got);
	}
	if (w->w_tap != NULL)
		xk_tap_free(w->w_tap);
	if (w->w_file != NULL)
		(void)fclose(w->w_file);
	free(w);
}

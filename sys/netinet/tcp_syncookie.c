/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * SYN cookies (RFC 4987, 3.6): a SYN-ACK whose sequence number says all
 * that a listener has to know when the ACK comes, so that nothing is kept
 * until then.
 *
 *	 31                            8 7              0
 *	+-------------------------------+----------------+
 *	|       24 bits of the MAC      | bits ^ MAC>>24 |
 *	+-------------------------------+----------------+
 *	MAC  = SipHash-2-4(secret, both ends, the SYN's number, bits)
 *	bits = window scale's index (3), MSS's index (3), SACK, secret
 *
 * The window scale and the MSS are rounded down to a table's.  Whether the
 * peer stamps shows in its ACK; ECN is not agreed upon.
 *
 * There are two secrets, for even and for odd periods of 15 s, and each is
 * drawn anew when its period begins, so a cookie lives for 15 to 30 s.  One
 * that carries a time stamp has to echo a stamp of ours from that time.
 *
 * Who guesses has a chance of 2^-24 with each segment, which alone would be
 * one connection in a few million tries.  So each period has a filter, too: a
 * bit, by a keyed hash of the ends and the SYN's number, for each cookie that
 * was sent.  An ACK whose bit is not set is none of a cookie's, without a
 * look at its MAC; only a flood of SYNs fills the filter.  And cookies are
 * only looked for while some are about (tcp_syncache.c).
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_syncache.h>
#include <netinet/tcp_var.h>

#define	COOKIE_PERIOD	(15 * NS_PER_SEC)

#define	COOKIE_SECRET	0x01		/* odd periods' */
#define	COOKIE_SACK	0x02
#define	COOKIE_MSS(i)	((uint8_t)((i) << 2))
#define	COOKIE_WS(i)	((uint8_t)((i) << 5))

static const uint16_t cookie_mss[8] = {
	216, 536, 1200, 1360, 1400, 1440, 1452, 1460
};
/* Index 0: no scaling. */
static const uint8_t cookie_ws[8] = { 0, 0, 1, 2, 4, 6, 7, 8 };

MALLOC_DEFINE(M_SYNCOOKIE, "syncookie", "TCP SYN cookies' filters");

#define	COOKIE_FILTER	(1U << 17)	/* bits, a power of two: 16 KiB */

struct cookie_secret {
	uint64_t	cs_period;	/* it is of this one */
	bool		cs_drawn;
	uint8_t		cs_key[16];
	uint8_t		*cs_filter;	/* NULL, without memory: all is let by */
};
VNET_DEFINE_STATIC(struct cookie_secret[2], cookie_secrets);
#define	V_cookie_secrets	VNET(cookie_secrets)

static uint64_t
cookie_period(void)
{
	return (getnstime() / COOKIE_PERIOD);
}

static uint32_t
cookie_mac(const struct cookie_secret *cs, const struct in_conninfo *inc,
    tcp_seq irs, uint8_t bits)
{
	struct {
		struct in_conninfo inc;
		tcp_seq		irs;
		uint32_t	bits;
	} in = { .inc = *inc, .irs = irs, .bits = bits };

	CTASSERT(sizeof(in) == sizeof(in.inc) + 8);
	return ((uint32_t)siphash24(cs->cs_key, &in, sizeof(in)));
}

/* A cookie's place in the filters. */
static uint32_t
cookie_bit(const struct in_conninfo *inc, tcp_seq irs)
{
	/* Fibonacci hashing of the number. */
	return ((in_pcbhash(&V_tcbinfo, inc) ^ irs * 2654435769U >> 8) &
	    (COOKIE_FILTER - 1));
}

static bool
cookie_seen(const struct cookie_secret *cs, uint32_t bit)
{
	return (cs->cs_filter == NULL ||
	    (cs->cs_filter[bit / 8] & 1 << bit % 8) != 0);
}

/* A period begins: a new secret, and an empty filter. */
static void
cookie_begin(struct cookie_secret *cs, uint64_t period)
{
	vnet_random(cs->cs_key, sizeof(cs->cs_key));
	cs->cs_period = period;
	cs->cs_drawn = true;
	if (cs->cs_filter != NULL)
		memset(cs->cs_filter, 0, COOKIE_FILTER / 8);
	else
		cs->cs_filter = malloc(COOKIE_FILTER / 8, M_SYNCOOKIE,
		    M_NOWAIT | M_ZERO);
}

tcp_seq
tcp_syncookie_make(const struct tcp_syn *sy)
{
	uint64_t period = cookie_period();
	struct cookie_secret *cs = &V_cookie_secrets[period & 1];
	uint32_t bit, mac;
	uint8_t bits = 0;
	int i, mss = sy->sy_peermss;

	if (!cs->cs_drawn || cs->cs_period != period)
		cookie_begin(cs, period);
	if (mss == 0)
		mss = IN6_IS_ADDR_V4MAPPED(&sy->sy_inc.inc_faddr) ?
		    V_tcp_mssdflt : V_tcp_v6mssdflt;
	for (i = nitems(cookie_mss) - 1; i > 0 && cookie_mss[i] > mss; i--)
		continue;
	bits |= COOKIE_MSS(i);
	if ((sy->sy_flags & SYF_SCALE) != 0) {
		for (i = nitems(cookie_ws) - 1;
		    i > 1 && cookie_ws[i] > sy->sy_scales >> 4; i--)
			continue;
		bits |= COOKIE_WS(i);
	}
	if ((sy->sy_flags & SYF_SACK) != 0)
		bits |= COOKIE_SACK;
	if ((period & 1) != 0)
		bits |= COOKIE_SECRET;
	if (cs->cs_filter != NULL) {
		bit = cookie_bit(&sy->sy_inc, sy->sy_irs);
		cs->cs_filter[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
	mac = cookie_mac(cs, &sy->sy_inc, sy->sy_irs, bits);
	return ((mac & ~0xffU) | (bits ^ mac >> 24));
}

/* The secret of the period in which a cookie with these bits was made, or
 * NULL if that is over. */
static const struct cookie_secret *
cookie_secret_of(uint8_t bits)
{
	const struct cookie_secret *cs;
	uint64_t period = cookie_period();

	cs = &V_cookie_secrets[(bits & COOKIE_SECRET) != 0];
	if (!cs->cs_drawn || cs->cs_period + 1 < period)
		return (NULL);
	return (cs);
}

/* Is the time stamp that came back one of those of a cookie's life? */
static bool
cookie_stamp_ok(const struct tcp_seg *sg)
{
	uint32_t age;

	age = tcp_ts_getticks() + tcp_new_ts_offset(&sg->sg_inc) -
	    sg->sg_to.to_tsecr;
	return (age <= 2 * COOKIE_PERIOD / NS_PER_MSEC);
}

bool
tcp_syncookie_read(const struct tcp_seg *sg, struct tcp_syn *sy)
{
	/* A stamp that nobody offered is nothing (RFC 7323, 3.2). */
	const bool stamps = (sg->sg_to.to_flags & TOF_TS) != 0 &&
	    (V_tcp_do_rfc1323 == 1 || V_tcp_do_rfc1323 == 3);
	const struct cookie_secret *cs;
	tcp_seq iss = sg->sg_ack - 1, irs = sg->sg_seq - 1;
	uint8_t bits, ws;

	bits = (uint8_t)(iss ^ iss >> 24);
	if ((cs = cookie_secret_of(bits)) == NULL ||
	    !cookie_seen(cs, cookie_bit(&sg->sg_inc, irs)) ||
	    ((cookie_mac(cs, &sg->sg_inc, irs, bits) ^ iss) & ~0xffU) != 0)
		return (false);
	if (stamps && !cookie_stamp_ok(sg))
		return (false);
	memset(sy, 0, sizeof(*sy));
	sy->sy_inc = sg->sg_inc;
	sy->sy_tsoff = tcp_new_ts_offset(&sg->sg_inc);
	sy->sy_irs = irs;
	sy->sy_iss = iss;
	sy->sy_flags = SYF_COOKIE;
	sy->sy_peermss = cookie_mss[bits >> 2 & 7];
	if ((ws = bits >> 5) != 0) {
		sy->sy_flags |= SYF_SCALE;
		sy->sy_scales = (uint8_t)(cookie_ws[ws] << 4);
	}
	if ((bits & COOKIE_SACK) != 0)
		sy->sy_flags |= SYF_SACK;
	if (stamps) {
		sy->sy_flags |= SYF_TSTMP;
		sy->sy_tsrecent = sg->sg_to.to_tsval;
	}
	return (true);
}

static void
tcp_syncookie_uninit(const void *arg __unused)
{
	u_int i;

	for (i = 0; i < nitems(V_cookie_secrets); i++)
		free(V_cookie_secrets[i].cs_filter, M_SYNCOOKIE);
}
SYSUNINIT(tcp_syncookie, SI_SUB_PROTO_DOMAIN, SI_ORDER_FOURTH,
    tcp_syncookie_uninit, NULL);

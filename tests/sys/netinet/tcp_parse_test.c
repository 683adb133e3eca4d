/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TCP's options as they are read: what is usual is read by words, the rest
 * byte by byte (RFC 9293, 3.1), and both must come to the same.  Two NOPs in
 * front of a list say the same and turn all of it away from the words.
 */
#include <sys/param.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>

#include "pkt.h"

#define	MAXLIST	36	/* and two NOPs fit */
#define	LISTS	20000

struct piece {
	int		len;
	uint8_t		bytes[16];
};

/* What lists are made of: whole options, broken ones, and a few of both that
 * look like the usual words and are not. */
static const struct piece pieces[] = {
	{ 4, { 2, 4, 5, 0xb4 } },
	{ 4, { 1, 3, 3, 7 } },
	{ 4, { 1, 3, 3, 200 } },
	{ 3, { 3, 3, 9 } },
	{ 12, { 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 } },
	{ 12, { 1, 1, 8, 10, 8, 7, 6, 5, 4, 3, 2, 1 } },
	{ 10, { 8, 10, 9, 9, 9, 9, 3, 3, 3, 3 } },
	{ 2, { 4, 2 } },
	{ 1, { 1 } },
	{ 1, { 0 } },
	{ 10, { 5, 10, 0, 0, 0, 1, 0, 0, 0, 9 } },
	{ 4, { 77, 4, 1, 1 } },
	{ 2, { 2, 0 } },
	{ 2, { 8, 40 } },
	{ 4, { 2, 3, 5, 1 } },
	{ 4, { 1, 3, 4, 7 } },
	{ 4, { 4, 2, 8, 9 } },
};

static uint32_t
draw(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16);
}

/* Cut off anywhere. */
static int
make_list(uint8_t *list, uint32_t *seed)
{
	const struct piece *p;
	int len = 0, n;

	for (n = (int)(draw(seed) % 6); n > 0; n--) {
		p = &pieces[draw(seed) % nitems(pieces)];
		if (len + p->len > MAXLIST)
			break;
		memcpy(list + len, p->bytes, (size_t)p->len);
		len += p->len;
	}
	if (draw(seed) % 4 == 0 && len > 0)
		len -= (int)(draw(seed) % (uint32_t)len);
	return (len);
}

static void
read_both(const uint8_t *list, int len, bool syn)
{
	struct tcpopt slow, to;
	uint8_t nops[MAXLIST + 2] = { TCPOPT_NOP, TCPOPT_NOP };
	int i;

	memcpy(nops + 2, list, (size_t)len);
	memset(&to, 0, sizeof(to));
	memset(&slow, 0, sizeof(slow));
	tcp_dooptions(&to, list, len, syn);
	tcp_dooptions(&slow, nops, len + 2, syn);
	if (memcmp(&to, &slow, sizeof(to)) == 0)
		return;
	for (i = 0; i < len; i++)
		printf("%d ", list[i]);
	ATF_CHECK_MSG(false, "of %d bytes above, syn %d: flags %x and %x",
	    len, syn, to.to_flags, slow.to_flags);
}

PD_TEST4(words_and_bytes)
{
	uint32_t seed = 1;
	uint8_t list[MAXLIST];
	int i, len;

	CURVNET_SET(t->vnet);
	for (i = 0; i < LISTS; i++) {
		len = make_list(list, &seed);
		read_both(list, len, true);
		read_both(list, len, false);
	}
	CURVNET_RESTORE();
}

PD_TEST4(usual)
{
	static const uint8_t syn[] = { 2, 4, 5, 0xb4, 1, 3, 3, 200, 4, 2, 8,
	    10, 0, 0, 1, 2, 0, 0, 3, 4 };
	struct tcpopt to;

	CURVNET_SET(t->vnet);
	tcp_dooptions(&to, syn, sizeof(syn), true);
	ATF_CHECK_EQ(TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_TS,
	    to.to_flags);
	ATF_CHECK_EQ(1460, to.to_mss);
	ATF_CHECK_EQ(TCP_MAX_WINSHIFT, to.to_wscale);
	ATF_CHECK_EQ(0x102, to.to_tsval);
	ATF_CHECK_EQ(0x304, to.to_tsecr);
	/* Without SYN only the time stamp counts; cut short, it does not. */
	tcp_dooptions(&to, syn, sizeof(syn), false);
	ATF_CHECK_EQ(TOF_TS, to.to_flags);
	tcp_dooptions(&to, syn, sizeof(syn) - 1, true);
	ATF_CHECK_EQ(TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_BAD,
	    to.to_flags);
	CURVNET_RESTORE();
}

/* In either system's order, and with any one byte of it another one. */
PD_TEST4(nearly_usual)
{
	static const uint8_t orders[][20] = {
		{ 2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6,
		    7, 8 },
		{ 2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3,
		    7 }
	};
	uint8_t list[sizeof(orders[0])];
	u_int at, order, value;
	struct tcpopt to;

	CURVNET_SET(t->vnet);
	for (order = 0; order < nitems(orders); order++) {
		tcp_dooptions(&to, orders[order], sizeof(list), true);
		ATF_CHECK_EQ(TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_TS,
		    to.to_flags);
		for (at = 0; at < sizeof(list); at++)
			for (value = 0; value < 256; value++) {
				memcpy(list, orders[order], sizeof(list));
				list[at] = (uint8_t)value;
				read_both(list, sizeof(list), true);
				read_both(list, sizeof(list), false);
			}
	}
	CURVNET_RESTORE();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, words_and_bytes);
	ATF_TP_ADD_TC(tp, usual);
	ATF_TP_ADD_TC(tp, nearly_usual);
	return (atf_no_error());
}

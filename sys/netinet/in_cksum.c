/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The Internet checksum (RFC 1071) of memory, mbuf chains and pseudo
 * headers.
 *
 * The checksum is the one's complement of the one's complement sum of the
 * 16-bit words.  Three properties of that sum are used:
 *
 * - Words may be added in the machine's own byte order, since swapping the
 *   bytes of all words swaps those of the sum.  So nothing here knows which
 *   order the machine has, and a sum is stored as it is.
 * - 2^16 = 1 modulo 2^16 - 1, so that words may be added in any wider unit
 *   with the carry fed back in at the bottom, and folded to 16 bits at last.
 *   Short pieces are added in 64 bits.
 * - A word w with its top bit flipped is w - 2^15 as a signed number, so that
 *   the machine's sums of products of signed words add words, 16 of them at
 *   a time: n such sums are less by n * 2^15, which is added at the end.
 * - A piece that begins at an odd offset contributes its own sum with the
 *   bytes swapped.
 *
 * May touch nothing but the checksum field of a packet that is to leave.
 */

#include <sys/param.h>
#include <sys/mbuf.h>
#include <sys/rawbytes.h>
#include <sys/systm.h>

#include <net/if_var.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_impl.h>

/* What is left at the end, less than 8 bytes, as if zeros followed. */
static inline uint64_t
load_tail(const uint8_t *p, size_t len)
{
	uint64_t sum;
	uint32_t quad;
	uint16_t pair;
	uint8_t last[2] = { 0 };

	sum = 0;
	if ((len & 4) != 0) {
		memcpy(&quad, p, sizeof(quad));
		sum += quad;
		p += sizeof(quad);
	}
	if ((len & 2) != 0) {
		memcpy(&pair, p, sizeof(pair));
		sum += pair;
		p += sizeof(pair);
	}
	if ((len & 1) != 0) {
		last[0] = *p;
		memcpy(&pair, last, sizeof(pair));
		sum += pair;
	}
	return (sum);
}

/* Short pieces, such as headers. */
static inline uint64_t
sum_narrow(const uint8_t *p, size_t len, uint64_t sum)
{
	for (; len >= 16; len -= 16, p += 16)
		sum = in_cksum_add(in_cksum_add(sum, raw64(p)),
		    raw64(p + 8));
	if (len >= 8) {
		sum = in_cksum_add(sum, raw64(p));
		len -= 8;
		p += 8;
	}
	return (len == 0 ? sum : in_cksum_add(sum, load_tail(p, len)));
}

#ifdef __x86_64__
#define	WIDE_UNIT	32		/* bytes that sum_wide() adds at once */
#define	WIDE_MIN	256		/* for less it is not worth its start */
#define	WIDE_MAX	(1U << 20)	/* bytes until a lane may overflow */
#define	WIDE_LANES	(WIDE_UNIT / sizeof(int32_t))

typedef short words_t __attribute__((__vector_size__(WIDE_UNIT)));
typedef int lanes_t __attribute__((__vector_size__(WIDE_UNIT)));
typedef long long pairs_t __attribute__((__vector_size__(WIDE_UNIT)));
typedef words_t loose_words_t __attribute__((__aligned__(1), __may_alias__));

/* The sum of n units, WIDE_MAX bytes at most. */
__attribute__((__target__("avx2")))
static uint64_t
sum_wide(const void *p, size_t n)
{
	const words_t ones = (words_t){ 0 } + 1;
	const words_t flip = (words_t){ 0 } + INT16_MIN;
	const loose_words_t *w = p, *end = w + n;
	lanes_t a, b;
	pairs_t pairs;

	a = b = (lanes_t){ 0 };
	for (; end - w >= 8; w += 8) {
		a += __builtin_ia32_pmaddwd256(w[0] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[1] ^ flip, ones);
		a += __builtin_ia32_pmaddwd256(w[2] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[3] ^ flip, ones);
		a += __builtin_ia32_pmaddwd256(w[4] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[5] ^ flip, ones);
		a += __builtin_ia32_pmaddwd256(w[6] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[7] ^ flip, ones);
	}
	for (; w < end; w++)
		a += __builtin_ia32_pmaddwd256(*w ^ flip, ones);
	/* Both halves of each pair of lanes, with their signs. */
	a += b;
	pairs = ((pairs_t)a << 32 >> 32) + ((pairs_t)a >> 32);
	return ((uint64_t)((int64_t)n * (WIDE_UNIT / 2) << 15) +
	    (uint64_t)(pairs[0] + pairs[1] + pairs[2] + pairs[3]));
}

/* Long pieces: what is left at their ends is short. */
static uint64_t __noinline
sum_long(const uint8_t *p, size_t len, uint64_t sum)
{
	size_t wide;

	while (len >= WIDE_UNIT && __builtin_cpu_supports("avx2")) {
		wide = MIN(len, WIDE_MAX) / WIDE_UNIT;
		sum = in_cksum_add(sum, sum_wide(p, wide));
		p += wide * WIDE_UNIT;
		len -= wide * WIDE_UNIT;
	}
	return (sum_narrow(p, len, sum));
}
#else
#define	WIDE_MIN	SIZE_MAX
#define	sum_long	sum_narrow
#endif

static inline uint64_t
sum_piece(const void *buf, size_t len, uint64_t sum)
{
	return (len < WIDE_MIN ? sum_narrow(buf, len, sum) :
	    sum_long(buf, len, sum));
}

uint64_t
in_cksum_partial(const void *buf, size_t len, uint64_t sum)
{
	return (sum_piece(buf, len, sum));
}

/* The sum, not folded, of len bytes of the chain from skip on. */
static uint64_t
sum_chain(const struct mbuf *m, size_t len, size_t skip)
{
	uint64_t sum;
	size_t n;
	bool odd;

	sum = 0;
	if (len == 0)
		return (sum);
	for (; skip >= (size_t)m->m_len; m = m->m_next)
		skip -= (size_t)m->m_len;
	odd = false;
	for (; len > 0; m = m->m_next, skip = 0) {
		n = MIN((size_t)m->m_len - skip, len);
		if (__predict_false(odd))
			sum = in_cksum_add(sum, __builtin_bswap16(in_cksum_fold(
			    in_cksum_partial(mtod(m, char *) + skip, n, 0))));
		else
			sum = sum_piece(mtod(m, char *) + skip, n, sum);
		odd ^= n & 1;
		len -= n;
	}
	return (sum);
}

uint16_t
in_cksum_skip(const struct mbuf *m, int len, int skip)
{
	MPASS(len >= skip && skip >= 0);
	return ((uint16_t)~in_cksum_fold(sum_chain(m, (size_t)(len - skip),
	    (size_t)skip)));
}

uint16_t
ip_cksum_sum(const struct mbuf *m, const struct ip_info *ii,
    uint8_t proto, uint32_t len)
{
	uint64_t sum;
	uint32_t flags;

	flags = m->m_pkthdr.csum_flags;
	if ((flags & CSUM_DATA_VALID) != 0) {
		if ((flags & CSUM_PSEUDO_HDR) != 0)
			return ((uint16_t)~m->m_pkthdr.csum_data);
		sum = m->m_pkthdr.csum_data;
	} else
		sum = sum_chain(m, len, 0);
	sum = in_cksum_add(sum, in_pseudo_partial(&ii->ii_src, &ii->ii_dst,
	    len, proto));
	return ((uint16_t)~in_cksum_fold(sum));
}

void
in_delayed_cksum(struct mbuf *m)
{
	const uint32_t tcp = CSUM_IP_TCP | CSUM_IP6_TCP;
	uint32_t flags;
	uint16_t sum;
	int hlen, place;

	flags = m->m_pkthdr.csum_flags;
	if (mtod(m, const struct ip *)->ip_v == IPVERSION)
		hlen = mtod(m, const struct ip *)->ip_hl << 2;
	else if (m->m_pkthdr.l3hlen >= sizeof(struct ip6_hdr))
		hlen = m->m_pkthdr.l3hlen;
	else
		hlen = sizeof(struct ip6_hdr);
	/* Not csum_data, which a packet that was received has no more. */
	place = hlen + ((flags & tcp) != 0 ? TCP_SUM_OFF : UDP_SUM_OFF);
	MPASS(place + (int)sizeof(sum) <= m->m_pkthdr.len);

	sum = in_cksum_skip(m, m->m_pkthdr.len, hlen);
	/* In UDP zero says that there is no sum (RFC 768). */
	if (sum == 0 && (flags & tcp) == 0)
		sum = 0xffff;
	/* Who left no room for IP's header has it in an mbuf of its own. */
	if (__predict_false(place + (int)sizeof(sum) > m->m_len))
		(void)m_copyback(m, place, sizeof(sum), &sum);
	else
		memcpy(mtod(m, char *) + place, &sum, sizeof(sum));
	m->m_pkthdr.csum_flags = flags &
	    ~(CSUM_DELAY_DATA | CSUM_DELAY_DATA_IPV6);
}

/* Packets are recorded with the checksum that they will leave with. */
static void
in_cksum_init(const void *arg __unused)
{

	V_if_cksum = in_cksum_skip;
}
SYSINIT(in_cksum, SI_SUB_PROTO_BEGIN, SI_ORDER_ANY, in_cksum_init, NULL);

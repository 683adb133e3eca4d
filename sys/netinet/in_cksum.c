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
 *   The loop for short pieces adds 32 bits at a time in 64.
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
#include <sys/systm.h>

#include <net/if_var.h>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_impl.h>

static inline uint32_t
load32(const uint8_t *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return (w);
}

/* What is left at the end, less than 4 bytes, as if zeros followed. */
static inline uint32_t
load_tail(const uint8_t *p, size_t len)
{
	uint8_t w[4] = { 0 };
	uint32_t word;
	size_t i;

	for (i = 0; i < len; i++)
		w[i] = p[i];
	memcpy(&word, w, sizeof(word));
	return (word);
}

#ifdef __x86_64__
#define	WIDE_UNIT	32		/* bytes that sum_wide() adds at once */
#define	WIDE_MIN	256		/* for less it is not worth its start */
#define	WIDE_MAX	(1U << 20)	/* bytes until a lane may overflow */

typedef short words_t __attribute__((__vector_size__(WIDE_UNIT)));
typedef int lanes_t __attribute__((__vector_size__(WIDE_UNIT)));
typedef words_t loose_words_t __attribute__((__aligned__(1), __may_alias__));

/* The sum of n units, WIDE_MAX bytes at most. */
__attribute__((__target__("avx2")))
static uint64_t
sum_wide(const void *p, size_t n)
{
	const words_t ones = (words_t){ 0 } + 1;
	const words_t flip = (words_t){ 0 } + INT16_MIN;
	const loose_words_t *w = p;
	lanes_t a, b;
	int64_t sum;
	size_t i;

	a = b = (lanes_t){ 0 };
	for (i = 0; i + 4 <= n; i += 4) {
		a += __builtin_ia32_pmaddwd256(w[i] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[i + 1] ^ flip, ones);
		a += __builtin_ia32_pmaddwd256(w[i + 2] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[i + 3] ^ flip, ones);
	}
	for (; i < n; i++)
		a += __builtin_ia32_pmaddwd256(w[i] ^ flip, ones);
	a += b;
	sum = (int64_t)n * (WIDE_UNIT / 2) << 15;
	for (i = 0; i < WIDE_UNIT / sizeof(a[0]); i++)
		sum += a[i];
	return ((uint64_t)sum);
}
#endif

/* The sum of less than 2^32 words of 32 bits needs no carries. */
static inline uint64_t
sum_narrow(const uint8_t *p, size_t len)
{
	uint64_t sum;

	sum = 0;
	for (; len >= 16; len -= 16, p += 16)
		sum += (uint64_t)load32(p) + load32(p + 4) + load32(p + 8) +
		    load32(p + 12);
	for (; len >= 4; len -= 4, p += 4)
		sum += load32(p);
	if (len > 0)
		sum += load_tail(p, len);
	return (sum);
}

uint64_t
in_cksum_partial(const void *buf, size_t len, uint64_t sum)
{
	const uint8_t *p = buf;
#ifdef __x86_64__
	size_t wide;

	while (len >= WIDE_MIN && __builtin_cpu_supports("avx2")) {
		wide = MIN(len, WIDE_MAX) / WIDE_UNIT;
		sum = in_cksum_add(sum, sum_wide(p, wide));
		p += wide * WIDE_UNIT;
		len -= wide * WIDE_UNIT;
	}
#endif
	return (in_cksum_add(sum, sum_narrow(p, len)));
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
		if (odd)
			sum = in_cksum_add(sum, __builtin_bswap16(in_cksum_fold(
			    in_cksum_partial(mtod(m, char *) + skip, n, 0))));
		else
			sum = in_cksum_partial(mtod(m, char *) + skip, n, sum);
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
	MPASS(place + (int)sizeof(sum) <= m->m_len);

	sum = in_cksum_skip(m, m->m_pkthdr.len, hlen);
	/* In UDP zero says that there is no sum (RFC 768). */
	if (sum == 0 && (flags & tcp) == 0)
		sum = 0xffff;
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

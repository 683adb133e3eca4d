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
 *   The loop adds 64 bits at a time in two independent chains.
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

/* 64-bit one's complement addition. */
static inline uint64_t
add64(uint64_t a, uint64_t b)
{
	a += b;
	return (a + (a < b));
}

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return (w);
}

/* What is left at the end, less than 8 bytes, as if zeros followed. */
static inline uint64_t
load_tail(const uint8_t *p, size_t len)
{
	uint64_t w;

	w = 0;
	memcpy(&w, p, len);
	return (w);
}

#ifdef __x86_64__
#define	WIDE_STEP	128		/* bytes in a step of sum_wide() */
#define	WIDE_MAX	(1U << 20)	/* bytes until a lane may overflow */

typedef short words_t __attribute__((__vector_size__(32)));
typedef int lanes_t __attribute__((__vector_size__(32)));
typedef words_t loose_words_t __attribute__((__aligned__(1), __may_alias__));

/* The sum of len bytes, at most WIDE_MAX and a multiple of WIDE_STEP. */
__attribute__((__target__("avx2")))
static uint64_t
sum_wide(const uint8_t *p, size_t len)
{
	const words_t ones = (words_t){ 0 } + 1;
	const words_t flip = (words_t){ 0 } + INT16_MIN;
	const loose_words_t *w;
	lanes_t a, b;
	int64_t sum;
	size_t i;

	w = (const loose_words_t *)(const void *)p;
	a = b = (lanes_t){ 0 };
	for (i = 0; i < len / sizeof(words_t); i += 4) {
		a += __builtin_ia32_pmaddwd256(w[i] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[i + 1] ^ flip, ones);
		a += __builtin_ia32_pmaddwd256(w[i + 2] ^ flip, ones);
		b += __builtin_ia32_pmaddwd256(w[i + 3] ^ flip, ones);
	}
	a += b;
	sum = (int64_t)len / 2 << 15;
	for (i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		sum += a[i];
	return ((uint64_t)sum);
}
#endif

uint64_t
in_cksum_partial(const void *buf, size_t len, uint64_t sum)
{
	const uint8_t *p = buf;
	unsigned __int128 a, b;
#ifdef __x86_64__
	size_t wide;

	while (len >= 2 * WIDE_STEP && __builtin_cpu_supports("avx2")) {
		wide = MIN(len, WIDE_MAX) & ~(size_t)(WIDE_STEP - 1);
		sum = add64(sum, sum_wide(p, wide));
		p += wide;
		len -= wide;
	}
#endif

	/* The carries of each chain gather in its upper half. */
	a = sum;
	b = 0;
	for (; len >= 64; len -= 64, p += 64) {
		a += load64(p);
		b += load64(p + 8);
		a += load64(p + 16);
		b += load64(p + 24);
		a += load64(p + 32);
		b += load64(p + 40);
		a += load64(p + 48);
		b += load64(p + 56);
	}
	for (; len >= 8; len -= 8, p += 8)
		a += load64(p);
	if (len > 0)
		b += load_tail(p, len);
	a += b;
	return (add64((uint64_t)a, (uint64_t)(a >> 64)));
}

uint16_t
in_cksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return ((uint16_t)((sum & 0xffff) + (sum >> 16)));
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
			sum = add64(sum, __builtin_bswap16(in_cksum_fold(
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

/*
 * The pseudo headers of both families (RFC 9293, 3.1; RFC 8200, 8.1) hold
 * the addresses, the length and the protocol, with zeros in between that
 * differ and do not matter.  The ffff in front of a mapped IPv4 address
 * does not either: it is zero in one's complement.  So one sum serves both.
 */
static inline uint64_t
sum_pseudo(const struct in6_addr *src, const struct in6_addr *dst,
    uint32_t len, uint8_t proto)
{
	uint64_t sum;

	sum = (uint64_t)htonl(len) + htonl((uint32_t)proto);
	sum = add64(sum, src->s6_addr64[0]);
	sum = add64(sum, src->s6_addr64[1]);
	sum = add64(sum, dst->s6_addr64[0]);
	return (add64(sum, dst->s6_addr64[1]));
}

uint16_t
in_pseudo_sum(const struct in6_addr *src, const struct in6_addr *dst,
    uint32_t len, uint8_t proto)
{
	return (in_cksum_fold(sum_pseudo(src, dst, len, proto)));
}

/*
 * A packet that never saw a wire may still wait for its sum to be filled in
 * (CSUM_DELAY_DATA); whoever marked it so vouched for it.
 */
uint16_t
ip_cksum_verify(const struct mbuf *m, const struct ip_info *ii,
    uint8_t proto, uint32_t len)
{
	uint64_t sum;
	uint32_t flags;

	flags = m->m_pkthdr.csum_flags;
	if ((flags & (CSUM_DELAY_DATA | CSUM_DELAY_DATA_IPV6)) != 0)
		return (0);
	if ((flags & CSUM_DATA_VALID) != 0) {
		if ((flags & CSUM_PSEUDO_HDR) != 0)
			return ((uint16_t)~m->m_pkthdr.csum_data);
		sum = m->m_pkthdr.csum_data;
	} else
		sum = sum_chain(m, len, 0);
	sum = add64(sum, sum_pseudo(&ii->ii_src, &ii->ii_dst, len, proto));
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

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * SipHash-2-4 (J.-P. Aumasson and D. J. Bernstein, SipHash: a fast
 * short-input PRF, 2012) of messages of one length, 12 bytes, which is that
 * of an IPv4 connection's ends.  siphash24(), which is libsodium's, gives the
 * same and takes any; half its time is spent on what the length is.
 *
 * Two blocks of 8 bytes: the second one is filled up with zeros, and its
 * last byte is the length.  Two rounds a block, four at the end.
 *
 * May touch: nothing.
 */
#include <sys/param.h>
#include <sys/systm.h>

static inline uint64_t
rotl(uint64_t x, int n)
{

	return (x << n | x >> (64 - n));
}

static inline void
sipround(uint64_t v[4])
{

	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static inline void
sipblock(uint64_t v[4], uint64_t m)
{

	v[3] ^= m;
	sipround(v);
	sipround(v);
	v[0] ^= m;
}

uint64_t
siphash24_12(const uint8_t key[16], uint64_t a, uint32_t b)
{
	uint64_t k[2], v[4];

	memcpy(k, key, sizeof(k));
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	k[0] = __builtin_bswap64(k[0]);
	k[1] = __builtin_bswap64(k[1]);
#endif
	v[0] = k[0] ^ 0x736f6d6570736575;
	v[1] = k[1] ^ 0x646f72616e646f6d;
	v[2] = k[0] ^ 0x6c7967656e657261;
	v[3] = k[1] ^ 0x7465646279746573;
	sipblock(v, a);
	sipblock(v, (uint64_t)12 << 56 | b);
	v[2] ^= 0xff;
	sipround(v);
	sipround(v);
	sipround(v);
	sipround(v);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]);
}

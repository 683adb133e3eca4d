/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Random numbers, all from the vnet's own stream (ho_random), so that a
 * host's run depends on its seed and on nothing that other hosts do.
 *
 * A number below a bound b comes from the upper half of the 64-bit product
 * r * b of a random 32-bit r (D. Lemire, Fast Random Integer Generation in
 * an Interval, 2019): each result has floor(2^32 / b) values of r, and
 * 2^32 mod b of them one more.  Dropping the products whose lower half is
 * less than 2^32 mod b removes that bias; that being less than b, it is only
 * computed when the lower half is, too.
 *
 * Numbers of 32 bits are taken from the stream a few at a time.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>

struct prng_pool {
	u_int		pp_left;
	uint32_t	pp_words[16];
};
VNET_DEFINE_STATIC(struct prng_pool, prng_pool);
#define	V_prng_pool	VNET(prng_pool)

static uint32_t __noinline
prng32_refill(void)
{
	struct prng_pool *pp = &V_prng_pool;

	vnet_random(pp->pp_words, sizeof(pp->pp_words));
	pp->pp_left = nitems(pp->pp_words) - 1;
	return (pp->pp_words[0]);
}

static inline uint32_t
prng32_next(void)
{
	struct prng_pool *pp = &V_prng_pool;

	if (__predict_false(pp->pp_left == 0))
		return (prng32_refill());
	return (pp->pp_words[nitems(pp->pp_words) - pp->pp_left--]);
}

uint32_t
prng32(void)
{

	return (prng32_next());
}

uint64_t
prng64(void)
{
	uint64_t r;

	vnet_random(&r, sizeof(r));
	return (r);
}

uint32_t
prng32_bounded(uint32_t bound)
{
	uint64_t product = (uint64_t)prng32_next() * bound;

	while (__predict_false((uint32_t)product < bound) &&
	    (uint32_t)product < (0U - bound) % bound)
		product = (uint64_t)prng32_next() * bound;
	return ((uint32_t)(product >> 32));
}

uint32_t
arc4random(void)
{

	return (prng32());
}

void
arc4rand(void *buf, u_int len, int reseed __unused)
{

	vnet_random(buf, len);
}

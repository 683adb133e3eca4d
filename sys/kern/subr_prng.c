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
 * less than 2^32 mod b removes that bias.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>

uint32_t
prng32(void)
{
	uint32_t r;

	vnet_random(&r, sizeof(r));
	return (r);
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
	uint64_t product;
	uint32_t excess;

	if (bound < 2)
		return (0);
	excess = (0U - bound) % bound;
	do
		product = (uint64_t)prng32() * bound;
	while ((uint32_t)product < excess);
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

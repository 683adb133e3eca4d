/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What is left to chance in a pipe.
 *
 * Every purpose has a stream of its own, so that turning one impairment on
 * or off leaves the draws of the others as they were.  A stream is a
 * SplitMix64 generator (Steele, Lea, Flood: Fast Splittable Pseudorandom
 * Number Generators, 2014): a counter s of steps of the golden ratio,
 *
 *	s += 0x9e3779b97f4a7c15
 *	z = (s ^ s >> 30) * 0xbf58476d1ce4e5b9
 *	z = (z ^ z >> 27) * 0x94d049bb133111eb
 *	output z ^ z >> 31
 *
 * whose start is itself an output, of the generator that begins at the
 * pipe's seed.
 *
 * Burst losses follow Gilbert (1960) and Elliott (1963): a Markov chain of
 * two states, moved by each packet; each state has a loss probability.  With
 * chances e to enter and l to leave the bad state, the fraction of packets
 * that meet it is e / (e + l), and a stay lasts 1 / l packets in the mean.
 *
 * Pure arithmetic: touches its arguments only.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <netpfil/dummynet/dn_var.h>

static uint64_t
dn_splitmix(uint64_t *s)
{
	uint64_t z;

	z = *s += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31));
}

void
dn_chance_seed(struct dn_chance *ch, uint64_t seed)
{
	u_int i;

	for (i = 0; i < DN_NPURPOSES; i++)
		ch->ch_state[i] = dn_splitmix(&seed);
}

bool
dn_chance_draw(struct dn_chance *ch, enum dn_purpose why, uint64_t prob)
{

	return ((dn_splitmix(&ch->ch_state[why]) >> 32) < prob);
}

/* The high half of draw * (max + 1), whose bias is below max / 2^64. */
uint64_t
dn_chance_number(struct dn_chance *ch, enum dn_purpose why, uint64_t max)
{
	unsigned __int128 wide;

	wide = dn_splitmix(&ch->ch_state[why]);
	return ((uint64_t)(wide * ((unsigned __int128)max + 1) >> 64));
}

static bool
dn_chance_burst(struct dn_chance *ch, const struct dn_config *cfg)
{

	if (dn_chance_hit(ch, DN_GE_STATE,
	    ch->ch_bad ? cfg->dc_ge_leave : cfg->dc_ge_enter))
		ch->ch_bad = !ch->ch_bad;
	return (dn_chance_hit(ch, DN_GE_LOSS,
	    ch->ch_bad ? cfg->dc_ge_loss_bad : cfg->dc_ge_loss_good));
}

bool
dn_chance_lost(struct dn_chance *ch, const struct dn_config *cfg)
{
	bool burst, lost;

	lost = dn_chance_hit(ch, DN_LOSS, cfg->dc_loss);
	burst = cfg->dc_ge_enter != 0 && dn_chance_burst(ch, cfg);
	return (lost || burst);
}

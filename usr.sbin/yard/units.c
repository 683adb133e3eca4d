/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Quantities are digits, perhaps a point and digits, and a unit right after
 * them: "1.5Mbit/s".  They are kept as integers of the smallest unit, worked
 * out without floating point, so that what was written is what is meant:
 *
 *	value = digits * multiplier / 10^(digits after the point)
 *
 * A value that is not whole in the smallest unit, or does not fit in 63
 * bits, is refused as a misspelt one is.  K, M and G are powers of 1000, Ki,
 * Mi and Gi of 1024.
 *
 * May touch: nothing but its arguments.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "units.h"

#define	N_ELEM(a)	(sizeof(a) / sizeof((a)[0]))

struct unit {
	const char	*u_name;
	uint64_t	u_mult;
};

static const struct unit times[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
	{ "s", 1000000000 }, { "min", 60000000000 }, { "h", 3600000000000 },
};
static const struct unit rates[] = {
	{ "bit/s", 1 }, { "kbit/s", 1000 }, { "Kbit/s", 1000 },
	{ "Mbit/s", 1000000 }, { "Gbit/s", 1000000000 },
	{ "Tbit/s", 1000000000000 },
};
static const struct unit sizes[] = {
	{ "", 1 }, { "B", 1 }, { "bytes", 1 }, { "KB", 1000 }, { "kB", 1000 },
	{ "MB", 1000000 }, { "GB", 1000000000 }, { "TB", 1000000000000 },
	{ "KiB", 1ULL << 10 }, { "MiB", 1ULL << 20 }, { "GiB", 1ULL << 30 },
};
static const struct unit packets[] = {
	{ "packet", 1 }, { "packets", 1 },
};
static const struct unit bdps[] = {
	{ "bdp", 1000000 }, { "BDP", 1000000 },
};
static const struct unit shares[] = {
	{ "", 1000000000000 }, { "%", 10000000000 },
};
static const struct unit counts[] = {
	{ "", 1 },
};

/* Digits with at most one point among them, before unit; *digits and the
 * power of ten that they are too large by. */
static bool
number(const char **sp, uint64_t *digits, uint64_t *tens)
{
	const char *s;
	bool any, point;
	uint64_t n;

	any = point = false;
	n = 0;
	*tens = 1;
	for (s = *sp; isdigit((unsigned char)*s) || (*s == '.' && !point);
	    s++) {
		if (*s == '.') {
			point = true;
			any = false;	/* "1." is no number */
			continue;
		}
		if (n > (INT64_MAX - 9) / 10 ||
		    (point && *tens > INT64_MAX / 10))
			return (false);
		n = n * 10 + (uint64_t)(*s - '0');
		if (point)
			*tens *= 10;
		any = true;
	}
	*digits = n;
	*sp = s;
	return (any);
}

static bool
quantity(const char *s, const struct unit *units, size_t n, uint64_t *v)
{
	uint64_t digits, tens;
	unsigned __int128 x;
	size_t i;

	if (!isdigit((unsigned char)*s) || !number(&s, &digits, &tens))
		return (false);
	for (i = 0; i < n && strcmp(s, units[i].u_name) != 0; i++)
		;
	if (i == n)
		return (false);
	x = (unsigned __int128)digits * units[i].u_mult;
	if (x % tens != 0 || x / tens > INT64_MAX)
		return (false);
	*v = (uint64_t)(x / tens);
	return (true);
}

bool
unit_time(const char *s, uint64_t *ns)
{

	return (quantity(s, times, N_ELEM(times), ns));
}

bool
unit_rate(const char *s, uint64_t *bits)
{

	return (quantity(s, rates, N_ELEM(rates), bits));
}

bool
unit_bytes(const char *s, uint64_t *bytes)
{

	return (quantity(s, sizes, N_ELEM(sizes), bytes));
}

bool
unit_share(const char *s, double *share)
{
	uint64_t v;

	if (!quantity(s, shares, N_ELEM(shares), &v) || v > 1000000000000)
		return (false);
	*share = (double)v / 1e12;
	return (true);
}

bool
unit_queue(const char *s, struct queue_size *qs)
{
	uint64_t v;

	if (quantity(s, packets, N_ELEM(packets), &v) && v <= UINT32_MAX)
		qs->qs_kind = QS_PACKETS;
	else if (quantity(s, bdps, N_ELEM(bdps), &v))
		qs->qs_kind = QS_BDP;
	else if (quantity(s, sizes, N_ELEM(sizes), &v))
		qs->qs_kind = QS_BYTES;
	else
		return (false);
	qs->qs_n = v;
	return (true);
}

bool
unit_count(const char *s, uint64_t *n)
{

	return (quantity(s, counts, N_ELEM(counts), n));
}

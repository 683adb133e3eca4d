/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Bytes where they lie, which may be anywhere: words of a packet as they came,
 * for comparing and summing; and copies of so few that a call would be most of
 * the work.  memcpy() of a constant length is what compilers turn into a load
 * or a store.
 */
#ifndef _STACKYARD_SYS_RAWBYTES_H_
#define	_STACKYARD_SYS_RAWBYTES_H_

#include <sys/systm.h>

static inline uint16_t
raw16(const void *p)
{
	uint16_t w;

	memcpy(&w, p, sizeof(w));
	return (w);
}

static inline uint32_t
raw32(const void *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return (w);
}

static inline uint64_t
raw64(const void *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return (w);
}

#define	COPY_SHORT	16	/* bytes that two loads and stores move */

/* Copy len bytes, at least 1.  The two halves of 3 to COPY_SHORT overlap. */
static inline void
copy_short(char *to, const char *from, size_t len)
{
	uint64_t a8, b8;
	uint32_t a4, b4;

	if (len < 4) {
		to[0] = from[0];
		if (len == 1)
			return;
		to[len - 1] = from[len - 1];
		to[1] = from[1];
	} else if (len <= 8) {
		a4 = raw32(from);
		b4 = raw32(from + len - 4);
		memcpy(to, &a4, 4);
		memcpy(to + len - 4, &b4, 4);
	} else if (len <= COPY_SHORT) {
		a8 = raw64(from);
		b8 = raw64(from + len - 8);
		memcpy(to, &a8, 8);
		memcpy(to + len - 8, &b8, 8);
	} else
		memcpy(to, from, len);
}

#endif /* !_STACKYARD_SYS_RAWBYTES_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Reading a Lua table by a list of the keys it may have. */
#ifndef _YARD_KEYS_H_
#define	_YARD_KEYS_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "luaenv.h"
#include "util.h"

/* Where a table stands: errors name its place and the way to it. */
struct place {
	lua_State	*pl_L;
	const char	*pl_file;
	const char	*pl_text;	/* the whole scenario */
	const char	*pl_from;	/* in pl_text: the table's beginning;
					   NULL: unknown */
	int		pl_line;	/* of the statement */
	const char	*pl_what;	/* "link", "link: reverse", or "" */
};

enum key_kind {
	K_TIME,			/* uint64_t, ns */
	K_RATE,			/* uint64_t, bits/s */
	K_BYTES,		/* uint64_t */
	K_SHARE,		/* double, 0..1 */
	K_QUEUE,		/* struct queue_size */
	K_BOOL,			/* bool */
	K_INT,			/* uint64_t, k_min..k_max */
	K_STRING,		/* char *, to be freed */
	K_CUSTOM		/* k_func, with the value on the stack's top */
};

struct key {
	const char	*k_name;	/* first: nearest() looks there */
	enum key_kind	k_kind;
	size_t		k_off;		/* of the value, in the object */
	uint64_t	k_min, k_max;	/* K_INT, K_TIME, K_RATE, K_BYTES */
	void		(*k_func)(const struct place *pl, const struct key *k,
			    void *object);
};

/*
 * Fill object from the table on the stack's top by keys[n].  An unknown key,
 * or a positional value beyond the first npos, is an error.  Returns a bit
 * for each key that was there, by its place in keys.  Raises Lua's errors.
 */
uint64_t keys_read(const struct place *pl, const struct key *keys, size_t n,
	    size_t npos, void *object);
/* One value, on the stack's top. */
void	key_read(const struct place *pl, const struct key *k, void *object);
/* The table that key is in pl, as a place of its own called what. */
struct place place_in(const struct place *pl, const char *key,
	    const char *what);
/* file:line: what: key: message, as a Lua error; key may be NULL. */
void	key_error(const struct place *pl, const char *key, const char *fmt,
	    ...) YARD_PRINTF(3, 4) YARD_DEAD;
/* The same after the scenario was read: the program ends. */
void	key_fail(const struct place *pl, const char *key, const char *fmt,
	    ...) YARD_PRINTF(3, 4) YARD_DEAD;
/* How the value on the stack's top is shown in a message. */
const char *key_shown(lua_State *L);
/* Error for a key that is not among keys[n]. */
void	key_unknown(const struct place *pl, const char *key,
	    const void *keys, size_t n, size_t size, const char *advice)
	    YARD_DEAD;

#endif /* !_YARD_KEYS_H_ */

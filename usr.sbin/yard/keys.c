/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Tables of a scenario, read by lists of keys.
 *
 * Every error is one line that says where (file and line), which key, what
 * stands there and what could.  Lua tells the line of a statement only, so
 * the key's own line is looked up in the text: from the statement on, the
 * first `key =' inside its braces, strings and comments left out.  If the
 * table comes from elsewhere and the key is not there, the statement's line
 * has to do.
 *
 * Keys are read in the order of the list and unknown ones in the order of
 * the alphabet, so that of several errors always the same one is told.
 *
 * May touch: the Lua state and the object that is filled.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "keys.h"
#include "units.h"

/* What is wrong with a value, for each kind, and what it should look like. */
static const char *const wanted[] = {
	[K_TIME] =	"is not a time (as in 20ms)",
	[K_RATE] =	"is not a rate (as in 100Mbit/s)",
	[K_BYTES] =	"is not a size (as in 100KB)",
	[K_SHARE] =	"is not a share (as in 1% or 0.01)",
	[K_QUEUE] =	"is not a queue size (as in 1bdp, 100packets or 64KB)",
	[K_BOOL] =	"is neither true nor false",
	[K_INT] =	"is not a whole number",
	[K_STRING] =	"is not a string",
};

/* Past a string or a comment that begins at p, or p itself. */
static const char *
skip_quoted(const char *p)
{
	const char *close;
	char q;

	if (p[0] == '"' || p[0] == '\'') {
		q = *p++;
		while (*p != '\0' && *p != q && *p != '\n')
			p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
		return (*p == q ? p + 1 : p);
	}
	if (p[0] != '-' || p[1] != '-')
		return (p);
	if (p[2] == '[' && p[3] == '[') {
		close = strstr(p, "]]");
		return (close != NULL ? close + 2 : p + strlen(p));
	}
	return (p + strcspn(p, "\n"));
}

static bool
is_assigned(const char *p, const char *key, size_t len)
{

	if (strncmp(p, key, len) != 0)
		return (false);
	p += len;
	p += strspn(p, " \t");
	if (p[0] == '"' && p[1] == ']')		/* ["key"] */
		p += 2;
	p += strspn(p, " \t");
	return (p[0] == '=' && p[1] != '=');
}

/* Where key is assigned within the braces that open first at or after p. */
static const char *
find_key(const char *p, const char *key)
{
	const char *q;
	int depth;
	bool in_word;

	in_word = false;
	for (depth = 0; *p != '\0';) {
		if (strncmp(p, "[\"", 2) == 0 && depth > 0 &&
		    is_assigned(p + 2, key, strlen(key)))
			return (p);
		if ((q = skip_quoted(p)) != p) {
			p = q;
			in_word = false;
			continue;
		}
		if (depth > 0 && !in_word && is_assigned(p, key, strlen(key)))
			return (p);
		in_word = isalnum((unsigned char)*p) || *p == '_' || *p == '.';
		if (*p == '{')
			depth++;
		else if (*p == '}' && --depth <= 0)
			break;
		p++;
	}
	return (NULL);
}

static int
line_of(const char *text, const char *p)
{
	int n;

	for (n = 1; text < p; text++)
		n += *text == '\n';
	return (n);
}

struct place
place_in(const struct place *pl, const char *key, const char *what)
{
	struct place in;

	in = *pl;
	in.pl_what = what;
	if (in.pl_from != NULL)
		in.pl_from = find_key(in.pl_from, key);
	if (in.pl_from != NULL)
		in.pl_line = line_of(in.pl_text, in.pl_from);
	return (in);
}

/* file:line: what: key: */
static void
describe(const struct place *pl, const char *key, char *buf, size_t size)
{
	const char *at;
	int line;

	line = pl->pl_line;
	at = key != NULL && pl->pl_from != NULL ?
	    find_key(pl->pl_from, key) : NULL;
	if (at != NULL)
		line = line_of(pl->pl_text, at);
	snprintf(buf, size, "%s:%d: %s%s%s%s", pl->pl_file, line,
	    pl->pl_what, pl->pl_what[0] != '\0' ? ": " : "",
	    key != NULL ? key : "", key != NULL ? ": " : "");
}

void
key_error(const struct place *pl, const char *key, const char *fmt, ...)
{
	char message[512], where[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	describe(pl, key, where, sizeof(where));
	lua_pushfstring(pl->pl_L, "%s%s", where, message);
	lua_error(pl->pl_L);
	abort();
}

void
key_fail(const struct place *pl, const char *key, const char *fmt, ...)
{
	char message[512], where[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	describe(pl, key, where, sizeof(where));
	fail(EX_DATAERR, "%s%s", where, message);
}

void
key_unknown(const struct place *pl, const char *key, const void *keys,
    size_t n, size_t size, const char *advice)
{
	const char *near;

	near = nearest(key, keys, n, size);
	if (near != NULL)
		key_error(pl, key, "no such key; is %s meant?%s", near, advice);
	key_error(pl, key, "no such key%s", advice);
}

const char *
key_shown(lua_State *L)
{

	switch (lua_type(L, -1)) {
	case LUA_TSTRING:
		return (lua_pushfstring(L, "\"%s\"", lua_tostring(L, -1)));
	case LUA_TNUMBER:
	case LUA_TBOOLEAN:
		return (luaL_tolstring(L, -1, NULL));
	case LUA_TNIL:
		return ("nothing");
	default:
		return (lua_pushfstring(L, "a %s", luaL_typename(L, -1)));
	}
}

/* A number where a quantity may be one: seconds, bytes, a share. */
static bool
read_number(lua_State *L, const struct key *k, void *v)
{
	lua_Number x;

	x = lua_tonumber(L, -1);
	if (!isfinite(x) || x < 0)
		return (false);
	switch (k->k_kind) {
	case K_TIME:
		if (x > 9e9)
			return (false);
		*(uint64_t *)v = (uint64_t)llround(x * 1e9);
		return (true);
	case K_BYTES:
	case K_INT:
		if (x > 9e18 || x != floor(x))
			return (false);
		*(uint64_t *)v = (uint64_t)x;
		return (true);
	case K_SHARE:
		*(double *)v = x;
		return (x <= 1);
	default:
		return (false);
	}
}

static bool
read_text(const struct key *k, const char *s, void *v)
{

	switch (k->k_kind) {
	case K_TIME:
		return (unit_time(s, v));
	case K_RATE:
		return (unit_rate(s, v));
	case K_BYTES:
		return (unit_bytes(s, v));
	case K_SHARE:
		return (unit_share(s, v));
	case K_QUEUE:
		return (unit_queue(s, v));
	default:
		return (false);
	}
}

static bool
in_range(const struct key *k, const void *v)
{
	uint64_t n;

	if (k->k_kind != K_TIME && k->k_kind != K_RATE &&
	    k->k_kind != K_BYTES && k->k_kind != K_INT)
		return (true);
	n = *(const uint64_t *)v;
	return (n >= k->k_min && (k->k_max == 0 || n <= k->k_max));
}

static void
read_string(const struct place *pl, const struct key *k, char **v)
{
	size_t len;
	const char *s;

	s = lua_tolstring(pl->pl_L, -1, &len);
	if (len == 0 || strlen(s) != len)
		key_error(pl, k->k_name, "%s is not a name",
		    key_shown(pl->pl_L));
	free(*v);
	*v = xstrdup(s);
}

void
key_read(const struct place *pl, const struct key *k, void *object)
{
	lua_State *L = pl->pl_L;
	void *v;
	bool good;

	v = (char *)object + k->k_off;
	if (k->k_kind == K_CUSTOM) {
		k->k_func(pl, k, object);
		return;
	}
	good = false;
	if (lua_type(L, -1) == LUA_TNUMBER)
		good = read_number(L, k, v);
	else if (lua_type(L, -1) == LUA_TBOOLEAN && k->k_kind == K_BOOL) {
		*(bool *)v = lua_toboolean(L, -1);
		good = true;
	} else if (lua_type(L, -1) == LUA_TSTRING && k->k_kind == K_STRING) {
		read_string(pl, k, v);
		good = true;
	} else if (lua_type(L, -1) == LUA_TSTRING)
		good = read_text(k, lua_tostring(L, -1), v);
	if (good && in_range(k, v))
		return;
	if (good && k->k_kind == K_INT && k->k_max != 0)
		key_error(pl, k->k_name, "%s is not from %ju to %ju",
		    key_shown(L), (uintmax_t)k->k_min, (uintmax_t)k->k_max);
	if (good)
		key_error(pl, k->k_name, "%s is too %s", key_shown(L),
		    *(uint64_t *)v < k->k_min ? "small" : "large");
	key_error(pl, k->k_name, "%s %s", key_shown(L), wanted[k->k_kind]);
}

static bool
is_known(const struct key *keys, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(keys[i].k_name, name) == 0)
			return (true);
	return (false);
}

/* Is the key at idx a position that may have a value? */
static bool
is_position(lua_State *L, int idx, size_t npos)
{

	return (lua_isinteger(L, idx) && lua_tointeger(L, idx) >= 1 &&
	    (lua_Unsigned)lua_tointeger(L, idx) <= npos);
}

/* The first of the keys that are not known, or none. */
static void
check_known(const struct place *pl, const struct key *keys, size_t n,
    size_t npos)
{
	lua_State *L = pl->pl_L;
	const char *name, *first;

	first = NULL;
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
		if (is_position(L, -2, npos))
			continue;
		if (lua_type(L, -2) != LUA_TSTRING)
			key_error(pl, NULL, "%s is there without a key",
			    key_shown(L));
		name = lua_tostring(L, -2);
		if (!is_known(keys, n, name) &&
		    (first == NULL || strcmp(name, first) < 0))
			first = name;
	}
	if (first != NULL)
		key_unknown(pl, first, keys, n, sizeof(*keys), "");
}

uint64_t
keys_read(const struct place *pl, const struct key *keys, size_t n,
    size_t npos, void *object)
{
	lua_State *L = pl->pl_L;
	uint64_t there;
	size_t i;
	int top;

	if (lua_type(L, -1) != LUA_TTABLE)
		key_error(pl, NULL, "%s is not a table", key_shown(L));
	check_known(pl, keys, n, npos);
	there = 0;
	top = lua_gettop(L);
	for (i = 0; i < n; i++) {
		lua_getfield(L, -1, keys[i].k_name);
		if (lua_type(L, -1) != LUA_TNIL) {
			key_read(pl, &keys[i], object);
			there |= 1ULL << i;
		}
		lua_settop(L, top);
	}
	return (there);
}

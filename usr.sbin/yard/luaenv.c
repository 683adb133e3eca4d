/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The Lua that a scenario runs in.
 *
 * A scenario is read on every machine with the same result and can do no
 * harm.  So there is no way out (io, os, require, files, bytecode), and what
 * differs from run to run is replaced: the state of math.random is always
 * the same at the start, math.randomseed wants its seed, and pairs() goes
 * through a table in the order of its keys (numbers, then strings), since
 * Lua's own order hangs on a random seed.  print() writes to standard error.
 * Memory and steps are limited, so that a loop without an end is an error
 * and not a program that hangs.  Bytes asked for count as steps too, since a
 * library function may work long for one.  Once the limit is passed every
 * further instruction fails, so that no pcall() can go on from there.
 *
 * May touch: memory, standard error.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "luaenv.h"
#include "util.h"

#define	LUA_MEMORY	(256UL << 20)	/* bytes */
#define	LUA_STEPS	200000000	/* instructions */
#define	LUA_COUNT	10000		/* instructions between two looks */
#define	LUA_WORK	64		/* bytes asked for that are a step */

/* What hangs off a state. */
struct luaenv {
	void	*le_data;		/* the caller's */
	size_t	le_memory;		/* bytes in use */
	uint64_t le_steps;		/* done, */
	uint64_t le_most;		/* and allowed */
	lua_State *le_main;
	const char *le_what;		/* "the scenario" */
};

static void	env_count(lua_State *L, lua_Debug *ar);

static void *
env_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
	struct luaenv *le = ud;
	void *p;

	if (ptr == NULL)
		osize = 0;		/* it is a type of object then */
	if (nsize == 0) {
		free(ptr);
		le->le_memory -= osize;
		return (NULL);
	}
	if (nsize > osize && le->le_memory + (nsize - osize) > LUA_MEMORY)
		return (NULL);
	le->le_steps += nsize / LUA_WORK;
	if (le->le_steps > le->le_most && le->le_main != NULL)
		lua_sethook(le->le_main, env_count, LUA_MASKCOUNT, 1);
	p = realloc(ptr, nsize);
	if (p != NULL)
		le->le_memory += nsize - osize;
	return (p);
}

static struct luaenv *
env_of(lua_State *L)
{
	void *ud;

	(void)lua_getallocf(L, &ud);
	return (ud);
}

void *
luaenv_data(lua_State *L)
{

	return (env_of(L)->le_data);
}

static void
env_count(lua_State *L, lua_Debug *ar)
{

	struct luaenv *le = env_of(L);

	(void)ar;
	le->le_steps += LUA_COUNT;
	if (le->le_steps <= le->le_most)
		return;
	lua_sethook(L, env_count, LUA_MASKCOUNT, 1);
	luaL_where(L, 0);		/* a hook's own level is the script's */
	lua_pushfstring(L, "%s%s does not come to an end",
	    lua_tostring(L, -1), le->le_what);
	lua_error(L);
}

void
luaenv_limit(lua_State *L, uint64_t steps, const char *what)
{
	struct luaenv *le = env_of(L);

	le->le_what = what;
	le->le_steps = 0;
	le->le_most = steps;
	lua_sethook(L, env_count, LUA_MASKCOUNT, LUA_COUNT);
}

static int
env_print(lua_State *L)
{
	const char *s;
	int i, n;

	n = lua_gettop(L);
	for (i = 1; i <= n; i++) {
		s = luaL_tolstring(L, i, NULL);
		fprintf(stderr, "%s%s", i > 1 ? "\t" : "", s);
		lua_pop(L, 1);
	}
	fputc('\n', stderr);
	return (0);
}

/* math.randomseed(n): the original with its argument made compulsory. */
static int
env_randomseed(lua_State *L)
{
	lua_Integer seed;

	seed = luaL_checkinteger(L, 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_pushinteger(L, seed);
	lua_call(L, 1, 0);
	return (0);
}

/* setmetatable() without finalizers, during which Lua counts no steps. */
static int
env_setmetatable(lua_State *L)
{

	luaL_checktype(L, 1, LUA_TTABLE);
	if (!lua_isnil(L, 2)) {
		luaL_checktype(L, 2, LUA_TTABLE);
		lua_pushstring(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return (luaL_error(L, "finalizers (__gc) are not "
			    "allowed"));
		lua_pop(L, 1);
	}
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return (luaL_error(L, "cannot change a protected "
		    "metatable"));
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return (1);
}

/* pairs(), in the order of the keys. */
static const char pairs_text[] =
    "local next, type, sort = ...\n"
    "local rank = { number = 1, string = 2 }\n"
    "local function before(a, b)\n"
    "	local ra, rb = rank[type(a)] or 3, rank[type(b)] or 3\n"
    "	if ra ~= rb or ra == 3 then return ra < rb end\n"
    "	return a < b\n"
    "end\n"
    "return function(t)\n"
    "	local keys, i = {}, 0\n"
    "	for k in next, t do keys[#keys + 1] = k end\n"
    "	sort(keys, before)\n"
    "	return function()\n"
    "		i = i + 1\n"
    "		return keys[i], t[keys[i]]\n"
    "	end\n"
    "end\n";

static const char *const withheld[] = {
	"dofile", "load", "loadfile", "require", "collectgarbage", "next",
	"_G",
};

/* The libraries' table is at the top of the stack: make it ours. */
static void
env_replace(lua_State *L)
{
	size_t i;

	if (luaL_loadbufferx(L, pairs_text, sizeof(pairs_text) - 1, "=pairs",
	    "t") != LUA_OK)
		lua_error(L);
	lua_getfield(L, -2, "next");
	lua_getfield(L, -3, "type");
	lua_getfield(L, -4, "table");
	lua_getfield(L, -1, "sort");
	lua_remove(L, -2);
	lua_call(L, 3, 1);
	lua_setfield(L, -2, "pairs");
	for (i = 0; i < NELEM(withheld); i++) {
		lua_pushnil(L);
		lua_setfield(L, -2, withheld[i]);
	}
	lua_pushcfunction(L, env_print);
	lua_setfield(L, -2, "print");
	lua_pushcfunction(L, env_setmetatable);
	lua_setfield(L, -2, "setmetatable");

	lua_getfield(L, -1, "math");
	lua_getfield(L, -1, "randomseed");
	lua_pushvalue(L, -1);
	lua_pushinteger(L, 0);
	lua_call(L, 1, 0);
	lua_pushcclosure(L, env_randomseed, 1);
	lua_setfield(L, -2, "randomseed");
	lua_pop(L, 1);

	lua_getfield(L, -1, "string");
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
}

/* Protected: opens the libraries into a table and keeps that. */
static int
env_open(lua_State *L)
{
	static const luaL_Reg libs[] = {
		{ "_G", luaopen_base }, { "table", luaopen_table },
		{ "string", luaopen_string }, { "math", luaopen_math },
	};
	size_t i;

	for (i = 0; i < NELEM(libs); i++) {
		luaL_requiref(L, libs[i].name, libs[i].func, 1);
		lua_pop(L, 1);
	}
	lua_pushglobaltable(L);
	env_replace(L);
	lua_setfield(L, LUA_REGISTRYINDEX, "yard.libs");
	return (0);
}

lua_State *
luaenv_new(void *data)
{
	struct luaenv *le;
	lua_State *L;

	le = xcalloc(1, sizeof(*le));
	le->le_data = data;
	le->le_most = UINT64_MAX;
	L = lua_newstate(env_alloc, le);
	if (L == NULL)
		fail(EX_OSERR, "out of memory");
	lua_pushcfunction(L, env_open);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK)
		fail(EX_SOFTWARE, "Lua: %s", lua_tostring(L, -1));
	le->le_main = L;
	luaenv_limit(L, LUA_STEPS, "the scenario");
	return (L);
}

void
luaenv_free(lua_State *L)
{
	struct luaenv *le;

	le = env_of(L);
	lua_close(L);
	free(le);
}

void
luaenv_pushlibs(lua_State *L)
{

	lua_getfield(L, LUA_REGISTRYINDEX, "yard.libs");
}

const char *
luaenv_run(lua_State *L, const char *text, size_t len, const char *name)
{
	const char *chunk, *error;
	int env;

	env = lua_gettop(L);
	chunk = lua_pushfstring(L, "@%s", name);
	if (luaL_loadbufferx(L, text, len, chunk, "t") != LUA_OK)
		return (lua_tostring(L, -1));
	lua_pushvalue(L, env);
	if (lua_setupvalue(L, -2, 1) == NULL)
		lua_pop(L, 1);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
		error = lua_tostring(L, -1);
		return (error != NULL ? error : "error without a message");
	}
	lua_settop(L, env - 1);
	return (NULL);
}

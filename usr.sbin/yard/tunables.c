/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Tunables: a script in Lua that says how a host is to be set up, and may
 * leave functions behind that go on tuning it.
 *
 *	load	the script runs; assignments to `sysctl' are collected, with
 *		the line of each, and every() and when() keep functions
 *	start	the host is made with what was collected: all or nothing
 *	live	`sysctl' reads and writes the host's variables; each function
 *		is called from the loop
 *
 * A function's writes are all or nothing too: before each the old value goes
 * into a journal, which is played back if the function fails.  One that fails
 * is not called again.
 *
 * The script can do nothing else: luaenv.c has no way out of Lua, string
 * patterns are withheld as well (a bad one takes for ever inside the
 * library), and include() reads files beneath the script's own directory
 * only.
 *
 * May touch: variables of its host; files beneath the script's directory.
 */
#include <sys/sysinfo.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "luaenv.h"
#include "tunables.h"
#include "units.h"
#include "util.h"

#define	LOAD_STEPS	50000000	/* instructions of the whole script */
#define	CALL_STEPS	1000000		/* of one call of a function */
#define	FILE_MAX	(1U << 20)	/* bytes of a script */
#define	MAX_DEPTH	8		/* of includes */
#define	MAX_RULES	256
#define	VALUE_SIZE	4096
#define	LEAST_INTERVAL	NS_PER_MS

struct assignment {
	char		*a_name, *a_value;
	char		*a_where;	/* "file:line: " */
};

enum op { OP_NONE, OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE };

struct rule {
	struct tunables	*r_t;
	int		r_func;		/* reference in the registry */
	uint64_t	r_interval;	/* ns */
	enum op		r_op;		/* OP_NONE: every() */
	char		*r_var;
	double		r_threshold;
	bool		r_was;		/* the condition held the last time */
};

struct tunables {
	lua_State	*t_lua;
	char		*t_dir;		/* the script's, without links */
	const char	*t_who;
	int		t_depth;
	bool		t_live;
	struct sy_host	*t_host;
	struct assignment *t_set;	/* before the start */
	size_t		t_nset;
	struct sy_var	*t_vars;	/* the same, for sy_host_new() */
	struct assignment *t_journal;	/* old values, in a call */
	size_t		t_njournal;
	struct rule	**t_rules;
	size_t		t_nrules;
};

/* ---- sysctl[...] ---- */

/* "file:line: " of the script's instruction that called us. */
static char *
where(lua_State *L)
{
	char *s;

	luaL_where(L, 1);
	s = xstrdup(lua_tostring(L, -1));
	lua_pop(L, 1);
	return (s);
}

static void
remember(struct assignment **list, size_t *n, char *at, const char *name,
    const char *value)
{
	struct assignment *a;

	*list = xgrow(*list, *n, sizeof(**list));
	a = &(*list)[(*n)++];
	a->a_where = at;
	a->a_name = xstrdup(name);
	a->a_value = xstrdup(value);
}

/* Forget all of a list but its first `keep'. */
static void
forget(struct assignment *list, size_t *n, size_t keep)
{

	while (*n > keep) {
		(*n)--;
		free(list[*n].a_name);
		free(list[*n].a_value);
		free(list[*n].a_where);
	}
}

/* What a script assigns, as sysctl(8) would have it. */
static const char *
value_text(lua_State *L, int index, const char *name)
{

	switch (lua_type(L, index)) {
	case LUA_TBOOLEAN:
		return (lua_toboolean(L, index) ? "1" : "0");
	case LUA_TNUMBER:
		if (lua_isinteger(L, index))
			return (lua_tostring(L, index));
		if (lua_tonumber(L, index) ==
		    (double)(lua_Integer)lua_tonumber(L, index)) {
			lua_pushfstring(L, "%I",
			    (lua_Integer)lua_tonumber(L, index));
			return (lua_tostring(L, -1));
		}
		luaL_error(L, "%s: %s is no whole number", name,
		    lua_tostring(L, index));
		return (NULL);
	case LUA_TSTRING:
		return (lua_tostring(L, index));
	default:
		luaL_error(L, "%s: a number, a string or a boolean is wanted, "
		    "not a %s", name, luaL_typename(L, index));
		return (NULL);
	}
}

/* The host's value of a variable into buf: false if it cannot be read. */
static bool
get_text(const struct tunables *t, const char *name, char *buf)
{
	ssize_t len;

	len = sy_sysctl_get(t->t_host, name, buf, VALUE_SIZE);
	return (len >= 0 && len < VALUE_SIZE);
}

/* sy_error() without what only a C program wants to know. */
static const char *
reason(const char *name)
{
	const char *p, *s;

	s = sy_error();
	p = strstr(s, name);
	return (p != NULL ? p : s);
}

static int
sysctl_index(lua_State *L)
{
	struct tunables *t = luaenv_data(L);
	char *end, text[VALUE_SIZE];
	const char *name;
	long long n;
	size_t i;

	name = luaL_checkstring(L, 2);
	if (t->t_live) {
		if (!get_text(t, name, text))
			return (luaL_error(L, "%s", reason(name)));
	} else {
		for (i = t->t_nset; i > 0; i--)
			if (strcmp(t->t_set[i - 1].a_name, name) == 0)
				break;
		if (i == 0)
			return (luaL_error(L, "%s: it has no value before "
			    "the host starts", name));
		(void)snprintf(text, sizeof(text), "%s",
		    t->t_set[i - 1].a_value);
	}
	errno = 0;
	n = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0)
		lua_pushinteger(L, n);
	else
		lua_pushstring(L, text);
	return (1);
}

static int
sysctl_newindex(lua_State *L)
{
	struct tunables *t = luaenv_data(L);
	char old[VALUE_SIZE];
	const char *name, *value;

	name = luaL_checkstring(L, 2);
	value = value_text(L, 3, name);
	if (!t->t_live) {
		remember(&t->t_set, &t->t_nset, where(L), name, value);
		return (0);
	}
	if (!get_text(t, name, old))
		return (luaL_error(L, "%s", reason(name)));
	if (sy_sysctl_set(t->t_host, name, value) == -1)
		return (luaL_error(L, "%s", reason(name)));
	remember(&t->t_journal, &t->t_njournal, NULL, name, old);
	return (0);
}

/* ---- Files ---- */

/* All of the file, NUL-terminated, to be freed; NULL: errno says why. */
static char *
read_all(const char *path, size_t *lenp)
{
	char *text;
	FILE *fp;

	fp = fopen(path, "r");
	if (fp == NULL)
		return (NULL);
	text = xcalloc(1, FILE_MAX + 1);
	*lenp = fread(text, 1, FILE_MAX, fp);
	if (ferror(fp) != 0 || fgetc(fp) != EOF) {
		errno = ferror(fp) != 0 ? EIO : EFBIG;
		free(text);
		text = NULL;
	}
	(void)fclose(fp);
	return (text);
}

/* Run the file at path, which is called name: NULL, or what is wrong. */
static const char *
run_file(struct tunables *t, const char *path, const char *name)
{
	const char *error;
	char *text;
	size_t len;

	text = read_all(path, &len);
	if (text == NULL) {
		lua_pushfstring(t->t_lua, "%s: %s", name, strerror(errno));
		return (lua_tostring(t->t_lua, -1));
	}
	lua_getfield(t->t_lua, LUA_REGISTRYINDEX, "tunables.env");
	error = luaenv_run(t->t_lua, text, len, name);
	free(text);
	return (error);
}

/* include("file"): beneath the script's own directory, links and all. */
static int
do_include(lua_State *L)
{
	struct tunables *t = luaenv_data(L);
	char path[PATH_MAX], whole[PATH_MAX];
	const char *error, *name;
	size_t len;

	name = luaL_checkstring(L, 1);
	if (t->t_live)
		return (luaL_error(L, "include: only before the host "
		    "starts"));
	if (t->t_depth >= MAX_DEPTH)
		return (luaL_error(L, "include: %s: %d files deep", name,
		    MAX_DEPTH));
	(void)snprintf(path, sizeof(path), "%s/%s", t->t_dir, name);
	if (*name == '\0' || *name == '/' || strlen(name) > 255)
		return (luaL_error(L, "include: %s: a name beneath the "
		    "script's directory is wanted", name));
	if (realpath(path, whole) == NULL)
		return (luaL_error(L, "include: %s: %s", name,
		    strerror(errno)));
	len = strlen(t->t_dir);
	if (strncmp(whole, t->t_dir, len) != 0 || whole[len] != '/')
		return (luaL_error(L, "include: %s: it is outside of the "
		    "script's directory", name));
	t->t_depth++;
	error = run_file(t, whole, name);
	t->t_depth--;
	return (error != NULL ? luaL_error(L, "%s", error) : 0);
}

/* ---- every(), when() ---- */

static uint64_t
check_interval(lua_State *L, int index)
{
	uint64_t ns;

	ns = 0;
	if (lua_type(L, index) == LUA_TNUMBER) {
		if (lua_tonumber(L, index) > 0 &&
		    lua_tonumber(L, index) < 1e9)
			ns = (uint64_t)(lua_tonumber(L, index) *
			    (double)NS_PER_S);
	} else if (lua_type(L, index) != LUA_TSTRING ||
	    !unit_time(lua_tostring(L, index), &ns))
		ns = 0;
	if (ns < LEAST_INTERVAL)
		luaL_argerror(L, index, "an interval of 1 ms at least is "
		    "wanted, such as \"10s\" or 0.5");
	return (ns);
}

/* A rule for the function at index. */
static struct rule *
add_rule(lua_State *L, int index)
{
	struct tunables *t = luaenv_data(L);
	struct rule *r;

	luaL_checktype(L, index, LUA_TFUNCTION);
	if (t->t_live)
		luaL_error(L, "every() and when() are for the script itself, "
		    "before the host starts");
	if (t->t_nrules >= MAX_RULES)
		luaL_error(L, "more than %d functions", MAX_RULES);
	r = xcalloc(1, sizeof(*r));
	r->r_t = t;
	lua_pushvalue(L, index);
	r->r_func = luaL_ref(L, LUA_REGISTRYINDEX);
	t->t_rules = xgrow(t->t_rules, t->t_nrules, sizeof(*t->t_rules));
	t->t_rules[t->t_nrules++] = r;
	return (r);
}

/* every(interval, func) */
static int
do_every(lua_State *L)
{
	uint64_t interval;

	interval = check_interval(L, 1);
	add_rule(L, 2)->r_interval = interval;
	return (0);
}

/* when(variable, "<", threshold, func [, interval]) */
static int
do_when(lua_State *L)
{
	static const char *const ops[] = { "<", "<=", ">", ">=", "==", "~=",
	    NULL };
	struct rule *r;
	const char *var;
	uint64_t interval;
	double threshold;
	int op;

	var = luaL_checkstring(L, 1);
	op = luaL_checkoption(L, 2, NULL, ops);
	threshold = luaL_checknumber(L, 3);
	interval = lua_isnoneornil(L, 5) ? NS_PER_S : check_interval(L, 5);
	r = add_rule(L, 4);
	r->r_interval = interval;
	r->r_op = (enum op)(OP_LT + op);
	r->r_var = xstrdup(var);
	r->r_threshold = threshold;
	return (0);
}

/* ---- Calls ---- */

/* Undo what the function has set, the latest first. */
static void
roll_back(struct tunables *t)
{
	size_t i;

	for (i = t->t_njournal; i > 0; i--)
		(void)sy_sysctl_set(t->t_host, t->t_journal[i - 1].a_name,
		    t->t_journal[i - 1].a_value);
}

/* Call r's function, with nargs arguments behind it on the stack: false if
 * it is not to be called again. */
static bool
call(struct rule *r, int nargs)
{
	struct tunables *t = r->r_t;
	lua_State *L = t->t_lua;
	bool ok;

	luaenv_limit(L, CALL_STEPS, "the function");
	ok = lua_pcall(L, nargs, 0, 0) == LUA_OK;
	if (!ok) {
		roll_back(t);
		warn_line("%s: %s (it is not called again)", t->t_who,
		    lua_tostring(L, -1));
	}
	forget(t->t_journal, &t->t_njournal, 0);
	lua_settop(L, 0);
	return (ok);
}

static bool
holds(enum op op, double a, double b)
{

	switch (op) {
	case OP_LT:
		return (a < b);
	case OP_LE:
		return (a <= b);
	case OP_GT:
		return (a > b);
	case OP_GE:
		return (a >= b);
	case OP_EQ:
		return (a == b);
	default:
		return (a != b);
	}
}

/* Has the condition come true since the last look?  *ok: can it be told? */
static bool
comes_true(struct rule *r, double *value, bool *ok)
{
	char *end, text[VALUE_SIZE];
	bool was;

	*ok = get_text(r->r_t, r->r_var, text);
	if (!*ok) {
		warn_line("%s: when(): %s (it is not looked at again)",
		    r->r_t->t_who, reason(r->r_var));
		return (false);
	}
	*value = strtod(text, &end);
	*ok = end != text && *end == '\0';
	if (!*ok) {
		warn_line("%s: when(): %s is no number (it is not looked at "
		    "again)", r->r_t->t_who, r->r_var);
		return (false);
	}
	was = r->r_was;
	r->r_was = holds(r->r_op, *value, r->r_threshold);
	return (r->r_was && !was);
}

static void	rule_arm(struct rule *r);

static void
rule_due(void *arg)
{
	struct rule *r = arg;
	lua_State *L = r->r_t->t_lua;
	double value;
	bool again;

	again = true;
	value = 0;
	if (r->r_op == OP_NONE || comes_true(r, &value, &again)) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, r->r_func);
		if (r->r_op == OP_NONE)
			again = call(r, 0);
		else {
			if (value == (double)(lua_Integer)value)
				lua_pushinteger(L, (lua_Integer)value);
			else
				lua_pushnumber(L, value);
			again = call(r, 1);
		}
	}
	if (again)
		rule_arm(r);
}

static void
rule_arm(struct rule *r)
{
	struct sy_loop *loop = sy_host_loop(r->r_t->t_host);

	if (sy_loop_at(loop, sy_loop_now(loop) + r->r_interval, rule_due,
	    r) == -1)
		warn_line("%s: %s", r->r_t->t_who, sy_error());
}

/* ---- Facts ---- */

static int
do_freememory(lua_State *L)
{
	struct sysinfo si;

	if (sysinfo(&si) != 0)
		return (luaL_error(L, "freememory: %s", strerror(errno)));
	lua_pushinteger(L, (lua_Integer)((uint64_t)(si.freeram +
	    si.bufferram) * si.mem_unit));
	return (1);
}

static void
push_ifaces(lua_State *L, const struct tunables_facts *facts)
{
	const char *comma;
	size_t i;

	lua_newtable(L);
	for (i = 0; i < facts->tf_nifaces; i++) {
		comma = strchr(facts->tf_ifaces[i], ',');
		if (comma == NULL)
			continue;
		lua_newtable(L);
		lua_pushlstring(L, facts->tf_ifaces[i],
		    (size_t)(comma - facts->tf_ifaces[i]));
		lua_setfield(L, -2, "name");
		lua_pushstring(L, comma + 1);
		lua_setfield(L, -2, "address");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

/* host.name, .cores, .memory, .freememory(), .interfaces */
static void
push_host(lua_State *L, const struct tunables_facts *facts)
{

	lua_newtable(L);
	lua_pushstring(L, facts->tf_name);
	lua_setfield(L, -2, "name");
	lua_pushinteger(L, sysconf(_SC_NPROCESSORS_ONLN));
	lua_setfield(L, -2, "cores");
	lua_pushinteger(L, (lua_Integer)sysconf(_SC_PHYS_PAGES) *
	    sysconf(_SC_PAGESIZE));
	lua_setfield(L, -2, "memory");
	lua_pushcfunction(L, do_freememory);
	lua_setfield(L, -2, "freememory");
	push_ifaces(L, facts);
	lua_setfield(L, -2, "interfaces");
}

/* ---- Loading ---- */

/* The table of what a script may use, kept in the registry. */
static void
make_env(lua_State *L, const struct tunables_facts *facts)
{
	static const char *const patterns[] = { "find", "match", "gmatch",
	    "gsub" };
	static const luaL_Reg functions[] = {
		{ "include", do_include }, { "every", do_every },
		{ "when", do_when },
	};
	size_t i;

	luaenv_pushlibs(L);
	lua_getfield(L, -1, "string");
	for (i = 0; i < NELEM(patterns); i++) {
		lua_pushnil(L);
		lua_setfield(L, -2, patterns[i]);
	}
	lua_pop(L, 1);
	lua_pushnil(L);				/* it would go past sysctl */
	lua_setfield(L, -2, "rawset");
	for (i = 0; i < NELEM(functions); i++) {
		lua_pushcfunction(L, functions[i].func);
		lua_setfield(L, -2, functions[i].name);
	}
	lua_newtable(L);			/* sysctl, always empty */
	lua_newtable(L);
	lua_pushcfunction(L, sysctl_index);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, sysctl_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "sysctl");
	push_host(L, facts);
	lua_setfield(L, -2, "host");
	lua_setfield(L, LUA_REGISTRYINDEX, "tunables.env");
}

struct tunables *
tunables_load(const char *who, const char *file,
    const struct tunables_facts *facts)
{
	struct tunables *t;
	const char *error;
	char *slash;
	size_t i;

	t = xcalloc(1, sizeof(*t));
	t->t_who = who;
	t->t_dir = realpath(file, NULL);
	if (t->t_dir == NULL)
		fail(EX_NOINPUT, "%s: %s: %s", who, file, strerror(errno));
	slash = strrchr(t->t_dir, '/');
	*slash = '\0';
	t->t_lua = luaenv_new(t);
	luaenv_limit(t->t_lua, LOAD_STEPS, "the script");
	make_env(t->t_lua, facts);
	error = run_file(t, file, file);
	if (error != NULL)
		fail(EX_DATAERR, "%s: %s%s%s", who, strncmp(error, file,
		    strlen(file)) == 0 ? "" : file, strncmp(error, file,
		    strlen(file)) == 0 ? "" : ": ", error);
	t->t_vars = xcalloc(t->t_nset + 1, sizeof(*t->t_vars));
	for (i = 0; i < t->t_nset; i++) {
		t->t_vars[i].name = t->t_set[i].a_name;
		t->t_vars[i].value = t->t_set[i].a_value;
	}
	return (t);
}

const struct sy_var *
tunables_vars(const struct tunables *t, size_t *np)
{

	*np = t->t_nset;
	return (t->t_vars);
}

const char *
tunables_blame(const struct tunables *t, const char *message)
{
	char *pair;
	size_t i;
	bool found;

	for (i = 0; i < t->t_nset; i++) {
		pair = xasprintf("%s=%s", t->t_set[i].a_name,
		    t->t_set[i].a_value);
		found = strstr(message, pair) != NULL;
		free(pair);
		if (found)
			return (t->t_set[i].a_where);
	}
	return ("");
}

void
tunables_start(struct tunables *t, struct sy_host *host)
{
	size_t i;

	t->t_host = host;
	t->t_live = true;
	for (i = 0; i < t->t_nrules; i++)
		rule_arm(t->t_rules[i]);
}

void
tunables_free(struct tunables *t)
{

	if (t == NULL)
		return;
	while (t->t_nrules > 0) {
		t->t_nrules--;
		free(t->t_rules[t->t_nrules]->r_var);
		free(t->t_rules[t->t_nrules]);
	}
	free(t->t_rules);
	forget(t->t_set, &t->t_nset, 0);
	free(t->t_set);
	forget(t->t_journal, &t->t_njournal, 0);
	free(t->t_journal);
	free(t->t_vars);
	free(t->t_dir);
	luaenv_free(t->t_lua);
	free(t);
}

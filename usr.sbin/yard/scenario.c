/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Scenarios are Lua that says what there is; nothing runs while it is read.
 *
 *	key = value		a setting of the run (the list `globals')
 *	host "name" { ... }	a host; those that links name need none
 *	link { "a", "b", ... }	a link, its two directions alike but for what
 *				`reverse' says
 *	flow { from, to, ... }	one flow, or `count' of them
 *
 * The statements are functions that read their table at once, so an error
 * has the line of its statement.  What only the whole can tell (does a host
 * of that name exist?) is checked after the last line.  An assignment to any
 * other global is an error: it is a misspelt setting more often than not.
 *
 * May touch: the file, read only.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "scenario.h"

#define	FILE_MAX	(16UL << 20)	/* bytes of a scenario */
#define	DAYS(n)		((n) * 86400 * NS_PER_S)

static void	read_vars(const struct place *, const struct key *, void *);
static void	read_all_vars(const struct place *, const struct key *, void *);
static void	read_capture(const struct place *, const struct key *, void *);
static void	read_modules(const struct place *, const struct key *, void *);
static void	read_reverse(const struct place *, const struct key *, void *);
static void	read_gilbert(const struct place *, const struct key *, void *);
static void	read_pattern(const struct place *, const struct key *, void *);

#define	OFF(type, member)	offsetof(struct type, member)

static const struct key globals[] = {
	{ "seed", K_INT, OFF(scenario, s_seed), 0, 0, NULL },
	{ "duration", K_TIME, OFF(scenario, s_duration), 1, DAYS(30), NULL },
	{ "sample", K_TIME, OFF(scenario, s_sample), 1000, DAYS(1), NULL },
	{ "warmup", K_TIME, OFF(scenario, s_warmup), 0, DAYS(30), NULL },
	{ "title", K_STRING, OFF(scenario, s_name), 0, 0, NULL },
	{ "png", K_BOOL, OFF(scenario, s_png), 0, 0, NULL },
	{ "sysctl", K_CUSTOM, OFF(scenario, s_vars), 0, 0, read_all_vars },
	{ "capture", K_CUSTOM, 0, 0, 0, read_capture },
	{ "modules", K_CUSTOM, 0, 0, 0, read_modules },
};
static const struct key host_keys[] = {
	{ "sysctl", K_CUSTOM, OFF(sc_host, h_vars), 0, 0, read_vars },
};
#define	PIPE_KEYS(o)							\
	{ "rate", K_RATE, (o) + OFF(sc_pipe, p_rate), 1, 0, NULL },	\
	{ "delay", K_TIME, (o) + OFF(sc_pipe, p_delay), 0, DAYS(1), NULL }, \
	{ "jitter", K_TIME, (o) + OFF(sc_pipe, p_jitter), 0, DAYS(1), NULL }, \
	{ "jitter_reorder", K_BOOL,					\
	    (o) + OFF(sc_pipe, p_jitter_reorder), 0, 0, NULL },		\
	{ "queue", K_QUEUE, (o) + OFF(sc_pipe, p_queue), 0, 0, NULL },	\
	{ "ecn", K_QUEUE, (o) + OFF(sc_pipe, p_ecn), 0, 0, NULL },	\
	{ "rtt", K_TIME, (o) + OFF(sc_pipe, p_rtt), 1, DAYS(1), NULL },	\
	{ "aqm", K_STRING, (o) + OFF(sc_pipe, p_aqm), 0, 0, NULL },	\
	{ "loss", K_SHARE, (o) + OFF(sc_pipe, p_loss), 0, 0, NULL },	\
	{ "gilbert", K_CUSTOM, (o), 0, 0, read_gilbert },		\
	{ "reorder", K_SHARE, (o) + OFF(sc_pipe, p_reorder), 0, 0, NULL }, \
	{ "reorder_gap", K_INT, (o) + OFF(sc_pipe, p_reorder_gap), 1,	\
	    100000, NULL },						\
	{ "duplicate", K_SHARE, (o) + OFF(sc_pipe, p_duplicate), 0, 0,	\
	    NULL },							\
	{ "corrupt", K_SHARE, (o) + OFF(sc_pipe, p_corrupt), 0, 0, NULL }
static const struct key pipe_keys[] = { PIPE_KEYS(0) };
static const struct key link_keys[] = {
	PIPE_KEYS(OFF(sc_link, l_pipe[0])),
	{ "mtu", K_BYTES, OFF(sc_link, l_mtu), 72, 65535, NULL },
	{ "reverse", K_CUSTOM, 0, 0, 0, read_reverse },	/* after the others */
};
static const struct key gilbert_keys[] = {
	{ "enter", K_SHARE, OFF(sc_pipe, p_ge_enter), 0, 0, NULL },
	{ "leave", K_SHARE, OFF(sc_pipe, p_ge_leave), 0, 0, NULL },
	{ "good", K_SHARE, OFF(sc_pipe, p_ge_good), 0, 0, NULL },
	{ "bad", K_SHARE, OFF(sc_pipe, p_ge_bad), 0, 0, NULL },
};
static const struct key flow_keys[] = {
	{ "from", K_STRING, OFF(sc_flow, f_from), 0, 0, NULL },
	{ "to", K_STRING, OFF(sc_flow, f_to), 0, 0, NULL },
	{ "block", K_STRING, OFF(sc_flow, f_block), 0, 0, NULL },
	{ "cc", K_STRING, OFF(sc_flow, f_cc), 0, 0, NULL },
	{ "label", K_STRING, OFF(sc_flow, f_label), 0, 0, NULL },
	{ "start", K_TIME, OFF(sc_flow, f_start), 0, DAYS(30), NULL },
	{ "stagger", K_TIME, OFF(sc_flow, f_stagger), 0, DAYS(30), NULL },
	{ "bytes", K_BYTES, OFF(sc_flow, f_bytes), 1, 0, NULL },
	{ "seconds", K_TIME, OFF(sc_flow, f_seconds), 1, DAYS(30), NULL },
	{ "count", K_INT, OFF(sc_flow, f_count), 1, SC_FLOWS_MAX, NULL },
	{ "ipv6", K_BOOL, OFF(sc_flow, f_ipv6), 0, 0, NULL },
	{ "verify", K_BOOL, OFF(sc_flow, f_verify), 0, 0, NULL },
	{ "rate", K_RATE, OFF(sc_flow, f_rate), 1, 0, NULL },
	{ "pattern", K_CUSTOM, 0, 0, 0, read_pattern },
	{ "options", K_CUSTOM, 0, 0, 0, options_read },
};
static const struct key pattern_keys[] = {
	{ "request", K_BYTES, OFF(sc_flow, f_request), 1, 1 << 30, NULL },
	{ "response", K_BYTES, OFF(sc_flow, f_response), 1, 1 << 30, NULL },
	{ "think", K_TIME, OFF(sc_flow, f_think), 0, DAYS(1), NULL },
	{ "times", K_INT, OFF(sc_flow, f_times), 1, 1 << 30, NULL },
	{ "on", K_TIME, OFF(sc_flow, f_on), NS_PER_MS, DAYS(1), NULL },
	{ "off", K_TIME, OFF(sc_flow, f_off), NS_PER_MS, DAYS(1), NULL },
};

/* ---- Values that are tables ---- */

static int
compare_vars(const void *a, const void *b)
{

	return (strcmp(((const struct sy_var *)a)->name,
	    ((const struct sy_var *)b)->name));
}

static void
read_var(const struct place *pl, struct sc_vars *vars)
{
	lua_State *L = pl->pl_L;
	struct sy_var *v;
	char *value;

	if (lua_type(L, -2) != LUA_TSTRING)
		key_error(pl, NULL, "%s stands there without the name of a "
		    "variable", key_shown(L));
	if (lua_type(L, -1) == LUA_TBOOLEAN)
		value = xstrdup(lua_toboolean(L, -1) ? "1" : "0");
	else if (lua_type(L, -1) == LUA_TSTRING ||
	    lua_type(L, -1) == LUA_TNUMBER) {
		lua_pushvalue(L, -1);	/* the conversion is in place */
		value = xstrdup(lua_tostring(L, -1));
		lua_pop(L, 1);
	} else
		key_error(pl, lua_tostring(L, -2), "%s is no value of a "
		    "variable", key_shown(L));
	vars->v_list = xgrow(vars->v_list, vars->v_n, sizeof(*v));
	v = &vars->v_list[vars->v_n++];
	v->name = xstrdup(lua_tostring(L, -2));
	v->value = value;
}

static void
read_vars(const struct place *pl, const struct key *k, void *object)
{
	lua_State *L = pl->pl_L;
	struct sc_vars *vars;
	struct place in;

	vars = (struct sc_vars *)((char *)object + k->k_off);
	in = place_in(pl, k->k_name, "sysctl");
	if (lua_type(L, -1) != LUA_TTABLE)
		key_error(pl, k->k_name, "%s is not a table of variables",
		    key_shown(L));
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
		read_var(&in, vars);
	if (vars->v_n > 0)
		qsort(vars->v_list, vars->v_n, sizeof(*vars->v_list),
		    compare_vars);
}

static void
read_all_vars(const struct place *pl, const struct key *k, void *object)
{
	struct scenario *sc = object;

	sc->s_vars_place = *pl;
	sc->s_vars_place.pl_what = "sysctl";
	read_vars(pl, k, object);
}

/* A list of names, each to be freed. */
static void
read_names(const struct place *pl, const char *key, char ***listp, size_t *np)
{
	lua_State *L = pl->pl_L;
	lua_Integer i;
	int top;

	if (lua_type(L, -1) != LUA_TTABLE)
		key_error(pl, key, "%s is not a list of names", key_shown(L));
	top = lua_gettop(L);
	for (i = 1; lua_rawgeti(L, top, i) != LUA_TNIL; i++) {
		if (lua_type(L, -1) != LUA_TSTRING)
			key_error(pl, key, "%s is not a name", key_shown(L));
		*listp = xgrow(*listp, *np, sizeof(**listp));
		(*listp)[(*np)++] = xstrdup(lua_tostring(L, -1));
		lua_settop(L, top);
	}
}

static void
read_modules(const struct place *pl, const struct key *k, void *object)
{
	struct scenario *sc = object;

	sc->s_modules_place = *pl;
	read_names(pl, k->k_name, &sc->s_modules, &sc->s_nmodules);
}

static void
read_capture_at(const struct place *pl, const struct key *k, void *object)
{
	struct scenario *sc = object;

	read_names(pl, k->k_name, &sc->s_capture_at, &sc->s_ncapture_at);
}

static void
read_capture(const struct place *pl, const struct key *k, void *object)
{
	static const struct key keys[] = {
		{ "snaplen", K_BYTES, OFF(scenario, s_snaplen), 0, 262144,
		    NULL },
		{ "at", K_CUSTOM, 0, 0, 0, read_capture_at },
	};
	struct scenario *sc = object;
	struct place in;

	if (lua_type(pl->pl_L, -1) == LUA_TBOOLEAN) {
		sc->s_capture = lua_toboolean(pl->pl_L, -1);
		return;
	}
	if (lua_type(pl->pl_L, -1) != LUA_TTABLE)
		key_error(pl, k->k_name, "%s is neither true, false nor a "
		    "table", key_shown(pl->pl_L));
	in = place_in(pl, k->k_name, "capture");
	sc->s_capture = true;
	keys_read(&in, keys, NELEM(keys), 0, sc);
}

static void
read_gilbert(const struct place *pl, const struct key *k, void *object)
{
	struct sc_pipe *p = (struct sc_pipe *)((char *)object + k->k_off);
	struct place in;
	uint64_t there;

	in = place_in(pl, k->k_name, "link: gilbert");
	p->p_ge_bad = 1;
	there = keys_read(&in, gilbert_keys, NELEM(gilbert_keys), 0, p);
	if ((there & 3) != 3)
		key_error(&in, NULL, "needs both enter and leave");
}

static void
read_reverse(const struct place *pl, const struct key *k, void *object)
{
	struct sc_link *l = object;
	struct place in;
	char *aqm;

	in = place_in(pl, k->k_name, "link: reverse");
	aqm = l->l_pipe[0].p_aqm;
	l->l_pipe[1] = l->l_pipe[0];
	l->l_pipe[1].p_aqm = aqm != NULL ? xstrdup(aqm) : NULL;
	keys_read(&in, pipe_keys, NELEM(pipe_keys), 0, &l->l_pipe[1]);
}

static void
read_pattern(const struct place *pl, const struct key *k, void *object)
{
	struct sc_flow *f = object;
	struct place in;
	uint64_t there;

	in = place_in(pl, k->k_name, "flow: pattern");
	there = keys_read(&in, pattern_keys, NELEM(pattern_keys), 0, f);
	if ((there & 0x33) == 0x03)
		f->f_app = APP_REQUEST;
	else if (there == 0x30)
		f->f_app = APP_ONOFF;
	else
		key_error(&in, NULL, "needs either request and response or "
		    "on and off");
}

/* ---- Statements ---- */

static struct place
current_place(lua_State *L, const char *what)
{
	struct scenario *sc = luaenv_data(L);
	struct place pl;
	lua_Debug ar;
	const char *p;
	int line;

	memset(&pl, 0, sizeof(pl));
	pl.pl_L = L;
	pl.pl_file = sc->s_file;
	pl.pl_text = sc->s_text;
	pl.pl_what = what;
	if (lua_getstack(L, 1, &ar) == 0 || lua_getinfo(L, "l", &ar) == 0 ||
	    ar.currentline < 1)
		return (pl);
	pl.pl_line = ar.currentline;
	for (p = sc->s_text, line = 1; line < pl.pl_line && p != NULL; line++)
		p = strchr(p, '\n') != NULL ? strchr(p, '\n') + 1 : NULL;
	/* Other statements may stand before it on its line. */
	pl.pl_from = p != NULL && what[0] != '\0' ? strstr(p, what) : p;
	return (pl);
}

static void
check_name(const struct place *pl, const char *name)
{
	const char *p;

	for (p = name; isalnum((unsigned char)*p) ||
	    (*p != '\0' && strchr("_.-", *p) != NULL); p++)
		;
	if (*p != '\0' || p == name || p - name >= SC_NAMELEN)
		key_error(pl, NULL, "\"%s\" is not a host's name (letters, "
		    "digits, _, . and -; 31 at most)", name);
}

size_t
scenario_host(const struct scenario *sc, const char *name)
{
	size_t i;

	for (i = 0; i < sc->s_nhosts; i++)
		if (strcmp(sc->s_hosts[i].h_name, name) == 0)
			return (i);
	return (SIZE_MAX);
}

/* The host called name, which is made unless it is there. */
static size_t
need_host(struct scenario *sc, const struct place *pl, const char *name)
{
	struct sc_host *h;
	size_t i;

	i = scenario_host(sc, name);
	if (i != SIZE_MAX)
		return (i);
	check_name(pl, name);
	sc->s_hosts = xgrow(sc->s_hosts, sc->s_nhosts, sizeof(*h));
	h = &sc->s_hosts[sc->s_nhosts];
	memset(h, 0, sizeof(*h));
	h->h_name = xstrdup(name);
	h->h_place = *pl;
	return (sc->s_nhosts++);
}

/* The second half of host "name" { ... } */
static int
host_table(lua_State *L)
{
	struct scenario *sc = luaenv_data(L);
	struct place pl;
	size_t i;

	pl = current_place(L, "host");
	i = (size_t)lua_tointeger(L, lua_upvalueindex(1));
	lua_settop(L, 1);
	sc->s_hosts[i].h_place = pl;
	keys_read(&pl, host_keys, NELEM(host_keys), 0, &sc->s_hosts[i]);
	return (0);
}

static int
host_statement(lua_State *L)
{
	struct scenario *sc = luaenv_data(L);
	struct place pl;

	pl = current_place(L, "host");
	lua_settop(L, 1);
	if (lua_type(L, 1) != LUA_TSTRING)
		key_error(&pl, NULL, "%s is not a name (as in "
		    "host \"a\" { })", key_shown(L));
	lua_pushinteger(L, (lua_Integer)need_host(sc, &pl,
	    lua_tostring(L, 1)));
	lua_pushcclosure(L, host_table, 1);
	return (1);
}

static int
link_statement(lua_State *L)
{
	struct scenario *sc = luaenv_data(L);
	struct place pl;
	struct sc_link *l;
	const struct key *reverse;
	uint64_t there;
	int i;

	pl = current_place(L, "link");
	lua_settop(L, 1);
	if (sc->s_nlinks == SC_LINKS_MAX)
		key_error(&pl, NULL, "more than %d links", SC_LINKS_MAX);
	sc->s_links = xgrow(sc->s_links, sc->s_nlinks, sizeof(*l));
	l = &sc->s_links[sc->s_nlinks++];
	memset(l, 0, sizeof(*l));
	l->l_place = pl;
	there = keys_read(&pl, link_keys, NELEM(link_keys), 2, l);
	reverse = &link_keys[NELEM(link_keys) - 1];
	if ((there & 1ULL << (reverse - link_keys)) == 0) {
		lua_newtable(L);
		read_reverse(&pl, reverse, l);
		lua_settop(L, 1);
	}
	for (i = 0; i < 2; i++) {
		if (lua_rawgeti(L, 1, i + 1) != LUA_TSTRING)
			key_error(&pl, NULL, "joins two hosts (as in "
			    "link { \"a\", \"b\" })");
		l->l_host[i] = need_host(sc, &pl, lua_tostring(L, -1));
	}
	if (l->l_host[0] == l->l_host[1])
		key_error(&pl, NULL, "both ends are the same host");
	return (0);
}

static int
flow_statement(lua_State *L)
{
	struct scenario *sc = luaenv_data(L);
	struct place pl;
	struct sc_flow *f;

	pl = current_place(L, "flow");
	lua_settop(L, 1);
	sc->s_flows = xgrow(sc->s_flows, sc->s_nflows, sizeof(*f));
	f = &sc->s_flows[sc->s_nflows++];
	memset(f, 0, sizeof(*f));
	f->f_place = pl;
	f->f_count = 1;
	keys_read(&pl, flow_keys, NELEM(flow_keys), 0, f);
	if (f->f_from == NULL || f->f_to == NULL)
		key_error(&pl, NULL, "needs both from and to");
	if (scenario_nflows(sc) > SC_FLOWS_MAX)
		key_error(&pl, NULL, "more than %d flows", SC_FLOWS_MAX);
	return (0);
}

/* An assignment to a global: name at 2, value at 3; the values are kept in
 * the upvalue, for reading them back. */
static int
assign(lua_State *L)
{
	struct scenario *sc = luaenv_data(L);
	struct place pl;
	const char *name;
	size_t i;

	pl = current_place(L, "");
	if (lua_type(L, 3) == LUA_TFUNCTION) {
		lua_rawset(L, 1);
		return (0);
	}
	name = lua_tostring(L, 2);
	for (i = 0; i < NELEM(globals) &&
	    strcmp(globals[i].k_name, name) != 0; i++)
		;
	if (i == NELEM(globals))
		key_unknown(&pl, name, globals, NELEM(globals),
		    sizeof(globals[0]),
		    " (a variable of one's own begins with local)");
	key_read(&pl, &globals[i], sc);
	lua_settop(L, 3);
	lua_rawset(L, lua_upvalueindex(1));
	return (0);
}

/* ---- The whole ---- */

/* Push the table that a scenario has for its globals. */
static void
push_globals(lua_State *L)
{
	static const luaL_Reg statements[] = {
		{ "host", host_statement }, { "link", link_statement },
		{ "flow", flow_statement }, { NULL, NULL },
	};

	lua_newtable(L);			/* the globals */
	lua_newtable(L);			/* their metatable */
	lua_newtable(L);			/* the settings' values */
	lua_newtable(L);			/* their metatable */
	luaenv_pushlibs(L);
	luaL_setfuncs(L, statements, 0);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "__index");
	lua_pushcclosure(L, assign, 1);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}

static size_t
find_end(const struct scenario *sc, const struct sc_flow *f, const char *key,
    const char *name)
{
	const char *near;
	size_t i;

	i = scenario_host(sc, name);
	if (i != SIZE_MAX)
		return (i);
	near = nearest(name, sc->s_hosts, sc->s_nhosts, sizeof(*sc->s_hosts));
	if (near != NULL)
		key_fail(&f->f_place, key, "no host \"%s\"; is \"%s\" meant?",
		    name, near);
	key_fail(&f->f_place, key, "no host \"%s\"", name);
}

/* What only the whole scenario tells. */
static void
check(struct scenario *sc)
{
	struct sc_flow *f;

	if (sc->s_nflows == 0)
		fail(EX_DATAERR, "%s: no flow, so nothing to run", sc->s_file);
	for (f = sc->s_flows; f < sc->s_flows + sc->s_nflows; f++) {
		f->f_host[0] = find_end(sc, f, "from", f->f_from);
		f->f_host[1] = find_end(sc, f, "to", f->f_to);
		if (f->f_host[0] == f->f_host[1])
			key_fail(&f->f_place, NULL,
			    "from and to are the same host");
		if (f->f_start >= sc->s_duration)
			key_fail(&f->f_place, "start",
			    "after the end (duration)");
	}
	if (sc->s_warmup >= sc->s_duration)
		fail(EX_DATAERR, "%s: warmup: not shorter than duration",
		    sc->s_file);
	if (strchr(sc->s_name, '/') != NULL || sc->s_name[0] == '.')
		fail(EX_DATAERR, "%s: title: \"%s\" cannot be part of a "
		    "directory's name", sc->s_file, sc->s_name);
}

/* "dir/one-flow.lua" is called one-flow. */
static char *
name_of(const char *file)
{
	const char *base;
	char *name, *dot;

	base = strrchr(file, '/');
	name = xstrdup(base != NULL ? base + 1 : file);
	dot = strrchr(name, '.');
	if (dot != NULL && dot != name)
		*dot = '\0';
	return (name);
}

struct scenario *
scenario_parse(const char *file, char *text, size_t len)
{
	struct scenario *sc;
	const char *error;

	sc = xcalloc(1, sizeof(*sc));
	sc->s_file = xstrdup(file);
	sc->s_name = name_of(file);
	sc->s_text = text;
	sc->s_textlen = len;
	sc->s_seed = 1;
	sc->s_duration = 30 * NS_PER_S;
	sc->s_sample = 10 * NS_PER_MS;
	sc->s_capture = true;
	sc->s_snaplen = 128;
	if (strlen(text) != len)
		fail(EX_DATAERR, "%s: not a text", file);
	sc->s_lua = luaenv_new(sc);
	push_globals(sc->s_lua);
	error = luaenv_run(sc->s_lua, text, len, file);
	if (error != NULL)
		fail(EX_DATAERR, "%s%s%.*s",
		    strncmp(error, file, strlen(file)) != 0 ? file : "",
		    strncmp(error, file, strlen(file)) != 0 ? ": " : "",
		    (int)strcspn(error, "\n"), error);
	luaenv_free(sc->s_lua);
	sc->s_lua = NULL;
	check(sc);
	return (sc);
}

struct scenario *
scenario_load(const char *file)
{
	struct text t = { NULL, 0, 0 };
	char buf[16384];
	FILE *fp;
	size_t n;

	fp = fopen(file, "r");
	if (fp == NULL)
		fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	text_add(&t, "", 0);
	while ((n = fread(buf, 1, sizeof(buf), fp)) > 0 && t.t_len <= FILE_MAX)
		text_add(&t, buf, n);
	if (ferror(fp))
		fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	fclose(fp);
	if (t.t_len > FILE_MAX)
		fail(EX_DATAERR, "%s: too long for a scenario", file);
	return (scenario_parse(file, t.t_s, t.t_len));
}

size_t
scenario_nflows(const struct scenario *sc)
{
	size_t i, n;

	for (i = n = 0; i < sc->s_nflows; i++)
		n += sc->s_flows[i].f_count;
	return (n);
}

static void
free_vars(struct sc_vars *vars)
{
	size_t i;

	for (i = 0; i < vars->v_n; i++) {
		free((void *)(uintptr_t)vars->v_list[i].name);
		free((void *)(uintptr_t)vars->v_list[i].value);
	}
	free(vars->v_list);
}

static void
free_names(char **list, size_t n)
{

	while (n > 0)
		free(list[--n]);
	free(list);
}

void
scenario_free(struct scenario *sc)
{
	struct sc_flow *f;
	size_t i;

	for (i = 0; i < sc->s_nhosts; i++) {
		free(sc->s_hosts[i].h_name);
		free_vars(&sc->s_hosts[i].h_vars);
	}
	for (i = 0; i < sc->s_nlinks; i++) {
		free(sc->s_links[i].l_pipe[0].p_aqm);
		free(sc->s_links[i].l_pipe[1].p_aqm);
	}
	for (f = sc->s_flows; f < sc->s_flows + sc->s_nflows; f++) {
		free(f->f_from);
		free(f->f_to);
		free(f->f_block);
		free(f->f_cc);
		free(f->f_label);
	}
	free(sc->s_hosts);
	free(sc->s_links);
	free(sc->s_flows);
	free_vars(&sc->s_vars);
	free_names(sc->s_capture_at, sc->s_ncapture_at);
	free_names(sc->s_modules, sc->s_nmodules);
	free(sc->s_file);
	free(sc->s_name);
	free(sc->s_text);
	free(sc);
}

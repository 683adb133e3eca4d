/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Lua as scenarios have it: bounded, repeatable, and cut off from the rest
 * of the machine. */
#ifndef _YARD_LUAENV_H_
#define	_YARD_LUAENV_H_

#include <stddef.h>
#include <stdint.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* A new state that leads to data; the program ends if there is no memory. */
lua_State *luaenv_new(void *data);
void	luaenv_free(lua_State *L);
void	*luaenv_data(lua_State *L);
/* From now on `steps' instructions are allowed, 200 million at first; when
 * they are used up the message is "`what' does not come to an end". */
void	luaenv_limit(lua_State *L, uint64_t steps, const char *what);
/*
 * Run len bytes of text called name with the table on the stack's top (it is
 * popped) as its globals.  NULL, or the message, "name:line: what", which
 * lives as long as L.
 */
const char *luaenv_run(lua_State *L, const char *text, size_t len,
	    const char *name);
/* Push the table of what a scenario may use: the libraries. */
void	luaenv_pushlibs(lua_State *L);

#endif /* !_YARD_LUAENV_H_ */

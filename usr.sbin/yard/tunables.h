/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Tunables in Lua: stackyard-tunables(5). */
#ifndef _YARD_TUNABLES_H_
#define	_YARD_TUNABLES_H_

#include <stddef.h>

#include <stackyard.h>

struct tunables;

/* What a script may decide by. */
struct tunables_facts {
	const char	*tf_name;	/* the host's */
	char		*const *tf_ifaces;	/* "tap0,10.0.0.1/24" */
	size_t		tf_nifaces;
};

/*
 * Run file, and keep what it assigned and the functions it left.  The
 * program ends, in one line with file and line, if that fails; `who' is the
 * command's name.  The result is the caller's to free, after the loop.
 */
struct tunables *tunables_load(const char *who, const char *file,
	    const struct tunables_facts *facts);
/* The variables for sy_host_new(), *np of them, as long as t lives. */
const struct sy_var *tunables_vars(const struct tunables *t, size_t *np);
/* "file:line: " of the assignment that message, sy_host_new()'s, is about;
 * "" if it is about none. */
const char *tunables_blame(const struct tunables *t, const char *message);
/* Have the functions called from host's loop, when their time has come. */
void	tunables_start(struct tunables *t, struct sy_host *host);
void	tunables_free(struct tunables *t);

#endif /* !_YARD_TUNABLES_H_ */

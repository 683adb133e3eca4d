/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What setkey's files owe to each other. */
#ifndef _SETKEY_H_
#define	_SETKEY_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "netipsec/key_export.h"
#include "ysctl.h"

/* ---- lex.c: a script's words ---- */

#define	TOKEN_MAX	1024		/* bytes of a word at most */

enum token { T_END, T_SEMICOLON, T_WORD, T_STRING };

struct lex {
	FILE		*lx_file;
	int		lx_line;	/* of the token, counted from 1 */
	enum token	lx_kind;
	size_t		lx_len;
	char		lx_text[TOKEN_MAX + 1];	/* without quotes */
	const char	*lx_error;	/* why there is no further one */
};

/* The next token: false if what is there is none (lx_error). */
bool	lex_next(struct lex *lx);

/* ---- script.c: what a script asks for ---- */

/* Carry out a script: 0 if all of it could be, else 1. */
int	script_run(struct ysctl *y, FILE *file);

/* ---- show.c: keys as text ---- */

extern const char *const proto_names[XKEY_TCP_AO + 1];
extern const char *const alg_names[XKEY_AES_128_CMAC_96 + 1];

/* All keys of the stack, *np of them, in memory that is the caller's. */
struct xkey *keys_read(struct ysctl *y, size_t *np);
/* Show those of proto (0: all): false if there are none. */
bool	keys_show(struct ysctl *y, int proto);
/* Show one; left more follow. */
void	key_show(const struct xkey *xk, size_t left);

#endif /* !_SETKEY_H_ */

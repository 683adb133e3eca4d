/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A script as tokens: words, which end at white space, `;', `#' or `"';
 * strings in double quotes, which end in their line; semicolons.  From a `#'
 * to the end of a line nothing counts.
 *
 * No more is read than is needed, so that a script that comes through a pipe
 * takes effect as it comes.
 */
#include <ctype.h>
#include <string.h>

#include "setkey.h"

static int
lex_skip(struct lex *lx)
{
	bool comment = false;
	int ch;

	while ((ch = getc(lx->lx_file)) != EOF) {
		if (ch == '\n') {
			comment = false;
			lx->lx_line++;
		} else if (ch == '#')
			comment = true;
		else if (!comment && !isspace(ch))
			break;
	}
	return (ch);
}

static bool
lex_add(struct lex *lx, int ch)
{
	if (lx->lx_len == TOKEN_MAX) {
		lx->lx_error = "too long";
		return (false);
	}
	lx->lx_text[lx->lx_len++] = (char)ch;
	lx->lx_text[lx->lx_len] = '\0';
	return (true);
}

static bool
lex_string(struct lex *lx)
{
	int ch;

	lx->lx_kind = T_STRING;
	while ((ch = getc(lx->lx_file)) != '"') {
		if (ch == EOF || ch == '\n') {
			(void)ungetc(ch, lx->lx_file);
			lx->lx_error = "no closing quote";
			return (false);
		}
		if (!lex_add(lx, ch))
			return (false);
	}
	return (true);
}

bool
lex_next(struct lex *lx)
{
	int ch;

	lx->lx_len = 0;
	lx->lx_text[0] = '\0';
	if ((ch = lex_skip(lx)) == EOF) {
		lx->lx_kind = T_END;
		return (true);
	}
	if (ch == '"')
		return (lex_string(lx));
	lx->lx_kind = ch == ';' ? T_SEMICOLON : T_WORD;
	if (ch == ';')
		return (lex_add(lx, ch));
	do {
		if (ch == '\0') {
			lx->lx_error = "a NUL";
			return (false);
		}
		if (!lex_add(lx, ch))
			return (false);
		ch = getc(lx->lx_file);
	} while (ch == '\0' || (ch != EOF && !isspace(ch) &&
	    strchr(";#\"", ch) == NULL));
	(void)ungetc(ch, lx->lx_file);
	return (true);
}

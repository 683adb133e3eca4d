/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * netstat's two voices: text for people, and with --libxo json the same
 * facts in JSON, in libxo's names.  Only one of them speaks.
 *
 * Values are text that may hold anything; names are ours and need no care.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "netstat.h"

bool json_on;
static bool json_pretty;
static bool json_first;		/* nothing in the current brackets yet */
static int json_depth;

void
text(const char *fmt, ...)
{
	va_list ap;

	if (json_on)
		return;
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
}

static void
json_newline(void)
{
	if (json_pretty)
		(void)printf("\n%*s", 2 * json_depth, "");
}

/* What stands in front of every value. */
static void
json_lead(const char *name)
{
	if (!json_first)
		(void)fputs(json_pretty ? "," : ", ", stdout);
	json_newline();
	json_first = false;
	if (name != NULL)
		(void)printf("\"%s\": ", name);
}

void
json_begin(bool pretty)
{
	json_on = true;
	json_pretty = pretty;
}

void
json_open(const char *name, char bracket)
{
	if (!json_on)
		return;
	/* The outermost, only now that nothing stands in the way. */
	if (json_depth == 0) {
		(void)putchar('{');
		json_depth++;
		json_first = true;
	}
	json_lead(name);
	(void)putchar(bracket);
	json_depth++;
	json_first = true;
}

void
json_close(char bracket)
{
	if (!json_on)
		return;
	json_depth--;
	if (!json_first)
		json_newline();
	json_first = false;
	(void)putchar(bracket);
}

void
json_number(const char *name, uint64_t value)
{
	if (!json_on)
		return;
	json_lead(name);
	(void)printf("%" PRIu64, value);
}

void
json_text(const char *name, const char *value)
{
	if (!json_on)
		return;
	json_lead(name);
	(void)putchar('"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			(void)printf("\\%c", *value);
		else if ((unsigned char)*value < ' ')
			(void)printf("\\u%04x", (unsigned char)*value);
		else
			(void)putchar(*value);
	}
	(void)putchar('"');
}

void
json_end(void)
{
	if (!json_on)
		return;
	json_close('}');
	(void)putchar('\n');
}

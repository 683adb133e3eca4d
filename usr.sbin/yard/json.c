/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * JSON as it is written: indented by containers, one member a line, so that
 * two results can be compared with diff(1).  Strings are taken for UTF-8;
 * quotes, backslashes and control characters are escaped (RFC 8259, 7).
 *
 * May touch: the file it is given.
 */
#include <inttypes.h>
#include <math.h>

#include "json.h"

static void
quote(FILE *fp, const char *s)
{

	fputc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(fp, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(fp, "\\u%04x", (unsigned char)*s);
		else
			fputc(*s, fp);
	}
	fputc('"', fp);
}

/* A comma if one is due, a new line, and the key. */
static void
member(struct json *j, const char *key)
{

	if (!j->j_first)
		fputc(',', j->j_fp);
	if (j->j_depth > 0)
		fprintf(j->j_fp, "\n%*s", 2 * j->j_depth, "");
	j->j_first = false;
	if (key != NULL) {
		quote(j->j_fp, key);
		fputs(": ", j->j_fp);
	}
}

static void
open_container(struct json *j, const char *key, char bracket)
{

	member(j, key);
	fputc(bracket, j->j_fp);
	j->j_depth++;
	j->j_first = true;
}

void
json_object(struct json *j, const char *key)
{

	open_container(j, key, '{');
}

void
json_array(struct json *j, const char *key)
{

	open_container(j, key, '[');
}

void
json_close(struct json *j, char bracket)
{

	j->j_depth--;
	if (!j->j_first)
		fprintf(j->j_fp, "\n%*s", 2 * j->j_depth, "");
	fputc(bracket, j->j_fp);
	j->j_first = false;
}

void
json_begin(struct json *j, FILE *fp)
{

	j->j_fp = fp;
	j->j_depth = 0;
	j->j_first = true;
	json_object(j, NULL);
}

void
json_end(struct json *j)
{

	json_close(j, '}');
	fputc('\n', j->j_fp);
}

void
json_string(struct json *j, const char *key, const char *s)
{

	member(j, key);
	quote(j->j_fp, s);
}

void
json_uint(struct json *j, const char *key, uint64_t n)
{

	member(j, key);
	fprintf(j->j_fp, "%" PRIu64, n);
}

void
json_real(struct json *j, const char *key, double x)
{

	if (!isfinite(x)) {
		json_null(j, key);
		return;
	}
	member(j, key);
	fprintf(j->j_fp, "%.6f", x);
}

void
json_null(struct json *j, const char *key)
{

	member(j, key);
	fputs("null", j->j_fp);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The small things of util.h.
 *
 * Whoever fails may be deep inside of something, so nothing is taken apart
 * then: what is half written is removed, and the rest goes with the process.
 *
 * Messages hold what a user wrote, which may hold anything: control
 * characters are shown as a question mark, so that a message stays one line.
 * Words are near when their optimal string alignment distance (insertions,
 * deletions, replacements, exchanges of neighbours) is at most 2, and at most
 * 1 for a word of two or three characters.
 *
 * May touch: standard error.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "progress.h"
#include "util.h"

#define	WORD_MAX	40		/* longer words are never near */

static void	(*cleanup)(void);	/* at_failure()'s */

static void
print_line(const char *fmt, va_list ap)
{
	char *p, line[1024];

	vsnprintf(line, sizeof(line), fmt, ap);
	for (p = line; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	progress_clear();
	fprintf(stderr, "yard: %s\n", line);
}

void
at_failure(void (*func)(void))
{

	cleanup = func;
}

void
vfail(int status, const char *fmt, va_list ap)
{

	print_line(fmt, ap);
	if (cleanup != NULL)
		cleanup();
	fflush(NULL);
	_exit(status);
}

void
fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfail(status, fmt, ap);
}

void
warn_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(fmt, ap);
	va_end(ap);
}

void *
xcalloc(size_t n, size_t size)
{
	void *p;

	p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);
	if (p == NULL)
		fail(EX_OSERR, "out of memory");
	return (p);
}

void *
xgrow(void *array, size_t n, size_t size)
{

	/* Room is added by doubling: at 0 and at every power of two. */
	if ((n & (n - 1)) != 0)
		return (array);
	if (n > SIZE_MAX / 2 / size)
		fail(EX_OSERR, "out of memory");
	array = realloc(array, (n != 0 ? 2 * n : 1) * size);
	if (array == NULL)
		fail(EX_OSERR, "out of memory");
	return (array);
}

char *
xstrdup(const char *s)
{
	char *p;

	p = strdup(s);
	if (p == NULL)
		fail(EX_OSERR, "out of memory");
	return (p);
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	if (vasprintf(&p, fmt, ap) < 0)
		fail(EX_OSERR, "out of memory");
	va_end(ap);
	return (p);
}

void
text_add(struct text *t, const char *s, size_t len)
{
	size_t size;

	if (len >= SIZE_MAX / 4 - t->t_len)
		fail(EX_OSERR, "out of memory");
	if (t->t_len + len + 1 > t->t_size) {
		size = 2 * (t->t_len + len + 1);
		t->t_s = realloc(t->t_s, size);
		if (t->t_s == NULL)
			fail(EX_OSERR, "out of memory");
		t->t_size = size;
	}
	memcpy(t->t_s + t->t_len, s, len);
	t->t_len += len;
	t->t_s[t->t_len] = '\0';
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	char *s, line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n < sizeof(line)) {
		text_add(t, line, (size_t)n);
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		fail(EX_OSERR, "out of memory");
	va_end(ap);
	text_add(t, s, (size_t)n);
	free(s);
}

void
text_free(struct text *t)
{

	free(t->t_s);
	memset(t, 0, sizeof(*t));
}

static size_t
least(size_t a, size_t b, size_t c)
{

	if (b < a)
		a = b;
	return (c < a ? c : a);
}

/* The optimal string alignment distance, by rows of the usual table. */
static size_t
distance(const char *a, const char *b)
{
	size_t d[3][WORD_MAX + 1], i, j, la, lb, r, s, t;

	la = strlen(a);
	lb = strlen(b);
	if (la > WORD_MAX || lb > WORD_MAX)
		return (WORD_MAX);
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++) {
		r = i % 3;
		s = (i - 1) % 3;
		t = (i + 1) % 3;	/* the row of i - 2 */
		d[r][0] = i;
		for (j = 1; j <= lb; j++) {
			d[r][j] = least(d[s][j] + 1, d[r][j - 1] + 1,
			    d[s][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[t][j - 2] + 1 < d[r][j])
				d[r][j] = d[t][j - 2] + 1;
		}
	}
	return (d[la % 3][lb]);
}

const char *
nearest(const char *word, const void *words, size_t n, size_t size)
{
	const char *best, *w;
	size_t d, i, least_d;

	best = NULL;
	least_d = strlen(word) < 4 ? (strlen(word) + 2) / 2 : 3;
	for (i = 0; i < n; i++) {
		w = *(const char *const *)((const char *)words + i * size);
		d = distance(word, w);
		if (d < least_d) {
			least_d = d;
			best = w;
		}
	}
	return (best);
}

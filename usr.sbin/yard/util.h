/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What every file of yard uses: one way to give up, memory that is there or
 * the program ends, and text that grows.
 */
#ifndef _YARD_UTIL_H_
#define	_YARD_UTIL_H_

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define	YARD_PRINTF(f, a)	__attribute__((__format__(__printf__, f, a)))
#define	YARD_DEAD		__attribute__((__noreturn__))
#define	NELEM(a)		(sizeof(a) / sizeof((a)[0]))

#define	NS_PER_S	UINT64_C(1000000000)
#define	NS_PER_MS	UINT64_C(1000000)
#define	NS_PER_US	UINT64_C(1000)

/*
 * "yard: " and the message on standard error, in one line whatever is in it,
 * and the end of the program with status (sysexits(3)), after the function
 * that at_failure() was given, if any.
 */
void	fail(int status, const char *fmt, ...) YARD_PRINTF(2, 3) YARD_DEAD;
void	vfail(int status, const char *fmt, va_list ap) YARD_DEAD;
void	at_failure(void (*func)(void));
/* The same line, and on it goes. */
void	warn_line(const char *fmt, ...) YARD_PRINTF(1, 2);

/* Memory, zeroed, for the caller to free(); the program ends without it. */
void	*xcalloc(size_t n, size_t size);
/* An array that grows: room for one element of size more than n. */
void	*xgrow(void *array, size_t n, size_t size);
char	*xstrdup(const char *s);
char	*xasprintf(const char *fmt, ...) YARD_PRINTF(1, 2);

/* Text that grows; zeroed it is empty. */
struct text {
	char	*t_s;			/* NUL-terminated once not empty */
	size_t	t_len, t_size;
};
void	text_add(struct text *t, const char *s, size_t len);
void	text_printf(struct text *t, const char *fmt, ...) YARD_PRINTF(2, 3);
void	text_free(struct text *t);

/*
 * The word among n words (each the first member of an element of size) that
 * a misspelt one was meant to be, or NULL if none is near.
 */
const char *nearest(const char *word, const void *words, size_t n,
	    size_t size);

#endif /* !_YARD_UTIL_H_ */

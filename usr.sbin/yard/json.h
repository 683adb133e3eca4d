/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Writing JSON (RFC 8259). */
#ifndef _YARD_JSON_H_
#define	_YARD_JSON_H_

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE	*j_fp;
	int	j_depth;	/* containers open */
	bool	j_first;	/* nothing in the innermost yet */
};

void	json_begin(struct json *j, FILE *fp);	/* opens an object */
void	json_end(struct json *j);		/* closes all, and a newline */
/* In an array the key is NULL. */
void	json_object(struct json *j, const char *key);
void	json_array(struct json *j, const char *key);
void	json_close(struct json *j, char bracket);	/* '}' or ']' */
void	json_string(struct json *j, const char *key, const char *s);
void	json_uint(struct json *j, const char *key, uint64_t n);
/* Six digits after the point; null if it is no number. */
void	json_real(struct json *j, const char *key, double x);
void	json_null(struct json *j, const char *key);

#endif /* !_YARD_JSON_H_ */

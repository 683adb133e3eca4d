/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Files of assignments, as sysctl.conf(5): one a line, "#" begins a comment
 * unless it is quoted.  The quotes stay: they are the argument's.
 *
 * Every line is tried, whatever became of those before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "sysctl.h"

/* Cut the comment off. */
static void
clean(char *line)
{
	char *p, quote;

	quote = '\0';
	for (p = line; *p != '\0'; p++) {
		if (quote != '\0' ? *p == quote : *p == '"' || *p == '\'')
			quote = quote != '\0' ? '\0' : *p;
		else if (quote == '\0' && *p == '#')
			break;
	}
	*p = '\0';
}

int
read_file(const char *path, int (*func)(char *))
{
	char *line;
	size_t size;
	FILE *fp;
	int failed;

	fp = fopen(path, "r");
	if (fp == NULL) {
		complain("%s: %s", path, strerror(errno));
		exit(EX_NOINPUT);
	}
	line = NULL;
	size = 0;
	failed = 0;
	for (file_line = 1; getline(&line, &size, fp) != -1; file_line++) {
		clean(line);
		if (line[strspn(line, " \t\r\n")] != '\0')
			failed += func(line);
	}
	file_line = 0;
	free(line);
	(void)fclose(fp);
	return (failed);
}

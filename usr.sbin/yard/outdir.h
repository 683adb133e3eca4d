/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The directory of results: whole, or not there. */
#ifndef _YARD_OUTDIR_H_
#define	_YARD_OUTDIR_H_

#include <stdbool.h>
#include <stdio.h>

struct outdir;

/*
 * Prepare path as a directory of results.  What is there already must be
 * such a directory, unless force.  The program ends with a message if this
 * cannot be.  Signals that end a program are caught from here on.
 */
struct outdir *outdir_open(const char *path, bool force);
/* Where the file or directory name is being made; valid until the next
 * call.  It then counts as one of the results. */
const char *outdir_path(struct outdir *od, const char *name);
/* The directory being made, and what it will be called. */
const char *outdir_work(const struct outdir *od);
const char *outdir_name(const struct outdir *od);
/* Make a directory in it. */
void	outdir_mkdir(struct outdir *od, const char *name);
/* A new file in it, for outdir_fclose(). */
FILE	*outdir_fopen(struct outdir *od, const char *name);
/* Add text to a file in it. */
void	outdir_append(struct outdir *od, const char *name, const char *text,
	    size_t len);
void	outdir_fclose(struct outdir *od, FILE *fp);
/* Put it in place, and free od. */
void	outdir_commit(struct outdir *od);
/* Was the program told to end?  Then remove everything and end. */
void	outdir_check(void);

#endif /* !_YARD_OUTDIR_H_ */

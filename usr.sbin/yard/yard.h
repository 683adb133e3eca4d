/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* The commands of yard: each is a main() with its name in argv[0]. */
#ifndef _YARD_YARD_H_
#define	_YARD_YARD_H_

#include "util.h"

int	run_main(int argc, char **argv);
int	compare_main(int argc, char **argv);
int	nc_main(int argc, char **argv);
int	up_main(int argc, char **argv);

/* The directory of FreeBSD's tools beside yard, to be freed; or NULL. */
char	*tool_dir(void);

/* "usage: yard " and the text, and exit with status. */
void	usage(int status, const char *text) YARD_DEAD;

#endif /* !_YARD_YARD_H_ */

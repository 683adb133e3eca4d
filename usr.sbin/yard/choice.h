/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Function blocks and congestion control by name. */
#ifndef _YARD_CHOICE_H_
#define	_YARD_CHOICE_H_

#include <stdbool.h>
#include <stddef.h>

#include <stackyard.h>

enum choice { CHOICE_BLOCK, CHOICE_CC };

/*
 * Has the host one of that name?  If not, names becomes the list of those
 * there are, for a message.
 */
bool	choice_exists(struct sy_host *host, enum choice what,
	    const char *name, char *names, size_t size);
/* Let fd use it; 0, or -1 and errno. */
int	choice_set(struct sy_host *host, int fd, enum choice what,
	    const char *name);

#endif /* !_YARD_CHOICE_H_ */

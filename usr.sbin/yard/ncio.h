/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Standard input and output over a connection. */
#ifndef _YARD_NCIO_H_
#define	_YARD_NCIO_H_

#include <stdbool.h>
#include <stdint.h>

#include <stackyard.h>

struct relay_config {
	struct sy_loop	*rc_loop;	/* in real time */
	struct sy_host	*rc_host;
	int		rc_fd;		/* connected, non-blocking */
	bool		rc_shutdown;	/* FIN when standard input ends */
	uint64_t	rc_idle;	/* ns without data that end it, or 0 */
};

/*
 * Copy in both directions until both are done, or it idles.  0; or an errno
 * of the connection; or of standard input or output, with *stdio set.
 */
int	relay(const struct relay_config *rc, bool *stdio);

#endif /* !_YARD_NCIO_H_ */

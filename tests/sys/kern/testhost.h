/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A host for tests: a clock that the test sets, random bytes from a seed,
 * and a memory of what the vnet logged and asked for.
 */
#ifndef _STACKYARD_TESTS_TESTHOST_H_
#define	_STACKYARD_TESTS_TESTHOST_H_

#include <sys/param.h>
#include <sys/vnet.h>

#define	TESTHOST_LOGSIZE	8192

struct testhost {
	nstime_t	th_now;		/* what the clock says */
	u_int		th_nclock;	/* times it was read */
	uint64_t	th_seed;
	nstime_t	th_woken;	/* last argument of ho_wakeup */
	u_int		th_nwakeups;
	u_int		th_nlines;
	int		th_level;	/* of the last line */
	char		th_log[TESTHOST_LOGSIZE]; /* lines, each with \n */
	struct vnet	*th_vnet;
};

/* The vnet's operations; their arg is a struct testhost. */
extern const struct vnet_hostops testhost_ops;

/* Make th a host called name with a vnet; fails the test if that fails. */
void	testhost_start(struct testhost *th, const char *name);
/* As testhost_start(), with tunables; returns what vnet_alloc() does. */
int	testhost_start_with(struct testhost *th, const char *name,
	    const struct vnet_tunable *tun, size_t ntun);
void	testhost_stop(struct testhost *th);

/* The next number of the sequence that *seed names (splitmix64). */
uint64_t test_random(uint64_t *seed);

#endif /* !_STACKYARD_TESTS_TESTHOST_H_ */

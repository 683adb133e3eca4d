/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * For tests that draw segments and calls at random, so that a run repeats.
 */
#ifndef _TESTS_FUZZ_H_
#define	_TESTS_FUZZ_H_

#include "pkt.h"

/* Whoever has come, of all connections. */
static int
accepts(struct pd *t, int lfd)
{
	struct vnet *saved = vnet_enter(t->vnet);
	struct sockaddr_storage ss;
	int error, fd = -1;

	error = kern_accept(lfd, &ss, &fd);
	vnet_leave(saved);
	pd_check(t);
	return (error == 0 ? fd : -1);
}

#endif /* !_TESTS_FUZZ_H_ */

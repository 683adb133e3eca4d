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

/* A number from 0 to n - 1, the next of t's. */
static uint64_t
draw(struct pd *t, uint64_t n)
{
	/* splitmix64 */
	uint64_t z = t->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return ((z ^ z >> 31) % n);
}

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

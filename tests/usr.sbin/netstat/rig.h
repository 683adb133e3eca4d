/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * For tests of netstat, tcpdrop and tcpsso: two hosts in virtual time with a
 * control socket, so that every figure that a tool shows is the same in
 * every run.
 *
 *	alpha 10.0.0.1, fd00::1  --- 10 Mbit/s, 5 ms ---  10.0.0.2, fd00::2 beta
 *
 * beta listens at *.80 (IPv4) and *.8080 (both).  A tool runs as a program
 * of its own, and asks while no event of the loop is running.
 */
#ifndef _RIG_H_
#define	_RIG_H_

#include <stdint.h>
#include "stackyard.h"

#define	MS	UINT64_C(1000000)
#define	SECOND	(1000 * MS)

struct rig {
	struct sy_loop	*loop;
	struct sy_host	*a, *b;		/* alpha, beta */
	int		listener, listener6;
	/* A transfer from alpha to beta. */
	int		from, to;
	uint64_t	sent, got, bytes;
};

void	rig_new(struct rig *r, double loss);
/* A connection from alpha's port to beta's, established; beta's end in *bp
 * unless that is NULL, then it waits to be accepted. */
int	rig_connect(struct rig *r, uint16_t from, uint16_t to, int *bp);
int	rig_connect6(struct rig *r, uint16_t from, uint16_t to);
/* Let time pass. */
void	rig_run(struct rig *r, uint64_t ns);
/* Begin to send bytes, in a pattern that the receiver checks. */
void	rig_transfer(struct rig *r, uint16_t from, uint64_t bytes);
/* The shell's command line ends so, and says just this (standard output and
 * standard error). */
void	rig_tool(const struct rig *r, int status, const char *command,
	    const char *output);
/* The same, but only some of it is asked for. */
void	rig_tool_says(const struct rig *r, int status, const char *command,
	    const char *part);
void	rig_free(struct rig *r);

#define	WORKS(call)							\
	ATF_REQUIRE_MSG((call) != -1, "%s: %s", #call, sy_error())
#define	TEST(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#endif /* !_RIG_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The cubic module's state, and its arithmetic, which tests compare with
 * the formulae of RFC 9438.
 */
#ifndef _STACKYARD_NETINET_CC_CC_CUBIC_H_
#define	_STACKYARD_NETINET_CC_CC_CUBIC_H_

#include <netinet/cc/cc.h>
#include <netinet/cc/cc_hystart.h>

/* What describes the curve: RFC 9438's variables, windows in bytes. */
struct cubic_stage {
	nstime_t	epoch;		/* when the stage began */
	uint32_t	w_max;
	uint32_t	k : 31;		/* seconds, in 1/CUBIC_TIME */
	uint32_t	begun : 1;	/* of these, only w_max and
					   cwnd_prior mean something if not */
	uint32_t	w_est;
	uint32_t	cwnd_prior;
};
#define	CUBIC_TIME_SHIFT	20
#define	CUBIC_TIME		(1U << CUBIC_TIME_SHIFT)

/*
 * Every connection has one, so it is no larger than it must be: there is
 * nothing to undo before the first loss, which ends HyStart++ for good.
 */
struct cubic {
	struct cubic_stage stage;
	union {
		struct cubic_stage undo; /* the stage before the last loss */
		struct cc_hystart hystart; /* if slowstart */
	};
	nstime_t	last_ack;
	/* What is left over, of windows of less than 2^30 bytes. */
	uint64_t	west_rem : 33;	/* quarters of it: cubic_west() */
	uint64_t	cwnd_rem : 30;	/* cubic_step() */
	uint64_t	slowstart : 1;	/* no congestion so far */
};
#define	CUBIC_WEST_SHIFT	2

extern const struct cc_algo cubic_cc_algo;

/* K for a window `below' bytes under w_max, in 1/CUBIC_TIME s. */
uint32_t cubic_k(uint32_t below, uint32_t mss);
/* W_cubic at t ns after the stage began, bytes. */
uint32_t cubic_window(nstime_t t, uint32_t k, uint32_t w_max, uint32_t mss);

#endif /* !_STACKYARD_NETINET_CC_CC_CUBIC_H_ */

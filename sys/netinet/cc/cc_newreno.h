/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The newreno module's options (TCP_CCALGOOPT) and, for modules that are
 * made of parts of it, its state and its parts.
 */
#ifndef _STACKYARD_NETINET_CC_CC_NEWRENO_H_
#define	_STACKYARD_NETINET_CC_CC_NEWRENO_H_

#include <stdint.h>

/* The value of TCP_CCALGOOPT for newreno. */
struct cc_newreno_opts {
	int		name;
#define	CC_NEWRENO_BETA		1
#define	CC_NEWRENO_BETA_ECN	2
	uint32_t	val;		/* percent, 1 to 100 */
};

#ifdef _KERNEL
#include <netinet/cc/cc.h>
#include <netinet/cc/cc_hystart.h>

struct newreno {
	uint32_t	beta;		/* of the window stays after loss, % */
	uint32_t	beta_ecn;	/* and after ECN, with cc.abe */
	struct cc_hystart hystart;
};

VNET_DECLARE(int, newreno_beta);
VNET_DECLARE(int, newreno_beta_ecn);
#define	V_newreno_beta		VNET(newreno_beta)
#define	V_newreno_beta_ecn	VNET(newreno_beta_ecn)

extern const struct cc_algo newreno_cc_algo;

/* Bytes by which slow start grows for the ACK in ccv. */
uint32_t newreno_cc_slow_start(const struct cc_var *ccv);
/* Bytes of the window in use, for a reduction: at most snd_cwnd. */
uint32_t newreno_cc_window_used(const struct cc_var *ccv);
/* ssthresh = window * num / den, at least two segments. */
void	newreno_cc_reduce(struct cc_var *ccv, uint32_t window, uint32_t num,
	    uint32_t den);
/* Add incr to snd_cwnd, up to what the peer could ever offer. */
void	newreno_cc_grow(struct cc_var *ccv, uint32_t incr);
#endif /* _KERNEL */

#endif /* !_STACKYARD_NETINET_CC_CC_NEWRENO_H_ */

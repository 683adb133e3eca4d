/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A connection for tests of congestion control modules: a tcpcb with
 * nothing behind it, in a host whose clock the test moves, and around its
 * module's hooks the little that the core does (mod_cc(9)).  Whatever the
 * window is, it is full.
 */
#ifndef _TESTS_CCTEST_H_
#define	_TESTS_CCTEST_H_

#include <sys/param.h>
#include <sys/systm.h>
#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <netinet/cc/cc.h>

#include <atf-c.h>

#include "../../kern/testhost.h"

#define	MSS		1000U		/* bytes; makes numbers readable */
#define	MS		NS_PER_MSEC

struct cctest {
	struct testhost	ct_host;
	struct vnet	*ct_saved;
	struct tcpcb	ct_tp;
	struct tcp_function_block ct_fb;
};

/* A host, entered, and in it an established connection that uses the module
 * called name: 10 segments in flight, slow start. */
void	cct_open(struct cctest *ct, const char *name);
void	cct_close(struct cctest *ct);
/* Time passes. */
void	cct_advance(struct cctest *ct, nstime_t ns);

/* cwnd and ssthresh are, and snd_max says the window is full. */
void	cct_window(struct cctest *ct, uint32_t cwnd, uint32_t ssthresh);
/* An ACK of that many bytes, for nsegs ACKs; the window is filled again. */
void	cct_ack_n(struct cctest *ct, uint32_t bytes, uint16_t nsegs);
void	cct_ack(struct cctest *ct, uint32_t bytes);
/* A round trip of rtt: ACKs of bytes each for what the window now is. */
void	cct_round(struct cctest *ct, nstime_t rtt, uint32_t bytes);
/* Congestion, and, for the second, the recovery until all is repaired. */
void	cct_signal(struct cctest *ct, ccsignal_t type);
void	cct_recover(struct cctest *ct);

/* Set a variable of the host from text, as sysctl(8) does. */
int	cct_sysctl(const char *name, const char *value);

#endif /* !_TESTS_CCTEST_H_ */

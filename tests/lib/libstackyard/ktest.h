/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What tests of host kind ask of the stack's inside. */
#ifndef _KTEST_H_
#define	_KTEST_H_

#include <stddef.h>
#include <stdint.h>

struct vnet;

/* len bytes of the vnet's random stream. */
void	kt_random(struct vnet *vnet, void *buf, size_t len);
/* A line to the vnet's log. */
void	kt_log(struct vnet *vnet, const char *line);
/* Arm one of a program's KT_TIMERS timers in the vnet for when, ns; stop it. */
#define	KT_TIMERS	8
void	kt_timer(struct vnet *vnet, unsigned i, uint64_t when,
	    void (*func)(void *), void *arg);
void	kt_timer_stop(struct vnet *vnet, unsigned i);
/* The timer's vnet is no more. */
void	kt_timer_forget(unsigned i);

#endif /* !_KTEST_H_ */

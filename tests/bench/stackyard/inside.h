/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the measurements ask of the stack's inside: interfaces' offloads,
 * segments from nowhere.  Neither the stack's headers nor the system's.
 * Call these between sy_host_enter() and sy_host_leave().
 */
#ifndef _INSIDE_H_
#define	_INSIDE_H_

#include <stdbool.h>
#include <stdint.h>

struct flood;

/* All that the interface can leave undone, or nothing. */
void	inside_offload(const char *ifname, bool on);

/*
 * An interface, flood0, from which SYNs come, from random addresses and
 * ports, to port of 10.1.0.1.  The answers are counted and thrown away.  It
 * goes with the host.  NULL: no memory.
 */
struct flood *flood_new(uint16_t port, uint32_t seed);
/* Let n of them come: how many did, which is less when memory is short. */
unsigned flood_send(struct flood *f, unsigned n);
/* Answers with SYN and ACK so far. */
uint64_t flood_answers(const struct flood *f);

#endif /* !_INSIDE_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The line in which vnets of one driver wait for their turns at once.
 *
 * Most turns are wanted at once, for a packet has come.  Who wants one joins
 * the line at its end, by itself; the driver gives turns from its front
 * (vnet_line_run()), or looks at it and gives them singly.  Times are the
 * driver's, nanoseconds; so are the numbers (vl_seq) by which it orders its
 * events of one time: who joined when the number was n had his turn asked for
 * after event n and before event n + 1.
 *
 * Seen by the stack and by drivers of host kind alike: includes what is the
 * same for both.
 */
#ifndef _STACKYARD_SYS_VNET_LINE_H_
#define	_STACKYARD_SYS_VNET_LINE_H_

#include <stdbool.h>
#include <stdint.h>

/* A vnet's place. */
struct vnet_place {
	struct vnet_place *pl_next;	/* behind it in the line, or NULL */
	struct vnet_place *pl_prev;	/* before it, if it is not the first */
	uint64_t	pl_seq;		/* vl_seq when it joined */
	void		*pl_arg;	/* the driver's name of it: vnet_arg */
	bool		pl_ends;	/* the driver gives it its turns singly,
					 * to see their ends */
};

struct vnet_line {
	struct vnet_place *vl_first;	/* NULL: nobody */
	struct vnet_place *vl_last;	/* if there is a first */
	uint64_t	vl_now;		/* the time of this instant */
	uint64_t	vl_next;	/* of the driver's own first event */
	uint64_t	vl_seq;		/* its number of the last event */
	uint64_t	vl_events;	/* events so far; a turn is one */
	_Atomic unsigned vl_rare;	/* not 0: turns are given singly */
	/* The vnet named arg wants its next turn at another time than it had
	 * said, when. */
	void		(*vl_another)(void *arg, uint64_t when);
};

#endif /* !_STACKYARD_SYS_VNET_LINE_H_ */

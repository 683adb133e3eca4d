/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * callout(9): a function to be called at a time.
 *
 * Each vnet has one hierarchical timing wheel with a resolution of one
 * microsecond: 8 levels of 64 slots, each level with a bitmap of the slots
 * in use, so that the next expiry is found without walking.  Arming and
 * stopping are O(1).  A callout fires at the first whole microsecond at or
 * after its deadline, callouts of one microsecond in the order they were
 * armed.  Callouts run from vnet_run(), never from anywhere else.
 */
#ifndef _STACKYARD_SYS_CALLOUT_H_
#define	_STACKYARD_SYS_CALLOUT_H_

#include <sys/queue.h>
#include <sys/time.h>

typedef	void callout_func_t(void *);

/*
 * What the wheel holds of a callout.  All zeros is a valid, idle one.  Things
 * of which there are very many have only this, and all those of a host are
 * handed to one function (callout_entry_handler()).
 */
struct callout_link {
	struct callout_link *cl_next, *cl_prev;
};
struct callout_entry {
	struct callout_link ce_link;	/* first: in the wheel's slot */
	uint64_t	ce_word;	/* as follows */
};
/* In one word, since arming writes most of it: the deadline in us, enough for
 * 142 years; level * 64 + slot; of a struct callout; armed and not
 * deactivated. */
#define	CE_USEC		(((uint64_t)1 << 52) - 1)
#define	CE_SLOT_SHIFT	52
#define	CE_SLOT_MASK	0x3ff
#define	CE_FULL		((uint64_t)1 << 62)
#define	CE_ACTIVE	((uint64_t)1 << 63)

/* All zeros is a valid, idle callout. */
struct callout {
	struct callout_entry c_entry;	/* first */
	nstime_t	c_time;		/* deadline, ns */
	callout_func_t	*c_func;
	void		*c_arg;
};
#define	C_HARDCLOCK	0
#define	C_PREL(x)	0

void	callout_init(struct callout *c, int mpsafe);
#define	callout_init_mtx(c, m, f)	callout_init((c), 1)
/* Arm c for the absolute time when (ns); re-arms if pending. Returns 1 if it
 * was pending. */
int	callout_reset_at(struct callout *c, nstime_t when,
	    callout_func_t *func, void *arg);
/* As callout(9); sbt and to_ticks count from now, prec and flags are not
 * used. */
int	callout_reset_sbt(struct callout *c, sbintime_t sbt, sbintime_t prec,
	    callout_func_t *func, void *arg, int flags);
int	callout_reset(struct callout *c, int to_ticks, callout_func_t *func,
	    void *arg);
/* Disarm; returns 1 if it was pending, else 0. */
int	callout_stop(struct callout *c);
#define	callout_drain(c)	callout_stop(c)
#define	callout_pending(c)	callout_entry_pending(&(c)->c_entry)
#define	callout_active(c)	(((c)->c_entry.ce_word & CE_ACTIVE) != 0)
#define	callout_deactivate(c)	((c)->c_entry.ce_word &= ~CE_ACTIVE)

typedef	void callout_entry_func_t(struct callout_entry *);

/* Who is called for curvnet's entries. */
void	callout_entry_handler(callout_entry_func_t *func);
/* As the above. */
int	callout_entry_reset_at(struct callout_entry *ce, nstime_t when);
int	callout_entry_stop(struct callout_entry *ce);

static inline bool
callout_entry_pending(const struct callout_entry *ce)
{
	return (ce->ce_link.cl_prev != NULL);
}

/* When it fires, or would, ns: its deadline, rounded up. */
static inline nstime_t
callout_entry_time(const struct callout_entry *ce)
{
	return ((ce->ce_word & CE_USEC) * NS_PER_USEC);
}

/*
 * A ring for entries that all wait about as long: it costs less than the
 * wheel, and who has it waits for the first one only.  ce, which is not
 * pending, becomes so, behind the others; arming or stopping it takes it out.
 */
static inline void
callout_ring_init(struct callout_link *ring)
{
	ring->cl_next = ring->cl_prev = ring;
}
void	callout_ring_add(struct callout_link *ring, struct callout_entry *ce,
	    nstime_t when);
static inline struct callout_entry *
callout_ring_first(struct callout_link *ring)
{
	return (ring->cl_next == ring ? NULL :
	    (struct callout_entry *)ring->cl_next);
}

/*
 * For vnet.c: the wheel's birth and death and its next expiry (UINT64_MAX:
 * none); running what is due at vnet_now, after which vnet_due is in doubt;
 * finding vnet_due when it is.
 */
struct vnet;
struct callout_wheel *callout_wheel_create(nstime_t now);
void	callout_wheel_destroy(struct callout_wheel *w);
nstime_t callout_wheel_next(const struct callout_wheel *w);
void	callout_run(struct vnet *vnet);
void	callout_find_due(struct vnet *vnet);

#endif /* !_STACKYARD_SYS_CALLOUT_H_ */

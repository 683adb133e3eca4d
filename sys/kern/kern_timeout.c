/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * callout(9) on a hierarchical timing wheel (G. Varghese and T. Lauck,
 * Hashed and Hierarchical Timing Wheels, 1987).
 *
 * Time is counted in microseconds; a deadline in nanoseconds is rounded
 * up.  A time t is seen as 8 digits of 6 bits, the level being the digit's
 * place.  With `cur' the time the wheel has been dealt out to, a callout for
 * t > cur is kept at the level of the highest digit in which t and cur differ,
 * in the slot that t's digit there names; one for t == cur at level 0.  So
 *
 * - all of a level's callouts come before those of the level above it;
 * - within a level a smaller slot comes first, and at level 0 all callouts
 *   of a slot have the same time;
 * - callouts of one time are always in one slot, in the order they were
 *   armed, and a slot is dealt out to lower levels in its own order.
 *
 * The first callout is hence in the first slot of the first level in use:
 * two counts of trailing zeros in bitmaps.  When cur reaches the start of
 * a slot above level 0, the slot is dealt out.  cur stops nowhere between.
 *
 * Callouts that differ from cur above the 8th digit (8.9 years) lie on a
 * list of their own, the slot SLOT_FAR, dealt out when cur gets there.  More
 * than 142 years is never.
 *
 * The next expiry is exact at level 0.  Above it each slot remembers the
 * least time put into it while in use: exact too, unless that callout has
 * been stopped since; then it is early, never late, and the run at that
 * time deals the slot out and finds the truth.
 *
 * A callout armed for the past is due when the wheel was last run
 * (vnet_ran), or within a run at w_cur, so that none overtakes another.
 *
 * The vnet has the next expiry at hand (vnet_due), so that a turn in which
 * nothing is due does not look at the wheel.  Arming an earlier one sets it;
 * stopping one in its slot (w_due_slot) only notes that it is in doubt
 * (vnet_due_old), and the end of the turn finds it anew.
 *
 * An entry may stand in a ring of its owner's instead, who waits for the first
 * of them; it is armed and stopped as any other.
 *
 * A callout's memory is not touched after its function is called, which
 * may therefore free it, arm it again, or stop any other.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>

#include "kern_private.h"

#define	DIGIT_BITS	6
#define	SLOTS		(1 << DIGIT_BITS)	/* of a level */
#define	LEVELS		8
#define	SLOT_FAR	(LEVELS * SLOTS)

#define	USEC_NEVER	CE_USEC

VNET_DEFINE_STATIC(callout_entry_func_t *, entry_handler);
#define	V_entry_handler	VNET(entry_handler)

struct callout_wheel {
	uint64_t	w_cur;		/* all before is dealt out, us */
	uint64_t	w_levels;		/* bit l: w_slots[l] != 0 */
	uint64_t	w_slots[LEVELS];	/* bit s: slot s in use */
	uint64_t	w_least[SLOT_FAR + 1];	/* of a slot in use, us */
	struct callout_link w_list[SLOT_FAR + 1];	/* rings, by cl_next */
	u_int		w_due_slot;		/* where vnet_due is from */
};
#define	SLOT_RING	(SLOT_FAR + 1)		/* a ring of its owner's */
#define	SLOT_NONE	(SLOT_FAR + 2)

/* The microsecond in which a deadline is met. */
static inline uint64_t
deadline_usec(nstime_t when)
{

	CTASSERT(USEC_NEVER < UINT64_MAX / NS_PER_USEC);
	if (__predict_false(when > USEC_NEVER * NS_PER_USEC))
		return (USEC_NEVER);
	return ((when + NS_PER_USEC - 1) / NS_PER_USEC);
}

/* The slot of a callout for time t >= w_cur. */
static inline u_int
slot_for(const struct callout_wheel *w, uint64_t t)
{
	u_int level;

	/* The lowest digit's bits are alike: the 1 makes no difference. */
	level = (63 - (u_int)__builtin_clzll((t ^ w->w_cur) | 1)) /
	    DIGIT_BITS;
	if (level >= LEVELS)
		return (SLOT_FAR);
	return (level * SLOTS +
	    (u_int)(t >> (level * DIGIT_BITS)) % SLOTS);
}

static inline uint64_t
entry_usec(const struct callout_entry *ce)
{

	return (ce->ce_word & CE_USEC);
}

static inline u_int
entry_slot(const struct callout_entry *ce)
{

	return ((u_int)(ce->ce_word >> CE_SLOT_SHIFT) & CE_SLOT_MASK);
}

static inline bool
slot_in_use(const struct callout_wheel *w, u_int slot)
{

	return (w->w_list[slot].cl_next != &w->w_list[slot]);
}

/* Put ce, due at t >= w_cur, where it belongs; returns its slot. */
static inline u_int
wheel_insert(struct callout_wheel *w, struct callout_entry *ce, uint64_t t)
{
	struct callout_link *head, *last;
	u_int slot;

	slot = slot_for(w, t);
	ce->ce_word = (ce->ce_word & (CE_FULL | CE_ACTIVE)) | t |
	    (uint64_t)slot << CE_SLOT_SHIFT;
	head = &w->w_list[slot];
	last = head->cl_prev;
	if (last != head) {
		if (t < w->w_least[slot])
			w->w_least[slot] = t;
	} else {
		w->w_least[slot] = t;
		if (slot != SLOT_FAR) {
			w->w_slots[slot / SLOTS] |= 1ULL << slot % SLOTS;
			w->w_levels |= 1ULL << slot / SLOTS;
		}
	}
	ce->ce_link.cl_next = head;
	ce->ce_link.cl_prev = last;
	last->cl_next = head->cl_prev = &ce->ce_link;
	return (slot);
}

/* Note that slot is empty. */
static inline void
slot_emptied(struct callout_wheel *w, u_int slot)
{
	u_int level;

	if (slot >= SLOT_FAR)
		return;
	level = slot / SLOTS;
	w->w_slots[level] &= ~(1ULL << slot % SLOTS);
	if (w->w_slots[level] == 0)
		w->w_levels &= ~(1ULL << level);
}

static inline void
wheel_remove(struct callout_wheel *w, struct callout_entry *ce)
{
	struct callout_link *next = ce->ce_link.cl_next;
	struct callout_link *prev = ce->ce_link.cl_prev;

	next->cl_prev = prev;
	prev->cl_next = next;
	ce->ce_link.cl_prev = NULL;
	if (next == prev)	/* the ring's head: it is alone */
		slot_emptied(w, entry_slot(ce));
}

/* Put the callouts of slot where they belong now. */
static void
wheel_deal_out(struct callout_wheel *w, u_int slot)
{
	struct callout_link *cl, *head, *next;
	struct callout_entry *ce;

	head = &w->w_list[slot];
	head->cl_prev->cl_next = NULL;
	cl = head->cl_next;
	head->cl_next = head->cl_prev = head;
	slot_emptied(w, slot);
	for (; cl != NULL; cl = next) {
		next = cl->cl_next;
		ce = (struct callout_entry *)cl;
		(void)wheel_insert(w, ce, entry_usec(ce));
	}
}

/*
 * The first slot in use and the time at which it starts, us.  Returns
 * false if the wheel is empty.
 */
static bool
wheel_first(const struct callout_wheel *w, u_int *slotp, uint64_t *startp)
{
	u_int level, shift, slot;

	if (w->w_levels != 0) {
		level = (u_int)__builtin_ctzll(w->w_levels);
		slot = (u_int)__builtin_ctzll(w->w_slots[level]);
		shift = level * DIGIT_BITS;
		*slotp = level * SLOTS + slot;
		*startp = (w->w_cur >> shift >> DIGIT_BITS << DIGIT_BITS |
		    slot) << shift;
		return (true);
	}
	if (slot_in_use(w, SLOT_FAR)) {
		shift = LEVELS * DIGIT_BITS;
		*slotp = SLOT_FAR;
		*startp = w->w_least[SLOT_FAR] >> shift << shift;
		return (true);
	}
	return (false);
}

struct callout_wheel *
callout_wheel_create(nstime_t now)
{
	struct callout_wheel *w;
	u_int i;

	w = host_alloc(sizeof(*w), 0, true);
	if (w == NULL)
		return (NULL);
	w->w_cur = now / NS_PER_USEC;
	w->w_due_slot = SLOT_NONE;
	for (i = 0; i < nitems(w->w_list); i++)
		w->w_list[i].cl_next = w->w_list[i].cl_prev = &w->w_list[i];
	return (w);
}

void
callout_wheel_destroy(struct callout_wheel *w)
{

	host_free(w);
}

/* The time at which a callout for t is due, ns. */
static inline nstime_t
usec_due(uint64_t t)
{

	return (t >= USEC_NEVER ? UINT64_MAX : t * NS_PER_USEC);
}

/* The next expiry, and in *slotp where it is. */
static nstime_t
wheel_next(const struct callout_wheel *w, u_int *slotp)
{
	uint64_t t;

	*slotp = SLOT_NONE;
	if (!wheel_first(w, slotp, &t))
		return (UINT64_MAX);
	return (usec_due(w->w_least[*slotp]));
}

nstime_t
callout_wheel_next(const struct callout_wheel *w)
{
	u_int slot;

	return (wheel_next(w, &slot));
}

void
callout_find_due(struct vnet *vnet)
{

	vnet->vnet_due = wheel_next(vnet->vnet_wheel,
	    &vnet->vnet_wheel->w_due_slot);
	vnet->vnet_due_old = false;
}

static inline void
entry_fire(struct callout_entry *ce)
{
	struct callout *c;

	if ((ce->ce_word & CE_FULL) == 0) {
		V_entry_handler(ce);
		return;
	}
	c = (struct callout *)ce;
	c->c_func(c->c_arg);
}

void
callout_run(struct vnet *vnet)
{
	struct callout_wheel *w;
	struct callout_entry *ce;
	uint64_t start, target;
	u_int slot;

	w = vnet->vnet_wheel;
	target = vnet->vnet_now / NS_PER_USEC;
	while (wheel_first(w, &slot, &start) && start <= target) {
		w->w_cur = start;
		if (slot >= SLOTS) {
			wheel_deal_out(w, slot);
			continue;
		}
		ce = (struct callout_entry *)w->w_list[slot].cl_next;
		wheel_remove(w, ce);
		entry_fire(ce);
	}
	if (target > w->w_cur)
		w->w_cur = target;
	vnet->vnet_due_old = true;
}

void
callout_init(struct callout *c, int mpsafe __unused)
{

	bzero(c, sizeof(*c));
}

void
callout_entry_handler(callout_entry_func_t *func)
{

	V_entry_handler = func;
}

/* ce, which is pending, leaves the wheel before its time. */
static inline void
entry_disarm(struct vnet *vnet, struct callout_entry *ce)
{

	if (entry_slot(ce) == vnet->vnet_wheel->w_due_slot)
		vnet->vnet_due_old = true;
	wheel_remove(vnet->vnet_wheel, ce);
}

/* Who arms a callout from outside tells the driver at once. */
static int __noinline
armed_outside(struct vnet *vnet, bool was_pending)
{

	vnet_want(vnet, callout_wheel_next(vnet->vnet_wheel));
	return (was_pending);
}

/* ce is not pending now. */
static inline int
entry_arm(struct vnet *vnet, struct callout_entry *ce, nstime_t when,
    bool was_pending)
{
	struct callout_wheel *w;
	uint64_t t;
	u_int slot;

	w = vnet->vnet_wheel;
	t = u64max(deadline_usec(when), w->w_cur);
	if (__predict_false(when < vnet->vnet_ran))
		t = u64max(t, vnet->vnet_ran / NS_PER_USEC);
	slot = wheel_insert(w, ce, t);
	if (usec_due(t) < vnet->vnet_due) {
		vnet->vnet_due = usec_due(t);
		w->w_due_slot = slot;
	}
	if (__predict_false(vnet->vnet_depth == 0))
		return (armed_outside(vnet, was_pending));
	return (was_pending);
}

static int __noinline
entry_move(struct callout_entry *ce, nstime_t when)
{

	entry_disarm(curvnet, ce);
	return (entry_arm(curvnet, ce, when, true));
}

int
callout_entry_reset_at(struct callout_entry *ce, nstime_t when)
{

	if (callout_entry_pending(ce))
		return (entry_move(ce, when));
	return (entry_arm(curvnet, ce, when, false));
}

int
callout_reset_at(struct callout *c, nstime_t when, callout_func_t *func,
    void *arg)
{

	c->c_time = when;
	c->c_func = func;
	c->c_arg = arg;
	c->c_entry.ce_word |= CE_FULL | CE_ACTIVE;
	return (callout_entry_reset_at(&c->c_entry, when));
}

/* Arm c for delay from now; a sum too large is the end of time. */
static int
callout_reset_in(struct callout *c, nstime_t delay, callout_func_t *func,
    void *arg)
{
	nstime_t when;

	if (__builtin_add_overflow(curvnet->vnet_now, delay, &when))
		when = UINT64_MAX;
	return (callout_reset_at(c, when, func, arg));
}

int
callout_reset_sbt(struct callout *c, sbintime_t sbt,
    sbintime_t prec __unused, callout_func_t *func, void *arg,
    int flags __unused)
{

	return (callout_reset_in(c, sbt > 0 ? sbttons(sbt) : 0, func, arg));
}

/* As in callout(9), the least delay is a tick. */
int
callout_reset(struct callout *c, int to_ticks, callout_func_t *func,
    void *arg)
{

	return (callout_reset_in(c, (nstime_t)imax(to_ticks, 1) *
	    NS_PER_TICK, func, arg));
}

int
callout_entry_stop(struct callout_entry *ce)
{

	if (!callout_entry_pending(ce))
		return (0);
	entry_disarm(curvnet, ce);
	return (1);
}

void
callout_ring_add(struct callout_link *ring, struct callout_entry *ce,
    nstime_t when)
{
	struct callout_link *last = ring->cl_prev;

	ce->ce_word = (ce->ce_word & (CE_FULL | CE_ACTIVE)) |
	    deadline_usec(when) | (uint64_t)SLOT_RING << CE_SLOT_SHIFT;
	ce->ce_link.cl_next = ring;
	ce->ce_link.cl_prev = last;
	last->cl_next = ring->cl_prev = &ce->ce_link;
}

int
callout_stop(struct callout *c)
{

	callout_deactivate(c);
	return (callout_entry_stop(&c->c_entry));
}

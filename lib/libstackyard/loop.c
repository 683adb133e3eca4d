/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The event loop: what happens next.
 *
 * One binary heap holds an event for each host, its next turn, and one for
 * each call asked for by sy_loop_at().  It is ordered by
 *
 *	(time, sequence number)
 *
 * where the sequence number is drawn whenever an event is given a new time,
 * so that events of one time run in the order in which they were asked for.
 * Nothing else decides: no address, no hash, no clock.  With the stack's
 * chance drawn from streams seeded by name (host.c), a run in virtual time
 * depends on its inputs and its seed alone.
 *
 * A host's turn is vnet_run(), which returns when it wants the next; that is
 * its event's time.  Most turns are wanted at once, for a packet has come.
 * These wait in a line of their own, l_line (sys/sys/vnet_line.h), which the
 * vnets join by themselves, and leave the host's event, its first timer, where
 * it is in the heap.  Who joins the line has the number of the event before it
 * (vl_seq), so that the line is in order as it is; what runs next is its first
 * or the heap's, if that is due and was asked for before.  A host whose event
 * comes first although it is in line leaves the line with that turn.
 *
 * As long as nothing in the heap is due in this instant, the line alone is the
 * order, and turns follow one another with no more ado (sy_loop_turns()): the
 * same turns as by the heap, of hosts without watches, while there is nothing
 * of SY_RARE_* to be done.
 *
 * An event whose time becomes a later one stays where it is until its slot
 * comes to the top, and only then moves down: a timer is set and stopped
 * again for each packet, and few fire.  Events know their place in the heap,
 * and memory for the heap is got when an event joins, never when it moves.
 *
 * Virtual time is the time of the event that runs.  Real time is in
 * real.c, which uses the same heap.
 */
#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "sy_loop.h"

/* A call asked for by sy_loop_at(). */
struct sy_call {
	struct sy_event	c_event;
	uint32_t	c_index;
	uint32_t	c_generation;	/* odd: pending */
	void		(*c_func)(void *);
	void		*c_arg;
	struct sy_call	*c_next;	/* on the free list */
};
#define	CALLS_PER_CHUNK	64

/* ---- The heap ---- */

static inline void
place(struct sy_loop *loop, uint32_t i, struct sy_slot slot)
{

	loop->l_heap[i] = slot;
	slot.s_event->ev_place = i;
	if (i == 0)
		loop->l_line.vl_next = slot.s_when;
}

static void
sift_up(struct sy_loop *loop, uint32_t i, struct sy_slot slot)
{
	uint32_t parent;

	for (; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!sy_before(&slot, &loop->l_heap[parent]))
			break;
		place(loop, i, loop->l_heap[parent]);
	}
	place(loop, i, slot);
}

static void
sift_down(struct sy_loop *loop, uint32_t i, struct sy_slot slot)
{
	const struct sy_slot *heap;
	uint32_t child, len;

	heap = loop->l_heap;
	len = loop->l_len;
	while ((child = 2 * i + 1) < len) {
		if (child + 1 < len &&
		    sy_before(&heap[child + 1], &heap[child]))
			child++;
		if (!sy_before(&heap[child], &slot))
			break;
		place(loop, i, heap[child]);
		i = child;
	}
	place(loop, i, slot);
}

static inline struct sy_slot
slot_of(struct sy_event *event)
{

	return ((struct sy_slot){ .s_when = event->ev_when,
	    .s_seq = event->ev_seq, .s_event = event });
}

void __attribute__((__noinline__))
sy_loop_settle(struct sy_loop *loop)
{

	sift_down(loop, 0, slot_of(loop->l_heap[0].s_event));
}

static void __attribute__((__noinline__))
rise(struct sy_loop *loop, struct sy_event *event)
{

	sift_up(loop, event->ev_place, slot_of(event));
}

/* Give event, whose time is another, the time when and the next number. */
static inline void
rekey(struct sy_loop *loop, struct sy_event *event, uint64_t when)
{

	event->ev_when = when;
	event->ev_seq = ++loop->l_line.vl_seq;
	if (when < loop->l_heap[event->ev_place].s_when)
		rise(loop, event);
}

int
sy_event_add(struct sy_loop *loop, struct sy_event *event)
{
	struct sy_slot *heap;
	uint32_t room;

	if (loop->l_len == loop->l_room) {
		room = loop->l_room == 0 ? 16 : 2 * loop->l_room;
		heap = realloc(loop->l_heap, room * sizeof(*heap));
		if (heap == NULL)
			return (ENOMEM);
		loop->l_heap = heap;
		loop->l_room = room;
	}
	event->ev_when = SY_NEVER;
	event->ev_seq = ++loop->l_line.vl_seq;
	place(loop, loop->l_len++, slot_of(event));
	return (0);
}

void
sy_event_remove(struct sy_loop *loop, struct sy_event *event)
{
	struct sy_slot slot;
	uint32_t i;

	i = event->ev_place;
	slot = loop->l_heap[--loop->l_len];
	if (i == loop->l_len) {
		if (i == 0)
			loop->l_line.vl_next = SY_NEVER;
		return;
	}
	if (sy_before(&slot, &loop->l_heap[i]))
		sift_up(loop, i, slot);
	else
		sift_down(loop, i, slot);
}

/* ---- Hosts' turns ---- */

void
syh_enter(struct sy_host *host)
{

	sy_take(host->h_loop);
}

void
syh_leave(struct sy_host *host)
{

	sy_drop(host->h_loop);
}

static inline void
host_want(struct sy_loop *loop, struct sy_host *host, uint64_t when)
{
	const uint64_t due = host->h_event.ev_when;

	if (when > loop->l_line.vl_now) {
		if (when < due)
			rekey(loop, &host->h_event, when);
	} else if (due > loop->l_line.vl_now && host->h_vnet != NULL)
		syk_host_join(host->h_vnet);
	else if (due > loop->l_line.vl_now)	/* it is being made */
		rekey(loop, &host->h_event, loop->l_line.vl_now);
}

void
sy_host_want(struct sy_host *host, uint64_t when)
{

	host_want(host->h_loop, host, when);
}

void
sy_host_forget(struct sy_host *host)
{

	sy_event_remove(host->h_loop, &host->h_event);
}

/* A vnet asks for its turn.  The one that runs will tell us at its end. */
void
syh_wakeup(struct sy_host *host, uint64_t when)
{
	struct sy_loop *loop;

	loop = host->h_loop;
	if (host != loop->l_running)
		host_want(loop, host, when);
}

void
sy_loop_after(struct sy_loop *loop, struct sy_host *host)
{
	unsigned depth;

	loop->l_subject = host;
	loop->l_depth++;
	if (!TAILQ_EMPTY(&host->h_ready))
		sy_watch_dispatch(host);
	if (loop->l_hook != NULL && loop->l_subject == host) {
		depth = sy_give_up(loop);
		loop->l_hook(host, loop->l_hookarg);
		sy_resume(loop, depth);
	}
	loop->l_depth--;
	loop->l_subject = NULL;
}

static inline void __attribute__((__always_inline__))
host_turn(struct sy_loop *loop, struct sy_host *host)
{
	uint64_t next;

	loop->l_running = loop->l_last = host;
	next = vnet_run(host->h_vnet);
	loop->l_running = NULL;
	if (next < loop->l_line.vl_now)
		next = loop->l_line.vl_now;
	/* Who wants another turn at once gets in line behind the rest. */
	if (next != host->h_event.ev_when || next == loop->l_line.vl_now)
		rekey(loop, &host->h_event, next);
	if (!TAILQ_EMPTY(&host->h_ready) || loop->l_hook != NULL)
		sy_loop_after(loop, host);
}

/* The turn of a host in line is over, and the next at another time. */
static void
host_another(void *arg, uint64_t when)
{
	struct sy_host *host = arg;
	struct sy_loop *loop = host->h_loop;
	const uint64_t now = loop->l_line.vl_now;

	rekey(loop, &host->h_event, when > now ? when : now);
}

/* ---- Calls ---- */

static int
calls_grow(struct sy_calls *calls)
{
	struct sy_call **chunks, *chunk;
	uint32_t i;

	chunks = realloc(calls->c_chunks,
	    (calls->c_nchunks + 1) * sizeof(*chunks));
	if (chunks == NULL)
		return (ENOMEM);
	calls->c_chunks = chunks;
	chunk = calloc(CALLS_PER_CHUNK, sizeof(*chunk));
	if (chunk == NULL)
		return (ENOMEM);
	chunks[calls->c_nchunks] = chunk;
	for (i = CALLS_PER_CHUNK; i-- > 0;) {
		chunk[i].c_index = calls->c_nchunks * CALLS_PER_CHUNK + i;
		chunk[i].c_next = calls->c_free;
		calls->c_free = &chunk[i];
	}
	calls->c_nchunks++;
	return (0);
}

static void
calls_free(struct sy_calls *calls)
{

	while (calls->c_nchunks > 0)
		free(calls->c_chunks[--calls->c_nchunks]);
	free(calls->c_chunks);
}

/* Take call out of the heap; its id is void from now on. */
static void
call_done(struct sy_loop *loop, struct sy_call *call)
{

	sy_event_remove(loop, &call->c_event);
	call->c_generation++;
	call->c_next = loop->l_calls.c_free;
	loop->l_calls.c_free = call;
}

/* A call that is in the heap, at SY_NEVER; NULL if memory is short. */
static struct sy_call *
call_new(struct sy_loop *loop, void (*func)(void *), void *arg)
{
	struct sy_call *call;

	if (loop->l_calls.c_free == NULL && calls_grow(&loop->l_calls) != 0)
		return (NULL);
	call = loop->l_calls.c_free;
	if (sy_event_add(loop, &call->c_event) != 0)
		return (NULL);
	loop->l_calls.c_free = call->c_next;
	call->c_func = func;
	call->c_arg = arg;
	call->c_generation = (call->c_generation + 1) & INT32_MAX;
	return (call);
}

int64_t
sy_loop_at(struct sy_loop *loop, uint64_t when, void (*func)(void *),
    void *arg)
{
	struct sy_call *call;

	if (func == NULL)
		return (sy_fail(EINVAL, "sy_loop_at: no function to call"));
	sy_take(loop);
	call = call_new(loop, func, arg);
	if (when < loop->l_line.vl_now)
		when = loop->l_line.vl_now;
	if (call != NULL && when != SY_NEVER)
		rekey(loop, &call->c_event, when);
	sy_drop(loop);
	if (call == NULL)
		return (sy_fail(ENOMEM, "sy_loop_at: out of memory"));
	return ((int64_t)call->c_generation << 32 | call->c_index);
}

int
sy_loop_cancel(struct sy_loop *loop, int64_t id)
{
	struct sy_call *call;
	uint32_t chunk, generation, index;

	index = (uint32_t)id;
	generation = (uint32_t)(id >> 32);
	chunk = index / CALLS_PER_CHUNK;
	call = NULL;
	if (id >= 0 && chunk < loop->l_calls.c_nchunks)
		call = &loop->l_calls.c_chunks[chunk][index %
		    CALLS_PER_CHUNK];
	if (call == NULL || call->c_generation != generation ||
	    generation % 2 == 0)
		return (sy_fail(ENOENT, "sy_loop_cancel: call %jd was made "
		    "or cancelled already, or never asked for",
		    (intmax_t)id));
	sy_take(loop);
	call_done(loop, call);
	sy_drop(loop);
	return (0);
}

static void __attribute__((__noinline__))
call_run(struct sy_loop *loop, struct sy_call *call)
{
	void (*func)(void *);
	void *arg;
	unsigned depth;

	func = call->c_func;
	arg = call->c_arg;
	call_done(loop, call);
	loop->l_depth++;
	depth = sy_give_up(loop);
	func(arg);
	sy_resume(loop, depth);
	loop->l_depth--;
}

/* ---- Running ---- */

/* The event that comes first. */
static inline void __attribute__((__always_inline__))
run_first(struct sy_loop *loop, struct sy_event *event)
{

	loop->l_line.vl_events++;
	if (event->ev_ishost)
		host_turn(loop, (struct sy_host *)(void *)((char *)event -
		    offsetof(struct sy_host, h_event)));
	else {
		loop->l_last = NULL;
		call_run(loop, (struct sy_call *)(void *)((char *)event -
		    offsetof(struct sy_call, c_event)));
	}
}

void
sy_loop_event(struct sy_loop *loop)
{
	uint64_t when;

	run_first(loop, sy_loop_first(loop, &when));
}

/* Run what is due by limit in virtual time; else, if advance, go to limit. */
static inline enum sy_ran
run_due(struct sy_loop *loop, uint64_t limit, bool advance)
{
	struct sy_event *first;
	uint64_t when;

	first = sy_loop_first(loop, &when);
	if (when <= limit && when != SY_NEVER) {
		loop->l_line.vl_now = when;
		run_first(loop, first);
		return (SY_RAN);
	}
	if (limit == SY_NEVER)
		return (SY_IDLE);
	if (advance && limit > loop->l_line.vl_now)
		loop->l_line.vl_now = limit;
	return (SY_LIMIT);
}

/* The same for whom threads, real time or sy_loop_stop() concern. */
static enum sy_ran __attribute__((__noinline__))
run_due_shared(struct sy_loop *loop, uint64_t limit, bool advance)
{
	enum sy_ran ran;

	sy_take(loop);
	sy_yield(loop);
	if ((sy_rare(loop) & SY_RARE_STOP) != 0) {
		sy_set_rare(loop, SY_RARE_STOP, false);
		ran = SY_STOPPED;
	} else if (loop->l_mode == SY_REAL)
		ran = sy_real_next(loop, limit);
	else
		ran = run_due(loop, limit, advance);
	sy_drop(loop);
	return (ran);
}

static inline enum sy_ran
loop_next(struct sy_loop *loop, uint64_t limit, bool advance)
{

	if ((sy_rare(loop) & ~SY_RARE_HOOK) != 0)
		return (run_due_shared(loop, limit, advance));
	return (run_due(loop, limit, advance));
}

enum sy_ran
sy_loop_until(struct sy_loop *loop, const struct sy_host *host,
    uint64_t limit, bool advance)
{
	const unsigned gone = loop->l_gone;
	enum sy_ran ran;

	do
		ran = loop_next(loop, limit, advance);
	while (ran == SY_RAN && loop->l_gone == gone &&
	    loop->l_last != host && loop->l_last != NULL);
	return (ran);
}

enum sy_ran
sy_loop_next(struct sy_loop *loop, uint64_t limit)
{

	return (loop_next(loop, limit, true));
}

int
sy_loop_refuse(const struct sy_loop *loop)
{

	if (loop->l_depth > 0)
		sy_note_wait("a callback may not wait: make the descriptor "
		    "non-blocking, and wait by sy_watch() or sy_kevent()");
	else
		sy_note_wait("the loop cannot run between sy_host_enter() "
		    "and sy_host_leave()");
	return (EDEADLK);
}

static int
check_mayrun(struct sy_loop *loop, const char *who)
{

	if (loop->l_depth == 0 && loop->l_ndoors == 0)
		return (0);
	return (sy_fail(EDEADLK, "%s: the loop runs already (this is called "
	    "from a callback, or inside sy_host_enter())", who));
}

int
sy_loop_run(struct sy_loop *loop, uint64_t until)
{
	enum sy_ran ran;

	if (check_mayrun(loop, "sy_loop_run") != 0)
		return (-1);
	do {
		if (until >= loop->l_line.vl_now)
			(void)sy_loop_turns(loop, NULL);
		ran = sy_loop_next(loop, until);
	} while (ran == SY_RAN);
	return (ran == SY_STOPPED);
}

int
sy_loop_step(struct sy_loop *loop, uint64_t timeout)
{
	uint64_t limit;

	if (check_mayrun(loop, "sy_loop_step") != 0)
		return (-1);
	limit = SY_NEVER;
	if (loop->l_mode == SY_REAL && timeout != UINT64_MAX)
		limit = sy_loop_now(loop) + timeout;
	return (sy_loop_next(loop, limit) == SY_RAN);
}

void
sy_loop_stop(struct sy_loop *loop)
{

	sy_set_rare(loop, SY_RARE_STOP, true);
	if (loop->l_real != NULL)
		sy_real_wakeup(loop->l_real);
}

uint64_t
sy_loop_now(const struct sy_loop *loop)
{

	return (sy_now(loop));
}

uint64_t
sy_loop_events(const struct sy_loop *loop)
{

	return (loop->l_line.vl_events);
}

void
sy_loop_hook(struct sy_loop *loop, void (*func)(struct sy_host *, void *),
    void *arg)
{

	loop->l_hook = func;
	loop->l_hookarg = arg;
	sy_set_rare(loop, SY_RARE_HOOK, func != NULL);
}

int
sy_loop_fd(struct sy_loop *loop, int fd, short events,
    void (*func)(void *, short), void *arg)
{
	int error;

	if (loop->l_mode != SY_REAL)
		return (sy_fail(EINVAL, "sy_loop_fd: descriptor %d: the "
		    "system's descriptors can be watched in real time only",
		    fd));
	if (fd < 0 || (events & ~(POLLIN | POLLOUT | POLLPRI)) != 0 ||
	    (events != 0 && func == NULL))
		return (sy_fail(EINVAL, "sy_loop_fd: descriptor %d: wants a "
		    "function, and POLLIN or POLLOUT", fd));
	error = sy_real_watch(loop, fd, events, func, arg);
	if (error == ENOENT)
		return (sy_fail(ENOENT, "sy_loop_fd: descriptor %d is not "
		    "watched", fd));
	if (error != 0)
		return (sy_fail(error, "sy_loop_fd: descriptor %d: out of "
		    "memory", fd));
	return (0);
}

/* ---- Birth and death ---- */

struct sy_loop *
sy_loop_new(int mode, uint64_t seed)
{
	struct sy_loop *loop;

	if (mode != SY_VIRTUAL && mode != SY_REAL) {
		(void)sy_fail(EINVAL, "sy_loop_new: mode %d is neither "
		    "SY_VIRTUAL nor SY_REAL", mode);
		return (NULL);
	}
	if (sodium_init() < 0 ||
	    (loop = calloc(1, sizeof(*loop))) == NULL) {
		(void)sy_fail(ENOMEM, "sy_loop_new: out of memory");
		return (NULL);
	}
	loop->l_mode = mode;
	sy_set_rare(loop, SY_RARE_REAL, mode == SY_REAL);
	loop->l_seed = seed;
	loop->l_line.vl_next = SY_NEVER;
	loop->l_line.vl_another = host_another;
	TAILQ_INIT(&loop->l_hosts);
	RB_INIT(&loop->l_names);
	TAILQ_INIT(&loop->l_captures);
	if (mode == SY_REAL && sy_real_new(loop) != 0) {
		free(loop);
		return (NULL);
	}
	return (loop);
}

void
sy_loop_free(struct sy_loop *loop)
{

	if (loop == NULL)
		return;
	assert(loop->l_depth == 0 && loop->l_ndoors == 0);
	(void)sy_control_close(loop);
	sy_capture_close_all(loop);
	while (!TAILQ_EMPTY(&loop->l_hosts))
		sy_host_free(TAILQ_FIRST(&loop->l_hosts));
	sy_kld_release_all(loop);
	if (loop->l_real != NULL)
		sy_real_free(loop);
	calls_free(&loop->l_calls);
	free(loop->l_heap);
	free(loop);
}

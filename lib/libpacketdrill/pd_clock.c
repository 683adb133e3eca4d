/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Time, and the threads that live in it.
 *
 * One thread runs time, the one that made the instance: by reading the
 * clock, by usleep, by waiting for a packet, or in a call that waits.  Each
 * reading is later than the one before, by a microsecond at least, so that a
 * caller that spins on the clock gets on; and it is exact whenever time has
 * moved since.
 *
 * Other threads make calls that sleep.  A script must not depend on how fast
 * the machine wakes them, so they go hand in hand with the first:
 *
 *	other:	clock   call, sleeps			 returns   clock
 *		|--held--|				|---held---|
 *	main:		  ... packet, timer, clock ... wake		...
 *
 * Time is held from the clock reading with which a thread begins a call
 * until that sleeps, and from the moment in which what it sleeps for has
 * come until the reading with which it ends.  Whoever enters meanwhile
 * waits.  What sleepers wait for is looked at after each event and around
 * each call of the main thread, in order of their arrival, and one is let
 * go at a time; so the order of everything follows from the calls alone.
 *
 * A thread that holds time and does not come back within HOLD_S seconds of
 * real time is taken to be gone, and waited for no more.
 *
 * Touches: the instance's loop, its threads and its packets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "pd.h"

#define	HOLD_S		5
#define	YEAR		(365 * 86400ULL * 1000 * NS_PER_MS)
#define	US_PER_S	1000000LL

void
pd_clock_init(struct pd *pd)
{
	pthread_condattr_t attr;

	(void)pthread_mutex_init(&pd->pd_mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&pd->pd_released, &attr);
	(void)pthread_condattr_destroy(&attr);
	TAILQ_INIT(&pd->pd_waits);
	pd->pd_main = pthread_self();
	pd->pd_read = -1;
}

bool
pd_is_main(const struct pd *pd)
{

	return (pthread_equal(pd->pd_main, pthread_self()) != 0);
}

/* ---- Holding time ---- */

static void
release(struct pd *pd)
{

	pd->pd_held = NULL;
	(void)pthread_cond_broadcast(&pd->pd_released);
}

/* Wait until nobody but me (NULL: nobody at all) holds time. */
static void
wait_released(struct pd *pd, const struct pd_thread *me)
{
	struct pd_thread *held, *last;
	struct timespec until;
	int error;

	last = NULL;
	while ((held = pd->pd_held) != NULL && held != me) {
		if (held != last) {
			(void)clock_gettime(CLOCK_MONOTONIC, &until);
			until.tv_sec += HOLD_S;
			last = held;
		}
		error = pthread_cond_timedwait(&pd->pd_released,
		    &pd->pd_mutex, &until);
		if (error == ETIMEDOUT && pd->pd_held == held) {
			held->th_phase = PD_IDLE;
			release(pd);
		}
	}
}

/* Let w go on, and wait until it has. */
static void
wake(struct pd *pd, struct pd_wait *w)
{

	TAILQ_REMOVE(&pd->pd_waits, w, wt_link);
	w->wt_woken = true;
	pd->pd_held = w->wt_thread;
	(void)pthread_cond_signal(&w->wt_cond);
	wait_released(pd, NULL);
}

/* Let all go on who can, one after the other. */
static void
settle(struct pd *pd)
{
	struct pd_wait *w;

	do {
		TAILQ_FOREACH(w, &pd->pd_waits, wt_link)
			if (pd->pd_closing || w->wt_deadline <= pd_now(pd) ||
			    w->wt_ready(pd, w->wt_arg))
				break;
		if (w != NULL)
			wake(pd, w);
	} while (w != NULL);
}

/* ---- Coming and going ---- */

/* The calling thread's entry; the one unused longest makes room. */
static struct pd_thread *
thread_self(struct pd *pd)
{
	struct pd_thread *best, *t;

	best = NULL;
	for (t = pd->pd_threads; t < &pd->pd_threads[PD_THREADS]; t++) {
		if (t->th_known && pthread_equal(t->th_self, pthread_self()))
			break;
		if (t->th_phase == PD_IDLE && (best == NULL ||
		    !t->th_known || (best->th_known &&
		    t->th_used < best->th_used)))
			best = t;
	}
	if (t == &pd->pd_threads[PD_THREADS]) {
		if (best == NULL)
			return (NULL);
		t = best;
		*t = (struct pd_thread){ .th_self = pthread_self(),
		    .th_known = true };
	}
	t->th_used = ++pd->pd_entered;
	return (t);
}

/* As pd_enter(); the thread's entry, or NULL for the main one. */
static struct pd_thread *
enter(struct pd *pd)
{
	struct pd_thread *t;

	(void)pthread_mutex_lock(&pd->pd_mutex);
	pd->pd_inside++;
	if (pd_is_main(pd)) {
		wait_released(pd, NULL);
		settle(pd);
		return (NULL);
	}
	/* As many at a time as there is room for. */
	while ((t = thread_self(pd)) == NULL)
		(void)pthread_cond_wait(&pd->pd_released, &pd->pd_mutex);
	wait_released(pd, t);
	return (t);
}

static void
leave(struct pd *pd)
{

	pd->pd_inside--;
	if (pd->pd_closing)
		(void)pthread_cond_broadcast(&pd->pd_released);
	(void)pthread_mutex_unlock(&pd->pd_mutex);
}

void
pd_enter(struct pd *pd)
{
	struct pd_thread *t;

	t = enter(pd);
	if (t == NULL)
		return;
	t->th_clocked = t->th_phase == PD_BEFORE;
	t->th_phase = PD_CALL;
	pd->pd_held = t;
}

void
pd_leave(struct pd *pd)
{
	struct pd_thread *t;
	int error;

	error = errno;
	if (pd_is_main(pd))
		settle(pd);
	else if ((t = thread_self(pd)) != NULL) {
		t->th_phase = t->th_clocked ? PD_AFTER : PD_IDLE;
		if (!t->th_clocked)
			release(pd);
	}
	leave(pd);
	errno = error;
}

void
pd_enter_clock(struct pd *pd)
{

	(void)enter(pd);
}

void
pd_leave_clock(struct pd *pd)
{
	struct pd_thread *t;

	if (!pd_is_main(pd) && (t = thread_self(pd)) != NULL) {
		if (t->th_phase == PD_AFTER) {
			t->th_phase = PD_IDLE;
			release(pd);
		} else {
			t->th_phase = PD_BEFORE;
			pd->pd_held = t;
		}
	}
	leave(pd);
}

void
pd_clock_end(struct pd *pd)
{

	(void)pthread_mutex_lock(&pd->pd_mutex);
	pd->pd_closing = true;
	wait_released(pd, NULL);
	settle(pd);
	while (pd->pd_inside > 0)
		(void)pthread_cond_wait(&pd->pd_released, &pd->pd_mutex);
	(void)pthread_mutex_unlock(&pd->pd_mutex);
}

/* ---- Running time ---- */

uint64_t
pd_deadline(const struct pd *pd, uint64_t ns)
{

	return (ns < SY_NEVER - pd_now(pd) ? pd_now(pd) + ns : SY_NEVER);
}

/* When the first sleeper has slept enough; only the main thread wakes. */
static uint64_t
first_deadline(const struct pd *pd)
{
	const struct pd_wait *w;
	uint64_t first;

	first = SY_NEVER;
	if (!pd_is_main(pd))
		return (first);
	TAILQ_FOREACH(w, &pd->pd_waits, wt_link)
		if (w->wt_deadline < first)
			first = w->wt_deadline;
	return (first);
}

static uint64_t
next_event(struct pd *pd)
{
	uint64_t due;

	sy_take(pd->pd_loop);
	due = sy_loop_due(pd->pd_loop);
	sy_drop(pd->pd_loop);
	return (due);
}

bool
pd_step(struct pd *pd, uint64_t limit)
{
	uint64_t first;

	first = first_deadline(pd);
	if (next_event(pd) > limit && first > limit)
		return (false);
	(void)sy_loop_next(pd->pd_loop, first < limit ? first : limit);
	if (pd_is_main(pd))
		settle(pd);
	return (true);
}

/* With a limit the clock stands there in the end, whatever happens. */
void
pd_run_until(struct pd *pd, uint64_t until)
{

	while (pd_step(pd, until))
		continue;
	if (pd_now(pd) < until)
		(void)sy_loop_next(pd->pd_loop, until);
	if (pd_is_main(pd))
		settle(pd);
}

/*
 * The main thread's sleep: it runs time itself.  What does not happen
 * within a year counts as never.
 */
static int
sleep_main(struct pd *pd, bool (*ready)(struct pd *, void *), void *arg,
    uint64_t deadline)
{
	uint64_t limit;

	limit = deadline != SY_NEVER ? deadline : pd_deadline(pd, YEAR);
	while (!ready(pd, arg)) {
		if (pd_now(pd) >= deadline)
			return (EAGAIN);
		if (!pd_step(pd, limit)) {
			if (deadline == SY_NEVER)
				return (EDEADLK);
			pd_run_until(pd, deadline);
		}
	}
	return (0);
}

int
pd_sleep(struct pd *pd, bool (*ready)(struct pd *, void *), void *arg,
    uint64_t deadline)
{
	struct pd_wait w;

	if (pd_is_main(pd))
		return (sleep_main(pd, ready, arg, deadline));
	if (ready(pd, arg))
		return (0);
	if (pd_now(pd) >= deadline)
		return (EAGAIN);
	w = (struct pd_wait){ .wt_ready = ready, .wt_arg = arg,
	    .wt_deadline = deadline, .wt_thread = thread_self(pd) };
	(void)pthread_cond_init(&w.wt_cond, NULL);
	TAILQ_INSERT_TAIL(&pd->pd_waits, &w, wt_link);
	release(pd);
	while (!w.wt_woken)
		(void)pthread_cond_wait(&w.wt_cond, &pd->pd_mutex);
	(void)pthread_cond_destroy(&w.wt_cond);
	return (ready(pd, arg) ? 0 : pd->pd_closing ? EDEADLK : EAGAIN);
}

/* ---- The caller's clock ---- */

static bool
never(struct pd *pd, void *arg)
{

	(void)pd;
	(void)arg;
	return (false);
}

int
pd_usleep(void *userdata, useconds_t usec)
{
	struct pd *pd;

	pd = userdata;
	pd_enter(pd);
	if (pd_is_main(pd))
		pd_run_until(pd, pd_deadline(pd, usec * NS_PER_US));
	else
		(void)pd_sleep(pd, never, NULL,
		    pd_deadline(pd, usec * NS_PER_US));
	pd_leave(pd);
	return (0);
}

int
pd_gettimeofday(void *userdata, struct timeval *tv, struct timezone *tz)
{
	struct pd *pd;
	int64_t us;

	pd = userdata;
	pd_enter_clock(pd);
	us = (int64_t)(pd_now(pd) / NS_PER_US);
	if (us <= pd->pd_read) {
		us = pd->pd_read + 1;
		pd_run_until(pd, (uint64_t)us * NS_PER_US);
	}
	pd->pd_read = us;
	pd_leave_clock(pd);
	if (tv != NULL) {
		tv->tv_sec = (time_t)(PD_EPOCH + us / US_PER_S);
		tv->tv_usec = (suseconds_t)(us % US_PER_S);
	}
	if (tz != NULL)
		memset(tz, 0, sizeof(*tz));
	return (0);
}

/* ---- Packets ---- */

/* A packet for an address of ours that no socket has told us of. */
static void
learn_from(struct pd *pd, const uint8_t *p, size_t len)
{
	struct syk_addr addr = { .family = SYK_AF_NONE };

	if (len >= 20 && p[0] >> 4 == 4) {
		addr.family = SYK_AF_INET;
		memcpy(addr.addr, p + 16, 4);
	} else if (len >= 40 && p[0] >> 4 == 6) {
		addr.family = SYK_AF_INET6;
		memcpy(addr.addr, p + 24, 16);
	}
	pd_learn(pd, &addr);
}

int
pd_netdev_send(void *userdata, const void *buf, size_t count)
{
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	learn_from(pd, buf, count);
	error = pdk_netif_input(pd->pd_ifp, buf, count);
	pd_leave(pd);
	if (error != 0) {
		errno = error;
		return (-1);
	}
	return (0);
}

static bool
packet_waits(struct pd *pd, void *arg)
{

	(void)arg;
	return (pdk_netif_waits(pd->pd_ifp));
}

int
pd_netdev_receive(void *userdata, void *buf, size_t *count,
    long long *time_usecs)
{
	struct pd *pd;
	uint64_t when;
	size_t len;

	pd = userdata;
	pd_enter(pd);
	len = 0;
	if (pd_sleep(pd, packet_waits, NULL, SY_NEVER) == 0)
		len = pdk_netif_output(pd->pd_ifp, buf, *count, &when);
	if (len > 0)
		*time_usecs = PD_EPOCH * US_PER_S +
		    (long long)(when / NS_PER_US);
	pd_leave(pd);
	*count = len;
	return (0);
}

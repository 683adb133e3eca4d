/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Waiting: calls that run the loop until a descriptor is ready, sy_poll(),
 * sy_kevent(), and watches, which call the program when one is.
 *
 * A wait runs event after event.  Only an event of the host itself, or a
 * call of the program's, can change what its descriptors are ready for, so
 * readiness is looked at after those only.  A host may go while someone
 * waits for it; the wait notices by the count of hosts gone.
 *
 * A wait without a limit ends in virtual time when no event is left.  But a
 * connection has one for ever, if only to send a keepalive every two hours;
 * so such a wait has a limit all the same, of a year, and what comes later
 * counts as never.
 *
 * Watches are level-triggered on top of upcalls, which say only that
 * something changed:
 *
 *	upcall, sy_watch() --> on h_ready --turn--> ready? --no--> off h_ready
 *	                         ^                   | yes
 *	                         +---- still ready --+ the callback
 *
 * A watch whose descriptor is still ready after its callback stays on the
 * list, and the host asks for another turn at once.  Each is looked at once
 * per turn (w_turn).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy_loop.h"

#define	NS_PER_MS	1000000ULL

_Static_assert(sizeof(struct sy_kevent) == SYK_KEVENT_SIZE &&
    offsetof(struct sy_kevent, data) == SYK_KEVENT_DATA &&
    offsetof(struct sy_kevent, udata) == SYK_KEVENT_UDATA,
    "struct sy_kevent is not the stack's struct kevent");

/* ---- Waiting ---- */

static bool
still_there(const struct sy_loop *loop, const struct sy_host *host,
    uint64_t id)
{
	const struct sy_host *h;

	TAILQ_FOREACH(h, &loop->l_hosts, h_link)
		if (h == host)
			return (h->h_id == id);
	return (false);
}

static int
why_not(enum sy_ran ran)
{

	switch (ran) {
	case SY_LIMIT:
		sy_note_wait("the time allowed for it has passed");
		return (EAGAIN);
	case SY_IDLE:
		sy_note_wait("nothing is left to happen in this loop that "
		    "could let the call go on (within a year)");
		return (EDEADLK);
	default:
		sy_note_wait("sy_loop_stop() was called");
		return (EINTR);
	}
}

/*
 * A wait without a limit (SY_GIVE_UP) stops short of the first event that comes
 * later than it cares for, and leaves the time as it is.
 */
uint64_t
sy_deadline(const struct sy_loop *loop, uint64_t ns)
{
	uint64_t now;

	if (ns == SY_NEVER)
		return (loop->l_mode == SY_VIRTUAL ?
		    (sy_now(loop) + SY_YEAR) | SY_GIVE_UP : SY_NEVER);
	now = sy_now(loop);
	return (ns < SY_GIVE_UP - 2 - now ? now + ns : SY_GIVE_UP - 2);
}

/* SY_GIVE_UP and more, but not SY_NEVER; nor is SY_GIVE_UP - 1 made. */
static inline bool
is_endless(uint64_t deadline)
{

	return ((int64_t)(deadline + 1) < 0);
}

static inline enum sy_ran
run_until(struct sy_loop *loop, const struct sy_host *host,
    uint64_t deadline)
{

	if (is_endless(deadline))
		return (sy_loop_until(loop, host, deadline & ~SY_GIVE_UP,
		    false));
	return (sy_loop_until(loop, host, deadline, true));
}

/* What a wait for host has to remember: host may be gone at its end. */
struct waiting {
	struct sy_loop	*wg_loop;
	uint64_t	wg_id;		/* host's */
	uint64_t	wg_deadline;
	unsigned	wg_gone;	/* l_gone before */
};

/* Running the loop came to ran, and the last event was not host's. */
static int __attribute__((__noinline__))
wait_further(struct waiting *wg, struct sy_host *host, enum sy_ran ran)
{
	struct sy_loop *loop;

	loop = wg->wg_loop;
	for (;;) {
		if (loop->l_gone != wg->wg_gone &&
		    !still_there(loop, host, wg->wg_id))
			return (EBADF);
		if (ran == SY_LIMIT && is_endless(wg->wg_deadline))
			ran = SY_IDLE;
		if (ran != SY_RAN)
			return (why_not(ran));
		if (loop->l_last == host || loop->l_last == NULL)
			return (0);
		wg->wg_gone = loop->l_gone;
		ran = run_until(loop, host, wg->wg_deadline);
	}
}

int
sy_wait_event(struct sy_host *host, uint64_t deadline)
{
	struct waiting wg;
	struct sy_loop *loop;
	enum sy_ran ran;
	int error;

	loop = host->h_loop;
	error = sy_loop_mayrun(loop);
	if (error != 0)
		return (error);
	wg = (struct waiting){ .wg_loop = loop, .wg_id = host->h_id,
	    .wg_deadline = deadline, .wg_gone = loop->l_gone };
	ran = run_until(loop, host, deadline);
	/* If the last event was host's it is still there: the loop is not run
	 * on after a host has gone. */
	if (__builtin_expect(ran == SY_RAN && loop->l_last == host, 1))
		return (0);
	return (wait_further(&wg, host, ran));
}

int
sy_wait_fd(struct sy_host *host, int fd, int events, uint64_t deadline,
    int *revents)
{
	int error;

	do {
		error = sy_wait_instant(host) ? 0 :
		    sy_wait_event(host, deadline);
		if (error != 0)
			return (error);
		/* An error here is the next call's to report. */
		if (syk_poll(host->h_vnet, fd, events, revents) != 0)
			*revents = SYK_POLLERR;
	} while (*revents == 0);
	return (0);
}

/* ---- poll ---- */

/* Fill in revents; returns how many are not 0. */
static int
poll_look(struct sy_host *host, struct pollfd *fds, nfds_t nfds)
{
	nfds_t i;
	int n, revents;

	n = 0;
	for (i = 0; i < nfds; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		if (syk_poll(host->h_vnet, fds[i].fd,
		    sy_tr_poll_in(fds[i].events), &revents) != 0)
			fds[i].revents = POLLNVAL;
		else
			fds[i].revents = sy_tr_poll_out(revents,
			    fds[i].events);
		if (fds[i].revents != 0)
			n++;
	}
	return (n);
}

int
sy_poll(struct sy_host *host, struct pollfd *fds, nfds_t nfds, int timeout)
{
	uint64_t deadline;
	int error, n;

	if (nfds > INT32_MAX || (nfds > 0 && fds == NULL))
		return (sy_fail_fd(EINVAL, "poll", host, SY_NOFD));
	deadline = sy_deadline(host->h_loop, timeout < 0 ? SY_NEVER :
	    (uint64_t)timeout * NS_PER_MS);
	for (;;) {
		n = poll_look(host, fds, nfds);
		if (n > 0 || timeout == 0)
			return (n);
		error = sy_wait_event(host, deadline);
		if (error == EAGAIN) {
			sy_note_wait(NULL);
			return (poll_look(host, fds, nfds));
		}
		if (error == EBADF)
			return (sy_fail(EBADF, "poll: the host was freed "
			    "meanwhile"));
		if (error != 0)
			return (sy_fail_fd(error, "poll", host, SY_NOFD));
	}
}

/* ---- kqueue ---- */

int
sy_kqueue(struct sy_host *host)
{
	int error, fd;

	error = syk_kqueue(host->h_vnet, &fd);
	if (error != 0)
		return (sy_fail_fd(error, "kqueue", host, SY_NOFD));
	return (fd);
}

int
sy_kevent(struct sy_host *host, int kq, const struct sy_kevent *change,
    int nchanges, struct sy_kevent *events, int nevents, uint64_t timeout)
{
	uint64_t deadline;
	int error, n;

	if (nchanges < 0 || nevents < 0 || (nchanges > 0 && change == NULL) ||
	    (nevents > 0 && events == NULL))
		return (sy_fail_fd(EINVAL, "kevent", host, kq));
	deadline = sy_deadline(host->h_loop, timeout);
	for (;; nchanges = 0) {
		error = syk_kevent(host->h_vnet, kq, change, nchanges,
		    events, nevents, &n);
		if (error != 0)
			return (sy_fail_fd(error, "kevent", host, kq));
		if (n > 0 || nevents == 0 || timeout == 0)
			return (n);
		error = sy_wait_event(host, deadline);
		if (error == EBADF)
			return (sy_fail(EBADF, "kevent: the host was freed "
			    "meanwhile"));
		if (error == EAGAIN) {
			sy_note_wait(NULL);
			timeout = 0;	/* look once more */
		} else if (error != 0)
			return (sy_fail_fd(error, "kevent", host, kq));
	}
}

/* ---- Watches ---- */

void
syh_watch_ready(struct sy_watch *watch)
{
	struct sy_host *host;

	if (watch->w_queued)
		return;
	host = watch->w_host;
	watch->w_queued = true;
	TAILQ_INSERT_TAIL(&host->h_ready, watch, w_ready);
	if (host != host->h_loop->l_running)
		sy_host_want(host, 0);
}

static struct sy_watch *
watch_find(const struct sy_host *host, int fd)
{

	return (fd >= 0 && fd < host->h_nwatches ? host->h_watches[fd] :
	    NULL);
}

/* What fd of the watch is ready for, of what was asked. */
static short
watch_look(struct sy_watch *watch)
{
	int revents;

	if (syk_poll(watch->w_host->h_vnet, watch->w_fd, watch->w_kevents,
	    &revents) != 0)
		return (POLLNVAL);
	return (sy_tr_poll_out(revents, watch->w_events));
}

void
sy_watch_forget(struct sy_host *host, int fd)
{
	struct sy_watch *watch;

	watch = watch_find(host, fd);
	if (watch == NULL)
		return;
	sy_take(host->h_loop);
	syk_unwatch(host->h_vnet, fd);
	if (watch->w_queued)
		TAILQ_REMOVE(&host->h_ready, watch, w_ready);
	if (host->h_called == watch)
		host->h_called = NULL;
	host->h_watches[fd] = NULL;
	sy_drop(host->h_loop);
	free(watch);
}

void
sy_watch_forget_all(struct sy_host *host)
{
	int fd;

	for (fd = 0; fd < host->h_nwatches; fd++)
		sy_watch_forget(host, fd);
	free(host->h_watches);
	host->h_watches = NULL;
	host->h_nwatches = 0;
	host->h_place->pl_ends = false;
}

/*
 * Call the program for watch, if it is ready, and again at the next turn if
 * it then still is.  False: the host is no more.
 */
static bool
watch_serve(struct sy_host *host, struct sy_watch *watch)
{
	struct sy_loop *loop;
	unsigned depth;
	short revents;

	loop = host->h_loop;
	revents = watch_look(watch);
	if (revents == 0)
		return (true);
	host->h_called = watch;
	depth = sy_give_up(loop);
	watch->w_func(watch->w_arg, watch->w_fd, revents);
	sy_resume(loop, depth);
	if (loop->l_subject != host)
		return (false);
	if (host->h_called == watch) {
		host->h_called = NULL;
		if (revents == POLLNVAL)	/* closed behind our back */
			sy_watch_forget(host, watch->w_fd);
		else if (watch_look(watch) != 0)
			syh_watch_ready(watch);
	}
	return (true);
}

void
sy_watch_dispatch(struct sy_host *host)
{
	struct sy_watch *watch;
	uint64_t turn;

	turn = host->h_loop->l_line.vl_events;
	while ((watch = TAILQ_FIRST(&host->h_ready)) != NULL &&
	    watch->w_turn != turn) {
		watch->w_turn = turn;
		watch->w_queued = false;
		TAILQ_REMOVE(&host->h_ready, watch, w_ready);
		if (!watch_serve(host, watch))
			return;
	}
	if (watch != NULL)
		sy_host_want(host, 0);
}

/* Make room for fd in the table. */
static int
watch_room(struct sy_host *host, int fd)
{
	struct sy_watch **table;
	int n;

	if (fd < host->h_nwatches)
		return (0);
	n = fd < 8 ? 16 : 2 * fd;
	table = realloc(host->h_watches, (size_t)n * sizeof(*table));
	if (table == NULL)
		return (ENOMEM);
	memset(&table[host->h_nwatches], 0,
	    (size_t)(n - host->h_nwatches) * sizeof(*table));
	host->h_watches = table;
	host->h_nwatches = n;
	host->h_place->pl_ends = true;
	return (0);
}

static int
watch_set(struct sy_host *host, int fd, short events,
    void (*func)(void *, int, short), void *arg)
{
	struct sy_watch fresh, *watch;
	int error;

	watch = watch_find(host, fd);
	if (events == 0) {
		if (watch == NULL)
			return (sy_fail(ENOENT, "watch: host %s, descriptor "
			    "%d: it is not watched", host->h_name, fd));
		sy_watch_forget(host, fd);
		return (0);
	}
	if (func == NULL || sy_tr_poll_in(events) == 0)
		return (sy_fail(EINVAL, "watch: host %s, descriptor %d: "
		    "wants a function, and POLLIN or POLLOUT", host->h_name,
		    fd));
	if (watch == NULL) {
		/* Ask with one that goes nowhere before getting memory. */
		fresh = (struct sy_watch){ .w_host = host, .w_fd = fd };
		error = syk_watch(host->h_vnet, fd, &fresh);
		if (error == 0 && watch_room(host, fd) != 0)
			error = ENOMEM;
		if (error == 0 &&
		    (watch = malloc(sizeof(*watch))) == NULL)
			error = ENOMEM;
		if (error != 0)
			return (sy_fail_fd(error, "watch", host, fd));
		*watch = fresh;
		host->h_watches[fd] = watch;
	}
	watch->w_events = events;
	watch->w_kevents = sy_tr_poll_in(events);
	watch->w_func = func;
	watch->w_arg = arg;
	error = syk_watch(host->h_vnet, fd, watch);
	if (error != 0) {	/* no memory: so it was not watched before */
		sy_watch_forget(host, fd);
		return (sy_fail_fd(error, "watch", host, fd));
	}
	syh_watch_ready(watch);
	return (0);
}

int
sy_watch(struct sy_host *host, int fd, short events,
    void (*func)(void *, int, short), void *arg)
{
	int rv;

	sy_take(host->h_loop);
	rv = watch_set(host, fd, events, func, arg);
	sy_drop(host->h_loop);
	return (rv);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Real time: the loop's events at the machine's pace, between waits in
 * ppoll(2) for the system's descriptors (TAP devices, the program's own)
 * with the earliest event as the deadline.
 *
 * One poll's descriptors are all served before the next poll, and at most
 * EVENTS_PER_POLL due events come between two polls, so neither can starve
 * the other.  A pipe to ourselves is polled too: sy_loop_stop() writes into
 * it, so that a signal handler's call is never missed between the check and
 * the wait.  May use the operating system's descriptors and clocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sy_loop.h"

#define	EVENTS_PER_POLL	16
#define	NS_PER_S	1000000000ULL

struct real_fd {
	TAILQ_ENTRY(real_fd) f_link;
	unsigned	f_place;	/* in r_polled; NOT_POLLED */
	int		f_fd;
	short		f_events;
	void		(*f_func)(void *, short);
	short		(*f_wanted)(void *);	/* of a host's; else NULL */
	void		*f_arg;
	struct sy_host	*f_host;
};
#define	NOT_POLLED	UINT32_MAX

struct sy_real {
	TAILQ_HEAD(, real_fd) r_fds;
	/* The arrays of the last poll: r_pollfds[0] is the pipe to us. */
	struct pollfd	*r_pollfds;
	struct real_fd	**r_polled;	/* NULL: forgotten meanwhile */
	unsigned	r_n, r_room, r_count;
	unsigned	r_next;		/* the first not served */
	unsigned	r_budget;	/* events until the next poll */
	bool		r_changed;	/* r_fds is newer than the arrays */
	int		r_pipe[2];
};

uint64_t
sy_real_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec);
}

int64_t
sy_real_epoch(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ((int64_t)ts.tv_sec * (int64_t)NS_PER_S + ts.tv_nsec -
	    (int64_t)sy_real_clock());
}

int
sy_real_new(struct sy_loop *loop)
{
	struct sy_real *real;
	int error;

	real = calloc(1, sizeof(*real));
	if (real == NULL)
		return (sy_fail(ENOMEM, "sy_loop_new: out of memory"));
	if (pipe2(real->r_pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
		error = errno;
		free(real);
		return (sy_fail(error, "sy_loop_new: cannot make a pipe: %s",
		    strerror(error)));
	}
	TAILQ_INIT(&real->r_fds);
	real->r_changed = true;
	loop->l_real = real;
	return (0);
}

void
sy_real_free(struct sy_loop *loop)
{
	struct sy_real *real;
	struct real_fd *f;

	real = loop->l_real;
	while ((f = TAILQ_FIRST(&real->r_fds)) != NULL) {
		TAILQ_REMOVE(&real->r_fds, f, f_link);
		free(f);
	}
	(void)close(real->r_pipe[0]);
	(void)close(real->r_pipe[1]);
	free(real->r_pollfds);
	free(real->r_polled);
	free(real);
	loop->l_real = NULL;
}

void
sy_real_wakeup(struct sy_real *real)
{
	ssize_t n;
	int saved;

	saved = errno;
	n = write(real->r_pipe[1], "", 1);
	(void)n;		/* a full pipe wakes as well */
	errno = saved;
}

/* ---- What is watched ---- */

static struct real_fd *
find(struct sy_real *real, int fd)
{
	struct real_fd *f;

	TAILQ_FOREACH(f, &real->r_fds, f_link)
		if (f->f_fd == fd)
			return (f);
	return (NULL);
}

static void
forget(struct sy_real *real, struct real_fd *f)
{

	if (f->f_place != NOT_POLLED)
		real->r_polled[f->f_place] = NULL;
	TAILQ_REMOVE(&real->r_fds, f, f_link);
	real->r_count--;
	real->r_changed = true;
	free(f);
}

/* The entry of fd, which may be new, or NULL if memory is short. */
static struct real_fd *
get(struct sy_real *real, int fd)
{
	struct real_fd *f;

	f = find(real, fd);
	if (f != NULL)
		return (f);
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return (NULL);
	f->f_fd = fd;
	f->f_place = NOT_POLLED;
	TAILQ_INSERT_TAIL(&real->r_fds, f, f_link);
	real->r_count++;
	real->r_changed = true;
	return (f);
}

int
sy_real_watch(struct sy_loop *loop, int fd, short events,
    void (*func)(void *, short), void *arg)
{
	struct real_fd *f;

	if (events == 0) {
		f = find(loop->l_real, fd);
		if (f == NULL)
			return (ENOENT);
		forget(loop->l_real, f);
		return (0);
	}
	f = get(loop->l_real, fd);
	if (f == NULL)
		return (ENOMEM);
	f->f_events = events;
	f->f_func = func;
	f->f_arg = arg;
	if (f->f_place != NOT_POLLED)
		loop->l_real->r_pollfds[f->f_place].events = events;
	return (0);
}

int
sy_real_watch_host(struct sy_host *host, int fd, void (*func)(void *, short),
    short (*wanted)(void *), void *arg)
{
	struct real_fd *f;

	f = get(host->h_loop->l_real, fd);
	if (f == NULL)
		return (ENOMEM);
	f->f_func = func;
	f->f_wanted = wanted;
	f->f_arg = arg;
	f->f_host = host;
	return (0);
}

/* Make the arrays anew.  If memory is short, the old ones serve on. */
static void
rebuild(struct sy_real *real)
{
	struct pollfd *pollfds;
	struct real_fd **polled, *f;
	unsigned i, room;

	room = real->r_count + 1;
	if (room > real->r_room) {
		room *= 2;
		pollfds = realloc(real->r_pollfds, room * sizeof(*pollfds));
		if (pollfds == NULL)
			return;
		real->r_pollfds = pollfds;
		polled = realloc(real->r_polled, room * sizeof(*polled));
		if (polled == NULL)
			return;
		real->r_polled = polled;
		real->r_room = room;
	}
	real->r_pollfds[0] = (struct pollfd){ .fd = real->r_pipe[0],
	    .events = POLLIN };
	real->r_polled[0] = NULL;
	i = 1;
	TAILQ_FOREACH(f, &real->r_fds, f_link) {
		real->r_pollfds[i] = (struct pollfd){ .fd = f->f_fd,
		    .events = f->f_events };
		real->r_polled[i] = f;
		f->f_place = i++;
	}
	real->r_n = i;
	real->r_changed = false;
}

/* ---- Waiting and serving ---- */

/* Wait for ns nanoseconds at most; SY_NEVER: for ever. */
static void
wait_fds(struct sy_loop *loop, uint64_t ns)
{
	struct sy_real *real;
	struct real_fd *f;
	struct timespec ts;
	char drain[64];
	unsigned depth;
	int n;

	real = loop->l_real;
	if (real->r_changed)
		rebuild(real);
	TAILQ_FOREACH(f, &real->r_fds, f_link)
		if (f->f_wanted != NULL && f->f_place != NOT_POLLED)
			real->r_pollfds[f->f_place].events =
			    f->f_wanted(f->f_arg);
	ts.tv_sec = (time_t)(ns / NS_PER_S);
	ts.tv_nsec = (long)(ns % NS_PER_S);
	depth = sy_give_up(loop);
	n = ppoll(real->r_pollfds, real->r_n, ns == SY_NEVER ? NULL : &ts,
	    NULL);
	sy_resume(loop, depth);
	real->r_next = n > 0 ? 1 : real->r_n;
	real->r_budget = EVENTS_PER_POLL;
	if (n > 0 && real->r_pollfds[0].revents != 0)
		while (read(real->r_pipe[0], drain, sizeof(drain)) > 0)
			continue;
}

/* Serve the next descriptor that the last poll found ready, if any. */
static bool
serve(struct sy_loop *loop)
{
	struct sy_real *real;
	struct real_fd f;
	unsigned depth, i;
	short revents;

	real = loop->l_real;
	for (i = real->r_next; i < real->r_n; i++)
		if (real->r_pollfds[i].revents != 0 &&
		    real->r_polled[i] != NULL)
			break;
	real->r_next = i + 1;
	if (i >= real->r_n)
		return (false);
	f = *real->r_polled[i];
	revents = real->r_pollfds[i].revents;
	if ((revents & POLLNVAL) != 0)	/* closed: no use to poll again */
		forget(real, real->r_polled[i]);
	loop->l_line.vl_events++;
	loop->l_last = f.f_host;
	if (f.f_host != NULL) {
		f.f_func(f.f_arg, revents);
		sy_loop_after(loop, f.f_host);
		return (true);
	}
	loop->l_depth++;
	depth = sy_give_up(loop);
	f.f_func(f.f_arg, revents);
	sy_resume(loop, depth);
	loop->l_depth--;
	return (true);
}

enum sy_ran
sy_real_next(struct sy_loop *loop, uint64_t limit)
{
	struct sy_real *real;
	uint64_t due, now, until;
	bool polled;

	real = loop->l_real;
	for (polled = false;; polled = true) {
		if (serve(loop))
			return (SY_RAN);
		due = sy_loop_due(loop);
		now = sy_real_clock();
		if (due <= now && due <= limit && real->r_budget > 0) {
			real->r_budget--;
			/* Who wants a turn now gets in line behind the rest. */
			loop->l_line.vl_now = now;
			sy_loop_event(loop);
			return (SY_RAN);
		}
		if (polled && now >= limit)
			return (SY_LIMIT);
		until = due < limit ? due : limit;
		if (until == SY_NEVER && TAILQ_EMPTY(&real->r_fds) &&
		    loop->l_control == NULL)
			return (SY_IDLE);
		wait_fds(loop, until == SY_NEVER ? SY_NEVER :
		    until > now ? until - now : 0);
		if ((sy_rare(loop) & SY_RARE_STOP) != 0) {
			sy_set_rare(loop, SY_RARE_STOP, false);
			return (SY_STOPPED);
		}
	}
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * poll and epoll.
 *
 * An epoll is a list of descriptors.  Those that are watched by level are
 * asked, one after the other, whenever somebody wants to know; so are the
 * system's own (ends of pipes), by poll(2).
 *
 * Watching by edge needs to know that something has happened since the last
 * report, even if what the descriptor is ready for is the same.  A kqueue of
 * the stack's knows: each such socket is in it with EV_CLEAR, for reading
 * and for writing, so that a wakeup in the stack, and nothing else, puts an
 * event there.
 *
 *	wakeup --> kqueue --collect()--> i_edge --report--> 0
 *
 * Being added or changed counts as an edge.  What is no socket of ours has no
 * other edges, and is watched by level.
 *
 * An epoll may be in another, down to NESTS of them and never in a circle, so
 * that whoever asks gets an answer.
 *
 * Touches: its own lists; asks sockets and the system's descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "pd.h"

#define	WHAT	(EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLERR | EPOLLHUP |	\
		EPOLLRDHUP | EPOLLRDNORM | EPOLLWRNORM | EPOLLRDBAND |	\
		EPOLLWRBAND)
#define	ITEMS	1024			/* of one epoll at most */
#define	NESTS	5			/* epolls in epolls */
#define	EDGES	64			/* taken from a kqueue at once */

_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT &&
    EPOLLPRI == POLLPRI && EPOLLERR == POLLERR && EPOLLHUP == POLLHUP &&
    EPOLLRDHUP == POLLRDHUP, "epoll's bits are poll's");

struct item {
	TAILQ_ENTRY(item) i_link;
	int		i_fd;
	struct pd_file	*i_file;	/* NULL: the system's descriptor */
	uint32_t	i_events;
	epoll_data_t	i_data;
	bool		i_edge;		/* something has happened */
	bool		i_off;		/* EPOLLONESHOT, and reported */
};

struct pd_epoll {
	TAILQ_HEAD(items, item) e_items;
	unsigned	e_count;
};

/* ---- What is ready ---- */

static short
poll_system(int fd, short events)
{
	struct pollfd pfd;

	pfd = (struct pollfd){ .fd = fd, .events = events };
	return (poll(&pfd, 1, 0) > 0 ? pfd.revents : 0);
}

/* Take the kqueue's events: each is an edge of its socket's. */
static void
collect(struct pd *pd, const struct pd_file *f)
{
	struct sy_kevent ev[EDGES];
	struct item *it;
	int i, n;

	do {
		if (syk_kevent(pd->pd_host->h_vnet, f->f_sfd, NULL, 0, ev,
		    EDGES, &n) != 0)
			return;
		for (i = 0; i < n; i++) {
			it = ev[i].udata;
			it->i_edge = true;
		}
	} while (n == EDGES);
}

static bool
has_edges(const struct item *it)
{

	return (it->i_file != NULL && it->i_file->f_kind == PD_SOCKET);
}

static uint32_t
item_ready(struct pd *pd, struct item *it)
{
	short events, ready;

	if (it->i_off || ((it->i_events & EPOLLET) != 0 && !it->i_edge))
		return (0);
	events = (short)(it->i_events & WHAT);
	ready = it->i_file != NULL ? pd_file_poll(pd, it->i_file, events) :
	    poll_system(it->i_fd, events);
	return ((uint32_t)ready & WHAT);
}

bool
pd_epoll_ready(struct pd *pd, struct pd_file *f)
{
	struct item *it;

	collect(pd, f);
	TAILQ_FOREACH(it, &f->f_epoll->e_items, i_link)
		if (item_ready(pd, it) != 0)
			return (true);
	return (false);
}

/*
 * Report at most max events.  What was reported goes to the end of the
 * list, so that all have their turn.
 */
static int
report(struct pd *pd, struct pd_file *f, struct epoll_event *events, int max)
{
	struct item *it, *last, *next;
	uint32_t ready;
	int n;

	collect(pd, f);
	n = 0;
	last = TAILQ_LAST(&f->f_epoll->e_items, items);
	for (it = TAILQ_FIRST(&f->f_epoll->e_items); it != NULL && n < max;
	    it = next) {
		next = it == last ? NULL : TAILQ_NEXT(it, i_link);
		ready = item_ready(pd, it);
		if (ready == 0)
			continue;
		events[n++] = (struct epoll_event){ .events = ready,
		    .data = it->i_data };
		it->i_edge = !has_edges(it);
		it->i_off = (it->i_events & EPOLLONESHOT) != 0;
		TAILQ_REMOVE(&f->f_epoll->e_items, it, i_link);
		TAILQ_INSERT_TAIL(&f->f_epoll->e_items, it, i_link);
	}
	return (n);
}

/* ---- Items ---- */

static struct item *
find(const struct pd_epoll *ep, int fd)
{
	struct item *it;

	TAILQ_FOREACH(it, &ep->e_items, i_link)
		if (it->i_fd == fd)
			return (it);
	return (NULL);
}

/* Have the kqueue watch it, or not any more. */
static void
watch(struct pd *pd, const struct pd_file *f, struct item *it, bool on)
{
	struct sy_kevent ev[2];
	int i, n;

	if (it->i_file == NULL || it->i_file->f_kind != PD_SOCKET ||
	    it->i_file->f_closed)
		return;
	SY_EV_SET(&ev[0], it->i_file->f_sfd, SY_EVFILT_READ, on ?
	    SY_EV_ADD | SY_EV_CLEAR : SY_EV_DELETE, 0, 0, it);
	ev[1] = ev[0];
	ev[1].filter = SY_EVFILT_WRITE;
	for (i = 0; i < 2; i++)		/* a listener has no writing side */
		(void)syk_kevent(pd->pd_host->h_vnet, f->f_sfd, &ev[i], 1,
		    NULL, 0, &n);
}

static void
item_remove(struct pd *pd, struct pd_file *f, struct item *it)
{

	if ((it->i_events & EPOLLET) != 0)
		watch(pd, f, it, false);
	TAILQ_REMOVE(&f->f_epoll->e_items, it, i_link);
	f->f_epoll->e_count--;
	free(it);
}

static void
item_set(struct pd *pd, struct pd_file *f, struct item *it,
    const struct epoll_event *event)
{

	it->i_events = event->events;
	it->i_data = event->data;
	it->i_off = false;
	it->i_edge = true;
	if ((it->i_events & EPOLLET) != 0)
		watch(pd, f, it, true);
}

/* How many epolls are on the longest way from f down. */
static int
height(const struct pd_file *f)
{
	const struct item *it;
	int h, most;

	if (f->f_kind != PD_EPOLL)
		return (0);
	most = 0;
	TAILQ_FOREACH(it, &f->f_epoll->e_items, i_link)
		if (it->i_file != NULL && (h = height(it->i_file)) > most)
			most = h;
	return (most + 1);
}

/* The longest way from from down to f, both counted; 0: there is none. */
static int
way_to(const struct pd_file *from, const struct pd_file *f)
{
	const struct item *it;
	int most, n;

	if (from == f)
		return (1);
	if (from->f_kind != PD_EPOLL)
		return (0);
	most = 0;
	TAILQ_FOREACH(it, &from->f_epoll->e_items, i_link)
		if (it->i_file != NULL &&
		    (n = way_to(it->i_file, f)) > most)
			most = n;
	return (most != 0 ? most + 1 : 0);
}

/* May target be in the epoll f?  An errno. */
static int
may_nest(const struct pd *pd, const struct pd_file *f,
    const struct pd_file *target)
{
	int above, fd, n;

	if (target == f)
		return (EINVAL);
	if (target->f_kind != PD_EPOLL)
		return (0);
	if (way_to(target, f) != 0)
		return (ELOOP);
	above = 0;
	for (fd = 0; fd < pd->pd_nfiles; fd++)
		if (pd->pd_files[fd] != NULL &&
		    (n = way_to(pd->pd_files[fd], f)) > above)
			above = n;
	return (above + height(target) > NESTS ? ELOOP : 0);
}

/* An errno. */
static int
item_add(struct pd *pd, struct pd_file *f, int fd,
    const struct epoll_event *event)
{
	struct pd_file *target;
	struct item *it;
	int error;

	target = pd_file_get(pd, fd);
	if (target == NULL && fcntl(fd, F_GETFD) == -1)
		return (EBADF);
	if (target != NULL)
		pd_file_put(pd, target);	/* the table holds it */
	error = target != NULL ? may_nest(pd, f, target) : 0;
	if (error != 0)
		return (error);
	it = f->f_epoll->e_count < ITEMS ? calloc(1, sizeof(*it)) : NULL;
	if (it == NULL)
		return (ENOMEM);
	it->i_fd = fd;
	it->i_file = target;
	TAILQ_INSERT_TAIL(&f->f_epoll->e_items, it, i_link);
	f->f_epoll->e_count++;
	item_set(pd, f, it, event);
	return (0);
}

void
pd_epoll_forget(struct pd *pd, const struct pd_file *gone)
{
	struct item *it, *next;
	struct pd_file *f;
	int fd;

	for (fd = 0; fd < pd->pd_nfiles; fd++) {
		f = pd->pd_files[fd];
		if (f == NULL || f->f_kind != PD_EPOLL)
			continue;
		for (it = TAILQ_FIRST(&f->f_epoll->e_items); it != NULL;
		    it = next) {
			next = TAILQ_NEXT(it, i_link);
			if (it->i_file == gone)
				item_remove(pd, f, it);
		}
	}
}

void
pd_epoll_free(struct pd_epoll *ep)
{
	struct item *it;

	while ((it = TAILQ_FIRST(&ep->e_items)) != NULL) {
		TAILQ_REMOVE(&ep->e_items, it, i_link);
		free(it);
	}
	free(ep);
}

/* ---- Calls ---- */

/* Deadline of a time-out in ms; negative: none. */
static uint64_t
timeout_deadline(const struct pd *pd, int timeout)
{

	return (timeout < 0 ? SY_NEVER :
	    pd_deadline(pd, (uint64_t)timeout * NS_PER_MS));
}

int
pd_epoll_create(void *userdata, int size)
{
	struct pd_epoll *ep;
	struct pd_file *f;
	struct pd *pd;
	int error, fd, kq;

	pd = userdata;
	fd = -1;
	pd_enter(pd);
	ep = calloc(1, sizeof(*ep));
	error = size <= 0 ? EINVAL : ep == NULL ? ENOMEM :
	    syk_kqueue(pd->pd_host->h_vnet, &kq);
	if (error == 0) {
		f = pd_file_new(pd, PD_EPOLL, kq);
		if (f != NULL) {
			TAILQ_INIT(&ep->e_items);
			f->f_epoll = ep;
			fd = f->f_fd;
		} else {
			error = errno;
			(void)syk_close(pd->pd_host->h_vnet, kq);
		}
	}
	if (error != 0) {
		free(ep);
		errno = error;
	}
	pd_leave(pd);
	return (fd);
}

/* The epoll behind epfd, counted, or NULL with errno. */
static struct pd_file *
epoll_file(struct pd *pd, int epfd)
{
	struct pd_file *f;

	f = pd_file_get(pd, epfd);
	if (f != NULL && f->f_kind == PD_EPOLL)
		return (f);
	errno = f != NULL || fcntl(epfd, F_GETFD) != -1 ? EINVAL : EBADF;
	if (f != NULL)
		pd_file_put(pd, f);
	return (NULL);
}

/* An errno. */
static int
control(struct pd *pd, struct pd_file *f, int op, int fd,
    const struct epoll_event *event)
{
	struct item *it;

	it = find(f->f_epoll, fd);
	if (op != EPOLL_CTL_DEL && event == NULL)
		return (EFAULT);
	switch (op) {
	case EPOLL_CTL_ADD:
		return (it != NULL ? EEXIST : item_add(pd, f, fd, event));
	case EPOLL_CTL_MOD:
		if (it == NULL)
			return (ENOENT);
		if ((it->i_events & EPOLLET) != 0)
			watch(pd, f, it, false);
		item_set(pd, f, it, event);
		return (0);
	case EPOLL_CTL_DEL:
		if (it == NULL)
			return (ENOENT);
		item_remove(pd, f, it);
		return (0);
	default:
		return (EINVAL);
	}
}

int
pd_epoll_ctl(void *userdata, int epfd, int op, int fd,
    struct epoll_event *event)
{
	struct pd_file *f;
	struct pd *pd;
	int error;

	pd = userdata;
	pd_enter(pd);
	f = epoll_file(pd, epfd);
	error = f == NULL ? errno : control(pd, f, op, fd, event);
	if (f != NULL)
		pd_file_put(pd, f);
	if (error != 0)
		errno = error;
	pd_leave(pd);
	return (error != 0 ? -1 : 0);
}

int
pd_epoll_wait(void *userdata, int epfd, struct epoll_event *events,
    int maxevents, int timeout)
{
	struct pd_file *f;
	struct pd *pd;
	int error, n;

	pd = userdata;
	n = -1;
	pd_enter(pd);
	f = epoll_file(pd, epfd);
	if (f != NULL) {
		error = maxevents <= 0 || events == NULL ? EINVAL :
		    pd_file_wait(pd, f, POLLIN,
		    timeout_deadline(pd, timeout));
		if (error == 0)
			n = report(pd, f, events, maxevents);
		else if (error == EAGAIN)
			n = 0;
		else
			errno = error;
		pd_file_put(pd, f);
	}
	pd_leave(pd);
	return (n);
}

/* ---- poll ---- */

struct poll_wait {
	struct pollfd	*pw_fds;
	nfds_t		pw_n;
	int		pw_ready;
};

static bool
poll_look(struct pd *pd, void *arg)
{
	struct poll_wait *pw;
	struct pollfd *p;
	struct pd_file *f;

	pw = arg;
	pw->pw_ready = 0;
	for (p = pw->pw_fds; p < pw->pw_fds + pw->pw_n; p++) {
		p->revents = 0;
		if (p->fd < 0)
			continue;
		f = pd_file_get(pd, p->fd);
		if (f != NULL) {
			p->revents = pd_file_poll(pd, f, p->events);
			pd_file_put(pd, f);
		} else
			p->revents = poll_system(p->fd, p->events);
		pw->pw_ready += p->revents != 0;
	}
	return (pw->pw_ready > 0);
}

int
pd_poll(void *userdata, struct pollfd *fds, nfds_t nfds, int timeout)
{
	struct poll_wait pw;
	struct pd *pd;
	int error;

	pd = userdata;
	if (nfds > INT32_MAX || (nfds > 0 && fds == NULL)) {
		errno = nfds > INT32_MAX ? EINVAL : EFAULT;
		return (-1);
	}
	pw = (struct poll_wait){ .pw_fds = fds, .pw_n = nfds };
	pd_enter(pd);
	error = pd_sleep(pd, poll_look, &pw, timeout_deadline(pd, timeout));
	if (error != 0 && error != EAGAIN) {
		errno = error;
		pw.pw_ready = -1;
	}
	pd_leave(pd);
	return (pw.pw_ready);
}

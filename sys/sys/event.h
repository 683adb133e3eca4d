/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kqueue(2): readiness without asking again and again.
 *
 * A kqueue holds knotes, one per (ident, filter).  A knote that fires is
 * put on the queue's active list; kqueue_scan() checks each, reports it and,
 * unless EV_CLEAR, keeps it active while its condition holds.
 */
#ifndef _STACKYARD_SYS_EVENT_H_
#define	_STACKYARD_SYS_EVENT_H_

#include <sys/queue.h>
#include <sys/types.h>

#define	EVFILT_READ	(-1)
#define	EVFILT_WRITE	(-2)
#define	EVFILT_TIMER	(-7)
#define	EVFILT_USER	(-11)
#define	EVFILT_EXCEPT	(-16)		/* OpenBSD's; the number is ours */

#define	EV_ADD		0x0001
#define	EV_DELETE	0x0002
#define	EV_ENABLE	0x0004
#define	EV_DISABLE	0x0008
#define	EV_ONESHOT	0x0010
#define	EV_CLEAR	0x0020
#define	EV_RECEIPT	0x0040
#define	EV_DISPATCH	0x0080
#define	EV_EOF		0x8000
#define	EV_ERROR	0x4000

#define	NOTE_LOWAT	0x0001		/* data: the low-water mark */
#define	NOTE_OOB	0x0002		/* EVFILT_EXCEPT: urgent data */
#define	NOTE_TRIGGER	0x01000000	/* EVFILT_USER: make it fire */
#define	NOTE_FFNOP	0x00000000	/* its flags: as they were, */
#define	NOTE_FFAND	0x40000000	/* and, */
#define	NOTE_FFOR	0x80000000	/* or, */
#define	NOTE_FFCOPY	0xc0000000	/* those of the change */
#define	NOTE_FFCTRLMASK	0xc0000000
#define	NOTE_FFLAGSMASK	0x00ffffff
#define	NOTE_SECONDS	0x0001		/* EVFILT_TIMER's unit; ms if none */
#define	NOTE_MSECONDS	0x0002
#define	NOTE_USECONDS	0x0004
#define	NOTE_NSECONDS	0x0008

struct kevent {
	uintptr_t	ident;
	short		filter;
	unsigned short	flags;
	unsigned int	fflags;
	int64_t		data;
	void		*udata;
	uint64_t	ext[4];
};

struct kqueue;
struct socket;

/* An empty kqueue of curvnet, or NULL. */
struct kqueue *kqueue_create(void);
void	kqueue_destroy(struct kqueue *kq);
/*
 * Apply one change.  For EVFILT_READ, EVFILT_WRITE and EVFILT_EXCEPT ident is
 * a descriptor of curvnet, of a socket.  EBADF, ENOENT (delete or change of what is not
 * there), EINVAL (unknown filter or unit, a kqueue's descriptor), ENOMEM
 * (or over kern.kq_calloutmax timers, or KQ_USERMAX user events).
 */
int	kqueue_register(struct kqueue *kq, const struct kevent *kev);
/* Up to n events that are ready; returns how many. */
int	kqueue_scan(struct kqueue *kq, struct kevent *out, int n);
/* Would a scan return something? */
bool	kqueue_ready(struct kqueue *kq);
#define	KQ_USERMAX	65536	/* EVFILT_USER events of one kqueue */
/*
 * Called, unless NULL, when the first event becomes ready: after a scan that
 * returned 0, this says when to scan again.  func notes it and returns; it
 * does not call kqueue_* or close anything.
 */
void	kqueue_set_notify(struct kqueue *kq, void (*func)(void *), void *arg);

/* For the socket layer: so's state changed; its descriptor fd is closing. */
void	knote_socket(struct socket *so);
void	knote_fdclose(struct socket *so);

#endif /* !_STACKYARD_SYS_EVENT_H_ */

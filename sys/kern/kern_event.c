/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kqueues.
 *
 *	kqueue --kq_hash--> knotes by (ident, filter)
 *	       --kq_active--> those that may be ready, oldest first
 *	socket --so_knotes--> its EVFILT_READ, _WRITE and _EXCEPT knotes
 *	timer  --callout--> its knote
 *
 * A knote is made by EV_ADD and owned by its kqueue.  It goes with
 * EV_DELETE, its kqueue, its descriptor, or, EV_ONESHOT, its first report.
 *
 * When its source changes and its condition holds, a knote is put on the
 * active list.  A scan takes each knote that was active when it began off
 * the list, asks once more, reports it, and puts it back, unless EV_CLEAR
 * or EV_DISPATCH says to wait for the next change or EV_ENABLE.  So a
 * condition that holds is reported by each scan, one that no longer holds
 * falls off the list, and a scan ends.
 *
 * Bounds: a socket has at most three knotes in a kqueue; timers are limited
 * by kern.kq_calloutmax in a vnet, user events by KQ_USERMAX in a kqueue.
 *
 * Touches: kqueues, so_knotes, callouts of curvnet.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/event.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>

MALLOC_DEFINE(M_KQUEUE, "kqueue", "kqueues and their knotes");

#define	KQ_HASHMIN	16		/* buckets of the first hash table */
#define	TIMER_MAX	((uint64_t)1 << 62) /* ns; longer is never */
#define	NOTE_UNITS							\
	(NOTE_SECONDS | NOTE_MSECONDS | NOTE_USECONDS | NOTE_NSECONDS)

/* Flags of a change that say what to do, not what the knote is. */
#define	EV_ACTIONS							\
	(EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE | EV_RECEIPT |	\
	EV_EOF | EV_ERROR)

/* kn_status */
#define	KN_ACTIVE	0x1		/* on the active list */
#define	KN_DISABLED	0x2

struct kn_timer {
	struct callout	kt_callout;
	nstime_t	kt_period;	/* ns */
	uint64_t	kt_expired;	/* times, since the last report */
};

struct knote {
	SLIST_ENTRY(knote) kn_link;	/* the hash bucket */
	SLIST_ENTRY(knote) kn_selnext;	/* so_knotes */
	TAILQ_ENTRY(knote) kn_tqe;	/* kq_active */
	struct kqueue	*kn_kq;
	const struct filterops *kn_fop;
	struct kevent	kn_kev;		/* as it is reported */
	u_int		kn_sfflags;	/* what the program asked for */
	u_int		kn_status;
	int64_t		kn_sdata;
	union {
		struct socket	*kn_so;
		struct kn_timer	*kn_timer;
		bool		kn_triggered;
	};
};
SLIST_HEAD(knote_list, knote);

struct kqueue {
	struct knote_list *kq_hash;
	u_int		kq_mask;	/* buckets less 1 */
	u_int		kq_count;	/* knotes */
	u_int		kq_nuser;	/* of EVFILT_USER */
	u_int		kq_nactive;
	TAILQ_HEAD(, knote) kq_active;
	void		(*kq_notify)(void *);
	void		*kq_notifyarg;
};

/* What a filter does; f_clear may be NULL. */
struct filterops {
	short	f_filter;
	/* A new knote, with kn_kev filled in; errno. */
	int	(*f_attach)(struct knote *kn);
	void	(*f_detach)(struct knote *kn);
	/* A change to a knote that was there before. */
	int	(*f_touch)(struct knote *kn, const struct kevent *kev);
	/* Does the condition hold?  Sets what is reported. */
	bool	(*f_event)(struct knote *kn);
	/* It was reported, and EV_CLEAR. */
	void	(*f_clear)(struct knote *kn);
};

VNET_DEFINE_STATIC(int, kq_calloutmax) = 4096;
VNET_DEFINE_STATIC(int, kq_ncallouts);
#define	V_kq_calloutmax		VNET(kq_calloutmax)
#define	V_kq_ncallouts		VNET(kq_ncallouts)

SYSCTL_INT(_kern, OID_AUTO, kq_calloutmax, CTLFLAG_RW | CTLFLAG_VNET,
    &VNET_NAME(kq_calloutmax), 0, "Maximum number of kqueue timers");

static void
knote_enqueue(struct knote *kn)
{
	struct kqueue *kq;

	if ((kn->kn_status & (KN_ACTIVE | KN_DISABLED)) != 0)
		return;
	kq = kn->kn_kq;
	kn->kn_status |= KN_ACTIVE;
	TAILQ_INSERT_TAIL(&kq->kq_active, kn, kn_tqe);
	kq->kq_nactive++;
	if (kq->kq_nactive == 1 && kq->kq_notify != NULL)
		kq->kq_notify(kq->kq_notifyarg);
}

static void
knote_dequeue(struct knote *kn)
{

	if ((kn->kn_status & KN_ACTIVE) == 0)
		return;
	kn->kn_status &= ~KN_ACTIVE;
	TAILQ_REMOVE(&kn->kn_kq->kq_active, kn, kn_tqe);
	kn->kn_kq->kq_nactive--;
}

/* EVFILT_READ, EVFILT_WRITE and EVFILT_EXCEPT. */
static int
filt_soattach(struct knote *kn)
{
	int error;

	error = fd_getsock((int)kn->kn_kev.ident, &kn->kn_so);
	if (error != 0)
		return (error == ENOTSOCK ? EINVAL : error);
	SLIST_INSERT_HEAD(&kn->kn_so->so_knotes, kn, kn_selnext);
	kn->kn_so->so_rcv.sb_flags |= SB_KNOTE;
	kn->kn_so->so_snd.sb_flags |= SB_KNOTE;
	return (0);
}

static void
filt_sodetach(struct knote *kn)
{

	SLIST_REMOVE(&kn->kn_so->so_knotes, kn, knote, kn_selnext);
	if (SLIST_EMPTY(&kn->kn_so->so_knotes)) {
		kn->kn_so->so_rcv.sb_flags &= (uint16_t)~SB_KNOTE;
		kn->kn_so->so_snd.sb_flags &= (uint16_t)~SB_KNOTE;
	}
}

static int
filt_sotouch(struct knote *kn, const struct kevent *kev)
{

	kn->kn_sfflags = kev->fflags;
	kn->kn_sdata = kev->data;
	return (0);
}

/* The side of the socket that sb is: at its end? */
static bool
filt_soeof(struct knote *kn, const struct sockbuf *sb, uint16_t end)
{

	kn->kn_kev.flags &= (unsigned short)~EV_EOF;
	kn->kn_kev.fflags = kn->kn_sfflags;
	if ((sb->sb_state & end) == 0)
		return (false);
	kn->kn_kev.flags |= EV_EOF;
	kn->kn_kev.fflags = kn->kn_so->so_error;
	return (true);
}

static int64_t
filt_solowat(const struct knote *kn, const struct sockbuf *sb)
{

	if ((kn->kn_sfflags & NOTE_LOWAT) != 0)
		return (kn->kn_sdata);
	return (sb->sb_lowat);
}

static bool
filt_soread(struct knote *kn)
{
	struct socket *so;

	so = kn->kn_so;
	if (SOLISTENING(so)) {
		kn->kn_kev.data = so->so_sol->sol_qlen;
		if (so->so_error != 0) {
			kn->kn_kev.flags |= EV_EOF;
			kn->kn_kev.fflags = so->so_error;
			return (true);
		}
		return (!TAILQ_EMPTY(&so->so_sol->sol_comp));
	}
	kn->kn_kev.data = sbavail(&so->so_rcv);
	if (filt_soeof(kn, &so->so_rcv, SBS_CANTRCVMORE))
		return (true);
	if (so->so_error != 0 || so->so_rerror != 0)
		return (true);
	if (soatoob(so))
		return (true);
	return (kn->kn_kev.data >= filt_solowat(kn, &so->so_rcv));
}

/* NOTE_OOB: urgent data is there or announced.  data: bytes before it. */
static bool
filt_soexcept(struct knote *kn)
{
	struct socket *so;

	so = kn->kn_so;
	kn->kn_kev.fflags = 0;
	if (SOLISTENING(so))
		return (false);
	kn->kn_kev.data = so->so_oobmark;
	if ((kn->kn_sfflags & NOTE_OOB) != 0 && sohasoob(so))
		kn->kn_kev.fflags = NOTE_OOB;
	return (kn->kn_kev.fflags != 0);
}

static bool
filt_sowrite(struct knote *kn)
{
	struct socket *so;

	so = kn->kn_so;
	if (SOLISTENING(so))
		return (false);
	kn->kn_kev.data = sbspace(&so->so_snd);
	if (filt_soeof(kn, &so->so_snd, SBS_CANTSENDMORE))
		return (true);
	if (so->so_error != 0)
		return (true);
	if ((so->so_state & SS_ISCONNECTED) == 0 &&
	    (so->so_proto->pr_flags & PR_CONNREQUIRED) != 0)
		return (false);
	if ((so->so_snd.sb_flags & SB_HELD) != 0)
		return (false);
	return (kn->kn_kev.data >= filt_solowat(kn, &so->so_snd));
}

/* EVFILT_TIMER. */
static void
filt_timerexpire(void *arg)
{
	struct kn_timer *kt;
	struct knote *kn;
	nstime_t late, next;

	kn = arg;
	kt = kn->kn_timer;
	kt->kt_expired++;
	if ((kn->kn_kev.flags & EV_ONESHOT) == 0) {
		next = kt->kt_callout.c_time + kt->kt_period;
		if (next <= getnstime()) {
			late = (getnstime() - next) / kt->kt_period + 1;
			kt->kt_expired += late;
			next += late * kt->kt_period;
		}
		(void)callout_reset_at(&kt->kt_callout, next,
		    filt_timerexpire, kn);
	}
	knote_enqueue(kn);
}

/* The period that kev asks for, ns; 0: it makes no sense. */
static nstime_t
filt_timerperiod(const struct kevent *kev)
{
	uint64_t count, unit;

	switch (kev->fflags & NOTE_UNITS) {
	case NOTE_SECONDS:
		unit = NS_PER_SEC;
		break;
	case NOTE_MSECONDS:
	case 0:
		unit = NS_PER_MSEC;
		break;
	case NOTE_USECONDS:
		unit = NS_PER_USEC;
		break;
	case NOTE_NSECONDS:
		unit = 1;
		break;
	default:
		return (0);
	}
	if (kev->data < 0)
		return (0);
	count = u64max((uint64_t)kev->data, 1);
	if (count > TIMER_MAX / unit)
		return (TIMER_MAX);
	/* The wheel has no shorter time than a microsecond. */
	return (u64max(count * unit, NS_PER_USEC));
}

static void
filt_timerstart(struct knote *kn, nstime_t period)
{
	struct kn_timer *kt;

	kt = kn->kn_timer;
	kt->kt_period = period;
	kt->kt_expired = 0;
	(void)callout_reset_at(&kt->kt_callout, getnstime() + period,
	    filt_timerexpire, kn);
}

static int
filt_timerattach(struct knote *kn)
{
	nstime_t period;

	period = filt_timerperiod(&kn->kn_kev);
	if (period == 0)
		return (EINVAL);
	if (V_kq_ncallouts >= V_kq_calloutmax)
		return (ENOMEM);
	kn->kn_timer = malloc(sizeof(*kn->kn_timer), M_KQUEUE,
	    M_NOWAIT | M_ZERO);
	if (kn->kn_timer == NULL)
		return (ENOMEM);
	V_kq_ncallouts++;
	callout_init(&kn->kn_timer->kt_callout, 1);
	filt_timerstart(kn, period);
	return (0);
}

static void
filt_timerdetach(struct knote *kn)
{

	(void)callout_stop(&kn->kn_timer->kt_callout);
	free(kn->kn_timer, M_KQUEUE);
	V_kq_ncallouts--;
}

static int
filt_timertouch(struct knote *kn, const struct kevent *kev)
{
	nstime_t period;

	if ((kev->flags & EV_ADD) == 0)
		return (0);
	period = filt_timerperiod(kev);
	if (period == 0)
		return (EINVAL);
	kn->kn_sfflags = kev->fflags;
	kn->kn_sdata = kev->data;
	knote_dequeue(kn);
	filt_timerstart(kn, period);
	return (0);
}

static bool
filt_timer(struct knote *kn)
{

	kn->kn_kev.flags |= EV_CLEAR;
	kn->kn_kev.fflags = kn->kn_sfflags;
	kn->kn_kev.data = (int64_t)kn->kn_timer->kt_expired;
	return (kn->kn_timer->kt_expired != 0);
}

static void
filt_timerclear(struct knote *kn)
{

	kn->kn_timer->kt_expired = 0;
}

/* EVFILT_USER. */
static int
filt_usertouch(struct knote *kn, const struct kevent *kev)
{
	u_int flags;

	flags = kev->fflags & NOTE_FFLAGSMASK;
	switch (kev->fflags & NOTE_FFCTRLMASK) {
	case NOTE_FFAND:
		kn->kn_sfflags &= flags;
		break;
	case NOTE_FFOR:
		kn->kn_sfflags |= flags;
		break;
	case NOTE_FFCOPY:
		kn->kn_sfflags = flags;
		break;
	default:
		break;
	}
	kn->kn_sdata = kev->data;
	if ((kev->fflags & NOTE_TRIGGER) != 0)
		kn->kn_triggered = true;
	return (0);
}

static int
filt_userattach(struct knote *kn)
{

	if (kn->kn_kq->kq_nuser >= KQ_USERMAX)
		return (ENOMEM);
	kn->kn_kq->kq_nuser++;
	kn->kn_triggered = false;
	kn->kn_sfflags = 0;
	return (filt_usertouch(kn, &kn->kn_kev));
}

static void
filt_userdetach(struct knote *kn)
{

	kn->kn_kq->kq_nuser--;
}

static bool
filt_user(struct knote *kn)
{

	kn->kn_kev.fflags = kn->kn_sfflags;
	kn->kn_kev.data = kn->kn_sdata;
	return (kn->kn_triggered);
}

static void
filt_userclear(struct knote *kn)
{

	kn->kn_triggered = false;
}

static const struct filterops filters[] = {
	{ EVFILT_READ, filt_soattach, filt_sodetach, filt_sotouch,
	    filt_soread, NULL },
	{ EVFILT_WRITE, filt_soattach, filt_sodetach, filt_sotouch,
	    filt_sowrite, NULL },
	{ EVFILT_EXCEPT, filt_soattach, filt_sodetach, filt_sotouch,
	    filt_soexcept, NULL },
	{ EVFILT_TIMER, filt_timerattach, filt_timerdetach, filt_timertouch,
	    filt_timer, filt_timerclear },
	{ EVFILT_USER, filt_userattach, filt_userdetach, filt_usertouch,
	    filt_user, filt_userclear }
};

static const struct filterops *
filter_find(short filter)
{
	u_int i;

	for (i = 0; i < nitems(filters); i++)
		if (filters[i].f_filter == filter)
			return (&filters[i]);
	return (NULL);
}

static inline struct knote_list *
kq_bucket(const struct kqueue *kq, uintptr_t ident, short filter)
{
	uint64_t hash;

	hash = ((uint64_t)ident + (uint64_t)(unsigned short)filter * 0x10001) *
	    0x9e3779b97f4a7c15ULL;
	return (&kq->kq_hash[(hash >> 32) & kq->kq_mask]);
}

static struct knote *
kq_find(const struct kqueue *kq, uintptr_t ident, short filter)
{
	struct knote *kn;

	if (kq->kq_hash == NULL)
		return (NULL);
	SLIST_FOREACH(kn, kq_bucket(kq, ident, filter), kn_link)
		if (kn->kn_kev.ident == ident && kn->kn_kev.filter == filter)
			return (kn);
	return (NULL);
}

/* Twice the buckets; without memory for them the old ones do. */
static void
kq_grow(struct kqueue *kq)
{
	struct knote_list *old;
	struct knote *kn;
	u_int i, nold;

	old = kq->kq_hash;
	nold = old == NULL ? 0 : kq->kq_mask + 1;
	kq->kq_hash = mallocarray(max(2 * nold, KQ_HASHMIN), sizeof(*old),
	    M_KQUEUE, M_NOWAIT | M_ZERO);
	if (kq->kq_hash == NULL) {
		kq->kq_hash = old;
		return;
	}
	kq->kq_mask = max(2 * nold, KQ_HASHMIN) - 1;
	for (i = 0; i < nold; i++) {
		while ((kn = SLIST_FIRST(&old[i])) != NULL) {
			SLIST_REMOVE_HEAD(&old[i], kn_link);
			SLIST_INSERT_HEAD(kq_bucket(kq, kn->kn_kev.ident,
			    kn->kn_kev.filter), kn, kn_link);
		}
	}
	free(old, M_KQUEUE);
}

/* The end of kn. */
static void
knote_drop(struct knote *kn)
{
	struct kqueue *kq;

	kq = kn->kn_kq;
	kn->kn_fop->f_detach(kn);
	knote_dequeue(kn);
	SLIST_REMOVE(kq_bucket(kq, kn->kn_kev.ident, kn->kn_kev.filter), kn,
	    knote, kn_link);
	kq->kq_count--;
	free(kn, M_KQUEUE);
}

/* A knote for kev, which has none yet. */
static int
knote_create(struct kqueue *kq, const struct filterops *fop,
    const struct kevent *kev, struct knote **knp)
{
	struct knote *kn;
	int error;

	if (kq->kq_hash == NULL || kq->kq_count > 2 * kq->kq_mask)
		kq_grow(kq);
	if (kq->kq_hash == NULL)
		return (ENOMEM);
	kn = malloc(sizeof(*kn), M_KQUEUE, M_NOWAIT | M_ZERO);
	if (kn == NULL)
		return (ENOMEM);
	kn->kn_kq = kq;
	kn->kn_fop = fop;
	kn->kn_kev = *kev;
	kn->kn_kev.flags &= (unsigned short)~EV_ACTIONS;
	kn->kn_sfflags = kev->fflags;
	kn->kn_sdata = kev->data;
	error = fop->f_attach(kn);
	if (error != 0) {
		free(kn, M_KQUEUE);
		return (error);
	}
	SLIST_INSERT_HEAD(kq_bucket(kq, kev->ident, kev->filter), kn,
	    kn_link);
	kq->kq_count++;
	*knp = kn;
	return (0);
}

/* A change to kn, which was there. */
static int
knote_touch(struct knote *kn, const struct kevent *kev)
{
	int error;

	error = kn->kn_fop->f_touch(kn, kev);
	if (error != 0)
		return (error);
	kn->kn_kev.udata = kev->udata;
	if ((kev->flags & EV_ADD) != 0)
		kn->kn_kev.flags = kev->flags & (unsigned short)~EV_ACTIONS;
	return (0);
}

int
kqueue_register(struct kqueue *kq, const struct kevent *kev)
{
	const struct filterops *fop;
	struct knote *kn;
	struct socket *so;
	int error;

	fop = filter_find(kev->filter);
	if (fop == NULL)
		return (EINVAL);
	if (fop->f_attach == filt_soattach && (kev->ident > INT_MAX ||
	    fd_getsock((int)kev->ident, &so) == EBADF))
		return (EBADF);
	kn = kq_find(kq, kev->ident, kev->filter);
	if (kn == NULL && (kev->flags & (EV_ADD | EV_DELETE)) != EV_ADD)
		return (ENOENT);
	if ((kev->flags & EV_DELETE) != 0) {
		knote_drop(kn);
		return (0);
	}
	error = kn == NULL ? knote_create(kq, fop, kev, &kn) :
	    knote_touch(kn, kev);
	if (error != 0)
		return (error);
	if ((kev->flags & EV_DISABLE) != 0) {
		knote_dequeue(kn);
		kn->kn_status |= KN_DISABLED;
	} else if ((kev->flags & (EV_ADD | EV_ENABLE)) != 0)
		kn->kn_status &= ~KN_DISABLED;
	if (fop->f_event(kn))
		knote_enqueue(kn);
	return (0);
}

/* kn, which was active, has been reported. */
static void
knote_reported(struct knote *kn)
{

	if ((kn->kn_kev.flags & EV_ONESHOT) != 0) {
		knote_drop(kn);
		return;
	}
	if ((kn->kn_kev.flags & EV_CLEAR) != 0 &&
	    kn->kn_fop->f_clear != NULL)
		kn->kn_fop->f_clear(kn);
	if ((kn->kn_kev.flags & EV_DISPATCH) != 0)
		kn->kn_status |= KN_DISABLED;
	if ((kn->kn_kev.flags & (EV_CLEAR | EV_DISPATCH)) != 0)
		return;
	kn->kn_status |= KN_ACTIVE;
	TAILQ_INSERT_TAIL(&kn->kn_kq->kq_active, kn, kn_tqe);
	kn->kn_kq->kq_nactive++;
}

int
kqueue_scan(struct kqueue *kq, struct kevent *out, int n)
{
	struct knote *kn;
	u_int left;
	int count;

	count = 0;
	for (left = kq->kq_nactive; left > 0 && count < n; left--) {
		kn = TAILQ_FIRST(&kq->kq_active);
		knote_dequeue(kn);
		if (!kn->kn_fop->f_event(kn))
			continue;
		out[count++] = kn->kn_kev;
		knote_reported(kn);
	}
	return (count);
}

bool
kqueue_ready(struct kqueue *kq)
{
	struct knote *kn;

	while ((kn = TAILQ_FIRST(&kq->kq_active)) != NULL) {
		if (kn->kn_fop->f_event(kn))
			return (true);
		knote_dequeue(kn);
	}
	return (false);
}

struct kqueue *
kqueue_create(void)
{
	struct kqueue *kq;

	kq = malloc(sizeof(*kq), M_KQUEUE, M_NOWAIT | M_ZERO);
	if (kq != NULL)
		TAILQ_INIT(&kq->kq_active);
	return (kq);
}

void
kqueue_destroy(struct kqueue *kq)
{
	struct knote *kn;
	u_int i;

	for (i = 0; kq->kq_hash != NULL && i <= kq->kq_mask; i++)
		while ((kn = SLIST_FIRST(&kq->kq_hash[i])) != NULL)
			knote_drop(kn);
	free(kq->kq_hash, M_KQUEUE);
	free(kq, M_KQUEUE);
}

void
kqueue_set_notify(struct kqueue *kq, void (*func)(void *), void *arg)
{

	kq->kq_notify = func;
	kq->kq_notifyarg = arg;
}

void
knote_socket(struct socket *so)
{
	struct knote *kn;

	SLIST_FOREACH(kn, &so->so_knotes, kn_selnext)
		if ((kn->kn_status & (KN_ACTIVE | KN_DISABLED)) == 0 &&
		    kn->kn_fop->f_event(kn))
			knote_enqueue(kn);
}

void
knote_fdclose(struct socket *so)
{
	struct knote *kn;

	while ((kn = SLIST_FIRST(&so->so_knotes)) != NULL)
		knote_drop(kn);
}

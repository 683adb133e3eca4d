/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of host kind of libstackyard share: loops, hosts, and how
 * failure is reported.  The program sees none of it.
 *
 * Who owns what: a loop owns its hosts, its calls (sy_loop_at), its watched
 * descriptors, its captures and its hold on loaded modules.  A host owns its
 * vnet and its watches.  A capture refers to hosts by their names' pointers;
 * a host that goes leaves its captures first.
 */
#ifndef _SY_LOOP_H_
#define	_SY_LOOP_H_

#if __has_include(<bsd/sys/tree.h>)
#include <bsd/sys/tree.h>
#else
#include <sys/tree.h>
#endif
#include <stdatomic.h>

#include "stackyard.h"
#include "sy_internal.h"
#include "../../sys/sys/vnet_line.h"

/* ---- Events (loop.c) ---- */

/* Something with a place in the loop's heap. */
struct sy_event {
	uint64_t	ev_when;	/* ns; SY_NEVER */
	uint64_t	ev_seq;		/* order among equal times */
	uint32_t	ev_place;	/* index into l_heap */
	bool		ev_ishost;	/* in a sy_host; else in a sy_call */
};

struct sy_slot {			/* not later than its event */
	uint64_t	s_when;
	uint64_t	s_seq;
	struct sy_event	*s_event;
};

static inline bool
sy_before(const struct sy_slot *a, const struct sy_slot *b)
{
	return (a->s_when < b->s_when ||
	    (a->s_when == b->s_when && a->s_seq < b->s_seq));
}

struct sy_call;
struct sy_calls {			/* all of sy_loop_at()'s */
	struct sy_call	**c_chunks;
	uint32_t	c_nchunks;
	struct sy_call	*c_free;
};

/* What running a loop for one event came to. */
enum sy_ran {
	SY_RAN,				/* one event was run */
	SY_LIMIT,			/* none before the time limit */
	SY_IDLE,			/* none, ever */
	SY_STOPPED			/* sy_loop_stop() */
};

struct sy_control;
struct sy_kld;
struct sy_real;
struct sy_turn;
#define	SY_DOORS	16		/* sy_host_enter() may nest so deep */

struct sy_loop {
	struct sy_slot	*l_heap;
	uint32_t	l_len, l_room;
	/* Hosts that want their turns at once, in order; and virtual time, or
	 * real: that of this event; and SY_RARE_*. */
	struct vnet_line l_line;
	int		l_mode;		/* SY_VIRTUAL, SY_REAL */
	struct sy_host	*l_running;	/* its vnet_run(), from here */
	struct sy_host	*l_subject;	/* its callbacks run; NULL: it went */
	struct sy_host	*l_last;	/* whose the last event was, or NULL */
	unsigned	l_depth;	/* callbacks in progress */
	unsigned	l_gone;		/* hosts freed so far */
	uint64_t	l_born;		/* hosts made so far */
	void		(*l_hook)(struct sy_host *, void *);
	void		*l_hookarg;
	uint64_t	l_seed;
	struct sy_calls	l_calls;
	TAILQ_HEAD(, sy_host) l_hosts;	/* in order of creation */
	RB_HEAD(sy_names, sy_host) l_names;
	TAILQ_HEAD(, sy_capture) l_captures;
	struct sy_kld	*l_klds[SYK_KLD_SLOTS];	/* in order of loading */
	unsigned	l_nklds;
	struct sy_real	*l_real;	/* NULL in virtual time */
	struct sy_turn	*l_turn;	/* NULL: one thread only */
	struct sy_control *l_control;	/* NULL: no control socket */
	struct vnet	*l_doors[SY_DOORS];	/* current before each */
	unsigned	l_ndoors;
};

/* What an event must look at that is seldom so. */
#define	SY_RARE_STOP	0x1		/* set by handlers and threads */
#define	SY_RARE_REAL	0x2		/* l_mode is SY_REAL */
#define	SY_RARE_TURNS	0x4		/* there is l_turn */
#define	SY_RARE_HOOK	0x8		/* there is l_hook */

static inline unsigned
sy_rare(const struct sy_loop *loop)
{
	return (atomic_load_explicit(&loop->l_line.vl_rare,
	    memory_order_relaxed));
}

static inline void
sy_set_rare(struct sy_loop *loop, unsigned bit, bool on)
{
	if (on)
		(void)atomic_fetch_or(&loop->l_line.vl_rare, bit);
	else
		(void)atomic_fetch_and(&loop->l_line.vl_rare, ~bit);
}

#define	SY_RNDBLOCK	256
struct sy_random {			/* a stream of random bytes */
	uint8_t		r_key[32];
	uint64_t	r_block;	/* the next block's number */
	uint32_t	r_used;		/* of r_buf */
	bool		r_system;	/* the system's randomness instead */
	uint8_t		r_buf[SY_RNDBLOCK];
};

struct sy_tap;
struct sy_host {
	struct sy_event	h_event;
	struct vnet	*h_vnet;
	struct vnet_place *h_place;	/* its, in l_line */
	struct sy_loop	*h_loop;
	TAILQ_HEAD(, sy_watch) h_ready;	/* watches to look at */
	struct sy_watch	**h_watches;	/* by descriptor */
	int		h_nwatches;	/* room there */
	struct sy_watch	*h_called;	/* its callback runs; NULL: it went */
	struct sy_random h_random;
	void		(*h_log)(void *, int, const char *);
	void		*h_logarg;
	TAILQ_HEAD(, sy_tap) h_taps;
	TAILQ_ENTRY(sy_host) h_link;
	RB_ENTRY(sy_host) h_node;
	uint64_t	h_id;		/* l_born when it was made */
	bool		h_starting;	/* log lines go to the error, too */
	char		h_name[SYK_NAMELEN];
};
RB_PROTOTYPE(sy_names, sy_host, h_node, );

/* ---- Turns (turn.c) ---- */

/*
 * A loop with a control socket is used by two threads, in turns.  Without
 * one these do nothing.  Take and drop nest; who waits is let in by yield,
 * and while a turn is given up, which is until it is resumed.
 */
struct sy_turn *sy_turn_new(void);		/* NULL: ENOMEM */
void	sy_turn_free(struct sy_turn *turn);
void	sy_turn_lock(struct sy_turn *turn);
void	sy_turn_unlock(struct sy_turn *turn);
void	sy_turn_let_in(struct sy_turn *turn);
unsigned sy_turn_give_up(struct sy_turn *turn);
void	sy_turn_resume(struct sy_turn *turn, unsigned depth);

static inline void
sy_take(struct sy_loop *loop)
{
	if (loop->l_turn != NULL)
		sy_turn_lock(loop->l_turn);
}

static inline void
sy_drop(struct sy_loop *loop)
{
	if (loop->l_turn != NULL)
		sy_turn_unlock(loop->l_turn);
}

static inline void
sy_yield(struct sy_loop *loop)
{
	if (loop->l_turn != NULL)
		sy_turn_let_in(loop->l_turn);
}

/* Around what may take long and is not ours: the program's callbacks. */
static inline unsigned
sy_give_up(struct sy_loop *loop)
{
	return (loop->l_turn != NULL ? sy_turn_give_up(loop->l_turn) : 0);
}

static inline void
sy_resume(struct sy_loop *loop, unsigned depth)
{
	if (loop->l_turn != NULL)
		sy_turn_resume(loop->l_turn, depth);
}

/* Put event into the heap, at SY_NEVER: ENOMEM. */
int	sy_event_add(struct sy_loop *loop, struct sy_event *event);
void	sy_event_remove(struct sy_loop *loop, struct sy_event *event);
/* Have host's turn come no later than when. */
void	sy_host_want(struct sy_host *host, uint64_t when);
/* host leaves the loop. */
void	sy_host_forget(struct sy_host *host);
/* Run the next event no later than limit; SY_LIMIT: it is limit now. */
enum sy_ran sy_loop_next(struct sy_loop *loop, uint64_t limit);
/* The same again and again, until an event was host's or nobody's, or a host
 * has gone.  advance: SY_LIMIT as above; else the time stays. */
enum sy_ran sy_loop_until(struct sy_loop *loop, const struct sy_host *host,
	    uint64_t limit, bool advance);
/*
 * The same, as far as it is turns of hosts in line in this instant whose end
 * nobody is told of: true if that sufficed; else the above goes on.
 */
static inline bool
sy_loop_turns(struct sy_loop *loop, const struct sy_host *host)
{
	if ((loop->l_depth | loop->l_ndoors) != 0)
		return (false);
	return (vnet_line_run(&loop->l_line, host));
}
/* The event that comes first, which is due. */
void	sy_loop_event(struct sy_loop *loop);
/* What follows an event in host: watches, the hook. */
void	sy_loop_after(struct sy_loop *loop, struct sy_host *host);
/* The heap's top is earlier than its event: move it. */
void	sy_loop_settle(struct sy_loop *loop);
/* What comes first, and when: of the line, or else the heap's top.  NULL:
 * nothing.  Who is in line has an event in the heap. */
static inline struct sy_event *
sy_loop_first(struct sy_loop *loop, uint64_t *when)
{
	const struct vnet_place *place = loop->l_line.vl_first;
	const struct sy_slot *top;

	for (; loop->l_len > 0; sy_loop_settle(loop)) {
		top = &loop->l_heap[0];
		if (place != NULL && (top->s_when > loop->l_line.vl_now ||
		    place->pl_seq < top->s_seq)) {
			*when = loop->l_line.vl_now;
			return (&((struct sy_host *)place->pl_arg)->h_event);
		}
		*when = top->s_when;
		if (top->s_seq == top->s_event->ev_seq)
			return (top->s_event);
	}
	*when = SY_NEVER;
	return (NULL);
}

static inline uint64_t
sy_loop_due(struct sy_loop *loop)
{
	uint64_t when;

	(void)sy_loop_first(loop, &when);
	return (when);
}
/* May a call run the loop now?  0, or EDEADLK with the reason noted. */
int	sy_loop_refuse(const struct sy_loop *loop);
static inline int
sy_loop_mayrun(const struct sy_loop *loop)
{
	if (loop->l_depth == 0 && loop->l_ndoors == 0)
		return (0);
	return (sy_loop_refuse(loop));
}

/* ---- Real time (real.c) ---- */

int	sy_real_new(struct sy_loop *loop);
void	sy_real_free(struct sy_loop *loop);
uint64_t sy_real_clock(void);
/* Nanoseconds from sy_real_clock()'s zero to 1970, negated. */
int64_t	sy_real_epoch(void);
enum sy_ran sy_real_next(struct sy_loop *loop, uint64_t limit);
/* Wake a loop that waits; may be called by a signal handler. */
void	sy_real_wakeup(struct sy_real *real);
/*
 * Watch fd; func is called outside any vnet.  events 0: stop.  ENOMEM,
 * ENOENT.
 */
int	sy_real_watch(struct sy_loop *loop, int fd, short events,
	    void (*func)(void *, short), void *arg);
/* The same for host's own: its turns' equal.  wanted(arg) says, before each
 * wait, for which events. */
int	sy_real_watch_host(struct sy_host *host, int fd,
	    void (*func)(void *, short), short (*wanted)(void *), void *arg);

static inline uint64_t
sy_now(const struct sy_loop *loop)
{
	return (loop->l_mode == SY_REAL ? sy_real_clock() :
	    loop->l_line.vl_now);
}

/* ---- Hosts (host.c) ---- */

/* len bytes from what names it: a label, a seed and two strings. */
void	sy_derive(void *buf, size_t len, const char *label, uint64_t seed,
	    const char *a, const char *b);

/* ---- The control socket (control.c) ---- */

/* host is new: have threads take turns in it too, if there are any. */
void	sy_control_host_new(struct sy_host *host);

/* ---- Modules (kld.c), captures (capture.c), TAP (tap.c) ---- */

int	sy_kld_attach_all(struct sy_host *host);
void	sy_kld_release_all(struct sy_loop *loop);
/* sy_kldload() that says which one it became, counted from 2 (the stack
 * itself is 1), and -1; sy_kldunload() by name or number. */
int	sy_kld_load(struct sy_loop *loop, const char *path);
int	sy_kld_unload(struct sy_loop *loop, const char *name, bool force);
struct sy_kldinfo {
	int		ki_id;
	uintptr_t	ki_address;
	size_t		ki_size;
	const char	*ki_file, *ki_path, *ki_module;	/* NULL: the file */
};
/* Call func(arg, info) for each file and, after it, its modules in host. */
int	sy_kld_foreach(struct sy_loop *loop, struct sy_host *host,
	    int (*func)(void *, const struct sy_kldinfo *), void *arg);
void	sy_capture_host_gone(struct sy_host *host);
void	sy_capture_close_all(struct sy_loop *loop);
void	sy_tap_host_gone(struct sy_host *host);

/* ---- Watches and waiting (wait.c) ---- */

void	sy_watch_dispatch(struct sy_host *host);
void	sy_watch_forget(struct sy_host *host, int fd);
void	sy_watch_forget_all(struct sy_host *host);
/*
 * Run the loop until the next event of host, or any that is nobody's, has
 * been run.  0; EAGAIN at the deadline; EDEADLK; EINTR stopped; EBADF host
 * is no more.  The reason is noted, unless 0.  deadline is sy_deadline()'s.
 */
int	sy_wait_event(struct sy_host *host, uint64_t deadline);
/* Whose end can be found without passing time, and so without a deadline. */
static inline bool
sy_wait_instant(const struct sy_host *host)
{
	return (sy_loop_turns(host->h_loop, host));
}
/* The same, until fd is ready for one of events (SYK_POLL*), which *revents
 * then says; an error is SYK_POLLERR. */
int	sy_wait_fd(struct sy_host *host, int fd, int events,
	    uint64_t deadline, int *revents);
/* The deadline of a wait of ns from now; SY_NEVER: without a limit. */
#define	SY_GIVE_UP	(1ULL << 63)	/* a deadline that means never */
#define	SY_YEAR		(365 * 86400 * 1000000000ULL)	/* ns */
uint64_t sy_deadline(const struct sy_loop *loop, uint64_t ns);

/* ---- Failure (error.c) ---- */

/* Note the sentence, set errno; return -1. */
int	sy_fail(int error, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/*
 * The same for a call on a descriptor.  Cheap: the sentence is made when it
 * is asked for.  call is a constant string; fd may be SY_NOFD.
 */
int	sy_fail_fd(int error, const char *call, const struct sy_host *host,
	    int fd);
/* Why a wait ended, for the sy_fail_fd() that follows: a constant string;
 * NULL: none will follow. */
void	sy_note_wait(const char *why);
/* A log line worth repeating in the next sentence; NULL: forget it. */
void	sy_note_log(const char *line);
const char *sy_noted_log(void);

/* ---- Numbers of the host's and the stack's (translate.c) ---- */

enum syk_af sy_tr_domain(int domain);
int	sy_tr_type(int type);		/* -1: not known */
/* EINVAL: too short. */
int	sy_tr_addr_in(const struct sockaddr *sa, socklen_t len,
	    struct syk_addr *addr);
/* Cut to *len, which becomes the whole length. */
void	sy_tr_addr_out(const struct syk_addr *addr, struct sockaddr *sa,
	    socklen_t *len);
int	sy_tr_msg_in(int flags, int *kflags);	/* EOPNOTSUPP */
/* ENOPROTOOPT */
int	sy_tr_option(int level, int name, int *klevel, int *kname);
/* Values that are numbers of their own: SO_DOMAIN, SO_TYPE. */
void	sy_tr_optval_out(int klevel, int kname, void *val, size_t len);
int	sy_tr_poll_in(short events);
short	sy_tr_poll_out(int kevents, short wanted);

#endif /* !_SY_LOOP_H_ */

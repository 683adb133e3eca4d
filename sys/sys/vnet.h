/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * One host is one vnet.  All state of one host's stack hangs off a struct
 * vnet; a process holds thousands.  One thread drives one vnet at a time,
 * so nothing inside takes a lock.
 *
 * A file owns its variables by VNET_DEFINE.  The initial values stand in
 * the section set_vnet of the object that defines them; every vnet has a
 * copy of that section, and V_name is VNET(name), the current vnet's copy.
 * Code of the stack itself reaches its variables with one load and one
 * addition.  Code of a module (KLD_MODULE) may name variables of the stack
 * or its own, and tells them apart by address.
 *
 * The current vnet, curvnet, is thread-local and is set at the doors of
 * the stack: vnet_enter() and vnet_leave().
 */
#ifndef _STACKYARD_SYS_VNET_H_
#define	_STACKYARD_SYS_VNET_H_

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/vnet_line.h>

#define	VNET_NAMELEN	32	/* a host's name with its NUL, bytes */
#define	VNET_COMMLEN	20	/* a program's name with its NUL, bytes */
#define	VNET_MODULES	64	/* modules with VNET variables, at most */

/* The process that a host's sockets belong to. */
struct vnet_proc {
	int32_t		vp_pid;
	uint32_t	vp_uid, vp_gid;
	char		vp_comm[VNET_COMMLEN];
};

/*
 * What a host lends its stack.  The arg is the one given to vnet_alloc().
 */
struct vnet_hostops {
	/* The time in nanoseconds; never runs backwards. */
	nstime_t (*ho_clock)(void *arg);
	/* Nanoseconds to add to ho_clock's time to have that since 1970. */
	int64_t	(*ho_epoch)(void *arg);
	/* Fill buf with len random bytes. */
	void	(*ho_random)(void *arg, void *buf, size_t len);
	/* Take a log line (no newline at its end); level is LOG_*. */
	void	(*ho_log)(void *arg, int level, const char *line);
	/*
	 * The vnet wants its turn (vnet_run()) no later than when.  Called
	 * only when this is earlier than what was asked for before; not when
	 * it could join vnet_line instead.
	 */
	void	(*ho_wakeup)(void *arg, nstime_t when);
	/*
	 * If VNET_SHARED: called as a thread enters, before it touches the
	 * vnet, and as it leaves, after.  Threads take turns; one may enter
	 * again what it has entered.
	 */
	void	(*ho_enter)(void *arg);
	void	(*ho_leave)(void *arg);
	/* Whose sockets they are, now; NULL: nobody's that is known. */
	void	(*ho_proc)(void *arg, struct vnet_proc *proc);
};

struct vnet_tunable {
	const char	*vt_name;	/* as sysctl(8) writes it */
	const char	*vt_value;
};

/*
 * Work put off until the batch in progress ends: done by vnet_leave() and
 * vnet_run(), in the order it was asked for, once however often asked.
 */
struct vnet_task {
	struct vnet_task *vt_next;	/* behind it */
	void	(*vt_func)(void *arg);
	void	*vt_arg;
	bool	vt_pending;
	bool	vt_later;		/* pending for the next turn */
};
struct vnet_taskq {
	struct vnet_task *tq_first;	/* NULL: none */
	struct vnet_task *tq_last;	/* if there is a first */
};
#define	VNET_TASK_INIT(t, func, arg) do {				\
	(t)->vt_func = (func);						\
	(t)->vt_arg = (arg);						\
	(t)->vt_pending = (t)->vt_later = false;			\
} while (0)

struct callout_wheel;
struct vnet_base;
struct uma_zone;
struct mbuf_pool;

struct vnet {
	/* Of the core: the address of the copy minus the template's.  A type
	 * of its own, so that compilers see that a store to a counter does
	 * not change it. */
	struct vnet_base *vnet_data_base;
	nstime_t	vnet_now;	/* time of the batch in progress, ns */
	struct callout_wheel *vnet_wheel;
	struct mbuf_pool *vnet_mbufs;
	struct vnet_taskq vnet_tasks;	/* of the end of the batch */
	struct vnet_taskq vnet_later;	/* of the next turn */
	nstime_t	vnet_wanted;	/* turn that the driver knows of, but
					 * for one by vnet_line */
	union {
		struct {
			u_int	vnet_depth;	/* doors passed and not left */
			u_int	vnet_waits;	/* in line; or has none */
		};
		uint64_t vnet_awake;	/* not 0: will do its tasks */
	};
	u_int		vnet_rare;	/* what a door must look at: VNET_* */
	bool		vnet_due_old;	/* vnet_due may be too early */
	nstime_t	vnet_due;	/* the first callout's, or vnet_later's,
					 * time, ns */
	nstime_t	vnet_ran;	/* the last turn's, ns */
	struct vnet_line *vnet_line;	/* of its driver's vnets, or NULL */
	struct vnet_place vnet_place;	/* there */
	/* Where the host keeps its time, which never runs backwards; NULL:
	 * ho_clock says it. */
	const nstime_t	*vnet_clock;
	const struct vnet_hostops *vnet_ops;
	void		*vnet_arg;	/* for vnet_ops */
	void		*vnet_data_mem;	/* the core's copy */
	void		*vnet_modmem[VNET_MODULES]; /* the modules' copies */
	uint32_t	vnet_state;
	uint32_t	vnet_id;	/* tells those alive apart; no seed */
	char		vnet_name[VNET_NAMELEN];
	/* For the layer that created the vnet (libstackyard). */
	void		*vnet_owner;
};

#define	VNET_INLINE	1	/* vnet_waits: there is a turn to come */
#define	VNET_NOLINE	2	/* there is no vnet_line */

#define	VNET_SHARED	0x100	/* by threads, which ho_enter orders */
#define	VNET_ASKS	0x200	/* ho_clock for the time: no vnet_clock */

extern __thread struct vnet *curvnet
    __attribute__((__tls_model__("initial-exec")));

/*
 * Make a host.  Its variables get their defaults, then the tunables'
 * values (ntun of them; may be 0), then SYSINITs run in order.
 * On success *vnetp is the caller's, to be given to vnet_destroy().
 * Returns 0; ENOMEM; EINVAL or ENOENT for a tunable whose value or name is
 * wrong (the name is logged); or what a SYSINIT failed with.
 */
int	vnet_alloc(const char *name, const struct vnet_hostops *ops,
	    void *arg, const struct vnet_tunable *tun, size_t ntun,
	    struct vnet **vnetp);
/* Close all sockets, remove interfaces, run SYSUNINITs, free all of it. */
void	vnet_destroy(struct vnet *vnet);

/*
 * The doors.  vnet_enter() makes vnet current, reads its clock once, and
 * returns what was current before; vnet_leave() runs the tasks that were
 * put off and restores that.  Doors nest: only the outermost one of a vnet
 * reads the clock and runs tasks.
 */
struct vnet *vnet_enter(struct vnet *vnet);
void	vnet_leave(struct vnet *saved);
/* What of leaving is seldom needed: do the tasks; tell the driver. */
void	vnet_run_tasks(struct vnet *vnet);
void	vnet_want_sooner(struct vnet *vnet);

/* The same doors, for a file of many calls: only the usual way is here.  (Of a
 * vnet that threads share nothing but vnet_rare may be read before ho_enter;
 * compilers join two conditions of one `if'.) */
static inline struct vnet *
vnet_enter_fast(struct vnet *vnet)
{
	struct vnet *saved = curvnet;

	if (__predict_false(vnet->vnet_rare != 0))
		return (vnet_enter(vnet));
	if (__predict_false(vnet->vnet_depth != 0))
		return (vnet_enter(vnet));
	curvnet = vnet;
	vnet->vnet_depth = 1;
	vnet->vnet_now = *vnet->vnet_clock;
	return (saved);
}

/*
 * A door where vnet_enter() would find nothing to look at: nobody is inside,
 * threads do not share the vnet, and the host keeps its time where it can be
 * read.  Who enters leaves by vnet_end_batch().
 */
static inline bool
vnet_is_still(const struct vnet *vnet)
{

	return ((vnet->vnet_depth | vnet->vnet_rare) == 0);
}

static inline struct vnet *
vnet_enter_still(struct vnet *vnet)
{
	struct vnet *saved = curvnet;

	curvnet = vnet;
	vnet->vnet_depth = 1;
	vnet->vnet_now = *vnet->vnet_clock;
	return (saved);
}

/* Whoever passed the outermost door of vnet leaves by it. */
static inline void
vnet_end_batch(struct vnet *vnet, struct vnet *saved)
{
	if (vnet->vnet_tasks.tq_first != NULL)
		vnet_run_tasks(vnet);
	vnet->vnet_depth = 0;
	curvnet = saved;
	if (vnet->vnet_due < vnet->vnet_wanted)
		vnet_want_sooner(vnet);
}

static inline void
vnet_leave_fast(struct vnet *saved)
{
	struct vnet *vnet = curvnet;

	if (__predict_false(((vnet->vnet_depth | vnet->vnet_rare) &
	    ~(u_int)VNET_ASKS) != 1)) {
		vnet_leave(saved);
		return;
	}
	vnet_end_batch(vnet, saved);
}

/*
 * A door for who only looks: makes vnet current, but the time may be an old
 * one, and nothing may be armed or put off before vnet_look_end().
 */
static inline struct vnet *
vnet_look(struct vnet *vnet)
{
	struct vnet *saved = curvnet;

	if (__predict_false((vnet->vnet_rare & VNET_SHARED) != 0))
		vnet->vnet_ops->ho_enter(vnet->vnet_arg);
	curvnet = vnet;
	return (saved);
}

static inline void
vnet_look_end(struct vnet *saved)
{
	struct vnet *vnet = curvnet;

	curvnet = saved;
	if (__predict_false((vnet->vnet_rare & VNET_SHARED) != 0))
		vnet->vnet_ops->ho_leave(vnet->vnet_arg);
}

/*
 * Give vnet its turn: enter, run the callouts that are due, run tasks,
 * leave.  Returns when it wants its next turn, UINT64_MAX for never.
 */
nstime_t vnet_run(struct vnet *vnet);
/*
 * Turns of those in line, one after the other, until one of the vnet named
 * arg has had it: true.  False if there is nothing left in this instant that
 * the driver need not look at first.  The driver has entered none of them, no
 * threads share them, and vl_now is their clock.
 */
bool	vnet_line_run(struct vnet_line *line, const void *arg);
/* When vnet wants its turn, UINT64_MAX for never. */
nstime_t vnet_next(const struct vnet *vnet);

/*
 * Put task off to curvnet's next turn, which comes at the same time, but after
 * those of others that are due: for what has done enough for one batch.
 */
void	vnet_task_later(struct vnet_task *task);
/* Forget task if it is pending. */
void	vnet_task_cancel(struct vnet_task *task);

static inline void
vnet_task_append(struct vnet_taskq *tq, struct vnet_task *task)
{
	task->vt_pending = true;
	task->vt_next = NULL;
	if (tq->tq_first == NULL)
		tq->tq_first = task;
	else
		tq->tq_last->vt_next = task;
	tq->tq_last = task;
}

static inline void
vnet_task_insert(struct vnet *vnet, struct vnet_task *task)
{
	vnet_task_append(&vnet->vnet_tasks, task);
}

/* Put task off to the end of the batch of curvnet. */
static inline void
vnet_task_enqueue(struct vnet_task *task)
{
	if (!task->vt_pending)
		vnet_task_insert(curvnet, task);
}

/* vnet, which has a line and is not in it, wants a turn at once. */
static inline void
vnet_join(struct vnet *vnet)
{
	struct vnet_line *line = vnet->vnet_line;
	struct vnet_place *place = &vnet->vnet_place;

	vnet->vnet_waits = VNET_INLINE;
	place->pl_seq = line->vl_seq;
	place->pl_next = NULL;
	if (__predict_true(line->vl_first == NULL))
		line->vl_first = place;
	else {
		place->pl_prev = line->vl_last;
		line->vl_last->pl_next = place;
	}
	line->vl_last = place;
}
/* It wants none any more, if it waits. */
void	vnet_unjoin(struct vnet *vnet);
/* Ask for a turn if that is sooner than what was asked for. */
void	vnet_want(struct vnet *vnet, nstime_t when);

/*
 * Put task off in a vnet that need not be the current one, of which there is
 * one, and wake that vnet now.  For what hands packets from one vnet to
 * another (if_epair).  vnet_task_wake() is for a task that is not pending.
 */
static inline void
vnet_task_wake(struct vnet *vnet, struct vnet_task *task)
{
	vnet_task_insert(vnet, task);
	if (__predict_true(vnet->vnet_awake == 0))
		vnet_join(vnet);
	else if (vnet->vnet_depth == 0)
		vnet_want(vnet, curvnet->vnet_now);
}

static inline void
vnet_task_send(struct vnet *vnet, struct vnet_task *task)
{
	if (!task->vt_pending)		/* and vnet awake */
		vnet_task_wake(vnet, task);
}

/* The process that curvnet's sockets belong to; all zeros: not known. */
void	vnet_proc(struct vnet_proc *proc);

/* len random bytes of curvnet's own stream. */
void	vnet_random(void *buf, size_t len);

/* The copy in curvnet of the variable whose template is at addr. */
void	*vnet_ptr(const void *addr);
/* As vnet_ptr(), or NULL if addr is in no VNET section. */
void	*vnet_ptr_or_null(const void *addr);

#define	VNET_NAME(n)		vnet_entry_##n
#define	VNET_DECLARE(t, n)	extern __typeof__(t) VNET_NAME(n)
#define	VNET_DEFINE(t, n)						\
	__typeof__(t) VNET_NAME(n) __section("set_vnet") __used
#define	VNET_DEFINE_STATIC(t, n)					\
	static __typeof__(t) VNET_NAME(n) __section("set_vnet") __used

#ifdef KLD_MODULE
extern char __start_set_vnet[] __weak_symbol __hidden;
extern char __stop_set_vnet[] __weak_symbol __hidden;
extern int kld_vnet_slot __hidden;
/* The module's own variables here, all others by search. */
static inline void *
vnet_module_ptr(void *addr)
{
	if ((char *)addr >= __start_set_vnet && (char *)addr <
	    __stop_set_vnet)
		return ((char *)curvnet->vnet_modmem[kld_vnet_slot] +
		    ((char *)addr - __start_set_vnet));
	return (vnet_ptr(addr));
}
#define	VNET_PTR(n)							\
	((__typeof__(VNET_NAME(n)) *)vnet_module_ptr(&VNET_NAME(n)))
#else
#define	VNET_PTR(n)							\
	((__typeof__(VNET_NAME(n)) *)((uintptr_t)curvnet->vnet_data_base + \
	    (uintptr_t)&VNET_NAME(n)))
#endif
#define	VNET(n)			(*VNET_PTR(n))
#ifndef KLD_MODULE
/* v's copy, whichever vnet is current. */
#define	VNET_VNET_PTR(v, n)						\
	((__typeof__(VNET_NAME(n)) *)((uintptr_t)(v)->vnet_data_base +	\
	    (uintptr_t)&VNET_NAME(n)))
#endif

#define	CURVNET_SET(v)							\
	struct vnet *saved_vnet = curvnet;				\
	curvnet = (v)
#define	CURVNET_SET_QUIET(v)	CURVNET_SET(v)
#define	CURVNET_RESTORE()	curvnet = saved_vnet
#define	IS_DEFAULT_VNET(v)	((v) != NULL)

/* A module runs once in every vnet, so the only vnet it meets is its own. */
#define	VNET_ITERATOR_DECL(v)	struct vnet *v
#define	VNET_FOREACH(v)							\
	for ((v) = curvnet; (v) != NULL; (v) = NULL)
#define	VNET_LIST_RLOCK()		do { } while (0)
#define	VNET_LIST_RUNLOCK()		do { } while (0)
#define	VNET_LIST_RLOCK_NOSLEEP()	do { } while (0)
#define	VNET_LIST_RUNLOCK_NOSLEEP()	do { } while (0)
#define	VNET_SYSINIT(ident, subsys, order, func, arg)			\
	SYSINIT(ident, subsys, order, func, arg)
#define	VNET_SYSUNINIT(ident, subsys, order, func, arg)			\
	SYSUNINIT(ident, subsys, order, func, arg)

#endif /* !_STACKYARD_SYS_VNET_H_ */

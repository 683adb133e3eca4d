/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Hosts: their birth and death, the doors through which a thread enters
 * them, and work put off to the end of a batch.
 *
 * A vnet's variables are a copy of the section set_vnet.  With
 *
 *	vnet_data_base = address of the copy - address of the section
 *
 * the copy of a variable is at vnet_data_base plus the address that the
 * compiler knows.  The copy has the section's offset from a 64-byte
 * boundary, so a variable is aligned in each vnet as it was declared.
 *
 * A batch lasts from the outermost vnet_enter() of a vnet to its
 * vnet_leave().  The clock is read once, at its start; what was put off is
 * done at its end; then, if the vnet needs its turn sooner than its driver
 * knows (vnet_wanted), ho_wakeup says so.  vnet_run() is a batch that runs
 * callouts and tells its caller directly.
 *
 * Vnets of one driver may have a line (sys/vnet_line.h).  Who wants a turn at
 * once then joins that instead of telling the driver, and has its turn by
 * vnet_line_run() or, singly, vnet_run(); vnet_wanted stays what it was, so
 * that the driver is told if the turn has changed it.
 *
 * Life:	vnet_alloc: variables, wheel, sysctls, tunables, SYSINITs
 *		vnet_destroy: SYSUNINITs, then all of that backwards; what
 *		is still put off then is never done
 *
 * The id is made of the structure's address, since nothing is shared by
 * the threads of a process: it tells vnets alive at one time apart, within
 * 256 GiB of addresses, and differs from run to run.  What a run must
 * repeat cannot come from it.
 */
#include <sys/param.h>
#include <sys/callout.h>
#include <sys/kld_image.h>
#include <sys/malloc.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "kern_private.h"

#define	REGION_ALIGN	64	/* no variable is aligned to more, bytes */

__thread struct vnet *curvnet
    __attribute__((__tls_model__("initial-exec")));

void *
vnet_region_alloc(const char *start, const char *stop)
{
	size_t len, off;
	char *mem;

	off = (uintptr_t)start % REGION_ALIGN;
	len = (size_t)((uintptr_t)stop - (uintptr_t)start);
	mem = host_alloc(off + len + 1, REGION_ALIGN, false);
	if (mem == NULL)
		return (NULL);
	if (len > 0)
		memcpy(mem + off, start, len);
	return (mem + off);
}

void
vnet_region_free(void *copy)
{

	if (copy != NULL)
		host_free((char *)copy - (uintptr_t)copy % REGION_ALIGN);
}

/* The structure and what vnet_enter() needs; NULL if memory is short. */
static struct vnet *
vnet_create(const char *name, const struct vnet_hostops *ops, void *arg)
{
	struct vnet *vnet;

	vnet = host_alloc(sizeof(*vnet), CACHE_LINE_SIZE, true);
	if (vnet == NULL)
		return (NULL);
	vnet->vnet_ops = ops;
	vnet->vnet_arg = arg;
	vnet->vnet_wanted = vnet->vnet_due = UINT64_MAX;
	vnet->vnet_state = VNET_STARTING;
	vnet->vnet_rare = VNET_ASKS;
	vnet->vnet_waits = VNET_NOLINE;
	vnet->vnet_place.pl_arg = arg;
	vnet->vnet_id = (uint32_t)((uintptr_t)vnet / CACHE_LINE_SIZE);
	(void)strlcpy(vnet->vnet_name, name, sizeof(vnet->vnet_name));
	vnet->vnet_data_mem = vnet_region_alloc(__start_set_vnet,
	    __stop_set_vnet);
	if (vnet->vnet_data_mem == NULL) {
		host_free(vnet);
		return (NULL);
	}
	vnet->vnet_data_base = (struct vnet_base *)
	    ((uintptr_t)vnet->vnet_data_mem - (uintptr_t)__start_set_vnet);
	return (vnet);
}

/* The last thing that whoever entered vnet does about it. */
static inline void
vnet_left(const struct vnet *vnet)
{

	if (__predict_false((vnet->vnet_rare & VNET_SHARED) != 0))
		vnet->vnet_ops->ho_leave(vnet->vnet_arg);
}

/* The end of vnet, which is current; makes saved current. */
static void
vnet_free(struct vnet *vnet, struct vnet *saved)
{

	linker_detach_all();
	malloc_drain();
	vnet_unjoin(vnet);
	if (vnet->vnet_wheel != NULL)
		callout_wheel_destroy(vnet->vnet_wheel);
	curvnet = saved;
	vnet_left(vnet);
	vnet_region_free(vnet->vnet_data_mem);
	host_free(vnet);
}

/* Set curvnet's variables as the ntun tunables say. */
static int
vnet_set_tunables(const struct vnet_tunable *tun, size_t ntun)
{
	size_t i;
	int error;

	for (i = 0; i < ntun; i++) {
		error = sysctl_set_string(tun[i].vt_name, tun[i].vt_value,
		    true);
		if (error != 0) {
			kern_log(LOG_ERR, "tunable %s=%s: %s",
			    tun[i].vt_name, tun[i].vt_value,
			    error == ENOENT ? "unknown variable" :
			    error == EPERM ? "variable cannot be set" :
			    "invalid value");
			return (error == ENOENT || error == ENOMEM ? error :
			    EINVAL);
		}
	}
	return (0);
}

/* Bring curvnet up. */
static int
vnet_start(const struct vnet_tunable *tun, size_t ntun)
{
	int error;

	curvnet->vnet_wheel = callout_wheel_create(curvnet->vnet_now);
	if (curvnet->vnet_wheel == NULL)
		return (ENOMEM);
	error = linker_core_attach();
	if (error == 0)
		error = vnet_set_tunables(tun, ntun);
	if (error == 0)
		error = linker_core_start();
	return (error);
}

int
vnet_alloc(const char *name, const struct vnet_hostops *ops, void *arg,
    const struct vnet_tunable *tun, size_t ntun, struct vnet **vnetp)
{
	struct vnet *vnet, *saved;
	int error;

	vnet = vnet_create(name, ops, arg);
	if (vnet == NULL)
		return (ENOMEM);
	saved = vnet_enter(vnet);
	error = vnet_start(tun, ntun);
	if (error != 0) {
		vnet_free(vnet, saved);
		return (error);
	}
	vnet->vnet_state = VNET_RUNNING;
	*vnetp = vnet;
	vnet_leave(saved);
	return (0);
}

/* Say which malloc type has memory in use, which nothing will free now. */
static int
report_leak(const struct malloc_type *type, struct mem_stats *ms,
    void *arg __unused)
{

	if (ms->ms_bytes != 0)
		kern_log(LOG_WARNING, "%s: %ju bytes of %s never freed",
		    curvnet->vnet_name, (uintmax_t)ms->ms_bytes,
		    type->ks_shortdesc);
	return (0);
}

void
vnet_destroy(struct vnet *vnet)
{
	struct vnet *saved;

	KASSERT(vnet->vnet_depth == 0, ("vnet %s destroyed while entered",
	    vnet->vnet_name));
	saved = vnet_enter(vnet);
	vnet->vnet_state = VNET_DYING;
	linker_stop();
	(void)malloc_type_foreach(report_leak, NULL);
	vnet_free(vnet, saved);
}

struct vnet *
vnet_enter(struct vnet *vnet)
{
	struct vnet *saved;
	nstime_t now;

	if (__predict_false((vnet->vnet_rare & VNET_SHARED) != 0))
		vnet->vnet_ops->ho_enter(vnet->vnet_arg);
	saved = curvnet;
	curvnet = vnet;
	if (vnet->vnet_depth++ == 0) {
		now = (vnet->vnet_rare & VNET_ASKS) == 0 ?
		    *vnet->vnet_clock :
		    vnet->vnet_ops->ho_clock(vnet->vnet_arg);
		if (now > vnet->vnet_now)
			vnet->vnet_now = now;
	}
	return (saved);
}

/* Do what was put off, which is something, and what that puts off. */
static __always_inline void
do_tasks(struct vnet *vnet)
{
	struct vnet_task *task;

	task = vnet->vnet_tasks.tq_first;
	do {
		vnet->vnet_tasks.tq_first = task->vt_next;
		task->vt_pending = false;
		task->vt_func(task->vt_arg);
	} while ((task = vnet->vnet_tasks.tq_first) != NULL);
}

void __noinline
vnet_run_tasks(struct vnet *vnet)
{

	do_tasks(vnet);
}

/* A task of the next turn makes that due at once, as a callout would: what is
 * in doubt anyway is where vnet_later is looked at. */
static void __noinline
find_due(struct vnet *vnet)
{

	callout_find_due(vnet);
	if (vnet->vnet_later.tq_first != NULL)
		vnet->vnet_due = vnet->vnet_now;
}

/* Who is in line need not: its turn will tell. */
void __noinline
vnet_want_sooner(struct vnet *vnet)
{

	if (vnet->vnet_waits == VNET_INLINE)
		return;
	if (vnet->vnet_due_old)
		find_due(vnet);
	vnet_want(vnet, vnet->vnet_due);
}

void
vnet_leave(struct vnet *saved)
{
	struct vnet *vnet;

	vnet = curvnet;
	KASSERT(vnet->vnet_depth > 0, ("vnet_leave without vnet_enter"));
	if (vnet->vnet_depth > 1) {
		vnet->vnet_depth--;
		curvnet = saved;
		vnet_left(vnet);
		return;
	}
	vnet_end_batch(vnet, saved);
	vnet_left(vnet);
}

/* vnet leaves the line; who is first there has nobody before him, whatever
 * pl_prev says. */
static inline void
unjoin(struct vnet *vnet)
{
	struct vnet_line *line = vnet->vnet_line;
	struct vnet_place *place = &vnet->vnet_place;

	vnet->vnet_waits = 0;
	if (line->vl_first == place) {
		line->vl_first = place->pl_next;
		return;
	}
	place->pl_prev->pl_next = place->pl_next;
	if (place->pl_next != NULL)
		place->pl_next->pl_prev = place->pl_prev;
	else
		line->vl_last = place->pl_prev;
}

void
vnet_unjoin(struct vnet *vnet)
{

	if (vnet->vnet_waits == VNET_INLINE)
		unjoin(vnet);
}

void __noinline
vnet_want(struct vnet *vnet, nstime_t when)
{

	if (when >= vnet->vnet_wanted || vnet->vnet_waits == VNET_INLINE)
		return;
	if (vnet->vnet_waits == 0 && when <= vnet->vnet_line->vl_now) {
		vnet_join(vnet);
		return;
	}
	vnet->vnet_wanted = when;
	vnet->vnet_ops->ho_wakeup(vnet->vnet_arg, when);
}

/* Callouts are due, or the turn that tasks waited for has come. */
static void __noinline
run_due(struct vnet *vnet)
{
	struct vnet_task *task;

	callout_run(vnet);
	while ((task = vnet->vnet_later.tq_first) != NULL) {
		vnet->vnet_later.tq_first = task->vt_next;
		task->vt_later = false;
		vnet_task_insert(vnet, task);
	}
}

/* The end of vnet_run() of a vnet that others may enter, or run, next. */
static nstime_t __noinline
vnet_left_shared(const struct vnet *vnet)
{
	nstime_t next;

	next = vnet->vnet_wanted;
	vnet_left(vnet);
	return (next);
}

/* The turn of vnet, which is entered, and left at its end; vnet_due is right
 * then. */
static __always_inline void
take_turn(struct vnet *vnet)
{

	if (vnet->vnet_due <= vnet->vnet_now)
		run_due(vnet);
	vnet->vnet_ran = vnet->vnet_now;
	if (vnet->vnet_tasks.tq_first != NULL)
		do_tasks(vnet);
	vnet->vnet_depth = 0;
	if (vnet->vnet_due_old)
		find_due(vnet);
}

nstime_t
vnet_run(struct vnet *vnet)
{
	struct vnet *saved;
	nstime_t next;

	saved = vnet_enter_fast(vnet);
	KASSERT(vnet->vnet_depth == 1, ("vnet_run of a vnet entered"));
	if (vnet->vnet_waits == VNET_INLINE)
		unjoin(vnet);
	take_turn(vnet);
	curvnet = saved;
	next = vnet->vnet_wanted = vnet->vnet_due;
	if (__predict_false((vnet->vnet_rare & VNET_SHARED) != 0))
		return (vnet_left_shared(vnet));
	return (next);
}

/* The turn of vnet, the first in line: vnet_run() for who knows what that
 * asks.  Both of vnet_awake are written at once. */
static inline void
line_turn(struct vnet_line *line, struct vnet *vnet)
{

	line->vl_first = vnet->vnet_place.pl_next;
	line->vl_events++;
	vnet->vnet_depth = 1;
	vnet->vnet_waits = 0;
	vnet->vnet_now = line->vl_now;
	curvnet = vnet;
	take_turn(vnet);
	if (vnet->vnet_due != vnet->vnet_wanted) {
		vnet->vnet_wanted = vnet->vnet_due;
		line->vl_another(vnet->vnet_arg, vnet->vnet_due);
	}
}

/* May the first in line have its turn with no more ado?  Where threads take
 * turns, nothing but vl_rare is looked at. */
static inline bool
line_goes_on(const struct vnet_line *line)
{

	return (line->vl_rare == 0 && line->vl_first != NULL &&
	    !line->vl_first->pl_ends && line->vl_next > line->vl_now);
}

/* vnet_line_run() of a line that goes on. */
static bool __noinline
line_run(struct vnet_line *line, const void *arg)
{
	struct vnet *saved = curvnet;
	struct vnet_place *place;

	do {
		place = line->vl_first;
		line_turn(line, (struct vnet *)(void *)((char *)place -
		    __offsetof(struct vnet, vnet_place)));
		if (place->pl_arg == arg) {
			curvnet = saved;
			return (true);
		}
	} while (line_goes_on(line));
	curvnet = saved;
	return (false);
}

bool
vnet_line_run(struct vnet_line *line, const void *arg)
{

	return (line_goes_on(line) && line_run(line, arg));
}

nstime_t
vnet_next(const struct vnet *vnet)
{

	if (vnet->vnet_tasks.tq_first != NULL ||
	    vnet->vnet_later.tq_first != NULL)
		return (vnet->vnet_now);
	return (callout_wheel_next(vnet->vnet_wheel));
}

void
vnet_task_later(struct vnet_task *task)
{

	if (task->vt_pending)
		return;
	task->vt_later = true;
	vnet_task_append(&curvnet->vnet_later, task);
	curvnet->vnet_due = curvnet->vnet_now;
	curvnet->vnet_due_old = true;
	if (curvnet->vnet_depth == 0)
		vnet_want(curvnet, curvnet->vnet_now);
}

void
vnet_task_cancel(struct vnet_task *task)
{
	struct vnet_task **tp, *last = NULL;
	struct vnet_taskq *queue;

	if (!task->vt_pending)
		return;
	queue = task->vt_later ? &curvnet->vnet_later : &curvnet->vnet_tasks;
	for (tp = &queue->tq_first; *tp != task; tp = &last->vt_next)
		last = *tp;
	if ((*tp = task->vt_next) == NULL)
		queue->tq_last = last;
	task->vt_pending = task->vt_later = false;
}

void
vnet_proc(struct vnet_proc *proc)
{

	memset(proc, 0, sizeof(*proc));
	if (curvnet->vnet_ops->ho_proc != NULL)
		curvnet->vnet_ops->ho_proc(curvnet->vnet_arg, proc);
}

void
vnet_random(void *buf, size_t len)
{

	curvnet->vnet_ops->ho_random(curvnet->vnet_arg, buf, len);
}

/* Where an image's VNET section holds addr. */
struct vnet_search {
	const char	*vs_addr;
	void		*vs_copy;
};

static int
vnet_search_image(const struct kld_image *image, void *arg)
{
	struct vnet_search *vs;

	vs = arg;
	if (vs->vs_addr < image->ki_vnet[0] || vs->vs_addr >=
	    image->ki_vnet[1] || image->ki_slot == NULL)
		return (0);
	vs->vs_copy = (char *)curvnet->vnet_modmem[*image->ki_slot] +
	    (vs->vs_addr - image->ki_vnet[0]);
	return (1);
}

void *
vnet_ptr_or_null(const void *addr)
{
	struct vnet_search vs;

	vs.vs_addr = addr;
	if (vs.vs_addr >= __start_set_vnet && vs.vs_addr < __stop_set_vnet)
		return ((void *)((uintptr_t)curvnet->vnet_data_base +
		    (uintptr_t)addr));
	vs.vs_copy = NULL;
	(void)linker_foreach_image(vnet_search_image, &vs);
	return (vs.vs_copy);
}

void *
vnet_ptr(const void *addr)
{
	void *copy;

	copy = vnet_ptr_or_null(addr);
	if (copy == NULL)
		panic("%p is in no VNET section of this host", addr);
	return (copy);
}

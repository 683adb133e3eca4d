/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Function blocks: registration, inheritance, and switching of live
 * connections; tcp_functions(9).
 *
 * Registration copies a block into the vnet and completes the copy: every
 * member left NULL comes from the base it names, or, for the fine steps,
 * from the default block.  After that dispatch tests nothing.  A connection
 * holds a reference; a block that is used cannot go.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/tcp_var.h>

MALLOC_DEFINE(M_TCPFUNCTIONS, "tcpfunc", "TCP function blocks");

/* One name of a registered block. */
struct tcp_function {
	TAILQ_ENTRY(tcp_function) tf_next;
	char		tf_name[TCP_FUNCTION_NAME_LEN_MAX];
	const struct tcp_function_block *tf_orig;	/* as given to us */
	struct tcp_function_block *tf_fb;	/* the vnet's, shared by names */
};
TAILQ_HEAD(tcp_funchead, tcp_function);
VNET_DEFINE_STATIC(struct tcp_funchead, t_functions);
VNET_DEFINE(struct tcp_function_block *, tcp_func_default);
VNET_DEFINE_STATIC(uint8_t, tcp_func_nextid);
#define	V_t_functions		VNET(t_functions)
#define	V_tcp_func_nextid	VNET(tcp_func_nextid)

VNET_DEFINE(int, tcp_functions_inherit_listen_socket_stack) = 1;
SYSCTL_INT(_net_inet_tcp, OID_AUTO, functions_inherit_listen_socket_stack,
    CTLFLAG_VNET | CTLFLAG_RW,
    &VNET_NAME(tcp_functions_inherit_listen_socket_stack), 0,
    "Accepted connections use their listener's function block");

static struct tcp_function *
tf_find(const char *name)
{
	struct tcp_function *tf;

	TAILQ_FOREACH(tf, &V_t_functions, tf_next)
		if (strncmp(tf->tf_name, name, sizeof(tf->tf_name)) == 0)
			return (tf);
	return (NULL);
}

static struct tcp_function *
tf_find_block(const struct tcp_function_block *blk)
{
	struct tcp_function *tf;

	TAILQ_FOREACH(tf, &V_t_functions, tf_next)
		if (tf->tf_orig == blk || tf->tf_fb == blk)
			return (tf);
	return (NULL);
}

/* ---- Registration ---- */

#define	INHERIT(fb, base, member)					\
	if ((fb)->member == NULL)					\
		(fb)->member = (base)->member

/* The members that make up FreeBSD's interface. */
static void
fb_inherit_members(struct tcp_function_block *fb,
    const struct tcp_function_block *base)
{
	INHERIT(fb, base, tfb_tcp_output);
	INHERIT(fb, base, tfb_tcp_do_segment);
	INHERIT(fb, base, tfb_tcp_ctloutput);
	INHERIT(fb, base, tfb_tcp_handoff_ok);
	INHERIT(fb, base, tfb_do_segment_nounlock);
	INHERIT(fb, base, tfb_do_queued_segments);
	INHERIT(fb, base, tfb_tcp_fb_init);
	INHERIT(fb, base, tfb_tcp_fb_fini);
	INHERIT(fb, base, tfb_tcp_timer_stop_all);
	INHERIT(fb, base, tfb_tcp_rexmit_tmr);
	INHERIT(fb, base, tfb_tcp_mtu_chg);
	INHERIT(fb, base, tfb_pru_options);
	INHERIT(fb, base, tfb_hwtls_change);
	INHERIT(fb, base, tfb_chg_query);
	INHERIT(fb, base, tfb_switch_failed);
	INHERIT(fb, base, tfb_compute_pipe);
	INHERIT(fb, base, tfb_stack_info);
	INHERIT(fb, base, tfb_inherit);
	if (fb->tfb_statesize == 0)
		fb->tfb_statesize = base->tfb_statesize;
}

/* The fine steps. */
static void
fb_inherit_steps(struct tcp_function_block *fb,
    const struct tcp_function_block *base)
{
	INHERIT(fb, base, tfb_acked);
	INHERIT(fb, base, tfb_detect_loss);
	INHERIT(fb, base, tfb_quota);
	INHERIT(fb, base, tfb_sent);
	INHERIT(fb, base, tfb_timer);
}

/* What output and input need not ask by calls. */
static void
fb_mark_plain(struct tcp_function_block *fb)
{
	fb->tfb_flags &= ~(uint32_t)(TCP_FUNC_PLAIN | TCP_FUNC_PLAINACK);
	if (fb->tfb_tcp_output == tcp_default_output &&
	    fb->tfb_quota == tcp_default_quota &&
	    fb->tfb_sent == tcp_default_sent && fb->tfb_compute_pipe == NULL)
		fb->tfb_flags |= TCP_FUNC_PLAIN;
	if (fb->tfb_acked == tcp_default_acked &&
	    fb->tfb_detect_loss == tcp_default_detect_loss)
		fb->tfb_flags |= TCP_FUNC_PLAINACK;
	fb->tfb_irregular = fb->tfb_tcp_do_segment == tcp_default_do_segment ?
	    0 : TCPI_BLOCK;
}

/* Complete fb: 0, or EINVAL if it cannot be. */
static int
fb_resolve(struct tcp_function_block *fb)
{
	struct tcp_function *tf;

	if (fb->tfb_base != NULL) {
		if ((tf = tf_find(fb->tfb_base)) == NULL)
			return (EINVAL);
		fb_inherit_members(fb, tf->tf_fb);
		fb_inherit_steps(fb, tf->tf_fb);
		fb->tfb_flags |= tf->tf_fb->tfb_flags & TCP_FUNC_DEFAULT_OK;
	}
	fb_inherit_steps(fb, &tcp_freebsd_block);
	fb_mark_plain(fb);
	if (fb->tfb_tcp_output == NULL || fb->tfb_tcp_do_segment == NULL ||
	    fb->tfb_tcp_ctloutput == NULL || fb->tfb_tcp_handoff_ok == NULL ||
	    fb->tfb_tcp_block_name[0] == '\0' ||
	    (fb->tfb_flags & TCP_FUNC_BEING_REMOVED) != 0)
		return (EINVAL);
	return (0);
}

/* Enter the i-th name for fb: 0 or an errno. */
static int
tf_add(const struct tcp_function_block *orig, struct tcp_function_block *fb,
    const char *name)
{
	struct tcp_function *tf;

	if (name == NULL || name[0] == '\0' ||
	    strlen(name) >= TCP_FUNCTION_NAME_LEN_MAX)
		return (EINVAL);
	if (tf_find(name) != NULL)
		return (EALREADY);
	tf = malloc(sizeof(*tf), M_TCPFUNCTIONS, M_NOWAIT | M_ZERO);
	if (tf == NULL)
		return (ENOMEM);
	strlcpy(tf->tf_name, name, sizeof(tf->tf_name));
	tf->tf_orig = orig;
	tf->tf_fb = fb;
	TAILQ_INSERT_TAIL(&V_t_functions, tf, tf_next);
	return (0);
}

static void
tf_remove_all(const struct tcp_function_block *fb)
{
	struct tcp_function *next, *tf;

	TAILQ_FOREACH_SAFE(tf, &V_t_functions, tf_next, next)
		if (tf->tf_fb == fb) {
			TAILQ_REMOVE(&V_t_functions, tf, tf_next);
			free(tf, M_TCPFUNCTIONS);
		}
}

int
register_tcp_functions_as_names(struct tcp_function_block *blk, int wait,
    const char *names[], int *num_names)
{
	struct tcp_function_block *fb;
	int error, i, n = *num_names;

	*num_names = 0;
	if (n > TCP_FUNCTION_NAME_NUM_MAX)
		return (E2BIG);
	if (n < 1)
		return (EINVAL);
	fb = malloc(sizeof(*fb), M_TCPFUNCTIONS, wait);
	if (fb == NULL)
		return (ENOMEM);
	*fb = *blk;
	fb->tfb_refcnt = 0;
	error = fb_resolve(fb);
	for (i = 0; i < n && error == 0; i++)
		error = tf_add(blk, fb, names[i]);
	if (error != 0) {
		*num_names = imax(i - 1, 0);
		tf_remove_all(fb);
		free(fb, M_TCPFUNCTIONS);
		return (error);
	}
	fb->tfb_id = V_tcp_func_nextid++;
	*num_names = n;
	if (V_tcp_func_default == NULL)
		V_tcp_func_default = fb;
	return (0);
}

int
register_tcp_functions_as_name(struct tcp_function_block *blk,
    const char *name, int wait)
{
	const char *names[1];
	int n = 1;

	names[0] = name != NULL ? name : blk->tfb_tcp_block_name;
	return (register_tcp_functions_as_names(blk, wait, names, &n));
}

int
register_tcp_functions(struct tcp_function_block *blk, int wait)
{
	return (register_tcp_functions_as_name(blk, NULL, wait));
}

/* Does a registered block take members from one of fb's names? */
static bool
fb_is_base(const struct tcp_function_block *fb)
{
	const struct tcp_function *base, *tf;

	TAILQ_FOREACH(tf, &V_t_functions, tf_next)
		if (tf->tf_fb != fb && tf->tf_fb->tfb_base != NULL &&
		    (base = tf_find(tf->tf_fb->tfb_base)) != NULL &&
		    base->tf_fb == fb)
			return (true);
	return (false);
}

int
deregister_tcp_functions(struct tcp_function_block *blk, bool quiesce,
    bool force)
{
	struct tcp_function_block *fb;
	struct tcp_function *tf;
	struct inpcb *inp;

	if ((tf = tf_find_block(blk)) == NULL)
		return (ENOENT);
	fb = tf->tf_fb;
	if (tf->tf_orig == &tcp_freebsd_block)
		return (EPERM);
	if (fb == V_tcp_func_default || fb_is_base(fb))
		return (EBUSY);
	if (quiesce)
		return (fb->tfb_refcnt != 0 && !force ? EBUSY : 0);
	fb->tfb_flags |= TCP_FUNC_BEING_REMOVED;
	if (force && fb->tfb_refcnt != 0)
		TAILQ_FOREACH(inp, &V_tcbinfo.ipi_list, inp_list)
			if (intotcpcb(inp)->t_fb == fb)
				tcp_switch_back_to_default(intotcpcb(inp));
	if (fb->tfb_refcnt != 0) {
		fb->tfb_flags &= ~TCP_FUNC_BEING_REMOVED;
		return (EBUSY);
	}
	tf_remove_all(fb);
	free(fb, M_TCPFUNCTIONS);
	return (0);
}

/* ---- Finding ---- */

struct tcp_function_block *
find_and_ref_tcp_functions(struct tcp_function_set *fs)
{
	struct tcp_function *tf;

	fs->function_set_name[sizeof(fs->function_set_name) - 1] = '\0';
	if ((tf = tf_find(fs->function_set_name)) == NULL ||
	    (tf->tf_fb->tfb_flags & TCP_FUNC_BEING_REMOVED) != 0)
		return (NULL);
	tf->tf_fb->tfb_refcnt++;
	return (tf->tf_fb);
}

struct tcp_function_block *
find_and_ref_tcp_fb(struct tcp_function_block *blk)
{
	struct tcp_function *tf;

	if ((tf = tf_find_block(blk)) == NULL)
		return (NULL);
	tf->tf_fb->tfb_refcnt++;
	return (tf->tf_fb);
}

int
find_tcp_function_alias(struct tcp_function_block *blk,
    struct tcp_function_set *fs)
{
	struct tcp_function *tf;

	TAILQ_FOREACH(tf, &V_t_functions, tf_next)
		if (tf->tf_fb == blk && strcmp(tf->tf_name,
		    blk->tfb_tcp_block_name) != 0) {
			strlcpy(fs->function_set_name, tf->tf_name,
			    sizeof(fs->function_set_name));
			fs->pcbcnt = blk->tfb_refcnt;
			return (0);
		}
	return (ENOENT);
}

struct tcp_function_block *
tcp_default_functions(void)
{
	V_tcp_func_default->tfb_refcnt++;
	return (V_tcp_func_default);
}

/* ---- A connection's block ---- */

/* Make blk's state for tp in *ptr: 0 or an errno. */
static int
fb_init(struct tcpcb *tp, struct tcp_function_block *blk, void **ptr)
{
	int error;

	*ptr = NULL;
	if (blk->tfb_statesize != 0) {
		*ptr = malloc(blk->tfb_statesize, M_TCPFUNCTIONS,
		    M_NOWAIT | M_ZERO);
		if (*ptr == NULL)
			return (ENOMEM);
	}
	if (blk->tfb_tcp_fb_init == NULL)
		return (0);
	error = blk->tfb_tcp_fb_init(tp, ptr);
	if (error != 0 && blk->tfb_statesize != 0)
		free(*ptr, M_TCPFUNCTIONS);
	return (error);
}

/* The block that tp refers to has a state. */
int
tcp_functions_begin(struct tcpcb *tp)
{
	int error;

	if ((error = fb_init(tp, tp->t_fb, &tp->t_fb_ptr)) != 0)
		tp->t_fb->tfb_refcnt--;
	return (error);
}

/* The block that tp refers to has a state, or an end of its own. */
static void __noinline
tcp_functions_end(struct tcpcb *tp, int destroyed)
{
	struct tcp_function_block *blk = tp->t_fb;

	if (blk->tfb_tcp_fb_fini != NULL)
		blk->tfb_tcp_fb_fini(tp, destroyed);
	if (blk->tfb_statesize != 0)
		free(tp->t_fb_ptr, M_TCPFUNCTIONS);
	tp->t_fb_ptr = NULL;
	blk->tfb_refcnt--;
}

void
tcp_functions_detach(struct tcpcb *tp, int destroyed)
{
	struct tcp_function_block *blk = tp->t_fb;

	if (blk->tfb_statesize != 0 || blk->tfb_tcp_fb_fini != NULL)
		tcp_functions_end(tp, destroyed);
	else {
		tp->t_fb_ptr = NULL;
		blk->tfb_refcnt--;
	}
}

/* Change tp to blk, whose reference is ours to give.  The new block is
 * ready before the old one goes. */
static int
tcp_functions_change(struct tcpcb *tp, struct tcp_function_block *blk)
{
	void *ptr;
	int error;

	if ((error = fb_init(tp, blk, &ptr)) != 0) {
		blk->tfb_refcnt--;
		if (tp->t_fb->tfb_switch_failed != NULL)
			tp->t_fb->tfb_switch_failed(tp);
		return (error);
	}
	tcp_functions_detach(tp, 0);
	tp->t_fb = blk;
	tp->t_fb_ptr = ptr;
	tp->t_inpcb.inp_irregular = blk->tfb_irregular |
	    (tp->t_inpcb.inp_irregular & (uint8_t)~TCPI_BLOCK);
	return (0);
}

int
tcp_functions_inherit(struct tcpcb *tp, struct tcpcb *listener)
{
	struct tcp_function_block *blk = listener->t_fb;
	int error;

	if (!V_functions_inherit_listen_socket_stack || blk == tp->t_fb)
		return (0);
	blk->tfb_refcnt++;
	if ((error = tcp_functions_change(tp, blk)) == 0 &&
	    blk->tfb_inherit != NULL)
		blk->tfb_inherit(tp, tptoinpcb(listener));
	return (error);
}

int
tcp_functions_switch(struct tcpcb *tp, const struct tcp_function_set *fs)
{
	struct tcp_function_block *blk;
	struct tcp_function_set set = *fs;
	int error;

	if ((blk = find_and_ref_tcp_functions(&set)) == NULL)
		return (ENOENT);
	if (blk == tp->t_fb) {
		blk->tfb_refcnt--;
		return (0);
	}
	if (tp->t_state != TCPS_CLOSED &&
	    (error = blk->tfb_tcp_handoff_ok(tp)) != 0) {
		blk->tfb_refcnt--;
		return (error);
	}
	return (tcp_functions_change(tp, blk));
}

void
tcp_switch_back_to_default(struct tcpcb *tp)
{
	struct tcp_function_block *blk = tcp_default_functions();

	if (blk == tp->t_fb || blk->tfb_tcp_handoff_ok(tp) != 0 ||
	    tcp_functions_change(tp, blk) != 0) {
		/* What can always take over. */
		blk = find_and_ref_tcp_fb(__DECONST(
		    struct tcp_function_block *, &tcp_freebsd_block));
		if (blk == tp->t_fb)
			blk->tfb_refcnt--;
		else
			(void)tcp_functions_change(tp, blk);
	}
}

/* ---- Variables ---- */

static int
sysctl_functions_available(SYSCTL_HANDLER_ARGS)
{
	struct tcp_function *tf;
	char line[128];
	int error;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	snprintf(line, sizeof(line), "\n%-32s%c %-32s %s\n", "Stack", 'D',
	    "Alias", "PCB count");
	error = SYSCTL_OUT(req, line, strlen(line));
	TAILQ_FOREACH(tf, &V_t_functions, tf_next) {
		if (error != 0)
			break;
		snprintf(line, sizeof(line), "%-32s%c %-32s %u\n",
		    tf->tf_fb->tfb_tcp_block_name,
		    tf->tf_fb == V_tcp_func_default ? '*' : ' ',
		    strcmp(tf->tf_name, tf->tf_fb->tfb_tcp_block_name) == 0 ?
		    "-" : tf->tf_name, tf->tf_fb->tfb_refcnt);
		error = SYSCTL_OUT(req, line, strlen(line));
	}
	return (error != 0 ? error : SYSCTL_OUT(req, "", 1));
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, functions_available,
    CTLTYPE_STRING | CTLFLAG_RD, NULL, 0, sysctl_functions_available, "A",
    "The function blocks that are registered");

static int
sysctl_functions_default(SYSCTL_HANDLER_ARGS)
{
	char name[TCP_FUNCTION_NAME_LEN_MAX];
	struct tcp_function *tf;
	int error;

	(void)arg1;
	(void)arg2;
	strlcpy(name, V_tcp_func_default->tfb_tcp_block_name, sizeof(name));
	error = sysctl_handle_string(oidp, name, sizeof(name), req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	if ((tf = tf_find(name)) == NULL)
		return (ENOENT);
	if ((tf->tf_fb->tfb_flags & (TCP_FUNC_BEING_REMOVED |
	    TCP_FUNC_DEFAULT_OK)) != TCP_FUNC_DEFAULT_OK)
		return (EINVAL);
	V_tcp_func_default = tf->tf_fb;
	return (0);
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, functions_default,
    CTLTYPE_STRING | CTLFLAG_RW, NULL, 0, sysctl_functions_default, "A",
    "The function block of new connections");

/* One record for each name; with no room, how many bytes they are. */
static int
sysctl_function_info(SYSCTL_HANDLER_ARGS)
{
	struct tcp_function_info tfi;
	struct tcp_function *tf;
	int error = 0;

	(void)oidp;
	(void)arg1;
	(void)arg2;
	TAILQ_FOREACH(tf, &V_t_functions, tf_next) {
		memset(&tfi, 0, sizeof(tfi));
		tfi.tfi_refcnt = tf->tf_fb->tfb_refcnt;
		tfi.tfi_id = tf->tf_fb->tfb_id;
		strlcpy(tfi.tfi_name, tf->tf_fb->tfb_tcp_block_name,
		    sizeof(tfi.tfi_name));
		strlcpy(tfi.tfi_alias, tf->tf_name, sizeof(tfi.tfi_alias));
		if ((error = SYSCTL_OUT(req, &tfi, sizeof(tfi))) != 0)
			break;
	}
	return (error);
}
SYSCTL_PROC(_net_inet_tcp, OID_AUTO, function_info,
    CTLTYPE_OPAQUE | CTLFLAG_RD | CTLFLAG_SKIP, NULL, 0,
    sysctl_function_info, "S,tcp_function_info",
    "The function blocks that are registered, for programs");

static void
tcp_functions_init(const void *arg __unused)
{
	int error;

	TAILQ_INIT(&V_t_functions);
	error = register_tcp_functions(__DECONST(struct tcp_function_block *,
	    &tcp_freebsd_block), M_NOWAIT);
	if (error != 0)
		sysinit_fail(error);
}
SYSINIT(tcp_functions, SI_SUB_PROTO_DOMAIN, SI_ORDER_SECOND,
    tcp_functions_init, NULL);

static void
tcp_functions_uninit(const void *arg __unused)
{
	struct tcp_function *tf;
	struct tcp_function_block *fb;

	while ((tf = TAILQ_FIRST(&V_t_functions)) != NULL) {
		fb = tf->tf_fb;
		tf_remove_all(fb);
		free(fb, M_TCPFUNCTIONS);
	}
}
SYSUNINIT(tcp_functions, SI_SUB_PROTO_DOMAIN, SI_ORDER_SECOND,
    tcp_functions_uninit, NULL);

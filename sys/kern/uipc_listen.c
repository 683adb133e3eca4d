/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Listening sockets and their queues.
 *
 * listen(2) gives a socket its struct solisten, which stays until the
 * socket goes.  A transport makes a socket for an arrival by sonewconn();
 * it has no descriptor, and the listener's queue holds it:
 *
 *	sol_incomp	SQ_INCOMP: the handshake goes on.  Not counted as
 *			overflow; the oldest is aborted when there are more
 *			than sol_qlimit.  One whose pcb goes is freed.
 *	sol_comp	SQ_COMP: for accept(2).  One whose connection ends
 *			stays, and accept(2) says ECONNABORTED.
 *
 * New arrivals are refused, and counted in sol_overflows, while more than
 * 3/2 of sol_qlimit are on sol_comp: room for what was begun before the
 * queue was full.  kern.ipc.soacceptqueue bounds sol_qlimit.
 *
 * Touches: listeners and the sockets at them.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include "uipc_private.h"

MALLOC_DEFINE(M_SOLISTEN, "solisten", "listening sockets' queues");

VNET_DEFINE(u_int, somaxconn) = SOMAXCONN;

static int
sysctl_somaxconn(SYSCTL_HANDLER_ARGS)
{

	(void)arg1;
	(void)arg2;
	return (sysctl_uint_range(oidp, req, &V_somaxconn, 1, USHRT_MAX));
}
SYSCTL_PROC(_kern_ipc, OID_AUTO, soacceptqueue, CTLTYPE_UINT | CTLFLAG_RW |
    CTLFLAG_VNET, NULL, 0, sysctl_somaxconn, "IU",
    "Maximum backlog of a listening socket");
SYSCTL_PROC(_kern_ipc, OID_AUTO, somaxconn, CTLTYPE_UINT | CTLFLAG_RW |
    CTLFLAG_VNET, NULL, 0, sysctl_somaxconn, "IU",
    "Maximum backlog of a listening socket (the same as soacceptqueue)");

int
solisten(struct socket *so, int backlog)
{

	if (so->so_pcb == NULL)
		return (EINVAL);
	return (so->so_proto->pr_listen(so, backlog));
}

int
solisten_proto_check(struct socket *so)
{

	if ((so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING |
	    SS_ISDISCONNECTING)) != 0)
		return (EINVAL);
	return (0);
}

/* Whatever they hold, or say of what goes on at head itself. */
static void
note_buffer(struct sb_begin *sbb, const struct sockbuf *sb)
{

	*sbb = (struct sb_begin){ .sb_hiwat = sb->sb_hiwat,
	    .sb_lowat = sb->sb_lowat, .sb_flags = sb->sb_flags & SB_AUTOSIZE,
	    .sb_timeo = sb->sb_timeo };
}

void
solisten_note_buffers(struct socket *head)
{
	struct so_begin *sbg;

	sbg = &head->so_sol->sol_begin;
	note_buffer(&sbg->sbg_rcv, &head->so_rcv);
	note_buffer(&sbg->sbg_snd, &head->so_snd);
	sbg->sbg_gen = 0;
}

int
solisten_proto(struct socket *so, int backlog)
{
	struct solisten *sol;

	sol = so->so_sol;
	if (sol == NULL) {
		sol = malloc(sizeof(*sol), M_SOLISTEN, M_NOWAIT | M_ZERO);
		if (sol == NULL)
			return (ENOMEM);
		TAILQ_INIT(&sol->sol_comp);
		TAILQ_INIT(&sol->sol_incomp);
		so->so_sol = sol;
		so->so_options |= SO_ACCEPTCONN;
		solisten_note_buffers(so);
	}
	if (backlog < 0 || (u_int)backlog > V_somaxconn)
		backlog = (int)V_somaxconn;
	sol->sol_qlimit = (u_int)backlog;
	return (0);
}

void
solisten_dequeue(struct socket *so)
{
	struct solisten *sol;

	sol = so->so_listen->so_sol;
	if (so->so_qstate == SQ_COMP) {
		TAILQ_REMOVE(&sol->sol_comp, so, so_list);
		sol->sol_qlen--;
	} else {
		TAILQ_REMOVE(&sol->sol_incomp, so, so_list);
		sol->sol_nincomp--;
	}
	so->so_qstate = SQ_NONE;
	so->so_sol = NULL;
	so->so_upcalls = NULL;
	SLIST_INIT(&so->so_knotes);
}

static inline void
solisten_enqueue(struct socket *head, struct socket *so, short qstate)
{
	struct solisten *sol;

	sol = head->so_sol;
	so->so_listen = head;
	so->so_qstate = qstate;
	if (qstate == SQ_COMP) {
		TAILQ_INSERT_TAIL(&sol->sol_comp, so, so_list);
		sol->sol_qlen++;
	} else {
		TAILQ_INSERT_TAIL(&sol->sol_incomp, so, so_list);
		sol->sol_nincomp++;
	}
}

void
solisten_complete(struct socket *so)
{
	struct socket *head;

	head = so->so_listen;
	solisten_dequeue(so);
	solisten_enqueue(head, so, SQ_COMP);
	sorwakeup(head);
}

void
solisten_flush(struct socket *head)
{
	struct socket *so;
	struct solisten *sol;

	sol = head->so_sol;
	while ((so = TAILQ_FIRST(&sol->sol_incomp)) != NULL)
		soabort(so);
	while ((so = TAILQ_FIRST(&sol->sol_comp)) != NULL)
		soabort(so);
}

void
solisten_release(struct socket *head)
{
	struct socket *so;
	struct solisten *sol;

	sol = head->so_sol;
	while ((so = TAILQ_FIRST(&sol->sol_incomp)) != NULL ||
	    (so = TAILQ_FIRST(&sol->sol_comp)) != NULL)
		solisten_dequeue(so);
}

/* The buffers of so as sbg says, with today's limits, which stand in sbg from
 * then on. */
static int __noinline
sobegin(struct socket *so, struct so_begin *sbg)
{
	int error;

	error = soreserve(so, sbg->sbg_snd.sb_hiwat, sbg->sbg_rcv.sb_hiwat);
	if (error != 0)
		return (error);
	sbg->sbg_rcv.sb_mbmax = so->so_rcv.sb_mbmax;
	sbg->sbg_snd.sb_mbmax = so->so_snd.sb_mbmax;
	sbg->sbg_gen = V_sb_limits.sl_gen;
	so_begin_give(so, sbg);
	return (0);
}

/* so, new, is to be as the sockets accepted from head are. */
static inline int
soinherit(struct socket *so, const struct socket *head)
{
	struct so_begin *sbg;
	int error;

	sbg = &head->so_sol->sol_begin;
	so->so_options = head->so_options & ~SO_ACCEPTCONN;
	so->so_linger = head->so_linger;
	so->so_user_cookie = head->so_user_cookie;
	if (so_begin_known(sbg))
		so_begin_give(so, sbg);
	else if ((error = sobegin(so, sbg)) != 0)
		return (error);
	error = so->so_proto->pr_attach(so, 0);
	if (__predict_false(error != 0))
		so->so_pcb = NULL;
	return (error);
}

struct socket *
sonewconn_held(struct socket *head)
{
	struct solisten *sol;
	struct socket *so;
	int error;

	sol = head->so_sol;
	if (sol->sol_qlen > 3 * sol->sol_qlimit / 2) {
		sol->sol_overflows++;
		return (NULL);
	}
	so = soalloc(head->so_proto, &error);
	if (so == NULL)
		return (NULL);
	if (soinherit(so, head) != 0) {
		sodealloc(so);
		return (NULL);
	}
	if (sol->sol_nincomp > sol->sol_qlimit)
		soabort(TAILQ_FIRST(&sol->sol_incomp));
	return (so);
}

void
sonewconn_wait(struct socket *head, struct socket *so)
{

	solisten_enqueue(head, so, SQ_INCOMP);
}

void
sonewconn_done(struct socket *head, struct socket *so)
{

	so->so_state |= SS_ISCONNECTED;
	solisten_enqueue(head, so, SQ_COMP);
	sorwakeup(head);
}

struct socket *
sonewconn(struct socket *head, int connstatus)
{
	struct socket *so;

	so = sonewconn_held(head);
	if (so == NULL)
		return (NULL);
	if (connstatus == 0) {
		sonewconn_wait(head, so);
		return (so);
	}
	so->so_state |= (short)connstatus;
	sonewconn_done(head, so);
	return (so);
}

int
soaccept(struct socket *head, struct socket **sop,
    struct sockaddr_storage *ss)
{
	struct socket *so;
	int error;

	if (!SOLISTENING(head))
		return (EINVAL);
	if (head->so_error != 0) {
		error = head->so_error;
		head->so_error = 0;
		return (error);
	}
	so = TAILQ_FIRST(&head->so_sol->sol_comp);
	if (so == NULL)
		return (EWOULDBLOCK);
	soref(so);
	solisten_dequeue(so);
	so->so_state = (short)((so->so_state & ~SS_NOFDREF) |
	    (head->so_state & SS_NBIO));
	error = ECONNABORTED;
	if (so->so_pcb != NULL)
		error = so->so_proto->pr_accept(so, ss);
	if (error != 0) {
		soabort(so);
		return (error);
	}
	*sop = so;
	return (0);
}

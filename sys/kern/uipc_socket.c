/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sockets: birth, connection, and end.
 *
 * The socket layer stands between a program and a transport.  This file
 * has what happens once in a connection's life; uipc_sockio.c moves its
 * bytes, uipc_sockopt.c has its options, uipc_listen.c its queue of
 * arrivals.
 *
 * so_state as a transport changes it:
 *
 *	0 --soisconnecting--> ISCONNECTING --soisconnected--> ISCONNECTED
 *	ISCONNECTED --soisdisconnecting--> +ISDISCONNECTING
 *	any --soisdisconnected--> ISDISCONNECTED
 *
 * sys/socketvar.h says who holds a socket and when it goes.  A request
 * goes to the transport only while it has a pcb; a socket whose pcb has
 * gone answers as one whose connection has ended.
 *
 * soclose() gives the transport the socket's end in two steps: goodbye
 * (pr_disconnect: what is in so_snd will still be sent), or, of what is not
 * connected or says it already, the descriptor is gone (pr_close); and, by
 * sofree(), sever (pr_detach), unless the goodbye takes longer and the pcb
 * keeps the socket for that time.
 *
 * When a host goes, its transports free the sockets that they find at their
 * pcbs (soorphan()); there are no others.
 *
 * Touches: sockets, transports through protosw.
 */
#include <sys/param.h>
#include <sys/event.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/protosw.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>
#include <sys/time.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include "uipc_private.h"

/* A socket takes three cache lines, and its buffers have one each. */
CTASSERT(sizeof(struct socket) <= 3 * CACHE_LINE_SIZE);
CTASSERT(__offsetof(struct socket, so_rcv) == CACHE_LINE_SIZE);
CTASSERT(__offsetof(struct socket, so_snd) == 2 * CACHE_LINE_SIZE);

MALLOC_DEFINE(M_SOUPCALL, "soupcall", "upcalls of sockets");

VNET_DEFINE_STATIC(uma_zone_t, socket_zone);
VNET_DEFINE(int, maxsockets) = 1048576;
#define	V_socket_zone		VNET(socket_zone)

/* The zone counts them. */
static int
sysctl_numopensockets(SYSCTL_HANDLER_ARGS)
{
	int n;

	(void)arg1;
	(void)arg2;
	n = uma_zone_get_cur(V_socket_zone);
	return (sysctl_handle_int(oidp, &n, 0, req));
}

SYSCTL_INT(_kern_ipc, OID_AUTO, maxsockets, CTLFLAG_RDTUN | CTLFLAG_VNET,
    &VNET_NAME(maxsockets), 0, "Maximum number of sockets");
SYSCTL_PROC(_kern_ipc, OID_AUTO, numopensockets, CTLTYPE_INT | CTLFLAG_RD |
    CTLFLAG_VNET, NULL, 0, sysctl_numopensockets, "I", "Number of sockets");

static void
sockets_init(const void *arg __unused)
{

	V_socket_zone = uma_zcreate("socket", sizeof(struct socket), NULL,
	    NULL, NULL, NULL, UMA_ALIGN_CACHE, 0);
	if (V_socket_zone == NULL)
		sysinit_fail(ENOMEM);
	else
		(void)uma_zone_set_max(V_socket_zone, imax(V_maxsockets, 1));
}
SYSINIT(socket, SI_SUB_PROTO_BEGIN, SI_ORDER_FIRST, sockets_init, NULL);

static void
sockets_uninit(const void *arg __unused)
{

	uma_zdestroy(V_socket_zone);
	V_socket_zone = NULL;
}
SYSUNINIT(socket, SI_SUB_PROTO_BEGIN, SI_ORDER_FIRST, sockets_uninit, NULL);

int
sockaddr_check(const struct sockaddr *sa)
{

	if (sa == NULL)
		return (EINVAL);
	switch (sa->sa_family) {
	case AF_INET:
		return (sa->sa_len == 16 ? 0 : EINVAL);
	case AF_INET6:
		return (sa->sa_len == 28 ? 0 : EINVAL);
	default:
		return (sa->sa_len >= __offsetof(struct sockaddr, sa_data) ?
		    0 : EINVAL);
	}
}

/* The zone has no socket at hand. */
static struct socket * __noinline
soalloc_new(int *error)
{
	struct socket *so;

	so = uma_zalloc_arg(V_socket_zone, NULL, M_NOWAIT);
	if (so == NULL)
		*error = uma_zone_get_cur(V_socket_zone) >=
		    uma_zone_get_max(V_socket_zone) ? ENFILE : ENOBUFS;
	return (so);
}

struct socket *
soalloc(const struct protosw *pr, int *error)
{
	const size_t rcv = __offsetof(struct socket, so_rcv);
	const size_t snd = __offsetof(struct socket, so_snd);
	struct socket *so;

	so = uma_zalloc_fast(V_socket_zone);
	if (__predict_false(so == NULL)) {
		so = soalloc_new(error);
		if (so == NULL)
			return (NULL);
	}
	/* A line at a time, which compilers do by a few wide stores. */
	memset(so, 0, rcv);
	memset((char *)so + rcv, 0, snd - rcv);
	memset((char *)so + snd, 0, sizeof(*so) - snd);
	so->so_type = pr->pr_type;
	so->so_state = SS_NOFDREF;
	so->so_proto = pr;
	return (so);
}

/* What hangs on so goes before it. */
static void __noinline
sostrip(struct socket *so)
{

	if (!SLIST_EMPTY(&so->so_knotes))
		knote_fdclose(so);
	sbflush(&so->so_rcv);
	sbflush(&so->so_snd);
	free(so->so_sol, M_SOLISTEN);
	free(so->so_upcalls, M_SOUPCALL);
}

void
sodealloc(struct socket *so)
{

	KASSERT(so->so_qstate == SQ_NONE, ("socket %p is on a queue",
	    (void *)so));
	if (__predict_false(((uintptr_t)SLIST_FIRST(&so->so_knotes) |
	    (uintptr_t)so->so_rcv.sb_mb | (uintptr_t)so->so_snd.sb_mb |
	    (uintptr_t)so->so_sol | (uintptr_t)so->so_upcalls) != 0))
		sostrip(so);
	uma_zfree(V_socket_zone, so);
}

void
soorphan(struct socket *so)
{

	so->so_pcb = NULL;
	if (so->so_qstate != SQ_NONE)
		solisten_dequeue(so);
	if (SOLISTENING(so))
		solisten_release(so);
	sodealloc(so);
}

/* so has no reference and is not accepted: does its pcb need it still, for
 * the connection? */
static inline bool
so_pcb_keeps(const struct socket *so)
{

	return (so->so_pcb != NULL && (so->so_qstate != SQ_NONE ||
	    (so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING |
	    SS_ISDISCONNECTING)) != 0));
}

/* Nothing holds so any more but, perhaps, an idle pcb. */
static void __noinline
sofree_now(struct socket *so)
{

	if (so->so_pcb != NULL) {
		so->so_count++;
		so->so_proto->pr_detach(so);
		so->so_count--;
		KASSERT(so->so_pcb == NULL, ("socket %p: pcb not detached",
		    (void *)so));
	}
	if (so->so_qstate != SQ_NONE)
		solisten_dequeue(so);
	sodealloc(so);
}

void
sofree(struct socket *so)
{

	if (so->so_count == 0 && so->so_qstate != SQ_COMP &&
	    !so_pcb_keeps(so))
		sofree_now(so);
}

int
socreate(int dom, struct socket **sop, int type, int proto)
{
	const struct protosw *pr;
	struct socket *so;
	int error;

	pr = protosw_find(dom, type, proto, &error);
	if (pr == NULL)
		return (error);
	so = soalloc(pr, &error);
	if (so == NULL)
		return (error);
	so->so_state = 0;
	so->so_count = 1;
	error = pr->pr_attach(so, proto);
	if (error != 0) {
		so->so_pcb = NULL;
		sodealloc(so);
		return (error);
	}
	*sop = so;
	return (0);
}

int
sobind(struct socket *so, struct sockaddr *nam)
{

	if (sockaddr_check(nam) != 0 || so->so_pcb == NULL)
		return (EINVAL);
	return (so->so_proto->pr_bind(so, nam));
}

/* so listens, or connects, or did so before: may it connect now? */
static int __noinline
soconnect_again(struct socket *so)
{

	if (SOLISTENING(so))
		return (EOPNOTSUPP);
	if ((so->so_state & SS_ISCONNECTING) != 0)
		return (EALREADY);
	if ((so->so_proto->pr_flags & PR_CONNREQUIRED) != 0 ||
	    sodisconnect(so) != 0)
		return (EISCONN);
	return (0);
}

int
soconnect(struct socket *so, struct sockaddr *nam)
{
	int error;

	if (__predict_false(SOLISTENING(so) || (so->so_state &
	    (SS_ISCONNECTING | SS_ISCONNECTED)) != 0) &&
	    (error = soconnect_again(so)) != 0)
		return (error);
	if (sockaddr_check(nam) != 0 || so->so_pcb == NULL)
		return (EINVAL);
	so->so_error = 0;
	error = so->so_proto->pr_connect(so, nam);
	if (error != 0)
		return (error);
	if ((so->so_state & SS_ISCONNECTING) != 0)
		return (EINPROGRESS);
	error = so->so_error;
	so->so_error = 0;
	return (error);
}

int
sodisconnect(struct socket *so)
{

	if ((so->so_state & SS_ISCONNECTED) == 0 || so->so_pcb == NULL)
		return (ENOTCONN);
	if ((so->so_state & SS_ISDISCONNECTING) != 0)
		return (EALREADY);
	return (so->so_proto->pr_disconnect(so));
}

/* The program reads no more: what is there goes, and what will come. */
static void
sorflush(struct socket *so)
{

	sbflush(&so->so_rcv);
	so->so_oobmark = 0;
	so->so_rcv.sb_state &= (uint16_t)~SBS_RCVATMARK;
	if ((so->so_proto->pr_flags & PR_WANTRCVD) != 0)
		(void)so->so_proto->pr_rcvd(so, 0);
	socantrcvmore(so);
}

int
soshutdown(struct socket *so, int how)
{
	int error;

	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return (EINVAL);
	if (SOLISTENING(so) && how != SHUT_WR) {
		/* Whoever waits for a connection gets none. */
		so->so_error = ECONNABORTED;
		sorwakeup(so);
		return (ENOTCONN);
	}
	if ((so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING |
	    SS_ISDISCONNECTING)) == 0 || so->so_pcb == NULL)
		return (ENOTCONN);
	soref(so);
	if (how != SHUT_WR)
		sorflush(so);
	error = 0;
	if (how != SHUT_RD && so->so_pcb != NULL) {
		socantsendmore(so);
		if (so->so_pcb != NULL)
			error = so->so_proto->pr_shutdown(so, how);
	}
	sorele(so);
	return (error);
}

/* Is there a goodbye to be said that was not begun? */
static inline bool
so_says_goodbye(const struct socket *so)
{

	return ((so->so_state & (SS_ISCONNECTED | SS_ISDISCONNECTING)) ==
	    SS_ISCONNECTED && so->so_pcb != NULL);
}

/* Begin it. */
static inline int
soclose_disconnect(struct socket *so)
{
	int error;

	error = so->so_proto->pr_disconnect(so);
	if (__predict_true(error == 0))
		return (0);
	return (error == ENOTCONN || error == EWOULDBLOCK ? 0 : error);
}

/* And go on with it.  EWOULDBLOCK: the program wants to wait until the peer
 * has all of it. */
static int __noinline
soclose_linger(struct socket *so)
{
	int error;

	error = so_says_goodbye(so) ? soclose_disconnect(so) : 0;
	if (error != 0 || !so_lingers(so) ||
	    (so->so_state & SS_ISCONNECTED) == 0)
		return (error);
	if (so->so_lingerend == 0)
		so->so_lingerend = getnstime() + so->so_linger * NS_PER_SEC;
	return (getnstime() < so->so_lingerend ? EWOULDBLOCK : 0);
}

int
soclose(struct socket *so)
{
	int error;

	KASSERT((so->so_state & SS_NOFDREF) == 0, ("socket %p closed twice",
	    (void *)so));
	if (__predict_false(so_lingers(so)) &&
	    soclose_linger(so) == EWOULDBLOCK)
		return (EWOULDBLOCK);
	soupcall_clear(so, SO_RCV);
	soupcall_clear(so, SO_SND);
	if (__predict_true(so_says_goodbye(so)))
		error = soclose_disconnect(so);
	else {
		error = 0;
		if (SOLISTENING(so))
			solisten_flush(so);
		if (so->so_pcb != NULL)
			so->so_proto->pr_close(so);
	}
	so->so_state |= SS_NOFDREF;
	if (--so->so_count == 0 && !so_pcb_keeps(so))
		sofree_now(so);
	return (error);
}

void
soabort(struct socket *so)
{

	soref(so);
	if ((so->so_state & SS_NOFDREF) == 0) {
		so->so_state |= SS_NOFDREF;
		so->so_count--;
	}
	soupcall_clear(so, SO_RCV);
	soupcall_clear(so, SO_SND);
	if (so->so_qstate != SQ_NONE)
		solisten_dequeue(so);
	if (SOLISTENING(so))
		solisten_flush(so);
	if (so->so_pcb != NULL)
		so->so_proto->pr_abort(so);
	sorele(so);
}

int
soupcall_set(struct socket *so, int which, so_upcall_t func, void *arg)
{
	struct sockbuf *sb;

	KASSERT(so->so_qstate == SQ_NONE, ("upcall for socket %p, which "
	    "nobody has", (void *)so));
	if (so->so_upcalls == NULL && (so->so_upcalls = malloc(
	    sizeof(*so->so_upcalls), M_SOUPCALL, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	sb = which == SO_RCV ? &so->so_rcv : &so->so_snd;
	so->so_upcalls->su_func[which] = func;
	so->so_upcalls->su_arg[which] = arg;
	sb->sb_flags |= SB_UPCALL;
	return (0);
}

void
soupcall_clear(struct socket *so, int which)
{
	struct sockbuf *sb;

	sb = which == SO_RCV ? &so->so_rcv : &so->so_snd;
	sb->sb_flags &= (uint16_t)~SB_UPCALL;
}

void
soisconnected(struct socket *so)
{

	so->so_state &= ~(SS_ISCONNECTING | SS_ISDISCONNECTING |
	    SS_ISCONFIRMING);
	so->so_state |= SS_ISCONNECTED;
	if (so->so_qstate == SQ_INCOMP) {
		solisten_complete(so);
		return;
	}
	sorwakeup(so);
	sowwakeup(so);
}

void
soisdisconnecting(struct socket *so)
{

	so->so_state &= ~SS_ISCONNECTING;
	so->so_state |= SS_ISDISCONNECTING;
	if (SOLISTENING(so))
		return;
	socantrcvmore(so);
	socantsendmore(so);
}

void
soisdisconnected(struct socket *so)
{

	so->so_state &= ~(SS_ISCONNECTING | SS_ISCONNECTED |
	    SS_ISDISCONNECTING);
	so->so_state |= SS_ISDISCONNECTED;
	if (SOLISTENING(so))
		return;
	sbflush(&so->so_snd);
	socantrcvmore(so);
	socantsendmore(so);
}

void
sohasoutofband(struct socket *so)
{

	sorwakeup(so);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sockets.
 *
 * Who holds a socket, and when it goes:
 *
 *	descriptor	one reference of so_count, from socreate() or
 *			soaccept() to soclose(); SS_NOFDREF without it
 *	listener	so_qstate is not SQ_NONE: on a queue of so_listen,
 *			without a descriptor; accepted or aborted later
 *	protocol	so_pcb is not NULL
 *	passers-by	soref() ... sorele(), references of so_count
 *
 * sofree() frees it when none of these is left.  Of the protocol it asks
 * one thing more: a pcb keeps the socket, with the bytes still to be sent,
 * while so_state says SS_ISCONNECTED, SS_ISCONNECTING or
 * SS_ISDISCONNECTING, or while the protocol has a reference by soref().
 * A pcb left in any other state is cut off by pr_detach.  The protocol lets
 * go by itself with so_pcb = NULL and sofree().
 *
 *	listener --+-- sol_incomp: sonewconn(head, 0)
 *		   |	    | soisconnected()
 *		   |	    v
 *		   +-- sol_comp: sonewconn(head, SS_ISCONNECTED)
 *			    | soaccept()
 *			    v
 *			descriptor
 *
 * Nothing in here sleeps: a call that cannot go on returns EWOULDBLOCK, and
 * whoever drives the vnet decides to wait.  curvnet is the socket's in all
 * calls.
 */
#ifndef _STACKYARD_SYS_SOCKETVAR_H_
#define	_STACKYARD_SYS_SOCKETVAR_H_

#include <sys/protosw.h>
#include <sys/queue.h>
#include <sys/sockbuf.h>
#include <sys/socket.h>
#include <sys/sockopt.h>
#include <sys/systm.h>
#include <sys/uio.h>
#include <sys/vnet.h>

struct knote;
typedef	int so_upcall_t(struct socket *so, void *arg, int waitflag);
#define	SU_OK		0
#define	SU_ISCONNECTED	1

/* so_state */
#define	SS_NOFDREF		0x0001	/* no descriptor */
#define	SS_ISCONNECTED		0x0002
#define	SS_ISCONNECTING		0x0004
#define	SS_ISDISCONNECTING	0x0008
#define	SS_NBIO			0x0100	/* O_NONBLOCK */
#define	SS_ISCONFIRMING		0x0400
#define	SS_ISDISCONNECTED	0x2000
/* so_qstate */
#define	SQ_NONE		0
#define	SQ_INCOMP	0x0800
#define	SQ_COMP		0x1000

/* What the buffers of new sockets of a kind begin with; what soreserve() has
 * to say about the limits of them is that of sbg_gen. */
struct so_begin {
	struct sb_begin	sbg_rcv, sbg_snd;
	u_int		sbg_gen;	/* V_sb_limits.sl_gen then; 0 never */
};

/* The part of a listening socket that others do not need. */
struct solisten {
	TAILQ_HEAD(, socket) sol_comp;	/* complete, not accepted */
	TAILQ_HEAD(, socket) sol_incomp; /* of sonewconn(head, 0) */
	u_int		sol_qlen;	/* of sol_comp */
	u_int		sol_nincomp;	/* of sol_incomp */
	u_int		sol_incqlen;	/* the protocol's: handshakes open
					 * that have no socket yet */
	u_int		sol_qlimit;	/* listen(2)'s backlog */
	uint64_t	sol_overflows;
	struct so_begin	sol_begin;	/* what accepted sockets take over */
};
#define	sol_sbrcv_hiwat	sol_begin.sbg_rcv.sb_hiwat
#define	sol_sbrcv_timeo	sol_begin.sbg_rcv.sb_timeo

/* Who is to be told of changes, apart from knotes. */
struct soupcalls {
	so_upcall_t	*su_func[2];	/* SO_RCV, SO_SND */
	void		*su_arg[2];
};

/*
 * In the order of use, and three cache lines: the socket, with what few
 * look at behind each buffer.  What a listener's queue has on a socket is
 * gone when a program gets it, and a program has nothing on it before.
 */
struct socket {
	short		so_type;	/* SOCK_* */
	short		so_qstate;	/* SQ_* */
	int		so_options;	/* SO_* */
	u_short		so_linger;	/* seconds, if SO_LINGER */
	short		so_state;	/* SS_* */
	int		so_count;	/* references */
	void		*so_pcb;
	const struct protosw *so_proto;
	uint16_t	so_error;	/* what the next call will return */
	uint16_t	so_rerror;
	u_int		so_oobmark;	/* bytes from so_rcv's front to it */
	union {
		struct {		/* so_qstate is SQ_NONE */
			struct solisten	*so_sol; /* if SO_ACCEPTCONN */
			struct soupcalls *so_upcalls; /* or NULL */
			SLIST_HEAD(, knote) so_knotes;
		};
		struct {		/* SQ_COMP, SQ_INCOMP */
			struct socket *so_listen; /* the one we wait at */
			TAILQ_ENTRY(socket) so_list; /* on its list */
		};
	};
	struct sockbuf	so_rcv;
	int		so_fd;		/* the program's, unless SS_NOFDREF */
	u_int		so_user_cookie;
	struct sockbuf	so_snd;
	nstime_t	so_lingerend;	/* when soclose() waits no longer */
};
#define	SO_RCV		0
#define	SO_SND		1
#define	SOLISTENING(so)	(((so)->so_options & SO_ACCEPTCONN) != 0)
#define	sotopcb(so)	((so)->so_pcb)

/* Urgent data is there or announced; reading can go as far as its mark. */
#define	sohasoob(so)							\
	((so)->so_oobmark != 0 ||					\
	    ((so)->so_rcv.sb_state & SBS_RCVATMARK) != 0)
#define	soatoob(so)							\
	((so)->so_oobmark != 0 && sbavail(&(so)->so_rcv) >= (so)->so_oobmark)
#define	soreadabledata(so)						\
	(sbavail(&(so)->so_rcv) >= (so)->so_rcv.sb_lowat ||		\
	    soatoob(so) || (so)->so_error != 0)
#define	soreadable(so)							\
	(soreadabledata(so) ||						\
	    ((so)->so_rcv.sb_state & SBS_CANTRCVMORE) != 0)
#define	sowriteable(so)							\
	((sbspace(&(so)->so_snd) >= (long)(so)->so_snd.sb_lowat &&	\
	    ((so)->so_snd.sb_flags & SB_HELD) == 0 &&			\
	    ((so)->so_state & SS_ISCONNECTED) != 0) ||			\
	    ((so)->so_snd.sb_state & SBS_CANTSENDMORE) != 0 ||		\
	    (so)->so_error != 0)

VNET_DECLARE(struct sb_limits, sb_limits);
#define	V_sb_limits	VNET(sb_limits)
#define	V_sb_max	((u_long)V_sb_limits.sl_max)	/* to be read only */
/* Set kern.ipc.maxsockbuf, and what follows from it. */
void	sb_set_max(u_long max);
VNET_DECLARE(int, maxsockets);
#define	V_maxsockets	VNET(maxsockets)
VNET_DECLARE(u_int, somaxconn);
#define	V_somaxconn	VNET(somaxconn)

/* A new socket in *so, with one reference.  protosw_find()'s errors,
 * ENFILE over kern.ipc.maxsockets, ENOBUFS, pr_attach's. */
int	socreate(int dom, struct socket **so, int type, int proto);
int	sobind(struct socket *so, struct sockaddr *nam);
int	solisten(struct socket *so, int backlog);
/* For pr_listen: may it listen (EINVAL if connected or connecting), and make
 * it so; solisten_proto: ENOMEM. */
int	solisten_proto_check(struct socket *so);
int	solisten_proto(struct socket *so, int backlog);
/* The oldest complete connection, with a reference, and (ss not NULL) its
 * peer's address.
 * EINVAL not listening; EWOULDBLOCK none; ECONNABORTED it died meanwhile. */
int	soaccept(struct socket *head, struct socket **so,
	    struct sockaddr_storage *ss);
/* EOPNOTSUPP listening; EISCONN; EALREADY; EINPROGRESS: begun. */
int	soconnect(struct socket *so, struct sockaddr *nam);
int	sodisconnect(struct socket *so);
int	soshutdown(struct socket *so, int how);
/* The descriptor closes; honours SO_LINGER (a wait is the caller's:
 * EWOULDBLOCK means it lingers and close is to be tried again, when so_state
 * changes or the time is over).  With any other result, so is gone for the
 * caller; an errno is what pr_disconnect said. */
int	soclose(struct socket *so);
/* End so at once: the peer is told by a reset, the descriptor's reference
 * (if there is one) and the listener's queue are left. */
void	soabort(struct socket *so);
static inline void
soref(struct socket *so)
{
	so->so_count++;
}

/* Free so if nothing refers to it any more (see above). */
void	sofree(struct socket *so);
static inline void
sorele(struct socket *so)
{
	KASSERT(so->so_count > 0, ("sorele: socket %p without references",
	    (void *)so));
	if (--so->so_count == 0)
		sofree(so);
}

/*
 * Send what uio has, or else the chain top (consumed in any case), to addr
 * (NULL: connected).  Of uio as much as there is space and memory for is
 * taken; uio_resid tells what is left.  A chain is taken whole once there
 * is space for sb_lowat bytes.  EWOULDBLOCK if nothing could be taken.
 * flags MSG_*: MSG_OOB, MSG_EOF (no more to send once all is taken),
 * MSG_MORETOCOME (the protocol may wait for more).
 * EPIPE, ENOTCONN, EDESTADDRREQ, ENOBUFS, EINVAL, so_error.
 */
int	sosend(struct socket *so, struct sockaddr *addr, struct uio *uio,
	    struct mbuf *top, int flags);
/*
 * Receive into uio; or if mp0 is not NULL, up to uio_resid bytes as an mbuf
 * chain (without packet header) in *mp0, without a copy.  uio_resid goes
 * down by what was received.  No bytes and no error is the end of the
 * stream.  First come the bytes, then so_error, then the end.
 * EWOULDBLOCK, ENOTCONN, ENOBUFS (mp0 only), so_error.
 *
 * *flagsp: MSG_*; set to what is to be told, for a stream nothing.
 *	MSG_DONTWAIT	take what there is, whatever SO_RCVLOWAT says
 *	MSG_PEEK	leave the bytes
 *	MSG_OOB		the urgent byte that is out of line
 *	MSG_TRUNC, MSG_DISCARD	throw the bytes away; uio needs no ranges
 *	MSG_WAITALL	EWOULDBLOCK, with nothing taken, until all of
 *			uio_resid is there, if that is at most half of what
 *			the buffer holds; of more, what there is is taken,
 *			and the caller comes again for the rest
 * No call reads across the urgent mark.
 */
int	soreceive(struct socket *so, struct sockaddr_storage *from,
	    struct uio *uio, struct mbuf **mp0, int *flagsp);
/* sosend() and soreceive() without flags and addresses, of one range; *lenp
 * becomes how much was done, if there is no error. */
int	sosend_buf(struct socket *so, const void *buf, size_t len,
	    size_t *lenp);
/* Is all as it should be with so, but nothing there to be received? */
static inline bool
soreceive_is_idle(const struct socket *so)
{
	return (sbavail(&so->so_rcv) == 0 &&
	    (so->so_state & SS_ISCONNECTED) != 0 &&
	    (so->so_error | so->so_rerror) == 0 &&
	    (so->so_rcv.sb_state & SBS_CANTRCVMORE) == 0);
}
/* Has all been received, and will no more come? */
static inline bool
soreceive_is_ended(const struct socket *so)
{
	return (sbavail(&so->so_rcv) == 0 &&
	    (so->so_rcv.sb_state & SBS_CANTRCVMORE) != 0 &&
	    (so->so_error | so->so_rerror) == 0 && !SOLISTENING(so));
}
/* Is a listener as it should be, but no connection there? */
static inline bool
soaccept_is_idle(const struct socket *so)
{
	return (SOLISTENING(so) && TAILQ_EMPTY(&so->so_sol->sol_comp) &&
	    so->so_error == 0);
}
/* Is it so, and a connection is there? */
static inline bool
soaccept_is_ready(const struct socket *so)
{
	return (SOLISTENING(so) && !TAILQ_EMPTY(&so->so_sol->sol_comp) &&
	    so->so_error == 0);
}
int	soreceive_buf(struct socket *so, void *buf, size_t len,
	    size_t *lenp);
/* What of events is true, and SOPOLL_ERR and SOPOLL_HUP (the host's poll
 * bits are not ours). */
#define	SOPOLL_IN	0x1
#define	SOPOLL_OUT	0x4
#define	SOPOLL_ERR	0x8
#define	SOPOLL_HUP	0x10
#define	SOPOLL_PRI	0x2
int	sopoll(struct socket *so, int events);

/* which: SO_RCV or SO_SND.  Called from sorwakeup/sowwakeup.  ENOMEM, only
 * for the first of a socket that is on no listener's queue. */
int	soupcall_set(struct socket *so, int which, so_upcall_t func,
	    void *arg);
void	soupcall_clear(struct socket *so, int which);

/* Wake whoever waits for a side of so; see sys/sockbuf.h. */
void	sowakeup(struct socket *so, int which);
static inline void
sorwakeup(struct socket *so)
{
	if ((so->so_rcv.sb_flags & (SB_KNOTE | SB_UPCALL)) != 0)
		sowakeup(so, SO_RCV);
}

static inline void
sowwakeup(struct socket *so)
{
	if ((so->so_snd.sb_flags & (SB_KNOTE | SB_UPCALL)) != 0)
		sowakeup(so, SO_SND);
}

static inline void
socantrcvmore(struct socket *so)
{
	so->so_rcv.sb_state |= SBS_CANTRCVMORE;
	sorwakeup(so);
}

static inline void
socantsendmore(struct socket *so)
{
	so->so_snd.sb_state |= SBS_CANTSENDMORE;
	sowwakeup(so);
}

/* For protocols.  All of these may run upcalls: see sorwakeup(). */
/* A socket for a connection that came to head, NULL if the queue is full or
 * memory short.  connstatus SS_ISCONNECTED: can be accepted at once, even by
 * an upcall before this returns; 0: when soisconnected() is called. */
struct socket *sonewconn(struct socket *head, int connstatus);
/* The same in two steps: a socket that is on no queue yet, and then one of
 * these, for connstatus 0 and SS_ISCONNECTED. */
struct socket *sonewconn_held(struct socket *head);
void	sonewconn_wait(struct socket *head, struct socket *so);
void	sonewconn_done(struct socket *head, struct socket *so);
void	soisconnected(struct socket *so);
static inline void
soisconnecting(struct socket *so)
{
	so->so_state = (so->so_state & ~(SS_ISCONNECTED |
	    SS_ISDISCONNECTING)) | SS_ISCONNECTING;
}
void	soisdisconnected(struct socket *so);
void	soisdisconnecting(struct socket *so);
/* The same if nobody waits, by SB_KNOTE or SB_UPCALL. */
static inline void
soisdisconnecting_unheard(struct socket *so)
{
	so->so_state = (so->so_state & ~SS_ISCONNECTING) | SS_ISDISCONNECTING;
	so->so_rcv.sb_state |= SBS_CANTRCVMORE;
	so->so_snd.sb_state |= SBS_CANTSENDMORE;
}
/* Reserve both buffers: ENOBUFS. */
int	soreserve(struct socket *so, u_long sndcc, u_long rcvcc);
/* so, new, gets what sbg says, as it is known (by so_begin_note() of another)
 * to be within the limits. */
static inline bool
so_begin_known(const struct so_begin *sbg)
{
	return (__predict_true(sbg->sbg_gen == V_sb_limits.sl_gen));
}
static inline void
so_begin_give(struct socket *so, const struct so_begin *sbg)
{
	memcpy((char *)&so->so_rcv + SB_BEGIN, &sbg->sbg_rcv,
	    sizeof(sbg->sbg_rcv));
	memcpy((char *)&so->so_snd + SB_BEGIN, &sbg->sbg_snd,
	    sizeof(sbg->sbg_snd));
}
/* Others shall begin as so, whose buffers were reserved now, does. */
void	so_begin_note(struct so_begin *sbg, const struct socket *so);
/* Round both up to whole units of bytes, so that none is split. */
void	soround(struct socket *so, u_int unit);
/* The peer sent urgent data: tell who waits. */
void	sohasoutofband(struct socket *so);
/* Free so whatever refers to it, as its transport has gone with the host. */
void	soorphan(struct socket *so);

/* ioctl(2) requests, FreeBSD's numbers. */
#define	FIONREAD	0x4004667f	/* int: bytes to read */
#define	FIONBIO		0x8004667e	/* int: non-blocking or not */
#define	FIONWRITE	0x40046677	/* int: bytes to send */
#define	FIONSPACE	0x40046676	/* int: space to send */
#define	SIOCATMARK	0x40047307	/* int: at the urgent mark? */
/* Others go to pr_control; ENOTTY without one. */
int	soioctl(struct socket *so, u_long cmd, void *data);

#endif /* !_STACKYARD_SYS_SOCKETVAR_H_ */

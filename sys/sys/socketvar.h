/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Sockets.
 *
 * A socket is referred to by the descriptor table (so_count) and by its
 * pcb.  A listening socket keeps connections that are complete on so_comp
 * until accepted; those have no descriptor yet (SS_NOFDREF, SQ_COMP).
 * Nothing in here sleeps: a call that cannot go on returns EWOULDBLOCK, and
 * whoever drives the vnet decides to wait.
 */
#ifndef _STACKYARD_SYS_SOCKETVAR_H_
#define	_STACKYARD_SYS_SOCKETVAR_H_

#include <sys/protosw.h>
#include <sys/queue.h>
#include <sys/sockbuf.h>
#include <sys/socket.h>
#include <sys/sockopt.h>
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

/* The part of a listening socket that others do not need. */
struct solisten {
	TAILQ_HEAD(, socket) sol_comp;	/* complete, not accepted */
	u_int		sol_qlen;	/* of sol_comp */
	u_int		sol_incqlen;	/* handshakes the protocol has open */
	u_int		sol_qlimit;	/* listen(2)'s backlog */
	uint64_t	sol_overflows;
	/* Options that accepted sockets take over. */
	uint16_t	sol_sbrcv_flags, sol_sbsnd_flags;
	u_int		sol_sbrcv_lowat, sol_sbsnd_lowat;
	u_int		sol_sbrcv_hiwat, sol_sbsnd_hiwat;
	nstime_t	sol_sbrcv_timeo, sol_sbsnd_timeo;
};

struct socket {
	short		so_type;	/* SOCK_* */
	short		so_qstate;	/* SQ_* */
	int		so_options;	/* SO_* */
	short		so_linger;	/* seconds; SO_LINGER is in so_options */
	short		so_state;	/* SS_* */
	int		so_count;	/* references */
	void		*so_pcb;
	struct vnet	*so_vnet;
	const struct protosw *so_proto;
	uint16_t	so_error;	/* what the next call will return */
	uint16_t	so_rerror;
	int		so_fibnum;
	so_upcall_t	*so_upcall[2];	/* SO_RCV, SO_SND */
	void		*so_upcallarg[2];
	SLIST_HEAD(, knote) so_knotes;
	struct socket	*so_listen;	/* the listener we wait at */
	TAILQ_ENTRY(socket) so_list;	/* on its sol_comp */
	TAILQ_ENTRY(socket) so_all;	/* all sockets of the vnet */
	struct solisten	*so_sol;	/* not NULL: listening */
	struct sockbuf	so_rcv;
	struct sockbuf	so_snd;
	u_int		so_oobmark;	/* bytes from so_rcv's front to it */
	u_int		so_user_cookie;
};
#define	SO_RCV		0
#define	SO_SND		1
#define	SOLISTENING(so)	((so)->so_sol != NULL)
#define	sotopcb(so)	((so)->so_pcb)

#define	soreadabledata(so)						\
	(sbavail(&(so)->so_rcv) >= (so)->so_rcv.sb_lowat ||		\
	    (so)->so_error != 0)
#define	soreadable(so)							\
	(soreadabledata(so) ||						\
	    ((so)->so_rcv.sb_state & SBS_CANTRCVMORE) != 0)
#define	sowriteable(so)							\
	((sbspace(&(so)->so_snd) >= (long)(so)->so_snd.sb_lowat &&	\
	    ((so)->so_state & SS_ISCONNECTED) != 0) ||			\
	    ((so)->so_snd.sb_state & SBS_CANTSENDMORE) != 0 ||		\
	    (so)->so_error != 0)

VNET_DECLARE(u_long, sb_max);		/* kern.ipc.maxsockbuf */
#define	V_sb_max	VNET(sb_max)
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
/* The oldest complete connection, with a reference, and its peer's address.
 * EINVAL not listening; EWOULDBLOCK none; ECONNABORTED it died meanwhile. */
int	soaccept(struct socket *head, struct socket **so,
	    struct sockaddr_storage *ss);
/* EOPNOTSUPP listening; EISCONN; EALREADY; EINPROGRESS: begun. */
int	soconnect(struct socket *so, struct sockaddr *nam);
int	sodisconnect(struct socket *so);
int	soshutdown(struct socket *so, int how);
/* The last descriptor closes; honours SO_LINGER (a wait is the caller's:
 * EWOULDBLOCK means it lingers and close is to be tried again). */
int	soclose(struct socket *so);
void	soabort(struct socket *so);
void	soref(struct socket *so);
void	sorele(struct socket *so);

/*
 * Send what uio has, or the chain top (consumed), to addr (NULL: connected).
 * Sends as much as there is space for; uio_resid tells what is left.
 * EWOULDBLOCK if nothing could be taken.  flags MSG_*.
 * EPIPE, ENOTCONN, EDESTADDRREQ, EMSGSIZE, ENOBUFS, so_error.
 */
int	sosend(struct socket *so, struct sockaddr *addr, struct uio *uio,
	    struct mbuf *top, int flags);
/*
 * Receive into uio; or if mp0 is not NULL, up to uio_resid bytes as an mbuf
 * chain in *mp0, without a copy.  *flagsp in and out: MSG_*.  No bytes and
 * no error is the end of the stream.  EWOULDBLOCK, ENOTCONN, so_error.
 */
int	soreceive(struct socket *so, struct sockaddr_storage *from,
	    struct uio *uio, struct mbuf **mp0, int *flagsp);
/* POLLIN and the like (host's poll bits are not ours): */
#define	SOPOLL_IN	0x1
#define	SOPOLL_OUT	0x4
#define	SOPOLL_ERR	0x8
#define	SOPOLL_HUP	0x10
#define	SOPOLL_PRI	0x2
int	sopoll(struct socket *so, int events);

/* which: SO_RCV or SO_SND.  Called from sorwakeup/sowwakeup. */
void	soupcall_set(struct socket *so, int which, so_upcall_t func,
	    void *arg);
void	soupcall_clear(struct socket *so, int which);

/* For protocols. */
/* A socket for a connection that came to head, NULL if the queue is full or
 * memory short.  connstatus SS_ISCONNECTED or 0. */
struct socket *sonewconn(struct socket *head, int connstatus);
void	soisconnected(struct socket *so);
void	soisconnecting(struct socket *so);
void	soisdisconnected(struct socket *so);
void	soisdisconnecting(struct socket *so);
/* Reserve both buffers: ENOBUFS. */
int	soreserve(struct socket *so, u_long sndcc, u_long rcvcc);
/* The peer sent urgent data: tell who waits. */
void	sohasoutofband(struct socket *so);
/* The pcb lets go of the socket; frees it if nothing else refers to it. */
void	sofree(struct socket *so);

/* ioctl(2) requests, FreeBSD's numbers. */
#define	FIONREAD	0x4004667f	/* int: bytes to read */
#define	FIONBIO		0x8004667e	/* int: non-blocking or not */
#define	FIONWRITE	0x40046677	/* int: bytes to send */
#define	FIONSPACE	0x40046676	/* int: space to send */
#define	SIOCATMARK	0x40047307	/* int: at the urgent mark? */
int	soioctl(struct socket *so, u_long cmd, void *data);

#endif /* !_STACKYARD_SYS_SOCKETVAR_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What a transport offers to sockets.
 *
 * pr_attach gets a new socket and gives it so_pcb.  The requests return 0
 * or an errno.  Addresses have been checked for their length.  When the
 * socket is closed, pr_disconnect or pr_close starts the protocol's goodbye;
 * pr_detach severs socket and pcb for good: the pcb may live on without a
 * socket (so_pcb is NULL then, and must be when pr_detach returns).  See
 * sys/socketvar.h for how long a pcb keeps its socket.
 *
 * No request is made of a socket whose so_pcb is NULL.  Options of level
 * SOL_SOCKET that were set are shown to pr_ctloutput too, and what it
 * returns for them is not looked at.
 */
#ifndef _STACKYARD_SYS_PROTOSW_H_
#define	_STACKYARD_SYS_PROTOSW_H_

#include <sys/queue.h>

struct mbuf;
struct sockaddr;
struct sockaddr_storage;
struct socket;
struct sockopt;
struct vnet;

#define	PR_CONNREQUIRED	0x0004		/* data only when connected */
#define	PR_WANTRCVD	0x0008		/* pr_rcvd after each read */
#define	PR_IMPLOPCL	0x0020		/* sendto may connect */

struct protosw {
	short	pr_family;		/* AF_INET, AF_INET6 */
	short	pr_type;		/* SOCK_* */
	short	pr_protocol;		/* IPPROTO_* */
	short	pr_flags;		/* PR_* */
	/* Of an accepted one the buffers are reserved, and what else of them
	 * comes from the listener is set. */
	int	(*pr_attach)(struct socket *so, int proto);
	void	(*pr_detach)(struct socket *so);
	int	(*pr_bind)(struct socket *so, struct sockaddr *nam);
	int	(*pr_listen)(struct socket *so, int backlog);
	/* A connection taken from the listen queue: the peer's address, if
	 * ss is not NULL. */
	int	(*pr_accept)(struct socket *so, struct sockaddr_storage *ss);
	/* 0: begun; the socket's state tells when it is done. */
	int	(*pr_connect)(struct socket *so, struct sockaddr *nam);
	int	(*pr_disconnect)(struct socket *so);
	void	(*pr_close)(struct socket *so);
	void	(*pr_abort)(struct socket *so);
	/* how is SHUT_WR or SHUT_RDWR: send what there is, then FIN.  (Of
	 * SHUT_RD the protocol hears by pr_rcvd only.) */
	int	(*pr_shutdown)(struct socket *so, int how);
	/* Bytes were read from so_rcv. */
	int	(*pr_rcvd)(struct socket *so, int flags);
	int	(*pr_rcvoob)(struct socket *so, struct mbuf *m, int flags);
	/* Take m (consumed); flags PRUS_*; nam for an implied connect. */
	int	(*pr_send)(struct socket *so, int flags, struct mbuf *m,
		    struct sockaddr *nam);
	int	(*pr_sockaddr)(struct socket *so, struct sockaddr_storage *ss);
	int	(*pr_peeraddr)(struct socket *so, struct sockaddr_storage *ss);
	int	(*pr_ctloutput)(struct socket *so, struct sockopt *sopt);
	/* SIOC* ioctls that the socket layer does not know. */
	int	(*pr_control)(struct socket *so, u_long cmd, void *data);
	/*
	 * What quick ways need (sys/soquick.h); both, or neither.  pr_write
	 * is pr_send of m, one new mbuf of bytes, by who is alone in the
	 * vnet's outermost door and leaves next: what the batch's end would
	 * send may be sent now.  pr_rcvd_idle: certainly there is nothing for
	 * pr_rcvd to do; asked without the time, and vnet need not be
	 * current.
	 */
	int	(*pr_write)(struct socket *so, struct mbuf *m);
	bool	(*pr_rcvd_idle)(const struct socket *so,
		    const struct vnet *vnet);
};
#define	PRUS_OOB	0x1
#define	PRUS_EOF	0x2		/* no more to send after this */
#define	PRUS_MORETOCOME	0x4
#define	PRUS_NOTREADY	0x8

/* Offer pr (a constant, kept by reference) to sockets of curvnet: 0, EEXIST,
 * ENOMEM.  And take it away again. */
int	protosw_register(const struct protosw *pr);
void	protosw_unregister(const struct protosw *pr);
/* The protocol for socket(2)'s arguments, or NULL; *error says why:
 * EAFNOSUPPORT, EPROTONOSUPPORT, EPROTOTYPE. */
const struct protosw *protosw_find(int domain, int type, int protocol,
	    int *error);

#endif /* !_STACKYARD_SYS_PROTOSW_H_ */

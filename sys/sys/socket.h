/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Addresses and option numbers as FreeBSD has them.  A host's own numbers
 * are translated at the edge (libstackyard, compat), never in here.
 */
#ifndef _STACKYARD_SYS_SOCKET_H_
#define	_STACKYARD_SYS_SOCKET_H_

#ifndef _KERNEL
#include_next <sys/socket.h>
#else
#include <sys/types.h>

typedef	uint8_t		sa_family_t;
#define	socklen_t	kern_socklen_t
typedef	uint32_t	kern_socklen_t;

#define	SOCK_STREAM	1
#define	SOCK_DGRAM	2
#define	SOCK_RAW	3

#define	AF_UNSPEC	0
#define	AF_INET		2
#define	AF_LINK		18
#define	AF_INET6	28
#define	PF_INET		AF_INET
#define	PF_INET6	AF_INET6

#define	SO_DEBUG		0x00000001
#define	SO_ACCEPTCONN		0x00000002
#define	SO_REUSEADDR		0x00000004
#define	SO_KEEPALIVE		0x00000008
#define	SO_DONTROUTE		0x00000010
#define	SO_BROADCAST		0x00000020
#define	SO_USELOOPBACK		0x00000040
#define	SO_LINGER		0x00000080
#define	SO_OOBINLINE		0x00000100
#define	SO_REUSEPORT		0x00000200
#define	SO_TIMESTAMP		0x00000400
#define	SO_NOSIGPIPE		0x00000800
#define	SO_NO_OFFLOAD		0x00004000
#define	SO_NO_DDP		0x00008000
#define	SO_REUSEPORT_LB		0x00010000
#define	SO_RERROR		0x00020000
/* Not FreeBSD's, and set by sys/compat only: the port is not shared. */
#define	SO_EXCLBIND		0x40000000

#define	SO_SNDBUF		0x1001
#define	SO_RCVBUF		0x1002
#define	SO_SNDLOWAT		0x1003
#define	SO_RCVLOWAT		0x1004
#define	SO_SNDTIMEO		0x1005
#define	SO_RCVTIMEO		0x1006
#define	SO_ERROR		0x1007
#define	SO_TYPE			0x1008
#define	SO_LISTENQLIMIT		0x1011
#define	SO_LISTENQLEN		0x1012
#define	SO_LISTENINCQLEN	0x1013
#define	SO_SETFIB		0x1014
#define	SO_USER_COOKIE		0x1015
#define	SO_PROTOCOL		0x1016
#define	SO_PROTOTYPE		SO_PROTOCOL
#define	SO_DOMAIN		0x1019

#define	SOL_SOCKET		0xffff
#define	SOMAXCONN		128

struct linger {
	int	l_onoff;
	int	l_linger;		/* seconds */
};

struct sockaddr {
	uint8_t		sa_len;
	sa_family_t	sa_family;
	char		sa_data[14];
};
#define	SOCK_MAXADDRLEN	255

struct sockaddr_storage {
	uint8_t		ss_len;
	sa_family_t	ss_family;
	char		__ss_pad1[6];
	int64_t		__ss_align;
	char		__ss_pad2[112];
};

#define	MSG_OOB		0x00000001
#define	MSG_PEEK	0x00000002
#define	MSG_DONTROUTE	0x00000004
#define	MSG_EOR		0x00000008
#define	MSG_TRUNC	0x00000010
#define	MSG_CTRUNC	0x00000020
#define	MSG_WAITALL	0x00000040
#define	MSG_DONTWAIT	0x00000080
#define	MSG_EOF		0x00000100
#define	MSG_NOSIGNAL	0x00020000
#define	MSG_SOCALLBCK	0x00010000
#define	MSG_MORETOCOME	0x00100000
/* Stackyard's own: receive and throw away, without copying. */
#define	MSG_DISCARD	0x01000000

#define	SHUT_RD		0
#define	SHUT_WR		1
#define	SHUT_RDWR	2
#endif /* _KERNEL */

#endif /* !_STACKYARD_SYS_SOCKET_H_ */

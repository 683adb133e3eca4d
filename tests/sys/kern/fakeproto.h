/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * A transport that does nothing by itself: what it is asked it notes, what
 * is sent stays in so_snd until the test takes it, and what arrives is what
 * the test says.
 */
#ifndef _STACKYARD_TESTS_FAKEPROTO_H_
#define	_STACKYARD_TESTS_FAKEPROTO_H_

#include <sys/protosw.h>
#include <sys/socketvar.h>

#define	FAKE_PROTO	200		/* IPPROTO_* of it, over AF_INET */
#define	FAKE_SNDSPACE	32768
#define	FAKE_RCVSPACE	65536
#define	FAKE_OPTION	7		/* an int, at level FAKE_PROTO */

struct fakepcb {
	struct socket	*fp_so;
	int		fp_option;
	int		fp_solopt;	/* last SOL_SOCKET option seen */
	u_int		fp_nsend, fp_nrcvd, fp_nclose, fp_nshutdown;
	u_int		fp_ndisconnect;
	int		fp_prus;	/* of the last pr_send */
	bool		fp_named;	/* it had an address */
	int		fp_oob;		/* urgent byte, -1: none */
};

/* What the transport of curvnet has seen, and what it is to do. */
struct fakestate {
	int		fs_pcbs;	/* alive */
	u_int		fs_ndetach, fs_naborts;
	int		fs_fail;	/* errno of the next request */
	bool		fs_prompt;	/* connects and disconnects at once */
};
VNET_DECLARE(struct fakestate, fakestate);
#define	V_fakestate	VNET(fakestate)

extern const struct protosw fakeproto;

#define	fakepcb(so)	((struct fakepcb *)(so)->so_pcb)

/* Make fakeproto the only transport of streams that curvnet has. */
void	fake_register(void);
/* A host "one" that is entered, with fakeproto; and its end, which fails the
 * test if a pcb, a socket or an mbuf is left. */
void	fake_begin(void);
void	fake_end(void);
/* The address that fakeproto takes. */
struct sockaddr *fake_addr(void);
/* A descriptor of a new socket; one that is connected; its socket. */
int	fake_socket(void);
int	fake_connected(void);
struct socket *fake_so(int fd);
/* A packet of len bytes of text. */
struct mbuf *fake_chain(const void *text, int len);
/* len bytes of text arrive at so. */
void	fake_arrive(struct socket *so, const void *text, size_t len);
/* The peer has closed; the connection has ended, with errno error. */
void	fake_eof(struct socket *so);
void	fake_gone(struct socket *so, int error);
/* What has been sent and not taken, up to size bytes; takes it. */
size_t	fake_take(struct socket *so, void *buf, size_t size);
/* kern_send() and kern_recv() of a string: bytes, or -errno. */
ssize_t	fake_write(int fd, const void *text, size_t len, int flags);
ssize_t	fake_read(int fd, void *buf, size_t size, int flags);
/* The host's clock becomes now, and it has its turn. */
void	fake_time(nstime_t now);
/* Set a variable of the host. */
void	fake_sysctl(const char *name, const char *value);

#endif /* !_STACKYARD_TESTS_FAKEPROTO_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * libstackyard: TCP/IP hosts inside a program.
 *
 * An event loop runs hosts, in virtual time (each event at once after the
 * one before, repeatable bit for bit from the seed) or in real time.  A
 * host has interfaces, addresses, routes, sysctl variables, and sockets that
 * are used as BSD sockets are, with the host as an additional argument.
 *
 * Addresses are the program's own (struct sockaddr_in and sockaddr_in6 of
 * its system), and so are the levels SOL_SOCKET, IPPROTO_IP and IPPROTO_IPV6
 * with their options, and MSG_*, SHUT_* and POLL*; options that the system may
 * not have are SY_SO_* and SY_IPV6_*.  Options of level IPPROTO_TCP have
 * FreeBSD's numbers, which collide with other systems'; they are spelt
 * SY_TCP_* here.  On a host whose compat.personality is linux or illumos
 * that system's own numbers work, too, and mean what they mean there
 * (tcp-linux(4), tcp-illumos(4)).
 *
 * One thread uses a loop, and everything that belongs to it, at a time.
 * Functions that return int return -1 and set errno on failure unless they
 * say otherwise; for what a person must read, sy_error() has a sentence.
 *
 * A call on a blocking descriptor (the default) runs the loop until it can
 * go on.  In virtual time, when nothing is left that could ever happen (or
 * a year has passed: keepalives go on for ever), it fails with EDEADLK.
 * Such a call must not be made from a callback.
 */
#ifndef _STACKYARD_H_
#define	_STACKYARD_H_

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sy_loop;
struct sy_host;
struct sy_capture;
struct vnet;

/* What went wrong last in this thread, as one sentence without a newline. */
const char *sy_error(void);
/* "Stackyard 0.1" and the like. */
const char *sy_version(void);

/* ---- Event loops ---- */

#define	SY_VIRTUAL	0	/* time jumps from event to event */
#define	SY_REAL		1	/* time is the machine's */

/*
 * A loop; NULL and errno ENOMEM or EINVAL.  In virtual time it starts at 0
 * and all chance follows from seed; in real time seed 0 means real
 * randomness.
 */
struct sy_loop *sy_loop_new(int mode, uint64_t seed);
/* Free the loop with all its hosts, links and captures. */
void	sy_loop_free(struct sy_loop *loop);
/* Nanoseconds: since the start (virtual), of the machine's clock (real). */
uint64_t sy_loop_now(const struct sy_loop *loop);
/*
 * Run until time `until` (ns; UINT64_MAX: as long as there is something to
 * do), or sy_loop_stop().  In virtual time the clock then stands at until
 * unless stopped before.  Returns 1 if stopped, else 0.
 */
int	sy_loop_run(struct sy_loop *loop, uint64_t until);
/* The next event only: 1, or 0 if there is none (virtual) or none within
 * timeout ns (real). */
int	sy_loop_step(struct sy_loop *loop, uint64_t timeout);
/* Have the call that runs the loop return; from any thread or handler. */
void	sy_loop_stop(struct sy_loop *loop);
/* Events run since the start. */
uint64_t sy_loop_events(const struct sy_loop *loop);
/* Called after every event (one turn of one host), for checks; NULL: none. */
void	sy_loop_hook(struct sy_loop *loop, void (*func)(struct sy_host *,
	    void *), void *arg);
/* Call func(arg) once at time when (ns).  Returns an id, or -1, ENOMEM. */
int64_t	sy_loop_at(struct sy_loop *loop, uint64_t when, void (*func)(void *),
	    void *arg);
/* Forget the call with that id; 0, or -1 with ENOENT. */
int	sy_loop_cancel(struct sy_loop *loop, int64_t id);
/* Real time only: call func(arg, revents) when the system's descriptor fd
 * is ready for events (POLLIN, POLLOUT); events 0: stop watching. */
int	sy_loop_fd(struct sy_loop *loop, int fd, short events,
	    void (*func)(void *, short), void *arg);

/* ---- Hosts ---- */

struct sy_var {
	const char	*name;		/* as sysctl(8) writes it */
	const char	*value;
};

/*
 * A host with lo0, 127.0.0.1 and ::1.  vars (nvars of them) are set before
 * it starts.  NULL: ENOMEM; ENOENT or EINVAL for a variable; EEXIST for a
 * name in use in this loop.
 */
struct sy_host *sy_host_new(struct sy_loop *loop, const char *name,
	    const struct sy_var *vars, size_t nvars);
/* Close its descriptors without a goodbye, and free it. */
void	sy_host_free(struct sy_host *host);
struct sy_host *sy_host_find(struct sy_loop *loop, const char *name);
const char *sy_host_name(const struct sy_host *host);
struct sy_loop *sy_host_loop(const struct sy_host *host);
/* For code written against the kernel's headers.  Bracket each use by
 * sy_host_enter() and sy_host_leave(). */
struct vnet *sy_host_vnet(struct sy_host *host);
void	sy_host_enter(struct sy_host *host);
void	sy_host_leave(struct sy_host *host);
/* Where the host's log lines go: func(arg, level, line); NULL: nowhere (the
 * default in virtual time), standard error by default in real time. */
void	sy_host_log(struct sy_host *host, void (*func)(void *, int,
	    const char *), void *arg);

/* ---- Interfaces and paths ---- */

/*
 * Join two hosts of a loop by an Ethernet link; its interfaces are called
 * epair<unit>a and epair<unit>b.  mtu 0 is 1500.  EEXIST, ENOMEM, EINVAL.
 */
int	sy_link(struct sy_host *a, struct sy_host *b, int unit, int mtu);

/* One direction of an emulated path; all zeros emulates nothing. */
struct sy_pipe {
	uint64_t	rate;		/* bits/s; 0 unlimited */
	uint64_t	delay;		/* ns, one way */
	uint64_t	jitter;		/* ns, uniform from 0 to this */
	bool		jitter_reorder;	/* may change the order */
	double		loss;		/* 0..1, independent */
	double		ge_enter, ge_leave;	/* Gilbert-Elliott's chain */
	double		ge_loss_good, ge_loss_bad;
	double		reorder;	/* 0..1 */
	unsigned	reorder_gap;	/* packets; 0 is 3 */
	double		duplicate;	/* 0..1 */
	double		corrupt;	/* 0..1 */
	uint64_t	queue_bytes;	/* the first that is not 0 counts */
	unsigned	queue_packets;
	double		queue_bdp;	/* times rate * base_rtt */
	uint64_t	base_rtt;	/* ns; 0: twice the delay */
	uint64_t	ecn_bytes;	/* mark CE above; 0 never */
	unsigned	ecn_packets;
	char		aqm[16];	/* "" is droptail */
	uint64_t	seed;		/* 0: from the loop's seed */
};
struct sy_pipe_stats {
	uint64_t	in_packets, in_bytes, out_packets, out_bytes;
	uint64_t	queue_drops, loss_drops, marks;
	uint64_t	duplicates, corrupted, reordered;
	uint64_t	queue_bytes;		/* now */
	unsigned	queue_packets, queue_packets_max;
	double		queue_bytes_mean;	/* since counting began */
	double		utilization;		/* 0..1, of the time */
};
/* Put a pipe on what the host sends by ifname, or change the one there. */
int	sy_pipe(struct sy_host *host, const char *ifname,
	    const struct sy_pipe *pipe);
int	sy_pipe_stats(struct sy_host *host, const char *ifname,
	    struct sy_pipe_stats *stats);
int	sy_pipe_reset(struct sy_host *host, const char *ifname);

/*
 * Attach to the system's network by a TAP device called name (real time
 * only), which is made if it does not exist.  offload: let checksums and
 * large segments pass uncut.  EPERM, EBUSY, ENOENT (no /dev/net/tun), EINVAL.
 */
int	sy_tap(struct sy_host *host, const char *name, bool offload, int mtu);

/* Addresses and routes as text: "10.0.0.1/24", "2001:db8::1/64". */
int	sy_addr_add(struct sy_host *host, const char *ifname,
	    const char *prefix);
int	sy_addr_del(struct sy_host *host, const char *ifname,
	    const char *prefix);
int	sy_route_add(struct sy_host *host, const char *prefix,
	    const char *gateway);
int	sy_route_del(struct sy_host *host, const char *prefix);

/* Record to a pcapng file: comment may be NULL.  Closed by sy_capture_close()
 * (-1 if writing ever failed, with its errno) or with the loop. */
struct sy_capture *sy_capture_open(struct sy_loop *loop, const char *path,
	    const char *comment);
/* At most snaplen bytes of each packet of the interface; 0: all. */
int	sy_capture_if(struct sy_capture *cap, struct sy_host *host,
	    const char *ifname, unsigned snaplen);
int	sy_capture_close(struct sy_capture *cap);

/* ---- Variables and modules ---- */

/* As sysctl(8): text in, text out.  Get returns the length, which may be
 * more than size (then the text is cut). */
int	sy_sysctl_set(struct sy_host *host, const char *name,
	    const char *value);
ssize_t	sy_sysctl_get(struct sy_host *host, const char *name, char *buf,
	    size_t size);

/*
 * Load a module (a shared object made with kmod.mk) into all hosts of the
 * loop, present and future.  path with no '/' is looked for in the
 * directories of STACKYARD_MODULES (colon-separated) and the installed
 * ones.  EEXIST loaded already; ENOENT; ENOEXEC not a module or built for
 * another version; what the module answered.
 */
int	sy_kldload(struct sy_loop *loop, const char *path);
/* ENOENT not loaded; EBUSY in use. */
int	sy_kldunload(struct sy_loop *loop, const char *name);

/*
 * Listen on a UNIX socket at path, mode 0600, for what libsysctl's clients
 * ask: sysctl(8), netstat(1), kldload(8) and others, about all hosts of the
 * loop.  A thread of its own answers, whatever the program does meanwhile,
 * between two events of the loop; from now on the library orders the two.
 * A socket that nobody listens on any more is replaced.  EADDRINUSE somebody
 * does; ENAMETOOLONG; EDEADLK from a callback; EALREADY the loop has one;
 * and what the system answers.
 */
int	sy_control_listen(struct sy_loop *loop, const char *path);
/* End that, and remove the socket; sy_loop_free() does it too.  ENOENT there
 * is none; EDEADLK. */
int	sy_control_close(struct sy_loop *loop);

/* ---- Sockets ---- */

int	sy_socket(struct sy_host *host, int domain, int type, int protocol);
int	sy_bind(struct sy_host *host, int fd, const struct sockaddr *addr,
	    socklen_t len);
int	sy_listen(struct sy_host *host, int fd, int backlog);
int	sy_accept(struct sy_host *host, int fd, struct sockaddr *addr,
	    socklen_t *len);
int	sy_connect(struct sy_host *host, int fd, const struct sockaddr *addr,
	    socklen_t len);
ssize_t	sy_send(struct sy_host *host, int fd, const void *buf, size_t len,
	    int flags);
ssize_t	sy_sendto(struct sy_host *host, int fd, const void *buf, size_t len,
	    int flags, const struct sockaddr *to, socklen_t tolen);
ssize_t	sy_recv(struct sy_host *host, int fd, void *buf, size_t len,
	    int flags);
ssize_t	sy_recvfrom(struct sy_host *host, int fd, void *buf, size_t len,
	    int flags, struct sockaddr *from, socklen_t *fromlen);
ssize_t	sy_readv(struct sy_host *host, int fd, const struct iovec *iov,
	    int iovcnt);
ssize_t	sy_writev(struct sy_host *host, int fd, const struct iovec *iov,
	    int iovcnt);
ssize_t	sy_read(struct sy_host *host, int fd, void *buf, size_t len);
ssize_t	sy_write(struct sy_host *host, int fd, const void *buf, size_t len);
int	sy_shutdown(struct sy_host *host, int fd, int how);
int	sy_close(struct sy_host *host, int fd);
int	sy_setsockopt(struct sy_host *host, int fd, int level, int name,
	    const void *val, socklen_t len);
int	sy_getsockopt(struct sy_host *host, int fd, int level, int name,
	    void *val, socklen_t *len);
int	sy_getsockname(struct sy_host *host, int fd, struct sockaddr *addr,
	    socklen_t *len);
int	sy_getpeername(struct sy_host *host, int fd, struct sockaddr *addr,
	    socklen_t *len);
/* A flag for the receiving calls: throw the bytes away, without a copy; the
 * buffer may be NULL. */
#define	SY_MSG_DISCARD	0x01000000
/* SY_FION*: FreeBSD's ioctls. */
#define	SY_FIONREAD	0x4004667fUL	/* int: bytes to read */
#define	SY_FIONWRITE	0x40046677UL	/* int: bytes to send */
#define	SY_FIONSPACE	0x40046676UL	/* int: space to send */
#define	SY_SIOCATMARK	0x40047307UL	/* int: at the urgent mark? */
int	sy_ioctl(struct sy_host *host, int fd, unsigned long request,
	    void *arg);
/* Non-blocking mode. */
int	sy_setnonblock(struct sy_host *host, int fd, bool on);
/* As poll(2); timeout in ms of the loop's time, -1 for ever. */
int	sy_poll(struct sy_host *host, struct pollfd *fds, nfds_t nfds,
	    int timeout);
/*
 * Call func(arg, fd, revents) from the loop whenever fd is ready for
 * events (POLLIN, POLLOUT): level-triggered, once per turn of the host.
 * events 0: stop.
 */
int	sy_watch(struct sy_host *host, int fd, short events,
	    void (*func)(void *, int, short), void *arg);

/* kqueue(2): the same names, with sy_ in front. */
#define	SY_EVFILT_READ		(-1)
#define	SY_EVFILT_WRITE		(-2)
#define	SY_EVFILT_TIMER		(-7)
#define	SY_EVFILT_USER		(-11)
#define	SY_EVFILT_EXCEPT	(-16)
#define	SY_EV_ADD		0x0001
#define	SY_EV_DELETE		0x0002
#define	SY_EV_ENABLE		0x0004
#define	SY_EV_DISABLE		0x0008
#define	SY_EV_ONESHOT		0x0010
#define	SY_EV_CLEAR		0x0020
#define	SY_EV_RECEIPT		0x0040
#define	SY_EV_DISPATCH		0x0080
#define	SY_EV_EOF		0x8000
#define	SY_EV_ERROR		0x4000
#define	SY_NOTE_LOWAT		0x0001
#define	SY_NOTE_OOB		0x0002
#define	SY_NOTE_TRIGGER		0x01000000
#define	SY_NOTE_SECONDS		0x0001
#define	SY_NOTE_MSECONDS	0x0002
#define	SY_NOTE_USECONDS	0x0004
#define	SY_NOTE_NSECONDS	0x0008
struct sy_kevent {
	uintptr_t	ident;
	short		filter;
	unsigned short	flags;
	unsigned int	fflags;
	int64_t		data;
	void		*udata;
	uint64_t	ext[4];
};
#define	SY_EV_SET(kevp, a, b, c, d, e, f) do {				\
	struct sy_kevent *sy_kevp_ = (kevp);				\
	*sy_kevp_ = (struct sy_kevent){ .ident = (uintptr_t)(a),	\
	    .filter = (b), .flags = (c), .fflags = (d), .data = (e),	\
	    .udata = (f) };						\
} while (0)
int	sy_kqueue(struct sy_host *host);
/* timeout in ns of the loop's time; UINT64_MAX for ever. */
int	sy_kevent(struct sy_host *host, int kq, const struct sy_kevent *change,
	    int nchanges, struct sy_kevent *events, int nevents,
	    uint64_t timeout);

/* Levels SOL_SOCKET and IPPROTO_IPV6: what the system may not have. */
#define	SY_SO_NOSIGPIPE		0x0800
#define	SY_SO_REUSEPORT_LB	0x10000
#define	SY_SO_LISTENQLIMIT	0x1011
#define	SY_SO_LISTENQLEN	0x1012
#define	SY_SO_LISTENINCQLEN	0x1013
#define	SY_IPV6_USE_MIN_MTU	0x1002a
/* Level IPPROTO_TCP, FreeBSD's numbers. */
#define	SY_TCP_FREEBSD		0x10000
#define	SY_TCP_NODELAY		(SY_TCP_FREEBSD + 1)
#define	SY_TCP_MAXSEG		(SY_TCP_FREEBSD + 2)
#define	SY_TCP_NOPUSH		(SY_TCP_FREEBSD + 4)
#define	SY_TCP_NOOPT		(SY_TCP_FREEBSD + 8)
#define	SY_TCP_MD5SIG		(SY_TCP_FREEBSD + 16)
#define	SY_TCP_INFO		(SY_TCP_FREEBSD + 32)
#define	SY_TCP_IWND_NB		(SY_TCP_FREEBSD + 43)
#define	SY_TCP_IWND_NSEG	(SY_TCP_FREEBSD + 44)
#define	SY_TCP_CONGESTION	(SY_TCP_FREEBSD + 64)
#define	SY_TCP_CCALGOOPT	(SY_TCP_FREEBSD + 65)
#define	SY_TCP_MAXUNACKTIME	(SY_TCP_FREEBSD + 68)
#define	SY_TCP_REMOTE_UDP_ENCAPS_PORT	(SY_TCP_FREEBSD + 71)
#define	SY_TCP_DELACK		(SY_TCP_FREEBSD + 72)
#define	SY_TCP_KEEPINIT		(SY_TCP_FREEBSD + 128)
#define	SY_TCP_KEEPIDLE		(SY_TCP_FREEBSD + 256)
#define	SY_TCP_KEEPINTVL	(SY_TCP_FREEBSD + 512)
#define	SY_TCP_KEEPCNT		(SY_TCP_FREEBSD + 1024)
#define	SY_TCP_FASTOPEN		(SY_TCP_FREEBSD + 1025)
#define	SY_TCP_REUSPORT_LB_NUMA	(SY_TCP_FREEBSD + 1026)
#define	SY_TCP_REUSPORT_LB_NUMA_NODOM	(-2)
#define	SY_TCP_REUSPORT_LB_NUMA_CURDOM	(-1)
#define	SY_TCP_FUNCTION_BLK	(SY_TCP_FREEBSD + 8192)
#define	SY_TCP_FUNCTION_ALIAS	(SY_TCP_FREEBSD + 8193)
#define	SY_TCP_AO		(SY_TCP_FREEBSD + 16384)
#define	SY_TCP_AO_KEYS		(SY_TCP_FREEBSD + 16385)
#define	SY_TCP_FUNCTION_NAME_LEN_MAX	32
struct sy_tcp_function_set {
	char		function_set_name[SY_TCP_FUNCTION_NAME_LEN_MAX];
	uint32_t	pcbcnt;
};
/* SY_TCP_AO_KEYS: see tcp-ao(4). */
struct sy_tcp_ao_keys {
	int		tak_current;
	int		tak_rnext;
	int		tak_peer_key;
	int		tak_peer_rnext;
};

#ifdef __cplusplus
}
#endif

#endif /* !_STACKYARD_H_ */

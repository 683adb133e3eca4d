/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The border inside libstackyard.
 *
 * A file of host kind sees the operating system's headers, a file of kernel
 * kind the stack's, and the two disagree about struct sockaddr, AF_INET6,
 * SO_*, MSG_* and more.  This header is seen by both and so uses nothing but
 * integers, strings, and structs of its own.
 *
 *	syk_*	kernel kind (k_*.c), called by host kind
 *	syh_*	host kind, called by kernel kind
 *
 * A syk_ function enters the vnet it is given and leaves it again.  All
 * return 0 or an errno, whose numbers are the host's on both sides.
 */
#ifndef _SY_INTERNAL_H_
#define	_SY_INTERNAL_H_

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture;
struct iovec;
struct sy_host;
struct vnet;
struct vnet_line;
struct vnet_place;

#define	SY_NEVER	UINT64_MAX	/* a time that does not come */

/*
 * The stack's own doors.  Kernel kind files see sys/vnet.h too, so that the
 * compiler compares the two declarations.
 */
uint64_t vnet_run(struct vnet *);
bool	vnet_line_run(struct vnet_line *, const void *);
struct vnet *vnet_enter(struct vnet *);
void	vnet_leave(struct vnet *);
void	vnet_destroy(struct vnet *);

/* ---- Hosts (k_host.c; host.c) ---- */

struct syk_var {
	const char	*name;
	const char	*value;
};

/* Make a vnet for host, with n variables set before it starts, and its place
 * in line.  *clock is always the time; NULL: syh_clock() says it. */
int	syk_host_create(const char *name, struct sy_host *host,
	    const struct syk_var *vars, size_t n, struct vnet_line *line,
	    const uint64_t *clock, struct vnet **vnetp,
	    struct vnet_place **placep);
/* Have vnet in line, unless it is. */
void	syk_host_join(struct vnet *vnet);
/* From now on threads take turns in vnet, by syh_enter() and syh_leave(). */
void	syk_host_share(struct vnet *vnet, bool shared);
/* The longest name of a host, with its NUL. */
#define	SYK_NAMELEN	32

/* What a vnet asks of its host. */
uint64_t syh_clock(struct sy_host *host);
int64_t	syh_epoch(struct sy_host *host);
void	syh_random(struct sy_host *host, void *buf, size_t len);
void	syh_log(struct sy_host *host, int level, const char *line);
void	syh_wakeup(struct sy_host *host, uint64_t when);
void	syh_enter(struct sy_host *host);
void	syh_leave(struct sy_host *host);
void	syh_proc(struct sy_host *host, int32_t *pid, uint32_t *uid,
	    uint32_t *gid, char *comm, size_t size);

/* ---- Variables (k_vars.c) ---- */

/* Is name one of the stack's own, and set before the stack starts? */
bool	syk_sysctl_istunable(const char *name);
int	syk_sysctl_set(struct vnet *vnet, const char *name,
	    const char *value);
/* Text of a variable into buf, cut to size; *lenp is its whole length. */
int	syk_sysctl_get(struct vnet *vnet, const char *name, char *buf,
	    size_t size, size_t *lenp);

/*
 * One request of sysctl(3), by its number (nmib ints) or, if mib is NULL, by
 * its name.  old may be NULL; *oldlenp is as kernel_sysctl() has it.
 */
int	syk_sysctl(struct vnet *vnet, const int *mib, unsigned nmib,
	    const char *name, void *old, size_t *oldlenp, const void *newp,
	    size_t newlen);

/* ---- Modules (k_kld.c) ---- */

#define	SYK_KLD_SLOTS	64
/* The version of the kernel interfaces image was built for, and ours. */
void	syk_kld_version(const void *image, unsigned *its, unsigned *ours);
/* Give image its place in every vnet's table of module memory. */
void	syk_kld_setslot(const void *image, int slot);
int	syk_kld_attach(struct vnet *vnet, const void *image,
	    const char *file);
int	syk_kld_detach(struct vnet *vnet, const void *image);
int	syk_kld_quiesce(struct vnet *vnet, const void *image);
/* Call func(arg, file, module) for each module of vnet. */
int	syk_kld_modules(struct vnet *vnet, int (*func)(void *, const char *,
	    const char *), void *arg);

/* ---- Interfaces, addresses, routes, pipes (k_path.c) ---- */

int	syk_link(struct vnet *a, struct vnet *b, int unit, int mtu);

struct syk_pipe {			/* struct dn_config, neutral */
	uint64_t	rate, delay, jitter;
	uint64_t	loss;		/* probabilities: 32-bit fractions */
	uint64_t	ge_enter, ge_leave, ge_loss_good, ge_loss_bad;
	uint64_t	reorder, duplicate, corrupt;
	uint64_t	queue_bytes, base_rtt, ecn_bytes, seed;
	uint32_t	reorder_gap, queue_packets, ecn_packets;
	uint32_t	queue_bdp;	/* thousandths */
	bool		jitter_reorder;
	char		aqm[16];
};
#define	SYK_PROB_ONE	4294967296.0
struct syk_pipe_stats {
	uint64_t	in_packets, in_bytes, out_packets, out_bytes;
	uint64_t	queue_drops, loss_drops, marks;
	uint64_t	duplicates, corrupted, reordered;
	uint64_t	queue_bytes, queue_byte_ns, busy_ns, since;
	uint32_t	queue_packets, queue_packets_max;
};
/* ENXIO: no such interface; ENOENT: no pipe on it. */
int	syk_pipe(struct vnet *vnet, const char *ifname,
	    const struct syk_pipe *pipe);
int	syk_pipe_stats(struct vnet *vnet, const char *ifname,
	    struct syk_pipe_stats *stats);
int	syk_pipe_reset(struct vnet *vnet, const char *ifname);

/* text: an address; plen of the address's own family.  EINVAL: no address. */
int	syk_addr_add(struct vnet *vnet, const char *ifname,
	    const char *text, int plen);
int	syk_addr_del(struct vnet *vnet, const char *ifname,
	    const char *text);
int	syk_route_add(struct vnet *vnet, const char *text, int plen,
	    const char *gateway);
int	syk_route_del(struct vnet *vnet, const char *text, int plen);
/* 4 or 6, or 0 if text is no address. */
int	syk_addr_family(const char *text);

/* ---- TAP (k_tap.c) ---- */

struct ifnet;
/* *ifpp goes with the vnet; *fdp is its descriptor.  mtu 0: the default. */
int	syk_tap(struct vnet *vnet, const char *name, bool offload, int mtu,
	    struct ifnet **ifpp, int *fdp);
void	syk_tap_detach(struct ifnet *ifp);
/* Take what has come: 0, or ENXIO when the device is gone. */
int	syk_tap_input(struct ifnet *ifp);
void	syk_tap_output(struct ifnet *ifp);
bool	syk_tap_wants_write(const struct ifnet *ifp);

/* ---- Captures (k_capture.c) ---- */

struct capture *syk_capture_create(int (*write)(void *, const void *,
	    size_t), void *arg, const char *comment);
int	syk_capture_destroy(struct capture *cap);
int	syk_capture_start(struct vnet *vnet, const char *ifname,
	    struct capture *cap, uint32_t snaplen, const char *label);
void	syk_capture_stop(struct vnet *vnet, const char *ifname);

/* ---- Sockets (k_socket.c) ---- */

/* An address of the family the socket was made for. */
enum syk_af { SYK_AF_NONE, SYK_AF_INET, SYK_AF_INET6, SYK_AF_OTHER };
struct syk_addr {
	enum syk_af	family;
	uint16_t	port;		/* network order */
	uint32_t	flowinfo;	/* network order */
	uint32_t	scope;
	uint8_t		addr[16];	/* the first 4 for IPv4 */
};

int	syk_socket(struct vnet *vnet, enum syk_af family, int type,
	    int protocol, int *fdp);
int	syk_bind(struct vnet *vnet, int fd, const struct syk_addr *addr);
int	syk_listen(struct vnet *vnet, int fd, int backlog);
int	syk_connect(struct vnet *vnet, int fd, const struct syk_addr *addr);
/* What a connect that was EINPROGRESS has come to: the socket's pending error,
 * which is taken; EWOULDBLOCK: it goes on; EINPROGRESS: fd is non-blocking, and
 * the program is to find out by itself. */
int	syk_connected(struct vnet *vnet, int fd);
/* Flags and levels from here on are the stack's own numbers.  The first
 * skip bytes of iov are done already; *lenp becomes the bytes moved. */
#define	SYK_MSG_OOB		0x1
#define	SYK_MSG_PEEK		0x2
#define	SYK_MSG_WAITALL		0x40
#define	SYK_MSG_DONTWAIT	0x80
#define	SYK_MSG_MORE		0x100000
#define	SYK_MSG_FASTOPEN	0x20000000	/* not the stack's: below */
int	syk_send(struct vnet *vnet, int fd, const struct iovec *iov,
	    int iovcnt, size_t skip, int flags, const struct syk_addr *to,
	    size_t *lenp);
int	syk_recv(struct vnet *vnet, int fd, const struct iovec *iov,
	    int iovcnt, size_t skip, int *flags, struct syk_addr *from,
	    size_t *lenp);

/* How a call on fd would wait. */
struct syk_wait {
	uint64_t	w_limit;	/* ns; 0: for ever, or no lingering */
	bool		w_nonblock;
};
enum syk_side { SYK_RECEIVE, SYK_SEND, SYK_LINGER };
int	syk_waitinfo(struct vnet *vnet, int fd, enum syk_side side,
	    struct syk_wait *wait);

/* addr may be NULL.  EWOULDBLOCK comes with how to wait. */
int	syk_accept(struct vnet *vnet, int fd, struct syk_addr *addr, int *fdp,
	    struct syk_wait *wait);

/*
 * syk_send() and syk_recv() of one range, without flags and addresses.  All
 * that such a call is about stands in one place, for it may be made twice.
 */
struct syk_io {
	struct vnet	*io_vnet;
	void		*io_buf;	/* only read by syk_write() */
	size_t		io_len;
	size_t		io_done;	/* 0 with an error */
	struct syk_wait	io_wait;	/* with EWOULDBLOCK of a read */
	int		io_fd;
};
int	syk_write(struct syk_io *io);
int	syk_read(struct syk_io *io);
/*
 * Whole calls of the program's, host's on vnet, with their waiting as far as
 * that takes no time, in one frame; the result is the program's, too.  What
 * they do not do themselves they end by handing to a function of host kind:
 * all of it, or the rest of a connect that is begun, or a close that returned
 * error.
 */
int	syk_call_socket(struct vnet *vnet, enum syk_af family, int type,
	    int protocol, struct sy_host *host);
int	syk_call_connect(struct vnet *vnet, int fd,
	    const struct syk_addr *addr, struct sy_host *host);
int	syk_call_accept(struct vnet *vnet, int fd, struct syk_addr *addr,
	    struct sy_host *host);
ssize_t	syk_call_write(struct vnet *vnet, int fd, const void *buf,
	    size_t len, struct sy_host *host, const char *call);
ssize_t	syk_call_read(struct vnet *vnet, int fd, void *buf, size_t len,
	    struct sy_host *host, const char *call);
int	syk_call_close(struct vnet *vnet, int fd, struct sy_host *host);
int	syh_connect(struct sy_host *host, int fd);
int	syh_accept(struct sy_host *host, int fd, struct syk_addr *addr);
ssize_t	syh_write(struct sy_host *host, int fd, const void *buf, size_t len,
	    const char *call);
ssize_t	syh_read(struct sy_host *host, int fd, void *buf, size_t len,
	    const char *call);
int	syh_close(struct sy_host *host, int fd, int error);
/* The call has failed: -1.  fd may be SY_NOFD. */
#define	SY_NOFD	INT32_MIN
int	syh_fail(int error, const char *call, const struct sy_host *host,
	    int fd);
/* Run turns that take no time: true, up to one of host's; false, there was
 * none of it. */
bool	syh_turns(struct sy_host *host);
int	syk_shutdown(struct vnet *vnet, int fd, int how);
int	syk_close(struct vnet *vnet, int fd);
/* The same by the program's own numbers, on a host with another system's
 * personality, which are that system's; false: it has FreeBSD's.  *errorp is
 * the result. */
bool	syk_compat_setsockopt(struct vnet *vnet, int fd, int level, int name,
	    const void *val, size_t len, int *errorp);
bool	syk_compat_getsockopt(struct vnet *vnet, int fd, int level, int name,
	    void *val, size_t *lenp, int *errorp);
bool	syk_compat_ioctl(struct vnet *vnet, int fd, unsigned long cmd,
	    void *data, int *errorp);
/* What *flags of a write to come mean to the host's personality; those that
 * the stack does not know go. */
int	syk_compat_flags(struct vnet *vnet, int fd, int *flags);
/* An error of a write as the personality has it; curvnet is the socket's. */
int	syk_compat_send_error(int fd, int error);
int	syk_setsockopt(struct vnet *vnet, int fd, int level, int name,
	    const void *val, size_t len);
int	syk_getsockopt(struct vnet *vnet, int fd, int level, int name,
	    void *val, size_t *lenp);
int	syk_getsockname(struct vnet *vnet, int fd, struct syk_addr *addr);
int	syk_getpeername(struct vnet *vnet, int fd, struct syk_addr *addr);
int	syk_ioctl(struct vnet *vnet, int fd, unsigned long cmd, void *data);
int	syk_setnonblock(struct vnet *vnet, int fd, bool on);
/* Takes and clears the socket's pending error. */
int	syk_soerror(struct vnet *vnet, int fd, int *soerror);

#define	SYK_POLLIN	0x1
#define	SYK_POLLPRI	0x2
#define	SYK_POLLOUT	0x4
#define	SYK_POLLERR	0x8
#define	SYK_POLLHUP	0x10
int	syk_poll(struct vnet *vnet, int fd, int events, int *revents);

/* Both sides assert that their struct kevent is this. */
#define	SYK_KEVENT_SIZE		64
#define	SYK_KEVENT_DATA		16
#define	SYK_KEVENT_UDATA	24
int	syk_kqueue(struct vnet *vnet, int *fdp);
int	syk_kevent(struct vnet *vnet, int kq, const void *changes,
	    int nchanges, void *events, int nevents, int *n);

/*
 * A descriptor watched for the program.  The socket's upcalls put it on its
 * host's list of those that may be ready; the host's next turn looks at
 * them.  Owned by the host (wait.c).
 */
struct sy_watch {
	TAILQ_ENTRY(sy_watch) w_ready;
	struct sy_host	*w_host;
	bool		w_queued;
	int		w_fd;
	uint64_t	w_turn;		/* the event that looked at it last */
	short		w_events;	/* the program's POLL* */
	int		w_kevents;	/* the same, SYK_POLL* */
	void		(*w_func)(void *, int, short);
	void		*w_arg;
};
/* Have fd's upcalls, of the sides that w_kevents names, call
 * syh_watch_ready(watch); EBADF, ENOTSOCK. */
int	syk_watch(struct vnet *vnet, int fd, struct sy_watch *watch);
void	syk_unwatch(struct vnet *vnet, int fd);
void	syh_watch_ready(struct sy_watch *watch);

#endif /* !_SY_INTERNAL_H_ */

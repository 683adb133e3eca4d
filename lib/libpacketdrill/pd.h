/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the files of host kind of libpacketdrill share.
 *
 * An instance (struct pd) is one stack with one caller: a loop in virtual
 * time with one host in it, whose only way out is the caller.  Everything in
 * it is under pd_mutex, which a thread holds for as long as it is in a call
 * and does not sleep.  The control socket's thread is not one of these: it
 * takes turns with them in the loop.
 *
 * Who owns what: an instance owns its loop and its files; a file its socket
 * in the stack, not the descriptor that stands for it, which is the
 * caller's.  Files are counted, since a call may sleep on one that another
 * thread closes.
 */
#ifndef _PD_H_
#define	_PD_H_

#include <sys/queue.h>
#include <sys/stat.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "packetdrill_interface.h"
#include "pd_netif.h"
#include "sy_loop.h"

#define	NS_PER_US	1000ULL
#define	NS_PER_MS	1000000ULL
#define	PD_EPOCH	1000000000LL	/* s; when virtual time begins */
#define	PD_THREADS	16		/* that use an instance at a time */
#define	PD_VARS		64		/* variables in the flags */
#define	PD_ADDRS	16		/* local addresses there */
#define	PD_LEARN	64		/* local addresses learned at most */

/* What the flags and the environment say (pd_flags.c). */
struct pd_flags {
	char		*pf_text;	/* what the strings below are in */
	unsigned	pf_mtu;
	uint64_t	pf_seed;
	bool		pf_hook;	/* catch the program's getsockopt() */
	const char	*pf_addrs[PD_ADDRS];
	size_t		pf_naddrs;
	struct sy_var	pf_vars[PD_VARS];
	size_t		pf_nvars;
};

/*
 * A thread, other than the one that made the instance and runs its time.
 *
 *	IDLE --clock--> BEFORE --call--> CALL --return--> AFTER --clock--> IDLE
 *
 * From BEFORE to the end the thread holds time still, except while its call
 * sleeps.  A call that no reading of the clock precedes ends in IDLE.
 */
enum pd_phase { PD_IDLE, PD_BEFORE, PD_CALL, PD_AFTER };
struct pd_thread {
	pthread_t	th_self;
	bool		th_known;	/* the entry is in use */
	bool		th_clocked;	/* it read the clock before the call */
	enum pd_phase	th_phase;
	uint64_t	th_used;	/* when it came last, counted */
};

/* Something that a call sleeps for. */
struct pd;
struct pd_wait {
	TAILQ_ENTRY(pd_wait) wt_link;
	bool		(*wt_ready)(struct pd *, void *);
	void		*wt_arg;
	uint64_t	wt_deadline;	/* ns; SY_NEVER */
	struct pd_thread *wt_thread;
	bool		wt_woken;
	pthread_cond_t	wt_cond;
};

enum pd_kind { PD_SOCKET, PD_EPOLL };
struct pd_epoll;
struct pd_file {
	enum pd_kind	f_kind;
	int		f_fd;		/* the caller's; the first of them */
	unsigned	f_fds;		/* how many there are: dup(2) */
	ino_t		f_ino;		/* of its socket, told by fstat(2) */
	unsigned	f_refs;
	bool		f_closed;
	bool		f_nonblock;
	int		f_sfd;		/* the stack's: of the socket, or of
					   the kqueue that feeds the epoll */
	int		f_domain;
	struct pd_epoll	*f_epoll;
};

struct pd {
	pthread_mutex_t	pd_mutex;
	TAILQ_ENTRY(pd)	pd_link;
	struct sy_loop	*pd_loop;
	struct sy_host	*pd_host;
	struct ifnet	*pd_ifp;
	char		*pd_dir;	/* with the control socket in it */
	char		*pd_path;
	pid_t		pd_pid;		/* the process that made it */
	bool		pd_hook;
	bool		pd_closing;
	unsigned	pd_learned;	/* addresses */
	/* Time (pd_clock.c). */
	pthread_t	pd_main;	/* the thread that runs time */
	int64_t		pd_read;	/* us; the last reading, or -1 */
	struct pd_thread pd_threads[PD_THREADS];
	uint64_t	pd_entered;	/* calls so far */
	unsigned	pd_inside;	/* threads in calls */
	struct pd_thread *pd_held;	/* who holds time still, or NULL */
	pthread_cond_t	pd_released;	/* pd_held or pd_inside has changed */
	TAILQ_HEAD(, pd_wait) pd_waits;	/* in order of arrival */
	/* Files (pd_file.c), by the caller's descriptor. */
	struct pd_file	**pd_files;
	int		pd_nfiles;
};

/* ---- pd_flags.c ---- */

/* 0, or -1: one line about what is wrong is in why. */
int	pd_flags_parse(struct pd_flags *pf, const char *flags, char *why,
	    size_t size);
void	pd_flags_free(struct pd_flags *pf);

/* ---- pd_clock.c: threads and time ---- */

void	pd_clock_init(struct pd *pd);
/* A call begins: the mutex is ours, and nobody else holds time still. */
void	pd_enter(struct pd *pd);
/* It ends; the value is the call's, and errno is kept. */
void	pd_leave(struct pd *pd);
/* The same for the clock. */
void	pd_enter_clock(struct pd *pd);
void	pd_leave_clock(struct pd *pd);
bool	pd_is_main(const struct pd *pd);
static inline uint64_t
pd_now(const struct pd *pd)
{
	return (sy_loop_now(pd->pd_loop));
}
/* Run everything until time until (ns). */
void	pd_run_until(struct pd *pd, uint64_t until);
/* One step, no later than limit (ns): false if there is none. */
bool	pd_step(struct pd *pd, uint64_t limit);
/*
 * Sleep until ready(pd, arg), or deadline: 0, EAGAIN (the deadline), or
 * EDEADLK (nothing is left that could happen).
 */
int	pd_sleep(struct pd *pd, bool (*ready)(struct pd *, void *),
	    void *arg, uint64_t deadline);
/* ns from now, SY_NEVER staying that. */
uint64_t pd_deadline(const struct pd *pd, uint64_t ns);
/* Have all who sleep find out, and leave. */
void	pd_clock_end(struct pd *pd);

int	pd_usleep(void *userdata, useconds_t usec);
int	pd_gettimeofday(void *userdata, struct timeval *tv,
	    struct timezone *tz);
int	pd_netdev_send(void *userdata, const void *buf, size_t count);
int	pd_netdev_receive(void *userdata, void *buf, size_t *count,
	    long long *time_usecs);

/* ---- pd_file.c: descriptors ---- */

/* A new one; -1, errno: sfd stays the caller's. */
struct pd_file *pd_file_new(struct pd *pd, enum pd_kind kind, int sfd);
/* The file behind fd, counted, or NULL: it is none of ours. */
struct pd_file *pd_file_get(struct pd *pd, int fd);
/* The same, only a socket: NULL and errno EBADF, ENOTSOCK. */
struct pd_file *pd_file_socket(struct pd *pd, int fd);
void	pd_file_put(struct pd *pd, struct pd_file *f);
/* Is fd still one that we gave out? */
bool	pd_file_owns(const struct pd *pd, int fd);
void	pd_file_end(struct pd *pd);
/* What f is ready for: POLL*, POLLNVAL if it was closed. */
short	pd_file_poll(struct pd *pd, struct pd_file *f, short events);
/* Sleep until f is ready for events, POLL*. */
int	pd_file_wait(struct pd *pd, struct pd_file *f, short events,
	    uint64_t deadline);
/* A call on socket f cannot go on: sleep until it is ready, if it may, to
 * the deadline of its time-out, which is found out first if it is 0. */
int	pd_file_block(struct pd *pd, struct pd_file *f, short events,
	    bool dontwait, uint64_t *deadline);
int	pd_close(void *userdata, int fd);
int	pd_fcntl(void *userdata, int fd, int cmd, ...);

/* ---- pd_call.c: connections; pd_io.c: data ---- */

int	pd_socket(void *userdata, int domain, int type, int protocol);
int	pd_bind(void *userdata, int fd, const struct sockaddr *addr,
	    socklen_t len);
int	pd_listen(void *userdata, int fd, int backlog);
int	pd_accept(void *userdata, int fd, struct sockaddr *addr,
	    socklen_t *len);
int	pd_connect(void *userdata, int fd, const struct sockaddr *addr,
	    socklen_t len);
int	pd_shutdown(void *userdata, int fd, int how);
int	pd_getsockopt(void *userdata, int fd, int level, int name, void *val,
	    socklen_t *len);
int	pd_setsockopt(void *userdata, int fd, int level, int name,
	    const void *val, socklen_t len);
int	pd_ioctl(void *userdata, int fd, unsigned long request, ...);
/* The end of a handshake that is under way; EINPROGRESS: f does not wait. */
int	pd_file_connected(struct pd *pd, struct pd_file *f);
/* Own the address of a packet or a socket, if more may be learned. */
void	pd_learn(struct pd *pd, const struct syk_addr *addr);

ssize_t	pd_read(void *userdata, int fd, void *buf, size_t len);
ssize_t	pd_readv(void *userdata, int fd, const struct iovec *iov,
	    int iovcnt);
ssize_t	pd_recv(void *userdata, int fd, void *buf, size_t len, int flags);
ssize_t	pd_recvfrom(void *userdata, int fd, void *buf, size_t len,
	    int flags, struct sockaddr *from, socklen_t *fromlen);
ssize_t	pd_recvmsg(void *userdata, int fd, struct msghdr *msg, int flags);
ssize_t	pd_write(void *userdata, int fd, const void *buf, size_t len);
ssize_t	pd_writev(void *userdata, int fd, const struct iovec *iov,
	    int iovcnt);
ssize_t	pd_send(void *userdata, int fd, const void *buf, size_t len,
	    int flags);
ssize_t	pd_sendto(void *userdata, int fd, const void *buf, size_t len,
	    int flags, const struct sockaddr *to, socklen_t tolen);
ssize_t	pd_sendmsg(void *userdata, int fd, const struct msghdr *msg,
	    int flags);
/* A whole send or receive on f, sleeping as f says: bytes, or -1. */
ssize_t	pd_file_send(struct pd *pd, struct pd_file *f,
	    const struct iovec *iov, int iovcnt, int flags,
	    const struct syk_addr *to);
ssize_t	pd_file_recv(struct pd *pd, struct pd_file *f,
	    const struct iovec *iov, int iovcnt, int flags,
	    struct syk_addr *from);

/* ---- pd_epoll.c, pd_splice.c ---- */

int	pd_poll(void *userdata, struct pollfd *fds, nfds_t nfds,
	    int timeout);
int	pd_epoll_create(void *userdata, int size);
int	pd_epoll_ctl(void *userdata, int epfd, int op, int fd,
	    struct epoll_event *event);
int	pd_epoll_wait(void *userdata, int epfd, struct epoll_event *events,
	    int maxevents, int timeout);
bool	pd_epoll_ready(struct pd *pd, struct pd_file *f);
void	pd_epoll_free(struct pd_epoll *ep);
/* f is closed: no epoll knows it any more. */
void	pd_epoll_forget(struct pd *pd, const struct pd_file *f);
int	pd_pipe(void *userdata, int fds[2]);
int	pd_splice(void *userdata, int fd_in, loff_t *off_in, int fd_out,
	    loff_t *off_out, size_t len, unsigned int flags);

/* ---- pd_hook.c: the program's own getsockopt() ---- */

void	pd_hook_on(void);
void	pd_hook_off(void);

/* ---- pd_init.c ---- */

/* The instance that has given out fd, entered; NULL: none has. */
struct pd *pd_find(int fd);

#endif /* !_PD_H_ */

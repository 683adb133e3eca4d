/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The interface between packetdrill and a stack in a shared object.
 *
 * packetdrill loads the object, looks up packetdrill_interface_init() and
 * has it fill in the struct below.  From then on each system call of a
 * script is a call through a member, with the stack's own pointer in front
 * of the call's arguments.  Members return what the system call returns,
 * with errno.  The order of the members is the interface.
 */
#ifndef _PACKETDRILL_INTERFACE_H_
#define	_PACKETDRILL_INTERFACE_H_

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <poll.h>
#include <stddef.h>

struct packetdrill_interface {
	void	*userdata;
	/* The end of the stack; may never be called. */
	void	(*free)(void *userdata);

	int	(*socket)(void *userdata, int domain, int type, int protocol);
	int	(*bind)(void *userdata, int fd, const struct sockaddr *addr,
		    socklen_t len);
	int	(*listen)(void *userdata, int fd, int backlog);
	int	(*accept)(void *userdata, int fd, struct sockaddr *addr,
		    socklen_t *len);
	int	(*connect)(void *userdata, int fd,
		    const struct sockaddr *addr, socklen_t len);
	ssize_t	(*read)(void *userdata, int fd, void *buf, size_t len);
	ssize_t	(*readv)(void *userdata, int fd, const struct iovec *iov,
		    int iovcnt);
	ssize_t	(*recv)(void *userdata, int fd, void *buf, size_t len,
		    int flags);
	ssize_t	(*recvfrom)(void *userdata, int fd, void *buf, size_t len,
		    int flags, struct sockaddr *from, socklen_t *fromlen);
	ssize_t	(*recvmsg)(void *userdata, int fd, struct msghdr *msg,
		    int flags);
	ssize_t	(*write)(void *userdata, int fd, const void *buf,
		    size_t len);
	ssize_t	(*writev)(void *userdata, int fd, const struct iovec *iov,
		    int iovcnt);
	ssize_t	(*send)(void *userdata, int fd, const void *buf, size_t len,
		    int flags);
	ssize_t	(*sendto)(void *userdata, int fd, const void *buf,
		    size_t len, int flags, const struct sockaddr *to,
		    socklen_t tolen);
	ssize_t	(*sendmsg)(void *userdata, int fd, const struct msghdr *msg,
		    int flags);
	int	(*fcntl)(void *userdata, int fd, int cmd, ...);
	int	(*ioctl)(void *userdata, int fd, unsigned long request, ...);
	int	(*close)(void *userdata, int fd);
	int	(*shutdown)(void *userdata, int fd, int how);
	int	(*getsockopt)(void *userdata, int fd, int level, int name,
		    void *val, socklen_t *len);
	int	(*setsockopt)(void *userdata, int fd, int level, int name,
		    const void *val, socklen_t len);
	int	(*poll)(void *userdata, struct pollfd *fds, nfds_t nfds,
		    int timeout);

	/* An IP packet for the stack; 0, or -1. */
	int	(*netdev_send)(void *userdata, const void *buf, size_t count);
	/*
	 * The next IP packet that leaves the stack, into buf, of *count
	 * bytes, which becomes the packet's length, with the time when it
	 * left; *count 0: none will ever leave.  Returns 0.
	 */
	int	(*netdev_receive)(void *userdata, void *buf, size_t *count,
		    long long *time_usecs);

	int	(*usleep)(void *userdata, useconds_t usec);
	int	(*gettimeofday)(void *userdata, struct timeval *tv,
		    struct timezone *tz);

	int	(*epoll_create)(void *userdata, int size);
	int	(*epoll_ctl)(void *userdata, int epfd, int op, int fd,
		    struct epoll_event *event);
	int	(*epoll_wait)(void *userdata, int epfd,
		    struct epoll_event *events, int maxevents, int timeout);
	int	(*pipe)(void *userdata, int fds[2]);
	int	(*splice)(void *userdata, int fd_in, loff_t *off_in,
		    int fd_out, loff_t *off_out, size_t len,
		    unsigned int flags);
};

/* flags: see stackyard-packetdrill(7).  NULL is "". */
void	packetdrill_interface_init(const char *flags,
	    struct packetdrill_interface *interface);

#endif /* !_PACKETDRILL_INTERFACE_H_ */

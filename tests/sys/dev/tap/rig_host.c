/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The host's part of the TAP tests; see rig_host.h.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig_host.h"

#define	RIG_WAIT_MS	10000

int
rig_pair(int fd[2])
{

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1)
		return (errno);
	if (fcntl(fd[1], F_SETFL, O_NONBLOCK) == -1)
		return (errno);
	return (0);
}

long
rig_read(int fd, void *buf, size_t len)
{
	ssize_t n;

	n = read(fd, buf, len);
	if (n == -1)
		return (errno == EAGAIN ? 0 : -1);
	return (n == 0 ? -1 : n);
}

int
rig_write(int fd, const void *buf, size_t len)
{

	return (write(fd, buf, len) == (ssize_t)len ? 0 : errno);
}

void
rig_close(int fd)
{

	(void)close(fd);
}

bool
rig_isopen(int fd)
{

	return (fcntl(fd, F_GETFD) != -1);
}

int
rig_unshare(void)
{
#ifdef CLONE_NEWNET
	return (unshare(CLONE_NEWNET) == -1 ? errno : 0);
#else
	return (ENOTSUP);
#endif
}

bool
rig_have_tun(void)
{

	return (access("/dev/net/tun", F_OK) == 0);
}

int
rig_shell(const char *cmd)
{
	int status;

	status = system(cmd);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

bool
rig_wait(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return (poll(&pfd, 1, RIG_WAIT_MS) == 1);
}

/* A socket address of either family: its length. */
static socklen_t
rig_address(const char *text, int port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons((uint16_t)port);
		return (sizeof(*sin));
	}
	if (inet_pton(AF_INET6, text, &sin6->sin6_addr) != 1)
		abort();
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons((uint16_t)port);
	return (sizeof(*sin6));
}

static int
rig_bound(const char *addr, int port, int type)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	len = rig_address(addr, port, &ss);
	fd = socket(ss.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&ss, len) == -1)
		return (-1);
	return (fd);
}

int
rig_udp(const char *addr, int port)
{

	return (rig_bound(addr, port, SOCK_DGRAM));
}

int
rig_sendto(int fd, const char *addr, int port, const void *buf, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t sslen;

	sslen = rig_address(addr, port, &ss);
	return (sendto(fd, buf, len, 0, (struct sockaddr *)&ss, sslen) ==
	    (ssize_t)len ? 0 : -1);
}

int
rig_listen(const char *addr, int port)
{
	int fd;

	fd = rig_bound(addr, port, SOCK_STREAM);
	return (fd == -1 || listen(fd, 1) == -1 ? -1 : fd);
}

int
rig_accept_send(int fd, size_t len)
{
	char *buf;
	ssize_t n;
	int conn;

	conn = accept(fd, NULL, NULL);
	buf = calloc(1, len);
	if (conn == -1 || buf == NULL)
		return (-1);
	n = write(conn, buf, len);
	free(buf);
	return (n == (ssize_t)len ? conn : -1);
}

int
rig_rights(bool root)
{

	return (seteuid(root ? 0 : 65534));
}

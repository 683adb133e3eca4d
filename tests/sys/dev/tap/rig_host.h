/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What the tests ask of the host, in plain C types.
 */
#ifndef _TESTS_TAP_RIG_HOST_H_
#define	_TESTS_TAP_RIG_HOST_H_

#include <stdbool.h>
#include <stddef.h>

/* Two ends that carry whole messages, and do not block.  0 or an errno. */
int	rig_pair(int fd[2]);
/* One message: its length, 0 for none now, -1 for the end. */
long	rig_read(int fd, void *buf, size_t len);
/* 0 or an errno. */
int	rig_write(int fd, const void *buf, size_t len);
void	rig_close(int fd);
bool	rig_isopen(int fd);

/* Leave for a network namespace of one's own: 0 or an errno. */
int	rig_unshare(void);
bool	rig_have_tun(void);
/* Run a shell command: its exit status. */
int	rig_shell(const char *cmd);
/* Wait until fd can be read, for at most some seconds. */
bool	rig_wait(int fd);
/* A UDP socket on port of addr; send len bytes to port of addr; a TCP socket
 * that listens on addr; accept and send len bytes.  -1: it failed. */
int	rig_udp(const char *addr, int port);
int	rig_sendto(int fd, const char *addr, int port, const void *buf,
	    size_t len);
int	rig_listen(const char *addr, int port);
int	rig_accept_send(int fd, size_t len);
/* Give up root's rights, or take them back. */
int	rig_rights(bool root);

#endif /* !_TESTS_TAP_RIG_HOST_H_ */

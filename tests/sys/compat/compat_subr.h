/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Requests of Linux's and illumos's kinds, for the tests of this directory;
 * what pkt.h has is the rest. */
#ifndef _TESTS_COMPAT_SUBR_H_
#define	_TESTS_COMPAT_SUBR_H_

#include "../netinet/pkt.h"

#include <compat/illumos/illumos.h>
#include <compat/linux/linux.h>

struct socket *cs_socket(struct pd *t, int fd);
/* An int by Linux's numbers: an errno, or the value. */
int	lx_set(struct pd *t, int fd, int level, int name, int val);
int	lx_get(struct pd *t, int fd, int level, int name);
/* The errno of asking. */
int	lx_get_error(struct pd *t, int fd, int level, int name);
int	lx_set_text(struct pd *t, int fd, int level, int name,
	    const char *text);
int	lx_ioctl(struct pd *t, int fd, unsigned long cmd, int *value);
/* Send with Linux's flags: n or -errno. */
int	lx_send(struct pd *t, int fd, size_t n, int flags);
/* By MSG_TRUNC, into nothing. */
int	lx_discard(struct pd *t, int fd, size_t n);
void	lx_info(struct pd *t, int fd, struct linux_tcp_info *li);

/* The same by illumos's numbers. */
int	il_set(struct pd *t, int fd, int level, int name, int val);
int	il_get(struct pd *t, int fd, int level, int name);
int	il_get_error(struct pd *t, int fd, int level, int name);
int	il_set_text(struct pd *t, int fd, int level, int name,
	    const char *text);
int	il_ioctl(struct pd *t, int fd, unsigned long cmd, int *value);

/* As pd_active(), whatever our SYN looks like; the peer's has opts. */
int	cs_active(struct pd *t, const char *opts);
/* A text variable's value; refused: setting it has no effect but EINVAL. */
const char *cs_sysctl_string(struct pd *t, const char *name);
void	cs_refused(struct pd *t, const char *name, const char *text);

#define	TCP_SET(fd, name, val)						\
	ATF_REQUIRE_EQ(0, lx_set(t, (fd), LINUX_SOL_TCP, (name), (val)))
#define	TCP_GET(fd, name)	lx_get(t, (fd), LINUX_SOL_TCP, (name))
#define	TCP_ERR(want, fd, name, val)					\
	ATF_REQUIRE_EQ((want), lx_set(t, (fd), LINUX_SOL_TCP, (name), (val)))

#endif /* !_TESTS_COMPAT_SUBR_H_ */

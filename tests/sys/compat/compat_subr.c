/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/syscallsubr.h>
#include <sys/systm.h>

#include "compat_subr.h"

/* A request, as a program makes it. */
#define	REQUEST(t, call) do {						\
	struct vnet *saved_;						\
									\
	saved_ = vnet_enter((t)->vnet);					\
	call;								\
	vnet_leave(saved_);						\
	pd_check(t);							\
} while (0)

struct socket *
cs_socket(struct pd *t, int fd)
{
	struct socket *so;
	struct vnet *saved;

	saved = vnet_enter(t->vnet);
	ATF_REQUIRE_EQ(0, fd_getsock(fd, &so));
	vnet_leave(saved);
	return (so);
}

int
lx_set(struct pd *t, int fd, int level, int name, int val)
{
	struct socket *so = cs_socket(t, fd);
	int error;

	REQUEST(t, error = linux_setsockopt(so, level, name, &val,
	    sizeof(val)));
	return (error);
}

int
lx_get(struct pd *t, int fd, int level, int name)
{
	struct socket *so = cs_socket(t, fd);
	size_t len = sizeof(int);
	int error, val = -1;

	REQUEST(t, error = linux_getsockopt(so, level, name, &val, &len));
	ATF_REQUIRE_EQ_MSG(0, error, "level %d option %d: error %d", level,
	    name, error);
	ATF_REQUIRE_EQ(sizeof(val), len);
	return (val);
}

int
lx_get_error(struct pd *t, int fd, int level, int name)
{
	struct socket *so = cs_socket(t, fd);
	size_t len = sizeof(int);
	int error, val;

	REQUEST(t, error = linux_getsockopt(so, level, name, &val, &len));
	return (error);
}

int
lx_set_text(struct pd *t, int fd, int level, int name, const char *text)
{
	struct socket *so = cs_socket(t, fd);
	int error;

	REQUEST(t, error = linux_setsockopt(so, level, name, text,
	    strlen(text)));
	return (error);
}

int
lx_ioctl(struct pd *t, int fd, unsigned long cmd, int *value)
{
	struct socket *so = cs_socket(t, fd);
	int error;

	REQUEST(t, error = linux_ioctl(so, cmd, value));
	return (error);
}

int
lx_send(struct pd *t, int fd, size_t n, int flags)
{
	struct socket *so = cs_socket(t, fd);
	int error, native;

	REQUEST(t, error = linux_msg_flags(so, flags, &native));
	return (error != 0 ? -error : pd_send(t, fd, n, native));
}

int
lx_discard(struct pd *t, int fd, size_t n)
{
	struct iovec iov = { .iov_base = NULL, .iov_len = n };
	struct uio uio = { .uio_iov = &iov, .uio_iovcnt = 1,
	    .uio_resid = (ssize_t)n, .uio_rw = UIO_READ };
	size_t len;
	int error, native;

	REQUEST(t, error = linux_msg_flags(cs_socket(t, fd), LINUX_MSG_TRUNC,
	    &native));
	ATF_REQUIRE_EQ(0, error);
	REQUEST(t, error = kern_recv(fd, &uio, &native, NULL, &len));
	return (error != 0 ? -error : (int)len);
}

void
lx_info(struct pd *t, int fd, struct linux_tcp_info *li)
{
	struct socket *so = cs_socket(t, fd);
	size_t len = sizeof(*li);
	int error;

	REQUEST(t, error = linux_getsockopt(so, LINUX_SOL_TCP,
	    LINUX_TCP_INFO, li, &len));
	ATF_REQUIRE_EQ(0, error);
	ATF_REQUIRE_EQ(sizeof(*li), len);
}

const char *
cs_sysctl_string(struct pd *t, const char *name)
{
	static char text[256];
	size_t len = sizeof(text);
	int error;

	REQUEST(t, error = kernel_sysctlbyname(name, text, &len, NULL, 0));
	ATF_REQUIRE_EQ_MSG(0, error, "%s: error %d", name, error);
	return (text);
}

void
cs_refused(struct pd *t, const char *name, const char *text)
{
	int was = pd_sysctl_get(t, name);

	ATF_CHECK_EQ_MSG(EINVAL, pd_sysctl_try(t, name, text), "%s=%s", name,
	    text);
	ATF_CHECK_EQ_MSG(was, pd_sysctl_get(t, name), "%s", name);
}

int
cs_active(struct pd *t, const char *opts)
{
	int fd;

	fd = pd_socket(t);
	ERR(EINPROGRESS, pd_connect(t, fd));
	EXPECT_LATE("S 0:0(0) <...>");
	ADVANCE(PD_RTT);
	INJECT("S. 0:0(0) ack 1 win 65535 <%s>", opts);
	EXPECT(". 1:1(0) ack 1 <...>");
	STATE(TCPS_ESTABLISHED);
	return (fd);
}

int
il_set(struct pd *t, int fd, int level, int name, int val)
{
	struct socket *so = cs_socket(t, fd);
	int error;

	REQUEST(t, error = illumos_setsockopt(so, level, name, &val,
	    sizeof(val)));
	return (error);
}

int
il_get(struct pd *t, int fd, int level, int name)
{
	struct socket *so = cs_socket(t, fd);
	size_t len = sizeof(int);
	int error, val = -1;

	REQUEST(t, error = illumos_getsockopt(so, level, name, &val, &len));
	ATF_REQUIRE_EQ_MSG(0, error, "level %d option %d: error %d", level,
	    name, error);
	ATF_REQUIRE_EQ(sizeof(val), len);
	return (val);
}

int
il_get_error(struct pd *t, int fd, int level, int name)
{
	struct socket *so = cs_socket(t, fd);
	size_t len = sizeof(int);
	int error, val;

	REQUEST(t, error = illumos_getsockopt(so, level, name, &val, &len));
	return (error);
}

int
il_set_text(struct pd *t, int fd, int level, int name, const char *text)
{
	struct socket *so = cs_socket(t, fd);
	int error;

	REQUEST(t, error = illumos_setsockopt(so, level, name, text,
	    strlen(text)));
	return (error);
}

int
il_ioctl(struct pd *t, int fd, unsigned long cmd, int *value)
{
	struct socket *so = cs_socket(t, fd);
	int error;

	REQUEST(t, error = illumos_ioctl(so, cmd, value));
	return (error);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The client's side of ysctl_proto.h.
 *
 * A call is one exchange: send() what is asked, read the reply whole.  What
 * goes wrong with the connection itself leaves it broken; all further calls
 * fail with ECONNRESET.
 */
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ysctl.h"
#include "ysctl_proto.h"

struct ysctl {
	int	y_fd;		/* -1: broken */
};

static _Thread_local char sentence[YP_TEXT_MAX + 64];

const char *
ysctl_error(void)
{

	return (sentence);
}

/* Note the sentence, set errno; return -1. */
__attribute__((__format__(__printf__, 2, 3)))
static int
fail(int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	errno = error;
	return (-1);
}

/* ---- Bytes ---- */

static int
broken(struct ysctl *y, const char *what)
{

	if (y->y_fd >= 0)
		(void)close(y->y_fd);
	y->y_fd = -1;
	return (fail(ECONNRESET, "the stack %s", what));
}

static int
put(struct ysctl *y, const void *buf, size_t len)
{
	const char *p;
	ssize_t n;

	for (p = buf; len > 0; p += n, len -= (size_t)n) {
		n = send(y->y_fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return (broken(y, "has gone away"));
	}
	return (0);
}

static int
get(struct ysctl *y, void *buf, size_t len)
{
	char *p;
	ssize_t n;

	for (p = buf; len > 0; p += n, len -= (size_t)n) {
		n = recv(y->y_fd, p, len, 0);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return (broken(y, "has gone away"));
	}
	return (0);
}

/* ---- One exchange ---- */

static int
ask(struct ysctl *y, const struct yp_request *req, const void *name,
    const void *newp)
{

	if (y->y_fd < 0)
		return (fail(ECONNRESET, "the stack has gone away"));
	if (put(y, req, sizeof(*req)) != 0 ||
	    put(y, name, req->yq_namelen) != 0 ||
	    put(y, newp, req->yq_newlen) != 0)
		return (-1);
	return (0);
}

/* The fixed part of the reply. */
static int
answer(struct ysctl *y, struct yp_reply *rep)
{

	if (get(y, rep, sizeof(*rep)) != 0)
		return (-1);
	if (rep->yr_magic != YP_MAGIC || rep->yr_textlen > YP_TEXT_MAX ||
	    rep->yr_datalen > YP_OLD_MAX)
		return (broken(y, "answers in another language: it is of "
		    "another version"));
	return (0);
}

/* The sentence and the result. */
static int
finish(struct ysctl *y, const struct yp_reply *rep)
{
	char text[YP_TEXT_MAX + 1];

	if (get(y, text, rep->yr_textlen) != 0)
		return (-1);
	text[rep->yr_textlen] = '\0';
	if (rep->yr_error == 0)
		return (0);
	return (fail(rep->yr_error, "%s", *text != '\0' ? text :
	    strerror(rep->yr_error)));
}

/* An exchange whose answer is made room for here; *datap is the caller's. */
static int
exchange(struct ysctl *y, struct yp_request *req, const char *name,
    void **datap, size_t *lenp)
{
	struct yp_reply rep;
	int error;

	*datap = NULL;
	req->yq_magic = YP_MAGIC;
	req->yq_namelen = (uint32_t)strlen(name);
	if (req->yq_namelen > YP_NAME_MAX)
		return (fail(ENAMETOOLONG, "%.32s...: the name is longer "
		    "than %d bytes", name, YP_NAME_MAX));
	if (ask(y, req, name, NULL) != 0 || answer(y, &rep) != 0)
		return (-1);
	*datap = calloc(1, rep.yr_datalen + 1);
	if (*datap == NULL) {
		(void)broken(y, "said more than there is memory for");
		errno = ENOMEM;
		return (-1);
	}
	*lenp = rep.yr_datalen;
	if (get(y, *datap, rep.yr_datalen) == 0 && finish(y, &rep) == 0)
		return (0);
	error = errno;
	free(*datap);
	*datap = NULL;
	errno = error;
	return (-1);
}

/* ---- Connecting ---- */

static int
connect_to(const char *path)
{
	struct sockaddr_un sun;
	int error, fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path))
		return (fail(ENAMETOOLONG, "%s: the path of a socket has at "
		    "most %zu characters", path, sizeof(sun.sun_path) - 1));
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (fail(errno, "cannot make a socket: %s",
		    strerror(errno)));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return (fd);
	error = errno;
	(void)close(fd);
	if (error == ECONNREFUSED)
		return (fail(error, "%s: no stack listens there any more",
		    path));
	return (fail(error, "%s: %s", path, strerror(error)));
}

struct ysctl *
ysctl_open(const char *path, const char *host)
{
	struct yp_request req = { .yq_op = YP_HOST };
	struct ysctl *y;
	void *data;
	size_t len;
	int error;

	if (path == NULL)
		path = getenv("STACKYARD");
	if (path == NULL || *path == '\0') {
		(void)fail(ENOENT, "no stack: STACKYARD is not set (start "
		    "one by \"yard up -- command\")");
		return (NULL);
	}
	y = calloc(1, sizeof(*y));
	if (y == NULL) {
		(void)fail(ENOMEM, "out of memory");
		return (NULL);
	}
	y->y_fd = connect_to(path);
	if (y->y_fd >= 0 && exchange(y, &req, host != NULL ? host : "",
	    &data, &len) == 0) {
		free(data);
		return (y);
	}
	error = errno;
	if (error == ECONNRESET) {
		error = EPROTO;
		(void)fail(error, "%s: it is no stack's, or one's of another "
		    "version", path);
	}
	ysctl_close(y);
	errno = error;
	return (NULL);
}

void
ysctl_close(struct ysctl *y)
{

	if (y == NULL)
		return;
	if (y->y_fd >= 0)
		(void)close(y->y_fd);
	free(y);
}

/* ---- Variables ---- */

static int
variable(struct ysctl *y, uint32_t op, const void *name, size_t namelen,
    void *old, size_t *oldlenp, const void *newp, size_t newlen)
{
	struct yp_request req = { .yq_magic = YP_MAGIC, .yq_op = op };
	struct yp_reply rep;
	size_t room;

	if (namelen > YP_NAME_MAX || (newp != NULL && newlen > YP_NEW_MAX))
		return (fail(namelen > YP_NAME_MAX ? ENAMETOOLONG : EINVAL,
		    "the name or the value is too long"));
	room = old != NULL && oldlenp != NULL ? *oldlenp : 0;
	if (room > YP_OLD_MAX)
		room = YP_OLD_MAX;
	req.yq_namelen = (uint32_t)namelen;
	req.yq_oldlen = room;
	if (oldlenp != NULL)
		req.yq_flags |= old != NULL ? YP_OLD | YP_OLDLEN : YP_OLDLEN;
	if (newp != NULL) {
		req.yq_flags |= YP_NEW;
		req.yq_newlen = newlen;
	}
	if (ask(y, &req, name, newp) != 0 || answer(y, &rep) != 0)
		return (-1);
	if (rep.yr_datalen > room)
		return (broken(y, "sent more than was asked for"));
	if (get(y, old, rep.yr_datalen) != 0)
		return (-1);
	if (oldlenp != NULL)
		*oldlenp = rep.yr_oldlen;
	return (finish(y, &rep));
}

int
ysctl(struct ysctl *y, const int *name, unsigned namelen, void *old,
    size_t *oldlenp, const void *newp, size_t newlen)
{

	return (variable(y, YP_SYSCTL, name, namelen * sizeof(*name), old,
	    oldlenp, newp, newlen));
}

int
ysctlbyname(struct ysctl *y, const char *name, void *old, size_t *oldlenp,
    const void *newp, size_t newlen)
{

	return (variable(y, YP_SYSCTLBYNAME, name, strlen(name), old,
	    oldlenp, newp, newlen));
}

int
ysctlnametomib(struct ysctl *y, const char *name, int *mib, size_t *sizep)
{
	const int query[2] = { 0, 3 };		/* sysctl.name2oid */
	size_t len;

	len = *sizep * sizeof(*mib);
	if (ysctl(y, query, 2, mib, &len, name, strlen(name)) != 0)
		return (-1);
	*sizep = len / sizeof(*mib);
	return (0);
}

/* ---- Modules, hosts ---- */

int
ysctl_kldload(struct ysctl *y, const char *path)
{
	struct yp_request req = { .yq_op = YP_KLDLOAD };
	char whole[PATH_MAX];
	void *data;
	size_t len;
	int id;

	if (strchr(path, '/') != NULL) {
		if (realpath(path, whole) == NULL)
			return (fail(errno, "%s: %s", path,
			    strerror(errno)));
		path = whole;
	}
	if (exchange(y, &req, path, &data, &len) != 0)
		return (-1);
	id = 0;
	if (len == sizeof(id))
		memcpy(&id, data, sizeof(id));
	free(data);
	return (id);
}

int
ysctl_kldunload(struct ysctl *y, const char *name, int force)
{
	struct yp_request req = { .yq_op = YP_KLDUNLOAD,
	    .yq_flags = force ? YP_FORCE : 0 };
	void *data;
	size_t len;

	if (exchange(y, &req, name, &data, &len) != 0)
		return (-1);
	free(data);
	return (0);
}

int
ysctl_kldstat(struct ysctl *y, struct ysctl_kld **listp, size_t *countp)
{
	struct yp_request req = { .yq_op = YP_KLDSTAT };
	void *data;
	size_t len;

	if (exchange(y, &req, "", &data, &len) != 0)
		return (-1);
	*listp = data;
	*countp = len / sizeof(**listp);
	return (0);
}

char *
ysctl_hosts(struct ysctl *y)
{
	struct yp_request req = { .yq_op = YP_HOSTS };
	void *data;
	size_t len;

	return (exchange(y, &req, "", &data, &len) == 0 ? data : NULL);
}

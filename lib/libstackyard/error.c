/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What went wrong, for a person: one sentence per thread that names what
 * failed, where, and, where there is something, what to do.
 *
 * A program that polls fails with EAGAIN all the time, so a failed call on
 * a descriptor only notes its circumstances; the sentence is composed when
 * sy_error() is called.  Touches nothing but its thread's buffer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sy_loop.h"

static _Thread_local struct {
	const char	*call;		/* not NULL: compose the sentence */
	const char	*why;		/* why the call's wait ended */
	const char	*noted;		/* why a wait ended, call unknown */
	int		error;
	int		fd;
	char		host[SYK_NAMELEN];
	char		text[512];
	char		log[256];
} last;

/* What to do, where the errno alone does not say. */
static const struct hint {
	const char	*call;		/* NULL: any */
	int		error;
	const char	*text;
} hints[] = {
	{ "bind", EADDRINUSE, "another socket has the port; choose another "
	    "or set SO_REUSEADDR" },
	{ "bind", EADDRNOTAVAIL, "no interface of the host has the address; "
	    "add it first" },
	{ "connect", EADDRNOTAVAIL, "no local port or address is left" },
	{ "connect", ECONNREFUSED, "nobody listens there" },
	{ "connect", EHOSTUNREACH, "the host has no route there, or its "
	    "neighbour does not answer" },
	{ "connect", ENETUNREACH, "the host has no route there" },
	{ "connect", EINPROGRESS, "wait until the socket is writable" },
	{ "socket", EAFNOSUPPORT, "use AF_INET or AF_INET6" },
	{ "setsockopt", ENOPROTOOPT, "the stack has no such option; those of "
	    "TCP are spelt SY_TCP_*" },
	{ "getsockopt", ENOPROTOOPT, "the stack has no such option; those of "
	    "TCP are spelt SY_TCP_*" },
	{ "watch", ENOTSOCK, "only sockets can be watched" },
	{ NULL, EAFNOSUPPORT, "the address is of another family than the "
	    "socket" },
	{ NULL, EBADF, "the host has no such descriptor" },
	{ NULL, ENOTCONN, "connect the socket first" },
	{ NULL, EAGAIN, "not ready, and the call may not wait" },
};

static const char *
find_hint(const char *call, int error)
{
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].error == error && (hints[i].call == NULL ||
		    strcmp(hints[i].call, call) == 0))
			return (hints[i].text);
	return (NULL);
}

static void
compose(void)
{
	const char *hint;
	char where[64];

	where[0] = '\0';
	if (last.fd != SY_NOFD)
		(void)snprintf(where, sizeof(where), ", descriptor %d",
		    last.fd);
	hint = last.why != NULL ? last.why :
	    find_hint(last.call, last.error);
	(void)snprintf(last.text, sizeof(last.text), "%s: host %s%s: %s%s%s",
	    last.call, last.host, where, strerror(last.error),
	    hint != NULL ? "; " : "", hint != NULL ? hint : "");
	last.call = NULL;
}

const char *
sy_error(void)
{

	if (last.call != NULL)
		compose();
	return (last.text);
}

int
sy_fail(int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(last.text, sizeof(last.text), fmt, ap);
	va_end(ap);
	last.call = NULL;
	errno = error;
	return (-1);
}

int
sy_fail_fd(int error, const char *call, const struct sy_host *host, int fd)
{

	last.call = call;
	last.error = error;
	last.fd = fd;
	memcpy(last.host, host->h_name, sizeof(last.host));
	last.why = last.noted;
	last.noted = NULL;
	errno = error;
	return (-1);
}

void
sy_note_wait(const char *why)
{

	last.noted = why;
}

void
sy_note_log(const char *line)
{

	(void)snprintf(last.log, sizeof(last.log), "%s",
	    line != NULL ? line : "");
}

const char *
sy_noted_log(void)
{

	return (last.log);
}

const char *
sy_version(void)
{

	return ("Stackyard " STACKYARD_VERSION);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Captures: pcapng files of what interfaces send and receive.
 *
 * The stack makes the blocks, collects them, and gives them here by the
 * quarter megabyte; here they are written.  The first failure to write is
 * kept, recording ends with it, and closing reports it.  Where nobody closes
 * a capture that failed, sy_loop_free() says so on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sy_loop.h"

#define	IFNAME_SIZE	16

/* One interface that a capture records. */
struct capture_if {
	TAILQ_ENTRY(capture_if) c_link;
	struct sy_host	*c_host;
	char		c_ifname[IFNAME_SIZE];
};

struct sy_capture {
	TAILQ_ENTRY(sy_capture) c_link;
	TAILQ_HEAD(, capture_if) c_ifs;
	struct sy_loop	*c_loop;
	struct capture	*c_capture;	/* the stack's */
	int		c_fd;
	int		c_error;	/* the first failure to write */
	char		c_path[];
};

/* Write all of it, or remember why not. */
static int
put(void *arg, const void *buf, size_t len)
{
	struct sy_capture *cap;
	ssize_t n;

	cap = arg;
	for (; len > 0 && cap->c_error == 0; len -= (size_t)n) {
		n = write(cap->c_fd, buf, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0) {
			cap->c_error = errno;
			break;
		}
		buf = (const char *)buf + n;
	}
	return (cap->c_error);
}

struct sy_capture *
sy_capture_open(struct sy_loop *loop, const char *path, const char *comment)
{
	struct sy_capture *cap;
	int error;

	cap = calloc(1, sizeof(*cap) + strlen(path) + 1);
	if (cap == NULL) {
		(void)sy_fail(ENOMEM, "sy_capture_open: %s: out of memory",
		    path);
		return (NULL);
	}
	memcpy(cap->c_path, path, strlen(path) + 1);
	TAILQ_INIT(&cap->c_ifs);
	cap->c_loop = loop;
	cap->c_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0666);
	error = errno;
	if (cap->c_fd >= 0) {
		cap->c_capture = syk_capture_create(put, cap, comment);
		if (cap->c_capture != NULL) {
			TAILQ_INSERT_TAIL(&loop->l_captures, cap, c_link);
			return (cap);
		}
		error = ENOMEM;
		(void)close(cap->c_fd);
	}
	free(cap);
	(void)sy_fail(error, "sy_capture_open: %s: %s", path,
	    strerror(error));
	return (NULL);
}

int
sy_capture_if(struct sy_capture *cap, struct sy_host *host,
    const char *ifname, unsigned snaplen)
{
	struct capture_if *c;
	char label[SYK_NAMELEN + IFNAME_SIZE];
	int error;

	if (host->h_loop != cap->c_loop)
		return (sy_fail(EINVAL, "sy_capture_if: host %s is in "
		    "another loop than %s", host->h_name, cap->c_path));
	c = calloc(1, sizeof(*c));
	error = ENOMEM;
	if (c != NULL) {
		(void)snprintf(label, sizeof(label), "%s:%s", host->h_name,
		    ifname);
		error = strlen(ifname) >= IFNAME_SIZE ? ENXIO :
		    syk_capture_start(host->h_vnet, ifname, cap->c_capture,
		    snaplen, label);
	}
	if (error != 0) {
		free(c);
		return (sy_fail(error, "sy_capture_if: %s: host %s, %s: %s",
		    cap->c_path, host->h_name, ifname,
		    error == ENXIO ? "no such interface" :
		    error == EBUSY ? "it is being recorded already" :
		    strerror(error)));
	}
	c->c_host = host;
	memcpy(c->c_ifname, ifname, strlen(ifname) + 1);
	TAILQ_INSERT_TAIL(&cap->c_ifs, c, c_link);
	return (0);
}

/* Stop recording an interface. */
static void
stop(struct sy_capture *cap, struct capture_if *c)
{

	syk_capture_stop(c->c_host->h_vnet, c->c_ifname);
	TAILQ_REMOVE(&cap->c_ifs, c, c_link);
	free(c);
}

/* End cap, whose path and error stay until it is freed. */
static void
finish(struct sy_capture *cap)
{
	int error;

	while (!TAILQ_EMPTY(&cap->c_ifs))
		stop(cap, TAILQ_FIRST(&cap->c_ifs));
	error = syk_capture_destroy(cap->c_capture);
	if (cap->c_error == 0)
		cap->c_error = error;
	if (close(cap->c_fd) != 0 && cap->c_error == 0)
		cap->c_error = errno;
	TAILQ_REMOVE(&cap->c_loop->l_captures, cap, c_link);
}

int
sy_capture_close(struct sy_capture *cap)
{
	int result;

	finish(cap);
	result = 0;
	if (cap->c_error != 0)
		result = sy_fail(cap->c_error, "sy_capture_close: %s is not "
		    "complete: %s", cap->c_path, strerror(cap->c_error));
	free(cap);
	return (result);
}

void
sy_capture_close_all(struct sy_loop *loop)
{
	struct sy_capture *cap;

	while ((cap = TAILQ_FIRST(&loop->l_captures)) != NULL)
		if (sy_capture_close(cap) != 0)
			(void)fprintf(stderr, "%s\n", sy_error());
}

void
sy_capture_host_gone(struct sy_host *host)
{
	struct sy_capture *cap;
	struct capture_if *c, *next;

	TAILQ_FOREACH(cap, &host->h_loop->l_captures, c_link)
		for (c = TAILQ_FIRST(&cap->c_ifs); c != NULL; c = next) {
			next = TAILQ_NEXT(c, c_link);
			if (c->c_host == host)
				stop(cap, c);
		}
}

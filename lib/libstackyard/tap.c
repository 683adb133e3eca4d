/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * TAP interfaces in the loop: the driver's descriptor is polled for input,
 * and for output while the driver has frames that the system did not take.
 *
 * The driver owns the descriptor and closes it with the interface; the
 * loop stops watching before that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sy_loop.h"

struct sy_tap {
	TAILQ_ENTRY(sy_tap) t_link;
	struct sy_host	*t_host;
	struct ifnet	*t_ifp;
	int		t_fd;
};

static short
wanted(void *arg)
{
	struct sy_tap *tap;

	tap = arg;
	return (syk_tap_wants_write(tap->t_ifp) ? POLLIN | POLLOUT : POLLIN);
}

static void
ready(void *arg, short revents)
{
	struct sy_tap *tap;

	tap = arg;
	if ((revents & POLLOUT) != 0)
		syk_tap_output(tap->t_ifp);
	if ((revents & ~POLLOUT) != 0 && syk_tap_input(tap->t_ifp) == ENXIO)
		(void)sy_real_watch(tap->t_host->h_loop, tap->t_fd, 0, NULL,
		    NULL);
}

/* Why there is no TAP interface, and what to do. */
static int
tap_fail(int error, const struct sy_host *host, const char *name)
{
	const char *what;

	switch (error) {
	case EACCES:
	case EPERM:
		error = EPERM;
		what = "not permitted; run as root, in a network namespace "
		    "of your own, or have the device made for your user";
		break;
	case ENOTSUP:
	case ENOENT:
		error = ENOENT;
		what = "this system has no TAP devices (/dev/net/tun)";
		break;
	case EBUSY:
		what = "it is in use";
		break;
	case EINVAL:
		what = "the name or the MTU is wrong, or it is no TAP device";
		break;
	default:
		what = strerror(error);
		break;
	}
	return (sy_fail(error, "sy_tap: host %s, %s: %s", host->h_name, name,
	    what));
}

int
sy_tap(struct sy_host *host, const char *name, bool offload, int mtu)
{
	struct sy_tap *tap;
	int error;

	if (host->h_loop->l_mode != SY_REAL)
		return (sy_fail(EINVAL, "sy_tap: host %s, %s: the system's "
		    "network can be used in real time only", host->h_name,
		    name));
	if (mtu < 0)
		return (tap_fail(EINVAL, host, name));
	tap = calloc(1, sizeof(*tap));
	if (tap == NULL)
		return (tap_fail(ENOMEM, host, name));
	tap->t_host = host;
	error = syk_tap(host->h_vnet, name, offload, mtu, &tap->t_ifp,
	    &tap->t_fd);
	if (error == 0) {
		error = sy_real_watch_host(host, tap->t_fd, ready, wanted,
		    tap);
		if (error != 0)
			syk_tap_detach(tap->t_ifp);
	}
	if (error != 0) {
		free(tap);
		return (tap_fail(error, host, name));
	}
	TAILQ_INSERT_TAIL(&host->h_taps, tap, t_link);
	return (0);
}

void
sy_tap_host_gone(struct sy_host *host)
{
	struct sy_tap *tap;

	while ((tap = TAILQ_FIRST(&host->h_taps)) != NULL) {
		(void)sy_real_watch(host->h_loop, tap->t_fd, 0, NULL, NULL);
		TAILQ_REMOVE(&host->h_taps, tap, t_link);
		free(tap);
	}
}

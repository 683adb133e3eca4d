/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Variables of a host as text, as sysctl(8) has them.
 */
#include <errno.h>
#include <string.h>

#include "sy_loop.h"

/* The failure of reading or writing the variable called name. */
static int
var_fail(int error, const char *call, const struct sy_host *host,
    const char *name, const char *value)
{
	const char *what;

	switch (error) {
	case ENOENT:
		what = "unknown variable";
		break;
	case ENOTDIR:
		what = "nothing is beneath a variable";
		break;
	case EISDIR:
		what = "it is a node, which holds variables and has no value";
		break;
	case EPERM:
		what = value != NULL ? "read only, or to be set when the "
		    "host is made" : "it cannot be read";
		break;
	case EINVAL:
		what = "not a value for it";
		break;
	default:
		what = strerror(error);
		break;
	}
	return (sy_fail(error, "%s: host %s: %s%s%s: %s", call, host->h_name,
	    name, value != NULL ? "=" : "", value != NULL ? value : "",
	    what));
}

int
sy_sysctl_set(struct sy_host *host, const char *name, const char *value)
{
	int error;

	error = syk_sysctl_set(host->h_vnet, name, value);
	return (error == 0 ? 0 : var_fail(error, "sysctl", host, name,
	    value));
}

ssize_t
sy_sysctl_get(struct sy_host *host, const char *name, char *buf, size_t size)
{
	size_t len;
	int error;

	error = syk_sysctl_get(host->h_vnet, name, buf, size, &len);
	return (error == 0 ? (ssize_t)len : var_fail(error, "sysctl", host,
	    name, NULL));
}

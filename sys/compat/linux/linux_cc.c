/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Congestion control by Linux's names: the variables that list, allow and
 * choose algorithms.  "reno" there is "newreno" here; all others are called
 * alike.
 *
 * Touches: the list of those allowed, and by net.inet.tcp.cc.algorithm the
 * default.
 */
#include <sys/param.h>
#include <sys/queue.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/cc/cc.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

#define	NAMES_SIZE	256		/* of a list of names, bytes */

VNET_DEFINE_STATIC(char, linux_allowed[NAMES_SIZE]) = "reno cubic";
#define	V_linux_allowed	VNET(linux_allowed)

const char *
linux_cc_to_native(const char *name)
{
	return (strcmp(name, "reno") == 0 ? "newreno" : name);
}

const char *
linux_cc_from_native(const char *name)
{
	return (strcmp(name, "newreno") == 0 ? "reno" : name);
}

static bool
is_space(char c)
{
	return (c == ' ' || c == '\t' || c == '\n');
}

/* The next name of a list, *len bytes, or NULL. */
static const char *
next_name(const char *list, size_t *len)
{
	while (is_space(*list))
		list++;
	for (*len = 0; list[*len] != '\0' && !is_space(list[*len]);)
		++*len;
	return (*len != 0 ? list : NULL);
}

bool
linux_cc_allowed(const char *name)
{
	const char *p;
	size_t len;

	name = linux_cc_from_native(name);
	for (p = V_linux_allowed; (p = next_name(p, &len)) != NULL; p += len)
		if (strlen(name) == len && strncmp(p, name, len) == 0)
			return (true);
	return (false);
}

/* Those registered, by Linux's names; false: there is no room. */
static bool
list_available(char *buf, size_t size)
{
	const struct cc_algo *algo;

	buf[0] = '\0';
	STAILQ_FOREACH(algo, &V_cc_list, entries) {
		if (buf[0] != '\0' && strlcat(buf, " ", size) >= size)
			return (false);
		if (strlcat(buf, linux_cc_from_native(algo->name), size) >=
		    size)
			return (false);
	}
	return (true);
}

static int
sysctl_available(SYSCTL_HANDLER_ARGS)
{
	char names[NAMES_SIZE];

	(void)arg1;
	(void)arg2;
	if (!list_available(names, sizeof(names)))
		return (ENOMEM);
	return (sysctl_handle_string(oidp, names, sizeof(names), req));
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_available_congestion_control,
    CTLTYPE_STRING | CTLFLAG_VNET | CTLFLAG_RD, NULL, 0, sysctl_available,
    "A", "Algorithms of congestion control that are there");

/* Each name must be known: ENOENT. */
static int
sysctl_allowed(SYSCTL_HANDLER_ARGS)
{
	char names[NAMES_SIZE], one[TCP_CA_NAME_MAX];
	const char *p;
	size_t len;
	int error;

	(void)arg1;
	(void)arg2;
	memcpy(names, V_linux_allowed, sizeof(names));
	error = sysctl_handle_string(oidp, names, sizeof(names), req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	for (p = names; (p = next_name(p, &len)) != NULL; p += len) {
		if (len >= sizeof(one))
			return (ENOENT);
		memcpy(one, p, len);
		one[len] = '\0';
		if (cc_find(linux_cc_to_native(one)) == NULL)
			return (ENOENT);
	}
	memcpy(V_linux_allowed, names, sizeof(names));
	return (0);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_allowed_congestion_control,
    CTLTYPE_STRING | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_allowed,
    "A", "Algorithms that Linux's TCP_CONGESTION may choose");

static int
sysctl_default(SYSCTL_HANDLER_ARGS)
{
	char name[TCP_CA_NAME_MAX], native[TCP_CA_NAME_MAX];
	size_t len = sizeof(native);
	int error;

	(void)arg1;
	(void)arg2;
	error = kernel_sysctlbyname("net.inet.tcp.cc.algorithm", native,
	    &len, NULL, 0);
	if (error != 0)
		return (error);
	(void)strlcpy(name, linux_cc_from_native(native), sizeof(name));
	error = sysctl_handle_string(oidp, name, sizeof(name), req);
	if (error != 0 || req->newptr == NULL)
		return (error);
	error = sysctl_set_string("net.inet.tcp.cc.algorithm",
	    linux_cc_to_native(name), req->bootstrap);
	return (error == ESRCH ? ENOENT : error);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_congestion_control,
    CTLTYPE_STRING | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_default,
    "A", "Algorithm of new connections: net.inet.tcp.cc.algorithm by "
    "Linux's names");

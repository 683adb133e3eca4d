/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The flags of an instance: NAME=VALUE, separated by commas.
 *
 *	mtu=BYTES	of the interface; else PDSO_MTU in the environment,
 *			else 1500
 *	local=ADDRESS[/LENGTH]	an address of the host; the first of each
 *			family is what a socket gets that is not bound
 *	seed=NUMBER	of all chance
 *	hook=0|1	catch the program's getsockopt() (pd_hook.c)
 *	a.b.c=VALUE	a variable of sysctl(8), set before anything else
 *
 * May use the environment.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pd.h"

#define	MTU_DEFAULT	1500
#define	MTU_MIN		72
#define	MTU_MAX		65535

/* Put the sentence into why; returns -1. */
__attribute__((__format__(__printf__, 3, 4)))
static int
wrong(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return (-1);
}

/* The number that value is, from min to max. */
static int
number(const char *name, const char *value, uint64_t min, uint64_t max,
    uint64_t *out, char *why, size_t size)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 0);
	if (*value >= '0' && *value <= '9' && *end == '\0' && errno == 0 &&
	    *out >= min && *out <= max)
		return (0);
	return (wrong(why, size, "%s=%s: wants a number from %ju to %ju",
	    name, value, (uintmax_t)min, (uintmax_t)max));
}

static int
set_mtu(struct pd_flags *pf, const char *name, const char *value, char *why,
    size_t size)
{
	uint64_t mtu;

	if (number(name, value, MTU_MIN, MTU_MAX, &mtu, why, size) != 0)
		return (-1);
	pf->pf_mtu = (unsigned)mtu;
	return (0);
}

static int
set_hook(struct pd_flags *pf, const char *value, char *why, size_t size)
{
	uint64_t on;

	if (number("hook", value, 0, 1, &on, why, size) != 0)
		return (-1);
	pf->pf_hook = on != 0;
	return (0);
}

static int
set_other(struct pd_flags *pf, const char *name, const char *value,
    char *why, size_t size)
{

	if (strcmp(name, "local") == 0) {
		if (pf->pf_naddrs == PD_ADDRS)
			return (wrong(why, size, "local=%s: there is room "
			    "for %d addresses", value, PD_ADDRS));
		pf->pf_addrs[pf->pf_naddrs++] = value;
		return (0);
	}
	if (strchr(name, '.') == NULL)
		return (wrong(why, size, "%s: no such flag; there are mtu, "
		    "local, seed, hook, and the names of variables", name));
	if (pf->pf_nvars == PD_VARS)
		return (wrong(why, size, "%s=%s: there is room for %d "
		    "variables", name, value, PD_VARS));
	pf->pf_vars[pf->pf_nvars++] = (struct sy_var){ name, value };
	return (0);
}

static int
set_one(struct pd_flags *pf, char *flag, char *why, size_t size)
{
	char *value;

	value = strchr(flag, '=');
	if (value == NULL)
		return (wrong(why, size, "%s: a flag is NAME=VALUE", flag));
	*value++ = '\0';
	if (strcmp(flag, "mtu") == 0)
		return (set_mtu(pf, flag, value, why, size));
	if (strcmp(flag, "seed") == 0)
		return (number(flag, value, 0, UINT64_MAX, &pf->pf_seed, why,
		    size));
	if (strcmp(flag, "hook") == 0)
		return (set_hook(pf, value, why, size));
	return (set_other(pf, flag, value, why, size));
}

int
pd_flags_parse(struct pd_flags *pf, const char *flags, char *why,
    size_t size)
{
	const char *env;
	char *flag, *next;

	memset(pf, 0, sizeof(*pf));
	pf->pf_mtu = MTU_DEFAULT;
	pf->pf_seed = 1;
	pf->pf_hook = true;
	/* Scripts are played by IPv4 over sockets of IPv6, too. */
	pf->pf_vars[pf->pf_nvars++] = (struct sy_var){
	    "net.inet6.ip6.v6only", "0" };
	env = getenv("PDSO_MTU");
	if (env != NULL && set_mtu(pf, "PDSO_MTU", env, why, size) != 0)
		return (-1);
	pf->pf_text = strdup(flags != NULL ? flags : "");
	if (pf->pf_text == NULL)
		return (wrong(why, size, "out of memory"));
	next = pf->pf_text;
	while ((flag = strsep(&next, ",")) != NULL)
		if (*flag != '\0' && set_one(pf, flag, why, size) != 0) {
			pd_flags_free(pf);
			return (-1);
		}
	return (0);
}

void
pd_flags_free(struct pd_flags *pf)
{

	free(pf->pf_text);
	pf->pf_text = NULL;
}

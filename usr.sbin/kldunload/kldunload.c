/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kldunload(8): unload modules from a running stack.
 *
 * All files are tried; the exit status is 1 if one of them could not be
 * unloaded.  May use the control socket only.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ysctl.h"

static bool force, verbose;

static void
usage(void)
{

	fprintf(stderr, "usage: kldunload [-fv] [-j host] [-n] name ...\n"
	    "       kldunload [-fv] [-j host] -i id ...\n");
	exit(1);
}

static bool
is_number(const char *s)
{

	return (*s != '\0' && s[strspn(s, "0123456789")] == '\0');
}

/* The stack itself, whose id is 1, stays. */
static int
unload(struct ysctl *y, const char *name, bool by_id)
{
	const char *what;

	what = NULL;
	if (by_id != is_number(name))
		what = by_id ? "an id is a number" : "a name is no number";
	else if (by_id ? atoi(name) == 1 : strcmp(name, "stackyard") == 0)
		what = "it is the stack itself";
	if (what == NULL && ysctl_kldunload(y, name, force) == 0) {
		if (verbose)
			printf("Unloaded %s\n", name);
		return (0);
	}
	fprintf(stderr, "kldunload: can't unload %s: %s\n", name,
	    what != NULL ? what : ysctl_error());
	return (1);
}

int
main(int argc, char **argv)
{
	struct ysctl *y;
	const char *host;
	bool by_id;
	int ch, status;

	host = NULL;
	by_id = false;
	while ((ch = getopt(argc, argv, "fij:nv")) != -1)
		switch (ch) {
		case 'f':
			force = true;
			break;
		case 'i':
			by_id = true;
			break;
		case 'j':
			host = optarg;
			break;
		case 'n':
			by_id = false;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			usage();
		}
	if (optind == argc)
		usage();
	y = ysctl_open(NULL, host);
	if (y == NULL) {
		fprintf(stderr, "kldunload: %s\n", ysctl_error());
		return (1);
	}
	for (status = 0; optind < argc; optind++)
		status |= unload(y, argv[optind], by_id);
	ysctl_close(y);
	return (status);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kldload(8): load modules into a running stack.
 *
 * All files are tried; the exit status is 1 if one of them could not be
 * loaded.  May use the control socket only.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ysctl.h"

static bool if_new, quiet, verbose;

static void
usage(void)
{

	fprintf(stderr, "usage: kldload [-nqv] [-j host] file ...\n");
	exit(1);
}

/* Is a file of that name there, with or without its .so? */
static bool
is_loaded(struct ysctl *y, const char *file)
{
	struct ysctl_kld *list;
	const char *name;
	size_t count, i, len;
	bool found;

	if (ysctl_kldstat(y, &list, &count) != 0)
		return (false);
	name = strrchr(file, '/');
	name = name != NULL ? name + 1 : file;
	len = strlen(name);
	found = false;
	for (i = 0; i < count; i++)
		if (strncmp(list[i].file, name, len) == 0 &&
		    (list[i].file[len] == '\0' ||
		    strcmp(&list[i].file[len], ".so") == 0))
			found = true;
	free(list);
	return (found);
}

static int
load(struct ysctl *y, const char *file)
{
	int id;

	if (if_new && is_loaded(y, file)) {
		if (verbose)
			printf("%s is already loaded\n", file);
		return (0);
	}
	id = ysctl_kldload(y, file);
	if (id > 0) {
		if (verbose)
			printf("Loaded %s, id=%d\n", file, id);
		return (0);
	}
	if (errno == EEXIST && if_new)
		return (0);
	if (!quiet)
		fprintf(stderr, "kldload: can't load %s: %s\n", file,
		    ysctl_error());
	return (1);
}

int
main(int argc, char **argv)
{
	struct ysctl *y;
	const char *host;
	int ch, status;

	host = NULL;
	while ((ch = getopt(argc, argv, "j:nqv")) != -1)
		switch (ch) {
		case 'j':
			host = optarg;
			break;
		case 'n':
			if_new = true;
			break;
		case 'q':
			quiet = true;
			verbose = false;
			break;
		case 'v':
			verbose = true;
			quiet = false;
			break;
		default:
			usage();
		}
	if (optind == argc)
		usage();
	y = ysctl_open(NULL, host);
	if (y == NULL) {
		fprintf(stderr, "kldload: %s\n", ysctl_error());
		return (1);
	}
	for (status = 0; optind < argc; optind++)
		status |= load(y, argv[optind]);
	ysctl_close(y);
	return (status);
}

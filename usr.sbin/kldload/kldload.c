/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * kldload(8): load modules into a running stack.
 *
 * All files are tried; the exit status is 1 if one of them could not be
 * loaded.
 *
 * FreeBSD's tests begin by loading the modules that some of them use, all
 * with -n.  So -n is content with what the stack has built in, and with
 * modules of FreeBSD's that do not exist here, of which it says so: a test
 * that uses one fails where it does.
 *
 * May use the control socket only.
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

/* FreeBSD's, of TCP, that are no modules here. */
static const char * const missing[] = {
	"tcp_bbr", "tcp_rack", "tcphpts", "siftr", "tcpmd5", "ipsec", "sctp",
	"cc_cdg", "cc_chd", "cc_dctcp", "cc_hd", "cc_htcp", "cc_vegas",
};

static bool
is_missing(const char *file)
{
	size_t i;

	for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		if (strcmp(missing[i], file) == 0)
			return (true);
	return (false);
}

/* Is name FreeBSD's file of the module: cc_cubic of cubic? */
static bool
is_module(const char *name, const char *module)
{

	return (*module != '\0' && (strcmp(name, module) == 0 ||
	    (strncmp(name, "cc_", 3) == 0 && strcmp(name + 3, module) == 0)));
}

/* Is a file of that name there, with or without its .so, or a module? */
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
		if (is_module(name, list[i].module) ||
		    (strncmp(list[i].file, name, len) == 0 &&
		    (list[i].file[len] == '\0' ||
		    strcmp(&list[i].file[len], ".so") == 0)))
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
		    is_loaded(y, file) ? "it is loaded already" :
		    ysctl_error());
	return (if_new && is_missing(file) ? 0 : 1);
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

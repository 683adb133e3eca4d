/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * setkey: the keys by which a running stack signs segments, as FreeBSD's
 * setkey(8) keeps those of its kernel: by a script (-c, -f), or all of them
 * shown (-D) or forgotten (-F).
 *
 * It speaks to the stack by the variables net.key.* (key_export.h), over the
 * control socket, which only its owner can open.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "setkey.h"

static _Noreturn void
usage(void)
{
	(void)fputs(
"usage: setkey [-j host] -c\n"
"       setkey [-j host] -f file\n"
"       setkey [-j host] -D\n"
"       setkey [-j host] -F\n", stderr);
	exit(1);
}

static int
run_file(struct ysctl *y, const char *name)
{
	FILE *file;
	int status;

	if ((file = fopen(name, "r")) == NULL)
		err(1, "%s", name);
	status = script_run(y, file);
	(void)fclose(file);
	return (status);
}

static int
flush(struct ysctl *y)
{
	int all = 0;

	if (ysctlbyname(y, "net.key.flush", NULL, NULL, &all,
	    sizeof(all)) != 0)
		err(1, "net.key.flush");
	return (0);
}

int
main(int argc, char *argv[])
{
	const char *host = NULL, *script = NULL;
	int ch, mode = 0, status = 0;
	struct ysctl *y;

	while ((ch = getopt(argc, argv, "cDFf:j:")) != -1)
		switch (ch) {
		case 'j':
			host = optarg;
			break;
		case 'c':
		case 'D':
		case 'F':
		case 'f':
			if (mode != 0)
				usage();
			mode = ch;
			script = optarg;
			break;
		default:
			usage();
		}
	if (mode == 0 || optind != argc)
		usage();
	if ((y = ysctl_open(NULL, host)) == NULL)
		errx(1, "%s", ysctl_error());
	if (mode == 'c')
		status = script_run(y, stdin);
	else if (mode == 'f')
		status = run_file(y, script);
	else if (mode == 'F')
		status = flush(y);
	else if (!keys_show(y, 0))
		(void)printf("No SAD entries.\n");
	ysctl_close(y);
	return (status);
}

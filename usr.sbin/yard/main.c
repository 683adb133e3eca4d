/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * yard, Stackyard's workbench: finds the command and runs it.
 *
 * A command that is not yard's own is one of FreeBSD's tools, which live in
 * ../libexec/stackyard from where yard itself is.  Messages are one line
 * that begins with "yard: "; exit statuses are those of sysexits(3), but
 * where a command is known by another convention (nc).
 *
 * May touch: what the commands may.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <stackyard.h>

#include "yard.h"

static int	help_main(int, char **);
static int	version_main(int, char **);

static const struct command {
	const char	*c_name;
	int		(*c_main)(int, char **);
	const char	*c_what;
} commands[] = {
	{ "run", run_main, "run a scenario and show what came of it" },
	{ "compare", compare_main,
	    "run blocks and congestion controls alone, then together" },
	{ "up", up_main, "a host, its control socket, and a command" },
	{ "nc", nc_main, "standard input and output over a connection" },
	{ "help", help_main, "this list" },
	{ "version", version_main, "which Stackyard this is" },
};

void
usage(int status, const char *text)
{

	fprintf(stderr, "usage: yard %s\n", text);
	exit(status);
}

static int
help_main(int argc, char **argv)
{
	size_t i;

	(void)argc;
	(void)argv;
	printf("usage: yard command [argument ...]\n\n");
	for (i = 0; i < NELEM(commands); i++)
		printf("  %-9s %s\n", commands[i].c_name, commands[i].c_what);
	printf("\nFreeBSD's tools (sysctl, netstat, ...) are commands too.\n"
	    "See yard(1), and stackyard(7) for a first walk.\n");
	return (EXIT_SUCCESS);
}

static int
version_main(int argc, char **argv)
{

	(void)argc;
	(void)argv;
	printf("%s\n", sy_version());
	return (EXIT_SUCCESS);
}

char *
tool_dir(void)
{
	char *slash, self[4096];
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n == -1)
		n = readlink("/proc/curproc/file", self, sizeof(self) - 1);
	if (n == -1)
		return (NULL);
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return (NULL);
	*slash = '\0';
	/* Without "..", for those who read their PATH. */
	slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	return (xasprintf("%s/libexec/stackyard", self));
}

/* Replace yard by the tool argv[0]; returns if there is none. */
static void
exec_tool(char **argv)
{
	char *dir, *tool;

	if (strchr(argv[0], '/') != NULL || argv[0][0] == '.')
		return;
	dir = tool_dir();
	if (dir == NULL)
		return;
	tool = xasprintf("%s/%s", dir, argv[0]);
	(void)execv(tool, argv);
	if (errno != ENOENT)
		fail(EX_OSERR, "%s: %s", tool, strerror(errno));
	free(tool);
	free(dir);
}

/* A table that did not reach its reader is a failure, too. */
static int
run_command(const struct command *c, int argc, char **argv)
{
	int status;

	status = c->c_main(argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout))
		fail(EX_IOERR, "standard output: %s", strerror(errno));
	return (status);
}

int
main(int argc, char **argv)
{
	const char *name, *near;
	size_t i;

	if (argc < 2)
		usage(EX_USAGE, "command [argument ...] (yard help lists the "
		    "commands)");
	name = argv[1];
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
		name = "help";
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0)
		name = "version";
	for (i = 0; i < NELEM(commands); i++)
		if (strcmp(commands[i].c_name, name) == 0)
			return (run_command(&commands[i], argc - 1, argv + 1));
	exec_tool(argv + 1);
	near = nearest(name, commands, NELEM(commands), sizeof(commands[0]));
	if (near != NULL)
		fail(EX_USAGE, "no command \"%s\"; is %s meant?", name, near);
	fail(EX_USAGE, "no command \"%s\" (yard help lists them)", name);
}

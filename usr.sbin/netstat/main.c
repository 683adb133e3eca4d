/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * netstat: what a running stack is doing, as FreeBSD's netstat(1) shows it.
 * This file reads the options; list.c and stats.c do the work.
 *
 * Options of FreeBSD's that ask for what a stack's control socket does not
 * tell are refused in one line each, so that nobody takes an empty answer
 * for the truth.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netstat.h"

static _Noreturn void
usage(void)
{
	(void)fputs(
	    "usage: netstat [-j host] [-46AaCcLnTWx] [-f family] [-p tcp]\n"
	    "       netstat -s [-s] [-j host] [-46z] [-f family]"
	    " [-p protocol]\n"
	    "Both take --json, and --libxo json[,pretty].\n", stderr);
	exit(1);
}

static void
option_family(struct options *o, const char *name)
{
	if (strcmp(name, "inet") == 0)
		o->o_family = 4;
	else if (strcmp(name, "inet6") == 0)
		o->o_family = 6;
	else
		errx(1, "%s: unknown address family", name);
}

/* What libxo understands, as far as we do. */
static void
option_libxo(const char *arg)
{
	if (strcmp(arg, "json") == 0 || strcmp(arg, "J") == 0)
		json_begin(false);
	else if (strcmp(arg, "json,pretty") == 0 || strcmp(arg, "JP") == 0)
		json_begin(true);
	else if (strcmp(arg, "text") != 0 && strcmp(arg, "T") != 0)
		errx(1, "--libxo %s: only text, json and json,pretty are "
		    "spoken here", arg);
}

/* Take the long options out of argv, which getopt(3) shall not see. */
static int
long_options(int argc, char *argv[])
{
	int i, n = 1;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			option_libxo("json");
		else if (strcmp(argv[i], "--libxo") == 0) {
			if (++i == argc)
				usage();
			option_libxo(argv[i]);
		} else if (strncmp(argv[i], "--libxo", 7) == 0 &&
		    (argv[i][7] == '=' || argv[i][7] == ':'))
			option_libxo(argv[i] + 8);
		else
			argv[n++] = argv[i];
	}
	for (; i < argc; i++)
		argv[n++] = argv[i];
	argv[n] = NULL;
	return (n);
}

/* FreeBSD's options that we do not have: why. */
static _Noreturn void
refuse(int ch)
{
	switch (ch) {
	case 'i':
	case 'I':
		errx(1, "-%c: interfaces are not shown; yard(1) reports on "
		    "its links", ch);
	case 'r':
		errx(1, "-r: routes are not shown");
	case 'w':
		errx(1, "-w: no display at intervals; run netstat -s again");
	default:
		errx(1, "-%c: the stack keeps nothing that this would show",
		    ch);
	}
}

/* An option without an argument, if it is one of these. */
static bool
option_switch(struct options *o, int ch)
{
	static const struct {
		char	ch;
		size_t	off;
	} flags[] = {
		{ 'A', offsetof(struct options, o_id) },
		{ 'a', offsetof(struct options, o_all) },
		{ 'C', offsetof(struct options, o_cc) },
		{ 'c', offsetof(struct options, o_stack) },
		{ 'L', offsetof(struct options, o_queues) },
		{ 'n', offsetof(struct options, o_numeric) },
		{ 'T', offsetof(struct options, o_trouble) },
		{ 'W', offsetof(struct options, o_wide) },
		{ 'x', offsetof(struct options, o_buffers) },
		{ 'z', offsetof(struct options, o_zero) }
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].ch == ch) {
			*(bool *)((char *)o + flags[i].off) = true;
			return (true);
		}
	return (false);
}

static const char *
options(struct options *o, int argc, char *argv[])
{
	const char *host = NULL;
	int ch;

	while ((ch = getopt(argc, argv,
	    "46AaBbCcdF:f:ghI:ij:LlM:mN:nPp:Qq:RrSsTuWw:xz")) != -1) {
		if (option_switch(o, ch))
			continue;
		switch (ch) {
		case '4':
		case '6':
			o->o_family = ch - '0';
			break;
		case 'f':
			option_family(o, optarg);
			break;
		case 'j':
			host = optarg;
			break;
		case 'p':
			o->o_proto = optarg;
			break;
		case 'S':	/* addresses as numbers: always */
			break;
		case 's':
			o->o_stats++;
			break;
		case '?':
			usage();
		default:
			refuse(ch);
		}
	}
	if (optind != argc)
		usage();
	return (host);
}

int
main(int argc, char *argv[])
{
	struct options o = { .o_all = false };
	struct ysctl *y;
	const char *host;

	argc = long_options(argc, argv);
	host = options(&o, argc, argv);
	if (o.o_proto != NULL && !stats_has_proto(o.o_proto))
		errx(1, "%s: unknown or uninstrumented protocol", o.o_proto);
	if (o.o_queues && (o.o_buffers || o.o_trouble))
		errx(1, "-L goes with neither -x nor -T");
	if (o.o_buffers && o.o_trouble)
		errx(1, "-x and -T are incompatible, pick one.");
	if (o.o_proto != NULL && o.o_stats == 0 &&
	    strcmp(o.o_proto, "tcp") != 0)
		errx(1, "%s: no connections to list; -s shows its counters",
		    o.o_proto);
	y = pcbs_open(host);
	if (o.o_stats != 0 || o.o_zero)
		show_stats(y, &o);
	else
		list_connections(y, &o);
	json_end();
	ysctl_close(y);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return (0);
}

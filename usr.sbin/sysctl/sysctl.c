/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * sysctl(8): read, list and set the variables of a running stack.
 *
 * An argument is a name, or a name and a value; a node stands for all below
 * it.  The exit status counts the arguments and lines that failed.
 *
 * May use the control socket, and the file that -f names.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysctl.h"

/* The queries beneath sysctl.*, as sys/sys/sysctl.h numbers them. */
#define	Q_NAME		1
#define	Q_NEXT		2
#define	Q_OIDFMT	4
#define	MAX_VALUE	(256UL << 20)	/* bytes that will be read */

struct options opt;
struct ysctl *stack;
int file_line;

__attribute__((__noreturn__))
static void
usage(void)
{

	fprintf(stderr, "usage: sysctl [-j host] [-bdeFhilNnoqTtVWx] "
	    "[-B bufsize] [-f filename] name[=value[,value]] ...\n"
	    "       sysctl [-j host] [-bdeFhlNnoqTtVWx] [-B bufsize] -a\n");
	exit(1);
}

void
complain(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	fprintf(stderr, "sysctl: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (file_line > 0)
		fprintf(stderr, " at line %d", file_line);
	fprintf(stderr, "\n");
}

void
complain_errno(const char *arg, int error)
{
	char where[32];

	where[0] = '\0';
	if (file_line > 0)
		snprintf(where, sizeof(where), " at line %d", file_line);
	(void)fflush(stdout);
	fprintf(stderr, "sysctl: %s%s: %s\n", arg, where, strerror(error));
}

void
print_name(const struct var *v)
{

	if (!opt.o_values)
		printf("%s%s", v->v_name, opt.o_equals ? "=" : ": ");
}

/* ---- Asking ---- */

/* Query `what' about v's number. */
static int
query(int what, const struct var *v, void *answer, size_t *lenp)
{
	int mib[CTL_MAXNAME + 2];

	mib[0] = 0;
	mib[1] = what;
	memcpy(&mib[2], v->v_mib, v->v_len * sizeof(mib[0]));
	return (ysctl(stack, mib, (unsigned)v->v_len + 2, answer, lenp, NULL,
	    0));
}

bool
var_describe(struct var *v)
{
	struct {
		uint32_t kind;
		char	fmt[sizeof(v->v_fmt)];
	} info;
	size_t len;

	memset(&info, 0, sizeof(info));
	len = sizeof(v->v_name) - 1;
	memset(v->v_name, 0, sizeof(v->v_name));
	if (query(Q_NAME, v, v->v_name, &len) != 0)
		return (false);
	len = sizeof(info) - 1;
	if (query(Q_OIDFMT, v, &info, &len) != 0 && errno != ENOMEM)
		return (false);
	v->v_kind = info.kind;
	memcpy(v->v_fmt, info.fmt, sizeof(v->v_fmt));
	return (true);
}

/* Value may grow between the two questions: twice the room is asked for. */
void *
var_read(const struct var *v, size_t *lenp)
{
	char *value;
	size_t room;
	int error;

	room = opt.o_room;
	if (room == 0) {
		if (ysctl(stack, v->v_mib, (unsigned)v->v_len, NULL, &room,
		    NULL, 0) != 0)
			return (NULL);
		room += room;
	}
	for (; room < MAX_VALUE; room = room * 2 + 64) {
		value = calloc(1, room + 1);
		if (value == NULL)
			return (NULL);
		*lenp = room;
		if (ysctl(stack, v->v_mib, (unsigned)v->v_len, value, lenp,
		    NULL, 0) == 0)
			return (value);
		error = errno;
		free(value);
		errno = error;
		if (error != ENOMEM || opt.o_room != 0)
			return (NULL);
	}
	return (NULL);
}

/* ---- Many ---- */

/* Is next, in the order of numbers, below top? */
static bool
is_below(const struct var *next, const struct var *top)
{

	return (next->v_len >= top->v_len && memcmp(next->v_mib, top->v_mib,
	    top->v_len * sizeof(top->v_mib[0])) == 0);
}

static bool
is_wanted(const struct var *v)
{

	if (opt.o_tunables && (v->v_kind & CTLFLAG_TUN) == 0)
		return (false);
	if (opt.o_vnet && (v->v_kind & CTLFLAG_VNET) == 0)
		return (false);
	if (opt.o_writable && ((v->v_kind & CTLFLAG_WR) == 0 ||
	    (v->v_kind & CTLFLAG_STATS) != 0))
		return (false);
	return (true);
}

/* All variables below top that are not hidden. */
static int
show_all(const struct var *top)
{
	struct var v;
	size_t len;

	v = *top;
	if (v.v_len == 0) {			/* begin at the beginning */
		v.v_mib[0] = 1;
		v.v_len = 1;
	}
	for (;;) {
		struct var next = { .v_len = 0 };

		len = sizeof(next.v_mib);
		if (query(Q_NEXT, &v, next.v_mib, &len) != 0) {
			if (errno == ENOENT)
				return (0);
			complain("%s", ysctl_error());
			return (1);
		}
		next.v_len = len / sizeof(next.v_mib[0]);
		if (!is_below(&next, top))
			return (0);
		if (var_describe(&next) && is_wanted(&next) &&
		    show(&next, false) == SHOWN && !opt.o_binary)
			putchar('\n');
		v = next;
	}
}

/* ---- One argument ---- */

static void
trim(char **p)
{
	char *end;

	*p += strspn(*p, " \t\r\n");
	for (end = *p + strlen(*p); end > *p && strchr(" \t\r\n",
	    end[-1]) != NULL; end--)
		end[-1] = '\0';
}

static int
not_found(const char *name)
{

	if (opt.o_ignore)
		return (0);
	if (errno != ENOENT && errno != ENOTDIR)
		complain("%s: %s", name, ysctl_error());
	else if (!opt.o_quiet)
		complain("unknown oid '%s'", name);
	return (1);
}

/* A node's own description comes before those of all below it. */
static int
one(const struct var *v)
{
	bool node;
	int rv;

	node = (v->v_kind & CTLTYPE) == CTLTYPE_NODE;
	rv = NOT_SHOWN;
	if (is_wanted(v) && (!node || opt.o_descr))
		rv = show(v, true);
	if (rv == SHOWN && !opt.o_binary)
		putchar('\n');
	return (node ? show_all(v) : rv == FAILED);
}

/* The value behind "=" or ":" in arg, which is cut there; NULL: none. */
static char *
cut_value(char *arg)
{
	char *value;
	size_t len;

	value = arg + strcspn(arg, "=:");
	if (*value == '\0')
		return (NULL);
	*value++ = '\0';
	if (opt.o_tunables || opt.o_writable) {
		complain("Can't set variables when using -T or -W");
		usage();
	}
	trim(&value);
	len = strlen(value);
	if (len > 1 && (*value == '"' || *value == '\'') &&
	    value[len - 1] == *value) {
		value[len - 1] = '\0';
		value++;
	}
	return (value);
}

/* "name", "name=value" or "name: value", as given: 1 if it failed. */
static int
assign_or_show(char *arg, const char *given)
{
	struct var v = { .v_len = CTL_MAXNAME };
	char *name, *value;

	value = cut_value(arg);
	name = arg;
	trim(&name);
	if (ysctlnametomib(stack, name, v.v_mib, &v.v_len) != 0 ||
	    !var_describe(&v))
		return (not_found(name));
	if (value == NULL || opt.o_descr)
		return (one(&v));
	return (set(&v, value, given));
}

static int
argument(char *arg)
{
	char *given;
	int rv;

	trim(&arg);
	given = strdup(arg);
	if (given == NULL) {
		complain_errno(arg, errno);
		return (1);
	}
	rv = assign_or_show(arg, given);
	free(given);
	return (rv);
}

/* ---- Options ---- */

static const struct {
	int	f_letter;
	size_t	f_off;
} flags[] = {
	{ 'a', offsetof(struct options, o_all) },
	{ 'b', offsetof(struct options, o_binary) },
	{ 'd', offsetof(struct options, o_descr) },
	{ 'e', offsetof(struct options, o_equals) },
	{ 'F', offsetof(struct options, o_format) },
	{ 'h', offsetof(struct options, o_human) },
	{ 'i', offsetof(struct options, o_ignore) },
	{ 'l', offsetof(struct options, o_length) },
	{ 'N', offsetof(struct options, o_names) },
	{ 'n', offsetof(struct options, o_values) },
	{ 'o', offsetof(struct options, o_opaque) },
	{ 'q', offsetof(struct options, o_quiet) },
	{ 'T', offsetof(struct options, o_tunables) },
	{ 't', offsetof(struct options, o_type) },
	{ 'V', offsetof(struct options, o_vnet) },
	{ 'W', offsetof(struct options, o_writable) },
	{ 'x', offsetof(struct options, o_hex) },
};

static void
set_flag(int letter)
{
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].f_letter == letter)
			*(bool *)((char *)&opt + flags[i].f_off) = true;
}

static void
set_room(const char *arg)
{
	char *end;

	errno = 0;
	opt.o_room = strtoul(arg, &end, 0);
	if (errno != 0 || *arg == '\0' || *end != '\0' || *arg == '-' ||
	    opt.o_room == 0 || opt.o_room > MAX_VALUE) {
		complain("-B %s: a size in bytes is wanted", arg);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	const char *file, *host;
	int ch, failed;

	file = host = NULL;
	(void)setlocale(LC_NUMERIC, "");
	while ((ch = getopt(argc, argv, "AaB:bdeFf:hij:lNnoqTtVWwXx")) != -1)
		switch (ch) {
		case 'A':		/* -ao, of old */
			opt.o_all = opt.o_opaque = true;
			break;
		case 'B':
			set_room(optarg);
			break;
		case 'f':
			file = optarg;
			break;
		case 'j':
			host = optarg;
			break;
		case 'w':		/* all may be set without it */
			break;
		case 'X':		/* -ax, of old */
			opt.o_all = opt.o_hex = true;
			break;
		case '?':
			usage();
		default:
			set_flag(ch);
			break;
		}
	argc -= optind;
	argv += optind;
	if ((opt.o_names && (opt.o_values || opt.o_length)) ||
	    (!opt.o_all && argc == 0 && file == NULL))
		usage();
	stack = ysctl_open(NULL, host);
	if (stack == NULL) {
		complain("%s", ysctl_error());
		return (1);
	}
	if (opt.o_all && argc == 0)
		return (show_all(&(struct var){ .v_len = 0 }));
	failed = file != NULL ? read_file(file, argument) : 0;
	for (; argc > 0; argc--, argv++)
		failed += argument(*argv);
	ysctl_close(stack);
	return (failed > 255 ? 255 : failed);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * yard up: a host of its own, in real time, with a control socket; for the
 * length of a command, or until a signal.
 *
 * The command finds the socket in STACKYARD, and the tools that talk to it
 * first on PATH.  It is in the foreground: signals that the terminal sends
 * reach it anyway, others are passed on to it, and its end is ours.
 *
 * May touch: TAP devices, the control socket and its directory, a child
 * process.
 */
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <stackyard.h>

#include "tunables.h"
#include "yard.h"

#define	UP_USAGE	"up [-i interface,address/length] "		\
			"[-r prefix,gateway] [-s name=value]\n"		\
			"               [-P freebsd|linux|illumos] "	\
			"[-k module] [-f tunables.lua]\n"		\
			"               [-n name] [-M mtu] [-O] "	\
			"[-S socket]\n"					\
			"               [-- command [argument ...]]"

struct list {
	char		**l_item;
	size_t		l_n;
};

struct up {
	struct sy_loop	*u_loop;
	struct sy_host	*u_host;
	const char	*u_name, *u_script;
	const char	*u_personality;	/* NULL: FreeBSD's */
	struct tunables	*u_tunables;	/* u_script's, or NULL */
	struct list	u_ifaces, u_routes, u_vars, u_modules;
	bool		u_offload;
	int		u_mtu;
	char		*u_dir;		/* made for the socket, or NULL */
	char		*u_socket;
	char		**u_command;	/* NULL: until a signal */
};

/* For the signal handler, and for the end after a failure. */
static struct sy_loop *the_loop;
static volatile sig_atomic_t got_signal, got_child;
static struct up *the_up;

/* ---- Arguments ---- */

static void
list_add(struct list *list, char *item)
{

	list->l_item = xgrow(list->l_item, list->l_n, sizeof(char *));
	list->l_item[list->l_n++] = item;
}

static int
parse_mtu(const char *arg)
{
	char *end;
	long mtu;

	mtu = strtol(arg, &end, 10);
	if (*arg == '\0' || *end != '\0' || mtu < 72 || mtu > 65535)
		fail(EX_USAGE, "up: -M %s: an MTU is a number from 72 to "
		    "65535", arg);
	return ((int)mtu);
}

static const char *
personality_of(const char *arg)
{
	static const char *const known[] = { "freebsd", "linux", "illumos" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(arg, known[i]) == 0)
			return (known[i]);
	fail(EX_USAGE, "up: -P %s: a personality is freebsd, linux or "
	    "illumos", arg);
}

static void
parse_args(struct up *up, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+f:i:k:M:n:OP:r:S:s:")) != -1)
		switch (ch) {
		case 'f':
			up->u_script = optarg;
			break;
		case 'i':
			list_add(&up->u_ifaces, optarg);
			break;
		case 'k':
			list_add(&up->u_modules, optarg);
			break;
		case 'M':
			up->u_mtu = parse_mtu(optarg);
			break;
		case 'n':
			up->u_name = optarg;
			break;
		case 'O':
			up->u_offload = false;
			break;
		case 'P':
			up->u_personality = personality_of(optarg);
			break;
		case 'r':
			list_add(&up->u_routes, optarg);
			break;
		case 'S':
			up->u_socket = xstrdup(optarg);
			break;
		case 's':
			list_add(&up->u_vars, optarg);
			break;
		default:
			usage(EX_USAGE, UP_USAGE);
		}
	if (optind < argc)
		up->u_command = argv + optind;
}

/* Cut item, an option's argument, at c: what stands behind it. */
static char *
cut(char *item, int c, const char *option, const char *form)
{
	char *p;

	p = strchr(item, c);
	if (p == NULL || p == item || p[1] == '\0')
		fail(EX_USAGE, "up: %s %s: wants %s", option, item, form);
	*p = '\0';
	return (p + 1);
}

/* ---- The host ---- */

/* The variables: the personality, which gives others their values, those of
 * the script, and after them those of -s. */
static struct sy_var *
collect_vars(struct up *up, size_t *np)
{
	struct tunables_facts facts = { .tf_name = up->u_name,
	    .tf_ifaces = up->u_ifaces.l_item,
	    .tf_nifaces = up->u_ifaces.l_n };
	const struct sy_var *first;
	struct sy_var *vars;
	size_t i, n;

	n = 0;
	first = NULL;
	if (up->u_script != NULL) {
		up->u_tunables = tunables_load("up", up->u_script, &facts);
		first = tunables_vars(up->u_tunables, &n);
	}
	vars = xcalloc(n + up->u_vars.l_n + 2, sizeof(*vars));
	*np = 0;
	if (up->u_personality != NULL) {
		vars[*np].name = "compat.personality";
		vars[(*np)++].value = up->u_personality;
	}
	if (n > 0)
		memcpy(vars + *np, first, n * sizeof(*vars));
	*np += n;
	for (i = 0; i < up->u_vars.l_n; i++) {
		vars[*np].value = cut(up->u_vars.l_item[i], '=', "-s",
		    "name=value");
		vars[(*np)++].name = up->u_vars.l_item[i];
	}
	return (vars);
}

static void
make_host(struct up *up)
{
	struct sy_var *vars;
	size_t i, n;

	vars = collect_vars(up, &n);
	up->u_loop = sy_loop_new(SY_REAL, 0);
	if (up->u_loop == NULL)
		fail(EX_OSERR, "up: %s", sy_error());
	for (i = 0; i < up->u_modules.l_n; i++)
		if (sy_kldload(up->u_loop, up->u_modules.l_item[i]) == -1)
			fail(EX_DATAERR, "up: %s", sy_error());
	up->u_host = sy_host_new(up->u_loop, up->u_name, vars, n);
	if (up->u_host == NULL)
		fail(EX_DATAERR, "up: %s%s", up->u_tunables != NULL ?
		    tunables_blame(up->u_tunables, sy_error()) : "",
		    sy_error());
	free(vars);
}

/* An interface may be named again, for another address of it. */
static void
add_iface(struct up *up, size_t n)
{
	char *addr, *name;
	size_t i;

	name = up->u_ifaces.l_item[n];
	addr = cut(name, ',', "-i", "interface,address/length");
	for (i = 0; i < n; i++)
		if (strcmp(up->u_ifaces.l_item[i], name) == 0)
			break;
	if (i == n && sy_tap(up->u_host, name, up->u_offload,
	    up->u_mtu) == -1)
		fail(EX_OSERR, "up: %s", sy_error());
	if (sy_addr_add(up->u_host, name, addr) == -1)
		fail(EX_DATAERR, "up: -i: %s", sy_error());
}

static void
add_network(struct up *up)
{
	char *gateway, *prefix;
	size_t i;

	for (i = 0; i < up->u_ifaces.l_n; i++)
		add_iface(up, i);
	for (i = 0; i < up->u_routes.l_n; i++) {
		prefix = up->u_routes.l_item[i];
		gateway = cut(prefix, ',', "-r", "prefix,gateway");
		if (sy_route_add(up->u_host, prefix, gateway) == -1)
			fail(EX_DATAERR, "up: -r: %s", sy_error());
	}
}

/* ---- The control socket ---- */

static void
remove_dir(void)
{

	if (the_up->u_dir == NULL)
		return;
	(void)unlink(the_up->u_socket);
	(void)rmdir(the_up->u_dir);
}

static void
listen_control(struct up *up)
{
	const char *tmp;

	if (up->u_socket == NULL) {
		tmp = getenv("TMPDIR");
		if (tmp == NULL || *tmp == '\0')
			tmp = "/tmp";
		up->u_dir = xasprintf("%s/stackyard.XXXXXX", tmp);
		if (mkdtemp(up->u_dir) == NULL)
			fail(EX_CANTCREAT, "up: %s: %s", up->u_dir,
			    strerror(errno));
		up->u_socket = xasprintf("%s/control", up->u_dir);
		the_up = up;
		at_failure(remove_dir);
	}
	if (sy_control_listen(up->u_loop, up->u_socket) == -1)
		fail(EX_CANTCREAT, "up: %s", sy_error());
}

/* ---- The command ---- */

static void
on_signal(int signo)
{

	if (signo == SIGCHLD)
		got_child = 1;
	else
		got_signal = signo;
	sy_loop_stop(the_loop);
}

static void
catch_signals(const struct up *up)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGCHLD };
	struct sigaction sa;
	size_t i;

	the_loop = up->u_loop;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_NOCLDSTOP;
	(void)sigemptyset(&sa.sa_mask);
	for (i = 0; i < NELEM(signals); i++)
		(void)sigaction(signals[i], &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* The tools beside yard come first on PATH. */
static void
set_environment(const struct up *up)
{
	const char *old;
	char *dir, *path;

	dir = tool_dir();
	old = getenv("PATH");
	path = xasprintf("%s%s%s", dir != NULL ? dir : "",
	    dir != NULL && old != NULL ? ":" : "", old != NULL ? old : "");
	if (setenv("PATH", path, 1) == -1 ||
	    setenv("STACKYARD", up->u_socket, 1) == -1)
		fail(EX_OSERR, "up: %s", strerror(errno));
	free(path);
	free(dir);
}

static pid_t
start_command(const struct up *up)
{
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == -1)
		fail(EX_OSERR, "up: fork: %s", strerror(errno));
	if (pid > 0)
		return (pid);
	(void)signal(SIGPIPE, SIG_DFL);
	set_environment(up);
	(void)execvp(up->u_command[0], up->u_command);
	fprintf(stderr, "yard: up: %s: %s\n", up->u_command[0],
	    strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Run the loop until pid ends: its exit status, as a shell has it. */
static int
run_with(struct up *up, pid_t pid)
{
	int status;

	for (;;) {
		(void)sy_loop_run(up->u_loop, UINT64_MAX);
		if (got_signal != 0) {
			(void)kill(pid, got_signal);
			got_signal = 0;
		}
		if (got_child != 0) {
			got_child = 0;
			if (waitpid(pid, &status, WNOHANG) == pid)
				return (WIFEXITED(status) ?
				    WEXITSTATUS(status) :
				    128 + WTERMSIG(status));
		}
	}
}

static void
up_free(struct up *up)
{

	free(up->u_ifaces.l_item);
	free(up->u_routes.l_item);
	free(up->u_vars.l_item);
	free(up->u_modules.l_item);
	free(up->u_dir);
	free(up->u_socket);
}

int
up_main(int argc, char **argv)
{
	struct up up = { .u_name = "host", .u_offload = true };
	int status;

	parse_args(&up, argc, argv);
	make_host(&up);
	add_network(&up);
	listen_control(&up);
	catch_signals(&up);
	if (up.u_tunables != NULL)
		tunables_start(up.u_tunables, up.u_host);
	if (up.u_command != NULL) {
		status = run_with(&up, start_command(&up));
	} else {
		printf("STACKYARD=%s\n", up.u_socket);
		(void)fflush(stdout);
		while (got_signal == 0)
			(void)sy_loop_run(up.u_loop, UINT64_MAX);
		status = EXIT_SUCCESS;
	}
	sy_loop_free(up.u_loop);
	tunables_free(up.u_tunables);
	if (up.u_dir != NULL)
		(void)rmdir(up.u_dir);
	up_free(&up);
	return (status);
}

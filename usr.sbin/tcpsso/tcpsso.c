/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * tcpsso: set a socket option of connections of a running stack, as
 * FreeBSD's tcpsso(8): of the one with a number (netstat -A), or of all that
 * a filter lets through.  So a connection in the middle of a transfer gets
 * another function block or congestion control.
 *
 * A value that is a number travels as an int, anything else as a string;
 * a block's name in a struct tcp_function_set.  Listeners are left alone,
 * unless they are named by -i or -s LISTEN.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcbs.h"

/* FreeBSD's numbers, which the stack speaks. */
#define	LEVEL_SOCKET	0xffff
#define	LEVEL_IP	0
#define	LEVEL_IPV6	41
#define	LEVEL_TCP	6
#define	OPT_FUNCTION_BLK 8192

#define	VALUE_MAX	2048		/* bytes */

static const struct level {
	const char	*l_name;
	int		l_number;
} levels[] = {
	{ "SOL_SOCKET", LEVEL_SOCKET },
	{ "IPPROTO_IP", LEVEL_IP },
	{ "IPPROTO_IPV6", LEVEL_IPV6 },
	{ "IPPROTO_TCP", LEVEL_TCP }
};

static const struct name {
	const char	*n_name;
	int		n_level;
	int		n_number;
} names[] = {
	{ "SO_DEBUG", LEVEL_SOCKET, 0x1 },
	{ "SO_REUSEADDR", LEVEL_SOCKET, 0x4 },
	{ "SO_KEEPALIVE", LEVEL_SOCKET, 0x8 },
	{ "SO_DONTROUTE", LEVEL_SOCKET, 0x10 },
	{ "SO_BROADCAST", LEVEL_SOCKET, 0x20 },
	{ "SO_USELOOPBACK", LEVEL_SOCKET, 0x40 },
	{ "SO_OOBINLINE", LEVEL_SOCKET, 0x100 },
	{ "SO_REUSEPORT", LEVEL_SOCKET, 0x200 },
	{ "SO_TIMESTAMP", LEVEL_SOCKET, 0x400 },
	{ "SO_NOSIGPIPE", LEVEL_SOCKET, 0x800 },
	{ "SO_REUSEPORT_LB", LEVEL_SOCKET, 0x10000 },
	{ "SO_SNDBUF", LEVEL_SOCKET, 0x1001 },
	{ "SO_RCVBUF", LEVEL_SOCKET, 0x1002 },
	{ "SO_SNDLOWAT", LEVEL_SOCKET, 0x1003 },
	{ "SO_RCVLOWAT", LEVEL_SOCKET, 0x1004 },
	{ "IP_TOS", LEVEL_IP, 3 },
	{ "IP_TTL", LEVEL_IP, 4 },
	{ "IP_MINTTL", LEVEL_IP, 66 },
	{ "IPV6_UNICAST_HOPS", LEVEL_IPV6, 4 },
	{ "IPV6_V6ONLY", LEVEL_IPV6, 27 },
	{ "IPV6_TCLASS", LEVEL_IPV6, 61 },
	{ "TCP_NODELAY", LEVEL_TCP, 1 },
	{ "TCP_MAXSEG", LEVEL_TCP, 2 },
	{ "TCP_NOPUSH", LEVEL_TCP, 4 },
	{ "TCP_NOOPT", LEVEL_TCP, 8 },
	{ "TCP_MD5SIG", LEVEL_TCP, 16 },
	{ "TCP_CONGESTION", LEVEL_TCP, 64 },
	{ "TCP_MAXUNACKTIME", LEVEL_TCP, 68 },
	{ "TCP_DELACK", LEVEL_TCP, 72 },
	{ "TCP_KEEPINIT", LEVEL_TCP, 128 },
	{ "TCP_KEEPIDLE", LEVEL_TCP, 256 },
	{ "TCP_KEEPINTVL", LEVEL_TCP, 512 },
	{ "TCP_KEEPCNT", LEVEL_TCP, 1024 },
	{ "TCP_FASTOPEN", LEVEL_TCP, 1025 },
	{ "TCP_FUNCTION_BLK", LEVEL_TCP, OPT_FUNCTION_BLK },
	{ "TCP_AO", LEVEL_TCP, 16384 }
};
#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* What is to be set, and how many bytes of sop are in use. */
struct request {
	struct sockopt_parameters *sop;
	size_t		len;
};

static _Noreturn void
usage(void)
{
	(void)fputs(
"usage: tcpsso [-j host] -i id [level] opt-name opt-value\n"
"       tcpsso [-j host] -a [level] opt-name opt-value\n"
"       tcpsso [-j host] -C cc-algo [-S stack] [-s state] [level] opt-name"
    " opt-value\n"
"       tcpsso [-j host] [-C cc-algo] -S stack [-s state] [level] opt-name"
    " opt-value\n"
"       tcpsso [-j host] [-C cc-algo] [-S stack] -s state [level] opt-name"
    " opt-value\n", stderr);
	exit(1);
}

/* The whole of text as a number that fits an int. */
static bool
number(const char *text, int *n)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 0);
	if (end == text || *end != '\0' || errno != 0 || v < INT_MIN ||
	    v > INT_MAX)
		return (false);
	*n = (int)v;
	return (true);
}

/* A number that is too long for an int is a mistake, not a string. */
static bool
looks_numeric(const char *text)
{
	if (*text == '-' || *text == '+')
		text++;
	return (*text != '\0' && strspn(text, "0123456789") == strlen(text));
}

static int
level_number(const char *text)
{
	size_t i;
	int n;

	for (i = 0; i < NITEMS(levels); i++)
		if (strcmp(levels[i].l_name, text) == 0)
			return (levels[i].l_number);
	if (!number(text, &n))
		errx(1, "%s: unknown level: SOL_SOCKET, IPPROTO_IP, "
		    "IPPROTO_IPV6, IPPROTO_TCP or a number", text);
	return (n);
}

/* The option's level and number; level NULL: the one that goes with the
 * name, or TCP's. */
static void
set_name(struct sockopt_parameters *sop, const char *level,
    const char *text)
{
	size_t i;
	int n;

	sop->sop_level = level != NULL ? level_number(level) : LEVEL_TCP;
	for (i = 0; i < NITEMS(names); i++)
		if (strcmp(names[i].n_name, text) == 0 && (level == NULL ||
		    names[i].n_level == sop->sop_level)) {
			sop->sop_level = names[i].n_level;
			sop->sop_optname = names[i].n_number;
			return;
		}
	if (!number(text, &n))
		errx(1, "%s: unknown option%s%s", text, level != NULL ?
		    " of level " : "", level != NULL ? level : "");
	sop->sop_optname = n;
}

static void
set_value(struct request *r, const char *text)
{
	char name[TCP_XNAMELEN + sizeof(uint32_t)];
	size_t len = strlen(text);
	int n;

	if (r->sop->sop_level == LEVEL_TCP &&
	    r->sop->sop_optname == OPT_FUNCTION_BLK) {
		if (len >= TCP_XNAMELEN)
			errx(1, "%s: a stack's name has at most %d "
			    "characters", text, TCP_XNAMELEN - 1);
		memset(name, 0, sizeof(name));
		memcpy(name, text, len);
		memcpy(r->sop->sop_optval, name, sizeof(name));
		len = sizeof(name);
	} else if (number(text, &n)) {
		memcpy(r->sop->sop_optval, &n, sizeof(n));
		len = sizeof(n);
	} else if (looks_numeric(text) || len >= VALUE_MAX)
		errx(1, "%s: value out of range", text);
	else
		memcpy(r->sop->sop_optval, text, ++len);
	r->len = sizeof(*r->sop) + len;
}

static bool
apply(struct ysctl *y, const struct request *r, const char *what)
{
	if (ysctlbyname(y, "net.inet.tcp.setsockopt", NULL, NULL, r->sop,
	    r->len) == 0)
		return (true);
	warn("%s", what);
	return (false);
}

/* All that the filter lets through: how many could not be set. */
static int
apply_matching(struct ysctl *y, struct request *r,
    const struct pcbselect *ps)
{
	char f[PCB_ADDRLEN], l[PCB_ADDRLEN], what[2 * PCB_ADDRLEN + 16];
	const struct xtcpcb *xt;
	struct pcblist pl;
	int failed = 0;
	size_t i;

	pcbs_read(y, &pl);
	for (i = 0; i < pl.pl_n; i++) {
		xt = &pl.pl_pcbs[i];
		if (!pcb_matches(ps, xt) || (ps->ps_state == -1 &&
		    (xt->t_state == STATE_LISTEN ||
		    xt->t_state == STATE_TIME_WAIT ||
		    xt->inp_inc.xic_fport == 0)))
			continue;
		pcb_addr(xt->inp_inc.xic_laddr, xt->inp_inc.xic_scope, l);
		pcb_addr(xt->inp_inc.xic_faddr, xt->inp_inc.xic_scope, f);
		(void)snprintf(what, sizeof(what), "%s %u %s %u", l,
		    xt->inp_inc.xic_lport, f, xt->inp_inc.xic_fport);
		r->sop->sop_id = xt->inp_gencnt;
		failed += !apply(y, r, what);
	}
	pcbs_free(&pl);
	return (failed);
}

static uint64_t
option_id(const char *text)
{
	unsigned long long id;
	char *end;

	errno = 0;
	id = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 ||
	    id == 0)
		errx(1, "%s: not a connection's number: see netstat -A", text);
	return (id);
}

int
main(int argc, char *argv[])
{
	struct pcbselect ps = { .ps_state = -1 };
	const char *id = NULL;
	struct request r;
	struct ysctl *y;
	int ch, failed;

	while ((ch = getopt(argc, argv, PCBSELECT_OPTIONS "i:")) != -1)
		if (ch == 'i')
			id = optarg;
		else if (!pcb_option(&ps, ch, optarg))
			usage();
	argc -= optind;
	argv += optind;
	if (ps.ps_all + pcb_filters(&ps) + (id != NULL) != 1 || argc < 2 ||
	    argc > 3)
		usage();
	if ((r.sop = calloc(1, sizeof(*r.sop) + VALUE_MAX)) == NULL)
		err(1, "option");
	set_name(r.sop, argc == 3 ? argv[0] : NULL, argv[argc - 2]);
	set_value(&r, argv[argc - 1]);
	if (id != NULL)
		r.sop->sop_id = option_id(id);
	y = pcbs_open(ps.ps_host);
	failed = id != NULL ? !apply(y, &r, id) : apply_matching(y, &r, &ps);
	ysctl_close(y);
	free(r.sop);
	return (failed != 0);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * sockstat: the sockets of a running stack, and whose they are, in the
 * columns of FreeBSD's sockstat(1).
 *
 * The list is net.inet.tcp.pcbpage's, so handshakes that a listener has
 * under way and connections that linger in TIME_WAIT are in it.  The stack's
 * sockets belong to the process that it lives in; an entry without a
 * descriptor (it waits for accept(2), or was closed) has a question mark in
 * its place.
 *
 * Options of FreeBSD's for what this stack does not have are refused in one
 * line each.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcbs.h"

#define	NARROW	21		/* an end's column */
#define	WIDE	45
#define	PORTS	65536

static struct {
	bool		o_cc;		/* -C */
	bool		o_connected;	/* -c */
	bool		o_id;		/* -i */
	bool		o_noloop;	/* -L */
	bool		o_listening;	/* -l */
	bool		o_numeric;	/* -n */
	bool		o_quiet;	/* -q */
	bool		o_stack;	/* -S */
	bool		o_state;	/* -s */
	bool		o_wide;		/* -w */
	bool		o_v4, o_v6;
	bool		o_someports;	/* -p */
	uint8_t		o_ports[PORTS / 8];
} opt;

static _Noreturn void
usage(void)
{
	(void)fputs("usage: sockstat [-46CciLlnqSsw] [-j host] [-p ports] "
	    "[-P protocols]\n", stderr);
	exit(1);
}

/* ---- Options ---- */

/* The number at *s, which moves behind it. */
static unsigned long
port_number(const char **s, const char *list)
{
	unsigned long port;
	char *end;

	errno = 0;
	port = strtoul(*s, &end, 10);
	if (**s < '0' || **s > '9' || errno != 0 || port >= PORTS)
		errx(1, "-p %s: a port is a number from 0 to %d", list,
		    PORTS - 1);
	*s = end;
	return (port);
}

/* 80,1024-2047 and the like. */
static void
option_ports(const char *list)
{
	unsigned long first, last;
	const char *s = list;

	opt.o_someports = true;
	for (;; s++) {
		first = last = port_number(&s, list);
		if (*s == '-') {
			s++;
			last = port_number(&s, list);
		}
		if (last < first)
			errx(1, "-p %s: the range %lu-%lu ends before it "
			    "begins", list, first, last);
		for (; first <= last; first++)
			opt.o_ports[first / 8] |=
			    (uint8_t)(1 << first % 8);
		if (*s == '\0')
			return;
		if (*s != ',')
			errx(1, "-p %s: wants ports and ranges of ports, "
			    "separated by commas", list);
	}
}

static void
option_protocols(const char *list)
{
	char *copy, *name, *next;

	if ((copy = next = strdup(list)) == NULL)
		err(1, "-P %s", list);
	while ((name = strsep(&next, ",")) != NULL)
		if (strcmp(name, "tcp") != 0)
			errx(1, "-P %s: only tcp has sockets to show", name);
	free(copy);
}

/* An option without an argument: false if it is none of these. */
static bool
option_switch(int ch)
{
	switch (ch) {
	case '4':
		return (opt.o_v4 = true);
	case '6':
		return (opt.o_v6 = true);
	case 'C':
		return (opt.o_cc = true);
	case 'c':
		return (opt.o_connected = true);
	case 'i':
		return (opt.o_id = true);
	case 'L':
		return (opt.o_noloop = true);
	case 'l':
		return (opt.o_listening = true);
	case 'n':
		return (opt.o_numeric = true);
	case 'q':
		return (opt.o_quiet = true);
	case 'S':
		return (opt.o_stack = true);
	case 's':
		return (opt.o_state = true);
	case 'w':
		return (opt.o_wide = true);
	default:
		return (false);
	}
}

/* Returns the host that is meant, NULL for the first. */
static const char *
options(int argc, char *argv[])
{
	const char *host = NULL;
	int ch;

	while ((ch = getopt(argc, argv, "46AbCcF:fIij:LlnP:p:qSsUuvw")) != -1) {
		if (option_switch(ch))
			continue;
		switch (ch) {
		case 'j':
			host = optarg;
			break;
		case 'P':
			option_protocols(optarg);
			break;
		case 'p':
			option_ports(optarg);
			break;
		case '?':
			usage();
		default:
			errx(1, "-%c: the stack keeps nothing that this "
			    "would show", ch);
		}
	}
	if (optind != argc)
		usage();
	if (!opt.o_v4 && !opt.o_v6)
		opt.o_v4 = opt.o_v6 = true;
	if (!opt.o_connected && !opt.o_listening)
		opt.o_connected = opt.o_listening = true;
	return (host);
}

/* ---- Which ---- */

static bool
has_port(uint16_t port)
{
	return ((opt.o_ports[port / 8] & 1 << port % 8) != 0);
}

static bool
is_loopback(const uint8_t addr[16])
{
	static const uint8_t v6[16] = { [15] = 1 };

	return (pcb_is_v4(addr) ? addr[12] == 127 :
	    memcmp(addr, v6, sizeof(v6)) == 0);
}

static bool
wanted(const struct xtcpcb *xt)
{
	const struct xin_conninfo *xic = &xt->inp_inc;
	bool both = opt.o_connected && opt.o_listening;

	if (!(opt.o_v4 && (xt->inp_vflag & XINP_IPV4) != 0) &&
	    !(opt.o_v6 && (xt->inp_vflag & XINP_IPV6) != 0))
		return (false);
	if (!both && !(opt.o_listening ? xt->t_state == STATE_LISTEN :
	    xic->xic_fport != 0))
		return (false);
	if (opt.o_noloop && (is_loopback(xic->xic_laddr) ||
	    is_loopback(xic->xic_faddr)))
		return (false);
	return (!opt.o_someports || has_port(xic->xic_lport) ||
	    has_port(xic->xic_fport));
}

/* By owner and descriptor, what has none last, in order of birth. */
static int
by_owner(const void *pa, const void *pb)
{
	const struct xtcpcb *a = pa, *b = pb;

	if (a->so_pid != b->so_pid)
		return (a->so_pid < b->so_pid ? -1 : 1);
	if (a->so_fd != b->so_fd)
		return ((uint32_t)a->so_fd < (uint32_t)b->so_fd ? -1 : 1);
	return (a->inp_gencnt < b->inp_gencnt ? -1 :
	    a->inp_gencnt > b->inp_gencnt);
}

/* ---- Rows ---- */

static int
width(void)
{
	return (opt.o_wide ? WIDE : NARROW);
}

static void
head(void)
{
	(void)printf("%-8s %-10s %-5s %-3s %-6s %-*s %-*s", "USER",
	    "COMMAND", "PID", "FD", "PROTO", width(), "LOCAL ADDRESS",
	    width(), "FOREIGN ADDRESS");
	if (opt.o_id)
		(void)printf(" %-8s", "ID");
	if (opt.o_state)
		(void)printf(" %-12s", "CONN STATE");
	if (opt.o_stack)
		(void)printf(" %-*s", TCP_XNAMELEN, "STACK");
	if (opt.o_cc)
		(void)printf(" %-*s", TCP_XCCLEN, "CC");
	(void)putchar('\n');
}

static void
owner(const struct xtcpcb *xt)
{
	const struct passwd *pw;
	char fd[16], pid[16], user[40];

	(void)strcpy(user, "?");
	(void)strcpy(pid, "?");
	(void)strcpy(fd, "?");
	if (xt->so_pid != 0) {
		pw = opt.o_numeric ? NULL : getpwuid(xt->so_uid);
		if (pw != NULL)
			(void)snprintf(user, sizeof(user), "%s",
			    pw->pw_name);
		else
			(void)snprintf(user, sizeof(user), "%" PRIu32,
			    xt->so_uid);
		(void)snprintf(pid, sizeof(pid), "%" PRId32, xt->so_pid);
	}
	if (xt->so_fd >= 0)
		(void)snprintf(fd, sizeof(fd), "%" PRId32, xt->so_fd);
	(void)printf("%-8.*s %-10.*s %-5s %-3s ", opt.o_wide ? 39 : 8, user,
	    opt.o_wide ? TCP_XCOMMLEN : 10,
	    xt->so_comm[0] != '\0' ? xt->so_comm : "?", pid, fd);
}

static void
end(const uint8_t addr[16], uint16_t port, uint32_t scope)
{
	char a[PCB_ADDRLEN], both[PCB_ADDRLEN + 8];

	if (pcb_any(addr))
		(void)strcpy(a, "*");
	else
		pcb_addr(addr, scope, a);
	if (port == 0)
		(void)snprintf(both, sizeof(both), "%s:*", a);
	else
		(void)snprintf(both, sizeof(both), "%s:%u", a, port);
	(void)printf(" %-*s", width(), both);
}

static void
row(const struct xtcpcb *xt)
{
	const struct xin_conninfo *xic = &xt->inp_inc;

	owner(xt);
	(void)printf("tcp%-3s", (xt->inp_vflag & XINP_IPV6) == 0 ? "4" :
	    (xt->inp_vflag & XINP_IPV4) == 0 ? "6" : "46");
	end(xic->xic_laddr, xic->xic_lport, xic->xic_scope);
	end(xic->xic_faddr, xic->xic_fport, xic->xic_scope);
	if (opt.o_id)
		(void)printf(" %-8" PRIu64, xt->inp_gencnt);
	if (opt.o_state)
		(void)printf(" %-12s", xt->t_state >= 0 &&
		    xt->t_state < TCP_XSTATES ? pcb_states[xt->t_state] :
		    "?");
	if (opt.o_stack)
		(void)printf(" %-*.*s", TCP_XNAMELEN, TCP_XNAMELEN,
		    xt->xt_stack);
	if (opt.o_cc)
		(void)printf(" %-*.*s", TCP_XCCLEN, TCP_XCCLEN, xt->xt_cc);
	(void)putchar('\n');
}

int
main(int argc, char *argv[])
{
	struct pcblist pl;
	struct ysctl *y;
	size_t i;

	y = pcbs_open(options(argc, argv));
	pcbs_read(y, &pl);
	ysctl_close(y);
	if (pl.pl_n != 0)
		qsort(pl.pl_pcbs, pl.pl_n, sizeof(*pl.pl_pcbs), by_owner);
	if (!opt.o_quiet)
		head();
	for (i = 0; i < pl.pl_n; i++)
		if (wanted(&pl.pl_pcbs[i]))
			row(&pl.pl_pcbs[i]);
	pcbs_free(&pl);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return (0);
}

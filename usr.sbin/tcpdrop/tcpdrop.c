/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * tcpdrop: end connections of a running stack, as FreeBSD's tcpdrop(8):
 * one that is named by its two ends, or all that a filter lets through;
 * with -l the commands that would do so are printed instead.
 *
 * Listeners are never ended.
 */
#include <sys/socket.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcbs.h"

static _Noreturn void
usage(void)
{
	(void)fputs(
"usage: tcpdrop [-j host] local-address local-port foreign-address"
    " foreign-port\n"
"       tcpdrop [-j host] local-address:local-port"
    " foreign-address:foreign-port\n"
"       tcpdrop [-j host] local-address.local-port"
    " foreign-address.foreign-port\n"
"       tcpdrop [-l] [-j host] -a\n"
"       tcpdrop [-l] [-j host] -C cc-algo [-S stack] [-s state]\n"
"       tcpdrop [-l] [-j host] [-C cc-algo] -S stack [-s state]\n"
"       tcpdrop [-l] [-j host] [-C cc-algo] [-S stack] -s state\n", stderr);
	exit(1);
}

/* The ends as tcpdrop's four arguments. */
static void
ends_text(const struct xin_conninfo *xic, char *buf, size_t size)
{
	char f[PCB_ADDRLEN], l[PCB_ADDRLEN];

	pcb_addr(xic->xic_laddr, xic->xic_scope, l);
	pcb_addr(xic->xic_faddr, xic->xic_scope, f);
	(void)snprintf(buf, size, "%s %u %s %u", l, xic->xic_lport, f,
	    xic->xic_fport);
}

/* End one connection: whether it was there; told if not or if loud. */
static bool
drop(struct ysctl *y, const struct xin_conninfo *xic, bool loud)
{
	char ends[2 * PCB_ADDRLEN + 16];

	ends_text(xic, ends, sizeof(ends));
	if (ysctlbyname(y, "net.inet.tcp.drop", NULL, NULL, xic,
	    sizeof(*xic)) != 0) {
		if (loud || errno != ESRCH)
			warn("%s", ends);
		return (false);
	}
	(void)printf("%s: dropped\n", ends);
	return (true);
}

/* ---- One connection ---- */

static struct addrinfo *
resolve(const char *addr, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *res;
	int error;

	if ((error = getaddrinfo(addr, port, &hints, &res)) != 0)
		errx(1, "%s port %s: %s", addr, port, gai_strerror(error));
	return (res);
}

/* One end of xic from what the resolver found. */
static void
take_end(const struct addrinfo *ai, uint8_t addr[16], uint16_t *port,
    uint32_t *scope)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	if (ai->ai_family == AF_INET) {
		memcpy(&sin, ai->ai_addr, sizeof(sin));
		memset(addr, 0, 10);
		addr[10] = addr[11] = 0xff;
		memcpy(addr + 12, &sin.sin_addr, 4);
		*port = ntohs(sin.sin_port);
		return;
	}
	memcpy(&sin6, ai->ai_addr, sizeof(sin6));
	memcpy(addr, &sin6.sin6_addr, 16);
	*port = ntohs(sin6.sin6_port);
	if (sin6.sin6_scope_id != 0)
		*scope = sin6.sin6_scope_id;
}

/* A name may stand for several addresses: every pair of one family. */
static int
drop_named(struct ysctl *y, const char *laddr, const char *lport,
    const char *faddr, const char *fport)
{
	struct addrinfo *f, *l, *fs, *ls;
	struct xin_conninfo xic;
	bool one, found = false, tried = false;

	ls = resolve(laddr, lport);
	fs = resolve(faddr, fport);
	one = ls->ai_next == NULL && fs->ai_next == NULL;
	for (l = ls; l != NULL; l = l->ai_next)
		for (f = fs; f != NULL; f = f->ai_next) {
			if (l->ai_family != f->ai_family)
				continue;
			memset(&xic, 0, sizeof(xic));
			take_end(l, xic.xic_laddr, &xic.xic_lport,
			    &xic.xic_scope);
			take_end(f, xic.xic_faddr, &xic.xic_fport,
			    &xic.xic_scope);
			tried = true;
			found |= drop(y, &xic, one);
		}
	if (!tried)
		warnx("%s %s %s %s: different address families", laddr, lport,
		    faddr, fport);
	else if (!found && !one)
		warnx("%s %s %s %s: %s", laddr, lport, faddr, fport,
		    strerror(ESRCH));
	freeaddrinfo(ls);
	freeaddrinfo(fs);
	return (found ? 0 : 1);
}

/* Cut "address:port", "address.port" or "[address]:port" in two. */
static void
cut(char *end, char **addr, char **port)
{
	char *colon = strrchr(end, ':'), *dot = strrchr(end, '.'), *sep;
	size_t len;

	sep = colon == NULL || (dot != NULL && dot > colon) ? dot : colon;
	if (sep == NULL || sep == end || sep[1] == '\0')
		errx(1, "%s: no port: write address:port or address.port",
		    end);
	*sep = '\0';
	len = (size_t)(sep - end);
	if (len > 2 && end[0] == '[' && end[len - 1] == ']') {
		end[len - 1] = '\0';
		end++;
	}
	*addr = end;
	*port = sep + 1;
}

/* ---- Many ---- */

static int
drop_matching(struct ysctl *y, const struct pcbselect *ps, bool list)
{
	char ends[2 * PCB_ADDRLEN + 16];
	const struct xtcpcb *xt;
	struct pcblist pl;
	int failed = 0;
	size_t i;

	pcbs_read(y, &pl);
	for (i = 0; i < pl.pl_n; i++) {
		xt = &pl.pl_pcbs[i];
		if (xt->t_state == STATE_LISTEN ||
		    xt->inp_inc.xic_fport == 0 || !pcb_matches(ps, xt))
			continue;
		if (list) {
			ends_text(&xt->inp_inc, ends, sizeof(ends));
			(void)printf("tcpdrop %s\n", ends);
		} else if (!drop(y, &xt->inp_inc, true))
			failed = 1;
	}
	pcbs_free(&pl);
	return (failed);
}

static int
drop_ends(struct ysctl *y, int argc, char *argv[])
{
	char *faddr, *fport, *laddr, *lport;

	if (argc == 4)
		return (drop_named(y, argv[0], argv[1], argv[2], argv[3]));
	cut(argv[0], &laddr, &lport);
	cut(argv[1], &faddr, &fport);
	return (drop_named(y, laddr, lport, faddr, fport));
}

int
main(int argc, char *argv[])
{
	struct pcbselect ps = { .ps_state = -1 };
	struct ysctl *y;
	bool list = false, many;
	int ch, status;

	while ((ch = getopt(argc, argv, PCBSELECT_OPTIONS "l")) != -1)
		if (ch == 'l')
			list = true;
		else if (!pcb_option(&ps, ch, optarg))
			usage();
	argc -= optind;
	argv += optind;
	many = ps.ps_all || pcb_filters(&ps);
	if (many ? argc != 0 || (ps.ps_all && pcb_filters(&ps)) :
	    list || (argc != 2 && argc != 4))
		usage();
	y = pcbs_open(ps.ps_host);
	status = many ? drop_matching(y, &ps, list) :
	    drop_ends(y, argc, argv);
	ysctl_close(y);
	return (status);
}

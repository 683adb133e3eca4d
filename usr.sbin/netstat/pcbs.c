/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The way to a stack and the list of its connections (pcbs.h).
 *
 * The list comes in pages (net.inet.tcp.pcbpage), each of which holds the
 * stack up for a moment only.  Connections that end meanwhile are listed or
 * not; each that lives throughout is listed once, since a page continues
 * behind the last number seen.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcbs.h"

#define	PAGE		512		/* connections at a time */

const char *const pcb_states[TCP_XSTATES] = {
	"CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED",
	"CLOSE_WAIT", "FIN_WAIT_1", "CLOSING", "LAST_ACK", "FIN_WAIT_2",
	"TIME_WAIT"
};

struct ysctl *
pcbs_open(const char *host)
{
	struct ysctl *y;

	if ((y = ysctl_open(NULL, host)) == NULL)
		errx(1, "%s", ysctl_error());
	return (y);
}

/* Room for a page more. */
static void
pcbs_grow(struct pcblist *pl)
{
	struct xtcpcb *new;

	new = reallocarray(pl->pl_pcbs, pl->pl_n + PAGE, sizeof(*new));
	if (new == NULL)
		err(1, "list of connections");
	pl->pl_pcbs = new;
}

/* The record at offset off of len bytes: its length, which covers at least
 * least bytes, or 0 if there is none. */
static size_t
record_at(const char *buf, size_t len, size_t off, size_t least)
{
	uint32_t reclen;

	if (len - off < sizeof(reclen))
		return (0);
	memcpy(&reclen, buf + off, sizeof(reclen));
	return (reclen < least || reclen > len - off ? 0 : reclen);
}

/* Take a page's connections, between its two struct xinpgen: how many. */
static size_t
pcbs_take(struct pcblist *pl, const char *buf, size_t len)
{
	size_t n = 0, off, reclen;

	pcbs_grow(pl);
	if ((reclen = record_at(buf, len, 0, sizeof(struct xinpgen))) == 0)
		errx(1, "the stack's list of connections makes no sense");
	for (off = reclen; n < PAGE; off += reclen) {
		reclen = record_at(buf, len, off, sizeof(struct xtcpcb));
		if (reclen == 0)
			break;
		memcpy(&pl->pl_pcbs[pl->pl_n++], buf + off,
		    sizeof(struct xtcpcb));
		n++;
	}
	return (n);
}

void
pcbs_read(struct ysctl *y, struct pcblist *pl)
{
	struct xpcbpage xpp = { .xpp_max = PAGE };
	size_t len, n, room;
	char *buf;

	memset(pl, 0, sizeof(*pl));
	room = 2 * sizeof(struct xinpgen) + PAGE * sizeof(struct xtcpcb);
	if ((buf = malloc(room)) == NULL)
		err(1, "list of connections");
	do {
		len = room;
		if (ysctlbyname(y, "net.inet.tcp.pcbpage", buf, &len, &xpp,
		    sizeof(xpp)) != 0)
			err(1, "net.inet.tcp.pcbpage");
		n = pcbs_take(pl, buf, len);
		if (n != 0)
			xpp.xpp_after = pl->pl_pcbs[pl->pl_n - 1].inp_gencnt;
	} while (n == PAGE);
	free(buf);
}

void
pcbs_free(struct pcblist *pl)
{
	free(pl->pl_pcbs);
	memset(pl, 0, sizeof(*pl));
}

int
pcb_state(const char *name)
{
	int i;

	for (i = 0; i < TCP_XSTATES; i++)
		if (strcmp(pcb_states[i], name) == 0)
			return (i);
	return (-1);
}

bool
pcb_option(struct pcbselect *ps, int ch, const char *arg)
{
	switch (ch) {
	case 'a':
		ps->ps_all = true;
		return (true);
	case 'C':
		ps->ps_cc = arg;
		return (true);
	case 'j':
		ps->ps_host = arg;
		return (true);
	case 'S':
		ps->ps_stack = arg;
		return (true);
	case 's':
		if ((ps->ps_state = pcb_state(arg)) == -1)
			errx(1, "%s: unknown state: see netstat(1)", arg);
		return (true);
	default:
		return (false);
	}
}

bool
pcb_filters(const struct pcbselect *ps)
{
	return (ps->ps_cc != NULL || ps->ps_stack != NULL ||
	    ps->ps_state != -1);
}

bool
pcb_matches(const struct pcbselect *ps, const struct xtcpcb *xt)
{
	return ((ps->ps_cc == NULL || strcmp(ps->ps_cc, xt->xt_cc) == 0) &&
	    (ps->ps_stack == NULL ||
	    strcmp(ps->ps_stack, xt->xt_stack) == 0) &&
	    (ps->ps_state == -1 || ps->ps_state == xt->t_state));
}

bool
pcb_is_v4(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return (memcmp(addr, mapped, sizeof(mapped)) == 0);
}

bool
pcb_any(const uint8_t addr[16])
{
	static const uint8_t zero[16];

	if (pcb_is_v4(addr))
		return (memcmp(addr + 12, zero, 4) == 0);
	return (memcmp(addr, zero, 16) == 0);
}

void
pcb_addr(const uint8_t addr[16], uint32_t scope, char text[PCB_ADDRLEN])
{
	size_t len;

	if (pcb_is_v4(addr)) {
		(void)inet_ntop(AF_INET, addr + 12, text, PCB_ADDRLEN);
		return;
	}
	(void)inet_ntop(AF_INET6, addr, text, PCB_ADDRLEN);
	len = strlen(text);
	/* Interfaces are the stack's, not this system's: by number. */
	if (scope != 0 && addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80)
		(void)snprintf(text + len, PCB_ADDRLEN - len, "%%%u", scope);
}

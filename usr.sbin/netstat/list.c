/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * netstat's list of connections, in FreeBSD's columns: the newest first, as
 * there.
 *
 * A column has a heading and a format of the same width.  An end is
 * "address.port", the address cut after 16 characters unless -W is given,
 * and all of it to the width of its column.
 */
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netstat.h"

#define	END_NARROW	22
#define	END_NARROWER	18		/* beside -A */
#define	END_WIDE	45
#define	END_ADDR	16		/* of an address, without -W */

static int
end_width(const struct options *o)
{
	return (o->o_wide ? END_WIDE : o->o_id ? END_NARROWER : END_NARROW);
}

/* ---- The heading ---- */

static void
head_buffers(void)
{
	static const char *const col[] = { "R-HIWA", "S-HIWA", "R-LOWA",
	    "S-LOWA", "R-BCNT", "S-BCNT", "R-BMAX", "S-BMAX" };
	static const char *const timer[] = { "rexmt", "persist", "keep",
	    "2msl", "delack", "rcvtime" };
	size_t i;

	for (i = 0; i < sizeof(col) / sizeof(col[0]); i++)
		text(" %-6.6s", col[i]);
	for (i = 0; i < sizeof(timer) / sizeof(timer[0]); i++)
		text(" %7.7s", timer[i]);
}

static void
head_id(const struct options *o)
{
	if (o->o_id)
		text("%-16s ", "Tcpcb");
}

static void
head(const struct options *o)
{
	int w = end_width(o);

	if (o->o_queues) {
		text("Current listen queue sizes (qlen/incqlen/maxqlen)\n");
		head_id(o);
		text("%-5.5s %-32.32s %-*.*s\n", "Proto", "Listen", w, w,
		    "Local Address");
		return;
	}
	text("Active Internet connections%s\n",
	    o->o_all ? " (including servers)" : "");
	head_id(o);
	if (o->o_trouble)
		text("%-5.5s %-6.6s %-6.6s %-6.6s %-*.*s %s", "Proto",
		    "Rexmit", "OOORcv", "0-win", w, w, "Local Address",
		    "Foreign Address");
	else {
		text("%-5.5s %-6.6s %-6.6s %-*.*s %-*.*s", "Proto", "Recv-Q",
		    "Send-Q", w, w, "Local Address", w, w,
		    "Foreign Address");
		if (!o->o_buffers)
			text(" %-11.11s", "(state)");
	}
	if (o->o_buffers)
		head_buffers();
	if (o->o_stack)
		text(" %-*.*s", TCP_XNAMELEN, TCP_XNAMELEN, "Stack");
	if (o->o_cc)
		text(" %-*.*s %10.10s %10.10s %5.5s %3.3s", TCP_XCCLEN,
		    TCP_XCCLEN, "CC", "cwin", "ssthresh", "MSS", "ECN");
	text("\n");
}

/* ---- A row ---- */

/* The port as a service's name or a number; 0 is any. */
static void
port_text(const struct options *o, uint16_t port, char buf[32])
{
	const struct servent *se = NULL;

	if (port == 0) {
		(void)strcpy(buf, "*");
		return;
	}
	if (!o->o_numeric)
		se = getservbyport(htons(port), "tcp");
	if (se != NULL)
		(void)snprintf(buf, 32, "%.15s", se->s_name);
	else
		(void)snprintf(buf, 32, "%u", port);
}

static void
row_end(const struct options *o, const char *which, const uint8_t addr[16],
    uint16_t port, uint32_t scope)
{
	char a[PCB_ADDRLEN], both[PCB_ADDRLEN + 40], p[32];
	int w = end_width(o);

	if (pcb_any(addr))
		(void)strcpy(a, "*");
	else
		pcb_addr(addr, scope, a);
	port_text(o, port, p);
	json_open(which, '{');
	json_text("address", a);
	json_text("port", p);
	json_close('}');
	(void)snprintf(both, sizeof(both), "%.*s.%s",
	    o->o_wide ? PCB_ADDRLEN : END_ADDR, a, p);
	text("%-*.*s ", w, w, both);
}

/* tcp4, tcp6, or tcp46 for a socket that takes both. */
static const char *
row_proto(const struct xtcpcb *xt)
{
	switch (xt->inp_vflag & (XINP_IPV4 | XINP_IPV6)) {
	case XINP_IPV4 | XINP_IPV6:
		return ("tcp46");
	case XINP_IPV6:
		return ("tcp6");
	default:
		return ("tcp4");
	}
}

static void
row_timer(const char *name, uint32_t ms)
{
	char seconds[32];

	(void)snprintf(seconds, sizeof(seconds), "%u.%02u", ms / 1000,
	    ms % 1000 / 10);
	json_text(name, seconds);
	text(" %4u.%02u", ms / 1000, ms % 1000 / 10);
}

static void
row_buffers(const struct xtcpcb *xt)
{
	const struct {
		const char *name;
		uint32_t value;
	} col[] = {
		{ "receive-high-water", xt->so_rcv.sb_hiwat },
		{ "send-high-water", xt->so_snd.sb_hiwat },
		{ "receive-low-water", xt->so_rcv.sb_lowat },
		{ "send-low-water", xt->so_snd.sb_lowat },
		{ "receive-mbuf-bytes", xt->so_rcv.sb_mbcnt },
		{ "send-mbuf-bytes", xt->so_snd.sb_mbcnt },
		{ "receive-mbuf-bytes-max", xt->so_rcv.sb_mbmax },
		{ "send-mbuf-bytes-max", xt->so_snd.sb_mbmax }
	};
	size_t i;

	for (i = 0; i < sizeof(col) / sizeof(col[0]); i++) {
		json_number(col[i].name, col[i].value);
		text("%s%6u", i == 0 ? "" : " ", col[i].value);
	}
	row_timer("retransmit-timer", xt->tt_rexmt);
	row_timer("persist-timer", xt->tt_persist);
	row_timer("keepalive-timer", xt->tt_keep);
	row_timer("msl2-timer", xt->tt_2msl);
	row_timer("delay-ack-timer", xt->tt_delack);
	row_timer("inactivity-timer", xt->t_rcvtime);
}

static void
row_cc(const struct xtcpcb *xt)
{
	const char *ecn = xt->xt_ecn == 0 ? "off" :
	    xt->xt_ecn == 2 ? "ace" : "ecn";

	json_text("cc", xt->xt_cc);
	json_number("snd-cwnd", xt->t_snd_cwnd);
	json_number("snd-ssthresh", xt->t_snd_ssthresh);
	json_number("t-maxseg", xt->t_maxseg);
	json_text("ecn", ecn);
	text(" %-*.*s %10u %10u %5u %3s", TCP_XCCLEN, TCP_XCCLEN, xt->xt_cc,
	    xt->t_snd_cwnd, xt->t_snd_ssthresh, xt->t_maxseg, ecn);
}

/* What stands in front of the two ends. */
static void
row_counts(const struct options *o, const struct xtcpcb *xt)
{
	if (o->o_trouble) {
		json_number("sent-retransmit-packets", xt->t_sndrexmitpack);
		json_number("received-out-of-order-packets",
		    xt->t_rcvoopack);
		json_number("sent-zero-window", xt->t_sndzerowin);
		text("%6u %6u %6u ", xt->t_sndrexmitpack, xt->t_rcvoopack,
		    xt->t_sndzerowin);
		return;
	}
	json_number("receive-bytes-waiting", xt->so_rcv.sb_cc);
	json_number("send-bytes-waiting", xt->so_snd.sb_cc);
	text("%6u %6u ", xt->so_rcv.sb_cc, xt->so_snd.sb_cc);
}

static void
row_state(const struct xtcpcb *xt)
{
	const char *name = "?";

	if (xt->t_state >= 0 && xt->t_state < TCP_XSTATES)
		name = pcb_states[xt->t_state];
	json_text("tcp-state", name);
	text("%-11s", name);
}

/* -L: a listener's queues. */
static void
row_queues(const struct options *o, const struct xtcpcb *xt)
{
	char sizes[64];

	(void)snprintf(sizes, sizeof(sizes), "%u/%u/%u", xt->so_qlen,
	    xt->so_incqlen, xt->so_qlimit);
	json_text("listen-queue-sizes", sizes);
	text("%-32.32s ", sizes);
	row_end(o, "local", xt->inp_inc.xic_laddr, xt->inp_inc.xic_lport,
	    xt->inp_inc.xic_scope);
}

static void
row(const struct options *o, const struct xtcpcb *xt)
{
	const struct xin_conninfo *xic = &xt->inp_inc;

	json_open(NULL, '{');
	json_number("id", xt->inp_gencnt);
	if (o->o_id)
		text("%16" PRIu64 " ", xt->inp_gencnt);
	json_text("protocol", row_proto(xt));
	text("%-5s ", row_proto(xt));
	if (o->o_queues)
		row_queues(o, xt);
	else {
		row_counts(o, xt);
		row_end(o, "local", xic->xic_laddr, xic->xic_lport,
		    xic->xic_scope);
		row_end(o, "remote", xic->xic_faddr, xic->xic_fport,
		    xic->xic_scope);
		if (o->o_buffers)
			row_buffers(xt);
		else if (!o->o_trouble)
			row_state(xt);
	}
	if (o->o_stack && !o->o_queues) {
		json_text("stack", xt->xt_stack);
		text(" %-*.*s", TCP_XNAMELEN, TCP_XNAMELEN, xt->xt_stack);
	}
	if (o->o_cc && !o->o_queues)
		row_cc(xt);
	json_close('}');
	text("\n");
}

/* ---- Which rows ---- */

static bool
wanted(const struct options *o, const struct xtcpcb *xt)
{
	if (o->o_queues ? xt->t_state != STATE_LISTEN :
	    !o->o_all && (xt->t_state == STATE_LISTEN ||
	    pcb_any(xt->inp_inc.xic_laddr)))
		return (false);
	return (o->o_family == 0 || (xt->inp_vflag & (o->o_family == 4 ?
	    XINP_IPV4 : XINP_IPV6)) != 0);
}

void
list_connections(struct ysctl *y, const struct options *o)
{
	struct pcblist pl;
	bool first = true;
	size_t i;

	pcbs_read(y, &pl);
	json_open("statistics", '{');
	json_open("socket", '[');
	for (i = pl.pl_n; i-- > 0;) {
		if (!wanted(o, &pl.pl_pcbs[i]))
			continue;
		if (first)
			head(o);
		first = false;
		row(o, &pl.pl_pcbs[i]);
	}
	json_close(']');
	json_close('}');
	pcbs_free(&pl);
}

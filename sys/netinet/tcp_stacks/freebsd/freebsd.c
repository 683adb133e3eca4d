/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The default function block, "freebsd": RFC 9293 with the loss recovery of
 * RFC 6675, and of RFC 6582 without SACK, and RFC 9937's rate reduction.
 *
 * The shared TCP is made of its steps, so this file is only the table: the
 * place to look up what another block may replace, and where it is.
 */
#include <sys/param.h>

#include <netinet/tcp_var.h>

const struct tcp_function_block tcp_freebsd_block = {
	.tfb_tcp_block_name = "freebsd",
	/* Whole tasks. */
	.tfb_tcp_do_segment = tcp_default_do_segment,	/* tcp_input.c */
	.tfb_tcp_output = tcp_default_output,		/* tcp_plain.c */
	.tfb_tcp_ctloutput = tcp_default_ctloutput,	/* tcp_usrreq.c */
	.tfb_tcp_handoff_ok = tcp_default_handoff_ok,
	.tfb_flags = TCP_FUNC_DEFAULT_OK,
	/* The steps that they are made of. */
	.tfb_acked = tcp_default_acked,			/* tcp_ack.c */
	.tfb_detect_loss = tcp_default_detect_loss,
	.tfb_quota = tcp_default_quota,			/* tcp_output.c */
	.tfb_sent = tcp_default_sent,
	.tfb_timer = tcp_default_timer			/* tcp_timer.c */
};

/* Any connection will do: all its state is in the tcpcb and the map. */
int
tcp_default_handoff_ok(struct tcpcb *tp __unused)
{
	return (0);
}

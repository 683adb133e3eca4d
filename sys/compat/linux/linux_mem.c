/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Linux's variables of memory.
 *
 * Linux counts what a buffer takes with all that goes with it, and promises
 * only a part of it as a window: of s bytes
 *
 *	window = s - (s >> tcp_adv_win_scale)	if that is > 0
 *	window = s >> -tcp_adv_win_scale	if not
 *
 * Our buffers count the bytes of the stream, so a receive buffer of ours is
 * Linux's window, and a send buffer half of Linux's.
 *
 * Limits that are raised raise kern.ipc.maxsockbuf, if it is too small for
 * them: Linux has no such bound, and its SYNs scale windows as far as tcp_rmem
 * lets buffers grow.
 *
 * Touches: net.inet.tcp.recvspace, recvbuf_max, sendspace, sendbuf_max,
 * kern.ipc.maxsockbuf, and tcp_compat.c's.
 */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/linux/linux.h>
#include <compat/linux/linux_private.h>

#define	WIN_SCALE_MAX	31

VNET_DEFINE_STATIC(int, linux_adv_win_scale) = 1;
#define	V_linux_adv_win_scale	VNET(linux_adv_win_scale)
SYSCTL_INT_RANGE(_net_ipv4, OID_AUTO, tcp_adv_win_scale,
    CTLFLAG_VNET | CTLFLAG_RW, &VNET_NAME(linux_adv_win_scale),
    -WIN_SCALE_MAX, WIN_SCALE_MAX,
    "What of Linux's receive buffers is window: all but (size >> this), or "
    "if negative (size >> -this); Linux ignores it since 6.6");

int
linux_win_from_space(int space)
{
	int scale = V_linux_adv_win_scale;

	return (scale > 0 ? space - (space >> scale) : space >> -scale);
}

int
linux_space_from_win(int win)
{
	int scale = V_linux_adv_win_scale;
	int64_t space;

	if (scale > 0)
		space = howmany((int64_t)win << scale,
		    (INT64_C(1) << scale) - 1);
	else
		space = (int64_t)win << -scale;
	return (space > INT_MAX ? INT_MAX : (int)space);
}

/* A buffer of so many bytes (of ours) is to be had: kern.ipc.maxsockbuf, of
 * which what mbufs add is a part, does not forbid it. */
void
linux_make_room(int bytes)
{
	u_long need = ((u_long)bytes / MCLBYTES + 1) * (MSIZE + MCLBYTES);

	if (V_sb_max < need)
		sb_set_max(need);
}

/* Three ints, ascending: as they are, and written to v. */
static int
sysctl_three(struct sysctl_req *req, int v[3], int least)
{
	int error, was[3];

	memcpy(was, v, sizeof(was));
	error = SYSCTL_OUT(req, was, sizeof(was));
	if (error != 0 || req->newptr == NULL)
		return (error);
	if ((error = SYSCTL_IN(req, was, sizeof(was))) != 0)
		return (error);
	if (was[0] < least || was[1] < was[0] || was[2] < was[1])
		return (EINVAL);
	memcpy(v, was, sizeof(was));
	return (0);
}

static int
sysctl_rmem(SYSCTL_HANDLER_ARGS)
{
	int error, v[3];

	(void)oidp;
	(void)arg1;
	(void)arg2;
	v[0] = V_tcp_ways.w_rmem_min;
	v[1] = linux_space_from_win(V_tcp_recvspace);
	v[2] = linux_space_from_win(V_tcp_autorcvbuf_max);
	error = sysctl_three(req, v, 1);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_ways.w_rmem_min = v[0];
	V_tcp_recvspace = imax(linux_win_from_space(v[1]), 1);
	V_tcp_autorcvbuf_max = imax(linux_win_from_space(v[2]), 1);
	linux_make_room(V_tcp_autorcvbuf_max);
	/* What SYNs scale for is all of it, and no more. */
	sb_set_max(MAX(V_sb_max, (u_long)v[2]));
	return (0);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_rmem,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_rmem, "I",
    "Receive buffers, in bytes as Linux counts: granted when memory is "
    "short, at first, at most (net.inet.tcp.recvspace, recvbuf_max)");

static int
sysctl_wmem(SYSCTL_HANDLER_ARGS)
{
	int error, v[3];

	(void)oidp;
	(void)arg1;
	(void)arg2;
	v[0] = V_tcp_ways.w_wmem_min;
	v[1] = (int)MIN(2 * (int64_t)V_tcp_sendspace, INT_MAX);
	v[2] = (int)MIN(2 * (int64_t)V_tcp_autosndbuf_max, INT_MAX);
	error = sysctl_three(req, v, 2);
	if (error != 0 || req->newptr == NULL)
		return (error);
	V_tcp_ways.w_wmem_min = v[0];
	V_tcp_sendspace = v[1] / 2;
	V_tcp_autosndbuf_max = v[2] / 2;
	linux_make_room(V_tcp_autosndbuf_max);
	return (0);
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_wmem,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_wmem, "I",
    "Send buffers, in bytes as Linux counts: granted when memory is short, "
    "at first, at most (net.inet.tcp.sendspace, sendbuf_max)");

static int
sysctl_mem(SYSCTL_HANDLER_ARGS)
{
	(void)oidp;
	(void)arg1;
	(void)arg2;
	return (sysctl_three(req, V_tcp_ways.w_mem, 0));
}
SYSCTL_PROC(_net_ipv4, OID_AUTO, tcp_mem,
    CTLTYPE_INT | CTLFLAG_VNET | CTLFLAG_RW, NULL, 0, sysctl_mem, "I",
    "Pages of memory: above the second buffers do not grow, until below "
    "the first; above the third connections without a user are reset, and "
    "writes fail (0: no limit)");

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The TCP that every function block shares, and the default block.

SRCS+=	netinet/in_pcb.c netinet/in_priv.c
SRCS+=	netinet/tcp_ack.c
SRCS+=	netinet/tcp_compat.c
SRCS+=	netinet/tcp_compat_tfo.c
SRCS+=	netinet/tcp_cong.c
SRCS+=	netinet/tcp_drain.c
SRCS+=	netinet/tcp_ecn.c
SRCS+=	netinet/tcp_export.c
SRCS+=	netinet/tcp_fastopen.c
SRCS+=	netinet/tcp_fastopen_cache.c
SRCS+=	netinet/tcp_functions.c
SRCS+=	netinet/tcp_head.c
SRCS+=	netinet/tcp_hostcache.c
SRCS+=	netinet/tcp_hostcache_conn.c
SRCS+=	netinet/tcp_info.c
SRCS+=	netinet/tcp_input.c
SRCS+=	netinet/tcp_listen.c
SRCS+=	netinet/tcp_log.c
SRCS+=	netinet/tcp_loss.c
SRCS+=	netinet/tcp_mss.c
SRCS+=	netinet/tcp_newcwv.c
SRCS+=	netinet/tcp_output.c
SRCS+=	netinet/tcp_plain.c
SRCS+=	netinet/tcp_plan.c
SRCS+=	netinet/tcp_parse.c
SRCS+=	netinet/tcp_pmtud.c
SRCS+=	netinet/tcp_reass.c
SRCS+=	netinet/tcp_respond.c
SRCS+=	netinet/tcp_segment.c
SRCS+=	netinet/tcp_sentmap.c
SRCS+=	netinet/tcp_stages.c
SRCS+=	netinet/tcp_subr.c
SRCS+=	netinet/tcp_syncache.c
SRCS+=	netinet/tcp_syncookie.c
SRCS+=	netinet/tcp_synsent.c
SRCS+=	netinet/tcp_udp.c
SRCS+=	netinet/tcp_urgent.c
SRCS+=	netinet/tcp_timer.c
SRCS+=	netinet/tcp_reorder.c
SRCS+=	netinet/tcp_undo.c
SRCS+=	netinet/tcp_timewait.c
SRCS+=	netinet/tcp_usrreq.c
SRCS+=	netinet/tcp_stacks/freebsd/freebsd.c

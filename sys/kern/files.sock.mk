# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# mbufs, sockets, kqueues, descriptors.

SRCS+=		kern/kern_descrip.c \
		kern/kern_event.c \
		kern/kern_mbuf.c \
		kern/subr_uio.c \
		kern/uipc_domain.c \
		kern/uipc_listen.c \
		kern/uipc_mbuf.c \
		kern/uipc_sockbuf.c \
		kern/uipc_socket.c \
		kern/uipc_sockio.c \
		kern/uipc_sockopt.c \
		kern/uipc_syscalls.c

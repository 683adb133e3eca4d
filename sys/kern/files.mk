# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The kernel's base: hosts, images, memory, time, variables.
# kmod_start.c is not among them: mk/kmod.mk links it into each module.

SRCS+=		kern/kern_linker.c \
		kern/kern_malloc.c \
		kern/kern_mib.c \
		kern/kern_sysctl.c \
		kern/kern_timeout.c \
		kern/subr_prf.c \
		kern/subr_prng.c \
		kern/subr_sysctl.c \
		kern/uma_core.c \
		kern/vnet.c
HOST_SRCS+=	kern/kern_host.c \
		kern/kern_host_digest.c \
		kern/kern_host_libc.c

CFLAGS.kern/kern_mib.c= -DSTACKYARD_VERSION='"${VERSION}"'

# mbufs, sockets, events
.-include "files.sock.mk"

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# The sources of libstackyard's programming interface.  Kernel kind: what
# calls the stack.  Host kind: what the program calls, and what calls the
# operating system.  They meet in sy_internal.h.

SRCS+=		k_capture.c k_compat.c k_host.c k_kld.c k_path.c k_socket.c k_tap.c \
		k_vars.c
HOST_SRCS+=	capture.c control.c error.c host.c kld.c loop.c path.c real.c socket.c \
		tap.c translate.c turn.c vars.c wait.c

# Kernel kind files see the border as well.
CFLAGS.k_capture.c=	-I${TOP}/lib/libstackyard
CFLAGS.k_compat.c=	-I${TOP}/lib/libstackyard
CFLAGS.k_host.c=	-I${TOP}/lib/libstackyard
CFLAGS.k_kld.c=		-I${TOP}/lib/libstackyard
CFLAGS.k_path.c=	-I${TOP}/lib/libstackyard
CFLAGS.k_socket.c=	-I${TOP}/lib/libstackyard
CFLAGS.k_tap.c=	-I${TOP}/lib/libstackyard
CFLAGS.k_vars.c=	-I${TOP}/lib/libstackyard

CFLAGS.error.c=		-DSTACKYARD_VERSION='"${VERSION}"'
CFLAGS.kld.c=		-DSTACKYARD_KMODDIR='"${LIBDIR}/stackyard"'

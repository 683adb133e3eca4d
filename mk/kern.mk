# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# kern.mk: the sources of the stack.  Each directory under sys/ lists its own
# in its files.mk, with paths relative to sys/:
#
#	SRCS+=		kern/kern_callout.c	kernel kind
#	HOST_SRCS+=	kern/kern_host.c	host kind
#	CFLAGS.kern/kern_host.c=	-DSOMETHING
#
# Gives KERN_SRCS, KERN_HOST_SRCS and their objects KERN_OBJS; used by
# sys/Makefile, which makes them, and lib/libstackyard, which collects them.
# With FAST=yes, what is compiled by a Makefile that reads this is compiled for
# its profile, and again when that is new.

.include "host.mk"

SRCS?=
HOST_SRCS?=
_saved_srcs:=		${SRCS}
_saved_host_srcs:=	${HOST_SRCS}
SRCS:=
HOST_SRCS:=
_files!=	find ${TOP}/sys -name files.mk | LC_ALL=C sort
.for _f in ${_files}
.  include "${_f}"
.endfor
KERN_SRCS:=		${SRCS}
KERN_HOST_SRCS:=	${HOST_SRCS}
KERN_OBJS:=	${KERN_SRCS:R:C|^.+$$|${BUILDDIR}/obj/sys/&.o|} \
		${KERN_HOST_SRCS:R:C|^.+$$|${BUILDDIR}/obj/sys/&.o|}
SRCS:=		${_saved_srcs}
HOST_SRCS:=	${_saved_host_srcs}

C_OBJS=		${C_FAST}
.if ${FAST} == "yes"
OBJDEPS=	${BUILDDIR}/trained
.endif

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# prog.mk: a program, linked with the whole of libstackyard unless it says
# otherwise.
#
#	PROG=		name
#	SRCS=		kernel kind sources	HOST_SRCS=	host kind
#			(with neither: HOST_SRCS= ${PROG}.c)
#	CFLAGS=		for all of them; see host.mk for single files
#	LDADD=		further libraries
#	DPADD=		files it must be relinked for
#	BINDIR=		${LIBEXECDIR} by default; yard has ${PREFIX}/bin
#	NO_STACKYARD=	set: do not link libstackyard
#
# The program is made at the same place below ${BUILDDIR} as it is installed
# below ${PREFIX}.

BINDIR?=	${LIBEXECDIR}
.include "host.mk"

.if empty(SRCS) && empty(HOST_SRCS)
HOST_SRCS=	${PROG}.c
.endif
_KERN=		${SRCS}
_HOST=		${HOST_SRCS}
.include "compile.mk"

_objs=		${SRCS:${_OBJ}} ${HOST_SRCS:${_OBJ}}
_prog=		${BUILDDIR}${BINDIR:S|^${PREFIX}||}/${PROG}
_list=		${OBJDIR}/${PROG}.list
_!=		${STAMP} ${_list} ${_objs:S|${BUILDDIR}/||} ${LDADD}
.if !defined(NO_STACKYARD)
_ld=		${LD_STACKYARD}
_dp=		${LIBSTACKYARD_A}
.endif

all: ${_prog}

${_prog}: ${_objs} ${_list} ${_dp} ${DPADD}
	@${SAY} "ld ${PROG}"
	${Q}mkdir -p ${.TARGET:H}
	${Q}${CC} ${LD_COMMON} -o ${.TARGET} ${_objs} ${_ld} ${LDADD}

install: all
	${Q}mkdir -p ${DESTDIR}${BINDIR}
	${Q}${INSTALL} -m 755 ${_prog} ${DESTDIR}${BINDIR}/

.PHONY: all install

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# lib.mk: a library, as archive and as shared object.  The archive holds one
# object, all of them linked into each other: who takes anything of it takes
# all of it, and with it the linker sets, to which nobody refers.
#
#	LIB=		name		makes lib${LIB}.a and lib${LIB}.so
#	SHLIB_MAJOR=	0		the soname is lib${LIB}.so.0
#	SRCS=		kernel kind sources	HOST_SRCS=	host kind
#	OBJS=		objects of elsewhere to take in
#	LDADD=		what the shared object is linked with
#	DPADD=		files it must be relinked for
#	NO_ARCHIVE, NO_INSTALL	when set, just that

.include "host.mk"

SHLIB_MAJOR?=	0
_KERN=		${SRCS}
_HOST=		${HOST_SRCS}
.include "compile.mk"

_objs=		${SRCS:${_OBJ}} ${HOST_SRCS:${_OBJ}} ${OBJS}
_lib=		${BUILDDIR}/lib/lib${LIB}
_one=		${OBJDIR}/${LIB}.whole.o
_soname=	lib${LIB}.so.${SHLIB_MAJOR}
_list=		${OBJDIR}/lib${LIB}.list
_!=		${STAMP} ${_list} ${_objs:S|${BUILDDIR}/||}
# A sanitizer's run time is in the program, not in its libraries.
.if empty(SAN)
_defs=		-Wl,-z,defs
.endif

all: ${_lib}.so
.if !defined(NO_ARCHIVE)
all: ${_lib}.a
.endif

${_one}: ${_objs} ${_list}
	${Q}${CC} -r -nostdlib ${LD_FAST} -o ${.TARGET} ${_objs}

${_lib}.a: ${_one}
	@${SAY} "ar ${.TARGET:T}"
	${Q}mkdir -p ${.TARGET:H}; rm -f ${.TARGET}
	${Q}${AR} rcs ${.TARGET} ${_one}

${_lib}.so: ${_one} ${DPADD}
	@${SAY} "ld ${.TARGET:T}"
	${Q}mkdir -p ${.TARGET:H}
	${Q}${CC} -shared ${LD_COMMON} ${_defs} -Wl,-soname,${_soname} \
	    -o ${_lib}.so.${SHLIB_MAJOR} ${_one} ${LDADD}
	${Q}ln -sf ${_soname} ${.TARGET}

install: all
.if !defined(NO_INSTALL)
	${Q}mkdir -p ${DESTDIR}${LIBDIR}
.  if !defined(NO_ARCHIVE)
	${Q}${INSTALL} -m 644 ${_lib}.a ${DESTDIR}${LIBDIR}/
.  endif
	${Q}${INSTALL} -m 755 ${_lib}.so.${SHLIB_MAJOR} ${DESTDIR}${LIBDIR}/
	${Q}ln -sf ${_soname} ${DESTDIR}${LIBDIR}/lib${LIB}.so
.endif

.PHONY: all install

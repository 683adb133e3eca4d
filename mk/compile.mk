# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# compile.mk: one rule per source file, for lib.mk, prog.mk, test.mk and
# sys/Makefile.  An object's path is its source's path below ${OBJDIR}, so two
# sources of one name never meet.
#
#	_KERN	sources of kernel kind, relative to ${SRCDIR}
#	_HOST	sources of host kind, relative to ${SRCDIR}
#	C_OBJS	flags for all of them
#	OBJDEPS	files they must be recompiled for
#
# The compiler writes which headers it read; the next make reads that.  It runs
# in ${BUILDDIR}, so that what it calls an object is the same in a build that
# counts and in one that uses what was counted: gcc knows functions by that.

SRCDIR?=	${.CURDIR}
# From a list of sources to the list of their objects: ${SRCS:${_OBJ}}
_OBJ=		S,../,__/,g:R:C|^.+$$|${OBJDIR}/&.o|

.for _k in KERN HOST
.  for _s in ${_${_k}:O:u}
${OBJDIR}/${_s:S,../,__/,g:R}.o: ${SRCDIR}/${_s} ${FLAGSFILE} ${OBJDEPS}
	@${SAY} "cc ${_s:S|^|${RELDIR}/|}"
	${Q}mkdir -p ${.TARGET:H}
	${Q}cd ${BUILDDIR} && ${CC} ${C_${_k}} ${C_OBJS} ${CFLAGS} ${CFLAGS.${_k}} ${CFLAGS.${_s}} \
	    ${"${_s:M*/*}" != "":?${CFLAGS.${_s:T}}:} \
	    -MMD -MP -MT ${.TARGET} -MF ${.TARGET:R}.d \
	    -c ${SRCDIR}/${_s} -o ${.TARGET:S|^${BUILDDIR}/||}
.    dinclude "${OBJDIR}/${_s:S,../,__/,g:R}.d"
.  endfor
.endfor

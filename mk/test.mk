# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# test.mk: ATF test programs, run by Kyua (`make check').  A directory of
# tests mirrors the directory it tests and is found by having a Makefile:
#
#	ATF_TESTS_C=		callout_test	callout_test.c, kernel kind
#	ATF_TESTS_HOST_C=	loop_test	loop_test.c, host kind
#	ATF_TESTS_SH=		yard_test	yard_test.sh, atf-sh
#	.include "../../../mk/test.mk"
#
# and, where they are needed,
#
#	SRCS.callout_test=	helper.c	further sources, kernel kind
#	HOST_SRCS.callout_test=	pipe.c		further sources, host kind
#	SRCS=, HOST_SRCS=			the same, for every C program here
#	CFLAGS, CFLAGS.<file>, LDADD, LDADD.<prog>, DPADD
#	TEST_METADATA=, TEST_METADATA.<prog>=	Kyua's, for all or one:
#			timeout="600"  required_user="root"  is_exclusive="true"
#	TEST_FILES=	copied (executable if they are) beside the programs
#
# C programs are linked with the whole of libstackyard and with atf-c; paths
# in the lists may lead to other directories (../common/segment.c).  The
# Kyuafile is written from the lists, unless the directory has one.
#
# To find things.  Kyua runs each test in an empty directory with a bare
# environment, so nothing is passed: it is built in.  In C,
#
#	STACKYARD_BUILD		"/.../build/gcc"	an installed prefix:
#				STACKYARD_BUILD "/bin/yard"
#	STACKYARD_SRC		"/.../"			the top of the sources
#	STACKYARD_TESTDIR	where the program and its TEST_FILES are
#
# are string macros; atf-sh tests have them as shell variables, and CC, SAN, FAST,
# and bin/ and libexec/stackyard/ of the build first on PATH.

.include "host.mk"

TESTDIR=	${BUILDDIR}/${RELDIR}
OBJDIR=		${TESTDIR}/obj

_tests_c=	${ATF_TESTS_C} ${ATF_TESTS_HOST_C}
_tests=		${_tests_c} ${ATF_TESTS_SH}

_KERN=		${SRCS} ${ATF_TESTS_C:=.c}
_HOST=		${HOST_SRCS} ${ATF_TESTS_HOST_C:=.c}
.for _t in ${_tests_c}
_KERN+=		${SRCS.${_t}}
_HOST+=		${HOST_SRCS.${_t}}
.endfor
_paths=		-DSTACKYARD_BUILD='"${BUILDDIR}"' -DSTACKYARD_SRC='"${TOP}"' \
		-DSTACKYARD_TESTDIR='"${TESTDIR}"'
# Tests are quick enough; drawn into each other, their checks look odd to gcc.
CINLINE=
# atf-c.h wants pid_t, which strict C17 leaves to <sys/types.h>.
C_KERN+=	${_paths} -include sys/types.h
C_HOST+=	${_paths}
.include "compile.mk"

all: ${TESTDIR}/Kyuafile

# A test that joins or leaves makes a new Kyuafile.
_testlist=	${TESTDIR}/tests.list
_!=		${STAMP} ${_testlist} ${_tests} ${TEST_METADATA:Q}

.if ${SAN:S/,/ /g:Maddress}
_lsan=		${TESTDIR}/obj/lsan_atf.o
${_lsan}: ${TOP}/mk/lsan_atf.c ${FLAGSFILE}
	${Q}mkdir -p ${.TARGET:H}
	${Q}${CC} ${C_COMMON} -c ${TOP}/mk/lsan_atf.c -o ${.TARGET}
.endif

.for _t in ${_tests_c}
_objs.${_t}=	${OBJDIR}/${_t}.o \
		${SRCS:${_OBJ}} ${SRCS.${_t}:${_OBJ}} \
		${HOST_SRCS:${_OBJ}} ${HOST_SRCS.${_t}:${_OBJ}} ${_lsan}
all: ${TESTDIR}/${_t}
${TESTDIR}/${_t}: ${_objs.${_t}:O:u} ${LIBSTACKYARD_A} ${DPADD} \
    ${TESTDIR}/Kyuafile
	@${SAY} "ld ${RELDIR}/${_t}"
	${Q}${CC} ${LD_COMMON} -o ${.TARGET} ${_objs.${_t}:O:u} \
	    ${LD_STACKYARD} ${LDADD} ${LDADD.${_t}} -latf-c
.endfor

.for _t in ${ATF_TESTS_SH}
all: ${TESTDIR}/${_t}
${TESTDIR}/${_t}: ${.CURDIR}/${_t}.sh ${TESTDIR}/Kyuafile
	${Q}{ echo "#!$$(command -v atf-sh)"; \
	    echo "STACKYARD_BUILD='${BUILDDIR}'"; \
	    echo "STACKYARD_SRC='${TOP}'"; \
	    echo "STACKYARD_TESTDIR='${TESTDIR}'"; \
	    echo "CC='${CC}' SAN='${SAN}' FAST='${FAST}'"; \
	    echo 'PATH=$$STACKYARD_BUILD/libexec/stackyard:$$PATH'; \
	    echo 'PATH=$$STACKYARD_BUILD/bin:$$PATH'; \
	    cat ${.CURDIR}/${_t}.sh; } >${.TARGET}
	${Q}chmod +x ${.TARGET}
.endfor

.for _f in ${TEST_FILES}
all: ${TESTDIR}/${_f}
${TESTDIR}/${_f}: ${.CURDIR}/${_f} ${TESTDIR}/Kyuafile
	${Q}mkdir -p ${.TARGET:H}; cp ${.CURDIR}/${_f} ${.TARGET}
.endfor

# The Makefile says what is in the Kyuafile.
.if exists(${.CURDIR}/Kyuafile)
${TESTDIR}/Kyuafile: ${.CURDIR}/Kyuafile ${.CURDIR}/Makefile
	${Q}mkdir -p ${TESTDIR}; cp ${.CURDIR}/Kyuafile ${.TARGET}
.else
.  for _t in ${_tests}
_kyua+=		"atf_test_program{name=\"${_t}\""
.    for _m in ${TEST_METADATA} ${TEST_METADATA.${_t}}
_kyua+=		", "${_m:Q}
.    endfor
_kyua+=		"}\n"
.  endfor
${TESTDIR}/Kyuafile: ${.CURDIR}/Makefile ${TOP}/mk/test.mk ${_testlist}
	${Q}mkdir -p ${TESTDIR}
	${Q}printf '%b' "syntax(2)\n" "test_suite(\"stackyard\")\n" \
	    ${_kyua} >${.TARGET}
.endif

install:
.PHONY: all install

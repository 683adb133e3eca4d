# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# host.mk: what every other file here needs to know of the machine and of this
# build: the compiler, the variant, the flags of the two kinds of source, the
# libraries.  Included first by all of them; safe to include twice.
#
# A variant is a compiler and a set of sanitizers; each has a directory of its
# own that is laid out like an installed prefix, so programs find their parts
# by the same relative paths in the build and after `make install':
#
#	build/gcc/			CC=gcc (the default)
#	build/clang-thread/		CC=clang SAN=thread
#	build/gcc-fast/			FAST=yes
#	    bin/ libexec/stackyard/ lib/ include/ share/	as installed
#	    obj/<path of the Makefile>/<path of the source>.o	objects
#	    tests/<path>/			tests and their Kyuafiles
#	build/current			the variant made last
#
# FAST=yes is the build for production.  The library is compiled as one piece
# (link-time optimisation), for what it was seen to do most: a library that
# counts, build/gcc-train/, is made first and does the work of `make bench'.
# That takes gcc, and minutes where the everyday build takes seconds.
#
# The two kinds of source:
#
#	SRCS		kernel kind: the stack.  C17 as a kernel sees it, our
#			headers under sys/ before the host's.
#	HOST_SRCS	host kind: speaks to the operating system, sees the
#			host's headers and those beside it, never sys/.
#
# For one file, CFLAGS.<path as listed> or CFLAGS.<file name> adds flags; for
# one directory, CFLAGS.  What belongs to the person at the keyboard is COPTS
# (default -O2 -g) and, on the command line, CFLAGS, which then means COPTS.

.if !defined(_HOST_MK_)
_HOST_MK_=	yes

.MAKEFLAGS: -r
.SUFFIXES:
.MAIN: all
.MAKE.JOB.PREFIX=

TOP:=		${.PARSEDIR:tA:H}

# The first make of a build looks around, the ones below it are told.
.if empty(STACKYARD_MAKE) || ${STACKYARD_MAKE} != ${TOP}
.  if !empty(.MAKEOVERRIDES:MCFLAGS)
COPTS:=		${CFLAGS}
.MAKEOVERRIDES:=	${.MAKEOVERRIDES:NCFLAGS}
.undef CFLAGS
.  endif
OSNAME!=	uname -s
NCPU!=		getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
# `cc' is make's own default, not a choice: prefer gcc, so that the variant's
# name says what built it.
.  if empty(CC) || ${CC:[1]} == "cc" || ${CC:[1]} == "c99"
CC!=		command -v gcc >/dev/null 2>&1 && echo gcc || \
		{ command -v clang >/dev/null 2>&1 && echo clang || echo cc; }
.  endif
# clang's newer debugging information is not what every valgrind reads.
COPTS?=		-O2 ${CC:M*clang*:?-gdwarf-4:-g}
SAN?=
FAST?=
_cc!=		command -v ${CC:N-*:[-1]} || echo no
.  if ${_cc} == "no" && !make(demo) && !make(check)
.    error "CC=${CC}: no such compiler"
.  endif
.  if !empty(FAST:Nyes:Ntrain:Nno)
.    error "FAST=${FAST}: yes or no"
.  elif !empty(FAST:Nno) && (!empty(SAN) || empty(CC:N-*:[-1]:T:M*gcc*))
.    error "FAST=yes is for CC=gcc, without SAN="
.  endif
# No comma in a path: -Wl would cut it there.
VARIANT:=	${CC:N-*:[-1]:T}${SAN:D-${SAN:S|,|+|g}:N-}${FAST:Nno:C/^./-&/:S/yes/fast/}
BUILDDIR:=	${TOP}/build/${VARIANT}
STACKYARD_MAKE:=${TOP}
.  export OSNAME NCPU CC COPTS SAN FAST VARIANT BUILDDIR STACKYARD_MAKE
_FIRST_MAKE=	yes
.endif

# Where this Makefile's products go.
RELDIR:=	${.CURDIR:tA:S|^${TOP}/||}
OBJDIR=		${BUILDDIR}/obj/${RELDIR}

PREFIX?=	/usr/local
DESTDIR?=
BINDIR?=	${PREFIX}/bin
LIBEXECDIR?=	${PREFIX}/libexec/stackyard
LIBDIR?=	${PREFIX}/lib
INCLUDEDIR?=	${PREFIX}/include
SHAREDIR?=	${PREFIX}/share/stackyard
MANDIR?=	${PREFIX}/share/man

VERSION=	0.1

# Languages and warnings.
CSTD=		-std=c17
CWARN=		-Wall -Wextra -Werror
CGEN=		-fPIC -fno-semantic-interposition \
		-fmacro-prefix-map=${TOP}/=
.if !empty(SAN)
CSAN=		-fsanitize=${SAN} -fno-omit-frame-pointer
.  if ${SAN:S/,/ /g:Mundefined}
CSAN+=		-fno-sanitize-recover=all
.  endif
# A sanitizer brings its own allocator, which jemalloc would hide.
CMALLOC=	-DHOST_MALLOC_LIBC
.else
CSAN=
CMALLOC=
LIBJEMALLOC=	-ljemalloc
.endif
.if ${OSNAME} == "FreeBSD"
CHOST=		-I/usr/local/include
LDHOST=		-L/usr/local/lib
LIBJEMALLOC=
LIBBSD=
.else
CHOST=
LDHOST=
LIBBSD=		-lbsd
LIBDL=		-ldl
.endif

# The stack is many small functions, and a tenth of what a short connection
# takes is calls: let gcc draw more of them into their callers than -O2 does.
# Two numbers that go to neighbouring fields are two stores; to join them in a
# wide register first, as -O2 does, takes three instructions more.
.if empty(SAN) && !empty(CC:N-*:[-1]:T:M*gcc*)
CINLINE=	--param max-inline-insns-auto=120 \
		--param early-inlining-insns=30 --param inline-min-speedup=5 \
		-fno-tree-slp-vectorize
.else
CINLINE=
.endif

# For the library's objects (kern.mk): gcc looks for what was counted beside the
# object, where train.sh puts it.  What was never run in training is compiled as
# usual, not for size.  It is the everyday build that warns: after so much
# inlining gcc sees what cannot happen.
.if ${FAST} == "yes"
C_FAST=		-O3 -flto -fprofile-use -fprofile-partial-training -w
LD_FAST=	${COPTS} ${CINLINE} ${CGEN} ${C_FAST} -flto=${NCPU} \
		-flto-partition=one -flinker-output=nolto-rel
.elif ${FAST} == "train"
C_FAST=		-O3 -fprofile-generate -w
LD_TRAIN=	-fprofile-generate
.endif

C_COMMON=	${CSTD} ${COPTS} ${CINLINE} ${CWARN} ${CGEN} ${CSAN} ${CMALLOC}
C_KERN=		${C_COMMON} -D_KERNEL -I${TOP}/sys ${CHOST}
C_HOST=		${C_COMMON} -D_GNU_SOURCE -I${TOP}/lib/libstackyard \
		-I${TOP}/lib/libsysctl ${CHOST}
LD_COMMON=	${COPTS} ${CSAN} ${LD_TRAIN} ${LDHOST}

# What libstackyard is made on, and how a program takes all of it: linker sets
# are found by nobody's reference, and a loaded module resolves against the
# program.
LIBS_STACKYARD=	${LIBJEMALLOC} -lsodium -lcrypto -lmd ${LIBBSD} -lm ${LIBDL} -lpthread
LIBSTACKYARD_A=	${BUILDDIR}/lib/libstackyard.a
LD_STACKYARD=	-rdynamic -Wl,--whole-archive ${LIBSTACKYARD_A} \
		-Wl,--no-whole-archive ${LIBS_STACKYARD}

INSTALL?=	install
AR?=		ar

# V=0 says nothing, V=1 a line per step, V=2 the commands themselves.
V?=		1
.export V
.if ${V} == 2
SAY=		:
Q=
.elif ${V} == 0
SAY=		:
Q=		@
.else
SAY=		echo
Q=		@
.endif

# Objects depend on this file, which changes when the flags do.
FLAGSFILE=	${BUILDDIR}/flags
_flags:=	${CC} ${C_KERN} ${C_HOST} ${C_FAST} ${LD_FAST} ${LD_COMMON}
_putflags=	mkdir -p ${BUILDDIR} && ln -sfn ${VARIANT} ${TOP}/build/current && \
		{ echo ${_flags:Q} | cmp -s - ${FLAGSFILE} || \
		    echo ${_flags:Q} >${FLAGSFILE}; }
.if defined(_FIRST_MAKE) && !make(clean) && !make(help) && !make(lint)
_!=		${_putflags}
.endif
.if !exists(${FLAGSFILE})
${FLAGSFILE}:
	@${_putflags}
.endif

# STAMP: a shell fragment; the list $2 goes into the file $1 if it differs, so
# that what depends on the file is remade when a source joins or leaves.
STAMP=		stamp() { mkdir -p "$${1%/*}"; f=$$1; shift; echo "$$@" | \
		cmp -s - "$$f" || echo "$$@" >"$$f"; }; stamp

.endif

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# kmod.mk: a loadable module of Stackyard: a congestion-control module, a
# function block, a helper.  The whole Makefile of one:
#
#	KMOD=		cc_example
#	SRCS=		cc_example.c
#	STACKYARD_MK?=	/usr/local/share/stackyard/mk
#	include ${STACKYARD_MK}/kmod.mk
#
# makes cc_example.so in the current directory, for kldload(8) and for
# yard(1).  BSD make and GNU make both read this file, so it keeps to what
# they share.  Nothing but an installed Stackyard is needed; what the module
# refers to is provided by the program that loads it.
#
#	CFLAGS, LDADD	further flags and libraries
#	COPTS		-O2 -g
#	SAN		sanitizers, as in Stackyard's own build: address,undefined
#	KMODDIR		where `make install' puts the module

CC?=		cc
COPTS?=		-O2 -g
PREFIX?=	/usr/local
KMODDIR?=	${PREFIX}/lib/stackyard
STACKYARD_PREFIX?=	${STACKYARD_MK}/../../..

KMOD_CFLAGS=	-std=c17 ${COPTS} -Wall -Wextra -fPIC \
		-fno-semantic-interposition ${SAN:%=-fsanitize=%} \
		-D_KERNEL -DKLD_MODULE -I${STACKYARD_PREFIX}/include/stackyard
KMOD_OBJS=	${SRCS:.c=.o} kmod_start.o

all: ${KMOD}.so

${KMOD}.so: ${KMOD_OBJS}
	${CC} -shared -Wl,-Bsymbolic ${COPTS} ${SAN:%=-fsanitize=%} \
	    -o ${KMOD}.so \
	    ${KMOD_OBJS} ${LDADD}

.SUFFIXES: .c .o
.c.o:
	${CC} ${KMOD_CFLAGS} ${CFLAGS} -MMD -MP -c -o $@ $<

kmod_start.o: ${STACKYARD_MK}/kmod_start.c
	${CC} ${KMOD_CFLAGS} ${CFLAGS} -MMD -MP -c -o kmod_start.o \
	    ${STACKYARD_MK}/kmod_start.c

install: all
	mkdir -p ${DESTDIR}${KMODDIR}
	install -m 755 ${KMOD}.so ${DESTDIR}${KMODDIR}/

clean:
	rm -f ${KMOD}.so ${KMOD_OBJS} ${KMOD_OBJS:.o=.d}

.PHONY: all install clean

-include ${KMOD_OBJS:.o=.d}

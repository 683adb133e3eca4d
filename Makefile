# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Stackyard from the top.  `make help' says what can be made.  Needs BSD make;
# GNUmakefile hands everything over from GNU make.

# As many jobs as processors, if nobody says how many.
.if !defined(.MAKE.JOBS)
_NJOBS!=	getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
.MAKEFLAGS: -j ${_NJOBS}
.endif

# demo and check speak for themselves.
.if make(demo) || make(check) || make(bench)
V?=		0
.endif

.include "mk/host.mk"

#: all		build the stack, the libraries, the programs and the examples
all: build/usr.sbin build/share

#: demo		install what is missing, build, and compare three stacks on a path
demo: all
	@${DEMO}

#: check		install what is missing, build, and run all tests
#:		(TESTS="sys/kern usr.sbin/yard/yard_test": only these)
check: all build/tests
	@sh ${TOP}/mk/check.sh ${BUILDDIR} ${TESTS}

#: bench		build, measure the stack and its peers, and compare
#:		(BENCH="inmem_bulk sim_packets": only these; RUNS=3: of 7;
#:		FAST=yes: the build for production)
bench: build/lib build/share
	@cd ${TOP}/tests/bench && ${MAKE} all
	@STACKYARD_BUILD=${BUILDDIR} SAN=${SAN} FAST=${FAST} \
	    sh ${TOP}/tests/bench/bench.sh -o ${TOP}/build/bench.tsv \
	    -r ${RUNS:U7} ${BENCH}

#: bench-peers	install the stacks that it is compared with
bench-peers:
	@sh ${TOP}/mk/bootstrap peers

#: install	into DESTDIR= PREFIX=/usr/local
install: all
	@for d in mk lib usr.sbin share; do \
	    (cd ${TOP}/$$d && ${MAKE} install) || exit; done

#: lint		mandoc's opinion of the manual pages
lint:
	@cd ${TOP}/share/man && ${MAKE} lint

#: clean		remove build/, everything ever built
clean:
	@rm -rf ${TOP}/build

#: help		this list; variables: CC=clang SAN=address,undefined SAN=thread
#:		FAST=yes (for production: optimised as a whole, with a profile)
#:		COPTS="-O0 -g" V=0|1|2 (silent, a line per step, the commands)
help:
	@sed -n 's/^#: \{0,1\}//p' ${TOP}/Makefile

.PHONY: all demo check bench bench-peers install lint clean help

# What the demonstration is: two cc modules and a pacing block of 100 lines,
# loaded at run time, each alone for 30 simulated seconds and then together.
DEMO=		cd ${TOP} && ${BUILDDIR}/bin/yard compare -f -o build/demo \
		    -k ${BUILDDIR}/lib/stackyard/block_example.so \
		    freebsd/newreno freebsd/cubic paced/cubic

# Before anything: what is missing on this machine.  demo and check install
# it, the others say it in one line, before a compiler says it in a hundred.
need: .PHONY
.if make(check)
	@sh ${TOP}/mk/bootstrap check
.elif make(demo)
	@sh ${TOP}/mk/bootstrap demo
.elif make(bench)
	@sh ${TOP}/mk/bootstrap bench
.else
	@sh ${TOP}/mk/bootstrap -n build
.endif
.if make(clean)
need: clean
.endif

# Downward only, like the includes: sys, lib, then what is made on them.
build/sys: .PHONY need
	@cd ${TOP}/sys && ${MAKE} all
.if ${FAST} == "yes"
build/sys: build/profile
build/profile: .PHONY need
	@env -u STACKYARD_MAKE ${MAKE} FAST=train build/trained
	@sh ${TOP}/mk/train.sh ${BUILDDIR:S/-fast$/-train/} ${BUILDDIR}
.endif
build/trained: .PHONY build/lib
	@cd ${TOP}/tests/bench/stackyard && ${MAKE} all
build/stage: .PHONY need
	@cd ${TOP}/mk && ${MAKE} all
build/lib: .PHONY build/sys
	@cd ${TOP}/lib && ${MAKE} all
build/usr.sbin: .PHONY build/lib
	@cd ${TOP}/usr.sbin && ${MAKE} all
build/share: .PHONY build/lib build/stage
	@cd ${TOP}/share && ${MAKE} all
build/tests: .PHONY build/usr.sbin build/share
	@cd ${TOP}/tests && ${MAKE} all

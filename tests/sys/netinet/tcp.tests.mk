# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# Packet-level tests of TCP: pkt.h.  Included by the Makefile, whose list may
# have these programs already.

_tcp_tests!=	cd ${.CURDIR} && ls tcp_*_test.c | sed 's/[.]c$$//'
.for _t in ${_tcp_tests}
.  if empty(ATF_TESTS_C:M${_t})
ATF_TESTS_C+=	${_t}
.  endif
SRCS.${_t}+=	pkt.c pkt_text.c
.endfor

# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# subdir.mk: every directory below this one that has a Makefile, in parallel.
# A directory joins by being there.  SUBDIR= names them instead;
# SUBDIR_FIRST= those that the others wait for.

.include "host.mk"

.if !defined(SUBDIR)
SUBDIR!=	cd ${.CURDIR} && for f in */Makefile; do \
		    [ ! -f "$$f" ] || echo "$${f%/*}"; done
.endif

.for _t in all install tests
.  for _d in ${SUBDIR}
${_t}: ${_t}/${_d}
${_t}/${_d}: .PHONY
	@cd ${.CURDIR}/${_d} && ${MAKE} ${_t}
.    if empty(SUBDIR_FIRST:M${_d}) && !empty(SUBDIR_FIRST)
${_t}/${_d}: ${SUBDIR_FIRST:S,^,${_t}/,}
.    endif
.  endfor
${_t}: .PHONY
.endfor

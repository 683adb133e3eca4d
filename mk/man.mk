# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Stackyard developers
#
# man.mk: the manual pages, every man*/NAME.SECTION below this directory.  A
# page joins by being there.
#
#	install		into ${MANDIR}
#	lint		mandoc's opinion of each; none is good

.include "host.mk"

MAN!=		cd ${.CURDIR} && find . -path './man*/*.[0-9]' | \
		    sed 's,^[.]/,,' | LC_ALL=C sort

all: .PHONY

install: .PHONY
.if !empty(MAN)
.for _d in ${MAN:H:O:u}
	${Q}mkdir -p ${DESTDIR}${MANDIR}/${_d}
	${Q}cd ${.CURDIR} && ${INSTALL} -m 644 ${MAN:M${_d}/*} \
	    ${DESTDIR}${MANDIR}/${_d}/
.endfor
.endif

# Whether a page that one refers to is installed is no fault of the page.
lint: .PHONY
.for _m in ${MAN}
	@cd ${.CURDIR} && mandoc -T lint -W style ${_m} | \
	    { ! grep -v 'referenced manual not found'; }
.endfor

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Moving bytes between the stack and a program's list of ranges.
 *
 * The program's memory is in the stack's own address space, so nothing can
 * fail; what must be true is that the ranges hold uio_resid bytes, which
 * whoever builds the uio checks.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/uio.h>

int
uiomove(void *cp, int n, struct uio *uio)
{
	struct iovec *iov;
	char *p;
	size_t part;

	p = cp;
	while (n > 0 && uio->uio_resid > 0 && uio->uio_iovcnt > 0) {
		iov = uio->uio_iov;
		if (iov->iov_len == 0) {
			uio->uio_iov++;
			uio->uio_iovcnt--;
			continue;
		}
		part = ulmin((u_long)n, ulmin(iov->iov_len,
		    (u_long)uio->uio_resid));
		if (uio->uio_rw == UIO_READ)
			memcpy(iov->iov_base, p, part);
		else
			memcpy(p, iov->iov_base, part);
		iov->iov_base = (char *)iov->iov_base + part;
		iov->iov_len -= part;
		uio->uio_resid -= (ssize_t)part;
		p += part;
		n -= (int)part;
	}
	return (0);
}

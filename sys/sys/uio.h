/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Data to and from a program: a list of memory ranges, moved through as
 * bytes are copied.
 */
#ifndef _STACKYARD_SYS_UIO_H_
#define	_STACKYARD_SYS_UIO_H_

#ifndef _KERNEL
#include_next <sys/uio.h>
#else
#include <sys/types.h>

struct iovec {
	void	*iov_base;
	size_t	iov_len;
};

enum uio_rw { UIO_READ, UIO_WRITE };

struct uio {
	struct iovec	*uio_iov;	/* changed as bytes are moved */
	int		uio_iovcnt;
	ssize_t		uio_resid;	/* bytes left */
	enum uio_rw	uio_rw;
};

#define	UIO_MAXIOV	1024

/* Move n bytes between cp and the ranges of uio, which hold uio_resid bytes;
 * always succeeds, moving at most uio_resid. */
int	uiomove(void *cp, int n, struct uio *uio);
/* As memcpy(), for bulk data. */
void	uio_copy(void *dst, const void *src, size_t len);
#endif /* _KERNEL */

#endif /* !_STACKYARD_SYS_UIO_H_ */

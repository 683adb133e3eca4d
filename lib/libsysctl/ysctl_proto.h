/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What libsysctl and a control socket say to each other: a UNIX stream
 * socket, one request and one reply after the other, in the byte order of
 * the machine that both are on.
 *
 *	request		struct yp_request, then yq_namelen bytes of name,
 *			then yq_newlen bytes of new value
 *	reply		struct yp_reply, then yr_datalen bytes of answer, then
 *			yr_textlen bytes of a sentence that says what failed
 *
 * The name is a MIB (YP_SYSCTL: ints), or text without a NUL.  A server
 * closes the connection of whoever sends what is not a request; lengths
 * above the limits here are not.
 */
#ifndef _YSCTL_PROTO_H_
#define	_YSCTL_PROTO_H_

#include <stdint.h>

#define	YP_MAGIC	0x59435431	/* changes with the protocol */

#define	YP_NAME_MAX	4096		/* bytes */
#define	YP_NEW_MAX	(1U << 20)
#define	YP_OLD_MAX	(256U << 20)
#define	YP_TEXT_MAX	1024

enum {
	YP_HOST = 1,		/* talk to the host called name ("": the first) */
	YP_HOSTS,		/* their names */
	YP_SYSCTL,
	YP_SYSCTLBYNAME,
	YP_KLDLOAD,		/* the answer: an int, the file's id */
	YP_KLDUNLOAD,
	YP_KLDSTAT		/* the answer: struct ysctl_kld each */
};

struct yp_request {
	uint32_t	yq_magic;
	uint32_t	yq_op;
	uint32_t	yq_flags;
#define	YP_OLD		0x1		/* the old value is wanted, */
#define	YP_OLDLEN	0x2		/* or its length at least */
#define	YP_NEW		0x4		/* there is a new value */
#define	YP_FORCE	0x8		/* YP_KLDUNLOAD */
	uint32_t	yq_namelen;
	uint64_t	yq_oldlen;	/* room for the old value */
	uint64_t	yq_newlen;
};

struct yp_reply {
	uint32_t	yr_magic;
	int32_t		yr_error;	/* an errno */
	uint64_t	yr_oldlen;	/* as sysctl(3) leaves *oldlenp */
	uint64_t	yr_datalen;
	uint32_t	yr_textlen;
	uint32_t	yr_reserved;
};

#endif /* !_YSCTL_PROTO_H_ */

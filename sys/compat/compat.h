/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Whose personality a host has; and, for sys/compat only, options of ours
 * from the other side of the edge.
 */
#ifndef _STACKYARD_COMPAT_COMPAT_H_
#define	_STACKYARD_COMPAT_COMPAT_H_

#include <sys/types.h>

#define	COMPAT_FREEBSD	0
#define	COMPAT_LINUX	1
#define	COMPAT_ILLUMOS	2
/* curvnet's: one of these, for good once it has started. */
int	compat_personality(void);

struct socket;
struct tcpcb;

/* sosetopt() and sogetopt(); *lenp is the room and becomes the length. */
int	compat_set(struct socket *so, int level, int name, const void *val,
	    size_t len);
int	compat_get(struct socket *so, int level, int name, void *val,
	    size_t *lenp);
int	compat_set_int(struct socket *so, int level, int name, int value);
int	compat_get_int(struct socket *so, int level, int name, int *value);
/* A value that is an int: EINVAL for less of one. */
int	compat_int_in(const void *val, size_t len, int *value);
/* An answer of size bytes, cut to the room. */
int	compat_out(const void *from, size_t size, void *val, size_t *lenp);
/* A bit of the connection's tc_flags: ENOMEM. */
int	compat_set_flag(struct tcpcb *tp, uint16_t flag, bool on);

#endif /* !_STACKYARD_COMPAT_COMPAT_H_ */

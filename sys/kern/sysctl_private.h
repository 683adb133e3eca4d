/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What kern_sysctl.c and subr_sysctl.c owe to each other. */
#ifndef _STACKYARD_KERN_SYSCTL_PRIVATE_H_
#define	_STACKYARD_KERN_SYSCTL_PRIVATE_H_

#include <sys/types.h>

#define	SYSCTL_MAXLIST	64	/* numbers in one list, at most */

/* A list of numbers of any type. */
union sysctl_value {
	uint8_t		sv_8[SYSCTL_MAXLIST];
	uint16_t	sv_16[SYSCTL_MAXLIST];
	uint32_t	sv_32[SYSCTL_MAXLIST];
	uint64_t	sv_64[SYSCTL_MAXLIST];
};

/* Where the variable that a description names by arg1 really is. */
void	*sysctl_variable(const void *arg1);

/*
 * The numbers written in text, of type CTLTYPE_*, and their length in
 * bytes.  EINVAL: no number, not a number, too large for the type, too
 * many; or the type is not of numbers.
 */
int	sysctl_parse(u_int type, const char *text, union sysctl_value *value,
	    size_t *lenp);

#endif /* !_STACKYARD_KERN_SYSCTL_PRIVATE_H_ */

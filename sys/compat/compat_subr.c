/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* What the translations of both systems' socket options have in common.
 * Touches: the socket. */
#include <sys/param.h>
#include <sys/socketvar.h>
#include <sys/sockopt.h>
#include <sys/systm.h>

#include <netinet/in.h>
#include <netinet/tcp_var.h>
#include <compat/compat.h>

int
compat_set(struct socket *so, int level, int name, const void *val,
    size_t len)
{
	struct sockopt sopt = { .sopt_dir = SOPT_SET, .sopt_level = level,
	    .sopt_name = name, .sopt_val = __DECONST(void *, val),
	    .sopt_valsize = len };

	return (sosetopt(so, &sopt));
}

int
compat_get(struct socket *so, int level, int name, void *val, size_t *lenp)
{
	struct sockopt sopt = { .sopt_dir = SOPT_GET, .sopt_level = level,
	    .sopt_name = name, .sopt_val = val, .sopt_valsize = *lenp };
	int error;

	error = sogetopt(so, &sopt);
	if (error == 0)
		*lenp = sopt.sopt_valsize;
	return (error);
}

int
compat_set_int(struct socket *so, int level, int name, int value)
{
	return (compat_set(so, level, name, &value, sizeof(value)));
}

int
compat_get_int(struct socket *so, int level, int name, int *value)
{
	size_t len = sizeof(*value);

	*value = 0;
	return (compat_get(so, level, name, value, &len));
}

int
compat_int_in(const void *val, size_t len, int *value)
{
	if (val == NULL || len < sizeof(*value))
		return (EINVAL);
	memcpy(value, val, sizeof(*value));
	return (0);
}

int
compat_out(const void *from, size_t size, void *val, size_t *lenp)
{
	if (*lenp > size)
		*lenp = size;
	if (*lenp != 0)
		memcpy(val, from, *lenp);
	return (0);
}

int
compat_set_flag(struct tcpcb *tp, uint16_t flag, bool on)
{
	struct tcp_compat *tc;

	if ((tc = tcp_compat(tp)) == NULL)
		return (ENOMEM);
	if (on)
		tc->tc_flags |= flag;
	else
		tc->tc_flags &= (uint16_t)~flag;
	return (0);
}

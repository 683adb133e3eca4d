/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* A setsockopt(2) or getsockopt(2) on its way through the layers. */
#ifndef _STACKYARD_SYS_SOCKOPT_H_
#define	_STACKYARD_SYS_SOCKOPT_H_

#include <sys/types.h>

struct socket;
struct thread;

enum sopt_dir { SOPT_GET, SOPT_SET };

struct sockopt {
	enum sopt_dir	sopt_dir;
	int		sopt_level;
	int		sopt_name;
	void		*sopt_val;
	size_t		sopt_valsize;	/* room; after a get: bytes there */
	struct thread	*sopt_td;	/* always NULL */
};

int	sosetopt(struct socket *so, struct sockopt *sopt);
int	sogetopt(struct socket *so, struct sockopt *sopt);
/* Copy the value in: EINVAL if it has fewer than minlen bytes; at most len
 * are copied. */
int	sooptcopyin(struct sockopt *sopt, void *buf, size_t len,
	    size_t minlen);
/* Copy the answer out, cut to the room there is. */
int	sooptcopyout(struct sockopt *sopt, const void *buf, size_t len);

#endif /* !_STACKYARD_SYS_SOCKOPT_H_ */

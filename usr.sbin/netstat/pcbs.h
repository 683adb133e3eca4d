/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What netstat, tcpdrop and tcpsso share: the way to a stack, the list of
 * its connections, and their ends as text.  Functions end the program with
 * a message where they cannot do their work.
 */
#ifndef _PCBS_H_
#define	_PCBS_H_

#include <stdbool.h>
#include <stddef.h>
#include "netinet/tcp_export.h"
#include "ysctl.h"

#define	PCB_ADDRLEN	64		/* room for an address as text */
#define	STATE_LISTEN	1
#define	STATE_TIME_WAIT	10

struct pcblist {
	struct xtcpcb	*pl_pcbs;	/* in order of birth */
	size_t		pl_n;
};

/* Which connections tcpdrop and tcpsso mean: their common options. */
struct pcbselect {
	const char	*ps_host;	/* -j; NULL: the first */
	bool		ps_all;		/* -a */
	const char	*ps_cc;		/* -C; NULL: any */
	const char	*ps_stack;	/* -S; NULL: any */
	int		ps_state;	/* -s; -1: any */
};
#define	PCBSELECT_OPTIONS	"aC:j:S:s:"

extern const char *const pcb_states[TCP_XSTATES];

/* The stack that STACKYARD names, and its host called so (NULL: first). */
struct ysctl *pcbs_open(const char *host);
/* All connections and listeners, read in pages. */
void	pcbs_read(struct ysctl *y, struct pcblist *pl);
void	pcbs_free(struct pcblist *pl);
/* The number of a state's name, or -1. */
int	pcb_state(const char *name);
/* Take an option of PCBSELECT_OPTIONS: false if it is none. */
bool	pcb_option(struct pcbselect *ps, int ch, const char *arg);
/* Is there a -C, -S or -s? */
bool	pcb_filters(const struct pcbselect *ps);
bool	pcb_matches(const struct pcbselect *ps, const struct xtcpcb *xt);
bool	pcb_is_v4(const uint8_t addr[16]);
bool	pcb_any(const uint8_t addr[16]);
/* addr as text, without a port. */
void	pcb_addr(const uint8_t addr[16], uint32_t scope,
	    char text[PCB_ADDRLEN]);

#endif /* !_PCBS_H_ */

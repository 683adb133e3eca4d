/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/* Addresses and routes for the hosts of a scenario. */
#ifndef _YARD_TOPOLOGY_H_
#define	_YARD_TOPOLOGY_H_

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario.h"

#define	TOPO_ADDRLEN	(INET6_ADDRSTRLEN + 4)	/* with /LEN and NUL */
#define	TOPO_IFLEN	16

/* A host's end of a link, as its neighbours' list has it. */
struct topo_edge {
	uint32_t	e_link;
	uint32_t	e_peer;		/* host at the other end */
};
struct topology {
	const struct scenario *t_sc;
	uint32_t	*t_first;	/* by host, and one more: its edges */
	struct topo_edge *t_edges;
};

/* For topology_free(). */
struct topology *topology_new(const struct scenario *sc);
void	topology_free(struct topology *t);
/* Is host joined by more than one link, so that it passes packets on? */
int	topology_forwards(const struct topology *t, size_t host);
/* Name and addresses of end (0, 1) of a link; af AF_INET or AF_INET6. */
void	topology_ifname(size_t link, int end, char buf[TOPO_IFLEN]);
void	topology_addr(size_t link, int end, int af, const char *suffix,
	    char buf[TOPO_ADDRLEN]);
/*
 * Call func for every route that host needs: to a prefix, by a gateway, of
 * both families.  func returns 0 or -1, which ends it and is returned.
 */
int	topology_routes(const struct topology *t, size_t host,
	    int (*func)(void *arg, const char *prefix, const char *gateway),
	    void *arg);
/*
 * The links of a shortest path between two hosts, first to last, into
 * path[] of the scenario's number of hosts; each times 2, plus the end that
 * sends.  How many; 0 if there is no way.
 */
size_t	topology_path(const struct topology *t, size_t from, size_t to,
	    uint32_t *path);

#endif /* !_YARD_TOPOLOGY_H_ */

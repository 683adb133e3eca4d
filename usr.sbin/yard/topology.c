/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Addresses and routes, so that a scenario need not name any.
 *
 * Link n (from 0) is the subnets 10.x.y.0/24 and fd00:0:0:n::/64, x and y
 * the bytes of n; its first host is 1 there and its second 2.  The link's
 * interfaces are epair<n>a and epair<n>b.
 *
 * A host with one link has default routes to its neighbour.  One with more
 * has a route to each subnet that it is not in, by the first link of a
 * shortest path (fewest links; of equals the one declared first) to the
 * nearer of the subnet's hosts: a breadth-first search from the host, of
 * O(hosts + links).
 *
 * May touch: nothing but its own tables.
 */
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology.h"

#define	NOWHERE	UINT32_MAX

struct topology *
topology_new(const struct scenario *sc)
{
	struct topology *t;
	uint32_t *next;
	size_t i, j;

	t = xcalloc(1, sizeof(*t));
	t->t_sc = sc;
	t->t_first = xcalloc(sc->s_nhosts + 1, sizeof(*t->t_first));
	t->t_edges = xcalloc(2 * sc->s_nlinks, sizeof(*t->t_edges));
	for (i = 0; i < sc->s_nlinks; i++)
		for (j = 0; j < 2; j++)
			t->t_first[sc->s_links[i].l_host[j] + 1]++;
	for (i = 0; i < sc->s_nhosts; i++)
		t->t_first[i + 1] += t->t_first[i];
	next = xcalloc(sc->s_nhosts, sizeof(*next));
	memcpy(next, t->t_first, sc->s_nhosts * sizeof(*next));
	for (i = 0; i < sc->s_nlinks; i++)
		for (j = 0; j < 2; j++)
			t->t_edges[next[sc->s_links[i].l_host[j]]++] =
			    (struct topo_edge){ (uint32_t)i,
			    (uint32_t)sc->s_links[i].l_host[1 - j] };
	free(next);
	return (t);
}

void
topology_free(struct topology *t)
{

	free(t->t_first);
	free(t->t_edges);
	free(t);
}

int
topology_forwards(const struct topology *t, size_t host)
{

	return (t->t_first[host + 1] - t->t_first[host] > 1);
}

void
topology_ifname(size_t link, int end, char buf[TOPO_IFLEN])
{

	snprintf(buf, TOPO_IFLEN, "epair%u%c", (unsigned)link % 100000,
	    end == 0 ? 'a' : 'b');
}

void
topology_addr(size_t link, int end, int af, const char *suffix,
    char buf[TOPO_ADDRLEN])
{
	unsigned n;

	n = (unsigned)link;
	if (af == AF_INET)
		snprintf(buf, TOPO_ADDRLEN, "10.%u.%u.%d%s", n >> 8 & 0xff,
		    n & 0xff, end + 1, suffix);
	else
		snprintf(buf, TOPO_ADDRLEN, "fd00:0:0:%x::%d%s", n & 0xffff,
		    end + 1, suffix);
}

/*
 * Search from host `from' on.  For every host: via[] the link by which it is
 * reached, and first[] the edge of `from' that leads there; NOWHERE for both
 * if none does.  order[] has the hosts in the order they were reached; how
 * many is returned.
 */
static size_t
search(const struct topology *t, size_t from, uint32_t *via, uint32_t *first,
    uint32_t *order)
{
	const struct topo_edge *e;
	uint32_t i;
	size_t head, n;

	for (head = 0; head < t->t_sc->s_nhosts; head++)
		via[head] = first[head] = NOWHERE;
	n = 0;
	order[n++] = (uint32_t)from;
	for (head = 0; head < n; head++) {
		for (i = t->t_first[order[head]];
		    i < t->t_first[order[head] + 1]; i++) {
			e = &t->t_edges[i];
			if (e->e_peer == from || via[e->e_peer] != NOWHERE)
				continue;
			via[e->e_peer] = e->e_link;
			first[e->e_peer] = order[head] == from ? i :
			    first[order[head]];
			order[n++] = e->e_peer;
		}
	}
	return (n);
}

/* The address of the other end of an edge of host. */
static void
gateway_addr(const struct topology *t, size_t host, const struct topo_edge *e,
    int af, char buf[TOPO_ADDRLEN])
{
	int end;

	end = t->t_sc->s_links[e->e_link].l_host[0] == host ? 1 : 0;
	topology_addr(e->e_link, end, af, "", buf);
}

static int
default_routes(const struct topology *t, size_t host,
    int (*func)(void *, const char *, const char *), void *arg)
{
	const struct topo_edge *e;
	char gw[TOPO_ADDRLEN];

	e = &t->t_edges[t->t_first[host]];
	if (!topology_forwards(t, e->e_peer))
		return (0);		/* there is nothing beyond */
	gateway_addr(t, host, e, AF_INET, gw);
	if (func(arg, "0.0.0.0/0", gw) == -1)
		return (-1);
	gateway_addr(t, host, e, AF_INET6, gw);
	return (func(arg, "::/0", gw));
}

static int
subnet_route(const struct topology *t, size_t host, size_t link,
    const struct topo_edge *e,
    int (*func)(void *, const char *, const char *), void *arg)
{
	char gw[TOPO_ADDRLEN], prefix[TOPO_ADDRLEN];
	unsigned n = (unsigned)link;

	snprintf(prefix, sizeof(prefix), "10.%u.%u.0/24", n >> 8, n & 0xff);
	gateway_addr(t, host, e, AF_INET, gw);
	if (func(arg, prefix, gw) == -1)
		return (-1);
	snprintf(prefix, sizeof(prefix), "fd00:0:0:%x::/64", n);
	gateway_addr(t, host, e, AF_INET6, gw);
	return (func(arg, prefix, gw));
}

int
topology_routes(const struct topology *t, size_t host,
    int (*func)(void *, const char *, const char *), void *arg)
{
	const struct scenario *sc = t->t_sc;
	uint32_t *via, *first, *order, *rank;
	size_t a, b, i, n, nhosts;
	int error;

	if (t->t_first[host + 1] == t->t_first[host])
		return (0);
	if (!topology_forwards(t, host))
		return (default_routes(t, host, func, arg));
	nhosts = sc->s_nhosts;
	via = xcalloc(4 * nhosts, sizeof(*via));
	first = via + nhosts;
	order = first + nhosts;
	rank = order + nhosts;
	n = search(t, host, via, first, order);
	for (i = 0; i < n; i++)
		rank[order[i]] = (uint32_t)i;
	error = 0;
	for (i = 0; i < sc->s_nlinks && error == 0; i++) {
		a = sc->s_links[i].l_host[0];
		b = sc->s_links[i].l_host[1];
		if (a == host || b == host || via[a] == NOWHERE)
			continue;
		if (rank[b] < rank[a])
			a = b;
		error = subnet_route(t, host, i, &t->t_edges[first[a]], func,
		    arg);
	}
	free(via);
	return (error);
}

size_t
topology_path(const struct topology *t, size_t from, size_t to,
    uint32_t *path)
{
	const struct sc_link *links = t->t_sc->s_links;
	uint32_t *via, *first, *order;
	size_t at, i, n, nhosts;

	nhosts = t->t_sc->s_nhosts;
	via = xcalloc(3 * nhosts, sizeof(*via));
	first = via + nhosts;
	order = first + nhosts;
	(void)search(t, from, via, first, order);
	/* Count back from the end, then write it down. */
	for (n = 0, at = to; at != from && via[at] != NOWHERE; n++)
		at = links[via[at]].l_host[links[via[at]].l_host[0] == at];
	if (at != from)
		n = 0;
	for (i = n, at = to; i > 0; i--) {
		/* The end that is not `at' sends. */
		path[i - 1] = 2 * via[at] + (links[via[at]].l_host[0] == at);
		at = links[via[at]].l_host[links[via[at]].l_host[0] == at];
	}
	free(via);
	return (n);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The hosts of a run: modules, hosts with their variables, links with
 * addresses, routes; and whether the hosts have what the flows ask for.
 *
 * Modules come first, so that their variables can be set as all others are.
 *
 * May touch: libstackyard.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "choice.h"
#include "sim.h"

static void
load_modules(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	size_t i;

	for (i = 0; i < sc->s_nmodules; i++) {
		if (sy_kldload(si->si_loop, sc->s_modules[i]) == 0)
			continue;
		if (sc->s_modules_place.pl_text == NULL)
			fail(EX_DATAERR, "-k: %s", sy_error());
		key_fail(&sc->s_modules_place, "modules", "%s", sy_error());
	}
}

/* All variables of a host: the scenario's, its own, forwarding. */
static struct sy_var *
host_vars(const struct sim *si, size_t host, size_t *np)
{
	const struct scenario *sc = si->si_sc;
	const struct sc_vars *own = &sc->s_hosts[host].h_vars;
	struct sy_var *v;
	size_t n;

	v = xcalloc(sc->s_vars.v_n + own->v_n + 2, sizeof(*v));
	n = 0;
	if (topology_forwards(si->si_topo, host)) {
		v[n++] = (struct sy_var){ "net.inet.ip.forwarding", "1" };
		v[n++] = (struct sy_var){ "net.inet6.ip6.forwarding", "1" };
	}
	if (sc->s_vars.v_n > 0)
		memcpy(v + n, sc->s_vars.v_list,
		    sc->s_vars.v_n * sizeof(*v));
	n += sc->s_vars.v_n;
	if (own->v_n > 0)
		memcpy(v + n, own->v_list, own->v_n * sizeof(*v));
	*np = n + own->v_n;
	return (v);
}

/* Does the message of a failure name a variable of vars?  Then it ends the
 * program with the place of that. */
static void
blame_variable(const struct place *pl, const struct sc_vars *vars,
    const char *host, const char *error)
{
	struct place in;
	const char *at, *name;
	size_t i;

	for (i = 0; i < vars->v_n; i++) {
		name = vars->v_list[i].name;
		at = strstr(error, name);
		if (at == NULL)
			continue;
		in = place_in(pl, name, "sysctl");
		key_fail(&in, NULL, "%s (host \"%s\")", at, host);
	}
}

static void
host_failed(const struct scenario *sc, const struct sc_host *h)
{
	const char *error;

	error = sy_error();
	blame_variable(&h->h_place, &h->h_vars, h->h_name, error);
	blame_variable(&sc->s_vars_place, &sc->s_vars, h->h_name, error);
	key_fail(&h->h_place, NULL, "%s", error);
}

static void
make_hosts(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	struct sy_var *vars;
	size_t i, n;

	si->si_hosts = xcalloc(sc->s_nhosts, sizeof(*si->si_hosts));
	for (i = 0; i < sc->s_nhosts; i++) {
		vars = host_vars(si, i, &n);
		si->si_hosts[i] = sy_host_new(si->si_loop,
		    sc->s_hosts[i].h_name, vars, n);
		if (si->si_hosts[i] == NULL)
			host_failed(sc, &sc->s_hosts[i]);
		free(vars);
	}
}

static void
make_link(struct sim *si, size_t i)
{
	const struct sc_link *l = &si->si_sc->s_links[i];
	char addr[TOPO_ADDRLEN], ifname[TOPO_IFLEN];
	struct sy_host *host;
	int end;

	if (sy_link(si->si_hosts[l->l_host[0]], si->si_hosts[l->l_host[1]],
	    (int)i, (int)l->l_mtu) == -1)
		key_fail(&l->l_place, NULL, "%s", sy_error());
	for (end = 0; end < 2; end++) {
		host = si->si_hosts[l->l_host[end]];
		topology_ifname(i, end, ifname);
		topology_addr(i, end, AF_INET, "/24", addr);
		if (sy_addr_add(host, ifname, addr) == -1)
			key_fail(&l->l_place, NULL, "%s", sy_error());
		topology_addr(i, end, AF_INET6, "/64", addr);
		/* A link too small for IPv6 (RFC 8200, 5) goes without. */
		if ((l->l_mtu == 0 || l->l_mtu >= 1280) &&
		    sy_addr_add(host, ifname, addr) == -1)
			key_fail(&l->l_place, NULL, "%s", sy_error());
	}
}

struct route_arg {
	struct sim	*ra_sim;
	size_t		ra_host;
};

static int
add_route(void *arg, const char *prefix, const char *gateway)
{
	struct route_arg *ra = arg;
	const struct sim *si = ra->ra_sim;

	if (sy_route_add(si->si_hosts[ra->ra_host], prefix, gateway) == 0)
		return (0);
	/* The gateway's link may be one that goes without IPv6. */
	if (strchr(prefix, ':') != NULL)
		return (0);
	fail(EX_SOFTWARE, "%s: route to %s: %s",
	    si->si_sc->s_hosts[ra->ra_host].h_name, prefix, sy_error());
}

static void
make_routes(struct sim *si)
{
	struct route_arg ra;

	ra.ra_sim = si;
	for (ra.ra_host = 0; ra.ra_host < si->si_sc->s_nhosts; ra.ra_host++)
		(void)topology_routes(si->si_topo, ra.ra_host, add_route,
		    &ra);
}

static void
check_choice(const struct sim *si, const struct sc_flow *f)
{
	struct sy_host *host;
	char names[512];
	int i;

	for (i = 0; i < 2; i++) {
		host = si->si_hosts[f->f_host[i]];
		if (f->f_block != NULL && !choice_exists(host, CHOICE_BLOCK,
		    f->f_block, names, sizeof(names)))
			key_fail(&f->f_place, "block", "no \"%s\" here (there "
			    "is %s)", f->f_block, names);
		if (f->f_cc != NULL && !choice_exists(host, CHOICE_CC,
		    f->f_cc, names, sizeof(names)))
			key_fail(&f->f_place, "cc", "no \"%s\" here (there is "
			    "%s)", f->f_cc, names);
	}
}

void
hosts_make(struct sim *si)
{
	const struct scenario *sc = si->si_sc;
	size_t i;

	load_modules(si);
	make_hosts(si);
	for (i = 0; i < sc->s_nlinks; i++)
		make_link(si, i);
	make_routes(si);
	for (i = 0; i < sc->s_nflows; i++)
		check_choice(si, &sc->s_flows[i]);
}

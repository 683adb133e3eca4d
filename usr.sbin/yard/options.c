/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * The socket options of a flow: their names in a scenario, how their values
 * are written there, and how they are set on a socket of either end.
 *
 * May touch: the socket it is given.
 */
#include <netinet/in.h>

#include <errno.h>
#include <stdint.h>

#include "scenario.h"

#define	LEVEL_IP	(-1)		/* the level of the socket's family */

/* TTL and TOS have other names in IPv6. */
enum { IP_OPT_TTL, IP_OPT_TOS };

static const struct option {
	struct key	op_key;		/* k_off is set by options_read() */
	int		op_level, op_name;
	uint64_t	op_unit;	/* the kernel counts in these */
} options[] = {
	{ { .k_name = "nodelay", .k_kind = K_BOOL },
	    IPPROTO_TCP, SY_TCP_NODELAY, 1 },
	{ { .k_name = "nopush", .k_kind = K_BOOL },
	    IPPROTO_TCP, SY_TCP_NOPUSH, 1 },
	{ { .k_name = "noopt", .k_kind = K_BOOL },
	    IPPROTO_TCP, SY_TCP_NOOPT, 1 },
	{ { .k_name = "mss", .k_kind = K_BYTES, .k_min = 1, .k_max = 65535 },
	    IPPROTO_TCP, SY_TCP_MAXSEG, 1 },
	{ { .k_name = "sndbuf", .k_kind = K_BYTES, .k_min = 1,
	    .k_max = INT32_MAX }, SOL_SOCKET, SO_SNDBUF, 1 },
	{ { .k_name = "rcvbuf", .k_kind = K_BYTES, .k_min = 1,
	    .k_max = INT32_MAX }, SOL_SOCKET, SO_RCVBUF, 1 },
	{ { .k_name = "keepalive", .k_kind = K_BOOL },
	    SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ { .k_name = "keepidle", .k_kind = K_TIME, .k_min = NS_PER_S,
	    .k_max = INT32_MAX * NS_PER_S },
	    IPPROTO_TCP, SY_TCP_KEEPIDLE, NS_PER_S },
	{ { .k_name = "keepintvl", .k_kind = K_TIME, .k_min = NS_PER_S,
	    .k_max = INT32_MAX * NS_PER_S },
	    IPPROTO_TCP, SY_TCP_KEEPINTVL, NS_PER_S },
	{ { .k_name = "keepcnt", .k_kind = K_INT, .k_min = 1, .k_max = 1000 },
	    IPPROTO_TCP, SY_TCP_KEEPCNT, 1 },
	{ { .k_name = "keepinit", .k_kind = K_TIME, .k_min = NS_PER_S,
	    .k_max = INT32_MAX * NS_PER_S },
	    IPPROTO_TCP, SY_TCP_KEEPINIT, NS_PER_S },
	{ { .k_name = "maxunacktime", .k_kind = K_TIME, .k_min = NS_PER_S,
	    .k_max = INT32_MAX * NS_PER_S },
	    IPPROTO_TCP, SY_TCP_MAXUNACKTIME, NS_PER_S },
	{ { .k_name = "ttl", .k_kind = K_INT, .k_min = 1, .k_max = 255 },
	    LEVEL_IP, IP_OPT_TTL, 1 },
	{ { .k_name = "tos", .k_kind = K_INT, .k_max = 255 },
	    LEVEL_IP, IP_OPT_TOS, 1 },
};
_Static_assert(NELEM(options) == SC_OPTIONS, "SC_OPTIONS counts options");

void
options_read(const struct place *pl, const struct key *k, void *flow)
{
	struct sc_options *so;
	struct key keys[SC_OPTIONS];
	struct place in;
	size_t i;

	so = &((struct sc_flow *)flow)->f_options;
	for (i = 0; i < SC_OPTIONS; i++) {
		keys[i] = options[i].op_key;
		keys[i].k_off = offsetof(struct sc_options, o_value) +
		    i * sizeof(so->o_value[0]);
	}
	in = place_in(pl, k->k_name, "flow: options");
	so->o_set = keys_read(&in, keys, SC_OPTIONS, 0, so);
}

/* The level and name of an option for a socket of that family. */
static void
translate(const struct option *op, bool ipv6, int *level, int *name)
{

	*level = op->op_level;
	*name = op->op_name;
	if (op->op_level != LEVEL_IP)
		return;
	if (ipv6) {
		*level = IPPROTO_IPV6;
		*name = op->op_name == IP_OPT_TTL ? IPV6_UNICAST_HOPS :
		    IPV6_TCLASS;
	} else {
		*level = IPPROTO_IP;
		*name = op->op_name == IP_OPT_TTL ? IP_TTL : IP_TOS;
	}
}

const char *
options_set(const struct sc_options *so, struct sy_host *host, int fd,
    bool ipv6)
{
	const struct option *op;
	int level, name, value;
	size_t i;

	for (i = 0; i < SC_OPTIONS; i++) {
		if ((so->o_set & 1ULL << i) == 0)
			continue;
		op = &options[i];
		translate(op, ipv6, &level, &name);
		value = op->op_key.k_kind == K_BOOL ? so->o_value[i].b :
		    (int)(so->o_value[i].n / op->op_unit);
		if (sy_setsockopt(host, fd, level, name, &value,
		    sizeof(value)) == -1)
			return (op->op_key.k_name);
	}
	return (NULL);
}

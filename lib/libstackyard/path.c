/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * What lies between hosts: links, emulated paths, addresses, routes.
 *
 * The program's units (fractions as doubles, text for addresses) become the
 * stack's here, each checked before anything is changed.
 */
#include <errno.h>
#include <string.h>

#include "sy_loop.h"

#define	ADDR_SIZE	64		/* of an address's text, with its NUL */

/* ---- Links ---- */

int
sy_link(struct sy_host *a, struct sy_host *b, int unit, int mtu)
{
	int error;

	if (a->h_loop != b->h_loop)
		return (sy_fail(EINVAL, "sy_link: hosts %s and %s are in "
		    "different loops", a->h_name, b->h_name));
	if (mtu < 0 || unit < 0)
		return (sy_fail(EINVAL, "sy_link: hosts %s and %s: unit %d "
		    "and MTU %d cannot be negative", a->h_name, b->h_name,
		    unit, mtu));
	error = syk_link(a->h_vnet, b->h_vnet, unit, mtu);
	switch (error) {
	case 0:
		return (0);
	case EEXIST:
		return (sy_fail(error, "sy_link: hosts %s and %s: there is "
		    "an epair%d already; take another unit", a->h_name,
		    b->h_name, unit));
	case EINVAL:
		return (sy_fail(error, "sy_link: hosts %s and %s: unit %d or "
		    "MTU %d is out of range", a->h_name, b->h_name, unit,
		    mtu));
	default:
		return (sy_fail(error, "sy_link: hosts %s and %s: %s",
		    a->h_name, b->h_name, strerror(error)));
	}
}

/* The failure of a call on an interface. */
static int
if_fail(int error, const char *call, const struct sy_host *host,
    const char *ifname, const char *what)
{

	if (error == ENXIO)
		return (sy_fail(error, "%s: host %s has no interface %s",
		    call, host->h_name, ifname));
	return (sy_fail(error, "%s: host %s, %s: %s", call, host->h_name,
	    ifname, what != NULL ? what : strerror(error)));
}

/* ---- Pipes ---- */

/*
 * A probability into the stack's 32-bit fraction.  The comparison is made
 * so that what is not a number fails it.
 */
static int
probability(double p, uint64_t *out, const char *name, const char **bad)
{

	if (!(p >= 0.0 && p <= 1.0)) {
		*bad = name;
		return (EINVAL);
	}
	*out = (uint64_t)(p * SYK_PROB_ONE + 0.5);
	return (0);
}

static int
probabilities(const struct sy_pipe *pipe, struct syk_pipe *out,
    const char **bad)
{
	const struct {
		double		p;
		uint64_t	*out;
		const char	*name;
	} fields[] = {
		{ pipe->loss, &out->loss, "loss" },
		{ pipe->ge_enter, &out->ge_enter, "ge_enter" },
		{ pipe->ge_leave, &out->ge_leave, "ge_leave" },
		{ pipe->ge_loss_good, &out->ge_loss_good, "ge_loss_good" },
		{ pipe->ge_loss_bad, &out->ge_loss_bad, "ge_loss_bad" },
		{ pipe->reorder, &out->reorder, "reorder" },
		{ pipe->duplicate, &out->duplicate, "duplicate" },
		{ pipe->corrupt, &out->corrupt, "corrupt" },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (probability(fields[i].p, fields[i].out, fields[i].name,
		    bad) != 0)
			return (EINVAL);
	return (0);
}

/* The seed of a pipe that names none. */
static uint64_t
pipe_seed(const struct sy_host *host, const char *ifname)
{
	uint64_t seed;

	sy_derive(&seed, sizeof(seed), "pipe", host->h_loop->l_seed,
	    host->h_name, ifname);
	return (seed);
}

static void
pipe_rest(const struct sy_pipe *pipe, struct syk_pipe *out)
{

	out->rate = pipe->rate;
	out->delay = pipe->delay;
	out->jitter = pipe->jitter;
	out->jitter_reorder = pipe->jitter_reorder;
	out->reorder_gap = pipe->reorder_gap;
	out->queue_bytes = pipe->queue_bytes;
	out->queue_packets = pipe->queue_packets;
	out->queue_bdp = (uint32_t)(pipe->queue_bdp * 1000.0 + 0.5);
	out->base_rtt = pipe->base_rtt;
	out->ecn_bytes = pipe->ecn_bytes;
	out->ecn_packets = pipe->ecn_packets;
	memcpy(out->aqm, pipe->aqm, sizeof(out->aqm));
}

int
sy_pipe(struct sy_host *host, const char *ifname,
    const struct sy_pipe *pipe)
{
	struct syk_pipe k;
	const char *bad;
	int error;

	memset(&k, 0, sizeof(k));
	if (probabilities(pipe, &k, &bad) != 0)
		return (sy_fail(EINVAL, "sy_pipe: host %s, %s: %s is not "
		    "between 0 and 1", host->h_name, ifname, bad));
	if (!(pipe->queue_bdp >= 0.0 && pipe->queue_bdp <= 1e6))
		return (sy_fail(EINVAL, "sy_pipe: host %s, %s: queue_bdp is "
		    "not between 0 and 1000000", host->h_name, ifname));
	if (memchr(pipe->aqm, '\0', sizeof(pipe->aqm)) == NULL)
		return (sy_fail(EINVAL, "sy_pipe: host %s, %s: aqm is longer "
		    "than %zu characters", host->h_name, ifname,
		    sizeof(pipe->aqm) - 1));
	pipe_rest(pipe, &k);
	if (k.queue_bdp == 0 && pipe->queue_bdp > 0.0)
		k.queue_bdp = 1;
	k.seed = pipe->seed != 0 ? pipe->seed : pipe_seed(host, ifname);
	error = syk_pipe(host->h_vnet, ifname, &k);
	if (error == EINVAL)
		return (if_fail(error, "sy_pipe", host, ifname,
		    "no such aqm, or a rate or time out of range"));
	return (error == 0 ? 0 : if_fail(error, "sy_pipe", host, ifname,
	    NULL));
}

int
sy_pipe_stats(struct sy_host *host, const char *ifname,
    struct sy_pipe_stats *stats)
{
	struct syk_pipe_stats k;
	uint64_t now;
	double span;
	int error;

	error = syk_pipe_stats(host->h_vnet, ifname, &k);
	if (error != 0)
		return (if_fail(error, "sy_pipe_stats", host, ifname,
		    error == ENOENT ? "no pipe is there" : NULL));
	now = sy_loop_now(host->h_loop);
	span = now > k.since ? (double)(now - k.since) : 0.0;
	*stats = (struct sy_pipe_stats){
		.in_packets = k.in_packets,
		.in_bytes = k.in_bytes,
		.out_packets = k.out_packets,
		.out_bytes = k.out_bytes,
		.queue_drops = k.queue_drops,
		.loss_drops = k.loss_drops,
		.marks = k.marks,
		.duplicates = k.duplicates,
		.corrupted = k.corrupted,
		.reordered = k.reordered,
		.queue_bytes = k.queue_bytes,
		.queue_packets = k.queue_packets,
		.queue_packets_max = k.queue_packets_max,
	};
	if (span > 0.0) {
		stats->queue_bytes_mean = (double)k.queue_byte_ns / span;
		stats->utilization = (double)k.busy_ns / span;
	}
	return (0);
}

int
sy_pipe_reset(struct sy_host *host, const char *ifname)
{
	int error;

	error = syk_pipe_reset(host->h_vnet, ifname);
	return (error == 0 ? 0 : if_fail(error, "sy_pipe_reset", host,
	    ifname, error == ENOENT ? "no pipe is there" : NULL));
}

/* ---- Addresses and routes ---- */

/*
 * "addr/plen" into its two parts: EINVAL for anything but an address, a
 * slash and a number no greater than the address has bits.
 */
static int
split_prefix(const char *prefix, char addr[ADDR_SIZE], int *plen)
{
	const char *slash, *p;
	int family, max;

	slash = prefix != NULL ? strchr(prefix, '/') : NULL;
	if (slash == NULL || slash - prefix >= ADDR_SIZE)
		return (EINVAL);
	memcpy(addr, prefix, (size_t)(slash - prefix));
	addr[slash - prefix] = '\0';
	family = syk_addr_family(addr);
	max = family == 4 ? 32 : 128;
	if (family == 0 || slash[1] == '\0')
		return (EINVAL);
	*plen = 0;
	for (p = slash + 1; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return (EINVAL);
		*plen = *plen * 10 + (*p - '0');
		if (*plen > max)
			return (EINVAL);
	}
	return (0);
}

static int
prefix_fail(const char *call, const struct sy_host *host, const char *prefix)
{

	return (sy_fail(EINVAL, "%s: host %s: \"%s\" is no prefix such as "
	    "10.0.0.1/24 or 2001:db8::1/64", call, host->h_name,
	    prefix != NULL ? prefix : ""));
}

int
sy_addr_add(struct sy_host *host, const char *ifname, const char *prefix)
{
	char addr[ADDR_SIZE];
	int error, plen;

	if (split_prefix(prefix, addr, &plen) != 0)
		return (prefix_fail("sy_addr_add", host, prefix));
	error = syk_addr_add(host->h_vnet, ifname, addr, plen);
	if (error == EEXIST)
		return (sy_fail(error, "sy_addr_add: host %s has the "
		    "address %s already", host->h_name, addr));
	return (error == 0 ? 0 : if_fail(error, "sy_addr_add", host, ifname,
	    NULL));
}

int
sy_addr_del(struct sy_host *host, const char *ifname, const char *prefix)
{
	char addr[ADDR_SIZE];
	int error, plen;

	if (split_prefix(prefix, addr, &plen) != 0)
		return (prefix_fail("sy_addr_del", host, prefix));
	error = syk_addr_del(host->h_vnet, ifname, addr);
	if (error == ENOENT)
		return (sy_fail(error, "sy_addr_del: host %s, %s: it does "
		    "not have the address %s", host->h_name, ifname, addr));
	return (error == 0 ? 0 : if_fail(error, "sy_addr_del", host, ifname,
	    NULL));
}

int
sy_route_add(struct sy_host *host, const char *prefix, const char *gateway)
{
	char addr[ADDR_SIZE];
	int error, family, plen;

	if (split_prefix(prefix, addr, &plen) != 0)
		return (prefix_fail("sy_route_add", host, prefix));
	family = gateway != NULL ? syk_addr_family(gateway) : 0;
	if (family != syk_addr_family(addr))
		return (sy_fail(EINVAL, "sy_route_add: host %s: gateway "
		    "\"%s\" is no address of the family of %s",
		    host->h_name, gateway != NULL ? gateway : "", prefix));
	error = syk_route_add(host->h_vnet, addr, plen, gateway);
	if (error == 0)
		return (0);
	return (sy_fail(error, "sy_route_add: host %s: %s through %s: %s",
	    host->h_name, prefix, gateway, error == ENETUNREACH ?
	    "the gateway is on no network of the host's" :
	    strerror(error)));
}

int
sy_route_del(struct sy_host *host, const char *prefix)
{
	char addr[ADDR_SIZE];
	int error, plen;

	if (split_prefix(prefix, addr, &plen) != 0)
		return (prefix_fail("sy_route_del", host, prefix));
	error = syk_route_del(host->h_vnet, addr, plen);
	if (error == 0)
		return (0);
	return (sy_fail(error, "sy_route_del: host %s: %s: %s", host->h_name,
	    prefix, error == ESRCH ? "no such route" : strerror(error)));
}

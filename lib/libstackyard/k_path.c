/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Links, addresses, routes and pipes, by name and text, for path.c.
 *
 * Kernel kind: calls sys/net and dummynet.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/vnet.h>
#include <net/if_var.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netpfil/dummynet/dummynet.h>

#include "sy_internal.h"

/* ---- Links ---- */

static int
set_mtu(struct vnet *vnet, struct ifnet *ifp, int mtu)
{
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	error = if_setmtu(ifp, (uint32_t)mtu);
	vnet_leave(saved);
	return (error);
}

static void
detach(struct vnet *vnet, struct ifnet *ifp)
{
	struct vnet *saved;

	saved = vnet_enter(vnet);
	if_detach(ifp);
	vnet_leave(saved);
}

int
syk_link(struct vnet *a, struct vnet *b, int unit, int mtu)
{
	struct ifnet *ifa, *ifb;
	int error;

	error = epair_create(a, b, unit, &ifa, &ifb);
	if (error != 0 || mtu == 0)
		return (error);
	error = set_mtu(a, ifa, mtu);
	if (error == 0)
		error = set_mtu(b, ifb, mtu);
	if (error != 0) {
		detach(a, ifa);
		detach(b, ifb);
	}
	return (error);
}

/* ---- Pipes ---- */

static void
to_dn_config(const struct syk_pipe *pipe, struct dn_config *cfg)
{

	*cfg = (struct dn_config){
		.dc_rate = pipe->rate,
		.dc_delay = pipe->delay,
		.dc_jitter = pipe->jitter,
		.dc_jitter_reorder = pipe->jitter_reorder,
		.dc_loss = pipe->loss,
		.dc_ge_enter = pipe->ge_enter,
		.dc_ge_leave = pipe->ge_leave,
		.dc_ge_loss_good = pipe->ge_loss_good,
		.dc_ge_loss_bad = pipe->ge_loss_bad,
		.dc_reorder = pipe->reorder,
		.dc_reorder_gap = pipe->reorder_gap,
		.dc_duplicate = pipe->duplicate,
		.dc_corrupt = pipe->corrupt,
		.dc_queue_bytes = pipe->queue_bytes,
		.dc_queue_packets = pipe->queue_packets,
		.dc_queue_bdp = pipe->queue_bdp,
		.dc_base_rtt = pipe->base_rtt,
		.dc_ecn_bytes = pipe->ecn_bytes,
		.dc_ecn_packets = pipe->ecn_packets,
		.dc_seed = pipe->seed,
	};
	memcpy(cfg->dc_aqm, pipe->aqm, sizeof(cfg->dc_aqm));
}

int
syk_pipe(struct vnet *vnet, const char *ifname, const struct syk_pipe *pipe)
{
	struct dn_config cfg;
	struct ifnet *ifp;
	struct vnet *saved;
	int error;

	to_dn_config(pipe, &cfg);
	saved = vnet_enter(vnet);
	error = ENXIO;
	ifp = ifunit(ifname);
	if (ifp != NULL) {
		error = dn_reconfigure(ifp, &cfg);
		if (error == ENOENT)
			error = dn_attach(ifp, &cfg);
	}
	vnet_leave(saved);
	return (error);
}

int
syk_pipe_stats(struct vnet *vnet, const char *ifname,
    struct syk_pipe_stats *stats)
{
	struct dn_stats ds;
	struct ifnet *ifp;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	ifp = ifunit(ifname);
	error = ifp == NULL ? ENXIO : dn_getstats(ifp, &ds);
	vnet_leave(saved);
	if (error != 0)
		return (error);
	*stats = (struct syk_pipe_stats){
		.in_packets = ds.ds_in_packets,
		.in_bytes = ds.ds_in_bytes,
		.out_packets = ds.ds_out_packets,
		.out_bytes = ds.ds_out_bytes,
		.queue_drops = ds.ds_queue_drops,
		.loss_drops = ds.ds_loss_drops,
		.marks = ds.ds_marks,
		.duplicates = ds.ds_duplicates,
		.corrupted = ds.ds_corrupted,
		.reordered = ds.ds_reordered,
		.queue_bytes = ds.ds_queue_bytes,
		.queue_byte_ns = ds.ds_queue_byte_ns,
		.busy_ns = ds.ds_busy_ns,
		.since = ds.ds_since,
		.queue_packets = ds.ds_queue_packets,
		.queue_packets_max = ds.ds_queue_packets_max,
	};
	return (0);
}

int
syk_pipe_reset(struct vnet *vnet, const char *ifname)
{
	struct dn_stats ds;
	struct ifnet *ifp;
	struct vnet *saved;
	int error;

	saved = vnet_enter(vnet);
	ifp = ifunit(ifname);
	error = ifp == NULL ? ENXIO : dn_getstats(ifp, &ds);
	if (error == 0)
		dn_resetstats(ifp);
	vnet_leave(saved);
	return (error);
}

/* ---- Addresses and routes ---- */

int
syk_addr_family(const char *text)
{
	struct in6_addr addr;

	if (in_pton(text, &addr) == 0)
		return (0);
	return (IN6_IS_ADDR_V4MAPPED(&addr) ? 4 : 6);
}

int
syk_addr_add(struct vnet *vnet, const char *ifname, const char *text,
    int plen)
{
	struct in6_addr addr;
	struct ifnet *ifp;
	struct vnet *saved;
	int error;

	if (in_pton(text, &addr) == 0)
		return (EINVAL);
	saved = vnet_enter(vnet);
	ifp = ifunit(ifname);
	error = ifp == NULL ? ENXIO : ifa_add(ifp, &addr, plen);
	vnet_leave(saved);
	return (error);
}

int
syk_addr_del(struct vnet *vnet, const char *ifname, const char *text)
{
	struct in6_addr addr;
	struct ifnet *ifp;
	struct vnet *saved;
	int error;

	if (in_pton(text, &addr) == 0)
		return (EINVAL);
	saved = vnet_enter(vnet);
	ifp = ifunit(ifname);
	error = ifp == NULL ? ENXIO : ifa_del(ifp, &addr);
	vnet_leave(saved);
	return (error);
}

int
syk_route_add(struct vnet *vnet, const char *text, int plen,
    const char *gateway)
{
	struct in6_addr addr, gw;
	struct vnet *saved;
	int error;

	if (in_pton(text, &addr) == 0 || in_pton(gateway, &gw) == 0)
		return (EINVAL);
	saved = vnet_enter(vnet);
	error = rt_add(&addr, plen, &gw, NULL,
	    RTF_UP | RTF_GATEWAY | RTF_STATIC, 0);
	vnet_leave(saved);
	return (error);
}

int
syk_route_del(struct vnet *vnet, const char *text, int plen)
{
	struct in6_addr addr;
	struct vnet *saved;
	int error;

	if (in_pton(text, &addr) == 0)
		return (EINVAL);
	saved = vnet_enter(vnet);
	error = rt_delete(&addr, plen);
	vnet_leave(saved);
	return (error);
}

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Zones.
 *
 * An item is in one of three places: with its user, on the zone's free
 * list, or with the host:
 *
 *	host --init--> free list --ctor--> user --dtor--> free list
 *	     --fini-->
 *
 * What init made stays while an item is on the list, so the list's link
 * stands behind the item in zones with init, fini or UMA_ZONE_ZINIT, else
 * in its first word.  uz_linkoff says where.
 *
 * Zones without any of these, and without a ctor, are plain; then an
 * allocation from the list (vm/uma.h) touches the first cache lines of the
 * zone and the item, and a free likewise.  mbufs and segments of the sent map
 * come this way.
 *
 * Items of a zone with UMA_ZONE_SLAB come from the host a slab at a time, all
 * of which enter the free list, and go back with all others when none is in
 * use: a slab is a link to the next one and then as many items as fit.
 *
 * A zone that was destroyed lives on without its vnet (uz_vnet is NULL)
 * until no item is in use; a free touches the zone and nothing else, so it
 * may come after the vnet's end.
 */
#include <sys/param.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/queue.h>
#include <sys/systm.h>
#include <sys/vnet.h>

#include <vm/uma.h>

#include "kern_private.h"

/* Free items kept: this many bytes' worth, but at least and at most ... */
#define	UMA_KEEP_BYTES	(256 * 1024)
#define	UMA_KEEP_MIN	16
#define	UMA_KEEP_MAX	1024
#define	UMA_SLAB_BYTES	4096

TAILQ_HEAD(zone_list, uma_zone);
VNET_DEFINE_STATIC(struct zone_list, zones);
#define	V_zones		VNET(zones)

static inline void **
item_link(uma_zone_t zone, void *item)
{

	return ((void **)(void *)((char *)item + zone->uz_linkoff));
}

static inline void
zone_push(uma_zone_t zone, void **list, void *item)
{

	*item_link(zone, item) = *list;
	*list = item;
}

static inline void *
zone_pop(uma_zone_t zone, void **list)
{
	void *item;

	item = *list;
	*list = *item_link(zone, item);
	return (item);
}

/* Items in use. */
static inline uint64_t
zone_used(uma_zone_t zone)
{

	return ((uint64_t)(zone->uz_room + zone->uz_floor));
}

/* May uma_zalloc_fast() and uma_zfree_fast() have items? */
static inline bool
zone_is_open(uma_zone_t zone)
{

	return (zone->uz_plain && zone->uz_stats.ms_fault_after ==
	    UINT64_MAX);
}

/* After a change of uz_total, uz_keep or zone_is_open(). */
static void
zone_set_floor(uma_zone_t zone)
{
	int64_t used;

	used = (int64_t)zone_used(zone);
	if (!zone_is_open(zone))
		zone->uz_floor = UMA_NEVER;
	else
		zone->uz_floor = zone->uz_keep == UINT64_MAX ? -1 :
		    (int64_t)(zone->uz_total - zone->uz_keep);
	zone->uz_room = used - zone->uz_floor;
}

/* To uz_free what may be there of the free items, the rest to uz_kept. */
static void
zone_share_out(uma_zone_t zone)
{
	const struct mem_stats *ms = &zone->uz_stats;
	uint64_t most, used;

	while (zone->uz_free != NULL)
		zone_push(zone, &zone->uz_kept, zone_pop(zone,
		    &zone->uz_free));
	if (!zone_is_open(zone))
		return;
	used = zone_used(zone);
	most = ms->ms_limit == 0 ? UINT64_MAX :
	    ms->ms_limit / zone->uz_size;
	for (; used < most && zone->uz_kept != NULL; used++)
		zone_push(zone, &zone->uz_free, zone_pop(zone,
		    &zone->uz_kept));
}

void
uma_zone_stats_set(uma_zone_t zone)
{

	zone_set_floor(zone);
	zone_share_out(zone);
}

/* A slab more: an item of it, or NULL. */
static void *
slab_import(uma_zone_t zone)
{
	const u_int size = zone->uz_hostsize;
	u_int at;
	char *slab;

	slab = host_alloc(UMA_SLAB_BYTES, zone->uz_align + 1, false);
	if (slab == NULL)
		return (NULL);
	*(void **)(void *)slab = zone->uz_slabs;
	zone->uz_slabs = slab;
	for (at = roundup2((u_int)sizeof(void *), zone->uz_align + 1);
	    at + size <= UMA_SLAB_BYTES; at += size) {
		zone_push(zone, &zone->uz_kept, slab + at);
		zone->uz_total++;
	}
	slab = zone_pop(zone, &zone->uz_kept);
	zone_set_floor(zone);
	return (slab);
}

/* Give back all slabs; no item is in use. */
static void
slabs_export(uma_zone_t zone)
{
	void *slab;

	zone->uz_free = zone->uz_kept = NULL;
	zone->uz_total = 0;
	zone_set_floor(zone);
	while ((slab = zone->uz_slabs) != NULL) {
		zone->uz_slabs = *(void **)slab;
		host_free(slab);
	}
}

/* An item from the host, initialized, or NULL. */
static void *
zone_import(uma_zone_t zone, int flags)
{
	void *item;

	if ((zone->uz_flags & UMA_ZONE_SLAB) != 0)
		return (slab_import(zone));
	item = host_alloc(zone->uz_hostsize, zone->uz_align + 1,
	    (zone->uz_flags & UMA_ZONE_ZINIT) != 0);
	if (item == NULL)
		return (NULL);
	if (zone->uz_init != NULL &&
	    zone->uz_init(item, (int)zone->uz_size, flags) != 0) {
		host_free(item);
		return (NULL);
	}
	zone->uz_total++;
	zone_set_floor(zone);
	return (item);
}

static void
zone_export(uma_zone_t zone, void *item)
{

	if ((zone->uz_flags & UMA_ZONE_SLAB) != 0) {
		zone_push(zone, &zone->uz_kept, item);
		return;
	}
	if (zone->uz_fini != NULL)
		zone->uz_fini(item, (int)zone->uz_size);
	zone->uz_total--;
	zone_set_floor(zone);
	host_free(item);
}

/* Give back all free items. */
static void
zone_drain(uma_zone_t zone)
{

	if ((zone->uz_flags & UMA_ZONE_SLAB) == 0) {
		while (zone->uz_free != NULL)
			zone_export(zone, zone_pop(zone, &zone->uz_free));
		while (zone->uz_kept != NULL)
			zone_export(zone, zone_pop(zone, &zone->uz_kept));
	} else if (zone_used(zone) == 0)
		slabs_export(zone);
}

void
uma_zone_reclaim(uma_zone_t zone)
{

	zone_drain(zone);
}

/* How many items of size bytes a zone keeps. */
static uint64_t
zone_keep(size_t size, uint32_t flags)
{
#ifdef MEM_KEEP_NOTHING
	(void)size;
	(void)flags;
	return (0);
#else
	if ((flags & (UMA_ZONE_NOFREE | UMA_ZONE_SLAB)) != 0)
		return (UINT64_MAX);
	return (max(UMA_KEEP_MIN, min(UMA_KEEP_MAX,
	    (u_int)(UMA_KEEP_BYTES / size))));
#endif
}

uma_zone_t
uma_zcreate(const char *name, size_t size, uma_ctor ctor, uma_dtor dtor,
    uma_init init, uma_fini fini, int align, uint32_t flags)
{
	uma_zone_t zone;
	bool outside;

	KASSERT(size > 0 && size <= INT_MAX / 2, ("zone %s: size", name));
	KASSERT(align >= 0 && powerof2(align + 1), ("zone %s: align", name));
#ifdef MEM_KEEP_NOTHING
	flags &= ~(uint32_t)UMA_ZONE_SLAB;
#endif
	zone = host_alloc(sizeof(*zone), CACHE_LINE_SIZE, true);
	if (zone == NULL)
		return (NULL);
	outside = init != NULL || fini != NULL ||
	    (flags & UMA_ZONE_ZINIT) != 0;
	zone->uz_name = name;
	zone->uz_size = size;
	zone->uz_ctor = ctor;
	zone->uz_dtor = dtor;
	zone->uz_init = init;
	zone->uz_fini = fini;
	zone->uz_flags = flags;
	zone->uz_align = (u_int)align;
	zone->uz_keep = zone_keep(size, flags);
	KASSERT((flags & UMA_ZONE_SLAB) == 0 || (!outside &&
	    size <= UMA_SLAB_BYTES / 4), ("zone %s: no slabs", name));
	zone->uz_plain = ctor == NULL && dtor == NULL && !outside;
	zone->uz_linkoff = outside ? (u_int)roundup2(size, sizeof(void *)) :
	    0;
	zone->uz_hostsize = (u_int)roundup2(outside ? zone->uz_linkoff +
	    sizeof(void *) : MAX(size, sizeof(void *)), (u_int)align + 1);
	zone->uz_stats.ms_fault_after = UINT64_MAX;
	uma_zone_stats_set(zone);
	zone->uz_vnet = curvnet;
	TAILQ_INSERT_TAIL(&V_zones, zone, uz_link);
	return (zone);
}

void
uma_zdestroy(uma_zone_t zone)
{

	if (zone == NULL)
		return;
	KASSERT(!zone->uz_dying, ("zone %s destroyed twice",
	    zone->uz_name));
	KASSERT(zone->uz_vnet == curvnet, ("zone %s destroyed elsewhere",
	    zone->uz_name));
	TAILQ_REMOVE(&V_zones, zone, uz_link);
	zone_drain(zone);
	zone->uz_vnet = NULL;
	zone->uz_dying = true;
	zone->uz_keep = 0;
	uma_zone_stats_set(zone);
	if (zone_used(zone) == 0)
		host_free(zone);
}

static bool
zone_is_full(uma_zone_t zone)
{
	const struct mem_stats *ms = uma_zone_stats(zone);

	return (ms->ms_limit != 0 &&
	    ms->ms_bytes + zone->uz_size > ms->ms_limit);
}

/* A slab has come, or the fault point may be over: is there something to be
 * shared out? */
static inline void
zone_reopen(uma_zone_t zone)
{

	if (zone_is_open(zone) && (zone->uz_floor == UMA_NEVER ||
	    (zone->uz_kept != NULL && !zone_is_full(zone))))
		uma_zone_stats_set(zone);
}

/* The way of everything that is not the usual case, too. */
void *
uma_zalloc_arg(uma_zone_t zone, void *arg, int flags)
{
	struct mem_stats *ms;
	void *item;
	bool admitted;

	if ((item = uma_zalloc_fast(zone)) != NULL)
		/* The usual case, but for the zeros. */
		return (memset(item, 0, (flags & M_ZERO) != 0 ?
		    zone->uz_size : 0));
	ms = &zone->uz_stats;
	ms->ms_bytes = zone_used(zone) * zone->uz_size;
	admitted = mem_stats_admit(ms, zone->uz_size);
	if (admitted) {
		if (zone->uz_kept != NULL)
			item = zone_pop(zone, &zone->uz_kept);
		else
			item = zone_import(zone, flags);
	}
	if (item != NULL && (flags & M_ZERO) != 0)
		memset(item, 0, zone->uz_size);
	if (item != NULL && zone->uz_ctor != NULL &&
	    zone->uz_ctor(item, (int)zone->uz_size, arg, flags) != 0) {
		zone_export(zone, item);
		item = NULL;
	}
	if (item == NULL) {
		ms->ms_fails++;
		zone_reopen(zone);
		if (zone->uz_maxaction != NULL && zone_is_full(zone))
			zone->uz_maxaction(zone, 1);
		return (NULL);
	}
	zone->uz_room++;
	zone_reopen(zone);
	return (item);
}

/* An item that the zone does not keep. */
static void __noinline
zone_release(uma_zone_t zone, void *item)
{

	zone_export(zone, item);
	if (zone->uz_dying && zone_used(zone) == 0) {
		zone_drain(zone);
		host_free(zone);
	}
}

static inline void
zone_free(uma_zone_t zone, void *item)
{
	bool keep;

	if (uma_zfree_fast(zone, item))
		return;
	keep = zone->uz_total - zone_used(zone) < zone->uz_keep;
	zone->uz_room--;
	zone->uz_frees++;
	if (keep)
		zone_push(zone, &zone->uz_kept, item);
	else
		zone_release(zone, item);
}

static void __noinline
zone_dtor(uma_zone_t zone, void *item, void *arg)
{

	zone->uz_dtor(item, (int)zone->uz_size, arg);
	zone_free(zone, item);
}

void
uma_zfree_arg(uma_zone_t zone, void *item, void *arg)
{

	if (item == NULL)
		return;
	if (__predict_false(zone->uz_dtor != NULL))
		zone_dtor(zone, item, arg);
	else
		zone_free(zone, item);
}

void
uma_zone_set_maxaction(uma_zone_t zone, uma_maxaction_t action)
{

	zone->uz_maxaction = action;
}

int
uma_zone_set_max(uma_zone_t zone, int nitems)
{

	KASSERT(nitems >= 0, ("zone %s: limit", zone->uz_name));
	zone->uz_stats.ms_limit = (uint64_t)nitems * zone->uz_size;
	uma_zone_stats_set(zone);
	return (nitems);
}

int
uma_zone_get_max(uma_zone_t zone)
{

	return ((int)(zone->uz_stats.ms_limit / zone->uz_size));
}

int
uma_zone_get_cur(uma_zone_t zone)
{

	return ((int)zone_used(zone));
}

void
uma_zone_set_fault(uma_zone_t zone, uint64_t after)
{

	zone->uz_stats.ms_fault_after = after;
	uma_zone_stats_set(zone);
}

const struct mem_stats *
uma_zone_stats(uma_zone_t zone)
{
	struct mem_stats *ms;

	ms = &zone->uz_stats;
	ms->ms_frees = zone->uz_frees;
	ms->ms_allocs = zone->uz_frees + zone_used(zone);
	ms->ms_bytes = zone_used(zone) * zone->uz_size;
	return (ms);
}

u_int
uma_zone_get_free(uma_zone_t zone)
{

	return ((u_int)(zone->uz_total - zone_used(zone)));
}

uma_zone_t
uma_zone_find(const char *name)
{
	uma_zone_t zone;

	TAILQ_FOREACH(zone, &V_zones, uz_link)
		if (strcmp(zone->uz_name, name) == 0)
			return (zone);
	return (NULL);
}

int
uma_zone_foreach(int (*func)(uma_zone_t, void *), void *arg)
{
	uma_zone_t next, zone;
	int error;

	TAILQ_FOREACH_SAFE(zone, &V_zones, uz_link, next) {
		error = func(zone, arg);
		if (error != 0)
			return (error);
	}
	return (0);
}

void
uma_reclaim(int req __unused)
{
	uma_zone_t zone;

	TAILQ_FOREACH(zone, &V_zones, uz_link)
		if ((zone->uz_flags & UMA_ZONE_NOFREE) == 0)
			zone_drain(zone);
}

static void
zones_init(const void *arg __unused)
{

	TAILQ_INIT(&V_zones);
}
SYSINIT(uma, SI_SUB_VM, SI_ORDER_FIRST, zones_init, NULL);

/* The zones that their owners left behind. */
static void
zones_uninit(const void *arg __unused)
{
	uma_zone_t zone;

	while ((zone = TAILQ_FIRST(&V_zones)) != NULL)
		uma_zdestroy(zone);
}
SYSUNINIT(uma, SI_SUB_VM, SI_ORDER_FIRST, zones_uninit, NULL);

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Zones: objects of one size, with a free list for each vnet, a limit,
 * statistics and a fault point.
 *
 * A zone belongs to the vnet that was current when it was made.  Freed
 * objects are kept on the zone's list (at most uz_keep) in last-in,
 * first-out order, so the object handed out next is the one whose cache
 * lines are warm; the rest goes back to the host.  Objects may outlive
 * uma_zdestroy() (an mbuf on its way to another host): the zone goes when
 * the last of them comes back.
 *
 * Under the address sanitizer nothing is kept, so that it sees each use
 * after free.
 */
#ifndef _STACKYARD_VM_UMA_H_
#define	_STACKYARD_VM_UMA_H_

#include <sys/malloc.h>
#include <sys/queue.h>

typedef	struct uma_zone *uma_zone_t;
/* As zone(9): ctor returns 0 or an errno, which fails the allocation. */
typedef	int (*uma_ctor)(void *mem, int size, void *arg, int flags);
typedef	void (*uma_dtor)(void *mem, int size, void *arg);
typedef	int (*uma_init)(void *mem, int size, int flags);
typedef	void (*uma_fini)(void *mem, int size);
/* The zone has refused an item since its limit is reached.  Called from
 * within the allocation: it may not free anything. */
typedef	void (*uma_maxaction_t)(uma_zone_t zone, int nitems);

#define	UMA_ALIGN_PTR	(sizeof(void *) - 1)
#define	UMA_ALIGN_CACHE	(CACHE_LINE_SIZE - 1)
#define	UMA_ZONE_NOFREE	0x0001	/* never give memory back before the end */
#define	UMA_ZONE_ZINIT	0x0002	/* the first use of an item is zeroed */
#define	UMA_ZONE_SLAB	0x0004	/* very many small ones: memory comes in pages
				 * and stays until no item is in use; no init,
				 * no fini, no ZINIT */

/*
 * An allocation takes the first item of uz_free, if there is one, and counts
 * one word up; a free puts one there, if there is room, counts that down, and
 * a free more.  The rest follows from these when it is asked for:
 *
 *	in use = uz_room + uz_floor	ms_allocs = in use + ms_frees
 *
 * On uz_free are no more items than may be allocated without a question, so
 * none if the zone is not plain or a fault point is set; the others are on
 * uz_kept.
 */
struct uma_zone {
	void		*uz_free;	/* first of them; links inside them */
	int64_t		uz_room;	/* so many frees will be kept */
	uint64_t	uz_frees;	/* frees so far */
	uint64_t	uz_size;	/* bytes of an item */
	void		*uz_kept;	/* first of the others */
	/* With more items in use than this a free one is kept on uz_free:
	 * uz_total less uz_keep, or UMA_NEVER. */
	int64_t		uz_floor;
#define	UMA_NEVER	(INT64_MAX / 2)
	struct mem_stats uz_stats;	/* ms_limit in bytes: items * size; of
					 * the rest uma_zone_stats() */
	uint64_t	uz_total;	/* items in use and free */
	uint64_t	uz_keep;	/* free items kept at most */
	uma_ctor	uz_ctor;
	uma_dtor	uz_dtor;
	uma_init	uz_init;
	uma_fini	uz_fini;
	uma_maxaction_t	uz_maxaction;
	u_int		uz_align;	/* alignment less 1 */
	u_int		uz_flags;
	u_int		uz_linkoff;	/* where a free item has its link */
	u_int		uz_hostsize;	/* bytes of an item and its link */
	bool		uz_plain;	/* no ctor, dtor, init, fini */
	bool		uz_dying;
	void		*uz_slabs;	/* the last one, a link to the next */
	struct vnet	*uz_vnet;
	const char	*uz_name;
	TAILQ_ENTRY(uma_zone) uz_link;	/* all zones of the vnet */
};

/*
 * A zone called name (kept by reference) of items of size bytes with
 * alignment align + 1.  ctor, dtor run at each allocation and free; init,
 * fini when memory comes from and goes to the host; each may be NULL.
 * NULL if memory is short.
 */
uma_zone_t uma_zcreate(const char *name, size_t size, uma_ctor ctor,
	    uma_dtor dtor, uma_init init, uma_fini fini, int align,
	    uint32_t flags);
/* Free what the zone keeps; the zone goes with its last item. */
void	uma_zdestroy(uma_zone_t zone);
/* An item, or NULL: no memory, limit reached, fault point, ctor failed. */
void	*uma_zalloc_arg(uma_zone_t zone, void *arg, int flags);
/* Give an item back to the zone it came from. */
void	uma_zfree_arg(uma_zone_t zone, void *item, void *arg);

/* The usual case of both: a plain zone that has, or keeps, a free item. */

/* As uma_zalloc() without flags, but NULL, and nothing done, if it is not
 * the usual case. */
static inline void *
uma_zalloc_fast(uma_zone_t zone)
{
	void *item = zone->uz_free;

	if (__predict_false(item == NULL))
		return (NULL);
	zone->uz_free = *(void **)item;
	zone->uz_room++;
	return (item);
}

static inline void *
uma_zalloc(uma_zone_t zone, int flags)
{
	void *item = uma_zalloc_fast(zone);

	if (__predict_false(item == NULL))
		return (uma_zalloc_arg(zone, NULL, flags));
	return ((flags & M_ZERO) == 0 ? item :
	    __builtin_memset(item, 0, zone->uz_size));
}

/* As uma_zfree() of an item, but false, and nothing done, if it is not the
 * usual case. */
static inline bool
uma_zfree_fast(uma_zone_t zone, void *item)
{
	if (__predict_false(zone->uz_room <= 0))
		return (false);
	zone->uz_room--;
	*(void **)item = zone->uz_free;
	zone->uz_free = item;
	zone->uz_frees++;
	return (true);
}

static inline void
uma_zfree(uma_zone_t zone, void *item)
{
	if (__predict_false(item == NULL || !uma_zfree_fast(zone, item)))
		uma_zfree_arg(zone, item, NULL);
}

/* The zone's figures, all of them up to date. */
const struct mem_stats *uma_zone_stats(uma_zone_t zone);
/* ms_limit or ms_fault_after of uz_stats, or uz_total or uz_keep, have been
 * written to. */
void	uma_zone_stats_set(uma_zone_t zone);
/* Items kept on its list. */
u_int	uma_zone_get_free(uma_zone_t zone);
/* Let at most nitems exist (0: no limit); returns the limit now in force. */
int	uma_zone_set_max(uma_zone_t zone, int nitems);
int	uma_zone_get_max(uma_zone_t zone);
/* Call action (NULL: nothing) at each refusal for that reason. */
void	uma_zone_set_maxaction(uma_zone_t zone, uma_maxaction_t action);
/* Items in use. */
int	uma_zone_get_cur(uma_zone_t zone);
/* Fail the allocation after `after` more; UINT64_MAX: never. */
void	uma_zone_set_fault(uma_zone_t zone, uint64_t after);
/* The zone of curvnet called name, or NULL. */
uma_zone_t uma_zone_find(const char *name);
/* Call func for each zone of curvnet until it returns non-zero. */
int	uma_zone_foreach(int (*func)(uma_zone_t, void *), void *arg);
/* Give kept free items back to the host. */
void	uma_zone_reclaim(uma_zone_t zone);
/* The same of all zones of curvnet. */
void	uma_reclaim(int req);

#endif /* !_STACKYARD_VM_UMA_H_ */

/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Packets by their time where it is not the order they came in.
 *
 * A binary heap in an array: item i is due no later than items 2i + 1 and
 * 2i + 2.  Items of equal times are told apart by a number that counts up, so
 * they leave in the order they came.  The array doubles when it is full and
 * goes with the pipe.
 *
 * Touches its heap, and m_dntime of the packets in it, which are its own.
 */
#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>
#include <netpfil/dummynet/dn_var.h>

#define	DN_HEAP_FIRST	64		/* items, to begin with */

static bool
dn_heap_before(const struct dn_heap_item *a, const struct dn_heap_item *b)
{

	return (a->hi_due < b->hi_due ||
	    (a->hi_due == b->hi_due && a->hi_number < b->hi_number));
}

static bool
dn_heap_grow(struct dn_heap *h)
{
	struct dn_heap_item *items;
	uint32_t size;

	size = h->h_size != 0 ? 2 * h->h_size : DN_HEAP_FIRST;
	items = realloc(h->h_items, size * sizeof(*items), M_DUMMYNET,
	    M_NOWAIT);
	if (items == NULL)
		return (false);
	h->h_items = items;
	h->h_size = size;
	return (true);
}

bool
dn_heap_push(struct dn_heap *h, struct mbuf *m)
{
	struct dn_heap_item new;
	uint32_t i, up;

	if (h->h_n == h->h_size && !dn_heap_grow(h))
		return (false);
	new.hi_due = m->m_dntime;
	new.hi_number = h->h_number++;
	new.hi_packet = m;
	for (i = h->h_n++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!dn_heap_before(&new, &h->h_items[up]))
			break;
		h->h_items[i] = h->h_items[up];
	}
	h->h_items[i] = new;
	return (true);
}

struct mbuf *
dn_heap_take(struct dn_heap *h)
{
	struct dn_heap_item *items = h->h_items, *last;
	struct mbuf *m = items[0].hi_packet;
	uint32_t down, i;

	last = &items[--h->h_n];
	for (i = 0; (down = 2 * i + 1) < h->h_n; i = down) {
		if (down + 1 < h->h_n &&
		    dn_heap_before(&items[down + 1], &items[down]))
			down++;
		if (!dn_heap_before(&items[down], last))
			break;
		items[i] = items[down];
	}
	items[i] = *last;
	return (m);
}

void
dn_heap_destroy(struct dn_heap *h)
{
	uint32_t i;

	for (i = 0; i < h->h_n; i++)
		m_freem(h->h_items[i].hi_packet);
	free(h->h_items, M_DUMMYNET);
}

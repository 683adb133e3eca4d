/*-
 * SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Stackyard developers
 */

/*
 * Turns: how two threads use one loop.
 *
 * The stack knows no locks; whoever is in it must be alone.  Without a
 * control socket there is one thread and nothing here is ever called.  With
 * one, a turn is two mutexes:
 *
 *	t_mutex		held by whose turn it is
 *	t_next		held by who waits for that, and as long as it waits
 *
 * A thread that ends its turn and begins another at once has to get t_next
 * first, behind who waits already: nobody starves, and a wait is as long as
 * one event of the loop or one request.
 *
 * Turns nest, by a count; only the outermost counts.  A turn can be given up
 * whole in between, whatever the nesting, at the loop's seams: between two
 * events, while it sleeps, around the program's callbacks.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sy_loop.h"

struct sy_turn {
	pthread_mutex_t	t_mutex;
	pthread_mutex_t	t_next;
	atomic_uint	t_waiting;	/* threads */
	_Atomic(char *)	t_owner;	/* its `me'; NULL: nobody's turn */
	unsigned	t_depth;	/* of the owner's turns */
};

static _Thread_local char me;		/* its address names the thread */

struct sy_turn *
sy_turn_new(void)
{
	struct sy_turn *turn;

	turn = calloc(1, sizeof(*turn));
	if (turn == NULL)
		return (NULL);
	(void)pthread_mutex_init(&turn->t_mutex, NULL);
	(void)pthread_mutex_init(&turn->t_next, NULL);
	return (turn);
}

void
sy_turn_free(struct sy_turn *turn)
{

	(void)pthread_mutex_destroy(&turn->t_mutex);
	(void)pthread_mutex_destroy(&turn->t_next);
	free(turn);
}

static void
begin(struct sy_turn *turn, unsigned depth)
{

	atomic_fetch_add(&turn->t_waiting, 1);
	(void)pthread_mutex_lock(&turn->t_next);
	(void)pthread_mutex_lock(&turn->t_mutex);
	(void)pthread_mutex_unlock(&turn->t_next);
	atomic_fetch_sub(&turn->t_waiting, 1);
	atomic_store_explicit(&turn->t_owner, &me, memory_order_relaxed);
	turn->t_depth = depth;
}

static void
end(struct sy_turn *turn)
{

	turn->t_depth = 0;
	atomic_store_explicit(&turn->t_owner, NULL, memory_order_relaxed);
	(void)pthread_mutex_unlock(&turn->t_mutex);
}

/* Only this thread can make it its turn, so the answer stays true. */
static bool
is_mine(struct sy_turn *turn)
{

	return (atomic_load_explicit(&turn->t_owner, memory_order_relaxed) ==
	    &me);
}

void
sy_turn_lock(struct sy_turn *turn)
{

	if (is_mine(turn))
		turn->t_depth++;
	else
		begin(turn, 1);
}

void
sy_turn_unlock(struct sy_turn *turn)
{

	if (turn->t_depth > 1)
		turn->t_depth--;
	else
		end(turn);
}

void
sy_turn_let_in(struct sy_turn *turn)
{
	unsigned depth;

	if (atomic_load_explicit(&turn->t_waiting, memory_order_relaxed) == 0)
		return;
	depth = turn->t_depth;
	end(turn);
	begin(turn, depth);
}

unsigned
sy_turn_give_up(struct sy_turn *turn)
{
	unsigned depth;

	depth = turn->t_depth;
	end(turn);
	return (depth);
}

void
sy_turn_resume(struct sy_turn *turn, unsigned depth)
{

	begin(turn, depth);
}

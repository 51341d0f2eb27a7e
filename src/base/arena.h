/* SPDX-License-Identifier: ISC */
/* arena.h - one lent block, cut up from the front. Nothing is given back but all of it at once.
 *
 * For what is sized at the start (a stack's tables) and for what grows under a named limit (a zone). What
 * does not fit is NULL, which the caller turns into a counted event or a clear error. What it hands out is
 * not zeroed, unless asked for with arena_zeroed.
 */
#ifndef TULLE_BASE_ARENA_H
#define TULLE_BASE_ARENA_H

#include <stdalign.h>

#include "base/bytes.h"

struct arena { struct room memory; size_t used; };

static inline void arena_init(struct arena *a, struct room memory) { *a = (struct arena){ memory, 0 }; }

/* The place is aligned for any type; NULL if it does not fit. */
static inline void *arena_take(struct arena *a, size_t size)
{
	size_t align = alignof(max_align_t);
	size_t gap = (align - ((uintptr_t)a->memory.at + a->used) % align) % align;
	if (gap > a->memory.len - a->used || size > a->memory.len - a->used - gap) return NULL;
	void *at = a->memory.at + a->used + gap;
	a->used += gap + size;
	return at;
}

/* As arena_take for `count` things of `size` bytes, all zero. */
static inline void *arena_zeroed(struct arena *a, size_t count, size_t size)
{
	if (size > 0 && count > SIZE_MAX / size) return NULL;
	void *at = arena_take(a, count * size);
	if (at != NULL) memset(at, 0, count * size);
	return at;
}

/* What arena_take may need at most for a block of this size: for sums of what to lend. */
static inline size_t arena_cost(size_t size) { return size + alignof(max_align_t); }

#endif

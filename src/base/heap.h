/* SPDX-License-Identifier: ISC */
/* heap.h - who wants to be woken first: deadlines of numbered things, over lent memory.
 *
 * Each of `max` things (0 to max - 1) has at most one deadline. Equal deadlines come in the order of
 * their numbers, so nothing depends on history.
 */
#ifndef TULLE_BASE_HEAP_H
#define TULLE_BASE_HEAP_H

#include "base/bytes.h"
#include "base/instant.h"

struct heap_item { instant at; uint32_t who; };
struct heap {
	struct heap_item *item; /* a binary heap */
	uint32_t *place;        /* by thing: 1 + where its item is, 0 for none */
	instant first_at;       /* the earliest of all, kept here: most often that is all one wants to know */
	uint32_t count, max;
};

/* Lend `max` items and `max` zeroed places. */
void heap_init(struct heap *, struct heap_item *, uint32_t *zeroed_places, uint32_t max);
void heap_set(struct heap *, uint32_t who, instant at); /* sooner, later or new; NEVER takes it out */
static inline instant heap_first_at(const struct heap *h) { return h->first_at; }
bool heap_due(const struct heap *, instant now, uint32_t *who); /* the first, if its deadline has come */

#endif

/* SPDX-License-Identifier: ISC */
/* ring.h - a queue of bytes over lent memory.
 *
 * `head` and `tail` only grow; their difference is what is held, so full and empty cannot be confused.
 * Reading is peek then take; writing is room then put (or ring_write, which copies). Offsets are 32 bits
 * and wrap: the size must be a power of two, at most 2^31.
 */
#ifndef TULLE_BASE_RING_H
#define TULLE_BASE_RING_H

#include "base/bytes.h"

struct ring {
	uint8_t *at;
	uint32_t size;       /* a power of two */
	uint32_t head, tail; /* bytes ever taken, bytes ever put, both modulo 2^32 */
};

static inline void ring_init(struct ring *r, struct room memory)
{
	assert(memory.len <= UINT32_C(1) << 31 && (memory.len & (memory.len - 1)) == 0);
	*r = (struct ring){ .at = memory.at, .size = (uint32_t)memory.len };
}

static inline size_t ring_used(const struct ring *r) { return r->tail - r->head; }
static inline size_t ring_free(const struct ring *r) { return r->size - (r->tail - r->head); }

/* Up to `want` of the held bytes from `skip` on, as two views: the second is what lies beyond the seam. */
static inline void ring_view(const struct ring *r, size_t skip, size_t want, struct bytes view[2])
{
	size_t used = ring_used(r);
	assert(skip <= used);
	size_t n = size_min(want, used - skip);
	size_t at = r->size ? (r->head + (uint32_t)skip) & (r->size - 1) : 0;
	size_t first = size_min(n, r->size - at);
	view[0] = (struct bytes){ r->at + at, first };
	view[1] = (struct bytes){ r->at, n - first };
}

/* What is held up to the seam: everything, unless it wraps. */
static inline struct bytes ring_peek(const struct ring *r)
{
	struct bytes view[2];
	ring_view(r, 0, ring_used(r), view);
	return view[0];
}

static inline void ring_take(struct ring *r, size_t n)
{
	assert(n <= ring_used(r));
	r->head += (uint32_t)n;
}

/* An empty ring starts again at the front of its memory: one that never holds much touches little. Nothing may have
 * been written ahead. */
static inline void ring_rewind(struct ring *r)
{
	if (r->head == r->tail) r->head = r->tail = 0;
}

/* The free part up to the seam; ring_put says how much of it was filled. */
static inline struct room ring_room(const struct ring *r)
{
	size_t at = r->size ? r->tail & (r->size - 1) : 0;
	return (struct room){ r->at + at, size_min(ring_free(r), r->size - at) };
}

static inline void ring_put(struct ring *r, size_t n)
{
	assert(n <= ring_free(r));
	r->tail += (uint32_t)n;
}

/* Writes `b` at `skip` bytes beyond the tail without moving it (for data that came ahead of its turn). The
 * caller has checked that skip + b.len fits the free part. */
static inline void ring_write_ahead(struct ring *r, size_t skip, struct bytes b)
{
	assert(skip + b.len <= ring_free(r));
	if (b.len == 0) return;
	size_t at = (r->tail + (uint32_t)skip) & (r->size - 1);
	size_t first = size_min(b.len, r->size - at);
	memcpy(r->at + at, b.at, first);
	memcpy(r->at, b.at + first, b.len - first);
}

/* Copies what fits and says how much that was. */
static inline size_t ring_write(struct ring *r, struct bytes b)
{
	size_t n = size_min(b.len, ring_free(r));
	ring_write_ahead(r, 0, (struct bytes){ b.at, n });
	ring_put(r, n);
	return n;
}

#endif

/* SPDX-License-Identifier: ISC */
#include "sim/flights.h"

static size_t stride_of(uint32_t frame_bytes_max) { return ((size_t)frame_bytes_max + 63) / 64 * 64; }

size_t flights_size(uint32_t flights_max, uint32_t frame_bytes_max, uint32_t lanes_max)
{
	return arena_cost((2 * (size_t)flights_max + 1) * sizeof(struct flight)) +
	       arena_cost(lanes_max * sizeof(struct lane)) + arena_cost(lanes_max * sizeof(struct lane_head)) +
	       arena_cost(flights_max * stride_of(frame_bytes_max)) + arena_cost((size_t)flights_max * FLIGHT_SMALL_BYTES);
}

void flights_init(struct flights *f, struct arena *zeroed, uint32_t flights_max, uint32_t frame_bytes_max,
                  uint32_t lanes_max)
{
	assert(flights_max < UINT32_MAX / 2);
	*f = (struct flights){ .flights_max = flights_max, .stride = stride_of(frame_bytes_max) };
	f->flight = arena_take(zeroed, (2 * (size_t)flights_max + 1) * sizeof *f->flight);
	f->lane = arena_take(zeroed, lanes_max * sizeof *f->lane);
	f->heap = arena_take(zeroed, lanes_max * sizeof *f->heap);
	f->large.data = arena_take(zeroed, flights_max * f->stride);
	f->small.data = arena_take(zeroed, (size_t)flights_max * FLIGHT_SMALL_BYTES);
	assert(f->flight != NULL && f->lane != NULL && f->heap != NULL && f->large.data != NULL && f->small.data != NULL);
}

/* What was used last is used first: it is still in the cache, and the rest of the pool stays untouched. */
uint32_t flights_take(struct flights *f, size_t len)
{
	bool small = len <= FLIGHT_SMALL_BYTES;
	struct flights_pool *pool = small ? &f->small : &f->large;
	uint32_t flight = pool->free;

	if (f->used == f->flights_max) return 0;
	f->used++;
	if (flight != 0) pool->free = f->flight[flight].next;
	else flight = ++pool->fresh + (small ? f->flights_max : 0);
	return flight;
}

void flights_give_back(struct flights *f, uint32_t flight)
{
	struct flights_pool *pool = flight > f->flights_max ? &f->small : &f->large;

	f->flight[flight].next = pool->free;
	pool->free = flight;
	f->used--;
}

static inline bool before(const struct lane_head *a, const struct lane_head *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void rise(struct flights *f, struct lane_head item)
{
	uint32_t i = f->heap_count++;

	for (; i > 0 && before(&item, &f->heap[(i - 1) / 4]); i = (i - 1) / 4)
		f->heap[i] = f->heap[(i - 1) / 4];
	f->heap[i] = item;
}

/* Puts an item where it belongs, starting from a free place at the top. */
static void sink(struct flights *f, struct lane_head item)
{
	uint32_t i = 0;

	for (uint32_t first; (first = 4 * i + 1) < f->heap_count;) {
		uint32_t least = first, end = f->heap_count < first + 4 ? f->heap_count : first + 4;
		for (uint32_t c = first + 1; c < end; c++)
			if (before(&f->heap[c], &f->heap[least])) least = c;
		if (!before(&f->heap[least], &item)) break;
		f->heap[i] = f->heap[least];
		i = least;
	}
	f->heap[i] = item;
}

void flights_depart(struct flights *f, uint32_t lane, uint32_t flight)
{
	struct lane *l = &f->lane[lane];
	struct flight *new = &f->flight[flight];

	l->last_at = new->at = instant_max(new->at, l->last_at);
	new->next = 0;
	if (l->head != 0) f->flight[l->tail].next = flight;
	else {
		l->head = flight;
		rise(f, (struct lane_head){ new->at, new->order, lane });
	}
	l->tail = flight;
}

uint32_t flights_arrive(struct flights *f)
{
	assert(f->heap_count > 0);
	uint32_t lane = f->heap[0].lane, flight = f->lane[lane].head, next = f->flight[flight].next;

	f->lane[lane].head = next;
	if (next != 0) {
		__builtin_prefetch(&f->flight[f->flight[next].next]);
		__builtin_prefetch(flights_data(f, next));
		__builtin_prefetch(flights_data(f, next) + 64);
		sink(f, (struct lane_head){ f->flight[next].at, f->flight[next].order, lane });
	} else if (--f->heap_count > 0) sink(f, f->heap[f->heap_count]);
	return flight;
}

/* SPDX-License-Identifier: ISC */
/* queue.h - a queue of records of different lengths over lent memory: packets that wait.
 *
 * Each record lies in one piece and carries a tag of its owner's. Writing is room then put; reading is first
 * then take; queue_walk looks at all of them.
 *
 *     struct room room = queue_room(&q, 100);         // room.at is NULL if it is too full
 *     queue_put(&q, tag, fill(room));
 *     for (struct queue_item it; queue_first(&q, &it); queue_take(&q)) use(it.tag, it.data);
 *
 * An empty queue starts again at the front of its memory, so that one that never holds much touches little.
 */
#ifndef TULLE_BASE_QUEUE_H
#define TULLE_BASE_QUEUE_H

#include "base/bytes.h"

#define QUEUE_RECORD_BYTES 8 /* what a record takes beside its data, which is rounded up to 8 */

struct queue {
	uint8_t *at;
	uint32_t size;       /* a multiple of 8 */
	uint32_t head, tail; /* where the first record is, and where the next will be */
	uint32_t used;       /* bytes between them, with what is skipped at the end */
};
struct queue_item { uint32_t tag; struct room data; };

struct queue_record { uint32_t len, tag; }; /* in memory, in front of the data */
#define QUEUE_SKIP UINT32_MAX /* as a length: what follows starts at the front */

static inline void queue_init(struct queue *q, struct room aligned)
{
	assert(aligned.len <= UINT32_C(1) << 31 && (uintptr_t)aligned.at % 8 == 0);
	*q = (struct queue){ .at = aligned.at, .size = (uint32_t)aligned.len & ~UINT32_C(7) };
}

static inline bool queue_is_empty(const struct queue *q) { return q->used == 0; }
static inline void queue_clear(struct queue *q) { q->head = q->tail = q->used = 0; }
static inline uint32_t queue_takes(size_t len) { return QUEUE_RECORD_BYTES + (uint32_t)((len + 7) & ~(size_t)7); }
static inline struct queue_record *queue_record(const struct queue *q, uint32_t at)
{
	return (struct queue_record *)(void *)(q->at + at);
}

/* Where a record of up to `len` bytes may be written. */
static inline struct room queue_room(struct queue *q, size_t len)
{
	if (len >= q->size) return (struct room){ 0 };
	uint32_t takes = queue_takes(len), skip = 0;
	if (q->used == 0) queue_clear(q);
	if (q->size - q->tail < takes) skip = q->size - q->tail;
	if (q->size - q->used < skip + takes) return (struct room){ 0 };
	if (skip > 0) {
		queue_record(q, q->tail)->len = QUEUE_SKIP;
		q->used += skip;
		q->tail = 0;
	}
	return (struct room){ q->at + q->tail + QUEUE_RECORD_BYTES, len };
}

/* The room asked for last now holds a record of `len` bytes, no more than was asked for. */
static inline void queue_put(struct queue *q, uint32_t tag, size_t len)
{
	uint32_t takes = queue_takes(len);
	assert(takes <= q->size - q->tail && takes <= q->size - q->used);
	*queue_record(q, q->tail) = (struct queue_record){ (uint32_t)len, tag };
	q->used += takes;
	q->tail += takes;
	if (q->tail == q->size) q->tail = 0;
}

/* From `*at` on, which begins as 0 and counts bytes from the head, the next record; *at moves beyond it. */
static inline bool queue_walk(const struct queue *q, uint32_t *at, struct queue_item *item)
{
	while (*at < q->used) {
		uint32_t place = q->head + *at < q->size ? q->head + *at : q->head + *at - q->size;
		const struct queue_record *r = queue_record(q, place);
		if (r->len == QUEUE_SKIP) {
			*at += q->size - place;
			continue;
		}
		*item = (struct queue_item){ r->tag, { q->at + place + QUEUE_RECORD_BYTES, r->len } };
		*at += queue_takes(r->len);
		return true;
	}
	return false;
}

/* Gives the record that queue_walk has just shown another tag. */
static inline void queue_retag(struct queue *q, const struct queue_item *item, uint32_t tag)
{
	queue_record(q, (uint32_t)(item->data.at - q->at) - QUEUE_RECORD_BYTES)->tag = tag;
}

static inline bool queue_first(const struct queue *q, struct queue_item *item)
{
	uint32_t at = 0;
	return queue_walk(q, &at, item);
}

/* Removes the first record; there must be one. */
static inline void queue_take(struct queue *q)
{
	struct queue_item item;
	uint32_t at = 0;
	bool any = queue_walk(q, &at, &item);
	assert(any);
	q->head = q->head + at < q->size ? q->head + at : q->head + at - q->size;
	q->used -= at;
}

#endif

/* SPDX-License-Identifier: ISC */
#include "base/queue.h"

#include "base/chance.h"
#include "base/ring.h"
#include "tap.h"

static uint64_t memory[32]; /* 256 bytes */

static struct queue fresh(void)
{
	struct queue q;
	queue_init(&q, (struct room){ (uint8_t *)memory, sizeof memory });
	return q;
}

static bool put(struct queue *q, uint32_t tag, size_t len)
{
	struct room room = queue_room(q, len);
	if (room.at == NULL) return false;
	memset(room.at, (int)tag, len);
	queue_put(q, tag, len);
	return true;
}

static void first_in_first_out(void)
{
	struct queue q = fresh();
	struct queue_item item;
	CHECK(queue_is_empty(&q) && !queue_first(&q, &item));
	CHECK(put(&q, 1, 0) && put(&q, 2, 9) && put(&q, 3, 100));
	CHECK(queue_first(&q, &item) && item.tag == 1 && item.data.len == 0);
	queue_take(&q);
	CHECK(queue_first(&q, &item) && item.tag == 2 && item.data.len == 9 && item.data.at[8] == 2);
	queue_take(&q);
	CHECK(put(&q, 4, 60) && !put(&q, 5, 60));
	queue_take(&q);
	CHECK(queue_first(&q, &item) && item.tag == 4);
	queue_take(&q);
	CHECK(queue_is_empty(&q));
	CHECK(put(&q, 6, 248) && !put(&q, 7, 0));
	queue_take(&q);
	CHECK(!put(&q, 8, 249) && !put(&q, 8, SIZE_MAX));
}

static void room_for_more_than_is_put(void)
{
	struct queue q = fresh();
	struct queue_item item;
	CHECK(put(&q, 1, 150));
	queue_put(&q, 2, queue_room(&q, 80).len - 40);
	CHECK(put(&q, 3, 30));
	queue_take(&q);
	CHECK(queue_first(&q, &item) && item.tag == 2 && item.data.len == 40);
}

static void tags_can_change(void)
{
	struct queue q = fresh();
	struct queue_item item;
	uint32_t at = 0, seen = 0;
	CHECK(put(&q, 1, 8) && put(&q, 2, 8) && put(&q, 1, 8));
	while (queue_walk(&q, &at, &item))
		if (item.tag == 1) queue_retag(&q, &item, 7);
	for (at = 0; queue_walk(&q, &at, &item);) seen = seen * 10 + item.tag;
	CHECK_EQ(seen, 727);
}

/* Against a plain list: what is in it, in order, whole. */
static void as_a_list_would(void)
{
	struct { uint32_t tag; size_t len; } list[64];
	size_t count = 0;
	struct queue q = fresh();
	struct queue_item item;
	struct rng rng;
	uint32_t next = 1;

	rng_init_number(&rng, 2);
	for (int i = 0; i < 20000; i++) {
		if (rng_chance(&rng, 550000000)) {
			size_t len = rng_below(&rng, 70);
			if (put(&q, next, len)) list[count].tag = next, list[count++].len = len;
			else CHECK(count > 0 && q.used + queue_takes(len) + 70 > q.size / 2);
			next = next % 250 + 1;
		} else if (count > 0) {
			queue_take(&q);
			memmove(list, list + 1, --count * sizeof *list);
		}
		size_t k = 0;
		for (uint32_t at = 0; queue_walk(&q, &at, &item); k++) {
			CHECK(k < count && item.tag == list[k].tag && item.data.len == list[k].len);
			for (size_t b = 0; b < item.data.len; b++) CHECK(item.data.at[b] == item.tag);
		}
		CHECK_EQ(k, count);
	}
}

static void an_empty_ring_starts_anew(void)
{
	uint8_t bytes[16];
	struct ring r;
	ring_init(&r, (struct room){ bytes, sizeof bytes });
	ring_write(&r, bytes_of("twelve bytes"));
	ring_take(&r, 4);
	ring_rewind(&r);
	CHECK(ring_peek(&r).at == bytes + 4); /* not while it holds something */
	ring_take(&r, 8);
	ring_rewind(&r);
	CHECK(ring_room(&r).at == bytes && ring_room(&r).len == 16);
}

int main(void)
{
	TEST(first_in_first_out);
	TEST(room_for_more_than_is_put);
	TEST(tags_can_change);
	TEST(as_a_list_would);
	TEST(an_empty_ring_starts_anew);
	return tap_end();
}

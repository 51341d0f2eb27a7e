/* SPDX-License-Identifier: ISC */
#include "base/heap.h"

void heap_init(struct heap *h, struct heap_item *items, uint32_t *zeroed_places, uint32_t max)
{
	*h = (struct heap){ .item = items, .place = zeroed_places, .first_at = NEVER, .max = max };
}

static inline bool before(struct heap_item a, struct heap_item b)
{
	return a.at != b.at ? a.at < b.at : a.who < b.who;
}

static inline void put(struct heap *h, uint32_t i, struct heap_item item)
{
	h->item[i] = item;
	h->place[item.who] = i + 1;
}

static void rise(struct heap *h, uint32_t i, struct heap_item item)
{
	for (; i > 0 && before(item, h->item[(i - 1) / 2]); i = (i - 1) / 2)
		put(h, i, h->item[(i - 1) / 2]);
	put(h, i, item);
}

static void sink(struct heap *h, uint32_t i, struct heap_item item)
{
	for (uint32_t child; (child = 2 * i + 1) < h->count; i = child) {
		if (child + 1 < h->count && before(h->item[child + 1], h->item[child])) child++;
		if (!before(h->item[child], item)) break;
		put(h, i, h->item[child]);
	}
	put(h, i, item);
}

/* Puts an item where it belongs, starting from a free place i. */
static void settle(struct heap *h, uint32_t i, struct heap_item item)
{
	if (i > 0 && before(item, h->item[(i - 1) / 2])) rise(h, i, item);
	else sink(h, i, item);
}

static void take_out(struct heap *h, uint32_t who)
{
	uint32_t place = h->place[who];
	struct heap_item last = h->item[--h->count];

	h->place[who] = 0;
	if (last.who != who) settle(h, place - 1, last);
}

void heap_set(struct heap *h, uint32_t who, instant at)
{
	assert(who < h->max);
	uint32_t place = h->place[who];

	if (at == NEVER) {
		if (place == 0) return;
		take_out(h, who);
	} else if (place == 0) {
		rise(h, h->count++, (struct heap_item){ at, who });
	} else {
		if (h->item[place - 1].at == at) return;
		settle(h, place - 1, (struct heap_item){ at, who });
	}
	h->first_at = h->count > 0 ? h->item[0].at : NEVER;
}

bool heap_due(const struct heap *h, instant now, uint32_t *who)
{
	if (h->count == 0 || h->first_at > now) return false;
	*who = h->item[0].who;
	return true;
}

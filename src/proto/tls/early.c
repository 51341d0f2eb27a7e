/* SPDX-License-Identifier: ISC */
#include "proto/tls/early.h"

#include "proto/tls/inside.h"
#include "proto/tls/tickets.h"

/* A use may come up to a window before its ticket's age says and is replayed up to a window after: so twice that is remembered. */
#define REMEMBER_MS (2 * TLS_EARLY_WINDOW_S * INT64_C(1000))

size_t tls_window_size(unsigned uses_max)
{
	return arena_cost(index_slots(uses_max) * sizeof(struct index_slot)) + arena_cost(uses_max * sizeof(struct tls_window_use));
}

void tls_window_init(struct tls_window *w, struct arena *arena, struct rng *rng, unsigned uses_max)
{
	*w = (struct tls_window){ .uses_max = uses_max };
	size_t slots = index_slots(uses_max);
	struct index_slot *slot = arena_zeroed(arena, slots, sizeof *slot);
	w->use = arena_take(arena, uses_max * sizeof *w->use);
	assert(slot != NULL && w->use != NULL);
	index_init(&w->index, slot, slots);
	rng_fill(rng, (struct room){ w->key, sizeof w->key });
}

static void forget_old(struct tls_window *w, int64_t date_ms)
{
	while (w->count > 0 && date_ms - w->use[w->oldest].used_at_ms > REMEMBER_MS) {
		index_remove(&w->index, w->use[w->oldest].ticket, w->oldest);
		w->oldest = (w->oldest + 1) % w->uses_max;
		w->count--;
	}
}

enum tls_window_found tls_window_use(struct tls_window *w, int64_t date_ms, struct bytes ticket, struct bytes hello)
{
	struct tls_window_use use = { siphash(w->key, ticket), siphash(w->key, hello), date_ms };

	forget_old(w, date_ms);
	for (uint32_t at = INDEX_START, i; index_find(&w->index, use.ticket, &at, &i);)
		if (w->use[i].ticket == use.ticket) return w->use[i].hello == use.hello ? TLS_WINDOW_REPLAYED : TLS_WINDOW_USED;
	if (w->count == w->uses_max) return TLS_WINDOW_FULL;
	uint32_t place = (w->oldest + w->count++) % w->uses_max;
	w->use[place] = use;
	index_add(&w->index, use.ticket, place);
	return TLS_WINDOW_NEW;
}

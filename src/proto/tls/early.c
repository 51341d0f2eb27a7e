/* SPDX-License-Identifier: ISC */
#include "proto/tls/early.h"

#include "proto/tls/inside.h"

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

/* ---- the server's decision ---- */

#define SKIP_LEAST 16384 /* bytes of refused early data that are passed over at least: another server may have allowed them */
#define SKIP_OVERHEAD 2048 /* records' own bytes */

void tls_early_skip(struct tls *t, enum tls_skip_early how)
{
	size_t allowed = size_max(SKIP_LEAST, (size_t)t->config->early_data_max + SKIP_OVERHEAD);

	t->skip_early = (uint8_t)how;
	t->count.early_left = (uint32_t)size_min(allowed, UINT32_MAX);
}

/* 4.2.10, and 8. NULL: it is taken. */
static const char *why_not(struct tls *t, instant now, const struct tls_ticket *ticket, uint32_t obfuscated_age, struct bytes binder)
{
	const struct tls_handshake *h = t->handshake;
	const char *words = NULL;

	if (t->config->early_data_max == 0) return "we take none";
	if (t->retried) return "the client had to be asked for another hello";
	if (ticket == NULL) return "it comes with no ticket that is resumed";
	if (h->psk_index != 0) return "the ticket is not the first PSK";
	if (ticket->early_data_max == 0) return "the ticket allows none";
	if (ticket->suite != t->suite) return "the ticket is for another cipher suite";
	if (strcmp(ticket->server_name, t->server_name) != 0) return "the ticket is for another name";
	if (strcmp(ticket->alpn, t->alpn) != 0) return "the ticket is for another protocol (ALPN)";
	return tls_ticket_use_early(t->config->tickets, tls_date_ms(t, now), binder, ticket, obfuscated_age, &words) ? NULL : words;
}

bool tls_early_taken(struct tls *t, instant now, const struct tls_client_hello *hello, const struct tls_ticket *ticket,
                     uint32_t obfuscated_age, struct bytes binder)
{
	if ((hello->has & TLS_HAS(TLS_EXT_EARLY_DATA)) == 0) return false;
	const char *words = why_not(t, now, ticket, obfuscated_age, binder);
	trace_say(t->config->trace, "TLS: early data is %s%s", words ? "refused: " : "taken", words ? words : "");
	if (words != NULL) return false;
	t->early_accepted = true;
	t->count.early_left = (uint32_t)size_min(ticket->early_data_max, t->config->early_data_max);
	return true;
}

/* SPDX-License-Identifier: ISC */
/* Master files as people mistype them: loaded, or refused with a place in the text; what was loaded is sound. */
#include "proto/dns/zone.h"

static uint8_t memory[1 << 20];

static void check_node(const struct zone *z, const struct zone_node *n)
{
	struct dns_name name = { .len = n->len };
	bool exact;

	memcpy(name.at, n->name, n->len);
	assert(dns_name_under(&name, &z->origin) && zone_nearest(z, &name, &exact) == n && exact);
	for (const struct zone_set *s = n->sets; s != NULL; s = s->next) {
		size_t count = 0;
		for (const struct zone_record *r = s->first; r != NULL; r = r->next, count++) {
			struct dns_rr rr = { .type = s->type, .class = DNS_IN, .rdata = { r->rdata, r->len } };
			struct dns_fields f;
			struct dns_field field;
			if (dns_fields(&rr, &f)) do {
				enum drop why = dns_field_next(&f, &field);
				assert(why == DROP_NONE);
			} while (field.kind != '\0');
		}
		assert(count == s->count && count > 0 && s->ttl <= INT32_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct zone_error error;
	struct dns_name origin;

	if (size == 0) return 0;
	dns_name_parse("e", &origin);
	/* the first byte: whether the origin is known, and how much memory there is */
	arena_init(&arena, (struct room){ memory, data[0] & 2 ? sizeof memory : size * 8u });
	const struct zone *z = zone_load(&arena, data[0] & 1 ? &origin : NULL, (struct bytes){ data + 1, size - 1 }, &error);
	if (z == NULL) {
		assert(arena.used == 0 && error.words[0] != '\0' && error.line > 0 && error.column > 0);
		return 0;
	}
	for (uint32_t i = 0; i < z->buckets; i++)
		for (const struct zone_node *n = z->bucket[i]; n != NULL; n = n->chain) check_node(z, n);
	return 0;
}

/* SPDX-License-Identifier: ISC */
#include "proto/dns/cache.h"

#include "base/arena.h"
#include "base/hash.h"

/* The ring holds entries back to back, each a multiple of UNIT long. `head` is where the next one goes, `tail`
 * the oldest. An entry never wraps: what is left at the end of the memory becomes an entry of kind GAP.
 *
 *     0        head          tail            size
 *     | young  |    free     | old ...       |       or   | free | old ... young | free |
 *                                                                tail            head
 *
 * A replaced entry becomes a GAP where it lies. An entry's place, in units, is its value in the index. */
#define UNIT 8
#define GAP UINT8_MAX
#define AVERAGE_ENTRY 96 /* one index entry for so many bytes of ring; fewer entries than that evict earlier */
#define SAVES_MAX 64     /* entries that one put may move to the young end; the next goes although it was read */

struct entry {
	uint32_t size;       /* with everything that follows; a multiple of UNIT */
	uint8_t kind;        /* enum cache_kind, or GAP: then only these two are there */
	uint8_t trust;
	bool read;           /* since it was put, or last saved */
	uint8_t name_len;
	uint64_t hash;
	instant expires_at;
	uint16_t type, count;
	uint8_t at[];        /* the name; then each record: length (2), data; an SOA of a no: its owner first */
};

struct cache {
	struct index index;
	uint8_t *ring;
	uint32_t size, head, tail, used; /* bytes */
	uint8_t key[16];
	struct cache_counts counts;
};

static uint32_t round_up(size_t n) { return (uint32_t)((n + UNIT - 1) / UNIT * UNIT); }

static struct entry *entry_at(const struct cache *c, uint32_t place)
{
	assert(place < c->size);
	return (struct entry *)(void *)(c->ring + place);
}

static void check(const struct cache *c)
{
	assert(c->used <= c->size && c->head < c->size && c->tail < c->size);
	assert((c->tail + c->used) % c->size == c->head);
}

struct cache *cache_init(struct room memory, const uint8_t key[16])
{
	assert(memory.len >= CACHE_BYTES_MIN);
	struct arena arena;
	size_t entries = memory.len / AVERAGE_ENTRY;
	size_t slots = index_slots(size_min(entries, UINT32_C(1) << 28)); /* 11 to 22 % of the block */

	arena_init(&arena, memory);
	struct cache *c = arena_zeroed(&arena, 1, sizeof *c);
	struct index_slot *slot = arena_zeroed(&arena, slots, sizeof *slot);
	assert(c != NULL && slot != NULL);
	index_init(&c->index, slot, slots);
	size_t left = memory.len - arena.used;
	left = size_min(left - size_min(left, arena_cost(0)), UINT32_C(1) << 31) / UNIT * UNIT;
	c->ring = arena_take(&arena, left);
	assert(c->ring != NULL);
	c->size = (uint32_t)left;
	memcpy(c->key, key, 16);
	check(c);
	return c;
}

/* A "no such name" holds for every type; a failure stands beside whatever else is known. */
static uint64_t key_hash(const struct cache *c, const struct dns_name *name, uint16_t type, uint8_t kind)
{
	uint64_t space = kind == CACHE_NO_NAME ? UINT64_C(1) << 16 : kind == CACHE_FAILURE ? UINT64_C(1) << 17 | type : type;
	return dns_name_hash(c->key, name) ^ space * UINT64_C(0x9e3779b97f4a7c15);
}

static bool same_key(const struct entry *e, const struct dns_name *name, uint16_t type, uint8_t kind)
{
	bool special = kind == CACHE_NO_NAME || kind == CACHE_FAILURE;
	if (special ? e->kind != kind : e->kind != CACHE_RECORDS && e->kind != CACHE_NO_DATA) return false;
	if ((kind != CACHE_NO_NAME && e->type != type) || e->name_len != name->len) return false;
	struct dns_name own = { .len = e->name_len };
	memcpy(own.at, e->at, e->name_len);
	return dns_name_equal(&own, name);
}

static struct entry *find(const struct cache *c, const struct dns_name *name, uint16_t type, uint8_t kind)
{
	uint64_t hash = key_hash(c, name, type, kind);
	for (uint32_t at = INDEX_START, place; index_find(&c->index, hash, &at, &place);) {
		struct entry *e = entry_at(c, place * UNIT);
		if (e->hash == hash && same_key(e, name, type, kind)) return e;
	}
	return NULL;
}

static uint32_t place_of(const struct cache *c, const struct entry *e)
{
	return (uint32_t)((const uint8_t *)e - c->ring);
}

static void forget(struct cache *c, struct entry *e)
{
	index_remove(&c->index, e->hash, place_of(c, e) / UNIT);
	e->kind = GAP;
	c->counts.entries--;
}

static struct entry *append(struct cache *c, uint32_t size)
{
	struct entry *e = entry_at(c, c->head);
	assert(size <= c->size - c->head && size <= c->size - c->used);
	e->size = size;
	c->used += size;
	c->head = (c->head + size) % c->size;
	return e;
}

/* The oldest goes, or, if it was read and `save` allows, becomes the youngest. */
static void retire(struct cache *c, instant now, unsigned *saves)
{
	struct entry *old = entry_at(c, c->tail);
	uint32_t from = c->tail, size = old->size;
	uint32_t room = c->head > from ? c->size - c->head : from + size - c->head;
	bool save = old->kind != GAP && old->read && old->expires_at > now && *saves > 0 && size <= room;

	if (old->kind != GAP) {
		if (save) index_remove(&c->index, old->hash, from / UNIT);
		else if (old->expires_at > now) c->counts.evicted++, forget(c, old);
		else forget(c, old);
	}
	c->tail = (c->tail + size) % c->size;
	c->used -= size;
	if (!save) return;
	memmove(c->ring + c->head, c->ring + from, size);
	struct entry *young = append(c, size);
	young->read = false;
	index_add(&c->index, young->hash, place_of(c, young) / UNIT);
	(*saves)--;
	c->counts.saved++;
}

/* Room for an entry of this size at head, whatever must go for it. */
static struct entry *make_room(struct cache *c, instant now, uint32_t size)
{
	unsigned saves = SAVES_MAX;
	assert(size <= c->size / 4);

	for (;;) {
		if (c->used == 0) c->head = c->tail = 0;
		bool open_end = c->used == 0 || c->head > c->tail; /* free space reaches the end of the memory */
		uint32_t room = open_end ? c->size - c->head : c->tail - c->head;
		if (room >= size && c->index.used + 1 <= c->index.slots / 4 * 3) return append(c, size);
		if (open_end && room < size) append(c, room)->kind = GAP;
		else retire(c, now, &saves); /* for its bytes, or for its place in the index */
	}
}

/* One record behind another: its length, its data with every name written out. */
static size_t store(const struct dns_rr *rr, struct room out)
{
	struct dns_fields f;
	struct dns_field field = { .kind = 0 };
	size_t len = 2;

	if (!dns_fields(rr, &f)) {
		if (rr->rdata.len > 0) memcpy(out.at + len, rr->rdata.at, rr->rdata.len);
		len += rr->rdata.len;
	} else while (dns_field_next(&f, &field) == DROP_NONE && field.kind != '\0') {
		bool name = field.kind == 'n' || field.kind == 'N';
		struct bytes b = name ? (struct bytes){ field.name.at, field.name.len } : field.raw;
		assert(b.len <= out.len - len);
		if (b.len > 0) memcpy(out.at + len, b.at, b.len);
		len += b.len;
	}
	store_be16(out.at, (uint16_t)(len - 2));
	return len;
}

/* A compressed name may be as short as two bytes and as long as 255 without: this is never too little. */
static size_t store_bound(const struct dns_rr *rr)
{
	size_t bound = 2 + rr->rdata.len;
	const char *shape = dns_rdata_shape(rr->type, rr->class);
	for (; shape != NULL && *shape != '\0'; shape++) bound += *shape == 'n' || *shape == 'N' ? DNS_NAME_MAX : 0;
	return bound;
}

static uint32_t ttl_min(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* May an entry with this trust stand in the place of what is there? If so, that is forgotten. */
static bool may_replace(struct cache *c, instant now, const struct dns_name *name, uint16_t type, uint8_t kind,
                        uint8_t trust, instant *expires_at)
{
	struct entry *old = find(c, name, type, kind);
	if (old == NULL) return true;
	bool alive = old->expires_at > now;
	if (alive && old->trust > trust) return false;
	/* A zone that its parent has taken away must not keep itself alive by renewing its own delegation before
	 * it runs out (ghost domains): the new set dies with the old one. */
	if (alive && type == DNS_NS && kind == CACHE_RECORDS && old->kind == CACHE_RECORDS)
		*expires_at = instant_min(*expires_at, old->expires_at);
	forget(c, old);
	return true;
}

static struct entry *begin(struct cache *c, instant now, instant expires_at, const struct dns_name *name, uint16_t type,
                           uint8_t kind, uint8_t trust, size_t records_bytes)
{
	struct entry head = { .kind = kind, .trust = trust, .name_len = name->len, .type = type, .expires_at = expires_at,
	                      .hash = key_hash(c, name, type, kind) };
	struct entry *e = make_room(c, now, round_up(sizeof *e + name->len + records_bytes));
	head.size = e->size;
	*e = head;
	memcpy(e->at, name->at, name->len);
	index_add(&c->index, e->hash, place_of(c, e) / UNIT);
	c->counts.entries++;
	c->counts.puts++;
	return e;
}

/* The entry was made with room to spare: it is the youngest, so the rest can be given back. */
static void trim(struct cache *c, struct entry *e, size_t records_bytes)
{
	uint32_t size = round_up(sizeof *e + e->name_len + records_bytes), spare = e->size - size;
	assert(size <= e->size);
	c->head = (place_of(c, e) + size) % c->size;
	c->used -= spare;
	e->size = size;
	check(c);
}

static bool in_set(const struct dns_rr *rr, enum dns_section section, const struct dns_name *owner, uint16_t type)
{
	return rr->section == section && rr->type == type && rr->class == DNS_IN && dns_name_equal(&rr->name, owner);
}

bool cache_put(struct cache *c, instant now, const struct dns_message *m, enum dns_section section,
               const struct dns_name *owner, uint16_t type, enum cache_trust trust)
{
	size_t bound = 0, used = 0;
	uint32_t ttl = CACHE_TTL_MAX, count = 0;
	struct dns_rr rr;

	for (struct dns_cursor cur = dns_records(m); dns_next(&cur, &rr);)
		if (in_set(&rr, section, owner, type)) {
			ttl = ttl_min(rr.ttl, ttl);
			bound += store_bound(&rr);
			count++;
		}
	size_t most = sizeof(struct entry) + owner->len + bound + UNIT;
	if (count == 0 || ttl == 0 || most > CACHE_ENTRY_MAX || most > c->size / 4) return false;
	instant expires_at = instant_after(now, ttl * SECOND);
	if (!may_replace(c, now, owner, type, CACHE_RECORDS, (uint8_t)trust, &expires_at)) return false;
	struct entry *no = trust >= CACHE_ANSWER ? find(c, owner, 0, CACHE_NO_NAME) : NULL;
	if (no != NULL) forget(c, no);

	struct entry *e = begin(c, now, expires_at, owner, type, CACHE_RECORDS, (uint8_t)trust, bound);
	struct room room = { e->at + e->name_len, bound };
	for (struct dns_cursor cur = dns_records(m); dns_next(&cur, &rr);)
		if (in_set(&rr, section, owner, type)) {
			used += store(&rr, room_skip(room, used));
			e->count++;
		}
	trim(c, e, used);
	return true;
}

bool cache_put_no(struct cache *c, instant now, enum cache_kind kind, const struct dns_name *name, uint16_t type,
                  const struct dns_rr *rr)
{
	struct dns_soa soa;
	assert(kind == CACHE_NO_NAME || kind == CACHE_NO_DATA);
	if (!dns_rdata_soa(rr, &soa)) return false;
	/* RFC 2308, 5: the lesser of the record's own TTL and its last field. */
	uint32_t ttl = ttl_min(ttl_min(soa.minimum, rr->ttl), CACHE_NO_TTL_MAX);
	if (ttl == 0) return false;
	instant expires_at = instant_after(now, ttl * SECOND);
	if (kind == CACHE_NO_NAME) type = 0;
	if (!may_replace(c, now, name, type, (uint8_t)kind, CACHE_AUTHORITATIVE, &expires_at)) return false;

	size_t bound = 1u + rr->name.len + store_bound(rr);
	struct entry *e = begin(c, now, expires_at, name, type, (uint8_t)kind, CACHE_AUTHORITATIVE, bound);
	uint8_t *p = e->at + e->name_len;
	*p = rr->name.len;
	memcpy(p + 1, rr->name.at, rr->name.len);
	size_t len = store(rr, (struct room){ p + 1 + rr->name.len, bound - 1 - rr->name.len });
	e->count = 1;
	trim(c, e, 1u + rr->name.len + len);
	return true;
}

void cache_put_failure(struct cache *c, instant now, const struct dns_name *name, uint16_t type)
{
	instant expires_at = instant_after(now, CACHE_FAILURE_FOR);
	if (!may_replace(c, now, name, type, CACHE_FAILURE, 0, &expires_at)) return;
	begin(c, now, expires_at, name, type, CACHE_FAILURE, 0, 0);
	check(c);
}

/* What is there and has not run out; what has, goes. */
static struct entry *look(struct cache *c, instant now, const struct dns_name *name, uint16_t type, uint8_t kind)
{
	struct entry *e = find(c, name, type, kind);
	if (e == NULL || e->expires_at > now) return e;
	forget(c, e);
	return NULL;
}

bool cache_get(struct cache *c, instant now, const struct dns_name *name, uint16_t type, struct cache_hit *hit)
{
	struct entry *e = look(c, now, name, 0, CACHE_NO_NAME);
	if (e == NULL) e = look(c, now, name, type, CACHE_RECORDS);
	if (e == NULL) {
		c->counts.misses++;
		return false;
	}
	e->read = true;
	c->counts.hits++;
	*hit = (struct cache_hit){
		.kind = e->kind, .trust = e->trust, .count = e->count, .type = e->kind == CACHE_RECORDS ? e->type : DNS_SOA,
		.ttl = (uint32_t)((e->expires_at - now) / SECOND),
		.name = { .len = e->name_len },
		.rest = { e->at + e->name_len, e->size - sizeof *e - e->name_len },
	};
	memcpy(hit->name.at, e->at, e->name_len);
	if (e->kind == CACHE_RECORDS) return true;
	hit->name.len = hit->rest.at[0];
	memcpy(hit->name.at, hit->rest.at + 1, hit->name.len);
	hit->rest = bytes_skip(hit->rest, 1u + hit->name.len);
	return true;
}

bool cache_failed(struct cache *c, instant now, const struct dns_name *name, uint16_t type)
{
	return look(c, now, name, type, CACHE_FAILURE) != NULL;
}

bool cache_next(struct cache_hit *hit, struct dns_rr *rr)
{
	if (hit->count == 0) return false;
	size_t len = load_be16(hit->rest.at);
	*rr = (struct dns_rr){ .name = hit->name, .type = hit->type, .class = DNS_IN, .ttl = hit->ttl,
	                       .section = hit->kind == CACHE_RECORDS ? DNS_ANSWER : DNS_AUTHORITY,
	                       .rdata = bytes_first(bytes_skip(hit->rest, 2), len) };
	hit->rest = bytes_skip(hit->rest, 2 + len);
	hit->count--;
	return true;
}

struct cache_counts cache_counts(const struct cache *c)
{
	struct cache_counts counts = c->counts;
	counts.bytes = c->used;
	return counts;
}

/* SPDX-License-Identifier: ISC */
#include "proto/ip/group.h"

size_t group_memory(uint16_t max, uint16_t interfaces)
{
	return arena_cost(max * sizeof(struct group)) + arena_cost(index_slots(max) * sizeof(struct index_slot)) +
	       arena_cost(max * sizeof(struct heap_item)) + arena_cost(max * sizeof(uint32_t)) +
	       arena_cost(interfaces * sizeof(instant));
}

void group_init(struct groups *g, struct arena *zeroed, uint16_t max, uint16_t interfaces, struct rng *rng)
{
	*g = (struct groups){ .rng = rng, .max = max, .interfaces = interfaces };
	g->entry = arena_take(zeroed, max * sizeof *g->entry);
	struct index_slot *slots = arena_take(zeroed, index_slots(max) * sizeof *slots);
	struct heap_item *items = arena_take(zeroed, max * sizeof *items);
	uint32_t *places = arena_take(zeroed, max * sizeof *places);
	g->version2_until = arena_take(zeroed, interfaces * sizeof *g->version2_until);
	assert(g->entry != NULL && slots != NULL && items != NULL && places != NULL && g->version2_until != NULL);
	index_init(&g->index, slots, index_slots(max));
	heap_init(&g->due, items, places, max);
	rng_fill(rng, (struct room){ g->key, sizeof g->key });
}

static uint64_t hash_of(const struct groups *g, uint16_t interface, struct ip ip)
{
	uint8_t key[18];
	memcpy(key, ip.byte, 16);
	store_be16(key + 16, interface);
	return siphash13(g->key, (struct bytes){ key, sizeof key });
}

static struct group *look_up(const struct groups *g, uint16_t interface, struct ip ip)
{
	uint64_t hash = hash_of(g, interface, ip);
	for (uint32_t at = INDEX_START, i; index_find(&g->index, hash, &at, &i);)
		if (g->entry[i].interface == interface && ip_equal(g->entry[i].ip, ip)) return &g->entry[i];
	return NULL;
}

/* 224.0.0.1 (RFC 1112, 4) and ff02::1; ff01:: never leaves the node, ff00:: is reserved (RFC 3810, 6). */
static bool is_everybodys(struct ip ip)
{
	if (ip_is4(ip)) return ip4_number(ip) == 0xe0000001;
	static const struct ip all_nodes = { { 0xff, 0x02, [15] = 1 } };
	return ip_equal(ip, all_nodes);
}

static uint32_t number_of(const struct groups *g, const struct group *e) { return (uint32_t)(e - g->entry); }

static struct group *add(struct groups *g, uint16_t interface, struct ip ip)
{
	struct group *e = NULL;
	if (g->count < g->max) e = &g->entry[g->count++];
	for (uint16_t i = 0; e == NULL && i < g->max; i++)
		if (!g->entry[i].used) e = &g->entry[i];
	if (e == NULL) return NULL;
	*e = (struct group){ .ip = ip, .interface = interface, .used = true };
	index_add(&g->index, hash_of(g, interface, ip), number_of(g, e));
	return e;
}

static void forget(struct groups *g, struct group *e)
{
	index_remove(&g->index, hash_of(g, e->interface, e->ip), number_of(g, e));
	heap_set(&g->due, number_of(g, e), NEVER);
	e->used = false;
}

/* A change is said now and repeated (RFC 3376, 5.1). */
static void say(struct groups *g, instant now, struct group *e)
{
	e->repeats = GROUP_ROBUSTNESS;
	heap_set(&g->due, number_of(g, e), now);
}

bool group_join(struct groups *g, instant now, uint16_t interface, struct ip ip)
{
	assert(ip_is_multicast(ip) && interface <= g->interfaces);
	if (is_everybodys(ip)) return true;
	struct group *e = look_up(g, interface, ip);
	if (e == NULL && (e = add(g, interface, ip)) == NULL) return false;
	if (e->members == UINT16_MAX) return false;
	if (e->members++ == 0) say(g, now, e);
	return true;
}

void group_leave(struct groups *g, instant now, uint16_t interface, struct ip ip)
{
	if (is_everybodys(ip)) return;
	struct group *e = look_up(g, interface, ip);
	assert(e != NULL && e->members > 0);
	if (--e->members == 0) say(g, now, e);
}

bool group_has(const struct groups *g, uint16_t interface, struct ip ip)
{
	if (is_everybodys(ip)) return true;
	const struct group *e = look_up(g, interface, ip);
	return e != NULL && e->members > 0;
}

static bool speaks_version2(const struct groups *g, instant now, const struct group *e)
{
	return ip_is4(e->ip) && g->version2_until[e->interface - 1] > now;
}

/* The answer comes after a random part of the time allowed, unless something is to be said sooner anyway
 * (RFC 3376, 5.2). Groups are answered for one by one. */
static void schedule(struct groups *g, instant now, struct group *e, instant within)
{
	instant at = now + (instant)rng_below(g->rng, (uint64_t)within + 1);
	uint32_t place = g->due.place[number_of(g, e)];
	if (place == 0 || g->due.item[place - 1].at > at) heap_set(&g->due, number_of(g, e), at);
}

void group_query(struct groups *g, instant now, uint16_t interface, const struct group_query *q)
{
	bool six = !ip_is4(q->group);
	instant within = q->max_response;
	if (!six && !q->version3) {
		g->version2_until[interface - 1] = now + GROUP2_QUERIER_FOR;
		if (within == 0) within = 10 * SECOND; /* a version 1 router: RFC 2236, 4 */
	}
	if (!ip_is_any(q->group)) {
		struct group *e = look_up(g, interface, q->group);
		if (e != NULL && e->members > 0) schedule(g, now, e, within);
		return;
	}
	for (uint16_t i = 0; i < g->count; i++) {
		struct group *e = &g->entry[i];
		if (e->used && e->members > 0 && e->interface == interface && ip_is4(e->ip) == !six)
			schedule(g, now, e, within);
	}
}

void group_heard(struct groups *g, uint16_t interface, struct ip ip)
{
	struct group *e = look_up(g, interface, ip);
	if (e == NULL || e->members == 0) return;
	e->repeats = 0;
	e->reported = false;
	heap_set(&g->due, number_of(g, e), NEVER);
}

/* What is said when an entry's time has come; false: nothing. */
static bool due(struct groups *g, instant now, struct group *e, struct group_report *out)
{
	bool version2 = speaks_version2(g, now, e);
	bool left = e->members == 0, changed = e->repeats > 0;

	*out = (struct group_report){ .what = left ? GROUP_LEFT : changed ? GROUP_JOINED : GROUP_IS_MEMBER,
		.group = e->ip, .interface = e->interface, .version2 = version2 };
	if (changed) e->repeats--;
	if (left && version2) { /* a version 2 leave is said once, by who reported last (RFC 2236, 3) */
		bool reported = e->reported;
		forget(g, e);
		return reported;
	}
	e->reported = true;
	if (e->repeats > 0) {
		instant within = version2 ? GROUP2_REPEAT_FOR : GROUP_REPEAT_FOR;
		heap_set(&g->due, number_of(g, e), now + 1 + (instant)rng_below(g->rng, (uint64_t)within));
	} else if (left) {
		forget(g, e);
	} else {
		heap_set(&g->due, number_of(g, e), NEVER);
	}
	return true;
}

bool group_output(struct groups *g, instant now, struct group_report *out)
{
	for (uint32_t who; heap_due(&g->due, now, &who);)
		if (due(g, now, &g->entry[who], out)) return true;
	return false;
}

instant group_deadline(const struct groups *g) { return heap_first_at(&g->due); }

/* SPDX-License-Identifier: ISC */
#include "proto/ip/neighbour.h"

size_t neighbour_memory(uint16_t max)
{
	return arena_cost(max * sizeof(struct neighbour)) +
	       arena_cost(index_slots(max) * sizeof(struct index_slot)) +
	       arena_cost(max * sizeof(struct heap_item)) + arena_cost(max * sizeof(uint32_t));
}

void neighbour_init(struct neighbours *c, struct arena *zeroed, struct room waiting, uint16_t max, struct rng *rng)
{
	*c = (struct neighbours){ .rng = rng, .max = max };
	c->entry = arena_take(zeroed, max * sizeof *c->entry);
	struct index_slot *slots = arena_take(zeroed, index_slots(max) * sizeof *slots);
	struct heap_item *items = arena_take(zeroed, max * sizeof *items);
	uint32_t *places = arena_take(zeroed, max * sizeof *places);
	assert(max > 0 && c->entry != NULL && slots != NULL && items != NULL && places != NULL);
	index_init(&c->index, slots, index_slots(max));
	heap_init(&c->due, items, places, max);
	queue_init(&c->waiting, waiting);
	rng_fill(rng, (struct room){ c->key, sizeof c->key });
}

static uint64_t hash_of(const struct neighbours *c, uint16_t interface, struct ip ip)
{
	uint8_t key[18];
	memcpy(key, ip.byte, 16);
	store_be16(key + 16, interface);
	return siphash13(c->key, (struct bytes){ key, sizeof key });
}

static struct neighbour *look_up(const struct neighbours *c, uint16_t interface, struct ip ip)
{
	/* The one used last is most often the one wanted. */
	if (c->newest != 0) {
		struct neighbour *n = &c->entry[c->newest - 1];
		if (n->interface == interface && ip_equal(n->ip, ip)) return n;
	}
	uint64_t hash = hash_of(c, interface, ip);
	for (uint32_t at = INDEX_START, i; index_find(&c->index, hash, &at, &i);)
		if (c->entry[i].interface == interface && ip_equal(c->entry[i].ip, ip)) return &c->entry[i];
	return NULL;
}

const struct neighbour *neighbour_find(const struct neighbours *c, uint16_t interface, struct ip ip)
{
	return look_up(c, interface, ip);
}

static inline uint16_t number_of(const struct neighbours *c, const struct neighbour *n)
{
	return (uint16_t)(n - c->entry + 1);
}

static void unlink_use(struct neighbours *c, struct neighbour *n)
{
	if (n->newer) c->entry[n->newer - 1].older = n->older;
	else c->newest = n->older;
	if (n->older) c->entry[n->older - 1].newer = n->newer;
	else c->oldest = n->newer;
	n->newer = n->older = 0;
}

static void link_newest(struct neighbours *c, struct neighbour *n)
{
	n->older = c->newest;
	if (c->newest) c->entry[c->newest - 1].newer = number_of(c, n);
	else c->oldest = number_of(c, n);
	c->newest = number_of(c, n);
}

static void touch(struct neighbours *c, struct neighbour *n)
{
	if (c->newest == number_of(c, n)) return;
	unlink_use(c, n);
	link_newest(c, n);
}

static void drop_waiting(struct neighbours *c, struct neighbour *n)
{
	struct queue_item item;
	for (uint32_t at = 0; n->waiting > 0 && queue_walk(&c->waiting, &at, &item);)
		if (item.tag == number_of(c, n)) {
			queue_retag(&c->waiting, &item, 0);
			n->waiting--;
			c->lost++;
		}
	assert(n->waiting == 0);
}

/* The entry leaves the table; its slot is the caller's to use again. */
static void forget(struct neighbours *c, struct neighbour *n)
{
	drop_waiting(c, n);
	index_remove(&c->index, hash_of(c, n->interface, n->ip), (uint32_t)(n - c->entry));
	heap_set(&c->due, (uint32_t)(n - c->entry), NEVER);
	unlink_use(c, n);
	if (c->releasing == number_of(c, n)) c->releasing = 0, c->failing = false;
	*n = (struct neighbour){ .state = NEIGHBOUR_NONE };
}

/* A slot for a new entry: one never used, else that of the entry used least lately. Slots that failed are
 * the least lately used by then, since forgotten ones are linked in as the oldest. */
static struct neighbour *add(struct neighbours *c, uint16_t interface, struct ip ip)
{
	struct neighbour *n;
	if (c->count < c->max) {
		n = &c->entry[c->count++];
	} else {
		n = &c->entry[c->oldest - 1];
		if (n->state != NEIGHBOUR_NONE) forget(c, n);
		else unlink_use(c, n);
	}
	*n = (struct neighbour){ .ip = ip, .interface = interface };
	index_add(&c->index, hash_of(c, interface, ip), (uint32_t)(n - c->entry));
	link_newest(c, n);
	return n;
}

static void set_due(struct neighbours *c, const struct neighbour *n, instant at)
{
	heap_set(&c->due, (uint32_t)(n - c->entry), at);
}

/* The one door for states (RFC 4861, 7.3.3), with the timer that belongs to each. */
static void enter(struct neighbours *c, instant now, struct neighbour *n, enum neighbour_state next)
{
	instant due = NEVER;

	n->state = (uint8_t)next;
	n->tries = 0;
	if (next == NEIGHBOUR_INCOMPLETE || next == NEIGHBOUR_PROBE) due = now;
	if (next == NEIGHBOUR_DELAY) due = now + NEIGHBOUR_DELAY_FOR;
	if (next == NEIGHBOUR_REACHABLE) /* by chance, so that neighbours do not ask all at once */
		n->reachable_until =
			now + NEIGHBOUR_REACHABLE_FOR / 2 + (instant)rng_below(c->rng, NEIGHBOUR_REACHABLE_FOR);
	set_due(c, n, due);
	if (n->waiting > 0 && next != NEIGHBOUR_INCOMPLETE) {
		n->release = true;
		set_due(c, n, now);
	}
}

bool neighbour_use(struct neighbours *c, instant now, uint16_t interface, struct ip ip, struct mac *mac)
{
	struct neighbour *n = look_up(c, interface, ip);
	if (n == NULL || n->state == NEIGHBOUR_INCOMPLETE) return false;
	touch(c, n);
	if (n->state == NEIGHBOUR_REACHABLE && now >= n->reachable_until) n->state = NEIGHBOUR_STALE;
	if (n->state == NEIGHBOUR_STALE) enter(c, now, n, NEIGHBOUR_DELAY);
	*mac = n->mac;
	return true;
}

/* Removes the first record, which belongs to some entry or to none. */
static void drop_first(struct neighbours *c)
{
	struct queue_item item;
	if (!queue_first(&c->waiting, &item)) return;
	if (item.tag != 0) {
		c->entry[item.tag - 1].waiting--;
		c->lost++;
	}
	queue_take(&c->waiting);
}

static void drop_oldest_of(struct neighbours *c, struct neighbour *n)
{
	struct queue_item item;
	for (uint32_t at = 0; queue_walk(&c->waiting, &at, &item);)
		if (item.tag == number_of(c, n)) {
			queue_retag(&c->waiting, &item, 0);
			n->waiting--;
			c->lost++;
			return;
		}
}

void neighbour_wait(struct neighbours *c, instant now, uint16_t interface, struct ip ip, struct bytes packet)
{
	struct neighbour *n = look_up(c, interface, ip);
	if (n == NULL) {
		n = add(c, interface, ip);
		enter(c, now, n, NEIGHBOUR_INCOMPLETE);
	}
	touch(c, n);
	if (packet.len > c->waiting.size / 2) {
		c->lost++;
		return;
	}
	if (n->waiting == NEIGHBOUR_WAITING_MAX) drop_oldest_of(c, n);
	struct room room;
	while ((room = queue_room(&c->waiting, packet.len)).at == NULL) drop_first(c);
	memcpy(room.at, packet.at, packet.len);
	queue_put(&c->waiting, number_of(c, n), packet.len);
	n->waiting++;
}

void neighbour_heard(struct neighbours *c, instant now, uint16_t interface, struct ip ip, struct mac mac, bool for_us)
{
	struct neighbour *n = look_up(c, interface, ip);
	if (n == NULL) {
		if (!for_us) return;
		n = add(c, interface, ip);
	} else if (n->state != NEIGHBOUR_INCOMPLETE && mac_equal(n->mac, mac)) {
		return;
	}
	n->mac = mac;
	enter(c, now, n, NEIGHBOUR_STALE); /* RFC 4861, 7.2.3: heard of, not known to hear us */
}

void neighbour_answered(struct neighbours *c, instant now, uint16_t interface, struct ip ip, const struct mac *mac,
                        bool solicited, bool override)
{
	struct neighbour *n = look_up(c, interface, ip);
	if (n == NULL) return;
	if (n->state == NEIGHBOUR_INCOMPLETE) {
		if (mac == NULL) return;
		n->mac = *mac;
		enter(c, now, n, solicited ? NEIGHBOUR_REACHABLE : NEIGHBOUR_STALE);
		return;
	}
	bool other = mac != NULL && !mac_equal(*mac, n->mac);
	if (other && !override) {
		if (n->state == NEIGHBOUR_REACHABLE) enter(c, now, n, NEIGHBOUR_STALE);
		return;
	}
	if (other) n->mac = *mac;
	if (solicited) enter(c, now, n, NEIGHBOUR_REACHABLE);
	else if (other) enter(c, now, n, NEIGHBOUR_STALE);
}

void neighbour_confirm(struct neighbours *c, instant now, uint16_t interface, struct ip ip)
{
	struct neighbour *n = look_up(c, interface, ip);
	if (n == NULL || n->state == NEIGHBOUR_INCOMPLETE) return;
	if (n->state == NEIGHBOUR_REACHABLE) n->reachable_until = now + NEIGHBOUR_REACHABLE_FOR;
	else enter(c, now, n, NEIGHBOUR_REACHABLE);
}

/* The next waiting packet of the entry that is released or has failed. */
static bool next_waiting(struct neighbours *c, struct neighbour *n, struct neighbour_out *out)
{
	struct queue_item item;
	for (uint32_t at = 0; n->waiting > 0 && queue_walk(&c->waiting, &at, &item);)
		if (item.tag == number_of(c, n)) {
			queue_retag(&c->waiting, &item, 0);
			n->waiting--;
			*out = (struct neighbour_out){ .what = c->failing ? NEIGHBOUR_FAIL : NEIGHBOUR_SEND,
				.interface = n->interface, .ip = n->ip, .mac = n->mac, .packet = item.data };
			return true;
		}
	return false;
}

static void trim(struct neighbours *c)
{
	struct queue_item item;
	while (queue_first(&c->waiting, &item) && item.tag == 0) queue_take(&c->waiting);
}

/* All packets of the entry are out: its own timer goes on, or it is forgotten if it had failed. */
static void end_release(struct neighbours *c, instant now)
{
	struct neighbour *n = &c->entry[c->releasing - 1];
	c->releasing = 0;
	if (!c->failing) {
		n->release = false;
		set_due(c, n, n->state == NEIGHBOUR_DELAY ? now + NEIGHBOUR_DELAY_FOR :
		              n->state == NEIGHBOUR_PROBE ? now + NEIGHBOUR_ASK_AGAIN_AFTER : NEVER);
		return;
	}
	c->failing = false;
	forget(c, n);
	n->newer = c->oldest; /* the next to be used again */
	if (c->oldest) c->entry[c->oldest - 1].older = number_of(c, n);
	else c->newest = number_of(c, n);
	c->oldest = number_of(c, n);
}

/* A timer has run out: ask (again), or give up. */
static bool timer(struct neighbours *c, instant now, struct neighbour *n, struct neighbour_out *out)
{
	if (n->release) {
		c->releasing = number_of(c, n);
		return false;
	}
	if (n->state == NEIGHBOUR_DELAY) enter(c, now, n, NEIGHBOUR_PROBE);
	assert(n->state == NEIGHBOUR_INCOMPLETE || n->state == NEIGHBOUR_PROBE);
	if (n->tries == NEIGHBOUR_TRIES_MAX) {
		c->releasing = number_of(c, n);
		c->failing = true;
		return false;
	}
	n->tries++;
	set_due(c, n, now + NEIGHBOUR_ASK_AGAIN_AFTER);
	*out = (struct neighbour_out){ .what = n->state == NEIGHBOUR_PROBE ? NEIGHBOUR_CHECK : NEIGHBOUR_ASK,
		.interface = n->interface, .ip = n->ip, .mac = n->mac };
	return true;
}

bool neighbour_output(struct neighbours *c, instant now, struct neighbour_out *out)
{
	for (uint32_t who;;) {
		if (c->releasing != 0) {
			if (next_waiting(c, &c->entry[c->releasing - 1], out)) return true;
			end_release(c, now);
			trim(c);
		}
		if (!heap_due(&c->due, now, &who)) return false;
		if (timer(c, now, &c->entry[who], out)) return true;
	}
}

instant neighbour_deadline(const struct neighbours *c) { return heap_first_at(&c->due); }

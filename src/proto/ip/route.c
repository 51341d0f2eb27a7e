/* SPDX-License-Identifier: ISC */
#include "proto/ip/route.h"

struct key { uint64_t high, low; };

static inline struct key key_of(struct ip ip) { return (struct key){ load_be64(ip.byte), load_be64(ip.byte + 8) }; }

static inline struct key mask_of(uint8_t bits)
{
	if (bits >= 64) return (struct key){ UINT64_MAX, bits == 64 ? 0 : UINT64_MAX << (128 - bits) };
	return (struct key){ bits == 0 ? 0 : UINT64_MAX << (64 - bits), 0 };
}

static inline unsigned bit_at(struct key k, uint8_t at)
{
	return at < 64 ? k.high >> (63 - at) & 1 : k.low >> (127 - at) & 1;
}

static inline bool has(const struct route_node *n, struct key k)
{
	struct key mask = mask_of(n->bits);
	return (((k.high ^ n->high) & mask.high) | ((k.low ^ n->low) & mask.low)) == 0;
}

/* How many leading bits two keys share. */
static uint8_t shared(struct key a, struct key b)
{
	if (a.high != b.high) return (uint8_t)__builtin_clzll(a.high ^ b.high);
	return a.low != b.low ? (uint8_t)(64 + __builtin_clzll(a.low ^ b.low)) : 128;
}

/* A quarter of the routes is enough for a router between as many busy hosts; and a few are always worth it. */
static uint8_t memo_bits(uint32_t max)
{
	uint8_t bits = 2;
	while (bits < 12 && UINT32_C(1) << bits < max / 4) bits++;
	return bits;
}

size_t route_memory(uint32_t max)
{
	return arena_cost(max * sizeof(struct route)) + arena_cost(2 * (size_t)max * sizeof(struct route_node)) +
	       arena_cost(sizeof(struct route_memo) << memo_bits(max));
}

void route_init(struct routes *r, struct arena *zeroed, uint32_t max)
{
	*r = (struct routes){ .max = max, .version = 1, .memo_bits = memo_bits(max) };
	r->route = arena_take(zeroed, max * sizeof *r->route);
	r->node = arena_take(zeroed, 2 * (size_t)max * sizeof *r->node);
	r->memo = arena_take(zeroed, sizeof *r->memo << r->memo_bits);
	assert(r->route != NULL && r->node != NULL && r->memo != NULL);
}

static uint32_t new_node(struct routes *r, struct key k, uint8_t bits, uint32_t route_plus_one)
{
	struct key mask = mask_of(bits);
	assert(r->nodes < 2 * r->max);
	r->node[r->nodes] = (struct route_node){
		.high = k.high & mask.high, .low = k.low & mask.low, .bits = bits, .route_plus_one = route_plus_one };
	return ++r->nodes;
}

/* Puts `fresh` where *link points. What was there lies below it, beside it under a fork, or is absent. */
static void join(struct routes *r, uint32_t *link, uint32_t fresh)
{
	if (*link != 0) {
		struct route_node *old = &r->node[*link - 1], *new = &r->node[fresh - 1];
		struct key old_key = { old->high, old->low }, new_key = { new->high, new->low };
		uint8_t same = shared(old_key, new_key);
		if (same >= new->bits) {
			new->child[bit_at(old_key, new->bits)] = *link;
		} else {
			uint32_t fork = new_node(r, new_key, same, 0);
			r->node[fork - 1].child[bit_at(old_key, same)] = *link;
			r->node[fork - 1].child[bit_at(new_key, same)] = fresh;
			fresh = fork;
		}
	}
	*link = fresh;
}

bool route_add(struct routes *r, const struct route *route)
{
	assert(route->to.bits <= 128);
	r->version++;
	bool six = !ip_is4(route->to.ip) || route->to.bits < 96;
	struct key key = key_of(route->to.ip);
	uint32_t *link = &r->root[six];

	while (*link != 0) {
		struct route_node *n = &r->node[*link - 1];
		if (n->bits > route->to.bits || !has(n, key)) break;
		if (n->bits == route->to.bits) {
			if (n->route_plus_one == 0) {
				if (r->count == r->max) return false;
				n->route_plus_one = ++r->count;
			}
			r->route[n->route_plus_one - 1] = *route;
			return true;
		}
		link = &n->child[bit_at(key, n->bits)];
	}
	if (r->count == r->max) return false;
	r->route[r->count++] = *route;
	join(r, link, new_node(r, key, route->to.bits, r->count));
	return true;
}

static uint32_t descend(const struct routes *r, struct ip ip)
{
	struct key key = key_of(ip);
	uint32_t best = 0;

	for (uint32_t at = r->root[!ip_is4(ip)]; at != 0;) {
		const struct route_node *n = &r->node[at - 1];
		if (!has(n, key)) break;
		if (n->route_plus_one != 0) best = n->route_plus_one;
		if (n->bits == 128) break;
		at = n->child[bit_at(key, n->bits)];
	}
	return best;
}

const struct route *route_find(const struct routes *r, struct ip ip)
{
	uint32_t hash = (load_be32(ip.byte + 12) ^ load_be32(ip.byte + 4)) * UINT32_C(0x9e3779b1); /* Fibonacci's */
	struct route_memo *m = &r->memo[hash >> (32 - r->memo_bits)];

	if (m->version != r->version || !ip_equal(m->to, ip))
		*m = (struct route_memo){ .to = ip, .version = r->version, .route_plus_one = descend(r, ip) };
	return m->route_plus_one != 0 ? &r->route[m->route_plus_one - 1] : NULL;
}

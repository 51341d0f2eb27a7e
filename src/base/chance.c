/* SPDX-License-Identifier: ISC */
#include "base/chance.h"

#include "base/hash.h"

static inline uint32_t rotl(uint32_t v, int n) { return v << n | v >> (32 - n); }

static inline uint32_t load_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b, *d = rotl(*d ^ *a, 16);
	*c += *d, *b = rotl(*b ^ *c, 12);
	*a += *b, *d = rotl(*d ^ *a, 8);
	*c += *d, *b = rotl(*b ^ *c, 7);
}

/* RFC 8439, 2.3, with a 64-bit block counter and a zero nonce: a key is used for one stream only. */
static void chacha20_block(const uint8_t key[32], uint64_t block, uint8_t out[64])
{
	uint32_t start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, x[16];

	for (int i = 0; i < 8; i++) start[4 + i] = load_le32(key + 4 * i);
	start[12] = (uint32_t)block;
	start[13] = (uint32_t)(block >> 32);
	memcpy(x, start, sizeof x);
	for (int i = 0; i < 10; i++) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[1], &x[5], &x[9], &x[13]);
		quarter(&x[2], &x[6], &x[10], &x[14]);
		quarter(&x[3], &x[7], &x[11], &x[15]);
		quarter(&x[0], &x[5], &x[10], &x[15]);
		quarter(&x[1], &x[6], &x[11], &x[12]);
		quarter(&x[2], &x[7], &x[8], &x[13]);
		quarter(&x[3], &x[4], &x[9], &x[14]);
	}
	for (int i = 0; i < 16; i++) {
		uint32_t v = x[i] + start[i];
		for (int k = 0; k < 4; k++) out[4 * i + k] = (uint8_t)(v >> (8 * k));
	}
}

void rng_init(struct rng *r, const uint8_t seed[RNG_SEED_BYTES])
{
	memcpy(r->key, seed, RNG_SEED_BYTES);
	r->block = 0;
	r->used = sizeof r->stream;
}

void rng_init_number(struct rng *r, uint64_t seed)
{
	uint8_t key[RNG_SEED_BYTES] = { 0 };
	store_be64(key, seed);
	rng_init(r, key);
}

/* The child's key is drawn from a stream under (parent's key, hash of the name and number); the parent's
 * own stream is not touched, so the order of forks does not matter. */
void rng_fork(struct rng *child, const struct rng *parent, const char *name, uint64_t number)
{
	uint8_t block[64], key[RNG_SEED_BYTES];

	memcpy(key, parent->key, sizeof key);
	store_be64(key, load_be64(key) ^ siphash(parent->key + 16, bytes_of(name)));
	store_be64(key + 8, load_be64(key + 8) ^ number);
	chacha20_block(key, UINT64_MAX, block);
	rng_init(child, block);
}

static void refill(struct rng *r)
{
	chacha20_block(r->key, r->block++, r->stream);
	r->used = 0;
}

uint64_t rng_next(struct rng *r)
{
	if (r->used + 8 > sizeof r->stream) refill(r);
	uint64_t v = load_be64(r->stream + r->used);
	r->used += 8;
	return v;
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
	assert(bound > 0);
	uint64_t biased = UINT64_MAX - UINT64_MAX % bound, v;
	do v = rng_next(r);
	while (v >= biased);
	return v % bound;
}

bool rng_chance(struct rng *r, uint32_t of_a_billion)
{
	return of_a_billion > 0 && rng_below(r, 1000000000) < of_a_billion;
}

void rng_fill(struct rng *r, struct room room)
{
	while (room.len > 0) {
		if (r->used == sizeof r->stream) refill(r);
		size_t n = size_min(room.len, sizeof r->stream - r->used);
		memcpy(room.at, r->stream + r->used, n);
		r->used += (uint32_t)n;
		room = room_skip(room, n);
	}
}

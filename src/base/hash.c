/* SPDX-License-Identifier: ISC */
#include "base/hash.h"

static inline uint64_t rotl64(uint64_t v, int n) { return v << n | v >> (64 - n); }

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 7; i >= 0; i--) v = v << 8 | p[i];
	return v;
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[1] = rotl64(v[1], 13) ^ v[0], v[0] = rotl64(v[0], 32);
	v[2] += v[3], v[3] = rotl64(v[3], 16) ^ v[2];
	v[0] += v[3], v[3] = rotl64(v[3], 21) ^ v[0];
	v[2] += v[1], v[1] = rotl64(v[1], 17) ^ v[2], v[2] = rotl64(v[2], 32);
}

static inline uint64_t sip(const uint8_t key[16], struct bytes b, int rounds, int final_rounds)
{
	uint64_t k0 = load_le64(key), k1 = load_le64(key + 8), last = (uint64_t)b.len << 56;
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
	                  k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 };
	size_t i = 0;

	for (; i + 8 <= b.len; i += 8) {
		uint64_t word = load_le64(b.at + i);
		v[3] ^= word;
		for (int r = 0; r < rounds; r++) sip_round(v);
		v[0] ^= word;
	}
	for (size_t k = 0; i + k < b.len; k++) last |= (uint64_t)b.at[i + k] << (8 * k);
	v[3] ^= last;
	for (int r = 0; r < rounds; r++) sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int r = 0; r < final_rounds; r++) sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash(const uint8_t key[16], struct bytes b) { return sip(key, b, 2, 4); }
uint64_t siphash13(const uint8_t key[16], struct bytes b) { return sip(key, b, 1, 3); }

size_t index_slots(size_t entries_max)
{
	size_t n = 4;
	while (n / 4 * 3 < entries_max) n *= 2;
	return n;
}

void index_init(struct index *ix, struct index_slot *zeroed, size_t slots)
{
	assert(slots > 0 && (slots & (slots - 1)) == 0 && slots <= UINT32_C(1) << 31);
	*ix = (struct index){ .slot = zeroed, .slots = (uint32_t)slots };
}

/* The tag is all that is kept of a hash, so a slot's home is taken from it too. */
static inline uint32_t tag_of(uint64_t hash) { return (uint32_t)(hash ^ hash >> 32); }

bool index_find(const struct index *ix, uint64_t hash, uint32_t *at, uint32_t *value)
{
	uint32_t mask = ix->slots - 1, tag = tag_of(hash);
	uint32_t i = *at == INDEX_START ? tag & mask : (*at + 1) & mask;

	for (; ix->slot[i].value_plus_one != 0; i = (i + 1) & mask)
		if (ix->slot[i].tag == tag) {
			*at = i;
			*value = ix->slot[i].value_plus_one - 1;
			return true;
		}
	return false;
}

void index_add(struct index *ix, uint64_t hash, uint32_t value)
{
	assert(ix->used < ix->slots / 4 * 3);
	uint32_t mask = ix->slots - 1, i = tag_of(hash) & mask;
	while (ix->slot[i].value_plus_one != 0) i = (i + 1) & mask;
	ix->slot[i] = (struct index_slot){ .tag = tag_of(hash), .value_plus_one = value + 1 };
	ix->used++;
}

/* Linear probing without tombstones: what follows the hole moves back, if its home allows. */
void index_remove(struct index *ix, uint64_t hash, uint32_t value)
{
	uint32_t mask = ix->slots - 1, hole = INDEX_START, found;
	do {
		bool there = index_find(ix, hash, &hole, &found);
		assert(there);
	} while (found != value);
	for (uint32_t i = (hole + 1) & mask; ix->slot[i].value_plus_one != 0; i = (i + 1) & mask) {
		uint32_t home = ix->slot[i].tag & mask;
		if (((i - home) & mask) < ((i - hole) & mask)) continue;
		ix->slot[hole] = ix->slot[i];
		hole = i;
	}
	ix->slot[hole] = (struct index_slot){ 0 };
	ix->used--;
}

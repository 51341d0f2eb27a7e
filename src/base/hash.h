/* SPDX-License-Identifier: ISC */
/* hash.h - a keyed hash for tables that strangers fill, and the table.
 *
 * siphash is SipHash-2-4 (Aumasson and Bernstein 2012): who does not know the key cannot make names or
 * 4-tuples collide. siphash13 is its faster form with one and three rounds, as Rust and Linux use for
 * tables.
 *
 * `struct index` maps a hash to a small number (an index into the caller's array). It keeps no keys: the
 * caller looks whether the number found is the one meant, and asks for the next if not.
 *
 *     for (uint32_t at = INDEX_START, i; index_find(&ix, hash, &at, &i);)
 *             if (same(&things[i], key)) return &things[i];
 */
#ifndef TULLE_BASE_HASH_H
#define TULLE_BASE_HASH_H

#include "base/bytes.h"

uint64_t siphash(const uint8_t key[16], struct bytes);
uint64_t siphash13(const uint8_t key[16], struct bytes);

/* An open-addressing table over lent, zeroed slots; at most 3/4 of them are ever used. */
struct index_slot { uint32_t tag, value_plus_one; };
struct index { struct index_slot *slot; uint32_t slots, used; };
#define INDEX_START UINT32_MAX

size_t index_slots(size_t entries_max); /* how many slots to lend: a power of two */
void index_init(struct index *, struct index_slot *zeroed, size_t slots);
bool index_find(const struct index *, uint64_t hash, uint32_t *at, uint32_t *value);
void index_add(struct index *, uint64_t hash, uint32_t value);
void index_remove(struct index *, uint64_t hash, uint32_t value); /* must be there */

#endif

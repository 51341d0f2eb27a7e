/* SPDX-License-Identifier: ISC */
/* chance.h - chance, lent: a keyed stream cipher (ChaCha20, RFC 8439 2.3) run as a generator.
 *
 * The generator is the same everywhere, only the seed differs: the kernel's on the host, the command
 * line's in the lab. rng_fork makes an independent stream for a named user of chance (a host, a wire), so
 * that what one draws does not move what another draws.
 */
#ifndef TULLE_BASE_CHANCE_H
#define TULLE_BASE_CHANCE_H

#include "base/bytes.h"

#define RNG_SEED_BYTES 32

struct rng {
	uint8_t key[RNG_SEED_BYTES];
	uint64_t block;     /* of the key stream, the next to be made */
	uint32_t used;      /* bytes of `stream` that are spent */
	uint8_t stream[64]; /* one block */
};

void rng_init(struct rng *, const uint8_t seed[RNG_SEED_BYTES]);
void rng_init_number(struct rng *, uint64_t seed); /* as typed by a person: --seed 7 */
void rng_fork(struct rng *child, const struct rng *parent, const char *name, uint64_t number);

uint64_t rng_next(struct rng *);
uint64_t rng_below(struct rng *, uint64_t bound); /* 0 to bound - 1, unbiased; bound > 0 */
bool rng_chance(struct rng *, uint32_t of_a_billion); /* true with that likelihood; draws nothing for 0 */
void rng_fill(struct rng *, struct room);

#endif

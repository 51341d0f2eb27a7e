/* SPDX-License-Identifier: ISC */
/* pool.h - blocks of one size, cut from lent memory: for room that is wanted only while something is under way.
 *
 *     pool_init(&pool, room, 17 << 10);
 *     void *block = pool_take(&pool);      // NULL: all are out; `refused` counts it
 *     ...
 *     pool_give(&pool, block);             // wiped first by whoever put secrets into it
 *
 * Blocks are aligned for any type and not zeroed. What was given back last is handed out first, so few are touched.
 */
#ifndef TULLE_BASE_POOL_H
#define TULLE_BASE_POOL_H

#include <stdalign.h>

#include "base/bytes.h"

struct pool {
	uint8_t *at;
	size_t block_bytes;         /* of each; rounded down to a multiple of the strictest alignment */
	size_t count;               /* there are */
	size_t fresh;               /* never handed out yet: from here on */
	void *given_back;           /* a list through their first word */
	size_t out, out_max;        /* now, and at most so far */
	uint64_t refused;
};

static inline void pool_init(struct pool *p, struct room aligned, size_t block_bytes)
{
	block_bytes -= block_bytes % alignof(max_align_t);
	assert(block_bytes > 0 && (uintptr_t)aligned.at % alignof(max_align_t) == 0);
	*p = (struct pool){ .at = aligned.at, .block_bytes = block_bytes, .count = aligned.len / block_bytes };
}

static inline void *pool_take(struct pool *p)
{
	void *block = p->given_back;
	if (block != NULL) {
		memcpy(&p->given_back, block, sizeof p->given_back);
	} else if (p->fresh < p->count) {
		block = p->at + p->fresh++ * p->block_bytes;
	} else {
		p->refused++;
		return NULL;
	}
	p->out++;
	if (p->out > p->out_max) p->out_max = p->out;
	return block;
}

static inline void pool_give(struct pool *p, void *block)
{
	assert(p->out > 0 && block != NULL);
	memcpy(block, &p->given_back, sizeof p->given_back);
	p->given_back = block;
	p->out--;
}

#endif

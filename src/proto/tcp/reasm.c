/* SPDX-License-Identifier: ISC */
#include "proto/tcp/reasm.h"

#include <string.h>

#include "proto/tcp/seq.h"

/* Takes out ranges first..last-1 and moves what follows up. */
static void cut(struct tcp_reasm *r, uint32_t first, uint32_t last)
{
	memmove(r->range + first, r->range + last, (r->count - last) * sizeof *r->range);
	r->count -= last - first;
}

bool tcp_reasm_add(struct tcp_reasm *r, uint32_t from, uint32_t to)
{
	uint32_t first = 0, last; /* the ranges first..last-1 touch or overlap the new one */

	if (!seq_lt(from, to)) return true;
	while (first < r->count && seq_lt(r->range[first].to, from)) first++;
	for (last = first; last < r->count && seq_le(r->range[last].from, to); last++) {
		if (seq_lt(r->range[last].from, from)) from = r->range[last].from;
		to = seq_max(to, r->range[last].to);
	}
	if (first == last) {
		if (r->count == TCP_REASM_RANGES_MAX) return false;
		memmove(r->range + first + 1, r->range + first, (r->count - first) * sizeof *r->range);
		r->count++;
	} else {
		cut(r, first + 1, last);
	}
	r->range[first] = (struct tcp_range){ from, to };
	return true;
}

uint32_t tcp_reasm_join(struct tcp_reasm *r, uint32_t nxt)
{
	uint32_t passed = 0;

	for (; passed < r->count && seq_le(r->range[passed].from, nxt); passed++)
		nxt = seq_max(nxt, r->range[passed].to);
	cut(r, 0, passed);
	return nxt;
}

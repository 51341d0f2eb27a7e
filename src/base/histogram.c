/* SPDX-License-Identifier: ISC */
#include "base/histogram.h"

/* Below 2^(BITS+1) a value is its own part; above, the bits behind the first BITS+1 are forgotten. */
static uint32_t part_of(uint64_t value)
{
	uint32_t top = value > 0 ? 63 - (uint32_t)__builtin_clzll(value) : 0;
	uint32_t shift = top > HISTOGRAM_BITS ? top - HISTOGRAM_BITS : 0;
	return (shift << HISTOGRAM_BITS) + (uint32_t)(value >> shift);
}

/* The largest value that falls into a part. */
static uint64_t end_of(uint32_t part)
{
	uint32_t shift = part >> (HISTOGRAM_BITS + 1) > 0 ? (part >> HISTOGRAM_BITS) - 1 : 0;
	uint64_t first = part - (shift << HISTOGRAM_BITS);
	return ((first + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, int64_t value)
{
	uint64_t v = value > 0 ? (uint64_t)value : 0;

	if (h->count == 0 || v < h->min) h->min = v;
	if (v > h->max) h->max = v;
	h->count++;
	h->sum += v;
	h->part[part_of(v)]++;
}

uint64_t histogram_percentile(const struct histogram *h, uint32_t of_100000)
{
	/* no overflow: whole hundred thousands, and the rest */
	uint64_t whole = h->count / 100000, rest = h->count % 100000, seen = 0;
	uint64_t wanted = whole * of_100000 + (rest * of_100000 + 99999) / 100000;

	for (uint32_t i = 0; i < HISTOGRAM_PARTS; i++)
		if ((seen += h->part[i]) > 0 && seen >= wanted) return end_of(i) < h->max ? end_of(i) : h->max;
	return 0;
}

uint64_t histogram_mean(const struct histogram *h) { return h->count > 0 ? h->sum / h->count : 0; }

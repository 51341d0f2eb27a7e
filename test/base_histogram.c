/* SPDX-License-Identifier: ISC */
/* The histogram beside a plain twin: all values, sorted. */
#include "base/histogram.h"

#include <stdlib.h>

#include "base/chance.h"
#include "tap.h"

enum { VALUES = 20000 };
static struct histogram h;
static uint64_t value[VALUES];

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static void small_numbers_are_exact(void)
{
	h = (struct histogram){ 0 };
	CHECK(histogram_percentile(&h, 50000) == 0 && histogram_mean(&h) == 0);
	for (int i = 100; i > 0; i--) histogram_add(&h, i);
	CHECK(h.min == 1 && h.max == 100 && h.count == 100 && histogram_mean(&h) == 50);
	CHECK_EQ(histogram_percentile(&h, 50000), 50);
	CHECK_EQ(histogram_percentile(&h, 99000), 99);
	CHECK_EQ(histogram_percentile(&h, 99001), 100);
	CHECK_EQ(histogram_percentile(&h, 100000), 100);
	CHECK_EQ(histogram_percentile(&h, 1), 1);
}

static void the_ends_are_taken(void)
{
	h = (struct histogram){ 0 };
	histogram_add(&h, -5);
	CHECK(h.min == 0 && h.max == 0 && histogram_percentile(&h, 100000) == 0);
	histogram_add(&h, INT64_MAX);
	CHECK(h.max == INT64_MAX && histogram_percentile(&h, 100000) == INT64_MAX && histogram_percentile(&h, 50000) == 0);
}

static void as_a_sorted_list_says(void)
{
	static const uint32_t of_100000[] = { 1, 1000, 25000, 50000, 90000, 99000, 99900, 99990, 100000 };

	for (unsigned seed = 1; seed <= 20; seed++) {
		struct rng rng;
		size_t count = seed * (VALUES / 20);
		rng_init_number(&rng, seed);
		h = (struct histogram){ 0 };
		for (size_t i = 0; i < count; i++) {
			rng_fill(&rng, (struct room){ (uint8_t *)&value[i], sizeof value[i] });
			value[i] >>= 2 + value[i] % 60; /* of all sizes */
			histogram_add(&h, (int64_t)value[i]);
		}
		qsort(value, count, sizeof *value, by_size);
		CHECK(h.min == value[0] && h.max == value[count - 1] && h.count == count);
		for (size_t i = 0; i < COUNT(of_100000); i++) {
			size_t rank = (count * of_100000[i] + 99999) / 100000;
			uint64_t right = value[rank > 0 ? rank - 1 : 0], is = histogram_percentile(&h, of_100000[i]);
			CHECK(is >= right && is - right <= right / 64);
		}
	}
}

int main(void)
{
	TEST(small_numbers_are_exact);
	TEST(the_ends_are_taken);
	TEST(as_a_sorted_list_says);
	return tap_end();
}

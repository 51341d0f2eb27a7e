/* SPDX-License-Identifier: ISC */
/* pack.c - tests of src/pack: there and back, and what unpacks to too much, too little, or has something behind it. */
#include "base/chance.h"
#include "pack/pack.h"
#include "tap.h"

static const unsigned kinds[] = { PACK_ZLIB, PACK_BROTLI, PACK_ZSTD };
enum { LEN = 100000 };
static uint8_t plain[LEN], packed[LEN + 1000], out[LEN + 1000];

/* Text that packs well, then chance that does not. */
static void fill(size_t chance_from)
{
	struct rng rng;
	rng_init_number(&rng, 1);
	for (size_t i = 0; i < LEN; i++) plain[i] = (uint8_t)"certificate "[i % 12];
	rng_fill(&rng, (struct room){ plain + chance_from, LEN - chance_from });
}

static void there_and_back(void)
{
	fill(LEN / 2);
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (size_t len = 0; len <= LEN; len = len * 7 + 1) {
			size_t n = pack(kinds[k], (struct bytes){ plain, len }, (struct room){ packed, sizeof packed });
			CHECK(n > 0 && pack_known(kinds[k]));
			memset(out, 0xee, sizeof out);
			CHECK(unpack(kinds[k], (struct bytes){ packed, n }, (struct room){ out, len }));
			CHECK(memcmp(out, plain, len) == 0);
			CHECK_EQ(out[len], 0xee);
		}
}

static void packing_shrinks_or_says_no(void)
{
	fill(LEN);
	for (size_t k = 0; k < COUNT(kinds); k++) {
		size_t n = pack(kinds[k], (struct bytes){ plain, LEN }, (struct room){ packed, LEN });
		CHECK(n > 0 && n < LEN / 20);
		CHECK_EQ(pack(kinds[k], (struct bytes){ plain, LEN }, (struct room){ packed, n - 1 }), 0);
	}
	fill(0);
	for (size_t k = 0; k < COUNT(kinds); k++)
		CHECK_EQ(pack(kinds[k], (struct bytes){ plain, LEN }, (struct room){ packed, LEN - 100 }), 0);
}

/* A bomb, or a lie about the length, stops at the room's end. */
static void only_the_exact_length_unpacks(void)
{
	fill(LEN);
	for (size_t k = 0; k < COUNT(kinds); k++) {
		size_t n = pack(kinds[k], (struct bytes){ plain, LEN }, (struct room){ packed, sizeof packed });
		static const size_t wrong[] = { 0, 1, LEN / 2, LEN - 1, LEN + 1, LEN + 1000 };
		for (size_t i = 0; i < COUNT(wrong); i++) {
			memset(out, 0xee, sizeof out);
			CHECK(!unpack(kinds[k], (struct bytes){ packed, n }, (struct room){ out, wrong[i] }));
			if (wrong[i] < sizeof out) CHECK_EQ(out[wrong[i]], 0xee);
		}
		packed[n] = 0;
		CHECK(!unpack(kinds[k], (struct bytes){ packed, n + 1 }, (struct room){ out, LEN }));
	}
}

static void what_is_cut_or_flipped_is_refused_or_different(void)
{
	fill(LEN - 500);
	for (size_t k = 0; k < COUNT(kinds); k++) {
		size_t n = pack(kinds[k], (struct bytes){ plain, LEN }, (struct room){ packed, sizeof packed });
		for (size_t cut = 0; cut < n; cut++)
			CHECK(!unpack(kinds[k], (struct bytes){ packed, cut }, (struct room){ out, LEN }));
		for (size_t bit = 0; bit < 8 * n; bit += 5) { /* no crash; the libraries' sums are not everywhere */
			packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
			unpack(kinds[k], (struct bytes){ packed, n }, (struct room){ out, LEN });
			packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void unknown_kinds_are_refused(void)
{
	CHECK(!pack_known(0) && !pack_known(4) && !pack_known(65535));
	CHECK_EQ(pack(4, bytes_of("abc"), (struct room){ packed, sizeof packed }), 0);
	CHECK(!unpack(0, bytes_of("abc"), (struct room){ out, 3 }));
}

int main(void)
{
	TEST(there_and_back);
	TEST(packing_shrinks_or_says_no);
	TEST(only_the_exact_length_unpacks);
	TEST(what_is_cut_or_flipped_is_refused_or_different);
	TEST(unknown_kinds_are_refused);
	return tap_end();
}

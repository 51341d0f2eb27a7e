/* SPDX-License-Identifier: ISC */
#include "proto/ip/reassembly.h"

#include <stdlib.h>

#include "base/chance.h"
#include "tap.h"

static struct reassembly r;
static void *memory;
static uint8_t text[REASSEMBLY_BYTES_MAX + 100];
static struct whole whole;

static void start(uint16_t max)
{
	struct arena arena;
	free(memory);
	memory = calloc(1, reassembly_memory(max));
	arena_init(&arena, (struct room){ memory, reassembly_memory(max) });
	reassembly_init(&r, &arena, max);
	for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 31 + i / 256);
}

static struct fragment piece(uint32_t id, uint32_t from, uint32_t to, bool more)
{
	return (struct fragment){ .src = ip4_of(0x0a000001), .dst = ip4_of(0x0a000002), .id = id, .offset = from,
		.protocol = 17, .more = more, .payload = { text + from, to - from }, .packet = bytes_of("the header") };
}

static struct fragment piece6(uint32_t id, uint32_t from, uint32_t to, bool more)
{
	struct fragment f = piece(id, from, to, more);
	f.src = (struct ip){ { 0x20, 1, [15] = 1 } };
	f.dst = (struct ip){ { 0x20, 1, [15] = 2 } };
	return f;
}

static enum drop put(instant now, struct fragment f) { return reassembly_input(&r, now, &f, &whole); }

static bool is_whole(uint32_t len)
{
	return bytes_equal(whole.payload, (struct bytes){ text, len }) && whole.protocol == 17 &&
	       bytes_equal(whole.first, bytes_of("the header")) && r.used == 0;
}

static bool waits(void) { return whole.payload.len == 0; }

static void pieces_in_any_order(void)
{
	static const struct { uint32_t from, to; } cut[] = { { 0, 800 }, { 800, 1600 }, { 1600, 2400 }, { 2400, 2501 } };
	static const int order[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 } };
	start(2);
	for (size_t o = 0; o < COUNT(order); o++)
		for (int i = 0; i < 4; i++) {
			int k = order[o][i];
			CHECK_EQ(put(0, piece(7, cut[k].from, cut[k].to, k != 3)), DROP_NONE);
			if (i < 3) CHECK(waits());
			else CHECK(is_whole(2501));
		}
}

static void the_largest_and_what_is_beyond(void)
{
	start(1);
	for (uint32_t at = 0; at < 65528; at += 1304)
		CHECK_EQ(put(0, piece(1, at, at + 1304 < 65528 ? at + 1304 : 65528, true)), DROP_NONE);
	CHECK(waits());
	CHECK_EQ(put(0, piece(1, 65528, 65536, false)), DROP_LENGTH); /* a "ping of death" */
	CHECK_EQ(put(0, piece(1, 65528, 65535, false)), DROP_NONE);
	CHECK(is_whole(65535));
}

static void pieces_that_nobody_cuts(void)
{
	start(1);
	CHECK_EQ(put(0, piece(1, 0, 7, true)), DROP_LENGTH);
	CHECK_EQ(put(0, piece(1, 8, 8, true)), DROP_LENGTH);
	CHECK_EQ(put(0, piece(1, 8, 8, false)), DROP_LENGTH);
	CHECK_EQ(r.used, 0);
}

static void a_repetition_does_no_harm(void)
{
	start(1);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	CHECK_EQ(put(0, piece(1, 1600, 1701, false)), DROP_NONE);
	CHECK_EQ(put(0, piece(1, 1600, 1701, false)), DROP_NONE);
	CHECK(waits());
	CHECK_EQ(put(0, piece(1, 800, 1600, true)), DROP_NONE);
	CHECK(is_whole(1701));
}

static void an_overlap_spoils_all(void)
{
	struct fragment other = piece(1, 0, 800, true);
	struct bytes first;
	start(2);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	CHECK_EQ(put(0, piece(1, 792, 1600, true)), DROP_FRAGMENT_OVERLAP);
	CHECK_EQ(put(0, piece(1, 800, 1600, true)), DROP_FRAGMENT_OVERLAP); /* innocent, but too late */
	CHECK_EQ(put(0, piece(1, 1600, 1700, false)), DROP_FRAGMENT_OVERLAP);
	CHECK(!reassembly_output(&r, REASSEMBLY4_FOR, &first)); /* dropped in silence: RFC 5722 */
	CHECK_EQ(r.used, 0);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	other.payload.at = text + 1; /* the same place, other bytes */
	CHECK_EQ(put(0, other), DROP_FRAGMENT_OVERLAP);
}

static void the_end_is_the_end(void)
{
	start(4);
	CHECK_EQ(put(0, piece(1, 800, 900, false)), DROP_NONE);
	CHECK_EQ(put(0, piece(1, 904, 1000, false)), DROP_FRAGMENT_OVERLAP); /* another end */
	CHECK_EQ(put(0, piece(2, 800, 900, false)), DROP_NONE);
	CHECK_EQ(put(0, piece(2, 904, 912, true)), DROP_FRAGMENT_OVERLAP); /* beyond the end */
	CHECK_EQ(put(0, piece(3, 800, 1600, true)), DROP_NONE);
	CHECK_EQ(put(0, piece(3, 0, 100, false)), DROP_FRAGMENT_OVERLAP); /* an end before what came */
}

static void what_is_late_is_given_up(void)
{
	struct bytes first;
	start(3);
	CHECK_EQ(reassembly_deadline(&r), NEVER);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	CHECK_EQ(put(SECOND, piece(2, 800, 1600, true)), DROP_NONE); /* its first is missing: nobody is told */
	CHECK_EQ(put(2 * SECOND, piece6(3, 0, 800, true)), DROP_NONE);
	CHECK_EQ(reassembly_deadline(&r), REASSEMBLY4_FOR);
	CHECK(!reassembly_output(&r, REASSEMBLY4_FOR - 1, &first));
	CHECK(reassembly_output(&r, REASSEMBLY4_FOR, &first) && bytes_equal(first, bytes_of("the header")));
	CHECK(!reassembly_output(&r, REASSEMBLY4_FOR, &first));
	CHECK_EQ(reassembly_deadline(&r), REASSEMBLY4_FOR + SECOND);
	CHECK(!reassembly_output(&r, REASSEMBLY4_FOR + SECOND, &first));
	CHECK_EQ(reassembly_deadline(&r), REASSEMBLY6_FOR + 2 * SECOND);
	CHECK(reassembly_output(&r, REASSEMBLY6_FOR + 2 * SECOND, &first));
	CHECK(!reassembly_output(&r, REASSEMBLY6_FOR + 2 * SECOND, &first));
	CHECK_EQ(reassembly_deadline(&r), NEVER);
}

static void the_longest_waiting_makes_room(void)
{
	start(2);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	CHECK_EQ(put(1, piece(2, 0, 800, true)), DROP_NONE);
	CHECK_EQ(put(2, piece(3, 0, 800, true)), DROP_NONE);
	CHECK_EQ(r.evicted, 1);
	CHECK_EQ(put(3, piece(2, 800, 900, false)), DROP_NONE);
	CHECK_EQ(whole.payload.len, 900);
	start(0);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_FRAGMENT_ROOM);
}

static void others_datagrams_are_others(void)
{
	struct fragment f = piece(1, 800, 900, false);
	start(4);
	CHECK_EQ(put(0, piece(1, 0, 800, true)), DROP_NONE);
	f.protocol = 6;
	CHECK_EQ(put(0, f), DROP_NONE);
	CHECK(waits());
	f = piece(1, 800, 900, false);
	f.src = ip4_of(0x0a000009);
	CHECK_EQ(put(0, f), DROP_NONE);
	CHECK(waits());
	CHECK_EQ(put(0, piece(2, 800, 900, false)), DROP_NONE);
	CHECK(waits());
	CHECK_EQ(put(0, piece(1, 800, 900, false)), DROP_NONE);
	CHECK_EQ(whole.payload.len, 900);
}

/* Against an array: random cuts, in random order, with repetitions. */
static void as_an_array_would(void)
{
	struct rng rng;
	rng_init_number(&rng, 5);
	start(1);
	for (uint32_t round = 0; round < 100; round++) {
		struct fragment cut[200];
		size_t count = 0;
		uint32_t len = 1 + (uint32_t)rng_below(&rng, REASSEMBLY_BYTES_MAX);
		for (uint32_t at = 0; at < len;) {
			uint32_t to = at + 8 * (1 + (uint32_t)rng_below(&rng, count < 190 ? 150 : 9000));
			if (to > len) to = len;
			cut[count++] = piece(round, at, to, to < len);
			at = to;
		}
		for (size_t i = count; i > 1; i--) {
			size_t k = rng_below(&rng, i);
			struct fragment f = cut[k];
			cut[k] = cut[i - 1], cut[i - 1] = f;
		}
		for (size_t i = 0; i < count; i++) {
			if (i > 0 && rng_chance(&rng, 200000000)) CHECK_EQ(put(0, cut[rng_below(&rng, i)]), DROP_NONE);
			CHECK_EQ(put(0, cut[i]), DROP_NONE);
			CHECK(i + 1 == count || waits());
		}
		CHECK(bytes_equal(whole.payload, (struct bytes){ text, len }));
	}
}

int main(void)
{
	TEST(pieces_in_any_order);
	TEST(the_largest_and_what_is_beyond);
	TEST(pieces_that_nobody_cuts);
	TEST(a_repetition_does_no_harm);
	TEST(an_overlap_spoils_all);
	TEST(the_end_is_the_end);
	TEST(what_is_late_is_given_up);
	TEST(the_longest_waiting_makes_room);
	TEST(others_datagrams_are_others);
	TEST(as_an_array_would);
	free(memory);
	return tap_end();
}

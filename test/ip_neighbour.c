/* SPDX-License-Identifier: ISC */
#include "proto/ip/neighbour.h"

#include <stdlib.h>

#include "tap.h"

static struct neighbours cache;
static struct rng rng;
static void *memory;
static uint64_t waiting[1 << 12]; /* 32 KiB */
static const struct mac bob = { { 2, 0, 0, 0, 0, 0xb } }, eve = { { 2, 0, 0, 0, 0, 0xe } };

static struct ip host(uint8_t n) { return ip4_of(0x0a000000u + n); }

static void start(uint16_t max)
{
	struct arena arena;
	free(memory);
	memory = calloc(1, neighbour_memory(max));
	arena_init(&arena, (struct room){ memory, neighbour_memory(max) });
	rng_init_number(&rng, 3);
	neighbour_init(&cache, &arena, (struct room){ (uint8_t *)waiting, sizeof waiting }, max, &rng);
}

static void wait_for(instant now, uint8_t n, const char *packet)
{
	neighbour_wait(&cache, now, 1, host(n), bytes_of(packet));
}

static bool out_is(instant now, enum neighbour_what what, uint8_t n, const char *packet)
{
	struct neighbour_out out;
	if (!neighbour_output(&cache, now, &out)) return false;
	if (out.what != what || !ip_equal(out.ip, host(n)) || out.interface != 1) return false;
	if (packet == NULL) return true;
	return bytes_equal((struct bytes){ out.packet.at, out.packet.len }, bytes_of(packet));
}

/* The law of the deadline: nothing to do means that the next thing lies ahead. */
static bool quiet(instant now)
{
	struct neighbour_out out;
	return !neighbour_output(&cache, now, &out) && neighbour_deadline(&cache) > now;
}

static enum neighbour_state state(uint8_t n)
{
	const struct neighbour *e = neighbour_find(&cache, 1, host(n));
	return e == NULL ? NEIGHBOUR_NONE : (enum neighbour_state)e->state;
}

static void an_answer_lets_packets_go(void)
{
	struct mac mac;
	start(4);
	CHECK(!neighbour_use(&cache, 0, 1, host(2), &mac));
	wait_for(0, 2, "one");
	wait_for(0, 2, "two");
	CHECK(out_is(0, NEIGHBOUR_ASK, 2, NULL) && quiet(0));
	neighbour_answered(&cache, 5, 1, host(2), &bob, true, true);
	CHECK_EQ(neighbour_deadline(&cache), 5);
	CHECK(out_is(5, NEIGHBOUR_SEND, 2, "one") && out_is(5, NEIGHBOUR_SEND, 2, "two") && quiet(5));
	CHECK(neighbour_use(&cache, 6, 1, host(2), &mac) && mac_equal(mac, bob));
	CHECK(!neighbour_use(&cache, 6, 2, host(2), &mac)); /* another interface is another neighbour */
	CHECK_EQ(state(2), NEIGHBOUR_REACHABLE);
	CHECK(queue_is_empty(&cache.waiting));
}

static void no_answer_is_given_up_after_three_questions(void)
{
	start(4);
	wait_for(0, 2, "packet");
	for (int i = 0; i < NEIGHBOUR_TRIES_MAX; i++) {
		CHECK_EQ(neighbour_deadline(&cache), i * NEIGHBOUR_ASK_AGAIN_AFTER);
		CHECK(out_is(i * SECOND, NEIGHBOUR_ASK, 2, NULL) && quiet(i * SECOND));
	}
	CHECK(quiet(3 * SECOND - 1));
	CHECK(out_is(3 * SECOND, NEIGHBOUR_FAIL, 2, "packet") && quiet(3 * SECOND));
	CHECK_EQ(state(2), NEIGHBOUR_NONE);
	CHECK_EQ(neighbour_deadline(&cache), NEVER);
	wait_for(4 * SECOND, 2, "again"); /* and may be tried again */
	CHECK(out_is(4 * SECOND, NEIGHBOUR_ASK, 2, NULL) && quiet(4 * SECOND));
}

static void one_in_use_is_asked_whether_it_is_there(void)
{
	struct mac mac;
	start(4);
	neighbour_heard(&cache, 0, 1, host(2), bob, true);
	CHECK_EQ(state(2), NEIGHBOUR_STALE);
	CHECK(quiet(0) && neighbour_deadline(&cache) == NEVER); /* nobody needs it */
	CHECK(neighbour_use(&cache, SECOND, 1, host(2), &mac));
	CHECK_EQ(state(2), NEIGHBOUR_DELAY);
	CHECK_EQ(neighbour_deadline(&cache), SECOND + NEIGHBOUR_DELAY_FOR);
	for (int i = 0; i < NEIGHBOUR_TRIES_MAX; i++) {
		CHECK(out_is((6 + i) * SECOND, NEIGHBOUR_CHECK, 2, NULL) && quiet((6 + i) * SECOND));
		CHECK(neighbour_use(&cache, (6 + i) * SECOND, 1, host(2), &mac)); /* meanwhile it is believed */
	}
	CHECK(quiet(9 * SECOND));
	CHECK_EQ(state(2), NEIGHBOUR_NONE);
}

static void what_hears_us_is_not_asked(void)
{
	struct mac mac;
	start(4);
	neighbour_heard(&cache, 0, 1, host(2), bob, true);
	CHECK(neighbour_use(&cache, 0, 1, host(2), &mac));
	neighbour_confirm(&cache, SECOND, 1, host(2));
	CHECK_EQ(state(2), NEIGHBOUR_REACHABLE);
	CHECK(quiet(5 * SECOND) && neighbour_deadline(&cache) == NEVER);
	CHECK(neighbour_use(&cache, 100 * SECOND, 1, host(2), &mac)); /* long after: stale, and in use */
	CHECK_EQ(state(2), NEIGHBOUR_DELAY);
}

static void strangers_make_no_entries(void)
{
	start(4);
	neighbour_heard(&cache, 0, 1, host(2), eve, false);
	neighbour_answered(&cache, 0, 1, host(3), &eve, true, true);
	neighbour_confirm(&cache, 0, 1, host(4));
	CHECK_EQ(state(2), NEIGHBOUR_NONE);
	CHECK_EQ(state(3), NEIGHBOUR_NONE);
	CHECK_EQ(state(4), NEIGHBOUR_NONE);
	neighbour_heard(&cache, 0, 1, host(2), bob, true);
	neighbour_heard(&cache, 0, 1, host(2), eve, false); /* but a host may change its MAC, and say so to all */
	struct mac mac;
	CHECK(neighbour_use(&cache, 0, 1, host(2), &mac) && mac_equal(mac, eve));
}

/* RFC 4861, 7.2.5, case by case. */
static void advertisements(void)
{
	struct mac mac;
	start(4);
	wait_for(0, 2, "x");
	neighbour_answered(&cache, 0, 1, host(2), NULL, true, true);
	CHECK_EQ(state(2), NEIGHBOUR_INCOMPLETE); /* no address in it */
	neighbour_answered(&cache, 0, 1, host(2), &bob, false, false);
	CHECK_EQ(state(2), NEIGHBOUR_STALE); /* not asked for */
	neighbour_answered(&cache, 0, 1, host(2), &bob, true, false);
	CHECK_EQ(state(2), NEIGHBOUR_REACHABLE);
	neighbour_answered(&cache, 0, 1, host(2), &eve, true, false);
	CHECK_EQ(state(2), NEIGHBOUR_STALE); /* doubted, not believed */
	CHECK(neighbour_use(&cache, 0, 1, host(2), &mac) && mac_equal(mac, bob));
	neighbour_answered(&cache, 0, 1, host(2), &eve, false, true);
	CHECK_EQ(state(2), NEIGHBOUR_STALE);
	CHECK(neighbour_use(&cache, 0, 1, host(2), &mac) && mac_equal(mac, eve));
	neighbour_answered(&cache, 0, 1, host(2), NULL, true, false);
	CHECK_EQ(state(2), NEIGHBOUR_REACHABLE);
}

static void a_full_table_forgets_the_least_used(void)
{
	struct mac mac;
	start(3);
	for (uint8_t n = 1; n <= 3; n++) neighbour_heard(&cache, n, 1, host(n), bob, true);
	CHECK(neighbour_use(&cache, 4, 1, host(1), &mac));
	neighbour_heard(&cache, 5, 1, host(4), bob, true);
	CHECK_EQ(state(2), NEIGHBOUR_NONE);
	CHECK(state(1) != NEIGHBOUR_NONE && state(3) != NEIGHBOUR_NONE && state(4) != NEIGHBOUR_NONE);
	for (uint8_t n = 10; n < 200; n++) wait_for(6, n, "scan"); /* one after another: nothing grows */
	CHECK_EQ(state(199), NEIGHBOUR_INCOMPLETE);
	struct neighbour_out out;
	int asked = 0;
	while (neighbour_output(&cache, 6, &out)) asked++;
	CHECK_EQ(asked, 3);
	CHECK_EQ(cache.lost, 190 - 3);
}

static void a_full_queue_drops_the_oldest(void)
{
	char text[8];
	start(4);
	for (int i = 0; i < NEIGHBOUR_WAITING_MAX + 5; i++) {
		snprintf(text, sizeof text, "%d", i);
		wait_for(0, 2, text);
	}
	CHECK_EQ(cache.lost, 5);
	CHECK(out_is(0, NEIGHBOUR_ASK, 2, NULL));
	neighbour_answered(&cache, 0, 1, host(2), &bob, true, true);
	for (int i = 5; i < NEIGHBOUR_WAITING_MAX + 5; i++) {
		snprintf(text, sizeof text, "%d", i);
		CHECK(out_is(0, NEIGHBOUR_SEND, 2, text));
	}
	CHECK(quiet(0));
	/* Large ones fill the queue before their number does. */
	static uint8_t large[1500];
	for (uint8_t i = 0; i < 100; i++) {
		large[0] = i;
		neighbour_wait(&cache, 0, 1, host(3), (struct bytes){ large, sizeof large });
	}
	CHECK(out_is(0, NEIGHBOUR_ASK, 3, NULL));
	neighbour_answered(&cache, 0, 1, host(3), &bob, true, true);
	struct neighbour_out out;
	uint8_t last = 0;
	int count = 0;
	for (; neighbour_output(&cache, 0, &out); count++) last = out.packet.at[0];
	CHECK(last == 99 && count == (int)(sizeof waiting / queue_takes(1500)));
}

int main(void)
{
	TEST(an_answer_lets_packets_go);
	TEST(no_answer_is_given_up_after_three_questions);
	TEST(one_in_use_is_asked_whether_it_is_there);
	TEST(what_hears_us_is_not_asked);
	TEST(strangers_make_no_entries);
	TEST(advertisements);
	TEST(a_full_table_forgets_the_least_used);
	TEST(a_full_queue_drops_the_oldest);
	free(memory);
	return tap_end();
}

/* SPDX-License-Identifier: ISC */
/* Tickets (src/proto/tls/tickets.c) and the window against replays (early.c). */
#include <stdlib.h>

#include "proto/tls/tickets.h"
#include "tap.h"

#define HOUR INT64_C(3600000)
#define DATE (INT64_C(1800000000000) / (2 * HOUR) * (2 * HOUR)) /* ms; a period begins */

static struct rng rng;
static struct crypt *crypt;
static const uint8_t master[TLS_TICKETS_MASTER_BYTES] = { 1, 2, 3 };

static struct tls_tickets *open_tickets(const uint8_t *secret, unsigned lifetime_s, unsigned replays_max)
{
	size_t size = tls_tickets_size(replays_max);
	return tls_tickets_init((struct room){ malloc(size), size }, crypt, &rng, secret, lifetime_s, replays_max);
}

static void close_tickets(struct tls_tickets *t)
{
	tls_tickets_end(t);
	free(t);
}

static struct tls_ticket example(int64_t date_ms)
{
	struct tls_ticket k = { .version = TLS_1_3, .suite = TLS_AES_128_GCM_SHA256, .secret = "a secret of thirty-two bytes....", .secret_len = 32,
		.client_authenticated = true, .issued_at_ms = date_ms, .lifetime_s = 7200, .age_add = 0xfffffff0, .early_data_max = 1000,
		.server_name = "www.example.com", .alpn = "h2" };
	memset(k.client_certificate_hash, 7, sizeof k.client_certificate_hash);
	return k;
}

static struct bytes sealed_at(struct tls_tickets *t, int64_t date_ms)
{
	static uint8_t room[TLS_TICKET_MAX];
	struct tls_ticket k = example(date_ms);
	size_t n = tls_ticket_seal(t, date_ms, &k, (struct room){ room, sizeof room });
	return (struct bytes){ room, n };
}

static bool opens(struct tls_tickets *t, int64_t date_ms, struct bytes sealed)
{
	struct tls_ticket got;
	return tls_ticket_open(t, date_ms, sealed, &got, NULL);
}

static void a_ticket_holds_what_was_put_in(void)
{
	struct tls_tickets *t = open_tickets(NULL, 0, 4);
	struct tls_ticket put = example(DATE), got;
	const char *why = NULL;
	struct bytes sealed = sealed_at(t, DATE);
	CHECK(sealed.len > 0 && sealed.len < 300);
	CHECK(tls_ticket_open(t, DATE + 5, sealed, &got, &why));
	CHECK(got.ours);
	CHECK(got.version == put.version && got.suite == put.suite && got.client_authenticated && !got.extended_master_secret);
	CHECK(got.secret_len == 32 && memcmp(got.secret, put.secret, 48) == 0);
	CHECK(got.issued_at_ms == DATE && got.lifetime_s == 7200 && got.age_add == 0xfffffff0 && got.early_data_max == 1000);
	CHECK_STR(got.server_name, "www.example.com");
	CHECK_STR(got.alpn, "h2");
	CHECK(memcmp(got.client_certificate_hash, put.client_certificate_hash, 32) == 0);
	CHECK_EQ(tls_tickets_counts(t).sealed, 1);
	CHECK_EQ(tls_tickets_counts(t).opened, 1);
	close_tickets(t);
}

static void nothing_that_was_changed_opens(void)
{
	struct tls_tickets *t = open_tickets(NULL, 0, 4);
	struct bytes sealed = sealed_at(t, DATE);
	uint8_t copy[TLS_TICKET_MAX];
	memcpy(copy, sealed.at, sealed.len);
	for (size_t bit = 0; bit < 8 * sealed.len; bit += 3) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!opens(t, DATE, (struct bytes){ copy, sealed.len }));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sealed.len; len++) CHECK(!opens(t, DATE, (struct bytes){ copy, len }));
	CHECK(opens(t, DATE, (struct bytes){ copy, sealed.len }));
	CHECK(tls_ticket_seal(t, DATE, &(struct tls_ticket){ .secret_len = 48 }, (struct room){ copy, 60 }) == 0);
	CHECK(tls_tickets_counts(t).foreign > sealed.len);
	close_tickets(t);
}

static void a_key_lives_for_two_periods(void)
{
	struct tls_tickets *t = open_tickets(NULL, 7200, 4);
	uint8_t room[TLS_TICKET_MAX];
	struct tls_ticket k = example(DATE);
	k.lifetime_s = 1000000; /* so that only the key ends it */
	struct bytes sealed = { room, tls_ticket_seal(t, DATE, &k, (struct room){ room, sizeof room }) };
	CHECK(opens(t, DATE + 2 * HOUR - 1, sealed));
	CHECK(opens(t, DATE + 2 * HOUR, sealed));
	CHECK(opens(t, DATE + 4 * HOUR - 1, sealed));
	CHECK(!opens(t, DATE + 4 * HOUR, sealed));
	CHECK(memcmp(sealed_at(t, DATE).at, room, 16) == 0); /* the key's name */
	CHECK(memcmp(sealed_at(t, DATE + 2 * HOUR).at, room, 16) != 0);
	CHECK(!opens(t, -1, sealed));
	close_tickets(t);
}

static void a_ticket_ends_with_its_lifetime(void)
{
	struct tls_tickets *t = open_tickets(NULL, 0, 4);
	struct tls_ticket got;
	const char *why = NULL;
	struct bytes sealed = sealed_at(t, DATE);
	CHECK(opens(t, DATE + 2 * HOUR, sealed));
	CHECK(!tls_ticket_open(t, DATE + 2 * HOUR + 1, sealed, &got, &why));
	CHECK_STR(why, "the ticket has expired");
	CHECK_EQ(tls_tickets_counts(t).expired, 1);
	sealed = sealed_at(t, DATE + HOUR);
	CHECK(!opens(t, DATE + HOUR - 11000, sealed)); /* from the future */
	CHECK(opens(t, DATE + HOUR - 9000, sealed));
	close_tickets(t);
	t = open_tickets(NULL, UINT32_MAX, 0);
	CHECK_EQ(tls_tickets_lifetime(t), 7 * 24 * 3600);
	close_tickets(t);
}

static void servers_with_one_master_secret_share_their_tickets(void)
{
	struct tls_tickets *a = open_tickets(master, 0, 4), *b = open_tickets(master, 0, 4), *other = open_tickets(NULL, 0, 4);
	struct tls_ticket got;
	const char *why = NULL;
	CHECK(tls_ticket_open(b, DATE, sealed_at(a, DATE), &got, NULL));
	CHECK(!got.ours);
	CHECK(!tls_ticket_use_early(b, DATE, bytes_of("binder"), &got, got.age_add, &why)); /* it cannot know whether a took it */
	CHECK_STR(why, "the ticket was sealed by another server, or before a restart");
	CHECK(!tls_ticket_open(other, DATE, sealed_at(a, DATE), &got, &why));
	CHECK_STR(why, "the ticket is not one of ours, or its key is gone");
	close_tickets(a), close_tickets(b), close_tickets(other);
}

static void early_data_comes_once(void)
{
	struct tls_tickets *t = open_tickets(NULL, 0, 4);
	struct tls_ticket k;
	const char *why = NULL;
	CHECK(tls_ticket_open(t, DATE, sealed_at(t, DATE), &k, NULL));
	CHECK(tls_ticket_use_early(t, DATE + 100, bytes_of("binder"), &k, k.age_add + 90, &why));
	CHECK(!tls_ticket_use_early(t, DATE + 101, bytes_of("binder"), &k, k.age_add + 90, &why));
	CHECK_STR(why, "this very flight came before: it is a replay");
	CHECK(!tls_ticket_use_early(t, DATE + 102, bytes_of("another"), &k, k.age_add + 90, &why));
	CHECK_STR(why, "the ticket was used for early data before");
	CHECK_EQ(tls_tickets_counts(t).early_taken, 1);
	CHECK_EQ(tls_tickets_counts(t).early_replayed, 2);
	close_tickets(t);
}

/* At every moment a replay is either remembered, or its age is wrong. */
static void no_moment_lets_a_replay_through(void)
{
	for (int64_t first = -10000; first <= 10000; first += 2500) {
		for (int64_t later = 0; later <= 40000; later += 500) {
			struct tls_tickets *t = open_tickets(NULL, 0, 4);
			struct tls_ticket k;
			CHECK(tls_ticket_open(t, DATE, sealed_at(t, DATE), &k, NULL));
			k.issued_at_ms = DATE + 20000; /* the flight says: now it is DATE + 20 s + 5 s */
			CHECK(tls_ticket_use_early(t, DATE + 25000 + first, bytes_of("binder"), &k, k.age_add + 5000, NULL));
			CHECK(!tls_ticket_use_early(t, DATE + 25000 + first + later, bytes_of("binder"), &k, k.age_add + 5000, NULL));
			close_tickets(t);
		}
	}
}

static void ages(void)
{
	struct tls_tickets *t = open_tickets(NULL, 0, 16);
	static const struct { int64_t at; uint32_t age; bool taken; } tries[] = {
		{ 0, 0, true }, { 10000, 0, true }, { 10001, 0, false }, { 20000, 10000, true }, { 20000, 9999, false },
		{ 20000, 30000, true }, { 20000, 30001, false }, { 20000, UINT32_MAX, false }, { 3600000, 3600000, true },
	};
	for (size_t i = 0; i < COUNT(tries); i++) {
		struct tls_ticket k;
		const char *why = NULL;
		CHECK(tls_ticket_open(t, DATE, sealed_at(t, DATE), &k, NULL));
		k.secret[0] = (uint8_t)i; /* another ticket */
		CHECK_EQ(tls_ticket_use_early(t, DATE + tries[i].at, bytes_of("b"), &k, k.age_add + tries[i].age, &why), tries[i].taken);
		if (!tries[i].taken) CHECK_STR(why, "the ticket's age is wrong: the flight is old, or a clock is off");
	}
	close_tickets(t);
}

static void a_full_window_refuses_and_forgets_in_time(void)
{
	struct tls_tickets *t = open_tickets(NULL, 0, 3);
	struct tls_ticket k = example(DATE);
	const char *why = NULL;
	k.ours = true;
	for (uint8_t i = 0; i < 3; i++) {
		k.secret[0] = i;
		CHECK(tls_ticket_use_early(t, DATE + i, bytes_of("b"), &k, k.age_add, &why));
	}
	k.secret[0] = 3;
	CHECK(!tls_ticket_use_early(t, DATE + 100, bytes_of("b"), &k, k.age_add, &why));
	CHECK_STR(why, "the window against replays is full");
	CHECK_EQ(tls_tickets_counts(t).early_window_full, 1);
	CHECK(!tls_ticket_use_early(t, DATE + 20000, bytes_of("b"), &k, k.age_add + 20000, &why));
	CHECK(tls_ticket_use_early(t, DATE + 20001, bytes_of("b"), &k, k.age_add + 20000, &why)); /* the oldest is gone, one */
	k.secret[0] = 4;
	CHECK(tls_ticket_use_early(t, DATE + 20002, bytes_of("b"), &k, k.age_add + 20000, &why));
	close_tickets(t);
	t = open_tickets(NULL, 0, 0);
	CHECK(!tls_ticket_use_early(t, DATE, bytes_of("b"), &k, k.age_add, &why)); /* no memory: none */
	close_tickets(t);
}

/* Beside a plain twin that remembers everything. */
static void the_window_and_its_plain_twin_agree(void)
{
	static struct { int64_t at; uint64_t ticket; } twin[4000];
	struct tls_window w;
	struct arena arena;
	size_t size = tls_window_size(16), count = 0;
	uint8_t *memory = malloc(size);
	int64_t date = DATE;
	arena_init(&arena, (struct room){ memory, size });
	tls_window_init(&w, &arena, &rng, 16);
	for (unsigned i = 0; i < COUNT(twin); i++) {
		uint64_t ticket = rng_below(&rng, 40);
		unsigned held = 0;
		bool known = false;
		date += (int64_t)rng_below(&rng, 3000);
		for (size_t k = 0; k < count; k++) {
			if (date - twin[k].at > 2 * TLS_EARLY_WINDOW_S * 1000) continue;
			held++;
			known |= twin[k].ticket == ticket;
		}
		enum tls_window_found found = tls_window_use(&w, date, (struct bytes){ (uint8_t *)&ticket, 8 }, bytes_of("hello"));
		CHECK_EQ(found, known ? TLS_WINDOW_REPLAYED : held == 16 ? TLS_WINDOW_FULL : TLS_WINDOW_NEW);
		if (found == TLS_WINDOW_NEW) twin[count].at = date, twin[count++].ticket = ticket;
	}
	free(memory);
}

static void cookies_are_no_tickets(void)
{
	struct tls_tickets *t = open_tickets(master, 0, 4), *other = open_tickets(master, 0, 4);
	uint8_t cookie[100], plain[100];
	size_t len = tls_cookie_seal(t, DATE, bytes_of("memory"), (struct room){ cookie, sizeof cookie });
	CHECK_EQ(len, 6 + TLS_COOKIE_OVERHEAD);
	CHECK_EQ(tls_cookie_open(other, DATE + 1000, (struct bytes){ cookie, len }, (struct room){ plain, sizeof plain }), 6);
	CHECK(memcmp(plain, "memory", 6) == 0);
	CHECK(!opens(t, DATE, (struct bytes){ cookie, len }));
	CHECK_EQ(tls_cookie_open(t, DATE, sealed_at(t, DATE), (struct room){ plain, sizeof plain }), 0);
	CHECK_EQ(tls_cookie_open(t, DATE, (struct bytes){ cookie, len }, (struct room){ plain, 5 }), 0);
	CHECK_EQ(tls_cookie_open(t, DATE + 4 * HOUR, (struct bytes){ cookie, len }, (struct room){ plain, sizeof plain }), 0);
	close_tickets(t), close_tickets(other);
}

static void nothing_is_left_in_memory(void)
{
	size_t size = tls_tickets_size(4);
	uint8_t *memory = malloc(size);
	static const uint8_t secret[TLS_TICKETS_MASTER_BYTES] = "the master secret of the tickets";
	struct tls_tickets *t = tls_tickets_init((struct room){ memory, size }, crypt, &rng, secret, 0, 4);
	sealed_at(t, DATE);
	tls_tickets_end(t);
	for (size_t i = 0; i + 8 <= size; i++) CHECK(memcmp(memory + i, secret + 4, 8) != 0);
	free(memory);
	tls_tickets_end(NULL);
}

int main(void)
{
	rng_init_number(&rng, 1);
	crypt = crypt_open(&rng);
	if (crypt == NULL) return 1;
	TEST(a_ticket_holds_what_was_put_in);
	TEST(nothing_that_was_changed_opens);
	TEST(a_key_lives_for_two_periods);
	TEST(a_ticket_ends_with_its_lifetime);
	TEST(servers_with_one_master_secret_share_their_tickets);
	TEST(early_data_comes_once);
	TEST(no_moment_lets_a_replay_through);
	TEST(ages);
	TEST(a_full_window_refuses_and_forgets_in_time);
	TEST(the_window_and_its_plain_twin_agree);
	TEST(cookies_are_no_tickets);
	TEST(nothing_is_left_in_memory);
	crypt_close(crypt);
	return tap_end();
}

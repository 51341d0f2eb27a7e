/* SPDX-License-Identifier: ISC */
/* Sessions remembered (src/proto/tls/sessions.c): beside a plain twin, by seed; and to a file and back. */
#include <stdlib.h>

#include "base/chance.h"
#include "proto/tls/sessions.h"
#include "tap.h"

enum { MAX = 6, PER_NAME = 2, BLOCK = 64 << 10 };

static _Alignas(16) uint8_t memory[BLOCK];

static struct tls_session session_of(unsigned number, unsigned version)
{
	struct tls_session s = { .version = (uint16_t)version, .suite = TLS_AES_128_GCM_SHA256, .secret_len = 32, .lifetime_s = 100,
	                         .age_add = number, .got_at_ms = 1000, .ticket_len = 20, .alpn = "h2", .server_name = "a.example" };
	memset(s.secret, (int)(0x40 + number % 64), s.secret_len);
	memset(s.ticket, (int)number, s.ticket_len);
	return s;
}

static struct tls_sessions *fresh(unsigned max, unsigned per_name)
{
	size_t size = tls_sessions_size(max);
	if (size > sizeof memory) abort();
	memset(memory, 0xee, sizeof memory);
	return tls_sessions_init((struct room){ memory, size }, max, per_name);
}

static void put(struct tls_sessions *s, const char *key, unsigned number, unsigned version)
{
	struct tls_session session = session_of(number, version);
	tls_sessions_put(s, bytes_of(key), &session);
}

/* The number of the session taken, or -1. */
static int take(struct tls_sessions *s, const char *key, int64_t date_ms)
{
	struct tls_session session;
	return tls_sessions_take(s, bytes_of(key), date_ms, &session) ? (int)session.age_add : -1;
}

static void tickets_of_13_are_taken_once(void)
{
	struct tls_sessions *s = fresh(MAX, PER_NAME);
	put(s, "a.example:443", 1, TLS_1_3);
	put(s, "a.example:443", 2, TLS_1_3);
	CHECK_EQ(take(s, "b.example:443", 2000), -1);
	CHECK_EQ(take(s, "a.example:443", 2000), 2);
	CHECK_EQ(take(s, "a.example:443", 2000), 1);
	CHECK_EQ(take(s, "a.example:443", 2000), -1);
	CHECK_EQ(tls_sessions_count(s), 0);
}

static void sessions_of_12_stay(void)
{
	struct tls_sessions *s = fresh(MAX, PER_NAME);
	put(s, "a.example", 1, TLS_1_2);
	CHECK_EQ(take(s, "a.example", 2000), 1);
	CHECK_EQ(take(s, "a.example", 2000), 1);
	tls_sessions_forget(s, bytes_of("a.example"));
	CHECK_EQ(take(s, "a.example", 2000), -1);
}

static void the_least_recently_used_goes(void)
{
	struct tls_sessions *s = fresh(3, PER_NAME);
	put(s, "a", 1, TLS_1_2);
	put(s, "b", 2, TLS_1_2);
	put(s, "c", 3, TLS_1_2);
	CHECK_EQ(take(s, "a", 2000), 1);
	put(s, "d", 4, TLS_1_2);
	CHECK_EQ(take(s, "b", 2000), -1);
	CHECK_EQ(take(s, "a", 2000), 1);
	CHECK_EQ(take(s, "c", 2000), 3);
	CHECK_EQ(take(s, "d", 2000), 4);
	CHECK_EQ(tls_sessions_count(s), 3);
}

static void a_name_has_a_bound_of_its_own(void)
{
	struct tls_sessions *s = fresh(MAX, PER_NAME);
	put(s, "b", 9, TLS_1_3);
	for (unsigned i = 0; i < 10; i++) put(s, "a", i, TLS_1_3);
	CHECK_EQ(tls_sessions_count(s), PER_NAME + 1);
	CHECK_EQ(take(s, "a", 2000), 9);
	CHECK_EQ(take(s, "a", 2000), 8);
	CHECK_EQ(take(s, "a", 2000), -1);
	CHECK_EQ(take(s, "b", 2000), 9);
}

static void old_ones_are_not_given(void)
{
	struct tls_sessions *s = fresh(MAX, PER_NAME);
	put(s, "a", 1, TLS_1_3);
	CHECK_EQ(take(s, "a", 999), -1); /* from the future: the clock was set back */
	put(s, "a", 1, TLS_1_3);
	CHECK_EQ(take(s, "a", 1000 + 100 * 1000), -1);
	CHECK_EQ(tls_sessions_count(s), 0);
	put(s, "a", 1, TLS_1_3);
	CHECK_EQ(take(s, "a", 1000 + 100 * 1000 - 1), 1);

	struct tls_session session = session_of(2, TLS_1_3);
	session.lifetime_s = UINT32_MAX; /* seven days at most, whatever the server said */
	CHECK(tls_session_is_fresh(&session, 1000 + 7 * INT64_C(86400000) - 1));
	CHECK(!tls_session_is_fresh(&session, 1000 + 7 * INT64_C(86400000)));
	session.lifetime_s = 0;
	CHECK(tls_session_is_fresh(&session, 1000 + INT64_C(86400000) - 1));
	CHECK(!tls_session_is_fresh(&session, 1000 + INT64_C(86400000)));
}

static void long_keys_are_not_remembered(void)
{
	struct tls_sessions *s = fresh(MAX, PER_NAME);
	char key[TLS_SESSION_KEY_MAX + 2];
	memset(key, 'k', sizeof key);
	key[TLS_SESSION_KEY_MAX + 1] = '\0';
	put(s, key, 1, TLS_1_3);
	CHECK_EQ(tls_sessions_count(s), 0);
	key[TLS_SESSION_KEY_MAX] = '\0';
	put(s, key, 1, TLS_1_3);
	CHECK_EQ(take(s, key, 2000), 1);
	CHECK_EQ(tls_sessions_size(0), 0);
	CHECK_EQ(tls_sessions_size(UINT32_MAX), 0);
}

static bool in_memory(unsigned byte)
{
	unsigned run = 0;
	for (size_t i = 0; i < sizeof memory && run < 16; i++) run = memory[i] == byte ? run + 1 : 0;
	return run >= 16;
}

static void what_leaves_is_wiped(void)
{
	struct tls_sessions *s = fresh(3, PER_NAME);
	put(s, "a", 1, TLS_1_3); /* its secret is sixteen times and more 0x41 */
	CHECK(in_memory(0x41));
	CHECK_EQ(take(s, "a", 2000), 1);
	CHECK(!in_memory(0x41));
	put(s, "a", 2, TLS_1_2);
	tls_sessions_forget(s, bytes_of("a"));
	CHECK(!in_memory(0x42));
	for (unsigned i = 3; i < 7; i++) put(s, &"abcd"[i - 3], i, TLS_1_2);
	CHECK(!in_memory(0x43));
	CHECK(in_memory(0x44));
	tls_sessions_end(s);
	for (unsigned i = 0; i < 10; i++) CHECK(!in_memory(0x40 + i));
}

/* The twin: a list, newest use last. */
static struct { char key; unsigned number, version; } twin[MAX + 1];
static unsigned twin_count;

static void twin_remove(unsigned i)
{
	memmove(twin + i, twin + i + 1, (--twin_count - i) * sizeof *twin);
}

static void twin_put(char key, unsigned number, unsigned version)
{
	unsigned same = 0, oldest = 0;
	for (unsigned i = 0; i < twin_count; i++)
		if (twin[i].key == key && (same++ == 0 || twin[i].number < twin[oldest].number)) oldest = i;
	if (same == PER_NAME) twin_remove(oldest);
	if (twin_count == MAX) twin_remove(0);
	twin[twin_count].key = key, twin[twin_count].number = number, twin[twin_count++].version = version;
}

static int twin_take(char key)
{
	unsigned newest = MAX;
	for (unsigned i = 0; i < twin_count; i++)
		if (twin[i].key == key && (newest == MAX || twin[i].number > twin[newest].number)) newest = i;
	if (newest == MAX) return -1;
	unsigned number = twin[newest].number, version = twin[newest].version;
	twin_remove(newest);
	if (version == TLS_1_2) {
		twin[twin_count].key = key, twin[twin_count].number = number, twin[twin_count++].version = version;
	}
	return (int)number;
}

static void as_a_plain_list_does(void)
{
	struct rng rng;
	struct tls_sessions *s = fresh(MAX, PER_NAME);
	rng_init_number(&rng, 7);
	for (unsigned n = 0; n < 20000; n++) {
		char key[2] = { (char)('a' + rng_below(&rng, 5)), '\0' };
		unsigned version = rng_chance(&rng, 500000000) ? TLS_1_2 : TLS_1_3;
		switch (rng_below(&rng, 5)) {
		case 0: case 1: put(s, key, n, version), twin_put(*key, n, version); break;
		case 2: case 3: CHECK_EQ(take(s, key, 2000), twin_take(*key)); break;
		default:
			if (rng_below(&rng, 4) > 0) break;
			tls_sessions_forget(s, bytes_of(key));
			for (unsigned i = twin_count; i-- > 0;)
				if (twin[i].key == *key) twin_remove(i);
		}
		CHECK_EQ(tls_sessions_count(s), twin_count);
	}
}

static void a_file_and_back(void)
{
	static uint8_t file[TLS_SESSION_FILE_MAX], bad[TLS_SESSION_FILE_MAX + 1];
	struct tls_session s = session_of(5, TLS_1_2), back;
	s.extended_master_secret = true, s.early_data_max = 77, s.session_id_len = 32;
	memset(s.session_id, 9, 32);
	size_t len = tls_session_write(&s, (struct room){ file, sizeof file });
	CHECK(len > 0);
	memset(&back, 0x55, sizeof back);
	CHECK(tls_session_read((struct bytes){ file, len }, &back));
	CHECK(back.version == s.version && back.suite == s.suite && back.extended_master_secret && !back.client_authenticated);
	CHECK(back.lifetime_s == 100 && back.age_add == 5 && back.early_data_max == 77 && back.got_at_ms == 1000);
	CHECK(back.secret_len == 32 && memcmp(back.secret, s.secret, 32) == 0 && back.session_id_len == 32);
	CHECK(memcmp(back.session_id, s.session_id, 32) == 0 && back.ticket_len == 20 && memcmp(back.ticket, s.ticket, 20) == 0);
	CHECK_STR(back.alpn, "h2");
	CHECK_STR(back.server_name, "a.example");
	for (size_t n = 0; n < len; n++) { /* cut short, or one bit wrong: not read, and nothing written */
		CHECK(!tls_session_read((struct bytes){ file, n }, &back));
		memcpy(bad, file, len);
		bad[n] ^= (uint8_t)(1 << n % 8);
		CHECK(!tls_session_read((struct bytes){ bad, len }, &back));
		CHECK_EQ(tls_session_write(&s, (struct room){ bad, n }), 0);
	}
	memcpy(bad, file, len), bad[len] = 0;
	CHECK(!tls_session_read((struct bytes){ bad, len + 1 }, &back));
	s.ticket_len = TLS_TICKET_MAX, memset(s.alpn, 'x', 255), memset(s.server_name, 'y', 255);
	CHECK(tls_session_write(&s, (struct room){ file, sizeof file }) > 0);
}

int main(void)
{
	TEST(tickets_of_13_are_taken_once);
	TEST(sessions_of_12_stay);
	TEST(the_least_recently_used_goes);
	TEST(a_name_has_a_bound_of_its_own);
	TEST(old_ones_are_not_given);
	TEST(long_keys_are_not_remembered);
	TEST(what_leaves_is_wiped);
	TEST(as_a_plain_list_does);
	TEST(a_file_and_back);
	return tap_end();
}

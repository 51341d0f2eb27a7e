/* SPDX-License-Identifier: ISC */
#include "base/address.h"
#include "base/arena.h"
#include "base/chance.h"
#include "base/checksum.h"
#include "base/hash.h"
#include "base/heap.h"
#include "base/instant.h"
#include "base/ring.h"
#include "base/trace.h"
#include "tap.h"

static void spans_are_read_as_people_write_them(void)
{
	instant t = -1;
	CHECK(instant_parse("250us", &t) && t == 250 * MICROSECOND);
	CHECK(instant_parse("1.5s", &t) && t == 1500 * MILLISECOND);
	CHECK(instant_parse("2", &t) && t == 2 * SECOND);
	CHECK(instant_parse("0.000000001", &t) && t == 1);
	CHECK(instant_parse("3h", &t) && t == 3 * 3600 * SECOND);
	CHECK(instant_parse("0.5h", &t) && t == 1800 * SECOND);
	t = 7;
	CHECK(!instant_parse("", &t) && !instant_parse(".", &t) && !instant_parse("5 s", &t));
	CHECK(!instant_parse("-1s", &t) && !instant_parse("1sx", &t) && !instant_parse("9999999999", &t));
	CHECK_EQ(t, 7);
	CHECK(instant_after(5, NEVER) == NEVER && instant_after(NEVER - 1, 1) == NEVER && instant_after(5, 6) == 11);
}

static void a_ring_wraps_and_keeps_order(void)
{
	uint8_t memory[8];
	struct ring r;
	struct bytes v[2];

	ring_init(&r, (struct room){ memory, 8 });
	r.head = r.tail = UINT32_MAX - 3; /* the counters wrap too */
	CHECK_EQ(ring_write(&r, bytes_of("abcdef")), 6);
	ring_take(&r, 4);
	CHECK_EQ(ring_write(&r, bytes_of("ghijklmn")), 6);
	CHECK_EQ(ring_free(&r), 0);
	ring_view(&r, 1, 100, v);
	CHECK_EQ(v[0].len + v[1].len, 7);
	char all[9] = { 0 };
	memcpy(all, v[0].at, v[0].len);
	memcpy(all + v[0].len, v[1].at, v[1].len);
	CHECK_STR(all, "fghijkl");
	ring_take(&r, 8);
	CHECK_EQ(ring_peek(&r).len, 0);
	ring_write_ahead(&r, 2, bytes_of("yz"));
	ring_write_ahead(&r, 0, bytes_of("wx"));
	ring_put(&r, 4);
	ring_view(&r, 0, 4, v);
	memcpy(all, v[0].at, v[0].len);
	memcpy(all + v[0].len, v[1].at, v[1].len);
	CHECK(memcmp(all, "wxyz", 4) == 0);
}

/* RFC 8439, A.1, test vectors 1 and 2: a zero key, blocks 0 and 1. */
static void chance_is_chacha20(void)
{
	static const uint8_t first[8] = { 0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90 };
	static const uint8_t second[8] = { 0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a };
	uint8_t got[72];
	struct rng r, a, b;

	rng_init_number(&r, 0);
	rng_fill(&r, (struct room){ got, sizeof got });
	CHECK(memcmp(got, first, 8) == 0);
	CHECK(memcmp(got + 64, second, 8) == 0);
	rng_fork(&a, &r, "client", 1);
	rng_next(&r);
	rng_fork(&b, &r, "client", 1);
	CHECK(rng_next(&a) == rng_next(&b));
	rng_fork(&b, &r, "client", 2);
	CHECK(rng_next(&a) != rng_next(&b));
	for (int i = 0; i < 1000; i++) CHECK(rng_below(&r, 7) < 7);
	int hits = 0;
	for (int i = 0; i < 10000; i++) hits += rng_chance(&r, 100000000);
	CHECK(hits > 800 && hits < 1200);
}

/* The reference vectors of SipHash-2-4's paper: key 00..0f, input 00..0e. */
static void siphash_is_siphash(void)
{
	uint8_t key[16], in[15];
	for (uint8_t i = 0; i < 16; i++) key[i] = i;
	for (uint8_t i = 0; i < 15; i++) in[i] = i;
	CHECK(siphash(key, (struct bytes){ in, 15 }) == 0xa129ca6149be45e5);
	CHECK(siphash(key, (struct bytes){ in, 0 }) == 0x726fdb47dd0e0e31);
}

/* A table against its plain twin: an array of what is in it. */
static void an_index_finds_what_was_added(void)
{
	enum { MAX = 300 };
	struct index_slot slot[1024] = { 0 };
	uint64_t hash[MAX];
	bool in[MAX] = { false };
	struct index ix;
	struct rng r;

	rng_init_number(&r, 3);
	CHECK(index_slots(MAX) <= COUNT(slot));
	index_init(&ix, slot, index_slots(MAX));
	for (int i = 0; i < MAX; i++) hash[i] = rng_below(&r, 64) << 32; /* many alike */
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t i = (uint32_t)rng_below(&r, MAX), value, at = INDEX_START;
		if (in[i]) index_remove(&ix, hash[i], i);
		else index_add(&ix, hash[i], i);
		in[i] = !in[i];
		i = (uint32_t)rng_below(&r, MAX);
		bool found = false;
		while (index_find(&ix, hash[i], &at, &value)) found |= value == i;
		CHECK(found == in[i]);
	}
}

static void a_heap_gives_the_earliest(void)
{
	enum { MAX = 50 };
	struct heap_item item[MAX];
	uint32_t place[MAX] = { 0 }, who;
	instant at[MAX];
	struct heap h;
	struct rng r;

	rng_init_number(&r, 4);
	heap_init(&h, item, place, MAX);
	for (int i = 0; i < MAX; i++) at[i] = NEVER;
	for (int turn = 0; turn < 20000; turn++) {
		uint32_t i = (uint32_t)rng_below(&r, MAX);
		at[i] = rng_below(&r, 4) == 0 ? NEVER : (instant)rng_below(&r, 100);
		heap_set(&h, i, at[i]);
		uint32_t first = 0;
		for (uint32_t k = 1; k < MAX; k++) if (at[k] < at[first]) first = k;
		CHECK(heap_first_at(&h) == at[first]);
		CHECK(heap_due(&h, 100, &who) == (at[first] != NEVER) && (at[first] == NEVER || who == first));
	}
}

static void addresses_are_read_and_written(void)
{
	static const char *const same[] = { "10.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1",
		"2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "fe80::1:0:0:1", "1:2:3:4:5:6:7:8", "1::", "1:2:3:4:5:6:7:0" };
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.4 ", ":::",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", ":1", "1:", "::1:", "g::" };
	char buffer[ADDR_TEXT_MAX], net[PREFIX_TEXT_MAX];
	struct ip ip;
	struct prefix p;
	struct addr a;
	struct mac m;

	for (size_t i = 0; i < COUNT(same); i++) {
		CHECK(ip_parse(same[i], &ip));
		CHECK_STR(ip_text(ip, buffer), same[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) CHECK(!ip_parse(bad[i], &ip));
	CHECK(ip_parse("2001:DB8:0:0:1:0:0:1", &ip));
	CHECK_STR(ip_text(ip, buffer), "2001:db8::1:0:0:1");
	CHECK(ip_parse("64:ff9b::192.0.2.33", &ip));
	CHECK_STR(ip_text(ip, buffer), "64:ff9b::c000:221");
	CHECK(prefix_parse("10.1.2.3/20", &p) && p.bits == 116);
	CHECK_STR(prefix_text(p, net), "10.1.2.3/20");
	CHECK_STR(ip_text(prefix_first(p), buffer), "10.1.0.0");
	CHECK_STR(ip_text(prefix_last(p), buffer), "10.1.15.255");
	CHECK(ip_parse("10.1.15.9", &ip) && prefix_has(p, ip));
	CHECK(ip_parse("10.1.16.0", &ip) && !prefix_has(p, ip));
	CHECK(!prefix_parse("10.0.0.0/33", &p) && !prefix_parse("::/129", &p) && prefix_parse("::/0", &p));
	CHECK(addr_parse("[2001:db8::1]:80", &a) && a.port == 80);
	CHECK_STR(addr_text(&a, buffer), "[2001:db8::1]:80");
	CHECK(!addr_parse("1.2.3.4", &a) && !addr_parse("1.2.3.4:65536", &a) && addr_parse("1.2.3.4:65535", &a));
	CHECK(mac_parse("02:0a:ff:00:00:01", &m) && !mac_parse("02:0a:ff:00:00", &m));
	CHECK_STR(mac_text(m, buffer), "02:0a:ff:00:00:01");
}

/* RFC 1071, 3, and a sum in pieces against a plain one. */
static void the_checksum_is_rfc_1071(void)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t data[301];
	struct rng r;

	CHECK_EQ(checksum_finish(checksum_add(0, (struct bytes){ example, 8 })), (uint16_t)~0xddf2);
	rng_init_number(&r, 5);
	rng_fill(&r, (struct room){ data, sizeof data });
	for (size_t n = 0; n <= sizeof data; n++) {
		uint32_t plain = 0;
		for (size_t i = 0; i < n; i++) plain += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		while (plain >> 16) plain = (plain & 0xffff) + (plain >> 16);
		size_t cut = n / 2 & ~(size_t)1;
		uint64_t sum = checksum_add(0, (struct bytes){ data, cut });
		CHECK_EQ(checksum_finish(checksum_add(sum, (struct bytes){ data + cut, n - cut })), (uint16_t)~plain);
	}
}

static void an_arena_ends(void)
{
	_Alignas(16) uint8_t memory[64];
	struct arena a;
	arena_init(&a, (struct room){ memory, sizeof memory });
	CHECK(arena_take(&a, 1) == memory && arena_take(&a, 16) == memory + 16);
	CHECK(arena_take(&a, 33) == NULL && arena_take(&a, 32) == memory + 32 && arena_take(&a, 1) == NULL);
	CHECK(arena_zeroed(&a, SIZE_MAX, 2) == NULL);
}

static void texts_are_cut_not_overrun(void)
{
	char buffer[8];
	struct text t = text_in(buffer, sizeof buffer);
	text_printf(&t, "%s", "0123456789");
	CHECK(t.cut);
	CHECK_STR(buffer, "0123456");
	static const char *const words[] = { "hosts", "links", "zones", "programs" };
	CHECK_STR(text_nearest("lnks", words, 4), "links");
	CHECK_STR(text_nearest("progams", words, 4), "programs");
	CHECK(text_nearest("xyzzy", words, 4) == NULL);
}

static void a_trace_is_taken_once(void)
{
	struct trace trace = { 0 };
	trace_say(NULL, "nobody listens");
	CHECK(trace_take(&trace) == NULL);
	trace_say(&trace, "retransmit: %d", 3);
	trace_say(&trace, "again");
	CHECK_STR(trace_take(&trace), "retransmit: 3; again");
	CHECK(trace_take(&trace) == NULL && trace.seen == 2);
}

/* RFC 4648, 10. */
static void base64_is_rfc_4648(void)
{
	static const char *const vectors[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	                                          { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	static const uint8_t high[] = { 0xfb, 0xff, 0xfe, 0xff };
	char buffer[64];
	struct text t = text_in(buffer, sizeof buffer);

	for (size_t i = 0; i < COUNT(vectors); i++) {
		text_clear(&t);
		text_base64(&t, bytes_of(vectors[i][0]));
		CHECK(strcmp(buffer, vectors[i][1]) == 0);
	}
	text_clear(&t);
	text_base64(&t, (struct bytes){ high, sizeof high });
	CHECK(strcmp(buffer, "+//+/w==") == 0);
	text_clear(&t);
	text_base64url(&t, (struct bytes){ high, sizeof high });
	CHECK(strcmp(buffer, "-__-_w") == 0);
}

/* RFC 3629, 4. */
static void characters_are_well_formed(void)
{
	static const struct { const char *bytes; size_t len; } cases[] = {
		{ "", 0 }, { "a", 1 }, { "\x7f", 1 }, { "\x80", 0 }, { "\xc1\xbf", 0 }, { "\xc2\x80", 2 }, { "\xc3", 0 }, { "\xc3" "a", 0 },
		{ "\xe0\x9f\xbf", 0 }, { "\xe0\xa0\x80", 3 }, { "\xed\x9f\xbf", 3 }, { "\xed\xa0\x80", 0 }, { "\xef\xbf\xbf" "a", 3 },
		{ "\xf0\x8f\xbf\xbf", 0 }, { "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 },
		{ "\xf0\x90\x80", 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) CHECK_EQ(text_utf8(bytes_of(cases[i].bytes)), cases[i].len);
}

int main(void)
{
	TEST(spans_are_read_as_people_write_them);
	TEST(a_ring_wraps_and_keeps_order);
	TEST(chance_is_chacha20);
	TEST(siphash_is_siphash);
	TEST(an_index_finds_what_was_added);
	TEST(a_heap_gives_the_earliest);
	TEST(addresses_are_read_and_written);
	TEST(the_checksum_is_rfc_1071);
	TEST(an_arena_ends);
	TEST(texts_are_cut_not_overrun);
	TEST(base64_is_rfc_4648);
	TEST(characters_are_well_formed);
	TEST(a_trace_is_taken_once);
	return tap_end();
}

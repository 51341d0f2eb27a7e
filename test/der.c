/* SPDX-License-Identifier: ISC */
/* DER, read strictly and written: what is not the one right encoding is none. */
#include "crypt/der.h"
#include "tap.h"

static uint8_t buffer[70000];

#define BYTES(...) ((struct bytes){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })

static bool reads(struct bytes b)
{
	struct der d;
	return der_next(&b, &d) && b.len == 0;
}

static void lengths_have_one_form(void)
{
	CHECK(reads(BYTES(0x30, 0)));
	CHECK(reads(BYTES(0x04, 1, 7)));
	CHECK(!reads(BYTES(0x30, 0x81, 0)));             /* longer than it needs be */
	CHECK(!reads(BYTES(0x04, 0x81, 1, 7)));
	CHECK(!reads(BYTES(0x04, 0x82, 0, 1, 7)));
	CHECK(!reads(BYTES(0x30, 0x80, 0, 0)));          /* indefinite */
	CHECK(!reads(BYTES(0x30, 0x84, 0, 0, 0, 0)));    /* of four bytes */
	CHECK(!reads(BYTES(0x1f, 1, 0)));                /* a tag of several bytes */
	CHECK(!reads(BYTES(0x30, 2, 0)));                /* cut */
	CHECK(!reads(BYTES(0x30)));
	CHECK(!reads((struct bytes){ buffer, 0 }));
}

static void written_lengths_are_read_again(void)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct der_writer w = { .at = buffer, .size = sizeof buffer };
		static const uint8_t zeros[65536];
		struct bytes rest, body;
		der_put_element(&w, DER_OCTET_STRING, (struct bytes){ zeros, lengths[i] });
		CHECK(!w.cut);
		rest = (struct bytes){ buffer, w.len };
		CHECK(der_take(&rest, DER_OCTET_STRING, &body) && rest.len == 0);
		CHECK_EQ(body.len, lengths[i]);
		struct der_writer small = { .at = buffer, .size = w.len - 1 };
		der_put_element(&small, DER_OCTET_STRING, (struct bytes){ zeros, lengths[i] });
		CHECK(small.cut);
	}
}

static void numbers_are_short(void)
{
	static const unsigned numbers[] = { 0, 1, 127, 128, 255, 256, 65537, 0x7fffffff };
	unsigned value;
	struct bytes rest;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct der_writer w = { .at = buffer, .size = sizeof buffer };
		der_put_small(&w, DER_INTEGER, numbers[i]);
		rest = (struct bytes){ buffer, w.len };
		CHECK(der_take_small(&rest, DER_INTEGER, &value) && rest.len == 0);
		CHECK_EQ(value, numbers[i]);
	}
	rest = BYTES(2, 2, 0, 1);
	CHECK(!der_take_small(&rest, DER_INTEGER, &value));
	rest = BYTES(2, 1, 0xff);
	CHECK(!der_take_small(&rest, DER_INTEGER, &value)); /* -1 */
	rest = BYTES(2, 0);
	CHECK(!der_take_small(&rest, DER_INTEGER, &value));
	CHECK(der_integer_good(BYTES(0, 0x80)) && der_integer_good(BYTES(0xff, 0x7f)));
	CHECK(!der_integer_good(BYTES(0xff, 0x80)) && !der_integer_good(BYTES(0, 0x7f)));
}

static void booleans_and_bits(void)
{
	struct bytes rest, bits;
	unsigned unused;
	bool value;
	rest = BYTES(1, 1, 0xff);
	CHECK(der_take_boolean(&rest, &value) && value);
	rest = BYTES(1, 1, 1);
	CHECK(!der_take_boolean(&rest, &value));
	rest = BYTES(3, 2, 7, 0x80);
	CHECK(der_take_bits(&rest, &unused, &bits) && unused == 7 && bits.len == 1);
	rest = BYTES(3, 2, 7, 0xc0); /* unused bits are zero */
	CHECK(!der_take_bits(&rest, &unused, &bits));
	rest = BYTES(3, 2, 8, 0);
	CHECK(!der_take_bits(&rest, &unused, &bits));
	rest = BYTES(3, 1, 1);
	CHECK(!der_take_bits(&rest, &unused, &bits));
	rest = BYTES(3, 0);
	CHECK(!der_take_bits(&rest, &unused, &bits));
}

static bool time_of(unsigned tag, const char *text, int64_t *seconds)
{
	return der_time(&(struct der){ .tag = tag, .body = bytes_of(text) }, seconds);
}

static void times_are_as_rfc_5280_wants_them(void)
{
	int64_t at;
	CHECK(time_of(DER_UTC_TIME, "700101000000Z", &at) && at == 0);
	CHECK(time_of(DER_UTC_TIME, "500101000000Z", &at) && at == INT64_C(-631152000)); /* 1950 */
	CHECK(time_of(DER_UTC_TIME, "491231235959Z", &at) && at == INT64_C(2524607999)); /* 2049 */
	CHECK(time_of(DER_GENERALIZED_TIME, "20000229120000Z", &at) && at == INT64_C(951825600));
	CHECK(time_of(DER_GENERALIZED_TIME, "99991231235959Z", &at) && at == INT64_C(253402300799));
	static const struct { unsigned tag; const char *text; } bad[] = {
		{ DER_UTC_TIME, "7001010000Z" }, { DER_UTC_TIME, "700101000000" }, { DER_UTC_TIME, "700101000000+0000" },
		{ DER_UTC_TIME, "701301000000Z" }, { DER_UTC_TIME, "700100000000Z" }, { DER_UTC_TIME, "700230000000Z" },
		{ DER_UTC_TIME, "700101240000Z" }, { DER_UTC_TIME, "700101006000Z" }, { DER_UTC_TIME, "700101000060Z" },
		{ DER_UTC_TIME, "70010100000 Z" }, { DER_UTC_TIME, "19700101000000Z" }, { DER_GENERALIZED_TIME, "700101000000Z" },
		{ DER_GENERALIZED_TIME, "20000101000000.5Z" }, { DER_GENERALIZED_TIME, "19000229000000Z" }, { DER_IA5_STRING, "700101000000Z" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) CHECK(!time_of(bad[i].tag, bad[i].text, &at));
}

static void dates_both_ways(void)
{
	for (int64_t at = INT64_C(-62135596800); at < INT64_C(253402300799); at += INT64_C(86400) * 97 + 12345) { /* years 1 to 9999 */
		struct der_date d = der_date(at);
		CHECK_EQ(der_seconds(&d), at);
		if (d.year < 1) continue;
		struct der_writer w = { .at = buffer, .size = sizeof buffer };
		struct bytes rest;
		struct der time;
		int64_t again;
		der_put_time(&w, at, false);
		rest = (struct bytes){ buffer, w.len };
		CHECK(der_next(&rest, &time) && der_time(&time, &again));
		CHECK_EQ(again, at);
		CHECK_EQ(time.tag, d.year >= 1950 && d.year < 2050 ? DER_UTC_TIME : DER_GENERALIZED_TIME);
	}
}

static void identifiers(void)
{
	struct der_writer w = { .at = buffer, .size = sizeof buffer };
	der_put_oid(&w, "1.2.840.113549.1.1.11");
	der_put_oid(&w, "2.5.29.17");
	der_put_oid(&w, "2.999.4294967295");
	CHECK(bytes_equal((struct bytes){ buffer, w.len },
	                  BYTES(6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11, 6, 3, 0x55, 0x1d, 17, 6, 7, 0x88, 0x37, 0x8f, 0xff, 0xff, 0xff, 0x7f)));
}

int main(void)
{
	TEST(lengths_have_one_form);
	TEST(written_lengths_are_read_again);
	TEST(numbers_are_short);
	TEST(booleans_and_bits);
	TEST(times_are_as_rfc_5280_wants_them);
	TEST(dates_both_ways);
	TEST(identifiers);
	return tap_end();
}

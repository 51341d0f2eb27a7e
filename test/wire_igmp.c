/* SPDX-License-Identifier: ISC */
#include "wire/igmp.h"

#include "base/checksum.h"
#include "tap.h"

static const struct ip group = { { [10] = 0xff, [11] = 0xff, [12] = 239, [15] = 7 } };

static enum drop parse(uint8_t *p, size_t n, struct igmp *got)
{
	if (n >= 4) {
		store_be16(p + 2, 0);
		store_be16(p + 2, checksum_finish(checksum_add(0, (struct bytes){ p, n })));
	}
	return igmp_parse((struct bytes){ p, n }, got);
}

static void messages_come_back_as_they_went(void)
{
	static const uint8_t query3[] = { 2, 125, 0, 1, 10, 0, 0, 1 };
	uint8_t record[8];
	igmp_record_emit(&(struct igmp_record){ IGMP3_TO_EXCLUDE, 0, group }, (struct room){ record, 8 });
	struct igmp message[] = {
		{ .type = IGMP_QUERY, .max_response = 100, .group = ip4_any() },
		{ .type = IGMP_QUERY, .max_response = 100, .group = group, .version3 = true, .payload = { query3, 8 } },
		{ .type = IGMP1_REPORT, .group = group },
		{ .type = IGMP2_REPORT, .group = group },
		{ .type = IGMP2_LEAVE, .group = group },
		{ .type = IGMP3_REPORT, .group = ip4_any(), .version3 = true, .records = 1, .payload = { record, 8 } },
	};
	for (size_t i = 0; i < COUNT(message); i++) {
		uint8_t p[32];
		struct igmp got;
		size_t n = igmp_emit(&message[i], (struct room){ p, sizeof p });
		CHECK(n >= 8);
		CHECK_EQ(igmp_parse((struct bytes){ p, n }, &got), DROP_NONE);
		CHECK(got.type == message[i].type && got.max_response == message[i].max_response);
		CHECK(ip_equal(got.group, message[i].group) && got.version3 == message[i].version3);
		CHECK(got.records == message[i].records && bytes_equal(got.payload, message[i].payload));
		CHECK_EQ(igmp_emit(&message[i], (struct room){ p, n - 1 }), 0);
		for (size_t k = 0; k < n; k++) CHECK(igmp_parse((struct bytes){ p, k }, &got) != DROP_NONE);
		p[n - 1] ^= 1;
		CHECK_EQ(igmp_parse((struct bytes){ p, n }, &got), DROP_CHECKSUM);
	}
}

static void records_are_taken_one_by_one(void)
{
	uint8_t p[64] = { IGMP3_REPORT, [7] = 2 };
	uint8_t *first = p + 8, *second = p + 8 + 8 + 8 + 4;
	struct igmp got;
	struct igmp_record r;

	first[0] = IGMP3_IS_INCLUDE, first[1] = 1, first[3] = 2; /* two sources, one word of auxiliary data */
	memcpy(first + 4, group.byte + 12, 4);
	second[0] = IGMP3_TO_EXCLUDE;
	memcpy(second + 4, group.byte + 12, 4);
	CHECK_EQ(parse(p, 36 + 2, &got), DROP_NONE); /* two bytes of a later version behind them */
	CHECK_EQ(got.payload.len, 28);
	struct bytes rest = got.payload;
	CHECK(igmp_record(&rest, &r) && r.type == IGMP3_IS_INCLUDE && r.sources == 2 && ip_equal(r.group, group));
	CHECK(igmp_record(&rest, &r) && r.type == IGMP3_TO_EXCLUDE && r.sources == 0);
	CHECK(!igmp_record(&rest, &r));
	CHECK_EQ(parse(p, 35, &got), DROP_LENGTH);
	p[7] = 3;
	CHECK_EQ(parse(p, 36, &got), DROP_LENGTH);
}

static void bad_messages_are_refused(void)
{
	uint8_t p[16] = { IGMP_QUERY, 100 };
	struct igmp got;

	CHECK_EQ(parse(p, 10, &got), DROP_LENGTH); /* RFC 3376, 7.1: neither version 2 nor 3 */
	p[11] = 1;
	CHECK_EQ(parse(p, 12, &got), DROP_LENGTH); /* its source is missing */
	p[4] = 10;
	CHECK_EQ(parse(p, 8, &got), DROP_FIELD);   /* no group */
	p[0] = IGMP2_REPORT;
	CHECK_EQ(parse(p, 8, &got), DROP_FIELD);
	p[0] = 0x99;
	CHECK_EQ(parse(p, 8, &got), DROP_UNKNOWN);
}

int main(void)
{
	TEST(messages_come_back_as_they_went);
	TEST(records_are_taken_one_by_one);
	TEST(bad_messages_are_refused);
	return tap_end();
}

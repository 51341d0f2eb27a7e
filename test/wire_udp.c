/* SPDX-License-Identifier: ISC */
#include "wire/udp.h"

#include "tap.h"

static struct ip four[2], six[2];

static void datagrams_come_back_as_they_went(void)
{
	static const uint8_t data[] = "odd";
	uint8_t p[32] = { 0 };
	struct udp got;

	for (size_t len = 0; len < 4; len++) {
		for (int v6 = 0; v6 < 2; v6++) {
			struct ip *ip = v6 ? six : four;
			struct udp u = { 4000, 53, { data, len } };
			CHECK_EQ(udp_emit(&u, ip[0], ip[1], (struct room){ p, 7 + len }), 0);
			size_t n = udp_emit(&u, ip[0], ip[1], (struct room){ p, sizeof p });
			CHECK_EQ(n, 8 + len);
			CHECK_EQ(udp_parse((struct bytes){ p, n + 3 }, ip[0], ip[1], true, &got), DROP_NONE); /* padded */
			CHECK(got.src_port == 4000 && got.dst_port == 53 && bytes_equal(got.payload, u.payload));
			for (size_t k = 0; k < n; k++)
				CHECK(udp_parse((struct bytes){ p, k }, ip[0], ip[1], true, &got) != DROP_NONE);
			CHECK_EQ(udp_parse((struct bytes){ p, n }, ip[0], ip[0], true, &got), DROP_CHECKSUM);
			CHECK_EQ(udp_parse((struct bytes){ p, n }, ip[0], ip[0], false, &got), DROP_NONE);
		}
	}
}

static void no_checksum_is_for_ipv4_only(void)
{
	uint8_t p[8] = { 0, 1, 0, 2, 0, 8, 0, 0 };
	struct udp got;

	CHECK_EQ(udp_parse((struct bytes){ p, 8 }, four[0], four[1], true, &got), DROP_NONE);
	CHECK_EQ(udp_parse((struct bytes){ p, 8 }, six[0], six[1], true, &got), DROP_CHECKSUM);
}

/* RFC 768: a checksum that comes out as zero is sent as all ones. */
static void a_checksum_is_never_zero(void)
{
	uint8_t p[16];
	struct udp got;
	unsigned all_ones = 0;

	for (unsigned port = 0; port < 65536; port++) {
		struct udp u = { (uint16_t)port, 9, { 0 } };
		udp_emit(&u, four[0], four[1], (struct room){ p, sizeof p });
		CHECK(load_be16(p + 6) != 0);
		if (load_be16(p + 6) != 0xffff) continue;
		all_ones++;
		CHECK_EQ(udp_parse((struct bytes){ p, 8 }, four[0], four[1], true, &got), DROP_NONE);
	}
	CHECK(all_ones > 0);
}

static void bad_lengths_are_refused(void)
{
	uint8_t p[8] = { 0, 1, 0, 2, 0, 7 };
	struct udp got;

	CHECK_EQ(udp_parse((struct bytes){ p, 8 }, four[0], four[1], true, &got), DROP_LENGTH);
	p[5] = 9;
	CHECK_EQ(udp_parse((struct bytes){ p, 8 }, four[0], four[1], true, &got), DROP_LENGTH);
	p[5] = 0;
	CHECK_EQ(udp_parse((struct bytes){ p, 8 }, six[0], six[1], true, &got), DROP_LENGTH);
}

int main(void)
{
	ip_parse("10.0.0.1", &four[0]);
	ip_parse("10.0.0.2", &four[1]);
	ip_parse("2001:db8::1", &six[0]);
	ip_parse("2001:db8::2", &six[1]);
	TEST(datagrams_come_back_as_they_went);
	TEST(no_checksum_is_for_ipv4_only);
	TEST(a_checksum_is_never_zero);
	TEST(bad_lengths_are_refused);
	return tap_end();
}

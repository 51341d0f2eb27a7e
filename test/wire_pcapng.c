/* SPDX-License-Identifier: ISC */
#include "wire/pcapng.h"

#include "tap.h"

static uint32_t le32(const uint8_t *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

/* A block says its length at both ends, a multiple of four. */
static bool framed(const uint8_t *p, size_t n, uint32_t type)
{
	return n % 4 == 0 && n >= 12 && le32(p) == type && le32(p + 4) == n && le32(p + n - 4) == n;
}

static void each_block_is_framed(void)
{
	static const uint8_t data[] = "frame";
	uint8_t p[200];
	struct room room = { p, sizeof p };

	CHECK(framed(p, pcapng_section("tulle", "why", room), 0x0a0d0d0a) && le32(p + 8) == 0x1a2b3c4d);
	CHECK(framed(p, pcapng_interface(&(struct pcapng_interface){ .name = "eth0", .description = "client's",
	                                                                    .bits_per_second = 1000000 }, room), 1));
	CHECK(framed(p, pcapng_names(&(struct pcapng_name){ ip4_of(1), "one" }, 1, room), 4));
	struct pcapng_packet packet = { .interface = 2, .at = INT64_C(0x123456789a), .data = { data, 5 },
		.original_len = 60, .outbound = true, .comment = "first" };
	size_t n = pcapng_packet(&packet, room);
	CHECK(framed(p, n, 6) && n == pcapng_packet_size(&packet));
	CHECK_EQ(le32(p + 8), 2);
	CHECK_EQ(le32(p + 12), 0x12);
	CHECK_EQ(le32(p + 16), 0x3456789a);
	CHECK_EQ(le32(p + 20), 5);
	CHECK_EQ(le32(p + 24), 60);
	CHECK(memcmp(p + 28, "frame\0\0\0\1\0\5\0first\0\0\0\2\0\4\0\2\0\0\0\0\0\0\0", 32) == 0);
	for (size_t k = 0; k < n; k++) CHECK_EQ(pcapng_packet(&packet, (struct room){ p, k }), 0);
	packet = (struct pcapng_packet){ .data = { data, 4 } };
	CHECK_EQ(pcapng_packet(&packet, room), 36);
	CHECK_EQ(pcapng_packet_size(&packet), 36);
}

/* What is written is read again, and a file of the other byte order as well. */
static void secrets_are_written_and_read(void)
{
	static const uint8_t big_section[12] = { 0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d };
	static const uint8_t big[] = { 0, 0, 0, 10, 0, 0, 0, 24, 'T', 'L', 'S', 'K', 0, 0, 0, 3, 'k', 'e', 'y', 0, 0, 0, 0, 24 };
	uint8_t p[100];
	struct room room = { p, sizeof p };
	enum pcapng_order order = PCAPNG_UNKNOWN;
	struct pcapng_block block;
	struct bytes lines;

	size_t n = pcapng_secrets(bytes_of("CLIENT_RANDOM x y\n"), room);
	CHECK(framed(p, n, 10) && n == pcapng_secrets_size(18));
	CHECK(!pcapng_block_read(p, &order, &block)); /* no section has begun */
	order = PCAPNG_LITTLE;
	CHECK(pcapng_block_read(p, &order, &block) && block.type == PCAPNG_SECRETS && block.len == n);
	CHECK(pcapng_secrets_read((struct bytes){ p, n }, order, &lines) && bytes_equal(lines, bytes_of("CLIENT_RANDOM x y\n")));
	for (size_t k = 0; k < n; k++) CHECK(!pcapng_secrets_read((struct bytes){ p, k }, order, &lines) || k >= 38);
	p[8] ^= 1; /* secrets of another kind */
	CHECK(!pcapng_secrets_read((struct bytes){ p, n }, order, &lines));
	CHECK(pcapng_block_read(big_section, &order, &block) && order == PCAPNG_BIG && block.len == 28);
	CHECK(pcapng_block_read(big, &order, &block) && block.type == PCAPNG_SECRETS && block.len == 24);
	CHECK(pcapng_secrets_read((struct bytes){ big, sizeof big }, order, &lines) && bytes_equal(lines, bytes_of("key")));
}

int main(void)
{
	TEST(each_block_is_framed);
	TEST(secrets_are_written_and_read);
	return tap_end();
}

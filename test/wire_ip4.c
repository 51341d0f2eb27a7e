/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h"

#include "base/checksum.h"
#include "tap.h"

static const uint8_t payload[16] = { 1, 2, 3 };
static const uint8_t alert[4] = { 148, 4, 0, 0 };

static struct ip4 sample(void)
{
	return (struct ip4){ .tos = 0x12, .id = 4711, .dont_fragment = true, .ttl = 64, .protocol = IP_UDP,
		.src = ip4_of(0x0a000001), .dst = ip4_of(0xefffff01), .payload = { payload, sizeof payload } };
}

/* The whole packet; `out` has room for it. */
static size_t emit(const struct ip4 *ip, uint8_t out[80])
{
	size_t n = ip4_emit(ip, (struct room){ out, 80 });
	memcpy(out + n, ip->payload.at, ip->payload.len);
	return n + ip->payload.len;
}

/* The header changed at one byte, and its checksum made right again. */
static enum drop with(size_t at, uint8_t byte)
{
	struct ip4 ip = sample(), got;
	uint8_t p[80];
	size_t n = emit(&ip, p);

	p[at] = byte;
	store_be16(p + 10, 0);
	size_t header = size_min((size_t)(p[0] & 15) * 4, n);
	store_be16(p + 10, checksum_finish(checksum_add(0, (struct bytes){ p, header })));
	return ip4_parse((struct bytes){ p, n }, &got);
}

static void a_header_comes_back_as_it_went(void)
{
	struct ip4 ip = sample(), got;
	uint8_t p[80];

	for (int round = 0; round < 2; round++) {
		if (round == 1) {
			ip.options = (struct bytes){ alert, 4 };
			ip.dont_fragment = false;
			ip.more_fragments = true;
			ip.fragment_offset = 1480;
		}
		size_t n = emit(&ip, p);
		CHECK_EQ(n, 36 + 4 * round);
		CHECK_EQ(ip4_parse((struct bytes){ p, n }, &got), DROP_NONE);
		CHECK(got.tos == ip.tos && got.id == ip.id && got.ttl == ip.ttl && got.protocol == ip.protocol);
		CHECK(got.dont_fragment == ip.dont_fragment && got.more_fragments == ip.more_fragments);
		CHECK_EQ(got.fragment_offset, ip.fragment_offset);
		CHECK(ip_equal(got.src, ip.src) && ip_equal(got.dst, ip.dst));
		CHECK(bytes_equal(got.options, ip.options) && bytes_equal(got.payload, ip.payload));
		for (size_t k = 0; k < n; k++) CHECK(ip4_parse((struct bytes){ p, k }, &got) != DROP_NONE);
		CHECK_EQ(ip4_emit(&ip, (struct room){ p, 19 + 4u * (unsigned)round }), 0);
	}
}

static void padding_behind_it_is_not_payload(void)
{
	struct ip4 ip = sample(), got;
	uint8_t p[80] = { 0 };

	emit(&ip, p);
	CHECK_EQ(ip4_parse((struct bytes){ p, 60 }, &got), DROP_NONE);
	CHECK_EQ(got.payload.len, 16);
}

static void bad_headers_are_refused(void)
{
	CHECK_EQ(with(1, 0), DROP_NONE);
	CHECK_EQ(with(0, 0x65), DROP_VERSION);
	CHECK_EQ(with(0, 0x44), DROP_LENGTH);
	CHECK_EQ(with(0, 0x4f), DROP_SHORT);  /* 60 bytes of header in 36 */
	CHECK_EQ(with(3, 19), DROP_LENGTH);   /* total length below the header's */
	CHECK_EQ(with(3, 37), DROP_LENGTH);   /* and beyond the frame */
	CHECK_EQ(with(2, 0xff), DROP_LENGTH);
	CHECK_EQ(with(6, 0x20), DROP_NONE);
	CHECK_EQ(with(6, 0x3f), DROP_NONE);
}

static void fragments_nobody_can_have_cut_are_refused(void)
{
	struct ip4 ip = sample(), got;
	uint8_t p[80];

	ip.more_fragments = true;
	ip.payload.len = 12; /* not in units of eight */
	CHECK_EQ(ip4_parse((struct bytes){ p, emit(&ip, p) }, &got), DROP_LENGTH);
	ip.payload.len = 0;
	CHECK_EQ(ip4_parse((struct bytes){ p, emit(&ip, p) }, &got), DROP_LENGTH);
	ip.more_fragments = false;
	ip.payload.len = 16;
	ip.fragment_offset = 65528; /* ends at 65544 */
	CHECK_EQ(ip4_parse((struct bytes){ p, emit(&ip, p) }, &got), DROP_LENGTH);
	ip.fragment_offset = 65512;
	CHECK_EQ(ip4_parse((struct bytes){ p, emit(&ip, p) }, &got), DROP_NONE);
}

static void every_changed_bit_is_seen(void)
{
	struct ip4 ip = sample(), got;
	uint8_t p[80];
	size_t n = emit(&ip, p);

	for (size_t bit = 0; bit < 160; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(ip4_parse((struct bytes){ p, n }, &got) != DROP_NONE);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

int main(void)
{
	TEST(a_header_comes_back_as_it_went);
	TEST(padding_behind_it_is_not_payload);
	TEST(bad_headers_are_refused);
	TEST(fragments_nobody_can_have_cut_are_refused);
	TEST(every_changed_bit_is_seen);
	return tap_end();
}

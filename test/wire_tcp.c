/* SPDX-License-Identifier: ISC */
#include "wire/tcp.h"

#include "base/chance.h"
#include "tap.h"

static struct ip src, dst;

static bool same(const struct tcp_seg *a, const struct tcp_seg *b)
{
	return a->src_port == b->src_port && a->dst_port == b->dst_port && a->seq == b->seq && a->ack == b->ack &&
	       a->flags == b->flags && a->window == b->window && a->urgent == b->urgent && a->mss == b->mss &&
	       a->has_wscale == b->has_wscale && a->wscale == b->wscale && a->sack_permitted == b->sack_permitted &&
	       a->has_timestamps == b->has_timestamps && a->ts_value == b->ts_value && a->ts_echo == b->ts_echo;
}

/* Every mix of options, over both families, with data in two pieces. */
static void segments_come_back_as_they_went(void)
{
	static const uint8_t data[] = "here and there";

	for (unsigned mix = 0; mix < 32; mix++) {
		struct tcp_seg s = { .src_port = 50000, .dst_port = 80, .seq = 0xfffffff0, .ack = 77, .flags = TCP_SYN | TCP_CWR,
			.window = 65535, .urgent = 3, .text = { data, 5 }, .more = { data + 5, 9 } }, got;
		if (mix & 1) s.mss = 1460;
		if (mix & 2) s.has_wscale = true, s.wscale = 7;
		if (mix & 4) s.sack_permitted = true;
		if (mix & 8) s.has_timestamps = true, s.ts_value = 0x01020304, s.ts_echo = 0xf0f0f0f0;
		ip_parse(mix & 16 ? "2001:db8::1" : "10.0.0.1", &src);
		ip_parse(mix & 16 ? "2001:db8::2" : "10.0.0.2", &dst);
		uint8_t p[100];
		size_t n = tcp_emit(&s, src, dst, (struct room){ p, sizeof p });
		CHECK_EQ(n, tcp_emit_size(&s));
		CHECK_EQ(tcp_parse((struct bytes){ p, n }, src, dst, true, &got), DROP_NONE);
		CHECK(same(&s, &got));
		CHECK(bytes_equal(got.text, (struct bytes){ data, 14 }));
		CHECK_EQ(tcp_seg_len(&s), 15);
		CHECK_EQ(tcp_emit(&s, src, dst, (struct room){ p, n - 1 }), 0);
		for (size_t k = 0; k < n; k++)
			CHECK(tcp_parse((struct bytes){ p, k }, src, dst, true, &got) != DROP_NONE);
		p[n / 2] ^= 0x10;
		CHECK_EQ(tcp_parse((struct bytes){ p, n }, src, dst, true, &got), DROP_CHECKSUM);
	}
}

static enum drop with_options(const uint8_t *options, size_t len, struct tcp_seg *got)
{
	uint8_t p[60] = { 0 };

	p[12] = (uint8_t)((20 + len) / 4 << 4);
	memcpy(p + 20, options, len);
	return tcp_parse((struct bytes){ p, 20 + len }, src, dst, false, got);
}

static void odd_options_are_met(void)
{
	static const struct { uint8_t option[8]; enum drop why; } cases[] = {
		{ { 1, 1, 1, 1, 1, 1, 1, 1 }, DROP_NONE },
		{ { 0, 255, 255, 255, 9, 0, 9, 0 }, DROP_NONE },    /* nothing counts behind the end */
		{ { 254, 4, 0, 0, 2, 4, 5, 180 }, DROP_NONE },      /* unknown, skipped; then an MSS */
		{ { 1, 1, 1, 1, 1, 1, 1, 254 }, DROP_OPTION },      /* no length any more */
		{ { 254, 0, 1, 1, 1, 1, 1, 1 }, DROP_OPTION },
		{ { 254, 1, 1, 1, 1, 1, 1, 1 }, DROP_OPTION },
		{ { 254, 9, 1, 1, 1, 1, 1, 1 }, DROP_OPTION },      /* beyond the header */
		{ { 2, 3, 5, 1, 1, 1, 1, 1 }, DROP_OPTION },        /* known, of a wrong length */
		{ { 3, 4, 5, 1, 1, 1, 1, 1 }, DROP_OPTION },
		{ { 4, 3, 5, 1, 1, 1, 1, 1 }, DROP_OPTION },
		{ { 8, 8, 5, 1, 1, 1, 1, 1 }, DROP_OPTION },
	};
	struct tcp_seg got;

	for (size_t i = 0; i < COUNT(cases); i++) CHECK_EQ(with_options(cases[i].option, 8, &got), cases[i].why);
	CHECK_EQ(with_options(cases[2].option, 8, &got), DROP_NONE);
	CHECK_EQ(got.mss, 1460);
	CHECK_EQ(with_options((uint8_t[]){ 3, 3, 15, 0 }, 4, &got), DROP_NONE);
	CHECK_EQ(got.wscale, 14); /* RFC 7323, 2.3 */
	CHECK_EQ(with_options((uint8_t[]){ 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1 }, 12, &got), DROP_NONE);
	CHECK(got.has_timestamps && got.ts_value == 1 && got.ts_echo == 2); /* not where everybody puts them */
}

static void bad_header_lengths_are_refused(void)
{
	uint8_t p[40] = { [12] = 4 << 4 };
	struct tcp_seg got;

	CHECK_EQ(tcp_parse((struct bytes){ p, 40 }, src, dst, false, &got), DROP_LENGTH);
	p[12] = 11 << 4;
	CHECK_EQ(tcp_parse((struct bytes){ p, 40 }, src, dst, false, &got), DROP_LENGTH);
	p[12] = 10 << 4;
	CHECK_EQ(tcp_parse((struct bytes){ p, 40 }, src, dst, false, &got), DROP_NONE);
}

/* What parses is emitted as what parses to the same. */
static void chance_finds_nothing_that_does_not_come_back(void)
{
	struct rng r;
	uint8_t p[80], again[100];
	unsigned good = 0;

	rng_init_number(&r, 1);
	for (int i = 0; i < 20000; i++) {
		struct tcp_seg a, b;
		rng_fill(&r, (struct room){ p, sizeof p });
		for (int k = 20; k < 60; k++) p[k] %= 11; /* options that may be some */
		if (tcp_parse((struct bytes){ p, sizeof p }, src, dst, false, &a) != DROP_NONE) continue;
		good++;
		size_t n = tcp_emit(&a, src, dst, (struct room){ again, sizeof again });
		CHECK_EQ(tcp_parse((struct bytes){ again, n }, src, dst, true, &b), DROP_NONE);
		CHECK(same(&a, &b) && bytes_equal(a.text, b.text));
	}
	CHECK(good > 1000);
}

int main(void)
{
	TEST(segments_come_back_as_they_went);
	TEST(odd_options_are_met);
	TEST(bad_header_lengths_are_refused);
	TEST(chance_finds_nothing_that_does_not_come_back);
	return tap_end();
}

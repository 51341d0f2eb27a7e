/* SPDX-License-Identifier: ISC */
#include "wire/ip6.h"

#include "tap.h"
#include "wire/ip4.h"

static const uint8_t payload[16] = { 1, 2, 3 };

static struct ip6 sample(void)
{
	struct ip6 ip = { .traffic_class = 0xb8, .flow_label = 0x54321, .hop_limit = 255, .protocol = IP_UDP,
		.payload = { payload, sizeof payload } };
	ip_parse("2001:db8::1", &ip.src);
	ip_parse("ff02::16", &ip.dst);
	return ip;
}

static size_t emit(const struct ip6 *ip, uint8_t out[400])
{
	size_t n = ip6_emit(ip, (struct room){ out, 400 });
	if (ip->payload.len > 0) memcpy(out + n, ip->payload.at, ip->payload.len);
	return n + ip->payload.len;
}

/* A packet whose first next-header is `first`, with `chain` behind the IPv6 header. */
static enum drop chained(uint8_t first, const uint8_t *chain, size_t len, struct ip6 *got)
{
	static uint8_t p[400];
	struct ip6 ip = sample();

	ip.protocol = first;
	ip.payload = (struct bytes){ chain, len };
	return ip6_parse((struct bytes){ p, emit(&ip, p) }, got);
}

static void a_header_comes_back_as_it_went(void)
{
	struct ip6 ip = sample(), got;
	uint8_t p[400];

	for (unsigned round = 0; round < 4; round++) {
		ip.router_alert = round & 1;
		ip.fragment = round & 2;
		if (ip.fragment) ip.id = 0xdeadbeef, ip.fragment_offset = 1448, ip.more_fragments = true;
		size_t n = emit(&ip, p);
		CHECK_EQ(n, 56 + (round & 1) * 8 + (round & 2) * 4);
		CHECK_EQ(ip6_parse((struct bytes){ p, n }, &got), DROP_NONE);
		CHECK(got.traffic_class == ip.traffic_class && got.flow_label == ip.flow_label);
		CHECK(got.hop_limit == ip.hop_limit && got.protocol == ip.protocol);
		CHECK(ip_equal(got.src, ip.src) && ip_equal(got.dst, ip.dst) && bytes_equal(got.payload, ip.payload));
		CHECK(got.router_alert == ip.router_alert && got.fragment == ip.fragment && got.id == ip.id);
		CHECK(got.fragment_offset == ip.fragment_offset && got.more_fragments == ip.more_fragments);
		for (size_t k = 0; k < n; k++) CHECK(ip6_parse((struct bytes){ p, k }, &got) != DROP_NONE);
		CHECK_EQ(ip6_emit(&ip, (struct room){ p, n - 17 }), 0);
	}
}

static void extension_headers_are_walked(void)
{
	static const uint8_t chain[] = {
		IP6_DESTINATION, 0, 1, 4, 0, 0, 0, 0,         /* hop by hop: PadN */
		IP6_ROUTING, 1, 0x1e, 2, 9, 9, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, /* destination: an unknown one that may pass */
	};
	static const uint8_t routing[] = { IP_TCP, 0, 253, 0, 0, 0, 0, 0, 0xaa };
	uint8_t whole[8 + 16 + sizeof routing];
	struct ip6 got;

	memcpy(whole, chain, 24);
	memcpy(whole + 24, routing, sizeof routing);
	CHECK_EQ(chained(IP6_HOP_BY_HOP, whole, sizeof whole, &got), DROP_NONE);
	CHECK(got.protocol == IP_TCP && got.payload.len == 1 && got.payload.at[0] == 0xaa);
	for (size_t n = 0; n < sizeof whole - 1; n++) CHECK(chained(IP6_HOP_BY_HOP, whole, n, &got) != DROP_NONE);
	whole[24 + 3] = 1; /* segments left for a routing type nobody knows */
	CHECK_EQ(chained(IP6_HOP_BY_HOP, whole, sizeof whole, &got), DROP_OPTION);
	CHECK_EQ(chained(IP6_NO_NEXT, NULL, 0, &got), DROP_NONE);
	CHECK_EQ(got.protocol, IP6_NO_NEXT);
}

static void bad_options_are_refused(void)
{
	static const struct { uint8_t header[8]; enum drop why; } cases[] = {
		{ { IP_UDP, 0, 0, 0, 0, 0, 0, 0 }, DROP_NONE },       /* Pad1 six times */
		{ { IP_UDP, 0, 5, 2, 0, 0, 1, 0 }, DROP_NONE },       /* router alert */
		{ { IP_UDP, 0, 5, 3, 0, 0, 0, 0 }, DROP_OPTION },     /* of a wrong length */
		{ { IP_UDP, 0, 0x45, 0, 1, 2, 0, 0 }, DROP_OPTION },  /* unknown: discard */
		{ { IP_UDP, 0, 0xc2, 4, 0, 1, 0, 0 }, DROP_OPTION },  /* a jumbogram */
		{ { IP_UDP, 0, 1, 5, 0, 0, 0, 0 }, DROP_OPTION },     /* beyond the header's end */
		{ { IP_UDP, 0, 0, 0, 0, 0, 0, 1 }, DROP_OPTION },     /* no length any more */
		{ { IP_UDP, 1, 1, 4, 0, 0, 0, 0 }, DROP_LENGTH },     /* header longer than the packet */
		{ { IP6_HOP_BY_HOP, 0, 1, 4, 0, 0, 0, 0 }, DROP_FIELD }, /* twice */
	};
	struct ip6 got;

	for (size_t i = 0; i < COUNT(cases); i++)
		CHECK_EQ(chained(IP6_HOP_BY_HOP, cases[i].header, 8, &got), cases[i].why);
}

static void a_chain_has_a_limit(void)
{
	uint8_t chain[8 * (IP6_EXTENSIONS_MAX + 1)] = { 0 };
	struct ip6 got;

	for (size_t i = 0; i <= IP6_EXTENSIONS_MAX; i++) chain[8 * i] = IP6_DESTINATION;
	CHECK_EQ(chained(IP6_DESTINATION, chain, sizeof chain, &got), DROP_OPTION);
	chain[8 * (IP6_EXTENSIONS_MAX - 1)] = IP_UDP;
	CHECK_EQ(chained(IP6_DESTINATION, chain, sizeof chain - 8, &got), DROP_NONE);
}

static void fragments_end_the_chain(void)
{
	uint8_t chain[8 + 16] = { IP6_DESTINATION, 0, 0, 1, 0, 0, 0, 7 };
	struct ip6 got;

	chain[8] = IP_UDP, chain[10] = 1, chain[11] = 4; /* a destination header that belongs to the whole */
	CHECK_EQ(chained(IP6_FRAGMENT, chain, sizeof chain, &got), DROP_NONE);
	CHECK(got.fragment && got.more_fragments && got.protocol == IP6_DESTINATION && got.payload.len == 16);
	CHECK_EQ(got.id, 7);
	got.fragment = false;
	CHECK_EQ(ip6_parse_extensions(&got), DROP_NONE);
	CHECK(got.protocol == IP_UDP && got.payload.len == 8);
	chain[3] = 0; /* atomic: the chain goes on */
	CHECK_EQ(chained(IP6_FRAGMENT, chain, sizeof chain, &got), DROP_NONE);
	CHECK(got.fragment && got.protocol == IP_UDP && got.payload.len == 8);
	chain[3] = 1;
	CHECK_EQ(chained(IP6_FRAGMENT, chain, sizeof chain - 1, &got), DROP_LENGTH);
	CHECK_EQ(chained(IP6_FRAGMENT, chain, 8, &got), DROP_LENGTH);
	chain[2] = 0xff, chain[3] = 0xf8;
	CHECK_EQ(chained(IP6_FRAGMENT, chain, sizeof chain, &got), DROP_LENGTH);
	CHECK_EQ(chained(IP6_FRAGMENT, chain, 7, &got), DROP_SHORT);
}

int main(void)
{
	TEST(a_header_comes_back_as_it_went);
	TEST(extension_headers_are_walked);
	TEST(bad_options_are_refused);
	TEST(a_chain_has_a_limit);
	TEST(fragments_end_the_chain);
	return tap_end();
}

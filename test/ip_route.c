/* SPDX-License-Identifier: ISC */
#include "proto/ip/route.h"

#include <stdlib.h>

#include "base/chance.h"
#include "tap.h"

static struct route route_of(const char *to, const char *gateway, uint16_t interface)
{
	struct route r = { .interface = interface };
	bool ok = prefix_parse(to, &r.to) && (gateway == NULL || ip_parse(gateway, &r.gateway));
	assert(ok);
	return r;
}

static struct routes routes;
static void *memory;

static void start(uint32_t max)
{
	struct arena arena;
	size_t size = route_memory(max);
	free(memory);
	memory = calloc(1, size);
	arena_init(&arena, (struct room){ memory, size });
	route_init(&routes, &arena, max);
}

static bool add(const char *to, const char *gateway, uint16_t interface)
{
	struct route r = route_of(to, gateway, interface);
	return route_add(&routes, &r);
}

static unsigned by(const char *text)
{
	struct ip ip;
	bool ok = ip_parse(text, &ip);
	assert(ok);
	const struct route *r = route_find(&routes, ip);
	return r == NULL ? 0 : r->interface;
}

static void the_longest_prefix_wins(void)
{
	start(16);
	CHECK_EQ(by("10.0.0.1"), 0);
	CHECK(add("10.0.0.0/8", "192.0.2.1", 1) && add("10.1.0.0/16", "192.0.2.2", 2) && add("10.1.2.0/24", NULL, 3));
	CHECK(add("10.1.2.3/32", NULL, 4));
	CHECK_EQ(by("10.9.9.9"), 1);
	CHECK_EQ(by("10.1.9.9"), 2);
	CHECK_EQ(by("10.1.2.9"), 3);
	CHECK_EQ(by("10.1.2.3"), 4);
	CHECK_EQ(by("11.0.0.1"), 0);
	CHECK(add("0.0.0.0/0", "192.0.2.9", 5));
	CHECK_EQ(by("11.0.0.1"), 5);
	CHECK_EQ(by("10.1.2.3"), 4);
}

static void the_families_do_not_meet(void)
{
	start(16);
	CHECK(add("::/0", "fe80::1", 6));
	CHECK_EQ(by("10.0.0.1"), 0);
	CHECK_EQ(by("2001:db8::1"), 6);
	CHECK(add("0.0.0.0/0", "192.0.2.1", 4));
	CHECK_EQ(by("10.0.0.1"), 4);
	CHECK_EQ(by("::1"), 6);
	CHECK(add("2001:db8::/32", NULL, 7) && add("2001:db8::1/128", NULL, 8) && add("2001:db8:8000::/33", NULL, 9));
	CHECK_EQ(by("2001:db8::2"), 7);
	CHECK_EQ(by("2001:db8::1"), 8);
	CHECK_EQ(by("2001:db8:ffff::1"), 9);
}

static void the_same_prefix_is_replaced(void)
{
	start(2);
	CHECK(add("10.0.0.0/8", NULL, 1) && add("10.0.0.0/8", NULL, 2) && add("10.0.0.0/9", NULL, 3));
	CHECK_EQ(by("10.200.0.0"), 2);
	CHECK(!add("11.0.0.0/8", NULL, 4)); /* full */
	CHECK_EQ(by("11.0.0.1"), 0);
	CHECK(add("10.0.0.0/9", NULL, 5));
	CHECK_EQ(by("10.0.0.1"), 5);
}

static void a_fork_becomes_a_route(void)
{
	start(4);
	CHECK(add("10.1.0.0/16", NULL, 1) && add("10.2.0.0/16", NULL, 2)); /* fork at 10.0.0.0/14 */
	CHECK(add("10.0.0.0/14", NULL, 3));
	CHECK_EQ(by("10.3.0.1"), 3);
	CHECK_EQ(by("10.1.0.1"), 1);
	CHECK_EQ(by("10.4.0.1"), 0);
}

/* The trie against a plain list, over crowded random prefixes of both families. */
enum { TWIN_ROUTES = 300 };
static struct route list[TWIN_ROUTES];
static size_t listed;

static const struct route *find_in_list(struct ip ip)
{
	const struct route *best = NULL;
	for (size_t i = 0; i < listed; i++)
		if (ip_is4(list[i].to.ip) == ip_is4(ip) && prefix_has(list[i].to, ip) &&
		    (best == NULL || list[i].to.bits > best->to.bits))
			best = &list[i];
	return best;
}

static struct ip random_ip(struct rng *rng, bool four)
{
	struct ip ip = { { 0x20, 0x01 } };
	/* Few different bits, so that prefixes lie in one another and destinations hit them. */
	uint64_t bits = rng_next(rng) & rng_next(rng) & UINT64_C(0x8103008101818181);
	if (four) return ip4_of((uint32_t)bits);
	store_be64(ip.byte + 4, bits);
	store_be32(ip.byte + 12, (uint32_t)(rng_next(rng) & rng_next(rng)) & 0x80810103);
	return ip;
}

static void as_a_list_would(void)
{
	struct rng rng;
	rng_init_number(&rng, 1);
	for (int round = 0; round < 5; round++) {
		start(TWIN_ROUTES);
		listed = 0;
		for (uint32_t i = 0; i < TWIN_ROUTES; i++) {
			bool four = rng_chance(&rng, 500000000);
			uint8_t bits = (uint8_t)(four ? 96 + rng_below(&rng, 33) : rng_below(&rng, 129));
			struct route r = { .to = { random_ip(&rng, four), bits }, .interface = (uint16_t)(i + 1) };
			r.to.ip = prefix_first(r.to);
			if (!four && ip_is4(r.to.ip)) continue;
			CHECK(route_add(&routes, &r));
			size_t at = 0;
			while (at < listed && !(ip_equal(list[at].to.ip, r.to.ip) && list[at].to.bits == bits)) at++;
			if (at == listed) listed++;
			list[at] = r;
		}
		struct ip ip;
		for (int i = 0; i < 5000; i++) {
			if (i % 3 > 0 || i == 0) ip = random_ip(&rng, i % 2); /* and every third again, from memory */
			const struct route *a = route_find(&routes, ip), *b = find_in_list(ip);
			CHECK_EQ(a == NULL ? 0 : a->interface, b == NULL ? 0 : b->interface);
		}
	}
}

int main(void)
{
	TEST(the_longest_prefix_wins);
	TEST(the_families_do_not_meet);
	TEST(the_same_prefix_is_replaced);
	TEST(a_fork_becomes_a_route);
	TEST(as_a_list_would);
	free(memory);
	return tap_end();
}

/* SPDX-License-Identifier: ISC */
/* The cache against a plain twin that forgets nothing: what the cache says must be what the twin says; only what
 * had to go for want of room may be missing. */
#include "proto/dns/cache.h"

#include "base/chance.h"
#include "tap.h"

static const uint8_t key[16] = "a key for a test";
static _Alignas(16) uint8_t memory[1 << 20];
static uint8_t bytes[DNS_MESSAGE_MAX];
static struct dns_message message;

static struct cache *fresh(size_t size)
{
	memset(memory, 0xa5, size); /* it must not count on zeros */
	return cache_init((struct room){ memory, size }, key);
}

static struct dns_name name_of(const char *text)
{
	struct dns_name n;
	if (!dns_name_parse(text, &n)) printf("# %s is no name\n", text);
	return n;
}

struct a { const char *owner; uint32_t ttl; uint32_t ip; };

/* A response with A records in one section. */
static const struct dns_message *reply(enum dns_section section, const struct a *a, size_t count)
{
	struct dns_builder b;
	dns_begin(&b, (struct room){ bytes, sizeof bytes }, DNS_MESSAGE_MAX, 1, DNS_QR | DNS_AA, 0, 0);
	for (size_t i = 0; i < count; i++) {
		uint8_t rdata[4];
		store_be32(rdata, a[i].ip);
		struct dns_rr rr = { name_of(a[i].owner), DNS_A, DNS_IN, a[i].ttl, section, { rdata, 4 }, { 0 } };
		dns_add_rr(&b, &rr);
	}
	dns_parse((struct bytes){ bytes, dns_end(&b) }, &message);
	return &message;
}

static const struct dns_message *names(uint16_t type, const char *owner, uint32_t ttl, const char *const *to, size_t count)
{
	struct dns_builder b;
	dns_begin(&b, (struct room){ bytes, sizeof bytes }, DNS_MESSAGE_MAX, 1, DNS_QR, 0, 0);
	for (size_t i = 0; i < count; i++) {
		struct dns_name n = name_of(to[i]);
		struct dns_rr rr = { name_of(owner), type, DNS_IN, ttl, DNS_AUTHORITY, { n.at, n.len }, { 0 } };
		dns_add_rr(&b, &rr);
	}
	dns_parse((struct bytes){ bytes, dns_end(&b) }, &message);
	return &message;
}

static struct dns_rr soa(const char *zone, uint32_t ttl, uint32_t minimum)
{
	static uint8_t rdata[22];
	memset(rdata, 0, sizeof rdata);
	store_be32(rdata + 18, minimum);
	return (struct dns_rr){ name_of(zone), DNS_SOA, DNS_IN, ttl, DNS_AUTHORITY, { rdata, sizeof rdata }, { 0 } };
}

static bool put(struct cache *c, instant now, const char *owner, uint32_t ttl, uint32_t ip, enum cache_trust trust)
{
	struct dns_name n = name_of(owner);
	return cache_put(c, now, reply(DNS_ANSWER, &(struct a){ owner, ttl, ip }, 1), DNS_ANSWER, &n, DNS_A, trust);
}

/* The address that is cached, with what is left of its TTL; 0 for none. */
static uint32_t got(struct cache *c, instant now, const char *owner, uint32_t *ttl)
{
	struct dns_name n = name_of(owner);
	struct cache_hit hit;
	struct dns_rr rr;
	if (!cache_get(c, now, &n, DNS_A, &hit) || hit.kind != CACHE_RECORDS || !cache_next(&hit, &rr)) return 0;
	if (ttl != NULL) *ttl = rr.ttl;
	return rr.rdata.len == 4 ? load_be32(rr.rdata.at) : 0;
}

static void a_ttl_counts_down_and_ends(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	uint32_t ttl = 0;

	CHECK(put(c, 5 * SECOND, "www.example.com", 300, 1, CACHE_AUTHORITATIVE));
	CHECK_EQ(got(c, 5 * SECOND, "WWW.Example.COM", &ttl), 1);
	CHECK_EQ(ttl, 300);
	CHECK_EQ(got(c, 18 * SECOND, "www.example.com", &ttl), 1);
	CHECK_EQ(ttl, 287);
	CHECK_EQ(got(c, 305 * SECOND - 1, "www.example.com", &ttl), 1);
	CHECK_EQ(ttl, 0);
	CHECK_EQ(got(c, 305 * SECOND, "www.example.com", &ttl), 0);
	CHECK_EQ(cache_counts(c).entries, 0);
	CHECK(!put(c, 0, "zero.example.com", 0, 1, CACHE_AUTHORITATIVE));
	CHECK(put(c, 0, "long.example.com", 1u << 30, 1, CACHE_AUTHORITATIVE));
	CHECK_EQ(got(c, 0, "long.example.com", &ttl), 1);
	CHECK_EQ(ttl, CACHE_TTL_MAX);
}

static void a_set_keeps_its_order_and_has_one_ttl(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	struct dns_name n = name_of("www.example.com");
	const struct a set[] = { { "www.example.com", 300, 3 }, { "other.example.com", 10, 9 },
	                         { "www.example.com", 200, 1 }, { "www.example.com", 400, 2 } };
	static const uint32_t order[] = { 3, 1, 2 };
	struct cache_hit hit;
	struct dns_rr rr;

	CHECK(cache_put(c, 0, reply(DNS_ANSWER, set, 4), DNS_ANSWER, &n, DNS_A, CACHE_AUTHORITATIVE));
	CHECK(cache_get(c, 0, &n, DNS_A, &hit) && hit.count == 3 && hit.ttl == 200);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(cache_next(&hit, &rr) && load_be32(rr.rdata.at) == order[i] && rr.ttl == 200);
	CHECK(!cache_next(&hit, &rr));
}

static void names_in_data_are_written_out(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	struct dns_name zone = name_of("example.com"), ns;
	const char *const to[] = { "ns1.example.com", "ns2.example.com" };
	struct cache_hit hit;
	struct dns_rr rr;

	CHECK(cache_put(c, 0, names(DNS_NS, "example.com", 60, to, 2), DNS_AUTHORITY, &zone, DNS_NS, CACHE_DELEGATION));
	memset(bytes, 0xff, sizeof bytes); /* the message is gone */
	CHECK(cache_get(c, 0, &zone, DNS_NS, &hit) && hit.trust == CACHE_DELEGATION && hit.count == 2);
	for (int i = 0; i < 2; i++) {
		struct dns_name want = name_of(to[i]);
		CHECK(cache_next(&hit, &rr) && dns_rdata_name(&rr, 0, &ns) && dns_name_equal(&ns, &want));
	}
}

/* RFC 2181, 5.4.1. */
static void less_trusted_data_does_not_replace_better(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);

	CHECK(put(c, 0, "ns.example.com", 100, 1, CACHE_GLUE));
	CHECK(put(c, 0, "ns.example.com", 100, 2, CACHE_GLUE));
	CHECK_EQ(got(c, 0, "ns.example.com", NULL), 2);
	CHECK(put(c, 0, "ns.example.com", 100, 3, CACHE_AUTHORITATIVE));
	CHECK(!put(c, 0, "ns.example.com", 100, 4, CACHE_GLUE));
	CHECK(!put(c, 0, "ns.example.com", 100, 4, CACHE_ANSWER));
	CHECK_EQ(got(c, 0, "ns.example.com", NULL), 3);
	CHECK(put(c, 100 * SECOND, "ns.example.com", 100, 4, CACHE_GLUE)); /* the better has run out */
	CHECK_EQ(got(c, 100 * SECOND, "ns.example.com", NULL), 4);
}

static void a_delegation_does_not_prolong_itself(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	struct dns_name zone = name_of("ghost.com");
	const char *const to[] = { "ns.ghost.com" };
	struct cache_hit hit;

	CHECK(cache_put(c, 0, names(DNS_NS, "ghost.com", 100, to, 1), DNS_AUTHORITY, &zone, DNS_NS, CACHE_DELEGATION));
	CHECK(cache_put(c, 90 * SECOND, names(DNS_NS, "ghost.com", 100, to, 1), DNS_AUTHORITY, &zone, DNS_NS,
	                CACHE_AUTHORITATIVE));
	CHECK(cache_get(c, 90 * SECOND, &zone, DNS_NS, &hit) && hit.ttl == 10);
	CHECK(!cache_get(c, 100 * SECOND, &zone, DNS_NS, &hit));
}

/* RFC 2308. */
static void a_no_is_kept_with_its_soa(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	struct dns_name n = name_of("nix.example.com"), zone = name_of("example.com");
	struct dns_rr rr = soa("example.com", 900, 60), out;
	struct cache_hit hit;
	struct dns_soa fields;

	CHECK(cache_put_no(c, 0, CACHE_NO_DATA, &n, DNS_AAAA, &rr));
	CHECK(!cache_get(c, 0, &n, DNS_A, &hit));
	CHECK(cache_get(c, 10 * SECOND, &n, DNS_AAAA, &hit) && hit.kind == CACHE_NO_DATA && hit.ttl == 50);
	CHECK(cache_next(&hit, &out) && out.section == DNS_AUTHORITY && dns_name_equal(&out.name, &zone));
	CHECK(dns_rdata_soa(&out, &fields) && fields.minimum == 60 && out.ttl == 50);
	CHECK(put(c, 0, "nix.example.com", 300, 7, CACHE_AUTHORITATIVE));
	CHECK(cache_put_no(c, 0, CACHE_NO_NAME, &n, DNS_A, &rr));
	CHECK(cache_get(c, 0, &n, DNS_TXT, &hit) && hit.kind == CACHE_NO_NAME); /* of every type */
	CHECK(cache_get(c, 0, &n, DNS_A, &hit) && hit.kind == CACHE_NO_NAME);
	CHECK(put(c, 0, "nix.example.com", 300, 8, CACHE_AUTHORITATIVE)); /* it has come into being */
	CHECK_EQ(got(c, 0, "nix.example.com", NULL), 8);
	rr = soa("example.com", 900, 0);
	CHECK(!cache_put_no(c, 0, CACHE_NO_DATA, &n, DNS_TXT, &rr));
	rr = soa("example.com", 1u << 30, 1u << 30);
	CHECK(cache_put_no(c, 0, CACHE_NO_DATA, &n, DNS_TXT, &rr));
	CHECK(cache_get(c, 0, &n, DNS_TXT, &hit) && hit.ttl == CACHE_NO_TTL_MAX);
}

static void a_failure_stands_beside_what_is_known(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	struct dns_name n = name_of("bad.example.com");

	CHECK(put(c, 0, "bad.example.com", 300, 7, CACHE_GLUE));
	cache_put_failure(c, 0, &n, DNS_A);
	CHECK(cache_failed(c, 0, &n, DNS_A) && !cache_failed(c, 0, &n, DNS_AAAA));
	CHECK_EQ(got(c, 0, "bad.example.com", NULL), 7);
	CHECK(cache_failed(c, CACHE_FAILURE_FOR - 1, &n, DNS_A) && !cache_failed(c, CACHE_FAILURE_FOR, &n, DNS_A));
}

static void what_was_read_outlives_what_was_not(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	char owner[40];

	put(c, 0, "favourite.example.com", 3600, 42, CACHE_AUTHORITATIVE);
	put(c, 0, "forgotten.example.com", 3600, 43, CACHE_AUTHORITATIVE);
	for (uint32_t i = 0; i < 2000; i++) {
		snprintf(owner, sizeof owner, "n%u.example.com", i);
		CHECK(put(c, 0, owner, 3600, 1000 + i, CACHE_AUTHORITATIVE));
		CHECK(i % 20 != 0 || got(c, 0, "favourite.example.com", NULL) == 42);
		CHECK(i % 7 != 0 || got(c, 0, owner, NULL) == 1000 + i);
	}
	CHECK_EQ(got(c, 0, "forgotten.example.com", NULL), 0);
	struct cache_counts n = cache_counts(c);
	CHECK(n.evicted > 1500 && n.saved > 0 && n.bytes <= CACHE_BYTES_MIN && n.entries > 50);
}

static void a_set_too_large_is_refused(void)
{
	struct cache *c = fresh(CACHE_BYTES_MIN);
	static struct a set[700];
	struct dns_name n = name_of("big.example.com");

	for (uint32_t i = 0; i < COUNT(set); i++) set[i] = (struct a){ "big.example.com", 60, i };
	CHECK(!cache_put(c, 0, reply(DNS_ANSWER, set, 700), DNS_ANSWER, &n, DNS_A, CACHE_ANSWER));
	CHECK(cache_put(c, 0, reply(DNS_ANSWER, set, 200), DNS_ANSWER, &n, DNS_A, CACHE_ANSWER));
	CHECK(!cache_put(c, 0, reply(DNS_ANSWER, set, 1), DNS_ANSWER, &(struct dns_name){ .len = 1 }, DNS_A, CACHE_ANSWER));
}

/* --- the twin --- */

#define NAMES 300
static struct twin { uint32_t ip[8]; size_t count; instant expires_at; enum cache_trust trust; } twin[NAMES];

static bool twin_put(struct twin *t, instant now, const struct a *a, size_t count, enum cache_trust trust)
{
	uint32_t ttl = UINT32_MAX;
	for (size_t i = 0; i < count; i++) ttl = a[i].ttl < ttl ? a[i].ttl : ttl;
	if (ttl == 0 || (t->expires_at > now && t->trust > trust)) return false;
	*t = (struct twin){ .count = count, .expires_at = now + ttl * SECOND, .trust = trust };
	for (size_t i = 0; i < count; i++) t->ip[i] = a[i].ip;
	return true;
}

static bool agrees(struct cache *c, instant now, const struct twin *t, const char *owner, bool may_miss)
{
	struct dns_name n = name_of(owner);
	struct cache_hit hit;
	struct dns_rr rr;
	bool alive = t->expires_at > now;

	if (!cache_get(c, now, &n, DNS_A, &hit)) return !alive || may_miss;
	if (!alive || hit.count != t->count || hit.trust != t->trust) return false;
	if (hit.ttl != (t->expires_at - now) / SECOND) return false;
	for (size_t i = 0; i < t->count; i++)
		if (!cache_next(&hit, &rr) || load_be32(rr.rdata.at) != t->ip[i]) return false;
	return true;
}

static void walk(size_t size, bool may_miss, uint64_t seed)
{
	struct cache *c = fresh(size);
	struct rng rng;
	instant now = 0;
	char owner[40];

	rng_init_number(&rng, seed);
	memset(twin, 0, sizeof twin);
	for (int step = 0; step < 6000; step++) {
		uint32_t i = (uint32_t)rng_below(&rng, NAMES);
		snprintf(owner, sizeof owner, "n%u.%.*s", i, (int)(i % 20), "abcdefghijklmnopqrstuvwxyz");
		if (rng_below(&rng, 3) == 0) {
			struct a set[8];
			size_t count = 1 + rng_below(&rng, 8);
			for (size_t k = 0; k < count; k++)
				set[k] = (struct a){ owner, (uint32_t)rng_below(&rng, 2000), (uint32_t)rng_next(&rng) };
			enum cache_trust trust = (enum cache_trust)rng_below(&rng, 4);
			struct dns_name n = name_of(owner);
			/* What the small one has evicted stands no more in the way of what is trusted less. */
			struct cache_hit hit;
			if (may_miss && !cache_get(c, now, &n, DNS_A, &hit)) twin[i].expires_at = 0;
			bool ok = cache_put(c, now, reply(DNS_ANSWER, set, count), DNS_ANSWER, &n, DNS_A, trust);
			CHECK(ok == twin_put(&twin[i], now, set, count, trust));
		}
		CHECK(agrees(c, now, &twin[i], owner, may_miss));
		now += (instant)rng_below(&rng, 200 * MILLISECOND);
	}
	CHECK(may_miss ? cache_counts(c).evicted > 100 : cache_counts(c).evicted == 0);
}

static void a_large_cache_says_what_its_twin_says(void)
{
	for (uint64_t seed = 0; seed < 5; seed++) walk(sizeof memory, false, seed);
}

static void a_small_cache_forgets_but_never_errs(void)
{
	for (uint64_t seed = 0; seed < 10; seed++) walk(CACHE_BYTES_MIN + seed * 8, true, seed);
}

int main(void)
{
	TEST(a_ttl_counts_down_and_ends);
	TEST(a_set_keeps_its_order_and_has_one_ttl);
	TEST(names_in_data_are_written_out);
	TEST(less_trusted_data_does_not_replace_better);
	TEST(a_delegation_does_not_prolong_itself);
	TEST(a_no_is_kept_with_its_soa);
	TEST(a_failure_stands_beside_what_is_known);
	TEST(what_was_read_outlives_what_was_not);
	TEST(a_set_too_large_is_refused);
	TEST(a_large_cache_says_what_its_twin_says);
	TEST(a_small_cache_forgets_but_never_errs);
	return tap_end();
}

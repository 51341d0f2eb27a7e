/* SPDX-License-Identifier: ISC */
#include "proto/dns/zone.h"
#include "tap.h"

static uint8_t memory[1 << 20];
static struct arena arena;
static struct zone_error error;

static struct dns_name name(const char *text)
{
	struct dns_name n;
	bool good = dns_name_parse(text, &n);
	assert(good);
	return n;
}

static struct zone *load(const char *origin, const char *text)
{
	struct dns_name n;

	if (origin != NULL) n = name(origin);
	arena_init(&arena, (struct room){ memory, sizeof memory });
	return zone_load(&arena, origin != NULL ? &n : NULL, bytes_of(text), &error);
}

/* "LINE:COLUMN: words", or "" if it loads. */
static const char *refusal(const char *origin, const char *text)
{
	static char buffer[300];
	struct text t = text_in(buffer, sizeof buffer);

	if (load(origin, text) != NULL) return "";
	text_printf(&t, "%u:%u: %s", error.line, error.column, error.words);
	return arena.used == 0 ? buffer : "the arena is not as it was";
}

/* All records of a name and type as text, each with the TTL before it. */
static const char *records(const struct zone *z, const char *owner, uint16_t type)
{
	static char buffer[8192];
	struct text t = text_in(buffer, sizeof buffer);
	struct dns_name n = name(owner);
	bool exact;
	const struct zone_node *node = zone_nearest(z, &n, &exact);
	const struct zone_set *s = exact ? zone_set(node, type) : NULL;

	if (s == NULL) return exact ? "no set" : "no name";
	unsigned count = 0;
	for (const struct zone_record *r = s->first; r != NULL; r = r->next, count++) {
		struct dns_rr rr = { .type = type, .class = DNS_IN, .rdata = { r->rdata, r->len } };
		text_printf(&t, "%s%u ", count > 0 ? ", " : "", (unsigned)s->ttl);
		dns_rdata_print(&rr, &t);
	}
	return count == s->count ? buffer : "a wrong count";
}

#define TOP "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 10.0.0.53\n"

static void a_zone_is_read_as_it_is_written(void)
{
	const struct zone *z = load("example.com",
		"; a comment\n"
		"$TTL 1h30m\n"
		"@   IN SOA ns1.example.com. host\\.master (\n"
		"        2026112201 ; serial\n"
		"        1h 10m\t1w\n"
		"        60 )       ; minimum\n"
		"        NS  ns1\n"
		"        3600 IN NS ns2.other.org.\n"
		"        IN 3600 MX 10 mail\n"
		"ns1     A 10.0.0.53\n"
		"www 30  A 10.0.1.1\r\n"
		"        A 10.0.1.2\n"
		"        A 10.0.1.1 ; again\n"
		"WWW     A 10.0.1.3\n"
		"        AAAA 2001:db8::1\n"
		"mail    CNAME www\n"
		"t       TXT \"a; (b) \\\"c\\\" \\065\" bare \"\"\n"
		"s       SRV 0 5 5060 sip.example.com.\n"
		"        HINFO \"a b\" c\n"
		"        CAA 0 issue \"ca.example\"\n"
		"        DS 1 8 2 ( DEAD BEEF\n 00 )\n"
		"        TYPE65280 \\# 3 01 02FF\n"
		"        TYPE65281 \\# 0\n"
		"g       A \\# 4 0A000001\n"
		"$ORIGIN deep.example.com.\n"
		"x.y     PTR @\n"
		"*       TXT wild");

	CHECK_STR(z != NULL ? "" : error.words, "");
	CHECK_STR(records(z, "example.com", DNS_SOA),
	          "5400 ns1.example.com. host\\.master.example.com. 2026112201 3600 600 604800 60");
	CHECK_STR(records(z, "Example.COM", DNS_NS), "3600 ns1.example.com., 3600 ns2.other.org.");
	CHECK_STR(records(z, "example.com", DNS_MX), "3600 10 mail.example.com.");
	CHECK_STR(records(z, "www.example.com", DNS_A), "30 10.0.1.1, 30 10.0.1.2, 30 10.0.1.3");
	CHECK_STR(records(z, "www.example.com", DNS_AAAA), "5400 2001:db8::1");
	CHECK_STR(records(z, "mail.example.com", DNS_CNAME), "5400 www.example.com.");
	CHECK_STR(records(z, "t.example.com", DNS_TXT), "5400 \"a; (b) \\\"c\\\" A\" \"bare\" \"\"");
	CHECK_STR(records(z, "s.example.com", DNS_SRV), "5400 0 5 5060 sip.example.com.");
	CHECK_STR(records(z, "s.example.com", DNS_HINFO), "5400 \"a b\" \"c\"");
	CHECK_STR(records(z, "s.example.com", DNS_CAA), "5400 0 issue \"ca.example\"");
	CHECK_STR(records(z, "s.example.com", DNS_DS), "5400 1 8 2 DEADBEEF00");
	CHECK_STR(records(z, "s.example.com", 65280), "5400 \\# 3 0102FF");
	CHECK_STR(records(z, "s.example.com", 65281), "5400 \\# 0");
	CHECK_STR(records(z, "g.example.com", DNS_A), "5400 10.0.0.1");
	CHECK_STR(records(z, "x.y.deep.example.com", DNS_PTR), "5400 deep.example.com.");
	CHECK_STR(records(z, "*.deep.example.com", DNS_TXT), "5400 \"wild\"");
	CHECK_STR(records(z, "y.deep.example.com", DNS_A), "no set"); /* it exists all the same */
	CHECK_STR(records(z, "nothing.example.com", DNS_A), "no name");
	CHECK_EQ(z->negative_ttl, 60);
	CHECK_EQ(z->records, 20);
}

static void the_origin_may_come_from_the_text(void)
{
	const struct zone *z = load(NULL, "$ORIGIN com\n" TOP "$ORIGIN sub\nwww A 10.0.0.1\n");
	struct dns_name com = name("com");

	CHECK(z != NULL && dns_name_equal(zone_origin(z), &com));
	CHECK_STR(records(z, "www.sub.com", DNS_A), "300 10.0.0.1");
	z = load("com", "$ORIGIN sub.com.\nwww 5 A 10.0.0.1\n$ORIGIN com.\n" TOP);
	CHECK(z != NULL && dns_name_equal(zone_origin(z), &com));
	z = load(".", "$ORIGIN .\n$TTL 5\n@ SOA a.root host 1 1 1 1 1\n@ NS a.root\na.root A 10.0.0.1\n");
	CHECK(z != NULL);
	CHECK_STR(records(z, ".", DNS_NS), "5 a.root.");
}

static void a_missing_ttl_is_found_elsewhere(void)
{
	const struct zone *z = load("e", "@ SOA ns h 1 2 3 4 77\n@ NS ns\nns A 1.2.3.4\n x"); /* no $TTL: the minimum */
	CHECK_STR(z == NULL ? error.words : "", "expected a time to live, a class or a type, found 'x'");
	z = load("e", "@ SOA ns h 1 2 3 4 77\n@ NS ns\nns 5 A 1.2.3.4\nx A 1.1.1.1\n$TTL 9\ny A 1.1.1.1\nz 8 A 1.1.1.1\nz2 A 1.1.1.1\n");
	CHECK(z != NULL);
	CHECK_STR(records(z, "e", DNS_SOA), "77 ns.e. h.e. 1 2 3 4 77");
	CHECK_STR(records(z, "e", DNS_NS), "77 ns.e.");
	CHECK_STR(records(z, "x.e", DNS_A), "5 1.1.1.1"); /* the last one given */
	CHECK_STR(records(z, "y.e", DNS_A), "9 1.1.1.1");
	CHECK_STR(records(z, "z2.e", DNS_A), "9 1.1.1.1");
	CHECK_EQ(z->negative_ttl, 77);
	z = load("e", "@ 10 SOA ns h 1 2 3 4 77\n@ NS ns\nns A 1.2.3.4\n");
	CHECK(z != NULL);
	CHECK_EQ(z->negative_ttl, 10); /* RFC 2308, 3: the lesser */
	CHECK_STR(refusal("e", "ns A 1.2.3.4\n@ SOA ns h 1 2 3 4 77\n"),
	          "1:4: expected a time to live (there is no $TTL, and none before it), found 'A'");
}

static void cuts_and_wildcards_are_known(void)
{
	const struct zone *z = load("e", TOP "sub NS ns.sub\nns.sub A 10.0.0.1\nns.sub NS other.org.\n"
	                            "*.w TXT x\nsub NS far.sub2\nsub2 NS far.sub2\nfar.sub2 AAAA ::1\n");
	struct dns_name n;
	bool exact;

	CHECK_STR(z != NULL ? "" : error.words, "");
	n = name("a.b.ns.sub.e");
	const struct zone_node *node = zone_nearest(z, &n, &exact);
	CHECK(!exact && node->labels == 3 && node->cut != NULL && node->cut->labels == 2); /* the highest cut */
	n = name("e");
	node = zone_nearest(z, &n, &exact);
	CHECK(exact && node == z->top && node->cut == NULL && node->wildcard == NULL);
	n = name("a.b.w.e");
	node = zone_nearest(z, &n, &exact);
	CHECK(!exact && node->labels == 2 && node->wildcard != NULL && zone_set(node->wildcard, DNS_TXT) != NULL);
	n = name("ns.sub.e");
	CHECK(zone_nearest(z, &n, &exact)->cut->labels == 2 && exact);
	n = name("1.2.3.4.5.6.7.8.9.e");
	CHECK(zone_nearest(z, &n, &exact) == z->top && !exact);
}

static void errors_say_where_and_what(void)
{
	CHECK_STR(refusal("e", TOP "www IM A 10.0.0.1\n"), "5:5: expected a time to live, a class or a type, found 'IM'");
	CHECK_STR(refusal("e", TOP "www AAA ::1\n"),
	          "5:5: expected a time to live, a class or a type, found 'AAA' (did you mean 'AAAA'?)");
	CHECK_STR(refusal("e", TOP "www A 10.0.0.256\n"), "5:7: expected an IPv4 address, found '10.0.0.256'");
	CHECK_STR(refusal("e", TOP "www A\n"), "5:6: expected an IPv4 address, found the end of the line");
	CHECK_STR(refusal("e", TOP "www A"), "5:6: expected an IPv4 address, found the end of the file");
	CHECK_STR(refusal("e", TOP "www A 10.0.0.1 10.0.0.2\n"), "5:16: expected the end of the record, found '10.0.0.2'");
	CHECK_STR(refusal("e", TOP "www AAAA 10.0.0.1\n"), "5:10: expected an IPv6 address, found '10.0.0.1'");
	CHECK_STR(refusal("e", TOP "www CH A 10.0.0.1\n"), "5:5: expected class IN, found 'CH'");
	CHECK_STR(refusal("e", TOP "www ANY x\n"), "5:5: expected a type that records have, found 'ANY'");
	CHECK_STR(refusal("e", TOP "www MX mail 10\n"), "5:8: expected a number from 0 to 65535, found 'mail'");
	CHECK_STR(refusal("e", TOP "www MX 65536 x\n"), "5:8: expected a number from 0 to 65535, found '65536'");
	CHECK_STR(refusal("e", TOP "www MX 1h x\n"), "5:8: expected a number from 0 to 65535, found '1h'");
	CHECK_STR(refusal("e", TOP "www.other. A 1.2.3.4\n"), "5:1: expected a name in e., found 'www.other.'");
	CHECK_STR(refusal("e", TOP "a..b A 1.2.3.4\n"), "5:1: expected a name, found 'a..b'");
	CHECK_STR(refusal("e", " A 1.2.3.4\n"), "1:2: expected a name at the beginning of the line, found 'A'");
	CHECK_STR(refusal("e", TOP "x TXT \"abc\n"), "5:7: expected a '\"' that closes this one, found the end of the line");
	CHECK_STR(refusal("e", TOP "x TXT ( a\nb\n"), "5:7: expected a ')' for this '(', found the end of the file");
	CHECK_STR(refusal("e", TOP "x TXT a )\n"), "5:9: expected a '(' before it, found ')'");
	CHECK_STR(refusal("e", TOP "x TXT a\\25\n"), "5:7: expected a string of at most 255 bytes, found 'a\\25'");
	CHECK_STR(refusal("e", TOP "$INCLUDE other\n"), "5:1: expected $ORIGIN, $TTL or a name, found '$INCLUDE'");
	CHECK_STR(refusal("e", TOP "$TTL many\n"), "5:6: expected a time to live, found 'many'");
	CHECK_STR(refusal("e", TOP "$TTL 2147483648\n"), "5:6: expected a time to live, found '2147483648'");
	CHECK_STR(refusal("e", TOP "x TYPE300 a\n"), "5:11: expected \\# and bytes in hexadecimal for type TYPE300, found 'a'");
	CHECK_STR(refusal("e", TOP "x TYPE300 \\# 3 0102\n"), "5:14: expected 3 bytes in hexadecimal, found 2");
	CHECK_STR(refusal("e", TOP "x TYPE300 \\# 1 0g\n"), "5:16: expected pairs of hexadecimal digits, found '0g'");
	CHECK_STR(refusal("e", TOP "x A \\# 3 010203\n"), "5:5: expected the data of a record of type A");
	CHECK_STR(refusal(NULL, "www A 1.2.3.4\n"), "1:1: expected $ORIGIN, for the zone's name is not known, found 'www'");
	CHECK_STR(refusal("e", TOP "x A 1.2.3.4\nx2 \x01\x02\n"),
	          "6:4: expected a time to live, a class or a type, found '\?\?'");
}

static void nonsense_zones_are_refused(void)
{
	CHECK_STR(refusal("e", ""), "1:1: expected a SOA record, found none");
	CHECK_STR(refusal("e", "@ 1 NS x.\n"), "2:1: expected a SOA record, found none");
	CHECK_STR(refusal("e", "@ 1 SOA a. b. 1 2 3 4 5\n"), "2:1: expected an NS record for e., found none");
	CHECK_STR(refusal("e", TOP "x SOA a b 1 2 3 4 5\n"),
	          "5:3: expected a SOA record only for the zone's own name, found one for x.e.");
	CHECK_STR(refusal("e", TOP "@ SOA a b 1 2 3 4 5\n"), "5:3: expected one SOA record for a name, found a second");
	CHECK_STR(refusal("e", TOP "x CNAME a\nx A 1.2.3.4\n"),
	          "6:3: expected no other record beside the CNAME of x.e., found A");
	CHECK_STR(refusal("e", TOP "x A 1.2.3.4\nx CNAME a\n"),
	          "6:3: expected no other record beside the CNAME of x.e., found A");
	CHECK_STR(refusal("e", TOP "x CNAME a\nx CNAME b\n"), "6:3: expected one CNAME record for a name, found a second");
	CHECK_STR(refusal("e", TOP "x CNAME a\nx CNAME a\n"), "");
	CHECK_STR(refusal("e", TOP "*.x NS a.b.\n"),
	          "5:5: expected no NS record for a wildcard (RFC 4592, 4.2), found one for *.x.e.");
}

static void name_servers_of_the_zone_have_addresses(void)
{
	CHECK_STR(refusal("e", "$TTL 5\n@ SOA a b 1 2 3 4 5\n@ NS ns1\n@ NS\n ns2\nns1 A 1.2.3.4\n"),
	          "4:5: expected a name, found the end of the line");
	CHECK_STR(refusal("e", "$TTL 5\n@ SOA a b 1 2 3 4 5\n@ NS ns1\n@ NS ns2\nns1 A 1.2.3.4\n"),
	          "4:3: expected an A or AAAA record for ns2.e., found none");
	CHECK_STR(refusal("e", TOP "sub NS ns.sub\n"), "5:5: expected an A or AAAA record for ns.sub.e., found none");
	CHECK_STR(refusal("e", TOP "sub NS ns.sub\nns.sub AAAA ::1\n"), "");
	CHECK_STR(refusal("e", TOP "sub NS ns.else.\n"), "");
	CHECK_STR(refusal("e", TOP "sub NS ns.sib\nsib NS x.y.\n"), ""); /* the sibling's to answer */
	CHECK_STR(refusal("e", TOP "sub NS ns.w\n*.w A 1.2.3.4\n"), "");
}

static void a_zone_that_does_not_fit_says_so(void)
{
	struct dns_name e = name("e");
	struct bytes text = bytes_of(TOP "x TXT abcdefghijklmnopqrstuvwxyz\nsub.sub.sub A 1.2.3.4\n");
	size_t whole = 0;

	arena_init(&arena, (struct room){ memory, sizeof memory });
	CHECK(zone_load(&arena, &e, text, &error) != NULL);
	whole = arena.used;
	for (size_t size = 0; size < whole; size++) {
		arena_init(&arena, (struct room){ memory, size });
		CHECK(zone_load(&arena, &e, text, &error) == NULL && arena.used == 0);
		CHECK(strstr(error.words, "does not fit") != NULL);
	}
	arena_init(&arena, (struct room){ memory, whole });
	CHECK(zone_load(&arena, &e, text, &error) != NULL);
}

/* Against a list of what was put in. */
static void many_names_are_found_again(void)
{
	static char text[200000];
	struct text t = text_in(text, sizeof text);
	char owner[40], want[40];

	text_puts(&t, TOP);
	for (unsigned i = 0; i < 3000; i++) text_printf(&t, "h%u.r%u A 10.%u.%u.1\n", i, i % 7, i / 256, i % 256);
	CHECK(!t.cut);
	const struct zone *z = load("e", text);
	CHECK(z != NULL);
	CHECK_EQ(z->names, 3000 + 7 + 2);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(owner, sizeof owner, "H%u.R%u.E", i, i % 7);
		snprintf(want, sizeof want, "300 10.%u.%u.1", i / 256, i % 256);
		CHECK_STR(records(z, owner, DNS_A), want);
		snprintf(owner, sizeof owner, "h%u.r%u.e", i, (i + 1) % 7);
		CHECK_STR(records(z, owner, DNS_A), "no name");
	}
	printf("# %zu bytes a name with one address\n", arena.used / 3000);
}

int main(void)
{
	TEST(a_zone_is_read_as_it_is_written);
	TEST(the_origin_may_come_from_the_text);
	TEST(a_missing_ttl_is_found_elsewhere);
	TEST(cuts_and_wildcards_are_known);
	TEST(errors_say_where_and_what);
	TEST(nonsense_zones_are_refused);
	TEST(name_servers_of_the_zone_have_addresses);
	TEST(a_zone_that_does_not_fit_says_so);
	TEST(many_names_are_found_again);
	return tap_end();
}

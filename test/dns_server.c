/* SPDX-License-Identifier: ISC */
#include "proto/dns/server.h"
#include "tap.h"

static uint8_t memory[1 << 18], query[600], answer[DNS_MESSAGE_MAX];
static struct arena arena;
static const struct zone *zones[4];
static struct dns_server server;
static struct dns_message got;
static size_t got_len;

static const char com[] =
	"$ORIGIN com.\n$TTL 3600\n"
	"@ SOA a.gtld hostmaster 1 2 3 4 900\n"
	"@ NS a.gtld\na.gtld A 10.0.0.2\n"
	"example NS ns1.example\nexample NS ns2.example\nexample DS 1 8 2 AABB\n"
	"ns1.example A 10.0.1.1\nns1.example AAAA 2001:db8::1\nns2.example A 10.0.1.2\n"
	"bare NS ns.elsewhere.org.\n";
static const char example[] =
	"$ORIGIN Example.org.\n$TTL 300\n"
	"@ SOA ns1 host 1 2 3 4 60\n"
	"@ NS ns1\n@ NS ns2\nns1 A 10.0.1.1\nns2 A 10.0.1.2\nns2 AAAA ::2\n"
	"@ MX 10 mail\n@ MX 20 mail.elsewhere.net.\nmail A 10.0.1.9\n"
	"www A 10.0.2.1\nwww A 10.0.2.2\nwww A 10.0.2.3\n"
	"www AAAA 2001:db8::1\nwww AAAA 2001:db8::2\n"
	"alias CNAME www\nfirst CNAME second\nsecond CNAME alias\nloop CNAME pool\npool CNAME loop\n"
	"out CNAME www.elsewhere.net.\nlost CNAME nothing\ntocut CNAME deep.sub\ntocom CNAME x.com.\n"
	"a.b.c TXT deep\n"
	"*.wild TXT anything\n*.wild MX 5 mail\nhere.wild A 10.0.2.9\n*.w2 CNAME www\n"
	"sub NS ns.sub\nns.sub A 10.0.3.1\n"
	"_sip._udp SRV 0 0 5060 mail\n_two._udp SRV 0 0 1 mail\n_two._udp SRV 0 0 2 MAIL\n"
	"big TXT \"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"\n"
	"big TXT \"1123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"\n"
	"big TXT \"2123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"\n"
	"big TXT \"3123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"\n"
	"big TXT \"4123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\"\n";

static void start(bool rotate)
{
	static const char *const texts[] = { com, example };
	struct zone_error error;

	arena_init(&arena, (struct room){ memory, sizeof memory });
	for (size_t i = 0; i < COUNT(texts); i++) {
		zones[i] = zone_load(&arena, NULL, bytes_of(texts[i]), &error);
		if (zones[i] == NULL) printf("# %u:%u: %s\n", error.line, error.column, error.words);
		assert(zones[i] != NULL);
	}
	server = (struct dns_server){ .zone = zones, .zones = 2, .rotate = rotate };
}

static struct dns_question question(const char *name, uint16_t type, uint16_t class)
{
	struct dns_question q = { .type = type, .class = class };
	bool good = dns_name_parse(name, &q.name);
	assert(good);
	return q;
}

static size_t ask_bytes(size_t len, size_t limit)
{
	memset(answer, 0xee, sizeof answer);
	got_len = dns_server_answer(&server, (struct bytes){ query, len }, limit, (struct room){ answer, sizeof answer });
	if (got_len == 0) return 0;
	enum drop why = dns_parse((struct bytes){ answer, got_len }, &got);
	assert(why == DROP_NONE && got.flags & DNS_QR);
	return got_len;
}

static size_t build_query(const struct dns_question *q, int edns_size)
{
	struct dns_builder b;

	dns_begin(&b, (struct room){ query, sizeof query }, sizeof query, 0x4242, DNS_RD, 0, 0);
	dns_add_question(&b, q);
	if (edns_size >= 0) dns_add_opt(&b, (uint16_t)edns_size, 0, true);
	return dns_end(&b);
}

/* The answer in words: rcode, AA, TC, then the records by section. */
static const char *told(void)
{
	static char buffer[8192];
	char name[DNS_NAME_TEXT_MAX], type[16];
	struct text t = text_in(buffer, sizeof buffer);
	struct dns_cursor c = dns_records(&got);
	int section = 0;

	text_printf(&t, "%s%s%s", dns_rcode_text(got.rcode), got.flags & DNS_AA ? " aa" : "", got.flags & DNS_TC ? " tc" : "");
	for (struct dns_rr rr; dns_next(&c, &rr);) {
		for (; section < (int)rr.section; section++) text_puts(&t, " |");
		text_printf(&t, " %s %u %s ", dns_name_text(&rr.name, name), (unsigned)rr.ttl, dns_type_text(rr.type, type));
		dns_rdata_print(&rr, &t);
		text_puts(&t, ";");
	}
	return buffer;
}

static const char *ask(const char *name, uint16_t type)
{
	struct dns_question q = question(name, type, DNS_IN);

	if (ask_bytes(build_query(&q, -1), DNS_UDP_MAX) == 0) return "silence";
	if (got.id != 0x4242 || !(got.flags & DNS_RD) || got.flags & DNS_RA) return "a wrong header";
	if (got.counts[0] != 1 || memcmp(got.question.name.at, q.name.at, q.name.len) != 0) return "another question";
	return told();
}

static void answers_come_with_what_helps(void)
{
	start(false);
	CHECK_STR(ask("www.example.org", DNS_A), "NOERROR aa | www.example.org. 300 A 10.0.2.1; www.example.org. 300 A "
	          "10.0.2.2; www.example.org. 300 A 10.0.2.3;");
	CHECK_STR(ask("wWw.eXample.ORG", DNS_AAAA),
	          "NOERROR aa | wWw.eXample.ORG. 300 AAAA 2001:db8::1; wWw.eXample.ORG. 300 AAAA 2001:db8::2;");
	CHECK_STR(ask("example.org", DNS_MX), "NOERROR aa | example.org. 300 MX 10 mail.example.org.; "
	          "example.org. 300 MX 20 mail.elsewhere.net.; | | mail.example.org. 300 A 10.0.1.9;");
	CHECK_STR(ask("example.org", DNS_NS), "NOERROR aa | example.org. 300 NS ns1.example.org.; example.org. 300 NS "
	          "ns2.example.org.; | | ns1.example.org. 300 A 10.0.1.1; ns2.example.org. 300 A 10.0.1.2; "
	          "ns2.example.org. 300 AAAA ::2;");
	CHECK_STR(ask("_two._udp.example.org", DNS_SRV), "NOERROR aa | _two._udp.example.org. 300 SRV 0 0 1 "
	          "mail.Example.org.; _two._udp.example.org. 300 SRV 0 0 2 MAIL.Example.org.; | | "
	          "mail.Example.org. 300 A 10.0.1.9;");
	CHECK_STR(ask("_sip._udp.example.org", DNS_SRV), "NOERROR aa | _sip._udp.example.org. 300 SRV 0 0 5060 "
	          "mail.Example.org.; | | mail.Example.org. 300 A 10.0.1.9;");
	CHECK_EQ(server.answers, 6);
}

static void a_referral_brings_glue(void)
{
	start(false);
	CHECK_STR(ask("www.example.com", DNS_A), "NOERROR | | example.com. 3600 NS ns1.example.com.; example.com. 3600 NS "
	          "ns2.example.com.; | ns1.example.com. 3600 A 10.0.1.1; ns1.example.com. 3600 AAAA 2001:db8::1; "
	          "ns2.example.com. 3600 A 10.0.1.2;");
	CHECK(strncmp(ask("ns1.example.com", DNS_A), "NOERROR | | example.com. 3600 NS", 32) == 0); /* glue is no answer */
	CHECK(strncmp(ask("example.com", DNS_NS), "NOERROR | | example.com. 3600 NS", 32) == 0);
	CHECK(strncmp(ask("example.com", DNS_ANY), "NOERROR | | example.com. 3600 NS", 32) == 0);
	CHECK_STR(ask("x.bare.com", DNS_A), "NOERROR | | bare.com. 3600 NS ns.elsewhere.org.;");
	CHECK_STR(ask("example.com", DNS_DS), "NOERROR aa | example.com. 3600 DS 1 8 2 AABB;"); /* the parent's to say */
	CHECK(strncmp(ask("bare.com", DNS_DS), "NOERROR aa | | com. 900 SOA", 27) == 0);
	CHECK_EQ(server.referrals, 5);
}

static void a_no_comes_with_the_soa(void)
{
	start(false);
	CHECK_STR(ask("nothing.example.org", DNS_A),
	          "NXDOMAIN aa | | example.org. 60 SOA ns1.example.org. host.example.org. 1 2 3 4 60;");
	CHECK_STR(ask("www.example.org", DNS_MX),
	          "NOERROR aa | | example.org. 60 SOA ns1.example.org. host.example.org. 1 2 3 4 60;");
	CHECK_STR(ask("b.c.example.org", DNS_TXT), /* an empty non-terminal exists */
	          "NOERROR aa | | example.org. 60 SOA ns1.example.org. host.example.org. 1 2 3 4 60;");
	CHECK(strncmp(ask("c.example.org", DNS_ANY), "NOERROR aa | | ", 15) == 0);
	CHECK(strncmp(ask("x.c.example.org", DNS_A), "NXDOMAIN aa", 11) == 0);
	CHECK(strncmp(ask("1.2.3.4.5.6.7.8.9.0.www.example.org", DNS_A), "NXDOMAIN aa", 11) == 0);
	CHECK(server.nxdomain == 3 && server.nodata == 3);
}

static void wildcards_answer_for_what_is_not_there(void)
{
	start(false);
	CHECK_STR(ask("a.wild.example.org", DNS_TXT), "NOERROR aa | a.wild.example.org. 300 TXT \"anything\";");
	CHECK_STR(ask("a.B.wild.example.org", DNS_TXT), "NOERROR aa | a.B.wild.example.org. 300 TXT \"anything\";");
	CHECK_STR(ask("a.wild.example.org", DNS_MX), "NOERROR aa | a.wild.example.org. 300 MX 5 mail.example.org.; | | "
	          "mail.example.org. 300 A 10.0.1.9;");
	CHECK(strncmp(ask("a.wild.example.org", DNS_A), "NOERROR aa | | ", 15) == 0);
	CHECK(strncmp(ask("here.wild.example.org", DNS_TXT), "NOERROR aa | | ", 15) == 0); /* what is there, is */
	CHECK(strncmp(ask("x.here.wild.example.org", DNS_TXT), "NXDOMAIN", 8) == 0); /* and hides it */
	CHECK_STR(ask("*.wild.example.org", DNS_TXT), "NOERROR aa | *.wild.example.org. 300 TXT \"anything\";");
	CHECK(strncmp(ask("wild.example.org", DNS_TXT), "NOERROR aa | | ", 15) == 0);
	CHECK(strncmp(ask("q.w2.example.org", DNS_A), "NOERROR aa | q.w2.example.org. 300 CNAME www.example.org.; "
	              "www.example.org. 300 A 10.0.2.1;", 90) == 0);
}

static void cnames_are_followed_where_we_know_more(void)
{
	start(false);
	CHECK_STR(ask("first.example.org", DNS_AAAA), "NOERROR aa | first.example.org. 300 CNAME second.example.org.; "
	          "second.example.org. 300 CNAME alias.example.org.; alias.example.org. 300 CNAME www.example.org.; "
	          "www.example.org. 300 AAAA 2001:db8::1; www.example.org. 300 AAAA 2001:db8::2;");
	CHECK_STR(ask("first.example.org", DNS_CNAME), "NOERROR aa | first.example.org. 300 CNAME second.example.org.;");
	CHECK_STR(ask("first.example.org", DNS_ANY), "NOERROR aa | first.example.org. 300 CNAME second.example.org.;");
	CHECK_STR(ask("loop.example.org", DNS_A), "NOERROR aa | loop.example.org. 300 CNAME pool.example.org.; "
	          "pool.example.org. 300 CNAME loop.example.org.;");
	CHECK_STR(ask("out.example.org", DNS_A), "NOERROR aa | out.example.org. 300 CNAME www.elsewhere.net.;");
	CHECK_STR(ask("lost.example.org", DNS_A), "NXDOMAIN aa | lost.example.org. 300 CNAME nothing.example.org.; | "
	          "example.org. 60 SOA ns1.example.org. host.example.org. 1 2 3 4 60;");
	CHECK_STR(ask("tocut.example.org", DNS_A), "NOERROR aa | tocut.example.org. 300 CNAME deep.sub.example.org.; | "
	          "sub.example.org. 300 NS ns.sub.example.org.; | ns.sub.example.org. 300 A 10.0.3.1;");
	CHECK_STR(ask("tocom.example.org", DNS_A), "NXDOMAIN aa | tocom.example.org. 300 CNAME x.com.; | "
	          "com. 900 SOA a.gtld.com. hostmaster.com. 1 2 3 4 900;");
}

static void what_is_not_ours_is_refused(void)
{
	struct dns_question q = question("version.bind", DNS_TXT, DNS_CH);

	start(false);
	CHECK_STR(ask("www.example.net", DNS_A), "REFUSED");
	CHECK_STR(ask(".", DNS_NS), "REFUSED");
	CHECK_STR(ask("example.org", DNS_AXFR), "REFUSED");
	CHECK_STR(ask("example.org", DNS_IXFR), "REFUSED");
	CHECK_EQ(server.refused, 4);
	ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	CHECK_STR(told(), "NOERROR aa | version.bind. 0 TXT \"tulle\";");
	q = question("hostname.bind", DNS_TXT, DNS_CH);
	ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	CHECK_STR(told(), "REFUSED");
	q = question("www.example.org", DNS_A, DNS_CLASS_ANY);
	ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	CHECK_STR(told(), "REFUSED");
}

static void any_gets_one_set(void)
{
	start(false);
	CHECK_STR(ask("www.example.org", DNS_ANY), "NOERROR aa | www.example.org. 300 A 10.0.2.1; www.example.org. 300 A "
	          "10.0.2.2; www.example.org. 300 A 10.0.2.3;");
}

static void odd_messages_get_what_they_deserve(void)
{
	struct dns_question q = question("www.example.org", DNS_A, DNS_IN);
	size_t len;

	start(false);
	len = build_query(&q, -1);
	for (size_t n = 0; n < len; n++) { /* every prefix */
		CHECK_EQ(ask_bytes(n, DNS_UDP_MAX), n < 12 ? 0 : 12);
		if (n >= 12) CHECK(got.rcode == DNS_FORMERR && got.id == 0x4242);
	}
	query[2] |= 0x80;
	CHECK_EQ(ask_bytes(len, DNS_UDP_MAX), 0); /* an answer is never answered */
	query[2] = 2 << 3;
	ask_bytes(len, DNS_UDP_MAX);
	CHECK(got.rcode == DNS_NOTIMP && got.opcode == 2);
	query[2] = 5 << 3, query[len - 1] = 0xff;
	ask_bytes(13, DNS_UDP_MAX);
	CHECK(got.rcode == DNS_NOTIMP && got.opcode == 5 && got.counts[0] == 0);
	CHECK(server.formerr == len - 12 && server.others == 2);
	len = build_query(&q, -1);
	query[5] = 0;
	ask_bytes(12, DNS_UDP_MAX);
	CHECK_EQ(got.rcode, DNS_FORMERR);
	struct dns_builder b;
	dns_begin(&b, (struct room){ query, sizeof query }, sizeof query, 1, 0, 0, 0);
	dns_add_question(&b, &q);
	dns_add_question(&b, &q);
	ask_bytes(dns_end(&b), DNS_UDP_MAX);
	CHECK_EQ(got.rcode, DNS_FORMERR); /* RFC 9619 */
	q.type = DNS_OPT;
	ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	CHECK_EQ(got.rcode, DNS_FORMERR);
}

static void edns_is_spoken(void)
{
	struct dns_question q = question("www.example.org", DNS_A, DNS_IN);
	size_t len;

	start(false);
	ask_bytes(build_query(&q, 4096), DNS_UDP_MAX);
	CHECK(got.edns && got.edns_udp_size == DNS_UDP_EDNS && got.edns_version == 0 && !got.edns_do);
	CHECK(got.counts[1] == 3 && got.counts[3] == 1);
	ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	CHECK(!got.edns); /* only if asked */
	len = build_query(&q, 4096);
	query[len - 5] = 1; /* version 1 */
	ask_bytes(len, DNS_UDP_MAX);
	CHECK(got.rcode == DNS_BADVERS && got.edns && got.edns_version == 0 && got.counts[1] == 0);
}

static void what_does_not_fit_is_cut_at_a_set(void)
{
	struct dns_question q = question("big.example.org", DNS_TXT, DNS_IN);

	start(false);
	CHECK_STR(ask("big.example.org", DNS_TXT), "NOERROR aa tc");
	CHECK(got_len < 512 && server.truncated == 1);
	ask_bytes(build_query(&q, 512), DNS_UDP_MAX);
	CHECK_STR(told(), "NOERROR aa tc");
	CHECK(got.edns);
	ask_bytes(build_query(&q, 0), DNS_UDP_MAX); /* less than 512 is 512 (RFC 6891, 6.2.3) */
	CHECK_STR(told(), "NOERROR aa tc");
	ask_bytes(build_query(&q, 1232), DNS_UDP_MAX);
	CHECK(got.counts[1] == 5 && !(got.flags & DNS_TC));
	ask_bytes(build_query(&q, -1), DNS_MESSAGE_MAX);
	CHECK(got.counts[1] == 5 && !(got.flags & DNS_TC));
	size_t whole = got_len;
	for (size_t limit = 100; limit <= whole + 1; limit++) { /* a set is there whole, or not at all */
		ask_bytes(build_query(&q, -1), limit);
		CHECK(got_len <= limit && answer[limit] == 0xee);
		CHECK(got.counts[1] == (limit < whole ? 0 : 5) && !!(got.flags & DNS_TC) == (limit < whole));
	}
}

/* RFC 9471: without its glue this referral leads nowhere. Additional addresses of an answer are only a help. */
static void glue_that_does_not_fit_sets_tc(void)
{
	struct dns_question q = question("www.example.com", DNS_A, DNS_IN);
	size_t whole;

	start(false);
	whole = ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	ask_bytes(build_query(&q, -1), whole - 1);
	CHECK(got.flags & DNS_TC && got.counts[2] == 2 && got.counts[3] < 3);
	q = question("example.org", DNS_MX, DNS_IN);
	whole = ask_bytes(build_query(&q, -1), DNS_UDP_MAX);
	ask_bytes(build_query(&q, -1), whole - 1);
	CHECK(!(got.flags & DNS_TC) && got.counts[1] == 2 && got.counts[3] == 0);
}

/* Each record is first equally often, though A and AAAA are asked in turns, as clients do. */
static void sets_rotate_evenly(void)
{
	struct dns_question a = question("www.example.org", DNS_A, DNS_IN), aaaa = question("www.example.org", DNS_AAAA, DNS_IN);
	unsigned first_a[3] = { 0 }, first_aaaa[2] = { 0 };
	struct dns_cursor c;
	struct dns_rr rr;
	struct ip ip;

	start(true);
	for (int i = 0; i < 300; i++) {
		ask_bytes(build_query(&a, -1), DNS_UDP_MAX);
		c = dns_records(&got);
		unsigned seen = 0, at = 0;
		for (unsigned n = 0; dns_next(&c, &rr); n++) {
			CHECK(dns_rdata_ip(&rr, &ip));
			unsigned which = ip4_number(ip) - 0x0a000201;
			if (n == 0) at = which;
			CHECK_EQ(which, (at + n) % 3); /* in order from there on */
			seen++;
		}
		CHECK_EQ(seen, 3);
		first_a[at]++;
		ask_bytes(build_query(&aaaa, -1), DNS_UDP_MAX);
		c = dns_records(&got);
		CHECK(dns_next(&c, &rr) && dns_rdata_ip(&rr, &ip));
		first_aaaa[ip.byte[15] - 1]++;
	}
	CHECK(first_a[0] == 100 && first_a[1] == 100 && first_a[2] == 100);
	CHECK(first_aaaa[0] == 150 && first_aaaa[1] == 150);
	start(false);
	for (int i = 0; i < 5; i++) {
		ask_bytes(build_query(&a, -1), DNS_UDP_MAX);
		c = dns_records(&got);
		CHECK(dns_next(&c, &rr) && dns_rdata_ip(&rr, &ip) && ip4_number(ip) == 0x0a000201);
	}
}

int main(void)
{
	TEST(answers_come_with_what_helps);
	TEST(a_referral_brings_glue);
	TEST(a_no_comes_with_the_soa);
	TEST(wildcards_answer_for_what_is_not_there);
	TEST(cnames_are_followed_where_we_know_more);
	TEST(what_is_not_ours_is_refused);
	TEST(any_gets_one_set);
	TEST(odd_messages_get_what_they_deserve);
	TEST(edns_is_spoken);
	TEST(what_does_not_fit_is_cut_at_a_set);
	TEST(glue_that_does_not_fit_sets_tc);
	TEST(sets_rotate_evenly);
	return tap_end();
}

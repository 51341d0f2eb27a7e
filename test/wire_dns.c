/* SPDX-License-Identifier: ISC */
#include "tap.h"
#include "wire/dns.h"

static uint8_t memory[70000];

static struct dns_name name(const char *text)
{
	struct dns_name n;
	bool good = dns_name_parse(text, &n);
	assert(good);
	return n;
}

static struct dns_rr rr(enum dns_section section, const char *owner, uint16_t type, const void *rdata, size_t len)
{
	return (struct dns_rr){ .name = name(owner), .type = type, .class = DNS_IN, .ttl = 300, .section = section,
		.rdata = { rdata, len } };
}

static struct dns_rr rr_name(enum dns_section section, const char *owner, uint16_t type, struct dns_name *target)
{
	return rr(section, owner, type, target->at, target->len);
}

static const char *printed(const struct dns_rr *r)
{
	static char buffer[4096];
	struct text t = text_in(buffer, sizeof buffer);
	dns_rdata_print(r, &t);
	return buffer;
}

static void begin(struct dns_builder *b, size_t limit)
{
	memset(memory, 0xee, sizeof memory);
	dns_begin(b, (struct room){ memory, sizeof memory }, limit, 0x1234, DNS_QR | DNS_AA, 0, DNS_NOERROR);
}

/* One of each type, from a zone file's point of view. */
static struct { enum dns_section section; const char *owner; uint16_t type; const char *rdata; size_t len; const char *text; }
samples[] = {
#define R(bytes) bytes, sizeof bytes - 1
	{ DNS_ANSWER, "www.example.com", DNS_A, R("\x0a\x00\x00\x01"), "10.0.0.1" },
	{ DNS_ANSWER, "WWW.example.com", DNS_AAAA, R("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), "2001:db8::1" },
	{ DNS_ANSWER, "alias.example.com", DNS_CNAME, R("\3www\7EXAMPLE\3com\0"), "www.EXAMPLE.com." },
	{ DNS_ANSWER, "example.com", DNS_MX, R("\0\x0a\4mail\7example\3com\0"), "10 mail.example.com." },
	{ DNS_ANSWER, "t.example.com", DNS_TXT, R("\5a \"b\\\0\2\xff;"), "\"a \\\"b\\\\\" \"\" \"\\255;\"" },
	{ DNS_ANSWER, "_sip._udp.example.com", DNS_SRV, R("\0\1\0\2\x13\xc4\3sip\7example\3com\0"), "1 2 5060 sip.example.com." },
	{ DNS_ANSWER, "h.example.com", DNS_HINFO, R("\3x86\5Tulle"), "\"x86\" \"Tulle\"" },
	{ DNS_ANSWER, "example.com", DNS_CAA, R("\x80\5issueca.example"), "128 issue \"ca.example\"" },
	{ DNS_ANSWER, "example.com", DNS_DS, R("\x30\x39\x08\x02\xde\xad\xbe\xef"), "12345 8 2 DEADBEEF" },
	{ DNS_ANSWER, "1.0.0.10.in-addr.arpa", DNS_PTR, R("\3www\7example\3com\0"), "www.example.com." },
	{ DNS_ANSWER, "u.example.com", 65280, R("\1\2\xff"), "\\# 3 0102FF" },
	{ DNS_ANSWER, "v.example.com", 65281, R(""), "\\# 0" },
	{ DNS_AUTHORITY, "example.com", DNS_NS, R("\3ns1\7example\3com\0"), "ns1.example.com." },
	{ DNS_AUTHORITY, "example.com", DNS_SOA,
	  R("\3ns1\7example\3com\0\4host\7example\3com\0\x78\xb8\x4f\x51\0\0\x0e\x10\0\0\2\x58\0\1\x51\x80\0\0\1\x2c"),
	  "ns1.example.com. host.example.com. 2025344849 3600 600 86400 300" },
	{ DNS_ADDITIONAL, "ns1.example.com", DNS_A, R("\x0a\x00\x00\x35"), "10.0.0.53" },
};

static size_t build_samples(struct dns_builder *b, size_t limit)
{
	struct dns_question q = { name("www.EXAMPLE.com"), DNS_ANY, DNS_IN };

	begin(b, limit);
	if (!dns_add_question(b, &q)) return 0;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct dns_rr r = rr(samples[i].section, samples[i].owner, samples[i].type, samples[i].rdata, samples[i].len);
		if (!dns_add_rr(b, &r)) return 0;
	}
	return dns_add_opt(b, 1232, DNS_BADVERS, true) ? dns_end(b) : 0;
}

static void every_type_survives_writing_and_reading(void)
{
	struct dns_builder b;
	struct dns_message m;
	struct dns_rr r;
	char text[DNS_NAME_TEXT_MAX];
	size_t len = build_samples(&b, DNS_MESSAGE_MAX), i = 0;

	CHECK(len > 0);
	CHECK_EQ(dns_parse((struct bytes){ memory, len }, &m), DROP_NONE);
	CHECK(m.id == 0x1234 && m.flags == (DNS_QR | DNS_AA) && m.opcode == 0 && m.rcode == DNS_BADVERS);
	CHECK(m.edns && m.edns_udp_size == 1232 && m.edns_version == 0 && m.edns_do);
	CHECK_STR(dns_name_text(&m.question.name, text), "www.EXAMPLE.com.");
	struct dns_cursor c = dns_records(&m);
	for (; dns_next(&c, &r); i++) {
		CHECK(i < COUNT(samples) && r.section == samples[i].section && r.type == samples[i].type && r.ttl == 300);
		struct dns_name owner = name(samples[i].owner);
		CHECK(dns_name_equal(&r.name, &owner));
		/* a name that is in the message already is pointed to, whatever its case there */
		if (r.type == DNS_CNAME) CHECK_STR(printed(&r), "www.EXAMPLE.com.");
		if (r.type == DNS_NS || r.type == DNS_MX || r.type == DNS_SOA || r.type == DNS_PTR) continue;
		CHECK_STR(printed(&r), samples[i].text);
	}
	CHECK_EQ(i, COUNT(samples));
}

static void records_that_stand_alone_are_printed_too(void)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct dns_rr r = rr(samples[i].section, samples[i].owner, samples[i].type, samples[i].rdata, samples[i].len);
		CHECK_STR(printed(&r), samples[i].text);
		if (samples[i].len == 0 || samples[i].type > 65000) continue;
		r.rdata.len--;
		if (r.type != DNS_CAA && r.type != DNS_DS) CHECK(strncmp(printed(&r), "\\# ", 3) == 0);
	}
	struct dns_rr loop = rr(DNS_ANSWER, "a", DNS_NS, "\xc0\x00", 2);
	struct dns_name n;
	CHECK(!dns_rdata_name(&loop, 0, &n));
	CHECK_STR(printed(&loop), "\\# 2 C000");
}

static void every_prefix_and_any_tail_is_refused(void)
{
	struct dns_builder b;
	struct dns_message m;
	size_t len = build_samples(&b, DNS_MESSAGE_MAX);

	for (size_t n = 0; n < len; n++) CHECK(dns_parse((struct bytes){ memory, n }, &m) != DROP_NONE);
	memory[len] = 0;
	CHECK_EQ(dns_parse((struct bytes){ memory, len + 1 }, &m), DROP_LENGTH);
	for (int i = 4; i < 12; i += 2) { /* a count that is one too high */
		memory[i + 1]++;
		CHECK(dns_parse((struct bytes){ memory, len }, &m) != DROP_NONE);
		memory[i + 1]--;
	}
	CHECK_EQ(dns_parse((struct bytes){ memory, len }, &m), DROP_NONE);
	CHECK_EQ(dns_parse((struct bytes){ memory, DNS_MESSAGE_MAX + 1 }, &m), DROP_LENGTH);
}

static void what_does_not_fit_is_refused_whole(void)
{
	struct dns_builder b;
	size_t whole = build_samples(&b, DNS_MESSAGE_MAX);

	for (size_t limit = 40; limit <= whole + 4; limit++) {
		struct dns_message m;
		struct dns_question q = { name("www.EXAMPLE.com"), DNS_ANY, DNS_IN };
		unsigned fitted = 0, seen = 0;
		begin(&b, limit);
		CHECK(dns_add_question(&b, &q));
		for (size_t i = 0; i < COUNT(samples); i++) {
			struct dns_rr r = rr(samples[i].section, samples[i].owner, samples[i].type, samples[i].rdata, samples[i].len);
			size_t before = b.len;
			if (dns_add_rr(&b, &r)) fitted++;
			else CHECK_EQ(b.len, before);
		}
		size_t len = dns_end(&b);
		CHECK(len <= limit && memory[limit] == 0xee);
		CHECK_EQ(dns_parse((struct bytes){ memory, len }, &m), DROP_NONE);
		struct dns_cursor c = dns_records(&m);
		for (struct dns_rr r; dns_next(&c, &r);) seen++;
		CHECK_EQ(seen, fitted);
	}
}

static void names_are_written_once(void)
{
	struct dns_builder b;
	struct dns_question q = { name("www.example.com"), DNS_A, DNS_IN };

	begin(&b, 512);
	CHECK(dns_add_question(&b, &q));
	CHECK_EQ(b.len, 12 + 17 + 4);
	struct dns_rr r = rr(DNS_ANSWER, "WWW.Example.COM", DNS_A, "\1\2\3\4", 4);
	CHECK(dns_add_rr(&b, &r));
	CHECK_EQ(b.len, 33 + 2 + 10 + 4); /* a pointer is all of the owner */
	struct dns_name ns = name("ns.example.com"), srv = name("x.ns.example.com");
	r = rr_name(DNS_AUTHORITY, "example.com", DNS_NS, &ns);
	CHECK(dns_add_rr(&b, &r));
	CHECK_EQ(b.len, 49 + 2 + 10 + 5);
	uint8_t rdata[64] = { 0 };
	memcpy(rdata + 6, srv.at, srv.len);
	r = rr(DNS_ADDITIONAL, "ns.example.com", DNS_SRV, rdata, 6u + srv.len);
	CHECK(dns_add_rr(&b, &r));
	CHECK_EQ(b.len, 66 + 2 + 10 + 6 + 18); /* RFC 2782: never compressed */
}

/* The second label looks like the first, whose end is not written yet. */
static void a_name_never_points_into_itself(void)
{
	struct dns_builder b;
	struct dns_message m;
	char text[DNS_NAME_TEXT_MAX];
	struct dns_question q = { name("a.a.a.a"), DNS_A, DNS_IN };

	begin(&b, 512);
	CHECK(dns_add_question(&b, &q));
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_NONE);
	CHECK_STR(dns_name_text(&m.question.name, text), "a.a.a.a.");
}

static void no_pointer_leads_beyond_fourteen_bits(void)
{
	struct dns_builder b;
	struct dns_message m;
	struct dns_name target = name("far.away.example");
	static uint8_t big[20000];
	unsigned seen = 0;

	begin(&b, DNS_MESSAGE_MAX);
	struct dns_rr r = rr(DNS_ANSWER, "x", 65280, big, sizeof big);
	CHECK(dns_add_rr(&b, &r));
	for (int i = 0; i < 3; i++) {
		r = rr_name(DNS_ANSWER, "far.away.example", DNS_NS, &target);
		CHECK(dns_add_rr(&b, &r));
	}
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_NONE);
	struct dns_cursor c = dns_records(&m);
	for (; dns_next(&c, &r); seen++)
		if (seen > 0) CHECK_STR(printed(&r), "far.away.example.");
	CHECK_EQ(seen, 4);
}

/* A header that counts one question, then these bytes. */
static enum drop parse_question(const char *bytes, size_t len)
{
	static const uint8_t header[12] = { 0, 1, 1, 0, 0, 1 };
	struct dns_message m;

	memcpy(memory, header, 12);
	memcpy(memory + 12, bytes, len);
	return dns_parse((struct bytes){ memory, 12 + len }, &m);
}
#define QUESTION(bytes) parse_question(bytes, sizeof bytes - 1)

static void hostile_names_are_refused(void)
{
	CHECK_EQ(QUESTION("\1a\0\0\1\0\1"), DROP_NONE);
	CHECK_EQ(QUESTION("\xc0\x0c\0\1\0\1"), DROP_POINTER);     /* at itself */
	CHECK_EQ(QUESTION("\1a\xc0\x0c\0\1\0\1"), DROP_POINTER);  /* a loop */
	CHECK_EQ(QUESTION("\xc0\x0e\1a\0\0\1\0\1"), DROP_POINTER); /* ahead */
	CHECK_EQ(QUESTION("\xc0\x02\0\1\0\1"), DROP_POINTER);     /* into the header */
	CHECK_EQ(QUESTION("\xff\xff\0\1\0\1"), DROP_POINTER);
	CHECK_EQ(QUESTION("\x40\0\1\0\1"), DROP_NAME);
	CHECK_EQ(QUESTION("\x80\0\1\0\1"), DROP_NAME);
	CHECK_EQ(QUESTION("\x3f" "abc\0\0\1\0\1"), DROP_LENGTH);
	CHECK_EQ(QUESTION("\xc0"), DROP_LENGTH);
	CHECK_EQ(QUESTION(""), DROP_LENGTH);
	char longest[300] = { 0 };
	for (int i = 0; i < 127; i++) longest[2 * i] = 1, longest[2 * i + 1] = 'a';
	longest[254] = 0, longest[256] = 1, longest[258] = 1;
	CHECK_EQ(parse_question(longest, 259), DROP_NONE); /* 255 bytes are the most */
	longest[254] = 1, longest[255] = 'a', longest[256] = 0;
	longest[258] = 1, longest[260] = 1;
	CHECK_EQ(parse_question(longest, 261), DROP_NAME);
}

/* Names longer and longer, each a label and a pointer to the one before: refused when they pass 255 bytes. And
 * a chain of pointers to pointers, which costs us time and them nothing. */
static void chains_of_pointers_are_bounded(void)
{
	struct dns_message m;
	size_t at = 12;

	memset(memory, 0, 12);
	for (unsigned i = 0; i < 130; i++) {
		memory[at] = 1, memory[at + 1] = 'a';
		if (i == 0) memory[at + 2] = 0, at += 3;
		else store_be16(memory + at + 2, (uint16_t)(0xc000 | (i == 1 ? 12 : at - 8))), at += 4;
		store_be16(memory + at, 1), store_be16(memory + at + 2, 1), at += 4;
		store_be16(memory + 4, (uint16_t)(i + 1));
		CHECK_EQ(dns_parse((struct bytes){ memory, at }, &m), i < 127 ? DROP_NONE : DROP_NAME);
	}
	memset(memory, 0, 12);
	at = 12;
	memory[at++] = 0, memory[at + 1] = 1, memory[at + 3] = 1, at += 4;
	for (unsigned i = 0; i < 200; i++) {
		store_be16(memory + at, (uint16_t)(0xc000 | (i == 0 ? 12 : at - 6))), at += 2;
		store_be16(memory + at, 1), store_be16(memory + at + 2, 1), at += 4;
		store_be16(memory + 4, (uint16_t)(i + 2));
		CHECK_EQ(dns_parse((struct bytes){ memory, at }, &m), i < 127 ? DROP_NONE : DROP_POINTER);
	}
}

static enum drop parse_record(uint16_t type, uint16_t class, const char *rdata, size_t len)
{
	static const uint8_t header[12] = { [7] = 1 };
	struct dns_message m;

	memcpy(memory, header, 12);
	memory[12] = 0;
	store_be16(memory + 13, type), store_be16(memory + 15, class), store_be32(memory + 17, 1);
	store_be16(memory + 21, (uint16_t)len);
	if (len > 0) memcpy(memory + 23, rdata, len);
	return dns_parse((struct bytes){ memory, 23 + len }, &m);
}
#define RECORD(type, bytes) parse_record(type, DNS_IN, bytes, sizeof bytes - 1)

static void rdata_is_checked(void)
{
	CHECK_EQ(RECORD(DNS_A, "\1\2\3"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_A, "\1\2\3\4\5"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_A, ""), DROP_LENGTH);
	CHECK_EQ(parse_record(DNS_A, DNS_CLASS_ANY, "", 0), DROP_NONE);
	CHECK_EQ(parse_record(DNS_A, DNS_CH, "\0\0\1", 3), DROP_NONE); /* Chaosnet's address is a name and a number */
	CHECK_EQ(RECORD(DNS_AAAA, "\1\2\3\4"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_NS, "\1a"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_NS, "\1a\0\0"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_NS, "\xc0\x17"), DROP_POINTER);
	CHECK_EQ(RECORD(DNS_NS, "\xc0\x0c"), DROP_NONE); /* the root */
	CHECK_EQ(RECORD(DNS_MX, "\0"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_SOA, "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"), DROP_NONE);
	CHECK_EQ(RECORD(DNS_SOA, "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_TXT, ""), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_TXT, "\2a"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_HINFO, "\1a\1b\1c"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_SRV, "\0\1\0\1\0\1"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_CAA, "\0\0x"), DROP_FIELD);
	CHECK_EQ(RECORD(DNS_CAA, "\0\1-"), DROP_FIELD);
	CHECK_EQ(RECORD(DNS_CAA, "\0\5issue"), DROP_NONE);
	CHECK_EQ(RECORD(DNS_DS, "\0\1\1\1"), DROP_LENGTH);
	CHECK_EQ(RECORD(DNS_OPT, ""), DROP_OPTION); /* among the answers */
}

static void one_opt_and_only_among_the_additional(void)
{
	struct dns_builder b;
	struct dns_message m;

	begin(&b, 512);
	CHECK(dns_add_opt(&b, 4096, 0, false));
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_NONE);
	CHECK(m.edns && !m.edns_do && m.edns_udp_size == 4096);
	CHECK(dns_add_opt(&b, 4096, 0, false));
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_OPTION);
	begin(&b, 512);
	struct dns_rr r = rr(DNS_ADDITIONAL, "a", DNS_OPT, "", 0);
	CHECK(dns_add_rr(&b, &r));
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_OPTION); /* its name is the root's */
	begin(&b, 512);
	r = rr(DNS_ADDITIONAL, ".", DNS_OPT, "\0\x0a\0\x09" "12345678", 12);
	CHECK(dns_add_rr(&b, &r));
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_OPTION); /* an option longer than the record */
}

static void names_are_read_and_written_as_text(void)
{
	static const char *const good[][2] = { { ".", "." }, { "com", "com." }, { "www.Example.com.", "www.Example.com." },
		{ "a\\.b.c", "a\\.b.c." }, { "\\065\\000\\255", "A\\000\\255." }, { "\\a\\;x y", "a\\;x\\032y." } };
	static const char *const bad[] = { "", "..", ".a", "a..b", "a.b..", "\\", "\\25", "\\256", "\\999",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name n = name("x"), back;

	for (size_t i = 0; i < COUNT(bad); i++) CHECK(!dns_name_parse(bad[i], &n));
	CHECK_STR(dns_name_text(&n, text), "x.");
	for (size_t i = 0; i < COUNT(good); i++) {
		CHECK(dns_name_parse(good[i][0], &n));
		CHECK_STR(dns_name_text(&n, text), good[i][1]);
		CHECK(dns_name_parse(text, &back) && dns_name_equal(&n, &back));
	}
	char long_name[300] = "";
	for (int i = 0; i < 127; i++) strcat(long_name, "a.");
	CHECK(dns_name_parse(long_name, &n) && n.len == 255 && dns_name_labels(&n) == 127);
	strcat(long_name, "a");
	CHECK(!dns_name_parse(long_name, &n));
}

static void names_form_a_tree(void)
{
	struct dns_name www = name("www.EXAMPLE.com"), example = name("example.com"), root = name("."), n;
	struct dns_name other = name("ample.com"), trick = name("ww.example.com");
	uint8_t key[16] = { 1 };
	char text[DNS_NAME_TEXT_MAX];

	CHECK(dns_name_under(&www, &example) && dns_name_under(&www, &www) && dns_name_under(&www, &root));
	CHECK(!dns_name_under(&example, &www) && !dns_name_under(&example, &other) && !dns_name_under(&www, &trick));
	dns_name_parent(&www, &n);
	CHECK(dns_name_equal(&n, &example) && dns_name_labels(&www) == 3);
	CHECK(dns_name_hash(key, &n) == dns_name_hash(key, &example));
	CHECK(dns_name_hash(key, &n) != dns_name_hash(key, &www));
	dns_name_parent(&n, &n);
	dns_name_parent(&n, &n);
	dns_name_parent(&n, &n);
	CHECK(dns_name_equal(&n, &root) && dns_name_labels(&n) == 0);
	dns_name_lower(&www);
	CHECK_STR(dns_name_text(&www, text), "www.example.com.");
	struct ip ip;
	CHECK(ip_parse("192.0.2.17", &ip));
	dns_name_reverse(ip, &n);
	CHECK_STR(dns_name_text(&n, text), "17.2.0.192.in-addr.arpa.");
	CHECK(ip_parse("2001:db8::567:89ab", &ip));
	dns_name_reverse(ip, &n);
	CHECK_STR(dns_name_text(&n, text),
	          "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
}

static void types_and_rcodes_have_names(void)
{
	char text[16];
	uint16_t type = 0;

	CHECK_STR(dns_type_text(DNS_AAAA, text), "AAAA");
	CHECK_STR(dns_type_text(65535, text), "TYPE65535");
	CHECK(dns_type_parse("mx", &type) && type == DNS_MX);
	CHECK(dns_type_parse("Type257", &type) && type == DNS_CAA);
	CHECK(!dns_type_parse("TYPE", &type) && !dns_type_parse("TYPE65536", &type) && !dns_type_parse("", &type));
	CHECK(!dns_type_parse("AA", &type) && !dns_type_parse("TYPE1x", &type) && !dns_type_parse("TY", &type));
	CHECK_STR(dns_rcode_text(3), "NXDOMAIN");
	CHECK_STR(dns_rcode_text(16), "BADVERS");
	CHECK_STR(dns_rcode_text(4000), "RESERVED");
}

static void rdata_is_taken_apart(void)
{
	struct dns_soa soa;
	struct dns_name n;
	struct ip ip;
	char text[DNS_NAME_TEXT_MAX];
	struct dns_rr r = rr(DNS_ANSWER, "x", DNS_SOA, samples[13].rdata, samples[13].len);

	CHECK(dns_rdata_soa(&r, &soa));
	CHECK(soa.serial == 2025344849 && soa.refresh == 3600 && soa.minimum == 300);
	CHECK_STR(dns_name_text(&soa.rname, text), "host.example.com.");
	CHECK(!dns_rdata_ip(&r, &ip));
	r = rr(DNS_ANSWER, "x", DNS_MX, samples[3].rdata, samples[3].len);
	CHECK(dns_rdata_name(&r, 2, &n) && !dns_rdata_name(&r, 100, &n) && !dns_rdata_soa(&r, &soa));
	CHECK_STR(dns_name_text(&n, text), "mail.example.com.");
}

static void a_time_to_live_with_its_top_bit_set_is_none(void)
{
	struct dns_builder b;
	struct dns_message m;
	struct dns_rr r = rr(DNS_ANSWER, "a", DNS_A, "\1\2\3\4", 4);

	begin(&b, 512);
	r.ttl = 0x80000000;
	CHECK(dns_add_rr(&b, &r));
	CHECK_EQ(dns_parse((struct bytes){ memory, dns_end(&b) }, &m), DROP_NONE);
	struct dns_cursor c = dns_records(&m);
	CHECK(dns_next(&c, &r) && r.ttl == 0 && !dns_next(&c, &r));
}

int main(void)
{
	TEST(every_type_survives_writing_and_reading);
	TEST(records_that_stand_alone_are_printed_too);
	TEST(every_prefix_and_any_tail_is_refused);
	TEST(what_does_not_fit_is_refused_whole);
	TEST(names_are_written_once);
	TEST(a_name_never_points_into_itself);
	TEST(no_pointer_leads_beyond_fourteen_bits);
	TEST(hostile_names_are_refused);
	TEST(chains_of_pointers_are_bounded);
	TEST(rdata_is_checked);
	TEST(one_opt_and_only_among_the_additional);
	TEST(names_are_read_and_written_as_text);
	TEST(names_form_a_tree);
	TEST(types_and_rcodes_have_names);
	TEST(rdata_is_taken_apart);
	TEST(a_time_to_live_with_its_top_bit_set_is_none);
	return tap_end();
}

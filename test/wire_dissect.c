/* SPDX-License-Identifier: ISC */
#include "wire/dissect.h"

#include "base/chance.h"
#include "fields.h"
#include "tap.h"
#include "packets.h"

static struct field fields[DISSECT_FIELDS_MAX];

static unsigned packets, bad;
static const char *why;
static struct rng rng;

static void check(struct bytes b)
{
	const char *w = fields_wrong(b, fields, dissect(b, fields, COUNT(fields)));
	if (w != NULL) why = w, bad++;
}

static void (*look)(struct bytes);
static void frame(struct bytes b) { packets++, look(b); }

static void prefixes(struct bytes b)
{
	for (size_t n = 0; n < b.len; n += n < 200 ? 1 : 97) {
		uint8_t *copy = malloc(n > 0 ? n : 1); /* exactly as long as it is, so that a sanitizer sees who reads on */
		if (n > 0) memcpy(copy, b.at, n);
		check((struct bytes){ copy, n });
		free(copy);
	}
}

static void damaged(struct bytes b)
{
	uint8_t copy[400];

	b.len = size_min(b.len, sizeof copy);
	for (int i = 0; i < 40 && b.len > 0; i++) {
		memcpy(copy, b.at, b.len);
		for (uint64_t k = rng_below(&rng, 4); k < 4; k++) copy[rng_below(&rng, b.len)] = (uint8_t)rng_next(&rng);
		check((struct bytes){ copy, b.len });
	}
}

static void few_fields(struct bytes b)
{
	for (size_t max = 0; max < 40; max += 3)
		if (dissect(b, fields, max) > max) bad++, why = "more fields than asked for";
}

static void all_with(void (*looker)(struct bytes))
{
	packets = bad = 0;
	look = looker;
	rng_init_number(&rng, 6);
	all_packets();
	if (bad > 0) printf("# %s\n", why);
}

static void fields_tile_their_layers(void)
{
	all_with(check);
	CHECK(packets > 250);
	CHECK_EQ(bad, 0);
}

static void what_is_cut_off_is_met(void)
{
	all_with(prefixes);
	CHECK_EQ(bad, 0);
}

static void what_is_damaged_is_met(void)
{
	all_with(damaged);
	CHECK_EQ(bad, 0);
	for (int i = 0; i < 20000; i++) {
		uint8_t chance[100];
		rng_fill(&rng, (struct room){ chance, sizeof chance });
		if (i % 2) chance[12] = 8, chance[13] = 0, chance[14] = 0x45;
		check((struct bytes){ chance, rng_below(&rng, sizeof chance + 1) });
	}
	CHECK_EQ(bad, 0);
}

static void there_may_be_less_room(void)
{
	all_with(few_fields);
	CHECK_EQ(bad, 0);
}

static const char *value(size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0) return fields[i].value;
	return "(no such field)";
}

static uint8_t kept[2000];
static struct bytes last;
static void keep(struct bytes b)
{
	last = (struct bytes){ kept, size_min(b.len, sizeof kept) };
	memcpy(kept, b.at, last.len);
}

static void a_segment_is_explained(void)
{
	look = keep;
	tcp("10.0.0.1", "10.0.0.2", (struct tcp_seg){ .src_port = 40000, .dst_port = 80, .seq = 7, .flags = TCP_SYN,
		.window = 100, .mss = 1460, .has_wscale = true, .wscale = 7 });
	size_t n = dissect(last, fields, COUNT(fields));
	CHECK_STR(value(n, "Ethernet"), "02:00:00:00:00:01 > 02:00:00:00:00:02");
	CHECK_STR(value(n, "Internet Protocol version 4"), "10.0.0.1 > 10.0.0.2");
	CHECK_STR(value(n, "IHL"), "5 (20 bytes)");
	CHECK_STR(value(n, "Protocol"), "6 (TCP)");
	CHECK_STR(value(n, "Don't Fragment"), "set");
	CHECK_STR(value(n, "Transmission Control Protocol"), "port 40000 > 80 [SYN]");
	CHECK_STR(value(n, "Destination Port"), "80 (http)");
	CHECK_STR(value(n, "Maximum Segment Size"), "1460 bytes");
	CHECK_STR(value(n, "Window Scale"), "7 (times 128)");
	CHECK(strstr(value(n, "Checksum"), "(right)") != NULL);
	kept[50] ^= 1;
	n = dissect(last, fields, COUNT(fields));
	CHECK(strstr(value(n, "Checksum"), "(wrong: it should be") != NULL);
	CHECK_STR(value(n, "Transmission Control Protocol"), "port 40000 > 80 [SYN]; refused: wrong checksum");
}

static void an_answer_is_explained(void)
{
	look = keep;
	dns(answers, 2, DNS_QR | DNS_AA, 0, 0, true, false);
	size_t n = dissect(last, fields, COUNT(fields));
	CHECK_STR(value(n, "Domain Name System"), "answer 12345");
	CHECK_STR(value(n, "Question"), "www.example.com. A");
	CHECK_STR(value(n, "Answer"), "www.example.com. CNAME web.example.com.");
	CHECK_STR(value(n, "Additional"), "EDNS, up to 1232 bytes");
	CHECK_STR(value(n, "ANCOUNT"), "2");
	CHECK_STR(value(n, "QR"), "set");
}

int main(void)
{
	TEST(fields_tile_their_layers);
	TEST(what_is_cut_off_is_met);
	TEST(what_is_damaged_is_met);
	TEST(there_may_be_less_room);
	TEST(a_segment_is_explained);
	TEST(an_answer_is_explained);
	return tap_end();
}

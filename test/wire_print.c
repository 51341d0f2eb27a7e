/* SPDX-License-Identifier: ISC */
/* What tcpdump prints of each packet is compared in dump.sh; here are a few lines that must stand where there is
 * no tcpdump, and that nothing that comes over a wire leads the printer astray. */
#include "wire/print.h"

#include "base/chance.h"
#include "tap.h"
#include "packets.h"

static uint8_t memory[PRINT_FLOWS_BYTES + 64];
static struct print print;
static char shown[1 << 20];
static unsigned bad;
static void (*look)(struct bytes);
static void frame(struct bytes b) { look(b); }

static void fresh(void)
{
	struct arena a;

	arena_init(&a, (struct room){ memory, sizeof memory });
	print = (struct print){ .time = PRINT_TIME_NONE };
	if (!print_flows(&print, &a)) abort();
}

static void printed(struct bytes b, size_t original_len)
{
	struct text t = text_in(shown, sizeof shown);
	print_packet(&print, 0, b, original_len, &t);
	if (t.cut || t.len < 2 || t.at[t.len - 1] != '\n') bad++;
}

static void whole(struct bytes b) { printed(b, b.len); }

static void prefixes(struct bytes b)
{
	for (size_t n = 0; n < b.len; n += n < 150 ? 1 : 193) {
		uint8_t *copy = malloc(n > 0 ? n : 1);
		if (n > 0) memcpy(copy, b.at, n);
		printed((struct bytes){ copy, n }, b.len);
		free(copy);
	}
}

static void every_packet_has_a_line(void)
{
	fresh();
	for (unsigned mode = 0; mode < 16; mode++) {
		print.verbose = mode & 3;
		print.link_header = mode & 4;
		print.hex = mode & 8 ? PRINT_HEX_TEXT : PRINT_NO_HEX;
		look = whole;
		all_packets();
		CHECK_EQ(bad, 0);
	}
}

static void what_is_cut_off_is_met(void)
{
	fresh();
	print.verbose = 3;
	look = prefixes;
	all_packets();
	CHECK_EQ(bad, 0);
}

static void chance_is_met(void)
{
	struct rng rng;

	fresh();
	print.verbose = 3;
	rng_init_number(&rng, 8);
	for (int i = 0; i < 30000; i++) {
		uint8_t chance[120];
		rng_fill(&rng, (struct room){ chance, sizeof chance });
		if (i % 3 == 1) chance[12] = 8, chance[13] = 0, chance[14] = 0x45, chance[16] = chance[20] = 0;
		if (i % 3 == 2) chance[12] = 0x86, chance[13] = 0xdd, chance[14] = 0x60;
		whole((struct bytes){ chance, rng_below(&rng, sizeof chance + 1) });
	}
	CHECK_EQ(bad, 0);
}

static void lines_are_tcpdumps(void)
{
	fresh();
	look = whole;
	tcp("10.0.0.1", "10.0.0.2", (struct tcp_seg){ .src_port = 4000, .dst_port = 7, .seq = 100, .flags = TCP_SYN,
		.window = 9, .mss = 1460 });
	CHECK_STR(shown, "IP 10.0.0.1.4000 > 10.0.0.2.7: Flags [S], seq 100, win 9, options [mss 1460], length 0\n");
	tcp("10.0.0.2", "10.0.0.1", (struct tcp_seg){ .src_port = 7, .dst_port = 4000, .seq = 900, .ack = 101,
		.flags = TCP_SYN | TCP_ACK, .window = 9 });
	CHECK_STR(shown, "IP 10.0.0.2.7 > 10.0.0.1.4000: Flags [S.], seq 900, ack 101, win 9, length 0\n");
	tcp("10.0.0.1", "10.0.0.2", (struct tcp_seg){ .src_port = 4000, .dst_port = 7, .seq = 101, .ack = 901,
		.flags = TCP_ACK | TCP_PSH, .window = 9, .text = { (const uint8_t *)"hello", 5 } });
	CHECK_STR(shown, "IP 10.0.0.1.4000 > 10.0.0.2.7: Flags [P.], seq 1:6, ack 1, win 9, length 5\n");
	dns(answers + 1, 1, DNS_QR | DNS_AA | DNS_RA, 0, 0, false, false);
	CHECK_STR(shown, "IP 10.0.0.53.53 > 10.0.0.1.33333: 12345* 1/0/0 A 10.0.0.7 (53)\n");
	echo(true, ICMP6_ECHO_REQUEST, "2001:db8::1", "2001:db8::2");
	CHECK_STR(shown, "IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo request, id 4660, seq 7, length 64\n");
}

static const char *client_name(void *names, struct ip ip)
{
	return ip_equal(ip, *(struct ip *)names) ? "client1" : NULL;
}

static void addresses_may_have_names(void)
{
	struct ip client = ip("10.0.0.1");

	fresh();
	print.name = client_name;
	print.names = &client;
	look = whole;
	echo(false, ICMP4_ECHO_REQUEST, "10.0.0.1", "10.0.0.2");
	CHECK_STR(shown, "IP client1 > 10.0.0.2: ICMP echo request, id 4660, seq 7, length 64\n");
}

static void days_are_those_of_the_calendar(void)
{
	static const struct { int64_t seconds; const char *text; } cases[] = { { 0, "1970-01-01 00:00:00." }, { -1, "1969-12-31 23:59:59." },
		{ 951782400, "2000-02-29 00:00:00." }, { 951868800, "2000-03-01 00:00:00." }, { 1709164800, "2024-02-29 00:00:00." },
		{ 4107542399, "2100-02-28 23:59:59." }, { 4107542400, "2100-03-01 00:00:00." }, { 1735689599, "2024-12-31 23:59:59." },
		{ -2203891200, "1900-03-01 00:00:00." }, { 9214646400, "2262-01-01 00:00:00." }, { -9214560000, "1678-01-01 00:00:00." } };
	struct text t = text_in(shown, sizeof shown);

	fresh();
	print.time = PRINT_TIME_DATE;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_clear(&t);
		print_packet(&print, cases[i].seconds * SECOND, bytes_of("a frame without a type"), 22, &t);
		shown[strlen(cases[i].text)] = '\0';
		CHECK_STR(shown, cases[i].text);
	}
}

/* More connections than there is memory for: the later ones have absolute numbers. */
static void flows_have_a_limit(void)
{
	fresh();
	look = whole;
	for (unsigned i = 0; i < PRINT_FLOWS_MAX + 10; i++)
		tcp("10.0.0.1", "10.0.0.2", (struct tcp_seg){ .src_port = (uint16_t)(10000 + i), .dst_port = 7, .flags = TCP_ACK });
	CHECK_EQ(print.flow_count, PRINT_FLOWS_MAX);
	CHECK_EQ(bad, 0);
}

int main(void)
{
	TEST(every_packet_has_a_line);
	TEST(what_is_cut_off_is_met);
	TEST(chance_is_met);
	TEST(lines_are_tcpdumps);
	TEST(addresses_may_have_names);
	TEST(days_are_those_of_the_calendar);
	TEST(flows_have_a_limit);
	return tap_end();
}

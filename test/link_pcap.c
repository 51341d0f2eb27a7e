/* SPDX-License-Identifier: ISC */
/* Filters and capture files; devices are watched in dump.sh. */
#include "link/pcap.h"

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "packets.h"

static struct filter filter;
static unsigned seen, matched;
static struct pcap_file file;
static bool writing;

static void frame(struct bytes b)
{
	seen++;
	if (filter_match(&filter, b, b.len)) matched++;
	if (writing && b.len > 0 && !pcap_file_write(&file, seen * SECOND + 123456789, b, b.len + 1)) abort();
}

static bool compile(const char *expression, char *words, size_t size)
{
	struct text err = text_in(words, size);
	return filter_compile(&filter, PCAP_ETHERNET, expression, &err);
}

static void filters_choose(void)
{
	static const struct { const char *expression; unsigned least, most; } cases[] = {
		{ "", 290, 400 }, { "arp", 11, 11 }, { "tcp port 6666 and ip6", 15, 15 }, { "icmp[icmptype] == icmp-echo", 1, 1 },
		{ "host 10.0.0.53 and udp", 30, 60 }, { "less 14", 4, 4 }, { "ip[8] = 1 and igmp", 15, 15 },
	};
	char words[200];

	for (size_t i = 0; i < COUNT(cases); i++) {
		CHECK(compile(cases[i].expression, words, sizeof words));
		seen = matched = 0;
		all_packets();
		if (matched < cases[i].least || matched > cases[i].most) printf("# %s: %u\n", cases[i].expression, matched);
		CHECK(matched >= cases[i].least && matched <= cases[i].most);
		filter_free(&filter);
	}
}

static void a_bad_filter_is_explained(void)
{
	char words[200];

	CHECK(!compile("port 80 or or", words, sizeof words));
	CHECK_STR(words, "filter \"port 80 or or\": syntax error (pcap-filter(7) tells how they are written)");
	CHECK(!compile("len >", words, sizeof words));
	CHECK(filter.instructions == NULL);
}

static void what_is_written_is_read(void)
{
	char name[] = "/tmp/tulle-test-XXXXXX", words[300];
	struct text err = text_in(words, sizeof words);
	struct pcap_link l;
	struct frame f;
	unsigned count = 0;
	int fd = mkstemp(name);

	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(pcap_file_create(&file, name, PCAP_ETHERNET, PCAP_SNAPLEN, &err));
	CHECK(compile("ip6", words, sizeof words));
	writing = true, seen = matched = 0;
	all_packets();
	writing = false;
	CHECK(pcap_file_close(&file));
	CHECK(pcap_link_file(&l, name, &err) && l.kind == PCAP_ETHERNET && l.link.ops->wait == NULL);
	CHECK(pcap_link_filter(&l, &filter, &err));
	for (; link_recv(&l.link, 0, &f, LINK_BATCH_MAX) == 1; count++)
		CHECK(l.at % SECOND == 123456789 && l.original_len == f.data.len + 1 && f.data.at[12] == 0x86);
	CHECK(l.ended && l.error[0] == '\0');
	CHECK_EQ(count, matched);
	pcap_link_close(&l);
	filter_free(&filter);
	CHECK(truncate(name, 1000) == 0); /* within a packet */
	CHECK(pcap_link_file(&l, name, &err));
	while (link_recv(&l.link, 0, &f, 1) == 1) continue;
	CHECK(l.ended && l.error[0] != '\0');
	pcap_link_close(&l);
	unlink(name);
	CHECK(!pcap_link_file(&l, name, &err) && strstr(words, name) != NULL);
}

int main(void)
{
	TEST(filters_choose);
	TEST(a_bad_filter_is_explained);
	TEST(what_is_written_is_read);
	return tap_end();
}

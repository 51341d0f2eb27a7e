/* SPDX-License-Identifier: ISC */
/* Questions from strangers to a fixed zone: an answer that can be read, to the same question, within its limit. */
#include "proto/dns/server.h"

static const char text[] =
	"$ORIGIN e.\n$TTL 9\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n@ MX 1 w\nns A 10.0.0.1\n"
	"w A 10.0.0.2\nw A 10.0.0.3\nw AAAA ::2\n*.d TXT x\n*.d MX 1 w\nc CNAME w\nl CNAME m\nm CNAME l\n*.r CNAME x.r\n"
	"s NS n.s\nn.s A 10.0.0.4\na.b.c.f TXT deep\n";
static uint8_t memory[1 << 16], answer[DNS_MESSAGE_MAX];

static const struct zone *zone(void)
{
	static const struct zone *z;
	struct arena arena;
	struct zone_error error;

	if (z != NULL) return z;
	arena_init(&arena, (struct room){ memory, sizeof memory });
	z = zone_load(&arena, NULL, bytes_of(text), &error);
	assert(z != NULL);
	return z;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct zone *zones[] = { zone() };
	struct dns_server s = { .zone = zones, .zones = 1, .rotate = size & 1, .rotation = { (uint32_t)size } };
	static const size_t limits[] = { DNS_UDP_MAX, DNS_MESSAGE_MAX, 300 };
	struct dns_message m, q;

	for (size_t i = 0; i < COUNT(limits); i++) {
		size_t len = dns_server_answer(&s, (struct bytes){ data, size }, limits[i], (struct room){ answer, sizeof answer });
		if (len == 0) {
			assert(size < DNS_HEADER_BYTES || data[2] & 0x80);
			continue;
		}
		enum drop why = dns_parse((struct bytes){ answer, len }, &m);
		assert(why == DROP_NONE && m.flags & DNS_QR && m.id == load_be16(data));
		assert(len <= size_max(limits[i], limits[i] == DNS_MESSAGE_MAX ? 0 : DNS_UDP_EDNS));
		if (dns_parse((struct bytes){ data, size }, &q) == DROP_NONE && q.counts[0] == 1)
			assert(m.counts[0] == 1 && dns_name_equal(&m.question.name, &q.question.name) && m.edns == q.edns);
		uint64_t told = s.answers + s.referrals + s.nxdomain + s.nodata + s.refused + s.formerr + s.others;
		assert(told == i + 1);
	}
	return 0;
}

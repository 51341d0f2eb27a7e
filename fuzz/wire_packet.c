/* SPDX-License-Identifier: ISC */
/* A frame from a stranger: every parser reads it (with the IPv4 header's checksum made right first, or few would
 * get past it), what was read is written again and reads the same, and the printer and the dissector look at it
 * as it is. The first byte says how to print. */
#include "base/checksum.h"
#include "wire/arp.h"
#include "wire/dissect.h"
#include "wire/eth.h"
#include "wire/icmp.h"
#include "wire/igmp.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/print.h"
#include "wire/tcp.h"
#include "wire/udp.h"

static uint8_t again[70000];
static const struct room room = { again, sizeof again };

static void see_tcp(struct bytes b, struct ip src, struct ip dst)
{
	struct tcp_seg one, two;

	if (tcp_parse(b, src, dst, false, &one) != DROP_NONE) return;
	size_t len = tcp_emit(&one, src, dst, room);
	enum drop why = tcp_parse((struct bytes){ again, len }, src, dst, true, &two);
	assert(len == tcp_emit_size(&one) && why == DROP_NONE);
	assert(one.seq == two.seq && one.ack == two.ack && one.flags == two.flags && one.window == two.window);
	assert(one.mss == two.mss && one.has_wscale == two.has_wscale && one.wscale == two.wscale);
	assert(one.sack_permitted == two.sack_permitted && one.has_timestamps == two.has_timestamps);
	assert(one.ts_value == two.ts_value && one.ts_echo == two.ts_echo && bytes_equal(one.text, two.text));
}

static void see_udp(struct bytes b, struct ip src, struct ip dst)
{
	struct udp one, two;

	if (udp_parse(b, src, dst, false, &one) != DROP_NONE) return;
	size_t len = udp_emit(&one, src, dst, room);
	enum drop why = udp_parse((struct bytes){ again, len }, src, dst, true, &two);
	assert(why == DROP_NONE && one.src_port == two.src_port && one.dst_port == two.dst_port);
	assert(bytes_equal(one.payload, two.payload));
}

static void see_icmp(struct bytes b, bool six, struct ip src, struct ip dst)
{
	static uint8_t right[70000];
	struct icmp one, two;

	if (b.len < 4) return;
	memcpy(right, b.at, b.len);
	store_be16(right + 2, 0);
	uint64_t sum = six ? checksum_pseudo(src, dst, IP_ICMP6, b.len) : 0;
	store_be16(right + 2, checksum_finish(checksum_add(sum, (struct bytes){ right, b.len })));
	if (icmp_parse((struct bytes){ right, b.len }, six, src, dst, &one) != DROP_NONE) return;
	size_t len = icmp_emit(&one, src, dst, room);
	enum drop why = icmp_parse((struct bytes){ again, len }, six, src, dst, &two);
	assert(why == DROP_NONE && one.type == two.type && one.code == two.code && one.id == two.id && one.seq == two.seq);
	assert(one.rest == two.rest && ip_equal(one.target, two.target) && one.has_link_address == two.has_link_address);
	assert(mac_equal(one.link_address, two.link_address));
}

static void see_igmp(struct bytes b)
{
	static uint8_t right[70000];
	struct igmp one, two;
	struct igmp_record r;

	if (b.len < 4) return;
	memcpy(right, b.at, b.len);
	store_be16(right + 2, 0);
	store_be16(right + 2, checksum_finish(checksum_add(0, (struct bytes){ right, b.len })));
	if (igmp_parse((struct bytes){ right, b.len }, &one) != DROP_NONE) return;
	struct bytes rest = one.payload;
	for (unsigned i = 0; i < one.records; i++) {
		bool there = igmp_record(&rest, &r);
		assert(there);
	}
	size_t len = igmp_emit(&one, room);
	enum drop why = igmp_parse((struct bytes){ again, len }, &two);
	assert(why == DROP_NONE && one.type == two.type && ip_equal(one.group, two.group) && one.records == two.records);
	assert(one.version3 == two.version3 && one.max_response == two.max_response);
}

static void see_payload(uint8_t protocol, struct bytes b, struct ip src, struct ip dst)
{
	see_tcp(b, src, dst); /* whatever it says it is: a fuzzer need not guess two things at once */
	see_udp(b, src, dst);
	see_icmp(b, protocol == IP_ICMP6, src, dst);
	see_igmp(b);
}

static void see_ip4(uint8_t *at, size_t size)
{
	struct ip4 one, two;

	if (size < IP4_HEADER_BYTES) return;
	size_t header = size_min((size_t)(at[0] & 15) * 4, size);
	store_be16(at + 10, 0);
	store_be16(at + 10, checksum_finish(checksum_add(0, (struct bytes){ at, header })));
	if (ip4_parse((struct bytes){ at, size }, &one) != DROP_NONE) return;
	size_t len = ip4_emit(&one, room);
	memcpy(again + len, one.payload.at, one.payload.len);
	enum drop why = ip4_parse((struct bytes){ again, len + one.payload.len }, &two);
	assert(why == DROP_NONE && one.id == two.id && one.ttl == two.ttl && one.protocol == two.protocol);
	assert(one.fragment_offset == two.fragment_offset && one.more_fragments == two.more_fragments);
	assert(bytes_equal(one.options, two.options) && bytes_equal(one.payload, two.payload));
	see_payload(one.protocol, one.payload, one.src, one.dst);
}

static void see_ip6(struct bytes b)
{
	struct ip6 one, two;

	if (ip6_parse(b, &one) != DROP_NONE) return;
	size_t len = ip6_emit(&one, room);
	if (one.payload.len > 0) memcpy(again + len, one.payload.at, one.payload.len);
	enum drop why = ip6_parse((struct bytes){ again, len + one.payload.len }, &two);
	assert(why == DROP_NONE && one.flow_label == two.flow_label && one.protocol == two.protocol && one.id == two.id);
	assert(one.fragment == two.fragment && one.fragment_offset == two.fragment_offset);
	assert(one.router_alert == two.router_alert && bytes_equal(one.payload, two.payload));
	see_payload(one.protocol, one.payload, one.src, one.dst);
}

static void see_text(struct bytes frame, uint8_t mode)
{
	static uint8_t memory[PRINT_FLOWS_BYTES + 64];
	static char line[8192];
	struct text t = text_in(line, sizeof line);
	struct print p = { .verbose = mode & 3, .link_header = mode & 4, .hex = (mode >> 3) % (PRINT_TEXT_ALL + 1),
	                   .quiet = (mode & 0xc0) == 0xc0, .raw_ip = (mode & 0xc0) == 0x80, .time = PRINT_TIME_DATE };
	struct arena a;

	arena_init(&a, (struct room){ memory, sizeof memory });
	bool room_for_flows = print_flows(&p, &a);
	assert(room_for_flows);
	print_packet(&p, (instant)mode << 55, frame, frame.len + mode, &t);
	print_packet(&p, 0, frame, frame.len, &t);
	assert(t.len > 0);
}

static void see_fields(struct bytes frame)
{
	static struct field field[DISSECT_FIELDS_MAX];
	size_t n = dissect(frame, field, COUNT(field));

	for (size_t i = 0; i < n; i++) {
		assert((size_t)field[i].offset + field[i].len <= frame.len && field[i].name != NULL && field[i].depth < 3);
		assert(memchr(field[i].value, '\0', sizeof field[i].value) != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[70000];
	struct eth e;
	struct arp arp;

	if (size < 1 || size > 65535) return 0;
	struct bytes frame = { data + 1, size - 1 };
	see_text(frame, data[0]);
	see_fields(frame);
	if (eth_parse(frame, &e) != DROP_NONE) return 0;
	if (e.payload.len > 0) memcpy(copy, e.payload.at, e.payload.len);
	if (arp_parse(e.payload, &arp) == DROP_NONE) arp_emit(&arp, room);
	see_ip4(copy, e.payload.len);
	see_ip6(e.payload);
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Segments of a few connections in any order, twice, torn, with gaps: whatever is followed stays within its tables, and
 * frames that are none are passed over. */
#include "base/checksum.h"
#include "tool/dump/follow.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

static uint8_t frame[2048];
static _Alignas(16) uint8_t memory[64 << 20];

static void put(struct follow *f, uint16_t client, bool from_server, uint8_t flags, uint32_t seq, struct bytes text)
{
	struct ip one = ip4_of(0x0a000001), two = ip4_of(0x0a000002);
	struct tcp_seg s = { .src_port = from_server ? 443 : client, .dst_port = from_server ? client : 443, .seq = seq, .ack = seq,
		.flags = flags, .text = text };
	struct ip src = from_server ? two : one, dst = from_server ? one : two;
	struct ip4 ip = { .ttl = 64, .protocol = IP_TCP, .src = src, .dst = dst, .payload = { frame, tcp_emit_size(&s) } };
	struct eth eth = { .type = ETH_IP4 };
	struct room room = { frame, sizeof frame };
	struct tls_watched watched;

	size_t at = eth_emit(&eth, room);
	at += ip4_emit(&ip, room_skip(room, at));
	at += tcp_emit(&s, src, dst, room_skip(room, at));
	follow_packet(f, (struct bytes){ frame, at }, false, 0);
	while (follow_next(f, &watched)) assert(watched.content.len <= TLS_WATCH_MESSAGE_MAX);
}

/* Each segment is told by five bytes: flags and direction, connection and length, where in the stream; then its text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	assert(sizeof memory >= follow_size());
	struct follow *f = follow_init((struct room){ memory, sizeof memory }, NULL, NULL);
	struct tls_watched watched;

	if (size > 0 && data[0] == 0xff) {
		follow_packet(f, (struct bytes){ data + 1, size - 1 }, false, 0);
		while (follow_next(f, &watched)) continue;
		size = 0;
	}
	while (size >= 5) {
		size_t len = size_min(data[2], size - 5);
		uint32_t seq = (data[0] & 0x40 ? 0xffffff00u : 0) + load_be16(data + 3);
		put(f, data[1], data[0] & 0x80, data[0] & 0x3f, seq, (struct bytes){ data + 5, len });
		data += 5 + len;
		size -= 5 + len;
	}
	follow_end(f);
	return 0;
}

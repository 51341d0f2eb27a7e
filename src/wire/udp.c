/* SPDX-License-Identifier: ISC */
#include "wire/udp.h"

#include "base/checksum.h"
#include "wire/ip4.h" /* IP_UDP */

enum drop udp_parse(struct bytes b, struct ip src, struct ip dst, bool verify, struct udp *u)
{
	const uint8_t *p = b.at;

	if (b.len < UDP_HEADER_BYTES) return DROP_SHORT;
	size_t len = load_be16(p + 4);
	if (len < UDP_HEADER_BYTES || len > b.len) return DROP_LENGTH;
	if (verify) {
		bool none = load_be16(p + 6) == 0;
		if (none && !ip_is4(dst)) return DROP_CHECKSUM;
		uint64_t sum = checksum_pseudo(src, dst, IP_UDP, len);
		if (!none && checksum_finish(checksum_add(sum, (struct bytes){ p, len })) != 0) return DROP_CHECKSUM;
	}
	u->src_port = load_be16(p);
	u->dst_port = load_be16(p + 2);
	u->payload = (struct bytes){ p + UDP_HEADER_BYTES, len - UDP_HEADER_BYTES };
	return DROP_NONE;
}

size_t udp_emit(const struct udp *u, struct ip src, struct ip dst, struct room room)
{
	size_t len = UDP_HEADER_BYTES + u->payload.len;
	uint8_t *p = room.at;

	assert(len <= UINT16_MAX);
	if (room.len < len) return 0;
	store_be16(p, u->src_port);
	store_be16(p + 2, u->dst_port);
	store_be16(p + 4, (uint16_t)len);
	store_be16(p + 6, 0);
	if (u->payload.len > 0) memmove(p + UDP_HEADER_BYTES, u->payload.at, u->payload.len);
	uint64_t sum = checksum_add(checksum_pseudo(src, dst, IP_UDP, len), (struct bytes){ p, len });
	uint16_t checksum = checksum_finish(sum);
	store_be16(p + 6, checksum == 0 ? UINT16_MAX : checksum); /* RFC 768: zero would say there is none */
	return len;
}

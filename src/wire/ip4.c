/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h"

#include "base/checksum.h"

enum { DONT_FRAGMENT = 0x4000, MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff };

enum drop ip4_parse(struct bytes b, struct ip4 *ip)
{
	const uint8_t *p = b.at;

	if (b.len < IP4_HEADER_BYTES) return DROP_SHORT;
	if (p[0] >> 4 != 4) return DROP_VERSION;
	size_t header = (size_t)(p[0] & 15) * 4, total = load_be16(p + 2);
	if (header < IP4_HEADER_BYTES) return DROP_LENGTH;
	if (header > b.len) return DROP_SHORT;
	if (total < header || total > b.len) return DROP_LENGTH;
	if (checksum_finish(checksum_add(0, (struct bytes){ p, header })) != 0) return DROP_CHECKSUM;
	uint16_t fragment = load_be16(p + 6);
	ip->tos = p[1];
	ip->id = load_be16(p + 4);
	ip->dont_fragment = fragment & DONT_FRAGMENT;
	ip->more_fragments = fragment & MORE_FRAGMENTS;
	ip->fragment_offset = (uint16_t)((fragment & OFFSET_MASK) * 8);
	ip->ttl = p[8];
	ip->protocol = p[9];
	ip->src = ip4_of(load_be32(p + 12));
	ip->dst = ip4_of(load_be32(p + 16));
	ip->options = (struct bytes){ p + IP4_HEADER_BYTES, header - IP4_HEADER_BYTES };
	ip->payload = (struct bytes){ p + header, total - header };
	/* What no sender can have cut (RFC 791, 3.2): a piece that is not the last holds whole units of eight
	 * bytes, and no piece ends beyond the longest datagram. */
	if (ip->more_fragments && (ip->payload.len == 0 || ip->payload.len % 8 != 0)) return DROP_LENGTH;
	if (ip->fragment_offset + ip->payload.len > UINT16_MAX) return DROP_LENGTH;
	return DROP_NONE;
}

size_t ip4_emit(const struct ip4 *ip, struct room room)
{
	size_t header = IP4_HEADER_BYTES + ip->options.len, total = header + ip->payload.len;
	uint8_t *p = room.at;

	assert(ip->options.len % 4 == 0 && header <= IP4_HEADER_BYTES_MAX && total <= UINT16_MAX);
	assert(ip->fragment_offset % 8 == 0);
	if (room.len < header) return 0;
	p[0] = (uint8_t)(0x40 | header / 4);
	p[1] = ip->tos;
	store_be16(p + 2, (uint16_t)total);
	store_be16(p + 4, ip->id);
	store_be16(p + 6, (uint16_t)(ip->fragment_offset / 8 | (ip->dont_fragment ? DONT_FRAGMENT : 0) |
	                             (ip->more_fragments ? MORE_FRAGMENTS : 0)));
	p[8] = ip->ttl;
	p[9] = ip->protocol;
	store_be16(p + 10, 0);
	memcpy(p + 12, ip->src.byte + 12, 4);
	memcpy(p + 16, ip->dst.byte + 12, 4);
	if (ip->options.len > 0) memcpy(p + IP4_HEADER_BYTES, ip->options.at, ip->options.len);
	store_be16(p + 10, checksum_finish(checksum_add(0, (struct bytes){ p, header })));
	return header;
}

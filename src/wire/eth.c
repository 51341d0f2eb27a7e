/* SPDX-License-Identifier: ISC */
#include "wire/eth.h"

const struct mac eth_broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

enum drop eth_parse(struct bytes b, struct eth *e)
{
	if (b.len < ETH_HEADER_BYTES) return DROP_SHORT;
	memcpy(e->dst.byte, b.at, 6);
	memcpy(e->src.byte, b.at + 6, 6);
	e->type = load_be16(b.at + 12);
	e->payload = bytes_skip(b, ETH_HEADER_BYTES);
	return DROP_NONE;
}

size_t eth_emit(const struct eth *e, struct room room)
{
	if (room.len < ETH_HEADER_BYTES) return 0;
	memcpy(room.at, e->dst.byte, 6);
	memcpy(room.at + 6, e->src.byte, 6);
	store_be16(room.at + 12, e->type);
	return ETH_HEADER_BYTES;
}

struct mac eth_group_of(struct ip multicast)
{
	struct mac m = { { 0x01, 0x00, 0x5e } }; /* RFC 1112, 6.4: the low 23 bits of the group */

	assert(ip_is_multicast(multicast));
	if (ip_is4(multicast)) {
		memcpy(m.byte + 3, multicast.byte + 13, 3);
		m.byte[3] &= 0x7f;
	} else { /* RFC 2464, 7: the low 32 bits */
		m.byte[0] = m.byte[1] = 0x33;
		memcpy(m.byte + 2, multicast.byte + 12, 4);
	}
	return m;
}

/* SPDX-License-Identifier: ISC */
#include "wire/arp.h"

enum { HARDWARE_ETHERNET = 1, PROTOCOL_IP4 = 0x0800 };

enum drop arp_parse(struct bytes b, struct arp *a)
{
	const uint8_t *p = b.at;

	if (b.len < ARP_BYTES) return DROP_SHORT;
	if (load_be16(p) != HARDWARE_ETHERNET || load_be16(p + 2) != PROTOCOL_IP4) return DROP_UNKNOWN;
	if (p[4] != 6 || p[5] != 4) return DROP_LENGTH;
	a->op = load_be16(p + 6);
	if (a->op != ARP_REQUEST && a->op != ARP_REPLY) return DROP_UNKNOWN;
	memcpy(a->sender_mac.byte, p + 8, 6);
	a->sender = ip4_of(load_be32(p + 14));
	memcpy(a->target_mac.byte, p + 18, 6);
	a->target = ip4_of(load_be32(p + 24));
	return DROP_NONE;
}

size_t arp_emit(const struct arp *a, struct room room)
{
	uint8_t *p = room.at;

	if (room.len < ARP_BYTES) return 0;
	store_be16(p, HARDWARE_ETHERNET);
	store_be16(p + 2, PROTOCOL_IP4);
	p[4] = 6;
	p[5] = 4;
	store_be16(p + 6, a->op);
	memcpy(p + 8, a->sender_mac.byte, 6);
	memcpy(p + 14, a->sender.byte + 12, 4);
	memcpy(p + 18, a->target_mac.byte, 6);
	memcpy(p + 24, a->target.byte + 12, 4);
	return ARP_BYTES;
}

/* SPDX-License-Identifier: ISC */
/* ip4.h - the IPv4 header (RFC 791). */
#ifndef TULLE_WIRE_IP4_H
#define TULLE_WIRE_IP4_H

#include "base/address.h"
#include "wire/drop.h"

#define IP4_MTU_MIN 68 /* RFC 791, 3.2 */
#define IP4_HEADER_BYTES 20
#define IP4_HEADER_BYTES_MAX 60

enum { IP_ICMP = 1, IP_IGMP = 2, IP_TCP = 6, IP_UDP = 17, IP_ICMP6 = 58 };

struct ip4 {
	uint8_t tos;              /* DSCP and ECN, RFC 2474 and 3168 */
	uint16_t id;
	bool dont_fragment, more_fragments;
	uint16_t fragment_offset; /* in bytes, a multiple of 8 */
	uint8_t ttl, protocol;
	struct ip src, dst;
	struct bytes options;     /* as they are; parsed ones are a multiple of 4 bytes */
	struct bytes payload;     /* by the total length: trailing padding is not in it */
};

enum drop ip4_parse(struct bytes, struct ip4 *); /* the header's checksum is verified */
/* The header only, checksum filled in, its total length counting payload.len; 0 if the room is too small. */
size_t ip4_emit(const struct ip4 *, struct room);

#endif

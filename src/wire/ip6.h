/* SPDX-License-Identifier: ISC */
/* ip6.h - the IPv6 header and the extension headers that stand between it and what is carried (RFC 8200). */
#ifndef TULLE_WIRE_IP6_H
#define TULLE_WIRE_IP6_H

#include "base/address.h"
#include "wire/drop.h"

#define IP6_HEADER_BYTES 40
#define IP6_FRAGMENT_HEADER_BYTES 8
#define IP6_MTU_MIN 1280
#define IP6_EXTENSIONS_MAX 8 /* headers in a chain; a longer one is dropped */

enum { IP6_HOP_BY_HOP = 0, IP6_ROUTING = 43, IP6_FRAGMENT = 44, IP6_NO_NEXT = 59, IP6_DESTINATION = 60 };

struct ip6 {
	uint8_t traffic_class;
	uint32_t flow_label;
	uint8_t hop_limit;
	struct ip src, dst;
	uint8_t protocol;         /* of the payload, after all extension headers; of a fragment: of what it is part */
	bool fragment;            /* there is a fragment header (RFC 8200, 4.5) */
	bool more_fragments;
	uint16_t fragment_offset; /* in bytes */
	uint32_t id;
	bool router_alert;        /* RFC 2711, in a hop-by-hop header: MLD needs it */
	struct bytes payload;
};

enum drop ip6_parse(struct bytes, struct ip6 *);
/* Goes on behind the headers already taken: for a packet put together from fragments, whose `protocol` and
 * `payload` are the whole's, and whose `fragment` is false. */
enum drop ip6_parse_extensions(struct ip6 *);
/* The headers only (a hop-by-hop header for the router alert and a fragment header as asked), payload.len
 * counted in; 0 if the room is too small. */
size_t ip6_emit(const struct ip6 *, struct room);

#endif

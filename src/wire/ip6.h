/* SPDX-License-Identifier: ISC */
/* ip6.h - the IPv6 header and the extension headers that stand between it and what is carried (RFC 8200). */
#ifndef TULLE_WIRE_IP6_H
#define TULLE_WIRE_IP6_H

#include "base/address.h"
#include "wire/drop.h"

#define IP6_HEADER_BYTES 40
#define IP6_FRAGMENT_HEADER_BYTES 8
#define IP6_MTU_MIN 1280

struct ip6 {
	uint8_t traffic_class;
	uint32_t flow_label;
	uint8_t hop_limit;
	struct ip src, dst;
	uint8_t protocol;         /* of the payload, after all extension headers */
	bool fragment;            /* there is a fragment header (RFC 8200, 4.5) */
	bool more_fragments;
	uint16_t fragment_offset; /* in bytes */
	uint32_t id;
	bool router_alert;        /* RFC 2711, in a hop-by-hop header: MLD needs it */
	struct bytes payload;
};

enum drop ip6_parse(struct bytes, struct ip6 *);
/* The headers only (a hop-by-hop header for the router alert and a fragment header as asked), payload.len
 * counted in; 0 if the room is too small. */
size_t ip6_emit(const struct ip6 *, struct room);

#endif

/* SPDX-License-Identifier: ISC */
#include "wire/ip6.h"

enum { OPTION_PAD1 = 0, OPTION_PADN = 1, OPTION_ROUTER_ALERT = 5 };

/* The options of a hop-by-hop or destination header (RFC 8200, 4.2). An unknown one says in its two top bits
 * what to do with the packet: 00 goes on, everything else discards it. */
static enum drop parse_options(struct bytes b, struct ip6 *ip, bool hop_by_hop)
{
	while (b.len > 0) {
		if (b.at[0] == OPTION_PAD1) {
			b = bytes_skip(b, 1);
			continue;
		}
		if (b.len < 2 || b.len < 2 + (size_t)b.at[1]) return DROP_OPTION;
		if (b.at[0] == OPTION_ROUTER_ALERT && hop_by_hop) {
			if (b.at[1] != 2) return DROP_OPTION; /* RFC 2711, 2.1 */
			ip->router_alert = true;
		} else if (b.at[0] >> 6 != 0) {
			return DROP_OPTION;
		}
		b = bytes_skip(b, 2 + (size_t)b.at[1]);
	}
	return DROP_NONE;
}

/* The eight bytes of RFC 8200, 4.5. They end the chain, unless the packet is whole in spite of them ("atomic",
 * RFC 6946): what follows is a part of something yet to be put together. */
static enum drop parse_fragment(struct ip6 *ip, bool *last)
{
	const uint8_t *p = ip->payload.at;

	if (ip->payload.len < IP6_FRAGMENT_HEADER_BYTES) return DROP_SHORT;
	if (ip->fragment) return DROP_FIELD;
	ip->fragment = true;
	ip->protocol = p[0];
	ip->fragment_offset = load_be16(p + 2) & 0xfff8;
	ip->more_fragments = p[3] & 1;
	ip->id = load_be32(p + 4);
	ip->payload = bytes_skip(ip->payload, IP6_FRAGMENT_HEADER_BYTES);
	if (ip->more_fragments && (ip->payload.len == 0 || ip->payload.len % 8 != 0)) return DROP_LENGTH;
	if (ip->fragment_offset + ip->payload.len > UINT16_MAX) return DROP_LENGTH;
	*last = ip->more_fragments || ip->fragment_offset > 0;
	return DROP_NONE;
}

/* Takes one header whose length its second byte says; what lies in it is looked at by its kind. */
static enum drop parse_extension(struct ip6 *ip)
{
	const uint8_t *p = ip->payload.at;

	if (ip->payload.len < 8) return DROP_SHORT;
	size_t len = 8 + (size_t)p[1] * 8;
	if (len > ip->payload.len) return DROP_LENGTH;
	if (ip->protocol == IP6_ROUTING) {
		if (p[3] != 0) return DROP_OPTION; /* RFC 8200, 4.4: no type of it is known here */
	} else {
		enum drop why = parse_options((struct bytes){ p + 2, len - 2 }, ip, ip->protocol == IP6_HOP_BY_HOP);
		if (why != DROP_NONE) return why;
	}
	ip->protocol = p[0];
	ip->payload = bytes_skip(ip->payload, len);
	return DROP_NONE;
}

enum drop ip6_parse_extensions(struct ip6 *ip)
{
	for (unsigned n = 0;; n++) {
		bool last = false;
		enum drop why;
		switch (ip->protocol) {
		case IP6_HOP_BY_HOP: why = DROP_FIELD; break; /* RFC 8200, 4.1: only right behind the IPv6 header */
		case IP6_FRAGMENT: why = parse_fragment(ip, &last); break;
		case IP6_ROUTING:
		case IP6_DESTINATION: why = parse_extension(ip); break;
		default: return DROP_NONE;
		}
		if (why != DROP_NONE || last) return why;
		if (n == IP6_EXTENSIONS_MAX) return DROP_OPTION;
	}
}

enum drop ip6_parse(struct bytes b, struct ip6 *ip)
{
	const uint8_t *p = b.at;

	if (b.len < IP6_HEADER_BYTES) return DROP_SHORT;
	if (p[0] >> 4 != 6) return DROP_VERSION;
	size_t len = load_be16(p + 4);
	if (len > b.len - IP6_HEADER_BYTES) return DROP_LENGTH;
	*ip = (struct ip6){
		.traffic_class = (uint8_t)(load_be16(p) >> 4),
		.flow_label = load_be32(p) & 0xfffff,
		.protocol = p[6],
		.hop_limit = p[7],
		.src = ip6_of(p + 8),
		.dst = ip6_of(p + 24),
		.payload = { p + IP6_HEADER_BYTES, len },
	};
	if (ip->protocol == IP6_HOP_BY_HOP) {
		enum drop why = parse_extension(ip);
		if (why != DROP_NONE) return why;
	}
	return ip6_parse_extensions(ip);
}

static void emit_router_alert(uint8_t next, uint8_t *p)
{
	const uint8_t header[8] = { next, 0, OPTION_ROUTER_ALERT, 2, 0, 0, OPTION_PADN, 0 }; /* value 0: MLD */
	memcpy(p, header, sizeof header);
}

static void emit_fragment(const struct ip6 *ip, uint8_t *p)
{
	assert(ip->fragment_offset % 8 == 0);
	p[0] = ip->protocol;
	p[1] = 0;
	store_be16(p + 2, ip->fragment_offset | (ip->more_fragments ? 1 : 0));
	store_be32(p + 4, ip->id);
}

size_t ip6_emit(const struct ip6 *ip, struct room room)
{
	size_t extra = (ip->router_alert ? 8 : 0) + (ip->fragment ? IP6_FRAGMENT_HEADER_BYTES : 0);
	uint8_t inner = ip->fragment ? IP6_FRAGMENT : ip->protocol;
	uint8_t *p = room.at;

	assert(extra + ip->payload.len <= UINT16_MAX);
	if (room.len < IP6_HEADER_BYTES + extra) return 0;
	store_be32(p, 6u << 28 | (uint32_t)ip->traffic_class << 20 | (ip->flow_label & 0xfffff));
	store_be16(p + 4, (uint16_t)(extra + ip->payload.len));
	p[6] = ip->router_alert ? IP6_HOP_BY_HOP : inner;
	p[7] = ip->hop_limit;
	memcpy(p + 8, ip->src.byte, 16);
	memcpy(p + 24, ip->dst.byte, 16);
	p += IP6_HEADER_BYTES;
	if (ip->router_alert) emit_router_alert(inner, p);
	if (ip->fragment) emit_fragment(ip, p + (ip->router_alert ? 8 : 0));
	return IP6_HEADER_BYTES + extra;
}

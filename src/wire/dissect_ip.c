/* SPDX-License-Identifier: ISC */
#include "base/checksum.h"
#include "wire/dissect_parts.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

enum { NESTED_MAX = 12 }; /* headers one after another that are looked into */

const struct meaning ip_protocols[] = { { IP6_HOP_BY_HOP, "hop-by-hop options" }, { IP_ICMP, "ICMP" }, { IP_IGMP, "IGMP" },
	{ IP_TCP, "TCP" }, { IP_UDP, "UDP" }, { IP6_ROUTING, "routing header" }, { IP6_FRAGMENT, "fragment header" },
	{ IP_ICMP6, "ICMPv6" }, { IP6_NO_NEXT, "nothing" }, { IP6_DESTINATION, "destination options" }, { 0, NULL } };

static const struct meaning ecn[] = { { 0, "not ECN-capable" }, { 1, "ECT(1)" }, { 2, "ECT(0)" }, { 3, "congestion experienced" },
	{ 0, NULL } };

static const struct row ip4[] = {
	{ 0, 1, 1, 0xf0, NUMBER, "Version", "How to read the rest: this is the Internet header of version 4.", NULL },
	{ 0, 1, 1, 0x0f, WORDS, "IHL", "The header's length in words of four bytes, since it may have options.", NULL },
	{ 1, 1, 1, 0xfc, NUMBER, "Differentiated Services Codepoint", "Which treatment routers should give the packet (RFC 2474).", NULL },
	{ 1, 1, 1, 0x03, NUMBER, "Explicit Congestion Notification", "Lets a router mark a packet instead of dropping it (RFC 3168).", ecn },
	{ 2, 2, 1, 0, NUMBER, "Total Length", "Header and data together; what a link adds to fill up a frame is not counted.", NULL },
	{ 4, 2, 1, 0, NUMBER, "Identification", "The same in all fragments of one datagram, so that they are put together again.", NULL },
	{ 6, 1, 1, 0xe0, HEX, "Flags", "What may be done about fragments, and what was.", NULL },
	{ 6, 1, 2, 0x40, FLAG, "Don't Fragment", "A router must drop the packet and say so rather than cut it.", NULL },
	{ 6, 1, 2, 0x20, FLAG, "More Fragments", "This is not the datagram's last piece.", NULL },
	{ 6, 2, 1, 0x1fff, UNITS, "Fragment Offset", "Where in the datagram this piece belongs, in units of eight bytes.", NULL },
	{ 8, 1, 1, 0, NUMBER, "Time to Live", "Each router takes one off and drops the packet at zero, so that nothing circles for ever.", NULL },
	{ 9, 1, 1, 0, NUMBER, "Protocol", "Who reads what follows.", ip_protocols },
	{ 10, 2, 1, 0, HEX, "Header Checksum", "Protects the header alone; it changes at each router with the time to live.", NULL },
	{ 12, 4, 1, 0, IP4, "Source Address", "Who sent it, and gets the answer.", NULL },
	{ 16, 4, 1, 0, IP4, "Destination Address", "Who is to get it: all a router needs to know.", NULL },
};

static const struct meaning option_kinds[] = { { 0, "end of the options" }, { 1, "no operation" }, { 7, "record route" },
	{ 68, "timestamps" }, { 131, "loose source route" }, { 137, "strict source route" }, { 148, "router alert" }, { 0, NULL } };

static void ip4_options(struct out *o, struct bytes b)
{
	while (b.len > 0) {
		bool alone = b.at[0] < 2;
		size_t len = alone ? 1 : b.len > 1 && b.at[1] >= 2 ? size_min(b.at[1], b.len) : b.len;
		const char *words = meaning_of(option_kinds, b.at[0]);
		if (b.at[0] == 0) len = b.len; /* what follows the end is padding */
		field_say(field_add(o, 1, b.at, len, "Option", "Something few packets need, so that it is not in every header."),
		          "%u (%s)", b.at[0], words != NULL ? words : "unknown");
		b = bytes_skip(b, len);
	}
}

static void say_ends(struct field *layer, struct ip src, struct ip dst)
{
	char from[IP_TEXT_MAX], to[IP_TEXT_MAX];
	field_say(layer, "%s > %s", ip_text(src, from), ip_text(dst, to));
}

void dissect_ip4(struct out *o, struct bytes b, bool quoted)
{
	size_t ihl = b.len > 0 ? (size_t)(b.at[0] & 15) * 4 : 0, first = o->count;
	struct bytes header = bytes_first(b, size_min(size_max(ihl, IP4_HEADER_BYTES), b.len));
	struct ip4 ip;

	if (b.len == 0) return;
	struct field *layer = field_add(o, 0, b.at, header.len, quoted ? "Internet Protocol version 4 (quoted)" : "Internet Protocol version 4",
	                                "Carries a datagram across any number of links to a host (RFC 791).");
	if (!rows_add(o, ip4, COUNT(ip4), header)) {
		layer_refused(layer, DROP_SHORT);
		return;
	}
	enum drop why = ip4_parse(b, &ip);
	bool cut = quoted && why == DROP_LENGTH; /* an error quotes only the beginning */
	o->src = ip4_of(load_be32(b.at + 12));
	o->dst = ip4_of(load_be32(b.at + 16));
	say_ends(layer, o->src, o->dst);
	if (!cut) layer_refused(layer, why);
	uint16_t left = checksum_finish(checksum_add(0, header));
	if (header.len == ihl) checksum_say(o, first, load_be16(b.at + 10), left);
	ip4_options(o, bytes_skip(header, IP4_HEADER_BYTES));
	struct bytes rest = bytes_skip(b, header.len);
	if (quoted) {
		dissect_data(o, rest, "Original datagram's data", "The first bytes of what was sent: enough to find whose it was.");
		return;
	}
	if (why != DROP_NONE) {
		dissect_data(o, rest, "Data", "Not read, since the header before it is wrong.");
		return;
	}
	o->fragment = ip.more_fragments || ip.fragment_offset > 0;
	if (o->fragment) dissect_data(o, ip.payload, "Fragment", "A piece of a datagram: it is read when all pieces are there.");
	else dissect_payload(o, ip.protocol, ip.payload);
	dissect_data(o, bytes_skip(rest, ip.payload.len), "Padding", "Ethernet's frames have at least 60 bytes; what is missing is filled up.");
}

static const struct row ip6[] = {
	{ 0, 1, 1, 0xf0, NUMBER, "Version", "How to read the rest: this is the Internet header of version 6.", NULL },
	{ 0, 2, 1, 0x0ff0, HEX, "Traffic Class", "Which treatment routers should give the packet, and whether it met congestion.", NULL },
	{ 1, 3, 1, 0x0fffff, HEX, "Flow Label", "Packets of one flow carry the same, so that routers keep them on one path (RFC 6437).", NULL },
	{ 4, 2, 1, 0, NUMBER, "Payload Length", "What follows this header, extension headers counted in.", NULL },
	{ 6, 1, 1, 0, NUMBER, "Next Header", "What kind of header follows.", ip_protocols },
	{ 7, 1, 1, 0, NUMBER, "Hop Limit", "Each router takes one off and drops the packet at zero; 255 shows that it came from this link.", NULL },
	{ 8, 16, 1, 0, IP6, "Source Address", "Who sent it, and gets the answer.", NULL },
	{ 24, 16, 1, 0, IP6, "Destination Address", "Who is to get it.", NULL },
};
static const struct row extension[] = {
	{ 0, 1, 1, 0, NUMBER, "Next Header", "What kind of header follows.", ip_protocols },
	{ 1, 1, 1, 0, UNITS, "Hdr Ext Len", "This header's length in units of eight bytes, the first not counted.", NULL },
};
static const struct row routing[] = {
	{ 0, 1, 1, 0, NUMBER, "Next Header", "What kind of header follows.", ip_protocols },
	{ 1, 1, 1, 0, UNITS, "Hdr Ext Len", "This header's length in units of eight bytes, the first not counted.", NULL },
	{ 2, 1, 1, 0, NUMBER, "Routing Type", "How the rest is to be read.", NULL },
	{ 3, 1, 1, 0, NUMBER, "Segments Left", "How many of the listed nodes are still to be visited.", NULL },
};
static const struct row fragment[] = {
	{ 0, 1, 1, 0, NUMBER, "Next Header", "What the whole packet's first part is.", ip_protocols },
	{ 1, 1, 1, 0, NUMBER, "Reserved", NULL, NULL },
	{ 2, 2, 1, 0xfff8, UNITS, "Fragment Offset", "Where in the packet this piece belongs, in units of eight bytes.", NULL },
	{ 3, 1, 1, 0x06, NUMBER, "Res", NULL, NULL },
	{ 3, 1, 1, 0x01, FLAG, "M flag", "This is not the packet's last piece.", NULL },
	{ 4, 4, 1, 0, HEX, "Identification", "The same in all fragments of one packet.", NULL },
};

/* One extension header; false if the chain cannot be followed. */
static bool dissect_extension(struct out *o, uint8_t *next, struct bytes *b)
{
	size_t len = *next == IP6_FRAGMENT ? IP6_FRAGMENT_HEADER_BYTES : b->len > 1 ? (b->at[1] + 1u) * 8 : 8;
	struct bytes header = bytes_first(*b, size_min(len, b->len));
	const struct row *rows = extension;
	size_t count = COUNT(extension);
	const char *name = "IPv6 destination options", *why = "Options for the host that gets the packet.";

	if (*next == IP6_HOP_BY_HOP) name = "IPv6 hop-by-hop options", why = "Options every router on the way looks at.";
	if (*next == IP6_ROUTING) name = "IPv6 routing header", why = "Nodes to be visited on the way.", rows = routing, count = COUNT(routing);
	if (*next == IP6_FRAGMENT) name = "IPv6 fragment header", why = "The sender cut the packet; routers never do.", rows = fragment, count = COUNT(fragment);
	field_add(o, 0, header.at, header.len, name, why);
	if (!rows_add(o, rows, count, header)) return false;
	size_t known = *next == IP6_FRAGMENT ? 8 : *next == IP6_ROUTING ? 4 : 2;
	rest_add(o, bytes_skip(header, known), *next == IP6_ROUTING ? "Type-specific data" : "Options", NULL);
	if (header.len < len) return false;
	bool piece = *next == IP6_FRAGMENT && load_be16(header.at + 2) & 0xfff9;
	*next = header.at[0];
	*b = bytes_skip(*b, len);
	if (!piece) return true;
	dissect_data(o, *b, "Fragment", "A piece of a packet: it is read when all pieces are there.");
	return false;
}

static bool is_extension(uint8_t next)
{
	return next == IP6_HOP_BY_HOP || next == IP6_ROUTING || next == IP6_FRAGMENT || next == IP6_DESTINATION;
}

void dissect_ip6(struct out *o, struct bytes b, bool quoted)
{
	struct bytes header = bytes_first(b, size_min(IP6_HEADER_BYTES, b.len));
	struct ip6 ip;

	if (b.len == 0) return;
	struct field *layer = field_add(o, 0, b.at, header.len, quoted ? "Internet Protocol version 6 (quoted)" : "Internet Protocol version 6",
	                                "Carries a packet across any number of links to a host (RFC 8200).");
	if (!rows_add(o, ip6, COUNT(ip6), header)) {
		layer_refused(layer, DROP_SHORT);
		return;
	}
	o->src = ip6_of(b.at + 8);
	o->dst = ip6_of(b.at + 24);
	say_ends(layer, o->src, o->dst);
	struct bytes rest = bytes_skip(b, IP6_HEADER_BYTES);
	if (quoted) {
		dissect_data(o, rest, "Original packet's data", "As much of what was sent as fits: enough to find whose it was.");
		return;
	}
	layer_refused(layer, ip6_parse(b, &ip));
	size_t len = size_min(load_be16(b.at + 4), rest.len);
	struct bytes padding = bytes_skip(rest, len);
	uint8_t next = b.at[6];
	rest.len = len;
	for (unsigned n = 0; is_extension(next) && rest.len > 0; n++)
		if (n == NESTED_MAX || !dissect_extension(o, &next, &rest)) return;
	dissect_payload(o, next, rest);
	dissect_data(o, padding, "Padding", "Ethernet's frames have at least 60 bytes; what is missing is filled up.");
}

void dissect_payload(struct out *o, uint8_t protocol, struct bytes b)
{
	bool four = ip_is4(o->src);

	if (b.len == 0) return;
	if (protocol == IP_TCP) dissect_tcp(o, b);
	else if (protocol == IP_UDP) dissect_udp(o, b);
	else if (protocol == IP_ICMP && four) dissect_icmp4(o, b);
	else if (protocol == IP_IGMP && four) dissect_igmp(o, b);
	else if (protocol == IP_ICMP6 && !four) dissect_icmp6(o, b);
	else dissect_data(o, b, "Data", "Of a protocol that is not read here.");
}

/* SPDX-License-Identifier: ISC */
/* What programs meet: TCP and UDP. */
#include "base/checksum.h"
#include "wire/dissect_parts.h"
#include "wire/dns.h"
#include "wire/ip4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

static const struct meaning services[] = { { 7, "echo" }, { 22, "ssh" }, { 23, "telnet" }, { 53, "domain" }, { 80, "http" },
	{ 443, "https" }, { 853, "domain over TLS" }, { 5353, "multicast DNS" }, { 0, NULL } };

static const struct row udp[] = {
	{ 0, 2, 1, 0, NUMBER, "Source Port", "Which program sent it, and gets the answer.", services },
	{ 2, 2, 1, 0, NUMBER, "Destination Port", "Which program is to get it.", services },
	{ 4, 2, 1, 0, NUMBER, "Length", "Header and data together, in bytes.", NULL },
	{ 6, 2, 1, 0, HEX, "Checksum", "Over the addresses, this header and the data: what is broken on the way is dropped.", NULL },
};

static const struct row tcp[] = {
	{ 0, 2, 1, 0, NUMBER, "Source Port", "With both addresses and the other port it names the connection.", services },
	{ 2, 2, 1, 0, NUMBER, "Destination Port", "Which program is to get it.", services },
	{ 4, 4, 1, 0, NUMBER, "Sequence Number", "Where in the sender's stream the first byte belongs; a SYN and a FIN take one number each.", NULL },
	{ 8, 4, 1, 0, NUMBER, "Acknowledgment Number", "All before this number has arrived: it is the next one expected.", NULL },
	{ 12, 1, 1, 0xf0, WORDS, "Data Offset", "The header's length in words of four bytes, since it may have options.", NULL },
	{ 12, 1, 1, 0x0f, NUMBER, "Reserved", NULL, NULL },
	{ 13, 1, 1, 0, HEX, "Control bits", "What this segment does to the connection.", NULL },
	{ 13, 1, 2, 0x80, FLAG, "CWR", "The sender has slowed down: the echo of congestion may stop (RFC 3168).", NULL },
	{ 13, 1, 2, 0x40, FLAG, "ECE", "A packet arrived that a router had marked: slow down (RFC 3168).", NULL },
	{ 13, 1, 2, 0x20, FLAG, "URG", "The urgent pointer means something.", NULL },
	{ 13, 1, 2, 0x10, FLAG, "ACK", "The acknowledgment number means something: set in all but the first segment.", NULL },
	{ 13, 1, 2, 0x08, FLAG, "PSH", "Give what has come to the program now.", NULL },
	{ 13, 1, 2, 0x04, FLAG, "RST", "The connection is over at once, or there never was one.", NULL },
	{ 13, 1, 2, 0x02, FLAG, "SYN", "Opens: it tells the first sequence number.", NULL },
	{ 13, 1, 2, 0x01, FLAG, "FIN", "The sender has no more to send.", NULL },
	{ 14, 2, 1, 0, NUMBER, "Window", "How much more the sender of this has room for, to be scaled as agreed in the SYN.", NULL },
	{ 16, 2, 1, 0, HEX, "Checksum", "Over the addresses, the header and the data: what is broken on the way is dropped, and sent again.", NULL },
	{ 18, 2, 1, 0, NUMBER, "Urgent Pointer", "How far urgent data goes, if URG is set.", NULL },
};

/* Verifies what the layer before could not. */
static void transport_checksum(struct out *o, size_t first, uint8_t protocol, struct bytes b, size_t at)
{
	uint16_t found = load_be16(b.at + at);
	uint64_t sum = checksum_add(checksum_pseudo(o->src, o->dst, protocol, b.len), b);

	if (protocol == IP_UDP && found == 0 && ip_is4(o->src)) {
		for (size_t i = first; i < o->count; i++)
			if (strcmp(o->field[i].name, "Checksum") == 0) field_say(&o->field[i], " (none was made)");
		return;
	}
	checksum_say(o, first, found, checksum_finish(sum));
}

void dissect_udp(struct out *o, struct bytes b)
{
	struct bytes header = bytes_first(b, size_min(b.len, UDP_HEADER_BYTES));
	size_t first = o->count;
	struct field *layer = field_add(o, 0, b.at, header.len, "User Datagram Protocol",
	                                "Carries one message from program to program: it may be lost, doubled or overtaken (RFC 768).");
	struct udp u;

	bool whole = rows_add(o, udp, COUNT(udp), header);
	enum drop why = udp_parse(b, o->src, o->dst, true, &u);
	if (whole) {
		field_say(layer, "port %u > %u", load_be16(b.at), load_be16(b.at + 2));
		transport_checksum(o, first, IP_UDP, bytes_first(b, size_min(size_max(load_be16(b.at + 4), 8), b.len)), 6);
	}
	layer_refused(layer, why);
	if (!whole) return;
	struct bytes data = bytes_skip(b, UDP_HEADER_BYTES);
	if (why == DROP_NONE) data = u.payload;
	bool domain = load_be16(b.at) == DNS_PORT || load_be16(b.at + 2) == DNS_PORT;
	if (domain && data.len > 0) dissect_dns(o, data, false);
	else dissect_data(o, data, "Data", "What the program sent.");
}

static const struct meaning option_names[] = { { 0, "End of Option List" }, { 1, "No-Operation" }, { 2, "Maximum Segment Size" },
	{ 3, "Window Scale" }, { 4, "SACK Permitted" }, { 5, "SACK" }, { 8, "Timestamps" }, { 0, NULL } };

static const char *option_why(uint8_t kind)
{
	switch (kind) {
	case 0: return "Nothing after it is an option.";
	case 1: return "Fills up, so that the next option begins at a word.";
	case 2: return "The largest segment the sender of this can take.";
	case 3: return "Windows are to be shifted left by this: 16 bits are too few for long fast paths (RFC 7323).";
	case 4: return "The sender can be told of what arrived behind a gap (RFC 2018).";
	case 5: return "What arrived behind a gap, so that only what is missing is sent again (RFC 2018).";
	case 8: return "Measures the round trip, and tells old segments from new ones (RFC 7323).";
	default: return "An option that is not read here.";
	}
}

static void option_value(struct field *f, struct bytes b)
{
	switch (b.at[0]) {
	case 2:
		if (b.len == 4) field_say(f, "%u bytes", load_be16(b.at + 2));
		break;
	case 3:
		if (b.len == 3) field_say(f, "%u (times %u)", b.at[2], b.at[2] < 15 ? 1u << b.at[2] : 1u << 14);
		break;
	case 5:
		for (size_t at = 2; at + 8 <= b.len; at += 8)
			field_say(f, "%s%u-%u", at > 2 ? ", " : "", load_be32(b.at + at), load_be32(b.at + at + 4));
		break;
	case 8:
		if (b.len == 10) field_say(f, "value %u, echo %u", load_be32(b.at + 2), load_be32(b.at + 6));
		break;
	default: break;
	}
}

static void tcp_options(struct out *o, struct bytes b)
{
	while (b.len > 0) {
		uint8_t kind = b.at[0];
		bool sound = kind < 2 || (b.len > 1 && b.at[1] >= 2 && b.at[1] <= b.len);
		size_t len = kind == 0 || !sound ? b.len : kind == 1 ? 1 : b.at[1];
		const char *name = meaning_of(option_names, kind);
		struct field *f = field_add(o, 1, b.at, len, name != NULL ? name : "Option", sound ? option_why(kind) : "Its length makes no sense.");
		if (name == NULL) field_say(f, "kind %u", kind);
		else if (sound) option_value(f, bytes_first(b, len));
		b = bytes_skip(b, len);
	}
}

static void say_segment(struct field *layer, struct bytes b)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
	const char *before = "";

	field_say(layer, "port %u > %u [", load_be16(b.at), load_be16(b.at + 2));
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!(b.at[13] >> i & 1)) continue;
		field_say(layer, "%s%s", before, names[i]);
		before = ", ";
	}
	field_say(layer, "]");
}

void dissect_tcp(struct out *o, struct bytes b)
{
	size_t offset = b.len > 12 ? (size_t)(b.at[12] >> 4) * 4 : 0, first = o->count;
	struct bytes header = bytes_first(b, size_min(size_max(offset, TCP_HEADER_BYTES), b.len));
	struct field *layer = field_add(o, 0, b.at, header.len, "Transmission Control Protocol",
	                                "Carries two streams of bytes, whole and in order, over packets that may be lost (RFC 9293).");
	struct tcp_seg s;

	if (!rows_add(o, tcp, COUNT(tcp), header)) {
		layer_refused(layer, DROP_SHORT);
		return;
	}
	say_segment(layer, b);
	layer_refused(layer, tcp_parse(b, o->src, o->dst, true, &s));
	transport_checksum(o, first, IP_TCP, b, 16);
	tcp_options(o, bytes_skip(header, TCP_HEADER_BYTES));
	struct bytes data = bytes_skip(b, header.len);
	bool domain = load_be16(b.at) == DNS_PORT || load_be16(b.at + 2) == DNS_PORT;
	if (domain && data.len > 2) dissect_dns(o, data, true);
	else if (dissect_tls_looks(data)) dissect_tls_records(o, data);
	else dissect_data(o, data, "Data", "A piece of the stream, as the program sent it.");
}

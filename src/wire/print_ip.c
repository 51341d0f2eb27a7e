/* SPDX-License-Identifier: ISC */
#include "base/checksum.h"
#include "wire/ip4.h"
#include "wire/print_parts.h"

enum { IN_IP4 = 4, IN_IP6 = 41, DCCP = 33, SCTP = 132 };
enum { EOL = 0, NOP = 1, RECORD_ROUTE = 7, TIMESTAMP = 68, SECURITY = 130, LOOSE_ROUTE = 131, STRICT_ROUTE = 137,
       ROUTER_ALERT = 148 };

static const struct name protocols[] = { { 0, "Options" }, { 1, "ICMP" }, { 2, "IGMP" }, { 4, "IPIP" }, { 6, "TCP" },
	{ 8, "EGP" }, { 9, "IGRP" }, { 17, "UDP" }, { 33, "DCCP" }, { 41, "IPv6" }, { 43, "Routing" }, { 44, "Fragment" },
	{ 46, "RSVP" }, { 47, "GRE" }, { 50, "ESP" }, { 51, "AH" }, { 55, "Mobile IP" }, { 58, "ICMPv6" }, { 89, "OSPF" },
	{ 103, "PIM" }, { 108, "Compressed IP" }, { 112, "VRRP" }, { 113, "PGM" }, { 132, "SCTP" }, { 135, "Mobility" },
	{ 0, NULL } };

static const struct name options[] = { { EOL, "EOL" }, { NOP, "NOP" }, { TIMESTAMP, "timestamp" }, { SECURITY, "security" },
	{ RECORD_ROUTE, "RR" }, { STRICT_ROUTE, "SSRR" }, { LOOSE_ROUTE, "LSRR" }, { ROUTER_ALERT, "RA" }, { 82, "traceroute" },
	{ 0, NULL } };

const char *ip_protocol_name(uint8_t protocol) { return name_of(protocols, protocol, "unknown"); }

static void say_route(struct line *l, const uint8_t *p, size_t len)
{
	if (len < 3) {
		SAY(l, " [bad length %zu]", len);
		return;
	}
	if ((len + 1) % 4 != 0) SAY(l, " [bad length %zu]", len);
	unsigned pointer = p[2] - 1u; /* where the next address goes, from 0 */
	if (pointer < 3 || (pointer + 1) % 4 != 0 || pointer > len + 1) SAY(l, " [bad ptr %u]", p[2]);
	for (size_t at = 3; at + 4 <= len; at += 4) {
		text_puts(l->out, " ");
		say_address(l, p + at, false);
		if (pointer > at) text_puts(l->out, ",");
	}
}

static void say_timestamps(struct line *l, const uint8_t *p, size_t len)
{
	static const char *const kinds[] = { "TSONLY", "TS+ADDR", NULL, "PRESPEC" };

	if (len < 4) {
		SAY(l, "[bad length %zu]", len);
		return;
	}
	unsigned kind = p[3] & 15, pointer = p[2] - 1u;
	size_t hop = kind == 0 ? 4 : 8, at = 0;
	text_puts(l->out, " TS{");
	if ((len - 4) % hop != 0) SAY(l, "[bad length %zu]", len);
	if (pointer < 4 || (pointer - 4) % hop != 0 || pointer > len + 1) SAY(l, "[bad ptr %u]", p[2]);
	if (kind < COUNT(kinds) && kinds[kind] != NULL) {
		text_puts(l->out, kinds[kind]);
		for (at = 4; at + hop <= len; at += hop) {
			SAY(l, "%s%u@", pointer == at ? " ^ " : " ", load_be32(p + at + hop - 4));
			if (hop == 8) say_address(l, p + at, false);
		}
	} else {
		SAY(l, "[bad ts type %u]", kind);
	}
	if (pointer == at) text_puts(l->out, " ^ ");
	if (p[3] >> 4) SAY(l, " [%u hops not recorded]} ", p[3] >> 4);
	else text_puts(l->out, "}");
}

static void say_option(struct line *l, const uint8_t *p, size_t len)
{
	switch (p[0]) {
	case TIMESTAMP: say_timestamps(l, p, len); break;
	case RECORD_ROUTE:
	case LOOSE_ROUTE:
	case STRICT_ROUTE: say_route(l, p, len); break;
	case ROUTER_ALERT:
		if (len < 4) SAY(l, " [bad length %zu]", len);
		else if (load_be16(p + 2) != 0) SAY(l, " value %u", load_be16(p + 2));
		break;
	default: break;
	}
}

enum options { OPTIONS_WHOLE, OPTIONS_CUT, OPTIONS_ABSENT }; /* one is cut off; or it does not even begin */

static enum options say_options(struct line *l, struct part p)
{
	for (const char *between = ""; p.len > 0; between = ",") {
		char unknown[20];
		size_t len = 1;
		text_puts(l->out, between);
		if (p.have < 1) return OPTIONS_ABSENT;
		text_printf(&(struct text){ .at = unknown, .size = sizeof unknown }, "unknown %u", p.at[0]);
		text_puts(l->out, name_of(options, p.at[0], unknown));
		if (p.at[0] != NOP && p.at[0] != EOL) {
			if (p.have < 2) return OPTIONS_ABSENT;
			len = p.at[1];
		}
		if (len > p.len || (len < 2 && p.at[0] != NOP && p.at[0] != EOL)) {
			SAY(l, " [bad length %zu]", len);
			return OPTIONS_WHOLE;
		}
		if (p.have < len) return OPTIONS_CUT;
		if (p.at[0] == EOL) return OPTIONS_WHOLE;
		say_option(l, p.at, len);
		p = part_skip(p, len);
	}
	return OPTIONS_WHOLE;
}

/* Where a source route ends, if there is one: transport checksums are made with it (RFC 9293, 3.1). */
static const uint8_t *final_destination(const uint8_t *header, size_t len)
{
	for (size_t at = 20; at < len && header[at] != EOL;) {
		if (header[at] == NOP) {
			at++;
			continue;
		}
		if (at + 1 >= len || header[at + 1] < 2 || header[at + 1] > len - at) break;
		bool route = header[at] == LOOSE_ROUTE || header[at] == STRICT_ROUTE;
		if (route && header[at + 1] >= 7) return header + at + header[at + 1] - 4;
		at += header[at + 1];
	}
	return header + 16;
}

/* -v: the header's fields. */
static enum options say_fields(struct line *l, struct part p, size_t header)
{
	static const char *const ecn[] = { "", ",ECT(1)", ",ECT(0)", ",CE" };
	static const struct name flags[] = { { 0x2000, "+" }, { 0x4000, "DF" }, { 0x8000, "rsvd" }, { 0, NULL } };
	uint16_t fragment = load_be16(p.at + 6);
	enum options whole = OPTIONS_WHOLE;

	SAY(l, "(tos 0x%x%s", p.at[1], ecn[p.at[1] & 3]);
	if (p.at[8] > 0) SAY(l, ", ttl %u", p.at[8]);
	SAY(l, ", id %u, offset %u, flags [", load_be16(p.at + 4), (fragment & 0x1fff) * 8u);
	say_bits(l, flags, fragment, "none", ", ");
	SAY(l, "], proto %s (%u), length %u", ip_protocol_name(p.at[9]), p.at[9], load_be16(p.at + 2));
	if (header > IP4_HEADER_BYTES) {
		text_puts(l->out, ", options (");
		struct part o = { p.at + 20, p.have - 20, header - 20 };
		whole = say_options(l, o);
		if (whole == OPTIONS_ABSENT) return whole;
		text_puts(l->out, whole == OPTIONS_WHOLE ? ")" : " [truncated-option])");
	}
	if (header <= p.have) {
		uint16_t left = checksum_finish(checksum_add(0, (struct bytes){ p.at, header }));
		uint16_t field = load_be16(p.at + 10);
		if (left != 0) SAY(l, ", bad cksum %x (->%x)!", field, sum_should_be(field, left));
	}
	text_puts(l->out, ")\n    ");
	return whole;
}

bool say_ip_protocol(struct line *l, uint8_t protocol, struct part p)
{
	if (l->depth >= PRINT_DEPTH_MAX) return true;
	switch (protocol) {
	case IP_TCP: return say_tcp(l, p);
	case IP_UDP: return say_udp(l, p);
	case IP_IGMP: if (!l->six) return say_igmp(l, p); else break;
	case IP_ICMP: if (!l->six) return say_icmp4(l, p); else break;
	case IP_ICMP6: return say_icmp6(l, p);
	case IN_IP4:
		l->depth++;
		return say_ip4(l, p);
	case IN_IP6:
		l->depth++;
		return say_ip6(l, p);
	default: break;
	}
	SAY(l, " ip-proto-%u %zu", protocol, p.len);
	return true;
}

static bool say_payload(struct line *l, struct part p, size_t header, uint16_t fragment)
{
	uint8_t protocol = p.at[9];

	if ((fragment & 0x1fff) != 0) {
		if (l->print->quiet_more) return true;
		say_addresses(l, ":");
		SAY(l, " ip-proto-%u", protocol);
		return true;
	}
	l->named = protocol != IP_TCP && protocol != IP_UDP;
	if (l->named) say_addresses(l, ": ");
	if (p.have < header) {
		SAY(l, " [remaining caplen(%zu) < header length(%zu)]", p.have, header);
		return cut_deep(l);
	}
	l->fragment = fragment & 0x2000;
	l->final_dst = final_destination(p.at, header);
	return say_ip_protocol(l, protocol, part_skip(p, header));
}

bool say_ip4(struct line *l, struct part p)
{
	l->layer = "ip";
	if (p.have < 1) return cut_deep(l);
	if (p.at[0] >> 4 != 4) {
		if (p.at[0] >> 4 == 6) text_puts(l->out, "IP6, wrong link-layer encapsulation (invalid)");
		else SAY(l, "IP%u (invalid)", p.at[0] >> 4);
		return true;
	}
	if (!l->print->link_header) text_puts(l->out, "IP ");
	if (p.have < IP4_HEADER_BYTES) return false;
	size_t header = (size_t)(p.at[0] & 15) * 4, total = load_be16(p.at + 2);
	if (header < IP4_HEADER_BYTES) {
		SAY(l, "bad-hlen %zu", header);
		return true;
	}
	if (total > p.len) SAY(l, "truncated-ip - %zu bytes missing! ", total - p.len);
	if (total < header) {
		SAY(l, "bad-len %zu", total);
		return true;
	}
	p.len = total;
	p.have = size_min(p.have, total);
	l->six = false;
	l->src = p.at + 12;
	l->dst = l->final_dst = p.at + 16;
	enum options whole = l->print->verbose > 0 ? say_fields(l, p, header) : OPTIONS_WHOLE;
	if (whole == OPTIONS_ABSENT) return cut_deep(l);
	if (whole == OPTIONS_CUT) {
		say_addresses(l, ": ");
		return false;
	}
	return say_payload(l, p, header, load_be16(p.at + 6));
}

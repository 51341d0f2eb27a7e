/* SPDX-License-Identifier: ISC */
#include "wire/icmp.h"
#include "wire/ip4.h"
#include "wire/print_parts.h"

enum { SOURCE_QUENCH = 4, ADVERTISEMENT = 9, TIMESTAMP = 13, TIMESTAMP_REPLY = 14, MASK_REPLY = 18 };
enum { INNER = 8, INNER_DST_END = INNER + 20 }; /* the packet an error is about */

static const struct name plain[] = { { 4, "source quench" }, { 10, "router solicitation" }, { 15, "information request" },
	{ 16, "information reply" }, { 17, "address mask request" }, { 0, NULL } };

/* Words around the address that could not be reached. */
static const struct { uint8_t code; const char *before, *after; } unreachables[] = {
	{ 0, "net ", "" }, { 1, "host ", "" }, { 5, "", " - source route failed" }, { 6, "net ", " - unknown" },
	{ 7, "host ", " - unknown" }, { 8, "", " - source host isolated" }, { 9, "net ", " - admin prohibited" },
	{ 10, "host ", " - admin prohibited" }, { 11, "net ", " - tos prohibited" }, { 12, "host ", " - tos prohibited" },
	{ 13, "host ", " - admin prohibited filter" }, { 14, "host ", " - host precedence violation" },
	{ 15, "host ", " - precedence cutoff" },
};

static void say_unreachable_for(struct line *l, const uint8_t *p)
{
	for (size_t i = 0; i < COUNT(unreachables); i++) {
		if (unreachables[i].code != p[1]) continue;
		SAY(l, "ICMP %s", unreachables[i].before);
		say_address(l, p + INNER + 16, false);
		SAY(l, " unreachable%s", unreachables[i].after);
		return;
	}
	text_puts(l->out, "ICMP ");
	say_address(l, p + INNER + 16, false);
	SAY(l, " unreachable - #%u", p[1]);
}

static bool say_port_unreachable(struct line *l, struct part p)
{
	size_t ports = INNER + (size_t)(p.at[INNER] & 15) * 4;
	uint8_t protocol = p.at[INNER + 9];

	if (p.have < ports + 4) return false;
	unsigned port = load_be16(p.at + ports + 2);
	text_puts(l->out, "ICMP ");
	say_address(l, p.at + INNER + 16, false);
	if (protocol == IP_TCP) SAY(l, " tcp port %u unreachable", port);
	else if (protocol == IP_UDP) SAY(l, " udp port %u unreachable", port);
	else SAY(l, " protocol %u port %u unreachable", protocol, port);
	return true;
}

static bool say_unreachable(struct line *l, struct part p)
{
	if (p.have < INNER_DST_END) return false;
	switch (p.at[1]) {
	case ICMP4_PORT_UNREACHABLE: return say_port_unreachable(l, p);
	case ICMP4_PROTOCOL_UNREACHABLE:
		text_puts(l->out, "ICMP ");
		say_address(l, p.at + INNER + 16, false);
		SAY(l, " protocol %u unreachable", p.at[INNER + 9]);
		return true;
	case ICMP4_TOO_BIG:
		text_puts(l->out, "ICMP ");
		say_address(l, p.at + INNER + 16, false);
		text_puts(l->out, " unreachable - need to frag");
		if (load_be16(p.at + 6) != 0) SAY(l, " (mtu %u)", load_be16(p.at + 6));
		return true;
	default:
		say_unreachable_for(l, p.at);
		return true;
	}
}

static bool say_redirect(struct line *l, struct part p)
{
	static const struct name how[] = { { 0, "redirect" }, { 1, "redirect" }, { 2, "redirect-tos" }, { 3, "redirect-tos" },
		{ 0, NULL } };

	if (p.have < INNER_DST_END) return false;
	uint8_t code = p.at[1];
	if (code < 4) SAY(l, "ICMP %s ", name_of(how, code, ""));
	else SAY(l, "ICMP redirect-#%u ", code);
	say_address(l, p.at + INNER + 16, false);
	text_puts(l->out, code >= 4 ? " to " : code % 2 == 0 ? " to net " : " to host ");
	say_address(l, p.at + 4, false);
	return true;
}

/* RFC 1256. The words are all known before the first is said. */
static bool say_advertisement(struct line *l, struct part p)
{
	if (p.have < 8) return false;
	unsigned lifetime = load_be16(p.at + 6), count = p.at[4];
	if (p.at[5] == 2 && p.have < 8 + 8 * (size_t)count) return false;
	text_puts(l->out, "ICMP router advertisement lifetime ");
	if (lifetime < 60) SAY(l, "%u", lifetime);
	else if (lifetime < 3600) SAY(l, "%u:%02u", lifetime / 60, lifetime % 60);
	else SAY(l, "%u:%02u:%02u", lifetime / 3600, lifetime / 60 % 60, lifetime % 60);
	SAY(l, " %u:", count);
	if (p.at[5] != 2) {
		SAY(l, " [size %u]", p.at[5]);
		return true;
	}
	for (unsigned i = 0; i < count; i++) {
		text_puts(l->out, " {");
		say_address(l, p.at + 8 + 8 * i, false);
		SAY(l, " %u}", load_be32(p.at + 12 + 8 * i));
	}
	return true;
}

static bool say_time_exceeded(struct line *l, struct part p)
{
	if (p.have < INNER_DST_END) return false;
	if (p.at[1] == 0) text_puts(l->out, "ICMP time exceeded in-transit");
	else if (p.at[1] == 1) text_puts(l->out, "ICMP ip reassembly time exceeded");
	else SAY(l, "ICMP time exceeded-#%u", p.at[1]);
	return true;
}

/* Milliseconds since midnight. */
static void say_milliseconds(struct line *l, const char *what, const uint8_t *at)
{
	uint32_t ms = load_be32(at);
	SAY(l, "%s %u:%02u:%02u.%03u", what, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

static bool say_timestamp(struct line *l, struct part p)
{
	bool reply = p.at[0] == TIMESTAMP_REPLY;

	if (p.have < (reply ? 20u : 8u)) return false;
	SAY(l, "ICMP time stamp %s id %u seq %u", reply ? "reply" : "query", load_be16(p.at + 4), load_be16(p.at + 6));
	if (!reply) return true;
	say_milliseconds(l, ": org", p.at + 8);
	say_milliseconds(l, ", recv", p.at + 12);
	say_milliseconds(l, ", xmit", p.at + 16);
	return true;
}

static bool say_parameter(struct line *l, struct part p)
{
	if (p.at[1] != 0) {
		SAY(l, "ICMP parameter problem - code %u", p.at[1]);
		return true;
	}
	if (p.have < 5) return false;
	SAY(l, "ICMP parameter problem - octet %u", p.at[4]);
	return true;
}

static bool say_message(struct line *l, struct part p)
{
	switch (p.at[0]) {
	case ICMP4_ECHO_REQUEST:
	case ICMP4_ECHO_REPLY:
		if (p.have < 8) return false;
		SAY(l, "ICMP echo %s, id %u, seq %u", p.at[0] == ICMP4_ECHO_REPLY ? "reply" : "request", load_be16(p.at + 4),
		    load_be16(p.at + 6));
		return true;
	case ICMP4_UNREACHABLE: return say_unreachable(l, p);
	case ICMP4_REDIRECT: return say_redirect(l, p);
	case ADVERTISEMENT: return say_advertisement(l, p);
	case ICMP4_TIME_EXCEEDED: return say_time_exceeded(l, p);
	case ICMP4_PARAMETER: return say_parameter(l, p);
	case TIMESTAMP:
	case TIMESTAMP_REPLY: return say_timestamp(l, p);
	case MASK_REPLY:
		if (p.have < 12) return false;
		SAY(l, "ICMP address mask is 0x%08x", load_be32(p.at + 8));
		return true;
	default: break;
	}
	const char *name = name_of(plain, p.at[0], NULL);
	if (name != NULL) SAY(l, "ICMP %s", name);
	else SAY(l, "ICMP type-#%u", p.at[0]);
	return true;
}

bool say_icmp4(struct line *l, struct part p)
{
	l->layer = "icmp";
	if (p.have < 2) return false;
	if (!say_message(l, p)) return false;
	SAY(l, ", length %zu", p.len);
	if (l->print->verbose == 0) return true;
	if (!l->fragment && p.have >= p.len && p.len >= 4) {
		uint16_t left = sum_of(l, 0, p), field = load_be16(p.at + 2);
		if (left != 0) SAY(l, " (wrong icmp cksum %x (->%x)!)", field, sum_should_be(field, left));
	}
	if (!icmp_is_error(&(struct icmp){ .type = p.at[0] })) return true;
	text_puts(l->out, "\n\t");
	struct part inner = part_skip(p, INNER);
	l->depth++;
	if (inner.have < 4) return false;
	inner.len = load_be16(inner.at + 2); /* what is quoted is rarely whole, and nobody needs to be told */
	return say_ip4(l, inner);
}

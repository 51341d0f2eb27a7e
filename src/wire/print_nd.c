/* SPDX-License-Identifier: ISC */
/* Options of neighbour discovery (RFC 4861, 4.6). */
#include "wire/print_parts.h"

static const struct name options[] = { { 1, "source link-address" }, { 2, "destination link-address" }, { 3, "prefix info" },
	{ 4, "redirected header" }, { 5, "mtu" }, { 7, "advertisement interval" }, { 8, "homeagent information" },
	{ 24, "route info" }, { 25, "rdnss" }, { 31, "dnssl" }, { 0, NULL } };

/* Lifetimes that never end have a name, where tcpdump knows of it. */
static void say_lifetime(struct line *l, uint32_t seconds)
{
	if (seconds == UINT32_MAX) text_puts(l->out, "infinity");
	else SAY(l, "%us", seconds);
}

static bool say_prefix(struct line *l, struct part p)
{
	static const struct name flags[] = { { 0x80, "onlink" }, { 0x40, "auto" }, { 0x20, "router" }, { 0, NULL } };

	if (p.have < 32) return false;
	say_address(l, p.at + 16, true);
	SAY(l, "/%u%s, Flags [", p.at[2], p.at[1] != 4 ? "badlen" : "");
	say_bits(l, flags, p.at[3], "none", ", ");
	text_puts(l->out, "], valid time ");
	say_lifetime(l, load_be32(p.at + 4));
	text_puts(l->out, ", pref. time ");
	say_lifetime(l, load_be32(p.at + 8));
	return true;
}

static bool say_servers(struct line *l, struct part p, size_t len)
{
	if (p.have < 8) return false;
	SAY(l, " lifetime %us,", load_be32(p.at + 4));
	for (size_t at = 8; at + 16 <= len; at += 16) {
		if (p.have < at + 16) return false;
		text_puts(l->out, " addr: ");
		say_address(l, p.at + at, true);
	}
	return true;
}

/* RFC 4191: as much of the prefix as is needed. */
static bool say_route(struct line *l, struct part p, size_t len)
{
	static const char *const preference[] = { "medium", "high", "rsv", "low" };
	uint8_t prefix[16] = { 0 };

	if (len > 24) return false;
	text_puts(l->out, " ");
	memcpy(prefix, p.at + 8, len - 8);
	say_address(l, prefix, true);
	SAY(l, "/%u, pref=%s, lifetime=", p.at[2], preference[p.at[3] >> 3 & 3]);
	say_lifetime(l, load_be32(p.at + 4));
	return true;
}

/* RFC 8106, 5.2: names one after another, then zeros. */
static bool say_domains(struct line *l, struct part p, size_t len)
{
	SAY(l, " lifetime %us, domain(s):", load_be32(p.at + 4));
	for (size_t at = 8; at < len && p.at[at] != 0; at++) {
		text_puts(l->out, " ");
		while (at < len && p.at[at] != 0) {
			size_t label = p.at[at++];
			say_visible(l, p.at + at, size_min(label, len - at));
			if (label > len - at) return false;
			text_puts(l->out, ".");
			at += label;
		}
		if (at >= len) return false;
	}
	return true;
}

/* What an option of RFC 4861, 4.6 says. */
static bool say_option(struct line *l, struct part p, size_t len)
{
	struct part rest = { p.at + 2, size_min(p.have, len) - 2, len - 2 };

	switch (p.at[0]) {
	case 1:
	case 2:
		if (p.have < len) return false;
		say_mac(l, p.at + 2, len - 2);
		return true;
	case 3: return say_prefix(l, p);
	case 4:
		say_hex(l, "\n\t    ", (struct part){ p.at, len, len }, false);
		return true;
	case 5:
		if (p.have < 8) return false;
		SAY(l, " %u%s", load_be32(p.at + 4), len != 8 ? "bad option length" : "");
		return true;
	case 7:
		if (p.have < 8) return false;
		SAY(l, " %ums", load_be32(p.at + 4));
		return true;
	case 8:
		SAY(l, " preference %u, lifetime %u", load_be16(p.at + 4), load_be16(p.at + 6));
		return true;
	case 24: return say_route(l, p, len);
	case 25: return say_servers(l, p, len);
	case 31: return say_domains(l, p, len);
	default:
		if (l->print->verbose < 2) say_hex(l, "\n\t  ", rest, false);
		return true;
	}
}

bool say_nd_options(struct line *l, struct part p)
{
	while (p.have > 0) {
		if (p.have < 2 || p.at[1] == 0) return false;
		size_t len = p.at[1] * 8u;
		if (p.have < len) return false;
		SAY(l, "\n\t  %s option (%u), length %zu (%u): ", name_of(options, p.at[0], "unknown"), p.at[0], len, p.at[1]);
		if (!say_option(l, p, len)) return false;
		if (l->print->verbose > 1) say_hex(l, "\n\t    ", (struct part){ p.at + 2, len - 2, len - 2 }, false);
		p = part_skip(p, len);
	}
	return true;
}

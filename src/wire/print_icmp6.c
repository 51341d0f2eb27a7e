/* SPDX-License-Identifier: ISC */
#include "wire/icmp.h"
#include "wire/ip4.h" /* the numbers of protocols */
#include "wire/ip6.h"
#include "wire/print_parts.h"

enum { LISTENER_REPORT = 131, LISTENER_DONE = 132, REDIRECT = 137, INNER = 8, INNER_DST_END = INNER + 40,
       MLD_BYTES = 24, MLD2_BYTES = 28 };

static const struct name types[] = { { 1, "destination unreachable" }, { 2, "packet too big" },
	{ 3, "time exceeded in-transit" }, { 4, "parameter problem" }, { 128, "echo request" }, { 129, "echo reply" },
	{ 130, "multicast listener query" }, { 131, "multicast listener report" }, { 132, "multicast listener done" },
	{ 133, "router solicitation" }, { 134, "router advertisement" }, { 135, "neighbor solicitation" },
	{ 136, "neighbor advertisement" }, { 137, "redirect" }, { 138, "router renumbering" },
	{ 139, "who-are-you request" }, { 140, "who-are-you reply" }, { 141, "inverse neighbor solicitation" },
	{ 142, "inverse neighbor advertisement" }, { 143, "multicast listener report v2" },
	{ 144, "ha discovery request" }, { 145, "ha discovery reply" },
	{ 146, "mobile router solicitation" }, { 147, "mobile router advertisement" },
	{ 200, "mtrace response" }, { 201, "mtrace message" }, { 0, NULL } };


/* Goes behind the extension headers of the packet an error quotes, as far as it is quoted. */
static bool find_ports(struct part p, uint8_t *protocol, unsigned *port)
{
	size_t at = INNER_DST_END;

	*protocol = p.at[INNER + 6];
	while (*protocol == IP6_HOP_BY_HOP || *protocol == IP6_DESTINATION || *protocol == IP6_FRAGMENT) {
		if (p.have < at + 8) return false;
		size_t len = *protocol == IP6_FRAGMENT ? 8 : 8 + 8u * p.at[at + 1];
		*protocol = p.at[at];
		at += len;
	}
	if (p.have < at + 4 || (*protocol != IP_TCP && *protocol != IP_UDP)) return false;
	*port = load_be16(p.at + at + 2);
	return true;
}

static bool say_port(struct line *l, struct part p)
{
	uint8_t protocol;
	unsigned port;

	text_puts(l->out, ", unreachable port");
	if (p.have < INNER_DST_END || !find_ports(p, &protocol, &port)) return false;
	text_puts(l->out, ", ");
	say_address(l, p.at + INNER + 24, true);
	SAY(l, " %s port %u", protocol == IP_TCP ? "tcp" : "udp", port);
	return true;
}

/* *done: all has been said, the length too. */
static bool say_unreachable(struct line *l, struct part p, bool *done)
{
	static const struct name words[] = { { 0, ", unreachable route" }, { 1, ",  unreachable prohibited" },
		{ 2, ", beyond scope" }, { 3, ", unreachable address" }, { 0, NULL } };

	const char *before = name_of(words, p.at[1], NULL);
	if (p.at[1] == 4) return say_port(l, p);
	if (before == NULL) {
		SAY(l, ", unknown unreach code (%u)", p.at[1]);
		if (l->print->verbose < 2) say_hex(l, "\n\t", p, false);
		*done = true;
		return true;
	}
	text_puts(l->out, before);
	if (p.have < INNER_DST_END) return false;
	text_puts(l->out, " ");
	say_address(l, p.at + INNER + 24, true);
	if (p.at[1] == 2) {
		text_puts(l->out, ", source address ");
		say_address(l, p.at + INNER + 8, true);
	}
	return true;
}

static bool say_time_exceeded(struct line *l, struct part p)
{
	if (p.at[1] == 0) {
		if (p.have < INNER_DST_END) return false;
		text_puts(l->out, " for ");
		say_address(l, p.at + INNER + 24, true);
	} else if (p.at[1] == 1) {
		text_puts(l->out, " (reassembly)");
	} else {
		SAY(l, ", unknown code (%u)", p.at[1]);
	}
	return true;
}

static bool say_parameter(struct line *l, struct part p)
{
	static const struct name what[] = { { 0, "erroneous" }, { 1, "next header" }, { 2, "option" },
		{ 3, "incomplete header chain" }, { 0, NULL } };

	if (p.have < INNER_DST_END) return false;
	const char *name = name_of(what, p.at[1], NULL);
	if (name != NULL) SAY(l, ", %s - octet %u", name, load_be32(p.at + 4));
	else SAY(l, ", code-#%u", p.at[1]);
	return true;
}

/* MLD of RFC 2710: what is cut off is not told, and not complained of. */
static void say_listener(struct line *l, struct part p)
{
	if (p.have < MLD_BYTES) return;
	SAY(l, "max resp delay: %u addr: ", load_be16(p.at + 4));
	say_address(l, p.at + 8, true);
}

static bool say_query2(struct line *l, struct part p)
{
	text_puts(l->out, " v2");
	if (p.have < 6) return false;
	unsigned code = load_be16(p.at + 4);
	if (l->print->verbose > 0) { /* RFC 3810, 5.1.3 */
		unsigned delay = code < 32768 ? code : ((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3);
		SAY(l, " [max resp delay=%u]", delay);
	}
	if (p.have < MLD_BYTES) return false;
	text_puts(l->out, " [gaddr ");
	say_address(l, p.at + 8, true);
	if (l->print->verbose > 0) {
		if (p.have < 25) return false;
		if (p.at[24] & 8) text_puts(l->out, " sflag");
		if (p.at[24] & 7) SAY(l, " robustness=%u", p.at[24] & 7);
		if (p.have < 26) return false;
		uint8_t qqic = p.at[25];
		SAY(l, " qqi=%u", qqic < 128 ? qqic : ((qqic & 15u) | 16) << ((qqic >> 4 & 7) + 3));
	}
	if (p.have < MLD2_BYTES) return false;
	unsigned sources = load_be16(p.at + 26);
	if (sources > 0) {
		if (p.len < MLD2_BYTES + 16 * sources) SAY(l, " [invalid number of sources]");
		else if (l->print->verbose < 2) SAY(l, ", %u source(s)", sources);
		else if (!say_sources(l, p, MLD2_BYTES, sources, true)) return false;
	}
	text_puts(l->out, "]");
	return true;
}

static bool say_router(struct line *l, struct part p)
{
	static const struct name flags[] = { { 0x80, "managed" }, { 0x40, "other stateful" }, { 0x20, "home agent" }, { 0, NULL } };
	static const char *const preference[] = { "medium", "high", "rsv", "low" };

	if (l->print->verbose == 0) return true;
	if (p.have < 16) return false;
	SAY(l, "\n\thop limit %u, Flags [", p.at[4]);
	say_bits(l, flags, p.at[5], "none", ", ");
	SAY(l, "], pref %s, router lifetime %us, reachable time %ums, retrans timer %ums", preference[p.at[5] >> 3 & 3],
	    load_be16(p.at + 6), load_be32(p.at + 8), load_be32(p.at + 12));
	return say_nd_options(l, part_skip(p, 16));
}

static bool say_neighbour(struct line *l, struct part p)
{
	static const struct name flags[] = { { 0x80, "router" }, { 0x40, "solicited" }, { 0x20, "override" }, { 0, NULL } };
	bool advertisement = p.at[0] == ICMP6_NEIGHBOUR_ADVERTISEMENT;

	if (p.have < 24) return false;
	text_puts(l->out, advertisement ? ", tgt is " : ", who has ");
	say_address(l, p.at + 8, true);
	if (l->print->verbose == 0) return true;
	if (advertisement) {
		text_puts(l->out, ", Flags [");
		say_bits(l, flags, p.at[4], "none", ", ");
		text_puts(l->out, "]");
	}
	return say_nd_options(l, part_skip(p, 24));
}

static bool say_redirect(struct line *l, struct part p)
{
	if (p.have < 40) return false;
	text_puts(l->out, ", ");
	say_address(l, p.at + 24, true);
	text_puts(l->out, " to ");
	say_address(l, p.at + 8, true);
	return l->print->verbose == 0 || say_nd_options(l, part_skip(p, 40));
}

static bool say_details(struct line *l, struct part p, bool *done)
{
	switch (p.at[0]) {
	case ICMP6_UNREACHABLE: return say_unreachable(l, p, done);
	case ICMP6_TOO_BIG:
		if (p.have < 8) return false;
		SAY(l, ", mtu %u", load_be32(p.at + 4));
		return true;
	case ICMP6_TIME_EXCEEDED: return say_time_exceeded(l, p);
	case ICMP6_PARAMETER: return say_parameter(l, p);
	case ICMP6_ECHO_REQUEST:
	case ICMP6_ECHO_REPLY:
		if (p.have < 8) return false;
		SAY(l, ", id %u, seq %u", load_be16(p.at + 4), load_be16(p.at + 6));
		return true;
	case ICMP6_MLD_QUERY:
		if (p.len >= MLD2_BYTES) return say_query2(l, p);
		if (p.len == MLD_BYTES) say_listener(l, p);
		else SAY(l, " unknown-version (len %zu) ", p.len);
		return true;
	case LISTENER_REPORT:
	case LISTENER_DONE:
		say_listener(l, p);
		return true;
	case ICMP6_ROUTER_SOLICITATION: return l->print->verbose == 0 || say_nd_options(l, part_skip(p, 8));
	case ICMP6_ROUTER_ADVERTISEMENT: return say_router(l, p);
	case ICMP6_NEIGHBOUR_SOLICITATION:
	case ICMP6_NEIGHBOUR_ADVERTISEMENT: return say_neighbour(l, p);
	case REDIRECT: return say_redirect(l, p);
	case ICMP6_MLD2_REPORT: return say_group_records(l, p, true);
	default: break;
	}
	if (p.at[0] < 200 && name_of(types, p.at[0], NULL) != NULL) return true;
	SAY(l, ", length %zu", p.len);
	if (l->print->verbose < 2) say_hex(l, "\n\t", p, false);
	*done = true;
	return true;
}

bool say_icmp6(struct line *l, struct part p)
{
	unsigned verbose = l->print->verbose;
	char unknown[30];
	bool done = false;

	l->layer = "icmp6";
	if (p.have < 1) return false;
	uint8_t type = p.at[0];
	if (verbose > 0 && !l->fragment && l->six && p.have >= p.len) {
		if (p.have < 4) return cut_deep(l);
		uint16_t left = sum_of(l, IP_ICMP6, p), field = load_be16(p.at + 2);
		if (left == 0) text_puts(l->out, "[icmp6 sum ok] ");
		else SAY(l, "[bad icmp6 cksum 0x%04x -> 0x%04x!] ", field, sum_should_be(field, left));
	}
	text_printf(&(struct text){ .at = unknown, .size = sizeof unknown }, "unknown icmp6 type (%u)", type);
	SAY(l, "ICMP6, %s", name_of(types, type, unknown));
	if (verbose > 0 && ((type >= 133 && type <= 137) || (type >= 144 && type <= 147))) SAY(l, ", length %zu", p.len);
	if (p.have < 2) return false;
	if (!say_details(l, p, &done)) return false;
	if (verbose == 0 && !done) SAY(l, ", length %zu", p.len);
	return true;
}

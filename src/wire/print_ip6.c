/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h" /* the numbers of protocols */
#include "wire/ip6.h"
#include "wire/print_parts.h"

/* With -v each in brackets. Those that do not fit are complained of in any case. */
static void say_option(struct line *l, const uint8_t *p, size_t len, size_t payload)
{
	if (l->print->verbose == 0) return;
	if (p[0] == 0) text_puts(l->out, "(pad1)");
	else if (p[0] == 1) text_puts(l->out, "(padn)");
	else if (p[0] == 5 && len == 4) SAY(l, "(rtalert: 0x%04x) ", load_be16(p + 2));
	else if (p[0] == 0xc2 && len == 6) SAY(l, "(jumbo: %u%s) ", load_be32(p + 2), payload > 0 ? " - payload len != 0" : "");
	else SAY(l, "(opt_type 0x%02x: len=%zu)", p[0], len - 2);
}

static bool say_options(struct line *l, struct part p, size_t payload)
{
	while (p.have > 0) {
		size_t len = 1;
		if (p.at[0] != 0) {
			if (p.have < 2 || p.have < p.at[1] + 2u) return false;
			len = p.at[1] + 2u;
		}
		say_option(l, p.at, len, payload);
		p = part_skip(p, len);
	}
	if (l->print->verbose > 0) text_puts(l->out, " ");
	return true;
}

static bool say_options_header(struct line *l, struct part *p, bool hop_by_hop)
{
	bool looked_into = hop_by_hop || l->print->verbose > 0; /* by routers those alone */

	l->layer = hop_by_hop ? "hbhopt" : "dstopt";
	if (p->have < 2) return cut_deep(l);
	size_t len = (p->at[1] + 1u) * 8;
	if (p->have < len) return false;
	text_puts(l->out, hop_by_hop ? "HBH " : "DSTOPT ");
	if (looked_into && !say_options(l, (struct part){ p->at + 2, len - 2, len - 2 }, p->len)) return false;
	*p = part_skip(*p, len);
	return true;
}

/* The nodes a packet is to visit: of types 0 and 2, and of RFC 8754's type 4. The last is where it ends. */
static bool say_nodes(struct line *l, struct part p, size_t len)
{
	for (size_t i = 0; 8 + 16 * (i + 1) <= len; i++) {
		if (p.have < 8 + 16 * (i + 1)) return false;
		SAY(l, ", [%zu]", i);
		say_address(l, p.at + 8 + 16 * i, true);
		if (p.at[2] != 4 && p.at[3] > 0) l->final_dst = p.at + 8 + 16 * i;
	}
	text_puts(l->out, ") ");
	return true;
}

/* Sets *last if it is of no known type: then nobody can tell what follows. */
static bool say_routing(struct line *l, struct part *p, bool *last)
{
	bool verbose = l->print->verbose > 0;

	if (p->have > 0) l->layer = "rt6";
	if (p->have > 0) text_puts(l->out, "RT6");
	if (p->have < 2) return false;
	size_t len = (p->at[1] + 1u) * 8;
	SAY(l, " (len=%u", p->at[1]);
	if (p->have < 3) return false;
	unsigned type = p->at[2];
	SAY(l, ", type=%u%s", type, type == 0 ? " [Deprecated]" : "");
	if (p->have < 4) return false;
	SAY(l, ", segleft=%u", p->at[3]);
	*last = type != 0 && type != 2 && type != 4;
	if (*last) {
		text_puts(l->out, " (unknown type) (invalid)");
		return true;
	}
	if (p->have < 8) return false;
	uint32_t reserved = load_be32(p->at + 4);
	if (type == 4) {
		SAY(l, ", last-entry=%u", p->at[4]);
		if (p->at[5] != 0 || verbose) SAY(l, ", flags=0x%0x", p->at[5]);
		SAY(l, ", tag=%x", load_be16(p->at + 6));
	} else if (reserved != 0 || verbose) {
		SAY(l, ", rsv=0x%0x", reserved);
	}
	if (!say_nodes(l, *p, len)) return false;
	*p = part_skip(*p, len);
	return true;
}

/* Sets *last for a piece behind which nothing can be told. */
static bool say_fragment(struct line *l, struct part *p, bool *last)
{
	l->layer = "frag6";
	if (p->have < (l->print->verbose > 0 ? IP6_FRAGMENT_HEADER_BYTES : 4u)) return false;
	unsigned offset = load_be16(p->at + 2) & 0xfff8u;
	size_t len = part_skip(*p, IP6_FRAGMENT_HEADER_BYTES).len;
	if (l->print->verbose > 0) SAY(l, "frag (0x%08x:%u|%zu)", load_be32(p->at + 4), offset, len);
	else SAY(l, "frag (%u|%zu)", offset, len);
	*last = offset > 0 || p->have <= IP6_FRAGMENT_HEADER_BYTES;
	if (offset == 0) text_puts(l->out, " ");
	l->fragment = true;
	*p = part_skip(*p, IP6_FRAGMENT_HEADER_BYTES);
	return true;
}

static bool say_chain(struct line *l, uint8_t next, struct part p)
{
	l->named = next != IP_TCP && next != IP_UDP;
	if (l->named) say_addresses(l, ": ");
	for (;;) {
		bool last = false, told;
		uint8_t after = p.have > 0 ? p.at[0] : 0;
		switch (next) {
		case IP6_HOP_BY_HOP: told = say_options_header(l, &p, true); break;
		case IP6_DESTINATION: told = say_options_header(l, &p, false); break;
		case IP6_ROUTING: told = say_routing(l, &p, &last); break;
		case IP6_FRAGMENT: told = say_fragment(l, &p, &last); break;
		case IP6_NO_NEXT:
			text_puts(l->out, "no next header");
			return true;
		default: return say_ip_protocol(l, next, p);
		}
		if (!told || last) return told;
		if (p.len == 0) return true; /* the packet ends between two headers */
		next = after;
		l->layer = "ip6";
	}
}

bool say_ip6(struct line *l, struct part p)
{
	l->layer = "ip6";
	if (p.have < IP6_HEADER_BYTES) return false;
	if (!l->print->link_header) text_puts(l->out, "IP6 ");
	uint32_t first = load_be32(p.at);
	if (first >> 28 != 6) {
		SAY(l, "version error: %u != 6", first >> 28);
		return true;
	}
	size_t len = load_be16(p.at + 4), missing = len + IP6_HEADER_BYTES;
	if (missing > p.len) SAY(l, "truncated-ip6 - %zu bytes missing!", missing - p.len);
	if (l->print->verbose > 0) {
		text_puts(l->out, "(");
		if (first >> 20 & 0xff) SAY(l, "class 0x%02x, ", first >> 20 & 0xff);
		if (first & 0xfffff) SAY(l, "flowlabel 0x%05x, ", first & 0xfffff);
		SAY(l, "hlim %u, next-header %s (%u) payload length: %zu) ", p.at[7], ip_protocol_name(p.at[6]), p.at[6], len);
	}
	p.have = size_min(p.have, len + IP6_HEADER_BYTES);
	p.len = len + IP6_HEADER_BYTES;
	l->six = true;
	l->fragment = false;
	l->src = p.at + 8;
	l->dst = l->final_dst = p.at + 24;
	return say_chain(l, p.at[6], part_skip(p, IP6_HEADER_BYTES));
}

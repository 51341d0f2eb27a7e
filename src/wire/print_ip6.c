/* SPDX-License-Identifier: ISC */
#include "wire/ip4.h" /* the numbers of protocols */
#include "wire/ip6.h"
#include "wire/print_parts.h"

/* -v: the options of a hop-by-hop or destination header, each in brackets. */
static bool say_options(struct line *l, struct part p)
{
	while (p.have > 0) {
		if (p.at[0] == 0) {
			text_puts(l->out, "(pad1) "); /* told one by one */
			p = part_skip(p, 1);
			continue;
		}
		if (p.have < 2) return false;
		size_t len = p.at[1] + 2u;
		if (p.at[0] == 1) {
			text_puts(l->out, "(padn) ");
		} else if (p.have < len) {
			return false;
		} else if (p.at[0] == 5 && len == 4) {
			SAY(l, "(rtalert: 0x%04x) ", load_be16(p.at + 2));
		} else if (p.at[0] == 0xc2 && len == 6) {
			SAY(l, "(jumbo: %u) ", load_be32(p.at + 2));
		} else {
			SAY(l, "(opt_type 0x%02x: len=%u) ", p.at[0], p.at[1]);
		}
		p = part_skip(p, len);
	}
	return true;
}

static bool say_options_header(struct line *l, struct part *p, const char *name, const char *layer)
{
	l->layer = layer;
	if (p->have < 2) return cut_deep(l);
	size_t len = (p->at[1] + 1u) * 8;
	if (p->have < len) return false;
	SAY(l, "%s ", name);
	if (l->print->verbose > 0 && !say_options(l, (struct part){ p->at + 2, len - 2, len - 2 })) return false;
	*p = part_skip(*p, len);
	return true;
}

static bool say_routing(struct line *l, struct part *p)
{
	if (p->have > 0) l->layer = "rt6";
	if (p->have > 0) text_puts(l->out, "RT6");
	if (p->have < 2) return false;
	size_t len = (p->at[1] + 1u) * 8;
	SAY(l, " (len=%u", p->at[1]);
	if (p->have < 3) return false;
	unsigned type = p->at[2];
	SAY(l, ", type=%u%s", type, type == 0 ? " [Deprecated]" : "");
	if (p->have < 4) return false;
	unsigned left = p->at[3];
	SAY(l, ", segleft=%u", left);
	if (type == 0 || type == 2) {
		if (p->have < 8) return false;
		uint32_t reserved = load_be32(p->at + 4);
		if (reserved != 0 || l->print->verbose > 0) SAY(l, ", rsv=0x%0x", reserved);
		for (size_t i = 0; 8 + 16 * (i + 1) <= len; i++) {
			if (p->have < 8 + 16 * (i + 1)) return false;
			SAY(l, ", [%zu]", i);
			say_address(l, p->at + 8 + 16 * i, true);
			l->final_dst = p->at + 8 + 16 * i;
		}
		if (left == 0) l->final_dst = l->dst;
	} else {
		text_puts(l->out, ", unknown type");
	}
	text_puts(l->out, ") ");
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
		case IP6_HOP_BY_HOP: told = say_options_header(l, &p, "HBH", "hbhopt"); break;
		case IP6_DESTINATION: told = say_options_header(l, &p, "DSTOPT", "dstopt"); break;
		case IP6_ROUTING: told = say_routing(l, &p); break;
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

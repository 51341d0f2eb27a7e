/* SPDX-License-Identifier: ISC */
#include "wire/igmp.h"
#include "wire/print_parts.h"

static bool say_report3(struct line *l, struct part p)
{
	if (p.len < 16 || p.len % 4 != 0) {
		SAY(l, " [invalid len %zu]", p.len);
		return true;
	}
	return say_group_records(l, p, false);
}

static bool say_query3(struct line *l, struct part p)
{
	text_puts(l->out, " v3");
	if (p.len % 4 != 0) {
		SAY(l, " [invalid len %zu]", p.len);
		return true;
	}
	if (p.have < 2) return false;
	/* RFC 3376, 4.1.1: from 128 on a floating-point number. */
	unsigned code = p.at[1], tenths = code < 128 ? code : ((code & 15) | 16) << ((code >> 4 & 7) + 3);
	if (code != 100) {
		text_puts(l->out, " [max resp time ");
		if (tenths < 600) SAY(l, "%u.%us", tenths / 10, tenths % 10);
		else say_span(l, tenths / 10);
		text_puts(l->out, "]");
	}
	if (p.have < 8) return false;
	if (load_be32(p.at + 4) == 0) return true;
	text_puts(l->out, " [gaddr ");
	say_address(l, p.at + 4, false);
	if (p.have < 12) return false;
	unsigned sources = load_be16(p.at + 10);
	if (sources > 0) {
		if (p.len < 12 + 4 * sources) text_puts(l->out, " [invalid number of sources]");
		else if (l->print->verbose < 2) SAY(l, ", %u source(s)", sources);
		else if (!say_sources(l, p, 12, sources, false)) return false;
	}
	text_puts(l->out, "]");
	return true;
}

static bool say_query(struct line *l, struct part p)
{
	text_puts(l->out, "igmp query");
	if (p.len >= 12) return say_query3(l, p);
	if (p.have < 2) return false;
	text_puts(l->out, p.at[1] != 0 ? " v2" : " v1");
	if (p.at[1] != 0 && p.at[1] != 100) SAY(l, " [max resp time %u]", p.at[1]);
	if (p.have < 8) return false;
	if (load_be32(p.at + 4) != 0) {
		text_puts(l->out, " [gaddr ");
		say_address(l, p.at + 4, false);
		text_puts(l->out, "]");
	}
	if (p.len != 8) SAY(l, " [len %zu]", p.len);
	return true;
}

static bool say_simple(struct line *l, struct part p, const char *what)
{
	if (p.have < 8) return false;
	SAY(l, "igmp %s ", what);
	say_address(l, p.at + 4, false);
	if (p.at[0] == IGMP1_REPORT && p.len != 8) SAY(l, " [len %zu]", p.len);
	return true;
}

static bool say_message(struct line *l, struct part p)
{
	switch (p.at[0]) {
	case IGMP_QUERY: return say_query(l, p);
	case IGMP1_REPORT: return say_simple(l, p, "v1 report");
	case IGMP2_REPORT: return say_simple(l, p, "v2 report");
	case IGMP2_LEAVE: return say_simple(l, p, "leave");
	case IGMP3_REPORT:
		text_puts(l->out, "igmp v3 report");
		return say_report3(l, p);
	default:
		SAY(l, "igmp-%u", p.at[0]);
		return true;
	}
}

bool say_igmp(struct line *l, struct part p)
{
	l->layer = "igmp";
	if (l->print->quiet) {
		text_puts(l->out, "igmp");
		return true;
	}
	if (p.have < 1) return false;
	if (!say_message(l, p)) return false;
	if (l->print->verbose > 0 && p.have >= p.len && p.len >= 4 && sum_of(l, 0, p) != 0)
		SAY(l, " bad igmp cksum %x!", load_be16(p.at + 2));
	return true;
}

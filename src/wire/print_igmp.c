/* SPDX-License-Identifier: ISC */
#include "wire/igmp.h"
#include "wire/print_parts.h"

static const struct name records[] = { { IGMP3_IS_INCLUDE, "is_in" }, { IGMP3_IS_EXCLUDE, "is_ex" },
	{ IGMP3_TO_INCLUDE, "to_in" }, { IGMP3_TO_EXCLUDE, "to_ex" }, { IGMP3_ALLOW, "allow" }, { IGMP3_BLOCK, "block" },
	{ 0, NULL } };

static bool say_sources(struct line *l, struct part p, size_t at, unsigned count)
{
	text_puts(l->out, " {");
	for (unsigned i = 0; i < count; i++) {
		if (p.have < at + 4 * (i + 1)) return false;
		text_puts(l->out, " ");
		say_address(l, p.at + at + 4 * i, false);
	}
	text_puts(l->out, " }");
	return true;
}

/* One group record at `at`; *next is where the one after it begins, 0 if that cannot be told. */
static bool say_record(struct line *l, struct part p, size_t at, size_t *next)
{
	char unknown[30];

	*next = 0;
	if (p.have < at + 8) return false;
	text_puts(l->out, " [gaddr ");
	say_address(l, p.at + at + 4, false);
	text_printf(&(struct text){ .at = unknown, .size = sizeof unknown }, " [v3-report-#%u]", p.at[at]);
	SAY(l, " %s", name_of(records, p.at[at], unknown));
	unsigned sources = load_be16(p.at + at + 2);
	if (p.len < at + 8 + 4 * sources) {
		SAY(l, " [invalid number of sources %u]", sources);
		return true;
	}
	if (l->print->verbose == 1) SAY(l, ", %u source(s)", sources);
	else if (!say_sources(l, p, at + 8, sources)) return false;
	text_puts(l->out, "]");
	*next = at + 8 + 4 * sources;
	return true;
}

static bool say_report3(struct line *l, struct part p)
{
	if (p.len < 16 || p.len % 4 != 0) {
		SAY(l, " [invalid len %zu]", p.len);
		return true;
	}
	if (p.have < 8) return false;
	unsigned count = load_be16(p.at + 6);
	SAY(l, ", %u group record(s)", count);
	if (l->print->verbose == 0) return true;
	size_t at = 8;
	for (unsigned i = 0; i < count; i++) {
		if (p.len < at + 8) {
			text_puts(l->out, " [invalid number of groups]");
			return true;
		}
		if (!say_record(l, p, at, &at)) return false;
		if (at == 0) return true;
	}
	return true;
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
		else if (!say_sources(l, p, 12, sources)) return false;
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

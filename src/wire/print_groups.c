/* SPDX-License-Identifier: ISC */
/* print_groups.c - what a host tells of its groups: IGMPv3 (RFC 3376, 4.2) and MLDv2 (RFC 3810, 5.2) write it alike,
 * but for the length of an address. */
#include "wire/igmp.h"
#include "wire/print_parts.h"

static const struct name records[] = { { IGMP3_IS_INCLUDE, "is_in" }, { IGMP3_IS_EXCLUDE, "is_ex" },
	{ IGMP3_TO_INCLUDE, "to_in" }, { IGMP3_TO_EXCLUDE, "to_ex" }, { IGMP3_ALLOW, "allow" }, { IGMP3_BLOCK, "block" },
	{ 0, NULL } };

static size_t address_bytes(bool six) { return six ? 16 : 4; }

bool say_sources(struct line *l, struct part p, size_t at, unsigned count, bool six)
{
	size_t size = address_bytes(six);

	text_puts(l->out, " {");
	for (unsigned i = 0; i < count; i++) {
		if (p.have < at + size * (i + 1)) return false;
		text_puts(l->out, " ");
		say_address(l, p.at + at + size * i, six);
	}
	text_puts(l->out, " }");
	return true;
}

/* One record at `at`; *next is where the one after it begins, 0 if that cannot be told. */
static bool say_record(struct line *l, struct part p, size_t at, bool six, size_t *next)
{
	size_t size = address_bytes(six);
	char unknown[30];

	*next = 0;
	if (p.have < at + 4 + size) return false;
	text_puts(l->out, " [gaddr ");
	say_address(l, p.at + at + 4, six);
	text_printf(&(struct text){ .at = unknown, .size = sizeof unknown }, " [v%c-report-#%u]", six ? '2' : '3', p.at[at]);
	SAY(l, " %s", name_of(records, p.at[at], unknown));
	unsigned sources = load_be16(p.at + at + 2);
	size_t end = at + 4 + size + size * sources;
	if (p.len < end) {
		SAY(l, " [invalid number of sources %u]", sources);
		return true;
	}
	if (l->print->verbose == 1) SAY(l, ", %u source(s)", sources);
	else if (!say_sources(l, p, at + 4 + size, sources, six)) return false;
	text_puts(l->out, "]");
	*next = end;
	return true;
}

bool say_group_records(struct line *l, struct part p, bool six)
{
	if (p.have < 8) return false;
	unsigned count = load_be16(p.at + 6);
	SAY(l, ", %u group record(s)", count);
	if (l->print->verbose == 0) return true;
	size_t at = 8;
	for (unsigned i = 0; i < count; i++) {
		if (p.len < at + 4 + address_bytes(six)) {
			text_puts(l->out, " [invalid number of groups]");
			return true;
		}
		if (!say_record(l, p, at, six, &at)) return false;
		if (at == 0) return true;
	}
	return true;
}

/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

#include "crypt/x509_parts.h"

static const struct { const char *name; uint8_t number; } attributes[] = { /* 2.5.4.n */
	{ "CN", 3 }, { "SN", 4 }, { "serialNumber", 5 }, { "C", 6 }, { "L", 7 }, { "ST", 8 }, { "street", 9 }, { "O", 10 },
	{ "OU", 11 }, { "title", 12 }, { "GN", 42 }, { "dnQualifier", 46 }, { "organizationIdentifier", 97 },
};

void x509_put_safe(struct text *t, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		char c = b.at[i] >= ' ' && b.at[i] < 127 ? (char)b.at[i] : '.';
		text_put(t, (struct bytes){ (const uint8_t *)&c, 1 });
	}
}

void x509_oid_words(struct bytes oid, struct text *t)
{
	uint64_t arc = 0;
	bool first = true;
	for (size_t i = 0; i < oid.len; i++) {
		arc = arc << 7 | (oid.at[i] & 0x7f);
		if (oid.at[i] & 0x80) continue;
		if (first) text_printf(t, "%u.%" PRIu64, arc < 80 ? (unsigned)arc / 40 : 2, arc < 80 ? arc % 40 : arc - 80);
		else text_printf(t, ".%" PRIu64, arc);
		first = false, arc = 0;
	}
}

static void attribute_words(struct bytes oid, struct text *t)
{
	static const uint8_t mail[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 };
	static const uint8_t component[] = { 9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 0x19 };

	if (oid.len == 3 && oid.at[0] == 0x55 && oid.at[1] == 4)
		for (size_t i = 0; i < COUNT(attributes); i++)
			if (attributes[i].number == oid.at[2]) {
				text_puts(t, attributes[i].name);
				return;
			}
	if (bytes_equal(oid, (struct bytes){ mail, sizeof mail })) text_puts(t, "emailAddress");
	else if (bytes_equal(oid, (struct bytes){ component, sizeof component })) text_puts(t, "DC");
	else x509_oid_words(oid, t);
}

/* Each attribute, or only the last one of that type if `only` says so; whether there was one. */
static bool walk_name(struct bytes name, const struct bytes *only, struct text *t)
{
	struct bytes rdns, set, pair, oid, found = { 0 };
	struct der value;
	bool any = false;

	if (!der_take(&name, DER_SEQUENCE, &rdns)) return false;
	while (der_take(&rdns, DER_SET, &set))
		while (der_take(&set, DER_SEQUENCE, &pair)) {
			if (!der_take(&pair, DER_OID, &oid) || !der_next(&pair, &value)) return any;
			if (only != NULL && !bytes_equal(oid, *only)) continue;
			if (only != NULL) found = value.body;
			else {
				if (any) text_puts(t, ", ");
				attribute_words(oid, t);
				text_puts(t, "=");
				x509_put_safe(t, value.body);
			}
			any = true;
		}
	if (only != NULL && any) text_puts(t, "CN="), x509_put_safe(t, found);
	return any;
}

void x509_name_words_all(struct bytes name, struct text *t)
{
	if (!walk_name(name, NULL, t)) text_puts(t, "no name");
}

void x509_name_words(struct bytes name, struct text *t)
{
	static const uint8_t common[] = { 0x55, 4, 3 };
	if (!walk_name(name, &(struct bytes){ common, sizeof common }, t)) x509_name_words_all(name, t);
}

void x509_general_name_words(const struct x509_general_name *n, struct text *t)
{
	char buffer[IP_TEXT_MAX];
	if (n->kind == X509_NAME_IP && n->value.len == 4) text_puts(t, ip_text(ip4_of(load_be32(n->value.at)), buffer));
	else if (n->kind == X509_NAME_IP && n->value.len == 16) text_puts(t, ip_text(ip6_of(n->value.at), buffer));
	else if (n->kind == X509_NAME_DIRECTORY) x509_name_words_all(n->value, t);
	else if (n->kind == X509_NAME_DNS || n->kind == X509_NAME_EMAIL || n->kind == X509_NAME_URI)
		x509_put_safe(t, n->value);
	else text_printf(t, "a name of kind %u", n->kind);
}

void x509_title(const struct x509_certificate *c, struct text *t)
{
	struct bytes rest = c->value[X509_SUBJECT_NAMES], names;
	struct x509_general_name first;

	if (c->subject.len > 2) x509_name_words(c->subject, t);
	else if (der_take(&rest, DER_SEQUENCE, &names) && x509_next_general_name(&names, &first))
		x509_general_name_words(&first, t);
	else text_puts(t, "no name");
}

void x509_date_words(int64_t seconds, struct text *t)
{
	struct der_date d = der_date(seconds);
	text_printf(t, "%04" PRId64 "-%02u-%02u %02u:%02u:%02u UTC", d.year, d.month, d.day, d.hour, d.minute, d.second);
}

void x509_span_words(int64_t seconds, struct text *t)
{
	static const struct { int64_t seconds; const char *name; } units[] = {
		{ 2 * 365 * 86400, "year" }, { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 0, "second" },
	};
	size_t i = 0;
	while (i + 1 < COUNT(units) && seconds < units[i].seconds) i++;
	int64_t one = i == 0 ? 365 * 86400 : i + 1 == COUNT(units) ? 1 : units[i].seconds, n = seconds / one;
	text_printf(t, "%" PRId64 " %s%s", n, units[i].name, n == 1 ? "" : "s");
}

bool x509_refuse(struct x509_answer *a, enum x509_why why, unsigned depth, const struct x509_certificate *c,
                 const char *format, ...)
{
	struct text t = text_in(a->words, sizeof a->words);
	char title[100];
	struct text name = text_in(title, sizeof title);
	va_list list;

	a->why = why, a->depth = depth;
	if (c != NULL) {
		x509_title(c, &name);
		text_printf(&t, "certificate %u (%s%s): ", depth, title, name.cut ? "..." : "");
	}
	va_start(list, format);
	text_vprintf(&t, format, list);
	va_end(list);
	return false;
}

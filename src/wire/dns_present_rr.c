/* SPDX-License-Identifier: ISC */
#include "wire/dns_present.h"

#define TAB 8

/* BIND's columns: where they begin, by what is shown. */
struct columns { unsigned ttl, class, type, rdata; };

static struct columns columns_of(const struct dns_style *s)
{
	if (s->multiline || (s->no_ttl && s->no_class)) return (struct columns){ 24, 24, 24, 32 };
	if (s->no_ttl || s->no_class) return (struct columns){ 24, 24, 32, 40 };
	return (struct columns){ 24, 32, 40, 48 };
}

/* At least one step further: tabs as far as they go, then spaces. */
static void move_to(unsigned *column, unsigned to, struct text *t)
{
	unsigned from = *column;

	if (to < from + 1) to = from + 1;
	if (to / TAB > from / TAB) {
		for (unsigned i = from / TAB; i < to / TAB; i++) text_puts(t, "\t");
		from = to / TAB * TAB;
	}
	for (; from < to; from++) text_puts(t, " ");
	*column = to;
}

static void put_at(unsigned *column, unsigned to, const char *word, struct text *t)
{
	move_to(column, to, t);
	text_puts(t, word);
	*column += (unsigned)strlen(word);
}

void dns_present_ttl(uint32_t seconds, bool words, struct text *t)
{
	static const struct { uint32_t seconds; const char *word; } units[] = {
		{ 604800, "week" }, { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
	const char *gap = "";
	uint32_t left = seconds;

	for (size_t i = 0; i < COUNT(units); i++) {
		uint32_t n = left / units[i].seconds;
		left %= units[i].seconds;
		if (n == 0 && !(i == COUNT(units) - 1 && seconds == 0)) continue;
		if (words) text_printf(t, "%s%u %s%s", gap, (unsigned)n, units[i].word, n == 1 ? "" : "s");
		else text_printf(t, "%u%c", (unsigned)n, units[i].word[0]);
		gap = " ";
	}
}

static void number_words(char buffer[32], uint32_t ttl, bool units)
{
	struct text t = text_in(buffer, 32);
	if (units) dns_present_ttl(ttl, false, &t);
	else text_printf(&t, "%u", (unsigned)ttl);
}

/* The unknown format has unknown words, too: CLASS1 TYPE1. */
static const char *class_word(uint16_t class, const struct dns_style *s, char buffer[16])
{
	struct text t = text_in(buffer, 16);

	if (!s->unknown) return dns_class_text(class, buffer);
	text_printf(&t, "CLASS%u", class);
	return buffer;
}

static const char *type_word(uint16_t type, const struct dns_style *s, char buffer[16])
{
	struct text t = text_in(buffer, 16);

	if (!s->unknown) return dns_type_text(type, buffer);
	text_printf(&t, "TYPE%u", type);
	return buffer;
}

void dns_present_rr(const struct dns_rr *rr, const struct dns_style *s, struct text *t)
{
	char name[DNS_NAME_TEXT_MAX], word[32];
	struct text name_text = text_in(name, sizeof name);
	struct columns to = columns_of(s);

	dns_present_name(&rr->name, &name_text);
	text_puts(t, name);
	unsigned column = (unsigned)strlen(name);
	if (!s->no_ttl) {
		number_words(word, rr->ttl, s->ttl_units);
		put_at(&column, to.ttl, word, t);
	}
	if (!s->no_class) put_at(&column, to.class, class_word(rr->class, s, word), t);
	put_at(&column, to.type, type_word(rr->type, s, word), t);
	move_to(&column, to.rdata, t);
	dns_present_rdata(rr, s, t);
}

void dns_present_question(const struct dns_question *q, const struct dns_style *s, struct text *t)
{
	char name[DNS_NAME_TEXT_MAX], word[16];
	struct text name_text = text_in(name, sizeof name);
	struct columns to = columns_of(s);

	dns_present_name(&q->name, &name_text);
	text_puts(t, name);
	unsigned column = (unsigned)strlen(name);
	put_at(&column, to.class, class_word(q->class, s, word), t); /* without a TTL there is always room for it */
	put_at(&column, to.type, type_word(q->type, s, word), t);
}

/* --- words for numbers --- */

static const struct { uint16_t class; const char *text; } classes[] = {
	{ 1, "IN" }, { 3, "CH" }, { 4, "HS" }, { 254, "NONE" }, { 255, "ANY" } };

const char *dns_class_text(uint16_t class, char buffer[16])
{
	struct text t = text_in(buffer, 16);

	for (size_t i = 0; i < COUNT(classes); i++)
		if (classes[i].class == class) return classes[i].text;
	text_printf(&t, "CLASS%u", class);
	return buffer;
}

static bool same_word(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++, a++, b++) {
		char upper = *a >= 'a' && *a <= 'z' ? (char)(*a - ('a' - 'A')) : *a;
		if (upper != *b) return false;
		if (*b == '\0') return true;
	}
	return true;
}

bool dns_class_parse(const char *text, uint16_t *class)
{
	uint32_t n = 0;

	for (size_t i = 0; i < COUNT(classes); i++)
		if (same_word(text, classes[i].text, 16)) {
			*class = classes[i].class;
			return true;
		}
	if (same_word(text, "CHAOS", 16) || same_word(text, "HESIOD", 16)) {
		*class = text[1] == 'h' || text[1] == 'H' ? DNS_CH : 4;
		return true;
	}
	if (!same_word(text, "CLASS", 5) || text[5] == '\0') return false;
	for (text += 5; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') return false;
		n = n * 10 + (uint32_t)(*text - '0');
		if (n > UINT16_MAX) return false;
	}
	*class = (uint16_t)n;
	return true;
}

const char *dns_algorithm_text(uint8_t algorithm, char buffer[16])
{
	static const char *const words[] = { [1] = "RSAMD5", [2] = "DH", [3] = "DSA", [5] = "RSASHA1", [6] = "NSEC3DSA",
		[7] = "NSEC3RSASHA1", [8] = "RSASHA256", [10] = "RSASHA512", [12] = "ECCGOST", [13] = "ECDSAP256SHA256",
		[14] = "ECDSAP384SHA384", [15] = "ED25519", [16] = "ED448", [252] = "INDIRECT", [253] = "PRIVATEDNS",
		[254] = "PRIVATEOID" };
	struct text t = text_in(buffer, 16);

	if (algorithm < COUNT(words) && words[algorithm] != NULL) return words[algorithm];
	text_printf(&t, "%u", algorithm);
	return buffer;
}

uint16_t dns_key_tag(struct bytes rdata)
{
	uint32_t sum = 0;

	if (rdata.len < 4) return 0;
	if (rdata.at[3] == 1) return rdata.len < 7 ? 0 : load_be16(rdata.at + rdata.len - 3); /* RSAMD5: out of the modulus */
	for (size_t i = 0; i < rdata.len; i++) sum += i % 2 == 0 ? (uint32_t)rdata.at[i] << 8 : rdata.at[i];
	return (uint16_t)(sum + (sum >> 16));
}

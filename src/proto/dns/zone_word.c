/* SPDX-License-Identifier: ISC */
#include "proto/dns/zone_inner.h"

bool zone_wrong(struct zone_words *w, const struct zone_word *at, const char *format, ...)
{
	struct text t = text_in(w->error->words, sizeof w->error->words);
	va_list args;

	va_start(args, format);
	text_vprintf(&t, format, args);
	va_end(args);
	w->error->line = at->line;
	w->error->column = at->column;
	return false;
}

bool zone_expected(struct zone_words *w, const char *what, const struct zone_word *found)
{
	char shown[48];
	struct text t = text_in(shown, sizeof shown);

	if (found->kind == ZONE_LINE_END) return zone_wrong(w, found, "expected %s, found the end of the line", what);
	if (found->kind == ZONE_TEXT_END) return zone_wrong(w, found, "expected %s, found the end of the file", what);
	for (size_t i = 0; i < found->raw.len; i++) {
		uint8_t c = found->raw.at[i];
		if (c < ' ' || c == 127) c = '?';
		text_put(&t, (struct bytes){ &c, 1 });
	}
	return zone_wrong(w, found, "expected %s, found '%s%s'", what, shown, t.cut ? "..." : "");
}

static void new_line(struct zone_words *w)
{
	w->line++;
	w->line_at = w->at;
}

/* Over blanks and comments, and over line ends while a parenthesis is open. What then comes stands at w->at. */
static bool skip(struct zone_words *w)
{
	for (; w->at < w->text.len; w->at++) {
		uint8_t c = w->text.at[w->at];
		if (c == ';') {
			while (w->at + 1 < w->text.len && w->text.at[w->at + 1] != '\n') w->at++;
		} else if (c == '(') {
			w->open++;
			w->open_line = w->line;
			w->open_column = (unsigned)(w->at - w->line_at) + 1;
		} else if (c == ')') {
			struct zone_word here = { ZONE_WORD, { w->text.at + w->at, 1 }, w->line, (unsigned)(w->at - w->line_at) + 1 };
			if (w->open == 0) return zone_expected(w, "a '(' before it", &here);
			w->open--;
		} else if (c == '\n' && w->open > 0) {
			w->at++;
			new_line(w);
			w->at--;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return true;
		}
	}
	if (w->open == 0) return true;
	struct zone_word paren = { .line = w->open_line, .column = w->open_column };
	return zone_wrong(w, &paren, "expected a ')' for this '(', found the end of the file");
}

static bool ends_word(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == '(' || c == ')' || c == '"';
}

static bool quoted(struct zone_words *w, struct zone_word *out)
{
	size_t start = ++w->at;

	out->kind = ZONE_QUOTED;
	for (; w->at < w->text.len && w->text.at[w->at] != '\n'; w->at++) {
		if (w->text.at[w->at] == '"') {
			out->raw = (struct bytes){ w->text.at + start, w->at++ - start };
			return true;
		}
		if (w->text.at[w->at] == '\\' && w->at + 1 < w->text.len && w->text.at[w->at + 1] != '\n') w->at++;
	}
	return zone_wrong(w, out, "expected a '\"' that closes this one, found the end of the line");
}

bool zone_word_next(struct zone_words *w, struct zone_word *out)
{
	if (!skip(w)) return false;
	*out = (struct zone_word){ .line = w->line, .column = (unsigned)(w->at - w->line_at) + 1 };
	if (w->at == w->text.len) {
		out->kind = ZONE_TEXT_END;
		return true;
	}
	if (w->text.at[w->at] == '\n') {
		out->kind = ZONE_LINE_END;
		w->at++;
		new_line(w);
		return true;
	}
	if (w->text.at[w->at] == '"') return quoted(w, out);
	out->kind = ZONE_WORD;
	size_t start = w->at;
	for (; w->at < w->text.len && !ends_word(w->text.at[w->at]); w->at++)
		if (w->text.at[w->at] == '\\' && w->at + 1 < w->text.len && w->text.at[w->at + 1] != '\n') w->at++;
	out->raw = (struct bytes){ w->text.at + start, w->at - start };
	return true;
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* As a string, if it is a bare word that fits and has no NUL. */
static bool word_string(const struct zone_word *w, char *buffer, size_t size)
{
	if (w->kind != ZONE_WORD || w->raw.len >= size || memchr(w->raw.at, 0, w->raw.len) != NULL) return false;
	memcpy(buffer, w->raw.at, w->raw.len);
	buffer[w->raw.len] = '\0';
	return true;
}

bool zone_word_is(const struct zone_word *w, const char *word)
{
	if (w->kind != ZONE_WORD || w->raw.len != strlen(word)) return false;
	for (size_t i = 0; i < w->raw.len; i++) {
		uint8_t c = w->raw.at[i];
		if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
		if (c != (uint8_t)word[i]) return false;
	}
	return true;
}

static uint32_t unit_seconds(uint8_t unit)
{
	switch (unit | 0x20) {
	case 's': return 1;
	case 'm': return 60;
	case 'h': return 3600;
	case 'd': return 86400;
	case 'w': return 604800;
	}
	return 0;
}

bool zone_word_time(const struct zone_word *w, uint32_t max, uint32_t *seconds)
{
	uint64_t sum = 0;

	if (w->kind != ZONE_WORD || w->raw.len == 0 || !is_digit(w->raw.at[0])) return false;
	for (size_t i = 0; i < w->raw.len;) {
		uint64_t n = 0, unit = 1;
		if (!is_digit(w->raw.at[i])) return false;
		for (; i < w->raw.len && is_digit(w->raw.at[i]); i++)
			if ((n = n * 10 + (w->raw.at[i] - '0')) > UINT32_MAX) return false;
		if (i < w->raw.len && (unit = unit_seconds(w->raw.at[i++])) == 0) return false;
		if ((sum += n * unit) > max) return false;
	}
	*seconds = (uint32_t)sum;
	return true;
}

bool zone_word_number(const struct zone_word *w, uint32_t max, uint32_t *number)
{
	for (size_t i = 0; i < w->raw.len; i++)
		if (!is_digit(w->raw.at[i])) return false;
	return zone_word_time(w, max, number);
}

/* Whether its last dot is one that was meant. */
static bool is_absolute(const char *text, size_t len)
{
	size_t slashes = 0;

	if (len == 0 || text[len - 1] != '.') return false;
	while (slashes + 1 < len && text[len - 2 - slashes] == '\\') slashes++;
	return slashes % 2 == 0;
}

bool zone_word_name(const struct zone_word *w, const struct dns_name *origin, struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name n;

	if (zone_word_is(w, "@")) {
		*name = *origin;
		return true;
	}
	if (!word_string(w, text, sizeof text) || !dns_name_parse(text, &n)) return false;
	if (!is_absolute(text, w->raw.len)) {
		if (n.len - 1 + origin->len > DNS_NAME_MAX) return false;
		memcpy(n.at + n.len - 1, origin->at, origin->len);
		n.len = (uint8_t)(n.len - 1 + origin->len);
	}
	*name = n;
	return true;
}

bool zone_word_type(const struct zone_word *w, uint16_t *type)
{
	char text[20];

	return word_string(w, text, sizeof text) && dns_type_parse(text, type);
}

bool zone_word_ip(const struct zone_word *w, bool v4, struct ip *ip)
{
	char text[IP_TEXT_MAX];

	/* an IPv4 address has no colon; ::ffff:10.0.0.1 is kept as one, but is a good AAAA all the same */
	return word_string(w, text, sizeof text) && v4 == (strchr(text, ':') == NULL) && ip_parse(text, ip);
}

bool zone_word_bytes(const struct zone_word *w, struct room room, size_t *len)
{
	size_t n = 0;

	if (w->kind != ZONE_WORD && w->kind != ZONE_QUOTED) return false;
	for (size_t i = 0; i < w->raw.len; i++) {
		unsigned c = w->raw.at[i];
		if (c == '\\') {
			if (++i == w->raw.len) return false;
			c = w->raw.at[i];
			if (is_digit((uint8_t)c)) {
				if (w->raw.len - i < 3 || !is_digit(w->raw.at[i + 1]) || !is_digit(w->raw.at[i + 2])) return false;
				c = (c - '0') * 100 + (w->raw.at[i + 1] - '0') * 10u + (w->raw.at[i + 2] - '0');
				if (c > 255) return false;
				i += 2;
			}
		}
		if (n == room.len) return false;
		room.at[n++] = (uint8_t)c;
	}
	*len = n;
	return true;
}

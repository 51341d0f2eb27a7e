/* SPDX-License-Identifier: ISC */
#include "lab/reading.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 63

bool read_is_list(const node *n) { return n->type == YAML_SEQUENCE_NODE; }
bool read_is_scalar(const node *n) { return n->type == YAML_SCALAR_NODE; }

const char *read_found(const node *n, char buffer[80])
{
	if (n->type == YAML_SEQUENCE_NODE) return "a list";
	if (n->type == YAML_MAPPING_NODE) return "a mapping";
	if (n->type != YAML_SCALAR_NODE || n->data.scalar.length == 0) return "nothing";
	snprintf(buffer, 80, "'%.60s%s'", (const char *)n->data.scalar.value, n->data.scalar.length > 60 ? "..." : "");
	for (char *p = buffer; *p; p++) if ((unsigned char)*p < ' ') *p = ' ';
	return buffer;
}

void read_expected(struct reader *r, const node *n, const char *what)
{
	char found[80];
	complain(r->complaints, place_of(n), "expected %s, found %s", what, read_found(n, found));
}

void read_unknown(struct reader *r, const node *n, const char *what, const char *const *words, size_t count)
{
	char found[80];
	const char *near = read_is_scalar(n) ? text_nearest((const char *)n->data.scalar.value, words, count) : NULL;
	if (near != NULL)
		complain(r->complaints, place_of(n), "expected %s, found %s; did you mean '%s'?", what, read_found(n, found), near);
	else read_expected(r, n, what);
}

size_t read_pairs(struct reader *r, node *n, const char *what)
{
	if (n->type == YAML_MAPPING_NODE) return (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
	if (!(read_is_scalar(n) && n->data.scalar.length == 0)) read_expected(r, n, what); /* "hosts:" with nothing below */
	return 0;
}

node *read_pair(struct reader *r, node *n, size_t i, node **value)
{
	yaml_node_pair_t *pair = n->data.mapping.pairs.start + i;
	*value = yaml_document_get_node(r->document, pair->value);
	return yaml_document_get_node(r->document, pair->key);
}

size_t read_items(struct reader *r, node *n, const char *what)
{
	if (read_is_list(n)) return (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
	if (!(read_is_scalar(n) && n->data.scalar.length == 0)) read_expected(r, n, what);
	return 0;
}

node *read_item(struct reader *r, node *n, size_t i)
{
	return yaml_document_get_node(r->document, n->data.sequence.items.start[i]);
}

static bool is_word(const node *n, const char *word)
{
	return read_is_scalar(n) && strcmp((const char *)n->data.scalar.value, word) == 0;
}

node *read_value(struct reader *r, node *map, const char *key)
{
	if (map->type != YAML_MAPPING_NODE) return NULL;
	size_t count = (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
	for (size_t i = 0; i < count; i++) {
		node *value, *k = read_pair(r, map, i, &value);
		if (is_word(k, key)) return value;
	}
	return NULL;
}

/* Complains where the i-th key of a mapping has been there before. */
static void check_once(struct reader *r, node *map, size_t i)
{
	node *value, *key = read_pair(r, map, i, &value);
	for (size_t k = 0; k < i; k++) {
		node *before = read_pair(r, map, k, &value);
		if (read_is_scalar(key) && is_word(before, (const char *)key->data.scalar.value)) {
			complain(r->complaints, place_of(key), "'%s' is here a second time; the first is in line %u",
			         (const char *)key->data.scalar.value, place_of(before).line);
			return;
		}
	}
}

void read_map(struct reader *r, node *n, const char *what, const struct key *keys, size_t count, void *into)
{
	enum { KEYS_MAX = 32 };
	const char *names[KEYS_MAX];
	char expected[160];
	size_t pairs = read_pairs(r, n, what);

	assert(count <= KEYS_MAX);
	for (size_t k = 0; k < count; k++) names[k] = keys[k].name;
	snprintf(expected, sizeof expected, "a key of %s", what);
	for (size_t i = 0; i < pairs; i++) {
		node *value, *key = read_pair(r, n, i, &value);
		size_t k = 0;
		while (k < count && !is_word(key, names[k])) k++;
		if (k == count) {
			read_unknown(r, key, expected, names, count);
			continue;
		}
		check_once(r, n, i);
		keys[k].read(r, value, into);
	}
}

void *read_take(struct reader *r, size_t count, size_t size)
{
	void *at = arena_zeroed(r->memory, count, size);
	if (at != NULL) return at;
	complain(r->complaints, (struct place){ 0 }, "expected less: its aliases make it too large");
	longjmp(*r->full, 1);
}

/* The scalar's own text, good as long as the document; NULL after a complaint. */
static const char *scalar(struct reader *r, node *n, const char *what)
{
	if (!read_is_scalar(n) || n->data.scalar.length == 0 ||
	    memchr(n->data.scalar.value, 0, n->data.scalar.length) != NULL) {
		read_expected(r, n, what);
		return NULL;
	}
	return (const char *)n->data.scalar.value;
}

bool read_text(struct reader *r, node *n, const char *what, const char **out)
{
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	size_t size = strlen(text) + 1;
	*out = memcpy(read_take(r, size, 1), text, size);
	return true;
}

bool read_name(struct reader *r, node *n, const char *what, const char **out)
{
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	for (const char *p = text; *p; p++) {
		if ((isalnum((unsigned char)*p) || (p > text && strchr("-_.", *p))) && p - text < NAME_MAX_BYTES) continue;
		complain(r->complaints, place_of(n), "expected %s of letters, digits, '-', '_' and '.', at most %d, found '%.80s'",
		         what, NAME_MAX_BYTES, text);
		return false;
	}
	return read_text(r, n, what, out);
}

bool read_span(struct reader *r, node *n, instant *out)
{
	static const char what[] = "a span of time such as 20ms (in ns, us, ms, s, m or h)";
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	/* A number alone would be seconds; who writes `delay: 50` hardly means them. */
	if (instant_parse(text, out) && (*out == 0 || isalpha((unsigned char)text[strlen(text) - 1]))) return true;
	read_expected(r, n, what);
	return false;
}

struct unit { const char *name; double factor; };

/* A number that is not negative, and one of the units behind it. */
static bool measure(const char *text, const struct unit *units, size_t count, double most, double *out)
{
	char *end;
	if (!isdigit((unsigned char)*text)) return false;
	double number = strtod(text, &end);
	while (*end == ' ') end++;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(end, units[i].name) != 0 || number * units[i].factor > most) continue;
		*out = number * units[i].factor;
		return true;
	}
	return false;
}

static bool read_measure(struct reader *r, node *n, const char *what, const struct unit *units, size_t count,
                         double most, double *out)
{
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	if (measure(text, units, count, most, out)) return true;
	read_expected(r, n, what);
	return false;
}

bool read_rate(struct reader *r, node *n, uint64_t *out)
{
	static const struct unit units[] = {
		{ "bit", 1 }, { "kbit", 1e3 }, { "Mbit", 1e6 }, { "Gbit", 1e9 },
		{ "bit/s", 1 }, { "kbit/s", 1e3 }, { "Mbit/s", 1e6 }, { "Gbit/s", 1e9 },
	};
	double bits;
	if (!read_measure(r, n, "a rate such as 100Mbit (in bit, kbit, Mbit or Gbit)", units, COUNT(units), 1e15, &bits)) return false;
	*out = (uint64_t)(bits + 0.5);
	return true;
}

bool read_share(struct reader *r, node *n, uint32_t *out)
{
	static const struct unit units[] = { { "%", 1e7 } };
	double parts;
	if (!read_measure(r, n, "a share from 0% to 100% such as 1.5%", units, COUNT(units), 1e9, &parts)) return false;
	*out = (uint32_t)(parts + 0.5);
	return true;
}

bool read_bytes(struct reader *r, node *n, uint64_t *out)
{
	static const struct unit units[] = {
		{ "", 1 }, { "B", 1 }, { "kB", 1e3 }, { "KB", 1e3 }, { "MB", 1e6 }, { "GB", 1e9 },
		{ "KiB", 1024 }, { "MiB", 1024. * 1024 }, { "GiB", 1024. * 1024 * 1024 },
	};
	double bytes;
	if (!read_measure(r, n, "a size such as 64KiB", units, COUNT(units), 1e12, &bytes)) return false;
	*out = (uint64_t)bytes;
	return true;
}

bool read_count(struct reader *r, node *n, uint64_t most, uint64_t *out)
{
	char what[80], *end;
	snprintf(what, sizeof what, "a whole number from 0 to %llu", (unsigned long long)most);
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	unsigned long long number = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && *end == '\0' && number <= most) {
		*out = number;
		return true;
	}
	read_expected(r, n, what);
	return false;
}

bool read_yes(struct reader *r, node *n, bool *out)
{
	static const char *const yes[] = { "yes", "true", "on" }, *const no[] = { "no", "false", "off" };
	for (size_t i = 0; i < COUNT(yes); i++) {
		if (!is_word(n, yes[i]) && !is_word(n, no[i])) continue;
		*out = is_word(n, yes[i]);
		return true;
	}
	read_expected(r, n, "yes or no");
	return false;
}

bool read_ip(struct reader *r, node *n, struct ip *out)
{
	static const char what[] = "an address such as 192.0.2.1";
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	if (ip_parse(text, out)) return true;
	read_expected(r, n, what);
	return false;
}

bool read_prefix(struct reader *r, node *n, struct prefix *out)
{
	static const char what[] = "an address and its prefix such as 192.0.2.1/24";
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	if (prefix_parse(text, out)) return true;
	read_expected(r, n, what);
	return false;
}

bool read_mac(struct reader *r, node *n, struct mac *out)
{
	static const char what[] = "a MAC address such as 02:00:00:00:00:01";
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	if (mac_parse(text, out) && !(out->byte[0] & 1)) return true;
	read_expected(r, n, what);
	return false;
}

bool read_addr(struct reader *r, node *n, struct addr *out)
{
	static const char what[] = "an address and port such as 192.0.2.1:7777";
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	if (addr_parse(text, out)) return true;
	read_expected(r, n, what);
	return false;
}

/* Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that leap days come last. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1, m = (month + 9) % 12;
	return 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

bool read_date(struct reader *r, node *n, int64_t *out)
{
	static const char what[] = "a date such as 2026-01-01 or 2026-01-01T12:00:00Z";
	static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, hour = 0, minute = 0, second = 0, end = 0;
	char t = 'T';
	const char *text = scalar(r, n, what);
	if (text == NULL) return false;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && text[end] != '\0') {
		int more = 0;
		if (sscanf(text + end, "%c%2d:%2d:%2d%n", &t, &hour, &minute, &second, &more) == 4) end += more;
		end += text[end] == 'Z';
	}
	if (end == 0 || text[end] != '\0' || !strchr("Tt ", t) || year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 ||
	    day > days[month - 1] || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
		read_expected(r, n, what);
		return false;
	}
	*out = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return true;
}

/* Takes the next word off *p, into `to` (as long as the rest of the line at least): false at the end. *quote is left
 * set by a quotation that does not end. */
static bool next_word(const char **p, char **to, char *quote)
{
	while (isspace((unsigned char)**p)) ++*p;
	if (**p == '\0') return false;
	for (; **p != '\0' && (*quote || !isspace((unsigned char)**p)); ++*p) {
		if (*quote == 0 && (**p == '"' || **p == '\'')) *quote = **p;
		else if (**p == *quote) *quote = 0;
		else *(*to)++ = **p;
	}
	*(*to)++ = '\0';
	return true;
}

bool read_words(struct reader *r, node *n, struct words *out)
{
	const char *line;
	size_t count = 0;
	char quote = 0;

	if (!read_text(r, n, "a command line such as 'echo serve tcp://:6666'", &line)) return false;
	size_t size = strlen(line) + 2;
	char *copy = read_take(r, size, 1), *to = copy;
	const char **word = read_take(r, size / 2 + 1, sizeof *word);
	for (const char *p = line;;) {
		word[count] = to;
		if (!next_word(&p, &to, &quote)) break;
		count++;
	}
	word[count] = NULL;
	if (count == 0 || quote != 0) {
		read_expected(r, n, quote ? "a command line whose quotations end" : "a command line");
		return false;
	}
	*out = (struct words){ word, count, line, place_of(n) };
	return true;
}

/* SPDX-License-Identifier: ISC */
/* Master format, a record at a time: owner, TTL, class, type, rdata (RFC 1035, 5.1). A record's rdata is written
 * straight to the end of the arena and kept there if the record is new. */
#include "proto/dns/zone_inner.h"

#define TTL_MAX INT32_MAX
#define RDATA_MAX UINT16_MAX

struct parser {
	struct zone_words words;
	struct zone_word word;      /* the one looked at */
	struct arena *arena;
	struct zone *zone;          /* NULL until the first name is known */
	size_t lines;
	struct dns_name origin, owner; /* what relative names end in; the last record's */
	bool origin_known, owner_known;
	bool ttl_default_known, ttl_last_known;
	uint32_t ttl_default, ttl_last; /* $TTL; the last explicit one */
	/* the record being read */
	struct zone_word owner_word, type_word;
	struct zone_node *node;
	uint16_t type;
	bool ttl_known;
	uint32_t ttl;
	struct room rdata; size_t rdata_len;
	/* After a load that failed its last check, the text is read again for the place of this record. */
	const struct zone_node *hunted; struct dns_name hunted_server; bool found;
};

static bool next(struct parser *p) { return zone_word_next(&p->words, &p->word); }
static bool expected(struct parser *p, const char *what) { return zone_expected(&p->words, what, &p->word); }

static bool is_end(const struct parser *p)
{
	return p->word.kind == ZONE_LINE_END || p->word.kind == ZONE_TEXT_END;
}

static bool no_room(struct parser *p)
{
	return zone_wrong(&p->words, &p->owner_word, "the zone does not fit into the %zu bytes lent for it",
	                  p->arena->memory.len);
}

/* rdata, field by field, of the kinds that wire/dns.h lists. */

static bool put(struct parser *p, const void *bytes, size_t len)
{
	if (p->rdata.len - p->rdata_len < len) {
		if (p->rdata.len < RDATA_MAX) return no_room(p);
		return zone_wrong(&p->words, &p->word, "expected at most %d bytes of data in a record", RDATA_MAX);
	}
	memcpy(p->rdata.at + p->rdata_len, bytes, len);
	p->rdata_len += len;
	return true;
}

static bool put_number(struct parser *p, char kind)
{
	static const char *const words[] = { ['1'] = "a number from 0 to 255", ['2'] = "a number from 0 to 65535",
		['4'] = "a number from 0 to 4294967295 or a time" };
	uint32_t max = kind == '1' ? UINT8_MAX : kind == '2' ? UINT16_MAX : UINT32_MAX, n;
	uint8_t bytes[4];
	size_t len = (size_t)(kind - '0');
	bool good = kind == '4' ? zone_word_time(&p->word, max, &n) : zone_word_number(&p->word, max, &n);

	if (!good) return expected(p, words[(int)kind]);
	store_be32(bytes, n);
	return put(p, bytes + 4 - len, len);
}

static bool put_name(struct parser *p)
{
	struct dns_name name;

	if (p->word.kind != ZONE_WORD || !zone_word_name(&p->word, &p->origin, &name)) return expected(p, "a name");
	return put(p, name.at, name.len);
}

static bool put_ip(struct parser *p, bool v4)
{
	struct ip ip;

	if (!zone_word_ip(&p->word, v4, &ip)) return expected(p, v4 ? "an IPv4 address" : "an IPv6 address");
	return put(p, v4 ? ip.byte + 12 : ip.byte, v4 ? 4 : 16);
}

static bool put_string(struct parser *p)
{
	uint8_t bytes[256];
	size_t len;

	if (!zone_word_bytes(&p->word, (struct room){ bytes + 1, 255 }, &len))
		return expected(p, "a string of at most 255 bytes");
	bytes[0] = (uint8_t)len;
	return put(p, bytes, 1 + len);
}

static bool put_value(struct parser *p)
{
	size_t len;

	if (!zone_word_bytes(&p->word, room_skip(p->rdata, p->rdata_len), &len)) return expected(p, "a string");
	p->rdata_len += len;
	return true;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9') return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool put_hex(struct parser *p)
{
	if (p->word.kind != ZONE_WORD || p->word.raw.len % 2 != 0) return expected(p, "pairs of hexadecimal digits");
	for (size_t i = 0; i < p->word.raw.len; i += 2) {
		int high = hex_digit(p->word.raw.at[i]), low = hex_digit(p->word.raw.at[i + 1]);
		if (high < 0 || low < 0) return expected(p, "pairs of hexadecimal digits");
		if (!put(p, &(uint8_t){ (uint8_t)(high << 4 | low) }, 1)) return false;
	}
	return true;
}

static bool put_field(struct parser *p, char kind)
{
	switch (kind) {
	case 'a': return put_ip(p, true);
	case 'q': return put_ip(p, false);
	case 'n': case 'N': return put_name(p);
	case 's': case 'S': case 'g': return put_string(p);
	case 'v': return put_value(p);
	case 'h': return put_hex(p);
	default: return put_number(p, kind);
	}
}

/* Moves behind the field; `S` and `h` take words to the end of the line. */
static bool read_fields(struct parser *p, const char *shape)
{
	for (; *shape != '\0'; shape++) {
		do {
			if (!put_field(p, *shape) || !next(p)) return false;
		} while ((*shape == 'S' || *shape == 'h') && !is_end(p));
	}
	return true;
}

/* \# LENGTH HEX... (RFC 3597, 5) */
static bool read_generic(struct parser *p)
{
	uint32_t len;

	if (!next(p)) return false;
	if (!zone_word_number(&p->word, RDATA_MAX, &len)) return expected(p, "a number of bytes");
	struct zone_word count = p->word;
	if (!next(p)) return false;
	while (!is_end(p))
		if (!put_hex(p) || !next(p)) return false;
	if (p->rdata_len == len) return true;
	return zone_wrong(&p->words, &count, "expected %u bytes in hexadecimal, found %zu", (unsigned)len, p->rdata_len);
}

static bool well_formed(const struct parser *p)
{
	struct dns_rr rr = { .type = p->type, .class = DNS_IN, .rdata = { p->rdata.at, p->rdata_len } };
	struct dns_fields f;
	struct dns_field field;

	if (!dns_fields(&rr, &f)) return true;
	do {
		if (dns_field_next(&f, &field) != DROP_NONE) return false;
	} while (field.kind != '\0');
	return true;
}

static bool read_rdata(struct parser *p)
{
	const char *shape = dns_rdata_shape(p->type, DNS_IN);
	struct zone_word first = p->word;
	char type[16];

	if (zone_word_is(&p->word, "\\#")) {
		if (!read_generic(p)) return false;
	} else if (shape == NULL) {
		char what[64];
		struct text t = text_in(what, sizeof what);
		text_printf(&t, "\\# and bytes in hexadecimal for type %s", dns_type_text(p->type, type));
		return expected(p, what);
	} else if (!read_fields(p, shape)) {
		return false;
	}
	if (!is_end(p)) return expected(p, "the end of the record");
	if (well_formed(p)) return true;
	return zone_wrong(&p->words, &first, "expected the data of a record of type %s", dns_type_text(p->type, type));
}

/* What stands before the rdata. */

static bool is_data_type(uint16_t type)
{
	return type != 0 && type != DNS_OPT && (type < 128 || type > 255); /* RFC 6895, 3.1: questions only */
}

static bool unknown_type(struct parser *p)
{
	static const char *const known[] = { "A", "NS", "CNAME", "SOA", "PTR", "HINFO", "MX", "TXT", "AAAA", "SRV", "DS", "CAA" };
	char word[20] = "";

	for (size_t i = 0; p->word.kind == ZONE_WORD && i < size_min(p->word.raw.len, sizeof word - 1); i++) {
		uint8_t c = p->word.raw.at[i];
		word[i] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
	}
	expected(p, "a time to live, a class or a type");
	const char *near = p->word.raw.len > 1 ? text_nearest(word, known, COUNT(known)) : NULL;
	if (near != NULL) {
		struct text t = { .at = p->words.error->words, .len = strlen(p->words.error->words),
			.size = sizeof p->words.error->words };
		text_printf(&t, " (did you mean '%s'?)", near);
	}
	return false;
}

/* TTL and class may come in either order, or not at all. */
static bool read_type(struct parser *p)
{
	bool class_known = false;

	p->ttl_known = false;
	for (;;) {
		if (!class_known && zone_word_is(&p->word, "IN")) class_known = true;
		else if (!p->ttl_known && zone_word_time(&p->word, TTL_MAX, &p->ttl)) p->ttl_known = true;
		else break;
		if (!next(p)) return false;
	}
	p->type_word = p->word;
	if (zone_word_is(&p->word, "CH") || zone_word_is(&p->word, "HS")) return expected(p, "class IN");
	if (!zone_word_type(&p->word, &p->type)) return unknown_type(p);
	if (!is_data_type(p->type)) return expected(p, "a type that records have");
	return next(p);
}

/* RFC 2308, 4, and RFC 1035, 5.1; a SOA is known only after its rdata was read. */
static bool decide_ttl(struct parser *p)
{
	if (p->ttl_known) {
		p->ttl_last = p->ttl;
		p->ttl_last_known = true;
	} else if (p->ttl_default_known) {
		p->ttl = p->ttl_default;
	} else if (p->ttl_last_known) {
		p->ttl = p->ttl_last;
	} else if (p->type == DNS_SOA) {
		p->ttl = p->ttl_last = load_be32(p->rdata.at + p->rdata_len - 4);
		p->ttl_last_known = true;
	} else {
		return zone_expected(&p->words, "a time to live (there is no $TTL, and none before it)", &p->type_word);
	}
	return true;
}

static bool read_owner(struct parser *p)
{
	char text[DNS_NAME_TEXT_MAX], what[120];

	if (!p->owner_known && p->owner_word.column != 1) return expected(p, "a name at the beginning of the line");
	if (p->owner_word.column == 1) {
		if (p->word.kind != ZONE_WORD || !zone_word_name(&p->word, &p->origin, &p->owner)) return expected(p, "a name");
		if (!dns_name_under(&p->owner, &p->zone->origin)) {
			struct text t = text_in(what, sizeof what);
			text_printf(&t, "a name in %s", dns_name_text(&p->zone->origin, text));
			return expected(p, what);
		}
		p->owner_known = true;
		if (!next(p)) return false;
	}
	return true;
}

/* What a set may not have beside it. */
static bool fits_in(struct parser *p)
{
	char name[DNS_NAME_TEXT_MAX], type[16];
	bool top = p->node == p->zone->top;

	dns_name_text(&p->owner, name);
	if (p->type == DNS_SOA && !top)
		return zone_wrong(&p->words, &p->type_word, "expected a SOA record only for the zone's own name, found one for %.100s", name);
	if (p->type == DNS_NS && p->owner.at[0] == 1 && p->owner.at[1] == '*')
		return zone_wrong(&p->words, &p->type_word, "expected no NS record for a wildcard (RFC 4592, 4.2), found one for %.100s", name);
	for (const struct zone_set *s = p->node->sets; s != NULL; s = s->next)
		if (s->type != p->type && (s->type == DNS_CNAME || p->type == DNS_CNAME))
			return zone_wrong(&p->words, &p->type_word, "expected no other record beside the CNAME of %.100s, found %s",
			                  name, dns_type_text(p->type == DNS_CNAME ? s->type : p->type, type));
	return true;
}

static bool is_repeated(const struct zone_set *s, struct bytes rdata)
{
	for (const struct zone_record *r = s->first; r != NULL; r = r->next)
		if (bytes_equal((struct bytes){ r->rdata, r->len }, rdata)) return true;
	return false;
}

/* The rdata stands at the arena's end already; now it becomes a record. */
static bool keep(struct parser *p, struct zone_set *set, struct zone_record *record)
{
	struct zone_record **last = &set->first;

	if (set->count == 0 || p->ttl < set->ttl) set->ttl = p->ttl;
	if (is_repeated(set, (struct bytes){ p->rdata.at, p->rdata_len })) return true;
	if (set->count > 0 && (p->type == DNS_SOA || p->type == DNS_CNAME))
		return zone_wrong(&p->words, &p->type_word, "expected one %s record for a name, found a second",
		                  p->type == DNS_SOA ? "SOA" : "CNAME");
	if (set->count == UINT16_MAX)
		return zone_wrong(&p->words, &p->type_word, "expected at most %d records of a type for a name", UINT16_MAX);
	void *place = arena_take(p->arena, size_max(sizeof *record, offsetof(struct zone_record, rdata) + p->rdata_len));
	assert(place == record);
	record->next = NULL;
	record->len = (uint16_t)p->rdata_len;
	while (*last != NULL) last = &(*last)->next;
	*last = record;
	set->count++;
	p->zone->records++;
	if (p->type == DNS_SOA) p->zone->soa = record;
	return true;
}

/* The place where arena_take will put the next record, and the room for rdata behind its head. */
static struct zone_record *record_place(struct parser *p)
{
	size_t used = p->arena->used;
	struct zone_record *record = arena_take(p->arena, sizeof *record);

	if (record == NULL) return NULL;
	p->rdata = (struct room){ record->rdata, size_min(RDATA_MAX,
		(size_t)(p->arena->memory.at + p->arena->memory.len - record->rdata)) };
	p->rdata_len = 0;
	p->arena->used = used;
	return record;
}

static void hunt(struct parser *p)
{
	char server[DNS_NAME_TEXT_MAX];
	struct dns_name *want = &p->hunted_server;

	if (p->type != DNS_NS || p->node != p->hunted || p->rdata_len != want->len) return;
	if (memcmp(p->rdata.at, want->at, want->len) != 0) return;
	zone_wrong(&p->words, &p->type_word, "expected an A or AAAA record for %.120s, found none",
	           dns_name_text(want, server));
	p->found = true;
}

static bool read_record(struct parser *p)
{
	struct zone_set *set;
	struct zone_record *record;

	p->owner_word = p->word;
	if (p->zone == NULL && (p->zone = zone_begin(p->arena, &p->origin, p->lines)) == NULL) return no_room(p);
	if (!read_owner(p) || !read_type(p)) return false;
	if ((p->node = zone_name_add(p->zone, p->arena, &p->owner)) == NULL) return no_room(p);
	if (!fits_in(p)) return false;
	if ((set = zone_set_add(p->node, p->arena, p->type)) == NULL) return no_room(p);
	if ((record = record_place(p)) == NULL) return no_room(p);
	if (!read_rdata(p) || !decide_ttl(p)) return false;
	if (p->hunted == NULL) return keep(p, set, record);
	hunt(p);
	return true;
}

static bool read_directive(struct parser *p)
{
	if (zone_word_is(&p->word, "$TTL")) {
		if (!next(p)) return false;
		if (!zone_word_time(&p->word, TTL_MAX, &p->ttl_default)) return expected(p, "a time to live");
		p->ttl_default_known = true;
	} else if (zone_word_is(&p->word, "$ORIGIN")) {
		static const struct dns_name root = { .len = 1 };
		if (!next(p)) return false;
		if (p->word.kind != ZONE_WORD || !zone_word_name(&p->word, p->origin_known ? &p->origin : &root, &p->origin))
			return expected(p, "a name");
		p->origin_known = true;
	} else {
		return expected(p, "$ORIGIN, $TTL or a name");
	}
	if (!next(p)) return false;
	return is_end(p) || expected(p, "the end of the line");
}

static bool read_text(struct parser *p)
{
	while (next(p) && !p->found) {
		if (p->word.kind == ZONE_TEXT_END) return true;
		if (p->word.kind == ZONE_LINE_END) continue;
		bool directive = p->word.kind == ZONE_WORD && p->word.column == 1 && p->word.raw.at[0] == '$';
		if (!directive && !p->origin_known) return expected(p, "$ORIGIN, for the zone's name is not known");
		if (!(directive ? read_directive(p) : read_record(p))) return false;
		if (p->word.kind == ZONE_TEXT_END) return true;
	}
	return false;
}

static void rewind_text(struct parser *p, const struct dns_name *origin)
{
	p->words.at = p->words.line_at = 0;
	p->words.line = 1;
	p->words.open = 0;
	p->ttl_default_known = p->ttl_last_known = p->owner_known = false;
	p->origin_known = origin != NULL;
	if (origin != NULL) p->origin = *origin;
}

/* What can be judged only when all was read. Errors about what is missing are told at the end of the text. */
static bool is_whole(struct parser *p, const struct dns_name *origin)
{
	char name[DNS_NAME_TEXT_MAX];

	if (p->zone == NULL || p->zone->soa == NULL) return zone_wrong(&p->words, &p->word, "expected a SOA record, found none");
	if (zone_set(p->zone->top, DNS_NS) == NULL)
		return zone_wrong(&p->words, &p->word, "expected an NS record for %.120s, found none",
		                  dns_name_text(&p->zone->origin, name));
	zone_link(p->zone);
	if (!zone_homeless(p->zone, &p->hunted, &p->hunted_server)) return true;
	rewind_text(p, origin);
	read_text(p); /* fills in the error: the record, or that there was no room left to read it once more */
	return false;
}

static uint32_t negative_ttl(const struct zone *z)
{
	uint32_t minimum = load_be32(z->soa->rdata + z->soa->len - 4), ttl = zone_set(z->top, DNS_SOA)->ttl;
	return minimum < ttl ? minimum : ttl;
}

struct zone *zone_load(struct arena *arena, const struct dns_name *origin, struct bytes text, struct zone_error *error)
{
	struct parser p = { .words = { .text = text, .error = error }, .arena = arena,
		.owner_word = { .line = 1, .column = 1 } };
	size_t used = arena->used;

	*error = (struct zone_error){ 0 };
	for (size_t i = 0; i < text.len; i++) p.lines += text.at[i] == '\n';
	rewind_text(&p, origin);
	bool begun = origin == NULL || (p.zone = zone_begin(arena, origin, p.lines)) != NULL || no_room(&p);
	if (!begun || !read_text(&p) || !is_whole(&p, origin)) {
		arena->used = used;
		return NULL;
	}
	p.zone->negative_ttl = negative_ttl(p.zone);
	return p.zone;
}

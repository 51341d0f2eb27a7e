/* SPDX-License-Identifier: ISC */
/* Each verb writes behind b->len and moves it only when all has fitted. The places of names that later ones may
 * point to are remembered on the way; those of a record that was refused are forgotten with it. */
#include "wire/dns.h"

#define POINTER_END 0x4000 /* 14 bits of offset (RFC 1035, 4.1.4) */

void dns_begin(struct dns_builder *b, struct room room, size_t limit, uint16_t id, uint16_t flags, uint8_t opcode,
               uint16_t rcode)
{
	assert(room.len >= DNS_HEADER_BYTES && limit >= DNS_HEADER_BYTES && opcode < 16);
	*b = (struct dns_builder){ .room = room, .len = DNS_HEADER_BYTES,
		.limit = size_min(size_min(limit, room.len), DNS_MESSAGE_MAX) };
	memset(room.at, 0, DNS_HEADER_BYTES);
	store_be16(room.at, id);
	store_be16(room.at + 2, (uint16_t)((flags & 0x87f0) | opcode << 11 | (rcode & 15)));
}

static uint8_t *put(struct dns_builder *b, size_t n)
{
	if (b->limit - b->len < n) return NULL;
	uint8_t *at = b->room.at + b->len;
	b->len += n;
	return at;
}

static bool put_bytes(struct dns_builder *b, struct bytes bytes)
{
	uint8_t *at = put(b, bytes.len);
	if (at != NULL && bytes.len > 0) memcpy(at, bytes.at, bytes.len);
	return at != NULL;
}

/* Whether what we wrote at `at` reads as this name. */
static bool stands_at(const struct dns_builder *b, size_t at, const uint8_t *name)
{
	for (;;) {
		const uint8_t *p = b->room.at + at;
		if (*p >= 0xc0) {
			at = load_be16(p) & (POINTER_END - 1);
			continue;
		}
		for (size_t i = 0; i <= *name; i++)
			if (ascii_lower(p[i]) != ascii_lower(name[i])) return false;
		if (*name == 0) return true;
		at += 1u + *name;
		name += 1u + *name;
	}
}

static size_t find(const struct dns_builder *b, const uint8_t *name)
{
	for (size_t i = 0; i < b->offsets; i++)
		if (stands_at(b, b->offset[i], name)) return b->offset[i];
	return 0;
}

/* The labels that were not yet written anywhere, then a pointer to the rest, if any. They are remembered only
 * when the name is whole: a search must never run into what is not written yet. */
static bool put_name(struct dns_builder *b, const struct dns_name *name, bool compress)
{
	size_t start = b->len, before = 0;
	const uint8_t *end = name->at;

	while (*end > 0 && (!compress || (before = find(b, end)) == 0)) end += 1u + *end;
	if (!put_bytes(b, (struct bytes){ name->at, (size_t)(end - name->at) })) return false;
	uint8_t *last = put(b, before > 0 ? 2 : 1);
	if (last == NULL) return false;
	if (before > 0) store_be16(last, (uint16_t)(0xc000 | before));
	else *last = 0;
	for (const uint8_t *label = name->at; label < end; label += 1u + *label) {
		size_t at = start + (size_t)(label - name->at);
		if (at >= POINTER_END || b->offsets == COUNT(b->offset)) break;
		b->offset[b->offsets++] = (uint16_t)at;
	}
	return true;
}

static bool put_rdata(struct dns_builder *b, const struct dns_rr *rr)
{
	struct dns_fields f;
	struct dns_field field;

	if (!dns_fields(rr, &f)) return put_bytes(b, rr->rdata);
	for (;;) {
		if (dns_field_next(&f, &field) != DROP_NONE) return false;
		if (field.kind == '\0') return true;
		bool name = field.kind == 'n' || field.kind == 'N';
		if (!(name ? put_name(b, &field.name, field.kind == 'n') : put_bytes(b, field.raw))) return false;
	}
}

static bool put_rr(struct dns_builder *b, const struct dns_rr *rr)
{
	uint8_t *fixed;

	if (!put_name(b, &rr->name, true) || (fixed = put(b, 10)) == NULL) return false;
	store_be16(fixed, rr->type);
	store_be16(fixed + 2, rr->class);
	store_be32(fixed + 4, rr->ttl);
	size_t start = b->len;
	if (!put_rdata(b, rr)) return false;
	store_be16(fixed + 8, (uint16_t)(b->len - start));
	return true;
}

/* Where a message stood before a piece that may not fit. The names of a piece come last in the table. */
struct mark { size_t len; uint8_t offsets; };
static struct mark mark(const struct dns_builder *b) { return (struct mark){ b->len, b->offsets }; }
static bool keep(struct dns_builder *b, struct mark before, unsigned section, bool fitted)
{
	if (fitted && b->counts[section] < UINT16_MAX) {
		b->counts[section]++;
		return true;
	}
	b->len = before.len;
	b->offsets = before.offsets;
	return false;
}

bool dns_add_question(struct dns_builder *b, const struct dns_question *q)
{
	struct mark before = mark(b);
	uint8_t *at = NULL;

	assert(b->counts[1] + b->counts[2] + b->counts[3] == 0);
	if (put_name(b, &q->name, true) && (at = put(b, 4)) != NULL) {
		store_be16(at, q->type);
		store_be16(at + 2, q->class);
	}
	return keep(b, before, 0, at != NULL);
}

bool dns_add_rr(struct dns_builder *b, const struct dns_rr *rr)
{
	struct mark before = mark(b);

	assert(rr->section >= DNS_ANSWER && rr->section <= DNS_ADDITIONAL);
	for (unsigned later = rr->section + 1u; later <= DNS_ADDITIONAL; later++) assert(b->counts[later] == 0);
	return keep(b, before, rr->section, put_rr(b, rr));
}

bool dns_add_opt(struct dns_builder *b, uint16_t udp_size, uint16_t rcode, bool do_bit)
{
	struct mark before = mark(b);
	uint8_t *at = put(b, 11);

	if (at != NULL) {
		at[0] = 0;
		store_be16(at + 1, DNS_OPT);
		store_be16(at + 3, udp_size);
		store_be32(at + 5, (uint32_t)(rcode >> 4 & 0xff) << 24 | (do_bit ? 0x8000 : 0));
		store_be16(at + 9, 0);
		b->room.at[3] = (uint8_t)((b->room.at[3] & 0xf0) | (rcode & 15));
	}
	return keep(b, before, DNS_ADDITIONAL, at != NULL);
}

void dns_set_tc(struct dns_builder *b) { b->room.at[2] |= DNS_TC >> 8; }

size_t dns_end(struct dns_builder *b)
{
	for (int i = 0; i < 4; i++) store_be16(b->room.at + 4 + 2 * i, b->counts[i]);
	return b->len;
}

/* SPDX-License-Identifier: ISC */
#include "wire/dns.h"

#define RR_FIXED_BYTES 10 /* type, class, TTL, rdata's length */
#define TTL_MAX INT32_MAX

static enum drop question_read(struct bytes b, size_t *at, struct dns_question *q)
{
	enum drop why = dns_name_read(b, at, b.len, &q->name);

	if (why != DROP_NONE) return why;
	if (b.len - *at < 4) return DROP_LENGTH;
	q->type = load_be16(b.at + *at);
	q->class = load_be16(b.at + *at + 2);
	*at += 4;
	return DROP_NONE;
}

static enum drop record_read(struct bytes b, size_t *at, struct dns_rr *rr)
{
	enum drop why = dns_name_read(b, at, b.len, &rr->name);

	if (why != DROP_NONE) return why;
	if (b.len - *at < RR_FIXED_BYTES) return DROP_LENGTH;
	const uint8_t *p = b.at + *at;
	size_t len = load_be16(p + 8);
	*at += RR_FIXED_BYTES;
	if (b.len - *at < len) return DROP_LENGTH;
	rr->type = load_be16(p);
	rr->class = load_be16(p + 2);
	rr->ttl = load_be32(p + 4);
	rr->rdata = (struct bytes){ b.at + *at, len };
	rr->message = b;
	*at += len;
	return DROP_NONE;
}

/* RFC 6891, 6.1: the class is a size, the TTL is more flags. Options are only walked. */
static enum drop opt_read(const struct dns_rr *rr, struct dns_message *m)
{
	if (m->edns || rr->section != DNS_ADDITIONAL || rr->name.len != 1) return DROP_OPTION;
	for (struct bytes left = rr->rdata; left.len > 0;) {
		if (left.len < 4 || left.len - 4 < load_be16(left.at + 2)) return DROP_OPTION;
		left = bytes_skip(left, 4u + load_be16(left.at + 2));
	}
	m->edns = true;
	m->edns_udp_size = rr->class;
	m->edns_version = (uint8_t)(rr->ttl >> 16);
	m->edns_do = rr->ttl >> 15 & 1;
	m->rcode |= (uint16_t)(rr->ttl >> 24 << 4);
	return DROP_NONE;
}

static enum drop rdata_check(const struct dns_rr *rr)
{
	struct dns_fields f;
	struct dns_field field;
	enum drop why;

	if (!dns_fields(rr, &f)) return DROP_NONE;
	do why = dns_field_next(&f, &field);
	while (why == DROP_NONE && field.kind != '\0');
	return why;
}

static enum dns_section section_of(const struct dns_message *m, uint32_t index)
{
	if (index < m->counts[1]) return DNS_ANSWER;
	return index < (uint32_t)m->counts[1] + m->counts[2] ? DNS_AUTHORITY : DNS_ADDITIONAL;
}

static uint32_t records_count(const struct dns_message *m)
{
	return (uint32_t)m->counts[1] + m->counts[2] + m->counts[3];
}

static void header_read(struct bytes b, struct dns_message *m)
{
	uint16_t second = load_be16(b.at + 2);

	*m = (struct dns_message){ .bytes = b, .id = load_be16(b.at), .flags = second & 0x87f0,
		.opcode = second >> 11 & 15, .rcode = second & 15, .question.name.len = 1 };
	for (int i = 0; i < 4; i++) m->counts[i] = load_be16(b.at + 4 + 2 * i);
}

static enum drop questions_read(struct bytes b, struct dns_message *m)
{
	enum drop why;

	m->read_to = DNS_HEADER_BYTES;
	for (unsigned i = 0; i < m->counts[0]; i++) {
		struct dns_question q;
		if ((why = question_read(b, &m->read_to, &q)) != DROP_NONE) return why;
		if (i == 0) m->question = q;
	}
	m->records_at = m->read_to;
	return DROP_NONE;
}

enum drop dns_parse(struct bytes b, struct dns_message *m)
{
	enum drop why;

	*m = (struct dns_message){ .bytes = b };
	if (b.len < DNS_HEADER_BYTES) return DROP_SHORT;
	if (b.len > DNS_MESSAGE_MAX) return DROP_LENGTH;
	header_read(b, m);
	if ((why = questions_read(b, m)) != DROP_NONE) return why;
	for (; m->records < records_count(m); m->records++) {
		struct dns_rr rr = { .section = section_of(m, m->records) };
		if ((why = record_read(b, &m->read_to, &rr)) != DROP_NONE) return why;
		why = rr.type == DNS_OPT ? opt_read(&rr, m) : rdata_check(&rr);
		if (why != DROP_NONE) return why;
	}
	return m->read_to == b.len ? DROP_NONE : DROP_LENGTH;
}

struct dns_cursor dns_records(const struct dns_message *m)
{
	return (struct dns_cursor){ .message = m, .at = m->records_at };
}

bool dns_next(struct dns_cursor *c, struct dns_rr *rr)
{
	while (c->index < c->message->records) {
		enum drop why = record_read(c->message->bytes, &c->at, rr);
		assert(why == DROP_NONE); /* dns_parse has been here */
		rr->section = section_of(c->message, c->index++);
		if (rr->type == DNS_OPT) continue;
		if (rr->ttl > TTL_MAX) rr->ttl = 0; /* RFC 2181, 8 */
		return true;
	}
	return false;
}

/* SPDX-License-Identifier: ISC */
#include "wire/dissect_parts.h"
#include "wire/dns.h"

static const struct meaning opcodes[] = { { 0, "standard query" }, { 1, "inverse query" }, { 2, "status" }, { 4, "notify" },
	{ 5, "update" }, { 0, NULL } };
static const struct meaning rcodes[] = { { DNS_NOERROR, "no error" }, { DNS_FORMERR, "format error" },
	{ DNS_SERVFAIL, "server failure" }, { DNS_NXDOMAIN, "no such name" }, { DNS_NOTIMP, "not implemented" },
	{ DNS_REFUSED, "refused" }, { 0, NULL } };

static const struct row header[] = {
	{ 0, 2, 1, 0, NUMBER, "ID", "The answer repeats it, so that it is found; nobody should be able to guess it.", NULL },
	{ 2, 1, 1, 0x80, FLAG, "QR", "This is an answer.", NULL },
	{ 2, 1, 1, 0x78, NUMBER, "OPCODE", "What is asked of the server.", opcodes },
	{ 2, 1, 1, 0x04, FLAG, "AA", "The server has the zone itself, not from hearsay.", NULL },
	{ 2, 1, 1, 0x02, FLAG, "TC", "It did not all fit: ask again over TCP.", NULL },
	{ 2, 1, 1, 0x01, FLAG, "RD", "Please ask others for me.", NULL },
	{ 3, 1, 1, 0x80, FLAG, "RA", "This server does ask others.", NULL },
	{ 3, 1, 1, 0x40, FLAG, "Z", NULL, NULL },
	{ 3, 1, 1, 0x20, FLAG, "AD", "The server has checked the signatures (RFC 4035).", NULL },
	{ 3, 1, 1, 0x10, FLAG, "CD", "Do not check signatures for me (RFC 4035).", NULL },
	{ 3, 1, 1, 0x0f, NUMBER, "RCODE", "How it went.", rcodes },
	{ 4, 2, 1, 0, NUMBER, "QDCOUNT", "How many questions follow.", NULL },
	{ 6, 2, 1, 0, NUMBER, "ANCOUNT", "How many records answer it.", NULL },
	{ 8, 2, 1, 0, NUMBER, "NSCOUNT", "How many records say who knows better, or vouch that there is nothing.", NULL },
	{ 10, 2, 1, 0, NUMBER, "ARCOUNT", "How many records may be of use besides.", NULL },
};

static const struct row length[] = { { 0, 2, 1, 0, NUMBER, "Length", "Over TCP each message says how long it is (RFC 1035, 4.2.2).", NULL } };

/* A message being walked. */
struct walk { struct out *o; struct bytes message; size_t at; };

static void say_name(struct field *f, const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	struct text t = field_value(f);
	text_puts(&t, dns_name_text(name, text));
}

/* A name where the walk stands; false if there is none. */
static bool add_name(struct walk *w, const char *field_name, const char *why, struct dns_name *name)
{
	size_t start = w->at;

	if (dns_name_read(w->message, &w->at, w->message.len, name) != DROP_NONE) return false;
	say_name(field_add(w->o, 2, w->message.at + start, w->at - start, field_name, why), name);
	return true;
}

static struct field *add_part(struct walk *w, size_t len, const char *name, const char *why)
{
	struct field *f = field_add(w->o, 2, w->message.at + w->at, len, name, why);
	w->at += len;
	return f;
}

static void add_type(struct walk *w, const char *name, uint16_t *type)
{
	char text[16];

	*type = load_be16(w->message.at + w->at);
	field_say(add_part(w, 2, name, "What kind of data."), "%u (%s)", *type, dns_type_text(*type, text));
}

static void add_class(struct walk *w, const char *name, uint16_t *class)
{
	*class = load_be16(w->message.at + w->at);
	field_say(add_part(w, 2, name, "The Internet's, nearly always."), "%u%s", *class, *class == DNS_IN ? " (IN)" : "");
}

static bool add_question(struct walk *w)
{
	struct field *whole = field_add(w->o, 1, w->message.at + w->at, 0, "Question", "What is asked for.");
	struct dns_name name;
	uint16_t type, class;
	char text[16];
	size_t start = w->at;

	if (!add_name(w, "QNAME", "Which name.", &name) || w->message.len - w->at < 4) return false;
	say_name(whole, &name);
	add_type(w, "QTYPE", &type);
	add_class(w, "QCLASS", &class);
	field_say(whole, " %s", dns_type_text(type, text));
	whole->len = (uint16_t)(w->at - start);
	return true;
}

/* EDNS puts other things into an OPT record's fields (RFC 6891, 6.1.2). */
static void add_opt(struct walk *w, struct field *whole)
{
	const uint8_t *p = w->message.at + w->at;

	field_say(whole, "EDNS, up to %u bytes", load_be16(p));
	field_say(add_part(w, 2, "CLASS", "In an OPT record: the longest answer over UDP the sender can take."), "%u bytes", load_be16(p));
	field_say(add_part(w, 4, "TTL", "In an OPT record: more of the RCODE, EDNS's version, and flags."), "version %u%s", p[3],
	          p[4] & 0x80 ? ", wants signatures (DO)" : "");
}

static bool add_record(struct walk *w, enum dns_section section)
{
	static const char *const names[] = { NULL, "Answer", "Authority", "Additional" };
	struct field *whole = field_add(w->o, 1, w->message.at + w->at, 0, names[section], "A resource record.");
	struct dns_rr rr = { .section = section, .message = w->message };
	size_t start = w->at;
	char text[16];

	if (!add_name(w, "NAME", "Whose data this is.", &rr.name) || w->message.len - w->at < 10) return false;
	add_type(w, "TYPE", &rr.type);
	if (rr.type == DNS_OPT) {
		add_opt(w, whole);
	} else {
		add_class(w, "CLASS", &rr.class);
		rr.ttl = load_be32(w->message.at + w->at);
		field_say(add_part(w, 4, "TTL", "How long it may be kept in a cache."), "%u s", rr.ttl);
		say_name(whole, &rr.name);
		field_say(whole, " %s ", dns_type_text(rr.type, text));
	}
	size_t len = load_be16(w->message.at + w->at);
	field_say(add_part(w, 2, "RDLENGTH", "How long the data is."), "%zu bytes", len);
	if (len > w->message.len - w->at) return false;
	rr.rdata = (struct bytes){ w->message.at + w->at, len };
	struct field *data = add_part(w, len, "RDATA", "The data itself.");
	whole->len = (uint16_t)(w->at - start);
	if (rr.type == DNS_OPT) return true;
	struct text value = field_value(data), line = field_value(whole);
	dns_rdata_print(&rr, &value);
	text_puts(&line, data->value);
	return true;
}

static void walk_message(struct walk *w)
{
	static const uint8_t counts_at[] = { 4, 6, 8, 10 };

	w->at = DNS_HEADER_BYTES;
	for (unsigned section = 0; section < 4; section++) {
		unsigned count = load_be16(w->message.at + counts_at[section]);
		for (unsigned i = 0; i < count; i++) {
			size_t fields = w->o->count, start = w->at;
			if (w->o->count == w->o->max) return;
			bool whole = section == 0 ? add_question(w) : add_record(w, section);
			if (whole) continue;
			w->o->count = fields; /* what is cut or malformed is one field */
			w->at = start;
			rest_add(w->o, bytes_skip(w->message, start), "Malformed", "No record can be read from here on.");
			return;
		}
	}
	rest_add(w->o, bytes_skip(w->message, w->at), "Data", "Behind the last record: it should not be there.");
}

void dissect_dns(struct out *o, struct bytes b, bool over_tcp)
{
	struct field *layer = field_add(o, 0, b.at, b.len, "Domain Name System", "Asks what is known about a name, and answers (RFC 1035).");
	struct dns_message m;

	if (over_tcp) {
		rows_add(o, length, 1, b);
		b = bytes_skip(b, 2);
	}
	if (b.len >= DNS_HEADER_BYTES) field_say(layer, "%s %u", b.at[2] & 0x80 ? "answer" : "question", load_be16(b.at));
	layer_refused(layer, dns_parse(b, &m));
	if (rows_add(o, header, COUNT(header), b)) walk_message(&(struct walk){ o, b, 0 });
}

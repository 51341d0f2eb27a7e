/* SPDX-License-Identifier: ISC */
/* dig_json.c - a message as one line of JSON, by RFC 8427's names, and what is known of how it came. */
#include "tool/dns/dig_print.h"
#include "tool/say.h"

static void put_string(struct text *out, const char *s) { say_json(out, bytes_of(s)); }

static void put_name(struct text *out, const char *key, const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];

	text_printf(out, "\"%s\":", key);
	put_string(out, dns_name_text(name, text));
}

static void put_hex(struct text *out, const char *key, struct bytes b)
{
	text_printf(out, "\"%s\":\"", key);
	for (size_t i = 0; i < b.len; i++) text_printf(out, "%02X", b.at[i]);
	text_puts(out, "\"");
}

/* Data whose text is longer than this is there in hexadecimal alone: RDATAHEX is always. */
#define RDATA_TEXT_MAX 8192

static void put_record(struct text *out, const struct dns_rr *rr)
{
	static const struct dns_style style;
	char word[16], data[RDATA_TEXT_MAX];
	struct text t = text_in(data, sizeof data);

	text_puts(out, "{");
	put_name(out, "NAME", &rr->name);
	text_printf(out, ",\"TYPE\":%u,\"TYPEname\":\"%s\"", rr->type, dns_type_text(rr->type, word));
	text_printf(out, ",\"CLASS\":%u,\"CLASSname\":\"%s\",\"TTL\":%u,\"RDLENGTH\":%zu,", rr->class, dns_class_text(rr->class, word),
	            (unsigned)rr->ttl, rr->rdata.len);
	put_hex(out, "RDATAHEX", rr->rdata);
	dns_present_rdata(rr, &style, &t);
	if (!t.cut) text_puts(out, ",\"rdata\":"), put_string(out, data);
	text_puts(out, "}");
}

static void put_section(struct text *out, const struct dns_message *m, enum dns_section section, const char *key)
{
	const char *comma = "";
	struct dns_rr rr;

	text_printf(out, ",\"%s\":[", key);
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != section) continue;
		text_puts(out, comma);
		put_record(out, &rr);
		comma = ",";
	}
	text_puts(out, "]");
}

static void put_edns(struct text *out, const struct dns_message *m)
{
	struct bytes left = dig_options(m);
	struct dig_option o;
	const char *comma = "";

	text_printf(out, ",\"EDNS\":{\"version\":%u,\"udp_size\":%u,\"DO\":%u,\"options\":[", m->edns_version, m->edns_udp_size, m->edns_do);
	while (dig_option_next(&left, &o)) {
		text_printf(out, "%s{\"code\":%u,", comma, o.code);
		put_hex(out, "data", o.data);
		if (o.code == 15 && o.data.len >= 2 && dig_ede_text(load_be16(o.data.at)) != NULL)
			text_printf(out, ",\"error\":\"%s\"", dig_ede_text(load_be16(o.data.at)));
		text_puts(out, "}");
		comma = ",";
	}
	text_puts(out, "]}");
}

static void put_header(struct text *out, const struct dns_message *m)
{
	uint16_t f = m->flags;

	text_printf(out, "\"ID\":%u,\"QR\":%u,\"Opcode\":%u,\"AA\":%u,\"TC\":%u,\"RD\":%u,\"RA\":%u,\"AD\":%u,\"CD\":%u", m->id, f >> 15, m->opcode,
	            f >> 10 & 1u, f >> 9 & 1u, f >> 8 & 1u, f >> 7 & 1u, f >> 5 & 1u, f >> 4 & 1u);
	text_printf(out, ",\"RCODE\":%u,\"RCODEname\":\"%s\",\"QDCOUNT\":%u,\"ANCOUNT\":%u,\"NSCOUNT\":%u,\"ARCOUNT\":%u", m->rcode,
	            dns_rcode_text(m->rcode), m->counts[0], m->counts[1], m->counts[2], m->counts[3]);
}

void dig_json(struct text *out, const struct dns_message *m, const struct dig_stats *s)
{
	char word[16], server[IP_TEXT_MAX];

	text_puts(out, "{");
	put_header(out, m);
	if (m->counts[0] > 0) {
		text_puts(out, ",");
		put_name(out, "QNAME", &m->question.name);
		text_printf(out, ",\"QTYPE\":%u,\"QTYPEname\":\"%s\"", m->question.type, dns_type_text(m->question.type, word));
		text_printf(out, ",\"QCLASS\":%u,\"QCLASSname\":\"%s\"", m->question.class, dns_class_text(m->question.class, word));
	}
	put_section(out, m, DNS_ANSWER, "answerRRs");
	put_section(out, m, DNS_AUTHORITY, "authorityRRs");
	put_section(out, m, DNS_ADDITIONAL, "additionalRRs");
	if (m->edns) put_edns(out, m);
	text_printf(out, ",\"server\":{\"address\":\"%s\",\"port\":%u,\"name\":", ip_text(s->server.ip, server), s->server.port);
	put_string(out, s->name);
	text_printf(out, "},\"transport\":\"%s\",\"time_us\":%lld,\"date\":%lld,\"bytes\":%zu}\n", s->way, (long long)(s->took / MICROSECOND),
	            (long long)s->date, m->bytes.len);
}

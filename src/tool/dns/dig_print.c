/* SPDX-License-Identifier: ISC */
#include "tool/dns/dig_print.h"

#include "idn/idn.h"

#define SHOWN_MAX 4096 /* a record longer than that is shown as it is, without +idnout */

const char *dig_opcode_text(uint8_t opcode, char buffer[16])
{
	static const char *const words[] = { "QUERY", "IQUERY", "STATUS", "RESERVED3", "NOTIFY", "UPDATE" };
	struct text t = text_in(buffer, 16);

	if (opcode < COUNT(words)) return words[opcode];
	text_printf(&t, "RESERVED%u", opcode);
	return buffer;
}

static const char *status_text(uint16_t rcode, char buffer[16])
{
	struct text t = text_in(buffer, 16);
	const char *word = dns_rcode_text(rcode);

	if (rcode == 23) return "BADCOOKIE";
	if (strcmp(word, "RESERVED") != 0) return word;
	text_printf(&t, "RESERVED%u", rcode);
	return buffer;
}

static void print_header(struct text *out, const struct dns_message *m, bool asked)
{
	static const struct { uint16_t bit; const char *word; } flags[] = { { DNS_QR, " qr" }, { DNS_AA, " aa" }, { DNS_TC, " tc" },
		{ DNS_RD, " rd" }, { DNS_RA, " ra" }, { DNS_AD, " ad" }, { DNS_CD, " cd" } };
	char opcode[16], status[16];

	text_printf(out, ";; ->>HEADER<<- opcode: %s, status: %s, id: %u\n;; flags:", dig_opcode_text(m->opcode, opcode),
	            status_text(m->rcode, status), m->id);
	for (size_t i = 0; i < COUNT(flags); i++)
		if (m->flags & flags[i].bit) text_puts(out, flags[i].word);
	if (m->flags & 0x0040) text_puts(out, "; MBZ: 0x4");
	text_printf(out, "; QUERY: %u, ANSWER: %u, AUTHORITY: %u, ADDITIONAL: %u\n", m->counts[0], m->counts[1], m->counts[2], m->counts[3]);
	if (!asked && m->flags & DNS_RD && !(m->flags & DNS_RA)) text_puts(out, ";; WARNING: recursion requested but not available\n");
	if (!asked && m->read_to < m->bytes.len)
		text_printf(out, ";; WARNING: Message has %zu extra bytes at end\n", m->bytes.len - m->read_to);
	text_puts(out, "\n");
}

/* Each word of a line that is a name with A-labels, but for what stands in quotes. */
static void put_unicode(struct text *out, const char *line)
{
	char name[DNS_NAME_TEXT_MAX], shown[IDN_UNICODE_MAX];

	for (bool quoted = false; *line != '\0';) {
		size_t len = strcspn(line, " \t\n\"\\");
		if (!quoted && len > 0 && len < sizeof name) {
			memcpy(name, line, len);
			name[len] = '\0';
			text_puts(out, strstr(name, "xn--") != NULL && idn_to_unicode(name, shown) == IDN_DONE ? shown : name);
		} else text_put(out, (struct bytes){ (const uint8_t *)line, len });
		line += len;
		quoted ^= *line == '"';
		size_t rest = *line == '\0' ? 0 : *line == '\\' && line[1] != '\0' ? 2 : 1; /* what is escaped ends no word */
		text_put(out, (struct bytes){ (const uint8_t *)line, rest });
		line += rest;
	}
}

/* dns_parse keeps the first question; they all stand before the records. */
static void print_questions(struct text *out, const struct dns_message *m, const struct dig_show *s)
{
	size_t at = DNS_HEADER_BYTES;

	for (unsigned i = 0; i < m->counts[0]; i++) {
		struct dns_question q;
		if (dns_name_read(m->bytes, &at, m->bytes.len, &q.name) != DROP_NONE || m->bytes.len - at < 4) return;
		q.type = load_be16(m->bytes.at + at), q.class = load_be16(m->bytes.at + at + 2);
		at += 4;
		char line[SHOWN_MAX];
		struct text t = text_in(line, sizeof line);
		dns_present_question(&q, &s->style, &t);
		text_puts(out, ";");
		if (s->unicode) put_unicode(out, line);
		else text_puts(out, line);
		text_puts(out, "\n");
	}
}

void dig_print_record(struct text *out, const struct dns_rr *rr, const struct dig_show *s, bool whole)
{
	char line[SHOWN_MAX];
	struct text t = text_in(line, sizeof line);

	if (s->unicode && whole) dns_present_rr(rr, &s->style, &t);
	else if (s->unicode) dns_present_rdata(rr, &s->style, &t);
	if (s->unicode && !t.cut) put_unicode(out, line);
	else if (whole) dns_present_rr(rr, &s->style, out);
	else dns_present_rdata(rr, &s->style, out);
}

static bool has(const struct dns_message *m, enum dns_section section)
{
	struct dns_rr rr;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == section) return true;
	return false;
}

static void print_section(struct text *out, const struct dns_message *m, const struct dig_show *s, enum dns_section section)
{
	static const char *const titles[] = { [DNS_ANSWER] = "ANSWER", [DNS_AUTHORITY] = "AUTHORITY", [DNS_ADDITIONAL] = "ADDITIONAL" };
	static const char *const update[] = { [DNS_ANSWER] = "PREREQUISITE", [DNS_AUTHORITY] = "UPDATE", [DNS_ADDITIONAL] = "ADDITIONAL" };
	struct dns_rr rr;

	if (!has(m, section)) return;
	if (s->comments) text_printf(out, ";; %s SECTION:\n", m->opcode == 5 ? update[section] : titles[section]);
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != section) continue;
		dig_print_record(out, &rr, s, true);
		text_puts(out, "\n");
	}
	if (s->comments) text_puts(out, "\n");
}

void dig_print_message(struct text *out, const struct dns_message *m, const struct dig_show *s, bool asked, struct bytes cookie)
{
	if (s->comments) {
		text_puts(out, asked ? ";; Sending:\n" : ";; Got answer:\n");
		print_header(out, m, asked);
		if (m->edns) dig_print_opt(out, m, cookie);
	}
	if (s->question && (m->counts[0] > 0 || asked)) {
		if (s->comments) text_printf(out, ";; %s SECTION:\n", m->opcode == 5 ? "ZONE" : "QUESTION");
		print_questions(out, m, s);
		if (s->comments) text_puts(out, "\n");
	}
	if (s->answer) print_section(out, m, s, DNS_ANSWER);
	if (s->authority) print_section(out, m, s, DNS_AUTHORITY);
	if (s->additional) print_section(out, m, s, DNS_ADDITIONAL);
}

void dig_print_short(struct text *out, const struct dns_message *m, const struct dig_show *s, const char *behind)
{
	char word[16];
	struct dns_rr rr;

	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);) {
		if (rr.section != DNS_ANSWER) continue;
		if (s->type_first) text_printf(out, "%s ", dns_type_text(rr.type, word));
		dig_print_record(out, &rr, s, false);
		text_printf(out, "%s\n", behind);
	}
}

/* --- behind it --- */

const char *dig_server_text(const struct addr *a, char buffer[ADDR_TEXT_MAX])
{
	struct text t = text_in(buffer, ADDR_TEXT_MAX);
	char ip[IP_TEXT_MAX];

	text_printf(&t, "%s#%u", ip_text(a->ip, ip), a->port);
	return buffer;
}

/* Days since 1970 as a date of the Gregorian calendar, by eras of 400 years that begin in March. */
void dig_print_date(struct text *out, int64_t date)
{
	static const char days[][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char months[][4] = { "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb" };
	uint64_t day = (uint64_t)(date > 0 ? date : 0) / 86400, second = (uint64_t)(date > 0 ? date : 0) % 86400;
	uint64_t z = day + 719468, era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t month = (5 * doy + 2) / 153;

	text_printf(out, "%s %s %02u %02u:%02u:%02u UTC %llu", days[day % 7], months[month], (unsigned)(doy - (153 * month + 2) / 5 + 1),
	            (unsigned)(second / 3600), (unsigned)(second / 60 % 60), (unsigned)(second % 60),
	            (unsigned long long)(yoe + era * 400 + (month >= 10)));
}

void dig_print_stats(struct text *out, const struct dig_stats *d, const struct dig_show *s)
{
	char server[ADDR_TEXT_MAX];
	unsigned long long ms = (unsigned long long)(d->took / MILLISECOND), us = (unsigned long long)(d->took / MICROSECOND);

	dig_server_text(&d->server, server);
	if (s->stats) {
		text_printf(out, ";; Query time: %llu %s\n", s->usec ? us : ms, s->usec ? "usec" : "msec");
		text_printf(out, ";; SERVER: %s(%s) (%s)\n;; WHEN: ", server, d->name, d->way);
		dig_print_date(out, d->date);
		if (d->transfer) text_printf(out, "\n;; XFR size: %u records (messages %u, bytes %zu)\n\n", (unsigned)d->records,
		                             (unsigned)d->messages, d->bytes);
		else text_printf(out, "\n;; MSG SIZE  rcvd: %zu\n\n", d->bytes);
	} else if (s->identify && !s->short_form)
		text_printf(out, ";; Received %zu bytes from %s(%s) in %llu %s\n\n", d->bytes, server, d->name, s->usec ? us : ms,
		            s->usec ? "us" : "ms");
}

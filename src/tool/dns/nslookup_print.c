/* SPDX-License-Identifier: ISC */
#include "tool/dns/nslookup_parts.h"
#include "wire/dns_present.h"

#define RDATA_TEXT_MAX 4096 /* what is longer holds no names to show in other scripts */

/* What stands before the data of the types up to OPT, by their numbers; the others are "rdata_257". */
static const char *words_for(uint16_t type, char buffer[24])
{
	static const char *const words[] = {
		[1] = "internet address", [2] = "nameserver", [3] = "md", [4] = "mf", [5] = "canonical name", [6] = "soa", [7] = "mb",
		[8] = "mg", [9] = "mr", [11] = "protocol", [12] = "name", [13] = "hinfo", [14] = "minfo", [15] = "mail exchanger",
		[16] = "text", [17] = "rp", [18] = "afsdb", [19] = "x25 address", [20] = "isdn address", [21] = "rt", [22] = "nsap",
		[23] = "nsap_ptr", [24] = "signature", [25] = "key", [26] = "px", [27] = "gpos", [29] = "loc", [30] = "next",
		[33] = "service", [35] = "naptr", [36] = "kx", [37] = "cert", [38] = "v6 address", [39] = "dname", [41] = "optional",
	};
	struct text t = text_in(buffer, 24);

	if (type == DNS_AAAA) text_puts(&t, "has AAAA address ");
	else if (type < COUNT(words) && words[type] != NULL) text_printf(&t, "%s = ", words[type]);
	else text_printf(&t, type < COUNT(words) ? "rtype_%u = " : "rdata_%u = ", type);
	return buffer;
}

static void print_rdata(struct text *out, const struct dns_rr *rr, bool unicode)
{
	static const struct dns_style style = { .split = DNS_SPLIT };
	char words[24], rdata[RDATA_TEXT_MAX];
	struct text t = text_in(rdata, sizeof rdata);

	text_puts(out, words_for(rr->type, words));
	if (unicode) dns_present_rdata(rr, &style, &t);
	if (unicode && !t.cut) names_put(out, rdata, true);
	else dns_present_rdata(rr, &style, out);
	text_puts(out, "\n");
}

static void print_soa(struct text *out, const struct dns_rr *rr, bool unicode)
{
	char name[DNS_NAME_TEXT_MAX];
	struct dns_soa soa;

	if (!dns_rdata_soa(rr, &soa)) return;
	text_printf(out, "\torigin = %s\n", names_text(&soa.mname, unicode, name));
	text_printf(out, "\tmail addr = %s\n", names_text(&soa.rname, unicode, name));
	text_printf(out, "\tserial = %u\n\trefresh = %u\n\tretry = %u\n\texpire = %u\n\tminimum = %u\n", (unsigned)soa.serial,
	            (unsigned)soa.refresh, (unsigned)soa.retry, (unsigned)soa.expire, (unsigned)soa.minimum);
}

static void print_rr(struct text *out, const struct dns_rr *rr, bool unicode)
{
	char name[DNS_NAME_TEXT_MAX], ip_buffer[IP_TEXT_MAX];
	struct ip ip;

	names_text(&rr->name, unicode, name);
	if (rr->section == DNS_ANSWER && dns_rdata_ip(rr, &ip)) {
		text_printf(out, "Name:\t%s\nAddress: %s\n", name, ip_text(ip, ip_buffer));
	} else if (rr->type == DNS_SOA) {
		text_printf(out, "%s\n", name);
		print_soa(out, rr, unicode);
	} else {
		text_printf(out, "%s\t", name);
		print_rdata(out, rr, unicode);
	}
}

void print_records(struct text *out, const struct dns_message *m, enum dns_section section, bool unicode)
{
	struct dns_rr rr;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == section) print_rr(out, &rr, unicode);
}

static void print_details(struct text *out, const struct dns_rr *rr, bool unicode)
{
	char name[DNS_NAME_TEXT_MAX];

	text_printf(out, "    ->  %s\n", names_text(&rr->name, unicode, name));
	if (rr->type == DNS_SOA) {
		print_soa(out, rr, unicode);
	} else {
		text_puts(out, "\t");
		print_rdata(out, rr, unicode);
	}
	text_printf(out, "\tttl = %u\n", (unsigned)rr->ttl);
}

void print_debug(struct text *out, const struct dns_message *m, bool unicode)
{
	static const char *const titles[] = { [DNS_ANSWER] = "ANSWERS", [DNS_AUTHORITY] = "AUTHORITY RECORDS",
	                                      [DNS_ADDITIONAL] = "ADDITIONAL RECORDS" };
	char name[DNS_NAME_TEXT_MAX], type[16], class[16];
	struct dns_rr rr;

	text_puts(out, "------------\n    QUESTIONS:\n");
	if (m->counts[0] > 0)
		text_printf(out, "\t%s, type = %s, class = %s\n", names_text(&m->question.name, unicode, name),
		            dns_type_text(m->question.type, type), dns_class_text(m->question.class, class));
	for (enum dns_section s = DNS_ANSWER; s <= DNS_ADDITIONAL; s++) {
		text_printf(out, "    %s:\n", titles[s]);
		for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
			if (rr.section == s) print_details(out, &rr, unicode);
	}
	text_puts(out, "------------\n");
}

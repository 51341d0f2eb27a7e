/* SPDX-License-Identifier: ISC */
#include "tool/nslookup_print.h"

const char *nslookup_name_text(const struct dns_name *name, char buffer[DNS_NAME_TEXT_MAX])
{
	dns_name_text(name, buffer);
	if (name->len > 1) buffer[strlen(buffer) - 1] = '\0';
	return buffer;
}

/* What stands before the data of the types it has words for. */
static const char *words_for(uint16_t type, char buffer[24])
{
	switch (type) {
	case DNS_NS: return "nameserver = ";
	case DNS_CNAME: return "canonical name = ";
	case DNS_PTR: return "name = ";
	case DNS_HINFO: return "hinfo = ";
	case DNS_MX: return "mail exchanger = ";
	case DNS_TXT: return "text = ";
	case DNS_SRV: return "service = ";
	}
	struct text t = text_in(buffer, 24);
	text_printf(&t, "rdata_%u = ", type);
	return buffer;
}

static void print_soa(struct text *out, const struct dns_rr *rr)
{
	char name[DNS_NAME_TEXT_MAX];
	struct dns_soa soa;

	if (!dns_rdata_soa(rr, &soa)) return;
	text_printf(out, "\torigin = %s\n", nslookup_name_text(&soa.mname, name));
	text_printf(out, "\tmail addr = %s\n", nslookup_name_text(&soa.rname, name));
	text_printf(out, "\tserial = %u\n\trefresh = %u\n\tretry = %u\n\texpire = %u\n\tminimum = %u\n", (unsigned)soa.serial,
	            (unsigned)soa.refresh, (unsigned)soa.retry, (unsigned)soa.expire, (unsigned)soa.minimum);
}

static void print_rr(struct text *out, const struct dns_rr *rr)
{
	char name[DNS_NAME_TEXT_MAX], ip_buffer[IP_TEXT_MAX], words[24];
	struct ip ip;

	nslookup_name_text(&rr->name, name);
	if (dns_rdata_ip(rr, &ip)) {
		if (rr->section == DNS_ANSWER) text_printf(out, "Name:\t%s\nAddress: %s\n", name, ip_text(ip, ip_buffer));
		else text_printf(out, "%s\t%s%s\n", name, rr->type == DNS_A ? "internet address = " : "has AAAA address ",
		                 ip_text(ip, ip_buffer));
		return;
	}
	if (rr->type == DNS_SOA) {
		text_printf(out, "%s\n", name);
		print_soa(out, rr);
		return;
	}
	text_printf(out, "%s\t%s", name, words_for(rr->type, words));
	dns_rdata_print(rr, out);
	text_puts(out, "\n");
}

void nslookup_print_records(struct text *out, const struct dns_message *m, enum dns_section section)
{
	struct dns_rr rr;
	for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
		if (rr.section == section) print_rr(out, &rr);
}

static void print_details(struct text *out, const struct dns_rr *rr)
{
	char name[DNS_NAME_TEXT_MAX], ip_buffer[IP_TEXT_MAX], words[24];
	struct ip ip;

	text_printf(out, "    ->  %s\n", nslookup_name_text(&rr->name, name));
	if (dns_rdata_ip(rr, &ip))
		text_printf(out, "\t%s%s\n", rr->type == DNS_A ? "internet address = " : "has AAAA address ", ip_text(ip, ip_buffer));
	else if (rr->type == DNS_SOA) print_soa(out, rr);
	else {
		text_printf(out, "\t%s", words_for(rr->type, words));
		dns_rdata_print(rr, out);
		text_puts(out, "\n");
	}
	text_printf(out, "\tttl = %u\n", (unsigned)rr->ttl);
}

void nslookup_print_debug(struct text *out, const struct dns_message *m)
{
	static const char *const titles[] = { [DNS_ANSWER] = "ANSWERS", [DNS_AUTHORITY] = "AUTHORITY RECORDS",
	                                      [DNS_ADDITIONAL] = "ADDITIONAL RECORDS" };
	char name[DNS_NAME_TEXT_MAX], type[16];
	struct dns_rr rr;

	text_printf(out, "------------\n    QUESTIONS:\n\t%s, type = %s, class = %s\n",
	            nslookup_name_text(&m->question.name, name), dns_type_text(m->question.type, type),
	            m->question.class == DNS_IN ? "IN" : "CH");
	for (enum dns_section s = DNS_ANSWER; s <= DNS_ADDITIONAL; s++) {
		text_printf(out, "    %s:\n", titles[s]);
		for (struct dns_cursor c = dns_records(m); dns_next(&c, &rr);)
			if (rr.section == s) print_details(out, &rr);
	}
	text_puts(out, "------------\n");
}

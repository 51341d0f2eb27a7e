/* SPDX-License-Identifier: ISC */
#include "wire/dns.h"

static const struct { uint16_t type; const char *text; } types[] = {
	{ DNS_A, "A" }, { DNS_NS, "NS" }, { DNS_CNAME, "CNAME" }, { DNS_SOA, "SOA" }, { DNS_PTR, "PTR" },
	{ DNS_HINFO, "HINFO" }, { DNS_MX, "MX" }, { DNS_TXT, "TXT" }, { DNS_AAAA, "AAAA" }, { DNS_SRV, "SRV" },
	{ DNS_OPT, "OPT" }, { DNS_DS, "DS" }, { DNS_CAA, "CAA" }, { DNS_DNAME, "DNAME" }, { DNS_RRSIG, "RRSIG" },
	{ DNS_NSEC, "NSEC" }, { DNS_DNSKEY, "DNSKEY" }, { DNS_HTTPS, "HTTPS" }, { DNS_IXFR, "IXFR" },
	{ DNS_AXFR, "AXFR" }, { DNS_ANY, "ANY" },
};

const char *dns_type_text(uint16_t type, char buffer[16])
{
	struct text t = text_in(buffer, 16);

	for (size_t i = 0; i < COUNT(types); i++)
		if (types[i].type == type) return types[i].text;
	text_printf(&t, "TYPE%u", type);
	return buffer;
}

static bool same_word(const char *a, const char *b)
{
	for (;; a++, b++) {
		char upper = *a >= 'a' && *a <= 'z' ? (char)(*a - ('a' - 'A')) : *a;
		if (upper != *b) return false;
		if (*b == '\0') return true;
	}
}

/* TYPE and a decimal number (RFC 3597, 5). */
static bool number_parse(const char *text, uint16_t *type)
{
	char word[5] = { 0 };
	uint32_t value = 0;

	for (int i = 0; i < 4 && text[i] != '\0'; i++) word[i] = text[i];
	if (!same_word(word, "TYPE") || text[4] == '\0') return false;
	for (text += 4; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') return false;
		value = value * 10 + (uint32_t)(*text - '0');
		if (value > UINT16_MAX) return false;
	}
	*type = (uint16_t)value;
	return true;
}

bool dns_type_parse(const char *text, uint16_t *type)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (same_word(text, types[i].text)) {
			*type = types[i].type;
			return true;
		}
	return number_parse(text, type);
}

const char *dns_rcode_text(uint16_t rcode)
{
	static const char *const words[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
		"YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE" };

	if (rcode < COUNT(words)) return words[rcode];
	return rcode == DNS_BADVERS ? "BADVERS" : "RESERVED";
}

/* SPDX-License-Identifier: ISC */
#include "wire/dns.h"

/* IANA's registry of resource record types. */
static const struct { uint16_t type; const char *text; } types[] = {
	{ 1, "A" }, { 2, "NS" }, { 3, "MD" }, { 4, "MF" }, { 5, "CNAME" }, { 6, "SOA" }, { 7, "MB" }, { 8, "MG" },
	{ 9, "MR" }, { 10, "NULL" }, { 11, "WKS" }, { 12, "PTR" }, { 13, "HINFO" }, { 14, "MINFO" }, { 15, "MX" },
	{ 16, "TXT" }, { 17, "RP" }, { 18, "AFSDB" }, { 19, "X25" }, { 20, "ISDN" }, { 21, "RT" }, { 22, "NSAP" },
	{ 23, "NSAP-PTR" }, { 24, "SIG" }, { 25, "KEY" }, { 26, "PX" }, { 27, "GPOS" }, { 28, "AAAA" },
	{ 29, "LOC" }, { 30, "NXT" }, { 31, "EID" }, { 32, "NIMLOC" }, { 33, "SRV" }, { 34, "ATMA" },
	{ 35, "NAPTR" }, { 36, "KX" }, { 37, "CERT" }, { 38, "A6" }, { 39, "DNAME" }, { 40, "SINK" }, { 41, "OPT" },
	{ 42, "APL" }, { 43, "DS" }, { 44, "SSHFP" }, { 45, "IPSECKEY" }, { 46, "RRSIG" }, { 47, "NSEC" },
	{ 48, "DNSKEY" }, { 49, "DHCID" }, { 50, "NSEC3" }, { 51, "NSEC3PARAM" }, { 52, "TLSA" }, { 53, "SMIMEA" },
	{ 55, "HIP" }, { 56, "NINFO" }, { 57, "RKEY" }, { 58, "TALINK" }, { 59, "CDS" }, { 60, "CDNSKEY" },
	{ 61, "OPENPGPKEY" }, { 62, "CSYNC" }, { 63, "ZONEMD" }, { 64, "SVCB" }, { 65, "HTTPS" }, { 99, "SPF" },
	{ 100, "UINFO" }, { 101, "UID" }, { 102, "GID" }, { 103, "UNSPEC" }, { 104, "NID" }, { 105, "L32" },
	{ 106, "L64" }, { 107, "LP" }, { 108, "EUI48" }, { 109, "EUI64" }, { 249, "TKEY" }, { 250, "TSIG" },
	{ 251, "IXFR" }, { 252, "AXFR" }, { 253, "MAILB" }, { 254, "MAILA" }, { 255, "ANY" }, { 256, "URI" },
	{ 257, "CAA" }, { 258, "AVC" }, { 259, "DOA" }, { 260, "AMTRELAY" }, { 261, "RESINFO" }, { 262, "WALLET" },
	{ 32768, "TA" }, { 32769, "DLV" },
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

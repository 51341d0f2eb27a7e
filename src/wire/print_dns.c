/* SPDX-License-Identifier: ISC */
#include "wire/dns.h"
#include "wire/print_parts.h"

/* Everything is read from the message's first byte, since names point into it. */

static const char *const operations[16] = { "", " inv_q", " stat", " op3", " notify", " update", " op6", " op7", " op8",
	" updateA", " updateD", " updateDA", " updateM", " updateMA", " zoneInit", " zoneRef" };
static const struct name answers[] = { { 0, "" }, { 1, " FormErr" }, { 2, " ServFail" }, { 3, " NXDomain" }, { 4, " NotImp" },
	{ 5, " Refused" }, { 6, " YXDomain" }, { 7, " YXRRSet" }, { 8, " NXRRSet" }, { 9, " NotAuth" }, { 10, " NotZone" },
	{ 15, " NoChange" }, { 16, " BadVers" }, { 17, "Resp17" }, { 21, "Resp21" }, { 23, " BadCookie" }, { 0, NULL } };
static const struct name classes[] = { { 1, "IN" }, { 3, "CHAOS" }, { 4, "HS" }, { 255, "ANY" }, { 0, NULL } };
static const struct name types[] = {
	{ 1, "A" }, { 2, "NS" }, { 3, "MD" }, { 4, "MF" }, { 5, "CNAME" }, { 6, "SOA" }, { 7, "MB" }, { 8, "MG" }, { 9, "MR" },
	{ 10, "NULL" }, { 11, "WKS" }, { 12, "PTR" }, { 13, "HINFO" }, { 14, "MINFO" }, { 15, "MX" }, { 16, "TXT" }, { 17, "RP" },
	{ 18, "AFSDB" }, { 19, "X25" }, { 20, "ISDN" }, { 21, "RT" }, { 22, "NSAP" }, { 23, "NSAP_PTR" }, { 24, "SIG" },
	{ 25, "KEY" }, { 26, "PX" }, { 27, "GPOS" }, { 28, "AAAA" }, { 29, "LOC" }, { 30, "NXT" }, { 31, "EID" },
	{ 32, "NIMLOC" }, { 33, "SRV" }, { 34, "ATMA" }, { 35, "NAPTR" }, { 36, "KX" }, { 37, "CERT" }, { 38, "A6" },
	{ 39, "DNAME" }, { 40, "SINK" }, { 41, "OPT" }, { 42, "APL" }, { 43, "DS" }, { 44, "SSHFP" }, { 45, "IPSECKEY" },
	{ 46, "RRSIG" }, { 47, "NSEC" }, { 48, "DNSKEY" }, { 99, "SPF" }, { 100, "UINFO" }, { 101, "UID" }, { 102, "GID" },
	{ 103, "UNSPEC" }, { 104, "UNSPECA" }, { 249, "TKEY" }, { 250, "TSIG" }, { 251, "IXFR" }, { 252, "AXFR" },
	{ 253, "MAILB" }, { 254, "MAILA" }, { 255, "ANY" }, { 256, "URI" }, { 0, NULL } };
static const struct name edns[] = { { 1, "LLQ" }, { 2, "UL" }, { 3, "NSID" }, { 5, "DAU" }, { 6, "DHU" }, { 7, "N3U" },
	{ 8, "ECS" }, { 9, "EXPIRE" }, { 10, "COOKIE" }, { 11, "KEEPALIVE" }, { 12, "PADDING" }, { 13, "CHAIN" },
	{ 14, "KEY-TAG" }, { 16, "CLIENT-TAG" }, { 17, "SERVER-TAG" }, { 0, NULL } };

enum { SPF = 99, TOLD_MAX = 1024 }; /* bytes of a name: four times what is allowed, so that strangers cannot flood a screen */

/* Where the name at `at` ends; 0 if it does not within what was captured. */
static size_t skip_name(struct part p, size_t at)
{
	while (at < p.have) {
		uint8_t len = p.at[at++];
		if (len == 0) return at;
		if (len >> 6 == 3) return at + 1;
		if (len >> 6 == 1) return 0;
		at += len;
	}
	return 0;
}

/* Prints it; the same, but where the capture ends right behind the first byte of a label, or of a pointer that
 * is not all of the name, the place where it would go on. Pointers must lead back, else they could go in circles. */
static size_t say_name(struct line *l, struct part p, size_t at)
{
	size_t end = 0, before = at, start = at;

	if (at < p.have && p.at[at] == 0) text_puts(l->out, ".");
	for (size_t told = 0; at < p.have && told < TOLD_MAX;) {
		uint8_t len = p.at[at++];
		if (len == 0) return end != 0 ? end : at;
		if (len >> 6 == 3) {
			if (at >= p.have) return at - 1 > start ? at + 1 : 0;
			if (end == 0) end = at + 1;
			at = (len & 0x3fu) << 8 | p.at[at];
			if (at >= before) {
				text_puts(l->out, "<BAD PTR>");
				return 0;
			}
			before = at;
		} else if (len >> 6 == 1) {
			SAY(l, "<ELT %u>", len & 0x3f);
			return 0;
		} else {
			if (at >= p.have) return end != 0 ? end : at + len;
			say_visible(l, p.at + at, size_min(len, p.have - at));
			if (len > p.have - at) return 0;
			at += len;
			told += len;
			text_puts(l->out, ".");
		}
	}
	return 0;
}

static void say_type(struct line *l, uint16_t type)
{
	const char *name = name_of(types, type, NULL);
	if (name != NULL) SAY(l, " %s", name);
	else SAY(l, " Type%u", type);
}

static void say_class(struct line *l, uint16_t class)
{
	const char *name = name_of(classes, class, NULL);
	if (class == DNS_IN) return;
	if (name != NULL) SAY(l, " %s", name);
	else SAY(l, " (Class %u)", class);
}

/* Each of these says what stands at `at` and returns where it ends, 0 if the message ends first. */
static size_t say_question(struct line *l, struct part p, size_t at)
{
	size_t end = skip_name(p, at);

	if (end == 0 || end + 4 > p.have) return 0;
	uint16_t class = load_be16(p.at + end + 2);
	say_type(l, load_be16(p.at + end));
	say_class(l, l->multicast_dns ? class & 0x7fff : class);
	if (l->multicast_dns) text_puts(l->out, class & 0x8000 ? " (QU)" : " (QM)"); /* by whom to be answered */
	text_puts(l->out, "? ");
	end = say_name(l, p, at);
	return end == 0 ? 0 : end + 4;
}

static size_t say_string(struct line *l, struct part p, size_t at)
{
	if (at >= p.have) return 0;
	size_t len = p.at[at++];
	text_puts(l->out, " \"");
	say_visible(l, p.at + at, size_min(len, p.have - at));
	text_puts(l->out, "\"");
	return at + len;
}

/* RFC 7871: the address is as long as its prefix needs. */
static void say_subnet(struct line *l, const uint8_t *p, size_t len)
{
	uint8_t address[16] = { 0 };
	unsigned family = len >= 4 ? load_be16(p) : 0, bits = len >= 4 ? p[2] : 0;
	bool six = family == 2;

	if ((family != 1 && family != 2) || bits > (six ? 128u : 32u) || len != 4 + (bits + 7) / 8) {
		text_puts(l->out, " (invalid)");
		return;
	}
	memcpy(address, p + 4, len - 4);
	say_address(l, address, six);
	SAY(l, "/%u/%u", bits, p[3]);
}

static void say_edns_value(struct line *l, uint16_t code, const uint8_t *p, size_t len)
{
	if (len == 0) return;
	text_puts(l->out, " ");
	if (code == 8) {
		say_subnet(l, p, len);
	} else if (code == 9 && len == 4) {
		SAY(l, "%u sec", load_be32(p));
	} else if (code == 11 && len == 2) {
		SAY(l, "%u.%u sec", load_be16(p) / 10, load_be16(p) % 10);
	} else if (code == 12) {
		SAY(l, "(%zu)", len);
	} else {
		for (size_t i = 0; i < len; i++) SAY(l, "%02x", p[i]);
	}
}

static size_t say_edns(struct line *l, struct part p, size_t at, size_t end)
{
	if (at == end) return end;
	text_puts(l->out, " [");
	for (const char *between = ""; at < end; between = ",") {
		text_puts(l->out, between);
		if (at + 2 > p.have) return 0;
		uint16_t code = load_be16(p.at + at);
		const char *name = name_of(edns, code, NULL);
		if (name != NULL) text_puts(l->out, name);
		else SAY(l, "Opt%u", code);
		if (at + 4 > p.have || at + 4 + load_be16(p.at + at + 2) > p.have) return 0;
		size_t len = load_be16(p.at + at + 2);
		say_edns_value(l, code, p.at + at + 4, len);
		at += 4 + len;
	}
	text_puts(l->out, "]");
	return end;
}

static size_t say_soa(struct line *l, struct part p, size_t at)
{
	if (l->print->verbose == 0) return at;
	for (int i = 0; i < 2; i++) {
		text_puts(l->out, " ");
		if ((at = say_name(l, p, at)) == 0) return 0;
	}
	if (at + 20 > p.have) return 0;
	for (int i = 0; i < 5; i++) SAY(l, " %u", load_be32(p.at + at + 4 * (size_t)i));
	return at + 20;
}

/* A name `skip` bytes into the data. */
static size_t say_rdata_name(struct line *l, struct part p, size_t at, size_t skip)
{
	if (at + skip > p.have) return 0;
	text_puts(l->out, " ");
	if (say_name(l, p, at + skip) == 0) return 0;
	if (skip == 2) SAY(l, " %u", load_be16(p.at + at));
	if (skip == 6)
		SAY(l, ":%u %u %u", load_be16(p.at + at + 4), load_be16(p.at + at), load_be16(p.at + at + 2));
	return at + skip;
}

/* The data of a record; 0 if it is not all there. */
static size_t say_rdata(struct line *l, struct part p, uint16_t type, uint16_t class, bool wants_dnssec, size_t at, size_t end)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		if (at + (type == DNS_A ? 4 : 16) > p.have) return 0;
		text_puts(l->out, " ");
		say_address(l, p.at + at, type == DNS_AAAA);
		return end;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
	case DNS_DNAME: return say_rdata_name(l, p, at, 0);
	case DNS_MX: return say_rdata_name(l, p, at, 2);
	case DNS_SRV: return say_rdata_name(l, p, at, 6);
	case DNS_SOA: return say_soa(l, p, at);
	case DNS_TXT:
	case SPF:
		while (at < end)
			if ((at = say_string(l, p, at)) == 0) return 0;
		return end;
	case DNS_OPT:
		SAY(l, " UDPsize=%u%s", class, wants_dnssec ? " DO" : "");
		return say_edns(l, p, at, end);
	default: return end;
	}
}

static size_t say_record(struct line *l, struct part p, size_t at)
{
	if (l->print->verbose > 0) {
		text_puts(l->out, " ");
		if ((at = say_name(l, p, at)) == 0) return 0;
	} else {
		at = skip_name(p, at);
	}
	if (at == 0 || at + 10 > p.have) return p.have;
	uint16_t type = load_be16(p.at + at), class = load_be16(p.at + at + 2);
	uint32_t ttl = load_be32(p.at + at + 4);
	size_t data = at + 10, end = data + load_be16(p.at + at + 8);
	if (type != DNS_OPT) {
		say_class(l, l->multicast_dns ? class & 0x7fff : class);
		if (l->multicast_dns && class & 0x8000) text_puts(l->out, " (Cache flush)");
		if (l->print->verbose > 2) {
			text_puts(l->out, " [");
			say_span(l, ttl);
			text_puts(l->out, "]");
		}
	}
	say_type(l, type);
	if (end > p.have) return 0;
	return say_rdata(l, p, type, class, ttl & 0x8000, data, end) == 0 ? 0 : end;
}

/* The records of one section, from *at on. */
static bool say_section(struct line *l, struct part p, size_t *at, unsigned count, const char *title)
{
	if (count > 0 && *at >= p.have && title[0] != '\0') return false;
	if (count > 0) text_puts(l->out, title);
	for (bool first = true; count > 0 && (first || *at < p.have); first = false) {
		if ((*at = say_record(l, p, *at)) == 0) return false;
		count--;
		if (count > 0 && *at < p.have) text_puts(l->out, ",");
	}
	return count == 0;
}

struct counts { unsigned questions, answers, authorities, additionals; };

/* The answer code with EDNS's upper bits, if its record can be reached (RFC 6891, 6.1.3). */
static unsigned answer_code(struct part p, const struct counts *c)
{
	unsigned low = p.at[3] & 15, records = c->answers + c->authorities + c->additionals;
	size_t at = DNS_HEADER_BYTES;

	for (unsigned i = 0; i < c->questions; i++) {
		if ((at = skip_name(p, at)) == 0) return low;
		at += 4;
	}
	for (unsigned i = 0; i < records; i++) {
		if ((at = skip_name(p, at)) == 0 || at + 5 > p.have) return low;
		bool additional = i >= c->answers + c->authorities;
		if (additional && load_be16(p.at + at) == DNS_OPT) return (unsigned)p.at[at + 4] << 4 | low;
		if (at + 10 > p.have) return low;
		at += 10 + load_be16(p.at + at + 8);
	}
	return low;
}

static bool say_reply(struct line *l, struct part p, uint16_t flags, const struct counts *c)
{
	unsigned code = answer_code(p, c);
	const char *answer = name_of(answers, code, NULL);
	bool all = l->print->verbose > 1;
	size_t at = DNS_HEADER_BYTES;

	SAY(l, "%u%s", load_be16(p.at), operations[flags >> 11 & 15]);
	if (answer != NULL) text_puts(l->out, answer);
	else SAY(l, " Resp%u", code);
	SAY(l, "%s%s%s%s", flags & DNS_AA ? "*" : "", flags & DNS_RA ? "" : "-", flags & DNS_TC ? "|" : "",
	    flags & DNS_AD ? "$" : "");
	if (c->questions != 1) SAY(l, " [%uq]", c->questions);
	for (unsigned i = 0; i < c->questions; i++) {
		if (i > 0) text_puts(l->out, ",");
		if (all) {
			text_puts(l->out, " q:");
			at = say_question(l, p, at);
		} else {
			at = skip_name(p, at);
			if (at != 0) at += 4;
		}
		if (at == 0) return false;
	}
	SAY(l, " %u/%u/%u", c->answers, c->authorities, c->additionals);
	if (!say_section(l, p, &at, c->answers, "")) return false;
	return !all || (say_section(l, p, &at, c->authorities, " ns:") && say_section(l, p, &at, c->additionals, " ar:"));
}

static bool say_query(struct line *l, struct part p, uint16_t flags, const struct counts *c)
{
	unsigned operation = flags >> 11 & 15;
	bool inverse = operation == 1;
	size_t at = DNS_HEADER_BYTES;

	SAY(l, "%u%s%s%s", load_be16(p.at), operations[operation], flags & DNS_RD ? "+" : "", flags & DNS_CD ? "%" : "");
	if (flags & 0x06cf) SAY(l, " [b2&3=0x%x]", flags); /* bits that make no sense in a question */
	if (inverse) {
		if (c->questions > 0) SAY(l, " [%uq]", c->questions);
		if (c->answers != 1) SAY(l, " [%ua]", c->answers);
	} else {
		if (c->answers > 0) SAY(l, " [%ua]", c->answers);
		if (c->questions != 1) SAY(l, " [%uq]", c->questions);
	}
	if (c->authorities > 0) SAY(l, " [%un]", c->authorities);
	if (c->additionals > 0) SAY(l, " [%uau]", c->additionals);
	for (unsigned i = 0; i < c->questions; i++)
		if ((at = say_question(l, p, at)) == 0) return false;
	if (l->print->verbose < 2) return true;
	return say_section(l, p, &at, c->answers, "") && say_section(l, p, &at, c->authorities, " ns:") &&
	       say_section(l, p, &at, c->additionals, " ar:");
}

/* RFC 1035, 4.2.2: over TCP two bytes of length come first. Only a message alone in its segment is told. */
static bool say_over_tcp(struct line *l, struct part p)
{
	if (p.len < 2) {
		SAY(l, " [DNS over TCP: length %zu < 2] (invalid)", p.len);
		return true;
	}
	if (p.have < 2) return false;
	unsigned said = load_be16(p.at);
	if (said == p.len - 2) {
		text_puts(l->out, " ");
		return say_dns(l, part_skip(p, 2), DNS_OVER_UDP);
	}
	SAY(l, " [prefix length(%u) != length(%zu)] (invalid)", said, p.len - 2);
	return true;
}

bool say_dns(struct line *l, struct part p, enum dns_way way)
{
	bool whole;

	l->layer = "domain";
	l->multicast_dns = way == DNS_MULTICAST;
	if (way == DNS_OVER_TCP) return say_over_tcp(l, p);
	if (p.len < DNS_HEADER_BYTES) {
		SAY(l, "domain [length %zu < %u] (invalid)", p.len, DNS_HEADER_BYTES);
		return true;
	}
	if (p.have < DNS_HEADER_BYTES) return false;
	uint16_t flags = load_be16(p.at + 2);
	struct counts c = { load_be16(p.at + 4), load_be16(p.at + 6), load_be16(p.at + 8), load_be16(p.at + 10) };
	whole = flags & DNS_QR ? say_reply(l, p, flags, &c) : say_query(l, p, flags, &c);
	if (whole) SAY(l, " (%zu)", p.len);
	return whole;
}
